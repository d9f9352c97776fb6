"""The only place that keeps the index of enterprise names: every two characters side by side, and who bears them.

An index of trigrams cannot answer a word of two characters, and most Chinese names are looked for by two. A search
takes the enterprises that bear the rarest pair of the word and asks only those the plain question (``icontains``), so
the answers are those of the plain question: :func:`fold` makes equal whatever a database takes for equal, perhaps more.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import Max, QuerySet

from orgs.models import Enterprise, NameGram

COLUMNS: Final = ("name", "former_names", "uscc")
SIZE: Final = 2
BATCH: Final = 2000
FEW: Final = 500  # so rare that no other pair of the word need be looked at
SHARE: Final = 32  # borne by more than one enterprise in so many, a pair is no help: reading them all is as fast
TABLE: Final = NameGram._meta.db_table
ASIDE: Final = "orgs_namegram_aside"


def fold(text: str) -> str:
    """SQLite takes a-z for A-Z; PostgreSQL also ａ for Ａ, and with ICU ß for SS: here all of them are one.

    Sign by sign (``upper`` looks at no neighbours), so a part of a text folds to a part of the folded text.
    """
    return text.upper()


def pairs(*texts: str) -> set[str]:
    """Every two signs side by side, but none across a blank or the end of a line: no search word has one inside."""
    found: set[str] = set()
    for text in texts:
        for part in fold(text).split():
            found.update(map("".join, pairwise(part)))
    return found


# Looking up


def bearers(words: str) -> Collection[int] | QuerySet[Any] | None:
    """Keys of enterprises, those that bear the rarest pair of the words: among them is every one that contains all the
    words. Few are given as they are, more as a subquery.

    None where the index is no help: for single characters, and for pairs that very many enterprises bear.
    """
    found = sorted(pairs(words))
    # A pair that few bear is looked for first: then nothing need be known of how many enterprises there are
    for pair in found:
        keys = _first_bearers(pair)
        if len(keys) <= FEW:
            return keys
    several = [NameGram._base_manager.filter(gram=pair).values("enterprise") for pair in found]
    if not several:
        return None
    newest = Enterprise._base_manager.aggregate(newest=Max("pk"))["newest"] or 0
    rarest, least = None, max(FEW, newest // SHARE) + 1
    for rows in several:
        number = rows[:least].count()
        if number < least:
            rarest, least = rows, number
    return rarest


def _first_bearers(pair: str) -> list[int]:
    """By the index alone, so quickly that to put it into SQL anew would take the most of it."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT enterprise_id FROM {TABLE} WHERE gram = %s LIMIT %s", [pair, FEW + 1])  # noqa: S608
        return [pk for (pk,) in cursor.fetchall()]


# Keeping up


def after_write(rows: Sequence[Any]) -> None:
    """Called by the journal in its transaction: with new rows, a row before and after, or one that was deleted."""
    firms = [row for row in rows if isinstance(row, Enterprise)]
    if len(firms) == 2 and firms[0].pk == firms[1].pk and _texts(firms[0]) == _texts(firms[1]):
        return  # another field of one enterprise was changed
    if not firms:
        return
    stored = _stored(sorted({firm.pk for firm in firms}))
    # Told of once and there: made just now, so of its pairs there is none yet
    times = Counter(firm.pk for firm in firms)
    for firm in firms:
        told, there = _texts(firm), stored.get(firm.pk, [])
        gone = pairs(*told) - pairs(*there) if told != there else set()
        if gone:
            NameGram._base_manager.filter(enterprise=firm.pk, gram__in=sorted(gone)).delete()
    for are_new in (False, True):
        _put(_bearing((pk, texts) for pk, texts in stored.items() if (times[pk] == 1) is are_new), are_new=are_new)


def _bearing(told: Iterable[tuple[int, Sequence[str]]]) -> list[tuple[str, list[int]]]:
    """Each pair of the texts of these enterprises with the keys of those that bear it, in the order of the index."""
    found: dict[str, list[int]] = defaultdict(list)
    for pk, texts in told:
        for pair in pairs(*texts):
            found[pair].append(pk)
    return sorted(found.items())


def _put(bearing: Sequence[tuple[str, Sequence[int]]], *, are_new: bool) -> None:
    """Add pairs with the keys of who bears them, where they are missing unless all ``are_new``. In the order of the
    index, which is faster; not by the ORM, which would take most of the time of an import: an enterprise has thirty."""
    if not bearing:
        return
    columns = f"{TABLE} (gram, enterprise_id)"
    spare = "" if are_new else "ON CONFLICT DO NOTHING"
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            cursor.executemany(*_inserted(columns, bearing, spare))
        elif are_new and sum(len(keys) for _, keys in bearing) > BATCH:
            with cursor.copy(f"COPY {columns} FROM STDIN") as copy:
                copy.write(_copied(bearing))
        else:
            several: Any = [[pair for pair, keys in bearing for _ in keys], [pk for _, keys in bearing for pk in keys]]
            cursor.execute(
                f"INSERT INTO {columns} SELECT * FROM unnest(%s::text[], %s::bigint[]) {spare}",  # noqa: S608
                several,
            )


def _inserted(
    columns: str, bearing: Sequence[tuple[str, Sequence[int]]], spare: str = ""
) -> tuple[str, list[tuple[str, str]]]:
    """As SQLite reads them fastest: the keys by the list. To hand over each pair with its key takes twice as long."""
    each = f"INSERT INTO {columns} SELECT %s, value FROM json_each(%s) WHERE TRUE {spare}"  # noqa: S608
    return each, [(pair, str(keys)) for pair, keys in bearing]


def _copied(bearing: Iterable[tuple[str, Sequence[int]]]) -> str:
    """As COPY reads them: no pair holds a blank, so of what it reads in its own way there is only the backslash."""
    return "".join(f"{pair}\t{pk}\n" for pair, keys in bearing for pk in keys).replace("\\", "\\\\")


def _texts(firm: Enterprise) -> list[str]:
    return [getattr(firm, name) for name in COLUMNS]


def _stored(keys: Sequence[int]) -> dict[int, list[str]]:
    """The texts of enterprises as stored, which is what a search reads, in the order of their keys."""
    found: dict[int, list[str]] = {}
    for start in range(0, len(keys), BATCH):
        some = Enterprise._base_manager.filter(pk__in=keys[start : start + BATCH]).order_by("pk")
        found |= {pk: texts for pk, *texts in some.values_list("pk", *COLUMNS)}
    return found


def rebuild() -> int:
    """Work out the whole index anew; gives the number of its rows."""
    with transaction.atomic(), connection.cursor() as cursor:
        _work_out(cursor)
        cursor.execute(f"DELETE FROM {TABLE}")  # noqa: S608 (here and below: names of ours)
        # In the order of the index: many times faster than as they come
        cursor.execute(
            f"INSERT INTO {TABLE} (gram, enterprise_id) SELECT gram, enterprise_id FROM {ASIDE} ORDER BY 1, 2"  # noqa: S608
        )
        cursor.execute(f"DROP TABLE {ASIDE}")
        if connection.vendor == "postgresql":
            cursor.execute(f"ANALYZE {TABLE}")  # until it knows how many bear a pair it reads the nation instead
        cursor.execute(f"SELECT count(*) FROM {TABLE}")  # noqa: S608
        number: int = cursor.fetchone()[0]
    return number


def verify(most: int = 20) -> list[tuple[str, int, bool]]:
    """What is wrong with the index, at most so many: pair, key of the enterprise, and whether it is missing."""
    wrong: list[tuple[str, int, bool]] = []
    with transaction.atomic(), connection.cursor() as cursor:
        _work_out(cursor)
        for one, other, is_missing in ((ASIDE, TABLE, True), (TABLE, ASIDE, False)):
            cursor.execute(
                f"SELECT gram, enterprise_id FROM {one} EXCEPT SELECT gram, enterprise_id FROM {other}"  # noqa: S608
                f" ORDER BY 2, 1 LIMIT {most:d}"
            )
            wrong += [(gram, pk, is_missing) for gram, pk in cursor.fetchall()]
        cursor.execute(f"DROP TABLE {ASIDE}")
    return wrong[:most]


def _work_out(cursor: Any) -> None:
    """Every row that there should be, in a table of this connection alone."""
    cursor.execute(f"CREATE TEMPORARY TABLE {ASIDE} (gram varchar({SIZE}) NOT NULL, enterprise_id bigint NOT NULL)")
    firms = Enterprise._base_manager.order_by("pk").values_list("pk", *COLUMNS)
    last = 0
    # Batch after batch: a connection that takes rows in (COPY) can not be read from at the same time
    while batch := list(firms.filter(pk__gt=last)[:BATCH]):
        last = batch[-1][0]
        bearing = _bearing((pk, texts) for pk, *texts in batch)
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {ASIDE} (gram, enterprise_id) FROM STDIN") as copy:
                copy.write(_copied(bearing))
        else:
            cursor.executemany(*_inserted(f"{ASIDE} (gram, enterprise_id)", bearing))
