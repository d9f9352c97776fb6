"""The only place that draws the rows of a ledger: a template loop over hundreds of cells would take longer than SQL."""

import html
from collections.abc import Sequence
from functools import lru_cache

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from portal.listing import Cell
from portal.picking import Bar, Picked
from portal.templatetags.show import UNKNOWN, icon, state

register = template.Library()

MUTED = format_html('<span class="muted">{}</span>', UNKNOWN)


@register.simple_tag
def record_row(cells: Sequence[Cell], picking: Bar | None = None, *, is_peeked_at: bool = True) -> SafeString:
    """One record: its name, linked, as the head of the row, then the other cells; a box to tick where records of the
    list may be chosen (``picking``); a way to the side panel on the pages that have one (``is_peeked_at``)."""
    first, *others = cells
    return format_html(
        '<tr><th scope="row">{}<a href="{}">{}</a>{}</th>{}</tr>',
        "" if picking is None else _box(first, picking.picked),
        first.url,
        first.text,
        _peek(first) if is_peeked_at else "",
        _drawn(others, plain=False),
    )


def _peek(name: Cell) -> SafeString:
    """The way to the side panel; seen only where a script and a wide window can open one (see peek.css)."""
    return format_html(
        '<a class="peek" href="{}" data-peek title="侧栏">{}<span class="vh">在侧栏看{}</span></a>',
        name.url,
        icon("side"),
        name.text,
    )


def _box(first: Cell, picked: Picked) -> SafeString:
    """Tied to the form with the buttons, which stands behind the table."""
    state = " checked disabled" if picked.is_all else " checked" if first.key in picked.keys else ""
    return format_html(
        '<input type="checkbox" name="pick" value="{}" form="pick" aria-label="选中{}"{}>', first.key, first.text, state
    )


@register.simple_tag
def total_row(cells: Sequence[Cell]) -> SafeString:
    """The totals of the whole filter, directly under the head."""
    first, *others = cells
    return format_html('<tr class="total"><th scope="row">{}</th>{}</tr>', first.text, _drawn(others, plain=True))


def _drawn(cells: Sequence[Cell], plain: bool) -> SafeString:
    return SafeString(
        "".join(
            f"<td{_class(cell.css, plain)}{_label(cell.column.phone)}>"
            f"{escaped(cell.text) if plain else _inside(cell)}</td>"
            for cell in cells
        )
    )


@lru_cache(maxsize=256)
def _class(css: str, in_one_line: bool) -> SafeString:
    css = f"{css} nw".strip() if in_one_line else css
    return format_html(' class="{}"', css) if css else SafeString("")


@lru_cache(maxsize=256)
def _label(phone: str | None) -> SafeString:
    """The short label in front of the value on a phone."""
    return format_html(' data-l="{}"', phone) if phone else SafeString("")


def _inside(cell: Cell) -> str:
    if cell.tone:
        return state(cell.tone, cell.text)
    if not cell.known:
        return MUTED
    text = escaped(cell.text)
    return f'<a href="{escaped(cell.url)}">{text}</a>' if cell.url else text


def escaped(text: str) -> str:
    """As conditional_escape does, without asking each of a thousand cells whether it is to be translated later."""
    return text if isinstance(text, SafeString) else html.escape(text)
