"""The only place for two years of the demo park's organization life: who met when, about what, and who was missing."""

import datetime as dt

from activities.models import Activity, ActivityKind, Attendance, AttendanceStatus, LeaveReason, Mode
from orgs.models import OrganizationKind
from orgs.periods import contains
from portal.demo.days import between, fixed_day, months, workday
from portal.demo.names import BUSINESS, PLACES, SEASONAL, TITLES
from portal.demo.scene import LAST, Person, Unit
from portal.demo.story import Story

D = dt.date
FIRST = D(2024, 11, 1)
QUARTERS = "一二三四"
BRANCHES = frozenset({OrganizationKind.BRANCH, OrganizationKind.JOINT_BRANCH})
COMMITTEES = frozenset(
    {OrganizationKind.COMPREHENSIVE_COMMITTEE, OrganizationKind.PARTY_COMMITTEE, OrganizationKind.GENERAL_BRANCH}
)
CONTENT = {
    ActivityKind.MEMBER_MEETING: "会议听取书记通报，逐项讨论并举手表决，形成决议1项。",
    ActivityKind.COMMITTEE_MEETING: "会议研究议题2项，明确责任人和完成时间。",
    ActivityKind.ORG_LIFE_MEETING: "会前开展谈心谈话，会上支委会作对照检查，党员逐一发言。",
    ActivityKind.APPRAISAL: "按个人自评、党员互评、民主测评、组织评定的程序进行，结果报上级党组织。",
    ActivityKind.ENTERPRISE_VISIT: "核对职工和党员名册，了解组织关系所在，记录需要协调的事项1件。",
}


def hold(story: Story) -> None:
    """Month by month, organization by organization."""
    diary = Diary(story)
    for month in months(FIRST, LAST):
        for unit in story.units:
            if unit.row.kind in BRANCHES:
                diary.branch_month(unit, month)
            elif unit.row.kind in COMMITTEES:
                diary.committee_month(unit, month)
            elif unit.row.kind == OrganizationKind.WORKING_COMMITTEE:
                diary.working_month(unit, month)
            else:
                diary.small_month(unit, month)
    story.scene.activities.sort(key=lambda one: one.held_on)


class Diary:
    def __init__(self, story: Story) -> None:
        self.story = story
        self.rng = story.rng

    def branch_month(self, unit: Unit, month: D) -> None:
        rng = self.rng
        theme = fixed_day(month, unit.fixed_week, unit.fixed_weekday)
        if rng.random() < 0.06:
            theme = workday(theme + dt.timedelta(days=rng.randint(3, 6)))
        gathering = unit.people_on(theme)
        if not gathering:
            return
        self.perhaps(unit, ActivityKind.THEME_DAY, theme, gathering)
        # The quarter's meetings are usually held in its second or third month.
        chosen = 1 + (month.year + (month.month - 1) // 3 + unit.fixed_week) % 2
        if (month.month - 1) % 3 == chosen:
            day = workday(between(rng, month, month + dt.timedelta(days=24)))
            self.perhaps(unit, ActivityKind.MEMBER_MEETING, day, unit.people_on(day))
            day = workday(between(rng, month, month + dt.timedelta(days=24)))
            self.perhaps(unit, ActivityKind.PARTY_LECTURE, day, unit.people_on(day), less=0.12)
        committee = self.committee(unit, theme)
        if len(committee) >= 3:
            day = workday(between(rng, month, month + dt.timedelta(days=9)))
            self.perhaps(unit, ActivityKind.COMMITTEE_MEETING, day, committee, less=0.03)
        if month.month == 12:
            day = workday(between(rng, D(month.year, 12, 4), D(month.year, 12, 26)))
            people = unit.people_on(day)
            if rng.random() < unit.zeal + 0.03:
                self.hold(unit, ActivityKind.ORG_LIFE_MEETING, day, people)
                self.hold(unit, ActivityKind.APPRAISAL, day, people)
        if month.month == 7:
            self.perhaps(unit, ActivityKind.OATH, D(month.year, 7, 1), unit.people_on(D(month.year, 7, 1)), less=0.6)
        if month.month in (3, 10):
            day = workday(between(rng, month, month + dt.timedelta(days=20)))
            self.perhaps(unit, ActivityKind.VOLUNTEER, day, unit.people_on(day), less=0.65)
        if month.month == 11:
            day = workday(between(rng, month, month + dt.timedelta(days=12)))
            self.perhaps(unit, ActivityKind.TALK, day, unit.people_on(day), less=0.6)
        if month.month in (5, 9):
            day = workday(between(rng, month, month + dt.timedelta(days=20)))
            self.perhaps(unit, ActivityKind.JOINT_DAY, day, unit.people_on(day), less=0.75)

    def committee_month(self, unit: Unit, month: D) -> None:
        rng = self.rng
        day = workday(between(rng, month, month + dt.timedelta(days=14)))
        committee = self.committee(unit, day)
        if not committee:
            return
        self.perhaps(unit, ActivityKind.COMMITTEE_MEETING, day, committee)
        if unit.row.kind == OrganizationKind.GENERAL_BRANCH:
            return
        if month.month in (3, 6, 9, 12):
            day = workday(between(rng, month, month + dt.timedelta(days=20)))
            self.perhaps(unit, ActivityKind.CENTRAL_GROUP, day, committee)
        if month.month == 1:
            day = workday(between(rng, month, month + dt.timedelta(days=15)))
            self.perhaps(unit, ActivityKind.COMMITTEE_LIFE_MEETING, day, committee, year=month.year - 1)
        if month.month == 7:
            day = workday(between(rng, month, month + dt.timedelta(days=9)))
            self.perhaps(unit, ActivityKind.PARTY_LECTURE, day, committee)
        if unit.row.kind == OrganizationKind.COMPREHENSIVE_COMMITTEE:
            day = workday(between(rng, month, month + dt.timedelta(days=24)))
            self.perhaps(unit, ActivityKind.ENTERPRISE_VISIT, day, committee[:3])
            if month.month % 3 == 1:
                day = workday(between(rng, month, month + dt.timedelta(days=24)))
                self.perhaps(unit, ActivityKind.POLICY_TALK, day, committee[:4])

    def working_month(self, unit: Unit, month: D) -> None:
        people = self.committee(unit, month)
        day = workday(between(self.rng, month, month + dt.timedelta(days=24)))
        if month.month % 3 == 2:
            self.perhaps(unit, ActivityKind.JOINT_MEETING, day, people)
        if month.month in (4, 9):
            self.perhaps(unit, ActivityKind.TRAINING, day, people)

    def small_month(self, unit: Unit, month: D) -> None:
        """A group meets every month; a project's temporary branch as the project needs it."""
        day = workday(between(self.rng, month + dt.timedelta(days=3), month + dt.timedelta(days=24)))
        kind = ActivityKind.GROUP_MEETING if unit.row.kind == OrganizationKind.GROUP else ActivityKind.PROJECT
        self.perhaps(unit, kind, day, unit.people_on(day))

    def committee(self, unit: Unit, day: D) -> list[Person]:
        return next((term.committee for term in unit.terms if contains(term.held, term.until, day)), [])

    def perhaps(
        self,
        unit: Unit,
        kind: ActivityKind,
        day: D,
        people: list[Person],
        *,
        less: float = 0.0,
        year: int | None = None,
    ) -> None:
        """Hold it unless this organization skips it; nothing is held outside its life or after the last day."""
        if self.rng.random() < unit.zeal - less:
            self.hold(unit, kind, day, people, year=year)

    def hold(self, unit: Unit, kind: ActivityKind, day: D, people: list[Person], *, year: int | None = None) -> None:
        rng = self.rng
        silent = unit.silent_from is not None and day >= unit.silent_from
        if not FIRST <= day <= LAST or not unit.in_being(day) or silent or not people:
            return
        missing = [person for person in people if rng.random() < 0.075]
        if len(missing) * 2 > len(people):
            missing = missing[:1] if len(people) > 1 else []
        absent = [person for person in missing if rng.random() < 0.22]
        terms = self.committee(unit, day)
        host = next((person.row.name for person in terms if person not in missing), people[0].row.name)
        activity = Activity(
            organization=unit.row,
            kind=kind,
            held_on=day,
            title=self.title(kind, day, year or day.year),
            place="" if rng.random() < 0.04 else rng.choice(PLACES),
            host=host,
            mode=rng.choices((Mode.ON_SITE, Mode.MIXED, Mode.ONLINE), (88, 8, 4))[0],
            due=len(people),
            present=len(people) - len(missing),
            on_leave=len(missing) - len(absent),
            absent=len(absent),
            content=CONTENT.get(kind, ""),
        )
        self.story.scene.activities.append(activity)
        if rng.random() < 0.7:
            for person in missing:
                away = person in absent
                self.story.scene.attendances.append(
                    Attendance(
                        activity=activity,
                        member=person.row,
                        status=AttendanceStatus.ABSENT if away else AttendanceStatus.ON_LEAVE,
                        reason="" if away else rng.choice((LeaveReason.WORK, LeaveReason.WORK, *LeaveReason)),
                    )
                )

    def title(self, kind: ActivityKind, day: D, year: int) -> str:
        pattern = self.rng.choice(TITLES[kind])
        business = self.rng.choice((*BUSINESS, *SEASONAL[day.month] * 3))
        return pattern.format(QUARTERS[(day.month - 1) // 3], business, year)
