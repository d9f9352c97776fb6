"""The only place that works through the rows of the sheet L1: the enterprise, then its organization and secretary, then
what reaches it from outside.

Each record passes the entry form that a person would fill in. What the sheet does not say is not made up: a first day
that it lacks is the day for which it speaks, a member without dates is kept as 入党日期待补, and of a name that follows
from that of the enterprise the officer is told.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db import transaction
from django.db.models import Exists, OuterRef

from orgs.models import (
    Affiliation,
    AffiliationKind,
    BusinessState,
    BusinessStateKind,
    Employment,
    Enterprise,
    Member,
    Park,
    User,
    WorkCoverage,
    WorkKind,
)
from orgs.periods import during
from portal.forms import EnterpriseForm, WorkCoverageForm
from portal.imports.check import Rejected, Work, written_otherwise
from portal.imports.l1.cells import Line, Reader
from portal.imports.l1.organizations import Organizations
from portal.imports.l1.secretaries import Secretaries
from portal.imports.l1.sheet import KIND, Combined
from portal.imports.l1.writing import Told, Writer, plan_of, says_the_same
from portal.imports.outcomes import EMPTY, Choices, Fault, Kind, Outcome, Sheet, label_of

FIRM_FIELDS: Final = ("name", "uscc", "address", "phone", "kind", "settled_on", "state", "staff", "above_scale")
MASS: Final[Mapping[str, tuple[WorkKind, ...]]] = {
    "instructor": (WorkKind.INSTRUCTOR, WorkKind.LIAISON),
    "trade_union": (WorkKind.TRADE_UNION,),
    "youth_league": (WorkKind.YOUTH_LEAGUE,),
    "womens_federation": (WorkKind.WOMENS_FEDERATION,),
}
SETTLED_UNKNOWN: Final = "表里没有入驻日期，从数据日期算起，知道以后请改正"
STILL_REACHED: Final = "表里写“否”，台账里还有没终止的工作覆盖，撤回了的请终止"
NUMBER_DIFFERS: Final = "表里的党员总数与党员名册不同，以名册为准"
PLAN: Final = plan_of(
    "enterprises", EnterpriseForm, address="企业经营地", staff="从业人员数量", above_scale="是否规模以上企业"
)


class Combining(Writer):
    """One pass over the sheet: every row is put through its forms."""

    forms_a_row = 6

    def __init__(self, plan: Combined, sheet: Sheet, user: User, park: Park, choices: Choices) -> None:
        super().__init__(Reader(plan, sheet), user, park, choices.day)
        own = {name: column for name in FIRM_FIELDS if (column := self.reader.place(name))}
        # A blank cell of this sheet never clears: most of what the ledgers hold has no column in it
        self.firms = Work(PLAN, Sheet({}, {"state": 0, **own}), user, park, Choices(choices.day))
        self.organizations = Organizations(self.reader, user, park, choices.day)
        self.secretaries = Secretaries(self.reader, user, park, choices.day)
        self.organizations.begin()
        self.outcomes: list[Outcome] = []

    def ordered(self) -> list[Outcome]:
        return sorted(self.outcomes, key=lambda outcome: outcome.row)

    def write(self) -> None:
        """Everything is written by then."""

    def sort(self) -> list[Line]:
        """Read the rows; gives all but those about an enterprise that a row before is about."""
        lines = []
        for number in self.reader.sheet.rows:
            line = self.reader.line(number)
            found = self.firms.known.find(line.value)
            line.stored = found.records[0] if found.records else None
            problem = None
            if len(found.records) > 1:
                told = "、".join(self.reader.plan.head(name) for name in found.names)
                problem = f"台账里有不止一条{told}相同的记录，分不清是哪一条，请在页面上修改"
            elif before := self.firms.known.claim(line.stored, number, line.value):
                problem = f"与第{before}行是同一家企业，请只留一行"
            if problem:
                self._reject(line, [self.reader.fault("name", problem)])
            else:
                if line.stored is not None and found.is_loose:
                    line.typed["name"] = line.value["name"] = line.stored.values["name"]
                    line.hints.append(written_otherwise(line.stored))
                lines.append(line)
        return lines

    def ask(self, line: Line) -> Outcome:
        """Put a row into its forms; what they take is written, all of it or nothing."""
        told = Told(hints=list(line.hints))
        try:
            with transaction.atomic():
                firm, is_new = self._firm(line, told)
                organization = self.organizations.settle(line, firm, told)
                if firm is not None and organization is not None:
                    self.organizations.cover(line, firm, organization, told)
                if organization is not None:
                    self.secretaries.settle(line, firm, organization, told)
                if firm is not None:
                    self._reach(line, firm, told)
                    self._compare(line, firm, told)
                others = [fault for fault in told.faults if fault.column not in line.silent]
                if line.unread or others or firm is None:
                    raise Rejected([*line.unread, *others])
        except Rejected as rejected:
            return self._reject(line, rejected.faults)
        self.organizations.keep(line.number, told)
        kind: Kind = "created" if is_new else "changed" if told.diffs else "unchanged"
        outcome = Outcome(line.number, kind, str(firm), firm.pk, told.diffs, [], told.hints)
        self.outcomes.append(outcome)
        return outcome

    def _reject(self, line: Line, faults: Sequence[Fault]) -> Outcome:
        told = sorted(dict.fromkeys([*line.unread, *faults]), key=lambda fault: fault.column)
        outcome = Outcome(line.number, "rejected", label_of(self.reader.sheet.rows[line.number]), faults=told)
        self.outcomes.append(outcome)
        return outcome

    # The enterprise

    def _firm(self, line: Line, told: Told) -> tuple[Enterprise | None, bool]:
        """The enterprise, made or changed; and whether it is new."""
        given = {name: line.typed[name] for name in FIRM_FIELDS if name in line.typed}
        stored: Any = None
        if line.stored is not None:
            stored = self.seen(Enterprise).in_park(self.park).filter(pk=line.stored.pk).first()
        if stored is None:
            if "settled_on" not in given:
                given["settled_on"] = self.day.isoformat()
                told.hint(SETTLED_UNKNOWN)
            given.setdefault("state", BusinessStateKind.OPERATING.value)
            made = self.firms.make(given)
        else:
            if says_the_same(KIND, given.get("kind", ""), stored.kind):
                given.pop("kind", None)
            # Of one on record a blank cell says nothing; its numbers are of one in business
            says_numbers = given.get("staff") or given.get("above_scale")
            if says_numbers and not self.seen(BusinessState).filter(enterprise=stored, until__isnull=True).exists():
                given.setdefault("state", BusinessStateKind.OPERATING.value)
            made = self.firms.change(stored, given)
        told.take(made)
        if made.faults:
            return None, stored is None
        return self.seen(Enterprise).get(pk=made.pk), stored is None

    # What reaches the enterprise from outside, and the numbers

    def _reach(self, line: Line, firm: Enterprise, told: Told) -> None:
        for name, kinds in MASS.items():
            says = line.value.get(name)
            if says is None:
                continue
            goes_on = self.seen(WorkCoverage).filter(enterprise=firm, kind__in=kinds, until__isnull=True).exists()
            if not says:
                if goes_on:
                    told.hint(STILL_REACHED)
            elif not goes_on:
                given = {"enterprise": str(firm.pk), "kind": kinds[0].value, "since": self.day.isoformat()}
                if self.commit(self.form(WorkCoverageForm, given), told, enterprise="name", kind=name, since=name):
                    self.diff(told, name, self.reader.head(name), EMPTY, "是")

    def _compare(self, line: Line, firm: Enterprise, told: Told) -> None:
        number = line.value.get("members")
        if number is None:
            return
        own = {"member": OuterRef("pk")}
        formal = Affiliation.objects.filter(during(self.day), kind=AffiliationKind.FORMAL, **own)
        here = Employment.objects.filter(during(self.day), enterprise=firm, **own)
        stage = Member.full_q(self.day) | Member.probationary_q(self.day)
        roster = self.seen(Member).in_park(self.park).filter(stage, Exists(here), Exists(formal))
        if roster.count() != number:
            told.hint(NUMBER_DIFFERS)
