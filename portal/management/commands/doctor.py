"""The only place that examines an installation: what is well, what is missing, and the command that mends it."""

import os
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from metrics import summaries
from orgs import keyring
from orgs.models import Grant, Park, User
from portal.attachments import keeping, store
from portal.models import Attachment


@dataclass(frozen=True)
class Finding:
    """One line of the report. A missing optional program does not make the installation ill."""

    name: str
    well: bool
    told: str
    optional: bool = False


class Command(BaseCommand):
    help = "检查这台机器上的安装是否完整；缺少必需项时以 1 退出。"
    requires_migrations_checks = False

    def handle(self, *args: Any, **options: Any) -> None:
        findings = [*programs(), *files(), *data()]
        for found in findings:
            mark = "正常" if found.well else "可选" if found.optional else "缺少"
            self.stdout.write(f"{mark}  {found.name}：{found.told}")
        if any(not found.well and not found.optional for found in findings):
            sys.exit(1)


def programs() -> Iterator[Finding]:
    yield Finding("Python", sys.version_info >= (3, 11), sys.version.split()[0])
    yield Finding("Django", True, metadata.version("django"))
    for name, commands, install in (
        (
            "Chromium（浏览器测试）",
            [os.environ.get("CHROMIUM", "/usr/bin/chromium")],
            "apt-get install chromium fonts-noto-cjk",
        ),
        ("LibreOffice（工作簿测试）", ["soffice", "libreoffice"], "apt-get install libreoffice-calc-nogui"),
        (
            "PostgreSQL（另一种数据库的测试）",
            ["initdb", *map(str, Path("/usr/lib/postgresql").glob("*/bin/initdb"))],
            "apt-get install postgresql",
        ),
    ):
        found = next(filter(None, map(shutil.which, commands)), None)
        yield Finding(name, found is not None, found or f"没有；Debian 上安装：{install}", optional=True)


def files() -> Iterator[Finding]:
    var: Path = settings.VAR_DIR
    yield key()
    yield Finding("数据目录", os.access(var, os.W_OK), f"{var}，剩余 {shutil.disk_usage(var).free // 2**20:,} MB")
    if settings.PRODUCTION:
        built = (settings.STATIC_ROOT / "staticfiles.json").exists()
        yield Finding("静态文件", built, "已收集" if built else "没有收集；请执行 manage.py collectstatic --noinput")


def key() -> Finding:
    """Whether there is a key for ID numbers, and, when it is in a file, that nobody else reads it."""
    name = "身份证号的密钥"
    try:
        numbers = sorted(keyring.keys())
    except keyring.NoKey as error:
        return Finding(name, False, str(error))
    told = f"第{'、'.join(map(str, numbers))}号"
    if not keyring.is_in_file():
        return Finding(name, True, f"{told}，在 PORTAL_ID_KEY")
    open_to_others = keyring.path().stat().st_mode & 0o077
    where = f"{told}，在 {keyring.path()}；请与数据库分开备份"
    return Finding(name, not open_to_others, f"{where}；别的账号也能读，请改为600" if open_to_others else where)


def data() -> Iterator[Finding]:
    try:
        connection.ensure_connection()
    except DatabaseError as error:
        yield Finding("数据库", False, f"连接不上：{error}")
        return
    release = sqlite3.sqlite_version if connection.vendor == "sqlite" else str(getattr(connection, "pg_version", ""))
    yield Finding("数据库", True, f"{connection.display_name} {release}")
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    yield Finding(
        "数据库表", not waiting, f"{len(waiting)} 步没有执行；请执行 manage.py setup_portal" if waiting else "最新"
    )
    if waiting:
        return
    built = summaries.current() is not None
    told = "按现行口径" if built else "还没有，各项比率逐家计算；请执行 manage.py summaries rebuild"
    yield Finding("月末汇总", built, told, optional=True)
    yield attached()
    parks = Park.objects.count()
    yield Finding("园区", parks > 0, f"{parks} 个")
    granted = User.objects.filter(pk__in=Grant.objects.values("user"), is_active=True).count()
    yield Finding("有授权的账号", granted > 0, f"{granted} 个")


def attached() -> Finding:
    """Whether the files lie where the database says: it may have been brought back without them."""
    number, lost = Attachment.objects.count(), keeping.missing()
    told = f"{number:,} 个" if number else "没有"
    if lost:
        told = f"有 {lost:,} 个文件不在 {store.root()}；请把备份的这个目录放回去，再执行 manage.py attachments verify"
    return Finding("附件", not lost, told)
