"""The only place that knows how the periods of an owner that end one another hang together: 经营状态, 上级, 组织关系.

A new one is drawn from the present one and ends it. So its form knows, as that of a record does, up to which entry of
the trail it was drawn, and is compared when the present one is another since. One that is deleted leaves the days that
it took from the one before it to nobody, unless that goes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.http import QueryDict

from orgs import journal
from orgs.journal import Via
from orgs.models import Action, Affiliation, BusinessState, Change, Subordination, User
from orgs.scoping import Persons, ScopedModel, persons_of
from portal.conflicts import Comparison, Difference, as_posted, entry_number, picked, plain, signature, worded
from portal.forms import EntryForm
from portal.templatetags.show import UNKNOWN

# What is missing on the days that no period of a kind holds
MISSING: Final[dict[type[ScopedModel], str]] = {
    BusinessState: "没有经营状态，企业不再计入分母",
    Subordination: "没有上级党组织",
    Affiliation: "没有正式组织关系",
}


def trail(made: type[EntryForm], owner: int) -> QuerySet[Change]:
    """The entries about the periods of an owner, also about those that are gone."""
    model = made.model()
    living = model.objects.filter(**{made.follows: owner}).values("pk")
    gone = Q(action=Action.DELETE, **{f"before__{made.follows}__0": owner})
    return Change.objects.filter(Q(object_id__in=living) | gone, model=model._meta.label_lower)


def version(made: type[EntryForm], owner: ScopedModel) -> int | None:
    """The newest of these entries; ``None`` of facts that do not end one another. Ask before the form is drawn."""
    if not made.follows:
        return None
    newest = trail(made, owner.pk).aggregate(newest=Max("pk"))["newest"]
    return int(newest or 0)


# What others wrote since the form was drawn


def compare(form: EntryForm, fresh: EntryForm, opened: int, post: QueryDict) -> Comparison | None:
    """What became of the present period after entry ``opened`` of the trail; ``None``: it is the one it was.

    ``form`` is the valid form of the new period, ``fresh`` the same as it would be drawn now. To pick are the fields
    that a new period takes over; the rest is told.
    """
    entries = trail(type(form), getattr(form.instance, f"{form.follows}_id"))
    later = list(entries.filter(pk__gt=opened).select_related("user").order_by("pk"))
    was, now = present_before(form, later), fresh.current()
    keys = {row.pk for row in (was, now) if row is not None}
    about = [change for change in later if change.object_id in keys]
    if not about or (was is not None and now is not None and was.pk == now.pk and not differing(was, now)):
        return None
    persons, seen = persons_of(form.user), entry_number(post.get("seen")) or 0
    differences = compared(form, fresh, (was, now), about, seen, post, persons) if now is not None else []
    return Comparison(
        differences,
        list(dict.fromkeys(signature(change, persons) for change in about)),
        told(was, now, about, {form.follows, *(one.name for one in differences)}, persons),
        later[-1].pk,
        seen == later[-1].pk,
        {one.name: as_posted(fresh, one.name) for one in differences},
        is_of_present=True,
    )


def compared(
    form: EntryForm,
    fresh: EntryForm,
    periods: tuple[Any, Any],
    about: Sequence[Change],
    seen: int,
    post: QueryDict,
    persons: Persons,
) -> list[Difference]:
    """The fields taken over from the present period that hold something else now and were typed as neither says."""
    was, now = periods
    found = []
    for name in form.drawn:
        theirs = plain(fresh.get_initial_for_field(fresh.fields[name], name))
        if theirs != plain(getattr(now, name)):
            continue  # the address filled it in
        before, mine = plain(getattr(was, name, None)), plain(form.cleaned_data.get(name))
        if theirs in (mine, before):
            continue
        touching = [one for one in about if one.object_id == now.pk and name in form.touched(one)]
        chosen = picked(post, name, touching, seen, "theirs" if mine == before else "")
        row = Difference(name, form.full_label(name), "", "", "", chosen, owed=not chosen and seen > 0)
        found.append(worded(row, form, (before, theirs, mine), touching, persons))
    return found


def present_before(form: EntryForm, later: Sequence[Change]) -> Any:
    """The open period before these entries (oldest first), found by taking them back; ``None`` for none."""
    model: Any = form.model()
    owner = {form.follows: getattr(form.instance, f"{form.follows}_id")}
    rows = {row.pk: row.copied() for row in model.objects.visible_to(form.user).filter(**owner)}
    for change in reversed(later):
        if change.action == Action.CREATE:
            rows.pop(change.object_id, None)
            continue
        row = rows.setdefault(change.object_id, model(pk=change.object_id))
        for name, value in change.before.items():
            column = model._meta.get_field(name)
            setattr(row, column.attname, column.to_python(value[0] if isinstance(value, list) else value))
    return next((row for row in rows.values() if row.until is None and form.in_line(row)), None)


def differing(was: Any, now: Any) -> list[str]:
    columns = [column for column in now._meta.concrete_fields if not column.primary_key]
    return [one.name for one in columns if getattr(was, one.attname) != getattr(now, one.attname)]


def told(was: Any, now: Any, about: Sequence[Change], known: set[str], persons: Persons) -> list[str]:
    """In sentences what became of the present period, but for the fields that are ``known`` without."""
    newest = {change.object_id: change for change in about}
    if now is None:
        change = newest[was.pk]
        if change.action == Action.DELETE:
            return [f"您打开时的一段“{change.label}”已删除（{signature(change, persons)}）"]
        end = next((one.after["until"] for one in reversed(about) if one.after.get("until")), None)
        what = f"已填了终止日期{end}" if end else "已改成别的"
        return [f"您打开时的一段“{was}”{what}（{signature(change, persons)}），提交时不再改它"]
    by = signature(newest[now.pk], persons) if now.pk in newest else ""
    holds = in_words(now, persons)
    if was is None or was.pk != now.pk:
        values = [f"{label}“{text}”" for name, (label, text) in holds.items() if name not in known and text != UNKNOWN]
        return [f"现在的一段是：{'，'.join(values)}{f'（{by}）' if by else ''}"]
    held = in_words(was, persons)
    return [
        f"现在的一段，{label}由“{text}”改为“{holds[name][1]}”（{by}）"
        for name, (label, text) in held.items()
        if name in differing(was, now) and name not in known
    ]


def in_words(period: Any, persons: Persons) -> dict[str, tuple[str, str]]:
    """Field → label and text of what a period says; what names a person only for who may see it."""
    found, may_see = {}, persons.at(period.park_id_of())
    for column in period._meta.concrete_fields:
        if column.primary_key or (column.name in period.personal and not may_see):
            continue
        value = getattr(period, f"get_{column.name}_display")() if column.choices else getattr(period, column.name)
        if isinstance(value, bool):
            value = "是" if value else "否"
        found[column.name] = (str(column.verbose_name), UNKNOWN if value in (None, "") else str(value))
    return found


# Deleting one


def earlier(made: type[EntryForm], period: Any, user: User) -> QuerySet[Any]:
    """The period, if any, that ends where this one begins: the one that it ended, as far as can be told."""
    rows = made.model().objects.visible_to(user)
    if not made.follows or not made.in_line(period):
        return rows.none()
    owner = {made.follows: getattr(period, f"{made.follows}_id")}
    found = rows.filter(until=period.since, **owner).exclude(pk=period.pk)
    return rows.filter(pk__in=[row.pk for row in found if made.in_line(row)][:1])


def gap(made: type[EntryForm], period: Any, before: Any) -> tuple[str, str]:
    """What is left when the period is deleted, and what the one before it gets when it goes on."""
    days = f"从{period.since}起" if period.until is None else f"从{period.since}起到{period.until}以前"
    left = f"前一段“{before}”止于{before.until}；删除后{days}{MISSING[made.model()]}。"
    return left, "前一段的终止日期去掉。" if period.until is None else f"前一段的终止日期改为{period.until}。"


def take_out(made: type[EntryForm], period: Any, user: User, *, goes_on: bool) -> str:
    """Delete a period; ``goes_on``: the one before it gets its end. Returns what was done about that one, if any.

    Raises ValidationError; then nothing is written.
    """
    with transaction.atomic():
        held = made.model().objects.visible_to(user).select_for_update(of=("self",)).filter(pk=period.pk)
        period = held.first() or period
        before = earlier(made, period, user).select_for_update(of=("self",)).first()
        journal.delete(period, user, Via.PAGE)
        if before is None:
            return "前一段已经不止于那一天，没有改动。" if goes_on else ""
        if not goes_on:
            return f"前一段“{before}”仍止于{before.until}。"
        before.until = period.until
        journal.save(before, user, Via.PAGE)
    return f"前一段“{before}”接着算下去，终止日期已{f'改为{before.until}' if before.until else '去掉'}。"
