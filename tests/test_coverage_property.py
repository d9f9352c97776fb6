"""Random dated histories: every indicator in SQL equals a plain recomputation in Python that reads only the rows.

The recomputation below is written from the published definitions, in their order and in plain words, and shares nothing
with ``metrics``: no constant, no period helper, no condition.
"""

import datetime as dt
import random
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings, strategies as st

from activities.models import Activity, ActivityKind
from metrics.indicators import INDICATORS, rates, rates_by
from orgs.models import (
    Affiliation,
    AffiliationKind,
    BusinessState,
    BusinessStateKind,
    Coverage,
    Election,
    Employment,
    Enterprise,
    EnterpriseKind,
    FormationWay,
    Member,
    Office,
    OrganizationKind,
    Park,
    PartyOrganization,
    Post,
    WorkCoverage,
    WorkKind,
)

pytestmark = pytest.mark.django_db

FIRST = dt.date(2026, 3, 24)
LENGTH = 16  # Few days, so that the ends of periods meet often; a quarter ends among them
CODES = [code for code, indicator in INDICATORS.items() if indicator.subject.slug == "enterprises"]
PLAIN = settings(
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)


# Histories


@dataclass
class History:
    """The rows of one park, unsaved; they point at each other as they will in the database."""

    park: Park
    enterprises: list[Enterprise] = field(default_factory=list)
    states: list[BusinessState] = field(default_factory=list)
    organizations: list[PartyOrganization] = field(default_factory=list)
    coverages: list[Coverage] = field(default_factory=list)
    works: list[WorkCoverage] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)
    employments: list[Employment] = field(default_factory=list)
    affiliations: list[Affiliation] = field(default_factory=list)
    offices: list[Office] = field(default_factory=list)
    elections: list[Election] = field(default_factory=list)
    activities: list[Activity] = field(default_factory=list)


def random_history(number: int, size: int, rng: random.Random) -> History:
    """A park with up to ``size`` enterprises and what may hang on them; weighted so that things meet."""

    def day(low: int = 0, high: int = LENGTH) -> dt.date:
        return FIRST + dt.timedelta(days=rng.randint(low, high))

    def period() -> dict[str, dt.date | None]:
        since = rng.choice([FIRST, FIRST, day()])
        return {"since": since, "until": rng.choice([None, None, since + dt.timedelta(days=rng.randint(1, LENGTH))])}

    def one_of(usual: str, values: list[str]) -> str:
        return rng.choice([usual, usual, usual, rng.choice(values)])

    def yes(chance: float = 0.5) -> bool:
        return rng.random() < chance

    park = Park(
        slug=f"p{number}",
        name=f"园区{number}",
        short_name=f"园区{number}",
        region_code="150622",
        region_name="某县",
        count_attached=yes(),
        count_dispatched=yes(),
        count_grid=yes(),
        wide_work=yes(),
        transferred_only=yes(0.3),
        three_haves_staff=rng.choice([8, 10, 11]),
    )
    history = History(park)
    for index in range(rng.randint(0, size)):
        stay = period()
        enterprise = Enterprise(
            park=park,
            name=f"企业{index}",
            kind=one_of("private", EnterpriseKind.values),
            settled_on=stay["since"],
            left_on=stay["until"],
        )
        history.enterprises.append(enterprise)
        history.states += random_states(enterprise, rng)
    for index in range(rng.randint(0, size)):
        being = period()
        history.organizations.append(
            PartyOrganization(
                park=park,
                name=f"党组织{index}",
                short_name=f"党组织{index}",
                kind=one_of("branch", OrganizationKind.values),
                founded_on=rng.choice([*OLD, *OLD, being["since"]]),
                dissolved_on=being["until"],
            )
        )
        random_life(history, history.organizations[-1], rng)
    for index in range(rng.randint(0, 4 * size)):
        admitted = day(-10, rng.choice([-1, LENGTH]))
        full = rng.choice([None, *[admitted + dt.timedelta(days=rng.randint(1, LENGTH))] * 3])
        left = rng.choice([None, None, None, (full or admitted) + dt.timedelta(days=rng.randint(0, LENGTH))])
        suspended = rng.choice([None, None, None, day()])
        member = Member(
            park=park,
            name=f"党员{index}",
            admitted_on=admitted,
            full_on=full,
            left_on=left,
            left_reason="withdrew" if left else "",
            suspended_on=suspended,
            reinstated_on=suspended and rng.choice([None, suspended + dt.timedelta(days=rng.randint(1, LENGTH))]),
        )
        history.members.append(member)
        if history.organizations and yes():
            kind = one_of("formal", AffiliationKind.values)
            organization = rng.choice(history.organizations)
            history.affiliations.append(Affiliation(member=member, organization=organization, kind=kind, **period()))
        if history.organizations and yes():
            post = one_of("secretary", Post.values)
            organization = rng.choice(history.organizations)
            history.offices.append(Office(member=member, organization=organization, post=post, **period()))
    if not history.enterprises:
        return history
    for member in history.members:
        # Mostly the first two, so that three members meet at one enterprise often enough
        count = len(history.enterprises)
        for index in {rng.randrange(min(2, count)), rng.randrange(count)}:
            enterprise = history.enterprises[index]
            first = Employment(member=member, enterprise=enterprise, **period())
            history.employments.append(first)
            if yes(0.3):  # A second post at the same place, begun later, makes nobody two members
                later = first.since + dt.timedelta(days=1)
                history.employments.append(Employment(member=member, enterprise=enterprise, since=later))
    for organization in history.organizations:
        for enterprise in rng.sample(history.enterprises, rng.randint(0, (len(history.enterprises) + 1) // 2)):
            way = rng.choice(["solo", "joint", rng.choice(FormationWay.values)])
            history.coverages.append(Coverage(organization=organization, enterprise=enterprise, way=way, **period()))
    for enterprise in history.enterprises:
        kinds = rng.sample(WorkKind.values, rng.choice([0, 0, 1, 2]))
        history.works += [WorkCoverage(enterprise=enterprise, kind=kind, **period()) for kind in kinds]
    return history


def random_states(enterprise: Enterprise, rng: random.Random) -> list[BusinessState]:
    """Periods of business that never overlap, with and without gaps between them, the last one open or not."""
    cuts = sorted(rng.sample(range(LENGTH), rng.randint(0, 3)))
    ends = [FIRST + dt.timedelta(days=cut) for cut in [0, *cuts] if cut or not cuts or rng.random() < 0.8]
    chain = []
    for since, until in pairwise([*ends, None]):
        if rng.random() < 0.1 or (until is not None and until <= since):
            continue
        chain.append(
            BusinessState(
                enterprise=enterprise,
                since=since,
                until=until or rng.choice([None, None, since + dt.timedelta(days=rng.randint(1, LENGTH))]),
                state=rng.choice(["operating", "operating", "operating", rng.choice(BusinessStateKind.values)]),
                fixed_premises=rng.choice([True, True, True, False, None]),
                has_operations=rng.choice([True, True, True, False, None]),
                staff=rng.choice([None, 9, 10, 11, 49, 50, 99, 100, 120]),
                above_scale=rng.choice([True, False, None]),
            )
        )
    return chain


# Around the quarters that the days of a history ask about: founded before, on and after their first days
OLD = [dt.date(2025, 9, 30), dt.date(2025, 10, 1), dt.date(2025, 12, 31), dt.date(2026, 1, 1), dt.date(2024, 3, 1)]
MONTHS = [dt.date(2025, 9, 1), dt.date(2025, 10, 1), dt.date(2025, 11, 1), dt.date(2025, 12, 1)]
MONTHS += [dt.date(2026, 1, 1), dt.date(2026, 2, 1), dt.date(2026, 3, 1), dt.date(2026, 4, 1)]


def random_life(history: History, organization: PartyOrganization, rng: random.Random) -> None:
    """Terms that end among the days, extended or not, and meetings of most months, also on their edges."""
    for _ in range(rng.choice([0, 1, 1, 2])):
        held = rng.choice(OLD) - dt.timedelta(days=rng.choice([0, 365, 1095]))
        expires = FIRST + dt.timedelta(days=rng.choice([-30, 0, 3, 8, 9, LENGTH, 400]))
        extended = rng.choice([None, None, expires + dt.timedelta(days=rng.choice([1, 8, 200]))])
        if not any(one.organization is organization and one.held_on == held for one in history.elections):
            history.elections.append(
                Election(
                    organization=organization, held_on=held, term_years=3, expires_on=expires, extended_to=extended
                )
            )
    diligence = rng.choice([0, 0.8, 1, 1])
    for first in MONTHS:
        following = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
        last = (following - first).days - 1
        for kind, chance in (("theme_day", 1), ("member_meeting", 0.6), (rng.choice(ActivityKind.values), 0.3)):
            if rng.random() < diligence * chance:
                on = first + dt.timedelta(days=rng.choice([0, last, rng.randint(0, last)]))
                history.activities.append(Activity(organization=organization, kind=kind, held_on=on, due=3, present=3))


def store(history: History) -> None:
    """Write the rows as they are: what forms would refuse for other reasons must be counted right all the same."""
    history.park.pk = None
    Park.objects.bulk_create([history.park])
    for rows in (
        history.enterprises,
        history.states,
        history.organizations,
        history.coverages,
        history.works,
        history.members,
        history.employments,
        history.affiliations,
        history.offices,
        history.elections,
        history.activities,
    ):
        for row in rows:
            row.pk = None
            for name in ("park", "enterprise", "organization", "member"):
                if name in {one.name for one in row._meta.concrete_fields}:
                    setattr(row, name, getattr(row, name))  # takes over the key that the target has now
        if rows:
            type(rows[0])._default_manager.bulk_create(rows)


# The recomputation


def within(first: dt.date, end: dt.date | None, day: dt.date) -> bool:
    return first <= day and (end is None or day < end)


@dataclass
class Facts:
    """What is true of one enterprise on one day."""

    present: bool
    in_all: bool
    clean: bool
    in_real: bool
    staff: int
    three_haves: bool
    scale: bool
    covered: bool
    solo: bool
    effective: bool
    worked: bool
    instructed: bool
    mass: set[str]
    full: int
    any_members: int
    why: str


def in_order(history: History, organization: PartyOrganization, day: dt.date) -> bool:
    """A secretary in office, a term that runs, and of a branch that was there the meetings of the last quarter."""
    headed = any(
        row.organization is organization and row.post == "secretary" and within(row.since, row.until, day)
        for row in history.offices
    )
    elected = any(
        row.organization is organization and row.held_on <= day < (row.extended_to or row.expires_on)
        for row in history.elections
    )
    quarter = {1: (2025, 10), 2: (2025, 10), 3: (2025, 10), 4: (2026, 1), 5: (2026, 1), 6: (2026, 1)}[day.month]
    year, month = quarter
    if organization.kind not in {"branch", "joint_branch"} or organization.founded_on >= dt.date(year, month, 1):
        return headed and elected
    held = {
        (row.kind, row.held_on.month)
        for row in history.activities
        if row.organization is organization and row.held_on.year == year and month <= row.held_on.month < month + 3
    }
    themed = all(("theme_day", one) in held for one in range(month, month + 3))
    return headed and elected and themed and "member_meeting" in {kind for kind, _ in held}


def facts_of(history: History, enterprise: Enterprise, day: dt.date) -> Facts:
    park = history.park
    non_public = enterprise.kind in {"private", "hmt", "foreign", "mixed", "individual"}
    today = [row for row in history.states if row.enterprise is enterprise and within(row.since, row.until, day)]
    assert len(today) <= 1
    state = today[0] if today else None
    in_real = non_public and state is not None and state.state == "operating"
    ways = [
        "solo",
        "restructured",
        "joint",
        "regional",
        "industry",
        "chain",
        "leading_firm",
        "building",
        "village_firm",
        "relying",
    ]
    ways += ["attached"] * park.count_attached + ["dispatched"] * park.count_dispatched + ["grid"] * park.count_grid
    counted = [
        row
        for row in history.coverages
        if row.enterprise is enterprise
        and within(row.since, row.until, day)
        and row.way in ways
        and within(row.organization.founded_on, row.organization.dissolved_on, day)
        and row.organization.kind
        in {"party_committee", "comprehensive_committee", "general_branch", "branch", "joint_branch"}
    ]
    counting = [row.way for row in counted]
    working = [
        row.kind
        for row in history.works
        if row.enterprise is enterprise
        and within(row.since, row.until, day)
        and (row.kind not in {"womens_federation", "leader_contact"} or park.wide_work)
    ]
    full = probationary = 0
    for member in history.members:
        employed = any(
            row.member is member and row.enterprise is enterprise and within(row.since, row.until, day)
            for row in history.employments
        )
        moved_in = any(
            row.member is member and row.kind == "formal" and within(row.since, row.until, day)
            for row in history.affiliations
        )
        gone = member.left_on is not None and member.left_on <= day
        if not employed or gone or (park.transferred_only and not moved_in):
            continue
        suspended = member.suspended_on is not None and within(member.suspended_on, member.reinstated_on, day)
        if member.full_on is not None and member.full_on <= day:
            full += not suspended
        elif member.admitted_on <= day:
            probationary += 1
    if in_real:
        why = ""
    elif not non_public:
        why = "非非公企业"
    else:
        words = dict(
            zip(BusinessStateKind.values, ["正常经营", "筹建", "停产停业", "空壳", "迁出", "吊销", "注销"], strict=True)
        )
        why = words[state.state] if state else "经营状态未填"
    return Facts(
        present=within(enterprise.settled_on, enterprise.left_on, day),
        in_all=non_public and (state is None or state.state != "cancelled"),
        clean=non_public and (state is None or state.state not in {"cancelled", "shell"}),
        in_real=in_real,
        staff=(state.staff or 0) if state else 0,
        three_haves=in_real
        and state.fixed_premises is True
        and state.has_operations is True
        and (state.staff or 0) >= park.three_haves_staff,
        scale=in_real and state.above_scale is True,
        covered=bool(counting),
        solo=bool({"solo", "restructured"} & set(counting)),
        effective=any(in_order(history, row.organization, day) for row in counted),
        worked=bool(working),
        instructed="instructor" in working,
        mass={row.kind for row in history.works if row.enterprise is enterprise and within(row.since, row.until, day)},
        full=full,
        any_members=full + probationary,
        why=why,
    )


def denominators(one: Facts) -> dict[str, bool]:
    uncovered = one.in_real and not one.covered
    return {
        "org_coverage_real": one.in_real,
        "org_coverage_all": one.in_all,
        "org_coverage_sanyou": one.three_haves,
        "solo_rate_real": one.in_real,
        "should_built_rate": one.in_real and (one.full >= 3 or one.covered),
        "formation_rate_member": one.in_real and one.any_members > 0,
        "formation_rate_scale": one.scale,
        "work_coverage_broad": one.in_real,
        "work_coverage_strict": uncovered,
        "two_coverage": one.in_real,
        "instructor_rate": uncovered,
        "effective_coverage": one.in_real,
        "org_coverage_clean": one.clean,
        "solo_rate_all": one.in_all,
        "solo_rate_scale": one.scale,
        "staff100_formation_rate": one.in_real and one.staff >= 100,
        "staff50_member_rate": one.in_real and one.staff >= 50,
        "instructor_rate_all": one.in_all,
        "union_rate": one.in_real,
        "league_rate": one.in_real,
        "womens_rate": one.in_real,
        "solo_due": one.in_real and one.covered and not one.solo,
    }


def numerators(one: Facts) -> dict[str, bool]:
    return {
        "org_coverage_real": one.covered,
        "org_coverage_all": one.covered,
        "org_coverage_sanyou": one.covered,
        "solo_rate_real": one.solo,
        "should_built_rate": one.covered,
        "formation_rate_member": one.covered,
        "formation_rate_scale": one.covered,
        "work_coverage_broad": one.covered or one.worked,
        "work_coverage_strict": one.worked,
        "two_coverage": one.covered or one.worked,
        "instructor_rate": one.instructed,
        "effective_coverage": one.effective,
        "org_coverage_clean": one.covered,
        "solo_rate_all": one.solo,
        "solo_rate_scale": one.solo,
        "staff100_formation_rate": one.covered,
        "staff50_member_rate": one.any_members > 0,
        "instructor_rate_all": one.instructed,
        "union_rate": "trade_union" in one.mass,
        "league_rate": "youth_league" in one.mass,
        "womens_rate": "womens_federation" in one.mass,
        "solo_due": one.full >= 3,
    }


def recomputed(history: History, day: dt.date) -> dict[str, dict[str, set[int]]]:
    """For every indicator the five lists of enterprises, as primary keys."""
    found: dict[str, dict[str, set[int]]] = {
        code: {part: set() for part in ("numerator", "denominator", "gap", "excluded", "covered-uncounted")}
        for code in CODES
    }
    for enterprise in history.enterprises:
        one = facts_of(history, enterprise, day)
        if not one.present:
            continue
        for code, inside in denominators(one).items():
            if not inside:
                # 已覆盖但不计入 is about enterprises that do not operate; where only those without an organization are
                # asked about, a covered one is not asked about at all
                whole = {
                    "org_coverage_all": one.in_all,
                    "solo_rate_all": one.in_all,
                    "instructor_rate_all": one.in_all,
                    "org_coverage_clean": one.clean,
                }
                operating = whole.get(code, one.in_real)
                meant = not operating and code not in {"work_coverage_strict", "instructor_rate"}
                parts = ["excluded", "covered-uncounted"] if one.covered and meant else ["excluded"]
            else:
                parts = ["denominator", "numerator" if numerators(one)[code] else "gap"]
            for part in parts:
                found[code][part].add(enterprise.pk)
    return found


# The comparison


def compare(parks: list[History], on: list[dt.date], named: list[str]) -> None:
    """Every count on every day; the names behind the indicators ``named`` on the first."""
    with transaction.atomic():
        for history in parks:
            store(history)
        everyone = Enterprise.objects.all()
        for position, day in enumerate(on):
            expected = {history.park.pk: recomputed(history, day) for history in parks}
            apart = rates_by(everyone, day, "park")
            together: Counter[tuple[str, str]] = Counter()
            for key, lists in expected.items():
                for code, parts in lists.items():
                    rate = apart.get(key, {}).get(code)
                    seen = (
                        (rate.numerator, rate.denominator, rate.excluded, rate.covered_uncounted) if rate else (0,) * 4
                    )
                    counted = ("numerator", "denominator", "excluded", "covered-uncounted")
                    assert seen == tuple(len(parts[part]) for part in counted), (code, day)
                    together.update({(code, part): len(keys) for part, keys in parts.items()})
            for code, rate in rates(everyone, day).items():
                assert rate.numerator == together[code, "numerator"]
                assert rate.denominator == together[code, "denominator"]
                assert rate.gap == together[code, "gap"]
                assert (rate.percent is None) == (rate.denominator == 0)
            if position == 0:
                compare_names(parks, expected, day, named)
        transaction.set_rollback(True)


def compare_names(
    parks: list[History], expected: dict[int, dict[str, dict[str, set[int]]]], day: dt.date, named: list[str]
) -> None:
    whys = {row.pk: facts_of(history, row, day).why for history in parks for row in history.enterprises}
    for code in named:
        indicator = INDICATORS[code]
        for part in ("numerator", "denominator", "gap", "excluded", "covered-uncounted"):
            rows = list(indicator.part(Enterprise.objects.all(), day, part))
            assert {row.pk for row in rows} == {pk for lists in expected.values() for pk in lists[code][part]}, (
                code,
                part,
            )
            assert len(rows) == len({row.pk for row in rows})
            if code == "org_coverage_real":
                for row in rows:
                    assert indicator.why_excluded(row) == whys[row.pk]
            elif part == "excluded":
                assert all(indicator.why_excluded(row) for row in rows)


# Hypothesis chooses how large and which; a smaller size is a simpler history, so a failure shrinks to few enterprises
sizes = st.integers(1, 6)
seeds = st.integers(0, 2**32)
several_days = st.lists(st.integers(-1, LENGTH + 2), min_size=2, max_size=2)


def drawn(size: int, seed: int, on: list[int]) -> tuple[list[History], list[dt.date]]:
    rng = random.Random(seed)
    return [random_history(number, size, rng) for number in (1, 2)], [FIRST + dt.timedelta(days=day) for day in on]


@settings(PLAIN, max_examples=12, derandomize=True)
@given(size=sizes, seed=seeds, on=several_days, named=st.sampled_from(sorted(CODES)))
def test_random_histories(size: int, seed: int, on: list[int], named: str) -> None:
    compare(*drawn(size, seed, on), [named])


@pytest.mark.soak
@settings(PLAIN, max_examples=3000)
@given(size=sizes, seed=seeds, on=several_days, named=st.sampled_from(sorted(CODES)))
def test_thousands_of_random_histories(size: int, seed: int, on: list[int], named: str) -> None:
    compare(*drawn(size, seed, on), [named])


@pytest.mark.soak
def test_the_histories_reach_what_they_should() -> None:
    """A generator that never makes a covered or qualified enterprise would prove nothing."""
    met: Counter[str] = Counter()
    rng = random.Random(20261031)
    for _ in range(900):
        history = random_history(1, 6, rng)
        for enterprise in history.enterprises:
            one = facts_of(history, enterprise, FIRST + dt.timedelta(days=rng.randint(0, LENGTH)))
            if one.present:
                met.update(code for code, inside in denominators(one).items() if inside)
                met.update(f"{code} up" for code, up in numerators(one).items() if up and denominators(one)[code])
                met["covered uncounted"] += one.covered and not one.in_real
                met["should have one"] += one.full >= 3 and not one.covered and one.in_real
                met["covered, not effectively"] += one.covered and not one.effective
                met["effectively covered"] += one.effective
    wanted = {*CODES, *(f"{code} up" for code in CODES), "covered uncounted", "should have one"}
    wanted |= {"covered, not effectively", "effectively covered"}
    assert {name: met[name] for name in wanted if met[name] < 10} == {}
