"""The only place that names the counts the month summary keeps: one for each condition of the rates over enterprises.

A new rate over enterprises is a new count here, hence a new column of the summary: the check for missing migrations
says so, and ``manage.py summaries rebuild`` fills it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from django.db.models import Q

from metrics.indicators.registry import INDICATORS
from metrics.indicators.shape import Indicator
from orgs.models import BusinessStateKind

KEPT: Final[Sequence[Indicator]] = [one for one in INDICATORS.values() if one.subject.slug == "enterprises"]


# Why enterprises are outside N_real, by name of the measure; 经营状态未填 is what is left of ``n_non_public``.
OUTSIDE: Final[Mapping[str, Q]] = {
    "n_non_public": Q(non_public=True),
    **{f"x_{state}": Q(non_public=True, state_on=str(state)) for state in BusinessStateKind},
}


def _measures() -> dict[str, Q]:
    found: dict[str, Q] = {"n_present": Q(), **OUTSIDE}
    for indicator in KEPT:
        population = indicator.population
        found[f"n_{indicator.code}"] = indicator.numerator
        found[f"d_{population.key}"] = population.condition
        if population.uncounted is not None:
            found[f"u_{population.key}"] = population.uncounted
    return found


MEASURES: Final[Mapping[str, Q]] = _measures()


def measures_of(indicators: Sequence[Indicator]) -> dict[str, str]:
    """The names that :func:`metrics.indicators.counting.rate_of` reads → the measures that hold their counts."""
    names = {"n_present": "n_present"}
    for indicator in indicators:
        names[f"n_{indicator.code}"] = f"n_{indicator.code}"
        names[f"d_{indicator.code}"] = f"d_{indicator.population.key}"
        if indicator.uncounted is not None:
            names[f"u_{indicator.code}"] = f"u_{indicator.population.key}"
    return names


Holds = Callable[[Mapping[str, Any]], bool]


def compiled(condition: Q) -> Holds:
    """The condition as a function of the annotations of one row, for the lookups that populations use.

    Raises ValueError for a lookup it does not know, so that a new condition can not be counted wrongly in silence.
    """
    children: list[Any] = condition.children
    parts = [compiled(child) if isinstance(child, Q) else _lookup(child[0], child[1]) for child in children]
    negated, any_of = condition.negated, condition.connector == Q.OR
    if condition.connector not in (Q.AND, Q.OR):
        raise ValueError(condition.connector)

    def holds(row: Mapping[str, Any]) -> bool:
        found = any(part(row) for part in parts) if any_of and parts else all(part(row) for part in parts)
        return found != negated

    return holds


def _lookup(name: str, wanted: Any) -> Holds:
    column, _, lookup = name.partition("__")
    match lookup:
        case "":
            return lambda row: bool(row[column] == wanted)
        case "gte":
            return lambda row: bool(row[column] >= wanted)
        case "lt":
            return lambda row: bool(row[column] < wanted)
    raise ValueError(f"no such lookup in a population: {name}")


_COMPILED: Final = {name: compiled(condition) for name, condition in MEASURES.items()}


def counted_in(standing: Mapping[str, Any]) -> tuple[str, ...]:
    """The measures in which a row with these annotations counts once."""
    return tuple(name for name, holds in _COMPILED.items() if holds(standing))


def sql_of(condition: Q, alias: str = "e") -> str:
    """The condition in SQL over columns of the same names, for the passes that build the summary.

    Raises ValueError for a lookup it does not know.
    """
    children: list[Any] = condition.children
    parts = [sql_of(child, alias) if isinstance(child, Q) else _sql(alias, child[0], child[1]) for child in children]
    if not parts:
        return "1 = 1"
    joined = f" {condition.connector} ".join(parts)
    return f"NOT ({joined})" if condition.negated else f"({joined})"


def _sql(alias: str, name: str, wanted: Any) -> str:
    column, _, lookup = name.partition("__")
    match lookup, wanted:
        case "", bool():
            return f"{alias}.{column}" if wanted else f"NOT {alias}.{column}"
        case "", str() if wanted.isidentifier():
            return f"{alias}.{column} = '{wanted}'"
        case "", int():
            return f"{alias}.{column} = {wanted}"
        case "gte", int():
            return f"{alias}.{column} >= {wanted}"
        case "lt", int():
            return f"{alias}.{column} < {wanted}"
    raise ValueError(f"no such lookup in a population: {name}={wanted!r}")
