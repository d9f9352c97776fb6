"""A long batch is worked on by a process of its own, which tells how far it is and writes all or nothing."""

import contextlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from orgs.models import Enterprise, Park, Role, User
from portal import processes
from portal.imports import batches, jobs
from portal.models import ImportBatch
from tests.factories import grant, make_enterprise, make_park, make_user
from tests.stories import told_by
from tests.test_imports import book


@pytest.fixture
def park() -> Park:
    return make_park("jobs")


@pytest.fixture
def officer(park: Park) -> User:
    user = make_user("importer")
    grant(user, Role.OFFICER, park)
    return user


@pytest.fixture
def browser(client: Client, officer: User) -> Client:
    client.force_login(officer)
    return client


@pytest.fixture(autouse=True)
def _own_folder(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Everything is long; and the process is left to :func:`run`, for it could not see the transaction of a test."""
    begun: list[list[str]] = []
    for name in ("FORMS_AT_ONCE", "ROWS_AT_ONCE", "ENTRIES_AT_ONCE"):
        monkeypatch.setattr(jobs, name, 0)
    monkeypatch.setattr(processes, "start", lambda command, arguments, descriptor, path: begun.append(arguments))
    return begun


def run(batch: ImportBatch, user: User) -> None:
    """What the process does."""
    with open(jobs.file_of(batch.pk), "r+b") as file:
        jobs.work(ImportBatch.objects.select_related("park").get(pk=batch.pk), user, file.fileno())


def upload(browser: Client, park: Park, data: bytes) -> ImportBatch:
    url = f"{reverse('import-start', args=['enterprises'])}?park={park.slug}"
    answer = browser.post(url, {"park": park.slug, "file": SimpleUploadedFile("企业.xlsx", data)})
    assert answer.status_code == 302
    return ImportBatch.objects.get()


def upload_a_change(browser: Client, park: Park) -> ImportBatch:
    """Another telephone number for an enterprise on record."""
    make_enterprise(park, name="旧有机械有限公司", phone="1")
    return upload(browser, park, book([("旧有机械有限公司", "", "", "", "", "", "2")]))


@pytest.mark.django_db
def test_checked_written_and_taken_back_apart(
    park: Park, officer: User, browser: Client, impatient: list[list[str]]
) -> None:
    make_enterprise(park, name="旧有机械有限公司", phone="1")
    rows = [
        ("旧有机械有限公司", "", "", "", "", "", "2"),
        ("新来科技有限公司", "", "私营企业", "2025-03-01", "正常经营", 12, ""),
    ]
    batch = upload(browser, park, book(rows))
    assert (len(impatient), batch.digest) == (1, "")
    run(batch, officer)
    batch.refresh_from_db()
    assert [one["kind"] for one in batch.outcomes] == ["changed", "created"]

    browser.post(reverse("import-confirm", args=[batch.pk]), {"digest": batch.digest})
    assert not Enterprise.objects.filter(name="新来科技有限公司").exists()
    run(batch, officer)
    batch.refresh_from_db()
    assert (batch.state, Enterprise.objects.count()) == ("done", 2)

    browser.post(reverse("import-undo", args=[batch.pk]))
    run(batch, officer)
    batch.refresh_from_db()
    assert (batch.state, Enterprise.objects.get().phone) == ("undone", "1")
    assert jobs.look(batch.pk) is None


@pytest.mark.django_db
def test_many_records_are_changed_together_apart(
    park: Park, officer: User, browser: Client, impatient: list[list[str]]
) -> None:
    firms = [make_enterprise(park, name=f"{number}号机械有限公司") for number in range(3)]
    sent = {"kept": ",".join(str(firm.pk) for firm in firms), "step": "set", "locality": "城北街道"}
    answer = browser.post(reverse("ledger-bulk", args=["enterprises"]), sent)
    batch = ImportBatch.objects.get()
    assert answer.headers["Location"] == reverse("import-batch", args=[batch.pk])
    assert (len(impatient), batch.digest) == (1, "")
    for act, state in (("", "open"), ("confirm", "done"), ("undo", "undone")):
        if act:
            browser.post(reverse(f"import-{act}", args=[batch.pk]), {"digest": batch.digest})
            assert Enterprise.objects.filter(locality="城北街道").count() == (3 if act == "undo" else 0)
        run(batch, officer)
        batch.refresh_from_db()
        assert (batch.state, len(batch.outcomes)) == (state, 3)
    assert not Enterprise.objects.exclude(locality="").exists()


@pytest.mark.django_db
def test_the_page_says_how_far_it_is_and_lets_nobody_in(
    park: Park, officer: User, browser: Client, impatient: list[list[str]]
) -> None:
    batch = upload_a_change(browser, park)
    page = reverse("import-batch", args=[batch.pk])
    with processes.taken(jobs.file_of(batch.pk)) as descriptor:  # as the process holds it
        processes.say(descriptor, asdict(jobs.Job("check", 150, 1200)))
        shown = browser.get(page).content.decode()
        assert "已核对150行，共1,200行" in shown
        assert 'http-equiv="refresh"' in shown
        assert "正在核对" in browser.get(reverse("imports")).content.decode()
        for name in ("confirm", "drop", "columns", "file", "check"):
            answer = browser.post(reverse(f"import-{name}", args=[batch.pk]), follow=True)
            assert "正在处理，请等它做完" in answer.content.decode(), name
        with pytest.raises(processes.Busy):
            jobs.begin(batch, officer, "check")


@pytest.mark.django_db
def test_a_process_that_ends_while_the_page_is_asked_for_has_ended(
    park: Park, officer: User, browser: Client, impatient: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch of 20,000 rows takes a while to load: it may be written by the time it is there."""
    batch = upload_a_change(browser, park)
    run(batch, officer)
    batch.refresh_from_db()
    browser.post(reverse("import-confirm", args=[batch.pk]), {"digest": batch.digest})
    look = jobs.look

    def ends(pk: int) -> jobs.Job | None:
        monkeypatch.setattr(jobs, "look", look)
        run(batch, officer)
        return look(pk)

    monkeypatch.setattr(jobs, "look", ends)
    assert "撤销这一批" in browser.get(reverse("import-batch", args=[batch.pk])).content.decode()


@pytest.mark.django_db
def test_a_process_that_was_killed_is_told_of_and_can_be_started_again(
    park: Park, officer: User, browser: Client, impatient: list[list[str]]
) -> None:
    batch = upload_a_change(browser, park)
    page = reverse("import-batch", args=[batch.pk])
    shown = browser.get(page).content.decode()  # nobody holds the lock: nothing works on it any more
    assert "上次核对中途断了，没有写入任何内容，请重新核对" in shown
    assert "这一批还没有核对完" in shown
    assert "上次核对" not in browser.get(page).content.decode()
    browser.post(reverse("import-check", args=[batch.pk]))
    run(batch, officer)
    assert "修改1行" in browser.get(page).content.decode()


@pytest.mark.django_db
def test_what_goes_wrong_in_the_process_is_told(
    park: Park, officer: User, browser: Client, impatient: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = upload_a_change(browser, park)

    def fails(*args: Any, **kwargs: Any) -> None:
        raise OSError("disk")

    monkeypatch.setattr(batches, "recheck", fails)
    with pytest.raises(OSError, match="disk"):
        run(batch, officer)
    assert "核对时出了意外，没有写入任何内容" in browser.get(reverse("import-batch", args=[batch.pk])).content.decode()


STORY = """
    import os, time
    from portal.imports import batches, jobs
    from portal.imports.plans import PLANS
    from portal.models import ImportBatch
    from tests.factories import grant, make_enterprise, make_park, make_user
    from tests.test_imports import book
    from orgs.models import Enterprise, Role
    park, user = make_park("apart"), make_user("apart")
    grant(user, Role.OFFICER, park)
    rows = [(f"{number}号机械有限公司", "", "私营企业", "2025-03-01", "正常经营", 12, "") for number in range(300)]
    for number in range(120):  # a changed record is asked of its form, one by one
        make_enterprise(park, name=f"旧有{number}号机械有限公司", phone="1")
        rows.append((f"旧有{number}号机械有限公司", "", "", "", "", "", "2"))
    batch = batches.open_batch(PLANS["enterprises"], user, park, "x.xlsx", book(rows))
    jobs.begin(batch, user, "confirm", digest=batch.digest)
    seen = set()
    while jobs.is_running(batch.pk):
        job = jobs.look(batch.pk)
        seen.add(job and job.done)
        time.sleep(0.005)
    batch.refresh_from_db()
    print(max(seen - {None}) > 300, batch.state, Enterprise.objects.count(), jobs.look(batch.pk))
"""


@pytest.mark.files
def test_a_real_process_writes_a_batch(tmp_path: Path) -> None:
    told = told_by(STORY, tmp_path)
    assert told.stdout.strip() == "True done 420 None", told.stderr


@pytest.mark.django_db
@pytest.mark.parametrize(("locked", "left"), [(2, ""), (99, "系统一直很忙，没有写入任何内容，请过几分钟重新核对。")])
def test_kept_waiting_it_is_done_once_more(
    park: Park,
    officer: User,
    browser: Client,
    impatient: list[list[str]],
    monkeypatch: pytest.MonkeyPatch,
    locked: int,
    left: str,
) -> None:
    batch = upload_a_change(browser, park)
    asked: list[int] = []
    recheck = batches.recheck

    def kept_waiting(*given: Any, **more: Any) -> None:
        asked.append(1)
        if len(asked) <= locked:
            raise OperationalError("database is locked")
        recheck(*given, **more)

    monkeypatch.setattr(batches, "recheck", kept_waiting)
    with contextlib.suppress(OperationalError):
        run(batch, officer)
    job = jobs.look(batch.pk)
    assert (job.problem if job else "") == left
    assert len(asked) == min(locked + 1, jobs.TRIES)
