"""The only place that declares the ledgers of Party organizations, coverage and work coverage."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from django.db.models import Count, DateField, IntegerField, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from metrics.coverage import counting_coverages, judged, why_uncounted
from orgs.models import (
    Affiliation,
    AffiliationKind,
    Coverage,
    Election,
    FormationWay,
    Member,
    Office,
    OrganizationKind,
    PartyOrganization,
    Post,
    Subordination,
    WorkCoverage,
    WorkKind,
)
from orgs.once import once_a_day
from orgs.periods import during
from orgs.scoping import ScopedQuerySet
from portal import filters, forms
from portal.filters import term_q
from portal.ledgers.shape import (
    ALL_ROWS,
    Column,
    Ledger,
    View,
    attribute,
    different,
    n,
    on_the_day,
    organization_column,
    park_column,
    parks_first,
    rank,
    simply,
    stored,
    summed,
    target,
    whole,
)

TERM_TONES: Final = {"已届满": "late", "半年内届满": "due", "在届": "ok", "未登记选举": "info", "不适用": "off"}


@once_a_day
def prepare_organizations(queryset: ScopedQuerySet, day: dt.date) -> ScopedQuerySet:
    """In being on the day, with superior, secretary, expiry of the term, members and covered enterprises."""
    own = {"organization": OuterRef("pk")}
    offices = Office.objects.filter(during(day), post=Post.SECRETARY, **own).order_by("-since", "-pk")
    above = Subordination.objects.filter(during(day), **own)
    elected = Election.objects.filter(held_on__lte=day, **own).order_by("-held_on")
    expires = Coalesce("extended_to", "expires_on", output_field=DateField())
    party = Member.full_q(day, "member__") | Member.probationary_q(day, "member__")
    affiliated = Affiliation.objects.filter(during(day), party, **own)
    prepared: ScopedQuerySet = queryset.as_of(day).annotate(
        superior_name=Subquery(above.values("superior__short_name")[:1]),
        superior_key=Subquery(above.values("superior__order_key")[:1]),
        superior_pk=Subquery(above.values("superior")[:1]),
        secretary_name=Subquery(offices.values("member__name")[:1]),
        secretary_key=Subquery(offices.values("member__order_key")[:1]),
        secretary_pk=Subquery(offices.values("member")[:1]),
        expires_at=Subquery(elected.annotate(end=expires).values("end")[:1], output_field=DateField()),
        members_on=_heads(affiliated.filter(kind=AffiliationKind.FORMAL), "member"),
        guests_on=_heads(affiliated.exclude(kind=AffiliationKind.FORMAL), "member"),
        covers=_heads(counting_coverages(day).filter(**own), "enterprise"),
    )
    return prepared


def _heads(relations: Any, of: str) -> Coalesce:
    counted = relations.order_by().values("organization").annotate(n=Count(of, distinct=True)).values("n")
    return Coalesce(Subquery(counted), 0, output_field=IntegerField())


def term_word(row: Any, day: dt.date) -> str:
    if not row.is_counted:
        return "不适用"
    if row.expires_at is None:
        return "未登记选举"
    if row.expires_at <= day:
        return "已届满"
    return "半年内届满" if row.expires_at <= day + filters.SOON else "在届"


def organization_views(day: dt.date) -> tuple[View, ...]:
    terms = term_q(day)
    return (
        ALL_ROWS,
        View("branches", "党支部", Q(kind__in=[OrganizationKind.BRANCH, OrganizationKind.JOINT_BRANCH])),
        View("expired", "已届满", terms["expired"][1]),
        View("soon", "半年内届满", terms["soon"][1]),
        View("headless", "没有书记", terms_apply(terms) & Q(secretary_pk__isnull=True)),
        View("idle", "未覆盖企业", terms_apply(terms) & Q(covers=0)),
        View("temporary", "临时党组织", Q(kind__startswith="temp_")),
    )


def terms_apply(terms: Mapping[str, tuple[str, Q]]) -> Q:
    return ~terms["exempt"][1]


ORGANIZATIONS = Ledger(
    slug="organizations",
    title="党组织台账",
    noun="党组织",
    unit="个",
    about="从党工委到党支部的每个党组织：成立与撤销、隶属、换届和任期，以及当日的书记、党员和覆盖企业。",
    model=PartyOrganization,
    columns=(
        Column(
            "name", "党组织", attribute("short_name"), sort=("order_key",), total=lambda t: whole(t, "个"), width=30
        ),
        Column(
            "kind",
            "类别",
            attribute("get_kind_display"),
            sort=(rank("kind", OrganizationKind.values),),
            phone="",
            width=14,
        ),
        Column(
            "superior",
            "上级党组织",
            attribute("superior_name"),
            sort=("superior_key",),
            link=target("organizations", "superior_pk"),
            width=26,
        ),
        Column(
            "secretary",
            "书记",
            attribute("secretary_name"),
            sort=("secretary_key",),
            total=lambda t: f"{t['secretaries']:,}个有书记",
            link=target("members", "secretary_pk"),
            personal="secretary",
            phone="书记",
            width=12,
        ),
        Column(
            "term",
            "任期",
            term_word,
            sort=("expires_at",),
            total=lambda t: f"{t['expired']:,}个已届满",
            tones=TERM_TONES,
            phone="",
            width=14,
        ),
        Column("expires", "届满日期", attribute("expires_at"), "date", sort=("expires_at",), width=12),
        Column(
            "members",
            "党员",
            attribute("members_on"),
            "number",
            sort=("members_on",),
            total=lambda t: t["members"],
            phone="党员",
            width=9,
        ),
        Column(
            "guests",
            "流入和临时",
            attribute("guests_on"),
            "number",
            sort=("guests_on",),
            total=lambda t: t["guests"],
            width=11,
        ),
        Column(
            "covers",
            "覆盖企业",
            attribute("covers"),
            "number",
            sort=("covers",),
            total=lambda t: t["covers"],
            phone="企业",
            width=10,
        ),
        Column("founded", "成立日期", attribute("founded_on"), "date", sort=("founded_on",), width=12),
    ),
    filterset=filters.OrganizationFilter,
    form=forms.OrganizationForm,
    prepare=prepare_organizations,
    load=lambda rows, day, user: list(prepare_organizations(rows, day).select_related("park")),
    totals=lambda q, day: {
        "n": n(q),
        "secretaries": n(q, Q(secretary_pk__isnull=False)),
        "expired": n(q, term_q(day)["expired"][1]),
        "members": summed("members_on", q),
        "guests": summed("guests_on", q),
        "covers": summed("covers", q),
    },
    order=(*parks_first(), "order_key", "pk"),
    views=organization_views,
    more=(
        stored("full_name", "党组织全称", "name", phone="全称", wide=True, width=40),
        stored("founded_doc", "成立批复文号", phone="文号", wide=True, width=24),
        Column("phone", "联系电话", attribute("phone"), personal="phone", phone="电话", width=16),
        Column("note", "备注", attribute("note"), personal="note", phone="备注", wide=True, width=30),
    ),
    park_column=park_column(),
    needs="按批复文件登记：全称、类别、成立日期、文号、上级党组织。",
    bulk=("dissolved_on", "dissolved_doc", "superior"),
)


# Coverages


@once_a_day
def prepare_coverages(queryset: ScopedQuerySet, day: dt.date) -> ScopedQuerySet:
    """Holding on the day, and whether they count as 组织覆盖."""
    return judged(queryset.as_of(day), day)


COVERAGES = Ledger(
    slug="coverages",
    title="组织覆盖台账",
    noun="组织覆盖",
    unit="条",
    about="哪个党组织从哪天起、以什么方式覆盖哪家企业；终止了就填终止日期，历史仍在。",
    model=Coverage,
    columns=(
        Column(
            "enterprise",
            "企业",
            attribute("enterprise.name"),
            sort=("enterprise__order_key",),
            total=lambda t: f"{whole(t, '条')}，{t['enterprises']:,}家企业",
            width=34,
        ),
        organization_column(),
        Column(
            "way",
            "组建方式",
            attribute("get_way_display"),
            sort=(rank("way", FormationWay.values),),
            phone="",
            width=14,
        ),
        Column(
            "counts",
            "计入组织覆盖",
            lambda row, day: "计入" if row.counts else "不计入",
            sort=("counts",),
            total=lambda t: f"{t['counted']:,}条计入",
            tones={"计入": "ok", "不计入": "off"},
            phone="",
            width=14,
        ),
        Column("why", "不计入原因", why_uncounted, phone="原因", wide=True, width=20),
        Column("since", "起始日期", attribute("since"), "date", sort=("since",), phone="起", width=12),
        Column("until", "终止日期", attribute("until"), "date", sort=("until",), width=12),
        Column("doc", "文号", attribute("doc"), sort=("doc",), width=24),
    ),
    filterset=filters.CoverageFilter,
    form=forms.CoverageForm,
    prepare=prepare_coverages,
    load=lambda rows, day, user: list(prepare_coverages(rows, day).select_related("enterprise", "organization__park")),
    totals=lambda q, day: {
        "n": n(q),
        "enterprises": different("enterprise", q),
        "organizations": different("organization", q),
        "counted": n(q, Q(counts=True)),
    },
    order=(*parks_first("enterprise__park"), "enterprise__order_key", "enterprise_id", "since", "pk"),
    more=(
        stored("uscc", "统一社会信用代码", "enterprise.uscc", phone="信用代码", wide=True, width=21),
        Column("industry", "行业", attribute("enterprise.get_industry_display"), phone="行业", width=24),
        Column("kind", "党组织类别", attribute("organization.get_kind_display"), phone="类别", width=14),
        stored("full_name", "党组织全称", "organization.name", phone="全称", wide=True, width=40),
    ),
    park_column=park_column("organization.park"),
    needs="党组织批复成立、或企业挂靠到已有党组织时，在这里登记一条。",
    bulk=("way", "until", "doc"),
)


# Work coverages


MASS: Final = (WorkKind.TRADE_UNION, WorkKind.YOUTH_LEAGUE, WorkKind.WOMENS_FEDERATION)

WORK_COVERAGES = Ledger(
    slug="work-coverages",
    title="工作覆盖台账",
    noun="工作覆盖",
    unit="条",
    about="指导员、联络员、工会、共青团、妇联和党员领导干部联系，各从哪天起到哪家企业。",
    model=WorkCoverage,
    columns=(
        Column(
            "enterprise",
            "企业",
            attribute("enterprise.name"),
            sort=("enterprise__order_key",),
            total=lambda t: f"{whole(t, '条')}，{t['enterprises']:,}家企业",
            width=34,
        ),
        Column(
            "kind", "覆盖形式", attribute("get_kind_display"), sort=(rank("kind", WorkKind.values),), phone="", width=18
        ),
        Column("holder", "人员或组织", attribute("holder"), sort=("holder",), personal="holder", phone="", width=24),
        Column("duty", "专职或兼职", attribute("get_duty_display"), sort=("duty",), width=12),
        Column("since", "起始日期", attribute("since"), "date", sort=("since",), phone="起", width=12),
        Column("until", "终止日期", attribute("until"), "date", sort=("until",), width=12),
        Column("note", "说明", attribute("note"), personal="note", width=30),
    ),
    filterset=filters.WorkCoverageFilter,
    form=forms.WorkCoverageForm,
    prepare=on_the_day,
    load=simply("enterprise__park"),
    totals=lambda q, day: {"n": n(q), "enterprises": different("enterprise", q)},
    order=(*parks_first("enterprise__park"), "enterprise__order_key", "enterprise_id", "kind", "since", "pk"),
    views=lambda day: (
        ALL_ROWS,
        View("instructors", "指导员", Q(kind=WorkKind.INSTRUCTOR)),
        View("liaisons", "联络员", Q(kind=WorkKind.LIAISON)),
        View("mass", "群团组织", Q(kind__in=MASS)),
        View("leaders", "领导联系", Q(kind=WorkKind.LEADER_CONTACT)),
    ),
    more=(
        Column("phone", "联系电话", attribute("phone"), personal="phone", phone="电话", width=16),
        stored("uscc", "统一社会信用代码", "enterprise.uscc", phone="信用代码", wide=True, width=21),
        Column("industry", "行业", attribute("enterprise.get_industry_display"), phone="行业", width=24),
    ),
    park_column=park_column("enterprise.park"),
    needs="选派指导员、确定联络员、建立群团组织时登记；人员调整时填终止日期，另记一条。",
    bulk=("until",),
)
