"""The only place for the page on which the meetings of many organizations in a month are entered at once."""

from __future__ import annotations

import json
from typing import Any, cast
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.datastructures import MultiValueDict
from django.views.decorators.http import require_http_methods

from activities.models import Activity
from orgs.models import Park, User
from orgs.scoping import parks_in_reach
from portal import drafts, entering
from portal.asking import asked
from portal.forms.base import today
from portal.forms.grid import KINDS
from portal.grid import COLUMNS, Grid, Month, month_url, parse_month
from portal.ledgers import LEDGERS
from portal.listing import subnav
from portal.signin import keeps_typed

TWICE = "这一页刚才已经提交过，没有再登记一遍。"


@keeps_typed
@require_http_methods(["GET", "HEAD", "POST"])
def month(request: HttpRequest, park: str, year: int, month: int) -> HttpResponse:
    about = asked(request)
    user, ground = about.user, writable_park(about.user, park)
    asked_for = month_of(year, month)
    if "month" in request.GET and request.method != "POST":
        return another_month(request, ground, asked_for)

    def make(data: Any = None) -> Any:
        return Grid(user, ground, asked_for, request.GET.get("page", ""), today(), data)

    if request.method != "POST":
        draft = drafts.find(user, request.path)
        taken = draft is not None and request.GET.get("draft") == "take"
        grid = make(MultiValueDict(draft.fields) if draft is not None and taken else None)
        return shown(request, grid, draft, taken=taken)
    if "more" in request.POST or "spread" in request.POST:
        grid, draft = make(request.POST), entering.undecided(request, user)
        if "more" in request.POST:
            grid.add_line(request.POST["more"])
        else:
            grid.spread()
        return shown(request, grid, draft, kept=draft is None and keep(user, request))
    entered, here = entering.add(request, user, make), address(request)
    grid = cast(Grid, entered.form)
    if entered.answer is not None:
        return entered.answer
    if entered.written:
        messages.success(request, f"已登记{len(grid.made)}次组织生活。")
        for text in grid.reminders():
            messages.warning(request, f"提醒：{text}")
        return redirect(here)
    if entered.earlier is not None:
        messages.info(request, TWICE)
        return redirect(here)
    return shown(request, grid, entered.draft, kept=entered.draft is None and keep(user, request))


def writable_park(user: User, slug: str) -> Park:
    """The park for somebody who may enter activities there; for all others the address does not exist."""
    found: Park | None = parks_in_reach(user, Activity.write_roles).filter(slug=slug).first()
    if found is None:
        raise Http404("没有这个园区，或没有登记的权限")
    return found


def month_of(year: int, number: int) -> Month:
    try:
        return parse_month(f"{year}-{number}", today())
    except ValidationError as error:
        raise Http404("没有这个月份") from error


def another_month(request: HttpRequest, park: Park, stays: Month) -> HttpResponse:
    """To the page of the month that was typed; where it is none, back with a sentence."""
    try:
        stays = parse_month(request.GET["month"], today())
    except ValidationError as error:
        messages.error(request, error.messages[0])
    return redirect(month_url(park, stays))


def address(request: HttpRequest) -> str:
    """This page, without the draft that was filled in."""
    query = request.GET.copy()
    query.pop("draft", None)
    return f"{request.path}?{query.urlencode()}" if query else request.path


def keep(user: User, request: HttpRequest) -> bool:
    """A page that comes back with what was typed is kept as a draft too: nobody has to type to have it kept."""
    return drafts.keep(user, request) is not None


def shown(request: HttpRequest, grid: Grid, draft: Any, *, taken: bool = False, kept: bool = False) -> HttpResponse:
    """``draft`` is an older one, on offer or ``taken``; ``kept`` says that what is shown is kept as one."""
    ledger, this = LEDGERS["activities"], grid.month
    place = {"park": grid.park.slug}
    context = {
        "form": grid,
        "grid": grid,
        "columns": COLUMNS,
        "kinds": json.dumps(KINDS, ensure_ascii=False),
        "page_obj": grid.page_obj,
        "month": this,
        "before_url": month_url(grid.park, this.before),
        "next_url": month_url(grid.park, this.next) if this.after <= today() else "",
        "mark": drafts.mark(grid.user, request.path),
        "taken": taken,
        "undecided": draft is not None and not taken,
        "kept": kept,
        "ledger": ledger,
        "ledger_url": f"{reverse('ledger', args=['activities'])}?{urlencode(place)}",
        "current_park": grid.park,
        "subnav": subnav("activities", place, asked(request)),
    }
    if draft is not None:
        context |= {"draft_at": drafts.clock(draft), "draft_url": drafts.address(draft)}
    return render(request, "portal/grid.html", context)
