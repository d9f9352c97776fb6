"""The reading gate: who sees which park, and that nothing is seen by default."""

import ast
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings as hypothesis_settings, strategies as st

from orgs.models import Change, Enterprise, Grant, Park, Reach, Role, User
from orgs.scoping import PERSON_READERS, ScopedModel, has_nation, holds, parks_in_reach
from portal.models import ScreenLink
from tests.factories import World, grant, make_enterprise, make_park, make_user

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).parents[1]

SCOPED = sorted((model for model in apps.get_models() if issubclass(model, ScopedModel)), key=lambda m: m._meta.label)
ACCOUNTS = {User, Grant}  # seen by administrators only


def seen_parks(user: Any) -> set[str]:
    return set(Park.objects.visible_to(user).values_list("slug", flat=True))


# Worked out from the records, or no records at all, without a gate of their own: read only by the modules that keep
# them, and by those named here, which narrow them to what the reader may see.
DERIVED: dict[str, set[str]] = {
    "Draft": {"portal/entering.py"},  # which asks its keeper for the account's own, and only names the type
    "Submission": set(),
    "NameGram": set(),
    "Span": {"portal/next_ten.py"},
    "SummaryState": {"metrics/figures.py"},  # says only which months are kept
    **{name: set() for name in ("ParkMonth", "ParkDay", "ProvinceMonth", "ProvinceDay", "Province")},
}
KEEPERS = (
    "orgs/grams.py",
    "portal/drafts.py",
    "portal/submissions.py",
    "orgs/models/",
    "metrics/summaries/",
    "metrics/models/",
    "portal/benchmark/",
)


def test_only_their_keepers_read_what_is_derived() -> None:
    for package in ("orgs", "activities", "metrics", "portal"):
        for file in sorted((ROOT / package).rglob("*.py")):
            path = file.relative_to(ROOT).as_posix()
            if path.startswith(KEEPERS) or "/migrations/" in path:
                continue
            tree = ast.parse(file.read_text("utf-8"))
            origins = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module]
            names = {one.name for node in origins if ".models" in str(node.module) for one in node.names}
            for name in names & DERIVED.keys():
                assert path in DERIVED[name], f"{path} reads {name}"


def test_every_model_of_ours_is_behind_the_gate() -> None:
    for label in ("orgs", "activities", "metrics", "portal"):
        for model in apps.get_app_config(label).get_models():
            if model.__name__ in DERIVED:
                continue
            assert issubclass(model, ScopedModel), model
            assert hasattr(model._default_manager.all(), "visible_to"), model


def test_the_path_of_every_model_ends_at_a_park(world: World) -> None:
    for side in (world.jia, world.yi):
        for model, row in side.rows().items():
            assert row.park_id_of() == side.park.pk, model
            assert set(model.objects.in_park(side.park)) >= {row}
            assert model.objects.in_park(None).count() == model.objects.count()


@pytest.mark.parametrize("person", ["officer", "leader", "superior", "park_administrator"])
def test_own_park_and_no_other(world: World, person: str, request: pytest.FixtureRequest) -> None:
    user = request.getfixturevalue(person)
    for model, row in world.jia.rows().items():
        if model.read_roles is not None and person.removeprefix("park_") not in model.read_roles:
            assert not model.objects.visible_to(user).exists(), model
            # Who may not see persons may count them; a workbook on its way in is nobody's but who writes records
            counted = model.read_roles == PERSON_READERS
            wanted = set(model.objects.in_park(world.jia.park)) if counted else set()
            assert set(model.objects.counted_for(user)) == wanted, model
            continue
        assert model.objects.visible_to(user).filter(pk=row.pk).exists(), model
        foreign = world.yi.rows()[model]
        assert not model.objects.visible_to(user).filter(pk=foreign.pk).exists(), model
        assert not model.objects.writable_by(user).filter(pk=foreign.pk).exists(), model
        assert set(model.objects.visible_to(user)) == set(model.objects.in_park(world.jia.park)), model


def test_stranger_sees_the_other_side_only(world: World, stranger: Any) -> None:
    for model, row in world.yi.rows().items():
        assert model.objects.visible_to(stranger).filter(pk=row.pk).exists()
        assert not model.objects.visible_to(stranger).filter(pk=world.jia.rows()[model].pk).exists()


def test_nobody_sees_nothing(world: World, nobody: Any, officer: Any) -> None:
    officer.is_active = False
    nobody.is_superuser = nobody.is_staff = True
    for model in SCOPED:
        for user in (AnonymousUser(), nobody, officer):
            assert not model.objects.visible_to(user).exists(), (model, user)
            assert not model.objects.writable_by(user).exists(), (model, user)


def test_the_nation_sees_everything(world: World, administrator: Any) -> None:
    for model in SCOPED:
        assert set(model.objects.visible_to(administrator)) == set(model.objects.all()), model


def test_who_writes(world: World, officer: Any, leader: Any, superior: Any, park_administrator: Any) -> None:
    for model, row in world.jia.rows().items():
        writers = {
            name
            for name, user in (
                ("officer", officer),
                ("leader", leader),
                ("superior", superior),
                ("administrator", park_administrator),
            )
            if model.objects.writable_by(user).filter(pk=row.pk).exists()
        }
        by_role = {str(role) for role in model.write_roles}
        assert writers == by_role, model
        # Who reads a park may put its totals on a big screen; every record is for officers and administrators
        if model is not ScreenLink:
            assert "leader" not in writers
            assert "superior" not in writers
    assert not Change.objects.writable_by(park_administrator).exists()


def test_accounts_are_the_administrators(world: World, officer: Any, leader: Any, park_administrator: Any) -> None:
    for user in (officer, leader):
        assert not User.objects.visible_to(user).exists()
        assert not Grant.objects.visible_to(user).exists()
    assert set(User.objects.visible_to(park_administrator)) == {officer, leader, park_administrator}
    assert {one.user for one in Grant.objects.visible_to(park_administrator)} == {officer, leader, park_administrator}


def test_an_administrator_sees_no_account_that_reaches_further(
    world: World, officer: Any, park_administrator: Any, administrator: Any
) -> None:
    assert officer in User.objects.visible_to(park_administrator)
    grant(officer, Role.SUPERIOR, region="15")
    assert officer not in User.objects.visible_to(park_administrator)
    assert officer in User.objects.visible_to(administrator)


def test_roles_do_not_leak_into_each_other(world: World) -> None:
    """Officer in one park and leader in the other: writes in the one, reads both."""
    user = make_user("both")
    grant(user, Role.OFFICER, world.jia.park)
    grant(user, Role.LEADER, world.yi.park)
    assert seen_parks(user) == {"jia", "yi"}
    assert set(Enterprise.objects.writable_by(user)) == set(Enterprise.objects.in_park(world.jia.park))
    assert holds(user, {Role.LEADER})
    assert not holds(user, {Role.ADMINISTRATOR})
    assert not has_nation(user)


@pytest.mark.parametrize(
    ("prefix", "seen"),
    [
        ("15", {"a", "b", "c"}),
        ("1506", {"a", "b"}),
        ("150622", {"a"}),
        ("22", {"d"}),
        ("44", set()),
        ("06", set()),
    ],
)
def test_region_prefixes(prefix: str, seen: set[str]) -> None:
    for slug, region in (("a", "150622"), ("b", "150623"), ("c", "150722"), ("d", "221506")):
        make_park(slug, region=region)
    user = make_user("superior-x")
    grant(user, Role.SUPERIOR, region=prefix)
    assert seen_parks(user) == seen


def test_a_park_that_comes_later_is_within_reach_at_once(superior: Any) -> None:
    assert seen_parks(superior) == {"jia"}
    make_park("hou", region="150699")
    assert seen_parks(superior) == {"jia", "hou"}


def test_public_means_marked_public(world: World) -> None:
    assert set(Enterprise.objects.public()) == set(Enterprise.objects.in_park(world.jia.park))
    assert set(Park.objects.public()) == {world.jia.park}


def test_the_gate_costs_no_query_of_its_own(world: World, officer: Any) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert list(Enterprise.objects.visible_to(officer))
        assert parks_in_reach(officer).count() == 1
    assert len(queries) == 2


def test_as_of_leaves_models_without_a_period_whole(world: World) -> None:
    from metrics.models import Statement
    from tests.factories import day

    assert Statement.objects.as_of(day("1990-01-01")).count() == Statement.objects.count()
    assert Enterprise.objects.as_of(day("1990-01-01")).count() == 0


regions = st.sampled_from(["150622", "150623", "150722", "441506", "440305"])
reaches = st.one_of(
    st.tuples(st.just(Reach.PARK), st.integers(0, 4)),
    st.tuples(st.just(Reach.REGION), st.sampled_from(["15", "1506", "150622", "44", "4403", "4415"])),
    st.tuples(st.just(Reach.NATION), st.none()),
)


@hypothesis_settings(
    max_examples=25, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
@given(codes=st.lists(regions, min_size=5, max_size=5), granted=st.lists(reaches, max_size=3))
def test_any_grants_show_exactly_what_they_say(codes: list[str], granted: list[tuple[Any, Any]]) -> None:
    from django.db import transaction

    with transaction.atomic():
        parks = [
            Park.objects.create(slug=f"h{i}", name=f"h{i}", short_name=f"h{i}", region_code=code, region_name="x")
            for i, code in enumerate(codes)
        ]
        user = User.objects.create(username="h")
        expected = set()
        for number, (reach, where) in enumerate(granted):
            # Roles differ so that the same reach may be granted twice
            role = [Role.LEADER, Role.SUPERIOR, Role.ADMINISTRATOR][number]
            Grant.objects.create(
                user=user,
                role=role,
                reach=reach,
                park=parks[where] if reach == Reach.PARK else None,
                region_prefix=where if reach == Reach.REGION else "",
            )
            for index, park in enumerate(parks):
                if (
                    reach == Reach.NATION
                    or (reach == Reach.PARK and where == index)
                    or (reach == Reach.REGION and park.region_code.startswith(where))
                ):
                    expected.add(park.pk)
        assert set(Park.objects.visible_to(user).values_list("pk", flat=True)) == expected
        transaction.set_rollback(True)


def test_counting_makes_no_row_twice(world: World, officer: Any) -> None:
    """Two grants over one park do not show its rows twice."""
    grant(officer, Role.LEADER, world.jia.park)
    grant(officer, Role.SUPERIOR, region="15")
    make_enterprise(world.jia.park)
    assert Enterprise.objects.visible_to(officer).count() == Enterprise.objects.in_park(world.jia.park).count()
