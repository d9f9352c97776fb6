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

from metrics.indicators import HEADLINES, INDICATORS, LEAD, Rate, month_ends
from orgs.models import Enterprise
from portal.templatetags.charts import line_of
from portal.views.dashboard import Step, headline, operating_since
from tests.factories import cover, grant, make_enterprise, make_organization, make_park, make_user, set_state, work
from tests.thirty_six import DAY, MONTH_BEFORE, make_thirty_six

SignIn = Callable[[Any], Client]
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def thirty_six(db: None) -> Any:
    """The park of the worked arithmetic and its leader."""
    park = make_park("small", name="小园区", short_name="小园")
    make_thirty_six(park)
    user = make_user("small-leader", home_park=park, display_name="小园领导")
    grant(user, "leader", park=park)
    return user


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
    assert {f"/definitions/#{code}" for code in INDICATORS} <= links


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
        *(code for code in INDICATORS if code not in HEADLINES),
    ]
    for one in tiles:
        for figure in (*one.four, one.uncounted):
            assert figure.count == one.rate.indicator.part(seen, day, figure.part).count(), (one.rate, figure.part)
    lead = context["lead"]
    assert sum(one.count for one in context["excluded"]) == lead.excluded
    for groups in (context["industries"], context["sizes"]):
        assert sum(one.total for one in groups) == lead.denominator
        assert sum(one.covered for one in groups) == lead.numerator


def test_every_link_opens_a_ledger_with_that_many_rows(world: Any, leader: Any, sign_in: SignIn) -> None:
    """The triple equality to the end: the page behind each count says the same number."""
    client = sign_in(leader)
    context = dashboard(client).context
    expected = {}
    for one in (*context["tiles"], *context["others"]):
        expected |= {figure.url: figure.count for figure in (*one.four, one.uncounted)}
    expected |= {one.url: one.count for one in context["excluded"]}
    for group in (*context["industries"], *context["sizes"]):
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
    gap = next(row for row in dashboard(client).context["gap_list"] if row.status == "应建未建").enterprise
    branch = make_organization(gap.park, "新党支部", founded_on=DAY)
    cover(branch, gap, since=DAY)
    today, yesterday = dashboard(client), dashboard(client, DAY - dt.timedelta(days=1))
    assert today.context["lead"].numerator == 28
    assert yesterday.context["lead"].numerator == 27
    assert gap.pk not in [row.enterprise.pk for row in today.context["gap_list"]]
    assert gap.pk in [row.enterprise.pk for row in yesterday.context["gap_list"]]


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
    assert texts(response, "//table[contains(@class,'mtab')]/tbody/tr[1]/td") == ["—"] * 12
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
    rows = response.context["parks"]
    assert [(row.park.slug, row.is_small) for row in rows] == [("yi", False), ("jia", True)]
    cells = texts(response, "//section[@id='parks']//tbody/tr[2]/td")
    assert cells.count("不列率") == 3
    only = dashboard(sign_in(administrator), park="jia")
    assert only.context["parks"] == []
    assert only.context["lead"].denominator == 4


def test_small_groups_have_counts_but_no_rate(thirty_six: Any, sign_in: SignIn) -> None:
    response = dashboard(sign_in(thirty_six))
    industries = {one.name: one for one in response.context["industries"]}
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
        (row.enterprise.name, row.status, row.enterprise.full_members, row.works, row.responsible)
        for row in response.context["gap_list"]
    ]
    assert rows == [
        ("小园未建2", "应建未建", 4, "", "联系人 王联系"),
        ("小园未建1", "应建未建", 3, "指导员", "指导员 李指导"),
        ("小园未建3", "没有党员", 0, "工会", "联系人 王联系"),
    ]
    assert {row.operating_since for row in response.context["gap_list"]} == {dt.date(2024, 1, 1)}
    link = tree(response).xpath("//section[@id='gap']//a[contains(., '全部3家')]")[0]
    assert link.get("href") == "/ledgers/enterprises/?indicator=org_coverage_real&part=gap&day=2026-10-31"


def test_operation_is_counted_through_periods_that_follow_one_another(world: Any) -> None:
    enterprise = make_enterprise(world.jia.park, state=None)
    last = set_state(enterprise, "operating", dt.date(2026, 1, 1))
    middle = set_state(enterprise, "operating", dt.date(2025, 1, 1), dt.date(2026, 1, 1))
    apart = set_state(enterprise, "operating", dt.date(2023, 1, 1), dt.date(2024, 1, 1))
    assert operating_since([last, middle, apart]) == dt.date(2025, 1, 1)
    assert operating_since([]) is None


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
    assert {len(row) for row in rows} == {13}
    trend = response.context["trend"]
    assert [point.day for point in trend.main.points] == month_ends(DAY, 12)
    assert trend.summary.startswith("组织覆盖率由2025年11月末的86.7%升至2026年10月末的90.0%（+3.3个百分点）")


def test_charts_carry_no_style_that_the_policy_forbids(thirty_six: Any, sign_in: SignIn) -> None:
    page = tree(dashboard(sign_in(thirty_six)))
    assert page.xpath("//*[@style] | //style | //script[not(@src)] | //*[@onclick]") == []


# Size


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
