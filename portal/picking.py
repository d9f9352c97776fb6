"""The only place that reads which records of a list are chosen: single ones, over its pages, or the whole filter."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.core.paginator import Page
from django.http import QueryDict

from portal.listing import Listing

MOST: Final = 5_000


class TooMany(Exception):
    """More records than may be changed together; says what to do."""

    def __init__(self, listing: Listing) -> None:
        unit, noun = listing.ledger.unit, listing.ledger.noun
        super().__init__(f"一次最多批量修改{MOST:,}{unit}{noun}，选中的超过了，请加上条件，分几次修改。")


@dataclass(frozen=True)
class Picked:
    """What is chosen: every row of the filter (then the address says which), or the records of these keys."""

    is_all: bool = False
    keys: frozenset[int] = frozenset()

    @classmethod
    def asked(cls, data: QueryDict) -> "Picked":
        """As sent: ``all``, or ``pick`` for the boxes of the page and ``kept`` for those ticked on other pages."""
        if data.get("all") == "1":
            return cls(is_all=True)
        return cls(keys=frozenset(_numbers([*data.getlist("pick"), *data.get("kept", "").split(",")])))

    def __bool__(self) -> bool:
        return self.is_all or bool(self.keys)

    def but(self, keys: Collection[int]) -> str:
        """The chosen keys that are not among these, as a page carries them along."""
        return ",".join(str(pk) for pk in sorted(self.keys.difference(keys)))

    def found(self, listing: Listing) -> list[int]:
        """The keys of the chosen records that the reader sees, in the order of the list. Raises TooMany."""
        if not self.is_all:
            if len(self.keys) > MOST:
                raise TooMany(listing)
            mine = listing.ledger.model.objects.visible_to(listing.user)
            return list(mine.filter(pk__in=self.keys).values_list("pk", flat=True))
        # Whether they are too many is found without sorting them
        if listing.rows.order_by().values("pk")[: MOST + 1].count() > MOST:
            raise TooMany(listing)
        return list(listing.rows.values_list("pk", flat=True))


def _numbers(texts: Iterable[str]) -> Iterable[int]:
    """Whatever is no key is passed over: nobody types these."""
    return (int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 19)


@dataclass(frozen=True)
class Bar:
    """The buttons behind a list whose records may be chosen, and how many are."""

    picked: Picked
    number: int  # chosen in all
    elsewhere: str  # the keys chosen on other pages
    select_url: str
    bulk_url: str
    page: int
    shown: int  # rows of this page
    whole: str  # rows of the whole filter, in words
    may_pick_all: bool

    @property
    def kept(self) -> int:
        """How many are chosen on other pages."""
        return len(self.elsewhere.split(",")) if self.elsewhere else 0


def bar(listing: Listing, page: Page[Any], picked: Picked | None = None, number: int = 0) -> Bar:
    """Asks the database nothing that the list has not asked."""
    picked, keys = picked or Picked(), list(page.object_list)
    length = listing.length
    return Bar(
        picked,
        number,
        picked.but(keys),
        listing.beside("ledger-select"),
        listing.beside("ledger-bulk"),
        page.number,
        len(keys),
        length.text,
        not length.is_capped and 0 < length.number <= MOST,
    )
