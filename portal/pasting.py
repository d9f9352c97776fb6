"""The only place that reads a block copied from a sheet as text, and finds which of our columns it has."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from portal.imports.heads import LEAST, plain

# A cell with a tab, a line break or doubled quotes in it is quoted by the program it was copied from
_CELL = re.compile(r'"((?:[^"]|"")*)"(?=\t|\n|$)|([^\t\n]*)')
_NEEDS_QUOTES = re.compile(r'[\t\n]|""')
# A head stands near the top
DEEPEST: Final = 5


@dataclass(frozen=True)
class Block:
    """Lines of cells, the first of which was line ``first`` of the text. ``columns`` says place by place which field
    the head names, "" for none; ``None`` where there is no head."""

    lines: Sequence[Sequence[str]]
    first: int = 1
    head: Sequence[str] = ()
    columns: Sequence[str] | None = None


def read_cells(text: str) -> list[list[str]]:
    """Line by line the cells between the tabs, blanks around them taken away, a line break within one a blank.

    A blank line stays one (``[""]``): it stands for a row that is passed over. static/portal/grid.js reads alike.
    """
    left = text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
    if not left.strip():
        return []
    lines: list[list[str]] = [[]]
    at = 0
    while True:
        found = _CELL.match(left, at)
        if found is None:  # every text matches, the empty one too
            break
        quoted = found[1]
        is_quoted = quoted is not None and _NEEDS_QUOTES.search(quoted)
        cell = quoted.replace('""', '"') if is_quoted else found[0]
        lines[-1].append(re.sub(r"\s+", " ", cell).strip())
        at = found.end()
        if at >= len(left):
            break
        if left[at] == "\n":
            lines.append([])
        at += 1
    return lines


def read(text: str, known: Mapping[str, Sequence[str]]) -> Block:
    """The block in ``text``; ``known`` gives for each field the heads under which it is found."""
    lines = read_cells(text)
    words: dict[str, str] = {}
    for name, heads in known.items():
        for head in heads:
            words.setdefault(plain(head), name)
    for number, line in enumerate(lines[:DEEPEST]):
        named = [words.get(plain(cell), "") if cell else "" for cell in line]
        if len(set(named) - {""}) >= LEAST:
            taken: set[str] = set()
            columns = []
            for name in named:  # of two columns with the same head the first
                columns.append("" if name in taken else name)
                taken.add(name)
            return Block(lines[number + 1 :], number + 2, line, columns)
    return Block(lines)
