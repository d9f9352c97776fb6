"""The only place that keeps, finds and throws away what was typed into entry forms and not submitted.

A draft is on the server, never in the browser; its account alone can open it, at the address of the form it was typed
into. It is bounded: one per account and form, ``LONGEST`` characters, ``MOST`` per account, ``DAYS`` days.

Who typed is told by the session, or, when that has ended, by a mark in the form: the account and the address, signed.
Only this server draws marks, and only into a form for that account. So a POST without a session can leave text in one
place alone, the draft of whom the form was drawn for; it can neither read nor write anything else, and whoever has no
form of ours can fill nothing.
"""

from __future__ import annotations

import datetime as dt
import json
import secrets
from typing import Any, Final

from django import forms
from django.core import signing
from django.http import HttpRequest, QueryDict
from django.utils import timezone
from django.utils.datastructures import MultiValueDict

from orgs import idnumbers, keyring, sealing
from orgs.models import User
from portal.conflicts import PICK, entry_number
from portal.forms import EntryForm
from portal.forms.fields import SECRET
from portal.models import Draft
from portal.type_ahead import FIND, WORDS

DAYS: Final = 30
MOST: Final = 60
LONGEST: Final = 200_000
# The longest a sign-in may last, and a day
MARK_AGE: Final = dt.timedelta(days=15)
PLAIN: Final = "text/plain; charset=utf-8"  # what a script is answered in
SALT: Final = "portal.drafts"
# What a form carries beside its fields
BUTTONS: Final = frozenset({"again", "back", "draft", "use", "different", "more", "spread", FIND})
BESIDE: Final = BUTTONS | {"csrfmiddlewaretoken", "mark", "version", "seen", "undecided"}


def typed(post: QueryDict) -> list[tuple[str, list[Any]]]:
    """Field by field what was typed, but for what may be kept nowhere: an ID number is typed again."""
    left_out = BESIDE | SECRET
    return [
        (name, values) for name, values in post.lists() if name not in left_out and not name.startswith((PICK, WORDS))
    ]


def secret_mark(post: QueryDict) -> list[str]:
    """What tells one typed ID number from another and, without the key, neither which. Without a key nothing does."""
    number = idnumbers.tidy(post.get("id_number", ""))
    try:
        return [sealing.index_of(number), post.get("id_clear", "")] if number else []
    except keyring.NoKey:
        return []


def plain(text: str) -> str:
    return text.replace("\x00", "")


# Whose form it is


def mark(user: User, path: str) -> str:
    """What a form drawn for this account at this address carries; no two drawings carry the same."""
    return signing.dumps([user.pk, path, secrets.token_urlsafe(6)], salt=SALT)


def owner(request: HttpRequest) -> User | None:
    """The account that the posted form was drawn for; ``None`` without a true mark of this address."""
    try:
        pk, path, _drawing = signing.loads(request.POST.get("mark", ""), salt=SALT, max_age=MARK_AGE)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    found: User | None = User.objects.filter(pk=pk, is_active=True).first() if path == request.path else None
    return found


# Keeping


def keep(user: User, request: HttpRequest) -> Draft | None:
    """Keep what was posted as the draft of this form, in the place of an older one; ``None`` when it is too long."""
    # PostgreSQL takes no NUL in JSON, and nobody types one
    fields = {plain(name): [plain(value) for value in values] for name, values in typed(request.POST)}
    if len(json.dumps(fields, ensure_ascii=False)) > LONGEST or len(request.path) > 200:
        return None
    now = timezone.now()
    drop_old(now)
    others = Draft.objects.filter(user=user).exclude(path=request.path).order_by("-saved_at", "-pk")
    Draft.objects.filter(pk__in=list(others.values_list("pk", flat=True)[MOST - 1 :])).delete()
    query = request.GET.copy()
    query.pop("draft", None)
    address = query.urlencode()
    kept, _ = Draft.objects.update_or_create(
        user=user,
        path=request.path,
        defaults={
            "query": address if len(address) <= 500 else "",
            "version": entry_number(request.POST.get("version")),
            "fields": fields,
            "saved_at": now,
        },
    )
    return kept


def discard(user: User, path: str) -> None:
    Draft.objects.filter(user=user, path=path).delete()


def drop_old(now: dt.datetime) -> None:
    """Throw away what nobody came back for."""
    Draft.objects.filter(saved_at__lt=now - dt.timedelta(days=DAYS)).delete()


# Coming back


def find(user: User, path: str) -> Draft | None:
    """The account's own draft of the form at this address."""
    since = timezone.now() - dt.timedelta(days=DAYS)
    return Draft.objects.filter(user=user, path=path, saved_at__gte=since).first()


def address(draft: Draft) -> str:
    """Where the form opens with the draft filled in."""
    return f"{draft.path}?{draft.query}{'&' if draft.query else ''}draft=take"


def values(form: EntryForm, draft: Draft) -> dict[str, Any]:
    """What was typed as initial values, unread: a day that is none stands there again as it was typed.

    What is hidden in the form the address decides.
    """
    data = MultiValueDict(draft.fields)
    found = {}
    for name, one in form.fields.items():
        # A browser sends nothing for boxes that are not ticked
        boxes = isinstance(one.widget, forms.CheckboxInput | forms.CheckboxSelectMultiple)
        if (name in draft.fields or boxes) and not one.widget.is_hidden:
            found[name] = one.widget.value_from_datadict(data, MultiValueDict(), name)
    return found


def clock(draft: Draft) -> str:
    """When it was kept: 10:32:05 of today, else with its day."""
    at = timezone.localtime(draft.saved_at)
    return f"{at:%H:%M:%S}" if at.date() == timezone.localdate() else f"{at:%Y-%m-%d %H:%M}"
