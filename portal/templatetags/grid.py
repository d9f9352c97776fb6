"""The only place that draws the cells of the monthly grid: hundreds of widgets would take longer than all questions."""

from functools import lru_cache

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from activities.models import ActivityKind
from portal.grid import COLUMNS, Column, Line, kind_of

register = template.Library()


@register.simple_tag
def entry_cells(line: Line) -> SafeString:
    """The nine cells of a line, each a control with what was typed, tied to what is wrong with it."""
    return format_html_join(
        "",
        '<td class="{}" data-l="{}">{}</td>',
        ((column.css, column.label, _control(line, column)) for column in COLUMNS),
    )


def _control(line: Line, column: Column) -> SafeString:
    wrong = column.name in line.errors
    at, text = f"{line.prefix}-{column.name}", line.texts.get(column.name, "")
    attributes = format_html(
        'class="in" id="id_{}" name="{}" data-col="{}" aria-label="{}，{}"{}{}',
        at,
        at,
        column.name,
        line.place,
        column.label,
        format_html(' aria-invalid="true" aria-describedby="id_{}_error"', at) if wrong else "",
        mark_safe(" autofocus") if line.is_focused and column is COLUMNS[0] else "",
    )
    if column.name == "kind":
        return format_html("<select {}>{}</select>", attributes, _options(kind_of(text)))
    typing = mark_safe(' inputmode="numeric"') if column.css in ("n", "d") else ""
    return format_html('<input {} value="{}" autocomplete="off"{}>', attributes, text, typing)


@lru_cache(maxsize=200)
def _options(chosen: str) -> SafeString:
    """The kinds; a word that is none stands among them until it is mended."""
    pairs = [("", "请选择"), *((str(kind.value), str(kind.label)) for kind in ActivityKind)]
    if chosen not in dict(pairs):
        pairs.append((chosen, chosen))
    return format_html_join(
        "",
        '<option value="{}"{}>{}</option>',
        ((value, mark_safe(" selected") if value == chosen and value else "", label) for value, label in pairs),
    )
