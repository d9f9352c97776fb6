"""What loaded enterprises are told in bulk is what the counting query says of each of them."""

import datetime as dt
import random
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Q
from hypothesis import given, settings, strategies as st

from metrics.coverage import on_day
from metrics.described import TOLD, describe
from orgs.models import Enterprise
from portal.ledgers.enterprises import ENTERPRISES
from portal.ledgers.shape import together
from tests.test_coverage_property import FIRST, LENGTH, PLAIN, random_history, store

pytestmark = pytest.mark.django_db


def told_alike(size: int, seed: int) -> None:
    rng = random.Random(seed)
    with transaction.atomic():
        for number in (1, 2):
            store(random_history(number, size, rng))
        for day in {FIRST + dt.timedelta(days=rng.randint(0, LENGTH)) for _ in range(3)}:
            counted = {row["pk"]: row for row in on_day(Enterprise.objects.all(), day).order_by().values("pk", *TOLD)}
            firms: list[Any] = list(Enterprise.objects.as_of(day))
            describe(firms, day)
            told = {firm.pk: {"pk": firm.pk} | {name: getattr(firm, name) for name in TOLD} for firm in firms}
            assert told == counted
            tallied_alike(firms, day)
        transaction.set_rollback(True)


def tallied_alike(firms: list[Any], day: dt.date) -> None:
    """The totals of a workbook, added up from its rows a few at a time, are those that the page asks for."""
    assert ENTERPRISES.tally is not None
    totals = together([ENTERPRISES.tally(firms[start : start + 3]) for start in range(0, len(firms) + 1, 3)])
    asked = ENTERPRISES.totals(Q(), day)
    rows = ENTERPRISES.prepare(Enterprise.objects.all(), day)
    # Prefixed, because an aggregate may not bear the name of an annotation
    counted = rows.order_by().aggregate(**{f"total_{name}": one for name, one in asked.items()})
    assert {name: totals[name] for name in asked} == {name: counted[f"total_{name}"] for name in asked}


@settings(PLAIN, max_examples=6, derandomize=True)
@given(size=st.integers(1, 6), seed=st.integers(0, 2**32))
def test_random_histories_are_told_alike(size: int, seed: int) -> None:
    told_alike(size, seed)


@pytest.mark.soak
@settings(PLAIN, max_examples=1000)
@given(size=st.integers(1, 6), seed=st.integers(0, 2**32))
def test_a_thousand_random_histories_are_told_alike(size: int, seed: int) -> None:
    told_alike(size, seed)


def test_nobody_is_told_nothing() -> None:
    describe([], FIRST)
