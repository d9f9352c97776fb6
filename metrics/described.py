"""The only place that tells loaded enterprises what :func:`metrics.coverage.on_day` says of them.

A list that is shown asks a few questions for all its rows together; ``on_day`` asks some twenty subqueries of each row,
which is what counts and conditions need. The definitions are those of :mod:`metrics.coverage`; a property test holds
the two equal.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final, NamedTuple

from django.db.models import BooleanField, ExpressionWrapper

from metrics.coverage import COUNTED, COUNTED_WORK, employed_members, standing_coverages
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
SINCE: Final = itemgetter(0)  # of what is said of a state


class Reached(NamedTuple):
    """An organization that reaches an enterprise on a day."""

    organization: int
    name: str
    founded_on: dt.date
    counts: bool


def describe(firms: Sequence[Enterprise], day: dt.date) -> None:
    """Set the annotations :data:`TOLD` on every enterprise, and as ``reached_by`` the organizations that reach it,
    those that count first; in four questions."""
    ask, keys = _questions(day), [firm.pk for firm in firms]
    states, helped, worked, ways = (defaultdict(list) for _ in range(4))
    members, full = (defaultdict(set) for _ in range(2))
    reached: dict[int, list[tuple[bool, dt.date, int, Reached]]] = defaultdict(list)
    for key, *said in ask.states(keys):
        states[key].append(said)
    for key, kind, counts in ask.work(keys):
        helped[key].append(kind)
        if counts:
            worked[key].append(kind)
    for key, way, since, pk, *said in ask.reaching(keys):
        one = Reached(*said)
        reached[key].append((not one.counts, since, pk, one))
        if one.counts:
            ways[key].append(way)
    for key, member, is_full in ask.heads(keys):
        members[key].add(member)
        if is_full:
            full[key].add(member)
    none: tuple[Any, ...] = ()
    for key, firm in zip(keys, firms, strict=True):
        own, covering, work = states.get(key), ways.get(key, none), worked.get(key, none)
        help_on, non_public = helped.get(key, none), firm.is_non_public
        operating = [said for said in own or () if said[1] == BusinessStateKind.OPERATING] if non_public else []
        _, state, staff, _ = max(own, key=SINCE) if own else (None, None, None, None)
        # Beside the columns, without asking the class for each name
        firm.__dict__ |= {
            "non_public": non_public,
            "in_real": bool(operating),
            "in_scale": any(said[3] for said in operating),
            "covered": bool(covering),
            "solo": not SOLO_WAYS.isdisjoint(covering),
            "worked": bool(work),
            "instructed": WorkKind.INSTRUCTOR in work,
            "full_members": len(full.get(key, none)),
            "members": len(members.get(key, none)),
            "state_on": state,
            "staff_on": staff,
            "reached_by": [one for *_, one in sorted(reached[key])] if key in reached else none,
        }
        for name, kind in HELP.items():
            firm.__dict__[name] = kind in help_on


class Questions(NamedTuple):
    """What is asked of many enterprises on one day; each row begins with the key of the enterprise."""

    states: Prepared  # since when, state, staff, above the scale
    reaching: Prepared  # way of a coverage, since when, its key, and what :class:`Reached` says
    work: Prepared  # kind of a work coverage, and whether it counts
    heads: Prepared  # a member, perhaps twice, and whether he is a full one


@lru_cache(maxsize=DAYS)
def _questions(day: dt.date) -> Questions:
    full = Member.full_q(day, "member__")
    party = employed_members(day, full | Member.probationary_q(day, "member__"))

    def states(keys: Sequence[int]) -> Any:
        said = BusinessState.objects.filter(during(day), enterprise__among=keys).order_by()
        return said.values_list("enterprise", "since", "state", "staff", "above_scale")

    def reaching(keys: Sequence[int]) -> Any:
        rows = standing_coverages(day).filter(enterprise__among=keys).annotate(counts=_whether(COUNTED))
        names = ("organization", "organization__short_name", "organization__founded_on", "counts")
        return rows.order_by().values_list("enterprise", "way", "since", "pk", *names)

    def work(keys: Sequence[int]) -> Any:
        rows = WorkCoverage.objects.filter(during(day), enterprise__among=keys).annotate(counts=_whether(COUNTED_WORK))
        return rows.order_by().values_list("enterprise", "kind", "counts")

    def heads(keys: Sequence[int]) -> Any:
        employed = party.filter(enterprise__among=keys).annotate(full=_whether(full))
        return employed.order_by().values_list("enterprise", "member", "full")

    return Questions(Prepared(states), Prepared(reaching), Prepared(work), Prepared(heads))


def _whether(condition: Any) -> ExpressionWrapper:
    return ExpressionWrapper(condition, output_field=BooleanField())
