"""The only place that keeps a report as it was frozen: its figures, its names, its wording, and a digest over them all.

A frozen report is written once. A correction of the data makes a further version with its reason; whoever changes a
stored version behind the gate is found out by the digest, which is also in the trail.
"""

import datetime as dt
import hashlib
import json
from typing import Any, ClassVar, NoReturn

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone

from orgs.models import Park
from orgs.models.change import AppendOnly
from orgs.scoping import ScopedModel


class FrozenReport(ScopedModel):
    """One version of one report of one park for one day; shapes of the JSON: :mod:`metrics.reports.frozen`."""

    # The digest stands for them in the trail
    untraced: ClassVar[frozenset[str]] = frozenset({"values", "names", "definitions"})

    park = models.ForeignKey(Park, models.PROTECT, verbose_name="园区", related_name="frozen_reports")
    report = models.SlugField("报表", max_length=40)
    title = models.CharField("表名", max_length=100)
    day = models.DateField("截至")
    version = models.PositiveSmallIntegerField("版次")
    values = models.JSONField("表内数字")
    names = models.JSONField("名单", blank=True)
    definitions = models.JSONField("口径")
    reason = models.CharField("更正原因", max_length=300, blank=True, help_text="第2版起必填。")
    # In words, as a signature on paper; the account is in the trail
    frozen_by = models.CharField("冻结人", max_length=150)
    frozen_at = models.DateTimeField("冻结时间", default=timezone.now)
    digest = models.CharField("摘要", max_length=64, help_text="SHA-256，对表内数字、名单、口径、原因、冻结人和时间。")

    objects = AppendOnly.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = "冻结报表"
        verbose_name_plural = "冻结报表"
        ordering = ("-day", "-frozen_at", "-pk")
        constraints = (
            models.UniqueConstraint(
                fields=("park", "report", "day", "version"),
                name="metrics_frozenreport_once",
                violation_error_message="这一天的这张报表已经冻结过这一版，请刷新页面再看。",
            ),
            models.CheckConstraint(
                condition=Q(version__gte=1),
                name="metrics_frozenreport_version",
                violation_error_message="版次从1起。",
            ),
            models.CheckConstraint(
                condition=Q(version=1, reason="") | (Q(version__gt=1) & ~Q(reason="")),
                name="metrics_frozenreport_reason",
                violation_error_message="第1版不写更正原因，第2版起要写明。",
            ),
        )

    def __str__(self) -> str:
        return f"{self.title}（截至{self.day}，第{self.version}版）"

    @property
    def computed_digest(self) -> str:
        """The digest of what the row holds now: SHA-256 in hex over JSON with sorted keys and without spaces."""
        content: dict[str, Any] = {
            name: getattr(self, name)
            for name in ("park_id", "report", "title", "version", "values", "names", "definitions", "reason")
        }
        content |= {
            "day": self.day.isoformat(),
            "frozen_by": self.frozen_by,
            "frozen_at": self.frozen_at.astimezone(dt.UTC).isoformat(),
        }
        text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def is_intact(self) -> bool:
        return self.digest == self.computed_digest

    def clean(self) -> None:
        super().clean()
        if self._state.adding:
            if self.day > timezone.localdate():
                raise ValidationError({"day": f"{self.day}还没有到，不能冻结。请选今天或更早的日子。"})
            if not self.is_intact:
                raise ValidationError({"digest": "摘要与内容不符，没有冻结。"})
            return
        stored = type(self)._base_manager.filter(pk=self.pk).values_list("digest", flat=True).first()
        if {self.digest, self.computed_digest} != {stored}:
            raise ValidationError("已冻结的报表不能修改。数据有更正的，请冻结新的一版，写明原因。")

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        # Not even through the journal: a frozen report is what was handed in
        raise ValidationError("已冻结的报表不能删除。数据有更正的，请冻结新的一版，写明原因。")
