"""The only place that puts what a row of the sheet L1 says into entry forms, and keeps what came of it."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.datastructures import MultiValueDict

from orgs.models import Coverage, Enterprise, Park, PartyOrganization, User
from orgs.scoping import ScopedModel
from portal.forms import EntryForm
from portal.imports.check import as_sent, as_typed, committed
from portal.imports.l1.cells import Reader
from portal.imports.l1.sheet import Group
from portal.imports.outcomes import Diff, Fault, Outcome
from portal.imports.plans import PLANS, Plan


@dataclass
class Told:
    """What a row has done so far, and what is kept in mind of it when it is not rejected."""

    diffs: list[Diff] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)
    named: list[PartyOrganization] = field(default_factory=list)
    said: tuple[int, dict[str, str]] | None = None

    def take(self, made: Outcome) -> None:
        self.diffs += made.diffs
        self.faults += made.faults
        self.hints += made.hints

    def hint(self, text: str) -> None:
        if text not in self.hints:
            self.hints.append(text)


@dataclass
class Writer:
    """Writes for an officer in a park what a sheet says of ``day``; its faults stand at the cells of the sheet."""

    reader: Reader
    user: User
    park: Park
    day: dt.date

    def fault(self, told: Told, name: str, text: str) -> None:
        told.faults.append(self.reader.fault(name, text))

    def diff(self, told: Told, name: str, head: str, old: str, new: str) -> None:
        told.diffs.append(Diff(self.reader.place(name), head, old, new))

    def seen(self, model: type[ScopedModel]) -> Any:
        """The records of a kind that the officer may see."""
        return model.objects.visible_to(self.user)

    def form(self, kind: type[EntryForm], given: Mapping[str, Any], instance: Any = None) -> EntryForm:
        return kind(MultiValueDict(as_sent(given)), instance=instance, user=self.user, park=self.park)

    def edit(
        self, kind: type[EntryForm], row: ScopedModel, changes: Mapping[str, str], told: Told, **places: str
    ) -> bool:
        """A stored row with some of its fields put right."""
        data = {**as_typed(kind(instance=row, user=self.user)), **changes}
        return self.commit(kind(MultiValueDict(as_sent(data)), instance=row, user=self.user), told, **places)

    def commit(self, form: EntryForm, told: Told, **places: str) -> bool:
        """Write what a form holds; ``places`` says at which column each field's sentence stands."""
        found = [self.reader.fault(places.get(name, "name"), text) for name, text in committed(form)]
        told.faults += found
        return not found

    def coverages(self, firm: Enterprise) -> list[Coverage]:
        """Those that go on, the oldest first."""
        rows = self.seen(Coverage).filter(enterprise=firm, until__isnull=True).select_related("organization")
        return list(rows.order_by("since", "pk"))

    @property
    def at_organization(self) -> str:
        """The column at which something is said about the organization itself."""
        columns = self.reader.sheet.columns
        return "organization" if "organization" in columns else "established" if "established" in columns else "name"


def plan_of(slug: str, form: type[EntryForm], **heads: str) -> Plan:
    """The plan of a ledger, with the heads of this sheet."""
    ledger = PLANS[slug]
    return Plan(slug, form, ledger.keys, ledger.later, {**ledger.heads, **heads}, {}, made_up=ledger.made_up)


def says_the_same(group: Group, value: str, stored: str) -> bool:
    """Whether the ledger says what an option says, or more exactly."""
    return bool(value) and stored in group.option(value).same
