"""The only place that reads the first rows of a list over very many parks: park after park, only as far as asked.

A database asked for fifty of 1.6 million rows in the order of parks sorts them all. Here the parks are put in order
(there are some thousands), and each is asked for its own rows in order, which an index gives without sorting.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Final

from orgs.models import Park, User
from orgs.scoping import ScopedQuerySet

REGION: Final = "__region_code"
PARK: Final = 3  # so many parts of the order settle the park: its region, its name, itself
GROWTH: Final = 4  # so many times more parks are asked each time: few where rows are plenty, few questions where not


class ParkWalk:
    """The keys of ``rows`` in ``order``, which begins with region code, name and key of the park at ``path``."""

    def __init__(self, rows: ScopedQuerySet, user: User, order: Sequence[Any]) -> None:
        self.rows = rows
        self.user = user
        self.order = order
        self.path = str(order[0]).removesuffix(REGION)

    @cached_property
    def parks(self) -> list[int]:
        seen = Park.objects.visible_to(self.user).order_by("region_code", "order_key", "pk")
        return list(seen.values_list("pk", flat=True))

    def first(self, number: int) -> list[int]:
        """The first so many keys; fewer where there are no more."""
        found: list[int] = []
        place, size = 0, 1
        while place < len(self.parks) and len(found) < number:
            some = self.parks[place : place + size]
            rows = self.rows.filter(**{f"{self.path}__in": some}).order_by(*self.order)
            if size == 1:
                rows = self.rows.filter(**{self.path: some[0]}).order_by(*self.order[PARK:])
            found += rows.values_list("pk", flat=True)[: number - len(found)]
            place, size = place + size, size * GROWTH
        return found


def walks(order: Sequence[Any]) -> bool:
    """Whether a list in this order goes park by park."""
    return len(order) > PARK and isinstance(order[0], str) and order[0].endswith(REGION)
