"""The only place that gives out what stands in a foreign workbook: read by a child process, as plain frozen values."""

import datetime as dt
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import IO, Any, Final, Literal, NamedTuple

from portal.imports.child import EXHAUSTED, LONGEST_ANSWER
from portal.imports.container import DAMAGED, Unreadable, inspect
from portal.imports.parts import LAST_COLUMN, LAST_ROW, column_letters

Kind = Literal["text", "number", "date", "bool", "formula", "error", "sealed"]
State = Literal["visible", "hidden", "very_hidden"]
Value = str | Decimal | dt.date | dt.time | bool  # a moment is a datetime, which is a date

# What one child may take; the largest workbook allowed needs about half of it. A worker of gunicorn waits 30 s
MEGABYTES = 512
CPU_SECONDS = 9
WALL_SECONDS = 20.0
LONGEST_LINE: Final = 16 * 1024 * 1024

NO_CHILD: Final = "服务器现在读不了文件，请稍后再上传；仍不行请告诉系统管理员。"

ROOT: Final = Path(__file__).resolve().parents[2]
PYTHON: Final = (sys.executable, "-E", "-s", "-m")
COMMAND: tuple[str, ...] = (*PYTHON, "portal.imports.child")


class Cell(NamedTuple):
    """A cell that shows something. ``text`` is what the officer sees, as well as can be said without Excel.

    ``value`` by kind: text str; number Decimal, with the 15 digits that Excel keeps; date a date, a datetime when the
    cell has a time too, a time when it has nothing else; bool bool; formula the value Excel wrote beside it, as text;
    error the text of the error, such as #REF!; sealed an ID number that :mod:`portal.imports.numbers` has sealed.
    """

    row: int
    column: int
    kind: Kind
    value: Value
    text: str

    @property
    def place(self) -> str:
        return f"{column_letters(self.column)}{self.row}"


@dataclass(frozen=True)
class Sheet:
    """A sheet. ``rows``: row number → {column number → cell}, both from 1, ascending, only what shows something.

    ``merged`` are (row, column, last row, last column); the value of each stands in its first cell.
    ``hidden_rows`` are those of ``rows`` that are hidden or filtered out.
    """

    name: str
    state: State = "visible"
    protected: bool = False
    rows: Mapping[int, Mapping[int, Cell]] = field(default_factory=dict)
    merged: tuple[tuple[int, int, int, int], ...] = ()
    hidden_rows: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Book:
    """A workbook: its sheets in their order, those of charts left out; there is at least one."""

    sheets: tuple[Sheet, ...]


def read(name: str, data: bytes) -> Book:
    """What stands in the workbook ``data``, a file of that name.

    Raises Unreadable, and nothing else, with one sentence for whoever uploaded it.
    """
    inspect(name, data)
    with tempfile.TemporaryFile() as given:
        given.write(data)
        given.flush()
        given.seek(0)
        with _started(COMMAND, given, subprocess.PIPE, MEGABYTES, CPU_SECONDS) as child:
            return _told_by(child)


def _told_by(child: subprocess.Popen[bytes]) -> Book:
    """The book, taken in while the child is still reading: on two cores that halves the waiting."""
    assert child.stdout is not None  # noqa: S101 (it was asked for a pipe)
    book = None
    try:
        book = _book(_lines(child.stdout))
    except Unreadable:
        raise
    except Exception:  # a child gone wrong may have written anything
        if child.stdout.read(1):
            raise Unreadable(DAMAGED) from None
    if child.wait() != 0:  # ended by the system for what it took, or too short of memory to say so
        raise Unreadable(EXHAUSTED)
    if book is None:
        raise Unreadable(DAMAGED)
    return book


def _lines(answered: IO[bytes]) -> Iterator[bytes]:
    """Never more of one line than what the longest row may have."""
    return iter(lambda: answered.readline(LONGEST_LINE), b"")


def ask_child(command: Sequence[str], given: IO[bytes], answered: IO[bytes], megabytes: int, seconds: int) -> None:
    """Let a child read ``given`` and write into ``answered``, both files: a pipe could block whoever holds its end.

    It limits itself to so much memory and processor time. Raises Unreadable when that was not enough.
    """
    with _started(command, given, answered, megabytes, seconds) as child:
        if child.wait() != 0:
            raise Unreadable(EXHAUSTED)


@contextmanager
def _started(
    command: Sequence[str], given: IO[bytes], answered: IO[bytes] | int, megabytes: int, seconds: int
) -> Iterator[subprocess.Popen[bytes]]:
    """A child at work, ended after WALL_SECONDS whatever it does, and when we are done with it. Of our environment,
    which holds the secret key and the password of the database, it gets what starts Python."""
    around = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    try:
        child = subprocess.Popen(  # noqa: S603 (our own program)
            [*command, str(megabytes), str(seconds)],
            cwd=ROOT,
            env=around,
            stdin=given,
            stdout=answered,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:
        raise Unreadable(NO_CHILD) from None
    alarm = threading.Timer(WALL_SECONDS, child.kill)
    alarm.start()
    try:
        yield child
    finally:
        alarm.cancel()
        child.kill()
        child.wait()
        if child.stdout is not None:
            child.stdout.close()


def _book(answered: Iterable[bytes]) -> Book:
    """The book that a child wrote down; raises Unreadable with its refusal, or anything when it wrote nonsense."""
    sheets: list[Sheet] = []
    head: dict[str, Any] = {}
    rows: dict[int, dict[int, Cell]] = {}
    hidden: set[int] = set()
    size = 0
    for line in answered:
        size += len(line)
        if size > LONGEST_ANSWER:
            raise Unreadable(EXHAUSTED)
        told = json.loads(line)
        if isinstance(told, list):
            row, is_hidden, cells = told
            rows[row] = {cell[0]: _cell(row, *cell) for cell in cells}
            if not (isinstance(row, int) and 0 < row <= LAST_ROW):
                raise ValueError
            if is_hidden:
                hidden.add(row)
        elif "sheet" in told:
            head, rows, hidden = told, {}, set()
        elif "merged" in told:
            merged = tuple((int(a), int(b), int(c), int(d)) for a, b, c, d in told["merged"])
            protected = bool(told["protected"])
            sheets.append(Sheet(str(head["sheet"]), head["state"], protected, rows, merged, frozenset(hidden)))
        elif "refused" in told:
            raise Unreadable(str(told["refused"]))
        elif told == {"end": True} and sheets:
            return Book(tuple(sheets))
        else:
            raise ValueError
    raise ValueError


def _cell(row: int, column: int, kind: Kind, value: str, seen: str | None) -> Cell:
    if not (isinstance(column, int) and 0 < column <= LAST_COLUMN and isinstance(value, str)):
        raise ValueError
    text = value if seen is None else seen
    if kind in ("text", "formula", "error"):
        return Cell(row, column, kind, value, text)
    if kind == "number":
        return Cell(row, column, kind, Decimal(value), text)
    if kind == "bool":
        return Cell(row, column, kind, text == "TRUE", text)
    if kind == "date":
        if ":" not in value:
            return Cell(row, column, kind, dt.date.fromisoformat(value), text)
        read_time = dt.datetime.fromisoformat if "T" in value else dt.time.fromisoformat
        moment: dt.datetime | dt.time = read_time(value)
        return Cell(row, column, kind, moment, text)
    raise ValueError
