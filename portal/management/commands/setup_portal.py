"""The only place that prepares a fresh installation: tables, cases, demo park, first accounts.

Run again, it changes nothing, but drafts of forms that nobody came back for are thrown away.
"""

import os
import secrets
from argparse import ArgumentParser
from dataclasses import dataclass
from io import StringIO
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from metrics import summaries
from orgs import journal
from orgs.models import Enterprise, Grant, Park, User
from orgs.scoping import Reach, Role
from portal import drafts

DEMO_PARK = "binjiang-demo"


@dataclass(frozen=True)
class Account:
    """One account of the demo park: who it is and how far it reaches."""

    username: str
    display_name: str
    role: Role
    reach: Reach
    lands_on: str


ACCOUNTS = (
    Account("officer", "演示党务干事", Role.OFFICER, Reach.PARK, "登记台账"),
    Account("leader", "演示园区领导", Role.LEADER, Reach.PARK, "查看覆盖率"),
    Account("superior", "演示上级部门", Role.SUPERIOR, Reach.REGION, "查看一个地区（不含人员姓名）"),
    Account("administrator", "演示系统管理员", Role.ADMINISTRATOR, Reach.NATION, "账号与后台管理"),
)


class Command(BaseCommand):
    help = "准备数据库、五个案例、演示园区和账号；重复执行不改变任何内容。"
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--passwords", action="store_true", help="为演示账号重新抽取密码")
        parser.add_argument("--administrator", metavar="账号名", help="正式运行时：建立第一个系统管理员并显示密码")

    def handle(self, *args: Any, **options: Any) -> None:
        self.migrate()
        self.load_cases()
        self.sum_up()
        drafts.drop_old(timezone.now())
        if options["administrator"]:
            self.create_administrator(options["administrator"])
        elif not settings.PRODUCTION:
            self.load_demo()
            self.demo_accounts(draw_again=options["passwords"])

    def migrate(self) -> None:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            self.stdout.write("建立数据库表……")
            call_command("migrate", verbosity=0, interactive=False)

    def load_cases(self) -> None:
        # It leaves alone what is there; what it says of each file is of use only when somebody asks for that command
        call_command("load_cases", stdout=StringIO())

    def sum_up(self) -> None:
        """An update may count by other definitions than the summary was built with."""
        if summaries.current() is None and Enterprise.objects.exists():
            self.stdout.write("建立月末汇总……")
            summaries.rebuild()

    def load_demo(self) -> None:
        if not Park.objects.filter(slug=DEMO_PARK).exists():
            self.stdout.write("生成演示园区……")
            call_command("demo", stdout=StringIO())

    def create_administrator(self, username: str) -> None:
        if User.objects.filter(username=username).exists():
            raise CommandError(f"账号“{username}”已经存在；要改密码请用 manage.py changepassword {username}。")
        account = Account(username, "系统管理员", Role.ADMINISTRATOR, Reach.NATION, "")
        password = draw_password()
        open_account(account, None, password)
        self.stdout.write(f"系统管理员 {username}，密码 {password}（只显示这一次，登录后请修改）。")

    def demo_accounts(self, *, draw_again: bool) -> None:
        park = Park.objects.filter(slug=DEMO_PARK).first()
        if park is None:
            self.stderr.write(f"没有演示园区 {DEMO_PARK}，未建立演示账号。")
            return
        given = os.environ.get("PORTAL_DEMO_PASSWORD", "")
        shown: list[tuple[Account, str]] = []
        for account in ACCOUNTS:
            user = User.objects.filter(username=account.username).first()
            password = given or draw_password()
            if user is None:
                open_account(account, park, password)
            elif draw_again or (given and not user.check_password(given)):
                user.set_password(password)
                journal.save(user, journal.INSTALLER, journal.Via.INSTALL)
            else:
                password = given
            shown.append((account, password))
        self.print_accounts(shown)

    def print_accounts(self, shown: list[tuple[Account, str]]) -> None:
        write = self.stdout.write
        write("")
        write(f"园区党建 {settings.VERSION}    http://127.0.0.1:{os.environ.get('PORT') or '8000'}/")
        write("")
        for account, password in shown:
            told = f"密码 {password}" if password else "密码不变"
            write(f"  {account.username:<15}{told}    {account.role.label}，{account.lands_on}")
        if not all(password for _, password in shown):
            write("")
            write("  密码在首次运行时显示过，这里不再保存；要重新抽取：make passwords")
        write("")
        self.stdout.flush()


def draw_password() -> str:
    """Four groups to read aloud, without letters and digits that look alike; about 79 bits."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))


@transaction.atomic
def open_account(account: Account, park: Park | None, password: str) -> None:
    """One account with its grant, through the writing gate."""
    nation = account.reach == Reach.NATION
    user = User(
        username=account.username,
        display_name=account.display_name,
        home_park=None if nation else park,
    )
    user.set_password(password)
    journal.save(user, journal.INSTALLER, journal.Via.INSTALL)
    grant = Grant(user=user, role=account.role, reach=account.reach)
    if account.reach == Reach.PARK:
        grant.park = park
    elif account.reach == Reach.REGION and park is not None:
        # The city or league: the first four digits of GB/T 2260
        grant.region_prefix = park.region_code[:4]
    journal.save(grant, journal.INSTALLER, journal.Via.INSTALL)
