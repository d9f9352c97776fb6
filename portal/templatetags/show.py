"""The only place that decides how a date, a number, a rate or an unknown value is written on a page."""

import datetime
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

from django import forms, template
from django.conf import settings
from django.core.paginator import Page
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from orgs.scoping import Persons

register = template.Library()

UNKNOWN = "—"
# In the place of an account's name, which may be a person's, for those who may not see persons
SOMEBODY = "园区工作人员"
STATES = frozenset({"ok", "due", "late", "info", "off", "draft"})  # each has an icon of its name


def _is_unknown(value: object) -> bool:
    return value is None or value == ""


@register.filter
def day(value: datetime.date | None) -> str:
    """A date as 2026-11-21; a moment is shown as its local day."""
    if isinstance(value, datetime.datetime):
        value = timezone.localtime(value).date() if timezone.is_aware(value) else value.date()
    return value.isoformat() if isinstance(value, datetime.date) else UNKNOWN


@register.filter
def moment(value: datetime.datetime | None) -> str:
    """A moment as 2026-11-21 18:32 in local time."""
    if not isinstance(value, datetime.datetime):
        return UNKNOWN
    return (timezone.localtime(value) if timezone.is_aware(value) else value).strftime("%Y-%m-%d %H:%M")


@register.filter
def num(value: float | Decimal | None) -> str:
    """A number with thousands separators, decimals as they are; unknown is a dash, nought is 0."""
    return UNKNOWN if value is None or not isinstance(value, int | float | Decimal) else f"{value:,}"


@register.filter
def signed(value: Any) -> str:
    """A change with its sign, a real minus included: +1, −2, 0."""
    return f"+{value:,}" if value > 0 else f"−{-value:,}" if value < 0 else f"{value}"


@register.filter
def dash(value: object) -> object:
    """The value itself, or a dash when it is unknown."""
    return UNKNOWN if _is_unknown(value) else value


@register.filter
def maker(row: Any, persons: Persons) -> str:
    """Who froze a report, for a reader who sees ``persons``."""
    return str(row.frozen_by) if persons.at(row.park_id) else SOMEBODY


@register.filter
def yes(value: bool | None) -> str:
    """是 or 否, and a dash when nobody said."""
    return UNKNOWN if value is None else "是" if value else "否"


@register.filter
def rate(value: int | Fraction | Decimal | None, denominator: int | None = -1) -> str:
    """A percentage with one decimal, rounded half up, without the sign.

    `count|rate:of` divides two counts; `ratio|rate` takes a ratio between 0 and 1. Unknown counts and an empty
    denominator give a dash, because there is no rate of nothing.
    """
    if _is_unknown(value) or _is_unknown(denominator) or denominator == 0:
        return UNKNOWN
    ratio = Fraction(value) if denominator == -1 else Fraction(value) / Fraction(denominator)  # type: ignore[arg-type]
    tenths = (ratio * 1000 + Fraction(1, 2)).__floor__()
    return f"{Decimal(tenths) / 10:.1f}"


@register.filter
def percent(value: int | Fraction | Decimal | None, denominator: int | None = -1) -> str:
    """The same as `rate` with the sign, for use inside a sentence."""
    shown = rate(value, denominator)
    return shown if shown == UNKNOWN else f"{shown}%"


@register.filter
def decimals(value: float | Decimal | None, places: int = 1) -> str:
    """A number rounded half up to so many decimals."""
    if value is None or isinstance(value, str):
        return UNKNOWN
    step = Decimal(1).scaleb(-places)
    return f"{Decimal(str(value)).quantize(step, rounding=ROUND_HALF_UP):,}"


@register.filter
def page_numbers(page: Page[Any]) -> Iterator[int | None]:
    """The page numbers a pager shows; None stands for a gap."""
    for number in page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1):
        yield number if isinstance(number, int) else None


@register.filter
def error_count(form: forms.BaseForm) -> int:
    """How many sentences the error summary lists."""
    return sum(len(messages) for messages in form.errors.values())


@register.filter
def anchor(field: forms.BoundField) -> str:
    """The id of the control a summary link jumps to; the first choice for groups of choices."""
    return f"{field.auto_id}_0" if field.use_fieldset else field.id_for_label


@register.simple_tag
def icon(name: str) -> SafeString:
    """A picture from icons.svg, drawn in the colour of the text beside it."""
    return _picture(settings.STATIC_URL, name)


@lru_cache(maxsize=256)
def _picture(at: str, name: str) -> SafeString:
    """Of the hundred pictures of a page most are the same: where the file lies is asked once for each."""
    file = static("portal/icons.svg")
    return format_html('<svg class="i" aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>', file, name)


@register.simple_tag
def state(kind: str, word: object) -> SafeString:
    """A state word: icon and word together, never colour alone. Kinds are those of STATES."""
    if kind not in STATES:
        raise template.TemplateSyntaxError(f"state: {kind!r} is none of {', '.join(sorted(STATES))}")
    return format_html('<span class="st {}">{}{}</span>', kind, icon(kind), word)


@register.simple_tag
def control(field: forms.BoundField, width: str = "") -> SafeString:
    """The control of a form field with our class, and tied to its hint and its error for screen readers."""
    described = [f"{field.auto_id}_helptext"] if field.help_text else []
    attrs: dict[str, Any] = {}
    if field.errors:
        described.append(f"{field.auto_id}_error")
        attrs["aria-invalid"] = "true"
    if described:
        attrs["aria-describedby"] = " ".join(described)
    widget = field.field.widget
    if isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple):
        return format_html('<div class="opts">{}</div>', _options(field))
    if not isinstance(widget, forms.CheckboxInput):
        attrs["class"] = " ".join(filter(None, ["in", width, widget.attrs.get("class", "")]))
    return field.as_widget(attrs=attrs)


def _options(field: forms.BoundField) -> SafeString:
    labels = [
        format_html("<label>{}{}</label>", choice.tag(wrap_label=False), choice.choice_label)
        for choice in field.subwidgets
    ]
    return SafeString("".join(labels))
