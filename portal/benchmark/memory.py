"""The only place that weighs work: the memory of the process that does it and of those it starts, at their most.

Each time in a process of its own, which has read nothing before. Memory that several share counts once, a part for each
(proportional set size); only Linux tells it. The server of PostgreSQL is not weighed.
"""

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import Any, Final

from django.conf import settings
from django.core.management import CommandError

from portal.benchmark.measure import Timing

EVERY: Final = 0.02  # seconds
PSS: Final = re.compile(r"^Pss:\s+(\d+) kB", re.M)


def weighed(*words: str) -> tuple[str, float]:
    """What ``python -m …`` with these words says, and the most memory it took, in megabytes (MiB)."""
    if not Path("/proc/self/smaps_rollup").exists():
        raise CommandError("只有 Linux 能量出内存：请在 Linux 上运行，或用 --only 选别的组。")
    most = 0.0
    command = [sys.executable, "-m", *words]
    with subprocess.Popen(command, cwd=settings.BASE_DIR, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        while process.poll() is None:
            most = max(most, sum(map(_share, _family(process.pid))) / 1024)
            time.sleep(EVERY)
        said = process.communicate()[0].strip()
    if process.returncode:
        raise CommandError(f"{' '.join(words)} 没有完成，不能测量内存。")
    return said, most


def weigh(do: Callable[[], tuple[Any, float]], runs: int, *, is_rival: bool = False) -> tuple[Any, Timing]:
    """The answer of work done by :func:`weighed`, and its megabytes where else a Timing has milliseconds. Nothing
    warms up: every process is new."""
    done = [do() for _ in range(max(runs, 1))]
    found = [megabytes for _, megabytes in done]
    return done[0][0], Timing(median(found), min(found), max(found), len(found))


def _family(pid: int) -> Iterator[int]:
    yield pid
    with suppress(OSError):  # it has just ended
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            yield from _family(int(child))


def _share(pid: int) -> int:
    """Kibibytes; none of a process that has just ended."""
    with suppress(OSError):
        found = PSS.search(Path(f"/proc/{pid}/smaps_rollup").read_text())
        return int(found[1]) if found else 0
    return 0
