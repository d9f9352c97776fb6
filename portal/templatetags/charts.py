"""The only place that draws charts: geometry here, the SVG itself in templates/includes/charts."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString

from metrics.indicators import Rate, Share
from portal.places import Spread

register = template.Library()

# One cell for one enterprise up to here; above it a plain bar, because nobody counts cells any more.
MOST_CELLS: Final = 40
CELL, STEP = 10, 13
# Groups wrap their cells, so they may be larger.
GROUP_CELLS, PER_ROW, GROUP_STEP = 120, 20, 17
GROUP_WIDTH: Final = PER_ROW * GROUP_STEP

# The strip of dots, from STRIP_LEFT to STRIP_RIGHT: a dot is a percent wide, and tall piles are pressed together.
STRIP_LEFT, STRIP_RIGHT, DOT, TALLEST = 24, 856, 8, 112

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
        "drawn": _boxes(places[: rate.numerator], 10) + _empty(places[rate.numerator :], 10),
    }


@register.inclusion_tag("includes/charts/cells.html")
def bar(rate: Rate) -> dict[str, Any]:
    """A plain bar, for tables in which the rows have to stay comparable."""
    width = MOST_CELLS * STEP
    return {"rate": rate, "width": width, "bar": round(width * rate.numerator / (rate.denominator or 1), 1)}


@register.inclusion_tag("includes/charts/share.html")
def share_bar(share: Share, unit: str) -> dict[str, Any]:
    """The bar of one group of a composition, as long as its share of the whole."""
    width = MOST_CELLS * STEP
    return {"share": share, "unit": unit, "width": width, "bar": round(width * share.count / (share.whole or 1), 1)}


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
        "drawn": _boxes(places[:solo], 12) + _halves(places[solo:covered]) + _empty(places[covered:], 12),
    }


def _boxes(places: Sequence[Box], height: int, css: str = "c-on") -> SafeString:
    """Filled cells: there may be hundreds, so they are no loop of a template."""
    drawn = (f'<rect class="{css}" x="{one.x}" y="{one.y}" width="{one.width}" height="{height}"/>' for one in places)
    return SafeString("".join(drawn))


def _halves(places: Sequence[Box]) -> SafeString:
    strokes = (f'<path class="c-cut" transform="translate({one.x} {one.y})" d="M3 12l8-12"/>' for one in places)
    return SafeString(_boxes(places, 12, "c-half") + "".join(strokes))


def _empty(places: Sequence[Box], height: int) -> SafeString:
    inside = [Box(one.x + 0.5, one.y + 0.5, one.width - 1) for one in places]
    return _boxes(inside, height - 1, "c-off")


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

    def marks(self, *, square: bool) -> SafeString:
        """The points as links: hundreds of parts, which a template loop would draw more slowly than SQL counts them."""
        hit = 'width="26" height="26" transform="translate(-13 -13)" fill="none" pointer-events="all"'
        drawn = []
        for point in self.drawn:
            dot = (
                f'<rect class="d2" x="{point.x}" y="{point.y}" width="7" height="7" transform="translate(-3.5 -3.5)"/>'
                if square
                else f'<circle class="d1" cx="{point.x}" cy="{point.y}" r="4"/>'
            )
            drawn.append(
                f'<a href="{escape(point.url)}"><title>{escape(self.name)}，{escape(point.rate.text)}</title>'
                f'<rect x="{point.x}" y="{point.y}" {hit}/>{dot}</a>'
            )
        return SafeString("".join(drawn))


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
def line_chart(
    main: Line, comparison: Line, title: str, description: str, breaks: Sequence[dt.date] = ()
) -> dict[str, Any]:
    """Two lines over the same month ends on a zero-based scale; a month without a denominator is a hatched gap.

    ``breaks`` are days on which a newer definition took over: an upright line before the first month counted by it.
    """
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
        "main_marks": main.marks(square=False),
        "comparison": comparison,
        "comparison_marks": comparison.marks(square=True),
        "title": title,
        "description": description,
        "gaps": [(gap, round(gap.x + gap.width / 2, 1)) for gap in gaps],
        "breaks": [(round(LEFT + column * sum(point.day < day for point in main.points), 1), day) for day in breaks],
        "grid": [(percent, height_of(Decimal(percent))) for percent in (25, 50, 75, 100)],
        "width": WIDTH,
        "height": HEIGHT,
        "left": LEFT,
        "top": TOP,
        "bottom": BOTTOM,
        "depth": BOTTOM - TOP,
        "scale_x": LEFT - 10,
    }


@register.inclusion_tag("includes/charts/strip.html")
def strip_chart(spread: Spread) -> dict[str, Any]:
    """How the rates of one class are spread: a dot for each, piled up where they are alike, the reader's own marked."""
    piles: dict[int, int] = {}
    most = max(Counter(round(one) for one in spread.percents).values())
    step = min(DOT, TALLEST / most)
    bottom = round(step * (most - 1) + 40, 1)
    dots = []
    for one in spread.percents:
        place = round(one)
        dots.append(f"M{strip_at(place)} {round(bottom - 8 - step * piles.get(place, 0), 1)}h.01")
        piles[place] = piles.get(place, 0) + 1
    own = spread.own
    return {
        "spread": spread,
        "width": WIDTH,
        "height": bottom + 22,
        "bottom": bottom,
        "dots": "".join(dots),
        "middle": strip_at(spread.middle),
        "ticks": [(percent, strip_at(percent)) for percent in (0, 25, 50, 75, 100)],
        "own": None if own is None or own.percent is None else strip_at(round(float(own.percent))),
        "left": STRIP_LEFT,
        "right": STRIP_RIGHT,
    }


def strip_at(percent: float) -> float:
    return round(STRIP_LEFT + (STRIP_RIGHT - STRIP_LEFT) * percent / 100, 1)
