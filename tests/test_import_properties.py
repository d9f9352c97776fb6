"""Whatever a sheet holds: what is shown before is what happens, and taken back everything is as it was."""

import datetime as dt
import random
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings, strategies as st

from orgs.models import Enterprise, Park, Role, User
from portal.imports import batches, undo
from portal.imports.outcomes import KINDS
from portal.imports.plans import PLANS
from tests.factories import grant, make_enterprise, make_park, make_uscc, make_user, set_state
from tests.test_imports import book, confirmed, dump

pytestmark = pytest.mark.django_db

PLAIN = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck))
HEADS = (
    "企业名称",
    "统一社会信用代码",
    "企业类型",
    "入驻日期",
    "经营状态",
    "经营状态起始日期",
    "从业人员",
    "规模以上",
    "联系电话",
)
DAYS = ("", "2023-05-01", "2024年7月1日", dt.date(2025, 1, 1), "2025.13", "去年")


def world(rng: random.Random) -> tuple[Park, User]:
    park = make_park(f"p{rng.randint(0, 10**9)}")
    user = make_user(f"u{rng.randint(0, 10**9)}")
    grant(user, Role.OFFICER, park)
    for number in range(4):
        firm = make_enterprise(
            park,
            name=f"{number}号机械有限公司",
            uscc=make_uscc(number) if number % 2 else "",
            settled_on=dt.date(2022, 1, 1),
            state=None,
        )
        if number:
            set_state(firm, "operating", dt.date(2023, 1, 1), staff=10 * number)
    return park, user


def row(rng: random.Random) -> list[Any]:
    number = rng.randint(0, 7)
    return [
        rng.choice([f"{number}号机械有限公司", f"{number}号 机械有限公司", ""])
        if rng.random() < 0.3
        else f"{number}号机械有限公司",
        rng.choice([make_uscc(number), make_uscc(number)[:-1] + "0", "", 3.30102e17]),
        rng.choice(["私营企业", "私营", "国有企业", "", "合伙"]),
        rng.choice(DAYS),
        rng.choice(["", "正常经营", "停产停业", "关门"]),
        rng.choice(DAYS),
        rng.choice(["", 12, "1,200", "许多", -3, "=1+1"]),
        rng.choice(["", "是", "√", "也许"]),
        rng.choice(["", "0477-1", 13800000000, "a" * 40]),
    ]


def as_shown(kinds: dict[str, int], before: Any, after: Any) -> None:
    """The counts say what happened to the ledger."""
    assert len(after[0]) - len(before[0]) == kinds["created"]
    if not (kinds["created"] or kinds["changed"]):
        assert after == before


def tried(seed: int, size: int) -> None:
    rng = random.Random(seed)
    with transaction.atomic():
        park, user = world(rng)
        rows = [row(rng) for _ in range(size)]
        before = dump(park)
        batch = batches.open_batch(PLANS["enterprises"], user, park, "x.xlsx", book(rows, HEADS))
        assert dump(park) == before
        shown = batches.outcomes_of(batch)
        result = confirmed(batch, user, good_only=True)
        assert result.written
        assert [(one.row, one.kind, one.diffs, one.faults) for one in result.outcomes] == [
            (one.row, one.kind, one.diffs, one.faults) for one in shown
        ]
        filled = [one for one in rows if any(str(cell).strip() for cell in one)]
        assert sum(result.counts[kind] for kind in KINDS) == len(filled)
        as_shown(dict(result.counts), before, dump(park))
        assert undo.undo(batch, user) == []
        assert dump(park) == before
        transaction.set_rollback(True)


@settings(PLAIN, max_examples=3, derandomize=True)
@given(seed=st.integers(0, 2**32), size=st.integers(1, 6))
def test_shown_is_done_and_done_is_undone(seed: int, size: int) -> None:
    tried(seed, size)


@pytest.mark.soak
@settings(PLAIN, max_examples=500)
@given(seed=st.integers(0, 2**32), size=st.integers(1, 12))
def test_shown_is_done_and_done_is_undone_five_hundred_times(seed: int, size: int) -> None:
    tried(seed, size)


@settings(PLAIN, max_examples=2, derandomize=True)
@given(seed=st.integers(0, 2**32))
def test_the_order_of_rows_does_not_matter(seed: int) -> None:
    """For rows about different enterprises."""
    dumps = []
    for shuffled in (False, True):
        rng = random.Random(seed)
        with transaction.atomic():
            park, user = world(rng)
            by_name = {one[0]: one for one in (row(rng) for _ in range(6))}
            by_code = {str(one[1]): one for one in by_name.values() if one[1]}
            rows = [one for one in by_name.values() if not one[1] or by_code[str(one[1])] is one]
            if shuffled:
                rows.reverse()
            batch = batches.open_batch(PLANS["enterprises"], user, park, "x.xlsx", book(rows, HEADS))
            confirmed(batch, user, good_only=True)
            dumps.append(without_park(dump(park)))
            transaction.set_rollback(True)
    assert dumps[0] == dumps[1]


def without_park(told: list[Any]) -> list[Any]:
    """Two runs make two parks; what lies in them is compared."""
    names = [field.name for field in Enterprise._meta.concrete_fields if field.name != "id"]
    place = names.index("park")
    return [[one[:place] + one[place + 1 :] for one in told[0]], told[1]]
