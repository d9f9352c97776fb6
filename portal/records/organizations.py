"""The only place for what the pages of Party organizations, offices and organization life show."""

from __future__ import annotations

from collections import Counter

from activities.models import Activity, Attendance, AttendanceStatus
from metrics.coverage import judged, why_uncounted
from orgs.models import (
    SOLO_WAYS,
    Affiliation,
    AffiliationKind,
    Coverage,
    Election,
    Member,
    Office,
    PartyOrganization,
    Post,
    Subordination,
)
from orgs.periods import contains, during
from orgs.scoping import ScopedQuerySet
from portal.forms import ActivityForm, ElectionForm, OfficeForm, OrganizationForm, SubordinationForm
from portal.forms.base import add_months
from portal.records.enterprises import stage_word
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

# 届满前6个月提醒（支部工作条例第二十一条）
AHEAD_MONTHS = 6
RECENT = 10


def superiors(look: Look) -> list[PartyOrganization]:
    """The chain above the organization as of the day, the nearest first."""
    chain: list[PartyOrganization] = []
    current, seen = look.row.pk, {look.row.pk}
    while True:
        step = look.see(Subordination).filter(during(look.day), organization_id=current).select_related("superior")
        link = step.first()
        if link is None or link.superior_id in seen:
            return chain
        chain.append(link.superior)
        current = link.superior_id
        seen.add(current)


def term_on(look: Look) -> Election | None:
    found: Election | None = (
        look.see(Election).filter(organization=look.row, held_on__lte=look.day).order_by("-held_on").first()
    )
    return found


def term_strip(look: Look) -> Strip:
    term = term_on(look)
    if term is None:
        return Strip("任期届满", "未登记选举")
    ends = term.extended_to or term.expires_on
    small = "已批准延期" if term.extended_to else f"{term.held_on}选举"
    if ends <= look.day:
        return Strip("任期届满", ends.isoformat(), "届满未换届", "late")
    if ends <= add_months(look.day, AHEAD_MONTHS):
        return Strip("任期届满", ends.isoformat(), "六个月内届满，请准备换届", "due")
    return Strip("任期届满", ends.isoformat(), small)


def organization_strip(look: Look) -> list[Strip]:
    row, day = look.row, look.day
    alive = contains(row.founded_on, row.dissolved_on, day)
    chain = superiors(look)
    here = look.tally(Affiliation).filter(during(day), organization=row).exclude(kind=AffiliationKind.TEMPORARY)
    members = look.tally(Member).filter(pk__in=here.values("member"))
    full = members.filter(Member.full_q(day)).count()
    probationary = members.filter(Member.probationary_q(day)).count()
    return [
        Strip("类别", row.get_kind_display(), "计入组织覆盖" if row.is_counted else "不计入组织覆盖"),
        Strip(
            "状态",
            "在册" if alive else "已撤销" if row.dissolved_on and row.dissolved_on <= day else "尚未成立",
            f"{row.founded_on}成立" if alive or not row.dissolved_on else f"{row.dissolved_on}撤销",
            "ok" if alive else "off",
        ),
        Strip("上级", str(chain[0]), "直接上级", url=look.url(chain[0])) if chain else Strip("上级", "未登记"),
        secretary_strip(look, alive and row.is_counted),
        Strip("党员", f"{full + probationary}名", f"正式{full}名，预备{probationary}名"),
        covered_strip(look),
        *([term_strip(look)] if row.is_counted else []),
    ]


def covered_strip(look: Look) -> Strip:
    """How many enterprises the ledger counts for it on the day, and why the others that it covers do not count."""
    day = look.day
    held = list(coverages_of(look).filter(during(day)))
    covered = {one.enterprise_id for one in held if one.counts}
    others = {one.enterprise_id: why_uncounted(one, day) for one in held if one.enterprise_id not in covered}
    reasons = Counter(others.values()).most_common()
    told = "、".join(why if len(reasons) == 1 else f"{why}{number}家" for why, number in reasons)
    return Strip("覆盖企业", f"{len(covered)}家", f"另有{len(others)}家不计入：{told}" if others else f"截至{day}")


def coverages_of(look: Look) -> ScopedQuerySet:
    found = look.see(Coverage).filter(organization=look.row).select_related("enterprise", "organization")
    return judged(found, look.day)


def secretary_strip(look: Look, is_needed: bool) -> Strip:
    """The secretary of the day; to those who may not see persons, whether there is one."""
    held = look.tally(Office).filter(during(look.day), organization=look.row, post=Post.SECRETARY)
    secretary = held.select_related("member").order_by("-since", "-pk").first()  # as the ledger: the last appointed
    if secretary is None:
        return Strip("书记", "空缺", "应当及时补选", "due" if is_needed else "")
    background = secretary.get_background_display()
    if not look.names_persons:
        return Strip("书记", "在任", background)
    return Strip("书记", str(secretary.member), background, url=look.url(secretary.member))


def posts_counted(look: Look) -> str:
    """In the place of the list of posts: how many persons hold one on the day."""
    held = look.tally(Office).filter(during(look.day), organization=look.row).values("member").distinct().count()
    return f"现任班子{held}人（{KEPT_BY_PARK}）。" if held else "现在没有在任的书记和委员。"


def members_counted(look: Look) -> str:
    """In the place of the list of members: how many of the Party belong here on the day."""
    party = Member.full_q(look.day, "member__") | Member.probationary_q(look.day, "member__")
    belonging = look.tally(Affiliation).filter(during(look.day), party, organization=look.row)
    number = belonging.values("member").distinct().count()
    return f"党员{number}名（{KEPT_BY_PARK}）。" if number else "还没有党员编入这个党组织。"


def organization_tables(look: Look) -> list[Table]:
    row, day = look.row, look.day
    above = newest_first(look.see(Subordination).filter(organization=row).select_related("superior"), day)
    below = newest_first(look.see(Subordination).filter(superior=row).select_related("organization"), day)
    offices = newest_first(look.see(Office).filter(organization=row).select_related("member"), day)
    coverages = newest_first(coverages_of(look), day)
    elections = list(look.see(Election).filter(organization=row).order_by("-held_on"))
    members = newest_first(look.see(Affiliation).filter(organization=row).select_related("member"), day)
    meetings = look.see(Activity).filter(organization=row).as_of(day)
    held = meetings.count()
    chain = superiors(look)
    return [
        Table(
            "offices",
            "班子",
            ("职务", "姓名", "书记来源", "起", "止"),
            [
                Line(
                    [
                        look.link(one, one.get_post_display()),
                        look.link(one.member),
                        Cell(one.get_background_display() or UNKNOWN),
                        on(one.since),
                        on(one.until),
                    ],
                    look.acts(one),
                    is_past(one, day),
                )
                for one in offices
            ],
            "还没有登记书记和委员。" if look.names_persons else posts_counted(look),
            look.new("offices", "登记任职", organization=row.pk),
        ),
        Table(
            "superiors",
            "上级党组织",
            ("上级", "文号", "起", "止", "状态"),
            [
                Line(
                    [
                        look.link(one.superior),
                        Cell(one.doc or UNKNOWN),
                        on(one.since),
                        on(one.until),
                        standing(one, day),
                    ],
                    look.acts(one, "superiors"),
                    is_past(one, day),
                )
                for one in above
            ],
            "没有登记上级党组织。",
            look.new_fact("superiors", "变更上级" if above else "登记上级"),
            intro=f"截至{day}：{' → '.join([str(row), *map(str, chain)])}" if chain else "",
        ),
        Table(
            "coverages",
            "覆盖企业",
            ("企业", "组建方式", "起", "止", "状态"),
            [
                Line(
                    [
                        look.link(one.enterprise),
                        look.link(one, one.get_way_display()),
                        on(one.since),
                        on(one.until),
                        counting(one, day),
                    ],
                    look.acts(one),
                    is_past(one, day),
                )
                for one in coverages[:MOST_LINES]
            ],
            "还没有覆盖企业。",
            look.new("coverages", "登记组织覆盖", organization=row.pk),
            Link(f"台账中全部{len(coverages)}条", look.ledger("coverages", organization=row.pk))
            if len(coverages) > MOST_LINES
            else None,
        ),
        Table(
            "elections",
            "换届选举",
            ("选举日期", "任期", "届满日期", "延期至", "文号"),
            [
                Line(
                    [
                        on(one.held_on),
                        Cell(f"{one.term_years}年"),
                        on(one.expires_on),
                        on(one.extended_to),
                        Cell(one.doc or UNKNOWN),
                    ],
                    look.acts(one, "elections"),
                    (one.extended_to or one.expires_on) <= day,
                )
                for one in elections
            ],
            "没有登记选举，任期届满无从提醒。",
            look.new_fact("elections", "登记选举"),
        ),
        Table(
            "members",
            "党员",
            ("姓名", "当日阶段", "组织关系", "起", "止"),
            [
                Line(
                    [
                        look.link(one.member),
                        Cell(stage_word(one.member, day)),
                        Cell(one.get_kind_display()),
                        on(one.since),
                        on(one.until),
                    ],
                    (),
                    is_past(one, day),
                )
                for one in members[:MOST_LINES]
            ],
            "还没有党员编入这个党组织。" if look.names_persons else members_counted(look),
            look.new("members", "登记党员", organization=row.pk),
            Link(f"台账中全部{len(members)}名", look.ledger("members", organization=row.pk))
            if len(members) > MOST_LINES
            else None,
        ),
        Table(
            "activities",
            "组织生活",
            ("日期", "类型", "议题或主题", "到会"),
            [
                Line(
                    [
                        on(one.held_on),
                        Cell(one.get_kind_display()),
                        look.link(one, one.title),
                        Cell(f"{one.present}/{one.due}名", css="num"),
                    ]
                )
                for one in meetings.order_by("-held_on", "-pk")[:RECENT]
            ],
            "还没有登记会议和活动。",
            look.new("activities", "登记组织生活", organization=row.pk),
            Link(f"全部{held}次", look.ledger("activities", organization=row.pk)) if held > RECENT else None,
        ),
        *(
            [
                Table(
                    "subordinates",
                    "下级党组织",
                    ("党组织", "类别", "起", "止"),
                    [
                        Line(
                            [
                                look.link(one.organization),
                                Cell(one.organization.get_kind_display()),
                                on(one.since),
                                on(one.until),
                            ],
                            (),
                            is_past(one, day),
                        )
                        for one in below[:MOST_LINES]
                    ],
                    "没有下级党组织。",
                    look.new("organizations", "登记下级党组织", superior=row.pk),
                )
            ]
            if below or not row.kind.endswith("branch")
            else []
        ),
    ]


def organization_lanes(look: Look) -> list[Lane]:
    row = look.row
    above = look.see(Subordination).filter(organization=row).select_related("superior")
    offices = look.tally(Office).filter(organization=row, post=Post.SECRETARY).select_related("member")
    coverages = look.see(Coverage).filter(organization=row).select_related("enterprise").order_by("since")
    lanes = [
        Lane("成立", [Span(row.founded_on, row.dissolved_on, row.get_kind_display(), "g-set")]),
        Lane(
            "上级",
            [Span(one.since, one.until, str(one.superior), "g-ins", look.url(one.superior)) for one in above],
            "未登记",
        ),
        Lane(
            "书记",
            [
                Span(one.since, one.until, str(one.member), "g-ins", look.url(one))
                if look.names_persons
                else Span(one.since, one.until, "在任", "g-ins")
                for one in offices
            ],
            "空缺",
        ),
        Lane(
            "任期",
            [
                Span(one.held_on, one.extended_to or one.expires_on, f"{one.held_on}选举", "g-un")
                for one in look.see(Election).filter(organization=row)
            ],
            "未登记选举",
        ),
    ]
    first = list(coverages[:6])
    if len(first) < 6:
        lanes.append(
            Lane(
                "覆盖企业",
                [
                    Span(
                        one.since,
                        one.until,
                        str(one.enterprise),
                        "g-solo" if one.way in SOLO_WAYS else "g-joint",
                        look.url(one),
                    )
                    for one in first
                ],
                "无",
            )
        )
    return lanes


ORGANIZATIONS = RecordPage(
    slug="organizations",
    model=PartyOrganization,
    noun="党组织",
    form=OrganizationForm,
    heading=lambda look: look.row.name,
    sub=lambda look: f"简称：{look.row.short_name}" if look.row.short_name != look.row.name else "",
    strip=organization_strip,
    keys=("kind", "founded_on", "founded_doc", "dissolved_on", "dissolved_doc", "phone", "note"),
    tables=organization_tables,
    lanes=organization_lanes,
    facts=(
        FactKind("superiors", Subordination, "organization", SubordinationForm),
        FactKind("elections", Election, "organization", ElectionForm),
    ),
    followed=((Office, "organization"), (Coverage, "organization")),
    related=("park",),
)


def office_strip(look: Look) -> list[Strip]:
    row = look.row
    now = standing(row, look.day)
    return [
        Strip("状态", now.text, f"截至{look.day}", now.state),
        Strip("党组织", str(row.organization), row.organization.get_kind_display(), url=look.url(row.organization)),
        Strip("姓名", str(row.member), stage_word(row.member, look.day), url=look.url(row.member)),
        Strip("党内职务", row.get_post_display(), row.get_background_display()),
        Strip("任期", f"{row.since}起", f"{row.until}止" if row.until else "现任"),
    ]


OFFICES = RecordPage(
    slug="offices",
    model=Office,
    noun="党内任职",
    form=OfficeForm,
    heading=lambda look: f"{look.row.organization}{look.row.get_post_display()} {look.row.member}",
    sub=lambda look: "",
    strip=office_strip,
    keys=("post", "background", "since", "until"),
    related=("organization__park", "member"),
)


def activity_strip(look: Look) -> list[Strip]:
    row = look.row
    return [
        Strip("党组织", str(row.organization), row.organization.get_kind_display(), url=look.url(row.organization)),
        Strip("类型", row.get_kind_display(), row.get_mode_display()),
        Strip("日期", row.held_on.isoformat(), row.place),
        Strip("到会", f"{row.present}/{row.due}名", f"请假{row.on_leave}名，缺席{row.absent}名"),
        *([] if look.withholds(row, "host") else [Strip("主持人", row.host or UNKNOWN)]),
    ]


def nobody_named(look: Look) -> str:
    """In the place of the persons named: that none is, or that the reader may not see them."""
    if not look.names_persons and (named := look.tally(Attendance).filter(activity=look.row).count()):
        return f"点名登记{named}人（{KEPT_BY_PARK}）。"
    return "没有点名登记请假、缺席的人员。" if look.row.present < look.row.due else "全员到会。"


def activity_tables(look: Look) -> list[Table]:
    named = look.see(Attendance).filter(activity=look.row).select_related("member")
    words = {AttendanceStatus.ON_LEAVE: "due", AttendanceStatus.ABSENT: "late"}
    return [
        Table(
            "attendances",
            "点名登记的人员",
            ("姓名", "到会情况", "请假事由"),
            [
                Line(
                    [
                        look.link(one.member),
                        Cell(one.get_status_display(), state=words.get(AttendanceStatus(one.status), "ok")),
                        Cell(one.get_reason_display() or UNKNOWN),
                    ]
                )
                for one in named.order_by("status", "member__order_key", "pk")
            ],
            nobody_named(look),
        ),
        Table(
            "counts",
            "人数",
            ("应到", "实到", "请假", "缺席"),
            [Line([count(look.row.due), count(look.row.present), count(look.row.on_leave), count(look.row.absent)])],
            "",
        ),
    ]


ACTIVITIES = RecordPage(
    slug="activities",
    model=Activity,
    noun="组织生活",
    form=ActivityForm,
    heading=lambda look: look.row.title,
    sub=lambda look: f"{look.row.organization}，{look.row.held_on}，{look.row.get_kind_display()}",
    strip=activity_strip,
    keys=("kind", "held_on", "title", "host", "place", "mode", "content"),
    tables=activity_tables,
    followed=((Attendance, "activity"),),
    related=("organization__park",),
)
