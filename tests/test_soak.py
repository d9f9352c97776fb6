"""Many writers and readers at once, for a bounded time: nobody is refused, nothing is lost, the trail is complete."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from orgs import journal
from orgs.models import Change, Enterprise, Park, User
from orgs.scoping import Role
from tests.factories import EARLY, grant, make_park, make_user

SECONDS = 20
WRITERS, READERS = 4, 2


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
