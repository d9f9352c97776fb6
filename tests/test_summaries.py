"""The month summary: kept up by every write, equal to the live query on every day, for every group, after anything."""

import datetime as dt
import random
from contextlib import nullcontext
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings, strategies as st

from metrics import spans, summaries
from metrics.coverage import on_day
from metrics.figures import Figures
from metrics.indicators import counting
from metrics.indicators.measures import KEPT, MEASURES
from metrics.models import ParkDay, ParkMonth, ProvinceDay, ProvinceMonth, Span
from orgs import journal
from orgs.journal import INSTALLER, Via
from orgs.models import Coverage, Employment, Enterprise, Grant, Member, Park, Reach, Role
from orgs.ordering import columns
from orgs.scoping import ScopedModel
from tests.factories import (
    cover,
    employ,
    grant,
    make_enterprise,
    make_member,
    make_organization,
    make_park,
    make_uscc,
    make_user,
    put,
    set_state,
    work,
)
from tests.test_coverage_property import FIRST, LENGTH, random_history, store

pytestmark = pytest.mark.django_db

CODES = [indicator.code for indicator in KEPT]
PLAIN = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck))


def spans_equal_on_day(day: dt.date) -> None:
    """Every annotation of on_day, enterprise by enterprise."""
    names = spans.Standing._fields
    live = {
        row["pk"]: tuple(row[name] or ("" if name == "state_on" else row[name]) for name in names)
        for row in on_day(Enterprise.objects.all(), day).values("pk", *names)
    }
    kept = {
        row["enterprise"]: tuple(row[name] for name in names)
        for row in Span.objects.filter(since__lte=day).exclude(until__lte=day).values("enterprise", *names)
    }
    assert kept == live, day


def groups_equal(day: dt.date) -> None:
    everything = summaries.Ground.everything()
    rows = Enterprise.objects.all()
    assert summaries.rates_at(everything, [day], CODES)[day] == counting.rates(rows, day, CODES)
    for field in ("park", "industry", "size", "kind"):
        assert summaries.rates_by(everything, day, field, CODES) == counting.rates_by(rows, day, field, CODES), field
    apart = summaries.Ground(frozenset(), frozenset(Park.objects.values_list("pk", flat=True)[:1]))
    some = Enterprise.objects.filter(park__in=apart.parks)
    assert summaries.rates_at(apart, [day], CODES)[day] == counting.rates(some, day, CODES)
    for field in ("park", "industry", "kind"):
        assert summaries.rates_by(apart, day, field, CODES) == counting.rates_by(some, day, field, CODES), field


def tallies() -> dict[str, list[tuple[object, ...]]]:
    """All that is kept, without the rows of nothing but zeros that a change and its undoing leave behind."""
    found = {}
    for model, keys in (
        (ParkDay, ("park", "day")),
        (ParkMonth, ("park", "day")),
        (ProvinceDay, ("province", "field", "value", "day")),
        (ProvinceMonth, ("province", "field", "value", "day")),
    ):
        rows = model.objects.values_list(*keys, *MEASURES)
        found[model.__name__] = sorted(row for row in rows if any(row[len(keys) :]))
    names = ("enterprise", "park", "industry", "size", "kind", "since", "until", *spans.Standing._fields)
    found["Span"] = sorted(Span.objects.values_list(*names), key=str)
    return found


def same_as_built_anew() -> None:
    kept = tallies()
    summaries.rebuild()
    assert tallies() == kept


def histories_equal(size: int, seed: int) -> None:
    rng = random.Random(seed)
    with transaction.atomic():
        for number in (1, 2):
            store(random_history(number, size, rng))
        summaries.rebuild()
        for day in {FIRST + dt.timedelta(days=rng.randint(-1, LENGTH + 2)) for _ in range(3)}:
            spans_equal_on_day(day)
            groups_equal(day)
        transaction.set_rollback(True)


@settings(PLAIN, max_examples=4, derandomize=True)
@given(size=st.integers(1, 6), seed=st.integers(0, 2**32))
def test_random_histories(size: int, seed: int) -> None:
    histories_equal(size, seed)


@pytest.mark.soak
@settings(PLAIN, max_examples=1000)
@given(size=st.integers(1, 6), seed=st.integers(0, 2**32))
def test_a_thousand_random_histories(size: int, seed: int) -> None:
    histories_equal(size, seed)


def test_every_write_is_summed_up_at_once() -> None:
    """Creating, changing, moving and deleting leave exactly what building anew makes."""
    today = dt.date(2026, 10, 15)
    park = make_park("one", region="150622")
    other = make_park("other", region="430600")
    firm = make_enterprise(park, industry="C", size="small")
    second = make_enterprise(park, industry="", size="large")
    make_enterprise(other)
    branch = make_organization(park, founded_on=dt.date(2025, 3, 5))
    relation = cover(branch, firm, since=dt.date(2025, 3, 10))
    member = make_member(park)
    work = employ(member, second, dt.date(2025, 7, 1))
    spans_equal_on_day(today)
    groups_equal(today)

    relation.until = dt.date(2026, 10, 10)
    put(relation)
    firm.industry, firm.left_on = "I", dt.date(2026, 10, 12)
    put(firm)
    work.enterprise = firm
    put(work)
    branch.founded_on = dt.date(2025, 4, 1)
    put(branch)
    for day in (today, dt.date(2026, 10, 9), dt.date(2026, 9, 30), dt.date(2025, 3, 20)):
        spans_equal_on_day(day)
        groups_equal(day)

    park.count_attached, park.region_code = False, "620900"
    put(park)
    groups_equal(today)
    for row in (work, relation):
        journal.delete(row, INSTALLER, Via.INSTALL)
    for state in second.states.all():
        journal.delete(state, INSTALLER, Via.INSTALL)
    journal.delete(second, INSTALLER, Via.INSTALL)
    assert not Span.objects.filter(enterprise=second.pk).exists()
    groups_equal(today)
    same_as_built_anew()


# Another valid value for every column, so that none is left out unseen
EVERY_COLUMN: dict[type[ScopedModel], dict[str, Any]] = {
    Enterprise: {
        "name": "改名后的企业",
        "uscc": make_uscc(9001),
        "former_names": "旧名",
        "kind": "state",
        "industry": "I",
        "industry_code": "65",
        "size": "micro",
        "subordination": "旗委组织部",
        "sector_authority": "工信局",
        "locality": "大路镇",
        "settled_on": dt.date(2025, 2, 3),
        "left_on": dt.date(2026, 5, 6),
        "address": "一号路",
        "contact": "某某",
        "phone": "0477-0000000",
        "note": "备注",
    },
    Park: {
        "slug": "other-slug",
        "name": "改名后的园区",
        "short_name": "改名",
        "level": "national",
        "kind": "chemical",
        "region_code": "620900",
        "region_name": "别处",
        "working_committee": "党工委",
        "is_demo": True,
        "is_public": True,
        "count_attached": False,
        "count_dispatched": False,
        "count_grid": True,
        "wide_work": True,
        "transferred_only": True,
        "three_haves_staff": 30,
    },
}


@pytest.mark.parametrize("model", EVERY_COLUMN)
def test_every_column_changed_alone_is_summed_up(model: type[ScopedModel]) -> None:
    park = make_park("columns", region="150622")
    firms = [make_enterprise(park, industry="C", size="small", state=None) for _ in range(3)]
    for firm, way in zip(firms, ("attached", "dispatched", "grid"), strict=True):
        start = dt.date(2025, 1, 1)
        set_state(firm, "operating", start, staff=20, fixed_premises=True, has_operations=True, above_scale=True)
        cover(make_organization(park, founded_on=start), firm, since=dt.date(2025, 3, 10), way=way)
        work(firm, kind="womens_federation", since=dt.date(2025, 4, 1))
        employ(make_member(park), firm, start)
    summaries.rebuild()
    tested = EVERY_COLUMN[model]
    # What follows from the name changes with it
    follows = {field.name for field in columns(model)}
    assert set(tested) == {field.name for field in model._meta.concrete_fields} - {"id", "park"} - follows
    for name, value in tested.items():
        row = park if model is Park else firms[0]
        row.refresh_from_db()
        before = getattr(row, name)
        for changed in (value, before):
            setattr(row, name, changed)
            put(row)
            same_as_built_anew()


@pytest.mark.parametrize("group", [{"industry": "I"}, {"size": "micro"}])
def test_an_enterprise_regrouped_together_with_its_facts_is_cut_anew(group: dict[str, str]) -> None:
    """An import writes the industry and the state of a row in one batch: the new state has to count too."""
    park, day = make_park("together", region="150622"), dt.date(2025, 6, 1)
    firms = [make_enterprise(park, industry="C", size="small", state=None) for _ in range(4)]
    branch, member = make_organization(park, founded_on=dt.date(2025, 1, 1)), make_member(park)
    summaries.rebuild()
    with journal.batch():
        for firm in firms:
            for name, value in group.items():
                setattr(firm, name, value)
            put(firm)
        set_state(firms[0], "operating", day, staff=20)
        cover(branch, firms[1], since=day)
        employ(member, firms[2], day)
    assert set(Enterprise.objects.values_list(*group)) == {tuple(group.values())}
    for asked in (day, dt.date(2026, 10, 15)):
        spans_equal_on_day(asked)
        groups_equal(asked)
    same_as_built_anew()


def test_a_park_moved_together_with_its_enterprises_is_counted_where_it_is_now() -> None:
    park, day = make_park("moving", region="150622"), dt.date(2025, 6, 1)
    firms = [make_enterprise(park, industry="C", state=None) for _ in range(2)]
    set_state(firms[1], "operating", day, staff=20)
    summaries.rebuild()
    with journal.batch():
        set_state(firms[0], "operating", day, staff=20)
        park.region_code = "430600"
        put(park)
        firms[1].left_on = dt.date(2026, 1, 1)
        put(firms[1])
    for asked in (day, dt.date(2026, 10, 15)):
        groups_equal(asked)
    same_as_built_anew()


def walk(seed: int, steps: int) -> None:
    """Writes at random, one by one or some in a batch; after each batch the summary is the live query."""
    rng = random.Random(seed)
    parks = [make_park(f"walk{number}-{seed}", region=code) for number, code in enumerate(("150622", "430600"))]
    firms = [make_enterprise(rng.choice(parks), industry="C", state=None) for _ in range(4)]
    branches = {park.pk: make_organization(park, founded_on=dt.date(2024, 1, 1)) for park in parks}
    day = dt.date(2024, 1, 1)

    def write() -> None:
        firm, park = rng.choice(firms), rng.choice(parks)
        match rng.randint(0, 8):
            case 0 if not firm.states.exists():
                set_state(firm, "operating", day, staff=rng.choice([5, 50, 120]), above_scale=True)
            case 1 if not firm.coverages.filter(since=day).exists():
                cover(branches[firm.park_id], firm, since=day, way=rng.choice(["solo", "joint", "attached"]))
            case 2:
                employ(make_member(firm.park), firm, day)
            case 3 if Coverage.objects.exists():
                row = rng.choice(list(Coverage.objects.all()))
                row.until = row.since + dt.timedelta(days=rng.randint(1, 400))
                put(row)
            case 4 if Employment.objects.exists():
                journal.delete(rng.choice(list(Employment.objects.all())), INSTALLER, Via.INSTALL)
            case 5 if Member.objects.filter(left_on=None).exists():
                someone = rng.choice(list(Member.objects.filter(left_on=None)))
                someone.left_on, someone.left_reason = dt.date(2026, rng.randint(1, 12), 1), "withdrew"
                put(someone)
            case 6:
                firm.industry, firm.size = rng.choice("CGI"), rng.choice(["small", "large"])
                put(firm)
            case 7:
                park.region_code = rng.choice(["150622", "430600", "620900"])
                put(park)
            case 8:
                park.count_attached = not park.count_attached
                put(park)

    for step in range(steps):
        day = dt.date(2024, 1, 1) + dt.timedelta(days=rng.randint(0, 1000))
        with journal.batch() if rng.random() < 0.5 else nullcontext():
            for _ in range(rng.randint(1, 4)):
                write()
        if step % 10 == 0:
            spans_equal_on_day(day)
            groups_equal(day)
    same_as_built_anew()


@pytest.mark.parametrize("seed", [7, 8])
def test_a_random_walk_of_writes_ends_where_building_anew_does(seed: int) -> None:
    walk(seed, 20)


@pytest.mark.soak
def test_two_hundred_random_walks_end_where_building_anew_does() -> None:
    for seed in range(1000, 1200):
        with transaction.atomic():
            walk(seed, 20)
            transaction.set_rollback(True)


def test_a_park_that_had_nobody_at_the_first_month_end_is_built_and_then_kept() -> None:
    """Found by the demo park: rows for some month ends were there already."""
    park = make_park("late")
    make_enterprise(park, settled_on=dt.date(2025, 5, 5))
    summaries.rebuild()
    make_enterprise(park, settled_on=dt.date(2015, 5, 5), industry="J")
    make_enterprise(park, settled_on=dt.date(2015, 5, 5), left_on=dt.date(2016, 1, 1), industry="K")
    make_enterprise(park, settled_on=dt.date(2030, 1, 1), industry="L")
    for day in (dt.date(2024, 1, 31), dt.date(2025, 5, 4), dt.date(2026, 11, 1)):
        groups_equal(day)
    same_as_built_anew()


def test_a_month_that_passes_is_kept_by_the_next_write(monkeypatch: pytest.MonkeyPatch) -> None:
    park = make_park("months")
    monkeypatch.setattr("metrics.summaries.state.last_month_end", lambda: dt.date(2026, 8, 31))
    monkeypatch.setattr("metrics.summaries.building.last_month_end", lambda: dt.date(2026, 8, 31))
    summaries.rebuild()
    make_enterprise(park, settled_on=dt.date(2026, 9, 10))
    assert summaries.current().last == dt.date(2026, 8, 31)
    groups_equal(dt.date(2026, 11, 5))
    monkeypatch.setattr("metrics.summaries.state.last_month_end", lambda: dt.date(2026, 10, 31))
    make_enterprise(park, settled_on=dt.date(2026, 10, 31))
    assert summaries.current().last == dt.date(2026, 10, 31)
    for day in (dt.date(2026, 9, 30), dt.date(2026, 10, 31), dt.date(2026, 11, 5)):
        groups_equal(day)


def test_a_summary_of_other_definitions_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    make_enterprise(make_park("old"))
    day = dt.date(2026, 10, 31)
    assert summaries.answers(day, CODES)
    monkeypatch.setattr("metrics.summaries.state.definitions", lambda: "another")
    monkeypatch.setattr("metrics.summaries.building.definitions", lambda: "another")
    assert summaries.current() is None
    assert not summaries.answers(day, CODES)
    assert summaries.verify([day], []) != []
    # A small portal heals itself with the next write
    make_enterprise(make_park("new"))
    assert summaries.current() is not None


def test_days_before_the_first_month_are_left_to_the_live_query() -> None:
    make_enterprise(make_park("early"))
    state = summaries.current()
    assert state is not None
    assert summaries.answers(state.first, CODES)
    assert not summaries.answers(state.first - dt.timedelta(days=1), CODES)


def test_verify_says_what_differs(capsys: pytest.CaptureFixture[str]) -> None:
    make_enterprise(make_park("checked"))
    call_command("summaries", "verify")
    assert "一致" in capsys.readouterr().out
    with connection.cursor() as cursor:
        cursor.execute("UPDATE metrics_provincemonth SET d_real = d_real + 1")
    with pytest.raises(CommandError, match="不符"):
        call_command("summaries", "verify")
    call_command("summaries", "rebuild")
    call_command("summaries", "verify")


def test_the_reasons_outside_are_the_same_either_way(monkeypatch: pytest.MonkeyPatch) -> None:
    park = make_park("reasons")
    for state in ("operating", "suspended", "suspended", "shell", "cancelled", None):
        make_enterprise(park, state=state)
    make_enterprise(park, kind="state")
    reader = make_user("reader")
    grant(reader, Role.LEADER, park)
    day = dt.date(2026, 10, 31)
    wanted = {"suspended": 2, "shell": 1, "cancelled": 1, "": 1, "other": 1}
    assert Figures(reader, park).outside(day) == wanted
    monkeypatch.setattr("metrics.summaries.answers", lambda *asked: False)
    assert Figures(reader, park).outside(day) == wanted


def test_figures_reach_as_far_as_the_grants_and_no_further() -> None:
    """A park, a county, a province, the nation; the same off the summary and live."""
    regions = {"a": "150622", "b": "150622", "c": "150921", "d": "430602"}
    parks = {slug: make_park(slug, region=region) for slug, region in regions.items()}
    for number, park in enumerate(parks.values(), start=1):
        for _ in range(number):
            make_enterprise(park)
    day = dt.date(2026, 10, 31)
    cases = {
        "park": (Reach.PARK, "a", "", 1, {"15": 1}),
        "county": (Reach.REGION, "", "150622", 3, {"15": 3}),
        "province": (Reach.REGION, "", "15", 6, {"15": 6}),
        "nation": (Reach.NATION, "", "", 10, {"15": 6, "43": 4}),
    }
    for name, (reach, slug, prefix, total, provinces) in cases.items():
        reader = make_user(name)
        put(Grant(user=reader, role=Role.SUPERIOR, reach=reach, park=parks.get(slug), region_prefix=prefix))
        figures = Figures(reader, None)
        assert figures.on(day, ["org_coverage_real"])["org_coverage_real"].denominator == total
        found = figures.by_province(day, ["org_coverage_real"])
        assert {key: rates["org_coverage_real"].denominator for key, rates in found.items()} == provinces
        by_park = figures.by("park", day, ["org_coverage_real"])
        assert sum(rates["org_coverage_real"].denominator for rates in by_park.values()) == total
        assert set(by_park) <= set(Park.objects.visible_to(reader).values_list("pk", flat=True))
    assert Figures(make_user("nobody"), None).on(day, ["org_coverage_real"])["org_coverage_real"].denominator == 0
