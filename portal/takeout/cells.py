"""The only place that knows how a value is written in a cell of a taken-out file, and how it is read again.

A value has one writing only, so the same rows give the same bytes on every database. No text of ours may be null and
nothing else may be an empty text: an empty cell is an empty text in a column of texts, and nothing (null) in any other.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, Final

from django.db import connection, models

# Commas, double quotes around what needs them and doubled inside, CRLF at the end of a record (RFC 4180)
LINE_END: Final = "\r\n"
KINDS: Final[tuple[tuple[type[models.Field[Any, Any]], str], ...]] = (
    (models.JSONField, "json"),
    (models.DateTimeField, "datetime"),  # it is a DateField as well
    (models.DateField, "date"),
    (models.BooleanField, "boolean"),
    (models.DecimalField, "decimal"),
    (models.IntegerField, "integer"),
    (models.CharField, "text"),
    (models.TextField, "text"),
)
NUMBER: Final = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?")


class Unreadable(ValueError):
    """A cell that holds no value of its column; the message is the second half of a sentence, in Chinese."""


@dataclass(frozen=True)
class Column:
    """One column of a file: the field, its name in the header, and what kind of value it holds."""

    field: models.Field[Any, Any]
    name: str
    kind: str

    @classmethod
    def of(cls, field: models.Field[Any, Any]) -> Column:
        target = field
        while isinstance(target, models.ForeignKey):
            target = target.target_field
        kind = next((kind for of_type, kind in KINDS if isinstance(target, of_type)), None)
        if kind is None or (kind in {"text", "json"} and field.null):
            # Either has no one writing: declare it here, or do without null
            raise TypeError(f"{field} can not be told in a cell")
        return cls(field, field.attname, kind)

    @cached_property
    def write(self) -> Callable[[Any], str]:
        """From the value of a row to the text of a cell."""
        if self.kind == "decimal":
            places = getattr(self.field, "decimal_places", 0)
            return lambda value: "" if value is None else format(value, f".{places}f")
        return WRITERS[self.kind]

    def read(self, text: str) -> Any:
        """From the text of a cell to the value of a row; raises :class:`Unreadable`."""
        if self.kind == "text":
            most = self.field.max_length
            if most is not None and len(text) > most:
                raise Unreadable(f"有{len(text)}个字，最多{most}个")
            value: Any = text
        elif not text:
            if self.field.null:
                return None
            raise Unreadable("空着，这一列必须有值")
        else:
            try:
                value = READERS[self.kind](text)
                same = self.write(value) == text
            except (ValueError, ArithmeticError):
                same = False
            if not same:
                raise Unreadable(f"写作“{shortened(text)}”，应为{self.expected}")
        self._check_range(value)
        return value

    @property
    def expected(self) -> str:
        """What a cell looks like, in words."""
        if self.kind == "decimal":
            return f"带{getattr(self.field, 'decimal_places', 0)}位小数的数"
        return EXPECTED[self.kind]

    def _check_range(self, value: Any) -> None:
        """What a database refuses without naming the row; PostgreSQL refuses more than SQLite does."""
        if self.kind == "integer":
            low, high = self._range
            if (low is not None and value < low) or (high is not None and value > high):
                raise Unreadable(f"是{value}，超出了能存的范围")
        elif self.kind == "decimal":
            whole = getattr(self.field, "max_digits", 0) - getattr(self.field, "decimal_places", 0)
            if abs(value) >= Decimal(10) ** whole:
                raise Unreadable(f"是{value}，整数部分最多{whole}位")
        elif self._choices and value not in self._choices and not (value == "" and self.field.blank):
            raise Unreadable(f"是“{shortened(str(value))}”，不在可选的值之内（见说明.md）")

    @cached_property
    def _range(self) -> tuple[int | None, int | None]:
        target = self.field
        while isinstance(target, models.ForeignKey):
            target = target.target_field
        low, high = connection.ops.integer_field_range(target.get_internal_type())
        return low, high

    @cached_property
    def _choices(self) -> frozenset[Any]:
        # A list that a function gives (the indicators a target may name) changes without a migration: what was right
        # when it was written must come back
        is_listed = self.kind == "text" and isinstance(self.field.choices, list)
        return frozenset(value for value, _label in self.field.flatchoices) if is_listed else frozenset()


def _moment(value: dt.datetime | None) -> str:
    if value is None:
        return ""
    return value.astimezone(dt.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _json(value: Any) -> str:
    """Keys in order: PostgreSQL keeps no other, and two databases must write the same."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _decimal(text: str) -> Decimal:
    if not NUMBER.fullmatch(text):
        raise ValueError(text)
    return Decimal(text)


def _integer(text: str) -> int:
    if not NUMBER.fullmatch(text):  # also bounds the length: int() of a long text takes long
        raise ValueError(text)
    return int(text)


WRITERS: Final[dict[str, Callable[[Any], str]]] = {
    "text": str,
    "integer": lambda value: "" if value is None else str(value),
    "boolean": lambda value: "" if value is None else "true" if value else "false",
    "date": lambda value: "" if value is None else value.isoformat(),
    "datetime": _moment,
    "json": _json,
}
READERS: Final[dict[str, Callable[[str], Any]]] = {
    "integer": _integer,
    "boolean": lambda text: text == "true",
    "date": dt.date.fromisoformat,
    "datetime": dt.datetime.fromisoformat,
    "decimal": _decimal,
    "json": json.loads,
}
EXPECTED: Final = {
    "text": "文字",
    "integer": "整数",
    "boolean": "true或false",
    "date": "2026-11-21样式的日期",
    "datetime": "2026-11-21T07:12:03.000000Z样式的时间",
    "json": "键按字母排序、不带多余空格的JSON",
}


class _Echo:
    """A file that keeps nothing: ``writerow`` gives back what its ``write`` gives back."""

    def write(self, text: str) -> str:
        return text


def encoded(columns: Sequence[Column], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """The bytes of a file, record by record: the header, then each row of values."""
    put = csv.writer(_Echo(), lineterminator=LINE_END).writerow
    writers = [column.write for column in columns]
    yield str(put([column.name for column in columns])).encode()
    for row in rows:
        yield str(put([write(value) for write, value in zip(writers, row, strict=True)])).encode()


def shortened(text: str, most: int = 40) -> str:
    return text if len(text) <= most else text[:most] + "……"
