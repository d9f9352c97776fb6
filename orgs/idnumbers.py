"""The only place that reads a 公民身份号码 (GB 11643): its check digit, the birthday and the sex that it says.

Nothing here keeps a number (:mod:`orgs.sealing` does), and no sentence repeats one: a sentence may be shown, logged
and put into a workbook.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from django.core.exceptions import ValidationError

WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # ISO 7064, MOD 11-2
CHECK_DIGITS: Final = "10X98765432"
EARLIEST: Final = 1900
HIDDEN: Final = "（不显示）"
# static/portal/codes.js says the same sentences while somebody types; a browser test holds them equal
OLD: Final = "身份证号是15位的旧号，2013年起已停用，请填18位的号码"
SIGNS: Final = "身份证号前17位应为数字，第18位是数字或X，请核对"
NO_AREA: Final = "身份证号前6位不是有效的地区代码，请核对"
NO_DAY: Final = "身份证号第7至14位不是有效的出生日期，请核对"
CHECK: Final = "身份证号第18位校验不符，请核对"

_FORGIVEN = re.compile("[\\s'＇\u00ad\u200b-\u200f\u2060\ufeff\u2010-\u2015-]")
_RUN = re.compile(r"(?<![0-9A-Za-z])[0-9]{17}[0-9Xx](?![0-9A-Za-z])")


@dataclass(frozen=True)
class Said:
    """What a right number says of its holder; ``sex`` is a value of :class:`orgs.models.Sex`."""

    birth_on: dt.date
    sex: str


def tidy(text: str) -> str:
    """Full-width signs in their ordinary form, x as X, no blanks, hyphens or apostrophes."""
    return _FORGIVEN.sub("", unicodedata.normalize("NFKC", text)).upper()


def read(number: str, today: dt.date) -> Said:
    """What a tidy number says. Raises ValidationError with one sentence that does not repeat it."""
    if re.fullmatch(r"[0-9]{15}", number):
        raise ValidationError(OLD, code="old")
    if len(number) != 18:
        raise ValidationError(f"身份证号应为18位，现在是{len(number)}位，请核对", code="length")
    if not re.fullmatch(r"[0-9]{17}[0-9X]", number):
        raise ValidationError(SIGNS, code="signs")
    if number.startswith("0"):
        raise ValidationError(NO_AREA, code="area")
    try:
        born = dt.date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        raise ValidationError(NO_DAY, code="day") from None
    if born.year < EARLIEST or born > today:
        raise ValidationError(NO_DAY, code="day")
    if check_digit(number) != number[17]:
        raise ValidationError(CHECK, code="check")
    return Said(born, "1" if int(number[16]) % 2 else "2")


def check_digit(number: str) -> str:
    """The eighteenth sign that belongs to the first seventeen digits."""
    return CHECK_DIGITS[sum(weight * int(digit) for weight, digit in zip(WEIGHTS, number, strict=False)) % 11]


def is_right(text: str, today: dt.date) -> bool:
    """Whether a text, however it is written, is such a number and nothing else."""
    try:
        read(tidy(text), today)
    except ValidationError:
        return False
    return True


def masked(text: str) -> str:
    """The text without the numbers that stand in it; also without those whose check digit is wrong."""
    return _RUN.sub(HIDDEN, text)
