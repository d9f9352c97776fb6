"""The only place that lists the indicators; tile, list, workbook, print and public page all ask here."""

from collections.abc import Mapping
from typing import Final

from metrics.indicators import enterprises, members, organizations, ways
from metrics.indicators.shape import Composition, Indicator

INDICATORS: Final[Mapping[str, Indicator]] = {
    indicator.code: indicator for indicator in (*enterprises.RATES, *organizations.INDICATORS, *members.INDICATORS)
}
COMPOSITIONS: Final[Mapping[str, Composition]] = {
    one.code: one for one in (*ways.COMPOSITIONS, *organizations.COMPOSITIONS, *members.COMPOSITIONS)
}

# 记录尚不支持: what published texts count and the records can not answer yet, with what is missing
UNSUPPORTED: Final = (
    ("覆盖率（未写明分母）", "原文没有写明分母，只能照原文摘录在成果指标台账，不重算"),
    ("履诺率", "还没有承诺事项台账"),
    ("诉求办结率、按期办结率、满意率", "还没有企业诉求台账"),
    ("双带头人比例", "没有记录书记是否兼为业务带头人，文献里分母也有两种写法"),
    ("党员学时达标率", "活动没有记录学时，缺席以外的到会人没有逐名登记"),
    ("党费按时交纳率", "不登记党费"),
    ("党课执行率", "条例没有规定党支部讲党课的次数，党委书记讲课没有逐人登记"),
    ("党小组会执行率", "没有登记党支部划分了哪些党小组"),
)

HEADLINES: Final = tuple(code for code, indicator in INDICATORS.items() if indicator.headline)
LEAD: Final = "org_coverage_real"
