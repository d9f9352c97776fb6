"""The only place that counts the rows of every tab of a list and sums its columns, in one question."""

import datetime as dt
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from django.db.models import Aggregate, Count

from metrics.indicators import names_in
from orgs.once import DAYS
from orgs.prepared import PreparedTotals
from orgs.scoping import ScopedQuerySet
from portal.ledgers import LEDGERS, Ledger, View

EVERY_ROW: Final = 2**31 - 1


def totals(rows: ScopedQuerySet, ledger: Ledger, views: Sequence[View], view: View, day: dt.date) -> dict[str, Any]:
    """Of prepared ``rows``: the totals of the tab ``view``, and as ``view_0``, ``view_1``, … the count of each tab."""
    asked = _asked(ledger, views, view, day)
    return _plain(_once(rows, asked).aggregate(**asked))


def usual_totals(rows: ScopedQuerySet, ledger: Ledger, view: View, day: dt.date) -> dict[str, Any]:
    """The same for the ledger's own tabs, put into SQL once a day and tab.

    The rows are looked at twice, to find their keys and to count them, so this is for conditions that cost little.
    """
    return _plain(_of_tab(ledger.slug, view.slug, day)(rows))


@lru_cache(maxsize=8 * DAYS)
def _of_tab(slug: str, tab: str, day: dt.date) -> PreparedTotals:
    ledger = LEDGERS[slug]
    views = ledger.views(day)
    asked = _asked(ledger, views, next(view for view in views if view.slug == tab), day)
    rows = ledger.prepare(ledger.model.objects.all(), day)
    return PreparedTotals(lambda keys: _once(rows.filter(pk__in=keys), asked), asked)


def _asked(ledger: Ledger, views: Sequence[View], view: View, day: dt.date) -> dict[str, Aggregate]:
    # Prefixed, because an aggregate may not bear the name of an annotation
    asked = {f"total_{name}": total for name, total in ledger.totals(view.condition, day).items()}
    if len(views) > 1:
        asked |= {f"view_{place}": Count("pk", filter=view.condition or None) for place, view in enumerate(views)}
    return asked


def _once(rows: ScopedQuerySet, asked: dict[str, Aggregate]) -> Any:
    """Only what is asked for, in a subquery that ends in a limit: else SQLite works out a condition on coverage anew
    for every sum that mentions it."""
    return rows.order_by().values(*sorted(names_in(*asked.values())))[:EVERY_ROW]


def _plain(found: dict[str, Any]) -> dict[str, Any]:
    return {name.removeprefix("total_"): value for name, value in found.items()}
