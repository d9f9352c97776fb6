"""The only place that reads which columns of a list are asked for, in which order, and moves them about."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final

from portal.ledgers import Column

# Of a senseless address no more is looked at, nor told of
MOST: Final = 100
MOST_TOLD: Final = 3
LONGEST_TOLD: Final = 20


@dataclass(frozen=True)
class Choice:
    """``shown`` are the columns of the list in order, the name of the record first; ``left`` those not shown.

    ``gone`` are names asked for that are none, or none for this reader; ``text`` is what the address says, "" for the
    usual columns.
    """

    shown: tuple[Column, ...]
    left: tuple[Column, ...]
    gone: tuple[str, ...] = ()
    text: str = ""

    @property
    def notice(self) -> str:
        """What is said about names that are none; "" when there are none."""
        if not self.gone:
            return ""
        named = "、".join(f"“{name[:LONGEST_TOLD]}”" for name in self.gone[:MOST_TOLD])
        many = f"{'等' if len(self.gone) > MOST_TOLD else '这'}{len(self.gone)}列" if len(self.gone) > 1 else "一列"
        return f"这个视图里的{named}{many}已没有，其余照常显示。"


def choice(usual: Sequence[Column], others: Sequence[Column], elsewhere: Collection[str], asked: str) -> Choice:
    """What ``asked`` ("status,staff") makes of the ``usual`` columns and the ``others`` that may be asked for.

    The first of the usual ones names the record and stays first. ``elsewhere`` are names that only another tab has:
    they are left out without a word.
    """
    known = {column.name: column for column in usual}
    for column in others:
        known.setdefault(column.name, column)
    first = usual[0]
    names = list(dict.fromkeys(name for part in asked.split(",")[:MOST] if (name := part.strip())))
    gone = tuple(name for name in names if name not in known and name not in elsewhere)
    chosen = [first.name, *(name for name in names if name in known and name != first.name)]
    # One of the names has to be understood: a list of nothing but names is one that somebody asked for
    if chosen == [column.name for column in usual] or not any(name in known for name in names):
        return Choice(tuple(usual), _left(known, [column.name for column in usual]), gone)
    shown = tuple(_on_phones(known[name], name == first.name) for name in chosen)
    return Choice(shown, _left(known, chosen), gone, ",".join(chosen))


def _left(known: dict[str, Column], chosen: Collection[str]) -> tuple[Column, ...]:
    return tuple(column for name, column in known.items() if name not in chosen)


def _on_phones(column: Column, is_first: bool) -> Column:
    """Usual columns may be missing on a phone; who chose one wants to see it there too."""
    return column if is_first or column.phone is not None else replace(column, phone=column.label)


# Moving about, without scripts: each button sends the whole order along


def moved(names: Sequence[str], move: str) -> list[str]:
    """``names`` with one of them moved: "top:staff", "up:staff" or "down:staff". Nonsense moves nothing."""
    how, _, name = move.partition(":")
    found = list(names)
    if name not in found or how not in ("top", "up", "down"):
        return found
    place = found.index(name)
    found.remove(name)
    found.insert({"top": 0, "up": max(place - 1, 0), "down": place + 1}[how], name)
    return found
