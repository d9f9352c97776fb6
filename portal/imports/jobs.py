"""The only place that works on a batch in a process of its own.

A form takes some twenty milliseconds, so a sheet with thousands of rows that need one outlasts a request. What the
process writes is one transaction, so one that was killed has written nothing.
"""

import contextlib
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final, Literal

from django.conf import settings
from django.db import OperationalError

from orgs.models import User
from portal import processes
from portal.imports import batches, undo
from portal.imports.batches import Settled
from portal.imports.outcomes import Progress
from portal.models import ImportBatch
from portal.processes import Busy
from portal.trying_again import is_about_waiting

Kind = Literal["check", "confirm", "undo"]
WORDS: Final[dict[str, str]] = {"check": "核对", "confirm": "写入", "undo": "撤销"}
# Longer than this is left to a process of its own: rows that need a form, rows written in one go, entries taken back
FORMS_AT_ONCE: Final = 300
ROWS_AT_ONCE: Final = 5_000
ENTRIES_AT_ONCE: Final = 600
TRIES: Final = 5  # on SQLite each waits a minute for the others
BROKEN: Final = "{word}时出了意外，没有写入任何内容，请告诉系统管理员。"
BUSY: Final = "系统一直很忙，没有写入任何内容，请过几分钟重新{word}。"
EVERY: Final = 50  # rows between two words about how far it is


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
    path = file_of(batch.pk)
    with processes.taken(path) as descriptor:
        processes.say(descriptor, asdict(Job(kind, 0, len(batch.rows), digest, good_only)))
        processes.start("import_batch", [str(batch.pk), str(user.pk)], descriptor, path)


def look(pk: int) -> Job | None:
    """What a process is doing to the batch, or why the last one ended; ``None`` when there is nothing to say."""
    word, is_running = processes.look(file_of(pk))
    job = Job(**word) if word else None
    if job is None or is_running or job.problem:
        return job
    # It has left its last word behind without its lock: it was killed
    return Job(job.kind, job.done, job.total, problem=f"上次{job.word}中途断了，没有写入任何内容，请重新{job.word}。")


def is_running(pk: int) -> bool:
    job = look(pk)
    return job is not None and not job.problem


def forget(pk: int) -> None:
    """What the last process had to say has been read, or no longer matters."""
    with contextlib.suppress(Busy), processes.taken(file_of(pk)) as descriptor:
        os.ftruncate(descriptor, 0)


def work(batch: ImportBatch, user: User, descriptor: int) -> None:
    """What the process does: its job stands in the file whose lock it has been given."""
    word = processes.said(descriptor)
    if word is None:
        raise ValueError("no job in the file")
    job = Job(**word)

    def tell(done: int, total: int) -> None:
        if done % EVERY == 0 or done == total:
            processes.say(descriptor, asdict(replace(job, done=done, total=total)))

    try:
        patiently(lambda: do(batch, user, job, tell))
    except Settled as late:
        processes.say(descriptor, asdict(Job(job.kind, problem=str(late))))
    except Exception as error:
        problem = BUSY if is_about_waiting(error) else BROKEN
        processes.say(descriptor, asdict(Job(job.kind, problem=problem.format(word=job.word))))
        raise
    else:
        os.ftruncate(descriptor, 0)


def patiently(work: Callable[[], None]) -> None:
    """Do it once more where the database kept us waiting for another writer until it gave up: nothing was written, and
    nobody waits for an answer here."""
    for _ in range(TRIES - 1):
        try:
            return work()
        except OperationalError as error:
            if not is_about_waiting(error):
                raise
    return work()


def do(batch: ImportBatch, user: User, job: Job, tell: Progress) -> None:
    plan = batches.plan_for(batch)
    if job.kind == "check":
        batches.recheck(batch, plan, user, tell=tell)
    elif job.kind == "undo":
        undo.undo(batch, user, tell=tell)
    else:
        batches.confirm(batch, plan, user, job.digest, good_only=job.good_only, tell=tell)
