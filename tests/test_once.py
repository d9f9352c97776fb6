"""What is described once a day says the same as what is described afresh, and follows every write."""

import datetime as dt
from typing import Any

import pytest
from django.db.models import F

from metrics import coverage
from metrics.indicators import members, organizations, ways
from metrics.reports import two_coverage
from orgs import once
from orgs.models import Coverage, Enterprise, Member, Office, PartyOrganization
from portal.ledgers.enterprises import prepare_enterprises
from portal.ledgers.members import prepare_members
from portal.ledgers.organizations import prepare_coverages, prepare_organizations
from tests.factories import day, grant, put

DESCRIBED = [
    (coverage.on_day, Enterprise),
    (coverage.described, Enterprise),
    (ways.known, Enterprise),
    (two_coverage.annotated, Enterprise),
    (prepare_enterprises, Enterprise),
    (organizations.known, PartyOrganization),
    (prepare_organizations, PartyOrganization),
    (members.known, Member),
    (prepare_members, Member),
    (members.secretaries, Office),
    (prepare_coverages, Coverage),
]
DAYS = (day("2024-01-01"), day("2025-06-30"), day("2026-10-31"))


def told(rows: Any) -> list[dict[str, Any]]:
    return list(rows.order_by("pk").values())


@pytest.mark.soak
@pytest.mark.parametrize(("describe", "model"), DESCRIBED)
def test_as_if_described_afresh(describe: Any, model: Any, world: Any, leader: Any, superior: Any, nobody: Any) -> None:
    park = model.park_path
    first = model.objects.order_by("pk").first()
    sets = [
        model.objects.all(),
        model.objects.visible_to(leader),
        model.objects.visible_to(superior).in_park(world.jia.park),
        model.objects.visible_to(nobody),
        model.objects.filter(**{f"{park}__region_code__startswith": "15"}),
        model.objects.exclude(**{f"{park}__slug": "yi"}).order_by("-pk"),
        model.objects.filter(pk=first.pk),
        model.objects.none(),
        model.objects.annotate(again=F("pk")),
        model.objects.select_related(park),
        model.objects.filter(pk__in=model.objects.visible_to(leader).order_by("pk").values("pk")[:2]),
    ]
    found = 0
    for on in DAYS:
        for rows in sets:
            afresh = told(describe.__wrapped__(rows, on))
            assert told(describe(rows, on)) == afresh, (on, str(rows.query))
            assert describe(rows, on).count() == len(afresh)
            found += len(afresh)
    assert found > 10


@pytest.mark.parametrize(("describe", "model"), DESCRIBED)
def test_the_order_of_the_rows_stays(describe: Any, model: Any, world: Any) -> None:
    keys = [row.pk for row in describe(model.objects.order_by("-pk"), DAYS[-1])]
    assert keys == sorted(keys, reverse=True)
    assert len(keys) > 1


def test_no_answer_is_kept(world: Any) -> None:
    def covered() -> int:
        return coverage.on_day(Enterprise.objects.all(), DAYS[-1]).filter(covered=True).count()

    before = covered()
    world.jia.coverage.until = dt.date(2026, 1, 1)
    put(world.jia.coverage)
    assert covered() == before - 1
    assert list(coverage.on_day(Enterprise.objects.all(), DAYS[-1]))
    world.jia.coverage.until = None
    put(world.jia.coverage)
    assert covered() == before


def test_what_is_kept_is_used(world: Any) -> None:
    """Else the whole module would be idle: the second question of a day describes nothing."""
    asked: list[dt.date] = []

    @once.once_a_day
    def describe(rows: Any, on: dt.date) -> Any:
        asked.append(on)
        return rows.as_of(on)

    for _ in range(3):
        assert describe(Enterprise.objects.in_park(world.jia.park), DAYS[-1]).exists()
    assert asked == [DAYS[-1]]


def test_a_right_that_is_given_or_taken_counts_at_once(world: Any, leader: Any, nobody: Any) -> None:
    """The question for the parks in reach is kept too."""
    assert Enterprise.objects.visible_to(leader).exists()
    leader.grants.get().delete()
    assert not Enterprise.objects.visible_to(leader).exists()
    assert not Enterprise.objects.visible_to(nobody).exists()
    grant(nobody, "leader", park=world.yi.park)
    assert set(Enterprise.objects.visible_to(nobody).values_list("park__slug", flat=True)) == {"yi"}
    nobody.is_active = False
    assert not Enterprise.objects.visible_to(nobody).exists()
