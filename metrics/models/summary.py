"""The only place for what is derived from the facts so that the nation can be counted at once: never edited by hand.

``Span`` is what ``on_day`` says, cut into spans of days. The tallies count spans by the measures of
:mod:`metrics.indicators.measures`: totals at month ends, and changes by day. Written only by :mod:`metrics.summaries`.
"""

from django.db import models
from django.db.models import Q

from metrics.indicators.measures import MEASURES
from orgs.models import Park


class Span(models.Model):
    """Days during which nothing that counts about an enterprise changed. ``until`` empty: still so.

    The enterprise is named by its key alone: when it is deleted its spans are still needed to take it off the tallies.
    """

    enterprise = models.BigIntegerField()
    park = models.ForeignKey(Park, models.CASCADE, related_name="+", db_index=False)
    industry = models.CharField(max_length=1, blank=True)
    size = models.CharField(max_length=10, blank=True)
    kind = models.CharField(max_length=20)
    since = models.DateField()
    until = models.DateField(null=True)
    non_public = models.BooleanField()
    in_all = models.BooleanField()
    in_clean = models.BooleanField()
    in_real = models.BooleanField()
    in_three_haves = models.BooleanField()
    in_scale = models.BooleanField()
    in_staff_50 = models.BooleanField()
    in_staff_100 = models.BooleanField()
    covered = models.BooleanField()
    effective = models.BooleanField()
    solo = models.BooleanField()
    worked = models.BooleanField()
    unions = models.BooleanField()
    leagues = models.BooleanField()
    womens = models.BooleanField()
    instructed = models.BooleanField()
    full_members = models.PositiveIntegerField()
    members = models.PositiveIntegerField()
    state_on = models.CharField(max_length=20, blank=True)

    class Meta:
        verbose_name = "汇总：企业区间"
        verbose_name_plural = "汇总：企业区间"
        indexes = (
            models.Index(fields=("enterprise",), name="metrics_span_enterprise"),
            models.Index(fields=("park", "since"), name="metrics_span_park"),
            # The first of the gap, for a nation as fast as for a park
            models.Index(
                fields=("-full_members", "worked", "-members", "since"),
                condition=Q(in_real=True, covered=False),
                name="metrics_span_gap",
            ),
        )

    def __str__(self) -> str:
        return f"{self.enterprise} {self.since}"


class Tally(models.Model):
    """Counts by the measures; the columns are the measures' own names."""

    class Meta:
        abstract = True


for _name in MEASURES:
    Tally.add_to_class(_name, models.IntegerField(default=0))


class ParkMonth(Tally):
    """A park at the end of a month."""

    park = models.ForeignKey(Park, models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()

    class Meta:
        verbose_name = "汇总：园区月末"
        verbose_name_plural = "汇总：园区月末"
        constraints = (models.UniqueConstraint(fields=("day", "park"), name="metrics_parkmonth_once"),)
        indexes = (models.Index(fields=("park", "day"), name="metrics_parkmonth_park"),)

    def __str__(self) -> str:
        return f"{self.park_id} {self.day}"


class ParkDay(Tally):
    """How a park's counts on ``day`` differ from those of the day before."""

    park = models.ForeignKey(Park, models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()

    class Meta:
        verbose_name = "汇总：园区日变动"
        verbose_name_plural = "汇总：园区日变动"
        constraints = (models.UniqueConstraint(fields=("park", "day"), name="metrics_parkday_once"),)
        indexes = (models.Index(fields=("day",), name="metrics_parkday_day"),)

    def __str__(self) -> str:
        return f"{self.park_id} {self.day}"


class ProvinceMonth(Tally):
    """All parks of a province (two digits of the region code) at the end of a month.

    Together (``field`` empty) and apart by a field of the enterprise: industry, size, kind.
    """

    province = models.CharField(max_length=2)
    field = models.CharField(max_length=10, blank=True)
    value = models.CharField(max_length=20, blank=True)
    day = models.DateField()

    class Meta:
        verbose_name = "汇总：省份月末"
        verbose_name_plural = "汇总：省份月末"
        constraints = (
            models.UniqueConstraint(fields=("field", "day", "province", "value"), name="metrics_provincemonth_once"),
        )
        indexes = (models.Index(fields=("province", "field", "value", "day"), name="metrics_provincemonth_of"),)

    def __str__(self) -> str:
        return f"{self.province} {self.field} {self.value} {self.day}"


class ProvinceDay(Tally):
    """How the counts of a province on ``day`` differ from those of the day before."""

    province = models.CharField(max_length=2)
    field = models.CharField(max_length=10, blank=True)
    value = models.CharField(max_length=20, blank=True)
    day = models.DateField()

    class Meta:
        verbose_name = "汇总：省份日变动"
        verbose_name_plural = "汇总：省份日变动"
        constraints = (
            models.UniqueConstraint(fields=("field", "day", "province", "value"), name="metrics_provinceday_once"),
        )

    def __str__(self) -> str:
        return f"{self.province} {self.field} {self.value} {self.day}"


class Province(models.Model):
    """The provinces that have tallies. Its row is locked while they are changed, so that no writer misses another."""

    prefix = models.CharField(max_length=2, primary_key=True)

    class Meta:
        verbose_name = "汇总：省份"
        verbose_name_plural = "汇总：省份"

    def __str__(self) -> str:
        return self.prefix


class SummaryState(models.Model):
    """One row: by which definitions the summary was built, and from which month end on it is kept."""

    definitions = models.CharField(max_length=64)
    first = models.DateField()
    last = models.DateField()

    class Meta:
        verbose_name = "汇总：状态"
        verbose_name_plural = "汇总：状态"

    def __str__(self) -> str:
        return f"{self.first}～{self.last}"
