"""The only place that parses the XML of a workbook: its sheets, formats, texts and cells, streamed, nothing kept twice.

openpyxl's read-only mode is not used: measured on a sheet of 1,048,576 empty formatted rows it takes 16 s and 544 MB
(here 4 s and 33 MB); it hides merged cells, hidden rows, protection and the values beside formulas; and it takes the
built-in Chinese date formats 27 to 36 and 50 to 58 for numbers.
"""

import datetime as dt
import posixpath
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation, Overflow
from typing import Any, Final, Protocol
from xml.sax import SAXException
from xml.sax.handler import ContentHandler
from zipfile import ZipFile

from defusedxml import DefusedXmlException
from defusedxml.expatreader import DefusedExpatParser

from portal.imports.container import DAMAGED, SUSPECT, Unreadable
from portal.imports.formats import (
    BUILT_IN,
    KEPT,
    Format,
    moment,
    plain,
    read_format,
    show_moment,
    show_number,
)

MOST_ROWS: Final = 20_100  # as many as a batch takes, and what stands above and below them
MOST_COLUMNS: Final = 100
LONGEST_CELL: Final = 2_000
MOST_CELLS: Final = 800_000
MOST_TEXT: Final = 20_000_000
MOST_MERGED: Final = 100_000
MOST_SHEETS: Final = 200
DEEPEST: Final = 100
LAST_ROW, LAST_COLUMN = 1_048_576, 16_384

TOO_MUCH: Final = "文件里有内容的单元格太多，请拆成几个文件分次上传。"
# What is told of a formula whose value nobody has worked out: a cell that looks filled to whoever wrote it
UNKNOWN: Final = "（公式，没有算出的值）"
NO_SHEET: Final = "文件里没有工作表，请核对是否选对了文件。"

# A cell on its way to the parent: column, kind, value as text, what is seen (nothing when it is the value)
Wire = tuple[int, str, str, str | None]


class Sink(Protocol):
    """Takes what a sheet holds while it is being read; each call gives the sheet's next row with content."""

    def __call__(self, row: int, is_hidden: bool, cells: list[Wire]) -> None: ...


class Broken(Exception):
    """A part that does not say what a part of its kind says."""


class Part(ContentHandler):
    """A part of the archive; subclasses see local names, so that any prefix and strict OOXML read alike."""

    def __init__(self) -> None:
        super().__init__()
        self.depth = 0

    def startElement(self, name: str, attrs: Any) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise Broken
        self.begin(name.rpartition(":")[2], attrs)

    def endElement(self, name: str) -> None:
        self.depth -= 1
        self.end(name.rpartition(":")[2])

    def begin(self, name: str, attrs: Any) -> None: ...

    def end(self, name: str) -> None: ...


class Parser(DefusedExpatParser):
    """Refuses every document type: no workbook has one, and every trick with entities needs one.

    Hands names and attributes (a plain dict) on as they come: wrapping them took an eighth of the time.
    """

    def __init__(self, part: Part) -> None:
        super().__init__(forbid_dtd=True)
        self.setContentHandler(part)

    def reset(self) -> None:
        super().reset()
        part = self.getContentHandler()
        self._parser.StartElementHandler = part.startElement
        self._parser.EndElementHandler = part.endElement
        self._parser.CharacterDataHandler = part.characters


def parse(archive: ZipFile, path: str, part: Part, damaged: str = DAMAGED) -> None:
    """Stream one part through its handler. Raises Unreadable: ``damaged`` when it is missing or no such part."""
    parser = Parser(part)
    try:
        with archive.open(path) as file:
            parser.parse(file)
    except DefusedXmlException:
        raise Unreadable(SUSPECT) from None
    except (Broken, SAXException, KeyError, ValueError, LookupError):
        raise Unreadable(damaged) from None


# Where the parts are


class Relations(Part):
    """``targets``: id → (end of the type, path in the archive)."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self.base = base
        self.targets: dict[str, tuple[str, str]] = {}

    def begin(self, name: str, attrs: Any) -> None:
        if name == "Relationship" and attrs.get("TargetMode") != "External":
            target = posixpath.normpath(posixpath.join("/", self.base, attrs.get("Target", "")))
            self.targets[attrs.get("Id", "")] = (attrs.get("Type", "").rpartition("/")[2], target.lstrip("/"))


def relations(archive: ZipFile, path: str) -> dict[str, tuple[str, str]]:
    folder, name = posixpath.split(path)
    found = Relations(folder)
    parse(archive, posixpath.join(folder, "_rels", f"{name}.rels"), found)
    return found.targets


class Outline(Part):
    """The workbook: its sheets as (name, state, id of the relation), and where its days begin."""

    def __init__(self) -> None:
        super().__init__()
        self.is_1904 = False
        self.sheets: list[tuple[str, str, str]] = []

    def begin(self, name: str, attrs: Any) -> None:
        if name == "workbookPr":
            self.is_1904 = attrs.get("date1904", "0") in {"1", "true"}
        elif name == "sheet":
            state = {"hidden": "hidden", "veryHidden": "very_hidden"}.get(attrs.get("state", ""), "visible")
            ids = [value for key, value in attrs.items() if key.rpartition(":")[2] == "id" and ":" in key]
            self.sheets.append((attrs.get("name", "")[:31], state, ids[0] if ids else ""))
            if len(self.sheets) > MOST_SHEETS:
                raise Broken


class Styles(Part):
    """What each style of a cell shows."""

    def __init__(self) -> None:
        super().__init__()
        self.codes: dict[int, str] = dict(BUILT_IN)
        self.known: dict[int, Format] = {}
        self.keys: list[int] = []
        self.within = False

    def format(self, style: int) -> Format:
        """The format of a style, understood when a cell first has it: of tens of thousands most have none."""
        key = self.keys[style] if 0 <= style < len(self.keys) else 0
        if key not in self.known:
            self.known[key] = read_format(self.codes.get(key, ""))
        return self.known[key]

    def begin(self, name: str, attrs: Any) -> None:
        if name == "cellXfs":
            self.within = True
        elif name == "numFmt" and attrs.get("numFmtId", "").isdigit():
            self.codes[int(attrs["numFmtId"])] = attrs.get("formatCode", "")
        elif name == "xf" and self.within:
            number = attrs.get("numFmtId", "0")
            self.keys.append(int(number) if number.isdecimal() and len(number) < 6 else 0)

    def end(self, name: str) -> None:
        if name == "cellXfs":
            self.within = False


# Texts

_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")


def unescaped(text: str) -> str:
    """Text with the ``_x000D_`` of Excel as the characters they stand for; surrogates stay as written."""
    if "_x" not in text:
        return text
    return _ESCAPED.sub(lambda found: found[0] if found[1][:2].upper() in SURROGATES else chr(int(found[1], 16)), text)


SURROGATES: Final = {f"D{digit}" for digit in "89ABCDEF"}


class Texts(Part):
    """``texts``: the shared texts in order, runs of rich text joined, readings (furigana) left out."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.pieces: list[str] = []
        self.length = 0
        self.taken, self.reading = False, False

    def begin(self, name: str, attrs: Any) -> None:
        if name == "t":
            self.taken = not self.reading
        elif name == "si":
            self.pieces, self.length = [], 0
        elif name == "rPh":
            self.reading = True

    def characters(self, content: str) -> None:
        if self.taken and self.length <= LONGEST_CELL:
            self.pieces.append(content[: LONGEST_CELL + 1])
            self.length += len(content)

    def end(self, name: str) -> None:
        if name == "t":
            self.taken = False
        elif name == "si":
            self.texts.append(unescaped("".join(self.pieces)))
        elif name == "rPh":
            self.reading = False


# Cells

_BLANK = re.compile("[\\s\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\u3164\ufeff]*")
_PLAIN = re.compile("[1-9][0-9]{0,9}|0")
_PLACE = re.compile("([A-Z]{1,3})([1-9][0-9]{0,6})")


def column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def column_letters(number: int) -> str:
    letters = ""
    while number > 0:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


class Budget:
    """What may still be read of the workbook as a whole."""

    def __init__(self) -> None:
        self.cells, self.text = MOST_CELLS, MOST_TEXT

    def spend(self, cells: list[Wire]) -> None:
        self.cells -= len(cells)
        self.text -= sum(len(value) + len(seen or "") for _, _, value, seen in cells)
        if self.cells < 0 or self.text < 0:
            raise Unreadable(TOO_MUCH)


class Cells(Part):
    """The rows of one sheet, given to ``sink`` one by one, and what the sheet says about itself."""

    def __init__(self, name: str, texts: list[str], styles: Styles, is_1904: bool, budget: Budget, sink: Sink) -> None:
        super().__init__()
        self.name, self.texts, self.styles, self.is_1904 = name, texts, styles, is_1904
        self.budget, self.sink = budget, sink
        self.protected = False
        self.merged: list[tuple[int, int, int, int]] = []
        self.columns: set[int] = set()
        self.known: dict[str, int] = {}
        self.in_data, self.in_cell, self.reading = False, False, False
        self.row, self.column, self.rows, self.hidden = 0, 0, 0, False
        self.row_text = "0"
        self.cells: list[Wire] = []
        self.kind, self.style, self.formula = "n", 0, False
        self.pieces: list[str] | None = None
        self.value: list[str] = []
        self.length = 0

    def startElement(self, name: str, attrs: Any) -> None:
        """As in Part; written out, for it is called twice for each cell."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise Broken
        if ":" in name:
            name = name.rpartition(":")[2]
        if not self.in_data:
            self.outside(name, attrs)
        elif name == "c":
            self.begin_cell(attrs)
        elif self.in_cell:
            if name in ("v", "t"):
                self.pieces = None if self.reading else self.value
            elif name == "f":
                self.formula, self.pieces = True, None
            elif name == "rPh":
                self.reading = True
        elif name == "row":
            self.begin_row(attrs)

    def outside(self, name: str, attrs: Any) -> None:
        if name == "sheetData":
            self.in_data = True
        elif name == "sheetProtection":
            self.protected = attrs.get("sheet", "0") in {"1", "true"}
        elif name == "mergeCell":
            self.merge(attrs.get("ref", ""))

    def merge(self, reference: str) -> None:
        ends = [_PLACE.fullmatch(end) for end in reference.split(":")]
        if not (0 < len(ends) <= 2 and ends[0] and ends[-1]) or len(self.merged) >= MOST_MERGED:
            raise Broken
        first, last = ends[0], ends[-1]
        self.merged.append((int(first[2]), column_number(first[1]), int(last[2]), column_number(last[1])))

    def begin_row(self, attrs: Any) -> None:
        number = attrs.get("r")
        row = self.row + 1 if number is None else int(number)
        if not self.row < row <= LAST_ROW:
            raise Broken
        self.row, self.row_text, self.column, self.cells = row, str(row), 0, []
        self.hidden = attrs.get("hidden", "0") in {"1", "true"}

    def begin_cell(self, attrs: Any) -> None:
        place = attrs.get("r")
        if place is None:
            column = self.column + 1
        else:
            letters = place.rstrip("0123456789")
            if place[len(letters) :] != self.row_text:
                raise Broken
            if letters not in self.known:
                if not re.fullmatch("[A-Z]{1,3}", letters):
                    raise Broken
                self.known[letters] = column_number(letters)
            column = self.known[letters]
        if self.in_cell or not self.column < column <= LAST_COLUMN:
            raise Broken
        self.column, self.in_cell, self.formula, self.pieces, self.value, self.length = column, True, False, None, [], 0
        self.kind, self.style = attrs.get("t", "n"), int(attrs.get("s", 0))

    def characters(self, content: str) -> None:
        if self.pieces is not None and self.length <= LONGEST_CELL:
            self.pieces.append(content[: LONGEST_CELL + 1])
            self.length += len(content)

    def endElement(self, name: str) -> None:
        self.depth -= 1
        if not self.in_data:
            return
        if ":" in name:
            name = name.rpartition(":")[2]
        if name in ("v", "t", "f"):
            self.pieces = None
        elif name == "c":
            self.in_cell = self.reading = False
            if self.value or self.formula:
                self.end_cell()
        elif name == "rPh":
            self.reading = False
        elif name == "row":
            if self.cells:
                self.end_row()
        elif name == "sheetData":
            self.in_data = False

    def end_row(self) -> None:
        self.rows += 1
        if self.rows > MOST_ROWS:
            place = f"{column_letters(self.cells[0][0])}{self.row}"
            raise Unreadable(f"工作表“{self.name}”到{place}为止，有内容的行已超过2万行，请拆成几个文件分次上传。")
        self.budget.spend(self.cells)
        self.sink(self.row, self.hidden, self.cells)

    def end_cell(self) -> None:
        wire = self.read("".join(self.value))
        if wire is None:
            return
        if len(wire[2]) > LONGEST_CELL or len(wire[3] or "") > LONGEST_CELL:
            raise Unreadable(f"工作表“{self.name}”的{self.place}单元格超过2000字，请删减后再上传。")
        self.columns.add(self.column)
        if len(self.columns) > MOST_COLUMNS:
            raise Unreadable(f"工作表“{self.name}”到{self.place}为止，有内容的列已超过100列，请删去不用的列后再上传。")
        self.cells.append(wire)

    @property
    def place(self) -> str:
        return f"{column_letters(self.column)}{self.row}"

    def read(self, raw: str) -> Wire | None:
        """The cell, or nothing when it shows nothing."""
        kind, column = self.kind, self.column
        if kind == "s" and raw:
            number = int(raw)
            if number < 0:
                raise Broken
            raw = self.texts[number]
        elif kind in ("str", "inlineStr"):
            raw = unescaped(raw)
        if self.formula:
            if not raw.strip():  # of text it shows nothing; of anything else nobody has worked it out
                return None if kind == "str" else (column, "formula", "", UNKNOWN)
            _, _, value, seen = self.read_number(raw.strip()) if kind == "n" else (0, "", raw, None)
            return (column, "formula", raw, seen or value)
        if kind in ("s", "str", "inlineStr"):
            # Of a longer text only the beginning is known
            is_blank = not raw[:1].isalnum() and len(raw) <= LONGEST_CELL and _BLANK.fullmatch(raw)
            return None if is_blank else (column, "text", raw, None)
        raw = raw.strip()
        if not raw:
            return None
        if kind == "b":
            return (column, "bool", raw, "FALSE" if raw in ("0", "false") else "TRUE")
        if kind == "e":
            return (column, "error", raw, None)
        return self.read_day(raw) if kind == "d" else self.read_number(raw)

    def read_day(self, raw: str) -> Wire:
        """A cell that holds its day as text (strict OOXML)."""
        try:
            when = dt.datetime.fromisoformat(raw.removesuffix("Z"))
        except ValueError:
            return (self.column, "text", raw, None)
        return self.at(when, Format())

    def read_number(self, raw: str) -> Wire:
        form = self.styles.format(self.style)
        if form.is_general and form.kind == "number" and _PLAIN.fullmatch(raw):
            return (self.column, "number", raw, None)  # most numbers
        try:
            number = KEPT.plus(Decimal(raw))
        except (InvalidOperation, Overflow):
            return (self.column, "error", raw, None)
        if not number.is_finite():
            return (self.column, "error", raw, None)
        number = number or Decimal(0)
        if form.kind == "number":
            value = plain(number)
            seen = value if form.is_general and number.adjusted() < 9 and len(value) < 11 else show_number(number, form)
            return (self.column, "number", value, None if seen == value else seen)
        when = moment(number, self.is_1904)
        if when is None:
            return (self.column, "error", "####", None)
        return (self.column, "text", when, None) if isinstance(when, str) else self.at(when, form)

    def at(self, when: dt.datetime | dt.time, form: Format) -> Wire:
        if isinstance(when, dt.time):
            return (self.column, "date", when.isoformat(), show_moment(when, form))
        bare = when.time() == dt.time()
        value = when.date().isoformat() if bare else when.isoformat(timespec="seconds")
        seen = show_moment(when, form) if form.pieces else value
        return (self.column, "date", value, None if seen == value else seen)


def read_parts(archive: ZipFile, begin: Callable[[str, str], None], sink: Sink, end: Callable[[Cells], None]) -> None:
    """Read all sheets in their order: ``begin(name, state)``, the rows into ``sink``, ``end`` with what was read.

    Raises Unreadable with a sentence that names the sheet where it can.
    """
    start = [path for kind, path in relations(archive, "").values() if kind == "officeDocument"]
    if not start:
        raise Unreadable(DAMAGED)
    outline = Outline()
    parse(archive, start[0], outline)
    targets = relations(archive, start[0])
    held = set(archive.namelist())
    styles, texts = Styles(), Texts()
    for part, wanted in ((styles, "styles"), (texts, "sharedStrings")):
        for kind, path in targets.values():
            if kind == wanted and path in held:
                parse(archive, path, part)
                break
    budget, read = Budget(), set()
    for name, state, relation in outline.sheets:
        kind, path = targets.get(relation, ("", ""))
        if kind in ("chartsheet", "dialogsheet"):
            continue
        missing = f"工作表“{name}”的内容缺失或损坏，请在Excel中打开、另存为新的.xlsx文件后再上传。"
        if path in read:
            raise Unreadable(missing)
        read.add(path)
        cells = Cells(name, texts.texts, styles, outline.is_1904, budget, sink)
        begin(name, state)
        parse(archive, path, cells, missing)
        end(cells)
    if not read:
        raise Unreadable(NO_SHEET)
