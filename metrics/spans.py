"""The only place that cuts an enterprise's time in its park into spans during which nothing counted about it changes.

A span says about each of its days what :func:`metrics.coverage.on_day` says, so a condition over those annotations is
the same condition over spans. The live query stays the definition: a property test and ``manage.py summaries verify``
hold the two equal. Only here are dated facts walked in Python, because changes of a *union* of overlapping periods can
not be read off the single rows.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final, NamedTuple

from activities.models import Activity, ActivityKind
from metrics.soundness import BRANCH_KINDS, months_before, quarter_of
from orgs.models import (
    COUNTED_KINDS,
    COUNTED_WAYS,
    NON_PUBLIC_KINDS,
    SOLO_WAYS,
    WIDE_WORK_KINDS,
    WORK_KINDS,
    Affiliation,
    AffiliationKind,
    BusinessState,
    BusinessStateKind,
    Coverage,
    Election,
    Employment,
    Enterprise,
    FormationWay,
    Office,
    Post,
    WorkCoverage,
    WorkKind,
)

# The end of a period that has none.
NEVER: Final = dt.date.max
CHUNK: Final = 500

Period = tuple[dt.date, dt.date]


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
    states: list[tuple[dt.date, dt.date, str, bool, int, bool]] = field(default_factory=list)
    coverages: list[tuple[dt.date, dt.date, bool, int]] = field(default_factory=list)
    works: list[tuple[dt.date, dt.date, str]] = field(default_factory=list)
    full: list[tuple[dt.date, dt.date, int]] = field(default_factory=list)
    probationary: list[tuple[dt.date, dt.date, int]] = field(default_factory=list)
    ways: frozenset[str] = frozenset()


def of_enterprises(keys: Collection[int]) -> Iterator[Cut]:
    """The spans of these enterprises."""
    wanted = sorted(keys)
    for start in range(0, len(wanted), CHUNK):
        some = wanted[start : start + CHUNK]
        yield from _cuts({"pk__in": some}, {"enterprise__in": some})


def of_park(park: int) -> Iterator[Cut]:
    """The spans of every enterprise of a park."""
    yield from _cuts({"park": park}, {"enterprise__park": park})


def _cuts(own: Mapping[str, Any], hanging: Mapping[str, Any]) -> Iterator[Cut]:
    firms = _firms(own)
    if not firms:
        return
    _states(firms, hanging)
    organizations = _coverages(firms, hanging)
    _works(firms, hanging)
    _members(firms, hanging)
    sound = sound_periods(organizations)
    for firm in firms.values():
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


# Reading the facts


def _firms(own: Mapping[str, Any]) -> dict[int, Firm]:
    firms = {}
    rows = Enterprise.objects.filter(**own).order_by()
    for pk, park, kind, industry, size, settled, left, wide, staff, attached, dispatched, grid in rows.values_list(
        "pk",
        "park",
        "kind",
        "industry",
        "size",
        "settled_on",
        "left_on",
        "park__wide_work",
        "park__three_haves_staff",
        "park__count_attached",
        "park__count_dispatched",
        "park__count_grid",
    ):
        more = {FormationWay.ATTACHED: attached, FormationWay.DISPATCHED: dispatched, FormationWay.GRID: grid}
        ways = COUNTED_WAYS | {way for way, counts in more.items() if counts}
        stay = (settled, left or NEVER)
        firms[pk] = Firm(pk, park, kind, industry, size, stay, wide, staff, ways=frozenset(ways))
    return firms


def _states(firms: Mapping[int, Firm], hanging: Mapping[str, Any]) -> None:
    rows = BusinessState.objects.filter(**hanging).order_by("-since")
    for key, since, until, state, premises, operations, staff, scale in rows.values_list(
        "enterprise", "since", "until", "state", "fixed_premises", "has_operations", "staff", "above_scale"
    ):
        # Latest first, as on_day chooses where two states hold on one day
        three = bool(premises and operations)
        number = -1 if staff is None else staff
        firms[key].states.append((since, until or NEVER, state, three, number, bool(scale)))


def _coverages(firms: Mapping[int, Firm], hanging: Mapping[str, Any]) -> dict[int, tuple[str, dt.date]]:
    """Fills in the counted coverages; gives kind and founding day of each covering organization."""
    organizations = {}
    rows = Coverage.objects.filter(**hanging, organization__kind__in=sorted(COUNTED_KINDS)).order_by()
    for key, since, until, way, organization, kind, founded, dissolved in rows.values_list(
        "enterprise",
        "since",
        "until",
        "way",
        "organization",
        "organization__kind",
        "organization__founded_on",
        "organization__dissolved_on",
    ):
        firm = firms[key]
        begin, end = max(since, founded), min(until or NEVER, dissolved or NEVER)
        if way in firm.ways and begin < end:
            firm.coverages.append((begin, end, way in SOLO_WAYS, organization))
            organizations[organization] = (kind, founded)
    return organizations


def _works(firms: Mapping[int, Firm], hanging: Mapping[str, Any]) -> None:
    rows = WorkCoverage.objects.filter(**hanging).order_by()
    for key, since, until, kind in rows.values_list("enterprise", "since", "until", "kind"):
        firms[key].works.append((since, until or NEVER, kind))


def _members(firms: Mapping[int, Firm], hanging: Mapping[str, Any]) -> None:
    rows = Employment.objects.filter(**hanging).order_by()
    found = rows.values_list(
        "enterprise",
        "since",
        "until",
        "member",
        "member__admitted_on",
        "member__full_on",
        "member__left_on",
        "member__suspended_on",
        "member__reinstated_on",
        "enterprise__park__transferred_only",
    )
    employments = list(found)
    moved_in = _moved_in({row[3] for row in employments if row[9]}, firms)
    for key, since, until, member, admitted, full_on, left, suspended, reinstated, transferred_only in employments:
        here = [(since, until or NEVER)]
        if transferred_only:
            here = common(here, moved_in.get((member, firms[key].park), ()))
        end = left or NEVER
        firm = firms[key]
        if full_on is not None:
            full = [(full_on, end)] if full_on < end else []
            if suspended is not None:
                full = [*common(full, [(dt.date.min, suspended)]), *common(full, [(reinstated or NEVER, NEVER)])]
            firm.full.extend((*period, member) for period in common(here, full))
        if admitted is not None and admitted < min(full_on or NEVER, end):
            firm.probationary.extend(
                (*period, member) for period in common(here, [(admitted, min(full_on or NEVER, end))])
            )


def _moved_in(members: Collection[int], firms: Mapping[int, Firm]) -> dict[tuple[int, int], list[Period]]:
    """(member, park) → when a formal affiliation to an organization of that park held."""
    found: dict[tuple[int, int], list[Period]] = defaultdict(list)
    wanted = sorted(members)
    for start in range(0, len(wanted), CHUNK):
        rows = Affiliation.objects.filter(member__in=wanted[start : start + CHUNK], kind=AffiliationKind.FORMAL)
        for member, park, since, until in rows.order_by().values_list("member", "organization__park", "since", "until"):
            found[member, park].append((since, until or NEVER))
    return found


# Organizations in working order


def sound_periods(organizations: Mapping[int, tuple[str, dt.date]]) -> dict[int, list[Period]]:
    """When each organization was in working order (:func:`metrics.soundness.sound_organizations`)."""
    wanted = sorted(organizations)
    secretaries: dict[int, list[Period]] = defaultdict(list)
    terms: dict[int, list[Period]] = defaultdict(list)
    meetings: dict[int, list[tuple[str, dt.date]]] = defaultdict(list)
    owed = (ActivityKind.MEMBER_MEETING, ActivityKind.THEME_DAY)
    for start in range(0, len(wanted), CHUNK):
        some = {"organization__in": wanted[start : start + CHUNK]}
        offices = Office.objects.filter(**some, post=Post.SECRETARY).order_by()
        for key, since, until in offices.values_list("organization", "since", "until"):
            secretaries[key].append((since, until or NEVER))
        elections = Election.objects.filter(**some).order_by()
        for key, held_on, expires, extended in elections.values_list(
            "organization", "held_on", "expires_on", "extended_to"
        ):
            terms[key].append((held_on, extended or expires))
        branches = [key for key in some["organization__in"] if organizations[key][0] in BRANCH_KINDS]
        lives = Activity.objects.filter(organization__in=branches, kind__in=owed).order_by()
        for key, kind, held_on in lives.values_list("organization", "kind", "held_on"):
            meetings[key].append((kind, held_on))
    sound: dict[int, list[Period]] = {}
    for key, (kind, founded) in organizations.items():
        running = common(union(secretaries[key]), union(terms[key]))
        if kind in BRANCH_KINDS and running:
            running = common(running, dutiful(founded, meetings[key]))
        sound[key] = running
    return sound


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


# Sets of days


def union(periods: Iterable[Period]) -> list[Period]:
    """The same days as disjoint periods in order; periods that touch are one."""
    made: list[Period] = []
    for since, until in sorted(periods):
        if since >= until:
            continue
        if made and since <= made[-1][1]:
            made[-1] = (made[-1][0], max(made[-1][1], until))
        else:
            made.append((since, until))
    return made


def common(some: Iterable[Period], others: Iterable[Period]) -> list[Period]:
    """The days that lie in a period of both."""
    kept = list(others)
    return [
        (max(since, begin), min(until, end))
        for since, until in some
        for begin, end in kept
        if max(since, begin) < min(until, end)
    ]
