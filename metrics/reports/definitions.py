"""The only place that says in words how each column of a report is counted, and what a park has settled for itself."""

from collections.abc import Sequence

from metrics.indicators import INDICATORS
from metrics.reports.sheet import Column, CountColumn, Report
from orgs.models import Park


def label_of(column: Column) -> str:
    """The heads above a column in one line: 组织覆盖·其中·单独组建."""
    return "·".join(head.replace("\n", "") for head in column.heads)


def definitions(report: Report, parks: Sequence[Park]) -> list[tuple[str, str, str]]:
    """(item, name, wording and source): a row for every column, then one for every park."""
    rows: list[tuple[str, str, str]] = []
    for column in report.columns:
        if isinstance(column, CountColumn):
            rows.append((f"第{column.number}列", label_of(column), column.meaning))
        else:
            one = INDICATORS[column.indicator]
            text = f"{column.meaning}。分子：{one.numerator_text}。分母：{one.denominator_text}。来源：{one.source}。"
            rows.append((f"第{column.number}列", label_of(column), text))
    return rows + [("园区设定", str(park.name), settings_of(park)) for park in parks]


def settings_of(park: Park) -> str:
    """The counting choices of a park, in words."""
    ways = [
        f"{name}{'计入' if counted else '不计入'}"
        for name, counted in (
            ("挂靠", park.count_attached),
            ("派入", park.count_dispatched),
            ("网格建立", park.count_grid),
        )
    ]
    wide = "计入" if park.wide_work else "不计入"
    members = "只数组织关系已转入的" if park.transferred_only else "数在企业就业的，不论组织关系在哪里"
    return f"组织覆盖：{'、'.join(ways)}。工作覆盖：妇联、领导联系{wide}。正式党员：{members}。"


def unit_of(park: Park) -> str:
    """填报单位: who fills in the form for one park."""
    return str(park.working_committee or park.name)
