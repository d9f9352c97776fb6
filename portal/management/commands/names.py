"""The only place that works out by hand what names are sorted by, or looks whether it is right."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from orgs import ordering


class Command(BaseCommand):
    help = "名称的拼音次序和首字母：rebuild 重新算出；verify 与名称核对，不一致时列出并以错误结束。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=("rebuild", "verify"), help="rebuild 重算，verify 核对")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["action"] == "rebuild":
            self.stdout.write(f"名称的拼音次序已核对，改正{ordering.rebuild():,}条。")
            return
        wrong = ordering.verify()
        for model, pk, name in wrong:
            self.stdout.write(f"{model._meta.verbose_name}{pk}：“{name}”的拼音次序或首字母不对")
        if wrong:
            raise CommandError("名称的拼音次序与名称不一致，请运行 manage.py names rebuild。")
        self.stdout.write("名称的拼音次序与名称一致。")
