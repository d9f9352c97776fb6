"""The only place that writes workbooks: typed cells, print setup, and text that never becomes a formula.

Workbooks of others are read in ``portal/imports``, in a process of their own and without openpyxl.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from decimal import Decimal
from io import BytesIO
from tempfile import TemporaryFile
from typing import Any, Final, Literal
from xml.etree.ElementTree import Element
from zipfile import ZIP_DEFLATED, ZipFile

from django.utils import timezone
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.xml.constants import SHEET_MAIN_NS
from openpyxl.xml.functions import fromstring, tostring

from metrics.longsheet import Pieces, Rows, spliced

Kind = Literal["text", "mark", "number", "date", "percent", "tick"]  # a mark is a short text in the middle

CONTENT_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# The longest text Excel takes into one cell.
LONGEST: Final = 32_767
# What Excel, LibreOffice or a CSV export further on would read as the beginning of a formula.
FORMULA_STARTS: Final = ("=", "+", "-", "@")

WIDE: Final = re.compile("[\u2000-\U0010ffff]")
TICK: Final = '"√"'
INTEGER, FRACTION, PERCENT, DAY, MOMENT, TEXT = "#,##0", "#,##0.0##", "0.0%", "yyyy-mm-dd", "yyyy-mm-dd hh:mm", "@"
HEAD_FONT: Final = "黑体"
BODY_FONT: Final = "仿宋"
GREY: Final = PatternFill("solid", fgColor="F2F2F2")
THIN, THICK = Side("thin", "8A9099"), Side("medium", "1F2328")
BODY, RULE = Font(BODY_FONT, 11), Border(bottom=THIN)
BODY_LOOK: Final = {"font": BODY, "border": RULE}


@dataclass(frozen=True)
class Header:
    """One column: its head, what its cells hold, its width in characters of Latin text."""

    label: str
    kind: Kind = "text"
    width: float = 14


@dataclass(frozen=True)
class Table:
    """A list as seen on a page. ``lines`` stand under the title, ``totals`` under the head, ``facts`` on sheet 2.

    What is a function is asked after the last row, by :func:`table_workbook` alone. A percent is given as on screen
    (90.0, or ``None`` for “—”); other empty values leave the cell empty.
    """

    title: str
    lines: Sequence[str | Callable[[], str]]
    headers: Sequence[Header]
    rows: Iterable[Sequence[Any]]
    totals: Sequence[Any] | Callable[[], Sequence[Any]] | None = None
    facts: Sequence[tuple[str, Any]] | Callable[[], Sequence[tuple[str, Any]]] = ()

    @property
    def first(self) -> int:
        """The number of the first row in its sheet."""
        return 3 + len(self.lines) + (self.totals is not None)


def table_workbook(table: Table) -> bytes:
    """Sheet 1 the table, with frozen head and totals under it; sheet 2 “说明” with the facts about it."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(sheet_title(table.title))
    looks = _Looks(sheet)
    with TemporaryFile() as rows, BytesIO() as out:
        long = Rows(
            lambda place, value: looks.cell(table.headers[place], value, **BODY_LOOK),
            len(table.headers),
            lambda values: _height_of(table.headers, values),
        )
        if isinstance(table.rows, Pieces):
            long.write_pieces(rows, table.rows, table.first)
        else:
            long.write(rows, table.rows, table.first)
        begin_table(sheet, table)
        facts = table.facts() if callable(table.facts) else table.facts
        write_table(book, _explanation(f"{table.title}：说明", facts), "说明")
        rows.seek(0)
        spliced(BytesIO(_saved(book)), "xl/worksheets/sheet1.xml", rows, out)
        return out.getvalue()


def tables_workbook(tables: Iterable[tuple[str, Table]], facts: Sequence[tuple[str, Any]]) -> bytes:
    """A sheet for each table under its name, and as the last one “说明” with the facts about them all."""
    book = Workbook(write_only=True)
    for name, table in tables:
        write_table(book, table, sheet_title(name))
    write_table(book, _explanation("说明", facts), "说明")
    return _saved(book)


def _explanation(title: str, facts: Sequence[tuple[str, Any]]) -> Table:
    return Table(title, (), (Header("项目", width=20), Header("内容", width=80)), facts)


# Formulas


@dataclass
class Formulas:
    """The formulas of a workbook with the values they have now.

    openpyxl writes formulas without values, so that a viewer that does not calculate (a phone, a preview) shows
    nothing; :meth:`saved` writes the values beside them.
    """

    book: Workbook
    values: dict[tuple[str, str], int | float | str]

    def put(self, cell: Any, formula: str, value: int | float | Decimal | str, number_format: str) -> None:
        """Fill a cell with a formula of our own making; never with a text from the database."""
        cell.value, cell.data_type, cell.number_format = formula, "f", number_format
        self.values[cell.parent.title, cell.coordinate] = float(value) if isinstance(value, Decimal) else value

    def saved(self) -> bytes:
        self.book.calculation.fullCalcOnLoad = True
        plain_file, out = BytesIO(_saved(self.book)), BytesIO()
        with ZipFile(plain_file) as source, ZipFile(out, "w", ZIP_DEFLATED) as target:
            titles = {f"xl/worksheets/sheet{number}.xml": title for number, title in enumerate(self.book.sheetnames, 1)}
            for item in source.infolist():
                data = source.read(item)
                if item.filename in titles:
                    data = self._with_values(data, titles[item.filename])
                target.writestr(item, data)
        return out.getvalue()

    def _with_values(self, xml: bytes, title: str) -> bytes:
        root = fromstring(xml)
        for cell in root.iter(f"{{{SHEET_MAIN_NS}}}c"):
            value = self.values.get((title, cell.get("r", "")))
            if value is not None:
                self._write_value(cell, value)
        written: Any = tostring(root)
        return bytes(written)

    @staticmethod
    def _write_value(cell: Element, value: int | float | str) -> None:
        held = cell.find(f"{{{SHEET_MAIN_NS}}}v")
        assert held is not None  # noqa: S101 - openpyxl writes an empty <v> beside every <f>
        held.text = str(value)
        if isinstance(value, str):
            cell.set("t", "str")


# Statistical forms


@dataclass(frozen=True)
class FormHead:
    """One head of a form, with the row and column of the head it starts at and how many it spans."""

    label: str
    row: int
    column: int
    rows: int
    columns: int


@dataclass(frozen=True)
class FormColumn:
    """A column of counts, or of rates: the columns ``over`` (by their place, from 1) added up, divided by ``under``."""

    kind: Literal["count", "rate"]
    over: Sequence[int] = ()
    under: int = 0


@dataclass(frozen=True)
class FormLine:
    """One row: its label and a value for every column, rates in per cent or ``None``."""

    label: str
    values: Sequence[int | Decimal | None]


@dataclass(frozen=True)
class Form:
    """A statistical form. Every block of rows adds up to ``total``; rates are written as formulas over the counts."""

    title: str
    number: str
    above: Sequence[str]
    heads: Sequence[Sequence[FormHead]]
    index: Sequence[str]
    columns: Sequence[FormColumn]
    total: FormLine
    blocks: Sequence[tuple[str, Sequence[FormLine]]]
    below: Sequence[str]
    notes: Sequence[str]


def form_workbook(form: Form, names: Table, definitions: Table) -> bytes:
    """Sheet 1 the form with live sums and rates, sheet 2 the names behind the counts, sheet 3 the definitions.

    The tick columns of ``names`` are summed in its totals row.
    """
    book = Workbook()
    del book[book.sheetnames[0]]
    formulas = Formulas(book, {})
    write_form(book, formulas, form)
    names_sheet = write_table(book, names, "名单")
    tick_sums(names_sheet, formulas, names)
    write_table(book, definitions, "口径")
    return formulas.saved()


def write_form(book: Workbook, formulas: Formulas, form: Form) -> None:
    """Append the form as a sheet: number, title, line above, merged heads, index, total, blocks, line below, notes."""
    sheet = book.create_sheet(sheet_title(form.title))
    last = len(form.columns) + 1
    landscape(sheet)
    _widths(sheet, form)
    _span(sheet, 1, 1, last, form.number, Font(BODY_FONT, 11), "right")
    _span(sheet, 2, 1, last, form.title, Font(HEAD_FONT, 20), "center", height=34)
    _spread(sheet, 3, last, form.above)
    top = 4
    for head in (head for row in form.heads for head in row):
        cell = sheet.cell(top + head.row, head.column + 1)
        put(cell, head.label)
        cell.font, cell.alignment = Font(HEAD_FONT, 10), Alignment("center", "center", wrap_text=True)
        if head.rows > 1 or head.columns > 1:
            sheet.merge_cells(
                start_row=cell.row, start_column=cell.column,
                end_row=cell.row + head.rows - 1, end_column=cell.column + head.columns - 1,
            )  # fmt: skip
    index = top + len(form.heads)
    for row in range(top, index):
        sheet.row_dimensions[row].height = 30
    for place, label in enumerate(form.index, 1):
        cell = sheet.cell(index, place)
        put(cell, label)
        cell.font, cell.alignment = Font(BODY_FONT, 9), Alignment("center")
    sheet.freeze_panes = sheet.cell(index + 1, 2)
    sheet.print_title_rows = f"{top}:{index}"
    total = index + 1
    row = total + 1
    ranges: list[tuple[int, int]] = []
    for title, lines in form.blocks:
        _span(sheet, row, 1, last, title, Font(HEAD_FONT, 10), "left", indent=1)
        for offset, line in enumerate(lines, 1):
            _form_line(sheet, formulas, form, row + offset, line, Font(BODY_FONT, 11))
        if lines:
            ranges.append((row + 1, row + len(lines)))
        row += len(lines) + 1
    _form_line(sheet, formulas, form, total, form.total, Font(BODY_FONT, 11, bold=True), ranges[0] if ranges else None)
    _grid(sheet, top, row - 1, last)
    _spread(sheet, row, last, form.below)
    for offset, note in enumerate(form.notes, 1):
        text = f"{'说明：' if offset == 1 else ''}{offset}. {note}"
        _span(sheet, row + offset, 1, last, text, Font(BODY_FONT, 10), "left", height=_height(sheet, last, text))
    sheet.print_area = f"A1:{get_column_letter(last)}{row + len(form.notes)}"


def _form_line(
    sheet: Any,
    formulas: Formulas,
    form: Form,
    row: int,
    line: FormLine,
    font: Font,
    sums: tuple[int, int] | None = None,
) -> None:
    """One row of a form; with ``sums`` (first and last row) its counts are live sums of those rows."""
    sheet.row_dimensions[row].height = 21
    put(sheet.cell(row, 1), line.label)
    sheet.cell(row, 1).font, sheet.cell(row, 1).alignment = font, Alignment("left", "center", indent=1)
    for place, (column, value) in enumerate(zip(form.columns, line.values, strict=True), 2):
        cell = sheet.cell(row, place)
        letter = get_column_letter(place)
        if column.kind == "rate":
            over = "+".join(f"{get_column_letter(number + 1)}{row}" for number in column.over)
            under = f"{get_column_letter(column.under + 1)}{row}"
            # Tenths are rounded as whole numbers: a half is exact there, so the value is that of the page to the digit
            formula = f'=IF({under}=0,"—",ROUND(({over})*1000/{under},0)/10)'
            formulas.put(cell, formula, "—" if value is None else value, "0.0")
        elif sums is not None:
            formulas.put(cell, f"=SUM({letter}{sums[0]}:{letter}{sums[1]})", value or 0, INTEGER)
        else:
            put(cell, value, "number")
        cell.font, cell.alignment = font, Alignment("right", "center")


def tick_sums(sheet: Any, formulas: Formulas, names: Table) -> None:
    """Under the heads of a list, how many rows are ticked; the sums follow the filter of the sheet."""
    head = 2 + len(names.lines)
    first, last = head + 2, sheet.max_row
    for place in (number for number, header in enumerate(names.headers, 1) if header.kind == "tick"):
        letter = get_column_letter(place)
        cell = sheet.cell(head + 1, place)
        count = sum(sheet.cell(row, place).value == 1 for row in range(first, last + 1))
        formulas.put(cell, f"=SUBTOTAL(109,{letter}{first}:{letter}{max(last, first)})", count, INTEGER)
        cell.alignment = Alignment("center", "top")
    sheet.auto_filter.ref = f"A{head}:{get_column_letter(len(names.headers))}{max(last, first)}"


def _widths(sheet: Any, form: Form) -> None:
    lines = [form.total, *(line for _, lines in form.blocks for line in lines)]
    labels = max((_length(line.label) for line in lines), default=0)
    sheet.column_dimensions["A"].width = min(max(labels + 3, 16), 36)
    for place in range(len(form.columns)):
        longest = max(len(f"{line.values[place] or 0:,}") for line in lines)
        sheet.column_dimensions[get_column_letter(place + 2)].width = max(longest + 2, 6.2)


def _length(text: str) -> int:
    """The width of a text in characters of Latin text; a Chinese character takes two."""
    return len(text) + (0 if text.isascii() else len(WIDE.findall(text)))


def _height(sheet: Any, last: int, text: str) -> int:
    """The height in points of a merged row that ``text`` is wrapped into."""
    across = sum(sheet.column_dimensions[get_column_letter(place)].width for place in range(1, last + 1))
    return 15 * int(_length(text) / (across * 1.05) + 1)


def _span(
    sheet: Any, row: int, first: int, last: int, text: str, font: Font, side: str, *, height: int = 20, indent: int = 0
) -> None:
    """A text across merged columns of one row."""
    cell = sheet.cell(row, first)
    put(cell, text)
    cell.font, cell.alignment = font, Alignment(side, "center", wrap_text=True, indent=indent)
    if last > first:
        sheet.merge_cells(start_row=row, start_column=first, end_row=row, end_column=last)
    sheet.row_dimensions[row].height = max(height, sheet.row_dimensions[row].height or 0)


def _spread(sheet: Any, row: int, last: int, texts: Sequence[str]) -> None:
    """Texts side by side over the width of the form, the first to the left edge, the last to the right one."""
    edges = [1 + last * place // len(texts) for place in range(len(texts) + 1)]
    for place, text in enumerate(texts):
        side = "left" if place == 0 else "right" if place == len(texts) - 1 else "center"
        _span(sheet, row, edges[place], edges[place + 1] - 1, text, Font(BODY_FONT, 11), side, height=22)


def _grid(sheet: Any, top: int, bottom: int, last: int) -> None:
    """Thin lines between all cells, a thick frame around them."""
    ink, frame = Side("thin", "1F2328"), Side("medium", "1F2328")
    for row in range(top, bottom + 1):
        for place in range(1, last + 1):
            sheet.cell(row, place).border = Border(
                left=frame if place == 1 else ink,
                right=frame if place == last else ink,
                top=frame if row == top else ink,
                bottom=frame if row == bottom else ink,
            )


def sheet_title(text: str) -> str:
    """``text`` as a tab name: at most 31 characters, none of those Excel refuses there."""
    return re.sub(r"[\[\]:*?/\\']", "", plain(text)).strip()[:31] or "表"


def plain(text: str) -> str:
    """Text as a cell can hold it: without control characters and lone surrogates, line ends as \\n, not too long."""
    text = ILLEGAL_CHARACTERS_RE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = re.sub("[\ud800-\udfff\ufffe\uffff]", "", text)
    return text[:LONGEST]


def put(cell: Any, value: Any, kind: Kind = "text") -> None:
    """Fill a cell with a typed value. Text stays text, whatever it begins with. A tick is 1, shown as √."""
    if kind == "percent" and value is None:
        value = "—"
    if value is None or value == "":
        return
    if isinstance(value, bool):
        value = "是" if value else "否"
    if kind in ("text", "mark") and not isinstance(value, dt.date):
        value = str(value)
    if isinstance(value, dt.datetime):
        cell.value = timezone.make_naive(value) if timezone.is_aware(value) else value
        cell.number_format = MOMENT
    elif isinstance(value, dt.date):
        cell.value, cell.number_format = value, DAY
    elif isinstance(value, int | float | Decimal):
        if kind == "tick":
            cell.value, cell.number_format = value, TICK
        elif kind == "percent":
            cell.value, cell.number_format = Decimal(str(value)) / 100, PERCENT
        else:
            cell.value, cell.number_format = value, INTEGER if value == int(value) else FRACTION
    else:
        text = plain(str(value))
        cell.value = text
        cell.data_type = "s"
        if text.startswith(FORMULA_STARTS):
            cell.quotePrefix = True


def write_table(book: Workbook, table: Table, title: str) -> Any:
    """Append a sheet with ``table``: title, lines, head, totals, rows."""
    sheet = book.create_sheet(title)
    begin_table(sheet, table)
    looks = _Looks(sheet)
    for number, row in enumerate(table.rows, table.first):
        if height := _height_of(table.headers, row):
            sheet.row_dimensions[number].height = height
        sheet.append(looks.line(table.headers, row, **BODY_LOOK))
    return sheet


def begin_table(sheet: Any, table: Table) -> None:
    """Fill an empty sheet with all that stands above the rows of ``table``."""
    top = 1 + len(table.lines)  # the last row above the head
    totals = table.totals() if callable(table.totals) else table.totals
    for number, header in enumerate(table.headers, 1):
        total = totals[number - 1] if totals is not None else None
        # A number that does not fit is shown as ###; it is bold and indented
        widest = len(f"{total:,}") + 3 if type(total) is int else 0
        sheet.column_dimensions[get_column_letter(number)].width = max(header.width, widest)
    sheet.freeze_panes = f"B{table.first}"
    landscape(sheet)
    sheet.print_title_rows = f"{top + 1}:{top + 1}"
    sheet.append([_cell(sheet, table.title, font=Font(HEAD_FONT, 16))])
    for line in table.lines:
        sheet.append([_cell(sheet, line() if callable(line) else line, font=BODY)])
    edge = Border(top=THICK, bottom=THIN)
    centred = Alignment("center", "center", wrap_text=True)
    heads = [header.label for header in table.headers]
    sheet.row_dimensions[top + 1].height = max(18, 15 * _lines(table.headers, heads))
    sheet.append(
        [
            _cell(sheet, header.label, font=Font(HEAD_FONT, 11), border=edge, alignment=centred, fill=GREY)
            for header in table.headers
        ]
    )
    if totals is not None:
        bold = Font(BODY_FONT, 11, bold=True)
        if height := _height_of(table.headers, totals):
            sheet.row_dimensions[top + 2].height = height
        sheet.append(_Looks(sheet).line(table.headers, totals, font=bold, border=RULE, fill=GREY))


def _height_of(headers: Sequence[Header], values: Sequence[Any]) -> int:
    """The height of a row in points; 0 for one line."""
    lines = _lines(headers, values)
    return 16 * lines if lines > 1 else 0


def _lines(headers: Sequence[Header], values: Sequence[Any]) -> int:
    """How many lines the longest text of a row is wrapped into; not every program works that out by itself."""
    most = 1
    for header, value in zip(headers, values, strict=True):
        if type(value) is str and len(value) * 2 > header.width:
            wrapped = (int(_length(line) * 1.08 / header.width) + 1 for line in plain(value).split("\n"))
            most = max(most, sum(wrapped))
    return min(most, 27)


ALIGNMENTS: Final[dict[Kind, Alignment]] = {
    "text": Alignment("left", "center", wrap_text=True),
    "mark": Alignment("center", "center", wrap_text=True),
    # Not up against the text of the next column
    "number": Alignment("right", "center", indent=1),
    "date": Alignment("right", "center", indent=1),
    "percent": Alignment("right", "center", indent=1),
    "tick": Alignment("center", "center"),
}


class _Looks:
    """The looks of the cells of a sheet, each worked out once: setting them one by one takes most of the time."""

    def __init__(self, sheet: Any) -> None:
        self.sheet = sheet
        self.known: dict[Any, Any] = {}

    def line(self, headers: Sequence[Header], values: Sequence[Any], **style: Any) -> list[Any]:
        return [self.cell(header, value, **style) for header, value in zip(headers, values, strict=True)]

    def cell(self, header: Header, value: Any, **style: Any) -> Any:
        cell: Any = WriteOnlyCell(self.sheet)
        put(cell, value, header.kind)
        key = (header.kind, cell.number_format, cell.quotePrefix, *map(id, style.values()))
        if key not in self.known:
            for name, part in (style | {"alignment": ALIGNMENTS[header.kind]}).items():
                setattr(cell, name, part)
            self.known[key] = cell._style
        cell._style = copy(self.known[key])
        return cell


def _cell(sheet: Any, value: Any, kind: Kind = "text", **style: Any) -> Cell:
    cell = WriteOnlyCell(sheet)
    put(cell, value, kind)
    for name, part in style.items():
        setattr(cell, name, part)
    return cell


def landscape(sheet: Any, across: int = 1) -> None:
    """A4 landscape, ``across`` pages wide; the document margins 37/35/28/26 mm turned with the page."""
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = 9  # A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = across, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    margins = sheet.page_margins
    margins.top, margins.bottom, margins.left, margins.right = (mm / 25.4 for mm in (28, 26, 35, 37))
    margins.header = margins.footer = 12 / 25.4
    sheet.oddFooter.center.text = "第 &P 页，共 &N 页"
    sheet.print_options.horizontalCentered = True


def _saved(book: Workbook) -> bytes:
    out = BytesIO()
    book.save(out)
    return out.getvalue()
