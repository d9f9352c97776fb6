"""The only place that rebuilds the index of enterprise names by hand, or looks whether it is right."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from orgs import grams


class Command(BaseCommand):
    help = "企业名称索引：rebuild 重新建立；verify 与企业名录核对，不一致时列出并以错误结束。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=("rebuild", "verify"), help="rebuild 重建，verify 核对")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["action"] == "rebuild":
            self.stdout.write(f"企业名称索引已重建，共{grams.rebuild():,}行。")
            return
        wrong = grams.verify()
        for pair, pk, is_missing in wrong:
            self.stdout.write(f"企业{pk}：索引{'缺少' if is_missing else '多出'}“{pair}”")
        if wrong:
            raise CommandError("企业名称索引与企业名录不一致，请运行 manage.py grams rebuild。")
        self.stdout.write("企业名称索引与企业名录一致。")
