"""The only place that starts a PostgreSQL server: private, thrown away, on a socket, for the length of one command.

`python scripts/with_postgres.py COMMAND…` runs the command with DATABASE_URL set and returns its exit code. Without
PostgreSQL on the machine it says so and returns 0, or 1 when PORTAL_NO_SKIPS=1 forbids that. POSTGRES_OPTIONS are more
options of the server (`-c shared_buffers=1GB`): the benchmark gives it the memory a nation needs.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Nothing in the cluster outlives the command, so nothing has to reach the disk
OPTIONS = "-c listen_addresses= -c fsync=off -c full_page_writes=off -c synchronous_commit=off -c max_connections=80"


def binaries() -> Path | None:
    """The folder with initdb and pg_ctl, the newest of Debian's when they are not on the path."""
    on_path = shutil.which("initdb")
    folders = [Path(on_path).resolve().parent] if on_path else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    return next((path for path in folders if (path / "initdb").exists() and (path / "pg_ctl").exists()), None)


@contextmanager
def cluster(programs: Path) -> Iterator[str]:
    """A running server; yields the DATABASE_URL of its empty database."""
    # PostgreSQL refuses to run as root
    owner = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="portal-pg-", dir="/tmp"))

    def call(program: str, *arguments: str) -> None:
        command = [str(programs / program), *arguments]
        environment = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
        # A file, not a pipe: the server inherits it and would keep a pipe open
        with (folder / "calls.log").open("a") as log:
            done = subprocess.run(  # noqa: S603
                command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                check=False,
                **owner,
            )
        if done.returncode:
            told = "\n".join(path.read_text(errors="replace") for path in sorted(folder.glob("*.log")))
            raise RuntimeError(f"{program} failed:\n{told}")

    try:
        if owner:
            shutil.chown(folder, "postgres", "postgres")
        data, log = folder / "data", folder / "server.log"
        options = f"{OPTIONS} {os.environ.get('POSTGRES_OPTIONS', '')}"
        call(
            "initdb",
            "-D",
            str(data),
            "-U",
            "portal",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        )
        call("pg_ctl", "-D", str(data), "-l", str(log), "-w", "-t", "60", "-o", f"{options} -k {folder}", "start")
        try:
            call("createdb", "-h", str(folder), "-U", "portal", "portal")
            yield f"postgres://portal@/portal?host={folder}"
        finally:
            call("pg_ctl", "-D", str(data), "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main(command: list[str]) -> int:
    programs = binaries()
    if programs is None:
        print("跳过：这台机器没有 PostgreSQL（Debian：apt-get install postgresql），命令没有执行。")
        return 1 if os.environ.get("PORTAL_NO_SKIPS") == "1" else 0
    # A run that is told to end (by `timeout`, by a CI that gives up) still stops its server
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    with cluster(programs) as url:
        return subprocess.run(command, env={**os.environ, "DATABASE_URL": url}, check=False).returncode  # noqa: S603


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
