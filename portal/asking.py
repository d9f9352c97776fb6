"""The only place that reads from an address which park or region and which day a page is asked about."""

import datetime as dt
from dataclasses import dataclass
from functools import cached_property

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest
from django.utils import timezone

from metrics.figures import Figures, within
from orgs.models import Park, User
from orgs.regions import LEVELS
from orgs.scoping import Persons, ScopedQuerySet, persons_of
from portal.forms.fields import half_width, parse_day

INSTEAD = "；本页先按今天显示。"
EVERYWHERE = "；本页先显示可查看的全部园区。"


@dataclass(frozen=True)
class Asked:
    """What a page is about. ``problem`` is a sentence for the reader when the address asked for a day that is none."""

    user: User
    park: Park | None
    day: dt.date
    problem: str = ""
    region: str = ""  # a prefix of region codes, where no park is asked about
    region_problem: str = ""  # what of ``problem`` is about the region

    @cached_property
    def figures(self) -> Figures:
        return Figures(self.user, self.park, self.region)

    def within(self, rows: ScopedQuerySet) -> ScopedQuerySet:
        """Narrowed to the park, or to the parks of the region, that is asked about."""
        return within(rows, self.park, self.region)

    @cached_property
    def place(self) -> dict[str, str]:
        """What of the address says where: the park or the region, for links that keep it."""
        if self.park is not None:
            return {"park": self.park.slug}
        return {"region": self.region} if self.region else {}

    @cached_property
    def several(self) -> bool:
        """Whether no park is asked about, by somebody who sees more than one."""
        return self.park is None and len(self._first_names) > 1

    @property
    def park_name(self) -> str:
        """The park asked about, which to who sees only one is always that one; "" of several and of none."""
        if self.park is not None:
            return str(self.park.name)
        return self._first_names[0] if len(self._first_names) == 1 else ""

    @cached_property
    def _first_names(self) -> list[str]:
        """As many as it takes to know whether it is one."""
        seen = Park.objects.visible_to(self.user)
        return list(seen.order_by().values_list("name", flat=True)[:2])

    @cached_property
    def persons(self) -> Persons:
        """Where the reader may see persons; asked once."""
        return persons_of(self.user)


def asked(request: HttpRequest) -> Asked:
    """The park (``?park=``) or region (``?region=``), neither for all, and the day (``?day=``, none for today).

    A park the user can not see does not exist: Http404. Of a park and a region the park is what counts.
    """
    user = request.user
    if not isinstance(user, User):
        raise Http404("没有登录")
    day, problem = asked_day(request.GET.get("day", ""), timezone.localdate())
    park = asked_park(user, request.GET.get("park", ""))
    region, wrong = ("", "") if park else asked_region(user, request.GET.get("region", ""))
    return Asked(user, park, day, "；".join(filter(None, (problem, wrong))), region, wrong)


def asked_park(user: User, slug: str) -> Park | None:
    if not slug:
        return None
    park: Park | None = Park.objects.visible_to(user).filter(slug=slug).first()
    if park is None:
        raise Http404("没有这个园区")
    return park


def asked_region(user: User, text: str) -> tuple[str, str]:
    """The region asked for and what is wrong with it: no prefix of a code, or no park there is the user's."""
    region = half_width(text)
    if not region:
        return "", ""
    if len(region) not in LEVELS or not (region.isascii() and region.isdigit()):
        return "", f"地区写的是“{region[:20]}”，应为区划代码的前2位、前4位或6位数字{EVERYWHERE}"
    if not Park.objects.visible_to(user).filter(region_code__startswith=region).exists():
        return "", f"查看范围内没有区划代码以{region}开头的园区{EVERYWHERE}"
    return region, ""


def asked_day(text: str, today: dt.date) -> tuple[dt.date, str]:
    """The day asked for and what is wrong with it; a wrong one, or one still to come, shows today.

    Read as leniently as in the entry forms: 2026年10月31日 is a day too.
    """
    if not text.strip():
        return today, ""
    try:
        day = parse_day(text, "日期")
    except ValidationError as error:
        return today, error.messages[0] + INSTEAD
    if day > today:
        return today, f"日期{day}还没有到，请填今天或更早的日子{INSTEAD}"
    return day, ""
