"""The only place that builds the month summary from the facts: spans park by park, then each tally in one pass."""

from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Final

from django.db import connection, transaction

from metrics import spans
from metrics.indicators.counting import month_ends
from metrics.indicators.measures import MEASURES, sql_of
from metrics.models import SummaryState
from metrics.summaries.state import (
    COLUMNS,
    MONTHS,
    TABLES,
    date_sql,
    definitions,
    execute,
    insert,
    kept_months,
    last_month_end,
)
from orgs.models import Park

FIELDS: Final = ("industry", "size", "kind")
MANY: Final = 500  # from so many rows on COPY is worth its while
FEW: Final = 20  # parks of whose summaries every page of a table may be read


@transaction.atomic
def rebuild(say: Callable[[str], object] | None = None) -> None:
    """Everything from the facts: spans park by park, then each tally in one pass. ``say`` is told what is going on."""
    if connection.vendor == "postgresql":
        execute("LOCK TABLE metrics_summarystate IN EXCLUSIVE MODE")
    for table in (
        "metrics_span",
        "metrics_parkday",
        "metrics_parkmonth",
        "metrics_provinceday",
        "metrics_provincemonth",
        "metrics_province",
        "metrics_summarystate",
    ):
        execute(f"DELETE FROM {table}")  # noqa: S608
    last = last_month_end()
    first = month_ends(last, MONTHS)[0]
    state = SummaryState.objects.create(definitions=definitions(), first=first, last=last)
    parks = list(Park.objects.order_by("pk").values_list("pk", flat=True))
    for number, park in enumerate(parks, start=1):
        insert_spans(spans.of_park(park))
        if say and number % 100 == 0:
            say(f"区间：{number}/{len(parks)}个园区")
    execute("INSERT INTO metrics_province (prefix) SELECT DISTINCT SUBSTR(region_code, 1, 2) FROM orgs_park")
    _build_tallies(state, say)
    if connection.vendor == "postgresql" and len(parks) > FEW:
        # Until it knows how many there are now it reads whole tables, which is right where there is little to read
        execute("ANALYZE metrics_span, metrics_parkday, metrics_parkmonth, metrics_provinceday, metrics_provincemonth")


def insert_spans(cuts: Iterable[spans.Cut]) -> None:
    """As rows of values: model instances would take four times as long over millions."""
    names = ("enterprise", "park_id", *spans.Cut._fields[2:-1], *spans.Standing._fields)
    rows = [(*one[:-1], *one.standing) for one in cuts]
    if connection.vendor == "postgresql" and len(rows) > MANY:
        with connection.cursor() as cursor, cursor.copy(f"COPY metrics_span ({', '.join(names)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        return
    insert("metrics_span", names, rows)


def _build_tallies(state: SummaryState, say: Callable[[str], object] | None = None) -> None:
    """Changes by day in one grouping of all events, month ends in one window over them; by park, then by province."""
    for field in ("park", "", *FIELDS):
        table = "metrics_park" if field == "park" else "metrics_province"
        keys, group, join = _grouping(field)
        names, columns = ", ".join(TABLES[table]), ", ".join(COLUMNS)
        sums = ", ".join(f"SUM(CASE WHEN {sql_of(condition)} THEN sign ELSE 0 END)" for condition in MEASURES.values())
        execute(
            f"INSERT INTO {table}day ({names}, day, {columns}) "  # noqa: S608 (names of ours)
            f"SELECT {keys}, e.day, {sums} FROM ("
            "SELECT s.*, s.since AS day, 1 AS sign FROM metrics_span s WHERE s.since > %s UNION ALL "
            "SELECT s.*, s.until AS day, -1 AS sign FROM metrics_span s WHERE s.until > %s"
            f") AS e {join} GROUP BY {group}, e.day",
            [state.first, state.first],
        )
        begin = (
            f"SELECT {keys}, {date_sql()} AS day, {sums} FROM "  # noqa: S608
            "(SELECT s.*, 1 AS sign FROM metrics_span s WHERE s.since <= %s AND (s.until IS NULL OR s.until > %s)) "
            f"AS e {join} GROUP BY {group}"
        )
        execute(f"INSERT INTO {table}month ({names}, day, {columns}) {begin}", [state.first, state.first, state.first])
        _build_months(state, table, narrowed="" if field == "park" else "WHERE field = %s", field=field)
        if say:
            say(f"月末汇总：{_SAID[field]}")


_SAID: Final = {"park": "分园区", "": "分省合计", "industry": "分行业", "size": "分规模", "kind": "分类型"}


def _grouping(field: str) -> tuple[str, str, str]:
    """(key columns, what to group by, join) of the events ``e`` for the tallies by park or by a cell of a province."""
    if field == "park":
        return "e.park_id", "e.park_id", ""
    join = "JOIN orgs_park p ON p.id = e.park_id"
    province = "SUBSTR(p.region_code, 1, 2)"
    if not field:
        return f"'', {province}, ''", province, join
    return f"'{field}', {province}, e.{field}", f"{province}, e.{field}", join


def _build_months(state: SummaryState, table: str, narrowed: str, field: str) -> None:
    """The month ends after the first: what the first holds and the changes since, summed up by a window."""
    names, columns = ", ".join(TABLES[table]), ", ".join(COLUMNS)
    ends = list(pairwise(kept_months(state)))
    if not ends:
        return
    months = " UNION ALL ".join(f"SELECT {date_sql()} AS before, {date_sql()} AS day" for _ in ends)
    same = " AND ".join(f"d.{name} = c.{name}" for name in TABLES[table])
    qualified = ", ".join(f"c.{name}" for name in TABLES[table])
    found = ", ".join(f"COALESCE(SUM(d.{name}), 0) AS {name}" for name in COLUMNS)
    windows = ", ".join(f"SUM({name}) OVER w" for name in COLUMNS)
    only = [] if field == "park" else [field]
    cells = (
        "SELECT id AS park_id FROM orgs_park"
        if field == "park"
        else (
            f"SELECT DISTINCT {names} FROM metrics_provinceday {narrowed} UNION "  # noqa: S608
            f"SELECT DISTINCT {names} FROM metrics_provincemonth {narrowed}"
        )
    )
    execute(
        f"INSERT INTO {table}month ({names}, day, {columns}) "  # noqa: S608
        f"SELECT * FROM (SELECT {names}, day, {windows} FROM ("
        f"SELECT {names}, day, {columns} FROM {table}month {narrowed} UNION ALL "
        f"SELECT {qualified}, m.day, {found} FROM ({cells}) AS c CROSS JOIN ({months}) AS m "
        f"LEFT JOIN {table}day d ON {same} AND d.day > m.before AND d.day <= m.day "
        f"GROUP BY {qualified}, m.day) AS changes WINDOW w AS (PARTITION BY {names} ORDER BY day)) AS totals "
        f"WHERE day > {date_sql()}",
        [*only, *only, *only, *(day for pair in ends for day in pair), state.first],
    )
