"""The only place that appoints the secretary whom a row of the sheet L1 names: person, post, and where he works."""

import datetime as dt
from collections.abc import Sequence
from typing import Final

from orgs.models import (
    Affiliation,
    Employment,
    Enterprise,
    FormationWay,
    Member,
    Office,
    PartyOrganization,
    Post,
)
from portal.forms import EmploymentForm, MemberForm, OfficeForm
from portal.imports.l1.cells import Line
from portal.imports.l1.sheet import AT_THE_ENTERPRISE, BACKGROUND, WAY
from portal.imports.l1.writing import Told, Writer, says_the_same
from portal.imports.outcomes import EMPTY

DATES_PENDING: Final = "新登记的书记入党日期待补，补上以前不计入党员数"
NAMESAKE: Final = "党员名册里已有同名的人，按同一人登记书记，请核对"
WORKPLACE_UNKNOWN: Final = "联合建立的，看不出书记在哪家企业任职，没有登记工作单位"


class Secretaries(Writer):
    """The secretaries whom the rows of a sheet name."""

    @property
    def at_office(self) -> str:
        return "office_since" if "office_since" in self.reader.sheet.columns else "secretary"

    def settle(self, line: Line, firm: Enterprise | None, organization: PartyOrganization, told: Told) -> None:
        name, background = line.typed.get("secretary", ""), line.typed.get("background", "")
        if not name:
            if background or "office_since" in line.typed:
                wanted = "来源" if background else "任职日期"
                self.fault(told, "secretary", f"填了书记的{wanted}，请填写党组织书记姓名")
            return
        rows = self.seen(Office).filter(organization=organization, post=Post.SECRETARY, until__isnull=True)
        current = list(rows.select_related("member").order_by("-since", "-pk"))
        mine = next((one for one in current if one.member.name == name), None)
        if mine is not None:
            member = self._keep(line, mine, told)
        else:
            member = self._appoint(line, firm, organization, current, told)
        if member is None or firm is None or background not in AT_THE_ENTERPRISE:
            return
        if line.typed.get("way") == FormationWay.SOLO or any(
            one.organization_id == organization.pk and says_the_same(WAY, FormationWay.SOLO, one.way)
            for one in self.coverages(firm)
        ):
            self._employ(member, firm, told)
        elif mine is None:
            told.hint(WORKPLACE_UNKNOWN)

    def _keep(self, line: Line, office: Office, told: Told) -> Member | None:
        """The secretary on record is the one in the sheet; his background and first day may be put right."""
        background, since = line.typed.get("background", ""), line.value.get("office_since")
        changes = {}
        if background and not says_the_same(BACKGROUND, background, office.background):
            changes["background"] = background
        if since is not None and since != office.since:
            changes["since"] = since.isoformat()
        if not changes:
            return office.member
        member, old_word, old_since = office.member, office.get_background_display() or EMPTY, str(office.since)
        places = {"background": "background", "since": self.at_office, "organization": "secretary"}
        if not self.edit(OfficeForm, office, changes, told, **places):
            return None
        if "background" in changes:
            word = BACKGROUND.option(background).head
            self.diff(told, "background", "书记来源", old_word, word)
        if "since" in changes:
            self.diff(told, "office_since", "书记任职日期", old_since, changes["since"])
        return member

    def _appoint(
        self,
        line: Line,
        firm: Enterprise | None,
        organization: PartyOrganization,
        current: Sequence[Office],
        told: Told,
    ) -> Member | None:
        """A new secretary from the day of the sheet on, unless it says otherwise; whoever was it before ends then."""
        name = line.typed["secretary"]
        since: dt.date = line.value.get("office_since") or self.day
        before = "、".join(one.member.name for one in current) or EMPTY
        for one in current:
            if one.since >= since:
                text = f"台账里{organization}的书记是{one.member}，{one.since}起任职，与这一行不同，请在页面上更正"
                self.fault(told, "secretary", text)
                return None
        member = self._person(name, firm, organization, told)
        if member is None:
            return None
        for one in current:
            if not self.edit(OfficeForm, one, {"until": since.isoformat()}, told, until="secretary"):
                return None
        given = {
            "organization": str(organization.pk),
            "member": str(member.pk),
            "post": Post.SECRETARY.value,
            "background": line.typed.get("background", ""),
            "since": since.isoformat(),
        }
        places = {"background": "background", "since": self.at_office, "member": "secretary"}
        if not self.commit(self.form(OfficeForm, given), told, **places):
            return None
        self.diff(told, "secretary", "党组织书记", before, name)
        return member

    def _person(self, name: str, firm: Enterprise | None, organization: PartyOrganization, told: Told) -> Member | None:
        """The member of this name; a new one without dates where there is none."""
        alike: list[Member] = list(
            self.seen(Member).in_park(self.park).filter(name=name, left_on__isnull=True).order_by("pk")
        )
        near: set[int] = set()
        for rows in (
            self.seen(Affiliation).filter(organization=organization),
            self.seen(Office).filter(organization=organization),
            self.seen(Employment).filter(enterprise=firm),
        ):
            near |= set(rows.filter(member__in=alike).values_list("member", flat=True))
        close = [one for one in alike if one.pk in near]
        if len(close) == 1:
            return close[0]
        if len(alike) > 1:
            text = f"党员名册里有{len(alike)}名“{name}”，分不清是哪一位，请先在页面上登记这个书记"
            self.fault(told, "secretary", text)
            return None
        if alike:
            told.hint(NAMESAKE)
            return alike[0]
        fresh = Member(park=self.park, dates_pending=True)
        form = self.form(MemberForm, {"name": name, "dates_pending": "on"}, fresh)
        if not self.commit(form, told, name="secretary"):
            return None
        told.hint(DATES_PENDING)
        made: Member = self.seen(Member).get(pk=form.instance.pk)
        return made

    def _employ(self, member: Member, firm: Enterprise, told: Told) -> None:
        """Whoever is the owner or a manager works at the enterprise; since when the sheet does not say."""
        if self.seen(Employment).filter(member=member, enterprise=firm, until__isnull=True).exists():
            return
        form = self.form(
            EmploymentForm, {"enterprise": str(firm.pk), "since": self.day.isoformat()}, Employment(member=member)
        )
        if self.commit(form, told, enterprise="secretary", since="secretary"):
            self.diff(told, "background", "书记的工作单位", EMPTY, str(firm))
