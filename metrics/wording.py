"""The only place that puts a stated figure into words: “50多件”, “90%以上”, “约1,700万元”, never recomputed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from metrics.models import Statement

# Printed forms a reader wants instead of the digits behind them: 60万, 1.2万, 40亿; 半年; 二等奖.
PRINTED = re.compile(r"[\d.,]+[万亿]|半年|[一二三]等奖")
# “十余”, “多” and the like follow a round number; for 5 or 51 or 1.2万 Chinese says “超”.
ROUND = Decimal(10)
TEN_THOUSAND = Decimal(10_000)


@dataclass(frozen=True)
class Worded:
    """``before`` + ``figure`` + ``after`` is what the source says; ``remarks`` are the words that qualify it."""

    before: str
    figure: str
    after: str
    remarks: tuple[str, ...]

    @property
    def text(self) -> str:
        return f"{self.before}{self.figure}{self.after}"

    @property
    def is_phrase(self) -> bool:
        """True when the figure is words rather than digits, so that a page can set it smaller."""
        return not any(character.isdigit() for character in self.figure)


def plain(value: Decimal | None, separator: str = "") -> str:
    """83.4000 → “83.4”, 90.0000 → “90”, none → “”."""
    if value is None:
        return ""
    text = f"{value:{separator}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def digits(value: Decimal, unit: str = "") -> str:
    """12000 → “12,000”, 83.4000 → “83.4”, 1000000 → “100万”; a year stands without separators."""
    if unit == "年" and value >= 1000:
        return f"{value:.0f}"
    if value >= 100 * TEN_THOUSAND and value % TEN_THOUSAND == 0:
        return f"{value / TEN_THOUSAND:,.0f}万"
    return plain(value, ",")


def figure_of(statement: Statement) -> str:
    if statement.value is None or PRINTED.fullmatch(statement.wording):
        return statement.wording
    low = digits(statement.value, statement.unit)
    if statement.value_high is None:
        return low
    return f"{low}～{digits(statement.value_high, statement.unit)}"


def worded(statement: Statement) -> Worded:
    """Put one statement into words, keeping its comparator, unit and direction."""
    figure = figure_of(statement)
    # “半年” and “二等奖” carry their unit already, and 2013-12 is a year and a month as it stands.
    unit = "" if statement.unit == "年月" or statement.unit in figure else statement.unit
    name, slash, per = unit.partition("/")
    before = "增至" if statement.change == "rose_to" else ""
    after = unit
    if statement.comparator == "approx":
        before += "约"
    elif statement.comparator == "gte":
        after = f"{name}以上{slash}{per}"
    elif statement.comparator == "lte":
        after = f"{name}以内{slash}{per}"
    elif statement.comparator == "gt" and statement.value is not None:
        if figure[-1].isdigit() and statement.value >= ROUND and statement.value % ROUND == 0:
            after = f"多{unit}"
        else:
            before += "超"
    return Worded(before, figure, after, tuple(remarks_of(statement, figure)))


def remarks_of(statement: Statement, figure: str) -> list[str]:
    remarks = []
    if statement.wording and statement.wording not in figure and statement.wording not in statement.indicator:
        remarks.append(f"原文作“{statement.wording}”")
    if statement.basis != "stated" and statement.period_text not in ("预测", "目标"):
        remarks.append(statement.get_basis_display())
    if statement.change and statement.change != "rose_to":
        remarks.append(statement.get_change_display())
    if statement.note:
        remarks.append(statement.note)
    return remarks
