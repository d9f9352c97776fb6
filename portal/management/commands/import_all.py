"""The only place that puts everything back by hand: a folder of export_all into an empty installation."""

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from orgs.models import User
from portal.takeout.manifest import MANIFEST, Unfit, sha256_of
from portal.takeout.reading import put_in
from portal.takeout.tables import NotMigrated


class Command(BaseCommand):
    help = "把 export_all 导出的文件夹原样导入一个还没有园区也没有账号的系统；有一处不对就全部不导入。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="文件夹", help="export_all 导出的文件夹")

    def handle(self, *args: Any, **options: Any) -> None:
        began = time.perf_counter()
        folder: Path = options["folder"]
        try:
            manifest = put_in(folder, self.stdout.write)
            digest = sha256_of(folder / MANIFEST)
        except (Unfit, NotMigrated) as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"没有导入：不能读取 {folder}（{error.strerror}），请核对路径和权限。") from error
        seconds = time.perf_counter() - began
        self.stdout.write(
            f"已导入{len(manifest.tables)}张表、{manifest.rows:,}行，用时{seconds:.1f}秒。"
            f"清单 {MANIFEST} 的SHA-256：{digest}"
        )
        if not manifest.passwords and User.objects.exists():
            self.stdout.write(
                "账号都没有密码，还不能登录：请用 manage.py changepassword 账号 给管理员设，其余的由管理员设。"
            )
