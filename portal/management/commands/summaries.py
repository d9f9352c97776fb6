"""The only place that builds and verifies the month summary by hand."""

import datetime as dt
import random
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from metrics import summaries
from orgs.models import Park


class Command(BaseCommand):
    help = "月末汇总：rebuild 从台账重新建立；verify 与逐家计算比对。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=["rebuild", "verify"])
        parser.add_argument("--days", type=int, default=6, help="比对几天：今天、上月末，其余随机取，默认6")

        parser.add_argument("--parks", type=int, default=40, help="逐家比对多少个园区，多于此数时随机取，默认40")

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.perf_counter()
        if options["what"] == "rebuild":
            summaries.rebuild(self.stdout.write)
            self.stdout.write(f"汇总已重新建立，用时{time.perf_counter() - started:.1f}秒。")
            return
        state = summaries.current()
        if state is None:
            raise CommandError("汇总还没有按现行口径建立，请先运行 manage.py summaries rebuild。")
        today = timezone.localdate()
        span = (today - state.first).days
        drawn = [state.first + dt.timedelta(days=random.randint(0, span)) for _ in range(max(0, options["days"] - 2))]  # noqa: S311
        parks = list(Park.objects.order_by("pk").values_list("pk", flat=True))
        some = random.sample(parks, min(len(parks), options["parks"]))
        wrong = summaries.verify(sorted({today, state.last, *drawn}), some)
        for line in wrong:
            self.stderr.write(line)
        if wrong:
            raise CommandError(f"有{len(wrong)}处与逐家计算不符，请运行 manage.py summaries rebuild，并报告这个问题。")
        self.stdout.write(f"汇总与逐家计算一致，用时{time.perf_counter() - started:.1f}秒。")
