"""The only place for the leader's page: the rates of a day, where they come from, and which enterprises are missing.

Every figure comes through :class:`metrics.figures.Figures`, so the page costs the same for a park and for the nation:
no query reads enterprises but those of the ten to act on next, by their keys.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from metrics.figures import Figures
from metrics.indicators import HEADLINES, INDICATORS, LEAD, PARTS, Rate, month_ends
from metrics.targets import Aim, aims
from orgs.models import BusinessStateKind, Change, EnterpriseKind, EnterpriseSize, Industry
from orgs.scoping import ScopedQuerySet
from portal.asking import Asked, asked
from portal.days import MONTHS, days_offered, frozen_days, month_name
from portal.next_ten import in_words, next_ten
from portal.places import SMALLEST, Inside, crumbs, inside, lowest, query_of, spreads, whole_of
from portal.templatetags.charts import Line, line_of
from portal.templatetags.show import dash, signed

COMPARISON: Final = "two_coverage"
EFFECTIVE: Final = "effective_coverage"
SHOULD: Final = "should_built_rate"
MEMBER: Final = "formation_rate_member"
SOLO: Final = "solo_rate_real"
OF_PLACES: Final = (LEAD, SHOULD, COMPARISON)
CODES: Final = tuple(one.code for one in INDICATORS.values() if one.subject.slug == "enterprises")
UNFILLED: Final = "经营状态未填"
FOUR: Final = ("numerator", "denominator", "gap", "excluded")
BY: Final = (
    ("industry", "分行业", Industry),
    ("size", "分规模", EnterpriseSize),
    ("kind", "分类型", EnterpriseKind),
)


@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    about = asked(request)
    links = Links(about)
    figures, day = about.figures, about.day
    before, year_ago = month_ends(day - dt.timedelta(days=1), 1)[0], a_year_before(day)
    found = figures.on_days({day, before, year_ago}, CODES)
    ends = month_ends(day, MONTHS)
    trend = figures.on_days(ends, (LEAD, COMPARISON))
    now, earlier, last_year = found[day], found[before], found[year_ago]
    whole = whole_of(about)
    lying = inside(about, OF_PLACES, links.page)
    trail = crumbs(about, whole, links.page)
    # To who sees only one park it is always that one
    only = lying.parks[0] if lying.is_one_park else None
    frozen = frozen_days(about, only.pk if only else None)
    aimed = aims(Figures(about.user, only) if only else figures, day, CODES, now)
    lead = now[LEAD]
    groups = [
        Grouping(field, title, groups_of(links, about, field, labels), field == "industry")
        for field, title, labels in BY
    ]
    ten = next_ten(figures, day, about.persons) if lead.gap else []
    outside = excluded(links, figures.outside(day)) if lead.excluded else []
    tiles = [tile(links, aimed, now[code], earlier[code], last_year[code]) for code in HEADLINES]
    context = {
        "asked": about,
        "place": place_words(lying, trail[-1][0] if trail else whole.name),
        "crumbs": trail,
        "days": days_offered(request.path, about.place, day, frozen),
        "is_frozen": day in frozen,
        "page_query": query_of(about),
        "headline": headline(lead, earlier[LEAD]),
        "missing": missing(lead, gap_kinds(now), groups[0].rows),
        "lead": lead,
        "before": before,
        "tiles": tiles,
        "effective": tile(links, aimed, now[EFFECTIVE], earlier[EFFECTIVE], last_year[EFFECTIVE]),
        "others": [
            tile(links, aimed, now[code], earlier[code], last_year[code]) for code in CODES if code not in HEADLINES
        ],
        "trend": trend_of(links, [trend[end] for end in ends]),
        "inside": lying,
        "lowest": lowest(lying),
        "links": links,
        "spreads": spreads(about, lying),
        "groups": groups,
        "smallest": SMALLEST,
        "ten": ten,
        "ten_words": in_words(ten, lead.gap),
        "gap_url": links.to(LEAD, "gap"),
        "excluded": outside,
        "unfilled": next((one for one in outside if one.reason == UNFILLED), None),
        "present": lead.denominator + lead.excluded,
        "latest": latest_change(about),
        "screens_url": reverse("screens") + (f"?{urlencode(about.place)}" if about.place else ""),
        "aimed": aimed,
        "targets_url": f"{reverse('ledger', args=['targets'])}?{query_of(about)}",
        "now": timezone.localtime(),
    }
    return render(request, "portal/dashboard.html", context, status=400 if about.problem else 200)


class Links:
    """Addresses of the page: made by hand from parts that need no quoting, because there are hundreds."""

    def __init__(self, about: Asked) -> None:
        self.page = reverse("dashboard")
        self.ledger = reverse("ledger", args=["enterprises"])
        self.record = reverse("record", args=["enterprises", 0]).removesuffix("0/")
        self.definitions = reverse("definitions")
        self.changes = reverse("changes")
        self.day = about.day.isoformat()
        self.about = about
        self.kept = f"&{urlencode(about.place)}" if about.place else ""

    def to(self, code: str, part: str, day: str = "", more: str = "") -> str:
        """The ledger of enterprises narrowed to exactly the rows behind one count."""
        return f"{self.ledger}?indicator={code}&part={part}&day={day or self.day}{self.kept}{more}"

    def at(self, place: Mapping[str, str], code: str, part: str) -> str:
        """The same for a place inside the one asked about."""
        return f"{self.ledger}?indicator={code}&part={part}&day={self.day}&{urlencode(place)}"

    def why(self, now: Rate, before: Rate) -> str:
        """The page that says why a figure changed between two days."""
        return f"{self.changes}?indicator={now.indicator.code}&from={before.day.isoformat()}&day={self.day}{self.kept}"

    def of_day(self, day: dt.date) -> str:
        return f"{self.page}?day={day.isoformat()}{self.kept}"


def place_words(lying: Inside, name: str) -> str:
    if lying.is_one_park:
        return str(lying.parks[0].name)
    if lying.parks:
        return f"{name}{len(lying.parks)}个园区合计"
    return name if lying.places else ""


def a_year_before(day: dt.date) -> dt.date:
    """The same day of the year before; of a month end, the end of that month."""
    if (day + dt.timedelta(days=1)).day == 1:
        first = (day + dt.timedelta(days=1)).replace(year=(day + dt.timedelta(days=1)).year - 1)
        return first - dt.timedelta(days=1)
    return day.replace(year=day.year - 1)


def day_name(day: dt.date, beside: dt.date) -> str:
    """9月末 for a month end, else 10月12日; with the year when it is another one than that of ``beside``."""
    if (day + dt.timedelta(days=1)).day == 1:
        return month_name(day, beside)
    return f"{day.month}月{day.day}日" if day.year == beside.year else f"{day.year}年{day.month}月{day.day}日"


# The headline


@dataclass(frozen=True)
class Step:
    """The change from one day to another, in enterprises first and points second."""

    now: Rate
    before: Rate

    @property
    def since(self) -> str:
        return day_name(self.before.day, self.now.day)

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
        """A class of the stylesheet: "", "down" or "flat". More enterprises with a lower rate are no good news."""
        now, before = self.now.percent, self.before.percent
        if now is not None and before is not None and now != before:
            return "down" if now < before else ""
        if self.enterprises:
            return "" if self.enterprises > 0 else "down"
        return "flat"

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
        return f"分母{self.before.denominator:,}→{self.now.denominator:,}"


def headline(now: Rate, before: Rate) -> str:
    """The first sentence of the page, without its full stop."""
    if now.percent is None:
        return f"截至{now.day}没有实体运营的非公有制企业，各项比率记“—”"
    step = Step(now, before)
    said = f"{now.indicator.name}{now.short}"
    if before.percent is None:
        return f"{said}，{now.denominator:,}家实体运营企业中已建{now.numerator:,}家"
    if step.kind == "flat":
        return f"{said}，与{step.since}持平"
    moved = (
        f"{'增加' if step.enterprises > 0 else '减少'}{abs(step.enterprises):,}家" if step.enterprises else "家数不变"
    )
    return f"{said}，较{step.since}{moved}（{step.points}）"


def gap_kinds(now: Mapping[str, Rate]) -> dict[str, int]:
    """How many enterprises without an organization stand where: 应建未建, 仅有个别党员, 没有党员.

    Who has enough members has some, and who has some is in actual operation, so the gaps of three indicators say it.
    """
    should, some, every = now[SHOULD].gap, now[MEMBER].gap, now[LEAD].gap
    return {"应建未建": should, "仅有个别党员": some - should, "没有党员": every - some}


def missing(lead: Rate, kinds: Mapping[str, int], industries: "Sequence[Group]") -> str:
    """What is still missing, in words: how many, of what kind, in which industries most."""
    if not lead.gap:
        return "实体运营企业都已建立党组织。" if lead.denominator else ""
    parts = "，".join(f"{name}{count:,}家" for name, count in kinds.items() if count)
    largest = sorted((one for one in industries if one.gap), key=lambda one: -one.gap)
    # Industries that lack one each make a long sentence that says nothing
    where = "，".join(f"{one.name}缺{one.gap:,}家" for one in largest[:3] if one.gap > 1)
    return f"还差{lead.gap:,}家：{parts}。{f'{where}。' if where and len(industries) > 1 else ''}"


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
    """``aim`` is missing where no target is set; ``why`` and ``why_year`` lead to why the figure changed."""

    rate: Rate
    step: Step
    year: Step
    four: Sequence[Figure]
    uncounted: Figure
    why: str
    why_year: str
    aim: Aim | None

    @property
    def is_lead(self) -> bool:
        return self.rate.indicator.code == LEAD


def tile(links: Links, aimed: Mapping[str, Aim], now: Rate, before: Rate, year_ago: Rate) -> Tile:
    code = now.indicator.code
    counts = (now.numerator, now.denominator, now.gap, now.excluded)
    four = [Figure(part, PARTS[part], count, links.to(code, part)) for part, count in zip(FOUR, counts, strict=True)]
    part = "covered-uncounted"
    uncounted = Figure(part, PARTS[part], now.covered_uncounted, links.to(code, part))
    month, year = links.why(now, before), links.why(now, year_ago)
    return Tile(now, Step(now, before), Step(now, year_ago), four, uncounted, month, year, aimed.get(code))


# Twenty-four month ends


@dataclass(frozen=True)
class Trend:
    """``breaks`` are the days on which a newer definition took over: figures left and right of one do not compare."""

    main: Line
    comparison: Line
    summary: str
    months: Sequence[tuple[str, str, str]]  # year where it begins, month, address of the page on that day
    breaks: Sequence[dt.date]

    @property
    def has_rates(self) -> bool:
        return bool(self.main.drawn)

    @property
    def rows(self) -> list[tuple[str, list[str], bool]]:
        """(name, one text for each month end, whether a second row of the one above) of the table beneath."""
        main, comparison = ([point.rate for point in line.points] for line in (self.main, self.comparison))
        return [
            ("组织覆盖 %", [f"{dash(rate.percent)}" for rate in main], False),
            ("家数", [f"{rate.numerator:,}" for rate in main], True),
            ("两个覆盖 %", [f"{dash(rate.percent)}" for rate in comparison], False),
            ("家数", [f"{rate.numerator:,}" for rate in comparison], True),
            ("实体运营", [f"{rate.denominator:,}" for rate in main], False),
        ]


def trend_of(links: Links, months: Sequence[Mapping[str, Rate]]) -> Trend:
    main, comparison = ([month[code] for month in months] for code in (LEAD, COMPARISON))
    lines = []
    for code, points, above in ((LEAD, main, False), (COMPARISON, comparison, True)):
        urls = [links.to(code, "numerator", point.day.isoformat()) for point in points]
        lines.append(line_of(INDICATORS[code].name, points, urls, above=above))
    heads = [
        (
            f"{rate.day.year % 100:02d}年" if place == 0 or rate.day.month == 1 else "",
            f"{rate.day.month}月",
            links.of_day(rate.day),
        )
        for place, rate in enumerate(main)
    ]
    first, last = main[0].day, main[-1].day
    breaks = sorted({day for code in (LEAD, COMPARISON) for day in INDICATORS[code].breaks(first, last)})
    said = (
        "；".join(filter(None, (moved(main), moved(comparison)))) or f"这{len(main)}个月末都没有实体运营企业，无率可画"
    )
    apart = f"；{'、'.join(map(str, breaks))}起口径变更，前后不可比" if breaks else ""
    return Trend(lines[0], lines[1], f"{said}{apart}。", heads, breaks)


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


# By industry, by size, by kind


@dataclass(frozen=True)
class Group:
    """The enterprises of one industry, size or kind that count, and those among them with an organization."""

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


@dataclass(frozen=True)
class Grouping:
    """The groups of one field with a sentence about them; ``by_size`` puts the largest first."""

    field: str
    title: str
    rows: Sequence[Group]
    by_size: bool

    @property
    def text(self) -> str:
        """Which group lacks most, and which of those with a rate has the lowest."""
        lacking = max(self.rows, key=lambda one: one.gap, default=None)
        if lacking is None:
            return ""
        if not lacking.gap:
            return "各组都已全部建立党组织。"
        said = f"缺得最多的是{lacking.name}，{lacking.gap:,}家"
        ranked = [one for one in self.rows if not one.is_small and one.lead.percent is not None]
        low = min(ranked, key=lambda one: one.lead.percent or 0, default=None)
        if low is None or len(ranked) < 2:
            return f"{said}。"
        same = "，覆盖率也最低" if low is lacking else f"；覆盖率最低的是{low.name}"
        return f"{said}{same}，{low.lead.short}。"


def groups_of(links: Links, about: Asked, field: str, labels: Any) -> list[Group]:
    """The groups with at least one counting enterprise in the order of the labels, 未填 last; industries by size."""
    found = about.figures.by(field, about.day, (LEAD, SOLO))
    order = {value: place for place, value in enumerate(labels.values)}
    made = []
    for value in sorted(found, key=lambda one: order.get(one, len(order))):
        lead = found[value][LEAD]
        if not lead.denominator:
            continue
        more = f"&{field}={value or 'none'}"
        name = str(labels(value).label) if value in order else "未填"
        urls = (links.to(LEAD, part, more=more) for part in ("denominator", "gap"))
        made.append(Group(name, lead, found[value][SOLO].numerator, *urls))
    return sorted(made, key=lambda one: -one.total) if field == "industry" else made


# The state of the data


@dataclass(frozen=True)
class Excluded:
    reason: str
    count: int
    url: str


def excluded(links: Links, outside: Mapping[str, int]) -> list[Excluded]:
    """Why enterprises are outside the headline's denominator, with how many, most frequent first."""
    found = []
    for reason, count in outside.items():
        if reason == "other":
            word, more = "非非公企业", "&ownership=other"
        else:
            word = str(BusinessStateKind(reason).label) if reason else UNFILLED
            more = f"&ownership=non_public&state={reason or 'none'}"
        found.append(Excluded(word, count, links.to(LEAD, "excluded", more=more)))
    return sorted(found, key=lambda one: -one.count)


def latest_change(about: Asked) -> dt.datetime | None:
    """When a record of these parks was last written."""
    kept = about.figures.kept(about.day, ())
    changes: ScopedQuerySet = Change.objects.all()
    # Accounts and grants over several parks belong to none: they are no records of these parks
    changes = (
        changes.filter(about.figures.on_ground(), park__isnull=False)
        if kept
        else about.within(changes.visible_to(about.user))
    )
    return changes.order_by("-at").values_list("at", flat=True).first()
