"""The only place for the pages on which a batch is put right in the browser: the cells of one row, and the columns.

Both carry what they were drawn from (:mod:`portal.imports.mending`). What was typed when a sign-in ended comes back as
in every entry form (:mod:`portal.signin`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.datastructures import MultiValueDict

from orgs import idnumbers
from orgs.models import User
from portal import drafts
from portal.asking import asked_day
from portal.forms.fields import SECRET
from portal.imports import batches, mending, template
from portal.imports.l1.sheet import Combined
from portal.imports.mending import BLANK, Drawn
from portal.imports.outcomes import Fault
from portal.imports.shelf import Taker
from portal.imports.values import ONE_OF
from portal.models import ImportBatch
from portal.signin import keeps_typed
from portal.views.imports import get_or_post, letters, open_sheet, recheck, shell_of, unless_settled, writer

SAMPLES: Final = 3
LONGEST: Final = 2000  # of what is typed into one cell
NOW_SAID: Final = 40
GONE: Final = "您打开那一页以后，这一批换过文件，现在没有第{number}行，填的内容没有保存。请看现在的结果。"
OTHER_ROW: Final = (
    "您打开这一页以后，第{number}行变了（换过文件，改过列的对应，或者在另一个窗口里改过），没有保存。"
    "您改过的格子还照您填的，旁边写明现在的内容，请核对后再提交。"
)
OTHER_COLUMNS: Final = (
    "您打开这一页以后，这一批换过文件，或者在另一个窗口里改过列的对应，没有保存。"
    "您改过的还照您选的，旁边写明现在的情况，请核对后再提交。"
)


@dataclass(frozen=True)
class Opened:
    """A form as it is shown: ``values`` by the names of its fields, what was ``typed`` among them; ``stale`` when the
    batch is no longer what it was typed on."""

    now: Mapping[str, str]
    typed: Mapping[str, str]
    stale: bool
    about_draft: Mapping[str, Any]

    @property
    def values(self) -> dict[str, str]:
        return {**self.now, **self.typed}

    def beside(self, name: str) -> str | None:
        """What the batch says now beside what was typed on something else."""
        return self.now[name] if self.stale and name in self.typed else None

    def context(self, request: HttpRequest, user: User) -> dict[str, Any]:
        return {**self.about_draft, "drawn": str(Drawn.of(self.now)), "mark": drafts.mark(user, request.path)}


def opened(request: HttpRequest, user: User, now: Mapping[str, str]) -> Opened:
    """The form that was posted, or the draft of it that the address asks for, held against what it would show now. A
    form that does not say what it was drawn from counts as drawn now."""
    draft = drafts.find(user, request.path) if request.method != "POST" else None
    taken = draft is not None and request.GET.get("draft") == "take"
    posted: MultiValueDict[str, str] = MultiValueDict(draft.fields) if draft is not None and taken else request.POST
    is_given = taken or request.method == "POST"
    carried = posted.get("drawn", "") if is_given else ""
    drawn = Drawn.read(carried) if carried else Drawn.of(now)
    given = {name: str(posted[name]) for name in now if name in posted and not name.startswith("h")}
    if is_given and BLANK in now:
        given[BLANK] = posted.get(BLANK, "")  # a browser sends nothing for a box that is not ticked
    said = {"draft_at": drafts.clock(draft), "draft_url": drafts.address(draft), "taken": taken} if draft else {}
    return Opened(now, drawn.typed(now, given), drawn.marks != Drawn.of(now).marks, said)


def discarded(request: HttpRequest, user: User) -> HttpResponse:
    drafts.discard(user, request.path)
    messages.success(request, "草稿已删除。")
    return redirect(request.path)


# One row


@dataclass(frozen=True)
class CellField:
    """One cell to mend. ``now`` is what it says now where that was not what was typed on; ``options`` are value and
    label where it takes one of few; ``is_long`` when it has line breaks, which a field of one line would lose."""

    column: str
    name: str
    letter: str
    head: str
    text: str
    now: str | None
    errors: Sequence[str]
    options: Sequence[tuple[str, str]]

    @property
    def is_long(self) -> bool:
        return "\n" in self.text


@keeps_typed
@get_or_post
@unless_settled
def row(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Mend the cells of one row in the browser; only cells that were typed into change."""
    about, one = writer(request), open_sheet(request, pk)
    if "draft" in request.POST:
        return discarded(request, about.user)
    if str(number) not in one.rows:
        if request.method != "POST":
            raise Http404("没有这一行")
        messages.error(request, GONE.format(number=number))
        return redirect("import-batch", one.pk)
    form = opened(request, about.user, mending.row_shown(one, number))
    if request.method == "POST" and not form.stale:
        fields = {mending.field_of(one, column): int(column) for column in one.mapping}
        batches.mend(one, number, {fields[name]: text[:LONGEST] for name, text in form.typed.items()})
        is_done = recheck(one, about.user)
        drafts.discard(about.user, request.path)
        return following(request, one, number) if is_done else redirect("import-batch", one.pk)
    outcome = next((found for found in batches.outcomes_of(one) if found.row == number), None)
    faults = outcome.faults if outcome else []
    fields_shown = cell_fields(one, form, faults)
    has_options = {int(cell.column) for cell in fields_shown if cell.options}
    context = {
        **shell_of(one, 3),
        **form.context(request, about.user),
        "number": number,
        "outcome": outcome,
        "problem": OTHER_ROW.format(number=number) if form.stale else "",
        "faults": [(fault.column, said(fault, fault.sentence, has_options)) for fault in faults],
        "cells": fields_shown,
    }
    return render(request, "portal/import_row.html", context, status=400 if request.method == "POST" else 200)


def following(request: HttpRequest, one: ImportBatch, number: int) -> HttpResponse:
    """From a row that was mended to the next that is wrong; back to it while it still is."""
    left = [outcome.row for outcome in batches.outcomes_of(one) if outcome.kind == "rejected"]
    if number in left:
        return redirect("import-row", one.pk, number)
    messages.success(request, f"第{number}行已改好" + (f"，还有{len(left)}行有错误。" if left else "，没有错误了。"))
    if not left:
        return redirect("import-batch", one.pk)
    return redirect("import-row", one.pk, next((row for row in left if row > number), left[0]))


def cell_fields(one: ImportBatch, form: Opened, faults: Sequence[Fault]) -> list[CellField]:
    plan, values, found = batches.plan_for(one), form.values, []
    for column in sorted(one.mapping, key=int):
        name = mending.field_of(one, column)
        is_secret = name in SECRET  # what was typed there is shown to nobody, not even to who typed it
        text = mending.lines(form.now[name] if is_secret else values[name])
        options = options_of(choices_of(plan, one.mapping[column]), text)
        own = [fault for fault in faults if fault.column == int(column)]
        errors = [said(fault, fault.text, {fault.column} if options else set()) for fault in own]
        now = None if is_secret else form.beside(name)
        head = plan.head(one.mapping[column])
        found.append(CellField(column, name, letters(int(column)), head, text, now, errors, options))
    return found


def said(fault: Fault, sentence: str, has_options: set[int]) -> str:
    """A sentence about a cell; what may be chosen is not told over again where the options stand in the field."""
    before, listed, _choices = sentence.partition(ONE_OF)
    return f"{before}，请从列表里选" if listed and fault.column in has_options else sentence


def options_of(choices: Sequence[str], text: str) -> list[tuple[str, str]]:
    """Value and label of what a cell may hold, before them what it holds."""
    if not choices:
        return []
    held = [] if text in ("", *choices) else [(text, f"（现在写的：{text[:NOW_SAID]}）")]
    return [*held, ("", "（空着）"), *((choice, choice) for choice in choices)]


def choices_of(plan: Taker, name: str) -> list[str]:
    """What a cell may hold, where that is few."""
    return plan.choices(name) if isinstance(plan, Combined) else template.choices_of(plan, name)


# The columns


@keeps_typed
@get_or_post
@unless_settled
def columns(request: HttpRequest, pk: int) -> HttpResponse:
    """Which column fills which field; for which day the sheet speaks; what a blank cell means."""
    about, one = writer(request), open_sheet(request, pk)
    if "draft" in request.POST:
        return discarded(request, about.user)
    plan = batches.plan_for(one)
    form = opened(request, about.user, mending.columns_shown(one))
    problems = [OTHER_COLUMNS] if form.stale else []
    if request.method == "POST" and not form.stale:
        mapping, problems = asked_columns(request, one, plan)
        day, problem = asked_day(request.POST.get("day", ""), timezone.localdate())
        if problem:
            problems.append(problem.split("；")[0] + "。")
        if not problems:
            one.mapping, one.day = mapping, day
            one.blank_clears = request.POST.get(BLANK) == "1"
            recheck(one, about.user)
            drafts.discard(about.user, request.path)
            return redirect("import-batch", one.pk)
    values, names = form.values, [(name, plan.head(name)) for name in plan.names]
    context = {
        **shell_of(one, 3),
        **form.context(request, about.user),
        "problems": problems,
        "day": values["day"],
        "day_now": form.beside("day"),
        "blank_clears": values[BLANK] == "1",
        "options": names,
        "may_clear": not isinstance(plan, Combined),
        "columns": [
            (
                column,
                letters(int(column)),
                "／".join(one.heads[column]),
                samples(one, column),
                values[f"c{column}"],
                now_filled(form, f"c{column}", dict(names)),
            )
            for column in sorted(one.heads, key=int)
        ],
    }
    status = 400 if problems and request.method == "POST" else 200
    return render(request, "portal/import_columns.html", context, status=status)


def now_filled(form: Opened, name: str, heads: Mapping[str, str]) -> str:
    """What a column fills by now, where another choice stands in its field."""
    now = form.beside(name)
    return "" if now is None else heads.get(now, "不用这一列")


def asked_columns(request: HttpRequest, one: ImportBatch, plan: Taker) -> tuple[dict[str, str], list[str]]:
    mapping: dict[str, str] = {}
    problems = []
    for column in one.heads:
        name = request.POST.get(f"c{column}", "")
        if not name:
            continue
        if name not in plan.names:
            raise Http404("没有这一项")
        if name in mapping.values():
            problems.append(f"有两列都选了“{plan.head(name)}”，请只留一列。")
        mapping[column] = name
    return mapping, problems


def samples(one: ImportBatch, column: str) -> str:
    """The first few values of a column."""
    found: list[str] = []
    for cells in one.rows.values():
        text = str(cells[column][2]).strip() if column in cells else ""
        if text and text not in found:
            found.append(text)
        if len(found) == SAMPLES:
            break
    return "、".join(idnumbers.masked(text)[:20] for text in found)
