"""The only place that takes everything out by hand: every ledger as open files in a folder."""

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.takeout.manifest import MANIFEST, Unfit, sha256_of
from portal.takeout.tables import NotMigrated
from portal.takeout.writing import take_out


class Command(BaseCommand):
    help = "把全部台账导出为CSV文件，另有说明和清单；import_all 可以原样导回一个空的系统。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="文件夹", help="导出到哪里：新的或空的文件夹")
        parser.add_argument("--replace", action="store_true", help="替换文件夹里以前的导出")
        parser.add_argument("--passwords", action="store_true", help="连同账号的密码散列值一起导出")
        parser.add_argument("--id-numbers", action="store_true", help="连同加密的身份证号一起导出（密钥不在里面）")
        parser.add_argument("--without-damaged", action="store_true", help="不带缺少或已损坏的附件文件，照样导出")

    def handle(self, *args: Any, **options: Any) -> None:
        began = time.perf_counter()
        folder: Path = options["folder"]
        try:
            manifest = take_out(
                folder,
                self.stdout.write,
                passwords=options["passwords"],
                replace=options["replace"],
                id_numbers=options["id_numbers"],
                without_damaged=options["without_damaged"],
            )
        except (Unfit, NotMigrated) as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(
                f"没有导出：不能写入 {folder}（{error.strerror}），请核对路径、权限和磁盘空间。"
            ) from error
        seconds = time.perf_counter() - began
        self.stdout.write(
            f"已导出{len(manifest.tables)}张表、{manifest.rows:,}行，用时{seconds:.1f}秒。"
            f"清单 {MANIFEST} 的SHA-256：{sha256_of(folder / MANIFEST)}"
        )
        hashes = "和账号的密码散列值" if manifest.passwords else ""
        sealed = "身份证号是密文，密钥不在里面。" if manifest.id_numbers else "身份证号没有导出。"
        self.stdout.write(
            f"注意：文件夹含有人员姓名、电话等个人信息{hashes}，已设为只有本人可读，请妥善保管，用完删除。{sealed}"
        )
