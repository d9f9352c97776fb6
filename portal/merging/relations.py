"""The only place that knows what hangs on a record that is merged, and when two facts speak of the same thing.

The foreign keys are found by walking every model, so none that is added slips past; :data:`RULES` says of each model
what its own rules (``clean`` and constraints) do not say, and a test fails for a model that stands not in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from django.apps import apps
from django.db import models

from activities.models import Activity, Attendance
from orgs.models import (
    Affiliation,
    BusinessState,
    Coverage,
    Election,
    Employment,
    Office,
    Subordination,
    WorkCoverage,
)
from orgs.scoping import ScopedModel
from portal.models import Attachment


@dataclass(frozen=True)
class Relation:
    """A foreign key of ``model`` that leads to a record of the kind that is merged."""

    model: type[ScopedModel]
    field: models.ForeignKey[Any, Any]

    @property
    def name(self) -> str:
        return self.field.name


@dataclass(frozen=True)
class Rule:
    """``same``: columns by which two facts speak of the same thing, so that both can not hold on one day: an officer
    has to say which is right. ``beside``: columns by which two that hold on one day are both kept, and told of."""

    same: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()


OWN: Final = Rule()  # the model's own rules say it all
RULES: Final[Mapping[type[ScopedModel], Rule]] = {
    BusinessState: OWN,
    Coverage: Rule(same=("enterprise", "organization"), beside=("enterprise",)),
    WorkCoverage: Rule(same=("enterprise", "kind", "holder"), beside=("enterprise", "kind")),
    Employment: Rule(same=("member", "enterprise"), beside=("member",)),
    Subordination: OWN,
    Election: Rule(beside=("organization",)),
    Affiliation: Rule(same=("member", "organization", "kind"), beside=("member",)),
    Office: Rule(same=("member", "organization", "post"), beside=("organization", "post")),
    Activity: Rule(beside=("organization", "kind", "held_on")),
    Attendance: OWN,
    Attachment: OWN,
}


@cache
def relations_to(model: type[models.Model]) -> tuple[Relation, ...]:
    """Every foreign key that leads to ``model``, those without a name for the way back too.

    What nobody writes (an index, the trail) is left out: it is worked out from what is written.
    """
    found = []
    for other in apps.get_models(include_auto_created=True):
        if issubclass(other, ScopedModel) and not other.write_roles:
            continue
        for field in other._meta.concrete_fields:
            if isinstance(field, models.ForeignKey) and field.related_model is model:
                if not issubclass(other, ScopedModel):
                    raise TypeError(f"{other._meta.label} goes past the gate: it can not be moved")
                found.append(Relation(other, field))
    return tuple(found)


def rule_of(model: type[ScopedModel]) -> Rule:
    return RULES.get(model, OWN)
