"""The public site: open to everybody; public parks and published cases only, totals only, nothing to run."""

import datetime as dt
import re
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from orgs.models import Park, WorkKind
from portal.views.public import SMALLEST, asked_day, cells
from tests.factories import (
    EARLY,
    cover,
    make_case,
    make_enterprise,
    make_organization,
    make_park,
    make_source,
    make_statement,
    work,
)

PAGES = ("home", "cases", "parks", "public-coverage", "definitions")


def ledger(slug: str, *, covered: int, uncovered: int, **given: Any) -> Park:
    """A park with so many operating enterprises, some covered by one branch, one of the others by an instructor."""
    park = make_park(slug, name=f"{slug}园区", **{"is_public": True, **given})
    branch = make_organization(park, f"{slug}支部")
    for number in range(covered):
        cover(branch, make_enterprise(park, f"{slug}企业甲{number}"))
    for number in range(uncovered):
        enterprise = make_enterprise(park, f"{slug}企业乙{number}")
        if number == 0:
            work(enterprise, WorkKind.INSTRUCTOR)
    return park


def text(client: Any, name: str, **query: str) -> str:
    response = client.get(reverse(name), query)
    assert response.status_code == 200
    return response.content.decode()


@pytest.fixture
def today(monkeypatch: pytest.MonkeyPatch) -> dt.date:
    day = dt.date(2026, 10, 31)
    monkeypatch.setattr(timezone, "localdate", lambda *args: day)
    return day


@pytest.mark.django_db
@pytest.mark.parametrize("name", PAGES)
def test_every_page_stands_without_data(client: Any, name: str) -> None:
    text(client, name)


@pytest.mark.django_db
def test_pages_are_open_read_only_and_carry_nothing_to_run(client: Any, today: dt.date) -> None:
    park = ledger("alpha", covered=9, uncovered=3, is_demo=True)
    case = make_case(park)
    make_statement(make_source(park))
    addresses = [*(reverse(name) for name in PAGES), reverse("case", args=[case.slug])]
    for address in addresses:
        response = client.get(address)
        assert response.status_code == 200, address
        page = response.content.decode()
        assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=|javascript:", page), address
        assert '<html lang="zh-CN"' in page
        assert page.count("<h1") == 1
        assert client.post(address).status_code == 405
        # Names of enterprises and organizations are for those who sign in
        assert "企业甲" not in page
        assert "alpha支部" not in page
        ids = re.findall(r'\sid="([^"]+)"', page)
        assert len(ids) == len(set(ids)), address


@pytest.mark.django_db
def test_home_shows_the_rate_of_the_demonstration_park_with_its_badges(client: Any, today: dt.date) -> None:
    ledger("alpha", covered=9, uncovered=3, is_demo=True)
    page = text(client, "home")
    assert "75.0<small>%</small>" in page
    assert "9/12，实体运营口径，截至2026-10-31" in page
    assert "演示" in page
    assert "系统计算" in page
    assert page.count('class="c-on"') == 9
    assert page.count('class="c-off"') == 3


@pytest.mark.django_db
def test_coverage_writes_every_rate_in_full(client: Any, today: dt.date) -> None:
    ledger("alpha", covered=9, uncovered=3, is_demo=True)
    page = text(client, "public-coverage")
    assert "75.0%（9/12，实体运营口径，截至2026-10-31）" in page
    assert "83.3%（10/12，含已建组织企业，截至2026-10-31）" in page
    # Three enterprises without an organization: too few to be told about
    assert "（1/3，未建组织企业" not in page
    assert f"分母不足{SMALLEST}家，不公开" in page


@pytest.mark.django_db
def test_coverage_on_another_day(client: Any, today: dt.date) -> None:
    park = ledger("alpha", covered=12, uncovered=0, is_demo=True)
    late = make_enterprise(park, "后来的企业", since=dt.date(2026, 10, 1))
    assert late.settled_on > EARLY
    assert "92.3%（12/13，实体运营口径，截至2026-10-31）" in text(client, "public-coverage")
    assert "100.0%（12/12，实体运营口径，截至2026-09-30）" in text(client, "public-coverage", day="2026-09-30")
    assert "没有可以公开的汇总数字" in text(client, "public-coverage", day="2020-01-01")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("day", "message"),
    [
        ("2026-11-01", "还没有到"),
        ("2026-13-01", "没有13月"),
        ("昨天", "认不出是哪一天"),
    ],
)
def test_a_wrong_day_is_explained(client: Any, today: dt.date, day: str, message: str) -> None:
    page = text(client, "public-coverage", day=day)
    assert message in page
    assert "<title>错误：" in page
    assert f'value="{day}"' in page


def test_asked_day() -> None:
    today = dt.date(2026, 10, 31)
    assert asked_day("", today) == (today, "")
    assert asked_day("2026-10-31", today) == (today, "")
    assert asked_day("2026-02-28", today) == (dt.date(2026, 2, 28), "")
    assert asked_day("2026-02-30", today)[0] == today


@pytest.mark.django_db
def test_only_public_parks_with_enough_enterprises_count(client: Any, today: dt.date) -> None:
    ledger("alpha", covered=6, uncovered=6)
    ledger("beta", covered=10, uncovered=10)
    ledger("hidden", covered=20, uncovered=0, is_public=False)
    ledger("small", covered=SMALLEST - 1, uncovered=0)
    ledger("demo", covered=30, uncovered=0, is_demo=True)
    page = text(client, "public-coverage")
    assert "50.0%（16/32，实体运营口径，截至2026-10-31）" in page
    assert "50.0%（6/12）" in page
    assert "50.0%（10/20）" in page
    for absent in ("hidden", "small", "demo"):
        assert f"{absent}园区" not in page
    home = text(client, "home")
    assert "hidden园区" not in home
    assert "50.0<small>%</small>" in home
    assert "供演示" not in home


@pytest.mark.django_db
def test_drafts_and_cases_of_hidden_parks_are_not_there(client: Any) -> None:
    draft = make_case(make_park("alpha", is_public=True), "还没写完的案例", is_published=False)
    hidden = make_case(make_park("beta", is_public=False), "未公开园区的案例")
    for case in (draft, hidden):
        assert client.get(reverse("case", args=[case.slug])).status_code == 404
    for name in PAGES:
        page = text(client, name)
        assert draft.slug not in page
        assert hidden.slug not in page
        assert hidden.park.name not in page


@pytest.mark.django_db
def test_statements_of_hidden_parks_are_not_counted(client: Any) -> None:
    make_statement(make_source(make_park("beta", is_public=False), "未公开的资料"))
    assert "0<small>项</small>" in text(client, "home")
    assert "未公开的资料" not in text(client, "definitions")


@pytest.mark.django_db
def test_definitions_list_every_indicator_and_source(client: Any) -> None:
    from metrics.indicators import INDICATORS

    make_source(make_park("alpha", is_public=True), "一篇报道")
    page = text(client, "definitions")
    for code, indicator in INDICATORS.items():
        assert f'id="{code}"' in page
        assert indicator.numerator_text in page
        assert indicator.denominator_text in page
        assert indicator.source in page
    assert "一篇报道" in page
    for badge in ("系统计算", "文献值", "填报值"):
        assert badge in page


@pytest.mark.django_db
def test_a_case_needs_as_many_queries_with_many_items_as_with_few(
    client: Any, django_assert_max_num_queries: Any
) -> None:
    park = make_park("alpha", is_public=True)
    case = make_case(park)
    source = make_source(park)
    for number in range(1, 60):
        make_statement(source, f"指标{number}", number=number)
    with django_assert_max_num_queries(10):
        client.get(reverse("case", args=[case.slug]))
    with django_assert_max_num_queries(12):
        client.get(reverse("home"))


def test_many_enterprises_are_drawn_as_a_bar() -> None:
    from metrics.indicators import INDICATORS, LEAD, Rate

    day = dt.date(2026, 10, 31)
    few = cells(Rate(INDICATORS[LEAD], day, 27, 30))
    assert (len(few.filled), len(few.empty), few.bar) == (27, 3, 0)
    many = cells(Rate(INDICATORS[LEAD], day, 900, 1000))
    assert (many.filled, many.empty) == ([], [])
    assert many.bar == many.width * 9 // 10
    assert cells(Rate(INDICATORS[LEAD], day, 0, 0)).filled == []
