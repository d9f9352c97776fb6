"""The only place that knows again which record a row is about, and that a sheet speaks of one record twice."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from orgs.models import Park, User
from portal.forms.enterprises import plain_name
from portal.imports.plans import Later, Plan, filled

Key = tuple[Any, ...]


@dataclass(frozen=True)
class Record:
    """A record of the ledger as it was when the pass over the sheet began. ``facts`` are the dated facts that went on
    then, by the place of their kind in the plan. ``row`` is the row of the sheet that has spoken of it, or makes it."""

    pk: int
    values: Mapping[str, Any]
    facts: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    row: int = 0


class Found(NamedTuple):
    """The records that a row may be about, the key they were found by, and whether its name is written otherwise:
    brackets of another width, a blank more."""

    records: list[Record]
    names: tuple[str, ...]
    is_loose: bool = False


class Known:
    """The records of a park's ledger by the keys of its plan: one question for a whole sheet."""

    def __init__(self, plan: Plan, user: User, park: Park, sheet_fields: Sequence[str]) -> None:
        self.plan = plan
        self.has_names = any("name" in names for names in plan.keys)
        self.by_key: list[dict[Key, list[Record]]] = [defaultdict(list) for _names in plan.keys]
        self.by_plain: dict[str, list[Record]] = defaultdict(list)
        columns = {one.name: one.attname for one in plan.model._meta.concrete_fields}
        told = {*sheet_fields, *(name for names in plan.keys for name in names)}
        names = [name for name in columns if name in told]
        rows = plan.model.objects.visible_to(user).in_park(park)
        records = {
            pk: Record(pk, dict(zip(names, values, strict=True)))
            for pk, *values in rows.order_by("pk").values_list("pk", *(columns[name] for name in names))
        }
        for place, later in enumerate(plan.later):
            self._take_facts(place, later, user, park, records)
        for record in records.values():
            self._put(record)
        self.by_pk = records

    def _take_facts(self, place: int, later: Later, user: User, park: Park, records: Mapping[int, Record]) -> None:
        part = later.part
        facts = part.model.objects.visible_to(user).filter(
            **{f"{part.owner}__in": self.plan.model.objects.in_park(park)}
        )
        if later.ends:
            facts = facts.filter(**{f"{later.ends}__isnull": True})
        columns = {
            one.name: one.attname for one in part.model._meta.concrete_fields if one.name in part.fields.values()
        }
        for owner, *values in facts.order_by(later.begins, "pk").values_list(f"{part.owner}_id", *columns.values()):
            if owner in records:  # the newest comes last
                records[owner].facts[place] = dict(zip(columns, values, strict=True))

    def _put(self, record: Record) -> None:
        for names, found in zip(self.plan.keys, self.by_key, strict=True):
            found[tuple(record.values.get(name) for name in names)].append(record)
        if self.has_names:
            self.by_plain[plain_name(record.values.get("name") or "")].append(record)

    def find(self, values: Mapping[str, Any]) -> Found:
        """The records that a row with these values may be about; first those of the very same name.

        By a later key only those that lack what the earlier keys say: a namesake born on another day is another person.
        """
        told_before: set[str] = set()
        for names, found in zip(self.plan.keys, self.by_key, strict=True):
            if not filled(values, names):
                continue
            same = lacking(found.get(tuple(values[name] for name in names), ()), told_before - set(names))
            told_before |= set(names)
            if same:
                return Found([one for one in same if one.row][:1] or same, names)
        near = self.by_plain.get(plain_name(values["name"])) if self.has_names and values.get("name") else None
        return self._near(values, near) if near else Found([], ())

    def _near(self, values: Mapping[str, Any], near: Sequence[Record]) -> Found:
        """The same among records whose names are only written otherwise."""
        told_before: set[str] = set()
        for names in self.plan.keys:
            if not filled(values, names):
                continue
            others = [name for name in names if name != "name"]
            alike = near if len(others) < len(names) else ()
            alike = [one for one in alike if all(one.values.get(name) == values[name] for name in others)]
            same = lacking(alike, told_before - set(names))
            told_before |= set(names)
            if same:
                return Found([one for one in same if one.row][:1] or same, names, True)
        return Found([], ())

    def claim(self, record: Record | None, number: int, values: Mapping[str, Any]) -> int:
        """Row ``number`` is about this record, or makes one with these values. Gives the row that was it before; 0
        when none was. Which of two rows about one record counts nobody can know."""
        if record is not None and record.row:
            return record.row
        self._put(
            Record(record.pk, {**record.values, **values}, row=number) if record else Record(0, values, row=number)
        )
        return 0


def lacking(records: Sequence[Record], names: set[str]) -> list[Record]:
    """Those that say nothing under these names."""
    return [one for one in records if all(one.values.get(name) in (None, "") for name in names)]
