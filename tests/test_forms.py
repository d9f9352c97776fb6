"""The entry forms: what an officer types is read, checked, written once, or said back in a sentence that helps."""

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from activities.models import Activity, Attendance
from metrics.models import Source, Statement
from orgs import journal
from orgs.journal import Via
from orgs.models import (
    Affiliation,
    BusinessState,
    Change,
    Coverage,
    Election,
    Employment,
    Enterprise,
    Member,
    Office,
    PartyOrganization,
    Post,
    Subordination,
    WorkCoverage,
)
from portal import forms
from portal.forms import parse_day
from portal.forms.activities import span_of
from portal.forms.base import EntryForm, add_months
from tests.factories import affiliate, appoint, cover, make_enterprise, make_member, make_organization, make_uscc

pytestmark = pytest.mark.django_db

NINE = ("Park", "Enterprise", "Organization", "Coverage", "WorkCoverage", "Member", "Office", "Activity", "Statement")


def errors_of(form: EntryForm) -> dict[str, list[str]]:
    form.is_valid()
    return {name: [str(text) for text in texts] for name, texts in form.errors.items()}


def saved(form: EntryForm) -> Any:
    assert form.is_valid(), form.errors.as_text()
    return form.commit(Via.PAGE)


def again_from(row: Any) -> Any:
    """The record as it is stored."""
    return type(row).objects.get(pk=row.pk)


# Days


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-11-15", "2026-11-15"),
        ("2026年11月15日", "2026-11-15"),
        ("2026年11月15", "2026-11-15"),
        ("2026.11.15", "2026-11-15"),
        ("2026/11/15", "2026-11-15"),
        ("20261115", "2026-11-15"),
        (" 2026-1-5 ", "2026-01-05"),
        ("２０２６－１１－１５", "2026-11-15"),
        ("２０２６年１１月１５日", "2026-11-15"),
        ("2026—11—15", "2026-11-15"),
        ("2026 年 2 月 3 日", "2026-02-03"),
        ("2024-02-29", "2024-02-29"),
    ],
)
def test_a_day_is_read_as_people_write_it(text: str, day: str) -> None:
    assert parse_day(text, "会议日期") == dt.date.fromisoformat(day)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2026-11-31", "会议日期写的是2026-11-31，11月只有30天，请核对"),
        ("2026-02-29", "会议日期写的是2026-02-29，2026年2月只有28天，请核对"),
        ("2026年13月1日", "会议日期写的是2026年13月1日，没有13月，请核对"),
        ("26-11-15", "会议日期写的是26-11-15，年份请写四位数，如2026"),
        ("0026-11-15", "会议日期写的是0026-11-15，年份应在1900到2100之间，请核对"),
        ("1800-03-01", "会议日期写的是1800-03-01，年份应在1900到2100之间，请核对"),
        ("2026-11", "会议日期写的是2026-11，缺少哪一日，请补全，如2026-11-15"),
        ("去年冬天", "会议日期写的是“去年冬天”，认不出是哪一天，请写成2026-11-15的样子"),
        ("2026-11-00", "会议日期写的是2026-11-00，没有0日，日期应为1到30，请核对"),
    ],
)
def test_a_day_that_is_none_is_said_back(text: str, said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        parse_day(text, "会议日期")
    assert caught.value.messages == [said]


def test_months_are_calendar_months() -> None:
    assert add_months(dt.date(2026, 1, 31), 1) == dt.date(2026, 2, 28)
    assert add_months(dt.date(2024, 2, 29), 12) == dt.date(2025, 2, 28)
    assert add_months(dt.date(2026, 12, 31), -6) == dt.date(2026, 6, 30)
    assert span_of("quarter", dt.date(2026, 11, 15)) == (dt.date(2026, 10, 1), dt.date(2027, 1, 1), "第四季度")
    assert span_of("month", dt.date(2026, 12, 15)) == (dt.date(2026, 12, 1), dt.date(2027, 1, 1), "12月")


# Text


@pytest.mark.parametrize(
    ("typed", "stored"), [("测试\u200b零宽公司", "测试零宽公司"), ("\u202e甲\x07 乙\ufeff", "甲 乙")]
)
def test_what_nobody_sees_is_not_kept(typed: str, stored: str, officer: Any, world: Any) -> None:
    given = complete("Enterprise", world.jia) | {"name": typed, "note": f"{typed}\n第二行\u200b"}
    row = saved(forms.EnterpriseForm(given, user=officer))
    assert (row.name, row.note) == (stored, f"{stored}\n第二行")
    (alike,) = [note for note in forms.EnterpriseForm(given, user=officer).notes()["name"] if note.tone == "due"]
    assert stored in alike.text


def test_a_name_of_which_nothing_is_seen_is_none(officer: Any, world: Any) -> None:
    form = forms.EnterpriseForm(complete("Enterprise", world.jia) | {"name": "\u200b\u200b"}, user=officer)
    assert errors_of(form) == {"name": ["请填写企业名称"]}


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("丁　安", "丁安"),
        ("王 小 明", "王小明"),
        ("欧阳 锋", "欧阳锋"),
        ("阿不都·卡德尔", "阿不都·卡德尔"),
        ("John Smith", "John Smith"),
    ],
)
def test_a_person_set_apart_is_the_same_person(typed: str, stored: str, officer: Any, world: Any) -> None:
    assert saved(forms.MemberForm(complete("Member", world.jia) | {"name": typed}, user=officer)).name == stored
    work = complete("WorkCoverage", world.jia) | {"holder": typed}
    assert saved(forms.WorkCoverageForm(work, user=officer)).holder == stored


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("无", "这里填姓名"),
        ("（暂缺）", "这里填姓名"),
        ("——", "这里填姓名"),
        ("王五/赵六", "写了不止一个人，请只写一位"),
        ("王五、赵六", "写了不止一个人，请只写一位"),
        ("王五 赵六", "分不清是一个人还是两个人：一个人的请去掉空格，两个人的请只写一位"),
    ],
)
def test_what_is_not_one_person_is_refused(typed: str, why: str, officer: Any, world: Any) -> None:
    said = errors_of(forms.MemberForm(complete("Member", world.jia) | {"name": typed}, user=officer))
    assert said == {"name": [f"姓名写的是“{typed}”，{why}"]}
    work = complete("WorkCoverage", world.jia) | {"holder": typed}
    if why == "这里填姓名":
        why += "；还没有人就留空"
    said = errors_of(forms.WorkCoverageForm(work, user=officer))
    assert said == {"holder": [f"人员或组织名称写的是“{typed}”，{why}"]}


def test_a_holder_that_is_an_organization_keeps_its_blanks(officer: Any, world: Any) -> None:
    work = complete("WorkCoverage", world.jia) | {"kind": "trade_union", "holder": "滨江 联合、综合工会"}
    assert saved(forms.WorkCoverageForm(work, user=officer)).holder == "滨江 联合、综合工会"


# Every form


@pytest.mark.parametrize("name", NINE)
def test_an_empty_form_says_in_chinese_what_is_missing(name: str, administrator: Any, world: Any) -> None:
    form = getattr(forms, f"{name}Form")({}, user=administrator, park=None if name == "Park" else world.jia.park)
    said = [text for texts in errors_of(form).values() for text in texts]
    assert said
    for text in said:
        assert not any("a" <= one <= "z" for one in text), text
        assert any(word in text for word in ("请", "至少", "要")), text
    assert len(said) == len(set(said))
    assert {slip.text for slip in form.slips()} == set(said)


@pytest.mark.parametrize("name", NINE)
def test_sections_hold_every_field_once(name: str, administrator: Any, world: Any) -> None:
    park = None if name == "Park" else world.jia.park
    initial = {"organization": world.jia.branch.pk} if name == "Activity" else None
    form = getattr(forms, f"{name}Form")(user=administrator, park=park, initial=initial)
    shown = [one.name for section in form.shown_sections() for row in section.rows for one in row.fields]
    assert sorted(shown) == sorted(one.name for one in form if not one.is_hidden)


@pytest.mark.parametrize("name", NINE[1:])
def test_choices_come_through_the_reading_gate(name: str, officer: Any, stranger: Any, world: Any) -> None:
    for user, mine, other in ((officer, "甲", "乙"), (stranger, "乙", "甲")):
        form = getattr(forms, f"{name}Form")(user=user)
        for field in form.fields.values():
            if hasattr(field, "queryset"):
                rows = [str(row) for row in field.queryset]
                assert not any(text.startswith(other) or other in text for text in rows), (name, rows)
                assert field.queryset.count() == sum(mine in text for text in rows)


def test_a_form_for_a_park_out_of_reach_does_not_open(officer: Any, leader: Any, world: Any) -> None:
    with pytest.raises(journal.Refused):
        forms.EnterpriseForm(user=officer, park=world.yi.park)
    with pytest.raises(journal.Refused):
        forms.EnterpriseForm(user=leader, park=world.jia.park)
    with pytest.raises(journal.Refused):
        forms.EnterpriseForm(user=officer, instance=world.yi.covered)


FORGED = [
    ("Enterprise", "park", "park"),
    ("Organization", "superior", "committee"),
    ("Coverage", "enterprise", "gap"),
    ("Coverage", "organization", "branch"),
    ("WorkCoverage", "enterprise", "gap"),
    ("Member", "employment_enterprise", "gap"),
    ("Member", "affiliation_organization", "branch"),
    ("Office", "member", "secretary"),
    ("Office", "organization", "branch"),
    ("Activity", "organization", "branch"),
    ("Statement", "source", "source"),
]


@pytest.mark.parametrize(("name", "field", "target"), FORGED)
def test_a_forged_key_from_another_park_is_refused(
    name: str, field: str, target: str, officer: Any, world: Any
) -> None:
    good = complete(name, world.jia)
    assert not errors_of(getattr(forms, f"{name}Form")(good, user=officer))
    form = getattr(forms, f"{name}Form")({**good, field: getattr(world.yi, target).pk}, user=officer)
    said = errors_of(form)
    assert "不在可选范围内" in said[field][0]


def complete(name: str, side: Any) -> dict[str, Any]:
    """A form filled in rightly, with records of one park."""
    return {
        "Enterprise": {"name": "甲河新材料有限公司", "kind": "private", "settled_on": "2026-01-01"},
        "Organization": {"name": "中共新支部", "short_name": "新支部", "kind": "branch", "founded_on": "2026-02-01"},
        "Coverage": {
            "enterprise": side.gap.pk,
            "organization": side.branch.pk,
            "way": "solo",
            "since": "2026-03-01",
        },
        "WorkCoverage": {"enterprise": side.gap.pk, "kind": "liaison", "since": "2026-03-01"},
        "Member": {
            "name": "新党员",
            "applied_on": "2026-03-01",
            "employment_since": "2026-03-01",
            "employment_enterprise": side.gap.pk,
            "affiliation_organization": side.branch.pk,
            "affiliation_since": "2026-03-01",
            "affiliation_kind": "formal",
        },
        "Office": {
            "organization": side.branch.pk,
            "member": side.probationary.pk,
            "post": "publicity_member",
            "since": "2026-07-01",
        },
        "Activity": {
            "organization": side.branch.pk,
            "kind": "theme_day",
            "held_on": "2026-11-05",
            "title": "主题党日",
            "mode": "on_site",
            "due": "1",
            "present": "1",
        },
        "Statement": {
            "category": "组织",
            "indicator": "党支部",
            "comparator": "eq",
            "basis": "stated",
            "value": "12",
            "source": side.source.pk,
        },
    }[name]


def test_the_park_choice_is_hidden_when_there_is_one_and_offers_only_writable_ones(
    officer: Any, administrator: Any, world: Any
) -> None:
    assert forms.EnterpriseForm(user=officer)["park"].is_hidden
    offered = forms.EnterpriseForm(user=administrator)["park"]
    assert not offered.is_hidden
    assert set(offered.field.queryset) == {world.jia.park, world.yi.park}
    assert "park" not in forms.EnterpriseForm(user=officer, instance=world.jia.gap).fields


# One by one


def test_an_enterprise_with_its_first_state_is_one_entry(officer: Any, world: Any) -> None:
    form = forms.EnterpriseForm(
        complete("Enterprise", world.jia)
        | {
            "uscc": f" {make_uscc(7777).lower()} ",
            "settled_on": "２０２６年１月１日",
            "state": "operating",
            "staff": "1,280名",
            "fixed_premises": "true",
            "has_operations": "",
            "above_scale": "false",
        },
        user=officer,
    )
    enterprise = saved(form)
    assert enterprise.park == world.jia.park
    assert enterprise.uscc == make_uscc(7777)
    state = BusinessState.objects.get(enterprise=enterprise)
    assert (state.state, state.since, state.staff) == ("operating", dt.date(2026, 1, 1), 1280)
    assert (state.fixed_premises, state.has_operations, state.above_scale) == (True, None, False)
    trail = Change.objects.filter(user=officer)
    assert sorted(trail.values_list("model", flat=True)) == ["orgs.businessstate", "orgs.enterprise"]


def test_an_enterprise_that_fails_is_not_half_written(officer: Any, world: Any) -> None:
    form = forms.EnterpriseForm(complete("Enterprise", world.jia) | {"staff": "12"}, user=officer)
    assert errors_of(form) == {"state": ["填了从业人员，请同时选择经营状态"]}
    form = forms.EnterpriseForm(
        complete("Enterprise", world.jia) | {"state": "operating", "state_since": "2025-12-31"}, user=officer
    )
    assert "早于入驻日期2026-01-01" in errors_of(form)["state_since"][0]
    before = Enterprise.objects.count()
    good = forms.EnterpriseForm(complete("Enterprise", world.jia) | {"state": "operating"}, user=officer)
    assert good.is_valid()
    good.cleaned_data["staff"] = -5
    with pytest.raises(ValidationError):
        good.commit(Via.PAGE)
    assert "staff" in good.errors
    assert Enterprise.objects.count() == before


def test_codes_and_numbers_are_answered_with_what_is_wrong(officer: Any, world: Any) -> None:
    base = complete("Enterprise", world.jia)
    number = make_uscc(42)
    wrong = number[:-1] + ("0" if number[-1] != "0" else "1")
    assert errors_of(forms.EnterpriseForm(base | {"uscc": wrong}, user=officer)) == {
        "uscc": ["统一社会信用代码第18位校验不符，请核对营业执照。"]
    }
    assert "本园区台账里已有" in str(errors_of(forms.EnterpriseForm(base | {"uscc": world.jia.gap.uscc}, user=officer)))
    said = errors_of(forms.EnterpriseForm(base | {"staff": "几十人", "state": "operating"}, user=officer))
    assert said == {"staff": ["从业人员写的是“几十人”，应为整数，请核对"]}
    said = errors_of(forms.EnterpriseForm(base | {"name": "名" * 121}, user=officer))
    assert said == {"name": ["企业名称最多120个字，现在有121个，请删减"]}
    assert errors_of(forms.EnterpriseForm(base | {"staff": "-3", "state": "shell"}, user=officer)) == {
        "staff": ["从业人员不能是负数，请核对"]
    }


def test_a_change_of_state_ends_the_open_one(officer: Any, world: Any) -> None:
    enterprise = world.jia.covered
    form = forms.BusinessStateForm(
        {"state": "suspended", "since": "2026-09-01"}, instance=BusinessState(enterprise=enterprise), user=officer
    )
    saved(form)
    old, new = BusinessState.objects.filter(enterprise=enterprise).order_by("since")
    assert (old.until, new.since, new.until) == (dt.date(2026, 9, 1), dt.date(2026, 9, 1), None)
    assert Change.objects.filter(user=officer).count() == 2
    early = forms.BusinessStateForm(
        {"state": "operating", "since": "2023-01-01"}, instance=BusinessState(enterprise=enterprise), user=officer
    )
    settled = "甲河机械有限公司2024-01-01才入驻，经营状态的起始日期早于入驻日期，请核对这两个日期"
    assert errors_of(early) == {"since": [settled]}
    for since in ("2026-08-31", "2026-09-01"):
        form = forms.BusinessStateForm(
            {"state": "shell", "since": since}, instance=BusinessState(enterprise=enterprise), user=officer
        )
        text = "现状态“停产停业”从2026-09-01起，新的状态应从更晚的日子起；是现状态填错了的，请在企业页面上更正那一段"
        assert errors_of(form) == {"since": [text]}
    assert BusinessState.objects.filter(enterprise=enterprise).count() == 2


def test_an_organization_with_superior_and_election(officer: Any, world: Any) -> None:
    form = forms.OrganizationForm(
        complete("Organization", world.jia)
        | {"superior": world.jia.committee.pk, "held_on": "2026.2.3", "term_years": "3"},
        user=officer,
    )
    organization = saved(form)
    link = Subordination.objects.get(organization=organization)
    assert (link.superior, link.since) == (world.jia.committee, dt.date(2026, 2, 1))
    term = Election.objects.get(organization=organization)
    assert (term.held_on, term.expires_on) == (dt.date(2026, 2, 3), dt.date(2029, 2, 3))
    assert any(note.tone == "ok" for note in form.notes()["term_years"])
    said = errors_of(
        forms.OrganizationForm(
            complete("Organization", world.jia) | {"held_on": "2026-02-03", "name": "又"}, user=officer
        )
    )
    assert said == {"term_years": ["填了选举日期，请同时填写任期几年"]}
    said = errors_of(forms.OrganizationForm(complete("Organization", world.jia), user=officer))
    assert said == {"name": ["本园区已有同名党组织，请核对全称。"]}


def test_a_new_superior_ends_the_present_one(officer: Any, world: Any) -> None:
    other = make_organization(world.jia.park, "甲河综合党委", kind="comprehensive_committee")
    form = forms.SubordinationForm(
        {"superior": other.pk, "since": "2026-05-01"},
        instance=Subordination(organization=world.jia.branch),
        user=officer,
    )
    saved(form)
    rows = Subordination.objects.filter(organization=world.jia.branch).order_by("since")
    assert [(row.superior, row.until) for row in rows] == [
        (world.jia.committee, dt.date(2026, 5, 1)),
        (other, None),
    ]


def test_a_term_expires_by_itself(officer: Any, world: Any) -> None:
    form = forms.ElectionForm(
        {"held_on": "2027-03-01", "term_years": "5"}, instance=Election(organization=world.jia.branch), user=officer
    )
    assert saved(form).expires_on == dt.date(2032, 3, 1)
    assert form.reminders()[0].head == "任期5年，与一般规定不同"


def test_coverage_reminds_and_does_not_block(officer: Any, world: Any) -> None:
    form = forms.CoverageForm(
        complete("Coverage", world.jia) | {"way": "joint", "organization": world.jia.joint_branch.pk}, user=officer
    )
    row = saved(form)
    assert isinstance(row, Coverage)
    assert [note.head for note in form.reminders()] == ["这家企业2026-03-01有正式党员3名"]


def test_coverage_from_before_the_founding_is_kept_and_reminded(officer: Any, world: Any) -> None:
    """Worked case 23: a late paper. The record is true, it counts from the founding on."""
    form = forms.CoverageForm(complete("Coverage", world.jia) | {"since": "2023-01-01"}, user=officer)
    row = saved(form)
    assert row.since < row.organization.founded_on
    assert f"早于成立日期{row.organization.founded_on}" in [note.head for note in form.reminders()]


def test_coverage_of_the_same_days_is_entered_once(officer: Any, world: Any) -> None:
    given = complete("Coverage", world.jia)
    first = saved(forms.CoverageForm(given | {"until": "2026-06-01"}, user=officer))
    again = given | {"since": "2026-05-01", "way": "joint"}
    said = errors_of(forms.CoverageForm(again, user=officer))
    held = "中共甲河机械支部委员会对甲河软件有限公司的覆盖已登记过一段（2026-03-01至2026-06-01，单独组建）"
    assert said == {"since": [f"{held}，与这一段日期重叠；请先终止那一段，或直接修改那一段"]}
    saved(forms.CoverageForm(given | {"since": "2026-06-01"}, user=officer))
    moved = forms.CoverageForm(given | {"until": "2026-07-01"}, instance=again_from(first), user=officer)
    assert "与这一段日期重叠" in errors_of(moved)["since"][0]
    # Of what is on record already a correction elsewhere is not refused
    cover(world.jia.branch, world.jia.gap, since=dt.date(2026, 5, 1))
    kept = forms.CoverageForm(
        given | {"until": "2026-06-01", "doc": "甲字1号"}, instance=again_from(first), user=officer
    )
    assert saved(kept).doc == "甲字1号"


def test_two_organizations_alone_in_an_enterprise_are_reminded_of(officer: Any, world: Any) -> None:
    saved(forms.CoverageForm(complete("Coverage", world.jia), user=officer))
    other = make_organization(world.jia.park, "甲河又一支部")
    form = forms.CoverageForm(complete("Coverage", world.jia) | {"organization": other.pk}, user=officer)
    saved(form)
    assert "中共甲河机械支部委员会已在这家企业单独组建（2026-03-01起）" in [note.head for note in form.reminders()]
    joint = forms.CoverageForm(
        complete("Coverage", world.jia) | {"organization": other.pk, "way": "joint"}, user=officer
    )
    joint.is_valid()
    assert not any("已在这家企业" in note.head for note in joint.reminders())


def test_a_post_of_the_same_days_is_entered_once(officer: Any, world: Any) -> None:
    given = complete("Office", world.jia)
    saved(forms.OfficeForm(given, user=officer))
    said = errors_of(forms.OfficeForm(given | {"since": "2026-08-01"}, user=officer))
    held = "甲河预备任中共甲河机械支部委员会宣传委员已登记过一段（2026-07-01起）"
    assert said == {"since": [f"{held}，与这一段日期重叠；请先终止那一段，或直接修改那一段"]}
    saved(forms.OfficeForm(given | {"since": "2026-06-01", "until": "2026-07-01"}, user=officer))
    saved(forms.OfficeForm(given | {"since": "2026-08-01", "post": "organization_member"}, user=officer))


def test_a_liaison_is_entered_once(officer: Any, world: Any) -> None:
    given = complete("WorkCoverage", world.jia) | {"holder": "王工"}
    saved(forms.WorkCoverageForm(given, user=officer))
    said = errors_of(forms.WorkCoverageForm(given | {"holder": "王　工"}, user=officer))
    held = "党建联络员王工在这家企业已登记过一段（2026-03-01起）"
    assert said == {"since": [f"{held}，与这一段日期重叠；请先终止那一段，或直接修改那一段"]}
    other = forms.WorkCoverageForm(given | {"holder": "李工"}, user=officer)
    saved(other)
    assert not other.reminders()
    for count in (0, 1):
        unnamed = forms.WorkCoverageForm(given | {"holder": ""}, user=officer)
        saved(unnamed)
        assert [note.head for note in unnamed.reminders()] == ["同类的已有一条"] * count


@pytest.fixture
def gone(world: Any) -> Enterprise:
    return make_enterprise(world.jia.park, "甲河旧厂", state=None, left_on=dt.date(2024, 9, 17))


def test_nothing_begins_at_an_enterprise_that_has_left(officer: Any, gone: Enterprise, world: Any) -> None:
    work = complete("WorkCoverage", world.jia) | {"enterprise": gone.pk, "since": "2024-09-17"}
    said = errors_of(forms.WorkCoverageForm(work, user=officer))
    assert said == {"since": ["甲河旧厂已于2024-09-17迁出，请核对起始日期或企业"]}
    assert not errors_of(forms.WorkCoverageForm(work | {"since": "2024-09-16"}, user=officer))

    def state(kind: str, since: str) -> dict[str, list[str]]:
        fresh = BusinessState(enterprise=gone)
        return errors_of(forms.BusinessStateForm({"state": kind, "since": since}, instance=fresh, user=officer))

    assert state("operating", "2024-09-17") == {"since": ["甲河旧厂已于2024-09-17迁出，请核对起始日期或迁出日期"]}
    assert state("moved_out", "2024-09-18").keys() == {"since"}
    assert not state("moved_out", "2024-09-17")
    assert not state("operating", "2024-09-16")


@pytest.mark.parametrize(
    ("since", "head"), [("2024-09-17", "迁出以后"), ("2023-12-31", "早于入驻日期"), ("2024-05-01", "")]
)
def test_employment_outside_the_stay_is_reminded_of(
    since: str, head: str, officer: Any, gone: Enterprise, world: Any
) -> None:
    heads = [head] if head else []
    fresh = Employment(member=make_member(world.jia.park, "甲河新来"))
    form = forms.EmploymentForm({"enterprise": gone.pk, "since": since}, instance=fresh, user=officer)
    saved(form)
    assert [note.head for note in form.reminders()] == heads
    given = complete("Member", world.jia) | {"employment_enterprise": gone.pk, "employment_since": since}
    member = forms.MemberForm(given, user=officer)
    saved(member)
    assert [note.head for note in member.reminders()] == heads


def test_who_leaves_holds_no_post_any_more(officer: Any, world: Any) -> None:
    member = make_member(world.jia.park, "甲河离任")
    branch = make_organization(world.jia.park, "甲河旧支部")
    ended = appoint(member, branch, post=Post.DEPUTY_SECRETARY, since=dt.date(2020, 1, 1), until=dt.date(2021, 1, 1))
    held = appoint(member, branch, since=dt.date(2021, 1, 1))

    def leaving(day: str) -> forms.MemberForm:
        given = complete("Member", world.jia) | {"name": member.name, "left_on": day, "left_reason": "deceased"}
        return forms.MemberForm(given, instance=Member.objects.get(pk=member.pk), user=officer)

    assert errors_of(leaving("2021-01-01")) == {"left_on": ["2021-01-01起还任甲河旧支部书记，请核对这两个日期"]}
    form = leaving("2026-10-01")
    saved(form)
    held.refresh_from_db()
    ended.refresh_from_db()
    assert (held.until, ended.until) == (dt.date(2026, 10, 1), dt.date(2021, 1, 1))
    assert "同时免去1个党内职务" in [note.head for note in form.reminders()]


def test_coverage_by_a_dissolved_organization_is_an_error(officer: Any, world: Any) -> None:
    gone = make_organization(world.jia.park, "甲河旧支部", dissolved_on=dt.date(2025, 1, 1))
    given = complete("Coverage", world.jia) | {"organization": gone.pk, "since": "2025-01-01"}
    said = errors_of(forms.CoverageForm(given, user=officer))
    assert said["since"] == ["甲河旧支部已于2025-01-01撤销，请核对起始日期或党组织"]


def test_work_coverage(officer: Any, world: Any) -> None:
    row = saved(forms.WorkCoverageForm(complete("WorkCoverage", world.jia) | {"holder": "王工"}, user=officer))
    assert isinstance(row, WorkCoverage)
    said = errors_of(
        forms.WorkCoverageForm(
            complete("WorkCoverage", world.jia) | {"kind": "trade_union", "duty": "full_time"}, user=officer
        )
    )
    assert "专职或兼职只在指导员、联络员时填写" in said["duty"][0]


def test_a_member_with_employment_and_affiliation(officer: Any, world: Any) -> None:
    member = saved(forms.MemberForm(complete("Member", world.jia), user=officer))
    assert Employment.objects.get(member=member).enterprise == world.jia.gap
    assert Affiliation.objects.get(member=member).organization == world.jia.branch
    data = complete("Member", world.jia) | {"employment_since": ""}
    assert errors_of(forms.MemberForm(data, user=officer)) == {
        "employment_since": ["选了在哪家企业工作，请同时填写到岗日期"]
    }
    said = errors_of(forms.MemberForm({"name": "某", "full_on": "2026-01-01"}, user=officer))
    assert said["admitted_on"] == ["填了转为正式党员日期，请同时填写接收为预备党员日期"]


def test_member_dates_are_weighed_in_the_margin(officer: Any, world: Any) -> None:
    form = forms.MemberForm(
        {"name": "某", "activist_on": "2025-01-01", "candidate_on": "2025-06-01", "applied_on": "2024-01-01"},
        user=officer,
    )
    assert form.is_valid(), form.errors
    (note,) = form.notes()["candidate_on"]
    assert (note.tone, note.cite) == ("due", "中国共产党发展党员工作细则第十三条")
    form = forms.MemberForm({"name": "某", "activist_on": "2025-01-01", "candidate_on": "2026-01-01"}, user=officer)
    assert form.is_valid()
    assert form.notes()["candidate_on"][0].tone == "ok"


def test_a_step_of_admission_is_not_entered_before_it_was_taken(officer: Any, world: Any) -> None:
    said = errors_of(forms.MemberForm({"name": "某", "applied_on": "2090-01-01"}, user=officer))
    assert list(said) == ["applied_on"]
    assert said["applied_on"][0].startswith("申请入党日期晚于今天")


def test_only_a_member_is_suspended(officer: Any, world: Any) -> None:
    given = {"name": "某", "applied_on": "2024-01-01", "suspended_on": "2026-01-01"}
    said = errors_of(forms.MemberForm(given, user=officer))
    assert said == {"suspended_on": ["停止党籍只对党员，请填写接收为预备党员日期，或清空停止党籍日期"]}
    saved(forms.MemberForm(given | {"admitted_on": "2025-01-01"}, user=officer))
    pending = make_member(world.jia.park, "甲河待补", admitted_on=None, full_on=None, dates_pending=True)
    kept = {"name": "甲河待补", "dates_pending": "on", "suspended_on": "2026-01-01"}
    assert not errors_of(forms.MemberForm(kept, instance=again_from(pending), user=officer))


def test_who_is_no_member_holds_no_elected_post(officer: Any, world: Any) -> None:
    applicant = make_member(world.jia.park, "甲河申请", admitted_on=None, full_on=None, applied_on=dt.date(2025, 1, 1))
    given = complete("Office", world.jia) | {"member": applicant.pk}
    assert errors_of(forms.OfficeForm(given, user=officer)) == {
        "member": ["甲河申请还没有入党，不能任宣传委员，请核对人员或职务"]
    }
    assert not errors_of(forms.OfficeForm(given | {"post": "party_worker"}, user=officer))
    probationary = forms.OfficeForm(complete("Office", world.jia), user=officer)
    saved(probationary)
    assert [note.head for note in probationary.reminders()] == ["甲河预备2026-07-01还不是正式党员"]


def test_what_is_still_to_come_is_reminded_of(officer: Any, world: Any) -> None:
    firm = forms.EnterpriseForm(
        complete("Enterprise", world.jia) | {"settled_on": "2090-01-01", "state": "operating"}, user=officer
    )
    saved(firm)
    organization = forms.OrganizationForm(
        complete("Organization", world.jia) | {"held_on": "2090-01-01", "term_years": "3"}, user=officer
    )
    saved(organization)
    election = forms.ElectionForm(
        {"held_on": "2090-01-01", "term_years": "3"}, instance=Election(organization=world.jia.branch), user=officer
    )
    saved(election)
    for form in (firm, organization, election):
        assert [note.head[:4] for note in form.reminders()] == ["晚于今天"]
    ended = forms.end_form(Coverage)({"until": "2090-01-01"}, instance=world.jia.coverage, user=officer)
    saved(ended)
    assert [note.head for note in ended.reminders()] == ["终止日期在一年以后"]


def test_a_first_day_moved_past_what_is_on_record_is_reminded_of(officer: Any, world: Any) -> None:
    def moved(form: type[EntryForm], row: Any, name: str, day: str) -> list[str]:
        given = {key: value for key, value in form(instance=row, user=officer).initial.items() if value is not None}
        made = form(given | {name: day}, instance=again_from(row), user=officer)
        saved(made)
        return [f"{note.head}：{note.text}" for note in made.reminders()]

    firm, branch = world.jia.covered, world.jia.branch
    assert not moved(forms.EnterpriseForm, firm, "settled_on", "2024-01-01")
    (said,) = moved(forms.EnterpriseForm, firm, "settled_on", "2025-06-01")
    assert "条记录早于2025-06-01：经营状态1条、组织覆盖1条" in said
    assert "最早的是2024-01-01的" in said
    assert not moved(forms.EnterpriseForm, firm, "settled_on", "2025-06-01")  # said once, when it was moved
    assert not moved(forms.OrganizationForm, branch, "founded_on", "2023-12-01")
    (said,) = moved(forms.OrganizationForm, branch, "founded_on", "2026-10-31")
    assert "换届选举1条" in said
    assert "最早的是2024-03-01的隶属关系" in said


def test_below_a_branch_are_groups_and_nothing_else(officer: Any, world: Any) -> None:
    given = complete("Organization", world.jia) | {"superior": world.jia.branch.pk}
    text = "中共甲河机械支部委员会是党支部，下面只设党小组，请另选上级党组织"
    assert errors_of(forms.OrganizationForm(given, user=officer)) == {"superior": [text]}
    group = saved(forms.OrganizationForm(given | {"kind": "group"}, user=officer))
    under = forms.SubordinationForm(
        {"superior": group.pk, "since": "2026-05-01"},
        instance=Subordination(organization=world.jia.branch),
        user=officer,
    )
    assert errors_of(under) == {"superior": ["新支部是党小组，下面不再设党组织，请另选上级党组织"]}


def test_a_formal_affiliation_to_the_working_committee_is_reminded_of(officer: Any, world: Any) -> None:
    given = complete("Member", world.jia) | {"affiliation_organization": world.jia.committee.pk}
    member = forms.MemberForm(given, user=officer)
    row = saved(member)
    assert [note.head for note in member.reminders()] == [f"{world.jia.committee}是党工委"]
    fresh = Affiliation(member=row)
    data = {"kind": "formal", "organization": world.jia.committee.pk, "since": "2026-05-01"}
    formal = forms.AffiliationForm(data, instance=fresh, user=officer)
    assert [note.head for note in formal.reminders()] == [f"{world.jia.committee}是党工委"]
    inflow = forms.AffiliationForm(data | {"kind": "inflow"}, instance=fresh, user=officer)
    assert not inflow.reminders()


def test_a_transfer_ends_the_formal_affiliation(officer: Any, world: Any) -> None:
    member = world.jia.secretary
    form = forms.AffiliationForm(
        {"kind": "formal", "organization": world.jia.joint_branch.pk, "since": "2026-06-01"},
        instance=Affiliation(member=member),
        user=officer,
    )
    saved(form)
    rows = Affiliation.objects.filter(member=member).order_by("since")
    assert [(row.organization, row.until) for row in rows] == [
        (world.jia.branch, dt.date(2026, 6, 1)),
        (world.jia.joint_branch, None),
    ]


def test_an_office(officer: Any, world: Any) -> None:
    assert isinstance(saved(forms.OfficeForm(complete("Office", world.jia), user=officer)), Office)
    form = forms.OfficeForm(complete("Office", world.jia) | {"post": "secretary", "background": "senior"}, user=officer)
    saved(form)
    assert {note.head for note in form.reminders()} == {"甲河预备2026-07-01还不是正式党员", "同一天有两名书记"}


@pytest.mark.parametrize(
    ("given", "counts"),
    [
        ({"due": "5", "present": "5"}, (5, 5, 0, 0)),
        ({"due": "5", "present": "3", "on_leave": "1"}, (5, 3, 1, 1)),
        ({"due": "5", "absent": "0", "on_leave": "2"}, (5, 3, 2, 0)),
        ({"due": "5", "present": "4", "on_leave": "1", "absent": "0"}, (5, 4, 1, 0)),
    ],
)
def test_head_counts_are_derived(given: dict[str, str], counts: tuple[int, ...], officer: Any, world: Any) -> None:
    row = saved(forms.ActivityForm(complete("Activity", world.jia) | {"present": "", **given}, user=officer))
    assert (row.due, row.present, row.on_leave, row.absent) == counts


@pytest.mark.parametrize(
    ("given", "field", "said"),
    [
        ({"due": "11", "present": "12"}, "present", "实到12名多于应到11名，请核对应到和实到人数"),
        ({"due": "5"}, "present", "请填写实到人数；全员到会就填应到人数"),
        (
            {"due": "5", "present": "3", "on_leave": "1", "absent": "0"},
            "due",
            "应到5名，实到3名、请假1名、缺席0名合计4名，两边应相等，请核对",
        ),
        ({"due": "5", "present": "4", "on_leave": "2"}, "present", "实到4名、请假2名，合起来多于应到5名，请核对"),
        ({"due": "5", "absent": "4", "on_leave": "2"}, "absent", "请假2名、缺席4名，合起来多于应到5名，请核对"),
    ],
)
def test_head_counts_that_do_not_add_up(given: dict[str, str], field: str, said: str, officer: Any, world: Any) -> None:
    form = forms.ActivityForm(complete("Activity", world.jia) | {"present": "", **given}, user=officer)
    assert errors_of(form) == {field: [said]}


def test_named_people_stay_within_the_counts(officer: Any, world: Any) -> None:
    side = world.jia
    second = make_member(side.park, "甲河二")
    affiliate(second, side.branch)
    base = complete("Activity", side) | {"due": "2", "present": "1", "on_leave": "1"}
    form = forms.ActivityForm(base | {"leave_members": [side.secretary.pk, second.pk]}, user=officer)
    assert errors_of(form) == {"leave_members": ["勾选了2名请假人员，多于请假1名，请核对"]}
    form = forms.ActivityForm(
        base | {"leave_members": [second.pk], "absent_members": [second.pk], "present": "0"}, user=officer
    )
    assert "甲河二既勾选了请假又勾选了缺席" in errors_of(form)["absent_members"][0]
    row = saved(forms.ActivityForm(base | {"leave_members": [second.pk]}, user=officer))
    assert [(one.member, one.status) for one in Attendance.objects.filter(activity=row)] == [(second, "on_leave")]
    again = forms.ActivityForm(
        base | {"present": "1", "on_leave": "0", "absent": "1", "absent_members": [side.secretary.pk]},
        instance=Activity.objects.get(pk=row.pk),
        user=officer,
    )
    saved(again)
    assert [(one.member, one.status) for one in Attendance.objects.filter(activity=row)] == [(side.secretary, "absent")]
    outside = forms.ActivityForm(base | {"title": "又一次", "leave_members": [side.worker.pk]}, user=officer)
    assert errors_of(outside) == {"leave_members": ["请假人员里有不属于这个党组织的人，请重新勾选"]}


def test_a_meeting_is_not_entered_before_it_was_held(officer: Any, world: Any) -> None:
    form = forms.ActivityForm(complete("Activity", world.jia) | {"held_on": "2090-01-01"}, user=officer)
    assert "晚于今天" in errors_of(form)["held_on"][0]


def test_a_meeting_is_entered_once(officer: Any, world: Any) -> None:
    given = complete("Activity", world.jia)
    row = saved(forms.ActivityForm(given, user=officer))
    said = errors_of(forms.ActivityForm(given | {"place": "会议室"}, user=officer))
    text = "2026-11-05的主题党日已登记过“主题党日”，不用再登记；同一天确实另有一次的，请把议题写得不同"
    assert said == {"held_on": [text]}
    saved(forms.ActivityForm(given | {"title": "又一次主题党日"}, user=officer))
    saved(forms.ActivityForm(given | {"place": "会议室"}, instance=again_from(row), user=officer))


def test_a_statement_with_a_new_source(officer: Any, world: Any) -> None:
    data = complete("Statement", world.jia) | {
        "source": "",
        "comparator": "gt",
        "value": "50",
        "unit": "件",
        "source_title": "新报道",
        "source_publisher": "某报",
        "source_date_text": "2026年初",
        "source_subject": "甲园",
    }
    row = saved(forms.StatementForm(data, user=officer))
    assert row.worded.text == "50多件"
    assert row.source == Source.objects.get(title="新报道")
    assert errors_of(forms.StatementForm(data | {"source_publisher": ""}, user=officer)) == {
        "source_publisher": ["请填写刊载于"]
    }
    both = forms.StatementForm(data | {"source": world.jia.source.pk}, user=officer)
    assert errors_of(both) == {"source": ["选了已有来源，又填了新的来源，请只留一种"]}
    twice = forms.StatementForm(data | {"indicator": "另一项"}, user=officer)
    assert twice.is_valid()
    with pytest.raises(ValidationError):
        twice.commit(Via.PAGE)
    assert "已有同一刊载、同一标题的来源" in str(twice.errors)
    assert Statement.objects.filter(indicator="另一项").count() == 0


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("８５％", ""),
        ("85 %", ""),
        ("92.5", ""),
        ("90.555", "目标值最多一位小数，如92.5"),
        ("九成", "目标值写的是“九成”，应为数字，如95或92.5"),
        ("1000", "目标值应大于0，不超过100，如95或92.5"),
    ],
)
def test_a_target_is_typed_with_or_without_a_percent_sign(
    typed: str, said: str, administrator: Any, world: Any
) -> None:
    given = {"park": world.jia.park.pk, "indicator": "built", "percent": typed, "since": "2027-01-01"}
    form = forms.TargetForm(given, user=administrator, park=world.jia.park)
    assert errors_of(form).get("percent", [""])[0] == said
    statement = complete("Statement", world.jia) | {"value": typed}
    if said.startswith("目标值写"):
        text = "数值写的是“九成”，应为数字，文字写法请填在“原文写法”"
        assert errors_of(forms.StatementForm(statement, user=administrator))["value"] == [text]


def test_a_park_is_entered_within_reach_only(administrator: Any, park_administrator: Any, world: Any) -> None:
    data = {
        "name": "丙园区",
        "short_name": "丙园",
        "slug": "bing",
        "region_code": "440305",
        "region_name": "某地",
        "three_haves_staff": "10",
    }
    assert saved(forms.ParkForm(data, user=administrator)).slug == "bing"
    form = forms.ParkForm(data | {"slug": "ding", "name": "丁园区"}, user=park_administrator)
    assert errors_of(form) == {"region_code": ["区划代码不在您管理的地区，请核对"]}
    assert "请换一个" in str(errors_of(forms.ParkForm(data | {"name": "戊园区"}, user=administrator)))


NASTY = ("\x00", "９" * 40, "9" * 30, "-1", "²", "=cmd|", " ", "é" * 5000, "1e309")


@pytest.mark.parametrize("name", NINE)
def test_nothing_that_can_be_typed_breaks_a_form(name: str, administrator: Any, world: Any) -> None:
    form_class = getattr(forms, f"{name}Form")
    park = None if name == "Park" else world.jia.park
    base = complete(name, world.jia) if name != "Park" else {}
    for text in NASTY:
        for field in form_class.base_fields:
            form = form_class({**base, field: text}, user=administrator, park=park)
            for slip in form.slips():
                assert len(slip.text) < 200, slip
        form = form_class(dict.fromkeys(form_class.base_fields, text), user=administrator, park=park)
        assert not form.is_valid()
        form.shown_sections()


def test_namesakes_are_told_apart(officer: Any, world: Any) -> None:
    make_member(world.jia.park, "甲河同名", birth_on=dt.date(1980, 1, 1))
    make_member(world.jia.park, "甲河同名", birth_on=dt.date(1990, 1, 1))
    texts = [text for _value, text in forms.OfficeForm(user=officer).fields["member"].choices]  # type: ignore[attr-defined]
    assert {"甲河同名（1980年生）", "甲河同名（1990年生）"} <= set(texts)
    form = forms.EnterpriseForm(complete("Enterprise", world.jia) | {"name": "甲河 软件（有限责任公司）"}, user=officer)
    assert form.is_valid()
    assert [note.head for note in form.reminders()] == ["名称相近", "经营状态没有填"]


def test_every_date_and_optional_field_says_so(officer: Any) -> None:
    form = forms.MemberForm(user=officer)
    for name in ("birth_on", "applied_on", "employment_since"):
        assert form[name].field.widget.attrs["inputmode"] == "numeric"
        assert form[name].help_text
        assert "aria-describedby" in str(form[name])


def test_editing_leaves_the_parts_alone(officer: Any, world: Any) -> None:
    member = Member.objects.get(pk=world.jia.secretary.pk)
    form = forms.MemberForm(user=officer, instance=member)
    assert not {"employment_enterprise", "affiliation_organization"} & set(form.fields)
    organization = PartyOrganization.objects.get(pk=world.jia.branch.pk)
    assert "superior" not in forms.OrganizationForm(user=officer, instance=organization).fields


def test_ending_a_state_of_business_reminds_what_follows(officer: Any, world: Any) -> None:
    ended = forms.end_form(BusinessState)({"until": "2026-10-01"}, instance=world.jia.state, user=officer)
    assert [note.head for note in ended.reminders()] == ["终止后不计入"]
    assert saved(ended).until == dt.date(2026, 10, 1)
    assert not forms.end_form(Coverage)(instance=world.jia.coverage, user=officer).reminders()
