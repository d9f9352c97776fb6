"""The only place that declares the ledger of targets: what rate a park has to reach."""

import datetime as dt
from typing import Any

from metrics.models import Target
from metrics.models.targets import aimed_at
from orgs.models import User
from orgs.scoping import ScopedQuerySet
from portal import filters, forms
from portal.ledgers.shape import (
    Column,
    Ledger,
    attribute,
    different,
    n,
    on_the_day,
    park_column,
    parks_first,
    rank,
    whole,
)


def load_targets(rows: ScopedQuerySet, day: dt.date, user: User) -> list[Any]:
    return list(rows.select_related("park"))


TARGETS = Ledger(
    slug="targets",
    title="目标台账",
    noun="目标",
    unit="项",
    about="园区各项覆盖率定了要达到多少、从哪天起、依据什么文件；覆盖情况页据此说还差几家。",
    model=Target,
    columns=(
        Column(
            "indicator",
            "指标",
            attribute("get_indicator_display"),
            sort=(rank("indicator", [code for code, _ in aimed_at()]),),
            total=lambda t: whole(t, "项"),
            width=34,
        ),
        Column("percent", "目标值", attribute("percent"), "percent", sort=("percent",), phone="", width=10),
        Column("since", "起始日期", attribute("since"), "date", sort=("since",), phone="自", width=12),
        Column("until", "终止日期", attribute("until"), "date", sort=("until",), width=12),
        Column(
            "basis",
            "依据",
            attribute("basis"),
            sort=("basis",),
            total=lambda t: f"{t['parks']:,}个园区",
            phone="依据",
            wide=True,
            width=40,
        ),
    ),
    filterset=filters.TargetFilter,
    form=forms.TargetForm,
    prepare=on_the_day,
    load=load_targets,
    totals=lambda q, day: {"n": n(q), "parks": different("park", q)},
    order=(*parks_first(), "indicator", "pk"),
    park_column=park_column(),
    needs="由园区党务干事登记：哪个指标、目标百分数、起始日期和依据的文件。",
)
