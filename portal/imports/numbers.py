"""The only place that keeps ID numbers out of a batch: sealed as the workbook comes in, gone when it is settled.

Every cell of every sheet that is a right number, in whatever column, is sealed before anything is kept: in the rows,
and in the stored workbook, where the sealed text stands in its place. So a workbook handed back shows no number and can
be uploaded again. A number with a slip in it stays as it was typed until it is mended or the batch is settled, for how
else should the slip be found.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any, Final

from django.utils import timezone

from orgs import idnumbers, keyring, sealing
from portal.imports.cells import Book, Cell, Sheet
from portal.imports.container import Unreadable
from portal.imports.rewriting import rewritten
from portal.imports.values import BadCell, code
from portal.models import ImportBatch

FIELD: Final = "id_number"
TO: Final = "portal.imports"
PREFIX: Final = "已加密："
SHOWN: Final = "（身份证号，不显示）"
NO_KEY: Final = "服务器上没有身份证号的密钥，含有身份证号的工作簿现在不能导入，请告诉系统管理员。"
MISPLACED: Final = "是身份证号，不能填在这一列，请移到“身份证号”一列"
NOT_OURS: Final = "是别处加密的身份证号，这里读不出来，请重新填写"
SHORTEST: Final = 18  # signs of a cell that may hold one
MOST_CELLS: Final = 100_000  # of a workbook that is written anew while somebody waits: some 7 s


def hidden(book: Book) -> tuple[Book, list[list[Any]]]:
    """The workbook with its numbers sealed, and [sheet, row, column, "text", sealed text] of each. Raises Unreadable
    when there is no key to seal them with."""
    found: list[list[Any]] = []
    today = timezone.localdate()
    try:
        return replace(book, sheets=tuple(_hidden_sheet(leaf, found, today) for leaf in book.sheets)), found
    except keyring.NoKey:
        raise Unreadable(NO_KEY) from None


def _hidden_sheet(leaf: Sheet, found: list[list[Any]], today: dt.date) -> Sheet:
    rows = dict(leaf.rows)
    for number, cells in leaf.rows.items():
        sealed = {
            column: one
            for column, cell in cells.items()
            if len(cell.text) >= SHORTEST and (one := hidden_cell(cell, today)) is not cell
        }
        if sealed:
            rows[number] = {**cells, **sealed}
            found += [[leaf.name, number, column, "text", one.value] for column, one in sealed.items()]
    return replace(leaf, rows=rows)


def hidden_cell(cell: Cell, today: dt.date) -> Cell:
    """The same cell, or a sealed one in the place of one that holds a number, or holds one sealed before."""
    text = cell.text
    if cell.kind not in ("text", "number") or len(text) < SHORTEST:
        return cell
    if text.startswith(PREFIX):
        return cell._replace(kind="sealed", value=text, text=SHOWN)
    if not idnumbers.is_right(text, today):
        return cell
    return cell._replace(kind="sealed", value=PREFIX + sealing.seal(idnumbers.tidy(text), TO), text=SHOWN)


def kept_out(data: bytes, book: Book, cells: list[list[Any]]) -> bytes:
    """The workbook to keep: with the sealed texts in it, or nothing at all where that takes too much."""
    if not cells:
        return data
    if sum(len(row) for leaf in book.sheets for row in leaf.rows.values()) > MOST_CELLS:
        return b""
    try:
        return rewritten(data, {"sheet": "", "rows": [], "cells": cells})
    except Unreadable:
        return b""


def number_of(cell: Cell) -> str:
    """The number in a cell as it was typed; "" for an empty one. Raises BadCell."""
    if cell.kind != "sealed":
        return code(cell)
    try:
        return sealing.unseal(str(cell.value).removeprefix(PREFIX), TO)
    except (sealing.NotOpened, keyring.NoKey):
        raise BadCell(NOT_OURS) from None


def has_any(batch: ImportBatch) -> bool:
    """Whether the rows hold numbers: sealed ones, or such with a slip in the column for them."""
    own = _own_columns(batch)
    cells = (pair for cells in batch.rows.values() for pair in cells.items())
    return any(parts[0] == "sealed" or (column in own and str(parts[2]).strip()) for column, parts in cells)


def _own_columns(batch: ImportBatch) -> set[str]:
    return {column for column, name in batch.mapping.items() if name == FIELD}


def wipe(batch: ImportBatch) -> None:
    """Take the numbers, sealed or not, out of the rows of a batch that is being settled, and its workbook with them."""
    if not has_any(batch):
        return
    own = _own_columns(batch)
    for number, cells in batch.rows.items():
        batch.rows[number] = {
            column: parts for column, parts in cells.items() if column not in own and parts[0] != "sealed"
        }
    batch.file = b""
