"""The only place that settles which Party organization a row of the sheet L1 means, makes it, and lets it cover."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from orgs.models import Coverage, Enterprise, FormationWay, Office, OrganizationKind, PartyOrganization, Post
from portal.forms import CoverageForm, OrganizationForm
from portal.forms.enterprises import plain_name
from portal.imports.check import Work
from portal.imports.l1.cells import Line
from portal.imports.l1.sheet import ORGANIZATION_KIND, WAY
from portal.imports.l1.writing import Told, Writer, plan_of, says_the_same
from portal.imports.outcomes import EMPTY, Choices, Fault, Sheet

CLAIMS: Final = ("organization", "founded_on", "way", "organization_kind", "secretary", "background", "office_since")
# What all rows about one organization have to say alike
ALIKE: Final = ("founded_on", "organization_kind", "secretary")
NAME_ENDINGS: Final[Mapping[str, str]] = {
    OrganizationKind.JOINT_BRANCH: "联合支部委员会",
    OrganizationKind.GENERAL_BRANCH: "总支部委员会",
    OrganizationKind.PARTY_COMMITTEE: "委员会",
}
NAME_IMPLIED: Final = "表里没有党组织名称，按企业名称取了名，请核对全称"
NO_SUPERIOR: Final = "台账里没有党工委，新的党组织没有填上级，请补登"
MANY_SUPERIORS: Final = "台账里不止一个党工委，新的党组织没有填上级，请补登"
STILL_COVERED: Final = "表里写没有建立党组织，台账里还有党组织覆盖，撤销了的请终止"
COVERED_BESIDES: Final = "台账里还有别的党组织覆盖，不再覆盖的请终止"
PLAN: Final = plan_of("organizations", OrganizationForm, founded_on="党组织成立时间", kind="党组织类别")


@dataclass(frozen=True)
class Meant:
    """The organization of a row: one that is there, or the name of a new one. ``is_named`` when the sheet names it,
    ``is_alike`` when another row of it has said the same."""

    organization: PartyOrganization | None
    name: str
    is_named: bool = False
    is_alike: bool = False


class Organizations(Writer):
    """The organizations that the rows of a sheet speak of."""

    def begin(self) -> None:
        """Look at what is there; ``said`` is what rows before have said of an organization, by its key."""
        places = {"name": self.at_organization, "founded_on": "founded_on", "kind": ORGANIZATION_KIND.name}
        columns = {name: column for name, at in places.items() if (column := self.reader.place(at))}
        self.work = Work(PLAN, Sheet({}, columns), self.user, self.park, Choices(self.day))
        self.by_name: dict[str, list[int]] = {}
        for one in self.seen(PartyOrganization).in_park(self.park):
            self.remember(one)
        self.said: dict[int, dict[str, tuple[str, int]]] = {}

    def remember(self, organization: PartyOrganization) -> None:
        for word in {plain_name(organization.name), plain_name(organization.short_name)}:
            pks = self.by_name.setdefault(word, [])
            if organization.pk not in pks:
                pks.append(organization.pk)

    def keep(self, number: int, told: Told) -> None:
        """Row ``number`` was taken: what it said and made is kept in mind."""
        for one in told.named:
            self.remember(one)
        if told.said is not None:
            pk, words = told.said
            for name, word in words.items():
                self.said.setdefault(pk, {}).setdefault(name, (word, number))

    def settle(self, line: Line, firm: Enterprise | None, told: Told) -> PartyOrganization | None:
        claims = [name for name in CLAIMS if name in line.typed]
        if line.value.get("established") is False:
            if claims:
                heads = "、".join(f"“{self.reader.head(name)}”" for name in claims)
                self.fault(told, "established", f"填的是“否”，{heads}又填了内容，请核对")
            elif firm is not None and self.coverages(firm):
                told.hint(STILL_COVERED)
            return None
        if not claims and line.value.get("established") is None:
            return None
        founded: dt.date | None = line.value.get("founded_on")
        if founded is not None and founded > self.day:
            self.fault(told, "founded_on", f"晚于数据日期{self.day}，请核对")
            return None
        meant = self._meant(line, firm, told)
        if meant is None:
            return None
        organization = self._go_on(line, firm, meant, told) if meant.organization else self._found(line, meant, told)
        if organization is not None:
            told.said = organization.pk, {name: line.typed[name] for name in ALIKE if name in line.typed}
        return organization

    def _meant(self, line: Line, firm: Enterprise | None, told: Told) -> Meant | None:
        """Which organization a row speaks of; ``None`` when that can not be told."""
        known = self.seen(PartyOrganization).in_park(self.park)
        name = line.typed.get("organization", "")
        if not name and firm is not None:
            covering = [one.organization for one in self.coverages(firm)]
            if len(covering) > 1:
                fits = [one for one in covering if one.founded_on == line.value.get("founded_on")]
                covering = fits if len(fits) == 1 else covering
            if len(covering) > 1:
                text = f"台账里有{len(covering)}个党组织覆盖这家企业，请加一列“党组织名称”写明是哪一个"
                self.fault(told, self.at_organization, text)
                return None
            if covering:
                return Meant(covering[0], covering[0].name)
            joint = self._joint(line)
            if joint is not None:
                return Meant(joint, joint.name, is_alike=True)
        is_named = bool(name)
        if not name:
            label = str(firm) if firm is not None else line.typed.get("name", "")
            name = f"中共{label}{NAME_ENDINGS.get(kind_of(line), '支部委员会')}"
        pks = self.by_name.get(plain_name(name), [])
        if len(pks) > 1:
            text = f"台账里有{len(pks)}个叫“{name}”的党组织，请写全称"
            self.fault(told, self.at_organization, text)
            return None
        return Meant(known.filter(pk=pks[0]).first() if pks else None, name, is_named)

    def _joint(self, line: Line) -> PartyOrganization | None:
        """Rows without a name are about one joint organization when its kind, founding and secretary are the same."""
        kind, secretary = line.typed.get("organization_kind"), line.typed.get("secretary")
        founded = line.value.get("founded_on")
        if line.typed.get("way") != FormationWay.JOINT or not (kind and founded and secretary):
            return None
        led = self.seen(Office).filter(post=Post.SECRETARY, until__isnull=True, member__name=secretary)
        joint = sorted(WAY.option(FormationWay.JOINT).same)
        covering = self.seen(Coverage).filter(until__isnull=True, way__in=joint)
        same = (
            self.seen(PartyOrganization)
            .in_park(self.park)
            .filter(founded_on=founded, pk__in=led.values("organization"))
        )
        kinds = sorted(ORGANIZATION_KIND.option(kind).same)
        found: list[PartyOrganization] = list(same.filter(kind__in=kinds, pk__in=covering.values("organization"))[:2])
        return found[0] if len(found) == 1 else None

    def _go_on(self, line: Line, firm: Enterprise | None, meant: Meant, told: Told) -> PartyOrganization | None:
        """An organization that is there: what the row says of it is compared, and written where the row names it."""
        organization: Any = meant.organization
        clashes = self._clashes(line, organization)
        if clashes:
            told.faults += clashes
            return None
        founded, kind = line.value.get("founded_on"), line.typed.get("organization_kind", "")
        given = {}
        if founded is not None and founded != organization.founded_on:
            given["founded_on"] = line.typed["founded_on"]
        if kind and not says_the_same(ORGANIZATION_KIND, kind, organization.kind):
            given["kind"] = kind_of(line)
        if not meant.is_named and not meant.is_alike:
            mine = [one for one in self.coverages(firm) if one.organization_id == organization.pk] if firm else []
            other_way = any(not says_the_same(WAY, line.typed.get("way", ""), one.way) for one in mine)
            if given or (line.typed.get("way") and other_way):
                at = "founded_on" if "founded_on" in given else "organization_kind" if given else "way"
                kind_word = OrganizationKind(organization.kind).label
                known = f"“{organization}”（{kind_word}，{organization.founded_on}成立）"
                text = f"台账里这家企业的党组织是{known}，与这里不同；请加一列“党组织名称”写明是哪一个，或在页面上更正"
                self.fault(told, at, text)
                return None
        if given:
            made = self.work.change(organization, given)
            told.take(made)
            if made.faults:
                return None
        changed: PartyOrganization = self.seen(PartyOrganization).get(pk=organization.pk)
        return changed

    def _clashes(self, line: Line, organization: PartyOrganization) -> list[Fault]:
        """Where the row differs from an earlier one about the same organization."""
        said = self.said.get(organization.pk, {})
        found = []
        for name in ALIKE:
            word, number = said.get(name, ("", 0))
            if number and line.typed.get(name, word) != word:
                found.append(
                    self.reader.fault(name, f"与第{number}行写的不同，那一行是同一个党组织“{organization}”，请写成一样")
                )
        return found

    def _found(self, line: Line, meant: Meant, told: Told) -> PartyOrganization | None:
        """A new organization under the park's working committee, where there is exactly one."""
        given: dict[str, Any] = {"name": meant.name}
        if kind_of(line):
            given["kind"] = kind_of(line)
        if "founded_on" in line.typed:
            given["founded_on"] = line.typed["founded_on"]
        above = list(
            self.seen(PartyOrganization)
            .in_park(self.park)
            .as_of(self.day)
            .filter(kind=OrganizationKind.WORKING_COMMITTEE)[:2]
        )
        if len(above) == 1:
            given["superior"] = str(above[0].pk)
            if line.value.get("founded_on") and above[0].founded_on > line.value["founded_on"]:
                given["superior_since"] = above[0].founded_on.isoformat()
        else:
            told.hint(MANY_SUPERIORS if above else NO_SUPERIOR)
        if "way" not in line.typed:
            heads = "、".join(option.head for option in WAY.options)
            self.fault(told, WAY.name, f"建立了党组织的请选一项：{heads}")
        made = self.work.make(given)
        told.take(made)
        if made.faults or "way" not in line.typed:
            return None
        if not meant.is_named:
            told.hint(NAME_IMPLIED)
        organization: PartyOrganization = self.seen(PartyOrganization).get(pk=made.pk)
        told.named.append(organization)
        self.diff(told, self.at_organization, "党组织", EMPTY, organization.name)
        return organization

    def cover(self, line: Line, firm: Enterprise, organization: PartyOrganization, told: Told) -> None:
        way = line.typed.get("way", "")
        opened = self.coverages(firm)
        mine = next((one for one in opened if one.organization_id == organization.pk), None)
        before = EMPTY
        since = self._covered_since(way, firm, organization)
        if mine is not None:
            if not way or says_the_same(WAY, way, mine.way):
                return
            before, since = mine.get_way_display(), self.day
            if mine.since >= self.day:
                if self.edit(CoverageForm, mine, {"way": way}, told, way=WAY.name):
                    self.diff(told, "way", WAY.head, before, FormationWay(way).label)
                return
            if not self.edit(CoverageForm, mine, {"until": self.day.isoformat()}, told, until=WAY.name):
                return
        elif opened:
            told.hint(COVERED_BESIDES)
        given = {
            "enterprise": str(firm.pk),
            "organization": str(organization.pk),
            "way": way,
            "since": since.isoformat(),
        }
        form = self.form(CoverageForm, given)
        if self.commit(form, told, organization=self.at_organization, enterprise="name", way="way", since="way"):
            self.diff(told, "way", WAY.head, before, FormationWay(way).label)
            for note in form.reminders():
                told.hint(note.head or note.text)

    def _covered_since(self, way: str, firm: Enterprise, organization: PartyOrganization) -> dt.date:
        """A stand-alone organization covers its enterprise since its founding. Since when another one does the sheet
        does not say: since the day for which it speaks."""
        earlier = self.seen(Coverage).filter(enterprise=firm, organization=organization).exists()
        if way == FormationWay.SOLO and not earlier:
            return max(organization.founded_on, firm.settled_on)
        return max(self.day, organization.founded_on)


def kind_of(line: Line) -> str:
    """The kind of a new organization; a branch founded jointly is a joint one."""
    kind = line.typed.get("organization_kind", "")
    if kind == OrganizationKind.BRANCH and line.typed.get("way") == FormationWay.JOINT:
        return OrganizationKind.JOINT_BRANCH.value
    return kind
