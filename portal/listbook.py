"""The only place that makes of a list the table of its workbook: every row, and on a second sheet what the list was."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Final

from metrics.excel import Header, Table
from metrics.longsheet import Each, Pieces
from portal.ledgers import Ledger
from portal.ledgers.shape import together
from portal.listing import Listing
from portal.places import reach_words

CHUNK: Final = 512  # rows that are loaded together


def table_of(listing: Listing, now: dt.datetime, each: Each = map) -> Table:
    """Everything the page shows over all its pages. Whom ``each`` chooses makes the rows, some at a time."""
    ledger, about = listing.ledger, listing.about
    facts: list[tuple[str, Any]] = [
        ("台账", ledger.title),
        ("标签", listing.view.label),
        ("视图", listing.saved.current.title if listing.saved.current else "无"),
        ("园区", reach_words(about)),
    ]
    if listing.rate is not None:
        facts += [("指标", listing.rate.indicator.label), ("指标数值", listing.rate.text)]
    facts += [("筛选条件", "；".join(f"{chip.label}：{chip.text}" for chip in listing.conditions) or "无")]
    if ledger.dated:
        facts += [("截至", listing.day)]
    facts += [("列", "、".join(column.label for column in listing.columns)), ("排序", listing.sort_words)]
    made = [("导出人", str(listing.user)), ("导出时间", now)]
    place = reach_words(about)
    headers = [
        Header(column.label, "mark" if column.centred and column.kind == "text" else column.kind, column.width)
        for column in listing.columns
    ]
    return Table(
        ledger.title,
        [lambda: f"{place}　{listing.figure or listing.caption}"],
        headers,
        pieces_of(listing, each),
        lambda: listing.totals,
        lambda: [*facts, ("行数", listing.count), *made],
    )


def pieces_of(listing: Listing, each: Each = map) -> Pieces:
    """The values of every row. Of rows that are read anyway the totals are added up and left with the list."""
    pks: list[int] = list(listing.rows.values_list("pk", flat=True))
    starts = range(0, len(pks), CHUNK)
    day, columns, unread = listing.day, listing.columns, _unread(listing)
    # Most columns are withheld from nobody, and a hundred thousand rows need not ask of each
    open_to_all = listing.about.persons.everywhere or not any(column.personal for column in columns)
    values = [column.value for column in columns]
    tally = listing.ledger.tally if _may_tally(listing) else None
    told: list[Mapping[str, Any]] = []

    def make(number: int) -> tuple[list[list[Any]], Mapping[str, Any] | None]:
        rows = listing.loaded(pks[starts[number] : starts[number] + CHUNK], without=unread)
        if open_to_all:
            made = [[value(row, day) for value in values] for row in rows]
        else:
            made = [[listing.value(row, column) for column in columns] for row in rows]
        return made, tally(rows) if tally else None

    def take(one: Mapping[str, Any] | None) -> None:
        if one is None or tally is None:
            return
        told.append(one)
        if len(told) == len(starts):
            listing.counted = together(told)

    if tally and not pks:
        listing.counted = together([tally([])])
    return Pieces([min(CHUNK, len(pks) - start) for start in starts], make, take, each)


def _may_tally(listing: Listing) -> bool:
    """Whether nobody has counted yet, nor needs the other tabs counted."""
    return "counted" not in listing.__dict__ and listing.drill is None and not listing.is_large


def _unread(listing: Listing) -> Sequence[str]:
    """The fields that no chosen column shows: a third of what a row of a large list costs."""
    ledger: Ledger = listing.ledger
    shown = {name for column in listing.columns for name in column.fields}
    return [name for column in ledger.more for name in column.fields if name not in shown] if ledger.lean else []
