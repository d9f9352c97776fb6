"""The only place that runs the benchmark: how large, on which database, where the results go."""

import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone

from metrics import summaries
from orgs import grams
from portal.benchmark import first_version, ground, measure, nation, report, rivals, workbooks
from portal.benchmark.measure import Line, Subject

SIZES: Final = {
    "tiny": (2_000, 5),
    "small": (20_000, 40),
    "national": (nation.ENTERPRISES, nation.PARKS),
}
ALONE: Final = "alone.json"
PAGES: Final = "Pages"
IN_ONE_PARK: Final = (workbooks.GROUP, first_version.GROUP)  # measured before the nation, in databases of their own


def is_wanted(group: str, only: Sequence[str]) -> bool:
    return not only or any(group.startswith(one) for one in only)


def first_page_alone() -> float:
    """The median of the first page in a database of the usual size, in milliseconds, measured now."""
    with tempfile.TemporaryDirectory() as folder:
        size = ["--enterprises", f"{nation.USUAL}", "--parks", "1"]
        ground.start_inside([*size, "--results", folder, f"--only={PAGES}"])
        (line,) = report.Results.read(Path(folder, f"{connection.vendor}-{ALONE}")).lines
    if line.ours is None:
        raise CommandError("没有量出首页的用时。")
    return line.ours.median


class Command(BaseCommand):
    help = (
        "在自己的临时数据库里建一个虚构的全国，测量指标、页面和登记的用时，并与手写SQL和DuckDB比对。不接触正式数据库。"
    )
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--size", choices=SIZES, default="small", help="规模，默认small（20,000家）")
        parser.add_argument("--enterprises", type=int, help="企业数，代替--size")
        parser.add_argument("--parks", type=int, help="园区数，代替--size")
        parser.add_argument("--results", type=Path, default=settings.VAR_DIR / "benchmark", help="结果放在哪个文件夹")
        parser.add_argument("--quick", action="store_true", help="每项只做一次：只为核对答案，不为计时")
        parser.add_argument("--page", type=Path, help="不测量，只把结果文件夹里的写成这个页面")
        parser.add_argument(
            "--only",
            action="append",
            default=[],
            metavar="组",
            help="只量名称这样开头的组（可重复），替换已有的各行",
        )
        parser.add_argument("--inside", action="store_true", help="由本命令自己使用：已在临时数据库里")

    def handle(self, *args: Any, **options: Any) -> None:
        firms, parks = SIZES[options["size"]]
        firms, parks = options["enterprises"] or firms, options["parks"] or parks
        if parks < 1 or firms < 5 * parks:
            raise CommandError("--parks 至少为1，--enterprises 至少为园区数的5倍。")
        folder = Path(options["results"]).resolve()
        if options["page"]:
            report.write_page(folder, options["page"])
        elif options["inside"]:
            self.measure(nation.Nation(firms, parks), folder, quick=options["quick"], only=options["only"])
        else:
            self.start(firms, parks, folder, options["only"], quick=options["quick"])

    def start(self, firms: int, parks: int, folder: Path, only: Sequence[str], *, quick: bool) -> None:
        """Measure each size in a database of its own, and join what was found."""
        kept = folder / f"{connection.vendor}-{ALONE}"
        kept.unlink(missing_ok=True)  # of a run that was broken off
        in_one_park = [group for group in IN_ONE_PARK if is_wanted(group, only)]
        is_only_one_park = bool(only) and all(any(is_wanted(group, [one]) for group in IN_ONE_PARK) for one in only)
        if first_version.GROUP in in_one_park and not quick and not first_version.is_there():
            raise CommandError("这里的历史不全，找不到第一版，不能与它比：请取回全部历史（git fetch --unshallow）。")
        sizes = []
        if in_one_park:
            sizes.append((min(nation.USUAL, firms), 1, in_one_park))
        if workbooks.GROUP in in_one_park and not quick:
            sizes.append((workbooks.EXPORTED, 1, [workbooks.GROUP]))
        if not is_only_one_park:
            sizes.append((firms, parks, list(only)))
        for size in sizes:
            passed = ["--enterprises", f"{size[0]}", "--parks", f"{size[1]}", "--results", f"{folder}"]
            passed += [f"--only={group}" for group in size[2]]
            ground.start_inside([*passed, *(["--quick"] if quick else [])])
        if is_only_one_park:
            self.replace(folder, [line for line in report.Results.read(kept).lines if line.group in IN_ONE_PARK])
            kept.unlink()

    def measure(self, one: nation.Nation, folder: Path, *, quick: bool, only: Sequence[str]) -> None:
        ground.refuse_other_databases()
        if settings.DEBUG:
            raise CommandError("请在 DEBUG 关闭时测量。")
        self.stdout.write(f"{report.database()}：{one.enterprises:,}家企业，{one.parks:,}个园区")
        call_command("migrate", verbosity=0, interactive=False)
        facts = self.fill(one)
        if one.enterprises == workbooks.EXPORTED:
            results = report.Results.read(folder / f"{connection.vendor}-{ALONE}")
            results.lines += self.exported(one, quick=False)
            results.write(folder / f"{connection.vendor}-{ALONE}")
            return
        kept = folder / f"{connection.vendor}-{ALONE}"
        is_alone = one.parks == 1
        opponents: list[rivals.Rival] = [rivals.RawSQL()]
        if not is_alone:
            begun = time.perf_counter()
            duck = rivals.DuckDB(Path(settings.VAR_DIR))
            facts["DuckDB"] = f"{duck.version}, loaded in {time.perf_counter() - begun:.0f} s"
            opponents.append(duck)
        found = measure.subjects(one, opponents)
        run = partial(measure.measure, quick=quick, told=self.stdout.write)
        if is_alone:
            page = (subject for subject in found if (subject.name, subject.who) == (measure.FIRST_PAGE, "nation"))
            lines = run(page, judged=False, alone=None) if is_wanted(PAGES, only) else []
            if is_wanted(workbooks.GROUP, only):
                lines += run(self.workbooks(one, quick=quick), judged=not quick, alone=None)
                lines += self.exported(one, quick=True) if quick else []
            if is_wanted(first_version.GROUP, only) and first_version.is_there():
                found = first_version.subjects(measure.readers(one)["officer"])
                lines += run(found, judged=not quick, alone=None)
        else:
            before = report.Results.read(kept).lines if kept.exists() else []
            asked = (subject for subject in found if is_wanted(subject.group, only))
            lines = run(asked, judged=one.enterprises >= nation.ENTERPRISES, alone=first_page_alone)
            lines += [line for line in before if line.group in IN_ONE_PARK]
        results = report.Results(
            report.database(), f"{timezone.localdate()}", report.machine(), one.counts, facts, lines
        )
        if is_alone:
            results.write(kept)
        else:
            if only:
                self.replace(folder, lines)
            else:
                results.write(folder / f"{connection.vendor}.json")
            kept.unlink(missing_ok=True)
        for rival in opponents:
            rival.close()

    def exported(self, one: nation.Nation, *, quick: bool) -> list[Line]:
        """The lines about the workbook of a whole ledger."""
        asked = workbooks.exported(measure.readers(one)["officer"], measure.ANY_DAY)
        return measure.measure(asked, quick=quick, told=self.stdout.write, judged=not quick, alone=None)

    @staticmethod
    def replace(folder: Path, lines: Sequence[Line]) -> None:
        """Put lines in the place of those of an earlier run that are about the same."""
        whole = folder / f"{connection.vendor}.json"
        results = report.Results.read(whole)
        newer = {(line.group, line.name, line.who): line for line in lines}
        results.lines = [newer.pop((line.group, line.name, line.who), line) for line in results.lines]
        results.lines += newer.values()
        results.write(whole)

    @staticmethod
    def workbooks(one: nation.Nation, *, quick: bool) -> Iterator[Subject]:
        officer = measure.readers(one)["officer"]
        if officer.park is None:
            raise CommandError("没有可以导入的园区。")
        return workbooks.subjects(officer.user, officer.park, 300 if quick else workbooks.ROWS)

    def fill(self, one: nation.Nation) -> dict[str, str]:
        """Facts, summary and index; how long each took, in words."""
        facts = {}
        for name, fill in (
            ("facts written", lambda: nation.build(one, self.stdout.write)),
            ("summary built", summaries.rebuild),
            ("name index built", grams.rebuild),
        ):
            begun = time.perf_counter()
            fill()
            facts[name] = f"{time.perf_counter() - begun:.0f} s; database {report.size_of_database()}"
            self.stdout.write(f"{name}：{facts[name]}")
        return facts
