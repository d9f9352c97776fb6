"""The only place that draws charts: geometry here, the SVG itself in templates/includes/charts."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django import template

from metrics.indicators import Rate

register = template.Library()

# One cell for one enterprise up to here; above it a plain bar, because nobody counts cells any more.
MOST_CELLS: Final = 40
CELL, STEP = 10, 13
# Groups wrap their cells, so they may be larger.
GROUP_CELLS, PER_ROW, GROUP_STEP = 120, 20, 17
GROUP_WIDTH: Final = PER_ROW * GROUP_STEP

# The line chart: the plot starts at LEFT, so that the first column of the month table fits beneath its scale.
WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 880, 262, 80, 30, 240


@dataclass(frozen=True)
class Box:
    x: float
    y: float
    width: float


@register.inclusion_tag("includes/charts/cells.html")
def cells(rate: Rate) -> dict[str, Any]:
    """The row of cells of a tile: filled for the numerator, empty for the gap; a bar above MOST_CELLS."""
    total = rate.denominator
    if total > MOST_CELLS:
        return bar(rate)
    places = [Box(place * STEP, 0, CELL) for place in range(total)]
    return {
        "rate": rate,
        "width": max(total * STEP - (STEP - CELL), CELL),
        "on": places[: rate.numerator],
        "off": places[rate.numerator :],
    }


@register.inclusion_tag("includes/charts/cells.html")
def bar(rate: Rate) -> dict[str, Any]:
    """A plain bar, for tables in which the rows have to stay comparable."""
    width = MOST_CELLS * STEP
    return {"rate": rate, "width": width, "bar": round(width * rate.numerator / (rate.denominator or 1), 1)}


@register.inclusion_tag("includes/charts/group.html")
def group_cells(name: str, solo: int, covered: int, total: int) -> dict[str, Any]:
    """The cells of one group: solid 单独, pale with a stroke 联合等, empty 未建; a stacked bar when there are many."""
    joint = covered - solo
    context: dict[str, Any] = {
        "name": name,
        "solo": solo,
        "joint": joint,
        "none": total - covered,
        "width": GROUP_WIDTH,
    }
    if total > GROUP_CELLS:
        first, second = (round(GROUP_WIDTH * part / total, 1) for part in (solo, covered))
        return context | {"height": 12, "bars": (Box(0, 0, first), Box(first, 0, second - first))}
    places = [Box(place % PER_ROW * GROUP_STEP, place // PER_ROW * 15, GROUP_STEP - 3) for place in range(total)]
    rows = (max(total, 1) - 1) // PER_ROW + 1
    return context | {
        "height": rows * 15 - 3,
        "on": places[:solo],
        "half": places[solo:covered],
        "off": places[covered:],
    }


@dataclass(frozen=True)
class Point:
    """One month end of one line; ``y`` is missing where there is no rate."""

    day: dt.date
    rate: Rate
    x: float
    y: float | None
    url: str = ""


@dataclass(frozen=True)
class Line:
    """One line with its name written at the last point, above or below it."""

    name: str
    points: Sequence[Point]
    above: bool

    @property
    def path(self) -> str:
        """The path of the line, interrupted where a rate is missing."""
        steps, pen = [], "M"
        for point in self.points:
            if point.y is None:
                pen = "M"
            else:
                steps.append(f"{pen}{point.x} {point.y}")
                pen = "L"
        return "".join(steps)

    @property
    def drawn(self) -> list[Point]:
        return [point for point in self.points if point.y is not None]

    @property
    def label(self) -> tuple[float, float] | None:
        """Where the name ends: right-aligned at the last point, clear of the line, inside the plot."""
        if not self.drawn:
            return None
        last = self.drawn[-1]
        assert last.y is not None  # noqa: S101 - `drawn` has only those
        y = last.y - 11 if self.above else min(last.y + 20, BOTTOM - 6)
        return last.x + 6, round(max(y, 13), 1)


def across(place: int, count: int) -> float:
    """The middle of column ``place`` of ``count``."""
    return round(LEFT + (WIDTH - LEFT) * (place + 0.5) / count, 1)


def height_of(percent: Decimal | None) -> float | None:
    return None if percent is None else round(float(BOTTOM - (BOTTOM - TOP) * percent / 100), 1)


def line_of(name: str, rates: Sequence[Rate], urls: Sequence[str], *, above: bool) -> Line:
    points = [
        Point(rate.day, rate, across(place, len(rates)), height_of(rate.percent), url)
        for place, (rate, url) in enumerate(zip(rates, urls, strict=True))
    ]
    return Line(name, points, above)


@register.inclusion_tag("includes/charts/line.html")
def line_chart(main: Line, comparison: Line, title: str, description: str) -> dict[str, Any]:
    """Two lines over the same month ends on a zero-based scale; a month without a denominator is a hatched gap."""
    count = len(main.points)
    column = (WIDTH - LEFT) / max(count, 1)
    gaps: list[Box] = []
    for point in main.points:
        if point.y is not None:
            continue
        left = point.x - column / 2
        if gaps and abs(gaps[-1].x + gaps[-1].width - left) < 1:
            gaps[-1] = Box(gaps[-1].x, TOP, round(gaps[-1].width + column, 1))
        else:
            gaps.append(Box(round(left, 1), TOP, round(column, 1)))
    return {
        "main": main,
        "comparison": comparison,
        "title": title,
        "description": description,
        "gaps": [(gap, round(gap.x + gap.width / 2, 1)) for gap in gaps],
        "grid": [(percent, height_of(Decimal(percent))) for percent in (25, 50, 75, 100)],
        "width": WIDTH,
        "height": HEIGHT,
        "left": LEFT,
        "top": TOP,
        "bottom": BOTTOM,
        "depth": BOTTOM - TOP,
        "scale_x": LEFT - 10,
    }
