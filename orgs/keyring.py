"""The only place for the keys of sealed numbers: read, checked, drawn, and kept apart from the database.

A key has a number, which stands in front of everything sealed with it, so several can be in use: the highest seals,
each opens what it sealed. Written as ``1:<32 bytes in base64>``, several apart by commas or lines. They come from
``PORTAL_ID_KEY``, or, where that is not set, from the file ``id.key`` in the folder of variable data.

A key that is lost takes every number sealed with it along.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import secrets
from functools import lru_cache
from pathlib import Path
from typing import Final

from django.conf import settings

FILE: Final = "id.key"
BYTES: Final = 32
MOST: Final = 255  # the number of a key is one byte


class NoKey(Exception):
    """There is no key, or it can not be read; the message is a Chinese sentence for who runs the portal."""


def parse(text: str) -> dict[int, bytes]:
    """Number → key. Raises ValueError with the second half of a sentence that says what is wrong, without the key."""
    found: dict[int, bytes] = {}
    for part in filter(None, re.split(r"[,\s]+", text)):
        number, _colon, written = part.partition(":")
        if not number.isascii() or not number.isdecimal() or not 1 <= int(number[:4]) <= MOST:
            raise ValueError("应写作“1:”加32字节的base64，序号从1到255")
        try:
            key = base64.b64decode(written, validate=True)
        except (binascii.Error, ValueError):
            raise ValueError(f"里第{number}号密钥不是base64") from None
        if len(key) != BYTES or len(set(key)) < 8:
            raise ValueError(f"里第{number}号密钥应是{BYTES}个随机字节，请重新生成")
        if int(number) in found:
            raise ValueError(f"里有两把第{number}号密钥")
        found[int(number)] = key
    if not found:
        raise ValueError("里没有密钥")
    return found


def drawn(number: int) -> str:
    """A new random key, as it is written."""
    return f"{number}:{base64.b64encode(secrets.token_bytes(BYTES)).decode()}"


def path() -> Path:
    var: Path = settings.VAR_DIR
    return var / FILE


def keys() -> dict[int, bytes]:
    """Every key by its number. Outside production the first one is drawn when there is none. Raises NoKey."""
    told: str = settings.ID_KEY
    if not told:
        file = path()
        if not file.exists():
            if settings.PRODUCTION:
                raise NoKey(f"没有身份证号的密钥：请设置 PORTAL_ID_KEY，或把密钥文件放回 {file}。")
            _make(file)
        stands = file.stat()
        return _of_file(file, stands.st_mtime_ns, stands.st_size)
    return _of_text(told)


def current() -> tuple[int, bytes]:
    """The number and the key that seal."""
    held = keys()
    return max(held), held[max(held)]


def is_in_file() -> bool:
    return not settings.ID_KEY


def add() -> int:
    """Draw a key of the next number into the file, for what is sealed from now on; gives its number."""
    held = keys()
    number = max(held) + 1
    if number > MOST:
        raise NoKey("密钥的序号已用完。")
    file = path()
    whole = f"{file.read_text(encoding='ascii').rstrip()}\n{drawn(number)}\n"
    aside = _aside(file, whole)
    os.replace(aside, file)
    return number


@lru_cache(maxsize=4)
def _of_text(text: str) -> dict[int, bytes]:
    try:
        return parse(text)
    except ValueError as error:
        raise NoKey(f"PORTAL_ID_KEY {error}。") from None


@lru_cache(maxsize=4)
def _of_file(file: Path, changed: int, size: int) -> dict[int, bytes]:
    """Read again when the file has changed: another process may have added a key."""
    try:
        return parse(file.read_text(encoding="ascii"))
    except (ValueError, UnicodeDecodeError) as error:
        why = str(error) if type(error) is ValueError else "里有不该出现的字符"
        raise NoKey(f"密钥文件 {file} {why}。") from None


def _make(file: Path) -> None:
    """Linked into place, so that of two processes starting at once both read the same whole key."""
    aside = _aside(file, drawn(1) + "\n")
    try:
        os.link(aside, file)
    except FileExistsError:
        pass
    finally:
        aside.unlink()


def _aside(file: Path, text: str) -> Path:
    aside = file.with_name(f"{FILE}.{os.getpid()}.{secrets.token_hex(4)}")
    with open(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as made:
        made.write(text)
        made.flush()
        os.fsync(made.fileno())
    return aside
