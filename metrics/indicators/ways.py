"""The only place that declares by which way the covered enterprises got their organization: a composition."""

import datetime as dt
from typing import Final

from django.db.models import Case, CharField, IntegerField, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce

from metrics.coverage import counted_coverages, on_day
from metrics.indicators.declaring import composed_of
from metrics.indicators.shape import Composition, Group, Population, Subject
from orgs.models import Enterprise, FormationWay
from orgs.once import once_a_day
from orgs.scoping import ScopedQuerySet


@once_a_day
def known(enterprises: ScopedQuerySet, day: dt.date) -> ScopedQuerySet:
    """As ``on_day``, with ``way_at``: of several ways that count the first in the order of the form; "" of none."""
    places = [When(way=way, then=Value(place)) for place, way in enumerate(FormationWay.values)]
    first = (
        counted_coverages(day)
        .filter(enterprise=OuterRef("pk"))
        .annotate(place=Case(*places, output_field=IntegerField()))
        .order_by("place")
    )
    described: ScopedQuerySet = on_day(enterprises, day).annotate(
        way_at=Coalesce(Subquery(first.values("way")[:1]), Value(""), output_field=CharField())
    )
    return described


_SUBJECT: Final = Subject("enterprises", "企业", "家", Enterprise, known)
_COVERED: Final = Population(
    "covered_real",
    _SUBJECT,
    Q(in_real=True, covered=True),
    "截至日正常经营、已建立党组织的非公有制企业；有几种组建方式的按统计表的次序计第一种",
    lambda row: "" if row.in_real and row.covered else "未建立党组织或不在分母内",
)

COMPOSITIONS: Final[tuple[Composition, ...]] = (
    composed_of(
        "ways",
        "组建方式",
        _COVERED,
        tuple(Group(str(value), str(label), Q(way_at=value)) for value, label in FormationWay.choices),
        purpose="看组织覆盖靠单独组建还是联合、挂靠等方式。",
        source="地方台账“组建形式”一栏；年报“已单独建立”“已建立联合党支部”",
    ),
)
