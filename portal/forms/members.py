"""The only place for the entry forms of Party members, where they work, where they belong, and the posts they hold."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar, Final

from django import forms
from django.db import models
from django.urls import reverse

from orgs import idnumbers, journal, keyring, sealing
from orgs.journal import Via
from orgs.models import (
    STAGE_DATES,
    TEMPORARY_KINDS,
    Affiliation,
    AffiliationKind,
    Employment,
    Member,
    Office,
    OrganizationKind,
    PartyOrganization,
    Post,
)
from orgs.models.member import contradictions
from orgs.periods import during
from portal.forms.base import (
    Alike,
    EntryForm,
    Note,
    Part,
    Section,
    Together,
    add_months,
    column_of,
    sharing_days,
    span_text,
    today,
)
from portal.forms.enterprises import end_open, outside_stay, plain_name, side_by_side
from portal.forms.fields import IdNumberField, PersonField, SealedField, checked_while_typing, worded

RECRUITING = "中国共产党发展党员工作细则"
EDUCATION_RULES = "中国共产党党员教育管理工作条例"
BRANCH_RULES = "支部工作条例（试行）"
ELECTION_RULES: Final = "中国共产党基层组织选举工作条例"
# The posts of a committee, and the leader of a group; 组织员 and 党务工作者 are staff
ELECTED: Final = frozenset(Post) - {Post.ORGANIZER, Post.PARTY_WORKER}
# What stands side by side when somebody may be on record already
COMPARED: Final = ("name", "sex", "birth_on", "applied_on", "admitted_on", "full_on", "left_on", "phone")
# What the form says of an ID number in the place of showing it
NO_NUMBER: Final = "18位。出生日期、性别没填的由它得出。提交以后不再显示，也不存入草稿。"
HELD: Final = "已登记（不显示）。留空不变；填写新号码就是更换。不存入草稿。"
CARRIED: Final = "已填好（不显示），提交时一起登记；要改就重新填写。不存入草稿。"
NO_KEY: Final = "服务器上没有身份证号的密钥，现在登记不了，请告诉系统管理员；这一项留空，其余内容可以先提交"


class MemberForm(EntryForm):
    """A member or applicant; when new also the first employment and the first affiliation."""

    add_title = "登记党员"
    edit_title = "修改党员"
    prefill: ClassVar = {
        "enterprise": "employment_enterprise",
        "organization": "affiliation_organization",
        "affiliation_kind": "affiliation_kind",
    }
    keep: ClassVar = {
        "employment_enterprise": "enterprise",
        "affiliation_organization": "organization",
        "affiliation_kind": "affiliation_kind",
    }

    id_number = worded(IdNumberField(label="身份证号", required=False))
    employment_enterprise = column_of(Employment, "enterprise", label="在哪家企业工作")
    employment_since = column_of(Employment, "since", label="到岗日期")
    job = column_of(Employment, "job")
    affiliation_organization = column_of(Affiliation, "organization")
    affiliation_kind = column_of(Affiliation, "kind")
    affiliation_since = column_of(
        Affiliation, "since", label="编入日期", help_text="组织关系转入或编入这个党组织的日子。"
    )

    parts = (
        Part(
            Employment,
            "member",
            {"employment_enterprise": "enterprise", "employment_since": "since", "job": "job"},
            ("employment_enterprise",),
        ),
        Part(
            Affiliation,
            "member",
            {
                "affiliation_organization": "organization",
                "affiliation_kind": "kind",
                "affiliation_since": "since",
            },
            ("affiliation_organization",),
        ),
    )
    sections = (
        Section(
            "基本情况",
            (
                "park",
                "name",
                "id_number",
                "id_clear",
                "sex",
                "birth_on",
                "ethnicity",
                "education",
                "job_category",
                "phone",
            ),
        ),
        Section(
            "入党经过",
            ("applied_on", "activist_on", "candidate_on", "admitted_on", "full_on", "dates_pending"),
            "知道哪一步的日期就填哪一步，至少填一个；现在是申请人、积极分子还是党员，由这些日期得出。",
        ),
        Section("工作单位", ("employment_enterprise", "employment_since", "job"), "党员数按在哪家企业工作来数。"),
        Section(
            "组织关系",
            ("affiliation_organization", "affiliation_kind", "affiliation_since"),
            "组织关系不在本园区的，可以不填。",
        ),
        Section(
            "离开和停止党籍",
            (Together("离开", ("left_on", "left_reason")), Together("停止党籍", ("suspended_on", "reinstated_on"))),
            "没有这些情况就不填。组织关系转到别处不算离开，在党员页面上终止组织关系即可。",
        ),
        Section("备注", ("note",)),
    )

    class Meta(EntryForm.Meta):
        model = Member
        fields = (
            "park",
            "name",
            "sex",
            "birth_on",
            "ethnicity",
            "education",
            "job_category",
            "phone",
            "applied_on",
            "activist_on",
            "candidate_on",
            "admitted_on",
            "full_on",
            "dates_pending",
            "left_on",
            "left_reason",
            "suspended_on",
            "reinstated_on",
            "note",
        )
        field_classes = {"name": PersonField}  # noqa: RUF012 - read by Django

    def prepare(self) -> None:
        # Only who was taken in without a date, by a sheet that has none, may stay so for now
        if not self.instance.dates_pending:
            del self.fields["dates_pending"]
        self.number, self.is_same_number = "", False
        self.namesake: Member | None = None
        self.is_elsewhere = False
        self.had_number = bool(self.instance.has_id_number)
        one = self.fields["id_number"]
        one.widget.attrs.update(checked_while_typing("id"))
        one.help_text = HELD if self.had_number else NO_NUMBER
        self.fields["id_sealed"] = self.sealed = SealedField(f"entry:{self.user.pk}")
        if self.had_number or (self.is_bound and self.data.get("id_sealed")):
            self._offer_to_clear()

    def _offer_to_clear(self) -> None:
        label = "清除已登记的身份证号" if self.had_number else "刚才填的身份证号不登记了"
        self.fields["id_clear"] = forms.BooleanField(required=False, label=label)

    def _take_number(self, cleaned: dict[str, Any]) -> None:
        """Settle which number the record gets, what follows from it, and whether somebody has it already."""
        typed, is_cleared = cleaned.get("id_number", ""), cleaned.get("id_clear", False)
        if typed and is_cleared:
            self.add_error("id_clear", "填了新的身份证号，又勾选了清除，请只留一样")
        number = typed or ("" if is_cleared else cleaned.get("id_sealed", ""))
        self.number = self.sealed.carried = cleaned["id_number"] = number
        if is_cleared and not typed and self.had_number:
            self.instance.take_id_number("")
        if not number:
            return
        self["id_number"].help_text = CARRIED  # drawn already when the field was cleaned
        if "id_clear" not in self.fields:
            self._offer_to_clear()
        said = idnumbers.read(number, today())
        for name, value in (("birth_on", said.birth_on), ("sex", said.sex)):
            if name not in self.errors and not cleaned.get(name):
                cleaned[name] = value
        for name, text in contradictions(said, cleaned.get("birth_on"), cleaned.get("sex", "")).items():
            self.add_error(name, text.rstrip("。"))
        self._look_for(sealing.indexes_of(number), cleaned)

    def _look_for(self, indexes: list[str], cleaned: Mapping[str, Any]) -> None:
        self.is_same_number = self.instance.id_index in indexes
        if not self.is_same_number:
            # The model would hold the new birthday against the old number; the new one is sealed when it is written
            self.instance.take_id_number("")
        park = cleaned.get("park") or self.park
        if park is None:
            return
        here = Member.objects.visible_to(self.user).in_park(park).filter(id_index__in=indexes)
        self.namesake = here.exclude(pk=self.instance.pk).first()
        if self.namesake is not None:
            self.add_error(
                "id_number",
                f"这个身份证号在本园区已登记为“{self.namesake}”，请修改那一条，不要重复登记；填错的请改正",
            )
        else:
            self.is_elsewhere = Member.is_elsewhere(indexes, park)

    @cached_property
    def changed_data(self) -> list[str]:
        """The number that is on record already is no change, however it was typed."""
        found: list[str] = super().changed_data
        return [name for name in found if not (self.is_same_number and name in ("id_number", "id_sealed"))]

    def carried(self) -> dict[str, str]:
        found = {"id_sealed": str(self["id_sealed"].value())} if self.number else {}
        return found | ({"id_clear": "on"} if self.cleaned_data.get("id_clear") else {})

    def before(self, via: Via) -> None:
        if not self.number:
            return
        if self.is_new:
            self.instance.pk = journal.reserve(Member)
        self.instance.take_id_number(self.number)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        try:
            self._take_number(cleaned)
        except keyring.NoKey:
            self.number = self.sealed.carried = ""
            self.add_error("id_number", NO_KEY)
        dates = [field for field, _stage in STAGE_DATES]
        if any(cleaned.get(name) for name in dates):
            if "dates_pending" in self.fields:
                cleaned["dates_pending"] = False
        elif not any(name in self.errors for name in dates) and not cleaned.get("dates_pending"):
            self.add_error("applied_on", "入党经过至少填一个日期：申请入党、积极分子、发展对象或接收为预备党员日期")
        for name in dates:
            if cleaned.get(name) and cleaned[name] > today() and self.says_anew(name):
                self.add_error(name, f"{self.fields[name].label}晚于今天{today()}，请核对；到了那一天再登记")
        # Whose dates are still to come is a member all the same
        is_member = cleaned.get("admitted_on") or "admitted_on" in self.errors or cleaned.get("dates_pending")
        if cleaned.get("suspended_on") and not is_member and self.says_anew("suspended_on", "admitted_on"):
            self.add_error("suspended_on", "停止党籍只对党员，请填写接收为预备党员日期，或清空停止党籍日期")
        if cleaned.get("full_on") and not cleaned.get("admitted_on") and "admitted_on" not in self.errors:
            self.add_error("admitted_on", "填了转为正式党员日期，请同时填写接收为预备党员日期")
        left_on, reason = cleaned.get("left_on"), cleaned.get("left_reason")
        if left_on and not reason and "left_reason" not in self.errors:
            self.add_error("left_reason", "填了离开日期，请同时选择离开原因")
        if reason and not left_on and "left_on" not in self.errors:
            self.add_error("left_on", "选了离开原因，请同时填写离开日期")
        late = self._offices(left_on).filter(since__gte=left_on).first() if left_on else None
        if late is not None and self.says_anew("left_on"):
            self.add_error(
                "left_on", f"{late.since}起还任{late.organization}{late.get_post_display()}，请核对这两个日期"
            )
        for owner, needed in (
            ("employment_enterprise", "employment_since"),
            ("affiliation_organization", "affiliation_since"),
        ):
            if owner not in self.fields or {owner, needed} & set(self.errors):
                continue
            if cleaned.get(owner) and not cleaned.get(needed):
                self.add_error(needed, f"选了{self.fields[owner].label}，请同时填写{self.fields[needed].label}")
            if cleaned.get(needed) and not cleaned.get(owner):
                self.add_error(owner, f"填了{self.fields[needed].label}，请同时选择{self.fields[owner].label}")
        if cleaned.get("job") and not cleaned.get("employment_enterprise") and "job" in self.fields:
            self.add_error("employment_enterprise", "填了岗位，请同时选择在哪家企业工作")
        organization = cleaned.get("affiliation_organization")
        if organization and organization.kind in TEMPORARY_KINDS:
            kind = cleaned.get("affiliation_kind") or AffiliationKind.FORMAL
            if kind == AffiliationKind.FORMAL:
                self.add_error("affiliation_kind", "临时党组织不接转正式组织关系，请改选“临时组织关系”")
        return cleaned

    def alikes(self) -> list[Alike]:
        """Members of the park with the name and the birthday of a new one; those of another ID number are others."""
        park, born = self.cleaned_data.get("park") or self.park, self.cleaned_data.get("birth_on")
        if not self.is_new or park is None or born is None:
            return []
        name = plain_name(self.cleaned_data["name"])
        rows = Member.objects.visible_to(self.user).in_park(park).filter(birth_on=born).order_by("pk")
        if self.number:
            rows = rows.filter(id_index="")
        why = {pk: "姓名和出生日期相同" for pk, other in rows.values_list("pk", "name") if plain_name(other) == name}
        return side_by_side(self, "members", why, COMPARED)

    def after(self, row: Member, via: Via) -> None:
        """Who has left holds no post any more: it would go on counting as that of a secretary."""
        for office in self._offices(row.left_on) if row.left_on else ():
            if office.until != row.left_on:
                office.until = row.left_on
                journal.save(office, self.user, via)

    def _offices(self, left_on: dt.date) -> models.QuerySet[Office]:
        """The posts that the day of leaving ends, or has ended."""
        held = Office.objects.visible_to(self.user).filter(member=self.instance.pk)
        return held.exclude(until__lt=left_on).select_related("organization").order_by("since", "pk")

    @classmethod
    def complete(cls, part: Part, values: dict[str, Any], cleaned: Mapping[str, Any]) -> dict[str, Any]:
        if part.model is Affiliation and not values.get("kind"):
            values["kind"] = AffiliationKind.FORMAL
        return values

    def notes(self) -> dict[str, list[Note]]:
        born, applied = self.value("birth_on"), self.value("applied_on")
        activist, candidate = self.value("activist_on"), self.value("candidate_on")
        admitted, full = self.value("admitted_on"), self.value("full_on")
        employer = self.value("employment_enterprise")
        return self._notes_on_number(born) | {
            "applied_on": [
                distance(
                    "年满十八岁可以申请入党。",
                    f"{RECRUITING}第五条",
                    born,
                    applied,
                    12 * 18,
                    "申请时不满十八岁",
                    "申请时已满十八岁",
                )
            ],
            "candidate_on": [
                distance(
                    "积极分子经过一年以上培养教育和考察，才可列为发展对象。",
                    f"{RECRUITING}第十三条",
                    activist,
                    candidate,
                    12,
                    "离确定为积极分子不满一年",
                    "培养考察已满一年",
                )
            ],
            "full_on": [
                distance(
                    "预备期一年，从支部大会通过之日算起。",
                    f"{RECRUITING}第三十一条",
                    admitted,
                    full,
                    12,
                    "离接收为预备党员不满一年",
                    "预备期已满一年",
                )
            ],
            "employment_since": outside_stay(employer, self.value("employment_since")) if employer else [],
            "affiliation_organization": [
                Note("每个党员都必须编入党的一个支部、小组或者其他特定组织。", f"{EDUCATION_RULES}第二十五条"),
                *in_working_committee(self.value("affiliation_organization"), self.value("affiliation_kind")),
            ],
        }

    def _notes_on_number(self, born: dt.date | None) -> dict[str, list[Note]]:
        notes: dict[str, list[Note]] = {}
        if self.namesake is not None:
            told = f"去看已登记的“{self.namesake}”"
            url = reverse("record", args=["members", self.namesake.pk])
            notes["id_number"] = [Note("身份证号相同的就是同一个人。", head="已登记", link=told, url=url)]
        elif self.is_elsewhere:
            told = "同一个人在别的园区也有登记时才会这样，组织关系是否已经转来，请核对；无误的照常登记。"
            notes["id_number"] = [Note(told, tone="due", head="这个身份证号在别处也有登记")]
        if born and (self.number or self.had_number) and "birth_on" not in self.errors:
            notes["birth_on"] = [Note("出生日期、性别与身份证号相符。", tone="ok", head="由身份证号得出")]
        left_on = self.value("left_on")
        ended = [] if self.is_new or left_on is None else list(self._offices(left_on))
        if ended:
            text = "、".join(f"{one.organization}{one.get_post_display()}" for one in ended)
            notes.setdefault("left_on", []).append(
                Note(f"{text}，任职到这一天为止。", tone="due", head=f"同时免去{len(ended)}个党内职务")
            )
        return notes


def distance(
    text: str, cite: str, first: dt.date | None, second: dt.date | None, months: int, short: str, enough: str
) -> Note:
    """A note on the months between two steps: grey when a date is missing, else amber or green."""
    if not (first and second):
        return Note(text, cite)
    met = second >= add_months(first, months)
    return Note(text, cite, "ok" if met else "due", enough if met else short)


def in_working_committee(organization: PartyOrganization | None, kind: str | None) -> list[Note]:
    """The amber note on a formal affiliation to a working committee itself."""
    if organization is None or organization.kind != OrganizationKind.WORKING_COMMITTEE:
        return []
    if kind not in (AffiliationKind.FORMAL, None, ""):
        return []
    text = "每个党员都必须编入党的一个支部、小组或者其他特定组织，请核对是不是编在它下面的支部。"
    return [Note(text, f"{EDUCATION_RULES}第二十五条", "due", f"{organization}是党工委")]


class EmploymentForm(EntryForm):
    """Where a member works."""

    add_title = "登记工作单位"
    edit_title = "修改工作单位"
    sections = (Section("工作单位", ("enterprise", "job", "since", "until")),)

    class Meta(EntryForm.Meta):
        model = Employment
        fields = ("enterprise", "job", "since", "until")

    def notes(self) -> dict[str, list[Note]]:
        mine = Employment.objects.visible_to(self.user).filter(member_id=self.instance.member_id, until__isnull=True)
        others = [one for one in mine if one.pk != self.instance.pk]
        enterprise = self.value("enterprise")
        notes = outside_stay(enterprise, self.value("since")) if enterprise is not None else []
        if others:
            names = "、".join(f"{one.enterprise}（{one.since}起）" for one in others)
            notes.append(
                Note(
                    f"还在{names}任职；已经离职的，请在党员页面上终止，否则两家都数这名党员。",
                    tone="due",
                    head="另有在职单位",
                )
            )
        return {"since": notes}


class AffiliationForm(EntryForm):
    """组织关系. A new formal one ends the present formal one on the day it begins."""

    follows = "member"
    add_title = "转接组织关系"
    edit_title = "更正组织关系"
    sections = (Section("组织关系", ("kind", "organization", "since", "until")),)

    class Meta(EntryForm.Meta):
        model = Affiliation
        fields = ("kind", "organization", "since", "until")

    def prepare(self) -> None:
        if self.is_new:
            del self.fields["until"]

    def current(self) -> Affiliation | None:
        mine = Affiliation.objects.visible_to(self.user).filter(member_id=self.instance.member_id)
        return mine.filter(kind=AffiliationKind.FORMAL, until__isnull=True).first()

    @classmethod
    def in_line(cls, period: Affiliation) -> bool:
        return period.kind == AffiliationKind.FORMAL

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        organization = cleaned.get("organization")
        if organization and organization.kind in TEMPORARY_KINDS and cleaned.get("kind") == AffiliationKind.FORMAL:
            self.add_error("kind", "临时党组织不接转正式组织关系，请改选“临时组织关系”")
        return cleaned

    def notes(self) -> dict[str, list[Note]]:
        notes = {
            "organization": [
                Note(
                    "工作单位或经常居住地变动，或外出6个月以上且地点相对固定的，应当转移组织关系。",
                    f"{EDUCATION_RULES}第二十五条",
                ),
                *in_working_committee(self.value("organization"), self.value("kind")),
            ]
        }
        current = self.current() if self.is_new else None
        if current is not None:
            notes["since"] = [
                Note(
                    f"登记正式组织关系时，原在“{current.organization}”的（{current.since}起）到这一天终止；"
                    "流入、临时组织关系不影响原来的。"
                )
            ]
        return notes

    def before(self, via: Via) -> None:
        if self.is_new and self.cleaned_data["kind"] == AffiliationKind.FORMAL:
            end_open(self, self.current(), via)


class OfficeForm(EntryForm):
    """党内任职."""

    add_title = "登记党内任职"
    edit_title = "修改党内任职"
    prefill: ClassVar = {"organization": "organization", "member": "member", "post": "post", "since": "since"}
    keep: ClassVar = {"organization": "organization", "since": "since"}
    sections = (
        Section("谁任什么职", ("organization", "member", "post", "background")),
        Section("任期", ("since", "until")),
    )

    class Meta(EntryForm.Meta):
        model = Office
        fields = ("organization", "member", "post", "background", "since", "until")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("background") and cleaned.get("post") not in (Post.SECRETARY, None):
            self.add_error("background", "书记来源只在职务是书记时填写，请改为“不填”或改选职务")
        member, post = cleaned.get("member"), cleaned.get("post")
        is_outside = member and not member.admitted_on and not member.is_pending
        if is_outside and post in ELECTED and self.says_anew("member", "post"):
            self.add_error("member", f"{member}还没有入党，不能任{Post(post).label}，请核对人员或职务")
        since, organization = cleaned.get("since"), cleaned.get("organization")
        if since and organization and since < organization.founded_on:
            self.add_error("since", f"起始日期早于{organization}的成立日期{organization.founded_on}，请核对")
        self._check_once(cleaned)
        return cleaned

    def _check_once(self, cleaned: Mapping[str, Any]) -> None:
        """A member holds a post once on a day; the same first day again is left to the model."""
        about = {name: cleaned.get(name) for name in ("organization", "member", "post")}
        since = cleaned.get("since")
        if not (since and all(about.values())) or "since" in self.errors:
            return
        others = Office.objects.visible_to(self.user).filter(**about)
        other = sharing_days(others.exclude(pk=self.instance.pk).exclude(since=since), since, cleaned.get("until"))
        if other is not None and self.says_anew("since", "until", *about):
            held = f"{other.member}任{other.organization}{other.get_post_display()}已登记过一段（{span_text(other)}）"
            self.add_error("since", f"{held}，与这一段日期重叠；请先终止那一段，或直接修改那一段")

    def notes(self) -> dict[str, list[Note]]:
        organization, member = self.value("organization"), self.value("member")
        post, since = self.value("post"), self.value("since")
        notes: dict[str, list[Note]] = {"post": [], "member": []}
        rule = "党支部书记一般应当具有1年以上党龄。"
        if post == Post.SECRETARY and member is not None and since is not None:
            if member.full_on is None or member.full_on > since:
                head = f"{member}{since}还不是正式党员"
                notes["member"].append(Note(rule, f"{BRANCH_RULES}第二十三条", "due", head))
            else:
                notes["member"].append(
                    distance(rule, f"{BRANCH_RULES}第二十三条", member.full_on, since, 12, "党龄不满1年", "党龄已满1年")
                )
        elif post in ELECTED - {Post.GROUP_LEADER} and member is not None and since is not None:
            if not member.is_pending and (member.full_on is None or member.full_on > since):
                head = f"{member}{since}还不是正式党员"
                notes["member"].append(Note("预备党员没有被选举权。", f"{ELECTION_RULES}第五条", "due", head))
        elif post in (Post.SECRETARY, None, ""):
            notes["member"].append(Note(rule, f"{BRANCH_RULES}第二十三条"))
        if post == Post.SECRETARY and organization is not None and since is not None:
            same = organization.offices.filter(during(since), post=Post.SECRETARY).exclude(pk=self.instance.pk)
            other = same.exclude(member=member).first()
            if other is not None:
                notes["post"].append(
                    Note(
                        f"{other.member}自{other.since}起任书记，若已卸任，请先终止那一条。",
                        tone="due",
                        head="同一天有两名书记",
                    )
                )
        return notes
