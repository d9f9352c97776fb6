"""By keyboard alone, with scripts and without: tick over two pages, set a value, look, confirm, take it back."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from orgs import journal
from orgs.journal import Via
from orgs.models import Enterprise, EnterpriseKind, Park, Role, User
from tests.factories import day, grant, make_park, make_user

MOST_TABS = 400


@pytest.fixture
def park(live_server: Any) -> Park:
    park = make_park("many", name="众多经济开发区")
    rows = [
        Enterprise(park=park, name=f"{number:03}号公司", kind=EnterpriseKind.PRIVATE, settled_on=day("2022-01-01"))
        for number in range(1, 54)
    ]
    journal.save_many(rows, journal.INSTALLER, Via.INSTALL)
    return park


@pytest.fixture
def officer(park: Park) -> User:
    user = make_user("many-officer", display_name="众多干事")
    grant(user, Role.OFFICER, park)
    return user


def press(page: Page, selector: str, key: str = "Enter") -> None:
    """Forward by the Tab key until this element has the focus, then the key."""
    expect(page.locator(selector)).to_have_count(1)
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if page.evaluate("wanted => document.activeElement.matches(wanted)", selector):
            break
    else:
        raise AssertionError(f"{selector} is not reached by the Tab key on {page.url}")
    page.keyboard.press(key)


def tick(page: Page, name: str) -> None:
    press(page, f"[name=pick][aria-label='选中{name}']", "Space")


@pytest.mark.parametrize(
    "scripts", [pytest.param(True, marks=pytest.mark.soak), False], ids=["scripts on", "scripts off"]
)
def test_three_of_two_pages_by_keyboard_alone(
    scripts: bool,
    new_page: Callable[..., Page],
    login: Callable[[Page, User], None],
    axe: Callable[[Page], None],
    officer: User,
) -> None:
    page = new_page(java_script_enabled=scripts)
    login(page, officer)
    page.goto("/ledgers/enterprises/")
    tick(page, "001号公司")
    tick(page, "003号公司")
    said = page.locator("[data-picked]")
    if scripts:
        expect(said).to_have_text("已选2家企业")
        axe(page)
    press(page, "button[value=count]")
    expect(page.locator("h1")).to_have_text("选择企业")
    expect(said).to_have_text("已选2家企业")
    if scripts:
        axe(page)
    press(page, ".turn li:last-child button")
    tick(page, "052号公司")
    press(page, "button[formaction]")
    expect(page.locator("h1")).to_have_text("批量修改3家企业")

    press(page, "button:not([formaction]).primary")  # nothing filled in
    expect(page.get_by_role("alert")).to_contain_text("还没有填要改成什么")
    if scripts:
        axe(page)
    press(page, "[name=locality]", "End")
    page.keyboard.type("城北街道")
    press(page, "button:not([formaction]).primary")
    expect(page.locator("h1")).to_have_text("核对批量修改")
    for name in ("001号公司", "003号公司", "052号公司"):
        expect(page.get_by_role("row", name=name)).to_contain_text("城北街道")
    assert not Enterprise.objects.exclude(locality="").exists()
    if scripts:
        axe(page)

    press(page, "form[action$='/confirm/'] button")
    expect(page.get_by_role("status").first).to_contain_text("已批量修改3家，0家不变")
    named = Enterprise.objects.filter(locality="城北街道").order_by("name").values_list("name", flat=True)
    assert list(named) == ["001号公司", "003号公司", "052号公司"]
    press(page, "a[href$='/undo/']")
    press(page, ".btn.danger")
    expect(page.get_by_role("status").first).to_contain_text("已撤销这一批批量修改")
    assert not Enterprise.objects.exclude(locality="").exists()
