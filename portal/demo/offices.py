"""The only place for the demo park's elections: terms, who was elected to what, and the posts that stand empty."""

import datetime as dt

from orgs.models import Election, JobCategory, Office, OrganizationKind, Post, SecretaryBackground
from orgs.periods import contains
from portal.demo.days import after, workday, years_later
from portal.demo.scene import LAST, Person, Term, Unit
from portal.demo.story import Story

COMMITTEES = frozenset({OrganizationKind.COMPREHENSIVE_COMMITTEE, OrganizationKind.PARTY_COMMITTEE})
BACKGROUNDS = (
    (SecretaryBackground.INVESTOR, JobCategory.INVESTOR, 14),
    (SecretaryBackground.SENIOR, JobCategory.SENIOR, 24),
    (SecretaryBackground.MIDDLE, JobCategory.MIDDLE, 34),
    (SecretaryBackground.PROFESSIONAL, JobCategory.PROFESSIONAL, 8),
    (SecretaryBackground.FULL_TIME, JobCategory.OTHER, 7),
    (SecretaryBackground.DISPATCHED, JobCategory.OTHER, 7),
    (SecretaryBackground.RETIRED, JobCategory.OTHER, 3),
    (SecretaryBackground.OTHER, JobCategory.OTHER, 3),
)
SEATS = (Post.SECRETARY, Post.ORGANIZATION, Post.PUBLICITY, Post.DISCIPLINE, Post.DEPUTY_SECRETARY)


def hold(story: Story) -> None:
    for unit in story.units:
        match unit.row.kind:
            case OrganizationKind.WORKING_COMMITTEE | OrganizationKind.TEMP_BRANCH:
                appoint(story, unit)
            case OrganizationKind.GROUP:
                lead_group(story, unit)
            case _:
                elect(story, unit)


def days_of_elections(story: Story, unit: Unit, years: int) -> list[dt.date]:
    """The first soon after the founding, then at the end of each term; ``last_election`` fixes the rhythm."""
    first = workday(after(story.rng, unit.row.founded_on, 0, 12))
    end = unit.row.dissolved_on or LAST
    days = [first]
    if unit.last_election and unit.last_election > first:
        back = [unit.last_election]
        while (earlier := workday(years_later(back[-1], -years))) > years_later(first, 1):
            back.append(earlier)
        days += back[::-1]
    while not unit.no_more_elections:
        due = years_later(days[-1], years)
        following = workday(due - dt.timedelta(days=story.rng.randint(-6, 18)))
        if following >= end:
            break
        days.append(following)
    return days


def elect(story: Story, unit: Unit) -> None:
    years = 5 if unit.row.kind in COMMITTEES else 3
    days = days_of_elections(story, unit, years)
    for number, day in enumerate(days):
        following = days[number + 1] if number + 1 < len(days) else None
        story.scene.elections.append(
            Election(
                organization=unit.row,
                held_on=day,
                term_years=years,
                expires_on=years_later(day, years),
                extended_to=unit.extended_to if following is None else None,
                doc=story.document(day),
            )
        )
        sit(story, unit, day, following or unit.row.dissolved_on)


def sit(story: Story, unit: Unit, day: dt.date, until: dt.date | None) -> None:
    """Fill the posts of a term; fewer than seven full members have a secretary only (条例: no committee)."""
    able = unit.full_on(day)
    before = unit.terms[-1].committee if unit.terms else []
    kept = [person for person in before if person in able and story.rng.random() < 0.8]
    # Then those who hold no other post, and who will stay.
    others = sorted(
        (person for person in able if person not in kept and person.gone is None),
        key=lambda person: (busy(story, person, day), len(person.jobs)),
    )
    seats = 1 if len(able) < 7 else 3 if len(able) < 12 else 4 if len(able) < 20 else 5
    committee = (kept + others)[:seats]
    unit.terms.append(Term(day, until, committee))
    for person, post in zip(committee, SEATS, strict=False):
        serve(story, unit, person, post, day, until)


def busy(story: Story, person: Person, day: dt.date) -> bool:
    return any(one.member is person.row and contains(one.since, one.until, day) for one in story.scene.offices)


def serve(story: Story, unit: Unit, person: Person, post: Post, day: dt.date, until: dt.date | None) -> None:
    background = ""
    end = until
    if post == Post.SECRETARY:
        kind, category, _ = story.rng.choices(BACKGROUNDS, [weight for *_, weight in BACKGROUNDS])[0]
        known = [one.background for one in story.scene.offices if one.member is person.row and one.background]
        background = known[-1] if known else kind
        if not known:
            person.row.job_category = category
        if unit.vacant_from and until is None and unit.vacant_from > day:
            end = unit.vacant_from
    stays = [stay for one in (unit, *unit.pool) for stay in one.stays if stay.person is person]
    leaves = max((stay.until or dt.date.max for stay in stays), default=dt.date.max)
    if leaves > day and (end is None or leaves < end) and leaves != dt.date.max:
        end = leaves
    story.scene.offices.append(
        Office(organization=unit.row, member=person.row, post=post, background=background, since=day, until=end)
    )


def appoint(story: Story, unit: Unit) -> None:
    """A working committee and a temporary branch are appointed, not elected."""
    if unit.row.kind == OrganizationKind.TEMP_BRANCH:
        day = unit.row.founded_on
        able = [person for person in unit.people_on(day) if person.row.is_full_on(day)]
        posts: tuple[Post, ...] = (Post.SECRETARY, Post.DEPUTY_SECRETARY)
    else:
        day = dt.date(2024, 3, 14)
        able = unit.full_on(day)
        posts = (Post.SECRETARY, Post.FULL_TIME_DEPUTY, Post.ORGANIZER)
    unit.terms.append(Term(day, None, able[: len(posts) + 2]))
    for person, post in zip(able, posts, strict=False):
        background = SecretaryBackground.DISPATCHED if post == Post.SECRETARY else ""
        story.scene.offices.append(
            Office(organization=unit.row, member=person.row, post=post, background=background, since=day)
        )


def lead_group(story: Story, unit: Unit) -> None:
    day = dt.date(2024, 9, 5)
    able = [person for person in unit.people_on(day) if person.row.is_full_on(day)]
    if able:
        story.scene.offices.append(Office(organization=unit.row, member=able[0].row, post=Post.GROUP_LEADER, since=day))
        unit.terms.append(Term(day, None, able[:1]))
