"""Errors sown into a sheet of enterprises are found at their cells; odd ways of writing are not taken for errors."""

import datetime as dt
import random
from collections.abc import Callable
from typing import Any, Final

import pytest

from orgs.models import Role
from portal.imports import batches
from portal.imports.plans import PLANS
from tests.factories import grant, make_enterprise, make_park, make_uscc, make_user
from tests.test_imports import book

pytestmark = pytest.mark.django_db

HEADS: Final = (
    "企业名称",
    "统一社会信用代码",
    "企业类型",
    "行业门类",
    "企业规模",
    "入驻日期",
    "迁出日期",
    "联系电话",
    "经营状态",
    "经营状态起始日期",
    "从业人员",
    "规模以上",
)
NAME, CODE, KIND, INDUSTRY, SIZE, SETTLED, LEFT, PHONE, STATE, SINCE, STAFF, SCALE = range(12)
Row = list[Any]


def good(number: int) -> Row:
    return [
        f"第{number}号机械制造有限公司",
        make_uscc(number),
        "私营企业",
        "制造业",
        "小型",
        "2024-03-01",
        "",
        f"0477-{number:07d}",
        "正常经营",
        "",
        30,
        "否",
    ]


def put(column: int, value: Any) -> Callable[[Row], int]:
    def sow(row: Row) -> int:
        row[column] = value
        return column

    return sow


def code(change: Callable[[str], Any]) -> Callable[[Row], int]:
    def sow(row: Row) -> int:
        row[CODE] = change(row[CODE])
        return CODE

    return sow


def wrong_digit(text: str) -> str:
    return text[:-1] + ("0" if text[-1] != "0" else "1")


def out_of_business(row: Row) -> int:
    """Numbers without the state they are about: the state is what is missing."""
    row[STATE] = ""
    return STATE


# Twenty kinds of error, each puts itself into a row and says at which column it has to be found
KINDS: Final[dict[str, Callable[[Row], int]]] = {
    "check digit": code(wrong_digit),
    "code too short": code(lambda text: text[:-1]),
    "letter that codes do not have": code(lambda text: text[:10] + "I" + text[11:]),
    "code as a number": code(lambda text: 9.11506220000001e17),
    "code of the next row": code(lambda text: "of the next row"),
    "no name": put(NAME, ""),
    "unknown kind": put(KIND, "合伙"),
    "no kind": put(KIND, ""),
    "unknown industry": put(INDUSTRY, "制作业"),
    "unknown size": put(SIZE, "特大"),
    "day that is none": put(SETTLED, "2025-02-30"),
    "month only": put(SETTLED, "2025年3月"),
    "no day": put(SETTLED, ""),
    "left before it came": put(LEFT, "2024-02-01"),
    "telephone too long": put(PHONE, "0477-1234567、0477-7654321、13800000000"),
    "error of Excel": put(PHONE, "#REF!"),
    "unknown state": put(STATE, "开着"),
    "numbers without a state": out_of_business,
    "state before it came": put(SINCE, "2023-01-01"),
    "words for a number": put(STAFF, "三十来个"),
}

# Ways of writing that are right
ODD: Final[tuple[tuple[int, Any], ...]] = (
    (CODE, "lower"),
    (CODE, "wide"),
    (KIND, " 私营企业 "),
    (SETTLED, dt.date(2024, 3, 1)),
    (SETTLED, "2024年3月1日"),
    (SETTLED, "２０２４．３．１"),
    (SETTLED, 20240301),
    (STAFF, "1,200"),
    (STAFF, "３０人"),
    (SCALE, "√"),
    (SCALE, "×"),
    (NAME, "ＡＢＣ　机械（内蒙古）有限公司"),
    (PHONE, 13800000000),
)


def tried(size: int, times: int) -> tuple[int, int, int]:
    """(errors sown, found at their cells, cells and rows taken for wrong that are not) in a sheet of so many rows."""
    rng = random.Random(size)
    park, user = make_park("seeded"), make_user("seeded")
    grant(user, Role.OFFICER, park)
    make_enterprise(park, name="台账里原有的公司", uscc=make_uscc(size + 5))
    rows = [good(number) for number in range(size)]
    places = rng.sample(range(0, size - 1, 2), len(KINDS) * times)
    sown: set[tuple[int, int]] = set()
    for place, kind in zip(places, [*KINDS] * times, strict=True):
        column = KINDS[kind](rows[place])
        if kind == "code of the next row":
            rows[place][CODE] = rows[place + 1][CODE]
            place += 1
        sown.add((place + 2, column + 1))
    for place in rng.sample(sorted(set(range(size)) - {row - 2 for row, _ in sown} - set(places)), size // 20):
        column, value = rng.choice(ODD)
        if value == "lower":
            value = rows[place][CODE].lower()
        elif value == "wide":
            value = "".join(chr(ord(sign) + 0xFEE0) for sign in rows[place][CODE])
        elif column == NAME:
            value = f"{value}{place}"
        rows[place][column] = value
    batch = batches.open_batch(PLANS["enterprises"], user, park, "x.xlsx", book(rows, HEADS))
    found = {(one.row, fault.column) for one in batches.outcomes_of(batch) for fault in one.faults}
    return len(sown), len(sown & found), len(found - sown)


def test_errors_are_found_at_their_cells() -> None:
    sown, found, alarms = tried(600, 2)
    assert (sown, found, alarms) == (40, 40, 0)


@pytest.mark.soak
def test_errors_are_found_at_their_cells_among_ten_thousand_rows() -> None:
    sown, found, alarms = tried(10_000, 10)
    print(f"\n{sown} errors sown into 10,000 rows: {found} found at their cells, {alarms} false alarms")
    assert sown == 200
    assert found >= 0.95 * sown
    assert alarms <= 0.02 * sown
