"""The only place that reads the cells of one column of a sheet, each different content once.

A column of twenty thousand cells has few different kinds, days and numbers. What a cell says, what a form would be
sent for it, and whether field and column of the ledger surely take it, is worked out once per content and kept.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, ProhibitNullCharactersValidator
from django.db import models

from portal.forms.fields import CodeField, LineField
from portal.imports.cells import Cell
from portal.imports.reading import BadCell, read_value
from portal.imports.values import SAME_AS_ABOVE

# Contents that may be kept of one column: names and codes are all different, keeping them gains nothing
MOST_KEPT: Final = 5_000


class Taken(NamedTuple):
    """What is taken from a cell: what a form is sent for it ("" for nothing), and the value by which a record is known;
    where ``is_sure`` it is what field and model make of it without complaint. ``problem`` says why the cell can not be
    read."""

    typed: str
    value: Any = None
    is_sure: bool = False
    problem: str = ""


class Column:
    """The cells of one column; ``named`` turns the name of another record into its key (or raises BadCell)."""

    def __init__(
        self,
        field: forms.Field,
        column: models.Field[Any, Any] | None,
        named: Callable[[str], str] | None = None,
    ) -> None:
        self.field, self.column, self.named = field, column, named
        self.kept: dict[Any, Taken] = {}
        self.longest = longest_line(field, column)
        self.is_code = isinstance(field, CodeField)

    def take(self, cell: Cell) -> Taken:
        if cell.kind == "text":
            text = cell.text
            if len(text) <= self.longest and is_plain(text):
                return Taken(text, text, True)
            key: Any = text
        else:
            key = (cell.kind, cell.value, cell.text)
        found = self.kept.get(key)
        if found is None:
            found = self._work_out(cell)
            if len(self.kept) < MOST_KEPT:
                self.kept[key] = found
        return found

    def _work_out(self, cell: Cell) -> Taken:
        try:
            if self.named is not None:
                key = self.named(str(read_value(forms.CharField(required=False), cell)))
                return Taken(key, int(key) if key else None)
            typed = self._code(cell) or read_value(self.field, cell)
        except BadCell as bad:
            return Taken("", problem=str(bad))
        if typed == "":
            return Taken("")
        try:
            value = self.field.clean(typed)
            if self.column is not None and value not in self.field.empty_values:
                value = self.column.clean(value, None)
        except ValidationError:
            return Taken(typed, typed)
        return Taken(typed, value, True)

    def _code(self, cell: Cell) -> str:
        """A code as it should be needs none of what reading forgives."""
        text = cell.text
        is_as_it_should_be = (
            self.is_code and cell.kind == "text" and len(text) >= 10 and text.isascii() and text.isalnum()
        )
        return text if is_as_it_should_be and text == text.upper() else ""


def longest_line(field: forms.Field, column: models.Field[Any, Any] | None) -> int:
    """How long a line may be that is checked for nothing but its length; -1 where more is asked of it."""
    if type(field) is not LineField or not isinstance(column, models.CharField) or column.choices:
        return -1
    checks = [*field.validators, *column.validators]
    if any(type(check) not in (MaxLengthValidator, ProhibitNullCharactersValidator) for check in checks):
        return -1
    return min((check.limit_value for check in checks if isinstance(check, MaxLengthValidator)), default=-1)


def is_plain(text: str) -> bool:
    """Whether reading a text would leave it as it is: nothing to see that is not there, no blanks to take away."""
    return (
        text.isprintable()
        and text[:1] not in ("", " ", "'", "＇")
        and text[-1] != " "
        and "  " not in text
        and "\ufffd" not in text
        and text not in SAME_AS_ABOVE
        and unicodedata.is_normalized("NFC", text)
    )
