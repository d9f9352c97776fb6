"""The only place that opens a foreign workbook: a process of its own, which limits itself before it looks.

Called as ``python -m portal.imports.child <megabytes> <seconds>``: the workbook is standard input (a file), what it
holds goes to standard output, one JSON value a line; the parent reads that in ``cells.py``::

    {"sheet": name, "state": state}
    [row, is_hidden, [[column, kind, value, what is seen or null], …]]      one a row with content
    {"protected": bool, "merged": [[row, column, last row, last column], …]}
    …
    {"end": true}      or at any place      {"refused": sentence}
"""

import contextlib
import gc
import json
import resource
import sys
from zipfile import ZipFile

from portal.imports.container import DAMAGED, MEGABYTE, Unreadable
from portal.imports.parts import Cells, Wire, read_parts

# What the parent is willing to read of the answer, in bytes
LONGEST_ANSWER = 192 * MEGABYTE
EXHAUSTED = "文件太复杂，在规定的时间和内存内读不完，请只把有内容的行复制到新工作簿，保存后再上传。"


def limit(megabytes: int, seconds: int) -> None:
    """Let the system end this process when it takes more; nothing it does can raise these limits again."""
    # Only Linux holds the address space; elsewhere (a developer's machine) the other limits remain
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (megabytes * MEGABYTE, megabytes * MEGABYTE))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (LONGEST_ANSWER, LONGEST_ANSWER))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def answer(value: object) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
    sys.stdout.write("\n")


def begin(name: str, state: str) -> None:
    answer({"sheet": name, "state": state})


def rows(row: int, is_hidden: bool, cells: list[Wire]) -> None:
    answer([row, is_hidden, cells])


def end(cells: Cells) -> None:
    answer({"protected": cells.protected, "merged": cells.merged})


def main() -> None:
    gc.disable()  # it lives a second, and its memory is limited
    limit(int(sys.argv[1]), int(sys.argv[2]))
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")  # type: ignore[union-attr]
    try:
        with ZipFile(sys.stdin.buffer) as archive:
            read_parts(archive, begin, rows, end)
        answer({"end": True})
    except Unreadable as error:
        answer({"refused": error.sentence})
    except MemoryError:
        answer({"refused": EXHAUSTED})
    except Exception:  # whatever a foreign file does to a parser, the officer gets a sentence
        answer({"refused": DAMAGED})


if __name__ == "__main__":
    main()
