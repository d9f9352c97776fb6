"""By keyboard alone, with scripts and without: choose columns, order them, save a view, reopen it, export it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from orgs.models import User
from orgs.scoping import Role
from portal.ledgers import LEDGERS
from portal.models import SavedView
from tests.factories import (
    World,
    affiliate,
    cover,
    grant,
    make_enterprise,
    make_member,
    make_organization,
    make_user,
    meet,
    work,
)

MOST_TABS = 150
VIEW = "按信用代码看"


@pytest.fixture
def officer(world: World, live_server: Any) -> User:
    user = make_user("keys", display_name="甲园干事", home_park=world.jia.park)
    grant(user, Role.OFFICER, world.jia.park)
    return user


def tab_to(page: Page, selector: str) -> None:
    """Forward by the Tab key until this element has the focus, as somebody without a mouse gets there."""
    wanted = page.locator(selector).and_(page.locator(":focus"))
    expect(page.locator(selector)).to_have_count(1)
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if wanted.count():
            return
    raise AssertionError(f"{selector} is not reached by the Tab key on {page.url}")


def press(page: Page, selector: str, key: str = "Enter") -> None:
    tab_to(page, selector)
    page.keyboard.press(key)


def heads(page: Page) -> list[str]:
    return page.locator("table.t thead th").all_inner_texts()


@pytest.mark.parametrize(
    "scripts", [True, pytest.param(False, marks=pytest.mark.soak)], ids=["scripts on", "scripts off"]
)
def test_a_view_by_keyboard_alone(
    scripts: bool,
    new_page: Callable[..., Page],
    login: Callable[[Page, User], None],
    officer: User,
    tmp_path: Path,
) -> None:
    page = new_page(java_script_enabled=scripts, accept_downloads=True)
    login(page, officer)
    page.goto("/ledgers/enterprises/?industry=C")
    usual = heads(page)
    assert "行业" in usual
    assert "统一社会信用代码" not in usual

    press(page, "a:text-is('选列')")
    expect(page.locator("h1")).to_have_text("选列")
    press(page, "[name=show][value=industry]", "Space")
    press(page, "[name=show][value=uscc]", "Space")
    press(page, "button[value='top:uscc']")
    expect(page.get_by_role("status")).to_contain_text("“统一社会信用代码”移到了第2位")
    # The focus stays with the column that is moved: what can be pressed next
    expect(page.locator("button[value='down:uscc']")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("“统一社会信用代码”移到了第3位")
    expect(page.locator("button[value='down:uscc']")).to_be_focused()
    press(page, ".subm button[name=done]")
    expect(page.locator("h1")).to_have_text("企业台账")
    chosen = [*usual[:2], "统一社会信用代码", *(head for head in usual[2:] if head != "行业")]
    assert heads(page) == chosen

    press(page, "a:text-is('存为视图')")
    tab_to(page, "[name=name]")
    page.keyboard.type(VIEW)
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text(f"已存为视图“{VIEW}”")
    view = SavedView.objects.get(name=VIEW)
    assert (view.account, view.park) == (officer.pk, None)

    page.goto("/ledgers/enterprises/")
    assert heads(page) == usual
    press(page, f".saved a:text-is('{VIEW}')")
    expect(page.locator(".saved [aria-current]")).to_have_text(VIEW)
    assert heads(page) == chosen
    names = page.locator("table.t tbody tr:not(.total) th > a:not(.peek)").all_inner_texts()
    assert names == ["甲河机械有限公司", "甲河建材有限公司"]

    tab_to(page, "a:has-text('导出2行')")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    path = tmp_path / "list.xlsx"
    download.value.save_as(path)
    table, facts = load_workbook(path).worksheets
    rows = [list(row) for row in table.iter_rows(values_only=True)]
    assert rows[2] == chosen
    assert [row[0] for row in rows[4:]] == names
    told = {row[0]: row[1] for row in facts.iter_rows(min_row=3, values_only=True)}
    assert (told["视图"], told["列"], told["筛选条件"]) == (VIEW, "、".join(chosen), "行业：制造业")


FITS = """() => {
  const frame = document.querySelector('.tw'), table = document.querySelector('.tw table');
  const name = document.querySelector('.tw tbody tr:not(.total) th');
  frame.scrollLeft = 400;
  return {
    page: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    table: table.offsetWidth - frame.clientWidth,
    name: Math.round(name.getBoundingClientRect().left - frame.getBoundingClientRect().left),
    cut: [...table.querySelectorAll('th, td')].filter(cell => cell.scrollWidth > cell.clientWidth + 1).length,
  };
}"""


def test_as_many_columns_as_there_are(page: Page, login: Callable[[Page, User], None], officer: User) -> None:
    """On a desk the table moves in its frame under the names; on paper no column is cut off."""
    login(page, officer)
    ledger = LEDGERS["enterprises"]
    names = ",".join(column.name for column in (*ledger.columns, *ledger.more))
    page.goto(f"/ledgers/enterprises/?columns={names}")
    assert len(heads(page)) == len(ledger.columns) + len(ledger.more)
    found = page.evaluate(FITS)
    assert found["page"] <= 0
    assert found["table"] > 0
    assert found["name"] == 0
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 850, "height": 600})  # 225 mm, between the margins of A4 landscape
    found = page.evaluate(FITS)
    assert (found["page"] <= 0, found["table"] <= 0, found["cut"]) == (True, True, 0)


BROKEN = """() => {
  const lines = cell => {
    const words = document.createRange();
    words.selectNodeContents(cell);
    return Math.round(words.getBoundingClientRect().height / parseFloat(getComputedStyle(cell).lineHeight));
  };
  const cells = [...document.querySelectorAll('.t thead th, .t tbody tr:not(.total) :is(.num, .day, .c, .few)')];
  return cells.filter(cell => lines(cell) > 1).map(cell => cell.innerText);
}"""


@pytest.mark.parametrize("slug", ["enterprises", "members", "activities", "coverages"])
def test_on_paper_few_words_stay_in_one_line(
    slug: str, page: Page, world: World, login: Callable[[Page, User], None], officer: User
) -> None:
    """And so many rows fit on a sheet: a list that is one character wide is read by nobody."""
    park = world.jia.park
    for number in range(24):
        firm = make_enterprise(park, f"甲河第{number + 1:02}精密机械有限公司", industry="CCG"[number % 3])
        branch = make_organization(park, f"甲河第{number + 1:02}精密机械党支部")
        cover(branch, firm)
        work(firm)
        affiliate(make_member(park, f"党员{number:02}", job_category="professional"), branch)
        meet(branch, host="欧阳某某", mode="mixed")
    login(page, officer)
    page.goto(f"/ledgers/{slug}/")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 850, "height": 600})  # 225 mm, between the margins of A4 landscape
    assert page.evaluate(BROKEN) == []
    assert page.evaluate(FITS)["table"] <= 0
    heights = page.eval_on_selector_all(".t tbody tr:not(.total)", "rows => rows.map(row => row.offsetHeight)")
    assert len(heights) >= 24
    assert sum(heights[:18]) < 570  # of the 590 px between the margins, without the heads


def test_chosen_columns_fit_a_phone_and_the_paper(
    phone: Page, page: Page, login: Callable[[Page, User], None], officer: User
) -> None:
    login(phone, officer)
    address = "/ledgers/enterprises/?columns=name,uscc,industry,address,contact"
    phone.goto(address)
    row = phone.locator("table.t tbody tr:not(.total)").first
    for label in ("信用代码", "行业", "联系人"):
        expect(row.locator(f"[data-l='{label}']")).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    login(page, officer)
    page.goto(address)
    on_screen = heads(page)
    page.emulate_media(media="print")
    assert heads(page) == on_screen
    expect(page.locator(".saved")).to_be_hidden()
