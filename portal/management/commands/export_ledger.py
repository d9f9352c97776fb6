"""The only place that lets a process of its own make a long workbook. Started by the portal, not by hand."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.http import HttpRequest, QueryDict

from orgs.models import User
from portal import exports
from portal.views.ledgers import listing_of


class Command(BaseCommand):
    help = "生成较大的台账工作簿；由系统自己启动，不用手工运行。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", type=int, help="账号编号")
        parser.add_argument("ledger", help="台账代号")
        parser.add_argument("query", help="网址中的条件")
        parser.add_argument("descriptor", type=int, help="交接过来的文件")

    def handle(self, *args: Any, **options: Any) -> None:
        request = HttpRequest()
        request.user = User.objects.get(pk=options["user"], is_active=True)
        request.GET = QueryDict(options["query"])
        exports.work(listing_of(request, options["ledger"]), options["descriptor"])
