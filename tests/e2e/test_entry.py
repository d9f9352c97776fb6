"""Entry forms in a browser: nothing that was typed is lost, whoever else writes and whatever ends meanwhile."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from orgs.models import Enterprise
from tests.e2e.conftest import PHONE

Login = Callable[[Page, Any], None]
Open = Callable[..., Page]


def submit(page: Page) -> None:
    page.get_by_role("button", name="提交", exact=True).click()


def no_sideways_scroll(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


# Two officers, one record


@pytest.mark.parametrize("options", [{}, {"java_script_enabled": False}, {"viewport": PHONE}], ids=str)
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
