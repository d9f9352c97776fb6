"""The only place that reads a ledger's address into a list: its rows, tabs, conditions, order, totals and links."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.db.models import CharField, Count, F, Q, TextField, Value
from django.db.models.expressions import Combinable, OrderBy
from django.db.models.functions import NullIf
from django.forms import BoundField
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from metrics.excel import Header, Table
from metrics.indicators import INDICATORS, PARTS, Indicator, Rate
from orgs.models import Park, User
from orgs.scoping import ScopedQuerySet
from portal.asking import Asked
from portal.context import Entry
from portal.filters import RecordField
from portal.ledgers import LEDGERS, Column, Ledger, View
from portal.templatetags import show

PAGE: Final = 50
CHUNK: Final = 1000
EVERY_ROW: Final = 2**31 - 1
# Names in the address that are not conditions of the filter bar, in the order in which links carry them.
STATE: Final = ("park", "indicator", "part", "view", "day")


@dataclass(frozen=True)
class Drill:
    """One part of one indicator: the names behind a count of the leader's page."""

    indicator: Indicator
    part: str

    def views(self) -> tuple[View, ...]:
        """The parts as tabs; those outside the denominator say why."""
        one = self.indicator
        why = Column("why", "剔除原因", lambda row, day: one.why_excluded(row), phone="原因", wide=True, width=18)
        conditions = {
            "numerator": one.numerator,
            "denominator": one.denominator,
            "gap": one.denominator & ~one.narrows,
            "excluded": ~one.denominator,
            "covered-uncounted": _NONE if one.uncounted is None else one.uncounted,
        }
        return tuple(
            View(part, label, conditions[part], (why,) if part in ("excluded", "covered-uncounted") else ())
            for part, label in PARTS.items()
        )


_NONE: Final = Q(pk__isnull=True)  # not pk__in=(): an empty set would empty the counts of the other tabs too


@dataclass(frozen=True)
class Chip:
    """A condition in force; ``url`` is the list without it."""

    label: str
    text: str
    url: str


@dataclass(frozen=True)
class Tab:
    label: str
    url: str
    current: bool
    count: int


@dataclass(frozen=True)
class Head:
    """The head of a column: ``order`` is ascending, descending or empty; ``url`` sorts by it."""

    column: Column
    url: str = ""
    order: str = ""


@dataclass(frozen=True)
class Cell:
    column: Column
    text: str
    url: str = ""
    tone: str = ""

    @property
    def known(self) -> bool:
        return self.text not in ("", show.UNKNOWN)

    @property
    def css(self) -> str:
        """How it stands in its column, and on a phone: a line of its own, among others, or not at all."""
        on_phone = "noph" if self.column.phone is None else "wide" if self.column.wide and self.known else ""
        empty = "mt" if not self.known and (self.column.wide or not self.text) else ""
        return " ".join(filter(None, (self.column.css, on_phone, empty)))


class CountedPaginator(Paginator):
    """A paginator that was told how many rows there are."""

    def __init__(self, rows: Any, count: int) -> None:
        super().__init__(rows, PAGE)
        self.__dict__["count"] = count


class Listing:
    """What one address of a ledger asks for. Nothing is read from the database until it is needed.

    ``problems`` are sentences about what the address got wrong. Where a condition could not be understood the list is
    empty (``is_broken``) rather than wider than asked.
    """

    def __init__(self, ledger: Ledger, about: Asked, data: QueryDict) -> None:
        self.ledger = ledger
        self.about = about
        self.user: User = about.user
        self.park: Park | None = about.park
        self.day: dt.date = about.day
        self.data = data
        self.problems: list[str] = [about.problem] if about.problem and ledger.dated else []
        self.is_broken = False
        self.drill = self._read_drill()
        self.views = self.drill.views() if self.drill else ledger.views(self.day)
        self.view = self._read_view()
        prepared = ledger.rows(self.user, self.park, self.day)
        self.filterset = ledger.filterset(data, prepared, about=about)
        wrong = self.filterset.problems()
        self.problems += wrong
        self.is_broken = self.is_broken or bool(wrong)
        self.base: ScopedQuerySet = prepared.none() if self.is_broken else self.filterset.qs
        self.sort, self.descending = self._read_sort()

    # Reading the address

    def _read_drill(self) -> Drill | None:
        code, part = self.data.get("indicator", ""), self.data.get("part", "")
        if (not code and not part) or self.ledger.slug != "enterprises":
            return None
        if code not in INDICATORS:
            self._broken(f"没有代号为“{code[:40]}”的指标，请从覆盖情况页重新进入。")
            return None
        part = part or "denominator"
        if part not in PARTS:
            self._broken(f"指标没有“{part[:40]}”这一部分，可看的有{'、'.join(PARTS.values())}。")
            return None
        return Drill(INDICATORS[code], part)

    def _read_view(self) -> View:
        asked = self.drill.part if self.drill else self.data.get("view", "")
        found = next((view for view in self.views if view.slug == asked), None)
        if asked and found is None:
            self._broken(f"{self.ledger.title}没有“{asked[:40]}”这个视图，请从上面的视图中选择。")
        return found or self.views[0]

    def _read_sort(self) -> tuple[Column | None, bool]:
        asked = self.data.get("sort", "")
        name = asked.removeprefix("-")
        found = next((column for column in self.columns if column.name == name and column.sort), None)
        if asked and found is None:
            self.problems.append(f"不能按“{asked[:40]}”排序，已按通常顺序排列。")
        return found, asked.startswith("-")

    def _broken(self, sentence: str) -> None:
        self.problems.append(sentence)
        self.is_broken = True

    # Links

    @cached_property
    def state(self) -> dict[str, str]:
        """Everything in the address that is understood, in one order."""
        kept = {name: self.data[name] for name in ("day",) if self.data.get(name)}
        found = {
            "park": self.park.slug if self.park else "",
            "indicator": self.drill.indicator.code if self.drill else "",
            "part": self.drill.part if self.drill else "",
            "view": "" if self.drill or self.view is self.views[0] else self.view.slug,
            "day": self.day.isoformat() if kept else "",
        }
        found |= {name: self.data.get(name, "") for name in self.filterset.filters if name not in self._wrong}
        found["sort"] = ("-" if self.descending else "") + self.sort.name if self.sort else ""
        return {name: value for name, value in found.items() if value}

    @property
    def _wrong(self) -> set[str]:
        return set(self.filterset.form.errors)

    def address(self, **changes: str) -> str:
        """This list with some of its state changed; an empty value takes it away. Always the first page."""
        query = {name: value for name, value in (self.state | changes).items() if value}
        return f"{self.url}?{urlencode(query)}" if query else self.url

    @property
    def url(self) -> str:
        return reverse("ledger", args=[self.ledger.slug])

    @property
    def export_url(self) -> str:
        query = urlencode(self.state)
        return reverse("ledger-export", args=[self.ledger.slug]) + (f"?{query}" if query else "")

    @property
    def new_url(self) -> str:
        query = urlencode({"park": self.park.slug}) if self.park else ""
        return reverse("ledger-new", args=[self.ledger.slug]) + (f"?{query}" if query else "")

    @cached_property
    def kept(self) -> dict[str, str]:
        """What goes along to a record: the park, and the day when it was chosen."""
        return {name: self.state[name] for name in ("park", "day") if name in self.state}

    def record_url(self, slug: str, pk: int) -> str:
        return f"{reverse('record', args=[slug, pk])}{self.kept_query}"

    @cached_property
    def kept_query(self) -> str:
        return f"?{urlencode(self.kept)}" if self.kept else ""

    @property
    def plain_url(self) -> str:
        """The ledger without anything but the park."""
        return f"{self.url}?{urlencode({'park': self.park.slug})}" if self.park else self.url

    @property
    def words(self) -> str:
        """What stands in the search field, understood or not."""
        text: str = self.data.get("q", "")
        return text.replace("\x00", "")

    @cached_property
    def cleared_url(self) -> str:
        """The same tab without any condition."""
        return self.address(**dict.fromkeys([*self.filterset.filters, "day"], ""))

    # Columns

    @cached_property
    def columns(self) -> list[Column]:
        """What is shown: the park too when the list spans several, and what the view adds."""
        first, *others = self.ledger.columns
        park = [self.ledger.park_column] if self.ledger.park_column and self.spans_parks else []
        return [first, *park, *self.view.extra, *others]

    @cached_property
    def spans_parks(self) -> bool:
        return self.park is None and len(Park.objects.visible_to(self.user).order_by().values_list("pk")[:2]) > 1

    @property
    def heads(self) -> Iterator[Head]:
        for column in self.columns:
            if not column.sort:
                yield Head(column)
            elif column is self.sort:
                order = "descending" if self.descending else "ascending"
                yield Head(column, self.address(sort=column.name if self.descending else f"-{column.name}"), order)
            else:
                yield Head(
                    column, self.address(sort=("-" if column.kind in ("number", "percent") else "") + column.name)
                )

    # Rows

    @cached_property
    def rows(self) -> ScopedQuerySet:
        """Every row of the filter, in order."""
        if self.drill and not self.is_broken:
            rows = self.drill.indicator.part(self.base, self.day, self.drill.part)
        else:
            rows = self.base.filter(self.view.condition)
        return rows.order_by(*self._ordering(), *self.ledger.order)

    def _ordering(self) -> list[OrderBy]:
        """What is empty comes last in either direction."""
        keys: list[OrderBy] = []
        for name in self.sort.sort if self.sort else ():
            key = self._sort_key(name)
            keys.append(key.desc(nulls_last=True) if self.descending else key.asc(nulls_last=True))
        return keys

    def _sort_key(self, name: str | Combinable) -> Any:
        if not isinstance(name, str):
            return name
        if self.sort and self.sort.kind == "text" and self._is_text(name):
            return NullIf(F(name), Value(""))
        return F(name)

    def _is_text(self, name: str) -> bool:
        """Whether the name is a text column, where empty is written as ""."""
        annotation = self.base.query.annotations.get(name)
        if annotation is not None:
            return isinstance(annotation.output_field, CharField)
        model: Any = self.ledger.model
        *steps, last = name.split("__")
        for step in steps:
            model = model._meta.get_field(step).related_model
        return isinstance(model._meta.get_field(last), CharField | TextField)

    @cached_property
    def counted(self) -> Mapping[str, Any]:
        """The totals of the whole filter and the count of every tab, in one query (parks: one more)."""
        totals = self.ledger.totals(self.view.condition, self.day)
        # Prefixed, because an aggregate may not bear the name of an annotation
        asked: dict[str, Any] = {f"total_{name}": total for name, total in totals.items()}
        if len(self.views) > 1:
            asked |= {
                f"view_{place}": Count("pk", filter=view.condition or None) for place, view in enumerate(self.views)
            }
        # Only what is asked for, in a subquery that ends in a limit: else SQLite works out a condition on coverage anew
        # for every sum that mentions it
        once = self.base.order_by().values(*sorted(names_in(*asked.values())))[:EVERY_ROW]
        found = {name.removeprefix("total_"): value for name, value in once.aggregate(**asked).items()}
        if self.ledger.more_totals is not None:
            found |= self.ledger.more_totals(self.rows, self.day)
        return found

    @property
    def count(self) -> int:
        count: int = self.counted["n"]
        return count

    @property
    def tabs(self) -> list[Tab]:
        """Empty for a ledger with a single view."""
        if len(self.views) == 1 or self.is_broken:
            return []
        name = "part" if self.drill else "view"
        return [
            Tab(
                view.label,
                self.address(**{name: view.slug if self.drill or place else ""}),
                view is self.view,
                self.counted[f"view_{place}"],
            )
            for place, view in enumerate(self.views)
        ]

    def page(self) -> Page[Any]:
        """The page asked for; a number past the last shows the last, with a sentence."""
        paginator = CountedPaginator(self.rows.values_list("pk", flat=True), self.count)
        text = self.data.get("page", "") or "1"
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
        if number < 1:
            self.problems.append(f"页码“{text[:20]}”不对，本页显示第1页。")
            number = 1
        elif number > paginator.num_pages:
            self.problems.append(f"没有第{number}页，本页显示最后一页。")
            number = paginator.num_pages
        return paginator.page(number)

    def loaded(self, pks: list[int]) -> list[Any]:
        """The rows of these keys in this order, with all that the columns show."""
        if not pks:
            return []
        rows = self.ledger.model.objects.visible_to(self.user).filter(pk__in=pks)
        found = {row.pk: row for row in self.ledger.load(rows, self.day, self.user)}
        return [found[pk] for pk in pks if pk in found]

    def cells(self, row: Any) -> list[Cell]:
        return [self._cell(row, column, place == 0) for place, column in enumerate(self.columns)]

    def _cell(self, row: Any, column: Column, is_first: bool) -> Cell:
        value = column.value(row, self.day)
        tone = column.tones.get(value, "") if column.tones else ""
        if is_first:
            return Cell(column, written(value, column.kind), self.record_url(self.ledger.slug, row.pk), tone)
        to = column.link(row) if column.link else None
        return Cell(column, written(value, column.kind), self.record_url(*to) if to else "", tone)

    @property
    def totals(self) -> list[Any]:
        """The values of the totals row, None where a column has no total."""
        return [column.total(self.counted) if column.total else None for column in self.columns]

    @property
    def total_cells(self) -> list[Cell]:
        return [
            Cell(column, "" if value is None and column.total is None else written(value, column.kind))
            for column, value in zip(self.columns, self.totals, strict=True)
        ]

    # The filter bar

    @cached_property
    def chips(self) -> list[Chip]:
        found = [
            Chip(str(self.filterset.filters[name].label), self._chosen(name), self.address(**{name: ""}))
            for name in self.filterset.filters
            if name in self.state
        ]
        if "day" in self.state and self.day != timezone.localdate() and self.ledger.dated:
            found.append(Chip("截至", self.day.isoformat(), self.address(day="")))
        return found

    def _chosen(self, name: str) -> str:
        """A condition in words."""
        value = self.filterset.form.cleaned_data.get(name)
        field = self.filterset.form.fields[name]
        if isinstance(field, RecordField) or not hasattr(field, "choices"):
            return str(value)
        return str(dict(field.choices).get(value, value))

    @property
    def main_fields(self) -> list[BoundField]:
        return [self.filterset.form[name] for name in self.filterset.primary if not self._is_hidden(name)]

    @property
    def more_fields(self) -> list[BoundField]:
        """The menus behind “更多条件”."""
        return [
            self.filterset.form[name]
            for name in self.filterset.filters
            if name != "q" and name not in self.filterset.primary and not self._is_hidden(name)
        ]

    @property
    def is_open(self) -> bool:
        return any(field.name in self.state for field in self.more_fields)

    @property
    def hidden(self) -> dict[str, str]:
        """State that the filter bar carries along without showing it."""
        names = [name for name in self.filterset.filters if name != "q" and self._is_hidden(name)]
        return {
            name: value
            for name, value in self.state.items()
            if name in ("park", "indicator", "part", "view", "sort", *names)
        }

    def _is_hidden(self, name: str) -> bool:
        """A menu of records with too many, or no, records to choose from."""
        field = self.filterset.form.fields[name]
        return isinstance(field, RecordField) and not field.options

    # In words

    @property
    def rate(self) -> Rate | None:
        """The figure that was opened, over what the other conditions leave."""
        if self.drill is None or self.is_broken:
            return None
        numerator, denominator, excluded, uncounted = (self._part_count(part) for part in _RATE_PARTS)
        return Rate(self.drill.indicator, self.day, numerator, denominator, excluded, uncounted)

    def _part_count(self, part: str) -> int:
        place = [view.slug for view in self.views].index(part)
        count: int = self.counted[f"view_{place}"]
        return count

    @property
    def figure(self) -> str:
        """组织覆盖率（实体运营口径）的缺口：3家，截至2026-10-31。"""
        if self.drill is None:
            return ""
        label, part = self.drill.indicator.label, PARTS[self.drill.part]
        return f"{label}的{part}：{self.count:,}{self.ledger.unit}，截至{self.day}。"

    @property
    def caption(self) -> str:
        view = "" if len(self.views) == 1 else f"，{self.view.label}"
        day = f"，截至{self.day}" if self.ledger.dated else ""
        return f"{self.ledger.title}{view}{day}，共{self.count:,}{self.ledger.unit}"

    @property
    def reach_words(self) -> str:
        return self.park.name if self.park else "可查看的全部园区"

    @property
    def sort_words(self) -> str:
        if self.sort is None:
            return "通常顺序"
        return f"{self.sort.label}，{'从大到小' if self.descending else '从小到大'}，空的在后"

    # Nothing to show

    @property
    def is_narrowed(self) -> bool:
        return bool(self.chips) or self.drill is not None or self.view is not self.views[0]

    def elsewhen(self) -> list[tuple[str, str]]:
        """Records that the words found, but that do not hold on this day: what an officer looks for and misses."""
        words = self.data.get("q", "").strip()
        if not words or self.is_broken or not self.ledger.dated:
            return []
        everything = self.ledger.model.objects.visible_to(self.user).in_park(self.park)
        found = self.filterset.find(everything, "q", words).order_by("pk")[:5]
        return [(str(row), self.record_url(self.ledger.slug, row.pk)) for row in found]

    # The workbook

    def table(self, now: dt.datetime) -> Table:
        """Everything the page shows over all its pages, and on a second sheet what it was."""
        facts: list[tuple[str, Any]] = [
            ("台账", self.ledger.title),
            ("视图", PARTS[self.drill.part] if self.drill else self.view.label),
            ("园区", self.reach_words),
        ]
        if self.rate is not None:
            facts += [("指标", self.rate.indicator.label), ("指标数值", self.rate.text)]
        facts += [("筛选条件", "；".join(f"{chip.label}：{chip.text}" for chip in self.chips) or "无")]
        if self.ledger.dated:
            facts += [("截至", self.day)]
        facts += [("排序", self.sort_words), ("行数", self.count), ("导出人", str(self.user)), ("导出时间", now)]
        lines = [f"{self.reach_words}　{self.figure or self.caption}"]
        headers = [Header(column.label, column.kind, column.width) for column in self.columns]
        return Table(self.ledger.title, lines, headers, self._all_values(), self.totals, facts)

    def _all_values(self) -> Iterator[list[Any]]:
        pks = list(self.rows.values_list("pk", flat=True))
        for start in range(0, len(pks), CHUNK):
            for row in self.loaded(pks[start : start + CHUNK]):
                yield [column.value(row, self.day) for column in self.columns]


_RATE_PARTS: Final = ("numerator", "denominator", "excluded", "covered-uncounted")


def names_in(*expressions: Any) -> set[str]:
    """The columns and annotations that the aggregates and their filters mention."""
    found: set[str] = set()
    for expression in expressions:
        if isinstance(expression, Q):
            children: Any = expression.children
            for child in children:
                found |= names_in(child) if isinstance(child, Q) else {child[0].split("__")[0]}
        elif isinstance(expression, F):
            found.add(expression.name)
        elif expression is not None:
            found |= names_in(*expression.get_source_expressions())
    return found


def written(value: Any, kind: str) -> str:
    """A value as the page writes it."""
    if value is None or value == "":
        return show.UNKNOWN
    if kind == "number":
        return show.num(value) if not isinstance(value, str) else value
    if kind == "percent":
        return f"{value}%"
    if isinstance(value, dt.date):
        return value.isoformat()
    return str(value)


def counts(user: User, park: Park | None, day: dt.date) -> dict[str, int]:
    """How many rows each ledger has for the user on the day, in one query."""
    each = [
        ledger.model.objects.visible_to(user)
        .in_park(park)
        .as_of(day)
        .order_by()
        .annotate(ledger=Value(slug, output_field=CharField()))
        .values("ledger")
        .annotate(n=Count("pk"))
        .values_list("ledger", "n")
        for slug, ledger in LEDGERS.items()
    ]
    return dict.fromkeys(LEDGERS, 0) | dict(each[0].union(*each[1:], all=True))


def kept(about: Asked, data: QueryDict) -> dict[str, str]:
    """The park, and the day when it was chosen, for links from a page that is not a list."""
    found = {"park": about.park.slug} if about.park else {}
    return found | ({"day": about.day.isoformat()} if data.get("day") else {})


def subnav(current: str, kept: Mapping[str, str]) -> list[Entry]:
    """The bar of ledgers under the head; ``kept`` (park, day) goes along on its links.

    It bears no counts: nine of them would cost as much as half a page of records.
    """
    query = f"?{urlencode(kept)}" if kept else ""
    return [
        Entry(ledger.title.removesuffix("台账"), reverse("ledger", args=[slug]) + query, slug == current)
        for slug, ledger in LEDGERS.items()
    ]
