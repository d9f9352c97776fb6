"""The only place that says which parks, prefectures and provinces stand beside one another, and where one is."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final
from urllib.parse import urlencode

from metrics.figures import Rates
from metrics.indicators import LEAD, Rate
from orgs.models import Park
from orgs.regions import LEVELS, PROVINCES, named
from orgs.scoping import Reach, grants_of
from portal.asking import Asked

# More parks than that are shown by province or prefecture.
MOST_PARKS: Final = 60
# More parks of one class than that are compared within their province.
MOST_PEERS: Final = 300
# Below this many enterprises a rate says more about chance than about work: counts only.
SMALLEST: Final = 10
FEWEST: Final = 3  # parks of a class that make a distribution
NATION: Final = "全国"
EVERYWHERE: Final = "可查看的全部园区"


def query_of(about: Asked, day: dt.date | None = None, **place: str) -> str:
    """The query of a page of figures: the day, and the park or region given, else the one asked about."""
    return urlencode({"day": (day or about.day).isoformat()} | (place or about.place))


# Where we are


@dataclass(frozen=True)
class Whole:
    """All that the reader's grants reach, in words; ``prefix`` is the region when it is a single one."""

    name: str
    prefix: str = ""
    is_wide: bool = True  # a region or the nation


def whole_of(about: Asked) -> Whole:
    reaches = set(grants_of(about.user).values_list("reach", "region_prefix"))
    if any(reach == Reach.NATION for reach, _ in reaches):
        return Whole(NATION)
    prefixes = {prefix for reach, prefix in reaches if reach == Reach.REGION}
    if len(prefixes) == 1 and len(reaches) == 1:
        prefix = prefixes.pop()
        return Whole(name_of(about, prefix), prefix)
    return Whole(EVERYWHERE, is_wide=bool(prefixes))


def name_of(about: Asked, prefix: str) -> str:
    if prefix in PROVINCES:
        return PROVINCES[prefix]
    parks = Park.objects.visible_to(about.user).filter(region_code__startswith=prefix).order_by()
    return named(prefix, parks.values_list("region_name", flat=True)[:MOST_PARKS])


def reach_words(about: Asked) -> str:
    """What a page is about: a park, a region, or all that the reader sees."""
    if about.park_name:
        return about.park_name
    return f"{name_of(about, about.region)}的园区" if about.region else EVERYWHERE


def crumbs(about: Asked, whole: Whole, address: str) -> list[tuple[str, str]]:
    """(name, address) from all that the reader sees down to what is asked about, which bears no address; the day is
    kept. Nothing when all is asked about."""
    if not about.place:
        return []
    found = [(whole.name, f"{address}?{urlencode({'day': about.day.isoformat()})}")]
    code = about.park.region_code[: LEVELS[0]] if about.park else about.region
    steps = [code[:digits] for digits in LEVELS if digits <= len(code)] if whole.is_wide else []
    for prefix in steps:
        if not whole.prefix.startswith(prefix):
            found.append((name_of(about, prefix), f"{address}?{query_of(about, region=prefix)}"))
    if about.park:
        found.append((about.park.name, ""))
    return [*found[:-1], (found[-1][0], "")]


# What lies there


@dataclass(frozen=True)
class Place:
    """A park, a prefecture or a province with its rates on the day."""

    name: str
    url: str
    place: Mapping[str, str]  # what the address of a ledger says of it
    rates: Rates
    group: str  # the class it may be compared within
    is_demo: bool = False

    @property
    def lead(self) -> Rate:
        return self.rates[LEAD]

    @property
    def is_small(self) -> bool:
        return self.lead.denominator < SMALLEST


@dataclass(frozen=True)
class Inside:
    """What the reader's ground is divided into; empty for a single park. ``noun`` is 园区, 地市 or 省份."""

    noun: str
    places: Sequence[Place]
    parks: Sequence[Park]  # while there are few enough to be listed

    @property
    def is_one_park(self) -> bool:
        return len(self.parks) == 1


def inside(about: Asked, codes: Sequence[str], address: str) -> Inside:
    """The parts of the park or region asked about, lowest coverage first; those too small for a rate come last."""
    if about.park:
        return Inside("园区", [], [about.park])
    rows = about.within(Park.objects.visible_to(about.user)).order_by()
    many = len(rows.values_list("pk")[: MOST_PARKS + 1]) > MOST_PARKS
    if not many or len(about.region) == LEVELS[-1]:
        parks = list(rows)
        if len(parks) == 1:
            return Inside("园区", [], parks)
        return Inside("园区", _ranked(_parks(about, parks, codes, address)), parks)
    if not about.region:
        provinces = about.figures.by_province(about.day, codes)
        if len(provinces) > 1:
            return Inside("省份", _ranked(_regions(about, provinces, {}, address)), [])
    digits = next(one for one in LEVELS[1:] if one > len(about.region))
    found, places = _by_prefix(about, digits, codes)
    return Inside("地市" if digits == LEVELS[1] else "区县", _ranked(_regions(about, found, places, address)), [])


def _parks(about: Asked, parks: Sequence[Park], codes: Sequence[str], address: str) -> list[Place]:
    found = about.figures.by("park", about.day, codes)
    return [
        Place(
            park.name,
            f"{address}?{query_of(about, park=park.slug)}",
            {"park": park.slug},
            found[park.pk],
            class_of(park),
            park.is_demo,
        )
        for park in parks
        if park.pk in found
    ]


def _regions(
    about: Asked, found: Mapping[str, Rates], places: Mapping[str, Sequence[str]], address: str
) -> list[Place]:
    return [
        Place(
            named(prefix, places.get(prefix, ())),
            f"{address}?{query_of(about, region=prefix)}",
            {"region": prefix},
            rates,
            "省份" if len(prefix) == LEVELS[0] else "地区",
        )
        for prefix, rates in found.items()
    ]


def _by_prefix(about: Asked, digits: int, codes: Sequence[str]) -> tuple[dict[str, Rates], dict[str, list[str]]]:
    """The rates of prefectures (or counties), added up from their parks, and what the parks say of where they lie."""
    rows = about.within(Park.objects.visible_to(about.user)).order_by()
    lies = {pk: (code[:digits], place) for pk, code, place in rows.values_list("pk", "region_code", "region_name")}
    each: dict[str, list[Rates]] = defaultdict(list)
    places: dict[str, list[str]] = defaultdict(list)
    for pk, rates in about.figures.by("park", about.day, codes).items():
        prefix, place = lies[pk]
        each[prefix].append(rates)
        places[prefix].append(place)
    return {
        prefix: {code: added([one[code] for one in several]) for code in codes} for prefix, several in each.items()
    }, places


def added(rates: Sequence[Rate]) -> Rate:
    """One rate over the enterprises of several."""
    first = rates[0]
    return Rate(
        first.indicator,
        first.day,
        sum(one.numerator for one in rates),
        sum(one.denominator for one in rates),
        sum(one.excluded for one in rates),
        sum(one.covered_uncounted for one in rates),
        sum(one.unreported for one in rates),
    )


def _ranked(places: list[Place]) -> list[Place]:
    return sorted(places, key=lambda one: (one.is_small, one.lead.percent or 0, -one.lead.gap))


def lowest(found: Inside) -> str:
    """Which of several has the lowest coverage, in words."""
    ranked = [one for one in found.places if not one.is_small]
    if len(ranked) < 2:
        return ""
    rate = ranked[0].lead
    return f"{rate.indicator.name}最低的是{ranked[0].name}，{rate.short}，还缺{rate.gap:,}家。"


# Beside others of the same class


@dataclass(frozen=True)
class Spread:
    """How the rates of one class are spread; ``own`` is the reader's. Those too small for a rate are counted apart."""

    name: str
    rates: Sequence[Rate]
    small: int
    unit: str
    own: Rate | None = None

    @property
    def percents(self) -> list[float]:
        return sorted(float(one.percent) for one in self.rates if one.percent is not None)

    @property
    def middle(self) -> float:
        return round(median(self.percents), 1)

    @property
    def bins(self) -> list[tuple[str, int]]:
        """(range in words, how many): below 60, then by ten points, the full hundred apart."""
        edges = (
            (0, 60, "60%以下"),
            (60, 70, "60%～70%"),
            (70, 80, "70%～80%"),
            (80, 90, "80%～90%"),
            (90, 100, "90%以上"),
        )
        found = [(text, sum(low <= one < high for one in self.percents)) for low, high, text in edges]
        return [*found, ("100%", sum(one >= 100 for one in self.percents))]

    @property
    def text(self) -> str:
        many = len(self.percents)
        said = (
            f"{self.name}{many:,}个，最低{self.percents[0]:.1f}%，中间{self.middle:.1f}%，最高{self.percents[-1]:.1f}%"
        )
        if self.own is not None and self.own.percent is not None:
            apart = round(float(self.own.percent) - self.middle, 1)
            where = f"比中间{'高' if apart > 0 else '低'}{abs(apart):.1f}个百分点" if apart else "正在中间"
            said = f"{said}；本园区{self.own.short}，{where}"
        small = f"；另有{self.small:,}个实体运营不足{SMALLEST}家，不列率" if self.small else ""
        return f"{said}{small}。"


def spreads(about: Asked, found: Inside) -> list[Spread]:
    """The classes that have enough members: the peers of the park asked about, else what lies inside by class."""
    if about.park:
        return _peers(about, about.park)
    classes: dict[str, list[Place]] = defaultdict(list)
    for one in found.places:
        if one.group:
            classes[one.group].append(one)
    made = [_spread(name, [one.lead for one in members], found.noun) for name, members in classes.items()]
    return sorted(filter(None, made), key=lambda one: -len(one.rates))


def _peers(about: Asked, park: Park) -> list[Spread]:
    """Parks of the same level and kind within the reader's reach, the park itself among them."""
    if not class_of(park):
        return []
    same = Park.objects.visible_to(about.user).filter(level=park.level, kind=park.kind).order_by()
    name = class_of(park)
    peers = list(same.values_list("pk", flat=True)[: MOST_PEERS + 1])
    if len(peers) > MOST_PEERS:
        province = park.region_code[: LEVELS[0]]
        peers = list(same.filter(region_code__startswith=province).values_list("pk", flat=True))
        name = f"{named(province)}{name}"
    if len(peers) < FEWEST:
        return []
    each = about.figures.beside(peers, about.day, [LEAD])
    own = each[park.pk][LEAD] if park.pk in each else None
    found = _spread(name, [rates[LEAD] for rates in each.values()], "园区", own)
    return [found] if found else []


def _spread(name: str, rates: Sequence[Rate], unit: str, own: Rate | None = None) -> Spread | None:
    large = [one for one in rates if one.denominator >= SMALLEST]
    if len(large) < FEWEST:
        return None
    return Spread(name, large, len(rates) - len(large), unit, own if own and own.denominator >= SMALLEST else None)


def class_of(park: Park) -> str:
    """国家级高新技术产业开发区: level and kind; "" where one of them is not recorded."""
    return f"{park.get_level_display()}{park.get_kind_display()}" if park.level and park.kind else ""
