"""The only place that loads the five sourced cases into the database."""

from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from metrics.models import Basis, Comparator, Source, Statement
from orgs import journal
from orgs.models import Park
from orgs.scoping import ScopedModel
from portal.casefiles import FOLDER, Broken, CaseFile, read_all
from portal.models import Case, CaseItem


class Command(BaseCommand):
    help = "装载案例文件中的园区、来源、数字和案例。已有的案例不动；加 --update 按文件改正。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--update", action="store_true", help="已有的案例也按文件改正，删去文件里没有的条目和数字")
        parser.add_argument("--folder", type=Path, default=FOLDER, help="案例文件所在目录")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with transaction.atomic():
                for file in read_all(options["folder"]):
                    self.stdout.write(f"{file.name}：{self.load(file, update=options['update'])}")
        except Broken as error:
            raise CommandError(str(error)) from error

    def load(self, file: CaseFile, *, update: bool) -> str:
        """What was done, in words. What people have changed since the first loading stays, unless told to update."""
        if Case.objects.filter(slug=file.case["slug"]).exists() and not update:
            return "已有，未改动"
        try:
            written = write(file)
        except ValidationError as error:
            raise CommandError(f"{file.name} 没有装载：{'；'.join(error.messages)}") from error
        return f"写入{written}条" if written else "与文件一致"


def write(file: CaseFile) -> int:
    """Bring park, source, figures, case and items to what the file says; returns how many rows were written."""
    written = 0

    def put(row: ScopedModel, values: Mapping[str, Any]) -> None:
        nonlocal written
        if not row._state.adding and all(getattr(row, name) == value for name, value in values.items()):
            return
        for name, value in values.items():
            setattr(row, name, value)
        journal.save(row, journal.INSTALLER, journal.Via.INSTALL)
        written += 1

    def drop(row: ScopedModel) -> None:
        nonlocal written
        journal.delete(row, journal.INSTALLER, journal.Via.INSTALL)
        written += 1

    park = Park.objects.filter(slug=file.park["slug"]).first() or Park(is_public=True, is_demo=False)
    put(park, {"working_committee": "", **file.park})

    source = Source.objects.filter(
        park=park, publisher=file.source["publisher"], title=file.source["title"]
    ).first() or Source(park=park)
    put(source, {"published_on": None, "date_note": "", **file.source})

    stored = {row.number: row for row in Statement.objects.filter(park=park, number__isnull=False)}
    statements = {}
    for values in file.statements:
        row = stored.pop(values["number"], None) or Statement(park=park)
        put(
            row,
            {**BLANK_STATEMENT, **{NAMES.get(name, name): value for name, value in values.items()}, "source": source},
        )
        statements[row.number] = row

    case = Case.objects.filter(slug=file.case["slug"]).first() or Case(is_published=True)
    one, two = file.figures
    put(case, {**file.case, "park": park, "figure_one": statements[one], "figure_two": statements[two]})

    items = {(row.kind, row.title): row for row in CaseItem.objects.filter(case=case)}
    for order, values in enumerate(file.items, 1):
        item = items.pop((values["kind"], values["title"]), None) or CaseItem(case=case)
        put(item, {"group": "", "level": "", **values, "order": order})

    for left in (*items.values(), *stored.values()):
        drop(left)
    return written


# The file's names of fields that are called otherwise in the model, and what a key left out means.
NAMES = {"period": "period_text"}
BLANK_STATEMENT: Mapping[str, Any] = {
    "wording": "",
    "value": None,
    "value_high": None,
    "comparator": Comparator.EQ,
    "basis": Basis.STATED,
    "change": "",
    "unit": "",
    "period_text": "",
    "note": "",
}
