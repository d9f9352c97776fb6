"""The only place that makes the pictures of the README: `make setup` first, then `make screenshots`.

It starts the server on a free port with the demo park, signs in by a session, and writes docs/screenshots/*.png.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # playwright's synchronous interface runs an event loop

import django  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402
from django.test import Client  # noqa: E402
from playwright.sync_api import Browser, sync_playwright  # noqa: E402

from orgs.models import User  # noqa: E402
from tests.e2e.conftest import ARGUMENTS, CHROMIUM, DESK, PHONE  # noqa: E402

DEMO = "?park=binjiang-demo"
# file name → account (empty: nobody), address, whole page or first view
PICTURES = {
    "home": ("", "/", False),
    "case": ("", "/cases/dalu/", False),
    "dashboard": ("leader", f"/dashboard/{DEMO}", False),
    "ledger": ("officer", f"/ledgers/enterprises/{DEMO}", False),
    "form": ("officer", f"/ledgers/enterprises/new/{DEMO}", False),
    "report": ("leader", f"/reports/two-coverage/{DEMO}", False),
}
ON_A_PHONE = ("home", "dashboard", "ledger")


@contextmanager
def server() -> Iterator[str]:
    """The address of a server that lives as long as the block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "manage.py", "runserver", "--noreload", f"127.0.0.1:{port}"]
    running = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
    try:
        for _ in range(100):
            try:
                urlopen(f"{address}/healthz", timeout=5).close()  # noqa: S310
                break
            except URLError:
                time.sleep(0.2)
        yield address
    finally:
        running.terminate()
        running.wait(10)


def picture(browser: Browser, origin: str, name: str, *, phone: bool = False, paper: bool = False) -> None:
    username, address, whole = PICTURES[name]
    context = browser.new_context(
        locale="zh-CN", timezone_id="Asia/Shanghai", base_url=origin, viewport=PHONE if phone else DESK
    )
    if username:
        client = Client()
        client.force_login(User.objects.get(username=username))
        cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": origin}])
    page = context.new_page()
    if paper:
        page.emulate_media(media="print")
    page.goto(address)
    file = ROOT / f"docs/screenshots/{name}{'-phone' if phone else '-print' if paper else ''}.png"
    page.screenshot(path=file, full_page=whole or paper)
    context.close()
    print(file.relative_to(ROOT))


def main() -> None:
    (ROOT / "docs/screenshots").mkdir(parents=True, exist_ok=True)
    with server() as origin, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for name in PICTURES:
            picture(browser, origin, name)
        for name in ON_A_PHONE:
            picture(browser, origin, name, phone=True)
        picture(browser, origin, "report", paper=True)
        browser.close()


if __name__ == "__main__":
    main()
