"""The only place that fills a database with the invented nation: every row computed from its number, nothing drawn.

The same number always gives the same row, so a run can be repeated to the figure. Rows go to the tables in bulk,
past the journal: these are the only tables in the project that anything but the journal writes, and they lie in a
database that :mod:`portal.benchmark.ground` made and will drop.

A park holds a block of consecutive enterprises, as if each park had been imported in turn. Of 1,000 enterprises about
380 have been covered at some time (several by overlapping relations), 280 reached by work, 600 employ somebody.
"""

import datetime as dt
import time
from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from math import log
from typing import Any, Final

from django.contrib.auth.hashers import make_password
from django.db import connection, models

from activities.models import Activity, ActivityKind, Mode
from orgs.models import (
    Affiliation,
    AffiliationKind,
    BusinessState,
    BusinessStateKind,
    Coverage,
    Election,
    Employment,
    Enterprise,
    EnterpriseKind,
    EnterpriseSize,
    FormationWay,
    Grant,
    Member,
    Office,
    OrganizationKind,
    Park,
    ParkKind,
    ParkLevel,
    PartyOrganization,
    Post,
    Reach,
    Role,
    SecretaryBackground,
    Subordination,
    User,
    WorkCoverage,
    WorkKind,
)
from orgs.ordering import columns as name_columns
from portal.benchmark.words import FORMS, GIVEN, PAIRS, PROVINCES, SHOPS, SURNAMES, TRADES, pair, spread

ENTERPRISES: Final = 1_600_000
PARKS: Final = 2_800
LAST: Final = dt.date(2026, 10, 31)  # nothing begins or ends later
ORIGIN: Final = dt.date(2008, 1, 1)  # day 0
BATCH: Final = 20_000
# The first two parks are of a size of their own, whatever the nation's
LARGE: Final = 5_000
USUAL: Final = 600
PROVINCE: Final = "32"  # where the superior sits; the second park lies there

END: Final = (LAST - ORIGIN).days
QUARTER: Final = (dt.date(2026, 7, 1) - ORIGIN).days
NEW_YEAR: Final = (dt.date(2019, 1, 1) - ORIGIN).days
ISO: Final = [(ORIGIN + dt.timedelta(days=number)).isoformat() for number in range(END + 1)]


def mix(number: int, salt: int) -> int:
    """Sixty-four bits that depend on every bit of both: what a die would have shown (splitmix64)."""
    bits = (number * 0x9E3779B97F4A7C15 + salt * 0xD1B54A32D192ED03) & 0xFFFFFFFFFFFFFFFF
    bits = ((bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
    bits = ((bits ^ (bits >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
    return bits ^ (bits >> 31)


def shares(pairs: Iterable[tuple[Any, int]], slots: int = 100) -> list[Any]:
    """``slots`` places, filled in proportion."""
    return spread(tuple(pairs), slots)


KINDS: Final = shares(
    (
        (EnterpriseKind.PRIVATE.value, 77),
        (EnterpriseKind.INDIVIDUAL.value, 8),
        (EnterpriseKind.HMT.value, 2),
        (EnterpriseKind.FOREIGN.value, 3),
        (EnterpriseKind.MIXED.value, 2),
        (EnterpriseKind.STATE.value, 4),
        (EnterpriseKind.COLLECTIVE.value, 1),
        (EnterpriseKind.INSTITUTION.value, 1),
        (EnterpriseKind.SOCIAL.value, 2),
    )
)
SIZES: Final = shares(
    (
        (EnterpriseSize.MICRO.value, 61),
        (EnterpriseSize.SMALL.value, 28),
        (EnterpriseSize.MEDIUM.value, 8),
        (EnterpriseSize.LARGE.value, 2),
        ("", 1),
    )
)
STAFF: Final = {"micro": (1, 20), "small": (15, 120), "medium": (80, 400), "large": (300, 4000), "": (1, 60)}
FIRST_STATES: Final = shares(
    (
        (BusinessStateKind.OPERATING.value, 83),
        (BusinessStateKind.PREPARING.value, 5),
        (BusinessStateKind.SUSPENDED.value, 4),
        (BusinessStateKind.SHELL.value, 5),
        (BusinessStateKind.REVOKED.value, 1),
        (BusinessStateKind.CANCELLED.value, 1),
        ("", 1),  # not filled in
    )
)
NEXT_STATES: Final = {
    "operating": ("suspended", "shell", "cancelled", "moved_out"),
    "preparing": ("operating", "operating", "operating", "shell"),
    "suspended": ("operating", "operating", "cancelled", "revoked"),
    "shell": ("operating", "cancelled", "revoked", "cancelled"),
    "revoked": ("cancelled",) * 4,
    "cancelled": ("operating",) * 4,
    "moved_out": ("operating",) * 4,
}
ORGANIZATIONS: Final = shares(
    (
        (OrganizationKind.BRANCH.value, 60),
        (OrganizationKind.JOINT_BRANCH.value, 26),
        (OrganizationKind.GENERAL_BRANCH.value, 5),
        (OrganizationKind.PARTY_COMMITTEE.value, 3),
        (OrganizationKind.TEMP_BRANCH.value, 3),
        (OrganizationKind.GROUP.value, 3),
    )
)
ORGANIZATION_WORDS: Final = {
    "branch": "党支部",
    "joint_branch": "联合党支部",
    "general_branch": "党总支",
    "party_committee": "党委",
    "temp_branch": "临时党支部",
    "group": "党小组",
}
WAYS: Final = shares(
    (
        (FormationWay.JOINT.value, 30),
        (FormationWay.SOLO.value, 38),
        (FormationWay.RESTRUCTURED.value, 2),
        (FormationWay.REGIONAL.value, 7),
        (FormationWay.INDUSTRY.value, 5),
        (FormationWay.BUILDING.value, 3),
        (FormationWay.RELYING.value, 2),
        (FormationWay.ATTACHED.value, 5),
        (FormationWay.DISPATCHED.value, 3),
        (FormationWay.GRID.value, 4),
        (FormationWay.PROJECT_TEMP.value, 1),
    )
)
WORKS: Final = shares(
    (
        (WorkKind.INSTRUCTOR.value, 34),
        (WorkKind.LIAISON.value, 24),
        (WorkKind.TRADE_UNION.value, 26),
        (WorkKind.YOUTH_LEAGUE.value, 7),
        (WorkKind.WOMENS_FEDERATION.value, 5),
        (WorkKind.LEADER_CONTACT.value, 4),
    )
)
BACKGROUNDS: Final = shares((value, 11) for value in SecretaryBackground.values)
POSTS: Final = (Post.DEPUTY_SECRETARY.value, Post.ORGANIZATION.value, Post.PUBLICITY.value, Post.DISCIPLINE.value)
JOBS: Final = shares(
    (("frontline", 55), ("professional", 15), ("middle", 14), ("senior", 8), ("investor", 4), ("other", 3), ("", 1))
)
EDUCATIONS: Final = shares((("20", 40), ("30", 30), ("40", 8), ("60", 12), ("10", 7), ("70", 2), ("", 1)))
PARK_LEVELS: Final = shares(((ParkLevel.PROVINCIAL.value, 60), (ParkLevel.NATIONAL.value, 20), ("city", 15), ("", 5)))
PARK_WORDS: Final = (
    ("经济技术开发区", ParkKind.ECONOMIC.value),
    ("高新技术产业开发区", ParkKind.HIGH_TECH.value),
    ("工业园区", ParkKind.INDUSTRIAL.value),
    ("化工园区", ParkKind.CHEMICAL.value),
    ("物流园", ParkKind.LOGISTICS.value),
)
TRADE_SLOTS: Final = spread(tuple((place, count) for place, (_, count, _) in enumerate(TRADES)), 10_000)
FORM_SLOTS: Final = spread(FORMS, 100)
SHOP_SLOTS: Final = spread(SHOPS, 100)
PROVINCE_SLOTS: Final = spread(tuple((place, one.share) for place, one in enumerate(PROVINCES)), 1000)

Row = tuple[Any, ...]


@dataclass
class Nation:
    """The sizes of a nation, and what later tables need to know of earlier rows. Numbers begin with 0, keys with 1."""

    enterprises: int = ENTERPRISES
    parks: int = PARKS
    counts: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.parks < 1 or self.enterprises < 5 * self.parks:
            raise ValueError("a park needs five enterprises")
        sizes = park_sizes(self.enterprises, self.parks)
        self.firms_of = blocks(sizes)
        self.organizations_of = blocks([max(2, size * 3 // 16) for size in sizes])
        self.members_of = blocks([size * 5 // 8 for size in sizes])
        self.province_of = [province_number(park) for park in range(self.parks)]
        self.settled = array("h")
        self.left = array("h")  # END + 1 for those still there
        self.founded = array("h")
        self.dissolved = array("h")

    @property
    def officer_park(self) -> int:
        """The key of the park of the usual size, the second where there are two."""
        return min(2, self.parks)

    @property
    def large_park(self) -> int:
        return 1

    # The tables, in the order of their foreign keys

    def tables(self) -> Iterator[tuple[type[models.Model], str, Callable[[], Iterator[Row]]]]:
        """Model, the names of the fields that :meth:`rows` gives, and the rows."""
        yield (
            Park,
            "id slug name short_name level kind region_code region_name working_committee is_public count_attached"
            " count_dispatched count_grid wide_work transferred_only three_haves_staff",
            self.park_rows,
        )
        yield User, "id username display_name home_park_id password date_joined", self.user_rows
        yield Grant, "id user_id role reach park_id region_prefix", self.grant_rows
        yield (
            Enterprise,
            "id park_id name uscc kind industry size settled_on left_on locality contact phone former_names",
            self.enterprise_rows,
        )
        yield (
            BusinessState,
            "id enterprise_id state since until fixed_premises staff has_operations above_scale",
            self.state_rows,
        )
        yield (
            PartyOrganization,
            "id park_id name short_name kind founded_on dissolved_on",
            self.organization_rows,
        )
        yield Subordination, "id organization_id superior_id since until", self.subordination_rows
        yield Election, "id organization_id held_on term_years expires_on", self.election_rows
        yield Coverage, "id organization_id enterprise_id way since until", self.coverage_rows
        yield WorkCoverage, "id enterprise_id kind since until holder", self.work_rows
        yield (
            Member,
            "id park_id name sex birth_on ethnicity education job_category applied_on activist_on candidate_on"
            " admitted_on full_on left_on left_reason suspended_on reinstated_on",
            self.member_rows,
        )
        yield Employment, "id member_id enterprise_id since until", self.employment_rows
        yield Affiliation, "id member_id organization_id kind since until", self.affiliation_rows
        yield Office, "id organization_id member_id post background since until", self.office_rows
        yield (
            Activity,
            "id organization_id kind held_on title mode due present on_leave absent",
            self.activity_rows,
        )

    def park_rows(self) -> Iterator[Row]:
        for park in range(self.parks):
            province = PROVINCES[self.province_of[park]]
            city = mix(park, 1) % len(province.cities)
            word, kind = PARK_WORDS[park % len(PARK_WORDS)]
            named = pair(park * 1013) + (str(park // PAIRS) if park >= PAIRS else "")
            yield (
                park + 1,
                f"nation-{park + 1:05d}",
                f"{province.cities[city]}{named}{word}",
                f"{named}{word[-3:]}",
                PARK_LEVELS[mix(park, 2) % 100],
                kind,
                f"{province.prefix}{city + 1:02d}{mix(park, 3) % 20 + 1:02d}",
                f"{province.name}{province.cities[city]}",
                f"{named}{word}党工委",
                park % 4 == 1,
                park % 7 != 6,
                park % 11 != 10,
                park % 5 == 4,
                park % 6 == 5,
                park % 9 == 8,
                20 if park % 13 == 12 else 10,
            )

    def user_rows(self) -> Iterator[Row]:
        password, joined = make_password(None), f"{LAST} 00:00:00+00:00"
        yield 1, "officer", "党务干事", self.officer_park, password, joined
        yield 2, "superior", "省级部门", None, password, joined
        yield 3, "nation", "全国部门", None, password, joined
        yield 4, "large", "大园区干事", self.large_park, password, joined

    def grant_rows(self) -> Iterator[Row]:
        yield 1, 1, Role.OFFICER.value, Reach.PARK.value, self.officer_park, ""
        yield 2, 2, Role.SUPERIOR.value, Reach.REGION.value, None, PROVINCE
        yield 3, 3, Role.SUPERIOR.value, Reach.NATION.value, None, ""
        yield 4, 4, Role.OFFICER.value, Reach.PARK.value, self.large_park, ""

    def enterprise_rows(self) -> Iterator[Row]:
        for park in range(self.parks):
            province = PROVINCES[self.province_of[park]]
            first, count = self.firms_of[park]
            cities, area = province.cities, f"91{province.prefix}{park % 90 + 10:02d}{park % 80 + 11:02d}"
            for firm in range(first, first + count):
                bits = mix(firm, 4)
                bits, a = divmod(bits, 10_000)
                bits, b = divmod(bits, 100)
                bits, c = divmod(bits, 100)
                bits, d = divmod(bits, 10_000)
                bits, e = divmod(bits, 100)
                settled = d % (NEW_YEAR - 1400) + 1400 if b < 38 else NEW_YEAR + (d * 7 + c) % (END - NEW_YEAR + 1)
                stays = 40 + bits % 2600
                left = settled + stays if e < 12 and settled + stays <= END else END + 1
                self.settled.append(settled)
                self.left.append(left)
                trade, _, section = TRADES[TRADE_SLOTS[a]]
                kind = KINDS[c]
                form = SHOP_SLOTS[e] if kind == "individual" else FORM_SLOTS[e]
                place = province.name if b % 10 < 3 else cities[d % len(cities)]
                yield (
                    firm + 1,
                    park + 1,
                    f"{place}{pair(mix(firm, 20))}{trade}{form}",
                    "" if e == 99 else uscc_of(area, firm),
                    kind,
                    "" if e == 98 else section,
                    SIZES[(b * 37 + c * 11) % 100],
                    ISO[settled],
                    ISO[left] if left <= END else None,
                    f"{cities[0]}{FIRST_LOCALITY[c % 10]}街道",
                    person_name(bits) if e < 70 else "",
                    f"13{d:04d}{a:04d}0" if e < 70 else "",
                    f"{place}{pair(mix(firm, 21))}{trade}有限公司" if b == 50 and c < 77 else "",
                )

    def state_rows(self) -> Iterator[Row]:
        key = 0
        for firm in range(self.enterprises):
            bits = mix(firm, 5)
            bits, a = divmod(bits, 100)
            bits, b = divmod(bits, 100)
            bits, c = divmod(bits, 1000)
            bits, d = divmod(bits, 2000)
            state = FIRST_STATES[a]
            if not state:
                continue
            # The very digits that gave the size: the staff fit it
            whole = mix(firm, 4) // 10_000
            low, high = STAFF[SIZES[((whole % 100) * 37 + (whole // 100 % 100) * 11) % 100]]
            staff = low + c * (high - low) // 1000
            since, end = self.settled[firm], self.left[firm]
            lengths = (90 + d, 60 + d // 2) if b < 4 else (90 + d,) if b < 22 else ()
            for length in (*lengths, 0):
                until = since + length
                closes = bool(length) and until < min(end, END)
                key += 1
                yield (
                    key,
                    firm + 1,
                    state,
                    ISO[since],
                    ISO[until] if closes else None,
                    None if c % 50 == 7 else c % 10 != 3,
                    None if c % 20 == 9 else staff,
                    None if c % 50 == 8 else state == "operating",
                    None if c % 40 == 11 else staff >= 100 or c % 12 == 5,
                )
                if not closes:
                    break
                since, state = until, NEXT_STATES[state][d % 4]
                staff += staff // 10 + 1

    def organization_rows(self) -> Iterator[Row]:
        for park in range(self.parks):
            first, count = self.organizations_of[park]
            for place in range(count):
                bits = mix(first + place, 6)
                bits, a = divmod(bits, 100)
                bits, b = divmod(bits, 100)
                bits, c = divmod(bits, 10_000)
                if place == 0:
                    kind, word, founded, dissolved = "working_committee", "党工委", 0, END + 1
                elif place == 1:
                    kind, word, founded, dissolved = "comprehensive_committee", "综合党委", 300, END + 1
                else:
                    kind = ORGANIZATIONS[a]
                    word = ORGANIZATION_WORDS[kind]
                    founded = 400 + c % (NEW_YEAR - 400) if b < 45 else NEW_YEAR + c % (END - NEW_YEAR - 60)
                    ends = founded + 200 + bits % 2500
                    dissolved = ends if b % 8 == 3 and ends <= END else END + 1
                self.founded.append(founded)
                self.dissolved.append(dissolved)
                named = pair(park * 1013 + place * 17) + (str(place // PAIRS) if place >= PAIRS else "")
                yield (
                    first + place + 1,
                    park + 1,
                    f"中共{named}{park + 1}{word}",
                    f"{named}{word}",
                    kind,
                    ISO[founded],
                    ISO[dissolved] if dissolved <= END else None,
                )

    def subordination_rows(self) -> Iterator[Row]:
        """Under the comprehensive committee, that one under the working committee; one in twenty has moved."""
        key = 0
        for park in range(self.parks):
            first, count = self.organizations_of[park]
            for place in range(1, count):
                organization = first + place
                founded = self.founded[organization]
                above = [first + 2] if place > 1 else [first + 1]
                moved = founded + 100 + mix(organization, 7) % 2000
                if place > 1 and mix(organization, 8) % 20 == 0 and moved < END:
                    above = [first + 1, first + 2]
                for step, superior in enumerate(above):
                    key += 1
                    closes = step + 1 < len(above)
                    yield (
                        key,
                        organization + 1,
                        superior,
                        ISO[moved if step else founded],
                        ISO[moved] if closes else None,
                    )

    def election_rows(self) -> Iterator[Row]:
        key = 0
        for organization, founded in enumerate(self.founded):
            late = mix(organization, 9) % 400 - 60  # some terms are held over
            for held in range(founded, min(self.dissolved[organization], END + 1), 3 * 365 + max(0, late)):
                if held < NEW_YEAR - 400:
                    continue
                key += 1
                expires = ORIGIN + dt.timedelta(days=held + 3 * 365)
                yield key, organization + 1, ISO[held], 3, expires.isoformat()

    def coverage_rows(self) -> Iterator[Row]:
        key = 0
        for park in range(self.parks):
            first, count = self.firms_of[park]
            organization_first, organizations = self.organizations_of[park]
            for firm in range(first, first + count):
                bits = mix(firm, 10)
                bits, a = divmod(bits, 1000)
                if a >= 424:
                    continue
                settled = self.settled[firm]
                chosen = bits % organizations
                for link in range(1 if a >= 63 else 2 if a >= 8 else 3):
                    bits, b = divmod(mix(bits, 11), 100)
                    bits, c = divmod(bits, 100)
                    bits, d = divmod(bits, 3000)
                    organization = organization_first + (chosen + link) % organizations
                    since = max(settled, min(self.founded[organization], END - 30)) + d % (30 if b < 70 else 900)
                    if since >= min(self.left[firm], END):
                        continue
                    ends = since + 60 + d % 1500
                    key += 1
                    yield (
                        key,
                        organization + 1,
                        firm + 1,
                        WAYS[b],
                        ISO[since],
                        ISO[ends] if c < 14 and ends <= END else None,
                    )

    def work_rows(self) -> Iterator[Row]:
        key = 0
        for firm in range(self.enterprises):
            bits = mix(firm, 12)
            bits, a = divmod(bits, 1000)
            if a >= 288:
                continue
            for link in range(2 if a < 32 else 1):
                bits, b = divmod(mix(bits, 13), 100)
                bits, c = divmod(bits, 2000)
                since = self.settled[firm] + c + link
                if since >= min(self.left[firm], END):
                    since = self.settled[firm]
                ends = since + 100 + c
                key += 1
                yield (
                    key,
                    firm + 1,
                    WORKS[b],
                    ISO[since],
                    ISO[ends] if b % 10 == 4 and ends <= END else None,
                    person_name(bits) if b < 60 else "",
                )

    def member_rows(self) -> Iterator[Row]:
        for park in range(self.parks):
            first, count = self.members_of[park]
            for member in range(first, first + count):
                bits = mix(member, 14)
                bits, a = divmod(bits, 1000)
                bits, b = divmod(bits, 100)
                bits, c = divmod(bits, END - 1600)
                # The last step of the way: applied c days after day 0, then a year to each step
                applied = c
                steps = [applied + 200, applied + 700, applied + 760, applied + 1140]
                reached = [ISO[day] if day <= END else None for day in steps]
                if a < 120:
                    reached = [reached[0] if a % 2 else None, None, None, None]
                elif a < 150:
                    reached = [*reached[:3], None]
                left = steps[3] + 100 + bits % 2000
                gone = 960 <= a < 980 and left <= END
                suspended = a >= 992 and steps[3] + 200 <= END
                back = steps[3] + 200 + bits % 900
                yield (
                    member + 1,
                    park + 1,
                    person_name(bits),
                    "2" if b % 10 < 3 else "1",
                    f"{1962 + b % 42}-{b % 12 + 1:02d}-{b % 28 + 1:02d}",
                    "汉族" if b < 90 else "",
                    EDUCATIONS[(b * 7 + a) % 100],
                    JOBS[(b * 3 + a) % 100],
                    ISO[applied],
                    *reached,
                    ISO[left] if gone else None,
                    "deceased" if gone else "",
                    ISO[steps[3] + 150] if suspended else None,
                    ISO[back] if suspended and a % 2 and back <= END else None,
                )

    def employment_rows(self) -> Iterator[Row]:
        """Few enterprises employ many members: the product of two draws leans towards the first of the park."""
        key = 0
        for park in range(self.parks):
            first, count = self.firms_of[park]
            member_first, members = self.members_of[park]
            for member in range(member_first, member_first + members):
                bits = mix(member, 15)
                bits, a = divmod(bits, 100)
                bits, b = divmod(bits, count)
                bits, c = divmod(bits, count)
                bits, d = divmod(bits, 2000)
                firm = first + (b * c // count * 7) % count
                since = min(self.settled[firm] + d // 4, END - 1)
                ends = since + 90 + d
                closes = a < 9 and ends < END
                key += 1
                yield key, member + 1, firm + 1, ISO[since], ISO[ends] if closes else None
                if closes and a < 6:
                    other = first + (firm - first + 1 + d) % count
                    key += 1
                    yield key, member + 1, other + 1, ISO[max(ends, min(self.settled[other], END))], None

    def affiliation_rows(self) -> Iterator[Row]:
        key = 0
        formal, inflow = AffiliationKind.FORMAL.value, AffiliationKind.INFLOW.value
        for park in range(self.parks):
            first, count = self.organizations_of[park]
            member_first, members = self.members_of[park]
            for member in range(member_first, member_first + members):
                bits = mix(member, 16)
                bits, a = divmod(bits, 100)
                bits, b = divmod(bits, count)
                bits, c = divmod(bits, 2500)
                if a >= 97:
                    continue
                organization = first + b
                since = min(self.founded[organization] + c, END - 1)
                moves = since + 100 + c
                closes = a < 6 and moves < END
                key += 1
                yield (
                    key,
                    member + 1,
                    organization + 1,
                    formal if a < 95 else inflow,
                    ISO[since],
                    ISO[moves] if closes else None,
                )
                if closes:
                    key += 1
                    yield key, member + 1, first + (b + 1) % count + 1, formal, ISO[moves], None

    def office_rows(self) -> Iterator[Row]:
        """A secretary for nine organizations of ten, and one more post for a third of them."""
        key = 0
        for park in range(self.parks):
            first, count = self.organizations_of[park]
            member_first, members = self.members_of[park]
            if not members:
                continue
            for organization in range(first, first + count):
                bits = mix(organization, 17)
                bits, a = divmod(bits, 100)
                bits, b = divmod(bits, members)
                since, dissolved = self.founded[organization], self.dissolved[organization]
                until = ISO[dissolved] if dissolved <= END else None
                if a < 90:
                    key += 1
                    background = BACKGROUNDS[bits % 99]
                    yield key, organization + 1, member_first + b + 1, "secretary", background, ISO[since], until
                if a < 33:
                    key += 1
                    yield (
                        key,
                        organization + 1,
                        member_first + (b + 1) % members + 1,
                        POSTS[a % 4],
                        "",
                        ISO[since],
                        until,
                    )

    def activity_rows(self) -> Iterator[Row]:
        """The year's meeting of every organization in being; a third also hold all that they owe in some quarters."""
        key = 0
        theme, meeting = ActivityKind.THEME_DAY.value, ActivityKind.MEMBER_MEETING.value
        for organization, founded in enumerate(self.founded):
            bits = mix(organization, 18)
            bits, a = divmod(bits, 100)
            bits, b = divmod(bits, 20)
            held = [(theme if bits % 3 else meeting, END - bits % 360)]
            if a < 33:
                # The last quarter, and one of the two years before
                for quarter in (0, 1 + bits % 8):
                    first = QUARTER - 91 * quarter
                    held += [(theme, first + month * 31 + b) for month in range(3)] + [(meeting, first + 2 + b)]
            for kind, day in held:
                if day < founded or day >= self.dissolved[organization]:
                    continue
                key += 1
                yield (
                    key,
                    organization + 1,
                    kind,
                    ISO[day],
                    "主题党日" if kind == theme else "党员大会",
                    Mode.ON_SITE.value,
                    b + 3,
                    b + 2 - b // 8,
                    1,
                    b // 8,
                )


# Sizes


def park_sizes(enterprises: int, parks: int) -> list[int]:
    """How many enterprises each park holds: one large, one usual, the others skewed as parks are; the sum is exact."""
    fixed = (
        [min(LARGE, enterprises // 4), min(USUAL, enterprises // 4)] if parks > 2 and enterprises >= 20 * parks else []
    )
    rest, others = enterprises - sum(fixed), parks - len(fixed)
    weights = [0.1 - 0.9 * log((mix(park, 19) % 9_999 + 1) / 10_000) for park in range(others)]
    scale = (rest - 5 * others) / sum(weights)
    sizes = [5 + int(weight * scale) for weight in weights]
    for place in range(rest - sum(sizes)):
        sizes[place % others] += 1
    return fixed + sizes


def blocks(sizes: list[int]) -> list[tuple[int, int]]:
    """(first number, count) of each block of consecutive numbers."""
    found, first = [], 0
    for size in sizes:
        found.append((first, size))
        first += size
    return found


def province_number(park: int) -> int:
    """The second park lies in PROVINCE; the others are dealt out by share, with every province among a thousand."""
    if park == 1:
        return next(place for place, one in enumerate(PROVINCES) if one.prefix == PROVINCE)
    return PROVINCE_SLOTS[park * 617 % 1000]


# Names and codes

FIRST_LOCALITY: Final = ("城关", "东风", "新华", "建设", "和平", "光明", "胜利", "向阳", "滨河", "团结")


def person_name(bits: int) -> str:
    rest, surname = divmod(bits, len(SURNAMES))
    rest, first = divmod(rest, len(GIVEN))
    return SURNAMES[surname] + GIVEN[first] + GIVEN[rest % len(GIVEN)]


ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
WEIGHTS: Final = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)


def _weighed(start: int, width: int) -> list[int]:
    return [
        sum(int(digit) * WEIGHTS[start + place] for place, digit in enumerate(f"{number:0{width}d}"))
        for number in range(10**width)
    ]


_HEADS: Final[dict[str, int]] = {}
_HIGH, _MIDDLE, _LOW = _weighed(8, 3), _weighed(11, 3), _weighed(14, 3)


def uscc_of(area: str, firm: int) -> str:
    """Eighteen characters with their check character: 91, region, the number of the firm (GB 32100)."""
    head = _HEADS.get(area)
    if head is None:
        head = _HEADS[area] = sum(int(digit) * weight for digit, weight in zip(area, WEIGHTS, strict=False))
    high, rest = divmod(firm, 1_000_000)
    middle, low = divmod(rest, 1000)
    check = -(head + _HIGH[high] + _MIDDLE[middle] + _LOW[low]) % 31
    return f"{area}{firm:09d}{ALPHABET[check]}"


# Writing


def build(nation: Nation, told: Callable[[str], object] = lambda line: None) -> Nation:
    """Fill the empty, migrated tables; leaves indexes and constraints as they were, and the database analysed."""
    started = time.perf_counter()
    with _unguarded():
        for model, names, rows in nation.tables():
            begun = time.perf_counter()
            count = _load(model, names.split(), rows())
            nation.counts[model._meta.db_table] = count
            nation.seconds[model._meta.db_table] = time.perf_counter() - begun
            told(f"  {model._meta.db_table}：{count:,}行，{time.perf_counter() - begun:.1f}秒")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    nation.seconds["all"] = time.perf_counter() - started
    return nation


class _unguarded:
    """While it lasts nothing is flushed to disk and foreign keys are not looked up; the rows are right by construction.

    ``build`` at a small size in the tests has every constraint checked afterwards.
    """

    def __enter__(self) -> None:
        connection.ensure_connection()
        with connection.cursor() as cursor:
            for line in LOADING[connection.vendor]:
                cursor.execute(line)

    def __exit__(self, *problem: object) -> None:
        with connection.cursor() as cursor:
            for line in SERVING[connection.vendor]:
                cursor.execute(line)
        connection.close()


LOADING: Final = {
    "sqlite": (
        "PRAGMA foreign_keys = OFF",
        "PRAGMA journal_mode = OFF",
        "PRAGMA synchronous = OFF",
        "PRAGMA cache_size = -1000000",
    ),
    "postgresql": ("SET session_replication_role = replica", "SET synchronous_commit = off"),
}
SERVING: Final = {
    "sqlite": ("PRAGMA journal_mode = WAL",),
    "postgresql": ("SET session_replication_role = DEFAULT",),
}


def _load(model: type[models.Model], names: list[str], rows: Iterator[Row]) -> int:
    """Write the rows; fields that are not named get the model's default."""
    fields = {one.attname: one for one in model._meta.concrete_fields}
    if unknown := set(names) - set(fields):
        raise ValueError(f"{model._meta.label} has no {unknown}")
    worked_out = [(one, names.index(one.of)) for one in name_columns(model)]
    names = [*names, *(one.attname for one, _place in worked_out)]
    rest = [one for name, one in fields.items() if name not in names]
    fill = tuple(one.get_db_prep_save(one.get_default(), connection) for one in rest)
    columns = [fields[name].column for name in names] + [one.column for one in rest]
    count = _copy if connection.vendor == "postgresql" else _insert
    told = ((*row, *(one.of_name(row[place]) for one, place in worked_out), *fill) for row in rows)
    return count(model._meta.db_table, columns, told)


def _insert(table: str, columns: list[str], rows: Iterator[Row]) -> int:
    named, places = ", ".join(f'"{column}"' for column in columns), ", ".join("?" * len(columns))
    # The driver itself: Django's cursor would keep every row of the iterator in memory
    raw = connection.connection
    raw.execute("BEGIN")
    done = raw.executemany(f'INSERT INTO "{table}" ({named}) VALUES ({places})', rows)  # noqa: S608 (names of models)
    raw.execute("COMMIT")
    count: int = done.rowcount
    return count


def _copy(table: str, columns: list[str], rows: Iterator[Row]) -> int:
    named = ", ".join(f'"{column}"' for column in columns)
    count = 0
    with connection.cursor() as cursor:
        with cursor.copy(f'COPY "{table}" ({named}) FROM STDIN') as copy:
            for row in rows:
                copy.write_row(row)
                count += 1
        cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {max(1, count)})")
    return count
