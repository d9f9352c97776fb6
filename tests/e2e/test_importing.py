"""An officer brings fifty rows, three of them wrong, mends them in Excel, confirms, takes all back, and once more."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from playwright.sync_api import Page, expect

from orgs.models import Enterprise, Park, Role, User
from tests.factories import grant, make_park, make_uscc, make_user

HEADS = ("企业名称", "统一社会信用代码", "企业类型", "入驻日期", "经营状态", "从业人员")
WRONG = {2: (2, "91150622MA0000000X"), 5: (4, "2025年13月"), 9: (6, "不少")}


def rows(most: int) -> list[list[Any]]:
    return [
        [f"{number}号机械有限公司", make_uscc(number), "私营企业", "2025-03-01", "正常经营", 10 + number]
        for number in range(1, most + 1)
    ]


def workbook(folder: Path, most: int) -> Path:
    book = Workbook()
    leaf: Any = book.active
    leaf.append(["某园区企业台账"])
    leaf.append(HEADS)
    for row in rows(most):
        leaf.append(row)
    for number, (column, text) in WRONG.items():
        leaf.cell(number + 2, column, text)
    path = folder / "企业.xlsx"
    book.save(path)
    return path


@pytest.fixture
def park(live_server: Any) -> Park:
    return make_park("bring", name="来料经济开发区")


@pytest.fixture
def bringer(park: Park) -> User:
    user = make_user("bringer", display_name="来料干事")
    grant(user, Role.OFFICER, park)
    return user


def mended(data: bytes, folder: Path) -> Path:
    """The returned workbook with the red cells put right, and nothing else touched."""
    book = load_workbook(BytesIO(data))
    leaf: Any = book.active
    right = rows(len(WRONG) + 20)
    for number, (column, _text) in WRONG.items():
        cell = leaf.cell(number + 2, column)
        assert cell.fill.fgColor.rgb.endswith("F8D7D9")
        assert cell.comment.text
        cell.value = right[number - 1][column - 1]
    path = folder / "企业（标注）.xlsx"
    book.save(path)
    return path


@pytest.mark.parametrize(("most", "scripts"), [(50, True), (12, False)])
def test_fifty_rows_with_three_errors(
    most: int,
    scripts: bool,
    bringer: User,
    tmp_path: Path,
    new_page: Callable[..., Page],
    login: Callable[[Page, Any], None],
    axe: Callable[[Page], None],
) -> None:
    page = new_page(java_script_enabled=scripts)
    login(page, bringer)
    page.goto("/ledgers/enterprises/")
    page.get_by_role("link", name="导入", exact=True).last.click()
    page.get_by_label("选择文件").set_input_files(workbook(tmp_path, most))
    page.get_by_role("button", name="上传并核对").click()
    expect(page.get_by_role("heading", name="错误3行")).to_be_visible()
    expect(page.locator(".counts .v")).to_have_text([str(most - 3), "0", "0", "3"])
    if scripts:
        axe(page)

    with page.expect_download() as download:
        page.get_by_role("link", name="下载标注表").click()
    data = Path(download.value.path()).read_bytes()
    page.get_by_label("改好的工作簿").set_input_files(mended(data, tmp_path))
    page.get_by_role("button", name="重新上传").click()
    expect(page.locator(".counts .v")).to_have_text([str(most), "0", "0", "0"])
    assert Enterprise.objects.count() == 0

    page.get_by_role("link", name="去确认").click()
    page.get_by_role("button", name="写入台账").click()
    expect(page.get_by_text(f"已导入：新增{most}家")).to_be_visible()
    assert Enterprise.objects.count() == most

    page.get_by_role("link", name="撤销这一批").click()
    page.get_by_role("button", name="撤销这一批").click()
    expect(page.get_by_text("已撤销这一批导入")).to_be_visible()
    assert Enterprise.objects.count() == 0

    # Once more from the mended file: what was taken back goes in again
    page.goto("/imports/enterprises/new/")
    page.get_by_label("选择文件").set_input_files(tmp_path / "企业（标注）.xlsx")
    page.get_by_role("button", name="上传并核对").click()
    page.get_by_role("link", name="去确认").click()
    page.get_by_role("button", name="写入台账").click()
    expect(page.get_by_text(f"已导入：新增{most}家")).to_be_visible()
    assert Enterprise.objects.count() == most


def test_wrong_rows_are_mended_in_the_browser_by_keyboard(
    bringer: User, tmp_path: Path, page: Page, login: Callable[[Page, Any], None], axe: Callable[[Page], None]
) -> None:
    login(page, bringer)
    page.goto("/imports/enterprises/new/")
    page.get_by_label("选择文件").set_input_files(workbook(tmp_path, 12))
    page.get_by_role("button", name="上传并核对").press("Enter")
    right = rows(len(WRONG) + 20)
    page.locator("td a[href$='/rows/4/']").press("Enter")
    for number, (column, _text) in WRONG.items():
        expect(page.get_by_role("heading", name=f"改第{number + 2}行")).to_be_visible()
        axe(page)
        page.locator(f"#c{column}").fill(str(right[number - 1][column - 1]))
        page.locator(f"#c{column}").press("Enter")
    expect(page.locator(".counts .v")).to_have_text(["12", "0", "0", "0"])
