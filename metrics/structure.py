"""The only place that draws the tree of Party organizations as it was on a day, with its subtotals."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field

from django.db.models import Q

from metrics.coverage import counting_coverages
from orgs.models import Affiliation, AffiliationKind, Enterprise, Member, PartyOrganization, Subordination, User
from orgs.periods import during
from orgs.scoping import ScopedQuerySet


@dataclass
class Node:
    """An organization in being, those below it, and what the whole branch of the tree holds.

    ``enterprises`` and ``members`` are sets of primary keys, so that an enterprise covered twice and a member known to
    two organizations still count once in every subtotal.
    """

    organization: PartyOrganization
    children: list["Node"] = field(default_factory=list)
    enterprises: set[int] = field(default_factory=set)
    members: set[int] = field(default_factory=set)
    below: int = 0


def tree_on(user: User, day: dt.date, organizations: ScopedQuerySet | None = None) -> list[Node]:
    """The roots of the tree on ``day``: organizations whose superior is unknown, dissolved or outside the user's sight.

    Covered enterprises are those of N_real (组织覆盖率, 实体运营口径); members are full and probationary ones by formal
    affiliation. Four queries, whatever the size.
    """
    seen = PartyOrganization.objects.visible_to(user) if organizations is None else organizations
    nodes = {one.pk: Node(one) for one in seen.as_of(day).select_related("park")}
    superior_of = dict(
        Subordination.objects.visible_to(user)
        .filter(during(day), organization__in=list(nodes))
        .values_list("organization_id", "superior_id")
    )
    covering = counting_coverages(day).filter(enterprise__in=Enterprise.objects.visible_to(user))
    for organization_id, enterprise_id in covering.values_list("organization_id", "enterprise_id"):
        if organization_id in nodes:
            nodes[organization_id].enterprises.add(enterprise_id)
    members: Q = Member.full_q(day, "member__") | Member.probationary_q(day, "member__")
    affiliated = Affiliation.objects.counted_for(user).filter(during(day), members, kind=AffiliationKind.FORMAL)
    for organization_id, member_id in affiliated.values_list("organization_id", "member_id"):
        if organization_id in nodes:
            nodes[organization_id].members.add(member_id)
    return _linked(nodes, superior_of)


def _linked(nodes: dict[int, Node], superior_of: dict[int, int]) -> list[Node]:
    children: dict[int, list[int]] = defaultdict(list)
    roots = []
    for pk in nodes:
        superior = superior_of.get(pk)
        if superior in nodes:
            children[superior].append(pk)
        else:
            roots.append(pk)

    reached: set[int] = set()

    def gather(pk: int) -> Node:
        node = nodes[pk]
        reached.add(pk)
        for child in children[pk]:
            below = gather(child)
            node.children.append(below)
            node.enterprises |= below.enterprises
            node.members |= below.members
            node.below += 1 + below.below
        return node

    tree = [gather(pk) for pk in roots]
    # The forms refuse loops; should one exist all the same, its organizations are shown rather than lost.
    tree += [nodes[pk] for pk in nodes if pk not in reached]
    return tree
