"""The only place that clears away or checks the files of attachments by hand."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from orgs import journal
from portal.attachments import keeping
from portal.models import Attachment


class Command(BaseCommand):
    help = "附件的文件：sweep 清理删满30天的和没有登记的；verify 逐个核对内容摘要，缺少或损坏的列出来并以错误结束。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=("sweep", "verify"), help="sweep 清理，verify 核对")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["action"] == "sweep":
            rows = keeping.over()
            for one in rows:
                journal.delete(one, journal.INSTALLER, journal.Via.INSTALL)
            swept = keeping.sweep_files()
            self.stdout.write(
                f"删满{Attachment.DAYS_TO_RESTORE}天的附件清理了{len(rows):,}个；"
                f"没有登记的文件清理了{swept.files:,}个，共{swept.bytes:,}字节；没有传完的清理了{swept.halves:,}个。"
            )
            return
        wrong = 0
        for one in keeping.damaged():
            wrong += 1
            self.stdout.write(f"附件{one.pk}“{one.name}”（{one.park.short_name}）：文件缺少或已损坏，摘要{one.sha256}")
        if wrong:
            raise CommandError(f"有{wrong:,}个附件的文件缺少或已损坏，请从备份放回数据目录的files文件夹。")
        self.stdout.write(f"{Attachment.objects.count():,}个附件的文件都完好。")
