"""The monthly grid in a browser: a block pasted, wrong cells mended, thirty records; and without scripts."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from activities.models import Activity
from orgs import journal
from orgs.journal import Via
from orgs.models import Park, PartyOrganization, Role, User
from portal.models import Draft
from tests.e2e.conftest import PHONE
from tests.factories import grant, make_park, make_user, meet

Login = Callable[[Page, Any], None]
Open = Callable[..., Page]

URL = "/ledgers/activities/months/thirty/2026/10/"
MANY = 30
ROW = ("主题党日", "12", "学习支部工作条例", "李书记", "会议室", "9", "7", "2")
WRONG = {3: (1, "10月32日"), 17: (6, "12")}  # line → column, text


@pytest.fixture
def park(live_server: Any) -> Park:
    return make_park("thirty", name="三十经济开发区")


@pytest.fixture
def organizations(park: Park) -> list[PartyOrganization]:
    rows = [
        PartyOrganization(
            park=park,
            name=f"中共{number:02}号机械有限公司支部委员会",
            short_name=f"{number:02}号机械党支部",
            kind="branch",
            founded_on=dt.date(2024, 1, 1),
        )
        for number in range(1, MANY + 1)
    ]
    return journal.save_many(rows, journal.INSTALLER, Via.INSTALL)


@pytest.fixture
def filer(organizations: list[PartyOrganization], park: Park) -> User:
    user = make_user("filer", display_name="三十干事")
    grant(user, Role.OFFICER, park)
    return user


def block() -> str:
    lines = [list(ROW) for _ in range(MANY)]
    for line, (column, text) in WRONG.items():
        lines[line][column] = text
    return "".join("\t".join(cells) + "\r\n" for cells in lines)


def tab_to(page: Page, wanted: str, most: int = 80) -> None:
    """Press Tab until the element is focused that the selector names."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("wanted => document.activeElement.matches(wanted)", wanted):
            return
    raise AssertionError(f"{wanted} is not reached by Tab")


def copy(page: Page, text: str) -> None:
    """Into the real clipboard, as another program would."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("text => navigator.clipboard.writeText(text)", text)


def cell(page: Page, line: int, name: str) -> Any:
    return page.locator("tr[data-line]").nth(line).locator(f"[data-col={name}]")


def no_sideways_scroll(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_a_block_is_pasted_mended_and_saved_by_keyboard_alone(
    page: Page, login: Login, axe: Callable[[Page], None], filer: User
) -> None:
    login(page, filer)
    page.goto(URL)
    axe(page)
    copy(page, block())
    tab_to(page, "tr[data-line] [data-col=kind]")
    page.keyboard.press("Control+v")
    expect(page.locator("[data-grid-said]")).to_have_text(f"已填入{MANY * len(ROW)}格，请核对后提交。")
    for line in (0, 29):
        names = ("held_on", "title", "host", "place", "due", "present", "on_leave")
        assert [cell(page, line, name).input_value() for name in names] == list(ROW[1:])
        assert cell(page, line, "kind").input_value() == "theme_day"
    page.keyboard.press("Control+Enter")

    summary = page.locator(".errsum")
    expect(summary).to_be_focused()
    told = [
        "04号机械党支部：会议日期写的是2026-10-32，10月只有31天，请核对",
        "18号机械党支部：实到12名多于应到9名，请核对应到和实到人数",
    ]
    expect(summary.get_by_role("link")).to_have_text(told)
    assert not Activity.objects.exists()
    axe(page)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(cell(page, 3, "held_on")).to_be_focused()
    expect(cell(page, 3, "held_on")).to_have_value("10月32日")
    page.keyboard.press("Control+a")
    page.keyboard.type("22")
    # Down the column to the other row, then on to its cell
    for _ in range(14):
        page.keyboard.press("ArrowDown")
    expect(cell(page, 17, "held_on")).to_be_focused()
    for _ in range(5):
        page.keyboard.press("Tab")
    expect(cell(page, 17, "present")).to_be_focused()
    page.keyboard.type("7")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".alert.ok")).to_contain_text("已登记30次组织生活")
    assert Activity.objects.count() == MANY
    assert Activity.objects.get(organization__short_name="04号机械党支部").held_on == dt.date(2026, 10, 22)
    heads = Activity.objects.values_list("kind", "title", "host", "place", "due", "present", "on_leave", "absent")
    assert set(heads) == {("theme_day", *ROW[2:5], 9, 7, 2, 0)}
    assert page.locator("tr.filed").count() == MANY
    assert not Draft.objects.exists()


def test_the_same_without_scripts(plain: Page, login: Login, filer: User) -> None:
    login(plain, filer)
    plain.goto(URL)
    plain.locator("summary", has_text="从Excel粘贴").click()
    plain.locator("#id_paste").fill(block())
    plain.get_by_role("button", name="填入下表").click()
    expect(plain.locator(".said")).to_contain_text("填入30行，请核对后提交")
    expect(plain.locator("#id_paste")).to_have_value("")
    plain.get_by_role("button", name="提交全部已填的行").click()
    expect(plain.locator(".errsum li")).to_have_count(2)
    cell(plain, 3, "held_on").fill("22")
    cell(plain, 17, "present").fill("7")
    # Enter in a cell submits, as forms do; it adds no line
    cell(plain, 17, "present").press("Enter")
    expect(plain.locator(".alert.ok")).to_contain_text("已登记30次组织生活")
    assert Activity.objects.count() == MANY


@pytest.mark.parametrize(
    "scripts", [pytest.param(True, marks=pytest.mark.soak), False], ids=["scripts on", "scripts off"]
)
def test_a_line_more_keeps_what_is_typed_and_takes_the_focus(
    scripts: bool, new_page: Open, login: Login, filer: User
) -> None:
    page = new_page(java_script_enabled=scripts)
    login(page, filer)
    page.goto(URL)
    cell(page, 0, "kind").select_option(label="党课")
    cell(page, 0, "title").fill("第一次")
    page.get_by_role("button", name="给01号机械党支部再加一行").click()
    expect(cell(page, 0, "title")).to_have_value("第一次")
    expect(cell(page, 0, "kind")).to_have_value("party_lecture")
    expect(cell(page, 1, "kind")).to_be_focused()
    expect(page.locator("tr[data-line]")).to_have_count(MANY + 1)
    expect(page.locator(".acts [data-draft-said]")).to_have_text("填的内容已存成草稿")
    # What is not a meeting yet is kept, and offered when the page is opened again
    page.goto(URL)
    page.get_by_role("link", name="接着填").click()
    expect(cell(page, 0, "title")).to_have_value("第一次")


def test_keys_move_in_a_column_and_leave_choosing_and_composing_alone(page: Page, login: Login, filer: User) -> None:
    login(page, filer)
    page.goto(URL)
    cell(page, 0, "title").focus()
    page.keyboard.type("一")
    page.keyboard.press("Enter")
    expect(cell(page, 1, "title")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(cell(page, 2, "title")).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Shift+Enter")
    expect(cell(page, 0, "title")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(cell(page, 0, "title")).to_be_focused()
    # While 拼音 is being chosen every key belongs to the input method
    for key in ("Enter", "ArrowDown"):
        untouched = page.evaluate(
            """key => document.activeElement.dispatchEvent(new KeyboardEvent('keydown',
              { key: key, isComposing: true, bubbles: true, cancelable: key === 'ArrowDown' }))""",
            key,
        )
        assert untouched
        expect(cell(page, 0, "title")).to_be_focused()
    # In a list of kinds the arrows choose, Enter goes on
    cell(page, 0, "kind").focus()
    page.keyboard.press("ArrowDown")
    expect(cell(page, 0, "kind")).to_be_focused()
    expect(cell(page, 0, "kind")).to_have_value("member_meeting")
    page.keyboard.press("Enter")
    expect(cell(page, 1, "kind")).to_be_focused()
    assert page.url.endswith(URL)


def test_what_does_not_fit_is_said_and_a_paste_is_taken_back(page: Page, login: Login, filer: User) -> None:
    login(page, filer)
    page.goto(URL)
    cell(page, 29, "absent").fill("8")
    copy(page, "读书会\t3\n党课\t4\n")
    cell(page, 29, "kind").focus()
    page.keyboard.press("Control+v")
    expect(page.locator("[data-grid-said]")).to_contain_text("已填入2格，请核对后提交。有1行超出这张表")
    expect(page.locator("#id_paste")).to_have_value("党课\t4")
    # A word that is no kind stands in its cell until it is mended
    expect(cell(page, 29, "kind")).to_have_value("读书会")
    page.get_by_role("button", name="撤销这次粘贴").click()
    expect(cell(page, 29, "kind")).to_have_value("")
    expect(cell(page, 29, "held_on")).to_have_value("")
    expect(page.locator("#id_paste")).to_have_value("")
    # Cells with line breaks and quotes come quoted; a blank line passes over a row
    copy(page, '"学习""条例""\n讨论"\t李书记\r\n\r\n"讲党课"\t5" 管\r\n')
    cell(page, 5, "title").focus()
    page.keyboard.press("Control+v")
    expect(page.locator("[data-grid-said]")).to_have_text("已填入4格，请核对后提交。")
    spread = [[cell(page, line, name).input_value() for name in ("title", "host")] for line in (5, 6, 7)]
    assert spread == [['学习"条例" 讨论', "李书记"], ["", ""], ['"讲党课"', '5" 管']]
    # One cell with several words is typed, not spread; into a list it chooses
    copy(page, "支委会")
    cell(page, 29, "kind").focus()
    page.keyboard.press("Control+v")
    expect(cell(page, 29, "kind")).to_have_value("committee_meeting")
    cell(page, 29, "title").focus()
    page.keyboard.press("Control+v")
    expect(cell(page, 29, "title")).to_have_value("支委会")
    expect(cell(page, 29, "absent")).to_have_value("8")


def test_a_draft_is_kept_of_what_is_pasted(page: Page, login: Login, filer: User) -> None:
    login(page, filer)
    page.goto(URL)
    copy(page, block())
    cell(page, 0, "kind").focus()
    with page.expect_response(lambda answer: "draft=auto" in (answer.request.post_data or ""), timeout=10_000):
        page.keyboard.press("Control+v")
    assert "学习支部工作条例" in str(Draft.objects.get().fields)


def test_on_a_phone_a_line_is_a_block_and_what_is_filed_is_read(
    phone: Page, login: Login, axe: Callable[[Page], None], filer: User, organizations: list[PartyOrganization]
) -> None:
    filed = meet(organizations[0], dt.date(2026, 10, 10), "party_lecture", "十月党课")
    login(phone, filer)
    phone.goto(URL)
    no_sideways_scroll(phone)
    axe(phone)
    assert phone.viewport_size == PHONE
    cell(phone, 0, "kind").select_option(label="党课")
    for name, text in (("held_on", "10"), ("title", "又一次"), ("due", "5"), ("present", "5")):
        cell(phone, 0, name).fill(text)
    phone.get_by_role("button", name="提交全部已填的行").click()
    expect(phone.locator(".errsum")).to_contain_text("已登记过“十月党课”，不用再登记")
    no_sideways_scroll(phone)
    axe(phone)
    cell(phone, 0, "held_on").fill("11")
    phone.get_by_role("button", name="提交全部已填的行").click()
    expect(phone.locator(".alert.ok")).to_contain_text("已登记1次组织生活")
    phone.get_by_role("link", name="十月党课").click()
    phone.wait_for_url(f"**/activities/{filed.pk}/")
