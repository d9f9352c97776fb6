"""The only place that reads a taken-out folder into an empty installation, after making sure that it is whole."""

import csv
import hmac
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from django.contrib.auth.hashers import make_password
from django.db import transaction

from metrics import summaries
from orgs import grams, journal
from orgs.journal import NotRestored
from orgs.scoping import ScopedModel
from portal.attachments import store
from portal.models import Attachment
from portal.takeout.cells import Column, Unreadable, encoded
from portal.takeout.manifest import (
    EXPLANATION,
    MANIFEST,
    PIECE,
    Attached,
    File,
    Manifest,
    Unfit,
    attached_file,
    expected_tables,
    files_in,
    sha256_of,
)
from portal.takeout.tables import PASSWORDS, TABLES, columns_of, left_out, rows_of, schema

LONGEST: Final = 2**31 - 1  # the names behind a frozen report of a large park are one cell


@dataclass(frozen=True)
class Source:
    """A table and the file it comes from. ``rows`` is what the manifest promises; ``absent`` are the columns that the
    file leaves out: nobody gets a password, and no member an ID number."""

    model: type[ScopedModel]
    path: Path
    columns: tuple[Column, ...]
    rows: int
    absent: tuple[str, ...]

    @property
    def names(self) -> list[str]:
        """The attributes of the rows, what the file leaves out included."""
        return [*(column.name for column in self.columns), *self.absent]

    def read(self) -> Iterator[list[Any]]:
        """Row by row, by their keys; raises :class:`Unfit` with the line where one is wrong."""
        read, last = 0, 0
        for line, cells in self._records():
            row = self._values(line, cells)
            if row[0] <= last:
                raise self.wrong(line, "编号应由小到大、各不相同")
            read, last = read + 1, row[0]
            yield row
        if read != self.rows:
            raise Unfit(f"{self.path.name} 有{read}行，manifest.json 说有{self.rows}行，没有导入。")

    def line_of(self, key: int) -> int:
        """Where the row with this key begins."""
        return next(line for line, cells in self._records() if cells[0] == str(key))

    def wrong(self, line: int, why: str) -> Unfit:
        return Unfit(f"{self.path.name} 第{line}行：{why.rstrip('。')}。全部没有导入，请改正或重新导出。")

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        """(line on which the record begins, its cells)"""
        before = csv.field_size_limit(LONGEST)
        line = 0
        try:
            with self.path.open(encoding="utf-8", newline="") as file:
                records = csv.reader(file, strict=True)
                header = next(records, [])
                if header != [column.name for column in self.columns]:
                    raise self.wrong(1, "列名与本系统不同")
                line = records.line_num
                for cells in records:
                    yield line + 1, cells
                    line = records.line_num
        except csv.Error:
            raise self.wrong(line + 1, "双引号不配对") from None
        except UnicodeDecodeError:
            raise self.wrong(line + 1, "这里或以后不是UTF-8编码") from None
        finally:
            csv.field_size_limit(before)

    def _values(self, line: int, cells: Sequence[str]) -> list[Any]:
        if len(cells) != len(self.columns):
            raise self.wrong(line, f"有{len(cells)}格，应有{len(self.columns)}格")
        row = []
        for column, cell in zip(self.columns, cells, strict=True):
            try:
                row.append(column.read(cell))
            except Unreadable as error:
                label = "编号" if column.field.primary_key else column.field.verbose_name
                raise self.wrong(line, f"{column.name}（{label}）{error}") from None
        row += [make_password(None) if name in PASSWORDS else "" for name in self.absent]
        return row


def put_in(folder: Path, say: Callable[[str], object]) -> Manifest:
    """Everything of the folder, or nothing: the records with their keys and trail, then what is worked out from them.

    What was written is read back and must give the very bytes of the files. Raises :class:`Unfit`.
    """
    manifest = Manifest.read(folder)
    _check_versions(manifest)
    _check_files(folder, manifest, say)
    sources = [_source(folder, model, file, manifest) for model, file in zip(TABLES, manifest.tables, strict=True)]
    _check_attached(sources, manifest)
    for file in manifest.attached:  # a file without a row is nobody's, and swept away when the transaction fails
        _take_in(folder, file)
    with transaction.atomic():
        try:
            journal.restore(_told(sources, say))
        except NotRestored as error:
            raise _unfit(error, sources) from error
        for source in sources:
            _check_written(source)
        say("写入的内容读回核对，与文件逐字节相同。")
        summaries.rebuild()
        say(f"月末汇总已重新建立；企业名称索引{grams.rebuild():,}行已重新建立。")
    return manifest


def _check_versions(manifest: Manifest) -> None:
    here = schema()
    if manifest.schema != here:
        differing = sorted(set(manifest.schema) ^ set(here))
        raise Unfit(
            f"文件夹由版本{manifest.portal}导出，数据库表与本系统不同（{'、'.join(differing)}），没有导入。"
            "请用导出它的版本导入，再升级。"
        )
    told = [(one.file, one.table, one.fields) for one in manifest.tables]
    if told != list(expected_tables(passwords=manifest.passwords, id_numbers=manifest.id_numbers)):
        raise Unfit("manifest.json 里的表或列与本系统不同，没有导入，请用导出它的版本导入。")


def _check_files(folder: Path, manifest: Manifest, say: Callable[[str], object]) -> None:
    present = files_in(folder)
    if missing := sorted(manifest.names - present):
        raise Unfit(f"文件夹里缺少{'、'.join(missing)}，没有导入，请重新取得这个文件夹。")
    if surplus := sorted(present - manifest.names):
        raise Unfit(f"文件夹里多出{'、'.join(surplus)}，没有导入，请移走不是导出来的文件。")
    if wrong := [one.file for one in manifest.attached if one.file != attached_file(one.sha256)]:
        raise Unfit(f"{MANIFEST} 里附件的文件{wrong[0]}与摘要不符，没有导入，请重新取得这个文件夹。")
    promised = {EXPLANATION: manifest.explanation, **{table.file: table.sha256 for table in manifest.tables}}
    promised |= {one.file: one.sha256 for one in manifest.attached}
    for name, digest in promised.items():
        if not hmac.compare_digest(sha256_of(folder / name), digest):
            raise Unfit(f"{name} 与导出时不同（SHA-256不符），已损坏或被改动，没有导入，请重新取得这个文件夹。")
    say(f"{len(promised)}个文件核对无误，共{manifest.rows:,}行，导出于{manifest.day}。")


def _check_attached(sources: Sequence[Source], manifest: Manifest) -> None:
    """Every attachment has its file, or is known to have lost it; no file without an attachment."""
    (source,) = (one for one in sources if one.model is Attachment)
    place, size = source.names.index("sha256"), source.names.index("size")
    told = {row[place]: row[size] for row in source.read()}
    known = {one.sha256: one.bytes for one in manifest.attached}
    lost = {sha256: told[sha256] for sha256 in manifest.lost if sha256 in told}
    if told != known | lost:
        raise Unfit(f"{source.path.name} 里的附件与 {MANIFEST} 里的文件对不上，没有导入，请重新取得这个文件夹。")


def _take_in(folder: Path, one: Attached) -> None:
    with (folder / one.file).open("rb") as file, store.arriving(iter(lambda: file.read(PIECE), b"")) as arrived:
        if arrived.sha256 != one.sha256:
            raise Unfit(f"{one.file} 与导出时不同，没有导入，请重新取得这个文件夹。")
        store.place(arrived)


def _source(folder: Path, model: type[ScopedModel], file: File, manifest: Manifest) -> Source:
    asked = {"passwords": manifest.passwords, "id_numbers": manifest.id_numbers}
    columns, absent = columns_of(model, **asked), left_out(model, **asked)
    return Source(model, folder / file.file, columns, file.rows, tuple(absent))


def _told(
    sources: Sequence[Source], say: Callable[[str], object]
) -> Iterator[tuple[type[ScopedModel], list[str], Iterator[list[Any]]]]:
    for source in sources:
        say(f"{source.model._meta.verbose_name}：{source.rows:,}行")
        yield source.model, source.names, source.read()


def _unfit(error: NotRestored, sources: Sequence[Source]) -> Unfit:
    if error.model is None or error.key is None:
        return Unfit(str(error))
    source = next(one for one in sources if one.model is error.model)
    return source.wrong(source.line_of(error.key), str(error))


def _check_written(source: Source) -> None:
    """A database may keep less than it was given (SQLite a decimal of 18 digits): then it is not the same data."""
    line = 1
    with source.path.open("rb") as file:
        for record in encoded(source.columns, rows_of(source.model, source.columns)):
            if file.read(len(record)) != record:
                raise source.wrong(line, "写进数据库再读出来不一样，可能是写法不同，也可能是这种数据库存不下")
            line += record.count(b"\n")
        if file.read(1):
            raise source.wrong(line, "没有读回来")
