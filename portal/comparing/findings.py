"""The only place that works out what differs between a kept list and the ledger as it is now, less what is excluded."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from django.db.models import Q
from django.utils import timezone

from orgs.models import BusinessState, BusinessStateKind, Enterprise, Park, User
from portal.comparing.matching import Held, Listed, Matched, Unclear, differing, match
from portal.comparing.outside import GONE, NEW, OUTSIDE, STATE, plain_key, word_of
from portal.forms.enterprises import CLOSED
from portal.models import Comparison, Exclusion

HELD_FIELDS: Final = tuple(name for name in OUTSIDE.names if name != STATE)
# What is told of an enterprise that only the list has, beside name and code
BESIDE: Final = ("address", "kind", "industry", "settled_on", "contact", "phone", STATE)


@dataclass(frozen=True)
class Difference:
    """A field that list and ledger tell differently; ``old`` and ``new`` as a reader sees them, ``value`` as a form is
    sent it. ``seen`` is the same only for the same difference."""

    name: str
    head: str
    old: str
    new: str
    value: str
    seen: str

    @property
    def is_state(self) -> bool:
        """A state has a day of its own, which the officer has to say."""
        return self.name == STATE


@dataclass(frozen=True)
class Item:
    """One thing to act on. ``key`` is r and the row of the list, or e and the key of the enterprise; ``order`` its
    place among its kind. ``away`` says why the enterprise with this code is not in the park today,
    ``excluded`` by what and as which kind of difference it is left out."""

    key: str
    kind: str
    order: tuple[Any, ...]
    name: str
    uscc: str
    row: int = 0
    pk: int | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    diffs: tuple[Difference, ...] = ()
    away: str = ""
    away_by: str = ""
    excluded: tuple[tuple[Exclusion, str], ...] = ()

    @property
    def adoptable(self) -> list[Difference]:
        return [one for one in self.diffs if not one.is_state]

    @property
    def state(self) -> Difference | None:
        return next((one for one in self.diffs if one.is_state), None)

    @property
    def said(self) -> list[tuple[str, str]]:
        """What the list tells of it beside name and code: (head, text)."""
        return [(OUTSIDE.head(name), shown(name, self.values[name])) for name in BESIDE if self.values.get(name)]


CHANGED: Final = "changed"
EXCLUDED: Final = "excluded"


@dataclass(frozen=True)
class Findings:
    """The three lists, each in its order; ``excluded`` are the items that would be on them, or parts of such.

    Rows in = new + changed + same + excluded rows + unclear. ``here`` are the enterprises in the park today: paired +
    gone + excluded gone + doubtful.
    """

    new: list[Item]
    gone: list[Item]
    changed: list[Item]
    excluded: list[Item]
    unclear: list[Unclear]
    same: int
    excluded_rows: int
    excluded_gone: int
    rows: int
    here: int
    paired: int
    doubtful: int

    def of(self, kind: str) -> list[Item]:
        return {NEW: self.new, GONE: self.gone, CHANGED: self.changed, EXCLUDED: self.excluded}[kind]

    def find(self, key: str) -> Item | None:
        return next((one for kind in (NEW, GONE, CHANGED) for one in self.of(kind) if one.key == key), None)


def find(comparison: Comparison, user: User) -> Findings:
    """What differs now, for somebody who may write in the park."""
    listed = [Listed(row, values) for row, values in comparison.rows]
    held = held_in(comparison.park, user, timezone.localdate())
    matched = match(listed, held, [label for _row, label, _why in comparison.unread])
    excluded = Excluded(Exclusion.objects.visible_to(user).in_park(comparison.park))
    return _sorted(comparison, matched, held, excluded)


def held_in(park: Park, user: User, day: dt.date) -> list[Held]:
    """Every enterprise that the ledger of a park has or had, as of a day."""
    current = Q(since__lte=day) & (Q(until__isnull=True) | Q(until__gt=day))
    states = BusinessState.objects.visible_to(user).in_park(park).filter(current)
    state_of = {pk: (state, since) for pk, state, since in states.values_list("enterprise", "state", "since")}
    found = []
    rows = Enterprise.objects.visible_to(user).in_park(park).order_by("pk")
    asked = ("pk", "left_on", "settled_on", "former_names", *HELD_FIELDS)
    for pk, left_on, settled_on, names, *values in rows.values_list(*asked):
        told = {name: as_text(value) for name, value in zip(HELD_FIELDS, values, strict=True) if value}
        state, since = state_of.get(pk, ("", None))
        if state:
            told[STATE] = state
        away = away_by = ""
        if left_on is not None and left_on <= day:
            away, away_by = f"{left_on}已迁出", "left_on"
        elif settled_on > day:
            away, away_by = f"{settled_on}才入驻", "settled_on"
        elif state in CLOSED:
            away, away_by = f"{since}起已记为{BusinessStateKind(state).label}", STATE
        found.append(Held(pk, told, away, away_by, tuple(names.split("\n")) if names else ()))
    return found


def as_text(value: Any) -> str:
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def shown(name: str, value: str) -> str:
    """A value as a reader sees it: the label of a choice; 未填 for nothing."""
    if not value:
        return "未填"
    one: Any = OUTSIDE.form.base_fields[name]
    labels = {str(key): str(label) for key, label in getattr(one, "choices", ())}
    return labels.get(value, value)


class Excluded:
    """What a park does not want raised again: by kind and code, or by kind and name where one side has no code."""

    def __init__(self, rows: Iterable[Exclusion]) -> None:
        self.by_code: dict[tuple[str, str], Exclusion] = {}
        self.by_name: dict[tuple[str, str], Exclusion] = {}
        self.without_code: dict[tuple[str, str], Exclusion] = {}
        for one in rows:
            if one.uscc:
                self.by_code[one.kind, one.uscc] = one
            else:
                self.without_code[one.kind, one.plain] = one
            self.by_name[one.kind, one.plain] = one
        self.kinds = {kind for kind, _name in self.by_name}

    def find(self, kind: str, uscc: str, name: str) -> Exclusion | None:
        if kind not in self.kinds:
            return None
        if uscc and (kind, uscc) in self.by_code:
            return self.by_code[kind, uscc]
        names = self.without_code if uscc else self.by_name
        return names.get((kind, plain_key(name)))


def _sorted(comparison: Comparison, matched: Matched, held: Sequence[Held], excluded: Excluded) -> Findings:
    new, gone, changed, out = [], [], [], []
    same = len(matched.over)
    for row, known in sorted(matched.alone, key=lambda pair: pair[0].row):
        item = Item(
            f"r{row.row}",
            NEW,
            (row.row,),
            row.name or (known.name if known else ""),
            row.uscc,
            row.row,
            known.pk if known else None,
            row.values,
            away=known.away if known else "",
            away_by=known.away_by if known else "",
        )
        why = excluded.find(NEW, item.uscc, item.name)
        new.append(item) if why is None else out.append(replace(item, excluded=((why, word_of(why.kind)),)))
    excluded_rows = len(out)
    for row, one in sorted(matched.pairs, key=lambda pair: pair[0].row):
        names = sorted(differing(row, one), key=OUTSIDE.names.index)
        if not names:
            same += 1
            continue
        whys = {name: why for name in names if (why := excluded.find(name, one.uscc, one.name)) is not None}
        diffs = tuple(difference(name, row, one) for name in names if name not in whys)
        item = Item(f"r{row.row}", CHANGED, (row.row,), one.name, one.uscc, row.row, one.pk, row.values, diffs)
        if diffs:
            changed.append(item)
        if whys:
            told = tuple(difference(name, row, one) for name in whys)
            out.append(
                replace(item, diffs=told, excluded=tuple((why, OUTSIDE.head(why.kind)) for why in whys.values()))
            )
            excluded_rows += not diffs
    for one in sorted(matched.gone, key=lambda one: (one.name, one.pk)):
        item = Item(f"e{one.pk}", GONE, (one.name, one.pk), one.name, one.uscc, 0, one.pk, one.values)
        why = excluded.find(GONE, one.uscc, one.name)
        gone.append(item) if why is None else out.append(replace(item, excluded=((why, word_of(why.kind)),)))
    unread = [Unclear(*one) for one in comparison.unread]
    return Findings(
        new,
        gone,
        changed,
        out,
        sorted([*matched.unclear, *unread]),
        same,
        excluded_rows,
        len(matched.gone) - len(gone),
        len(comparison.rows) + len(comparison.unread),
        sum(not one.away for one in held),
        len(matched.pairs),
        len(matched.doubtful),
    )


def difference(name: str, row: Listed, one: Held) -> Difference:
    old, new = one.values.get(name, ""), row.values[name]
    seen = hashlib.sha256(f"{one.pk}|{name}|{old}|{new}".encode()).hexdigest()[:16]
    return Difference(name, OUTSIDE.head(name), shown(name, old), shown(name, new), new, seen)
