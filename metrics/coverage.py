"""The only place that says, in SQL, what it means on a day that an enterprise counts, is covered, qualifies.

:func:`on_day` turns a queryset of enterprises into the enterprises present on that day, each with these annotations
(booleans are never null, so they can be negated):

``non_public``      by its kind; the others are kept and counted apart
``in_all``          non-public and not 注销 (N_all)
``in_clean``        in N_all and not 空壳 (N_clean)
``in_real``         non-public and 正常经营 (N_real)
``in_three_haves``  in N_real with the three facts recorded true, staff at least the park's threshold (N_sanyou)
``in_scale``        in N_real and 规上 (N_scale)
``in_staff_50``, ``in_staff_100``  in N_real with at least so many employed
``covered``         组织覆盖: a counted relation to a counted organization in being
``solo``            covered by 单独 or 同步改组
``worked``          工作覆盖 by an instructor, liaison, trade union or Youth League (wider by the park's setting)
``effective``       covered by an organization in working order (:mod:`metrics.soundness`)
``instructed``      an instructor is assigned
``unions``, ``leagues``, ``womens``  a trade union, the Youth League, the women's federation is there, counted or not
``full_members``    full members employed there (by the park's setting only those whose affiliation has moved in)
``members``         full and probationary members employed there
``state_on``, ``staff_on``  what the day's business state says, or null

Every period is half open. The published definitions leave these points open; this is how the portal settles them.
"""

import datetime as dt
from typing import Any, Final

from django.db.models import BooleanField, Count, Exists, ExpressionWrapper, IntegerField, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from metrics.soundness import sound_organizations
from orgs.models import (
    COUNTED_KINDS,
    COUNTED_WAYS,
    NON_PUBLIC_KINDS,
    SOLO_WAYS,
    WIDE_WORK_KINDS,
    WORK_KINDS,
    Affiliation,
    AffiliationKind,
    BusinessState,
    BusinessStateKind,
    Coverage,
    Employment,
    Enterprise,
    FormationWay,
    Member,
    WorkCoverage,
    WorkKind,
)
from orgs.once import once_a_day
from orgs.periods import during
from orgs.scoping import ScopedQuerySet

# 条例与各地口径: an enterprise needs an organization of its own from three full members on (党章第三十条).
ENOUGH_MEMBERS = 3


# A coverage relation that counts as 组织覆盖, as far as its way, its organization and the settings of the park say
COUNTED: Final = (
    Q(way__in=sorted(COUNTED_WAYS))
    | Q(way=FormationWay.ATTACHED, enterprise__park__count_attached=True)
    | Q(way=FormationWay.DISPATCHED, enterprise__park__count_dispatched=True)
    | Q(way=FormationWay.GRID, enterprise__park__count_grid=True)
) & Q(organization__kind__in=sorted(COUNTED_KINDS))
# A work coverage that counts as 工作覆盖, likewise
COUNTED_WORK: Final = Q(kind__in=sorted(WORK_KINDS)) | Q(
    kind__in=sorted(WIDE_WORK_KINDS), enterprise__park__wide_work=True
)


def standing_coverages(day: dt.date) -> Any:
    """The coverage relations on ``day`` of organizations in being, counted or not."""
    in_being = during(day, prefix="organization__", since="founded_on", until="dissolved_on")
    return Coverage.objects.filter(in_being, during(day))


def counted_coverages(day: dt.date) -> Any:
    """The coverage relations that count as 组织覆盖 on ``day``."""
    return standing_coverages(day).filter(COUNTED)


def counting_coverages(day: dt.date) -> Any:
    """Those of them whose enterprise is one of N_real: the enterprises that count for an organization are theirs.

    Asked of the relation itself, not of :func:`on_day`: a list of organizations sums it for each of them.
    """
    operating = BusinessState.objects.filter(
        during(day), enterprise=OuterRef("enterprise"), state=BusinessStateKind.OPERATING
    )
    return counted_coverages(day).filter(
        during(day, prefix="enterprise__", since="settled_on", until="left_on"),
        Exists(operating),
        enterprise__kind__in=sorted(NON_PUBLIC_KINDS),
    )


def judged(coverages: ScopedQuerySet, day: dt.date) -> ScopedQuerySet:
    """Coverage relations with ``counts`` (boolean: one of :func:`counting_coverages`) and ``state_on``, the business
    state of the enterprise, as :func:`why_uncounted` reads them."""
    states = BusinessState.objects.filter(during(day), enterprise=OuterRef("enterprise")).order_by("-since")
    known: ScopedQuerySet = coverages.annotate(
        counts=Exists(counting_coverages(day).filter(pk=OuterRef("pk"))),
        state_on=Subquery(states.values("state")[:1]),
    )
    return known


def work_relations(day: dt.date) -> Any:
    """The relations that count as 工作覆盖 on ``day``."""
    return WorkCoverage.objects.filter(COUNTED_WORK, during(day))


def employed_members(day: dt.date, stage: Q) -> Any:
    """The employments on ``day`` of members in ``stage``, by default wherever their affiliation sits."""
    moved_in = Affiliation.objects.filter(
        during(day),
        member=OuterRef("member"),
        kind=AffiliationKind.FORMAL,
        organization__park=OuterRef("enterprise__park"),
    )
    return Employment.objects.filter(during(day), stage).filter(
        Q(enterprise__park__transferred_only=False) | Exists(moved_in)
    )


def _heads(employments: Any) -> Coalesce:
    per_enterprise = (
        employments.filter(enterprise=OuterRef("pk"))
        .order_by()
        .values("enterprise")
        .annotate(heads=Count("member", distinct=True))
        .values("heads")
    )
    return Coalesce(Subquery(per_enterprise), 0, output_field=IntegerField())


def _flag(condition: Q) -> ExpressionWrapper:
    return ExpressionWrapper(condition, output_field=BooleanField())


@once_a_day
def on_day(enterprises: ScopedQuerySet, day: dt.date) -> ScopedQuerySet:
    """The enterprises of the queryset that are present on ``day``, annotated as the module says."""
    return described(enterprises.as_of(day), day)


@once_a_day
def described(enterprises: ScopedQuerySet, day: dt.date) -> ScopedQuerySet:
    """The same annotations for every enterprise of the queryset, present on ``day`` or not."""
    states = BusinessState.objects.filter(during(day), enterprise=OuterRef("pk"))
    operating = states.filter(state=BusinessStateKind.OPERATING)
    non_public = Q(kind__in=sorted(NON_PUBLIC_KINDS))
    covering = counted_coverages(day).filter(enterprise=OuterRef("pk"))
    working = work_relations(day).filter(enterprise=OuterRef("pk"))
    reached = WorkCoverage.objects.filter(during(day), enterprise=OuterRef("pk"))
    full = Member.full_q(day, "member__")
    uncountable = states.filter(state__in=[BusinessStateKind.CANCELLED, BusinessStateKind.SHELL])
    three_haves = operating.filter(
        fixed_premises=True, has_operations=True, staff__gte=OuterRef("park__three_haves_staff")
    )
    known: ScopedQuerySet = enterprises.annotate(
        non_public=_flag(non_public),
        in_all=_flag(Q(non_public, ~Exists(states.filter(state=BusinessStateKind.CANCELLED)))),
        in_clean=_flag(Q(non_public, ~Exists(uncountable))),
        in_real=_flag(Q(non_public, Exists(operating))),
        in_three_haves=_flag(Q(non_public, Exists(three_haves))),
        in_scale=_flag(Q(non_public, Exists(operating.filter(above_scale=True)))),
        in_staff_50=_flag(Q(non_public, Exists(operating.filter(staff__gte=50)))),
        in_staff_100=_flag(Q(non_public, Exists(operating.filter(staff__gte=100)))),
        covered=Exists(covering),
        solo=Exists(covering.filter(way__in=sorted(SOLO_WAYS))),
        # Asked of each relation, not of a list of all sound organizations: fifty rows need not read the nation
        effective=Exists(covering.filter(Exists(sound_organizations(day).filter(pk=OuterRef("organization"))))),
        worked=Exists(working),
        unions=Exists(reached.filter(kind=WorkKind.TRADE_UNION)),
        leagues=Exists(reached.filter(kind=WorkKind.YOUTH_LEAGUE)),
        womens=Exists(reached.filter(kind=WorkKind.WOMENS_FEDERATION)),
        instructed=Exists(working.filter(kind=WorkKind.INSTRUCTOR)),
        full_members=_heads(employed_members(day, full)),
        members=_heads(employed_members(day, full | Member.probationary_q(day, "member__"))),
        state_on=Subquery(states.order_by("-since").values("state")[:1]),
        staff_on=Subquery(states.order_by("-since").values("staff")[:1]),
    )
    return known


QUALIFIED = Q(in_real=True) & (Q(covered=True) | Q(full_members__gte=ENOUGH_MEMBERS))


def formation_status(enterprise: Enterprise) -> str:
    """组建状态 of an enterprise annotated by :func:`on_day`, in the words of form 27 of the annual report.

    An enterprise outside N_real is in no row of that form; of it only is said whether it is covered all the same.
    """
    row: Any = enterprise
    if not row.in_real:
        return "已建立，不计入" if row.covered else "不计入"
    if row.covered:
        return "已单独建立" if row.solo else "已联合建立"
    if row.full_members >= ENOUGH_MEMBERS:
        return "应建未建"
    return "仅有个别党员" if row.members else "没有党员"


def why_not_operating(enterprise: Enterprise) -> str:
    """Why an annotated enterprise is outside N_real, in the words of the ledger; "" when it is inside."""
    row: Any = enterprise
    return "" if row.in_real else _why_not_real(row, row.state_on)


def why_uncounted(coverage: Coverage, day: dt.date) -> str:
    """Why a relation that holds on ``day``, annotated by :func:`judged`, does not count; "" when it does."""
    row: Any = coverage
    organization, enterprise = coverage.organization, coverage.enterprise
    if row.counts:
        return ""
    if organization.founded_on > day:
        return "党组织尚未成立"
    if organization.dissolved_on is not None and organization.dissolved_on <= day:
        return "党组织已撤销"
    if not organization.is_counted:
        return f"党组织是{organization.get_kind_display()}"
    if enterprise.settled_on > day:
        return "企业尚未入驻"
    if enterprise.left_on is not None and enterprise.left_on <= day:
        return "企业已迁出"
    if not enterprise.is_non_public or row.state_on != BusinessStateKind.OPERATING:
        return _why_not_real(enterprise, row.state_on)
    return f"组建方式是{coverage.get_way_display()}"


def _why_not_real(enterprise: Enterprise, state: str | None) -> str:
    if not enterprise.is_non_public:
        return "非非公企业"
    return "经营状态未填" if state is None else str(BusinessStateKind(state).label)
