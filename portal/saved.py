"""The only place that finds saved views, tells which of them is shown, and makes them into addresses and back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlencode

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from orgs.models import Park
from orgs.scoping import RECORD_WRITERS, ScopedQuerySet, parks_in_reach
from portal.asking import Asked
from portal.models import SavedView

PLAIN: Final = "none"  # ?view= of a ledger as it is without any saved view, the default one included
PLACE: Final = frozenset({"park", "region"})  # where to look is the reader's choice, not the view's
PASSING: Final = frozenset({"page", "count"})
MOST: Final = 30  # views of one ledger, of one account or of one park


@dataclass(frozen=True)
class Views:
    """The saved views of a ledger for one reader; ``current`` is the one whose list an address shows."""

    rows: Sequence[SavedView] = ()
    current: SavedView | None = None

    @property
    def default(self) -> SavedView | None:
        return next((view for view in self.rows if view.is_default), None)


NO_VIEWS: Final = Views()


def is_bare(query: Collection[str]) -> bool:
    """Whether an address says where and when at most, so that a default view may open."""
    return not set(query) - PLACE - {"day"}


def kept(query: Mapping[str, str], today: dt.date) -> dict[str, str]:
    """What of an address a view keeps: conditions, tab, order, columns. A day is kept unless it was today's."""
    found = {name: value for name, value in query.items() if value and name not in PLACE | PASSING}
    if found.get("day") == today.isoformat():
        del found["day"]
    if found.get("view") == PLAIN:
        del found["view"]
    return found


def written(query: Mapping[str, str]) -> str:
    return urlencode(query, safe=",")


def read(view: SavedView) -> dict[str, str]:
    return dict(parse_qsl(view.query))


# Finding them


def readable(about: Asked, slug: str) -> ScopedQuerySet:
    """The views of a ledger that the reader may open: his own, and the shared ones, of the park asked about alone."""
    rows = SavedView.objects.visible_to(about.user).filter(ledger=slug).select_related("park")
    return rows if about.park is None else rows.filter(Q(park__isnull=True) | Q(park=about.park))


def views_of(about: Asked, slug: str, query: Mapping[str, str]) -> Views:
    """The views listed beside a ledger, in one query, the reader's own first; current is what the address says.

    Who sees several parks and has chosen none is shown the shared ones of none: there may be thousands.
    """
    found = readable(about, slug).order_by("name", "pk")
    if about.several:
        found = found.filter(park__isnull=True)
    rows = sorted(found, key=lambda view: view.park_id is not None)
    asked = kept(query, timezone.localdate())
    return Views(rows, next((view for view in rows if asked and read(view) == asked), None))


def park_to_share_in(about: Asked) -> Park | None:
    """The one park, asked about or the reader's only one, whose shared views he may make."""
    mine = parks_in_reach(about.user, RECORD_WRITERS)
    if about.park is not None:
        return mine.filter(pk=about.park.pk).first()
    return None if about.several else mine.first()


# Opening them


def address(view: SavedView, about: Asked, day: str = "") -> str:
    """The list of a view, at the reader's place; a shared view opens in its own park. ``day`` for one without a day."""
    place = {"park": view.park.slug} if view.park and about.several else about.place
    query = place | ({"day": day} if day else {}) | read(view)
    if is_bare(query):
        query["view"] = PLAIN
    return f"{reverse('ledger', args=[view.ledger])}?{written(query)}"
