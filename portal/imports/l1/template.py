"""The only place that makes the workbook L1 to fill in: three rows of heads, ticks to choose, today's records."""

import datetime as dt
from collections.abc import Sequence
from typing import Final

from django.utils import timezone

from orgs.models import (
    BusinessState,
    Coverage,
    Enterprise,
    Office,
    Park,
    Post,
    User,
    WorkCoverage,
)
from orgs.periods import during
from portal.imports.l1.rows import MASS
from portal.imports.l1.sheet import (
    ADDED,
    BACKGROUND,
    ITEMS,
    KIND,
    NUMBER,
    ORGANIZATION_KIND,
    TICK,
    WAY,
    Combined,
    Group,
    Item,
)
from portal.imports.template import Printed, drawn

WIDE: Final = frozenset({"name", "address", "organization"})
ORDER: Final[tuple[Item, ...]] = (Item((NUMBER,)), *ITEMS, *ADDED)


def workbook(plan: Combined, user: User, park: Park, *, with_data: bool = False) -> bytes:
    """The template, blank or with the records of today."""
    columns = [
        Printed(
            item.path,
            hint(plan, item),
            plan.choices(item.name) if item.name else (),
            is_needed=item.name == "name" or item.name in KIND.ticks,
            width=28 if item.name in WIDE else 12 if item.name else 8,
        )
        for item in ORDER
    ]
    frozen = next(number for number, item in enumerate(ORDER, 1) if item.name == "name")
    return drawn(plan.slug, plan.title, columns, records(user, park) if with_data else [], park, frozen=frozen)


def hint(plan: Combined, item: Item) -> str:
    """What a column takes, or why it is left."""
    if item.unused:
        return f"不导入：{item.unused}。"
    group = plan.group(item.name) if item.name else None
    if group is not None:
        return f"{'、'.join(option.head for option in group.options)}里选一个打“√”。"
    choices = plan.choices(item.name) if item.name else []
    needed = "必填。" if item.name in plan.needed else ""
    return needed + (f"可填：{'、'.join(choices)}。" if choices else "")


def records(user: User, park: Park) -> list[list[str]]:
    """What the ledgers hold today, as the cells of the template."""
    day = timezone.localdate()
    rows = Enterprise.objects.visible_to(user).in_park(park).as_of(day).order_by("pk")
    found = []
    for number, firm in enumerate(rows, start=1):
        said = _said(firm, user, day)
        found.append([str(number), *(said.get(item.name, "") if item.name else "" for item in ORDER[1:])])
    return found


def _said(firm: Enterprise, user: User, day: dt.date) -> dict[str, str]:
    """Name of the column → what it holds for an enterprise."""
    said = {
        "name": firm.name,
        "uscc": firm.uscc,
        "address": firm.address,
        "phone": firm.phone,
        "settled_on": str(firm.settled_on),
        **ticked(KIND, firm.kind),
    }
    state = BusinessState.objects.visible_to(user).filter(during(day), enterprise=firm).first()
    if state is not None:
        said |= {
            "state": state.get_state_display(),
            "staff": "" if state.staff is None else str(state.staff),
            "above_scale": {True: "是", False: "否", None: ""}[state.above_scale],
        }
    covering = Coverage.objects.visible_to(user).filter(during(day), enterprise=firm, until=None)
    mine = covering.select_related("organization").order_by("since", "pk").first()
    said["established"] = "是" if mine is not None else "否"
    if mine is not None:
        organization = mine.organization
        said |= {
            "organization": organization.name,
            "founded_on": str(organization.founded_on),
            **ticked(WAY, mine.way),
            **ticked(ORGANIZATION_KIND, organization.kind),
        }
        holding = Office.objects.visible_to(user).filter(organization=organization, post=Post.SECRETARY, until=None)
        office = holding.filter(since__lte=day).select_related("member").order_by("-since", "-pk").first()
        if office is not None:
            said |= {
                "secretary": office.member.name,
                "office_since": str(office.since),
                **ticked(BACKGROUND, office.background),
            }
    going_on: Sequence[str] = list(
        WorkCoverage.objects.visible_to(user).filter(during(day), enterprise=firm).values_list("kind", flat=True)
    )
    return said | {name: "是" for name, kinds in MASS.items() if set(kinds) & set(going_on)}


def ticked(group: Group, stored: str) -> dict[str, str]:
    """The tick for what the ledger holds; none where the sheet has no column for it."""
    return next(({group.tick(one): TICK} for one in group.options if stored in one.same), {})
