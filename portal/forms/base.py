"""The only place for what every entry form does: sections, choices through the reading gate, errors, and the write."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, ClassVar, Final, Literal

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models, transaction
from django.forms.boundfield import BoundField
from django.forms.utils import ErrorDict
from django.utils import timezone

from metrics.models import Source
from orgs import journal
from orgs.journal import Via
from orgs.models import BusinessState, Change, Enterprise, Member, Park, PartyOrganization, User
from orgs.periods import overlap
from orgs.scoping import ScopedModel, parks_in_reach
from portal import type_ahead
from portal.forms.fields import field_for, worded

FAR_MONTHS: Final = 12  # an end later than this is more likely a slip of the year
Tone = Literal["", "due", "ok"]


@dataclass(frozen=True)
class Note:
    """A margin note beside a field: grey states a rule, amber asks for attention, green says it is met. Never a bar.

    ``link`` leads to ``url``, a record that the note speaks of.
    """

    text: str
    cite: str = ""
    tone: Tone = ""
    head: str = ""
    link: str = ""
    url: str = ""


@dataclass(frozen=True)
class Alike:
    """A stored record that may be the one being entered: why, and (label, typed, stored) of what tells them apart."""

    row: ScopedModel
    url: str
    why: str
    lines: Sequence[tuple[str, str, str]]


@dataclass(frozen=True)
class Together:
    """Fields that stand side by side under one name."""

    label: str
    names: tuple[str, ...]
    unit: str = ""


Row = str | Together


@dataclass(frozen=True)
class Section:
    """One numbered section of a form, in the officer's words."""

    title: str
    rows: tuple[Row, ...]
    intro: str = ""


@dataclass(frozen=True)
class Part:
    """A second record that a form founds together with its own, such as the first business state of an enterprise.

    ``fields`` maps form fields to columns of ``model``; the part is written when one of ``wanted`` is filled.
    """

    model: type[ScopedModel]
    owner: str
    fields: Mapping[str, str]
    wanted: tuple[str, ...]


@dataclass
class ShownRow:
    """A row as the template draws it."""

    fields: list[BoundField]
    label: str = ""
    unit: str = ""
    notes: list[Note] = field(default_factory=list)

    @property
    def is_bad(self) -> bool:
        return any(one.errors for one in self.fields)


@dataclass
class ShownSection:
    number: int
    title: str
    intro: str
    rows: list[ShownRow]

    @property
    def key(self) -> str:
        return f"s{self.number}"

    @property
    def bad(self) -> int:
        return sum(len(one.errors) for row in self.rows for one in row.fields)


@dataclass(frozen=True)
class Slip:
    """One line of the error summary."""

    text: str
    target: str


def today() -> dt.date:
    return timezone.localdate()


def add_months(day: dt.date, months: int) -> dt.date:
    """Calendar months; the last day of a short month stands for a day it does not have (01-31 + 1 → 02-28)."""
    count = day.year * 12 + day.month - 1 + months
    year, month = divmod(count, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def not_yet(day: dt.date | None) -> list[Note]:
    """The amber note on a day that is still to come."""
    return (
        [Note("请核对日期；确已定下的照常登记。", tone="due", head=f"晚于今天{today()}")]
        if day and day > today()
        else []
    )


class EntryForm(forms.ModelForm):
    """A form of officers. It offers only what ``user`` may see, in the park where the record will lie."""

    sections: ClassVar[tuple[Section, ...]] = ()
    parts: ClassVar[tuple[Part, ...]] = ()
    # Address parameter → field: what a link from another record fills in
    prefill: ClassVar[Mapping[str, str]] = {}
    # What “提交并再登记一条” takes over: field → address parameter
    keep: ClassVar[Mapping[str, str]] = {}
    # A new record that ends the open one of its owner: the foreign key to the owner
    follows: ClassVar[str] = ""
    # What such a record takes over from the one that it ends
    drawn: ClassVar[tuple[str, ...]] = ()
    add_title: ClassVar[str] = ""
    edit_title: ClassVar[str] = ""

    # Names of the park by their plain form, where somebody who enters many has looked them up once
    names_alike: Mapping[str, Sequence[str]] | None = None

    use_required_attribute = False

    class Meta:
        formfield_callback = field_for

    def __init__(
        self,
        data: Any = None,
        *,
        instance: Any = None,
        user: User,
        park: Park | None = None,
        initial: Mapping[str, Any] | None = None,
        prefix: str | None = None,
    ) -> None:
        self.user = user
        self.is_new = instance is None or instance._state.adding
        super().__init__(data, instance=instance, initial=dict(initial or {}), prefix=prefix)
        writable = parks_in_reach(user, self.model().write_roles)
        self.park = self.settle_park(park, writable)
        if not self.is_new:
            for part in self.parts:
                for name in part.fields:
                    self.fields.pop(name, None)
        self._gate_choices(writable)
        self.prepare()

    def settle_park(self, park: Park | None, writable: models.QuerySet[Park]) -> Park | None:
        """The park where the record will lie, ``None`` while it is still to be chosen; raises Refused out of reach."""
        if not self.is_new:
            park = Park.objects.filter(pk=self.instance.park_id_of()).first()
        if park is not None and not writable.filter(pk=park.pk).exists() and self.model() is not Park:
            raise journal.Refused("不在可以登记的园区")
        if park is None and self.model() is not Park:
            some = list(writable[:2])
            park = some[0] if len(some) == 1 else None
        return park

    def prepare(self) -> None:
        """For subclasses: adjust fields once choices are gated."""

    @classmethod
    def model(cls) -> type[ScopedModel]:
        return cls._meta.model

    def _gate_choices(self, writable: models.QuerySet[Park]) -> None:
        for name, one in list(self.fields.items()):
            if not isinstance(one, forms.ModelChoiceField):
                continue
            target: Any = one.queryset.model if one.queryset is not None else None
            if target is Park:
                self._gate_park(name, one, writable)
            elif self.park is not None:
                one.queryset = target.objects.visible_to(self.user).in_park(self.park)
            else:
                one.queryset = target.objects.visible_to(self.user).writable_by(self.user)
            if type(one.widget) is forms.Select and target in type_ahead.COLUMNS:
                self._let_pick(one)
            if not isinstance(one, forms.ModelMultipleChoiceField):
                one.label_from_instance = option_text  # type: ignore[method-assign, assignment]

    @staticmethod
    def _let_pick(one: forms.ModelChoiceField) -> None:
        """Records are found by typing (portal/type_ahead.py)."""
        one.widget = type_ahead.Picker(attrs=one.widget.attrs)
        one.widget.choices = one.choices

    def _gate_park(self, name: str, one: forms.ModelChoiceField, writable: models.QuerySet[Park]) -> None:
        if not self.is_new:
            del self.fields[name]  # a record stays in its park
            return
        one.queryset = writable
        if self.park is not None:
            one.queryset = writable.filter(pk=self.park.pk)
            one.widget = forms.HiddenInput()
            one.initial = self.initial[name] = self.park.pk
            one.required = False  # a missing value means the only park there is; a forged one is refused

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if "park" in self.fields and self.park is not None and not cleaned.get("park") and "park" not in self.errors:
            cleaned["park"] = self.park
        return cleaned

    def _post_clean(self) -> None:
        # Until the open period has been ended the new one overlaps it: without its owner the model does not look yet
        owner = getattr(self.instance, self.follows) if self.is_new and self.follows else None
        if owner is not None:
            setattr(self.instance, self.follows, None)
        super()._post_clean()  # type: ignore[misc]
        if owner is not None:
            setattr(self.instance, self.follows, owner)
        self._say_once()

    def _say_once(self) -> None:
        """What a constraint says moves to the field it is about; what a field says is not said again for the form."""
        places = {
            str(one.violation_error_message): place_of(one, self.fields) for one in self.model()._meta.constraints
        }
        for text in [str(text) for text in self.errors.get(NON_FIELD_ERRORS, ())]:
            place = places.get(text)
            if place and text not in self.errors.get(place, ()):
                self.add_error(place, text)
        at_fields = {text for name in self.errors if name != NON_FIELD_ERRORS for text in self.errors[name]}
        general = self.errors.get(NON_FIELD_ERRORS)
        if general is not None:
            kept = [text for text in general if text not in at_fields]
            if kept:
                self.errors[NON_FIELD_ERRORS] = self.error_class([str(text) for text in kept], error_class="nonfield")
            else:
                del self.errors[NON_FIELD_ERRORS]

    def says_anew(self, *names: str) -> bool:
        """Whether this form would write another value into one of the fields: a contradiction that is on record
        already is not held against who corrects something else."""
        return self.is_new or bool({*names} & {*self.changed_data})

    def unsaid(self) -> None:
        """What was typed stands there again, and nothing is said of it: it is not done yet."""
        self.full_clean()
        self._errors = ErrorDict()

    # Sections, notes and errors as the template needs them

    def shown_sections(self) -> list[ShownSection]:
        """The sections that have fields left, numbered."""
        notes = self.notes()
        shown: list[ShownSection] = []
        for section in self.sections:
            rows = []
            for row in section.rows:
                together = row if isinstance(row, Together) else Together("", (row,))
                fields = [self[name] for name in together.names if name in self.fields and not self[name].is_hidden]
                if not fields:
                    continue
                beside = [note for name in together.names for note in notes.get(name, ())]
                rows.append(ShownRow(fields, together.label, together.unit, beside))
            if rows:
                shown.append(ShownSection(len(shown) + 1, section.title, section.intro, rows))
        return shown

    def slips(self) -> list[Slip]:
        """Every error once, in the order of the form, with the id of the field to jump to."""
        order = [name for section in self.sections for row in section.rows for name in names_of(row)]
        rank = {name: place for place, name in enumerate(order)}
        slips = [Slip(str(text), "form") for text in self.non_field_errors()]
        for name in sorted((name for name in self.errors if name != NON_FIELD_ERRORS), key=lambda n: rank.get(n, 999)):
            target = "form" if name not in self.fields or self[name].is_hidden else self.focus_of(self[name])
            slips += [Slip(str(text), target) for text in self.errors[name]]
        return slips

    def full_label(self, name: str) -> str:
        """The label of a field away from its row: where several stand side by side, the name of all goes before."""
        label = str(self.fields[name].label)
        rows = (row for section in self.sections for row in section.rows if isinstance(row, Together))
        return next((f"{row.label}：{label}" for row in rows if name in row.names and row.label), label)

    @staticmethod
    def focus_of(one: BoundField) -> str:
        """The id of the control itself; of the first one where there are several."""
        many = isinstance(one.field.widget, forms.RadioSelect | forms.CheckboxSelectMultiple)
        return f"{one.auto_id}_0" if many else str(one.auto_id)

    def current(self) -> Any:
        """For subclasses that follow: the open period of the owner, which a new one ends; ``None`` for none."""
        return None

    @classmethod
    def in_line(cls, period: Any) -> bool:
        """For subclasses that follow: whether a period is one of those that end each other."""
        return True

    def notes(self) -> dict[str, list[Note]]:
        """Margin notes by field."""
        return {}

    def alikes(self) -> list[Alike]:
        """For subclasses: stored records, visible to the user, that a valid new one may be the same as."""
        return []

    def carried(self) -> dict[str, str]:
        """For subclasses: by name, what another page has to carry along for this form because it may not show it."""
        return {}

    def reminders(self) -> list[Note]:
        """The amber notes: what should be looked at again, said once more after saving."""
        return [note for beside in self.notes().values() for note in beside if note.tone == "due"]

    def value(self, name: str) -> Any:
        """What the field holds now as a Python value: what was typed if it reads, else what was given; or ``None``."""
        if name not in self.fields:
            return getattr(self.instance, name, None)
        if self.is_bound:
            if not hasattr(self, "cleaned_data"):
                self.full_clean()
            return self.cleaned_data.get(name)
        given = self.get_initial_for_field(self.fields[name], name)
        try:
            return self.fields[name].clean(given)
        except ValidationError:
            return None

    # What others wrote meanwhile

    @classmethod
    def trail(cls, pk: int) -> models.QuerySet[Change]:
        """The entries about what this form would overwrite: its record, in subclasses also what is written with it."""
        return Change.objects.filter(model=cls.model()._meta.label_lower, object_id=pk)

    @classmethod
    def version(cls, pk: int) -> int:
        """The newest of these entries. Ask before the record is read: what comes between is then told, not lost."""
        newest = cls.trail(pk).aggregate(newest=models.Max("pk"))["newest"]
        return int(newest or 0)

    def touched(self, change: Change) -> set[str]:
        """The fields of this form that an entry changed."""
        if change.model != self.model()._meta.label_lower:
            return set()
        return {*change.before, *change.after} & set(self.fields)

    def former(self, changes: Sequence[Change]) -> dict[str, Any]:
        """What the fields that these entries (oldest first) changed held before the first of them."""
        found: dict[str, Any] = {}
        for change in changes:
            for name in self.touched(change):
                if name in change.before:
                    found.setdefault(name, change.before[name])
        return found

    # The write

    def commit(self, via: Via) -> Any:
        """Write the record and what belongs to it in one transaction, through the journal.

        Raises ValidationError after putting its sentences at the fields; then nothing is written.
        """
        adding = self.instance._state.adding
        try:
            with transaction.atomic():
                self.before(via)
                row = journal.save(self.instance, self.user, via)
                for part in self.parts if self.is_new else ():
                    self._found(part, row, via)
                self.after(row, via)
        except ValidationError as error:
            self.instance._state.adding = adding
            if adding:
                self.instance.pk = None
            self.take(error)
            raise
        return row

    def before(self, via: Via) -> None:
        """For subclasses: what has to be written before the record itself."""

    def after(self, row: Any, via: Via) -> None:
        """For subclasses: what is written after it."""

    def _found(self, part: Part, row: ScopedModel, via: Via) -> None:
        if not any(self.cleaned_data.get(name) not in (None, "") for name in part.wanted):
            return
        values = {column: self.cleaned_data.get(name) for name, column in part.fields.items()}
        values = {column: value for column, value in values.items() if value is not None}
        found = part.model(**{part.owner: row, **self.complete(part, values, self.cleaned_data)})
        try:
            journal.save(found, self.user, via)
        except ValidationError as error:
            raise renamed(error, {column: name for name, column in part.fields.items()}) from error

    @classmethod
    def complete(cls, part: Part, values: dict[str, Any], cleaned: Mapping[str, Any]) -> dict[str, Any]:
        """For subclasses: the values of a part that follow from others when they were left blank."""
        return values

    # What many rows at once need no form for (portal/imports/sure.py)

    @classmethod
    def surely(cls, cleaned: Mapping[str, Any]) -> bool:
        """For subclasses: whether a new record's fields, each of them right, are surely right together too. Where it is
        not clear, a form has to be asked; a form that has not thought about it is always asked."""
        return False

    @classmethod
    def look_again(cls, cleaned: Mapping[str, Any]) -> list[Note]:
        """For subclasses: the amber notes of a new record that is in order and has no namesake."""
        return []

    def take(self, error: ValidationError) -> None:
        """Show an error of the write in the form: at its field when the form has it, else above all."""
        if not hasattr(error, "error_dict"):
            self.add_error(None, error)
            return
        for name, problems in error.error_dict.items():
            for problem in problems:
                self.add_error(name if name in self.fields else None, problem)
        self._say_once()


def option_text(row: Any) -> str:
    """A record among choices: what tells namesakes apart, and whether it is over."""
    if isinstance(row, Member):
        return f"{row.name}（{row.birth_on.year}年生）" if row.birth_on else row.name
    if isinstance(row, Source):
        return f"{row.title}（{row.publisher}，{row.date_text}）"
    if isinstance(row, Enterprise) and row.left_on:
        return f"{row}（{row.left_on}迁出）"
    if isinstance(row, PartyOrganization) and row.dissolved_on:
        return f"{row}（{row.dissolved_on}撤销）"
    return str(row)


def sharing_days(rows: models.QuerySet[Any], since: dt.date, until: dt.date | None) -> Any:
    """The first of these dated records that shares a day with the period, or ``None``."""
    return next((row for row in rows if overlap(since, until, row.since, row.until)), None)


def span_text(row: Any) -> str:
    """The period of a dated record as a reader sees it."""
    return f"{row.since}至{row.until}" if row.until else f"{row.since}起"


def earlier_records(day: dt.date, *facts: tuple[models.QuerySet[Any], str]) -> list[Note]:
    """The amber note on records that begin before the first day of what they are about; each of ``facts`` is a
    queryset and the column of its first day."""
    found = []
    for rows, column in facts:
        asked = rows.filter(**{f"{column}__lt": day}).order_by()
        told = asked.aggregate(count=models.Count("pk"), first=models.Min(column))
        if told["count"]:
            found.append((told["first"], str(rows.model._meta.verbose_name), told["count"]))
    if not found:
        return []
    first, noun, _count = min(found, key=itemgetter(0))
    text = "、".join(f"{noun}{count}条" for _first, noun, count in found)
    head = f"有{sum(count for _first, _noun, count in found)}条记录早于{day}"
    return [Note(f"{text}，最早的是{first}的{noun}，请核对这个日期，或更正那些记录。", tone="due", head=head)]


def names_of(row: Row) -> tuple[str, ...]:
    return row.names if isinstance(row, Together) else (row,)


def place_of(constraint: models.BaseConstraint, fields: Mapping[str, forms.Field]) -> str:
    """The field of a form at which a constraint's sentence is best read: the one with which the sentence begins, else
    the last one it is about; "" for none."""
    if isinstance(constraint, models.UniqueConstraint):
        about = list(constraint.fields)
    elif isinstance(constraint, models.CheckConstraint):
        about = columns_in(constraint.condition)
    else:
        about = []
    told = [name for name in reversed(about) if name in fields and name != "park"]
    sentence = str(constraint.violation_error_message)
    first = (name for name in told if sentence.startswith(str(fields[name].label)))
    return next(first, told[0] if told else "")


def columns_in(condition: Any) -> list[str]:
    """The columns that a condition speaks of, in its order."""
    found: list[str] = []
    for child in getattr(condition, "children", ()):
        if not isinstance(child, tuple):
            found += columns_in(child)
            continue
        name, value = child
        found.append(name.split("__")[0])
        if isinstance(value, models.F):
            found.append(value.name)
    return found


def renamed(error: ValidationError, names: Mapping[str, str]) -> ValidationError:
    """The same error with its fields called by other names."""
    if not hasattr(error, "error_dict"):
        return error
    return ValidationError({names.get(name, name): problems for name, problems in error.error_dict.items()})


def column_of(model: type[models.Model], name: str, **given: Any) -> forms.Field:
    """The form field of a column of another model, for the parts of a form; optional, because a part is."""
    column = next(one for one in model._meta.concrete_fields if one.name == name)
    made = field_for(column, **given)
    if made is None:
        raise LookupError(name)
    made.required = False
    worded(made)
    if isinstance(made, forms.ModelChoiceField):
        made.empty_label = "不填"
    elif isinstance(made, forms.ChoiceField) and not isinstance(made.widget, forms.RadioSelect):
        made.choices = [("", "不填"), *column.flatchoices]
    return made


class EndForm(EntryForm):
    """终止: only the day on which a dated record no longer holds."""

    add_title = edit_title = "终止"
    sections = (Section("终止", ("until",)),)

    def prepare(self) -> None:
        until = self.fields["until"]
        until.required = True
        until.help_text = "填第一个不再有效的日子，如2026-11-15；填错了可以在修改里清空。"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        until, since = cleaned.get("until"), self.instance.since
        if until and until <= since:
            self.add_error("until", f"终止日期应晚于起始日期{since}，请核对这两个日期")
        return cleaned

    def notes(self) -> dict[str, list[Note]]:
        until = self.value("until")
        notes = []
        if until and until > add_months(today(), FAR_MONTHS):
            notes.append(Note("请核对年份；到了那一天才终止。", tone="due", head="终止日期在一年以后"))
        if not isinstance(self.instance, BusinessState):
            return {"until": notes}
        gap = "终止以后没有新的经营状态，企业就成了“经营状态未填”，不再计入分母；有新状态的请改用“变更经营状态”。"
        return {"until": [*notes, Note(gap, head="终止后不计入", tone="due")]}

    def _say_once(self) -> None:
        super()._say_once()
        if "until" in self.errors and NON_FIELD_ERRORS in self.errors:
            del self.errors[NON_FIELD_ERRORS]  # the model says the same of both dates


def end_form(model: type[ScopedModel]) -> type[EntryForm]:
    """The form that ends a record of ``model``."""
    made: Any = forms.modelform_factory(model, form=EndForm, fields=("until",))
    ended: type[EntryForm] = made
    return ended
