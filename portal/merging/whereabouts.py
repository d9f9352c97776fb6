"""The only place that knows where a record went that became part of another one."""

from __future__ import annotations

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


def became_part(slug: str, key: int, user: User) -> list[int]:
    """The keys of the records that became part of this one."""
    if slug not in KINDS:
        return []
    rows = Merge.objects.visible_to(user).filter(ledger=slug, stays=key, undone_at__isnull=True)
    return list(rows.order_by().values_list("gone", flat=True))
