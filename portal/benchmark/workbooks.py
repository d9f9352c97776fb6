"""The only place that measures workbooks on their way in and out, beside the usual ways of a Django project."""

import datetime as dt
import random
from collections.abc import Callable, Iterator
from functools import partial
from io import BytesIO
from typing import Final

from django.core.management import CommandError
from django.db import transaction
from openpyxl import Workbook
from stdnum.cn import uscc

from orgs.models import Enterprise, EnterpriseSize, Industry, Park, User
from portal.benchmark import once, usual_import
from portal.benchmark.measure import Bar, Reader, Subject
from portal.benchmark.memory import weigh, weighed
from portal.imports import batches, check
from portal.imports.outcomes import Result
from portal.imports.plans import PLANS

GROUP: Final = "Workbooks"
USUAL_WAY: Final = "django-import-export"
INSTANCES: Final = "model instances, openpyxl"
BARE: Final = "the same without looks"
ROWS: Final = 10_000
EXPORTED: Final = 110_000  # of which some 98,000 are there on the day
COLUMNS: Final = {
    "name": "企业名称",
    "uscc": "统一社会信用代码",
    "kind": "企业类型",
    "industry": "行业门类",
    "size": "企业规模",
    "subordination": "隶属关系",
    "locality": "属地",
    "settled_on": "入驻日期",
    "address": "地址",
    "contact": "党建联系人",
    "phone": "联系电话",
    "note": "备注",
}
SIGNS: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def workbook(number: int) -> bytes:
    """A register of so many enterprises that no park has, always the same."""
    rng = random.Random(number)  # noqa: S311
    book = Workbook(write_only=True)
    sheet = book.create_sheet("企业")
    sheet.append(list(COLUMNS.values()))
    industries, sizes = [str(label) for label in Industry.labels], [str(label) for label in EnterpriseSize.labels]
    for place in range(number):
        code = "92150622MB" + "".join(rng.choices(SIGNS, k=7))
        day = dt.date(2015, 1, 1) + dt.timedelta(rng.randrange(3500))
        sheet.append(
            [
                f"量度{place:05d}机械制造有限公司",
                code + uscc.calc_check_digit(code),
                rng.choice(("私营企业", "个体工商户", "外商投资企业", "国有企业")),
                rng.choice(industries),
                rng.choice(sizes),
                "园区党工委",
                rng.choice(("河东镇", "河西镇")),
                day.isoformat(),
                f"工业园区{rng.randrange(99)}号路{place}号",
                "党务干事",
                f"0477-{rng.randrange(10**7):07d}",
                "",
            ]
        )
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def subjects(user: User, park: Park, number: int) -> Iterator[Subject]:
    """Looking at a workbook, and writing it; both taken back. Read, every cell checked, and, asked to, written with
    trail, name index and summary."""
    data, plan = workbook(number), PLANS["enterprises"]
    batch = batches.new_batch(plan, user, park, "量度.xlsx")

    def looked_at() -> Result:
        sheet = batches.read_file(batch, plan, data)
        return check.run(plan, sheet, user, park, batches.choices_of(batch))

    expected = looked_at().digest

    def written() -> int:
        before = Enterprise.objects.count()
        with transaction.atomic():
            sheet = batches.read_file(batch, plan, data)
            result = check.run(plan, sheet, user, park, batches.choices_of(batch), expected)
            if not result.written:
                raise CommandError("没有写入，不能测量。")
            more = Enterprise.objects.count() - before
            transaction.set_rollback(True)
        return more

    usual = partial(usual_import.imported, park, COLUMNS, data)
    for name, ours, dry_run, share in (
        (
            f"{number:,} enterprises looked at: read, every cell checked",
            lambda: looked_at().counts["created"],
            True,
            20,
        ),
        (f"{number:,} enterprises written, with trail, index and summary", written, False, 10),
    ):
        yield Subject(
            GROUP,
            name,
            "officer, 600",
            ours,
            {USUAL_WAY: partial(usual, dry_run=dry_run)},
            bar=Bar(share=share, of=USUAL_WAY),
            runs=5,
            around=True,
        )


def exported(one: Reader, day: dt.date) -> Iterator[Subject]:
    """The ledger of enterprises as a workbook, as the process of a long list makes it; rivals make the same rows. Its
    time, and its memory."""
    rows: int = one.firms.as_of(day).count()
    name = f"the ledger of {rows:,} enterprises as a workbook"
    rivals = {INSTANCES: once.instances, BARE: once.bare}
    yield Subject(
        GROUP,
        name,
        one.name,
        partial(once.portal, one.user.pk, day),
        {rival: partial(way, one.user.pk, day) for rival, way in rivals.items()},
        bar=Bar(share=8, of=INSTANCES),
        runs=3,
        around=True,
    )

    def alone(way: Callable[[int, dt.date], int]) -> tuple[str, float]:
        return weighed("portal.benchmark.once", way.__name__, f"{one.user.pk}", f"{day}")

    yield Subject(
        GROUP,
        f"{name}, memory",
        one.name,
        partial(alone, once.portal),
        {rival: partial(alone, way) for rival, way in rivals.items()},
        bar=Bar(share=1, of=INSTANCES),
        runs=3,
        rival_runs=1,
        meter=weigh,
        unit="MB",
    )
