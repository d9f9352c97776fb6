"""The only place that compares figures with targets: whether one is reached, and how many enterprises are missing.

A target is reached when the exact rate is at least the target; the printed rate, rounded to one decimal, may already
look like it.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal

from metrics.figures import Figures, Rates
from metrics.indicators import Rate
from metrics.models import Target

Row = tuple[int, str, Decimal, str]


def lacking(rate: Rate, percent: Decimal) -> int:
    """The smallest number of enterprises more in the numerator with which the exact rate is at least ``percent``.

    0 when it is reached, and where there is no denominator to reach it with.
    """
    tenths = int(percent * 10)
    needed = -(-rate.denominator * tenths // 1000)
    return max(0, needed - rate.numerator)


@dataclass(frozen=True)
class Aim:
    """The targets of one indicator on a day: of one park (``percent`` and ``basis``), or of several together."""

    parks: int
    met: int
    lacking: int
    percent: Decimal | None = None
    basis: str = ""

    @property
    def is_met(self) -> bool:
        return self.met == self.parks

    @property
    def text(self) -> str:
        """ "目标95.0%，还差2家", "目标90.0%，已达到", or of several parks "12个园区设了目标，9个达到，合计还差7家"."""
        if self.percent is not None:
            short = f"还差{self.lacking:,}家" if self.lacking else "已达到" if self.met else "无率可比"
            return f"目标{self.percent}%，{short}"
        rest = f"，合计还差{self.lacking:,}家" if self.lacking else ""
        return f"{self.parks:,}个园区设了目标，{self.met:,}个达到{rest}"


def aims(figures: Figures, day: dt.date, codes: Collection[str], whole: Rates) -> dict[str, Aim]:
    """The targets that hold on ``day``, by indicator; ``whole`` are the rates of all of ``figures`` on that day.

    One query where there is no target or a single park is asked about; else the rates of each park besides.
    """
    seen = Target.objects.filter(figures.on_ground()) if figures.kept(day, ()) else figures.rows(Target)
    rows: list[Row] = list(
        seen.as_of(day)
        .filter(indicator__in=sorted(codes))
        .order_by()
        .values_list("park", "indicator", "percent", "basis")
    )
    if not rows:
        return {}
    if figures.park is not None:
        return {code: _of_one(whole[code], percent, basis) for _, code, percent, basis in rows}
    by_park = figures.by("park", day, sorted({code for _, code, _, _ in rows}))
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[1]].append(row)
    return {code: _of_several(several, by_park) for code, several in found.items()}


def _of_one(rate: Rate, percent: Decimal, basis: str) -> Aim:
    missing = lacking(rate, percent)
    return Aim(1, int(not missing and rate.denominator > 0), missing, percent, basis)


def _of_several(rows: list[Row], by_park: Mapping[int, Rates]) -> Aim:
    each = [_of_one(by_park[park][code], percent, "") for park, code, percent, _ in rows if park in by_park]
    return Aim(len(rows), sum(one.met for one in each), sum(one.lacking for one in each))
