"""The only place that knows ``manifest.json``: what a taken-out folder holds, for a program."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from portal.takeout.cells import LINE_END
from portal.takeout.tables import TABLES, columns_of, file_of

MANIFEST: Final = "manifest.json"
EXPLANATION: Final = "说明.md"
FORMAT: Final = "yuanqu-dangjian takeout 1"
ATTACHMENTS: Final = "files"
PIECE: Final = 1 << 20


class Unfit(Exception):
    """The folder or the installation is not fit for it; the message is one Chinese sentence for who runs it."""


@dataclass(frozen=True)
class File:
    """One file of a table: its name, the model, records without the header, bytes, SHA-256 in hex, columns."""

    file: str
    table: str
    rows: int
    bytes: int
    sha256: str
    fields: list[dict[str, Any]]


@dataclass(frozen=True)
class Attached:
    """The bytes of an attachment: where they lie in the folder, how many, SHA-256 in hex, which is the name as well."""

    file: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What ``manifest.json`` says; ``tables`` in the order in which they can be written.

    ``attached`` are the files of attachments, ``lost`` the digests of those that were damaged where they came from.
    """

    portal: str
    day: str
    passwords: bool
    id_numbers: bool
    schema: list[str]
    tables: list[File]
    explanation: str  # SHA-256 of 说明.md
    attached: list[Attached] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    def text(self) -> str:
        told = {
            "format": FORMAT,
            "csv": {"encoding": "utf-8", "delimiter": ",", "quote": '"', "line_end": LINE_END, "header": True},
            **asdict(self),
        }
        return json.dumps(told, ensure_ascii=False, indent=1) + "\n"

    @property
    def rows(self) -> int:
        return sum(one.rows for one in self.tables)

    @property
    def names(self) -> set[str]:
        """The files of the folder."""
        return {MANIFEST, EXPLANATION, *(one.file for one in self.tables), *(one.file for one in self.attached)}

    @classmethod
    def read(cls, folder: Path) -> "Manifest":
        """Raises :class:`Unfit` where there is none or it is none of ours; whether it is right is asked elsewhere."""
        path = folder / MANIFEST
        if not path.is_file():
            raise Unfit(f"{folder} 里没有 {MANIFEST}，不是 export_all 导出的文件夹，请核对路径。")
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            if told["format"] != FORMAT:
                raise Unfit(f"{MANIFEST} 的格式是“{told['format']}”，本系统只认“{FORMAT}”，请用导出它的版本导入。")
            files = [
                File(
                    file=str(one["file"]),
                    table=str(one["table"]),
                    rows=int(one["rows"]),
                    bytes=int(one["bytes"]),
                    sha256=str(one["sha256"]),
                    fields=list(one["fields"]),
                )
                for one in told["tables"]
            ]
            return cls(
                portal=str(told["portal"]),
                day=str(told["day"]),
                passwords=bool(told["passwords"]),
                id_numbers=bool(told["id_numbers"]),
                schema=[str(one) for one in told["schema"]],
                tables=files,
                explanation=str(told["explanation"]),
                attached=[
                    Attached(str(one["file"]), int(one["bytes"]), str(one["sha256"])) for one in told["attached"]
                ],
                lost=[str(one) for one in told["lost"]],
            )
        except (ValueError, TypeError, KeyError) as error:
            raise Unfit(f"{MANIFEST} 已损坏，读不懂，请重新取得这个文件夹。") from error


def expected_tables(*, passwords: bool, id_numbers: bool) -> Iterator[tuple[str, str, list[dict[str, Any]]]]:
    """(file, table, fields) of every table as this version would write them."""
    for model in TABLES:
        fields = [
            {
                "name": column.name,
                "type": column.kind,
                "empty": "text" if column.kind == "text" else "null" if column.field.null else "never",
            }
            for column in columns_of(model, passwords=passwords, id_numbers=id_numbers)
        ]
        yield file_of(model), model._meta.label, fields


def attached_file(sha256: str) -> str:
    """Where the bytes of an attachment lie in the folder; which attachments they are says portal_attachment.csv."""
    return f"{ATTACHMENTS}/{sha256}"


def files_in(folder: Path) -> set[str]:
    """The names of all files of the folder, those of attachments with their own folder in front."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}


def sha256_of(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            found.update(piece)
    return found.hexdigest()
