"""The only place for the leader's page: the rates of a day, where they come from, and which enterprises are missing."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import Count, Prefetch, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from metrics.coverage import ENOUGH_MEMBERS, formation_status, on_day
from metrics.indicators import HEADLINES, INDICATORS, LEAD, PARTS, Rate, month_ends, rates, rates_by
from orgs.models import (
    NON_PUBLIC_KINDS,
    BusinessState,
    BusinessStateKind,
    Change,
    Enterprise,
    EnterpriseSize,
    Industry,
    Park,
    WorkCoverage,
    WorkKind,
)
from orgs.scoping import ScopedQuerySet
from portal.asking import Asked, asked
from portal.templatetags.charts import Line, line_of

# Below this many enterprises a rate says more about chance than about work: counts only.
SMALLEST: Final = 10
MONTHS: Final = 12
GAP_ROWS: Final = 10
COMPARISON: Final = "two_coverage"
UNFILLED: Final = "经营状态未填"
WORK_WORDS: Final = {
    WorkKind.INSTRUCTOR: "指导员",
    WorkKind.LIAISON: "联络员",
    WorkKind.TRADE_UNION: "工会",
    WorkKind.YOUTH_LEAGUE: "共青团",
    WorkKind.WOMENS_FEDERATION: "妇联",
    WorkKind.LEADER_CONTACT: "领导联系",
}
FOUR: Final = ("numerator", "denominator", "gap", "excluded")


@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    about = asked(request)
    enterprises = Enterprise.objects.visible_to(about.user).in_park(about.park)
    ends = month_ends(about.day, MONTHS)
    before = month_ends(about.day - dt.timedelta(days=1), 1)[0]
    # One query a day: the whole set of definitions today and a month earlier, two of them for the other points
    figures = {
        day: rates(enterprises, day, None if day in (about.day, before) else (LEAD, COMPARISON))
        for day in {about.day, before, *ends}
    }
    now, earlier = figures[about.day], figures[before]
    industries = groups(about, enterprises, "industry", Industry.labels, Industry.values)
    industries.sort(key=lambda one: -one.total)
    sizes = groups(about, enterprises, "size", EnterpriseSize.labels, EnterpriseSize.values)
    seen = [about.park] if about.park else list(Park.objects.visible_to(about.user))
    parks = by_park(about, enterprises, seen)
    outside = excluded(about, enterprises)
    lead = now[LEAD]
    context = {
        "asked": about,
        "place": seen[0].name if len(seen) == 1 else f"{len(seen)}个园区合计" if seen else "",
        "day_choices": day_choices(request, about),
        "headline": headline(lead, earlier[LEAD]),
        "missing": missing(lead, gap_kinds(enterprises, about.day), industries),
        "lead": lead,
        "before": before,
        "tiles": [tile(about, now[code], earlier[code]) for code in HEADLINES],
        "others": [tile(about, rate, earlier[code]) for code, rate in now.items() if code not in HEADLINES],
        "trend": trend_of(about, [figures[day] for day in ends]),
        "parks": parks if len(parks) > 1 else [],
        "lowest": lowest(parks),
        "industries": industries,
        "sizes": sizes,
        "smallest": SMALLEST,
        "gap_list": gap_list(enterprises, about.day),
        "gap_url": drill(about, LEAD, "gap"),
        "excluded": outside,
        "unfilled": next((one for one in outside if one.reason == UNFILLED), None),
        "present": lead.denominator + lead.excluded,
        "latest": latest_change(about),
    }
    return render(request, "portal/dashboard.html", context, status=400 if about.problem else 200)


def drill(about: Asked, code: str, part: str, **narrower: Any) -> str:
    """The ledger of enterprises narrowed to exactly the rows behind one count."""
    query = {"indicator": code, "part": part, "day": about.day.isoformat()}
    if about.park is not None:
        query["park"] = about.park.slug
    return f"{reverse('ledger', args=['enterprises'])}?{urlencode(query | narrower)}"


def this_page(request: HttpRequest, about: Asked, day: dt.date) -> str:
    query = {"day": day.isoformat()} | ({"park": about.park.slug} if about.park else {})
    return f"{request.path}?{urlencode(query)}"


# The day


def month_name(day: dt.date, beside: dt.date) -> str:
    """A month end as “9月末”, with the year when it is another one than that of ``beside``."""
    return f"{day.month}月末" if day.year == beside.year else f"{day.year}年{day.month}月末"


def day_choices(request: HttpRequest, about: Asked) -> list[tuple[str, str, bool]]:
    """(label, address, chosen) of the last three month ends and today."""
    today = timezone.localdate()
    days = [(month_name(day, today), day) for day in month_ends(today - dt.timedelta(days=1), 3)]
    return [(label, this_page(request, about, day), day == about.day) for label, day in [*days, ("今天", today)]]


# The headline


def signed(number: Any) -> str:
    """A change with its sign, a real minus included: +1, −2, 0."""
    return f"+{number}" if number > 0 else f"−{-number}" if number < 0 else f"{number}"


@dataclass(frozen=True)
class Step:
    """The change from one day to another, in enterprises first and points second."""

    now: Rate
    before: Rate

    @property
    def since(self) -> str:
        return month_name(self.before.day, self.now.day)

    @property
    def enterprises(self) -> int:
        return self.now.numerator - self.before.numerator

    @property
    def points(self) -> str:
        if self.now.percent is None or self.before.percent is None:
            return ""
        return f"{signed(self.now.percent - self.before.percent)}个百分点"

    @property
    def kind(self) -> str:
        """A class of the stylesheet: "", "down" or "flat"."""
        if self.enterprises:
            return "" if self.enterprises > 0 else "down"
        if self.now.percent is None or self.before.percent is None or self.now.percent == self.before.percent:
            return "flat"
        return "" if self.now.percent > self.before.percent else "down"

    @property
    def text(self) -> str:
        """ "+1家（+3.3个百分点）", "持平", or why there is nothing to compare."""
        if not self.before.denominator:
            return "无可比数"
        if self.kind == "flat":
            return "持平"
        return f"{signed(self.enterprises)}家（{self.points or '—'}）"

    @property
    def denominator(self) -> str:
        """A change of the denominator, which moves a rate as much as the numerator does."""
        if self.before.denominator in (0, self.now.denominator):
            return ""
        return f"分母{self.before.denominator}→{self.now.denominator}"


def headline(now: Rate, before: Rate) -> str:
    """The first sentence of the page, without its full stop."""
    if now.percent is None:
        return f"截至{now.day}没有实体运营的非公有制企业，各项比率记“—”"
    step = Step(now, before)
    said = f"{now.indicator.name}{now.short}"
    if before.percent is None:
        return f"{said}，{now.denominator}家实体运营企业中已建{now.numerator}家"
    if step.kind == "flat":
        return f"{said}，与{step.since}持平"
    moved = f"{'增加' if step.enterprises > 0 else '减少'}{abs(step.enterprises)}家" if step.enterprises else "家数不变"
    return f"{said}，较{step.since}{moved}（{step.points}）"


def gap_kinds(enterprises: ScopedQuerySet, day: dt.date) -> dict[str, int]:
    """How many enterprises without an organization stand where: 应建未建, 仅有个别党员, 没有党员."""
    gap = INDICATORS[LEAD].part(enterprises, day, "gap").order_by()
    counted = gap.aggregate(
        should=Count("pk", filter=Q(full_members__gte=ENOUGH_MEMBERS)),
        some=Count("pk", filter=Q(full_members__lt=ENOUGH_MEMBERS, members__gte=1)),
        none=Count("pk", filter=Q(members=0)),
    )
    return {"应建未建": counted["should"], "仅有个别党员": counted["some"], "没有党员": counted["none"]}


def missing(lead: Rate, kinds: Mapping[str, int], industries: "Sequence[Group]") -> str:
    """What is still missing, in words: how many, of what kind, in which industries most."""
    if not lead.gap:
        return "实体运营企业都已建立党组织。" if lead.denominator else ""
    parts = "，".join(f"{name}{count}家" for name, count in kinds.items() if count)
    largest = sorted((one for one in industries if one.gap), key=lambda one: -one.gap)
    # Industries that lack one each make a long sentence that says nothing
    where = "，".join(f"{one.name}缺{one.gap}家" for one in largest[:3] if one.gap > 1)
    return f"还差{lead.gap}家：{parts}。{f'{where}。' if where and len(industries) > 1 else ''}"


# Tiles


@dataclass(frozen=True)
class Figure:
    """One count of a rate and the list it opens."""

    part: str
    label: str
    count: int
    url: str


@dataclass(frozen=True)
class Tile:
    rate: Rate
    step: Step
    four: Sequence[Figure]
    uncounted: Figure

    @property
    def is_lead(self) -> bool:
        return self.rate.indicator.code == LEAD


def tile(about: Asked, now: Rate, before: Rate) -> Tile:
    counts = {
        "numerator": now.numerator,
        "denominator": now.denominator,
        "gap": now.gap,
        "excluded": now.excluded,
        "covered-uncounted": now.covered_uncounted,
    }
    figures = {
        part: Figure(part, PARTS[part], count, drill(about, now.indicator.code, part)) for part, count in counts.items()
    }
    return Tile(now, Step(now, before), [figures[part] for part in FOUR], figures["covered-uncounted"])


# Twelve month ends


@dataclass(frozen=True)
class Trend:
    main: Line
    comparison: Line
    summary: str
    months: Sequence[tuple[str, str, str]]  # year where it begins, month, address of the page on that day

    @property
    def has_rates(self) -> bool:
        return bool(self.main.drawn)


def trend_of(about: Asked, months: Sequence[Mapping[str, Rate]]) -> Trend:
    main, comparison = ([month[code] for month in months] for code in (LEAD, COMPARISON))
    lines = []
    for code, points, above in ((LEAD, main, False), (COMPARISON, comparison, True)):
        urls = [drill(about, code, "numerator", day=point.day.isoformat()) for point in points]
        lines.append(line_of(INDICATORS[code].name, points, urls, above=above))
    park = {"park": about.park.slug} if about.park else {}
    heads = [
        (
            f"{rate.day.year % 100:02d}年" if place == 0 or rate.day.month == 1 else "",
            f"{rate.day.month}月",
            f"{reverse('dashboard')}?{urlencode({'day': rate.day.isoformat()} | park)}",
        )
        for place, rate in enumerate(main)
    ]
    summary = "；".join(filter(None, (moved(main), moved(comparison))))
    return Trend(lines[0], lines[1], f"{summary}。" if summary else "这12个月末都没有实体运营企业，无率可画。", heads)


def moved(points: Sequence[Rate]) -> str:
    """From the first month end with a rate to the last, in words."""
    known = [point for point in points if point.percent is not None]
    if not known:
        return ""
    first, last = known[0], known[-1]
    name = first.indicator.name
    if first is last:
        return f"{name}{last.day.year}年{last.day.month}月末为{last.short}"
    start = f"{name}由{first.day.year}年{first.day.month}月末的{first.short}"
    change = (last.percent or 0) - (first.percent or 0)
    if not change:
        return f"{start}到{last.day.year}年{last.day.month}月末没有变化"
    verb = "升至" if change > 0 else "降至"
    return f"{start}{verb}{last.day.year}年{last.day.month}月末的{last.short}（{signed(change)}个百分点）"


# By park, by industry, by size


@dataclass(frozen=True)
class Group:
    """The enterprises of one industry or size that count, and those among them with an organization."""

    name: str
    lead: Rate
    solo: int
    url: str
    gap_url: str

    @property
    def total(self) -> int:
        return self.lead.denominator

    @property
    def covered(self) -> int:
        return self.lead.numerator

    @property
    def gap(self) -> int:
        return self.lead.gap

    @property
    def is_small(self) -> bool:
        return self.total < SMALLEST


def groups(
    about: Asked, enterprises: ScopedQuerySet, field: str, labels: Sequence[str], values: Sequence[str]
) -> list[Group]:
    """The groups with at least one counting enterprise in the order of ``labels``, 未填 last."""
    names = dict(zip(values, labels, strict=True))
    found = rates_by(enterprises, about.day, field, (LEAD, "solo_rate_real"))
    made = []
    for value, counted in found.items():
        lead = counted[LEAD]
        if not lead.denominator:
            continue
        narrower = {field: value or "none"}
        made.append(
            Group(
                names.get(value, "未填"),
                lead,
                counted["solo_rate_real"].numerator,
                drill(about, LEAD, "denominator", **narrower),
                drill(about, LEAD, "gap", **narrower),
            )
        )
    order = {name: place for place, name in enumerate(labels)}
    return sorted(made, key=lambda one: (one.name not in order, order.get(one.name, 0)))


@dataclass(frozen=True)
class ParkRow:
    park: Park
    url: str
    tiles: Sequence[Tile]

    @property
    def is_small(self) -> bool:
        return self.tiles[0].rate.denominator < SMALLEST


def by_park(about: Asked, enterprises: ScopedQuerySet, seen: Sequence[Park]) -> list[ParkRow]:
    """Every park with enterprises on the day, lowest coverage first; parks too small for a rate come last.

    Nothing where there is only one park to see.
    """
    if len(seen) < 2:
        return []
    parks = {park.pk: park for park in seen}
    found = rates_by(enterprises, about.day, "park", HEADLINES)
    rows = []
    for pk, counted in found.items():
        park = parks[pk]
        here = Asked(about.user, park, about.day)
        tiles = [tile(here, rate, rate) for rate in counted.values()]
        query = urlencode({"day": about.day.isoformat(), "park": park.slug})
        rows.append(ParkRow(park, f"{reverse('dashboard')}?{query}", tiles))
    return sorted(rows, key=lambda row: (row.is_small, row.tiles[0].rate.percent or 0, -row.tiles[0].rate.gap))


def lowest(parks: Sequence[ParkRow]) -> str:
    """Which of several parks has the lowest coverage, in words."""
    ranked = [row for row in parks if not row.is_small]
    if len(ranked) < 2:
        return ""
    rate = ranked[0].tiles[0].rate
    return f"{rate.indicator.name}最低的是{ranked[0].park.name}，{rate.short}，还缺{rate.gap}家。"


# Who is missing


@dataclass(frozen=True)
class Missing:
    """One enterprise without an organization: where it stands, since when, and who answers for it."""

    enterprise: Any
    status: str
    operating_since: dt.date | None
    responsible: str
    works: str

    @property
    def state(self) -> str:
        """The kind of state word in templatetags/show."""
        return {"应建未建": "late", "仅有个别党员": "due"}.get(self.status, "off")


def gap_list(enterprises: ScopedQuerySet, day: dt.date) -> list[Missing]:
    """The first of the gap, those that ought to have an organization before those that merely have none."""
    operating = BusinessState.objects.filter(state=BusinessStateKind.OPERATING, since__lte=day).order_by("-since")
    rows = (
        INDICATORS[LEAD]
        .part(enterprises, day, "gap")
        .order_by("-full_members", "worked", "-members", "settled_on", "pk")
        .select_related("park")
        .prefetch_related(
            Prefetch("works", WorkCoverage.objects.as_of(day), to_attr="works_on"),
            Prefetch("states", operating, to_attr="operating"),
        )[:GAP_ROWS]
    )
    return [
        Missing(
            row,
            formation_status(row),
            operating_since(row.operating),
            responsible(row),
            "、".join(dict.fromkeys(WORK_WORDS[work.kind] for work in row.works_on)),
        )
        for row in rows
    ]


def operating_since(periods: Sequence[BusinessState]) -> dt.date | None:
    """The first day of unbroken operation, from periods newest first that may follow one another without a gap."""
    since = None
    for period in periods:
        if since is not None and period.until != since:
            break
        since = period.since
    return since


def responsible(row: Any) -> str:
    """Who answers for an enterprise: its instructor, else its liaison, else its contact for Party affairs."""
    for kind in (WorkKind.INSTRUCTOR, WorkKind.LIAISON):
        names = [work.holder for work in row.works_on if work.kind == kind and work.holder]
        if names:
            return f"{WORK_WORDS[kind]} {'、'.join(names)}"
    return f"联系人 {row.contact}" if row.contact else ""


# The state of the data


@dataclass(frozen=True)
class Excluded:
    reason: str
    count: int
    url: str


def excluded(about: Asked, enterprises: ScopedQuerySet) -> list[Excluded]:
    """Why enterprises are outside the headline's denominator, with how many, most frequent first."""
    outside = on_day(enterprises, about.day).filter(in_real=False).order_by().values("kind", "state_on")
    counts: dict[tuple[str, str], int] = {}
    for row in outside.annotate(n=Count("pk")):
        if row["kind"] not in NON_PUBLIC_KINDS:
            reason = ("非非公企业", "")
        elif row["state_on"] is None:
            reason = (UNFILLED, "none")
        else:
            reason = (str(BusinessStateKind(row["state_on"]).label), row["state_on"])
        counts[reason] = counts.get(reason, 0) + row["n"]
    found = [
        Excluded(reason, count, drill(about, LEAD, "excluded", **narrowed_to(state)))
        for (reason, state), count in counts.items()
    ]
    return sorted(found, key=lambda one: -one.count)


def narrowed_to(state: str) -> dict[str, str]:
    """The filter of the ledger for one reason; no state stands for the enterprises that are not non-public."""
    return {"ownership": "non_public", "state": state} if state else {"ownership": "other"}


def latest_change(about: Asked) -> dt.datetime | None:
    """When a record of these parks was last written."""
    changes = Change.objects.visible_to(about.user).in_park(about.park)
    return changes.order_by("-at").values_list("at", flat=True).first()
