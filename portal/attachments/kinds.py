"""The only place that tells from its bytes what an attached file is, and whether such a file is taken.

The name that came along decides nothing: a program called 照片.jpg is a program. What is taken is handed out for saving
and never shown by us, so a file is looked at only as far as it takes to know its kind.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from io import BytesIO
from typing import Final
from zipfile import BadZipFile, ZipFile

from portal.models import FileKind

MOST_ENTRIES: Final = 5_000  # parts of a package; a long document with many pictures has some hundred
LONGEST_NAME: Final = 100

# Kind → how it is handed out
TYPES: Final[Mapping[str, str]] = {
    FileKind.PDF: "application/pdf",
    FileKind.OFD: "application/ofd",
    FileKind.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    FileKind.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    FileKind.WPS: "application/msword",
    FileKind.ET: "application/vnd.ms-excel",
    FileKind.JPG: "image/jpeg",
    FileKind.PNG: "image/png",
}
# Kind → the endings that fit it; the first is put behind a name that has none of them
ENDINGS: Final[Mapping[str, tuple[str, ...]]] = {
    FileKind.PDF: (".pdf",),
    FileKind.OFD: (".ofd",),
    FileKind.DOCX: (".docx",),
    FileKind.XLSX: (".xlsx",),
    FileKind.WPS: (".wps", ".doc"),
    FileKind.ET: (".et", ".xls"),
    FileKind.JPG: (".jpg", ".jpeg"),
    FileKind.PNG: (".png",),
}
ACCEPT: Final = ",".join(ending for endings in ENDINGS.values() for ending in endings)
TAKEN: Final = "PDF、OFD、Word（.docx、.doc）、Excel（.xlsx、.xls）、WPS（.wps、.et）和JPG、PNG图片"

EMPTY: Final = "文件是空的，请核对是否选对了文件、是否已经保存。"
PROGRAM: Final = f"这是程序或脚本，不能作附件；可以用的有{TAKEN}。"
WEB: Final = "这是网页或SVG图形，里面可以带脚本，不能作附件，请另存为PDF后再上传。"
TEXT: Final = "这是文本文件，请存成Word文档或PDF后再上传。"
PICTURE: Final = "这种格式的图片不能作附件，请另存为JPG或PNG后再上传。"
PACKED: Final = "这是压缩包，请解压后把里面的文件逐个上传。"
SLIDES: Final = "这是演示文稿，请另存为PDF后再上传。"
MACROS: Final = "文件里有宏，不能作附件，请另存为不带宏的文件（如.docx、.xlsx）或PDF后再上传。"
LOCKED: Final = "文件设了打开密码，日后没有密码谁也打不开，请去掉密码、保存后再上传。"
DAMAGED: Final = "文件不完整或已损坏，请在原来的软件里打开、另存一次后再上传。"
OTHER: Final = f"认不出这是什么文件，不能作附件；可以用的有{TAKEN}。"

OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
CENTRAL: Final = b"PK\x01\x02"
PROGRAMS: Final = (b"MZ", b"\x7fELF", b"#!", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"L\x00\x00\x00\x01\x14\x02\x00")
PACKERS: Final = (b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b", b"BZh", b"\xfd7zXZ")
PICTURES: Final = re.compile(
    rb"GIF8[79]a|BM.{4}\x00{4}|RIFF.{4}WEBP|II\*\x00|MM\x00\*|.{4}ftyp(hei|mif|avif)", re.DOTALL
)
MARKUP: Final = re.compile(r"<(!doctype|\?xml|html|head|body|svg|script|table|meta|iframe)\b|<!--|mime-version:")
HEAD: Final = 4096
# Not to be had in a file name on one system or another
UNFIT: Final = re.compile(r'[<>:"/\\|?*\x00-\x1f]')


class NotTaken(Exception):
    """A file that is not taken; the message is one Chinese sentence: what it is, and what to do."""


def kind_of(data: bytes) -> FileKind:
    """What a whole file is; raises :class:`NotTaken`."""
    if not data.strip(b"\x00 \t\r\n"):
        raise NotTaken(EMPTY)
    if data.startswith(b"%PDF-"):
        return FileKind.PDF
    if data.startswith(b"\xff\xd8\xff"):
        return FileKind.JPG
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return FileKind.PNG
    if data.startswith(ZIP):
        return _package(data)
    if data.startswith(OLE):
        return _compound(data)
    if data.startswith(PROGRAMS):
        raise NotTaken(PROGRAM)
    if data.startswith(PACKERS):
        raise NotTaken(PACKED)
    if PICTURES.match(data):
        raise NotTaken(PICTURE)
    raise NotTaken(_text(data))


def _package(data: bytes) -> FileKind:
    """Of a zip, by the names of its parts alone: nothing is unpacked."""
    if data.count(CENTRAL) > MOST_ENTRIES:  # each part needs one; counted before a list of them is made
        raise NotTaken(PACKED)
    try:
        with ZipFile(BytesIO(data)) as archive:
            names = {name.lower() for name in archive.namelist()}
    except BadZipFile:
        raise NotTaken(DAMAGED) from None
    except Exception:  # zipfile raises most kinds there are for headers that make no sense
        raise NotTaken(DAMAGED) from None
    if any(name.endswith("vbaproject.bin") or "/macrosheets/" in name for name in names):
        raise NotTaken(MACROS)
    if "ofd.xml" in names:
        return FileKind.OFD
    if "[content_types].xml" in names:
        if "word/document.xml" in names:
            return FileKind.DOCX
        if "xl/workbook.xml" in names:
            return FileKind.XLSX
        if "ppt/presentation.xml" in names:
            raise NotTaken(SLIDES)
    raise NotTaken(PACKED)


def _compound(data: bytes) -> FileKind:
    """Of a compound file (WPS, Office 97), by the names of its streams."""

    def has(*names: str) -> bool:
        return any(name.encode("utf-16-le") in data for name in names)

    if has("EncryptedPackage", "DRMEncryptedTransform"):
        raise NotTaken(LOCKED)
    if has("_VBA_PROJECT"):
        raise NotTaken(MACROS)
    if has("PowerPoint Document"):
        raise NotTaken(SLIDES)
    if has("WordDocument"):
        return FileKind.WPS
    if has("Workbook"):
        return FileKind.ET
    raise NotTaken(OTHER)


def _text(data: bytes) -> str:
    """The sentence about what begins like no file we know."""
    head = data[:HEAD]
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = head.decode("utf-16", "replace")
    elif b"\x00" in head:
        return OTHER
    else:
        text = head.decode("utf-8", "replace")
    return WEB if MARKUP.search(text.lower()) else TEXT


def tidy_name(given: str, kind: FileKind) -> str:
    """The name under which a file is listed and handed out: no path, nothing unseen, with an ending that fits."""
    plain = unicodedata.normalize("NFC", re.split(r"[/\\]", given)[-1])
    plain = "".join(sign for sign in plain if sign.isprintable())
    plain = re.sub(r"\s+", " ", UNFIT.sub("_", plain)).strip()
    ending = next((one for one in ENDINGS[kind] if plain.lower().endswith(one)), "")
    stem = plain[: len(plain) - len(ending)].strip(" .")[: LONGEST_NAME - len(ENDINGS[kind][-1])].rstrip(" .")
    return f"{stem or '附件'}{ending.lower() or ENDINGS[kind][0]}"
