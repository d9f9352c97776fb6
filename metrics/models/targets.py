"""The only place for targets: what rate a park has been set to reach, from when on and by which document."""

from decimal import Decimal
from typing import ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from metrics.indicators import INDICATORS
from orgs.models import Park
from orgs.periods import Dated, dated_constraints, overlap
from orgs.scoping import ScopedModel

LEAST, MOST = Decimal("0.1"), Decimal(100)


def aimed_at() -> list[tuple[str, str]]:
    """The rates over enterprises, as (code, label): for these a target may be set."""
    return [
        (one.code, one.label)
        for one in INDICATORS.values()
        if one.measure == "percent" and one.subject.slug == "enterprises"
    ]


class Target(ScopedModel, Dated):
    """The rate that a park has to reach in one indicator during a period, in per cent with one decimal."""

    period: ClassVar[tuple[str, str]] = ("since", "until")

    park = models.ForeignKey(Park, models.PROTECT, verbose_name="园区", related_name="targets")
    indicator = models.CharField("指标", max_length=40, choices=aimed_at)
    percent = models.DecimalField(
        "目标值",
        max_digits=4,
        decimal_places=1,
        validators=[
            MinValueValidator(LEAST, "目标值应大于0，不超过100，如95或92.5。"),
            MaxValueValidator(MOST, "目标值应大于0，不超过100，如95或92.5。"),
        ],
        help_text="百分数，最多一位小数，如95。",
    )
    basis = models.CharField("依据", max_length=120, blank=True, help_text="文件名称、文号，或会议。")

    class Meta:
        verbose_name = "目标"
        verbose_name_plural = "目标"
        ordering = ("park", "indicator", "-since")
        constraints = dated_constraints(
            models.UniqueConstraint(
                fields=("park", "indicator"),
                condition=Q(until__isnull=True),
                name="metrics_target_one_open",
                violation_error_message="这个指标已有一个没有终止日期的目标，请先填上它的终止日期。",
            ),
            models.CheckConstraint(
                condition=Q(percent__gte=LEAST, percent__lte=MOST),
                name="metrics_target_percent",
                violation_error_message="目标值应大于0，不超过100，如95或92.5。",
            ),
        )

    def __str__(self) -> str:
        return f"{self.park}：{self.get_indicator_display()}{self.percent}%（{self.since}起）"

    def clean(self) -> None:
        super().clean()
        if not (self.park_id and self.indicator and self.since):
            return
        for other in Target.objects.filter(park_id=self.park_id, indicator=self.indicator).exclude(pk=self.pk):
            if overlap(self.since, self.until, other.since, other.until):
                end = f"至{other.until}" if other.until else "起"
                held = f"{other.percent}%（{other.since}{end}）"
                raise ValidationError({"since": f"与已有目标{held}的日期重叠，同一天同一个指标只能有一个目标。"})
