"""The only place that says what a pass over a sheet is given, rows and choices, and what it gives: outcomes."""

import datetime as dt
import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from orgs.models import Change
from portal.imports.cells import Cell

# Told how many rows are done, of how many
Progress = Callable[[int, int], None]
Kind = Literal["created", "changed", "unchanged", "rejected"]
KINDS: Final[tuple[Kind, ...]] = ("created", "changed", "unchanged", "rejected")
EMPTY: Final = "空"
# The cell that tells a reader which record a row is about
NAMING: Final = ("name", "enterprise", "organization", "member")


def label_of(cells: Mapping[str, Cell]) -> str:
    """What a row is called while nothing else is known of it."""
    return next((cells[name].text for name in NAMING if name in cells), "")


@dataclass(frozen=True)
class Diff:
    """One cell that changes the record; ``column`` is 0 for what follows from other cells."""

    column: int
    head: str
    old: str
    new: str


@dataclass(frozen=True)
class Fault:
    """What is wrong with one cell, or, with ``column`` 0, with the row."""

    column: int
    head: str
    text: str
    typed: str = ""

    @property
    def says_typed(self) -> bool:
        """Whether what was typed should stand beside the sentence: it does not say so itself."""
        return bool(self.typed) and "写的是" not in self.text

    @property
    def says_head(self) -> bool:
        """Whether the head of the column should stand before the sentence: it does not begin with it."""
        return bool(self.head) and not self.text.startswith((self.head, f"请填写{self.head}", f"请选择{self.head}"))

    @property
    def sentence(self) -> str:
        """By itself: which column, and what is wrong."""
        return f"{self.head}：{self.text}" if self.says_head else self.text

    @property
    def cause(self) -> str:
        """The sentence without what this one cell holds: the same for every cell with the same fault."""
        return re.sub(r"^写的是(“.*?”|[^，]*)，", "", self.text)


@dataclass
class Outcome:
    """What becomes of one row of the sheet. ``row`` is its number in the officer's workbook; ``version``, where a row
    was chosen as it stood on a page, the newest entry of the trail about its record."""

    row: int
    kind: Kind
    name: str = ""
    pk: int | None = None
    diffs: list[Diff] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)
    version: int = 0

    def told(self) -> dict[str, Any]:
        """As it is kept in the batch."""
        parts = {"diffs": [vars(one) for one in self.diffs], "faults": [vars(one) for one in self.faults]}
        return {**{name: value for name, value in vars(self).items() if value or name != "version"}, **parts}

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "Outcome":
        """As it was kept in the batch."""
        parts = {"diffs": [Diff(**one) for one in kept["diffs"]], "faults": [Fault(**one) for one in kept["faults"]]}
        return cls(**{**kept, **parts})


@dataclass(frozen=True)
class Sheet:
    """The rows to import: row number → field → cell, and which column of the workbook each field stands in."""

    rows: Mapping[int, Mapping[str, Cell]]
    columns: Mapping[str, int]


@dataclass(frozen=True)
class Choices:
    """What the officer settled for the batch: the day for which the sheet speaks, and whether a blank cell clears."""

    day: dt.date
    blank_clears: bool = False
    good_only: bool = False


@dataclass
class Result:
    """All outcomes, and, when it was written, the entries of the trail in order."""

    outcomes: list[Outcome]
    changes: list[Change] = field(default_factory=list)
    written: bool = False

    @property
    def counts(self) -> dict[Kind, int]:
        number = Counter(one.kind for one in self.outcomes)
        return {kind: number[kind] for kind in KINDS}

    @property
    def digest(self) -> str:
        """The same as long as the rows would do the same; keys that a rolled-back row was given do not count."""
        told = [{**one.told(), "pk": None if one.kind == "created" else one.pk} for one in self.outcomes]
        return hashlib.sha256(json.dumps(told, ensure_ascii=False, sort_keys=True).encode()).hexdigest()

    def as_json(self) -> str:
        return json.dumps([one.told() for one in self.outcomes], ensure_ascii=False)


def untold(done: int, total: int) -> None:
    """Nobody waits for it."""
