"""The only place that says which enterprises to act on next: why, since when, what to do, and who answers for each."""

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from django.db.models import F, Prefetch, QuerySet

from metrics import spans
from metrics.coverage import ENOUGH_MEMBERS
from metrics.figures import Figures
from metrics.indicators import INDICATORS, LEAD
from metrics.models import Span
from orgs.models import Enterprise, WorkCoverage, WorkKind
from orgs.periods import during
from orgs.scoping import Persons

TEN: Final = 10
# Up to so many parks their own spans are read and sorted; beyond it the index over the whole gap finds ten sooner.
FEW_PARKS: Final = 12
PARK_OFFICE: Final = "园区党群工作部门"
WORK_WORDS: Final = {
    WorkKind.INSTRUCTOR: "指导员",
    WorkKind.LIAISON: "联络员",
    WorkKind.TRADE_UNION: "工会",
    WorkKind.YOUTH_LEAGUE: "共青团",
    WorkKind.WOMENS_FEDERATION: "妇联",
    WorkKind.LEADER_CONTACT: "领导联系",
}
# What is missing → the kind of its state word in templatetags/show
STATES: Final = {"应建未建": "late", "仅有个别党员": "due", "没有党员": "off"}


@dataclass(frozen=True)
class Missing:
    """One enterprise without an organization on the day: how it stands, since when, what to do, who answers for it."""

    enterprise: Any
    full_members: int
    members: int
    since: dt.date | None
    responsible: str
    works: str

    @property
    def status(self) -> str:
        return status_of(self.full_members, self.members)

    @property
    def state(self) -> str:
        return STATES[self.status]

    @property
    def act(self) -> str:
        """What the rules ask for next: an organization of its own, a joint one, somebody to look after it, members."""
        if self.full_members >= ENOUGH_MEMBERS:
            return "单独组建"
        if self.members:
            return "联合组建"
        return "发展党员" if self.works else "派指导员"


def status_of(full_members: int, members: int) -> str:
    """组建状态 of an enterprise in the gap, in the words of :func:`metrics.coverage.formation_status`."""
    if full_members >= ENOUGH_MEMBERS:
        return "应建未建"
    return "仅有个别党员" if members else "没有党员"


def next_ten(figures: Figures, day: dt.date, persons: Persons) -> list[Missing]:
    """Those that ought to have an organization first, then by members; the same off the month summary and live.

    Where the reader may not see persons, the park answers for its enterprises.
    """
    kept = figures.kept(day, [LEAD])
    found = _by_spans(figures, day) if kept else _live(figures, day)
    keys = [key for key, _, _ in found]
    rows = (
        Enterprise.objects.visible_to(figures.user)
        .filter(pk__in=keys)
        .select_related("park")
        .prefetch_related(Prefetch("works", WorkCoverage.objects.as_of(day), to_attr="works_on"))
    )
    enterprises = {row.pk: row for row in rows}
    since = _since(_cuts(keys, day, kept), day)
    return [
        Missing(
            enterprises[key],
            full,
            members,
            since.get(key),
            responsible(enterprises[key]) if persons.at(enterprises[key].park_id) else PARK_OFFICE,
            "、".join(dict.fromkeys(WORK_WORDS[one.kind] for one in enterprises[key].works_on)),
        )
        for key, full, members in found
        if key in enterprises
    ]


def _live(figures: Figures, day: dt.date) -> list[tuple[int, int, int]]:
    gap = INDICATORS[LEAD].part(figures.enterprises, day, "gap")
    order = ("-full_members", "worked", "-members", "pk")
    return list(gap.order_by(*order).values_list("pk", "full_members", "members")[:TEN])


def _by_spans(figures: Figures, day: dt.date) -> list[tuple[int, int, int]]:
    """(enterprise, full members, members) of the first ten, in the order of the index over the gap and no further:
    among a million alike any other order would have to sort them all."""
    rows: QuerySet[Span] = Span.objects.filter(during(day), in_real=True, covered=False)
    order: list[Any] = ["-full_members", "worked", "-members", "since"]
    if not figures.ground.provinces and len(figures.ground.parks) <= FEW_PARKS:
        # Written so that no index is in this order: the index by park has to serve
        rows = rows.filter(figures.on_ground())
        order = [(F("full_members") * -1).asc(), *order[1:], "enterprise"]
    elif (parks := figures.parks_on_ground()) is not None:
        # Written so that no index by park fits: a province read park by park would be sorted whole, for ten
        rows = rows.annotate(lies_in=F("park_id") * 1).filter(lies_in__in=parks)
    return list(rows.order_by(*order).values_list("enterprise", "full_members", "members")[:TEN])


# Since when


def _since(begun: Iterable[spans.Cut], day: dt.date) -> dict[int, dt.date]:
    """Since when each has stood without break as it stands on the day: in actual operation, without an organization,
    and, of those who have enough members for one, with enough members."""
    found: dict[int, dt.date] = {}
    for key, cuts in groupby(begun, key=lambda one: one.enterprise):
        backwards = sorted(cuts, key=lambda one: one.since, reverse=True)
        wanted = _kind(backwards[0].standing)
        for cut in backwards:
            if _kind(cut.standing) != wanted or (key in found and cut.until != found[key]):
                break
            found[key] = cut.since
    return found


def _cuts(keys: Collection[int], day: dt.date, kept: bool) -> Iterable[spans.Cut]:
    """The spans of these enterprises that have begun by the day, grouped by enterprise."""
    if not kept:
        return [one for one in spans.of_enterprises(keys) if one.since <= day]
    names = spans.Standing._fields
    rows = Span.objects.filter(enterprise__in=keys, since__lte=day).order_by("enterprise", "since")
    own = ("enterprise", "park", "industry", "size", "kind", "since", "until")
    found = rows.values_list(*own, *names)
    return [spans.Cut._make((*values[: len(own)], spans.Standing._make(values[len(own) :]))) for values in found]


def _kind(standing: spans.Standing) -> tuple[bool, bool]:
    return standing.in_real and not standing.covered, standing.full_members >= ENOUGH_MEMBERS


def responsible(row: Any) -> str:
    """Who answers for an enterprise: its instructor, else its liaison, else its contact for Party affairs."""
    for kind in (WorkKind.INSTRUCTOR, WorkKind.LIAISON):
        names = [work.holder for work in row.works_on if work.kind == kind and work.holder]
        if names:
            return f"{WORK_WORDS[kind]} {'、'.join(names)}"
    return f"联系人 {row.contact}" if row.contact else ""


def in_words(found: Sequence[Missing], gap: int) -> str:
    """How many of the ten ought to have an organization already."""
    due = sum(one.status == "应建未建" for one in found)
    if not found:
        return ""
    first = f"前{len(found)}家" if gap > len(found) else f"共{len(found)}家"
    return (
        f"{first}中{due}家正式党员已满{ENOUGH_MEMBERS}名，应单独组建。"
        if due
        else f"{first}都还不满{ENOUGH_MEMBERS}名正式党员。"
    )
