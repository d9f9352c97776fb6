"""The ledgers: what they list on a day, for whom, how they count, and that the workbook is what is seen."""

import datetime as dt
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.html import escape
from openpyxl import load_workbook

from activities.models import Activity
from metrics.coverage import formation_status
from metrics.indicators import COMPOSITIONS, EVERY_GROUP, HEADLINES, INDICATORS, PARTS, composed, rates
from metrics.models import Statement, Target
from metrics.structure import tree_on
from orgs import journal
from orgs.journal import Via
from orgs.models import (
    BusinessState,
    Coverage,
    Employment,
    Enterprise,
    Member,
    Office,
    Park,
    PartyOrganization,
    Stage,
    WorkCoverage,
)
from portal.asking import Asked
from portal.filters import MOST_OPTIONS, STATUSES
from portal.ledgers import LEDGERS, Ledger
from portal.listbook import pieces_of, table_of
from portal.listing import PAGE, Listing, counts
from tests.factories import (
    affiliate,
    appoint,
    cover,
    day,
    elect,
    employ,
    make_enterprise,
    make_member,
    make_organization,
    make_park,
    make_source,
    meet,
    put,
    set_state,
    staff_with_members,
    work,
)

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 10, 31)
COUNTS = Path(__file__).with_name("query_counts.json")
SLUGS = list(LEDGERS)


@pytest.fixture
def shows(sign_in: Callable[[Any], Client]) -> Callable[..., Any]:
    """``shows(user, "enterprises", q="x")``: the response of a ledger page."""

    def get(user: Any, slug: str, path: str = "", **query: str) -> Any:
        return sign_in(user).get(f"/ledgers/{slug}/{path}", query)

    return get


def listing(user: Any, slug: str, park: Park | None = None, on: dt.date = TODAY, **query: str) -> Listing:
    from django.http import QueryDict
    from django.utils.http import urlencode

    return Listing(LEDGERS[slug], Asked(user, park, on), QueryDict(urlencode(query)))


def column(found: Listing, name: str) -> list[Any]:
    """The values of one column over all rows."""
    place = [one.name for one in found.columns].index(name)
    return [values[place] for values in pieces_of(found)]


# Who sees what


@pytest.mark.crawl
@pytest.mark.parametrize("slug", SLUGS)
def test_a_ledger_shows_the_own_park_and_never_another(slug: str, world: Any, officer: Any, shows: Any) -> None:
    page = shows(officer, slug).content.decode()
    assert "甲河" in page
    assert "乙庄" not in page
    assert "乙园" not in page


@pytest.mark.crawl
@pytest.mark.parametrize("slug", SLUGS)
def test_without_a_grant_a_ledger_is_empty(slug: str, world: Any, nobody: Any, shows: Any) -> None:
    response = shows(nobody, slug)
    if slug in ("members", "offices"):  # there are none for who may not see persons
        assert response.status_code == 404
        return
    assert response.status_code == 200
    assert response.context["page_obj"].paginator.count == 0


@pytest.mark.crawl
@pytest.mark.parametrize("slug", SLUGS)
def test_another_park_does_not_exist(slug: str, world: Any, officer: Any, shows: Any) -> None:
    for path in ("", "export/"):
        assert shows(officer, slug, path, park="yi").status_code == 404
        assert shows(officer, slug, path, park="no-such-park").status_code == 404
        assert shows(officer, slug, path, park="jia").status_code == 200


def test_an_unknown_ledger_does_not_exist(officer: Any, shows: Any) -> None:
    assert shows(officer, "secrets").status_code == 404


def test_the_park_narrows_for_those_who_see_several(world: Any, administrator: Any, shows: Any) -> None:
    both = shows(administrator, "enterprises").content.decode()
    assert "甲河机械有限公司" in both
    assert "乙庄机械有限公司" in both
    one = shows(administrator, "enterprises", park="yi").content.decode()
    assert "甲河机械有限公司" not in one
    assert "乙庄机械有限公司" in one


def test_the_park_is_a_column_only_where_there_are_several(world: Any, administrator: Any, officer: Any) -> None:
    assert "park" in [one.name for one in listing(administrator, "members").columns]
    assert "park" not in [one.name for one in listing(officer, "members").columns]
    assert "park" not in [one.name for one in listing(administrator, "members", world.jia.park).columns]


@pytest.mark.parametrize("ledger", [one for one in LEDGERS.values() if one.lean], ids=lambda one: one.slug)
def test_a_workbook_loads_every_field_that_its_columns_show(world: Any, officer: Any, ledger: Ledger) -> None:
    def asked(name: str) -> int:
        pieces = pieces_of(listing(officer, ledger.slug, columns=name))
        with CaptureQueriesContext(connection) as queries:
            rows, _ = pieces.make(0)
        assert len(rows) > 1
        return len(queries)

    usual = asked("")
    for column in (*ledger.columns, *ledger.more):
        assert asked(column.name) == usual, column.name
    (loaded,) = listing(officer, ledger.slug).loaded([world.jia.gap.pk], without=["note"])
    assert loaded.get_deferred_fields() == {"note"}


RECORD_FILTERS = [
    (slug, name)
    for slug, ledger in LEDGERS.items()
    for name, one in ledger.filterset.base_filters.items()
    if hasattr(one, "of")
]


@pytest.mark.crawl
@pytest.mark.parametrize(("slug", "name"), RECORD_FILTERS)
def test_filters_offer_and_accept_the_own_park_only(
    slug: str, name: str, world: Any, officer: Any, administrator: Any, shows: Any
) -> None:
    model = LEDGERS[slug].filterset.base_filters[name].of
    theirs = world.yi.rows()[model]
    field = listing(officer, slug).filterset.form.fields[name]
    assert {row.park_id_of() for row in field.options} == {world.jia.park.pk}
    response = shows(officer, slug, **{name: str(theirs.pk)})
    assert response.status_code == 400
    assert "不在您的查看范围内" in response.content.decode()
    assert response.context["page_obj"].paginator.count == 0
    assert str(theirs) not in response.content.decode()
    assert shows(administrator, slug, **{name: str(theirs.pk)}).status_code == 200
    # Narrowed to one park, the others are no choice even for those who see them
    assert shows(administrator, slug, park="jia", **{name: str(theirs.pk)}).status_code == 400


def test_categories_of_another_park_are_no_choice(world: Any, officer: Any) -> None:
    put(Statement(park=world.yi.park, source=world.yi.source, category="乙庄独有", indicator="x", value=1))
    choices = dict(listing(officer, "statements").filterset.form.fields["category"].choices)
    assert "乙庄独有" not in choices
    assert "组织" in choices


def test_only_those_who_may_write_are_offered_a_new_record(
    world: Any, officer: Any, leader: Any, superior: Any, administrator: Any, park_administrator: Any, shows: Any
) -> None:
    def offered(user: Any, slug: str, **query: str) -> bool:
        return f"/ledgers/{slug}/new/" in shows(user, slug, **query).content.decode()

    assert offered(officer, "enterprises")
    assert offered(officer, "enterprises", park="jia")
    assert not offered(leader, "enterprises")
    assert not offered(superior, "members")
    assert not offered(officer, "parks")
    assert not offered(park_administrator, "parks")
    assert offered(administrator, "parks")


# The index


def test_the_index_counts_for_the_user_in_one_query(world: Any, officer: Any, django_assert_num_queries: Any) -> None:
    about = Asked(officer, None, TODAY)
    assert about.persons.everywhere  # asked once for the whole page
    with django_assert_num_queries(1):
        found = counts(about)
    assert found == {
        slug: ledger.model.objects.visible_to(officer).as_of(TODAY).count() for slug, ledger in LEDGERS.items()
    }
    assert all(found.values())


def test_the_index_names_every_ledger(world: Any, officer: Any, nobody: Any, sign_in: Any) -> None:
    page = sign_in(officer).get("/ledgers/").content.decode()
    for ledger in LEDGERS.values():
        assert ledger.title in page
        assert ledger.about in page
    assert f"{len(LEDGERS)}本台账，截至" in page
    assert sign_in(nobody).get("/ledgers/").status_code == 200
    assert sign_in(None).get("/ledgers/").status_code == 302


@pytest.mark.parametrize("slug", SLUGS)
def test_the_count_of_the_index_is_that_of_the_list(slug: str, world: Any, administrator: Any) -> None:
    assert counts(Asked(administrator, None, TODAY))[slug] == listing(administrator, slug).count


# As of a day


def test_enterprises_are_those_present_on_the_day_with_their_state_of_that_day(world: Any, officer: Any) -> None:
    park = world.jia.park
    moving = make_enterprise(
        park, "甲河流动有限公司", state=None, settled_on=day("2025-01-01"), left_on=day("2026-01-01")
    )
    set_state(moving, "preparing", day("2025-01-01"), day("2025-06-01"), staff=3)
    set_state(moving, "operating", day("2025-06-01"), staff=30)
    for on, state, staff in (("2025-05-31", "筹建", 3), ("2025-06-01", "正常经营", 30)):
        found = listing(officer, "enterprises", on=day(on), q="流动")
        assert column(found, "state") == [state]
        assert column(found, "staff") == [staff]
    assert listing(officer, "enterprises", on=day("2024-12-31"), q="流动").count == 0
    assert listing(officer, "enterprises", on=day("2026-01-01"), q="流动").count == 0


def test_formation_status_changes_with_the_day(world: Any, officer: Any) -> None:
    """甲河机械 has been covered since its branch was founded."""
    before, after = day("2024-02-29"), day("2024-03-01")
    assert column(listing(officer, "enterprises", on=before, q="机械"), "status") == ["仅有个别党员"]
    assert column(listing(officer, "enterprises", on=after, q="机械"), "status") == ["已单独建立"]
    assert column(listing(officer, "enterprises", on=after, q="机械"), "organization") == ["中共甲河机械支部委员会"]


def test_the_status_of_the_list_is_that_of_the_definitions(world: Any, administrator: Any) -> None:
    found = listing(administrator, "enterprises")
    rows = list(found.rows)
    loaded = {row.pk: row for row in found.loaded([row.pk for row in rows])}
    assert {row.status_at for row in rows} >= {"unbuilt", "none", "joint", "solo", "outside"}
    for row in rows:
        if row.in_real:
            assert STATUSES[row.status_at] == formation_status(row) == formation_status(loaded[row.pk])
        else:
            assert row.status_at == "outside"


def test_stage_in_sql_is_stage_on(world: Any, administrator: Any) -> None:
    park = world.jia.park
    steps = {"applied_on": 1, "activist_on": 2, "candidate_on": 3, "admitted_on": 4, "full_on": 5}
    dates = {name: dt.date(2020 + place, 1, 1) for name, place in steps.items()}
    make_member(park, "一步一步", **dates)
    make_member(park, "只有两步", applied_on=dates["applied_on"], admitted_on=dates["admitted_on"], full_on=None)
    make_member(park, "停过党籍", suspended_on=day("2023-01-01"), reinstated_on=day("2024-06-01"))
    make_member(park, "已离开", left_on=day("2024-03-01"))
    for year in range(2020, 2027):
        on = dt.date(year, 3, 1)
        annotated = LEDGERS["members"].rows(administrator, None, on)
        known = {row.pk for row in Member.objects.all() if row.stage_on(on) not in (None, Stage.LEFT)}
        assert {row.pk for row in annotated} == known
        for row in annotated:
            wanted = "suspended" if row.is_suspended_on(on) else row.stage_on(on)
            assert row.stage_at == wanted, (row, on)


def test_members_show_employer_and_organization_of_the_day(world: Any, officer: Any) -> None:
    park, side = world.jia.park, world.jia
    member = make_member(park, "调动")
    employ(member, side.gap, day("2025-01-01"), day("2026-01-01"))
    employ(member, side.joined, day("2026-01-01"))
    affiliate(member, side.joint_branch, day("2025-01-01"), day("2026-01-01"))
    affiliate(member, side.branch, day("2026-01-01"))
    for on, employer, organization in (
        ("2025-12-31", side.gap, side.joint_branch),
        ("2026-01-01", side.joined, side.branch),
    ):
        found = listing(officer, "members", on=day(on), q="调动")
        assert column(found, "employer") == [employer.name]
        assert column(found, "organization") == [organization.short_name]
        assert listing(officer, "members", on=day(on), organization=str(organization.pk), q="调动").count == 1
        assert listing(officer, "members", on=day(on), enterprise=str(employer.pk), q="调动").count == 1


def test_organizations_show_the_facts_of_the_day(world: Any, officer: Any) -> None:
    park, side = world.jia.park, world.jia
    branch = make_organization(park, "甲河新支部", founded_on=day("2023-01-01"))
    elect(branch, day("2023-01-01"))
    appoint(make_member(park, "老书记"), branch, since=day("2023-01-01"), until=day("2025-01-01"))
    appoint(make_member(park, "新书记"), branch, since=day("2025-01-01"))
    for member in staff_with_members(side.gap, 2):
        affiliate(member, branch, day("2025-01-01"))
    cover(branch, side.gap, since=day("2025-01-01"))

    def facts(on: str) -> list[Any]:
        found = listing(officer, "organizations", on=day(on), q="甲河新支部")
        (row,) = pieces_of(found)
        names = [one.name for one in found.columns]
        return [row[names.index(name)] for name in ("secretary", "term", "expires", "members", "covers")]

    assert facts("2024-12-31") == ["老书记", "在届", day("2026-01-01"), 0, 0]
    assert facts("2025-01-01") == ["新书记", "在届", day("2026-01-01"), 2, 1]
    assert facts("2025-12-31")[1] == "半年内届满"
    assert facts("2026-01-01")[1] == "已届满"
    assert listing(officer, "organizations", on=day("2022-12-31"), q="甲河新支部").count == 0
    expired = listing(officer, "organizations", on=day("2026-01-01"), view="expired", q="甲河新支部")
    assert expired.count == 1


def test_covered_enterprises_are_one_number_and_what_does_not_count_is_named(
    world: Any, officer: Any, sign_in: Any
) -> None:
    park = world.jia.park
    branch = make_organization(park, "甲河同数支部", founded_on=day("2023-01-01"))
    open_one, owned, grid, left = (
        make_enterprise(park, "甲河同数一公司"),
        make_enterprise(park, "甲河同数二公司", kind="state"),
        make_enterprise(park, "甲河同数三公司"),
        make_enterprise(park, "甲河同数四公司", left_on=day("2024-06-01")),
    )
    idle = make_enterprise(park, "甲河同数五公司", state="suspended")
    reasons = {owned: "非非公企业", grid: "组建方式是网格建立", left: "企业已迁出", idle: "停产停业"}
    held = {one: cover(branch, one, "grid" if one == grid else "joint") for one in (open_one, *reasons)}

    def page(slug: str, row: Any) -> Any:
        return sign_in(officer).get(f"/ledgers/{slug}/{row.pk}/", {"day": TODAY.isoformat()}).context

    (strip,) = [one for one in page("organizations", branch)["strip"] if one.label == "覆盖企业"]
    assert (strip.text, strip.small[:8]) == ("1家", "另有4家不计入：")
    assert all(f"{why}1家" in strip.small for why in reasons.values())
    assert column(listing(officer, "organizations", q="甲河同数"), "covers") == [1]
    (node,) = tree_on(officer, TODAY, PartyOrganization.objects.filter(pk=branch.pk))
    assert node.enterprises == {open_one.pk}

    (table,) = [one for one in page("organizations", branch)["tables"] if one.key == "coverages"]
    told = {line.cells[0].text: line.cells[-1].text for line in table.lines}
    assert told == {str(open_one): "有效"} | {str(one): f"不计入：{why}" for one, why in reasons.items()}
    found = listing(officer, "coverages", q="甲河同数")
    said = [column(found, name) for name in ("enterprise", "counts", "why")]
    counted = {str(one): ("不计入", why) for one, why in reasons.items()} | {str(open_one): ("计入", "")}
    assert {name: (word, why) for name, word, why in zip(*said, strict=True)} == counted
    assert listing(officer, "coverages", q="甲河同数", counted="yes").count == 1
    for one, why in reasons.items():
        assert page("coverages", held[one])["strip"][0].text == f"不计入：{why}"
        (table,) = [each for each in page("enterprises", one)["tables"] if each.key == "coverages"]
        assert [line.cells[-1].text for line in table.lines] == [f"不计入：{why}"]


@pytest.mark.parametrize(
    ("kind", "founded", "dissolved", "why"),
    [
        ("working_committee", "2020-01-01", None, "党组织是党工委"),
        ("branch", "2027-01-01", None, "党组织尚未成立"),
        ("branch", "2020-01-01", "2025-01-01", "党组织已撤销"),
    ],
)
def test_a_coverage_by_an_organization_that_does_not_count_says_so(
    kind: str, founded: str, dissolved: str | None, why: str, world: Any, officer: Any
) -> None:
    ended = day(dissolved) if dissolved else None
    branch = make_organization(world.jia.park, "甲河不计入", kind=kind, founded_on=day(founded), dissolved_on=ended)
    cover(branch, world.jia.gap, since=day("2023-01-01"))
    assert column(listing(officer, "coverages", q="甲河不计入"), "why") == [why]


@pytest.mark.parametrize("slug", ["coverages", "work-coverages", "offices"])
def test_relations_are_those_that_hold_on_the_day(slug: str, world: Any, officer: Any) -> None:
    side = world.jia
    since, until = day("2025-02-01"), day("2025-05-01")
    if slug == "coverages":
        cover(side.branch, side.gap, since=since, until=until)
    elif slug == "work-coverages":
        work(side.gap, since=since, until=until)
    else:
        appoint(make_member(side.park, "短任"), side.branch, since=since, until=until)
    held = [listing(officer, slug, on=one).count for one in (day("2025-01-31"), since, day("2025-04-30"), until)]
    assert held == [held[0], held[0] + 1, held[0] + 1, held[0]]


def test_activities_are_those_held_by_the_day_and_narrow_to_year_and_month(world: Any, officer: Any) -> None:
    for held_on in ("2025-03-05", "2025-04-01", "2026-03-31"):
        meet(world.jia.branch, day(held_on), title=f"题{held_on}")
    assert listing(officer, "activities", on=day("2025-03-31")).count == 1
    assert column(listing(officer, "activities", year="2025"), "title") == ["题2025-04-01", "题2025-03-05"]
    assert column(listing(officer, "activities", year="2026", month="3"), "title") == ["题2026-03-31"]
    assert listing(officer, "activities", month="3").count == 2


def test_statements_keep_their_wording(world: Any, officer: Any) -> None:
    source = make_source(world.jia.park, "另一篇")
    put(
        Statement(
            park=world.jia.park,
            source=source,
            category="服务",
            indicator="解决问题",
            value=50,
            comparator="gt",
            unit="件",
        )
    )
    assert column(listing(officer, "statements", q="解决问题"), "figure") == ["50多件"]


# Search, sort, pages


def test_search_looks_at_former_names_and_codes_and_takes_every_word(world: Any, officer: Any) -> None:
    make_enterprise(world.jia.park, "甲河新名有限公司", former_names="甲河旧号厂\n甲河老店")
    assert column(listing(officer, "enterprises", q="旧号"), "name") == ["甲河新名有限公司"]
    assert listing(officer, "enterprises", q="新名 老店").count == 1
    assert listing(officer, "enterprises", q="新名 没有").count == 0
    assert column(listing(officer, "enterprises", q=world.jia.gap.uscc.lower()), "name") == [world.jia.gap.name]
    assert listing(officer, "enterprises", q="100%_").count == 0


@pytest.mark.parametrize("slug", SLUGS)
def test_every_sort_orders_with_the_empty_last(slug: str, world: Any, administrator: Any) -> None:
    for one in listing(administrator, slug).columns:
        if not one.sort:
            continue
        up, down = listing(administrator, slug, sort=one.name), listing(administrator, slug, sort=f"-{one.name}")
        assert not up.problems
        assert sorted(up.rows.values_list("pk", flat=True)) == sorted(down.rows.values_list("pk", flat=True))
        if isinstance(one.sort[0], str) and one.name not in ("figure", "employer", "organization", "term"):
            for found in (up, down):
                empty = [value in (None, "") for value in column(found, one.name)]
                assert empty == sorted(empty), (slug, one.name)


def test_numbers_sort_as_numbers_and_ties_are_stable(world: Any, officer: Any) -> None:
    for staff in (9, 100, 20):
        set_state(
            make_enterprise(world.jia.park, f"甲河排序{staff}", state=None), "operating", day("2024-01-01"), staff=staff
        )
    up = column(listing(officer, "enterprises", sort="staff"), "staff")
    assert [value for value in up if value is not None] == [9, 20, 60, 100]
    assert up[-1] is None
    down = column(listing(officer, "enterprises", sort="-staff"), "staff")
    assert [value for value in down if value is not None] == [100, 60, 20, 9]
    assert down[-1] is None


@pytest.mark.crawl
def test_heads_say_how_the_list_is_sorted(world: Any, officer: Any, shows: Any) -> None:
    page = shows(officer, "enterprises", sort="-staff").content.decode()
    assert 'aria-sort="descending"' in page
    assert page.count("aria-sort") == 1
    assert "sort=staff" in page


def many_members(park: Park, number: int) -> None:
    journal.save_many(
        [Member(park=park, name=f"甲河众人{place:04}", applied_on=dt.date(2020, 1, 1)) for place in range(number)],
        journal.INSTALLER,
        Via.INSTALL,
    )


def test_fifty_a_page_and_every_row_on_exactly_one(world: Any, officer: Any, shows: Any) -> None:
    many_members(world.jia.park, 120)
    seen: list[str] = []
    for number in ("1", "2", "3"):
        response = shows(officer, "members", q="众人", page=number)
        rows = [cells[0].text for cells in response.context["rows"]]
        assert len(rows) == (PAGE if number != "3" else 20)
        seen += rows
        assert "合计120名" in response.content.decode()
    assert len(set(seen)) == 120


def test_a_page_that_is_none_says_so(world: Any, officer: Any, shows: Any) -> None:
    many_members(world.jia.park, 60)
    for page, words in (
        ("9", "没有第9页"),
        ("0", "页码“0”不对"),
        ("x", "页码“x”不对"),
        ("9" * 50, "不对"),
        ("²", "不对"),
    ):
        response = shows(officer, "members", q="众人", page=page)
        assert response.status_code == 400
        assert words in response.content.decode()
        assert response.context["rows"]


# What the address got wrong


@pytest.mark.parametrize(
    ("slug", "query", "words"),
    [
        ("enterprises", {"industry": "ZZ"}, "“行业”里没有“ZZ”这一项"),
        ("enterprises", {"organization": "x"}, "没有这个所在党组织"),
        ("enterprises", {"organization": "999999999999999999999999"}, "没有这个所在党组织"),
        ("enterprises", {"view": "nonsense"}, "没有“nonsense”这个标签"),
        ("enterprises", {"indicator": "nonsense", "part": "gap"}, "没有代号为“nonsense”的指标"),
        ("enterprises", {"part": "gap"}, "没有代号为“”的指标"),
        ("enterprises", {"indicator": "two_coverage", "part": "nonsense"}, "指标没有“nonsense”这一部分"),
        ("enterprises", {"sort": "phone"}, "不能按“phone”排序"),
        ("members", {"sort": "birth_on"}, "不能按“birth_on”排序"),
        ("members", {"day": "2026-13-40"}, "本页先按今天显示"),
        ("members", {"day": "2999-01-01"}, "本页先按今天显示"),
        ("members", {"q": "\x00"}, "“查找”填的内容无法查找"),
        ("members", {"q": "很" * 200}, "“查找”填的内容无法查找"),
        ("activities", {"year": "十"}, "“年份”里没有“十”这一项"),
        ("activities", {"month": "13"}, "“月份”里没有“13”这一项"),
    ],
)
def test_nonsense_gets_a_sentence(
    slug: str, query: dict[str, str], words: str, world: Any, officer: Any, shows: Any
) -> None:
    for path in ("", "export/"):
        response = shows(officer, slug, path, **query)
        assert response.status_code == 400
        assert words in response.content.decode()
        assert response["Content-Type"].startswith("text/html")


def test_who_asks_for_a_tab_that_is_none_is_offered_those_there_are(world: Any, officer: Any, shows: Any) -> None:
    wrong = shows(officer, "enterprises", view="zzz", q="甲河")
    assert "没有“zzz”这个标签，请从下面的标签中选择" in wrong.content.decode()
    tabs = wrong.context["listing"].tabs
    assert [(tab.label, tab.count, tab.current) for tab in tabs[:2]] == [
        ("全部企业", None, False),
        ("实体运营", None, False),
    ]
    assert f'href="{escape(tabs[1].url)}"' in wrong.content.decode()
    assert asked_of(tabs[1].url) == {"view": "real", "q": "甲河"}
    single = shows(officer, "coverages", view="zzz").content.decode()
    assert "没有“zzz”这个标签。" in single


def test_a_condition_not_understood_never_widens_the_list(world: Any, officer: Any, shows: Any) -> None:
    for query in ({"industry": "ZZ"}, {"view": "x"}, {"indicator": "x"}, {"organization": "0"}):
        assert shows(officer, "enterprises", **query).context["page_obj"].paginator.count == 0


# Conditions, tabs, chips, links


def asked_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def test_chips_name_the_conditions_and_take_them_away(world: Any, administrator: Any) -> None:
    query = {"view": "real", "industry": "C", "q": "机械", "sort": "-staff", "day": "2026-10-31"}
    found = listing(administrator, "enterprises", world.jia.park, organization=str(world.jia.branch.pk), **query)
    words = {chip.label: chip.text for chip in found.chips}
    assert words == {
        "查找": "机械",
        "行业": "制造业",
        "所在党组织": world.jia.branch.short_name,
        "截至": "2026-10-31",
    }
    gone = {chip.label: asked_of(chip.url) for chip in found.chips}["行业"]
    wanted = {"park": "jia", **query, "organization": str(world.jia.branch.pk)}
    del wanted["industry"]
    assert gone == wanted
    assert asked_of(found.cleared_url) == {"park": "jia", "view": "real", "sort": "-staff"}


@pytest.mark.crawl
@pytest.mark.parametrize("slug", SLUGS)
def test_tabs_count_what_they_open(slug: str, world: Any, administrator: Any, shows: Any) -> None:
    response = shows(administrator, slug, q="河")
    for tab in response.context["listing"].tabs:
        opened = shows(administrator, slug, **asked_of(tab.url))
        assert opened.status_code == 200
        assert opened.context["page_obj"].paginator.count == tab.count, tab.label


def test_every_filter_of_every_ledger_answers(world: Any, officer: Any) -> None:
    """The first and the last choice of each menu, which is where 未填, 都没有 and the like stand."""
    for slug, ledger in LEDGERS.items():
        form = listing(officer, slug).filterset.form
        for name, field in form.fields.items():
            values = [str(getattr(value, "value", value)) for value, _ in getattr(field, "choices", [])]
            for value in {*values[1:2], *values[-1:]} - {""}:
                found = listing(officer, slug, **{name: value})
                assert not found.problems, (slug, name, value)
                assert found.count == len(found.rows), (slug, name, value)
        assert ledger.filterset.primary


def test_links_to_records_carry_park_and_day(world: Any, officer: Any, shows: Any) -> None:
    page = shows(officer, "enterprises", park="jia", day="2026-10-31").content.decode()
    assert f"/ledgers/enterprises/{world.jia.gap.pk}/?park=jia&amp;day=2026-10-31" in page


def test_too_many_records_are_not_offered_but_a_link_still_narrows(world: Any, officer: Any, shows: Any) -> None:
    park = world.jia.park
    journal.save_many(
        [
            PartyOrganization(
                park=park, name=f"甲河第{n}支部", short_name=f"第{n}支部", kind="branch", founded_on=TODAY
            )
            for n in range(MOST_OPTIONS)
        ],
        journal.INSTALLER,
        Via.INSTALL,
    )
    response = shows(officer, "coverages", organization=str(world.jia.branch.pk))
    page = response.content.decode()
    assert 'id="id_organization"' not in page
    assert f'<input type="hidden" name="organization" value="{world.jia.branch.pk}">' in page
    assert response.context["page_obj"].paginator.count == 1


# Totals


def test_totals_are_those_of_all_rows(world: Any, administrator: Any) -> None:
    for slug, ledger in LEDGERS.items():
        for query in ({}, {"q": "甲河"}, {"view": ledger.views(TODAY)[-1].slug}):
            found = listing(administrator, slug, **query)
            assert found.count == len(found.rows)
            for place, one in enumerate(found.columns):
                total = found.totals[place]
                if one.kind == "number" and one.total is not None:
                    assert (total or 0) == sum(value or 0 for value in column(found, one.name)), (slug, one.name, query)
                elif one.centred and str(total).endswith("家"):
                    assert total == f"{column(found, one.name).count('有')}家", (slug, one.name, query)


def test_the_totals_of_enterprises_carry_the_rate(world: Any, officer: Any) -> None:
    found = listing(officer, "enterprises")
    rate = rates(Enterprise.objects.visible_to(officer), TODAY)["org_coverage_real"]
    words = dict(zip([one.name for one in found.columns], found.totals, strict=True))
    assert words["status"] == f"已建{rate.numerator}家，{rate.percent}%"
    assert words["name"] == f"合计{found.count}家"


# Behind a figure


@pytest.mark.soak
def test_the_names_behind_every_part_of_every_indicator(world: Any, administrator: Any, officer: Any) -> None:
    cover(world.jia.branch, world.jia.suspended)
    cover(world.jia.branch, world.jia.state_owned)
    staff_with_members(world.jia.worked, 1)
    for user, on, codes in ((administrator, TODAY, INDICATORS), (officer, day("2024-02-15"), HEADLINES[:1])):
        for code in codes:
            subject = INDICATORS[code].subject
            rate = rates(subject.model.objects.visible_to(user), on, [code])[code]
            expected = {
                "numerator": rate.numerator,
                "denominator": rate.denominator,
                "gap": rate.gap,
                "excluded": rate.excluded,
                "covered-uncounted": rate.covered_uncounted,
            }
            assert set(expected) == set(PARTS)
            for part, count in expected.items():
                found = listing(user, subject.slug, on=on, indicator=code, part=part)
                names = list(found.rows.values_list("pk", flat=True))
                assert found.count == count == len(names), (code, part, on)
                assert found.rate is not None
                assert found.rate.text == rate.text
                assert len(found.loaded(names)) == count
                if part == "excluded":
                    assert all(INDICATORS[code].why_excluded(row) for row in found.loaded(names))


@pytest.mark.soak
def test_the_names_behind_every_group_of_every_composition(world: Any, administrator: Any) -> None:
    for code, one in COMPOSITIONS.items():
        shares = composed(one.subject.model.objects.visible_to(administrator), TODAY, [one])[code]
        expected = {EVERY_GROUP: shares[0].whole, **{share.group.key: share.count for share in shares}}
        for part, count in expected.items():
            found = listing(administrator, one.subject.slug, indicator=code, part=part)
            exported = list(table_of(found, timezone.localtime()).rows)
            assert found.count == count == len(exported), (code, part)
            assert [tab.count for tab in found.tabs] == list(expected.values())


def test_the_line_that_names_the_figure(world: Any, officer: Any, shows: Any) -> None:
    page = shows(officer, "enterprises", indicator="org_coverage_real", part="gap", day="2026-10-31").content.decode()
    assert "组织覆盖率（实体运营口径）的缺口：2家，截至2026-10-31。" in page
    assert "50.0%（2/4，实体运营口径，截至2026-10-31）" in page
    page = shows(officer, "enterprises", indicator="org_coverage_real", part="excluded").content.decode()
    assert "剔除原因" in page
    assert "停产停业" in page
    assert "非非公企业" in page


def test_a_drill_down_narrows_further(world: Any, officer: Any, shows: Any) -> None:
    response = shows(officer, "enterprises", indicator="org_coverage_real", part="gap", industry="I")
    assert [cells[0].text for cells in response.context["rows"]] == [world.jia.gap.name]
    tabs = {tab.label: tab for tab in response.context["listing"].tabs}
    assert asked_of(tabs["分母"].url) == {"indicator": "org_coverage_real", "part": "denominator", "industry": "I"}


# Nothing to show


@pytest.mark.crawl
def test_an_empty_ledger_says_what_belongs_there_and_what_to_do(sign_in: Any) -> None:
    from orgs.models import Role
    from tests.factories import grant, make_user

    park = make_park("new", name="新园区")
    user = make_user()
    grant(user, Role.OFFICER, park)
    for slug, ledger in LEDGERS.items():
        if slug == "parks":
            continue
        page = sign_in(user).get(f"/ledgers/{slug}/").content.decode()
        assert f"还没有登记{ledger.noun}" in page
        assert ledger.needs in page
        assert f"/ledgers/{slug}/new/" in page


def test_no_match_shows_the_way_back_and_what_holds_on_other_days(world: Any, officer: Any, shows: Any) -> None:
    gone = make_enterprise(world.jia.park, "甲河走了有限公司", left_on=day("2025-01-01"))
    page = shows(officer, "enterprises", q="走了").content.decode()
    assert "没有符合条件的企业" in page
    assert f"/ledgers/enterprises/{gone.pk}/" in page
    assert "乙庄" not in shows(officer, "enterprises", q="有限公司", day="2020-01-01").content.decode()


# The workbook


def read(response: Any) -> tuple[list[list[Any]], dict[str, Any]]:
    """The rows of sheet 1 from the head on, and the facts of sheet 2."""
    assert response.status_code == 200
    book = load_workbook(io.BytesIO(response.content))
    table, facts = book.worksheets
    rows = [list(row) for row in table.iter_rows(values_only=True)]
    return rows[2:], {row[0]: row[1] for row in facts.iter_rows(min_row=3, values_only=True)}


@pytest.mark.crawl
@pytest.mark.parametrize("slug", SLUGS)
def test_the_workbook_is_what_is_seen(slug: str, world: Any, administrator: Any, shows: Any) -> None:
    number = PAGE + 5
    if slug == "members":
        many_members(world.jia.park, number)
    if slug == "activities":
        for place in range(number):
            meet(world.jia.branch, title=f"第{place}次")
    sortable = next(one for one in LEDGERS[slug].columns if one.sort)
    query = {"sort": f"-{sortable.name}", "day": "2026-10-31"}
    first = shows(administrator, slug, **query)
    found: Listing = first.context["listing"]
    seen = [[cell.text for cell in cells] for cells in first.context["rows"]]
    for page in range(2, first.context["page_obj"].paginator.num_pages + 1):
        seen += [
            [cell.text for cell in cells]
            for cells in shows(administrator, slug, page=str(page), **query).context["rows"]
        ]
    (head, totals, *rows), facts = read(shows(administrator, slug, "export/", **query))
    assert head == [one.label for one in found.columns]
    kinds = [one.kind for one in found.columns]
    assert [[shown(value, kind) for value, kind in zip(row, kinds, strict=True)] for row in rows] == seen
    assert [shown(value, kind) for value, kind in zip(totals, kinds, strict=True)] == [
        cell.text or "—" for cell in found.total_cells
    ]
    assert len(rows) == found.count
    assert facts["行数"] == str(found.count)
    assert facts["台账"] == LEDGERS[slug].title
    assert facts["导出人"] == str(administrator)
    assert facts["排序"].startswith(sortable.label)
    assert facts["导出时间"]
    if LEDGERS[slug].dated:
        assert facts["截至"].date() == TODAY


def shown(value: Any, kind: str) -> str:
    """A cell of the workbook as the page writes it."""
    if value in (None, ""):
        return "—"
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    if kind == "percent" and not isinstance(value, str):
        return f"{round(value * 100, 1):.1f}%"
    return f"{value:,}" if isinstance(value, int) else str(value)


def test_the_workbook_keeps_filter_view_and_drill_down(world: Any, officer: Any, shows: Any) -> None:
    (_, _, *rows), facts = read(
        shows(officer, "enterprises", "export/", indicator="org_coverage_real", part="excluded", q="甲河")
    )
    assert {row[0]: row[1] for row in rows} == {
        world.jia.suspended.name: "停产停业",
        world.jia.state_owned.name: "非非公企业",
    }
    assert facts["园区"] == world.jia.park.name  # to who sees one park it is that one
    assert facts["标签"] == "剔除"
    assert facts["指标"] == "组织覆盖率（实体运营口径）"
    assert facts["筛选条件"] == "查找：甲河"


def test_text_stays_text_in_the_workbook(world: Any, officer: Any, shows: Any) -> None:
    make_enterprise(world.jia.park, "=1+1甲河")
    response = shows(officer, "enterprises", "export/", q="1+1")
    cell = load_workbook(io.BytesIO(response.content)).worksheets[0]["A5"]
    assert (cell.value, cell.data_type) == ("=1+1甲河", "s")


@pytest.mark.crawl
@pytest.mark.parametrize("slug", SLUGS)
def test_no_workbook_holds_another_park(slug: str, world: Any, officer: Any, shows: Any) -> None:
    book = load_workbook(io.BytesIO(shows(officer, slug, "export/").content))
    text = " ".join(str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row)
    assert "甲河" in text
    assert "乙" not in text


def test_members_list_neither_birth_date_nor_phone(world: Any, officer: Any, shows: Any) -> None:
    make_member(world.jia.park, "隐私", birth_on=day("1980-02-03"), phone="13912345678")
    page = shows(officer, "members", q="隐私").content.decode()
    book = shows(officer, "members", "export/", q="隐私").content
    text = str([row for sheet in load_workbook(io.BytesIO(book)) for row in sheet.iter_rows(values_only=True)])
    for secret in ("1980", "13912345678"):
        assert secret not in page
        assert secret not in text


# Size


def fill(park: Park, number: int) -> None:
    """``number`` rows for every ledger, each enterprise with a state, an organization, a member and works."""

    def many(rows: list[Any]) -> list[Any]:
        written = journal.save_many(rows, journal.INSTALLER, Via.INSTALL)
        # What autovacuum does in life: without it PostgreSQL plans for the tables of the tests before, nearly empty
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        return written

    early, places = dt.date(2024, 1, 1), range(number)
    parks = many(
        [
            Park(
                slug=f"fill-{number}-{n}",
                name=f"园{number}-{n}",
                short_name=f"园{n}",
                region_code="150623",
                region_name="某",
            )
            for n in places
        ]
    )
    many([Target(park=one, indicator="org_coverage_real", percent=80, since=early) for one in parks])
    enterprises = many(
        [
            Enterprise(park=park, name=f"批量{number}-{n:05}", kind="private", industry="C", settled_on=early)
            for n in places
        ]
    )
    # A few states only: each asks the database for overlaps with others
    many([BusinessState(enterprise=one, state="operating", staff=20, since=early) for one in enterprises[:10]])
    organizations = many(
        [
            PartyOrganization(
                park=park, name=f"批量{number}-{n:05}", short_name=f"批{n}", kind="branch", founded_on=early
            )
            for n in places
        ]
    )
    pairs = list(zip(organizations, enterprises, strict=True))
    many([Coverage(organization=one, enterprise=two, way="solo", since=early) for one, two in pairs])
    many([WorkCoverage(enterprise=one, kind="instructor", since=early) for one in enterprises])
    members = many(
        [Member(park=park, name=f"批{n}", admitted_on=dt.date(2019, 1, 1), full_on=dt.date(2020, 1, 1)) for n in places]
    )
    many([Employment(member=one, enterprise=two, since=early) for one, two in zip(members, enterprises, strict=True)])
    many(
        [
            Office(organization=one, member=two, post="secretary", since=early)
            for one, two in zip(organizations, members, strict=True)
        ]
    )
    many(
        [
            Activity(organization=one, kind="theme_day", held_on=early, title="题", due=1, present=1)
            for one in organizations
        ]
    )
    source = make_source(park, f"批量{number}")
    many([Statement(park=park, source=source, category="类", indicator=f"批{n}", value=n) for n in places])


def query_counts(client: Client) -> dict[str, int]:
    found = {}
    for slug in SLUGS:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"/ledgers/{slug}/").status_code == 200
        found[slug] = len(queries)
    return found


@pytest.mark.crawl
def test_ten_rows_and_a_thousand_need_the_same_queries(administrator: Any, sign_in: Any) -> None:
    """The numbers themselves are reviewed in query_counts.json."""
    client = sign_in(administrator)
    park = make_park("size")
    fill(park, 10)
    few = query_counts(client)
    fill(park, 990)
    assert min(counts(Asked(administrator, None, TODAY)).values()) >= 1000
    many = query_counts(client)
    reviewed = json.loads(COUNTS.read_text(encoding="utf-8"))["ledgers"]
    assert few == many
    assert many == reviewed
