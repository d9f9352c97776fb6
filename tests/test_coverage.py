"""The 27 worked cases of coverage on a day, each by its number, and the arithmetic of a small park."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.db.models import Q

from metrics.coverage import QUALIFIED, formation_status, on_day, why_not_operating
from metrics.indicators import INDICATORS, month_ends, percent, rates, rates_by, trend
from metrics.models import FrozenReport
from metrics.reports import REPORTS
from metrics.reports.frozen import differences, freeze, opened
from orgs import journal
from orgs.journal import Via
from orgs.models import Change, Enterprise, Park, PartyOrganization, Subordination, superiors_above
from tests.factories import (
    affiliate,
    appoint,
    cover,
    day,
    elect,
    employ,
    grant,
    make_enterprise,
    make_member,
    make_organization,
    make_park,
    make_user,
    meet,
    put,
    set_state,
    staff_with_members,
    subordinate,
    work,
)

pytestmark = pytest.mark.django_db

CODES = [code for code, indicator in INDICATORS.items() if indicator.subject.slug == "enterprises"]
ABSENT = "不在园区"
YES, NO = True, False


@dataclass(frozen=True)
class Seen:
    """An enterprise on a day. ``out`` says why it is not in N_real ("" when it is); the rest is None when it is out."""

    out: str = ""
    cov: bool | None = None
    solo: bool | None = None
    work: bool | None = None
    qual: bool | None = None
    status: str | None = None


def look(enterprise: Enterprise, text: str) -> Seen:
    row = on_day(Enterprise.objects.filter(pk=enterprise.pk), day(text)).first()
    if row is None:
        return Seen(out=ABSENT)
    if not row.in_real:
        return Seen(out=why_not_operating(row))
    qualified = on_day(Enterprise.objects.filter(pk=enterprise.pk), day(text)).filter(QUALIFIED).exists()
    return Seen("", row.covered, row.solo, row.worked, qualified, formation_status(row))


def codes(enterprise: Enterprise, text: str, part: str) -> set[str]:
    """The indicators in one of whose parts (numerator, gap …) the enterprise stands."""
    only = Enterprise.objects.filter(pk=enterprise.pk)
    return {code for code in CODES if INDICATORS[code].part(only, day(text), part).exists()}


@pytest.fixture
def park() -> Park:
    return make_park("p", name="P经济开发区")


def set_park(park: Park, **switches: bool) -> None:
    for name, value in switches.items():
        setattr(park, name, value)
    put(park)


# What each row of the page records: enterprise looked at, in park P


def own_branch(park: Park, until: dt.date | None = None, **given: Any) -> Enterprise:
    enterprise = make_enterprise(park, "甲厂", **given)
    cover(make_organization(park, founded_on=day("2024-03-10")), enterprise, "solo", day("2024-03-10"), until)
    return enterprise


def branch_dissolved(park: Park) -> Enterprise:
    enterprise = make_enterprise(park)
    branch = make_organization(park, founded_on=day("2024-03-10"), dissolved_on=day("2025-06-01"))
    cover(branch, enterprise, "solo")
    return enterprise


def enterprise_left(park: Park) -> Enterprise:
    return own_branch(park, left_on=day("2025-08-15"))


def suspended_later(park: Park) -> Enterprise:
    enterprise = make_enterprise(park, state=None)
    set_state(enterprise, "operating", day("2024-01-01"), day("2025-01-01"))
    set_state(enterprise, "suspended", day("2025-01-01"))
    cover(make_organization(park), enterprise, "solo", day("2024-01-01"))
    return enterprise


def no_state(park: Park) -> Enterprise:
    return make_enterprise(park, state=None)


def joint_then_own(park: Park, joint_until: dt.date | None = dt.date(2024, 9, 1)) -> Enterprise:
    joint = make_organization(park, kind="joint_branch", founded_on=day("2023-05-01"))
    a, b, c = (make_enterprise(park, name, since=day("2023-01-01")) for name in "ABC")
    for one in (a, c):
        cover(joint, one, "joint")
    cover(joint, b, "joint", until=joint_until)
    cover(make_organization(park, founded_on=day("2024-09-01")), b, "solo")
    return b


def joint_never_ended(park: Park) -> Enterprise:
    return joint_then_own(park, joint_until=None)


def covered_by(kind: str, way: str = "solo", members: int = 0) -> Callable[[Park], Enterprise]:
    def build(park: Park) -> Enterprise:
        enterprise = make_enterprise(park)
        cover(make_organization(park, kind=kind), enterprise, way)
        staff_with_members(enterprise, members)
        return enterprise

    return build


def four_members(park: Park) -> Enterprise:
    enterprise = make_enterprise(park)
    staff_with_members(enterprise, 4)
    return enterprise


def two_full_three_probationary(park: Park) -> Enterprise:
    enterprise = make_enterprise(park)
    staff_with_members(enterprise, 2)
    staff_with_members(enterprise, 3, full_on=None)
    return enterprise


def third_becomes_full(park: Park) -> Enterprise:
    enterprise = make_enterprise(park)
    staff_with_members(enterprise, 2)
    staff_with_members(enterprise, 1, admitted_on=day("2025-05-20"), full_on=day("2026-05-20"))
    return enterprise


def third_leaves_the_party(park: Park) -> Enterprise:
    enterprise = make_enterprise(park)
    staff_with_members(enterprise, 2)
    staff_with_members(enterprise, 1, left_on=day("2026-07-01"))
    return enterprise


def third_changes_employer(park: Park) -> Enterprise:
    enterprise = make_enterprise(park)
    staff_with_members(enterprise, 2)
    member = make_member(park)
    employ(member, enterprise, until=day("2026-07-01"))
    employ(member, make_enterprise(park), since=day("2026-07-01"))
    return enterprise


def instructor_for_a_year(park: Park) -> Enterprise:
    enterprise = make_enterprise(park)
    work(enterprise, "instructor", day("2025-01-01"), day("2025-12-31"))
    return enterprise


def instructor_and_members(park: Park) -> Enterprise:
    enterprise = instructor_for_a_year(park)
    staff_with_members(enterprise, 3)
    return enterprise


def branch_and_union(park: Park) -> Enterprise:
    enterprise = own_branch(park)
    work(enterprise, "trade_union")
    return enterprise


def only_womens_federation(park: Park) -> Enterprise:
    enterprise = make_enterprise(park)
    work(enterprise, "womens_federation")
    return enterprise


def state_owned(park: Park) -> Enterprise:
    enterprise = make_enterprise(park, kind="state")
    cover(make_organization(park, kind="party_committee"), enterprise)
    return enterprise


def late_paper(park: Park) -> Enterprise:
    enterprise = make_enterprise(park)
    branch = make_organization(park, founded_on=day("2024-02-01"))
    cover(branch, enterprise, since=day("2024-01-01"))
    return enterprise


def not_yet_settled(park: Park) -> Enterprise:
    enterprise = make_enterprise(park, since=day("2024-06-01"))
    cover(make_organization(park), enterprise, since=day("2024-01-01"))
    return enterprise


JOINT, SOLO, NONE, FEW, SHOULD = "已联合建立", "已单独建立", "没有党员", "仅有个别党员", "应建未建"
UNCOVERED = Seen("", NO, NO, NO, NO, NONE)
COVERED_SOLO = Seen("", YES, YES, NO, YES, SOLO)
COVERED_JOINT = Seen("", YES, NO, NO, YES, JOINT)
SHOULD_BUILD = Seen("", NO, NO, NO, YES, SHOULD)

CASES: list[tuple[str, Callable[[Park], Enterprise], str, Seen]] = [
    ("1", own_branch, "2024-03-09", UNCOVERED),
    ("2", own_branch, "2024-03-10", COVERED_SOLO),
    ("3-before", branch_dissolved, "2025-05-31", COVERED_SOLO),
    ("3-dissolved", branch_dissolved, "2025-06-01", UNCOVERED),
    ("4-before", enterprise_left, "2025-08-14", COVERED_SOLO),
    ("4-left", enterprise_left, "2025-08-15", Seen(out=ABSENT)),
    ("5-before", suspended_later, "2024-12-31", COVERED_SOLO),
    ("5", suspended_later, "2025-01-01", Seen(out="停产停业")),
    ("6", no_state, "2026-10-31", Seen(out="经营状态未填")),
    ("7", joint_then_own, "2024-08-31", COVERED_JOINT),
    ("8", joint_then_own, "2024-09-01", COVERED_SOLO),
    ("9", joint_never_ended, "2024-09-02", COVERED_SOLO),
    ("10", covered_by("temp_branch", "project_temp"), "2026-10-31", UNCOVERED),
    ("10-solo-way", covered_by("temp_branch"), "2026-10-31", UNCOVERED),
    ("10-temporary-way-of-a-branch", covered_by("branch", "project_temp"), "2026-10-31", UNCOVERED),
    ("10-members", covered_by("temp_branch", "project_temp", members=3), "2026-10-31", SHOULD_BUILD),
    ("11-committee", covered_by("working_committee"), "2026-10-31", UNCOVERED),
    ("11-group", covered_by("group"), "2026-10-31", UNCOVERED),
    ("11-group-members", covered_by("group", members=3), "2026-10-31", SHOULD_BUILD),
    ("12", four_members, "2026-10-31", SHOULD_BUILD),
    ("13", two_full_three_probationary, "2026-10-31", Seen("", NO, NO, NO, NO, FEW)),
    ("14-before", third_becomes_full, "2026-05-19", Seen("", NO, NO, NO, NO, FEW)),
    ("14", third_becomes_full, "2026-05-20", SHOULD_BUILD),
    ("15-before", third_leaves_the_party, "2026-06-30", SHOULD_BUILD),
    ("15", third_leaves_the_party, "2026-07-01", Seen("", NO, NO, NO, NO, FEW)),
    ("16-before", third_changes_employer, "2026-06-30", SHOULD_BUILD),
    ("16", third_changes_employer, "2026-07-01", Seen("", NO, NO, NO, NO, FEW)),
    ("17-last-day", instructor_for_a_year, "2025-12-30", Seen("", NO, NO, YES, NO, NONE)),
    ("17-until", instructor_for_a_year, "2025-12-31", UNCOVERED),
    ("17-members", instructor_and_members, "2025-12-30", Seen("", NO, NO, YES, YES, SHOULD)),
    ("18", branch_and_union, "2026-10-31", Seen("", YES, YES, YES, YES, SOLO)),
    ("19", only_womens_federation, "2026-10-31", UNCOVERED),
    ("20", covered_by("branch", "attached"), "2026-10-31", COVERED_JOINT),
    ("21", covered_by("branch", "grid"), "2026-10-31", UNCOVERED),
    ("22", state_owned, "2026-10-31", Seen(out="非非公企业")),
    ("23", late_paper, "2024-01-15", UNCOVERED),
    ("23-founded", late_paper, "2024-02-01", COVERED_SOLO),
    ("24", not_yet_settled, "2024-05-31", Seen(out=ABSENT)),
    ("24-settled", not_yet_settled, "2024-06-01", COVERED_SOLO),
]


@pytest.mark.parametrize(("build", "text", "seen"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_worked_case(park: Park, build: Callable[[Park], Enterprise], text: str, seen: Seen) -> None:
    assert look(build(park), text) == seen


def test_every_number_of_the_page_has_a_case() -> None:
    apart = {"25", "26", "27"}
    assert {name.split("-")[0] for name, *_ in CASES} | apart == {str(number) for number in range(1, 28)}


# The park's own choices


@pytest.mark.parametrize(
    ("build", "switches", "seen"),
    [
        pytest.param(
            four_members, {"transferred_only": True}, Seen("", NO, NO, NO, NO, NONE), id="12-transferred-only"
        ),
        pytest.param(only_womens_federation, {"wide_work": True}, Seen("", NO, NO, YES, NO, NONE), id="19-wide-work"),
        pytest.param(covered_by("branch", "attached"), {"count_attached": False}, UNCOVERED, id="20-attached-off"),
        pytest.param(
            covered_by("branch", "attached", members=3), {"count_attached": False}, SHOULD_BUILD, id="20-off-members"
        ),
        pytest.param(covered_by("branch", "dispatched"), {}, COVERED_JOINT, id="dispatched-default"),
        pytest.param(covered_by("branch", "dispatched"), {"count_dispatched": False}, UNCOVERED, id="dispatched-off"),
        pytest.param(covered_by("branch", "grid"), {"count_grid": True}, COVERED_JOINT, id="21-grid-on"),
        pytest.param(
            covered_by("branch", "project_temp"),
            {"count_grid": True, "count_attached": True, "wide_work": True},
            UNCOVERED,
            id="project-temp-never",
        ),
    ],
)
def test_park_setting(park: Park, build: Callable[[Park], Enterprise], switches: dict[str, bool], seen: Seen) -> None:
    enterprise = build(park)
    set_park(park, **switches)
    assert look(enterprise, "2026-10-31") == seen


def test_case_12_only_formal_affiliations_to_the_parks_organizations_have_moved_in(park: Park) -> None:
    set_park(park, transferred_only=True)
    enterprise = make_enterprise(park)
    members = staff_with_members(enterprise, 4)
    branch = make_organization(park)
    for member in members[:3]:
        affiliate(member, branch, day("2025-01-01"), day("2026-01-01"))
    affiliate(members[3], branch, day("2025-01-01"), kind="inflow")
    assert look(enterprise, "2024-12-31").status == NONE
    assert look(enterprise, "2025-01-01") == SHOULD_BUILD
    assert look(enterprise, "2026-01-01").status == NONE


@pytest.mark.parametrize("way", ["solo", "restructured"])
def test_solo_ways(park: Park, way: str) -> None:
    assert look(covered_by("branch", way)(park), "2026-10-31") == COVERED_SOLO


@pytest.mark.parametrize(
    "way", ["joint", "regional", "industry", "chain", "leading_firm", "building", "village_firm", "relying"]
)
def test_ways_counted_everywhere_but_not_solo(park: Park, way: str) -> None:
    assert look(covered_by("joint_branch", way)(park), "2026-10-31") == COVERED_JOINT


@pytest.mark.parametrize(
    "kind", ["party_committee", "comprehensive_committee", "general_branch", "branch", "joint_branch"]
)
def test_kinds_that_count(park: Park, kind: str) -> None:
    assert look(covered_by(kind)(park), "2026-10-31") == COVERED_SOLO


@pytest.mark.parametrize("kind", ["temp_committee", "temp_general_branch", "temp_branch", "group", "working_committee"])
def test_kinds_that_never_count(park: Park, kind: str) -> None:
    assert look(covered_by(kind)(park), "2026-10-31") == UNCOVERED


@pytest.mark.parametrize(("kind", "seen"), [("liaison", YES), ("youth_league", YES), ("leader_contact", NO)])
def test_kinds_of_work(park: Park, kind: str, seen: bool) -> None:
    enterprise = make_enterprise(park)
    work(enterprise, kind)
    assert look(enterprise, "2026-10-31").work is seen
    set_park(park, wide_work=True)
    assert look(enterprise, "2026-10-31").work is True


@pytest.mark.parametrize("kind", ["private", "hmt", "foreign", "mixed", "individual"])
def test_non_public_kinds(park: Park, kind: str) -> None:
    assert look(make_enterprise(park, kind=kind), "2026-10-31") == UNCOVERED


@pytest.mark.parametrize("kind", ["state", "collective", "institution", "social"])
def test_other_kinds_are_kept_and_excluded(park: Park, kind: str) -> None:
    enterprise = make_enterprise(park, kind=kind)
    assert look(enterprise, "2026-10-31") == Seen(out="非非公企业")
    assert codes(enterprise, "2026-10-31", "excluded") == set(CODES)


@pytest.mark.parametrize(
    ("state", "why"),
    [("preparing", "筹建"), ("shell", "空壳"), ("revoked", "吊销"), ("moved_out", "迁出"), ("cancelled", "注销")],
)
def test_states_that_do_not_count(park: Park, state: str, why: str) -> None:
    enterprise = make_enterprise(park, state=state)
    assert look(enterprise, "2026-10-31") == Seen(out=why)
    in_all = codes(enterprise, "2026-10-31", "denominator")
    whole = {"org_coverage_all", "solo_rate_all", "instructor_rate_all"}
    wanted = {"preparing": {*whole, "org_coverage_clean"}, "shell": whole, "cancelled": set()}
    assert in_all == wanted.get(state, {*whole, "org_coverage_clean"})


def test_suspended_members_do_not_count_while_suspended(park: Park) -> None:
    enterprise = make_enterprise(park)
    staff_with_members(enterprise, 2)
    staff_with_members(enterprise, 1, suspended_on=day("2025-01-01"), reinstated_on=day("2025-07-01"))
    assert look(enterprise, "2024-12-31") == SHOULD_BUILD
    assert look(enterprise, "2025-01-01").status == FEW
    assert look(enterprise, "2025-06-30").status == FEW
    assert look(enterprise, "2025-07-01") == SHOULD_BUILD


def test_one_member_with_two_posts_at_an_enterprise_counts_once(park: Park) -> None:
    enterprise = make_enterprise(park)
    staff_with_members(enterprise, 1)
    member = make_member(park)
    employ(member, enterprise, day("2024-01-01"), job="厂长")
    employ(member, enterprise, day("2024-02-01"), job="工程师")
    assert look(enterprise, "2026-10-31").status == FEW


# The names behind the numbers


def test_case_5_covered_but_uncounted(park: Park) -> None:
    enterprise = suspended_later(park)
    assert "org_coverage_real" in codes(enterprise, "2025-01-01", "covered-uncounted")
    assert "org_coverage_real" in codes(enterprise, "2025-01-01", "excluded")
    assert "org_coverage_real" not in codes(enterprise, "2025-01-01", "numerator")
    # In N_all it stands, covered
    assert codes(enterprise, "2025-01-01", "numerator") == {"org_coverage_all", "org_coverage_clean", "solo_rate_all"}
    assert codes(enterprise, "2024-12-31", "covered-uncounted") & {"org_coverage_real", "two_coverage"} == set()
    rate = rates(Enterprise.objects.all(), day("2025-01-01"))["org_coverage_real"]
    assert (rate.numerator, rate.denominator, rate.excluded, rate.covered_uncounted) == (0, 0, 1, 1)


def test_case_9_counted_once(park: Park) -> None:
    joint_never_ended(park)
    rate = rates(Enterprise.objects.all(), day("2024-09-02"))["org_coverage_real"]
    assert (rate.numerator, rate.denominator) == (3, 3)
    assert INDICATORS["org_coverage_real"].part(Enterprise.objects.all(), day("2024-09-02"), "numerator").count() == 3


def test_case_12_is_a_gap_of_should_built(park: Park) -> None:
    assert "should_built_rate" in codes(four_members(park), "2026-10-31", "gap")


def test_case_18_not_in_the_strict_denominator(park: Park) -> None:
    enterprise = branch_and_union(park)
    assert codes(enterprise, "2026-10-31", "denominator") & {"work_coverage_strict", "instructor_rate"} == set()
    row = on_day(Enterprise.objects.filter(pk=enterprise.pk), day("2026-10-31")).get()
    assert INDICATORS["work_coverage_strict"].why_excluded(row) == "已建立党组织"


def test_work_coverage_never_raises_organization_coverage(park: Park) -> None:
    enterprise = make_enterprise(park)
    before = rates(Enterprise.objects.all(), day("2026-10-31"))
    work(enterprise, "instructor")
    after = rates(Enterprise.objects.all(), day("2026-10-31"))
    changed = {code for code in CODES if before[code].numerator != after[code].numerator}
    reached = {"work_coverage_broad", "work_coverage_strict", "two_coverage", "instructor_rate", "instructor_rate_all"}
    assert changed == reached


def test_case_22_is_covered_but_uncounted(park: Park) -> None:
    assert "org_coverage_all" in codes(state_owned(park), "2026-10-31", "covered-uncounted")


def test_every_excluded_row_says_why_and_no_other_does(park: Park) -> None:
    for build in (suspended_later, no_state, state_owned, four_members, two_full_three_probationary, branch_and_union):
        build(park)
    make_enterprise(park, state="cancelled")
    for indicator in map(INDICATORS.__getitem__, CODES):
        everyone = Enterprise.objects.all()
        for row in indicator.part(everyone, day("2026-10-31"), "excluded"):
            assert indicator.why_excluded(row), (indicator.code, row)
        for row in indicator.part(everyone, day("2026-10-31"), "denominator"):
            assert indicator.why_excluded(row) == "", (indicator.code, row)


def test_three_haves_threshold_is_the_parks(park: Park) -> None:
    enterprise = make_enterprise(park, state=None)
    set_state(enterprise, "operating", day("2024-01-01"), fixed_premises=True, has_operations=True, staff=10)
    assert "org_coverage_sanyou" in codes(enterprise, "2026-10-31", "denominator")
    park.three_haves_staff = 11
    put(park)
    row = on_day(Enterprise.objects.filter(pk=enterprise.pk), day("2026-10-31")).get()
    assert not row.in_three_haves
    assert INDICATORS["org_coverage_sanyou"].why_excluded(row) == "“三有”不全或未填"


# Effective coverage: an organization in working order


def in_order(park: Park, kind: str = "branch", founded: str = "2024-03-01") -> tuple[Enterprise, PartyOrganization]:
    """Covered by an organization with a secretary and a term until 2027; asked in November, so July to September."""
    enterprise = make_enterprise(park)
    organization = make_organization(park, kind=kind, founded_on=day(founded))
    cover(organization, enterprise)
    appoint(make_member(park), organization, since=day(founded))
    elect(organization, day(founded))
    return enterprise, organization


def hold(organization: PartyOrganization, *months: int) -> None:
    for month in months:
        meet(organization, dt.date(2026, month, 30), "theme_day")
    meet(organization, dt.date(2026, 7, 1), "member_meeting")


def effective(enterprise: Enterprise, text: str = "2026-11-20") -> bool:
    return bool(on_day(Enterprise.objects.filter(pk=enterprise.pk), day(text)).get().effective)


def test_effective_needs_every_meeting_of_the_last_quarter(park: Park) -> None:
    enterprise, branch = in_order(park)
    assert not effective(enterprise)
    hold(branch, 7, 9)
    assert not effective(enterprise)
    meet(branch, dt.date(2026, 8, 1), "theme_day")
    assert effective(enterprise)
    # From January on it is the last quarter of the year that was due
    assert effective(enterprise, "2026-12-31")
    assert not effective(enterprise, "2027-01-01")


def test_effective_without_meetings_for_a_committee_and_for_a_branch_founded_in_the_quarter(park: Park) -> None:
    for kind, founded, wanted in (
        ("general_branch", "2024-03-01", True),
        ("branch", "2026-07-01", True),
        ("branch", "2026-06-30", False),
    ):
        enterprise, _ = in_order(park, kind, founded)
        assert effective(enterprise) is wanted, (kind, founded)


def test_effective_needs_a_secretary_and_a_term(park: Park) -> None:
    enterprise, committee = in_order(park, "general_branch")
    assert effective(enterprise, "2027-02-28")
    assert not effective(enterprise, "2027-03-01")  # the term of three years is over
    term = committee.elections.get()
    term.extended_to = day("2027-09-01")
    put(term)
    assert effective(enterprise, "2027-03-01")
    office = committee.offices.get()
    office.until = day("2026-11-20")
    put(office)
    assert effective(enterprise, "2026-11-19")
    assert not effective(enterprise, "2026-11-20")


def test_coverage_that_does_not_count_is_never_effective(park: Park) -> None:
    enterprise, organization = in_order(park, "general_branch")
    other = make_enterprise(park)
    cover(organization, other, "grid")
    assert (effective(enterprise), effective(other)) == (True, False)


# 25 to 27: of the park, not of one enterprise


@pytest.mark.parametrize("outside", [False, True], ids=["25-empty", "25-all-excluded"])
def test_case_25_zero_enterprises(park: Park, outside: bool) -> None:
    if outside:
        state_owned(park)
        make_enterprise(park, state="cancelled")
    for rate in rates(Enterprise.objects.in_park(park), day("2026-10-31")).values():
        assert (rate.numerator, rate.denominator, rate.gap) == (0, 0, 0)
        assert rate.percent is None
        if rate.indicator.measure == "count":
            assert rate.short == "0家"
            continue
        assert rate.short == "—"
        assert rate.text.startswith("—（0/0，")
        assert "%" not in rate.text


def test_case_26_moved_to_another_superior(park: Park) -> None:
    x, y = (make_organization(park, kind="party_committee", name=f"{name}委员会") for name in "XY")
    enterprise = make_enterprise(park)
    branch = make_organization(park)
    cover(branch, enterprise)
    subordinate(branch, x, day("2024-01-01"), day("2025-03-01"))
    subordinate(branch, y, day("2025-03-01"))
    before, after = day("2025-02-28"), day("2025-03-01")

    assert superiors_above(branch.pk, before) == {branch.pk, x.pk}
    assert superiors_above(branch.pk, after) == {branch.pk, y.pk}

    def subtotals(on: dt.date) -> dict[str, int]:
        """Covered enterprises by the superior of the organization that covers them."""
        under = Subordination.objects.as_of(on).values_list("superior__name", "organization__coverages__enterprise")
        covered = set(INDICATORS["org_coverage_real"].part(Enterprise.objects.all(), on, "numerator").values_list("pk"))
        found: dict[str, int] = {}
        for superior, key in under:
            found[superior] = found.get(superior, 0) + ((key,) in covered)
        return found

    assert subtotals(before) == {"X委员会": 1}
    assert subtotals(after) == {"Y委员会": 1}
    first, second = (rates(Enterprise.objects.in_park(park), on) for on in (before, after))
    assert {code: (rate.numerator, rate.denominator) for code, rate in first.items()} == {
        code: (rate.numerator, rate.denominator) for code, rate in second.items()
    }


def test_case_27_a_correction_holds_for_the_past(park: Park) -> None:
    # Asked now the corrected fact counts, also for a day before the correction; a report frozen earlier keeps its
    # figure. What its page shows of it is in test_frozen.py, with the very days of the case.
    enterprise = make_enterprise(park)
    branch = make_organization(park, founded_on=day("2026-01-05"))
    cover(branch, enterprise, since=day("2025-12-20"))
    officer = make_user("officer-27", home_park=park)
    grant(officer, "officer", park)
    assert look(enterprise, "2025-12-31").cov is False
    report, last = REPORTS["two-coverage"], day("2025-12-31")
    frozen = freeze(report, park, last, officer)

    branch.founded_on = day("2025-12-20")
    journal.save(branch, officer, Via.PAGE)
    assert look(enterprise, "2025-12-31").cov is True
    change = Change.objects.filter(model="orgs.partyorganization", object_id=branch.pk).first()
    assert change is not None
    assert (change.before, change.after) == ({"founded_on": "2026-01-05"}, {"founded_on": "2025-12-20"})

    kept, enterprises = opened(FrozenReport.objects.get(pk=frozen.pk), report), Enterprise.objects.in_park(park)
    now = report.fill(enterprises, last)
    assert (kept.filled.total.counts[4], now.total.counts[4]) == (0, 1)
    corrected = {one.column.number: (one.was, one.now) for one in differences(kept, now, enterprises, report)}
    assert corrected[4] == (0, 1)


# The arithmetic check


@pytest.fixture
def small_park(park: Park) -> Park:
    for state, number in (("suspended", 3), ("shell", 2), ("preparing", 1)):
        for _ in range(number):
            make_enterprise(park, state=state)
    for _ in range(12):
        cover(make_organization(park), make_enterprise(park), "solo")
    joint = make_organization(park, kind="joint_branch")
    for _ in range(15):
        cover(joint, make_enterprise(park), "joint")
    first, second, third = (make_enterprise(park) for _ in range(3))
    staff_with_members(first, 3)
    staff_with_members(second, 4)
    work(second, "instructor")
    work(third, "trade_union")
    return park


EXPECTED = {
    "org_coverage_real": "90.0%（27/30，实体运营口径，截至2026-10-31）",
    "org_coverage_all": "75.0%（27/36，全部企业口径，截至2026-10-31）",
    "org_coverage_sanyou": "—（0/0，“三有”企业口径，截至2026-10-31）",
    "solo_rate_real": "40.0%（12/30，实体运营口径，截至2026-10-31）",
    "should_built_rate": "93.1%（27/29，符合条件口径，截至2026-10-31）",
    "formation_rate_member": "0.0%（0/2，有党员企业口径，截至2026-10-31）",
    "formation_rate_scale": "—（0/0，规模以上口径，截至2026-10-31）",
    "work_coverage_broad": "96.7%（29/30，含已建组织企业，截至2026-10-31）",
    "work_coverage_strict": "66.7%（2/3，未建组织企业，截至2026-10-31）",
    "two_coverage": "96.7%（29/30，实体运营口径，截至2026-10-31）",
    "instructor_rate": "33.3%（1/3，未建组织企业，截至2026-10-31）",
    "effective_coverage": "0.0%（0/30，实体运营口径，截至2026-10-31）",
    "org_coverage_clean": "79.4%（27/34，剔除空壳口径，截至2026-10-31）",
    "solo_rate_all": "33.3%（12/36，全部企业口径，截至2026-10-31）",
    "solo_rate_scale": "—（0/0，规模以上口径，截至2026-10-31）",
    "staff100_formation_rate": "—（0/0，从业人员100人以上，截至2026-10-31）",
    "staff50_member_rate": "—（0/0，从业人员50人以上，截至2026-10-31）",
    "instructor_rate_all": "2.8%（1/36，全部企业口径，截至2026-10-31）",
    "union_rate": "3.3%（1/30，实体运营口径，截至2026-10-31）",
    "league_rate": "0.0%（0/30，实体运营口径，截至2026-10-31）",
    "womens_rate": "0.0%（0/30，实体运营口径，截至2026-10-31）",
    "solo_due": "0家（联合组建企业口径，截至2026-10-31）",
}


def test_arithmetic_check(small_park: Park) -> None:
    on = day("2026-10-31")
    enterprises = Enterprise.objects.in_park(small_park)
    assert {code: rate.text for code, rate in rates(enterprises, on).items()} == EXPECTED

    real = INDICATORS["org_coverage_real"]
    assert on_day(enterprises, on).filter(in_all=True).count() == 36
    reasons = [real.why_excluded(row) for row in real.part(enterprises, on, "excluded")]
    assert {why: reasons.count(why) for why in reasons} == {"停产停业": 3, "空壳": 2, "筹建": 1}
    statuses = [formation_status(row) for row in real.part(enterprises, on, "gap")]
    assert {status: statuses.count(status) for status in statuses} == {"应建未建": 2, "没有党员": 1}
    assert INDICATORS["should_built_rate"].part(enterprises, on, "gap").count() == 2


def test_groups_and_trend_add_up(small_park: Park, django_assert_num_queries: Any) -> None:
    on = day("2026-10-31")
    other = make_park("q", name="Q经济开发区")
    cover(make_organization(other), make_enterprise(other))
    with django_assert_num_queries(2):
        by_park = rates_by(Enterprise.objects.all(), on, "park")
    with django_assert_num_queries(1):
        whole = rates(Enterprise.objects.all(), on)
    assert {code: rate.text for code, rate in by_park[small_park.pk].items()} == EXPECTED
    assert by_park[other.pk]["org_coverage_real"].text == "100.0%（1/1，实体运营口径，截至2026-10-31）"
    for code, rate in whole.items():
        assert rate.numerator == sum(one[code].numerator for one in by_park.values())
        assert rate.denominator == sum(one[code].denominator for one in by_park.values())
    days = month_ends(on, 12)
    assert (days[0], days[-1]) == (day("2025-11-30"), on)
    line = trend(Enterprise.objects.in_park(small_park), days, ["org_coverage_real"])
    assert [point["org_coverage_real"].text for point in line][-1] == EXPECTED["org_coverage_real"]


@pytest.mark.parametrize(
    ("numerator", "denominator", "text"),
    [
        (27, 30, "90.0"),
        (27, 29, "93.1"),
        (2, 3, "66.7"),
        (1, 800, "0.1"),
        (1, 2000, "0.1"),
        (1, 2001, "0.0"),
        (0, 5, "0.0"),
    ],
)
def test_one_decimal_half_up(numerator: int, denominator: int, text: str) -> None:
    assert str(percent(numerator, denominator)) == text


def test_numerator_and_gap_make_the_denominator(small_park: Park) -> None:
    on = day("2026-10-31")
    enterprises = Enterprise.objects.in_park(small_park)
    for code, rate in rates(enterprises, on, CODES).items():
        indicator = INDICATORS[code]
        parts = {
            part: set(indicator.part(enterprises, on, part).values_list("pk", flat=True))
            for part in ("numerator", "denominator", "gap", "excluded", "covered-uncounted")
        }
        assert (len(parts["numerator"]), len(parts["denominator"])) == (rate.numerator, rate.denominator)
        assert (len(parts["gap"]), len(parts["excluded"])) == (rate.gap, rate.excluded)
        assert len(parts["covered-uncounted"]) == rate.covered_uncounted
        assert parts["numerator"] | parts["gap"] == parts["denominator"]
        assert not parts["numerator"] & parts["gap"]
        assert not parts["denominator"] & parts["excluded"]
        assert parts["covered-uncounted"] <= parts["excluded"]
        with pytest.raises(KeyError):
            indicator.part(enterprises, on, "whatever")


def test_the_whole_definition_is_written_out() -> None:
    assert set(CODES) == set(EXPECTED)
    for indicator in INDICATORS.values():
        assert isinstance(indicator.denominator, Q)
        for text in (indicator.numerator_text, indicator.denominator_text, indicator.source, indicator.owner):
            assert text
