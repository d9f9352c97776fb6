"""The only place for the pages that compare the ledger with an outside list: upload, three lists, what acts on them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from orgs import journal
from orgs.journal import Via
from orgs.models import Enterprise, EnterpriseKind, Park, User
from orgs.scoping import RECORD_WRITERS, parks_in_reach
from portal.asking import Asked, asked
from portal.comparing import acting, errands, sheets
from portal.comparing.acting import Refused
from portal.comparing.errands import PAGE
from portal.comparing.findings import CHANGED, EXCLUDED, Findings, find
from portal.comparing.outside import GONE, NEW, OUTSIDE, word_of
from portal.comparing.taking import NoHead, NoRows, TooMany, Unreadable, take
from portal.forms.fields import DayField, LineField, day_input, parse_day
from portal.imports import batches
from portal.imports.plans import PLANS
from portal.models import Comparison, Exclusion
from portal.views.imports import TYPES, Count, UploadForm, take_file, workbook

get_or_post = require_http_methods(["GET", "HEAD", "POST"])
UNCLEAR: Final = "unclear"
KINDS: Final[Mapping[str, tuple[str, str]]] = {
    NEW: ("新增", "名单上有，台账今天没有"),
    GONE: ("消失", "台账今天有，名单上没有"),
    CHANGED: ("改名或变更", "两边都有，写法不同"),
    EXCLUDED: ("排除", "写明原因，不再提示"),
    UNCLEAR: ("读不了", "读不出或分不清"),
}
MOST_LISTS: Final = 50
# The rows of a list, without what only its own page needs
HEAVY: Final = ("rows", "unread", "skipped", "columns", "unused", "notes")


@get_or_post
def index(request: HttpRequest) -> HttpResponse:
    """The lists compared so far, and another one to upload."""
    about = writer(request)
    parks = list(parks_in_reach(about.user, RECORD_WRITERS).order_by("name")[:200])
    posted = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    form = ListForm(*posted, parks=parks, park=about.park)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        made = Comparison(
            park=given["park"],
            source=given["source"],
            day=given["day"],
            account=about.user.pk,
            made_by=str(about.user),
            file_name=(given["file"].name or "名单.xlsx")[-200:],
        )
        try:
            take(made, about.user, given["file"].read())
        except (Unreadable, NoHead, NoRows, TooMany) as problem:
            form.add_error("file", str(problem))
        else:
            return redirect("compare-list", made.pk)
    since = timezone.now() - dt.timedelta(days=Comparison.DAYS)
    rows = Comparison.objects.visible_to(about.user).in_park(about.park).filter(made_at__gte=since)
    kept = Exclusion.objects.visible_to(about.user).in_park(about.park)
    context = {
        "about": about,
        "form": form,
        "park": form.park,
        "types": TYPES,
        "heads": [OUTSIDE.head(name) for name in OUTSIDE.names],
        "most": batches.MOST_ROWS,
        "days": Comparison.DAYS,
        "lists": rows.select_related("park").defer(*HEAVY)[:MOST_LISTS],
        "excluded": kept.count(),
        "query": park_query(about.park),
    }
    return render(request, "portal/compare.html", context, status=400 if form.errors else 200)


class ListForm(UploadForm):
    """An outside list for a park: the workbook, where it comes from, and of which day it is."""

    source = LineField(
        label="名单来源",
        max_length=40,
        error_messages={
            "required": "请填写名单来源，如市场监管局企业名录。",
            "max_length": "名单来源最多40个字，请删减。",
        },
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    day = DayField(
        label="名单日期",
        widget=day_input(),
        initial=timezone.localdate,
        error_messages={"required": "请填写名单日期，如2026-11-15。"},
    )

    def __init__(self, *posted: Any, **given: Any) -> None:
        super().__init__(*posted, **given)
        self.fields["file"].error_messages["required"] = "请选择要比对的名单（.xlsx）。"
        if "park" in self.fields:
            self.fields["park"].label = "与哪个园区的台账比对"
            self.fields["park"].error_messages["required"] = "请选择与哪个园区的台账比对。"
        self.order_fields(["park", "source", "day", "file"])

    def clean_day(self) -> dt.date:
        day: dt.date = self.cleaned_data["day"]
        if day > timezone.localdate():
            raise ValidationError(f"名单日期{day}还没有到，请填名单截至的那一天。")
        return day


# One comparison


@require_safe
def comparison(request: HttpRequest, pk: int) -> HttpResponse:
    """The three lists, as they are now."""
    return shown(request, comparison_of(request, pk))


def shown(
    request: HttpRequest, one: Comparison, *, problem: str = "", kind: str = "", key: str = "", typed: Any = None
) -> HttpResponse:
    """A page of a list; with a ``problem`` the one on which the item ``key`` stands, with what was ``typed``."""
    found = find(one, user_of(request))
    kind = kind or request.GET.get("list", "")
    if kind not in KINDS:
        kind = next((name for name in (NEW, GONE, CHANGED) if found.of(name)), NEW)
    items: Sequence[Any] = found.unclear if kind == UNCLEAR else found.of(kind)
    pages = Paginator(items, PAGE)
    place = next((number for number, item in enumerate(items) if key and getattr(item, "key", "") == key), None)
    page: Page[Any] = pages.get_page(request.GET.get("page") if place is None else place // PAGE + 1)
    context = {
        "comparison": one,
        "found": found,
        "kind": kind,
        "kind_word": KINDS[kind][0],
        "counts": counts_of(one, found),
        "page_obj": page,
        "items": page.object_list,
        "number": len(items),
        "registrable": len(sheets.registrable(found)) if kind == NEW else 0,
        "kinds": EnterpriseKind.choices,
        "problem": problem,
        "key": key,
        "typed": typed or {},
        "columns": [(OUTSIDE.head(name), head) for name, head in one.columns],
        "until": timezone.localtime(one.made_at + dt.timedelta(days=Comparison.DAYS)).date(),
        "query": park_query(one.park),
        "word_of": word_of,
    }
    return render(request, "portal/compare_list.html", context, status=400 if problem else 200)


def counts_of(one: Comparison, found: Findings) -> list[Count]:
    url = reverse("compare-list", args=[one.pk])
    return [
        Count(kind, label, note, len(found.unclear if kind == UNCLEAR else found.of(kind)), f"{url}?list={kind}#rows")
        for kind, (label, note) in KINDS.items()
    ]


@get_or_post
def adopt(request: HttpRequest, pk: int) -> HttpResponse:
    """Write what the list says of one or all differing fields of an enterprise."""
    one, user = comparison_of(request, pk), user_of(request)
    if request.method != "POST":
        return redirect("compare-list", pk)
    key, wanted = request.POST.get("item", "")[:30], request.POST.get("field", "")
    names = [name for name in OUTSIDE.names if f"seen-{name}" in request.POST and wanted in (name, "all")]
    seen = {name: request.POST[f"seen-{name}"] for name in names}
    number = request.POST.get("enterprise", "")
    row = writable_row(user, number)
    try:
        item = acting.adopt(one, user, key, row.pk, seen)
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        heads = "、".join(OUTSIDE.head(name) for name in names)
        messages.success(request, f"“{item.name}”的{heads}已按名单改好，原来的写法留在修改记录里。")
    return redirect(errands.Errand(one, user, CHANGED, key).back())


@get_or_post
def exclude(request: HttpRequest, pk: int) -> HttpResponse:
    """Remember that an item is not to be raised again, and why."""
    one, user = comparison_of(request, pk), user_of(request)
    if request.method != "POST":
        return redirect("compare-list", pk)
    key, kind = request.POST.get("item", "")[:30], request.POST.get("list", "")
    kinds, reason = request.POST.getlist("kind"), request.POST.get("reason", "")
    try:
        item = acting.exclude(one, user, key, kinds, reason)
    except Refused as refused:
        typed = {"reason": reason[:200], "kinds": kinds}
        return shown(request, one, problem=str(refused), kind=kind, key=key, typed=typed)
    messages.success(request, f"“{item.name}”不再提示：{reason.strip()}。在“排除”里可以取消。")
    return redirect(errands.Errand(one, user, kind if kind in (NEW, GONE, CHANGED) else NEW, key).back())


@get_or_post
def register(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand all new ones to the import wizard, to be checked and confirmed there."""
    one, user = comparison_of(request, pk), user_of(request)
    if request.method != "POST":
        return redirect("compare-list", pk)
    items = sheets.registrable(find(one, user))
    day, kind = request.POST.get("settled_on", "").strip(), request.POST.get("kind", "")
    given, problem = {}, "" if items else "没有可以登记的新增企业，请看现在的名单。"
    if day:
        try:
            given["settled_on"] = parse_day(day, "入驻日期").isoformat()
        except ValidationError as error:
            problem = f"{str(error.messages[0]).rstrip('。')}。"
    if kind in EnterpriseKind.values:
        given["kind"] = kind
    if problem:
        typed = {"settled_on": day[:40], "kind": kind}
        return shown(request, one, problem=problem, kind=NEW, key="all", typed=typed)
    data = sheets.sheet_of_new(one, items, user, given)
    batch = batches.new_batch(
        PLANS["enterprises"], user, one.park, f"{one.source}新增{timezone.localdate():%Y%m%d}.xlsx"
    )
    take_file(batch, user, data)
    messages.success(request, f"{len(items):,}家新增已交给导入核对，还没有写入台账。确认以后，比对里就不再列出。")
    return redirect("import-batch", batch.pk)


@require_safe
def export(request: HttpRequest, pk: int) -> HttpResponse:
    """The workbook of the three lists as they are now."""
    one, user = comparison_of(request, pk), user_of(request)
    return workbook(sheets.export(one, find(one, user), user), f"{one.source}比对{timezone.localdate():%Y%m%d}.xlsx")


@get_or_post
def drop(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask once, and throw the list away; what was done and excluded by it stays."""
    one, user = comparison_of(request, pk), user_of(request)
    back = reverse("compare") + park_query(one.park)
    if request.method == "POST":
        journal.delete(one, user, Via.IMPORT)
        messages.success(request, f"已清除“{one}”这份名单，台账没有变化。")
        return redirect(back)
    return render(request, "portal/compare_drop.html", {"comparison": one, "back": back})


# What is excluded


@require_safe
def exclusions(request: HttpRequest) -> HttpResponse:
    """Everything that is not raised again, whatever list it came from."""
    about = writer(request)
    rows = Exclusion.objects.visible_to(about.user).in_park(about.park).select_related("park")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    context = {
        "about": about,
        "page_obj": page,
        "rows": [(one, word_of(one.kind)) for one in page.object_list],
        "query": park_query(about.park),
    }
    return render(request, "portal/compare_exclusions.html", context)


@get_or_post
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Let an excluded difference be raised again."""
    user = user_of(request)
    row = Exclusion.objects.visible_to(user).writable_by(user).select_related("park").filter(pk=pk).first()
    if row is None:
        raise Http404("没有这一项排除")
    number = request.POST.get("compare", "")
    one = errands.open_one(user, int(number)) if number.isdecimal() and len(number) < 18 else None
    if request.method == "POST":
        journal.delete(row, user, Via.PAGE)
        messages.success(request, f"“{row.name}”（{word_of(row.kind)}）以后照常提示。")
    if one is not None:
        return redirect(f"{reverse('compare-list', args=[one.pk])}?list={EXCLUDED}#rows")
    return redirect(reverse("compare-exclusions") + park_query(row.park))


# Gates and words


def user_of(request: HttpRequest) -> User:
    """Who asks: signed in, or the request would not have come here."""
    found: Any = request.user
    user: User = found
    return user


def writer(request: HttpRequest) -> Asked:
    """Who may write records somewhere, and in the park that is asked about; to the others the pages do not exist."""
    about = asked(request)
    parks = parks_in_reach(about.user, RECORD_WRITERS)
    if not (parks.filter(pk=about.park.pk) if about.park is not None else parks).exists():
        raise Http404("没有可以登记的园区")
    return about


def comparison_of(request: HttpRequest, pk: int) -> Comparison:
    found = errands.open_one(user_of(request), pk)
    if found is None:
        raise Http404("没有这次比对")
    return found


def writable_row(user: User, number: str) -> Enterprise:
    key = int(number) if number.isdecimal() and len(number) < 18 else 0
    row: Enterprise | None = Enterprise.objects.visible_to(user).writable_by(user).filter(pk=key).first()
    if row is None:
        raise Http404("没有这家企业")
    return row


def park_query(park: Park | None) -> str:
    return f"?{urlencode({'park': park.slug})}" if park is not None else ""
