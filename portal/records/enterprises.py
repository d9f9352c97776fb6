"""The only place for what the pages of parks, enterprises and their coverage show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from activities.models import Activity
from metrics.coverage import ENOUGH_MEMBERS, formation_status, judged, on_day
from metrics.indicators import HEADLINES, INDICATORS, rates
from orgs.models import (
    SOLO_WAYS,
    BusinessState,
    BusinessStateKind,
    Coverage,
    Employment,
    Enterprise,
    Member,
    Park,
    PartyOrganization,
    Stage,
    WorkCoverage,
    WorkKind,
)
from orgs.periods import during
from portal.forms import BusinessStateForm, CoverageForm, EnterpriseForm, ParkForm, WorkCoverageForm
from portal.forms.base import today
from portal.grid import current_month, way_in
from portal.ledgers.enterprises import STATUS_TONES
from portal.records.parts import (
    KEPT_BY_PARK,
    MOST_LINES,
    UNKNOWN,
    Cell,
    FactKind,
    Line,
    Link,
    Look,
    RecordPage,
    Strip,
    Table,
    count,
    counting,
    is_past,
    newest_first,
    on,
    standing,
)
from portal.timeline import Lane, Span

HAVE = {True: "有", False: "无", None: "—"}
IDLE = frozenset({BusinessStateKind.SUSPENDED, BusinessStateKind.SHELL})


# Parks


def park_strip(look: Look) -> list[Strip]:
    park = look.row
    found = rates(look.see(Enterprise).in_park(park), look.day, HEADLINES)
    lead = found["org_coverage_real"]
    organizations = look.see(PartyOrganization).in_park(park).as_of(look.day).count()
    members = look.tally(Member).in_park(park).as_of(look.day)
    full = members.filter(Member.full_q(look.day)).count()
    probationary = members.filter(Member.probationary_q(look.day)).count()
    query = {"park": park.slug}
    return [
        Strip("级别和类型", park.get_level_display() or "—", park.get_kind_display()),
        Strip("所在地区", park.region_name, f"区划代码{park.region_code}"),
        Strip(
            "实体运营企业",
            f"{lead.denominator:,}家",
            f"另有{lead.excluded:,}家不计入",
            url=look.ledger("enterprises", **query),
        ),
        Strip("党组织", f"{organizations:,}个", url=look.ledger("organizations", **query)),
        Strip(
            "党员",
            f"{full + probationary:,}名",
            f"正式{full:,}名，预备{probationary:,}名",
            url=look.ledger("members", **query) if look.names_persons else "",
        ),
        meetings_strip(look, query),
        Strip("组织覆盖率", lead.short, f"{lead.numerator}/{lead.denominator}，{lead.indicator.basis}"),
    ]


def meetings_strip(look: Look, query: Mapping[str, str]) -> Strip:
    """What was filed for the month, and to who may file it, the way to the grid."""
    month = current_month(today())
    held = look.see(Activity).in_park(look.row).filter(held_on__gte=month.first, held_on__lt=month.after).count()
    entry = way_in(look.user, look.row, today())
    if entry:
        return Strip("组织生活", "按月登记", f"{month}已有{held:,}次", url=entry)
    return Strip("组织生活", f"{held:,}次", str(month), url=look.ledger("activities", **query))


def park_tables(look: Look) -> list[Table]:
    park = look.row
    found = rates(look.see(Enterprise).in_park(park), look.day)
    lines = []
    for code, rate in found.items():

        def part(number: int, name: str, code: str = code) -> Cell:
            url = look.ledger("enterprises", park=park.slug, indicator=code, part=name)
            return Cell(f"{number:,}", url if number else "", "num")

        lines.append(
            Line(
                [
                    Cell(rate.indicator.label),
                    Cell(rate.short, css="num"),
                    part(rate.numerator, "numerator"),
                    part(rate.denominator, "denominator"),
                    part(rate.gap, "gap"),
                    part(rate.excluded, "excluded"),
                ]
            )
        )
    return [
        Table(
            "rates",
            "覆盖率",
            ("指标（口径）", "率", "分子", "分母", "缺口", "剔除"),
            lines,
            "没有企业，登记企业以后这里显示各项覆盖率。",
            wide=True,
            intro=f"截至{look.day}，点数字看名单。",
        )
    ]


PARKS = RecordPage(
    slug="parks",
    model=Park,
    noun="园区",
    form=ParkForm,
    heading=lambda look: look.row.name,
    sub=lambda look: look.row.working_committee,
    strip=park_strip,
    keys=ParkForm.Meta.fields,
    tables=park_tables,
)


# Enterprises


def annotated(look: Look) -> Any:
    """The enterprise with the annotations of the day; ``None`` when it was not in the park on the day."""
    return on_day(look.see(Enterprise).filter(pk=look.row.pk), look.day).first()


def state_on(look: Look) -> BusinessState | None:
    found: BusinessState | None = look.see(BusinessState).filter(during(look.day), enterprise=look.row).first()
    return found


def enterprise_sub(look: Look) -> str:
    row = look.row
    words = [f"统一社会信用代码 {row.uscc}" if row.uscc else "统一社会信用代码未填"]
    if row.former_names:
        words.append(f"曾用名：{'、'.join(row.former_names.split())}")
    return "　".join(words)


def enterprise_strip(look: Look) -> list[Strip]:
    row, seen, state = look.row, annotated(look), state_on(look)
    strip = []
    if seen is None:
        left = row.left_on is not None and row.left_on <= look.day
        when = f"{row.left_on}迁出" if left else f"{row.settled_on}入驻"
        strip.append(Strip("组建状态", "已不在园区" if left else "尚未入驻", when, "off"))
    else:
        status = formation_status(seen)
        solo = look.see(Coverage).filter(during(look.day), enterprise=row).order_by("since").first()
        strip.append(
            Strip("组建状态", status, f"{solo.since}起" if solo and seen.covered else "", STATUS_TONES[status])
        )
    if state is None:
        strip.append(Strip("经营状态", "未填", "不计入实体运营口径", "due"))
    else:
        strip.append(Strip("经营状态", state.get_state_display(), f"{state.since}起"))
    scale = {True: "规模以上", False: "规模以下", None: "规上情况未核实"}[state.above_scale if state else None]
    size = row.get_size_display()
    strip.append(Strip("行业", row.get_industry_display() or "未填", f"{size}，{scale}" if size else scale))
    strip.append(
        Strip(
            "从业人员",
            f"{state.staff:,}名" if state and state.staff is not None else "未填",
            f"{state.since}起填报" if state and state.staff is not None else "",
        )
    )
    full = seen.full_members if seen else 0
    both = seen.members if seen else 0
    strip.append(Strip("党员", f"正式{full}名，预备{both - full}名", "在本企业工作的"))
    if seen is not None:
        counted = ["组织覆盖"] if seen.covered and seen.in_real else []
        counted += ["工作覆盖"] if seen.worked and seen.in_real else []
        text = "、".join(counted) if counted else "未覆盖" if seen.in_real else "不计入分母"
        strip.append(Strip("计入", text, "看各项指标", url="#counted"))
    return strip


def enterprise_tables(look: Look) -> list[Table]:
    row, day = look.row, look.day
    reaching = look.see(Coverage).filter(enterprise=row).select_related("organization", "enterprise")
    coverages = newest_first(judged(reaching, day), day)
    works = newest_first(look.see(WorkCoverage).filter(enterprise=row), day)
    states = newest_first(look.see(BusinessState).filter(enterprise=row), day)
    jobs = look.see(Employment).filter(enterprise=row).select_related("member")
    employed = newest_first(jobs, day)
    return [
        Table(
            "coverages",
            "组织覆盖",
            ("党组织", "组建方式", "起", "止", "状态"),
            [
                Line(
                    [
                        look.link(one.organization),
                        look.link(one, one.get_way_display()),
                        on(one.since),
                        on(one.until),
                        counting(one, day),
                    ],
                    look.acts(one),
                    is_past(one, day),
                )
                for one in coverages
            ],
            "还没有党组织覆盖这家企业。",
            look.new("coverages", "登记组织覆盖", enterprise=row.pk),
        ),
        Table(
            "works",
            "工作覆盖",
            ("形式", "人员或组织", "起", "止", "状态"),
            [
                Line(
                    [
                        look.link(one, one.get_kind_display()),
                        Cell(" ".join(filter(None, (holder_of(look, one), one.get_duty_display()))) or UNKNOWN),
                        on(one.since),
                        on(one.until),
                        standing(one, day),
                    ],
                    look.acts(one),
                    is_past(one, day),
                )
                for one in works
            ],
            "没有指导员、联络员，也没有工会、共青团、妇联组织。",
            look.new("work-coverages", "登记工作覆盖", enterprise=row.pk),
        ),
        Table(
            "states",
            "经营状态",
            ("状态", "起", "止", "从业人员", "场所", "经营", "规上"),
            [
                Line(
                    [
                        Cell(one.get_state_display()),
                        on(one.since),
                        on(one.until),
                        count(one.staff),
                        Cell(HAVE[one.fixed_premises]),
                        Cell(HAVE[one.has_operations]),
                        Cell({True: "是", False: "否", None: "—"}[one.above_scale]),
                    ],
                    look.acts(one, "states"),
                    is_past(one, day),
                )
                for one in states
            ],
            "经营状态未填，这家企业不计入实体运营口径。",
            look.new_fact("states", "变更经营状态" if states else "登记经营状态"),
        ),
        Table(
            "members",
            "在本企业工作的党员",
            ("姓名", "当日阶段", "岗位", "起", "止"),
            [
                Line(
                    [
                        look.link(one.member),
                        Cell(stage_word(one.member, day)),
                        Cell(one.job or "—"),
                        on(one.since),
                        on(one.until),
                    ],
                    (),
                    is_past(one, day),
                )
                for one in employed[:MOST_LINES]
            ],
            "没有登记在这家企业工作的党员或入党申请人。" if look.names_persons else members_counted(look),
            look.new("members", "登记党员", enterprise=row.pk),
            Link(f"台账中全部{len(employed)}名", look.ledger("members", enterprise=row.pk))
            if len(employed) > MOST_LINES
            else None,
        ),
        counted_table(look),
    ]


def holder_of(look: Look, work: WorkCoverage) -> str:
    """Who holds a work coverage; "" where that is a person the reader may not see."""
    return "" if look.withholds(work, "holder") else work.holder


def members_counted(look: Look) -> str:
    """In the place of the list of members: how many there are on the day."""
    seen = annotated(look)
    number = seen.members if seen is not None else 0
    return f"党员{number}名（{KEPT_BY_PARK}）。" if number else "没有登记在这家企业工作的党员。"


def stage_word(member: Member, day: Any) -> str:
    stage = member.stage_on(day)
    if stage is None:
        return "入党日期待补" if member.is_pending else "—"
    suspended = stage == Stage.FULL and member.is_suspended_on(day)
    return "停止党籍" if suspended else str(stage.label)


def counted_table(look: Look) -> Table:
    """In which indicators the enterprise counts on the day, and why not."""
    seen = annotated(look)
    lines = []
    if seen is not None:
        for code, rate in rates(look.see(Enterprise).filter(pk=look.row.pk), look.day).items():
            indicator = INDICATORS[code]
            if rate.numerator:
                word, why = Cell("计入分子", state="ok"), "分母、分子都计入"
            elif rate.denominator:
                word, why = Cell("计入分母", state="due"), f"在缺口里：{indicator.gap_name}"
            else:
                word, why = Cell("不计入", state="off"), indicator.why_excluded(seen)
            lines.append(Line([Cell(indicator.label), word, Cell(why)]))
    return Table(
        "counted",
        "计入哪些指标",
        ("指标（口径）", "计入", "说明"),
        lines,
        f"{look.day}这家企业不在园区，不计入任何指标。",
        intro=f"按截至{look.day}的记录；组织覆盖、工作覆盖分开计算，工作覆盖不抬高组织覆盖。",
    )


def enterprise_lanes(look: Look) -> list[Lane]:
    row = look.row
    states = list(look.see(BusinessState).filter(enterprise=row).order_by("since"))
    business = [
        Span(
            max(one.since, row.settled_on),
            one.until or row.left_on,
            one.get_state_display(),
            "g-set" if one.state == BusinessStateKind.OPERATING else "g-hat" if one.state in IDLE else "g-ins",
        )
        for one in states
        if one.until is None or one.until > row.settled_on
    ]
    first = states[0].since if states else None
    if first is None or first > row.settled_on:
        business.insert(0, Span(row.settled_on, first or row.left_on, "入驻，经营状态未填", "g-none"))
    coverages = look.see(Coverage).filter(enterprise=row).select_related("organization")
    works = list(look.see(WorkCoverage).filter(enterprise=row))

    def work(*kinds: WorkKind) -> list[Span]:
        return [
            Span(
                one.since,
                one.until,
                holder_of(look, one) or one.get_kind_display(),
                "g-ins",
                look.url(one),
            )
            for one in works
            if one.kind in kinds
        ]

    lanes = [
        Lane("入驻与经营", business),
        Lane("指导员、联络员", work(WorkKind.INSTRUCTOR, WorkKind.LIAISON), "未选派"),
        Lane(
            "组织覆盖",
            [
                Span(
                    one.since,
                    one.until,
                    f"{one.get_way_display()}：{one.organization}",
                    "g-solo" if one.way in SOLO_WAYS else "g-joint",
                    look.url(one),
                )
                for one in coverages
            ],
            "无组织覆盖",
        ),
        Lane("工会", work(WorkKind.TRADE_UNION), "未建立"),
        Lane("共青团", work(WorkKind.YOUTH_LEAGUE), "未建立"),
        Lane("妇联", work(WorkKind.WOMENS_FEDERATION), "未建立"),
    ]
    leaders = work(WorkKind.LEADER_CONTACT)
    return [*lanes, Lane("领导联系", leaders)] if leaders else lanes


ENTERPRISES = RecordPage(
    slug="enterprises",
    model=Enterprise,
    noun="企业",
    form=EnterpriseForm,
    heading=lambda look: look.row.name,
    sub=enterprise_sub,
    strip=enterprise_strip,
    keys=(
        "kind",
        "industry",
        "industry_code",
        "size",
        "subordination",
        "sector_authority",
        "locality",
        "settled_on",
        "left_on",
        "address",
        "contact",
        "phone",
        "note",
    ),
    tables=enterprise_tables,
    lanes=enterprise_lanes,
    facts=(FactKind("states", BusinessState, "enterprise", BusinessStateForm),),
    followed=((Coverage, "enterprise"), (WorkCoverage, "enterprise")),
    related=("park",),
)


# Coverage and work coverage


def coverage_strip(look: Look) -> list[Strip]:
    row = look.row
    found = look.see(Coverage).filter(pk=row.pk).select_related("organization", "enterprise")
    now = counting(judged(found, look.day).get(), look.day)
    seen = on_day(look.see(Enterprise).filter(pk=row.enterprise_id), look.day).first()
    heads = seen.full_members if seen is not None else 0
    return [
        Strip("状态", now.text, f"截至{look.day}", now.state),
        Strip("企业", str(row.enterprise), row.enterprise.get_kind_display(), url=look.url(row.enterprise)),
        Strip("党组织", str(row.organization), row.organization.get_kind_display(), url=look.url(row.organization)),
        Strip("组建方式", row.get_way_display(), f"{row.since}起" + (f"，{row.until}止" if row.until else "")),
        Strip(
            "企业正式党员",
            f"{heads}名",
            f"达到{ENOUGH_MEMBERS}名，应当单独组建" if heads >= ENOUGH_MEMBERS and row.way not in SOLO_WAYS else "",
        ),
    ]


COVERAGES = RecordPage(
    slug="coverages",
    model=Coverage,
    noun="组织覆盖",
    form=CoverageForm,
    heading=lambda look: f"{look.row.organization}覆盖{look.row.enterprise}",
    sub=lambda look: f"{look.row.get_way_display()}，{look.row.since}起",
    strip=coverage_strip,
    keys=("way", "since", "until", "doc"),
    related=("organization__park", "enterprise"),
)


def work_strip(look: Look) -> list[Strip]:
    row = look.row
    now = standing(row, look.day)
    return [
        Strip("状态", now.text, f"截至{look.day}", now.state),
        Strip("企业", str(row.enterprise), row.enterprise.get_kind_display(), url=look.url(row.enterprise)),
        Strip("覆盖形式", row.get_kind_display(), row.get_duty_display()),
        Strip("人员或组织", holder_of(look, row) or UNKNOWN, "" if look.withholds(row, "phone") else row.phone),
        Strip("起止", f"{row.since}起", f"{row.until}止" if row.until else "仍有效"),
    ]


WORK_COVERAGES = RecordPage(
    slug="work-coverages",
    model=WorkCoverage,
    noun="工作覆盖",
    form=WorkCoverageForm,
    heading=lambda look: f"{look.row.enterprise}：{look.row.get_kind_display()}",
    sub=lambda look: holder_of(look, look.row),
    strip=work_strip,
    keys=("kind", "holder", "duty", "phone", "since", "until", "note"),
    related=("enterprise__park",),
)
