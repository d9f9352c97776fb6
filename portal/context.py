"""The only place that tells every page who is looking, at which park, and where else they can go."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import BooleanField, Exists, ExpressionWrapper, Q
from django.db.models.expressions import RawSQL
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from orgs.models import Park, User
from orgs.scoping import ADMINISTRATORS, RECORD_WRITERS, grants_of, holds, keys_in_reach

MOST_PARKS = 40  # beyond this the switcher points to the ledger of parks
KEPT = ("day", "from", "indicator", "part")  # kept when the park changes; other filters may name rows of the old park


@dataclass(frozen=True)
class Entry:
    """One link of a navigation bar."""

    label: str
    url: str
    current: bool = False
    count: int | None = None


@dataclass(frozen=True)
class ParkChoice:
    """One park of the switcher, with the address that shows this page for it."""

    slug: str
    name: str
    is_demo: bool
    url: str


def shell(request: HttpRequest) -> dict[str, Any]:
    """What base.html needs. A visitor who is not signed in gets only today's date.

    The parks cost one query, and only on pages that draw the switcher. The park in the address goes along on every link
    of the main navigation, since nothing is kept in the browser.
    """
    context: dict[str, Any] = {"today": timezone.localdate()}
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return context
    slug = request.GET.get("park", "")
    # One query for the switcher and the current park, none when a page draws neither
    parks: Any = SimpleLazyObject(lambda: _parks(user, slug))
    return context | {
        "nav": SimpleLazyObject(lambda: _navigation(request, slug, user, parks)),
        "park_choices": SimpleLazyObject(lambda: _choices(request, slug, parks)),
        "park_overflow": SimpleLazyObject(lambda: len(parks) > MOST_PARKS),
        "current_park": SimpleLazyObject(lambda: _current(parks, slug)),
        "all_parks_url": _address(request, "", _kept(request)),
        "parks_ledger_url": reverse("ledger", args=["parks"]),
    }


def _parks(user: User, slug: str) -> list[Any]:
    """The parks the user sees, at most one more than are listed; the chosen one comes first, so it is never cut off."""
    visible = Park.objects.visible_to(user).annotate(
        administered=_lies_in(keys_in_reach(user, ADMINISTRATORS)),
        written=_lies_in(keys_in_reach(user, RECORD_WRITERS)),
        # Anywhere: of more parks than are read only the grants themselves can tell
        administers=Exists(grants_of(user, ADMINISTRATORS)),
        writes=Exists(grants_of(user, RECORD_WRITERS)),
    )
    # By name alone an index gives the first ones, however many there are
    first = list(visible.order_by("order_key", "pk")[: MOST_PARKS + 1])
    if slug and all(park.slug != slug for park in first):
        first = [*visible.filter(slug=slug), *first][: MOST_PARKS + 1]
    return first


def _lies_in(keys: RawSQL) -> ExpressionWrapper:
    return ExpressionWrapper(Q(pk__in=keys), output_field=BooleanField())


def _current(parks: list[Any], slug: str) -> Park | None:
    """The park in the address; to those who see only one park it is always that one."""
    if not slug and len(parks) == 1:
        slug = parks[0].slug
    found: Park | None = next((park for park in parks if park.slug == slug), None)
    return found


def _choices(request: HttpRequest, slug: str, parks: list[Park]) -> list[ParkChoice]:
    """Of more than can be listed none but the chosen one: the first forty of thousands are of no use to anybody."""
    listed = sorted(parks, key=lambda park: (park.order_key, park.pk))
    if len(parks) > MOST_PARKS:
        listed = [park for park in parks if park.slug == slug]
    kept = _kept(request)
    return [ParkChoice(park.slug, park.name, park.is_demo, _address(request, park.slug, kept)) for park in listed]


def _kept(request: HttpRequest) -> str:
    return urlencode({name: request.GET[name] for name in KEPT if request.GET.get(name)})


def _address(request: HttpRequest, slug: str, kept: str) -> str:
    """This page for another park, with what of its query is ``kept``. From the page of one record it is the ledger that
    the record is in; a page with the park in its path is that of the other park, and for all parks its ledger."""
    match = request.resolver_match
    path = request.path
    if match is not None and match.url_name == "activity-month":
        return reverse("activity-month", kwargs={**match.kwargs, "park": slug}) if slug else _ledger("activities")
    if match is not None and match.url_name and match.url_name.startswith(("record", "ledger-")):
        path = _ledger(match.kwargs["slug"])
    # The signs of a slug stand in an address as they are
    query = "&".join(filter(None, (f"park={slug}" if slug else "", kept)))
    return f"{path}?{query}" if query else path


def _ledger(slug: str) -> str:
    return reverse("ledger", args=[slug])


def _navigation(request: HttpRequest, slug: str, user: User, parks: list[Any]) -> list[Entry]:
    query = f"?{urlencode({'park': slug})}" if slug else ""
    places = [("台账", "ledgers"), ("导入", "imports"), ("覆盖情况", "dashboard"), ("报表", "reports")]
    many = len(parks) > MOST_PARKS
    writes = any(park.writes if many else park.written for park in parks)
    administers = any(park.administers if many else park.administered for park in parks)
    addresses = [(label, reverse(name)) for label, name in places if name != "imports" or writes]
    entries = [Entry(label, url + query, request.path.startswith(url)) for label, url in addresses]
    # Before the first park is entered only the grant itself can tell
    if administers or (not parks and holds(user, ADMINISTRATORS)):
        entries.append(Entry("管理", reverse("admin:index")))
    return entries
