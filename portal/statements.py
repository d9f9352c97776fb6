"""The only place for how the figures of a case are laid out: in which section, in which order, beside which source."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from metrics.models import Source, Statement

# Section → the categories it gathers, in the order of a case page. A category missing here comes last, by its own name.
SECTIONS: Final = {
    "组织与覆盖": ("覆盖", "组织", "组织设置", "组建", "党员", "书记", "指导员", "结对"),
    "工作机制": ("机制", "制度", "分类管理", "目标", "应急/网格"),
    "听取意见": ("意见征集",),
    "发展与教育党员": ("发展党员", "学习教育"),
    "党员作用与承诺": ("党员作用", "创建", "承诺", "标杆人物"),
    "服务企业": ("服务企业", "企业"),
    "阵地与经费": ("阵地", "经费"),
    "宣传与活动": ("宣传", "活动"),
    "人才与创新": ("人才", "创新", "创新平台"),
    "群团、民生与公益": ("群团", "民生", "新就业群体", "公益"),
    "荣誉": ("荣誉",),
    "经济与生态": ("经济", "环境"),
}
# These are shown in the table of key projects instead.
PROJECT_CATEGORIES: Final = ("项目", "项目产能")
STAGES: Final = ("投产运行", "开工建设", "有序推进")


@dataclass
class Block:
    """The figures of one section that come from one source."""

    title: str
    source: Source
    statements: list[Statement] = field(default_factory=list)

    @property
    def is_small(self) -> bool:
        """Two such blocks stand side by side."""
        return len(self.statements) <= 2

    @property
    def columns(self) -> int:
        """Four or three figures in a line, whichever leaves fewer gaps in the last one."""
        return min((4, 3), key=lambda columns: -len(self.statements) % columns)


@dataclass
class Stage:
    """The projects of one stage: how many there are, and those whose capacity is stated."""

    title: str
    totals: list[Statement] = field(default_factory=list)
    capacities: list[Statement] = field(default_factory=list)

    @property
    def rows(self) -> list[Statement]:
        return [*self.totals, *self.capacities]


def blocks(statements: Iterable[Statement]) -> list[Block]:
    """The figures of a case in readable sections; within one, categories in the section's order, then by number."""
    titles = {category: title for title, categories in SECTIONS.items() for category in categories}
    order = {category: rank for rank, category in enumerate(titles)}
    found: dict[tuple[str, int], Block] = {}
    rows = [row for row in statements if row.category not in PROJECT_CATEGORIES]
    for row in sorted(rows, key=lambda row: order.get(row.category, len(order))):
        title = titles.get(row.category, row.category)
        found.setdefault((title, row.source_id), Block(title, row.source)).statements.append(row)
    return list(found.values())


def stages(statements: Iterable[Statement]) -> list[Stage]:
    """The key projects by stage, in the order of construction finished first."""
    found = {title: Stage(title) for title in STAGES}
    for row in statements:
        if row.category not in PROJECT_CATEGORIES:
            continue
        title = next((stage for stage in STAGES if stage in (row.period_text, row.indicator[: len(stage)])), "其他")
        stage = found.setdefault(title, Stage(title))
        (stage.totals if row.category == "项目" else stage.capacities).append(row)
    return [stage for stage in found.values() if stage.totals or stage.capacities]
