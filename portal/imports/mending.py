"""The only place that tells what a form about a batch was drawn from, and so what was typed in it and what is stale.

A form carries a short mark of everything it showed. Posted, a field whose text has another mark was typed into; and
what has another mark in the batch by now was changed behind the form's back: by another file, another sheet, other
columns, another window. Then nothing is written, and the form comes back with both.
"""

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from django.utils.crypto import salted_hmac

from portal.imports import numbers
from portal.models import ImportBatch

SALT: Final = "portal.imports.mending"
LENGTH: Final = 12
BLANK: Final = "blank_clears"


def lines(text: str) -> str:
    """Text with the line ends of a workbook; a browser sends others."""
    return re.sub("\r\n?", "\n", text)


class Drawn:
    """The marks of what a form showed, by the names of its fields; under ``h`` and a column what the column is. With
    a key, for a cell may hold an ID number that nobody should find out by trying."""

    def __init__(self, marks: Mapping[str, str]) -> None:
        self.marks = dict(marks)

    @classmethod
    def of(cls, shown: Mapping[str, str]) -> "Drawn":
        return cls({name: mark(name, text) for name, text in shown.items()})

    @classmethod
    def read(cls, carried: str) -> "Drawn":
        """As a form carried it."""
        return cls(dict(part.partition(".")[::2] for part in carried.split()))

    def __str__(self) -> str:
        return " ".join(f"{name}.{one}" for name, one in self.marks.items())

    def has(self, name: str, text: str) -> bool:
        """Whether the form showed this text there."""
        return self.marks.get(name) == mark(name, text)

    def typed(self, shown: Mapping[str, str], posted: Mapping[str, str]) -> dict[str, str]:
        """What was typed into the fields that are still about the same: ``shown`` is what the form would show now."""
        return {
            name: lines(text)
            for name, text in posted.items()
            if name in shown and not self.has(name, text) and self._is_about(head_of(name), shown)
        }

    def _is_about(self, head: str, shown: Mapping[str, str]) -> bool:
        return head not in shown or self.has(head, shown[head])


def mark(name: str, text: str) -> str:
    return salted_hmac(SALT, f"{name}\0{lines(text)}", algorithm="sha256").hexdigest()[:LENGTH]


def head_of(name: str) -> str:
    return f"h{name[1:]}"


def field_of(batch: ImportBatch, column: str) -> str:
    """What the field of a cell is called: an ID number goes under the name that is kept nowhere."""
    return numbers.FIELD if batch.mapping[column] == numbers.FIELD else f"c{column}"


# What the forms show


def row_shown(batch: ImportBatch, row: int) -> dict[str, str]:
    """What the cells of a row say, of the columns that fill something, and what they fill."""
    cells = batch.rows[str(row)]
    shown = {}
    for column in sorted(batch.mapping, key=int):
        shown[f"h{column}"] = str(batch.mapping[column])
        shown[field_of(batch, column)] = str(cells[column][2]) if column in cells else ""
    return shown


def columns_shown(batch: ImportBatch) -> dict[str, str]:
    """The file; each column's head, and which field it fills; the day, and whether blanks clear ("1" or "")."""
    shown = {"hfile": f"{batch.file_name}\0{batch.sheet}\0{sha256(bytes(batch.file)).hexdigest()}"}
    for column in sorted(batch.heads, key=int):
        shown[f"h{column}"] = "\0".join(batch.heads[column])
        shown[f"c{column}"] = str(batch.mapping.get(column, ""))
    return {**shown, "day": batch.day.isoformat(), BLANK: "1" if batch.blank_clears else ""}
