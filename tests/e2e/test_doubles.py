"""A double in a browser, by keyboard and without scripts: found, compared, previewed, merged, taken back."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from orgs.models import Enterprise, User
from orgs.scoping import Role
from tests.e2e.test_saved import press
from tests.factories import World, day, employ, grant, make_enterprise, make_member, make_user


@pytest.fixture
def officer(world: World, live_server: Any) -> User:
    user = make_user("keys", display_name="甲园干事", home_park=world.jia.park)
    grant(user, Role.OFFICER, world.jia.park)
    return user


@pytest.mark.parametrize(
    "scripts", [pytest.param(True, marks=pytest.mark.soak), False], ids=["scripts on", "scripts off"]
)
def test_a_double_is_merged_and_taken_back(
    scripts: bool,
    world: World,
    new_page: Callable[..., Page],
    login: Callable[[Page, User], None],
    axe: Callable[[Page], None],
    officer: User,
) -> None:
    stays = world.jia.covered
    gone = make_enterprise(world.jia.park, "甲河机械有限责任公司", since=day("2025-01-01"), phone="0477-1234567")
    employ(make_member(world.jia.park, "甲河新来的"), gone, day("2025-03-01"))
    page = new_page(java_script_enabled=scripts)
    login(page, officer)
    page.goto("/ledgers/enterprises/")
    press(page, "a:text-is('疑似重复')")
    expect(page.locator("h1")).to_have_text("疑似重复的企业")
    expect(page.locator(f"[name=stays][value='{stays.pk}']")).to_be_checked()
    expect(page.locator(f"[name=gone][value='{gone.pk}']")).to_be_checked()
    press(page, ".double button:has-text('对照、合并')")
    expect(page.locator("h1")).to_have_text("合并企业：对照")
    # The telephone is known of one only, so it is taken; the name of the other one is picked
    expect(page.locator("[name=pick-phone][value=gone]")).to_be_checked()
    page.locator("[name=pick-name][value=stays]").focus()
    page.keyboard.press("ArrowRight")
    press(page, "button:has-text('下一步：预览')")
    expect(page.locator("h1")).to_have_text("合并企业：预览")
    expect(page.get_by_text("工作单位：移过来1条")).to_be_visible()
    if scripts:
        axe(page)
    assert Enterprise.objects.filter(pk=gone.pk).exists()
    press(page, "button[name=confirm]")
    expect(page.locator("h1")).to_have_text("甲河机械有限责任公司，并入“甲河机械有限责任公司”")
    assert Enterprise.objects.get(pk=stays.pk).name == gone.name
    page.goto(f"/ledgers/enterprises/{gone.pk}/")
    assert page.url.endswith(f"/ledgers/enterprises/{stays.pk}/")
    expect(page.get_by_text("您打开的那一条已并入这一条")).to_be_visible()
    page.go_back()
    press(page, "a:text-is('撤销合并')")
    expect(page.get_by_text("1条记录移回它名下")).to_be_visible()
    if scripts:
        axe(page)
    press(page, "button.danger")
    expect(page.get_by_role("status").first).to_contain_text("已撤销合并，“甲河机械有限责任公司”恢复了")
    assert Enterprise.objects.get(pk=stays.pk).name == "甲河机械有限公司"
    assert gone.employments.count() == 1
