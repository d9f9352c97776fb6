"""The only place that asks one question again and again, of other keys each time, having put it into SQL once.

Every write reads the facts about an enterprise anew. The database needs a twentieth of a millisecond for each of these
questions; putting one into SQL takes the ORM ten times as long.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Aggregate, QuerySet

from orgs.among import packed

# Stands for the keys while the question is put into SQL: no key, and no value of ours
STAND_IN: Final = -(10**15)
PLACE: Final = re.compile("%[%s]")  # of a value, or a per cent sign


class Prepared:
    """A question ``of(keys)``, a queryset of ``values_list`` that asks for those ``among`` the keys and holds no day.

    >>> works = Prepared(lambda keys: WorkCoverage.objects.filter(enterprise__among=keys).values_list("kind"))
    >>> list(works([7, 9]))
    """

    def __init__(self, of: Callable[[Sequence[int]], QuerySet[Any, Any]]) -> None:
        self.of = of
        self._put: tuple[Any, str, tuple[Any, ...], list[int]] | None = None

    def __call__(self, keys: Sequence[int]) -> Iterator[tuple[Any, ...]]:
        """The rows for these keys, as the queryset would give them."""
        if not keys:
            return iter(())
        if self._put is None:
            self._put = self._put_into_sql()
        compiler, sql, values, places = self._put
        given, said = list(values), packed(keys, connection.vendor)
        for place in places:
            given[place] = said
        with connection.cursor() as cursor:
            cursor.execute(sql, given)
            rows = cursor.fetchall()
        found: Iterator[tuple[Any, ...]] = compiler.results_iter([rows], tuple_expected=True)
        return found

    def _put_into_sql(self) -> tuple[Any, str, tuple[Any, ...], list[int]]:
        """The compiler, the SQL, its values, and which of them stand in for the keys."""
        compiler = self.of([STAND_IN]).query.get_compiler(DEFAULT_DB_ALIAS)
        sql, values = compiler.as_sql()
        stand_in = packed([STAND_IN], connection.vendor)
        return compiler, sql, tuple(values), [place for place, value in enumerate(values) if value == stand_in]


class PreparedTotals:
    """Totals ``asked`` of rows ``of(keys)``: whole numbers, of other rows each time.

    >>> heads = PreparedTotals(lambda keys: Member.objects.filter(pk__in=keys)[:LIMIT], {"n": Count("pk")})
    >>> heads(Member.objects.visible_to(user))
    """

    def __init__(self, of: Callable[[Sequence[int]], QuerySet[Any, Any]], asked: Mapping[str, Aggregate]) -> None:
        self.of = of
        self.asked = asked
        self._put: tuple[str, str, tuple[Any, ...], tuple[Any, ...]] | None = None

    def __call__(self, rows: QuerySet[Any, Any]) -> dict[str, Any]:
        """The totals over these rows: a number, or None for a sum of nothing."""
        try:
            inside, keys = rows.order_by().values("pk").query.get_compiler(DEFAULT_DB_ALIAS).as_sql()
        except EmptyResultSet:
            inside, keys = "NULL", ()
        if self._put is None:
            return self._first(inside, keys)
        before, after, early, late = self._put
        with connection.cursor() as cursor:
            cursor.execute(before + inside + after, [*early, *keys, *late])
            found = cursor.fetchone()
        return {name: None if value is None else int(value) for name, value in zip(self.asked, found, strict=True)}

    def _first(self, inside: str, keys: Sequence[Any]) -> dict[str, Any]:
        """The first time the ORM puts the question into SQL; what it was is kept, around the keys."""

        def told(execute: Any, sql: str, values: Sequence[Any], many: bool, context: Any) -> Any:
            at = list(values).index(STAND_IN)
            place = [one for one in PLACE.finditer(sql) if one.group() == "%s"][at]
            before, after = sql[: place.start()], sql[place.end() :]
            self._put = before, after, tuple(values[:at]), tuple(values[at + 1 :])
            return execute(before + inside + after, [*values[:at], *keys, *values[at + 1 :]], many, context)

        with connection.execute_wrapper(told):
            return self.of([STAND_IN]).aggregate(**self.asked)
