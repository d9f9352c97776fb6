"""The only place that makes a batch of chosen records and the values that they are to be given."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from orgs.models import Park, User
from portal.imports.batches import new_batch
from portal.imports.bulk import KEY, Bulk
from portal.models import ImportBatch

CLEARED = "清空"


@dataclass(frozen=True)
class Value:
    """What a field is to hold: as its form would be sent it ("" takes away what is there), and as a reader sees it."""

    name: str
    typed: str
    text: str


def bulk_batch(
    plan: Bulk, user: User, park: Park, keys: Sequence[int], values: Sequence[Value], day: dt.date | None
) -> ImportBatch:
    """A batch, not yet saved, whose rows are the records of these keys; ``day`` is the first day of dated facts."""
    batch = new_batch(plan, user, park, "")
    batch.file_name = title(plan, values, day)
    if day is not None:
        batch.day = day
    places = {one.name: str(number) for number, one in enumerate(values, 2)}
    batch.mapping = {"1": KEY, **{places[one.name]: one.name for one in values}}
    batch.heads = {"1": ["编号"], **{places[one.name]: [plan.head(one.name)] for one in values}}
    set_cells = {places[one.name]: _cell(one.typed, one.text) for one in values}
    batch.rows = {str(number): {"1": _cell(str(pk), str(pk)), **set_cells} for number, pk in enumerate(keys, 1)}
    return batch


def _cell(typed: str, text: str) -> list[Any]:
    """A cell as a batch keeps it; what it shows is never blank, or it would say nothing."""
    return ["text", typed, text or CLEARED]


def title(plan: Bulk, values: Sequence[Value], day: dt.date | None) -> str:
    """属地改为“城北街道”，迁出日期清空: what a batch is called in lists."""
    told = "，".join(
        f"{plan.head(one.name)}改为“{one.text}”" if one.typed else f"{plan.head(one.name)}清空" for one in values
    )
    since = f"（从{day}起）" if day is not None else ""
    return f"{told}{since}" if len(told) + len(since) <= 200 else f"{told[: 199 - len(since)]}…{since}"
