"""Every role on every route: own park as expected, another 404, anonymous to sign in; and the table shown to bite."""

import io
import re
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

import pytest
from django.contrib import admin
from django.db.models import Q
from django.forms import ModelChoiceField
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from metrics.reports import REPORTS
from orgs.models import Change, Grant, User
from orgs.scoping import ScopedModel, ScopedQuerySet
from portal.imports.bulk import BULK
from portal.ledgers import LEDGERS
from portal.merging.finding import KINDS
from portal.records import RECORDS
from tests.factories import Side, World, make_case

pytestmark = [pytest.mark.django_db, pytest.mark.crawl]

OK, FOUND, BARRED, GONE, NOT_ALLOWED = 200, 302, 403, 404, 405
ANONYMOUS, NOBODY = "anonymous", "nobody"
READERS = ("officer", "leader", "superior", "park_administrator", "administrator")
WRITERS = ("officer", "park_administrator", "administrator")
ADMINISTRATORS = ("park_administrator", "administrator")
PEOPLE = (*READERS, "stranger", NOBODY, ANONYMOUS)
# Who may see persons; to a superior the ledgers of persons do not exist
PERSON_READERS = tuple(person for person in READERS if person != "superior")
PERSON_LEDGERS = ("members", "offices")
# The marks that every text of 乙园 carries, its park's name included
FOREIGN = ("乙庄", "乙园")


@dataclass(frozen=True)
class Visit:
    """One address, whose park it is ("" for everybody's), and who gets what; everyone else gets 404."""

    url: str
    side: str = ""
    readers: Iterable[str] = READERS
    status: int = OK
    others: int = GONE
    public: bool = False
    posts: bool = False  # whether a POST of the barred is tried as well


# The table: for every route, by name, the addresses to try

Route = Callable[[World], list[Visit]]


def public(*args: Any, status: int = OK) -> Callable[[str], Route]:
    return lambda name: lambda world: [Visit(reverse(name, args=args), public=True, status=status)]


def everybodys(*args: Any, status: int = OK, readers: Iterable[str] = PEOPLE) -> Callable[[str], Route]:
    """A page of all that one sees: for anybody signed in (of ``readers``), and for no park one does not see."""

    def route(name: str) -> Route:
        def visits(world: World) -> list[Visit]:
            url = reverse(name, args=args)
            whole = Visit(url, readers=readers, status=status)
            if status != OK:
                return [whole]
            return [whole, Visit(f"{url}?park=yi", "yi", readers=[one for one in READERS if one in readers])]

        return visits

    return route


def ledger_visits(name: str) -> Route:
    """Every ledger, for everybody; those of persons for who may see persons."""
    return lambda world: [
        visit for slug in LEDGERS for visit in everybodys(slug, readers=readers_of_ledger(slug))(name)(world)
    ]


def file_visits(name: str) -> Route:
    """The workbook of a long list, which nobody has had made here; tests/test_exports.py makes them."""
    return lambda world: [
        Visit(f"{reverse(name, args=[slug])}{park}", side, readers=readers, status=FOUND)
        for slug in LEDGERS
        for park, side, readers in (
            ("", "", readers_of_ledger(slug)),
            ("?park=yi", "yi", [one for one in READERS if one in readers_of_ledger(slug)]),
        )
    ]


def readers_of_ledger(slug: str) -> tuple[str, ...]:
    return (*PERSON_READERS, "stranger") if slug in PERSON_LEDGERS else PEOPLE


def bulk_visits(name: str) -> Route:
    """Records are chosen and changed together where they may be entered, in the ledgers where that is declared."""

    def visits(world: World) -> list[Visit]:
        found = []
        for slug in LEDGERS:
            url = reverse(name, args=[slug])
            status = FOUND if name == "ledger-bulk" else OK  # nothing is chosen yet: it leads to where one chooses
            writers = (*WRITERS, "stranger") if slug in BULK else ()
            found.append(Visit(url, readers=writers, status=status, posts=True))
            for side in ("jia", "yi"):
                readers = WRITERS if slug in BULK else ()
                found.append(Visit(f"{url}?park={side}", side, readers=readers, status=status, posts=True))
        return found

    return visits


def new_visits(name: str) -> Route:
    def visits(world: World) -> list[Visit]:
        found = []
        for slug in LEDGERS:
            url = reverse(name, args=[slug])
            if slug == "parks":
                found.append(Visit(url, readers=("administrator",), posts=True))
                continue
            found.append(Visit(url, readers=(*WRITERS, "stranger"), posts=True))
            found += [Visit(f"{url}?park={side}", side, readers=WRITERS, posts=True) for side in ("jia", "yi")]
        return found

    return visits


def sides(world: World) -> list[tuple[str, Side]]:
    return [("jia", world.jia), ("yi", world.yi)]


def writers_of(slug: str) -> tuple[str, ...]:
    return ADMINISTRATORS if slug == "parks" else WRITERS


def record_visits(name: str, *, writing: bool = False, ends: bool = False) -> Route:
    def visits(world: World) -> list[Visit]:
        found = []
        for side, rows in sides(world):
            for slug, row in rows.ledgers().items():
                url = reverse(name, args=[slug, row.pk])
                may_read = PERSON_READERS if slug in PERSON_LEDGERS else READERS
                readers = () if ends and not RECORDS[slug].ends else writers_of(slug) if writing else may_read
                found.append(Visit(url, side, readers=readers, posts=writing))
        return found

    return visits


def fact_visits(name: str, *, one: bool = True, ends: bool = False) -> Route:
    def visits(world: World) -> list[Visit]:
        found = []
        for side, rows in sides(world):
            for slug, page in RECORDS.items():
                for fact in page.facts:
                    row: Any = rows.rows()[fact.model]
                    owner = getattr(row, fact.owner)
                    args = [slug, owner.pk, fact.kind, *([row.pk] if one else [])]
                    readers = () if ends and not hasattr(fact.model, "until") else writers_of(slug)
                    found.append(Visit(reverse(name, args=args), side, readers=readers, posts=True))
                    if one:
                        # A fact of the other park below an owner of this one
                        mixed = rows_of_other(world, side).rows()[fact.model]
                        url = reverse(name, args=[slug, owner.pk, fact.kind, mixed.pk])
                        found.append(Visit(url, side, readers=(), posts=True))
        return found

    return visits


def attachment_visits(name: str, readers: Iterable[str], *, one: bool = True, status: int = OK) -> Route:
    """The file of an enterprise: for who may see persons; beside another record, or in another ledger, it is not."""

    def visits(world: World) -> list[Visit]:
        found = []
        for side, rows in sides(world):
            own = [rows.attachment.pk] if one else []
            posts = readers is WRITERS
            url = reverse(name, args=["enterprises", rows.covered.pk, *own])
            found.append(Visit(url, side, readers=readers, status=status, posts=posts))
            if one:
                for slug, row in (("enterprises", rows.gap), ("organizations", rows.branch)):
                    found.append(Visit(reverse(name, args=[slug, row.pk, *own]), side, readers=(), posts=posts))
                mixed = rows_of_other(world, side).attachment.pk
                mixed_url = reverse(name, args=["enterprises", rows.covered.pk, mixed])
                found.append(Visit(mixed_url, side, readers=(), posts=posts))
        return found

    return visits


def month_visits(name: str) -> Route:
    """The monthly grid is for who may enter activities there."""
    return lambda world: [
        Visit(reverse(name, args=[side, 2026, 10]), side, readers=WRITERS, posts=True) for side in ("jia", "yi")
    ]


def rows_of_other(world: World, side: str) -> Side:
    return world.yi if side == "jia" else world.jia


def report_visits(name: str) -> Route:
    return lambda world: [visit for slug in REPORTS for visit in everybodys(slug)(name)(world)]


def freeze_visits(name: str) -> Route:
    """Officers and administrators of the park freeze; for those who only read there is no such page."""
    return lambda world: [
        Visit(f"{reverse(name, args=[slug])}?park={side}", side, readers=WRITERS, posts=True)
        for slug in REPORTS
        for side in ("jia", "yi")
    ]


def revoke_visits(name: str) -> Route:
    """Whoever reads a park may revoke the links to its big screens."""
    return lambda world: [
        Visit(reverse(name, args=[rows.screen.pk]), side, readers=READERS, posts=True) for side, rows in sides(world)
    ]


def view_visits(name: str, readers: Iterable[str], status: int = OK, posts: bool = False) -> Route:
    """A shared view is for who may see the persons of its park, to be changed by who enters records there."""

    def visits(world: World) -> list[Visit]:
        found = []
        for side, rows in sides(world):
            url = reverse(name, args=["enterprises", rows.view.pk])
            found.append(Visit(url, side, readers=readers, status=status, posts=posts))
            # Beside another ledger, or asked for in another park, it is not
            found.append(Visit(reverse(name, args=["organizations", rows.view.pk]), side, readers=(), posts=posts))
            found.append(Visit(f"{url}?park={rows_of_other(world, side).park.slug}", side, readers=(), posts=posts))
        return found

    return visits


def duplicates_visits(name: str, of: str = "", status: int = OK) -> Route:
    """Who enters records in a park looks for doubles there; what lies in another ledger is not beside this one."""

    def visits(world: World) -> list[Visit]:
        found = [Visit(reverse(name, args=["coverages", *([1] if of else [])]), readers=())]
        for side, rows in sides(world):
            if of:
                row = getattr(rows, of)
                found.append(Visit(reverse(name, args=["enterprises", row.pk]), side, WRITERS, status, posts=True))
                found.append(Visit(reverse(name, args=["members", row.pk]), side, readers=(), posts=True))
                continue
            for slug in KINDS:
                found.append(Visit(f"{reverse(name, args=[slug])}?park={side}", side, readers=WRITERS, posts=True))
        if not of:
            found += [Visit(reverse(name, args=[slug]), readers=(*WRITERS, "stranger"), posts=True) for slug in KINDS]
        return found

    return visits


def pair_visits(name: str) -> Route:
    """Two records of one park are compared by who may change them; never one of each park."""

    def visits(world: World) -> list[Visit]:
        found = [Visit(reverse(name, args=["enterprises"]), readers=())]
        for side, rows in sides(world):
            other = rows_of_other(world, side)
            pairs = {
                "enterprises": (rows.covered, rows.gap, other.gap),
                "organizations": (rows.branch, rows.joint_branch, other.branch),
                "members": (rows.secretary, rows.worker, other.worker),
            }
            for slug, (stays, gone, foreign) in pairs.items():
                url = reverse(name, args=[slug])
                found.append(Visit(f"{url}?stays={stays.pk}&gone={gone.pk}", side, readers=WRITERS, posts=True))
                found.append(Visit(f"{url}?stays={stays.pk}&gone={foreign.pk}", side, readers=(), posts=True))
        return found

    return visits


# One of enterprises, one of persons: the others go the same way, and tests/test_imports.py walks them all
SOME_PLANS = ("enterprises", "members", "l1")


def start_visits(name: str) -> Route:
    """Who may enter records may bring a workbook, each into his own parks."""
    return lambda world: [
        visit for slug in SOME_PLANS for visit in everybodys(slug, readers=(*WRITERS, "stranger"))(name)(world)
    ]


def template_visits(name: str) -> Route:
    """A template is made for a park: its drop-downs name the park's records."""
    return lambda world: [
        Visit(f"{reverse(name, args=[slug])}?park={side}{more}", side, readers=WRITERS)
        for slug in SOME_PLANS
        for side in ("jia", "yi")
        for more in ("", "&data=1")
    ]


def batch_visits(name: str, *args: Any, status: int = OK, posts: bool = True) -> Route:
    return lambda world: [
        Visit(reverse(name, args=[rows.batch.pk, *args]), side, readers=WRITERS, status=status, posts=posts)
        for side, rows in sides(world)
    ]


def compare_visits(name: str, status: int = OK, row: str = "comparison", *, posts: bool = True) -> Route:
    """A list from outside is for who enters records in its park."""
    return lambda world: [
        Visit(reverse(name, args=[getattr(rows, row).pk]), side, readers=WRITERS, status=status, posts=posts)
        for side, rows in sides(world)
    ]


def case_visits(name: str) -> Route:
    """The case of 甲园, which is public, and none of 乙园, which is not."""
    return lambda world: [
        Visit(reverse(name, args=[world.jia.case.slug]), public=True),
        Visit(reverse(name, args=[world.yi.case.slug]), public=True, status=GONE),
    ]


TABLE: dict[str, Route] = {
    "home": public()("home"),
    "cases": public()("cases"),
    "case": case_visits("case"),
    "parks": public()("parks"),
    "public-coverage": public()("public-coverage"),
    "definitions": public()("definitions"),
    "healthz": public()("healthz"),
    "logout": public(status=NOT_ALLOWED)("logout"),
    # The links that open have tests of their own, tests/test_screen.py
    "screen": public("forged", status=GONE)("screen"),
    "desk": everybodys(status=FOUND)("desk"),
    "ledgers": everybodys()("ledgers"),
    "organization-tree": everybodys()("organization-tree"),
    "ledger": ledger_visits("ledger"),
    "ledger-export": ledger_visits("ledger-export"),
    "ledger-export-long": ledger_visits("ledger-export-long"),
    "ledger-export-file": file_visits("ledger-export-file"),
    "ledger-columns": ledger_visits("ledger-columns"),
    "ledger-select": bulk_visits("ledger-select"),
    "ledger-bulk": bulk_visits("ledger-bulk"),
    "ledger-views": ledger_visits("ledger-views"),
    "ledger-view-new": ledger_visits("ledger-view-new"),
    "ledger-view": view_visits("ledger-view", PERSON_READERS, status=FOUND),
    "ledger-view-edit": view_visits("ledger-view-edit", WRITERS, posts=True),
    "ledger-view-delete": view_visits("ledger-view-delete", WRITERS, posts=True),
    "ledger-new": new_visits("ledger-new"),
    "activity-month": month_visits("activity-month"),
    "record": record_visits("record"),
    "record-edit": record_visits("record-edit", writing=True),
    "record-end": record_visits("record-end", writing=True, ends=True),
    "record-delete": record_visits("record-delete", writing=True),
    "record-fact-new": fact_visits("record-fact-new", one=False),
    "record-fact-edit": fact_visits("record-fact-edit"),
    "record-fact-end": fact_visits("record-fact-end", ends=True),
    "record-fact-delete": fact_visits("record-fact-delete"),
    "record-attachment-new": attachment_visits("record-attachment-new", WRITERS, one=False),
    "record-attachment": attachment_visits("record-attachment", PERSON_READERS),
    "record-attachment-delete": attachment_visits("record-attachment-delete", WRITERS),
    "record-attachment-restore": attachment_visits("record-attachment-restore", WRITERS, status=FOUND),
    "imports": everybodys(readers=(*WRITERS, "stranger"))("imports"),
    "import-start": start_visits("import-start"),
    "import-template": template_visits("import-template"),
    "import-batch": batch_visits("import-batch", posts=False),
    "import-columns": batch_visits("import-columns"),
    "import-row": batch_visits("import-row", 2),
    "import-confirm": batch_visits("import-confirm"),
    "import-marked": batch_visits("import-marked", posts=False),
    # What only acts, and what there is nothing to undo of yet, leads back to the batch
    "import-file": batch_visits("import-file", status=FOUND),
    "import-check": batch_visits("import-check", status=FOUND),
    "import-undo": batch_visits("import-undo", status=FOUND),
    "import-drop": batch_visits("import-drop", status=FOUND),
    "compare": everybodys(readers=(*WRITERS, "stranger"))("compare"),
    "compare-exclusions": everybodys(readers=(*WRITERS, "stranger"))("compare-exclusions"),
    "compare-list": compare_visits("compare-list", posts=False),
    "compare-export": compare_visits("compare-export", posts=False),
    "compare-drop": compare_visits("compare-drop"),
    # What only acts leads back to the lists
    "compare-adopt": compare_visits("compare-adopt", FOUND),
    "compare-exclude": compare_visits("compare-exclude", FOUND),
    "compare-register": compare_visits("compare-register", FOUND),
    "compare-take-back": compare_visits("compare-take-back", FOUND, "exclusion"),
    "duplicates": duplicates_visits("duplicates"),
    # What only acts leads back to the page of doubles
    "duplicates-back": duplicates_visits("duplicates-back", of="apart", status=FOUND),
    "merge-new": pair_visits("merge-new"),
    "merge": duplicates_visits("merge", of="merge"),
    # There is nothing to take back of a merge that wrote nothing: back to it
    "merge-undo": duplicates_visits("merge-undo", of="merge", status=FOUND),
    "dashboard": everybodys()("dashboard"),
    "changes": everybodys()("changes"),
    "changes-export": everybodys()("changes-export"),
    "indicators": everybodys()("indicators"),
    "reports": everybodys()("reports"),
    "report": report_visits("report"),
    "report-export": report_visits("report-export"),
    "report-freeze": freeze_visits("report-freeze"),
    "screens": everybodys()("screens"),
    "screen-revoke": revoke_visits("screen-revoke"),
}
# Routes with a test of their own below
APART = {"login"}
# The trail and a frozen report are never touched, and a new park lies in nobody's own park
BARRED_TO_ADMINISTRATORS = {
    "admin:portal_attachment_add",
    "admin:portal_attachment_delete",
    "admin:orgs_change_add",
    "admin:orgs_change_delete",
    "admin:orgs_park_add",
    "admin:metrics_frozenreport_add",
    "admin:metrics_frozenreport_delete",
    "admin:portal_comparison_add",
    "admin:portal_comparison_delete",
    "admin:portal_exclusion_add",
    "admin:portal_exclusion_delete",
    "admin:portal_importbatch_add",
    "admin:portal_importbatch_delete",
    "admin:portal_merge_add",
    "admin:portal_merge_delete",
    "admin:portal_notduplicate_add",
    "admin:portal_notduplicate_delete",
    "admin:portal_savedview_add",
    "admin:portal_savedview_delete",
    "admin:portal_screenlink_add",
    "admin:portal_screenlink_delete",
}


def admin_visits() -> dict[str, Route]:
    """Administrators only; to other accounts the back office does not exist."""

    def fixed(name: str, *args: Any, status: int = OK) -> Route:
        return lambda world: [Visit(reverse(f"admin:{name}", args=args), readers=ADMINISTRATORS, status=status)]

    def model_page(model: Any, page: str) -> Route:
        def visits(world: World) -> list[Visit]:
            name = f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}"
            # The trail is never touched; a park of one's own reach can not be made
            if name in BARRED_TO_ADMINISTRATORS:
                return []
            if page in ("changelist", "add"):
                return [Visit(reverse(name), readers=ADMINISTRATORS)]
            return [
                Visit(reverse(name, args=[pk]), side, readers=ADMINISTRATORS)
                for side, rows in sides(world)
                for pk in keys_of(rows, model)
            ]

        return visits

    def keys_of(rows: Side, model: Any) -> list[int]:
        if model in (Change, User, Grant):
            park = "home_park" if model is User else "park"
            return list(model._default_manager.filter(**{park: rows.park}).values_list("pk", flat=True)[:1])
        return [rows.rows()[model].pk]

    table = {
        "admin:index": fixed("index"),
        "admin:jsi18n": fixed("jsi18n"),
        "admin:password_change": fixed("password_change", status=FOUND),
        "admin:password_change_done": fixed("password_change_done"),
        "admin:app_list": fixed("app_list", "orgs"),
    }
    for model in admin.site._registry:
        for page in ("changelist", "add", "change", "history", "delete"):
            table[f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}"] = model_page(model, page)
    return table


ADMIN_TABLE = admin_visits()
ADMIN_APART = {"admin:login", "admin:logout", "admin:autocomplete", "admin:"}  # the last one is the catch-all


def routes(patterns: Any = None, prefix: str = "") -> set[str]:
    """The name of every route of the portal; a nameless one by its namespace alone."""
    found: set[str] = set()
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            found |= routes(pattern.url_patterns, inner)
        elif isinstance(pattern, URLPattern):
            found.add(f"{prefix}{pattern.name or ''}")
    return found


def test_every_route_has_a_row() -> None:
    """A new address fails here until somebody has said who may go there."""
    assert routes() == {*TABLE, *APART, *ADMIN_TABLE, *ADMIN_APART}


# The check


@pytest.fixture
def people(request: pytest.FixtureRequest, world: World, sign_in: Any) -> dict[str, Client]:
    return {name: sign_in(None if name == ANONYMOUS else request.getfixturevalue(name)) for name in PEOPLE}


def within(person: str, side: str) -> bool:
    """Whether the park on ``side`` ("" for a page of no park) is one this person has to do with."""
    if not side or person == "administrator":
        return True
    return person != NOBODY and (person == "stranger") == (side == "yi")


def role_of(person: str) -> str:
    return "officer" if person == "stranger" else person


def expected(visit: Visit, person: str) -> int:
    if visit.public:
        return visit.status
    if person == ANONYMOUS:
        return FOUND
    named = person in visit.readers or (bool(visit.side) and role_of(person) in visit.readers)
    return visit.status if named and within(person, visit.side) else visit.others


def check(people: dict[str, Client], world: World, table: dict[str, Route]) -> list[str]:
    """What is not as the table says, in words; nothing when all is well."""
    problems = []
    for name, route in table.items():
        for visit in route(world):
            for person, client in people.items():
                response = client.get(visit.url)
                want = expected(visit, person)
                problems += differs(name, visit, person, response, want, "GET")
                if response.status_code == OK and person in ("officer", "leader", "superior", "park_administrator"):
                    problems += [f"{name} {visit.url} {person}: 看得到{mark}" for mark in leaks(response)]
                # A redirect means sign-in to who is not signed in; to the others it is leave to act
                if visit.posts and (want == GONE or person == ANONYMOUS):
                    problems += differs(name, visit, person, client.post(visit.url, {"post": "yes"}), want, "POST")
    return problems


def differs(name: str, visit: Visit, person: str, response: Any, want: int, method: str) -> list[str]:
    at = f"{name} {method} {visit.url} {person}"
    if response.status_code != want:
        return [f"{at}: {response.status_code}, not {want}"]
    if person == ANONYMOUS and want == FOUND and "/login/?next=" not in response["Location"]:
        return [f"{at}: to {response['Location']}, not to sign in"]
    return []


def leaks(response: Any) -> list[str]:
    text = text_of(response)
    return [mark for mark in FOREIGN if mark in text]


def text_of(response: Any) -> str:
    body: bytes = b"".join(response.streaming_content) if response.streaming else response.content
    if body[:2] == b"PK":  # a workbook
        with zipfile.ZipFile(io.BytesIO(body)) as book:
            return "".join(book.read(name).decode() for name in book.namelist() if name.endswith(".xml"))
    return body.decode()


def test_public_and_signed_in_pages(people: dict[str, Client], world: World) -> None:
    before = {model: model._default_manager.count() for model in world.jia.rows()}
    lists = {name: route for name, route in TABLE.items() if not name.startswith("record")}
    assert check(people, world, lists) == []
    assert {model: model._default_manager.count() for model in world.jia.rows()} == before


def test_pages_of_records(people: dict[str, Client], world: World) -> None:
    before = Change.objects.count()
    records = {name: route for name, route in TABLE.items() if name.startswith("record")}
    assert check(people, world, records) == []
    assert Change.objects.count() == before


def test_back_office(people: dict[str, Client], world: World) -> None:
    assert check(people, world, ADMIN_TABLE) == []


def test_back_office_where_even_administrators_are_barred(people: dict[str, Client], world: World) -> None:
    """Within the gate a missing right is 403: the record is known to be there."""
    change = Change.objects.filter(park=world.jia.park).first()
    assert change is not None
    asked = {
        reverse("admin:orgs_park_add"): {"administrator": OK, "park_administrator": BARRED},
        reverse("admin:orgs_change_add"): {"administrator": BARRED, "park_administrator": BARRED},
        reverse("admin:orgs_change_delete", args=[change.pk]): {"administrator": BARRED, "park_administrator": BARRED},
        reverse("admin:metrics_frozenreport_add"): {"administrator": BARRED, "park_administrator": BARRED},
        reverse("admin:portal_screenlink_add"): {"administrator": BARRED, "park_administrator": BARRED},
        reverse("admin:portal_screenlink_delete", args=[world.jia.screen.pk]): {
            "administrator": BARRED,
            "park_administrator": BARRED,
        },
        reverse("admin:metrics_frozenreport_delete", args=[world.jia.frozen.pk]): {
            "administrator": BARRED,
            "park_administrator": BARRED,
        },
    }
    for url, by_person in asked.items():
        for person, client in people.items():
            want = FOUND if person == ANONYMOUS else by_person.get(person, GONE)
            assert client.get(url).status_code == want, (url, person)


def test_routes_apart(people: dict[str, Client], world: World) -> None:
    for person, client in people.items():
        assert client.get(reverse("login")).status_code == (OK if person == ANONYMOUS else FOUND), person
        assert client.get(reverse("admin:login")).status_code == FOUND
        inside = person in ADMINISTRATORS
        want = FOUND if person == ANONYMOUS else OK if inside else GONE
        asked = {"app_label": "orgs", "model_name": "coverage", "field_name": "enterprise", "term": ""}
        response = client.get(reverse("admin:autocomplete"), asked)
        assert response.status_code == want, person
        assert person != "park_administrator" or not leaks(response)
        assert client.get("/admin/no-such-page/").status_code == (FOUND if person == ANONYMOUS else GONE), person
        assert client.get("/no-such-page/").status_code in (FOUND, GONE), person
    for client in people.values():
        assert client.post(reverse("admin:logout")).status_code in (OK, FOUND, GONE)


# The table bites: a gate left open anywhere is reported


def open_gate(monkeypatch: pytest.MonkeyPatch, model: type[ScopedModel]) -> None:
    monkeypatch.setattr(model, "scope_q", classmethod(lambda cls, user, roles: Q()))


@pytest.mark.parametrize("slug", [*LEDGERS])
def test_an_open_gate_is_reported(
    slug: str, world: World, officer: Any, sign_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def few(name: str) -> Route:
        return lambda world: [visit for visit in TABLE[name](world) if f"/{slug}/" in visit.url]

    table = {name: few(name) for name in ("ledger", "record")}
    people = {"officer": sign_in(officer)}
    assert check(people, world, table) == []
    open_gate(monkeypatch, LEDGERS[slug].model)
    problems = check(people, world, table)
    assert any(problem.startswith("record GET") and "200, not 404" in problem for problem in problems), problems
    assert any(problem.startswith("ledger ") and "看得到乙" in problem for problem in problems), problems


def test_a_right_to_write_for_all_who_read_is_reported(
    world: World, leader: Any, sign_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = {name: TABLE[name] for name in ("record-edit", "record-delete", "record-fact-edit", "record-fact-delete")}
    people = {"leader": sign_in(leader)}
    assert check(people, world, table) == []
    monkeypatch.setattr(ScopedQuerySet, "writable_by", lambda self, user: self.visible_to(user))
    problems = check(people, world, table)
    assert {problem.split()[0] for problem in problems} >= {"record-delete", "record-fact-delete"}, problems


def test_an_open_gate_in_the_back_office_is_reported(
    world: World, park_administrator: Any, sign_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from orgs.models import Enterprise

    names = ("admin:orgs_enterprise_changelist", "admin:orgs_enterprise_change", "admin:orgs_enterprise_history")
    few = {name: ADMIN_TABLE[name] for name in names}
    people = {"park_administrator": sign_in(park_administrator)}
    assert check(people, world, few) == []
    open_gate(monkeypatch, Enterprise)
    problems = check(people, world, few)
    assert {problem.split()[0] for problem in problems} == set(names)


def test_a_row_too_generous_is_reported(world: World, leader: Any, sign_in: Any) -> None:
    wrong: Route = lambda world: [Visit(reverse("record-edit", args=["enterprises", world.jia.gap.pk]), "jia")]  # noqa: E731
    assert check({"leader": sign_in(leader)}, world, {"record-edit": wrong})


# Forged foreign keys on the officers' pages


def entered(client: Client, url: str) -> dict[str, Any]:
    """What a browser would send back for the entry form at ``url``, unchanged."""
    response = client.get(url)
    assert response.status_code == OK, url
    data = {}
    for bound in response.context["form"]:
        value = bound.value()
        if value is True:
            data[bound.html_name] = "on"
        elif value is not None and value is not False:
            data[bound.html_name] = value
    if response.context.get("version") is not None:
        data["version"] = response.context["version"]
    return data


def choice_fields(client: Client, url: str) -> dict[str, Any]:
    form = client.get(url).context["form"]
    return {name: field for name, field in form.fields.items() if isinstance(field, ModelChoiceField)}


def test_forged_foreign_keys_are_refused_on_every_form(world: World, officer: Any, sign_in: Any) -> None:
    client, tried = sign_in(officer), 0
    addresses = [
        reverse("record-edit", args=[slug, row.pk]) for slug, row in world.jia.ledgers().items() if slug != "parks"
    ]
    for slug, page in RECORDS.items():
        for fact in page.facts:
            row: Any = world.jia.rows()[fact.model]
            addresses.append(reverse("record-fact-edit", args=[slug, getattr(row, fact.owner).pk, fact.kind, row.pk]))
    before = Change.objects.count()
    for url in addresses:
        data = entered(client, url)
        for name, field in choice_fields(client, url).items():
            foreign = world.yi.rows()[field.queryset.model]
            assert foreign not in field.queryset, (url, name)
            response = client.post(url, {**data, name: foreign.pk})
            assert response.status_code in (OK, GONE), (url, name)
            if response.status_code == OK:
                assert name in response.context["form"].errors, (url, name)
                assert not leaks(response)
            tried += 1
    assert tried >= 8
    assert Change.objects.count() == before


def test_forged_foreign_keys_are_refused_on_new_records(world: World, officer: Any, sign_in: Any) -> None:
    client, tried = sign_in(officer), 0
    before = {model: model._default_manager.count() for model in world.jia.rows()}
    for slug, row in world.jia.ledgers().items():
        if slug == "parks":
            continue
        data = entered(client, reverse("record-edit", args=[slug, row.pk]))
        fields = choice_fields(client, reverse("record-edit", args=[slug, row.pk]))
        data.pop("version", None)
        for name, field in fields.items():
            foreign = world.yi.rows()[field.queryset.model]
            response = client.post(reverse("ledger-new", args=[slug]), {**data, name: foreign.pk})
            assert response.status_code in (OK, GONE), (slug, name)
            assert response.status_code == GONE or response.context["form"].errors, (slug, name)
            tried += 1
        # By way of the address: what it fills in, and the park
        for parameter, name in RECORDS[slug].form.prefill.items():
            if name in fields:
                foreign = world.yi.rows()[fields[name].queryset.model]
                url = f"{reverse('ledger-new', args=[slug])}?{parameter}={foreign.pk}"
                assert client.get(url).status_code == GONE, url
                tried += 1
        assert client.post(f"{reverse('ledger-new', args=[slug])}?park=yi", data).status_code == GONE
    assert tried >= 8
    assert {model: model._default_manager.count() for model in world.jia.rows()} == before


# Crawls: whatever can be clicked, in every role

HREF = re.compile(r"""(?:href|action)="([^"#][^"]*)\"""")


def crawl(client: Client, start: str, most: int) -> dict[str, Any]:
    """Every page that links lead to from ``start``; of addresses that differ in values of parameters only, one."""
    seen: dict[str, Any] = {}
    known, queue = {shape(start)}, [start]
    while queue and len(seen) < most:
        url = queue.pop(0)
        response = client.get(url)
        seen[url] = response
        if response.status_code == FOUND:
            targets = [response["Location"]]
        elif response["Content-Type"].startswith("text/html"):
            targets = [unescape(one) for one in HREF.findall(response.content.decode())]
        else:
            targets = []
        for target in targets:
            parts = urlsplit(urljoin(url, target))
            if parts.netloc or parts.path.startswith("/static/") or parts.path in ("/logout/", "/admin/logout/"):
                continue
            following = parts.path + (f"?{parts.query}" if parts.query else "")
            if shape(following) not in known:
                known.add(shape(following))
                queue.append(following)
    return seen


def shape(url: str) -> tuple[str, frozenset[str]]:
    parts = urlsplit(url)
    return parts.path, frozenset(name for name, _ in parse_qsl(parts.query, keep_blank_values=True))


@pytest.mark.parametrize(
    ("person", "most"),
    [
        ("officer", 90),
        ("superior", 40),
        pytest.param("leader", 40, marks=pytest.mark.soak),
        pytest.param("park_administrator", 60, marks=pytest.mark.soak),
    ],
)
def test_nothing_of_another_park_can_be_clicked(
    person: str, most: int, world: World, sign_in: Any, request: pytest.FixtureRequest
) -> None:
    pages = crawl(sign_in(request.getfixturevalue(person)), reverse("desk"), most)
    assert len(pages) == most
    problems = []
    for url, response in pages.items():
        # Forms answer GET only where they may; POST-only addresses say so
        if response.status_code not in (OK, FOUND, NOT_ALLOWED):
            problems.append(f"{url}: {response.status_code}")
        elif response.status_code == OK:
            problems += [f"{url}: {mark}" for mark in leaks(response)]
    assert problems == []


@pytest.mark.parametrize("person", [ANONYMOUS, NOBODY])
def test_the_public_site_shows_no_record(person: str, world: World, nobody: Any, sign_in: Any) -> None:
    """No name of an enterprise, a member or an organization; of 乙园, which is not public, nothing at all."""
    pages = crawl(sign_in(None if person == ANONYMOUS else nobody), reverse("home"), 30)
    names = [str(row) for row in (world.jia.covered, world.jia.gap, world.jia.branch, world.jia.secretary)]
    for url, response in pages.items():
        assert response.status_code in (OK, FOUND, NOT_ALLOWED), url
        if response.status_code == OK:
            text = text_of(response)
            assert [name for name in names if name in text] == [], url
            assert leaks(response) == [], url


def test_a_case_of_a_park_that_turns_private_is_gone(world: World, sign_in: Any) -> None:
    make_case(world.jia.park, "另一案例", slug="another")
    client = sign_in(None)
    assert client.get(reverse("case", args=["another"])).status_code == OK
    world.jia.park.is_public = False
    world.jia.park.save()
    assert client.get(reverse("case", args=["another"])).status_code == GONE
