"""The only place that declares the indicators over members and over secretaries: persons, so counts without names."""

import datetime as dt
from typing import Any, Final

from django.db.models import Case, CharField, Exists, F, OuterRef, Q, Value, When

from metrics.indicators.declaring import composed_of, declared
from metrics.indicators.shape import Composition, Group, Indicator, Population, Subject
from metrics.states import flag
from orgs.models import (
    NON_PUBLIC_KINDS,
    Affiliation,
    AffiliationKind,
    Education,
    Employment,
    JobCategory,
    Member,
    Office,
    Post,
    SecretaryBackground,
    Stage,
)
from orgs.once import once_a_day
from orgs.periods import during
from orgs.scoping import ScopedQuerySet

SUSPENDED: Final = "suspended"
PENDING: Final = "pending"
UNFILLED: Final = "未填"
# 年龄段: the first age of each band but the youngest
BANDS: Final = (
    ("under_36", "35岁及以下", None),
    ("36", "36至45岁", 36),
    ("46", "46至54岁", 46),
    ("55", "55至60岁", 55),
    ("61", "61岁及以上", 61),
)


def years_before(day: dt.date, years: int) -> dt.date:
    """The same day so many years earlier; 28 February where that year has no 29th."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def age_band(day: dt.date, birth: str) -> Case:
    """The key of BANDS for the completed years of age on ``day``; "" where the date of birth is not recorded."""
    oldest_first = [
        When(Q(**{f"{birth}__lte": years_before(day, first)}), then=Value(key))
        for key, _, first in reversed(BANDS)
        if first is not None
    ]
    unknown = When(Q(**{f"{birth}__isnull": True}), then=Value(""))
    return Case(unknown, *oldest_first, default=Value(BANDS[0][0]), output_field=CharField())


def stage_case(day: dt.date) -> Case:
    """Member.stage_on in SQL, with 停止党籍 as a stage of its own: a suspended member is not counted as a full one; and
    with 入党日期待补 for whom no stage can be told."""
    return Case(
        When(Member.pending_q(), then=Value(PENDING)),
        When(Member.full_q(day), then=Value(Stage.FULL.value)),
        When(full_on__lte=day, then=Value(SUSPENDED)),
        When(admitted_on__lte=day, then=Value(Stage.PROBATIONARY.value)),
        When(candidate_on__lte=day, then=Value(Stage.CANDIDATE.value)),
        When(activist_on__lte=day, then=Value(Stage.ACTIVIST.value)),
        default=Value(Stage.APPLICANT.value),
        output_field=CharField(),
    )


@once_a_day
def known(members: ScopedQuerySet, day: dt.date) -> ScopedQuerySet:
    """The persons listed on ``day``, known to the Party and not gone, each with ``standing`` (a Stage, SUSPENDED or
    PENDING), ``works_here`` (at a non-public enterprise settled in the park), ``moved_in`` (formal affiliation to an
    organization of the park in being), ``age_at``.
    """
    own = {"member": OuterRef("pk")}
    settled = during(day, prefix="enterprise__", since="settled_on", until="left_on")
    in_being = during(day, prefix="organization__", since="founded_on", until="dissolved_on")
    described: ScopedQuerySet = members.filter(Member.listed_q(day)).annotate(
        standing=stage_case(day),
        works_here=Exists(
            Employment.objects.filter(during(day), settled, enterprise__kind__in=sorted(NON_PUBLIC_KINDS), **own)
        ),
        moved_in=Exists(Affiliation.objects.filter(during(day), in_being, kind=AffiliationKind.FORMAL, **own)),
        age_at=age_band(day, "birth_on"),
    )
    return described


@once_a_day
def secretaries(offices: ScopedQuerySet, day: dt.date) -> ScopedQuerySet:
    """The secretaries in office on ``day``, with ``in_being`` of their organization and what is known of the person."""
    in_being = during(day, prefix="organization__", since="founded_on", until="dissolved_on")
    described: ScopedQuerySet = (
        offices.as_of(day)
        .filter(post=Post.SECRETARY)
        .annotate(
            in_being=flag(in_being),
            age_at=age_band(day, "member__birth_on"),
            education_on=F("member__education"),
        )
    )
    return described


MEMBERS: Final = Subject("members", "党员", "名", Member, known, personal=True)
SECRETARIES: Final = Subject("offices", "书记", "名", Office, secretaries, personal=True)

_PARTY_STAGES: Final = (Stage.FULL.value, Stage.PROBATIONARY.value)
_WORDS: Final = {
    SUSPENDED: "停止党籍",
    PENDING: "入党日期待补",
    **{stage.value: f"{stage.label}，尚未入党" for stage in Stage},
}


def _not_party(row: Any) -> str:
    return "" if row.standing in _PARTY_STAGES else _WORDS[row.standing]


def _not_working(row: Any) -> str:
    return _not_party(row) or ("" if row.works_here else "不在园区非公有制企业在职")


KNOWN: Final = Population(
    "known",
    MEMBERS,
    ~Q(standing=PENDING),
    "截至日在册的党员和正在培养的申请人、积极分子、发展对象",
    lambda row: _WORDS[PENDING] if row.standing == PENDING else "",
    outside="入党日期待补",
)
PARTY: Final = Population(
    "party",
    MEMBERS,
    Q(standing__in=_PARTY_STAGES),
    "截至日的正式党员（停止党籍的不计）和预备党员",
    _not_party,
    outside="停止党籍、尚未入党、入党日期待补",
)
WORKING: Final = Population(
    "working",
    MEMBERS,
    Q(standing__in=_PARTY_STAGES, works_here=True),
    "截至日在园区非公有制企业在职的正式党员和预备党员",
    _not_working,
    outside="停止党籍、尚未入党、入党日期待补、不在园区非公有制企业在职",
)
WITH_JOB: Final = Population(
    "with_job",
    MEMBERS,
    Q(standing__in=_PARTY_STAGES, works_here=True) & ~Q(job_category=""),
    "截至日在园区非公有制企业在职、岗位类别已填的正式党员和预备党员",
    lambda row: _not_working(row) or ("" if row.job_category else "岗位类别未填"),
    outside="停止党籍、尚未入党、入党日期待补、不在园区非公有制企业在职、岗位类别未填",
)
IN_OFFICE: Final = Population(
    "secretaries",
    SECRETARIES,
    Q(in_being=True),
    "截至日在任的书记；一人任几个党组织书记的按任职计",
    lambda row: "" if row.in_being else "党组织不在存续期",
    outside="党组织不在存续期",
)


def _count(code: str, name: str, narrows: Q, purpose: str, counts: str, source: str) -> Indicator:
    return declared(
        code,
        name,
        "截至日在册",
        PARTY,
        narrows,
        family="数量",
        purpose=purpose,
        counts=counts,
        source=source,
        gap="其余",
        measure="count",
    )


INDICATORS: Final = (
    _count(
        "members_n",
        "党员数",
        Q(pk__isnull=False),
        "年报和汇报用的总数，正式和预备合计。",
        "全部",
        "党内统计年报“党员总数”",
    ),
    _count(
        "full_members_n",
        "正式党员数",
        Q(standing=Stage.FULL.value),
        "应建未建只数正式党员，这里看总量。",
        "其中正式党员",
        "《中国共产党章程》第三十条",
    ),
    _count(
        "probationary_members_n",
        "预备党员数",
        Q(standing=Stage.PROBATIONARY.value),
        "看发展党员的规模。",
        "其中预备党员",
        "党内统计年报“预备党员”",
    ),
    declared(
        "transfer_rate",
        "组织关系转入率",
        "在职党员口径",
        WORKING,
        Q(moved_in=True),
        family="党员",
        purpose="看在企业工作的党员有多少把组织关系转到了园区，没转的由谁管。",
        counts="其中正式组织关系在园区党组织的党员",
        source="年报“组织关系在非公企业的党员总数”“组织关系不在非公企业的党员总数”两栏；"
        "《中国共产党党员教育管理工作条例》第二十五条",
        gap="未转入",
    ),
    declared(
        "middle_rate",
        "中层以上党员比例",
        "岗位类别已填口径",
        WITH_JOB,
        Q(job_category__in=(JobCategory.INVESTOR.value, JobCategory.SENIOR.value, JobCategory.MIDDLE.value)),
        family="党员",
        purpose="看党员在企业里的位置；岗位类别没填的不猜，列在剔除里。",
        counts="其中岗位类别为出资人、高层管理人员、中层管理人员的党员",
        source="地方材料“企业中层以上党员比例”的写法",
        gap="其他岗位",
    ),
)


def _of_choices(field: str, choices: Any) -> tuple[Group, ...]:
    """One group for every value, then 未填."""
    known_values = tuple(Group(str(value), str(label), Q(**{field: str(value)})) for value, label in choices)
    return (*known_values, Group("none", UNFILLED, Q(**{field: ""})))


_AGES: Final = (
    *(Group(key, label, Q(age_at=key)) for key, label, _ in BANDS),
    Group("none", UNFILLED, Q(age_at="")),
)
_STANDINGS: Final = (
    (Stage.FULL.value, "正式党员"),
    (SUSPENDED, "停止党籍"),
    (Stage.PROBATIONARY.value, "预备党员"),
    (Stage.CANDIDATE.value, "发展对象"),
    (Stage.ACTIVIST.value, "入党积极分子"),
    (Stage.APPLICANT.value, "入党申请人"),
)

COMPOSITIONS: Final[tuple[Composition, ...]] = (
    composed_of(
        "secretary_background",
        "书记来源",
        IN_OFFICE,
        _of_choices("background", SecretaryBackground.choices),
        purpose="看书记由谁担任：出资人、管理人员、上级选派还是其他。",
        source="年报非公有制企业党组织情况表：出资人担任、中层管理人员担任、上级党组织选派、其他人员担任",
    ),
    composed_of(
        "secretary_age", "书记年龄", IN_OFFICE, _AGES, purpose="看书记队伍的年龄结构。", source="党内统计年报书记年龄段"
    ),
    composed_of(
        "secretary_education",
        "书记学历",
        IN_OFFICE,
        _of_choices("education_on", Education.choices),
        purpose="看书记队伍的学历结构。",
        source="党内统计年报书记学历",
    ),
    composed_of(
        "members_by_stage",
        "发展阶段",
        KNOWN,
        tuple(Group(key, label, Q(standing=key)) for key, label in _STANDINGS),
        purpose="从申请到转正各阶段有多少人；停止党籍的单列。",
        source="《中国共产党发展党员工作细则》的五个阶段",
    ),
    composed_of(
        "member_age", "党员年龄", PARTY, _AGES, purpose="看党员队伍的年龄结构。", source="党内统计年报党员年龄段"
    ),
    composed_of(
        "member_education",
        "党员学历",
        PARTY,
        _of_choices("education", Education.choices),
        purpose="看党员队伍的学历结构。",
        source="党内统计年报党员学历",
    ),
    composed_of(
        "member_job",
        "党员岗位",
        WORKING,
        _of_choices("job_category", JobCategory.choices),
        purpose="看在职党员在企业的岗位。",
        source="地方材料“出资人、中层、一线”党员构成的写法",
    ),
)
