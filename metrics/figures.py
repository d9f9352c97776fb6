"""The only place that decides how the rates a user sees are counted: off the month summary, or by the live query.

Both give the same figures; a figure older than the summary, or by a definition that it does not keep, is counted live.
"""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Count, Q

from metrics import summaries
from metrics.indicators import counting
from metrics.indicators.enterprises import ENTERPRISES
from metrics.indicators.measures import MEASURES, OUTSIDE
from metrics.indicators.shape import Rate
from metrics.models import SummaryState
from orgs.models import BusinessStateKind, Enterprise, Park, User
from orgs.scoping import ScopedModel, ScopedQuerySet

Rates = dict[str, Rate]


@dataclass(frozen=True)
class Figures:
    """The enterprises a user sees, in one park, in a region (a prefix of its code) or anywhere; and their rates."""

    user: User
    park: Park | None
    region: str = ""

    def rows(self, model: type[ScopedModel]) -> ScopedQuerySet:
        """What the user may read of a model there."""
        return within(model.objects.visible_to(self.user), self.park, self.region)

    @cached_property
    def enterprises(self) -> ScopedQuerySet:
        return self.rows(Enterprise)

    @cached_property
    def ground(self) -> summaries.Ground:
        found = summaries.Ground.of(self.user, self.park)
        return narrowed(found, self.region) if self.region and self.park is None else found

    @cached_property
    def _state(self) -> SummaryState | None:
        """Asked once for all that a page asks."""
        return summaries.current()

    def kept(self, day: dt.date, codes: Collection[str]) -> bool:
        """Whether the month summary says these indicators of this day."""
        return self._state is not None and summaries.answers(day, codes, self._state)

    @cached_property
    def _is_everything(self) -> bool:
        return summaries.Ground.everything().provinces <= self.ground.provinces

    def on_ground(self, path: str = "park") -> Q:
        """The rows that lie there by their park at ``path``, where the summary is kept: without asking for the rights
        again, which the ground has settled."""
        if self._is_everything:
            return Q()
        return self._inside(f"{path}__in", f"{path}__region_code__startswith")

    def _inside(self, key: str, code: str) -> Q:
        inside = Q(**{key: self.ground.parks})
        for prefix in sorted(self.ground.provinces):
            inside |= Q(**{code: prefix})
        return inside

    def parks_on_ground(self) -> list[int] | None:
        """The keys of these parks; None where it is all of them."""
        if self._is_everything:
            return None
        inside = self._inside("pk__in", "region_code__startswith")
        return list(Park.objects.filter(inside).order_by().values_list("pk", flat=True))

    def on(self, day: dt.date, codes: Collection[str]) -> Rates:
        """The rates of these indicators on one day."""
        return self.on_days([day], codes)[day]

    def on_days(self, days: Collection[dt.date], codes: Collection[str]) -> dict[dt.date, Rates]:
        """The rates of these indicators on each day."""
        kept = [day for day in days if self.kept(day, codes)]
        found = summaries.rates_at(self.ground, kept, codes, self._state) if kept else {}
        return {day: found[day] if day in found else counting.rates(self.enterprises, day, codes) for day in days}

    def by(self, field: str, day: dt.date, codes: Collection[str]) -> dict[Any, Rates]:
        """The same apart by ``park`` (key), ``industry``, ``size`` or ``kind``; empty groups are left out."""
        if self.kept(day, codes):
            return summaries.rates_by(self.ground, day, field, codes, self._state)
        return counting.rates_by(self.enterprises, day, field, codes)

    def beside(self, parks: Collection[int], day: dt.date, codes: Collection[str]) -> dict[int, Rates]:
        """The rates of each of these parks, as far as the user sees them, wherever else the figures are about."""
        seen = Park.objects.visible_to(self.user).filter(pk__in=parks).order_by().values_list("pk", flat=True)
        if self.kept(day, codes):
            return summaries.rates_by(summaries.Ground(frozenset(), frozenset(seen)), day, "park", codes, self._state)
        rows = Enterprise.objects.visible_to(self.user).filter(park__in=list(seen))
        return counting.rates_by(rows, day, "park", codes)

    def by_province(self, day: dt.date, codes: Collection[str]) -> dict[str, Rates]:
        """The same apart by province: the first two digits of the park's region code."""
        if self.kept(day, codes):
            return summaries.rates_by(self.ground, day, "province", codes, self._state)
        prefixes = sorted({code[:2] for code in self._codes()})
        apart = {prefix: self.enterprises.filter(park__region_code__startswith=prefix) for prefix in prefixes}
        found = {prefix: counting.rates(rows, day, codes) for prefix, rows in apart.items()}
        return {prefix: rates for prefix, rates in found.items() if _present(rates)}

    def outside(self, day: dt.date) -> dict[str, int]:
        """How many enterprises are outside N_real for which reason: a business state, "" 未填, "other" 非非公企业."""
        if self.kept(day, ()):
            sums = summaries.sums_at(self.ground, day, ["n_present", *OUTSIDE], self._state)
        else:
            counts = {name: Count("pk", filter=condition or None) for name, condition in OUTSIDE.items()}
            rows = counting.flat(ENTERPRISES, self.enterprises, day, OUTSIDE.values())
            sums = rows.aggregate(n_present=Count("pk"), **counts)
        found = {state: sums[f"x_{state}"] for state in BusinessStateKind.values}
        found[""] = sums["n_non_public"] - sum(found.values())
        found["other"] = sums["n_present"] - sums["n_non_public"]
        del found[BusinessStateKind.OPERATING]
        return {reason: count for reason, count in found.items() if count}

    def counts(self, day: dt.date, conditions: Sequence[Q]) -> list[int | None]:
        """How many of the enterprises present on the day meet each condition; None for what the summary does not keep.

        What it keeps are the conditions of :data:`metrics.indicators.measures.MEASURES` and their opposites.
        """
        if not self.kept(day, ()):
            return [None] * len(conditions)
        names = [(_measure(condition), _measure(~condition)) for condition in conditions]
        wanted = {name for pair in names for name in pair if name}
        sums = summaries.sums_at(self.ground, day, sorted({"n_present", *wanted}), self._state)
        return [
            sums[name] if name else sums["n_present"] - sums[opposite] if opposite else None for name, opposite in names
        ]

    def _codes(self) -> list[str]:
        return list(self.rows(Park).order_by().values_list("region_code", flat=True).distinct())


def _measure(condition: Q) -> str | None:
    """The measure that counts exactly this condition."""
    return next((name for name, one in MEASURES.items() if one == condition), None)


def within(rows: ScopedQuerySet, park: Park | None, region: str) -> ScopedQuerySet:
    """Narrowed to the park, else to the parks whose region code begins with ``region``; "" leaves all."""
    if park is not None or not region:
        return rows.in_park(park)
    path = rows.model.park_path
    return rows.filter(**{f"{path}__region_code__startswith" if path else "region_code__startswith": region})


def narrowed(ground: summaries.Ground, region: str) -> summaries.Ground:
    """What of a ground lies in a region; whole provinces stay whole."""
    if len(region) == 2 and region in ground.provinces:
        return summaries.Ground(frozenset({region}), frozenset())
    inside = Park.objects.filter(region_code__startswith=region).order_by().values_list("pk", flat=True)
    whole = region[:2] in ground.provinces
    return summaries.Ground(frozenset(), frozenset(pk for pk in inside if whole or pk in ground.parks))


def _present(rates: Rates) -> bool:
    """Whether any enterprise is known on the day."""
    return any(rate.denominator + rate.excluded for rate in rates.values())
