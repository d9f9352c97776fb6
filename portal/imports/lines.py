"""The only place that tells the lines of a foreign sheet apart: records, sums, notes, the head again, and nothing."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from portal.imports.cells import Cell, Sheet
from portal.imports.heads import Head, plain

NUMBERING: Final = "序号"
Cells = Mapping[int, Cell]

# Written without blanks: 合  计 is a sum too. An enterprise may be called 汇总信息科技有限公司, so a word alone, or
# before a number, a bracket or a colon
_SUM: Final = re.compile("(本页|本表|以上)?(合计|总计|小计|共计|累计|汇总)([\\d（(:：].*)?")
_NOTE: Final = re.compile(
    "(注|备注|说明|填表说明|填报说明|填表人|制表人?|审核人?|复核人?|经办人|联系人|联系电话|填报(人|单位|日期|时间)?"
    "|填表(日期|时间)?|单位负责人|负责人|(单位)?[（(]?盖章[）)]?|单位[（(](盖章|公章)[）)])(\\d*[:：.、].*)?"
)
_NOTE_AND_BLANK: Final = re.compile(
    r"(注|备注|说明|填表人|制表人?|审核人?|经办人|填报人?|单位负责人|负责人)\s+\S.*", re.S
)
_NUMBER: Final = re.compile(r"[\d.、()（）一二三四五六七八九十]+")
# What a sum or a note begins with: most rows are neither, and are asked no more
_BEGINNINGS: Final = frozenset("本表以合总小共累汇注备说填制审复经联单负盖")
# A stroke says that there is nothing to say
_STROKES: Final = re.compile(r"[\s/／\\＼\-－—–―_~]*")
MAYBE_NOTHING: Final = frozenset(["", *" \t\r\n\u00a0\u3000\x0b\x0c\x1c\x1d\x1e\x1f\x85\u2028\u2029/／\\＼-－—–―_~"])


def is_nothing(cell: Cell) -> bool:
    """Whether a cell says nothing: blanks, or strokes in its place. Of those that begin with one of MAYBE_NOTHING, and
    with other blanks, which are rare."""
    return not cell.text.strip() or (cell.kind == "text" and _STROKES.fullmatch(cell.text) is not None)


def as_seen(leaf: Sheet, head: Head) -> dict[int, dict[int, Cell]]:
    """The rows under the head; what stands in a cell that is merged downwards stands in each of its rows."""
    rows = {number: dict(cells) for number, cells in leaf.rows.items() if number > head.last_row}
    for top, left, bottom, right in leaf.merged:
        cell = leaf.rows.get(top, {}).get(left)
        if top <= head.last_row or bottom == top or left != right or cell is None:
            continue
        for number in range(top + 1, bottom + 1):
            if number in rows:
                rows[number] = dict(sorted({**rows[number], left: cell._replace(row=number)}.items()))
    return rows


class Lines:
    """Tells the rows under one head apart."""

    def __init__(self, head: Head, mapping: Mapping[int, str]) -> None:
        self.heads = {column: plain(path[-1]) for column, path in head.names.items()}
        self.numbering = {column for column, word in self.heads.items() if word == NUMBERING}
        self.filling = sorted(mapping)
        self.beginnings = {column: {head.names[column][-1].strip()[:1], self.heads[column][:1]} for column in mapping}

    def why_no_record(self, cells: Cells) -> str | None:
        """``None`` for a record; for a sum, a note or the head once more what it says; "" for what says nothing."""
        first, is_beside = self._first(cells)
        if not first:
            return ""  # nothing, or a number printed before a row that nobody filled in
        if is_beside or is_note(first) or self._is_head(cells):
            return " ".join(text for _column, text in self._told(cells))
        return None

    def _first(self, cells: Cells) -> tuple[str, bool]:
        """The first text of a row but for its number, and whether all there is stands in the column of the numbers."""
        found = ""
        for column, text in self._told(cells):
            found = found or text
            if column not in self.numbering:
                return found, False
        return found, True

    def _told(self, cells: Cells) -> Iterator[tuple[int, str]]:
        for column, cell in cells.items():  # ascending
            text = cell.text.strip()
            if text and not (column in self.numbering and _NUMBER.fullmatch(text)):
                yield column, text

    def _is_head(self, cells: Cells) -> bool:
        """Whether a row repeats the head, as at the top of each printed page."""
        many = 0
        for column in self.filling:
            text = cells[column].text.strip() if column in cells else ""
            if text and (text[0] not in self.beginnings[column] or plain(text) != self.heads[column]):
                return False
            many += bool(text)
        return many > 1


def is_note(text: str) -> bool:
    if text[0] not in _BEGINNINGS:
        return False
    squeezed = re.sub(r"\s", "", text)
    return bool(_SUM.fullmatch(squeezed) or _NOTE.fullmatch(squeezed) or _NOTE_AND_BLANK.fullmatch(text))
