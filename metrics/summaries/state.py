"""The only place that knows whether the month summary is built, by which definitions, and which month ends it keeps."""

import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain
from typing import Any, Final, TypeVar

from django.db import connection
from django.utils import timezone

from metrics.indicators.counting import month_ends
from metrics.indicators.measures import MEASURES
from metrics.models import SummaryState

MONTHS: Final = 36
ROWS: Final = 200  # of values in one statement
Row = TypeVar("Row")
COLUMNS: Final = tuple(MEASURES)
# The tallies and what they are kept by, in the order of their unique constraints.
TABLES: Final = {"metrics_park": ("park_id",), "metrics_province": ("field", "province", "value")}


@cache
def definitions() -> str:
    """A digest of every definition that the summary counts by: built by another one, it is not used."""
    told = "\n".join(f"{name}: {condition!r}" for name, condition in MEASURES.items())
    return hashlib.sha256(f"1\n{told}".encode()).hexdigest()


def current(*, writing: bool = False) -> SummaryState | None:
    """The state, or ``None`` while the summary has not been built by today's definitions.

    A writer holds it until his transaction ends, so that nobody builds the summary anew meanwhile.
    """
    share = " FOR SHARE" if writing and connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT definitions, first, last, id FROM metrics_summarystate ORDER BY id LIMIT 1{share}")  # noqa: S608
        row = cursor.fetchone()
    if row is None:
        return None
    state = SummaryState(definitions=row[0], first=day_of(row[1]), last=day_of(row[2]), pk=row[3])
    return state if state.definitions == definitions() else None


def kept_months(state: SummaryState) -> list[dt.date]:
    """The month ends that are kept, oldest first."""
    count = (state.last.year - state.first.year) * 12 + state.last.month - state.first.month + 1
    return month_ends(state.last, count)


def last_month_end() -> dt.date:
    """The end of the last month that is over today."""
    return month_ends(timezone.localdate() - dt.timedelta(days=1), 1)[0]


def advance(state: SummaryState) -> None:
    """Keep the month ends that have passed since the last write."""
    columns, sums = ", ".join(COLUMNS), ", ".join(f"SUM({name})" for name in COLUMNS)
    while state.last < last_month_end():
        month = month_ends(state.last + dt.timedelta(days=31), 1)[0]
        for table, keys in TABLES.items():
            named = ", ".join(keys)
            execute(
                f"INSERT INTO {table}month ({named}, day, {columns}) "  # noqa: S608 (names of ours)
                f"SELECT {named}, {date_sql()}, {sums} FROM ("
                f"SELECT {named}, {columns} FROM {table}month WHERE day = %s UNION ALL "
                f"SELECT {named}, {columns} FROM {table}day WHERE day > %s AND day <= %s) AS both_parts "
                f"GROUP BY {named}",
                [month, state.last, state.last, month],
            )
        state.last = month
        execute("UPDATE metrics_summarystate SET last = %s", [month])


def execute(statement: str, values: Sequence[Any] = ()) -> int:
    """Run one statement; the number of rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)


def insert(
    table: str, names: Sequence[str], rows: Sequence[Sequence[Any]], conflict: str = "", *, zeros: Sequence[str] = ()
) -> None:
    """Rows of values, in as few statements as the database likes; ``zeros`` are columns that are 0 in all of them."""
    begin = f"INSERT INTO {table} ({', '.join([*names, *zeros])}) VALUES "  # noqa: S608 (names of ours)
    one = f"({', '.join([*['%s'] * len(names), *['0'] * len(zeros)])})"
    if connection.vendor != "postgresql":
        if rows:
            with connection.cursor() as cursor:
                cursor.executemany(f"{begin}{one} {conflict}", rows)
        return
    for some in batched(rows, ROWS):
        execute(f"{begin}{', '.join([one] * len(some))} {conflict}", list(chain.from_iterable(some)))


def batched(rows: Sequence[Row], most: int) -> Iterator[Sequence[Row]]:
    """So many at a time."""
    for start in range(0, len(rows), most):
        yield rows[start : start + most]


def date_sql() -> str:
    """A date among the columns of a SELECT: PostgreSQL wants to be told."""
    return "CAST(%s AS date)" if connection.vendor == "postgresql" else "%s"


def day_of(value: Any) -> dt.date:
    """A date as a cursor gives it: SQLite keeps dates as text."""
    return value if isinstance(value, dt.date) else dt.date.fromisoformat(value)
