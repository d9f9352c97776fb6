"""The only place for the public pages: read only, totals and published cases, no names of people, no scripts."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.contrib.auth.decorators import login_not_required
from django.db.models import Count, Prefetch, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from metrics.indicators import (
    AVERAGES,
    COMPOSITIONS,
    HEADLINES,
    INDICATORS,
    LEAD,
    UNSUPPORTED,
    Average,
    Composition,
    Indicator,
    Rate,
    rates,
    rates_by,
)
from metrics.models import Source, Statement
from orgs.models import Enterprise, Park
from orgs.periods import during
from orgs.scoping import ScopedQuerySet
from portal.asking import asked_day
from portal.models import Case, CaseItem, ItemKind
from portal.statements import blocks, stages

# A total over fewer enterprises than this would tell about single ones.
SMALLEST: Final = 10
NAMED_KINDS: Final = (
    (ItemKind.HONOUR, "荣誉"),
    (ItemKind.BRAND, "品牌与理念"),
    (ItemKind.FACILITY, "阵地与设施"),
    (ItemKind.PROJECT, "项目"),
    (ItemKind.ORGANIZATION, "组织与企业"),
)


@login_not_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    day = timezone.localdate()
    parks = ledger_parks(day)
    counted = {code: rate for code, rate in rates(enterprises_of(parks), day, HEADLINES).items() if not withheld(rate)}
    lead = counted.pop(LEAD, None)
    context = {
        "section": "home",
        "day": day,
        "ledger_parks": parks,
        "is_demo": any(park.is_demo for park in parks),
        "lead": lead,
        "cells": cells(lead) if lead else None,
        "headlines": list(counted.values()),
        "cases": published_cases(),
        "parks": public_parks(day),
        "figures": stated().count(),
    }
    return render(request, "public/home.html", context)


@login_not_required
@require_safe
def cases(request: HttpRequest) -> HttpResponse:
    context = {"section": "cases", "cases": published_cases(), "figures": stated().count()}
    return render(request, "public/cases.html", context)


@login_not_required
@require_safe
def case(request: HttpRequest, slug: str) -> HttpResponse:
    found = get_object_or_404(published_cases(), slug=slug)
    statements = list(Statement.objects.public().filter(park=found.park).select_related("source"))
    context = {
        "section": "cases",
        "case": found,
        "statements": statements,
        "mechanisms": groups(found.items.all()),
        "blocks": blocks(statements),
        "stages": stages(statements),
        "named": named(found.items.all()),
        "sources": Source.objects.public().filter(park=found.park),
        "others": published_cases().exclude(pk=found.pk),
    }
    return render(request, "public/case.html", context)


@login_not_required
@require_safe
def parks(request: HttpRequest) -> HttpResponse:
    day = timezone.localdate()
    return render(request, "public/parks.html", {"section": "parks", "parks": public_parks(day), "day": day})


@login_not_required
@require_safe
def coverage(request: HttpRequest) -> HttpResponse:
    """Every rate over all public parks with a ledger, and park by park, on any day up to today."""
    today = timezone.localdate()
    asked = request.GET.get("day", "")
    day, problem = asked_day(asked, today)
    parks = ledger_parks(day)
    total = rates(enterprises_of(parks), day)
    by_park = rates_by(enterprises_of(parks), day, "park", HEADLINES)
    lead = None if withheld(total[LEAD]) else total[LEAD]
    context = {
        "section": "coverage",
        "day": day,
        "today": today,
        "asked": asked if problem else day.isoformat(),
        "problem": problem,
        "ledger_parks": parks,
        "is_demo": any(park.is_demo for park in parks),
        "lead": lead,
        "cells": cells(lead) if lead else None,
        "rates": [(rate, withheld(rate)) for rate in total.values()],
        "smallest": SMALLEST,
        "heads": [INDICATORS[code] for code in HEADLINES],
        "rows": [(park, [(rate, withheld(rate)) for rate in by_park[park.pk].values()]) for park in parks],
    }
    return render(request, "public/coverage.html", context)


@login_not_required
@require_safe
def definitions(request: HttpRequest) -> HttpResponse:
    context = {
        "section": "definitions",
        "families": by_family([*INDICATORS.values(), *AVERAGES, *COMPOSITIONS.values()]),
        "unsupported": UNSUPPORTED,
        "sources": Source.objects.public()
        .filter(park__is_demo=False)
        .select_related("park")
        .annotate(figures=Count("statements")),
        "cases": {case.park_id: case for case in published_cases()},
        "smallest": SMALLEST,
    }
    return render(request, "public/definitions.html", context)


Figure = Indicator | Average | Composition


def by_family(figures: Iterable[Figure]) -> list[tuple[str, list[Figure]]]:
    """Everything that is declared, by family in the order in which the families first come."""
    found: dict[str, list[Figure]] = {}
    for figure in figures:
        found.setdefault(figure.family, []).append(figure)
    return list(found.items())


def stated() -> ScopedQuerySet:
    """What published sources state about real parks; a demonstration park's inventions are no literature."""
    return Statement.objects.public().filter(park__is_demo=False)


def published_cases() -> Any:
    """The published cases of public parks, each with its park, its two list figures and its named things."""
    return (
        Case.objects.public()
        .filter(is_published=True)
        .select_related("park", "figure_one", "figure_two")
        .prefetch_related(Prefetch("items", CaseItem.objects.public()), "park__sources")
    )


def public_parks(day: dt.date) -> list[Park]:
    """Every public park with its published cases and the numbers of its stated figures and enterprises on ``day``."""
    published = Prefetch("cases", Case.objects.public().filter(is_published=True), "published")
    return list(
        with_enterprises(Park.objects.public(), day)
        .annotate(figures=Count("statements", filter=Q(is_demo=False), distinct=True))
        .prefetch_related(published)
        .order_by("is_demo", "region_code", "order_key", "pk")
    )


def with_enterprises(parks: ScopedQuerySet, day: dt.date) -> ScopedQuerySet:
    present = during(day, "enterprises__", since="settled_on", until="left_on")
    annotated: ScopedQuerySet = parks.annotate(enterprises_on=Count("enterprises", filter=present, distinct=True))
    return annotated


def ledger_parks(day: dt.date) -> list[Park]:
    """The public parks whose ledgers make the public totals; demonstration parks only while there is no real one."""
    found = list(with_enterprises(Park.objects.public(), day).filter(enterprises_on__gte=SMALLEST))
    return [park for park in found if not park.is_demo] or found


def withheld(rate: Rate) -> bool:
    """Whether a rate has too few enterprises behind it to be shown in public; none at all is no rate either."""
    return rate.denominator < SMALLEST


def enterprises_of(parks: Iterable[Park]) -> ScopedQuerySet:
    return Enterprise.objects.public().filter(park__in=list(parks))


@dataclass(frozen=True)
class Cells:
    """One cell for one enterprise, filled when it counts; a plain bar when there are too many to tell apart."""

    width: int
    height: int
    rate: Rate
    filled: list[tuple[int, int]]
    empty: list[tuple[int, int]]
    bar: int = 0


STEP: Final = 13
MOST_CELLS: Final = 300


def cells(rate: Rate) -> Cells:
    per_row = 20 if rate.denominator <= 120 else 30
    width = per_row * STEP - 3
    if rate.denominator > MOST_CELLS:
        return Cells(width, 10, rate, [], [], bar=width * rate.numerator // rate.denominator)
    places = [(place % per_row * STEP, place // per_row * STEP) for place in range(rate.denominator)]
    height = (max(rate.denominator - 1, 0) // per_row + 1) * STEP - 3
    return Cells(width, height, rate, places[: rate.numerator], places[rate.numerator :])


def groups(items: Iterable[CaseItem]) -> list[tuple[str, list[CaseItem]]]:
    """The mechanisms of a case by their group, groups in the order of their first mechanism."""
    found: dict[str, list[CaseItem]] = {}
    for item in items:
        if item.kind == ItemKind.MECHANISM:
            found.setdefault(item.group, []).append(item)
    return list(found.items())


def named(items: Iterable[CaseItem]) -> list[tuple[str, list[CaseItem]]]:
    """Honours, brands, facilities and the rest, kinds without any left out."""
    found = [(title, [item for item in items if item.kind == kind]) for kind, title in NAMED_KINDS]
    return [(title, those) for title, those in found if those]
