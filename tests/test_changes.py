"""Why a figure changed: each cause by a small world, random histories that add up, the page and its workbook."""

import datetime as dt
import io
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from lxml import html
from openpyxl import load_workbook

from metrics.changes import CORRECTED, KINDS, LATE, LATE_DAYS, STEPS, Explained, explain, holds
from metrics.indicators import INDICATORS, Indicator, names_in, rates, rates_by
from orgs import journal
from orgs.models import Coverage, Election, Enterprise, Park, Post, Via
from tests.factories import (
    affiliate,
    again,
    appoint,
    cover,
    elect,
    employ,
    make_enterprise,
    make_member,
    make_organization,
    make_park,
    put,
    set_state,
    staff_with_members,
    work,
)
from tests.test_coverage_property import FIRST, LENGTH, History, random_history, store
from tests.thirty_six import DAY, MONTH_BEFORE, leader_of_thirty_six, make_thirty_six

pytestmark = pytest.mark.django_db
SignIn = Callable[[Any], Client]

CODES = [code for code, one in INDICATORS.items() if one.subject.model is Enterprise]
A, D, B = dt.date(2026, 9, 30), dt.date(2026, 10, 12), dt.date(2026, 10, 31)


def explained(park: Park, code: str = "org_coverage_real", first: dt.date = A, second: dt.date = B) -> Explained:
    """The causes in one park, which add up to the difference of the two figures."""
    enterprises: Any = Enterprise.objects.in_park(park)
    found = explain(INDICATORS[code], enterprises, first, second)
    before, after = (rates(enterprises, day, [code])[code] for day in (first, second))
    assert found.numerator_change == after.numerator - before.numerator
    assert found.denominator_change == after.denominator - before.denominator
    return found


def causes(park: Park, code: str = "org_coverage_real") -> dict[str, tuple[int, int]]:
    """Label of a cause → change of numerator and denominator."""
    return {one.label: (one.numerator_change, one.denominator_change) for one in explained(park, code).causes}


@pytest.fixture
def park() -> Park:
    return make_park("why", short_name="变园")


# Each cause


def test_settled_and_left_take_their_coverage_along(park: Park) -> None:
    joint = make_organization(park, "联合支部", kind="joint_branch")
    new = make_enterprise(park, "新来", since=D)
    cover(joint, new, "joint", since=D + dt.timedelta(days=2))
    set_out = make_enterprise(park, "新来筹建", state=None, settled_on=D)
    set_state(set_out, "preparing", D, D + dt.timedelta(days=3))
    set_state(set_out, "operating", D + dt.timedelta(days=3))
    gone = make_enterprise(park, "迁走", left_on=D)
    cover(joint, gone, "joint", until=D)
    assert causes(park) == {
        "入驻": (0, 1),
        "经营状态变化：筹建→正常经营": (0, 1),
        "加入联合党支部": (1, 0),
        "迁出": (-1, -1),
    }


def test_what_held_already_when_it_settled_came_by_settling(park: Park) -> None:
    for since in (A, D):
        cover(make_organization(park), make_enterprise(park, since=D), since=since)
    staff_with_members(make_enterprise(park, since=D), 3, since=D)
    found = explained(park)
    assert [(cause.label, cause.numerator_change, cause.denominator_change) for cause in found.causes] == [
        ("入驻", 2, 3)
    ]
    assert [row.also for row in found.causes[0].rows] == [(), (), ()]
    assert causes(park, "should_built_rate") == {"入驻": (2, 3)}


def test_state_of_business_from_and_to(park: Park) -> None:
    one = make_enterprise(park, "停了", state=None)
    set_state(one, "operating", A, D)
    set_state(one, "suspended", D)
    cover(make_organization(park), one)
    two = make_enterprise(park, "开工", state=None)
    set_state(two, "preparing", A, D)
    set_state(two, "operating", D)
    three = make_enterprise(park, "断档", state=None)
    set_state(three, "operating", A, D)
    found = explained(park)
    assert [(cause.label, cause.numerator_change, cause.denominator_change) for cause in found.causes] == [
        ("经营状态变化：正常经营→停产停业", -1, -1),
        ("经营状态变化：正常经营→未填", 0, -1),
        ("经营状态变化：筹建→正常经营", 0, 1),
    ]
    assert found.causes[0].rows[0].sentence == "2026-10-12起经营状态由正常经营变为停产停业"
    assert found.causes[0].rows[0].day == D


def test_three_haves_scale_and_staff(park: Park) -> None:
    one = make_enterprise(park, state=None)
    set_state(one, "operating", A, D, fixed_premises=True, has_operations=True, staff=9, above_scale=False)
    set_state(one, "operating", D, fixed_premises=True, has_operations=True, staff=120, above_scale=True)
    assert causes(park) == {}
    assert causes(park, "org_coverage_sanyou") == {"“三有”情况变化：变为“三有”齐全": (0, 1)}
    assert causes(park, "formation_rate_scale") == {"规模以上变化：变为规模以上": (0, 1)}
    assert causes(park, "staff100_formation_rate") == {"从业人员变化": (0, 1)}


def test_founded_joined_and_taken_in(park: Park) -> None:
    for name in ("新建", "联合", "并入"):
        make_enterprise(park, name)
    new, joined, begun = Enterprise.objects.in_park(park).order_by("pk")
    cover(make_organization(park, "新支部", founded_on=D), new)
    cover(make_organization(park, "联合支部", kind="joint_branch"), joined, "joint", since=D)
    cover(make_organization(park, "老支部"), begun, since=D)
    found = explained(park)
    assert {cause.label: cause.rows[0].sentence for cause in found.causes} == {
        "新建党组织": "2026-10-12成立新支部（单独组建）",
        "加入联合党支部": "2026-10-12加入联合支部（联合组建）",
        "纳入已有党组织": "2026-10-12由老支部（单独组建）覆盖",
    }
    assert [{fact.field for fact in cause.rows[0].facts} for cause in found.causes] == [
        {"since", "founded_on"},
        {"since"},
        {"since"},
    ]


def test_dissolved_left_the_joint_branch_and_ended(park: Park) -> None:
    one, two, three = (make_enterprise(park) for _ in range(3))
    cover(make_organization(park, "撤了", dissolved_on=D), one, until=D)
    cover(make_organization(park, "联合支部", kind="joint_branch"), two, "joint", until=D)
    cover(make_organization(park, "还在"), three, until=D)
    assert causes(park) == {"党组织撤销": (-1, 0), "退出联合党支部": (-1, 0), "组织覆盖终止": (-1, 0)}
    # Whoever is uncovered is asked about by the strict work coverage
    assert causes(park, "work_coverage_strict") == {
        "党组织撤销": (0, 1),
        "退出联合党支部": (0, 1),
        "组织覆盖终止": (0, 1),
    }


def test_a_relation_handed_over_on_one_day_is_no_change(park: Park) -> None:
    one = make_enterprise(park)
    cover(make_organization(park), one, until=D)
    cover(make_organization(park), one, since=D)
    assert causes(park) == {}


def test_way_of_formation(park: Park) -> None:
    one = make_enterprise(park)
    cover(make_organization(park, kind="joint_branch"), one, "joint", until=D)
    cover(make_organization(park, founded_on=D), one, "solo")
    assert causes(park, "solo_rate_real") == {"组建方式变更：联合组建→单独组建": (1, 0)}
    assert causes(park) == {}


def test_work_relations(park: Park) -> None:
    begun, ended, both = (make_enterprise(park) for _ in range(3))
    work(begun, "instructor", since=D)
    work(ended, "trade_union", until=D)
    work(both, "liaison", until=D)
    work(both, "youth_league", since=D)
    wanted = {"工作覆盖开始：党建工作指导员": (1, 0), "工作覆盖终止：工会": (-1, 0)}
    assert causes(park, "two_coverage") == wanted
    assert causes(park, "instructor_rate") == {"工作覆盖开始：党建工作指导员": (1, 0)}
    assert causes(park, "union_rate") == {"工作覆盖终止：工会": (-1, 0)}


@pytest.mark.parametrize(
    ("given", "employment", "label"),
    [
        ({"admitted_on": D, "full_on": None}, {}, "发展党员"),
        ({}, {"since": D}, "党员调入"),
        ({"suspended_on": dt.date(2026, 1, 1), "reinstated_on": D}, {}, "恢复党籍"),
    ],
)
def test_the_first_member(park: Park, given: dict[str, Any], employment: dict[str, Any], label: str) -> None:
    one = make_enterprise(park)
    member = make_member(park, "王某某", **given)
    employ(member, one, **employment)
    found = explained(park, "formation_rate_member")
    assert [(cause.label, cause.denominator_change) for cause in found.causes] == [(label, 1)]
    assert found.causes[0].rows[0].day == D
    assert "王某某" not in found.causes[0].rows[0].sentence


@pytest.mark.parametrize(
    ("given", "employment", "label"),
    [
        ({"left_on": D}, {}, "党员离开（去世、退党等）"),
        ({}, {"until": D}, "党员调出"),
        ({"suspended_on": D}, {}, "停止党籍"),
    ],
)
def test_the_last_member(park: Park, given: dict[str, Any], employment: dict[str, Any], label: str) -> None:
    one = make_enterprise(park)
    employ(make_member(park, **given), one, **employment)
    assert causes(park, "formation_rate_member") == {label: (0, -1)}


def test_the_third_full_member_completes_the_condition(park: Park) -> None:
    one = make_enterprise(park)
    staff_with_members(one, 1)
    employ(make_member(park), one, since=dt.date(2026, 10, 5))
    employ(make_member(park, admitted_on=dt.date(2025, 10, 12), full_on=D), one)
    found = explained(park, "should_built_rate")
    assert [(cause.label, cause.denominator_change) for cause in found.causes] == [("党员转正", 1)]
    assert found.causes[0].rows[0].sentence == "2026-10-12党员1名转正，正式党员由1名变为3名"


def test_affiliation_where_only_moved_in_members_count() -> None:
    park = make_park("moved", transferred_only=True)
    branch = make_organization(park)
    come, gone = make_enterprise(park), make_enterprise(park)
    for enterprise, period in ((come, {"since": D}), (gone, {"until": D})):
        member = make_member(park)
        employ(member, enterprise)
        affiliate(member, branch, **period)
    assert causes(park, "formation_rate_member") == {"组织关系转入": (0, 1), "组织关系转出": (0, -1)}


def test_effective_coverage_by_secretary_and_term(park: Park) -> None:
    """A committee owes no branch meetings: its secretary and its term alone decide."""
    with_secretary, expired = (
        make_organization(park, name, kind="party_committee", founded_on=dt.date(2022, 1, 1))
        for name in ("甲委", "乙委")
    )
    for organization in (with_secretary, expired):
        cover(organization, make_enterprise(park))
    elect(with_secretary, dt.date(2025, 1, 1))
    appoint(make_member(park), with_secretary, Post.SECRETARY, D)
    put(
        Election(organization=expired, held_on=dt.date(2023, 10, 12), term_years=3, expires_on=D),
    )
    appoint(make_member(park), expired, Post.SECRETARY)
    assert causes(park, "effective_coverage") == {
        "书记到任或空缺：书记到任": (1, 0),
        "换届或任期届满：任期届满": (-1, 0),
    }


def test_a_covered_enterprise_that_left_and_lost_its_branch_left(park: Park) -> None:
    """The order of precedence: leaving comes first, and the rest is said beside it."""
    one = make_enterprise(park, left_on=dt.date(2026, 10, 20))
    cover(make_organization(park, "撤了", dissolved_on=D), one, until=D)
    found = explained(park)
    assert [(cause.label, cause.numerator_change, cause.denominator_change) for cause in found.causes] == [
        ("迁出", -1, -1)
    ]
    assert found.causes[0].rows[0].also == ("2026-10-12撤销撤了",)


def test_a_state_that_ended_before_it_settled_is_no_cause(park: Park) -> None:
    one = make_enterprise(park, state=None, settled_on=D)
    set_state(one, "cancelled", A, D - dt.timedelta(days=1))
    assert causes(park, "org_coverage_all") == {"入驻": (0, 1)}


def test_nothing_changed_on_the_same_day(park: Park) -> None:
    make_enterprise(park, since=D)
    assert explained(park, first=D, second=D).causes == []


def test_the_worked_arithmetic(park: Park) -> None:
    make_thirty_six(park)
    found = explained(park, first=MONTH_BEFORE, second=DAY)
    assert [(cause.label, cause.numerator_change, cause.denominator_change) for cause in found.causes] == [
        ("新建党组织", 1, 0)
    ]


def test_the_wrong_order_is_refused(park: Park) -> None:
    with pytest.raises(ValueError, match="first day"):
        explain(INDICATORS["org_coverage_real"], Enterprise.objects.in_park(park), B, A)


def test_every_annotation_has_its_step() -> None:
    """A new annotation in an indicator fails here until somebody has said what explains it."""
    indicators: list[Indicator] = [INDICATORS[code] for code in CODES]
    named = set().union(*(names_in(one.numerator) for one in indicators))
    assert named <= set().union(*STEPS.values())


def test_conditions_with_sqls_three_truths() -> None:
    from django.db.models import Q

    assert holds(Q(a=1) & ~Q(b__gte=3), {"a": 1, "b": 2}) is True
    assert holds(~Q(b__gte=3), {"b": None}) is None
    assert holds(Q(a=1) | Q(b__gte=3), {"a": 1, "b": None}) is True
    assert holds(Q(b__isnull=True) | ~Q(b="x"), {"b": None}) is True
    with pytest.raises(NotImplementedError):
        holds(Q(a__contains="x"), {"a": "x"})


# Late entries and corrections


def page_save(row: Any, user: Any) -> Any:
    return journal.save(row, user, Via.PAGE)


def test_late_entries_and_corrections_are_marked_and_the_causes_add_up(officer: Any, world: Any) -> None:
    park = world.jia.park
    today = timezone.localdate()
    first, second = today - dt.timedelta(days=100), today - dt.timedelta(days=10)
    late, fresh, corrected = (make_enterprise(park, name) for name in ("补录", "及时", "更正"))
    branch = world.jia.branch
    long_ago, lately = today - dt.timedelta(days=LATE_DAYS + 1), today - dt.timedelta(days=LATE_DAYS)
    for enterprise, since in ((late, long_ago), (fresh, lately), (corrected, lately)):
        page_save(Coverage(organization=branch, enterprise=enterprise, way="solo", since=since), officer)
    row = Coverage.objects.visible_to(officer).get(enterprise=corrected)
    row.since = lately + dt.timedelta(days=1)
    page_save(row, officer)
    found = explained(park, first=first, second=second)
    cause = next(cause for cause in found.causes if cause.kind == "begun")
    assert {row.enterprise.name: row.mark for row in cause.rows} == {"补录": LATE, "及时": "", "更正": CORRECTED}
    assert [(one.mark, one.numerator_change, one.denominator_change, one.count) for one in cause.marked] == [
        (LATE, 1, 0, 1),
        (CORRECTED, 1, 0, 1),
    ]


def test_an_end_filled_in_late_is_a_late_entry_and_no_correction(officer: Any, world: Any) -> None:
    today = timezone.localdate()
    enterprise = world.jia.covered
    enterprise.left_on = today - dt.timedelta(days=LATE_DAYS + 5)
    page_save(enterprise, officer)
    found = explained(world.jia.park, first=today - dt.timedelta(days=90), second=today - dt.timedelta(days=1))
    assert [(cause.label, [row.mark for row in cause.rows]) for cause in found.causes if cause.kind == "left"] == [
        ("迁出", [LATE])
    ]


# Random histories


ORDERLY = frozenset({"secretary", "term", "meetings"})
PARKS = 20  # histories side by side: one explanation is checked apart for each of them


def check_pair(code: str, first: dt.date, second: dt.date, met: Counter[str]) -> None:
    """Between the days the causes add up in every park, each change has one cause, and none is 其他变化."""
    everyone: Any = Enterprise.objects.all()
    before, after = (rates_by(everyone, day, "park", [code]) for day in (first, second))
    found = explain(INDICATORS[code], everyone, first, second)
    placed = [(cause.kind, row) for cause in found.causes for row in cause.rows]
    for name in ("numerator", "denominator"):
        counts = [
            {park: getattr(counted[code], name) for park, counted in by_park.items()} for by_park in (before, after)
        ]
        moved: Counter[int] = Counter()
        for _kind, row in placed:
            moved[row.enterprise.park_id] += getattr(row, f"{name}_change")
        for park in {*counts[0], *counts[1], *moved}:
            assert moved[park] == counts[1].get(park, 0) - counts[0].get(park, 0), (code, first, second, park)
        changed = [row.enterprise.pk for _kind, row in placed if getattr(row, f"{name}_change")]
        assert len(changed) == len(set(changed)), "one cause for each change"
    met.update(kind for kind, _row in placed)
    for kind, row in placed:
        assert kind != "other", (code, first, second, row)
        if kind not in ORDERLY:  # the order of an organization has no single day
            assert row.day is not None, (code, row)
            assert first < row.day <= second, (code, row)


def check_histories(seed: int, pairs: int, parks_each: int = PARKS) -> Counter[str]:
    """``pairs`` random pairs of days, each in a history of its own, the indicators by turns."""
    rng, met = random.Random(seed), Counter[str]()
    for turn in range(pairs // parks_each):
        parks: list[History] = [random_history(number, 6, rng) for number in range(parks_each)]
        first, second = sorted(FIRST + dt.timedelta(days=rng.randint(-1, LENGTH + 2)) for _ in range(2))
        with transaction.atomic():
            for history in parks:
                store(history)
            check_pair(CODES[turn % len(CODES)], first, second, met)
            transaction.set_rollback(True)
    return met


def test_causes_add_up_on_random_histories() -> None:
    met = check_histories(seed=20261031, pairs=4 * len(CODES), parks_each=4)
    assert {"settled", "left", "state"} <= set(met)


@pytest.mark.soak
def test_causes_add_up_on_ten_thousand_random_pairs_of_days() -> None:
    met = check_histories(seed=20261121, pairs=10_000)
    assert {"definition", "other"} <= set(KINDS) - set(met) <= {"definition", "other", *ORDERLY}


# The page


@pytest.fixture
def thirty_six(db: None) -> Any:
    return again(leader_of_thirty_six)


def words(response: Any, path: str) -> list[str]:
    return [" ".join(node.text_content().split()) for node in html.fromstring(response.content.decode()).xpath(path)]


def test_the_page_says_why(thirty_six: Any, sign_in: SignIn) -> None:
    response = sign_in(thirty_six).get("/dashboard/changes/", {"day": "2026-10-31"})
    assert response.status_code == 200
    assert words(response, "//p[contains(@class,'headline')]") == [
        "组织覆盖率由9月末86.7%（26/30）到10月31日90.0%（27/30）：分子增加1家，分母不变。"
    ]
    assert words(response, "//section[@id='causes']//tbody/tr") == ["新建党组织 +10 1", "合计 +10 1"] or words(
        response, "//section[@id='causes']//tbody/tr/*"
    ) == ["新建党组织", "+1", "0", "1", "合计", "+1", "0", "1"]
    assert words(response, "//section[@id='cause-1']//td[contains(@class,'wide')]") == [
        "2026-10-10成立小园第12党支部（单独组建）"
    ]
    links = html.fromstring(response.content.decode()).xpath("//section[@id='cause-1']//tbody//a/@href")
    client = sign_in(thirty_six)
    assert len(links) == 3
    assert [client.get(link).status_code for link in links] == [200] * 3


def test_the_tile_opens_the_page(thirty_six: Any, sign_in: SignIn) -> None:
    client = sign_in(thirty_six)
    page = html.fromstring(client.get("/dashboard/?day=2026-10-31").content.decode())
    (link,) = page.xpath("//section[contains(@class,'lead')]/p[@class='chg']/a[contains(@href,'changes')]/@href")
    assert link == "/dashboard/changes/?indicator=org_coverage_real&from=2026-09-30&day=2026-10-31"
    assert client.get(link).context["found"].numerator_change == 1


def test_the_workbook_is_the_page(thirty_six: Any, sign_in: SignIn) -> None:
    client = sign_in(thirty_six)
    query = {"day": "2026-10-31", "from": "2024-02-29"}
    found = client.get("/dashboard/changes/", query).context["found"]
    response = client.get("/dashboard/changes/export/", query)
    assert response.status_code == 200
    rows = list(load_workbook(io.BytesIO(response.content)).worksheets[0].iter_rows(values_only=True))
    assert rows[2][:5] == ("原因", "园区", "企业", "分子变动", "分母变动")
    assert rows[3][3:5] == (found.numerator_change, found.denominator_change)
    listed = [
        (cause.label, row.enterprise.name, row.numerator_change, row.denominator_change)
        for cause in found.causes
        for row in cause.rows
    ]
    assert len(listed) == 12
    assert [(row[0], row[2], row[3], row[4]) for row in rows[4:]] == listed


@pytest.mark.crawl
@pytest.mark.parametrize(
    ("query", "said"),
    [
        (
            {"from": "2026-10-31", "day": "2026-09-30"},
            "起始日期2026-10-31晚于截止日期2026-09-30，请把较早的日子填在前面",
        ),
        ({"from": "2026-02-30"}, "2月只有28天"),
        ({"from": "去年"}, "认不出是哪一天"),
        ({"day": "2999-01-01"}, "年份应在1900到2100之间"),
        ({"indicator": "nonsense"}, "没有“nonsense”这个指标"),
    ],
)
@pytest.mark.parametrize("address", ["/dashboard/changes/", "/dashboard/changes/export/"])
def test_bad_questions_are_answered_in_words(
    thirty_six: Any, sign_in: SignIn, address: str, query: dict[str, str], said: str
) -> None:
    response = sign_in(thirty_six).get(address, query)
    assert response.status_code == 400
    assert said in response.content.decode()


@pytest.mark.crawl
@pytest.mark.parametrize("code", CODES)
def test_every_indicator_has_its_page(thirty_six: Any, sign_in: SignIn, code: str) -> None:
    query = {"indicator": code, "from": "2020-01-01", "day": "2026-10-31"}
    response = sign_in(thirty_six).get("/dashboard/changes/", query)
    assert response.status_code == 200
    found, after = response.context["found"], response.context["after"]
    assert (found.numerator_change, found.denominator_change) == (after.numerator, after.denominator)


def test_honest_when_nothing_changed_and_when_there_is_nothing(thirty_six: Any, sign_in: SignIn) -> None:
    client = sign_in(thirty_six)
    same = client.get("/dashboard/changes/", {"from": "2026-10-31", "day": "2026-10-31"})
    assert "没有企业进出" in same.content.decode()
    none = client.get("/dashboard/changes/", {"from": "2019-01-01", "day": "2020-01-01"})
    assert "这两天分母里都没有企业" in none.content.decode()
    assert "—（分母为0）" in none.content.decode()


def test_no_member_is_named(world: Any, leader: Any, sign_in: SignIn) -> None:
    query = {"indicator": "should_built_rate", "from": "2023-12-31", "day": "2026-10-31"}
    text = sign_in(leader).get("/dashboard/changes/", query).content.decode()
    assert "党员" in text
    assert not {name for name in ("甲河书记", "甲河职工一", "甲河预备", "甲河指导员") if name in text}


def test_the_number_of_queries_does_not_grow(thirty_six: Any) -> None:
    def queries(park: Park) -> int:
        with CaptureQueriesContext(
            connection,
        ) as caught:
            found = explain(INDICATORS["should_built_rate"], Enterprise.objects.in_park(park), dt.date(2020, 1, 1), DAY)
        assert found.enterprises
        return len(caught)

    few, many = make_park("few"), thirty_six.home_park
    enterprise = make_enterprise(few)
    staff_with_members(enterprise, 3)
    cover(make_organization(few), enterprise)
    assert queries(few) == queries(many) <= 16
