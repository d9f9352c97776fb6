"""Impossible states: each named constraint speaks Chinese in a form and holds in the database; and what stages mean."""

import datetime as dt
from collections.abc import Callable
from typing import Any, cast

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from hypothesis import given, strategies as st

from activities.models import Activity, Attendance
from metrics.models import FrozenReport, Source, Statement, Target
from orgs import journal
from orgs.journal import Via
from orgs.models import (
    Affiliation,
    BusinessState,
    Coverage,
    Election,
    Employment,
    Enterprise,
    Grant,
    Member,
    Office,
    Park,
    PartyOrganization,
    Stage,
    Subordination,
    WorkCoverage,
    superiors_above,
)
from orgs.models.enterprise import validate_uscc
from orgs.scoping import ScopedModel
from portal.models import Attachment, Case, CaseItem, Exclusion, Merge, SavedView, ScreenLink
from tests.factories import Side, World, day, grant, make_organization, make_uscc, put, subordinate

OURS = ("orgs", "activities", "metrics", "portal")
EARLY = day("1999-01-01")

Change = dict[str, Any] | Callable[[Side], dict[str, Any]]

# Each constraint by name: the model, what to change on the world's row, and whether that makes a second row of it
EDIT: list[tuple[str, type[ScopedModel], Change]] = [
    ("orgs_park_region_code", Park, {"region_code": "15062x"}),
    ("orgs_park_three_haves_staff", Park, {"three_haves_staff": 0}),
    ("orgs_grant_reach", Grant, {"park": None}),
    ("orgs_grant_reach", Grant, {"region_prefix": "15"}),
    ("orgs_grant_reach", Grant, {"role": "leader", "reach": "region", "park": None, "region_prefix": ""}),
    ("orgs_grant_reach", Grant, {"role": "leader", "reach": "nation"}),
    ("orgs_grant_officer_one_park", Grant, {"reach": "nation", "park": None}),
    ("orgs_enterprise_period", Enterprise, {"left_on": EARLY}),
    ("orgs_enterprise_period", Enterprise, lambda side: {"left_on": side.covered.settled_on}),
    ("orgs_businessstate_period", BusinessState, {"until": EARLY}),
    ("orgs_partyorganization_period", PartyOrganization, {"dissolved_on": EARLY}),
    ("orgs_subordination_period", Subordination, {"until": EARLY}),
    ("orgs_subordination_not_self", Subordination, lambda side: {"superior": side.branch}),
    ("orgs_election_period", Election, {"expires_on": EARLY}),
    ("orgs_election_extension", Election, {"extended_to": EARLY}),
    ("orgs_coverage_period", Coverage, {"until": EARLY}),
    ("orgs_workcoverage_period", WorkCoverage, {"until": EARLY}),
    ("orgs_member_full_after_admitted", Member, {"admitted_on": None}),
    ("orgs_member_full_after_admitted", Member, lambda side: {"full_on": side.secretary.admitted_on}),
    ("orgs_member_left_reason", Member, {"left_on": day("2026-01-01")}),
    ("orgs_member_left_reason", Member, {"left_reason": "withdrew"}),
    ("orgs_member_suspension", Member, {"suspended_on": day("2026-01-02"), "reinstated_on": day("2026-01-01")}),
    ("orgs_member_id_both", Member, {"id_cipher": "密文"}),
    ("orgs_member_id_both", Member, {"id_index": "索引"}),
    ("orgs_member_some_date", Member, {"admitted_on": None, "full_on": None}),
    ("orgs_employment_period", Employment, {"until": EARLY}),
    ("orgs_affiliation_period", Affiliation, {"until": EARLY}),
    ("orgs_office_period", Office, {"until": EARLY}),
    ("orgs_office_background", Office, {"post": "deputy_secretary"}),
    ("activities_activity_heads", Activity, {"due": 9}),
    ("activities_attendance_reason", Attendance, {"status": "absent", "reason": "work"}),
    ("metrics_statement_something", Statement, {"value": None, "wording": ""}),
    ("metrics_statement_comparator_needs_value", Statement, {"value": None, "wording": "多", "comparator": "gte"}),
    ("metrics_statement_range_both_ends", Statement, {"comparator": "range"}),
    ("metrics_statement_high_only_range", Statement, {"value_high": 60}),
    ("metrics_statement_range_order", Statement, {"comparator": "range", "value_high": 40}),
    ("metrics_statement_comparator", Statement, {"comparator": "never"}),
    ("metrics_statement_basis", Statement, {"basis": "guessed"}),
    ("metrics_statement_change", Statement, {"change": "sideways"}),
    ("metrics_target_period", Target, {"until": EARLY}),
    ("metrics_target_percent", Target, {"percent": 0}),
    ("metrics_frozenreport_version", FrozenReport, {"version": 0}),
    ("metrics_frozenreport_reason", FrozenReport, {"reason": "第1版不用写"}),
    ("metrics_frozenreport_reason", FrozenReport, {"version": 2}),
    ("portal_case_published_on", Case, {"published_on": None}),
    ("portal_case_two_figures", Case, lambda side: {"figure_two": side.statement}),
    ("portal_caseitem_level", CaseItem, {"level": "国家级"}),
    ("portal_screenlink_reach", ScreenLink, {"park": None}),
    ("portal_screenlink_reach", ScreenLink, {"region_prefix": "15"}),
    ("portal_screenlink_reach", ScreenLink, {"reach": "region", "park": None, "region_prefix": "150"}),
    ("portal_screenlink_reach", ScreenLink, {"reach": "nation"}),
    ("portal_screenlink_expires", ScreenLink, lambda side: {"expires_at": side.screen.made_at}),
    ("portal_savedview_own_default", SavedView, {"is_default": True}),
    ("portal_attachment_one_record", Attachment, {"enterprise": None}),
    ("portal_attachment_one_record", Attachment, lambda side: {"organization": side.branch}),
    ("portal_attachment_sha256", Attachment, {"sha256": "../../../portal.sqlite3"}),
    ("portal_merge_two", Merge, lambda side: {"gone": side.merge.stays}),
]
SECOND: list[tuple[str, type[ScopedModel], Change]] = [
    ("orgs_grant_park_once", Grant, {}),
    ("orgs_grant_wide_once", Grant, {"role": "superior", "reach": "region", "park": None, "region_prefix": "15"}),
    ("orgs_enterprise_uscc", Enterprise, {"name": "另一企业"}),
    ("orgs_businessstate_one_open", BusinessState, {"since": day("2026-01-01")}),
    ("orgs_partyorganization_name", PartyOrganization, {"short_name": "另一简称"}),
    ("orgs_subordination_one_open", Subordination, {"since": day("2026-01-01")}),
    ("orgs_election_once", Election, {"doc": "另一文号"}),
    ("orgs_coverage_once", Coverage, {"way": "joint"}),
    ("orgs_member_id_once", Member, {"id_cipher": "密文", "id_index": "索引"}),
    ("orgs_employment_once", Employment, {"job": "另一岗位"}),
    ("orgs_affiliation_one_formal", Affiliation, {"since": day("2026-01-01")}),
    ("orgs_office_once", Office, {}),
    ("activities_attendance_once", Attendance, {"status": "absent"}),
    ("metrics_source_once", Source, {"date_text": "另一日"}),
    ("metrics_statement_number", Statement, {"number": 7}),
    ("metrics_target_one_open", Target, {"since": day("2026-01-01")}),
    ("metrics_frozenreport_once", FrozenReport, {}),
    ("portal_caseitem_once", CaseItem, {"text": "另一说明"}),
    ("portal_exclusion_once", Exclusion, {"reason": "另一原因"}),
    ("portal_savedview_own_name", SavedView, {"park": None}),
    ("portal_savedview_park_name", SavedView, {"query": "industry=F"}),
    ("portal_savedview_one_default", SavedView, {"park": None, "is_default": True}),
    ("portal_merge_once", Merge, {"made_by": "另一人"}),
]
TABLE = [(*row, False) for row in EDIT] + [(*row, True) for row in SECOND]


def named_constraints() -> dict[str, Any]:
    return {
        constraint.name: constraint
        for label in OURS
        for model in apps.get_app_config(label).get_models()
        if issubclass(model, ScopedModel)  # what is worked out is never entered
        for constraint in model._meta.constraints
    }


def test_every_constraint_is_in_the_table_and_speaks_chinese() -> None:
    known = named_constraints()
    assert {name for name, *_ in TABLE} == set(known)
    for name, constraint in known.items():
        message = constraint.violation_error_message
        assert message != constraint.default_violation_error_message, name
        assert message.endswith("。"), name
        assert any("一" <= sign <= "鿿" for sign in message), name


def broken(world: World, officer: Any, model: type[ScopedModel], change: Change, second: bool) -> ScopedModel:
    """The world's row of the model, changed into something impossible and not yet saved."""
    row: Any = grant_of(officer) if model is Grant else model._default_manager.get(pk=world.jia.rows()[model].pk)
    changes = change(world.jia) if callable(change) else change
    if second and model in (Grant, SavedView, Statement, Member) and changes:
        # Here the first row has to be changed as well, so that there is something to repeat
        for name, value in changes.items():
            setattr(row, name, value)
        put(row)
    if second:
        row.pk, row._state.adding = None, True
    for name, value in changes.items():
        setattr(row, name, value)
    return cast("ScopedModel", row)


def grant_of(user: Any) -> Grant:
    return cast("Grant", user.grants.get())


@pytest.mark.django_db
def test_constraints(world: World, officer: Any, subtests: pytest.Subtests) -> None:
    for name, model, change, second in TABLE:
        constraint = named_constraints()[name]
        with subtests.test(name, change=str(change)), transaction.atomic():
            row = broken(world, officer, model, change, second)
            with pytest.raises(ValidationError) as error:
                constraint.validate(model, row)
            assert error.value.messages == [constraint.violation_error_message]
            with pytest.raises(ValidationError):
                journal.save(row, journal.INSTALLER, Via.INSTALL)
            with pytest.raises(IntegrityError), transaction.atomic():
                models.Model.save(row)
            transaction.set_rollback(True)


@pytest.mark.django_db
def test_what_the_table_changes_is_otherwise_right(world: World, officer: Any) -> None:
    """The rows of the world pass as they are, so it is the change that is refused."""
    for row in [*world.jia.rows().values(), grant_of(officer)]:
        row.full_clean()


# Rules that look at other rows


def refused(row: ScopedModel) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as error:
        put(row)
    return error.value.message_dict


@pytest.mark.django_db
def test_business_states_do_not_overlap(world: World) -> None:
    side = world.jia
    side.state.until = day("2025-01-01")
    put(side.state)
    inside = BusinessState(enterprise=side.covered, state="suspended", since=day("2024-12-31"))
    assert "同一天只能有一种经营状态" in refused(inside)["since"][0]
    around = BusinessState(enterprise=side.covered, state="suspended", since=day("2023-01-01"), until=day("2026-01-01"))
    assert "正常经营" in refused(around)["since"][0]
    put(BusinessState(enterprise=side.covered, state="suspended", since=day("2025-01-01")))
    put(side.state)  # itself it does not disturb


@pytest.mark.django_db
def test_one_superior_at_a_time_and_no_loops(world: World) -> None:
    side = world.jia
    second = make_organization(side.park, kind="party_committee", founded_on=day("2024-01-01"))
    overlapping = Subordination(organization=side.branch, superior=second, since=day("2025-01-01"))
    assert "同一天只能有一个上级" in refused(overlapping)["since"][0]
    loop = Subordination(organization=side.committee, superior=side.branch, since=day("2024-03-01"))
    assert refused(loop) == {"superior": ["所选上级本身隶属于这个党组织，会形成循环，请重新选择。"]}
    subordinate(side.committee, second)
    longer = Subordination(organization=second, superior=side.branch, since=day("2024-03-01"))
    assert "会形成循环" in refused(longer)["superior"][0]
    # A loop that would only close later, when a relation already recorded begins
    later = Subordination(organization=second, superior=side.branch, since=day("2024-02-01"))
    assert "会形成循环" in refused(later)["superior"][0]
    put(Subordination(organization=second, superior=side.joint_branch, since=day("2024-03-01")))
    assert superiors_above(side.branch.pk, day("2024-03-01")) == {
        side.branch.pk,
        side.committee.pk,
        second.pk,
        side.joint_branch.pk,
    }


@pytest.mark.django_db
def test_affiliations(world: World) -> None:
    side = world.jia
    again = Affiliation(
        member=side.secretary, organization=side.joint_branch, kind="formal", since=EARLY, until=day("2024-03-02")
    )
    assert "同一天只能有一个正式组织关系" in refused(again)["since"][0]
    again.until = side.affiliation.since
    put(again)
    temporary = make_organization(side.park, kind="temp_branch")
    formal = Affiliation(member=side.worker, organization=temporary, kind="formal", since=day("2026-01-01"))
    assert "临时党组织不接转正式组织关系" in refused(formal)["kind"][0]
    formal.kind = "temporary"
    put(formal)
    put(Affiliation(member=side.worker, organization=side.branch, kind="formal", since=day("2025-01-01")))


@pytest.mark.django_db
def test_dates_of_a_member_keep_their_order(world: World) -> None:
    member = world.jia.secretary
    member.applied_on = day("2019-07-02")
    assert refused(member) == {"admitted_on": ["接收为预备党员日期早于申请入党日期，请核对这两个日期。"]}
    member.applied_on, member.birth_on = None, day("2020-01-01")
    assert "birth_on" in refused(member)
    member.birth_on, member.left_on, member.left_reason = None, day("2020-06-30"), "withdrew"
    assert "left_on" in refused(member)
    member.left_on = member.full_on
    put(member)


@pytest.mark.django_db
def test_no_meeting_before_the_organization(world: World) -> None:
    activity = world.jia.activity
    activity.held_on = day("2024-02-29")
    assert "日期早于党组织成立日期2024-03-01" in refused(activity)["held_on"][0]
    activity.held_on = day("2024-03-01")
    put(activity)


@pytest.mark.django_db
def test_nothing_points_into_another_park(world: World) -> None:
    """Whoever writes, and whichever field it is."""
    tried = 0
    for model, foreign in world.yi.rows().items():
        for field in foreign.scoped_foreign_keys():
            row: Any = model._default_manager.get(pk=world.jia.rows()[model].pk)
            if (field.name == model.park_path.split("__")[0] and field.name == "park") or not getattr(
                row, field.attname
            ):
                continue
            setattr(row, field.name, getattr(foreign, field.name))
            others = [one for one in row.scoped_foreign_keys() if getattr(row, one.attname)]
            if len(others) < 2:
                continue
            assert any("不在同一个园区" in text for texts in refused(row).values() for text in texts), (
                model,
                field.name,
            )
            tried += 1
    assert tried >= 14


@pytest.mark.django_db
def test_grants_say_in_words_what_is_missing(world: World, officer: Any) -> None:
    given = Grant(user=officer, role="leader", reach="park")
    assert refused(given)["park"] == ["范围选了“一个园区”，请选定是哪个园区。"]
    given = Grant(user=officer, role="superior", reach="region")
    assert refused(given)["region_prefix"] == ["范围选了“一个地区”，请填区划代码前缀。"]
    for prefix in ("1", "150", "15062", "x5", "1506222"):
        assert refused(Grant(user=officer, role="superior", reach="region", region_prefix=prefix))
    grant(officer, cast("Any", "superior"), region="1506")


# 统一社会信用代码


@given(number=st.integers(0, 9_999_999))
def test_right_codes_pass_and_a_changed_digit_does_not(number: int) -> None:
    code = make_uscc(number)
    validate_uscc(code)
    for position in (2, 9, 16):
        changed = code[:position] + str((int(code[position]) + 1) % 10 if code[position].isdigit() else 0)
        changed += code[position + 1 :]
        with pytest.raises(ValidationError):
            validate_uscc(changed)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("", "应为18位，现在是0位"),
        ("9115062200000000", "应为18位，现在是16位"),
        (make_uscc(1) + "0", "应为18位，现在是19位"),
        (make_uscc(1)[:-1] + ("0" if make_uscc(1)[-1] != "0" else "1"), "第18位校验不符"),
        ("9115062ZMA0000001" + "X", "不该出现的字符"),
        ("91150622MA000000I" + "1", "不该出现的字符"),
    ],
)
def test_wrong_codes_say_what_to_look_at(code: str, said: str) -> None:
    with pytest.raises(ValidationError) as error:
        validate_uscc(code)
    assert said in error.value.messages[0]


@pytest.mark.django_db
def test_the_same_code_in_another_park_is_a_transfer(world: World) -> None:
    world.yi.gap.uscc = world.jia.gap.uscc
    put(world.yi.gap)
    for side in (world.jia, world.yi):
        side.worked.uscc = ""
        side.joined.uscc = ""
        put(side.worked)
        put(side.joined)


# What a member is on a day

STAGES = {
    "applied_on": "2020-01-01",
    "activist_on": "2020-06-01",
    "candidate_on": "2021-06-01",
    "admitted_on": "2022-01-01",
    "full_on": "2023-01-01",
    "suspended_on": "2024-01-01",
    "reinstated_on": "2024-07-01",
    "left_on": "2025-01-01",
}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "stage", "full"),
    [
        ("2019-12-31", None, False),
        ("2020-01-01", Stage.APPLICANT, False),
        ("2020-05-31", Stage.APPLICANT, False),
        ("2020-06-01", Stage.ACTIVIST, False),
        ("2021-06-01", Stage.CANDIDATE, False),
        ("2022-01-01", Stage.PROBATIONARY, False),
        ("2022-12-31", Stage.PROBATIONARY, False),
        ("2023-01-01", Stage.FULL, True),
        ("2023-12-31", Stage.FULL, True),
        ("2024-01-01", Stage.FULL, False),
        ("2024-06-30", Stage.FULL, False),
        ("2024-07-01", Stage.FULL, True),
        ("2024-12-31", Stage.FULL, True),
        ("2025-01-01", Stage.LEFT, False),
    ],
)
def test_stage_on_a_day(world: World, text: str, stage: Stage | None, full: bool) -> None:
    given = {name: dt.date.fromisoformat(value) for name, value in STAGES.items()}
    member = put(Member(park=world.jia.park, name="某人", left_reason="withdrew", **given))
    on = day(text)
    assert member.stage_on(on) == stage
    assert member.is_full_on(on) == full
    mine = Member.objects.filter(pk=member.pk)
    assert mine.filter(Member.full_q(on)).exists() == full
    assert mine.filter(Member.probationary_q(on)).exists() == (stage == Stage.PROBATIONARY)
    assert mine.as_of(on).exists() == (stage not in (None, Stage.LEFT))


def test_every_model_and_field_is_named_in_chinese() -> None:
    for label in OURS:
        for model in apps.get_app_config(label).get_models():
            if not issubclass(model, ScopedModel):
                continue  # worked out, shown nowhere
            names = [str(model._meta.verbose_name), str(model._meta.verbose_name_plural)]
            names += [str(field.verbose_name) for field in model._meta.concrete_fields if not field.primary_key]
            for name in names:
                assert any("一" <= sign <= "鿿" for sign in name), (model, name)
