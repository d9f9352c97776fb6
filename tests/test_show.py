"""How dates, numbers, rates and unknown values are written, and what the shell of a page costs."""

import datetime as dt
import re
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.paginator import Paginator
from django.template import Context, Template
from django.test import RequestFactory
from django.urls import ResolverMatch

from orgs.models import Role
from portal.context import MOST_PARKS, shell
from portal.templatetags import show

pytestmark = pytest.mark.crawl

STATIC = Path(settings.BASE_DIR) / "static" / "portal"
SHEETS = sorted(STATIC.glob("*.css"))


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (dt.date(2026, 11, 21), "2026-11-21"),
        (dt.datetime(2026, 11, 21, 20, 0, tzinfo=dt.UTC), "2026-11-22"),  # already the next day in Beijing
        (None, "—"),
        ("", "—"),
    ],
)
def test_a_day(value: Any, written: str) -> None:
    assert show.day(value) == written


def test_a_moment_is_local() -> None:
    assert show.moment(dt.datetime(2026, 11, 20, 10, 32, tzinfo=dt.UTC)) == "2026-11-20 18:32"
    assert show.moment(None) == "—"


@pytest.mark.parametrize(
    ("value", "written"),
    [(0, "0"), (36, "36"), (3315, "3,315"), (Decimal("1234.50"), "1,234.50"), (None, "—"), ("", "—")],
)
def test_a_number(value: Any, written: str) -> None:
    assert show.num(value) == written


@pytest.mark.parametrize(
    ("count", "of", "written"),
    [
        (27, 30, "90.0"),
        (27, 29, "93.1"),
        (2, 3, "66.7"),
        (1, 2000, "0.1"),  # 0.05 goes up, not to even
        (3, 2000, "0.2"),
        (0, 6, "0.0"),
        (6, 6, "100.0"),
        (0, 0, "—"),
        (5, 0, "—"),
        (None, 30, "—"),
        (27, None, "—"),
    ],
)
def test_a_rate_is_rounded_half_up_and_nothing_has_no_rate(count: Any, of: Any, written: str) -> None:
    assert show.rate(count, of) == written
    assert show.percent(count, of) == (written if written == "—" else f"{written}%")


def test_a_rate_of_a_ratio() -> None:
    assert show.rate(Fraction(9, 10)) == "90.0"
    assert show.rate(Decimal("0.9005")) == "90.1"
    assert show.rate(None) == "—"


def test_decimals_and_words() -> None:
    assert show.decimals(Decimal("43.715"), 2) == "43.72"
    assert show.decimals(None) == "—"
    assert [show.yes(True), show.yes(False), show.yes(None)] == ["是", "否", "—"]
    assert [show.dash(0), show.dash(""), show.dash(None), show.dash("单独")] == [0, "—", "—", "单独"]


def test_the_pager_leaves_gaps_out() -> None:
    assert list(show.page_numbers(Paginator(range(600), 20).page(10))) == [1, None, 8, 9, 10, 11, 12, None, 30]


def test_a_state_is_icon_and_word_and_escapes() -> None:
    html = Template('{% load show %}{% state "late" word %}').render(Context({"word": "<b>应建未建</b>"}))
    assert "#late" in html
    assert "&lt;b&gt;应建未建" in html
    assert "style=" not in html


def test_every_icon_that_is_named_is_drawn() -> None:
    drawn = set(re.findall(r'<symbol id="(\w+)"', (STATIC / "icons.svg").read_text(encoding="utf-8")))
    named = set(show.STATES)
    for template in (Path(settings.BASE_DIR) / "templates").rglob("*.html"):
        named |= set(re.findall(r'{% icon "(\w+)"', template.read_text(encoding="utf-8")))
    assert named <= drawn


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: path.name)
def test_no_sheet_uses_what_chromium_83_lacks(sheet: Path) -> None:
    rules = re.sub(r"/\*.*?\*/", "", sheet.read_text(encoding="utf-8"), flags=re.DOTALL)
    words = r":is\(|:where\(|:has\(|:focus-visible|aspect-ratio|@layer|color-mix|oklch|dvh|accent-color"
    assert not re.findall(words, rules)
    assert not re.findall(r"(?<![-\w])(gap|inset)\s*:", rules)
    assert "gradient" not in rules
    assert rules.count("{") == rules.count("}")


def test_no_template_needs_an_exception_from_the_policy() -> None:
    """No inline style, script or handler in any of our templates."""
    for template in (Path(settings.BASE_DIR) / "templates").rglob("*.html"):
        html = template.read_text(encoding="utf-8")
        assert not re.search(
            r"\sstyle=|<style|\son(click|load|change|submit|input)=|<script(?![^>]*\ssrc=)|javascript:", html
        ), template.name


def test_the_shell_shows_a_visitor_nothing() -> None:
    request = RequestFactory().get("/", {"park": "x"})
    request.user = AnonymousUser()
    assert set(shell(request)) == {"today"}


def _request(user: Any, path: str, name: str, query: dict[str, str], **kwargs: Any) -> Any:
    request = RequestFactory().get(path, query)
    request.user = user
    request.resolver_match = ResolverMatch(lambda: None, (), kwargs, url_name=name)
    return request


def test_the_shell_costs_one_query_and_only_when_drawn(
    world: Any, officer: Any, django_assert_num_queries: Any
) -> None:
    park = world.jia.park
    request = _request(officer, "/ledgers/enterprises/", "ledger", {"park": park.slug}, slug="enterprises")
    with django_assert_num_queries(0):
        context = shell(request)
    with django_assert_num_queries(1):
        names = [choice.name for choice in context["park_choices"]]
        assert context["current_park"].pk == park.pk
        assert not context["park_overflow"]
    assert names == [park.name]
    assert [entry.label for entry in context["nav"]] == ["台账", "导入", "覆盖情况", "报表"]
    assert [entry.current for entry in context["nav"]] == [True, False, False, False]
    assert all(entry.url.endswith(f"?park={park.slug}") for entry in context["nav"])


def test_a_park_out_of_reach_is_not_the_current_one(world: Any, officer: Any) -> None:
    context = shell(_request(officer, "/dashboard/", "dashboard", {"park": world.yi.park.slug}))
    assert not context["current_park"]


def test_switching_parks_keeps_the_day_and_leaves_the_record(world: Any, officer: Any) -> None:
    query = {"day": "2026-10-31", "page": "3", "industry": "C"}
    request = _request(officer, "/ledgers/enterprises/7/", "record", query, slug="enterprises", pk=7)
    choices = shell(request)["park_choices"]
    assert [choice.url for choice in choices] == [f"/ledgers/enterprises/?park={world.jia.park.slug}&day=2026-10-31"]


def test_the_chosen_park_is_never_cut_off(administrator: Any) -> None:
    from tests.factories import make_park

    for number in range(MOST_PARKS + 5):
        make_park(name=f"A{number:02}园")
    last = make_park(name="Z园")
    context = shell(_request(administrator, "/dashboard/", "dashboard", {"park": last.slug}))
    assert context["current_park"].pk == last.pk
    assert context["park_overflow"]
    assert [choice.name for choice in context["park_choices"]] == [last.name]
    assert not shell(_request(administrator, "/dashboard/", "dashboard", {}))["park_choices"]


def test_who_writes_in_the_last_of_many_parks_is_offered_to_import(db: None) -> None:
    from tests.factories import grant, make_park, make_user

    def labels() -> list[str]:
        return [entry.label for entry in shell(_request(reader, "/dashboard/", "dashboard", {}))["nav"]]

    for number in range(MOST_PARKS + 5):
        make_park(name=f"A{number:02}园")
    reader = make_user("reader")
    grant(reader, Role.LEADER)
    assert labels() == ["台账", "覆盖情况", "报表"]
    grant(reader, Role.OFFICER, make_park(name="Z园"))
    assert labels() == ["台账", "导入", "覆盖情况", "报表"]
