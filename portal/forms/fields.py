"""The only place that reads what an officer types: days, numbers, codes, and what is said when they can not be read."""

from __future__ import annotations

import calendar
import datetime as dt
import re
import unicodedata
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import ProhibitNullCharactersValidator
from django.db import models
from django.forms.boundfield import BoundField
from django.templatetags.static import static
from django.utils import timezone

from orgs import idnumbers, sealing

DAY_HINT: Final = "如2026-11-15，也可写2026年11月15日。"
EARLIEST, LATEST = 1900, 2100
LARGEST: Final = 1_000_000

_DAY = re.compile(r"(\d+)\s*[-./年]\s*(\d{1,2})\s*[-./月]\s*(\d{1,2})\s*日?")
_EIGHT_DIGITS = re.compile(r"(\d{4})(\d{2})(\d{2})")
_MONTH_ONLY = re.compile(r"\d{4}\s*[-./年]\s*\d{1,2}\s*月?")
_UNSEEN = re.compile(
    "[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb"
    "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−－﹣", "-") | dict.fromkeys("。．", "."))


def seen(text: str) -> str:
    """A text without what nobody sees: control and zero-width characters, marks of direction. Line breaks stay."""
    found = _UNSEEN.sub("", text)
    if any(map(unicodedata.combining, found)):  # a letter and its accent typed apart are one character
        return unicodedata.normalize("NFC", found)
    return found


def half_width(text: str) -> str:
    """Full-width digits, letters and signs in their ordinary form, every kind of dash as a hyphen, no blanks around."""
    return unicodedata.normalize("NFKC", text.translate(_DASHES)).translate(_DASHES).strip()


def parse_day(text: str, label: str) -> dt.date:
    """The day meant by 2026-11-15, 2026年11月15日, 2026.11.15, 2026/11/15 or 20261115, full-width digits included.

    Raises ValidationError with a sentence that repeats what was typed and says what is wrong with it.
    """
    shown = text.strip()
    plain = half_width(text)
    found = _DAY.fullmatch(plain) or _EIGHT_DIGITS.fullmatch(plain)
    if found is None:
        if _MONTH_ONLY.fullmatch(plain):
            raise ValidationError(f"{label}写的是{shown}，缺少哪一日，请补全，如2026-11-15", code="invalid")
        raise ValidationError(f"{label}写的是“{shown[:20]}”，认不出是哪一天，请写成2026-11-15的样子", code="invalid")
    year, month, day = (int(part) for part in found.groups())
    if len(found[1]) != 4:
        raise ValidationError(f"{label}写的是{shown}，年份请写四位数，如2026", code="invalid")
    if not EARLIEST <= year <= LATEST:
        raise ValidationError(f"{label}写的是{shown}，年份应在{EARLIEST}到{LATEST}之间，请核对", code="invalid")
    if not 1 <= month <= 12:
        raise ValidationError(f"{label}写的是{shown}，没有{month}月，请核对", code="invalid")
    days = calendar.monthrange(year, month)[1]
    if day < 1:
        raise ValidationError(f"{label}写的是{shown}，没有0日，日期应为1到{days}，请核对", code="invalid")
    if day > days:
        which = f"{year}年2月" if month == 2 else f"{month}月"
        raise ValidationError(f"{label}写的是{shown}，{which}只有{days}天，请核对", code="invalid")
    return dt.date(year, month, day)


class DayField(forms.DateField):
    """A day typed as text; a browser's date picker does not take 2026年11月15日."""

    widget = forms.TextInput

    def to_python(self, value: Any) -> dt.date | None:
        if value in self.empty_values:
            return None
        if isinstance(value, dt.datetime):
            return value.date()
        if isinstance(value, dt.date):
            return value
        text = str(value)
        return parse_day(text, str(self.label)) if text.strip() else None

    def prepare_value(self, value: Any) -> Any:
        return value.isoformat() if isinstance(value, dt.date) else value


class CountField(forms.IntegerField):
    """A whole number; thousands separators, full-width digits and a unit behind it are understood."""

    widget = forms.TextInput

    def to_python(self, value: Any) -> int | None:
        if isinstance(value, str):
            plain = half_width(value)
            if not plain:
                return None
            digits = re.fullmatch(r"(-?\d[\d,，]*)\s*[名人家个次年]?", plain)
            if digits is None or len(digits[1]) > 15:
                raise ValidationError(f"{self.label}写的是“{value.strip()[:20]}”，应为整数，请核对", code="invalid")
            value = digits[1].replace(",", "").replace("，", "")
        return super().to_python(value)


class FigureField(forms.DecimalField):
    """A decimal number; thousands separators and full-width digits are understood.

    ``way_out`` ends the sentence about what is no number.
    """

    widget = forms.TextInput
    way_out = "请核对"

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str):
            plain = half_width(value).replace(",", "")
            if not plain:
                return None
            if not re.fullmatch(r"-?\d{1,18}(\.\d{1,8})?", plain):
                raise ValidationError(
                    f"{self.label}写的是“{value.strip()[:20]}”，应为数字，{self.way_out}", code="invalid"
                )
            value = plain
        return super().to_python(value)

    def prepare_value(self, value: Any) -> Any:
        """83.4000 is shown as 83.4."""
        if value is None or isinstance(value, str):
            return value
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text


class PercentField(FigureField):
    """A number of hundredths: 85, 85% and ８５％ are the same."""

    way_out = "如95或92.5"

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and half_width(value).endswith("%"):
            value = half_width(value).removesuffix("%")
        found = super().to_python(value)
        places = self.decimal_places
        # Django counts all digits first, and would say that the number is too large
        if found is not None and places is not None and -found.as_tuple().exponent > places:
            raise ValidationError(f"{self.label}最多{'一二三四'[places - 1]}位小数，如92.5", code="max_decimal_places")
        return found


class CodeField(forms.CharField):
    """A registration code: full-width and lower-case letters, blanks and hyphens are forgiven."""

    def to_python(self, value: Any) -> str:
        return re.sub(r"[\s-]", "", half_width(seen(super().to_python(value) or ""))).upper()


# Fields that hold an ID number or go with it: what is typed there is in no draft, no comparison and no plain digest
SECRET: Final = frozenset({"id_number", "id_sealed", "id_clear"})


class IdNumberField(forms.CharField):
    """公民身份号码, cleaned to the number itself. A right one is never sent back to a page; a wrong one is, for how
    else should the slip be found."""

    def to_python(self, value: Any) -> str:
        return idnumbers.tidy(super().to_python(value) or "")

    def clean(self, value: Any) -> str:
        number: str = super().clean(value)
        if number:
            idnumbers.read(number, timezone.localdate())
        return number

    def get_bound_field(self, form: forms.BaseForm, field_name: str) -> BoundField:
        return _TypedNumber(form, self, field_name)


class _TypedNumber(BoundField):
    def value(self) -> Any:
        typed = super().value()
        return "" if isinstance(typed, str) and idnumbers.is_right(typed, timezone.localdate()) else typed


class SealedField(forms.CharField):
    """What a form that comes back carries in the place of a right number, so that it need not be typed again: the
    number, sealed to the account. ``carried`` is the number to carry on."""

    widget = forms.HiddenInput

    def __init__(self, to: str) -> None:
        super().__init__(required=False, label="身份证号")
        self.to, self.carried = to, ""

    def clean(self, value: Any) -> str:
        sealed = super().clean(value)
        try:
            return sealing.unseal(sealed, self.to) if sealed else ""
        except sealing.NotOpened:
            raise ValidationError("刚才填的身份证号没有带过来，请重新填写", code="invalid") from None

    def get_bound_field(self, form: forms.BaseForm, field_name: str) -> BoundField:
        return _Carried(form, self, field_name)


class _Carried(BoundField):
    def value(self) -> str:
        one: Any = self.field
        return sealing.seal(one.carried, one.to) if one.carried else ""


def checked_while_typing(kind: str) -> dict[str, str]:
    """The attributes by which static/portal/codes.js knows a code (``uscc``, ``id``) and the picture of its error."""
    return {
        "class": "w20",
        "autocomplete": "off",
        "spellcheck": "false",
        "data-check": kind,
        "data-icon": f"{static('portal/icons.svg')}#late",
    }


class LineField(forms.CharField):
    """One line of text; blanks in a row count as one, also the full-width ones of a Chinese keyboard."""

    def to_python(self, value: Any) -> str:
        return re.sub(r"[\s\u3000]+", " ", seen(super().to_python(value) or "")).strip()


_HAN = "[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff〇]"
_APART = re.compile(rf"{_HAN}+( {_HAN}+)+")
_BETWEEN_PERSONS = re.compile(rf"[/\\、;；|｜&＆]|(?<={_HAN}) ?[,，] ?(?={_HAN})")
LONGEST_SET_APART: Final = 4  # characters of a name that people write with blanks in it
NO_PERSON: Final = frozenset({"无", "空缺", "待定", "暂缺", "暂无", "没有"})


def why_no_person(text: str, *, is_needed: bool) -> str:
    """Why a text can not be the name of one person, as the end of a sentence; "" where it can."""
    letters = "".join(filter(str.isalpha, text))
    if not letters or letters in NO_PERSON:
        return "这里填姓名" if is_needed else "这里填姓名；还没有人就留空"
    if _BETWEEN_PERSONS.search(text):
        return "写了不止一个人，请只写一位"
    if _APART.fullmatch(text) and all(1 < len(part) <= LONGEST_SET_APART for part in text.split(" ")):
        return "分不清是一个人还是两个人：一个人的请去掉空格，两个人的请只写一位"
    return ""


class HolderField(LineField):
    """The name of a person or an organization; a blank that sets the characters of a person's name apart (丁　安,
    王 小 明) is none of it. Two longer parts may be two persons, or words of an organization: they stay apart."""

    def to_python(self, value: Any) -> str:
        found = super().to_python(value)
        parts = found.split(" ")
        is_one_name = _APART.fullmatch(found) and sum(len(part) > 1 for part in parts) < 2
        return "".join(parts) if is_one_name and len("".join(parts)) <= LONGEST_SET_APART else found


class PersonField(HolderField):
    """The name of one person."""

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value and (why := why_no_person(value, is_needed=self.required)):
            raise ValidationError(f"{self.label}写的是“{value[:20]}”，{why}", code="invalid")


class LinesField(forms.CharField):
    """Several lines of text."""

    def to_python(self, value: Any) -> str:
        return seen(super().to_python(value) or "").strip()


class YesNoField(forms.TypedChoiceField):
    """是, 否, or not known: three answers side by side."""

    widget = forms.RadioSelect

    def __init__(self, **kwargs: Any) -> None:
        kwargs.pop("max_length", None)
        super().__init__(
            choices=[("", "未核实"), ("true", "是"), ("false", "否")],
            coerce=lambda text: text == "true",
            empty_value=None,
            **kwargs,
        )

    def prepare_value(self, value: Any) -> Any:
        return {True: "true", False: "false", None: ""}.get(value, value)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.prepare_value(initial) != (data or ""))


# Up to this many choices stand side by side; more become a drop-down.
FEW: Final = 4


def field_for(column: models.Field[Any, Any], **given: Any) -> forms.Field | None:
    """The form field of a model column; every form of the portal is built with this (``formfield_callback``)."""
    label = given.setdefault("label", str(column.verbose_name))
    if isinstance(column, models.DateField):
        given.setdefault("help_text", f"{DAY_HINT}{column.help_text}" if not column.help_text else column.help_text)
        return worded(column.formfield(form_class=DayField, widget=day_input(), **given))
    if isinstance(column, models.BooleanField):
        if not column.null:
            return column.formfield(**given)
        return YesNoField(required=False, label=label, help_text=given.get("help_text", column.help_text))
    if isinstance(column, models.PositiveIntegerField | models.PositiveSmallIntegerField):
        given.setdefault("widget", number_input())
        return worded(column.formfield(form_class=CountField, max_value=LARGEST, **given))
    if isinstance(column, models.DecimalField):
        given.setdefault(
            "widget", forms.TextInput(attrs={"inputmode": "decimal", "class": "w12", "autocomplete": "off"})
        )
        return worded(column.formfield(form_class=given.pop("form_class", FigureField), **given))
    if isinstance(column, models.ForeignKey):
        given.setdefault("empty_label", "请选择")
        return worded(column.formfield(widget=forms.Select(), **given))
    if column.choices:
        blank = "不填" if column.blank else "请选择"
        few = len(column.flatchoices) <= FEW
        widget: forms.Widget = forms.RadioSelect() if few else forms.Select(attrs={"class": "w20"})
        field = column.formfield(widget=widget, **given)
        if isinstance(field, forms.ChoiceField):
            choices = list(column.flatchoices)
            needs_blank = column.blank or not column.has_default()
            if few and not column.blank:
                needs_blank = False
            field.choices = [("", "未填" if few else blank), *choices] if needs_blank else choices
        return worded(field)
    if isinstance(column, models.TextField):
        return worded(column.formfield(form_class=LinesField, widget=forms.Textarea(attrs={"rows": 3}), **given))
    if isinstance(column, models.SlugField):
        return worded(column.formfield(widget=forms.TextInput(attrs={"class": "w20", "autocomplete": "off"}), **given))
    if isinstance(column, models.CharField):
        width = "w12" if (column.max_length or 99) <= 12 else "w20" if (column.max_length or 99) <= 40 else ""
        widget = forms.TextInput(attrs={"class": width, "autocomplete": "off"})
        return worded(column.formfield(form_class=given.pop("form_class", LineField), widget=widget, **given))
    return worded(column.formfield(**given))


def day_input() -> forms.TextInput:
    return forms.TextInput(attrs={"class": "w12", "inputmode": "numeric", "autocomplete": "off", "data-day": "1"})


def number_input() -> forms.TextInput:
    return forms.TextInput(attrs={"class": "w8", "inputmode": "numeric", "autocomplete": "off"})


def worded(field: forms.Field | None) -> forms.Field | None:
    """Give a field our sentences: each names the field and says what to do."""
    if field is None:
        return None
    label = field.label
    chosen = isinstance(field, forms.ChoiceField | forms.ModelChoiceField)
    field.error_messages["required"] = f"请选择{label}" if chosen else f"请填写{label}"
    field.error_messages["invalid_choice"] = f"{label}不在可选范围内，请从列表中重新选择"
    field.error_messages.setdefault("invalid", "")
    if isinstance(field, forms.IntegerField | forms.DecimalField):
        field.error_messages["invalid"] = f"{label}应为数字，请核对"
    checks: list[Any] = list(field.validators)
    for validator in checks:
        kind = type(validator).__name__
        if isinstance(validator, ProhibitNullCharactersValidator):
            validator.message = f"{label}里有看不见的控制字符，请删去后重新输入"
        elif kind == "MaxLengthValidator":
            validator.message = f"{label}最多%(limit_value)d个字，现在有%(show_value)d个，请删减"
        elif kind == "MinValueValidator" and validator.limit_value == 0:
            validator.message = f"{label}不能是负数，请核对"
        elif kind == "MaxValueValidator" and validator.limit_value == LARGEST:
            validator.message = f"{label}大得不合常理，请核对"
        elif kind == "DecimalValidator":
            validator.messages = {
                "invalid": f"{label}应为数字，请核对",
                "max_digits": f"{label}的位数太多，请核对",
                "max_decimal_places": f"{label}最多四位小数，请核对",
                "max_whole_digits": f"{label}的位数太多，请核对",
            }
    return field
