"""The only place that tests the benchmark: its own databases, its nation, its rivals, and that it still runs."""

import datetime as dt
import itertools
from collections import Counter
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import connection
from openpyxl import load_workbook
from stdnum.cn import uscc

from orgs.models import Coverage, Enterprise, FormationWay, Park, PartyOrganization, User, WorkCoverage
from portal.benchmark import first_version, measure, memory, nation, report, rivals, usual_export
from portal.benchmark.ground import own_database
from portal.management.commands.benchmark import Command, first_page_alone, is_wanted


def test_it_refuses_every_database_but_its_own(db: None, settings: Any) -> None:
    settings.DEBUG = False
    with pytest.raises(CommandError, match="只在自己的临时数据库里运行"):
        call_command("benchmark", "--inside")


@pytest.mark.parametrize("wrong", [("--parks", "-1"), ("--enterprises", "10", "--parks", "3")])
def test_it_refuses_nonsense(wrong: tuple[str, ...]) -> None:
    with pytest.raises(CommandError, match="至少"):
        call_command("benchmark", *wrong)


@pytest.mark.crawl
def test_a_small_nation_answers_as_its_rivals_do(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The whole run once: every answer of the portal equals those of raw SQL and DuckDB, or the command fails."""
    call_command("benchmark", "--size", "tiny", "--quick", "--results", str(tmp_path))
    told = capfd.readouterr().out
    kept = report.Results.read(tmp_path / f"{connection.vendor}.json")
    groups = Counter(line.group for line in kept.lines)
    assert set(groups) == {
        "Every indicator, one at a time, any day",
        "Rates",
        "Dashboard",
        "Name search, two characters",
        "Pages",
        "Writing, with trail, summary and index",
        "Workbooks",
        *(["First version"] if first_version.is_there() else []),
    }
    assert groups["Every indicator, one at a time, any day"] == 3 * len(rivals.enterprise_indicators())
    compared = [line for line in kept.lines if line.rivals and line.group not in ("Workbooks", "First version")]
    assert all("DuckDB" in line.rivals and line.best("SQL") for line in compared[:-1])
    assert all(line.ours is not None and line.ours.median > 0 for line in kept.lines)
    assert f"{nation.USUAL:,}家企业，1个园区" in told
    (weighed,) = (line for line in kept.lines if line.unit == "MB")
    assert all(20 < one.median < 500 for one in (weighed.ours, *weighed.rivals.values()) if one)
    assert len(weighed.rivals) == 2

    # What a first page is held against, in another database of its own
    assert 0 < first_page_alone() < 60_000

    page = tmp_path / "benchmark.md"
    call_command("benchmark", "--results", str(tmp_path), "--page", str(page))
    written = page.read_text(encoding="utf-8")
    assert all(f"| {line.name} | {line.who} |" in written for line in kept.lines)
    assert "not judged at this size" in written


def test_lines_measured_again_replace_those_about_the_same(tmp_path: Path) -> None:
    def line(group: str, name: str, ours: float) -> measure.Line:
        return measure.Line(group, name, "w", measure.Timing(ours, 1, 1, 1), {})

    whole = tmp_path / f"{connection.vendor}.json"
    lines = [line("Pages", "a", 1), line("Workbooks", "b", 2)]
    report.Results("d", "2026-11-22", [], {}, {}, lines).write(whole)
    Command.replace(tmp_path, [line("Workbooks", "b", 3), line("Workbooks", "c", 4)])
    found = [(one.name, one.ours and one.ours.median) for one in report.Results.read(whole).lines]
    assert found == [("a", 1), ("b", 3), ("c", 4)]
    assert [is_wanted("Pages", only) for only in ([], ["Work", "Pa"], ["Work"])] == [True, True, False]


def test_a_difference_ends_the_run() -> None:
    subject = measure.Subject("g", "n", "w", lambda: None)
    measure.refuse_difference(subject, "SQL", {"a": (1, 2)}, {"a": (1, 2)})
    with pytest.raises(CommandError, match="与SQL有1处不同"):
        measure.refuse_difference(subject, "SQL", {"a": (1, 2), "b": (0, 0)}, {"a": (1, 3), "b": (0, 0)})
    with pytest.raises(CommandError, match="与SQL不同"):
        measure.refuse_difference(subject, "SQL", (3, [1]), (3, [2]))


def test_a_flag_that_the_rivals_do_not_know_is_named() -> None:
    with pytest.raises(CommandError, match="rivals"):
        rivals.flags_sql(nation.LAST, ["in_real", "planted"], rivals.Where(), "joined")


@pytest.mark.parametrize(
    ("bar", "ours", "held"),
    [
        (measure.Bar(most=10), 10.0, True),
        (measure.Bar(most=10), 10.1, False),
        (measure.Bar(share=100), 5.0, True),
        (measure.Bar(share=100), 5.1, False),
        (measure.Bar(alone=1.2), 60.0, True),
        (measure.Bar(alone=1.2), 60.1, False),
        (measure.Bar(share=1, of="DuckDB"), 1.0, True),
        (measure.Bar(share=1, of="DuckDB"), 1.1, False),
        (measure.Bar(most=10), None, False),
    ],
)
def test_a_bar_is_held_up_to_its_number(bar: measure.Bar, ours: float | None, held: bool) -> None:
    def timing(milliseconds: float) -> measure.Timing:
        return measure.Timing(milliseconds, milliseconds, milliseconds, 1)

    line = measure.Line("g", "n", "w", None if ours is None else timing(ours), {})
    line.rivals = {"SQL joined": timing(500), "SQL looked_up": timing(900), "DuckDB": timing(1)}
    measure.judge(line, bar, lambda: 50.0, judged=True)
    assert line.held is held
    line.held = None
    measure.judge(line, bar, {"n": 50.0}, judged=False)
    assert (line.held, line.bar) == (None, bar.text)


HOLDING = "held = bytearray({0} << 20); held[::1024] = b'1' * ({0} << 10); import time; time.sleep(0.5)"


def test_memory_is_that_of_a_process_and_of_those_it_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "holding.py").write_text(HOLDING.format(40) + "; print('done')")
    begun = "import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', sys.argv[1]])\n"
    (tmp_path / "starting.py").write_text(begun + HOLDING.format(40) + "\nchild.wait()")
    (tmp_path / "failing.py").write_text("raise SystemExit(3)")
    said, alone = memory.weighed("holding")
    assert said == "done"
    assert 40 < alone < 70
    assert alone + 35 < memory.weighed("starting", HOLDING.format(40))[1] < alone + 70
    with pytest.raises(CommandError, match="failing 没有完成"):
        memory.weighed("failing")

    answers = iter([(7, 30.0), (7, 10.0), (7, 20.0)])
    answer, timing = memory.weigh(lambda: next(answers), 3)
    assert (answer, timing.median, timing.least, timing.most, timing.runs) == (7, 20.0, 10.0, 30.0, 3)


def test_without_its_history_the_first_version_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_version, "COMMIT", "0" * 40)
    assert not first_version.is_there()
    with pytest.raises(CommandError, match="fetch --unshallow"):
        call_command("benchmark", "--only", "First", "--results", str(tmp_path))


# The nation


@pytest.mark.parametrize("size", [(1_600_000, 2_800), (20_000, 40), (2_000, 5), (600, 1), (25, 5), (11, 2)])
def test_the_parks_of_a_nation_add_up(size: tuple[int, int]) -> None:
    sizes = nation.park_sizes(*size)
    assert (sum(sizes), len(sizes)) == size
    assert min(sizes) >= 5


def test_every_province_has_parks_and_the_superior_some() -> None:
    prefixes = [nation.PROVINCES[nation.province_number(park)].prefix for park in range(nation.PARKS)]
    assert len(set(prefixes)) == 31
    assert prefixes[1] == nation.PROVINCE


def test_the_same_number_gives_the_same_row_in_a_nation_of_any_size() -> None:
    small, large = (nation.Nation(enterprises, 1) for enterprises in (600, 900))
    first = [list(itertools.islice(one.enterprise_rows(), 600)) for one in (small, large)]
    assert first[0] == first[1]
    assert first[0] == list(nation.Nation(600, 1).enterprise_rows())


def test_pairs_of_characters_are_rare_middling_and_frequent() -> None:
    bearing = Counter(nation.TRADES[place][0] for place in nation.TRADE_SLOTS)
    shares = [bearing[word] / len(nation.TRADE_SLOTS) for _, word in measure.WORDS]
    assert shares == [0.0001, 0.01, 0.2]


@pytest.fixture
def small_nation(transactional_db: None) -> nation.Nation:
    return nation.build(nation.Nation(1_200, 4))


def test_the_nation_is_sound(small_nation: nation.Nation) -> None:
    """Rows that the forms would take, foreign keys that point somewhere, and every kind of history."""
    connection.check_constraints()
    assert (Enterprise.objects.count(), Park.objects.count()) == (1_200, 4)
    refused: Counter[str] = Counter()
    for model in (Park, Enterprise, PartyOrganization, WorkCoverage):
        for row in model.objects.order_by("pk")[::37]:
            try:
                row.full_clean()
            except ValidationError as error:
                refused[f"{model.__name__}: {error}"] += 1
    assert not refused
    assert all(uscc.is_valid(code) for code in Enterprise.objects.exclude(uscc="").values_list("uscc", flat=True))
    assert {FormationWay.ATTACHED, FormationWay.GRID, FormationWay.SOLO} <= set(
        Coverage.objects.values_list("way", flat=True)
    )
    assert Coverage.objects.filter(until__isnull=False).exists()
    assert PartyOrganization.objects.filter(dissolved_on__isnull=False).exists()
    assert Enterprise.objects.filter(states__state="moved_out").exists()
    overlapping = Counter(
        Coverage.objects.as_of(dt.date(2026, 10, 17)).values_list("enterprise", flat=True)
    ).most_common(1)
    assert overlapping[0][1] >= 2
    assert not User.objects.filter(username="officer").get().has_usable_password()


def test_its_own_database_has_a_name_of_its_own() -> None:
    with own_database() as environment:
        assert "benchmark" in environment["DATABASE_URL"]
        assert not any(name.startswith("PORTAL_") for name in environment.keys() - {"PORTAL_VAR"})


def test_the_rival_of_the_export_makes_the_same_rows(world: Any, officer: Any, sign_in: Any) -> None:
    today = dt.date(2026, 6, 30)
    page = sign_in(officer).get("/ledgers/enterprises/export/", {"day": f"{today}"})
    sheet: Any = load_workbook(BytesIO(page.content)).worksheets[0]
    head = next(row[0].row for row in sheet.iter_rows(max_col=1) if row[0].value == "企业名称")
    ours = [["" if cell.value is None else cell.value for cell in row] for row in sheet.iter_rows(min_row=head + 2)]
    rival = [
        [dt.datetime(*one.timetuple()[:3]) if isinstance(one, dt.date) else "" if one is None else one for one in row]  # noqa: DTZ001
        for row in usual_export.values(officer, today)
    ]
    assert ours == rival
    assert usual_export.alike(officer, today) == usual_export.plain(officer, today) == len(ours) > 2


@pytest.mark.parametrize(
    ("bar", "rivals_of", "told"),
    [
        ("≤ 1/40 of raw SQL", {"SQL": 900.0, "SQL scanned": 700.0, "DuckDB": 1.0}, "; 1/70"),
        ("≤ 1/200 of SQL icontains", {"SQL icontains": 900.0, "SQL": 700.0}, "; 1/90"),
        (
            "≤ 1/8 of model instances, openpyxl",
            {"model instances, openpyxl": 84.0, "the same without looks": 40.0},
            "; 1/8.4",
        ),
        ("≤ 300 ms", {}, ""),
    ],
)
def test_a_bar_is_shown_with_what_it_is_held_against(bar: str, rivals_of: dict[str, float], told: str) -> None:
    timed = {name: measure.Timing(one, one, one, 1) for name, one in rivals_of.items()}
    assert report._ratio(measure.Line("g", "n", "w", measure.Timing(10, 10, 10, 1), timed, bar)) == told
