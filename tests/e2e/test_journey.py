"""A working day in a browser: an officer records an enterprise, its branch, its members and a meeting.

The leader sees it at once, and yesterday stays what it was.
"""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from orgs.models import Change, Enterprise, Member, PartyOrganization
from tests.factories import make_uscc

Login = Callable[[Page, Any], None]

NAME = "甲河新能源有限公司"
BRANCH = "甲河新能源党支部"


def fill(page: Page, **values: str) -> None:
    """Fill fields by name: text is typed, an option is chosen by its label, a radio button by its value."""
    for name, value in values.items():
        field = page.locator(f"form [name={name}]").first
        kind = field.evaluate("element => element.type")
        if kind == "select-one":
            field.select_option(label=value)
        elif kind == "radio":
            page.locator(f"form [name={name}][value='{value}']").check()
        else:
            field.fill(value)


def submit(page: Page) -> None:
    page.get_by_role("button", name="提交", exact=True).click()
    expect(page.locator(".errsum")).to_have_count(0)


def lead_counts(page: Page, day: dt.date) -> list[int]:
    """Numerator, denominator, gap and excluded of the leading tile on a day."""
    page.goto(f"/dashboard/?day={day}")
    shown = page.locator(".tile.lead .four a b").all_inner_texts()
    return [int(text.replace(",", "")) for text in shown]


def gap_names(page: Page, day: dt.date) -> list[str]:
    """The enterprises that the count of the gap opens."""
    page.goto(f"/dashboard/?day={day}")
    page.locator(".tile.lead .four a").nth(2).click()
    expect(page).to_have_url(re.compile(f"part=gap.*day={day}|day={day}.*part=gap"))
    return page.locator("table tbody tr:not(.total) th a").all_inner_texts()


def enter_enterprise(page: Page) -> None:
    page.goto("/ledgers/enterprises/")
    page.get_by_role("link", name="新增企业").click()
    fill(page, name=NAME, uscc=make_uscc(555), kind="私营企业", industry="制造业", size="medium")
    fill(page, settled_on="2026年1月5日", state="正常经营", staff="86")
    submit(page)
    expect(page.locator("h1")).to_have_text(NAME)


def found_branch(page: Page, today: dt.date) -> None:
    page.goto("/ledgers/organizations/")
    page.get_by_role("link", name="新增党组织").click()
    fill(
        page,
        name=f"中共{BRANCH}",
        short_name=BRANCH,
        kind="党支部",
        founded_on=str(today),
        founded_doc="甲委〔2026〕9号",
    )
    submit(page)
    expect(page.locator("h1")).to_have_text(f"中共{BRANCH}")


def cover_enterprise(page: Page, today: dt.date) -> None:
    page.goto("/ledgers/enterprises/?q=新能源")
    page.get_by_role("link", name=NAME, exact=True).click()
    page.get_by_role("link", name="登记组织覆盖").click()
    fill(page, organization=BRANCH, way="单独组建", since=str(today))
    submit(page)


def admit_members(page: Page, today: dt.date) -> None:
    for name in ("甲河张", "甲河王", "甲河刘"):
        page.goto("/ledgers/members/new/")
        fill(page, name=name, sex="1", admitted_on="2020.7.1", full_on="2021-07-01")
        fill(page, employment_enterprise=NAME, employment_since="2026-1-5")
        fill(page, affiliation_organization=BRANCH, affiliation_since=str(today))
        submit(page)


def record_meeting(page: Page, today: dt.date) -> None:
    page.goto("/ledgers/activities/")
    page.get_by_role("link", name="新增").click()
    fill(page, organization=BRANCH)
    page.get_by_role("button", name="下一步").click()
    fill(page, kind="支部党员大会", held_on=str(today), title="成立大会", due="3", present="2", on_leave="1")
    page.get_by_label("甲河刘").first.check()
    submit(page)


@pytest.mark.parametrize(
    "scripts", [pytest.param(True, marks=pytest.mark.soak), False], ids=["scripts on", "scripts off"]
)
def test_a_days_work_shows_at_once_and_leaves_yesterday_alone(
    new_page: Callable[..., Page], login: Login, officer: Any, leader: Any, scripts: bool
) -> None:
    today = timezone.localdate()
    yesterday = today - dt.timedelta(days=1)
    desk, chair = new_page(java_script_enabled=scripts), new_page()
    login(desk, officer)
    login(chair, leader)
    numerator, denominator, gap, excluded = lead_counts(chair, today)
    assert NAME not in gap_names(chair, today)

    enter_enterprise(desk)
    assert lead_counts(chair, today) == [numerator, denominator + 1, gap + 1, excluded]
    assert NAME in gap_names(chair, today)

    found_branch(desk, today)
    cover_enterprise(desk, today)
    admit_members(desk, today)
    record_meeting(desk, today)

    assert lead_counts(chair, today) == [numerator + 1, denominator + 1, gap, excluded]
    assert NAME not in gap_names(chair, today)
    # Yesterday the enterprise was there, and its branch was not
    assert lead_counts(chair, yesterday) == [numerator, denominator + 1, gap + 1, excluded]
    assert NAME in gap_names(chair, yesterday)

    enterprise = Enterprise.objects.get(name=NAME)
    branch = PartyOrganization.objects.get(short_name=BRANCH)
    members = Member.objects.filter(employments__enterprise=enterprise, affiliations__organization=branch)
    assert sorted(members.values_list("name", flat=True)) == ["甲河刘", "甲河张", "甲河王"]
    meeting = branch.activities.get()
    assert (meeting.due, meeting.present, meeting.on_leave, meeting.absent) == (3, 2, 1, 0)
    assert [one.member.name for one in meeting.attendances.all()] == ["甲河刘"]
    written = Change.objects.filter(user=officer, via="page")
    assert {change.model for change in written} >= {"orgs.enterprise", "orgs.coverage", "activities.activity"}


def test_a_wrong_code_is_told_and_nothing_typed_is_lost(page: Page, login: Login, officer: Any) -> None:
    login(page, officer)
    page.goto("/ledgers/enterprises/new/")
    wrong = make_uscc(77)[:-1] + ("0" if make_uscc(77)[-1] != "0" else "1")
    fill(page, name=NAME, uscc=wrong, settled_on="2026-02-30")
    page.get_by_role("button", name="提交", exact=True).click()
    summary = page.locator(".errsum")
    expect(summary).to_contain_text("第18位校验不符")
    expect(summary).to_contain_text("2月")
    assert page.title().startswith("错误：")
    assert page.locator("[name=name]").input_value() == NAME
    assert page.locator("[name=uscc]").input_value() == wrong
    assert page.locator("[name=settled_on]").input_value() == "2026-02-30"
    summary.get_by_role("link").first.click()
    assert page.evaluate("document.activeElement.name") in {"uscc", "kind", "settled_on"}
    assert not Enterprise.objects.filter(name=NAME).exists()
