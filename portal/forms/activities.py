"""The only place for the entry form of organization life: the meeting, the head counts, who was not there."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.db import models
from django.db.models import Q

from activities.models import Activity, ActivityKind, Attendance, AttendanceStatus
from orgs import journal
from orgs.journal import Via
from orgs.models import Action, Affiliation, Change, Member, Office, PartyOrganization, Post
from orgs.periods import during
from portal.forms.base import EntryForm, Note, Section, Together, option_text, today
from portal.forms.fields import number_input

RULES = "支部工作条例（试行）"

# 组织生活: how often at least, in the words of the rule
OFTEN = {
    ActivityKind.MEMBER_MEETING: ("quarter", "支部党员大会由全体党员参加，一般每季度召开1次。", f"{RULES}第十一条"),
    ActivityKind.COMMITTEE_MEETING: (
        "month",
        "支部委员会会议一般每月召开1次，须有半数以上委员到会。",
        f"{RULES}第十二条",
    ),
    ActivityKind.GROUP_MEETING: ("month", "党小组会一般每月召开1次。", f"{RULES}第十三条"),
    ActivityKind.THEME_DAY: ("month", "党支部每月相对固定1天开展主题党日。", f"{RULES}第十六条"),
    ActivityKind.PARTY_LECTURE: ("year", "党委（党组）书记每年至少讲1次党课。", f"{RULES}第十六条"),
    ActivityKind.ORG_LIFE_MEETING: (
        "year",
        "党支部每年至少召开1次组织生活会，一般安排在第四季度。",
        f"{RULES}第十七条",
    ),
    ActivityKind.APPRAISAL: ("year", "民主评议党员一般每年开展1次。", f"{RULES}第十八条"),
    ActivityKind.TALK: ("year", "党支部委员、党员之间每年谈心谈话一般不少于1次。", f"{RULES}第十九条"),
}

# Meetings of the whole organization: every member is due
WHOLE = frozenset({ActivityKind.MEMBER_MEETING, ActivityKind.ORG_LIFE_MEETING, ActivityKind.APPRAISAL})


def span_of(period: str, day: dt.date) -> tuple[dt.date, dt.date, str]:
    """First day, first day after, and name of the month, quarter or year that contains ``day``."""
    if period == "year":
        return dt.date(day.year, 1, 1), dt.date(day.year + 1, 1, 1), f"{day.year}年"
    months = 3 if period == "quarter" else 1
    first = dt.date(day.year, (day.month - 1) // months * months + 1, 1)
    number = first.month + months
    after = dt.date(first.year + (number > 12), (number - 1) % 12 + 1, 1)
    return first, after, f"第{'一二三四'[first.month // 3]}季度" if months == 3 else f"{day.month}月"


class PeopleField(forms.ModelMultipleChoiceField):
    """Members to tick."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, label: str, help_text: str = "") -> None:
        super().__init__(Member.objects.none(), required=False, label=label, help_text=help_text)
        self.alone: set[str] = set()
        self.error_messages["invalid_choice"] = f"{label}里有不属于这个党组织的人，请重新勾选"
        self.error_messages["invalid_pk_value"] = f"{label}里有认不出的人，请重新勾选"
        self.error_messages["list"] = f"{label}请逐个勾选"

    def clean(self, value: Any) -> Any:
        # A forged number too long for the database is as unknown as any other
        if isinstance(value, list | tuple) and any(len(str(one)) > 18 for one in value):
            raise forms.ValidationError(self.error_messages["invalid_choice"], code="invalid_choice")
        return super().clean(value)

    def offer(self, people: models.QuerySet[Member]) -> None:
        """Offer these people, by name alone; only namesakes carry the year of their birth."""
        self.queryset = people
        names = Counter(people.values_list("name", flat=True))
        self.alone = {name for name, count in names.items() if count == 1}

    def label_from_instance(self, obj: Any) -> str:
        return obj.name if obj.name in self.alone else option_text(obj)


class ActivityForm(EntryForm):
    """One meeting or activity; once the organization is known, its members can be ticked as absent."""

    add_title = "登记组织生活"
    edit_title = "修改组织生活"
    prefill: ClassVar = {"organization": "organization", "kind": "kind", "held_on": "held_on"}
    keep: ClassVar = {"organization": "organization", "kind": "kind", "held_on": "held_on"}

    leave_members = PeopleField("请假人员")
    absent_members = PeopleField("缺席人员")

    sections = (
        Section("会议或活动", ("organization", "kind", "held_on", "title", "host", "place", "mode")),
        Section(
            "到会",
            (Together("人数", ("due", "present", "on_leave", "absent"), "名"), "leave_members", "absent_members"),
            "应到 = 实到 + 请假 + 缺席；实到、缺席可以空一项，由另外几项算出。",
        ),
        Section("内容", ("content",)),
    )

    class Meta(EntryForm.Meta):
        model = Activity
        fields: tuple[str, ...] = (
            "organization",
            "kind",
            "held_on",
            "title",
            "host",
            "place",
            "mode",
            "due",
            "present",
            "on_leave",
            "absent",
            "content",
        )
        labels = {"held_on": "会议日期"}  # noqa: RUF012 - read by Django

    def prepare(self) -> None:
        for name in ("due", "present", "on_leave", "absent"):
            self.fields[name].widget = number_input()
            self.fields[name].widget.attrs["class"] = "w5"
        for name in ("present", "on_leave", "absent"):
            self.fields[name].required = False
        if self.is_new:
            for name in ("on_leave", "absent"):
                self.initial.setdefault(name, None)
        self.organization = self._organization()
        for name, status in (("leave_members", AttendanceStatus.ON_LEAVE), ("absent_members", AttendanceStatus.ABSENT)):
            if self.organization is None or name not in self.fields:
                self.fields.pop(name, None)
                continue
            field: Any = self.fields[name]
            field.offer(self._people())
            if not self.is_new:
                named = self.instance.attendances.filter(status=status)
                self.initial[name] = [one.member_id for one in named]
        if self.organization is not None and self.is_new and "organization" in self.fields:
            # The organization was chosen on the step before; a different one means different people to tick
            self.fields["organization"].widget = forms.HiddenInput()

    def _organization(self) -> PartyOrganization | None:
        choices: Any = self.fields["organization"]
        given: Any = (
            self.data.get(self.add_prefix("organization")) if self.is_bound else self.initial.get("organization")
        )
        if isinstance(given, PartyOrganization):
            given = given.pk
        if given in (None, "") or not str(given).isdecimal() or len(str(given)) > 18:
            return None
        found: PartyOrganization | None = choices.queryset.filter(pk=int(given)).first()
        return found

    def _day(self) -> dt.date:
        """The day of the meeting as far as it is known now."""
        name = "held_on"
        given = self.data.get(self.add_prefix(name)) if self.is_bound else self.initial.get(name)
        try:
            return self.fields[name].clean(given) or today()
        except forms.ValidationError:
            return today()

    def _people(self) -> Any:
        """Those who belong to the organization on the day, and those already named."""
        belonging = Affiliation.objects.visible_to(self.user).filter(
            during(self._day()), organization=self.organization
        )
        named = Attendance.objects.visible_to(self.user).filter(activity=self.instance.pk)
        seen = Member.objects.visible_to(self.user)
        keys = set(belonging.values_list("member_id", flat=True)) | set(named.values_list("member_id", flat=True))
        return seen.filter(pk__in=keys).order_by("order_key", "pk")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("held_on") and cleaned["held_on"] > today():
            self.add_error("held_on", f"会议日期晚于今天{today()}，请在开过以后再登记")
        self._check_once(cleaned)
        self._settle_counts(cleaned)
        self._check_names(cleaned)
        return cleaned

    def _check_once(self, cleaned: Mapping[str, Any]) -> None:
        """The same meeting is entered once; the monthly grid asks this of all its lines together."""
        about = {name: cleaned.get(name) for name in ("organization", "kind", "held_on", "title")}
        if not all(about.values()) or not self.says_anew(*about):
            return
        same = Activity.objects.visible_to(self.user).filter(**about).exclude(pk=self.instance.pk).first()
        if same is not None:
            what = f"{same.held_on}的{same.get_kind_display()}"
            text = f"{what}已登记过“{same.title}”，不用再登记；同一天确实另有一次的，请把议题写得不同"
            self.add_error("held_on", text)

    def _settle_counts(self, cleaned: dict[str, Any]) -> None:
        counts = ("due", "present", "on_leave", "absent")
        if any(name in self.errors for name in counts):
            return
        due: int = cleaned["due"]
        present, absent, on_leave = cleaned.get("present"), cleaned.get("absent"), cleaned.get("on_leave")
        if on_leave is None:
            on_leave = len(cleaned.get("leave_members") or ())
        if present is None and absent is None:
            self.add_error("present", "请填写实到人数；全员到会就填应到人数")
            return
        if present is not None and present > due:
            self.add_error("present", f"实到{present}名多于应到{due}名，请核对应到和实到人数")
            return
        if absent is None and present is not None:
            absent = due - present - on_leave
            if absent < 0:
                self.add_error("present", f"实到{present}名、请假{on_leave}名，合起来多于应到{due}名，请核对")
                return
        elif present is None and absent is not None:
            present = due - absent - on_leave
            if present < 0:
                self.add_error("absent", f"请假{on_leave}名、缺席{absent}名，合起来多于应到{due}名，请核对")
                return
        present, absent = present or 0, absent or 0
        if due != present + on_leave + absent:
            self.add_error(
                "due",
                f"应到{due}名，实到{present}名、请假{on_leave}名、缺席{absent}名合计{present + on_leave + absent}名，"
                "两边应相等，请核对",
            )
            return
        cleaned |= {"present": present, "on_leave": on_leave, "absent": absent}

    def _check_names(self, cleaned: dict[str, Any]) -> None:
        leave, absent = list(cleaned.get("leave_members") or ()), list(cleaned.get("absent_members") or ())
        both = sorted({one.name for one in leave if one in absent})
        if both:
            self.add_error("absent_members", f"{'、'.join(both)}既勾选了请假又勾选了缺席，请只留一处")
        for name, named, count in (("leave_members", leave, "on_leave"), ("absent_members", absent, "absent")):
            total = cleaned.get(count)
            if total is not None and count not in self.errors and len(named) > total and not self._counts_wrong():
                word = "请假" if count == "on_leave" else "缺席"
                self.add_error(name, f"勾选了{len(named)}名{word}人员，多于{word}{total}名，请核对")

    def _counts_wrong(self) -> bool:
        return any(name in self.errors for name in ("due", "present", "on_leave", "absent"))

    def after(self, row: Any, via: Via) -> None:
        """Bring the named people in line with what was ticked; other attendance is left alone."""
        if "leave_members" not in self.fields:
            return
        wanted: dict[int, AttendanceStatus] = {}
        for name, status in (("leave_members", AttendanceStatus.ON_LEAVE), ("absent_members", AttendanceStatus.ABSENT)):
            wanted |= dict.fromkeys((one.pk for one in self._ticked(name)), status)
        known = {one.member_id: one for one in Attendance.objects.visible_to(self.user).filter(activity=row)}
        ticked = {AttendanceStatus.ON_LEAVE, AttendanceStatus.ABSENT}
        for member, one in known.items():
            if one.status in ticked and member not in wanted:
                journal.delete(one, self.user, via)
        for member, status in wanted.items():
            stored = known.get(member)
            if stored is None:
                journal.save(Attendance(activity=row, member_id=member, status=status), self.user, via)
            elif stored.status != status:
                stored.status, stored.reason = status, ""
                journal.save(stored, self.user, via)

    def _ticked(self, name: str) -> Iterable[Member]:
        return self.cleaned_data.get(name) or ()

    # What others wrote meanwhile: those who were named are rows of their own

    @classmethod
    def trail(cls, pk: int) -> models.QuerySet[Change]:
        named = Attendance._meta.label_lower
        park = Activity.objects.filter(pk=pk).values("organization__park")
        own = Q(before__activity__0=pk) | Q(after__activity__0=pk)
        own |= Q(object_id__in=Attendance.objects.filter(activity=pk).values("pk"))
        about = Q(model=Activity._meta.label_lower, object_id=pk) | Q(Q(model=named, park__in=park), own)
        return Change.objects.filter(about)

    def touched(self, change: Change) -> set[str]:
        if change.model == Attendance._meta.label_lower:
            return {"leave_members", "absent_members"} & set(self.fields)
        return super().touched(change)

    def former(self, changes: Sequence[Change]) -> dict[str, Any]:
        """Those who were named are found by taking the entries back, the newest first."""
        found = super().former(changes)
        of_people = [change for change in changes if change.model == Attendance._meta.label_lower]
        if not of_people:
            return found
        rows = Attendance.objects.visible_to(self.user).filter(activity=self.instance.pk)
        named: dict[int, tuple[int, str]] = {row.pk: (row.member_id, row.status) for row in rows}
        for change in reversed(of_people):
            member, status = named.pop(change.object_id, (0, ""))
            if change.action != Action.CREATE:
                member = change.before.get("member", [member])[0]
                named[change.object_id] = (member, change.before.get("status", status))
        for name, status in (("leave_members", AttendanceStatus.ON_LEAVE), ("absent_members", AttendanceStatus.ABSENT)):
            found[name] = [member for member, was in named.values() if was == status]
        return found

    def notes(self) -> dict[str, list[Note]]:
        notes: dict[str, list[Note]] = {
            "kind": [],
            "held_on": [Note(f"不能晚于今天{today()}。补记以往的会议，请写会议当天的日期。")],
            "host": [Note("党员大会、支委会由书记召集并主持，可以委托副书记或委员主持。", f"{RULES}第十四条")],
        }
        kind = self.value("kind") or ""
        if kind in OFTEN:
            notes["kind"].append(self._often(kind))
        organization = self.organization
        if organization is None:
            return notes
        day = self.value("held_on") or today()
        members = Member.objects.visible_to(self.user)
        here = Affiliation.objects.visible_to(self.user).filter(during(day), organization=organization)
        mine = members.filter(pk__in=here.values("member"))
        full = mine.filter(Member.full_q(day)).count()
        probationary = mine.filter(Member.probationary_q(day)).count()
        notes["due"] = self.due_notes(day, full, probationary)
        secretary = Office.objects.visible_to(self.user).filter(
            during(day), organization=organization, post=Post.SECRETARY
        )
        one = secretary.select_related("member").first()
        if one is not None:
            notes["host"] = [
                Note(f"当天的书记是{one.member}。由书记召集并主持，可以委托副书记或委员主持。", f"{RULES}第十四条")
            ]
        return notes

    def due_notes(self, day: dt.date, full: int, probationary: int) -> list[Note]:
        """What is to be said of the head counts of an organization with so many members on the day."""
        who = f"{day}有正式党员{full}名、预备党员{probationary}名，共{full + probationary}名。"
        due, present = self.value("due"), self.value("present")
        whole = (self.value("kind") or "") in WHOLE
        if whole and due is not None and full + probationary and due != full + probationary:
            notes = [Note(f"{who}预备党员参加会议，没有表决权。", tone="due", head=f"应到{due}名与党员数不一致")]
        elif whole and due is not None and due == full + probationary:
            notes = [Note(who, tone="ok", head="应到与党员数一致")]
        else:
            notes = [Note(who)]
        if whole and due and present is not None and present * 2 < due:
            notes.append(
                Note(
                    "表决必须有半数以上有表决权的党员到会方可进行。",
                    f"{RULES}第十一条",
                    "due",
                    f"实到{present}名，不到应到{due}名的半数",
                )
            )
        return notes

    def _often(self, kind: str) -> Note:
        period, rule, cite = OFTEN[ActivityKind(kind)]
        day = self.value("held_on")
        if self.organization is None or day is None:
            return Note(rule, cite)
        first, after, name = span_of(period, day)
        same = Activity.objects.visible_to(self.user).filter(
            organization=self.organization, kind=kind, held_on__gte=first, held_on__lt=after
        )
        count = same.exclude(pk=self.instance.pk).count()
        return Note(rule, cite, "ok", f"{name}另有{count}次" if count else f"{name}第一次登记")
