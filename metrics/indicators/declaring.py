"""The only place for what every declaration of a figure shares: who keeps it, since when, when it is next reviewed."""

import datetime as dt
from typing import Any, Final

from django.db.models import Q

from metrics.indicators.shape import Composition, Group, Indicator, Measure, Population

START: Final = dt.date(2026, 1, 1)
REVIEW: Final = dt.date(2027, 7, 1)
OWNER: Final = "园区党群工作部门"


def declared(
    code: str,
    name: str,
    basis: str,
    population: Population,
    narrows: Q,
    *,
    family: str,
    purpose: str,
    counts: str,
    source: str,
    gap: str = "缺口",
    measure: Measure = "percent",
    headline: bool = False,
    period: Any = None,
    unreported: Q | None = None,
) -> Indicator:
    """An indicator with what all of them share."""
    return Indicator(
        code=code,
        name=name,
        basis=basis,
        purpose=purpose,
        family=family,
        population=population,
        narrows=narrows,
        numerator_text=counts,
        source=source,
        owner=OWNER,
        effective_from=START,
        next_review=REVIEW,
        measure=measure,
        headline=headline,
        gap_name=gap,
        period=period,
        unreported=unreported,
    )


def composed_of(
    code: str,
    name: str,
    population: Population,
    groups: tuple[Group, ...],
    *,
    purpose: str,
    source: str,
    family: str = "构成",
    period: Any = None,
) -> Composition:
    return Composition(code, name, purpose, family, population, groups, source, OWNER, START, REVIEW, period)
