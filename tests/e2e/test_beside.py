"""By keyboard alone: a file beside a record without scripts, and a record beside its list with them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from orgs import journal
from orgs.models import User
from orgs.scoping import Role
from portal.models import Attachment
from tests.e2e.test_saved import press, tab_to
from tests.factories import World, grant, make_user

PDF = b"%PDF-1.7\ntrailer\n%%EOF\n"


@pytest.fixture
def officer(world: World, live_server: Any) -> User:
    user = make_user("beside", display_name="甲园干事", home_park=world.jia.park)
    grant(user, Role.OFFICER, world.jia.park)
    return user


def test_a_file_goes_in_out_and_away_without_scripts(
    new_page: Callable[..., Page], login: Callable[[Page, User], None], officer: User, world: World, tmp_path: Path
) -> None:
    page = new_page(java_script_enabled=False, accept_downloads=True)
    login(page, officer)
    record = f"/ledgers/enterprises/{world.jia.gap.pk}/"
    page.goto(record)
    expect(page.locator("#attachments")).to_contain_text("每个最大20MB，一条记录最多20个")
    tab_to(page, "#id_note")
    page.keyboard.type("九月党员大会签到")
    tab_to(page, "#id_file")
    page.set_input_files("#id_file", {"name": "照片.jpg", "mimeType": "image/jpeg", "buffer": b"MZ" + bytes(99)})
    press(page, "#attachments button:text-is('添加附件')")
    # Refused on a page of its own, where the phrase still stands
    expect(page.get_by_role("alert")).to_contain_text("这是程序或脚本，不能作附件")
    expect(page.locator("#id_note")).to_have_value("九月党员大会签到")
    page.set_input_files("#id_file", {"name": "签到 表.pdf", "mimeType": "application/pdf", "buffer": PDF})
    press(page, "button:text-is('添加附件')")
    expect(page.get_by_role("status")).to_contain_text("已添加附件“签到 表.pdf”")
    row = page.locator("#attachments tbody tr")
    expect(row).to_contain_text("九月党员大会签到")

    tab_to(page, "#attachments a:text-is('签到 表.pdf')")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename == "签到 表.pdf"
    download.value.save_as(tmp_path / "got.pdf")
    assert (tmp_path / "got.pdf").read_bytes() == PDF

    press(page, "#attachments a:has-text('删除')")
    expect(page.locator("h1")).to_have_text("删除附件")
    press(page, "button.danger")
    expect(page.get_by_role("status")).to_contain_text("30天内可以恢复")
    expect(row).to_have_count(0)
    press(page, "#attachments summary")
    press(page, "#attachments button:has-text('恢复')")
    expect(page.get_by_role("status")).to_contain_text("已恢复附件“签到 表.pdf”")
    expect(row).to_have_count(1)
    assert Attachment.objects.get(enterprise=world.jia.gap).removed_at is None


DROP = """name => {
  const carried = new DataTransfer();
  carried.items.add(new File(['%PDF-1.4 x'], name, {type: 'application/pdf'}));
  for (const kind of ['dragover', 'drop'])
    document.body.dispatchEvent(new DragEvent(kind, {bubbles: true, cancelable: true, dataTransfer: carried}));
}"""


def test_a_record_beside_its_list(
    page: Page, login: Callable[[Page, User], None], officer: User, world: World, axe: Callable[[Page], None]
) -> None:
    world.jia.covered.size = "large"
    journal.save(world.jia.covered, officer, journal.Via.PAGE)
    login(page, officer)
    page.goto("/ledgers/enterprises/?industry=C")
    page.evaluate("window.stays = true")
    panel, rows = page.locator("aside.peeked"), page.locator("tbody tr:not(.total)")
    expect(rows).to_have_count(2)
    names = page.locator("tbody tr:not(.total) th > a:not(.peek)").all_inner_texts()
    tab_to(page, "tbody tr:not(.total) >> nth=0 >> a.peek")
    page.keyboard.press("Enter")
    title = panel.locator("h2")
    expect(title).to_have_text(names[0])
    expect(title).to_be_focused()
    expect(rows.nth(0)).to_have_attribute("aria-current", "true")
    page.keyboard.press("ArrowDown")
    expect(title).to_have_text(names[1])
    expect(title).to_be_focused()
    page.keyboard.press("ArrowDown")  # the last stays
    expect(rows.nth(1)).to_have_attribute("aria-current", "true")
    page.keyboard.press("ArrowUp")
    expect(title).to_have_text(names[0])
    # The history of a field, one press away
    tab_to(page, "aside.peeked summary:has-text('改过1次')")
    page.keyboard.press("Enter")
    expect(panel.locator("details[open]")).to_contain_text("甲园干事（页面）")
    expect(panel.locator("details[open] del")).to_have_text("中型")
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    expect(rows.nth(0).locator("a.peek")).to_be_focused()
    page.keyboard.press("Enter")
    expect(title).to_have_text(names[0])
    page.go_back()
    expect(panel).to_have_count(0)
    page.go_forward()
    expect(title).to_have_text(names[0])
    assert page.evaluate("window.stays") is True  # the list was never left

    # To the whole page and back to the list, where the panel stands again
    press(page, "aside.peeked a:text-is('打开整页')")
    expect(page.locator("h1")).to_have_text(names[0])
    page.go_back()
    expect(title).to_have_text(names[0])
    press(page, "aside.peeked a:text-is('打开整页')")
    expect(page.locator("h1")).to_have_text(names[0])
    page.evaluate(DROP, "拖来的.pdf")
    expect(page.locator("#attachments form > button")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("已添加附件“拖来的.pdf”")

    # A narrow window, and one whose sign-in has ended, open the whole page
    page.set_viewport_size({"width": 1100, "height": 768})
    page.goto("/ledgers/enterprises/?industry=C")
    expect(page.locator("a.peek").first).to_be_hidden()
    page.set_viewport_size({"width": 1366, "height": 768})
    page.context.clear_cookies()
    page.locator("a.peek").first.click()
    page.wait_for_url("**/login/?next=**")
