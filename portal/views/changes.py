"""The only place for the page that says why a figure changed between two days, and for its workbook."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from metrics.changes import LATE_DAYS, Cause, Explained, Row, explain
from metrics.excel import CONTENT_TYPE, Header, Table, table_workbook
from metrics.indicators import INDICATORS, LEAD, Indicator, Rate, month_ends, rates
from orgs.models import BusinessState, Coverage, Enterprise, Park, PartyOrganization, WorkCoverage
from portal.asking import Asked, asked
from portal.forms.fields import parse_day
from portal.places import reach_words

# So many enterprises are listed under one cause; the workbook has them all.
MOST_ROWS: Final = 100
INSTEAD: Final = "；本页先从上月末算起。"
LEDGER_OF: Final[dict[type, str]] = {
    PartyOrganization: "organizations",
    Coverage: "coverages",
    WorkCoverage: "work-coverages",
}
CHOICES: Final = tuple(one for one in INDICATORS.values() if one.subject.model is Enterprise)


@dataclass(frozen=True)
class Question:
    """What the page is asked: about which indicator, from which day to which."""

    about: Asked
    indicator: Indicator
    first: dt.date
    problems: Sequence[str]

    @property
    def second(self) -> dt.date:
        return self.about.day

    @property
    def query(self) -> str:
        return changes_query(self.about.place, self.indicator.code, self.first, self.second)


@dataclass(frozen=True)
class Line:
    """One enterprise under a cause, with the addresses of the records that made the difference."""

    row: Row
    links: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Section:
    cause: Cause
    lines: Sequence[Line]

    @property
    def is_cut(self) -> bool:
        return len(self.lines) < len(self.cause.rows)


def changes_query(place: Mapping[str, str], code: str, first: dt.date, second: dt.date) -> str:
    query = {"indicator": code, "from": first.isoformat(), "day": second.isoformat()}
    return urlencode(query | dict(place))


def asked_changes(request: HttpRequest) -> Question:
    """The indicator (``?indicator=``), the first day (``?from=``, none for the month end before) and the second
    (``?day=``); what can not be read is said and replaced."""
    about = asked(request)
    problems = [about.problem] if about.problem else []
    code = request.GET.get("indicator", "").strip() or LEAD
    indicator = next((one for one in CHOICES if one.code == code), None)
    if indicator is None:
        problems.append(f"没有“{code[:40]}”这个指标，请从列表中选择；本页先显示{INDICATORS[LEAD].label}。")
        indicator = INDICATORS[LEAD]
    first = month_ends(about.day - dt.timedelta(days=1), 1)[0]
    text = request.GET.get("from", "")
    if text.strip():
        try:
            day = parse_day(text, "起始日期")
        except ValidationError as error:
            problems.append(error.messages[0] + INSTEAD)
        else:
            if day > about.day:
                problems.append(f"起始日期{day}晚于截止日期{about.day}，请把较早的日子填在前面{INSTEAD}")
            else:
                first = day
    return Question(about, indicator, first, problems)


@require_safe
def changes(request: HttpRequest) -> HttpResponse:
    return shown(request, asked_changes(request))


@require_safe
def changes_export(request: HttpRequest) -> HttpResponse:
    """The workbook of what the page shows, uncut; where the page says that something is wrong, so does this."""
    question = asked_changes(request)
    if question.problems:
        return shown(request, question)
    found, before, after = answered(question)
    response = HttpResponse(table_workbook(table(question, found, before, after)), CONTENT_TYPE)
    name = f"{question.indicator.name}变动原因{question.first:%Y%m%d}-{question.second:%Y%m%d}.xlsx"
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or ""
    return response


def answered(question: Question) -> tuple[Explained, Rate, Rate]:
    enterprises = question.about.within(Enterprise.objects.visible_to(question.about.user))
    code = question.indicator.code
    before, after = (rates(enterprises, day, [code])[code] for day in (question.first, question.second))
    return explain(question.indicator, enterprises, question.first, question.second), before, after


def shown(request: HttpRequest, question: Question) -> HttpResponse:
    found, before, after = answered(question)
    about = question.about
    seen = [about.park] if about.park else list(about.within(Park.objects.visible_to(about.user))[:2])
    several = len(seen) > 1
    context = {
        "asked": about,
        "question": question,
        "indicators": CHOICES,
        "place": seen[0].name if len(seen) == 1 else reach_words(about) if seen else "",
        "several": several,
        "before": before,
        "after": after,
        "found": found,
        "headline": headline(found, before, after),
        "sections": [
            Section(cause, [Line(row, links(row)) for row in cause.rows[:MOST_ROWS]]) for cause in found.causes
        ],
        "late_days": LATE_DAYS,
        "most_rows": MOST_ROWS,
    }
    return render(request, "portal/changes.html", context, status=400 if question.problems else 200)


def links(row: Row) -> list[tuple[str, str]]:
    """(words, address) of the deciding records; a member's is not opened from here, and not named."""
    found: dict[str, str] = {}
    for fact in row.facts:
        slug = LEDGER_OF.get(type(fact.row))
        if slug is not None:
            label = str(fact.row) if slug == "organizations" else str(fact.row._meta.verbose_name)
            found[reverse("record", args=[slug, fact.row.pk])] = label
        elif isinstance(fact.row, Enterprise | BusinessState):
            label = str(fact.row._meta.verbose_name)
            found[reverse("record", args=["enterprises", row.enterprise.pk])] = f"{label}记录"
    return [(label, url) for url, label in found.items()]


# Words


def day_name(day: dt.date, beside: dt.date) -> str:
    """9月末 for a month end, else 10月12日; with the year when it is another one than that of ``beside``."""
    year = "" if day.year == beside.year else f"{day.year}年"
    is_end = (day + dt.timedelta(days=1)).day == 1
    return f"{year}{day.month}月末" if is_end else f"{year}{day.month}月{day.day}日"


def moved(change: int, unit: str) -> str:
    return f"{'增加' if change > 0 else '减少'}{abs(change):,}{unit}" if change else "不变"


def headline(found: Explained, before: Rate, after: Rate) -> str:
    """组织覆盖率由9月末87.1%（27/31）到10月31日90.0%（27/30）：分子不变，分母减少1家."""
    ends = [
        f"{rate.short}（{rate.numerator:,}/{rate.denominator:,}）" if rate.denominator else "—（分母为0）"
        for rate in (before, after)
    ]
    name, unit = found.indicator.name, found.indicator.subject.unit
    first, second = day_name(found.first, found.second), f"{found.second.month}月{found.second.day}日"
    if found.first.year != found.second.year:
        second = f"{found.second.year}年{second}"
    numerator, denominator = moved(found.numerator_change, unit), moved(found.denominator_change, unit)
    change = f"分子{numerator}，分母{denominator}" if numerator != denominator else f"分子、分母都{numerator}"
    return f"{name}由{first}{ends[0]}到{second}{ends[1]}：{change}"


# The workbook

HEADERS: Final = (
    Header("原因", width=34),
    Header("园区", width=16),
    Header("企业", width=34),
    Header("分子变动", "number", 10),
    Header("分母变动", "number", 10),
    Header("日期", "date", 12),
    Header("发生了什么", width=46),
    Header("同期还有", width=40),
    Header("登记情况", width=10),
)


def table(question: Question, found: Explained, before: Rate, after: Rate) -> Table:
    """One row for every enterprise under its cause; the totals are the change of the figure."""
    about = question.about
    rows: list[Sequence[Any]] = [
        (
            cause.label,
            row.enterprise.park.short_name,
            row.enterprise.name,
            row.numerator_change,
            row.denominator_change,
            row.day,
            row.sentence,
            "；".join(row.also),
            row.mark,
        )
        for cause in found.causes
        for row in cause.rows
    ]
    sums = [
        (
            f"原因：{cause.label}",
            f"分子{cause.numerator_change:+d}，分母{cause.denominator_change:+d}，{len(cause.rows)}家",
        )
        for cause in found.causes
    ]
    return Table(
        title=f"{found.indicator.name}变动原因",
        lines=(f"{headline(found, before, after)}。口径：{found.indicator.basis}。",),
        headers=HEADERS,
        rows=rows,
        totals=(
            "合计", "", f"{found.enterprises}家", found.numerator_change, found.denominator_change, None, "", "", "",
        ),
        facts=[
            ("指标", found.indicator.label),
            ("起始日期", found.first),
            ("截止日期", found.second),
            ("起始数值", before.text),
            ("截止数值", after.text),
            ("园区", reach_words(about)),
            *sums,
            ("导出人", str(about.user)),
            ("导出时间", timezone.localtime()),
        ],
    )  # fmt: skip
