"""The only place that says what an indicator is made of: whom it counts, its two conditions, its words, its history."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final, Literal, NamedTuple

from django.db.models import Q

from orgs.scoping import ScopedModel, ScopedQuerySet

PARTS: Final = {
    "numerator": "分子",
    "denominator": "分母",
    "gap": "缺口",
    "excluded": "剔除",
    "covered-uncounted": "已覆盖但不计入",
}


@dataclass(frozen=True)
class Subject:
    """Whom an indicator counts. ``annotated`` turns rows of ``model`` into those known on a day, with annotations.

    ``slug`` is the ledger that lists them, ``noun`` and ``unit`` (家、名、个) their words. ``personal`` rows are
    persons: who may not see persons gets the counts without the lists.
    """

    slug: str
    noun: str
    unit: str
    model: type[ScopedModel]
    annotated: Callable[[ScopedQuerySet, dt.date], ScopedQuerySet]
    personal: bool = False


@dataclass(frozen=True)
class Population:
    """A denominator: which rows of a subject are counted, in a condition over its annotations and in words.

    ``why`` says why a row is outside; "" for a row inside. ``uncounted`` selects the rows outside that would count in
    the numerator: they are listed as 已覆盖但不计入. What a narrower population leaves out besides is in the excluded
    list with its reason.
    """

    key: str
    subject: Subject
    condition: Q
    text: str
    why: Callable[[Any], str]
    uncounted: Q | None = None
    outside: str = ""  # the reasons that ``why`` gives, in words for the page of definitions; "" when nobody is outside


@dataclass(frozen=True)
class Definition:
    """How an indicator was counted before it was counted as now; in force until the day ``until`` (not included)."""

    until: dt.date
    population: Population
    narrows: Q
    numerator_text: str
    source: str
    basis: str = ""


Measure = Literal["percent", "count"]


@dataclass(frozen=True)
class Indicator:
    """One figure. ``population`` selects the denominator; ``narrows`` narrows it, so the numerator lies inside.

    ``measure`` "percent" is a rate with one decimal, half up; "count" a number of rows, where the numerator is the
    figure and the denominator says among how many. ``earlier`` are older definitions, oldest first: a day before the
    end of one is counted by it, and charts show the break.
    """

    code: str
    name: str
    basis: str  # 口径, as printed in brackets behind the rate
    purpose: str
    family: str
    population: Population
    narrows: Q
    numerator_text: str
    source: str
    owner: str
    effective_from: dt.date
    next_review: dt.date
    measure: Measure = "percent"
    headline: bool = False
    gap_name: str = "缺口"
    earlier: tuple[Definition, ...] = ()
    period: Callable[[dt.date], tuple[dt.date, dt.date]] | None = None  # first day and end of what a day asks about
    unreported: Q | None = None  # inside the gap: nothing at all was recorded of them, so the rate is a range

    @property
    def subject(self) -> Subject:
        return self.population.subject

    @property
    def denominator(self) -> Q:
        return self.population.condition

    @property
    def denominator_text(self) -> str:
        return self.population.text

    @property
    def numerator(self) -> Q:
        return self.denominator & self.narrows

    @property
    def uncounted(self) -> Q | None:
        return self.population.uncounted

    @property
    def label(self) -> str:
        """Name with its basis: 组织覆盖率（实体运营口径）."""
        return f"{self.name}（{self.basis}）"

    @property
    def rounding(self) -> str:
        return "百分数保留1位小数，四舍五入；分母为0记“—”" if self.measure == "percent" else "整数"

    def on(self, day: dt.date) -> "Indicator":
        """The indicator as it is defined on ``day``: itself, or itself with an older definition."""
        for old in self.earlier:
            if day < old.until:
                return replace(
                    self,
                    population=old.population,
                    narrows=old.narrows,
                    numerator_text=old.numerator_text,
                    source=old.source,
                    basis=old.basis or self.basis,
                    earlier=(),
                )
        return self

    def breaks(self, first: dt.date, last: dt.date) -> list[dt.date]:
        """The days in (first, last] on which a newer definition took over: figures left and right do not compare."""
        return [old.until for old in self.earlier if first < old.until <= last]

    def part(self, rows: ScopedQuerySet, day: dt.date, part: str) -> ScopedQuerySet:
        """The rows behind one part of the figure; ``part`` is a key of PARTS."""
        one = self.on(day)
        known = one.subject.annotated(rows, day)
        match part:
            case "numerator":
                return known.filter(one.numerator)
            case "denominator":
                return known.filter(one.denominator)
            case "gap":
                return known.filter(one.denominator).exclude(one.narrows)
            case "excluded":
                return known.exclude(one.denominator)
            case "covered-uncounted":
                return known.filter(one.uncounted) if one.uncounted is not None else known.none()
        raise KeyError(part)

    def why_excluded(self, row: Any) -> str:
        """Why an annotated row is outside the denominator; "" when it is inside."""
        return self.population.why(row)


class Rate(NamedTuple):
    """Two counts on a day; the rate in per cent is theirs alone, one decimal, half up."""

    indicator: Indicator
    day: dt.date
    numerator: int
    denominator: int
    excluded: int = 0
    covered_uncounted: int = 0
    unreported: int = 0  # of the gap: nobody reported anything

    @property
    def gap(self) -> int:
        return self.denominator - self.numerator

    @property
    def percent(self) -> Decimal | None:
        """Per cent with one decimal; ``None`` for an empty denominator, which is neither 0 % nor 100 %."""
        return percent(self.numerator, self.denominator)

    @property
    def short(self) -> str:
        """ "90.0%", or "—"; of a count "27名"."""
        if self.indicator.measure == "count":
            return f"{self.numerator:,}{self.indicator.subject.unit}"
        return "—" if self.percent is None else f"{self.percent}%"

    @property
    def span(self) -> str:
        """The rate as far as it is known: "82.0%～94.0%", the unreported counted as not held and as held."""
        if not self.unreported or self.percent is None:
            return self.short
        return f"{self.percent}%～{percent(self.numerator + self.unreported, self.denominator)}%"

    @property
    def text(self) -> str:
        """ "90.0%（27/30，实体运营口径，截至2026-10-31）", a range where it depends on the unreported."""
        counts = "" if self.indicator.measure == "count" else f"{self.numerator}/{self.denominator}，"
        return f"{self.span}（{counts}{self.indicator.basis}，截至{self.day}）"


@dataclass(frozen=True)
class Group:
    """One part of a composition: the rows of its population that meet a condition."""

    key: str
    label: str
    condition: Q
    tone: str = ""  # the kind of a state word, where the part is a state


@dataclass(frozen=True)
class Composition:
    """What a population is made of: ``groups`` part it without overlap and without rest, 未填 being one of them."""

    code: str
    name: str
    purpose: str
    family: str
    population: Population
    groups: tuple[Group, ...]
    source: str
    owner: str
    effective_from: dt.date
    next_review: dt.date
    period: Callable[[dt.date], tuple[dt.date, dt.date]] | None = None

    @property
    def subject(self) -> Subject:
        return self.population.subject

    def part(self, rows: ScopedQuerySet, day: dt.date, key: str) -> ScopedQuerySet:
        """The rows of one group; of the whole population for "all"."""
        known = self.subject.annotated(rows, day).filter(self.population.condition)
        return known if key == EVERY_GROUP else known.filter(self.group(key).condition)

    def group(self, key: str) -> Group:
        found = next((group for group in self.groups if group.key == key), None)
        if found is None:
            raise KeyError(key)
        return found


EVERY_GROUP: Final = "all"


@dataclass(frozen=True)
class Share:
    """One group of a composition with its count, among the whole population."""

    group: Group
    count: int
    whole: int

    @property
    def percent(self) -> Decimal | None:
        return percent(self.count, self.whole)


def percent(numerator: int, denominator: int) -> Decimal | None:
    return tenths(100 * numerator, denominator)


def tenths(above: int, below: int) -> Decimal | None:
    """The quotient with one decimal, half up; ``None`` where there is nothing to divide by."""
    if not below:
        return None
    return (Decimal(above) / below).quantize(Decimal("0.1"), ROUND_HALF_UP)


def same_subject(indicators: Sequence[Indicator]) -> Subject:
    """The one subject of these indicators; ValueError when they count different rows."""
    subjects = {indicator.subject.slug: indicator.subject for indicator in indicators}
    if len(subjects) != 1:
        raise ValueError(f"indicators of one subject wanted, not of {sorted(subjects)}")
    return next(iter(subjects.values()))
