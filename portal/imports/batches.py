"""The only place that takes an uploaded workbook through its steps: read, find the head, map, check, confirm."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Final

from django.db import transaction
from django.utils import timezone

from orgs import idnumbers, journal
from orgs.models import Park, User
from portal.imports import check, heads, numbers, shelf
from portal.imports.cells import Book, Cell, Sheet as Leaf, read
from portal.imports.heads import Head
from portal.imports.lines import MAYBE_NOTHING, Lines, as_seen, is_nothing
from portal.imports.outcomes import Choices, Outcome, Progress, Result, Sheet, untold
from portal.imports.parts import column_letters
from portal.imports.reading import kept, restored, typed as as_typed
from portal.imports.shelf import Taker
from portal.imports.sweeping import no_sweeping
from portal.models import ImportBatch

SAMPLE_SHEET: Final = "示例"
# As many as a workbook is read to
MOST_ROWS: Final = 20_000


class NoHead(Exception):
    """No sheet of the workbook has a row that looks like a head of this ledger; says what to do."""


class Settled(Exception):
    """The batch is no longer where whoever asks last saw it: another window, or another officer, was quicker."""

    def __init__(self) -> None:
        super().__init__("这一批刚才已在另一个窗口或由另一位同志处理，请看现在的结果。")


class TooMany(Exception):
    """More rows than one batch takes; says what to do."""


def new_batch(plan: Taker, user: User, park: Park, file_name: str) -> ImportBatch:
    return ImportBatch(
        park=park,
        ledger=plan.slug,
        account=user.pk,
        made_by=str(user),
        file_name=file_name[-200:],
    )


def open_batch(plan: Taker, user: User, park: Park, file_name: str, data: bytes) -> ImportBatch:
    """Read a workbook into a new batch. Raises Unreadable, NoHead or TooMany with a sentence for the officer."""
    batch = new_batch(plan, user, park, file_name)
    take_file(batch, plan, user, data)
    return batch


def take_file(
    batch: ImportBatch, plan: Taker, user: User, data: bytes, sheet: str = "", *, patience: int | None = None
) -> None:
    """Put a workbook into an open batch, new or instead of another one, and check it. Raises Long once it is put in,
    where checking it would take too long."""
    recheck(batch, plan, user, read_file(batch, plan, data, sheet), patience=patience)


@no_sweeping()
def read_file(batch: ImportBatch, plan: Taker, data: bytes, sheet: str = "") -> Sheet:
    """Put what stands in a workbook into a batch; the rows as the check takes them."""
    book, sealed = numbers.hidden(read(batch.file_name, data))
    leaf, head, batch.sheets = _leaf(book, plan, sheet)
    batch.file, batch.sheet = numbers.kept_out(data, book, sealed), leaf.name
    rows = as_seen(leaf, head)
    take_leaf(batch, plan, rows, head)
    batch.hidden = [number for number in rows if number in leaf.hidden_rows and str(number) in batch.rows]
    return sheet_of(batch, rows)


def _leaf(book: Book, plan: Taker, wanted: str) -> tuple[Leaf, Head, list[str]]:
    """The sheet that was asked for, or the one whose head has the most columns that we know, a hidden one only where
    no other has a head; and the names of all sheets with rows under such a head."""
    heads_of = ((leaf, heads.find(texts_of(leaf), leaf.merged, plan)) for leaf in book.sheets)
    found = [(leaf, head) for leaf, head in heads_of if head is not None]
    own = [(leaf, head) for leaf, head in found if leaf.name != SAMPLE_SHEET]
    able = own if not wanted else [(leaf, head) for leaf, head in found if leaf.name == wanted]
    if not able:
        some = "、".join(f"“{plan.head(name)}”" for name in plan.needed[:4] or plan.names[:4])
        raise NoHead(
            f"在这个文件里没有找到表头：前{heads.DEEPEST}行里应有一行写着{some}等列名，请补上表头或下载模板填写。"
        )
    leaf, head = max(able, key=lambda one: (one[0].state == "visible", len(heads.match(one[1], plan))))
    return leaf, head, [one.name for one, its in own if max(one.rows) > its.last_row]


def stored(batch: ImportBatch) -> tuple[Leaf, Head]:
    """The sheet as it stands in the stored workbook, without what was mended since, and its head. Raises Unreadable or
    NoHead."""
    leaf, head, _sheets = _leaf(read(batch.file_name, bytes(batch.file)), plan_for(batch), batch.sheet)
    return leaf, head


def texts_of(leaf: Leaf) -> dict[int, dict[int, str]]:
    return {row: {column: cell.text for column, cell in cells.items()} for row, cells in leaf.rows.items()}


def take_leaf(batch: ImportBatch, plan: Taker, rows: Mapping[int, Mapping[int, Cell]], head: Head) -> None:
    """Head, columns and rows of the sheet; columns that this park settled before for such a head are settled again."""
    batch.heads = {str(column): list(path) for column, path in head.names.items()}
    batch.signature = hashlib.sha256(head.signature.encode()).hexdigest()
    mapping = remembered(batch)
    if not mapping:
        mapping = heads.match(head, plan)
        refuse_two_tables(head, mapping, plan)
    batch.mapping = {str(column): name for column, name in mapping.items()}
    batch.rows, batch.notes = {}, []
    lines = Lines(head, mapping)
    for number, cells in rows.items():
        told = lines.why_no_record(cells)
        if told is None:
            batch.rows[str(number)] = {str(column): kept(cell) for column, cell in cells.items()}
        elif told:
            batch.notes.append({"row": number, "text": idnumbers.masked(told)[:60]})
    if len(batch.rows) > MOST_ROWS:
        many = len(batch.rows)
        raise TooMany(f"这张表有{many:,}行，一次最多导入{MOST_ROWS:,}行，请拆成{-(-many // MOST_ROWS)}个文件分次上传。")


def refuse_two_tables(head: Head, mapping: Mapping[int, str], plan: Taker) -> None:
    """Raises NoHead where the same heads stand twice beside each other: half of the rows would be left out."""
    taken = {head.names[column]: name for column, name in mapping.items()}
    again = [column for column in sorted(head.names) if column not in mapping and head.names[column] in taken]
    if len(again) > 1 and any(taken[head.names[column]] in plan.needed for column in again):
        raise NoHead(
            f"这张工作表里并排放着两张表，{column_letters(again[0])}列起又是一套列名，"
            "请把右边的移到下面接着排，或另存一张工作表，再上传。"
        )


def remembered(batch: ImportBatch) -> dict[int, str]:
    """How the columns under the same heads were settled in this park the last time."""
    older = ImportBatch.objects.filter(park=batch.park_id, ledger=batch.ledger, signature=batch.signature)
    last = older.exclude(pk=batch.pk).filter(state=ImportBatch.State.DONE).order_by("-pk").first()
    if last is None:
        return {}
    # The same heads in the same order: where they stand may differ, by a column that is empty
    places = zip(sorted(map(int, batch.heads)), sorted(last.heads, key=int), strict=True)
    return {column: last.mapping[before] for column, before in places if before in last.mapping}


def sheet_of(batch: ImportBatch, read_now: Mapping[int, Mapping[int, Cell]] | None = None) -> Sheet:
    """The rows as the check takes them: by field, only filled cells of columns that have a meaning. The cells come out
    of the batch, or are those that were put into it just now."""
    columns = {name: int(column) for column, name in batch.mapping.items()}
    rows = {}
    for row in sorted(int(key) for key in batch.rows):
        cells = _restored_row(batch, row, columns.values()) if read_now is None else read_now[row]
        found = ((name, cells.get(column)) for name, column in columns.items())
        rows[row] = {
            name: cell
            for name, cell in found
            if cell is not None and (cell.text[:1] not in MAYBE_NOTHING or not is_nothing(cell))
        }
    return Sheet(rows, columns)


def _restored_row(batch: ImportBatch, row: int, columns: Iterable[int]) -> dict[int, Cell]:
    held = batch.rows[str(row)]
    return {column: restored(row, column, held[str(column)]) for column in columns if str(column) in held}


def choices_of(batch: ImportBatch, *, good_only: bool = False) -> Choices:
    return Choices(batch.day, batch.blank_clears, good_only)


def hold(batch: ImportBatch, state: str) -> None:
    """Let nobody else settle this batch until the transaction ends. Raises Settled when somebody has."""
    rows = ImportBatch.objects.select_for_update().filter(pk=batch.pk, state=state)
    if rows.values_list("pk", flat=True).first() is None:
        raise Settled


def recheck(
    batch: ImportBatch,
    plan: Taker,
    user: User,
    sheet: Sheet | None = None,
    *,
    patience: int | None = None,
    tell: Progress = untold,
) -> None:
    """What the rows would do now; kept in the batch. Raises Settled; and Long when more than ``patience`` forms would
    have to be asked, then the batch is kept unchecked."""
    choices = choices_of(batch)
    try:
        sheet = sheet or sheet_of(batch)
        begin = shelf.work_of(plan)
        result = check.run(plan, sheet, user, batch.park, choices, patience=patience, tell=tell, begin=begin)
    except check.Long:
        batch.outcomes, batch.digest = [], ""
        _save_open(batch, user)
        raise
    keep(batch, result)
    _save_open(batch, user)


def _save_open(batch: ImportBatch, user: User) -> None:
    with transaction.atomic():
        if not batch._state.adding:
            hold(batch, ImportBatch.State.OPEN)
        journal.save(batch, user, shelf.via_of(plan_for(batch)))


def keep(batch: ImportBatch, result: Result) -> None:
    batch.outcomes, batch.digest = json.loads(result.as_json()), result.digest


def outcomes_of(batch: ImportBatch) -> list[Outcome]:
    return [Outcome.of(one) for one in batch.outcomes]


def confirm(
    batch: ImportBatch,
    plan: Taker,
    user: User,
    digest: str,
    *,
    good_only: bool,
    patience: int | None = None,
    tell: Progress = untold,
) -> Result:
    """Write what the officer saw, and that it is written, in one transaction. When the ledgers have changed in between,
    nothing is written and the new outcome is kept to be looked at again. Raises Settled and Long."""
    sheet, choices = sheet_of(batch), choices_of(batch, good_only=good_only)
    with transaction.atomic():
        hold(batch, ImportBatch.State.OPEN)
        begin = shelf.work_of(plan)
        result = check.run(plan, sheet, user, batch.park, choices, digest, patience=patience, tell=tell, begin=begin)
        keep(batch, result)
        if result.written:
            batch.state, batch.done_at = ImportBatch.State.DONE, timezone.now()
            batch.written = [change.pk for change in result.changes]
            numbers.wipe(batch)
        journal.save(batch, user, shelf.via_of(plan_for(batch)))
    return result


def drop(batch: ImportBatch, user: User) -> None:
    """Give an open batch up. Raises Settled."""
    with transaction.atomic():
        hold(batch, ImportBatch.State.OPEN)
        batch.state = ImportBatch.State.DROPPED
        numbers.wipe(batch)
        journal.save(batch, user, shelf.via_of(plan_for(batch)))


def mend(batch: ImportBatch, row: int, typed: Mapping[int, str]) -> None:
    """Put what was typed in the browser into the cells of a row."""
    cells = batch.rows[str(row)]
    for column, text in typed.items():
        before = cells.get(str(column))
        if before is None or str(before[2]) != text:
            cells[str(column)] = kept(numbers.hidden_cell(restored(row, column, as_typed(text)), timezone.localdate()))


def plan_for(batch: ImportBatch) -> Taker:
    return shelf.TAKERS[batch.ledger]
