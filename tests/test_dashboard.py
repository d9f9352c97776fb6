"""The leader's page: every count opens exactly its enterprises, words and charts say what the counts say."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.template import Context, Template
from django.test import Client
from django.utils import timezone
from lxml import etree, html

from metrics import summaries
from metrics.figures import Figures
from metrics.indicators import HEADLINES, INDICATORS, LEAD, Rate, month_ends
from metrics.targets import aims, lacking
from orgs.models import Change, Enterprise, Park
from orgs.regions import named
from orgs.scoping import persons_of
from portal.listbook import table_of
from portal.next_ten import next_ten
from portal.templatetags.charts import line_of
from portal.views.dashboard import Step, headline
from tests.factories import (
    again,
    aim,
    cover,
    freeze_report,
    grant,
    make_enterprise,
    make_organization,
    make_park,
    make_user,
    work,
)
from tests.thirty_six import DAY, MONTH_BEFORE, leader_of_thirty_six, make_thirty_six

pytestmark = pytest.mark.crawl

SignIn = Callable[[Any], Client]
CODES = [code for code, indicator in INDICATORS.items() if indicator.subject.slug == "enterprises"]
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def thirty_six(db: None) -> Any:
    """The leader of the park of the worked arithmetic."""
    return again(leader_of_thirty_six)


@pytest.fixture
def empty(db: None) -> Any:
    park = make_park("empty", name="空园区")
    user = make_user("empty-leader", home_park=park)
    grant(user, "leader", park=park)
    return user


def dashboard(client: Client, day: dt.date | None = DAY, **query: str) -> Any:
    if day is not None:
        query["day"] = day.isoformat()
    response = client.get("/dashboard/", query)
    assert response.status_code == 200
    return response


def tree(response: Any) -> Any:
    return html.fromstring(response.content.decode())


def texts(response: Any, path: str) -> list[str]:
    return [" ".join(node.text_content().split()) for node in tree(response).xpath(path)]


def rate(numerator: int, denominator: int, day: dt.date = DAY, code: str = LEAD) -> Rate:
    return Rate(INDICATORS[code], day, numerator, denominator)


# What the tiles say


def test_the_worked_arithmetic_on_the_tiles(thirty_six: Any, sign_in: SignIn) -> None:
    response = dashboard(sign_in(thirty_six))
    assert texts(response, "//section[contains(@class,'tile')]/p[@class='rate']") == [
        "90.0%", "40.0%", "93.1%", "96.7%", "96.7%",
    ]  # fmt: skip
    assert texts(response, "//section[contains(@class,'tile')]/p[@class='basis']") == [
        "（27/30，实体运营口径，截至2026-10-31）",
        "（12/30，实体运营口径，截至2026-10-31）",
        "（27/29，符合条件口径，截至2026-10-31）",
        "（29/30，含已建组织企业，截至2026-10-31）",
        "（29/30，实体运营口径，截至2026-10-31）",
    ]
    assert texts(response, "//div[@class='four']/a/b") == [
        *("27", "30", "3", "6"),
        *("12", "30", "18", "6"),
        *("27", "29", "2", "7"),
        *("29", "30", "1", "6"),
        *("29", "30", "1", "6"),
    ]
    assert texts(response, "//section[contains(@class,'lead')]/p[@class='chg']") == ["较9月末 +1家（+3.3个百分点）"]
    assert texts(response, "//p[contains(@class,'headline')]") == [
        "组织覆盖率90.0%，较9月末增加1家（+3.3个百分点）。还差3家：应建未建2家，没有党员1家。"
    ]


def test_each_definition_links_to_its_wording(thirty_six: Any, sign_in: SignIn) -> None:
    page = tree(dashboard(sign_in(thirty_six)))
    links = {link.get("href") for link in page.xpath("//a[text()='口径']")}
    assert {f"/definitions/#{code}" for code in CODES} <= links


@pytest.mark.parametrize(
    ("who", "day"),
    [
        *(("leader", day) for day in (DAY, dt.date(2024, 2, 29), dt.date(2024, 3, 1), dt.date(2020, 1, 1))),
        *((role, DAY) for role in ("officer", "superior", "administrator", "stranger", "nobody")),
    ],
)
def test_every_count_is_its_list(
    world: Any, request: pytest.FixtureRequest, sign_in: SignIn, who: str, day: dt.date
) -> None:
    """UX-70: tile = rows behind it, for every definition, part, role and several days."""
    user = request.getfixturevalue(who)
    seen = Enterprise.objects.visible_to(user)
    context = dashboard(sign_in(user), day).context
    tiles = [*context["tiles"], *context["others"]]
    assert [one.rate.indicator.code for one in tiles] == [
        *HEADLINES,
        *(code for code in CODES if code not in HEADLINES),
    ]
    for one in tiles:
        for figure in (*one.four, one.uncounted):
            assert figure.count == one.rate.indicator.part(seen, day, figure.part).count(), (one.rate, figure.part)
    lead = context["lead"]
    assert sum(one.count for one in context["excluded"]) == lead.excluded
    for group in context["groups"]:
        assert sum(one.total for one in group.rows) == lead.denominator, group.field
        assert sum(one.covered for one in group.rows) == lead.numerator, group.field


@pytest.mark.soak
def test_every_link_opens_a_ledger_with_that_many_rows(world: Any, leader: Any, sign_in: SignIn) -> None:
    """The triple equality to the end: the page behind each count says the same number."""
    client = sign_in(leader)
    context = dashboard(client).context
    expected = {}
    for one in (*context["tiles"], *context["others"]):
        expected |= {figure.url: figure.count for figure in (*one.four, one.uncounted)}
    expected |= {one.url: one.count for one in context["excluded"]}
    for group in (one for grouping in context["groups"] for one in grouping.rows):
        expected |= {group.url: group.total, group.gap_url: group.gap}
    assert len(expected) > 60
    for url, count in expected.items():
        assert client.get(url).context["page_obj"].paginator.count == count, url


def test_work_coverage_never_raises_organization_coverage(thirty_six: Any, sign_in: SignIn) -> None:
    client = sign_in(thirty_six)
    before = {one.rate.indicator.code: one.rate for one in dashboard(client).context["tiles"]}
    for enterprise in Enterprise.objects.visible_to(thirty_six):
        work(enterprise, "instructor", holder="新指导员")
    after = {one.rate.indicator.code: one.rate for one in dashboard(client).context["tiles"]}
    assert after["org_coverage_real"] == before["org_coverage_real"]
    assert after["solo_rate_real"] == before["solo_rate_real"]
    assert after["two_coverage"].numerator == 30 > before["two_coverage"].numerator


def test_a_change_shows_at_once_and_not_for_the_day_before(thirty_six: Any, sign_in: SignIn) -> None:
    client = sign_in(thirty_six)
    gap = next(row for row in dashboard(client).context["ten"] if row.status == "应建未建").enterprise
    branch = make_organization(gap.park, "新党支部", founded_on=DAY)
    cover(branch, gap, since=DAY)
    today, yesterday = dashboard(client), dashboard(client, DAY - dt.timedelta(days=1))
    assert today.context["lead"].numerator == 28
    assert yesterday.context["lead"].numerator == 27
    assert gap.pk not in [row.enterprise.pk for row in today.context["ten"]]
    assert gap.pk in [row.enterprise.pk for row in yesterday.context["ten"]]


def test_a_covered_enterprise_that_does_not_count_is_said_so(world: Any, leader: Any, sign_in: SignIn) -> None:
    client = sign_in(leader)
    assert "已覆盖但不计入" not in dashboard(client).content.decode()
    cover(world.jia.branch, world.jia.suspended, since=dt.date(2025, 1, 1))
    response = dashboard(client)
    assert texts(response, "//section[contains(@class,'lead')]//a[contains(., '已覆盖但不计入')]") == [
        "已覆盖但不计入1家"
    ]
    assert response.context["lead"].numerator == 2


def test_an_empty_park_has_dashes_and_says_what_to_do(empty: Any, sign_in: SignIn) -> None:
    response = dashboard(sign_in(empty))
    assert texts(response, "//section[contains(@class,'tile')]/p[@class='rate']") == ["—"] * 5
    assert texts(response, "//table[contains(@class,'mtab')]/tbody/tr[1]/td") == ["—"] * 24
    content = response.content.decode()
    assert "没有登记在园的企业" in content
    for wrong in ("0.0%", "100.0%", "nan", "None"):
        assert wrong not in content


# The day and the park


def test_the_days_to_choose(thirty_six: Any, sign_in: SignIn) -> None:
    response = dashboard(sign_in(thirty_six), None)
    today = timezone.localdate()
    ends = month_ends(today - dt.timedelta(days=1), 3)
    links = tree(response).xpath("//div[@class='seg']/a")
    assert [link.get("href") for link in links] == [f"/dashboard/?day={day}" for day in [*ends, today]]
    assert [link.text_content() for link in links][-1] == "今天"
    assert [link.get("aria-current") for link in links] == [None, None, None, "date"]


@pytest.mark.parametrize(
    ("asked", "said"), [("2026-02-30", "2026-02-30"), ("昨天", "昨天"), ("2099-01-01", "还没有到")]
)
def test_a_day_that_is_none_is_explained_and_today_shown(
    thirty_six: Any, sign_in: SignIn, asked: str, said: str
) -> None:
    response = sign_in(thirty_six).get("/dashboard/", {"day": asked})
    assert response.status_code == 400
    problem = texts(response, "//*[@id='day-error']")
    assert said in problem[0]
    assert response.context["lead"].day == timezone.localdate()


def test_another_park_leaves_no_trace(world: Any, leader: Any, sign_in: SignIn) -> None:
    client = sign_in(leader)
    assert world.yi.mark not in dashboard(client).content.decode()
    assert client.get("/dashboard/", {"park": "yi"}).status_code == 404


def test_parks_are_ranked_and_small_ones_have_no_rate(world: Any, administrator: Any, sign_in: SignIn) -> None:
    make_thirty_six(world.yi.park)
    response = dashboard(sign_in(administrator))
    rows = response.context["inside"].places
    assert [(row.place["park"], row.is_small) for row in rows] == [("yi", False), ("jia", True)]
    cells = texts(response, "//section[@id='parks']//tbody/tr[2]/td")
    assert cells.count("不列率") == 2
    only = dashboard(sign_in(administrator), park="jia")
    assert only.context["inside"].places == []
    assert only.context["lead"].denominator == 4


def test_small_groups_have_counts_but_no_rate(thirty_six: Any, sign_in: SignIn) -> None:
    response = dashboard(sign_in(thirty_six))
    industries = {one.name: one for one in response.context["groups"][0].rows}
    assert {name: (one.covered, one.total) for name, one in industries.items()} == {
        "信息传输、软件和信息技术服务业": (15, 16),
        "制造业": (12, 13),
        "交通运输、仓储和邮政业": (0, 1),
    }
    lines = texts(response, "//section[@id='industry']//p[@class='l']")
    assert "信息传输、软件和信息技术服务业15/16 93.8% 缺1家" in lines
    assert "交通运输、仓储和邮政业0/1 缺1家" in lines


# Who is missing


def test_the_gap_list_says_since_when_and_who(thirty_six: Any, sign_in: SignIn) -> None:
    response = dashboard(sign_in(thirty_six))
    rows = [
        (row.enterprise.name, row.status, row.full_members, row.works, row.act, row.responsible)
        for row in response.context["ten"]
    ]
    assert rows == [
        ("小园未建2", "应建未建", 4, "", "单独组建", "联系人 王联系"),
        ("小园未建1", "应建未建", 3, "指导员", "单独组建", "指导员 李指导"),
        ("小园未建3", "没有党员", 0, "工会", "发展党员", "联系人 王联系"),
    ]
    assert {row.since for row in response.context["ten"]} == {dt.date(2024, 1, 1)}
    link = tree(response).xpath("//section[@id='gap']//a[contains(., '全部3家')]")[0]
    assert link.get("href") == "/ledgers/enterprises/?indicator=org_coverage_real&part=gap&day=2026-10-31"


# Words


@pytest.mark.parametrize(
    ("now", "before", "text", "said"),
    [
        ((27, 30), (26, 30), "+1家（+3.3个百分点）", "组织覆盖率90.0%，较9月末增加1家（+3.3个百分点）"),
        ((26, 30), (27, 30), "−1家（−3.3个百分点）", "组织覆盖率86.7%，较9月末减少1家（−3.3个百分点）"),
        ((27, 30), (27, 30), "持平", "组织覆盖率90.0%，与9月末持平"),
        ((27, 30), (27, 29), "0家（−3.1个百分点）", "组织覆盖率90.0%，较9月末家数不变（−3.1个百分点）"),
        ((27, 30), (0, 0), "无可比数", "组织覆盖率90.0%，30家实体运营企业中已建27家"),
        ((0, 0), (27, 30), "−27家（—）", "截至2026-10-31没有实体运营的非公有制企业，各项比率记“—”"),
    ],
)
def test_a_change_is_said_in_enterprises_first(
    now: tuple[int, int], before: tuple[int, int], text: str, said: str
) -> None:
    step = Step(rate(*now), rate(*before, day=MONTH_BEFORE))
    assert step.text == text
    assert headline(step.now, step.before) == said


@pytest.mark.parametrize(
    ("now", "before", "kind"),
    [
        ((27, 30), (26, 30), ""),
        ((30, 40), (26, 30), "down"),  # more enterprises, but a lower rate
        ((20, 20), (26, 30), ""),
        ((54, 60), (27, 30), ""),
        ((27, 30), (27, 30), "flat"),
        ((0, 0), (27, 30), "down"),
    ],
)
def test_the_colour_of_a_change_is_that_of_the_rate(now: tuple[int, int], before: tuple[int, int], kind: str) -> None:
    assert Step(rate(*now), rate(*before, day=MONTH_BEFORE)).kind == kind


def test_a_month_end_of_another_year_carries_its_year() -> None:
    assert Step(rate(1, 2, dt.date(2026, 1, 31)), rate(1, 2, dt.date(2025, 12, 31))).since == "2025年12月末"


# Charts


def drawn(template: str, **context: Any) -> Any:
    return etree.fromstring(Template("{% load charts %}" + template).render(Context(context)).strip().encode())


def shapes(svg: Any, name: str) -> list[Any]:
    return [node for node in svg.iter() if isinstance(node.tag, str) and name in (node.get("class") or "").split()]


def test_a_cell_for_every_enterprise_up_to_forty_then_a_bar() -> None:
    svg = drawn("{% cells rate %}", rate=rate(27, 30))
    assert (len(shapes(svg, "c-on")), len(shapes(svg, "c-off"))) == (27, 3)
    assert svg.get("role") == "img"
    assert svg[0].text == "组织覆盖率：30家中27家"
    bar = drawn("{% cells rate %}", rate=rate(30, 60))
    assert (len(shapes(bar, "c-on")), len(shapes(bar, "c-off"))) == (1, 1)
    assert float(shapes(bar, "c-on")[0].get("width")) * 2 == float(bar.get("viewBox").split()[2])
    assert len(shapes(drawn("{% cells rate %}", rate=rate(40, 40)), "c-on")) == 40


def test_a_group_tells_solo_joint_and_none_apart_without_colour() -> None:
    svg = drawn("{% group_cells '制造业' 4 10 11 %}")
    assert (len(shapes(svg, "c-on")), len(shapes(svg, "c-half")), len(shapes(svg, "c-off"))) == (4, 6, 1)
    assert len(shapes(svg, "c-cut")) == 6
    assert svg[0].text == "制造业：单独组建4家，联合等方式6家，未建1家"
    wrapped = drawn("{% group_cells '制造业' 20 41 60 %}")
    assert wrapped.get("viewBox") == "0 0 340 42"
    large = drawn("{% group_cells '制造业' 100 200 400 %}")
    assert [float(bar.get("width")) for bar in (*shapes(large, "c-on"), *shapes(large, "c-half"))] == [85, 85]


def test_the_line_is_zero_based_and_broken_where_there_is_no_rate() -> None:
    ends = month_ends(DAY, 12)
    counts = [(0, 0), (0, 0), (0, 4), (1, 4), (2, 4), (0, 0), (4, 4), (4, 4), (4, 4), (4, 4), (4, 4), (4, 4)]
    rates = [rate(*pair, day=day) for pair, day in zip(counts, ends, strict=True)]
    main = line_of("组织覆盖率", rates, [f"/m{day}" for day in ends], above=False)
    svg = drawn('{% line_chart main main "标题" "说明" %}', main=main)
    path = shapes(svg, "ln1")[0].get("d")
    assert path.startswith("M246.7 240.0L313.3 187.5L380.0 135.0M513.3 30.0L")
    assert len(shapes(svg, "d1")) == 9
    assert [(gap.get("x"), gap.get("width")) for gap in shapes(svg, "gapz")] == [("80.0", "133.4"), ("413.4", "66.7")]
    assert [node.text for node in svg.iter(f"{SVG}text", "text") if node.text == "无分母"] == ["无分母"] * 2
    links = [link.get("href") for link in svg.iter("a")]
    assert links[0] == "/m2026-01-31"


def test_the_month_table_stands_under_the_points(thirty_six: Any, sign_in: SignIn) -> None:
    response = dashboard(sign_in(thirty_six))
    table = tree(response).xpath("//table[contains(@class,'mtab')]")[0]
    rows = [[cell.text_content() for cell in row.xpath("th|td")] for row in table.xpath("tbody/tr")]
    assert [row[0] for row in rows] == ["组织覆盖 %", "家数", "两个覆盖 %", "家数", "实体运营"]
    assert [row[1:][-2:] for row in rows] == [
        ["86.7", "90.0"],
        ["26", "27"],
        ["93.3", "96.7"],
        ["28", "29"],
        ["30", "30"],
    ]
    assert {len(row) for row in rows} == {25}
    trend = response.context["trend"]
    assert [point.day for point in trend.main.points] == month_ends(DAY, 24)
    assert trend.summary.startswith("组织覆盖率由2024年11月末的86.7%升至2026年10月末的90.0%（+3.3个百分点）")


def test_charts_carry_no_style_that_the_policy_forbids(thirty_six: Any, sign_in: SignIn) -> None:
    page = tree(dashboard(sign_in(thirty_six)))
    assert page.xpath("//*[@style] | //style | //script[not(@src)] | //*[@onclick]") == []


# Regions


@pytest.fixture
def regions(db: None) -> dict[str, Park]:
    return again(four_parks)


def four_parks() -> dict[str, Park]:
    """Three parks of one class and one of another in two provinces; 小园 is too small for a rate."""
    given = {"level": "national", "kind": "high_tech"}
    parks = {
        "a": make_park("a", name="甲高新区", region="430103", region_name="湖南省长沙市天心区", **given),
        "b": make_park("b", name="乙高新区", region="430302", region_name="湖南省湘潭市雨湖区", **given),
        "c": make_park("c", name="丙高新区", region="150622", region_name="内蒙古自治区鄂尔多斯市准格尔旗", **given),
        "d": make_park("d", name="丁工业园", region="431102", region_name="湖南省永州市零陵区"),
    }
    for number, slug in enumerate("abc"):
        make_thirty_six(parks[slug])
        for _ in range(number * 10):
            make_enterprise(parks[slug], industry="F", size="micro")
    make_enterprise(parks["d"])
    return parks


def reader(name: str, **reach: Any) -> Any:
    user = make_user(name, display_name=name)
    grant(user, "superior", **reach)
    return user


@pytest.mark.parametrize(
    ("reach", "query", "denominator", "place", "crumbs"),
    [
        pytest.param({}, {}, 121, "全国4个园区合计", [], marks=pytest.mark.soak),
        pytest.param({}, {"region": "43"}, 71, "湖南3个园区合计", ["全国", "湖南"], marks=pytest.mark.soak),
        ({}, {"region": "4301"}, 30, "甲高新区", ["全国", "湖南", "长沙市"]),
        pytest.param({"region": "43"}, {"park": "b"}, 40, "乙高新区", ["湖南", "乙高新区"], marks=pytest.mark.soak),
        ({"region": "4303"}, {}, 40, "乙高新区", []),
    ],
)
def test_a_region_is_all_its_parks_and_every_number_is_its_list(
    regions: Any,
    sign_in: SignIn,
    reach: dict[str, str],
    query: dict[str, str],
    denominator: int,
    place: str,
    crumbs: list[str],
) -> None:
    """UX-70: on two days, whoever asks about whatever ground; the lists opened are a sample drawn by place."""
    user = reader("reader", **reach)
    client = sign_in(user)
    for day in (DAY, dt.date(2026, 10, 9)):
        response = dashboard(client, day, **query)
        every_count_is_its_list(response, user, client, day, crumbs)
    context = dashboard(client, DAY, **query).context
    assert context["lead"].denominator == denominator
    assert context["place"] == place


def every_count_is_its_list(response: Any, user: Any, client: Client, day: dt.date, crumbs: list[str]) -> None:
    context = response.context
    seen = context["asked"].within(Enterprise.objects.visible_to(user))
    assert [name for name, _ in context["crumbs"]] == crumbs
    assert all(f"day={day}" in url for _, url in context["crumbs"][:-1])
    expected = {}
    for one in (*context["tiles"], context["effective"]):
        for figure in (*one.four, one.uncounted):
            assert figure.count == one.rate.indicator.part(seen, day, figure.part).count(), (one.rate, figure.part)
    expected |= {figure.url: figure.count for figure in context["tiles"][0].four}
    expected |= {one.url: one.count for one in context["excluded"][:1]}
    expected |= {grouping.rows[-1].gap_url: grouping.rows[-1].gap for grouping in context["groups"]}
    for url, count in expected.items():
        assert client.get(url).context["page_obj"].paginator.count == count, url
    for link in tree(response).xpath("//section[@id='parks']//tr[1]/td/a"):
        listed = client.get(link.get("href")).context["page_obj"].paginator.count
        assert f"{listed:,}" == link.text_content()


@pytest.mark.parametrize("region", ["4", "430", "abc", "99", "440305", "-1", "４４", "43' OR 1=1"])
def test_a_region_that_is_none_or_out_of_reach_is_said(world: Any, superior: Any, sign_in: SignIn, region: str) -> None:
    client = sign_in(superior)
    for page in ("/dashboard/", "/ledgers/enterprises/", "/ledgers/statements/", "/indicators/"):
        response = client.get(page, {"region": region})
        assert response.status_code == 400, page
        assert "本页先显示可查看的全部园区" in response.content.decode(), page


def test_a_region_narrows_the_ledgers_and_their_workbooks(regions: Any, sign_in: SignIn) -> None:
    client = sign_in(reader("nation"))
    response = client.get("/ledgers/enterprises/", {"region": "43", "day": f"{DAY}"})
    listing = response.context["listing"]
    assert listing.count == 36 + 46 + 1
    assert [(chip.label, chip.text) for chip in listing.chips] == [("地区", "湖南"), ("截至", f"{DAY}")]
    assert "region=43" in listing.export_url
    assert "region" not in listing.chips[0].url
    facts: Any = table_of(listing, timezone.now()).facts
    assert dict(facts())["行数"] == 83
    assert client.get("/ledgers/parks/?region=4303").context["listing"].count == 1


def test_the_summary_and_the_live_query_draw_the_same_page(
    regions: Any, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = sign_in(reader("nation"))

    def drawn_page(query: dict[str, str]) -> list[str]:
        response = dashboard(client, DAY, **query)
        return texts(response, "//section[@id!='gap' or not(@id)]") + [
            f"{row.status} {row.act} {row.since}" for row in response.context["ten"]
        ]

    queries: list[dict[str, str]] = [{}, {"region": "43"}, {"park": "a"}]
    kept = [drawn_page(query) for query in queries]
    monkeypatch.setattr("metrics.summaries.current", lambda: None)
    assert [drawn_page(query) for query in queries] == kept


def test_an_account_is_no_record_of_a_park(regions: Any, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    client = sign_in(reader("nation"))
    last = Change.objects.filter(park__isnull=False).latest("at").at
    assert Change.objects.filter(park__isnull=True).latest("at").at > last
    assert dashboard(client).context["latest"] == last
    monkeypatch.setattr("metrics.summaries.current", lambda: None)
    assert dashboard(client).context["latest"] == last


def test_many_parks_are_shown_by_province_and_prefecture(
    regions: Any, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.places.MOST_PARKS", 2)
    client = sign_in(reader("nation"))
    nation = dashboard(client)
    assert nation.context["inside"].noun == "省份"
    assert {one.name: one.lead.denominator for one in nation.context["inside"].places} == {"湖南": 71, "内蒙古": 50}
    assert nation.context["place"] == "全国"
    province = dashboard(client, region="43").context["inside"]
    assert province.noun == "地市"
    assert {one.name: one.lead.denominator for one in province.places} == {"长沙市": 30, "湘潭市": 40, "永州市": 1}
    monkeypatch.setattr("metrics.summaries.current", lambda: None)
    assert {one.name: one.lead.denominator for one in dashboard(client).context["inside"].places} == {
        "湖南": 71,
        "内蒙古": 50,
    }


def test_places_have_names() -> None:
    assert named("15") == "内蒙古"
    assert named("99") == "99"
    assert named("1506", ["内蒙古自治区鄂尔多斯市准格尔旗", "内蒙古自治区鄂尔多斯市东胜区"]) == "鄂尔多斯市"
    assert named("430103", ["湖南省长沙市天心区"]) == "长沙市天心区"
    assert named("4301") == "4301"


def test_only_parks_of_one_class_are_compared(regions: Any, sign_in: SignIn) -> None:
    client = sign_in(reader("nation"))
    (spread,) = dashboard(client, park="a").context["spreads"]
    assert (spread.name, len(spread.rates)) == ("国家级高新技术产业开发区", 3)
    assert spread.own.percent == Decimal("90.0")
    assert spread.text == (
        "国家级高新技术产业开发区3个，最低54.0%，中间67.5%，最高90.0%；本园区90.0%，比中间高22.5个百分点。"
    )
    assert dict(spread.bins) == {
        "60%以下": 1, "60%～70%": 1, "70%～80%": 0, "80%～90%": 0, "90%以上": 1, "100%": 0
    }  # fmt: skip
    assert dashboard(client, park="d").context["spreads"] == []
    (whole,) = dashboard(client).context["spreads"]
    assert whole.own is None
    # Who sees one park alone has nothing to compare it with
    alone = make_user("alone")
    grant(alone, "leader", park=regions["a"])
    assert dashboard(sign_in(alone)).context["spreads"] == []


# Targets


@pytest.mark.parametrize(
    ("counts", "percent", "missing"),
    [
        ((27, 30), "90", 0),
        ((27, 30), "90.1", 1),
        ((27, 30), "95", 2),
        ((27, 30), "100", 3),
        ((899, 1000), "90", 1),
        ((8996, 10000), "90", 4),  # prints as 90.0%, and is not yet
        ((0, 0), "90", 0),
    ],
)
def test_what_is_missing_to_a_target(counts: tuple[int, int], percent: str, missing: int) -> None:
    one = rate(*counts)
    assert lacking(one, Decimal(percent)) == missing
    if missing:
        assert (one.numerator + missing) * 100 >= Decimal(percent) * one.denominator
        assert (one.numerator + missing - 1) * 100 < Decimal(percent) * one.denominator


def test_a_target_stands_on_its_tile_while_it_holds(thirty_six: Any, sign_in: SignIn) -> None:
    park = thirty_six.home_park
    aim(park, 95, since=dt.date(2026, 1, 1), until=dt.date(2026, 11, 1))
    aim(park, 90, "work_coverage_broad")
    client = sign_in(thirty_six)
    assert texts(dashboard(client), "//p[contains(@class,'aim')]") == ["目标95.0%，还差2家", "目标90.0%，已达到"]
    assert texts(dashboard(client, dt.date(2026, 11, 1)), "//p[contains(@class,'aim')]") == ["目标90.0%，已达到"]
    assert texts(dashboard(client), "//p[contains(@class,'aim met')]") == ["目标90.0%，已达到"]


def test_targets_of_several_parks_are_added_up(regions: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    aim(regions["a"], 90)
    aim(regions["b"], 80)
    aim(regions["c"], 60)
    aim(regions["d"], 50)
    for reach, text in (
        ({"region": "43"}, "3个园区设了目标，1个达到，合计还差6家"),
        ({}, "4个园区设了目标，1个达到，合计还差9家"),
    ):
        figures = Figures(reader(f"r{len(reach)}", **reach), None)
        found = aims(figures, DAY, [LEAD], figures.on(DAY, [LEAD]))
        assert found[LEAD].text == text
    monkeypatch.setattr("metrics.summaries.current", lambda: None)
    figures = Figures(reader("live"), None)
    assert aims(figures, DAY, [LEAD], {})[LEAD].text == "4个园区设了目标，1个达到，合计还差9家"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"percent": "0"}, "目标值应大于0"),
        ({"percent": "100.1"}, "目标值应大于0"),
        ({"percent": "92.55"}, "最多一位小数"),
        ({"percent": "九成"}, "应为数字"),
        ({"indicator": "none-such"}, "不在可选范围内"),
        ({"since": "2026-02-30"}, "2月只有28天"),
        ({"indicator": "two_coverage", "since": "2025-01-01", "until": "2025-01-01"}, "终止日期应晚于起始日期"),
        ({"since": "2027-01-01"}, "同一天同一个指标只能有一个目标"),
    ],
)
def test_a_wrong_target_is_explained(
    world: Any, officer: Any, sign_in: SignIn, given: dict[str, str], said: str
) -> None:
    typed = {"indicator": LEAD, "percent": "95", "since": "2026-01-01", "until": "", "basis": "文件"} | given
    response = sign_in(officer).post("/ledgers/targets/new/", typed)
    assert said in response.content.decode()


def test_an_officer_sets_a_target_and_a_leader_reads_it(world: Any, officer: Any, leader: Any, sign_in: SignIn) -> None:
    typed = {"indicator": "two_coverage", "percent": "92.5", "since": "2026-01-01", "until": "", "basis": "纪要"}
    assert sign_in(officer).post("/ledgers/targets/new/", typed).status_code == 302
    page = sign_in(leader).get("/ledgers/targets/").content.decode()
    assert "92.5%" in page
    assert sign_in(leader).post("/ledgers/targets/new/", typed).status_code == 404


# The ten to act on next


def test_the_ten_name_nobody_to_who_may_see_nobody(regions: Any, sign_in: SignIn) -> None:
    found = dashboard(sign_in(reader("hunan", region="43"))).context["ten"]
    assert len(found) == 10
    assert [one.status for one in found[:4]] == ["应建未建"] * 4
    assert {one.responsible for one in found} == {"园区党群工作部门"}
    assert {one.act for one in found} == {"单独组建", "派指导员"}


@pytest.mark.parametrize("few_parks", [0, 12])
@pytest.mark.parametrize(
    ("reach", "query"),
    [({}, {}), ({}, {"region": "43"}), ({"region": "43"}, {}), ({"region": "4301"}, {}), ({"region": "99"}, {})],
)
def test_the_ten_are_those_of_the_ground(
    regions: Any, monkeypatch: pytest.MonkeyPatch, reach: dict[str, str], query: dict[str, str], few_parks: int
) -> None:
    """Whichever index serves: the same ten off the month summary as live, and none from elsewhere."""
    monkeypatch.setattr("portal.next_ten.FEW_PARKS", few_parks)
    user = reader("someone", **reach)

    def ten() -> list[tuple[Any, ...]]:
        found = next_ten(Figures(user, None, query.get("region", "")), DAY, persons_of(user))
        prefix = query.get("region", "") or reach.get("region", "")
        assert all(one.enterprise.park.region_code.startswith(prefix) for one in found)
        return sorted((one.status, one.full_members, one.members, one.since) for one in found)

    kept = ten()
    assert len(kept) == (0 if reach.get("region") == "99" else 3 if reach.get("region") == "4301" else 10)
    monkeypatch.setattr("metrics.summaries.current", lambda: None)
    assert ten() == kept


def test_since_when_an_enterprise_ought_to_have_an_organization(world: Any, leader: Any) -> None:
    """Not since its last change of anything, but since it has enough members and no organization."""
    figures = Figures(leader, world.jia.park)
    work(world.jia.gap, "instructor", since=dt.date(2026, 5, 1), holder="某人")
    first = next_ten(figures, DAY, persons_of(leader))[0]
    assert (first.enterprise.pk, first.act, first.since) == (world.jia.gap.pk, "单独组建", dt.date(2024, 1, 1))


# The day


def test_frozen_months_are_marked(world: Any, leader: Any, sign_in: SignIn) -> None:
    freeze_report(world.jia.park, month_ends(timezone.localdate() - dt.timedelta(days=1), 2)[0])
    client = sign_in(leader)
    for page in ("/dashboard/", "/reports/", "/reports/two-coverage/"):
        response = client.get(page, {"park": "jia"})
        assert len(texts(response, "//*[contains(@class,'seg')]//a[contains(., '已冻结')]")) == 1, page
    assert len(texts(client.get("/ledgers/enterprises/"), "//div[@class='seg']/a")) == 4


def test_the_year_before_a_month_end_is_a_month_end(thirty_six: Any, sign_in: SignIn) -> None:
    step = dashboard(sign_in(thirty_six), dt.date(2025, 2, 28)).context["tiles"][0].year
    assert (step.before.day, step.since) == (dt.date(2024, 2, 29), "2024年2月末")
    step = dashboard(sign_in(thirty_six), dt.date(2026, 3, 10)).context["tiles"][0].year
    assert (step.before.day, step.since) == (dt.date(2025, 3, 10), "2025年3月10日")


# Size


QUERIES = 36


def test_the_page_costs_the_same_for_a_park_and_for_the_nation(
    regions: Any, sign_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    """No query reads enterprises but those of the ten, by their keys."""
    assert summaries.current() is not None
    client = sign_in(reader("nation"))
    queries: list[dict[str, str]] = [{}, {"region": "43"}, {"park": "a"}]
    for query in queries:
        with django_assert_max_num_queries(QUERIES) as captured:
            dashboard(client, dt.date(2026, 10, 17), **query)
        reading = [one["sql"] for one in captured if 'FROM "orgs_enterprise"' in one["sql"]]
        assert len(reading) == 1
        assert '"orgs_enterprise"."id" IN (' in reading[0]


def test_more_enterprises_need_no_more_queries(
    world: Any, superior: Any, sign_in: SignIn, django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    client = sign_in(superior)
    with django_assert_max_num_queries(30) as few:
        dashboard(client)
    make_thirty_six(world.jia.park)
    with django_assert_num_queries(len(few)):
        dashboard(client)


def test_percent_is_rounded_half_up() -> None:
    assert rate(1, 16).percent == Decimal("6.3")
