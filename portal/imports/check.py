"""The only place that works through the rows of a sheet: what each would do, and, asked to write, does it.

Looking and writing are one function, rolled back or not, so what is shown before is what happens after. Every row is
accounted for: rows in = created + changed + unchanged + rejected.
"""

import datetime as dt
import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import transaction
from django.http import Http404
from django.utils.datastructures import MultiValueDict

from orgs import journal
from orgs.journal import Via
from orgs.models import Change, Park, User
from orgs.scoping import ScopedModel
from portal.forms import EntryForm
from portal.forms.base import option_text
from portal.forms.enterprises import plain_name
from portal.imports.cells import Cell
from portal.imports.plans import Later, Plan, filled
from portal.imports.reading import BadCell, read_value

Kind = Literal["created", "changed", "unchanged", "rejected"]
KINDS: Final[tuple[Kind, ...]] = ("created", "changed", "unchanged", "rejected")
EMPTY: Final = "空"
# The cell that tells a reader which record a row is about
NAMING: Final = ("name", "enterprise", "organization", "member")


@dataclass(frozen=True)
class Diff:
    """One cell that changes the record; ``column`` is 0 for what follows from other cells."""

    column: int
    head: str
    old: str
    new: str


@dataclass(frozen=True)
class Fault:
    """What is wrong with one cell, or, with ``column`` 0, with the row."""

    column: int
    head: str
    text: str
    typed: str = ""

    @property
    def says_typed(self) -> bool:
        """Whether what was typed should stand beside the sentence: it does not say so itself."""
        return bool(self.typed) and "写的是" not in self.text

    @property
    def says_head(self) -> bool:
        """Whether the head of the column should stand before the sentence: it does not begin with it."""
        return bool(self.head) and not self.text.startswith((self.head, f"请填写{self.head}", f"请选择{self.head}"))

    @property
    def sentence(self) -> str:
        """By itself: which column, and what is wrong."""
        return f"{self.head}：{self.text}" if self.says_head else self.text

    @property
    def cause(self) -> str:
        """The sentence without what this one cell holds: the same for every cell with the same fault."""
        return re.sub(r"^写的是(“.*?”|[^，]*)，", "", self.text)


@dataclass
class Outcome:
    """What becomes of one row of the sheet. ``row`` is its number in the officer's workbook."""

    row: int
    kind: Kind
    name: str = ""
    pk: int | None = None
    diffs: list[Diff] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "Outcome":
        """As it was kept in the batch."""
        parts = {"diffs": [Diff(**one) for one in kept["diffs"]], "faults": [Fault(**one) for one in kept["faults"]]}
        return cls(**{**kept, **parts})


@dataclass(frozen=True)
class Sheet:
    """The rows to import: row number → field → cell, and which column of the workbook each field stands in."""

    rows: Mapping[int, Mapping[str, Cell]]
    columns: Mapping[str, int]


@dataclass(frozen=True)
class Choices:
    """What the officer settled for the batch: the day for which the sheet speaks, and whether a blank cell clears."""

    day: dt.date
    blank_clears: bool = False
    good_only: bool = False


@dataclass
class Result:
    """All outcomes, and, when it was written, the entries of the trail in order."""

    outcomes: list[Outcome]
    changes: list[Change] = field(default_factory=list)
    written: bool = False

    @property
    def counts(self) -> dict[Kind, int]:
        number = Counter(one.kind for one in self.outcomes)
        return {kind: number[kind] for kind in KINDS}

    @property
    def digest(self) -> str:
        """The same as long as the rows would do the same; keys that a rolled-back row was given do not count."""
        told = [{**asdict(one), "pk": None if one.kind == "created" else one.pk} for one in self.outcomes]
        return hashlib.sha256(json.dumps(told, ensure_ascii=False, sort_keys=True).encode()).hexdigest()

    def as_json(self) -> str:
        return json.dumps([asdict(one) for one in self.outcomes], ensure_ascii=False)


class _TakenBack(Exception):
    """Leaves the transaction without writing."""


def run(plan: Plan, sheet: Sheet, user: User, park: Park, choices: Choices, expected: str = "") -> Result:
    """Work through the rows. Written only when ``expected`` is the digest of this very result and, unless the officer
    chose to leave the bad rows out, none of them is bad."""
    result = Result([])
    try:
        with journal.batch() as written:
            work = _Work(plan, sheet, user, park, choices)
            for number, cells in sheet.rows.items():
                before = written.mark()
                outcome = work.row(number, cells)
                if outcome.kind == "rejected":
                    written.back_to(before)
                result.outcomes.append(outcome)
            is_wanted = bool(expected) and expected == result.digest
            if not is_wanted or (result.counts["rejected"] and not choices.good_only):
                raise _TakenBack
            result.changes, result.written = written.changes, True
    except _TakenBack:
        pass
    return result


class _Work:
    """One pass over a sheet: what was looked up stays at hand, keys seen before are known."""

    def __init__(self, plan: Plan, sheet: Sheet, user: User, park: Park, choices: Choices) -> None:
        self.plan, self.sheet, self.user, self.park, self.choices = plan, sheet, user, park, choices
        self.blank = plan.blank(user, park)
        self.seen: dict[tuple[Any, ...], int] = {}
        self.named: dict[str, dict[str, list[Any]]] = {}
        self.names_alike: dict[str, list[str]] = {}
        if any(one.name == "name" for one in plan.model._meta.concrete_fields):
            names = plan.model.objects.visible_to(user).in_park(park).values_list("name", flat=True)
            for name in names.order_by("pk"):
                self.names_alike.setdefault(plain_name(name), []).append(name)

    # One row

    def row(self, number: int, cells: Mapping[str, Cell]) -> Outcome:
        values, unread = self._values(cells)
        label = next((cells[name].text for name in NAMING if name in cells), "")
        try:
            with transaction.atomic():
                stored, problem = self._stored(values)
                if problem or (problem := self._repeated(number, values, stored)):
                    raise _Rejected([*unread, problem])
                made = self._change(stored, values) if stored is not None else self._create(values)
                # What can not be read is no reason to keep quiet about the other cells of the row
                others = [fault for fault in made.faults if fault.column not in {one.column for one in unread}]
                if unread or others:
                    raise _Rejected([*unread, *others])
        except _Rejected as rejected:
            return Outcome(number, "rejected", label, faults=sorted(rejected.faults, key=lambda fault: fault.column))
        made.row = number
        return made

    def _fault(self, name: str, text: str, typed: str = "") -> Fault:
        column = self.sheet.columns.get(name, 0)
        head = self.plan.head(name) if name in self.plan.names else ""
        return Fault(column, head, text.rstrip("。"), typed)

    def _values(self, cells: Mapping[str, Cell]) -> tuple[dict[str, Any], list[Fault]]:
        """What a form takes for every filled cell: text, key or list of texts."""
        values: dict[str, Any] = {}
        faults = []
        for name, cell in cells.items():
            one = self.blank.fields.get(name) or self.plan.form.base_fields[name]
            try:
                if isinstance(one, forms.ModelChoiceField):
                    values[name] = self._named(name, one, str(read_value(forms.CharField(required=False), cell)))
                else:
                    values[name] = read_value(one, cell)
            except BadCell as bad:
                faults.append(self._fault(name, str(bad), cell.text))
        return {name: value for name, value in values.items() if value not in (None, "")}, faults

    def _named(self, name: str, one: forms.ModelChoiceField, text: str) -> str:
        """The key of the record that a cell names; raises BadCell when there is none, or more than one."""
        if not text:
            return ""
        if name not in self.named:
            found: dict[str, list[Any]] = {}
            for row in one.queryset or ():
                for word in {plain_name(str(row)), plain_name(option_text(row)), *self._also(row)}:
                    found.setdefault(word, []).append(row)
            self.named[name] = found
        rows = self.named[name].get(plain_name(text), [])
        label = self.plan.head(name)
        if not rows:
            raise BadCell(f"台账里没有叫“{text}”的{label}，请先登记，或核对名称")
        if len(rows) > 1:
            raise BadCell(f"台账里有{len(rows)}条叫“{text}”的{label}，分不清是哪一条，请在页面上登记这一行")
        return str(rows[0].pk)

    @staticmethod
    def _also(row: Any) -> set[str]:
        """Other words for a record: its full or short name, its code."""
        words = {getattr(row, name, "") for name in ("name", "short_name", "uscc")}
        return {plain_name(word) for word in words if word}

    # Which record it is about

    def _stored(self, values: Mapping[str, Any]) -> tuple[Any, Fault | None]:
        """The record a row is about. By a later key only one that lacks what the earlier keys say: a namesake
        born on another day is another person."""
        rows = self.plan.model.objects.visible_to(self.user).in_park(self.park)
        told_before: set[str] = set()
        for names in self.plan.keys:
            if not filled(values, names):
                continue
            same = rows.filter(**{name: self._key_value(name, values[name]) for name in names})
            lacking = told_before - set(names)
            found = [row for row in same if all(getattr(row, name) in (None, "") for name in lacking)]
            told_before |= set(names)
            if len(found) == 1:
                return found[0], None
            if len(found) > 1:
                told = "、".join(self.plan.head(name) for name in names)
                return None, self._fault(names[0], f"台账里有不止一条{told}相同的记录，分不清是哪一条，请在页面上修改")
        return None, None

    def _key_value(self, name: str, value: Any) -> Any:
        one = self.blank.fields.get(name) or self.plan.form.base_fields[name]
        try:
            cleaned = one.clean(value)
        except ValidationError:
            return value
        return getattr(cleaned, "pk", cleaned)

    def _repeated(self, number: int, values: Mapping[str, Any], stored: Any) -> Fault | None:
        """The same record twice in one sheet: which of the two counts nobody can know."""
        keys: list[tuple[Any, ...]] = [("pk", stored.pk)] if stored is not None else []
        keys += [
            (names, *(str(values[name]) for name in names)) for names in self.plan.keys[:1] if filled(values, names)
        ]
        for key in keys:
            if key in self.seen:
                first = next(iter(self.plan.keys[0]))
                return self._fault(first, f"与第{self.seen[key]}行是同一条记录，请只留一行")
        for key in keys:
            self.seen[key] = number
        return None

    # What it does

    def _create(self, values: Mapping[str, Any]) -> Outcome:
        made_up = {name: make(values) for name, make in self.plan.made_up.items() if name not in values}
        form = self.plan.form(MultiValueDict(_lists(made_up | dict(values))), user=self.user, park=self.park)
        faults = self._commit(form)
        outcome = Outcome(0, "created", str(form.instance), form.instance.pk, faults=faults)
        if not faults:
            outcome.hints = self._hints(form)
        return outcome

    def _hints(self, form: EntryForm) -> list[str]:
        """What should be looked at again. Names alike are looked up once for the whole sheet."""
        form.names_alike = self.names_alike
        found = [note.head or note.text for note in form.reminders()]
        name = getattr(form.instance, "name", "")
        same = self.names_alike.setdefault(plain_name(name), [])
        if name not in same:
            same.append(name)
        return found

    def _change(self, stored: Any, values: Mapping[str, Any]) -> Outcome:
        form, given = self._bound(self.plan.form, stored, values, {name: name for name in self.plan.names})
        outcome = Outcome(0, "unchanged", str(stored), stored.pk)
        if not form.is_valid():
            outcome.faults = self._faults(form, {name: name for name in form.fields})
            return outcome
        before = {name: shown(form, name, stored_value=True) for name in form.changed_data}
        outcome.diffs = [
            Diff(self.sheet.columns.get(name, 0), self.plan.head(name), before[name], shown(form, name))
            for name in form.changed_data
            if name in given or name in self.plan.names
        ]
        if outcome.diffs:
            outcome.faults = self._commit(form)
            outcome.hints = self._hints(form)
        for later in self.plan.later:
            if not outcome.faults:
                self._go_on(later, form.instance, values, outcome)
        if outcome.diffs:
            outcome.kind = "changed"
        outcome.name = str(form.instance)
        return outcome

    def _go_on(self, later: Later, owner: ScopedModel, values: Mapping[str, Any], outcome: Outcome) -> None:
        """A dated fact that the record has already: the same says nothing, another begins a new one or corrects it."""
        part = later.part
        names = {name: column for name, column in part.fields.items() if name in self.sheet.columns}
        if not any(name in values for name in names):
            return
        current = current_fact(later, owner, self.user)
        if current is None:
            if not any(values.get(name) for name in part.wanted):
                return
            self._begin(later, owner, values, names, None, outcome)
            return
        started = getattr(current, later.begins)  # before the form writes what it cleaned into the record
        form, _given = self._bound(later.form, current, values, names)
        told = {column: name for name, column in names.items()}
        if not form.is_valid():
            outcome.faults += self._faults(form, told)
            return
        changed = [column for column in form.changed_data if column in told]
        if not changed:
            return
        starts = form.cleaned_data.get(later.begins)
        only_the_day = changed == [later.begins] and not later.begins_anew
        if only_the_day or (later.begins not in changed and self._is_given(later, values, told)):
            correct = True  # only the first day differs, or it is the same: what is on record is put right
        else:
            correct = False
            if later.begins not in changed:
                starts = self.choices.day
        if correct or starts == started:
            diffs = [
                Diff(
                    self.sheet.columns[told[column]],
                    self.plan.head(told[column]),
                    shown(form, column, stored_value=True),
                    shown(form, column),
                )
                for column in changed
            ]
            outcome.faults += self._commit(form, told)
            outcome.diffs += diffs
            return
        if starts is None or starts < started:
            name = told.get(later.begins) or told[changed[0]]
            outcome.faults.append(
                self._fault(name, f"台账里现有的从{started}起，这一行说的是更早的{starts}，请在页面上更正")
            )
            return
        self._begin(later, owner, values, names, current, outcome, starts, changed)

    @staticmethod
    def _is_given(later: Later, values: Mapping[str, Any], told: Mapping[str, str]) -> bool:
        return later.begins in told and values.get(told[later.begins]) not in (None, "")

    def _begin(
        self,
        later: Later,
        owner: ScopedModel,
        values: Mapping[str, Any],
        names: Mapping[str, str],
        current: Any,
        outcome: Outcome,
        starts: dt.date | None = None,
        changed: Sequence[str] = (),
    ) -> None:
        if current is not None:
            current = current_fact(later, owner, self.user)  # as stored: the form that compared it has written into it
        fact = later.part.model(**{later.part.owner: owner})
        form = later.form(instance=fact, user=self.user, park=self.park)
        data = dict(_as_typed(form))
        if current is not None:
            kept = later.form(instance=current, user=self.user)
            data |= {column: value for column, value in _as_typed(kept).items() if column in names.values()}
        told = {column: name for name, column in names.items()}
        data |= {column: values[name] for name, column in names.items() if name in values}
        if starts is not None:
            data[later.begins] = starts.isoformat()
        elif not data.get(later.begins):
            data[later.begins] = self.choices.day.isoformat()
        form = later.form(MultiValueDict(_lists(data)), instance=fact, user=self.user, park=self.park)
        faults = self._commit(form, told)
        outcome.faults += faults
        if faults:
            return
        former = later.form(instance=current, user=self.user) if current is not None else None
        for name, column in names.items():
            if name not in values and not (column == later.begins and changed):
                continue
            old = shown(former, column, stored_value=True) if former is not None and column in former.fields else EMPTY
            new = shown(form, column)
            if old != new:
                outcome.diffs.append(Diff(self.sheet.columns.get(name, 0), self.plan.head(name), old, new))
        if later.begins not in names.values():
            before = str(getattr(current, later.begins)) if current is not None else EMPTY
            outcome.diffs.append(Diff(0, "从哪一天起", before, data[later.begins]))

    # Forms

    def _bound(
        self, kind: type[EntryForm], row: Any, values: Mapping[str, Any], names: Mapping[str, str]
    ) -> tuple[EntryForm, set[str]]:
        """The form of a stored row with the cells of the sheet put over what it holds: a blank cell says nothing."""
        data = _as_typed(kind(instance=row, user=self.user))
        given = set()
        for name, column in names.items():
            if column not in data:
                continue
            if name in values:
                data[column] = values[name]
                given.add(column)
            elif self.choices.blank_clears and name in self.sheet.columns:
                data[column] = ""
                given.add(column)
        return kind(MultiValueDict(_lists(data)), instance=row, user=self.user), given

    def _commit(self, form: EntryForm, told: Mapping[str, str] | None = None) -> list[Fault]:
        names = told if told is not None else {name: name for name in form.fields}
        if form.is_valid():
            try:
                form.commit(Via.IMPORT)
            except ValidationError:
                return self._faults(form, names)
            except Http404 as refused:  # outside the gate: for this officer it does not exist
                return [Fault(0, "", str(refused))]
            return []
        return self._faults(form, names)

    def _faults(self, form: EntryForm, told: Mapping[str, str]) -> list[Fault]:
        """Every error of a form once, at the cell that can mend it."""
        faults = [self._fault("", str(text)) for text in form.non_field_errors()]
        for column, texts in form.errors.items():
            if column != NON_FIELD_ERRORS:
                faults += [self._fault(told.get(column, ""), str(text)) for text in texts]
        return faults


def current_fact(later: Later, owner: ScopedModel, user: User) -> Any:
    """The fact that goes on, or the newest where such facts do not end."""
    rows = later.part.model.objects.visible_to(user).filter(**{later.part.owner: owner})
    if later.ends:
        rows = rows.filter(**{f"{later.ends}__isnull": True})
    return rows.order_by(f"-{later.begins}", "-pk").first()


class _Rejected(Exception):
    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__()
        self.faults = list(faults)


def _as_typed(form: EntryForm) -> dict[str, Any]:
    """What the fields of an unbound form hold, as they would be sent."""
    return {name: form[name].value() for name in form.fields}


def _lists(values: Mapping[str, Any]) -> dict[str, list[Any]]:
    """For a MultiValueDict: nothing is no entry, several are several."""
    return {
        name: [str(one) for one in value] if isinstance(value, list | tuple) else [str(value)]
        for name, value in values.items()
        if value is not None
    }


def shown(form: EntryForm, name: str, *, stored_value: bool = False) -> str:
    """What a field holds, or held before, as a reader sees it."""
    one = form.fields[name]
    value = form.get_initial_for_field(one, name) if stored_value else form.cleaned_data.get(name)
    if isinstance(one, forms.ModelChoiceField):
        if stored_value and value is not None and one.queryset is not None:
            value = one.queryset.filter(pk=getattr(value, "pk", value)).first()
        return str(value) if value is not None else EMPTY
    if isinstance(one, forms.ChoiceField):
        value = {True: "true", False: "false"}.get(value, value) if isinstance(value, bool) else value
        pairs: Any = one.choices
        labels: dict[Any, Any] = dict(pairs)
        return str(labels.get(value, value)) if value not in (None, "") else EMPTY
    if isinstance(value, bool):
        return "是" if value else "否"
    return EMPTY if value in (None, "") else str(value)
