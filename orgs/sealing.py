"""The only place that encrypts: a short secret sealed to one use, opened again, and found again without opening it.

AES-256-GCM with a random nonce. What it is sealed to (a record, an account) is bound as associated data, so a sealed
text copied to another record does not open there. A sealed text is base64 of: the number of the key (1 byte), the
nonce (12), the encrypted text with its tag (16). The index is HMAC-SHA256 under a key of its own. Both keys come from
the same one of the ring by HKDF.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from orgs import keyring

NONCE: Final = 12
TAG: Final = 16


class NotOpened(Exception):
    """Not sealed by us, altered, sealed to something else, or by a key that is not there."""


def seal(text: str, to: str) -> str:
    """The text, encrypted with the newest key and bound to ``to``; never the same twice."""
    number, key = keyring.current()
    nonce = secrets.token_bytes(NONCE)
    head = bytes([number])
    encrypted = AESGCM(_derived(key, "seal")).encrypt(nonce, text.encode(), head + to.encode())
    return base64.urlsafe_b64encode(head + nonce + encrypted).decode()


def unseal(sealed: str, to: str) -> str:
    """The text again. Raises NotOpened."""
    whole = _bytes(sealed)
    key = keyring.keys().get(whole[0])
    if key is None:
        raise NotOpened(f"没有第{whole[0]}号密钥")
    nonce, encrypted = whole[1 : 1 + NONCE], whole[1 + NONCE :]
    try:
        return AESGCM(_derived(key, "seal")).decrypt(nonce, encrypted, whole[:1] + to.encode()).decode()
    except InvalidTag:
        raise NotOpened("密文与记录不符，或者被改动过") from None


def key_number(sealed: str) -> int:
    """With which key it was sealed. Raises NotOpened on what we did not seal."""
    return _bytes(sealed)[0]


def index_of(text: str) -> str:
    """The same for the same text under the newest key, and nobody without the key can tell which text it is of."""
    return _index(text, keyring.current()[1])


def indexes_of(text: str) -> list[str]:
    """Under every key: by one of them the text is found, whichever was the newest when it was written."""
    return [_index(text, key) for key in keyring.keys().values()]


def _index(text: str, key: bytes) -> str:
    return hmac.new(_derived(key, "index"), text.encode(), hashlib.sha256).hexdigest()


@lru_cache(maxsize=64)
def _derived(key: bytes, use: str) -> bytes:
    return HKDF(SHA256(), 32, None, f"orgs.sealing {use}".encode()).derive(key)


def _bytes(sealed: str) -> bytes:
    try:
        whole = base64.b64decode(sealed.encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise NotOpened("不是密文") from None
    if len(whole) <= 1 + NONCE + TAG:
        raise NotOpened("不是密文")
    return whole
