"""The only place that declares the rates over enterprises: the coverage family, each variant an indicator of its own.

The conditions are over the annotations of :func:`metrics.coverage.on_day`; counts, names, groups and the month summary
are the same conditions, so they can not disagree.
"""

from typing import Any, Final

from django.db.models import Q

from metrics.coverage import ENOUGH_MEMBERS, QUALIFIED, on_day, why_not_operating
from metrics.indicators.declaring import declared
from metrics.indicators.shape import Population, Subject
from orgs.models import BusinessStateKind, Enterprise

ENTERPRISES: Final = Subject("enterprises", "企业", "家", Enterprise, on_day)

ALL: Final = Q(in_all=True)
REAL: Final = Q(in_real=True)
UNCOVERED: Final = Q(in_real=True, covered=False)
COVERED: Final = Q(covered=True)
REACHED: Final = Q(covered=True) | Q(worked=True)

_SHELL: Final = BusinessStateKind.SHELL


def _outside_all(row: Any) -> str:
    if row.in_all:
        return ""
    return why_not_operating(row) or "注销"


def _clean_why(row: Any) -> str:
    return _outside_all(row) or ("空壳" if row.state_on == _SHELL else "")


def _narrower(holds: Any, reason: str) -> Any:
    """Outside N_real with its reason there; inside N_real, but where ``holds`` is false, with ``reason``."""
    return lambda row: why_not_operating(row) or ("" if holds(row) else reason)


def _unqualified(row: Any) -> str:
    if why_not_operating(row):
        return why_not_operating(row)
    if row.covered or row.full_members >= ENOUGH_MEMBERS:
        return ""
    return "仅有个别党员" if row.members else "没有党员"


# What puts an enterprise outside N_real, as why_not_operating says
_OUTSIDE: Final = "非非公企业、经营状态未填、筹建、停产停业、空壳、迁出、吊销、注销"

IN_ALL: Final = Population(
    "all",
    ENTERPRISES,
    ALL,
    "截至日在园区、未注销的非公有制企业",
    _outside_all,
    COVERED & ~ALL,
    outside="非非公企业、注销",
)
IN_CLEAN: Final = Population(
    "clean",
    ENTERPRISES,
    Q(in_clean=True),
    "截至日在园区、未注销的非公有制企业，剔除登记为空壳的",
    _clean_why,
    COVERED & ~Q(in_clean=True),
    outside="非非公企业、空壳、注销",
)
IN_REAL: Final = Population(
    "real",
    ENTERPRISES,
    REAL,
    "截至日在园区、经营状态为正常经营的非公有制企业",
    why_not_operating,
    COVERED & ~REAL,
    outside=_OUTSIDE,
)
IN_THREE_HAVES: Final = Population(
    "three_haves",
    ENTERPRISES,
    Q(in_three_haves=True),
    "正常经营且有固定经营场所、职工达到本园区下限（一般10名）、有生产经营活动的非公有制企业",
    _narrower(lambda row: row.in_three_haves, "“三有”不全或未填"),
    COVERED & ~REAL,
    outside=f"{_OUTSIDE}、“三有”不全或未填",
)
IN_SCALE: Final = Population(
    "scale",
    ENTERPRISES,
    Q(in_scale=True),
    "正常经营的规模以上非公有制企业",
    _narrower(lambda row: row.in_scale, "规模以下或未填"),
    COVERED & ~REAL,
    outside=f"{_OUTSIDE}、规模以下或未填",
)
WITH_MEMBERS: Final = Population(
    "with_members",
    ENTERPRISES,
    Q(in_real=True, members__gte=1),
    "正常经营的非公有制企业中，有正式党员或预备党员在职的",
    _narrower(lambda row: row.members, "没有党员"),
    COVERED & ~REAL,
    outside=f"{_OUTSIDE}、没有党员",
)
IN_QUALIFIED: Final = Population(
    "qualified",
    ENTERPRISES,
    QUALIFIED,
    "正常经营的非公有制企业中，正式党员3名以上的，以及已经建立党组织的",
    _unqualified,
    COVERED & ~REAL,
    outside=f"{_OUTSIDE}、仅有个别党员、没有党员",
)
NOT_COVERED: Final = Population(
    "uncovered",
    ENTERPRISES,
    UNCOVERED,
    "正常经营而未建立党组织的非公有制企业",
    _narrower(lambda row: not row.covered, "已建立党组织"),
    outside=f"{_OUTSIDE}、已建立党组织",
)
IN_JOINT: Final = Population(
    "joint",
    ENTERPRISES,
    Q(in_real=True, covered=True, solo=False),
    "正常经营、只以联合等方式建立党组织的非公有制企业",
    _narrower(lambda row: row.covered and not row.solo, "未建立党组织或已单独建立"),
    COVERED & ~REAL,
    outside=f"{_OUTSIDE}、未建立党组织或已单独建立",
)
STAFF_50: Final = Population(
    "staff_50",
    ENTERPRISES,
    Q(in_staff_50=True),
    "正常经营的非公有制企业中，从业人员50人以上的",
    _narrower(lambda row: row.in_staff_50, "从业人员不足50人或未填"),
    COVERED & ~REAL,
    outside=f"{_OUTSIDE}、从业人员不足50人或未填",
)
STAFF_100: Final = Population(
    "staff_100",
    ENTERPRISES,
    Q(in_staff_100=True),
    "正常经营的非公有制企业中，从业人员100人以上的",
    _narrower(lambda row: row.in_staff_100, "从业人员不足100人或未填"),
    COVERED & ~REAL,
    outside=f"{_OUTSIDE}、从业人员不足100人或未填",
)

_BUILT: Final = "已单独、联合等方式建立党组织，且党组织在册、组建方式计入的企业"


RATES: Final = (
    declared(
        "org_coverage_real",
        "组织覆盖率",
        "实体运营口径",
        IN_REAL,
        COVERED,
        family="组织覆盖",
        purpose="看实体运营的企业有多少已经建立党组织，是对外和考核常用的一个。",
        counts=f"其中{_BUILT}",
        source="地方“两个覆盖”考核通行定义：已建立党组织的企业数与实体运营的非公有制企业总数之比",
        gap="无组织覆盖",
        headline=True,
    ),
    declared(
        "solo_rate_real",
        "单独组建率",
        "实体运营口径",
        IN_REAL,
        Q(solo=True),
        family="组织覆盖",
        purpose="看有多少企业有自己单独的党组织，与联合组建分开。",
        counts="其中以单独组建或同步改组方式建立党组织的企业",
        source="地方“两个覆盖”考核通行定义：单独建立党组织的企业数与实体运营的非公有制企业总数之比",
        gap="未单独组建",
        headline=True,
    ),
    declared(
        "should_built_rate",
        "应建已建率",
        "符合条件口径",
        IN_QUALIFIED,
        COVERED,
        family="组织覆盖",
        purpose="看具备条件的企业是否都建了，缺口就是应建未建。",
        counts=f"其中{_BUILT}",
        source="《中国共产党章程》第三十条；《中国共产党支部工作条例（试行）》第四条",
        gap="应建未建",
        headline=True,
    ),
    declared(
        "work_coverage_broad",
        "工作覆盖率",
        "含已建组织企业",
        IN_REAL,
        REACHED,
        family="工作覆盖",
        purpose="看党的工作到达了多少企业，已建组织的也算到达。",
        counts="其中已建立党组织，或派有党建工作指导员、联络员，或建有工会、共青团组织的企业",
        source="党的工作全覆盖的通行途径：建立党组织、选派指导员（联络员）、加强群团组织建设",
        gap="无覆盖",
        headline=True,
    ),
    declared(
        "two_coverage",
        "“两个覆盖”率",
        "实体运营口径",
        IN_REAL,
        REACHED,
        family="工作覆盖",
        purpose="看组织覆盖、工作覆盖合起来还漏了谁。",
        counts="其中组织覆盖、工作覆盖至少有一项的企业",
        source="“两个覆盖”即党的组织覆盖和党的工作覆盖",
        gap="无覆盖",
        headline=True,
    ),
    declared(
        "effective_coverage",
        "有效覆盖率",
        "实体运营口径",
        IN_REAL,
        Q(effective=True),
        family="组织覆盖",
        purpose="与组织覆盖率并看：已建的党组织中，有书记、任期未满、按期过组织生活的才算。",
        counts="其中至少被一个这样的党组织覆盖的企业：有在任书记；任期未届满或经批准延期；上一季度开过支部党员大会、"
        "三个月各有主题党日（党委、党总支和当季新成立的不要求）",
        source="《中国共产党支部工作条例（试行）》第十一条、第十六条；《关于党的基层组织任期的意见》",
        gap="未有效覆盖",
    ),
    declared(
        "org_coverage_all",
        "组织覆盖率",
        "全部企业口径",
        IN_ALL,
        COVERED,
        family="组织覆盖",
        purpose="与历年公报的占比对照，停产、空壳、状态未填的都在分母里。",
        counts=f"其中{_BUILT}",
        source="全国历年公报的占比算法，以企业总数为分母",
        gap="无组织覆盖",
    ),
    declared(
        "org_coverage_clean",
        "组织覆盖率",
        "剔除空壳口径",
        IN_CLEAN,
        COVERED,
        family="组织覆盖",
        purpose="地方要求先剔除空壳企业再算的，用这一个。",
        counts=f"其中{_BUILT}",
        source="地方文件：将“僵尸”“空壳”、名存实亡、“一企多照”企业统一剔除后计算",
        gap="无组织覆盖",
    ),
    declared(
        "org_coverage_sanyou",
        "组织覆盖率",
        "“三有”企业口径",
        IN_THREE_HAVES,
        COVERED,
        family="组织覆盖",
        purpose="只看有场所、有人员、有经营的企业，是摸排应建对象时用的口径。",
        counts=f"其中{_BUILT}",
        source="地方文件中“三有”企业的定义；职工数下限由园区设定",
        gap="无组织覆盖",
    ),
    declared(
        "solo_rate_all",
        "单独组建率",
        "全部企业口径",
        IN_ALL,
        Q(solo=True),
        family="组织覆盖",
        purpose="与以企业总数为分母的外地数字对照。",
        counts="其中以单独组建或同步改组方式建立党组织的企业",
        source="部分城市公布的单独组建率，以企业总数为分母",
        gap="未单独组建",
    ),
    declared(
        "formation_rate_member",
        "组建率",
        "有党员企业口径",
        WITH_MEMBERS,
        COVERED,
        family="组织覆盖",
        purpose="看有党员的企业是否都纳入了党组织。",
        counts=f"其中{_BUILT}",
        source="“有党员的企业全部建立党组织”的考核口径",
        gap="有党员未建",
    ),
    declared(
        "formation_rate_scale",
        "规上企业组建率",
        "规模以上口径",
        IN_SCALE,
        COVERED,
        family="组织覆盖",
        purpose="看规模以上企业的组建情况。",
        counts=f"其中{_BUILT}",
        source="“规模以上非公企业建立党组织”的公报口径",
        gap="规上未建",
    ),
    declared(
        "solo_rate_scale",
        "规上企业单独组建率",
        "规模以上口径",
        IN_SCALE,
        Q(solo=True),
        family="组织覆盖",
        purpose="部分地方要求规模以上企业单独组建。",
        counts="其中以单独组建或同步改组方式建立党组织的企业",
        source="地方文件对规模以上企业单独组建的要求",
        gap="规上未单独组建",
    ),
    declared(
        "staff100_formation_rate",
        "100人以上企业组建率",
        "从业人员100人以上",
        STAFF_100,
        COVERED,
        family="组织覆盖",
        purpose="对应年报“从业人员100人以上企业”一栏。",
        counts=f"其中{_BUILT}",
        source="年报非公有制企业党组织情况表“从业人员100人以上企业”栏",
        gap="100人以上未建",
    ),
    declared(
        "staff50_member_rate",
        "50人以上企业有党员率",
        "从业人员50人以上",
        STAFF_50,
        Q(members__gte=1),
        family="党员",
        purpose="对应年报“从业人员50人以上企业”一栏，找出还没有党员的企业。",
        counts="其中有正式党员或预备党员在职的企业",
        source="年报非公有制企业党组织情况表“从业人员50人以上企业”栏",
        gap="50人以上无党员",
    ),
    declared(
        "work_coverage_strict",
        "工作覆盖率",
        "未建组织企业",
        NOT_COVERED,
        Q(worked=True),
        family="工作覆盖",
        purpose="没建组织的企业里，有多少有人管。",
        counts="其中派有党建工作指导员、联络员，或建有工会、共青团组织的企业",
        source="工作覆盖只对未建立党组织的企业而言的口径",
        gap="无覆盖",
    ),
    declared(
        "instructor_rate",
        "指导员覆盖率",
        "未建组织企业",
        NOT_COVERED,
        Q(instructed=True),
        family="工作覆盖",
        purpose="没建组织的企业里，有多少派了指导员。",
        counts="其中已派党建工作指导员的企业",
        source="年报“已派党建工作指导员的”一行",
        gap="未派指导员",
    ),
    declared(
        "instructor_rate_all",
        "指导员联系率",
        "全部企业口径",
        IN_ALL,
        Q(instructed=True),
        family="工作覆盖",
        purpose="与“指导员覆盖率”分母不同：已建组织的企业也在内。",
        counts="其中党建工作指导员联系的企业",
        source="年报“党建工作指导员联系的”一行",
        gap="无指导员联系",
    ),
    declared(
        "union_rate",
        "工会组建率",
        "实体运营口径",
        IN_REAL,
        Q(unions=True),
        family="群团",
        purpose="看以党建带工建的到达面。",
        counts="其中建有工会组织的企业",
        source="“是否健全群团组织：工会、共青团、妇联”的检查口径",
        gap="无工会",
    ),
    declared(
        "league_rate",
        "共青团组建率",
        "实体运营口径",
        IN_REAL,
        Q(leagues=True),
        family="群团",
        purpose="看以党建带团建的到达面。",
        counts="其中建有共青团组织的企业",
        source="“是否健全群团组织：工会、共青团、妇联”的检查口径",
        gap="无共青团",
    ),
    declared(
        "womens_rate",
        "妇联组建率",
        "实体运营口径",
        IN_REAL,
        Q(womens=True),
        family="群团",
        purpose="看妇联组织的到达面；妇联是否计入工作覆盖由园区设定。",
        counts="其中建有妇联组织的企业",
        source="“是否健全群团组织：工会、共青团、妇联”的检查口径",
        gap="无妇联",
    ),
    declared(
        "solo_due",
        "联合党支部中应单独组建数",
        "联合组建企业口径",
        IN_JOINT,
        Q(full_members__gte=ENOUGH_MEMBERS),
        family="组织覆盖",
        purpose="联合组建的企业里，正式党员已有3名以上、可以单独建立的，是党务干事的待办。",
        counts="其中有正式党员3名以上的企业",
        source="《中国共产党支部工作条例（试行）》第四条（以单独组建为主要方式）；年报“已建立联合党支部”中“具有3名以上党员的”一行",
        gap="党员不足3名",
        measure="count",
    ),
)
