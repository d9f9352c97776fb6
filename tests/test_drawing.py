"""Controls drawn without templates are those that Django's templates draw, but for blanks between marks."""

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates
from django.utils.safestring import mark_safe
from hypothesis import given, strategies as st

from portal.forms.drawing import DRAWN, WIDGETS, Renderer

TEXTS = st.one_of(
    st.text(max_size=6),
    st.sampled_from(["", "1", "<b>", "\"'&", mark_safe("<i>信</i>")]),
)
VALUES = st.one_of(st.none(), TEXTS, st.integers(-5, 12345), st.decimals(-1, 9999, places=2), st.dates())
ATTRS = st.dictionaries(
    st.sampled_from(["class", "aria-describedby", "disabled", "maxlength"]),
    TEXTS | st.booleans() | st.integers(0, 9999),
)
CHOICES = st.lists(
    st.tuples(VALUES, TEXTS | st.integers(0, 99999)) | st.tuples(TEXTS, st.lists(st.tuples(VALUES, TEXTS), max_size=3)),
    max_size=4,
)
PLAIN = [
    forms.TextInput,
    forms.NumberInput,
    forms.EmailInput,
    forms.PasswordInput,
    forms.HiddenInput,
    forms.DateInput,
    forms.CheckboxInput,
    forms.Textarea,
]


def marks(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r">\s+<", "><", re.sub(r">\n\s*(?=<)", ">", html))).strip()


def alike(widget: forms.Widget, name: str, value: Any) -> None:
    assert str(widget.template_name) in DRAWN
    ours, theirs = (widget.render(name, value, renderer=one()) for one in (Renderer, DjangoTemplates))
    assert marks(ours) == marks(theirs)


@pytest.mark.parametrize("kind", PLAIN)
def test_a_control_with_any_value(kind: type[forms.Widget]) -> None:
    @given(VALUES, ATTRS, st.sampled_from(["name", "a-0", "<name>"]))
    def drawn(value: Any, attrs: dict[str, Any], name: str) -> None:
        alike(kind(attrs), name, value)

    drawn()


@pytest.mark.parametrize("kind", [forms.Select, forms.SelectMultiple])
def test_a_menu_with_any_choices(kind: type[forms.Select]) -> None:
    @given(CHOICES, st.lists(VALUES, max_size=3), ATTRS)
    def drawn(choices: Any, values: list[Any], attrs: dict[str, Any]) -> None:
        alike(kind(attrs, choices), "name", values if kind is forms.SelectMultiple else next(iter(values), None))

    drawn()


def test_numbers_and_days_of_known_kinds() -> None:
    for value in (1234567, Decimal("1234.50"), date(2026, 11, 22), True, 0):
        for widget in (forms.TextInput(), forms.Textarea(), forms.Select(choices=[(value, value), (value, "甲")])):
            alike(widget, "name", value)


def test_everything_that_is_drawn_is_held_equal() -> None:
    tested = {str(kind.template_name) for kind in (*PLAIN, forms.Select)}
    assert set(DRAWN) - tested == {f"{WIDGETS}input.html"}
