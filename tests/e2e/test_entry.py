"""Entry forms in a browser: nothing that was typed is lost, whoever else writes and whatever ends meanwhile."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, Response, expect

from orgs.models import Change, Enterprise
from portal.models import Draft
from tests.e2e.conftest import PHONE

Login = Callable[[Page, Any], None]
Open = Callable[..., Page]

PASSWORD = "long-enough-7"
NEW = "/ledgers/enterprises/new/"
NAME = "甲河新能源有限公司"


def submit(page: Page) -> None:
    page.get_by_role("button", name="提交", exact=True).click()


def no_sideways_scroll(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


# Two officers, one record


@pytest.mark.parametrize(
    "options",
    [pytest.param({}, marks=pytest.mark.soak), {"java_script_enabled": False}, {"viewport": PHONE}],
    ids=str,
)
def test_the_second_of_two_officers_compares_and_picks(
    options: dict[str, Any],
    new_page: Open,
    login: Login,
    axe: Callable[[Page], None],
    world: Any,
    officer: Any,
    park_administrator: Any,
) -> None:
    mine, other = new_page(**options), new_page()
    login(mine, officer)
    login(other, park_administrator)
    address = f"/ledgers/enterprises/{world.jia.gap.pk}/edit/"
    mine.goto(address)
    other.goto(address)
    for name, value in (("address", "一号路1号"), ("contact", "对方填的")):
        other.locator(f"[name={name}]").fill(value)
    submit(other)
    expect(other.locator("h1")).to_have_text(world.jia.gap.name)

    mine.locator("[name=contact]").fill("甲河李")
    mine.locator("[name=phone]").fill("0477-1234567")
    submit(mine)
    expect(mine.get_by_role("heading", name="您打开以后，别人改过这条记录")).to_be_visible()
    no_sideways_scroll(mine)
    if not options:
        axe(mine)
    compared = mine.get_by_role("group", name="联系人：姓名")
    for text in ("甲河联系人", "对方填的", "甲河李", "甲河管理员"):
        expect(compared).to_contain_text(text)
    expect(mine.locator("#pick-address-theirs")).to_be_checked()
    expect(mine.locator("#pick-phone-mine")).to_be_checked()
    assert mine.locator("[name=pick-contact]:checked").count() == 0

    mine.get_by_role("button", name="按所选的提交").click()
    expect(mine.locator(".errsum")).to_contain_text("两边都改过，请选一个")
    mine.locator(".errsum a").click()
    # By keyboard: the link leads to the first of the two, the arrow to the second
    expect(mine.locator("#pick-contact-theirs")).to_be_focused()
    mine.keyboard.press("ArrowRight")
    expect(mine.locator("#pick-contact-mine")).to_be_checked()
    mine.get_by_role("button", name="按所选的提交").click()
    expect(mine.locator("h1")).to_have_text(world.jia.gap.name)
    row = Enterprise.objects.get(pk=world.jia.gap.pk)
    assert (row.contact, row.address, row.phone) == ("甲河李", "一号路1号", "0477-1234567")


# A sign-in that ends while somebody types


def fill_in(page: Page) -> None:
    page.locator("[name=name]").fill(NAME)
    page.locator("[name=kind]").first.select_option(label="私营企业")
    page.locator("[name=settled_on]").fill("2026年1月5日")


def sign_in(page: Page, name: str) -> None:
    page.get_by_label("账号").fill(name)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()


def give_password(*users: Any) -> None:
    for user in users:
        user.set_password(PASSWORD)
        user.save()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts on", "scripts off"])
def test_a_session_that_ends_while_typing_loses_nothing(
    scripts: bool, new_page: Open, login: Login, axe: Callable[[Page], None], world: Any, officer: Any
) -> None:
    page = new_page(java_script_enabled=scripts)
    give_password(officer)
    login(page, officer)
    page.goto(NEW)
    fill_in(page)
    Session.objects.all().delete()
    submit(page)
    expect(page.get_by_role("status")).to_contain_text("您填的内容已存成草稿")
    if scripts:
        axe(page)
    sign_in(page, "officer")
    expect(page).to_have_url(re.compile(re.escape(f"{NEW}?draft=take") + "$"))
    expect(page.locator("[name=name]")).to_have_value(NAME)
    expect(page.locator("[name=settled_on]")).to_have_value("2026年1月5日")
    assert not Enterprise.objects.filter(name=NAME).exists()
    submit(page)
    expect(page.locator("h1")).to_have_text(NAME)
    assert Enterprise.objects.filter(name=NAME).count() == 1
    assert not Draft.objects.exists()


def test_another_account_on_the_same_machine_finds_its_own_form(
    page: Page, login: Login, world: Any, officer: Any, park_administrator: Any
) -> None:
    give_password(officer, park_administrator)
    login(page, officer)
    page.goto(NEW)
    fill_in(page)
    Session.objects.all().delete()
    submit(page)
    sign_in(page, "park-administrator")
    expect(page.locator("h1")).to_have_text("登记企业")
    expect(page.locator("[name=name]")).to_have_value("")
    assert NAME not in page.content()
    assert Draft.objects.get().user == officer


# Drafts


def autosaved(page: Page) -> Any:
    """Waits for the script to have kept what was typed."""

    def kept(response: Response) -> bool:
        return response.request.method == "POST" and "draft=auto" in (response.request.post_data or "")

    return page.expect_response(kept, timeout=10_000)


STORED = """async () => ({
  local: localStorage.length, session: sessionStorage.length,
  databases: (await indexedDB.databases()).length, caches: (await caches.keys()).length,
})"""


def test_a_page_that_is_gone_comes_back_as_a_draft(
    new_page: Open, login: Login, axe: Callable[[Page], None], world: Any, officer: Any
) -> None:
    page = new_page()
    login(page, officer)
    page.goto(NEW)
    with autosaved(page):
        fill_in(page)
    said = page.locator(".acts [data-draft-said]")
    expect(said).to_have_text(re.compile(r"^草稿已存 \d\d:\d\d:\d\d$"))
    assert page.evaluate(STORED) == {"local": 0, "session": 0, "databases": 0, "caches": 0}
    assert not Change.objects.filter(user=officer).exists()
    context = page.context
    page.close()  # as in a crash: nobody is asked

    page = context.new_page()
    page.goto(NEW)
    offer = page.locator(".draft")
    expect(offer).to_contain_text("有一份没有提交的草稿")
    axe(page)
    # What is not decided on is not replaced by what is typed now
    page.locator("[name=name]").fill("另一家")
    expect(page.locator(".acts [data-draft-said]")).to_contain_text("定下来以后，才自动存草稿")
    page.on("dialog", lambda dialog: dialog.accept())
    offer.get_by_role("link", name="接着填").click()
    expect(page.locator("[name=name]")).to_have_value(NAME)
    expect(page.locator("[name=settled_on]")).to_have_value("2026年1月5日")
    expect(page.locator(".draft")).to_contain_text("还没有提交")
    axe(page)
    with autosaved(page):
        page.locator("[name=locality]").fill("甲河镇")
    submit(page)
    expect(page.locator("h1")).to_have_text(NAME)
    assert Enterprise.objects.get(name=NAME).locality == "甲河镇"
    assert not Draft.objects.exists()
    page.goto(NEW)
    expect(page.locator(".draft")).to_have_count(0)


def test_without_scripts_a_button_keeps_the_draft(plain: Page, login: Login, world: Any, officer: Any) -> None:
    login(plain, officer)
    plain.goto(NEW)
    fill_in(plain)
    plain.get_by_role("button", name="存草稿").click()
    expect(plain.locator(".draft")).to_contain_text("草稿已存")
    expect(plain.locator("[name=name]")).to_have_value(NAME)
    plain.goto("/ledgers/enterprises/")
    assert NAME not in plain.content()
    plain.goto(NEW)
    plain.get_by_role("button", name="不要了").click()
    expect(plain.locator(".alert.ok")).to_contain_text("草稿已删除")
    expect(plain.locator("[name=name]")).to_have_value("")
    assert not Draft.objects.exists()


def test_the_draft_outlives_the_session(page: Page, login: Login, world: Any, officer: Any) -> None:
    give_password(officer)
    login(page, officer)
    page.goto(NEW)
    Session.objects.all().delete()
    with autosaved(page):
        fill_in(page)
    expect(page.locator(".acts [data-draft-said]")).to_contain_text("登录已过期，草稿已存")
    submit(page)
    sign_in(page, "officer")
    expect(page.locator("[name=name]")).to_have_value(NAME)


def test_a_draft_that_can_not_be_kept_is_said(page: Page, login: Login, world: Any, officer: Any) -> None:
    login(page, officer)
    page.goto(NEW)
    # What a proxy in between says when the server is away
    page.route("**/new/", lambda route: route.fulfill(content_type="text/html", body="<p>稍后再试</p>"))
    page.locator("[name=name]").fill(NAME)
    expect(page.locator(".acts [data-draft-said]")).to_contain_text("草稿没有存上", timeout=8_000)


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts on", "scripts off"])
def test_a_double_click_makes_one_record(scripts: bool, new_page: Open, login: Login, world: Any, officer: Any) -> None:
    page = new_page(java_script_enabled=scripts)
    login(page, officer)
    page.goto(NEW)
    fill_in(page)
    page.get_by_role("button", name="提交", exact=True).dblclick()
    expect(page.locator("h1")).to_have_text(NAME)
    # Whatever the server still does with the first click, once it has answered the next page it is done
    page.goto("/ledgers/enterprises/")
    assert Enterprise.objects.filter(name=NAME).count() == 1
    assert Change.objects.filter(model="orgs.enterprise", label=NAME).count() == 1
