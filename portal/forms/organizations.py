"""The only place for the entry forms of Party organizations, their superiors and elections, and whom they cover."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from activities.models import Activity
from metrics.coverage import ENOUGH_MEMBERS, on_day
from orgs.journal import Via
from orgs.models import (
    SOLO_WAYS,
    TEMPORARY_KINDS,
    Affiliation,
    Coverage,
    Election,
    Enterprise,
    FormationWay,
    Office,
    OrganizationKind,
    PartyOrganization,
    Subordination,
)
from orgs.periods import during
from orgs.scoping import ScopedModel
from portal.forms.base import (
    Alike,
    EntryForm,
    Note,
    Part,
    Section,
    add_months,
    column_of,
    earlier_records,
    not_yet,
    sharing_days,
    span_text,
    today,
)
from portal.forms.enterprises import end_open, non_public_note, notes_on_name, plain_name, side_by_side

BRANCH_RULES = "支部工作条例（试行）"
TERM_RULES = "关于党的基层组织任期的意见"
COMMITTEES = frozenset({OrganizationKind.COMPREHENSIVE_COMMITTEE, OrganizationKind.PARTY_COMMITTEE})
BRANCHES = frozenset({OrganizationKind.GENERAL_BRANCH, OrganizationKind.BRANCH, OrganizationKind.JOINT_BRANCH})
# Below these are Party groups and nothing else
GROUPS_BELOW = frozenset({OrganizationKind.BRANCH, OrganizationKind.JOINT_BRANCH, OrganizationKind.TEMP_BRANCH})
# 联合党支部覆盖单位一般不超过5个
JOINT_AT_MOST = 5
# What stands side by side when an organization may be on record already
COMPARED: Final = ("name", "short_name", "kind", "founded_on", "dissolved_on", "phone")


def usual_term(kind: str) -> int | None:
    """The years of a term that the rules call usual for this kind; ``None`` where they do not say."""
    if kind in COMMITTEES:
        return 5
    return 3 if kind in BRANCHES else None


def term_note(kind: str, years: int | None) -> Note | None:
    """What the rules say about the length of a term, and whether it is so."""
    if kind in TEMPORARY_KINDS:
        return Note(
            "临时党组织不进行换届，班子由批准其成立的党组织指定。",
            f"{BRANCH_RULES}第八条",
            "due" if years else "",
            "临时党组织不选举" if years else "",
        )
    usual = usual_term(kind)
    if usual is None:
        return None
    text = f"党的基层委员会每届任期一般5年，党总支、党支部一般3年。这个党组织一般{usual}年。"
    if years is None:
        return Note(text, TERM_RULES)
    if years != usual:
        return Note(text, TERM_RULES, "due", f"任期{years}年，与一般规定不同")
    return Note(text, TERM_RULES, "ok", f"任期{years}年，符合规定")


KIND_NOTES: dict[str, Note] = {
    OrganizationKind.BRANCH: Note(
        "党支部党员人数一般不超过50名；正式党员7名以上的，应当设立支部委员会。", f"{BRANCH_RULES}第四条、第二十条"
    ),
    OrganizationKind.JOINT_BRANCH: Note(
        "正式党员不足3名的单位，按地域相邻、行业相近、规模适当、便于管理的原则成立联合党支部，覆盖单位一般不超过5个。",
        f"{BRANCH_RULES}第五条",
    ),
    OrganizationKind.TEMP_BRANCH: Note(
        "临时党支部不接转组织关系，不计入组织覆盖；临时机构撤销后，临时党支部自然撤销，请记得填撤销日期。",
        f"{BRANCH_RULES}第八条",
    ),
}
FOUNDING = Note("凡是有正式党员3人以上的，都应当成立党支部，以单独组建为主要方式。", f"{BRANCH_RULES}第四条")


class OrganizationForm(EntryForm):
    """A Party organization; when it is new also its superior and its first election."""

    add_title = "登记党组织"
    edit_title = "修改党组织"
    prefill: ClassVar = {"superior": "superior", "kind": "kind", "founded_on": "founded_on"}
    keep: ClassVar = {"superior": "superior", "kind": "kind"}

    superior = column_of(Subordination, "superior", help_text="没有上级或上级不在台账里就不填。")
    superior_since = column_of(Subordination, "since", label="隶属从哪一天起", help_text="不填就从成立之日算起。")
    superior_doc = column_of(Subordination, "doc", label="隶属文号")
    held_on = column_of(Election, "held_on", label="选举日期", help_text="成立大会选出班子的日子。")
    term_years = column_of(Election, "term_years")
    expires_on = column_of(Election, "expires_on", help_text="不填就按选举日期和任期推算。")
    election_doc = column_of(Election, "doc", label="选举批复文号")

    parts = (
        Part(
            Subordination,
            "organization",
            {"superior": "superior", "superior_since": "since", "superior_doc": "doc"},
            ("superior",),
        ),
        Part(
            Election,
            "organization",
            {"held_on": "held_on", "term_years": "term_years", "expires_on": "expires_on", "election_doc": "doc"},
            ("held_on",),
        ),
    )
    sections = (
        Section("党组织", ("park", "name", "short_name", "kind")),
        Section("成立和撤销", ("founded_on", "founded_doc", "dissolved_on", "dissolved_doc")),
        Section("上级党组织", ("superior", "superior_since", "superior_doc"), "可不填，以后在党组织页面补登。"),
        Section("首届选举", ("held_on", "term_years", "expires_on", "election_doc"), "可不填，以后在党组织页面补登。"),
        Section("联系", ("phone", "note")),
    )

    class Meta(EntryForm.Meta):
        model = PartyOrganization
        fields = (
            "park",
            "name",
            "short_name",
            "kind",
            "founded_on",
            "founded_doc",
            "dissolved_on",
            "dissolved_doc",
            "phone",
            "note",
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        founded = cleaned.get("founded_on")
        if not self.is_new:
            return cleaned
        check_superior(self, cleaned.get("superior"), cleaned.get("kind"))
        if not cleaned.get("superior"):
            for name in ("superior_since", "superior_doc"):
                if cleaned.get(name):
                    self.add_error("superior", f"填了{self.fields[name].label}，请同时选择上级党组织")
                    break
        held, years = cleaned.get("held_on"), cleaned.get("term_years")
        if held and not years and "term_years" not in self.errors:
            self.add_error("term_years", "填了选举日期，请同时填写任期几年")
        if not held and "held_on" not in self.errors and (years or cleaned.get("expires_on")):
            self.add_error("held_on", "填了任期或届满日期，请同时填写选举日期")
        for name in ("superior_since", "held_on"):
            day = cleaned.get(name)
            if founded and day and day < founded:
                self.add_error(name, f"{self.fields[name].label}早于成立日期{founded}，请核对这两个日期")
        return cleaned

    def alikes(self) -> list[Alike]:
        """Organizations of the park whose full names differ from a new one's only in blanks, brackets or width."""
        park = self.cleaned_data.get("park") or self.park
        if not self.is_new or park is None:
            return []
        name = plain_name(self.cleaned_data["name"])
        rows = PartyOrganization.objects.visible_to(self.user).in_park(park).order_by("pk").values_list("pk", "name")
        why = {pk: "全称相近" for pk, other in rows if plain_name(other) == name}
        return side_by_side(self, "organizations", why, COMPARED)

    @classmethod
    def complete(cls, part: Part, values: dict[str, Any], cleaned: Mapping[str, Any]) -> dict[str, Any]:
        if part.model is Subordination:
            return {"since": cleaned["founded_on"], **values}
        return {"expires_on": add_months(values["held_on"], 12 * values["term_years"]), **values}

    def notes(self) -> dict[str, list[Note]]:
        kind = self.value("kind") or ""
        notes = {"name": notes_on_name(self, "同一个"), "kind": [KIND_NOTES.get(kind, FOUNDING)]}
        note = term_note(kind, self.value("term_years"))
        if note is not None and self.is_new:
            notes["term_years"] = [note]
        if self.is_new:
            notes["held_on"] = not_yet(self.value("held_on"))
        notes["founded_on"] = self._left_behind()
        return notes

    def _left_behind(self) -> list[Note]:
        """What is on record about the organization from before the day on which it now is said to have been founded."""
        founded = self.value("founded_on")
        if self.is_new or not founded or not self.says_anew("founded_on"):
            return []
        begins: dict[type[ScopedModel], str] = {Election: "held_on", Activity: "held_on"}
        kinds: tuple[type[ScopedModel], ...] = (Subordination, Election, Coverage, Affiliation, Office, Activity)
        mine = ((kind.objects.visible_to(self.user).filter(organization=self.instance.pk), kind) for kind in kinds)
        return earlier_records(founded, *((rows, begins.get(kind, "since")) for rows, kind in mine))


def check_superior(form: EntryForm, superior: PartyOrganization | None, kind: str | None) -> None:
    """Refuse a superior that has nothing of this kind below it: below a branch are groups, below a group nothing."""
    if superior is None or not kind:
        return
    told = f"{superior}是{OrganizationKind(superior.kind).label}"
    if superior.kind == OrganizationKind.GROUP:
        form.add_error("superior", f"{told}，下面不再设党组织，请另选上级党组织")
    elif superior.kind in GROUPS_BELOW and kind != OrganizationKind.GROUP:
        form.add_error("superior", f"{told}，下面只设党小组，请另选上级党组织")


class SubordinationForm(EntryForm):
    """A superior. A new one ends the present one on the day it begins."""

    follows = "organization"
    add_title = "变更上级党组织"
    edit_title = "更正隶属关系"
    sections = (Section("上级党组织", ("superior", "since", "until", "doc")),)

    class Meta(EntryForm.Meta):
        model = Subordination
        fields = ("superior", "since", "until", "doc")

    def prepare(self) -> None:
        choices = self.fields["superior"]
        choices.queryset = choices.queryset.exclude(pk=self.instance.organization_id)  # type: ignore[attr-defined]
        if self.is_new:
            del self.fields["until"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if self.says_anew("superior"):
            check_superior(self, cleaned.get("superior"), self.instance.organization.kind)
        return cleaned

    def current(self) -> Subordination | None:
        mine = Subordination.objects.visible_to(self.user).filter(organization_id=self.instance.organization_id)
        return mine.filter(until__isnull=True).first()

    def notes(self) -> dict[str, list[Note]]:
        current = self.current() if self.is_new else None
        if current is None:
            return {}
        return {"since": [Note(f"现上级“{current.superior}”（{current.since}起）到这一天终止，不必另外填终止日期。")]}

    def before(self, via: Via) -> None:
        if self.is_new:
            end_open(self, self.current(), via)


class ElectionForm(EntryForm):
    """A term of an organization."""

    add_title = "登记换届选举"
    edit_title = "修改换届选举"
    sections = (
        Section("选举", ("held_on", "term_years", "expires_on", "doc")),
        Section("延期", ("extended_to",), "经上级党组织批准延期换届的才填。"),
    )

    class Meta(EntryForm.Meta):
        model = Election
        fields = ("held_on", "term_years", "expires_on", "extended_to", "doc")

    def prepare(self) -> None:
        if self.is_new:
            self.fields["expires_on"].required = False
            self.fields["expires_on"].help_text = "不填就按选举日期和任期推算。"
            usual = usual_term(self.instance.organization.kind) if self.instance.organization_id else None
            if self.initial.get("term_years") is None:
                self.initial["term_years"] = usual

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        held, years = cleaned.get("held_on"), cleaned.get("term_years")
        if held and years and not cleaned.get("expires_on") and "expires_on" not in self.errors:
            cleaned["expires_on"] = add_months(held, 12 * years)
        founded = self.instance.organization.founded_on
        if held and held < founded:
            self.add_error("held_on", f"选举日期早于党组织成立日期{founded}，请核对")
        return cleaned

    def notes(self) -> dict[str, list[Note]]:
        notes: dict[str, list[Note]] = {}
        note = term_note(self.instance.organization.kind, self.value("term_years"))
        if note is not None:
            notes["term_years"] = [note]
        notes["held_on"] = not_yet(self.value("held_on"))
        expires, extended = self.value("expires_on"), self.value("extended_to")
        over = bool(expires and extended and extended > add_months(expires, 12))
        notes["extended_to"] = [
            Note(
                "延期或提前换届应当报上级党组织批准，延长期限一般不超过1年。",
                TERM_RULES,
                "due" if over else "",
                "延期超过1年" if over else "",
            )
        ]
        return notes


class CoverageForm(EntryForm):
    """An organization covers an enterprise."""

    add_title = "登记组织覆盖"
    edit_title = "修改组织覆盖"
    prefill: ClassVar = {"organization": "organization", "enterprise": "enterprise", "way": "way", "since": "since"}
    keep: ClassVar = {"organization": "organization", "way": "way", "since": "since"}
    sections = (
        Section("谁覆盖谁", ("enterprise", "organization", "way")),
        Section("起止", ("since", "until", "doc")),
    )

    class Meta(EntryForm.Meta):
        model = Coverage
        fields = ("enterprise", "organization", "way", "since", "until", "doc")
        labels = {"enterprise": "企业", "organization": "由哪个党组织覆盖", "doc": "批复文号"}  # noqa: RUF012

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        since, organization = cleaned.get("since"), cleaned.get("organization")
        if since and organization and organization.dissolved_on and since >= organization.dissolved_on:
            self.add_error("since", f"{organization}已于{organization.dissolved_on}撤销，请核对起始日期或党组织")
        enterprise = cleaned.get("enterprise")
        if since and enterprise and enterprise.left_on and since >= enterprise.left_on:
            self.add_error("since", f"{enterprise}已于{enterprise.left_on}迁出，请核对起始日期或企业")
        self._check_once(cleaned)
        return cleaned

    def _check_once(self, cleaned: Mapping[str, Any]) -> None:
        """An organization covers an enterprise once on a day; the same first day again is left to the model."""
        since, organization, enterprise = (cleaned.get(name) for name in ("since", "organization", "enterprise"))
        if not (since and organization and enterprise) or "since" in self.errors:
            return
        others = Coverage.objects.visible_to(self.user).filter(organization=organization, enterprise=enterprise)
        other = sharing_days(others.exclude(pk=self.instance.pk).exclude(since=since), since, cleaned.get("until"))
        if other is not None and self.says_anew("since", "until", "organization", "enterprise"):
            held = f"{organization}对{enterprise}的覆盖已登记过一段（{span_text(other)}，{other.get_way_display()}）"
            self.add_error("since", f"{held}，与这一段日期重叠；请先终止那一段，或直接修改那一段")

    def _others_alone(self, enterprise: Enterprise, organization: PartyOrganization) -> Coverage | None:
        """Another organization that stands alone in the enterprise on a day of this period."""
        since, until = self.value("since"), self.value("until")
        others = Coverage.objects.visible_to(self.user).filter(enterprise=enterprise, way__in=SOLO_WAYS)
        others = others.exclude(pk=self.instance.pk).exclude(organization=organization).select_related("organization")
        found: Coverage | None = sharing_days(others, since, until) if since else None
        return found

    def notes(self) -> dict[str, list[Note]]:
        enterprise, organization, way = self.value("enterprise"), self.value("organization"), self.value("way")
        day = self.value("since") or today()
        notes: dict[str, list[Note]] = {"enterprise": [], "organization": [], "way": [], "since": []}
        if organization is not None and day < organization.founded_on:
            # The paper often comes after the fact: the record is kept, and counts from the founding on
            notes["since"].append(
                Note(
                    f"从成立之日起才计入组织覆盖，请核对起始日期和{organization}的成立日期。",
                    tone="due",
                    head=f"早于成立日期{organization.founded_on}",
                )
            )
        if enterprise is not None:
            note = non_public_note(enterprise)
            notes["enterprise"] += [note] if note else []
            seen = on_day(Enterprise.objects.visible_to(self.user).filter(pk=enterprise.pk), day).first()
            heads = seen.full_members if seen is not None else 0
            if heads >= ENOUGH_MEMBERS and way and way not in SOLO_WAYS:
                notes["way"].append(
                    Note(
                        "有正式党员3人以上的，应当成立党支部，以单独组建为主要方式。",
                        f"{BRANCH_RULES}第四条",
                        "due",
                        f"这家企业{day}有正式党员{heads}名",
                    )
                )
            elif heads >= ENOUGH_MEMBERS and way in SOLO_WAYS:
                notes["way"].append(
                    Note("符合单独组建的条件。", f"{BRANCH_RULES}第四条", "ok", f"这家企业{day}有正式党员{heads}名")
                )
        if enterprise is not None and organization is not None and way in SOLO_WAYS:
            other = self._others_alone(enterprise, organization)
            if other is not None:
                notes["organization"].append(
                    Note(
                        "请核对组建方式；原来的不再覆盖的，请先终止那一段。",
                        tone="due",
                        head=f"{other.organization}已在这家企业{other.get_way_display()}（{span_text(other)}）",
                    )
                )
        if way == FormationWay.PROJECT_TEMP:
            notes["way"].append(Note("项目临时组建的不计入组织覆盖。", head="不计入覆盖率"))
        if organization is not None and organization.kind == OrganizationKind.JOINT_BRANCH:
            others = organization.coverages.filter(during(day)).exclude(enterprise=enterprise)
            units = others.values("enterprise").distinct().count() + 1
            over = units > JOINT_AT_MOST
            notes["organization"].append(
                Note(
                    "联合党支部覆盖单位一般不超过5个。",
                    f"{BRANCH_RULES}第五条",
                    "due" if over else "ok",
                    f"连同这一家，{organization}覆盖{units}家",
                )
            )
        if organization is not None and not organization.is_counted:
            notes["organization"].append(
                Note("党工委、党小组和临时党组织不计入组织覆盖。", head=f"{organization}不计入", tone="due")
            )
        if not notes["way"]:
            notes["way"].append(
                Note("以单独组建为主要方式；正式党员不足3名的单位成立联合党支部。", f"{BRANCH_RULES}第四条、第五条")
            )
        return notes
