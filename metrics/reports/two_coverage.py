"""The only place that declares 园区“两个覆盖”情况统计表: its columns, its blocks, its notes."""

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

from django.db.models import Count, Exists, OuterRef, Q

from metrics.coverage import ENOUGH_MEMBERS, QUALIFIED, on_day, work_relations
from metrics.indicators import ALL, REAL, UNCOVERED
from metrics.reports.sheet import Block, CountColumn, Filled, Line, RateColumn, Report, counted
from orgs.models import BusinessStateKind, EnterpriseSize, Industry, WorkKind
from orgs.once import once_a_day
from orgs.scoping import ScopedQuerySet

UNFILLED: Final = "未填"

COLUMNS: Final = (
    CountColumn(
        1, ("非公\n企业\n总数",), ALL, "截至日在园区、未注销的非公有制企业。", drill=("org_coverage_all", "denominator")
    ),
    CountColumn(
        2,
        ("其中\n剔除",),
        ALL & ~REAL,
        "第1列中筹建、停产停业、空壳、迁出、吊销和经营状态未填的。",
    ),
    CountColumn(
        3,
        ("实体\n运营",),
        REAL,
        "第1列中正常经营的，即第1列减第2列。",
        drill=("org_coverage_real", "denominator"),
    ),
    CountColumn(
        4,
        ("组织覆盖", "已建\n小计"),
        REAL & Q(covered=True),
        "第3列中已建立党组织的：有计入的组建方式，党组织在册且为党委、综合党委、党总支、党支部或联合党支部。",
        drill=("org_coverage_real", "numerator"),
    ),
    CountColumn(
        5,
        ("组织覆盖", "其中", "单独\n组建"),
        REAL & Q(solo=True),
        "第4列中以单独组建、同步改组方式建立的。",
        drill=("solo_rate_real", "numerator"),
    ),
    CountColumn(
        6,
        ("组织覆盖", "其中", "联合\n等方式"),
        REAL & Q(covered=True, solo=False),
        "第4列中的其余企业。",
    ),
    CountColumn(
        7,
        ("应建情况", "符合\n条件"),
        QUALIFIED,
        f"第3列中正式党员{ENOUGH_MEMBERS}名以上的，以及已建立党组织的。",
        drill=("should_built_rate", "denominator"),
    ),
    CountColumn(
        8,
        ("应建情况", "应建\n未建"),
        QUALIFIED & Q(covered=False),
        "第7列中没有建立党组织的，即第7列减第4列。",
        drill=("should_built_rate", "gap"),
    ),
    CountColumn(
        9,
        ("未建组织企业", "小计"),
        UNCOVERED,
        "第3列中没有建立党组织的，即第3列减第4列。",
        drill=("org_coverage_real", "gap"),
    ),
    CountColumn(
        10,
        ("未建组织企业", "有工作覆盖", "小计"),
        UNCOVERED & Q(worked=True),
        "第9列中派有指导员、联络员，或建有工会、共青团组织的；园区另有设定的，妇联、领导联系也计入。",
        drill=("work_coverage_strict", "numerator"),
    ),
    CountColumn(
        11,
        ("未建组织企业", "有工作覆盖", "指导员\n联络员"),
        UNCOVERED & Q(assigned=True),
        "第10列中派有党建工作指导员或联络员的。",
    ),
    CountColumn(12, ("未建组织企业", "有工作覆盖", "工会"), UNCOVERED & Q(union=True), "第10列中建有工会的。"),
    CountColumn(13, ("未建组织企业", "有工作覆盖", "共青\n团"), UNCOVERED & Q(league=True), "第10列中建有共青团的。"),
    CountColumn(
        14,
        ("未建组织企业", "无\n覆盖"),
        UNCOVERED & Q(worked=False),
        "第9列中组织覆盖、工作覆盖都没有的，即第9列减第10列。",
        drill=("two_coverage", "gap"),
    ),
    RateColumn(15, ("覆盖率（%）", "组织\n覆盖率"), (4,), 3, "org_coverage_real"),
    RateColumn(16, ("覆盖率（%）", "单独\n组建率"), (5,), 3, "solo_rate_real"),
    RateColumn(17, ("覆盖率（%）", "应建\n已建率"), (4,), 7, "should_built_rate"),
    RateColumn(18, ("覆盖率（%）", "工作覆盖率", "未建\n企业"), (10,), 9, "work_coverage_strict"),
    RateColumn(19, ("覆盖率（%）", "工作覆盖率", "含\n已建"), (4, 10), 3, "work_coverage_broad"),
    RateColumn(20, ("覆盖率（%）", "“两个\n覆盖”率"), (4, 10), 3, "two_coverage"),
)
COUNTS: Final = [column for column in COLUMNS if isinstance(column, CountColumn)]

NOTES: Final = (
    "平衡关系：1＝2＋3，3＝4＋9，4＝5＋6，7＝4＋8，9＝10＋14。合计等于各园区之和，也等于各行业之和。",
    "第11～13列按企业计，一家企业可同时在几列中，相加可以大于第10列。一家企业有几种组建方式的，只在第4列计一次，有单独组建的计入第5列。",
    "分母为0的比率记“—”。国有、集体企业和事业单位、社会组织不在本表内。",
)


@once_a_day
def annotated(enterprises: ScopedQuerySet, day: dt.date) -> ScopedQuerySet:
    """The enterprises present on ``day`` with the annotations of coverage, and who reaches them apart by kind."""
    working = work_relations(day).filter(enterprise=OuterRef("pk"))
    present: ScopedQuerySet = on_day(enterprises, day).annotate(
        assigned=Exists(working.filter(kind__in=[WorkKind.INSTRUCTOR, WorkKind.LIAISON])),
        union=Exists(working.filter(kind=WorkKind.TRADE_UNION)),
        league=Exists(working.filter(kind=WorkKind.YOUTH_LEAGUE)),
    )
    return present


def fill(enterprises: ScopedQuerySet, day: dt.date) -> Filled:
    """By park (when there are several) and by industry, else by industry and by size; one query for all counts."""
    present = annotated(enterprises, day)
    found = counted(present, COUNTS, ("park", "industry", "size"))
    parks = list(
        enterprises.order_by("park__region_code", "park__order_key", "park_id")
        .values_list("park", "park__name")
        .distinct()
    )
    industries = block("分行业", "industry", Industry.choices, found["industry"])
    if len(parks) > 1:
        blocks = [block("分园区", "park", parks, found["park"]), industries]
    else:
        blocks = [industries, block("分规模", "size", EnterpriseSize.choices, found["size"])]
    total = {column.number: sum(counts[column.number] for counts in found["park"].values()) for column in COUNTS}
    return Filled(day, Line(None, "合计", total, COLUMNS), blocks, (reasons(present), *NOTES))


def reasons(present: ScopedQuerySet) -> str:
    """Why enterprises are left out in column 2, most frequent first."""
    left_out = present.filter(ALL & ~REAL).order_by().values("state_on").annotate(n=Count("pk"))
    counts = {row["state_on"]: row["n"] for row in left_out}
    if not counts:
        return "第2列没有剔除的企业。"
    words = [
        f"{'经营状态未填' if state is None else BusinessStateKind(state).label}{count}家"
        for state, count in sorted(counts.items(), key=lambda one: -one[1])
    ]
    return f"第2列剔除{sum(counts.values())}家：{'，'.join(words)}。"


def block(title: str, field: str, names: Sequence[tuple[Any, Any]], found: dict[Any, dict[int, int]]) -> Block:
    """The rows of one field in the order of ``names``, 未填 last, rows without enterprises left out."""
    order = [*names, ("", UNFILLED)]
    lines = [
        Line(value, str(name), found[value], COLUMNS) for value, name in order if value in found and found[value][1]
    ]
    return Block(title, field, lines)


TWO_COVERAGE: Final = Report(
    slug="two-coverage",
    title="园区“两个覆盖”情况统计表",
    number="两覆01表",
    basis="按台账逐日计算，口径见“口径与帮助”；实体运营指经营状态为正常经营。",
    stub="单位",
    columns=COLUMNS,
    annotated=annotated,
    fill=fill,
    notes=NOTES,
)
