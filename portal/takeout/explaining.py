"""The only place that writes 说明.md: what a person needs who has the folder and nothing else."""

from collections.abc import Iterator
from typing import Final

from django.db import models

from orgs.scoping import ScopedModel
from portal.models import Attachment
from portal.takeout.cells import Column
from portal.takeout.manifest import ATTACHMENTS, MANIFEST, File, Manifest
from portal.takeout.tables import LEFT_OUT, TABLES, columns_of, file_of

HOW_TO_READ: Final = (
    "一张表一个CSV文件：UTF-8编码（没有BOM），逗号分隔，一条记录以CRLF结束，第一行是列名。"
    "含有逗号、双引号、换行的文字放在双引号里，其中的双引号写两个。",
    "空着的格：在“文字”列里就是没有填（空的文字）；在其他列里是没有这个值，如“终止日期”空着就是现在仍有效。"
    "文字列里没有第二种“空”。",
    "日期写作2026-11-21。时间写作2026-11-21T07:12:03.000000Z，是协调世界时，北京时间要加8小时。",
    "真假写作true、false。小数按存的位数写足。JSON是一整格文字，键按字母排序。",
    "“起始日期”是有效的第一天，“终止日期”是第一个不再有效的日子。",
    "各表的id是编号，“指向”某表的列写的是那张表的id。行按id由小到大。",
    "这些是数据，不是表格：以=、+、-、@开头的文字照原样保存，没有加引号或空格。"
    "请用程序读；用Excel直接打开，它会把这样的文字当成公式，也会改写长数字和日期。",
)


def explanation(manifest: Manifest) -> str:
    """The whole text; everything in it but the day follows from the models and the files."""
    return "\n".join(_lines(manifest))


def _lines(manifest: Manifest) -> Iterator[str]:
    yield "# 园区党建：全部台账\n"
    yield f"{manifest.day}由“园区党建”{manifest.portal}导出，共{len(manifest.tables)}张表、{manifest.rows}行。\n"
    hashes = "含有账号的密码散列值" if manifest.passwords else "不含账号的密码"
    hashes += "，含有加密的身份证号" if manifest.id_numbers else "，不含身份证号"
    yield f"**这个文件夹含有人员姓名、电话等个人信息，{hashes}，只给有权的人，用完删除或妥善保管。**\n"
    yield "## 怎么读\n"
    yield from (f"- {line}" for line in HOW_TO_READ)
    yield ""
    yield from _how_to_put_back(manifest)
    yield from _attached(manifest)
    yield "## 没有导出的\n"
    for reason in dict.fromkeys(LEFT_OUT.values()):
        labels = "、".join(label for label, why in LEFT_OUT.items() if why == reason)
        yield f"- {reason}（{labels}）。"
    yield "\n## 各表\n"
    yield "| 文件 | 表 | 行数 | 字节 | SHA-256 |\n|---|---|---|---|---|"
    for model, file in zip(TABLES, manifest.tables, strict=True):
        yield f"| {file.file} | {model._meta.verbose_name} | {file.rows} | {file.bytes} | {file.sha256} |"
    for model, file in zip(TABLES, manifest.tables, strict=True):
        yield from _table(model, file, passwords=manifest.passwords, id_numbers=manifest.id_numbers)
    yield ""


def _how_to_put_back(manifest: Manifest) -> Iterator[str]:
    yield "## 怎么导回\n"
    yield "- 先用 `manage.py migrate` 建好表；系统里还不能有园区和账号。再运行 `manage.py import_all 文件夹`。"
    yield f"- {MANIFEST} 给程序看，内容与这里相同。文件有改动、缺少或多余，数据库表的版本不同，都不导入。"
    if not manifest.passwords:
        yield "- 账号都没有密码：导入以后用 `manage.py changepassword 账号` 给管理员设密码，其余的由管理员设。"
    if manifest.id_numbers:
        yield "- 身份证号是密文：导入的系统要有同一把密钥（PORTAL_ID_KEY或密钥文件id.key），没有密钥谁也读不出来。"
    else:
        yield "- 党员都没有身份证号：没有导出，导入以后要重新登记。要连密文一起导出，用 `export_all --id-numbers`。"
    yield "- 大屏链接用各个系统自己的密钥签名：密钥（PORTAL_SECRET_KEY）不同，原来的网址打不开，请重新生成。"
    yield "- 数据库表的版本，即已执行的迁移：\n"
    yield from (f"  - {name}" for name in manifest.schema)
    yield ""


def _attached(manifest: Manifest) -> Iterator[str]:
    yield "## 附件\n"
    size = sum(one.bytes for one in manifest.attached)
    yield f"附件的文件有{len(manifest.attached)}个，共{size}字节，在{ATTACHMENTS}文件夹里，名字就是内容的SHA-256；"
    yield f"哪个是哪条记录的附件、原来叫什么，看 {file_of(Attachment)} 的 sha256 和 name 两列。内容相同的只有一份。\n"
    if manifest.lost:
        yield f"导出时缺少或已损坏、没有文件的有{len(manifest.lost)}个：{'、'.join(manifest.lost)}。\n"


def _table(model: type[ScopedModel], file: File, *, passwords: bool, id_numbers: bool) -> Iterator[str]:
    yield f"\n## {model._meta.verbose_name}（{file.file}）\n"
    yield "| 列 | 名称 | 内容 | 可以空着 | 说明 |\n|---|---|---|---|---|"
    for column in columns_of(model, passwords=passwords, id_numbers=id_numbers):
        cells = (column.name, _label(column), _content(column), _may_be_empty(column), _remark(column))
        yield "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _label(column: Column) -> str:
    return "编号" if column.field.primary_key else str(column.field.verbose_name)


def _content(column: Column) -> str:
    if isinstance(column.field, models.ForeignKey):
        target: type[ScopedModel] = column.field.related_model  # type: ignore[assignment]
        return f"整数，指向 {file_of(target)} 的 id"
    most = column.field.max_length
    return f"文字，最长{most}字" if column.kind == "text" and most else column.expected


def _may_be_empty(column: Column) -> str:
    return "可以" if column.field.null or (column.kind == "text" and column.field.blank) else ""


def _remark(column: Column) -> str:
    choices = "；".join(f"{value}＝{label}" for value, label in column.field.flatchoices if value not in ("", None))
    return " ".join(part for part in (choices, str(column.field.help_text)) if part)
