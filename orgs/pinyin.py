"""The only place that knows how a name is read: its key for sorting by pinyin, and its initials for typing ahead.

Both are plain ASCII, so that every database and Python put them in one order, byte by byte. Signs are compared one by
one: 张 before 章, and the 张 all together. The readings are in readings.txt, written by scripts/readings.py.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Final, NamedTuple

FILE: Final = Path(__file__).with_name("readings.txt")

# The digits of the keys, in the order of their bytes
SIGNS: Final = "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
# What an element of a key begins with, in this order; between letters and the unread stand the syllables
BLANK, NUMBER, LETTER, OTHER, FIRST_SYLLABLE, UNREAD, EMPTY = "0", "1", "2", "3", 8, "y", "~"
PER_SIGN: Final = 5  # bytes of a key for a Chinese sign: two say how it is read, three which it is
LONGEST_WORD: Final = 3

_FIGURES: Final = {sign: number for number, sign in enumerate("〇一二三四五六七八九")} | {"零": 0}
_UNITS: Final = {"十": 10, "百": 100, "千": 1000}
_NUMERAL: Final = f"[{''.join(_FIGURES)}{''.join(_UNITS)}]+"
# Numbers in digits, and numerals that count: behind 第, or before what is counted off. 三一重工 is no number
_NUMBERS: Final = re.compile(
    rf"[0-9]{{1,40}}|(?<=第){_NUMERAL}|{_NUMERAL}(?=号|期|楼|座|栋|厂|分厂|车间|分公司|(?:联合|流动|临时)?(?:党支部|支部|党总支|党小组|小组))"
)


class Readings(NamedTuple):
    """``initials`` has the first letter of each syllable, at its number; the others give numbers of syllables.

    A word without numbers is read as its signs are, and is not to be torn apart.
    """

    initials: str
    signs: dict[str, int]
    words: dict[str, tuple[int, ...]]
    surnames: dict[str, tuple[int, ...]]
    begin: frozenset[str]  # the signs that a word begins with


@cache
def readings() -> Readings:
    """Read when the first name is: a process that writes none does without."""
    text = FILE.read_text(encoding="utf-8")
    _licence, syllables, words, surnames = text.strip().rsplit("\n\n", 3)
    numbers: dict[str, int] = {}
    signs: dict[str, int] = {}
    for line in syllables.splitlines():
        syllable, _blank, read_so = line.partition(" ")
        numbers[syllable] = len(numbers)
        signs |= dict.fromkeys(read_so, numbers[syllable])

    def told(part: str) -> Iterator[tuple[str, tuple[int, ...]]]:
        for line in part.splitlines():
            word, *read = line.split(" ")
            yield word, tuple(numbers[syllable] for syllable in read)

    known = dict(told(words))
    initials = "".join(syllable[0] if syllable[0].isascii() else "e" for syllable in numbers)
    return Readings(initials, signs, known, dict(told(surnames)), frozenset(word[0] for word in known))


@lru_cache(maxsize=16)
def _read(name: str, is_person: bool) -> tuple[str, list[int | None]]:
    """The signs, full-width and upper-case letters as ordinary ones, and for each the number of its syllable: None for
    what is no Chinese sign. Asked for the key, then for the initials of the same name."""
    plain = unicodedata.normalize("NFKC", name).casefold().strip()
    known = readings()
    found: list[int | None] = [known.signs.get(sign) for sign in plain]
    start = 0
    if is_person:
        for length in (2, 1):
            surname = known.surnames.get(plain[:length])
            if surname is not None:
                found[:length] = surname
                start = length
                break
    begin, words = known.begin, known.words
    while start < len(plain) - 1:
        step = 1
        if plain[start] in begin:
            for length in range(LONGEST_WORD, 1, -1):
                word = words.get(plain[start : start + length])
                if word is not None:
                    step = length
                    if word:
                        found[start : start + length] = word
                    break
        start += step
    return plain, found


def order_key(name: str, *, is_person: bool = False) -> str:
    """What a name is sorted by, as bytes: blanks and marks, numbers by their size, letters, then signs by syllable,
    tone and code point; a name of nothing behind all. ``is_person``: the first sign or two are a family name."""
    plain, read = _read(name, is_person)
    if not plain:
        return EMPTY
    parts: list[str] = []
    at = 0
    for number in _NUMBERS.finditer(plain):
        size = number[0] if number[0].isdigit() and number[0].isascii() else _size(number[0])
        if size is None:
            continue
        parts += map(_element, plain[at : number.start()], read[at : number.start()])
        digits = size.lstrip("0") or "0"
        parts.append(f"{NUMBER}{SIGNS[len(digits)]}{digits}")
        at = number.end()
    parts += map(_element, plain[at:], read[at:])
    return "".join(parts)


def initials(name: str, *, is_person: bool = False) -> str:
    """The letters and digits of a name and the first letters of its syllables: A座北京大学 is azbjdx."""
    return "".join(map(_initial, *_read(name, is_person)))


@lru_cache(maxsize=8192)
def _initial(sign: str, number: int | None) -> str:
    if number is not None:
        return readings().initials[number]
    return sign if sign.isascii() and sign.isalnum() else ""


@lru_cache(maxsize=8192)
def _element(sign: str, number: int | None) -> str:
    if number is not None:
        high, low = divmod(number, 64)
        return SIGNS[FIRST_SYLLABLE + high] + SIGNS[low] + _code_point(sign)
    if sign.isascii() and sign.isalpha():
        return LETTER + sign
    kind = unicodedata.category(sign)
    if kind == "Lo" and unicodedata.name(sign, "").startswith("CJK"):
        return UNREAD + SIGNS[0] + _code_point(sign)
    return (OTHER if kind[0] in "LN" else BLANK) + _code_point(sign)


def _code_point(sign: str) -> str:
    """Three digits: as far as Chinese signs go."""
    code = min(ord(sign), 64**3 - 1)
    return SIGNS[code >> 12] + SIGNS[code >> 6 & 63] + SIGNS[code & 63]


@cache
def _size(numeral: str) -> str | None:
    """二十一 → 21, 二〇二六 → 2026; None for what is put together otherwise."""
    if not any(sign in _UNITS for sign in numeral):
        return "".join(str(_FIGURES[sign]) for sign in numeral)
    total, figure, last = 0, None, 10_000
    for sign in numeral:
        if sign in _UNITS:
            unit = _UNITS[sign]
            if unit >= last or (figure is None and unit != 10) or figure == 0:
                return None
            total += (1 if figure is None else figure) * unit
            figure, last = None, unit
        elif figure in (None, 0):
            figure = _FIGURES[sign]
        else:
            return None
    return str(total + (figure or 0))
