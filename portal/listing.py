"""The only place that reads a ledger's address into a list: its rows, tabs, conditions, order, totals and links."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Final
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.db.models import Case, CharField, Count, F, Q, TextField, Value, When
from django.db.models.expressions import Combinable, OrderBy
from django.db.models.functions import NullIf
from django.forms import BoundField
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from metrics.indicators import (
    COMPOSITIONS,
    ENTERPRISES,
    EVERY_GROUP,
    INDICATORS,
    PARTS,
    Composition,
    Indicator,
    Rate,
    Subject,
)
from orgs.models import Enterprise, Park, User
from orgs.ordering import NameField
from orgs.scoping import ScopedQuerySet
from portal.asking import Asked
from portal.choosing import Choice, choice
from portal.context import Entry
from portal.filters import RecordField
from portal.ledgers import LEDGERS, Column, Ledger, View
from portal.parkwalk import ParkWalk, walks
from portal.places import name_of
from portal.saved import NO_VIEWS, PLAIN, Views, is_bare
from portal.templatetags import show
from portal.totals import totals, usual_totals

PAGE: Final = 50
ABREAST: Final = 9  # so many columns stand side by side on any desk
FEW: Final = 2_000  # rows that are counted in no time
LARGE: Final = 60_000  # rows in reach, up to which every page counts the whole filter
SUMMED: Final = 1_000  # so many of a larger list are summed all the same
CAP: Final = 10_000  # so far a larger list is counted and turned over; then it says “超过”
# Names in the address that are not conditions of the filter bar, in the order in which links carry them.
STATE: Final = ("park", "region", "indicator", "part", "view", "day")


# The ledgers that list what a figure counts
DRILLED: Final = {one.subject.slug for one in INDICATORS.values()} | {one.subject.slug for one in COMPOSITIONS.values()}


@dataclass(frozen=True)
class Drill:
    """One part of one indicator: the names behind a count of the leader's page."""

    indicator: Indicator
    part: str

    @property
    def code(self) -> str:
        return self.indicator.code

    @property
    def subject(self) -> Subject:
        return self.indicator.subject

    @property
    def label(self) -> str:
        return self.indicator.label

    def rows(self, base: ScopedQuerySet, day: dt.date) -> ScopedQuerySet:
        return self.indicator.part(base, day, self.part)

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


@dataclass(frozen=True)
class GroupDrill:
    """One group of a composition: the names behind one bar."""

    composition: Composition
    part: str

    @property
    def code(self) -> str:
        return self.composition.code

    @property
    def subject(self) -> Subject:
        return self.composition.subject

    @property
    def label(self) -> str:
        return self.composition.name

    def views(self) -> tuple[View, ...]:
        """The groups as tabs, behind the whole."""
        whole = self.composition.population.condition
        groups = tuple(View(one.key, one.label, whole & one.condition) for one in self.composition.groups)
        return (View(EVERY_GROUP, "全部", whole), *groups)

    def rows(self, base: ScopedQuerySet, day: dt.date) -> ScopedQuerySet:
        return self.composition.part(base, day, self.part)


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
    count: int | None


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
    key: int = 0  # of the record, in the first cell of its row

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
    """A paginator that was told how many rows there are, or, where ``is_capped``, that there are more than so many.

    ``is_cut``: what lies behind the first 10,000 rows is not turned to page by page.
    """

    def __init__(self, rows: Any, count: int, is_capped: bool = False, is_cut: bool = False) -> None:
        super().__init__(rows, PAGE)
        self.__dict__["count"] = count
        self.is_capped = is_capped
        self.is_cut = is_capped or (is_cut and count > CAP)
        if is_capped and count < CAP:
            self.__dict__["num_pages"] = count // PAGE + 1
        elif self.is_cut:
            self.__dict__["num_pages"] = CAP // PAGE


@dataclass(frozen=True)
class Counted:
    """How many rows: exactly ``number``, or more than that."""

    number: int
    is_capped: bool = False

    @property
    def text(self) -> str:
        return f"{'超过' if self.is_capped else ''}{self.number:,}"


class Listing:
    """What one address of a ledger asks for. Nothing is read from the database until it is needed.

    ``problems`` are sentences about what the address got wrong. Where a condition could not be understood the list is
    empty (``is_broken``) rather than wider than asked. ``notices`` are about what a saved view, or a choice of columns,
    asks for that the ledger no longer has: that is no mistake of whoever opens it.
    """

    def __init__(self, ledger: Ledger, about: Asked, data: QueryDict, saved: Views = NO_VIEWS) -> None:
        self.ledger = ledger
        self.about = about
        self.saved = saved
        self.notices: list[str] = []
        self.user: User = about.user
        self.park: Park | None = about.park
        self.day: dt.date = about.day
        self.data = data
        problem = about.problem if ledger.dated else about.region_problem
        self.problems: list[str] = [problem] if problem else []
        self.is_broken = False
        self.drill = self._read_drill()
        self.views = self.drill.views() if self.drill else ledger.views(self.day)
        self.view = self._read_view()
        prepared = self._counted_on_day(about.within(ledger.rows(self.user, self.park, self.day)))
        self.filterset = ledger.filterset(data, prepared, about=about)
        self.filterset.is_large = lambda: self.is_large
        wrong = self.filterset.problems()
        self.problems += wrong
        self.is_broken = self.is_broken or bool(wrong)
        self._found: ScopedQuerySet = prepared.none() if self.is_broken else self.filterset.qs
        self.base: ScopedQuerySet = self._found if self.is_broken else self.filterset.narrowed(self._found)
        self.sort, self.descending = self._read_sort()
        self.notices += filter(None, [self.choice.notice, self._dropped()])

    def _counted_on_day(self, rows: ScopedQuerySet) -> ScopedQuerySet:
        """With what the figure that was opened asks of a row; the ledger of enterprises has it anyway."""
        if self.drill is None or self.drill.subject is ENTERPRISES:
            return rows
        return self.drill.subject.annotated(rows, self.day)

    # Reading the address

    def _read_drill(self) -> Drill | GroupDrill | None:
        code, part = self.data.get("indicator", ""), self.data.get("part", "")
        if (not code and not part) or self.ledger.slug not in DRILLED:
            return None
        figure: Indicator | Composition | None = INDICATORS.get(code) or COMPOSITIONS.get(code)
        if figure is None:
            self._broken(f"没有代号为“{code[:40]}”的指标，请从覆盖情况页重新进入。")
            return None
        if figure.subject.slug != self.ledger.slug:
            self._broken(
                f"“{figure.name}”数的是{figure.subject.noun}，名单不在{self.ledger.title}，请从指标一览重新进入。"
            )
            return None
        if isinstance(figure, Composition):
            part = part or EVERY_GROUP
            words = {EVERY_GROUP: "全部", **{group.key: group.label for group in figure.groups}}
        else:
            part, words = part or "denominator", dict(PARTS)
        if part not in words:
            self._broken(f"指标没有“{part[:40]}”这一部分，可看的有{'、'.join(words.values())}。")
            return None
        return GroupDrill(figure, part) if isinstance(figure, Composition) else Drill(figure.on(self.day), part)

    def _read_view(self) -> View:
        asked = self.drill.part if self.drill else self._asked_tab
        found = next((view for view in self.views if view.slug == asked), None)
        self._is_lost = bool(asked) and found is None
        if self._is_lost:
            way = "，请从下面的标签中选择" if len(self.views) > 1 else ""
            self._broken(f"{self.ledger.title}没有“{asked[:40]}”这个标签{way}。")
        return found or self.views[0]

    @property
    def _asked_tab(self) -> str:
        asked: str = self.data.get("view", "")
        return "" if asked == PLAIN else asked

    def _read_sort(self) -> tuple[Column | None, bool]:
        asked = self.data.get("sort", "")
        name = asked.removeprefix("-")
        offered = (*self.columns, *self.choice.left)
        found = next((column for column in offered if column.name == name and column.sort), None)
        if asked and found is None and self.saved.current:
            self.notices.append(f"这个视图里的“{name[:40]}”一列已没有，不能按它排序，已按通常顺序排列。")
        elif asked and found is None:
            self.problems.append(f"不能按“{asked[:40]}”排序，已按通常顺序排列。")
        elif found and not self._may_sort(found):
            self.problems.append(
                f"查看范围内的{self.ledger.noun}超过{LARGE:,}{self.ledger.unit}，不能按“{found.label}”排序，"
                "已按通常顺序排列。选一个园区后可以。"
            )
            found = None
        return found, asked.startswith("-")

    def _may_sort(self, column: Column) -> bool:
        """What is worked out for the day is not worked out for a million rows to find the first fifty."""
        stored = all(isinstance(name, str) and name.split("__")[0] not in self._worked_out for name in column.sort)
        # No index is kept for what few ask for
        is_quick = stored and all(column.name != one.name for one in self.ledger.more)
        return bool(column.sort) and (is_quick or not self.is_large)

    @property
    def _worked_out(self) -> Mapping[str, Any]:
        """What ``prepare`` annotates."""
        worked_out: Mapping[str, Any] = self.filterset.queryset.query.annotations
        return worked_out

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
            "region": self.about.region,
            "indicator": self.drill.code if self.drill else "",
            "part": self.drill.part if self.drill else "",
            "view": "" if self.drill or self.view is self.views[0] else self.view.slug,
            "day": self.day.isoformat() if kept else "",
        }
        found |= {name: self.data.get(name, "") for name in self.filterset.filters if name not in self._wrong}
        found["sort"] = ("-" if self.descending else "") + self.sort.name if self.sort else ""
        found["columns"] = self.choice.text
        return {name: value for name, value in found.items() if value}

    @property
    def _wrong(self) -> set[str]:
        return set(self.filterset.form.errors)

    def address(self, **changes: str) -> str:
        """This list with some of its state changed; an empty value takes it away. Always the first page."""
        query = {name: value for name, value in (self.state | changes).items() if value}
        if self.saved.default and is_bare(query):
            query["view"] = PLAIN
        return f"{self.url}?{urlencode(query, safe=',')}" if query else self.url

    @property
    def url(self) -> str:
        return reverse("ledger", args=[self.ledger.slug])

    @property
    def query(self) -> str:
        """All of its state, as an address says it."""
        return urlencode(self.state, safe=",")

    @property
    def export_url(self) -> str:
        return self.beside("ledger-export")

    @property
    def new_url(self) -> str:
        query = urlencode({"park": self.park.slug}) if self.park else ""
        return reverse("ledger-new", args=[self.ledger.slug]) + (f"?{query}" if query else "")

    @cached_property
    def kept(self) -> dict[str, str]:
        """What goes along to a record: the park, and the day when it was chosen."""
        return {name: self.state[name] for name in ("park", "region", "day") if name in self.state}

    def record_url(self, slug: str, pk: int) -> str:
        return f"{address_of(slug)}{pk}/{self.kept_query}"

    @cached_property
    def kept_query(self) -> str:
        return f"?{urlencode(self.kept)}" if self.kept else ""

    @property
    def plain_url(self) -> str:
        """The ledger without anything but the park."""
        query = self.about.place | ({"view": PLAIN} if self.saved.default else {})
        return f"{self.url}?{urlencode(query)}" if query else self.url

    def beside(self, name: str, *args: Any) -> str:
        """The address of a page about this list, which carries all of its state."""
        return reverse(name, args=[self.ledger.slug, *args]) + (f"?{self.query}" if self.state else "")

    @property
    def columns_url(self) -> str:
        return self.beside("ledger-columns")

    @property
    def views_url(self) -> str:
        return self.beside("ledger-views")

    @property
    def is_plain(self) -> bool:
        """Nothing asked for but where and when."""
        return is_bare(self.state)

    @property
    def may_save(self) -> bool:
        """There is something to keep that is not kept yet."""
        return not self.is_plain and not self.problems and self.saved.current is None

    @property
    def save_url(self) -> str:
        return self.beside("ledger-view-new")

    def _dropped(self) -> str:
        """Conditions of a saved view that the ledger does not know any more: it shows more than when it was saved."""
        if not self.saved.current:
            return ""
        known = {*STATE, *self.filterset.filters, "sort", "columns", "page", "count"}
        gone = "、".join(f"“{name[:20]}”" for name in list(self.data)[:100] if name not in known)
        return f"这个视图里的{gone}条件已没有，列出的可能比原来多，其余照常显示。" if gone else ""

    @property
    def words(self) -> str:
        """What stands in the search field, understood or not."""
        text: str = self.data.get("q", "")
        return text.replace("\x00", "")

    @cached_property
    def cleared_url(self) -> str:
        """The same tab without any condition."""
        return self.address(**dict.fromkeys([*self.filterset.filters, "day", "region"], ""))

    # Columns

    @property
    def columns(self) -> tuple[Column, ...]:
        """What is shown, here, on paper and in the workbook."""
        return self.choice.shown

    @property
    def is_wide(self) -> bool:
        """More columns were chosen than stand side by side: they are moved to and fro under the name of the record."""
        return bool(self.choice.text) and len(self.columns) > ABREAST

    def columns_text(self, names: Sequence[str]) -> str:
        """What an address says to show these columns behind the name of the record; "" for the usual ones."""
        return self._chosen_columns(",".join([self.columns[0].name, *names])).text

    @cached_property
    def choice(self) -> Choice:
        return self._chosen_columns(self.data.get("columns", ""))

    def _chosen_columns(self, asked: str) -> Choice:
        """Unasked the park too when the list spans several, and what the view adds; then what else may be asked for."""
        first, *others = self.ledger.columns
        column = self.ledger.park_column
        park = [column] if column and self.about.several else []
        usual = [one for one in (first, *park, *self.view.extra, *others) if not self._is_withheld(one)]
        more = [one for one in (*self.ledger.more, *([column] if column else [])) if not self._is_withheld(one)]
        of_tabs = {one.name for view in (*self.views, *self.ledger.views(self.day)) for one in view.extra}
        return choice(usual, more, of_tabs | {"why"}, asked)

    def _is_withheld(self, column: Column) -> bool:
        """A column that is about persons in every row, where the reader may see none."""
        if not column.personal or self.about.persons.within(self.park):
            return False
        return not self.ledger.model.personal_q(column.personal)

    def _withholds(self, column: Column, row: Any) -> bool:
        """A cell that names a person, in a park where the reader may see none."""
        if not column.personal or self.about.persons.everywhere:
            return False
        return row.is_personal(column.personal) and not self.about.persons.at(row.park_id_of())

    def value(self, row: Any, column: Column) -> Any:
        return None if self._withholds(column, row) else column.value(row, self.day)

    @property
    def heads(self) -> Iterator[Head]:
        for column in self.columns:
            if not self._may_sort(column):
                yield Head(column)
            elif self.sort is not None and column.name == self.sort.name:
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
        return self._listed(self.base)

    def _listed(self, base: ScopedQuerySet) -> ScopedQuerySet:
        if self.drill and not self.is_broken:
            rows = self.drill.rows(base, self.day)
        else:
            rows = base.filter(self.view.condition)
        return rows.order_by(*self._ordering(), *self.ledger.order)

    def _ordering(self) -> list[OrderBy]:
        """What is empty comes last in either direction."""
        keys: list[OrderBy] = []
        for name in self.sort.sort if self.sort else ():
            key = self._sort_key(name)
            keys.append(key.desc(nulls_last=True) if self.descending else key.asc(nulls_last=True))
        return keys

    def _sort_key(self, name: str | Combinable) -> Any:
        key = self._sort_value(name)
        if self.sort is None or not self.sort.personal or self.about.persons.everywhere:
            return key
        # What is not shown must not show in the order either
        model = self.ledger.model
        shown = self.about.persons.rows_q(model)
        if elsewise := model.personal_q(self.sort.personal):
            shown |= ~elsewise
        return Case(When(shown, then=key), default=None)

    def _sort_value(self, name: str | Combinable) -> Any:
        if not isinstance(name, str):
            return name
        if self.sort and self.sort.kind == "text" and self._is_text(name):
            return NullIf(F(name), Value(""))
        return F(name)

    def _is_text(self, name: str) -> bool:
        """Whether the name is a text column, where empty is written as ""; a key made of a name never is."""
        annotation = self.base.query.annotations.get(name)
        if annotation is not None:
            return isinstance(annotation.output_field, CharField) and not isinstance(annotation.output_field, NameField)
        model: Any = self.ledger.model
        *steps, last = name.split("__")
        for step in steps:
            model = model._meta.get_field(step).related_model
        column = model._meta.get_field(last)
        return isinstance(column, CharField | TextField) and not isinstance(column, NameField)

    @cached_property
    def counted(self) -> Mapping[str, Any]:
        """The totals of the whole filter and the count of every tab, in one query (parks: one more)."""
        if self.drill is None and self._is_stored and not self.is_large:
            found = usual_totals(self.base, self.ledger, self.view, self.day)
        else:
            found = totals(self.base, self.ledger, self.views, self.view, self.day)
        if self.ledger.more_totals is not None:
            found |= self.ledger.more_totals(self.rows, self.day)
        return found

    # A large list: more rows in reach than one page may count

    @cached_property
    def is_large(self) -> bool:
        """Whether more than LARGE rows of the ledger are in reach, whatever the conditions; one park never has them."""
        if not walks(self.ledger.order) or not self.about.several:
            return False
        reach = self.about.within(self.ledger.model.objects.visible_to(self.user)).order_by().values("pk")
        few = min(FEW, LARGE)
        found: int = reach[: few + 1].count()
        if found <= few or few == LARGE:
            return found > LARGE
        if self.ledger.model is Enterprise and (self.present[0] or 0) > LARGE:
            return True  # known without reading their rows; some more were there on other days
        return reach[: LARGE + 1].count() > LARGE

    @cached_property
    def present(self) -> list[int | None]:
        """How many enterprises are present on the day, and in each tab of the ledger; None where the month summary does
        not keep it. Without the conditions of the filter bar."""
        conditions = [view.condition for view in self.views] if self.drill is None else []
        return self.about.figures.counts(self.day, [Q(), *conditions])

    @cached_property
    def known(self) -> Mapping[str, Any]:
        return known_counts(self) if self.is_large else {}

    @cached_property
    def is_summed(self) -> bool:
        """Whether the whole filter is counted and summed: always, but for a large list only when that is asked for.

        A list behind a figure is as long as the figure says, so it is counted too unless its length is known; and one
        of which the conditions leave little.
        """
        if not self.is_large or self.is_broken or self.data.get("count") == "all":
            return True
        if self.drill is not None:
            return "n" not in self.known
        if "n" in self.known:
            return False
        return self._left is not None and not self._left.is_capped and self._left.number <= SUMMED

    @cached_property
    def length(self) -> Counted:
        """How long the list is, as far as that can be said."""
        if self.is_summed:
            return Counted(self.counted["n"])
        if "n" in self.known:
            return Counted(self.known["n"])
        if self._left is not None and not self.view.condition:
            return self._left
        if self._left is not None and not self._left.is_capped:
            return Counted(self.rows.count())
        most = min(self._number * PAGE, CAP)
        found = len(self._first(most + 1))
        return Counted(min(found, most), found > most)

    @cached_property
    def _left(self) -> Counted | None:
        """What the conditions leave of a large list, in all its tabs together.

        None where a condition is on what is worked out for the day: only stored columns are read that fast.
        """
        if self.drill is not None or not self._is_stored:
            return None
        whole = self.known.get("view_0") if self.is_unfiltered and not self.views[0].condition else None
        if whole is not None:
            return Counted(min(whole, CAP), whole > CAP)
        found = self.base.order_by().values("pk")[: CAP + 1].count()
        return Counted(min(found, CAP), found > CAP)

    @property
    def _is_stored(self) -> bool:
        """No condition but on what is stored."""
        return all(name in self.filterset.stored for name in self._filtered)

    @property
    def is_unfiltered(self) -> bool:
        """No condition of the filter bar."""
        return not self._filtered

    @property
    def _filtered(self) -> list[str]:
        """The conditions of the filter bar in force."""
        return [name for name in self.filterset.filters if name in self.state]

    @property
    def _number(self) -> int:
        """The page asked for; 0 when it is none."""
        text = self.data.get("page", "") or "1"
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0

    def _first(self, number: int) -> list[int]:
        """The first so many keys of a large list in the usual order."""
        if len(self._walked) < number:
            # Many rows bear the words: the first ones are found sooner by reading parks than by reading the index
            rows = self._listed(self._found) if self._left is not None and self._left.is_capped else self.rows
            self._walked = ParkWalk(rows, self.user, self.ledger.order).first(number)
        return self._walked[:number]

    _walked: list[int] = []  # noqa: RUF012 (replaced, never changed)

    def _keys(self, number: int) -> list[int]:
        """The keys of one page of a large list."""
        start, end = (number - 1) * PAGE, number * PAGE
        if self._is_walked and end <= CAP:
            return self._first(end)[start:]
        return list(self.rows.values_list("pk", flat=True)[start:end])

    @cached_property
    def _is_walked(self) -> bool:
        """Read park by park: a large list in the usual order of which the conditions leave more than a few rows."""
        return self.is_large and self.sort is None and (self._left is None or self._left.is_capped)

    @property
    def may_export(self) -> bool:
        """A workbook holds every row, so of a large list there is one only when its length is known and bearable."""
        return not self.is_large or (not self.length.is_capped and self.length.number <= LARGE)

    @property
    def most(self) -> int:
        return LARGE

    @property
    def count_url(self) -> str:
        """This list with everything counted and summed, however long that takes."""
        return self.address(count="all")

    @property
    def count(self) -> int:
        return self.length.number

    @property
    def tabs(self) -> list[Tab]:
        """Empty for a ledger with a single view. Who asks for a tab that is none is offered those there are, without
        how many rows each has."""
        if len(self.views) == 1 or (self.is_broken and not self._is_lost):
            return []
        name = "part" if self.drill else "view"
        return [
            Tab(
                view.label,
                self.address(**{name: view.slug if self.drill or place else ""}),
                view is self.view and not self._is_lost,
                None if self._is_lost else self._count_of(place),
            )
            for place, view in enumerate(self.views)
            if view.condition is not _NONE or view is self.view
        ]

    def _count_of(self, place: int) -> int | None:
        """The rows of one tab; None where a large list does not count them."""
        count: int | None = (self.counted if self.is_summed else self.known).get(f"view_{place}")
        return count

    def page(self) -> Page[Any]:
        """The page asked for; a number past the last shows the last, with a sentence."""
        rows = self.rows.values_list("pk", flat=True)
        # The names behind a figure are turned to however many they are
        is_cut = self.is_large and self.drill is None
        paginator = CountedPaginator(rows, self.length.number, self.length.is_capped, is_cut)
        number = self._number
        if number < 1:
            self.problems.append(f"页码“{self.data['page'][:20]}”不对，本页显示第1页。")
            number = 1
        elif number > paginator.num_pages:
            last = paginator.num_pages
            if paginator.is_cut:
                self.problems.append(f"记录太多，只能翻到第{last}页，请加上条件再看；本页显示第{last}页。")
            else:
                self.problems.append(f"没有第{number}页，本页显示最后一页。")
            number = last
        return Page(self._keys(number), number, paginator) if self.is_large else paginator.page(number)

    def loaded(self, pks: Sequence[int], *, without: Sequence[str] = ()) -> list[Any]:
        """The rows of these keys in this order, with all that the columns show, ``without`` fields nobody reads."""
        if not pks:
            return []
        # In no order: the database need not sort what is put into the order of the keys
        rows: ScopedQuerySet = self.ledger.model.objects.visible_to(self.user).filter(pk__among=pks).order_by()
        if without:
            rows = rows.defer(*without)
        if self.drill:
            rows = self.drill.subject.annotated(rows, self.day)
        found = {row.pk: row for row in self.ledger.load(rows, self.day, self.user)}
        return [found[pk] for pk in pks if pk in found]

    def cells(self, row: Any) -> list[Cell]:
        return [self._cell(row, column, place == 0) for place, column in enumerate(self.columns)]

    def _cell(self, row: Any, column: Column, is_first: bool) -> Cell:
        value = self.value(row, column)
        tone = column.tones.get(value, "") if column.tones else ""
        if is_first:
            return Cell(column, written(value, column.kind), self.record_url(self.ledger.slug, row.pk), tone, row.pk)
        to = column.link(row) if column.link and not self._withholds(column, row) else None
        return Cell(column, written(value, column.kind), self.record_url(*to) if to else "", tone)

    @property
    def totals(self) -> list[Any]:
        """The values of the totals row, None where a column has no total."""
        if not self.is_summed:
            return [f"共{self.length.text}{self.ledger.unit}", *(None for _ in self.columns[1:])]
        return [column.total(self.counted) if column.total else None for column in self.columns]

    @property
    def total_cells(self) -> list[Cell]:
        return [
            Cell(column, "" if value is None and not (column.total and self.is_summed) else written(value, column.kind))
            for column, value in zip(self.columns, self.totals, strict=True)
        ]

    # The filter bar

    @cached_property
    def chips(self) -> list[Chip]:
        """The conditions, and the day where it is not today."""
        if "day" in self.state and self.day != timezone.localdate() and self.ledger.dated:
            return [*self.conditions, Chip("截至", self.day.isoformat(), self.address(day=""))]
        return self.conditions

    @cached_property
    def conditions(self) -> list[Chip]:
        found = [
            Chip(str(self.filterset.filters[name].label), self._chosen(name), self.address(**{name: ""}))
            for name in self.filterset.filters
            if name in self.state
        ]
        if self.about.region:
            found.append(Chip("地区", name_of(self.about, self.about.region), self.address(region="")))
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
            if name in ("park", "region", "indicator", "part", "view", "sort", "columns", *names)
        }

    def _is_hidden(self, name: str) -> bool:
        """A menu of records with too many, or no, records to choose from."""
        field = self.filterset.form.fields[name]
        return isinstance(field, RecordField) and not field.options

    # In words

    @property
    def rate(self) -> Rate | None:
        """The figure that was opened, over what the other conditions leave."""
        if not isinstance(self.drill, Drill) or self.is_broken:
            return None
        numerator, denominator, excluded, uncounted = (self._part_count(part) for part in _RATE_PARTS)
        return Rate(self.drill.indicator, self.day, numerator, denominator, excluded, uncounted, self._unreported)

    @cached_property
    def _unreported(self) -> int:
        """Of the gap those of whom nothing is recorded, where the figure depends on them."""
        if not isinstance(self.drill, Drill) or self.drill.indicator.unreported is None:
            return 0
        return self.base.filter(self.drill.indicator.denominator & self.drill.indicator.unreported).count()

    def _part_count(self, part: str) -> int:
        return self._count_of([view.slug for view in self.views].index(part)) or 0

    @property
    def figure(self) -> str:
        """组织覆盖率（实体运营口径）的缺口：3家，截至2026-10-31。"""
        if self.drill is None:
            return ""
        label, part = self.drill.label, self.view.label
        return f"{label}的{part}：{self.length.text}{self.ledger.unit}，截至{self.day}。"

    @property
    def caption(self) -> str:
        return f"{self.heading}，共{self.length.text}{self.ledger.unit}"

    @property
    def heading(self) -> str:
        """The caption without how many there are: for that they have to be counted."""
        view = "" if len(self.views) == 1 else f"，{self.view.label}"
        day = f"，截至{self.day}" if self.ledger.dated else ""
        return f"{self.ledger.title}{view}{day}"

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
        everything = self.about.within(self.ledger.model.objects.visible_to(self.user))
        found = self.filterset.narrowed(self.filterset.find(everything, "q", words)).order_by("pk")[:5]
        return [(str(row), self.record_url(self.ledger.slug, row.pk)) for row in found]


def known_counts(listing: Listing) -> Mapping[str, Any]:
    """Counts of the whole filter of a large list that are known without reading its rows: those of the month summary.

    ``n`` for the list itself and ``view_0``, ``view_1``, … for its tabs (of a drill-down: its parts), each only where
    it is exactly the length of that list.
    """
    if listing.ledger.model is not Enterprise or listing.is_broken or not listing.is_unfiltered:
        return {}
    figures, day, drill = listing.about.figures, listing.day, listing.drill
    counts: list[int | None]
    if drill is None:
        counts = listing.present[1:]
    elif isinstance(drill, Drill) and figures.kept(day, [drill.code]):
        rate = figures.on(day, [drill.code])[drill.code]
        parts = {
            "numerator": rate.numerator,
            "denominator": rate.denominator,
            "gap": rate.gap,
            "excluded": rate.excluded,
            "covered-uncounted": rate.covered_uncounted,
        }
        counts = [parts[view.slug] for view in listing.views]
    else:
        return {}
    found = {f"view_{place}": count for place, count in enumerate(counts) if count is not None}
    own = counts[listing.views.index(listing.view)]
    return found if own is None else found | {"n": own}


_RATE_PARTS: Final = ("numerator", "denominator", "excluded", "covered-uncounted")


@lru_cache(maxsize=64)
def address_of(slug: str) -> str:
    """What goes before the key of a record in its address: a page of a ledger writes over a hundred of them."""
    return reverse("record", args=[slug, 0]).removesuffix("0/")


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


def open_ledgers(about: Asked) -> dict[str, Ledger]:
    """The ledgers there are for the reader: those of persons only for who may see persons."""
    return {slug: ledger for slug, ledger in LEDGERS.items() if ledger.is_open_to(about.persons, about.park)}


def counts(about: Asked) -> dict[str, int]:
    """How many rows each open ledger has for the reader on the day, in one query."""
    shown = open_ledgers(about)
    each = [
        about.within(ledger.model.objects.visible_to(about.user))
        .as_of(about.day)
        .order_by()
        .annotate(ledger=Value(slug, output_field=CharField()))
        .values("ledger")
        .annotate(n=Count("pk"))
        .values_list("ledger", "n")
        for slug, ledger in shown.items()
    ]
    return dict.fromkeys(shown, 0) | dict(each[0].union(*each[1:], all=True))


def kept(about: Asked, data: QueryDict) -> dict[str, str]:
    """The park, and the day when it was chosen, for links from a page that is not a list."""
    return about.place | ({"day": about.day.isoformat()} if data.get("day") else {})


def subnav(current: str, kept: Mapping[str, str], about: Asked) -> list[Entry]:
    """The bar of open ledgers under the head; ``kept`` (park, day) goes along on its links.

    It bears no counts: nine of them would cost as much as half a page of records.
    """
    query = f"?{urlencode(kept)}" if kept else ""
    return [
        Entry(ledger.title.removesuffix("台账"), reverse("ledger", args=[slug]) + query, slug == current)
        for slug, ledger in open_ledgers(about).items()
    ]
