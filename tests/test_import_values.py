"""From the cells of a foreign workbook to values: what is understood, and the sentence for what is not."""

import datetime as dt
import unicodedata
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given, settings, strategies as st

from orgs.models.enterprise import EnterpriseKind, EnterpriseSize, Industry
from portal.imports import values
from portal.imports.cells import Cell, read
from portal.imports.values import BadCell
from tests import workbooks as made

pytestmark = pytest.mark.files

Read = Callable[[Cell | None], Any]


def cell(value: Any, seen: str | None = None, kind: str | None = None) -> Cell:
    """A cell with this value, shown as ``seen``; a number is given as text with “#” before it."""
    if isinstance(value, str) and value.startswith("#"):
        value = Decimal(value[1:])
    kinds: dict[type, Any] = {str: "text", Decimal: "number", bool: "bool", dt.date: "date", dt.datetime: "date"}
    kinds[dt.time] = "date"
    shown = ("TRUE" if value else "FALSE") if isinstance(value, bool) else str(value)
    return Cell(7, 2, kind or kinds[type(value)], value, shown if seen is None else seen)  # type: ignore[arg-type]


def told(read_value: Read, given_cell: Cell) -> str:
    with pytest.raises(BadCell) as bad:
        read_value(given_cell)
    return bad.value.sentence


ALL: dict[str, Read] = {
    "text": values.text,
    "lines": lambda given_cell: values.text(given_cell, lines=True),
    "code": values.code,
    "whole": values.whole,
    "decimal": values.decimal,
    "percent": lambda given_cell: values.decimal(given_cell, percent=True, negative=True),
    "date": values.date,
    "yes_no": values.yes_no,
    "choice": lambda given_cell: values.choice(given_cell, EnterpriseKind),
}


@pytest.mark.parametrize("name", ALL)
def test_nothing_formulas_and_errors_are_treated_alike(name: str) -> None:
    assert ALL[name](None) in (None, "")
    assert ALL[name](cell(" \u200b\u3000")) in (None, "")
    assert told(ALL[name], cell("3", kind="formula")) == "公式单元格，请粘贴为数值"
    assert told(ALL[name], cell("甲REF!", "#REF!", kind="error")) == "是错误值“#REF!”，请改为正确的内容"


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("甲公司", "甲公司"),
        (" 甲\xa0公司\t\t", "甲 公司"),
        ("甲\u3000\u3000公司", "甲 公司"),
        ("\ufeff甲\u200b公\u200d司\u2060", "甲公司"),
        ("\u202e甲公司\u202c\u200f", "甲公司"),
        ("甲\x00公\x07司\x7f", "甲公司"),
        ("甲\r\n乙", "甲 乙"),
        ("'0012", "0012"),
        ("＇甲", "甲"),
        ("阿依古丽·买买提", "阿依古丽·买买提"),
        ("𠮷㛃䶮\ue000", "𠮷㛃䶮\ue000"),
        ("e\u0301", "é"),
        ("１２号", "１２号"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("=cmd|' /C calc'!A0", "=cmd|' /C calc'!A0"),
        ("#1", "1"),
        ("#1.50", "1.5"),
        ("#13812345678", "13812345678"),
        ("#0", "0"),
    ],
)
def test_text_is_what_is_seen_of_it(typed: str, expected: str) -> None:
    assert values.text(cell(typed)) == expected


def test_text_keeps_line_breaks_and_noughts_where_they_are_meant() -> None:
    assert values.text(cell(" 甲 \r\n乙\u2028丙\x0b"), lines=True) == "甲\n乙\n丙"
    assert values.text(cell("#1234", "001234")) == "001234"
    assert values.text(cell("#1234", "1,234.00")) == "1234"
    assert values.text(cell(dt.date(2024, 1, 2), "2024年1月2日")) == "2024年1月2日"
    assert values.text(cell(True)) == "TRUE"


def test_text_that_was_garbled_is_told() -> None:
    assert told(values.text, cell("甲\ufffd\ufffd司")) == "里有无法辨认的乱码字符，请重新填写"


LOST = "太长的数字已被Excel改掉了后几位，请把该列设为“文本”后重新填写"


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("91330102ma28abcd1x", "91330102MA28ABCD1X"),
        (" 9133 0102-MA28 ABCD1X\u200b", "91330102MA28ABCD1X"),
        ("９１３３０１０２ＭＡ２８ＡＢＣＤ１ｘ", "91330102MA28ABCD1X"),
        ("'913301020000000001", "913301020000000001"),
        ("#330102000012345", "330102000012345"),
    ],
)
def test_a_code_is_folded(typed: str, expected: str) -> None:
    assert values.code(cell(typed)) == expected


@pytest.mark.parametrize(
    "given_cell", [cell("#330102199001011000", "3.30102E+17"), cell("3.30102E+17"), cell("#1e309")]
)
def test_a_code_that_lost_digits_is_told(given_cell: Cell) -> None:
    assert told(values.code, given_cell) == LOST


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("#12", "12"),
        ("#-0", "0"),
        ("12", "12"),
        ("１２", "12"),
        ("1,234,567", "1234567"),
        ("1，234", "1234"),
        ("12家", "12"),
        ("3.5万", "35000"),
        ("1.2亿元", "120000000"),
        ("+7", "7"),
        (" 8 \u200b", "8"),
        (".5", "0.5"),
        ("0.50", "0.50"),
    ],
)
def test_numbers_are_understood(typed: str, expected: str) -> None:
    found = values.decimal(cell(typed))
    assert found == Decimal(expected)
    assert not found.is_signed()
    if found == found.to_integral_value():
        assert values.whole(cell(typed)) == int(found)


NUMBERS = [
    ("约50", "写的是“约50”，应为数字，请只填数字"),
    ("50多件", "写的是“50多件”，应为数字，请只填数字"),
    ("三十", "写的是“三十”，应为数字，请只填数字"),
    ("1,23", "写的是“1,23”，应为数字，请只填数字"),
    ("1.2.3", "写的是“1.2.3”，应为数字，请只填数字"),
    (".", "写的是“.”，应为数字，请只填数字"),
    ("NaN", "写的是“NaN”，应为数字，请只填数字"),
    ("1e309", "写的是“1e309”，应为数字，请只填数字"),
    ("(5)", "写的是“(5)”，应为数字，请只填数字"),
    ("85%", "写的是“85%”，这一列不用百分数，请去掉百分号并核对数值"),
    ("８５％", "写的是“８５％”，这一列不用百分数，请去掉百分号并核对数值"),
    ("-5", "写的是“-5”，不能是负数，请核对"),
    ("－５", "写的是“－５”，不能是负数，请核对"),
    ("#-5", "写的是“-5”，不能是负数，请核对"),
    ("#1e309", "写的是“1E+309”，大得不合常理，请核对"),
    ("#1e-300", "写的是“1E-300”，小得不合常理，请核对"),
    ("#NaN", "写的是“NaN”，不是一个数，请重新填写"),
    ("#Infinity", "写的是“Infinity”，不是一个数，请重新填写"),
    ("9" * 30, "写的是“99999999999999999999…”，大得不合常理，请核对"),
]


@pytest.mark.parametrize(("typed", "sentence"), NUMBERS)
def test_what_is_no_number_is_told(typed: str, sentence: str) -> None:
    assert told(values.decimal, cell(typed)) == sentence
    assert told(values.whole, cell(typed)) == sentence


def test_a_fraction_is_no_whole_number() -> None:
    assert told(values.whole, cell("#2.5")) == "写的是“2.5”，应为整数，请核对"
    assert told(values.whole, cell(True)) == "写的是“TRUE”，应为数字，请只填数字"
    assert told(values.whole, cell(dt.date(2024, 1, 2))) == "写的是“2024-01-02”，应为数字，请只填数字"


def test_percents_and_negatives_where_they_are_asked_for() -> None:
    for given_cell in (cell("85%"), cell("85"), cell("#85"), cell("#0.85", "85%"), cell("#0.85", "85.0%")):
        assert values.decimal(given_cell, percent=True) == 85
    assert told(values.decimal, cell("#0.85", "85%")) == "写的是“85%”，这一列不用百分数，请去掉百分号并核对数值"
    assert values.decimal(cell("-5"), negative=True) == -5


@pytest.mark.parametrize(
    "typed",
    ["2024-01-02", "2024-1-2", "2024/1/2", "2024.1.2", "20240102", "2024年1月2日", "２０２４年１月２日", "2024。1。2",
     "2024—01—02", " 2024 - 1 - 2 ", "2024-01-02 00:00:00", "2024-01-02T08:30", "2024/1/2 8:30", "'2024-01-02",
     "#20240102"],
)  # fmt: skip
def test_days_are_understood(typed: str) -> None:
    assert values.date(cell(typed)) == dt.date(2024, 1, 2)


def test_cells_with_dates_are_days() -> None:
    assert values.date(cell(dt.date(2024, 1, 2))) == dt.date(2024, 1, 2)
    assert values.date(cell(dt.date(2024, 1, 2), "1月2日")) == dt.date(2024, 1, 2)
    when = values.date(cell(dt.datetime(2024, 1, 2, 8, 30)))  # noqa: DTZ001
    assert type(when) is dt.date
    assert when == dt.date(2024, 1, 2)


DAYS = [
    (cell("2024年2月"), "写的是2024年2月，缺少哪一日，请写到日，如2026-11-15"),
    (cell("2024.13"), "写的是2024.13，缺少哪一日，请写到日，如2026-11-15"),
    (cell("#2024.13"), "写的是2024.13，缺少哪一日，请写到日，如2026-11-15"),
    (cell(dt.date(2024, 2, 1), "2024年2月"), "写的是2024年2月，缺少哪一日，请写到日，如2026-11-15"),
    (cell("24-1-2"), "写的是24-1-2，年份请写四位数，如2026"),
    (cell("24年1月2日"), "写的是24年1月2日，年份请写四位数，如2026"),
    (cell("1900-02-29"), "写的是1900-02-29，1900年2月只有28天，请核对"),
    (cell("2023-2-29"), "写的是2023-2-29，2023年2月只有28天，请核对"),
    (cell("2024-13-1"), "写的是2024-13-1，没有13月，请核对"),
    (cell(dt.date(9999, 12, 31)), "写的是9999-12-31，年份应在1900到2100之间，请核对"),
    (cell("去年"), "写的是“去年”，认不出是哪一天，请写成2026-11-15的样子"),
    (cell("2024"), "写的是“2024”，认不出是哪一天，请写成2026-11-15的样子"),
    (cell("1/2/2024"), "写的是“1/2/2024”，认不出是哪一天，请写成2026-11-15的样子"),
    (cell("#45293"), "是数字45293，像是没有设成日期格式的日期，请把该列设为日期格式后核对"),
    (cell(dt.time(8, 30), "08:30"), "写的是“08:30”，只有时间没有日期，请写成2026-11-15的样子"),
    (cell("#1e309"), LOST),
]


@pytest.mark.parametrize(("given_cell", "sentence"), DAYS)
def test_what_is_no_day_is_told(given_cell: Cell, sentence: str) -> None:
    assert told(values.date, given_cell) == sentence


@pytest.mark.parametrize("typed", ["是", "√", "✔", "1", "TRUE", "true", "有", "#1", True, "Ｙ", "１", " 是\u200b"])
def test_yes(typed: Any) -> None:
    assert values.yes_no(cell(typed)) is True


@pytest.mark.parametrize("typed", ["否", "×", "✗", "0", "FALSE", "无", "没有", "#0", False, "x"])
def test_no(typed: Any) -> None:
    assert values.yes_no(cell(typed)) is False


@pytest.mark.parametrize("typed", ["不详", "2", "#2", "是否", "待定"])
def test_neither_yes_nor_no(typed: str) -> None:
    assert told(values.yes_no, cell(typed)) == f"写的是“{typed.removeprefix('#')}”，请填“是”或“否”"


@pytest.mark.parametrize(
    ("typed", "kinds", "expected"),
    [
        ("私营企业", EnterpriseKind, EnterpriseKind.PRIVATE),
        (" 私 营\u3000企业 ", EnterpriseKind, EnterpriseKind.PRIVATE),
        ("私营企业（民营）", EnterpriseKind, EnterpriseKind.PRIVATE),
        ("混合所有制企业(非公控股)", EnterpriseKind, EnterpriseKind.MIXED),
        ("混合所有制企业", EnterpriseKind, EnterpriseKind.MIXED),
        ("private", EnterpriseKind, EnterpriseKind.PRIVATE),
        ("PRIVATE", EnterpriseKind, EnterpriseKind.PRIVATE),
        ("C", Industry, Industry.C),
        ("农林牧渔业", Industry, Industry.A),
        ("农,林,牧,渔业", Industry, Industry.A),
    ],
)
def test_a_choice_is_found_by_label_or_value(typed: str, kinds: Any, expected: str) -> None:
    assert values.choice(cell(typed), kinds) == expected


@pytest.mark.parametrize("typed", ["特大", "（）", "、", "大型、中型"])
def test_an_unknown_choice_is_told_what_there_is(typed: str) -> None:
    sentence = told(lambda given_cell: values.choice(given_cell, EnterpriseSize), cell(typed))
    assert sentence == f"写的是“{typed}”，不在可选范围内，请改为其中之一：大型、中型、小型、微型"


def test_from_a_workbook_to_values() -> None:
    sheet = made.worksheet(
        made.row(
            2,
            made.text("A2", "甲公司"),
            made.cell("B2", "3.30102199001011E+17"),
            made.cell("C2", "45293", style=1),
            made.cell("D2", "45323", style=2),
            made.cell("E2", "60", style=1),
            made.cell("F2", "1", "b"),
            made.cell("G2", "12.0"),
        )
    )
    row = read("a.xlsx", made.book(sheet, formats=["yyyy/m/d"], built_in=[57])).sheets[0].rows[2]
    assert [found.place for found in row.values()] == ["A2", "B2", "C2", "D2", "E2", "F2", "G2"]
    assert values.text(row[1]) == "甲公司"
    assert told(values.code, row[2]) == LOST
    assert values.date(row[3]) == dt.date(2024, 1, 2)
    assert told(values.date, row[4]) == "写的是2024年2月，缺少哪一日，请写到日，如2026-11-15"
    assert told(values.date, row[5]) == "写的是1900-02-29，1900年2月只有28天，请核对"
    assert values.yes_no(row[6]) is True
    assert (values.whole(row[7]), values.text(row[7])) == (12, "12")


anything = st.builds(
    Cell,
    row=st.integers(1, 1_048_576),
    column=st.integers(1, 16_384),
    kind=st.sampled_from(["text", "number", "date", "bool", "formula", "error"]),
    value=st.one_of(
        st.text(max_size=30),
        st.decimals(),
        st.dates(),
        st.datetimes(),
        st.times(),
        st.booleans(),
    ),
    text=st.one_of(st.text(max_size=30), st.from_regex(r"[-+]?[0-9,.]{1,20}[万亿%]?", fullmatch=True)),
)


@given(anything, st.sampled_from(sorted(ALL)))
@example(cell("#1e999999", "9"), "decimal")
@example(cell("#-1e999999", "9%"), "percent")
@example(cell("#sNaN", "x"), "percent")
@example(cell("#sNaN", "x"), "yes_no")
@example(cell("²"), "date")
@example(cell("#1", "²", "number"), "whole")
@settings(max_examples=500, deadline=None)
def test_any_cell_is_a_value_or_a_sentence(given_cell: Cell, name: str) -> None:
    try:
        found = ALL[name](given_cell)
    except BadCell as bad:
        sentence = bad.sentence
    else:
        sentence = "值，请"
        if isinstance(found, str):
            assert found == found.strip()
            assert not any(unicodedata.category(one) in ("Cc", "Cs") for one in found.replace("\n", ""))
    assert "请" in sentence
    assert "\x00" not in sentence
