"""The only place that turns dated facts into the geometry of a 时间轴: lanes, bars, years, the line of the day."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

WIDTH: Final = 1250.0
LEFT: Final = 112.0
TOP: Final = 24
ROW: Final = 34
BAR: Final = 22
# Years of the axis need this much room for their four digits
YEAR_ROOM: Final = 46.0


@dataclass(frozen=True)
class Span:
    """One fact of a lane, from ``since`` until (without) ``until``; ``style`` is a bar class of the style sheet."""

    since: dt.date
    until: dt.date | None
    text: str
    style: str
    url: str = ""

    @property
    def period(self) -> str:
        return f"{self.since}至{self.until}" if self.until else f"{self.since}起"


@dataclass(frozen=True)
class Lane:
    """One line of the timeline. ``missing`` is said in a dashed bar when there is no fact at all."""

    name: str
    spans: Sequence[Span]
    missing: str = ""


@dataclass
class Bar:
    x: float
    y: float
    width: float
    style: str
    text: str
    text_style: str
    title: str
    arrow: str = ""
    future_x: float = 0.0
    future_width: float = 0.0
    url: str = ""

    @property
    def text_x(self) -> float:
        return round(self.x + 8, 1)

    @property
    def text_y(self) -> float:
        return self.y + 15


@dataclass
class DrawnLane:
    name: str
    y: float
    line: float
    bars: list[Bar] = field(default_factory=list)


@dataclass
class Drawing:
    """What the template prints; ``lanes`` for the picture, ``table`` for the table beside it."""

    height: float
    years: list[tuple[float, str, float]]
    lanes: list[DrawnLane]
    day_x: float
    day_text: str
    table: list[tuple[str, Span]]
    bottom: float

    @property
    def day_anchor(self) -> str:
        """The words at the day's line stay inside the picture."""
        return "end" if self.day_x > WIDTH - 70 else "start" if self.day_x < 70 else "middle"


def text_width(text: str) -> float:
    """Roughly, at 12 px: a Chinese character is square, a Latin one about half."""
    return sum(12.0 if unicodedata.east_asian_width(one) in "WFA" else 6.8 for one in text)


def fitted(text: str, room: float) -> str:
    """The text, cut with an ellipsis to the room there is; nothing when not even three characters fit."""
    if text_width(text) <= room:
        return text
    kept = text
    while kept and text_width(kept) + 12 > room:
        kept = kept[:-1]
    return f"{kept}…" if len(kept) >= 3 else ""


def stacked(spans: Sequence[Span]) -> list[list[Span]]:
    """The spans in as few rows as need be, so that none lies over another."""
    rows: list[list[Span]] = []
    for span in sorted(spans, key=lambda one: (one.since, one.until or dt.date.max)):
        for row in rows:
            last = row[-1].until
            if last is not None and last <= span.since:
                row.append(span)
                break
        else:
            rows.append([span])
    return rows


def draw(lanes: Sequence[Lane], day: dt.date, today: dt.date) -> Drawing | None:
    """The timeline as of ``day``; ``None`` when there is nothing to show."""
    spans = [span for lane in lanes for span in lane.spans]
    if not spans:
        return None
    first_year = min(min(span.since for span in spans), day).year
    ends = [span.until for span in spans if span.until] + [span.since for span in spans] + [day]
    # A term that runs to the end of the century would press everything else together
    last_year = min(max(ends).year, day.year + 6)
    begin, end = dt.date(first_year, 1, 1), dt.date(last_year + 1, 1, 1)
    scale = (WIDTH - LEFT) / (end - begin).days

    def x(on: dt.date) -> float:
        return round(LEFT + min(max((on - begin).days, 0), (end - begin).days) * scale, 1)

    drawn: list[DrawnLane] = []
    y = TOP + 11.0
    for lane in lanes:
        rows = stacked(lane.spans)
        start = y
        bars: list[Bar] = []
        for row in rows:
            bars += [bar(span, y, day, x) for span in row]
            y += ROW
        if not rows:
            if lane.missing:
                x0 = x(min(span.since for span in spans))
                width = round(max(x(day) - x0, 60.0), 1)
                bars.append(Bar(x0, y, width, "g-none", lane.missing, "in2", f"{lane.name}：{lane.missing}"))
            y += ROW
        drawn.append(DrawnLane(lane.name, start + 15, y - 6, bars))
    bottom = y - 2
    step = next((one for one in (1, 2, 5, 10, 20) if one * 365 * scale >= YEAR_ROOM), 50)
    years = [
        (
            x(dt.date(year, 1, 1)),
            str(year),
            round((x(dt.date(year, 1, 1)) + x(dt.date(min(year + step, last_year + 1), 1, 1))) / 2, 1),
        )
        for year in range(first_year, last_year + 1, step)
    ]
    table = [(lane.name, span) for lane in lanes for span in sorted(lane.spans, key=lambda one: one.since)]
    label = f"今天 {day}" if day == today else f"截至 {day}"
    return Drawing(bottom + 24, years, drawn, x(day), label, table, bottom)


def bar(span: Span, y: float, day: dt.date, at: Callable[[dt.date], float]) -> Bar:
    """One bar: up to the day as it was, beyond it in outline; an arrow head when it holds on the day without an end."""
    x0 = at(span.since)
    title = f"{span.text}（{span.period}）"
    if span.since > day:
        x1 = at(span.until) if span.until else WIDTH
        return Bar(
            x0, y, round(max(x1 - x0, 4.0), 1), "g-fut", fitted(span.text, x1 - x0 - 12), "in2", title, url=span.url
        )
    held = span.until is None or span.until > day
    x1 = at(day) if span.until is None or span.until > day else at(span.until)
    width = round(max(x1 - x0, 3.0), 1)
    light = span.style in {"g-set", "g-solo"}
    room = width - 12
    one = Bar(x0, y, width, span.style, fitted(span.text, room), "in1" if light else "in2", title, url=span.url)
    if held and span.until is None:
        tip = x0 + width
        one.arrow = f"M{tip:.1f} {y:g}l11 11l-11 11z"
    elif held and span.until is not None:
        one.future_x = x1
        one.future_width = round(max(at(span.until) - x1, 0.0), 1)
    return one
