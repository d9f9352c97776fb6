"""The only place that hands the officer's own workbook back: wrong cells red and explained, 结果 and 说明 beside."""

import json
import tempfile
from typing import Final

from metrics.excel import plain
from portal.imports import batches
from portal.imports.cells import PYTHON, ask_child
from portal.imports.container import Unreadable
from portal.imports.heads import RESULT
from portal.imports.outcomes import Outcome
from portal.models import ImportBatch

WORDS: Final = {"created": "新增", "changed": "修改", "unchanged": "无变化", "rejected": "错误"}
NO_RECORD: Final = "不是记录"
COMMAND: Final = (*PYTHON, "portal.imports.marking")
MEGABYTES: Final = 1024
CPU_SECONDS: Final = 25
TOO_MUCH: Final = "这个工作簿太大，标注不了，请按页面上列出的行和列改。"


def workbook(batch: ImportBatch) -> bytes:
    """The workbook as it came, and beside each row what becomes of it. Raises Unreadable where that takes too much."""
    outcomes = batches.outcomes_of(batch)
    first = min((outcome.row for outcome in outcomes), default=2)
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
        "head": max(first - 1, 1),
        "right": max((int(number) for number in batch.heads), default=1),
        "heads": list(RESULT),
        "rows": rows,
    }
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as answered:
        given.write(json.dumps(wanted, ensure_ascii=False).encode() + b"\n" + bytes(batch.file))
        given.flush()
        given.seek(0)
        ask_child(COMMAND, given, answered, MEGABYTES, CPU_SECONDS)
        answered.seek(0)
        made = answered.read()
    if not made.startswith(b"PK"):
        raise Unreadable(TOO_MUCH)
    return made


def told(outcome: Outcome) -> str:
    """What became of a row, in a sentence or a few."""
    if outcome.faults:
        return "；".join(fault.sentence for fault in outcome.faults)
    if outcome.diffs and outcome.kind == "changed":
        return "；".join(f"{diff.head}由“{diff.old}”改为“{diff.new}”" for diff in outcome.diffs)
    return ""
