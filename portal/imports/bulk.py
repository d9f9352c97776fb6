"""The only place that works through a bulk edit: the same new values for many records, each through its entry form.

It is a batch of the import without a workbook. Its sheet has a column of keys and one for each field to set, so what
holds for a batch holds for it: shown before it is done, all or nothing, taken back for thirty days.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Max

from orgs.journal import Via
from orgs.models import Change, Park, User
from orgs.scoping import ScopedModel
from portal.forms import EntryForm
from portal.imports.check import Rejected, Row, Work
from portal.imports.outcomes import Choices, Fault, Outcome, Sheet
from portal.imports.plans import PLANS, Later, Plan
from portal.ledgers import LEDGERS

KEY: Final = "pk"
PREFIX: Final = "bulk-"
GONE: Final = "已不在台账里，或不在您可以登记的园区"


@dataclass(frozen=True)
class Bulk(Plan):
    """A ledger whose records may be changed together. ``ledger`` is its slug, ``settable`` the fields that may be set,
    in the order of the form."""

    ledger: str = ""
    settable: tuple[str, ...] = ()

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name in PLANS[self.ledger].names if name in self.settable)

    def later_of(self, name: str) -> Later | None:
        """The dated fact that a field is about; ``None`` for a field of the record itself."""
        return next((later for later in self.later if name in later.part.fields), None)

    @property
    def dated(self) -> tuple[str, ...]:
        """The fields that hold from a day on, and so need to be told from which."""
        return tuple(name for name in self.names if self.later_of(name) is not None)

    def may_be_blank(self, name: str) -> bool:
        return self.later_of(name) is None and not self.form.base_fields[name].required


def _bulk(plan: Plan, settable: tuple[str, ...]) -> Bulk:
    told: dict[str, Any] = {one.name: getattr(plan, one.name) for one in fields(plan)}
    return Bulk(
        **told | {"slug": PREFIX + plan.slug, "via": Via.BULK, "follows": None},
        ledger=plan.slug,
        settable=settable,
    )


# Ledger → what may be changed there for many records at once
BULK: Final[Mapping[str, Bulk]] = {
    slug: _bulk(plan, LEDGERS[slug].bulk) for slug, plan in PLANS.items() if LEDGERS[slug].bulk
}


class Setting(Work):
    """One pass over the chosen records. Which record a row is about its key says; what can not be written is told."""

    plan: Bulk

    def __init__(self, plan: Bulk, sheet: Sheet, user: User, park: Park, choices: Choices) -> None:
        self.keys = {number: int(str(cells[KEY].value)) for number, cells in sheet.rows.items()}
        self.set = frozenset(sheet.columns) - {KEY}
        columns = {name: column for name, column in sheet.columns.items() if name != KEY}
        super().__init__(plan, replace(sheet, columns=columns | self._carried(plan)), user, park, choices)
        self.taken: dict[tuple[str, str], tuple[Any, bool]] = {}
        self.versions: dict[int, int] = {}

    def _carried(self, plan: Bulk) -> dict[str, int]:
        """What a new fact can not do without and nobody set goes over from the one that it follows."""
        return {
            name: 0
            for later in plan.later
            if self.set & set(later.part.fields)
            for name, column in later.part.fields.items()
            if name not in self.set and column != later.begins and later.form.base_fields[column].required
        }

    # All rows

    def sort(self) -> list[Row]:
        keys = self.keys.values()
        mine = self.plan.model.objects.visible_to(self.user)
        seen = {row.pk: row for row in mine.filter(pk__in=keys).select_related()}
        writable = set(mine.writable_by(self.user).filter(pk__in=keys).values_list("pk", flat=True))
        label = self.plan.model._meta.label_lower
        entries = Change.objects.filter(model=label, object_id__in=seen).values_list("object_id")
        self.versions = dict(entries.annotate(Max("pk")))
        found = []
        for number, cells in self.sheet.rows.items():
            pk = self.keys[number]
            row = seen.get(pk)
            self.labels[number] = str(row) if row is not None else ""
            values, typed, is_sure = self._values(cells)
            stored = self.known.by_pk.get(pk)
            if row is None or stored is None or pk not in writable:
                self._reject(number, [Fault(0, "", self._why_not(row, pk in writable))])
                continue
            settled = self.sure.settle(number, stored, values, has_namesake=True) if is_sure else None
            if settled is None:
                found.append(Row(number, stored, typed, [], []))
            else:
                self.outcomes.append(settled)
        return found

    def _why_not(self, row: ScopedModel | None, is_writable: bool) -> str:
        if row is None:
            return GONE
        park = Park.objects.visible_to(self.user).filter(pk=row.park_id_of()).first()
        if not is_writable:
            return f"在{park}，您在那个园区不能登记"
        return f"在{park}，不在{self.park}：一次只改一个园区的，请另做一批"

    def _values(self, cells: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str], bool]:
        """What the cells say, as the model holds it and as a form would be sent it; whether that is surely right."""
        values, typed, is_sure = {}, {}, True
        for name, cell in cells.items():
            if name == KEY:
                continue
            typed[name] = str(cell.value)
            if (name, typed[name]) not in self.taken:
                self.taken[name, typed[name]] = self._clean(name, typed[name])
            values[name], is_right = self.taken[name, typed[name]]
            is_sure = is_sure and is_right
        return values, typed, is_sure

    def _clean(self, name: str, text: str) -> tuple[Any, bool]:
        one, column = self.columns[name].field, self.columns[name].column
        if isinstance(one, forms.ModelChoiceField):
            return (int(text) if text else None), True
        try:
            value = one.clean(text)
            if column is not None and value not in one.empty_values:
                value = column.clean(value, None)
        except ValidationError:
            return text, False
        return value, True

    def ordered(self) -> list[Outcome]:
        for outcome in self.outcomes:
            pk = self.keys[outcome.row]
            if self.labels[outcome.row]:
                outcome.pk, outcome.version = pk, self.versions.get(pk, 0)
        return super().ordered()

    # One row

    def make(self, values: Mapping[str, Any]) -> Outcome:
        """A record that has just gone is not made anew."""
        raise Rejected([Fault(0, "", GONE)])

    def _go_on(self, later: Later, owner: ScopedModel, values: Mapping[str, Any], outcome: Outcome) -> None:
        super()._go_on(later, owner, values, outcome)
        if outcome.faults or not later.ends or not self.set & set(later.part.fields):
            return
        facts = later.part.model.objects.visible_to(self.user).filter(**{later.part.owner: owner})
        many = facts.filter(**{f"{later.ends}__isnull": True}).count()
        if many > 1:
            noun = later.part.model._meta.verbose_name
            outcome.faults.append(Fault(0, "", f"这样改，名下就有{many}条{noun}同时有效，请在这一条的页面上改"))

    def _too_early(self, started: dt.date, starts: dt.date | None) -> str:
        return f"现在登记的从{started}起，比这次填的{starts}晚，请在这一条的页面上更正"

    def _hints(self, form: EntryForm) -> list[str]:
        """Only what should be looked at again about the fields that are set."""
        form.names_alike = self.names_alike
        notes = (note for name, beside in form.notes().items() if name in self.set for note in beside)
        return [note.head or note.text for note in notes if note.tone == "due"]
