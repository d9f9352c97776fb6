"""An officer brings the sheet 非公企业党建工作台账 with five mistakes, mends them in the browser, and confirms."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from orgs.models import Coverage, Enterprise, Park, Role, User
from tests.factories import grant, make_organization, make_park, make_user
from tests.sheet_l1 import MISTAKES, column, mistaken, thirty, workbook


@pytest.fixture
def park(live_server: Any) -> Park:
    park = make_park("sheet", name="来表经济开发区")
    make_organization(park, "中共来表经济开发区工作委员会", kind="working_committee")
    return park


@pytest.fixture
def bringer(park: Park) -> User:
    user = make_user("sheeter", display_name="来表干事")
    grant(user, Role.OFFICER, park)
    return user


@pytest.mark.soak  # its rows are checked in tests/test_import_l1.py
@pytest.mark.parametrize("size", ["desk", "phone"])
def test_thirty_enterprises_with_five_mistakes(
    size: str,
    bringer: User,
    tmp_path: Path,
    page: Page,
    phone: Page,
    login: Callable[[Page, Any], None],
    axe: Callable[[Page], None],
) -> None:
    tab = page if size == "desk" else phone
    login(tab, bringer)
    path = tmp_path / "台账.xlsx"
    path.write_bytes(workbook(mistaken(), title="来表经济开发区非公企业党建工作台账"))
    tab.goto("/imports/")
    tab.get_by_role("link", name="非公企业党建工作台账").click()
    axe(tab)
    tab.get_by_label("选择文件").set_input_files(path)
    tab.get_by_role("button", name="上传并核对").click()
    expect(tab.locator(".counts .v")).to_have_text(["25", "0", "0", "5"])
    expect(tab.get_by_text("人数由名册算出，不再手填", exact=True)).to_be_visible()
    assert_fits(tab, axe)
    tab.goto(f"{tab.url}?kind=created")
    assert_fits(tab, axe)
    tab.get_by_role("link", name="列的对应").first.click()
    expect(tab.get_by_text("不会清掉台账里原来的内容")).to_be_visible()
    assert_fits(tab, axe)
    tab.go_back()
    tab.goto(tab.url.split("?")[0])
    right = thirty()
    tab.get_by_role("link", name="改这一行").first.click()
    for number, _head in MISTAKES:
        expect(tab.get_by_role("heading", name=f"改第{number + 1}行")).to_be_visible()
        assert_fits(tab, axe)
        wrong = mistaken()[number - 4]
        for head in {*right[number - 4], *wrong}:
            if wrong.get(head) != right[number - 4].get(head):
                cell, meant = tab.locator(f"#c{column(head)}"), str(right[number - 4].get(head, ""))
                is_choice = cell.evaluate("element => element.tagName") == "SELECT"
                cell.select_option(meant) if is_choice else cell.fill(meant)
        tab.get_by_role("button", name="改好，看下一处错误").click()
    expect(tab.locator(".counts .v")).to_have_text(["30", "0", "0", "0"])
    tab.get_by_role("link", name="去确认").click()
    tab.get_by_role("button", name="写入台账").click()
    expect(tab.get_by_text("已导入：新增30家")).to_be_visible()
    assert (Enterprise.objects.count(), Coverage.objects.count()) == (30, 20)


def assert_fits(tab: Page, axe: Callable[[Page], None]) -> None:
    """Nothing stands outside of the window, and nothing keeps a reader out."""
    assert tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    axe(tab)
