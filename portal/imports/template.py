"""The only place that makes the workbook officers fill in: text columns, drop-downs, an example, today's data."""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

from django import forms
from django.utils import timezone
from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from metrics.excel import BODY_FONT, HEAD_FONT, landscape, put
from orgs.models import Park, User
from portal.forms.fields import SECRET, YesNoField
from portal.imports.batches import SAMPLE_SHEET
from portal.imports.check import current_fact, shown
from portal.imports.outcomes import EMPTY
from portal.imports.plans import Plan
from portal.ledgers import LEDGERS

VERSION: Final = "2026-11"
ROWS: Final = 2000  # rows with drop-downs
ACROSS: Final = 220  # characters beside each other that a lying page still shows large enough to read
LISTS: Final = "选项"
MARK: Final = "模板"
NEEDED: Final = PatternFill("solid", fgColor="F6E3E4")
FREE: Final = PatternFill("solid", fgColor="F2F2F2")
LINE: Final = Side("thin", "8A9099")
HEAD, BODY, BOX = Font(HEAD_FONT, 11), Font(BODY_FONT, 11), Border(bottom=LINE, right=LINE)


@dataclass(frozen=True)
class Printed:
    """One column of a template. ``path`` is its head with those it stands under; ``is_strict`` refuses what is not
    among the ``choices``."""

    path: tuple[str, ...]
    told: str = ""
    choices: Sequence[str] = ()
    is_strict: bool = True
    is_needed: bool = False
    width: int = 12


def workbook(plan: Plan, user: User, park: Park, *, with_data: bool = False) -> bytes:
    """The template of a ledger, blank or with the records of today."""
    columns = [
        Printed(
            (plan.head(name),),
            hint(plan, name),
            choices_of(plan, name) or named(plan, name, user, park),
            bool(choices_of(plan, name)),
            name in plan.needed,
            max(12, min(34, 2 * len(plan.head(name)) + 6)),
        )
        for name in plan.names
    ]
    rows = records(plan, user, park) if with_data else []
    sample = "、".join(f"{plan.head(name)}：{text}" for name, text in plan.samples.items())
    return drawn(plan.slug, LEDGERS[plan.slug].title, columns, rows, park, frozen=1, sample=sample)


def drawn(
    slug: str,
    title: str,
    columns: Sequence[Printed],
    rows: Sequence[Sequence[str]],
    park: Park,
    *,
    frozen: int,
    sample: str = "",
) -> bytes:
    """Sheet 1 to fill in, its first ``frozen`` columns staying in sight; sheet 2 what each column takes; two hidden
    sheets: choices, and which template it is."""
    book = Workbook()
    leaf: Any = book.active
    leaf.title = title
    depth = max(len(one.path) for one in columns)
    draw_heads(leaf, columns, depth)
    leaf.freeze_panes = leaf.cell(depth + 1, frozen + 1)
    lists = book.create_sheet(LISTS)
    lists.sheet_state = "hidden"
    for column, one in enumerate(columns, start=1):
        if not one.choices:
            continue
        letter = get_column_letter(column)
        for row, text in enumerate(one.choices, start=1):
            put(lists.cell(row, column), text)
        rule = DataValidation("list", formula1=f"={LISTS}!${letter}$1:${letter}${len(one.choices)}", allow_blank=True)
        rule.error, rule.errorTitle = "请从下拉列表中选择。", "不在可选范围内"
        rule.showErrorMessage = one.is_strict
        leaf.add_data_validation(rule)
        rule.add(f"{letter}{depth + 1}:{letter}{ROWS}")
    landscape(leaf, across=-(-sum(one.width for one in columns) // ACROSS))
    letter = get_column_letter(frozen)
    leaf.print_title_rows, leaf.print_title_cols = f"1:{depth}", f"{letter}:{letter}"
    looks: dict[bool, Any] = {}
    for row, values in enumerate(rows, start=depth + 1):
        for column, text in enumerate(values, start=1):
            cell = leaf.cell(row, column)
            put(cell, text or None)
            _alike(cell, looks, cell.quotePrefix, number_format="@", font=BODY)
    told = [("／".join(one.path), one.told) for one in columns]
    return finished(book, slug, park, [*told, ("", ""), ("示例", sample)] if sample else told, depth + 1)


def draw_heads(leaf: Any, columns: Sequence[Printed], depth: int) -> None:
    """Each head down to the last row of heads, or across the columns that stand under it."""
    for level in range(depth):
        start = 0
        while start < len(columns):
            path = columns[start].path[: level + 1]
            end = start
            while end + 1 < len(columns) and columns[end + 1].path[: level + 1] == path:
                end += 1
            if len(path) == level + 1:
                last = depth if len(columns[start].path) == level + 1 else level + 1
                leaf.cell(level + 1, start + 1, path[level])
                if end > start or last > level + 1:
                    leaf.merge_cells(start_row=level + 1, start_column=start + 1, end_row=last, end_column=end + 1)
            start = end + 1
    looks: dict[bool, Any] = {}
    middle = Alignment(horizontal="center" if depth > 1 else None, vertical="center", wrap_text=True)
    for column, one in enumerate(columns, start=1):
        letter = get_column_letter(column)
        leaf.column_dimensions[letter].width = one.width
        leaf.column_dimensions[letter].number_format = "@"
        for row in range(1, depth + 1):
            look = {"font": HEAD, "fill": NEEDED if one.is_needed else FREE, "border": BOX, "alignment": middle}
            _alike(leaf.cell(row, column), looks, one.is_needed, **look)
        if one.told:
            leaf.cell(len(one.path), column).comment = Comment(one.told, "园区党建", width=280, height=110)
    for row in range(1, depth + 1):
        leaf.row_dimensions[row].height = 34 if depth > 1 else 30


def _alike(cell: Any, looks: dict[bool, Any], key: bool, **look: Any) -> None:
    """Give the cell the look of those before it with the same key: setting it part by part takes most of the time."""
    if key not in looks:
        for name, part in look.items():
            setattr(cell, name, part)
        looks[key] = cell._style
    cell._style = copy(looks[key])


def finished(book: Workbook, slug: str, park: Park, told: Sequence[tuple[str, str]], first: int) -> bytes:
    """The workbook with its sheet of explanations, column by column, and the hidden one that says which template it
    is. The first sheet is filled in from row ``first`` on."""
    explain(book, park, told, first)
    mark = book.create_sheet(MARK)
    mark.sheet_state = "veryHidden"
    for row, words in enumerate(
        (("台账", slug), ("版本", VERSION), ("园区", park.slug), ("制作", f"{timezone.localdate()}")), 1
    ):
        mark.cell(row, 1, words[0])
        mark.cell(row, 2, words[1])
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def explain(book: Workbook, park: Park, columns: Sequence[tuple[str, str]], first: int) -> None:
    leaf = book.create_sheet(SAMPLE_SHEET)
    told = [
        ("填写说明", ""),
        ("", f"在第1张表里从第{first}行填起，一行一条，导入到{park.name}。粉色列名的必须填，其余知道就填。"),
        ("", "台账里已有的：有几列变化就写几列，空白的单元格不会清掉原来的内容。"),
        ("列名", "怎么填"),
        *columns,
    ]
    wrapped = Alignment(wrap_text=True, vertical="top")
    for row, (name, text) in enumerate(told, start=1):
        leaf.cell(row, 1, name or None).font = HEAD
        cell = leaf.cell(row, 2)
        put(cell, text or None)
        cell.font, cell.alignment = BODY, wrapped
    leaf.column_dimensions["A"].width, leaf.column_dimensions["B"].width = 24, 90


def hint(plan: Plan, name: str) -> str:
    """What a column takes, in a sentence or two."""
    one = plan.form.base_fields[name]
    parts = ["必填。" if name in plan.needed else ""]
    choices = choices_of(plan, name)
    if choices:
        parts.append(f"可填：{'、'.join(choices)}。")
    if isinstance(one, forms.ModelChoiceField):
        parts.append("填台账里的名称。")
    parts.append(str(one.help_text))
    return "".join(parts)


def choices_of(plan: Plan, name: str) -> list[str]:
    """The labels a cell may hold, where they are few and the same in every park."""
    one = plan.form.base_fields[name]
    if isinstance(one, YesNoField | forms.BooleanField):
        return ["是", "否"]
    if isinstance(one, forms.ModelChoiceField) or not isinstance(one, forms.ChoiceField):
        return []
    pairs: Sequence[Any] = list(one.choices)  # type: ignore[arg-type]
    return [str(label) for value, label in pairs if value not in ("", None)]


def named(plan: Plan, name: str, user: User, park: Park) -> list[str]:
    """The records of this park that a cell may name."""
    one = plan.blank(user, park).fields.get(name)
    if not isinstance(one, forms.ModelChoiceField) or one.queryset is None:
        return []
    return [str(row) for row in one.queryset[:ROWS]]


def records(plan: Plan, user: User, park: Park) -> list[list[str]]:
    """What the ledger holds today, as the cells of the template."""
    found = []
    rows = plan.model.objects.visible_to(user).in_park(park).as_of(timezone.localdate()).order_by("pk")
    for row in rows:
        form = plan.form(instance=row, user=user)
        told = [name for name in plan.names if name in form.fields and name not in SECRET]
        values = {name: shown(form, name, stored_value=True) for name in told}
        for later in plan.later:
            fact = current_fact(later, row, user)
            if fact is None:
                continue
            its = later.form(instance=fact, user=user)
            values |= {
                name: shown(its, column, stored_value=True)
                for name, column in later.part.fields.items()
                if column in its.fields
            }
        found.append(["" if values.get(name, EMPTY) == EMPTY else values[name] for name in plan.names])
    return found
