"""Workbooks: typed cells, text that never becomes a formula, rates that LibreOffice calculates as the page does."""

import datetime as dt
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings, strategies as st
from openpyxl import Workbook, load_workbook

from metrics.excel import (
    Form,
    FormColumn,
    FormHead,
    FormLine,
    Header,
    Kind,
    Table,
    form_workbook,
    plain,
    sheet_title,
    table_workbook,
    write_table,
)
from metrics.indicators import percent
from metrics.longsheet import Pieces
from tests.libreoffice import recalculated

DANGEROUS = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(1)",
    '=HYPERLINK("x")',
    "=cmd|' /C calc'!A0",
    "\t=1",
    " =1",
    "#N/A",
    "{=1}",
    "−2",
)


pytestmark = pytest.mark.files


def opened(content: bytes) -> Workbook:
    return load_workbook(BytesIO(content))


def text_table(text: str) -> Table:
    return Table(text, (text,), (Header("名称"), Header(text, width=20)), [(text, text)], (text, text), ((text, text),))


@given(st.text(alphabet=st.characters(), max_size=40))
@example("=1+1")
@example("\x00=1")
@example("\ud800=1")
@example("a\r\nb\rc")
@settings(max_examples=40, deadline=None)
def test_text_stays_text_wherever_it_stands(text: str) -> None:
    book = opened(table_workbook(text_table(text)))
    expected = plain(text) or None
    for sheet in book.worksheets:
        assert not [cell.coordinate for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    sheet, facts = book.worksheets
    assert sheet["A1"].value == expected
    assert [cell.value for cell in sheet[4]] == [expected, expected]
    assert [cell.value for cell in sheet[5]] == [expected, expected]
    assert [cell.value for cell in facts[3]] == [expected, expected]


def test_dangerous_text_is_marked_for_excel_too() -> None:
    book = opened(table_workbook(Table("表", (), (Header("名称"),), [(text,) for text in DANGEROUS])))
    cells = [row[0] for row in book.worksheets[0].iter_rows(min_row=3)]
    assert [cell.value for cell in cells] == list(DANGEROUS)
    assert {cell.data_type for cell in cells} == {"s"}
    assert [cell.quotePrefix for cell in cells] == [text[0] in "=+-@" for text in DANGEROUS]


def test_libreoffice_keeps_dangerous_text(tmp_path: Path) -> None:
    content = table_workbook(Table("表", (), (Header("名称"),), [(text,) for text in DANGEROUS]))
    sheet = recalculated(content, tmp_path).worksheets[0]
    assert [row[0].value for row in sheet.iter_rows(min_row=3)] == list(DANGEROUS)


VALUES = st.one_of(
    st.none(),
    st.just(""),
    st.text(max_size=12),
    st.sampled_from([*DANGEROUS, "甲 ", " 乙", "甲\n乙", "<b>&amp;", "长" * 60, "x" * 400]),
    st.integers(-(10**15), 10**15),
    st.booleans(),
    st.dates(dt.date(1899, 1, 1)),
    st.datetimes(dt.datetime(1950, 1, 1), timezones=st.just(dt.UTC)),  # noqa: DTZ001 - hypothesis wants them so
    st.decimals(-1000, 1000, places=1),
    st.floats(-1000, 1000),
)
KINDS: tuple[Kind, ...] = ("text", "mark", "number", "date", "percent", "tick")


def looks(sheet: Any) -> Any:
    """Everything about the cells of a sheet and the heights of its rows."""
    cells = [
        [
            (
                *(cell.coordinate, cell.value, cell.data_type, cell.number_format, cell.quotePrefix),
                *map(repr, (cell.font, cell.border, cell.alignment, cell.fill)),
            )
            for cell in row
        ]
        for row in sheet.iter_rows()
    ]
    return cells, {number: row.height for number, row in sheet.row_dimensions.items() if row.height}


@given(st.data())
@settings(max_examples=30, deadline=None)
def test_rows_written_as_text_are_those_that_openpyxl_writes(data: st.DataObject) -> None:
    headers = [Header("列", kind, 12) for kind in data.draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=4))]
    rows = data.draw(st.lists(st.tuples(*[VALUES for _ in headers]), max_size=8))
    table = Table("表", ("截至2026-10-31",), headers, [values for values in rows for _ in (1, 2)], [1] * len(headers))
    usual = Workbook(write_only=True)
    write_table(usual, table, "表")
    out = BytesIO()
    usual.save(out)
    assert looks(opened(table_workbook(table)).worksheets[0]) == looks(opened(out.getvalue()).worksheets[0])


@given(st.data())
@settings(max_examples=30, deadline=None)
def test_rows_in_pieces_are_those_of_one_piece_also_where_some_are_gone(data: st.DataObject) -> None:
    headers = [Header("列", kind, 12) for kind in data.draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=3))]
    drawn = data.draw(st.lists(st.tuples(st.booleans(), st.tuples(*[VALUES for _ in headers])), max_size=8))
    size = data.draw(st.integers(1, 3))
    pieces = [drawn[start : start + size] for start in range(0, len(drawn), size)]
    left = [[values for is_left, values in piece if is_left] for piece in pieces]
    told: list[int] = []
    in_pieces = Pieces([len(piece) for piece in pieces], lambda number: (left[number], number), told.append)
    made = opened(table_workbook(Table("表", (), headers, in_pieces)))
    assert told == list(range(len(pieces)))
    at_once = [values for piece in left for values in piece]
    assert list(in_pieces) == at_once
    assert looks(made.worksheets[0]) == looks(opened(table_workbook(Table("表", (), headers, at_once))).worksheets[0])


def test_a_text_that_looks_like_a_row_number_stays_when_rows_move_up() -> None:
    text = '<c r="A4"><row r="5">'
    pieces = Pieces([2, 1], lambda number: ([(text,)], number), lambda number: None)
    sheet = opened(table_workbook(Table("表", (), (Header("名称"),), pieces))).worksheets[0]
    assert [row[0].value for row in sheet.iter_rows(min_row=3)] == [text, text]


def test_cells_are_typed() -> None:
    headers = (Header("名称"), Header("数", "number"), Header("日期", "date"), Header("率", "percent"))
    moment = dt.datetime(2026, 10, 31, 4, 5, tzinfo=dt.UTC)
    rows: list[tuple[Any, ...]] = [
        ("甲", 3315, dt.date(2026, 10, 31), Decimal("90.0")),
        ("", None, None, None),
        (True, Decimal("2.50"), moment, 0),
        (12, "不详", "2026年", Decimal("33.3")),
    ]
    sheet = opened(table_workbook(Table("表", ("截至2026-10-31",), headers, rows, ("合计", 1, None, None)))).worksheets[
        0
    ]
    body = [[(cell.value, cell.number_format) for cell in row] for row in sheet.iter_rows(min_row=5)]
    assert body[0] == [
        ("甲", "General"),
        (3315, "#,##0"),
        (dt.datetime(2026, 10, 31), "yyyy-mm-dd"),  # noqa: DTZ001 - what openpyxl makes of a date
        (0.9, "0.0%"),
    ]
    assert [value for value, _ in body[1]] == [None, None, None, "—"]
    assert body[2][0][0] == "是"
    assert body[2][1] == (2.5, "#,##0.0##")
    assert body[2][2] == (dt.datetime(2026, 10, 31, 12, 5), "yyyy-mm-dd hh:mm")  # noqa: DTZ001
    assert body[2][3] == (0, "0.0%")
    assert [value for value, _ in body[3]] == ["12", "不详", "2026年", 0.333]


def test_a_table_has_title_head_totals_frozen_and_an_explanation() -> None:
    table = Table(
        "企业台账",
        ("甲园", "截至2026-10-31"),
        (Header("名称", width=30), Header("人数", "number", 9)),
        [("甲", 1), ("乙", 2)],
        ("合计", 3),
        (("筛选", "经营状态：正常经营"), ("行数", 2)),
    )
    book = opened(table_workbook(table))
    assert book.sheetnames == ["企业台账", "说明"]
    sheet, facts = book.worksheets
    assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [
        ["企业台账", None],
        ["甲园", None],
        ["截至2026-10-31", None],
        ["名称", "人数"],
        ["合计", 3],
        ["甲", 1],
        ["乙", 2],
    ]
    assert sheet.freeze_panes == "B6"
    assert sheet.print_title_rows == "$4:$4"
    assert sheet.column_dimensions["A"].width == 30
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize, sheet.page_setup.fitToWidth) == (
        "landscape",
        9,
        1,
    )
    assert [[cell.value for cell in row] for row in facts.iter_rows(min_row=3)] == [
        ["筛选", "经营状态：正常经营"],
        ["行数", "2"],
    ]


@pytest.mark.parametrize(
    ("text", "title"), [("企业台账", "企业台账"), ("a/b:c*d?[e]\\'", "abcde"), ("", "表"), ("长" * 40, "长" * 31)]
)
def test_sheet_titles_are_what_excel_accepts(text: str, title: str) -> None:
    assert sheet_title(text) == title


# (count, of): tenths that end in exactly one half, and neighbours
TIES = [
    (7, 2000),
    (1, 16),
    (3, 16),
    (1, 80),
    (9, 400),
    (13, 800),
    (201, 2000),
    (1, 3),
    (2, 3),
    (27, 30),
    (5, 5),
    (0, 7),
    (0, 0),
]


def rates_form() -> Form:
    lines = [FormLine(f"第{row}行", [count, of, percent(count, of)]) for row, (count, of) in enumerate(TIES, 1)]
    total = [sum(count for count, _ in TIES), sum(of for _, of in TIES)]
    heads = [
        [FormHead("行", 0, 0, 1, 1), FormHead("家", 0, 1, 1, 1), FormHead("共", 0, 2, 1, 1), FormHead("率", 0, 3, 1, 1)]
    ]
    return Form(
        title="表",
        number="01",
        above=("左", "中", "右"),
        heads=heads,
        index=("甲", "1", "2", "3"),
        columns=(FormColumn("count"), FormColumn("count"), FormColumn("rate", (1,), 2)),
        total=FormLine("合计", [*total, percent(*total)]),
        blocks=(("分行", lines),),
        below=("负责人：",),
        notes=("说明文字",),
    )


def workbook_of(form: Form) -> bytes:
    names = Table("名单", (), (Header("名称"), Header("1", "tick")), [("甲", 1), ("乙", None), ("丙", 1)], ("合计", ""))
    return form_workbook(form, names, Table("口径", (), (Header("项目"),), [("第1列",)]))


def values(book: Workbook) -> list[list[Any]]:
    return [[cell.value for cell in row] for row in book.worksheets[0].iter_rows(min_row=6, max_row=7 + len(TIES))]


def test_rates_and_sums_are_formulas_with_their_values_beside_them() -> None:
    content = workbook_of(rates_form())
    written = values(opened(content))
    assert written[0] == ["合计", "=SUM(B8:B20)", "=SUM(C8:C20)", '=IF(C6=0,"—",ROUND((B6)*1000/C6,0)/10)']
    held = values(load_workbook(BytesIO(content), data_only=True))
    assert [row[3] for row in held[2:]] == [as_cell(percent(count, of)) for count, of in TIES]
    assert held[0][1:3] == [sum(count for count, _ in TIES), sum(of for _, of in TIES)]


def test_libreoffice_rounds_as_the_page_does(tmp_path: Path) -> None:
    content = workbook_of(rates_form())
    book = recalculated(content, tmp_path)
    assert values(book) == values(load_workbook(BytesIO(content), data_only=True))
    assert book.worksheets[1]["B3"].value == 2


def as_cell(rate: Decimal | None) -> float | str:
    return "—" if rate is None else float(rate)


def test_a_large_total_is_seen_whole() -> None:
    """LibreOffice shows ### for a number wider than its column, and cuts a text that wraps in a row of one line."""

    def sheet_of(number: int, text: str) -> Any:
        headers = [Header("组建状态", width=18), Header("从业人员", "number", 10)]
        table = Table("台账", (), headers, [["已联合建立", 9]], [text, number])
        return load_workbook(BytesIO(table_workbook(table))).worksheets[0]

    usual = sheet_of(7_309, "已建70家，84.3%")
    assert (usual.column_dimensions["B"].width, usual.row_dimensions[3].height) == (10, None)
    large = sheet_of(7_723_116, "已建18,835家，30.9%，比上年多")
    assert large.column_dimensions["B"].width >= len("7,723,116") + 3
    assert large.row_dimensions[3].height == 32
