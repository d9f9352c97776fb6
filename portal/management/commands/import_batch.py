"""The only place that lets a process of its own work on a batch of the import. Started by the portal, not by hand."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from orgs.models import User
from portal.imports import jobs
from portal.models import ImportBatch


class Command(BaseCommand):
    help = "处理一批较大的导入；由系统自己启动，不用手工运行。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("batch", type=int, help="批次编号")
        parser.add_argument("user", type=int, help="账号编号")
        parser.add_argument("descriptor", type=int, help="交接过来的文件")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.get(pk=options["user"], is_active=True)
        batch = ImportBatch.objects.visible_to(user).writable_by(user).select_related("park").get(pk=options["batch"])
        jobs.work(batch, user, options["descriptor"])
