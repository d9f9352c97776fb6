"""Codes in a browser: told on leaving the field in the words of the server, and by the server alone without scripts."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from orgs.models import Enterprise, Member
from tests.e2e.conftest import PHONE
from tests.factories import make_enterprise, make_id_number, make_uscc

Login = Callable[[Page, Any], None]
Open = Callable[..., Page]

NUMBER = make_id_number(377, "1980-05-06")
WRONG = NUMBER[:-1] + ("0" if NUMBER[-1] != "0" else "1")
CODE = make_uscc(4711)
IDS = [
    "110105491231002",
    "1101051949",
    "1101051949123100AX",
    "110105194913310022",
    "11010520991231002X",
    WRONG,
    "𠮷" * 18,
]
CODES = [CODE[:-1] + ("0" if CODE[-1] != "0" else "1"), CODE[:-1], CODE[:-1] + "I", "A" + CODE[1:], CODE + "1"]
FORMS = {"id_number": "/ledgers/members/new/", "uscc": "/ledgers/enterprises/new/"}


def submit(page: Page) -> None:
    page.get_by_role("button", name="提交", exact=True).click()


WAYS = [{}, {"java_script_enabled": False}, pytest.param({"viewport": PHONE}, marks=pytest.mark.soak)]


@pytest.mark.parametrize(("name", "texts"), [("id_number", IDS), pytest.param("uscc", CODES, marks=pytest.mark.soak)])
def test_the_sentence_on_leaving_the_field_is_that_of_the_server(
    name: str,
    texts: list[str],
    page: Page,
    plain: Page,
    login: Login,
    axe: Callable[[Page], None],
    world: Any,
    officer: Any,
) -> None:
    for one in (page, plain):
        login(one, officer)
    page.goto(FORMS[name])
    field, error = page.locator(f"#id_{name}"), page.locator(f"#id_{name}_error")
    for text in texts:
        field.fill(text)
        began = time.perf_counter()
        field.press("Tab")
        expect(error).to_be_visible(timeout=1000)
        waited = time.perf_counter() - began
        plain.goto(FORMS[name])
        plain.locator(f"#id_{name}").fill(text)
        submit(plain)
        assert error.inner_text() == plain.locator(f"#id_{name}_error").inner_text(), text
        assert waited < 1, text  # with the driver's own way there and back; the script is timed below
        expect(field).to_have_attribute("aria-invalid", "true")
        assert f"id_{name}_error" in (field.get_attribute("aria-describedby") or "").split()
    axe(page)
    field.fill({"id_number": f" {NUMBER[:6]} {NUMBER[6:].lower()}", "uscc": CODE.lower()}[name])
    field.press("Tab")
    expect(error).to_have_count(0)
    assert field.get_attribute("aria-invalid") is None
    took = page.evaluate(
        """name => {
            const field = document.getElementById('id_' + name), began = performance.now();
            field.value = '12';
            field.dispatchEvent(new FocusEvent('focusout', {bubbles: true}));
            return performance.now() - began;
        }""",
        name,
    )
    expect(error).to_be_visible()
    assert took < 100


@pytest.mark.parametrize("options", WAYS, ids=str)
def test_a_right_number_is_registered_and_never_seen_again(
    options: dict[str, Any], new_page: Open, login: Login, axe: Callable[[Page], None], world: Any, officer: Any
) -> None:
    page = new_page(**options)
    login(page, officer)
    page.goto(FORMS["id_number"])
    page.locator("#id_name").fill("甲河新")
    page.locator("#id_id_number").fill(NUMBER)
    submit(page)  # no date yet: the form comes back
    expect(page.locator(".errsum")).to_be_visible()
    expect(page.locator("#id_id_number")).to_have_value("")
    expect(page.locator("#id_id_number_helptext")).to_contain_text("已填好（不显示）")
    assert NUMBER not in page.content()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.locator("#id_admitted_on").fill("2015-07-01")
    submit(page)
    expect(page.locator("h1")).to_have_text("甲河新")
    row = Member.objects.get(name="甲河新")
    assert row.open_id_number() == NUMBER
    assert NUMBER not in page.content()
    page.goto(f"/ledgers/members/{row.pk}/edit/")
    expect(page.locator("#id_id_number_helptext")).to_contain_text("已登记（不显示）")
    expect(page.get_by_label("清除已登记的身份证号")).not_to_be_checked()
    if not options:
        axe(page)
    page.get_by_label("清除已登记的身份证号").check()
    submit(page)
    expect(page.locator("h1")).to_have_text("甲河新")
    assert not Member.objects.get(pk=row.pk).has_id_number


@pytest.mark.parametrize("options", [pytest.param(WAYS[0], marks=pytest.mark.soak), *WAYS[1:]], ids=str)
def test_an_enterprise_that_may_be_on_record_is_compared(
    options: dict[str, Any], new_page: Open, login: Login, axe: Callable[[Page], None], world: Any, officer: Any
) -> None:
    stored = make_enterprise(world.jia.park, "甲河新能源（鄂尔多斯）有限公司", phone="0477-1234567")
    page = new_page(**options)
    login(page, officer)

    def enter() -> None:
        page.goto(FORMS["uscc"])
        page.locator("[name=name]").fill("甲河新能源(鄂尔多斯)有限责任公司")
        page.locator("[name=kind]").first.select_option(label="私营企业")
        page.locator("[name=settled_on]").fill("2026-01-05")
        submit(page)
        expect(page.get_by_role("heading", name="还没有登记：台账里可能已有这一条")).to_be_visible()

    enter()
    if options.get("java_script_enabled", True):
        expect(page.locator(".alike")).to_be_focused()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    if not options:
        axe(page)
        # Enter and Ctrl+Enter ask again; they choose nothing
        page.locator("[name=contact]").press("Control+Enter")
        expect(page.locator(".alike")).to_be_visible()
        assert Enterprise.objects.filter(name__startswith="甲河新能源").count() == 1
    page.get_by_role("button", name=f"使用已有：{stored}").click()
    expect(page.locator("h1")).to_have_text(stored.name)
    page.goto(FORMS["uscc"])
    page.get_by_role("link", name="接着填").click()
    expect(page.locator("[name=name]")).to_have_value("甲河新能源(鄂尔多斯)有限责任公司")
    submit(page)
    page.get_by_role("button", name="确为不同，照常登记").click()
    expect(page.locator("h1")).to_have_text("甲河新能源(鄂尔多斯)有限责任公司")
    assert Enterprise.objects.filter(name__startswith="甲河新能源").count() == 2
