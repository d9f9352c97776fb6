"""The only place that works out what a merge would do: every fact that hangs on the record that goes, and its fate.

A fact that says no more than one of the record that stays (the same, in the same days or fewer) is dropped, every
other one moves, and one that the rules do not let stand beside what is there clashes: an officer has to settle it
first. Nothing is written here.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from django.core.exceptions import ValidationError
from django.db import models
from django.urls import reverse

from orgs.models import User
from orgs.periods import NEVER, Dated, overlap
from orgs.scoping import ScopedModel
from portal.merging.comparing import Field, compare, merged, problems_of, secret_problem
from portal.merging.relations import Relation, Rule, relations_to, rule_of
from portal.records import RECORDS
from portal.records.parts import SLUGS

Fate = Literal["moves", "same", "clashes"]
FATES: Final[Mapping[str, str]] = {"moves": "移过来", "same": "相同，只留一条", "clashes": "矛盾，先处理"}
COUNTED: Final[Mapping[Fate, str]] = {"moves": "移过来", "same": "与已有的相同", "clashes": "有矛盾"}


@dataclass(frozen=True)
class Line:
    """One fact of the record that goes. ``why`` says what it clashes with, ``beside`` what it will stand beside."""

    row: Any
    relation: Relation
    to: Any
    fate: Fate
    why: str = ""
    beside: str = ""
    url: str = ""
    other_url: str = ""

    @property
    def words(self) -> str:
        return FATES[self.fate]

    @property
    def days(self) -> str:
        since, until = period_of(self.row)
        if since is None:
            return ""
        return f"{since}至{until}" if until else f"{since}起"


@dataclass(frozen=True)
class Group:
    """The facts of one kind."""

    title: str
    lines: Sequence[Line]

    def count(self, fate: Fate) -> int:
        return sum(line.fate == fate for line in self.lines)

    @property
    def told(self) -> str:
        return "，".join(f"{words}{self.count(fate)}条" for fate, words in COUNTED.items() if self.count(fate))


@dataclass(frozen=True)
class Plan:
    """What would be done. ``digest`` changes with anything stored that it was made from."""

    stays: Any
    gone: Any
    merged: Any
    fields: Sequence[Field]
    lines: Sequence[Line]
    problems: Sequence[str]
    digest: str

    @property
    def clashes(self) -> list[Line]:
        return [line for line in self.lines if line.fate == "clashes"]

    @property
    def is_clear(self) -> bool:
        return not self.problems and not self.clashes

    @property
    def groups(self) -> list[Group]:
        found: dict[tuple[Any, str], list[Line]] = defaultdict(list)
        for line in self.lines:
            found[line.relation.model, line.relation.name].append(line)
        several = [model for model, _name in found]
        return [
            Group(title_of(lines[0].relation, several.count(model) > 1), lines)
            for (model, _name), lines in found.items()
        ]

    @property
    def differing(self) -> list[Field]:
        return [one for one in self.fields if not one.is_same]

    @property
    def agreeing(self) -> list[Field]:
        return [one for one in self.fields if one.is_same and one.stays]


def title_of(relation: Relation, by_field: bool) -> str:
    """组织覆盖; where a kind of fact hangs on a record in two ways also by which one: 隶属关系（作为上级党组织）."""
    name = str(relation.model._meta.verbose_name)
    return f"{name}（作为{relation.field.verbose_name}）" if by_field else name


@dataclass
class _Facts:
    """The facts of one relation: of the record that goes and of the one that stays."""

    gone: list[Any]
    stays: list[Any] = field(default_factory=list)


def plan(stays: Any, gone: Any, given: Mapping[str, Any], user: User, *, locked: bool = False) -> Plan:
    """What merging would do with the picks ``given``; ``locked`` inside the transaction that is going to do it."""
    fields = compare(stays, gone, given)
    made = merged(stays, gone, fields)
    seen: list[Any] = [stays, gone]
    lines = list(_lines(made, gone, user, seen, locked))
    secret = secret_problem(stays, gone)
    problems = [*([secret] if secret else []), *problems_of(made)]
    return Plan(stays, gone, made, fields, lines, problems, _digest(seen))


def _lines(stays: Any, gone: Any, user: User, seen: list[Any], locked: bool) -> Iterator[Line]:
    """Depth first: what hangs on a fact that is dropped comes before the fact."""
    model: type[ScopedModel] = type(gone)
    for relation in relations_to(model):
        facts = _Facts(*(_rows(relation, row, user, locked) for row in (gone, stays)))
        seen += [*facts.gone, *facts.stays]
        strict, tolerant = _columns(relation)
        by_values: dict[tuple[Any, ...], list[Any]] = defaultdict(list)
        for row in facts.stays:
            by_values[_values(row, strict)].append(row)
        told = _Told(relation, facts.stays)
        for row in facts.gone:
            twin = next((one for one in by_values[_values(row, strict)] if _says_no_more(row, one, tolerant)), None)
            if twin is not None:
                yield from _lines(twin, row, user, seen, locked)
                inside = f"在“{twin}”（{span(twin)}）的日期以内" if period_of(row) != period_of(twin) else ""
                yield Line(row, relation, twin, "same", inside, url=url_of(row))
                continue
            why, other = told.clash(row, stays)
            if why:
                yield Line(row, relation, stays, "clashes", why, "", url_of(row), url_of(other) if other else "")
            else:
                yield Line(row, relation, stays, "moves", beside=told.beside(row), url=url_of(row))


def _rows(relation: Relation, row: Any, user: User, locked: bool) -> list[Any]:
    related = [one.name for one in relation.model._meta.concrete_fields if one.is_relation]
    rows = relation.model.objects.visible_to(user).filter(**{relation.name: row.pk}).order_by("pk")
    return list((rows.select_for_update(of=("self",)) if locked else rows).select_related(*related))


def _columns(relation: Relation) -> tuple[list[str], list[str]]:
    """The columns that have to be equal in two facts that say the same, and those where one may be blank."""
    own = [
        one
        for one in relation.model._meta.concrete_fields
        if not one.primary_key and one.name not in (relation.name, *relation.model.untraced)
    ]
    if issubclass(relation.model, Dated):
        own = [one for one in own if one.name not in relation.model.period]
    tolerant = [one for one in own if one.blank and not isinstance(one, models.DateField) and not one.is_relation]
    return [one.attname for one in own if one not in tolerant], [one.attname for one in tolerant]


def _values(row: Any, names: Sequence[str]) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in names)


def _says_no_more(row: Any, other: Any, tolerant: Sequence[str]) -> bool:
    """Nothing that the other does not say, about no day about which it says nothing."""
    if isinstance(row, Dated) and not (other.since <= row.since and (row.until or NEVER) <= (other.until or NEVER)):
        return False
    return all(getattr(row, name) in ("", None, getattr(other, name)) for name in tolerant)


class _Told:
    """What the facts of the record that stays have to say to those that come."""

    def __init__(self, relation: Relation, there: Sequence[Any]) -> None:
        self.relation = relation
        self.rule: Rule = rule_of(relation.model)
        self.same = self._by(self.rule.same, there)
        self.near = self._by(self.rule.beside, there)

    def _by(self, columns: Sequence[str], there: Sequence[Any]) -> dict[tuple[Any, ...], list[Any]]:
        found: dict[tuple[Any, ...], list[Any]] = defaultdict(list)
        for row in there if columns else ():
            found[self._key(row, columns)].append(row)
        return found

    def _key(self, row: Any, columns: Sequence[str]) -> tuple[Any, ...]:
        names = [row._meta.get_field(name).attname for name in columns if name != self.relation.name]
        return _values(row, names)

    def clash(self, row: Any, stays: Any) -> tuple[str, Any]:
        """Why the fact can not stand at the record that stays, "" if it can; and the fact that stands in its way."""
        for other in self.same[self._key(row, self.rule.same)] if self.rule.same else ():
            if meet(row, other):
                return f"与“{stays}”名下的“{other}”（{span(other)}）是同一件事，日期重叠又不相同", other
        moved = copy(row)
        setattr(moved, self.relation.name, stays)
        try:
            moved.clean()
            for constraint in moved._meta.constraints:
                if self.relation.name in speaks_of(constraint):
                    constraint.validate(type(moved), moved)
        except ValidationError as error:
            return error.messages[0].rstrip("。"), None
        return "", None

    def beside(self, row: Any) -> str:
        if not self.rule.beside:
            return ""
        other = next((one for one in self.near[self._key(row, self.rule.beside)] if meet(row, one)), None)
        return f"同期还有“{other}”（{span(other)}），两条都保留" if other is not None else ""


def speaks_of(constraint: models.BaseConstraint) -> set[str]:
    """The columns that a constraint is about."""
    names = set(getattr(constraint, "fields", ()))
    condition = getattr(constraint, "condition", None)
    return names | (set(condition.referenced_base_fields) if condition is not None else set())


def period_of(row: Any) -> tuple[dt.date | None, dt.date | None]:
    if type(row).period is None:
        return getattr(row, "held_on", None), None
    since, until = type(row).period
    return getattr(row, since), getattr(row, until)


def span(row: Any) -> str:
    since, until = period_of(row)
    return f"{since}至{until}" if until else f"{since}起" if type(row).period else str(since)


def meet(row: Any, other: Any) -> bool:
    """Whether both hold on some day; of what has no period that is for its columns to say."""
    if type(row).period is None:
        return True
    (since, until), (other_since, other_until) = period_of(row), period_of(other)
    return since is not None and other_since is not None and overlap(since, until, other_since, other_until)


def url_of(row: Any) -> str:
    """Where an officer sets a fact right: its own record, its form on its owner's page, or the record it belongs to."""
    if type(row) in SLUGS:
        return reverse("record", args=[SLUGS[type(row)], row.pk])
    for page in RECORDS.values():
        for fact in page.facts:
            if fact.model is type(row):
                return reverse(
                    "record-fact-edit", args=[page.slug, getattr(row, f"{fact.owner}_id"), fact.kind, row.pk]
                )
    for one in row.scoped_foreign_keys():
        if one.related_model in SLUGS and getattr(row, one.attname):
            return reverse("record", args=[SLUGS[one.related_model], getattr(row, one.attname)])
    return ""


def _digest(rows: Sequence[Any]) -> str:
    stored = [
        [row._meta.label_lower, row.pk, [str(getattr(row, one.attname)) for one in row._meta.concrete_fields]]
        for row in rows
    ]
    return hashlib.sha256(json.dumps(stored, ensure_ascii=False).encode()).hexdigest()
