"""The only place that knows how a period of days is stored and asked.

Every period is half open: ``since`` is the first day on which the fact holds, ``until`` the first day on which it no
longer does; an empty ``until`` means it still holds. So a relation that ends on the day another begins leaves no gap.
"""

import datetime as dt
from collections.abc import Iterable
from typing import ClassVar, Final

from django.db import models
from django.db.models import F, Q

# Where plain periods are reckoned with: the end of one that has none.
NEVER: Final = dt.date.max

Period = tuple[dt.date, dt.date]


def during(day: dt.date, prefix: str = "", since: str = "since", until: str = "until") -> Q:
    """The condition that the period ``since``–``until`` (fields, behind ``prefix``) contains ``day``."""
    first, end = prefix + since, prefix + until
    return Q(**{f"{first}__lte": day}) & (Q(**{f"{end}__isnull": True}) | Q(**{f"{end}__gt": day}))


def contains(since: dt.date | None, until: dt.date | None, day: dt.date) -> bool:
    """The same question as :func:`during`, for two plain dates."""
    return since is not None and since <= day and (until is None or day < until)


def overlap(since: dt.date, until: dt.date | None, other_since: dt.date, other_until: dt.date | None) -> bool:
    """Whether two half-open periods share at least one day."""
    return (other_until is None or since < other_until) and (until is None or other_since < until)


def union(periods: Iterable[Period]) -> list[Period]:
    """The same days as disjoint periods in order; periods that touch are one."""
    made: list[Period] = []
    for since, until in sorted(periods):
        if since >= until:
            continue
        if made and since <= made[-1][1]:
            made[-1] = (made[-1][0], max(made[-1][1], until))
        else:
            made.append((since, until))
    return made


def common(some: Iterable[Period], others: Iterable[Period]) -> list[Period]:
    """The days that lie in a period of both."""
    kept = list(others)
    return [
        (max(since, begin), min(until, end))
        for since, until in some
        for begin, end in kept
        if max(since, begin) < min(until, end)
    ]


def period_constraint(since: str, until: str, message: str, *, name: str) -> models.CheckConstraint:
    """``until`` lies after ``since``; the database and every form say ``message`` when it does not."""
    return models.CheckConstraint(
        condition=Q(**{f"{until}__isnull": True}) | Q(**{f"{until}__gt": F(since)}),
        name=name,
        violation_error_message=message,
    )


def dated_constraints(*more: models.BaseConstraint) -> list[models.BaseConstraint]:
    """The constraints of a concrete dated fact: its period, and ``more``."""
    period = period_constraint(
        "since",
        "until",
        "终止日期应晚于起始日期，请核对这两个日期。",
        name="%(app_label)s_%(class)s_period",
    )
    return [period, *more]


class Dated(models.Model):
    """A fact that holds from ``since`` until ``until``."""

    period: ClassVar[tuple[str, str]] = ("since", "until")

    since = models.DateField("起始日期", db_index=True)
    until = models.DateField("终止日期", null=True, blank=True, help_text="填第一个不再有效的日子；现在仍有效就不填。")

    class Meta:
        abstract = True
