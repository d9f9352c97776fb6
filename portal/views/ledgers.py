"""The only place for the pages that list records: the index of ledgers, one ledger, and its workbook."""

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from activities.models import Activity
from metrics.excel import CONTENT_TYPE, table_workbook
from portal.asking import asked
from portal.grid import way_in
from portal.imports.bulk import BULK
from portal.imports.plans import PLANS
from portal.ledgers import LEDGERS, Ledger
from portal.listing import LARGE, Listing, counts, kept, open_ledgers, subnav
from portal.merging.finding import KINDS
from portal.picking import bar
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
def export(request: HttpRequest, slug: str) -> HttpResponse:
    """The workbook of exactly what the page shows; where the page says that something is wrong, so does this."""
    listing = listing_of(request, slug)
    if not listing.may_export:
        unit = f"{LARGE:,}{listing.ledger.unit}"
        listing.problems.append(f"一次最多导出{unit}{listing.ledger.noun}，请先选一个园区或加上条件。")
    if listing.problems:
        return shown(request, listing)
    now = timezone.localtime()
    response = HttpResponse(table_workbook(listing.table(now)), CONTENT_TYPE)
    day = listing.day if listing.ledger.dated else now.date()
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
