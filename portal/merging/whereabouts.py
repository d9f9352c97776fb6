"""The only place that knows where a record went that became part of another one, and which merges it had part in."""

from __future__ import annotations

from django.db.models import Q

from orgs.models import User
from portal.merging.finding import KINDS
from portal.models import Merge


def leads_to(slug: str, key: int, user: User) -> int | None:
    """The record that one which is gone became part of, through however many merges; ``None`` if it did not."""
    current, passed = key, {key}
    while True:
        rows = Merge.objects.visible_to(user).filter(ledger=slug, gone=current, undone_at__isnull=True)
        found = rows.values_list("stays", flat=True).first()
        if found is None or found in passed:
            return None if current == key else current
        current = found
        passed.add(current)


def merges_of(slug: str, key: int, user: User) -> list[Merge]:
    """The merges in which this record stayed or went, those that were taken back too."""
    if slug not in KINDS:
        return []
    return list(Merge.objects.visible_to(user).filter(Q(stays=key) | Q(gone=key), ledger=slug).order_by())
