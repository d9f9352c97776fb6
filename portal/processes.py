"""The only place that starts a process of its own for long work, and knows whether it lives and how far it has come.

A file holds the last word about the work, and the process holds a lock on it as long as it lives, however it ends: a
word without a lock was left by a process that was killed.
"""

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from django.conf import settings

REFRESH: Final = 3  # seconds after which the page of running work asks again
SIZE: Final = 800  # bytes of a word, so that each covers the last


class Busy(Exception):
    """A process is at this work already."""

    def __init__(self) -> None:
        super().__init__("这一批正在处理，请等它做完。")


@contextmanager
def taken(path: Path) -> Iterator[int]:
    """The file with its lock, made if need be, as a descriptor. Raises Busy."""
    # Not opened for appending: then every word would be written behind the first
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy from None
        yield descriptor
    finally:
        os.close(descriptor)


def start(command: str, arguments: list[str], descriptor: int, path: Path) -> None:
    """Start ``manage.py command`` with the descriptor as last argument. The lock goes over to it with the open file,
    so there is no moment without it."""
    with open(path.with_suffix(".log"), "wb") as log:
        subprocess.Popen(  # noqa: S603 (our own program)
            [sys.executable, "manage.py", command, *arguments, str(descriptor)],
            cwd=settings.BASE_DIR,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(descriptor,),
            start_new_session=True,
        )


def look(path: Path) -> tuple[dict[str, Any] | None, bool]:
    """The last word, and whether a process is at work."""
    if not path.exists():
        return None, False
    with open(path, "rb") as file:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_SH | fcntl.LOCK_NB)
            is_running = False
        except BlockingIOError:
            is_running = True
        return said(file.fileno()), is_running


def say(descriptor: int, word: Mapping[str, Any]) -> None:
    os.pwrite(descriptor, json.dumps(word, ensure_ascii=False).encode().ljust(SIZE), 0)


def said(descriptor: int) -> dict[str, Any] | None:
    told = os.pread(descriptor, SIZE, 0).strip()
    word: dict[str, Any] | None = json.loads(told) if told else None
    return word
