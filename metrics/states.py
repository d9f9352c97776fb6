"""The only place that says in which state a meeting that a branch owes is: 已完成, 未到期, 逾期 or 未报告, never mixed.

While its period runs a meeting is done or not yet due. When the period is over it is done, or overdue, or, where the
branch has nothing recorded at all in that period and the two before, 未报告: nobody said anything, which is no proof
that nothing was held. Sources: 《中国共产党支部工作条例（试行）》第十一条、第十二条、第十六条至第十八条.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q

from activities.models import Activity, ActivityKind
from metrics.soundness import BRANCH_KINDS, held, months_before

Span = Literal["month", "quarter", "year"]
MONTHS: Final = {"month": 1, "quarter": 3, "year": 12}
LAST: Final = {"month": "上个月", "quarter": "上一季度", "year": "上一年"}
NOW: Final = {"month": "本月", "quarter": "本季度", "year": "本年"}


@dataclass(frozen=True)
class Requirement:
    """One meeting that every branch holds at least once in each period."""

    key: str
    kind: ActivityKind
    span: Span
    article: str
    only_with_committee: bool = False

    @property
    def name(self) -> str:
        return str(self.kind.label)


REQUIREMENTS: Final = (
    Requirement("member_meeting", ActivityKind.MEMBER_MEETING, "quarter", "第十一条“一般每季度召开1次”"),
    Requirement(
        "committee_meeting",
        ActivityKind.COMMITTEE_MEETING,
        "month",
        "第十二条“一般每月召开1次”",
        only_with_committee=True,
    ),
    Requirement("theme_day", ActivityKind.THEME_DAY, "month", "第十六条“党支部每月相对固定1天开展主题党日”"),
    Requirement("org_life_meeting", ActivityKind.ORG_LIFE_MEETING, "year", "第十七条“每年至少召开1次组织生活会”"),
    Requirement("appraisal", ActivityKind.APPRAISAL, "year", "第十八条“一般每年开展1次”民主评议党员"),
)


def running(span: Span, day: dt.date) -> tuple[dt.date, dt.date]:
    """First day and end (not included) of the calendar period that contains ``day``."""
    months = MONTHS[span]
    first = day.replace(month=(day.month - 1) // months * months + 1, day=1)
    return first, months_before(first, -months)


def last(span: Span, day: dt.date) -> tuple[dt.date, dt.date]:
    """The same of the last period that was over before ``day``."""
    first, _ = running(span, day)
    return months_before(first, MONTHS[span]), first


def last_of(span: Span) -> Callable[[dt.date], tuple[dt.date, dt.date]]:
    return lambda day: last(span, day)


def running_of(span: Span) -> Callable[[dt.date], tuple[dt.date, dt.date]]:
    return lambda day: running(span, day)


def flag(condition: Q) -> ExpressionWrapper:
    return ExpressionWrapper(condition, output_field=BooleanField())


def silent(first: dt.date, end: dt.date, span: Span) -> Any:
    """That nothing at all is recorded of the organization in the period and in the two before it."""
    since = months_before(first, 2 * MONTHS[span])
    return ~Exists(Activity.objects.filter(organization=OuterRef("pk"), held_on__gte=since, held_on__lt=end))


def annotations(day: dt.date) -> dict[str, Any]:
    """For each requirement of an organization: ``owed_``, ``held_``, ``silent_`` of the last period over, and
    ``owes_``, ``holds_`` of the running one up to ``day``. A period in which a branch was founded is not judged.
    """
    found: dict[str, Any] = {}
    branch = Q(kind__in=sorted(BRANCH_KINDS))
    tomorrow = day + dt.timedelta(days=1)
    for one in REQUIREMENTS:
        first, end = last(one.span, day)
        found[f"owed_{one.key}"] = flag(branch & Q(founded_on__lt=first))
        found[f"held_{one.key}"] = held(one.kind, first, end)
        found[f"silent_{one.key}"] = silent(first, end, one.span)
        first, end = running(one.span, day)
        found[f"owes_{one.key}"] = flag(branch & Q(founded_on__lt=first))
        found[f"holds_{one.key}"] = held(one.kind, first, min(end, tomorrow))
    return found
