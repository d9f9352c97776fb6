"""The only place for the two pages before a bulk edit is shown: which records, and what they are to be given."""

import copy
import datetime as dt
from collections.abc import Iterable
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Page
from django.db.models import Count
from django.forms import BoundField
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from orgs.models import Park, User
from orgs.scoping import parks_in_reach
from portal.forms.fields import DayField, YesNoField, day_input, worded
from portal.imports.bulk import BULK, Bulk
from portal.imports.check import shown
from portal.imports.setting import Value, bulk_batch
from portal.imports.sure import column_behind
from portal.listing import Listing, subnav
from portal.picking import Picked, TooMany, bar
from portal.views.imports import BULK_STEPS, recheck, steps
from portal.views.ledgers import listing_of

get_or_post = require_http_methods(["GET", "HEAD", "POST"])
UNCHANGED: Final = "不改"
CLEAR: Final = "clear-"


# Which records


@get_or_post
def select(request: HttpRequest, slug: str) -> HttpResponse:
    """The list with boxes to tick. What is ticked goes along from page to page in the form: nothing is kept, no script
    is needed."""
    listing = editable(request, slug, request.POST.get("page") or request.POST.get("at", ""))
    picked, page = Picked.asked(request.POST), listing.page()
    act = request.POST.get("do", "")
    if act == "all":
        picked = Picked(is_all=True)
    elif act == "none":
        picked = Picked()
    elif act == "page":
        picked = Picked(keys=picked.keys | set(page.object_list))
    return selecting(request, listing, page, picked)


def selecting(
    request: HttpRequest, listing: Listing, page: Page[Any], picked: Picked, problem: str = ""
) -> HttpResponse:
    """The page of the list, and how many are chosen."""
    number = 0
    try:
        number = listing.length.number if picked.is_all else len(picked.found(listing))
    except TooMany as too_many:
        problem = str(too_many)
    context = {
        "listing": listing,
        "ledger": listing.ledger,
        "page_obj": page,
        "rows": [listing.cells(row) for row in listing.loaded(list(page.object_list))],
        "picking": bar(listing, page, picked, number),
        "problem": problem,
        "back": listing.address(),
        "subnav": subnav(listing.ledger.slug, listing.kept, listing.about),
    }
    return render(request, "portal/ledger_select.html", context, status=400 if problem or listing.problems else 200)


def editable(request: HttpRequest, slug: str, page: str = "") -> Listing:
    """A ledger whose records may be changed together, by who may enter records there; to others there is none."""
    listing = listing_of(request, slug, page)
    if slug not in BULK or not listing.ledger.may_add(listing.user, listing.park):
        raise Http404("没有批量修改的权限")
    return listing


# What they are to be given


@get_or_post
def bulk(request: HttpRequest, slug: str) -> HttpResponse:
    """Fields and their new values; sent, they make a batch, which is shown before anything is written. With ``all`` in
    the address it opens on the whole filter that stands there."""
    data = request.POST if request.method == "POST" else request.GET
    listing, picked = editable(request, slug, request.POST.get("at", "")), Picked.asked(data)
    if request.method != "POST" and not picked:
        return redirect(listing.beside("ledger-select"))
    plan, ledger = BULK[slug], listing.ledger
    try:
        keys = picked.found(listing)
    except TooMany as too_many:
        return selecting(request, listing, listing.page(), picked, str(too_many))
    if not keys:
        told = f"还没有选中{ledger.noun}，请先勾选，或者选中全部筛选结果。"
        return selecting(request, listing, listing.page(), picked, told)
    parks = parks_of(listing, keys)
    if not parks:
        told = f"选中的{ledger.noun}都在您不能登记的园区，请另选。"
        return selecting(request, listing, listing.page(), picked, told)
    park = park_for(request, listing, parks)
    context = {
        "listing": listing,
        "ledger": ledger,
        "picked": picked,
        "kept": picked.but(()),
        "keys": len(keys),
        "parks": parks,
        "park": park,
        "steps": steps(2, BULK_STEPS),
        "back": listing.address(),
        "select_url": listing.beside("ledger-select"),
        "bulk_url": listing.beside("ledger-bulk"),
        "subnav": subnav(slug, listing.kept, listing.about),
    }
    if park is None:
        return render(request, "portal/bulk_park.html", context)
    if len(parks) > 1:  # the others may be changed too, each park by itself
        keys = list(
            ledger.model.objects.visible_to(listing.user).in_park(park).filter(pk__in=keys).values_list("pk", flat=True)
        )
        context["keys"] = len(keys)
    form = BulkForm(
        request.POST if request.POST.get("step") == "set" else None, plan=plan, user=listing.user, park=park
    )
    if form.is_bound and form.is_valid():
        batch = bulk_batch(plan, listing.user, park, keys, form.values(), form.cleaned_data.get("since"))
        if not recheck(batch, listing.user):
            messages.info(request, "选中的较多，正在逐条核对，核对完再确认。")
        return redirect("import-batch", batch.pk)
    return render(request, "portal/bulk_form.html", context | {"form": form}, status=400 if form.errors else 200)


def parks_of(listing: Listing, keys: Iterable[int]) -> list[tuple[Park, int]]:
    """The parks of these records where the user may change them, each with how many lie there, most first."""
    model = listing.ledger.model
    rows = model.objects.visible_to(listing.user).filter(pk__in=keys).order_by()
    counts = dict(rows.values(model.park_path).annotate(n=Count("pk")).values_list(model.park_path, "n"))
    parks = parks_in_reach(listing.user, model.write_roles).in_bulk(counts)
    return sorted(((park, counts[pk]) for pk, park in parks.items()), key=lambda pair: (-pair[1], pair[0].name))


def park_for(request: HttpRequest, listing: Listing, parks: list[tuple[Park, int]]) -> Park | None:
    """The park whose records are changed: the one of the list, the only one, or the one that was chosen."""
    asked = listing.park.slug if listing.park is not None else request.POST.get("into", "")
    chosen = [park for park, _count in parks if park.slug == asked]
    return chosen[0] if chosen else parks[0][0] if len(parks) == 1 else None


class BulkForm(forms.Form):
    """The fields of an entry form that may be set for many: one left blank is not touched, ``clear-…`` empties one."""

    use_required_attribute = False

    def __init__(self, data: Any, *, plan: Bulk, user: User, park: Park) -> None:
        super().__init__(data)
        self.plan = plan
        entry = plan.blank(user, park)
        for name in plan.names:
            one = copy.deepcopy(entry.fields[name])
            one.required, one.initial, one.label = False, None, plan.head(name)
            if name in plan.dated:
                one.help_text = ""  # it speaks of a new record
            offer_no_change(one)
            self.fields[name] = worded(one) or one
            if plan.may_be_blank(name):
                self.fields[CLEAR + name] = forms.BooleanField(required=False, label=f"清空{one.label}")
        if plan.dated:
            self.fields["since"] = DayField(
                required=False, label="从哪一天起", widget=day_input(), help_text=self._since_hint()
            )

    def _since_hint(self) -> str:
        told = "、".join(self.plan.head(name) for name in self.plan.dated)
        return f"改了{told}的，请填从哪一天起变的，如2026-11-15；原来就是这样的不变。"

    @property
    def own(self) -> list[tuple[BoundField, BoundField | None]]:
        """The fields of the record itself, each with the box that empties it."""
        return [
            (self[name], self[CLEAR + name] if CLEAR + name in self.fields else None)
            for name in self.plan.names
            if name not in self.plan.dated
        ]

    @property
    def dated(self) -> list[BoundField]:
        """The fields of what holds from a day on, and the day."""
        return [self[name] for name in (*self.plan.dated, "since")] if self.plan.dated else []

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        given = [name for name in self.plan.names if cleaned.get(name) not in (None, "")]
        for name in given:
            if cleaned.get(CLEAR + name):
                self.add_error(name, f"{self.fields[name].label}填了新的内容，又勾选了清空，请只留一样")
            else:
                self._ask_column(name, cleaned[name])
        cleared = any(cleaned.get(CLEAR + name) for name in self.plan.names)
        since = cleaned.get("since")
        if not given and not cleared and not since and not self.errors:
            self.add_error(None, "还没有填要改成什么，请至少填一项；没有填的都不改")
        dated = [str(self.fields[name].label) for name in given if name in self.plan.dated]
        if dated and not since and "since" not in self.errors:
            self.add_error("since", f"改了{'、'.join(dated)}，请填写从哪一天起")
        if since and not dated and not self.errors:
            self.add_error("since", "填了从哪一天起，没有填那一天起变成什么，请补上，或者去掉日期")
        return cleaned

    def _ask_column(self, name: str, value: Any) -> None:
        """What the column refuses in every record is told here, once."""
        column = column_behind(self.plan.form, name)
        if column is None or isinstance(self.fields[name], forms.ModelChoiceField):
            return
        try:
            column.clean(value, None)
        except ValidationError as error:
            self.add_error(name, [str(text).rstrip("。") for text in error.messages])

    def values(self) -> list[Value]:
        """What is set, of a valid form."""
        found = []
        for name in self.plan.names:
            value = self.cleaned_data.get(name)
            if value not in (None, ""):
                found.append(Value(name, as_sent(value), shown(self, name)))
            elif self.cleaned_data.get(CLEAR + name):
                found.append(Value(name, "", ""))
        return found


def offer_no_change(one: forms.Field) -> None:
    """The blank answer of a choice says that nothing is changed."""
    if isinstance(one, forms.ModelChoiceField):
        one.empty_label = UNCHANGED
    elif isinstance(one, YesNoField | forms.ChoiceField):
        pairs: Any = one.choices
        one.choices = [("", UNCHANGED), *((value, label) for value, label in pairs if value not in ("", None))]


def as_sent(value: Any) -> str:
    """A cleaned value as a browser would send it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.date):
        return value.isoformat()
    return str(getattr(value, "pk", value))
