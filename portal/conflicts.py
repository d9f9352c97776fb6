"""The only place that compares what an officer typed with what others wrote since the form was opened.

What a field held when the form was opened is read from the trail, which nobody can forge, not from the page. A field
that only one of the two changed is picked for him; of one that both changed the officer has to pick a side.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Final, Literal

from django import forms
from django.db import models
from django.http import QueryDict
from django.utils import timezone

from orgs import journal
from orgs.models import Change
from orgs.scoping import PERSON_READERS, Persons, ScopedModel, persons_of
from portal.forms.base import EntryForm, Slip, option_text, today
from portal.forms.fields import SECRET
from portal.records.parts import KEPT_BY_PARK
from portal.templatetags.show import SOMEBODY, UNKNOWN

Side = Literal["", "mine", "theirs"]
PICK: Final = "pick-"


@dataclass(frozen=True)
class Difference:
    """One field: as the form was opened, as it is stored now and by whom, as the officer typed it, and which is picked.

    ``owed`` says that a pick was asked for and not made.
    """

    name: str
    label: str
    opened: str
    theirs: str
    mine: str
    chosen: Side
    by: str = ""
    owed: bool = False

    @property
    def key(self) -> str:
        return f"{PICK}{self.name}"


@dataclass(frozen=True)
class Comparison:
    """What differs, who wrote (newest last), what was changed outside this form, and up to which entry of the trail.

    ``is_of_present``: they wrote the period that a new one was drawn from (portal/succession.py), not this record.
    """

    differences: Sequence[Difference]
    writers: Sequence[str]
    outside: Sequence[str]
    seen: int
    confirmed: bool
    theirs: Mapping[str, Any] = field(default_factory=dict)
    is_of_present: bool = False

    @property
    def is_settled(self) -> bool:
        """Seen as it stands now, with a side picked of every field."""
        return self.confirmed and all(one.chosen for one in self.differences)

    @property
    def slips(self) -> list[Slip]:
        return [Slip(f"{one.label}两边都改过，请选一个", f"{one.key}-theirs") for one in self.differences if one.owed]

    def merged(self, post: QueryDict) -> QueryDict:
        """What was typed, with their values where theirs were picked."""
        data = post.copy()
        for one in self.differences:
            if one.chosen == "theirs":
                data.setlist(one.name, self.theirs[one.name])
        return data


def compare(form: EntryForm, stored: EntryForm, opened: int, post: QueryDict) -> Comparison | None:
    """What others wrote after entry ``opened`` of the trail beside the valid ``form``; ``None``: nothing is at stake.

    ``stored`` is a fresh form over the record as it is stored now, which the caller holds locked.
    """
    later = list(form.trail(form.instance.pk).filter(pk__gt=opened).select_related("user").order_by("pk"))
    if not later:
        return None
    persons = persons_of(form.user)
    seen = entry_number(post.get("seen")) or 0
    former = form.former(later)
    differences = []
    for name, one in form.fields.items():
        if name not in stored.fields or name in SECRET:
            continue  # of an ID number it is told only that somebody changed it
        theirs = plain(stored.get_initial_for_field(stored.fields[name], name))
        mine = plain(form.cleaned_data.get(name))
        before = key_of(one, former[name]) if name in former else theirs
        if mine == theirs:
            continue
        touching = [change for change in later if name in form.touched(change)]
        both = before not in (mine, theirs)
        chosen = picked(post, name, touching, seen, "" if both else "mine" if before == theirs else "theirs")
        row = Difference(name, form.full_label(name), "", "", "", chosen, owed=not chosen and seen > 0)
        differences.append(worded(row, form, (former.get(name, before), theirs, mine), touching, persons))
    outside = told_outside(form, later, persons)
    if not outside and not any(one.by for one in differences):
        return None  # they wrote the same, or changed it back
    return Comparison(
        differences,
        list(dict.fromkeys(signature(change, persons) for change in later)),
        outside,
        later[-1].pk,
        seen == later[-1].pk,
        {name: as_posted(stored, name) for name in (one.name for one in differences)},
    )


def picked(post: QueryDict, name: str, touching: Sequence[Change], seen: int, default: Side) -> Side:
    """What the officer picked, unless the field moved after he was shown it."""
    given = post.get(f"{PICK}{name}")
    moved = any(change.pk > seen for change in touching)
    if moved or given not in ("mine", "theirs"):
        return default
    return "mine" if given == "mine" else "theirs"


def worded(
    row: Difference, form: EntryForm, values: tuple[Any, Any, Any], touching: Sequence[Change], persons: Persons
) -> Difference:
    """The row in words: who wrote theirs, and the values where the reader may see them."""
    one, park = form.fields[row.name], form.instance.park_id_of()
    texts = [text_of(form, one, value) for value in values]
    if names_person(form, row.name) and not persons.at(park):
        texts[0] = texts[1] = KEPT_BY_PARK
    opened, theirs, mine = texts
    # Entries that changed it and changed it back are no change of theirs
    by = signature(touching[-1], persons) if touching and key_of(one, values[0]) != values[1] else ""
    return replace(row, opened=opened, theirs=theirs, mine=mine, by=by)


def told_outside(form: EntryForm, later: Sequence[Change], persons: Persons) -> list[str]:
    """What they changed of the record that this form does not hold: nothing to pick, but to know before writing."""
    told = []
    columns = {str(column.verbose_name): column.name for column in form.model()._meta.concrete_fields}
    for change in later:
        if change.model != form.model()._meta.label_lower:
            continue
        shown = change if persons.at(change.park_id) else change.without_persons()
        for label, old, new in journal.diff(shown):
            if columns[label] not in form.fields and old != new:
                told.append(f"{label}由“{old}”改为“{new}”（{signature(change, persons)}）")
    return told


def signature(change: Change, persons: Persons) -> str:
    """Who and when, in the words of the trail."""
    who = "系统" if change.user is None else str(change.user) if persons.at(change.park_id) else SOMEBODY
    at = timezone.localtime(change.at)
    return f"{who} {at:%H:%M}" if at.date() == today() else f"{who} {at:%Y-%m-%d %H:%M}"


def names_person(form: EntryForm, name: str) -> bool:
    one = form.fields[name]
    if isinstance(one, forms.ModelChoiceField) and model_of(one).read_roles == PERSON_READERS:
        return True
    return name in form.instance.personal and form.instance.is_personal(name)


# Values: comparable, in words, as a browser would send them


def plain(value: Any) -> Any:
    """Comparable with what the trail keeps: records by their keys, days as text, nothing as ""."""
    if value is None or value == "":
        return ""
    if isinstance(value, models.Model):
        return value.pk
    if isinstance(value, models.QuerySet | list | tuple | set):
        return sorted(plain(one) for one in value)
    if isinstance(value, dt.date | dt.datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    # A browser sends every end of a line as two characters
    return value.replace("\r\n", "\n") if isinstance(value, str) else value


def key_of(one: forms.Field, value: Any) -> Any:
    """A value of the trail, where a record is kept as [key, text]."""
    single = isinstance(one, forms.ModelChoiceField) and not isinstance(one, forms.ModelMultipleChoiceField)
    return plain(value[0] if single and isinstance(value, list) else value)


def text_of(form: EntryForm, one: forms.Field, value: Any) -> str:
    """A plain value in the words of the form; of a record in the trail that is gone, the words it had."""
    if isinstance(one, forms.ModelChoiceField):
        kept = value[1] if isinstance(value, list) and not isinstance(one, forms.ModelMultipleChoiceField) else ""
        keys = key_of(one, value)
        return names_of_rows(form, one, keys if isinstance(keys, list) else [keys], kept)
    value = plain(value)
    if isinstance(value, bool) and not isinstance(one, forms.ChoiceField):
        return "是" if value else "否"
    if isinstance(one, forms.ChoiceField):
        choices: Any = one.choices
        words = {str(key): str(word) for key, word in choices}
        return words.get(str(one.prepare_value(None if value == "" else value) or ""), str(value)) or UNKNOWN
    return str(one.prepare_value(value)) if value != "" else UNKNOWN


def model_of(one: Any) -> type[ScopedModel]:
    """What a choice among records offers."""
    model: type[ScopedModel] = one.queryset.model
    return model


def names_of_rows(form: EntryForm, one: forms.Field, keys: Sequence[Any], kept: str) -> str:
    wanted = [key for key in keys if key != ""]
    found = {row.pk: row for row in model_of(one).objects.visible_to(form.user).filter(pk__in=wanted)}
    names = [option_text(found[key]) if key in found else kept or "（已删除）" for key in wanted]
    return "、".join(names) or UNKNOWN


def as_posted(stored: EntryForm, name: str) -> list[str]:
    """The stored value as a browser would send it: nothing at all for a box that is not ticked."""
    value = stored[name].value()
    if isinstance(value, list | tuple):
        return [str(one) for one in value]
    if isinstance(value, bool):
        return ["on"] if value else []
    return [] if value is None else [str(value)]


def entry_number(text: str | None) -> int | None:
    """The number of an entry of the trail, as a form carries it; 0 for what is none, ``None`` when there is nothing."""
    if text is None:
        return None
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 18 else 0
