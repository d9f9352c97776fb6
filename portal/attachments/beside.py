"""The only place that says what the page of a record shows of its attachments, and what the form for a new one says."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.urls import reverse
from django.utils import timezone

from orgs.scoping import ScopedModel
from portal.attachments.keeping import LARGEST_MB, MOST, attached_to
from portal.attachments.kinds import ACCEPT, TAKEN
from portal.models import Attachment
from portal.records.parts import Look

KILOBYTE: Final = 1024


@dataclass(frozen=True)
class Line:
    """One attachment and where its pages are. ``until``: the last day on which a removed one can be put back."""

    one: Attachment
    url: str
    delete_url: str
    restore_url: str

    @property
    def size(self) -> str:
        return size_of(self.one.size)

    @property
    def until(self) -> dt.date | None:
        removed = self.one.removed_at
        return timezone.localdate(removed + dt.timedelta(days=self.one.DAYS_TO_RESTORE)) if removed else None


@dataclass(frozen=True)
class Adding:
    """The form for a new one: where it goes, and what it says before anything is sent."""

    url: str
    accept: str = ACCEPT
    taken: str = TAKEN
    largest: int = LARGEST_MB
    most: int = MOST


@dataclass(frozen=True)
class Beside:
    """The files of one record: those that are there, those that can be put back, and, for who may add one, how."""

    lines: Sequence[Line]
    removed: Sequence[Line]
    adding: Adding | None

    @property
    def is_full(self) -> bool:
        return len(self.lines) >= MOST


def adding(slug: str, row: ScopedModel) -> Adding:
    return Adding(reverse("record-attachment-new", args=[slug, row.pk]))


def beside(look: Look, slug: str) -> Beside | None:
    """One query; nothing at all for who may not see persons in this park: any file may be about one."""
    if not look.names_persons:
        return None
    now = timezone.now()
    rows = list(look.see(Attachment).filter(attached_to(slug, look.row)))
    return Beside(
        [_line(slug, look, one) for one in rows if one.removed_at is None],
        [_line(slug, look, one) for one in rows if one.may_restore(now)] if look.may_write else [],
        adding(slug, look.row) if look.may_write else None,
    )


def _line(slug: str, look: Look, one: Attachment) -> Line:
    at = [slug, look.row.pk, one.pk]
    return Line(
        one,
        reverse("record-attachment", args=at),
        reverse("record-attachment-delete", args=at),
        reverse("record-attachment-restore", args=at),
    )


def size_of(number: int) -> str:
    """1.4 MB, 12 KB, 1 KB at least."""
    if number >= KILOBYTE * KILOBYTE:
        return f"{number / KILOBYTE / KILOBYTE:.1f} MB"
    return f"{max(1, round(number / KILOBYTE))} KB"
