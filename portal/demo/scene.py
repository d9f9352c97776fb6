"""The only place for what the generator hands over: unsaved rows in the order they are written, and their digest.

``Firm``, ``Unit`` and ``Person`` carry what the generator knows beyond the rows: who works where and meets with whom.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import models

from activities.models import Activity, Attendance
from metrics.models import Source, Statement
from orgs.models import (
    Affiliation,
    AffiliationKind,
    BusinessState,
    Coverage,
    Election,
    Employment,
    Enterprise,
    Member,
    Office,
    Park,
    PartyOrganization,
    Subordination,
    WorkCoverage,
)
from orgs.periods import contains
from orgs.scoping import ScopedModel

SLUG = "binjiang-demo"
SEED = 20261031
# The demo is told as of this month end; the last things happened a fortnight later.
DAY = dt.date(2026, 10, 31)
LAST = dt.date(2026, 11, 15)


@dataclass
class Scene:
    """Everything of the park, unsaved; each row points at unsaved rows of the groups before its own."""

    park: Park
    enterprises: list[Enterprise] = field(default_factory=list)
    states: list[BusinessState] = field(default_factory=list)
    organizations: list[PartyOrganization] = field(default_factory=list)
    subordinations: list[Subordination] = field(default_factory=list)
    elections: list[Election] = field(default_factory=list)
    coverages: list[Coverage] = field(default_factory=list)
    works: list[WorkCoverage] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)
    employments: list[Employment] = field(default_factory=list)
    affiliations: list[Affiliation] = field(default_factory=list)
    offices: list[Office] = field(default_factory=list)
    activities: list[Activity] = field(default_factory=list)
    attendances: list[Attendance] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)

    def groups(self) -> list[Sequence[ScopedModel]]:
        """The rows model by model, in the order in which they can be written."""
        return [
            [self.park],
            self.enterprises,
            self.states,
            self.organizations,
            self.subordinations,
            self.elections,
            self.coverages,
            self.works,
            self.members,
            self.employments,
            self.affiliations,
            self.offices,
            self.activities,
            self.attendances,
            self.sources,
            self.statements,
        ]

    def digest(self) -> str:
        """The same for the same rows, on every machine."""
        number: dict[int, int] = {}
        lines: list[Any] = []
        for rows in self.groups():
            for row in rows:
                number[id(row)] = len(number)
                lines.append([row._meta.label, *(_told(row, one, number) for one in row._meta.concrete_fields)])
        text = json.dumps(lines, ensure_ascii=False, default=str)
        return hashlib.sha256(text.encode()).hexdigest()


def _told(row: ScopedModel, one: models.Field[Any, Any], number: dict[int, int]) -> Any:
    if one.is_relation:
        target = getattr(row, one.name)
        return None if target is None else number[id(target)]
    return None if one.primary_key else getattr(row, one.attname)


def learn_keys(rows: Sequence[ScopedModel]) -> None:
    """Once the rows they point at are written, let these rows know the keys."""
    for row in rows:
        for one in row.scoped_foreign_keys():
            setattr(row, one.name, getattr(row, one.name))


@dataclass(eq=False)
class Firm:
    """``homes`` says in which units the affiliation of its members sits, in which period."""

    row: Enterprise
    trade: str
    short: str
    opened: dt.date
    staff: int
    people: list[Person] = field(default_factory=list)
    homes: list[Home] = field(default_factory=list)

    @property
    def covered_from(self) -> dt.date | None:
        return min((home.since for home in self.homes), default=None)


@dataclass(frozen=True)
class Home:
    units: tuple[Unit, ...]
    since: dt.date
    until: dt.date | None


@dataclass(eq=False)
class Unit:
    """An organization as the generator sees it.

    ``zeal`` is the chance that a meeting which is due takes place. A committee draws its members from the units of
    ``pool``; a group consists of the people ``picked`` from them.
    """

    row: PartyOrganization
    zeal: float = 0.94
    fixed_week: int = 1
    fixed_weekday: int = 4
    stays: list[Stay] = field(default_factory=list)
    terms: list[Term] = field(default_factory=list)
    pool: tuple[Unit, ...] = ()
    picked: list[Person] = field(default_factory=list)
    last_election: dt.date | None = None
    no_more_elections: bool = False
    extended_to: dt.date | None = None
    vacant_from: dt.date | None = None
    silent_from: dt.date | None = None

    def in_being(self, day: dt.date) -> bool:
        return contains(self.row.founded_on, self.row.dissolved_on, day)

    def people_on(self, day: dt.date) -> list[Person]:
        """The Party members it gathers on a day: whoever is affiliated with it, in whichever way."""
        stays = self.stays if not self.picked else [stay for unit in self.pool for stay in unit.stays]
        return [
            stay.person
            for stay in stays
            if contains(stay.since, stay.until, day) and (not self.picked or stay.person in self.picked)
        ]

    def full_on(self, day: dt.date) -> list[Person]:
        """The full members it can elect."""
        return [
            stay.person
            for unit in (self, *self.pool)
            for stay in unit.stays
            if stay.kind == AffiliationKind.FORMAL
            and contains(stay.since, stay.until, day)
            and stay.person.row.is_full_on(day)
        ]


@dataclass(eq=False)
class Stay:
    """One affiliation of a person with a unit."""

    person: Person
    since: dt.date
    until: dt.date | None
    kind: AffiliationKind


@dataclass(eq=False)
class Term:
    """What an election put in place: who was on the committee, and until when the term really ran."""

    held: dt.date
    until: dt.date | None
    committee: list[Person] = field(default_factory=list)


@dataclass(eq=False)
class Job:
    firm: Firm
    since: dt.date
    until: dt.date | None
    title: str


@dataclass(eq=False)
class Person:
    """``elsewhere`` people have kept their affiliation outside the park; ``inflow`` people are here as 流动党员."""

    row: Member
    jobs: list[Job]
    lag: int
    elsewhere: bool = False
    inflow: bool = False
    gone: dt.date | None = None
