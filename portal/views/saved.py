"""The only place for the pages about how a ledger is shown: its columns chosen, its views saved, changed and gone."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from orgs import journal
from orgs.journal import Via
from orgs.models import Park, User
from portal import saved
from portal.asking import Asked
from portal.choosing import moved
from portal.ledgers import Column
from portal.listing import Listing, subnav
from portal.models import SavedView
from portal.views.ledgers import listing_of

get_or_post = require_http_methods(["GET", "HEAD", "POST"])
MOVES = {"top": "移到最前", "up": "上移", "down": "下移"}


# Columns


@dataclass(frozen=True)
class Row:
    """One column on the page where they are chosen; ``focus`` is the button to stand on after a move."""

    column: Column
    is_shown: bool
    is_top: bool
    is_bottom: bool
    focus: str = ""


@require_safe
def columns(request: HttpRequest, slug: str) -> HttpResponse:
    """Choose columns and their order. Every button sends the whole order along: nothing is kept, no script is needed.

    ``order`` names all columns but the first in their order, ``show`` the ticked ones; ``move`` moves one, ``done``
    leads to the list.
    """
    listing = listing_of(request, slug)
    first, *shown = listing.columns
    known = {column.name: column for column in (*shown, *listing.choice.left)}
    ticked = {column.name for column in shown}
    order = list(known)
    if "order" in request.GET:
        asked = [name for name in dict.fromkeys(request.GET.getlist("order")) if name in known]
        order = [*asked, *(name for name in order if name not in asked)]
        ticked = set(request.GET.getlist("show"))
    move = request.GET.get("move", "")
    order = moved(order, move)
    if request.GET.get("done"):
        return redirect(listing.address(columns=listing.columns_text([name for name in order if name in ticked])))
    rows = [
        Row(known[name], name in ticked, place == 0, place == len(order) - 1, focus_of(move, name, place, len(order)))
        for place, name in enumerate(order)
    ]
    context = page_of(listing) | {
        "first": first,
        "rows": rows,
        "state": listing.state,
        "usual_url": listing.address(columns=""),
        "said": moved_words(known, order, move),
    }
    return render(request, "portal/columns.html", context)


def focus_of(move: str, name: str, place: int, number: int) -> str:
    """After a move the same button, unless it can do nothing more."""
    how, _, wanted = move.partition(":")
    if wanted != name or how not in MOVES:
        return ""
    if place == 0:
        return "down"
    return "up" if place == number - 1 else how


def moved_words(known: dict[str, Column], order: list[str], move: str) -> str:
    _, _, name = move.partition(":")
    if name not in known:
        return ""
    return f"“{known[name].label}”移到了第{order.index(name) + 2}位。"


# Views


class ViewForm(forms.Form):
    """A name, and for whom. ``park`` is where it may be shared, if anywhere."""

    name = forms.CharField(
        label="视图名称",
        max_length=20,
        help_text="看名称就知道列的是什么，如“制造业未建”。",
        error_messages={
            "required": "请填视图名称，例如制造业未建。",
            "max_length": "视图名称最多20字，现在是%(show_value)d字，请写短一些。",
        },
    )
    shared = forms.BooleanField(label="园区共用", required=False)
    default = forms.BooleanField(
        label="设为默认", required=False, help_text="以后打开这本台账，先显示这个视图；只对您自己有效。"
    )

    def __init__(self, data: Any, park: Park | None, **given: Any) -> None:
        super().__init__(data, **given)
        if park is None:
            del self.fields["shared"]
        else:
            self.fields["shared"].help_text = f"{park}能看这本台账的人都能用；每人看到的仍是自己范围内的记录。"

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("shared") and given.get("default"):
            raise ValidationError("园区共用的视图不能设为默认。请只选一项；两样都要的，存两次。")
        return given


@require_safe
def views(request: HttpRequest, slug: str) -> HttpResponse:
    """The saved views of a ledger, and what can be done with each."""
    listing = listing_of(request, slug)
    rows = listing.saved.rows
    changeable = SavedView.objects.writable_by(listing.user).filter(pk__in=[row.pk for row in rows])
    mine = set(changeable.values_list("pk", flat=True))
    found = [(row, saved.address(row, listing.about), row.pk in mine) for row in rows]
    return render(request, "portal/views.html", page_of(listing) | {"rows": found})


@require_safe
def view(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Leads to the list of the view."""
    listing = listing_of(request, slug)
    return redirect(saved.address(one_of(listing, pk), listing.about))


@get_or_post
def view_new(request: HttpRequest, slug: str) -> HttpResponse:
    """Keep the list of the address under a name."""
    listing = listing_of(request, slug)
    about, query = listing.about, saved.kept(listing.state, timezone.localdate())
    park = saved.park_to_share_in(about)
    form = ViewForm(request.POST if request.method == "POST" else None, park)
    refused = why_not_saved(listing, query)
    if request.method == "POST" and not refused and form.is_valid():
        given = form.cleaned_data
        made = SavedView(
            ledger=slug,
            name=given["name"],
            query=saved.written(query),
            park=park if given.get("shared") else None,
            account=about.user.pk,
            made_by=str(about.user),
        )
        if written(form, made, given["default"], about):
            messages.success(request, f"已存为视图“{made.title}”。")
            return redirect(saved.address(made, about))
    context = page_of(listing) | {"form": form, "refused": refused}
    status = 400 if form.errors or listing.problems or (refused and form.is_bound) else 200
    return render(request, "portal/view_form.html", context, status=status)


def why_not_saved(listing: Listing, query: dict[str, str]) -> str:
    if listing.problems:
        return f"{listing.problems[0]}改好以后再存。"
    if not query:
        return "现在是通常的列表，没有条件、列或排序可存。请先筛选、排序或选列，再存为视图。"
    if len(saved.written(query)) > 1000:
        return "条件太长，存不下。请去掉一些条件再存。"
    return ""


@get_or_post
def view_edit(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Rename it, make it the default or no longer."""
    listing = listing_of(request, slug)
    row = one_of(listing, pk, writing=True)
    form = ViewForm(
        request.POST if request.method == "POST" else None,
        None,
        initial={"name": row.name, "default": row.is_default},
    )
    if row.park_id:
        del form.fields["default"]
    if request.method == "POST" and form.is_valid():
        row.name = form.cleaned_data["name"]
        if written(form, row, form.cleaned_data.get("default", False), listing.about):
            messages.success(request, f"已保存视图“{row.title}”。")
            return redirect(listing.beside("ledger-views"))
    context = page_of(listing) | {"form": form, "row": row}
    return render(request, "portal/view_form.html", context, status=400 if form.errors else 200)


@get_or_post
def view_delete(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Ask once, then delete; the records stay."""
    listing = listing_of(request, slug)
    row = one_of(listing, pk, writing=True)
    if request.method == "POST":
        journal.delete(row, listing.user, Via.PAGE)
        messages.success(request, f"已删除视图“{row.title}”，台账里的记录没有变。")
        return redirect(listing.beside("ledger-views"))
    return render(request, "portal/view_delete.html", page_of(listing) | {"row": row})


def one_of(listing: Listing, pk: int, writing: bool = False) -> SavedView:
    """A view of this ledger that the reader may see, or, ``writing``, change; Http404."""
    rows = saved.readable(listing.about, listing.ledger.slug)
    if writing:
        rows = rows.filter(pk__in=SavedView.objects.writable_by(listing.user).values("pk"))
    row: SavedView | None = rows.filter(pk=pk).first()
    if row is None:
        raise Http404("没有这个视图")
    return row


def written(form: ViewForm, row: SavedView, is_default: bool, about: Asked) -> bool:
    """Write the view; what the record refuses stands at the form. The former default gives way."""
    alike = SavedView.objects.filter(ledger=row.ledger)
    alike = alike.filter(park=row.park) if row.park_id else alike.filter(park__isnull=True, account=row.account)
    if row._state.adding and alike.count() >= saved.MOST:
        form.add_error(None, f"这本台账已存了{saved.MOST}个视图，请先删去不用的。")
        return False
    row.is_default = is_default
    try:
        with transaction.atomic():
            if is_default:
                give_way(row, about.user)
            journal.save(row, about.user, Via.PAGE)
    except ValidationError as error:
        for sentence in error.messages:
            form.add_error("name", sentence)
        return False
    except IntegrityError:  # two windows at the same moment
        form.add_error("name", "刚才在另一个窗口里已存过视图，请看“管理视图”，需要再存的换一个名称。")
        return False
    return True


def give_way(row: SavedView, user: User) -> None:
    for former in SavedView.objects.writable_by(user).filter(ledger=row.ledger, is_default=True).exclude(pk=row.pk):
        former.is_default = False
        journal.save(former, user, Via.PAGE)


def page_of(listing: Listing) -> dict[str, Any]:
    """What each of these pages needs: the list it is about and the way back to it."""
    return {
        "listing": listing,
        "ledger": listing.ledger,
        "back": listing.address(),
        "views_url": listing.beside("ledger-views"),
        "new_url": reverse("ledger-view-new", args=[listing.ledger.slug]),
        "subnav": subnav(listing.ledger.slug, listing.kept, listing.about),
    }
