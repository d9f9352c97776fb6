"""The only place that finds the head of a foreign sheet, wherever it stands, and which column fills which field."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from portal.forms.fields import half_width

# A head stands near the top; further down a row of data that happens to hold a few of our words is no head
DEEPEST: Final = 30
LEAST: Final = 2  # columns known by name make a head; one may be chance
LEVELS: Final = 3
WIDEST: Final = 30  # a merged cell over more columns is a title, not a group
RESULT: Final = ("结果", "说明")

Texts = Mapping[int, Mapping[int, str]]  # row → column → text
Range = tuple[int, int, int, int]  # first row, first column, last row, last column


class Known(Protocol):
    """What a plan tells about its columns."""

    @property
    def names(self) -> tuple[str, ...]:
        """The fields that a sheet may fill."""

    def known_by(self, name: str) -> tuple[str, ...]:
        """Every head under which a column is found."""

    def under(self, name: str) -> tuple[str, ...]:
        """The heads of which one must stand above; none where its own says enough."""

    def means_other(self, name: str) -> tuple[str, ...]:
        """Heads that read like the field's, and hold something else."""

    @property
    def least(self) -> int:
        """How many columns known by name make a head: one may be chance."""

    def lacking(self, filled: frozenset[str]) -> list[str]:
        """The heads of the columns that a new record needs, when these fields are filled."""


@dataclass(frozen=True)
class Head:
    """Where the head ends, and what each column is called: its own head last, those it stands under before it."""

    last_row: int
    names: Mapping[int, tuple[str, ...]]

    @property
    def signature(self) -> str:
        """The same for every sheet with these heads in this order."""
        return "|".join("/".join(plain(part) for part in self.names[column]) for column in sorted(self.names))


def plain(text: str) -> str:
    """A head without what two people write differently: blanks, line breaks, brackets and what they hold."""
    bare = re.sub(r"[（(【\[].*?[)）】\]]", "", half_width(text))
    return re.sub(r"[\s*＊:：、，,。./-]", "", bare or half_width(text)).lower()


def find(texts: Texts, merged: Sequence[Range], plan: Known) -> Head | None:
    """The head with the most columns known by name; of equal ones the upper. ``None`` when no row looks like one."""
    known = {plain(word) for name in plan.names for word in plan.known_by(name)}
    best: tuple[int, int] | None = None
    for row in sorted(texts)[:DEEPEST]:
        hits = len({plain(text) for text in texts[row].values()} & known)
        if hits >= plan.least and (best is None or hits > best[0]):
            best = (hits, row)
    if best is None:
        return None
    return spread(texts, merged, best[1], known)


def spread(texts: Texts, merged: Sequence[Range], row: int, known: set[str]) -> Head:
    """The head around its best row: rows above that group columns by merged cells, rows below that go on with it."""
    of_cell = {}
    for top, left, bottom, right in merged:
        for one in range(top, bottom + 1):
            for column in range(left, right + 1):
                of_cell[one, column] = (top, left)

    titles = {(top, left) for top, left, bottom, right in merged if top < row and right - left >= WIDEST}

    def text(one: int, column: int) -> str:
        at = of_cell.get((one, column), (one, column))
        if at in titles:
            return ""
        return texts.get(at[0], {}).get(at[1], "").strip()

    last = row
    # A group head that is merged across leaves its columns to the row below
    groups = [one for one in merged if one[0] <= row <= one[2] and one[3] > one[1]]
    while groups and last - row < LEVELS and last + 1 in texts:
        last = max(last + 1, row)
        groups = [one for one in merged if one[0] == last and one[3] > one[1]]
    first = max(1, row - LEVELS + 1)
    columns = {column for one in range(row, last + 1) for column in texts.get(one, {})}
    # A head that stands over no other is merged downwards, or has nothing below it
    columns |= {
        left
        for top, left, bottom, right in merged
        if left == right and first <= top < row <= bottom and texts.get(top, {}).get(left, "").strip()
    }
    columns |= {
        column for one in range(first, row) for column, word in texts.get(one, {}).items() if plain(word) in known
    }
    names = {}
    for column in sorted(columns):
        path = [text(one, column) for one in range(first, last + 1)]
        kept = [part for place, part in enumerate(path) if part and part not in path[:place]]
        if first < row and kept and len(kept) > 1 and not _groups(merged, column, row):
            kept = [part for part in kept if part in {text(one, column) for one in range(row, last + 1)}]
        if kept:
            names[column] = tuple(kept)
    return Head(last, names)


def _groups(merged: Sequence[Range], column: int, row: int) -> bool:
    """Whether a merged cell above the row groups this column with others; a title over the whole sheet does not."""
    return any(
        one[2] < row and one[1] <= column <= one[3] and one[3] > one[1] and one[3] - one[1] < 30 for one in merged
    )


def match(head: Head, plan: Known) -> dict[int, str]:
    """Column → field. A field is filled by one column: the first that bears its name most exactly."""
    found: dict[int, str] = {}
    taken: set[str] = set()
    ranks: list[tuple[int, int, str]] = []
    for column, path in head.names.items():
        whole = plain("".join(path))
        for name in plan.names:
            words = [plain(word) for word in plan.known_by(name)]
            own = plain(path[-1])
            above = [plain(word) for word in plan.under(name)]
            if above and not any(word in plain(part) for word in above for part in path[:-1]):
                continue
            if path[-1].strip() in plan.means_other(name):
                continue
            if own in words:
                ranks.append((words.index(own) > 0, column, name))
            elif whole in words:
                ranks.append((2, column, name))
    for _rank, column, name in sorted(ranks):
        if column not in found and name not in taken:
            found[column] = name
            taken.add(name)
    return found


def missing(mapping: Mapping[int, str], plan: Known) -> list[str]:
    """The heads of the columns that a new record needs and the sheet lacks."""
    return plan.lacking(frozenset(mapping.values()))
