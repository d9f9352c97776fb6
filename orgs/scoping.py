"""The only place that knows who sees which park: the reading gate ``visible_to`` and its writing twin.

A row belongs to the park at the end of its model's ``park_path``. A user's grants name the parks: one park, every park
under a region code prefix (GB/T 2260), or the nation. Nobody sees anything without a grant, superusers included: an
empty filter is not an empty result.

Who reads a park does not thereby see its persons: names and telephone numbers are for ``PERSON_READERS`` alone. A model
about persons says so with ``read_roles``, a model that merely has columns that name persons with ``personal``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import CharField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet
from django.db.models.base import ModelState
from django.db.models.expressions import RawSQL

from orgs.periods import during

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from orgs.models import Grant, Park, User


class Role(models.TextChoices):
    OFFICER = "officer", "党务干事"
    LEADER = "leader", "园区领导"
    SUPERIOR = "superior", "上级部门"
    ADMINISTRATOR = "administrator", "系统管理员"


class Reach(models.TextChoices):
    PARK = "park", "一个园区"
    REGION = "region", "一个地区"
    NATION = "nation", "全国"


RECORD_WRITERS = frozenset({Role.OFFICER, Role.ADMINISTRATOR})
ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})
# A superior reads a whole region or the nation: figures, enterprises and organizations, but no person's name.
PERSON_READERS = frozenset({Role.OFFICER, Role.LEADER, Role.ADMINISTRATOR})


def grants_of(user: User | AnonymousUser, roles: Collection[Role] | None = None) -> QuerySet[Grant]:
    """The grants a signed-in, active user holds (in any of ``roles``); none for anybody else."""
    if not user.is_authenticated or not user.is_active:
        grant: type[Grant] = apps.get_model("orgs", "Grant")
        return grant._default_manager.none()
    return _grants(user.pk, roles)


def _grants(user_id: int, roles: Collection[Role] | None) -> QuerySet[Grant]:
    grant: type[Grant] = apps.get_model("orgs", "Grant")
    grants = grant._default_manager.filter(user_id=user_id)
    return grants if roles is None else grants.filter(role__in=sorted(roles))


def parks_in_reach(user: User | AnonymousUser, roles: Collection[Role] | None = None) -> QuerySet[Park]:
    """The parks that the user's grants (in any of ``roles``) reach, as a subquery: no query of its own.

    Only the question for a region is asked of every park; those for the nation and for single parks are asked once.
    """
    if not user.is_authenticated or not user.is_active:
        park: type[Park] = apps.get_model("orgs", "Park")
        return park._default_manager.none()
    return _reached_by(user.pk, None if roles is None else frozenset(roles)).all()


@lru_cache(maxsize=256)
def _reached_by(user_id: int, roles: frozenset[Role] | None) -> QuerySet[Park]:
    """The question itself, never its answer: every page asks it a dozen times, and putting it costs 2 ms each time."""
    park: type[Park] = apps.get_model("orgs", "Park")
    grants = _grants(user_id, roles)
    region = (
        grants.filter(reach=Reach.REGION)
        .annotate(code=ExpressionWrapper(OuterRef("region_code"), output_field=CharField()))
        .filter(code__startswith=F("region_prefix"))
    )
    return park._default_manager.filter(
        Exists(grants.filter(reach=Reach.NATION))
        | Q(pk__in=grants.filter(reach=Reach.PARK).values("park"))
        | Exists(region)
    )


def keys_in_reach(user: User, roles: Collection[Role] | None = None) -> RawSQL:
    """The keys of the parks in reach, as a subquery in SQL, for a signed-in user."""
    return _keys_reached_by(user.pk, None if roles is None else frozenset(roles))


@lru_cache(maxsize=256)
def _keys_reached_by(user_id: int, roles: frozenset[Role] | None) -> RawSQL:
    """Put into SQL once: every question of a page and of a write holds it, and it says the same each time."""
    sql, values = _reached_by(user_id, roles).order_by().values("pk").query.sql_with_params()
    return RawSQL(sql, values)  # noqa: S611 (written by the ORM; no value stands in the text)


def within_reach_q(user: User, roles: Collection[Role] | None) -> Q:
    """Rows that name a reach of their own (``reach``, ``park``, ``region_prefix``) inside that of the user's grants."""
    held = list(grants_of(user, roles))
    if any(grant.reach == Reach.NATION for grant in held):
        return Q()
    inside = Q(park__in=keys_in_reach(user, roles))
    for grant in held:
        if grant.reach == Reach.REGION:
            inside |= Q(reach=Reach.REGION, region_prefix__startswith=grant.region_prefix)
    return inside


def has_nation(user: User | AnonymousUser, roles: Collection[Role] | None = None) -> bool:
    return grants_of(user, roles).filter(reach=Reach.NATION).exists()


def holds(user: User | AnonymousUser, roles: Collection[Role]) -> bool:
    """Whether the user holds one of ``roles`` anywhere at all."""
    return grants_of(user, roles).exists()


@dataclass(frozen=True)
class Persons:
    """Where a user may see persons: wherever he may see anything (``everywhere``), or in ``parks`` alone."""

    everywhere: bool
    parks: frozenset[int] = frozenset()

    @property
    def anywhere(self) -> bool:
        return self.everywhere or bool(self.parks)

    def at(self, park_id: int | None) -> bool:
        return self.everywhere or park_id in self.parks

    def within(self, park: Park | None) -> bool:
        """In the chosen park, or, where none is chosen, in any at all."""
        return self.anywhere if park is None else self.at(park.pk)

    def rows_q(self, model: type[ScopedModel]) -> Q:
        """The rows of ``model`` that lie where persons may be seen."""
        return Q() if self.everywhere else Q(**{f"{model.park_path or 'pk'}__in": sorted(self.parks)})


def persons_of(user: User | AnonymousUser) -> Persons:
    """Where the user may see persons. One query; a second one for those who also hold a role that may not."""
    roles = set(grants_of(user).values_list("role", flat=True))
    if not roles & PERSON_READERS:
        return Persons(everywhere=False)
    if roles <= PERSON_READERS:
        return Persons(everywhere=True)
    return Persons(False, frozenset(parks_in_reach(user, PERSON_READERS).values_list("pk", flat=True)))


def sees_persons(user: User | AnonymousUser, park_id: int | None) -> bool:
    """Whether the user may see the persons of one park that he can see; ``None`` stands for a row of no park."""
    return persons_of(user).at(park_id)


class ScopedQuerySet(models.QuerySet[Any]):
    """Querysets of records that belong to a park; ask ``visible_to`` first, always."""

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """What this user may read. Anonymous, inactive and grantless users see nothing."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self.filter(self.model.scope_q(user, self.model.read_roles))

    def writable_by(self, user: User | AnonymousUser) -> Self:
        """What this user may change. Every writable row is also visible."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self.filter(self.model.scope_q(user, self.model.write_roles))

    def counted_for(self, user: User | AnonymousUser) -> Self:
        """What this user may count: rows about persons too, in every park that any of his roles reaches.

        For aggregates alone. Who lists, names or links these rows to somebody asks ``visible_to``.
        """
        if self.model.read_roles != PERSON_READERS:
            return self.visible_to(user)
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self.filter(self.model.scope_q(user, None))

    def public(self) -> Self:
        """Rows of parks marked public: for totals on the public site, never for listing names."""
        path = self.model.park_path
        return self.filter(**{f"{path}__is_public" if path else "is_public": True})

    def in_park(self, park: Park | None) -> Self:
        """Narrow to one park; ``None`` leaves the queryset as it is (all that ``visible_to`` allowed)."""
        if park is None:
            return self
        path = self.model.park_path
        return self.filter(**{path or "pk": park.pk})

    def as_of(self, day: dt.date) -> Self:
        """The rows whose own period contains ``day``; models without a period are returned whole."""
        return self.filter(self.model.as_of_q(day))


@cache
def _labels(field: Any) -> dict[Any, str]:
    return {value: str(label) for value, label in field.flatchoices}


class ScopedModel(models.Model):
    """A record that belongs to a park and is reached only through the two gates."""

    park_path: ClassVar[str] = "park"
    period: ClassVar[tuple[str, str] | None] = None
    read_roles: ClassVar[frozenset[Role] | None] = None
    write_roles: ClassVar[frozenset[Role]] = RECORD_WRITERS
    untraced: ClassVar[frozenset[str]] = frozenset()
    elsewhere: ClassVar[frozenset[str]] = frozenset()  # foreign keys that may lie in another park
    # Columns with a person's name or telephone number, or with free text in which one may stand
    personal: ClassVar[frozenset[str]] = frozenset()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        abstract = True

    @classmethod
    def from_db(cls, db: str | None, field_names: Collection[str], values: Collection[Any]) -> Self:
        """A row as it was read, its columns set at once: one by one, a list spends a third of its time on it.

        What Django's own does besides is to send signals, which nobody here listens to.
        """
        new = cls.__new__(cls)
        new._state = ModelState()
        new._state.adding, new._state.db = False, db
        new.__dict__.update(zip(field_names, values, strict=True))
        return new

    def copied(self, **columns: Any) -> Self:
        """A row like this one but for these columns. ``copy`` takes a row apart and puts it together again, in six
        times the time, and to make one anew asks every field."""
        new = type(self).__new__(type(self))
        new.__dict__ |= self.__dict__ | columns
        new._state = ModelState()
        new._state.__dict__ |= self._state.__dict__ | {"fields_cache": dict(self._state.fields_cache)}
        return new

    def _get_FIELD_display(self, field: Any) -> Any:
        """The label of a choice. Django's own puts the choices of the field together anew for every value."""
        value = getattr(self, field.attname)
        return _labels(field).get(value, value)

    @classmethod
    def scope_q(cls, user: User, roles: Collection[Role] | None) -> Q:
        return Q(**{f"{cls.park_path or 'pk'}__in": keys_in_reach(user, roles)})

    @classmethod
    def as_of_q(cls, day: dt.date) -> Q:
        if cls.period is None:
            return Q()
        since, until = cls.period
        return during(day, since=since, until=until)

    @classmethod
    def personal_q(cls, name: str) -> Q:
        """The rows in which the column ``name`` is about a person: all of them, unless the model knows better."""
        return Q()

    def is_personal(self, name: str) -> bool:
        """The same of this row."""
        return True

    def park_id_of(self) -> int | None:
        """The primary key of the park this row belongs to, following ``park_path`` in Python."""
        if not self.park_path:
            return int(self.pk) if self.pk else None
        row: Any = self
        *steps, last = self.park_path.split("__")
        for step in steps:
            row = getattr(row, step, None)
            if row is None:
                return None
        found: int | None = getattr(row, f"{last}_id", None)
        return found

    def scoped_foreign_keys(self) -> list[models.ForeignKey[Any, Any]]:
        """The foreign keys of this model that point at another park-bound record."""
        return [
            field
            for field in self._meta.concrete_fields
            if isinstance(field, models.ForeignKey)
            and isinstance(field.related_model, type)
            and issubclass(field.related_model, ScopedModel)
        ]

    def clean(self) -> None:
        """Everything a row points at lies in the row's own park."""
        super().clean()
        own = self.park_id_of()
        if own is None:
            return
        for field in self.scoped_foreign_keys():
            model: Any = field.related_model
            # The park itself lies in no park: it need not be fetched
            if field.name in self.elsewhere or not getattr(self, field.attname) or not model.park_path:
                continue
            target = getattr(self, field.name, None)
            if isinstance(target, ScopedModel) and target.park_id_of() not in (own, None):
                message = f"所选的{field.verbose_name}不在同一个园区，请重新选择。"
                raise ValidationError({field.name: ValidationError(message, code="other_park")})


def has_plain_scope(model: type[ScopedModel]) -> bool:
    """Whether the park alone decides who reaches a row of this model."""
    scope: Any = model.scope_q
    plain: Any = ScopedModel.scope_q
    return bool(scope.__func__ is plain.__func__)
