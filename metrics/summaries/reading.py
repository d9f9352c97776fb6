"""The only place that reads rates off the month summary: the last month end before a day, and the changes since.

Nothing here knows who may see what: rights are settled when a :class:`Ground` is made.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import add
from typing import Any

from django.db import connection
from django.db.models import Count, QuerySet

from metrics.indicators import counting
from metrics.indicators.counting import month_ends
from metrics.indicators.measures import MEASURES, measures_of
from metrics.indicators.registry import INDICATORS
from metrics.indicators.shape import Indicator, Rate
from metrics.models import Province, Span, SummaryState
from metrics.summaries.state import current, day_of
from orgs.models import Enterprise, Grant, Park, User
from orgs.periods import during
from orgs.scoping import Reach, grants_of, parks_in_reach

Rates = dict[str, Rate]
Sums = list[int]  # in the order of the columns asked for


@dataclass(frozen=True)
class Ground:
    """The parks a figure is about: whole provinces, and parks apart; every right is settled before it is made."""

    provinces: frozenset[str]
    parks: frozenset[int]

    @classmethod
    def everything(cls) -> "Ground":
        return cls(frozenset(Province.objects.values_list("prefix", flat=True)), frozenset())

    @classmethod
    def of(cls, user: User, park: Park | None) -> "Ground":
        """What the user's grants reach, or the one park of it that is asked about."""
        if park is not None:
            return cls(frozenset(), frozenset({park.pk}))
        return cls.of_reach(grants_of(user), parks_in_reach(user))

    @classmethod
    def of_reach(cls, grants: QuerySet[Grant], parks: QuerySet[Park]) -> "Ground":
        whole = set()
        for grant in grants:
            if grant.reach == Reach.NATION:
                return cls.everything()
            if grant.reach == Reach.REGION and len(grant.region_prefix) == 2:
                whole.add(grant.region_prefix)
        apart = [pk for pk, code in parks.values_list("pk", "region_code") if code[:2] not in whole]
        return cls(frozenset(whole), frozenset(apart))


def answers(day: dt.date, codes: Collection[str], state: SummaryState | None = None) -> bool:
    """Whether the summary can say these indicators of this day; else the live query has to.

    ``state`` here and below is what :func:`current` said, from who asks more than once.
    """
    state = state or current()
    return (
        state is not None
        and day >= state.first
        and all(
            INDICATORS[code].subject.slug == "enterprises" and INDICATORS[code].on(day) is INDICATORS[code]
            for code in codes
        )
    )


def rates_at(
    ground: Ground, days: Collection[dt.date], codes: Collection[str], state: SummaryState | None = None
) -> dict[dt.date, Rates]:
    """The rates of these indicators on each day."""
    indicators = [INDICATORS[code] for code in codes]
    columns = _columns(indicators)
    found, told = _read(ground, days, "", columns, state), _Told.of(indicators, columns)
    nothing = [0] * len(columns)
    return {day: told.rates(day, found[day].get("", nothing)) for day in days}


def rates_by(
    ground: Ground, day: dt.date, field: str, codes: Collection[str], state: SummaryState | None = None
) -> dict[Any, Rates]:
    """The rates apart by ``park`` (key), ``province`` (two digits), ``industry``, ``size`` or ``kind``.

    Groups without an enterprise present on the day are left out, as in the live query.
    """
    indicators = [INDICATORS[code] for code in codes]
    columns = _columns(indicators)
    found, told = _read(ground, [day], field, columns, state)[day], _Told.of(indicators, columns)
    return {key: told.rates(day, sums) for key, sums in found.items() if sums[told.present]}


def sums_at(
    ground: Ground, day: dt.date, measures: Collection[str], state: SummaryState | None = None
) -> dict[str, int]:
    """Plain counts by the names of :data:`metrics.indicators.measures.MEASURES`."""
    columns = sorted(measures)
    sums = _read(ground, [day], "", columns, state)[day].get("", [0] * len(columns))
    return dict(zip(columns, sums, strict=True))


@dataclass(frozen=True)
class _Told:
    """At which places of the sums the counts of each indicator stand: worked out once, and not for each of thousands
    of parks. ``present`` is the place of all that are there, an uncounted one of None means that there are none."""

    present: int
    places: Sequence[tuple[Indicator, int, int, int | None]]

    @classmethod
    def of(cls, indicators: Sequence[Indicator], columns: Sequence[str]) -> "_Told":
        places = {name: columns.index(measure) for name, measure in measures_of(indicators).items()}
        apart = [
            (one, places[f"n_{one.code}"], places[f"d_{one.code}"], places.get(f"u_{one.code}")) for one in indicators
        ]
        return cls(places["n_present"], apart)

    def rates(self, day: dt.date, sums: Sums) -> Rates:
        present = sums[self.present]
        return {
            one.code: Rate(one, day, sums[n], sums[d], present - sums[d], 0 if u is None else sums[u])
            for one, n, d, u in self.places
        }


def _columns(indicators: Sequence[Indicator]) -> list[str]:
    return sorted(set(measures_of(indicators).values()))


def _read(
    ground: Ground,
    days: Collection[dt.date],
    field: str,
    columns: Sequence[str],
    state: SummaryState | None = None,
) -> dict[dt.date, dict[Any, Sums]]:
    """The sums on each day by the values of ``field`` (one key "" when it is empty)."""
    state = state or current()
    if state is None or any(day < state.first for day in days):
        raise ValueError("ask summaries.answers first")
    found: dict[dt.date, dict[Any, Sums]] = {day: {} for day in days}
    bases = {day: _base(state, day) for day in days}
    for source in _sources(ground, field, days):
        source.read(columns, bases, found)
    return found


def _base(state: SummaryState, day: dt.date) -> dt.date:
    """The last month end that is kept, up to ``day``."""
    return min(month_ends(day, 1)[0], state.last)


@dataclass(frozen=True)
class _Tallies:
    """Rows of the tallies ``table``: which (``where``), and by what they are grouped (``key``, SQL)."""

    table: str
    key: str
    where: str
    values: Sequence[Any]
    join: str = ""

    def read(
        self, columns: Sequence[str], bases: Mapping[dt.date, dt.date], found: dict[dt.date, dict[Any, Sums]]
    ) -> None:
        sums = ", ".join(f"SUM(t.{name})" for name in columns)
        wanted = sorted(set(bases.values()))
        marks = ", ".join(["%s"] * len(wanted))
        months: dict[dt.date, list[tuple[Any, Sequence[int]]]] = defaultdict(list)
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT t.day, {self.key}, {sums} FROM {self.table}month t {self.join} "  # noqa: S608 (names of ours)
                f"WHERE {self.where} AND t.day IN ({marks}) GROUP BY 1, 2",
                [*self.values, *wanted],
            )
            for day, key, *counts in cursor.fetchall():
                months[day_of(day)].append((key, counts))
            for day, base in bases.items():
                for key, counts in months[base]:
                    _sum(found[day], key, counts)
                if day == base:
                    continue
                cursor.execute(
                    f"SELECT {self.key}, {sums} FROM {self.table}day t {self.join} "  # noqa: S608
                    f"WHERE {self.where} AND t.day > %s AND t.day <= %s GROUP BY 1",
                    [*self.values, base, day],
                )
                for key, *counts in cursor.fetchall():
                    _sum(found[day], key, counts)


@dataclass(frozen=True)
class _Spans:
    """Spans grouped by a field of the enterprise: for parks apart, where the tallies do not know the field."""

    rows: QuerySet[Span]
    field: str

    def read(
        self, columns: Sequence[str], bases: Mapping[dt.date, dt.date], found: dict[dt.date, dict[Any, Sums]]
    ) -> None:
        counts = {f"sum_{name}": Count("pk", filter=MEASURES[name] or None) for name in columns}
        for day in bases:
            rows = self.rows.filter(during(day)).order_by().values(self.field).annotate(**counts)
            for row in rows:
                _sum(found[day], row[self.field], [row[f"sum_{name}"] for name in columns])


def _sources(ground: Ground, field: str, days: Collection[dt.date]) -> Iterator[_Tallies | _Spans]:
    provinces, parks = sorted(ground.provinces), sorted(ground.parks)
    marks = {"provinces": ", ".join(["%s"] * len(provinces)), "parks": ", ".join(["%s"] * len(parks))}
    park_join = "JOIN orgs_park p ON p.id = t.park_id"
    prefix = "SUBSTR(p.region_code, 1, 2)"
    if provinces:
        if field == "park":
            where = f"{prefix} IN ({marks['provinces']})"
            yield _Tallies("metrics_park", "t.park_id", where, provinces, park_join)
        else:
            key = {"": "''", "province": "t.province"}.get(field, "t.value")
            cell = "" if field in ("", "province") else field
            where = f"t.field = %s AND t.province IN ({marks['provinces']})"
            yield _Tallies("metrics_province", key, where, [cell, *provinces])
    if not parks:
        return
    where = f"t.park_id IN ({marks['parks']})"
    if field in ("", "park"):
        yield _Tallies("metrics_park", "t.park_id" if field else "''", where, parks)
    elif field == "province":
        yield _Tallies("metrics_park", prefix, where, parks, park_join)
    else:
        yield _Spans(Span.objects.filter(park__in=parks), field)


def _sum(into: dict[Any, Sums], key: Any, counts: Sequence[Any]) -> None:
    before = into.get(key)
    more = map(int, counts)  # PostgreSQL gives decimals
    into[key] = list(more) if before is None else list(map(add, before, more))


def verify(days: Collection[dt.date], parks: Collection[int]) -> list[str]:
    """What differs from the live query in these parks on these days, and within itself; empty when nothing does.

    Within itself: the provinces are the sum of all parks, and the groups of each field the sum of the provinces.
    """
    if current() is None:
        return ["汇总还没有按现行口径建立，请运行 manage.py summaries rebuild。"]
    codes = [one.code for one in INDICATORS.values() if one.subject.slug == "enterprises"]
    wrong: list[str] = []
    everything = Ground.everything()
    for day in days:
        by_park = rates_by(everything, day, "park", codes)
        live = counting.rates_by(Enterprise.objects.filter(park__in=parks), day, "park", codes)
        for park in parks:
            if live.get(park) != by_park.get(park):
                wrong.append(f"{day}：园区{park}的汇总与逐家计算不符。")
        total = rates_at(everything, [day], codes)[day]
        parts = {"园区": by_park, "省份": rates_by(everything, day, "province", codes)}
        parts |= {name: rates_by(everything, day, field, codes) for field, name in _FIELDS.items()}
        for name, groups in parts.items():
            for code in codes:
                found = [rates[code] for rates in groups.values()]
                if _sums(found) != _sums([total[code]]):
                    wrong.append(f"{day} {code}：各{name}相加是{_sums(found)}，合计是{_sums([total[code]])}。")
    return wrong


_FIELDS = {"industry": "行业", "size": "规模", "kind": "类型"}


def _sums(rates: Sequence[Rate]) -> tuple[int, ...]:
    """Numerators, denominators, excluded and uncounted together."""
    counts = [(one.numerator, one.denominator, one.excluded, one.covered_uncounted) for one in rates]
    return tuple(map(sum, zip(*counts, strict=True))) if counts else (0, 0, 0, 0)
