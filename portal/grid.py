"""The only place for the monthly grid: the organizations of a park in a month, what they filed, what is being typed.

A line of the grid is nine cells of text until it is submitted; only lines with something in them are put into a form
(:class:`portal.forms.grid.MeetingRow`), so the page costs the same however many lines it has.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count, Q
from django.urls import reverse

from activities.models import Activity, ActivityKind
from orgs import journal
from orgs.journal import Via
from orgs.models import Affiliation, Member, Park, PartyOrganization, User
from orgs.periods import during
from orgs.scoping import parks_in_reach
from portal import pasting
from portal.forms.activities import WHOLE
from portal.forms.base import Slip
from portal.forms.enterprises import plain_name
from portal.forms.fields import EARLIEST, half_width
from portal.forms.grid import KINDS, MeetingRow, bare
from portal.imports.plans import PLANS, short_of

# Organizations on a page, lines in all and of one organization: within what a form may send (settings.py)
MOST: Final = 100
MOST_LINES: Final = 400
MOST_OF_ONE: Final = 30
NOTHING: Final = "还没有填任何一行，请至少填一行再提交"
STILL_THERE: Final = "“从Excel粘贴”里还有没有填入的内容，请点“填入下表”，不要的请删去，再提交"
FULL: Final = f"一个党组织一次最多填{MOST_OF_ONE}行，一页最多{MOST_LINES}行，请先提交已填的"
UNTIL: Final = 10  # so long into a month the last one is being filed
MOST_TOLD: Final = 8


@dataclass(frozen=True)
class Month:
    """A calendar month."""

    year: int
    number: int

    @classmethod
    def of(cls, day: dt.date) -> Month:
        return cls(day.year, day.month)

    @property
    def first(self) -> dt.date:
        return dt.date(self.year, self.number, 1)

    @property
    def last(self) -> dt.date:
        return dt.date(self.year, self.number, calendar.monthrange(self.year, self.number)[1])

    @property
    def after(self) -> dt.date:
        """The first day that no longer belongs to it."""
        return self.last + dt.timedelta(days=1)

    @property
    def before(self) -> Month:
        return Month.of(self.first - dt.timedelta(days=1))

    @property
    def next(self) -> Month:
        return Month.of(self.after)

    def __str__(self) -> str:
        return f"{self.year}年{self.number}月"


def current_month(today: dt.date) -> Month:
    """The month that is being filed: until the 10th the one before."""
    month = Month.of(today)
    return month.before if today.day <= UNTIL else month


def parse_month(text: str, today: dt.date) -> Month:
    """The month meant by 2026-10, 2026年10月, 2026.10 or 202610.

    Raises ValidationError with a sentence when it is none, or has not come yet.
    """
    plain = half_width(text)
    found = re.fullmatch(r"(\d{4})\s*[-./年]\s*(\d{1,2})\s*月?", plain) or re.fullmatch(r"(\d{4})(\d{2})", plain)
    year, number = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= number <= 12 or year < EARLIEST:
        raise ValidationError(f"月份写的是“{text.strip()[:20]}”，认不出是哪一月，请写成2026-10的样子")
    month = Month(year, number)
    if month.first > today:
        raise ValidationError(f"{month}还没有到，请填本月或更早的月份")
    return month


def month_url(park: Park, month: Month) -> str:
    return reverse("activity-month", args=[park.slug, month.year, month.number])


def way_in(user: User, park: Park | None, today: dt.date) -> str:
    """The grid of the park for the month that is being filed; of the only one the user may write to where none is
    chosen. "" for who may enter nothing there, and where there are several."""
    parks = parks_in_reach(user, Activity.write_roles)
    some = list(parks[:2]) if park is None else list(parks.filter(pk=park.pk))
    return month_url(some[0], current_month(today)) if len(some) == 1 else ""


@dataclass(frozen=True)
class Column:
    """One column that is typed: the field, its head, the class of its cells."""

    name: str
    label: str
    css: str


COLUMNS: Final = (
    Column("kind", "活动类型", "k"),
    Column("held_on", "日期", "d"),
    Column("title", "议题或主题", "ti"),
    Column("host", "主持人", "ho"),
    Column("place", "地点", "pl"),
    Column("due", "应到", "n"),
    Column("present", "实到", "n"),
    Column("on_leave", "请假", "n"),
    Column("absent", "缺席", "n"),
)
NAMES: Final = tuple(column.name for column in COLUMNS)
# The heads under which a pasted column is found: those of a workbook of activities
HEADS: Final[Mapping[str, Sequence[str]]] = {
    name: PLANS["activities"].known_by(name) for name in PLANS["activities"].names
}
_CELL_NAME = re.compile(rf"o(\d{{1,18}})-(\d{{1,3}})-({'|'.join(NAMES)})")


@dataclass
class Line:
    """One line that is typed; ``errors`` by column."""

    organization: PartyOrganization
    number: int  # from 0, within the organization
    texts: dict[str, str] = field(default_factory=dict)
    errors: dict[str, list[str]] = field(default_factory=dict)
    form: MeetingRow | None = None
    is_focused: bool = False

    @property
    def prefix(self) -> str:
        return f"o{self.organization.pk}-{self.number}"

    @property
    def is_blank(self) -> bool:
        return not any(text.strip() for text in self.texts.values())

    @property
    def place(self) -> str:
        """Where it is, in words: the first line of an organization is told by its name alone."""
        return f"{self.organization}第{self.number + 1}行" if self.number else str(self.organization)

    @property
    def told(self) -> list[tuple[str, list[str]]]:
        """(column, sentences) of what is wrong, in the order of the columns."""
        return [(name, self.errors[name]) for name in NAMES if name in self.errors]


@dataclass
class Group:
    """An organization with what it filed in the month and what is being typed."""

    organization: PartyOrganization
    members: int  # at the end of the month, or today when it goes on
    filed: list[Activity]
    lines: list[Line]

    @property
    def span(self) -> int:
        """Rows of the table: a line with errors has one more for them."""
        return len(self.filed) + sum(1 + bool(line.errors) for line in self.lines)

    def add_line(self) -> Line:
        line = Line(self.organization, len(self.lines))
        self.lines.append(line)
        return line


class Grid:
    """The grid of one park and month. ``data`` is what was typed: a POST, or the fields of a draft.

    It takes the course of an entry form (:func:`portal.entering.add`): is_valid, commit, and the first record made.
    """

    def __init__(self, user: User, park: Park, month: Month, page: str, today: dt.date, data: Any = None) -> None:
        self.user, self.park, self.month, self.today = user, park, month, today
        self.data: Mapping[str, Any] = {} if data is None else data
        self.paste: str = self.data.get("paste", "")
        self.told: list[Slip] = []
        self.said: list[str] = []  # what became of a pasted block
        self.made: list[Activity] = []
        typed = self._typed()
        rows = PartyOrganization.objects.visible_to(user).in_park(park)
        standing = rows.filter(
            Q(dissolved_on__isnull=True) | Q(dissolved_on__gt=month.first), founded_on__lt=month.after
        )
        self.page_obj = Paginator(standing.order_by("order_key", "pk"), MOST).get_page(page)
        organizations = list(self.page_obj.object_list)
        # Dissolved or founded otherwise while somebody typed
        others = typed.keys() - {one.pk for one in organizations}
        if others:
            organizations += rows.filter(pk__in=others).order_by("order_key", "pk")
        self.organizations: list[PartyOrganization] = organizations
        members, filed = self._members(min(month.last, today)), self._filed()
        self.groups = [
            Group(one, sum(members.get(one.pk, (0, 0))), filed.get(one.pk, []), self._lines(one, typed))
            for one in organizations
        ]
        self._lost(typed)

    # What there is

    def _filed(self) -> dict[int, list[Activity]]:
        """What is on record, by organization."""
        found: dict[int, list[Activity]] = {}
        rows = Activity.objects.visible_to(self.user).filter(
            organization__in=[one.pk for one in self.organizations],
            held_on__gte=self.month.first,
            held_on__lt=self.month.after,
        )
        for row in rows.order_by("held_on", "pk"):
            found.setdefault(row.organization_id, []).append(row)
        return found

    def _members(self, day: dt.date) -> dict[int, tuple[int, int]]:
        """Full and probationary members of each organization on the day."""
        rows = Affiliation.objects.visible_to(self.user).filter(
            during(day), organization__in=[one.pk for one in self.organizations]
        )
        counted = (
            rows.order_by()
            .values("organization")
            .annotate(
                full=Count("member", filter=Member.full_q(day, "member__"), distinct=True),
                probationary=Count("member", filter=Member.probationary_q(day, "member__"), distinct=True),
            )
        )
        return {pk: (full, part) for pk, full, part in counted.values_list("organization", "full", "probationary")}

    # What is typed

    def _typed(self) -> dict[int, dict[int, dict[str, str]]]:
        """Organization → number of the line → column → text, of organizations with something in a cell, or more lines
        than the one that each has."""
        found: dict[int, dict[int, dict[str, str]]] = {}
        for key in self.data:
            cell = _CELL_NAME.fullmatch(key)
            if cell and int(cell[2]) < MOST_OF_ONE:
                found.setdefault(int(cell[1]), {}).setdefault(int(cell[2]), {})[cell[3]] = self.data[key]
        return {
            pk: lines
            for pk, lines in found.items()
            if max(lines) > 0 or any(text.strip() for texts in lines.values() for text in texts.values())
        }

    @staticmethod
    def _lines(organization: PartyOrganization, typed: Mapping[int, dict[int, dict[str, str]]]) -> list[Line]:
        lines = typed.get(organization.pk, {})
        most = max(lines, default=0) + 1
        return [Line(organization, number, lines.get(number, {})) for number in range(most)]

    def _lost(self, typed: Mapping[int, Mapping[int, Mapping[str, str]]]) -> None:
        """Lines of organizations that are no longer there go back to where a block is pasted."""
        known = {one.pk for one in self.organizations}
        lost = [
            "\t".join(texts.get(name, "") for name in NAMES)
            for pk, lines in typed.items()
            for texts in lines.values()
            if pk not in known and any(texts.values())
        ]
        if lost:
            self.paste = "\n".join(filter(None, (self.paste, *lost)))
            self.said.append(f"有{len(lost)}行的党组织已不在台账中，内容放在“从Excel粘贴”里")

    @property
    def lines(self) -> Iterator[Line]:
        return (line for group in self.groups for line in group.lines)

    @property
    def is_full(self) -> bool:
        return sum(len(group.lines) for group in self.groups) >= MOST_LINES

    def add_line(self, key: str) -> None:
        """One more line for the organization with this key, to be typed into next."""
        group = next((one for one in self.groups if str(one.organization.pk) == key), None)
        if group is None:
            return
        if self.is_full or len(group.lines) >= MOST_OF_ONE:
            self.told.append(Slip(FULL, "form"))
            return
        group.add_line().is_focused = True

    # A pasted block

    def spread(self) -> None:
        """Put the pasted block into blank lines. What finds no place stays where it was pasted, and is told of."""
        block = pasting.read(self.paste, HEADS)
        named = self._named()
        columns = block.columns
        if columns is None:
            has_names = any(plain_name(line[0]) in named for line in block.lines)
            columns = (*(("organization",) if has_names else ()), *NAMES)
        in_order = list(self.lines)
        left: list[Sequence[str]] = []
        filled, organization = 0, ""
        for number, cells in enumerate(block.lines):
            if not any(cells):
                continue
            given = dict(zip(columns, cells, strict=False))
            organization = given.get("organization", "") or organization
            texts = {name: given[name] for name in NAMES if given.get(name)}
            if not texts:
                continue
            line, why = self._place(named, organization, "organization" in columns, in_order, number)
            if line is None:
                left.append(cells)
                self.said.append(f"第{number + block.first}行没有填入：{why}")
                continue
            line.texts = texts
            filled += 1
        self._tell_of_more(block, columns)
        self.paste = "\n".join("\t".join(cells) for cells in ([block.head, *left] if left and block.head else left))
        many = len(self.said) - MOST_TOLD
        if many > 0:
            self.said[MOST_TOLD:] = [f"另有{many}处，见下面留着的内容"]
        self.said.insert(0, f"填入{filled}行，请核对后提交" if filled else "没有填入任何一行")

    def _named(self) -> dict[str, Group]:
        """The organizations of the page by full and short name; names of two are none."""
        found: dict[str, list[Group]] = {}
        for group in self.groups:
            one = group.organization
            for word in {plain_name(word) for word in (one.name, one.short_name, short_of(one.name))}:
                found.setdefault(word, []).append(group)
        return {word: groups[0] for word, groups in found.items() if len(groups) == 1}

    def _place(
        self, named: Mapping[str, Group], organization: str, by_name: bool, in_order: Sequence[Line], number: int
    ) -> tuple[Line | None, str]:
        """The blank line for one of the block, or why there is none."""
        if not by_name:
            if number >= len(in_order):
                return None, f"这一页只有{len(in_order)}行"
            line = in_order[number]
            return (line, "") if line.is_blank else (None, f"{line.place}已填了内容")
        group = named.get(plain_name(organization))
        if group is None:
            return None, f"“{organization}”不是这一页的党组织" if organization else "没有写是哪个党组织"
        blank = next((line for line in group.lines if line.is_blank), None)
        if blank is None and (self.is_full or len(group.lines) >= MOST_OF_ONE):
            return None, FULL
        return blank or group.add_line(), ""

    def _tell_of_more(self, block: pasting.Block, columns: Sequence[str]) -> None:
        """Columns that the grid does not have, and cells beyond its last one."""
        takes = {"organization", *NAMES}
        for place, head in enumerate(block.head):
            if columns[place] not in takes and any(len(cells) > place and cells[place] for cells in block.lines):
                self.said.append(f"“{head or f'第{place + 1}列'}”一列这里不填，没有带进来")
        for number, cells in enumerate(block.lines):
            beyond = [cell for cell in cells[len(columns) :] if cell]
            if beyond:
                self.said.append(f"第{number + block.first}行多出的没有带进来：{'、'.join(beyond)[:40]}")

    # The course of an entry form

    def alikes(self) -> list[Any]:
        """Records that a line might be about: none that :meth:`is_valid` has not told of already."""
        return []

    def is_valid(self) -> bool:
        """Put every line with something in it into its form; what is wrong stands at its cell."""
        if self.paste.strip():
            self.told.append(Slip(STILL_THERE, "id_paste"))
        elif all(line.is_blank for line in self.lines):
            self.told.append(Slip(NOTHING, "form"))
        for line in self.lines:
            if not line.is_blank:
                self._check(line)
        self._check_twice()
        return not self.errors

    def _check(self, line: Line) -> None:
        line.form = MeetingRow(
            self.data,
            instance=Activity(organization=line.organization),
            user=self.user,
            park=self.park,
            month=self.month.first,
            prefix=line.prefix,
        )
        for name, texts in line.form.errors.items():
            at = NAMES[0] if name == NON_FIELD_ERRORS else name
            line.errors.setdefault(at, []).extend(str(text) for text in texts)

    def _check_twice(self) -> None:
        """The same kind of meeting of an organization on the same day is entered once."""
        for group in self.groups:
            there = {(row.kind, row.held_on): row for row in group.filed}
            before: dict[tuple[str, dt.date], Line] = {}
            for line in group.lines:
                cleaned = line.form.cleaned_data if line.form is not None else {}
                kind, held_on = cleaned.get("kind"), cleaned.get("held_on")
                if not kind or not held_on:
                    continue
                key, what = (kind, held_on), f"{held_on}的{ActivityKind(kind).label}"
                if key in there:
                    line.errors.setdefault("held_on", []).append(
                        f"{what}已登记过“{there[key].title}”，不用再登记；同一天确实另有一次的，请用“新增组织生活”登记"
                    )
                elif key in before:
                    line.errors.setdefault("held_on", []).append(
                        f"{what}在第{before[key].number + 1}行已填了一次，请核对，多填的请清空"
                    )
                else:
                    before[key] = line

    def commit(self, via: Via) -> list[Activity]:
        """Write every line in one transaction, through the journal.

        Raises ValidationError after putting its sentences at the cells; then nothing is written.
        """
        with transaction.atomic():
            # Whoever files for the same organizations at this moment waits, and is then seen
            rows = PartyOrganization.objects.visible_to(self.user).filter(pk__in=[one.pk for one in self.organizations])
            list(rows.select_for_update(of=("self",)).order_by("pk").values_list("pk"))
            filed = self._filed()
            for group in self.groups:
                group.filed = filed.get(group.organization.pk, [])
            self._check_twice()
            if self.errors:
                raise ValidationError("有会议刚才已由别人登记")
            meetings = [line.form.instance for line in self.lines if line.form is not None]
            try:
                # Each has passed its form, and by that the rules of the model
                self.made = journal.save_many(meetings, self.user, via, checked=True)
            except ValidationError as error:
                self.told += [Slip(text, "form") for text in error.messages]
                raise
        return self.made

    def reminders(self) -> list[str]:
        """What should be looked at again in what was written: what the entry form says of the head counts."""
        found: list[str] = []
        members: dict[dt.date, dict[int, tuple[int, int]]] = {}
        for line in self.lines:
            if line.form is None or line.form.instance.kind not in WHOLE:
                continue
            row = line.form.instance
            if row.held_on not in members:
                members[row.held_on] = self._members(row.held_on)
            notes = line.form.due_notes(row.held_on, *members[row.held_on].get(row.organization_id, (0, 0)))
            found += [f"{row}：{note.head}" for note in notes if note.tone == "due"]
        more = len(found) - MOST_TOLD
        return [*found[:MOST_TOLD], f"另有{more}处"] if more > 0 else found

    @property
    def instance(self) -> Activity:
        """The first record made."""
        return self.made[0]

    @property
    def errors(self) -> bool:
        return bool(self.told) or any(line.errors for line in self.lines)

    @cached_property
    def slips(self) -> list[Slip]:
        """Every error once, in the order of the page, with the cell to jump to."""
        return self.told + [
            Slip(f"{line.place}：{text}", f"id_{line.prefix}-{name}")
            for line in self.lines
            for name, texts in line.told
            for text in texts
        ]


def kind_of(text: str) -> str:
    """The value of the kind that a cell names, or its text when it names none."""
    return KINDS.get(bare(text), text.strip())
