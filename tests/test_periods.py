"""Periods: half open, asked the same in Python and in SQL."""

import datetime as dt

import pytest
from hypothesis import given, strategies as st

from orgs.models import Coverage
from orgs.periods import contains, overlap
from tests.factories import cover, day, make_enterprise, make_organization, make_park

Period = tuple[dt.date, dt.date | None]

days = st.dates(dt.date(2026, 1, 1), dt.date(2026, 1, 20))


@st.composite
def periods(draw: st.DrawFn) -> Period:
    since = draw(days)
    length = draw(st.none() | st.integers(1, 20))
    return since, None if length is None else since + dt.timedelta(days=length)


@given(period=periods(), on=days)
def test_since_counts_until_does_not(period: Period, on: dt.date) -> None:
    since, until = period
    inside = {since + dt.timedelta(days=step) for step in range(60) if until is None or step < (until - since).days}
    assert contains(since, until, on) == (on in inside)


@given(one=periods(), other=periods())
def test_overlap_means_a_day_in_both(one: Period, other: Period) -> None:
    span = [dt.date(2026, 1, 1) + dt.timedelta(days=step) for step in range(60)]
    both = any(contains(*one, on) and contains(*other, on) for on in span)
    assert overlap(*one, *other) == overlap(*other, *one) == both


@given(one=periods(), length=st.integers(1, 10))
def test_what_follows_at_once_neither_overlaps_nor_leaves_a_gap(one: Period, length: int) -> None:
    since, until = one
    if until is None:
        return
    assert not overlap(since, until, until, until + dt.timedelta(days=length))
    assert not contains(since, until, until)
    assert contains(until, None, until)


def test_no_beginning_contains_nothing() -> None:
    assert not contains(None, None, day("2026-01-01"))


@pytest.mark.django_db
def test_sql_agrees_with_python() -> None:
    park = make_park()
    branch, first = make_organization(park, founded_on=day("2025-01-01")), day("2026-01-05")
    for until in (None, day("2026-01-06"), day("2026-01-09")):
        cover(branch, make_enterprise(park), since=first, until=until)
    for step in range(12):
        on = day("2026-01-01") + dt.timedelta(days=step)
        expected = {row.pk for row in Coverage.objects.all() if contains(row.since, row.until, on)}
        assert set(Coverage.objects.as_of(on).values_list("pk", flat=True)) == expected
