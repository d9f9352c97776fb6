"""The only place for the entry forms of parks, enterprises and what reaches an enterprise from outside."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any, ClassVar, Final

from django import forms
from django.urls import reverse

from orgs import journal
from orgs.journal import Via
from orgs.models import (
    BusinessState,
    BusinessStateKind,
    Coverage,
    Employment,
    Enterprise,
    EnterpriseKind,
    Park,
    WorkCoverage,
    WorkKind,
)
from orgs.models.organization import PERSONAL_WORK_KINDS
from orgs.scoping import ADMINISTRATORS, Reach, ScopedModel, grants_of
from portal.forms.base import (
    Alike,
    EntryForm,
    Note,
    Part,
    Section,
    Together,
    column_of,
    earlier_records,
    not_yet,
    sharing_days,
    span_text,
)
from portal.forms.fields import CodeField, HolderField, checked_while_typing, half_width, why_no_person

STATE_HINTS = {
    "state": "登记时的经营状态；以后有变化，在企业页面上“变更经营状态”。",
    "since": "不填就从入驻之日算起。",
}
STATE_DETAILS = ("state_since", "staff", "fixed_premises", "has_operations", "above_scale")
# What stands side by side when an enterprise may be on record already, and how many of those
COMPARED: Final = ("name", "former_names", "uscc", "kind", "settled_on", "left_on", "address", "contact", "phone")
MOST_ALIKE: Final = 3
LEAST_DIGITS: Final = 7  # of a telephone number; fewer are an extension, which many have
# What an enterprise no longer is in the park with
CLOSED: Final = frozenset({BusinessStateKind.MOVED_OUT, BusinessStateKind.REVOKED, BusinessStateKind.CANCELLED})
NOTE_OF_NO_STATE = Note("这家企业暂不计入实体运营口径的分母，知道以后请补上。", tone="due", head="经营状态没有填")


class ParkForm(EntryForm):
    """A park and its counting choices; for administrators."""

    add_title = "登记园区"
    edit_title = "修改园区"
    sections = (
        Section("园区", ("name", "short_name", "slug", Together("级别和类型", ("level", "kind")))),
        Section("所在地和党工委", ("region_code", "region_name", "working_committee")),
        Section(
            "计入口径",
            ("count_attached", "count_dispatched", "count_grid", "wide_work", "transferred_only", "three_haves_staff"),
            "各地口径不同的几处，由园区自己定；改了以后，覆盖率随即按新口径计算。",
        ),
        Section("公开和演示", ("is_public", "is_demo")),
    )

    class Meta(EntryForm.Meta):
        model = Park
        fields = (
            "name",
            "short_name",
            "slug",
            "level",
            "kind",
            "region_code",
            "region_name",
            "working_committee",
            "count_attached",
            "count_dispatched",
            "count_grid",
            "wide_work",
            "transferred_only",
            "three_haves_staff",
            "is_public",
            "is_demo",
        )
        error_messages = {  # noqa: RUF012 - read by Django
            "name": {"unique": "已有同名的园区，请核对园区名称"},
            "slug": {
                "unique": "这个网址代号已有园区在用，请换一个",
                "invalid": "网址代号只用小写英文字母、数字和连字符，如binjiang-demo",
            },
        }

    def prepare(self) -> None:
        self.fields["slug"].error_messages["invalid"] = "网址代号只用小写英文字母、数字和连字符，如binjiang-demo"

    def clean_region_code(self) -> str:
        code: str = self.cleaned_data["region_code"]
        for grant in grants_of(self.user, ADMINISTRATORS):
            if grant.reach == Reach.NATION or (grant.reach == Reach.REGION and code.startswith(grant.region_prefix)):
                return code
            if grant.reach == Reach.PARK and grant.park_id == self.instance.pk:
                return code
        raise forms.ValidationError("区划代码不在您管理的地区，请核对")


class EnterpriseForm(EntryForm):
    """An enterprise, and when it is new its first state of business."""

    add_title = "登记企业"
    edit_title = "修改企业"
    keep: ClassVar = {"settled_on": "settled_on", "locality": "locality"}
    prefill: ClassVar = {"settled_on": "settled_on", "locality": "locality"}

    uscc = CodeField(
        label="统一社会信用代码", required=False, help_text="营业执照上的18位代码；空格和小写字母会自动改正。"
    )
    state = column_of(BusinessState, "state", help_text=STATE_HINTS["state"])
    state_since = column_of(BusinessState, "since", label="从哪一天起", help_text=STATE_HINTS["since"])
    staff = column_of(BusinessState, "staff", help_text="在岗职工总数。")
    fixed_premises = column_of(BusinessState, "fixed_premises")
    has_operations = column_of(BusinessState, "has_operations")
    above_scale = column_of(BusinessState, "above_scale")

    parts = (
        Part(
            BusinessState,
            "enterprise",
            {
                "state": "state",
                "state_since": "since",
                "staff": "staff",
                "fixed_premises": "fixed_premises",
                "has_operations": "has_operations",
                "above_scale": "above_scale",
            },
            ("state",),
        ),
    )
    sections = (
        Section("企业", ("park", "name", "uscc", "kind", "former_names")),
        Section("行业和规模", (Together("行业", ("industry", "industry_code")), "size")),
        Section("归谁管", ("subordination", "sector_authority", "locality"), "三项分开填，有几项填几项。"),
        Section("入驻", ("settled_on", "left_on", "address", Together("党建联系人", ("contact", "phone")))),
        Section(
            "经营情况",
            ("state", "state_since", "staff", "fixed_premises", "has_operations", "above_scale"),
            "覆盖率的分母由这里算出。",
        ),
        Section("备注", ("note",)),
    )

    class Meta(EntryForm.Meta):
        model = Enterprise
        fields = (
            "park",
            "name",
            "uscc",
            "former_names",
            "kind",
            "industry",
            "industry_code",
            "size",
            "subordination",
            "sector_authority",
            "locality",
            "settled_on",
            "left_on",
            "address",
            "contact",
            "phone",
            "note",
        )
        labels = {"contact": "姓名", "phone": "电话"}  # noqa: RUF012 - read by Django

    def prepare(self) -> None:
        self.fields["uscc"].widget.attrs.update(checked_while_typing("uscc"))
        self.same_code: Enterprise | None = None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        given = [name for name in STATE_DETAILS if name in self.fields and cleaned.get(name) is not None]
        if given and not cleaned.get("state") and "state" not in self.errors:
            names = "、".join(str(self.fields[name].label) for name in given)
            self.add_error("state", f"填了{names}，请同时选择经营状态")
        settled, since = cleaned.get("settled_on"), cleaned.get("state_since")
        if settled and since and since < settled:
            self.add_error("state_since", f"经营状态的起始日期早于入驻日期{settled}，请核对；不填就从入驻之日算起")
        code, park = cleaned.get("uscc"), cleaned.get("park") or self.park
        if code and park is not None:
            here = Enterprise.objects.visible_to(self.user).in_park(park).filter(uscc=code)
            self.same_code = here.exclude(pk=self.instance.pk).first()
        return cleaned

    @classmethod
    def complete(cls, part: Part, values: dict[str, Any], cleaned: Mapping[str, Any]) -> dict[str, Any]:
        return {"since": cleaned["settled_on"], **values}

    @classmethod
    def surely(cls, cleaned: Mapping[str, Any]) -> bool:
        settled, left = cleaned["settled_on"], cleaned.get("left_on")
        if left is not None and left <= settled:
            return False
        if not cleaned.get("state"):
            return not any(cleaned.get(name) is not None for name in STATE_DETAILS)
        return bool(cleaned.get("state_since", settled) >= settled)

    @classmethod
    def look_again(cls, cleaned: Mapping[str, Any]) -> list[Note]:
        return [*not_yet(cleaned["settled_on"]), *([] if cleaned.get("state") else [NOTE_OF_NO_STATE])]

    def _left_behind(self) -> list[Note]:
        """What is on record about the enterprise from before the day on which it now is said to have come."""
        settled = self.value("settled_on")
        if self.is_new or not settled or not self.says_anew("settled_on"):
            return []
        kinds: tuple[type[ScopedModel], ...] = (BusinessState, Coverage, WorkCoverage, Employment)
        mine = (kind.objects.visible_to(self.user).filter(enterprise=self.instance.pk) for kind in kinds)
        return earlier_records(settled, *((rows, "since") for rows in mine))

    def alikes(self) -> list[Alike]:
        """Enterprises of the park with the name (as in :func:`names_like`) or the telephone number of a new one."""
        park = self.cleaned_data.get("park") or self.park
        if not self.is_new or park is None:
            return []
        name, phone = plain_name(self.cleaned_data["name"]), plain_phone(self.cleaned_data.get("phone", ""))
        rows = Enterprise.objects.visible_to(self.user).in_park(park)
        why: dict[int, str] = {}
        for pk, other_name, other_phone in rows.order_by("pk").values_list("pk", "name", "phone"):
            same = [plain_name(other_name) == name, bool(phone) and plain_phone(other_phone) == phone]
            if any(same):
                why[pk] = "、".join(word for word, holds in zip(("名称", "电话"), same, strict=True) if holds)
        # Of many with one telephone number those with the name, too, come first
        chosen = sorted(why, key=lambda pk: ("名称" not in why[pk], pk))
        return side_by_side(self, "enterprises", {pk: f"{why[pk]}相同或相近" for pk in chosen}, COMPARED)

    def notes(self) -> dict[str, list[Note]]:
        notes: dict[str, list[Note]] = {
            "kind": [Note("国有、集体企业和事业单位也照样登记，只是不计入“两个覆盖”的分母。")],
            "subordination": [
                Note("隶属关系、行业主管部门、属地各是一回事：党组织关系、业务指导、兜底管理可能分在三家。")
            ],
        }
        notes["name"] = notes_on_name(self, "同一家")
        notes["settled_on"] = [*not_yet(self.value("settled_on")), *self._left_behind()]
        if self.same_code is not None:
            link, url = f"去看已登记的“{self.same_code}”", reverse("record", args=["enterprises", self.same_code.pk])
            notes["uscc"] = [Note("代码相同的就是同一家企业。", head="已登记", link=link, url=url)]
        elif self.value("uscc"):
            notes["uscc"] = [Note("第18位校验相符。", tone="ok", head="代码无误")]
        if self.is_new:
            notes["state"] = [Note("只有正常经营的企业计入实体运营口径；不填经营状态，这家企业不进分母。")]
            if self.is_bound and "state" not in self.errors and not self.value("state"):
                notes["state"] = [NOTE_OF_NO_STATE]
            notes["staff"] = [three_haves(self.park, self.value("staff"))]
        return notes


@lru_cache(maxsize=65_536)  # a long sheet asks the same name several times
def plain_name(name: str) -> str:
    """The name without what two people write differently."""
    plain = re.sub(r"[\s()（）·.,，。\-]", "", half_width(name))
    return plain.replace("有限责任公司", "有限公司").lower()


def plain_phone(text: str) -> str:
    """The digits of a telephone number; "" for what is too short to tell one office from another."""
    digits = re.sub(r"\D", "", half_width(text))
    return digits if len(digits) >= LEAST_DIGITS else ""


def names_like(form: EntryForm) -> list[str]:
    """Names on record in the park that differ from the typed one only in brackets, blanks, width or 有限责任公司."""
    typed = form.value("name") if form.is_bound else None
    if not typed or form.park is None:
        return []
    if form.names_alike is not None:
        return [name for name in form.names_alike.get(plain_name(typed), ()) if name != form.instance.name][:MOST_ALIKE]
    others = form.model().objects.visible_to(form.user).in_park(form.park).exclude(pk=form.instance.pk)
    names = (name for name in others.values_list("name", flat=True) if plain_name(name) == plain_name(typed))
    return list(islice(names, MOST_ALIKE))


def notes_on_name(form: EntryForm, same: str) -> list[Note]:
    """The amber note on such names; ``same`` is what they may be, such as 同一家."""
    alike = "、".join(f"“{name}”" for name in names_like(form))
    text = f"台账里已有{alike}，请核对是不是{same}；确实不同的照常登记。"
    return [Note(text, tone="due", head="名称相近")] if alike else []


def side_by_side(form: EntryForm, slug: str, why: Mapping[int, str], columns: Sequence[str]) -> list[Alike]:
    """The first few of the records with these keys, each beside the new one of a valid form."""
    chosen = list(why)[:MOST_ALIKE]
    found = form.model().objects.visible_to(form.user).in_bulk(chosen)
    return [
        Alike(
            found[pk],
            reverse("record", args=[slug, pk]),
            why[pk],
            [
                (str(form.model()._meta.get_field(one).verbose_name), typed, stored)  # type: ignore[union-attr]
                for one in columns
                for typed, stored in [(told(form.instance, one), told(found[pk], one))]
                if typed or stored
            ],
        )
        for pk in chosen
    ]


def told(row: ScopedModel, name: str) -> str:
    """A column of a record as a reader sees it; "" for nothing."""
    shown = getattr(row, f"get_{name}_display", None)
    value = shown() if shown is not None else getattr(row, name)
    return "" if value in (None, "") else str(value)


def three_haves(park: Park | None, staff: int | None) -> Note:
    threshold = park.three_haves_staff if park else 10
    text = f"“三有”指有固定经营场所、职工{threshold}名以上、有生产经营活动，三项都核实为“是”才计入。"
    if staff is None:
        return Note(text)
    if staff < threshold:
        return Note(text, head=f"{staff}名，不到本园区下限{threshold}名")
    return Note(text, tone="ok", head=f"{staff}名，达到本园区下限{threshold}名")


class BusinessStateForm(EntryForm):
    """A state of business. A new one ends the open one on the day it begins."""

    follows = "enterprise"
    drawn = ("staff", "fixed_premises", "has_operations", "above_scale")
    add_title = "变更经营状态"
    edit_title = "更正经营状态"
    sections = (
        Section("经营状态", ("state", "since", "until", "note")),
        Section("三有和规模", ("staff", "fixed_premises", "has_operations", "above_scale")),
    )

    class Meta(EntryForm.Meta):
        model = BusinessState
        fields = ("state", "since", "until", "staff", "fixed_premises", "has_operations", "above_scale", "note")
        help_texts = {"staff": "在岗职工总数。"}  # noqa: RUF012 - read by Django

    def prepare(self) -> None:
        if self.is_new:
            del self.fields["until"]
            self.fields["since"].label = "从哪一天起"
        # A current fact is the best guess for what did not change
        current = self.current()
        if self.is_new and current is not None:
            for name in self.drawn:
                if self.initial.get(name) is None:
                    self.initial[name] = getattr(current, name)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        since = cleaned.get("since")
        if since and self.instance.enterprise_id and self.says_anew("since", "state"):
            self._check_since(since, self.instance.enterprise, cleaned.get("state"))
        return cleaned

    def _check_since(self, since: dt.date, enterprise: Enterprise, state: str | None) -> None:
        left = enterprise.left_on
        # That it moved out begins on the day it left
        if left and (since > left or (since == left and state not in CLOSED)):
            self.add_error("since", f"{enterprise}已于{left}迁出，请核对起始日期或迁出日期")
        elif since < enterprise.settled_on:
            settled = f"{enterprise}{enterprise.settled_on}才入驻"
            self.add_error("since", f"{settled}，经营状态的起始日期早于入驻日期，请核对这两个日期")
        current = self.current() if self.is_new else None
        if current is not None and since <= current.since and "since" not in self.errors:
            held = f"现状态“{current.get_state_display()}”从{current.since}起，新的状态应从更晚的日子起"
            self.add_error("since", f"{held}；是现状态填错了的，请在企业页面上更正那一段")

    def current(self) -> BusinessState | None:
        owner = self.instance.enterprise if self.instance.enterprise_id else None
        if owner is None:
            return None
        return BusinessState.objects.visible_to(self.user).filter(enterprise=owner, until__isnull=True).first()

    def notes(self) -> dict[str, list[Note]]:
        notes: dict[str, list[Note]] = {"staff": [three_haves(self.park, self.value("staff"))]}
        current = self.current()
        if self.is_new and current is not None:
            notes["since"] = [
                Note(f"现状态“{current.get_state_display()}”（{current.since}起）到这一天终止，不必另外填终止日期。")
            ]
        if self.value("state") in (BusinessStateKind.MOVED_OUT, BusinessStateKind.CANCELLED):
            notes["state"] = [
                Note("企业离开园区的，还要在企业页面填迁出日期，台账才不再列入。", tone="due", head="别忘了迁出日期")
            ]
        return notes

    def before(self, via: Via) -> None:
        if self.is_new:
            end_open(self, self.current(), via)


def end_open(form: EntryForm, current: Any, via: Via) -> None:
    """End the open period on the day on which the next begins; one that is not earlier is left to the model's check."""
    since: dt.date = form.cleaned_data["since"]
    if current is not None and current.since < since and not form.cleaned_data.get("until"):
        current.until = since
        journal.save(current, form.user, via)


class WorkCoverageForm(EntryForm):
    """An instructor, a liaison, a mass organization or a leader's contact at an enterprise."""

    add_title = "登记工作覆盖"
    edit_title = "修改工作覆盖"
    prefill: ClassVar = {
        "enterprise": "enterprise",
        "kind": "kind",
        "since": "since",
        "holder": "holder",
        "duty": "duty",
    }
    keep: ClassVar = {"kind": "kind", "since": "since", "holder": "holder", "duty": "duty"}
    sections = (
        Section("哪家企业", ("enterprise", "kind")),
        Section("由谁联系", ("holder", "duty", "phone")),
        Section("起止", ("since", "until", "note")),
    )

    class Meta(EntryForm.Meta):
        model = WorkCoverage
        fields = ("enterprise", "kind", "holder", "duty", "phone", "since", "until", "note")
        field_classes = {"holder": HolderField}  # noqa: RUF012 - read by Django
        help_texts = {"holder": "指导员、联络员填姓名，工会、共青团、妇联填组织名称。"}  # noqa: RUF012 - read by Django

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("duty") and cleaned.get("kind") not in (WorkKind.INSTRUCTOR, WorkKind.LIAISON, None):
            self.add_error("duty", "专职或兼职只在指导员、联络员时填写，请改为“未填”")
        since, enterprise = cleaned.get("since"), cleaned.get("enterprise")
        left = enterprise.left_on if enterprise else None
        if since and left and since >= left and self.says_anew("since", "enterprise"):
            self.add_error("since", f"{enterprise}已于{left}迁出，请核对起始日期或企业")
        holder = cleaned.get("holder")
        if holder and cleaned.get("kind") in PERSONAL_WORK_KINDS and (why := why_no_person(holder, is_needed=False)):
            self.add_error("holder", f"{self.fields['holder'].label}写的是“{holder[:20]}”，{why}")
        self._check_once(cleaned)
        return cleaned

    def _check_once(self, cleaned: Mapping[str, Any]) -> None:
        """Whoever is named reaches an enterprise in one way once on a day."""
        about = {name: cleaned.get(name) for name in ("enterprise", "kind", "holder")}
        since = cleaned.get("since")
        if not (since and all(about.values())) or "since" in self.errors:
            return
        others = WorkCoverage.objects.visible_to(self.user).filter(**about).exclude(pk=self.instance.pk)
        other = sharing_days(others, since, cleaned.get("until"))
        if other is not None and self.says_anew("since", "until", *about):
            held = f"{other.get_kind_display()}{other.holder}在这家企业已登记过一段（{span_text(other)}）"
            self.add_error("since", f"{held}，与这一段日期重叠；请先终止那一段，或直接修改那一段")

    def notes(self) -> dict[str, list[Note]]:
        enterprise = self.value("enterprise")
        notes: dict[str, list[Note]] = {
            "kind": [
                Note(
                    "没有条件建立党组织的企业，通过选派指导员、联络员，建立工会、共青团组织开展党的工作；这些只计入工作覆盖，不计入组织覆盖。",
                    "关于加强和改进非公有制企业党的建设工作的意见（试行）",
                )
            ]
        }
        if enterprise is not None:
            kind = self.value("kind")
            since = self.value("since")
            notes["since"] = outside_stay(enterprise, since)
            others = enterprise.works.filter(kind=kind, until__isnull=True).exclude(pk=self.instance.pk)
            if kind == WorkKind.LIAISON:  # an enterprise may have several; without a name two are one
                others = others.filter(holder="") if not self.value("holder") else others.none()
            same = others.first()
            if same is not None:
                notes["enterprise"] = [
                    Note(
                        f"已登记{same.get_kind_display()}{same.holder}（{same.since}起），若是接替，请先终止原来的一条。",
                        tone="due",
                        head="同类的已有一条",
                    )
                ]
        return notes


def outside_stay(enterprise: Enterprise, since: dt.date | None) -> list[Note]:
    """The amber note on what begins at an enterprise on a day when it was not in the park."""
    if since and since < enterprise.settled_on:
        told = f"这家企业{enterprise.settled_on}才入驻，请核对起始日期。"
        return [Note(told, tone="due", head="早于入驻日期")]
    if since and enterprise.left_on and since >= enterprise.left_on:
        return [Note(f"这家企业已于{enterprise.left_on}迁出，请核对起始日期。", tone="due", head="迁出以后")]
    return []


NON_PUBLIC_NOTE = "只有非公有制企业计入“两个覆盖”的分母。"


def non_public_note(enterprise: Enterprise) -> Note | None:
    if enterprise.is_non_public:
        return None
    kind = EnterpriseKind(enterprise.kind).label
    return Note(f"{enterprise}是{kind}，{NON_PUBLIC_NOTE}", head="不计入覆盖率")
