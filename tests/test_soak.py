"""Many writers and readers at once, for a bounded time: nobody is refused, nothing is lost, the trail is complete."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from orgs import journal
from orgs.models import Change, Enterprise, Park, User
from orgs.scoping import Role
from tests.browserless import Fields
from tests.factories import EARLY, grant, make_enterprise, make_park, make_user

SECONDS = 20
WRITERS, READERS = 4, 2
THREADS, EDITS, RECORDS = 50, 20, 10


@pytest.mark.soak
@pytest.mark.django_db(transaction=True)
def test_writers_and_readers_share_the_database() -> None:
    park = make_park("soak")
    people = [make_user(f"soak-{number}") for number in range(WRITERS + READERS)]
    for person in people:
        grant(person, Role.OFFICER, park)
    before = Change.objects.count()
    end = time.monotonic() + SECONDS

    with ThreadPoolExecutor(WRITERS + READERS) as pool:
        written = [pool.submit(write, park, person, end) for person in people[:WRITERS]]
        read = [pool.submit(look, person, end) for person in people[WRITERS:]]
        created = sum(future.result() for future in written)
        assert all(future.result() for future in read)

    assert created > 0
    assert Enterprise.objects.in_park(park).filter(note="第二次").count() == created
    assert Change.objects.count() - before == 2 * created


def write(park: Park, person: User, end: float) -> int:
    """Creates enterprises and changes each once; the number created."""
    created = 0
    try:
        while time.monotonic() < end:
            row = Enterprise(park=park, name=f"{person.username}企业{created}", kind="private", settled_on=EARLY)
            journal.save(row, person, journal.Via.PAGE)
            row.note = "第二次"
            journal.save(row, person, journal.Via.PAGE)
            created += 1
    finally:
        connection.close()
    return created


def look(person: User, end: float) -> int:
    """Counts what it sees until the time is up; the number never falls."""
    seen, looks = 0, 0
    try:
        while time.monotonic() < end:
            now = Enterprise.objects.visible_to(person).count()
            assert now >= seen
            seen, looks = now, looks + 1
            time.sleep(0.01)
    finally:
        connection.close()
    return looks


@pytest.mark.soak
@pytest.mark.django_db(transaction=True)
def test_fifty_officers_edit_ten_records() -> None:
    """Every edit is stored, or answered with the page that compares; none is lost in silence."""
    park = make_park("soak")
    firms = [make_enterprise(park, name=f"{number}号机械有限公司", phone="起初") for number in range(RECORDS)]
    people = [make_user(f"soak-{number}") for number in range(THREADS)]
    for person in people:
        grant(person, Role.OFFICER, park)
    with ThreadPoolExecutor(THREADS) as pool:
        answers = [pool.submit(edit, firms, person, number) for number, person in enumerate(people)]
        told = [answer for future in answers for answer in future.result()]
    assert len(told) == THREADS * EDITS
    assert {outcome for _, outcome in told} <= {"stored", "compared"}
    stored = {phone for phone, outcome in told if outcome == "stored"}
    assert 0 < len(stored) < len(told)  # they did meet
    written: list[str] = []
    for firm in firms:
        entries = Change.objects.filter(model="orgs.enterprise", object_id=firm.pk, action="update").order_by("pk")
        last = "起初"
        for entry in entries:  # each begins where the one before it ended
            assert entry.before == {"phone": last}
            last = entry.after["phone"]
            written.append(last)
        firm.refresh_from_db()
        assert firm.phone == last
    assert sorted(written) == sorted(stored)
    print(f"\n{len(told)} edits: {len(stored)} stored, {len(told) - len(stored)} answered with the comparison")


def edit(firms: list[Enterprise], person: User, number: int) -> list[tuple[str, str]]:
    """Opens a record, types another telephone number, sends it; what was typed, and what became of it."""
    told = []
    try:
        client = Client()
        client.force_login(person)
        for turn in range(EDITS):
            url = reverse("record-edit", args=["enterprises", firms[(number + turn) % RECORDS].pk])
            phone = f"{number}-{turn}"
            # Read off the page: what a client notes of contexts is mixed up among threads
            answer = client.post(url, Fields.on(client.get(url)) | {"phone": phone})
            if answer.status_code == 302:
                told.append((phone, "stored"))
            else:
                is_comparison = "对方现在的值" in answer.content.decode()
                told.append((phone, "compared" if is_comparison else f"{answer.status_code}"))
    finally:
        connection.close()
    return told
