"""The only place that makes one record of two, in one transaction through the journal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.http import Http404

from orgs import journal
from orgs.journal import Via
from orgs.models import User
from orgs.scoping import ScopedModel
from portal.merging.planning import Plan, plan
from portal.models import Merge


def pair_of(model: type[ScopedModel], keys: tuple[int, int], user: User, *, locked: bool = False) -> tuple[Any, Any]:
    """The record that stays and the one that goes, both the user's to change, in one park; raises Http404."""
    # Locked always in the same order, or two merges could wait for each other
    rows = model.objects.visible_to(user).writable_by(user).filter(pk__in=keys).order_by("pk")
    found = (rows.select_for_update(of=("self",)) if locked else rows).select_related("park").in_bulk()
    if len(set(keys)) < 2 or len(found) < 2:
        raise Http404("没有这两条记录，或不能修改")
    stays, gone = (found[key] for key in keys)
    if stays.park_id_of() != gone.park_id_of():
        raise Http404("两条记录不在同一个园区")
    return stays, gone


def merge(
    slug: str, model: type[ScopedModel], keys: tuple[int, int], given: Mapping[str, Any], seen: str, user: User
) -> Merge | Plan:
    """Merge as ``given``, if everything still stands as it was ``seen``; else nothing is written and the plan as it is
    now comes back. Raises ValidationError when what is written breaks a rule after all, and Http404."""
    with transaction.atomic():
        stays, gone = pair_of(model, keys, user, locked=True)
        found = plan(stays, gone, given, user, locked=True)
        if not found.is_clear or found.digest != seen:
            return found
        with journal.batch() as written:
            for line in found.lines:
                if line.fate == "same":
                    journal.delete(line.row, user, Via.PAGE, into=line.to)
                else:
                    setattr(line.row, line.relation.name, line.to)
                    journal.save(line.row, user, Via.PAGE)
            # It goes first: what it alone may hold (a code, a name) the other takes over
            journal.delete(gone, user, Via.PAGE, into=found.merged)
            journal.save(found.merged, user, Via.PAGE)
            made = Merge(
                park_id=stays.park_id_of(),
                ledger=slug,
                stays=stays.pk,
                gone=keys[1],
                account=user.pk,
                made_by=str(user),
                written=[change.pk for change in written.changes],
            )
            return journal.save(made, user, Via.PAGE)
