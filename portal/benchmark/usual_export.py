"""The only place that exports enterprises as the ledger did at first: model instances through openpyxl, write-only.

The same columns, rows and values as our own export: each row a model instance with the facts of the day as annotations
and its organizations loaded beside it. :func:`alike` also gives them the same look, :func:`plain` writes bare values.
"""

import datetime as dt
from collections.abc import Iterator
from io import BytesIO
from typing import Any, Final

from django.db.models import Exists, OuterRef, Prefetch
from openpyxl import Workbook

from metrics.coverage import counted_coverages, on_day, standing_coverages
from metrics.described import Reached
from metrics.excel import Header, Table, write_table
from orgs.models import Enterprise, User
from portal.ledgers.enterprises import ENTERPRISES

AT_ONCE: Final = 1000
COLUMNS: Final = ENTERPRISES.columns


def alike(user: User, day: dt.date) -> int:
    """Make the workbook as the ledger looks; how many rows it has."""
    book, rows = Workbook(write_only=True), Counted(values(user, day))
    headers = [
        Header(one.label, "mark" if one.centred and one.kind == "text" else one.kind, one.width) for one in COLUMNS
    ]
    write_table(book, Table(ENTERPRISES.title, (), headers, rows), ENTERPRISES.title)
    book.save(BytesIO())
    return rows.number


def plain(user: User, day: dt.date) -> int:
    """Make it without any look."""
    book, rows = Workbook(write_only=True), Counted(values(user, day))
    sheet = book.create_sheet(ENTERPRISES.title)
    sheet.append([one.label for one in COLUMNS])
    for row in rows:
        sheet.append(row)
    book.save(BytesIO())
    return rows.number


class Counted:
    """Rows that are counted as they pass."""

    def __init__(self, rows: Iterator[list[Any]]) -> None:
        self.rows, self.number = rows, 0

    def __iter__(self) -> Iterator[list[Any]]:
        for row in self.rows:
            self.number += 1
            yield row


def values(user: User, day: dt.date) -> Iterator[list[Any]]:
    """The cells of every enterprise that the user sees on the day, in the order of the ledger."""
    counts = Exists(counted_coverages(day).filter(pk=OuterRef("pk")))
    reaching = standing_coverages(day).annotate(counts=counts).select_related("organization")
    firms = on_day(Enterprise.objects.visible_to(user), day).select_related("park").order_by(*ENTERPRISES.order)
    loaded = firms.prefetch_related(Prefetch("coverages", reaching.order_by("-counts", "since", "pk"), "reaching"))
    for firm in loaded.iterator(chunk_size=AT_ONCE):
        row: Any = firm
        row.reached_by = [
            Reached(one.organization_id, one.organization.short_name, one.organization.founded_on, one.counts)
            for one in row.reaching
        ]
        yield [column.value(row, day) for column in COLUMNS]
