"""The only place that keeps the month summary up to date: inside the transaction of every write, for what it touched.

The spans of the touched enterprises are cut anew and the difference is added to the tallies, so a write costs the same
whatever the nation's size.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

from django.db import connection

from activities.models import Activity
from metrics import spans
from metrics.indicators.measures import counted_in
from metrics.models import SummaryState
from metrics.summaries.building import FIELDS, insert_spans, rebuild
from metrics.summaries.state import COLUMNS, advance, current, day_of, execute, kept_months
from orgs.models import (
    Affiliation,
    BusinessState,
    Coverage,
    Election,
    Employment,
    Enterprise,
    Member,
    Office,
    Park,
    PartyOrganization,
    WorkCoverage,
)
from orgs.scoping import ScopedModel

# Up to this many enterprises a summary that is missing or out of date is built by the next write, unasked.
SMALL: Final = 5_000
BATCH: Final = 500
ZERO: Final = (0,) * len(COLUMNS)
Vector = tuple[int, ...]
Days = dict[dt.date, list[int]]
Cell = tuple[str, str, str]  # province, field, value

# What a write touches


def after_write(rows: Sequence[ScopedModel]) -> None:
    """Bring the summary up to these rows, written (for an update also as they stood before) or deleted just now."""
    keys, parks = _touched(rows)
    if not keys and not parks:
        return
    state = current(writing=True)
    if state is None:
        if Enterprise.objects.count() <= SMALL:
            rebuild()
        return
    advance(state)
    for park in parks:
        keys |= set(Enterprise.objects.filter(park=park).values_list("pk", flat=True))
    codes: dict[int, list[str]] = defaultdict(list)
    for row in rows:
        if isinstance(row, Park):
            codes[row.pk].append(row.region_code[:2])
    _refresh(state, keys, {prefix for several in codes.values() for prefix in several})
    for park, prefixes in codes.items():
        if prefixes[0] != prefixes[-1]:
            _move(state, park, prefixes[0], prefixes[-1])


def _touched(rows: Sequence[ScopedModel]) -> tuple[set[int], set[int]]:
    """(enterprises, parks) about which these rows say something that counts."""
    keys: set[int] = set()
    parks: set[int] = set()
    members: set[int] = set()
    organizations: set[int] = set()
    for row in rows:
        match row:
            case Enterprise():
                keys.add(row.pk)
            case BusinessState() | Coverage() | WorkCoverage() | Employment():
                keys.add(row.enterprise_id)
            case Member():
                members.add(row.pk)
            case Affiliation():
                members.add(row.member_id)
            case PartyOrganization():
                organizations.add(row.pk)
            case Office() | Election() | Activity():
                organizations.add(row.organization_id)
            case Park():
                parks.add(row.pk)
    for some in _several(members):
        keys |= set(Employment.objects.filter(member__in=some).values_list("enterprise", flat=True))
    for some in _several(organizations):
        keys |= set(Coverage.objects.filter(organization__in=some).values_list("enterprise", flat=True))
    return keys, parks


def _several(keys: Iterable[int]) -> Iterator[list[int]]:
    wanted = sorted(keys)
    for start in range(0, len(wanted), BATCH):
        yield wanted[start : start + BATCH]


# Keeping it


def _refresh(state: SummaryState, keys: Collection[int], provinces: Collection[str] = ()) -> None:
    """Cut the spans of these enterprises anew and add what changed to the tallies.

    The provinces are locked first: a writer who waited here then reads the facts of the one he waited for.
    """
    codes = _codes_of(keys)
    _lock({*codes.values(), *provinces})
    for some in _several(keys):
        old = _kept_spans(f"enterprise IN ({_marks(some)})", some)
        new = set(spans.of_enterprises(some))
        gone = {one: pk for one, pk in old.items() if one not in new}
        come = [one for one in new if one not in old]
        if gone:
            execute(f"DELETE FROM metrics_span WHERE id IN ({_marks(gone)})", list(gone.values()))  # noqa: S608
        insert_spans(come)
        _add(state, codes, gone, come)


_SPAN: Final = (*spans.Cut._fields[:-1], *spans.Standing._fields)
_FACTS: Final = len(spans.Cut._fields) - 1
_MAKES: Final = tuple(spans.Standing.__annotations__.values())  # SQLite keeps true and false as numbers


def _kept_spans(condition: str, values: Sequence[Any]) -> dict[spans.Cut, int]:
    """The spans kept under a condition in SQL, with their keys."""
    columns = ", ".join("park_id" if name == "park" else name for name in _SPAN)
    found = {}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, {columns} FROM metrics_span WHERE {condition}", values)  # noqa: S608
        for pk, *facts in cursor.fetchall():
            *names, since, until = facts[:_FACTS]
            standing = spans.Standing._make(make(value) for make, value in zip(_MAKES, facts[_FACTS:], strict=True))
            found[spans.Cut._make([*names, day_of(since), until and day_of(until), standing])] = pk
    return found


def _codes_of(keys: Collection[int]) -> dict[int, str]:
    """Park → province, of the parks in which these enterprises are or were."""
    codes: dict[int, str] = {}
    for some in _several(keys):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT id, SUBSTR(region_code, 1, 2) FROM orgs_park WHERE id IN ("  # noqa: S608
                f"SELECT park_id FROM orgs_enterprise WHERE id IN ({_marks(some)}) UNION "
                f"SELECT park_id FROM metrics_span WHERE enterprise IN ({_marks(some)}))",
                [*some, *some],
            )
            codes |= dict(cursor.fetchall())
    return codes


def _lock(provinces: Collection[str]) -> None:
    """Make the others wait who write in these provinces; SQLite lets only one write anyway."""
    for prefix in sorted(provinces):
        execute("INSERT INTO metrics_province (prefix) VALUES (%s) ON CONFLICT DO NOTHING", [prefix])
        if connection.vendor == "postgresql":
            execute("SELECT prefix FROM metrics_province WHERE prefix = %s FOR UPDATE", [prefix])


def _marks(values: Collection[Any]) -> str:
    return ", ".join(["%s"] * len(values))


def _add(state: SummaryState, codes: Mapping[int, str], gone: Iterable[spans.Cut], come: Iterable[spans.Cut]) -> None:
    """Take the spans that are gone off the tallies and put on those that have come."""
    by_park: dict[int, Days] = defaultdict(dict)
    by_cell: dict[Cell, Days] = defaultdict(dict)
    for sign, several in ((-1, gone), (1, come)):
        for one in several:
            _put(by_park[one.park], one, sign)
            for cell in _cells(codes[one.park], one):
                _put(by_cell[cell], one, sign)
    for park, days in by_park.items():
        _apply(state, "metrics_park", {"park_id": park}, days)
    _apply_cells(state, by_cell)


def _move(state: SummaryState, park: int, old: str, new: str) -> None:
    """A park's code now begins with another province's: its spans leave one and come to the other."""
    by_cell: dict[Cell, Days] = defaultdict(dict)
    for one in _kept_spans("park_id = %s", [park]):
        for province, sign in ((old, -1), (new, 1)):
            for cell in _cells(province, one):
                _put(by_cell[cell], one, sign)
    _apply_cells(state, by_cell)


def _cells(province: str, one: spans.Cut) -> list[Cell]:
    """The tallies of a province in which an enterprise stands: all together, and by each field."""
    return [(province, "", ""), *((province, field, getattr(one, field)) for field in FIELDS)]


def _apply_cells(state: SummaryState, by_cell: Mapping[Cell, Days]) -> None:
    for (province, field, value), days in by_cell.items():
        _apply(state, "metrics_province", {"field": field, "province": province, "value": value}, days)


def _put(place: Days, one: spans.Cut, sign: int) -> None:
    """Add (or take off) a span: its counts begin on its first day and end with its period."""
    for day, direction in ((one.since, sign), (one.until, -sign)):
        if day is None:
            continue
        sums = place.setdefault(day, list(ZERO))
        for position, count in enumerate(_vector(one.standing)):
            if count:
                sums[position] += direction


def _apply(state: SummaryState, table: str, where: Mapping[str, Any], days: Mapping[dt.date, Sequence[int]]) -> None:
    """Add changes by day to one park or one cell of a province: to its days, and to every month end after them."""
    changes = sorted((day, sums) for day, sums in days.items() if any(sums))
    keys = list(where)
    upsert = (
        f"INSERT INTO {table}day ({', '.join([*keys, 'day', *COLUMNS])}) "  # noqa: S608 (names of ours)
        f"VALUES ({', '.join(['%s'] * (len(keys) + 1 + len(COLUMNS)))}) "
        f"ON CONFLICT ({', '.join([*keys, 'day'])}) DO UPDATE SET "
        + ", ".join(f"{name} = {table}day.{name} + excluded.{name}" for name in COLUMNS)
    )
    kept = [[*where.values(), day, *sums] for day, sums in changes if day > state.first]
    if kept:
        with connection.cursor() as cursor:
            cursor.executemany(upsert, kept)
    # Between two changes the totals at month ends differ by the same amounts
    running = list(ZERO)
    for (day, sums), (end, _) in pairwise([*changes, (spans.NEVER, ZERO)]):
        running = [one + more for one, more in zip(running, sums, strict=True)]
        if any(running) and day <= state.last and end > state.first:
            _raise_months(state, table, where, day, end, running)


def _raise_months(
    state: SummaryState, table: str, where: Mapping[str, Any], since: dt.date, end: dt.date, amounts: Sequence[int]
) -> None:
    """Add to the month ends from ``since`` until ``end``; a park or cell may not have a row for each of them yet."""
    changed = [(name, amount) for name, amount in zip(COLUMNS, amounts, strict=True) if amount]
    narrowed = " AND ".join(f"{name} = %s" for name in where)
    update = (
        f"UPDATE {table}month SET {', '.join(f'{name} = {name} + %s' for name, _ in changed)} "  # noqa: S608
        f"WHERE {narrowed} AND day >= %s AND day < %s"
    )
    values = [*(amount for _, amount in changed), *where.values(), since, end]
    raised = execute(update, values)
    if raised == sum(since <= month < end for month in kept_months(state)):
        return
    if raised:
        execute(update, [*(-amount for _, amount in changed), *where.values(), since, end])
    names = [*where, "day", *COLUMNS]
    insert = (
        f"INSERT INTO {table}month ({', '.join(names)}) VALUES ({_marks(names)}) "  # noqa: S608
        f"ON CONFLICT ({', '.join([*where, 'day'])}) DO NOTHING"
    )
    with connection.cursor() as cursor:
        cursor.executemany(insert, [[*where.values(), month, *ZERO] for month in kept_months(state)])
    execute(update, values)


@lru_cache(maxsize=20_000)
def _vector(standing: spans.Standing) -> Vector:
    """In which measures an enterprise of this standing counts."""
    names = set(counted_in({"pk": 1, **standing._asdict()}))
    return tuple(int(name in names) for name in COLUMNS)
