"""The tree of organizations on a day: who stands under whom, and what every branch of it holds."""

import datetime as dt
from typing import Any

import pytest

from metrics.structure import Node, tree_on
from orgs.models import OrganizationKind, PartyOrganization, Subordination
from tests.factories import affiliate, cover, day, make_enterprise, make_member, make_organization, subordinate

pytestmark = pytest.mark.django_db


def outline(nodes: list[Node]) -> dict[str, Any]:
    return {node.organization.name: outline(node.children) for node in nodes}


@pytest.fixture
def moved(world: Any) -> dict[str, Any]:
    """Worked case 26: a branch moves from one superior to another on 2025-03-01."""
    park = world.jia.park
    for one in Subordination.objects.all():
        one.delete()
    x = make_organization(park, "X", kind=OrganizationKind.PARTY_COMMITTEE)
    y = make_organization(park, "Y", kind=OrganizationKind.GENERAL_BRANCH)
    branch = make_organization(park, "B")
    subordinate(branch, x, dt.date(2024, 1, 1), dt.date(2025, 3, 1))
    subordinate(branch, y, dt.date(2025, 3, 1))
    enterprise = make_enterprise(park, "甲河新企业")
    cover(branch, enterprise)
    affiliate(make_member(park, "甲河成员"), branch)
    return {"x": x, "y": y, "branch": branch}


def test_the_tree_is_drawn_as_it_was(moved: dict[str, Any], leader: Any) -> None:
    only = PartyOrganization.objects.filter(pk__in=[one.pk for one in moved.values()])
    assert outline(tree_on(leader, day("2025-02-28"), only)) == {"X": {"B": {}}, "Y": {}}
    assert outline(tree_on(leader, day("2025-03-01"), only)) == {"X": {}, "Y": {"B": {}}}


def test_subtotals_follow_the_superior(moved: dict[str, Any], leader: Any) -> None:
    def totals(on: str) -> dict[str, tuple[int, int, int]]:
        nodes = {node.organization.name: node for node in tree_on(leader, day(on))}
        return {
            name: (len(nodes[name].enterprises), len(nodes[name].members), nodes[name].below) for name in ("X", "Y")
        }

    assert totals("2025-02-28") == {"X": (1, 1, 1), "Y": (0, 0, 0)}
    assert totals("2025-03-01") == {"X": (0, 0, 0), "Y": (1, 1, 1)}


def test_an_enterprise_covered_twice_counts_once(world: Any, leader: Any) -> None:
    park = world.jia.park
    top = make_organization(park, "总", kind=OrganizationKind.PARTY_COMMITTEE)
    enterprise = make_enterprise(park)
    for name in ("一", "二"):
        branch = make_organization(park, name)
        subordinate(branch, top)
        cover(branch, enterprise)
    (node,) = [node for node in tree_on(leader, day("2026-01-01")) if node.organization == top]
    assert (len(node.enterprises), node.below) == (1, 2)


def test_a_dissolved_superior_leaves_its_organizations_as_roots(world: Any, leader: Any) -> None:
    park = world.jia.park
    top = make_organization(park, "撤", dissolved_on=dt.date(2025, 1, 1))
    branch = make_organization(park, "留")
    subordinate(branch, top)
    assert "留" in outline(tree_on(leader, day("2025-01-01")))
    assert "撤" not in outline(tree_on(leader, day("2025-01-01")))


def test_nobody_sees_another_parks_tree(world: Any, stranger: Any, nobody: Any) -> None:
    assert all("甲河" not in name for name in outline(tree_on(stranger, day("2026-01-01"))))
    assert tree_on(nobody, day("2026-01-01")) == []


def test_a_loop_is_refused_on_whatever_day_it_would_close(world: Any) -> None:
    from django.core.exceptions import ValidationError

    park = world.jia.park
    a, b = make_organization(park, "甲"), make_organization(park, "乙")
    subordinate(a, b, dt.date(2025, 1, 1))
    with pytest.raises(ValidationError, match="循环"):
        subordinate(b, a, dt.date(2024, 6, 1))
    assert subordinate(b, a, dt.date(2024, 6, 1), dt.date(2025, 1, 1)).pk


def test_four_queries_whatever_the_size(world: Any, leader: Any, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(4):
        tree_on(leader, day("2026-01-01"))
