"""The only place that declares the indicators over Party organizations: counts, terms, and the meetings they owe."""

import datetime as dt
from typing import Any, Final

from django.db.models import Count, DateField, Exists, IntegerField, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from metrics.coverage import counting_coverages
from metrics.indicators.declaring import composed_of, declared
from metrics.indicators.shape import Composition, Group, Indicator, Population, Subject
from metrics.soundness import BRANCH_KINDS, has_secretary, last_quarter, met, owes_meetings
from metrics.states import LAST, NOW, REQUIREMENTS, Requirement, annotations, flag, last_of, running_of
from orgs.models import (
    COUNTED_KINDS,
    TEMPORARY_KINDS,
    Affiliation,
    AffiliationKind,
    Election,
    Member,
    OrganizationKind,
    PartyOrganization,
    WorkCoverage,
    WorkKind,
)
from orgs.once import once_a_day
from orgs.periods import during
from orgs.scoping import ScopedQuerySet

# 支部工作条例第二十条: a branch with so many full members has a committee; 第五条: a joint branch covers so many units.
COMMITTEE_MEMBERS: Final = 7
MOST_UNITS: Final = 5
SOON_DAYS: Final = 183  # 半年内, as in the ledger of organizations


@once_a_day
def known(organizations: ScopedQuerySet, day: dt.date) -> ScopedQuerySet:
    """The organizations in being on ``day``, each with what the indicators ask.

    ``units`` operating enterprises covered, ``full_here`` full members formally affiliated, ``headed`` has a secretary,
    ``term_end`` the end of the latest term or null, ``term_due`` a term ended in this calendar year up to the day,
    ``term_missed`` none followed it, ``life_owed`` and ``life_met`` the meetings of the last quarter together, and the
    annotations of :mod:`metrics.states`.
    """
    own = {"organization": OuterRef("pk")}
    ends = Coalesce("extended_to", "expires_on", output_field=DateField())
    new_year = day.replace(month=1, day=1)
    terms = Election.objects.filter(held_on__lte=day).annotate(ends_on=ends)
    later = Election.objects.filter(organization=OuterRef("organization"), held_on__gt=OuterRef("held_on"))
    due = terms.filter(~Exists(later.filter(held_on__lt=new_year)), ends_on__gte=new_year, ends_on__lte=day, **own)
    units = counting_coverages(day).filter(**own)
    full = Affiliation.objects.filter(during(day), Member.full_q(day, "member__"), kind=AffiliationKind.FORMAL, **own)
    described: ScopedQuerySet = organizations.as_of(day).annotate(
        units=_heads(units, "enterprise"),
        full_here=_heads(full, "member"),
        headed=has_secretary(day),
        term_end=Subquery(terms.filter(**own).order_by("-held_on").values("ends_on")[:1], output_field=DateField()),
        term_expired=Coalesce(_latest(terms, own, Q(ends_on__lte=day)), False),
        term_soon=Coalesce(
            _latest(terms, own, Q(ends_on__gt=day, ends_on__lte=day + dt.timedelta(days=SOON_DAYS))), False
        ),
        term_known=Exists(terms.filter(**own)),
        term_due=Exists(due),
        term_missed=Exists(due.filter(~Exists(later.filter(held_on__lte=day)))),
        life_owed=flag(owes_meetings(day)),
        life_met=flag(met(day)),
        **annotations(day),
    )
    return described


def _latest(terms: Any, own: dict[str, Any], holds: Q) -> Any:
    """Whether ``holds`` is true of the latest term."""
    latest = terms.filter(**own).order_by("-held_on").annotate(holds=flag(holds))
    return Subquery(latest.values("holds")[:1])


def _heads(relations: Any, of: str) -> Coalesce:
    counted = relations.order_by().values("organization").annotate(n=Count(of, distinct=True)).values("n")
    return Coalesce(Subquery(counted), 0, output_field=IntegerField())


ORGANIZATIONS: Final = Subject("organizations", "党组织", "个", PartyOrganization, known)
WORKS: Final = Subject("work-coverages", "工作覆盖", "条", WorkCoverage, lambda rows, day: rows.as_of(day))

_BRANCHES: Final = sorted(BRANCH_KINDS)
_ELECTED: Final = sorted(COUNTED_KINDS)


def _not_a_branch(row: Any) -> str:
    if row.kind in TEMPORARY_KINDS:
        return "临时党组织"
    return "" if row.kind in BRANCH_KINDS else "不是党支部"


def _founded(one: Requirement, tense: str) -> str:
    return f"{LAST[one.span]}内或之后成立" if tense == "owed" else f"{NOW[one.span]}内成立"


def _not_owed(one: Requirement, tense: str) -> Any:
    def why(row: Any) -> str:
        if _not_a_branch(row) or not getattr(row, f"{tense}_{one.key}"):
            return _not_a_branch(row) or _founded(one, tense)
        if one.only_with_committee and row.full_here < COMMITTEE_MEMBERS:
            return "正式党员不足7名，不设支委会"
        return ""

    return why


def _not_elected(row: Any) -> str:
    if row.kind in TEMPORARY_KINDS:
        return "临时党组织不换届"
    return "" if row.kind in COUNTED_KINDS else "党工委、党小组不换届"


IN_BEING: Final = Population("in_being", ORGANIZATIONS, Q(pk__isnull=False), "截至日存在的各类党组织", lambda row: "")
JOINT: Final = Population(
    "joint_branches",
    ORGANIZATIONS,
    Q(kind=OrganizationKind.JOINT_BRANCH),
    "截至日存在的联合党支部",
    lambda row: "" if row.kind == OrganizationKind.JOINT_BRANCH else "不是联合党支部",
    outside="不是联合党支部",
)
ELECTED: Final = Population(
    "elected",
    ORGANIZATIONS,
    Q(kind__in=_ELECTED),
    "截至日存在、按期换届的党委、党总支和党支部",
    _not_elected,
    outside="临时党组织、党工委、党小组不换届",
)
TERM_DUE: Final = Population(
    "term_due",
    ORGANIZATIONS,
    Q(kind__in=_ELECTED, term_due=True),
    "截至日存在、任期（含经批准的延期）在当年1月1日至截至日之间届满的党组织",
    lambda row: _not_elected(row) or ("" if row.term_due else "当年没有届满的任期"),
    outside="临时党组织、党工委、党小组不换届，当年没有届满的任期",
)
LIFE_OWED: Final = Population(
    "life_owed",
    ORGANIZATIONS,
    Q(life_owed=True),
    "截至日存在、上一季度开始前已成立的党支部和联合党支部",
    lambda row: _not_a_branch(row) or ("" if row.life_owed else "上一季度内或之后成立"),
    outside="不是党支部、临时党组织、上一季度内或之后成立",
)
INSTRUCTORS: Final = Population(
    "instructors",
    WORKS,
    Q(kind=WorkKind.INSTRUCTOR),
    "截至日有效的党建工作指导员选派记录",
    lambda row: "" if row.kind == WorkKind.INSTRUCTOR else "不是指导员",
    outside="联络员、群团组织、领导联系",
)

_RULES: Final = "《中国共产党支部工作条例（试行）》"


def owed(one: Requirement, tense: str = "owed") -> Population:
    """The branches that owe one meeting: in the last period over ("owed"), or in the running one ("owes")."""
    condition = Q(**{f"{tense}_{one.key}": True})
    outside = f"不是党支部、临时党组织、{_founded(one, tense)}"
    text = f"截至日存在、{(LAST if tense == 'owed' else NOW)[one.span]}开始前已成立的党支部和联合党支部"
    if one.only_with_committee:
        condition &= Q(full_here__gte=COMMITTEE_MEMBERS)
        outside += "、正式党员不足7名，不设支委会"
        text += "中，正式党员7名以上、应设支委会的"
    return Population(f"{tense}_{one.key}", ORGANIZATIONS, condition, text, _not_owed(one, tense), outside=outside)


def _execution(one: Requirement) -> Indicator:
    word = LAST[one.span]
    return declared(
        f"{one.key}_rate",
        f"{one.name}执行率",
        f"{word}口径",
        owed(one),
        Q(**{f"held_{one.key}": True}),
        family="组织生活",
        purpose=f"看{word}该开{one.name}的党支部有多少开了；从未报告任何活动的另计，比率给出上下限。",
        counts=f"其中{word}登记了{one.name}的党支部",
        source=_RULES + one.article,
        gap="未登记",
        period=last_of(one.span),
        unreported=Q(**{f"held_{one.key}": False, f"silent_{one.key}": True}),
    )


def _count(
    code: str, name: str, population: Population, narrows: Q, purpose: str, counts: str, source: str
) -> Indicator:
    return declared(
        code,
        name,
        "截至日存在",
        population,
        narrows,
        family="数量",
        purpose=purpose,
        counts=counts,
        source=source,
        gap="其余",
        measure="count",
    )


_EVERY: Final = Q(pk__isnull=False)

INDICATORS: Final = (
    _count(
        "organizations_n", "党组织数", IN_BEING, _EVERY, "年报和汇报用的总数。", "全部", "党内统计年报“基层党组织数”"
    ),
    _count(
        "branches_n",
        "党支部数",
        IN_BEING,
        Q(kind__in=_BRANCHES),
        "组织生活各项比率的对象有多少。",
        "其中党支部和联合党支部",
        "党内统计年报“党支部数”",
    ),
    _count(
        "joint_branches_n",
        "联合党支部数",
        JOINT,
        _EVERY,
        "联合组建的规模，与覆盖单位数一起看。",
        "全部",
        "年报非公有制企业党组织情况表“联合党支部数”",
    ),
    _count(
        "instructors_n",
        "指导员选派数",
        INSTRUCTORS,
        _EVERY,
        "派出的指导员有多少；一人联系几家企业按几条计。",
        "全部",
        "年报“党建工作指导员”一行",
    ),
    declared(
        "joint_within_limit",
        "联合党支部覆盖合规率",
        "覆盖单位不超过5个",
        JOINT,
        Q(units__lte=MOST_UNITS),
        family="党组织",
        purpose="联合党支部覆盖单位一般不超过5个，超过的应当拆分。",
        counts="其中覆盖的实体运营企业不超过5家的联合党支部",
        source=_RULES + "第五条（联合党支部覆盖单位一般不超过5个）",
        gap="超过5家",
    ),
    declared(
        "headed_rate",
        "书记配备率",
        "应换届党组织口径",
        ELECTED,
        Q(headed=True),
        family="党组织",
        purpose="看哪些党组织没有在任书记。",
        counts="其中有在任书记的党组织",
        source=_RULES + "第二十一条（出现空缺应当及时补选）",
        gap="没有书记",
    ),
    declared(
        "reelection_rate",
        "按期换届率",
        "当年届满口径",
        TERM_DUE,
        Q(term_missed=False),
        family="党组织",
        purpose="看当年届满的任期有多少已经换届，缺口就是届满未换届。",
        counts="其中届满的任期之后、截至日已经选举产生新一届的党组织",
        source="党内统计年报“任届期满”“其中报告期内换届”两行；《关于党的基层组织任期的意见》",
        gap="届满未换届",
        period=lambda day: (day.replace(month=1, day=1), day + dt.timedelta(days=1)),
    ),
    declared(
        "life_rate",
        "组织生活执行率",
        "上一季度口径",
        LIFE_OWED,
        Q(life_met=True),
        family="组织生活",
        purpose="有效覆盖里“按期过组织生活”的一条：支部党员大会和每月的主题党日都有。",
        counts="其中上一季度开过支部党员大会、三个月各有主题党日的党支部",
        source=_RULES + "第十一条、第十六条",
        gap="有缺项",
        period=last_quarter,
        unreported=Q(life_met=False, silent_member_meeting=True),
    ),
    *(_execution(one) for one in REQUIREMENTS),
)


# Compositions


KINDS: Final = composed_of(
    "organizations_by_kind",
    "党组织按类别",
    IN_BEING,
    tuple(Group(str(value), str(label), Q(kind=value)) for value, label in OrganizationKind.choices),
    purpose="看组织体系由哪些层级组成。",
    source="党内统计年报“基层党组织”按类别分",
)
TERMS: Final = composed_of(
    "terms_now",
    "任期情况",
    ELECTED,
    (
        Group("running", "在届", Q(term_known=True, term_expired=False, term_soon=False), "ok"),
        Group("soon", "半年内届满", Q(term_soon=True), "due"),
        Group("expired", "已届满", Q(term_expired=True), "late"),
        Group("unknown", "未登记选举", Q(term_known=False), "info"),
    ),
    purpose="提前半年提醒，届满未换届一眼看到；没有登记选举的不猜。",
    source="《关于党的基层组织任期的意见》；" + _RULES + "第二十一条（提前6个月提醒）",
)


def _states(one: Requirement) -> tuple[Composition, Composition]:
    """The states of one meeting: of the last period over, and of the running one."""
    held = f"held_{one.key}"
    over = composed_of(
        f"{one.key}_last",
        f"{one.name}（{LAST[one.span]}）",
        owed(one),
        (
            Group("done", "已完成", Q(**{held: True}), "ok"),
            Group("overdue", "逾期", Q(**{held: False, f"silent_{one.key}": False}), "late"),
            Group("unreported", "未报告", Q(**{held: False, f"silent_{one.key}": True}), "info"),
        ),
        purpose="期限已过：开了的、逾期的、什么都没有报告的分开数。",
        source=_RULES + one.article,
        family="完成情况",
        period=last_of(one.span),
    )
    now = composed_of(
        f"{one.key}_now",
        f"{one.name}（{NOW[one.span]}）",
        owed(one, "owes"),
        (
            Group("done", "已完成", Q(**{f"holds_{one.key}": True}), "ok"),
            Group("not-due", "未到期", Q(**{f"holds_{one.key}": False}), "due"),
        ),
        purpose="期限未到：没有开的记“未到期”，不算逾期。",
        source=_RULES + one.article,
        family="完成情况",
        period=running_of(one.span),
    )
    return over, now


STATES: Final = {one.key: _states(one) for one in REQUIREMENTS}
COMPOSITIONS: Final = (KINDS, TERMS, *(one for pair in STATES.values() for one in pair))
