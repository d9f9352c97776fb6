"""The only place for one row of the monthly grid: a meeting of a known organization, typed in nine cells."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.db import models

from activities.models import ActivityKind
from orgs.models import Park, PartyOrganization
from portal.forms.activities import ActivityForm, span_of
from portal.forms.fields import DayField, day_input, half_width, worded

# What officers write in a sheet in place of our labels; of 集中培训、轮训 each part is understood by itself
ALSO: Final[Mapping[str, tuple[str, ...]]] = {
    ActivityKind.MEMBER_MEETING: ("党员大会", "支部大会"),
    ActivityKind.COMMITTEE_MEETING: ("支委会", "支委会会议", "支委会议", "支部委员会"),
    ActivityKind.GROUP_MEETING: ("党小组会议",),
    ActivityKind.PARTY_LECTURE: ("上党课", "讲党课"),
    ActivityKind.THEME_DAY: ("主题党日活动", "党日活动"),
    ActivityKind.ORG_LIFE_MEETING: ("专题组织生活会",),
    ActivityKind.APPRAISAL: ("民主评议",),
    ActivityKind.TALK: ("谈心", "谈话"),
    ActivityKind.CENTRAL_GROUP: ("理论学习中心组学习",),
    ActivityKind.TRAINING: ("培训",),
    ActivityKind.VISIT: ("参观学习",),
    ActivityKind.OATH: ("重温入党誓词",),
    ActivityKind.VOLUNTEER: ("志愿活动",),
}

_BESIDE = re.compile(r"[\s()（）、，,·.-]")
_DAY_ALONE = re.compile(r"(\d{1,2})\s*[日号]?")
_MONTH_AND_DAY = re.compile(r"(\d{1,2})\s*[-./月]\s*(\d{1,2})\s*[日号]?")


def bare(text: str) -> str:
    """A word without what two people write differently; static/portal/grid.js does the same."""
    return _BESIDE.sub("", half_width(text)).lower()


def _kinds_by_word() -> dict[str, str]:
    found: dict[str, str] = {}
    for kind in ActivityKind:
        label = str(kind.label)
        for word in (kind.value, label, *label.split("、"), *ALSO.get(kind, ())):
            found.setdefault(bare(word), str(kind.value))
    return found


# Every word by which a kind of activity is known, without blanks and brackets
KINDS: Final[Mapping[str, str]] = _kinds_by_word()


class KindField(forms.ChoiceField):
    """A kind of activity, by its value or by a word that a sheet has for it."""

    def to_python(self, value: Any) -> str:
        typed = super().to_python(value).strip()
        return KINDS.get(bare(typed), typed)

    def validate(self, value: Any) -> None:
        if value and not self.valid_value(value):
            message = f"{self.label}写的是“{str(value)[:20]}”，不在可选范围内，请从列表中重新选择"
            raise forms.ValidationError(message, code="invalid_choice")
        super().validate(value)


class MonthDayField(DayField):
    """A day of a month that is known: 12, 12日 and 10月12日 are understood beside whole dates."""

    month: dt.date | None = None

    def to_python(self, value: Any) -> dt.date | None:
        if isinstance(value, str) and self.month is not None:
            plain = half_width(value)
            if found := _DAY_ALONE.fullmatch(plain):
                value = f"{self.month.year}-{self.month.month}-{found[1]}"
            elif found := _MONTH_AND_DAY.fullmatch(plain):
                value = f"{self.month.year}-{found[1]}-{found[2]}"
        return super().to_python(value)


class MeetingRow(ActivityForm):
    """One meeting of an organization in a month: the cells of :class:`ActivityForm` that one types for many at once.

    What is right here is what is right there. The organization and that its park may be written to are given: whoever
    draws the rows has asked both once for all of them. Nobody is ticked; who was not there is added on the record.
    """

    leave_members = None  # type: ignore[assignment]
    absent_members = None  # type: ignore[assignment]
    kind = KindField(label="活动类型", choices=[("", "请选择"), *ActivityKind.choices])
    held_on = MonthDayField(label="会议日期", widget=day_input())

    class Meta(ActivityForm.Meta):
        fields = ("kind", "held_on", "title", "host", "place", "due", "present", "on_leave", "absent")

    def __init__(self, *args: Any, month: dt.date, **kwargs: Any) -> None:
        """``month`` is its first day."""
        self.month, self.month_end, self.month_name = span_of("month", month)
        super().__init__(*args, **kwargs)

    def settle_park(self, park: Park | None, writable: models.QuerySet[Park]) -> Park | None:
        return park

    def prepare(self) -> None:
        super().prepare()
        field: Any = self.fields["held_on"]
        field.month = self.month
        for name in ("kind", "held_on"):
            worded(self.fields[name])

    def _organization(self) -> PartyOrganization | None:
        given: PartyOrganization = self.instance.organization
        return given

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        day = cleaned.get("held_on")
        if day and not self.month <= day < self.month_end:
            self.add_error(
                "held_on",
                f"会议日期{day}不在{self.month.year}年{self.month_name}，请核对；别的月份的会议请换到那个月登记",
            )
        return cleaned
