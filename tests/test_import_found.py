"""Sheets as officers have them: unknown names, moved columns, formulas, sums and notes, names written otherwise."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from openpyxl import Workbook

from orgs.models import Enterprise, Park, Role, User
from portal.imports import batches
from portal.imports.batches import NoHead
from portal.imports.cells import Cell
from portal.imports.check import Work
from portal.imports.heads import Head
from portal.imports.lines import Lines
from portal.imports.plans import PLANS
from portal.imports.reading import read_value
from portal.models import ImportBatch
from tests.factories import (
    affiliate,
    appoint,
    cover,
    elect,
    employ,
    grant,
    make_enterprise,
    make_member,
    make_organization,
    make_park,
    make_uscc,
    make_user,
    meet,
    work,
)
from tests.test_imports import book, confirmed, kinds, opened, saved, sent

pytestmark = pytest.mark.django_db


@pytest.fixture
def park() -> Park:
    return make_park("found")


@pytest.fixture
def officer(park: Park) -> User:
    user = make_user("finder")
    grant(user, Role.OFFICER, park)
    return user


@pytest.fixture
def browser(officer: User) -> Client:
    client = Client()
    client.force_login(officer)
    return client


def faults(batch: ImportBatch) -> list[tuple[int, str]]:
    return [(fault.column, fault.sentence) for one in batches.outcomes_of(batch) for fault in one.faults]


# Names of other records


@pytest.mark.parametrize(
    ("slug", "heads", "row", "column"),
    [
        (
            "offices",
            ("党组织名称", "姓名", "党内职务", "任职时间"),
            ("没有的党支部", "张三", "党支部书记", "2024-01-01"),
            1,
        ),
        (
            "offices",
            ("党组织名称", "姓名", "党内职务", "任职时间"),
            ("甲支部", "没有的人", "党支部书记", "2024-01-01"),
            2,
        ),
        ("offices", ("党组织名称", "姓名", "党内职务", "任职时间"), ("", "张三", "党支部书记", "2024-01-01"), 1),
        (
            "coverages",
            ("企业名称", "党组织名称", "组建方式", "起始时间"),
            ("没有的厂", "甲支部", "单独组建", "2024-01-01"),
            1,
        ),
        (
            "coverages",
            ("企业名称", "党组织名称", "组建方式", "起始时间"),
            ("甲机械有限公司", "", "单独组建", "2024-01-01"),
            2,
        ),
        ("work-coverages", ("企业名称", "覆盖方式", "起始时间"), ("没有的厂", "工会", "2024-01-01"), 1),
        ("work-coverages", ("企业名称", "覆盖方式", "起始时间"), ("", "工会", "2024-01-01"), 1),
        (
            "activities",
            ("党组织名称", "类型", "日期", "主题", "应到人数"),
            ("没有的", "主题党日", "2024-01-01", "学", 3),
            1,
        ),
        ("activities", ("党组织名称", "类型", "日期", "主题", "应到人数"), ("", "主题党日", "2024-01-01", "学", 3), 1),
    ],
)
def test_a_name_that_is_not_there_is_a_fault_of_its_cell(
    park: Park, officer: User, browser: Client, slug: str, heads: Sequence[str], row: Sequence[Any], column: int
) -> None:
    make_enterprise(park, name="甲机械有限公司")
    make_organization(park, "甲支部")
    make_member(park, "张三")
    page = browser.post(reverse("import-start", args=[slug]), {"file": sent(book([row], heads))})
    assert page.status_code == 302
    batch = ImportBatch.objects.get()
    assert kinds(batch) == ["rejected"]
    assert [text for place, text in faults(batch) if place == column]
    assert browser.get(page["Location"]).status_code == 200


# Columns


def test_columns_settled_before_are_known_by_their_heads_wherever_they_stand(park: Park, officer: User) -> None:
    heads = ("企业名称", "统一社会信用代码", "企业类型", "入驻日期", "甲", "乙")
    row = ("一号机械有限公司", make_uscc(1), "私营企业", "2025-03-01", "某人", "河东路1号")
    batch = opened(park, officer, book([row], heads))
    batch.mapping |= {"5": "contact", "6": "address"}
    batches.recheck(batch, PLANS["enterprises"], officer)
    assert confirmed(batch, officer).written

    made = Workbook()
    leaf: Any = made.active
    for line in (heads, ("二号机械有限公司", make_uscc(2), "私营企业", "2025-03-01", "另一人", "河西路2号")):
        leaf.append([*line[:1], None, *line[1:4], None, *line[4:]])
    moved = opened(park, officer, saved(made))
    assert moved.mapping == {"1": "name", "3": "uscc", "4": "kind", "5": "settled_on", "7": "contact", "8": "address"}
    assert confirmed(moved, officer).written
    second = Enterprise.objects.get(uscc=make_uscc(2))
    assert (second.contact, second.address) == ("另一人", "河西路2号")


def test_a_list_is_compared_by_columns_settled_for_an_import(park: Park, officer: User, browser: Client) -> None:
    heads = ("企业名称", "统一社会信用代码", "企业类型", "入驻日期", "联系人")
    batch = opened(park, officer, book([("一号机械有限公司", make_uscc(1), "私营企业", "2025-03-01", "某人")], heads))
    assert confirmed(batch, officer).written
    made = Workbook()
    leaf: Any = made.active
    for line in (heads, ("一号机械有限公司", make_uscc(1), "私营企业", "2025-03-01", "另一人")):
        leaf.append([line[0], None, *line[1:]])
    given = {"file": sent(saved(made)), "source": "名录", "day": "2026-11-01"}
    page = browser.post(reverse("compare"), given, follow=True)
    assert page.status_code == 200
    assert "另一人" in page.content.decode()


# Cells


@pytest.mark.parametrize("blank_clears", [False, True])
def test_a_formula_nobody_has_worked_out_is_a_fault(park: Park, officer: User, blank_clears: bool) -> None:
    firm = make_enterprise(park, name="一号机械有限公司", uscc=make_uscc(1), address="河东路1号")
    heads = ("企业名称", "统一社会信用代码", "企业地址", "职工数")
    batch = opened(park, officer, book([("一号机械有限公司", make_uscc(1), '="河东路"&7', "=3+4")], heads))
    batch.blank_clears = blank_clears
    batches.recheck(batch, PLANS["enterprises"], officer)
    assert kinds(batch) == ["rejected"]
    assert [(place, "公式单元格" in text) for place, text in faults(batch)] == [(3, True), (4, True)]
    firm.refresh_from_db()
    assert firm.address == "河东路1号"


def test_strokes_are_nothing_and_the_same_as_above_is_no_value(park: Park, officer: User) -> None:
    heads = ("企业名称", "统一社会信用代码", "企业类型", "入驻日期", "联系电话", "地址")
    rows = [
        ("一号机械有限公司", "/", "私营企业", "2025-03-01", "——", "河东路1号"),
        ("二号机械有限公司", "无", "私营企业", "2025-03-01", "／", "同上"),
    ]
    batch = opened(park, officer, book(rows, heads))
    assert kinds(batch) == ["created", "rejected"]
    assert faults(batch) == [(6, "地址：写的是“同上”，请写出具体内容")]
    assert confirmed(batch, officer, good_only=True).written
    assert (Enterprise.objects.get().uscc, Enterprise.objects.get().phone) == ("", "")


def test_a_cell_merged_downwards_holds_for_each_of_its_rows(park: Park, officer: User) -> None:
    made = Workbook()
    leaf: Any = made.active
    heads = ("企业名称", "企业类型", "入驻日期", "所属乡镇")
    for line in (heads, *((f"{number}号厂", "私营企业", "2025-03-01", None) for number in (1, 2, 3))):
        leaf.append(line)
    leaf["D2"] = "河东镇"
    leaf.merge_cells("B2:B4")
    leaf.merge_cells("D2:D3")
    batch = opened(park, officer, saved(made))
    assert kinds(batch) == ["created"] * 3
    assert confirmed(batch, officer).written
    assert list(Enterprise.objects.order_by("name").values_list("locality", flat=True)) == ["河东镇", "河东镇", ""]


@pytest.mark.parametrize(
    ("slug", "field", "typed", "meant"),
    [
        ("enterprises", "kind", "民营企业", "private"),
        ("enterprises", "state", "停业", "suspended"),
        ("enterprises", "state", "正常", "operating"),
        ("organizations", "kind", "支部", "branch"),
        ("offices", "post", "党支部书记", "secretary"),
        ("members", "education", "大专", "30"),
        ("activities", "kind", "支部大会", "member_meeting"),
    ],
)
def test_words_that_officers_write_are_known(slug: str, field: str, typed: str, meant: str) -> None:
    one = PLANS[slug].form.base_fields[field]
    assert read_value(one, Cell(2, 1, "text", typed, typed)) == meant


# Rows


def test_sums_notes_and_repeated_heads_are_told_and_no_records(park: Park, officer: User) -> None:
    heads = ("序号", "企业名称", "企业类型", "入驻日期", "职工数", "经营状态")
    rows = [
        (1, "汇总信息科技有限公司", "私营企业", "2025-03-01", 5, "正常"),
        (2, "说明书印刷有限公司", "私营企业", "2025-03-01", 6, "正常"),
        (None, "小　计", None, None, 11),
        heads,
        (3, "备注文具有限公司", "私营企业", "2025-03-01", 7, "正常"),
        ("合  计", None, None, None, 18),
        (4, None, None, None, None),
        ("注：本表一式三份",),
        (None, "填表人：某某", None, "审核人：某某"),
    ]
    batch = opened(park, officer, book(rows, heads))
    assert kinds(batch) == ["created"] * 3
    assert [note["row"] for note in batch.notes] == [4, 5, 7, 9, 10]
    assert batch.notes[3]["text"] == "注：本表一式三份"


@pytest.mark.parametrize(
    "words",
    [
        ("合计112家", "5"),
        ("总 计", "3"),
        ("说明 本表按季度报送",),
        ("备注：无",),
        ("单位（盖章）",),
        ("经办人： 某某",),
        ("注1：口径",),
    ],
)
def test_what_stands_under_a_table_is_no_record(words: Sequence[str]) -> None:
    head = Head(1, {1: ("企业名称",), 2: ("企业类型",)})
    cells = {column: Cell(2, column, "text", word, word) for column, word in enumerate(words, 1)}
    assert Lines(head, {1: "name", 2: "kind"}).why_no_record(cells)


# Names written otherwise


@pytest.mark.parametrize(
    "typed", ["鹭棹储能装备(滨江)有限公司", "鹭棹储能　装备（滨江）有限公司", "鹭棹储能装备（滨江）有限责任公司"]
)
def test_a_name_written_otherwise_is_the_same_enterprise(park: Park, officer: User, typed: str) -> None:
    name = "鹭棹储能装备（滨江）有限公司"
    firm = make_enterprise(park, name=name, uscc=make_uscc(1), phone="0477-1")
    heads = ("企业名称", "企业类型", "入驻日期", "联系电话")
    batch = opened(park, officer, book([(typed, "私营企业", "", "0477-2")], heads))
    (outcome,) = batches.outcomes_of(batch)
    assert (outcome.kind, [(one.head, one.new) for one in outcome.diffs]) == ("changed", [("联系电话", "0477-2")])
    assert outcome.hints[0] == f"名称与台账只是写法不同，按台账里的“{name}”"
    assert confirmed(batch, officer).written
    firm.refresh_from_db()
    assert (firm.name, firm.phone) == (name, "0477-2")

    same = opened(park, officer, book([(typed, "", "", "0477-2")], heads))
    (outcome,) = batches.outcomes_of(same)
    assert (outcome.kind, len(outcome.hints)) == ("unchanged", 1)


def test_two_rows_that_write_one_name_otherwise_are_one_enterprise(park: Park, officer: User) -> None:
    heads = ("企业名称", "企业类型", "入驻日期")
    rows = [("二厂（上海）", "私营企业", "2025-03-01"), ("二厂(上海)", "私营企业", "2025-03-01")]
    batch = opened(park, officer, book(rows, heads))
    assert kinds(batch) == ["created", "rejected"]
    assert "与第2行是同一条记录" in faults(batch)[0][1]


def test_by_its_code_a_name_may_be_written_anew(park: Park, officer: User) -> None:
    make_enterprise(park, name="二厂（上海）", uscc=make_uscc(1))
    batch = opened(park, officer, book([("二厂(上海)", make_uscc(1))], ("企业名称", "统一社会信用代码")))
    (outcome,) = batches.outcomes_of(batch)
    assert [(one.old, one.new) for one in outcome.diffs] == [("二厂（上海）", "二厂(上海)")]


# Sheets


def test_two_tables_side_by_side_are_refused(park: Park, officer: User) -> None:
    heads = ("企业名称", "企业类型", "入驻日期", "", "企业名称", "企业类型", "入驻日期")
    row = ("一厂", "私营企业", "2025-03-01", "", "二厂", "私营企业", "2025-03-01")
    with pytest.raises(NoHead, match="E列起又是一套列名"):
        opened(park, officer, book([row], heads))


def test_the_ledger_of_organizations_comes_back_as_it_went_out(park: Park, officer: User, browser: Client) -> None:
    elect(make_organization(park, "甲支部"), dt.date(2024, 5, 1))
    make_organization(park, "乙支部")
    went = browser.get(reverse("ledger-export", args=["organizations"]))
    batch = opened(park, officer, b"".join(getattr(went, "streaming_content", ())) or went.content, "organizations")
    assert kinds(batch) == ["unchanged", "unchanged"]


def test_a_list_with_nothing_but_names_is_compared(park: Park, browser: Client) -> None:
    make_enterprise(park, name="一厂")
    given = {
        "file": sent(book([("二厂", "某人", 100)], ("企业名称", "法定代表人", "注册资本"))),
        "source": "名录",
        "day": "2026-11-01",
    }
    page = browser.post(reverse("compare"), given, follow=True)
    assert page.status_code == 200
    assert "二厂" in page.content.decode()


# What is there already


@pytest.mark.parametrize("slug", ["organizations", "coverages", "work-coverages", "members", "offices", "activities"])
def test_a_ledger_sent_back_untouched_asks_no_form(
    park: Park, officer: User, browser: Client, slug: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    firm = make_enterprise(park, name="甲机械有限公司")
    branch = make_organization(park, "甲支部")
    elect(branch, dt.date(2024, 5, 1))
    cover(branch, firm)
    work(firm)
    member = make_member(park, "张三")
    employ(member, firm)
    affiliate(member, branch)
    appoint(member, branch)
    meet(branch)
    went = browser.get(reverse("import-template", args=[slug]) + f"?park={park.slug}&data=1")
    data = b"".join(getattr(went, "streaming_content", ())) or went.content

    def asked(*_: Any) -> None:
        raise AssertionError("a form was asked")

    monkeypatch.setattr(Work, "ask", asked)
    batch = opened(park, officer, data, slug)
    assert set(kinds(batch)) == {"unchanged"}
    assert all(one.name for one in batches.outcomes_of(batch))


def test_hidden_rows_are_read_and_told(park: Park, officer: User, browser: Client) -> None:
    made = Workbook()
    leaf: Any = made.active
    for line in (("企业名称", "企业类型", "入驻日期"), *((f"{n}厂", "私营企业", "2025-03-01") for n in (1, 2, 3))):
        leaf.append(line)
    leaf.row_dimensions[3].hidden = True
    page = browser.post(reverse("import-start", args=["enterprises"]), {"file": sent(saved(made))}, follow=True)
    assert "表里有1行是隐藏或筛选掉的（第3行），也一起核对了" in page.content.decode()
    assert kinds(ImportBatch.objects.get()) == ["created"] * 3
