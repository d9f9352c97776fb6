"""The only place that takes rows of a sheet without a form: new records that are surely in order, and rows that say
nothing new.

One definition of validity: each cell has passed the field of the form and the column of the model
(:mod:`portal.imports.columns`), and the form says when its fields surely agree (``EntryForm.surely``). Whatever is not
sure is left to a form, which says what is wrong. A property test holds both ways equal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models

from orgs import journal
from orgs.journal import Via
from orgs.models import Park, User
from orgs.scoping import ScopedModel
from portal.forms import EntryForm
from portal.imports.known import Record
from portal.imports.outcomes import Outcome
from portal.imports.plans import Plan


@dataclass
class Sure:
    """What one pass over a sheet has settled, and, asked to, writes: all new records of a kind in one go."""

    plan: Plan
    park: Park
    blank_clears: bool
    pending: list[tuple[Outcome, dict[str, Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        form = self.plan.form
        # A form that has not said when its fields agree is asked about every row
        self.is_able = "surely" in vars(form) and not self.plan.made_up
        self.needed = [name for name in self.plan.names if form.base_fields[name].required]

    def settle(
        self, number: int, stored: Record | None, values: dict[str, Any], *, has_namesake: bool, label: str = ""
    ) -> Outcome | None:
        """What becomes of a row whose every cell is right; ``None`` where its form has to be asked.

        Of a row that repeats what is on record there is nothing to ask, whatever the form: a ledger sent back untouched
        keeps nobody from writing meanwhile.
        """
        if stored is not None:
            return self._unchanged(number, stored, values, label)
        if (
            not self.is_able
            or has_namesake
            or any(name not in values for name in self.needed)
            or not self.plan.form.surely(values)
        ):
            return None
        hints = [note.head or note.text for note in self.plan.form.look_again(values)]
        outcome = Outcome(number, "created", values["name"], hints=hints)
        self.pending.append((outcome, values))
        return outcome

    def _unchanged(self, number: int, stored: Record, values: Mapping[str, Any], label: str) -> Outcome | None:
        """A row that repeats what is on record, also of the dated facts that go on."""
        if self.blank_clears:
            return None
        told = set(values)
        for place, later in enumerate(self.plan.later):
            given = told & set(later.part.fields)
            fact = stored.facts.get(place, {})
            if any(
                name not in fact or fact[name] != values[one] for one in given for name in (later.part.fields[one],)
            ):
                return None
            told -= given
        if any(name not in stored.values or stored.values[name] != values[name] for name in told):
            return None
        return Outcome(number, "unchanged", stored.values.get("name") or label, stored.pk)

    def write(self, user: User) -> None:
        """Write the new records and what begins with them; the outcomes get their keys."""
        if not self.pending:
            return
        model: Any = self.plan.model
        form = self.plan.form
        own = {one.name for one in model._meta.concrete_fields if not one.is_relation}
        usual = model(park=self.park)
        records = [
            usual.copied(**{name: value for name, value in values.items() if name in own})
            for _outcome, values in self.pending
        ]
        journal.save_many(records, user, Via.IMPORT, checked=True)
        for part in form.parts:
            facts: list[ScopedModel] = []
            for record, (_outcome, values) in zip(records, self.pending, strict=True):
                if any(name in values for name in part.wanted):
                    told = {column: values[name] for name, column in part.fields.items() if name in values}
                    facts.append(part.model(**{part.owner: record}, **form.complete(part, told, values)))
            journal.save_many(facts, user, Via.IMPORT, checked=True)
        for record, (outcome, _values) in zip(records, self.pending, strict=True):
            outcome.pk = record.pk


def column_behind(form: type[EntryForm], name: str) -> models.Field[Any, Any] | None:
    """The column of the ledger, or of a fact that begins with a new record, that a field of the form fills."""
    for part in form.parts:
        if name in part.fields:
            return part.model._meta.get_field(part.fields[name])  # type: ignore[return-value]
    try:
        return form.model()._meta.get_field(name)  # type: ignore[return-value]
    except FieldDoesNotExist:
        return None
