"""Who may see persons: unmistakable names are planted in both parks; a superior's crawl comes back without any."""

import io
import zipfile
from collections.abc import Callable
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, quote, urljoin, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from activities.models import Attendance
from metrics.reports.frozen import freeze
from metrics.reports.two_coverage import TWO_COVERAGE
from metrics.structure import tree_on
from orgs import journal
from orgs.journal import Via
from orgs.models import Affiliation, Change, Employment, Member, Office, Post, Role, WorkCoverage, WorkKind
from orgs.scoping import PERSON_READERS, persons_of, sees_persons
from portal.listing import Listing
from portal.records.parts import Look
from tests.factories import (
    Side,
    World,
    affiliate,
    again,
    appoint,
    attend,
    day as day_of,
    employ,
    grant,
    make_member,
    make_user,
    make_world,
    meet,
)
from tests.test_permissions import HREF

pytestmark = [pytest.mark.django_db, pytest.mark.crawl]

# No name of a park, an enterprise or an organization has these signs
JIA, YI = "鹓鶵", "鸑鷟"
JIA_PHONE, YI_PHONE = "13900001111", "13700002222"
ABOUT_PERSONS = (Member, Employment, Affiliation, Office, Attendance)
MARKS = {"jia": (JIA, JIA_PHONE), "yi": (YI, YI_PHONE)}


def plant(side: Side, name: str, phone: str) -> Any:
    """Persons in every place that can name one, written by an officer of the park, changed, ended and deleted again."""
    officer = make_user(f"officer-{side.park.slug}", display_name=f"{name}干事", home_park=side.park)
    grant(officer, Role.OFFICER, park=side.park)

    def write(row: Any, **values: Any) -> Any:
        for field, value in values.items():
            setattr(row, field, value)
        return journal.save(row, officer, Via.PAGE)

    for turn in ("一", "二"):  # twice, so that the trail has them as former values too
        write(side.secretary, name=f"{name}书记{turn}", phone=phone, note=f"{name}备注{turn}")
        for enterprise in (side.gap, side.covered, side.joined):
            write(enterprise, contact=f"{name}联系人{turn}", phone=phone, note=f"找{name}{turn}")
        write(side.state, note=f"{name}核实{turn}")
        write(side.work, holder=f"{name}指导员{turn}", phone=phone, note=f"{name}说明{turn}")
        write(side.branch, phone=phone, note=f"{name}值班{turn}")
        write(side.activity, host=f"{name}主持{turn}", content=f"{name}讲话{turn}")
    for kind in (WorkKind.INSTRUCTOR, WorkKind.LIAISON, WorkKind.LEADER_CONTACT):
        write(WorkCoverage(enterprise=side.gap, kind=kind, since=day_of("2025-01-01"), holder=f"{name}{kind}"))
    write(WorkCoverage(enterprise=side.gap, kind=WorkKind.TRADE_UNION, since=day_of("2025-01-01"), holder="某某工会"))
    freeze(TWO_COVERAGE, side.park, day_of("2026-09-30"), officer)
    deputy = make_member(side.park, f"{name}副书记")
    employ(deputy, side.joined)
    affiliate(deputy, side.joint_branch)
    appoint(deputy, side.joint_branch, Post.DEPUTY_SECRETARY)
    attend(meet(side.joint_branch, host=f"{name}主持"), deputy)
    journal.delete(appoint(deputy, side.branch, Post.PUBLICITY), officer, Via.PAGE)
    journal.delete(attend(side.activity, deputy), officer, Via.PAGE)
    return officer


def planted_world() -> World:
    world = make_world()
    plant(world.jia, *MARKS["jia"])
    plant(world.yi, *MARKS["yi"])
    return world


@pytest.fixture
def world(db: None) -> World:
    """The world of every test here, and of the persons of the cast."""
    return again(planted_world)


@pytest.fixture
def planted(world: World) -> World:
    return world


@pytest.fixture
def national(planted: World) -> Any:
    """上级部门 over the nation."""
    user = make_user("national", display_name="全国上级")
    grant(user, Role.SUPERIOR)
    return user


@pytest.fixture
def of_one_park(planted: World) -> Any:
    """上级部门 whose grant reaches one park only."""
    user = make_user("of-one-park", display_name="县级上级")
    grant(user, Role.SUPERIOR, park=planted.jia.park)
    return user


@pytest.fixture
def mixed(planted: World) -> Any:
    """上级部门 over the nation who also leads 甲园."""
    user = make_user("mixed", display_name="双重身份")
    grant(user, Role.SUPERIOR)
    grant(user, Role.LEADER, park=planted.jia.park)
    return user


# What a page or a workbook says


def said(response: Any) -> str:
    """Everything in a response: of a workbook every part, hidden sheets and comments included."""
    body: bytes = b"".join(response.streaming_content) if response.streaming else response.content
    if body[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(body)) as book:
            return unescape("".join(book.read(name).decode() for name in book.namelist()))
    return unescape(body.decode())


def named_in(response: Any, marks: tuple[str, ...]) -> list[str]:
    text = said(response) + str(response.headers)
    return [mark for mark in marks if mark in text or quote(mark) in text]


def crawl(client: Client, start: str, most: int) -> dict[str, Any]:
    """Breadth first, every address once; of those that differ in a day, an order or a row of the report only, one."""

    def shape(url: str) -> tuple[str, tuple[tuple[str, str], ...]]:
        parts = urlsplit(url)
        kept = ("view", "park", "part", "names", "trail")
        return parts.path, tuple(sorted((k, v if k in kept else "") for k, v in parse_qsl(parts.query)))

    seen: dict[str, Any] = {}
    known, queue = {shape(start)}, [start]
    while queue and len(seen) < most:
        url = queue.pop(0)
        response = seen[url] = client.get(url)
        if response.status_code == 302:
            targets = [response["Location"]]
        else:
            is_page = response["Content-Type"].startswith("text/html")
            targets = [unescape(one) for one in HREF.findall(response.content.decode())] if is_page else []
        for target in targets:
            parts = urlsplit(urljoin(url, target))
            following = parts.path + (f"?{parts.query}" if parts.query else "")
            if (
                parts.netloc
                or parts.path.startswith("/static/")
                or parts.path == "/logout/"
                or shape(following) in known
            ):
                continue
            known.add(shape(following))
            queue.append(following)
    return seen


def records_of(side: Side) -> list[str]:
    """The page of every record of a park that has one, with its whole trail."""
    rows = {
        "parks": [side.park],
        "enterprises": [side.covered, side.joined, side.gap, side.worked, side.suspended, side.state_owned],
        "organizations": [side.committee, side.branch, side.joint_branch],
        "coverages": [side.coverage, side.joint_coverage],
        "work-coverages": WorkCoverage.objects.in_park(side.park),
        "activities": [side.activity],
        "statements": [side.statement],
        "targets": [side.target],
    }
    return [f"{reverse('record', args=[slug, row.pk])}?trail=all" for slug, found in rows.items() for row in found]


LEDGERS_LEFT = (
    "parks",
    "enterprises",
    "organizations",
    "coverages",
    "work-coverages",
    "activities",
    "statements",
    "targets",
)


def everything(world: World) -> list[str]:
    """The addresses no crawl may miss: every ledger and its workbook, every record, the dashboard, tree and report."""
    found = [reverse(name, args=[slug]) for slug in LEDGERS_LEFT for name in ("ledger", "ledger-export")]
    found += [*records_of(world.jia), *records_of(world.yi)]
    found += [reverse(name) for name in ("ledgers", "organization-tree", "dashboard", "reports")]
    for name in ("report", "report-export"):
        url = reverse(name, args=["two-coverage"])
        found += [url, *(f"{url}?park={side.park.slug}&day=2026-09-30" for side in (world.jia, world.yi))]
    return found


# The canaries


@pytest.mark.crawl
@pytest.mark.parametrize(
    ("person", "most"), [pytest.param("national", 110, marks=pytest.mark.soak), ("of_one_park", 60)]
)
def test_no_name_reaches_a_superior(
    person: str, most: int, planted: World, sign_in: Any, request: pytest.FixtureRequest
) -> None:
    client = sign_in(request.getfixturevalue(person))
    pages = crawl(client, reverse("desk"), most)
    assert len(pages) >= most * 2 // 3
    assert any(response["Content-Type"].endswith("sheet") for response in pages.values())
    problems = [f"{url}: {response.status_code}" for url, response in pages.items() if response.status_code >= 400]
    problems += [f"{url}: {mark}" for url, one in pages.items() for mark in named_in(one, MARKS["jia"] + MARKS["yi"])]
    assert problems == []


@pytest.mark.crawl
def test_no_name_is_on_any_page_of_a_superior(planted: World, national: Any, sign_in: Any) -> None:
    client = sign_in(national)
    for url in everything(planted):
        response = client.get(url)
        assert response.status_code == 200, url
        assert named_in(response, MARKS["jia"] + MARKS["yi"]) == [], url


def test_a_leader_finds_the_canaries(planted: World, leader: Any, sign_in: Any) -> None:
    """They sing where they may: otherwise the silence above would prove nothing."""
    client = sign_in(leader)
    jia = planted.jia
    rows = {"enterprises": jia.gap, "organizations": jia.branch, "work-coverages": jia.work, "activities": jia.activity}
    asked = [reverse("record", args=[slug, row.pk]) for slug, row in rows.items()]
    asked += [reverse("ledger", args=[slug]) for slug in ("organizations", "work-coverages", "activities", "members")]
    for url in [*asked, reverse("dashboard"), reverse("ledger-export", args=["activities"])]:
        assert JIA in said(client.get(url)), url


@pytest.mark.soak
def test_with_two_grants_the_names_of_one_park_only(planted: World, mixed: Any, sign_in: Any) -> None:
    client = sign_in(mixed)
    found = set()
    for url in [*everything(planted), *(reverse("ledger", args=[slug]) for slug in ("members", "offices"))]:
        response = client.get(url)
        assert response.status_code == 200, url
        assert named_in(response, MARKS["yi"]) == [], url
        if named_in(response, MARKS["jia"]):
            found.add(url.split("?")[0])
    for slug in ("members", "offices", "organizations", "work-coverages", "activities"):
        assert reverse("ledger", args=[slug]) in found
    assert reverse("ledger-export", args=["activities"]) in found
    assert reverse("record", args=["enterprises", planted.jia.gap.pk]) in found
    for slug in ("members", "offices"):
        assert client.get(reverse("ledger", args=[slug]), {"park": "jia"}).status_code == 200
        assert client.get(reverse("ledger", args=[slug]), {"park": "yi"}).status_code == 404
        assert client.get(reverse("record", args=[slug, planted.yi.ledgers()[slug].pk])).status_code == 404
    pages = crawl(client, reverse("desk"), 30)
    assert [url for url, response in pages.items() if named_in(response, MARKS["yi"])] == []


# A hidden name can not be guessed either


@pytest.mark.parametrize(
    ("slug", "words"),
    [("activities", "主持"), ("work-coverages", "指导员"), ("work-coverages", "说明"), ("enterprises", "联系人")],
)
def test_searching_does_not_find_what_is_not_shown(
    slug: str, words: str, planted: World, national: Any, mixed: Any, leader: Any, sign_in: Any
) -> None:
    def hits(user: Any, name: str) -> int:
        response = sign_in(user).get(reverse("ledger", args=[slug]), {"q": f"{name}{words}"})
        assert response.status_code == 200
        assert response.context["elsewhen"] == []
        count: int = response.context["page_obj"].paginator.count
        return count

    assert hits(national, JIA) == hits(national, YI) == hits(mixed, YI) == 0
    shown = slug != "enterprises"  # nobody searches by contact
    assert bool(hits(leader, JIA)) == bool(hits(mixed, JIA)) == shown


def test_a_union_is_no_person(planted: World, national: Any, sign_in: Any) -> None:
    url = reverse("ledger", args=["work-coverages"])
    assert sign_in(national).get(url, {"q": "某某工会"}).context["page_obj"].paginator.count == 2
    assert "某某工会" in said(sign_in(national).get(url))


@pytest.mark.parametrize(("slug", "column"), [("activities", "host"), ("organizations", "secretary")])
def test_a_hidden_column_gives_no_order(
    slug: str, column: str, planted: World, national: Any, mixed: Any, sign_in: Any
) -> None:
    refused = sign_in(national).get(reverse("ledger", args=[slug]), {"sort": column})
    assert refused.status_code == 400
    ordered = sign_in(mixed).get(reverse("ledger", args=[slug]), {"sort": column, "view": ""})
    assert ordered.status_code == 200
    names = [cell.text for row in ordered.context["rows"] for cell in row if cell.column.name == column]
    known = [name for name in names if name != "—"]
    # What is shown is in order and comes first; the rest is in no order of its own
    assert known == sorted(known)
    assert names[: len(known)] == known
    holders = sign_in(national).get(reverse("ledger", args=["work-coverages"]), {"sort": "holder"}).context["rows"]
    shown = [cell.text for row in holders for cell in row if cell.column.name == "holder"]
    assert shown[:2] == ["某某工会", "某某工会"]
    assert set(shown[2:]) == {"—"}


def test_a_superior_has_no_ledgers_of_persons(planted: World, national: Any, leader: Any, sign_in: Any) -> None:
    def offered(user: Any) -> list[str]:
        return [entry.label for entry in sign_in(user).get("/ledgers/enterprises/").context["subnav"]]

    assert [name for name in offered(leader) if name not in offered(national)] == ["党员", "党内任职"]
    shelves = [shelf.ledger.slug for shelf in sign_in(national).get("/ledgers/").context["shelves"]]
    assert shelves == list(LEDGERS_LEFT)
    for slug in ("members", "offices"):
        for name, args in (
            ("ledger", [slug]),
            ("ledger-export", [slug]),
            ("record", [slug, planted.jia.ledgers()[slug].pk]),
        ):
            assert sign_in(national).get(reverse(name, args=args)).status_code == 404
    # Not by way of a filter either
    for query in ({"member": planted.jia.secretary.pk}, {"q": JIA}):
        assert sign_in(national).get(reverse("ledger", args=["offices"]), query).status_code == 404


# Numbers stay


def test_counts_are_the_same_for_who_sees_no_names(
    planted: World, national: Any, administrator: Any, sign_in: Any
) -> None:
    def figures(user: Any) -> dict[str, list[Any]]:
        client = sign_in(user)
        found = {}
        for slug, names in (
            ("parks", ("members",)),
            ("organizations", ("members", "guests")),
            ("enterprises", ("full",)),
        ):
            rows = client.get(reverse("ledger", args=[slug])).context["rows"]
            found[slug] = [cell.text for row in rows for cell in row if cell.column.name in names]
        tree = tree_on(user, day_of("2026-10-31"))
        return found | {"tree": [len(node.members) for node in tree]}

    assert figures(national) == figures(administrator)
    assert any(figures(national)["tree"])


def test_a_record_page_says_how_many_there_are(planted: World, national: Any, sign_in: Any) -> None:
    client = sign_in(national)
    enterprise = said(client.get(reverse("record", args=["enterprises", planted.jia.gap.pk])))
    assert "党员3名（人员名单由园区掌握）" in enterprise
    branch = said(client.get(reverse("record", args=["organizations", planted.jia.branch.pk])))
    assert "党员1名（人员名单由园区掌握）" in branch
    assert "现任班子1人（人员名单由园区掌握）" in branch
    assert "在任" in branch
    assert "空缺" not in branch
    meeting = said(client.get(reverse("record", args=["activities", planted.jia.activity.pk])))
    assert "点名登记1人（人员名单由园区掌握）" in meeting
    assert "园区工作人员" in meeting
    assert "园区党群工作部门" in said(client.get(reverse("dashboard")))


# The rule itself


def test_who_sees_persons(
    planted: World, officer: Any, leader: Any, superior: Any, administrator: Any, nobody: Any, mixed: Any
) -> None:
    assert frozenset({Role.OFFICER, Role.LEADER, Role.ADMINISTRATOR}) == PERSON_READERS
    jia, yi = planted.jia.park, planted.yi.park
    for user in (officer, leader, administrator):
        assert sees_persons(user, jia.pk)
        assert persons_of(user).everywhere
    for user in (superior, nobody):
        assert not sees_persons(user, jia.pk)
        assert not persons_of(user).anywhere
    assert sees_persons(mixed, jia.pk)
    assert not sees_persons(mixed, yi.pk)
    assert (persons_of(mixed).within(None), persons_of(mixed).within(yi)) == (True, False)


@pytest.mark.parametrize("model", ABOUT_PERSONS)
def test_rows_about_persons_are_counted_but_not_read(
    model: Any, planted: World, superior: Any, mixed: Any, leader: Any, nobody: Any
) -> None:
    of_jia = set(model.objects.in_park(planted.jia.park))
    assert not model.objects.visible_to(superior).exists()
    assert set(model.objects.visible_to(mixed)) == of_jia == set(model.objects.visible_to(leader))
    assert set(model.objects.counted_for(superior)) == of_jia == set(model.objects.counted_for(leader))
    assert set(model.objects.counted_for(mixed)) == set(model.objects.all())
    assert not model.objects.counted_for(nobody).exists()


def test_the_trail_is_not_wider_than_the_records(planted: World, superior: Any, leader: Any, national: Any) -> None:
    labels = [model._meta.label_lower for model in ABOUT_PERSONS]
    for user in (superior, national):
        seen = Change.objects.visible_to(user)
        assert not seen.filter(model__in=[*labels, "orgs.user", "orgs.grant"]).exists()
        assert seen.filter(model="orgs.enterprise").exists()
    assert Change.objects.visible_to(leader).filter(model="orgs.member").exists()


# Every lock bites when it is taken off


def unhidden_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Listing, "_is_withheld", lambda self, column: False)
    monkeypatch.setattr(Listing, "_withholds", lambda self, column, row: False)


def unhidden_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Look, "withholds", lambda self, row, name: False)


def unhidden_trail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Change, "without_persons", lambda self: self)


def readable_members(monkeypatch: pytest.MonkeyPatch) -> None:
    for model in ABOUT_PERSONS:
        monkeypatch.setattr(model, "read_roles", None)


def named_responsible(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.next_ten.PARK_OFFICE", f"联系人 {JIA}")


@pytest.mark.parametrize(
    ("leak", "where"),
    [
        (unhidden_columns, lambda world: reverse("ledger", args=["activities"])),
        (unhidden_columns, lambda world: reverse("ledger", args=["work-coverages"])),
        (unhidden_columns, lambda world: reverse("ledger", args=["organizations"])),
        (unhidden_columns, lambda world: reverse("ledger-export", args=["activities"])),
        (unhidden_fields, lambda world: reverse("record", args=["enterprises", world.jia.gap.pk])),
        (unhidden_fields, lambda world: reverse("record", args=["work-coverages", world.jia.work.pk])),
        (unhidden_fields, lambda world: reverse("record", args=["activities", world.jia.activity.pk])),
        (unhidden_trail, lambda world: reverse("record", args=["enterprises", world.jia.gap.pk])),
        (readable_members, lambda world: reverse("record", args=["organizations", world.jia.branch.pk])),
        (named_responsible, lambda world: reverse("dashboard")),
    ],
)
def test_a_planted_leak_is_found(
    leak: Callable[[pytest.MonkeyPatch], None],
    where: Callable[[World], str],
    planted: World,
    national: Any,
    sign_in: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client, url = sign_in(national), where(planted)
    assert named_in(client.get(url), MARKS["jia"]) == []
    leak(monkeypatch)
    assert JIA in named_in(client.get(url), MARKS["jia"])
