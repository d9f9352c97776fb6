"""The only place for the course of an entry form: opened, corrected, compared with what others wrote, written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, QueryDict

from orgs.journal import Via
from orgs.models import User
from orgs.scoping import ScopedModel
from portal.conflicts import PICK, Comparison, compare, entry_number
from portal.forms import EntryForm

# What a form carries beside its fields
BESIDE = frozenset({"csrfmiddlewaretoken", "version", "seen", "back", "again"})


@dataclass(frozen=True)
class Entered:
    """How far it came: written, or the form to show again, or the comparison to show in its place.

    ``version`` is the entry of the trail up to which the officer knows the record; ``None`` of a new one.
    """

    form: EntryForm
    written: bool = False
    version: int | None = None
    comparison: Comparison | None = None


def add(request: HttpRequest, form: EntryForm) -> Entered:
    """Write a new record, when one was posted and is valid."""
    if request.method != "POST" or not form.is_valid():
        return Entered(form)
    try:
        form.commit(Via.PAGE)
    except ValidationError:
        return Entered(form)
    return Entered(form, written=True)


def change(
    request: HttpRequest, user: User, made: type[EntryForm], pk: int, fetch: Callable[[], ScopedModel]
) -> Entered:
    """Open the form of a record, or write what was posted; ``fetch`` reads the record, or raises Http404.

    A form that comes back for a correction keeps the version it was opened with: only who was shown what others
    wrote may write over it.
    """
    newest = made.version(pk)
    if request.method != "POST":
        return Entered(made(instance=fetch(), user=user), version=newest)
    known = entry_number(request.POST.get("version"))
    opened = newest if known is None else known
    form = made(request.POST, instance=fetch(), user=user)
    if not form.is_valid():
        return Entered(form, version=opened)
    try:
        with transaction.atomic():
            lock(form.instance, user)
            found = compare(form, made(instance=fetch(), user=user), opened, request.POST)
            if found is not None:
                if "back" in request.POST:
                    return Entered(made(found.merged(request.POST), instance=fetch(), user=user), version=opened)
                if not found.is_settled:
                    return Entered(form, version=opened, comparison=found)
                opened = found.seen
                form = made(found.merged(request.POST), instance=fetch(), user=user)
                if not form.is_valid():
                    return Entered(form, version=opened)
            form.commit(Via.PAGE)
    except ValidationError:
        return Entered(form, version=opened)
    return Entered(form, written=True)


def lock(row: ScopedModel, user: User) -> None:
    """Until the end of the transaction nobody else writes the record."""
    rows = type(row)._default_manager.visible_to(user).select_for_update(of=("self",))
    rows.filter(pk=row.pk).first()


def kept(post: QueryDict) -> list[tuple[str, list[Any]]]:
    """What was typed, field by field: what a form sends beside its fields is left out."""
    return [(name, values) for name, values in post.lists() if name not in BESIDE and not name.startswith(PICK)]
