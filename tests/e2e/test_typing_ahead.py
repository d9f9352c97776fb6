"""Choosing among many records in a browser: by keyboard alone, with and without an input method, on a phone."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from orgs import journal
from orgs.journal import INSTALLER, Via
from orgs.models import Coverage, Enterprise
from portal import type_ahead
from tests.e2e.conftest import PHONE
from tests.factories import day

Login = Callable[[Page, Any], None]
Open = Callable[..., Page]

FORM = "/ledgers/coverages/new/"


@pytest.mark.parametrize("is_long", [False, True], ids=["all in the page", "asked for"])
def test_an_enterprise_is_chosen_by_its_initials_and_the_keyboard(
    is_long: bool,
    new_page: Open,
    login: Login,
    axe: Callable[[Page], None],
    world: Any,
    officer: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = ["北京大学科技园", "北京德信", "大学北门", *(f"企业{number}" for number in range(12))]
    rows = [Enterprise(park=world.jia.park, name=name, kind="private", settled_on=day("2024-01-01")) for name in names]
    journal.save_many(rows, INSTALLER, Via.INSTALL)
    if is_long:
        monkeypatch.setattr(type_ahead, "MOST", 10)
    page = new_page()
    login(page, officer)
    page.goto(FORM)
    box, chosen = page.get_by_role("combobox", name="企业"), page.locator("select[name=enterprise]")
    options = page.locator("#id_enterprise_list [role=option]")
    expect(chosen).to_be_hidden()
    expect(box).to_have_attribute("aria-expanded", "false")
    for _ in range(60):
        if page.evaluate("document.activeElement.id") == "id_enterprise":
            break
        page.keyboard.press("Tab")
    expect(box).to_be_focused()

    page.keyboard.type("bjdx", delay=20)
    expect(options).to_have_text(["北京大学科技园", "北京德信"])
    expect(box).to_have_attribute("aria-expanded", "true")
    expect(box).to_have_attribute("aria-activedescendant", "id_enterprise_0")
    axe(page)
    assert page.evaluate(
        "window.dispatchEvent(new Event('beforeunload', {cancelable: true}))"
    )  # nothing is filled in yet
    page.keyboard.press("ArrowDown")
    expect(page.locator("#id_enterprise_list [aria-selected=true]")).to_have_text("北京德信")
    page.keyboard.press("ArrowDown")  # round and round
    page.keyboard.press("ArrowUp")
    expect(page.locator("#id_enterprise_list [aria-selected=true]")).to_have_text("北京德信")
    page.keyboard.press("Enter")
    expect(box).to_have_value("北京德信")
    expect(chosen).to_have_value(str(rows[1].pk))
    expect(page.locator("#id_enterprise_list")).to_be_hidden()
    expect(page.locator("#id_organization")).to_be_focused()  # Enter leads to the next field, as everywhere

    # Half of a word and away: what was chosen stays
    page.keyboard.press("Shift+Tab")
    page.keyboard.type("重", delay=20)
    expect(page.get_by_text("没有找到，请换一个说法").first).to_be_visible()
    page.keyboard.press("Tab")
    expect(box).to_have_value("北京德信")
    # Escape takes back, an input method may use Enter for itself
    box.focus()
    page.keyboard.type("企业", delay=20)
    expect(options.first).to_be_visible()
    box.dispatch_event("keydown", {"key": "Enter", "keyCode": 229, "bubbles": True, "cancelable": True})
    expect(options.first).to_be_visible()
    page.keyboard.press("Escape")
    expect(box).to_have_value("北京德信")
    expect(options.first).to_be_hidden()

    page.locator("select[name=organization]").select_option(str(world.jia.branch.pk))  # a short menu is what it was
    page.locator("select[name=way]").select_option("joint")
    page.locator("[name=since]").fill("2026-01-01")
    page.keyboard.press("Control+Enter")
    expect(page.locator("h1")).not_to_have_text("登记组织覆盖")
    assert Coverage.objects.filter(enterprise=rows[1], organization=world.jia.branch).exists()


def test_the_list_fits_a_phone_and_without_scripts_there_is_a_button(
    new_page: Open, login: Login, world: Any, officer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type_ahead, "MOST", 3)
    phone = new_page(viewport=PHONE, has_touch=True, is_mobile=True)
    login(phone, officer)
    phone.goto(FORM)
    phone.get_by_role("combobox", name="企业").tap()
    phone.get_by_role("option", name=world.jia.gap.name).tap()
    expect(phone.locator("select[name=enterprise]")).to_have_value(str(world.jia.gap.pk))
    assert phone.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")

    plain = new_page(java_script_enabled=False)
    login(plain, officer)
    plain.goto(FORM)
    plain.locator("[name=since]").fill("2026年1月1日")
    plain.locator("#id_enterprise_find").fill("jhrj")
    plain.locator("button[name=find][value=enterprise]").click()
    plain.locator("select[name=enterprise]").select_option(label=world.jia.gap.name)
    expect(plain.locator("[name=since]")).to_have_value("2026年1月1日")
