"""The only place that reads a cell as the field of a form takes it: what a person would have typed into the page."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django import forms

from portal.forms.fields import CodeField, CountField, DayField, FigureField, IdNumberField, YesNoField
from portal.imports import numbers, values
from portal.imports.cells import Cell
from portal.imports.values import BadCell

__all__ = ["BadCell", "kept", "read_value", "restored", "typed"]


def kept(cell: Cell) -> list[Any]:
    """A cell as JSON: how the workbook held it, its value, and what the officer sees."""
    value = cell.value
    if isinstance(value, dt.date | dt.time):
        value = value.isoformat()
    return [cell.kind, str(value) if isinstance(value, Decimal) else value, cell.text]


def restored(row: int, column: int, parts: list[Any]) -> Cell:
    """The cell again."""
    kind, value, text = parts
    if kind == "number":
        value = Decimal(value)
    elif kind == "date":
        value = dt.datetime.fromisoformat(value) if "T" in value else _day_or_time(value)
    return Cell(row, column, kind, value, text)


def _day_or_time(text: str) -> dt.date | dt.time:
    return dt.time.fromisoformat(text) if ":" in text else dt.date.fromisoformat(text)


def typed(text: str) -> list[Any]:
    """What was typed into the browser, kept as a cell of text."""
    return ["text", text, text]


def read_value(one: forms.Field, cell: Cell) -> str:
    """What the field would be sent by a browser. Raises BadCell with a sentence where the cell can not be read."""
    if isinstance(one, IdNumberField):
        return numbers.number_of(cell)
    if cell.kind == "sealed":
        raise BadCell(numbers.MISPLACED)
    if isinstance(one, YesNoField | forms.BooleanField):
        found = values.yes_no(cell)
        return "" if found is None else "true" if found else "false"
    if isinstance(one, forms.ChoiceField):
        pairs: Any = one.choices
        return values.choice(cell, [(str(value), str(label)) for value, label in pairs if value not in ("", None)])
    if isinstance(one, DayField):
        day = values.date(cell)
        return "" if day is None else day.isoformat()
    if isinstance(one, CountField):
        number = values.whole(cell)
        return "" if number is None else str(number)
    if isinstance(one, FigureField):
        figure = values.decimal(cell)
        return "" if figure is None else f"{figure:f}"
    if isinstance(one, CodeField):
        return values.code(cell)
    return values.text(cell)
