"""The only place that reads the dated facts about enterprises that count, as plain periods, to be cut into spans."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from activities.models import Activity, ActivityKind
from metrics.soundness import BRANCH_KINDS
from orgs.models import (
    COUNTED_KINDS,
    COUNTED_WAYS,
    SOLO_WAYS,
    Affiliation,
    AffiliationKind,
    BusinessState,
    Coverage,
    Election,
    Employment,
    Enterprise,
    FormationWay,
    Office,
    Post,
    WorkCoverage,
)
from orgs.periods import NEVER, Period, common
from orgs.prepared import Prepared

CHUNK: Final = 500


@dataclass
class Firm:
    """The dated facts about one enterprise that count, as periods."""

    key: int
    park: int
    kind: str
    industry: str
    size: str
    stay: Period
    wide_work: bool
    three_haves_staff: int
    transferred_only: bool
    ways: frozenset[str]  # of formation, that this park counts
    states: list[tuple[dt.date, dt.date, str, bool, int, bool]] = field(default_factory=list)
    coverages: list[tuple[dt.date, dt.date, bool, int]] = field(default_factory=list)
    works: list[tuple[dt.date, dt.date, str]] = field(default_factory=list)
    full: list[tuple[dt.date, dt.date, int]] = field(default_factory=list)
    probationary: list[tuple[dt.date, dt.date, int]] = field(default_factory=list)


@dataclass
class Unit:
    """The dated facts about one covering organization by which it is in working order."""

    kind: str
    founded: dt.date
    secretaries: list[Period] = field(default_factory=list)
    terms: list[Period] = field(default_factory=list)
    meetings: list[tuple[str, dt.date]] = field(default_factory=list)


class Facts(NamedTuple):
    """Enterprises and the organizations that cover them, by key."""

    firms: dict[int, Firm]
    units: dict[int, Unit]


def of_enterprises(keys: Collection[int]) -> Iterator[Facts]:
    """The facts about these enterprises, in several parts where there are many."""
    for some in _several(keys):
        yield _read(some, by_park=False)


def of_park(park: int) -> Facts:
    """The facts about every enterprise of a park."""
    return _read([park], by_park=True)


def _several(keys: Collection[int]) -> Iterator[list[int]]:
    wanted = sorted(keys)
    for start in range(0, len(wanted), CHUNK):
        yield wanted[start : start + CHUNK]


def _read(keys: Sequence[int], *, by_park: bool) -> Facts:
    firms = _firms(keys, by_park)
    if not firms:
        return Facts({}, {})
    _states(firms, STATES[by_park](keys))
    units = _coverages(firms, COVERAGES[by_park](keys))
    for key, since, until, kind in WORKS[by_park](keys):
        firms[key].works.append((since, until or NEVER, kind))
    _members(firms, list(EMPLOYMENTS[by_park](keys)))
    _working_order(units)
    return Facts(firms, units)


# The questions: each of enterprises by their keys, and of parks by theirs


def _both(model: Any, columns: Sequence[str], path: str, order: Sequence[str] = (), **only: Any) -> Sequence[Prepared]:
    def by(name: str) -> Prepared:
        return Prepared(
            lambda keys: model.objects.filter(**{f"{name}__among": keys}, **only).order_by(*order).values_list(*columns)
        )

    return by(path or "pk"), by(f"{path}__park" if path else "park")


FIRM_COLUMNS: Final = (
    "pk",
    "park_id",
    "kind",
    "industry",
    "size",
    "settled_on",
    "left_on",
    "park__wide_work",
    "park__three_haves_staff",
    "park__transferred_only",
    "park__count_attached",
    "park__count_dispatched",
    "park__count_grid",
)
FIRMS: Final = _both(Enterprise, FIRM_COLUMNS, "")
STATES: Final = _both(
    BusinessState,
    ("enterprise", "since", "until", "state", "fixed_premises", "has_operations", "staff", "above_scale"),
    "enterprise",
    order=("-since",),  # latest first, as on_day chooses where two states hold on one day
)
COVERAGES: Final = _both(
    Coverage,
    (
        "enterprise",
        "since",
        "until",
        "way",
        "organization",
        "organization__kind",
        "organization__founded_on",
        "organization__dissolved_on",
    ),
    "enterprise",
    organization__kind__in=sorted(COUNTED_KINDS),
)
WORKS: Final = _both(WorkCoverage, ("enterprise", "since", "until", "kind"), "enterprise")
EMPLOYMENTS: Final = _both(
    Employment,
    (
        "enterprise",
        "since",
        "until",
        "member",
        "member__admitted_on",
        "member__full_on",
        "member__left_on",
        "member__suspended_on",
        "member__reinstated_on",
    ),
    "enterprise",
)
MOVED_IN: Final = Prepared(
    lambda keys: (
        Affiliation.objects.filter(member__among=keys, kind=AffiliationKind.FORMAL)
        .order_by()
        .values_list("member", "organization__park", "since", "until")
    )
)
SECRETARIES: Final = Prepared(
    lambda keys: (
        Office.objects.filter(organization__among=keys, post=Post.SECRETARY)
        .order_by()
        .values_list("organization", "since", "until")
    )
)
ELECTIONS: Final = Prepared(
    lambda keys: (
        Election.objects.filter(organization__among=keys)
        .order_by()
        .values_list("organization", "held_on", "expires_on", "extended_to")
    )
)
MEETINGS: Final = Prepared(
    lambda keys: (
        Activity.objects.filter(
            organization__among=keys, kind__in=(ActivityKind.MEMBER_MEETING, ActivityKind.THEME_DAY)
        )
        .order_by()
        .values_list("organization", "kind", "held_on")
    )
)


# Enterprises


def _firms(keys: Sequence[int], by_park: bool) -> dict[int, Firm]:
    firms = {}
    for (
        pk,
        park,
        kind,
        industry,
        size,
        settled,
        left,
        wide,
        staff,
        transferred,
        attached,
        dispatched,
        grid,
    ) in FIRMS[by_park](keys):
        more = {FormationWay.ATTACHED: attached, FormationWay.DISPATCHED: dispatched, FormationWay.GRID: grid}
        ways = COUNTED_WAYS | {way for way, counts in more.items() if counts}
        stay = (settled, left or NEVER)
        firms[pk] = Firm(pk, park, kind, industry, size, stay, wide, staff, transferred, frozenset(ways))
    return firms


def _states(firms: Mapping[int, Firm], rows: Iterator[tuple[Any, ...]]) -> None:
    for key, since, until, state, premises, operations, staff, scale in rows:
        three = bool(premises and operations)
        number = -1 if staff is None else staff
        firms[key].states.append((since, until or NEVER, state, three, number, bool(scale)))


def _coverages(firms: Mapping[int, Firm], rows: Iterator[tuple[Any, ...]]) -> dict[int, Unit]:
    """Fills in the counted coverages; gives the covering organizations."""
    units = {}
    for key, since, until, way, organization, kind, founded, dissolved in rows:
        firm = firms[key]
        begin, end = max(since, founded), min(until or NEVER, dissolved or NEVER)
        if way in firm.ways and begin < end:
            firm.coverages.append((begin, end, way in SOLO_WAYS, organization))
            units[organization] = Unit(kind, founded)
    return units


def _members(firms: Mapping[int, Firm], employments: Sequence[tuple[Any, ...]]) -> None:
    moved_in = _moved_in({row[3] for row in employments if firms[row[0]].transferred_only})
    for key, since, until, member, admitted, full_on, left, suspended, reinstated in employments:
        firm = firms[key]
        here = [(since, until or NEVER)]
        if firm.transferred_only:
            here = common(here, moved_in.get((member, firm.park), ()))
        end = left or NEVER
        if full_on is not None:
            full = [(full_on, end)] if full_on < end else []
            if suspended is not None:
                full = [*common(full, [(dt.date.min, suspended)]), *common(full, [(reinstated or NEVER, NEVER)])]
            firm.full.extend((*period, member) for period in common(here, full))
        if admitted is not None and admitted < min(full_on or NEVER, end):
            firm.probationary.extend(
                (*period, member) for period in common(here, [(admitted, min(full_on or NEVER, end))])
            )


def _moved_in(members: Collection[int]) -> dict[tuple[int, int], list[Period]]:
    """(member, park) → when a formal affiliation to an organization of that park held."""
    found: dict[tuple[int, int], list[Period]] = defaultdict(list)
    for some in _several(members):
        for member, park, since, until in MOVED_IN(some):
            found[member, park].append((since, until or NEVER))
    return found


# Organizations


def _working_order(units: Mapping[int, Unit]) -> None:
    """Fills in secretaries in office, terms, and the meetings a branch owes."""
    for some in _several(units):
        for key, since, until in SECRETARIES(some):
            units[key].secretaries.append((since, until or NEVER))
        for key, held_on, expires, extended in ELECTIONS(some):
            units[key].terms.append((held_on, extended or expires))
        for key, kind, held_on in MEETINGS([key for key in some if units[key].kind in BRANCH_KINDS]):
            units[key].meetings.append((kind, held_on))
