"""The only place that says what a statistical form is made of, on a page and in a workbook."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.db.models import Count, Q

from metrics.excel import Form, FormColumn, FormHead, FormLine
from metrics.indicators import percent
from orgs.scoping import ScopedQuerySet

DASH: Final = "—"


@dataclass(frozen=True)
class CountColumn:
    """A column of counts: the enterprises for which ``condition`` holds, over the annotations of the report.

    ``heads`` are the heads above the column from the top down; ``meaning`` is the sentence of the definitions sheet.
    ``drill`` is an (indicator, part) pair with the same enterprises, where one exists.
    """

    number: int
    heads: tuple[str, ...]
    condition: Q
    meaning: str
    drill: tuple[str, str] | None = None


@dataclass(frozen=True)
class RateColumn:
    """A column of rates: the sum of the count columns ``over`` divided by the count column ``under``."""

    number: int
    heads: tuple[str, ...]
    over: tuple[int, ...]
    under: int
    indicator: str  # its code, for wording and source

    @property
    def meaning(self) -> str:
        return f"（{'＋'.join(f'第{number}列' for number in self.over)}）÷第{self.under}列×100"


Column = CountColumn | RateColumn


@dataclass(frozen=True)
class Cell:
    """One figure: an integer, a rate in per cent with one decimal, or nothing."""

    column: Column
    value: int | Decimal | None

    @property
    def text(self) -> str:
        if self.value is None:
            return DASH
        return f"{self.value:,}"

    @property
    def is_count(self) -> bool:
        return isinstance(self.column, CountColumn)


@dataclass(frozen=True)
class Line:
    """One row. ``key`` is the value of the block's field, ``None`` for the total.

    ``rates`` are those of a frozen row, by column; of any other row they follow from its counts.
    """

    key: Any
    label: str
    counts: Mapping[int, int]
    columns: Sequence[Column]
    rates: Mapping[int, Decimal | None] | None = None

    @property
    def cells(self) -> list[Cell]:
        return [Cell(column, self.value(column)) for column in self.columns]

    def value(self, column: Column) -> int | Decimal | None:
        if isinstance(column, CountColumn):
            return self.counts[column.number]
        if self.rates is not None:
            return self.rates[column.number]
        return percent(sum(self.counts[number] for number in column.over), self.counts[column.under])


@dataclass(frozen=True)
class Block:
    """Rows that together make the total: one for every value of ``field``."""

    title: str
    field: str
    lines: Sequence[Line]


@dataclass(frozen=True)
class Filled:
    """A report filled in for a day: the total and the blocks that each add up to it."""

    day: dt.date
    total: Line
    blocks: Sequence[Block]
    notes: Sequence[str]

    @property
    def lines(self) -> list[Line]:
        return [self.total, *(line for block in self.blocks for line in block.lines)]


@dataclass(frozen=True)
class Report:
    """A statistical form: ``fill`` counts it over a queryset, ``names`` are the enterprises behind its counts."""

    slug: str
    title: str
    number: str
    basis: str
    stub: str  # head of the first column
    columns: Sequence[Column]
    annotated: Callable[[ScopedQuerySet, dt.date], ScopedQuerySet]
    fill: Callable[[ScopedQuerySet, dt.date], Filled]
    notes: Sequence[str]

    @property
    def counts(self) -> list[CountColumn]:
        return [column for column in self.columns if isinstance(column, CountColumn)]

    def column(self, number: int) -> CountColumn:
        """The count column of that number; KeyError when there is none."""
        for column in self.counts:
            if column.number == number:
                return column
        raise KeyError(number)

    def names(self, enterprises: ScopedQuerySet, day: dt.date, number: int) -> ScopedQuerySet:
        """The enterprises behind one count."""
        return self.annotated(enterprises, day).filter(self.column(number).condition)

    @property
    def heads(self) -> list[list[FormHead]]:
        """The merged heads row by row; the first column of the sheet is the stub."""
        return merged_heads(self.stub, [column.heads for column in self.columns])

    def form(self, filled: Filled, above: Sequence[str], below: Sequence[str]) -> Form:
        """The first sheet of the workbook."""
        columns = [
            FormColumn("count") if isinstance(column, CountColumn) else FormColumn("rate", column.over, column.under)
            for column in self.columns
        ]
        lines = [
            [FormLine(line.label, [cell.value for cell in line.cells]) for line in block.lines]
            for block in filled.blocks
        ]
        return Form(
            title=self.title,
            number=self.number,
            above=above,
            heads=self.heads,
            index=["甲", *(str(column.number) for column in self.columns)],
            columns=columns,
            total=FormLine(filled.total.label, [cell.value for cell in filled.total.cells]),
            blocks=[(block.title, block_lines) for block, block_lines in zip(filled.blocks, lines, strict=True)],
            below=below,
            notes=filled.notes,
        )


def counted(
    annotated: ScopedQuerySet, columns: Sequence[CountColumn], fields: Sequence[str]
) -> dict[str, dict[Any, dict[int, int]]]:
    """For each of ``fields``, the counts of every column for every value of it; one query for all of them."""
    counts = {f"n{column.number}": Count("pk", filter=column.condition) for column in columns}
    found: dict[str, dict[Any, dict[int, int]]] = {field: {} for field in fields}
    for row in annotated.order_by().values(*fields).annotate(**counts):
        for field in fields:
            sums = found[field].setdefault(row[field], dict.fromkeys((column.number for column in columns), 0))
            for column in columns:
                sums[column.number] += row[f"n{column.number}"]
    return found


def merged_heads(stub: str, paths: Sequence[tuple[str, ...]]) -> list[list[FormHead]]:
    """Heads with spans from the paths above each column: equal neighbours merge, a short path reaches down."""
    depth = max(len(path) for path in paths)
    rows: list[list[FormHead]] = [[] for _ in range(depth)]
    rows[0].append(FormHead(stub, 0, 0, depth, 1))
    for level in range(depth):
        place = 0
        while place < len(paths):
            path = paths[place]
            if len(path) <= level:
                place += 1
                continue
            end = place + 1
            is_leaf = len(path) == level + 1
            while not is_leaf and end < len(paths) and paths[end][: level + 1] == path[: level + 1]:
                end += 1
            rows[level].append(FormHead(path[level], level, place + 1, depth - level if is_leaf else 1, end - place))
            place = end
    return rows
