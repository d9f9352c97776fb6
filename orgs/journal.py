"""The only place that writes: the writing gate, and the trail it leaves.

Before a write the stored row must be the writer's to change; after it, it still must be, so a row can be neither made
in nor moved to another park. Everything a row points at must be visible to the writer. The row and its entry in the
trail are written in one transaction; ``settings.AFTER_WRITE`` names functions called inside it with the rows written:
a changed row as it stood before and as it stands now, a deleted row with the key it had.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from itertools import islice
from typing import Any, Final, TypeVar

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, DatabaseError, IntegrityError, connection, connections, models, transaction
from django.db.models import Exists, Max, OuterRef
from django.http import Http404
from django.utils.module_loading import import_string

from orgs.models import Action, Change, Park, User, Via
from orgs.ordering import InitialsField, NameField, OrderKeyField, columns as name_columns
from orgs.prepared import Prepared
from orgs.scoping import Role, ScopedModel, ScopedQuerySet, has_plain_scope

__all__ = [
    "INSTALLER",
    "Batch",
    "Installer",
    "NotRestored",
    "Refused",
    "Via",
    "batch",
    "delete",
    "diff",
    "differences",
    "reseal",
    "reserve",
    "restore",
    "save",
    "save_many",
    "trail_of",
]

Row = TypeVar("Row", bound=ScopedModel)
BATCH = 2000
# Columns of which the trail keeps that they were changed and never what they held, each with the column that tells it:
# what is encrypted anew is another text and says the same, so there the keyed index tells
SECRETS: Final[dict[str, str]] = {"password": "password", "id_cipher": "id_index"}
NOT_KEPT: Final = "（不记录）"
FEW: Final = 20  # so few are inserted as soon by the ORM


class Refused(Http404):
    """The write lies outside the writer's gate. To a stranger the record does not exist, so it is a 404."""


class Installer:
    """Stands for nobody in particular: the management commands that load cases and the demo park."""

    def __repr__(self) -> str:
        return "INSTALLER"


INSTALLER: Final = Installer()


@dataclass
class Batch:
    """What was written inside a :func:`batch`, in order: the entries of the trail, and the rows to be told of."""

    changes: list[Change]
    rows: list[ScopedModel]

    def mark(self) -> tuple[int, int]:
        return len(self.changes), len(self.rows)

    def back_to(self, mark: tuple[int, int]) -> None:
        """Forget what was written since: a savepoint took it back."""
        del self.changes[mark[0] :]
        del self.rows[mark[1] :]


_open_batch: ContextVar[Batch | None] = ContextVar("open_batch", default=None)


@contextmanager
def batch() -> Iterator[Batch]:
    """Many writes of one transaction: ``settings.AFTER_WRITE`` is called once, at the end, with the rows of all; not at
    all when the block is left by an exception, which takes the writes back."""
    opened = Batch([], [])
    token = _open_batch.set(opened)
    try:
        with transaction.atomic():
            yield opened
            _open_batch.set(None)
            if opened.rows:
                _after_write(opened.rows)
    finally:
        _open_batch.reset(token)


def save(row: Row, user: User | Installer, via: Via) -> Row:
    """Validate and write one row with its trace.

    Raises ValidationError (Chinese, by field) on bad data and Refused outside the gate; then nothing is written.
    A save that changes nothing leaves no trace.
    """
    _check_writer(user, via)
    try:
        return _save(row, user, via)
    except IntegrityError:
        row.full_clean()  # says in Chinese, by field, what the database refused
        raise


def _save(row: Row, user: User | Installer, via: Via) -> Row:
    model = type(row)
    with transaction.atomic():
        stored = None
        if not row._state.adding:
            stored = _locked(model, row.pk, user)
        _check_targets([row], user, stored)
        _validate(row)
        row.save()
        if stored is None:
            before, after = {}, _new_snapshot(row)
        else:
            changed = _differing(stored, row, _traced(type(row)))
            before, after = _snapshot(stored, changed), _snapshot(row, changed)
            for name in _secrets_changed(stored, row):
                held, holds = bool(getattr(stored, name)), bool(getattr(row, name))
                before[name] = NOT_KEPT if held else ""
                after[name] = "（已清除）" if not holds else "（已更换）" if held else "（已登记）"
            if not after:
                return row
        if stored is None or _could_have_moved(model, after):
            _check_still_writable(model, [row.pk], user)
        _trace([(row, Action.UPDATE if stored is not None else Action.CREATE, before, after)], user, via)
        _after_write([stored, row] if stored is not None else [row])
    return row


def save_many(rows: Sequence[Row], user: User | Installer, via: Via, *, checked: bool = False) -> list[Row]:
    """Write many new rows of one model through the same gate and with the same trace, all or nothing.

    Fields and model rules are checked row by row, unless whoever calls has ``checked`` them in another way; foreign
    keys and rights for the whole set; uniqueness by the database (then ValidationError names the model, not the row).
    """
    _check_writer(user, via)
    if not rows:
        return []
    model = type(rows[0])
    keys = [field.name for field in model._meta.concrete_fields if field.is_relation]
    with transaction.atomic():
        _check_targets(rows, user)
        for row in rows:
            if not row._state.adding:
                raise ValueError("save_many writes new rows only")
            if not checked:
                row.clean_fields(exclude=keys)
                row.clean()
        try:
            with transaction.atomic():
                _insert_new(model, rows)
        except IntegrityError as error:
            raise ValidationError(
                f"有{model._meta.verbose_name}与已有记录重复或不合规定，本批全部没有保存。"
            ) from error
        _check_still_writable(model, [row.pk for row in rows], user)
        _trace([(row, Action.CREATE, {}, _new_snapshot(row)) for row in rows], user, via)
        _after_write(rows)
    return list(rows)


def delete(row: ScopedModel, user: User | Installer, via: Via, *, into: ScopedModel | None = None) -> None:
    """Delete one row and keep its last state in the trail; ``into`` is the record that it became part of.

    Raises ValidationError naming what still hangs on it, and Refused outside the gate.
    """
    _check_writer(user, via)
    model = type(row)
    with transaction.atomic():
        stored = _locked(model, row.pk, user)
        label = f"{stored}，并入“{into}”" if into is not None else str(stored)
        park_id, before, pk = stored.park_id_of(), _snapshot(stored), stored.pk
        try:
            with transaction.atomic():
                stored.delete()
        except models.ProtectedError as error:
            raise ValidationError(_still_hanging(stored, error)) from None
        stored.pk = pk  # taken away by the deletion, but whoever is told of it needs to know which row it was
        if model._meta.label_lower == "orgs.park":
            park_id = None
        change = Change.objects.create(
            user=_account(user),
            via=via,
            action=Action.DELETE,
            model=model._meta.label_lower,
            object_id=pk,
            label=label[:200],
            park_id=park_id,
            before=before,
            after={},
        )
        _collect([change])
        _after_write([stored])


def reserve(model: type[ScopedModel]) -> int:
    """A key for a new row, to be written in the transaction that is open: what is sealed to a row has to know it."""
    (key,) = _next_keys(model, 1)
    return key


def reseal(rows: Sequence[ScopedModel], user: Installer) -> None:
    """Write the secrets of stored rows of one model, which say the same in another way (a newer key): no trace."""
    _check_writer(user, Via.INSTALL)
    if rows:
        names = [name for pair in SECRETS.items() for name in pair if name in rows[0].untraced]
        type(rows[0])._base_manager.bulk_update(rows, sorted(set(names)), batch_size=BATCH)


class NotRestored(Exception):
    """Why nothing was restored, in Chinese; ``model`` and ``key`` name the row that does not fit, if it is one row."""

    def __init__(self, message: str, model: type[ScopedModel] | None = None, key: int | None = None) -> None:
        super().__init__(message)
        self.model = model
        self.key = key


def restore(tables: Iterable[tuple[type[ScopedModel], Sequence[str], Iterable[Sequence[Any]]]]) -> None:
    """Put whole tables back, keys, times and trail as they were: (model, attribute names, rows of values) of each.

    The first name is that of the key; a table comes after those it points at. This writes past the gate because the
    trail itself is among the rows: traced anew, every record would seem made today by nobody. It stands here so that
    nothing but the journal writes, and it works only where nobody's record could be touched: in an installation
    without a park, an account or any other record. What the database can check is checked; the names in
    ``settings.AFTER_WRITE`` are not called, what is worked out has to be worked out anew.

    Raises :class:`NotRestored`; then nothing is written.
    """
    with transaction.atomic():
        _check_nobody_was_here()
        restored = []
        for model, names, rows in tables:
            restored.append(model)
            left = iter(rows)
            while some := list(islice(left, BATCH)):
                _put_back(model, names, some)
            _check_pointed_at(model)
        for model in restored:  # the trail is there by now: it knows the numbers that deleted records had
            _go_on_counting(model)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # the first questions are asked of tables that the database believes empty


def trail_of(row: ScopedModel) -> models.QuerySet[Change]:
    """The trail of one record, newest first. Show it only beside a record that was fetched through ``visible_to``."""
    return Change.objects.filter(model=row._meta.label_lower, object_id=row.pk).select_related("user")


def diff(change: Change) -> list[tuple[str, str, str]]:
    """(field label, old text, new text) of one entry, in the order of the model's fields; "—" for nothing."""
    fields = {field.name: field for field in apps.get_model(change.model)._meta.concrete_fields}
    return [(str(fields[name].verbose_name), old, new) for name, old, new in differences(change)]


def differences(change: Change) -> list[tuple[str, str, str]]:
    """The same by the field's name. Two records of one name, as a merge joins, are told apart by their numbers."""
    found = []
    for field in apps.get_model(change.model)._meta.concrete_fields:
        if field.name not in change.before and field.name not in change.after:
            continue
        values = change.before.get(field.name), change.after.get(field.name)
        old, new = (_as_text(field, value) for value in values)
        if field.is_relation and old == new and values[0] != values[1]:
            old, new = (f"{text}（第{value[0]}号）" for text, value in zip((old, new), values, strict=True))
        found.append((field.name, old, new))
    return found


def _check_writer(user: User | Installer, via: Via) -> None:
    if isinstance(user, Installer):
        if via != Via.INSTALL:
            raise Refused("系统装载只用于管理命令")
    elif not user.is_authenticated or not user.is_active:
        raise Refused("没有登录")


def _account(user: User | Installer) -> User | None:
    return None if isinstance(user, Installer) else user


def _locked(model: type[Row], pk: Any, user: User | Installer) -> Row:
    """The stored row, held until the transaction ends. Raises Refused if there is none that the writer may change."""
    found = list(_row(model)([pk]))
    if not found or (not isinstance(user, Installer) and not _within(model, [pk], user, model.write_roles)):
        raise Refused(f"{model._meta.verbose_name}不存在")
    return model.from_db(DEFAULT_DB_ALIAS, [field.attname for field in model._meta.concrete_fields], found[0])


@lru_cache(maxsize=64)
def _row(model: type[ScopedModel]) -> Prepared:
    """The question for whole rows, each of which is locked: every save asks it, and the ORM is slow to say it."""
    names = [field.attname for field in model._meta.concrete_fields]
    rows = ScopedQuerySet(model=model).select_for_update().order_by()
    return Prepared(lambda keys: rows.filter(pk__among=keys).values_list(*names))


def _check_targets(rows: Sequence[ScopedModel], user: User | Installer, stored: ScopedModel | None = None) -> None:
    """Every foreign key points at a row that the writer may see: a forged key is refused, whatever form it came by.

    What a row pointed at as ``stored`` it may go on pointing at.
    """
    if isinstance(user, Installer):
        return
    for field in rows[0].scoped_foreign_keys():
        wanted = {getattr(row, field.attname) for row in rows} - {None, getattr(stored, field.attname, None)}
        if not wanted:
            continue
        target: Any = field.related_model
        if wanted - _within(target, wanted, user, target.read_roles):
            raise Refused(f"所选的{field.verbose_name}不存在")


def _validate(row: ScopedModel) -> None:
    """As ``full_clean``, except for what the database asks of the row itself: its keys and constraints."""
    keys = {field.name for field in row._meta.concrete_fields if field.is_relation}
    try:
        row.full_clean(exclude=keys, validate_unique=False, validate_constraints=False)
    except ValidationError:
        row.full_clean()  # says all that is wrong at once
        raise


def _could_have_moved(model: type[ScopedModel], changed: Collection[str]) -> bool:
    """Whether a writable row with these fields changed may lie elsewhere now. Who has a scope of his own always may."""
    return not (has_plain_scope(model) and model.park_path) or model.park_path.split("__")[0] in changed


def _check_still_writable(model: type[ScopedModel], keys: Collection[Any], user: User | Installer) -> None:
    if isinstance(user, Installer):
        return
    wanted = set(keys)
    if wanted - _within(model, wanted, user, model.write_roles):
        raise Refused(f"{model._meta.verbose_name}不在可以登记的园区")


def _within(model: type[ScopedModel], keys: Collection[Any], user: User, roles: frozenset[Role] | None) -> set[Any]:
    """Those of the keys whose rows lie in the user's reach."""
    wanted, found = sorted(keys), set()
    for start in range(0, len(wanted), BATCH):
        some = wanted[start : start + BATCH]
        if has_plain_scope(model):
            found |= {pk for (pk,) in _reach(model, user.pk, roles)(some)}
        else:
            inside = ScopedQuerySet(model=model).filter(model.scope_q(user, roles), pk__in=some)
            found |= set(inside.values_list("pk", flat=True))
    return found


@lru_cache(maxsize=512)
def _reach(model: type[ScopedModel], user_id: int, roles: frozenset[Role] | None) -> Prepared:
    """The question which rows lie in an account's reach, where the database answers it by the park alone."""
    user = User(pk=user_id)
    rows = ScopedQuerySet(model=model).filter(model.scope_q(user, roles)).order_by()
    return Prepared(lambda keys: rows.filter(pk__among=keys).values_list("pk"))


def _trace(
    entries: Sequence[tuple[ScopedModel, Action, dict[str, Any], dict[str, Any]]], user: User | Installer, via: Via
) -> None:
    usual = Change(user=_account(user), via=via)
    written = [
        usual.copied(
            action=action,
            model=row._meta.label_lower,
            object_id=row.pk,
            label=str(row)[:200],
            park_id=row.park_id_of(),
            before=before,
            after=after,
        )
        for row, action, before, after in entries
    ]
    _insert_new(Change, written)
    _collect(written)


def _collect(changes: Iterable[Change]) -> None:
    opened = _open_batch.get()
    if opened is not None:
        opened.changes.extend(changes)


def _after_write(rows: Sequence[ScopedModel]) -> None:
    opened = _open_batch.get()
    if opened is not None:
        # As they stand now: a row that is written twice is told of twice
        opened.rows.extend(row.copied() for row in rows)
        return
    for name in settings.AFTER_WRITE:
        import_string(name)(rows)


def _snapshot(row: ScopedModel, names: Collection[str] | None = None) -> dict[str, Any]:
    """Field name → a JSON value, of all traced fields or of these. A foreign key is kept as [key, text] so that the
    trail reads without the target."""
    kept: dict[str, Any] = {}
    for field in _traced(type(row)):
        if names is None or field.name in names:
            value = _value(row, field)
            kept[field.name] = [value, str(getattr(row, field.name))] if field.is_relation and value else value
    return kept


def _differing(stored: ScopedModel, row: ScopedModel, fields: Iterable[models.Field[Any, Any]]) -> set[str]:
    """Which of the fields differ. A foreign key is compared by key: a renamed target is no change of this row."""
    return {field.name for field in fields if _value(stored, field) != _value(row, field)}


@cache
def _traced(model: type[ScopedModel]) -> list[models.Field[Any, Any]]:
    return [
        field
        for field in model._meta.concrete_fields
        if not (field.primary_key or field.name in model.untraced or isinstance(field, NameField))
    ]


def _value(row: ScopedModel, field: models.Field[Any, Any]) -> Any:
    """As JSON; of a foreign key the key alone."""
    value = getattr(row, field.attname)
    if type(value) in _WRITTEN_AS_IT_IS:
        return value
    if isinstance(value, dt.date | dt.datetime):
        return value.isoformat()
    # 90 typed and 90.0000 stored are the same number
    return format(value.normalize(), "f") if isinstance(value, Decimal) else value


def _new_snapshot(row: ScopedModel) -> dict[str, Any]:
    """Of a new row; that it has a password goes without saying."""
    said = {
        name: "（已登记）" for name in SECRETS if name != "password" and name in row.untraced and getattr(row, name)
    }
    return _snapshot(row) | said


def _secrets_changed(stored: ScopedModel, row: ScopedModel) -> list[str]:
    """A new password leaves a trace without a value; a login time leaves none."""
    secrets = ((name, told_by) for name, told_by in SECRETS.items() if name in row.untraced)
    return [name for name, told_by in secrets if getattr(stored, told_by) != getattr(row, told_by)]


def _as_text(field: models.Field[Any, Any], value: Any) -> str:
    if value in (None, ""):
        return "—"
    if isinstance(value, bool):
        return "是" if value else "否"
    if field.is_relation and isinstance(value, list):
        return str(value[1])
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    return str(value)


def _still_hanging(row: ScopedModel, error: models.ProtectedError) -> str:
    counts: dict[str, int] = {}
    for other in error.protected_objects:
        name = str(other._meta.verbose_name)
        counts[name] = counts.get(name, 0) + 1
    listed = "、".join(f"{name}{count}条" for name, count in counts.items())
    return f"“{row}”名下还有{listed}，不能删除。请先删除或改正这些记录；若已迁出、撤销或离开，请填相应日期，不必删除。"


def _check_nobody_was_here() -> None:
    # Parks and accounts first: they are what whoever runs it knows by name
    every: list[type[ScopedModel]] = [model for model in apps.get_models() if issubclass(model, ScopedModel)]
    for model in sorted(every, key=lambda model: model not in (Park, User)):
        if model._base_manager.exists():
            raise NotRestored(f"这里已有{model._meta.verbose_name}，只能导入到还没有园区也没有账号的系统。")


_WRITTEN_AS_IT_IS: Final = {str, int, bool, type(None)}
_TEXT, _NUMBER = (str,), (int, type(None))
_GOES_AS_IT_IS: Final[dict[Any, tuple[type, ...]]] = {
    models.CharField: _TEXT,
    models.TextField: _TEXT,
    OrderKeyField: _TEXT,
    InitialsField: _TEXT,
    models.BigAutoField: _NUMBER,
    models.ForeignKey: _NUMBER,
    models.PositiveBigIntegerField: _NUMBER,
    models.PositiveIntegerField: _NUMBER,
}


def _insert_new(model: type[models.Model], rows: Sequence[models.Model]) -> None:
    """Insert many, as SQL: for ten thousand rows ``bulk_create`` takes three times as long to put them into words."""
    if len(rows) < FEW:
        model._base_manager.bulk_create(rows)
        return
    fields = model._meta.concrete_fields
    for row, key in zip(rows, _next_keys(model, len(rows)), strict=True):
        row.pk = key
    # What is worked out of a name, together for each row: the name is read once
    named = name_columns(model)
    for row in rows:
        for field in named:
            field.pre_save(row, True)
    columns = [_ready(field, rows) for field in fields]
    _insert(model, [field.column for field in fields], list(zip(*columns, strict=True)))
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias


def _ready(field: Any, rows: Sequence[models.Model]) -> list[Any]:
    """The values of one column as the database takes them."""
    if isinstance(field, NameField) or type(field).pre_save is models.Field.pre_save:
        values = [row.__dict__[field.attname] for row in rows]
    else:
        values = [field.pre_save(row, True) for row in rows]
    plain = _GOES_AS_IT_IS.get(type(field), ())
    # Asking the field about each takes ten times as long
    if plain and set(map(type, values)).issubset(plain):
        return values
    there = connections[connection.alias]
    if type(field) is models.DateField:
        # Days are few in many rows
        known = {value: field.get_db_prep_save(value, there) for value in set(values)}
        return [known[value] for value in values]
    return [value if type(value) in plain else field.get_db_prep_save(value, there) for value in values]


def _next_keys(model: type[models.Model], number: int) -> Sequence[int]:
    """So many keys that no row has, nor will get from the database. On SQLite nobody else writes meanwhile: a write
    transaction is open."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            sequence = "pg_get_serial_sequence(%s, %s)"
            cursor.execute(
                f"SELECT nextval({sequence}) FROM generate_series(1, %s)",  # noqa: S608
                [f'"{table}"', model._meta.pk.column, number],
            )
            return [key for (key,) in cursor.fetchall()]
        cursor.execute("SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence WHERE name = %s", [table])
        (last,) = cursor.fetchone()
    return range(last + 1, last + 1 + number)


def _insert(model: type[models.Model], columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Rows of values as the database takes them."""
    table, named = f'"{model._meta.db_table}"', ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # What COPY raises does not pass through Django otherwise
            with connection.wrap_database_errors, cursor.copy(f"COPY {table} ({named}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            cursor.executemany(_insert_sql(table, named, len(columns)), rows)


def _insert_sql(table: str, named: str, number: int) -> str:
    return f"INSERT INTO {table} ({named}) VALUES ({', '.join(['%s'] * number)})"  # noqa: S608 (names of models)


def _put_back(model: type[ScopedModel], names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """As SQL: a model instance would set the time of its making anew."""
    fields: list[Any] = [model._meta.get_field(name) for name in names]
    there = connections[connection.alias]  # asked a million times, and `connection` looks it up each time
    ready = [[field.get_db_prep_save(value, there) for field, value in zip(fields, row, strict=True)] for row in rows]
    worked_out = [(field, names.index(field.of)) for field in name_columns(model) if field.name not in names]
    for values in ready:
        values += [field.of_name(values[place]) for field, place in worked_out]
    columns = [field.column for field in fields] + [field.column for field, _place in worked_out]
    try:
        with transaction.atomic():
            _insert(model, columns, ready)
    except DatabaseError:
        # Which of them it was: a database tells it in its own words, if at all
        insert = _insert_sql(f'"{model._meta.db_table}"', ", ".join(f'"{column}"' for column in columns), len(columns))
        for row in ready:
            try:
                with transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute(insert, row)
            except DatabaseError as error:
                raise NotRestored(_why_not(model, error), model, row[0]) from error
        raise


def _why_not(model: type[ScopedModel], error: DatabaseError) -> str:
    told = str(error)
    for constraint in model._meta.constraints:
        if constraint.name in told:
            return str(constraint.get_violation_error_message())
    if isinstance(error, IntegrityError) and "unique" in told.lower():
        return "与前面的一行重复。"
    return f"数据库不接受：{told.splitlines()[0] if told else '没有说明原因'}。"


def _check_pointed_at(model: type[ScopedModel]) -> None:
    """Every foreign key leads to a row. The database asks that too, but only at the end, and does not name the row."""
    for field in model._meta.concrete_fields:
        if not isinstance(field, models.ForeignKey):
            continue
        target: Any = field.related_model
        there = Exists(target._base_manager.filter(pk=OuterRef(field.attname)))
        lost = model._base_manager.filter(~there, **{f"{field.attname}__isnull": False}).order_by("pk")
        found = lost.values_list("pk", field.attname).first()
        if found is not None:
            key, pointed = found
            raise NotRestored(f"{field.attname}是{pointed}，没有这个{target._meta.verbose_name}。", model, key)


def _go_on_counting(model: type[ScopedModel]) -> None:
    """The next record gets a number that none ever had: that of a deleted one would bring its trail with it."""
    held = model._base_manager.aggregate(most=Max("pk"))["most"] or 0
    once = Change.objects.filter(model=model._meta.label_lower).aggregate(most=Max("object_id"))["most"] or 0
    last, table = max(held, once), model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [f'"{table}"', model._meta.pk.column])
            (sequence,) = cursor.fetchone()
            # No transaction takes this back: never downwards
            cursor.execute("SELECT setval(%s, GREATEST(nextval(%s), %s), false)", [sequence, sequence, last + 1])
        else:
            cursor.execute("SELECT MAX(seq) FROM sqlite_sequence WHERE name = %s", [table])
            (given,) = cursor.fetchone()
            cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
            cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, max(last, given or 0)])
