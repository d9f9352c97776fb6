"""The only place that makes the workbook of a long list in a process of its own, and keeps it for a day.

Each account has one such workbook at a time. It is known by what was asked for and by the rights it was asked with, so
whoever has lost a right does not find what was made before.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.utils import timezone

from metrics.excel import table_workbook
from orgs.models import Grant, User
from portal import processes
from portal.hands import several
from portal.listbook import CHUNK, table_of
from portal.listing import Listing

LONG: Final = 20_000  # rows of which the workbook takes a few seconds
KEPT: Final = dt.timedelta(days=1)


@dataclass(frozen=True)
class Making:
    """The workbook of an account, being made, made (``made_at``), or not (``problem``)."""

    key: str
    title: str
    done: int = 0
    total: int = 0
    made_at: str = ""
    problem: str = ""

    @property
    def when(self) -> dt.datetime | None:
        return dt.datetime.fromisoformat(self.made_at) if self.made_at else None

    @property
    def is_running(self) -> bool:
        return not (self.made_at or self.problem)


def is_long(listing: Listing) -> bool:
    number: int = listing.rows.order_by().values("pk")[: LONG + 1].count()
    return number > LONG


def key_of(listing: Listing) -> str:
    """What was asked for, and with which rights."""
    rights = Grant.objects.filter(user=listing.user).values_list("role", "reach", "park", "region_prefix")
    asked = [listing.ledger.slug, listing.query, listing.day.isoformat(), sorted(map(str, rights))]
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()


def begin(listing: Listing) -> None:
    """Start making it, in the place of what was made before. Raises Busy while another is being made."""
    _sweep()
    path = word_file_of(listing.user)
    with processes.taken(path) as descriptor:
        file_of(listing.user).unlink(missing_ok=True)
        total = listing.rows.order_by().count()
        processes.say(descriptor, asdict(Making(key_of(listing), listing.heading[:60], 0, total)))
        arguments = [str(listing.user.pk), listing.ledger.slug, listing.query]
        processes.start("export_ledger", arguments, descriptor, path)


def look(user: User) -> Making | None:
    """The workbook that this account has asked for last; ``None`` if there is none, or none any more."""
    word, is_running = processes.look(word_file_of(user))
    making = Making(**word) if word else None
    if making is None or is_running:
        return making
    if making.when is not None:
        return making if file_of(user).exists() and timezone.now() - making.when < KEPT else None
    if making.problem:
        return making
    return replace(making, problem="上次没有做完就断了，请重新生成。")


def file_of(user: User) -> Path:
    """Where the finished workbook lies."""
    return word_file_of(user).with_suffix(".xlsx")


def work(listing: Listing, descriptor: int) -> None:
    """What the process does: its word stands in the file whose lock it has been given."""
    word = processes.said(descriptor)
    if word is None:
        raise ValueError("no word in the file")
    making = Making(**word)

    def told(pieces: int) -> None:
        processes.say(descriptor, asdict(replace(making, done=min(pieces * CHUNK, making.total))))

    try:
        made = workbook_of(listing, told)
        part = word_file_of(listing.user).with_suffix(".part")
        part.write_bytes(made)
        part.rename(file_of(listing.user))
    except Exception:
        problem = "生成时出了意外，请再试一次；还是不行请告诉系统管理员。"
        processes.say(descriptor, asdict(replace(making, problem=problem)))
        raise
    made_at = timezone.now().isoformat(timespec="seconds")
    processes.say(descriptor, asdict(replace(making, done=listing.count, total=listing.count, made_at=made_at)))


def workbook_of(listing: Listing, told: Callable[[int], None] = lambda pieces: None) -> bytes:
    """The workbook, made by as many processes as there are cores; ``told`` is told after each of its pieces how many
    there are."""
    share = several()

    def each(make: Callable[[int], Any], numbers: Iterable[int]) -> Iterator[Any]:
        for done, made in enumerate(share(make, numbers), 1):
            yield made
            told(done)

    return table_workbook(table_of(listing, timezone.localtime(), each))


def word_file_of(user: User) -> Path:
    """Where the process says how far it is."""
    folder: Path = settings.VAR_DIR / "exports"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder / f"{user.pk}.job"


def _sweep() -> None:
    """Workbooks that nobody may fetch any more."""
    before = (timezone.now() - KEPT).timestamp()
    for suffix in ("xlsx", "part"):
        for path in (settings.VAR_DIR / "exports").glob(f"*.{suffix}"):
            if path.stat().st_mtime < before:
                path.unlink(missing_ok=True)
