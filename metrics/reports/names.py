"""The only place that lists the enterprises behind the counts of a report, each with the columns that it is in."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import BooleanField, ExpressionWrapper, Prefetch

from metrics.coverage import counted_coverages, formation_status, why_not_operating
from metrics.reports.sheet import Report
from orgs.models import Industry
from orgs.scoping import ScopedQuerySet


@dataclass(frozen=True)
class Listed:
    """An enterprise in words: where it stands, how and by which organizations it is covered, why it is left out.

    ``industry`` and ``size`` are stored slugs, ``columns`` the numbers of the count columns that it is in.
    """

    pk: int
    park: str
    name: str
    uscc: str
    industry: str
    size: str
    status: str
    full_members: int
    ways: str
    organizations: str
    reason: str
    columns: tuple[int, ...]

    @property
    def industry_label(self) -> str:
        return str(dict(Industry.choices).get(self.industry, ""))


@dataclass(frozen=True)
class Standing:
    """What a comparison needs to know of an enterprise: its name, its rows, its columns."""

    name: str
    industry: str
    size: str
    columns: frozenset[int]


def is_counted(one: Listed | Standing, number: int, field: str, key: Any) -> bool:
    """Whether the column counts it in the row for ``key`` of ``field`` ("industry" or "size"; "" is the total)."""
    return number in one.columns and (not field or getattr(one, field) == key)


def roll(report: Report, enterprises: ScopedQuerySet, day: dt.date) -> ScopedQuerySet:
    """The enterprises present on ``day`` in the order of the ledger, ready for :func:`listed`."""
    counted = counted_coverages(day).select_related("organization").order_by("since", "pk")
    rows: ScopedQuerySet = (
        report.annotated(enterprises, day)
        .annotate(**_flags(report))
        .select_related("park")
        .prefetch_related(Prefetch("coverages", counted, to_attr="counted_on"))
        .order_by("park__region_code", "park__order_key", "park_id", "order_key", "pk")
    )
    return rows


def listed(report: Report, rows: Iterable[Any]) -> list[Listed]:
    """Rows of :func:`roll` in words."""
    return [
        Listed(
            pk=row.pk,
            park=row.park.short_name,
            name=row.name,
            uscc=row.uscc,
            industry=row.industry,
            size=row.size,
            status=formation_status(row) if row.in_real else "",
            full_members=row.full_members,
            ways="、".join(dict.fromkeys(one.get_way_display() for one in row.counted_on)),
            organizations="、".join(dict.fromkeys(one.organization.short_name for one in row.counted_on)),
            reason=why_not_operating(row),
            columns=tuple(column.number for column in report.counts if getattr(row, _flag(column.number))),
        )
        for row in rows
    ]


def standings(report: Report, enterprises: ScopedQuerySet, day: dt.date) -> dict[int, Standing]:
    """Every enterprise present on ``day`` by its key; one query."""
    flags = [(column.number, _flag(column.number)) for column in report.counts]
    rows = report.annotated(enterprises, day).annotate(**_flags(report)).order_by("order_key", "pk")
    return {
        row["pk"]: Standing(
            row["name"], row["industry"], row["size"], frozenset(number for number, flag in flags if row[flag])
        )
        for row in rows.values("pk", "name", "industry", "size", *(flag for _, flag in flags))
    }


def standings_of(names: Iterable[Listed]) -> Mapping[int, Standing]:
    return {one.pk: Standing(one.name, one.industry, one.size, frozenset(one.columns)) for one in names}


def _flag(number: int) -> str:
    return f"in_column_{number}"


def _flags(report: Report) -> dict[str, ExpressionWrapper]:
    return {
        _flag(column.number): ExpressionWrapper(column.condition, output_field=BooleanField())
        for column in report.counts
    }
