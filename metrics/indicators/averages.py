"""The only place for figures that divide the rows of one ledger by the rows of another: averages, not rates."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Final

from metrics.indicators import organizations, ways
from metrics.indicators.declaring import OWNER, REVIEW, START
from metrics.indicators.shape import Composition, Group, Indicator, Share, tenths


@dataclass(frozen=True)
class Average:
    """How many rows of a group of ``composition`` come to one row counted by ``per``, on one day.

    Both counts have a list of their own; ``unit`` is of what stands above the line.
    """

    code: str
    name: str
    basis: str
    purpose: str
    family: str
    composition: Composition
    key: str
    per: Indicator
    source: str
    owner: str = OWNER
    effective_from: dt.date = START
    next_review: dt.date = REVIEW

    is_average: ClassVar[bool] = True  # told apart by pages that list every kind of figure

    @property
    def label(self) -> str:
        return f"{self.name}（{self.basis}）"

    @property
    def group(self) -> Group:
        return self.composition.group(self.key)

    @property
    def unit(self) -> str:
        return self.composition.subject.unit


@dataclass(frozen=True)
class Mean:
    """Two counts on a day, and how many of the first come to one of the second: one decimal, half up."""

    average: Average
    share: Share
    number: int

    @property
    def value(self) -> Decimal | None:
        """``None`` where there is nothing to divide by."""
        return tenths(self.share.count, self.number)

    @property
    def text(self) -> str:
        """ "5.4家", or "—"."""
        return "—" if self.value is None else f"{self.value}{self.average.unit}"


AVERAGES: Final = (
    # R11: rows 6 and 8 of form 27 of the annual report
    Average(
        "joint_units_average",
        "联合支部平均覆盖单位数",
        "实体运营口径",
        "联合党支部覆盖单位一般不超过5个，平均数接近5就该看看哪些支部要拆分。",
        "党组织",
        ways.COMPOSITIONS[0],
        "joint",
        next(one for one in organizations.INDICATORS if one.code == "joint_branches_n"),
        "年报非公有制企业党组织情况表“已建立联合党支部”的企业数与“联合党支部数”",
    ),
)
