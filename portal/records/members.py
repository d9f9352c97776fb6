"""The only place for what the pages of Party members and of stated figures show."""

from __future__ import annotations

from activities.models import Attendance, AttendanceStatus
from metrics.models import Statement
from orgs.models import (
    STAGE_DATES,
    Affiliation,
    AffiliationKind,
    Employment,
    Member,
    Office,
    Stage,
)
from orgs.models.member import whole_years
from orgs.periods import during
from portal.forms import AffiliationForm, EmploymentForm, MemberForm, StatementForm
from portal.records.enterprises import stage_word
from portal.records.parts import (
    UNKNOWN,
    Cell,
    FactKind,
    Line,
    Look,
    RecordPage,
    Strip,
    Table,
    is_past,
    newest_first,
    on,
    standing,
)
from portal.timeline import Lane, Span

RECENT = 10


def member_strip(look: Look) -> list[Strip]:
    row, day = look.row, look.day
    stage = row.stage_on(day)
    reached = next((getattr(row, name) for name, one in reversed(STAGE_DATES) if one == stage), None)
    if stage == Stage.LEFT:
        reached = row.left_on
    small = f"{reached}起" if reached else ""
    if stage == Stage.LEFT:
        small = f"{row.left_on}，{row.get_left_reason_display()}"
    state = {Stage.FULL: "ok", Stage.PROBATIONARY: "ok", Stage.LEFT: "off"}.get(stage, "") if stage else ""
    if row.is_pending and stage is None:
        state, small = "due", "补上日期以前不计入党员数"
    job = look.see(Employment).filter(during(day), member=row).select_related("enterprise").order_by("-since").first()
    here = look.see(Affiliation).filter(during(day), member=row).select_related("organization")
    formal = here.filter(kind=AffiliationKind.FORMAL).first() or here.order_by("kind").first()
    offices = look.see(Office).filter(during(day), member=row).select_related("organization").order_by("post")
    # An office may be registered twice over the same days
    posts = list(dict.fromkeys(f"{one.organization}{one.get_post_display()}" for one in offices))
    strip = [
        Strip("阶段", stage_word(row, day), small, "off" if row.is_suspended_on(day) else state),
        Strip("工作单位", str(job.enterprise), job.job, url=look.url(job.enterprise))
        if job
        else Strip("工作单位", "未登记"),
        Strip("组织关系", str(formal.organization), formal.get_kind_display(), url=look.url(formal.organization))
        if formal
        else Strip(
            "组织关系", "未登记", "每个党员都应编入一个支部" if stage in (Stage.FULL, Stage.PROBATIONARY) else ""
        ),
        Strip("党内职务", posts[0] if posts else "无", "、".join(posts[1:])),
    ]
    if row.full_on and row.full_on <= day and stage == Stage.FULL:
        strip.append(Strip("党龄", f"{whole_years(row.full_on, day)}年", f"{row.full_on}转正"))
    if row.birth_on:
        strip.append(Strip("年龄", f"{whole_years(row.birth_on, day)}岁", row.birth_on.isoformat()))
    return strip


def member_tables(look: Look) -> list[Table]:
    row, day = look.row, look.day
    jobs = newest_first(look.see(Employment).filter(member=row).select_related("enterprise"), day)
    belongs = newest_first(look.see(Affiliation).filter(member=row).select_related("organization"), day)
    offices = newest_first(look.see(Office).filter(member=row).select_related("organization"), day)
    missed = (
        look.see(Attendance).filter(member=row, activity__held_on__lte=day).select_related("activity__organization")
    )
    words = {AttendanceStatus.ON_LEAVE: "due", AttendanceStatus.ABSENT: "late"}
    return [
        Table(
            "stages",
            "入党经过",
            ("步骤", "日期", "以后是"),
            [
                Line([Cell(label_of(name)), on(getattr(row, name)), Cell(stage.label)], (), getattr(row, name) is None)
                for name, stage in STAGE_DATES
            ],
            "",
        ),
        Table(
            "employments",
            "工作单位",
            ("企业", "岗位", "起", "止", "状态"),
            [
                Line(
                    [
                        look.link(one.enterprise),
                        Cell(one.job or UNKNOWN),
                        on(one.since),
                        on(one.until),
                        standing(one, day),
                    ],
                    look.acts(one, "employments"),
                    is_past(one, day),
                )
                for one in jobs
            ],
            "没有登记工作单位，不计入任何企业的党员数。",
            look.new_fact("employments", "登记工作单位"),
        ),
        Table(
            "affiliations",
            "组织关系",
            ("所在党组织", "类别", "起", "止", "状态"),
            [
                Line(
                    [
                        look.link(one.organization),
                        Cell(one.get_kind_display()),
                        on(one.since),
                        on(one.until),
                        standing(one, day),
                    ],
                    look.acts(one, "affiliations"),
                    is_past(one, day),
                )
                for one in belongs
            ],
            "没有登记组织关系。",
            look.new_fact("affiliations", "转接组织关系" if belongs else "登记组织关系"),
        ),
        Table(
            "offices",
            "党内任职",
            ("党组织", "职务", "起", "止", "状态"),
            [
                Line(
                    [
                        look.link(one.organization),
                        look.link(one, one.get_post_display()),
                        on(one.since),
                        on(one.until),
                        standing(one, day),
                    ],
                    look.acts(one),
                    is_past(one, day),
                )
                for one in offices
            ],
            "没有任过党内职务。",
            look.new("offices", "登记任职", member=row.pk),
        ),
        Table(
            "attendances",
            "请假和缺席",
            ("日期", "会议或活动", "到会情况"),
            [
                Line(
                    [
                        on(one.activity.held_on),
                        look.link(one.activity, one.activity.title),
                        Cell(one.get_status_display(), state=words.get(AttendanceStatus(one.status), "ok")),
                    ]
                )
                for one in missed.order_by("-activity__held_on")[:RECENT]
            ],
            "没有点名登记的请假、缺席。",
        ),
    ]


def label_of(name: str) -> str:
    return next(str(one.verbose_name) for one in Member._meta.concrete_fields if one.name == name)


def member_lanes(look: Look) -> list[Lane]:
    row = look.row
    known = [(getattr(row, name), stage) for name, stage in STAGE_DATES if getattr(row, name)]
    ends = [on_day for on_day, _stage in known[1:]] + [row.left_on]
    styles = {Stage.FULL: "g-solo", Stage.PROBATIONARY: "g-joint"}
    stages = [
        Span(since, until, str(stage.label), styles.get(stage, "g-ins"))
        for (since, stage), until in zip(known, ends if known else [], strict=True)
        if until is None or until > since
    ]
    jobs = look.see(Employment).filter(member=row).select_related("enterprise")
    belongs = look.see(Affiliation).filter(member=row).select_related("organization")
    offices = look.see(Office).filter(member=row).select_related("organization")
    lanes = [
        Lane("发展阶段", stages, "入党日期待补"),
        Lane(
            "工作单位",
            [Span(one.since, one.until, str(one.enterprise), "g-set", look.url(one.enterprise)) for one in jobs],
            "未登记",
        ),
        Lane(
            "组织关系",
            [Span(one.since, one.until, str(one.organization), "g-ins", look.url(one.organization)) for one in belongs],
            "未登记",
        ),
    ]
    posts = [
        Span(one.since, one.until, f"{one.organization}{one.get_post_display()}", "g-un", look.url(one))
        for one in offices
    ]
    if posts:
        lanes.append(Lane("党内职务", posts))
    if row.suspended_on:
        lanes.append(Lane("停止党籍", [Span(row.suspended_on, row.reinstated_on, "停止党籍", "g-hat")]))
    return lanes


MEMBERS = RecordPage(
    slug="members",
    model=Member,
    noun="党员",
    form=MemberForm,
    heading=lambda look: look.row.name,
    sub=lambda look: "，".join(
        filter(None, (look.row.get_sex_display(), look.row.ethnicity, look.row.get_education_display()))
    ),
    strip=member_strip,
    keys=(
        "sex",
        "birth_on",
        "ethnicity",
        "education",
        "job_category",
        "phone",
        "left_on",
        "left_reason",
        "suspended_on",
        "reinstated_on",
        "note",
    ),
    tables=member_tables,
    lanes=member_lanes,
    facts=(
        FactKind("employments", Employment, "member", EmploymentForm),
        FactKind("affiliations", Affiliation, "member", AffiliationForm),
    ),
    followed=((Office, "member"),),
    related=("park",),
)


def statement_strip(look: Look) -> list[Strip]:
    row = look.row
    return [
        Strip("数字", row.worded.text, row.period_text),
        Strip("依据", row.get_basis_display(), row.get_change_display()),
        Strip("类别", row.category),
        Strip("资料来源", row.source.publisher, row.source.date_text),
    ]


STATEMENTS = RecordPage(
    slug="statements",
    model=Statement,
    noun="成果指标",
    form=StatementForm,
    heading=lambda look: look.row.indicator,
    sub=lambda look: f"{look.row.worded.text}，{look.row.source.title}",
    strip=statement_strip,
    keys=(
        "category",
        "comparator",
        "value",
        "value_high",
        "unit",
        "wording",
        "basis",
        "change",
        "period_text",
        "note",
        "number",
    ),
    related=("park", "source"),
)
