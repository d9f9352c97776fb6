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
    def _parks(self) -> Any:
        seen = Park.objects.visible_to(self.user).order_by("region_code", "order_key", "pk")
        return seen.values_list("pk", flat=True)

    @cached_property
    def parks(self) -> list[int]:
        return list(self._parks)

    def first(self, number: int) -> list[int]:
        """The first so many keys; fewer where there are no more."""
        found: list[int] = []
        # Mostly the first park has enough, and the other thousands need not be known
        for park in self._parks[:1]:
            found += self._some(self.rows.filter(**{self.path: park}), self.order[PARK:], number)
        place, size = 1, GROWTH
        while len(found) < number and place < len(self.parks):
            rows = self.rows.filter(**{f"{self.path}__in": self.parks[place : place + size]})
            found += self._some(rows, self.order, number - len(found))
            place, size = place + size, size * GROWTH
        return found

    @staticmethod
    def _some(rows: ScopedQuerySet, order: Sequence[Any], number: int) -> list[int]:
        return list(rows.order_by(*order).values_list("pk", flat=True)[:number])


def walks(order: Sequence[Any]) -> bool:
    """Whether a list in this order goes park by park."""
    return len(order) > PARK and isinstance(order[0], str) and order[0].endswith(REGION)
