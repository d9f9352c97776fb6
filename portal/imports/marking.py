"""The only place that writes into a foreign workbook: like its reading, in a process of its own that limits itself.

Called as ``python -m portal.imports.marking <megabytes> <seconds>``; given a line of JSON and the workbook::

    {"sheet": name, "head": row, "right": column, "heads": [结果, 说明],
     "rows": [[row, result, told, [[column, sentence], …]], …],
     "cells": [[sheet, row, column, kind, text], …]}

Standard output: the workbook as it came, with those cells red and commented and two more columns; before that, the
``cells`` hold other values: the kind is text, number or date, the text an ISO date for the last. Without ``rows`` that
is all.
"""

import datetime as dt
import json
import sys
from copy import copy
from io import BytesIO
from typing import Any

from openpyxl import load_workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from portal.imports.child import limit

COLOUR = "F8D7D9"
RED = PatternFill("solid", fgColor=COLOUR)
AUTHOR = "园区党建"
MARK = "【园区党建】"  # before every line of a comment that is ours
WIDE = 60  # of the column that says what is wrong
TALL = 300  # of a comment


def mark(book: Any, wanted: dict[str, Any]) -> None:
    """Write results and faults into the sheet; of our last marks nothing stays, of the officer's all."""
    for sheet, row, number, kind, text in wanted.get("cells", ()):
        put(book[sheet], row, number, kind, text)
    if not wanted["rows"]:
        return
    leaf = book[wanted["sheet"]]
    part(leaf, {(row, number) for _sheet, row, number, _kind, _text in wanted["cells"]})
    clean(leaf)
    column = place(leaf, wanted)
    for offset, head in enumerate(wanted["heads"]):
        leaf.cell(wanted["head"], column + offset, head).font = Font(bold=True)
    for offset, width in enumerate((10, WIDE)):
        widen(leaf, column + offset, width).hidden = False
    firsts = {at: (one.min_row, one.min_col) for one in leaf.merged_cells.ranges for at in one.cells}
    sentences: dict[tuple[int, int], list[str]] = {}
    for row, result, told, faults in wanted["rows"]:
        note(leaf, row, column, result)
        note(leaf, row, column + 1, told, Alignment(vertical="top", wrap_text=True))
        for number, sentence in faults:
            at = firsts.get((row, number), (row, number))
            sentences.setdefault(at, []).append(sentence if at[0] == row else f"第{row}行：{sentence}")
    for at, some in sentences.items():
        cell = leaf.cell(*at)
        cell.fill = RED
        cell.comment = said(some, cell.comment)


def said(sentences: list[str], before: Any) -> Comment:
    """A comment with our sentences, a line each, over what the officer wrote there."""
    lines = [MARK + " ".join(sentence.splitlines()) for sentence in sentences]
    author = AUTHOR
    if before is not None:
        lines, author = [*lines, *before.text.splitlines()], before.author
    return Comment("\n".join(lines), author, width=240, height=min(60 + 20 * len(lines), TALL))


def widen(leaf: Any, column: int, width: int) -> Any:
    """Make a column at least so wide; gives its dimension. Columns declared together with it, often all there are, go
    on as they were: declared twice, Excel would want to repair the file."""
    known, letter = leaf.column_dimensions, get_column_letter(column)
    for group in list(known.values()):
        group.reindex()
        if group.min <= column <= group.max:
            for first, last in ((group.min, column - 1), (column, column), (column + 1, group.max)):
                if first <= last:
                    part = copy(group)
                    part.index, part.min, part.max = get_column_letter(first), first, last
                    known[part.index] = part
    usual = leaf.sheet_format.defaultColWidth or 0
    known[letter].width = max(known[letter].width if letter in known else usual, width)
    return known[letter]


def clean(leaf: Any) -> None:
    """Take our marks of the last time away: whatever is still wrong is marked anew."""
    for cell in held(leaf):
        if cell.has_style and cell.fill.fill_type == RED.fill_type and str(cell.fill.fgColor.rgb)[2:] == COLOUR:
            cell.fill = PatternFill()
        if cell.comment is not None and MARK in cell.comment.text:
            lines = [line for line in cell.comment.text.splitlines() if not line.startswith(MARK)]
            cell.comment = Comment("\n".join(lines), cell.comment.author) if lines else None


def note(leaf: Any, row: int, column: int, text: str, alignment: Alignment | None = None) -> None:
    """Text in one of our columns."""
    if text:
        cell = leaf.cell(row, column)
        cell.value, cell.data_type = text, "s"  # text, whatever it begins with
        if alignment is not None:
            cell.alignment = alignment


def put(leaf: Any, row: int, column: int, kind: str, text: str) -> None:
    """Another value in a cell."""
    cell = leaf.cell(row, column)
    if kind == "date":
        cell.value, cell.number_format = dt.date.fromisoformat(text), "yyyy-mm-dd"
        widen(leaf, column, 12)
    elif kind == "number":
        cell.value = float(text) if "." in text else int(text)
        if cell.is_date or any(sign in cell.number_format for sign in "%@"):
            cell.number_format = "General"
    else:
        cell.value = text or None
        if text:
            cell.data_type = "s"  # text, whatever it begins with


def part(leaf: Any, mended: set[tuple[int, int]]) -> None:
    """Undo the merges that would hide what was mended: they show their first cell alone."""
    for one in list(leaf.merged_cells.ranges):
        if any(at in mended and at != (one.min_row, one.min_col) for at in one.cells):
            leaf.merged_cells.remove(one)


def place(leaf: Any, wanted: dict[str, Any]) -> int:
    """The first of the two columns: where they stand from the last time, emptied; else right of everything."""
    last = leaf.max_column  # looking at a cell makes it
    for column in range(1, last + 1):
        if [str(leaf.cell(wanted["head"], column + offset).value) for offset in (0, 1)] == wanted["heads"]:
            for cell in held(leaf):
                if cell.row > wanted["head"] and 0 <= cell.column - column <= 1:
                    cell.value = None
            return column
    return int(max(wanted["right"], last)) + 1


def held(leaf: Any) -> list[Any]:
    """The cells that there are, of a million rows perhaps three; to ask for the others would make them."""
    return list(leaf._cells.values())


def main() -> None:
    limit(int(sys.argv[1]), int(sys.argv[2]))
    wanted = json.loads(sys.stdin.buffer.readline())
    # It would empty the cells under a merge. Merged with the format painter, for filters to work, they hold values that
    # the import has read; and there we write too
    Worksheet._clean_merge_range = lambda leaf, merged: None  # type: ignore[attr-defined]
    book = load_workbook(BytesIO(sys.stdin.buffer.read()), rich_text=True)
    mark(book, wanted)
    out = BytesIO()
    book.save(out)
    sys.stdout.buffer.write(out.getvalue())


if __name__ == "__main__":
    main()
