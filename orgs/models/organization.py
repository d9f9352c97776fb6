"""The only place for Party organizations: what they are, whom they answer to, whom they elect and whom they cover."""

import datetime as dt

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from orgs.models.enterprise import Enterprise
from orgs.models.park import Park
from orgs.ordering import InitialsField, OrderKeyField
from orgs.periods import Dated, dated_constraints, during, overlap, period_constraint
from orgs.scoping import ScopedModel


class OrganizationKind(models.TextChoices):
    WORKING_COMMITTEE = "working_committee", "党工委"
    COMPREHENSIVE_COMMITTEE = "comprehensive_committee", "综合党委"
    PARTY_COMMITTEE = "party_committee", "党委"
    GENERAL_BRANCH = "general_branch", "党总支"
    BRANCH = "branch", "党支部"
    JOINT_BRANCH = "joint_branch", "联合党支部"
    TEMP_COMMITTEE = "temp_committee", "临时党委"
    TEMP_GENERAL_BRANCH = "temp_general_branch", "临时党总支"
    TEMP_BRANCH = "temp_branch", "临时党支部"
    GROUP = "group", "党小组"


# The kinds that can cover an enterprise: never a working committee, a group, or anything temporary.
COUNTED_KINDS = frozenset(
    {
        OrganizationKind.PARTY_COMMITTEE,
        OrganizationKind.COMPREHENSIVE_COMMITTEE,
        OrganizationKind.GENERAL_BRANCH,
        OrganizationKind.BRANCH,
        OrganizationKind.JOINT_BRANCH,
    }
)
TEMPORARY_KINDS = frozenset(
    {OrganizationKind.TEMP_COMMITTEE, OrganizationKind.TEMP_GENERAL_BRANCH, OrganizationKind.TEMP_BRANCH}
)


class FormationWay(models.TextChoices):
    SOLO = "solo", "单独组建"
    RESTRUCTURED = "restructured", "同步改组"
    JOINT = "joint", "联合组建"
    REGIONAL = "regional", "区域联建"
    INDUSTRY = "industry", "行业统建"
    CHAIN = "chain", "产业链联建"
    LEADING_FIRM = "leading_firm", "龙头领建"
    BUILDING = "building", "楼宇合建"
    VILLAGE_FIRM = "village_firm", "村企共建"
    RELYING = "relying", "依托"
    ATTACHED = "attached", "挂靠"
    DISPATCHED = "dispatched", "派入"
    GRID = "grid", "网格建立"
    PROJECT_TEMP = "project_temp", "项目临时"


SOLO_WAYS = frozenset({FormationWay.SOLO, FormationWay.RESTRUCTURED})
# Counted in every park; 挂靠, 派入 and 网格 by the park's own setting; 项目临时 never.
COUNTED_WAYS = frozenset(
    {
        *SOLO_WAYS,
        FormationWay.JOINT,
        FormationWay.REGIONAL,
        FormationWay.INDUSTRY,
        FormationWay.CHAIN,
        FormationWay.LEADING_FIRM,
        FormationWay.BUILDING,
        FormationWay.VILLAGE_FIRM,
        FormationWay.RELYING,
    }
)


class WorkKind(models.TextChoices):
    INSTRUCTOR = "instructor", "党建工作指导员"
    LIAISON = "liaison", "党建联络员"
    TRADE_UNION = "trade_union", "工会"
    YOUTH_LEAGUE = "youth_league", "共青团"
    WOMENS_FEDERATION = "womens_federation", "妇联"
    LEADER_CONTACT = "leader_contact", "党员领导干部联系"


WORK_KINDS = frozenset({WorkKind.INSTRUCTOR, WorkKind.LIAISON, WorkKind.TRADE_UNION, WorkKind.YOUTH_LEAGUE})
WIDE_WORK_KINDS = frozenset({WorkKind.WOMENS_FEDERATION, WorkKind.LEADER_CONTACT})
# The kinds whose holder is a person; the others are held by an organization.
PERSONAL_WORK_KINDS = frozenset({WorkKind.INSTRUCTOR, WorkKind.LIAISON, WorkKind.LEADER_CONTACT})


class Duty(models.TextChoices):
    FULL_TIME = "full_time", "专职"
    PART_TIME = "part_time", "兼职"


class PartyOrganization(ScopedModel):
    """A Party organization of a park, in being from ``founded_on`` until ``dissolved_on``."""

    period = ("founded_on", "dissolved_on")
    personal = frozenset({"phone", "note"})

    park = models.ForeignKey(Park, models.PROTECT, verbose_name="园区", related_name="organizations")
    name = models.CharField("党组织全称", max_length=120, help_text="与印章一致。")
    short_name = models.CharField("简称", max_length=40)
    kind = models.CharField("党组织类别", max_length=30, choices=OrganizationKind)
    founded_on = models.DateField("成立日期", db_index=True)
    founded_doc = models.CharField("成立批复文号", max_length=60, blank=True)
    dissolved_on = models.DateField("撤销日期", null=True, blank=True, help_text="现在仍存在就不填。")
    dissolved_doc = models.CharField("撤销批复文号", max_length=60, blank=True)
    phone = models.CharField("联系电话", max_length=30, blank=True)
    note = models.TextField("备注", blank=True)
    order_key = OrderKeyField("名称的次序", of="short_name", max_length=200)
    initials = InitialsField("名称的拼音首字母", of="short_name", max_length=40)

    class Meta:
        verbose_name = "党组织"
        verbose_name_plural = "党组织"
        ordering = ("park", "order_key", "pk")
        constraints = (
            period_constraint(
                "founded_on",
                "dissolved_on",
                "撤销日期应晚于成立日期，请核对这两个日期。",
                name="orgs_partyorganization_period",
            ),
            models.UniqueConstraint(
                fields=("park", "name"),
                name="orgs_partyorganization_name",
                violation_error_message="本园区已有同名党组织，请核对全称。",
            ),
        )

    def __str__(self) -> str:
        return self.short_name

    @property
    def is_counted(self) -> bool:
        return self.kind in COUNTED_KINDS


class Subordination(ScopedModel, Dated):
    """Whom an organization answered to in a period, so that the tree can be drawn as it was on any day."""

    park_path = "organization__park"
    period = ("since", "until")

    organization = models.ForeignKey(PartyOrganization, models.PROTECT, verbose_name="党组织", related_name="superiors")
    superior = models.ForeignKey(
        PartyOrganization, models.PROTECT, verbose_name="上级党组织", related_name="subordinates"
    )
    doc = models.CharField("文号", max_length=60, blank=True)

    class Meta:
        verbose_name = "隶属关系"
        verbose_name_plural = "隶属关系"
        ordering = ("organization", "since")
        constraints = dated_constraints(
            models.CheckConstraint(
                condition=~Q(organization=F("superior")),
                name="orgs_subordination_not_self",
                violation_error_message="党组织不能以自己为上级，请重新选择上级党组织。",
            ),
            models.UniqueConstraint(
                fields=("organization",),
                condition=Q(until__isnull=True),
                name="orgs_subordination_one_open",
                violation_error_message="这个党组织已有现任上级，请先填上原隶属关系的终止日期。",
            ),
        )

    def __str__(self) -> str:
        return f"{self.organization} ← {self.superior}"

    def clean(self) -> None:
        super().clean()
        if not (self.organization_id and self.superior_id and self.since):
            return
        for other in Subordination.objects.filter(organization_id=self.organization_id).exclude(pk=self.pk):
            if overlap(self.since, self.until, other.since, other.until):
                raise ValidationError(
                    {"since": f"与隶属“{other.superior}”的一段日期重叠，同一天只能有一个上级，请先终止原来的隶属关系。"}
                )
        # A loop can close on any day of the period on which another relation begins, not only on its first day.
        later = Subordination.objects.filter(since__gt=self.since, organization__park_id=self.organization.park_id)
        if self.until is not None:
            later = later.filter(since__lt=self.until)
        for day in {self.since, *later.values_list("since", flat=True)}:
            if self.organization_id in superiors_above(self.superior_id, day):
                raise ValidationError({"superior": "所选上级本身隶属于这个党组织，会形成循环，请重新选择。"})


def superiors_above(organization_id: int, day: dt.date) -> set[int]:
    """The primary keys of every organization above this one on ``day``, itself included."""
    above = {organization_id}
    current: int | None = organization_id
    while current is not None:
        step = Subordination.objects.filter(during(day), organization_id=current).values_list("superior_id", flat=True)
        current = next((pk for pk in step if pk not in above), None)
        if current is not None:
            above.add(current)
    return above


class Election(ScopedModel):
    """A term: elected on a day, for so many years, expiring on a day that an approved extension may move."""

    park_path = "organization__park"
    period = ("held_on", "expires_on")

    organization = models.ForeignKey(PartyOrganization, models.PROTECT, verbose_name="党组织", related_name="elections")
    held_on = models.DateField("选举日期")
    term_years = models.PositiveSmallIntegerField(
        "任期（年）",
        validators=[MinValueValidator(1, "任期至少1年。"), MaxValueValidator(5, "任期最长5年，请核对。")],
        help_text="党支部、党总支一般3年，党委一般5年。",
    )
    expires_on = models.DateField("届满日期")
    extended_to = models.DateField("批准延期至", null=True, blank=True)
    doc = models.CharField("批复文号", max_length=60, blank=True)

    class Meta:
        verbose_name = "换届选举"
        verbose_name_plural = "换届选举"
        ordering = ("organization", "-held_on")
        constraints = (
            period_constraint(
                "held_on", "expires_on", "届满日期应晚于选举日期，请核对这两个日期。", name="orgs_election_period"
            ),
            models.CheckConstraint(
                condition=Q(extended_to__isnull=True) | Q(extended_to__gt=F("expires_on")),
                name="orgs_election_extension",
                violation_error_message="延期后的日期应晚于届满日期，请核对。",
            ),
            models.UniqueConstraint(
                fields=("organization", "held_on"),
                name="orgs_election_once",
                violation_error_message="这个党组织当天已登记过一次选举，请核对日期。",
            ),
        )

    def __str__(self) -> str:
        return f"{self.organization} {self.held_on}选举"


class Coverage(ScopedModel, Dated):
    """An organization covers an enterprise, in a way of formation, for a period."""

    park_path = "organization__park"
    period = ("since", "until")

    organization = models.ForeignKey(PartyOrganization, models.PROTECT, verbose_name="党组织", related_name="coverages")
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, verbose_name="企业", related_name="coverages")
    way = models.CharField("组建方式", max_length=20, choices=FormationWay)
    doc = models.CharField("文号", max_length=60, blank=True)

    class Meta:
        verbose_name = "组织覆盖"
        verbose_name_plural = "组织覆盖"
        ordering = ("enterprise", "since")
        constraints = dated_constraints(
            models.UniqueConstraint(
                fields=("organization", "enterprise", "since"),
                name="orgs_coverage_once",
                violation_error_message="这个党组织对这家企业的覆盖从同一天起已登记过，不必重复登记。",
            ),
        )

    def __str__(self) -> str:
        return f"{self.organization} → {self.enterprise}"


class WorkCoverage(ScopedModel, Dated):
    """What reaches an enterprise without an organization: an instructor, a liaison, a mass organization, a leader."""

    park_path = "enterprise__park"
    period = ("since", "until")
    personal = frozenset({"holder", "phone", "note"})

    enterprise = models.ForeignKey(Enterprise, models.PROTECT, verbose_name="企业", related_name="works")
    kind = models.CharField("覆盖形式", max_length=20, choices=WorkKind)
    holder = models.CharField("人员或组织名称", max_length=60, blank=True)
    duty = models.CharField("专职或兼职", max_length=10, choices=Duty, blank=True)
    phone = models.CharField("联系电话", max_length=30, blank=True)
    note = models.CharField("说明", max_length=120, blank=True)

    class Meta:
        verbose_name = "工作覆盖"
        verbose_name_plural = "工作覆盖"
        ordering = ("enterprise", "kind", "since")
        indexes = (models.Index(fields=("enterprise", "kind"), name="orgs_workcoverage_kind"),)
        constraints = dated_constraints()

    def __str__(self) -> str:
        return f"{self.enterprise}：{self.get_kind_display()}"

    @classmethod
    def personal_q(cls, name: str) -> Q:
        return Q(kind__in=sorted(PERSONAL_WORK_KINDS)) if name == "holder" else Q()

    def is_personal(self, name: str) -> bool:
        return name != "holder" or self.kind in PERSONAL_WORK_KINDS
