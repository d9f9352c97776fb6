"""The only place for the generator's dates: workdays, holidays, months and quarters."""

import calendar
import datetime as dt
from random import Random

# Invented for the demo from the usual course of a year: Spring Festival, May Day, National Day.
HOLIDAYS = (
    (dt.date(2025, 1, 28), dt.date(2025, 2, 4)),
    (dt.date(2025, 5, 1), dt.date(2025, 5, 5)),
    (dt.date(2025, 10, 1), dt.date(2025, 10, 8)),
    (dt.date(2026, 2, 15), dt.date(2026, 2, 23)),
    (dt.date(2026, 5, 1), dt.date(2026, 5, 5)),
    (dt.date(2026, 10, 1), dt.date(2026, 10, 7)),
)


def workday(day: dt.date) -> dt.date:
    """``day``, or the first workday after it."""
    while day.weekday() >= 5 or any(first <= day <= last for first, last in HOLIDAYS):
        day += dt.timedelta(days=1)
    return day


def between(rng: Random, first: dt.date, last: dt.date) -> dt.date:
    """A day from ``first`` to ``last``, both included; ``first`` when there is none."""
    return first + dt.timedelta(days=rng.randint(0, max(0, (last - first).days)))


def after(rng: Random, day: dt.date, low: int, high: int) -> dt.date:
    return day + dt.timedelta(days=rng.randint(low, high))


def years_later(day: dt.date, years: int) -> dt.date:
    last = calendar.monthrange(day.year + years, day.month)[1]
    return dt.date(day.year + years, day.month, min(day.day, last))


def months(first: dt.date, last: dt.date) -> list[dt.date]:
    """The first day of every month from ``first`` to ``last``."""
    found = []
    day = first.replace(day=1)
    while day <= last:
        found.append(day)
        day = (day + dt.timedelta(days=32)).replace(day=1)
    return found


def fixed_day(month: dt.date, week: int, weekday: int) -> dt.date:
    """The day of a month that a branch keeps for its themed day, such as the second Friday (2, 4)."""
    offset = (weekday - month.weekday()) % 7
    return workday(month + dt.timedelta(days=offset + 7 * (week - 1)))
