"""The only place that says what a ledger is made of: columns, views, totals, and the words the declarations share."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final, Literal

from django.db.models import Aggregate, Case, Count, IntegerField, Q, Sum, Value, When
from django.db.models.expressions import Combinable

from orgs.models import Park, User
from orgs.scoping import PERSON_READERS, Persons, Reach, ScopedModel, ScopedQuerySet, grants_of, parks_in_reach
from portal import forms
from portal.filters import LedgerFilter

Kind = Literal["text", "number", "date", "percent"]
Totals = Mapping[str, Any]
FEW_WORDS: Final = 22  # the width of a column for eleven Chinese characters


@dataclass(frozen=True)
class Column:
    """One column, the same on the page, on the phone and in the workbook.

    ``value`` takes a loaded row and the day and gives text, int, date, Decimal per cent, or None for unknown. ``sort``
    names what the database sorts by. ``total`` reads the totals of the whole filter. ``tones`` maps a value to the kind
    of a state word. ``phone`` is the short label on a phone; None hides the column there, "" shows it without a label.
    ``personal`` marks what only those see who may see persons, by the model's name for it (``ScopedModel.personal``).
    ``fields`` are those of the model that it reads, if it is not shown unasked.
    """

    name: str
    label: str
    value: Callable[[Any, dt.date], Any]
    kind: Kind = "text"
    sort: tuple[str | Combinable, ...] = ()
    total: Callable[[Totals], Any] | None = None
    tones: Mapping[str, str] | None = None
    link: Callable[[Any], tuple[str, int] | None] | None = None
    phone: str | None = None
    wide: bool = False
    centred: bool = False
    personal: str = ""
    width: int = 14
    fields: tuple[str, ...] = ()

    @property
    def css(self) -> str:
        """Numbers and dates stand right, 有 and 无 in the middle; few words stay in one line on paper."""
        text = "c" if self.centred else "few" if self.width <= FEW_WORDS else ""
        return {"number": "num", "percent": "num", "date": "day"}.get(self.kind, text)


@dataclass(frozen=True)
class View:
    """A tab above the list: a condition over the prepared rows. ``extra`` are columns that only this view needs."""

    slug: str
    label: str
    condition: Q
    extra: tuple[Column, ...] = ()


ALL_ROWS: Final = View("all", "全部", Q())


@dataclass(frozen=True)
class Ledger:
    """One 台账. ``columns`` are shown unasked, ``more`` when they are chosen.

    ``prepare`` narrows to the day and annotates what filters, sort and totals need; ``load`` adds the rest to the rows
    of one page in a number of queries that does not depend on how many there are. A column reads what is loaded anyway:
    choosing it costs no query.

    ``totals`` gives aggregates over the prepared rows that meet a condition. ``tally``, where there is one, gives
    the same totals of some loaded rows, to be put together by :func:`together`: for a workbook, which reads every row
    anyway. A ``lean`` ledger is read for one without the ``fields`` of the columns that were not chosen. ``bulk`` names
    the fields of the entry form that may be set for many records at once: never what tells one record from another.
    """

    slug: str
    title: str
    noun: str
    unit: str
    about: str
    model: type[ScopedModel]
    columns: tuple[Column, ...]
    filterset: type[LedgerFilter]
    form: type[forms.EntryForm]
    prepare: Callable[[ScopedQuerySet, dt.date], ScopedQuerySet]
    load: Callable[[ScopedQuerySet, dt.date, User], list[Any]]
    totals: Callable[[Q, dt.date], dict[str, Aggregate]]
    order: tuple[str | Combinable, ...]
    views: Callable[[dt.date], tuple[View, ...]] = lambda day: (ALL_ROWS,)
    more_totals: Callable[[ScopedQuerySet, dt.date], Totals] | None = None
    tally: Callable[[Sequence[Any]], dict[str, Any]] | None = None
    lean: bool = False
    more: tuple[Column, ...] = ()
    park_column: Column | None = None
    dated: bool = True
    needs: str = ""
    bulk: tuple[str, ...] = ()

    def rows(self, user: User, park: Park | None, day: dt.date) -> ScopedQuerySet:
        """What the user may read of this ledger on the day, prepared."""
        return self.prepare(self.model.objects.visible_to(user).in_park(park), day)

    def is_open_to(self, persons: Persons, park: Park | None) -> bool:
        """A ledger of persons does not exist for those who may not see any (in ``park``, when one is chosen)."""
        return self.model.read_roles != PERSON_READERS or persons.within(park)

    def may_add(self, user: User, park: Park | None) -> bool:
        """Whether the user may enter a new record (in ``park``, when one is chosen)."""
        if self.model is Park:
            # A new park lies nowhere yet, so only a reach over a region or the nation can take it in.
            return grants_of(user, self.model.write_roles).exclude(reach=Reach.PARK).exists()
        parks = parks_in_reach(user, self.model.write_roles)
        return (parks if park is None else parks.filter(pk=park.pk)).exists()


def n(condition: Q, more: Q | None = None) -> Count:
    """How many rows meet the condition."""
    return Count("pk", filter=(condition & more if more is not None else condition) or None)


def different(field: str, condition: Q) -> Count:
    return Count(field, filter=condition or None, distinct=True)


def summed(field: str, condition: Q) -> Sum:
    return Sum(field, filter=condition or None)


def together(tallies: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The totals of all rows from those of some: of a set how many different ones, of a number the sum, and as the
    database sums: of nothing that is known, nothing."""
    totals: dict[str, Any] = {}
    for name in tallies[0]:
        known = [one[name] for one in tallies if one[name] is not None]
        if known and isinstance(known[0], frozenset):
            totals[name] = len(frozenset().union(*known))
        else:
            totals[name] = sum(known) if known else None
    return totals


def rank(field: str, values: Sequence[str]) -> Case:
    """Sort by the declared order of an enumeration; what is not in it comes last."""
    whens = [When(**{field: value}, then=Value(place)) for place, value in enumerate(values)]
    return Case(*whens, default=None, output_field=IntegerField())


def attribute(path: str) -> Callable[[Any, dt.date], Any]:
    """The value at the end of a dotted path; methods are called."""

    found_at = attrgetter(path)

    def value(row: Any, day: dt.date) -> Any:
        found = found_at(row)
        return found() if callable(found) else found

    return value


def stored(
    name: str, label: str, path: str = "", kind: Kind = "text", *, phone: str = "", wide: bool = False, **given: Any
) -> Column:
    """A column as it is kept in the database, at the end of a dotted path that the rows are loaded with."""
    path = path or name
    by = (path.replace(".", "__"),)
    fields = (path,) if "." not in path else ()
    return Column(
        name, label, attribute(path), kind, sort=by, phone=phone or label, wide=wide, **{"fields": fields} | given
    )


def target(slug: str, path: str) -> Callable[[Any], tuple[str, int] | None]:
    """The record that a cell leads to, by the foreign key at ``path``."""

    def link(row: Any) -> tuple[str, int] | None:
        pk = attribute(path)(row, dt.date.min)
        return (slug, pk) if pk else None

    return link


def listed(names: Sequence[str]) -> str:
    return "、".join(dict.fromkeys(name for name in names if name))


def has(name: str) -> Callable[[Any, dt.date], str | None]:
    """有, or unknown: nothing recorded is not the same as 无."""
    return lambda row, day: "有" if getattr(row, name) else None


def simply(*related: str) -> Callable[[ScopedQuerySet, dt.date, User], list[Any]]:
    """Rows with their foreign keys, in one query."""
    return lambda rows, day, user: list(rows.select_related(*related))


def on_the_day(queryset: ScopedQuerySet, day: dt.date) -> ScopedQuerySet:
    return queryset.as_of(day)


def parks_first(path: str = "park") -> tuple[str, str, str]:
    """The order of parks, in which a list over many is read (portal/parkwalk.py); never two parks mixed up."""
    return f"{path}__region_code", f"{path}__order_key", f"{path}_id"


def park_column(path: str = "park") -> Column:
    by = path.replace(".", "__") + "__order_key"
    return Column("park", "园区", attribute(f"{path}.short_name"), sort=(by,), phone="园区", width=16)


def organization_column() -> Column:
    """The Party organization a record belongs to, and how many different ones the whole filter has."""
    return Column(
        "organization",
        "党组织",
        attribute("organization.short_name"),
        sort=("organization__order_key",),
        total=lambda t: f"{t['organizations']:,}个党组织",
        link=target("organizations", "organization_id"),
        phone="组织",
        wide=True,
        width=30,
    )


def whole(totals: Totals, unit: str) -> str:
    return f"合计{totals['n']:,}{unit}"
