"""The only place that takes the first version of the portal out of the history and holds our page against its own.

It runs in a process of its own and reads the same database: today's tables have every column that it asks for.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Final, cast

from django.conf import settings
from django.core.management import CommandError

from portal.benchmark.measure import ANY_DAY, FIRST_PAGE, Bar, Reader, Subject

GROUP: Final = "First version"
COMMIT: Final = "96a8085ddb7accd6bc309977d053f377d4947f5e"  # the last commit of the first version
NAME: Final = f"first version ({COMMIT[:7]})"
ASKED: Final = Path(__file__).with_name("first_version_asked.py")
RUNS: Final = 40
RECORD: Final = re.compile(rb'href="/ledgers/enterprises/([0-9]+)/')
TOTAL: Final = re.compile("共([0-9]+)家".encode())


def is_there() -> bool:
    """Whether this copy of the project has its history: one without git, or cut short, has not."""
    return bool(shutil.which("git")) and not git("cat-file", "-e", f"{COMMIT}^{{commit}}").returncode


def git(*words: str, check: bool = False) -> subprocess.CompletedProcess[bytes]:
    command = [_program("git"), *words]
    return subprocess.run(command, cwd=settings.BASE_DIR, capture_output=True, check=check)  # noqa: S603


def _program(name: str) -> str:
    found = shutil.which(name)
    if not found:
        raise CommandError(f"这台机器上没有 {name}，不能与第一版比。")
    return found


def subjects(one: Reader) -> Iterator[Subject]:
    """The first page of the ledger, ours and that of the first version: the same data and the same address."""
    with _answering(one) as theirs:
        yield Subject(
            GROUP,
            f"{FIRST_PAGE}, one request after the other",
            one.name,
            partial(_read, one.page("ledger", "enterprises")),
            {NAME: partial(_read, theirs)},
            bar=Bar(share=3, of=NAME),
            runs=RUNS,
            rival_runs=RUNS,
            around=True,
        )


def _read(page: Callable[[], bytes]) -> tuple[int, int]:
    """How many enterprises the list has, and how many of them stand on the page."""
    body = page()
    total = TOTAL.search(body)
    return int(total[1]) if total else 0, len(set(RECORD.findall(body)))


@contextmanager
def _answering(one: Reader) -> Iterator[Callable[[], bytes]]:
    """The first version, begun; yields what fetches the page from it."""
    address = f"/ledgers/enterprises/?day={ANY_DAY}" + (f"&park={one.park.slug}" if one.park else "")
    with tempfile.TemporaryDirectory(prefix="portal-first-version-") as folder:
        tree = git("archive", COMMIT, check=True).stdout
        subprocess.run([_program("tar"), "-x", "-C", folder], input=tree, check=True)  # noqa: S603
        Path(folder, ASKED.name).write_bytes(ASKED.read_bytes())
        command = [sys.executable, ASKED.name, one.user.username]
        with subprocess.Popen(  # noqa: S603
            command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            stdin, stdout = cast(IO[bytes], process.stdin), cast(IO[bytes], process.stdout)

            def fetch() -> bytes:
                stdin.write(f"{address}\n".encode())
                stdin.flush()
                length = stdout.readline()
                if not length:
                    raise CommandError("第一版没有回答，不能测量。")
                return stdout.read(int(length))

            try:
                yield fetch
            finally:
                stdin.close()
