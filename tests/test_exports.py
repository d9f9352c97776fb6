"""The workbook of a long list is made by a process of its own, for one account, and is the one of the short way."""

import datetime as dt
import os
from dataclasses import asdict, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook

from orgs.models import Grant, Role, User
from portal import exports, listbook, processes
from portal.asking import Asked
from portal.ledgers import LEDGERS
from portal.listing import Listing
from portal.management.commands.export_ledger import Command
from tests.factories import grant, make_enterprise, make_park, make_user
from tests.stories import told_by

LEDGER = "/ledgers/enterprises"
pytestmark = pytest.mark.django_db


@pytest.fixture
def officer() -> User:
    park = make_park("long")
    for number in range(7):
        make_enterprise(park, name=f"{number}号机械有限公司", industry="C" if number else "F")
    user = make_user("exporter")
    grant(user, Role.OFFICER, park)
    return user


@pytest.fixture
def browser(client: Client, officer: User) -> Client:
    client.force_login(officer)
    return client


@pytest.fixture(autouse=True)
def begun(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> list[list[str]]:
    """More than five rows are long; and other processes are left out, for they could not see the transaction."""
    settings.VAR_DIR = tmp_path
    started: list[list[str]] = []
    monkeypatch.setattr(exports, "LONG", 5)
    monkeypatch.setattr(exports, "several", lambda: map)
    monkeypatch.setattr(processes, "start", lambda command, arguments, descriptor, path: started.append(arguments))
    return started


def run(begun: list[list[str]]) -> None:
    """What the process does."""
    user, ledger, query = begun.pop()
    with processes.taken(exports.word_file_of(User(pk=int(user)))) as descriptor:
        Command().handle(user=int(user), ledger=ledger, query=query, descriptor=descriptor)


def rows_of(data: bytes) -> list[list[tuple[Any, ...]]]:
    """Every cell of both sheets, but for when it was made."""
    sheets = load_workbook(BytesIO(data)).worksheets
    return [[row for row in sheet.iter_rows(values_only=True) if row[0] != "导出时间"] for sheet in sheets]


def whole(answer: Any) -> bytes:
    """Read to its end, which closes the file too."""
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


@pytest.mark.parametrize("query", ["", "?industry=C&sort=-name&columns=name,uscc"])
def test_the_long_way_makes_what_the_short_way_makes(
    browser: Client, begun: list[list[str]], monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    answer = browser.get(f"{LEDGER}/export/{query}")
    assert answer.status_code == 302
    page = answer.headers["Location"]
    assert page == browser.get(f"{LEDGER}/{query}").context["listing"].beside("ledger-export-long")
    run(begun)
    shown = browser.get(page).content.decode()
    assert "工作簿已生成：" in shown
    assert 'http-equiv="refresh"' not in shown
    made = browser.get(f"{LEDGER}/export/file/{query}")
    assert made.headers["Content-Disposition"].startswith("attachment; ")
    monkeypatch.setattr(exports, "LONG", 100)
    assert rows_of(whole(made)) == rows_of(whole(browser.get(f"{LEDGER}/export/{query}")))


def test_asked_for_again_it_is_there_and_made_anew_only_on_demand(browser: Client, begun: list[list[str]]) -> None:
    page = browser.get(f"{LEDGER}/export/").headers["Location"]
    run(begun)
    assert browser.get(f"{LEDGER}/export/").headers["Location"] == page
    assert begun == []
    browser.post(page)
    assert len(begun) == 1
    assert browser.get(f"{LEDGER}/export/file/").status_code == 302  # what was made before is gone


def test_the_page_says_how_far_it_is_and_that_another_one_has_to_wait(
    browser: Client, officer: User, begun: list[list[str]]
) -> None:
    page = browser.get(f"{LEDGER}/export/").headers["Location"]
    path = exports.word_file_of(officer)
    word = processes.look(path)[0]
    assert word is not None
    with processes.taken(path) as descriptor:
        processes.say(descriptor, {**word, "done": 4})
        shown = browser.get(page).content.decode()
        assert "已写4行，共7行" in shown
        assert 'http-equiv="refresh"' in shown
        other = browser.get(f"{LEDGER}/export/?sort=-name", follow=True).content.decode()
        assert "另一份工作簿正在生成" in other
        browser.post(page)
    assert len(begun) == 1


def test_the_page_and_the_workbook_say_the_day_once(browser: Client, begun: list[list[str]]) -> None:
    page = browser.get(f"{LEDGER}/export/?day=2026-03-31&industry=C").headers["Location"]
    shown = browser.get(page).content.decode()
    assert shown.count("2026-03-31") == shown.count("day=2026-03-31") + 1
    assert "行业：制造业" in shown
    run(begun)
    _, about = rows_of(whole(browser.get(f"{LEDGER}/export/file/?day=2026-03-31&industry=C")))
    told = {row[0]: row[1] for row in about}
    assert (told["筛选条件"], told["截至"].date().isoformat()) == ("行业：制造业", "2026-03-31")


def test_never_more_rows_are_said_to_be_written_than_there_are(
    browser: Client, begun: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listbook, "CHUNK", 5)
    monkeypatch.setattr(exports, "CHUNK", 5)
    words: list[tuple[int, int]] = []
    browser.get(f"{LEDGER}/export/")
    monkeypatch.setattr(processes, "say", lambda descriptor, word: words.append((word["done"], word["total"])))
    run(begun)
    assert words == [(5, 7), (7, 7), (7, 7)]


def test_killed_or_failed_it_says_so_and_offers_to_begin_again(
    browser: Client, officer: User, begun: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = browser.get(f"{LEDGER}/export/").headers["Location"]
    assert "上次没有做完就断了，请重新生成" in browser.get(page).content.decode()
    monkeypatch.setattr(exports, "table_workbook", lambda table: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run(begun)
    assert "生成时出了意外，请再试一次" in browser.get(page).content.decode()
    assert not exports.file_of(officer).exists()
    browser.get(f"{LEDGER}/export/")
    assert len(begun) == 1


def test_nobody_else_finds_it_nor_who_has_lost_the_right(
    browser: Client, officer: User, begun: list[list[str]]
) -> None:
    browser.get(f"{LEDGER}/export/")
    run(begun)
    colleague, other = make_user("colleague"), Client()
    grant(colleague, Role.OFFICER, Grant.objects.get(user=officer).park)
    other.force_login(colleague)
    assert other.get(f"{LEDGER}/export/file/").status_code == 302
    assert whole(browser.get(f"{LEDGER}/export/file/")).startswith(b"PK")
    Grant.objects.filter(user=officer).update(role=Role.LEADER)
    assert browser.get(f"{LEDGER}/export/file/").status_code == 302


def test_after_a_day_it_is_gone(browser: Client, officer: User, begun: list[list[str]]) -> None:
    page = browser.get(f"{LEDGER}/export/").headers["Location"]
    run(begun)
    making = exports.look(officer)
    assert making is not None
    yesterday = timezone.now() - dt.timedelta(days=1, minutes=1)
    with processes.taken(exports.word_file_of(officer)) as descriptor:
        processes.say(descriptor, asdict(replace(making, made_at=yesterday.isoformat())))
    assert "还没有生成，或已过了一天" in browser.get(page).content.decode()
    os.utime(exports.file_of(officer), (yesterday.timestamp(), yesterday.timestamp()))
    exports._sweep()
    assert not exports.file_of(officer).exists()


def test_a_list_with_something_wrong_is_not_made(browser: Client, begun: list[list[str]]) -> None:
    for method in (browser.get, browser.post):
        assert method(f"{LEDGER}/export/long/?sort=none").status_code == 400
    assert begun == []


def test_what_is_kept_is_small_enough_for_its_place(officer: User) -> None:
    """A word of the longest title, in bytes."""
    listing = Listing(LEDGERS["enterprises"], Asked(officer, None, dt.date(2026, 10, 31)), QueryDict(""))
    problem = "生成时出了意外，请再试一次；还是不行请告诉系统管理员。"
    longest = exports.Making(exports.key_of(listing), "字" * 60, 10**6, 10**6, "2026-10-31T00:00:00+00:00", problem)
    assert len(str(asdict(longest)).encode()) < processes.SIZE


STORY = """
    import time
    import datetime as dt
    from django.http import QueryDict
    from orgs.models import Role
    from portal import exports
    from portal.asking import Asked
    from portal.ledgers import LEDGERS
    from portal.listing import Listing
    from tests.factories import grant, make_enterprise, make_park, make_user
    park, user = make_park("apart"), make_user("apart")
    grant(user, Role.OFFICER, park)
    for number in range(3):
        make_enterprise(park, name=f"{number}号机械有限公司")
    listing = Listing(LEDGERS["enterprises"], Asked(user, None, dt.date.today()), QueryDict("sort=-name"))
    exports.begin(listing)
    while exports.look(user).is_running:
        time.sleep(0.05)
    making = exports.look(user)
    print(making.done, making.problem, making.key == exports.key_of(listing), exports.file_of(user).read_bytes()[:2])
"""


@pytest.mark.files
def test_a_real_process_makes_one(tmp_path: Path) -> None:
    told = told_by(STORY, tmp_path)
    assert told.stdout.strip() == "3  True b'PK'", told.stderr
