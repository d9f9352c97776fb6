"""The shell of every page in a browser: sign-in, landmarks, keyboard, narrow windows, accessibility, scripts off."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.urls import URLPattern, resolve, reverse
from django.utils.timezone import now
from playwright.sync_api import Page, expect

from metrics.reports import REPORTS
from orgs.models import User
from orgs.scoping import Role
from portal.urls import urlpatterns
from tests.factories import World, grant, make_batch, make_enterprise, make_member, make_organization, make_user

PASSWORD = "long-enough-7"


@pytest.fixture
def officer(world: World) -> User:
    user = make_user("officer", display_name="甲园干事", home_park=world.jia.park)
    user.set_password(PASSWORD)
    user.save()
    grant(user, Role.OFFICER, world.jia.park)
    return user


@pytest.fixture
def leader(world: World) -> User:
    user = make_user("leader", home_park=world.jia.park)
    grant(user, Role.LEADER, world.jia.park)
    return user


@pytest.fixture
def administrator(world: World) -> User:
    user = make_user("administrator")
    grant(user, Role.ADMINISTRATOR)
    return user


# What holds on every page

SHAPE = """() => {
  const small = [...document.querySelectorAll('button, .btn, select, input:not([type=hidden])')].filter(element => {
    const box = element.getBoundingClientRect();
    const label = element.labels && element.labels[0] && element.labels[0].getBoundingClientRect();
    return box.width && Math.max(box.height, label ? label.height : 0) < 24;
  });
  const ids = [...document.querySelectorAll('[id]')].map(element => element.id);
  return {
    lang: document.documentElement.lang,
    h1: document.querySelectorAll('h1').length,
    main: document.querySelectorAll('main, [role=main]').length,
    skip: Boolean(document.querySelector('a.skip[href^="#"]')),
    title: document.title,
    small: small.map(element => element.outerHTML.slice(0, 120)),
    ids: ids.filter((id, at) => ids.indexOf(id) !== at),
  };
}"""
# Elements that stick out on the right although nothing around them scrolls
WIDER = """() => {
  const root = document.documentElement;
  if (root.scrollWidth <= root.clientWidth) return [];
  const scrolls = element => element && element !== document.body
    && (getComputedStyle(element).overflowX !== 'visible' || scrolls(element.parentElement));
  const sticksOut = element => element.getBoundingClientRect().right > root.clientWidth + 1;
  return [...document.body.querySelectorAll('*')]
    .filter(element => sticksOut(element) && !scrolls(element.parentElement))
    .map(element => `${element.tagName}.${element.getAttribute('class') || ''}`).slice(0, 5)
    .concat(`${root.scrollWidth}px`);
}"""


def troubles(page: Page, address: str, axe: Callable[[Page], None], status: int = 200) -> Iterator[str]:
    """Everything wrong with one page, so that one run tells all."""
    page.set_viewport_size({"width": 1366, "height": 768})
    response = page.goto(address)
    if response is None or response.status != status:
        yield f"status {response and response.status}"
        return
    shape = page.evaluate(SHAPE)
    if shape["lang"] != "zh-CN" or shape["h1"] != 1 or shape["main"] != 1 or not shape["skip"]:
        yield f"lang {shape['lang']}, {shape['h1']} h1, {shape['main']} main, skip link {shape['skip']}"
    if not shape["title"].endswith("园区党建") or shape["title"].startswith("·"):
        yield f"title {shape['title']}"
    if shape["small"]:
        yield f"targets below 24 px: {shape['small']}"
    if shape["ids"]:
        yield f"ids used twice: {shape['ids']}"
    try:
        axe(page)
    except AssertionError as broken:
        yield str(broken)
    for width in (1366, 683, 320):
        page.set_viewport_size({"width": width, "height": 768})
        if wider := page.evaluate(WIDER):
            yield f"scrolls sideways at {width} px: {wider}"


def sweep(page: Page, addresses: list[str], axe: Callable[[Page], None]) -> None:
    told = [f"{address}: {trouble}" for address in addresses for trouble in troubles(page, address, axe)]
    assert not told, "\n".join(told)


def public_addresses(world: World) -> list[str]:
    names = ["home", "cases", "parks", "public-coverage", "definitions", "login"]
    return [*map(reverse, names), reverse("case", args=[world.jia.case.slug])]


def ledger_addresses(world: World) -> list[str]:
    addresses = [reverse("ledgers"), reverse("organization-tree")]
    addresses += [reverse("ledger", args=[slug]) for slug in world.jia.ledgers()]
    addresses += [reverse("ledger", args=["enterprises"]) + "?q=none-such"]
    addresses += [reverse(f"ledger-{page}", args=["enterprises"]) for page in ("columns", "views", "export-long")]
    addresses += [reverse("ledger-select", args=["enterprises"])]
    addresses += [reverse("ledger-bulk", args=[slug]) + "?all=1" for slug in ("enterprises", "members", "coverages")]
    addresses += [reverse("ledger-view-new", args=["enterprises"]) + "?industry=C&columns=name,contact"]
    view = ["enterprises", world.jia.view.pk]
    return [*addresses, *(reverse(f"ledger-view-{act}", args=view) for act in ("edit", "delete"))]


def record_addresses(world: World) -> list[str]:
    return [reverse("record", args=[slug, row.pk]) for slug, row in world.jia.ledgers().items()]


def form_addresses(world: World) -> list[str]:
    rows = {slug: row for slug, row in world.jia.ledgers().items() if slug != "parks"}  # parks are an administrator's
    addresses = [reverse("ledger-new", args=[slug]) for slug in rows]
    addresses += [reverse("ledger-new", args=["activities"]) + f"?organization={world.jia.branch.pk}"]
    addresses += [reverse("activity-month", args=["jia", 2026, 10])]
    addresses += [reverse("record-edit", args=[slug, row.pk]) for slug, row in rows.items()]
    addresses += [reverse("record-delete", args=["members", world.jia.worker.pk])]
    addresses += [reverse("report-freeze", args=[world.jia.frozen.report])]
    addresses += [reverse("record-end", args=["coverages", world.jia.coverage.pk])]
    addresses += [reverse("record-attachment-new", args=["enterprises", world.jia.covered.pk])]
    addresses += [
        reverse("record-attachment-delete", args=["enterprises", world.jia.covered.pk, world.jia.attachment.pk])
    ]
    addresses += [reverse("screens"), reverse("screen-revoke", args=[world.jia.screen.pk])]
    facts: list[tuple[str, Any, str, Any]] = [
        ("enterprises", world.jia.covered, "states", world.jia.state),
        ("organizations", world.jia.branch, "superiors", world.jia.subordination),
        ("organizations", world.jia.branch, "elections", world.jia.election),
        ("members", world.jia.secretary, "employments", world.jia.employment),
        ("members", world.jia.secretary, "affiliations", world.jia.affiliation),
    ]
    for slug, owner, kind, fact in facts:
        addresses += [reverse("record-fact-new", args=[slug, owner.pk, kind])]
        addresses += [reverse("record-fact-edit", args=[slug, owner.pk, kind, fact.pk])]
    slug, owner, kind, fact = facts[0]
    return [
        *addresses,
        *(reverse(f"record-fact-{act}", args=[slug, owner.pk, kind, fact.pk]) for act in ("end", "delete")),
    ]


def import_addresses(world: World) -> list[str]:
    done = make_batch(world.jia.park, "甲河旧", state="done", done_at=now())
    bulk = make_batch(world.jia.park, "甲河批", ledger="bulk-enterprises")
    return [
        reverse("import-batch", args=[bulk.pk]),
        reverse("imports"),
        reverse("import-start", args=["enterprises"]),
        *(reverse(f"import-{step}", args=[world.jia.batch.pk]) for step in ("batch", "columns", "confirm")),
        reverse("import-row", args=[world.jia.batch.pk, 2]),
        reverse("import-undo", args=[done.pk]),
        reverse("compare"),
        reverse("compare-exclusions"),
        *(f"{reverse('compare-list', args=[world.jia.comparison.pk])}?list={kind}" for kind in ("new", "gone")),
        reverse("compare-drop", args=[world.jia.comparison.pk]),
    ]


def merging_addresses(world: World) -> list[str]:
    park, firm, branch = world.jia.park, world.jia.gap, world.jia.joint_branch
    doubles = {
        "enterprises": (
            firm,
            make_enterprise(park, firm.name.replace("有限", "有限责任"), kind="private", phone="0477-1234567"),
        ),
        "organizations": (branch, make_organization(park, f"{branch.name} ")),
        "members": (world.jia.worker, make_member(park, world.jia.worker.name)),
    }
    return [
        *(f"{reverse('duplicates', args=[slug])}?park=jia" for slug in doubles),
        *(
            f"{reverse('merge-new', args=[slug])}?stays={one.pk}&gone={other.pk}"
            for slug, (one, other) in doubles.items()
        ),
        reverse("merge", args=["enterprises", world.jia.merge.pk]),
    ]


def figure_addresses(world: World) -> list[str]:
    frozen = f"{reverse('report', args=[world.jia.frozen.report])}?park=jia&day={world.jia.frozen.day}"
    return [
        reverse("dashboard"),
        f"{reverse('dashboard')}?region=15",
        f"{reverse('changes')}?from=2024-01-01",
        reverse("indicators"),
        reverse("reports"),
        *(reverse("report", args=[slug]) for slug in REPORTS),
        frozen,
        f"{frozen}&version=now",
    ]


# What is no page: an act, a file, an answer for machines, a redirect; the big screen is measured in test_big_screen.py
NO_PAGE = {
    "import-template",
    "import-marked",
    "import-file",
    "import-check",
    "import-drop",
    "compare-adopt",
    "compare-exclude",
    "compare-register",
    "compare-export",
    "compare-take-back",
    "record-attachment",
    "record-attachment-restore",
    "duplicates-back",
    "merge-undo",  # of a merge that was made; tests/e2e/test_doubles.py
    "screen",
    "logout",
    "ledger-export",
    "ledger-export-file",
    "ledger-view",
    "changes-export",
    "report-export",
    "healthz",
    "desk",
}


def test_every_page_is_in_the_crawl(world: World) -> None:
    groups = (public_addresses, ledger_addresses, record_addresses, form_addresses, import_addresses)
    groups = (*groups, merging_addresses, figure_addresses)
    swept = {resolve(address.partition("?")[0]).url_name for group in groups for address in group(world)}
    named = {route.name for route in urlpatterns if isinstance(route, URLPattern)}
    assert named - swept - NO_PAGE == set()


def test_public_pages(page: Page, world: World, axe: Callable[[Page], None]) -> None:
    sweep(page, public_addresses(world), axe)


def test_error_page(page: Page, world: World, axe: Callable[[Page], None]) -> None:
    assert not list(troubles(page, "/nowhere/", axe, status=404))


@pytest.mark.parametrize(
    "addresses", [ledger_addresses, record_addresses, form_addresses, import_addresses, merging_addresses]
)
def test_pages_of_an_officer(
    page: Page,
    world: World,
    officer: User,
    login: Callable[[Page, User], None],
    axe: Callable[[Page], None],
    addresses: Callable[[World], list[str]],
) -> None:
    login(page, officer)
    sweep(page, addresses(world), axe)


def test_figures_of_a_leader(
    page: Page, world: World, leader: User, login: Callable[[Page, User], None], axe: Callable[[Page], None]
) -> None:
    login(page, leader)
    sweep(page, figure_addresses(world), axe)


def test_admin_works_under_the_policy(
    page: Page, world: World, administrator: User, login: Callable[[Page, User], None]
) -> None:
    """The watch of `page` fails this test when the admin breaks the policy; its own markup is Django's."""
    login(page, administrator)
    for name in (
        "index",
        "orgs_park_changelist",
        "orgs_enterprise_changelist",
        "orgs_enterprise_add",
        "orgs_user_changelist",
    ):
        response = page.goto(reverse(f"admin:{name}"))
        assert response is not None
        assert response.status == 200, name
    response = page.goto(reverse("admin:orgs_enterprise_change", args=[world.jia.covered.pk]))
    assert response is not None
    assert response.status == 200
    expect(page.locator("#id_name")).to_have_value(world.jia.covered.name)


# Signing in and out


def sign_in(page: Page, username: str, password: str) -> None:
    page.goto(reverse("login"))
    page.get_by_label("账号").fill(username)
    page.get_by_label("密码").fill(password)
    page.get_by_role("button", name="登录").click()


def test_officer_signs_in_lands_on_the_ledgers_and_signs_out(page: Page, officer: User) -> None:
    sign_in(page, "officer", PASSWORD)
    page.wait_for_url("**" + reverse("ledgers") + "**")
    expect(page.get_by_text("甲园干事")).to_be_visible()
    page.get_by_role("button", name="退出").click()
    page.wait_for_url("**" + reverse("home"))
    page.goto(reverse("ledgers"))
    assert page.url.endswith("/login/?next=/ledgers/")


def test_leader_lands_on_the_figures(page: Page, leader: User, login: Callable[[Page, User], None]) -> None:
    login(page, leader)
    page.goto(reverse("desk"))
    assert reverse("dashboard") in page.url


def test_a_wrong_password_is_told_and_the_name_kept(page: Page, officer: User, axe: Callable[[Page], None]) -> None:
    sign_in(page, "officer", "wrong-password")
    expect(page.get_by_role("alert")).to_contain_text("密码")
    expect(page.get_by_label("账号")).to_have_value("officer")
    assert page.title().startswith("错误：")
    axe(page)


def test_the_page_asked_for_opens_after_signing_in(page: Page, officer: User) -> None:
    page.goto(reverse("ledger", args=["members"]))
    page.get_by_label("账号").fill("officer")
    page.get_by_label("密码").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**" + reverse("ledger", args=["members"]))


def test_without_scripts_an_officer_signs_in_and_opens_a_record(plain: Page, world: World, officer: User) -> None:
    sign_in(plain, "officer", PASSWORD)
    plain.goto(reverse("ledger", args=["enterprises"]))
    plain.get_by_role("link", name=world.jia.covered.name).first.click()
    expect(plain.get_by_role("heading", level=1)).to_contain_text(world.jia.covered.name)
    plain.get_by_role("button", name="退出").click()
    plain.wait_for_url("**" + reverse("home"))


@pytest.mark.parametrize("width", [390, 360, 320])
def test_on_a_phone_earlier_months_stand_beside_the_later(
    width: int, phone: Page, world: World, officer: User, login: Callable[[Page, User], None]
) -> None:
    login(phone, officer)
    phone.set_viewport_size({"width": width, "height": 844})
    phone.goto("/ledgers/enterprises/")
    months, earlier = (phone.locator(f".dayrow {part}").bounding_box() for part in (".seg", ".months"))
    assert months is not None
    assert earlier is not None
    assert earlier["y"] == months["y"]
    assert months["x"] + months["width"] <= earlier["x"]
    assert earlier["x"] + earlier["width"] <= width
    phone.locator(".dayrow .months summary").click()
    opened = phone.locator(".dayrow .months ul").bounding_box()
    assert opened is not None
    assert opened["x"] >= 0
    assert opened["x"] + opened["width"] <= width
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_on_a_phone_the_ledger_and_the_tab_one_is_on_are_in_sight(
    phone: Page, officer: User, login: Callable[[Page, User], None]
) -> None:
    login(phone, officer)
    for address in (
        reverse("ledger", args=["targets"]),
        reverse("activity-month", args=["jia", 2026, 10]),
        reverse("ledger", args=["enterprises"]) + "?view=incomplete",
    ):
        phone.goto(address)
        for chosen in phone.locator(".subnav [aria-current], .views [aria-current]").all():
            expect(chosen).to_be_in_viewport(ratio=0.9)
        assert phone.evaluate("scrollY") == 0


# Keyboard

FOCUS = """() => {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  const style = getComputedStyle(element), box = element.getBoundingClientRect();
  const line = element.getClientRects()[0], x = line.left + line.width / 2, y = line.top + line.height / 2;
  const over = document.elementFromPoint(x, y);
  // On the calendar button inside a date field the browser draws a ring of its own, and the field is not :focus
  const outlined = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
  const ring = !element.matches(':focus') || style.boxShadow !== 'none' || outlined;
  const inside = box.top >= 0 && box.bottom <= innerHeight + 1;
  const covered = !over || !(element.contains(over) || over.contains(element));
  const by = covered && over ? ` under ${over.outerHTML.slice(0, 100)}` : '';
  return { what: element.outerHTML.slice(0, 100) + by, ring: ring, seen: inside && !covered };
}"""


def test_the_first_tab_stop_jumps_to_the_content(
    page: Page, officer: User, login: Callable[[Page, User], None]
) -> None:
    login(page, officer)
    for address in (reverse("home"), reverse("ledger", args=["enterprises"])):
        page.goto(address)
        page.keyboard.press("Tab")
        expect(page.locator("a.skip")).to_be_focused()
        expect(page.locator("a.skip")).to_be_in_viewport()
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.matches('main')")


@pytest.mark.parametrize("name", ["home", "ledgers", "enterprises", "new", "grid", "dashboard"])
def test_focus_is_always_visible(name: str, page: Page, officer: User, login: Callable[[Page, User], None]) -> None:
    login(page, officer)
    addresses: dict[str, str] = {
        "enterprises": reverse("ledger", args=["enterprises"]),
        "new": reverse("ledger-new", args=["enterprises"]),
        "grid": reverse("activity-month", args=["jia", 2026, 10]),
    }
    page.goto(addresses.get(name) or reverse(name))
    lost: list[Any] = []
    for _ in range(60):
        page.keyboard.press("Tab")
        focus = page.evaluate(FOCUS)
        if focus is None:
            break
        if not (focus["ring"] and focus["seen"]):
            lost.append(focus)
    assert not lost, "\n".join(map(str, lost))
