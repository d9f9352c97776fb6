"""The only place that makes the databases the benchmark runs in, by names of its own, and drops them again.

The command starts itself anew for each of them, in a process that knows no other database: a SQLite file in a
temporary folder, or a PostgreSQL database on the server of DATABASE_URL. Anything else is refused.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import CommandError
from django.db import connection

PREFIX: Final = "portal-benchmark-"
FILE: Final = "benchmark.sqlite3"
DATABASE: Final = "portal_benchmark_"


@contextmanager
def own_database() -> Iterator[dict[str, str]]:
    """A new, empty database of the configured kind; yields the environment of a process that knows no other."""
    passed = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}
    with tempfile.TemporaryDirectory(prefix=PREFIX) as folder:
        passed["PORTAL_VAR"] = folder
        if connection.vendor == "sqlite":
            yield {**passed, "DATABASE_URL": f"sqlite:///{Path(folder, FILE)}"}
            return
        name = f"{DATABASE}{os.getpid()}"
        on_server(f'CREATE DATABASE "{name}"')
        try:
            url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
            # urlsplit drops the empty host of postgres://user@/name
            yield {**passed, "DATABASE_URL": url}
        finally:
            on_server(f'DROP DATABASE "{name}" WITH (FORCE)')


def on_server(sql: str) -> None:
    """One statement that no transaction may hold, said to the server beside the configured database."""
    import psycopg

    asked = connection.get_connection_params()
    wanted = {name: asked[name] for name in ("host", "port", "user", "password") if asked.get(name)}
    try:
        with psycopg.connect(dbname="postgres", autocommit=True, **wanted) as server:
            server.execute(sql)
    except psycopg.Error as error:
        raise CommandError(f"不能在 PostgreSQL 上建立或删除测量用的数据库：{error}") from None


def start_inside(options: Sequence[str]) -> None:
    """Run the command again in a database of its own; CommandError when it does not come through."""
    with own_database() as environment:
        done = subprocess.run(  # noqa: S603 (this very program)
            [sys.executable, str(settings.BASE_DIR / "manage.py"), "benchmark", "--inside", *options],
            env=environment,
            check=False,
        )
    if done.returncode:
        raise CommandError("测量没有完成。")


def refuse_other_databases() -> None:
    """Only a database named and made by :func:`own_database`, and only while it is empty."""
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        path = Path(name).resolve()
        is_ours = path.parent.name.startswith(PREFIX) and path.parent.parent == Path(tempfile.gettempdir()).resolve()
        is_ours = is_ours and path.name == FILE
    else:
        is_ours = name.startswith(DATABASE) and name.removeprefix(DATABASE).isdigit()
    if not is_ours:
        raise CommandError("benchmark 只在自己的临时数据库里运行，不接触其他数据库；请不加 --inside。")
    if connection.introspection.table_names():
        raise CommandError("临时数据库不是空的，未运行。")
