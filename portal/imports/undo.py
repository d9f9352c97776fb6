"""The only place that takes a batch back: what nobody touched since goes back, the rest is kept and listed."""

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
from portal.imports import numbers
from portal.imports.batches import hold, plan_for
from portal.imports.outcomes import Progress, untold
from portal.imports.shelf import via_of
from portal.models import ImportBatch


@dataclass(frozen=True)
class Kept:
    """A record that was not taken back, and why."""

    label: str
    reason: str


def undo(batch: ImportBatch, user: User, *, tell: Progress = untold) -> list[Kept]:
    """Take everything back that the batch wrote, last write first, in one transaction; gives what was kept.

    Raises Settled when it has been taken back already."""
    kept: list[Kept] = []
    spared: set[tuple[str, int]] = set()
    via = via_of(plan_for(batch))
    with journal.batch() as written:
        hold(batch, ImportBatch.State.DONE)
        entries = {entry.pk: entry for entry in Change.objects.filter(pk__in=batch.written)}
        own = set(batch.written)
        began = Change.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        for done, pk in enumerate(reversed(batch.written), 1):
            tell(done, len(batch.written))
            entry = entries[pk]
            before = written.mark()
            reason = _spare(entry, own, began, spared) or _take_back(entry, user, via)
            if reason:
                written.back_to(before)
                if (entry.model, entry.object_id) not in spared:
                    kept.append(Kept(f"{_noun(entry)}“{entry.label}”", reason))
                spared.add((entry.model, entry.object_id))
        batch.state, batch.undone_at = ImportBatch.State.UNDONE, timezone.now()
        batch.kept = [[one.label, one.reason] for one in kept]
        numbers.wipe(batch)
        journal.save(batch, user, via)
    return kept


def _noun(entry: Change) -> str:
    return str(apps.get_model(entry.model)._meta.verbose_name)


def _spare(entry: Change, own: set[int], began: int, spared: set[tuple[str, int]]) -> str:
    """Why this record is left as it is; "" when it may go back. What this undoing itself has just written, after
    ``began``, is no one else's edit."""
    if (entry.model, entry.object_id) in spared:
        return "同上"
    later = Change.objects.filter(model=entry.model, object_id=entry.object_id, pk__gt=entry.pk, pk__lte=began)
    for change in later.order_by("pk").select_related("user"):
        if change.pk not in own:
            who = str(change.user) if change.user else "系统"
            return f"{who}在{timezone.localtime(change.at):%m月%d日 %H:%M}又改过"
    return ""


def _take_back(entry: Change, user: User, via: Via) -> str:
    """Delete what was made, put back what was changed; gives the reason when that can not be done."""
    model: type[ScopedModel] = apps.get_model(entry.model)
    row = model.objects.visible_to(user).filter(pk=entry.object_id).first()
    if row is None:
        return "已不在台账里"
    try:
        with transaction.atomic():
            if entry.action == Action.CREATE:
                journal.delete(row, user, via)
            else:
                if any(entry.before.get(name) for name in journal.SECRETS):
                    return "导入时换掉的身份证号没有留底，恢复不了，请在党员页面上核对"
                for name, value in entry.before.items():
                    one = model._meta.get_field(name)
                    setattr(row, one.attname, _stored(one, value))  # type: ignore[union-attr]
                    if name in journal.SECRETS:  # there was none: neither is there what tells it
                        setattr(row, journal.SECRETS[name], "")
                journal.save(row, user, via)
    except (ValidationError, Http404) as error:
        return error.messages[0].rstrip("。") if isinstance(error, ValidationError) else str(error)
    return ""


def _stored(one: Any, value: Any) -> Any:
    """A value of the trail as the column holds it."""
    return value[0] if one.is_relation and isinstance(value, list) else one.to_python(value)
