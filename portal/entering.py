"""The only place for the course of an entry form: opened, drafted, compared with what others wrote, written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect

from orgs.journal import Via
from orgs.models import User
from orgs.scoping import ScopedModel
from portal import drafts, submissions, succession, type_ahead
from portal.conflicts import Comparison, compare, entry_number
from portal.forms import EntryForm
from portal.forms.base import Alike
from portal.models import Draft

Make = Callable[..., EntryForm]
SENT: Final = "这一条刚才已经提交过"
TOO_LONG: Final = "填的内容太长，草稿没有存上；请直接提交，或者分几次登记。"


@dataclass(frozen=True)
class Entered:
    """How far it came: written, or the form to show again, or the comparison to show in its place.

    ``version`` is the entry of the trail up to which the officer knows the record, of a new period those that it
    follows; ``None`` of another new record. ``draft`` is
    his own of this form, ``taken`` when it is filled in; ``answer`` is what a POST about the draft alone gets.
    ``earlier`` is the record that the same form made before; ``alike`` are records that it may be about, which the
    officer is asked about before it is written; ``used`` is the one he chose instead, with what he typed drafted.
    """

    form: EntryForm
    written: bool = False
    version: int | None = None
    comparison: Comparison | None = None
    draft: Draft | None = None
    taken: bool = False
    answer: HttpResponse | None = None
    earlier: int | None = None
    alike: Sequence[Alike] = ()
    used: int | None = None


def add(request: HttpRequest, user: User, make: Make, newest: int | None = None) -> Entered:
    """Open the form of a new record, or write what was posted; ``make(data, initial=…)`` draws the form.

    Of a period that ends another, ``newest`` is up to where these are known (:func:`portal.succession.version`).
    """
    if request.method != "POST":
        return opened(request, user, make, newest)
    known = entry_number(request.POST.get("version"))
    since = newest if newest is None or known is None else known
    if type_ahead.FIND in request.POST:
        return finding(request, user, make, since)
    if "draft" in request.POST:
        return about_draft(request, user, make, since)
    key = submissions.digest(user, request)
    earlier = submissions.find(user, key)
    form, draft = make(request.POST), undecided(request, user)
    if earlier is not None:
        return Entered(form, earlier=earlier)
    chosen = entry_number(request.POST.get("use"))
    if chosen and draft is None and drafts.keep(user, request) is not None:
        return Entered(form, used=chosen)
    if not form.is_valid():
        return Entered(form, version=since, draft=draft)
    alike = form.alikes()
    if {str(one.row.pk) for one in alike} - set(request.POST.get("different", "").split(",")):
        return Entered(form, draft=draft, alike=alike)
    try:
        with transaction.atomic():
            if since is not None:
                lock_present(make(), user)
                if (earlier := submissions.find(user, key)) is not None:
                    return Entered(form, earlier=earlier)  # the same form was before us at the lock
                found = succession.compare(form, make(), since, request.POST)
                if found is not None:
                    if (held := held_up(request, form, make, found, since, draft)) is not None:
                        return held
                    since, form = found.seen, make(found.merged(request.POST))
                    if not form.is_valid():
                        return Entered(form, version=since, draft=draft)
            if submissions.claim(user, key):
                form.commit(Via.PAGE)
                submissions.settle(user, key, form.instance.pk)
            else:
                return Entered(form, earlier=submissions.find(user, key))
    except ValidationError:
        return Entered(form, version=since, draft=draft)
    if draft is None:
        drafts.discard(user, request.path)
    return Entered(form, written=True)


def opened(request: HttpRequest, user: User, make: Make, version: int | None) -> Entered:
    """The form as it is opened: with the draft filled in where the address asks for it, else with one on offer.

    A draft brings the version it was typed on, so that what others wrote since is compared.
    """
    if type_ahead.ASKED in request.GET:
        form = make()
        return Entered(form, answer=type_ahead.answer(form, request.GET))
    draft = drafts.find(user, request.path)
    if draft is None or request.GET.get("draft") != "take":
        return Entered(make(), version=version, draft=draft)
    given = drafts.values(make(), draft)
    form = make(initial=given)
    form.initial.update(given)  # once more over what the form found by itself
    known = version if version is None or draft.version is None else min(version, draft.version)
    return Entered(form, version=known, draft=draft, taken=True)


def finding(request: HttpRequest, user: User, make: Make, version: int | None) -> Entered:
    """The form as it was typed, with the records that were looked for in their menu; nothing is written."""
    form = make(request.POST)
    form.unsaid()
    type_ahead.look(form, request.POST)
    return Entered(form, version=version, draft=undecided(request, user))


def undecided(request: HttpRequest, user: User) -> Draft | None:
    """An older draft on offer beside what was posted: it is something else, and stays until it is decided on."""
    return drafts.find(user, request.path) if "undecided" in request.POST else None


def about_draft(request: HttpRequest, user: User, make: Make, version: int | None) -> Entered:
    """A POST that keeps what was typed (``draft=keep``, by script ``auto``) or throws it away (``discard``)."""
    asked = request.POST["draft"]
    if asked == "discard":
        drafts.discard(user, request.path)
        messages.success(request, "草稿已删除。")
        query = request.GET.copy()
        query.pop("draft", None)
        return Entered(make(), answer=redirect(f"{request.path}?{query.urlencode()}" if query else request.path))
    late = asked == "auto" and submissions.find(user, submissions.digest(user, request)) is not None
    kept = None if late else drafts.keep(user, request)
    if late:
        return Entered(make(), answer=HttpResponse(SENT, drafts.PLAIN))
    if asked == "auto":
        said = f"草稿已存 {drafts.clock(kept)}" if kept else TOO_LONG
        return Entered(make(), answer=HttpResponse(said, drafts.PLAIN))
    if kept is None:
        messages.error(request, TOO_LONG)
        return Entered(make(request.POST), version=version)
    return Entered(make(), answer=redirect(drafts.address(kept)))


def change(
    request: HttpRequest, user: User, made: type[EntryForm], pk: int, fetch: Callable[[], ScopedModel]
) -> Entered:
    """Open the form of a record, or write what was posted; ``fetch`` reads the record, or raises Http404.

    A form that comes back for a correction keeps the version it was opened with: only who was shown what others
    wrote may write over it.
    """
    newest = made.version(pk)

    def make(data: QueryDict | None = None, initial: dict[str, Any] | None = None) -> EntryForm:
        return made(data, instance=fetch(), user=user, initial=initial)

    if request.method != "POST":
        return opened(request, user, make, newest)
    known = entry_number(request.POST.get("version"))
    since = newest if known is None else known
    if type_ahead.FIND in request.POST:
        return finding(request, user, make, since)
    if "draft" in request.POST:
        return about_draft(request, user, make, since)
    form, draft = make(request.POST), undecided(request, user)
    if not form.is_valid():
        return Entered(form, version=since, draft=draft)
    try:
        with transaction.atomic():
            lock(form.instance, user)
            found = compare(form, make(), since, request.POST)
            if found is not None:
                if (held := held_up(request, form, make, found, since, draft)) is not None:
                    return held
                since, form = found.seen, make(found.merged(request.POST))
                if not form.is_valid():
                    return Entered(form, version=since, draft=draft)
            form.commit(Via.PAGE)
    except ValidationError:
        return Entered(form, version=since, draft=draft)
    if draft is None:
        drafts.discard(user, request.path)
    return Entered(form, written=True)


def held_up(
    request: HttpRequest, form: EntryForm, make: Make, found: Comparison, since: int, draft: Draft | None
) -> Entered | None:
    """The comparison while it is not settled, or the form that he goes back to from it; ``None``: it is settled."""
    if "back" in request.POST:
        return Entered(make(found.merged(request.POST)), version=since, draft=draft)
    if found.is_settled:
        return None
    if draft is None:
        drafts.keep(form.user, request)  # who leaves the comparison has not lost what he typed
    return Entered(form, version=since, comparison=found, draft=draft)


def lock_present(form: EntryForm, user: User) -> None:
    """The period that a new one would end; who ended it meanwhile has written what is compared next."""
    present = form.current()
    if present is not None:
        lock(present, user)


def lock(row: ScopedModel, user: User) -> None:
    """Until the end of the transaction nobody else writes the record."""
    rows = type(row)._default_manager.visible_to(user).select_for_update(of=("self",))
    rows.filter(pk=row.pk).first()
