"""The only place where tests make workbooks by hand, good and bad, down to the bytes of the archive."""

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from xml.sax.saxutils import escape, quoteattr
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
SHEET = "xl/worksheets/sheet1.xml"
STRINGS = "xl/sharedStrings.xml"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1000)


def types(macro: bool = False) -> str:
    kind = "ms-excel.sheet.macroEnabled" if macro else "openxmlformats-officedocument.spreadsheetml.sheet"
    return (
        f'{HEAD}<Types xmlns="{PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="application/vnd.{kind}.main+xml"/></Types>'
    )


def related(*targets: tuple[str, str, str]) -> str:
    """A part of relations from (id, end of the type, target)."""
    inner = "".join(f'<Relationship Id="{id}" Type="{RELATED}/{kind}" Target="{to}"/>' for id, kind, to in targets)
    return f'{HEAD}<Relationships xmlns="{PACKAGE}/relationships">{inner}</Relationships>'


def worksheet(data: str = "", after: str = "", before: str = "") -> str:
    return f'{HEAD}<worksheet xmlns="{MAIN}">{before}<sheetData>{data}</sheetData>{after}</worksheet>'


def cell(place: str, raw: str, kind: str = "n", style: int = 0, formula: str | None = None) -> str:
    inner = "" if formula is None else f"<f>{escape(formula)}</f>"
    return f'<c r="{place}" s="{style}" t="{kind}">{inner}<v>{escape(raw)}</v></c>'


def text(place: str, content: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(content)}</t></is></c>'


def row(number: int, *cells: str, hidden: bool = False) -> str:
    said = ' hidden="1"' if hidden else ""
    return f'<row r="{number}"{said}>{"".join(cells)}</row>'


GOOD = worksheet(row(1, text("A1", "企业名称"), text("B1", "人数")) + row(2, text("A2", "甲公司"), cell("B2", "12")))


def parts(
    *sheets: str,
    names: Iterable[str] = ("企业", "说明", "第三张"),
    states: Iterable[str] = ("", "", ""),
    shared: Iterable[str] | None = None,
    formats: Iterable[str] = (),
    built_in: Iterable[int] = (),
    is_1904: bool = False,
    macro: bool = False,
    **more: str | bytes,
) -> dict[str, str | bytes]:
    """The parts of a workbook by name. Style 1 and on are ``formats``, after them the ``built_in`` ones."""
    bodies = sheets or (GOOD,)
    entries, targets = "", [("rIdS", "styles", "styles.xml")]
    for number, (name, state, _) in enumerate(zip(names, states, bodies, strict=False), 1):
        said = f' state="{state}"' if state else ""
        entries += f'<sheet name={quoteattr(name)} sheetId="{number}"{said} r:id="rId{number}"/>'
        targets.append((f"rId{number}", "worksheet", f"worksheets/sheet{number}.xml"))
    codes = list(formats)
    styled = [*range(200, 200 + len(codes)), *built_in]
    made: dict[str, str | bytes] = {
        "[Content_Types].xml": types(macro),
        "_rels/.rels": related(("rId1", "officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": f'{HEAD}<workbook xmlns="{MAIN}" xmlns:r="{RELATED}"><workbookPr date1904="{is_1904:d}"/>'
        f"<sheets>{entries}</sheets></workbook>",
        "xl/styles.xml": f'{HEAD}<styleSheet xmlns="{MAIN}"><numFmts>'
        + "".join(f'<numFmt numFmtId="{200 + n}" formatCode={quoteattr(code)}/>' for n, code in enumerate(codes))
        + '</numFmts><cellXfs><xf numFmtId="0"/>'
        + "".join(f'<xf numFmtId="{number}"/>' for number in styled)
        + "</cellXfs></styleSheet>",
    }
    if shared is not None:
        targets.append(("rIdT", "sharedStrings", "sharedStrings.xml"))
        made[STRINGS] = f'{HEAD}<sst xmlns="{MAIN}">{"".join(f"<si>{one}</si>" for one in shared)}</sst>'
    made["xl/_rels/workbook.xml.rels"] = related(*targets)
    made |= {f"xl/worksheets/sheet{number}.xml": body for number, body in enumerate(bodies, 1)}
    return made | more


def packed(files: Mapping[str, str | bytes], method: int = ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with ZipFile(out, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(ZipInfo(name), content, compress_type=method)
    return out.getvalue()


def book(*sheets: str, **how: object) -> bytes:
    return packed(parts(*sheets, **how))  # type: ignore[arg-type]


def one_row(*cells: str, **how: object) -> bytes:
    return book(worksheet(row(1, *cells)), **how)


def with_files(**files: str | bytes) -> bytes:
    """A good workbook with further entries; ``__`` in a name is a slash."""
    return packed(parts() | {name.replace("__", "/"): content for name, content in files.items()})


def with_entries(*entries: tuple[str, str | bytes]) -> bytes:
    return packed(parts() | dict(entries))


def without(name: str) -> bytes:
    return packed({key: content for key, content in parts().items() if key != name})


def changed(name: str, old: str, new: str) -> bytes:
    """A good workbook with a text replaced in one part."""
    files = parts(shared=["<t>文</t>"])
    content = str(files[name])
    assert old in content
    return packed(files | {name: content.replace(old, new, 1)})


ENTITIES = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>\n'
)


def with_entities(name: str) -> bytes:
    return changed(name, HEAD, HEAD + ENTITIES)


def with_file_entity() -> bytes:
    declared = f'{HEAD}<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>\n'
    files = parts(worksheet(row(1, text("A1", "甲"))))
    return packed(files | {SHEET: str(files[SHEET]).replace(HEAD, declared).replace("甲", "&a;")})


# Surgery on the bytes

LOCAL, CENTRAL = b"PK\x03\x04", b"PK\x01\x02"


def central(data: bytes, name: str) -> int:
    """Where the record of an entry in the directory begins."""
    start = -1
    while (start := data.find(CENTRAL, start + 1)) >= 0:
        length = struct.unpack_from("<H", data, start + 28)[0]
        if data[start + 46 : start + 46 + length] == name.encode():
            return start
    raise KeyError(name)


def patched(data: bytes, name: str, offset: int, form: str, value: int) -> bytes:
    """``data`` with a field of both headers of an entry overwritten; ``offset`` counts in the central one."""
    made, start = bytearray(data), central(data, name)
    local = struct.unpack_from("<I", data, start + 42)[0]
    struct.pack_into(form, made, start + offset, value)
    if offset >= 6 and offset < 28:
        struct.pack_into(form, made, local + offset - 2, value)
    return bytes(made)


def lying(size: int) -> bytes:
    """A sheet that declares ``size`` bytes and the checksum of so many, and unpacks to more."""
    body = GOOD.encode()
    data = patched(book(), SHEET, 24, "<I", size)
    return patched(data, SHEET, 16, "<I", zlib.crc32(body[:size]))


def bad_sum() -> bytes:
    return patched(book(), SHEET, 16, "<I", 0x12345678)


def bad_stream() -> bytes:
    data = bytearray(book())
    start = central(bytes(data), SHEET)
    local = struct.unpack_from("<I", data, start + 42)[0]
    data[local + 30 + len(SHEET) + 4 : local + 30 + len(SHEET) + 12] = b"\xff" * 8
    return bytes(data)


def strange_method() -> bytes:
    """LZMA lets an archive ask for four gigabytes before it gives a byte."""
    return patched(book(), SHEET, 10, "<H", zipfile.ZIP_LZMA)


def locked_entry() -> bytes:
    return patched(book(), SHEET, 8, "<H", 1)


def twice(first: str, second: str) -> bytes:
    """Two entries, the second renamed to ``second`` (of the same length as the placeholder)."""
    placeholder = "z" * len(second)
    files = {(placeholder if name == first else name): content for name, content in parts().items()}
    files = {first: GOOD} | files
    return packed(files).replace(placeholder.encode(), second.encode())


def symlink() -> bytes:
    out = io.BytesIO(book())
    with ZipFile(out, "a") as archive:
        link = ZipInfo("xl/link")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    return out.getvalue()


def zip64() -> bytes:
    out = io.BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:
        for name, content in parts().items():
            with archive.open(name, "w", force_zip64=True) as entry:
                entry.write(content.encode() if isinstance(content, str) else content)
    return out.getvalue()


def bomb() -> bytes:
    """8 KB that unpack to 8 MB."""
    return with_files(xl__media__image1__png=bytes(8 << 20))


def large(megabytes: int) -> bytes:
    """Entries that unpack to so much and are packed a hundredfold at most: honest headers, too much in all."""
    noise = random.Random(7).randbytes(1 << 17)
    filling = (noise + bytes(10 << 20)) * 1
    count = -(-megabytes // 10)
    return with_entries(*((f"xl/media/image{number}.bin", filling) for number in range(count)))


def overfull() -> bytes:
    return with_entries(*((f"xl/media/{number}.txt", "x") for number in range(500)))


def stuffing(inner: str, around: str = "{}") -> str:
    """``inner`` with noise in comments, so that it is packed no tighter than an honest file."""
    noise = random.Random(7)
    step = max(len(inner) // 200, 1)
    pieces = [inner[place : place + step] for place in range(0, len(inner), step)]
    return around.format("".join(piece + f"<!--{noise.randbytes(step // 60 + 1).hex()}-->" for piece in pieces))


def deep(levels: int) -> bytes:
    return book(worksheet(row(1, text("A1", "甲")), after="<x>" * levels + "</x>" * levels))


def empty_rows(count: int = 1_048_576) -> bytes:
    """One row with content among formatted empty ones, down to the last row that Excel has."""
    rows = "".join(
        f'<row r="{n}" s="1" customFormat="1" ht="20"><c r="A{n}" s="1"/></row>' for n in range(2, count + 1)
    )
    return book(worksheet(row(1, text("A1", "企业名称")) + rows), formats=["yyyy-mm-dd"])


def grid(rows: int, columns: int) -> bytes:
    """A workbook of openpyxl with so many cells, texts and numbers by turns."""
    from openpyxl import Workbook

    made = Workbook(write_only=True)
    sheet = made.create_sheet("企业")
    for number in range(rows):
        sheet.append([f"企业{number}-{column}" if column % 2 else number * column for column in range(columns)])
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def stored() -> bytes:
    return packed(parts(), ZIP_STORED)


def old_excel(*words: str) -> bytes:
    """An OLE2 file with streams of these names."""
    return OLE + b"".join(word.encode("utf-16-le") + bytes(64) for word in words)
