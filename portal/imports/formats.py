"""The only place that knows what a number format of Excel makes visible: a day, a month, a time, a number."""

import datetime as dt
import re
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Final, Literal

Kind = Literal["number", "date", "time"]

# The formats without a text of their own, as the Chinese Excel shows them (ECMA-376 part 1, 18.8.30, zh-cn)
BUILT_IN: Final[dict[int, str]] = {
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    14: "yyyy/m/d",
    15: "d-mmm-yy",
    16: "d-mmm",
    17: "mmm-yy",
    18: "h:mm",
    19: "h:mm:ss",
    20: "h:mm",
    21: "h:mm:ss",
    22: "yyyy/m/d h:mm",
    30: "m-d-yy",
    31: 'yyyy"年"m"月"d"日"',
    32: 'h"时"mm"分"',
    33: 'h"时"mm"分"ss"秒"',
    34: 'h"时"mm"分"',
    35: 'h"时"mm"分"ss"秒"',
    37: "#,##0",
    38: "#,##0",
    39: "#,##0.00",
    40: "#,##0.00",
    45: "mm:ss",
    47: "mm:ss",
    55: 'h"时"mm"分"',
    56: 'h"时"mm"分"ss"秒"',
    **dict.fromkeys((27, 36, 50, 52, 57), 'yyyy"年"m"月"'),
    **dict.fromkeys((28, 29, 51, 53, 54, 58), 'm"月"d"日"'),
}
GENERAL: Final = {"", "general", "g/通用格式", "@"}
# What Excel keeps of a number, and what it shows of one that has no format
KEPT: Final = Context(prec=15)
SHOWN: Final = Context(prec=6)
LAST_SERIAL: Final = 2_958_465  # 9999-12-31 of the 1900 system
# Further from the point than this a number is not written out in digits
FAR: Final = 20

_PIECES = re.compile(r'"[^"]*"?|\\.|_.|\*.|\[[^\]]*\]?|AM/PM|A/P|上午/下午|E[+-]|y+|m+|d+|h+|s+|.', re.I | re.S)


@dataclass(frozen=True)
class Format:
    """One number format: what it shows, and the pieces of its first section."""

    kind: Kind = "number"
    is_general: bool = True
    pieces: tuple[str, ...] = ()

    @property
    def has_day(self) -> bool:
        return any(piece[0] in "dD" for piece in self.pieces)


def read_format(code: str) -> Format:
    """The format with this text; one that is not understood shows a number as it is."""
    if code.strip().lower() in GENERAL:
        return Format()
    pieces = []
    for piece in _PIECES.findall(code[:255]):
        if piece == ";":
            break
        pieces.append(piece)
    if any(re.fullmatch(r"\[(h+|m+|s+)\]", piece, re.I) for piece in pieces):
        return Format(is_general=True)  # a duration, not a time of day
    letters = [piece[0].lower() for piece in pieces if re.fullmatch(r"y+|m+|d+|h+|s+", piece, re.I)]
    kind: Kind = "number"
    if {"y", "d"} & set(letters) or (letters and set(letters) == {"m"}):
        kind = "date"
    elif letters:
        kind = "time"
    return Format(kind, False, tuple(pieces))


def moment(serial: Decimal, is_1904: bool) -> dt.datetime | dt.time | str | None:
    """The moment with this serial number; a text for the 29th of February 1900, which Excel alone believes in.

    Nothing when Excel itself shows only #### for it.
    """
    if not (serial.is_finite() and 0 <= serial < LAST_SERIAL + 1):
        return None
    days = int(serial)
    seconds = int(((serial - days) * 86_400).to_integral_value())
    if not is_1904 and days == 0:
        return (dt.datetime(1900, 1, 1) + dt.timedelta(seconds=min(seconds, 86_399))).time()  # noqa: DTZ001
    if not is_1904 and days == 60:
        return "1900-02-29"
    # Workbooks know no time zone
    start = dt.datetime(1904, 1, 1) if is_1904 else dt.datetime(1899, 12, 31 if days < 60 else 30)  # noqa: DTZ001
    try:
        return start + dt.timedelta(days, seconds)
    except OverflowError:  # after 9999
        return None


def show_moment(when: dt.datetime | dt.time, form: Format) -> str:
    """A moment as the format shows it; where that names no day, as year and month."""
    if isinstance(when, dt.time):
        return when.strftime("%H:%M:%S") if when.second else when.strftime("%H:%M")
    if form.kind == "date" and not form.has_day and any(piece[0] in "yY" for piece in form.pieces):
        return f"{when.year}年{when.month}月"
    shown, before = "", ""
    rest = [piece[0].lower() for piece in form.pieces]
    for place, piece in enumerate(form.pieces):
        letter, width = piece[0].lower(), len(piece)
        following = next((other for other in rest[place + 1 :] if other in "ymdhs"), "")
        if letter == "y":
            shown += f"{when.year:04}" if width > 2 else f"{when.year % 100:02}"
        elif letter == "m" and (before == "h" or following == "s"):
            shown += f"{when.minute:0{min(width, 2)}}"
        elif letter in "mdhs":
            number = {"m": when.month, "d": when.day, "h": when.hour, "s": when.second}[letter]
            shown += f"{number:0{min(width, 2)}}" if width < 3 else str(number)
        elif piece[0] in '"\\':
            shown += piece.strip('"') if piece[0] == '"' else piece[1:]
        elif len(piece) == 1:
            shown += piece
        before = letter if letter in "ymdhs" else before
    return shown.strip()


def plain(number: Decimal) -> str:
    """A number in digits, without an exponent and without needless zeros; very large and small ones keep theirs."""
    if not number.is_finite() or abs(number.adjusted()) > FAR:
        return str(number)
    if number == number.to_integral_value():
        return f"{number.quantize(Decimal(1)):f}" if number else "0"
    return f"{number.normalize():f}"


def show_number(number: Decimal, form: Format) -> str:
    """A number as the format shows it, as well as can be said without Excel."""
    if abs(number.adjusted()) > FAR:
        return _scientific(number)
    digits = "".join(piece for piece in form.pieces if piece in "0#?,.%")
    scientific = any(piece.upper() in {"E+", "E-"} for piece in form.pieces)
    if form.is_general or scientific or not re.search("[0#]", digits):
        return _scientific(number) if scientific or number.adjusted() >= 11 else plain(_shortened(number))
    if "%" in digits:
        number *= 100
    whole, _, fraction = digits.replace("%", "").partition(".")
    places = len(re.findall("[0#?]", fraction))
    shown = f"{abs(number):{',' if ',' in whole.strip(',') else ''}.{places}f}"
    for _ in range(fraction.count("#")):
        shown = shown.removesuffix("0")
    shown = shown.removesuffix(".")
    least = whole.count("0")
    if "," not in whole:
        head, point, tail = shown.partition(".")
        shown = f"{head.zfill(least)}{point}{tail}"
    before, after, seen = "", "", False
    for piece in form.pieces:
        if piece in "0#?,.":
            seen = True
        elif piece[0] in '"\\' or piece == "%" or (len(piece) == 1 and not piece.isascii()):
            text = piece.strip('"') if piece[0] == '"' else piece[-1]
            before, after = (before, after + text) if seen else (before + text, after)
    return f"{'-' if number < 0 else ''}{before}{shown}{after}"


def _shortened(number: Decimal) -> Decimal:
    """As much of a number as fits into the eleven characters of a cell without a format."""
    places = 9 - max(number.adjusted(), 0)
    return round(number, places) if number.adjusted() < 9 else number.quantize(Decimal(1))


def _scientific(number: Decimal) -> str:
    """Six digits and an exponent, as Excel shows what is too long: 3.30102E+17."""
    mantissa, _, exponent = f"{SHOWN.plus(number):E}".partition("E")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}E{exponent[0]}{exponent[1:].zfill(2)}"
