"""Foreign workbooks: each bad one ends in its sentence, each odd one in its cells, in seconds and in bounded memory."""

import datetime as dt
import io
import json
import os
import random
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from hypothesis import HealthCheck, example, given, settings, strategies as st
from openpyxl import Workbook, load_workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.comments import Comment

from metrics.excel import Header, Table, table_workbook
from portal.imports import cells, child, container, parts
from portal.imports.cells import Book, Cell
from portal.imports.container import Unreadable, inspect
from tests import workbooks as made
from tests.libreoffice import recalculated

pytestmark = pytest.mark.files

SECONDS = 10
MEGABYTES = 128


# The child, which then says how much memory it needed at most; what the system says counts ours before the start too
MEASURED = """
import re, sys
from pathlib import Path
from portal.imports import child
child.main()
with open({peaks!r}, "a") as peaks:
    print(re.search("VmHWM:[^0-9]*([0-9]+)", Path("/proc/self/status").read_text())[1], file=peaks)
"""
AS_IT_IS = cells.COMMAND


@pytest.fixture(autouse=True)
def peaks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Of every test here: no child that ended by itself needed more than 128 MB."""
    file = tmp_path / "peaks"
    if Path("/proc/self/status").exists():
        monkeypatch.setattr(cells, "COMMAND", (sys.executable, "-c", MEASURED.format(peaks=str(file))))
    yield file
    if file.exists():
        assert max(map(int, file.read_text().split())) <= MEGABYTES * 1024


def read(name: str, data: bytes) -> Book:
    """As the portal reads, in less than 10 s."""
    start = time.monotonic()
    try:
        return cells.read(name, data)
    finally:
        assert time.monotonic() - start < SECONDS


def refusal(data: bytes, name: str = "花名册.xlsx") -> str:
    with pytest.raises(Unreadable) as refused:
        read(name, data)
    return refused.value.sentence


def seen(book: Book, sheet: int = 0) -> dict[str, tuple[Any, ...]]:
    return {cell.place: (cell.kind, cell.value) for row in book.sheets[sheet].rows.values() for cell in row.values()}


AGAIN = "请在Excel中打开、另存为新的.xlsx文件后再上传。"
DAMAGED = f"文件已损坏，读不出内容，{AGAIN}"
CUT = f"文件不完整，可能没有保存完或没有传完，{AGAIN}"
SUSPECT = f"文件的内部结构不像Excel保存的，为安全起见没有打开，{AGAIN}"
NO_WORKBOOK = f"文件里没有工作簿的内容，可能已经损坏，{AGAIN}"
LOST_SHEET = f"工作表“企业”的内容缺失或损坏，{AGAIN}"
EMPTY = "文件“花名册.xlsx”是空的，请核对是否选对了文件、是否已经保存。"
OLD = "这是旧版Excel（.xls）文件，请在Excel中另存为.xlsx后再上传。"
LOCKED = "文件设了打开密码，请在Excel的“文件—信息—保护工作簿”中去掉密码，保存后再上传。"
TEXT = "这是文本（如CSV）文件，请用Excel打开、另存为.xlsx后再上传。"
WEB = "这是网页文件，只是用了表格的文件名，请用Excel打开、另存为.xlsx后再上传。"
XML_TABLE = "这是XML表格文件，请用Excel打开、另存为.xlsx后再上传。"
PACKED = "这是压缩包，请先解压，再上传里面的.xlsx文件。"
SWOLLEN = "文件解压后太大，多半是整行整列设了格式，请只把有内容的行复制到新工作簿，保存后再上传。"
MACROS = "文件里有宏，为安全起见没有打开，请在Excel中另存为不带宏的.xlsx文件后再上传。"
LINKS = "文件里有指向其他工作簿的链接，请在Excel的“数据—编辑链接”中断开链接，保存后再上传。"
EMBEDDED = "文件里嵌入了其他文件，请在Excel中删去嵌入的对象，保存后再上传。"
EXHAUSTED = "文件太复杂，在规定的时间和内存内读不完，请只把有内容的行复制到新工作簿，保存后再上传。"

CSV = "企业名称,人数\r\n甲公司,12\r\n" * 40

REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    # No workbook at all
    "no bytes": (lambda: b"", EMPTY),
    "blanks": (lambda: b" \r\n\t", EMPTY),
    "nothing but a mark of order": (lambda: b"\xef\xbb\xbf", EMPTY),
    "nothing but noughts": (lambda: bytes(4096), EMPTY),
    "csv in UTF-8": (lambda: CSV.encode("utf-8-sig"), TEXT),
    "csv in GB18030": (lambda: CSV.encode("gb18030"), TEXT),
    "csv in UTF-16": (lambda: CSV.encode("utf-16"), TEXT),
    "long csv cut within a character": (lambda: ("甲" * 30_000 + "a").encode(), TEXT),
    "long csv in GB18030": (lambda: ("a" + "甲乙" * 40_000).encode("gb18030"), TEXT),
    "csv that begins like a picture": (lambda: "BM,名称\r\n1,甲公司".encode(), TEXT),
    "csv that begins like a sound": (lambda: "RIFF,名称\r\n1,甲公司".encode(), TEXT),
    "html": (lambda: "<html><body><table><tr><td>甲".encode(), WEB),
    "html in GBK with a type before": (lambda: "\r\n<!DOCTYPE html>\n<HTML>甲公司".encode("gbk"), WEB),
    "a bare table": (lambda: b"<table border=1><tr><td>1</td></tr></table>", WEB),
    "a web archive": (lambda: b"MIME-Version: 1.0\r\nContent-Type: multipart/related", WEB),
    "xml spreadsheet of 2003": (
        lambda: b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">',
        XML_TABLE,
    ),
    "some xml": (lambda: b'<?xml version="1.0"?><a/>', XML_TABLE),
    "xls": (lambda: made.old_excel("Root Entry", "Workbook"), OLD),
    "xls of Excel 4": (lambda: b"\x09\x04\x06\x00\x00\x00\x10\x00" + bytes(500), OLD),
    "encrypted xlsx": (lambda: made.old_excel("EncryptionInfo", "EncryptedPackage"), LOCKED),
    "doc": (
        lambda: made.old_excel("Root Entry", "WordDocument"),
        "这是Word文档，请把表格复制到Excel中，保存为.xlsx后再上传。",
    ),
    "docx": (
        lambda: made.packed({"[Content_Types].xml": made.types(), "word/document.xml": "<a/>"}),
        "这是Word文档，请把表格复制到Excel中，保存为.xlsx后再上传。",
    ),
    "pptx": (
        lambda: made.packed({"[Content_Types].xml": made.types(), "ppt/presentation.xml": "<a/>"}),
        "这是演示文稿，请把表格复制到Excel中，保存为.xlsx后再上传。",
    ),
    "ods": (
        lambda: made.packed({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": "<a/>"}),
        "这是开放文档表格（.ods），请另存为.xlsx后再上传。",
    ),
    "numbers": (
        lambda: made.packed({"Index/Document.iwa": "x"}),
        "这是Numbers表格，请在Numbers中导出为Excel（.xlsx）后再上传。",
    ),
    "pdf": (lambda: b"%PDF-1.7\n%\xe2\xe3", "这是PDF文件，不能读出表格，请上传.xlsx文件。"),
    "png": (lambda: b"\x89PNG\r\n\x1a\n", "这是图片，不能读出表格，请上传.xlsx文件。"),
    "bmp": (lambda: b"BM\x46\x00\x00\x00" + bytes(40), "这是图片，不能读出表格，请上传.xlsx文件。"),
    "rar": (lambda: b"Rar!\x1a\x07\x01\x00" + bytes(50), PACKED),
    "a zip with the workbook in it": (lambda: made.packed({"花名册.xlsx": made.book()}), PACKED),
    "another program": (lambda: b"\x7fELF\x02\x01\x01\x00" + bytes(50), "这不是Excel工作簿，请上传.xlsx文件。"),
    "more than 10 MB": (
        lambda: made.book() + bytes(11 << 20),
        "文件有11.0MB，超过10MB的上限，请删去图片和空白行，或拆成几个文件后再上传。",
    ),
    # Workbooks of kinds we do not open
    "xlsb": (
        lambda: made.with_files(xl__workbook__bin=b"x", **{"xl/workbook.bin": b"\x83\x01"}),
        "这是二进制工作簿（.xlsb），请在Excel中另存为.xlsx后再上传。",
    ),
    "xlsm with a macro": (lambda: made.packed(made.parts(macro=True) | {"xl/vbaProject.bin": made.OLE}), MACROS),
    "xlsx with a macro in it": (lambda: made.with_entries(("xl/vbaProject.bin", made.OLE)), MACROS),
    "a macro by another name": (
        lambda: made.changed(
            "[Content_Types].xml",
            "<Override",
            '<Override PartName="/xl/a.bin" ContentType="application/vnd.ms-office.vbaProject"/><Override',
        ),
        MACROS,
    ),
    "a macro sheet of Excel 4": (lambda: made.with_entries(("xl/macrosheets/sheet1.xml", "<a/>")), MACROS),
    "external links": (lambda: made.with_entries(("xl/externalLinks/externalLink1.xml", "<a/>")), LINKS),
    "an embedded document": (lambda: made.with_entries(("xl/embeddings/oleObject1.bin", made.OLE)), EMBEDDED),
    "a control": (lambda: made.with_entries(("xl/activeX/activeX1.xml", "<a/>")), EMBEDDED),
    # The archive
    "half the file": (lambda: made.grid(50, 5)[:3000], CUT),
    "the last bytes missing": (lambda: made.book()[:-30], CUT),
    "only the beginning": (lambda: b"PK\x03\x04", CUT),
    "an empty archive": (lambda: b"PK\x05\x06" + bytes(18), NO_WORKBOOK),
    "wrong checksum": (made.bad_sum, f"文件内容与校验码不符，已经损坏，{AGAIN}"),
    "packed stream overwritten": (made.bad_stream, DAMAGED),
    "names twice": (lambda: made.twice(made.SHEET, made.SHEET), SUSPECT),
    "names twice but for case": (lambda: made.twice(made.SHEET, made.SHEET.upper()), SUSPECT),
    "smaller than it says": (lambda: made.lying(5000), SUSPECT),
    "larger than it says": (lambda: made.patched(made.book(), made.SHEET, 24, "<I", 100), SUSPECT),
    "larger than it says, with a sum that fits": (lambda: made.lying(100), f"文件内容与校验码不符，已经损坏，{AGAIN}"),
    "declares two gigabytes": (lambda: made.patched(made.book(), made.SHEET, 24, "<I", 2 << 30), SWOLLEN),
    "a way of packing that takes gigabytes": (made.strange_method, SUSPECT),
    "an entry with a password": (made.locked_entry, LOCKED),
    "501 entries": (made.overfull, SUSPECT),
    "200 MB unpacked": (lambda: made.large(210), SWOLLEN),
    "packed a thousandfold": (made.bomb, SWOLLEN),
    "an archive in the archive": (lambda: made.with_entries(("xl/media/image1.png", made.book())), EMBEDDED),
    "a way up": (lambda: made.with_entries(("xl/../../../etc/cron.d/x", "x")), SUSPECT),
    "an absolute path": (lambda: made.with_entries(("/etc/passwd", "x")), SUSPECT),
    "a path of Windows": (lambda: made.with_entries(("C:\\x.dll", "x")), SUSPECT),
    "a symbolic link": (made.symlink, SUSPECT),
    "no list of types": (lambda: made.without("[Content_Types].xml"), NO_WORKBOOK),
    "no workbook": (lambda: made.without("xl/workbook.xml"), NO_WORKBOOK),
    "no relations": (lambda: made.without("_rels/.rels"), NO_WORKBOOK),
    "no relations of the workbook": (lambda: made.without("xl/_rels/workbook.xml.rels"), DAMAGED),
    # The parts
    "no sheet part": (lambda: made.without(made.SHEET), LOST_SHEET),
    "no sheets": (
        lambda: made.changed("xl/workbook.xml", '<sheet name="企业" sheetId="1" r:id="rId1"/>', ""),
        "文件里没有工作表，请核对是否选对了文件。",
    ),
    "one part as two sheets": (
        lambda: made.changed("xl/workbook.xml", "<sheets>", '<sheets><sheet name="企业" sheetId="7" r:id="rId1"/>'),
        LOST_SHEET,
    ),
    "sheet cut short": (lambda: made.changed(made.SHEET, "</worksheet>", ""), LOST_SHEET),
    "sheet that is no xml": (lambda: made.book("企业名称"), LOST_SHEET),
    "workbook that is no xml": (lambda: made.with_entries(("xl/workbook.xml", "x")), DAMAGED),
    "bytes that are no UTF-8": (
        lambda: made.packed(made.parts() | {made.SHEET: made.GOOD.encode().replace("甲".encode(), b"\xff\xfe")}),
        LOST_SHEET,
    ),
    "an encoding nobody knows": (lambda: made.changed(made.SHEET, "UTF-8", "KLINGON"), LOST_SHEET),
    "entities in the sheet": (lambda: made.with_entities(made.SHEET), SUSPECT),
    "entities in the texts": (lambda: made.with_entities(made.STRINGS), SUSPECT),
    "entities in the styles": (lambda: made.with_entities("xl/styles.xml"), SUSPECT),
    "entities in the workbook": (lambda: made.with_entities("xl/workbook.xml"), SUSPECT),
    "entities in the relations": (lambda: made.with_entities("_rels/.rels"), SUSPECT),
    "an entity that names a file": (made.with_file_entity, SUSPECT),
    "500 levels": (lambda: made.deep(500), LOST_SHEET),
    "50,000 levels": (lambda: made.deep(50_000), LOST_SHEET),
    "a text that is not there": (
        lambda: made.one_row(made.cell("A1", "7", "s"), shared=["<t>一</t>"]),
        LOST_SHEET,
    ),
    "a text before the first": (lambda: made.one_row(made.cell("A1", "-1", "s"), shared=["<t>一</t>"]), LOST_SHEET),
    "a row twice": (lambda: made.book(made.worksheet(made.row(2, made.cell("A2", "1")) * 2)), LOST_SHEET),
    "rows backwards": (lambda: made.book(made.worksheet(made.row(2) + made.row(1))), LOST_SHEET),
    "a cell twice": (lambda: made.one_row(made.cell("A1", "1"), made.cell("A1", "2")), LOST_SHEET),
    "a cell of another row": (lambda: made.one_row(made.cell("A2", "1")), LOST_SHEET),
    "a cell beyond the last column": (lambda: made.one_row(made.cell("XFE1", "1")), LOST_SHEET),
    "a row beyond the last": (lambda: made.book(made.worksheet(made.row(1_048_577))), LOST_SHEET),
    "a row nowhere": (lambda: made.book(made.worksheet('<row r="x"/>')), LOST_SHEET),
    "a merged range nowhere": (
        lambda: made.book(made.worksheet(after='<mergeCells><mergeCell ref="A0:B"/></mergeCells>')),
        LOST_SHEET,
    ),
    # Limits
    "2,001 characters": (
        lambda: made.one_row(made.text("A1", "甲"), made.text("B1", "字" * 2001)),
        "工作表“企业”的B1单元格超过2000字，请删减后再上传。",
    ),
    "40 KB in one cell": (
        lambda: made.one_row(made.cell("C1", "0", "s"), shared=[f"<t>{'字' * 14_000}</t>"]),
        "工作表“企业”的C1单元格超过2000字，请删减后再上传。",
    ),
    "a text after 3,000 blanks": (
        lambda: made.one_row(made.text("A1", " " * 3000 + "甲")),
        "工作表“企业”的A1单元格超过2000字，请删减后再上传。",
    ),
    "20,101 rows": (
        lambda: made.book(made.worksheet("".join(made.row(n, made.cell(f"B{n}", "1")) for n in range(10, 20_111)))),
        "工作表“企业”到B20110为止，有内容的行已超过2万行，请拆成几个文件分次上传。",
    ),
    "101 columns": (
        lambda: made.one_row(*(made.cell(f"{parts.column_letters(n)}1", "1") for n in range(1, 102))),
        "工作表“企业”到CW1为止，有内容的列已超过100列，请删去不用的列后再上传。",
    ),
    "a text shared a million times": (
        lambda: made.book(
            made.worksheet(
                "".join("<row>" + '<c t="s"><v>0</v></c>' * 60 + f"</row><!--{n * 7919:x}-->" for n in range(200))
            ),
            shared=[f"<t>{'字' * 2000}</t>"],
        ),
        "文件里有内容的单元格太多，请拆成几个文件分次上传。",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_bad_workbook_is_refused_in_one_sentence(case: str) -> None:
    build, sentence = REFUSED[case]
    assert refusal(build()) == sentence


def test_each_sentence_says_a_way_out_and_no_code() -> None:
    for _, sentence in REFUSED.values():
        assert sentence.count("。") == 1
        assert sentence.endswith("。")
        assert "请" in sentence


D = dt.date
GOOD = {"A1": ("text", "企业名称"), "B1": ("text", "人数"), "A2": ("text", "甲公司"), "B2": ("number", 12)}
READ: dict[str, tuple[Callable[[], bytes], dict[str, tuple[Any, ...]]]] = {
    "an ordinary workbook": (made.book, GOOD),
    "not packed": (made.stored, GOOD),
    "zip64": (made.zip64, GOOD),
    "pictures": (
        lambda: made.with_entries(("xl/media/image1.png", b"\x89PNG"), ("xl/drawings/drawing1.xml", "x")),
        GOOD,
    ),
    "a folder of its own": (lambda: made.with_entries(("xl/media/", "")), GOOD),
    "xlsm without a macro": (lambda: made.one_row(made.cell("A1", "1"), macro=True), {"A1": ("number", 1)}),
    "UTF-16": (
        lambda: made.packed(made.parts() | {made.SHEET: made.GOOD.replace("UTF-8", "UTF-16").encode("utf-16")}),
        GOOD,
    ),
    "prefixes and strict names": (
        lambda: made.book(
            '<x:worksheet xmlns:x="http://purl.oclc.org/ooxml/spreadsheetml/main"><x:sheetData><x:row r="3">'
            '<x:c r="B3" t="d"><x:v>2024-01-02T00:00:00Z</x:v></x:c></x:row></x:sheetData></x:worksheet>'
        ),
        {"B3": ("date", D(2024, 1, 2))},
    ),
    "no places written": (
        lambda: made.book(made.worksheet("<row><c><v>1</v></c><c><v>2</v></c></row><row><c><v>3</v></c></row>")),
        {"A1": ("number", 1), "B1": ("number", 2), "A2": ("number", 3)},
    ),
    "99 levels beside the data": (lambda: made.deep(90), {"A1": ("text", "甲")}),
    "rich text": (
        lambda: made.one_row(
            made.cell("A1", "0", "s"),
            shared=['<r><t>甲</t></r><r><rPr><b/></rPr><t xml:space="preserve"> 公司</t></r><rPh><t>JIA</t></rPh>'],
        ),
        {"A1": ("text", "甲 公司")},
    ),
    "line breaks and escapes": (
        lambda: made.one_row(made.text("A1", "甲_x000D_\n乙_x005F_x0041__xD800_")),
        {"A1": ("text", "甲\r\n乙_x0041__xD800_")},
    ),
    "rare characters": (
        lambda: made.one_row(made.text("A1", "𠮷㛃䶮\ue000😀"), made.text("B1", "<script>' OR 1=1;--")),
        {"A1": ("text", "𠮷㛃䶮\ue000😀"), "B1": ("text", "<script>' OR 1=1;--")},
    ),
    "text that looks like a formula": (
        lambda: made.one_row(made.text("A1", "=cmd|'/C calc'!A0")),
        {"A1": ("text", "=cmd|'/C calc'!A0")},
    ),
    "nothing to see": (
        lambda: made.one_row(made.text("A1", " \u3000\u200b\ufeff\xa0"), '<c r="B1" s="3"/>', made.text("C1", "")),
        {},
    ),
    "formulas": (
        lambda: made.one_row(
            made.cell("A1", "3", formula="1+2"),
            made.cell("B1", "甲", "str", formula='"甲"'),
            made.cell("C1", "#REF!", "e", formula="#REF!"),
            made.cell("D1", "", formula="cmd|' /C calc'!A0"),
        ),
        {"A1": ("formula", "3"), "B1": ("formula", "甲"), "C1": ("formula", "#REF!"), "D1": ("formula", "")},
    ),
    "errors": (
        lambda: made.one_row(made.cell("A1", "#N/A", "e"), made.cell("B1", "NaN"), made.cell("C1", "1e9999999")),
        {"A1": ("error", "#N/A"), "B1": ("error", "NaN"), "C1": ("error", "1e9999999")},
    ),
    "numbers": (
        lambda: made.one_row(
            made.cell("A1", "0.30000000000000004"),
            made.cell("B1", "1.0"),
            made.cell("C1", "1e309"),
            made.cell("D1", "-0"),
            made.cell("E1", "330102199001011234"),
        ),
        {
            "A1": ("number", Decimal("0.3")),
            "B1": ("number", 1),
            "C1": ("number", Decimal("1e309")),
            "D1": ("number", 0),
            "E1": ("number", Decimal("330102199001011000")),
        },
    ),
    "ticks": (
        lambda: made.one_row(made.cell("A1", "1", "b"), made.cell("B1", "0", "b")),
        {"A1": ("bool", True), "B1": ("bool", False)},
    ),
    "days of the 1900 system": (
        lambda: made.one_row(
            *(
                made.cell(place, raw, style=1)
                for place, raw in zip(
                    ("A1", "B1", "C1", "D1", "E1", "F1", "G1"),
                    ("1", "59", "60", "61", "45293", "45293.5", "0.75"),
                    strict=True,
                )
            ),
            formats=["yyyy-mm-dd"],
        ),
        {
            "A1": ("date", D(1900, 1, 1)),
            "B1": ("date", D(1900, 2, 28)),
            "C1": ("text", "1900-02-29"),
            "D1": ("date", D(1900, 3, 1)),
            "E1": ("date", D(2024, 1, 2)),
            "F1": ("date", dt.datetime(2024, 1, 2, 12)),  # noqa: DTZ001
            "G1": ("date", dt.time(18)),
        },
    ),
    "days of the 1904 system": (
        lambda: made.one_row(
            made.cell("A1", "0", style=1), made.cell("B1", "43831", style=1), formats=["yyyy/m/d"], is_1904=True
        ),
        {"A1": ("date", D(1904, 1, 1)), "B1": ("date", D(2024, 1, 2))},
    ),
    "30,000 formats": (
        lambda: made.one_row(
            made.cell("A1", "45293", style=2), formats=["0", "yyyy-m-d", *["0." + "0" * 200] * 30_000]
        ),
        {"A1": ("date", D(2024, 1, 2))},
    ),
    "a style that is not there": (lambda: made.one_row(made.cell("A1", "45293", style=9)), {"A1": ("number", 45293)}),
    "days that are none": (
        lambda: made.one_row(
            made.cell("A1", "-1", style=1),
            made.cell("B1", "2958466", style=1),
            made.cell("C1", "2958465", style=1),
            formats=["yyyy/m/d"],
        ),
        {"A1": ("error", "####"), "B1": ("error", "####"), "C1": ("date", D(9999, 12, 31))},
    ),
    "built-in days of the Chinese Excel": (
        lambda: made.one_row(made.cell("A1", "45293", style=1), made.cell("B1", "45293", style=2), built_in=[31, 14]),
        {"A1": ("date", D(2024, 1, 2)), "B1": ("date", D(2024, 1, 2))},
    ),
}


@pytest.mark.parametrize("case", READ)
def test_an_odd_workbook_is_read(case: str) -> None:
    build, expected = READ[case]
    assert seen(read("花名册.xls", build())) == expected


# Format, raw number → what the officer sees
SHOWN = [
    ("General", "330102199001011234", "3.30102E+17"),
    ("General", "13812345678", "13812345678"),
    ("General", "123456789012", "1.23457E+11"),
    ("General", "0.1", "0.1"),
    ("General", "3.14159265358979", "3.141592654"),
    ('G/通用格式"人"', "12", "12"),
    ("@", "12", "12"),
    ("0", "330102199001011234", "330102199001011000"),
    ("000000", "1234", "001234"),
    ("#,##0", "1234567", "1,234,567"),
    ("#,##0.00", "-1234.5", "-1,234.50"),
    ("0.0%", "0.854", "85.4%"),
    ('0"家"', "12", "12家"),
    ('[红色]¥#,##0.0##;-0', "1200", "¥1,200.0"),
    ("0.00E+00", "12345", "1.2345E+04"),
    ("yyyy-mm-dd", "45293", "2024-01-02"),
    ('[$-804]yyyy"年"m"月"d"日";@', "45293", "2024年1月2日"),
    ('yyyy"年"m"月"', "45293", "2024年1月"),
    ("mmm-yy", "45293", "2024年1月"),
    ("yy.m.d", "45293", "24.1.2"),
    ("yyyy/m/d h:mm", "45293.5", "2024/1/2 12:00"),
    ("h:mm", "0.5", "12:00"),
    ("[h]:mm", "1.5", "1.5"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "raw", "shown"), SHOWN)
def test_a_number_is_shown_as_its_format_says(code: str, raw: str, shown: str) -> None:
    book = read("a.xlsx", made.one_row(made.cell("A1", raw, style=1), formats=[code]))
    assert book.sheets[0].rows[1][1].text == shown


# Sheets


def test_sheets_say_their_state_merges_hidden_rows_and_protection() -> None:
    first = made.worksheet(
        made.row(1, made.text("A1", "台账"))
        + made.row(3, made.cell("A3", "1"), hidden=True)
        + made.row(4, hidden=True),
        after='<sheetProtection password="ABCD" sheet="1"/>'
        '<mergeCells><mergeCell ref="A1:C1"/><mergeCell ref="A3:XFD1048576"/></mergeCells>',
    )
    states = ("", "hidden", "veryHidden")
    book = read("a.xlsx", made.book(first, made.worksheet(), made.worksheet(), states=states))
    assert [(one.name, one.state, one.protected) for one in book.sheets] == [
        ("企业", "visible", True),
        ("说明", "hidden", False),
        ("第三张", "very_hidden", False),
    ]
    assert book.sheets[0].merged == ((1, 1, 1, 3), (3, 1, 1_048_576, 16_384))
    assert book.sheets[0].hidden_rows == {3}
    assert list(book.sheets[0].rows) == [1, 3]
    assert book.sheets[0].rows[3][1] == Cell(3, 1, "number", Decimal(1), "1")
    assert not book.sheets[1].rows


@pytest.mark.parametrize("rows", [300_000, pytest.param(1_048_576, marks=pytest.mark.soak)])
def test_empty_formatted_rows_cost_seconds_and_are_not_kept(rows: int) -> None:
    book = read("a.xlsx", made.empty_rows(rows))
    assert seen(book) == {"A1": ("text", "企业名称")}


def test_comments_hyperlinks_and_rich_text_of_openpyxl_are_read_as_their_text(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet["A1"] = "甲公司"
    sheet["A1"].comment = Comment("附注", "乙")
    sheet["A1"].hyperlink = "https://dangjian.example/"
    sheet["B2"] = CellRichText("正常", TextBlock(InlineFont(b=True), "经营"))
    book.save(tmp_path / "a.xlsx")
    read_back = read("a.xlsx", (tmp_path / "a.xlsx").read_bytes())
    assert seen(read_back) == {"A1": ("text", "甲公司"), "B2": ("text", "正常经营")}


def test_our_own_workbooks_are_read_back() -> None:
    headers = (Header("名称"), Header("数", "number"), Header("日期", "date"), Header("率", "percent"))
    rows = [("=1+1", 3315, D(2026, 10, 31), Decimal("90.0")), ("甲", Decimal("2.5"), D(1900, 1, 1), 0)]
    book = read("a.xlsx", table_workbook(Table("企业台账", ("甲园",), headers, rows)))
    assert [sheet.name for sheet in book.sheets] == ["企业台账", "说明"]
    body = [[(cell.value, cell.text) for cell in book.sheets[0].rows[number].values()] for number in (4, 5)]
    assert body == [
        [("=1+1", "=1+1"), (3315, "3,315"), (D(2026, 10, 31), "2026-10-31"), (Decimal("0.9"), "90.0%")],
        [("甲", "甲"), (Decimal("2.5"), "2.5"), (D(1900, 1, 1), "1900-01-01"), (0, "0.0%")],
    ]


def test_a_workbook_saved_by_libreoffice_is_read(tmp_path: Path) -> None:
    headers = (Header("名称"), Header("数", "number"), Header("日期", "date"), Header("率", "percent"))
    rows = [("=1+1", 3315, D(2026, 10, 31), Decimal("90.0")), ("甲", Decimal("2.5"), D(1990, 1, 1), 0)]
    recalculated(table_workbook(Table("企业台账", ("甲园",), headers, rows)), tmp_path)
    book = read("a.xlsx", (tmp_path / "out" / "source.xlsx").read_bytes())
    body = [[(cell.value, cell.text) for cell in book.sheets[0].rows[number].values()] for number in (4, 5)]
    assert body == [
        [("=1+1", "=1+1"), (3315, "3,315"), (D(2026, 10, 31), "2026-10-31"), (Decimal("0.9"), "90.0%")],
        [("甲", "甲"), (Decimal("2.5"), "2.5"), (D(1990, 1, 1), "1990-01-01"), (0, "0.0%")],
    ]


@pytest.mark.parametrize("columns", [pytest.param(8, marks=pytest.mark.soak), pytest.param(20, marks=pytest.mark.soak)])
def test_a_full_workbook_is_read_in_time_by_the_child_as_it_is(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """20,000 rows; the bar of 10 s holds on a busy machine too."""
    monkeypatch.setattr(cells, "COMMAND", AS_IT_IS)
    rows = read("a.xlsx", made.grid(20_050, columns)).sheets[0].rows
    assert len(rows) == 20_050  # as many as a batch takes, under titles and heads
    assert [cell.value for cell in rows[20_000].values()][:4] == [0, "企业19999-1", 39998, "企业19999-3"]


simple = st.one_of(
    st.integers(-(10**14), 10**14),
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=30),
    st.booleans(),
    st.dates(D(1900, 3, 1)),
)


@given(st.lists(st.lists(simple, min_size=1, max_size=4), min_size=1, max_size=4))
@settings(max_examples=10, deadline=None)
def test_what_openpyxl_writes_we_read_as_openpyxl_reads_it(rows: list[list[Any]]) -> None:
    made_book, out = Workbook(), io.BytesIO()
    sheet = made_book.active
    assert sheet is not None
    for number, row in enumerate(rows, 1):
        for column, value in enumerate(row, 1):
            cell = sheet.cell(number, column)
            cell.value = value
            if isinstance(value, str):
                cell.data_type = "s"
    made_book.save(out)
    theirs = load_workbook(out).worksheets[0]
    expected = {
        cell.coordinate: cell.value.date() if isinstance(cell.value, dt.datetime) else cell.value
        for row in theirs.iter_rows()
        for cell in row
        if cell.value is not None and not (isinstance(cell.value, str) and parts._BLANK.fullmatch(cell.value))
        and not (isinstance(cell.value, str) and "_x" in cell.value)
    }  # fmt: skip
    ours = {place: value for place, (_, value) in seen(read("a.xlsx", out.getvalue())).items()}
    assert {place: ours[place] for place in expected} == expected


# The child


def acting(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """Let another program answer in place of the child."""
    monkeypatch.setattr(
        cells, "COMMAND", (sys.executable, "-c", f"import os, sys, time\n{program}\nif 0: 'the limits are'")
    )


@pytest.mark.parametrize(
    "program",
    ["os.kill(os.getpid(), 9)", "os.abort()", "sys.exit(3)", "print('[1', flush=True); os.kill(os.getpid(), 11)"],
)
def test_a_child_that_is_killed_ends_in_a_sentence(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    acting(monkeypatch, f"import resource; resource.setrlimit(resource.RLIMIT_CORE, (0, 0)); {program}")
    assert refusal(made.book()) == EXHAUSTED


@pytest.mark.parametrize(
    "program", ["time.sleep(60)", "while True: pass", "sys.stdout.close(); os.close(1); time.sleep(60)"]
)
def test_a_child_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    acting(monkeypatch, program)
    monkeypatch.setattr(cells, "WALL_SECONDS", 0.5)
    assert refusal(made.book()) == EXHAUSTED


SHEET = b'{"sheet": "a", "state": "visible"}\n'
END = b'{"merged": [], "protected": 0}\n{"end": true}\n'
NONSENSE = [
    b"",
    b"\xff\xfe\x00",
    b"hello\n",
    b'{"end": true}\n',
    b'{"sheet": "a"}\n{"end": true}\n',
    b'{"merged": [], "protected": false}\n{"end": true}\n',
    SHEET + b'[1, false, [[1, "number", "x", null]]]\n' + END,
    SHEET + b'[1, false, [[1, "date", "2024-13-01", null]]]\n' + END,
    SHEET + b'[0, false, [[1, "text", "x", null]]]\n' + END,
    SHEET + b'[1, false, [["1", "text", "x", null]]]\n' + END,
    SHEET + b'[1, false, [[1, "code", "x", null]]]\n' + END,
    b"[" * 100_000,
    b"7" * 10_000,
    b"null\n",
]  # fmt: skip


@pytest.mark.parametrize("answer", NONSENSE)
def test_a_child_that_writes_garbage_ends_in_a_sentence(monkeypatch: pytest.MonkeyPatch, answer: bytes) -> None:
    acting(monkeypatch, f"sys.stdout.buffer.write({answer[:200]!r} * {max(len(answer) // 200, 1)})")
    assert refusal(made.book()) == DAMAGED


def test_an_endless_answer_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "LONGEST_ANSWER", 10_000)
    acting(monkeypatch, """print('{"sheet": "a", "state": "visible"}'); print('[1, false, []]\\n' * 2000)""")
    assert refusal(made.book()) == EXHAUSTED


LIMITED = """
import json, os, resource, sys
from portal.imports.child import limit

limit(int(sys.argv[1]), int(sys.argv[2]))
kinds = (resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_FSIZE, resource.RLIMIT_CORE)
told = {"limits": [resource.getrlimit(kind)[0] for kind in kinds], "names": sorted(os.environ)}
try:
    bytearray(600 << 20)
    told["took"] = True
except MemoryError:
    told["took"] = False
print(json.dumps(told))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="只有 Linux 限制地址空间")
def test_the_limits_of_the_child_hold() -> None:
    command = [sys.executable, "-E", "-s", "-c", LIMITED, str(cells.MEGABYTES), str(cells.CPU_SECONDS)]
    done = subprocess.run(command, cwd=cells.ROOT, env={}, capture_output=True, check=True)
    told = json.loads(done.stdout)
    assert told["limits"] == [cells.MEGABYTES << 20, cells.CPU_SECONDS, child.LONGEST_ANSWER, 0]
    assert not told["took"]


def test_the_child_gets_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_SECRET_KEY", "k" * 60)
    acting(monkeypatch, """import json; print(json.dumps({"refused": ",".join(sorted(os.environ))}))""")
    assert "PORTAL" not in refusal(made.book())
    assert "PORTAL_SECRET_KEY" in os.environ


def heavy() -> bytes:
    """Within every limit of the container: 60 MB of texts nobody uses, honestly packed."""
    body = made.stuffing("<si><t>a</t></si>" * 3_500_000)
    files = made.parts(shared=[])
    files[made.STRINGS] = str(files[made.STRINGS]).replace("</sst>", f"{body}</sst>")
    return made.packed(files)


def test_a_bomb_within_the_limits_of_the_container_runs_into_those_of_the_child(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = heavy()
    inspect("a.xlsx", data)
    monkeypatch.setattr(cells, "CPU_SECONDS", 1)
    start = time.monotonic()
    assert refusal(data) == EXHAUSTED
    assert time.monotonic() - start < 6


def test_a_child_short_of_memory_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "MEGABYTES", 96)
    shared = [f"<t>{random.Random(n).randbytes(100).hex()}{'a' * 1700}</t>" for n in range(40_000)]
    assert refusal(made.book(shared=shared)) == EXHAUSTED


def test_a_child_that_can_not_start_ends_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "COMMAND", ("/nowhere/python",))
    assert refusal(made.book()) == "服务器现在读不了文件，请稍后再上传；仍不行请告诉系统管理员。"


# Whatever comes


@given(st.binary(max_size=300), st.sampled_from([b"", b"PK\x03\x04", b"PK\x05\x06", made.OLE[:8], b"\xff\xfe", b"<"]))
@example(b"\x00" * 18, b"PK\x05\x06")
@settings(max_examples=150, deadline=None)
def test_arbitrary_bytes_end_in_a_sentence_or_a_book(data: bytes, head: bytes) -> None:
    with pytest.raises(Unreadable):
        read("a.xlsx", head + data)


VALID = made.book(
    made.worksheet(
        made.row(1, made.text("A1", "企业"), made.cell("B1", "0", "s"), made.cell("C1", "45293", style=1))
        + made.row(2, made.cell("A2", "1", formula="1"), made.cell("B2", "1", "b"), made.cell("C2", "2.5", style=2)),
        after='<mergeCells><mergeCell ref="A1:B1"/></mergeCells>',
    ),
    shared=["<t>甲</t>"],
    formats=["yyyy-mm-dd", "#,##0.00"],
)


@st.composite
def mutated(draw: st.DrawFn, data: bytes) -> bytes:
    """``data`` with a few bytes overwritten, cut out or put in."""
    changed = bytearray(data)
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, max(len(changed) - 1, 0)))
        new = draw(st.binary(max_size=6))
        changed[place : place + draw(st.sampled_from([0, len(new), len(new), 20]))] = new
    return bytes(changed)


def well(work: Callable[[], Book]) -> bool:
    """Whether ``work`` ends in a book with sheets or in a sentence; any other error goes on."""
    try:
        return bool(work().sheets)
    except Unreadable as refused:
        return refused.sentence.endswith("。")


@given(mutated(VALID))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_workbook_with_bytes_changed_ends_in_a_sentence_or_a_book(data: bytes) -> None:
    assert well(lambda: read("a.xlsx", data))


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_parts_with_bytes_changed_are_read_or_refused_by_the_child_itself(data: st.DataObject) -> None:
    """In this process and without the child's last resort: only Unreadable comes out of the parsers."""
    with ZipFile(io.BytesIO(VALID)) as archive:
        files: dict[str, str | bytes] = {name: archive.read(name) for name in archive.namelist()}
    name = data.draw(st.sampled_from(sorted(files)))
    files[name] = data.draw(mutated(bytes(files[name])))  # type: ignore[arg-type]

    def read_here() -> Book:
        lines: list[Any] = []
        with ZipFile(io.BytesIO(made.packed(files))) as archive:
            parts.read_parts(
                archive,
                lambda name, state: lines.append({"sheet": name, "state": state}),
                lambda row, hidden, wires: lines.append([row, hidden, wires]),
                lambda done: lines.append({"protected": done.protected, "merged": done.merged}),
            )
        return cells._book([json.dumps(line, ensure_ascii=False).encode() for line in [*lines, {"end": True}]])

    assert well(read_here)


@given(st.text(max_size=80))
@example("../../x/\u202egpj.xlsx")
def test_a_file_name_is_shown_short_and_alone(name: str) -> None:
    shown = container.shown(name)
    assert len(shown) <= 40
    assert shown.isprintable()
    assert "/" not in shown


def test_making_the_workbooks_warns_of_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert inspect("a.xlsx", VALID) is None
