"""The only place that draws on the big screen: geometry in pixels of 1920×1080, the SVG in templates/screen."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django import template

from metrics.indicators import Rate
from portal.screens import is_small
from portal.templatetags.charts import Box, Line, Point

register = template.Library()

# The trend: its plot, and the room on the right for the last values
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 1060, 620, 84, 930, 24, 556
# The last values stand at least so far apart, and a word in a gap is so wide
APART: Final = 44
GAP_WORD: Final = 150
# A row of cells up to here; above it a bar as long as its part of the longest
MOST_CELLS: Final = 24
ROW_WIDTH, ROW_HEIGHT = 768, 28


@dataclass(frozen=True)
class Gap:
    """Month ends without a rate, one beside the other."""

    box: Box
    middle: float
    word: str


@dataclass(frozen=True)
class Ending:
    """The last value of a line, beside its end."""

    point: Point
    y: float


def across(place: int, count: int) -> float:
    return round(LEFT + (RIGHT - LEFT) * (place + 0.5) / count, 1)


def height_of(percent: Decimal) -> float:
    return round(float(BOTTOM - (BOTTOM - TOP) * percent / 100), 1)


def line_of(rates: Sequence[Rate]) -> Line:
    """A line without the month ends whose denominator is too small for a rate."""
    points = []
    for place, rate in enumerate(rates):
        percent = None if is_small(rate) else rate.percent
        y = None if percent is None else height_of(percent)
        points.append(Point(rate.day, rate, across(place, len(rates)), y))
    return Line(rates[0].indicator.name, points, above=False)


def gaps_of(line: Line) -> list[Gap]:
    column = (RIGHT - LEFT) / len(line.points)
    runs: list[list[Point]] = []
    for before, point in zip([None, *line.points], line.points, strict=False):
        if point.y is not None:
            continue
        if before is not None and before.y is None:
            runs[-1].append(point)
        else:
            runs.append([point])
    found = []
    for run in runs:
        box = Box(round(run[0].x - column / 2, 1), TOP, round(column * len(run), 1))
        middle = max(LEFT + GAP_WORD / 2, min(RIGHT - GAP_WORD / 2, box.x + box.width / 2))
        empty = all(point.rate.percent is None for point in run)
        found.append(Gap(box, round(middle, 1), "无分母" if empty else "不足10家"))
    return found


def endings(main: Line, comparison: Line) -> tuple[Ending | None, Ending | None]:
    """Where the two last values stand: the main one at or below its point, the other clear above it."""
    drawn = [line.drawn[-1] if line.drawn else None for line in (main, comparison)]
    first, second = drawn
    if first is None or second is None or first.y is None or second.y is None:
        return (
            Ending(first, first.y) if first and first.y else None,
            Ending(second, second.y) if second and second.y else None,
        )
    low, high = first.y, second.y
    if abs(low - high) < APART:
        middle, sign = (low + high) / 2, 1 if low >= high else -1
        low, high = middle + sign * APART / 2, middle - sign * APART / 2
    return Ending(first, round(low, 1)), Ending(second, round(high, 1))


@register.inclusion_tag("screen/trend.html")
def screen_trend(main: Sequence[Rate], comparison: Sequence[Rate]) -> dict[str, Any]:
    """Two lines over the same month ends on a scale from 0 to 100."""
    lines = line_of(main), line_of(comparison)
    marked = [lines[0].points[place] for place in (0, len(main) // 2, len(main) - 1)]
    low, high = endings(*lines)
    return {
        "main": lines[0],
        "comparison": lines[1],
        "main_end": low,
        "comparison_end": high,
        "gaps": gaps_of(lines[0]),
        "marked": marked,
        "grid": [(percent, height_of(Decimal(percent))) for percent in (0, 25, 50, 75, 100)],
        "width": WIDTH,
        "height": HEIGHT,
        "left": LEFT,
        "right": RIGHT,
        "bottom": BOTTOM,
        "depth": BOTTOM - TOP,
    }


@register.inclusion_tag("screen/row.html")
def screen_row(rate: Rate, most: int) -> dict[str, Any]:
    """One cell for one enterprise, on the same scale in every row; ``most`` is the longest row's denominator."""
    if most <= MOST_CELLS:
        step = ROW_WIDTH / MOST_CELLS
        places = [Box(round(place * step, 1), 0, round(step - 6, 1)) for place in range(rate.denominator)]
        cells = {"on": places[: rate.numerator], "off": places[rate.numerator :]}
        return {"rate": rate, "width": ROW_WIDTH, "height": ROW_HEIGHT, **cells}
    # A bar of a few enterprises among thousands is still to be seen
    whole, part = (
        round(max(ROW_WIDTH * count / most, 4 if count else 0), 1) for count in (rate.denominator, rate.numerator)
    )
    return {"rate": rate, "width": ROW_WIDTH, "height": ROW_HEIGHT, "bar": Box(0, 0, part), "whole": Box(0, 0, whole)}


@register.inclusion_tag("screen/share.html")
def screen_share(name: str, count: int, whole: int) -> dict[str, Any]:
    """A bar as long as its share of the whole."""
    bar = round(max(ROW_WIDTH * count / (whole or 1), 4 if count else 0), 1)
    return {"name": name, "count": count, "whole": whole, "width": ROW_WIDTH, "height": ROW_HEIGHT, "bar": bar}
