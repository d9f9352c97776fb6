"""The only place that decides what a big screen shows, and whether its signed link still opens.

A link shows no more than the reach of who made it, and dies with his account, his grant, its term or its revocation.
Everything on a screen is a total: no enterprise, no organization and no person is named.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from django.core import signing
from django.utils import timezone

from metrics.figures import Figures
from metrics.indicators import HEADLINES, LEAD, Rate, month_ends
from metrics.targets import aims
from orgs.models import BusinessStateKind, Grant, Industry, Park, User
from orgs.regions import LEVELS, named
from orgs.scoping import Reach, ScopedQuerySet, grants_of
from portal.models import ScreenLink
from portal.places import SMALLEST
from portal.templatetags.show import signed
from portal.views.dashboard import MEMBER, SHOULD, Step, gap_kinds

SALT: Final = "portal.screens"
MONTHS: Final = 24
COMPARISON: Final = "two_coverage"
EFFECTIVE: Final = "effective_coverage"
# The headlines, the comparisons, and what parts the gap
CODES: Final = tuple(dict.fromkeys((*HEADLINES, COMPARISON, EFFECTIVE, SHOULD, MEMBER)))
MOST_ROWS: Final = 7
# As many parks as the form offers by name; beyond, the park is chosen in the head of the page
MOST_PARKS: Final = 40
UNFILLED: Final = "经营状态未填"
NOT_NON_PUBLIC: Final = "不是非公企业"
MEANT: Final = {
    "应建未建": "正式党员3名以上",
    "仅有个别党员": "有党员，正式党员不足3名",
    "没有党员": "可先以工作覆盖到达",
}


# The link


def token_of(link: ScreenLink) -> str:
    """What the address carries: the number of the link, signed. Nothing in it says who, what or where."""
    return signing.dumps(link.pk, salt=SALT)


def may_open(link: ScreenLink) -> User | None:
    """Whoever made the link, while it stands and while his own grants still reach all that it shows."""
    if not link.is_live_at(timezone.now()):
        return None
    maker: User | None = User.objects.filter(pk=link.account).first()
    if maker is None or not ScreenLink.objects.visible_to(maker).filter(pk=link.pk).exists():
        return None
    return maker


def opened(token: str) -> "Screen | None":
    """The screen of a token; ``None`` for one forged, expired, revoked or without a right behind it, all alike."""
    try:
        pk = signing.loads(token, salt=SALT, max_age=dt.timedelta(days=ScreenLink.MOST_DAYS))
    except signing.BadSignature:
        return None
    link = ScreenLink.objects.filter(pk=pk).select_related("park").first()
    maker = may_open(link) if link is not None else None
    return Screen(link, maker, timezone.now()) if link is not None and maker is not None else None


# The scopes a link may have


def scopes(user: User, park: Park | None) -> list[tuple[str, str]]:
    """(value, name) of every scope within the user's reach, widest first; only ``park`` where one is chosen."""
    if park is not None:
        return [(f"{Reach.PARK}:{park.slug}", park.name)]
    parks = Park.objects.visible_to(user)
    found = []
    prefixes: set[str] = set()
    for grant in grants_of(user):
        if grant.reach == Reach.NATION:
            found = [(f"{Reach.NATION}:", "全国")]
            prefixes |= {code[:2] for code in parks.order_by().values_list("region_code", flat=True).distinct()}
        elif grant.reach == Reach.REGION:
            prefixes |= regions_below(grant, parks)
    found += [(f"{Reach.REGION}:{prefix}", region_name(prefix, user)) for prefix in sorted(prefixes)]
    few = list(parks.order_by("order_key", "pk").values_list("slug", "name")[: MOST_PARKS + 1])
    if len(few) <= MOST_PARKS:
        found += [(f"{Reach.PARK}:{slug}", name) for slug, name in few]
    return found


def regions_below(grant: Grant, parks: ScopedQuerySet) -> set[str]:
    """The region of the grant, and of a province its cities that have parks."""
    held = grant.region_prefix
    codes = parks.filter(region_code__startswith=held).order_by().values_list("region_code", flat=True).distinct()
    province, prefecture, _ = LEVELS
    return {held} | ({code[:prefecture] for code in codes} if len(held) == province else set())


def region_name(prefix: str, user: User) -> str:
    """A region by name and, below the province, by its code too: names come from what the parks say of themselves."""
    if len(prefix) == LEVELS[0]:
        return province_name(prefix)
    places = Park.objects.visible_to(user).filter(region_code__startswith=prefix)
    name = named(prefix, places.order_by().values_list("region_name", flat=True).distinct())
    return f"区划{prefix}" if name == prefix else f"{name}（{prefix}）"


def province_name(prefix: str) -> str:
    name = named(prefix)
    return f"区划{prefix}" if name == prefix else name


def place_of(link: ScreenLink, user: User) -> str:
    """What the link shows, in words."""
    if link.park is not None:
        return str(link.park.name)
    return region_name(link.region_prefix, user) if link.region_prefix else "全国"


def link_for(user: User, scope: str, label: str, days: int) -> ScreenLink:
    """A new link, unsaved, for one of the values of :func:`scopes`."""
    reach, _, which = scope.partition(":")
    now = timezone.now()
    return ScreenLink(
        label=label,
        reach=reach,
        park=Park.objects.visible_to(user).get(slug=which) if reach == Reach.PARK else None,
        region_prefix=which if reach == Reach.REGION else "",
        account=user.pk,
        made_by=str(user),
        made_at=now,
        expires_at=now + dt.timedelta(days=days),
    )


# The figures


@dataclass(frozen=True)
class Row:
    """One industry, park or province."""

    name: str
    rate: Rate

    @property
    def is_small(self) -> bool:
        return is_small(self.rate)


@dataclass(frozen=True)
class Kind:
    """Some of the enterprises that are missing."""

    name: str
    what: str
    count: int


def is_small(rate: Rate) -> bool:
    return rate.denominator < SMALLEST


@dataclass(frozen=True)
class Screen:
    """What an open link shows, as of ``now``."""

    link: ScreenLink
    maker: User
    now: dt.datetime

    @cached_property
    def day(self) -> dt.date:
        return timezone.localdate(self.now)

    @cached_property
    def figures(self) -> Figures:
        return Figures(self.maker, self.link.park, self.link.region_prefix)

    @cached_property
    def parks(self) -> ScopedQuerySet:
        """The parks that the screen is about."""
        return self.figures.rows(Park)

    @cached_property
    def place(self) -> str:
        return place_of(self.link, self.maker)

    @cached_property
    def demo(self) -> str:
        """The tag of made-up figures: of all of them, of some, or none."""
        kinds = set(self.parks.order_by().values_list("is_demo", flat=True).distinct())
        if True not in kinds:
            return ""
        return "含演示" if False in kinds else "演示"

    @cached_property
    def rates(self) -> dict[str, Rate]:
        return self.figures.on(self.day, CODES)

    @property
    def lead(self) -> Rate:
        return self.rates[LEAD]

    @cached_property
    def earlier(self) -> Rate:
        """The headline at the last month end before today."""
        before = month_ends(self.day - dt.timedelta(days=1), 1)[0]
        return self.figures.on(before, (LEAD,))[LEAD]

    @property
    def lead_is_small(self) -> bool:
        return is_small(self.lead)

    @property
    def moved(self) -> str:
        """How the headline changed since the last month end: enterprises, and points where both have a rate."""
        step = Step(self.lead, self.earlier)
        if not self.earlier.denominator:
            return f"{step.since}无可比数"
        if step.kind == "flat":
            return f"与{step.since}持平"
        points = "" if is_small(self.lead) or is_small(self.earlier) else f"，{step.points}"
        return f"较{step.since}{signed(step.enterprises)}家{points}"

    @cached_property
    def target(self) -> str:
        """How far the headline is from its target, in words; "" where none is set."""
        aim = aims(self.figures, self.day, (LEAD,), {LEAD: self.lead}).get(LEAD)
        return aim.text if aim else ""

    @property
    def others(self) -> list[tuple[Rate, bool]]:
        """The other headline rates, and whether each is about too few for a rate."""
        return [(self.rates[code], is_small(self.rates[code])) for code in HEADLINES if code != LEAD]

    @cached_property
    def trend(self) -> tuple[list[Rate], list[Rate]]:
        """The headline and 两个覆盖 at the last month ends, oldest first."""
        days = month_ends(self.day, MONTHS)
        found = self.figures.on_days(days, (LEAD, COMPARISON))
        return [found[day][LEAD] for day in days], [found[day][COMPARISON] for day in days]

    @property
    def kinds(self) -> list[Kind]:
        """The enterprises without an organization by what they have of members; together all of the gap."""
        return [Kind(name, MEANT[name], count) for name, count in gap_kinds(self.rates).items()]

    @property
    def present_kinds(self) -> list[Kind]:
        return [kind for kind in self.kinds if kind.count]

    @property
    def effective(self) -> Rate:
        return self.rates[EFFECTIVE]

    @property
    def formal_and_effective(self) -> list[tuple[Rate, bool, str]]:
        return [
            (self.lead, is_small(self.lead), "已建党组织"),
            (self.effective, is_small(self.effective), "其中有效覆盖"),
        ]

    @property
    def formal_only(self) -> int:
        """Covered on paper: with an organization, but none that meets what effective coverage asks."""
        return self.lead.numerator - self.effective.numerator

    @cached_property
    def outside(self) -> list[tuple[str, int]]:
        """Why enterprises are outside the denominator, most frequent first."""
        labels = {state.value: str(state.label) for state in BusinessStateKind}
        named = labels | {"": UNFILLED, "other": NOT_NON_PUBLIC}
        found = self.figures.outside(self.day)
        return sorted(((named[reason], count) for reason, count in found.items()), key=lambda one: -one[1])

    @cached_property
    def rows(self) -> list[Row]:
        """By province for the nation, by park for a region, by industry for a park; most missing first."""
        found = [Row(name, rates[LEAD]) for name, rates in self._groups() if rates[LEAD].denominator]
        return sorted(found, key=lambda row: (-row.rate.gap, -row.rate.denominator, row.name))

    @property
    def shown_rows(self) -> list[Row]:
        return self.rows[:MOST_ROWS]

    @property
    def more_rows(self) -> int:
        return len(self.rows[MOST_ROWS:])

    @property
    def most(self) -> int:
        """The longest of the rows that are shown."""
        return max((row.rate.denominator for row in self.shown_rows), default=0)

    @property
    def by(self) -> tuple[str, str]:
        """What the rows are, and the word that counts them."""
        return {
            Reach.PARK: ("分行业", "个行业"),
            Reach.REGION: ("分园区", "个园区"),
            Reach.NATION: ("分省份", "个省份"),
        }[Reach(self.link.reach)]

    def _groups(self) -> Sequence[tuple[str, dict[str, Rate]]]:
        if self.link.reach == Reach.NATION:
            return [(province_name(code), rates) for code, rates in self.figures.by_province(self.day, (LEAD,)).items()]
        if self.link.reach == Reach.REGION:
            names: dict[Any, str] = dict(self.parks.values_list("pk", "short_name"))
            return [(names[pk], rates) for pk, rates in self.figures.by("park", self.day, (LEAD,)).items()]
        labels = dict(Industry.choices)
        found = self.figures.by("industry", self.day, (LEAD,))
        return [(str(labels.get(code, "行业未填")), rates) for code, rates in found.items()]
