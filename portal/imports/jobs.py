"""The only place that works on a batch in a process of its own, and knows how far it has come.

A form takes some twenty milliseconds, so a sheet with thousands of rows that need one outlasts a request. The process
holds a lock on the batch's file as long as it lives, however it ends; what it writes is one transaction, so a process
that was killed has written nothing.
"""

import contextlib
import fcntl
import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Literal

from django.conf import settings

from orgs.models import User
from portal.imports import batches, undo
from portal.imports.batches import Settled
from portal.imports.outcomes import Progress
from portal.models import ImportBatch

Kind = Literal["check", "confirm", "undo"]
WORDS: Final[dict[str, str]] = {"check": "核对", "confirm": "写入", "undo": "撤销"}
# Longer than this is left to a process of its own: rows that need a form, rows written in one go, entries taken back
FORMS_AT_ONCE: Final = 300
ROWS_AT_ONCE: Final = 5_000
ENTRIES_AT_ONCE: Final = 600
REFRESH: Final = 3  # seconds after which the page of a running job asks again
EVERY: Final = 50  # rows between two words about how far it is
SIZE: Final = 400  # bytes of a word, so that each covers the last


class Busy(Exception):
    """A process is at work on this batch already."""

    def __init__(self) -> None:
        super().__init__("这一批正在处理，请等它做完。")


@dataclass(frozen=True)
class Job:
    """What is being done to a batch, or was when its process ended before its time (``problem`` says so)."""

    kind: Kind
    done: int = 0
    total: int = 0
    digest: str = ""
    good_only: bool = False
    problem: str = ""

    @property
    def word(self) -> str:
        return WORDS[self.kind]


def file_of(pk: int) -> Path:
    folder: Path = settings.VAR_DIR / "imports"
    folder.mkdir(exist_ok=True)
    return folder / f"{pk}.job"


def begin(batch: ImportBatch, user: User, kind: Kind, *, digest: str = "", good_only: bool = False) -> None:
    """Start a process for the batch. Raises Busy."""
    with open(file_of(batch.pk), "a+b") as file:
        _lock(file.fileno())
        _write(file.fileno(), Job(kind, 0, len(batch.rows), digest, good_only))
        start_process([str(batch.pk), str(user.pk), str(file.fileno())], file.fileno(), file_of(batch.pk))


def start_process(arguments: list[str], descriptor: int, path: Path) -> None:
    """The lock goes over to the process with the open file, so there is no moment without it."""
    with open(path.with_suffix(".log"), "wb") as log:
        subprocess.Popen(  # noqa: S603 (our own program)
            [sys.executable, "manage.py", "import_batch", *arguments],
            cwd=settings.BASE_DIR,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(descriptor,),
            start_new_session=True,
        )


def look(pk: int) -> Job | None:
    """What a process is doing to the batch, or why the last one ended; ``None`` when there is nothing to say."""
    path = file_of(pk)
    if not path.exists():
        return None
    with open(path, "rb") as file:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_SH | fcntl.LOCK_NB)
            is_running = False
        except BlockingIOError:
            is_running = True
        job = _read(file.fileno())
    if job is None or is_running or job.problem:
        return job
    # It has left its last word behind without its lock: it was killed
    return Job(job.kind, job.done, job.total, problem=f"上次{job.word}中途断了，没有写入任何内容，请重新{job.word}。")


def is_running(pk: int) -> bool:
    job = look(pk)
    return job is not None and not job.problem


def forget(pk: int) -> None:
    """What the last process had to say has been read, or no longer matters."""
    with contextlib.suppress(Busy), open(file_of(pk), "a+b") as file:
        _lock(file.fileno())
        file.truncate(0)


def work(batch: ImportBatch, user: User, descriptor: int) -> None:
    """What the process does: its job stands in the file whose lock it has been given."""
    job = _read(descriptor)
    if job is None:
        raise ValueError("no job in the file")

    def tell(done: int, total: int) -> None:
        if done % EVERY == 0 or done == total:
            _write(descriptor, Job(job.kind, done, total, job.digest, job.good_only))

    try:
        do(batch, user, job, tell)
    except Settled as late:
        _write(descriptor, Job(job.kind, problem=str(late)))
    except Exception:
        _write(descriptor, Job(job.kind, problem=f"{job.word}时出了意外，没有写入任何内容，请告诉系统管理员。"))
        raise
    else:
        os.ftruncate(descriptor, 0)


def do(batch: ImportBatch, user: User, job: Job, tell: Progress) -> None:
    plan = batches.plan_for(batch)
    if job.kind == "check":
        batches.recheck(batch, plan, user, tell=tell)
    elif job.kind == "undo":
        undo.undo(batch, user, tell=tell)
    else:
        batches.confirm(batch, plan, user, job.digest, good_only=job.good_only, tell=tell)


def _lock(descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Busy from None


def _write(descriptor: int, job: Job) -> None:
    os.pwrite(descriptor, json.dumps(asdict(job), ensure_ascii=False).encode().ljust(SIZE), 0)


def _read(descriptor: int) -> Job | None:
    told = os.pread(descriptor, SIZE, 0).strip()
    return Job(**json.loads(told)) if told else None
