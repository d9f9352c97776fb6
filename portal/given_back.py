"""The only place that gives back what was typed into a form whose record is no longer there.

It is the 404 that it was, the same for a record that was deleted, one of another park and one that never was; only who
may see what his own became part of is shown the way there. Entry forms alone are answered so: whatever arrives at them
has passed the check of its token, so nobody else can have put words into the officer's mouth.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse

from orgs import idnumbers
from orgs.models import User
from portal import drafts
from portal.forms import EntryForm
from portal.forms.base import Together, option_text, today
from portal.forms.fields import SECRET
from portal.merging.whereabouts import leads_to
from portal.records import RECORDS
from portal.trying_again import TYPED_AGAIN


def answer(request: HttpRequest) -> HttpResponse | None:
    """The page of a POST into an entry form by somebody signed in; ``None`` of any other request."""
    match, user = request.resolver_match, getattr(request, "user", None)
    if request.method != "POST" or match is None or not isinstance(user, User):
        return None
    if not getattr(match.func, "keeps_typed", False):
        return None
    slug, pk = match.kwargs.get("slug", ""), match.kwargs.get("pk")
    page = RECORDS.get(slug)
    fact = page.fact(match.kwargs.get("kind", "")) if page is not None else None
    made = fact.form if fact is not None else page.form if page is not None else None
    stays = leads_to(slug, pk, user) if pk is not None else None
    context = {
        "status": 404,
        "heading": "没有保存：找不到这条记录",
        "typed": typed(request, user, made),
        "is_secret": any(request.POST.get(name) for name in SECRET),
        "stays": page.model.objects.visible_to(user).filter(pk=stays).first() if page is not None and stays else None,
        "stays_url": reverse("record", args=[slug, stays]) if stays else "",
    }
    response = HttpResponse(render_to_string("given_back.html", context), status=404)
    response["Cache-Control"] = "no-store"
    return response


def typed(request: HttpRequest, user: User, made: type[EntryForm] | None) -> list[tuple[str, str]]:
    """(label, text) of each field that was filled in, in the order of the form; a field unknown to it by its name."""
    fields, day = made.base_fields if made is not None else {}, today()
    found = []
    for name, values in drafts.typed(request.POST):
        filled = [one for one in values if one.strip() and not idnumbers.is_right(one, day)]
        if filled and name not in TYPED_AGAIN:
            found.append((label_of(made, name), idnumbers.masked(in_words(fields.get(name), filled, user))))
    return found


def label_of(made: type[EntryForm] | None, name: str) -> str:
    """As the form calls it; where several stand side by side, the name of all goes before."""
    if made is None or name not in made.base_fields:
        return name
    rows = (row for section in made.sections for row in section.rows if isinstance(row, Together))
    together = next((row.label for row in rows if name in row.names), "")
    return f"{together}：{made.base_fields[name].label}" if together else str(made.base_fields[name].label)


def in_words(field: Any, values: Sequence[str], user: User) -> str:
    """What was chosen by the words it stood under, a record only if he may see it; what was typed as it was typed."""
    if isinstance(field, forms.ModelChoiceField) and field.queryset is not None:
        model: Any = field.queryset.model
        keys = [int(one) for one in values if one.isdecimal() and len(one) < 18]
        rows = {str(row.pk): option_text(row) for row in model.objects.visible_to(user).filter(pk__in=keys)}
        return "、".join(rows.get(one, one) for one in values)
    if isinstance(field, forms.ChoiceField):
        choices: Any = field.choices
        words = {str(key): str(word) for key, word in choices}
        return "、".join(words.get(one, one) for one in values)
    return "是" if isinstance(field, forms.BooleanField) else "、".join(values)
