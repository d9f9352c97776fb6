"""The only place for the pages that list records: the index of ledgers, one ledger, and its workbook."""

from contextlib import suppress
from dataclasses import dataclass

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_safe

from activities.models import Activity
from metrics.excel import CONTENT_TYPE, table_workbook
from portal import exports
from portal.asking import asked
from portal.grid import way_in
from portal.imports.bulk import BULK
from portal.imports.plans import PLANS
from portal.ledgers import LEDGERS, Ledger
from portal.listbook import table_of
from portal.listing import LARGE, Listing, counts, kept, open_ledgers, subnav
from portal.merging.finding import KINDS
from portal.picking import bar
from portal.processes import REFRESH, Busy
from portal.saved import address, is_bare, views_of


@dataclass(frozen=True)
class Shelf:
    """One ledger on the index page."""

    ledger: Ledger
    url: str
    count: int


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Every ledger with what belongs there and how many rows the user sees today (or on ``?day=``)."""
    about = asked(request)
    found = counts(about)
    shelves = [
        Shelf(ledger, entry.url, found[slug])
        for (slug, ledger), entry in zip(
            open_ledgers(about).items(), subnav("", kept(about, request.GET), about), strict=True
        )
    ]
    context = {"about": about, "shelves": shelves}
    return render(request, "portal/ledgers.html", context, status=400 if about.problem else 200)


@require_safe
def ledger(request: HttpRequest, slug: str) -> HttpResponse:
    """A list; an address that asks for nothing opens the reader's default view, if there is one."""
    listing = listing_of(request, slug)
    default = listing.saved.default
    if default is not None and is_bare(request.GET):
        return redirect(address(default, listing.about, request.GET.get("day", "")))
    return shown(request, listing)


@require_safe
def export(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The workbook of exactly what the page shows; where the page says that something is wrong, so does this."""
    listing = listing_of(request, slug)
    if not _may_export(listing):
        return shown(request, listing)
    if exports.is_long(listing):
        return _begun(request, listing)
    return _as_file(HttpResponse(table_workbook(table_of(listing, timezone.localtime())), CONTENT_TYPE), listing)


@require_http_methods(["GET", "HEAD", "POST"])
def export_long(request: HttpRequest, slug: str) -> HttpResponse:
    """The workbook of a long list: how far it is, and where it can be fetched."""
    listing = listing_of(request, slug)
    if not _may_export(listing):
        return shown(request, listing)
    if request.method == "POST":
        return _begun(request, listing)
    making = exports.look(listing.user)
    is_this = making is not None and making.key == exports.key_of(listing)
    if making is not None and not is_this and not making.is_running:
        making = None
    context = {
        "listing": listing,
        "ledger": listing.ledger,
        "making": making,
        "is_this": is_this,
        "file_url": listing.beside("ledger-export-file"),
        "refresh": REFRESH,
    }
    return render(request, "portal/export_long.html", context)


@require_safe
def export_file(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The finished workbook of a long list."""
    listing = listing_of(request, slug)
    making = exports.look(listing.user)
    if making is None or not making.made_at or making.key != exports.key_of(listing):
        return redirect(listing.beside("ledger-export-long"))
    return _as_file(FileResponse(exports.file_of(listing.user).open("rb"), content_type=CONTENT_TYPE), listing)


def _may_export(listing: Listing) -> bool:
    if not listing.may_export:
        unit = f"{LARGE:,}{listing.ledger.unit}"
        listing.problems.append(f"一次最多导出{unit}{listing.ledger.noun}，请先选一个园区或加上条件。")
    return not listing.problems


def _begun(request: HttpRequest, listing: Listing) -> HttpResponse:
    """It is made by a process of its own, unless that has been done or is going on."""
    making = exports.look(listing.user)
    is_there = making is not None and making.key == exports.key_of(listing) and not making.problem
    if request.method == "POST" or not is_there:
        with suppress(Busy):  # the page says what is being made
            exports.begin(listing)
    return redirect(listing.beside("ledger-export-long"))


def _as_file(response: HttpResponseBase, listing: Listing) -> HttpResponseBase:
    day = listing.day if listing.ledger.dated else timezone.localdate()
    name = f"{listing.ledger.title}{day:%Y%m%d}.xlsx"
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or ""
    return response


def listing_of(request: HttpRequest, slug: str, page: str = "") -> Listing:
    """The list that the address asks for; ``page`` is another page of it."""
    about = asked(request)
    if slug not in open_ledgers(about):
        raise Http404("没有这个台账")
    data = request.GET.copy()
    if page:
        data["page"] = page
    return Listing(LEDGERS[slug], about, data, views_of(about, slug, request.GET.dict()))


def shown(request: HttpRequest, listing: Listing) -> HttpResponse:
    page = listing.page()
    rows = [listing.cells(row) for row in listing.loaded(list(page.object_list))]
    may_add = listing.ledger.may_add(listing.user, listing.park)
    is_activities = listing.ledger.model is Activity
    context = {
        "listing": listing,
        "ledger": listing.ledger,
        "page_obj": page,
        "rows": rows,
        "saved": [(view, address(view, listing.about)) for view in listing.saved.rows],
        "elsewhen": [] if rows else listing.elsewhen(),
        "may_add": may_add,
        "month_url": way_in(listing.user, listing.park, timezone.localdate()) if may_add and is_activities else "",
        "may_find_doubles": may_add and listing.ledger.slug in KINDS,
        "may_import": may_add and listing.ledger.slug in PLANS,
        "picking": bar(listing, page) if may_add and listing.ledger.slug in BULK else None,
        "subnav": subnav(listing.ledger.slug, listing.kept, listing.about),
    }
    return render(request, "portal/ledger_list.html", context, status=400 if listing.problems else 200)
