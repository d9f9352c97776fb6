"""The only place that freezes a report, opens a frozen one, and says in what it differs from another or from today.

Shapes of the JSON of :class:`metrics.models.FrozenReport`:

``values``       ``number``, ``basis``, ``stub``, ``unit``; ``columns``: a list of ``number``, ``heads``, ``meaning``
                 and, for rates, ``over``, ``under``, ``indicator``; ``total`` and ``blocks`` (``title``, ``field``,
                 ``lines``), a line being ``key``, ``label``, ``cells`` (column → count, rate as text "90.0", or
                 null); ``notes``
``names``        every enterprise present on the day, as :class:`metrics.reports.names.Listed`
``definitions``  rows of item, name, wording, the park's own settings last
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from metrics.models import FrozenReport
from metrics.reports.definitions import definitions, unit_of
from metrics.reports.names import Listed, Standing, is_counted, listed, roll, standings, standings_of
from metrics.reports.sheet import Block, Column, CountColumn, Filled, Line, RateColumn, Report
from orgs import journal
from orgs.journal import Refused, Via
from orgs.models import Enterprise, Park, User
from orgs.scoping import ScopedQuerySet, parks_in_reach

# The columns of the table that are large: a list of frozen reports does without them
LARGE: Final = ("values", "names", "definitions")


# Freezing


def may_freeze(user: User, park: Park) -> bool:
    return parks_in_reach(user, FrozenReport.write_roles).filter(pk=park.pk).exists()


def drafted(
    report: Report, park: Park, day: dt.date, by: str, enterprises: ScopedQuerySet, version: int = 1, reason: str = ""
) -> FrozenReport:
    """The report of one park filled in for ``day`` and signed, not yet written. ``enterprises`` are all of the park."""
    filled = report.fill(enterprises, day)
    row = FrozenReport(
        park=park,
        report=report.slug,
        title=report.title,
        day=day,
        version=version,
        values=values_of(report, filled, unit_of(park)),
        names=[_plain(one) for one in listed(report, roll(report, enterprises, day))],
        definitions=[list(words) for words in definitions(report, [park])],
        reason=reason,
        frozen_by=by,
        frozen_at=timezone.now(),
    )
    row.digest = row.computed_digest
    return row


def freeze(
    report: Report, park: Park, day: dt.date, user: User, reason: str = "", version: int | None = None
) -> FrozenReport:
    """Keep the report of a park as it is today, as the next version.

    With ``version`` (the one the user meant to make) a second try returns what the first has written. ValidationError:
    the day is still to come, nothing differs from the newest version, or a further version has no reason. Refused:
    the park is out of the user's reach.
    """
    reason = reason.strip()
    with transaction.atomic():
        # One at a time in a park, so that two clicks make one version
        if not Park.objects.visible_to(user).select_for_update(of=("self",)).filter(pk=park.pk):
            raise Refused("没有这个园区")
        if not may_freeze(user, park):
            raise Refused("没有冻结报表的权限")
        newest = versions(report, park, day, user).order_by("-version").first()
        if newest is not None and version is not None and version <= newest.version:
            found: FrozenReport = versions(report, park, day, user).get(version=version)
            return found
        enterprises = Enterprise.objects.visible_to(user).in_park(park)
        row = drafted(report, park, day, str(user), enterprises, newest.version + 1 if newest else 1, reason)
        if newest is not None:
            if not between(opened(newest, report), opened(row, report)):
                raise ValidationError(f"与第{newest.version}版没有差别，没有另存新版。", code="same")
            if not reason:
                raise ValidationError({"reason": "请写明更正原因，例如哪条记录、为什么更正。"})
        return journal.save(row, user, Via.PAGE)


def versions(report: Report, park: Park, day: dt.date, user: User) -> ScopedQuerySet:
    """The frozen versions of one report of one park for one day, the first one first."""
    rows: ScopedQuerySet = FrozenReport.objects.visible_to(user).in_park(park)
    return rows.filter(report=report.slug, day=day).order_by("version")


def values_of(report: Report, filled: Filled, unit: str) -> dict[str, Any]:
    return {
        "number": report.number,
        "basis": report.basis,
        "stub": report.stub,
        "unit": unit,
        "columns": [_column_words(column) for column in report.columns],
        "total": _line_words(filled.total),
        "blocks": [
            {"title": block.title, "field": block.field, "lines": [_line_words(line) for line in block.lines]}
            for block in filled.blocks
        ],
        "notes": list(filled.notes),
    }


def _column_words(column: Column) -> dict[str, Any]:
    words: dict[str, Any] = {"number": column.number, "heads": list(column.heads), "meaning": column.meaning}
    if isinstance(column, RateColumn):
        words |= {"over": list(column.over), "under": column.under, "indicator": column.indicator}
    return words


def _line_words(line: Line) -> dict[str, Any]:
    cells = {
        str(cell.column.number): str(cell.value) if isinstance(cell.value, Decimal) else cell.value
        for cell in line.cells
    }
    return {"key": line.key, "label": line.label, "cells": cells}


def _plain(one: Listed) -> dict[str, Any]:
    return asdict(one) | {"columns": list(one.columns)}


# Opening


@dataclass(frozen=True)
class Opened:
    """A frozen report made a form again: ``report`` with the columns and words of then, ``filled`` with its figures."""

    row: FrozenReport
    report: Report
    filled: Filled

    @property
    def unit(self) -> str:
        return str(self.row.values["unit"])

    @cached_property
    def names(self) -> list[Listed]:
        return [Listed(**one | {"columns": tuple(one["columns"])}) for one in self.row.names]

    @cached_property
    def standings(self) -> Mapping[int, Standing]:
        return standings_of(self.names)

    @cached_property
    def is_intact(self) -> bool:
        return verify(self.row)


def verify(frozen: FrozenReport) -> bool:
    """Whether the stored digest is still that of the stored content."""
    return frozen.is_intact


def opened(row: FrozenReport, report: Report) -> Opened:
    kept = row.values
    columns = [_column(words) for words in kept["columns"]]
    form = replace(
        report, title=row.title, number=kept["number"], basis=kept["basis"], stub=kept["stub"], columns=columns
    )
    blocks = [
        Block(block["title"], block["field"], [_line(line, columns) for line in block["lines"]])
        for block in kept["blocks"]
    ]
    return Opened(row, form, Filled(row.day, _line(kept["total"], columns), blocks, kept["notes"]))


def _column(words: Mapping[str, Any]) -> Column:
    if "over" in words:
        return RateColumn(
            words["number"], tuple(words["heads"]), tuple(words["over"]), words["under"], words["indicator"]
        )
    # The condition of then is not asked again: its names are kept
    return CountColumn(words["number"], tuple(words["heads"]), Q(pk__in=[]), words["meaning"])


def _line(words: Mapping[str, Any], columns: Sequence[Column]) -> Line:
    cells = words["cells"]
    counts = {column.number: cells[str(column.number)] for column in columns if isinstance(column, CountColumn)}
    texts = {column.number: cells[str(column.number)] for column in columns if isinstance(column, RateColumn)}
    rates = {number: None if text is None else Decimal(text) for number, text in texts.items()}
    return Line(words["key"], words["label"], counts, columns, rates)


# Comparing


@dataclass(frozen=True)
class Difference:
    """One cell with its value then and now, and for a count, who came and who went: (key, name).

    A count may stay the same though the enterprises behind it do not; that too is a difference.
    """

    block: str  # "" for the total
    label: str
    field: str
    key: Any
    column: Column
    was: int | Decimal | None
    now: int | Decimal | None
    joined: Sequence[tuple[int, str]] = ()
    left: Sequence[tuple[int, str]] = ()

    @property
    def is_of_value(self) -> bool:
        return self.was != self.now


def differences(frozen: Opened, filled: Filled, enterprises: ScopedQuerySet, report: Report) -> list[Difference]:
    """In what a frozen report differs from ``filled``, the same form counted again today over ``enterprises``."""
    return compared(frozen.filled, frozen.standings, filled, standings(report, enterprises, frozen.row.day))


def between(older: Opened, newer: Opened) -> list[Difference]:
    """In what a version differs from another."""
    return compared(older.filled, older.standings, newer.filled, newer.standings)


def compared(was: Filled, were: Mapping[int, Standing], now: Filled, are: Mapping[int, Standing]) -> list[Difference]:
    """Cell by cell: the total first, then the rows of then in their order, then rows that are new."""
    old, new = _rows(was), _rows(now)
    found = []
    for place in dict.fromkeys((*old, *new)):
        title, label, line = old.get(place) or new[place]
        before, after = (rows[place][2] if place in rows else None for rows in (old, new))
        field, key = place
        for column in line.columns:
            then, today = _value(before, column), _value(after, column)
            if then == today and field:
                continue  # below the total, names alone are no news: the total tells them
            joined, left = _moved(were, are, field, key, column)
            if then != today or joined or left:
                found.append(Difference(title, label, field, key, column, then, today, joined, left))
    return found


def _rows(filled: Filled) -> dict[tuple[str, Any], tuple[str, str, Line]]:
    rows: dict[tuple[str, Any], tuple[str, str, Line]] = {("", None): ("", filled.total.label, filled.total)}
    for block in filled.blocks:
        rows |= {(block.field, line.key): (block.title, line.label, line) for line in block.lines}
    return rows


def _value(line: Line | None, column: Column) -> int | Decimal | None:
    """A row without enterprises is left out of the form: its counts are 0 and its rates nothing."""
    if line is not None and any(one.number == column.number for one in line.columns):
        return line.value(next(one for one in line.columns if one.number == column.number))
    return 0 if isinstance(column, CountColumn) else None


def _moved(
    were: Mapping[int, Standing], are: Mapping[int, Standing], field: str, key: Any, column: Column
) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
    if not isinstance(column, CountColumn):
        return [], []

    def inside(known: Mapping[int, Standing]) -> dict[int, str]:
        return {pk: one.name for pk, one in known.items() if is_counted(one, column.number, field, key)}

    before, after = inside(were), inside(are)
    joined = [(pk, name) for pk, name in after.items() if pk not in before]
    return joined, [(pk, name) for pk, name in before.items() if pk not in after]
