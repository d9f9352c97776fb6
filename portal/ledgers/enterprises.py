"""The only place that declares the ledgers of parks and enterprises."""

import datetime as dt
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Final

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Aggregate, Count, Q

from metrics.coverage import ENOUGH_MEMBERS, formation_status, on_day, why_not_operating
from metrics.described import describe
from metrics.indicators import INDICATORS, LEAD, percent
from orgs.models import (
    BusinessStateKind,
    Enterprise,
    EnterpriseKind,
    EnterpriseSize,
    Industry,
    Member,
    Park,
    ParkKind,
    ParkLevel,
    PartyOrganization,
    User,
)
from orgs.once import once_a_day
from orgs.prepared import Prepared
from orgs.scoping import ScopedQuerySet
from portal import filters, forms
from portal.filters import STATUS_AT, STATUS_PLACE
from portal.ledgers.shape import (
    Column,
    Ledger,
    Totals,
    View,
    attribute,
    has,
    listed,
    n,
    park_column,
    parks_first,
    rank,
    stored,
    summed,
    whole,
)


def load_parks(rows: ScopedQuerySet, day: dt.date, user: User) -> list[Any]:
    """Each park with the counts of its enterprises, organizations and members on the day."""
    parks = list(rows)
    inside = on_day(Enterprise.objects.visible_to(user).filter(park__in=parks), day)
    grouped = inside.order_by().values("park").annotate(**_enterprise_counts())
    enterprises = {found["park"]: found for found in grouped}
    organizations = _by_park(PartyOrganization.objects.visible_to(user).filter(park__in=parks).as_of(day))
    party = Member.full_q(day) | Member.probationary_q(day)
    members = _by_park(Member.objects.counted_for(user).filter(party, park__in=parks))
    for park in parks:
        park.counted = enterprises.get(park.pk, dict.fromkeys(_enterprise_counts(), 0))
        park.organizations_on = organizations.get(park.pk, 0)
        park.members_on = members.get(park.pk, 0)
    return parks


def _enterprise_counts() -> dict[str, Aggregate]:
    """Enterprises present, in N_real, covered, and reached by either of the two coverages."""
    lead, two = INDICATORS[LEAD], INDICATORS["two_coverage"]
    return {
        "n_present": Count("pk"),
        "n_real": n(lead.denominator),
        "n_covered": n(lead.numerator),
        "n_both": n(two.numerator),
    }


def _by_park(rows: ScopedQuerySet) -> dict[int, int]:
    return dict(rows.order_by().values_list("park").annotate(n=Count("pk")))


def park_totals(parks: ScopedQuerySet, day: dt.date) -> Totals:
    """The same counts over all parks of the filter."""
    inside = on_day(Enterprise.objects.filter(park__in=parks.order_by().values("pk")), day)
    totals: Totals = inside.order_by().aggregate(**_enterprise_counts())
    return totals


def enterprises_of(name: str) -> Callable[[Any, dt.date], int]:
    def value(row: Any, day: dt.date) -> int:
        count: int = row.counted[name]
        return count

    return value


def share_of(name: str) -> Callable[[Any, dt.date], Decimal | None]:
    """Of the enterprises that count; unknown where there are none."""
    return lambda row, day: percent(row.counted[name], row.counted["n_real"])


PARKS = Ledger(
    slug="parks",
    title="园区台账",
    noun="园区",
    unit="个",
    about="每个园区一条：级别、类型、区划、党工委和本园区的统计口径；各项数字由其他台账按日推算。",
    model=Park,
    columns=(
        Column(
            "name",
            "园区",
            lambda row, day: row.name + ("（演示）" if row.is_demo else ""),
            sort=("order_key",),
            total=lambda t: whole(t, "个"),
            width=30,
        ),
        Column("region", "所在地区", attribute("region_name"), sort=("region_code",), phone="", width=20),
        Column(
            "level", "级别", attribute("get_level_display"), sort=(rank("level", ParkLevel.values),), phone="", width=10
        ),
        Column("kind", "类型", attribute("get_kind_display"), sort=(rank("kind", ParkKind.values),), width=22),
        Column(
            "present",
            "企业",
            enterprises_of("n_present"),
            "number",
            total=lambda t: t["n_present"],
            phone="企业",
            width=10,
        ),
        Column("real", "实体运营", enterprises_of("n_real"), "number", total=lambda t: t["n_real"], width=10),
        Column("covered", "已建组织", enterprises_of("n_covered"), "number", total=lambda t: t["n_covered"], width=10),
        Column(
            "coverage",
            "组织覆盖率",
            share_of("n_covered"),
            "percent",
            total=lambda t: percent(t["n_covered"], t["n_real"]),
            phone="覆盖率",
            width=12,
        ),
        Column(
            "two",
            "“两个覆盖”率",
            share_of("n_both"),
            "percent",
            total=lambda t: percent(t["n_both"], t["n_real"]),
            width=14,
        ),
        Column("organizations", "党组织", attribute("organizations_on"), "number", phone="组织", width=10),
        Column("members", "党员", attribute("members_on"), "number", phone="党员", width=10),
        Column("public", "对外公开", lambda row, day: "是" if row.is_public else "否", centred=True, width=10),
    ),
    filterset=filters.ParkFilter,
    form=forms.ParkForm,
    prepare=lambda queryset, day: queryset,
    load=load_parks,
    totals=lambda q, day: {"n": n(q)},
    more_totals=park_totals,
    order=("region_code", "order_key", "pk"),
    more=(
        stored("short", "简称", "short_name"),
        stored("committee", "党工委名称", "working_committee", phone="党工委", wide=True, width=30),
        stored("region_code", "区划代码", width=10),
        stored("slug", "网址代号", width=16),
    ),
    needs="园区由系统管理员建立，建好后即可登记企业和党组织。",
)


# Enterprises


# The words of metrics.coverage.formation_status
STATUS_TONES: Final = {
    "已单独建立": "ok",
    "已联合建立": "ok",
    "应建未建": "late",
    "仅有个别党员": "due",
    "没有党员": "off",
    "不计入": "off",
    "已建立，不计入": "off",
}


def status_word(row: Any, day: dt.date) -> str:
    return formation_status(row)


def missing_words(row: Any, day: dt.date) -> str:
    """Which of the facts that the figures need are not filled in."""
    gaps = {
        "信用代码": not row.uscc,
        "行业": not row.industry,
        "规模": not row.size,
        "经营状态": row.state_on is None,
        "从业人员": row.state_on is not None and row.staff_on is None,
    }
    return listed([name for name, gap in gaps.items() if gap])


def former_words(row: Any, day: dt.date) -> str:
    """One line each in the record."""
    return listed([name.strip() for name in row.former_names.splitlines()])


WHY: Final = Column("why", "不计入原因", lambda row, day: why_not_operating(row), phone="原因", wide=True, width=16)
MISSING: Final = Column(
    "missing", "未填项目", missing_words, phone="未填", wide=True, width=24, fields=("uscc", "size")
)
INCOMPLETE: Final = Q(uscc="") | Q(industry="") | Q(size="") | Q(state_on__isnull=True) | Q(staff_on__isnull=True)
_WORKS_SHOWN: Final = ("unions", "leagues", "womens")
OPERATING: Final = Q(in_real=True)
ENTERPRISE_VIEWS: Final = (
    View("all", "全部企业", Q()),
    View("real", "实体运营", OPERATING),
    View("unbuilt", "应建未建", Q(status_at="unbuilt")),
    View("solo-due", "应单独组建", Q(status_at="joint", full_members__gte=ENOUGH_MEMBERS)),
    View("uncovered", "无覆盖", Q(status_at__in=["unbuilt", "few", "none"], worked=False)),
    View("memberless", "没有党员", Q(status_at="none")),
    View("outside", "不计入", ~OPERATING, (WHY,)),
    View("incomplete", "资料不全", INCOMPLETE, (MISSING,)),
)

PARK_COLUMNS: Final = [field.attname for field in Park._meta.concrete_fields]
PARKS_OF: Final = Prepared(lambda keys: Park.objects.filter(pk__among=keys).order_by().values_list(*PARK_COLUMNS))


@once_a_day
def prepare_enterprises(queryset: ScopedQuerySet, day: dt.date) -> ScopedQuerySet:
    """Present on the day, with everything on_day says and 组建状态."""
    prepared: ScopedQuerySet = on_day(queryset, day).annotate(status_at=STATUS_AT)
    return prepared


def load_enterprises(rows: ScopedQuerySet, day: dt.date, user: User) -> list[Any]:
    """With what holds on the day, and the organizations that reach each enterprise."""
    firms: list[Any] = list(rows.as_of(day))
    describe(firms, day)
    read = PARKS_OF(sorted({firm.park_id for firm in firms}))
    parks = {row[0]: Park.from_db(DEFAULT_DB_ALIAS, PARK_COLUMNS, row) for row in read}
    put: Any = Enterprise._meta.get_field("park")
    for firm in firms:
        put.set_cached_value(firm, parks[firm.park_id])
    return firms


def organization_names(row: Any, day: dt.date) -> str:
    return listed([one.name + ("" if one.counts else "（不计入）") for one in row.reached_by])


def first_organization(row: Any) -> tuple[str, int] | None:
    return ("organizations", row.reached_by[0].organization) if row.reached_by else None


def enterprise_totals(q: Q, day: dt.date) -> dict[str, Aggregate]:
    return {
        "n": n(q),
        "real": n(q, OPERATING),
        "built": n(q, Q(status_at__in=["joint", "solo"])),
        "industries": Count("industry", filter=q & ~Q(industry=""), distinct=True),
        "staff": summed("staff_on", q),
        "full": summed("full_members", q),
        "instructors": n(q, Q(instructed=True)),
        **{name: n(q, Q(**{name: True})) for name in _WORKS_SHOWN},
    }


def tally_enterprises(firms: Sequence[Any]) -> dict[str, Any]:
    """The same totals, of rows that are loaded."""
    staff = [firm.staff_on for firm in firms if firm.staff_on is not None]
    return {
        "n": len(firms),
        "real": sum(firm.in_real for firm in firms),
        "built": sum(firm.in_real and firm.covered for firm in firms),
        "industries": frozenset(firm.industry for firm in firms if firm.industry),
        "staff": sum(staff) if staff else None,
        "full": sum(firm.full_members for firm in firms) if firms else None,
        "instructors": sum(firm.instructed for firm in firms),
        **{name: sum(getattr(firm, name) for firm in firms) for name in _WORKS_SHOWN},
    }


def built_words(t: Totals) -> str:
    """How many are built, and the rate over those that count: 已建27家，90.0%."""
    if not t["real"]:
        return "—"
    return f"已建{t['built']:,}家，{percent(t['built'], t['real'])}%"


ENTERPRISES = Ledger(
    slug="enterprises",
    title="企业台账",
    noun="企业",
    unit="家",
    about="在园区的每一家企业，连同逐段登记的经营状态；各项覆盖率的分母都从这里数。",
    model=Enterprise,
    columns=(
        Column("name", "企业名称", attribute("name"), sort=("order_key",), total=lambda t: whole(t, "家"), width=34),
        Column(
            "status",
            "组建状态",
            status_word,
            sort=(STATUS_PLACE,),
            total=built_words,
            tones=STATUS_TONES,
            phone="",
            width=18,
        ),
        Column(
            "industry",
            "行业",
            attribute("get_industry_display"),
            sort=(rank("industry", Industry.values),),
            total=lambda t: f"{t['industries']}个行业",
            width=24,
        ),
        Column(
            "state",
            "经营状态",
            lambda row, day: BusinessStateKind(row.state_on).label if row.state_on else None,
            sort=(rank("state_on", BusinessStateKind.values),),
            width=16,
        ),
        Column(
            "staff",
            "从业人员",
            attribute("staff_on"),
            "number",
            sort=("staff_on",),
            total=lambda t: t["staff"],
            phone="从业",
            width=10,
        ),
        Column(
            "full",
            "正式党员",
            attribute("full_members"),
            "number",
            sort=("full_members",),
            total=lambda t: t["full"],
            phone="党员",
            width=10,
        ),
        Column(
            "organization", "所在党组织", organization_names, link=first_organization, phone="组织", wide=True, width=30
        ),
        Column(
            "founded",
            "成立日期",
            lambda row, day: row.reached_by[0].founded_on if row.reached_by else None,
            "date",
            width=12,
        ),
        Column(
            "instructor", "指导员", has("instructed"), total=lambda t: f"{t['instructors']:,}家", centred=True, width=9
        ),
        Column("union", "工会", has("unions"), total=lambda t: f"{t['unions']:,}家", centred=True, width=9),
        Column("league", "共青团", has("leagues"), total=lambda t: f"{t['leagues']:,}家", centred=True, width=9),
        Column("womens", "妇联", has("womens"), total=lambda t: f"{t['womens']:,}家", centred=True, width=9),
    ),
    filterset=filters.EnterpriseFilter,
    form=forms.EnterpriseForm,
    prepare=prepare_enterprises,
    load=load_enterprises,
    totals=enterprise_totals,
    tally=tally_enterprises,
    lean=True,
    order=(*parks_first(), "order_key", "pk"),
    views=lambda day: ENTERPRISE_VIEWS,
    more=(
        stored("uscc", "统一社会信用代码", phone="信用代码", wide=True, width=21),
        Column(
            "kind",
            "企业类型",
            attribute("get_kind_display"),
            sort=(rank("kind", EnterpriseKind.values),),
            phone="类型",
            width=20,
        ),
        Column(
            "non_public",
            "非公企业",
            lambda row, day: "是" if row.is_non_public else "否",
            centred=True,
            phone="非公",
            width=10,
        ),
        Column(
            "size",
            "企业规模",
            attribute("get_size_display"),
            sort=(rank("size", EnterpriseSize.values),),
            phone="规模",
            width=10,
            fields=("size",),
        ),
        Column("scale", "规模以上", has("in_scale"), phone="规上", centred=True, width=10),
        stored("industry_code", "行业大类代码", width=12),
        Column("party", "党员（含预备）", attribute("members"), "number", phone="党员", width=12),
        stored("settled", "入驻日期", "settled_on", "date", width=12),
        Column("former", "曾用名", former_words, phone="曾用名", wide=True, width=30, fields=("former_names",)),
        stored("locality", "属地", width=20),
        stored("address", "地址", wide=True, width=34),
        stored("authority", "行业主管部门", "sector_authority", width=20),
        stored("line", "隶属关系", "subordination", width=20),
        stored("contact", "党建联系人", phone="联系人", personal="contact"),
        Column("phone", "联系电话", attribute("phone"), personal="phone", phone="电话", width=16, fields=("phone",)),
        Column("note", "备注", attribute("note"), personal="note", phone="备注", wide=True, width=30, fields=("note",)),
        WHY,
        MISSING,
    ),
    park_column=park_column(),
    needs="从营业执照和用工花名册登记起：名称、信用代码、入驻日期、经营状态。",
    bulk=(
        "kind",
        "industry",
        "industry_code",
        "size",
        "subordination",
        "sector_authority",
        "locality",
        "left_on",
        "state",
        "fixed_premises",
        "has_operations",
        "above_scale",
    ),
)
