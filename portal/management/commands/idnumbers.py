"""The only place that looks after sealed ID numbers by hand: draws a key, opens them all, seals them anew."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError, transaction

from orgs import journal, keyring, sealing
from orgs.journal import INSTALLER
from orgs.models import Member

AT_ONCE = 1000


class Command(BaseCommand):
    help = (
        "身份证号的密钥：key 生成一把新的（只显示，不保存）；verify 核对登记的号码都打得开；"
        "rotate 换用新密钥，把登记的号码全部重新加密。"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=("key", "verify", "rotate"), help="key 生成，verify 核对，rotate 更换")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["action"] == "key":
                self.stdout.write(keyring.drawn(1))
            elif options["action"] == "verify":
                self.verify()
            else:
                self.rotate()
        except keyring.NoKey as error:
            raise CommandError(str(error)) from None

    def verify(self) -> None:
        check_all()
        self.stdout.write(f"登记的身份证号共{sealed().count():,}个，都打得开。")

    def rotate(self) -> None:
        """A newer key has to be there: in the file it is added here, in the environment by whoever runs the portal."""
        check_all()
        if keyring.is_in_file():
            keyring.add()
        number, _key = keyring.current()
        try:
            with transaction.atomic():
                done = self.seal_anew(number)
        except IntegrityError:
            raise CommandError("没有更换：同一园区有两名党员的身份证号相同，请先在台账里改正。") from None
        where = keyring.path() if keyring.is_in_file() else "PORTAL_ID_KEY"
        self.stdout.write(f"已用第{number}号密钥重新加密{done:,}个身份证号。密钥在 {where}，请立即另行备份。")
        if not done and not keyring.is_in_file():
            self.stdout.write("要更换，先用 manage.py idnumbers key 生成一把，改成更大的序号，加进 PORTAL_ID_KEY。")
        elif not keyring.is_in_file():
            self.stdout.write("各个服务进程都用新的 PORTAL_ID_KEY 重启过，再运行一遍，没有剩下的，旧密钥就可以去掉。")

    def seal_anew(self, number: int) -> int:
        """Every number that another key sealed, locked, opened and sealed with this one; how many they were."""
        old = [row.pk for row in sealed() if sealing.key_number(row.id_cipher) != number]
        for start in range(0, len(old), AT_ONCE):
            rows = list(Member.objects.select_for_update().filter(pk__in=old[start : start + AT_ONCE]))
            for row in rows:
                told = row.open_id_number()
                row.take_id_number("")
                row.take_id_number(told)
            journal.reseal(rows, INSTALLER)
        return len(old)


def sealed() -> Any:
    return Member.objects.exclude(id_cipher="").order_by("pk").only("pk", "id_cipher", "id_index")


def check_all() -> None:
    """Raises CommandError when a number does not open."""
    lost = [member.pk for member in sealed() if not opens(member)]
    if lost:
        some = "、".join(map(str, lost[:10])) + ("……" if len(lost) > 10 else "")
        raise CommandError(f"有{len(lost):,}个身份证号打不开（党员编号{some}）：密钥不对，或者数据被改动过。没有改动。")


def opens(member: Member) -> bool:
    try:
        return bool(member.open_id_number())
    except sealing.NotOpened:
        return False
