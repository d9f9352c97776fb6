"""The only place that declares the ledgers of members and of the posts they hold."""

import datetime as dt
from typing import Any, Final

from django.db.models import Case, Count, Exists, OuterRef, Prefetch, Q, Subquery, When

from metrics.indicators.members import PENDING, SUSPENDED, stage_case
from orgs.models import Affiliation, AffiliationKind, Employment, Member, Office, Post, Stage, User
from orgs.once import once_a_day
from orgs.periods import during
from orgs.scoping import ScopedQuerySet
from portal import filters, forms
from portal.ledgers.shape import (
    ALL_ROWS,
    Column,
    Ledger,
    View,
    attribute,
    different,
    listed,
    n,
    on_the_day,
    organization_column,
    park_column,
    parks_first,
    rank,
    simply,
    stored,
    whole,
)

STAGE_WORDS: Final = {**dict(Stage.choices), SUSPENDED: "停止党籍", PENDING: "入党日期待补"}
STAGE_TONES: Final = {"正式党员": "ok", "预备党员": "info", "停止党籍": "late", "入党日期待补": "due"}
STAGE_ORDER: Final = (
    Stage.FULL,
    SUSPENDED,
    Stage.PROBATIONARY,
    Stage.CANDIDATE,
    Stage.ACTIVIST,
    Stage.APPLICANT,
    PENDING,
)
IN_PARTY: Final = Q(stage_at__in=[Stage.FULL, Stage.PROBATIONARY])


@once_a_day
def prepare_members(queryset: ScopedQuerySet, day: dt.date) -> ScopedQuerySet:
    """Listed on the day (known and not gone, or the dates to come), with stage, employer and organization."""
    own = {"member": OuterRef("pk")}
    employed = Employment.objects.filter(during(day), **own).order_by("-since", "-pk")
    formal_first = Case(When(kind=AffiliationKind.FORMAL, then=0), default=1)
    affiliated = Affiliation.objects.filter(during(day), **own).order_by(formal_first, "-since", "-pk")
    prepared: ScopedQuerySet = queryset.filter(Member.listed_q(day)).annotate(
        stage_at=stage_case(day),
        employer_key=Subquery(employed.values("enterprise__order_key")[:1]),
        organization_key=Subquery(affiliated.values("organization__order_key")[:1]),
        is_affiliated=Exists(affiliated),
    )
    return prepared


def load_members(rows: ScopedQuerySet, day: dt.date, user: User) -> list[Any]:
    employed = Employment.objects.filter(during(day)).select_related("enterprise").order_by("-since", "-pk")
    formal_first = Case(When(kind=AffiliationKind.FORMAL, then=0), default=1)
    affiliated = (
        Affiliation.objects.filter(during(day)).select_related("organization").order_by(formal_first, "-since", "-pk")
    )
    return list(
        rows.annotate(stage_at=stage_case(day))
        .select_related("park")
        .prefetch_related(
            Prefetch("employments", employed, "employed_at"), Prefetch("affiliations", affiliated, "affiliated_to")
        )
    )


AFFILIATION_MARKS: Final = {AffiliationKind.INFLOW: "（流入）", AffiliationKind.TEMPORARY: "（临时）"}


def affiliation_names(row: Any, day: dt.date) -> str:
    return listed([one.organization.short_name + AFFILIATION_MARKS.get(one.kind, "") for one in row.affiliated_to])


MEMBER_VIEWS: Final = (
    View("all", "全部", Q()),
    View("full", "正式党员", Q(stage_at=Stage.FULL)),
    View("probationary", "预备党员", Q(stage_at=Stage.PROBATIONARY)),
    View("candidates", "发展对象", Q(stage_at=Stage.CANDIDATE)),
    View("activists", "积极分子", Q(stage_at=Stage.ACTIVIST)),
    View("applicants", "申请人", Q(stage_at=Stage.APPLICANT)),
    View("suspended", "停止党籍", Q(stage_at=SUSPENDED)),
    View("pending", "入党日期待补", Q(stage_at=PENDING)),
    View("unaffiliated", "未落实组织关系", IN_PARTY & Q(is_affiliated=False)),
)

MEMBERS = Ledger(
    slug="members",
    title="党员台账",
    noun="党员",
    unit="名",
    about="党员和正在培养的申请人、积极分子、发展对象；阶段由各步日期推算，工作单位和组织关系逐段登记。",
    model=Member,
    columns=(
        Column("name", "姓名", attribute("name"), sort=("order_key",), total=lambda t: whole(t, "名"), width=14),
        Column(
            "stage",
            "发展阶段",
            lambda row, day: STAGE_WORDS[row.stage_at],
            sort=(rank("stage_at", STAGE_ORDER),),
            total=lambda t: f"党员{t['party']:,}名",
            tones=STAGE_TONES,
            phone="",
            width=22,
        ),
        Column(
            "sex",
            "性别",
            attribute("get_sex_display"),
            sort=("sex",),
            total=lambda t: f"女{t['women']:,}",
            centred=True,
            width=8,
        ),
        Column("education", "学历", attribute("get_education_display"), sort=("education",), phone="", width=16),
        Column("job", "岗位类别", attribute("get_job_category_display"), sort=("job_category",), width=20),
        Column(
            "employer",
            "工作单位",
            lambda row, day: listed([one.enterprise.name for one in row.employed_at]),
            sort=("employer_key",),
            link=lambda row: ("enterprises", row.employed_at[0].enterprise_id) if row.employed_at else None,
            phone="单位",
            wide=True,
            width=34,
        ),
        Column(
            "organization",
            "所在党组织",
            affiliation_names,
            sort=("organization_key",),
            total=lambda t: f"{t['affiliated']:,}名有组织关系",
            link=lambda row: ("organizations", row.affiliated_to[0].organization_id) if row.affiliated_to else None,
            phone="组织",
            wide=True,
            width=30,
        ),
        Column("admitted", "入党日期", attribute("admitted_on"), "date", sort=("admitted_on",), width=12),
        Column("full", "转正日期", attribute("full_on"), "date", sort=("full_on",), width=12),
    ),
    filterset=filters.MemberFilter,
    form=forms.MemberForm,
    prepare=prepare_members,
    load=load_members,
    totals=lambda q, day: {
        "n": n(q),
        "party": n(q, IN_PARTY),
        "full": n(q, Q(stage_at=Stage.FULL)),
        "women": n(q, Q(sex="2")),
        "affiliated": n(q, Q(is_affiliated=True)),
    },
    order=(*parks_first(), "order_key", "pk"),
    views=lambda day: MEMBER_VIEWS,
    more=(
        stored("ethnicity", "民族", width=10),
        stored("birth", "出生日期", "birth_on", "date", phone="出生", width=12),
        stored("applied", "申请入党日期", "applied_on", "date", phone="申请", width=12),
        stored("activist", "确定为积极分子日期", "activist_on", "date", phone="积极分子", width=16),
        stored("candidate", "列为发展对象日期", "candidate_on", "date", phone="发展对象", width=16),
        Column("phone", "联系电话", attribute("phone"), personal="phone", phone="电话", width=16),
        Column("note", "备注", attribute("note"), personal="note", phone="备注", wide=True, width=30),
    ),
    park_column=park_column(),
    needs="从申请入党起就可登记，以后只补各步日期；不登记身份证号。",
    bulk=("activist_on", "candidate_on", "admitted_on", "full_on", "affiliation_organization", "affiliation_kind"),
)


# Offices


# Holds a post, but no date of admission is known: in no number of members
PENDING_HOLDER: Final = Q(member__dates_pending=True, member__applied_on=None, member__activist_on=None) & Q(
    member__candidate_on=None, member__admitted_on=None
)

OFFICES = Ledger(
    slug="offices",
    title="党内任职台账",
    noun="任职",
    unit="项",
    about="谁在哪个党组织担任什么职务，从哪天到哪天；书记另记来源。",
    model=Office,
    columns=(
        Column(
            "member",
            "姓名",
            attribute("member.name"),
            sort=("member__order_key",),
            total=lambda t: f"{whole(t, '项')}，{t['members']:,}名党员",
            width=14,
        ),
        Column(
            "post", "党内职务", attribute("get_post_display"), sort=(rank("post", Post.values),), phone="", width=18
        ),
        organization_column(),
        Column(
            "background",
            "书记来源",
            attribute("get_background_display"),
            sort=("background",),
            total=lambda t: f"书记{t['secretaries']:,}名",
            width=22,
        ),
        Column("since", "任职日期", attribute("since"), "date", sort=("since",), phone="起", width=12),
        Column("until", "离任日期", attribute("until"), "date", sort=("until",), width=12),
    ),
    filterset=filters.OfficeFilter,
    form=forms.OfficeForm,
    prepare=on_the_day,
    load=simply("organization__park", "member"),
    totals=lambda q, day: {
        "n": n(q),
        "members": Count("member", filter=q & ~PENDING_HOLDER, distinct=True),
        "organizations": different("organization", q),
        "secretaries": Count("member", filter=q & Q(post=Post.SECRETARY), distinct=True),
    },
    order=(*parks_first("organization__park"), "organization__order_key", "organization_id", "since", "pk"),
    views=lambda day: (
        ALL_ROWS,
        View("secretaries", "书记", Q(post=Post.SECRETARY)),
        View("deputies", "副书记", Q(post__in=[Post.DEPUTY_SECRETARY, Post.FULL_TIME_DEPUTY])),
        View("committee", "委员", Q(post__in=[Post.ORGANIZATION, Post.PUBLICITY, Post.DISCIPLINE, Post.MASS_WORK])),
    ),
    more=(
        Column("kind", "党组织类别", attribute("organization.get_kind_display"), phone="类别", width=14),
        Column("sex", "性别", attribute("member.get_sex_display"), phone="性别", centred=True, width=8),
        Column("education", "学历", attribute("member.get_education_display"), phone="学历", width=16),
        stored("admitted", "入党日期", "member.admitted_on", "date", phone="入党", width=12),
    ),
    park_column=park_column("organization.park"),
    needs="换届或任免批复后登记；离任时填离任日期，不要删除。",
    bulk=("until",),
)
