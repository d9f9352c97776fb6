"""The only place that tells loaded enterprises what :func:`metrics.coverage.on_day` says of them.

A list that is shown asks a few questions for all its rows together; ``on_day`` asks some twenty subqueries of each row,
which is what counts and conditions need. The definitions are those of :mod:`metrics.coverage`; a property test holds
the two equal.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

from django.db.models import Count

from metrics.coverage import counted_coverages, employed_members, work_relations
from orgs.models import SOLO_WAYS, BusinessState, BusinessStateKind, Enterprise, Member, WorkCoverage, WorkKind
from orgs.once import DAYS
from orgs.periods import during
from orgs.prepared import Prepared

HELP: Final = {"unions": WorkKind.TRADE_UNION, "leagues": WorkKind.YOUTH_LEAGUE, "womens": WorkKind.WOMENS_FEDERATION}
# The annotations of on_day that a row bears afterwards
TOLD: Final = (
    "non_public",
    "in_real",
    "in_scale",
    "covered",
    "solo",
    "worked",
    "instructed",
    *HELP,
    "full_members",
    "members",
    "state_on",
    "staff_on",
)


def describe(firms: Sequence[Enterprise], day: dt.date) -> None:
    """Set the annotations :data:`TOLD` on every enterprise, in five questions."""
    ask, keys = _questions(day), [firm.pk for firm in firms]
    states = defaultdict(list)
    for key, *said in ask.states(keys):
        states[key].append(said)
    ways, working, reached = _gathered(ask.ways(keys)), _gathered(ask.working(keys)), _gathered(ask.reached(keys))
    heads = {key: numbers for key, *numbers in ask.heads(keys)}
    none: frozenset[Any] = frozenset()
    for firm in firms:
        key = firm.pk
        own, help_on, work_on = states.get(key), reached.get(key, none), working.get(key, none)
        covering, non_public = ways.get(key, none), firm.is_non_public
        operating = [said for said in own or () if said[0] == BusinessStateKind.OPERATING] if non_public else []
        state, staff = own[0][:2] if own else (None, None)
        members, full = heads.get(key, (0, 0))
        # Beside the columns, without asking the class for each name
        firm.__dict__ |= {
            "non_public": non_public,
            "in_real": bool(operating),
            "in_scale": any(said[2] for said in operating),
            "covered": bool(covering),
            "solo": not SOLO_WAYS.isdisjoint(covering),
            "worked": bool(work_on),
            "instructed": WorkKind.INSTRUCTOR in work_on,
            "full_members": full,
            "members": members,
            "state_on": state,
            "staff_on": staff,
        }
        for name, kind in HELP.items():
            firm.__dict__[name] = kind in help_on


def _gathered(pairs: Iterable[tuple[Any, ...]]) -> dict[int, set[Any]]:
    found: dict[int, set[Any]] = defaultdict(set)
    for key, word in pairs:
        found[key].add(word)
    return found


class Questions(NamedTuple):
    """What is asked of many enterprises on one day; each row begins with the key of the enterprise."""

    states: Prepared  # state, staff, above the scale; the latest first
    ways: Prepared  # of each coverage that counts
    working: Prepared  # kind of each work coverage that counts
    reached: Prepared  # kind of those that are shown, counted or not
    heads: Prepared  # members, full members


@lru_cache(maxsize=DAYS)
def _questions(day: dt.date) -> Questions:
    full = Member.full_q(day, "member__")
    party = employed_members(day, full | Member.probationary_q(day, "member__"))
    heads = {
        "all": Count("member", distinct=True),
        "full": Count("member", distinct=True, filter=full),
    }

    def states(keys: Sequence[int]) -> Any:
        said = BusinessState.objects.filter(during(day), enterprise__in=keys).order_by("-since")
        return said.values_list("enterprise", "state", "staff", "above_scale")

    def reached(keys: Sequence[int]) -> Any:
        shown = WorkCoverage.objects.filter(during(day), enterprise__in=keys, kind__in=sorted(HELP.values()))
        return shown.order_by().values_list("enterprise", "kind")

    def of(rows: Any, column: str) -> Prepared:
        return Prepared(lambda keys: rows.filter(enterprise__in=keys).order_by().values_list("enterprise", column))

    return Questions(
        states=Prepared(states),
        ways=of(counted_coverages(day), "way"),
        working=of(work_relations(day), "kind"),
        reached=Prepared(reached),
        heads=Prepared(
            lambda keys: (
                party.filter(enterprise__in=keys)
                .order_by()
                .values("enterprise")
                .annotate(**heads)
                .values_list("enterprise", "all", "full")
            )
        ),
    )
