"""The only place for the small park whose rates are worked out by hand: 36 enterprises, of which 30 count."""

import datetime as dt
from typing import Any

from orgs.models import Park
from tests.factories import (
    World,
    cover,
    grant,
    make_enterprise,
    make_organization,
    make_park,
    make_user,
    make_world,
    staff_with_members,
    work,
)

DAY = dt.date(2026, 10, 31)
MONTH_BEFORE = dt.date(2026, 9, 30)


def make_thirty_six(park: Park) -> None:
    """单独 12, 联合 15, of three without an organization two have three full members; 停产 3, 空壳 2, 筹建 1.

    The last of the twelve branches was founded on 2026-10-10, so a month earlier one enterprise less was covered.
    """
    joint = make_organization(park, f"{park.short_name}联合党支部", kind="joint_branch")
    for number in range(12):
        founded = dt.date(2026, 10, 10) if number == 11 else dt.date(2024, 3, 1)
        enterprise = make_enterprise(park, f"{park.short_name}单独{number + 1:02}", industry="C", size="medium")
        cover(make_organization(park, f"{park.short_name}第{number + 1}党支部", founded_on=founded), enterprise)
    for number in range(15):
        enterprise = make_enterprise(park, f"{park.short_name}联合{number + 1:02}", industry="I", size="small")
        cover(joint, enterprise, "joint")
    first, second, third = (
        make_enterprise(park, f"{park.short_name}未建{number}", industry=industry, size="small", contact="王联系")
        for number, industry in enumerate("CIG", 1)
    )
    staff_with_members(first, 3)
    staff_with_members(second, 4)
    work(first, "instructor", holder="李指导")
    work(third, "trade_union", holder="工会")
    for state, count in (("suspended", 3), ("shell", 2), ("preparing", 1)):
        for number in range(count):
            make_enterprise(park, f"{park.short_name}{state}{number + 1}", state=state, industry="C")


def leader_of_thirty_six() -> Any:
    """The leader of 小园, which has the thirty-six and nothing else."""
    park = make_park("small", name="小园区", short_name="小园")
    make_thirty_six(park)
    user = make_user("small-leader", home_park=park, display_name="小园领导")
    grant(user, "leader", park=park)
    return user


def world_of_thirty_six() -> World:
    """The world with the thirty-six in 甲园, beside the one of everything that it has."""
    world = make_world()
    make_thirty_six(world.jia.park)
    return world
