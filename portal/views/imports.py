"""The only place for the pages of an import: start, check, confirm, result, undo, workbooks. The pages on which a batch
is put right are in :mod:`portal.views.mending`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_safe

from metrics.excel import CONTENT_TYPE
from orgs.models import Park, User
from orgs.scoping import RECORD_WRITERS, parks_in_reach
from portal.asking import Asked, asked
from portal.imports import batches, jobs, numbers, returned, template, undo
from portal.imports.batches import MOST_ROWS as MOST_IN_BATCH, NoHead, Settled, TooMany
from portal.imports.bulk import Bulk
from portal.imports.check import Long
from portal.imports.container import Unreadable
from portal.imports.heads import missing
from portal.imports.l1 import template as l1
from portal.imports.l1.sheet import Combined
from portal.imports.lines import NUMBERING
from portal.imports.outcomes import KINDS, Outcome
from portal.imports.shelf import SHELF, TAKERS, Taker, ledger_of
from portal.models import ImportBatch
from portal.processes import REFRESH, Busy

get_or_post = require_http_methods(["GET", "HEAD", "POST"])
MOST_BATCHES: Final = 50
MOST_HIDDEN: Final = 8  # numbers of rows in a sentence
MOST_ROWS: Final = 200  # of one kind shown on the page; the returned workbook has all
MOST_NAMED: Final = 5  # records in a sentence
LARGEST_MB: Final = 10
STEPS: Final = ("模板", "上传", "核对", "确认", "结果")
BULK_STEPS: Final = ("选择", "填写", "核对", "结果")
KIND_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "created": ("新增", "台账里没有的"),
    "changed": ("修改", "与台账不同的"),
    "unchanged": ("无变化", "与台账一致，不写入"),
    "rejected": ("错误", "改好之前整批不写入"),
}
BULK_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "changed": ("会改", ""),  # while it is open: see CHANGED_WORDS
    "unchanged": ("不变", "已经是这样，不写入"),
    "rejected": ("不能改", "各有各的原因"),
}
CHANGED_WORDS: Final[Mapping[str, str]] = {
    "open": "会改",
    "done": "已改",
    "undone": "撤销前改过",
    "dropped": "放弃前会改",
}
TYPES: Final = ".xlsx,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class Step:
    number: int
    label: str
    state: str  # done, now or ""


@dataclass(frozen=True)
class Count:
    """How many rows are of a kind, and where they are listed."""

    kind: str
    label: str
    note: str
    number: int
    url: str


@dataclass(frozen=True)
class Cause:
    """One sentence of error, and every cell it stands at."""

    text: str
    cells: list[tuple[int, str, str]]  # row, letters of the column, what was typed


View = Callable[..., HttpResponse]


def unless_settled(view: View) -> View:
    """Whoever comes late with a batch that another window has settled is shown what became of it."""

    @wraps(view)
    def shown(request: HttpRequest, pk: int, **more: Any) -> HttpResponse:
        try:
            return view(request, pk=pk, **more)
        except (Settled, Busy) as late:
            messages.error(request, str(late))
            return redirect("import-batch", pk)

    return shown


# The index and the first two steps


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Every ledger that takes a workbook, and the batches so far."""
    about = writer(request)
    rows = ImportBatch.objects.visible_to(about.user).in_park(about.park).select_related("park").defer(*HEAVY)
    context = {
        "about": about,
        "shelves": [(ledger_of(slug), start_url(slug, about.park)) for slug in SHELF],
        "batches": [(one, ledger_of(one.ledger).title, word_of(one)) for one in rows[:MOST_BATCHES]],
        "count": rows.count(),
    }
    return render(request, "portal/imports.html", context)


@get_or_post
def start(request: HttpRequest, slug: str) -> HttpResponse:
    """Steps 1 and 2: the template, and the workbook to upload."""
    about, plan = writer(request), plan_of(slug)
    parks = list(parks_in_reach(about.user, RECORD_WRITERS).order_by("order_key", "pk")[:200])
    posted = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    form = UploadForm(*posted, parks=parks, park=about.park)
    if request.method == "POST" and form.is_valid():
        park: Park = form.cleaned_data["park"]
        upload = form.cleaned_data["file"]
        batch = batches.new_batch(plan, about.user, park, upload.name)
        try:
            take_file(batch, about.user, upload.read())
            tell_of_hidden(request, batch)
        except (Unreadable, NoHead, TooMany) as problem:
            form.add_error("file", str(problem))
        else:
            return redirect("import-batch", batch.pk)
    context = {
        "about": about,
        "plan": plan,
        "ledger": ledger_of(slug),
        "form": form,
        "steps": steps(2),
        "park": form.park,
        "heads": plan.listing(),
        "types": TYPES,
        "most": MOST_IN_BATCH,
    }
    return render(request, "portal/import_start.html", context, status=400 if form.errors else 200)


@require_safe
def blank(request: HttpRequest, slug: str) -> HttpResponse:
    """The template of a ledger for a park; ``?data=1`` with the records of today, for corrections."""
    about, plan = writer(request), plan_of(slug)
    park = about.park or the_only_park(about.user)
    if park is None or not parks_in_reach(about.user, RECORD_WRITERS).filter(pk=park.pk).exists():
        raise Http404("请先选一个可以登记的园区")
    with_data = request.GET.get("data") == "1"
    if isinstance(plan, Combined):
        data = l1.workbook(plan, about.user, park, with_data=with_data)
    else:
        data = template.workbook(plan, about.user, park, with_data=with_data)
    name = f"{ledger_of(slug).title}{'（现有数据）' if with_data else '模板'}{timezone.localdate():%Y%m%d}.xlsx"
    return workbook(data, name)


class UploadForm(forms.Form):
    """A workbook for a park."""

    file = forms.FileField(
        label="工作簿",
        error_messages={
            "required": "请选择要导入的工作簿（.xlsx）。",
            "empty": "这个文件是空的，请重新选择。",
            "max_length": "文件名太长，请改短后再上传。",
            "invalid": "没有收到文件，请重新选择。",
            "missing": "没有收到文件，请重新选择。",
        },
    )

    def __init__(self, data: Any, files: Any, *, parks: list[Park], park: Park | None) -> None:
        super().__init__(data, files)
        self.parks = parks
        chosen = [one for one in parks if park is not None and one.pk == park.pk]
        self.park = chosen[0] if chosen else parks[0] if len(parks) == 1 else None
        if self.park is None:
            self.fields["park"] = forms.ChoiceField(
                label="导入到哪个园区",
                choices=[("", "请选择"), *((one.slug, one.name) for one in parks)],
                error_messages={"required": "请选择导入到哪个园区。", "invalid_choice": "请从列表中选择园区。"},
            )
            self.order_fields(["park", "file"])

    def clean_file(self) -> Any:
        upload = self.cleaned_data["file"]
        if upload.size > LARGEST_MB * 1024 * 1024:
            raise ValidationError(f"文件超过{LARGEST_MB}MB，请删去图片或分成几个文件后再上传。")
        return upload

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.park is not None:
            cleaned["park"] = self.park
        elif cleaned.get("park"):
            cleaned["park"] = next(one for one in self.parks if one.slug == cleaned["park"])
        return cleaned


# One batch


@require_safe
def batch(request: HttpRequest, pk: int) -> HttpResponse:
    """Step 3 while the batch is open, step 5 once it is done."""
    job = jobs.look(pk)  # first: a process that ends now has written what is read next
    one = batch_of(request, pk)
    template = "portal/bulk_batch.html" if is_bulk(one) else "portal/import_batch.html"
    if job is not None and not job.problem:
        step = 5 if job.kind == "undo" else 4 if job.kind == "confirm" else 3
        return render(request, "portal/import_busy.html", {**shell_of(one, step), "job": job, "refresh": REFRESH})
    if job is not None:
        messages.error(request, job.problem)
        jobs.forget(pk)
    plan = batches.plan_for(one)
    outcomes = batches.outcomes_of(one)
    kind = request.GET.get("kind", "")
    if kind not in kinds_of(one):
        kind = next(
            (name for name in ("rejected", "changed", "created") if any(o.kind == name for o in outcomes)), "unchanged"
        )
    shown = [outcome for outcome in outcomes if outcome.kind == kind]
    is_open = one.state == ImportBatch.State.OPEN
    # What the column beside the rows is about; without any of it there is no such column
    beside: dict[str, Any] = {
        "causes": causes(outcomes),
        "hints": hints(outcomes),
        "unmapped": unmapped(one, plan) if is_open else [],
        "left": left(one, plan) if is_open else [],
    }
    context = {
        **shell_of(one, 3 if is_open else 5),
        **beside,
        "has_side": any(beside.values()) or bool(one.notes) or bool(one.file and not is_open),
        "state": batch_state(one),
        "is_open": is_open,
        "is_checked": bool(one.digest),
        "counts": [count_of(one, name, outcomes) for name in kinds_of(one)],
        "kind": kind,
        "kind_word": words_of(one, kind)[0],
        "rows": shown[:MOST_ROWS],
        "page_obj": Paginator(shown, MOST_ROWS).get_page(request.GET.get("page")) if is_bulk(one) else None,
        "number": len(shown),
        "faults": sum(len(outcome.faults) for outcome in outcomes),
        "good": sum(outcome.kind in ("created", "changed") for outcome in outcomes),
        "bad": sum(outcome.kind == "rejected" for outcome in outcomes),
        "other_sheets": [name for name in one.sheets if name != one.sheet],
        "missing": missing({int(column): name for column, name in one.mapping.items()}, plan),
        "may_undo": one.may_undo(timezone.now()),
        "has_numbers": numbers.has_any(one),
        "has_file": bool(one.file),
        "loses_drawings": returned.loses_drawings(one),
    }
    return render(request, template, context)


@get_or_post
@unless_settled
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """Check a batch anew: its check was cut short, or the ledger has changed."""
    about, one = writer(request), open_batch(request, pk)
    if request.method == "POST":
        recheck(one, about.user)
    return redirect("import-batch", one.pk)


def unmapped(one: ImportBatch, plan: Taker) -> list[str]:
    """The columns that fill nothing and that we do not know."""
    return [
        "／".join(path)
        for column, path in sorted(one.heads.items(), key=lambda item: int(item[0]))
        if column not in one.mapping and not why_unused(plan, path)
    ]


def left(one: ImportBatch, plan: Taker) -> list[tuple[str, list[str]]]:
    """Why known columns fill nothing, each reason with its columns."""
    found: dict[str, list[str]] = {}
    for column, path in sorted(one.heads.items(), key=lambda item: int(item[0])):
        reason = why_unused(plan, path)
        if reason and column not in one.mapping and path != [NUMBERING]:
            found.setdefault(reason, []).append(path[-1])
    if isinstance(plan, Combined):
        for head, reason in plan.compared(frozenset(one.mapping.values())):
            found.setdefault(reason, []).append(head)
    return list(found.items())


def why_unused(plan: Taker, path: list[str]) -> str:
    return plan.why_unused(tuple(path)) if isinstance(plan, Combined) else ""


@get_or_post
@unless_settled
def file(request: HttpRequest, pk: int) -> HttpResponse:
    """Another workbook, or the mended one, for the same batch; or another sheet of the same workbook."""
    about, one = writer(request), open_sheet(request, pk)
    if request.method != "POST":
        return redirect("import-batch", one.pk)
    sheet = request.POST.get("sheet", "")[:40]
    upload = request.FILES.get("file")
    if upload is None and not sheet:
        messages.error(request, "请选择要上传的工作簿（.xlsx）。")
        return redirect("import-batch", one.pk)
    try:
        if upload is not None:
            if (upload.size or 0) > LARGEST_MB * 1024 * 1024:
                raise Unreadable(f"文件超过{LARGEST_MB}MB，请删去图片或分成几个文件后再上传。")
            one.file_name = (upload.name or "工作簿.xlsx")[-200:]
            take_file(one, about.user, upload.read())
        else:
            if not one.file:
                raise Unreadable("这个工作簿含有身份证号，又太大，没有留底，请重新上传。")
            take_file(one, about.user, bytes(one.file), sheet)
        tell_of_hidden(request, one)
    except (Unreadable, NoHead, TooMany) as problem:
        messages.error(request, f"{problem}这一批还是原来的文件。")
    return redirect("import-batch", one.pk)


@get_or_post
@unless_settled
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Step 4: say what will be written, and write exactly that."""
    about, one = writer(request), open_batch(request, pk)
    plan = batches.plan_for(one)
    problem = ""
    if request.method == "POST":
        good_only, digest = request.POST.get("good_only") == "1", request.POST.get("digest", "")
        seen = batches.outcomes_of(one)
        try:
            if len(one.rows) > jobs.ROWS_AT_ONCE:
                raise Long
            patience = jobs.FORMS_AT_ONCE
            result = batches.confirm(one, plan, about.user, digest, good_only=good_only, patience=patience)
        except Long:
            jobs.begin(one, about.user, "confirm", digest=digest, good_only=good_only)
            return redirect("import-batch", one.pk)
        if result.written:
            messages.success(request, written_words(one, result.counts))
            return redirect("import-batch", one.pk)
        if digest != result.digest:
            problem = changed_words(one, seen) + "，没有写入。请再看一遍下面的数字，确认无误后重新确认。"
        elif is_bulk(one):
            problem = "有不能改的，没有写入。请把它们从选择里去掉，或者勾选“只改能改的”。"
        else:
            problem = "还有错误的行，没有写入。请先改好，或者勾选“只导入无误的行”。"
    if is_bulk(one):
        if problem:
            messages.error(request, problem)
        return redirect("import-batch", one.pk)
    outcomes = batches.outcomes_of(one)
    context = {
        **shell_of(one, 4),
        "problem": problem,
        "counts": [count_of(one, name, outcomes) for name in KINDS],
        "good": sum(outcome.kind in ("created", "changed") for outcome in outcomes),
        "bad": sum(outcome.kind == "rejected" for outcome in outcomes),
        "cells": sum(len(outcome.diffs) for outcome in outcomes if outcome.kind == "changed"),
        "bad_rows": [outcome.row for outcome in outcomes if outcome.kind == "rejected"][:MOST_ROWS],
    }
    return render(request, "portal/import_confirm.html", context, status=400 if problem else 200)


def changed_words(one: ImportBatch, seen: Sequence[Outcome]) -> str:
    """That not everything stands as it was ``seen``; of records that were chosen, which do not."""
    before = {outcome.row: outcome for outcome in seen}
    pairs = [(now, before[now.row]) for now in batches.outcomes_of(one) if now.row in before]
    names = [now.name or was.name for now, was in pairs if now != was]  # what is deleted has no name any more
    if not is_bulk(one) or not names:
        return "核对以后台账有了变化，结果与刚才看到的不同"
    more = f"等{len(names):,}{ledger_of(one.ledger).unit}" if len(names) > MOST_NAMED else ""
    return f"核对以后有人改过{'、'.join(f'“{name}”' for name in names[:MOST_NAMED])}{more}"


def written_words(one: ImportBatch, counts: Mapping[Any, int]) -> str:
    unit, undo_words = ledger_of(one.ledger).unit, f"{ImportBatch.DAYS_TO_UNDO}天内可以整批撤销。"
    if is_bulk(one):
        left = f"，{counts['rejected']:,}{unit}不能改，没有写入" if counts["rejected"] else ""
        return f"已批量修改{counts['changed']:,}{unit}，{counts['unchanged']:,}{unit}不变{left}。{undo_words}"
    left = f"，{counts['rejected']}行有错误没有写入" if counts["rejected"] else ""
    done = f"新增{counts['created']}{unit}，修改{counts['changed']}{unit}，{counts['unchanged']}行无变化{left}"
    return f"已导入：{done}。{undo_words}"


@get_or_post
@unless_settled
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask once, naming what goes back; records edited since are kept and listed."""
    about, one = writer(request), batch_of(request, pk)
    if jobs.is_running(pk):
        raise Busy
    if not one.may_undo(timezone.now()):
        messages.error(request, undo_refused(one))
        return redirect("import-batch", one.pk)
    if request.method == "POST":
        if len(one.written) > jobs.ENTRIES_AT_ONCE:
            jobs.begin(one, about.user, "undo")
            return redirect("import-batch", one.pk)
        kept = undo.undo(one, about.user)
        told = f"，{len(kept)}条因为后来有人改过等原因保留，列在下面" if kept else ""
        messages.success(request, f"已撤销这一批{shell_of(one, 5)['act']}{told}。")
        return redirect("import-batch", one.pk)
    outcomes = batches.outcomes_of(one)
    context = {
        **shell_of(one, 5),
        "created": sum(outcome.kind == "created" for outcome in outcomes),
        "changed": sum(outcome.kind == "changed" for outcome in outcomes),
    }
    return render(request, "portal/import_undo.html", context)


def undo_refused(one: ImportBatch) -> str:
    if one.state == ImportBatch.State.UNDONE:
        return "这一批已经撤销过了，不能再撤销一次。"
    if one.state == ImportBatch.State.DONE:
        return f"写入已超过{ImportBatch.DAYS_TO_UNDO}天，不能整批撤销了，请在各条记录上更正。"
    return "这一批没有写入台账，不用撤销。"


@get_or_post
@unless_settled
def drop(request: HttpRequest, pk: int) -> HttpResponse:
    """Give an open batch up; the ledgers never knew of it."""
    about, one = writer(request), open_batch(request, pk)
    if request.method != "POST":
        return redirect("import-batch", one.pk)
    batches.drop(one, about.user)
    messages.success(request, f"已放弃“{one.file_name}”这一批，台账没有变化。")
    return redirect(reverse("imports") + (f"?{urlencode({'park': about.park.slug})}" if about.park else ""))


@require_safe
def marked(request: HttpRequest, pk: int) -> HttpResponse:
    """The officer's own workbook, with the wrong cells marked."""
    one = sheet_of(batch_of(request, pk))
    stem = one.file_name.rsplit(".", 1)[0].removesuffix("（标注）")
    try:
        data = returned.workbook(one)
    except (Unreadable, NoHead) as problem:
        messages.error(request, str(problem))
        return redirect("import-batch", one.pk)
    return workbook(data, f"{stem}（标注）.xlsx")


# Gates and words


HEAVY: Final = ("file", "rows", "heads", "mapping", "outcomes", "written", "notes", "sheets")


def writer(request: HttpRequest) -> Asked:
    """Who may write records somewhere; to the others the pages do not exist."""
    about = asked(request)
    if not parks_in_reach(about.user, RECORD_WRITERS).exists():
        raise Http404("没有可以登记的园区")
    return about


def plan_of(slug: str) -> Taker:
    if slug not in SHELF:
        raise Http404("这个台账不能导入")
    return SHELF[slug]


def batch_of(request: HttpRequest, pk: int) -> ImportBatch:
    user: Any = request.user
    rows = ImportBatch.objects.visible_to(user).writable_by(user).select_related("park")
    found: ImportBatch | None = rows.filter(pk=pk).first()
    if found is None or found.ledger not in TAKERS:
        raise Http404("没有这一批导入")
    return found


def open_batch(request: HttpRequest, pk: int) -> ImportBatch:
    found = batch_of(request, pk)
    if jobs.is_running(pk):
        raise Busy
    if found.state != ImportBatch.State.OPEN:
        raise Settled
    return found


def open_sheet(request: HttpRequest, pk: int) -> ImportBatch:
    return sheet_of(open_batch(request, pk))


def sheet_of(one: ImportBatch) -> ImportBatch:
    """A batch with a workbook; the pages about one do not exist for a bulk edit."""
    if is_bulk(one):
        raise Http404("批量修改没有工作簿")
    return one


def take_file(one: ImportBatch, user: User, data: bytes, sheet: str = "") -> None:
    """Put a workbook into a batch; what takes long to check is left to a process of its own."""
    try:
        batches.take_file(one, batches.plan_for(one), user, data, sheet, patience=jobs.FORMS_AT_ONCE)
    except Long:
        jobs.begin(one, user, "check")


def tell_of_hidden(request: HttpRequest, one: ImportBatch) -> None:
    """Rows that nobody sees in the sheet are read like the others: who filtered them out may not want them."""
    if one.hidden:
        some = "、".join(map(str, one.hidden[:MOST_HIDDEN])) + ("等" if len(one.hidden) > MOST_HIDDEN else "")
        what = f"表里有{len(one.hidden)}行是隐藏或筛选掉的（第{some}行）"
        messages.info(request, f"{what}，也一起核对了；不要它们的，请在表里删去后重新上传。")


def recheck(one: ImportBatch, user: User) -> bool:
    """Check a batch anew; ``False`` when that takes long and has only begun."""
    try:
        batches.recheck(one, batches.plan_for(one), user, patience=jobs.FORMS_AT_ONCE)
    except Long:
        jobs.begin(one, user, "check")
        return False
    return True


def the_only_park(user: User) -> Park | None:
    some = list(parks_in_reach(user, RECORD_WRITERS)[:2])
    return some[0] if len(some) == 1 else None


def start_url(slug: str, park: Park | None) -> str:
    return reverse("import-start", args=[slug]) + (f"?{urlencode({'park': park.slug})}" if park else "")


def steps(now: int, labels: Sequence[str] = STEPS) -> list[Step]:
    return [
        Step(number, label, "done" if number < now or now == len(labels) else "now" if number == now else "")
        for number, label in enumerate(labels, start=1)
    ]


def shell_of(one: ImportBatch, step: int) -> dict[str, Any]:
    """What every page of a batch shows of it; ``act`` is what was done, ``line`` what its rows are counted in."""
    ledger = ledger_of(one.ledger)
    if is_bulk(one):
        own = {"steps": steps(4 if step == len(STEPS) else 3, BULK_STEPS), "act": "批量修改", "line": ledger.unit}
    else:
        own = {"steps": steps(step), "act": "导入", "line": "行"}
    return {"batch": one, "ledger": ledger, **own}


def is_bulk(one: ImportBatch) -> bool:
    """Whether the batch is a bulk edit: it has no workbook, no columns to settle and no cells to mend."""
    return isinstance(batches.plan_for(one), Bulk)


def kinds_of(one: ImportBatch) -> Sequence[str]:
    """What may become of the rows of a batch."""
    return list(BULK_WORDS) if is_bulk(one) else KINDS


def words_of(one: ImportBatch, kind: str) -> tuple[str, str]:
    """What the rows of a kind are called, and what there is to say of them; of a bulk edit by how far it is."""
    label, note = (BULK_WORDS if is_bulk(one) else KIND_WORDS)[kind]
    return (CHANGED_WORDS[one.state] if is_bulk(one) and kind == "changed" else label), note


def count_of(one: ImportBatch, kind: str, outcomes: list[Outcome]) -> Count:
    label, note = words_of(one, kind)
    number = sum(outcome.kind == kind for outcome in outcomes)
    if kind == "changed" and (number or not is_bulk(one)):
        note = f"共{sum(len(outcome.diffs) for outcome in outcomes if outcome.kind == kind)}处变化"
    if kind == "created":
        note += ledger_of(one.ledger).noun
    if kind == "rejected" and one.state != ImportBatch.State.OPEN:
        note = "没有写入"
    return Count(kind, label, note, number, f"{reverse('import-batch', args=[one.pk])}?kind={kind}#rows")


def causes(outcomes: list[Outcome]) -> list[Cause]:
    """The errors by sentence, the most frequent first."""
    found: dict[str, list[tuple[int, str, str]]] = {}
    for outcome in outcomes:
        for fault in outcome.faults:
            found.setdefault(fault.cause, []).append(
                (outcome.row, letters(fault.column) if fault.column else "", fault.typed)
            )
    return [Cause(text, cells) for text, cells in sorted(found.items(), key=lambda item: -len(item[1]))]


def hints(outcomes: list[Outcome]) -> list[tuple[str, list[int]]]:
    """What should be looked at again, with the rows; it hinders nothing."""
    found: dict[str, list[int]] = {}
    for outcome in outcomes:
        for hint in outcome.hints:
            found.setdefault(hint, []).append(outcome.row)
    return sorted(found.items(), key=lambda item: -len(item[1]))


def letters(column: int) -> str:
    """1 → A, 28 → AB."""
    found = ""
    while column:
        column, rest = divmod(column - 1, 26)
        found = chr(ord("A") + rest) + found
    return found


def batch_state(one: ImportBatch) -> tuple[str, str]:
    """The kind of a state word, and the word."""
    kinds = {"open": "info", "done": "ok", "undone": "off", "dropped": "off"}
    is_changed = one.state == ImportBatch.State.DONE and is_bulk(one)
    return kinds[one.state], "已修改" if is_changed else ImportBatch.State(one.state).label


def word_of(one: ImportBatch) -> tuple[str, str]:
    """The same, or what is being done to the batch just now."""
    job = jobs.look(one.pk)
    return ("info", f"正在{job.word}") if job is not None and not job.problem else batch_state(one)


def workbook(data: bytes, name: str) -> HttpResponse:
    response = HttpResponse(data, CONTENT_TYPE)
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or ""
    return response
