"""The only place for what record pages are made of: who looks at what on which day, cells, tables, the trail."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import Q
from django.urls import reverse

from activities.models import Activity
from metrics.coverage import why_uncounted
from metrics.models import Statement, Target
from orgs import journal
from orgs.models import (
    Action,
    Change,
    Coverage,
    Enterprise,
    Member,
    Office,
    Park,
    PartyOrganization,
    User,
    WorkCoverage,
)
from orgs.periods import contains
from orgs.scoping import Persons, ScopedModel
from portal.forms import EntryForm
from portal.forms.base import today
from portal.merging.whereabouts import merges_of
from portal.models import ATTACHED_TO, Attachment, Merge
from portal.templatetags.show import SOMEBODY
from portal.timeline import Lane

# Model → the ledger its record page belongs to
SLUGS: Final[dict[type[ScopedModel], str]] = {
    Park: "parks",
    Enterprise: "enterprises",
    PartyOrganization: "organizations",
    Coverage: "coverages",
    WorkCoverage: "work-coverages",
    Member: "members",
    Office: "offices",
    Activity: "activities",
    Statement: "statements",
    Target: "targets",
}
MOST_LINES: Final = 50
MOST_PAST: Final = 200  # changes of one record that its fields' histories are read from
UNKNOWN: Final = "—"
MERGE: Final = Merge._meta.label_lower
# What stands in the place of a list of names for those who may not see persons
KEPT_BY_PARK: Final = "人员名单由园区掌握"


@dataclass(frozen=True)
class Look:
    """Who looks at which record, on which day. Everything a record page shows is read through this."""

    user: User
    row: Any
    day: dt.date
    may_write: bool
    persons: Persons

    def see(self, model: Any) -> Any:
        """The rows of a model that the user may see, and nothing else."""
        return model.objects.visible_to(self.user)

    def tally(self, model: Any) -> Any:
        """The rows of a model that the user may count, persons too: for numbers, never for names."""
        return model.objects.counted_for(self.user)

    @cached_property
    def names_persons(self) -> bool:
        """Whether the user may see persons in the park of this record."""
        return self.persons.at(self.row.park_id_of())

    def withholds(self, row: ScopedModel, name: str) -> bool:
        """Whether a column of a row in this record's park is about a person whom the user may not see."""
        return name in row.personal and not self.names_persons and row.is_personal(name)

    def url(self, row: ScopedModel) -> str:
        """The record page of a row, on the same day."""
        address = reverse("record", args=[SLUGS[type(row)], row.pk])
        return address if self.day == today() else f"{address}?{urlencode({'day': self.day.isoformat()})}"

    def link(self, row: Any, text: str = "") -> Cell:
        return Cell(text or str(row), self.url(row)) if row is not None else Cell("")

    def ledger(self, slug: str, **query: Any) -> str:
        """A ledger narrowed to what hangs on this record."""
        if self.day != today():
            query["day"] = self.day.isoformat()
        return f"{reverse('ledger', args=[slug])}?{urlencode(query)}"

    def new(self, slug: str, label: str, **query: Any) -> Link | None:
        """A link that enters a new record with this one filled in; none for those who only read."""
        if not self.may_write:
            return None
        return Link(label, f"{reverse('ledger-new', args=[slug])}?{urlencode(query)}")

    def new_fact(self, kind: str, label: str) -> Link | None:
        if not self.may_write:
            return None
        return Link(label, reverse("record-fact-new", args=[SLUGS[type(self.row)], self.row.pk, kind]))

    def acts(self, row: Any, kind: str = "") -> list[Link]:
        """修改 and 终止 of a line: of a fact of this record (``kind``), or of a record of its own."""
        if not self.may_write:
            return []
        if kind:
            at: list[Any] = [SLUGS[type(self.row)], self.row.pk, kind, row.pk]
            edit, end = "record-fact-edit", "record-fact-end"
        else:
            at, edit, end = [SLUGS[type(row)], row.pk], "record-edit", "record-end"
        links = [Link("修改", reverse(edit, args=at), f"修改{row}")]
        if hasattr(row, "until") and row.until is None:
            links.append(Link("终止", reverse(end, args=at), f"终止{row}"))
        return links


@dataclass(frozen=True)
class Link:
    label: str
    url: str
    spoken: str = ""


@dataclass(frozen=True)
class Cell:
    """One cell: text, where it leads, and how it is set (``num``, ``day``, ``nw``); ``state`` draws a state word."""

    text: Any
    url: str = ""
    css: str = ""
    state: str = ""


def on(day: dt.date | None, missing: str = UNKNOWN) -> Cell:
    return Cell(day.isoformat() if day else missing, css="nw")


def count(number: int | None) -> Cell:
    return Cell(UNKNOWN if number is None else f"{number:,}", css="num")


@dataclass(frozen=True)
class Line:
    cells: Sequence[Cell]
    acts: Sequence[Link] = ()
    past: bool = False


@dataclass(frozen=True)
class Table:
    """One relation of a record: a short table with links, a way to the whole list, a way to add."""

    key: str
    title: str
    headers: Sequence[str]
    lines: Sequence[Line]
    empty: str
    add: Link | None = None
    more: Link | None = None
    intro: str = ""
    wide: bool = False

    @property
    def linkless(self) -> bool:
        """Nothing in it takes the keyboard, so the scroller itself has to."""
        return not self.acts and not any(cell.url for line in self.lines for cell in line.cells)

    @property
    def acts(self) -> bool:
        return any(line.acts for line in self.lines)


@dataclass(frozen=True)
class Strip:
    """One field of the strip under the title."""

    label: str
    text: Any
    small: str = ""
    state: str = ""
    url: str = ""


@dataclass(frozen=True)
class FactKind:
    """A dated fact that has no ledger of its own and is entered from its owner's page."""

    kind: str
    model: type[ScopedModel]
    owner: str
    form: type[EntryForm]


@dataclass(frozen=True)
class RecordPage:
    """What the page of one kind of record shows, and how it is entered."""

    slug: str
    model: type[ScopedModel]
    noun: str
    form: type[EntryForm]
    heading: Callable[[Look], str]
    sub: Callable[[Look], str]
    strip: Callable[[Look], list[Strip]]
    keys: Sequence[str]
    tables: Callable[[Look], list[Table]] = lambda look: []
    lanes: Callable[[Look], list[Lane]] = lambda look: []
    facts: Sequence[FactKind] = ()
    # Other records whose changes belong on this page: model → its foreign key to this record
    followed: Sequence[tuple[type[ScopedModel], str]] = ()
    related: Sequence[str] = ()

    def fact(self, kind: str) -> FactKind | None:
        return next((one for one in self.facts if one.kind == kind), None)

    @property
    def ends(self) -> bool:
        """Whether such a record has an end of its own to be set by 终止."""
        return any(one.name == "until" for one in self.model._meta.concrete_fields)


def standing(row: Any, day: dt.date) -> Cell:
    """Whether a dated fact holds on the day: 有效, 已终止 or 未开始."""
    if contains(row.since, row.until, day):
        return Cell("有效", state="ok")
    return Cell("未开始", state="info") if row.since > day else Cell("已终止", state="off")


def counting(coverage: Any, day: dt.date) -> Cell:
    """The same of a judged coverage (:func:`metrics.coverage.judged`), and of one that holds, why it does not count."""
    if is_past(coverage, day) or coverage.counts:
        return standing(coverage, day)
    return Cell(f"不计入：{why_uncounted(coverage, day)}", state="off")


def is_past(row: Any, day: dt.date) -> bool:
    return not contains(row.since, row.until, day)


def newest_first(rows: Iterable[Any], day: dt.date) -> list[Any]:
    """What holds on the day first, then the rest, the latest first."""
    return sorted(rows, key=lambda row: (contains(row.since, row.until, day), row.since, row.pk), reverse=True)


@dataclass(frozen=True)
class Was:
    """One change of one field: when, by whom, through which door, from what to what; ``is_new``: as it was entered."""

    at: dt.datetime
    who: str
    via: str
    old: str
    new: str
    is_new: bool


@dataclass(frozen=True)
class Known:
    """One field of 基本信息 with every change of it that is on record, the newest first."""

    label: str
    value: Any
    past: Sequence[Was] = ()

    @property
    def changes(self) -> int:
        """How often it was changed since it was entered."""
        return sum(not one.is_new for one in self.past)


def key_data(look: Look, names: Sequence[str], entered: Sequence[str] = ()) -> list[Known]:
    """The fields of the record, from its plain columns, each with its history; what is blank, and was always, is left
    out. Of the other fields that are ``entered`` (its name, say) those that were changed follow."""
    columns = {column.name: column for column in look.row._meta.concrete_fields}
    past = histories(look)
    others = [name for name in entered if name in columns and name not in names and past.get(name)]
    shown = []
    for name in (*names, *(name for name in others if any(not one.is_new for one in past[name]))):
        if look.withholds(look.row, name):
            continue
        column = columns[name]
        value = getattr(look.row, name)
        if column.choices:
            value = getattr(look.row, f"get_{name}_display")()
        elif isinstance(value, bool):
            value = "是" if value else "否"
        elif isinstance(value, dt.date):
            value = value.isoformat()
        known = Known(str(column.verbose_name), UNKNOWN if value in (None, "") else value, past.get(name, ()))
        if known.value != UNKNOWN or known.changes:
            shown.append(known)
    return shown


def histories(look: Look) -> dict[str, list[Was]]:
    """Field name → its changes, the newest first, out of the last ``MOST_PAST`` of the record. One query.

    Where persons may not be seen a field that may name one has no history at all: what is harmless now (工会 as the
    holder of a work coverage) may have been somebody's name before.
    """
    row = look.row
    changes = Change.objects.visible_to(look.user).filter(model=row._meta.label_lower, object_id=row.pk)
    found: dict[str, list[Was]] = defaultdict(list)
    for change in changes.select_related("user").order_by("-at", "-pk")[:MOST_PAST]:
        who = who_wrote(look, change)
        for name, old, new in journal.differences(told_of(look, change)):
            if old != new:
                is_new = change.action == Action.CREATE
                found[name].append(Was(change.at, who, change.get_via_display(), old, new, is_new))
    return found


# The trail


@dataclass(frozen=True)
class Altered:
    label: str
    old: str
    new: str


@dataclass
class Entry:
    """One write: who, when, through which door, what, and each field from what to what."""

    at: dt.datetime
    who: str
    via: str
    action: str
    what: str
    is_new: bool
    is_gone: bool
    altered: list[Altered] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return max(1, len(self.altered)) if not (self.is_new or self.is_gone) else 1


def trail(look: Look, page: RecordPage, most: int) -> tuple[list[Entry], int]:
    """The newest entries of the record and of its facts, and how many there are in all."""
    merges = merges_of(page.slug, look.row.pk, look.user)
    # What became part of this record brought its trail. A merge that was taken back took it away again, but not what
    # it wrote itself: both records tell of the merge and of its end.
    parts = [one.gone for one in merges if one.stays == look.row.pk and one.undone_at is None]
    wanted = Q(model=look.row._meta.label_lower, object_id__in=[look.row.pk, *parts])
    wanted |= Q(model=MERGE, object_id__in=[one.pk for one in merges])
    wanted |= Q(pk__in=[key for one in merges for key in one.written])
    facts = [(one.model, one.owner) for one in page.facts]
    facts.append((Attachment, ATTACHED_TO[page.slug]))
    for model, owner in (*facts, *page.followed):
        name = model._meta.label_lower
        living = look.see(model).filter(**{owner: look.row}).values("pk")
        wanted |= Q(model=name, object_id__in=living)
        # What was deleted, or once belonged here, is known from its former value only
        wanted |= Q(model=name, action__in=(Action.DELETE, Action.UPDATE), **{f"before__{owner}__0": look.row.pk})
    changes = Change.objects.visible_to(look.user).filter(wanted)
    shown = [entry(look, change) for change in changes.select_related("user").order_by("-at", "-pk")[:most]]
    return shown, changes.count()


def entry(look: Look, change: Change) -> Entry:
    own = change.model == look.row._meta.label_lower and change.object_id == look.row.pk
    noun = _noun(change.model)
    if change.model == MERGE:
        # Its own columns only number the records, as its label does
        done = "合并" if change.action == Action.CREATE else "撤销合并"
        return Entry(change.at, who_wrote(look, change), change.get_via_display(), done, change.label, False, False)
    return Entry(
        at=change.at,
        who=who_wrote(look, change),
        via=change.get_via_display(),
        action=change.get_action_display(),
        what="" if own and change.action != Action.DELETE else f"{noun}：{change.label}",
        is_new=change.action == Action.CREATE,
        is_gone=change.action == Action.DELETE,
        altered=[Altered(*one) for one in journal.diff(told_of(look, change)) if one[1] != one[2]],
    )


def who_wrote(look: Look, change: Change) -> str:
    """The account, where its name, which is a person's, may be seen; one's own always."""
    if change.user is None:
        return "系统"
    named = look.persons.at(change.park_id) or change.user_id == look.user.pk
    return str(change.user) if named else SOMEBODY


def told_of(look: Look, change: Change) -> Change:
    """The entry, without the values that may name persons where the reader may not see them."""
    return change if look.persons.at(change.park_id) else change.without_persons()


def _noun(label: str) -> str:
    from django.apps import apps

    return str(apps.get_model(label)._meta.verbose_name)
