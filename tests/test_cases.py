"""The five sourced cases: files, database and pages agree, row by row, with the table of facts."""

import csv
import io
import re
import unicodedata
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from lxml import html

from metrics.models import Source, Statement
from metrics.wording import digits, worded
from orgs.models import Change, Park
from portal.casefiles import FOLDER, Broken, read, read_all
from portal.models import Case, CaseItem
from portal.statements import PROJECT_CATEGORIES, SECTIONS, blocks
from tests.factories import again, make_park, make_source, make_statement

FACTS = list(csv.DictReader((Path(__file__).parent / "data" / "case-facts.csv").read_text("utf-8").splitlines()))
SLUGS = ("dalu", "yueyang", "puyang", "jiuquan", "alashan")
PUBLISHERS = {
    "dalu": "中国化工报",
    "yueyang": "红星网",
    "puyang": "报刊名未载明",
    "jiuquan": "书籍章节",
    "alashan": "中国高新网",
}
# The table of facts notes some periods and units in English; these are their Chinese words, and no others are English.
PERIODS = {
    "2020 epidemic": "2020年疫情期间",
    "as of publication (2020-11-03)": "截至2020-11-03",
    "上半年 (2020 H1, inferred)": "2020年上半年（推定）",
    "2020 H1": "2020年上半年",
    "standing rule": "长期要求",
    "period not stated (N0)": "原文未载明期间",
    "period not stated": "原文未载明期间",
    "—": "—",
    "cumulative to 2022-05/06": "累计至2022年5、6月",
    "since 2018 (综合党委成立)": "2018年综合党委成立以来",
    "2018": "2018年",
    "2021": "2021年",
    "forecast": "预测",
    "target": "目标",
    "2013-12": "2013年12月",
    "as of mid-2019 (建党98周年)": "截至2019年年中（建党98周年）",
    "cumulative": "累计",
    "within the year": "年内",
    "within half a year": "半年内",
    "during 创先争优 (2010–2012, year not printed)": "创先争优活动期间（年份未载明）",
    "目前 (published 2025-04)": "目前（2025年4月刊载）",
    "annual": "每年",
    "2024年度 (inferred)": "2024年度（推定）",
    "period not stated (同期 comparison)": "原文未载明期间（作同期比较）",
    "same": "与门急诊就诊人次同一期间（原文未载明）",
}
UNITS = {"立方米 (rate basis not stated)": "立方米", "km": "公里", "—": ""}
COMPARATORS = {"gte": ("以上",), "gt": ("多", "超"), "approx": ("约",), "lte": ("以内",), "range": ("～",), "eq": ()}
COMPARATOR_WORDS = re.compile("以上|以内|多|超|约|增至")
REMARKS = {"counted": "据原文清点", "forecast": "预测", "target": "目标"}
CHANGES = {"yoy": "同比", "rose_to": "增至", "base": "比较基数", "increment": "增量"}


def squeeze(text: str) -> str:
    """Without spaces, and with full-width and half-width punctuation made equal."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text))


@pytest.fixture
def loaded(db: None) -> None:
    again(load_cases)


def load_cases() -> None:
    call_command("load_cases", stdout=io.StringIO())


@pytest.fixture
def page(loaded: None, client: Any) -> Any:
    pages = {}

    def get(slug: str) -> Any:
        if slug not in pages:
            response = client.get(f"/cases/{slug}/")
            assert response.status_code == 200
            pages[slug] = html.fromstring(response.content.decode())
        return pages[slug]

    return get


def test_all_facts_are_on_the_five_pages_row_by_row(page: Any) -> None:
    assert len(FACTS) == 152
    for fact in FACTS:
        found = page(fact["case"]).xpath(f"//*[@data-no='{fact['no']}']")
        assert len(found) == 1, f"{fact['case']} {fact['no']}: on the page {len(found)} times"
        check(fact, found[0])
    for slug in SLUGS:
        shown = {element.get("data-no") for element in page(slug).xpath("//*[@data-no]")}
        assert shown == {fact["no"] for fact in FACTS if fact["case"] == slug}


def check(fact: dict[str, str], element: Any) -> None:
    where = f"{fact['case']} {fact['no']} {fact['indicator']}"
    unit = UNITS.get(fact["unit"], fact["unit"])
    period = PERIODS.get(fact["period"], fact["period"])
    # What is stored
    assert element.get("data-value") == fact["value"], where
    assert element.get("data-high") == fact["value_high"], where
    assert element.get("data-comparator") == fact["comparator"], where
    assert element.get("data-unit") == unit, where
    assert element.get("data-period") == period.replace("—", ""), where
    # What is seen
    text = squeeze(element.text_content())
    (figure,) = (squeeze(found.text_content()) for found in element.find_class("v"))
    assert squeeze(fact["indicator"]) in text, where
    assert squeeze(period) in text, where
    if not re.search("[a-zA-Z]", period):
        assert not re.search("cumulative|period|rule|publication", text), where
    assert any(form in figure for form in forms(fact)), f"{where}: {figure}"
    if fact["comparator"] == "eq":
        assert not COMPARATOR_WORDS.search(figure) or fact["change"] == "rose_to", f"{where}: {figure}"
    else:
        assert any(squeeze(word) in figure for word in COMPARATORS[fact["comparator"]]), f"{where}: {figure}"
    if unit != "年月":  # 2013-12 is a year and a month as it stands
        assert squeeze(unit) in COMPARATOR_WORDS.sub("", figure), f"{where}: {figure}"
    for token in fact["note"].split("; "):
        assert squeeze(token) in text, f"{where}: {token}"
    if fact["basis"] != "stated":
        assert REMARKS[fact["basis"]] in text, where
    if fact["change"]:
        assert CHANGES[fact["change"]] in text, where
    # Where it comes from, and that it is not computed
    (block,) = element.xpath("ancestor::section[contains(@class, 'figblock')]")
    assert PUBLISHERS[fact["case"]] in block.text_content(), where
    assert "文献值" in block.text_content(), where
    assert "系统计算" not in block.text_content(), where


def forms(fact: dict[str, str]) -> list[str]:
    """How the figure may be written: as printed, with separators, as a year, in tens of thousands, as a range."""
    if not fact["value"]:
        return [squeeze(fact["note"])]
    value = Decimal(fact["value"])
    if fact["value_high"]:
        return [squeeze(f"{value}～{fact['value_high']}")]
    written = [f"{value:,}", f"{value / 10_000:f}万"]
    if fact["unit"] == "年":
        written.append(str(value))
    if fact["note"]:
        written.append(squeeze(fact["note"]))
    return written


def test_undefined_denominators_are_said_so(page: Any) -> None:
    for number in ("5", "6"):
        (element,) = page("dalu").xpath(f"//*[@data-no='{number}']")
        assert "原文未写明以哪些企业为分母" in element.text_content()


def test_every_category_of_the_files_has_a_section() -> None:
    known = {category for categories in SECTIONS.values() for category in categories} | set(PROJECT_CATEGORIES)
    assert {fact["category"] for fact in FACTS} <= known


def test_a_category_without_section_comes_last_under_its_own_name(loaded: None) -> None:
    rows = list(Statement.objects.filter(park__slug="puyang"))
    rows[0].category = "其他事项"
    assert blocks(rows)[-1].title == "其他事项"
    assert sum(len(block.statements) for block in blocks(rows)) == len(rows)


def test_pages_have_the_parts_of_a_case(page: Any) -> None:
    for slug in SLUGS:
        found = page(slug)
        assert len(found.xpath("//h1")) == 1
        links = [a.get("href")[1:] for a in found.find_class("toc")[0].xpath(".//a")]
        assert [link for link in links if not found.xpath(f"//*[@id='{link}']")] == []
        assert found.xpath("//ol[contains(@class, 'steps2')]/li")
        assert found.find_class("src")
        names = {meta.get("name"): meta.get("content") for meta in found.xpath("//meta[@name]")}
        assert names["ArticleTitle"]
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", names["PubDate"])
        assert PUBLISHERS[slug] in names["ContentSource"]


def test_loading_twice_changes_nothing(loaded: None, capsys: Any) -> None:
    before = Change.objects.count()
    assert Change.objects.exclude(via="install").count() == 0
    assert Change.objects.filter(user__isnull=False).count() == 0
    assert before == 5 + 5 + 152 + 5 + CaseItem.objects.count()
    call_command("load_cases")
    call_command("load_cases", update=True)
    assert Change.objects.count() == before
    said = capsys.readouterr().out
    assert said.count("已有，未改动") == 5
    assert said.count("与文件一致") == 5


def test_what_people_changed_stays_until_an_update_is_asked_for(loaded: None, capsys: Any) -> None:
    case = Case.objects.get(slug="dalu")
    Case.objects.filter(pk=case.pk).update(title="改过的标题")
    extra = CaseItem.objects.create(case=case, kind="brand", title="后来加的", text="后来加的一条。")
    Statement.objects.filter(park=case.park, number=7).update(value=51)
    call_command("load_cases")
    assert Case.objects.get(slug="dalu").title == "改过的标题"
    call_command("load_cases", update=True)
    assert Case.objects.get(slug="dalu").title != "改过的标题"
    assert Statement.objects.get(park=case.park, number=7).value == 50
    assert not CaseItem.objects.filter(pk=extra.pk).exists()
    assert "dalu.toml：写入3条" in capsys.readouterr().out


def test_parks_of_the_cases_are_real_and_public(loaded: None) -> None:
    parks = Park.objects.filter(slug__in=SLUGS)
    assert parks.count() == 5
    assert all(park.is_public and not park.is_demo and not park.level and not park.kind for park in parks)
    assert Source.objects.get(park__slug="jiuquan").published_on is None


BROKEN = [
    ("[park", "不是有效的 TOML"),
    ("order = 1", "有不认识的表：order"),
    ('[park]\nslug = "x"', "park 缺少 name"),
    ("[PARK]", "有不认识的表：PARK"),
]


@pytest.mark.parametrize(("text", "message"), BROKEN)
def test_a_broken_file_says_what_is_wrong(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "x.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Broken, match=re.escape(message)) as caught:
        read(path)
    assert "x.toml" in str(caught.value)


WRONG = [
    ('comparator = "gte"', 'comparator = "more"', "statement[5].comparator 应为 eq"),
    ("value = 90\n", 'value = "90"\n', "statement[5].value 类型不对"),
    ("value = 90\n", "value = true\n", "statement[5].value 类型不对"),
    ("number = 6\n", "number = 5\n", "编号重复：5"),
    ("figures = [5, 7]", "figures = [5, 700]", "case.figures 应为本文件里两个 statement 的编号"),
    ('kind = "honour"', 'kind = "prize"', "item[13].kind 应为 mechanism"),
    ('level = "自治区级"', 'rank = "自治区级"', "item[13] 有不认识的键：rank"),
    ("published_on = 2026-11-21", "published_on = 2026-11-21T00:00:00", "case.published_on 类型不对"),
]


@pytest.mark.parametrize(("old", "new", "message"), WRONG)
def test_a_wrong_key_is_named_with_its_place(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = (FOLDER / "dalu.toml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "dalu.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(Broken, match=re.escape(message)):
        read(path)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Broken, match="没有案例文件"):
        read_all(tmp_path)


def test_nothing_is_loaded_when_one_file_breaks_a_rule_of_the_database(db: None, tmp_path: Path) -> None:
    for path in FOLDER.glob("*.toml"):
        text = path.read_text(encoding="utf-8")
        if path.name == "yueyang.toml":
            text = text.replace('region_code = "430603"', 'region_code = "4306"')
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    with pytest.raises(CommandError, match=r"yueyang\.toml 没有装载：区划代码应为6位数字"):
        call_command("load_cases", folder=tmp_path)
    assert not Park.objects.exists()


WORDINGS = [
    ({"value": 50, "comparator": "gt", "unit": "件"}, "50多件"),
    ({"value": 90, "comparator": "gte", "unit": "%"}, "90%以上"),
    ({"value": 1, "comparator": "gte", "unit": "名/年"}, "1名以上/年"),
    ({"value": 1700, "comparator": "approx", "unit": "万元"}, "约1,700万元"),
    ({"value": 1, "value_high": 2, "comparator": "range", "unit": "个"}, "1～2个"),
    ({"value": 5, "comparator": "gt", "unit": "亿元/年"}, "超5亿元/年"),
    ({"value": 51, "comparator": "gt", "unit": "项"}, "超51项"),
    ({"value": 12000, "wording": "1.2万", "comparator": "gt", "unit": "人次"}, "超1.2万人次"),
    ({"value": 1000000, "comparator": "gt", "unit": "次"}, "超100万次"),
    ({"value": 4000000000, "wording": "40亿", "unit": "立方米"}, "40亿立方米"),
    ({"value": Decimal("0.5"), "wording": "半年", "comparator": "lte", "unit": "年"}, "半年以内"),
    ({"value": 2, "wording": "二等奖", "unit": "等"}, "二等奖"),
    ({"value": 2018, "unit": "年"}, "2018年"),
    ({"value": 28, "unit": "年"}, "28年"),
    ({"value": 1200, "unit": "人次"}, "1,200人次"),
    ({"value": 33, "unit": "家", "change": "rose_to"}, "增至33家"),
    ({"wording": "2013-12", "unit": "年月"}, "2013-12"),
    ({"wording": "全省第一、全国一流"}, "全省第一、全国一流"),
    ({"value": Decimal("83.4000"), "unit": "%"}, "83.4%"),
]


@pytest.mark.parametrize(("fields", "text"), WORDINGS)
def test_wording(fields: dict[str, Any], text: str) -> None:
    if "value" in fields:
        fields = {**fields, "value": Decimal(fields["value"])}
    if "value_high" in fields:
        fields = {**fields, "value_high": Decimal(fields["value_high"])}
    assert worded(Statement(indicator="指标", **fields)).text == text


def test_digits() -> None:
    assert digits(Decimal("120000")) == "120,000"
    assert digits(Decimal("1500000")) == "150万"
    assert digits(Decimal("1500001")) == "1,500,001"


def test_printed_form_is_told_where_the_digits_hide_it() -> None:
    assert worded(Statement(indicator="例会频次", value=Decimal(1), unit="次/月", wording="每月")).remarks == (
        "原文作“每月”",
    )
    assert worded(Statement(indicator="“三种体系”", value=Decimal(3), unit="个", wording="三种")).remarks == ()


REFUSED = [
    ({"value": None}, "数值和原文写法至少填一项。"),
    ({"value": None, "wording": "约半数", "comparator": "gt"}, "没有数值时，限定词只能是“等于”。"),
    ({"value": 1, "comparator": "range"}, "限定词选了“区间”，数值和数值上限都要填。"),
    ({"value": 1, "value_high": 2}, "填了数值上限，限定词应选“区间”。"),
    ({"value": 2, "value_high": 2, "comparator": "range"}, "数值上限应大于数值，请核对区间的两端。"),
    ({"value": 1, "number": 5}, "本园区已有这个编号的指标，请换一个编号或不填。"),
]


@pytest.mark.parametrize(("fields", "message"), REFUSED)
def test_impossible_statements_are_refused_in_chinese(db: None, fields: dict[str, Any], message: str) -> None:
    source = make_source(make_park())
    make_statement(source, number=5)
    row = Statement(park=source.park, source=source, category="覆盖", indicator="指标", **fields)
    with pytest.raises(ValidationError) as caught:
        row.full_clean()
    assert message in caught.value.messages


def test_a_statement_may_not_cite_another_parks_source(db: None) -> None:
    source = make_source(make_park())
    row = Statement(park=make_park(), source=source, category="覆盖", indicator="指标", value=1)
    with pytest.raises(ValidationError, match="不在同一个园区"):
        row.full_clean()
