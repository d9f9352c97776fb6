"""The only place that knows where the bytes of attachments lie: outside the database, each file under its digest.

A file is written aside, brought to the disk, and renamed: under its digest there is the whole of it or nothing. Whether
it exists for anybody is for the database to say, whose transaction comes after; what no row tells of is swept away.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.conf import settings

PIECE: Final = 1 << 20
OWNER_FOLDER: Final = 0o700
ASIDE: Final = "arriving"
LOCK: Final = "lock"
DIGEST: Final = re.compile(r"[0-9a-f]{64}")
# What no row tells of may belong to a transaction that is under way: only after so long it is nobody's
UNCLAIMED: Final = 24 * 3600


class TooLarge(Exception):
    """More came than was to be taken."""


@dataclass(frozen=True)
class Arrived:
    """A whole file that lies aside: its path, SHA-256 in hex, number of bytes."""

    path: Path
    sha256: str
    size: int


def root() -> Path:
    return Path(settings.FILES_DIR)


def path_of(sha256: str) -> Path:
    """Where the file with this digest lies, or would."""
    if not DIGEST.fullmatch(sha256):
        raise ValueError("not a digest")
    return root() / sha256[:2] / sha256[2:]


@contextmanager
def arriving(chunks: Iterable[bytes], most: int | None = None) -> Iterator[Arrived]:
    """The file put together aside and brought to the disk, for as long as the block lasts; :func:`place` keeps it.

    Raises :class:`TooLarge` as soon as it is longer than ``most``.
    """
    aside = _folder(root() / ASIDE)
    handle, name = tempfile.mkstemp(dir=aside)  # readable for the owner alone
    path, digest, size = Path(name), hashlib.sha256(), 0
    try:
        with os.fdopen(handle, "wb") as file:
            for chunk in chunks:
                size += len(chunk)
                if most is not None and size > most:
                    raise TooLarge
                digest.update(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        yield Arrived(path, digest.hexdigest(), size)
    finally:
        path.unlink(missing_ok=True)


def place(arrived: Arrived) -> None:
    """Put it under its digest; where the same content lies there already it takes its place, which makes it young."""
    target = path_of(arrived.sha256)
    with _lock(fcntl.LOCK_SH):
        folder = _folder(target.parent)
        os.utime(arrived.path)
        os.replace(arrived.path, target)
        _to_disk(folder)


def is_whole(sha256: str) -> bool:
    """Whether the file is there and what its digest says."""
    try:
        found = hashlib.sha256()
        for piece in pieces(sha256):
            found.update(piece)
    except FileNotFoundError:
        return False
    return found.hexdigest() == sha256


def pieces(sha256: str) -> Iterator[bytes]:
    with path_of(sha256).open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


@dataclass(frozen=True)
class Swept:
    """What was cleared away: files that no row tells of, their bytes, and files that never arrived as a whole."""

    files: int
    bytes: int
    halves: int


def sweep(told: set[str]) -> Swept:
    """Clear away what is older than a day and has no digest of ``told``, which is asked for before it begins."""
    if not root().is_dir():
        return Swept(0, 0, 0)
    before, files, size, halves = time.time() - UNCLAIMED, 0, 0, 0
    for path in (root() / ASIDE).glob("*"):
        halves += _unlink_old(path, before) is not None
    for path in root().glob("[0-9a-f][0-9a-f]/*"):
        if path.parent.name + path.name in told:
            continue
        taken = _unlink_old(path, before)
        if taken is not None:
            files, size = files + 1, size + taken
    return Swept(files, size, halves)


def _unlink_old(path: Path, before: float) -> int | None:
    """Its bytes, when it was old enough to go. Nobody can put the same content there between the look and the end."""
    with _lock(fcntl.LOCK_EX):
        found = path.stat()
        if found.st_mtime >= before:
            return None
        path.unlink()
    return found.st_size


@contextmanager
def _lock(how: int) -> Iterator[None]:
    with open(_folder(root()) / LOCK, "a", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
        fcntl.flock(file.fileno(), how)
        yield


def _folder(path: Path) -> Path:
    """The folder, made where it is missing: ours are for the owner alone, the one above all of them too."""
    for one in (root(), path):
        if not one.is_dir():
            one.mkdir(mode=OWNER_FOLDER, exist_ok=True)
            _to_disk(one.parent)
    return path


def _to_disk(folder: Path) -> None:
    """A rename is there after a power cut only when its folder has been written too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
