"""The only place for organization life: meetings, lectures, themed days, and their attendance."""

import datetime as dt
from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from orgs.models import Member, PartyOrganization
from orgs.scoping import PERSON_READERS, ScopedModel


class ActivityKind(models.TextChoices):
    MEMBER_MEETING = "member_meeting", "支部党员大会"
    COMMITTEE_MEETING = "committee_meeting", "支部委员会会议"
    GROUP_MEETING = "group_meeting", "党小组会"
    PARTY_LECTURE = "party_lecture", "党课"
    THEME_DAY = "theme_day", "主题党日"
    ORG_LIFE_MEETING = "org_life_meeting", "组织生活会"
    APPRAISAL = "appraisal", "民主评议党员"
    TALK = "talk", "谈心谈话"
    COMMITTEE_LIFE_MEETING = "committee_life_meeting", "民主生活会"
    GROUP_STUDY = "group_study", "集中学习"
    CENTRAL_GROUP = "central_group", "中心组学习"
    TRAINING = "training", "集中培训、轮训"
    VISIT = "visit", "参观红色教育基地"
    OATH = "oath", "入党宣誓、重温誓词"
    JOINT_DAY = "joint_day", "联合党日、结对共建"
    JOINT_MEETING = "joint_meeting", "党建联席会、座谈会"
    BOARD_MEETING = "board_meeting", "党支部与董事会沟通会"
    ENTERPRISE_VISIT = "enterprise_visit", "走访企业"
    POLICY_TALK = "policy_talk", "政策宣讲、现场办公"
    VOLUNTEER = "volunteer", "志愿服务、公益慰问"
    CULTURE = "culture", "群团文体、劳动竞赛"
    PROJECT = "project", "项目党建"
    OTHER = "other", "其他"


class Mode(models.TextChoices):
    ON_SITE = "on_site", "线下"
    ONLINE = "online", "线上"
    MIXED = "mixed", "线上线下结合"


class AttendanceStatus(models.TextChoices):
    PRESENT = "present", "出席"
    OBSERVER = "observer", "列席"
    ON_LEAVE = "on_leave", "请假"
    ABSENT = "absent", "缺席"


class LeaveReason(models.TextChoices):
    WORK = "work", "因公"
    ILLNESS = "illness", "因病"
    PRIVATE = "private", "事假"


class Activity(ScopedModel):
    """One meeting or activity of a Party organization. Heads are members: due = present + on leave + absent."""

    park_path: ClassVar[str] = "organization__park"
    personal = frozenset({"host", "content"})

    organization = models.ForeignKey(
        PartyOrganization, models.PROTECT, verbose_name="党组织", related_name="activities"
    )
    kind = models.CharField("活动类型", max_length=30, choices=ActivityKind)
    held_on = models.DateField("日期", db_index=True)
    title = models.CharField("议题或主题", max_length=120)
    place = models.CharField("地点", max_length=60, blank=True)
    host = models.CharField("主持人", max_length=40, blank=True)
    mode = models.CharField("方式", max_length=10, choices=Mode, default=Mode.ON_SITE)
    due = models.PositiveIntegerField("应到")
    present = models.PositiveIntegerField("实到")
    on_leave = models.PositiveIntegerField("请假", default=0)
    absent = models.PositiveIntegerField("缺席", default=0)
    content = models.TextField("主要内容和决议", blank=True)

    class Meta:
        verbose_name = "组织生活"
        verbose_name_plural = "组织生活"
        ordering = ("-held_on", "organization", "pk")
        indexes = (models.Index(fields=("organization", "kind", "held_on"), name="activities_activity_due"),)
        constraints = (
            models.CheckConstraint(
                condition=Q(due=F("present") + F("on_leave") + F("absent")),
                name="activities_activity_heads",
                violation_error_message="应到人数应等于实到、请假、缺席人数之和，请核对这四个数。",
            ),
        )

    def __str__(self) -> str:
        return f"{self.organization} {self.held_on} {self.get_kind_display()}"

    @classmethod
    def as_of_q(cls, day: dt.date) -> Q:
        return Q(held_on__lte=day)

    def clean(self) -> None:
        super().clean()
        if self.organization_id and self.held_on and self.held_on < self.organization.founded_on:
            raise ValidationError(
                {"held_on": f"日期早于党组织成立日期{self.organization.founded_on}，请核对活动日期或党组织的成立日期。"}
            )


class Attendance(ScopedModel):
    """A named person at an activity; officers usually name only those who were not there."""

    park_path: ClassVar[str] = "activity__organization__park"
    read_roles = PERSON_READERS

    activity = models.ForeignKey(Activity, models.PROTECT, verbose_name="组织生活", related_name="attendances")
    member = models.ForeignKey(Member, models.PROTECT, verbose_name="党员", related_name="attendances")
    status = models.CharField("到会情况", max_length=10, choices=AttendanceStatus)
    reason = models.CharField("请假事由", max_length=10, choices=LeaveReason, blank=True)

    class Meta:
        verbose_name = "到会记录"
        verbose_name_plural = "到会记录"
        ordering = ("activity", "status", "member")
        constraints = (
            models.UniqueConstraint(
                fields=("activity", "member"),
                name="activities_attendance_once",
                violation_error_message="这名党员在这次活动里已登记过到会情况。",
            ),
            models.CheckConstraint(
                condition=Q(reason="") | Q(status=AttendanceStatus.ON_LEAVE),
                name="activities_attendance_reason",
                violation_error_message="请假事由只在到会情况是“请假”时填写。",
            ),
        )

    def __str__(self) -> str:
        return f"{self.member}：{self.get_status_display()}"
