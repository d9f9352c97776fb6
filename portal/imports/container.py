"""The only place that decides from its bytes whether a file is a workbook we are willing to open."""

import copy
import re
import stat
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import PurePosixPath
from typing import Final
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

MEGABYTE: Final = 1 << 20
LARGEST_FILE: Final = 10 * MEGABYTE
LARGEST_UNPACKED: Final = 200 * MEGABYTE
MOST_ENTRIES: Final = 500
HIGHEST_RATIO: Final = 100
# Below this an entry may be packed as tightly as it likes: repeated drawings of a few kilobytes are
RATIO_FROM: Final = MEGABYTE
CHUNK: Final = 1 << 16

AGAIN: Final = "请在Excel中打开、另存为新的.xlsx文件后再上传。"
DAMAGED: Final = f"文件已损坏，读不出内容，{AGAIN}"
CUT: Final = f"文件不完整，可能没有保存完或没有传完，{AGAIN}"
WRONG_SUM: Final = f"文件内容与校验码不符，已经损坏，{AGAIN}"
SUSPECT: Final = f"文件的内部结构不像Excel保存的，为安全起见没有打开，{AGAIN}"
LOCKED: Final = "文件设了打开密码，请在Excel的“文件—信息—保护工作簿”中去掉密码，保存后再上传。"
SWOLLEN: Final = "文件解压后太大，多半是整行整列设了格式，请只把有内容的行复制到新工作簿，保存后再上传。"
MACROS: Final = "文件里有宏，为安全起见没有打开，请在Excel中另存为不带宏的.xlsx文件后再上传。"
LINKS: Final = "文件里有指向其他工作簿的链接，请在Excel的“数据—编辑链接”中断开链接，保存后再上传。"
EMBEDDED: Final = "文件里嵌入了其他文件，请在Excel中删去嵌入的对象，保存后再上传。"
NO_WORKBOOK: Final = f"文件里没有工作簿的内容，可能已经损坏，{AGAIN}"
OLD: Final = "这是旧版Excel（.xls）文件，请在Excel中另存为.xlsx后再上传。"
BINARY: Final = "这是二进制工作簿（.xlsb），请在Excel中另存为.xlsx后再上传。"
WEB: Final = "这是网页文件，只是用了表格的文件名，请用Excel打开、另存为.xlsx后再上传。"
XML_TABLE: Final = "这是XML表格文件，请用Excel打开、另存为.xlsx后再上传。"
PLAIN_TEXT: Final = "这是文本（如CSV）文件，请用Excel打开、另存为.xlsx后再上传。"
PACKED: Final = "这是压缩包，请先解压，再上传里面的.xlsx文件。"
OTHER: Final = "这不是Excel工作簿，请上传.xlsx文件。"


class Unreadable(Exception):
    """A file that is not read; ``sentence`` says in Chinese what it is and what to do."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def inspect(name: str, data: bytes) -> None:
    """Check a file of that name before any parser sees it: kind, size, names, true size of what it unpacks to.

    Raises Unreadable. Needs memory for one chunk beside ``data``, whatever the file unpacks to.
    """
    if not data.strip(b" \t\r\n\x00\xef\xbb\xbf"):
        raise Unreadable(f"文件“{shown(name)}”是空的，请核对是否选对了文件、是否已经保存。")
    if len(data) > LARGEST_FILE:
        size = f"{len(data) / MEGABYTE:.1f}"
        raise Unreadable(f"文件有{size}MB，超过10MB的上限，请删去图片和空白行，或拆成几个文件后再上传。")
    if not data.startswith(ZIP):
        raise Unreadable(_kind(data))
    if data.count(CENTRAL) > MOST_ENTRIES:  # each entry needs one; counted before a list of them is made
        raise Unreadable(SUSPECT)
    try:
        with ZipFile(BytesIO(data)) as archive:
            _entries(archive.infolist())
            _package({info.filename for info in archive.infolist()})
            _unpacked(archive)
            if DECLARED_MACRO.search(archive.read("[Content_Types].xml")):
                raise Unreadable(MACROS)
    except Unreadable:
        raise
    except BadZipFile as error:
        raise Unreadable(WRONG_SUM if "CRC" in str(error) else CUT if END not in data else DAMAGED) from None
    except (zlib.error, EOFError):
        raise Unreadable(DAMAGED) from None
    except Exception:  # zipfile raises most kinds there are for headers that make no sense
        raise Unreadable(DAMAGED) from None


def has_drawings(data: bytes) -> bool:
    """Whether an inspected workbook has pictures, charts, text boxes or the like. A drawing that anchors nothing, such
    as LibreOffice writes beside comments, is none."""
    with ZipFile(BytesIO(data)) as archive:
        for name in archive.namelist():
            if _within("media")(name.lower()):
                return True
            if _within("drawings")(name.lower()) and name.lower().endswith(".xml"):
                with archive.open(name) as part:
                    if b"Anchor" in part.read(MEGABYTE):
                        return True
    return False


def shown(name: str) -> str:
    """A file name as it may stand in a sentence: the name alone, without control characters, not too long."""
    plain = "".join(character for character in re.split(r"[/\\]", name)[-1] if character.isprintable())
    return plain if len(plain) <= 40 else f"{plain[:30]}…{plain[-8:]}"


# What a file is that is no zip

ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
CENTRAL: Final = b"PK\x01\x02"
END: Final = b"PK\x05\x06"
OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ARCHIVES: Final = (b"PK\x03\x04", b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c")
# The records with which workbooks of Excel 2 to 4 begin
BIFF: Final = (b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00", b"\x09\x08")
PICTURE: Final = re.compile(rb"\x89PNG|\xff\xd8\xff|GIF8[79]a|BM.{4}\x00{4}|RIFF.{4}WEBP", re.DOTALL)
DECLARED_MACRO: Final = re.compile(rb"<(\w+:)?override\b[^>]*\bvbaproject", re.IGNORECASE)


def _kind(data: bytes) -> str:
    """The sentence about a file that does not begin like a zip."""
    if data.startswith(OLE):
        if any(word.encode("utf-16-le") in data for word in ("EncryptedPackage", "DRMEncryptedTransform")):
            return LOCKED
        if "WordDocument".encode("utf-16-le") in data:
            return "这是Word文档，请把表格复制到Excel中，保存为.xlsx后再上传。"
        return OLD
    if data.startswith(BIFF):
        return OLD
    if data.startswith(b"%PDF"):
        return "这是PDF文件，不能读出表格，请上传.xlsx文件。"
    if PICTURE.match(data):
        return "这是图片，不能读出表格，请上传.xlsx文件。"
    if data.startswith((*ARCHIVES, b"\x1f\x8b")):
        return PACKED
    text = _as_text(data)
    if text is None:
        return OTHER
    head = text[:4096].lstrip("\ufeff \t\r\n").lower()
    if "urn:schemas-microsoft-com:office:spreadsheet" in head:
        return XML_TABLE
    if head.startswith("mime-version:") or re.search(r"<(!doctype\s+html|html|head|body|table|meta)\b", head):
        return WEB
    return XML_TABLE if head.startswith("<?xml") else PLAIN_TEXT


def _as_text(data: bytes) -> str | None:
    """The beginning of ``data`` as text, or nothing when it is none."""
    head = data[:CHUNK]
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", "replace")
    if any(byte < 9 or 13 < byte < 27 for byte in head):
        return None
    for encoding in ("utf-8", "gb18030"):
        try:
            return head.decode(encoding)
        except UnicodeDecodeError as error:
            if error.start > len(head) - 4 and len(data) > len(head):  # a character cut by the end of the chunk
                return head[: error.start].decode(encoding)
    return None


# What a zip holds


def _entries(entries: list[ZipInfo]) -> None:
    """Names and headers, before anything is unpacked."""
    if any(info.flag_bits & 1 for info in entries):
        raise Unreadable(LOCKED)
    seen = set()
    for info in entries:
        name = info.orig_filename
        climbs = name.startswith("/") or ".." in name.split("/") or re.search(r"[\\:\x00]", name)
        links = stat.S_ISLNK(info.external_attr >> 16)
        if climbs or links or name.lower() in seen or info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            raise Unreadable(SUSPECT)
        seen.add(name.lower())
    if sum(info.file_size for info in entries) > LARGEST_UNPACKED:
        raise Unreadable(SWOLLEN)


def _within(folder: str) -> Callable[[str], bool]:
    return lambda name: folder in name.split("/")[:-1]


def _ends(*endings: str) -> Callable[[str], bool]:
    return lambda name: name.endswith(endings)


# Looked for in this order, in lower case, in every name of the archive
REFUSED: Final[tuple[tuple[Callable[[str], bool], str], ...]] = (
    (lambda name: PurePosixPath(name).name == "vbaproject.bin", MACROS),
    (_within("macrosheets"), MACROS),
    (_within("externallinks"), LINKS),
    (_within("embeddings"), EMBEDDED),
    (_within("activex"), EMBEDDED),
    (lambda name: name == "xl/workbook.bin", BINARY),
    (lambda name: name == "word/document.xml", "这是Word文档，请把表格复制到Excel中，保存为.xlsx后再上传。"),
    (lambda name: name == "ppt/presentation.xml", "这是演示文稿，请把表格复制到Excel中，保存为.xlsx后再上传。"),
    (_ends(".iwa"), "这是Numbers表格，请在Numbers中导出为Excel（.xlsx）后再上传。"),
)


def _package(names: set[str]) -> None:
    """What kind of package these parts make up."""
    lower = {name.lower() for name in names}
    for matches, sentence in REFUSED:
        if any(matches(name) for name in lower):
            raise Unreadable(sentence)
    if {"mimetype", "content.xml"} <= lower:
        raise Unreadable("这是开放文档表格（.ods），请另存为.xlsx后再上传。")
    if "[Content_Types].xml" not in names:
        raise Unreadable(PACKED if any(map(_ends(".xlsx", ".xls", ".et", ".csv"), lower)) else NO_WORKBOOK)
    if "_rels/.rels" not in names or not any(map(_ends("workbook.xml"), lower)):
        raise Unreadable(NO_WORKBOOK)


def _unpacked(archive: ZipFile) -> None:
    """Unpack everything once, in chunks, counting what really comes out and comparing it with what was declared."""
    total = 0
    for info in archive.infolist():
        unbound = copy.copy(info)
        unbound.file_size = LARGEST_UNPACKED + 1  # zipfile stops at the declared size and would believe a lie
        count = 0
        with archive.open(unbound) as entry:
            while chunk := entry.read(CHUNK):
                if count == 0 and chunk.startswith(ARCHIVES):
                    raise Unreadable(EMBEDDED)
                count, total = count + len(chunk), total + len(chunk)
                if total > LARGEST_UNPACKED or (count > RATIO_FROM and count > HIGHEST_RATIO * info.compress_size):
                    raise Unreadable(SWOLLEN)
        if count != info.file_size:
            raise Unreadable(SUSPECT)
