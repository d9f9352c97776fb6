"""The only place that measures: what is done, by whom, how long it takes, who answers the same question beside it.

``subjects`` is the table of everything measured. Each answer is compared with the answers of its rivals; a difference
ends the run. A bar is a promise about national size and is judged only there.
"""

import datetime as dt
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cached_property, partial
from statistics import median
from typing import Any, Final
from urllib.parse import urlencode

from django.core.management import CommandError
from django.db import DatabaseError, connection
from django.db.models import Count, Window
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from metrics import summaries
from metrics.indicators import HEADLINES, LEAD, Rate, month_ends
from orgs import journal
from orgs.grams import bearers
from orgs.models import Coverage, Enterprise, EnterpriseSize, FormationWay, Park, PartyOrganization, User
from portal.asking import Asked
from portal.benchmark.nation import LAST, PROVINCE, USUAL, Nation
from portal.benchmark.rivals import Figures, Grouped, Rival, Where, enterprise_indicators
from portal.next_ten import next_ten
from portal.places import inside
from portal.views.dashboard import BY, SOLO, a_year_before

ANY_DAY: Final = LAST - dt.timedelta(days=14)
MONTHS: Final = 24
SAMPLE: Final = 4  # of the month ends, for raw SQL: all of them would take minutes
RUNS: Final = 7
RIVAL_RUNS: Final = 3
PATIENCE: Final = 20  # seconds for all runs of one line, so that slow ones are run less often
LIMIT: Final = 120  # seconds for one run; who takes longer is told off by the database
WRITES: Final = 100
# A pair of characters that few bear, one of a hundred, one of five
RARE: Final = "钟表"
ICONTAINS: Final = "SQL icontains"
WORDS: Final = (("罕见", RARE), ("常见", "轴承"), ("极多", "科技"))
COMPARED: Final = "two_coverage"
LARGE_PAGE_MS: Final = 300
Alone = Callable[[], float]


@dataclass(frozen=True)
class Timing:
    """Median, least and most of several runs, in milliseconds; how many runs; the queries of one."""

    median: float
    least: float
    most: float
    runs: int
    queries: int = 0


@dataclass(frozen=True)
class Bar:
    """A promise: at most ``most`` milliseconds, or ``share`` of the best raw SQL (of what is called ``of``), or
    ``alone`` times the same line in a database of 600 enterprises."""

    most: float = 0
    share: float = 0
    of: str = "SQL"
    alone: float = 0

    @property
    def text(self) -> str:
        if self.share == 1:
            return f"≤ {self.of}"
        if self.share:
            return f"≤ 1/{self.share:.0f} of {'raw SQL' if self.of == 'SQL' else self.of}"
        return f"≤ {self.alone} × at {USUAL} rows" if self.alone else f"≤ {self.most:.0f} ms"


@dataclass(frozen=True)
class Subject:
    """One line: what the portal does, and who else answers the same. ``settled`` is read instead of the answer of
    ours where a page has none to compare; rivals are named by ``Answers.timed``."""

    group: str
    name: str
    who: str
    ours: Callable[[], Any]
    rivals: Mapping[str, Callable[[], Any]] = field(default_factory=dict)
    bar: Bar | None = None
    compared: bool = True  # a whole page is timed against a query without being equal to it
    factor: int = 1  # the rivals did one part in so many of the work
    runs: int = RUNS
    rival_runs: int = RIVAL_RUNS
    around: bool = False  # timed before and after rivals that take minutes: a machine is not always equally quick
    meter: Callable[..., tuple[Any, Timing]] | None = None  # instead of the clock; then in ``unit``
    unit: str = "ms"


@dataclass
class Line:
    """What is written down of a subject. ``ours`` is missing where the limit ran out."""

    group: str
    name: str
    who: str
    ours: Timing | None
    rivals: dict[str, Timing | None]
    bar: str = ""
    held: bool | None = None
    note: str = ""
    unit: str = "ms"

    def best(self, *names: str) -> float | None:
        """The least median among rivals whose name begins with one of ``names``."""
        found = [one.median for name, one in self.rivals.items() if one and name.startswith(names)]
        return min(found) if found else None


class OutOfTime(Exception):
    """One run took longer than LIMIT."""


# Clocks


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Whoever asks the portal's connection for longer than this is interrupted: OutOfTime."""
    end = time.perf_counter() + seconds

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if time.perf_counter() > end:
            raise OutOfTime
        return execute(sql, params, many, context)

    connection.ensure_connection()
    raw = connection.connection
    if connection.vendor == "sqlite":
        raw.set_progress_handler(lambda: time.perf_counter() > end, 100_000)
    else:
        raw.execute(f"SET statement_timeout = {int(1000 * seconds)}")
    try:
        with connection.execute_wrapper(watch):
            yield
    except DatabaseError as error:
        if time.perf_counter() > end - 1:
            raise OutOfTime from error
        raise
    finally:
        if connection.connection is not raw:
            pass  # who shares its work with copies of its process (portal/hands.py) closes its connections before
        elif connection.vendor == "sqlite":
            raw.set_progress_handler(None, 0)
        else:
            raw.execute("SET statement_timeout = 0")


def clock(do: Callable[[], Any], runs: int, *, is_rival: bool = False) -> tuple[Any, Timing]:
    """The answer of a first run that warms up and is not counted, and the times of those after it.

    A run that takes half the patience alone is counted all the same, and not repeated; so is it with ``runs`` 0. The
    queries of rivals are not written down: of those that ask thousands it would take a good part of the time.
    """
    started = time.perf_counter()
    with nullcontext() if is_rival else CaptureQueriesContext(connection) as captured:
        answer = do()
    taken = [time.perf_counter() - started]
    queries = len(captured) if captured else 0
    if runs and taken[0] < PATIENCE / 2:
        first = taken.pop()
        while len(taken) < runs and first + sum(taken) < PATIENCE:
            started = time.perf_counter()
            do()
            taken.append(time.perf_counter() - started)
    times = [1000 * one for one in taken]
    return answer, Timing(median(times), min(times), max(times), len(times), queries)


# What is asked


@dataclass(frozen=True)
class Reader:
    """Who asks, about which park (none: all that the grants reach), and the same as a condition in SQL."""

    name: str
    user: User
    park: Park | None
    where: Where

    @cached_property
    def ground(self) -> summaries.Ground:
        return summaries.Ground.of(self.user, self.park)

    @cached_property
    def client(self) -> Client:
        client = Client(SERVER_NAME="localhost")
        client.force_login(self.user)
        return client

    @property
    def firms(self) -> Any:
        return Enterprise.objects.visible_to(self.user).in_park(self.park)

    def page(self, name: str, *path: str, **query: str) -> Callable[[], bytes]:
        """Fetch the whole answer of a route, signed in by cookie."""
        address = reverse(name, args=path)
        asked = {"day": f"{ANY_DAY}", **({"park": self.park.slug} if self.park else {}), **query}

        def fetch() -> bytes:
            answer = self.client.get(f"{address}?{urlencode(asked)}")
            if answer.status_code != 200:
                raise CommandError(f"{address} 回答 {answer.status_code}，不能测量。")
            return b"".join(getattr(answer, "streaming_content", ())) or answer.content

        return fetch


def plain(rates: Mapping[str, Rate]) -> Figures:
    return {code: (rate.numerator, rate.denominator) for code, rate in rates.items()}


def figures(reader: Reader, day: dt.date, codes: Sequence[str]) -> Figures:
    ground = summaries.Ground.of(reader.user, reader.park)
    return plain(summaries.rates_at(ground, [day], codes)[day])


def grouped(reader: Reader, day: dt.date, codes: Sequence[str], group: str) -> Grouped:
    ground = summaries.Ground.of(reader.user, reader.park)
    return {key: plain(found) for key, found in summaries.rates_by(ground, day, group, codes).items()}


def trend(reader: Reader, days: Sequence[dt.date], codes: Sequence[str]) -> dict[dt.date, Figures]:
    ground = summaries.Ground.of(reader.user, reader.park)
    return {day: plain(found) for day, found in summaries.rates_at(ground, days, codes).items()}


def dashboard_data(reader: Reader) -> Grouped:
    """Everything the leader's page asks of the figures; of the nation the answer compared is that by province."""
    about = Asked(reader.user, reader.park, ANY_DAY)
    shown = about.figures
    before = month_ends(ANY_DAY, 1)[0]
    shown.on_days({ANY_DAY, before, a_year_before(ANY_DAY)}, tuple(enterprise_indicators()))
    shown.on_days(month_ends(ANY_DAY, MONTHS), (LEAD, COMPARED))
    for group, _, _ in BY:
        shown.by(group, ANY_DAY, (LEAD, SOLO))
    shown.outside(ANY_DAY)
    next_ten(shown, ANY_DAY, about.persons)
    lying = inside(about, HEADLINES, "/")
    if lying.noun == "省份":
        return {one.place["region"]: plain(one.rates) for one in lying.places}
    return {prefix: plain(found) for prefix, found in shown.by_province(ANY_DAY, HEADLINES).items()}


def search(reader: Reader, word: str, *, indexed: bool) -> tuple[int, list[int]]:
    """How many enterprises on the day have the word in their name, and the first fifty in the order of the ledger."""
    found = reader.firms.as_of(ANY_DAY).filter(name__icontains=word)
    rarest = bearers(word) if indexed else None
    if rarest is not None:
        found = found.filter(pk__in=rarest)
    ordered = found.order_by("park__region_code", "park__order_key", "park_id", "order_key", "pk")
    if rarest is None:
        return found.count(), list(ordered.values_list("pk", flat=True)[:50])
    # The few that are left are sorted anyway: how many they are comes along
    first = list(ordered.annotate(number=Window(Count("pk"))).values_list("pk", "number")[:50])
    return first[0][1] if first else 0, [pk for pk, _ in first]


class Writer:
    """Writes one row after another through the journal as the officer, each another enterprise."""

    def __init__(self, reader: Reader) -> None:
        self.user = reader.user
        self.firms = list(reader.firms.as_of(ANY_DAY).order_by("pk")[: WRITES + 1])
        self.organization = PartyOrganization.objects.filter(park=reader.park, kind="branch").order_by("pk").first()
        self.place = 0

    def next(self) -> Enterprise:
        self.place += 1
        firm: Enterprise = self.firms[self.place % len(self.firms)]
        return firm

    def enterprise(self) -> None:
        firm = self.next()
        firm.size = EnterpriseSize.LARGE if firm.size != EnterpriseSize.LARGE else EnterpriseSize.MICRO
        journal.save(firm, self.user, journal.Via.PAGE)

    def coverage(self) -> None:
        since = ANY_DAY - dt.timedelta(days=400 + self.place)
        row = Coverage(organization=self.organization, enterprise=self.next(), way=FormationWay.JOINT, since=since)
        journal.save(row, self.user, journal.Via.PAGE)


# The table


def readers(nation: Nation) -> dict[str, Reader]:
    """The officer of a park of the usual size, the officer of the largest, a province, the nation."""
    users = {user.username: user for user in User.objects.all()}
    usual, large = (Park.objects.get(pk=key) for key in (nation.officer_park, nation.large_park))
    return {
        "officer": Reader(
            f"officer, {nation.firms_of[usual.pk - 1][1]:,}", users["officer"], usual, Where.park(usual.pk)
        ),
        "large": Reader(f"officer, {nation.firms_of[large.pk - 1][1]:,}", users["large"], large, Where.park(large.pk)),
        "province": Reader("province", users["superior"], None, Where.region(PROVINCE)),
        "nation": Reader("nation", users["nation"], None, Where()),
    }


Ask = Callable[[], Any]


def each_rival(rivals: Sequence[Rival], where: Where, question: Callable[[Rival, str], Any]) -> dict[str, Ask]:
    """``question(rival, style)`` asked of every rival in every style that it knows, by the name of both."""
    return {
        (rival.name if style == "joined" else f"{rival.name} {style}"): partial(question, rival, style)
        for rival in rivals
        for style in rival.styles(where)
    }


def rivals_figures(rivals: Sequence[Rival], one: Reader, codes: Sequence[str]) -> dict[str, Ask]:
    return each_rival(rivals, one.where, lambda rival, style: rival.figures(ANY_DAY, codes, one.where, style))


def rivals_grouped(rivals: Sequence[Rival], one: Reader, group: str) -> dict[str, Ask]:
    return each_rival(
        rivals, one.where, lambda rival, style: rival.grouped(ANY_DAY, HEADLINES, one.where, group, style)
    )


def rivals_months(rivals: Sequence[Rival], one: Reader, ends: Sequence[dt.date]) -> dict[str, Ask]:
    """A few of the month ends, evenly."""
    some = ends[:: MONTHS // SAMPLE]
    codes = (LEAD, COMPARED)
    return each_rival(
        rivals, one.where, lambda rival, style: {day: rival.figures(day, codes, one.where, style) for day in some}
    )


def subjects(nation: Nation, rivals: Sequence[Rival]) -> Iterator[Subject]:
    people = readers(nation)
    everything = tuple(enterprise_indicators())
    ends = month_ends(ANY_DAY, MONTHS)
    three = [people[name] for name in ("officer", "province", "nation")]
    for one in three:
        for code in everything:
            yield Subject(
                "Every indicator, one at a time, any day",
                code,
                one.name,
                partial(figures, one, ANY_DAY, (code,)),
                rivals_figures(rivals, one, (code,)),
            )
    for one in three:
        yield Subject(
            "Rates",
            "all indicators, any day",
            one.name,
            partial(figures, one, ANY_DAY, everything),
            rivals_figures(rivals, one, everything),
        )
        yield Subject(
            "Rates",
            f"two indicators, {MONTHS} month ends",
            one.name,
            partial(trend, one, ends, (LEAD, COMPARED)),
            rivals_months(rivals, one, ends),
            factor=MONTHS // SAMPLE,
        )

    nation_reader = people["nation"]
    by_province = rivals_grouped(rivals, nation_reader, "province")
    for one, is_nation in ((people["province"], False), (nation_reader, True)):
        ask = rivals_grouped(rivals, one, "park")
        yield Subject(
            "Rates",
            "headlines by park, any day",
            one.name,
            partial(grouped, one, ANY_DAY, HEADLINES, "park"),
            ask,
            Bar(share=40) if is_nation else None,
        )
        yield Subject(
            "Dashboard",
            "data of the dashboard",
            one.name,
            partial(dashboard_data, one),
            by_province if is_nation else ask,
            Bar(share=100) if is_nation else None,
            compared=is_nation,  # inside a province the page shows prefectures
        )
        yield Subject(
            "Dashboard",
            "whole view: sign-in cookie, data, HTML",
            one.name,
            one.page("dashboard"),
            ask,
            Bar(share=50) if is_nation else None,
            compared=False,
        )
    yield Subject(
        "Rates",
        "headlines by province, any day",
        nation_reader.name,
        partial(grouped, nation_reader, ANY_DAY, HEADLINES, "province"),
        by_province,
    )
    yield Subject(
        "Dashboard",
        "whole view: sign-in cookie, data, HTML",
        people["officer"].name,
        people["officer"].page("dashboard"),
    )
    for one in three:
        for label, word in WORDS:
            yield Subject(
                "Name search, two characters",
                f"{word} ({label})",
                one.name,
                partial(search, one, word, indexed=True),
                {ICONTAINS: partial(search, one, word, indexed=False)}
                | {rival.name: partial(rival.named, word, ANY_DAY, one.where) for rival in rivals},
                # Of a word that thousands bear the answer itself is long: reading it takes its time, index or not
                Bar(share=200, of=ICONTAINS) if one is nation_reader and word == RARE else None,
            )
    for one in three:
        bar = Bar(alone=1.2) if one is nation_reader else None
        yield Subject("Pages", FIRST_PAGE, one.name, one.page("ledger", "enterprises"), bar=bar)
    for one in (people["officer"], people["large"]):
        most = Bar(most=LARGE_PAGE_MS) if one is people["large"] else None
        if one is people["large"]:
            yield Subject("Pages", FIRST_PAGE, one.name, one.page("ledger", "enterprises"), bar=most)
        for name, page in pages(one).items():
            yield Subject("Pages", name, one.name, page)
    writer = Writer(people["officer"])
    for name, write in (("save one enterprise", writer.enterprise), ("save one coverage", writer.coverage)):
        yield Subject(
            "Writing, with trail, summary and index",
            name,
            people["officer"].name,
            write,
            bar=Bar(most=10) if write == writer.enterprise else None,
            compared=False,
            runs=WRITES // 2,
        )
    yield Subject(
        "Rates",
        "all indicators, any day, after the writes",
        people["officer"].name,
        partial(figures, people["officer"], ANY_DAY, everything),
        rivals_figures(rivals[:1], people["officer"], everything),
    )


FIRST_PAGE: Final = "ledger of enterprises, first page"


def pages(one: Reader) -> dict[str, Callable[[], object]]:
    last = -(-one.firms.as_of(ANY_DAY).count() // 50)
    return {
        "ledger of enterprises, last page": one.page("ledger", "enterprises", page=f"{last}"),
        "ledger of enterprises, gap of the headline": one.page(
            "ledger", "enterprises", indicator="org_coverage_real", part="gap"
        ),
        "ledger of enterprises, export": one.page("ledger-export", "enterprises"),
        "ledger of members, first page": one.page("ledger", "members"),
        "ledger of coverages, first page": one.page("ledger", "coverages"),
        "report": one.page("report", "two-coverage"),
        "report, export": one.page("report-export", "two-coverage"),
    }


# The run


def measure(
    found: Iterable[Subject],
    *,
    judged: bool,
    alone: Alone | None,
    quick: bool,
    told: Callable[[str], object],
) -> list[Line]:
    """The subjects one after the other; CommandError where an answer differs from a rival's.

    ``quick`` does everything once. ``alone`` gives the milliseconds of the first page at USUAL rows; it is asked
    as soon as the page of the nation is timed, for a machine is not equally quick every minute.
    """
    known: dict[Any, tuple[Any, Timing | None]] = {}
    kept: list[Any] = []  # so that no two tables of rivals have the same id
    lines = []
    for subject in found:
        line = Line(subject.group, subject.name, subject.who, None, {}, unit=subject.unit)
        meter = subject.meter or clock
        try:
            with limited(LIMIT):
                answer, line.ours = meter(subject.ours, 0 if quick else subject.runs)
        except OutOfTime:
            line.note = f"more than {LIMIT} s"
            answer = None
        kept.append(subject.rivals)
        for name, ask in subject.rivals.items():
            key = (id(subject.rivals), name)
            if key not in known:
                try:
                    with limited(LIMIT):
                        known[key] = meter(ask, 0 if quick else subject.rival_runs, is_rival=True)
                except OutOfTime:
                    known[key] = None, None
            theirs, timing = known[key]
            line.rivals[name] = timing
            if line.ours is not None and timing is not None and subject.compared:
                refuse_difference(subject, name, answer, theirs)
        if subject.around and line.ours is not None and not quick:
            line.ours = joined(line.ours, meter(subject.ours, subject.runs)[1])
        if subject.factor > 1:
            line.rivals = {name: one and scaled(one, subject.factor) for name, one in line.rivals.items()}
            line.note = f"rivals: {SAMPLE} of {MONTHS} month ends measured, times {subject.factor}"
        judge(line, subject.bar, alone, judged)
        lines.append(line)
        told(shown(line))
    return lines


def joined(one: Timing, other: Timing) -> Timing:
    """As many runs before as after; the median is the mean of both."""
    least, most = min(one.least, other.least), max(one.most, other.most)
    return Timing((one.median + other.median) / 2, least, most, one.runs + other.runs, one.queries)


def scaled(one: Timing, factor: int) -> Timing:
    return Timing(one.median * factor, one.least * factor, one.most * factor, one.runs, one.queries)


def refuse_difference(subject: Subject, name: str, ours: Any, theirs: Any) -> None:
    if isinstance(ours, dict) and isinstance(theirs, dict):
        if subject.factor > 1:
            ours = {key: ours[key] for key in theirs}
        if ours == theirs:
            return
        differing = [key for key in {**ours, **theirs} if ours.get(key) != theirs.get(key)]
        few = "；".join(f"{key}：{ours.get(key)} ≠ {theirs.get(key)}" for key in differing[:3])
        raise CommandError(f"{subject.name}（{subject.who}）与{name}有{len(differing)}处不同：{few}")
    if ours != theirs:
        raise CommandError(f"{subject.name}（{subject.who}）与{name}不同：{str(ours)[:200]} ≠ {str(theirs)[:200]}")


def judge(line: Line, bar: Bar | None, alone: Alone | None, judged: bool) -> None:
    if bar is None:
        return
    line.bar = bar.text
    if not judged:
        return
    if line.ours is None:
        line.held = False
    elif bar.most:
        line.held = line.ours.median <= bar.most
    elif bar.share:
        raw = line.best(bar.of)
        line.held = None if raw is None else line.ours.median <= raw / bar.share
    elif alone is not None:
        usual = alone()
        line.held = line.ours.median <= bar.alone * usual
        line.note = f"{usual:.1f} ms at {USUAL} rows"


def shown(line: Line) -> str:
    ours = f"{line.ours.median:,.1f}" if line.ours else "—"
    theirs = "  ".join(f"{name} {one.median:,.1f}" if one else f"{name} —" for name, one in line.rivals.items())
    held = {True: "  ✓", False: "  ✗", None: ""}[line.held]
    unit = "毫秒" if line.unit == "ms" else line.unit
    return f"{line.group} · {line.name} · {line.who}：{ours} {unit}  {theirs}{held}"
