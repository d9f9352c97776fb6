"""The only place that writes the taken-out folder: one file a table, attached files, 说明.md, last the manifest."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.utils import timezone

from orgs.scoping import ScopedModel
from portal.attachments import store
from portal.models import Attachment
from portal.takeout.cells import Column, encoded
from portal.takeout.explaining import explanation
from portal.takeout.manifest import (
    ATTACHMENTS,
    EXPLANATION,
    MANIFEST,
    Attached,
    File,
    Manifest,
    Unfit,
    attached_file,
    expected_tables,
    files_in,
    sha256_of,
)
from portal.takeout.moment import one_moment
from portal.takeout.tables import TABLES, columns_of, rows_of, schema

OWNER_ONLY: Final = 0o600
OWNER_FOLDER: Final = 0o700
UNFINISHED: Final = ".unfinished-"


def take_out(
    folder: Path,
    say: Callable[[str], object],
    *,
    passwords: bool,
    replace: bool,
    id_numbers: bool = False,
    without_damaged: bool = False,
) -> Manifest:
    """Write every table of records and every attached file into ``folder``, as they stand at one moment, readable by
    its owner alone.

    The files are put together aside and moved in when all of them are there: what an earlier export left stays whole
    until then. Raises :class:`Unfit` on a folder with anything else in it, and on an attached file that is missing or
    damaged unless it goes ``without_damaged``; OSError when the folder can not be written.
    """
    is_new = not folder.exists()
    earlier = set() if is_new else _earlier_export(folder, replace=replace)
    folder.mkdir(mode=OWNER_FOLDER, parents=True, exist_ok=True)
    folder.chmod(OWNER_FOLDER)
    aside = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=folder))  # for the owner alone, too
    try:
        with one_moment():
            manifest = _write_all(
                aside, say, passwords=passwords, id_numbers=id_numbers, without_damaged=without_damaged
            )
        # Without a manifest the folder is no export: nobody takes a half for the whole
        for name in sorted(earlier, key=lambda name: name != MANIFEST):
            (folder / name).unlink()
        if (folder / ATTACHMENTS).is_dir():
            (folder / ATTACHMENTS).rmdir()
        if manifest.attached:
            (folder / ATTACHMENTS).mkdir(mode=OWNER_FOLDER)
        for name in sorted(manifest.names, key=lambda name: name == MANIFEST):
            os.replace(aside / name, folder / name)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
        if is_new and not any(folder.iterdir()):
            folder.rmdir()
    return manifest


def _earlier_export(folder: Path, *, replace: bool) -> set[str]:
    """The files of an earlier export that may be replaced; none in an empty folder."""
    if not folder.is_dir():
        raise Unfit(f"{folder} 是一个文件，请另给一个文件夹。")
    present = files_in(folder)
    if not present:
        return present
    try:
        earlier = Manifest.read(folder)
    except Unfit:
        earlier = None
    others = sorted(present - earlier.names) if earlier else sorted(present)
    if earlier is None or others:
        raise Unfit(f"{folder} 里有别的文件（如{others[0]}），为免混在一起没有导出，请另给一个空文件夹。")
    if not replace:
        raise Unfit(f"{folder} 里已有{earlier.day}的导出，没有改动；要用新的替换它，请加 --replace。")
    return present


def _write_all(
    aside: Path, say: Callable[[str], object], *, passwords: bool, id_numbers: bool, without_damaged: bool
) -> Manifest:
    stands = schema()
    files = []
    tables = expected_tables(passwords=passwords, id_numbers=id_numbers)
    for model, (name, table, fields) in zip(TABLES, tables, strict=True):
        columns = columns_of(model, passwords=passwords, id_numbers=id_numbers)
        rows, size, digest = _write_table(aside / name, model, columns)
        files.append(File(name, table, rows, size, digest, fields))
        say(f"{model._meta.verbose_name}：{rows:,}行 → {name}")
    attached, lost = _write_attached(aside, say, without_damaged=without_damaged)
    told = Manifest(
        portal=settings.VERSION,
        day=f"{timezone.localdate()}",
        passwords=passwords,
        id_numbers=id_numbers,
        schema=stands,
        tables=files,
        explanation="",
        attached=attached,
        lost=lost,
    )
    _write_text(aside / EXPLANATION, explanation(told))
    manifest = Manifest(**{**vars(told), "explanation": sha256_of(aside / EXPLANATION)})
    _write_text(aside / MANIFEST, manifest.text())
    return manifest


def _write_table(path: Path, model: type[ScopedModel], columns: tuple[Column, ...]) -> tuple[int, int, str]:
    """(rows, bytes, SHA-256) of what was written."""
    digest, size, records = hashlib.sha256(), 0, 0
    with open(path, "xb", opener=_for_the_owner) as file:
        for record in encoded(columns, rows_of(model, columns)):
            file.write(record)
            digest.update(record)
            size, records = size + len(record), records + 1
    return records - 1, size, digest.hexdigest()


def _write_attached(
    aside: Path, say: Callable[[str], object], *, without_damaged: bool
) -> tuple[list[Attached], list[str]]:
    """(files, digests of those that are lost): each content once, whatever number of attachments have it."""
    files, lost = [], []
    first_of: dict[str, Any] = {}
    for sha256, name in Attachment._base_manager.order_by("pk").values_list("sha256", "name"):
        first_of.setdefault(sha256, name)
    if first_of:
        (aside / ATTACHMENTS).mkdir(mode=OWNER_FOLDER)
    for sha256, name in sorted(first_of.items()):
        path, found, size = aside / attached_file(sha256), hashlib.sha256(), 0
        try:
            with open(path, "xb", opener=_for_the_owner) as file:
                for piece in store.pieces(sha256):
                    file.write(piece)
                    found.update(piece)
                    size += len(piece)
        except FileNotFoundError:
            size = -1
        if size >= 0 and found.hexdigest() == sha256:
            files.append(Attached(attached_file(sha256), size, sha256))
            continue
        if not without_damaged:
            raise Unfit(
                f"附件“{name}”的文件缺少或已损坏（{sha256}），没有导出。请从备份放回，"
                "用 manage.py attachments verify 核对；找不回来的，加 --without-damaged 不带它导出。"
            )
        path.unlink(missing_ok=True)
        lost.append(sha256)
    say(f"附件的文件：{len(files):,}个，共{sum(one.bytes for one in files):,}字节" + _lost(lost))
    return files, lost


def _lost(lost: list[str]) -> str:
    return f"；缺少或已损坏、没有导出的{len(lost):,}个" if lost else ""


def _write_text(path: Path, text: str) -> None:
    with open(path, "xb", opener=_for_the_owner) as file:
        file.write(text.encode())


def _for_the_owner(path: str, flags: int) -> int:
    return os.open(path, flags, OWNER_ONLY)
