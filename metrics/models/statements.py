"""The only place for what somebody stated: sources and the figures printed in them. Nothing here is ever recomputed."""

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q

from metrics.wording import Worded, plain, worded
from orgs.models import Park
from orgs.scoping import ScopedModel


class Source(ScopedModel):
    """A publication. ``date_text`` is the date as a reader should see it, also when no exact day is known."""

    park = models.ForeignKey(Park, models.PROTECT, verbose_name="园区", related_name="sources")
    title = models.CharField("标题", max_length=200)
    publisher = models.CharField("刊载", max_length=100, help_text="报刊、网站或书名。")
    published_on = models.DateField("刊载日期", null=True, blank=True, help_text="只在知道确切日子时填。")
    date_text = models.CharField("日期写法", max_length=40, help_text="如 2020-11-03、2019年年中（推定）、未载明日期。")
    date_note = models.CharField("日期说明", max_length=300, blank=True, help_text="日期存疑或出自推断的，写明根据。")
    subject = models.CharField("主体", max_length=100, help_text="资料写的是哪个党组织或园区。")

    class Meta:
        verbose_name = "资料来源"
        verbose_name_plural = "资料来源"
        ordering = ("park", "-published_on", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=("park", "publisher", "title"),
                name="metrics_source_once",
                violation_error_message="本园区已有同一刊载、同一标题的来源，不必重复添加。",
            ),
        )

    def __str__(self) -> str:
        return f"{self.publisher} {self.date_text}"


class Comparator(models.TextChoices):
    EQ = "eq", "等于"
    GTE = "gte", "以上（含本数）"
    GT = "gt", "多于"
    APPROX = "approx", "约"
    LTE = "lte", "以内（含本数）"
    RANGE = "range", "区间"


class Basis(models.TextChoices):
    STATED = "stated", "原文写明"
    COUNTED = "counted", "据原文清点"
    FORECAST = "forecast", "预测值"
    TARGET = "target", "目标值"


class Direction(models.TextChoices):
    YOY = "yoy", "同比"
    ROSE_TO = "rose_to", "增至"
    BASE = "base", "比较基数"
    INCREMENT = "increment", "增量"


class Statement(ScopedModel):
    """A figure that a source states, with its comparator, unit and period.

    ``wording`` is the figure as printed where that differs from plain digits: “60万”, “半年”, “每日”, “1/2/1”.
    A figure that is not one number (a date, several numbers, a phrase) has only its wording.
    """

    park = models.ForeignKey(Park, models.PROTECT, verbose_name="园区", related_name="statements")
    source = models.ForeignKey(Source, models.PROTECT, verbose_name="资料来源", related_name="statements")
    number = models.PositiveIntegerField(
        "编号",
        null=True,
        blank=True,
        validators=[MinValueValidator(1, "编号从1起。")],
        help_text="摘录时的流水号，可不填。",
    )
    category = models.CharField("类别", max_length=20, help_text="如覆盖、服务企业、发展党员。")
    indicator = models.CharField("指标", max_length=100)
    wording = models.CharField(
        "原文写法", max_length=60, blank=True, help_text="数字与原文写法不同时填，如60万、半年。"
    )
    value = models.DecimalField("数值", max_digits=18, decimal_places=4, null=True, blank=True)
    value_high = models.DecimalField(
        "数值上限", max_digits=18, decimal_places=4, null=True, blank=True, help_text="只有区间才填。"
    )
    comparator = models.CharField("限定词", max_length=10, choices=Comparator, default=Comparator.EQ)
    basis = models.CharField("依据", max_length=10, choices=Basis, default=Basis.STATED)
    change = models.CharField("变动", max_length=10, choices=Direction, blank=True)
    unit = models.CharField("单位", max_length=20, blank=True)
    # Not “period”: that name says in every scoped model which pair of dates it is asked by.
    period_text = models.CharField(
        "期间", max_length=40, blank=True, help_text="照原文，如截至2020-11-03、近三年、长期要求。"
    )
    note = models.CharField("说明", max_length=200, blank=True)

    class Meta:
        verbose_name = "成果指标"
        verbose_name_plural = "成果指标"
        ordering = ("park", "number", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=("park", "number"),
                condition=Q(number__isnull=False),
                name="metrics_statement_number",
                violation_error_message="本园区已有这个编号的指标，请换一个编号或不填。",
            ),
            models.CheckConstraint(
                condition=Q(value__isnull=False) | ~Q(wording=""),
                name="metrics_statement_something",
                violation_error_message="数值和原文写法至少填一项。",
            ),
            models.CheckConstraint(
                condition=Q(value__isnull=False) | Q(comparator=Comparator.EQ),
                name="metrics_statement_comparator_needs_value",
                violation_error_message="没有数值时，限定词只能是“等于”。",
            ),
            models.CheckConstraint(
                condition=~Q(comparator=Comparator.RANGE) | Q(value__isnull=False, value_high__isnull=False),
                name="metrics_statement_range_both_ends",
                violation_error_message="限定词选了“区间”，数值和数值上限都要填。",
            ),
            models.CheckConstraint(
                condition=Q(value_high__isnull=True) | Q(comparator=Comparator.RANGE),
                name="metrics_statement_high_only_range",
                violation_error_message="填了数值上限，限定词应选“区间”。",
            ),
            models.CheckConstraint(
                condition=Q(value_high__isnull=True) | Q(value_high__gt=F("value")),
                name="metrics_statement_range_order",
                violation_error_message="数值上限应大于数值，请核对区间的两端。",
            ),
            models.CheckConstraint(
                condition=Q(comparator__in=Comparator.values),
                name="metrics_statement_comparator",
                violation_error_message="限定词不在可选范围内，请重新选择。",
            ),
            models.CheckConstraint(
                condition=Q(basis__in=Basis.values),
                name="metrics_statement_basis",
                violation_error_message="依据不在可选范围内，请重新选择。",
            ),
            models.CheckConstraint(
                condition=Q(change__in=["", *Direction.values]),
                name="metrics_statement_change",
                violation_error_message="变动不在可选范围内，请重新选择。",
            ),
        )

    def __str__(self) -> str:
        return f"{self.indicator}：{self.worded.text}"

    @property
    def worded(self) -> Worded:
        """The figure in the parts a page sets in different sizes: “约 | 1,700 | 万元”."""
        return worded(self)

    @property
    def plain_value(self) -> str:
        """The value in plain digits, without separators or trailing zeros; "" when there is none."""
        return plain(self.value)

    @property
    def plain_high(self) -> str:
        return plain(self.value_high)
