"""The only place for 指标一览: every indicator and every composition of a park on a day, each count with its list."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from metrics.indicators import (
    AVERAGES,
    COMPOSITIONS,
    INDICATORS,
    PARTS,
    UNSUPPORTED,
    Composition,
    Mean,
    Rate,
    Share,
    Subject,
    composed,
    month_ends,
    rates,
)
from metrics.indicators.organizations import STATES
from metrics.states import LAST, NOW, REQUIREMENTS, last, running
from orgs.models import Enterprise, Park
from orgs.scoping import ScopedQuerySet
from portal.asking import Asked, asked
from portal.places import reach_words

FAMILIES: Final = ("组织覆盖", "工作覆盖", "群团", "党组织", "组织生活", "党员", "数量")
FOUR: Final = ("numerator", "denominator", "gap", "excluded")
# Beyond so many parks organizations and members are not counted afresh for a page; the rates of enterprises are kept.
MOST_PARKS: Final = 60
WITHHELD: Final = "名单由园区掌握"


@require_safe
def indicators(request: HttpRequest) -> HttpResponse:
    about = asked(request)
    seen = 1 if about.park else len(_parks(about).values_list("pk")[: MOST_PARKS + 1])
    found = counted(about, everything=seen <= MOST_PARKS)
    parts = {} if seen > MOST_PARKS else compositions(about)
    context = {
        "asked": about,
        "place": reach_words(about),
        "day_choices": day_choices(request, about),
        "families": families(about, found),
        "averages": averages(about, found, parts) if parts else [],
        "meetings": meetings(about, parts) if parts else [],
        "compositions": [bars(about, one, parts[one.code]) for one in of_structure()] if parts else [],
        "most_parks": MOST_PARKS if seen > MOST_PARKS else 0,
        "withheld": WITHHELD,
        "unsupported": UNSUPPORTED,
    }
    return render(request, "portal/indicators.html", context, status=400 if about.problem else 200)


def day_choices(request: HttpRequest, about: Asked) -> list[tuple[str, str, bool]]:
    """(label, address, chosen) of the last three month ends and today."""
    today = timezone.localdate()
    days = [(f"{day.month}月末", day) for day in month_ends(today - dt.timedelta(days=1), 3)]
    return [
        (label, f"{request.path}?{urlencode({'day': day.isoformat()} | about.place)}", day == about.day)
        for label, day in [*days, ("今天", today)]
    ]


# Counting: one query for each kind of row


def counted(about: Asked, *, everything: bool) -> dict[str, Rate]:
    """Every indicator, or those over enterprises alone; off the month summary where it can say them."""
    own = [code for code, one in INDICATORS.items() if one.subject.model is Enterprise]
    found = enterprise_rates(about, own)
    for subject in subjects(INDICATORS.values()) if everything else ():
        if subject.model is not Enterprise:
            rows = about.within(subject.model.objects.counted_for(about.user))
            codes = [code for code, one in INDICATORS.items() if one.subject is subject]
            found |= rates(rows, about.day, codes)
    return found


def enterprise_rates(about: Asked, codes: Sequence[str]) -> dict[str, Rate]:
    return about.figures.on(about.day, codes)


def _parks(about: Asked) -> ScopedQuerySet:
    return about.within(Park.objects.visible_to(about.user)).order_by()


def compositions(about: Asked) -> dict[str, tuple[Share, ...]]:
    found: dict[str, tuple[Share, ...]] = {}
    for subject in subjects(COMPOSITIONS.values()):
        rows = about.within(subject.model.objects.counted_for(about.user))
        found |= composed(rows, about.day, [one for one in COMPOSITIONS.values() if one.subject is subject])
    return found


def subjects(figures: Iterable[Any]) -> list[Subject]:
    """The different subjects, in order."""
    found: list[Subject] = []
    for figure in figures:
        if not any(figure.subject is one for one in found):
            found.append(figure.subject)
    return found


# Links


def is_listed(about: Asked, subject: Subject) -> bool:
    """Whether the reader may see the names behind a count: of persons only where all that is counted is his to see."""
    if not subject.personal or about.persons.everywhere:
        return True
    return about.park is not None and about.persons.at(about.park.pk)


def address(about: Asked, subject: Subject, code: str, part: str) -> str:
    """The list behind a count; "" where its names are not for this reader."""
    if not is_listed(about, subject):
        return ""
    query = about.place | {"indicator": code, "part": part, "day": about.day.isoformat()}
    return f"{reverse('ledger', args=[subject.slug])}?{urlencode(query)}"


# Rates by family


@dataclass(frozen=True)
class Count:
    label: str
    number: int
    url: str


@dataclass(frozen=True)
class Line:
    """One indicator with its four counts."""

    rate: Rate
    four: Sequence[Count]
    period: str
    is_withheld: bool


@dataclass(frozen=True)
class Family:
    name: str
    lines: Sequence[Line]


def families(about: Asked, found: Mapping[str, Rate]) -> list[Family]:
    """The families in their order, those without an indicator left out; an unknown family comes last."""
    names = [*FAMILIES, *dict.fromkeys(rate.indicator.family for rate in found.values())]
    made = []
    for name in dict.fromkeys(names):
        lines = [line(about, rate) for rate in found.values() if rate.indicator.family == name]
        if lines:
            made.append(Family(name, lines))
    return made


def line(about: Asked, rate: Rate) -> Line:
    one = rate.indicator
    numbers = (rate.numerator, rate.denominator, rate.gap, rate.excluded)
    four = [
        Count(PARTS[part], number, address(about, one.subject, one.code, part))
        for part, number in zip(FOUR, numbers, strict=True)
    ]
    period = period_words(*one.period(about.day)) if one.period else ""
    return Line(rate, four, period, not is_listed(about, one.subject))


def period_words(first: dt.date, end: dt.date) -> str:
    """2026-07-01至2026-09-30, the last day included."""
    return f"{first}至{end - dt.timedelta(days=1)}"


# Averages


@dataclass(frozen=True)
class Quotient:
    """One average with the two counts that it divides, each with its list."""

    mean: Mean
    above: Count
    below: Count


def averages(about: Asked, found: Mapping[str, Rate], parts: Mapping[str, Sequence[Share]]) -> list[Quotient]:
    made = []
    for one in AVERAGES:
        share = next(share for share in parts[one.composition.code] if share.group.key == one.key)
        number = found[one.per.code].numerator
        above = Count(
            f"{one.group.label}的企业",
            share.count,
            address(about, one.composition.subject, one.composition.code, one.key),
        )
        below = Count(one.per.name, number, address(about, one.per.subject, one.per.code, "numerator"))
        made.append(Quotient(Mean(one, share, number), above, below))
    return made


# Meetings: states, never mixed


@dataclass(frozen=True)
class Meeting:
    """One meeting that branches owe: the period over and the running one, each group with its count and its list."""

    name: str
    last: Sequence[tuple[Share, str]]
    last_period: str
    now: Sequence[tuple[Share, str]]
    now_period: str


def meetings(about: Asked, parts: Mapping[str, Sequence[Share]]) -> list[Meeting]:
    made = []
    for one in REQUIREMENTS:
        over, now = STATES[one.key]
        made.append(
            Meeting(
                one.name,
                linked(about, over, parts[over.code]),
                f"{LAST[one.span]}，{period_words(*last(one.span, about.day))}",
                linked(about, now, parts[now.code]),
                f"{NOW[one.span]}，{period_words(*running(one.span, about.day))}",
            )
        )
    return made


def linked(about: Asked, one: Composition, shares: Sequence[Share]) -> list[tuple[Share, str]]:
    return [(share, address(about, one.subject, one.code, share.group.key)) for share in shares]


# Compositions


@dataclass(frozen=True)
class Bars:
    """One composition: its groups with count, share and list; groups without anybody are left out."""

    composition: Composition
    rows: Sequence[tuple[Share, str]]
    whole: int
    url: str
    is_withheld: bool


def of_structure() -> list[Composition]:
    states = {one.code for pair in STATES.values() for one in pair}
    return [one for one in COMPOSITIONS.values() if one.code not in states]


def bars(about: Asked, one: Composition, shares: Sequence[Share]) -> Bars:
    rows = [(share, url) for share, url in linked(about, one, shares) if share.count]
    whole = shares[0].whole if shares else 0
    return Bars(one, rows, whole, address(about, one.subject, one.code, "all"), not is_listed(about, one.subject))
