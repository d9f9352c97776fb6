"""The only place that takes a merge back: what others changed since is kept and listed, or nothing is taken back."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404
from django.utils import timezone

from orgs import journal
from orgs.journal import Via
from orgs.models import Action, Change, User
from orgs.scoping import ScopedModel
from portal.merging.relations import relations_to
from portal.models import Merge

Rows = dict[tuple[str, int], Any]  # by model and key


class NotUndone(Exception):
    """Why a merge is not taken back, in Chinese; nothing was written."""


@dataclass(frozen=True)
class Kept:
    """What is left as it is, and why."""

    label: str
    reason: str


@dataclass(frozen=True)
class Outlook:
    """What taking back would do: so many facts go back and so many come again, what is kept, and how many were entered
    at the record that stays since and remain there. ``digest`` changes with any of it."""

    label: str
    stays: Any
    back: int
    again: int
    kept: Sequence[Kept]
    since: int

    @property
    def digest(self) -> str:
        told = [self.label, self.back, self.again, self.since, *([one.label, one.reason] for one in self.kept)]
        return hashlib.sha256(json.dumps(told, ensure_ascii=False).encode()).hexdigest()


def outlook(merge: Merge, model: type[ScopedModel], user: User) -> Outlook:
    """What there is to be taken back as things stand. Raises NotUndone."""
    entries = list(Change.objects.visible_to(user).filter(pk__in=merge.written).order_by("pk"))
    return _outlook(merge, model, entries, _rows_of(entries, user), user)


def _outlook(merge: Merge, model: type[ScopedModel], entries: Sequence[Change], rows: Rows, user: User) -> Outlook:
    stays = _stays(merge, model, user)
    gone = next((entry for entry in entries if _is(entry, model, merge.gone)), None)
    if gone is None or len(entries) != len(merge.written):
        raise NotUndone("合并时的修改记录不全，不能撤销，请在各条记录上更正")
    kept, back = [], 0
    for entry in entries:
        if entry.action == Action.UPDATE:
            told = _kept_of(entry, rows.get((entry.model, entry.object_id)))
            kept += told
            back += not told and (entry.model, entry.object_id) != (model._meta.label_lower, merge.stays)
    again = sum(entry.action == Action.DELETE for entry in entries) - 1
    return Outlook(_label(gone), stays, back, again, kept, _entered_since(merge, stays, user))


def undo(merge: Merge, model: type[ScopedModel], seen: str, user: User) -> Outlook | None:
    """Take everything back that the merge wrote, last write first, in one transaction, if it still stands as ``seen``;
    else nothing is written and the outlook comes back. Raises NotUndone."""
    with transaction.atomic():
        held = Merge.objects.visible_to(user).select_for_update(of=("self",)).get(pk=merge.pk)
        if not held.may_undo(timezone.now()):
            raise NotUndone(why_not(held))
        list(model.objects.visible_to(user).filter(pk=held.stays).select_for_update(of=("self",)))
        entries = list(Change.objects.visible_to(user).filter(pk__in=held.written).order_by("pk"))
        rows = _rows_of(entries, user, locked=True)
        found = _outlook(held, model, entries, rows, user)
        if found.digest != seen:
            return found
        with journal.batch():
            for entry in reversed(entries):
                try:
                    _take_back(entry, rows, user)
                except (ValidationError, Http404) as error:
                    why = error.messages[0].rstrip("。") if isinstance(error, ValidationError) else str(error)
                    raise NotUndone(f"{_noun(entry)}“{_label(entry)}”恢复不了：{why}") from error
            held.undone_at, held.undone_by = timezone.now(), str(user)
            held.kept = [[one.label, one.reason] for one in found.kept]
            journal.save(held, user, Via.PAGE)
    return None


def why_not(merge: Merge) -> str:
    if merge.undone_at is not None:
        return f"这次合并已经在{timezone.localtime(merge.undone_at):%Y-%m-%d %H:%M}撤销过了，不能再撤销一次"
    return f"合并已超过{Merge.DAYS_TO_UNDO}天，不能撤销了，请在各条记录上更正"


def _stays(merge: Merge, model: type[ScopedModel], user: User) -> Any:
    stays = model.objects.visible_to(user).filter(pk=merge.stays).first()
    if stays is not None:
        return stays
    later = Merge.objects.visible_to(user).filter(ledger=merge.ledger, gone=merge.stays, undone_at__isnull=True)
    if later.exists():
        raise NotUndone("保留的那一条后来又并入了别的记录，请先撤销后面的那次合并")
    raise NotUndone("保留的那一条已不在台账里，不能撤销")


def _is(entry: Change, model: type[ScopedModel], key: int) -> bool:
    return (entry.model, entry.object_id, entry.action) == (model._meta.label_lower, key, Action.DELETE)


def _rows_of(entries: Sequence[Change], user: User, *, locked: bool = False) -> Rows:
    """The rows that the merge changed, as they stand now; ``locked`` until the end of the transaction."""
    keys: dict[str, list[int]] = defaultdict(list)
    for entry in entries:
        if entry.action == Action.UPDATE:
            keys[entry.model].append(entry.object_id)
    found: Rows = {}
    for label, some in sorted(keys.items()):
        model: type[ScopedModel] = apps.get_model(label)
        rows = model.objects.visible_to(user).filter(pk__in=some).order_by("pk")
        rows = rows.select_for_update(of=("self",)) if locked else rows
        related = [one.name for one in model._meta.concrete_fields if one.is_relation]
        found |= {(label, row.pk): row for row in rows.select_related(*related)}
    return found


def _kept_of(entry: Change, row: Any) -> list[Kept]:
    """What of a changed row does not go back: all of it, when it is gone; the columns that were changed again."""
    name = f"{_noun(entry)}“{entry.label}”"
    if row is None:
        return [Kept(name, "合并以后删除了，不再恢复")]
    moved = [column for column in entry.before if not _stands(entry, row, column)]
    labels = "、".join(str(row._meta.get_field(column).verbose_name) for column in moved)
    return [Kept(name, f"{labels}在合并以后又改过，保留现在的")] if moved else []


def _stands(entry: Change, row: Any, column: str) -> bool:
    """Whether the column still holds what the merge wrote."""
    one = row._meta.get_field(column)
    held: bool = getattr(row, one.attname) == _stored(one, entry.after[column])
    return held


def _take_back(entry: Change, rows: Rows, user: User) -> None:
    """``rows`` are those that the merge changed, and come to hold those that are made again: what points at one of
    them need not look for it."""
    model: type[ScopedModel] = apps.get_model(entry.model)
    at = (entry.model, entry.object_id)
    if entry.action == Action.DELETE:
        row: Any = model()
        row.pk = entry.object_id
        columns = list(entry.before)
    else:
        row = rows.get(at)
        columns = [column for column in entry.before if _stands(entry, row, column)] if row is not None else []
    if not columns:
        return
    for column in columns:
        one: Any = model._meta.get_field(column)
        value = _stored(one, entry.before[column])
        target = rows.get((one.related_model._meta.label_lower, value)) if one.is_relation else None
        setattr(row, one.attname if target is None else one.name, value if target is None else target)
    rows[at] = journal.save(row, user, Via.PAGE)


def _stored(one: Any, value: Any) -> Any:
    """A value of the trail as the column holds it."""
    return value[0] if one.is_relation and isinstance(value, list) else one.to_python(value)


def _entered_since(merge: Merge, stays: Any, user: User) -> int:
    number = 0
    kind: type[ScopedModel] = type(stays)
    for relation in relations_to(kind):
        entered = Change.objects.visible_to(user).filter(
            model=relation.model._meta.label_lower, action=Action.CREATE, pk__gt=max(merge.written)
        )
        rows = relation.model.objects.visible_to(user).filter(**{relation.name: stays})
        number += rows.filter(pk__in=entered.values("object_id")).count()
    return number


def _noun(entry: Change) -> str:
    return str(apps.get_model(entry.model)._meta.verbose_name)


def _label(entry: Change) -> str:
    """What a deleted record was called, without what it became part of."""
    return entry.label.partition("，并入“")[0]
