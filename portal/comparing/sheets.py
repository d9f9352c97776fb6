"""The only place that makes workbooks of a comparison: the three lists, and the new ones for the import wizard."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import timezone

from metrics.excel import Header, Table, table_workbook, tables_workbook
from orgs.models import User
from portal.comparing.findings import CHANGED, Findings, Item, shown
from portal.comparing.outside import GONE, NEW, OUTSIDE
from portal.models import Comparison


def registrable(found: Findings) -> list[Item]:
    """The new ones that the import wizard can register: of whose code the ledger knows nothing."""
    return [one for one in found.new if one.pk is None]


def sheet_of_new(comparison: Comparison, items: Sequence[Item], user: User, given: Mapping[str, str]) -> bytes:
    """A workbook for the import wizard: what the list says of each; ``given`` stands where it says nothing."""
    says = {name for item in items for name in item.values}
    names = [name for name in OUTSIDE.names if name in says or given.get(name)]
    rows = [
        [shown(name, value) if (value := item.values.get(name) or given.get(name, "")) else "" for name in names]
        for item in items
    ]
    return table_workbook(
        Table(
            title=f"{comparison.source}新增企业",
            lines=(),
            headers=[Header(OUTSIDE.head(name), width=20) for name in names],
            rows=rows,
            facts=facts_of(comparison, user),
        )
    )


def facts_of(comparison: Comparison, user: User) -> list[tuple[str, Any]]:
    """Where the figures of a workbook come from."""
    return [
        ("名单", comparison.source),
        ("名单日期", comparison.day),
        ("文件", comparison.file_name),
        ("工作表", comparison.sheet),
        ("园区", comparison.park.name),
        ("上传", f"{comparison.made_by}，{timezone.localtime(comparison.made_at):%Y-%m-%d %H:%M}"),
        ("与台账比对的日期", timezone.localdate()),
        ("导出人", str(user)),
        ("导出时间", timezone.localtime()),
    ]


def export(comparison: Comparison, found: Findings, user: User) -> bytes:
    """The three lists and what could not be told apart, a sheet each, and where they come from."""
    beside = ("address", "phone")
    heads = [Header(OUTSIDE.head(name), width=30) for name in beside]
    name, code = Header("企业名称", width=34), Header("统一社会信用代码", width=22)
    row = Header("行", "number", 8)

    def table(title: str, headers: Sequence[Header], rows: Sequence[Sequence[Any]]) -> Table:
        line = (
            f"{comparison.source}（{comparison.day}），{comparison.park.name}，{timezone.localdate()}与台账比对，{user}"
        )
        return Table(f"{title}{len(rows)}行", (line,), headers, rows)

    return tables_workbook(
        [
            (
                "新增",
                table(
                    "新增：名单上有、台账今天没有，",
                    [row, name, code, *heads, Header("说明", width=30)],
                    [
                        (one.row, one.name, one.uscc, *(one.values.get(field, "") for field in beside), one.away)
                        for one in found.of(NEW)
                    ],
                ),
            ),
            (
                "消失",
                table(
                    "消失：台账今天有、名单上没有，",
                    [name, code, *heads],
                    [(one.name, one.uscc, *(one.values.get(field, "") for field in beside)) for one in found.of(GONE)],
                ),
            ),
            (
                "改名或变更",
                table(
                    "改名或变更：写法不同的每一项，",
                    [row, name, code, Header("项目", width=18), Header("台账", width=30), Header("名单", width=30)],
                    [
                        (one.row, one.name, one.uscc, diff.head, diff.old, diff.new)
                        for one in found.of(CHANGED)
                        for diff in one.diffs
                    ],
                ),
            ),
            (
                "读不了",
                table(
                    "读不了或分不清，",
                    [row, name, Header("原因", width=60)],
                    [(one.row, one.name, one.why) for one in found.unclear],
                ),
            ),
        ],
        facts_of(comparison, user),
    )
