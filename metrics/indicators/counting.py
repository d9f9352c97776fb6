"""The only place that counts indicators: over one set of rows, apart by a field, on several days."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from django.db.models import Count, F, Q

from metrics.indicators.registry import INDICATORS
from metrics.indicators.shape import Composition, Indicator, Rate, Share, Subject, same_subject
from orgs.scoping import ScopedQuerySet

EVERYTHING: Final = 2**31 - 1
GROUPS: Final = 20


def chosen(rows: ScopedQuerySet, codes: Collection[str] | None) -> list[Indicator]:
    """The indicators of ``codes``; with ``None`` all that count rows of this model."""
    if codes is not None:
        return [INDICATORS[code] for code in codes]
    return [indicator for indicator in INDICATORS.values() if indicator.subject.model is rows.model]


def rates(rows: ScopedQuerySet, day: dt.date, codes: Collection[str] | None = None) -> dict[str, Rate]:
    """Every indicator of this model (or those of ``codes``) over one queryset on ``day``, in one query."""
    asked = [indicator.on(day) for indicator in chosen(rows, codes)]
    if not asked:
        return {}
    conditions = conditions_of(asked)
    counts = {name: Count("pk", filter=condition) for name, condition in conditions.items()}
    counted = flat(same_subject(asked), rows, day, conditions.values()).aggregate(**counts)
    return {indicator.code: rate_of(indicator, day, counted) for indicator in asked}


def rates_by(
    rows: ScopedQuerySet, day: dt.date, field: str, codes: Collection[str] | None = None
) -> dict[Any, dict[str, Rate]]:
    """The same, apart for every value of ``field`` of the row (``park``, ``industry``, ``size``).

    One query finds the values, one more counts up to GROUPS of them.
    """
    asked = [indicator.on(day) for indicator in chosen(rows, codes)]
    conditions = conditions_of(asked)
    values = list(rows.as_of(day).order_by(field).values_list(field, flat=True).distinct())
    found: dict[Any, dict[str, Rate]] = {}
    for start in range(0, len(values), GROUPS):
        several = values[start : start + GROUPS]
        wanted = {
            f"g{number}_{name}": Count("pk", filter=_is(field, value) & condition)
            for number, value in enumerate(several)
            for name, condition in conditions.items()
        }
        counted = flat(same_subject(asked), rows, day, conditions.values(), field).aggregate(**wanted)
        for number, value in enumerate(several):
            row = {name: counted[f"g{number}_{name}"] for name in conditions}
            found[value] = {one.code: rate_of(one, day, row) for one in asked}
    return found


def composed(rows: ScopedQuerySet, day: dt.date, compositions: Sequence[Composition]) -> dict[str, tuple[Share, ...]]:
    """The groups of several compositions of one subject with their counts, in one query."""
    conditions = {
        f"{one.code}_{group.key}": one.population.condition & group.condition
        for one in compositions
        for group in one.groups
    }
    wanted = {name: Count("pk", filter=condition) for name, condition in conditions.items()}
    counted = flat(compositions[0].subject, rows, day, conditions.values()).aggregate(**wanted)
    found = {}
    for one in compositions:
        counts = [counted[f"{one.code}_{group.key}"] for group in one.groups]
        found[one.code] = tuple(Share(group, n, sum(counts)) for group, n in zip(one.groups, counts, strict=True))
    return found


def trend(rows: ScopedQuerySet, days: Collection[dt.date], codes: Collection[str]) -> list[dict[str, Rate]]:
    """The same for several days, one query a day, in the order given."""
    return [rates(rows, day, codes) for day in days]


def month_ends(day: dt.date, count: int) -> list[dt.date]:
    """The last ``count`` month ends up to ``day``, oldest first; ``day`` itself when it is a month end."""
    ends: list[dt.date] = []
    first = (day + dt.timedelta(days=1)).replace(day=1)
    while len(ends) < count:
        end = first - dt.timedelta(days=1)
        ends.append(end)
        first = end.replace(day=1)
    return ends[::-1]


def flat(subject: Subject, rows: ScopedQuerySet, day: dt.date, conditions: Collection[Q], *fields: str) -> Any:
    """The annotated rows as one subquery that the database works out once, with only the columns that are asked for.

    Without the limit SQLite folds the subquery into the query around it and asks every EXISTS again for every count:
    eleven indicators over 5,000 enterprises took 497 instead of 110 ms.
    """
    needed = sorted({"pk", *fields, *names_in(*conditions)})
    return subject.annotated(rows, day).order_by().values(*needed)[:EVERYTHING]


def names_in(*expressions: Any) -> set[str]:
    """The columns and annotations that conditions, aggregates and their filters mention."""
    found: set[str] = set()
    for expression in expressions:
        if isinstance(expression, Q):
            children: Any = expression.children
            for child in children:
                found |= names_in(child) if isinstance(child, Q) else {child[0].split("__")[0]}
        elif isinstance(expression, F):
            found.add(expression.name)
        elif expression is not None:
            found |= names_in(*expression.get_source_expressions())
    return found


def conditions_of(indicators: Sequence[Indicator]) -> dict[str, Q]:
    """What is counted, by name: everybody present, and up to four conditions for each indicator."""
    conditions: dict[str, Q] = {"n_present": Q(pk__isnull=False)}
    for indicator in indicators:
        conditions[f"n_{indicator.code}"] = indicator.numerator
        conditions[f"d_{indicator.code}"] = indicator.denominator
        if indicator.uncounted is not None:
            conditions[f"u_{indicator.code}"] = indicator.uncounted
        if indicator.unreported is not None:
            conditions[f"r_{indicator.code}"] = indicator.denominator & indicator.unreported
    return conditions


def rate_of(indicator: Indicator, day: dt.date, counted: Mapping[str, Any]) -> Rate:
    """A rate from counts by the names of :func:`conditions_of`."""
    denominator = counted[f"d_{indicator.code}"]
    return Rate(
        indicator=indicator,
        day=day,
        numerator=counted[f"n_{indicator.code}"],
        denominator=denominator,
        excluded=counted["n_present"] - denominator,
        covered_uncounted=counted.get(f"u_{indicator.code}", 0),
        unreported=counted.get(f"r_{indicator.code}", 0),
    )


def _is(field: str, value: Any) -> Q:
    return Q(**{f"{field}__isnull": True}) if value is None else Q(**{field: value})
