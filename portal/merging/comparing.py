"""The only place that sets two records of one kind side by side, field by field, and makes one of them as picked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import models

from orgs.journal import SECRETS
from orgs.ordering import NameField
from orgs.scoping import ScopedModel

PICK: Final = "pick-"
STAYS, GONE, BOTH = "stays", "gone", "both"


@dataclass(frozen=True)
class Field:
    """One column as both records hold it, in words ("" for nothing), and which of them is picked."""

    name: str
    label: str
    stays: str
    gone: str
    pick: str
    may_both: bool

    @property
    def key(self) -> str:
        return f"{PICK}{self.name}"

    @property
    def is_same(self) -> bool:
        return self.stays == self.gone

    @property
    def picked(self) -> str:
        """What the record that stays will hold."""
        return {STAYS: self.stays, GONE: self.gone}.get(self.pick) or "\n".join(filter(None, (self.stays, self.gone)))

    @property
    def will_change(self) -> bool:
        return self.pick != STAYS


def columns_of(model: type[ScopedModel]) -> list[Any]:
    """What can be picked: neither the key nor the park, nothing kept secret and nothing that follows from a name."""
    return [
        one
        for one in model._meta.concrete_fields
        if not (one.primary_key or isinstance(one, NameField) or one.name in model.untraced)
        and one.name != model.park_path
    ]


def compare(stays: ScopedModel, gone: ScopedModel, given: Mapping[str, Any]) -> list[Field]:
    """Every column; unless ``given`` picks (``pick-name``), that of the record that stays, or the only one filled."""
    found = []
    for one in columns_of(type(stays)):
        ours, theirs = in_words(stays, one), in_words(gone, one)
        may_both = isinstance(one, models.TextField) and bool(ours) and bool(theirs) and ours != theirs
        pick = str(given.get(f"{PICK}{one.name}", ""))
        if ours == theirs or pick not in (STAYS, GONE, *((BOTH,) if may_both else ())):
            pick = GONE if theirs and not ours else STAYS
        found.append(Field(one.name, str(one.verbose_name), ours, theirs, pick, may_both))
    return found


def in_words(row: ScopedModel, one: Any) -> str:
    value = getattr(row, one.name)
    if value is None or value == "":
        return ""
    if one.choices:
        return str(getattr(row, f"get_{one.name}_display")())
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, dt.date):
        return value.isoformat()
    return str(value)


def merged(stays: ScopedModel, gone: ScopedModel, fields: Sequence[Field]) -> Any:
    """A copy of the record that stays with what was picked; not written."""
    made = copy(stays)
    columns = {one.name: one for one in columns_of(type(stays))}
    for field in fields:
        if field.pick == GONE:
            attribute = columns[field.name].attname
            setattr(made, attribute, getattr(gone, attribute))
        elif field.pick == BOTH:
            setattr(made, field.name, f"{getattr(stays, field.name)}\n{getattr(gone, field.name)}")
    return made


def problems_of(made: ScopedModel) -> list[str]:
    """What is wrong with the merged record, in sentences. Each value stood in one of the two, so it is unique already;
    what the columns say together is what has to be asked."""
    told: list[str] = []
    try:
        made.clean_fields(exclude=[one.name for one in made._meta.concrete_fields if one.is_relation])
        made.clean()
    except ValidationError as error:
        told += error.messages
    for one in made._meta.constraints:
        constraint: Any = one
        if isinstance(one, models.CheckConstraint):
            try:
                constraint.validate(type(made), made)
            except ValidationError as error:
                told += error.messages
    return list(dict.fromkeys(told))


def secret_problem(stays: ScopedModel, gone: ScopedModel) -> str:
    """A secret is sealed to its record and leaves no trace, so it is neither moved nor could it be taken back."""
    for name in SECRETS:
        if name not in stays.untraced or not getattr(gone, name, ""):
            continue
        label = str(type(gone)._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
        if getattr(stays, name):
            return f"两条登记的{label}不相同，是两个人，不能合并。登记错了的，先到那一条上更正{label}。"
        return f"{label}只存在并入的那一条上，加密存放、不能搬动。请点“对调”，保留有{label}的一条。"
    return ""
