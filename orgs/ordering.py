"""The only place for the columns that are worked out of a name: what it is sorted by, and its initials.

They are filled in wherever a row is written through the gate, leave no trace and are in no form; :func:`rebuild` fills
them for rows that came past it, and :func:`verify` tells which are wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from django.apps import apps
from django.apps.registry import Apps
from django.db import connection, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from orgs import pinyin

BATCH: Final = 5000


class NameField(models.CharField):
    """A column that follows from the name in the column ``of``; plain ASCII, compared byte by byte."""

    def __init__(self, *args: Any, of: str, is_person: bool = False, **given: Any) -> None:
        self.of = of
        self.is_person = is_person
        super().__init__(*args, **{**given, "blank": True, "default": "", "editable": False})

    def deconstruct(self) -> Any:
        name, path, args, given = super().deconstruct()
        for settled in ("blank", "default", "editable"):
            del given[settled]
        return name, path, args, given | {"of": self.of, "is_person": self.is_person}

    def db_parameters(self, connection: BaseDatabaseWrapper) -> Any:
        """SQLite compares text byte by byte unasked, PostgreSQL by the rules of some language."""
        return {**super().db_parameters(connection), "collation": "C" if connection.vendor == "postgresql" else None}

    def pre_save(self, row: models.Model, add: bool) -> str:
        value = self.of_name(getattr(row, self.of))
        setattr(row, self.attname, value)
        return value

    def of_name(self, name: str) -> str:
        raise NotImplementedError


class OrderKeyField(NameField):
    """What a list in the order of names is sorted by."""

    def of_name(self, name: str) -> str:
        return pinyin.order_key(name or "", is_person=self.is_person)[: self.max_length]


class InitialsField(NameField):
    """What somebody types who looks for a name by its initials."""

    def of_name(self, name: str) -> str:
        return pinyin.initials(name or "", is_person=self.is_person)[: self.max_length]


def columns(model: type[models.Model]) -> list[NameField]:
    return [field for field in model._meta.concrete_fields if isinstance(field, NameField)]


def named(registry: Apps = apps) -> Iterator[type[models.Model]]:
    """The models that have such columns."""
    return (model for model in registry.get_models() if columns(model))


def rebuild(registry: Apps = apps) -> int:
    """Put right what is wrong in any table; gives the number of rows that were. A migration gives the models as they
    were then."""
    number = 0
    with transaction.atomic():
        for model in named(registry):
            for wrong in _wrong(model):
                _write(model, wrong)
                number += len(wrong)
    return number


def verify(most: int = 20) -> list[tuple[type[models.Model], int, str]]:
    """What is wrong, at most so many: model, key and the name of the row."""
    found: list[tuple[type[models.Model], int, str]] = []
    for model in named():
        for wrong in _wrong(model):
            found += [(model, pk, name) for pk, name, _values in wrong]
            if len(found) >= most:
                return found[:most]
    return found


def _wrong(model: type[models.Model]) -> Iterator[list[tuple[int, str, list[str]]]]:
    """Batches of (key, name, what the columns should hold) of the rows where they hold something else."""
    fields = columns(model)
    names = [field.attname for field in fields]
    rows = model._base_manager.order_by("pk").values_list("pk", *(field.of for field in fields), *names)
    last: Any = None
    while batch := list((rows if last is None else rows.filter(pk__gt=last))[:BATCH]):
        last = batch[-1][0]
        wrong = []
        for pk, *values in batch:
            sources, held = values[: len(fields)], values[len(fields) :]
            right = [field.of_name(source) for field, source in zip(fields, sources, strict=True)]
            if right != held:
                wrong.append((pk, sources[0], right))
        yield wrong


def _write(model: type[models.Model], rows: list[tuple[int, str, list[str]]]) -> None:
    """As SQL: of the ORM, a million rows would take an hour."""
    if not rows:
        return
    table, fields = f'"{model._meta.db_table}"', columns(model)
    keys, *values = ([pk for pk, _name, _right in rows], *zip(*(right for _pk, _name, right in rows), strict=True))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            told = ", ".join(f'"{field.column}" = told.v{place}' for place, field in enumerate(fields))
            named = ", ".join(f"v{place}" for place in range(len(fields)))
            lists = ", ".join(["%s::bigint[]", *["%s::text[]"] * len(fields)])
            cursor.execute(
                f"UPDATE {table} SET {told} FROM unnest({lists}) AS told(pk, {named}) WHERE id = told.pk",  # noqa: S608
                [keys, *map(list, values)],
            )
        else:
            told = ", ".join(f'"{field.column}" = %s' for field in fields)
            cursor.executemany(f"UPDATE {table} SET {told} WHERE id = %s", list(zip(*values, keys, strict=True)))  # noqa: S608
