"""The only place that keeps the month summary up to date: inside the transaction of every write, for what it touched.

The spans of the touched enterprises are cut anew and the difference is added to the tallies, so a write costs the same
whatever the nation's size.
"""

import datetime as dt
import operator
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain, groupby
from typing import Any, Final, NamedTuple

from django.db import connection

from activities.models import Activity
from metrics import spans
from metrics.facts import FIRM_COLUMNS
from metrics.indicators.measures import counted_in
from metrics.models import SummaryState
from metrics.summaries.building import FIELDS, insert_spans, rebuild
from metrics.summaries.state import (
    COLUMNS,
    TABLES,
    advance,
    batched,
    current,
    day_of,
    execute,
    insert,
    kept_months,
)
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
from orgs.periods import NEVER
from orgs.scoping import ScopedModel

# Up to this many enterprises a summary that is missing or out of date is built by the next write, unasked.
SMALL: Final = 5_000
BATCH: Final = 2_000
STEPS: Final = 100
# What counts of the columns of an enterprise and of its park
OWN: Final = tuple(name for name in FIRM_COLUMNS if "__" not in name)
OF_PARK: Final = (
    "region_code",
    *(name.removeprefix("park__") for name in FIRM_COLUMNS if name.startswith("park__")),
)
GROUPS: Final = ("industry", "size")
ZERO: Final = (0,) * len(COLUMNS)
Days = dict[dt.date, list[int]]
Place = tuple[Any, ...]  # a park, or a cell of a province: the keys of their table
Tally = dict[Place, Days]


class Step(NamedTuple):
    """What is added to each of so many ``days`` that are kept, from ``first`` to ``last``."""

    place: Place
    first: dt.date
    last: dt.date
    days: int
    amounts: Sequence[int]


# What a write touches


def after_write(rows: Sequence[ScopedModel]) -> None:
    """Bring the summary up to these rows, written (for an update also as they stood before) or deleted just now."""
    firms = _told(rows, Enterprise, OWN)
    regrouped = _regrouped(firms)
    keys, parks = _touched(rows, {pk for pk, told in firms.items() if pk not in regrouped and _differ(told)})
    if not (keys or parks or regrouped):
        return
    state = current(writing=True)
    if state is None:
        if Enterprise.objects.count() <= SMALL:
            rebuild()
        return
    advance(state)
    for park in parks:
        keys |= set(Enterprise.objects.filter(park=park).values_list("pk", flat=True))
    # Of whom something else was written in the same batch, the days are cut anew, in the new group
    regrouped = {pk: groups for pk, groups in regrouped.items() if pk not in keys}
    codes: dict[int, list[str]] = defaultdict(list)
    for row in rows:
        if isinstance(row, Park):
            codes[row.pk].append(row.region_code[:2])
    _refresh(state, keys, regrouped, codes)


def _touched(rows: Sequence[ScopedModel], keys: set[int]) -> tuple[set[int], set[int]]:
    """(enterprises, parks) about which these rows say something that counts, of enterprises more than ``keys``."""
    parks = {pk for pk, told in _told(rows, Park, OF_PARK).items() if _differ(told)}
    members: set[int] = set()
    organizations: set[int] = set()
    for row in rows:
        match row:
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
    for some in _several(members):
        keys |= set(Employment.objects.filter(member__in=some).values_list("enterprise", flat=True))
    for some in _several(organizations):
        keys |= set(Coverage.objects.filter(organization__in=some).values_list("enterprise", flat=True))
    return keys, parks


def _regrouped(firms: Mapping[int, Sequence[Any]]) -> dict[int, tuple[Any, ...]]:
    """The enterprises that only came to another industry or size: nothing about their days has changed."""
    lasting = [place for place, name in enumerate(OWN) if name not in GROUPS]
    return {
        pk: tuple(told[-1][OWN.index(name)] for name in GROUPS)
        for pk, told in firms.items()
        if len(set(told)) > 1 and len({tuple(one[place] for place in lasting) for one in told}) == 1
    }


def _told(rows: Sequence[ScopedModel], model: type[ScopedModel], names: Sequence[str]) -> dict[int, list[Any]]:
    """What each row of a model says in these columns, before and after."""
    told: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        if isinstance(row, model):
            told[row.pk].append(tuple(getattr(row, name) for name in names))
    return told


def _differ(told: Sequence[Any]) -> bool:
    """A row that is new or gone says something else than before; an edit of a telephone number does not."""
    return len(told) == 1 or len(set(told)) > 1


def _several(keys: Iterable[int]) -> Iterator[list[int]]:
    wanted = sorted(keys)
    for start in range(0, len(wanted), BATCH):
        yield wanted[start : start + BATCH]


# Keeping it


def _refresh(
    state: SummaryState,
    keys: Collection[int],
    regrouped: Mapping[int, tuple[Any, ...]],
    moved: Mapping[int, Sequence[str]],
) -> None:
    """Cut the spans of these enterprises anew and add what changed to the tallies. ``moved``: parks that were written,
    with the provinces they were in, the last one now.

    The provinces are locked first: a writer who waited here then reads the facts of the one he waited for.
    """
    codes = _codes_of([*keys, *regrouped])
    _lock({*codes.values(), *(prefix for several in moved.values() for prefix in several)})
    # Before anything is cut: what is taken off then stands where the park is now
    for park, prefixes in moved.items():
        if prefixes[0] != prefixes[-1]:
            _move(state, park, prefixes[0], prefixes[-1])
    gone: list[spans.Cut] = []
    come: list[spans.Cut] = []
    for some in _several([*keys, *regrouped]):
        old = _kept_spans(f"enterprise IN ({_marks(some)})", some)
        new = set(spans.of_enterprises([key for key in some if key not in regrouped]))
        for one in old:
            if one.enterprise in regrouped:
                new.add(one._replace(**dict(zip(GROUPS, regrouped[one.enterprise], strict=True))))
        past = {one: pk for one, pk in old.items() if one not in new}
        if past:
            execute(f"DELETE FROM metrics_span WHERE id IN ({_marks(past)})", list(past.values()))  # noqa: S608
        gone += past
        come += (one for one in new if one not in old)
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
    made = "INSERT INTO metrics_province (prefix) VALUES (%s) ON CONFLICT DO NOTHING"
    locked = "SELECT prefix FROM metrics_province WHERE prefix = %s FOR UPDATE"
    for prefix in sorted(provinces):
        if connection.vendor != "postgresql":
            execute(made, [prefix])
        elif not execute(locked, [prefix]):
            execute(made, [prefix])
            execute(locked, [prefix])


def _marks(values: Collection[Any]) -> str:
    return ", ".join(["%s"] * len(values))


def _add(state: SummaryState, codes: Mapping[int, str], gone: Iterable[spans.Cut], come: Iterable[spans.Cut]) -> None:
    """Take the spans that are gone off the tallies and put on those that have come."""
    parks: Tally = defaultdict(dict)
    cells: Tally = defaultdict(dict)
    for sign, several in ((-1, gone), (1, come)):
        for one in several:
            _put(parks[one.park,], one, sign)
            for cell in _cells(codes[one.park], one):
                _put(cells[cell], one, sign)
    _apply(state, "metrics_park", parks)
    _apply(state, "metrics_province", cells)


def _move(state: SummaryState, park: int, old: str, new: str) -> None:
    """A park's code now begins with another province's: its spans leave one and come to the other."""
    cells: Tally = defaultdict(dict)
    for one in _kept_spans("park_id = %s", [park]):
        for province, sign in ((old, -1), (new, 1)):
            for cell in _cells(province, one):
                _put(cells[cell], one, sign)
    _apply(state, "metrics_province", cells)


def _cells(province: str, one: spans.Cut) -> list[Place]:
    """The tallies of a province in which an enterprise stands: all together, and by each field."""
    return [("", province, ""), *((field, province, getattr(one, field)) for field in FIELDS)]


def _put(place: Days, one: spans.Cut, sign: int) -> None:
    """Add (or take off) a span: its counts begin on its first day and end with its period."""
    for day, direction in ((one.since, sign), (one.until, -sign)):
        if day is None:
            continue
        sums = place.setdefault(day, list(ZERO))
        for position in _counting(one.standing):
            sums[position] += direction


def _apply(state: SummaryState, table: str, tally: Tally) -> None:
    """Add changes by day to a table's parks or cells: to their days, and to every month end after them."""
    days: list[tuple[Place, dt.date, Sequence[int]]] = []
    months: list[Step] = []
    for place, changes in tally.items():
        changed = sorted((day, sums) for day, sums in changes.items() if any(sums))
        days += ((place, day, sums) for day, sums in changed if day > state.first)
        months += _steps(state, place, changed)
    _add_days(f"{table}day", TABLES[table], days)
    for some in batched(months, STEPS):
        _add_steps(f"{table}month", TABLES[table], some, kept_months(state))


def _add_days(table: str, keys: Sequence[str], days: Sequence[tuple[Place, dt.date, Sequence[int]]]) -> None:
    """Add the changes of single days, whether or not they have a row yet."""
    changed = [number for number in range(len(COLUMNS)) if any(sums[number] for _, _, sums in days)]
    named = [COLUMNS[number] for number in changed]
    others = [name for name in COLUMNS if name not in named]
    raised = ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in named)
    insert(
        table,
        [*keys, "day", *named],
        [(*place, day, *(sums[number] for number in changed)) for place, day, sums in days],
        f"ON CONFLICT ({', '.join([*keys, 'day'])}) DO UPDATE SET {raised}",
        zeros=others,
    )


def _steps(state: SummaryState, place: Place, changed: Sequence[tuple[dt.date, Sequence[int]]]) -> Iterator[Step]:
    """What the changes by day add to the month ends; month ends in a row to which the same is added are one step."""
    following = iter([*changed, (NEVER, ZERO)])
    day, sums = next(following)
    running = list(ZERO)
    totals = []
    for month in kept_months(state):
        while day <= month:
            running = list(map(operator.add, running, sums))
            day, sums = next(following)
        totals.append((month, running))
    for amounts, months in groupby(totals, key=lambda total: total[1]):
        ends = [month for month, _ in months]
        if any(amounts):
            yield Step(place, ends[0], ends[-1], len(ends), amounts)


def _add_steps(table: str, keys: Sequence[str], steps: Sequence[Step], every: Sequence[dt.date]) -> None:
    """Add each step to its days, in one statement. Where a place has no rows yet, they are made for ``every`` day that
    is kept."""
    changed = [number for number in range(len(COLUMNS)) if any(step.amounts[number] for step in steps)]
    raised = ", ".join(f"{COLUMNS[number]} = {table}.{COLUMNS[number]} + step.more_{number}" for number in changed)
    names = [*keys, "first", "last", *(f"more_{number}" for number in changed)]
    update = (
        f"WITH step ({', '.join(names)}) AS "  # noqa: S608 (names of ours)
        f"(VALUES {', '.join([f'({_marks(names)})'] * len(steps))}) "
        f"UPDATE {table} SET {raised} FROM step "
        f"WHERE {' AND '.join(f'{table}.{name} = step.{name}' for name in keys)} "
        f"AND {table}.day >= step.first AND {table}.day <= step.last"
    )

    def add(sign: int) -> int:
        given = [
            (*one.place, one.first, one.last, *(sign * one.amounts[number] for number in changed)) for one in steps
        ]
        return execute(update, list(chain.from_iterable(given)))

    touched = add(1)
    if touched == sum(one.days for one in steps):
        return
    if touched:
        add(-1)
    rows = sorted({(*one.place, day) for one in steps for day in every})
    insert(table, [*keys, "day"], rows, f"ON CONFLICT ({', '.join([*keys, 'day'])}) DO NOTHING", zeros=COLUMNS)
    add(1)


@lru_cache(maxsize=20_000)
def _counting(standing: spans.Standing) -> tuple[int, ...]:
    """The places of the measures in which an enterprise of this standing counts."""
    names = set(counted_in({"pk": 1, **standing._asdict()}))
    return tuple(place for place, name in enumerate(COLUMNS) if name in names)
