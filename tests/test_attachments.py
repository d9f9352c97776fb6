"""Files beside records: what is taken, who gets it, what is kept when something goes wrong; and that nothing counts."""

import datetime as dt
import io
import os
import re
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import Workbook

from metrics import summaries
from metrics.indicators import INDICATORS, rates
from orgs import journal
from orgs.journal import Via
from orgs.models import Change, Enterprise
from portal.attachments import incoming, keeping, store
from portal.attachments.kinds import ENDINGS, TYPES, NotTaken, kind_of, tidy_name
from portal.management.commands.doctor import attached
from portal.models import Attachment, FileKind
from portal.records import RECORDS
from tests.factories import World, attach, put
from tests.test_export_all import dump, empty, out

ROOT = Path(settings.BASE_DIR)
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n%%EOF\n"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
DAY = 24 * 3600


def package(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return file.getvalue()


def workbook() -> bytes:
    file = io.BytesIO()
    Workbook().save(file)
    return file.getvalue()


def wide(text: str) -> bytes:
    return text.encode("utf-16-le")


# What a file is


@pytest.mark.files
@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (PDF, FileKind.PDF),
        (b"\xff\xd8\xff\xe1" + bytes(20), FileKind.JPG),
        (b"\x89PNG\r\n\x1a\n" + bytes(20), FileKind.PNG),
        (workbook(), FileKind.XLSX),
        (package("[Content_Types].xml", "word/document.xml", "word/media/image1.png"), FileKind.DOCX),
        (package("OFD.xml", "Doc_0/Document.xml"), FileKind.OFD),
        (OLE + wide("Root Entry") + wide("WordDocument"), FileKind.WPS),
        (OLE + wide("Workbook"), FileKind.ET),
    ],
)
def test_what_is_taken_is_told_by_its_bytes(data: bytes, kind: FileKind) -> None:
    assert kind_of(data) == kind


@pytest.mark.files
@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "空的"),
        (b" \r\n\x00", "空的"),
        (b"MZ\x90\x00" + bytes(60), "程序"),
        (b"\x7fELF\x02\x01", "程序"),
        (b"#!/bin/sh\nrm -rf /\n", "程序或脚本"),
        (b"<!DOCTYPE html><html><script>1</script></html>", "网页"),
        (b"\xef\xbb\xbf<?xml version='1.0'?><svg xmlns='x' onload='1'/>", "SVG"),
        (b"  \n<svg onload=alert(1)>", "SVG"),
        ("<html>".encode("utf-16"), "网页"),
        (b"name,phone\n", "文本文件"),
        (b"GIF89a" + bytes(20), "JPG或PNG"),
        (bytes(4) + b"ftypheic" + bytes(20), "JPG或PNG"),
        (b"Rar!\x1a\x07\x00", "压缩包"),
        (package("a.exe"), "压缩包"),
        (package("[Content_Types].xml", "ppt/presentation.xml"), "演示文稿"),
        (package("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"), "有宏"),
        (package("[Content_Types].xml", "xl/workbook.xml", "xl/macrosheets/sheet1.xml"), "有宏"),
        (workbook()[:-30], "不完整"),
        (OLE + wide("EncryptedPackage"), "打开密码"),
        (OLE + wide("WordDocument") + wide("_VBA_PROJECT"), "有宏"),
        (OLE + wide("PowerPoint Document"), "演示文稿"),
        (OLE + wide("SummaryInformation"), "认不出"),
        (bytes(range(256)), "认不出"),
    ],
)
def test_what_is_not_taken_says_what_it_is_and_what_to_do(data: bytes, said: str) -> None:
    with pytest.raises(NotTaken, match=said) as refused:
        kind_of(data)
    assert str(refused.value).endswith("。")


@pytest.mark.files
@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("会议记录.pdf", "会议记录.pdf"),
        (r"C:\桌面\会议 记录.PDF", "会议 记录.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("invoice\u202efdp.exe", "invoicefdp.exe.pdf"),
        ('a"b\r\nX: y;<1>.pdf', "a_bX_ y;_1_.pdf"),
        (".pdf", "附件.pdf"),
        ("", "附件.pdf"),
        ("长" * 300 + ".pdf", "长" * 96 + ".pdf"),
    ],
)
def test_a_name_is_tidied_and_ends_as_its_kind(given: str, kept: str) -> None:
    assert tidy_name(given, FileKind.PDF) == kept


@pytest.mark.files
def test_every_kind_has_a_type_and_an_ending() -> None:
    assert set(TYPES) == set(ENDINGS) == set(FileKind)
    assert not [one for one in TYPES.values() if one.startswith("text/") or "html" in one or "svg" in one]


# Adding


@pytest.fixture
def own_folder(tmp_path: Path, settings: Any) -> Path:
    """An empty place for files, of this test alone."""
    settings.FILES_DIR = tmp_path / "files"
    return tmp_path / "files"


def on_disk(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def upload(content: bytes = PDF, name: str = "会议记录.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def add_to(row: Any, slug: str = "enterprises") -> str:
    return reverse("record-attachment-new", args=[slug, row.pk])


def text_of(response: Any) -> str:
    page: str = response.content.decode()
    return page


@pytest.mark.crawl
@pytest.mark.django_db
@pytest.mark.parametrize("slug", list(RECORDS))
def test_a_file_goes_in_beside_any_record_and_comes_out_as_it_was(
    slug: str, world: World, administrator: Any, sign_in: Any, own_folder: Path
) -> None:
    client, row = sign_in(administrator), world.jia.ledgers()[slug]
    answer = client.post(add_to(row, slug), {"note": "签到表", "file": upload(name="签到 表.pdf")}, follow=True)
    assert answer.redirect_chain == [(reverse("record", args=[slug, row.pk]) + "#attachments", 302)]
    page = text_of(answer)
    assert "已添加附件“签到 表.pdf”。" in page
    assert "签到表" in page
    made = Attachment.objects.get(name="签到 表.pdf")
    assert (made.park_id, made.size, made.kind, made.account) == (world.jia.park.pk, len(PDF), "pdf", administrator.pk)
    # In the trail of the record, on its page
    assert [change.action for change in journal.trail_of(made)] == ["create"]
    assert "附件：签到 表.pdf" in page

    got = client.get(reverse("record-attachment", args=[slug, row.pk, made.pk]))
    assert b"".join(got.streaming_content) == PDF
    assert got["Content-Disposition"] == "attachment; filename*=utf-8''%E7%AD%BE%E5%88%B0%20%E8%A1%A8.pdf"
    assert got["Content-Type"] == "application/pdf"
    assert got["Content-Length"] == str(len(PDF))
    assert got["X-Content-Type-Options"] == "nosniff"
    assert got["Content-Security-Policy"].endswith("; sandbox")
    assert got["Cache-Control"] == "private, no-store"
    where = own_folder / made.sha256[:2] / made.sha256[2:]
    assert where.read_bytes() == PDF
    assert stat.S_IMODE(where.stat().st_mode) == 0o600
    assert stat.S_IMODE(own_folder.stat().st_mode) == 0o700


@pytest.mark.django_db
def test_what_is_refused_is_told_and_what_was_typed_stays(
    world: World, officer: Any, sign_in: Any, own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, row, before = sign_in(officer), world.jia.gap, Change.objects.count()

    def refused(**data: Any) -> str:
        answer = client.post(add_to(row), {"note": "第一次签到", **data})
        assert answer.status_code == 400
        page = text_of(answer)
        assert page.count('role="alert" tabindex="-1"') == 1
        assert "<title>错误：添加附件" in page
        assert "第一次签到" in page
        return page

    assert "没有选文件" in refused()
    assert "文件是空的" in refused(file=upload(b""))
    assert "这是程序或脚本" in refused(file=upload(b"MZ" + bytes(80), "照片.jpg"))
    assert "说明最多60个字" in refused(note="第一次签到" + "长" * 60, file=upload())
    for module in (incoming, keeping):
        monkeypatch.setattr(module, "LARGEST", 200_000)
    assert "文件超过20MB" in refused(file=upload(PDF + bytes(200_000)))
    # Far beyond the bound the body is still read to its end, so that the browser hears the answer
    assert "文件超过20MB" in refused(file=upload(PDF + bytes(5_000_000)))
    assert Change.objects.count() == before
    assert on_disk(own_folder) == [] or on_disk(own_folder) == ["lock"]


@pytest.mark.django_db
def test_the_same_content_once_and_twenty_at_most(world: World, officer: Any, sign_in: Any) -> None:
    client, row = sign_in(officer), world.jia.gap
    assert client.post(add_to(row), {"file": upload()}).status_code == 302
    assert "内容完全相同的附件“会议记录.pdf”" in text_of(client.post(add_to(row), {"file": upload(name="b.pdf")}))
    assert client.post(add_to(world.jia.worked), {"file": upload()}).status_code == 302
    for number in range(keeping.MOST - 1):
        attach(row, "enterprises", f"第{number}个.pdf")
    assert "已有20个附件" in text_of(client.post(add_to(row), {"file": upload(PDF + b"other")}))
    page = text_of(client.get(reverse("record", args=["enterprises", row.pk])))
    assert "已有20个附件，不能再加" in page
    assert 'name="file"' not in page


@pytest.mark.crawl
@pytest.mark.django_db
def test_without_its_token_nothing_is_taken(world: World, officer: Any, own_folder: Path) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(officer)
    before = Attachment.objects.count()
    assert client.post(add_to(world.jia.gap), {"file": upload()}).status_code == 403
    assert Attachment.objects.count() == before
    assert on_disk(own_folder) == []


# Who sees them


@pytest.mark.crawl
@pytest.mark.django_db
def test_a_reader_gets_the_file_and_no_form_a_superior_neither(
    world: World, leader: Any, superior: Any, stranger: Any, sign_in: Any
) -> None:
    row, one = world.jia.covered, world.jia.attachment
    record, url = (reverse("record", args=["enterprises", row.pk]), f"/ledgers/enterprises/{row.pk}/attachments/")
    page = text_of(sign_in(leader).get(record))
    assert one.name in page
    assert 'type="file"' not in page
    assert "/delete/" not in page
    assert sign_in(leader).get(f"{url}{one.pk}/").status_code == 200
    page = text_of(sign_in(superior).get(f"{record}?trail=all"))
    assert one.name not in page
    assert "附件" not in page
    for user in (superior, stranger):
        assert sign_in(user).get(f"{url}{one.pk}/").status_code == 404
        assert sign_in(user).post(f"{url}new/", {"file": upload()}).status_code == 404


@pytest.mark.crawl
@pytest.mark.django_db
@pytest.mark.parametrize(
    "prefix", ["files", "media", "var/files", "static/../var/files", "static/files", "attachments"]
)
def test_no_address_leads_to_a_file(prefix: str, world: World, administrator: Any, sign_in: Any) -> None:
    digest = world.jia.attachment.sha256
    for client in (sign_in(administrator), Client()):
        for tail in (f"{digest[:2]}/{digest[2:]}", digest):
            assert client.get(f"/{prefix}/{tail}").status_code in (302, 404)
    assert not Path(settings.FILES_DIR).is_relative_to(settings.STATIC_ROOT)


# Removing, and back again


@pytest.mark.django_db
def test_what_is_removed_can_be_put_back_for_a_month(world: World, officer: Any, sign_in: Any) -> None:
    client, row, one = sign_in(officer), world.jia.covered, world.jia.attachment
    record, own = reverse("record", args=["enterprises", row.pk]), ["enterprises", row.pk, one.pk]
    asked = text_of(client.get(reverse("record-attachment-delete", args=own)))
    assert f"确定删除附件“{one.name}”吗" in asked
    one.refresh_from_db()
    assert one.removed_at is None
    page = text_of(client.post(reverse("record-attachment-delete", args=own), follow=True))
    assert f"已删除附件“{one.name}”，30天内可以恢复。" in page
    assert "最近删除的1个附件" in page
    assert client.get(reverse("record-attachment", args=own)).status_code == 404
    client.get(reverse("record-attachment-restore", args=own))
    one.refresh_from_db()
    assert one.removed_at is not None
    page = text_of(client.post(reverse("record-attachment-restore", args=own), follow=True))
    assert f"已恢复附件“{one.name}”。" in page
    assert client.get(reverse("record-attachment", args=own)).status_code == 200
    assert [change.action for change in journal.trail_of(one)] == ["update", "update", "create"]

    one.refresh_from_db()
    one.removed_at = timezone.now() - dt.timedelta(days=30, minutes=1)
    put(one)
    assert "最近删除的" not in text_of(client.get(record))
    page = text_of(client.post(reverse("record-attachment-restore", args=own), follow=True))
    assert "删除已满30天，不能恢复了。" in page


@pytest.mark.django_db
def test_a_record_takes_its_files_along_on_its_page_and_nowhere_else(
    world: World, officer: Any, sign_in: Any, own_folder: Path
) -> None:
    row = put(Enterprise(park=world.jia.park, name="登记错了", kind="private", settled_on=dt.date(2026, 1, 1)))
    one = attach(row, "enterprises")
    with pytest.raises(ValidationError, match="附件"):
        journal.delete(row, officer, Via.ADMIN)
    url = reverse("record-delete", args=["enterprises", row.pk])
    client = sign_in(officer)
    assert "附件1条" in text_of(client.get(url))
    assert client.post(url).status_code == 302
    assert not Attachment.objects.filter(pk=one.pk).exists()
    assert [change.action for change in Change.objects.filter(model="portal.attachment", object_id=one.pk)] == [
        "delete",
        "create",
    ]


# Never required, never counted


def figures(world: World, user: Any) -> list[Any]:
    today = timezone.localdate()
    enterprises = Enterprise.objects.visible_to(user)
    found: list[Any] = [rates(enterprises, today), rates(enterprises.in_park(world.jia.park), today)]
    for name in ("Span", "ParkMonth", "ParkDay", "ProvinceMonth", "ProvinceDay"):
        model = apps.get_model("metrics", name)
        rows = [{key: value for key, value in row.items() if key != "id"} for row in model._base_manager.values()]
        found.append(sorted(map(str, rows)))
    return found


@pytest.mark.django_db
def test_no_figure_knows_of_attachments(world: World, administrator: Any, sign_in: Any) -> None:
    client = sign_in(administrator)
    pages = [reverse("dashboard"), reverse("indicators"), reverse("ledgers"), reverse("ledger", args=["enterprises"])]
    summaries.rebuild()

    def shown(url: str) -> str:
        """Without the token and the time of day (of printing, and of the last entry, which an attachment is too)."""
        return re.sub(r'name="csrfmiddlewaretoken" value="\w+"|\d\d:\d\d', "", text_of(client.get(url)))

    before = figures(world, administrator), [shown(url) for url in pages]
    assert any(before[0])
    for slug, row in world.jia.ledgers().items():
        attach(row, slug, f"{slug}.pdf")
    assert figures(world, administrator) == before[0]
    for url, page in zip(pages, before[1], strict=True):
        assert shown(url).splitlines() == page.splitlines(), url
    assert len(INDICATORS) > 20


def test_no_form_asks_for_a_file() -> None:
    forms = [page.form for page in RECORDS.values()] + [fact.form for page in RECORDS.values() for fact in page.facts]
    assert len(forms) > 12
    for form in forms:
        assert not {name for name, field in form.base_fields.items() if "File" in type(field).__name__}, form


# When something goes wrong


def older(path: Path, days: float) -> None:
    then = path.stat().st_mtime - days * DAY
    os.utime(path, (then, then))


KILLED = """
import os, signal, sys
import django
django.setup()
from django.conf import settings
from portal.attachments import store
settings.FILES_DIR = sys.argv[1]
def dies(chunks):
    yield from chunks
    os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[2] == "half":
    with store.arriving(dies([b"%PDF-half"])):
        pass
with store.arriving([b"%PDF-whole"]) as arrived:
    store.place(arrived)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.django_db
@pytest.mark.parametrize("moment", ["half", "whole"])
def test_killed_before_the_row_leaves_nothing_but_what_is_swept(
    moment: str, world: World, own_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = attach(world.jia.gap, "enterprises", content=PDF)
    rows = Attachment.objects.count()
    run = subprocess.run(
        [sys.executable, "-c", KILLED, str(own_folder), moment],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "portal.settings"},
        capture_output=True,
        check=False,
    )
    assert run.returncode == -9, run.stderr
    own = f"{kept.sha256[:2]}/{kept.sha256[2:]}"
    (left,) = set(on_disk(own_folder)) - {own, "lock"}
    assert left.startswith("arriving/") == (moment == "half")
    assert Attachment.objects.count() == rows
    call_command("attachments", "sweep")  # perhaps somebody's transaction is under way
    assert left in on_disk(own_folder)
    for name in (left, own):
        older(own_folder / name, 2)
    capsys.readouterr()
    call_command("attachments", "sweep")
    assert on_disk(own_folder) == sorted([own, "lock"])
    told = capsys.readouterr().out
    assert ("没有传完的清理了1个" in told) == (moment == "half")
    assert ("没有登记的文件清理了1个，共10字节" in told) == (moment == "whole")


@pytest.mark.django_db
def test_a_write_that_fails_leaves_no_attachment(
    world: World, officer: Any, sign_in: Any, own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*given: Any) -> None:
        raise RuntimeError("planted")

    client, rows = sign_in(officer), Attachment.objects.count()
    client.raise_request_exception = False
    with monkeypatch.context() as patch:
        patch.setattr("portal.attachments.keeping.journal.save", fails)
        assert client.post(add_to(world.jia.gap), {"file": upload()}).status_code == 500
    assert Attachment.objects.count() == rows
    assert client.post(add_to(world.jia.gap), {"file": upload()}).status_code == 302
    assert Attachment.objects.count() == rows + 1


@pytest.mark.django_db
def test_the_sweep_lets_go_of_what_was_removed_a_month_ago(
    world: World, own_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    now = timezone.now()
    gone, recent, shared = (attach(world.jia.gap, "enterprises", content=PDF + sign) for sign in (b"1", b"2", b"3"))
    twin = attach(world.jia.worked, "enterprises", content=PDF + b"3")
    for one, days in ((gone, 31), (recent, 29), (shared, 31)):
        one.removed_at = now - dt.timedelta(days=days)
        put(one)
    for name in on_disk(own_folder):
        older(own_folder / name, 40)
    call_command("attachments", "sweep")
    assert "删满30天的附件清理了2个；没有登记的文件清理了1个" in capsys.readouterr().out
    left = set(Attachment.objects.filter(pk__in=[gone.pk, recent.pk, shared.pk, twin.pk]))
    assert left == {recent, twin}
    assert [store.is_whole(one.sha256) for one in (gone, recent, twin)] == [False, True, True]


@pytest.mark.django_db
def test_what_is_damaged_is_found(world: World, capsys: pytest.CaptureFixture[str], own_folder: Path) -> None:
    Attachment._base_manager.all()._raw_delete("default")
    whole, cut, lost = (attach(world.jia.gap, "enterprises", f"{n}.pdf", PDF + n.encode()) for n in "abc")
    call_command("attachments", "verify")
    assert "3个附件的文件都完好。" in capsys.readouterr().out
    assert (attached().well, attached().told) == (True, "3 个")
    store.path_of(cut.sha256).write_bytes(PDF)
    store.path_of(lost.sha256).unlink()
    with pytest.raises(CommandError, match="有2个附件的文件缺少或已损坏"):
        call_command("attachments", "verify")
    told = capsys.readouterr().out
    assert (whole.sha256 in told, cut.sha256 in told, lost.sha256 in told) == (False, True, True)
    assert not attached().well  # the doctor looks whether they are there and reads none
    assert attached().told.startswith(f"有 1 个文件不在 {own_folder}；")


@pytest.mark.django_db
def test_a_lost_file_is_a_page_that_says_so(world: World, officer: Any, sign_in: Any, own_folder: Path) -> None:
    own = ["enterprises", world.jia.covered.pk, world.jia.attachment.pk]
    assert sign_in(officer).get(reverse("record-attachment", args=own)).status_code == 404


# Everything out, and in again


@pytest.mark.crawl
@pytest.mark.django_db
def test_files_go_along_and_come_back(world: World, tmp_path: Path, settings: Any) -> None:
    settings.FILES_DIR = tmp_path / "one"
    for side in (world.jia, world.yi):
        attach(side.gap, "enterprises", content=PDF)  # the same content twice
        with store.arriving([f"%PDF-1.4 {side.mark}营业执照.pdf".encode()]) as arrived:
            store.place(arrived)
    summaries.rebuild()
    before, folder = dump(), out(tmp_path / "out", "--passwords")
    assert len(list((folder / "files").iterdir())) == 3
    empty()
    settings.FILES_DIR = tmp_path / "two"
    call_command("import_all", str(folder))
    assert dump() == before
    assert not list(keeping.damaged())
    assert len(on_disk(tmp_path / "two")) == 4  # and the lock


def change_one(folder: Path) -> None:
    (path, *_others) = sorted((folder / "files").iterdir())
    path.write_bytes(path.read_bytes() + b"!")


def lose_one(folder: Path) -> None:
    next((folder / "files").iterdir()).unlink()


def add_one(folder: Path) -> None:
    (folder / "files" / "x").write_bytes(b"x")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("damage", "said"), [(change_one, "SHA-256不符"), (lose_one, "缺少files/"), (add_one, "多出files/x")]
)
def test_a_damaged_file_is_not_put_in(
    damage: Callable[[Path], None], said: str, world: World, tmp_path: Path, settings: Any
) -> None:
    folder = out(tmp_path / "out")
    damage(folder)
    empty()
    settings.FILES_DIR = tmp_path / "two"
    with pytest.raises(CommandError, match=said):
        call_command("import_all", str(folder))
    assert not Attachment.objects.exists()
    assert not (tmp_path / "two").exists()


@pytest.mark.django_db
def test_a_file_lost_before_is_told_of_and_need_not_lock_anybody_in(
    world: World, tmp_path: Path, settings: Any
) -> None:
    settings.FILES_DIR = tmp_path / "one"
    attach(world.jia.gap, "enterprises", content=PDF)
    with pytest.raises(CommandError, match=r"附件“..营业执照\.pdf”的文件缺少或已损坏"):
        out(tmp_path / "out")
    assert not (tmp_path / "out").exists()
    summaries.rebuild()
    before = dump()
    folder = out(tmp_path / "out", "--passwords", "--without-damaged")
    assert len(list((folder / "files").iterdir())) == 1
    assert "没有文件的有2个" in (folder / "说明.md").read_text("utf-8")
    empty()
    settings.FILES_DIR = tmp_path / "two"
    call_command("import_all", str(folder))
    assert dump() == before
    assert len(list(keeping.damaged())) == 2
