"""Copies of a process share a piece of work: in order, with what went wrong, and never longer than it lives."""

import fcntl
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.stories import ROOT, around, command, told_by

pytestmark = pytest.mark.files

SQUARES = """
    import os, time
    from portal.hands import shared

    def square(number):
        time.sleep(0.02 if number % 3 else 0.06)
        return number * number, os.getpid()

    made = list(shared(square, range(12), 2))
    print([square for square, _ in made], len({pid for _, pid in made}))
    print(list(shared(square, [], 2)))
    first = shared(square, range(12), 2)
    print(next(first)[0])
    first.close()
"""

WRONG = """
    import os, signal
    from portal.hands import shared
    own = os.getpid()

    def divide(number):
        return number if os.getpid() == own else 1 // 0

    def kill(number):
        return number if os.getpid() == own else os.kill(os.getpid(), signal.SIGKILL)

    for make in (divide, kill):
        try:
            list(shared(make, range(6), 2))
        except RuntimeError as error:
            print(str(error).splitlines()[-1])
"""

HELD = """
    import fcntl, os, sys, time
    from portal.hands import shared
    held = os.open(sys.argv[1], os.O_RDWR)
    fcntl.flock(held, fcntl.LOCK_EX)
    for _ in shared(lambda number: time.sleep(0.1), range(10_000), 2):
        print("made", flush=True)
"""

BOOK = """
    import datetime as dt
    from io import BytesIO
    from django.http import QueryDict
    from django.utils import timezone
    from openpyxl import load_workbook
    from metrics.excel import table_workbook
    from orgs.models import Role
    from portal import exports, hands, listbook
    from portal.asking import Asked
    from portal.ledgers import LEDGERS
    from portal.listing import Listing
    from tests.factories import grant, make_enterprise, make_park, make_user
    park, user = make_park("long"), make_user("exporter")
    grant(user, Role.OFFICER, park)
    for number in range(23):
        make_enterprise(park, name=f"{'=' if number == 20 else ''}{number}号机械有限公司", industry="CF"[number % 2])
    listbook.CHUNK = 5
    day = dt.date(2026, 10, 31)

    def listing():
        return Listing(LEDGERS["enterprises"], Asked(user, park, day), QueryDict("columns=name,status,industry,uscc"))

    def looks(data):
        sheets = load_workbook(BytesIO(data)).worksheets
        return [
            [(cell.coordinate, cell.value, repr(cell.font), repr(cell.border), cell.number_format, cell.quotePrefix)
             for row in sheet.iter_rows() for cell in row if "导出时间" not in (cell.value, row[0].value)]
            for sheet in sheets
        ]

    told = []
    exports.several = lambda: lambda make, numbers: hands.shared(make, numbers, 1)
    shared = exports.workbook_of(listing(), told.append)
    alone = table_workbook(listbook.table_of(listing(), timezone.localtime()))
    print(looks(shared) == looks(alone), len(looks(alone)[0]) > 23 * 4, told)
"""


def test_results_come_in_order_from_several_processes(tmp_path: Path) -> None:
    told = told_by(SQUARES, tmp_path, tables=False).stdout.splitlines()
    assert told == [f"{[number * number for number in range(12)]} 3", "[]", "0"]


def test_what_went_wrong_is_told_also_by_one_that_was_killed(tmp_path: Path) -> None:
    assert told_by(WRONG, tmp_path, tables=False).stdout.splitlines() == [
        "ZeroDivisionError: integer division or modulo by zero",
        "a copy of the process has ended before its work",
    ]


def test_killed_it_leaves_no_copy_that_holds_its_lock(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    lock.touch()
    asked = command(HELD, str(lock))
    with subprocess.Popen(asked, cwd=ROOT, env=around(tmp_path), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"made\n"
        process.send_signal(signal.SIGKILL)
    with lock.open() as file:
        for _ in range(50):
            try:
                fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                time.sleep(0.1)
    pytest.fail("a copy lives on")


def test_a_workbook_made_by_several_is_the_one_made_by_one(tmp_path: Path) -> None:
    assert told_by(BOOK, tmp_path).stdout.splitlines() == ["True True [1, 2, 3, 4, 5]"]
