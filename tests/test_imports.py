"""The import wizard: what a sheet would do is what it does, every row is accounted for, and a batch goes back."""

import datetime as dt
import re
from collections.abc import Sequence
from html.parser import HTMLParser
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from openpyxl import Workbook, load_workbook

from orgs.models import BusinessState, Change, Enterprise, Park, PartyOrganization, Role, User
from portal.imports import batches, undo
from portal.imports.plans import PLANS
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
    put,
    set_state,
    subordinate,
    work,
)

pytestmark = pytest.mark.django_db

HEADS = ("企业名称", "统一社会信用代码", "企业类型", "入驻日期", "经营状态", "职工数", "联系电话")


def book(rows: Sequence[Sequence[Any]], heads: Sequence[str] = HEADS, title: Sequence[Sequence[Any]] = ()) -> bytes:
    made = Workbook()
    leaf: Any = made.active
    leaf.title = "企业"
    for row in (*title, heads, *rows):
        leaf.append(list(row))
    return saved(made)


def saved(made: Workbook) -> bytes:
    out = BytesIO()
    made.save(out)
    return out.getvalue()


def leaves(*given: tuple[str, str, Sequence[Sequence[Any]]]) -> bytes:
    """A workbook of several sheets: name, state and rows, the heads among them."""
    made = Workbook()
    made.remove(made.worksheets[0])
    for name, state, rows in given:
        leaf: Any = made.create_sheet(name)
        leaf.sheet_state = state
        for row in rows:
            leaf.append(list(row))
    return saved(made)


@pytest.fixture
def park() -> Park:
    return make_park("import")


@pytest.fixture
def officer(park: Park) -> User:
    user = make_user("importer")
    grant(user, Role.OFFICER, park)
    return user


def opened(park: Park, officer: User, data: bytes, slug: str = "enterprises") -> ImportBatch:
    return batches.open_batch(PLANS[slug], officer, park, "企业.xlsx", data)


def kinds(batch: ImportBatch) -> list[str]:
    return [one.kind for one in batches.outcomes_of(batch)]


def confirmed(batch: ImportBatch, officer: User, *, good_only: bool = False) -> Any:
    return batches.confirm(batch, batches.plan_for(batch), officer, batch.digest, good_only=good_only)


def test_new_changed_unchanged_and_wrong_rows(park: Park, officer: User) -> None:
    old = make_enterprise(park, name="旧有机械有限公司", uscc=make_uscc(1), state=None, phone="0477-1")
    set_state(old, "operating", dt.date(2024, 1, 1), staff=40)
    same = make_enterprise(park, name="照旧化工有限公司", uscc=make_uscc(2), state=None)
    rows = [
        ("新来科技有限公司", make_uscc(3), "私营企业", "2025-03-01", "正常经营", 12, "0477-3"),
        ("旧有机械有限公司", make_uscc(1), "", "", "", 55, "0477-9"),
        ("照旧化工有限公司", make_uscc(2), "", "", "", "", ""),
        ("坏代码有限公司", make_uscc(4)[:-1] + "0", "私营企业", "2025-13-01", "正常经营", "很多", ""),
        ("合计", "", "", "", "", 107, ""),
    ]
    batch = opened(park, officer, book(rows))
    assert kinds(batch) == ["created", "changed", "unchanged", "rejected"]
    assert Enterprise.objects.count() == 2  # looked at, not written
    outcomes = batches.outcomes_of(batch)
    assert [(one.head, one.old, one.new) for one in outcomes[1].diffs][:2] == [
        ("联系电话", "0477-1", "0477-9"),
        ("从业人员", "40", "55"),
    ]
    assert {one.column for one in outcomes[3].faults} >= {4, 6}
    assert batch.notes == [{"row": 6, "text": "合计 107"}]

    refused = confirmed(batch, officer)
    assert not refused.written
    assert Enterprise.objects.count() == 2
    done = confirmed(batch, officer, good_only=True)
    assert done.written
    assert done.counts == {"created": 1, "changed": 1, "unchanged": 1, "rejected": 1}
    new = Enterprise.objects.get(name="新来科技有限公司")
    assert (new.uscc, new.kind, new.settled_on) == (make_uscc(3), "private", dt.date(2025, 3, 1))
    assert new.states.get().staff == 12
    old.refresh_from_db()
    assert old.phone == "0477-9"
    today = batch.day
    assert [(one.staff, one.since, one.until) for one in old.states.order_by("since")] == [
        (40, dt.date(2024, 1, 1), today),
        (55, today, None),
    ]
    assert same.states.count() == 0
    assert set(Change.objects.filter(pk__in=batch.written).values_list("via", flat=True)) == {"import"}


def test_a_person_set_apart_in_a_sheet_is_the_one_on_record(park: Park, officer: User) -> None:
    make_member(park, "丁安", birth_on=dt.date(1980, 1, 1))
    work(make_enterprise(park, "丁家机械有限公司"), holder="丁安")
    data = book([("丁　安", "1980-01-01"), ("丁 　安", "1980-01-01"), ("无", "1981-01-01")], ("姓名", "出生日期"))
    assert kinds(opened(park, officer, data, "members")) == ["unchanged", "rejected", "rejected"]
    row = ("丁家机械有限公司", "党建工作指导员", "丁　安", "2024-01-01")
    data = book([row], ("企业名称", "覆盖形式", "人员或组织名称", "起始日期"))
    assert kinds(opened(park, officer, data, "work-coverages")) == ["unchanged"]


def test_the_same_file_again_changes_nothing(park: Park, officer: User) -> None:
    rows = [
        ("一号机械有限公司", make_uscc(1), "私营企业", "2025-03-01", "正常经营", 12, ""),
        ("二号机械有限公司", "", "私营企业", dt.date(2025, 3, 2), "", "", "13800000000"),
    ]
    data = book(rows)
    batch = opened(park, officer, data)
    assert confirmed(batch, officer).written
    before = Change.objects.exclude(model="portal.importbatch").count()
    again = opened(park, officer, data)
    assert kinds(again) == ["unchanged", "unchanged"]
    assert confirmed(again, officer).written
    assert Change.objects.exclude(model="portal.importbatch").count() == before


def dump(park: Park) -> list[Any]:
    """Everything of the park but its trail, its batches, and keys that a database gives out once."""
    firms = Enterprise.objects.filter(park=park)
    names = [field.name for field in Enterprise._meta.concrete_fields if field.name != "id"]
    states = BusinessState.objects.filter(enterprise__park=park)
    told = [field.name for field in BusinessState._meta.concrete_fields if field.name not in {"id", "enterprise"}]
    return [
        sorted(firms.values_list(*names), key=str),
        sorted(states.values_list("enterprise__name", *told), key=str),
    ]


def test_undone_it_is_as_before(park: Park, officer: User) -> None:
    old = make_enterprise(park, name="旧有机械有限公司", state=None, phone="1")
    set_state(old, "operating", dt.date(2024, 1, 1), staff=40)
    before = dump(park)
    batch = opened(
        park,
        officer,
        book(
            [
                ("旧有机械有限公司", "", "", "", "停产停业", 3, "2"),
                ("新来科技有限公司", "", "私营企业", "2025-03-01", "正常经营", 12, ""),
            ]
        ),
    )
    assert confirmed(batch, officer).written
    assert dump(park) != before
    assert undo.undo(batch, officer) == []
    assert dump(park) == before
    assert batch.state == "undone"


def test_a_row_edited_since_is_kept_and_named(park: Park, officer: User) -> None:
    old = make_enterprise(park, name="旧有机械有限公司", phone="1")
    batch = opened(
        park,
        officer,
        book(
            [
                ("旧有机械有限公司", "", "", "", "", "", "2"),
                ("新来科技有限公司", "", "私营企业", "2025-03-01", "", "", ""),
            ]
        ),
    )
    assert confirmed(batch, officer).written
    old.refresh_from_db()
    old.phone = "3"
    put(old)
    kept = undo.undo(batch, officer)
    assert [one.label for one in kept] == ["企业“旧有机械有限公司”"]
    assert "又改过" in kept[0].reason
    old.refresh_from_db()
    assert old.phone == "3"
    assert not Enterprise.objects.filter(name="新来科技有限公司").exists()


def test_a_change_in_between_asks_again(park: Park, officer: User) -> None:
    old = make_enterprise(park, name="旧有机械有限公司", phone="1")
    batch = opened(park, officer, book([("旧有机械有限公司", "", "", "", "", "", "2")]))
    seen = batch.digest
    old.phone = "9"
    put(old)
    result = batches.confirm(batch, PLANS["enterprises"], officer, seen, good_only=False)
    assert not result.written
    old.refresh_from_db()
    assert old.phone == "9"
    assert batch.digest != seen
    assert confirmed(batch, officer).written


# Other ledgers, by names of records


def test_members_find_their_enterprise_and_organization(park: Park, officer: User) -> None:
    firm = make_enterprise(park, name="示例（集团）机械有限公司")
    branch = make_organization(park, name="中共示例机械有限公司支部委员会", founded_on=dt.date(2020, 1, 1))
    heads = (
        "姓名",
        "性别",
        "出生年月",
        "入党时间",
        "转正时间",
        "所在企业",
        "到岗日期",
        "所在支部",
        "组织关系类型",
        "转入日期",
    )
    rows = [
        (
            "王小明",
            "男",
            "1990-01-02",
            "2015.6.1",
            "2016年6月1日",
            "示例(集团)机械有限公司",
            "2020-03-01",
            branch.name,
            "正式组织关系",
            "2020-03-01",
        ),
        ("李无名", "女", "1991-01-02", "2015-06-01", "2016-06-01", "没有这家企业", "2020-03-01", "", "", ""),
    ]
    batch = opened(park, officer, book(rows, heads), "members")
    assert kinds(batch) == ["created", "rejected"], batch.outcomes
    (fault,) = batches.outcomes_of(batch)[1].faults
    assert (fault.column, fault.typed) == (6, "没有这家企业")
    assert "请先登记，或核对名称" in fault.text
    assert confirmed(batch, officer, good_only=True).written
    work = firm.employments.get()
    assert (work.member.name, work.since) == ("王小明", dt.date(2020, 3, 1))
    assert kinds(opened(park, officer, book(rows[:1], heads), "members")) == ["unchanged"]


def test_organizations_with_superior_and_election(park: Park, officer: User) -> None:
    above = make_organization(park, name="中共示例园区综合委员会", kind="comprehensive_committee")
    heads = ("党组织名称", "党组织类别", "成立时间", "上级党组织", "换届时间", "任期（年）")
    rows = [("中共新枝机械有限公司支部委员会", "党支部", "2021-06-01", above.name, "2024-06-01", 3)]
    batch = opened(park, officer, book(rows, heads), "organizations")
    assert kinds(batch) == ["created"], [one["faults"] for one in batch.outcomes]
    assert confirmed(batch, officer).written
    made = PartyOrganization.objects.get(name=rows[0][0])
    assert made.short_name == "新枝机械有限公司党支部"
    assert made.elections.get().expires_on == dt.date(2027, 6, 1)
    assert kinds(opened(park, officer, book(rows, heads), "organizations")) == ["unchanged"]
    later = [(rows[0][0], "", "", "", "2027-05-01", 3)]
    again = opened(park, officer, book(later, heads), "organizations")
    assert kinds(again) == ["changed"], again.outcomes
    assert confirmed(again, officer).written
    assert made.elections.count() == 2


# Heads


@pytest.mark.parametrize(
    "title",
    [(), [["某园区企业台账"]], [["某园区企业台账"], [], ["填报单位：某园区", "", "2026年11月"]]],
)
def test_the_head_is_found_wherever_it_stands(park: Park, officer: User, title: Any) -> None:
    rows = [("一号机械有限公司", make_uscc(1), "私营企业", "2025-03-01", "正常经营", 12, "")]
    batch = opened(park, officer, book(rows, title=title))
    assert len(batch.mapping) == len(HEADS)
    assert kinds(batch) == ["created"]
    assert batches.outcomes_of(batch)[0].row == len(title) + 2


def test_a_sheet_without_a_head_says_what_to_do(park: Park, officer: User) -> None:
    with pytest.raises(batches.NoHead, match=r"没有找到表头.*企业名称.*请补上表头或下载模板填写"):
        opened(park, officer, book([], heads=("甲", "乙")))
    assert ImportBatch.objects.count() == 0


QUARTER = ("一号机械有限公司", "", "私营企业", "2025-03-01")


def test_a_hidden_sheet_is_taken_only_where_no_other_has_a_head(park: Park, officer: User) -> None:
    first = ("一季度", "visible", [HEADS[:4], QUARTER])
    old = ("旧表", "hidden", [HEADS, (*QUARTER, "正常经营", 12, "")])
    assert opened(park, officer, leaves(first, old)).sheet == "一季度"
    assert opened(park, officer, leaves(old, ("说明", "visible", [["填表说明"]]))).sheet == "旧表"


def test_the_page_names_the_other_sheets_and_offers_them(park: Park, officer: User, browser: Client) -> None:
    first = ("一季度", "visible", [HEADS[:4], QUARTER])
    second = (
        "二季度",
        "visible",
        [HEADS[:3], ("二号机械有限公司", "", "私营企业"), ("三号机械有限公司", "", "私营企业")],
    )
    bare = ("三季度", "visible", [HEADS])
    batch = opened(park, officer, leaves(first, second, ("说明", "visible", [["填表说明"]])))
    url = reverse("import-batch", args=[batch.pk])
    html = browser.get(url).content.decode()
    assert "现在核对的是“一季度”" in html
    assert "<option>二季度</option>" in html
    assert "说明</option>" not in html
    browser.post(reverse("import-file", args=[batch.pk]), {"sheet": "二季度"})
    html = browser.get(url).content.decode()
    assert "现在核对的是“二季度”" in html
    assert "<option>一季度</option>" in html
    alone = opened(park, officer, leaves(first, (bare[0], bare[1], [HEADS[:2]])))
    assert "换成这张" not in browser.get(reverse("import-batch", args=[alone.pk])).content.decode()


def test_more_rows_than_a_batch_takes_are_told(park: Park, officer: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "MOST_ROWS", 2)
    rows = [(f"{number}号机械有限公司", "", "私营企业", "2025-03-01", "", "", "") for number in range(5)]
    with pytest.raises(batches.TooMany, match="有5行，一次最多导入2行，请拆成3个文件"):
        opened(park, officer, book(rows))
    assert ImportBatch.objects.count() == 0


def test_columns_settled_once_are_settled_again(park: Park, officer: User) -> None:
    heads = ("单位", "企业类型", "入驻日期", "老板电话")
    rows = [("一号机械有限公司", "私营企业", "2025-03-01", "138")]
    batch = opened(park, officer, book(rows, heads))
    assert "phone" not in batch.mapping.values()
    batch.mapping |= {"1": "name", "4": "phone"}
    batches.recheck(batch, PLANS["enterprises"], officer)
    assert confirmed(batch, officer).written
    again = opened(park, officer, book([("二号机械有限公司", "私营企业", "2025-03-01", "139")], heads))
    assert again.mapping["4"] == "phone"
    assert kinds(again) == ["created"]


# The pages


@pytest.fixture
def browser(officer: User) -> Client:
    client = Client()
    client.force_login(officer)
    return client


def sent(data: bytes, name: str = "企业.xlsx") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def test_the_whole_way_in_the_browser(park: Park, officer: User, browser: Client) -> None:
    rows = [
        ("一号机械有限公司", make_uscc(1), "私营企业", "2025-03-01", "正常经营", 12, ""),
        ("二号机械有限公司", make_uscc(2)[:-1] + "@", "私营企业", "2025-03-01", "", "", ""),
    ]
    assert "企业台账" in browser.get(reverse("imports")).content.decode()
    page = browser.post(reverse("import-start", args=["enterprises"]), {"file": sent(book(rows))}, follow=True)
    batch = ImportBatch.objects.get()
    html = page.content.decode()
    assert "核对导入内容" in html
    assert "改这一行" in html

    marked = load_workbook(BytesIO(browser.get(reverse("import-marked", args=[batch.pk])).content))
    leaf: Any = marked["企业"]
    assert leaf["B3"].fill.fgColor.rgb.endswith("F8D7D9")
    assert leaf["B3"].comment.text
    assert [leaf.cell(1, 8).value, leaf.cell(2, 8).value, leaf.cell(3, 8).value] == ["结果", "新增", "错误"]
    assert leaf["A2"].value == "一号机械有限公司"

    browser.post(reverse("import-row", args=[batch.pk, 3]), {"c2": make_uscc(2)})
    batch.refresh_from_db()
    assert kinds(batch) == ["created", "created"]
    page = browser.get(reverse("import-confirm", args=[batch.pk]))
    assert "写入台账" in page.content.decode()
    page = browser.post(reverse("import-confirm", args=[batch.pk]), {"digest": batch.digest}, follow=True)
    assert "已导入：新增2家" in page.content.decode()
    assert Enterprise.objects.count() == 2
    page = browser.post(reverse("import-undo", args=[batch.pk]), follow=True)
    assert "已撤销这一批导入" in page.content.decode()
    assert Enterprise.objects.count() == 0
    page = browser.post(reverse("import-undo", args=[batch.pk]), follow=True)
    assert "已经撤销过了" in page.content.decode()


def test_the_returned_workbook_mended_goes_on_with_the_batch(park: Park, officer: User, browser: Client) -> None:
    rows = [("二号机械有限公司", make_uscc(2)[:-1] + "@", "私营企业", "2025-03-01", "", "", "")]
    batch = opened(park, officer, book(rows, title=[["企业台账"]]))
    marked = load_workbook(BytesIO(browser.get(reverse("import-marked", args=[batch.pk])).content))
    leaf: Any = marked.active
    leaf["B3"] = make_uscc(2)
    out = BytesIO()
    marked.save(out)
    browser.post(reverse("import-file", args=[batch.pk]), {"file": sent(out.getvalue(), "企业（标注）.xlsx")})
    batch.refresh_from_db()
    assert kinds(batch) == ["created"]
    assert "结果" not in batch.mapping.values()
    assert ImportBatch.objects.count() == 1


def test_an_unreadable_file_gets_its_sentence_and_no_batch(park: Park, browser: Client) -> None:
    page = browser.post(
        reverse("import-start", args=["enterprises"]),
        {"file": sent(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000), "旧.xls")},
    )
    assert page.status_code == 400
    assert "另存为.xlsx" in page.content.decode()
    page = browser.post(reverse("import-start", args=["enterprises"]), {})
    assert "请选择要导入的工作簿" in page.content.decode()
    assert ImportBatch.objects.count() == 0


def test_what_to_do_next_stands_above_the_rows_and_the_causes(park: Park, officer: User, browser: Client) -> None:
    rows = [("一号机械有限公司", "", "合伙", "2025-03-01", "", "", "")]
    batch = opened(park, officer, book(rows))
    html = browser.get(reverse("import-batch", args=[batch.pk])).content.decode()
    places = [
        html.index(text) for text in ("<h2>下一步</h2>", "下载标注表</a>", "重新上传</button>", 'id="rows"', "种原因")
    ]
    assert places == sorted(places)
    assert html.count("下载标注表</a>") == 1


def test_a_sheet_without_rows_says_so_and_asks_for_another_file(park: Park, officer: User, browser: Client) -> None:
    batch = opened(park, officer, book([]))
    html = browser.get(reverse("import-batch", args=[batch.pk])).content.decode()
    assert "表头下面没有可以导入的行" in html
    assert "与台账一致，没有要写入的" not in html
    assert "重新上传</button>" in html


def test_a_cause_at_many_cells_says_that_not_all_are_listed(park: Park, officer: User, browser: Client) -> None:
    rows = [(f"{number}号机械有限公司", "", "合伙", "2025-03-01", "", "", "") for number in range(8)]
    batch = opened(park, officer, book(rows))
    url = reverse("import-batch", args=[batch.pk])
    assert "等8处" in browser.get(url).content.decode()
    batch = opened(park, officer, book(rows[:6]))
    assert "等6处" not in browser.get(reverse("import-batch", args=[batch.pk])).content.decode()


class Fields(HTMLParser):
    """What a browser would send of the form ``#form``; and how each field is drawn."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.sent: dict[str, str] = {}
        self.drawn: dict[str, str] = {}
        self.inside, self.name, self.text = False, "", ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        has = dict(attrs)
        if tag == "form":
            self.inside = has.get("id") == "form"
        if not self.inside:
            return
        if tag in ("input", "select", "textarea") and has.get("type") != "checkbox":
            self.name = has["name"]
            self.drawn[self.name] = tag
            # A field of one line loses its line breaks
            self.sent[self.name] = re.sub("[\r\n]", "", has.get("value") or "")
            self.text = ""
        elif tag == "option" and "selected" in has:
            self.sent[self.name] = has["value"] or ""

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self.inside:
            self.sent[self.name] = self.text.removeprefix("\n").replace("\n", "\r\n")


def form_at(browser: Client, url: str) -> Fields:
    return Fields(browser.get(url).content.decode())


LINED = ("企业名称", "企业类型", "入驻日期", "企业地址", "备注")


def test_a_mended_row_keeps_the_cells_that_nobody_touched(park: Park, officer: User, browser: Client) -> None:
    rows = [("一号机械有限公司", "合伙", dt.date(2025, 3, 1), "滨江路2号\n3楼", "第一行\n第二行")]
    batch = opened(park, officer, book(rows, LINED))
    before = dict(batch.rows["2"])
    url = reverse("import-row", args=[batch.pk, 2])
    form = form_at(browser, url)
    assert [form.drawn[f"c{column}"] for column in range(1, 6)] == ["input", "select", "input", "textarea", "textarea"]
    assert browser.post(url, form.sent | {"c2": "私营企业"}).status_code == 302
    batch.refresh_from_db()
    assert batch.rows["2"] == {**before, "2": ["text", "私营企业", "私营企业"]}
    # Typed into, a cell of several lines keeps them
    browser.post(url, form_at(browser, url).sent | {"c5": "第一行\r\n第三行"})
    batch.refresh_from_db()
    assert batch.rows["2"]["5"][2] == "第一行\n第三行"
    assert batch.rows["2"]["4"] == before["4"]


def test_what_may_be_chosen_is_offered_and_told_once(park: Park, officer: User, browser: Client) -> None:
    batch = opened(park, officer, book([("一号机械有限公司", "", "合伙", "2025-03-01", "", "", "")]))
    html = browser.get(reverse("import-row", args=[batch.pk, 2])).content.decode()
    assert '<option value="合伙" selected>（现在写的：合伙）</option>' in html
    assert "港澳台商投资企业</option>" in html
    assert "港澳台商投资企业、" not in html
    assert html.count("写的是“合伙”，不在可选范围内，请从列表里选") == 2  # above the form, and at the field


def test_a_row_of_another_file_is_not_written_over(park: Park, officer: User, browser: Client) -> None:
    old = [("旧行机械有限公司", "", "合伙", "2025-03-01", "", "", "")]
    new = [("新行电子有限公司", "", "个体", "2025-04-01", "", "", "0477-1")]
    batch = opened(park, officer, book(old))
    url = reverse("import-row", args=[batch.pk, 2])
    form = form_at(browser, url)
    browser.post(reverse("import-file", args=[batch.pk]), {"file": sent(book(new))})
    batch.refresh_from_db()
    stood = batch.rows
    page = browser.post(url, form.sent | {"c3": "私营企业", "c7": "0477-9"})
    assert page.status_code == 400
    batch.refresh_from_db()
    assert batch.rows == stood
    html = page.content.decode()
    assert "您打开这一页以后，第2行变了" in html
    assert "现在写的是：个体" in html
    assert "现在写的是：0477-1" in html
    again = Fields(html)
    # What was typed, and of the rest what the row says now
    shown = [again.sent[f"c{column}"] for column in (1, 3, 4, 7)]
    assert shown == ["新行电子有限公司", "私营企业", "2025-04-01", "0477-9"]
    assert browser.post(url, again.sent).status_code == 302
    batch.refresh_from_db()
    assert [batch.rows["2"][column][2] for column in ("1", "3", "7")] == ["新行电子有限公司", "私营企业", "0477-9"]


def test_what_was_typed_into_a_column_that_moved_is_not_put_into_another(
    park: Park, officer: User, browser: Client
) -> None:
    batch = opened(park, officer, book([("旧行机械有限公司", "", "合伙", "2025-03-01", "", "", "")]))
    url = reverse("import-row", args=[batch.pk, 2])
    form = form_at(browser, url)
    moved = ("企业名称", "联系电话", "企业类型")
    browser.post(reverse("import-file", args=[batch.pk]), {"file": sent(book([("新行", "0477-1", "合伙")], moved))})
    page = browser.post(url, form.sent | {"c2": make_uscc(1)})
    assert page.status_code == 400
    assert Fields(page.content.decode()).sent["c2"] == "0477-1"


def test_a_row_that_went_with_its_file_says_so(park: Park, officer: User, browser: Client) -> None:
    rows = [(f"{number}号机械有限公司", "", "合伙", "2025-03-01", "", "", "") for number in range(2)]
    batch = opened(park, officer, book(rows))
    url = reverse("import-row", args=[batch.pk, 3])
    form = form_at(browser, url)
    browser.post(reverse("import-file", args=[batch.pk]), {"file": sent(book(rows[:1]))})
    page = browser.post(url, form.sent | {"c3": "私营企业"}, follow=True)
    assert "现在没有第3行，填的内容没有保存" in page.content.decode()


def test_columns_of_another_file_are_not_settled(park: Park, officer: User, browser: Client) -> None:
    heads = ("企业名称", "企业类型", "入驻日期", "老板电话")
    batch = opened(park, officer, book([("一号机械有限公司", "私营企业", "2025-03-01", "1")], heads))
    url = reverse("import-columns", args=[batch.pk])
    form = form_at(browser, url)
    assert "drawn" in form.sent
    other = ("企业名称", "入驻日期", "企业类型", "老板电话")
    data = sent(book([("一号机械有限公司", "2025-03-01", "私营企业", "1")], other))
    browser.post(reverse("import-file", args=[batch.pk]), {"file": data})
    batch.refresh_from_db()
    stood = batch.mapping
    page = browser.post(url, form.sent | {"c4": "phone", "day": "2026-01-02"})
    assert page.status_code == 400
    batch.refresh_from_db()
    assert batch.mapping == stood
    html = page.content.decode()
    assert "您打开这一页以后，这一批换过文件" in html
    assert "现在填到：不用这一列" in html
    again = Fields(html)
    assert [again.sent[name] for name in ("c2", "c3", "c4", "day")] == ["settled_on", "kind", "phone", "2026-01-02"]
    assert browser.post(url, again.sent).status_code == 302
    batch.refresh_from_db()
    assert batch.mapping == stood | {"4": "phone"}
    assert batch.day == dt.date(2026, 1, 2)


@pytest.mark.crawl
@pytest.mark.parametrize("slug", PLANS)
def test_a_template_takes_in_what_it_gives_out(park: Park, officer: User, browser: Client, slug: str) -> None:
    """With today's data: uploaded again, nothing changes."""
    firm = make_enterprise(park, name="示例机械有限公司", state="operating", phone="0477", uscc=make_uscc(5))
    branch = make_organization(park, founded_on=dt.date(2020, 1, 1))
    member = make_member(park, birth_on=dt.date(1990, 1, 1))
    employ(member, firm)
    affiliate(member, branch)
    appoint(member, branch)
    elect(branch)
    subordinate(branch, make_organization(park, founded_on=dt.date(2019, 1, 1)))
    cover(branch, firm)
    work(firm)
    meet(branch)
    url = reverse("import-template", args=[slug])
    empty = browser.get(url)
    assert load_workbook(BytesIO(empty.content)).sheetnames[1:] == ["选项", "示例", "模板"]
    data = browser.get(f"{url}?data=1").content
    batch = batches.open_batch(PLANS[slug], officer, park, "x.xlsx", data)
    assert len(batch.mapping) == len(PLANS[slug].names)
    assert set(kinds(batch)) == {"unchanged"}, batch.outcomes
    assert batch.sheets == [batch.sheet]


# Who is who


def test_a_namesake_with_another_birthday_is_another_person(park: Park, officer: User) -> None:
    known = make_member(park, name="王小明", birth_on=dt.date(1980, 1, 1))
    heads = ("姓名", "出生日期", "入党时间")
    batch = opened(park, officer, book([("王小明", "1990-05-05", "2015-06-01")], heads), "members")
    assert kinds(batch) == ["created"]
    assert confirmed(batch, officer).written
    known.refresh_from_db()
    assert known.birth_on == dt.date(1980, 1, 1)


def test_a_record_that_lacked_the_code_is_known_by_its_name(park: Park, officer: User) -> None:
    make_enterprise(park, name="无码机械有限公司", uscc="")
    make_enterprise(park, name="有码机械有限公司", uscc=make_uscc(1))
    rows = [
        (name, make_uscc(code), "私营企业", "2025-03-01", "", "", "")
        for name, code in (("无码机械有限公司", 2), ("有码机械有限公司", 3))
    ]
    assert kinds(opened(park, officer, book(rows))) == ["changed", "created"]


def test_what_another_window_has_settled_stays_so(park: Park, officer: User, browser: Client) -> None:
    batch = opened(park, officer, book([("新来科技有限公司", "", "私营企业", "2025-03-01", "正常经营", 12, "")]))
    late, undoer = ImportBatch.objects.get(pk=batch.pk), ImportBatch.objects.get(pk=batch.pk)
    assert confirmed(batch, officer).written
    for act in (
        lambda: confirmed(late, officer),
        lambda: batches.drop(late, officer),
        lambda: batches.recheck(late, PLANS["enterprises"], officer),
    ):
        with pytest.raises(batches.Settled):
            act()
    stored = ImportBatch.objects.get(pk=batch.pk)
    assert (stored.state, len(stored.written)) == ("done", 2)
    answer = browser.post(reverse("import-confirm", args=[batch.pk]), {"digest": batch.digest}, follow=True)
    assert answer.status_code == 200
    assert "刚才已在另一个窗口或由另一位同志处理" in answer.content.decode()
    undoer.refresh_from_db()
    undo.undo(batch, officer)
    with pytest.raises(batches.Settled):
        undo.undo(undoer, officer)
    assert not Enterprise.objects.exists()


def test_a_cell_about_a_fact_that_is_not_there_is_not_passed_over(park: Park, officer: User) -> None:
    make_enterprise(park, name="旧有机械有限公司", state=None)
    batch = opened(park, officer, book([("旧有机械有限公司", "", "", "", "", 30, "")]))
    assert kinds(batch) == ["rejected"]
    (fault,) = batches.outcomes_of(batch)[0].faults
    assert (fault.column, fault.sentence) == (6, "从业人员：台账里还没有经营状态，请同时填写“经营状态”")


def test_a_row_that_another_row_has_made_already_is_told_of(park: Park, officer: User) -> None:
    """Also where the two are known by different keys."""
    rows = [
        ("甲有限公司", "", "私营企业", "2025-03-01", "正常经营", 12, ""),
        ("甲有限公司", "", "私营企业", "2025-03-01", "正常经营", 12, ""),
        ("乙有限公司", make_uscc(7), "私营企业", "2025-03-01", "关门", 12, ""),
        ("丙有限公司", make_uscc(7), "私营企业", "2025-03-01", "正常经营", 12, ""),
    ]
    batch = opened(park, officer, book(rows))
    assert kinds(batch) == ["created", "rejected", "rejected", "rejected"]
    told = [one.faults[0].text for one in batches.outcomes_of(batch)[1::2]]
    assert told == ["与第2行是同一条记录，请只留一行", "与第4行是同一条记录，请只留一行"]
