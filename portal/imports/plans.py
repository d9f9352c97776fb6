"""The only place that says what can be imported: per ledger, which form takes a row, by what a record is known again,
and under which other names officers head their columns."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from django import forms
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.utils import timezone

from orgs import idnumbers
from orgs.journal import Via
from orgs.models import Park, User
from orgs.scoping import ScopedModel
from portal.forms import EntryForm
from portal.forms.activities import ActivityForm
from portal.forms.base import Part, names_of
from portal.forms.enterprises import BusinessStateForm, EnterpriseForm, WorkCoverageForm
from portal.forms.members import AffiliationForm, EmploymentForm, MemberForm, OfficeForm
from portal.forms.organizations import CoverageForm, ElectionForm, OrganizationForm, SubordinationForm
from portal.imports.heads import LEAST


@dataclass(frozen=True)
class Later:
    """How a fact that a new record brings along goes on when the record is there already: by the fact's own form.

    ``begins`` is the fact's first day; where the sheet gives none, the day of the sheet stands for it.
    """

    part: Part
    form: type[EntryForm]
    begins: str = "since"
    ends: str = "until"
    begins_anew: bool = False  # another first day alone means another fact (an election), not a corrected date


@dataclass(frozen=True)
class Plan:
    """The import of one ledger.

    ``keys`` are tried in order: the first whose fields are all filled tells the record. ``heads`` names columns whose
    label in the form says too little in a sheet; ``synonyms`` are heads that officers write instead. ``made_up`` gives
    a new record what sheets do not have, such as a short name.
    """

    slug: str
    form: type[EntryForm]
    keys: tuple[tuple[str, ...], ...]
    later: tuple[Later, ...] = ()
    heads: Mapping[str, str] = field(default_factory=dict)
    synonyms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    left_out: frozenset[str] = frozenset()  # what the form offers only to those for whom it is so already
    spared: frozenset[str] = frozenset()  # what the form asks for but can work out from the rest
    made_up: Mapping[str, Callable[[Mapping[str, Any]], str]] = field(default_factory=dict)
    samples: Mapping[str, str] = field(default_factory=dict)
    others: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # heads that hold something else
    least: int = LEAST  # columns known by name that make a head
    follows: Callable[[dict[str, Any]], dict[str, Any]] | None = None  # what else a row says, to know its record by
    via: Via = Via.IMPORT  # how the trail says it came

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The fields that a sheet may fill, in the order of the form; the park is that of the batch."""
        named = [name for section in self.form.sections for row in section.rows for name in names_of(row)]
        takes = self.form.base_fields
        return tuple(
            name
            for name in dict.fromkeys(named)
            if name in takes and name not in ("park", *self.left_out) and is_one_value(takes[name])
        )

    def head(self, name: str) -> str:
        """The head of a column in a template."""
        if name in self.heads:
            return self.heads[name]
        try:
            return str(self.form.model()._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
        except FieldDoesNotExist:
            return str(self.form.base_fields[name].label)

    @cached_property
    def needed(self) -> tuple[str, ...]:
        """The columns without which no new record can be made."""
        asked = (name for name in self.names if self.form.base_fields[name].required)
        return tuple(name for name in asked if name not in self.spared and name not in self.made_up)

    def known_by(self, name: str) -> tuple[str, ...]:
        """Every head under which a column is found."""
        label = str(self.form.base_fields[name].label)
        return (
            self.head(name),
            *((label,) if label != self.head(name) and len(label) > 2 else ()),
            *self.synonyms.get(name, ()),
        )

    def under(self, name: str) -> tuple[str, ...]:
        """The heads of which one must stand above a column: here every head says enough."""
        return ()

    def means_other(self, name: str) -> tuple[str, ...]:
        return self.others.get(name, ())

    def lacking(self, filled: frozenset[str]) -> list[str]:
        """The heads of the columns that a new record needs, when these fields are filled."""
        return [self.head(name) for name in self.needed if name not in filled]

    def listing(self) -> list[tuple[str, bool]]:
        """What is understood, for a reader: head, and whether a new record needs it."""
        return [(self.head(name), name in self.needed) for name in self.names]

    @property
    def model(self) -> type[ScopedModel]:
        return self.form.model()

    def blank(self, user: User, park: Park) -> EntryForm:
        """An empty form in the park: its choices are those that a row may name."""
        return self.form(user=user, park=park)


def is_one_value(one: forms.Field) -> bool:
    """A cell holds one value; people to tick do not fit into one."""
    return not isinstance(one, forms.ModelMultipleChoiceField | forms.MultipleChoiceField)


PLANS: Final[Mapping[str, Plan]] = {
    plan.slug: plan
    for plan in (
        Plan(
            "enterprises",
            EnterpriseForm,
            keys=(("uscc",), ("name",)),
            later=(Later(EnterpriseForm.parts[0], BusinessStateForm),),
            heads={"state_since": "经营状态起始日期"},
            synonyms={
                "name": ("企业", "单位名称", "企业（单位）名称", "公司名称", "名称"),
                "uscc": ("信用代码", "社会信用代码", "统一代码", "统一信用代码"),
                "kind": ("类型", "经济类型"),
                "industry": ("行业", "所属行业", "行业类别"),
                "industry_code": ("行业代码",),
                "size": ("规模", "企业规模类型"),
                "subordination": ("隶属",),
                "sector_authority": ("主管部门",),
                "locality": ("所在乡镇", "所属乡镇", "所在地"),
                "settled_on": ("入园日期", "入驻时间", "入园时间", "落户时间"),
                "left_on": ("迁出时间", "离园日期"),
                "address": ("企业地址", "经营地址", "企业经营地"),
                "contact": ("联系人",),
                "phone": ("电话", "联系方式", "手机"),
                "state": ("状态", "经营情况", "生产经营状态"),
                "staff": ("职工数", "职工人数", "从业人员数量（名）", "从业人员", "从业人员数", "员工人数", "职工总数"),
                "above_scale": ("是否规模以上企业（是、否）", "是否规模以上", "规上", "是否规上企业"),
                "fixed_premises": ("有固定场所",),
                "has_operations": ("有生产经营活动",),
            },
            samples={
                "name": "示例机械有限公司",
                "kind": "私营企业",
                "settled_on": "2024-03-01",
                "state": "正常经营",
                "staff": "56",
            },
        ),
        Plan(
            "organizations",
            OrganizationForm,
            keys=(("name",),),
            later=(
                Later(OrganizationForm.parts[0], SubordinationForm),
                Later(OrganizationForm.parts[1], ElectionForm, begins="held_on", ends="", begins_anew=True),
            ),
            made_up={"short_name": lambda values: short_of(str(values.get("name", "")))},
            others={"term_years": ("任期",)},  # in the ledger that goes out: 在届, 届满未换届
            heads={"superior_since": "隶属起始日期", "election_doc": "选举批复文号", "superior_doc": "隶属文号"},
            synonyms={
                "name": ("党组织", "党组织名称", "组织名称", "支部名称", "党支部名称"),
                "kind": ("类别", "党组织类别", "组织类别", "党组织类型"),
                "founded_on": ("成立时间", "党组织成立时间", "建立时间"),
                "dissolved_on": ("撤销时间",),
                "superior": ("上级组织", "隶属党组织", "上级党组织名称"),
                "held_on": ("换届时间", "换届日期", "本届选举日期"),
                "expires_on": ("届满日期", "届满时间"),
                "phone": ("电话",),
            },
            samples={"name": "中共示例机械有限公司支部委员会", "kind": "党支部", "founded_on": "2021-06-01"},
        ),
        Plan(
            "coverages",
            CoverageForm,
            keys=(("enterprise", "organization", "since"),),
            synonyms={
                "enterprise": ("企业名称", "覆盖企业"),
                "organization": ("党组织名称", "覆盖党组织"),
                "way": ("组建方式", "党组织组建形式", "组建形式"),
                "since": ("起始时间", "覆盖日期", "组建日期"),
                "until": ("终止时间",),
            },
        ),
        Plan(
            "work-coverages",
            WorkCoverageForm,
            keys=(("enterprise", "kind", "holder", "since"), ("enterprise", "kind", "since")),
            synonyms={
                "enterprise": ("企业名称", "指导企业"),
                "kind": ("覆盖方式", "工作覆盖方式"),
                "holder": ("指导员姓名", "姓名", "联系人"),
                "phone": ("联系电话",),
                "since": ("选派日期", "选派时间", "起始时间"),
                "until": ("终止时间",),
            },
        ),
        Plan(
            "members",
            MemberForm,
            keys=(("name", "birth_on"), ("name",)),
            follows=lambda values: with_birthday(values),
            later=(
                Later(MemberForm.parts[0], EmploymentForm),
                Later(MemberForm.parts[1], AffiliationForm),
            ),
            left_out=frozenset({"dates_pending"}),
            heads={
                "employment_enterprise": "工作单位",
                "affiliation_organization": "所在党组织",
                "affiliation_kind": "组织关系类型",
            },
            synonyms={
                "name": ("党员姓名",),
                "id_number": ("身份证号码", "公民身份号码", "身份证", "居民身份证号码", "证件号码"),
                "birth_on": ("出生年月", "出生时间"),
                "ethnicity": ("民族",),
                "education": ("文化程度", "最高学历"),
                "phone": ("电话", "手机号", "手机"),
                "applied_on": ("申请入党日期", "申请日期", "申请入党时间"),
                "admitted_on": ("入党时间", "入党日期", "接收预备党员日期"),
                "full_on": ("转正时间", "转正日期"),
                "employment_enterprise": ("所在企业", "企业名称", "企业"),
                "employment_since": ("到岗时间", "入职日期"),
                "job": ("岗位", "职务"),
                "affiliation_organization": ("所属支部", "所在党支部", "所在支部", "所属党组织", "组织关系所在"),
                "affiliation_since": ("转入日期", "组织关系转入日期", "关系转入时间"),
            },
        ),
        Plan(
            "offices",
            OfficeForm,
            keys=(("organization", "member", "post", "since"),),
            synonyms={
                "organization": ("党组织名称", "所在党组织"),
                "member": ("姓名", "党员姓名"),
                "post": ("党内职务", "职务"),
                "background": ("书记来源", "来源"),
                "since": ("任职日期", "任职时间"),
                "until": ("免职日期", "离任日期"),
            },
        ),
        Plan(
            "activities",
            ActivityForm,
            keys=(("organization", "kind", "held_on"),),
            spared=frozenset({"present", "on_leave", "absent"}),
            synonyms={
                "organization": ("党组织名称", "所在党组织"),
                "kind": ("会议类型", "活动类型", "类型"),
                "held_on": ("时间", "日期", "会议日期", "召开日期", "活动日期"),
                "title": ("会议名称", "活动名称", "主题", "题目"),
                "host": ("主持", "主持人"),
                "place": ("地点", "会议地点"),
                "due": ("应到人数",),
                "present": ("实到人数",),
                "on_leave": ("请假人数",),
                "absent": ("缺席人数",),
            },
        ),
    )
}


def short_of(name: str) -> str:
    """A short name: without whose Party it is, and 党支部 for 支部委员会."""
    bare = re.sub(r"^(中国共产党|中共)", "", name.strip())
    return bare.replace("总支部委员会", "党总支").replace("支部委员会", "党支部")[:40]


def with_birthday(values: dict[str, Any]) -> dict[str, Any]:
    """With the birthday that a right ID number says, where the row gives none: it tells namesakes apart."""
    number = values.get("id_number")
    if not number or values.get("birth_on"):
        return values
    try:
        return values | {"birth_on": idnumbers.read(str(number), timezone.localdate()).birth_on}
    except ValidationError:
        return values


def filled(values: Mapping[str, Any], names: Sequence[str]) -> bool:
    return all(values.get(name) not in (None, "") for name in names)
