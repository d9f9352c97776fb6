"""Who was kept waiting until the database gave up gets back what he typed, and sends it again with one button."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, OperationalError, connection, transaction
from django.http import HttpResponse
from django.test import RequestFactory

from portal.trying_again import TryAgain, carried, is_about_waiting
from tests.factories import make_park
from tests.stories import told_by

SEND = RequestFactory()

# Another process holds the database: a connection beside that of the portal
STORY = """
    import sqlite3
    from django.conf import settings
    settings.ALLOWED_HOSTS = ["*"]
    from django.db import connection
    from django.test import Client
    from lxml import html
    from orgs.models import Enterprise, Role
    from tests.factories import grant, make_enterprise, make_park, make_user
    park, user = make_park("busy"), make_user("kept-waiting")
    grant(user, Role.OFFICER, park)
    firm = make_enterprise(park, name="等待机械有限公司", industry="C")
    client = Client(raise_request_exception=False)
    client.force_login(user)
    address = f"/ledgers/enterprises/{firm.pk}/edit/?park=busy"
    form = html.fromstring(client.get(address).content).forms
    fields = next({name: value or "" for name, value in one.form_values()} for one in form if "name" in one.fields)
    fields["size"] = ""
    note = "\\n第一行<&\\"'\\n第二行 "
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 300")
    other = sqlite3.connect(settings.DATABASES["default"]["NAME"], isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    answer = client.post(address, {**fields, "note": note, "phone": "0477-1234567"})
    page = html.fromstring(answer.content)
    print(answer.status_code, answer["Retry-After"], Enterprise.objects.get().phone == "")
    print(client.get(address).status_code)
    other.execute("ROLLBACK")
    again = page.forms[0]
    # As a browser reads a textarea: without the line end behind its tag
    sent = client.post(again.action, {name: value.removeprefix("\\n") for name, value in again.form_values()})
    print(sent.status_code, Enterprise.objects.get().phone, repr(Enterprise.objects.get().note))
"""


@pytest.mark.files
def test_a_writer_who_waited_in_vain_loses_nothing(tmp_path: Path) -> None:
    told = told_by(STORY, tmp_path)
    lines = told.stdout.strip().splitlines()
    assert lines == ["503 5 True", "200", "302 0477-1234567 '第一行<&\"\\'\\n第二行'"], told.stderr


def page_for(request: Any, problem: Exception) -> str:
    answer = TryAgain(lambda _request: HttpResponse()).process_exception(request, problem)
    assert answer is not None
    assert answer.status_code == 503
    return answer.content.decode()


def test_what_may_not_be_sent_along_is_not() -> None:
    locked = OperationalError("database is locked")
    with_number = SEND.post("/x/", {"name": "某某", "id_number": "11010519491231002X"})
    assert carried(with_number) is None
    assert "11010519491231002X" not in page_for(with_number, locked)
    assert carried(SEND.post("/x/", {"username": "officer", "password": "secret"})) is None
    assert carried(SEND.post("/x/", {"file": SimpleUploadedFile("企业.xlsx", b"PK")})) is None
    assert "后退" in page_for(with_number, locked)
    assert carried(SEND.post("/x/", {"a": ["1", "2"], "csrfmiddlewaretoken": "t"})) == [("a", "1"), ("a", "2")]
    assert "请稍等再打开这一页" in page_for(SEND.get("/ledgers/?park=jia"), locked)


def test_other_problems_are_left_alone() -> None:
    for problem in (ValueError("is locked"), DatabaseError("is locked"), OperationalError("disk I/O error")):
        assert not is_about_waiting(problem)


@pytest.mark.django_db(transaction=True)
def test_postgresql_says_it_in_its_own_way() -> None:
    if connection.vendor != "postgresql":
        assert is_about_waiting(OperationalError("database table is locked"))
        return
    park = make_park("busy")
    other = connection.copy()
    try:
        with other.cursor() as holds:
            holds.execute("BEGIN")
            holds.execute("SELECT 1 FROM orgs_park WHERE id = %s FOR UPDATE", [park.pk])
            with transaction.atomic(), connection.cursor() as waits:
                waits.execute("SET LOCAL lock_timeout = '50ms'")
                with pytest.raises(OperationalError) as told, transaction.atomic():
                    waits.execute("SELECT 1 FROM orgs_park WHERE id = %s FOR UPDATE", [park.pk])
            holds.execute("ROLLBACK")
    finally:
        other.close()
    assert is_about_waiting(told.value)
