"""The only place for the demo park's plot: which firms came when, and which organization reached them, in which way."""

import datetime as dt
from dataclasses import dataclass

from orgs.models import BusinessStateKind, EnterpriseKind, FormationWay, OrganizationKind, WorkKind
from orgs.models.organization import Duty
from portal.demo.days import after, between, workday
from portal.demo.scene import Firm, Unit
from portal.demo.story import Story

D = dt.date
COMPREHENSIVE_SINCE = D(2021, 7, 1)


@dataclass(frozen=True)
class Solo:
    """A branch of one firm. ``third`` is the day its third full member came, where that was long before the branch."""

    founded: D
    trade: str
    heads: int
    staff: int
    settled: D
    kind: EnterpriseKind = EnterpriseKind.PRIVATE
    way: FormationWay = FormationWay.SOLO
    third: D | None = None
    from_joint: int | None = None
    last_election: D | None = None


SOLO = (
    Solo(D(2013, 6, 20), "equipment", 22, 342, D(2009, 5, 12), last_election=D(2025, 6, 12)),
    Solo(D(2015, 9, 17), "electronics", 26, 405, D(2011, 3, 8), EnterpriseKind.HMT, last_election=D(2024, 9, 19)),
    Solo(D(2016, 11, 24), "medicine", 19, 233, D(2012, 8, 21), last_election=D(2023, 12, 7)),
    Solo(D(2018, 4, 12), "materials", 15, 210, D(2014, 4, 2), last_election=D(2024, 4, 18)),
    Solo(D(2019, 6, 27), "electrical", 17, 268, D(2015, 6, 3), EnterpriseKind.FOREIGN, last_election=D(2025, 7, 3)),
    Solo(D(2020, 12, 10), "food", 9, 128, D(2016, 10, 18), last_election=D(2024, 1, 11)),
    Solo(D(2021, 9, 16), "equipment", 12, 174, D(2017, 9, 5), last_election=D(2024, 9, 26)),
    Solo(D(2022, 6, 23), "software", 10, 96, D(2018, 3, 14), last_election=D(2025, 6, 26)),
    Solo(D(2023, 5, 18), "logistics", 8, 142, D(2019, 4, 23), last_election=D(2023, 5, 25)),
    Solo(D(2024, 12, 12), "electronics", 7, 117, D(2020, 7, 9), third=D(2024, 3, 5)),
    Solo(D(2025, 4, 17), "materials", 6, 88, D(2019, 11, 20), EnterpriseKind.MIXED, FormationWay.RESTRUCTURED),
    Solo(D(2025, 8, 21), "equipment", 5, 64, D(2017, 6, 15), from_joint=0),
    Solo(D(2026, 1, 15), "medicine", 6, 73, D(2022, 5, 10), third=D(2025, 3, 18)),
    Solo(D(2026, 4, 23), "electronics", 4, 58, D(2019, 8, 27), from_joint=1),
    Solo(D(2026, 9, 24), "equipment", 4, 69, D(2023, 2, 14), third=D(2026, 2, 26)),
)


@dataclass(frozen=True)
class Joint:
    """A branch of several firms: ``firms`` from the start, one more on each day of ``joined``."""

    title: str
    founded: D
    trades: tuple[str, ...]
    firms: int
    joined: tuple[D, ...] = ()
    way: FormationWay = FormationWay.JOINT
    kind: OrganizationKind = OrganizationKind.JOINT_BRANCH
    last_election: D | None = None
    newest: D = dt.date(2022, 6, 30)  # the latest day on which one of its firms settled


JOINT = (
    Joint(
        "装备制造第一",
        D(2018, 9, 13),
        ("equipment",),
        3,
        (D(2022, 4, 14),),
        last_election=D(2024, 10, 17),
        newest=D(2018, 3, 1),
    ),
    Joint("电子信息", D(2020, 8, 20), ("electronics",), 3, (D(2025, 6, 12),), last_election=D(2023, 9, 14)),
    Joint("新材料", D(2021, 10, 14), ("materials",), 4, (D(2026, 5, 14),), last_election=D(2024, 10, 24)),
    Joint("生物医药", D(2022, 11, 17), ("medicine",), 3, (D(2025, 1, 9),), last_election=D(2025, 11, 20)),
    Joint("现代物流", D(2023, 8, 17), ("logistics",), 4),
    Joint("装备制造第二", D(2024, 12, 19), ("equipment", "electrical"), 5, newest=D(2024, 6, 30)),
    Joint("软件信息", D(2025, 9, 18), ("software",), 4, (D(2026, 10, 15),), newest=D(2025, 3, 31)),
    Joint(
        "商贸服务行业",
        D(2023, 11, 16),
        ("trade", "service", "catering"),
        5,
        way=FormationWay.INDUSTRY,
        kind=OrganizationKind.BRANCH,
        last_election=D(2023, 11, 23),
        newest=D(2023, 5, 31),
    ),
    Joint(
        "滨江东片区域",
        D(2025, 3, 13),
        ("building", "food", "property", "logistics"),
        5,
        way=FormationWay.REGIONAL,
        newest=D(2024, 9, 30),
    ),
    Joint(
        "江畔创新楼",
        D(2026, 3, 19),
        ("research", "software", "service"),
        4,
        way=FormationWay.BUILDING,
        newest=D(2025, 10, 31),
    ),
)


@dataclass
class Cast:
    """Who plays which part: what the later modules need to know of the plot."""

    working: Unit
    comprehensive: Unit
    office: Unit
    office_firm: Firm
    heads: dict[int, int]  # id(firm) → party members wanted
    third: dict[int, D]  # id(firm) → the day its third full member came
    lacking: list[Firm]  # 应建未建
    few: list[Firm]  # 仅有个别党员
    none: list[Firm]  # 没有党员
    project: Unit
    group: Unit
    temporaries: list[Firm]
    covered: list[Firm]
    leavers: list[tuple[Firm, D, int]]  # so many members changed to other firms on that day


def tell(story: Story) -> Cast:
    """Found the organizations and settle the firms, in the order of the plot."""
    working = story.unit(
        "滨江园区党工委",
        "中共演示园区·滨江工作委员会",
        OrganizationKind.WORKING_COMMITTEE,
        D(2008, 10, 16),
        [],
        zeal=0.97,
    )
    comprehensive = story.unit(
        "企业综合党委",
        "中共演示园区·滨江企业综合委员会",
        OrganizationKind.COMPREHENSIVE_COMMITTEE,
        D(2021, 6, 24),
        [(working, D(2021, 6, 24))],
        zeal=0.96,
    )
    comprehensive.last_election = D(2021, 7, 8)
    office = story.unit(
        "园区机关党支部",
        "中共演示园区·滨江机关支部委员会",
        OrganizationKind.BRANCH,
        D(2009, 4, 16),
        [(working, D(2009, 4, 16))],
        zeal=0.99,
    )
    office.last_election = D(2025, 4, 10)
    office_firm = story.firm(
        "service",
        D(2008, 12, 1),
        46,
        kind=EnterpriseKind.INSTITUTION,
        subordination="园区党工委",
        name="演示园区·滨江企业服务中心",
        short="企业服务中心",
    )
    story.runs(office_firm)
    story.cover(office, office_firm, FormationWay.SOLO)
    story.lives_in(office_firm, (office,))
    cast = Cast(
        working,
        comprehensive,
        office,
        office_firm,
        heads={id(office_firm): 14},
        third={},
        lacking=[],
        few=[],
        none=[],
        project=office,
        group=office,
        temporaries=[],
        covered=[],
        leavers=[],
    )
    large(story, cast)
    working.pool = comprehensive.pool = (office,)
    joints = [joint_branch(story, cast, one) for one in JOINT]
    comprehensive.pool = (office, joints[0][0], joints[2][0], joints[3][0])
    for one in SOLO:
        solo_branch(story, cast, one, joints)
    state_owned(story, cast)
    attached(story, cast, joints)
    dissolved(story, cast, joints)
    project_branch(story, cast)
    uncovered(story, cast)
    outside(story)
    quirks(story, joints)
    return cast


def superiors(cast: Cast, founded: D) -> list[tuple[Unit, D]]:
    """Before the comprehensive committee existed, every branch was directly under the working committee."""
    if founded < COMPREHENSIVE_SINCE:
        return [(cast.working, founded), (cast.comprehensive, COMPREHENSIVE_SINCE)]
    return [(cast.comprehensive, founded)]


def seal(name: str, suffix: str = "支部委员会") -> str:
    return f"中共{name}{suffix}"


def large(story: Story, cast: Cast) -> None:
    """One Party committee and two general branches with branches under them; one of them grew out of a branch."""
    firm = story.firm("equipment", D(2008, 11, 5), 1236, kind=EnterpriseKind.MIXED, subordination="园区党工委")
    story.runs(firm)
    committee = story.unit(
        f"{firm.short}党委",
        seal(firm.row.name, "委员会"),
        OrganizationKind.PARTY_COMMITTEE,
        D(2012, 6, 28),
        [(cast.working, D(2012, 6, 28))],
        zeal=0.97,
    )
    committee.last_election = D(2022, 7, 7)
    branches = sub_branches(story, firm, committee, ("制造部", "研发和管理部"), D(2012, 7, 5), D(2024, 8, 8))
    story.cover(committee, firm, FormationWay.SOLO)
    story.lives_in(firm, branches)
    cast.heads[id(firm)] = 62
    cast.covered.append(firm)
    group = story.unit(
        f"{firm.short}装配党小组",
        f"{branches[0].row.name}装配党小组",
        OrganizationKind.GROUP,
        D(2022, 8, 18),
        [(branches[0], D(2022, 8, 18))],
        zeal=0.92,
    )
    group.pool = branches[:1]
    cast.group = group

    first = story.firm("electrical", D(2010, 3, 18), 612, kind=EnterpriseKind.FOREIGN)
    story.runs(first)
    general = story.unit(
        f"{first.short}党总支",
        seal(first.row.name, "总支部委员会"),
        OrganizationKind.GENERAL_BRANCH,
        D(2016, 5, 19),
        [(cast.working, D(2016, 5, 19)), (cast.comprehensive, COMPREHENSIVE_SINCE), (cast.working, D(2025, 3, 1))],
        zeal=0.96,
    )
    general.last_election = D(2025, 5, 22)
    branches = sub_branches(story, first, general, ("生产", "综合"), D(2016, 5, 26), D(2025, 6, 5))
    story.cover(general, first, FormationWay.SOLO)
    story.lives_in(first, branches)
    cast.heads[id(first)] = 36
    cast.covered.append(first)
    for number in range(2):
        supplier = story.firm(
            "electrical", D(2019 + number, 5, 14), 34 + 9 * number, subordination=general.row.short_name
        )
        story.runs(supplier)
        story.cover(general, supplier, FormationWay.LEADING_FIRM, workday(D(2022 + 3 * number, 3, 17)))
        story.lives_in(supplier, branches[1:], workday(D(2022 + 3 * number, 3, 17)))
        cast.heads[id(supplier)] = 2
        cast.covered.append(supplier)

    second = story.firm("materials", D(2011, 7, 26), 486)
    story.runs(second)
    old = story.unit(
        f"{second.short}党支部",
        seal(second.row.name),
        OrganizationKind.BRANCH,
        D(2019, 5, 16),
        superiors(cast, D(2019, 5, 16)),
    )
    old.last_election = D(2022, 5, 26)
    changed = D(2025, 12, 4)
    story.dissolve(old, changed)
    general = story.unit(
        f"{second.short}党总支",
        seal(second.row.name, "总支部委员会"),
        OrganizationKind.GENERAL_BRANCH,
        changed,
        superiors(cast, changed),
        zeal=0.97,
    )
    branches = sub_branches(story, second, general, ("生产", "技术"), changed, None)
    story.cover(old, second, FormationWay.SOLO, until=changed)
    story.cover(general, second, FormationWay.SOLO)
    story.lives_in(second, (old,), until=changed)
    story.lives_in(second, branches)
    cast.heads[id(second)] = 52
    cast.covered.append(second)


def sub_branches(
    story: Story, firm: Firm, above: Unit, parts: tuple[str, ...], founded: D, last_election: D | None
) -> tuple[Unit, ...]:
    made = []
    for part in parts:
        unit = story.unit(
            f"{firm.short}{part}党支部",
            f"{above.row.name}{part}支部委员会",
            OrganizationKind.BRANCH,
            founded,
            [(above, founded)],
        )
        unit.last_election = last_election
        made.append(unit)
    above.pool = tuple(made)
    return above.pool


def joint_branch(story: Story, cast: Cast, plan: Joint) -> tuple[Unit, list[Firm]]:
    rng = story.rng
    suffix = "党支部" if plan.kind == OrganizationKind.BRANCH else "联合党支部"
    unit = story.unit(
        f"{plan.title}{suffix}",
        seal(f"演示园区·滨江{plan.title}", "支部委员会" if plan.kind == OrganizationKind.BRANCH else "联合支部委员会"),
        plan.kind,
        plan.founded,
        superiors(cast, plan.founded),
    )
    unit.last_election = plan.last_election
    firms = []
    for number, since in enumerate([unit.row.founded_on] * plan.firms + [workday(day) for day in plan.joined]):
        oldest = max(plan.newest - dt.timedelta(days=2600), D(2009, 1, 1))
        settled = between(rng, oldest, plan.newest)
        kind = rng.choices(
            (EnterpriseKind.PRIVATE, EnterpriseKind.INDIVIDUAL, EnterpriseKind.MIXED),
            (0.88, 0.06 if plan.title == "商贸服务行业" else 0, 0.06),
        )[0]
        staff = rng.randint(9, 26) if plan.way != FormationWay.JOINT else rng.randint(14, 62)
        firm = story.firm(
            plan.trades[number % len(plan.trades)], settled, staff, kind=kind, prepared=rng.random() < 0.3
        )
        # Of the first firms one or two had three full members and could have had a branch of their own.
        cast.heads[id(firm)] = (
            3 if number == 1 and plan.title in ("装备制造第一", "电子信息", "现代物流") else (1, 2)[number % 3 > 0]
        )
        story.cover(unit, firm, plan.way, since)
        story.lives_in(firm, (unit,), since)
        cast.covered.append(firm)
        firms.append(firm)
    stopped = D(2026, 7, 1) if plan.title == "新材料" else None
    for number, firm in enumerate(firms):
        if stopped and number == 2:
            story.runs(firm, until=stopped, then=BusinessStateKind.SUSPENDED, note="主要客户停单，职工放假")
        else:
            story.runs(firm, facts=not (plan.title == "商贸服务行业" and number == 3))
    return unit, firms


def solo_branch(story: Story, cast: Cast, plan: Solo, joints: list[tuple[Unit, list[Firm]]]) -> None:
    firm = story.firm(plan.trade, plan.settled, plan.staff, kind=plan.kind)
    if plan.trade == "food":
        story.runs(firm, until=D(2026, 6, 1), then=BusinessStateKind.SUSPENDED, note="生产线搬迁改造")
    else:
        story.runs(firm)
    unit = story.unit(
        f"{firm.short}党支部",
        seal(firm.row.name, "支部委员会" if plan.heads >= 8 else "支部"),
        OrganizationKind.BRANCH,
        plan.founded,
        superiors(cast, plan.founded),
    )
    unit.last_election = plan.last_election
    founded = unit.row.founded_on
    if plan.from_joint is not None:
        joint, _firms = joints[plan.from_joint]
        # The second time nobody recorded that the joint relation had ended.
        story.cover(joint, firm, FormationWay.JOINT, until=founded, left_open=plan.from_joint == 1)
        story.lives_in(firm, (joint,), until=founded)
    story.cover(unit, firm, plan.way)
    story.lives_in(firm, (unit,))
    cast.heads[id(firm)] = plan.heads
    cast.covered.append(firm)
    if plan.third is not None:
        cast.third[id(firm)] = plan.third
        story.work(
            firm,
            WorkKind.INSTRUCTOR,
            after(story.rng, plan.third, 20, 60),
            founded,
            duty=Duty.PART_TIME,
            note="支部成立，指导任务完成",
        )


def state_owned(story: Story, cast: Cast) -> None:
    """State-owned, collective and other units: kept in the ledger, outside every denominator."""
    for number, trade in enumerate(("building", "property")):
        firm = story.firm(
            trade,
            D(2010 + 2 * number, 9, 7),
            86 - 20 * number,
            kind=EnterpriseKind.STATE,
            subordination="园区党工委",
        )
        story.runs(firm)
        unit = story.unit(
            f"{firm.short}党支部",
            seal(firm.row.name),
            OrganizationKind.BRANCH,
            D(2013 + 2 * number, 3, 21),
            [(cast.working, D(2013 + 2 * number, 3, 21))],
        )
        unit.last_election = D(2025 - number, 3, 20)
        story.cover(unit, firm, FormationWay.SOLO)
        story.lives_in(firm, (unit,))
        cast.heads[id(firm)] = 13 - 3 * number
    others = (
        ("logistics", EnterpriseKind.STATE, 120, "上级集团公司党委"),
        ("electrical", EnterpriseKind.STATE, 64, "上级集团公司党委"),
        ("research", EnterpriseKind.STATE, 38, "上级集团公司党委"),
        ("trade", EnterpriseKind.COLLECTIVE, 17, "属地街道党工委"),
        ("service", EnterpriseKind.SOCIAL, 9, "企业综合党委"),
    )
    for trade, kind, staff, superior in others:
        name = ("演示园区·滨江企业联合会", "企业联合会") if kind == EnterpriseKind.SOCIAL else ("", "")
        firm = story.firm(
            trade,
            between(story.rng, D(2012, 1, 1), D(2022, 12, 31)),
            staff,
            kind=kind,
            subordination=superior,
            name=name[0],
            short=name[1],
        )
        story.runs(firm)


def attached(story: Story, cast: Cast, joints: list[tuple[Unit, list[Firm]]]) -> None:
    """Ways that count by the park's own choice: 挂靠 and 派入."""
    plans = (
        (joints[4][0], FormationWay.ATTACHED, "catering", D(2024, 5, 16), 21),
        (joints[3][0], FormationWay.ATTACHED, "research", D(2025, 10, 16), 24),
        (cast.office, FormationWay.DISPATCHED, "building", D(2024, 2, 22), 44),
        (cast.office, FormationWay.DISPATCHED, "food", D(2026, 6, 11), 37),
    )
    for unit, way, trade, since, staff in plans:
        firm = story.firm(trade, between(story.rng, D(2018, 1, 1), D(2023, 6, 30)), staff)
        story.runs(firm)
        story.cover(unit, firm, way, workday(since))
        story.lives_in(firm, (unit,), workday(since))
        cast.heads[id(firm)] = 2
        cast.covered.append(firm)


def dissolved(story: Story, cast: Cast, joints: list[tuple[Unit, list[Firm]]]) -> None:
    """Two branches that are no more: one firm joined others some months later, the other one is an empty shell."""
    unit_dates = ((D(2020, 11, 5), D(2025, 11, 27)), (D(2021, 11, 11), D(2026, 5, 28)))
    for number, (founded, ended) in enumerate(unit_dates):
        firm = story.firm("equipment" if number == 0 else "electronics", D(2016 + number, 4, 19), 41 - 9 * number)
        if number:
            story.runs(firm, until=D(2026, 4, 1), then=BusinessStateKind.SHELL, note="厂房已退租，营业执照仍在")
        else:
            story.runs(firm)
        unit = story.unit(
            f"{firm.short}党支部",
            seal(firm.row.name, "支部"),
            OrganizationKind.BRANCH,
            founded,
            superiors(cast, founded),
            zeal=0.7,
        )
        unit.last_election = D(2023 + number, 11, 23)
        ended = workday(ended)
        story.dissolve(unit, ended)
        story.cover(unit, firm, FormationWay.SOLO, until=ended, left_open=number == 1)
        story.lives_in(firm, (unit,), until=ended)
        cast.heads[id(firm)] = 0
        cast.leavers.append((firm, (D(2025, 10, 15), D(2026, 3, 25))[number], 2 + number))
        if number == 0:
            joined = workday(D(2026, 3, 12))
            story.cover(joints[0][0], firm, FormationWay.JOINT, joined)
            story.lives_in(firm, (joints[0][0],), joined)
            cast.heads[id(firm)] = 2
        cast.covered.append(firm)


def project_branch(story: Story, cast: Cast) -> None:
    founded = D(2026, 3, 5)
    cast.project = story.unit(
        "二期厂房项目临时党支部",
        "中共演示园区·滨江二期厂房项目临时支部委员会",
        OrganizationKind.TEMP_BRANCH,
        founded,
        [(cast.comprehensive, founded)],
        zeal=0.95,
    )


def uncovered(story: Story, cast: Cast) -> None:
    """The firms that nobody has reached yet, some by work alone; most settled in the last two years."""
    rng = story.rng
    instructors = [story.names.person()[0] for _ in range(4)]
    lacking = (
        ("equipment", D(2021, 3, 16), 73, D(2025, 3, 20)),
        ("electronics", D(2023, 6, 27), 61, D(2025, 10, 14)),
        ("materials", D(2024, 4, 9), 104, D(2026, 2, 9)),
        ("medicine", D(2024, 9, 18), 46, D(2026, 6, 15)),
        ("software", D(2025, 2, 26), 39, D(2026, 9, 21)),
    )
    for number, (trade, settled, staff, third) in enumerate(lacking):
        firm = story.firm(trade, settled, staff, prepared=number in (2, 3))
        story.runs(firm)
        cast.third[id(firm)] = third
        cast.heads[id(firm)] = (4, 3, 5, 3, 3)[number]
        if number == 0:
            story.lives_in(firm, (cast.office,), third)
        cast.lacking.append(firm)
    for number in range(5):
        trade = ("logistics", "trade", "research", "electrical", "food")[number]
        firm = story.firm(trade, between(rng, D(2024, 8, 1), D(2026, 1, 31)), rng.randint(11, 33))
        story.runs(firm, facts=number != 1)
        cast.heads[id(firm)] = (2, 1, 1, 2, 1)[number]
        cast.few.append(firm)
    for number in range(3):
        trade = ("catering", "building", "service")[number]
        firm = story.firm(trade, between(rng, D(2025, 6, 1), D(2026, 6, 30)), rng.randint(5, 19))
        story.runs(firm)
        cast.heads[id(firm)] = 0
        cast.none.append(firm)

    def instructed(firm: Firm, number: int) -> None:
        begin = workday(max(after(rng, firm.opened, 60, 200), D(2025, 1, 6)))
        story.work(
            firm, WorkKind.INSTRUCTOR, min(begin, D(2026, 9, 1)), holder=instructors[number % 4], duty=Duty.PART_TIME
        )

    for number, firm in enumerate((cast.lacking[0], cast.lacking[2], cast.lacking[4], cast.few[0], cast.few[2])):
        instructed(firm, number)
    story.work(
        cast.lacking[1],
        WorkKind.INSTRUCTOR,
        D(2025, 3, 3),
        D(2026, 3, 3),
        holder=instructors[1],
        duty=Duty.PART_TIME,
        note="一年期满，尚未续派",
    )
    story.work(cast.few[1], WorkKind.LIAISON, D(2026, 1, 12), holder=instructors[2], duty=Duty.PART_TIME)
    story.work(cast.none[0], WorkKind.LIAISON, D(2026, 7, 6), holder=instructors[3], duty=Duty.PART_TIME)
    story.work(cast.lacking[2], WorkKind.TRADE_UNION, D(2025, 9, 9), holder=f"{cast.lacking[2].short}工会委员会")
    story.work(cast.lacking[3], WorkKind.TRADE_UNION, D(2025, 12, 16), holder=f"{cast.lacking[3].short}工会委员会")
    story.work(cast.few[3], WorkKind.TRADE_UNION, D(2025, 8, 12), holder="滨江东片联合工会")
    story.work(cast.few[3], WorkKind.YOUTH_LEAGUE, D(2026, 5, 4), holder=f"{cast.few[3].short}团支部")
    story.work(cast.none[2], WorkKind.WOMENS_FEDERATION, D(2026, 3, 6), holder="商贸服务行业妇联")
    story.work(cast.lacking[1], WorkKind.LEADER_CONTACT, D(2026, 3, 3), holder=story.names.person()[0])
    # Recorded, but not counted: a grid, and a project's temporary branch.
    story.cover(cast.comprehensive, cast.few[2], FormationWay.GRID, D(2026, 2, 5))
    cast.temporaries = [cast.none[1], cast.lacking[0]]
    for firm in cast.temporaries:
        story.cover(cast.project, firm, FormationWay.PROJECT_TEMP)
    groups_at_covered(story, cast, instructors)


def groups_at_covered(story: Story, cast: Cast, instructors: list[str]) -> None:
    """Trade unions, the Youth League and women's federations at firms with an organization; some have ended."""
    rng = story.rng
    for number, firm in enumerate(cast.covered):
        since = between(rng, max(firm.opened, D(2015, 1, 1)), D(2025, 12, 31))
        ended = D(2026, 3, 31) if number % 17 == 5 else None
        if firm.staff >= 25 and rng.random() < 0.78:
            story.work(firm, WorkKind.TRADE_UNION, since, ended, holder=f"{firm.short}工会委员会")
        if firm.staff >= 50 and rng.random() < 0.6:
            begin = between(rng, firm.opened, D(2026, 5, 4))
            story.work(firm, WorkKind.YOUTH_LEAGUE, begin, holder=f"{firm.short}团支部")
        if firm.staff >= 80 and rng.random() < 0.5:
            begin = between(rng, firm.opened, D(2026, 3, 8))
            story.work(firm, WorkKind.WOMENS_FEDERATION, begin, holder=f"{firm.short}妇联")
        if number % 11 == 3:
            story.work(firm, WorkKind.LEADER_CONTACT, D(2025, 4, 1), holder=story.names.person()[0])
        covered = firm.covered_from
        if covered and covered > D(2024, 6, 1) and id(firm) not in cast.third and number % 2:
            begin = max(firm.opened, covered - dt.timedelta(days=rng.randint(150, 420)))
            if begin < covered:
                story.work(
                    firm, WorkKind.INSTRUCTOR, begin, covered, holder=instructors[number % 4], duty=Duty.PART_TIME
                )


def outside(story: Story) -> None:
    """What every denominator leaves out, with its reason: 筹建, 停产, 空壳, 吊销, 注销, not recorded, gone."""
    rng = story.rng
    trades = ("equipment", "electronics", "materials", "trade", "logistics", "service", "food", "building")

    def some(number: int, settled: tuple[D, D], staff: tuple[int, int]) -> Firm:
        return story.firm(trades[number % len(trades)], between(rng, *settled), rng.randint(*staff))

    for number in range(5):
        firm = some(number, (D(2026, 1, 5), D(2026, 10, 12)), (8, 60))
        story.state(
            firm, BusinessStateKind.PREPARING, firm.row.settled_on, None, facts=False, note="厂房装修、设备进场"
        )
    ends = (
        (BusinessStateKind.SUSPENDED, 4, "订单不足，暂时停产"),
        (BusinessStateKind.SHELL, 3, "无人员、无场地"),
        (BusinessStateKind.REVOKED, 2, "连续两年未报年报"),
        (BusinessStateKind.CANCELLED, 2, ""),
    )
    for kind, count, note in ends:
        for number in range(count):
            firm = some(number + count, (D(2014, 1, 1), D(2021, 12, 31)), (6, 40))
            story.runs(firm, until=between(rng, D(2022, 3, 1), D(2026, 8, 31)), then=kind, note=note)
    for number in range(7):
        firm = some(number, (D(2011, 1, 1), D(2020, 12, 31)), (9, 70))
        left = between(rng, D(2022, 6, 1), D(2026, 9, 30))
        firm.row.left_on = left
        firm.row.note = "整体迁往其他园区。" if number % 2 else "注销后退租。"
        closing = left - dt.timedelta(days=rng.randint(40, 120))
        if number % 2:
            story.runs(firm, until=closing, then=BusinessStateKind.MOVED_OUT)
        else:
            story.runs(firm, until=closing, then=BusinessStateKind.CANCELLED)
    # Back at work after a pause, so that the denominators rise and fall.
    for number in range(2):
        firm = some(number + 3, (D(2016, 1, 1), D(2020, 12, 31)), (22, 48))
        paused, resumed = D(2025, 5 + number, 1), D(2026, 7 + number, 1)
        story.state(firm, BusinessStateKind.OPERATING, firm.opened, paused, facts=True, staff=firm.staff)
        story.state(firm, BusinessStateKind.SUSPENDED, paused, resumed, facts=False, note="设备改造停产")
        unit = next(unit for unit in story.units if unit.row.short_name == "滨江东片区域联合党支部")
        story.state(firm, BusinessStateKind.OPERATING, resumed, None, facts=True, staff=firm.staff)
        story.cover(unit, firm, FormationWay.REGIONAL, workday(resumed + dt.timedelta(days=30 + 20 * number)))
        story.lives_in(firm, (unit,), workday(resumed + dt.timedelta(days=30 + 20 * number)))
    # Settled this autumn, nothing recorded yet.
    for number in range(2):
        some(number + 5, (D(2026, 9, 1), D(2026, 10, 20)), (5, 20)).row.note = "新入驻，经营状态待核实。"


def quirks(story: Story, joints: list[tuple[Unit, list[Firm]]]) -> None:
    """Faults as they stand in real ledgers, for the reminders to find."""
    late, firms = joints[6]
    for relation in story.scene.coverages:
        if relation.organization is late.row and relation.enterprise is firms[0].row:
            relation.since = late.row.founded_on - dt.timedelta(days=24)
    overdue, extended = joints[1][0], joints[4][0]
    overdue.no_more_elections = True  # its term ran out in September
    extended.no_more_elections = True
    extended.last_election = D(2023, 8, 31)
    extended.extended_to = D(2027, 2, 28)
    joints[0][0].vacant_from = D(2026, 6, 30)
    joints[7][0].vacant_from = D(2026, 9, 11)
    joints[5][0].silent_from = D(2026, 5, 1)
    for unit in story.units:
        if unit.row.short_name.startswith("商贸服务"):
            unit.zeal = 0.72
