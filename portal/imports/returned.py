"""The only place that hands the officer's own workbook back: wrong cells red and explained, 结果 and 说明 beside."""

from typing import Final

from metrics.excel import plain
from portal.imports import batches
from portal.imports.container import Unreadable
from portal.imports.heads import RESULT
from portal.imports.outcomes import Outcome
from portal.imports.rewriting import rewritten
from portal.models import ImportBatch

WORDS: Final = {"created": "新增", "changed": "修改", "unchanged": "无变化", "rejected": "错误"}
NO_RECORD: Final = "不是记录"
NOT_KEPT: Final = "这一批含有身份证号，工作簿在办结时已删除（太大的没有留底），各行的结果请看页面。"


def workbook(batch: ImportBatch) -> bytes:
    """The workbook as it came, ID numbers sealed, and beside each row what becomes of it. Raises Unreadable where that
    takes too much, or it is no longer there; and NoHead."""
    if not batch.file:
        raise Unreadable(NOT_KEPT)
    _leaf, head = batches.stored(batch)
    outcomes = batches.outcomes_of(batch)
    rows = [
        [
            outcome.row,
            WORDS[outcome.kind],
            plain(told(outcome)),
            [[fault.column, plain(fault.text)] for fault in outcome.faults if fault.column],
        ]
        for outcome in outcomes
    ]
    rows += [[note["row"], NO_RECORD, "", []] for note in batch.notes]
    wanted = {
        "sheet": batch.sheet,
        "head": head.last_row,
        "right": max((int(number) for number in batch.heads), default=1),
        "heads": list(RESULT),
        "rows": rows,
    }
    return rewritten(bytes(batch.file), wanted)


def told(outcome: Outcome) -> str:
    """What became of a row, in a sentence or a few."""
    if outcome.faults:
        return "；".join(fault.sentence for fault in outcome.faults)
    if outcome.diffs and outcome.kind == "changed":
        return "；".join(f"{diff.head}由“{diff.old}”改为“{diff.new}”" for diff in outcome.diffs)
    return ""
