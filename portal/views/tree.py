"""The only place for the page that draws the tree of Party organizations as it was on a day."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from metrics.structure import Node, tree_on
from orgs.models import PartyOrganization
from portal.asking import asked
from portal.listing import kept, subnav


@dataclass(frozen=True)
class Line:
    """One organization of the drawn tree, ``depth`` steps below its root."""

    node: Node
    depth: int


def lines_of(nodes: list[Node], depth: int = 0) -> Iterator[Line]:
    for node in nodes:
        yield Line(node, depth)
        yield from lines_of(node.children, depth + 1)


@require_GET
def tree(request: HttpRequest) -> HttpResponse:
    """Every organization in being on the day under its superior of that day, with the subtotals below it."""
    about = asked(request)
    organizations = about.within(PartyOrganization.objects.visible_to(about.user))
    lines = list(lines_of(tree_on(about.user, about.day, organizations)))
    context = {
        "about": about,
        "lines": lines,
        "several_parks": about.park is None,
        "subnav": subnav("organizations", kept(about, request.GET), about),
    }
    return render(request, "portal/tree.html", context)
