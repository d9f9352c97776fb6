"""The totals of a list, put into SQL once for each tab, are those that the queryset gives, whoever asks."""

import datetime as dt
from itertools import cycle
from typing import Any

import pytest
from django.db import connection
from django.db.models import Count, Q, Sum
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from orgs.models import BusinessState, Enterprise
from orgs.prepared import PreparedTotals
from portal.asking import Asked
from portal.ledgers import LEDGERS
from portal.listing import Listing
from portal.totals import totals, usual_totals
from tests.factories import make_enterprise, make_park

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 10, 31)


@pytest.mark.parametrize("slug", LEDGERS)
def test_as_the_queryset_sums(world: Any, officer: Any, administrator: Any, slug: str) -> None:
    ledger, seen = LEDGERS[slug], set()
    conditions = cycle(("q=机械", "", "q=绝无此名", "industry=C", ""))
    for day in (TODAY, dt.date(2020, 1, 1)):
        for about in (
            Asked(officer, None, day),
            Asked(administrator, None, day),
            Asked(administrator, world.yi.park, day),
        ):
            for view in ledger.views(day):
                listing = Listing(ledger, about, QueryDict(next(conditions)))
                expected = totals(listing.base, ledger, listing.views, view, day)
                assert usual_totals(listing.base, ledger, view, day) == expected
                seen.add(tuple(expected.values()))
    assert len(seen) > 1


def test_rows_that_can_not_be_are_none(world: Any) -> None:
    ledger = LEDGERS["enterprises"]
    view = ledger.views(TODAY)[0]
    rows = ledger.prepare(Enterprise.objects.all(), TODAY)
    assert usual_totals(rows, ledger, view, TODAY)["n"] > 2
    for _ in range(2):
        found = usual_totals(rows.none(), ledger, view, TODAY)
        assert (found["n"], found["staff"]) == (0, None)


def test_put_into_sql_once_in_one_query_each(db: None) -> None:
    park = make_park()
    firms = [make_enterprise(park, f"百分之{number}%s的公司") for number in range(5)]
    for firm in firms[:3]:
        BusinessState.objects.filter(enterprise=firm).update(staff=10)
    made: list[int] = []

    def of(keys: Any) -> Any:
        made.append(len(keys))
        return BusinessState.objects.filter(enterprise__in=keys, enterprise__name__contains="%")[:100]

    heads = PreparedTotals(of, {"all": Count("pk"), "third": Count("pk", filter=Q(enterprise__name__contains="2%s")),
                                "staff": Sum("staff")})  # fmt: skip
    everyone = Enterprise.objects.filter(park=park)
    asked = [everyone, everyone, everyone.filter(pk=firms[4].pk), everyone.filter(name__contains="2%s")]
    with CaptureQueriesContext(connection) as queries:
        found = [tuple(heads(rows).values()) for rows in asked]
    assert found == [(5, 1, 30), (5, 1, 30), (1, 0, None), (1, 1, 10)]
    assert made == [1]
    assert len(queries) == len(asked)
