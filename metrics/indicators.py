"""The only place where a rate is defined: numerator, denominator, wording, source, owner and next review.

Tile, list, workbook, print and public page all ask here. An indicator is two conditions over the annotations of
:func:`metrics.coverage.on_day`; counts, names and groups are the same two conditions, so they can not disagree.
"""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from django.db.models import Count, Q

from metrics.coverage import QUALIFIED, on_day, why_not_operating
from orgs.models import Enterprise
from orgs.scoping import ScopedQuerySet

PARTS: Final = {
    "numerator": "分子",
    "denominator": "分母",
    "gap": "缺口",
    "excluded": "剔除",
    "covered-uncounted": "已覆盖但不计入",
}


@dataclass(frozen=True)
class Indicator:
    """One rate. ``denominator`` selects enterprises; ``numerator`` narrows it, so it always lies inside."""

    code: str
    name: str
    basis: str  # 口径, as printed in brackets behind the rate
    denominator: Q
    narrows: Q
    denominator_text: str
    numerator_text: str
    source: str
    owner: str
    next_review: dt.date
    headline: bool = False
    gap_name: str = "缺口"

    @property
    def numerator(self) -> Q:
        return self.denominator & self.narrows

    @property
    def uncounted(self) -> Q | None:
        """已覆盖但不计入: covered, yet not an enterprise in operation (for 全部企业口径: not registered any more).

        ``None`` where only uncovered enterprises are counted. What a narrower denominator leaves out besides (规模以下,
        “三有”不全) is in the excluded list with its reason.
        """
        if self.denominator is UNCOVERED:
            return None
        return COVERED & ~(ALL if self.denominator is ALL else REAL)

    @property
    def label(self) -> str:
        """Name with its basis: 组织覆盖率（实体运营口径）."""
        return f"{self.name}（{self.basis}）"

    def part(self, enterprises: ScopedQuerySet, day: dt.date, part: str) -> ScopedQuerySet:
        """The enterprises behind one part of the figure; ``part`` is a key of PARTS."""
        present = on_day(enterprises, day)
        match part:
            case "numerator":
                return present.filter(self.numerator)
            case "denominator":
                return present.filter(self.denominator)
            case "gap":
                return present.filter(self.denominator).exclude(self.narrows)
            case "excluded":
                return present.exclude(self.denominator)
            case "covered-uncounted":
                return present.filter(self.uncounted) if self.uncounted is not None else present.none()
        raise KeyError(part)

    def why_excluded(self, enterprise: Enterprise) -> str:
        """Why an enterprise (annotated by ``on_day``) is outside the denominator; "" when it is inside."""
        row: Any = enterprise
        outside = why_not_operating(row)
        if self.denominator is ALL:
            return "" if row.in_all else outside or "注销"
        if outside or self.denominator is REAL:
            return outside
        if self.denominator is THREE_HAVES:
            return "" if row.in_three_haves else "“三有”不全或未填"
        if self.denominator is SCALE:
            return "" if row.in_scale else "规模以下或未填"
        if self.denominator is WITH_MEMBERS:
            return "" if row.members else "没有党员"
        if self.denominator is UNCOVERED:
            return "已建立党组织" if row.covered else ""
        if row.covered or row.full_members >= 3:
            return ""
        return "仅有个别党员" if row.members else "没有党员"


@dataclass(frozen=True)
class Rate:
    """Two counts of enterprises on a day; the rate in per cent is theirs alone, one decimal, half up."""

    indicator: Indicator
    day: dt.date
    numerator: int
    denominator: int
    excluded: int = 0
    covered_uncounted: int = 0

    @property
    def gap(self) -> int:
        return self.denominator - self.numerator

    @property
    def percent(self) -> Decimal | None:
        """Per cent with one decimal; ``None`` for an empty denominator, which is neither 0 % nor 100 %."""
        return percent(self.numerator, self.denominator)

    @property
    def short(self) -> str:
        """ "90.0%", or "—"."""
        return "—" if self.percent is None else f"{self.percent}%"

    @property
    def text(self) -> str:
        """ "90.0%（27/30，实体运营口径，截至2026-10-31）"."""
        return f"{self.short}（{self.numerator}/{self.denominator}，{self.indicator.basis}，截至{self.day}）"


def percent(numerator: int, denominator: int) -> Decimal | None:
    if not denominator:
        return None
    return (Decimal(100 * numerator) / denominator).quantize(Decimal("0.1"), ROUND_HALF_UP)


ALL: Final = Q(in_all=True)
REAL: Final = Q(in_real=True)
THREE_HAVES: Final = Q(in_three_haves=True)
SCALE: Final = Q(in_scale=True)
WITH_MEMBERS: Final = Q(in_real=True, members__gte=1)
UNCOVERED: Final = Q(in_real=True, covered=False)
COVERED: Final = Q(covered=True)

_REVIEW: Final = dt.date(2027, 7, 1)
_OWNER: Final = "园区党群工作部门"
_BUILT: Final = "已单独、联合等方式建立党组织，且党组织在册、组建方式计入的企业"
_REAL_TEXT: Final = "截至日在园区、经营状态为正常经营的非公有制企业"

INDICATORS: Final[Mapping[str, Indicator]] = {
    indicator.code: indicator
    for indicator in (
        Indicator(
            code="org_coverage_real",
            name="组织覆盖率",
            basis="实体运营口径",
            denominator=REAL,
            narrows=COVERED,
            denominator_text=_REAL_TEXT,
            numerator_text=f"其中{_BUILT}",
            source="地方“两个覆盖”考核通行定义：已建立党组织的企业数与实体运营的非公有制企业总数之比",
            owner=_OWNER,
            next_review=_REVIEW,
            headline=True,
            gap_name="无组织覆盖",
        ),
        Indicator(
            code="solo_rate_real",
            name="单独组建率",
            basis="实体运营口径",
            denominator=REAL,
            narrows=Q(solo=True),
            denominator_text=_REAL_TEXT,
            numerator_text="其中以单独组建或同步改组方式建立党组织的企业",
            source="地方“两个覆盖”考核通行定义：单独建立党组织的企业数与实体运营的非公有制企业总数之比",
            owner=_OWNER,
            next_review=_REVIEW,
            headline=True,
            gap_name="未单独组建",
        ),
        Indicator(
            code="should_built_rate",
            name="应建已建率",
            basis="符合条件口径",
            denominator=QUALIFIED,
            narrows=COVERED,
            denominator_text="正常经营的非公有制企业中，正式党员3名以上的，以及已经建立党组织的",
            numerator_text=f"其中{_BUILT}",
            source="《中国共产党章程》第三十条；《中国共产党支部工作条例（试行）》第四条",
            owner=_OWNER,
            next_review=_REVIEW,
            headline=True,
            gap_name="应建未建",
        ),
        Indicator(
            code="work_coverage_broad",
            name="工作覆盖率",
            basis="含已建组织企业",
            denominator=REAL,
            narrows=Q(covered=True) | Q(worked=True),
            denominator_text=_REAL_TEXT,
            numerator_text="其中已建立党组织，或派有党建工作指导员、联络员，或建有工会、共青团组织的企业",
            source="党的工作全覆盖的通行途径：建立党组织、选派指导员（联络员）、加强群团组织建设",
            owner=_OWNER,
            next_review=_REVIEW,
            headline=True,
            gap_name="无覆盖",
        ),
        Indicator(
            code="two_coverage",
            name="“两个覆盖”率",
            basis="实体运营口径",
            denominator=REAL,
            narrows=Q(covered=True) | Q(worked=True),
            denominator_text=_REAL_TEXT,
            numerator_text="其中组织覆盖、工作覆盖至少有一项的企业",
            source="“两个覆盖”即党的组织覆盖和党的工作覆盖",
            owner=_OWNER,
            next_review=_REVIEW,
            headline=True,
            gap_name="无覆盖",
        ),
        Indicator(
            code="org_coverage_all",
            name="组织覆盖率",
            basis="全部企业口径",
            denominator=ALL,
            narrows=COVERED,
            denominator_text="截至日在园区、未注销的非公有制企业",
            numerator_text=f"其中{_BUILT}",
            source="全国历年公报的占比算法，以企业总数为分母",
            owner=_OWNER,
            next_review=_REVIEW,
            gap_name="无组织覆盖",
        ),
        Indicator(
            code="org_coverage_sanyou",
            name="组织覆盖率",
            basis="“三有”企业口径",
            denominator=THREE_HAVES,
            narrows=COVERED,
            denominator_text="正常经营且有固定经营场所、职工达到本园区下限（一般10名）、有生产经营活动的非公有制企业",
            numerator_text=f"其中{_BUILT}",
            source="地方文件中“三有”企业的定义；职工数下限由园区设定",
            owner=_OWNER,
            next_review=_REVIEW,
            gap_name="无组织覆盖",
        ),
        Indicator(
            code="formation_rate_member",
            name="组建率",
            basis="有党员企业口径",
            denominator=WITH_MEMBERS,
            narrows=COVERED,
            denominator_text="正常经营的非公有制企业中，有正式党员或预备党员在职的",
            numerator_text=f"其中{_BUILT}",
            source="“有党员的企业全部建立党组织”的考核口径",
            owner=_OWNER,
            next_review=_REVIEW,
            gap_name="有党员未建",
        ),
        Indicator(
            code="formation_rate_scale",
            name="规上企业组建率",
            basis="规模以上口径",
            denominator=SCALE,
            narrows=COVERED,
            denominator_text="正常经营的规模以上非公有制企业",
            numerator_text=f"其中{_BUILT}",
            source="“规模以上非公企业建立党组织”的公报口径",
            owner=_OWNER,
            next_review=_REVIEW,
            gap_name="规上未建",
        ),
        Indicator(
            code="work_coverage_strict",
            name="工作覆盖率",
            basis="未建组织企业",
            denominator=UNCOVERED,
            narrows=Q(worked=True),
            denominator_text="正常经营而未建立党组织的非公有制企业",
            numerator_text="其中派有党建工作指导员、联络员，或建有工会、共青团组织的企业",
            source="工作覆盖只对未建立党组织的企业而言的口径",
            owner=_OWNER,
            next_review=_REVIEW,
            gap_name="无覆盖",
        ),
        Indicator(
            code="instructor_rate",
            name="指导员覆盖率",
            basis="未建组织企业",
            denominator=UNCOVERED,
            narrows=Q(instructed=True),
            denominator_text="正常经营而未建立党组织的非公有制企业",
            numerator_text="其中已派党建工作指导员的企业",
            source="年报“已派党建工作指导员的”一行",
            owner=_OWNER,
            next_review=_REVIEW,
            gap_name="未派指导员",
        ),
    )
}

HEADLINES: Final = tuple(code for code, indicator in INDICATORS.items() if indicator.headline)
LEAD: Final = "org_coverage_real"

EVERYTHING: Final = 2**31 - 1
GROUPS: Final = 20


def rates(enterprises: ScopedQuerySet, day: dt.date, codes: Collection[str] | None = None) -> dict[str, Rate]:
    """Every indicator (or those of ``codes``) over one queryset on ``day``, in one query."""
    chosen = [INDICATORS[code] for code in (INDICATORS if codes is None else codes)]
    counts = {name: Count("pk", filter=condition) for name, condition in _conditions(chosen).items()}
    counted = _flat(enterprises, day).aggregate(**counts)
    return {indicator.code: _rate(indicator, day, counted) for indicator in chosen}


def rates_by(
    enterprises: ScopedQuerySet, day: dt.date, field: str, codes: Collection[str] | None = None
) -> dict[Any, dict[str, Rate]]:
    """The same, apart for every value of ``field`` of the enterprise (``park``, ``industry``, ``size``).

    One query finds the values, one more counts up to GROUPS of them.
    """
    chosen = [INDICATORS[code] for code in (INDICATORS if codes is None else codes)]
    values = list(enterprises.as_of(day).order_by(field).values_list(field, flat=True).distinct())
    found: dict[Any, dict[str, Rate]] = {}
    for start in range(0, len(values), GROUPS):
        several = values[start : start + GROUPS]
        wanted = {
            f"g{number}_{name}": Count("pk", filter=_is(field, value) & condition)
            for number, value in enumerate(several)
            for name, condition in _conditions(chosen).items()
        }
        counted = _flat(enterprises, day).aggregate(**wanted)
        for number, value in enumerate(several):
            row = {name: counted[f"g{number}_{name}"] for name in _conditions(chosen)}
            found[value] = {one.code: _rate(one, day, row) for one in chosen}
    return found


def trend(enterprises: ScopedQuerySet, days: Collection[dt.date], codes: Collection[str]) -> list[dict[str, Rate]]:
    """The same for several days, one query a day, in the order given."""
    return [rates(enterprises, day, codes) for day in days]


def month_ends(day: dt.date, count: int) -> list[dt.date]:
    """The last ``count`` month ends up to ``day``, oldest first; ``day`` itself when it is a month end."""
    ends: list[dt.date] = []
    first = (day + dt.timedelta(days=1)).replace(day=1)
    while len(ends) < count:
        end = first - dt.timedelta(days=1)
        ends.append(end)
        first = end.replace(day=1)
    return ends[::-1]


def _flat(enterprises: ScopedQuerySet, day: dt.date) -> Any:
    """The annotated enterprises as one subquery that the database works out once.

    Without the limit SQLite folds the subquery into the query around it and asks every EXISTS again for every count:
    eleven indicators over 5,000 enterprises took 497 instead of 110 ms.
    """
    return on_day(enterprises, day).order_by()[:EVERYTHING]


def _is(field: str, value: Any) -> Q:
    return Q(**{f"{field}__isnull": True}) if value is None else Q(**{field: value})


def _conditions(indicators: Collection[Indicator]) -> dict[str, Q]:
    """What is counted, by name: everybody present, and three conditions for each indicator."""
    conditions: dict[str, Q] = {"n_present": Q(pk__isnull=False)}
    for indicator in indicators:
        conditions[f"n_{indicator.code}"] = indicator.numerator
        conditions[f"d_{indicator.code}"] = indicator.denominator
        if indicator.uncounted is not None:
            conditions[f"u_{indicator.code}"] = indicator.uncounted
    return conditions


def _rate(indicator: Indicator, day: dt.date, counted: Mapping[str, Any]) -> Rate:
    denominator = counted[f"d_{indicator.code}"]
    return Rate(
        indicator=indicator,
        day=day,
        numerator=counted[f"n_{indicator.code}"],
        denominator=denominator,
        excluded=counted["n_present"] - denominator,
        covered_uncounted=counted.get(f"u_{indicator.code}", 0),
    )
