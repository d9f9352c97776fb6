"""The only place that keeps a day's description of a table, so that it is put together once and not for every page.

What a row is on a day takes some twenty subqueries to ask. Putting them together costs more than the database needs to
answer them for a page of rows, and it is the same for every reader: only the rows differ that he may see.
"""

import datetime as dt
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any

from orgs.scoping import ScopedQuerySet

Description = Callable[[ScopedQuerySet, dt.date], ScopedQuerySet]
DAYS = 40  # a dashboard asks for 24 month ends and a few days more


def once_a_day(describe: Description) -> Description:
    """``describe(rows, day)``, which narrows and annotates rows by the day alone, made of parts that are kept.

    What is kept is the question, never an answer. Rows that bring more than conditions and an order (annotations,
    limits, foreign keys to load) are described afresh.
    """

    @lru_cache(maxsize=DAYS)
    def described(model: Any, day: dt.date) -> ScopedQuerySet:
        return describe(model.objects.all(), day)

    @wraps(describe)
    def of_rows(rows: ScopedQuerySet, day: dt.date) -> ScopedQuerySet:
        if not _is_plain(rows):
            return describe(rows, day)
        model: Any = rows.model
        both: ScopedQuerySet = described(model, day) & rows
        return both

    return of_rows


def _is_plain(rows: ScopedQuerySet) -> bool:
    """Whether the rows are told by conditions and an order alone."""
    query = rows.query
    return not (
        query.is_empty()
        or query.is_sliced
        or query.distinct
        or query.combinator
        or query.annotations
        or query.extra
        or query.select
        or query.select_related
        or query.deferred_loading[0]
        or rows._prefetch_related_lookups  # type: ignore[attr-defined]
    )
