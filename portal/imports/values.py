"""The only place that turns a cell of a foreign workbook into what a form field takes, or says why it can not.

Each function takes the cell, or nothing for an empty one, and raises BadCell. Its sentence does not name the cell:
whoever asks knows sheet, place and column. What is read here is still checked by the form and the model.
"""

import datetime as dt
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db.models import TextChoices

from portal.forms.fields import half_width, parse_day, seen
from portal.imports.cells import Cell
from portal.imports.formats import FAR, plain

FORMULA: Final = "公式单元格，请粘贴为数值"
LOST_DIGITS: Final = "太长的数字已被Excel改掉了后几位，请把该列设为“文本”后重新填写"
ONE_OF: Final = "，请改为其中之一："  # after it what there is, which a page may show in another way
GARBLED: Final = "里有无法辨认的乱码字符，请重新填写"
# Excel keeps no more digits of a number than these
SAFE_DIGITS: Final = 15
LONGEST_QUOTE: Final = 20
# As a reader of the sheet sees what stands above, which nobody knows who reads one row
SAME_AS_ABOVE: Final = frozenset({"同上", "同前", "同左", "〃", "″", "“"})
NO_CODE: Final = frozenset({"无", "没有", "暂无"})


class BadCell(Exception):
    """A cell that can not be taken; ``sentence`` says in Chinese what is wrong with it and what to do."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


# Text

_BREAKS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_SCIENTIFIC = re.compile(r"\d(\.\d+)?[Ee]\+?\d{2,3}")


def text(cell: Cell | None, *, lines: bool = False) -> str:
    """Text as typed, without what nobody sees: control and zero-width characters, marks of direction, blanks around.

    Blanks of every width count as one; ``lines`` keeps the line breaks of a longer text. A number stands as its digits.
    """
    found = _cleaned(_content(cell), lines=lines)
    if "\ufffd" in found:
        raise BadCell(GARBLED)
    if found in SAME_AS_ABOVE:
        raise BadCell(f"写的是“{found}”，请写出具体内容")
    if cell is not None and isinstance(cell.value, Decimal):
        return _digits(cell.value, found)
    return found


def code(cell: Cell | None) -> str:
    """A code, such as 统一社会信用代码: half-width, upper case, without blanks, hyphens and an apostrophe before it."""
    found = re.sub(r"[\s'-]", "", half_width(text(cell))).upper()
    if _SCIENTIFIC.fullmatch(found):  # a text that was once a number, pasted
        raise BadCell(LOST_DIGITS)
    return "" if found in NO_CODE else found


def _digits(number: Decimal, seen: str) -> str:
    """A number as text: with the noughts before it that its format shows, and never with a needless point."""
    if not number.is_finite():
        raise BadCell("不是一个数，请重新填写")
    if abs(number.adjusted()) >= SAFE_DIGITS:
        raise BadCell(LOST_DIGITS)
    written = plain(number)
    return seen if re.fullmatch(r"0*", seen.removesuffix(written) or "-") else written


def _content(cell: Cell | None) -> str:
    """What is seen in a cell, when it holds a value at all."""
    if cell is None:
        return ""
    if cell.kind == "formula":
        raise BadCell(FORMULA)
    if cell.kind == "error":
        raise BadCell(f"是错误值{_quoted(cell.text)}，请改为正确的内容")
    return cell.text


def _cleaned(typed: str, *, lines: bool = False) -> str:
    found = seen(_BREAKS.sub("\n", typed))
    kept = found.split("\n") if lines else [found]
    found = "\n".join(" ".join(line.split()) for line in kept).strip()
    return found[1:].lstrip() if found[:1] in "'＇" else found  # an apostrophe before it once said: this is text


def _quoted(typed: str) -> str:
    shown = _cleaned(typed)
    return f"“{shown[:LONGEST_QUOTE]}…”" if len(shown) > LONGEST_QUOTE else f"“{shown}”"


# Numbers

_NUMBER = re.compile(r"([+-]?)(\d{1,3}(?:,\d{3})+|\d+)?(\.\d*)?(万|亿)?[名人家个次年元项条份]?")
TIMES: Final[dict[str | None, int]] = {None: 1, "万": 10_000, "亿": 100_000_000}


def whole(cell: Cell | None) -> int | None:
    """A whole number, not below nought; 1,234, 1.2万 and 12家 are understood."""
    number = decimal(cell)
    if number is None:
        return None
    if number != number.to_integral_value():
        raise BadCell(f"写的是{_quoted(_content(cell))}，应为整数，请核对")
    return int(number)


def decimal(cell: Cell | None, *, percent: bool = False, negative: bool = False) -> Decimal | None:
    """A number; 1,234.5, 3.5万 and full-width digits are understood.

    With ``percent`` the number is one of hundredths: 85%, a cell shown as 85% and a bare 85 are all 85.
    """
    typed = _cleaned(_content(cell))
    if cell is None or not typed:
        return None
    bare = half_width(typed).replace(" ", "")
    has_sign = bare.endswith("%")
    if has_sign and not percent:
        raise BadCell(f"写的是{_quoted(typed)}，这一列不用百分数，请去掉百分号并核对数值")
    if isinstance(cell.value, Decimal):
        number = cell.value
        if has_sign and number.is_finite() and abs(number.adjusted()) < FAR:
            number *= 100
    else:
        number = _typed_number(bare.removesuffix("%"), typed)
    if not number.is_finite():
        raise BadCell(f"写的是{_quoted(typed)}，不是一个数，请重新填写")
    if number.adjusted() >= SAFE_DIGITS:
        raise BadCell(f"写的是{_quoted(typed)}，大得不合常理，请核对")
    if number and number.adjusted() < -SAFE_DIGITS:
        raise BadCell(f"写的是{_quoted(typed)}，小得不合常理，请核对")
    if number < 0 and not negative:
        raise BadCell(f"写的是{_quoted(typed)}，不能是负数，请核对")
    return number or Decimal(0)  # never a nought with a sign


def _typed_number(bare: str, typed: str) -> Decimal:
    found = _NUMBER.fullmatch(bare)
    if found is None or not (found[2] or found[3]) or found[3] == "." or len(bare) > 40:
        raise BadCell(f"写的是{_quoted(typed)}，应为数字，请只填数字")
    digits = f"{found[1]}{(found[2] or '0').replace(',', '')}{found[3] or ''}"
    return Decimal(digits) * TIMES[found[4]]


# Days

_TIME_BEHIND = re.compile(r"[T ]+\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?$")
_NO_DAY = re.compile(r"\d{4}年\d{1,2}月")
# What 1980 to 2079 look like as bare serial numbers
SERIALS: Final = range(29_221, 65_746)


def date(cell: Cell | None) -> dt.date | None:
    """A day: a cell with a date, or a text such as 2024-01-02, 2024/1/2, 2024.1.2, 20240102 and 2024年1月2日."""
    typed = _cleaned(_content(cell))
    if cell is None or not typed:
        return None
    value = cell.value
    if isinstance(value, dt.time):
        raise BadCell(f"写的是{_quoted(typed)}，只有时间没有日期，请写成2026-11-15的样子")
    if isinstance(value, dt.date):
        if _NO_DAY.fullmatch(typed):  # Excel makes the first of the month of it, which nobody said
            raise BadCell(f"写的是{typed}，缺少哪一日，请写到日，如2026-11-15")
        value = value.date() if isinstance(value, dt.datetime) else value
        typed = value.isoformat()  # years are judged alike, however they came
    elif isinstance(value, Decimal):
        typed = _digits(value, typed)
        if typed.isdecimal() and int(typed) in SERIALS:
            raise BadCell(f"是数字{typed}，像是没有设成日期格式的日期，请把该列设为日期格式后核对")
    try:
        return parse_day(_TIME_BEHIND.sub("", half_width(typed)), "")
    except ValidationError as error:
        sentence = str(error.messages[0])
        raise BadCell(sentence.replace("请补全，", "请写到日，")) from None


# One of few

YES: Final = {"是", "√", "✓", "✔", "☑", "1", "TRUE", "有", "Y", "YES"}
NO: Final = {"否", "×", "✗", "✘", "✕", "X", "0", "FALSE", "无", "没有", "N", "NO"}


def yes_no(cell: Cell | None) -> bool | None:
    """是 or 否, and the ways people tick: √ ×, 1 0, TRUE FALSE, 有 无."""
    typed = _cleaned(_content(cell))
    if cell is None or not typed:
        return None
    if isinstance(cell.value, bool):
        return cell.value
    found = (plain(cell.value) if isinstance(cell.value, Decimal) else half_width(typed)).upper()
    if found in YES:
        return True
    if found in NO:
        return False
    raise BadCell(f"写的是{_quoted(typed)}，请填“是”或“否”")


# What officers write for one of ours, where neither label nor value says it
OTHER_WORDS: Final[dict[str, str]] = {
    word: label
    for label, words in {
        "私营企业": ("民营", "民营企业", "私营", "私企"),
        "个体工商户": ("个体", "个体户"),
        "外商投资企业": ("外资", "外资企业"),
        "港澳台商投资企业": ("港澳台资", "港澳台资企业", "港澳台企业"),
        "国有企业": ("国有", "国企"),
        "集体企业": ("集体",),
        "正常经营": ("正常", "正常生产", "正常营业", "在营", "营业", "经营", "存续", "在业", "开业"),
        "停产停业": ("停产", "停业", "歇业"),
        "筹建": ("筹建中", "在建"),
        "空壳": ("空壳企业",),
        "大型": ("大型企业",),
        "中型": ("中型企业",),
        "小型": ("小型企业",),
        "微型": ("微型企业", "小微", "小微企业"),
        "党支部": ("支部",),
        "党总支": ("总支", "总支部"),
        "联合党支部": ("联合支部",),
        "单独组建": ("单独", "单独建立"),
        "联合组建": ("联合", "联合建立"),
        "书记": ("党支部书记", "支部书记", "党总支书记", "总支书记", "党委书记", "党组织书记"),
        "副书记": ("党支部副书记", "支部副书记", "党总支副书记", "党委副书记"),
        "支部党员大会": ("支部大会", "党员大会"),
        "支部委员会会议": ("支委会", "支部委员会", "支委会会议"),
        "党小组会": ("党小组会议",),
        "民主评议党员": ("民主评议",),
        "党建工作指导员": ("指导员", "党建指导员"),
        "党建联络员": ("联络员",),
        "大学本科": ("本科", "大学"),
        "大学专科": ("大专", "专科"),
        "研究生": ("硕士", "博士", "硕士研究生", "博士研究生"),
        "中专、中技、职高": ("中专", "中技", "职高", "技校"),
        "初中及以下": ("初中", "小学"),
    }.items()
    for word in words
}


def choice(cell: Cell | None, choices: type[TextChoices] | Sequence[tuple[str, str]]) -> str:
    """The stored value of one of ``choices``, found by label or value; blanks and what is in brackets may differ.

    An empty cell is "". The sentence about an unknown one lists what there is.
    """
    typed = text(cell)
    if not typed:
        return ""
    pairs: Sequence[tuple[Any, Any]] = choices.choices if isinstance(choices, type) else choices
    ways: tuple[Callable[[str], str], ...] = (_bare, _without_brackets)
    for way in ways:
        wanted = way(typed)
        found = {value for value, label in pairs if wanted and wanted in (way(str(label)), way(value))}
        if len(found) == 1:
            return str(found.pop())
    meant = OTHER_WORDS.get(_bare(typed))
    for value, label in pairs:
        if meant is not None and str(label) == meant:
            return str(value)
    labels = "、".join(str(label) for _value, label in pairs)
    raise BadCell(f"写的是{_quoted(typed)}，不在可选范围内{ONE_OF}{labels}")


def _bare(label: str) -> str:
    return re.sub(r"[\s()\[\]【】〔〕、,，·.-]", "", half_width(label)).casefold()


def _without_brackets(label: str) -> str:
    return _bare(re.sub(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】", "", half_width(label)))
