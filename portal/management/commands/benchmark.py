"""The only place that times the pages and figures that matter, with 10 and with 5,000 enterprises.

The command starts itself anew with a throw-away SQLite file in a temporary directory and refuses any other database.
"""

import datetime as dt
import os
import platform
import sqlite3
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlencode

import django
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse

from metrics.indicators import HEADLINES, month_ends, rates, rates_by, trend
from orgs import journal
from orgs.models import (
    Affiliation,
    BusinessState,
    BusinessStateKind,
    Coverage,
    Employment,
    Enterprise,
    EnterpriseKind,
    EnterpriseSize,
    FormationWay,
    Grant,
    Industry,
    Member,
    OrganizationKind,
    Park,
    PartyOrganization,
    Reach,
    Role,
    User,
    WorkCoverage,
    WorkKind,
)

PREFIX = "portal-benchmark-"
FILE = "benchmark.sqlite3"
DAY = dt.date(2026, 10, 31)
SMALL = 10
LARGE = 5_000
RUNS = 5
PAGE = 50
PATIENCE = 10  # seconds for all runs of one line, so that slow ones are run less often
LIMIT_MS = 300  # the first page of the large ledger
LIMITED = "企业台账，首页"


@dataclass(frozen=True)
class Timing:
    """Medians of several runs in milliseconds, by the clock and of the processor; how many queries one run asks."""

    milliseconds: float
    processor: float
    queries: int


@dataclass(frozen=True)
class Subject:
    """One line of the table: what is done for a park; it raises NoReverseMatch where the page does not exist."""

    name: str
    do: Callable[[Park, Client], object]


class Command(BaseCommand):
    help = "在临时数据库里测量主要页面和指标的用时：10家企业和5,000家企业各一个园区。不接触正式数据库。"
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--rows", type=int, default=LARGE, help=f"大园区的企业数，默认{LARGE}")
        parser.add_argument("--runs", type=int, default=RUNS, help=f"每项测几次取中位数，默认{RUNS}")
        parser.add_argument("--inside", action="store_true", help="由本命令自己使用：已在临时数据库里")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["rows"] < SMALL or options["runs"] < 1:
            raise CommandError(f"--rows 至少为{SMALL}，--runs 至少为1。")
        if options["inside"]:
            self.measure(options["rows"], options["runs"])
        else:
            start_inside(options["rows"], options["runs"])

    def measure(self, rows: int, runs: int) -> None:
        refuse_other_databases()
        if settings.DEBUG:
            raise CommandError("请在 DEBUG 关闭时测量。")
        write = self.stdout.write
        for line in machine():
            write(line)
        started = time.perf_counter()
        call_command("migrate", verbosity=0, interactive=False)
        parks = [fill("bench-small", SMALL), fill("bench-large", rows)]
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        clients = [sign_in(park) for park in parks]
        write(f"数据：{SMALL}家和{rows:,}家企业的园区各一个，写入用时{time.perf_counter() - started:.0f}秒。")
        write("")
        write(row("项目", f"{SMALL}家", f"{rows:,}家", "其中处理器", "倍数", "查询次数"))
        slow = []
        for subject in SUBJECTS:
            try:
                small, large = (clock(subject, park, client, runs) for park, client in zip(parks, clients, strict=True))
            except NoReverseMatch:
                write(row(subject.name, "—", "—", "—", "—", "页面尚未提供"))
                continue
            factor = f"{large.milliseconds / small.milliseconds:.1f}"
            asked = f"{small.queries}" if small.queries == large.queries else f"{small.queries} → {large.queries}"
            write(
                row(
                    subject.name,
                    told(small.milliseconds),
                    told(large.milliseconds),
                    told(large.processor),
                    factor,
                    asked,
                )
            )
            if subject.name == LIMITED and large.milliseconds > LIMIT_MS:
                slow.append(f"{subject.name}超过了{LIMIT_MS}毫秒；若其中处理器用时少得多，是测量时机器正忙。")
        write("")
        write(f"每项先运行两次不计，再取{runs}次（慢的累计{PATIENCE}秒即止）的中位数，单位毫秒；不含网络传输。")
        for line in slow:
            write(line)


# The throw-away database


def start_inside(rows: int, runs: int) -> None:
    """Run the command again in a process that knows only a new, empty database."""
    with tempfile.TemporaryDirectory(prefix=PREFIX) as folder:
        passed = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}
        environment = {**passed, "DATABASE_URL": f"sqlite:///{Path(folder, FILE)}", "PORTAL_VAR": folder}
        done = subprocess.run(  # noqa: S603 (this very program)
            [
                sys.executable,
                str(settings.BASE_DIR / "manage.py"),
                "benchmark",
                "--inside",
                "--rows",
                str(rows),
                "--runs",
                str(runs),
            ],
            env=environment,
            check=False,
        )
    if done.returncode:
        raise CommandError("测量没有完成。")


def refuse_other_databases() -> None:
    """Only a SQLite file of the expected name in a temporary directory of ours, and only while it is empty."""
    path = Path(str(connection.settings_dict["NAME"])).resolve()
    ours = path.parent.name.startswith(PREFIX) and path.parent.parent == Path(tempfile.gettempdir()).resolve()
    if connection.vendor != "sqlite" or path.name != FILE or not ours:
        raise CommandError("benchmark 只在自己的临时数据库里运行，不接触其他数据库；请不加 --inside。")
    if connection.introspection.table_names():
        raise CommandError("临时数据库不是空的，未运行。")


# The data: one invented park of so many enterprises


def put(rows: list[Any]) -> None:
    journal.save_many(rows, journal.INSTALLER, journal.Via.INSTALL)


@transaction.atomic
def fill(slug: str, count: int) -> Park:
    """Six of ten covered, two members to an enterprise, three of ten reached by work."""
    park = Park(slug=slug, name=f"测量园区 {slug}", short_name=slug, region_code="990102", region_name="虚构地区")
    put([park])
    since = [dt.date(2020 + number % 6, 1 + number % 12, 1 + number % 28) for number in range(count)]
    kinds = [EnterpriseKind.PRIVATE] * 9 + [EnterpriseKind.STATE]
    industries, sizes = Industry.values, EnterpriseSize.values
    firms = [
        Enterprise(
            park=park,
            name=f"测量企业{number:05d}有限公司",
            kind=kinds[number % 10],
            industry=industries[number % len(industries)],
            size=sizes[number % len(sizes)],
            settled_on=since[number],
        )
        for number in range(count)
    ]
    put(firms)
    states = [BusinessStateKind.OPERATING] * 8 + [BusinessStateKind.SUSPENDED, BusinessStateKind.SHELL]
    put(
        [
            BusinessState(
                enterprise=firm,
                state=states[number // 7 % 10],
                since=since[number],
                staff=number % 400,
                fixed_premises=True,
                has_operations=True,
                above_scale=number % 400 > 200,
            )
            for number, firm in enumerate(firms)
        ]
    )
    branches = [
        PartyOrganization(
            park=park,
            name=f"测量第{number:04d}党支部",
            short_name=f"第{number:04d}党支部",
            kind=OrganizationKind.BRANCH if number % 3 else OrganizationKind.JOINT_BRANCH,
            founded_on=dt.date(2020 + number % 6, 6, 1 + number % 28),
        )
        for number in range(count // 5)
    ]
    put(branches)
    put(
        [
            Coverage(
                organization=branches[number % len(branches)],
                enterprise=firm,
                way=FormationWay.JOINT if number % 3 else FormationWay.SOLO,
                since=max(since[number], branches[number % len(branches)].founded_on),
            )
            for number, firm in enumerate(firms)
            if number % 10 < 6
        ]
    )
    put(
        [
            WorkCoverage(
                enterprise=firm, kind=WorkKind.INSTRUCTOR if number % 2 else WorkKind.TRADE_UNION, since=since[number]
            )
            for number, firm in enumerate(firms)
            if number % 10 > 6
        ]
    )
    members = [
        Member(
            park=park,
            name=f"党员{number:05d}",
            applied_on=dt.date(2012, 1, 4),
            admitted_on=dt.date(2014, 1, 6),
            full_on=dt.date(2015 + number % 10, 1, 8),
        )
        for number in range(2 * count)
    ]
    put(members)
    put(
        [
            Employment(member=member, enterprise=firms[number * 7 % count], since=since[number * 7 % count])
            for number, member in enumerate(members)
        ]
    )
    put(
        [
            Affiliation(
                member=member,
                organization=branches[number % len(branches)],
                since=branches[number % len(branches)].founded_on,
            )
            for number, member in enumerate(members)
        ]
    )
    return park


def sign_in(park: Park) -> Client:
    """A client signed in as an officer of this park alone."""
    user = User(username=f"officer-{park.slug}", home_park=park)
    user.set_unusable_password()
    journal.save(user, journal.INSTALLER, journal.Via.INSTALL)
    grant = Grant(user=user, role=Role.OFFICER, reach=Reach.PARK, park=park)
    journal.save(grant, journal.INSTALLER, journal.Via.INSTALL)
    client = Client(SERVER_NAME="localhost")
    client.force_login(user)
    return client


# The measuring


def clock(subject: Subject, park: Park, client: Client, runs: int) -> Timing:
    subject.do(park, client)
    with CaptureQueriesContext(connection) as queries:
        subject.do(park, client)
    # Read now: the next request clears the log
    asked = len(queries)
    taken, worked = [], []
    for _ in range(runs):
        started, begun = time.perf_counter(), time.process_time()
        subject.do(park, client)
        taken.append(time.perf_counter() - started)
        worked.append(time.process_time() - begun)
        if sum(taken) > PATIENCE:
            break
    return Timing(1000 * median(taken), 1000 * median(worked), asked)


def page(name: str, *path: str, last: bool = False, **query: str) -> Callable[[Park, Client], object]:
    """Fetch the whole answer of a route, for this park and the fixed day; the ``last`` of its pages if asked."""

    def fetch(park: Park, client: Client) -> object:
        address = reverse(name, args=path)
        asked = {"park": park.slug, "day": f"{DAY}", **query}
        if last:
            asked["page"] = f"{pages_of(park)}"
        answer = client.get(f"{address}?{urlencode(asked)}")
        if answer.status_code != 200:
            raise CommandError(f"{address} 回答 {answer.status_code}，不能测量。")
        return b"".join(getattr(answer, "streaming_content", ())) or answer.content

    return fetch


def firms_of(park: Park) -> Any:
    return Enterprise.objects.in_park(park)


@cache
def pages_of(park: Park) -> int:
    """How many pages its ledger of enterprises has."""
    count: int = firms_of(park).count()
    return -(-count // PAGE)


SUBJECTS = (
    Subject("全部口径，一天", lambda park, _: rates(firms_of(park), DAY)),
    Subject("五项主要口径，12个月末", lambda park, _: trend(firms_of(park), month_ends(DAY, 12), HEADLINES)),
    Subject("全部口径，分行业", lambda park, _: rates_by(firms_of(park), DAY, "industry")),
    Subject(LIMITED, page("ledger", "enterprises")),
    Subject("企业台账，末页", page("ledger", "enterprises", last=True)),
    Subject("企业台账，缺口名单", page("ledger", "enterprises", indicator="org_coverage_real", part="gap")),
    Subject("企业台账，导出", page("ledger-export", "enterprises")),
    Subject("党员台账，首页", page("ledger", "members")),
    Subject("组织覆盖台账，首页", page("ledger", "coverages")),
    Subject("覆盖情况", page("dashboard")),
    Subject("统计表", page("report", "two-coverage")),
    Subject("统计表，导出", page("report-export", "two-coverage")),
)


# The words around it


def machine() -> list[str]:
    return [
        f"处理器：{processor()}，{os.cpu_count()}核，{platform.system()} {platform.machine()}",
        f"Python {platform.python_version()}，Django {django.get_version()}，SQLite {sqlite3.sqlite_version}",
    ]


def processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text(encoding="utf-8", errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() in ("model name", "Model"):
                return value.strip()
    return platform.processor() or "未知"


def told(milliseconds: float) -> str:
    return f"{milliseconds:.1f}" if milliseconds < 100 else f"{milliseconds:,.0f}"


def row(name: str, *cells: str) -> str:
    """Columns that line up although a Chinese character is two columns wide."""

    def wide(text: str) -> int:
        return sum(2 if ord(character) > 0x2E7F else 1 for character in text)

    return name + " " * max(1, 26 - wide(name)) + "".join(" " * max(1, 12 - wide(cell)) + cell for cell in cells)
