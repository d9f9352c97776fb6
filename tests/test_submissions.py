"""A form that is sent twice is carried out once, whether one comes after the other or both at the same time."""

import datetime as dt
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from orgs.models import BusinessState, Change, Enterprise
from portal import submissions
from portal.models import Draft, Submission
from tests.test_drafts import GOOD, NEW, mark_of
from tests.test_records import text_of


def made(name: str = GOOD["name"]) -> int:
    return Enterprise.objects.filter(name=name).count()


@pytest.mark.django_db
def test_the_second_of_two_finds_the_record_of_the_first(sign_in: Any, officer: Any) -> None:
    client = sign_in(officer)
    data = GOOD | {"mark": mark_of(client.get(NEW))}
    first = client.post(NEW, data)
    second = client.post(NEW, data, follow=True)
    assert second.redirect_chain[0][0] == first["Location"]
    assert "刚才已经提交过，没有再登记一遍" in text_of(second)
    assert made() == 1
    assert Change.objects.filter(model="orgs.enterprise", label=GOOD["name"]).count() == 1


@pytest.mark.django_db
def test_a_dated_fact_is_made_once(sign_in: Any, officer: Any, world: Any) -> None:
    client = sign_in(officer)
    url = reverse("record-fact-new", args=["enterprises", world.jia.covered.pk, "states"])
    data = {"state": "suspended", "since": "2026-09-01", "staff": "3", "mark": mark_of(client.get(url))}
    assert client.post(url, data)["Location"] == client.post(url, data)["Location"]
    assert BusinessState.objects.filter(enterprise=world.jia.covered).count() == 2


@pytest.mark.django_db
def test_another_record_from_the_same_page_is_another_record(sign_in: Any, officer: Any) -> None:
    """Back in the browser, another name typed: not the same form again."""
    client = sign_in(officer)
    data = GOOD | {"mark": mark_of(client.get(NEW))}
    client.post(NEW, data)
    assert client.post(NEW, data | {"name": "甲河另一家"}).status_code == 302
    assert (made(), made("甲河另一家")) == (1, 1)
    # And the same typed into a fresh page is meant
    fresh = GOOD | {"mark": mark_of(client.get(NEW))}
    asked = client.post(NEW, fresh)
    assert client.post(NEW, fresh | {"different": asked.context["alike_keys"]}).status_code == 302
    assert made() == 2


@pytest.mark.django_db
def test_a_form_that_was_refused_may_be_sent_again(sign_in: Any, officer: Any) -> None:
    client = sign_in(officer)
    data = GOOD | {"mark": mark_of(client.get(NEW))}
    assert client.post(NEW, data | {"settled_on": "2026-02-30"}).status_code == 200
    assert not Submission.objects.exists()
    assert client.post(NEW, data).status_code == 302
    assert made() == 1


@pytest.mark.django_db
def test_a_draft_that_is_saved_late_does_not_come_back(sign_in: Any, officer: Any) -> None:
    """The script was still on its way when the form was submitted."""
    client = sign_in(officer)
    data = GOOD | {"mark": mark_of(client.get(NEW))}
    client.post(NEW, data)
    client.post(NEW, data | {"draft": "auto"})
    assert not Draft.objects.exists()


@pytest.mark.django_db
def test_what_was_sent_is_forgotten_after_a_day(sign_in: Any, officer: Any) -> None:
    old = timezone.now() - dt.timedelta(days=submissions.DAYS, minutes=1)
    Submission.objects.create(user=officer, digest="x", at=old, record=1)
    client = sign_in(officer)
    client.post(NEW, GOOD | {"mark": mark_of(client.get(NEW))})
    assert Submission.objects.count() == 1
    kept = Submission.objects.get()
    assert kept.record == Enterprise.objects.get(name=GOOD["name"]).pk
    assert GOOD["name"] not in kept.digest


@pytest.mark.soak
@pytest.mark.django_db(transaction=True)
def test_two_at_the_same_moment_make_one_record(sign_in: Any, officer: Any) -> None:
    client = sign_in(officer)
    data = GOOD | {"mark": mark_of(client.get(NEW))}
    start, answers = Barrier(2), []

    def send() -> None:
        own = Client()
        own.cookies = client.cookies
        start.wait()
        try:
            answers.append(own.post(NEW, data)["Location"])
        finally:
            connection.close()

    threads = [Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made() == 1
    assert answers[0] == answers[1]
