"""The only place that offers records to choose from: all of them where they are few, else those that were looked for.

A record is found by its name, its code or the initials of its name (orgs/pinyin.py). What may be chosen is what the
field's queryset holds, which came through the reading gate; static/portal/pick.js asks no more than that either.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.db.models import Case, Q, QuerySet, Value, When
from django.http import JsonResponse, QueryDict
from django.utils.html import format_html
from django.utils.safestring import SafeString

from orgs.models import Enterprise, Member, PartyOrganization
from orgs.scoping import ScopedModel

MOST: Final = 500  # so many stand in a menu; of more only those that were looked for
FOUND: Final = 20
LONGEST: Final = 60
ASKED: Final = "pick"  # in an address: for which field; the words are in q
FIND: Final = "find"  # the button, for who has no scripts: its value is the field
WORDS: Final = "find-"  # and the name of what is typed beside it

# What a record is looked for by, the first being what it is called; initials are typed in small letters
COLUMNS: Final[Mapping[type[ScopedModel], tuple[str, ...]]] = {
    Enterprise: ("name", "uscc", "former_names"),
    PartyOrganization: ("short_name", "name"),
    Member: ("name",),
}


def find(rows: QuerySet[Any], typed: str) -> QuerySet[Any]:
    """Those of the rows that hold every word, at most FOUND, first those that begin with what was typed."""
    words = typed[:LONGEST].replace("\x00", "").split()
    columns = COLUMNS[rows.model]
    for word in words:
        anywhere = Q(initials__contains=word.lower())
        for column in columns:
            anywhere |= Q(**{f"{column}__icontains": word})
        rows = rows.filter(anywhere)
    if words:
        begins = Q(**{f"{columns[0]}__istartswith": words[0]}) | Q(initials__startswith=words[0].lower())
        rows = rows.order_by(Case(When(begins, then=Value(0)), default=Value(1)), "order_key", "pk")
    return rows[:FOUND]


def said(row: ScopedModel) -> str:
    """By what else than its text a record in a menu is found."""
    columns = COLUMNS.get(type(row))
    return "" if columns is None else " ".join([row.initials, *(getattr(row, name) for name in columns)])  # type: ignore[attr-defined]


class Picker(forms.Select):
    """A menu of records; of a long one the chosen record and those that were ``looked_for``, and a field to look."""

    looked_for: str | None = None  # "" when the button was pressed with nothing beside it
    is_long = False

    def optgroups(self, name: str, value: list[str], attrs: Mapping[str, Any] | None = None) -> Any:
        choices: Any = self.choices
        if not isinstance(choices, forms.models.ModelChoiceIterator):
            return super().optgroups(name, value, dict(attrs or {}))
        rows = list(choices.queryset[: MOST + 1])
        self.is_long = len(rows) > MOST
        if self.is_long:
            chosen = [int(one) for one in value if one.isdecimal() and len(one) < 18]
            rows = list(choices.queryset.filter(pk__in=chosen))
            if self.looked_for:
                rows += find(choices.queryset.exclude(pk__in=chosen), self.looked_for)
        empty = [("", choices.field.empty_label)] if choices.field.empty_label is not None else []
        try:
            self.choices = [*empty, *map(choices.choice, rows)]
            return super().optgroups(name, value, dict(attrs or {}))
        finally:
            self.choices = choices

    def create_option(self, name: str, value: Any, *args: Any, **given: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **given)
        row = getattr(value, "instance", None)
        if row is not None:
            option["attrs"]["data-said"] = said(row)
        return option

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["widget"]["attrs"]["data-pick"] = name if self.is_long else ""
        return context

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        menu = super().render(name, value, attrs, renderer)
        if not self.is_long:
            return menu
        key = (attrs or {}).get("id", f"id_{name}")
        return format_html(
            '{}<div class="finder"><label for="{}_find">记录太多，请先查找（名称、代码或拼音首字母）</label>'
            '<input class="in w20" type="search" id="{}_find" name="{}" value="{}" maxlength="{}" autocomplete="off">'
            '<button class="btn" name="{}" value="{}">查找</button>{}</div>',
            menu,
            key,
            key,
            WORDS + name,
            self.looked_for or "",
            LONGEST,
            FIND,
            name,
            self._told(),
        )

    def _told(self) -> SafeString:
        if self.looked_for is None:
            return SafeString("")
        if not self.looked_for:
            return SafeString('<p class="emsg">请先写要查找的名称、代码或拼音首字母；填好了要提交的，请点“提交”。</p>')
        number = len(find(self.choices.queryset, self.looked_for))  # type: ignore[attr-defined]
        if not number:
            return format_html('<p class="emsg">没有找到“{}”，请换一个说法再查找。</p>', self.looked_for)
        more = "，只列出前面的，写得更全可以缩小范围" if number == FOUND else ""
        return format_html('<p class="hint">已在上面的列表里列出找到的{}条{}，请选择。</p>', number, more)


def look(form: forms.BaseForm, data: QueryDict) -> None:
    """Let the menu of the field whose button was pressed list what was looked for."""
    name = str(data.get(FIND, ""))
    field = form.fields.get(name)
    if field is not None and isinstance(field.widget, Picker):
        field.widget.looked_for = str(data.get(WORDS + name, "")).strip()[:LONGEST]


def answer(form: forms.BaseForm, data: QueryDict) -> JsonResponse:
    """[value, text] of the records that may be meant, for static/portal/pick.js; none for a field that is no menu."""
    field = form.fields.get(str(data.get(ASKED, "")))
    told: list[tuple[str, str]] = []
    if isinstance(field, forms.ModelChoiceField) and isinstance(field.widget, Picker) and field.queryset is not None:
        rows = find(field.queryset, str(data.get("q", "")))
        told = [(str(row.pk), field.label_from_instance(row)) for row in rows]
    return JsonResponse(told, safe=False)
