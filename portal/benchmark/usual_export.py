"""The only place that exports enterprises as most Django projects do: model instances through openpyxl, write-only.

The same columns and rows as our own export, each row a model instance with the facts of the day as annotations and its
organizations loaded beside it. Plain values: neither styles nor totals nor an explanation.
"""

import datetime as dt
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch
from openpyxl import Workbook

from metrics.coverage import counted_coverages, on_day
from orgs.models import Coverage, Enterprise, User
from orgs.periods import during
from portal.ledgers.enterprises import ENTERPRISES, Reached

AT_ONCE = 1000


def export(user: User, day: dt.date) -> bytes:
    """The workbook of the enterprises that the user sees on the day."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("企业")
    sheet.append([column.label for column in ENTERPRISES.columns])
    for firm in instances(user, day):
        sheet.append([column.value(firm, day) for column in ENTERPRISES.columns])
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def instances(user: User, day: dt.date) -> Iterator[Any]:
    in_being = during(day, prefix="organization__", since="founded_on", until="dissolved_on")
    counts = Exists(counted_coverages(day).filter(pk=OuterRef("pk")))
    reaching = Coverage.objects.filter(during(day), in_being).annotate(counts=counts).select_related("organization")
    firms = on_day(Enterprise.objects.visible_to(user), day).select_related("park").order_by(*ENTERPRISES.order)
    loaded = firms.prefetch_related(Prefetch("coverages", reaching.order_by("-counts", "since", "pk"), "reaching"))
    for firm in loaded.iterator(chunk_size=AT_ONCE):
        row: Any = firm
        row.reached_by = [
            Reached(one.organization_id, one.organization.short_name, one.organization.founded_on, one.counts)
            for one in row.reaching
        ]
        yield row
