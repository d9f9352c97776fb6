"""The only place that knows on whose behalf an entry form was opened: an item of a comparison, and the way back to it.

The address carries ``compare`` (the comparison), ``list`` and ``item``; nothing in it is an address, so nobody can be
sent elsewhere by it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from orgs.models import Enterprise, Park, User
from portal.comparing import findings
from portal.comparing.findings import CHANGED, Item
from portal.comparing.outside import GONE, NEW, STATE
from portal.forms.enterprises import CLOSED
from portal.models import Comparison

PAGE: Final = 50


@dataclass(frozen=True)
class Errand:
    """An item of a comparison that a form was opened for."""

    comparison: Comparison
    user: User
    kind: str
    key: str

    @property
    def park(self) -> Park:
        return self.comparison.park

    def initial(self) -> dict[str, str]:
        """What the list says of a new enterprise, as the entry form takes it."""
        return {name: value for name, value in self._said().items() if name != STATE or value not in CLOSED}

    def state(self) -> dict[str, str]:
        """What the list says of the state of business."""
        return {name: value for name, value in self._said().items() if name == STATE}

    def _said(self) -> Mapping[str, str]:
        if not self.key.startswith("r"):
            return {}
        return next((values for row, values in self.comparison.rows if f"r{row}" == self.key), {})

    def back(self) -> str:
        """The address of the list, at the item that comes next."""
        items = findings.find(self.comparison, self.user).of(self.kind)
        return address(self.comparison, self.kind, items, next_of(items, self.kind, self.key, self.user))


def errand_of(request: HttpRequest, user: User, slug: str) -> Errand | None:
    """What the address of a form of this ledger says of it; ``None`` for a form opened for itself, and for one whose
    comparison is out of sight or was dropped meanwhile: what was typed into it is not lost for that."""
    number = request.GET.get("compare", "")
    if slug != "enterprises" or not number.isdecimal() or len(number) > 17:
        return None
    comparison = open_one(user, int(number))
    kind = request.GET.get("list", "")
    if comparison is None or kind not in (NEW, GONE, CHANGED):
        return None
    return Errand(comparison, user, kind, request.GET.get("item", "")[:30])


def open_one(user: User, pk: int) -> Comparison | None:
    """A comparison within its time, for somebody who may write in its park."""
    found: Comparison | None = (
        Comparison.objects.visible_to(user)
        .writable_by(user)
        .select_related("park")
        .filter(pk=pk, made_at__gte=timezone.now() - dt.timedelta(days=Comparison.DAYS))
        .first()
    )
    return found


def next_of(items: Sequence[Item], kind: str, key: str, user: User) -> Item | None:
    """The item itself while it is there, else the one after it, else the last before it."""
    if (same := next((one for one in items if one.key == key), None)) is not None:
        return same
    number = int(key[1:]) if key[1:].isdecimal() and len(key) < 18 else 0
    order: tuple[Any, ...] = (number,)
    if kind == GONE:
        name = Enterprise.objects.visible_to(user).filter(pk=number).values_list("name", flat=True).first()
        order = (name or "", number)
    return next((one for one in items if one.order > order), items[-1] if items else None)


def address(comparison: Comparison, kind: str, items: Sequence[Item], item: Item | None) -> str:
    """The page of a list on which an item stands."""
    query: dict[str, Any] = {"list": kind}
    place = next((number for number, one in enumerate(items) if item is not None and one.key == item.key), 0)
    if place >= PAGE:
        query["page"] = place // PAGE + 1
    url = f"{reverse('compare-list', args=[comparison.pk])}?{urlencode(query)}"
    return f"{url}#{item.key}" if item is not None else url
