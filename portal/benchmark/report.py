"""The only place that writes docs/benchmark.md: machine, versions, sizes, times, ratios, which bars held."""

import json
import os
import platform
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

import django
from django.db import connection

from portal.benchmark.measure import Line, Timing


@dataclass
class Results:
    """One run on one database, as it is kept between the processes: everything in JSON."""

    database: str
    day: str
    machine: list[str]
    sizes: dict[str, int]
    facts: dict[str, str]
    lines: list[Line] = field(default_factory=list)

    def write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> "Results":
        kept = json.loads(path.read_text(encoding="utf-8"))
        lines = kept.pop("lines")
        return cls(**kept, lines=[_line(one) for one in lines])


def _line(kept: dict[str, Any]) -> Line:
    ours = Timing(**kept.pop("ours")) if kept["ours"] else kept.pop("ours")
    rivals = {name: Timing(**one) if one else None for name, one in kept.pop("rivals").items()}
    return Line(**kept, ours=ours, rivals=rivals)


# The machine


def machine() -> list[str]:
    return [
        f"{processor()}, {os.cpu_count()} cores, {memory()}, {platform.system()} {platform.machine()}",
        f"Python {platform.python_version()}, Django {django.get_version()}, {database()}",
    ]


def processor() -> str:
    return _first_of("/proc/cpuinfo", ("model name", "Model")) or platform.processor() or "unknown processor"


def memory() -> str:
    told = _first_of("/proc/meminfo", ("MemTotal",)).split()
    return f"{int(told[0]) / 1024 / 1024:.0f} GB" if told else "unknown memory"


def _first_of(path: str, names: Sequence[str]) -> str:
    information = Path(path)
    if information.exists():
        for line in information.read_text(encoding="utf-8", errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() in names:
                return value.strip()
    return ""


def database() -> str:
    if connection.vendor == "sqlite":
        return f"SQLite {sqlite3.sqlite_version}"
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        return f"PostgreSQL {cursor.fetchone()[0].split()[0]}"


def size_of_database() -> str:
    """Megabytes on disk."""
    if connection.vendor == "sqlite":
        path = Path(str(connection.settings_dict["NAME"]))
        return f"{path.stat().st_size / 1_000_000:,.0f} MB"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return f"{cursor.fetchone()[0] / 1_000_000:,.0f} MB"


# The page

INTRODUCTION = """# Benchmark

Written by `make bench`; not edited by hand. Times are medians in milliseconds after a run that warms up, least–most
behind them, measured in the process that answers: no network. Every answer was compared with those of raw SQL and
DuckDB over the same rows in the same run; a difference would have ended it. Raw SQL runs beside the portal on a
connection of its own with more memory; of two ways to ask it, the better counts. DuckDB holds a copy in memory;
copying is not counted. Memory is in megabytes, where a line says so. Of a page, 1,000 divided by its time is how many
requests a second one process answers.
"""


def page(runs: Sequence[Results]) -> str:
    return "\n".join([INTRODUCTION, *(line for run in runs for line in _run(run))])


def _run(run: Results) -> Iterator[str]:
    yield f"## {run.database}"
    yield ""
    yield f"{run.day}. {'; '.join(run.machine)}."
    yield ""
    yield "| | |"
    yield "|---|---|"
    for name, text in run.facts.items():
        yield f"| {name} | {text} |"
    yield f"| rows | {', '.join(f'{table} {count:,}' for table, count in run.sizes.items())} |"
    yield ""
    barred = [line for line in run.lines if line.bar]
    yield f"### Bars of {run.database}"
    yield ""
    yield "| what | who | bar | portal | held |"
    yield "|---|---|---|---|---|"
    for line in barred:
        held = {True: "yes", False: "**no**", None: "not judged at this size"}[line.held]
        ours = f"{_told(line.ours, line.unit)}{_ratio(line)}"
        yield f"| {line.group}: {line.name} | {line.who} | {line.bar} | {ours} | {held} |"
    yield ""
    for group, found in groupby(run.lines, key=lambda line: line.group):
        lines = list(found)
        columns = list(dict.fromkeys(name for line in lines for name in line.rivals))
        rival = "SQL" if any(name.startswith("SQL") for name in columns) else "rival" if columns else ""
        yield f"### {group} ({run.database})"
        yield ""
        yield (
            "| "
            + " | ".join(["what", "who", "portal", "queries", *columns, *([f"{rival} ÷ portal"] if rival else [])])
            + " |"
        )
        yield "|" + "---|" * (4 + len(columns) + bool(columns))
        for line in lines:
            cells = [line.name, line.who, _told(line.ours, line.unit) if line.ours else line.note]
            cells.append(str(line.ours.queries) if line.ours and line.unit == "ms" else "")
            cells += [_told(line.rivals.get(name), line.unit) for name in columns]
            if rival:
                best = line.best("SQL" if rival == "SQL" else next(iter(line.rivals), ""))
                cells.append(_times(best / line.ours.median) if best and line.ours else "")
            yield "| " + " | ".join(cells) + " |"
        yield ""
        for note in dict.fromkeys(line.note for line in lines if line.note and line.ours):
            yield f"{note}."
            yield ""


def _told(one: Timing | None, unit: str) -> str:
    if one is None:
        return "—"
    named = "" if unit == "ms" else f"{unit} "
    return f"{_number(one.median)} {named}({_number(one.least)}–{_number(one.most)})"


def _number(milliseconds: float) -> str:
    return f"{milliseconds:.1f}" if milliseconds < 100 else f"{milliseconds:,.0f}"


def _times(ratio: float) -> str:
    return f"{ratio:,.0f}" if ratio > 20 else f"{ratio:.1f}"


def _ratio(line: Line) -> str:
    """Against the rival that the bar names, else the best raw SQL."""
    best = line.best(max((name for name in line.rivals if name in line.bar), key=len, default="SQL"))
    if best and line.ours:
        return f"; 1/{_times(best / line.ours.median)}"
    return f"; {line.note}" if line.note else ""


def write_page(folder: Path, target: Path) -> None:
    """The page from every result in the folder, SQLite first."""
    runs: Mapping[str, Results] = {path.name: Results.read(path) for path in folder.glob("*.json")}
    ordered = sorted(runs.values(), key=lambda run: not run.database.startswith("SQLite"))
    target.write_text(page(ordered), encoding="utf-8")
