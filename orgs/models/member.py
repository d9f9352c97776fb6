"""The only place for Party members: their stages, their employment, their affiliation and the posts they hold."""

import datetime as dt
from collections.abc import Sequence
from itertools import pairwise

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from orgs import idnumbers, keyring, sealing
from orgs.models.enterprise import Enterprise
from orgs.models.organization import TEMPORARY_KINDS, PartyOrganization
from orgs.models.park import Park
from orgs.ordering import InitialsField, OrderKeyField
from orgs.periods import Dated, contains, dated_constraints, overlap
from orgs.scoping import PERSON_READERS, ScopedModel


class Sex(models.TextChoices):
    MALE = "1", "男"
    FEMALE = "2", "女"


class Education(models.TextChoices):
    POSTGRADUATE = "10", "研究生"
    UNDERGRADUATE = "20", "大学本科"
    COLLEGE = "30", "大学专科"
    SECONDARY = "40", "中专、中技、职高"
    HIGH_SCHOOL = "60", "高中"
    JUNIOR = "70", "初中及以下"


class JobCategory(models.TextChoices):
    INVESTOR = "investor", "出资人"
    SENIOR = "senior", "高层管理人员"
    MIDDLE = "middle", "中层管理人员"
    PROFESSIONAL = "professional", "中高级专业技术人员"
    FRONTLINE = "frontline", "生产经营一线职工"
    OTHER = "other", "其他"


class LeftReason(models.TextChoices):
    DECEASED = "deceased", "去世"
    WITHDREW = "withdrew", "退党"
    REMOVED = "removed", "除名"
    PERSUADED = "persuaded", "劝退"
    SELF_REMOVED = "self_removed", "自行脱党除名"
    EXPELLED = "expelled", "开除党籍"
    PROBATION_CANCELLED = "probation_cancelled", "取消预备党员资格"
    STOPPED = "stopped", "终止培养"


class Stage(models.TextChoices):
    APPLICANT = "applicant", "入党申请人"
    ACTIVIST = "activist", "入党积极分子"
    CANDIDATE = "candidate", "发展对象"
    PROBATIONARY = "probationary", "预备党员"
    FULL = "full", "正式党员"
    LEFT = "left", "已离开"


# The dated steps of admission in their order, each with the stage that begins on that day.
STAGE_DATES = (
    ("applied_on", Stage.APPLICANT),
    ("activist_on", Stage.ACTIVIST),
    ("candidate_on", Stage.CANDIDATE),
    ("admitted_on", Stage.PROBATIONARY),
    ("full_on", Stage.FULL),
)


def whole_years(since: dt.date, day: dt.date) -> int:
    return day.year - since.year - ((day.month, day.day) < (since.month, since.day))


def contradictions(said: idnumbers.Said, birth_on: dt.date | None, sex: str) -> dict[str, str]:
    """By field, what is filled in otherwise than an ID number says."""
    found = {}
    if birth_on and birth_on != said.birth_on:
        found["birth_on"] = "出生日期与身份证号不一致，请核对是哪一项填错了。"
    if sex and sex != said.sex:
        found["sex"] = "性别与身份证号不一致，请核对是哪一项填错了。"
    return found


def label_of(model: type[models.Model], name: str) -> str:
    """The Chinese label of a concrete field."""
    return next(str(field.verbose_name) for field in model._meta.concrete_fields if field.name == name)


class Member(ScopedModel):
    """A person on the way into the Party or in it; the stage on a day follows from the dates.

    The 公民身份号码 is sealed to the record (``id_cipher``) and found again by a keyed index (``id_index``). Nothing
    shows it: it is opened only to see that birthday and sex do not contradict it, and to seal it with a newer key.
    """

    ADULT = 18
    read_roles = PERSON_READERS
    untraced = frozenset({"id_cipher", "id_index"})

    park = models.ForeignKey(Park, models.PROTECT, verbose_name="园区", related_name="members")
    name = models.CharField("姓名", max_length=40)
    sex = models.CharField("性别", max_length=1, choices=Sex, blank=True)
    birth_on = models.DateField("出生日期", null=True, blank=True)
    ethnicity = models.CharField("民族", max_length=20, blank=True)
    education = models.CharField("学历", max_length=2, choices=Education, blank=True)
    job_category = models.CharField("岗位类别", max_length=20, choices=JobCategory, blank=True)
    applied_on = models.DateField("申请入党日期", null=True, blank=True)
    activist_on = models.DateField("确定为积极分子日期", null=True, blank=True)
    candidate_on = models.DateField("列为发展对象日期", null=True, blank=True)
    admitted_on = models.DateField(
        "接收为预备党员日期", null=True, blank=True, help_text="支部大会通过之日，党员的入党时间。"
    )
    full_on = models.DateField("转为正式党员日期", null=True, blank=True, db_index=True)
    dates_pending = models.BooleanField(
        "入党日期待补",
        default=False,
        help_text="已知是党员、还不知道日期的；补上日期以前不计入党员数。",
    )
    left_on = models.DateField("离开日期", null=True, blank=True)
    left_reason = models.CharField("离开原因", max_length=20, choices=LeftReason, blank=True)
    suspended_on = models.DateField("停止党籍日期", null=True, blank=True)
    reinstated_on = models.DateField("恢复党籍日期", null=True, blank=True)
    phone = models.CharField("联系电话", max_length=30, blank=True)
    note = models.TextField("备注", blank=True)
    id_cipher = models.CharField("身份证号", max_length=120, blank=True, editable=False)
    id_index = models.CharField("身份证号的索引", max_length=64, blank=True, editable=False)
    order_key = OrderKeyField("名称的次序", of="name", is_person=True, max_length=200)
    initials = InitialsField("名称的拼音首字母", of="name", is_person=True, max_length=40)

    class Meta:
        verbose_name = "党员"
        verbose_name_plural = "党员"
        ordering = ("park", "order_key", "pk")
        indexes = (models.Index(fields=("id_index",), condition=~Q(id_index=""), name="orgs_member_id_index"),)
        constraints = (
            models.UniqueConstraint(
                fields=("park", "id_index"),
                condition=~Q(id_index=""),
                name="orgs_member_id_once",
                violation_error_message="本园区台账里已有这个身份证号的党员，请在台账中查找后修改，不要重复登记。",
            ),
            models.CheckConstraint(
                condition=Q(id_cipher="", id_index="") | ~Q(id_cipher="") & ~Q(id_index=""),
                name="orgs_member_id_both",
                violation_error_message="身份证号没有存完整，请在党员页面上重新填写身份证号。",
            ),
            models.CheckConstraint(
                condition=Q(full_on__isnull=True) | Q(admitted_on__isnull=False, admitted_on__lt=F("full_on")),
                name="orgs_member_full_after_admitted",
                violation_error_message="转为正式党员日期应晚于接收为预备党员日期，两个日期都要填。",
            ),
            models.CheckConstraint(
                condition=Q(left_on__isnull=True, left_reason="") | Q(left_on__isnull=False) & ~Q(left_reason=""),
                name="orgs_member_left_reason",
                violation_error_message="离开日期和离开原因要么都填，要么都不填。",
            ),
            models.CheckConstraint(
                condition=Q(reinstated_on__isnull=True)
                | Q(suspended_on__isnull=False, suspended_on__lt=F("reinstated_on")),
                name="orgs_member_suspension",
                violation_error_message="恢复党籍日期应晚于停止党籍日期，两个日期都要填，请核对。",
            ),
            models.CheckConstraint(
                condition=Q(applied_on__isnull=False)
                | Q(activist_on__isnull=False)
                | Q(candidate_on__isnull=False)
                | Q(admitted_on__isnull=False)
                | Q(dates_pending=True),
                name="orgs_member_some_date",
                violation_error_message="至少要填一个日期：申请入党、积极分子、发展对象或接收为预备党员日期。",
            ),
        )

    def __str__(self) -> str:
        return self.name

    @classmethod
    def as_of_q(cls, day: dt.date) -> Q:
        """Known to the Party on ``day`` at any stage, and not gone."""
        begun = Q()
        for field, _stage in STAGE_DATES:
            begun |= Q(**{f"{field}__lte": day})
        return begun & (Q(left_on__isnull=True) | Q(left_on__gt=day))

    @classmethod
    def pending_q(cls) -> Q:
        """Said to be a member, and no date known yet: on no day of any stage, so in no number of members."""
        return Q(dates_pending=True, **{f"{field}__isnull": True for field, _stage in STAGE_DATES})

    @classmethod
    def listed_q(cls, day: dt.date) -> Q:
        """Whom a list of members names on ``day``: the known, and those whose dates are still to come."""
        return cls.as_of_q(day) | cls.pending_q() & (Q(left_on__isnull=True) | Q(left_on__gt=day))

    @classmethod
    def full_q(cls, day: dt.date, prefix: str = "") -> Q:
        """A full member on ``day``: converted, not gone, membership not suspended."""
        return (
            Q(**{f"{prefix}full_on__lte": day})
            & (Q(**{f"{prefix}left_on__isnull": True}) | Q(**{f"{prefix}left_on__gt": day}))
            & ~cls._suspended_q(day, prefix)
        )

    @classmethod
    def probationary_q(cls, day: dt.date, prefix: str = "") -> Q:
        return (
            Q(**{f"{prefix}admitted_on__lte": day})
            & (Q(**{f"{prefix}full_on__isnull": True}) | Q(**{f"{prefix}full_on__gt": day}))
            & (Q(**{f"{prefix}left_on__isnull": True}) | Q(**{f"{prefix}left_on__gt": day}))
        )

    @staticmethod
    def _suspended_q(day: dt.date, prefix: str) -> Q:
        # Spelled without a negation over nullable fields: NOT (NULL <= day) is unknown, not true.
        begun = Q(**{f"{prefix}suspended_on__isnull": False, f"{prefix}suspended_on__lte": day})
        open_still = Q(**{f"{prefix}reinstated_on__isnull": True}) | Q(**{f"{prefix}reinstated_on__gt": day})
        return begun & open_still

    def stage_on(self, day: dt.date) -> Stage | None:
        """The stage reached on ``day``; ``None`` before the first recorded step."""
        if self.left_on is not None and self.left_on <= day:
            return Stage.LEFT
        reached = None
        for field, stage in STAGE_DATES:
            on = getattr(self, field)
            if on is not None and on <= day:
                reached = stage
        return reached

    @property
    def is_pending(self) -> bool:
        return self.dates_pending and not any(getattr(self, field) for field, _stage in STAGE_DATES)

    def is_suspended_on(self, day: dt.date) -> bool:
        return contains(self.suspended_on, self.reinstated_on, day)

    # The ID number

    @property
    def has_id_number(self) -> bool:
        return bool(self.id_cipher)

    def take_id_number(self, number: str) -> None:
        """Seal a number that has been read to this record, which has its key already; "" takes the old one away.

        The same number again leaves everything as it is. Raises keyring.NoKey.
        """
        if number and self.id_index in sealing.indexes_of(number):
            return
        self.id_cipher = sealing.seal(number, self._sealed_to) if number else ""
        self.id_index = sealing.index_of(number) if number else ""

    def open_id_number(self) -> str:
        """The number, or "". Raises sealing.NotOpened and keyring.NoKey."""
        return sealing.unseal(self.id_cipher, self._sealed_to) if self.id_cipher else ""

    @property
    def _sealed_to(self) -> str:
        if self.pk is None:
            raise ValueError("a number is sealed to a record that has its key")
        return f"{self._meta.label_lower}:{self.pk}"

    @classmethod
    def is_elsewhere(cls, indexes: Sequence[str], park: Park) -> bool:
        """Whether another park has a member with one of these indexes: that it is so, never who or where."""
        return cls.objects.filter(id_index__in=indexes).exclude(park=park).exists()

    @classmethod
    def elsewhere_q(cls, park: Park) -> Q:
        """The members of a park whose number another park has too, as :meth:`is_elsewhere`."""
        others = cls.objects.filter(id_index=OuterRef("id_index")).exclude(park=park)
        return ~Q(id_index="") & Q(Exists(others))

    def _contradictions(self) -> dict[str, str]:
        """What is recorded otherwise than the number says. A number that can not be opened says nothing."""
        try:
            said = idnumbers.read(self.open_id_number(), timezone.localdate()) if self.pk and self.id_cipher else None
        except (sealing.NotOpened, keyring.NoKey, ValidationError):
            return {}
        return contradictions(said, self.birth_on, self.sex) if said else {}

    def is_full_on(self, day: dt.date) -> bool:
        return self.stage_on(day) == Stage.FULL and not self.is_suspended_on(day)

    def clean(self) -> None:
        super().clean()
        known = [(field, getattr(self, field)) for field, _stage in STAGE_DATES if getattr(self, field)]
        for (earlier, first), (later, second) in pairwise(known):
            if second < first:
                names = [label_of(Member, field) for field in (later, earlier)]
                raise ValidationError({later: f"{names[0]}早于{names[1]}，请核对这两个日期。"})
        if self.birth_on and known and known[0][1] <= self.birth_on:
            raise ValidationError({"birth_on": "出生日期晚于入党各步骤的日期，请核对。"})
        if self.left_on and known and self.left_on < known[-1][1]:
            raise ValidationError({"left_on": "离开日期早于已填的发展日期，请核对。"})
        if self.birth_on and self.admitted_on and whole_years(self.birth_on, self.admitted_on) < self.ADULT:
            raise ValidationError({"admitted_on": "接收为预备党员时不满十八岁，请核对出生日期和接收日期。"})
        found = self._contradictions()
        if found:
            raise ValidationError(found)


class Employment(ScopedModel, Dated):
    """A member works at an enterprise, wherever his affiliation sits."""

    park_path = "member__park"
    period = ("since", "until")
    read_roles = PERSON_READERS

    member = models.ForeignKey(Member, models.PROTECT, verbose_name="党员", related_name="employments")
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, verbose_name="企业", related_name="employments")
    job = models.CharField("岗位", max_length=40, blank=True)

    class Meta:
        verbose_name = "工作单位"
        verbose_name_plural = "工作单位"
        ordering = ("member", "since")
        constraints = dated_constraints(
            models.UniqueConstraint(
                fields=("member", "enterprise", "since"),
                name="orgs_employment_once",
                violation_error_message="这名党员从同一天起在这家企业工作已登记过，不必重复登记。",
            ),
        )

    def __str__(self) -> str:
        return f"{self.member} 在 {self.enterprise}"


class AffiliationKind(models.TextChoices):
    FORMAL = "formal", "正式组织关系"
    INFLOW = "inflow", "流动党员（流入）"
    TEMPORARY = "temporary", "临时组织关系"


class Affiliation(ScopedModel, Dated):
    """组织关系: to which organization a member belongs. One formal affiliation at a time, so nobody counts twice."""

    park_path = "member__park"
    period = ("since", "until")
    read_roles = PERSON_READERS

    member = models.ForeignKey(Member, models.PROTECT, verbose_name="党员", related_name="affiliations")
    organization = models.ForeignKey(
        PartyOrganization, models.PROTECT, verbose_name="所在党组织", related_name="affiliations"
    )
    kind = models.CharField("组织关系类别", max_length=10, choices=AffiliationKind, default=AffiliationKind.FORMAL)

    class Meta:
        verbose_name = "组织关系"
        verbose_name_plural = "组织关系"
        ordering = ("member", "since")
        constraints = dated_constraints(
            models.UniqueConstraint(
                fields=("member",),
                condition=Q(until__isnull=True, kind=AffiliationKind.FORMAL),
                name="orgs_affiliation_one_formal",
                violation_error_message="这名党员的正式组织关系已在别的党组织，请先填上原组织关系的终止日期。",
            ),
        )

    def __str__(self) -> str:
        return f"{self.member} 属 {self.organization}"

    def clean(self) -> None:
        super().clean()
        if not (self.member_id and self.organization_id and self.since and self.kind == AffiliationKind.FORMAL):
            return
        if self.organization.kind in TEMPORARY_KINDS:
            raise ValidationError({"kind": "临时党组织不接转正式组织关系，组织关系类别请选“临时组织关系”。"})
        others = Affiliation.objects.filter(member_id=self.member_id, kind=AffiliationKind.FORMAL).exclude(pk=self.pk)
        for other in others:
            if overlap(self.since, self.until, other.since, other.until):
                raise ValidationError(
                    {"since": f"与在“{other.organization}”的正式组织关系日期重叠，同一天只能有一个正式组织关系。"}
                )


class Post(models.TextChoices):
    SECRETARY = "secretary", "书记"
    DEPUTY_SECRETARY = "deputy_secretary", "副书记"
    FULL_TIME_DEPUTY = "full_time_deputy", "专职副书记"
    ORGANIZATION = "organization_member", "组织委员"
    PUBLICITY = "publicity_member", "宣传委员"
    DISCIPLINE = "discipline_member", "纪检委员"
    MASS_WORK = "mass_work_member", "群工（青年、统战）委员"
    GROUP_LEADER = "group_leader", "党小组组长"
    ORGANIZER = "organizer", "组织员"
    PARTY_WORKER = "party_worker", "党务工作者"


class SecretaryBackground(models.TextChoices):
    INVESTOR = "investor", "出资人（企业主）担任"
    SENIOR = "senior", "高层管理人员担任"
    MIDDLE = "middle", "中层管理人员担任"
    DISPATCHED = "dispatched", "上级党组织选派"
    INSTRUCTOR = "instructor", "党建指导员兼任"
    FULL_TIME = "full_time", "专职党务工作者"
    PROFESSIONAL = "professional", "技术骨干"
    RETIRED = "retired", "退休干部"
    OTHER = "other", "其他人员担任"


class Office(ScopedModel, Dated):
    """党内任职: a member holds a post in an organization; for a secretary, also where he comes from."""

    park_path = "organization__park"
    period = ("since", "until")
    read_roles = PERSON_READERS

    organization = models.ForeignKey(PartyOrganization, models.PROTECT, verbose_name="党组织", related_name="offices")
    member = models.ForeignKey(Member, models.PROTECT, verbose_name="党员", related_name="offices")
    post = models.CharField("党内职务", max_length=20, choices=Post)
    background = models.CharField(
        "书记来源", max_length=20, choices=SecretaryBackground, blank=True, help_text="职务是书记时填写。"
    )

    class Meta:
        verbose_name = "党内任职"
        verbose_name_plural = "党内任职"
        ordering = ("organization", "post", "since")
        constraints = dated_constraints(
            models.CheckConstraint(
                condition=Q(background="") | Q(post=Post.SECRETARY),
                name="orgs_office_background",
                violation_error_message="书记来源只在职务是书记时填写，请清空或改选职务。",
            ),
            models.UniqueConstraint(
                fields=("organization", "member", "post", "since"),
                name="orgs_office_once",
                violation_error_message="这项任职从同一天起已登记过，不必重复登记。",
            ),
        )

    def __str__(self) -> str:
        return f"{self.organization}{self.get_post_display()} {self.member}"
