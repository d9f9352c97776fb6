"""An officer works a register off: takes one name over, excludes one, registers one, and is led on each time."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from playwright.sync_api import Page, expect

from orgs.models import Enterprise, Park, Role, User
from portal.models import Exclusion
from tests.factories import grant, make_enterprise, make_park, make_uscc, make_user

HEADS = ("企业名称", "统一社会信用代码", "登记状态", "住所")


@pytest.fixture
def park(live_server: Any) -> Park:
    found = make_park("outside", name="名录经济开发区")
    for number in range(1, 4):
        make_enterprise(found, f"{number}号旧名有限公司", uscc=make_uscc(number), address="旧址")
    make_enterprise(found, "不在名单有限公司", uscc=make_uscc(9))
    return found


@pytest.fixture
def comparer(park: Park) -> User:
    user = make_user("comparer", display_name="比对干事")
    grant(user, Role.OFFICER, park)
    return user


@pytest.fixture
def register(tmp_path: Path) -> Path:
    book = Workbook()
    leaf: Any = book.active
    leaf.append(HEADS)
    for number in range(1, 4):
        leaf.append((f"{number}号新名有限公司", make_uscc(number), "存续", "旧 址"))
    for number in range(4, 6):
        leaf.append((f"{number}号新来有限公司", make_uscc(number), "存续", f"{number}号路"))
    path = tmp_path / "名录.xlsx"
    book.save(path)
    return path


def test_a_register_is_worked_off_without_scripts_by_keyboard(
    plain: Page, comparer: User, register: Path, login: Callable[[Page, Any], None]
) -> None:
    page = plain
    login(page, comparer)
    page.goto("/imports/")
    page.get_by_role("link", name="与外来名单比对").click()
    page.get_by_label("名单来源").fill("登记机关名录")
    page.get_by_label("选择文件").set_input_files(register)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="新增2项")).to_be_visible()

    page.get_by_role("navigation", name="差别的种类").get_by_role("link", name="改名或变更").click()
    page.locator("#r2").get_by_role("button", name="采用名单的写法").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#r3")).to_be_focused()  # the next row, so that Tab goes on from there
    assert set(Enterprise.objects.filter(name__contains="号").values_list("name", "former_names")) == {
        ("1号新名有限公司", "1号旧名有限公司"),
        ("2号旧名有限公司", ""),
        ("3号旧名有限公司", ""),
    }

    page.locator("#r3 summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("名录写错了")
    page.keyboard.press("Enter")
    expect(page.locator("#r4")).to_be_focused()
    assert list(Exclusion.objects.values_list("kind", "name", "reason")) == [("name", "2号旧名有限公司", "名录写错了")]

    page.get_by_role("navigation", name="差别的种类").get_by_role("link", name="新增").click()
    page.locator("#r5").get_by_role("link", name="登记").click()
    expect(page.get_by_label("统一社会信用代码")).to_have_value(make_uscc(4))
    page.get_by_label("企业类型").select_option(label="私营企业")
    page.get_by_label("入驻日期").fill("2025-03-01")
    page.get_by_role("button", name="提交", exact=True).click()
    expect(page.locator("#r6")).to_be_focused()
    expect(page.get_by_role("heading", name="新增1项")).to_be_visible()


def test_the_lists_fit_a_phone(
    phone: Page, comparer: User, register: Path, login: Callable[[Page, Any], None], axe: Callable[[Page], None]
) -> None:
    login(phone, comparer)
    phone.goto("/imports/compare/?park=outside")
    phone.get_by_label("名单来源").fill("登记机关名录")
    phone.get_by_label("选择文件").set_input_files(register)
    phone.get_by_role("button", name="上传并比对").click()
    for kind in ("新增", "消失", "改名或变更"):
        phone.get_by_role("navigation", name="差别的种类").get_by_role("link", name=kind).click()
        expect(phone.get_by_role("heading", name=kind)).to_be_visible()
        phone.locator("details.more summary").last.click()
        assert phone.evaluate("document.documentElement.scrollWidth") <= 390
        axe(phone)
