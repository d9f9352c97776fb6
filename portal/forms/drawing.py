"""The only place that draws the controls of forms without Django's templates: one for each option of each menu took a
fifth of the time of a ledger's page.

Which controls there are, and what they hold, stays with Django's widgets; the marks are the same but for blanks.
"""

from collections.abc import Callable, Mapping
from html import escape
from typing import Any, Final

from django.forms.renderers import DjangoTemplates
from django.http import HttpRequest
from django.utils.formats import localize
from django.utils.safestring import SafeString

INPUTS: Final = ("input", "text", "number", "email", "password", "hidden", "date", "checkbox")


class Renderer(DjangoTemplates):
    """Templates for what is not drawn here."""

    def render(self, template_name: str, context: dict[str, Any], request: HttpRequest | None = None) -> SafeString:
        draw = DRAWN.get(template_name)
        return SafeString(draw(context["widget"]) if draw else super().render(template_name, context, request))


def text_of(value: Any) -> str:
    """As a template writes it."""
    return value if isinstance(value, SafeString) else escape(str(localize(value)))


def plain_text_of(value: Any) -> str:
    """The same through ``stringformat:"s"``: numbers as they are."""
    return value if isinstance(value, SafeString) else escape(str(value))


def attributes(given: Mapping[str, Any]) -> str:
    said = []
    for name, value in given.items():
        if value is not False:
            said.append(f" {name}" if value is True else f' {name}="{plain_text_of(value)}"')
    return "".join(said)


def control(widget: dict[str, Any]) -> str:
    value = widget["value"]
    said = "" if value is None else f' value="{plain_text_of(value)}"'
    return f'<input type="{widget["type"]}" name="{text_of(widget["name"])}"{said}{attributes(widget["attrs"])}>'


def text_area(widget: dict[str, Any]) -> str:
    value = widget["value"]
    inside = text_of(value) if value else ""
    return f'<textarea name="{text_of(widget["name"])}"{attributes(widget["attrs"])}>\n{inside}</textarea>'


def menu(widget: dict[str, Any]) -> str:
    groups = []
    for name, options, _ in widget["optgroups"]:
        inside = "".join(option(one) for one in options)
        groups.append(f'<optgroup label="{text_of(name)}">{inside}</optgroup>' if name else inside)
    return f'<select name="{text_of(widget["name"])}"{attributes(widget["attrs"])}>{"".join(groups)}</select>'


def option(one: dict[str, Any]) -> str:
    return f'<option value="{plain_text_of(one["value"])}"{attributes(one["attrs"])}>{text_of(one["label"])}</option>'


WIDGETS: Final = "django/forms/widgets/"
DRAWN: Final[dict[str, Callable[[dict[str, Any]], str]]] = {
    f"{WIDGETS}select.html": menu,
    f"{WIDGETS}textarea.html": text_area,
    **{f"{WIDGETS}{name}.html": control for name in INPUTS},
}
