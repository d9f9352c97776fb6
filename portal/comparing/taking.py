"""The only place that turns an uploaded workbook into an outside list, with the reading of the import wizard."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from typing import Final

from django.core.exceptions import ValidationError
from django.utils import timezone

from orgs import idnumbers, journal
from orgs.journal import Via
from orgs.models import Park, User
from portal.comparing.outside import KEYS, OUTSIDE, STATE, state_said
from portal.imports import batches, heads
from portal.imports.batches import NoHead, TooMany
from portal.imports.cells import Cell
from portal.imports.columns import Column
from portal.imports.container import Unreadable
from portal.imports.lines import NUMBERING
from portal.imports.outcomes import label_of
from portal.imports.sure import column_behind
from portal.imports.values import BadCell, text
from portal.models import Comparison

__all__ = ["NoHead", "NoRows", "TooMany", "Unreadable", "drop_old", "take"]

NEITHER: Final = "既没有企业名称，也没有统一社会信用代码"
MOST_CAUSES: Final = 20


class NoRows(Exception):
    """Nothing stands under the heads: every enterprise would be missing from such a list; says what to do."""


def take(made: Comparison, user: User, data: bytes) -> Comparison:
    """Read a workbook into a new comparison (park, source and day are set) and keep it; those past their time go.

    Raises Unreadable, NoHead, NoRows or TooMany with a sentence for the officer; then nothing is kept.
    """
    batch = batches.new_batch(OUTSIDE, user, made.park, made.file_name)
    sheet = batches.read_file(batch, OUTSIDE, data)
    mapping = {int(column): name for column, name in batch.mapping.items() if name in OUTSIDE.names}
    if not set(KEYS) & set(mapping.values()):
        raise NoHead("这张表里没有“企业名称”或“统一社会信用代码”一列，认不出各行是哪家企业，请补上列名再上传。")
    if not sheet.rows:
        raise NoRows(f"工作表“{batch.sheet}”的表头下面没有一行企业，比对不了，请核对是否选对了文件。")
    made.sheet, made.notes = batch.sheet, batch.notes
    made.columns = [[name, "／".join(batch.heads[str(column)])] for column, name in sorted(mapping.items())]
    made.unused = [
        "／".join(path)
        for column, path in sorted(batch.heads.items(), key=lambda item: int(item[0]))
        if int(column) not in mapping and heads.plain(path[-1]) != NUMBERING
    ]
    _take_rows(made, sheet.rows, user)
    drop_old(made.park, user)
    return journal.save(made, user, Via.IMPORT)


def _take_rows(made: Comparison, rows: Mapping[int, Mapping[str, Cell]], user: User) -> None:
    form = OUTSIDE.blank(user, made.park)
    readers = {name: Column(form.fields[name], column_behind(OUTSIDE.form, name)) for name, _head in made.columns}
    told = dict(made.columns)
    skipped: Counter[tuple[str, str]] = Counter()
    made.rows, made.unread = [], []
    for number, cells in rows.items():
        values: dict[str, str] = {}
        problem = ""
        for name, cell in cells.items():
            if name not in readers:
                continue
            typed, why = _read(name, readers[name], cell)
            if why and name in KEYS:
                head = OUTSIDE.head(name)
                problem = problem or (why if why.startswith(head) else f"{head}：{why}")
            elif why:
                skipped[told[name], _cause(why)] += 1
            elif typed:
                values[name] = typed
        if not problem and not any(values.get(name) for name in KEYS):
            problem = NEITHER
        if problem:
            label = idnumbers.masked(label_of(cells))[:60]
            made.unread.append([number, label, idnumbers.masked(problem)])
        else:
            made.rows.append([number, values])
    # The same cause once; what was typed is in the officer's own file
    made.skipped = [[head, why, many] for (head, why), many in skipped.most_common(MOST_CAUSES)]


def _read(name: str, reader: Column, cell: Cell) -> tuple[str, str]:
    """What a cell says as a form would be sent it, and why it says nothing."""
    if name == STATE:
        try:
            return state_said(text(cell)), ""
        except BadCell as bad:
            return "", str(bad)
    taken = reader.take(cell)
    if taken.problem:
        return "", taken.problem
    if taken.typed and not taken.is_sure:
        return "", _complaint(name, reader, taken.typed)
    value = taken.value
    return value.isoformat() if isinstance(value, dt.date) else str(value) if taken.typed else "", ""


def _complaint(name: str, reader: Column, typed: str) -> str:
    """Why field or column do not take what was read."""
    try:
        value = reader.field.clean(typed)
        if reader.column is not None:
            reader.column.clean(value, None)
    except ValidationError as error:
        return str(error.messages[0]).rstrip("。")
    return f"{OUTSIDE.head(name)}读不出来"


def _cause(why: str) -> str:
    """A sentence without what was typed: the cells of a column with one cause are counted together."""
    return why.partition("，")[2].partition("，请改为")[0] if why.startswith("写的是") else why


def drop_old(park: Park, user: User) -> None:
    """Throw away the lists of a park that are past their time."""
    before = timezone.now() - dt.timedelta(days=Comparison.DAYS)
    for old in Comparison.objects.visible_to(user).writable_by(user).in_park(park).filter(made_at__lt=before):
        journal.delete(old, user, Via.IMPORT)
