"""The officer's own workbook handed back: what was wrong is marked, what was mended is in it, the rest is his."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from openpyxl import Workbook, load_workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill
from openpyxl.worksheet.merge import MergedCellRange

from orgs.models import Park, Role, User
from portal.imports import batches
from portal.imports.plans import PLANS
from portal.models import ImportBatch
from tests.factories import grant, make_park, make_user
from tests.test_imports import saved

pytestmark = [pytest.mark.django_db, pytest.mark.crawl]

HEADS = ("企业名称", "企业类型", "入驻日期", "经营状态", "职工数", "联系电话")
ONE = ("一号机械有限公司", "私营企", "2025-03-01", "正常经营", 12, "0477-1")
TWO = ("二号机械有限公司", "私营企业", "25.3.5", "正常经营", "很多", "")
GOOD = ("三号机械有限公司", "私营企业", "2025-03-05", "正常经营", 5, "")


@pytest.fixture
def park() -> Park:
    return make_park("returned")


@pytest.fixture
def officer(park: Park) -> User:
    user = make_user("returner")
    grant(user, Role.OFFICER, park)
    return user


@pytest.fixture
def browser(officer: User) -> Client:
    client = Client()
    client.force_login(officer)
    return client


def made(*rows: Sequence[Any]) -> Any:
    """A workbook with the heads over these rows."""
    book = Workbook()
    leaf: Any = book.active
    for row in (HEADS, *rows):
        leaf.append(list(row))
    return book


def opened(park: Park, officer: User, book: Any) -> ImportBatch:
    return batches.open_batch(PLANS["enterprises"], officer, park, "企业.xlsx", saved(book))


def returned(browser: Client, batch: ImportBatch) -> Any:
    """The workbook that comes back."""
    answer = browser.get(reverse("import-marked", args=[batch.pk]))
    assert answer.status_code == 200
    return load_workbook(BytesIO(answer.content), rich_text=True)


def sent_again(browser: Client, batch: ImportBatch, book: Any) -> list[str]:
    """What becomes of the rows of a workbook put into the batch instead of the one before."""
    file = SimpleUploadedFile("企业（标注）.xlsx", saved(book))
    browser.post(reverse("import-file", args=[batch.pk]), {"file": file})
    batch.refresh_from_db()
    return [one.kind for one in batches.outcomes_of(batch)]


def mend(browser: Client, batch: ImportBatch, row: int, **typed: str) -> None:
    browser.post(reverse("import-row", args=[batch.pk, row]), typed)
    batch.refresh_from_db()


# The two columns beside


def test_results_stand_in_the_row_of_the_heads_whatever_follows_it(park: Park, officer: User, browser: Client) -> None:
    batch = opened(park, officer, made(("合计", "", "", "", 12, ""), [], ONE))
    for _ in range(2):
        book = returned(browser, batch)
        leaf = book.active
        assert [cell.value for cell in leaf[1]] == [*HEADS, "结果", "说明"]
        assert [leaf.cell(row, 7).value for row in (2, 3, 4)] == ["不是记录", None, "错误"]
        assert sent_again(browser, batch, book) == ["rejected"]


# What was mended in the browser


def test_what_was_mended_in_the_browser_is_in_the_workbook(park: Park, officer: User, browser: Client) -> None:
    batch = opened(park, officer, made(ONE, TWO, GOOD))
    mend(browser, batch, 2, c2="私营企业")
    book = returned(browser, batch)
    leaf = book.active
    assert [cell.value for cell in leaf[2]][:6] == [ONE[0], "私营企业", *ONE[2:]]
    assert [cell.value for cell in leaf[3]][:6] == [*TWO[:5], None]
    leaf["C3"], leaf["E3"] = "2025-03-05", 7
    assert sent_again(browser, batch, book) == ["created", "created", "created"]


def test_a_mended_cell_holds_what_its_column_is_for(park: Park, officer: User, browser: Client) -> None:
    book = made(ONE, TWO, TWO)
    book.active["E3"].number_format = "0%"
    batch = opened(park, officer, book)
    mend(browser, batch, 3, c3="2025年3月5日", c5="1,200", c6="13800000000")
    mend(browser, batch, 4, c1="=1+1", c4="", c5="约7")
    leaf = returned(browser, batch).active
    assert leaf["C3"].is_date
    assert f"{leaf['C3'].value:%Y-%m-%d}" == "2025-03-05"
    assert (leaf["E3"].value, leaf["E3"].number_format) == (1200, "General")
    assert leaf["F3"].value == "13800000000"
    assert (leaf["A4"].value, leaf["A4"].data_type) == ("=1+1", "s")
    assert leaf["D4"].value is None
    assert leaf["E4"].value == "约7"


def test_a_formula_stays_one_unless_its_cell_was_mended(park: Park, officer: User, browser: Client) -> None:
    book = made(ONE, GOOD)
    book.active["F2"], book.active["F3"] = '="0477-"&1', '="0477-"&2'
    batch = opened(park, officer, book)
    mend(browser, batch, 3, c6="0477-2")
    leaf = returned(browser, batch).active
    assert (leaf["F2"].value, leaf["F2"].data_type) == ('="0477-"&1', "f")
    assert (leaf["F3"].value, leaf["F3"].data_type) == ("0477-2", "s")


def test_a_mended_cell_of_a_merge_stands_for_itself(park: Park, officer: User, browser: Client) -> None:
    book = made(GOOD, ("四号机械有限公司", None, *GOOD[2:]))
    book.active.merge_cells("B2:B3")
    batch = opened(park, officer, book)
    mend(browser, batch, 3, c2="外商投资企业")
    leaf = returned(browser, batch).active
    assert [leaf["B2"].value, leaf["B3"].value] == ["私营企业", "外商投资企业"]
    assert not leaf.merged_cells.ranges


def test_a_merge_that_holds_for_its_rows_stays_one(park: Park, officer: User, browser: Client) -> None:
    book = made(GOOD, ("四号机械有限公司", None, "2025-13-05", *GOOD[3:]))
    book.active.merge_cells("B2:B3")
    batch = opened(park, officer, book)
    mend(browser, batch, 3, c5="6")
    leaf = returned(browser, batch).active
    assert [str(one) for one in leaf.merged_cells.ranges] == ["B2:B3"]
    assert leaf["E3"].value == 6


def test_an_id_number_mended_in_the_browser_goes_back_sealed(park: Park, officer: User, browser: Client) -> None:
    book = Workbook()
    for row in (("姓名", "身份证号", "入党时间"), ("王小明", "110105194912310021", "1970-13-01")):
        book.active.append(list(row))  # type: ignore[union-attr]
    batch = batches.open_batch(PLANS["members"], officer, park, "党员.xlsx", saved(book))
    mend(browser, batch, 2, id_number="11010519491231002X")
    back = returned(browser, batch)
    assert back.active["B2"].value.startswith("已加密：")
    back.active["C2"] = "1970-01-01"
    assert sent_again(browser, batch, back) == ["created"]


# Marks


RED = "F8D7D9"


def is_red(cell: Any) -> bool:
    return cell.fill.fill_type == "solid" and str(cell.fill.fgColor.rgb).endswith(RED)


def test_a_fault_in_a_merge_is_marked_at_its_first_cell(park: Park, officer: User, browser: Client) -> None:
    rows = [(f"{number}号机械有限公司", None, "2025-03-01", "正常经营", 1, "") for number in (2, 3, 4)]
    book = made(*rows)
    book.active["B2"] = "私营企"
    book.active.merge_cells("B2:B4")
    batch = opened(park, officer, book)
    leaf = returned(browser, batch).active
    assert is_red(leaf["B2"])
    lines = leaf["B2"].comment.text.splitlines()
    assert "写的是“私营企”" in lines[0]
    assert ["第3行：" in lines[1], "第4行：" in lines[2], len(lines)] == [True, True, 3]
    assert [str(one) for one in leaf.merged_cells.ranges] == ["B2:B4"]
    assert [leaf.cell(row, 7).value for row in (2, 3, 4)] == ["错误"] * 3


def test_results_merged_by_hand_do_no_harm(park: Park, officer: User, browser: Client) -> None:
    batch = opened(park, officer, made(ONE, TWO))
    book = returned(browser, batch)
    book.active.merge_cells("G2:G3")
    sent_again(browser, batch, book)
    leaf = returned(browser, batch).active
    assert leaf["G2"].value == "错误"
    assert leaf["H3"].value
    assert leaf.max_column == 8


def test_values_under_a_merge_come_back(park: Park, officer: User, browser: Client) -> None:
    """Merged with the format painter, so that filters still work, every cell of a merge keeps its value."""
    book = made(GOOD, ("四号机械有限公司", *GOOD[1:]), ONE)
    book.active.merged_cells.add(MergedCellRange(book.active, "B2:B3"))
    batch = opened(park, officer, book)
    assert [one.kind for one in batches.outcomes_of(batch)] == ["created", "created", "rejected"]
    for _ in range(2):
        data = browser.get(reverse("import-marked", args=[batch.pk])).content
        browser.post(reverse("import-file", args=[batch.pk]), {"file": SimpleUploadedFile("企业.xlsx", data)})
        batch.refresh_from_db()
        assert [one.kind for one in batches.outcomes_of(batch)] == ["created", "created", "rejected"]
    assert [str(one) for one in load_workbook(BytesIO(data)).active.merged_cells.ranges] == ["B2:B3"]  # type: ignore[union-attr]


def test_the_officers_own_comment_stays_beside_ours(park: Park, officer: User, browser: Client) -> None:
    book = made(ONE)
    book.active["B2"].comment = Comment("刘工:\n问过老王", "刘工")
    batch = opened(park, officer, book)
    comment = returned(browser, batch).active["B2"].comment
    assert "写的是“私营企”" in comment.text
    assert comment.text.endswith("\n刘工:\n问过老王")
    assert comment.author == "刘工"


def test_what_is_mended_is_marked_no_more(park: Park, officer: User, browser: Client) -> None:
    book = made(ONE, TWO, GOOD)
    yellow = PatternFill("solid", fgColor="FFFF00")
    book.active["A4"].fill, book.active["A4"].comment = yellow, Comment("已核", "刘工")
    book.active["B2"].comment = Comment("刘工:\n问过老王", "刘工")
    batch = opened(park, officer, book)
    once = returned(browser, batch)
    assert [is_red(once.active[place]) for place in ("B2", "C3", "E3", "B3")] == [True, True, True, False]
    assert once.active["E3"].comment
    once.active["B2"], once.active["E3"] = "私营企业", 7
    once.active["E3"].comment.text += "\n老王说是7人"
    assert sent_again(browser, batch, once) == ["created", "rejected", "created"]
    leaf = returned(browser, batch).active
    assert [is_red(leaf[place]) for place in ("B2", "C3", "E3")] == [False, True, False]
    assert leaf["B2"].comment.text == "刘工:\n问过老王"
    assert leaf["E3"].comment.text == "老王说是7人"
    assert leaf["C3"].comment.text == once.active["C3"].comment.text
    assert leaf["A4"].fill == yellow
    assert leaf["A4"].comment.text == "已核"
    assert [leaf.cell(row, 7).value for row in (2, 3, 4)] == ["新增", "错误", "新增"]
    assert leaf["H2"].value is None


# What stays


def test_letters_of_another_colour_stay_so(park: Park, officer: User, browser: Client) -> None:
    book = made(ONE, ONE)
    rich = CellRichText("一号", TextBlock(InlineFont(b=True, color="FF0000"), "机械 "), " 有限公司")
    book.active["A2"], book.active["A3"] = rich, CellRichText(TextBlock(InlineFont(b=True), "二号机械有限公司"))
    batch = opened(park, officer, book)
    mend(browser, batch, 3, c1="三号机械有限公司")
    for _ in range(2):
        back = returned(browser, batch)
        assert back.active.max_column == 8
        assert [str(part) for part in back.active["A2"].value] == ["一号", "机械 ", " 有限公司"]
        assert back.active["A2"].value[1].font.b
        assert back.active["A3"].value == "三号机械有限公司"
        for head in ("G1", "H1"):
            back.active[head] = CellRichText(TextBlock(InlineFont(b=True), back.active[head].value))
        assert sent_again(browser, batch, back) == ["rejected", "rejected"]


LOST = "原表里的图片、图表、文本框等，不会照原样带到标注表里"
DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"


def with_parts(book: Any, **added: str) -> bytes:
    """A workbook with more parts, of a drawing or beside one."""
    out = BytesIO(saved(book))
    with ZipFile(out, "a") as archive:
        for name, text in added.items():
            archive.writestr(f"xl/{name}", text)
    return out.getvalue()


@pytest.mark.parametrize(
    ("parts", "is_told"),
    [
        ({}, False),
        ({"drawings/drawing1.xml": f'<xdr:wsDr xmlns:xdr="{DRAWING}"></xdr:wsDr>'}, False),  # LibreOffice's, of nothing
        ({"drawings/drawing1.xml": f'<xdr:wsDr xmlns:xdr="{DRAWING}"><xdr:twoCellAnchor/></xdr:wsDr>'}, True),
        ({"media/image1.png": "a picture behind the heads"}, True),
    ],
)
def test_pictures_that_do_not_come_back_are_told(
    park: Park, officer: User, browser: Client, parts: dict[str, str], *, is_told: bool
) -> None:
    data = with_parts(made(ONE, GOOD), **parts)
    batch = batches.open_batch(PLANS["enterprises"], officer, park, "企业.xlsx", data)
    url = reverse("import-batch", args=[batch.pk])
    assert (LOST in browser.get(url).content.decode()) == is_told
    batches.confirm(batch, PLANS["enterprises"], officer, batch.digest, good_only=True)
    assert (LOST in browser.get(url).content.decode()) == is_told


def test_a_workbook_with_sealed_numbers_is_as_good_as_one_with_pictures(
    park: Park, officer: User, browser: Client
) -> None:
    """It was written anew as it came in, and no longer tells."""
    book = Workbook()
    for row in (("姓名", "身份证号", "入党时间"), ("王小明", "11010519491231002X", "1970-13-01")):
        book.active.append(list(row))  # type: ignore[union-attr]
    batch = batches.open_batch(PLANS["members"], officer, park, "党员.xlsx", saved(book))
    assert LOST in browser.get(reverse("import-batch", args=[batch.pk])).content.decode()


def test_columns_declared_together_are_not_declared_twice(park: Park, officer: User, browser: Client) -> None:
    """Excel offers to repair a workbook whose declarations overlap; whole sheets are declared, or hidden, at once."""
    book = made(ONE)
    book.active.column_dimensions.group("D", "XFD", outline_level=0, hidden=True)
    book.active.column_dimensions["D"].width = 9
    batch = opened(park, officer, book)
    leaf = returned(browser, batch).active
    declared = sorted((one.min, one.max, one.hidden, one.width) for one in leaf.column_dimensions.values())
    assert declared == [(4, 6, True, 9), (7, 7, False, 10), (8, 8, False, 60), (9, 16384, True, 9)]


def test_a_mended_day_is_seen_whole(park: Park, officer: User, browser: Client) -> None:
    book = made(TWO)
    book.active.column_dimensions["C"].width = 7
    batch = opened(park, officer, book)
    mend(browser, batch, 2, c3="2025-03-05")
    assert returned(browser, batch).active.column_dimensions["C"].width == 12
