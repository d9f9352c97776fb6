"""The only place that has a foreign workbook written anew, by the child process that may open one."""

import json
import tempfile
from typing import Any, Final

from portal.imports.cells import PYTHON, ask_child
from portal.imports.container import Unreadable

COMMAND: Final = (*PYTHON, "portal.imports.marking")
MEGABYTES: Final = 1024
CPU_SECONDS: Final = 25
TOO_MUCH: Final = "这个工作簿太大，标注不了，请按页面上列出的行和列改。"


def rewritten(data: bytes, wanted: dict[str, Any]) -> bytes:
    """The workbook with what ``wanted`` says written into it (see :mod:`portal.imports.marking`).

    Raises Unreadable where that takes too much.
    """
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as answered:
        given.write(json.dumps(wanted, ensure_ascii=False).encode() + b"\n" + data)
        given.flush()
        given.seek(0)
        ask_child(COMMAND, given, answered, MEGABYTES, CPU_SECONDS)
        answered.seek(0)
        made = answered.read()
    if not made.startswith(b"PK"):
        raise Unreadable(TOO_MUCH)
    return made
