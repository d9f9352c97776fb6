"""Indicators over organizations, meetings, members and secretaries: SQL equals plain Python, lists equal counts.

The recomputation is written from the published definitions and shares nothing with ``metrics``.
"""

import datetime as dt
import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Q
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given, settings, strategies as st
from lxml import html

from activities.models import Activity, ActivityKind
from metrics.indicators import (
    COMPOSITIONS,
    EVERY_GROUP,
    INDICATORS,
    PARTS,
    Definition,
    Rate,
    composed,
    rates,
)
from metrics.indicators.members import BANDS, years_before
from metrics.indicators.organizations import STATES
from metrics.states import last, running
from orgs.models import (
    Affiliation,
    Education,
    Election,
    Enterprise,
    JobCategory,
    Member,
    Office,
    PartyOrganization,
    SecretaryBackground,
    WorkCoverage,
)
from tests.factories import (
    appoint,
    cover,
    day,
    elect,
    make_enterprise,
    make_member,
    make_organization,
    make_park,
    meet,
    staff_with_members,
)
from tests.test_coverage_property import FIRST, LENGTH, PLAIN, History, random_history, store, within

pytestmark = pytest.mark.django_db

COUNTS = Path(__file__).with_name("query_counts.json")
OTHERS = [code for code, one in INDICATORS.items() if one.subject.model is not Enterprise]
FIELDS = ("numerator", "denominator", "gap", "excluded")


# Histories


def told(number: int, size: int, rng: random.Random) -> History:
    """A random history of the coverage test with what the other indicators ask besides."""
    history = random_history(number, size, rng)
    for member in history.members:
        ages = [
            None,
            *(years_before(FIRST, years) + dt.timedelta(days=rng.randint(-2, 6)) for years in (36, 46, 55, 61)),
        ]
        member.birth_on = rng.choice(ages)
        member.education = rng.choice(["", *Education.values])
        member.job_category = rng.choice(["", *JobCategory.values])
        if rng.random() < 0.2:
            member.admitted_on, member.full_on, member.left_on, member.left_reason = None, None, None, ""
            member.suspended_on = member.reinstated_on = None
            member.applied_on = FIRST - dt.timedelta(days=5)
            member.activist_on = rng.choice([None, FIRST + dt.timedelta(days=4)])
            member.candidate_on = rng.choice([None, FIRST + dt.timedelta(days=8)])
    for office in history.offices:
        office.background = rng.choice(["", *SecretaryBackground.values]) if office.post == "secretary" else ""
    crowded = [one for one in history.organizations if one.kind in {"branch", "joint_branch"}][:1]
    for organization in crowded:  # seven full members, or six, make a committee or not
        for index in range(rng.choice([6, 7, 8])):
            member = Member(
                park=history.park, name=f"多{index}", full_on=dt.date(2020, 7, 1), admitted_on=dt.date(2019, 7, 1)
            )
            history.members.append(member)
            history.affiliations.append(
                Affiliation(member=member, organization=organization, kind="formal", since=dt.date(2024, 3, 1))
            )
    for organization in history.organizations:
        for kind in ("committee_meeting", "org_life_meeting", "appraisal"):
            for on in (dt.date(2024, 12, 31), dt.date(2025, 1, 1), dt.date(2025, 12, 31), dt.date(2026, 2, 28),
                       dt.date(2026, 3, 1), dt.date(2026, 3, 31), dt.date(2026, 4, 1)):  # fmt: skip
                if rng.random() < 0.25:
                    history.activities.append(
                        Activity(organization=organization, kind=kind, held_on=on, due=3, present=3)
                    )
        if rng.random() < 0.5:  # the next term, in time or not
            held = FIRST + dt.timedelta(days=rng.choice([-40, 0, 3, 8]))
            history.elections.append(
                Election(organization=organization, held_on=held, term_years=3, expires_on=dt.date(2029, 4, 1))
            )
        if rng.random() < 0.2:  # nothing at all reported
            history.activities = [one for one in history.activities if one.organization is not organization]
    return history


# The recomputation: for each code the rows of the denominator and of the numerator, for compositions of each group


Sets = dict[str, tuple[set[int], set[int]]]


def month_shift(first: dt.date, months: int) -> dt.date:
    number = first.year * 12 + first.month - 1 + months
    return dt.date(number // 12, number % 12 + 1, 1)


SPANS = {"month": 1, "quarter": 3, "year": 12}
OWED = {
    "member_meeting": "quarter",
    "committee_meeting": "month",
    "theme_day": "month",
    "org_life_meeting": "year",
    "appraisal": "year",
}


def period_of(span: str, on: dt.date, back: int) -> tuple[dt.date, dt.date]:
    months = SPANS[span]
    first = dt.date(on.year, (on.month - 1) // months * months + 1, 1)
    return month_shift(first, -back * months), month_shift(first, (1 - back) * months)


def organizations(history: History, on: dt.date) -> tuple[Sets, dict[str, dict[str, set[int]]], Counter[str]]:
    found: Sets = {}
    groups: dict[str, dict[str, set[int]]] = {}
    silent: Counter[str] = Counter()

    def count(code: str, pk: int, inside: bool, up: bool) -> None:
        below, above = found.setdefault(code, (set(), set()))
        if inside:
            below.add(pk)
            if up:
                above.add(pk)

    def group(code: str, key: str, pk: int) -> None:
        groups.setdefault(code, {}).setdefault(key, set()).add(pk)

    for one in history.organizations:
        if not within(one.founded_on, one.dissolved_on, on):
            continue
        elected = one.kind in {"party_committee", "comprehensive_committee", "general_branch", "branch", "joint_branch"}
        branch, joint = one.kind in {"branch", "joint_branch"}, one.kind == "joint_branch"
        count("organizations_n", one.pk, True, True)
        count("branches_n", one.pk, True, branch)
        count("joint_branches_n", one.pk, joint, True)
        group("organizations_by_kind", one.kind, one.pk)
        units = {
            row.enterprise.pk
            for row in history.coverages
            if row.organization is one and counts(history, row, on) and operates(history, row.enterprise, on)
        }
        count("joint_within_limit", one.pk, joint, len(units) <= 5)
        headed = any(
            row.organization is one and row.post == "secretary" and within(row.since, row.until, on)
            for row in history.offices
        )
        count("headed_rate", one.pk, elected, headed)
        terms = sorted(
            (row.held_on, row.extended_to or row.expires_on)
            for row in history.elections
            if row.organization is one and row.held_on <= on
        )
        new_year = dt.date(on.year, 1, 1)
        due = [
            place
            for place, (_, end) in enumerate(terms)
            if new_year <= end <= on and not any(held < new_year for held, _ in terms[place + 1 :])
        ]
        missed = any(place == len(terms) - 1 for place in due)
        count("reelection_rate", one.pk, elected and bool(due), not missed)
        if elected:
            if not terms:
                state = "unknown"
            elif terms[-1][1] <= on:
                state = "expired"
            else:
                state = "soon" if (terms[-1][1] - on).days <= 183 else "running"
            group("terms_now", state, one.pk)
        held = [(row.kind, row.held_on) for row in history.activities if row.organization is one]
        full = sum(
            1
            for member in history.members
            if standing(member, on) == "full"
            and any(
                row.member is member
                and row.organization is one
                and row.kind == "formal"
                and within(row.since, row.until, on)
                for row in history.affiliations
            )
        )
        for code, span in OWED.items():
            owes = branch and (code != "committee_meeting" or full >= 7)
            first, end = period_of(span, on, 1)
            done = any(kind == code and first <= at < end for kind, at in held)
            quiet = not any(period_of(span, on, 3)[0] <= at < end for _, at in held)
            owed = owes and one.founded_on < first
            count(f"{code}_rate", one.pk, owed, done)
            silent[f"{code}_rate"] += owed and not done and quiet
            if owed:
                group(f"{code}_last", "done" if done else "unreported" if quiet else "overdue", one.pk)
            first, end = period_of(span, on, 0)
            if owes and one.founded_on < first:
                now = any(kind == code and first <= at <= on for kind, at in held)
                group(f"{code}_now", "done" if now else "not-due", one.pk)
        first, end = period_of("quarter", on, 1)
        months = [month_shift(first, place) for place in range(3)]
        themed = all(
            any(kind == "theme_day" and (at.year, at.month) == (month.year, month.month) for kind, at in held)
            for month in months
        )
        whole = themed and any(kind == "member_meeting" and first <= at < end for kind, at in held)
        count("life_rate", one.pk, branch and one.founded_on < first, whole)
        quiet = not any(month_shift(first, -6) <= at < end for _, at in held)
        silent["life_rate"] += branch and one.founded_on < first and not whole and quiet
    return found, groups, silent


def counts(history: History, row: Any, on: dt.date) -> bool:
    """That a relation of an organization in being counts as 组织覆盖."""
    park = history.park
    never = {"project_temp"} | {
        way
        for way, counted in (
            ("attached", park.count_attached),
            ("dispatched", park.count_dispatched),
            ("grid", park.count_grid),
        )
        if not counted
    }
    kinds = {"party_committee", "comprehensive_committee", "general_branch", "branch", "joint_branch"}
    return (
        within(row.since, row.until, on)
        and row.way not in never
        and row.organization.kind in kinds
        and within(row.organization.founded_on, row.organization.dissolved_on, on)
    )


def operates(history: History, enterprise: Enterprise, on: dt.date) -> bool:
    return (
        enterprise.kind in {"private", "hmt", "foreign", "mixed", "individual"}
        and within(enterprise.settled_on, enterprise.left_on, on)
        and any(
            row.enterprise is enterprise and row.state == "operating" and within(row.since, row.until, on)
            for row in history.states
        )
    )


def standing(member: Member, on: dt.date) -> str:
    """Where a person known on the day stands; "" of one who is not yet known or gone."""
    if member.left_on is not None and member.left_on <= on:
        return ""
    if member.full_on is not None and member.full_on <= on:
        away = member.suspended_on is not None and within(member.suspended_on, member.reinstated_on, on)
        return "suspended" if away else "full"
    steps = (("admitted_on", "probationary"), ("candidate_on", "candidate"), ("activist_on", "activist"))
    for name, stage in (*steps, ("applied_on", "applicant")):
        if getattr(member, name) is not None and getattr(member, name) <= on:
            return stage
    return ""


def band(birth: dt.date | None, on: dt.date) -> str:
    if birth is None:
        return "none"
    age = on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))
    return "under_36" if age <= 35 else "36" if age <= 45 else "46" if age <= 54 else "55" if age <= 60 else "61"


def persons(history: History, on: dt.date) -> tuple[Sets, dict[str, dict[str, set[int]]]]:
    found: Sets = {}
    groups: dict[str, dict[str, set[int]]] = {}

    def count(code: str, pk: int, inside: bool, up: bool) -> None:
        below, above = found.setdefault(code, (set(), set()))
        if inside:
            below.add(pk)
            if up:
                above.add(pk)

    def group(code: str, key: str, pk: int) -> None:
        groups.setdefault(code, {}).setdefault(key or "none", set()).add(pk)

    for one in history.members:
        stage = standing(one, on)
        if not stage:
            continue
        party = stage in {"full", "probationary"}
        works = party and any(
            row.member is one
            and within(row.since, row.until, on)
            and row.enterprise.kind in {"private", "hmt", "foreign", "mixed", "individual"}
            and within(row.enterprise.settled_on, row.enterprise.left_on, on)
            for row in history.employments
        )
        moved = any(
            row.member is one
            and row.kind == "formal"
            and within(row.since, row.until, on)
            and within(row.organization.founded_on, row.organization.dissolved_on, on)
            for row in history.affiliations
        )
        count("members_n", one.pk, party, True)
        count("full_members_n", one.pk, party, stage == "full")
        count("probationary_members_n", one.pk, party, stage == "probationary")
        count("transfer_rate", one.pk, works, moved)
        count(
            "middle_rate",
            one.pk,
            works and one.job_category != "",
            one.job_category in {"investor", "senior", "middle"},
        )
        group("members_by_stage", stage, one.pk)
        if party:
            group("member_age", band(one.birth_on, on), one.pk)
            group("member_education", one.education, one.pk)
        if works:
            group("member_job", one.job_category, one.pk)
    for row in history.offices:
        in_being = within(row.organization.founded_on, row.organization.dissolved_on, on)
        if row.post == "secretary" and within(row.since, row.until, on) and in_being:
            group("secretary_background", row.background, row.pk)
            group("secretary_age", band(row.member.birth_on, on), row.pk)
            group("secretary_education", row.member.education, row.pk)
    for work in history.works:
        if within(work.since, work.until, on):
            count("instructors_n", work.pk, work.kind == "instructor", True)
    return found, groups


WAYS = ["solo", "restructured", "joint", "regional", "industry", "chain", "leading_firm", "building", "village_firm"]
WAYS += ["relying", "attached", "dispatched", "grid", "project_temp"]


def first_ways(history: History, on: dt.date) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for enterprise in history.enterprises:
        ways = [row.way for row in history.coverages if row.enterprise is enterprise and counts(history, row, on)]
        if ways and operates(history, enterprise, on):
            found.setdefault(min(ways, key=WAYS.index), set()).add(enterprise.pk)
    return found


# The comparison


def compare(history: History, on: dt.date, named: str) -> Counter[str]:
    met: Counter[str] = Counter()
    with transaction.atomic():
        store(history)
        sets, groups, silent = organizations(history, on)
        more, other_groups = persons(history, on)
        sets |= more
        groups |= other_groups | {"ways": first_ways(history, on)}
        for model in (PartyOrganization, Member, WorkCoverage):
            for code, rate in rates(model.objects.all(), on).items():
                below, above = sets.get(code, (set(), set()))
                assert (rate.numerator, rate.denominator) == (len(above), len(below)), (code, on)
                assert rate.unreported == silent[code], (code, on)
                assert rate.unreported <= rate.gap
                met.update({code: len(below), f"{code} up": len(above), f"{code} silent": silent[code]})
        for code, shares in all_composed(on).items():
            expected = {key: len(keys) for key, keys in groups.get(code, {}).items()}
            assert {share.group.key: share.count for share in shares if share.count} == expected, (code, on)
            assert shares[0].whole == sum(expected.values())
            met.update({f"{code} {key}": count for key, count in expected.items()})
        compare_names(sets, groups, on, named)
        transaction.set_rollback(True)
    return met


def all_composed(on: dt.date) -> dict[str, Any]:
    """Every composition, those of one subject together."""
    found: dict[str, Any] = {}
    for subject in {id(one.subject): one.subject for one in COMPOSITIONS.values()}.values():
        several = [one for one in COMPOSITIONS.values() if one.subject is subject]
        found |= composed(subject.model.objects.all(), on, several)
    return found


def compare_names(sets: Sets, groups: dict[str, dict[str, set[int]]], on: dt.date, named: str) -> None:
    if named in COMPOSITIONS:
        composition = COMPOSITIONS[named]
        whole = composition.part(composition.subject.model.objects.all(), on, EVERY_GROUP)
        keys = groups.get(named, {})
        assert set(whole.values_list("pk", flat=True)) == {pk for several in keys.values() for pk in several}
        for share in composition.groups:
            rows = composition.part(composition.subject.model.objects.all(), on, share.key)
            assert set(rows.values_list("pk", flat=True)) == keys.get(share.key, set())
        return
    one = INDICATORS[named]
    below, above = sets.get(named, (set(), set()))
    everything = one.subject.model.objects.all()
    keys = {part: set(one.part(everything, on, part).values_list("pk", flat=True)) for part in PARTS}
    assert (keys["numerator"], keys["denominator"], keys["gap"]) == (above, below, below - above)
    for row in one.part(everything, on, "excluded"):
        assert one.why_excluded(row), (named, row)
    for row in one.part(everything, on, "denominator"):
        assert one.why_excluded(row) == "", (named, row)


CODES = sorted([*OTHERS, *COMPOSITIONS])


@settings(PLAIN, max_examples=10, derandomize=True)
@given(size=st.integers(1, 5), seed=st.integers(0, 2**32), on=st.integers(-1, LENGTH + 2), named=st.sampled_from(CODES))
def test_random_histories(size: int, seed: int, on: int, named: str) -> None:
    compare(told(1, size, random.Random(seed)), FIRST + dt.timedelta(days=on), named)


@pytest.mark.soak
@settings(PLAIN, max_examples=1000)
@given(size=st.integers(1, 5), seed=st.integers(0, 2**32), on=st.integers(-1, LENGTH + 2), named=st.sampled_from(CODES))
def test_a_thousand_random_histories(size: int, seed: int, on: int, named: str) -> None:
    compare(told(1, size, random.Random(seed)), FIRST + dt.timedelta(days=on), named)


@pytest.mark.crawl
@pytest.mark.soak
def test_the_histories_reach_every_indicator_and_every_state() -> None:
    met: Counter[str] = Counter()
    rng = random.Random(20261121)
    for number in range(90):
        met += compare(told(number, 5, rng), FIRST + dt.timedelta(days=rng.randint(0, LENGTH)), OTHERS[0])
    wanted = {*OTHERS, *(f"{code} up" for code in OTHERS), "theme_day_rate silent", "life_rate silent"}
    wanted |= {f"{pair[0].code} {key}" for pair in STATES.values() for key in ("done", "overdue", "unreported")}
    wanted |= {f"{pair[1].code} {key}" for pair in STATES.values() for key in ("done", "not-due")}
    wanted |= {f"terms_now {key}" for key in ("running", "soon", "expired", "unknown")}
    assert sorted(name for name in wanted if not met[name]) == []


# Worked cases


def one_branch(kind: str = "branch", **given: Any) -> PartyOrganization:
    return make_organization(make_park(), kind=kind, **given)


def states(organization: PartyOrganization, text: str, key: str) -> tuple[str, str]:
    """The states of one meeting of one branch: of the period over, and of the running one; "" where none is owed."""
    only = PartyOrganization.objects.filter(pk=organization.pk)
    found = []
    for one in STATES[key]:
        shares = composed(only, day(text), [one])[one.code]
        found.append(next((share.group.label for share in shares if share.count), ""))
    return found[0], found[1]


def test_a_meeting_is_not_due_while_its_period_runs_and_overdue_after_it() -> None:
    branch = one_branch()
    meet(branch, day("2026-05-20"), ActivityKind.TALK)
    assert states(branch, "2026-09-30", "member_meeting") == ("逾期", "未到期")
    meet(branch, day("2026-09-30"))
    assert states(branch, "2026-09-29", "member_meeting")[1] == "未到期"  # not before it was held
    assert states(branch, "2026-09-30", "member_meeting") == ("逾期", "已完成")
    assert states(branch, "2026-10-01", "member_meeting") == ("已完成", "未到期")


def test_nothing_recorded_in_three_periods_is_unreported_not_overdue() -> None:
    branch = one_branch()
    assert states(branch, "2026-11-20", "theme_day") == ("未报告", "未到期")
    meet(branch, day("2026-08-01"), ActivityKind.TALK)
    assert states(branch, "2026-11-20", "theme_day")[0] == "逾期"
    assert states(branch, "2026-12-01", "theme_day")[0] == "未报告"


def test_a_rate_that_depends_on_the_unreported_is_a_range() -> None:
    park = make_park()
    done, late, _ = (make_organization(park) for _ in range(3))
    meet(done, day("2026-10-10"), ActivityKind.THEME_DAY)
    meet(late, day("2026-10-10"), ActivityKind.TALK)
    rate = rates(PartyOrganization.objects.in_park(park), day("2026-11-20"))["theme_day_rate"]
    assert (rate.numerator, rate.denominator, rate.unreported) == (1, 3, 1)
    assert rate.span == "33.3%～66.7%"
    assert rate.text == "33.3%～66.7%（1/3，上个月口径，截至2026-11-20）"
    nothing = rates(PartyOrganization.objects.in_park(make_park()), day("2026-11-20"))["theme_day_rate"]
    assert nothing.span == "—"


@pytest.mark.parametrize(("founded", "owed"), [("2026-09-30", True), ("2026-10-01", False), ("2026-10-20", False)])
def test_a_branch_is_not_judged_for_the_period_in_which_it_was_founded(founded: str, owed: bool) -> None:
    branch = one_branch(founded_on=day(founded))
    assert bool(states(branch, "2026-11-20", "theme_day")[0]) is owed
    assert states(branch, "2026-11-20", "theme_day")[1] == "未到期"


@pytest.mark.parametrize("kind", ["temp_branch", "general_branch", "party_committee", "group"])
def test_others_than_branches_owe_nothing(kind: str) -> None:
    assert states(one_branch(kind), "2026-11-20", "theme_day") == ("", "")


def test_six_full_members_owe_no_committee_meeting_and_seven_do() -> None:
    branch = one_branch()
    from tests.factories import affiliate

    for _ in range(6):
        affiliate(make_member(branch.park), branch)
    assert states(branch, "2026-11-20", "committee_meeting") == ("", "")
    affiliate(make_member(branch.park), branch)
    assert states(branch, "2026-11-20", "committee_meeting") == ("未报告", "未到期")


def test_a_term_that_ended_this_year_is_due_until_the_next_election() -> None:
    branch = one_branch(founded_on=day("2020-11-08"))
    elect(branch, day("2023-11-08"))
    only = PartyOrganization.objects.filter(pk=branch.pk)

    def at(text: str) -> tuple[int, int]:
        rate = rates(only, day(text))["reelection_rate"]
        return rate.numerator, rate.denominator

    assert [at(text) for text in ("2026-11-07", "2026-11-08", "2026-12-31", "2027-01-01")] == [
        (0, 0),
        (0, 1),
        (0, 1),
        (0, 0),
    ]
    elect(branch, day("2026-11-20"))
    assert [at(text) for text in ("2026-11-19", "2026-11-20")] == [(0, 1), (1, 1)]


def test_an_enterprise_with_two_ways_counts_in_the_first() -> None:
    park = make_park()
    enterprise = make_enterprise(park)
    cover(make_organization(park, kind="joint_branch"), enterprise, "joint")
    cover(make_organization(park), enterprise, "solo")
    shares = composed(Enterprise.objects.all(), day("2026-11-20"), [COMPOSITIONS["ways"]])["ways"]
    assert {share.group.label: share.count for share in shares if share.count} == {"单独组建": 1}


def test_a_joint_branch_of_six_enterprises_is_over_the_limit() -> None:
    park = make_park()
    joint = make_organization(park, kind="joint_branch")
    for _ in range(5):
        cover(joint, make_enterprise(park), "joint")
    cover(joint, make_enterprise(park, state="suspended"), "joint")
    rows = PartyOrganization.objects.in_park(park)
    assert rates(rows, day("2026-11-20"))["joint_within_limit"].numerator == 1
    cover(joint, make_enterprise(park), "joint")
    assert rates(rows, day("2026-11-20"))["joint_within_limit"].gap == 1


def test_how_many_enterprises_come_to_one_joint_branch(
    world: Any, officer: Any, sign_in: Callable[[Any], Client]
) -> None:
    """R11 of the definitions: enterprises of joint branches by joint branches; those outside N_real do not count."""
    park = world.jia.park
    other = make_organization(park, kind="joint_branch")
    for _ in range(4):
        cover(other, make_enterprise(park), "joint")
    cover(other, make_enterprise(park, state="suspended"), "joint")
    client = sign_in(officer)
    page = client.get("/indicators/", {"day": "2026-11-20"})
    (one,) = page.context["averages"]
    assert (one.above.number, one.below.number, one.mean.text) == (5, 2, "2.5家")
    assert "2.5家" in page.content.decode()
    for count in (one.above, one.below):
        assert client.get(count.url).context["page_obj"].paginator.count == count.number
    (before,) = client.get("/indicators/", {"day": "2023-06-30"}).context["averages"]
    assert before.mean.value is None
    assert before.mean.text == "—"
    assert "联合支部平均覆盖单位数（实体运营口径）" in client.get("/definitions/").content.decode()


def test_three_members_in_a_joint_branch_ought_to_have_their_own() -> None:
    park = make_park()
    joint = make_organization(park, kind="joint_branch")
    few, enough = (make_enterprise(park) for _ in range(2))
    for enterprise in (few, enough):
        cover(joint, enterprise, "joint")
    staff_with_members(few, 2)
    staff_with_members(enough, 3)
    rate = rates(Enterprise.objects.in_park(park), day("2026-11-20"))["solo_due"]
    assert (rate.short, rate.denominator) == ("1家", 2)


@pytest.mark.parametrize("on", ["2024-02-29", "2023-02-28", "2026-03-01"])
def test_ages_across_leap_days(on: str) -> None:
    park = make_park()
    branch = make_organization(park, founded_on=day("2020-01-01"))
    births = [
        day(text) for text in ("1988-02-28", "1988-02-29", "1988-03-01", "1987-02-28", "1989-02-28", "1989-03-01")
    ]
    for birth in births:
        appoint(make_member(park, birth_on=birth), branch, since=day("2020-01-01"))
    shares = composed(Office.objects.all(), day(on), [COMPOSITIONS["secretary_age"]])["secretary_age"]
    expected = Counter(band(birth, day(on)) for birth in births)
    assert {share.group.key: share.count for share in shares if share.count} == dict(expected)
    assert len(BANDS) == 5


def test_periods_are_calendar_periods() -> None:
    assert last("quarter", day("2026-11-20")) == (day("2026-07-01"), day("2026-10-01"))
    assert last("month", day("2026-01-31")) == (day("2025-12-01"), day("2026-01-01"))
    assert last("year", day("2026-01-01")) == (day("2025-01-01"), day("2026-01-01"))
    assert running("quarter", day("2026-12-31")) == (day("2026-10-01"), day("2027-01-01"))


# Versions


def test_an_earlier_definition_counts_its_own_days() -> None:
    """Until 2026-07-01 only branches with a secretary in office counted as organizations."""
    park = make_park()
    headed, _ = (make_organization(park) for _ in range(2))
    appoint(make_member(park), headed)
    now = INDICATORS["headed_rate"]
    old = Definition(day("2026-07-01"), now.population, Q(pk__isnull=False), "其中全部党组织", "旧文件", "旧口径")
    versioned = replace(now, earlier=(old,))
    rows = PartyOrganization.objects.in_park(park)
    counts = {
        text: [versioned.part(rows, day(text), part).count() for part in FIELDS]
        for text in ("2026-06-30", "2026-07-01")
    }
    assert counts == {"2026-06-30": [2, 2, 0, 0], "2026-07-01": [1, 2, 1, 0]}
    assert versioned.on(day("2026-06-30")).basis == "旧口径"
    assert versioned.on(day("2026-07-01")) is versioned
    assert versioned.breaks(day("2026-06-30"), day("2026-07-31")) == [day("2026-07-01")]
    assert versioned.breaks(day("2026-07-01"), day("2026-07-31")) == []
    assert versioned.breaks(day("2026-01-31"), day("2026-06-30")) == []


def test_rates_count_by_the_definition_of_the_day(monkeypatch: pytest.MonkeyPatch) -> None:
    from metrics.indicators import counting

    park = make_park()
    headed, _ = (make_organization(park) for _ in range(2))
    appoint(make_member(park), headed)
    now = INDICATORS["headed_rate"]
    old = Definition(day("2026-07-01"), now.population, Q(pk__isnull=False), "其中全部党组织", "旧文件", "旧口径")
    monkeypatch.setattr(counting, "INDICATORS", {**INDICATORS, "headed_rate": replace(now, earlier=(old,))})
    rows = PartyOrganization.objects.in_park(park)
    texts = [rates(rows, day(text), ["headed_rate"])["headed_rate"].text for text in ("2026-06-30", "2026-07-01")]
    assert texts == ["100.0%（2/2，旧口径，截至2026-06-30）", "50.0%（1/2，应换届党组织口径，截至2026-07-01）"]


def test_every_declaration_is_whole() -> None:
    assert not INDICATORS.keys() & COMPOSITIONS.keys()
    for figure in (*INDICATORS.values(), *COMPOSITIONS.values()):
        for text in (figure.name, figure.purpose, figure.family, figure.source, figure.owner, figure.population.text):
            assert text, figure.code
        assert figure.next_review > figure.effective_from
    for composition in COMPOSITIONS.values():
        keys = [group.key for group in composition.groups]
        assert len(keys) == len(set(keys))
        assert EVERY_GROUP not in keys


# The page 指标一览


def shown(client: Client, **query: str) -> Any:
    response = client.get(reverse("indicators"), query)
    assert response.status_code == 200
    return response


def links_of(response: Any) -> dict[str, str]:
    """Every link that carries a figure to a list, with the number it stands on."""
    page = html.fromstring(response.content.decode())
    found = {}
    for link in page.xpath("//main//a[contains(@href, 'indicator=')]"):
        number = "".join(sign for sign in link.text_content() if sign.isdigit())
        found[link.get("href")] = number
    return found


@pytest.mark.crawl
def test_every_number_of_the_page_opens_a_list_of_that_length(
    world: Any, leader: Any, sign_in: Callable[[Any], Client]
) -> None:
    client = sign_in(leader)
    links = links_of(shown(client, day="2026-10-31"))
    assert len(links) > 4 * len(INDICATORS)
    for url, number in list(links.items())[:: len(links) // 90]:
        page = client.get(url)
        assert page.status_code == 200, url
        assert page.context["page_obj"].paginator.count == int(number), url


def test_a_superior_counts_persons_but_gets_no_list_of_them(
    world: Any, superior: Any, sign_in: Callable[[Any], Client]
) -> None:
    client = sign_in(superior)
    response = shown(client, day="2026-10-31")
    slugs = {url.split("/")[2] for url in links_of(response)}
    assert slugs == {"enterprises", "organizations", "work-coverages"}
    members = {line.rate.indicator.code: line for family in response.context["families"] for line in family.lines}
    expected = rates(Member.objects.in_park(world.jia.park), day("2026-10-31"))
    assert members["members_n"].rate.numerator == expected["members_n"].numerator > 0
    assert "名单由园区掌握" in response.content.decode()
    assert client.get("/ledgers/members/?indicator=members_n&part=numerator").status_code == 404


def test_the_day_and_the_park_of_the_page(world: Any, administrator: Any, sign_in: Callable[[Any], Client]) -> None:
    client = sign_in(administrator)
    both, one = shown(client), shown(client, park="jia")

    def organizations_n(response: Any) -> int:
        lines = [line for family in response.context["families"] for line in family.lines]
        return next(line.rate.numerator for line in lines if line.rate.indicator.code == "organizations_n")

    assert organizations_n(both) == 2 * organizations_n(one) == 6
    assert organizations_n(shown(client, day="2020-01-01")) == 0
    assert client.get(reverse("indicators"), {"day": "2026-02-30"}).status_code == 400
    assert client.get(reverse("indicators"), {"park": "nowhere"}).status_code == 404
    assert both.context["place"] == "可查看的全部园区"


def test_who_sees_one_park_reads_its_name(world: Any, leader: Any, sign_in: Callable[[Any], Client]) -> None:
    assert sign_in(leader).get(reverse("indicators")).context["place"] == world.jia.park.name


def test_a_figure_of_another_ledger_is_said_so(world: Any, leader: Any, sign_in: Callable[[Any], Client]) -> None:
    page = sign_in(leader).get("/ledgers/enterprises/", {"indicator": "headed_rate", "part": "gap"})
    assert page.status_code == 400
    assert "请从指标一览重新进入" in page.content.decode()
    page = sign_in(leader).get("/ledgers/members/", {"indicator": "member_age", "part": "99"})
    assert page.status_code == 400
    assert "35岁及以下" in page.content.decode()


@pytest.mark.crawl
def test_the_page_needs_the_same_queries_whatever_it_counts(
    world: Any, leader: Any, sign_in: Callable[[Any], Client]
) -> None:
    """The number itself is reviewed in query_counts.json."""
    client = sign_in(leader)
    make_enterprise(world.jia.park)  # from the first write on the month summary says the rates of enterprises
    counted = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            shown(client, park="jia")
        counted.append(len(queries))
        for number in range(12):
            branch = make_organization(world.jia.park, f"新支部{number}{len(counted)}")
            cover(branch, make_enterprise(world.jia.park))
            appoint(make_member(world.jia.park), branch)
    reviewed = json.loads(COUNTS.read_text(encoding="utf-8"))["indicators"]
    assert counted == [reviewed, reviewed]


def test_a_count_is_an_integer_and_an_unknown_rate_a_dash() -> None:
    assert Rate(INDICATORS["members_n"], day("2026-10-31"), 1234, 1500).span == "1,234名"
    assert Rate(INDICATORS["transfer_rate"], day("2026-10-31"), 0, 0).span == "—"
