"""The only place that takes attachments in, removes them, gives them back, and knows what is over or damaged."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from orgs import journal
from orgs.journal import Via
from orgs.models import User
from orgs.scoping import ScopedModel
from portal.attachments import store
from portal.attachments.kinds import NotTaken, kind_of, tidy_name
from portal.models import ATTACHED_TO, Attachment

MEGABYTE: Final = 1 << 20
LARGEST_MB: Final = 20
LARGEST: Final = LARGEST_MB * MEGABYTE
MOST: Final = 20

TOO_LARGE: Final = f"文件超过{LARGEST_MB}MB，没有上传，请压缩图片或拆成几个文件后再上传。"
TOO_MANY: Final = f"这条记录已有{MOST}个附件，不能再加，请先删去不用的。"


def attached_to(slug: str, row: ScopedModel) -> Q:
    """The attachments of one record, removed ones included."""
    return Q(**{ATTACHED_TO[slug]: row})


def take(slug: str, row: ScopedModel, user: User, name: str, note: str, chunks: Iterable[bytes]) -> Attachment:
    """Keep one file beside a record that the user may write.

    Raises :class:`NotTaken` in a sentence (what it is, too large, too many, there already), ValidationError on the note
    and Refused outside the gate. The file is placed before the row is written: without the row it does not exist.
    """
    try:
        with store.arriving(chunks, LARGEST) as arrived:
            kind = kind_of(arrived.path.read_bytes())
            with transaction.atomic():
                # Whoever else adds to this record waits here, so that two can not be the twentieth
                _lock(row, user)
                _check_room(slug, row, user, arrived.sha256)
                made = Attachment(
                    park_id=row.park_id_of() or 0,
                    name=tidy_name(name, kind),
                    note=note,
                    kind=kind,
                    size=arrived.size,
                    sha256=arrived.sha256,
                    account=user.pk,
                    made_by=str(user)[:150],
                    **{ATTACHED_TO[slug]: row},
                )
                store.place(arrived)
                return journal.save(made, user, Via.PAGE)
    except store.TooLarge:
        raise NotTaken(TOO_LARGE) from None


def _lock(row: ScopedModel, user: User) -> None:
    if not type(row).objects.writable_by(user).select_for_update(of=("self",)).filter(pk=row.pk).exists():
        raise journal.Refused("没有这条记录，或不能修改")


def _check_room(slug: str, row: ScopedModel, user: User, sha256: str) -> None:
    there = list(Attachment.objects.visible_to(user).filter(attached_to(slug, row), removed_at__isnull=True))
    same = next((one for one in there if one.sha256 == sha256), None)
    if same is not None:
        raise NotTaken(f"这条记录已有内容完全相同的附件“{same.name}”，不用再加。")
    if len(there) >= MOST:
        raise NotTaken(TOO_MANY)


def remove(attachment: Attachment, user: User) -> None:
    """Out of sight; for ``DAYS_TO_RESTORE`` days it can be put back."""
    attachment.removed_at = timezone.now()
    journal.save(attachment, user, Via.PAGE)


def restore(slug: str, row: ScopedModel, attachment: Attachment, user: User) -> None:
    """Put back what was removed; raises ValidationError in a sentence where it is too late or there is no room."""
    if not attachment.may_restore(timezone.now()):
        raise ValidationError(f"“{attachment.name}”删除已满{Attachment.DAYS_TO_RESTORE}天，不能恢复了。")
    with transaction.atomic():
        _lock(row, user)
        try:
            _check_room(slug, row, user, attachment.sha256)
        except NotTaken as problem:
            raise ValidationError(str(problem)) from None
        attachment.removed_at = None
        journal.save(attachment, user, Via.PAGE)


def over() -> list[Attachment]:
    """What was removed longer ago than it can be put back."""
    since = timezone.now() - dt.timedelta(days=Attachment.DAYS_TO_RESTORE)
    return list(Attachment._base_manager.filter(removed_at__lte=since))


def sweep_files() -> store.Swept:
    """Clear away every file that no row tells of, removed ones included."""
    return store.sweep(set(Attachment._base_manager.values_list("sha256", flat=True)))


def damaged() -> Iterator[Attachment]:
    """The attachments whose file is missing, or is not what it was."""
    known: dict[str, bool] = {}
    rows: Any = Attachment._base_manager.select_related("park").order_by("pk")
    for one in rows.iterator(chunk_size=500):
        if one.sha256 not in known:
            known[one.sha256] = store.is_whole(one.sha256)
        if not known[one.sha256]:
            yield one


def missing() -> int:
    """How many files are not there at all; whether the others are whole takes reading them."""
    told = set(Attachment._base_manager.values_list("sha256", flat=True))
    return sum(not store.path_of(one).exists() for one in told)
