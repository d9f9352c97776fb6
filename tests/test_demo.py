"""The only place that tests the demo park: the same everywhere, valid throughout, believable, and written once."""

import datetime as dt
import os
import subprocess
import sys
from collections import Counter, defaultdict
from io import StringIO
from itertools import pairwise
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management import call_command
from stdnum.cn import uscc

from activities.models import Activity, ActivityKind, AttendanceStatus
from metrics.coverage import formation_status, on_day, why_not_operating
from metrics.indicators import HEADLINES, INDICATORS, PARTS, month_ends, rates, trend
from orgs.models import (
    AffiliationKind,
    Change,
    Enterprise,
    Member,
    OrganizationKind,
    Park,
    PartyOrganization,
    Post,
    Stage,
)
from orgs.periods import contains, overlap
from portal.demo.generator import build
from portal.demo.scene import DAY, LAST, SLUG, Scene
from tests.factories import again

pytestmark = pytest.mark.crawl


@pytest.fixture(scope="module")
def scene() -> Scene:
    return build()


@pytest.fixture
def park(db: None) -> Park:
    return again(demo_park)


def demo_park() -> Park:
    call_command("demo", verbosity=0)
    return Park.objects.get(slug=SLUG)


def by(rows: list[Any], name: str) -> dict[int, list[Any]]:
    """The rows by the identity of what they point at: unsaved rows have no key."""
    grouped = defaultdict(list)
    for row in rows:
        grouped[id(getattr(row, name))].append(row)
    return grouped


def overlaps(rows: list[Any]) -> bool:
    ordered = sorted(rows, key=lambda row: row.since)
    return any(overlap(a.since, a.until, b.since, b.until) for a, b in pairwise(ordered))


# The same park everywhere


def test_two_generations_are_identical(scene: Scene) -> None:
    assert build().digest() == scene.digest()


def test_another_seed_tells_another_story(scene: Scene) -> None:
    assert build(seed=1).digest() != scene.digest()


def test_the_order_of_hashes_does_not_matter(scene: Scene) -> None:
    code = "import django; django.setup(); from portal.demo.generator import build; print(build().digest())"
    told = subprocess.run(
        [sys.executable, "-c", code],
        cwd=settings.BASE_DIR,
        env={**os.environ, "PYTHONHASHSEED": "7", "DJANGO_SETTINGS_MODULE": "portal.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == scene.digest()


# Nobody and nothing in it exists


def test_it_is_marked_as_a_demo_of_a_region_that_does_not_exist(scene: Scene) -> None:
    assert scene.park.is_demo
    assert scene.park.is_public
    assert scene.park.region_code == "990101"
    assert "虚构" in scene.park.region_name
    assert all("虚构" in one.note for one in scene.statements)
    assert [one.title for one in scene.sources] == ["演示数据"]


def test_credit_codes_are_well_formed_and_of_no_region(scene: Scene) -> None:
    codes = [one.uscc for one in scene.enterprises]
    assert len(set(codes)) == len(codes)
    assert all(uscc.is_valid(code) and code[2:8] == "000000" for code in codes)


def test_telephones_are_no_telephones_and_names_are_drawn_once(scene: Scene) -> None:
    phones = [one.phone for one in (*scene.enterprises, *scene.members, *scene.works) if one.phone]
    assert all(phone.startswith("1000000") and len(phone) == 11 for phone in phones)
    names = [one.name for one in scene.members]
    assert len(set(names)) == len(names)
    assert len({one.name for one in scene.enterprises}) == len(scene.enterprises)


# Sizes


def test_sizes(scene: Scene) -> None:
    assert 110 <= len(scene.enterprises) <= 130
    assert 38 <= sum(contains(one.founded_on, one.dissolved_on, DAY) for one in scene.organizations) <= 45
    assert 560 <= len(scene.members) <= 640
    assert 1500 <= len(scene.activities) <= 2600
    assert {one.kind for one in scene.organizations} >= {
        OrganizationKind.WORKING_COMMITTEE,
        OrganizationKind.COMPREHENSIVE_COMMITTEE,
        OrganizationKind.PARTY_COMMITTEE,
        OrganizationKind.GENERAL_BRANCH,
        OrganizationKind.BRANCH,
        OrganizationKind.JOINT_BRANCH,
        OrganizationKind.TEMP_BRANCH,
        OrganizationKind.GROUP,
    }


def test_members_stand_at_every_stage(scene: Scene) -> None:
    stages = Counter(one.stage_on(DAY) for one in scene.members)
    assert all(stages[stage] >= 8 for stage in Stage)
    assert sum(one.is_suspended_on(DAY) for one in scene.members) == 1
    assert len({one.left_reason for one in scene.members}) >= 6


# What the database would not notice


def test_nobody_works_before_adulthood_or_before_the_firm_came(scene: Scene) -> None:
    for job in scene.employments:
        assert job.since >= job.enterprise.settled_on
        assert job.since.year - job.member.birth_on.year >= 18


def test_no_two_states_superiors_jobs_or_formal_affiliations_on_one_day(scene: Scene) -> None:
    formal = [one for one in scene.affiliations if one.kind == AffiliationKind.FORMAL]
    for rows in (
        *by(scene.states, "enterprise").values(),
        *by(scene.subordinations, "organization").values(),
        *by(scene.employments, "member").values(),
        *by(formal, "member").values(),
    ):
        assert not overlaps(rows)


def test_everything_points_at_the_park(scene: Scene) -> None:
    for rows in (scene.enterprises, scene.organizations, scene.members, scene.statements, scene.sources):
        assert all(row.park is scene.park for row in rows)


def test_only_members_are_affiliated_and_organizations_hold_them_while_in_being(scene: Scene) -> None:
    for one in scene.affiliations:
        assert one.member.admitted_on is not None
        assert one.since >= one.member.admitted_on
        assert one.since >= one.organization.founded_on
        if one.organization.dissolved_on:
            assert one.until is not None
            assert one.until <= one.organization.dissolved_on


def test_whoever_is_elected_is_a_full_member(scene: Scene) -> None:
    assert all(one.member.is_full_on(one.since) for one in scene.offices)
    assert all(bool(one.background) == (one.post == Post.SECRETARY) for one in scene.offices)
    for rows in by([one for one in scene.offices if one.post == Post.SECRETARY], "organization").values():
        assert not overlaps(rows)


def test_terms_run_out_are_extended_and_end_soon(scene: Scene) -> None:
    """One has expired without an election, one is extended, some expire within half a year."""
    last = {id(one.organization): one for one in sorted(scene.elections, key=lambda one: one.held_on)}
    in_being = [
        one for one in last.values() if contains(one.organization.founded_on, one.organization.dissolved_on, DAY)
    ]
    assert [one for one in in_being if one.expires_on <= DAY and one.extended_to is None]
    assert [one for one in in_being if one.extended_to and one.extended_to > DAY]
    assert [one for one in in_being if DAY < one.expires_on <= DAY + dt.timedelta(days=182)]


def test_meetings(scene: Scene) -> None:
    days = [one.held_on for one in scene.activities]
    assert min(days) >= dt.date(2024, 11, 1)
    assert max(days) <= LAST
    assert (max(days) - min(days)).days > 700
    assert all(one.due == one.present + one.on_leave + one.absent and one.present for one in scene.activities)
    assert all(
        contains(one.organization.founded_on, one.organization.dissolved_on, one.held_on) for one in scene.activities
    )
    kinds = Counter(one.kind for one in scene.activities)
    assert all(kinds[kind] >= 20 for kind in ("member_meeting", "committee_meeting", "theme_day", "org_life_meeting"))
    appraised = Counter(
        (id(one.organization), one.held_on.year) for one in scene.activities if one.kind == ActivityKind.APPRAISAL
    )
    assert set(appraised.values()) == {1}


def test_who_is_named_as_missing_was_counted_as_missing(scene: Scene) -> None:
    named = by(scene.attendances, "activity")
    assert 100 < len(named) < len(scene.activities)
    for activity in scene.activities:
        statuses = Counter(one.status for one in named.get(id(activity), []))
        if statuses:
            assert statuses[AttendanceStatus.ON_LEAVE] == activity.on_leave
            assert statuses[AttendanceStatus.ABSENT] == activity.absent


def test_some_branches_meet_less_than_they_should(scene: Scene) -> None:
    held = Counter(
        id(one.organization)
        for one in scene.activities
        if one.kind == ActivityKind.THEME_DAY and dt.date(2025, 11, 1) <= one.held_on <= DAY
    )
    whole_year = [
        one
        for one in scene.organizations
        if one.kind in (OrganizationKind.BRANCH, OrganizationKind.JOINT_BRANCH)
        and one.founded_on < dt.date(2025, 11, 1)
        and one.dissolved_on is None
    ]
    assert [one for one in whole_year if held[id(one)] == 12]
    assert [one for one in whole_year if held[id(one)] <= 8]


# What the pages will show


def test_every_row_is_valid_and_left_its_trace(park: Park, scene: Scene) -> None:
    """As a form would ask; of the many every fifth. What the database asks it has asked when they were written."""
    for rows in scene.groups():
        step = 5 if len(rows) > 500 else 1
        for row in type(rows[0]).objects.order_by("pk")[::step]:
            try:
                row.full_clean(validate_unique=False, validate_constraints=False)
            except ValidationError as error:
                pytest.fail(f"{row._meta.label} {row}: {error}")
    assert Change.objects.filter(via="install").count() == sum(len(rows) for rows in scene.groups())


def test_headlines_are_believable_and_have_risen_for_two_years(park: Park) -> None:
    enterprises = Enterprise.objects.in_park(park)
    told = rates(enterprises, DAY)
    bounds = {
        "org_coverage_real": (80, 90),
        "solo_rate_real": (15, 45),
        "should_built_rate": (90, 97),
        "work_coverage_broad": (90, 98),
        "two_coverage": (90, 98),
    }
    assert set(bounds) == set(HEADLINES)
    for code, (low, high) in bounds.items():
        assert low <= told[code].percent <= high, told[code].text
    assert 4 <= told["should_built_rate"].gap <= 6
    assert 2 <= told["two_coverage"].gap <= 6
    for part in PARTS:
        assert INDICATORS["org_coverage_real"].part(enterprises, DAY, part).exists(), part
    ends = month_ends(DAY, 25)
    line = [one["org_coverage_real"].percent for one in trend(enterprises, ends, HEADLINES)]
    assert line[0] + 20 < line[-1]
    assert line[0] < line[12] < line[-1]
    # Real lines also fall now and then.
    assert any(later < earlier for earlier, later in pairwise(line))


def test_every_status_and_every_reason_occurs(park: Park) -> None:
    present = list(on_day(Enterprise.objects.in_park(park), DAY))
    statuses = {formation_status(one) for one in present if one.in_real}
    assert statuses == {"已单独建立", "已联合建立", "应建未建", "仅有个别党员", "没有党员"}
    reasons = {why_not_operating(one) for one in present}
    assert reasons >= {"", "非非公企业", "停产停业", "筹建", "空壳", "吊销", "注销", "经营状态未填"}
    # Some gaps are reached by work, some by nothing.
    assert {one.worked for one in present if one.in_real and not one.covered} == {True, False}
    assert PartyOrganization.objects.in_park(park).filter(dissolved_on__isnull=False).count() == 3


def test_a_second_run_changes_nothing(park: Park) -> None:
    counts = (Change.objects.count(), Member.objects.count(), Activity.objects.count())
    said = StringIO()
    call_command("demo", stdout=said)
    assert "已经存在，未改动" in said.getvalue()
    assert (Change.objects.count(), Member.objects.count(), Activity.objects.count()) == counts
