"""The only place for the demo park's members: when each step of admission was taken, where each works and belongs."""

import datetime as dt

from orgs.models import Affiliation, AffiliationKind, Education, Employment, JobCategory, LeftReason, Member, Sex
from portal.demo.days import after, between, workday, years_later
from portal.demo.plot import Cast
from portal.demo.scene import LAST, Firm, Job, Person, Stay, Unit
from portal.demo.story import Story

D = dt.date
EDUCATION = (
    (Education.POSTGRADUATE, 6),
    (Education.UNDERGRADUATE, 38),
    (Education.COLLEGE, 33),
    (Education.SECONDARY, 14),
    (Education.HIGH_SCHOOL, 7),
    (Education.JUNIOR, 2),
)
CATEGORIES = (
    (JobCategory.SENIOR, 7, ("总经理", "副总经理", "财务总监")),
    (JobCategory.MIDDLE, 18, ("车间主任", "人事经理", "采购经理", "综合部经理", "质量部经理")),
    (JobCategory.PROFESSIONAL, 27, ("工艺工程师", "设备工程师", "研发工程师", "会计", "质检工程师")),
    (JobCategory.FRONTLINE, 40, ("班组长", "操作工", "电工", "检验员", "仓管员", "叉车司机")),
    (JobCategory.OTHER, 8, ("行政专员", "人事专员", "文员")),
)
GONE = (
    (LeftReason.DECEASED, D(2025, 2, 14)),
    (LeftReason.DECEASED, D(2026, 5, 6)),
    (LeftReason.REMOVED, D(2025, 9, 25)),
    (LeftReason.SELF_REMOVED, D(2026, 3, 19)),
    (LeftReason.EXPELLED, D(2024, 12, 5)),
    (LeftReason.WITHDREW, D(2025, 7, 17)),
    (LeftReason.PROBATION_CANCELLED, D(2026, 6, 25)),
    (LeftReason.STOPPED, D(2025, 4, 24)),
    (LeftReason.STOPPED, D(2025, 11, 6)),
    (LeftReason.STOPPED, D(2026, 8, 13)),
)
MOVES = 16


def fill(story: Story, cast: Cast) -> list[Person]:
    """Everybody, with employments and affiliations, in the order of the ledger."""
    people = Population(story)
    for firm in story.firms:
        people.staff(firm, cast.heads.get(id(firm), 0), cast.third.get(id(firm)))
    for firm in story.firms:
        people.aspirants(firm, cast.heads.get(id(firm), 0))
    big = [firm for firm in cast.covered if cast.heads[id(firm)] >= 8]
    people.leavers(cast.leavers, big)
    people.moves(big)
    people.departures(big)
    people.suspensions(big)
    for number, person in enumerate(people.everyone):
        settle(story, person, number)
    gather(story, cast)
    return people.everyone


class Population:
    def __init__(self, story: Story) -> None:
        self.story = story
        self.rng = story.rng
        self.everyone: list[Person] = []

    def staff(self, firm: Firm, heads: int, third: D | None) -> None:
        """``heads`` full and probationary members who work at the firm today."""
        rng = self.rng
        begin = firm.covered_from
        if third is not None:
            self.full(firm, between(rng, firm.opened, third - dt.timedelta(days=120)), third - dt.timedelta(days=200))
            self.full(firm, between(rng, firm.opened, third - dt.timedelta(days=120)), third - dt.timedelta(days=160))
            self.full(firm, third, third - dt.timedelta(days=300))
            founders = 3
        else:
            founders = heads if heads <= 3 else max(4, round(heads * 0.4))
            for _ in range(founders):
                limit = begin or LAST - dt.timedelta(days=60)
                earliest = max(firm.opened, limit - dt.timedelta(days=2400))
                hired = between(rng, earliest, max(earliest, limit - dt.timedelta(days=25)))
                self.full(firm, hired, limit - dt.timedelta(days=25))
        for number in range(heads - founders):
            first = max(begin or third or firm.opened, firm.opened)
            if number % 5 < 3 or first > D(2025, 6, 30):
                hired = between(rng, after(rng, first, 20, 60), LAST - dt.timedelta(days=60))
                self.full(firm, hired, hired - dt.timedelta(days=30))
            else:
                self.grown(firm, first)
        if heads and begin is None and third is None:
            # Firms with one or two members: nobody asked them to move their affiliation.
            for person in self.everyone[-founders:]:
                person.elsewhere = True
        if third is not None and begin is None:
            for person in self.everyone[-heads:]:
                person.elsewhere = True

    def full(self, firm: Firm, hired: D, by: D) -> Person:
        """Somebody who was a full member on ``by``, wherever that was."""
        full_on = workday(
            between(self.rng, max(by - dt.timedelta(days=4700), D(1996, 1, 1)), by - dt.timedelta(days=8))
        )
        admitted = workday(full_on - dt.timedelta(days=self.rng.randint(366, 392)))
        return self.person(firm, hired, admitted=admitted, full_on=full_on)

    def grown(self, firm: Firm, since: D) -> Person:
        """Somebody whom the firm's own organization admitted; the newest are still probationary."""
        rng = self.rng
        earliest = max(since + dt.timedelta(days=700), D(2014, 1, 1))
        recent = max(earliest, D(2025, 11, 20))
        if rng.random() < 0.36 and recent < LAST:
            earliest = recent
        admitted = workday(between(rng, min(earliest, D(2026, 9, 1)), D(2026, 10, 29)))
        full_on: D | None = workday(after(rng, years_later(admitted, 1), 1, 24))
        if full_on and full_on > LAST:
            full_on = None
        hired = between(rng, firm.opened, max(firm.opened, admitted - dt.timedelta(days=1100)))
        return self.person(firm, hired, admitted=admitted, full_on=full_on)

    def person(
        self,
        firm: Firm,
        hired: D,
        *,
        admitted: D | None = None,
        full_on: D | None = None,
        candidate: D | None = None,
        activist: D | None = None,
        applied: D | None = None,
    ) -> Person:
        """The steps before the given one are put at the distances that the rules ask for."""
        rng = self.rng
        if admitted:
            candidate = workday(admitted - dt.timedelta(days=rng.randint(50, 150)))
        if candidate:
            activist = workday(candidate - dt.timedelta(days=rng.randint(372, 560)))
        if activist:
            applied = workday(activist - dt.timedelta(days=rng.randint(95, 300)))
        if applied is None:
            raise ValueError("nobody enters the ledger without a first step")
        name, female = self.story.names.person()
        category, _weight, titles = rng.choices(CATEGORIES, [weight for _, weight, _ in CATEGORIES])[0]
        grown_up = min(applied, hired)
        born = grown_up - dt.timedelta(days=rng.randint(19 * 366, 33 * 365))
        row = Member(
            park=self.story.scene.park,
            name=name,
            sex=Sex.FEMALE if female else Sex.MALE,
            birth_on=max(born, D(1965, 2, 1) + dt.timedelta(days=rng.randint(0, 900))),
            ethnicity=rng.choices(("汉族", "蒙古族", "回族", "满族", "土家族"), (92, 3, 2, 2, 1))[0],
            education=rng.choices([one for one, _ in EDUCATION], [weight for _, weight in EDUCATION])[0],
            job_category=category,
            applied_on=applied,
            activist_on=activist,
            candidate_on=candidate,
            admitted_on=admitted,
            full_on=full_on,
            phone=self.story.names.phone(),
        )
        if admitted and admitted < D(2006, 1, 1):
            # Old files have only the two dates that every Party record has.
            row.activist_on = row.candidate_on = None
        person = Person(row=row, jobs=[Job(firm, hired, None, rng.choice(titles))], lag=rng.randint(18, 110))
        firm.people.append(person)
        self.everyone.append(person)
        return person

    def aspirants(self, firm: Firm, heads: int) -> None:
        """Applicants, activists and candidates: about one for six members."""
        rng = self.rng
        count = (
            round(heads * 0.17) + (rng.random() < 0.5) if heads >= 4 else int(firm.staff > 10 and rng.random() < 0.24)
        )
        if firm.opened > D(2026, 3, 1) or firm.row.left_on or not (firm.homes or heads):
            count = 0
        for _ in range(count):
            hired = between(rng, firm.opened, D(2025, 6, 30))
            stage = rng.random()
            if stage < 0.4:
                self.person(firm, hired, applied=workday(between(rng, D(2025, 9, 1), D(2026, 10, 30))))
            elif stage < 0.8:
                self.person(firm, hired, activist=workday(between(rng, D(2025, 6, 1), D(2026, 10, 20))))
            else:
                self.person(firm, hired, candidate=workday(between(rng, D(2026, 6, 1), D(2026, 11, 6))))

    def leavers(self, plans: list[tuple[Firm, D, int]], big: list[Firm]) -> None:
        for firm, day, count in plans:
            begin = firm.covered_from or firm.opened
            for number in range(4):
                hired = between(self.rng, firm.opened, begin - dt.timedelta(days=30))
                person = self.full(firm, hired, begin - dt.timedelta(days=30))
                if number < count:
                    self.move(person, day, self.rng.choice(big))

    def moves(self, big: list[Firm]) -> None:
        rng = self.rng
        for _ in range(MOVES):
            left, joined = rng.sample(big, 2)
            hired = between(rng, left.opened, D(2022, 12, 31))
            person = self.full(left, hired, D(2023, 6, 30))
            self.move(person, between(rng, D(2024, 6, 1), D(2026, 7, 31)), joined)

    def move(self, person: Person, day: D, firm: Firm) -> None:
        old = person.jobs[-1]
        old.until = day
        person.jobs.append(Job(firm, after(self.rng, day, 0, 30), None, old.title))
        firm.people.append(person)

    def departures(self, big: list[Firm]) -> None:
        """Those who left the Party or the way into it, each reason dated."""
        rng = self.rng
        for reason, day in GONE:
            firm = rng.choice(big)
            hired = between(rng, firm.opened, D(2021, 12, 31))
            if reason == LeftReason.STOPPED:
                person = self.person(firm, hired, activist=workday(day - dt.timedelta(days=rng.randint(200, 400))))
            elif reason == LeftReason.PROBATION_CANCELLED:
                person = self.person(firm, hired, admitted=workday(day - dt.timedelta(days=362)))
            else:
                person = self.full(firm, hired, D(2022, 6, 30))
            person.row.left_on = person.gone = day
            person.row.left_reason = reason
            if reason == LeftReason.DECEASED:
                person.jobs[-1].until = day

    def suspensions(self, big: list[Firm]) -> None:
        rng = self.rng
        lost = self.full(rng.choice(big), D(2019, 3, 4), D(2020, 6, 30))
        lost.jobs[-1].until = D(2025, 9, 16)
        lost.row.suspended_on = D(2026, 4, 9)
        lost.row.note = "离职后失去联系满六个月，多方查找未果。"
        back = self.full(rng.choice(big), D(2018, 7, 2), D(2020, 6, 30))
        back.row.suspended_on, back.row.reinstated_on = D(2024, 10, 17), D(2025, 6, 19)


def settle(story: Story, person: Person, number: int) -> None:
    """Write the person's employments, and the affiliation wherever the firm's members belong."""
    rng = story.rng
    scene = story.scene
    row = person.row
    scene.members.append(row)
    for job in person.jobs:
        scene.employments.append(
            Employment(member=row, enterprise=job.firm.row, job=job.title, since=job.since, until=job.until)
        )
    small = len(person.jobs[-1].firm.people) <= 3
    if small and row.admitted_on and number % 9 == 4:
        person.elsewhere = True
    elif small and number % 11 == 6:
        person.inflow = True
    if person.elsewhere:
        row.note = row.note or rng.choice(
            (
                "组织关系在原籍村党支部，尚未转入。",
                "组织关系在居住地社区，尚未转入。",
                "组织关系在原工作单位，尚未转入。",
            )
        )
        return
    if row.admitted_on is None:
        return
    kind = AffiliationKind.INFLOW if person.inflow else AffiliationKind.FORMAL
    spans: list[tuple[Unit, D, D | None]] = []
    for job in person.jobs:
        for home in job.firm.homes:
            arrived = job.since if job.since <= home.since else job.since + dt.timedelta(days=person.lag)
            start = max(arrived, home.since, row.admitted_on)
            ends = [end for end in (job.until if person.jobs[-1] is not job else None, home.until, person.gone) if end]
            end = min(ends) if ends else None
            if start <= LAST and (end is None or start < end):
                spans.append((home.units[number % len(home.units)], start, end))
    for unit, start, end in spans:
        stay = Stay(person, start, end, kind)
        unit.stays.append(stay)
        scene.affiliations.append(Affiliation(member=row, organization=unit.row, kind=kind, since=start, until=end))


def gather(story: Story, cast: Cast) -> None:
    """The project's temporary branch and the group borrow people whose affiliation stays where it is."""
    since = cast.project.row.founded_on
    borrowed = [person for firm in cast.temporaries for person in firm.people]
    for firm in cast.covered:
        if firm.trade == "building":
            borrowed += firm.people
    borrowed += cast.covered[0].people[:3]
    for person in borrowed:
        if person.row.is_full_on(since) and person.jobs[-1].until is None:
            cast.project.stays.append(Stay(person, since, None, AffiliationKind.TEMPORARY))
            story.scene.affiliations.append(
                Affiliation(
                    member=person.row, organization=cast.project.row, kind=AffiliationKind.TEMPORARY, since=since
                )
            )
    host = cast.group.pool[0]
    cast.group.picked = [stay.person for stay in host.stays if stay.until is None][:9]
