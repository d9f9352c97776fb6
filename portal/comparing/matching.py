"""The only place that says which row of an outside list is which enterprise of the ledger, and what differs.

First by 统一社会信用代码, then by the name as :func:`plain_name` makes it; each row and each enterprise is matched
once, and where two could be meant it is said, not guessed. Every row is accounted for: rows in = new + changed + same +
unclear. Of the ledger every enterprise that is in the park today is matched, gone or doubtful.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from portal.comparing.outside import STATE, is_same
from portal.forms.enterprises import CLOSED, plain_name

SHOWN_NAMES: Final = 3


class Listed(NamedTuple):
    """A row of the list: its number and what it says, by field, as a form would be sent it; blanks are not in it."""

    row: int
    values: Mapping[str, str]

    @property
    def name(self) -> str:
        return self.values.get("name", "")

    @property
    def uscc(self) -> str:
        return self.values.get("uscc", "")

    @property
    def is_closed(self) -> bool:
        """The list itself says that it is there no more."""
        return self.values.get(STATE, "") in CLOSED


class Held(NamedTuple):
    """An enterprise of the ledger, its values likewise. ``away`` says why it is not in the park today, and ``away_by``
    by which field; "" when it is. ``former`` are the names it had."""

    pk: int
    values: Mapping[str, str]
    away: str = ""
    away_by: str = ""
    former: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.values.get("name", "")

    @property
    def uscc(self) -> str:
        return self.values.get("uscc", "")


class Unclear(NamedTuple):
    """A row that can not be told apart, and why; ``row`` with its ``name`` so that it can be found."""

    row: int
    name: str
    why: str


@dataclass(frozen=True)
class Matched:
    """``pairs`` are the rows that are an enterprise in the park today; ``alone`` those that are not, each with the
    enterprise it is that was there once (or is not there yet), if any; ``over`` those of which the list itself says
    that they are gone, and the ledger agrees; ``gone`` the enterprises on no row, ``doubtful`` those that an unclear
    row may be."""

    pairs: list[tuple[Listed, Held]] = field(default_factory=list)
    alone: list[tuple[Listed, Held | None]] = field(default_factory=list)
    over: list[Listed] = field(default_factory=list)
    unclear: list[Unclear] = field(default_factory=list)
    gone: list[Held] = field(default_factory=list)
    doubtful: list[Held] = field(default_factory=list)


def match(listed: Sequence[Listed], held: Sequence[Held], unread: Collection[str] = ()) -> Matched:
    """Settle every row and every enterprise. ``listed`` in the order of the list; each has a name or a code. ``unread``
    are the names of rows that could not be read: who bears one is not gone for that."""
    found = Matched()
    taken: set[int] = set()
    rest = _by_code(listed, held, found, taken)
    _by_name(rest, listed, held, found, taken)
    doubtful = {one.pk for one in found.doubtful}
    spoken_of = {plain_name(name) for name in unread if name}
    for one in held:
        if one.away or one.pk in taken or one.pk in doubtful:
            continue
        (found.doubtful if spoken_of and plain_name(one.name) in spoken_of else found.gone).append(one)
    return found


def _by_code(listed: Sequence[Listed], held: Sequence[Held], found: Matched, taken: set[int]) -> list[Listed]:
    """Settle the rows whose code is known; gives the others, less those that repeat a code of the list."""
    by_code = {one.uscc: one for one in held if one.uscc}
    first: dict[str, int] = {}
    rest = []
    for row in listed:
        if row.uscc in first:
            why = f"与第{first[row.uscc]}行是同一个统一社会信用代码，只用了第{first[row.uscc]}行"
            found.unclear.append(Unclear(row.row, row.name or row.uscc, why))
            continue
        if row.uscc:
            first[row.uscc] = row.row
        one = by_code.get(row.uscc) if row.uscc else None
        if one is None:
            rest.append(row)
        else:
            taken.add(one.pk)
            _settle(row, one, found)
    return rest


def _settle(row: Listed, one: Held | None, found: Matched) -> None:
    if one is not None and not one.away:
        found.pairs.append((row, one))
    elif row.is_closed:
        found.over.append(row)
    else:
        found.alone.append((row, one))


def _by_name(
    rest: Sequence[Listed], listed: Sequence[Listed], held: Sequence[Held], found: Matched, taken: set[int]
) -> None:
    """Settle what is left by name."""
    wanted: dict[str, list[Listed]] = defaultdict(list)
    for row in rest:
        if row.name:
            wanted[plain_name(row.name)].append(row)
        else:
            _settle(row, None, found)
    coded: dict[str, int] = {}
    if any(not row.uscc for row in rest):  # only a row without a code asks who else bears its name
        for row in reversed(listed):
            if row.uscc and row.name:
                coded[plain_name(row.name)] = row.row
    left: dict[str, list[Held]] = defaultdict(list)
    for one in held:
        if one.pk not in taken:
            left[plain_name(one.name)].append(one)
    unknown: list[Listed] = []
    for plain, rows in wanted.items():
        apart = _told_apart(rows, coded.get(plain, 0), found)
        unknown += _settle_namesakes(apart, left.get(plain, []), found, taken)
    _settle_unknown(unknown, held, found, taken)


def _told_apart(rows: Sequence[Listed], coded: int, found: Matched) -> list[Listed]:
    """Rows of one name, without those that may be one of the others: they have no code to tell them apart by."""
    kept: list[Listed] = []
    for row in rows:
        before = coded or (kept[0].row if kept else 0)
        if not row.uscc and before:
            why = f"与第{before}行同名，又没有统一社会信用代码，分不清是不是同一家，请在名单上补上代码"
            found.unclear.append(Unclear(row.row, row.name, why))
        else:
            kept.append(row)
    return kept


def _settle_namesakes(rows: Sequence[Listed], same: Sequence[Held], found: Matched, taken: set[int]) -> list[Listed]:
    """Settle the rows of one name by the enterprises that bear it; gives those without a code that none is."""
    here = [one for one in same if not one.away]
    if here and (len(rows) > 1 or len(here) > 1):
        names = "、".join(one.uscc or "没有代码" for one in here[:SHOWN_NAMES])
        for row in rows:
            who = f"台账里有{len(here)}家同名的企业（{names}）" if len(here) > 1 else "台账里的同名企业只有一家"
            others = "、".join(str(other.row) for other in rows if other is not row)
            also = f"，名单上第{others}行也同名" if others else ""
            why = f"{who}{also}，代码又都对不上，分不清是哪一家，请核对代码"
            found.unclear.append(Unclear(row.row, row.name, why))
        if rows:
            found.doubtful.extend(here)
        return []
    unknown = []
    for row in rows:
        # An enterprise that is away is another one when both have a code: the codes differ
        away = [one for one in same if one.away and not (row.uscc and one.uscc)]
        one = here[0] if here else away[0] if len(away) == 1 and len(rows) == 1 else None
        if one is None and not row.uscc:
            unknown.append(row)
            continue
        if one is not None:
            taken.add(one.pk)
        _settle(row, one, found)
    return unknown


def _settle_unknown(rows: Sequence[Listed], held: Sequence[Held], found: Matched, taken: set[int]) -> None:
    """Settle the rows that have no code, and whose name no enterprise bears that is on no other row: one that is on
    another row may bear it, or one that bore it once. Registered anew it would be there twice."""
    if not rows:
        return
    bearers: dict[str, list[Held]] = defaultdict(list)
    for one in held:
        if one.pk in taken:
            bearers[plain_name(one.name)].append(one)
        if one.pk in taken or not one.away:
            for name in one.former:
                bearers[plain_name(name)].append(one)
    row_of = {one.pk: row.row for row, one in (*found.pairs, *found.alone) if one is not None}
    doubtful = {one.pk for one in found.doubtful}
    for row in rows:
        known = bearers.get(plain_name(row.name), [])
        if not known:
            _settle(row, None, found)
            continue
        also = f"，它已经与第{row_of[known[0].pk]}行对上" if known[0].pk in row_of else ""
        why = f"台账里的“{known[0].name}”叫这个名称，或者叫过{also}；这一行没有代码，分不清，请在名单上补上代码"
        found.unclear.append(Unclear(row.row, row.name, why))
        for one in known:
            if one.pk not in taken and one.pk not in doubtful:
                doubtful.add(one.pk)
                found.doubtful.append(one)


def differing(row: Listed, one: Held) -> list[str]:
    """The fields in which a row says something else than the ledger. A blank one says nothing; a code that the ledger
    lacks is told, and a state only where the ledger has one too, or the list says that the enterprise is gone."""
    found = []
    for name, text in row.values.items():
        stored = one.values.get(name, "")
        both = bool(stored) or name == "uscc" or (name == STATE and row.is_closed)
        if both and not is_same(name, text, stored):
            found.append(name)
    return found
