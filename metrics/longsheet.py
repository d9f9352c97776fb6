"""The only place that writes the rows of a long table as a workbook keeps them.

openpyxl makes the workbook, its styles and everything above the rows; a cell object for each of a million cells would
take most of the time. What a cell looks like is asked of openpyxl once for each kind of cell, by ``look``.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate
from typing import IO, Any, Final
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl.utils import get_column_letter
from openpyxl.utils.datetime import to_excel

# What a value holds and looks like in a column, the first one being 0: a cell of openpyxl with value and style
Look = Callable[[int, Any], Any]
# Does something for each of these numbers, and gives the results in their order, as ``map`` does
Each = Callable[[Callable[[int], Any], Iterable[int]], Iterator[Any]]

END: Final = b"</sheetData>"
LEVEL: Final = 4  # of compression: half the time of the usual 6, an eighth larger
AT_ONCE: Final = 500  # rows that are joined before they are written
FIRST_DAY: Final = dt.date(1900, 3, 1)  # before it Excel counts a day that never was
BEFORE: Final = FIRST_DAY.toordinal() - 61
USUAL: Final = 300  # characters up to which a text is surely within what a cell takes
PLACE: Final = re.compile(rb'(<(?:c|row) r="[A-Z]*)([0-9]+)')  # of a row or a cell; in a text there is no <
# One value of each kind that has a look of its own
KINDS: Final = ("", "字", "=", 1, 0.5, Decimal("0.5"), FIRST_DAY, dt.datetime(2000, 1, 1), True, None)  # noqa: DTZ001


@dataclass(frozen=True)
class Pieces:
    """The rows of a table that are made some at a time, as many as ``sizes`` says, maybe by other processes.

    ``make`` gives the rows of a piece, fewer if some are no longer there, and what else is to be told of them, which
    ``take`` is given, piece after piece.
    """

    sizes: Sequence[int]
    make: Callable[[int], tuple[Sequence[Sequence[Any]], Any]]
    take: Callable[[Any], None]
    each: Each = map

    def __iter__(self) -> Iterator[Sequence[Any]]:
        for number in range(len(self.sizes)):
            rows, told = self.make(number)
            self.take(told)
            yield from rows


class Rows:
    """The rows of one sheet, from row ``first`` on. ``heights`` gives the height of a row in points, or 0 for usual."""

    def __init__(self, look: Look, columns: int, heights: Callable[[Sequence[Any]], int]) -> None:
        self.look = look
        self.letters = [get_column_letter(number) for number in range(1, columns + 1)]
        self.heights = heights
        self.styles: list[dict[Any, int]] = [{} for _ in self.letters]
        self.known: set[int] = set()  # the styles there are, once no more may be added

    def write(self, out: IO[bytes], rows: Iterable[Sequence[Any]], first: int) -> None:
        """The XML of the rows, in UTF-8."""
        kept: list[str] = []
        for row in self.lines(rows, first):
            kept.append(row)
            if len(kept) == AT_ONCE:
                out.write("".join(kept).encode())
                kept.clear()
        out.write("".join(kept).encode())

    def write_pieces(self, out: IO[bytes], pieces: Pieces, first: int) -> None:
        """The same of rows in pieces; each is made and put into XML by whom ``pieces.each`` chooses."""
        # Who makes a piece can not add a style to the workbook
        self.known = {self.look(place, value).style_id for place in range(len(self.letters)) for value in KINDS}
        firsts = list(accumulate(pieces.sizes, initial=first))

        def made(number: int) -> tuple[bytes, int, Any]:
            rows, told = pieces.make(number)
            return "".join(self.lines(rows, firsts[number])).encode(), len(rows), told

        missing = 0
        for size, (xml, number, told) in zip(pieces.sizes, pieces.each(made, range(len(pieces.sizes))), strict=True):
            out.write(moved_up(xml, missing) if missing else xml)
            missing += size - number
            pieces.take(told)

    def lines(self, rows: Iterable[Sequence[Any]], first: int) -> Iterator[str]:
        places = range(len(self.letters))
        letters, styles, rare, heights = self.letters, self.styles, self._rare, self.heights
        for number, values in enumerate(rows, first):
            height = heights(values)
            parts = [f'<row r="{number}" ht="{height}" customHeight="1">' if height else f'<row r="{number}">']
            for place in places:
                value = values[place]
                kind = type(value)
                style = styles[place].get(kind)
                # The usual cells; a text only where it is plain, short and no formula's beginning
                if style is None:
                    parts.append(rare(place, number, value))
                elif not value and kind is str:
                    parts.append(f'<c r="{letters[place]}{number}" s="{style}"/>')
                elif kind is str:
                    if value.isprintable() and value[0] not in "=+-@ " and value[-1] != " ":
                        if "&" in value or "<" in value or ">" in value:
                            value = escaped(value)
                        if len(value) < USUAL:
                            parts.append(
                                f'<c r="{letters[place]}{number}" s="{style}" t="inlineStr"><is><t>{value}</t></is></c>'
                            )
                            continue
                    parts.append(rare(place, number, values[place]))
                elif kind is int:
                    parts.append(f'<c r="{letters[place]}{number}" s="{style}" t="n"><v>{value}</v></c>')
                elif kind is dt.date:
                    if value < FIRST_DAY:
                        parts.append(rare(place, number, value))
                    else:
                        days = value.toordinal() - BEFORE
                        parts.append(f'<c r="{letters[place]}{number}" s="{style}" t="n"><v>{days}</v></c>')
                else:
                    parts.append(f'<c r="{letters[place]}{number}" s="{style}"/>')
            parts.append("</row>")
            yield "".join(parts)

    def _rare(self, place: int, number: int, value: Any) -> str:
        """A cell as openpyxl fills it; its style is known from then on where every cell of the kind bears the same."""
        cell = self.look(place, value)
        style, held = cell.style_id, cell.value
        if self.known and style not in self.known:
            raise ValueError(f"{value!r} looks like none of KINDS")
        at = f'<c r="{self.letters[place]}{number}" s="{style}"'
        if held == "":  # nothing but signs that no cell takes
            return f'{at} t="inlineStr"/>'
        if held is None:
            if value is None:
                self.styles[place][type(None)] = style
            return f"{at}/>"
        if isinstance(held, str):
            if type(value) is str and not cell.quotePrefix:
                self.styles[place][str] = style
            space = ' xml:space="preserve"' if held != held.strip() or "\n" in held else ""
            return f'{at} t="inlineStr"><is><t{space}>{escaped(held)}</t></is></c>'
        if isinstance(held, dt.date):
            if type(value) is dt.date:
                self.styles[place][dt.date] = style
            days: float = to_excel(held)  # type: ignore[no-untyped-call]
            return f'{at} t="n"><v>{days:.16g}</v></c>'
        if type(value) is int and held is value:
            self.styles[place][int] = style
        return f'{at} t="n"><v>{float(held):.16g}</v></c>'


def moved_up(xml: bytes, rows: int) -> bytes:
    """Rows as they are so many rows higher."""
    return PLACE.sub(lambda found: found[1] + str(int(found[2]) - rows).encode(), xml)


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def spliced(frame: IO[bytes], name: str, rows: IO[bytes], out: IO[bytes]) -> None:
    """The workbook ``frame`` with ``rows`` at the end of the sheet kept as ``name``."""
    with ZipFile(frame) as source, ZipFile(out, "w", ZIP_DEFLATED, compresslevel=LEVEL) as target:
        for item in source.infolist():
            data = source.read(item)
            if item.filename != name:
                target.writestr(item, data)
                continue
            above, end, below = data.partition(END)
            if not end:
                raise ValueError(f"{name} holds no rows")
            with target.open(item.filename, "w", force_zip64=True) as sheet:
                sheet.write(above)
                while some := rows.read(1 << 20):
                    sheet.write(some)
                sheet.write(end + below)
