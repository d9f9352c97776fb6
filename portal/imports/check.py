"""The only place that works through the rows of a sheet: what each would do, and, asked to write, does it.

Looking and writing are one function, rolled back or not, so what is shown before is what happens after. Every row is
accounted for: rows in = created + changed + unchanged + rejected.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, Protocol

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import transaction
from django.http import Http404
from django.utils.datastructures import MultiValueDict

from orgs import idnumbers, journal
from orgs.journal import Via
from orgs.models import Park, User
from orgs.scoping import ScopedModel
from portal.forms import EntryForm
from portal.forms.base import Part, option_text
from portal.forms.enterprises import plain_name
from portal.forms.fields import IdNumberField
from portal.imports.cells import Cell
from portal.imports.columns import Column
from portal.imports.known import Known, Record
from portal.imports.outcomes import EMPTY, Choices, Diff, Fault, Outcome, Progress, Result, Sheet, label_of, untold
from portal.imports.plans import Later, Plan
from portal.imports.reading import BadCell
from portal.imports.sure import Sure, column_behind
from portal.imports.sweeping import no_sweeping


class _TakenBack(Exception):
    """Leaves the transaction without writing."""


class Long(Exception):
    """More forms have to be asked than whoever waits has patience for; nothing was written."""


class Pass(Protocol):
    """One pass over a sheet: first every row is read (``sort``), then a form is asked about those that need one."""

    forms_a_row: int  # how many forms a row takes, roughly

    def sort(self) -> list[Any]: ...
    def ask(self, row: Any) -> Outcome: ...
    def write(self) -> None: ...
    def ordered(self) -> list[Outcome]: ...


@no_sweeping()
def run(
    plan: Any,
    sheet: Sheet,
    user: User,
    park: Park,
    choices: Choices,
    expected: str = "",
    *,
    patience: int | None = None,
    tell: Progress = untold,
    begin: Callable[[Any, Sheet, User, Park, Choices], Pass] | None = None,
) -> Result:
    """Work through the rows. Written only when ``expected`` is the digest of this very result and, unless the officer
    chose to leave the bad rows out, none of them is bad. Only looked at, and without a row that a form has to be asked
    about, it keeps nobody from writing. Raises Long when more than ``patience`` forms would have to be asked. ``begin``
    begins the pass over a sheet whose plan is not a ledger's."""

    def begun() -> tuple[Pass, list[Any]]:
        work = (begin or Work)(plan, sheet, user, park, choices)
        doubtful = work.sort()
        if patience is not None and len(doubtful) * work.forms_a_row > patience:
            raise Long
        return work, doubtful

    if not expected:
        work, doubtful = begun()
        if not doubtful:
            return Result(work.ordered())
    try:
        with journal.batch() as written:
            if expected:
                work, doubtful = begun()
            settled = len(sheet.rows) - len(doubtful)
            for number, row in enumerate(doubtful, settled + 1):
                tell(number, len(sheet.rows))
                before = written.mark()
                if work.ask(row).kind == "rejected":
                    written.back_to(before)
            result = Result(work.ordered())
            is_wanted = bool(expected) and expected == result.digest
            if not is_wanted or (result.counts["rejected"] and not choices.good_only):
                raise _TakenBack
            work.write()
            result.changes, result.written = written.changes, True
    except _TakenBack:
        pass
    return result


class Row(NamedTuple):
    """A row that a form has to be asked about: its number, the record it is about, what its cells say and do not, and
    what should be looked at again."""

    number: int
    stored: Record | None
    values: dict[str, str]
    unread: list[Fault]
    hints: list[str]


class Work:
    """One pass over a sheet of a ledger. First every row is read, and those that are surely in order are settled
    (:meth:`sort`); then the others are put into forms, one by one (:meth:`ask`)."""

    forms_a_row = 1

    def __init__(self, plan: Plan, sheet: Sheet, user: User, park: Park, choices: Choices) -> None:
        self.plan, self.sheet, self.user, self.park, self.choices = plan, sheet, user, park, choices
        self.blank = plan.blank(user, park)
        self.named: dict[str, dict[str, list[Any]]] = {}
        self.columns = {name: self._column(name) for name in sheet.columns}
        self.known = Known(plan, user, park, plan.names)
        self.sure = Sure(plan, park, choices.blank_clears)
        self.outcomes: list[Outcome] = []
        self.labels: dict[int, str] = {}
        # A form has something to say about a name that another row has too, or a record of the ledger
        self.namesakes = Counter(plain_name(cells["name"].text) for cells in sheet.rows.values() if "name" in cells)
        self.names_alike: dict[str, list[str]] = {}
        if any(one.name == "name" for one in plan.model._meta.concrete_fields):
            names = plan.model.objects.visible_to(user).in_park(park).values_list("name", flat=True)
            for name in names.order_by("pk"):
                self.names_alike.setdefault(plain_name(name), []).append(name)

    def ordered(self) -> list[Outcome]:
        return sorted(self.outcomes, key=lambda outcome: outcome.row)

    # All rows

    def sort(self) -> list[Row]:
        """Settle what is sure; gives the rows about which a form has to be asked."""
        return [row for number, cells in self.sheet.rows.items() if (row := self._settle(number, cells)) is not None]

    def _settle(self, number: int, cells: Mapping[str, Cell]) -> Row | None:
        is_sure = True
        values: dict[str, Any] = {}
        typed: dict[str, str] = {}
        unread: list[Fault] = []
        for name, cell in cells.items():
            taken = self.columns[name].take(cell)
            if taken.problem:
                unread.append(self._fault(name, taken.problem, cell.text))
            elif taken.typed != "":
                typed[name], values[name] = taken.typed, taken.value
                is_sure = is_sure and taken.is_sure
        if self.plan.follows is not None:
            values = self.plan.follows(values)
        found = self.known.find(values)
        stored = found.records[0] if found.records else None
        problem, hints = None, []
        if len(found.records) > 1:
            told = "、".join(self.plan.head(name) for name in found.names)
            problem = self._fault(found.names[0], f"台账里有不止一条{told}相同的记录，分不清是哪一条，请在页面上修改")
        elif before := self.known.claim(stored, number, values):
            problem = self._fault(self.plan.keys[0][0], f"与第{before}行是同一条记录，请只留一行")
        if problem:
            self._reject(number, [*unread, problem], cells)
            return None
        if stored is not None and found.is_loose:
            # The ledger's writing stays: brackets of another width are no change of name
            typed["name"] = values["name"] = stored.values["name"]
            hints = [written_otherwise(stored)]
        if not unread and (is_sure or stored is not None):
            has_namesake = stored is None and self._has_namesake(cells)
            label = label_of(cells) if stored is not None else ""
            settled = self.sure.settle(number, stored, values, has_namesake=has_namesake, label=label)
            if settled is not None:
                settled.hints += hints
                self.outcomes.append(settled)
                return None
        self.labels[number] = label_of(cells)
        return Row(number, stored, typed, unread, hints)

    def _has_namesake(self, cells: Mapping[str, Cell]) -> bool:
        name = plain_name(cells["name"].text) if "name" in cells else ""
        return self.namesakes[name] > 1 or name in self.names_alike

    def _reject(self, number: int, faults: Sequence[Fault], cells: Mapping[str, Cell] | None = None) -> Outcome:
        label = self.labels[number] if cells is None else label_of(cells)
        told = sorted(faults, key=lambda fault: fault.column)
        outcome = Outcome(number, "rejected", label, faults=told)
        self.outcomes.append(outcome)
        return outcome

    def ask(self, row: Row) -> Outcome:
        """Put a row into its form; what the form takes is written."""
        try:
            with transaction.atomic():
                stored = None
                if row.stored is not None:
                    rows = self.plan.model.objects.visible_to(self.user).in_park(self.park)
                    stored = rows.filter(pk=row.stored.pk).first()
                made = self.change(stored, row.values) if stored is not None else self.make(row.values)
                # What can not be read is no reason to keep quiet about the other cells of the row
                others = [fault for fault in made.faults if fault.column not in {one.column for one in row.unread}]
                if row.unread or others:
                    raise Rejected([*row.unread, *others])
        except Rejected as rejected:
            return self._reject(row.number, rejected.faults)
        made.row = row.number
        made.hints = [*row.hints, *made.hints]
        self.outcomes.append(made)
        return made

    def write(self) -> None:
        """Write what is surely in order."""
        self.sure.write(self.user)

    def _fault(self, name: str, text: str, typed: str = "") -> Fault:
        column = self.sheet.columns.get(name, 0)
        head = self.plan.head(name) if name in self.plan.names else ""
        # Neither the sentence nor what was typed may bring an ID number into the batch and onto the page
        is_secret = isinstance(self.plan.form.base_fields.get(name), IdNumberField)
        shown_typed = "" if is_secret else idnumbers.masked(typed)
        return Fault(column, head, idnumbers.masked(text.rstrip("。")), shown_typed)

    # One cell

    def _column(self, name: str) -> Column:
        one = self.blank.fields.get(name) or self.plan.form.base_fields[name]
        if isinstance(one, forms.ModelChoiceField):
            return Column(one, None, partial(self._named, name, one))
        return Column(one, column_behind(self.plan.form, name))

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

    # What it does

    def make(self, values: Mapping[str, Any]) -> Outcome:
        made_up = {name: make(values) for name, make in self.plan.made_up.items() if name not in values}
        form = self.plan.form(MultiValueDict(as_sent(made_up | dict(values))), user=self.user, park=self.park)
        faults = self._commit(form)
        if faults:
            return Outcome(0, "created", faults=faults)  # a record that names no other can not say what it is called
        return Outcome(0, "created", str(form.instance), form.instance.pk, hints=self._hints(form))

    def _hints(self, form: EntryForm) -> list[str]:
        """What should be looked at again. Names alike are looked up once for the whole sheet."""
        form.names_alike = self.names_alike
        found = [note.head or note.text for note in form.reminders()]
        name = getattr(form.instance, "name", "")
        same = self.names_alike.setdefault(plain_name(name), [])
        if name not in same:
            same.append(name)
        return found

    def change(self, stored: Any, values: Mapping[str, Any]) -> Outcome:
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
        if not outcome.faults:
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
                outcome.faults += [self._lone(name, part) for name in names if name in values]
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
            outcome.faults.append(self._fault(name, self._too_early(started, starts)))
            return
        self._begin(later, owner, values, names, current, outcome, starts, changed)

    def _too_early(self, started: dt.date, starts: dt.date | None) -> str:
        """What is told of a new fact that would begin before the one on record."""
        return f"台账里现有的从{started}起，这一行说的是更早的{starts}，请在页面上更正"

    def _lone(self, name: str, part: Part) -> Fault:
        """A cell about a fact that nothing else in the row begins."""
        wanted = "、".join(f"“{self.plan.head(one)}”" for one in part.wanted)
        return self._fault(name, f"台账里还没有{part.model._meta.verbose_name}，请同时填写{wanted}")

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
        data = dict(as_typed(form))
        if current is not None:
            kept = later.form(instance=current, user=self.user)
            data |= {column: value for column, value in as_typed(kept).items() if column in names.values()}
        told = {column: name for name, column in names.items()}
        data |= {column: values[name] for name, column in names.items() if name in values}
        if starts is not None:
            data[later.begins] = starts.isoformat()
        elif not data.get(later.begins):
            data[later.begins] = self.choices.day.isoformat()
        form = later.form(MultiValueDict(as_sent(data)), instance=fact, user=self.user, park=self.park)
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
        data = as_typed(kind(instance=row, user=self.user))
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
        return kind(MultiValueDict(as_sent(data)), instance=row, user=self.user), given

    def _commit(self, form: EntryForm, told: Mapping[str, str] | None = None) -> list[Fault]:
        names = told if told is not None else {name: name for name in form.fields}
        return [self._fault(names.get(name, ""), text) for name, text in committed(form, self.plan.via)]

    def _faults(self, form: EntryForm, told: Mapping[str, str]) -> list[Fault]:
        """Every error of a form once, at the cell that can mend it."""
        return [self._fault(told.get(name, ""), text) for name, text in complaints(form)]


def written_otherwise(stored: Record) -> str:
    return f"名称与台账只是写法不同，按台账里的“{stored.values['name']}”"


def committed(form: EntryForm, via: Via = Via.IMPORT) -> list[tuple[str, str]]:
    """Write what a form holds. Gives what is wrong with it, if anything is: (field, sentence), "" for the whole row."""
    if form.is_valid():
        try:
            form.commit(via)
        except ValidationError:
            return complaints(form)
        except Http404 as refused:  # outside the gate: for this officer it does not exist
            return [("", str(refused))]
        return []
    return complaints(form)


def complaints(form: EntryForm) -> list[tuple[str, str]]:
    """Every error of a form: (field, sentence), "" for those about no field."""
    found = [("", str(text)) for text in form.non_field_errors()]
    for name, texts in form.errors.items():
        if name != NON_FIELD_ERRORS:
            found += [(name, str(text)) for text in texts]
    return found


def current_fact(later: Later, owner: ScopedModel, user: User) -> Any:
    """The fact that goes on, or the newest where such facts do not end."""
    rows = later.part.model.objects.visible_to(user).filter(**{later.part.owner: owner})
    if later.ends:
        rows = rows.filter(**{f"{later.ends}__isnull": True})
    return rows.order_by(f"-{later.begins}", "-pk").first()


class Rejected(Exception):
    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__()
        self.faults = list(faults)


def as_typed(form: EntryForm) -> dict[str, Any]:
    """What the fields of an unbound form hold, as they would be sent."""
    return {name: form[name].value() for name in form.fields}


def as_sent(values: Mapping[str, Any]) -> dict[str, list[Any]]:
    """For a MultiValueDict: nothing is no entry, several are several."""
    return {
        name: [str(one) for one in value] if isinstance(value, list | tuple) else [str(value)]
        for name, value in values.items()
        if value is not None
    }


def shown(form: forms.BaseForm, name: str, *, stored_value: bool = False) -> str:
    """What a field holds, or held before, as a reader sees it."""
    one = form.fields[name]
    if isinstance(one, IdNumberField):
        return idnumbers.HIDDEN if not stored_value or getattr(form, "had_number", False) else EMPTY
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
