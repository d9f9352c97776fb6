"""The only place that reads a row of the sheet 非公企业党建工作台账: cells one by one, and of ticks which one holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from portal.forms.enterprises import EnterpriseForm
from portal.forms.fields import half_width
from portal.imports.cells import Cell
from portal.imports.columns import Column
from portal.imports.heads import plain
from portal.imports.known import Record
from portal.imports.l1.sheet import ADDED, GROUPS, ITEMS, Combined, Group, Option
from portal.imports.outcomes import Fault, Sheet
from portal.imports.reading import BadCell
from portal.imports.sure import column_behind
from portal.imports.values import NO, ONE_OF, YES, text

# More ways to tick than to answer yes
TICKED: Final = YES | {"V", "对", "●", "■", "★"}
LONGEST_QUOTE: Final = 20


@dataclass
class Line:
    """A row as read: ``typed`` is what a form would be sent by name of the column (of a group: by the name of the
    group), ``value`` what it is. ``unread`` says which cells can not be read, and nothing more is said about ``silent``
    columns. ``stored`` is the enterprise it is about, ``hints`` what should be looked at again."""

    number: int
    typed: dict[str, str] = field(default_factory=dict)
    value: dict[str, Any] = field(default_factory=dict)
    unread: list[Fault] = field(default_factory=list)
    silent: set[int] = field(default_factory=set)
    stored: Record | None = None
    hints: list[str] = field(default_factory=list)


class Reader:
    """Reads the rows of one sheet."""

    def __init__(self, plan: Combined, sheet: Sheet) -> None:
        self.plan, self.sheet = plan, sheet
        self.columns: dict[str, Column] = {}
        for one in (*ITEMS, *ADDED):
            if one.name in sheet.columns and one.field is not None:
                behind = column_behind(EnterpriseForm, one.name) if one.name in EnterpriseForm.base_fields else None
                self.columns[one.name] = Column(one.field, behind)

    def line(self, number: int) -> Line:
        found = Line(number)
        cells = self.sheet.rows[number]
        for name, column in self.columns.items():
            if name in cells:
                taken = column.take(cells[name])
                if taken.problem:
                    self._unread(found, name, taken.problem, cells[name].text)
                elif taken.typed != "":
                    found.typed[name], found.value[name] = taken.typed, taken.value
        for group in GROUPS:
            self._choose(group, cells, found)
        return found

    def place(self, name: str) -> int:
        """The column at which something is said about this name: of a group its first one; 0 for none."""
        group = self.plan.group(name)
        names = (name,) if group is None else (group.name, *group.ticks)
        return min((self.sheet.columns[one] for one in names if one in self.sheet.columns), default=0)

    def head(self, name: str) -> str:
        group = self.plan.group(name)
        return group.head if group is not None else self.plan.head(name)

    def fault(self, name: str, sentence: str, typed: str = "") -> Fault:
        return Fault(self.place(name), self.head(name) if name else "", sentence.rstrip("。"), typed)

    def _unread(self, line: Line, name: str, sentence: str, typed: str) -> None:
        line.unread.append(Fault(self.sheet.columns[name], self.plan.head(name), sentence.rstrip("。"), typed))
        line.silent |= {self.sheet.columns[name], self.place(name)}

    def _choose(self, group: Group, cells: Mapping[str, Cell], line: Line) -> None:
        """Which option of a group a row has, by ticks or by the word."""
        chosen: dict[str, str] = {}
        for name in (group.name, *group.ticks):
            if name not in cells:
                continue
            try:
                option = worded(cells[name], group) if name == group.name else ticked(cells[name], group.ticks[name])
            except BadCell as bad:
                self._unread(line, name, bad.sentence, cells[name].text)
                continue
            if option is not None:
                chosen[option.value] = option.head
        if len(chosen) > 1:
            heads = "、".join(chosen.values())
            problem = self.fault(group.name, f"同时选了{len(chosen)}项（{heads}），只能选一项，请去掉多余的")
            line.unread.append(problem)
            line.silent.add(problem.column)
        elif chosen and self.place(group.name) not in line.silent:
            line.typed[group.name] = line.value[group.name] = next(iter(chosen))


def ticked(cell: Cell, option: Option) -> Option | None:
    """The option when its cell is ticked; a tick is also the option's own word. Raises BadCell."""
    if cell.kind == "bool":
        return option if cell.value else None
    seen = text(cell)
    typed = half_width(seen).upper()
    if not typed or typed in NO:
        return None
    if typed in TICKED or seen in (option.head, *option.words):
        return option
    raise BadCell(f"写的是“{seen[:LONGEST_QUOTE]}”，是的请打“√”，不是的留空")


def worded(cell: Cell, group: Group) -> Option | None:
    """The option that a word names. Raises BadCell."""
    seen = text(cell)
    if not seen:
        return None
    for option in group.options:
        if plain(seen) in {plain(word) for word in (option.head, *option.words)}:
            return option
    heads = "、".join(option.head for option in group.options)
    raise BadCell(f"写的是“{seen[:LONGEST_QUOTE]}”，不在可选范围内{ONE_OF}{heads}")
