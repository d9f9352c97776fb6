"""The only place for the browser: how it is started, what it must never meet, and how a test signs in.

`page` is a fresh Chromium tab on the live server. When a test ends, it fails for anything the tab met on the way: a
breach of the Content-Security-Policy, an error on the console or in a script, a foreign host, an answer of 500 or more.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    WebError,
    sync_playwright,
)

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESK = {"width": 1366, "height": 768}
PHONE = {"width": 390, "height": 844}
# The policy is reported to the console by the browser; this adds what the report leaves out
REPORT_POLICY = """
document.addEventListener('securitypolicyviolation', event => console.error(
  `policy: ${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber} ${event.sample}`));
"""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.skip(f"没有浏览器 {CHROMIUM}（Debian：apt-get install chromium fonts-noto-cjk）")
    # Playwright's synchronous interface runs an event loop, which Django would take for asynchronous code
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()


class Watch:
    """What went wrong in the tabs of one test."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.troubles: list[str] = []

    def attach(self, context: BrowserContext) -> None:
        for event, told in self.events().items():
            context.on(event, told)

    def detach(self, context: BrowserContext) -> None:
        for event, told in self.events().items():
            context.remove_listener(event, told)

    def events(self) -> dict[Any, Callable[[Any], None]]:
        return {
            "console": self.console,
            "weberror": self.error,
            "request": self.request,
            "response": self.response,
        }

    def error(self, error: WebError) -> None:
        self.troubles.append(f"script error: {error.error}")

    def console(self, message: ConsoleMessage) -> None:
        # A test may open a page that answers 404; only a missing part of a page is a trouble
        own_answer = message.page is not None and message.location["url"] == message.page.url
        if message.type == "error" and not ("status of 4" in message.text and own_answer):
            self.troubles.append(f"console: {message.text} ({message.location['url']})")

    def request(self, request: Request) -> None:
        if not request.url.startswith((self.origin, "data:", "blob:", "about:")):
            self.troubles.append(f"foreign host: {request.url}")

    def response(self, response: Response) -> None:
        if response.status >= 500:
            self.troubles.append(f"status {response.status}: {response.url}")


@pytest.fixture
def watch(live_server: Any) -> Iterator[Watch]:
    watching = Watch(live_server.url)
    yield watching
    assert not watching.troubles, "\n".join(watching.troubles)


@pytest.fixture(scope="session")
def contexts() -> dict[str, list[BrowserContext]]:
    """By their options, those that no test is using: the style sheets that a context holds are not fetched again."""
    return {}


@pytest.fixture
def new_page(
    browser: Browser, live_server: Any, watch: Watch, contexts: dict[str, list[BrowserContext]]
) -> Iterator[Callable[..., Page]]:
    """A function that opens a tab in a context that nobody shares; options as of playwright's `new_context`."""
    taken: list[tuple[str, BrowserContext]] = []

    def open_page(**options: Any) -> Page:
        chosen = {"locale": "zh-CN", "timezone_id": "Asia/Shanghai", "viewport": DESK, "base_url": live_server.url}
        chosen |= options
        free = contexts.setdefault(repr(chosen), [])
        if free:
            context = free.pop()
        else:
            context = browser.new_context(**chosen)
            context.set_default_timeout(15_000)
            context.add_init_script(REPORT_POLICY)
        watch.attach(context)
        taken.append((repr(chosen), context))
        return context.new_page()

    yield open_page
    for options, context in taken:
        for page in context.pages:
            page.close()
        watch.detach(context)
        context.clear_cookies()
        context.clear_permissions()
        contexts[options].append(context)


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    return new_page()


@pytest.fixture
def phone(new_page: Callable[..., Page]) -> Page:
    return new_page(viewport=PHONE, has_touch=True, is_mobile=True)


@pytest.fixture
def plain(new_page: Callable[..., Page]) -> Page:
    """A tab with scripts off."""
    return new_page(java_script_enabled=False)


@pytest.fixture
def login(live_server: Any) -> Callable[[Page, Any], None]:
    """login(page, user): signs in by a session of the database, without the form."""

    def sign_in(page: Page, user: Any) -> None:
        client = Client()
        client.force_login(user)
        name = settings.SESSION_COOKIE_NAME
        page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])

    return sign_in


@pytest.fixture(scope="session")
def axe() -> Callable[[Page], None]:
    """axe(page): no accessibility rule of level serious or critical is broken on the page as it stands.

    The rules are evaluated through the debugger, so the page's own policy stays in force and stays tested; `preload` is
    off because it would fetch the style sheets again.
    """
    rules = Axe()

    def check(page: Page) -> None:
        found = rules.run(page, options={"preload": False, "resultTypes": ["violations"]})
        told = [
            f"{broken['impact']} {broken['id']}: {broken['help']}\n"
            + "\n".join(f"    {node['target']} {node['html'][:160]}" for node in broken["nodes"][:5])
            for broken in found.response["violations"]
            if broken["impact"] in {"serious", "critical"}
        ]
        assert not told, f"{page.url}\n" + "\n".join(told)

    return check
