"""The only place that asks the same questions without the portal: raw SQL on the same tables, and DuckDB on a copy.

What a flag of an enterprise means on a day is written here a second time, in SQL, in three styles: ``joined`` first
gathers the covered, the reached and the employed and joins the sets; ``scanned`` does so in an order that SQLite would
not find; ``looked_up`` asks each set for each enterprise. The styles that can be the best are tried, and the best of
them stands for raw SQL. Which flags an indicator combines is read from the indicator.
"""

import csv
import datetime as dt
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from django.core.management import CommandError
from django.db import connection
from django.db.models import Q

from metrics.indicators import INDICATORS, Indicator
from metrics.soundness import BRANCH_KINDS, last_quarter, months_of
from orgs.models import (
    COUNTED_KINDS,
    COUNTED_WAYS,
    NON_PUBLIC_KINDS,
    SOLO_WAYS,
    WIDE_WORK_KINDS,
    WORK_KINDS,
    Enterprise,
)

# {code: (numerator, denominator)}, and the same for each group
Figures = dict[str, tuple[int, int]]
Grouped = dict[Any, Figures]
Ask = Callable[[str], list[tuple[Any, ...]]]


def enterprise_indicators() -> dict[str, Indicator]:
    return {code: one for code, one in INDICATORS.items() if one.subject.model is Enterprise}


@dataclass(frozen=True)
class Where:
    """Which enterprises: a condition on the park ``k``; empty for the nation."""

    condition: str = ""
    is_park: bool = False

    @classmethod
    def park(cls, key: int) -> "Where":
        return cls(f"k.id = {key}", is_park=True)

    @classmethod
    def region(cls, prefix: str) -> "Where":
        return cls(f"k.region_code LIKE '{prefix}%'")


# Flags of an enterprise on a day

STATE_FLAGS: Final = {
    "in_all": "np AND NOT coalesce(s.state = 'cancelled', false)",
    "in_clean": "np AND NOT coalesce(s.state IN ('cancelled', 'shell'), false)",
    "in_real": "np AND s.state = 'operating'",
    "in_three_haves": (
        "np AND s.state = 'operating' AND s.fixed_premises AND s.has_operations AND s.staff >= k.three_haves_staff"
    ),
    "in_scale": "np AND s.state = 'operating' AND s.above_scale",
    "in_staff_50": "np AND s.state = 'operating' AND s.staff >= 50",
    "in_staff_100": "np AND s.state = 'operating' AND s.staff >= 100",
}
COVER_FLAGS: Final = ("covered", "solo", "effective")
WORK_FLAGS: Final = ("worked", "instructed", "unions", "leagues", "womens")
HEADS: Final = ("full_members", "members")


def names(values: Iterable[str]) -> str:
    return "(" + ", ".join(f"'{value}'" for value in sorted(values)) + ")"


def during(day: dt.date, since: str, until: str) -> str:
    return f"{since} <= '{day}' AND ({until} IS NULL OR {until} > '{day}')"


def flag(condition: str) -> str:
    return f"CASE WHEN {condition} THEN 1 ELSE 0 END"


def any_flag(condition: str) -> str:
    return f"max({flag(condition)})"


def sound(day: dt.date) -> str:
    """The organizations in working order: the same three questions as metrics.soundness asks."""
    first, end = last_quarter(day)
    meetings = [("member_meeting", first, end)] + [("theme_day", *month) for month in months_of(first, end)]
    met = " AND ".join(
        f"coalesce(max(CASE WHEN a.kind = '{kind}' AND a.held_on >= '{since}' AND a.held_on < '{until}' THEN 1 END), 0)"
        " = 1"
        for kind, since, until in meetings
    )
    return (
        "SELECT o.id FROM orgs_partyorganization o WHERE o.id IN (SELECT organization_id FROM orgs_office f"
        f" WHERE f.post = 'secretary' AND {during(day, 'f.since', 'f.until')})"
        " AND o.id IN (SELECT organization_id FROM orgs_election t"
        f" WHERE t.held_on <= '{day}' AND coalesce(t.extended_to, t.expires_on) > '{day}')"
        f" AND (NOT (o.kind IN {names(BRANCH_KINDS)} AND o.founded_on < '{first}')"
        " OR o.id IN (SELECT a.organization_id FROM activities_activity a"
        f" WHERE a.held_on >= '{first}' AND a.held_on < '{end}' GROUP BY a.organization_id HAVING {met}))"
    )


def cover_columns(flags: Iterable[str]) -> str:
    asked = {
        "covered": "max(1)",
        "solo": any_flag(f"c.way IN {names(SOLO_WAYS)}"),
        "effective": any_flag("c.organization_id IN (SELECT id FROM sound)"),
    }
    return ", ".join(f"{asked[one]} AS {one}" for one in flags)


def cover_rows(day: dt.date) -> str:
    """Joined to the park ``k`` whose switches decide."""
    return (
        f"{during(day, 'c.since', 'c.until')} AND {during(day, 'o.founded_on', 'o.dissolved_on')}"
        f" AND o.kind IN {names(COUNTED_KINDS)} AND (c.way IN {names(COUNTED_WAYS)}"
        " OR c.way = 'attached' AND k.count_attached OR c.way = 'dispatched' AND k.count_dispatched"
        " OR c.way = 'grid' AND k.count_grid)"
    )


def work_columns(flags: Iterable[str]) -> str:
    counted = f"w.kind IN {names(WORK_KINDS)}"
    asked = {
        "worked": any_flag(f"{counted} OR k.wide_work AND w.kind IN {names(WIDE_WORK_KINDS)}"),
        "instructed": any_flag("w.kind = 'instructor'"),
        "unions": any_flag("w.kind = 'trade_union'"),
        "leagues": any_flag("w.kind = 'youth_league'"),
        "womens": any_flag("w.kind = 'womens_federation'"),
    }
    return ", ".join(f"{asked[one]} AS {one}" for one in flags)


def head_columns(flags: Iterable[str], day: dt.date) -> str:
    here = f"(m.left_on IS NULL OR m.left_on > '{day}')"
    full = (
        f"m.full_on <= '{day}' AND {here} AND NOT (m.suspended_on IS NOT NULL AND m.suspended_on <= '{day}'"
        f" AND (m.reinstated_on IS NULL OR m.reinstated_on > '{day}'))"
    )
    probationary = f"m.admitted_on <= '{day}' AND (m.full_on IS NULL OR m.full_on > '{day}') AND {here}"
    asked = {"full_members": full, "members": f"({full}) OR ({probationary})"}
    return ", ".join(f"count(DISTINCT CASE WHEN {asked[one]} THEN m.id END) AS {one}" for one in flags)


def head_rows(day: dt.date) -> str:
    moved_in = (
        "SELECT 1 FROM orgs_affiliation a JOIN orgs_partyorganization ao ON ao.id = a.organization_id"
        f" WHERE a.member_id = m.id AND a.kind = 'formal' AND {during(day, 'a.since', 'a.until')}"
        " AND ao.park_id = k.id"
    )
    return f"{during(day, 'x.since', 'x.until')} AND (NOT k.transferred_only OR EXISTS ({moved_in}))"


def flags_sql(day: dt.date, flags: Sequence[str], where: Where, style: str, extra: Sequence[str] = ()) -> str:
    """CTEs that end in ``f``: one row an enterprise present on the day, with its park and 0 or 1 for each flag."""
    unknown = set(flags) - {*STATE_FLAGS, *COVER_FLAGS, *WORK_FLAGS, *HEADS}
    if unknown:
        raise CommandError(f"对照的SQL不认识{'、'.join(sorted(unknown))}，请在 portal/benchmark/rivals.py 中写上。")
    cover, work = [one for one in COVER_FLAGS if one in flags], [one for one in WORK_FLAGS if one in flags]
    heads = [one for one in HEADS if one in flags]
    steps = [f"sound AS MATERIALIZED ({sound(day)})"] if "effective" in flags else []
    columns = ["e.park_id", *extra]
    state = {
        one: condition.replace("np", f"e.kind IN {names(NON_PUBLIC_KINDS)}") for one, condition in STATE_FLAGS.items()
    }
    columns += [f"{flag(state[one])} AS {one}" for one in STATE_FLAGS if one in flags]
    sources = "orgs_enterprise e JOIN orgs_park k ON k.id = e.park_id"
    if any(one in flags for one in STATE_FLAGS):
        sources += f" LEFT JOIN orgs_businessstate s ON s.enterprise_id = e.id AND {during(day, 's.since', 's.until')}"
    sets = []
    if cover:
        tables = (
            "orgs_coverage c JOIN orgs_partyorganization o ON o.id = c.organization_id"
            " JOIN orgs_park k ON k.id = o.park_id"
        )
        sets.append(("c", cover, cover_columns(cover), tables, cover_rows(day), "c.enterprise_id"))
    if work:
        tables = (
            "orgs_workcoverage w JOIN orgs_enterprise we ON we.id = w.enterprise_id"
            " JOIN orgs_park k ON k.id = we.park_id"
        )
        sets.append(("w", work, work_columns(work), tables, during(day, "w.since", "w.until"), "w.enterprise_id"))
    if heads:
        tables = "orgs_employment x JOIN orgs_member m ON m.id = x.member_id JOIN orgs_park k ON k.id = m.park_id"
        sets.append(("m", heads, head_columns(heads, day), tables, head_rows(day), "x.enterprise_id"))
    for name, wanted, asked, tables, condition, key in sets:
        if style != "looked_up":
            tables = scanning(tables) if style == "scanned" else tables
            inside = f" AND {where.condition}" if where.condition else ""
            steps.append(
                f"set_{name} AS MATERIALIZED (SELECT {key} AS enterprise_id, {asked} FROM {tables}"
                f" WHERE {condition}{inside} GROUP BY {key})"
            )
            sources += f" LEFT JOIN set_{name} ON set_{name}.enterprise_id = e.id"
            columns += [f"coalesce(set_{name}.{one}, 0) AS {one}" for one in wanted]
        else:
            for one in wanted:
                single = asked if len(wanted) == 1 else _only(name, one, day)
                columns.append(
                    f"coalesce((SELECT {single} FROM {tables} WHERE {condition} AND {key} = e.id), 0) AS {one}"
                )
    condition = during(day, "e.settled_on", "e.left_on") + (f" AND {where.condition}" if where.condition else "")
    if style == "scanned":
        sources = sources.replace("orgs_enterprise e JOIN", "orgs_enterprise e NOT INDEXED CROSS JOIN")
    # Sets of the covered are kept apart by MATERIALIZED: else SQLite asks them again for every count
    steps.append(f"f AS MATERIALIZED (SELECT {', '.join(columns)} FROM {sources} WHERE {condition})")
    return "WITH " + ", ".join(steps)


def scanning(tables: str) -> str:
    """The first table read from end to end and the others looked up, in that order.

    Left to itself SQLite reads dates off their index and jumps about in the table, which takes six times as long.
    """
    first, *others = tables.split(" JOIN ")
    return " CROSS JOIN ".join([f"{first} NOT INDEXED", *others])


def _only(name: str, one: str, day: dt.date) -> str:
    return {"c": cover_columns, "w": work_columns}[name]([one]) if name != "m" else head_columns([one], day)


# Indicators over the flags


def sql_of(condition: Q) -> str:
    """A condition over flags and head counts as SQL."""
    parts = []
    for child in condition.children:
        if isinstance(child, Q):
            parts.append(sql_of(child))
            continue
        name, value = child  # type: ignore[misc]
        flagged, _, lookup = str(name).partition("__")
        signs = {"": "=", "exact": "=", "gte": ">=", "gt": ">", "lte": "<=", "lt": "<"}
        parts.append(f"f.{flagged} {signs[lookup]} {int(value)}")
    joined = f" {condition.connector} ".join(parts)
    return f"NOT ({joined})" if condition.negated else f"({joined})"


def flags_of(condition: Q) -> set[str]:
    found: set[str] = set()
    for child in condition.children:
        found |= flags_of(child) if isinstance(child, Q) else {str(child[0]).partition("__")[0]}  # type: ignore[index]
    return found


GROUPS: Final = {"": "", "park": "f.park_id", "province": "f.province"}


def figures_sql(
    day: dt.date,
    codes: Sequence[str],
    where: Where,
    group: str,
    style: str,
) -> str:
    indicators = [INDICATORS[code].on(day) for code in codes]
    flags = sorted(set().union(*(flags_of(one.numerator) for one in indicators)))
    sums = ", ".join(
        f"coalesce(sum({flag(sql_of(condition))}), 0)"
        for one in indicators
        for condition in (one.numerator, one.denominator)
    )
    by = GROUPS[group]
    extra = ("substr(k.region_code, 1, 2) AS province",) if group == "province" else ()
    select = f"SELECT {by + ', ' if by else ''}{sums} FROM f"
    return f"{flags_sql(day, flags, where, style, extra)} {select}{f' GROUP BY {by}' if by else ''}"


def _figures(codes: Sequence[str], sums: Sequence[Any]) -> Figures:
    return {code: (int(sums[2 * place]), int(sums[2 * place + 1])) for place, code in enumerate(codes)}


class Rival:
    """Somebody else who answers: ``ask`` takes SQL and gives all rows."""

    name: str

    def styles(self, where: Where) -> tuple[str, ...]:
        """The styles worth asking in."""
        return ("joined",)

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError

    def figures(self, day: dt.date, codes: Sequence[str], where: Where, style: str) -> Figures:
        return _figures(codes, self.ask(figures_sql(day, codes, where, "", style))[0])

    def grouped(self, day: dt.date, codes: Sequence[str], where: Where, group: str, style: str) -> Grouped:
        rows = self.ask(figures_sql(day, codes, where, group, style))
        return {row[0]: _figures(codes, row[1:]) for row in rows}

    def named(self, text: str, day: dt.date, where: Where) -> tuple[int, list[int]]:
        """How many enterprises present on the day have ``text`` in their name, and the keys of the first fifty."""
        condition = during(day, "e.settled_on", "e.left_on") + f" AND e.name LIKE '%{text}%'"
        condition += f" AND {where.condition}" if where.condition else ""
        sources = f"FROM orgs_enterprise e JOIN orgs_park k ON k.id = e.park_id WHERE {condition}"
        (count,) = self.ask(f"SELECT count(*) {sources}")[0]
        rows = self.ask(f"SELECT e.id {sources} ORDER BY k.region_code, k.order_key, k.id, e.order_key, e.id LIMIT 50")
        return count, [key for (key,) in rows]


class RawSQL(Rival):
    """The same database by a connection of its own, with far more memory than the portal's."""

    name = "SQL"

    def styles(self, where: Where) -> tuple[str, ...]:
        if where.is_park:
            return ("joined", "looked_up")
        if connection.vendor != "sqlite":
            return ("joined",)
        return ("scanned", "joined") if where.condition else ("scanned",)

    def __init__(self) -> None:
        self.own = connection.copy()
        with self.own.cursor() as cursor:
            for line in MEMORY[connection.vendor]:
                cursor.execute(line)

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        with self.own.cursor() as cursor:
            cursor.execute(sql)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows

    def close(self) -> None:
        self.own.close()


MEMORY: Final[Mapping[str, Sequence[str]]] = {
    "sqlite": ("PRAGMA cache_size = -2000000", "PRAGMA temp_store = MEMORY", "PRAGMA mmap_size = 4000000000"),
    "postgresql": ("SET work_mem = '512MB'", "SET hash_mem_multiplier = 2", "SET jit = off"),
}

# What DuckDB is given: table, columns with their types there
COPIED: Final = {
    "orgs_park": (
        "id BIGINT, region_code VARCHAR, order_key VARCHAR, count_attached BOOLEAN, count_dispatched BOOLEAN,"
        " count_grid BOOLEAN, wide_work BOOLEAN, transferred_only BOOLEAN, three_haves_staff INTEGER"
    ),
    "orgs_enterprise": (
        "id BIGINT, park_id BIGINT, name VARCHAR, order_key VARCHAR, kind VARCHAR, settled_on DATE, left_on DATE"
    ),
    "orgs_businessstate": (
        "enterprise_id BIGINT, state VARCHAR, since DATE, until DATE, fixed_premises BOOLEAN, staff INTEGER,"
        " has_operations BOOLEAN, above_scale BOOLEAN"
    ),
    "orgs_partyorganization": "id BIGINT, park_id BIGINT, kind VARCHAR, founded_on DATE, dissolved_on DATE",
    "orgs_coverage": "organization_id BIGINT, enterprise_id BIGINT, way VARCHAR, since DATE, until DATE",
    "orgs_workcoverage": "enterprise_id BIGINT, kind VARCHAR, since DATE, until DATE",
    "orgs_member": (
        "id BIGINT, park_id BIGINT, admitted_on DATE, full_on DATE, left_on DATE, suspended_on DATE, reinstated_on DATE"
    ),
    "orgs_employment": "member_id BIGINT, enterprise_id BIGINT, since DATE, until DATE",
    "orgs_affiliation": "member_id BIGINT, organization_id BIGINT, kind VARCHAR, since DATE, until DATE",
    "orgs_office": "organization_id BIGINT, post VARCHAR, since DATE, until DATE",
    "orgs_election": "organization_id BIGINT, held_on DATE, expires_on DATE, extended_to DATE",
    "activities_activity": "organization_id BIGINT, kind VARCHAR, held_on DATE",
}


class DuckDB(Rival):
    """A column store in memory, filled from the database under test through CSV files in ``folder``."""

    name = "DuckDB"

    def __init__(self, folder: Path) -> None:
        try:
            import duckdb
        except ImportError:
            raise CommandError("没有安装 duckdb：请用 make bench，或安装 requirements-dev.lock。") from None
        self.version: str = duckdb.__version__
        self.own = duckdb.connect()
        for table, columns in COPIED.items():
            path = folder / f"{table}.csv"
            write_csv(table, [column.split()[0] for column in columns.split(", ")], path)
            self.own.execute(f"CREATE TABLE {table} ({columns})")
            # Rows of neighbours stay together: DuckDB keeps the least and greatest value of each block
            self.own.execute(f"COPY {table} FROM '{path}' (FORMAT csv, HEADER false, NULLSTR '')")
            path.unlink()

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = self.own.execute(sql).fetchall()
        return rows

    def close(self) -> None:
        self.own.close()


def write_csv(table: str, columns: Sequence[str], path: Path) -> None:
    named = ", ".join(f'"{column}"' for column in columns)
    select = f'SELECT {named} FROM "{table}" ORDER BY 1'
    connection.ensure_connection()
    if connection.vendor == "postgresql":
        copying = f"COPY ({select}) TO STDOUT (FORMAT csv)"
        with path.open("wb") as file, connection.cursor() as cursor, cursor.copy(copying) as copy:
            for data in copy:
                file.write(data)
        return
    raw = sqlite3.connect(str(connection.settings_dict["NAME"]))
    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(raw.execute(select))
    finally:
        raw.close()
