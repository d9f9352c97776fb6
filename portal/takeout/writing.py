"""The only place that writes the taken-out folder: one file a table, 说明.md, and last of all the manifest."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from django.conf import settings
from django.utils import timezone

from orgs.scoping import ScopedModel
from portal.takeout.cells import Column, encoded
from portal.takeout.explaining import explanation
from portal.takeout.manifest import EXPLANATION, MANIFEST, File, Manifest, Unfit, expected_tables, sha256_of
from portal.takeout.moment import one_moment
from portal.takeout.tables import TABLES, columns_of, rows_of, schema

OWNER_ONLY: Final = 0o600
OWNER_FOLDER: Final = 0o700
UNFINISHED: Final = ".unfinished-"


def take_out(
    folder: Path, say: Callable[[str], object], *, passwords: bool, replace: bool, id_numbers: bool = False
) -> Manifest:
    """Write every table of records into ``folder``, as they stand at one moment, readable by its owner alone.

    The files are put together aside and moved in when all of them are there: what an earlier export left stays whole
    until then. Raises :class:`Unfit` on a folder with anything else in it, OSError when it can not be written.
    """
    is_new = not folder.exists()
    earlier = set() if is_new else _earlier_export(folder, replace=replace)
    folder.mkdir(mode=OWNER_FOLDER, parents=True, exist_ok=True)
    folder.chmod(OWNER_FOLDER)
    aside = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=folder))  # for the owner alone, too
    try:
        with one_moment():
            manifest = _write_all(aside, say, passwords=passwords, id_numbers=id_numbers)
        # Without a manifest the folder is no export: nobody takes a half for the whole
        for name in sorted(earlier, key=lambda name: name != MANIFEST):
            (folder / name).unlink()
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
    present = {path.name for path in folder.iterdir()}
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


def _write_all(aside: Path, say: Callable[[str], object], *, passwords: bool, id_numbers: bool) -> Manifest:
    stands = schema()
    files = []
    tables = expected_tables(passwords=passwords, id_numbers=id_numbers)
    for model, (name, table, fields) in zip(TABLES, tables, strict=True):
        columns = columns_of(model, passwords=passwords, id_numbers=id_numbers)
        rows, size, digest = _write_table(aside / name, model, columns)
        files.append(File(name, table, rows, size, digest, fields))
        say(f"{model._meta.verbose_name}：{rows:,}行 → {name}")
    told = Manifest(
        portal=settings.VERSION,
        day=f"{timezone.localdate()}",
        passwords=passwords,
        id_numbers=id_numbers,
        schema=stands,
        tables=files,
        explanation="",
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


def _write_text(path: Path, text: str) -> None:
    with open(path, "xb", opener=_for_the_owner) as file:
        file.write(text.encode())


def _for_the_owner(path: str, flags: int) -> int:
    return os.open(path, flags, OWNER_ONLY)
