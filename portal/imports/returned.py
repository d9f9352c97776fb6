"""The only place that hands the officer's own workbook back: wrong cells red and explained, 结果 and 说明 beside."""

from collections.abc import Mapping
from typing import Any, Final

from django import forms

from metrics.excel import plain
from portal.forms.fields import CountField, DayField, FigureField
from portal.imports import batches, numbers
from portal.imports.cells import Cell
from portal.imports.container import Unreadable, has_drawings
from portal.imports.heads import RESULT
from portal.imports.l1.sheet import Combined
from portal.imports.lines import as_seen
from portal.imports.outcomes import Outcome
from portal.imports.reading import BadCell, read_value, restored
from portal.imports.rewriting import rewritten
from portal.imports.shelf import Taker
from portal.models import ImportBatch

WORDS: Final = {"created": "新增", "changed": "修改", "unchanged": "无变化", "rejected": "错误"}
NO_RECORD: Final = "不是记录"
NOT_KEPT: Final = "这一批含有身份证号，工作簿在办结时已删除（太大的没有留底），各行的结果请看页面。"

FIRST_DAY: Final = "1900-03-01"  # before it Excel counts days in a way of its own


def workbook(batch: ImportBatch) -> bytes:
    """The workbook as it came, ID numbers sealed, with what was mended since, and beside each row what becomes of it.
    Raises Unreadable where that takes too much, or it is no longer there; and NoHead."""
    if not batch.file:
        raise Unreadable(NOT_KEPT)
    leaf, head = batches.stored(batch)
    outcomes = batches.outcomes_of(batch)
    rows = [
        [
            outcome.row,
            WORDS[outcome.kind],
            plain(told(outcome)),
            [[fault.column, plain(fault.text)] for fault in outcome.faults if fault.column],
        ]
        for outcome in outcomes
    ]
    rows += [[note["row"], NO_RECORD, "", []] for note in batch.notes]
    wanted = {
        "sheet": batch.sheet,
        "head": head.last_row,
        "right": max((int(number) for number in batch.heads), default=1),
        "heads": list(RESULT),
        "rows": rows,
        "cells": mended(batch, leaf.name, as_seen(leaf, head)),
    }
    return rewritten(bytes(batch.file), wanted)


def loses_drawings(batch: ImportBatch) -> bool:
    """Whether something was, or may have been, drawn in the officer's workbook: it can not be handed back. One with
    sealed numbers was written anew as it came in and no longer tells."""
    return bool(batch.file) and (numbers.has_any(batch) or has_drawings(bytes(batch.file)))


def told(outcome: Outcome) -> str:
    """What became of a row, in a sentence or a few."""
    if outcome.faults:
        return "；".join(fault.sentence for fault in outcome.faults)
    if outcome.diffs and outcome.kind == "changed":
        return "；".join(f"{diff.head}由“{diff.old}”改为“{diff.new}”" for diff in outcome.diffs)
    return ""


def mended(batch: ImportBatch, name: str, stored: Mapping[int, Mapping[int, Cell]]) -> list[list[Any]]:
    """[sheet, row, column, kind, text] of every cell that holds something else than in the stored workbook."""
    plan = batches.plan_for(batch)
    found = []
    for row, cells in batch.rows.items():
        for column, parts in cells.items():
            kind, value = parts[:2]
            if kind not in ("text", "sealed"):  # what is typed in the browser is text, or sealed
                continue
            before = stored.get(int(row), {}).get(int(column))
            is_same = not value.strip() if before is None else (before.kind, before.value) == ("text", value)
            if not is_same:
                one = field_of(plan, batch.mapping[column]) if column in batch.mapping else None
                typed = restored(int(row), int(column), parts)
                found.append([name, typed.row, typed.column, *fitting(one, typed)])
    return found


def field_of(plan: Taker, name: str) -> forms.Field | None:
    """What a column fills; nothing for a tick."""
    if isinstance(plan, Combined):
        return None if plan.group(name) else plan.item(name).field
    return plan.form.base_fields[name]


def fitting(one: forms.Field | None, cell: Cell) -> tuple[str, str]:
    """The kind of cell that suits a field, and the text of its value; what can not be read as such stays text."""
    if isinstance(one, DayField | CountField | FigureField):
        try:
            value = read_value(one, cell)
        except BadCell:
            value = ""
        if value and not isinstance(one, DayField):
            return "number", value
        if value >= FIRST_DAY:
            return "date", value
    return "text", plain(str(cell.value))
