"""The only place that offers the days a page can be asked for: today, month ends, and which of them are frozen."""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from django.utils import timezone

from metrics.indicators import month_ends
from metrics.models import FrozenReport
from portal.asking import Asked

NEAR: Final = 3
MONTHS: Final = 24
# What of an address is about one day alone
ELSEWHEN: Final = ("day", "page", "version", "names", "by", "key")


@dataclass(frozen=True)
class Choice:
    """One day to choose, as a link."""

    label: str
    day: dt.date
    url: str
    is_chosen: bool
    is_frozen: bool


@dataclass(frozen=True)
class Days:
    """The last three month ends and today; ``more`` are the month ends before, newest first."""

    near: list[Choice]
    more: list[Choice]

    @property
    def frozen(self) -> bool:
        return any(one.is_frozen for one in (*self.near, *self.more))


def month_name(day: dt.date, beside: dt.date) -> str:
    """A month end as “9月末”, with the year when it is another one than that of ``beside``."""
    return f"{day.month}月末" if day.year == beside.year else f"{day.year}年{day.month}月末"


def days_offered(path: str, query: Mapping[str, str], chosen: dt.date, frozen: Collection[dt.date] = ()) -> Days:
    """The choices as links to ``path``; ``query`` goes along, but for what is about one day."""
    today = timezone.localdate()
    kept = urlencode({name: value for name, value in query.items() if value and name not in ELSEWHEN})
    kept = f"&{kept}" if kept else ""

    def choice(label: str, day: dt.date) -> Choice:
        return Choice(label, day, f"{path}?day={day.isoformat()}{kept}", day == chosen, day in frozen)

    ends = month_ends(today - dt.timedelta(days=1), MONTHS)
    near = [choice(month_name(day, today), day) for day in ends[-NEAR:]]
    more = [choice(f"{day.year}年{day.month}月末", day) for day in reversed(ends[:-NEAR])]
    return Days([*near, choice("今天", today)], more)


def frozen_days(about: Asked, only: int | None = None) -> set[dt.date]:
    """The days for which a report of the one park that is asked about (or ``only``) is frozen."""
    park = about.park.pk if about.park else only
    if park is None:
        return set()
    rows = FrozenReport.objects.visible_to(about.user).filter(park=park)
    return set(rows.order_by().values_list("day", flat=True).distinct())
