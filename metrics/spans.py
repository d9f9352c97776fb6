"""The only place that cuts an enterprise's time in its park into spans during which nothing counted about it changes.

A span says about each of its days what :func:`metrics.coverage.on_day` says, so a condition over those annotations is
the same condition over spans. The live query stays the definition: a property test and ``manage.py summaries verify``
hold the two equal. Only here are dated facts walked in Python, because changes of a *union* of overlapping periods can
not be read off the single rows.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from activities.models import ActivityKind
from metrics import facts
from metrics.facts import Facts, Firm, Unit
from metrics.soundness import BRANCH_KINDS, months_before, quarter_of
from orgs.models import NON_PUBLIC_KINDS, WIDE_WORK_KINDS, WORK_KINDS, BusinessStateKind, WorkKind
from orgs.periods import NEVER, Period, common, union


class Standing(NamedTuple):
    """What holds of an enterprise throughout a span; the names are those of the annotations of ``on_day``."""

    non_public: bool
    in_all: bool
    in_clean: bool
    in_real: bool
    in_three_haves: bool
    in_scale: bool
    in_staff_50: bool
    in_staff_100: bool
    covered: bool
    effective: bool
    solo: bool
    worked: bool
    unions: bool
    leagues: bool
    womens: bool
    instructed: bool
    full_members: int
    members: int
    state_on: str  # "" for 未填


class Cut(NamedTuple):
    """One span: the enterprise, its park and groups, the half-open period (``until`` None: still), what holds."""

    enterprise: int
    park: int
    industry: str
    size: str
    kind: str
    since: dt.date
    until: dt.date | None
    standing: Standing


def of_enterprises(keys: Collection[int]) -> Iterator[Cut]:
    """The spans of these enterprises."""
    for some in facts.of_enterprises(keys):
        yield from _cuts(some)


def of_park(park: int) -> Iterator[Cut]:
    """The spans of every enterprise of a park."""
    yield from _cuts(facts.of_park(park))


def _cuts(some: Facts) -> Iterator[Cut]:
    sound = {key: sound_periods(unit) for key, unit in some.units.items()}
    for firm in some.firms.values():
        for since, until, standing in cut(firm, sound):
            ends = None if until == NEVER else until
            yield Cut(firm.key, firm.park, firm.industry, firm.size, firm.kind, since, ends, standing)


def cut(firm: Firm, sound: Mapping[int, Sequence[Period]]) -> Iterator[tuple[dt.date, dt.date, Standing]]:
    """Every stretch of days with one standing, in order, neighbours with the same standing made one."""
    first, last = firm.stay
    marks = {first, last}
    effective = [
        (max(since, begin), min(until, end))
        for since, until, _, organization in firm.coverages
        for begin, end in sound[organization]
        if since < end and begin < until
    ]
    several: Iterable[Sequence[Any]] = (
        *firm.states,
        *firm.coverages,
        *effective,
        *firm.works,
        *firm.full,
        *firm.probationary,
    )
    for one in several:
        marks.add(one[0])
        marks.add(one[1])
    days = sorted(day for day in marks if first <= day <= last)
    started, before = first, None
    for day, _following in pairwise(days):
        standing = _standing(firm, effective, day)
        if standing != before:
            if before is not None:
                yield started, day, before
            started, before = day, standing
    if before is not None:
        yield started, last, before


def _standing(firm: Firm, effective: Sequence[Period], day: dt.date) -> Standing:
    state = next((one for one in firm.states if one[0] <= day < one[1]), None)
    word = state[2] if state else ""
    non_public = firm.kind in NON_PUBLIC_KINDS
    operating = state is not None and non_public and word == BusinessStateKind.OPERATING
    staff = state[4] if state else -1
    covering = [one for one in firm.coverages if one[0] <= day < one[1]]
    kinds = {one[2] for one in firm.works if one[0] <= day < one[1]}
    full = {one[2] for one in firm.full if one[0] <= day < one[1]}
    probationary = {one[2] for one in firm.probationary if one[0] <= day < one[1]}
    return Standing(
        non_public=non_public,
        in_all=non_public and word != BusinessStateKind.CANCELLED,
        in_clean=non_public and word not in (BusinessStateKind.CANCELLED, BusinessStateKind.SHELL),
        in_real=operating,
        in_three_haves=bool(operating and state and state[3] and staff >= firm.three_haves_staff),
        in_scale=bool(operating and state and state[5]),
        in_staff_50=operating and staff >= 50,
        in_staff_100=operating and staff >= 100,
        covered=bool(covering),
        effective=any(since <= day < until for since, until in effective),
        solo=any(one[2] for one in covering),
        worked=bool(kinds & WORK_KINDS) or (firm.wide_work and bool(kinds & WIDE_WORK_KINDS)),
        unions=WorkKind.TRADE_UNION in kinds,
        leagues=WorkKind.YOUTH_LEAGUE in kinds,
        womens=WorkKind.WOMENS_FEDERATION in kinds,
        instructed=WorkKind.INSTRUCTOR in kinds,
        full_members=len(full),
        members=len(full | probationary),
        state_on=word,
    )


# Organizations in working order


def sound_periods(unit: Unit) -> list[Period]:
    """When an organization was in working order (:func:`metrics.soundness.sound_organizations`)."""
    running = common(union(unit.secretaries), union(unit.terms))
    if unit.kind in BRANCH_KINDS and running:
        running = common(running, dutiful(unit.founded, unit.meetings))
    return running


def dutiful(founded: dt.date, meetings: Iterable[tuple[str, dt.date]]) -> list[Period]:
    """When a branch had held what it owed in the quarter before, or did not owe anything yet."""
    # It owes from the first quarter that begins after its founding; what it owed shows in the quarter after
    owes_for = months_before(quarter_of(founded), -3)
    good = [(dt.date.min, months_before(owes_for, -3))]
    by_quarter: dict[dt.date, set[Any]] = defaultdict(set)
    for kind, day in meetings:
        mark = "members" if kind == ActivityKind.MEMBER_MEETING else day.month
        by_quarter[quarter_of(day)].add(mark)
    for quarter in sorted(by_quarter):
        if quarter < owes_for or len(by_quarter[quarter]) < 4:
            continue
        good.append((months_before(quarter, -3), months_before(quarter, -6)))
    return union(good)
