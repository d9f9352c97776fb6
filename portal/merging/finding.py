"""The only place that finds records of a park that may be the same one, and remembers which have been looked at.

One reading of a few columns and one pass over it: names as two people write them differently can not be compared by a
database, and a park has some thousands of records.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from orgs import journal
from orgs.journal import Via
from orgs.models import Enterprise, Member, Park, PartyOrganization, User
from orgs.scoping import ScopedModel
from portal.forms.enterprises import plain_name, plain_phone
from portal.models import NotDuplicate

MOST_ELSEWHERE: Final = 50
Marks = Callable[[tuple[Any, ...]], Iterable[tuple[str, Hashable]]]


@dataclass(frozen=True)
class Kind:
    """What is merged: the columns that are read to find doubles, what they say, and the columns to tell them apart."""

    slug: str
    model: type[ScopedModel]
    noun: str
    unit: str
    read: tuple[str, ...]
    marks: Marks
    shown: tuple[str, ...]


@dataclass(frozen=True)
class Group:
    """Records that may be the same one, and in what they are alike."""

    why: str
    keys: tuple[int, ...]


def of_enterprise(values: tuple[Any, ...]) -> Iterable[tuple[str, Hashable]]:
    name, former, phone = values
    yield "名称", plain_name(name)
    for line in former.splitlines():
        if plain_name(line):
            yield "名称", plain_name(line)
    if plain_phone(phone):
        yield "电话", plain_phone(phone)


def of_organization(values: tuple[Any, ...]) -> Iterable[tuple[str, Hashable]]:
    yield "名称", plain_name(values[0])


def of_member(values: tuple[Any, ...]) -> Iterable[tuple[str, Hashable]]:
    name, birth_on = values
    if birth_on is not None:
        yield "姓名和出生日期", (plain_name(name), birth_on)


KINDS: Final[Mapping[str, Kind]] = {
    one.slug: one
    for one in (
        Kind(
            "enterprises",
            Enterprise,
            "企业",
            "家",
            ("name", "former_names", "phone"),
            of_enterprise,
            ("uscc", "kind", "settled_on", "left_on", "contact", "phone"),
        ),
        Kind(
            "organizations",
            PartyOrganization,
            "党组织",
            "个",
            ("name",),
            of_organization,
            ("short_name", "kind", "founded_on", "dissolved_on"),
        ),
        Kind(
            "members",
            Member,
            "党员",
            "名",
            ("name", "birth_on"),
            of_member,
            ("birth_on", "sex", "admitted_on", "full_on", "phone"),
        ),
    )
}


def groups_of(kind: Kind, park: Park, user: User) -> list[Group]:
    """The groups that somebody still has to look at, those with the name first, small ones before large ones."""
    rows = kind.model.objects.visible_to(user).in_park(park).order_by("pk").values_list("pk", *kind.read)
    bearers: dict[tuple[str, Hashable], list[int]] = defaultdict(list)
    for pk, *values in rows:
        for mark in dict.fromkeys(kind.marks(tuple(values))):
            bearers[mark].append(pk)
    whys: dict[tuple[int, ...], list[str]] = defaultdict(list)
    for (why, _value), keys in bearers.items():
        if len(keys) > 1:
            told = whys[tuple(keys)]
            if why not in told:
                told.append(why)
    looked_at = _looked_at(kind, park, user)
    found = []
    for several, words in whys.items():
        left = _still_open(several, looked_at)
        if left:
            found.append(Group("、".join(words), left))
    return sorted(found, key=lambda group: (group.why == "电话", len(group.keys), group.keys))


def _looked_at(kind: Kind, park: Park, user: User) -> dict[int, list[frozenset[int]]]:
    """Record → the sets of different records in which it stands."""
    found: dict[int, list[frozenset[int]]] = defaultdict(list)
    rows = NotDuplicate.objects.visible_to(user).in_park(park).filter(ledger=kind.slug)
    for keys in rows.order_by().values_list("records", flat=True):
        for key in keys:
            found[key].append(frozenset(keys))
    return found


def _still_open(keys: tuple[int, ...], looked_at: Mapping[int, Sequence[frozenset[int]]]) -> tuple[int, ...]:
    """Those of the keys that some other one of them has not been told apart from."""
    whole = frozenset(keys)
    if any(whole <= told for told in looked_at.get(keys[0], ())):
        return ()
    if not any(key in looked_at for key in keys):
        return keys
    apart = {key: frozenset().union(*looked_at.get(key, ())) for key in keys}
    return tuple(key for key in keys if whole - apart[key] - {key})


def is_told_apart(kind: Kind, park: Park, keys: Sequence[int], user: User) -> bool:
    """Whether somebody has said already that these are different ones."""
    return any(frozenset(keys) <= told for told in _looked_at(kind, park, user).get(keys[0], ()))


def tell_apart(kind: Kind, park: Park, keys: Sequence[int], reason: str, user: User) -> NotDuplicate:
    """Remember that these are different ones. Raises ValidationError."""
    made = NotDuplicate(
        park=park, ledger=kind.slug, records=sorted(set(keys)), reason=reason, account=user.pk, made_by=str(user)
    )
    return journal.save(made, user, Via.PAGE)


def registered_elsewhere(park: Park, user: User) -> list[Member]:
    """The members of the park whose ID number is on record in another park too: that it is so, never where or who."""
    rows = Member.objects.visible_to(user).in_park(park).filter(Member.elsewhere_q(park))
    return list(rows.order_by("name", "pk")[:MOST_ELSEWHERE])
