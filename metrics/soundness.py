"""The only place that says when a Party organization is in working order: secretary, term, the meetings it owes.

An enterprise is effectively covered when one of the organizations that cover it is sound. Sources:
《中国共产党支部工作条例（试行）》第十一条（支部党员大会一般每季度召开1次）、第十六条（党支部每月相对固定1天开展主题党日）；
《关于党的基层组织任期的意见》（任期）.
"""

import datetime as dt
from typing import Any, Final

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Coalesce

from activities.models import Activity, ActivityKind
from orgs.models import Election, Office, OrganizationKind, PartyOrganization, Post
from orgs.periods import during

# Whoever owes the meetings of a branch: committees meet by other rules, temporary branches are not counted at all.
BRANCH_KINDS: Final = frozenset({OrganizationKind.BRANCH, OrganizationKind.JOINT_BRANCH})


def quarter_of(day: dt.date) -> dt.date:
    """The first day of the quarter of ``day``."""
    return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)


def last_quarter(day: dt.date) -> tuple[dt.date, dt.date]:
    """First day and end (not included) of the last calendar quarter that was over before ``day``."""
    end = quarter_of(day)
    return months_before(end, 3), end


def months_before(first: dt.date, count: int) -> dt.date:
    """The first of the month ``count`` months before the month that begins on ``first``."""
    years, month = divmod(first.year * 12 + first.month - 1 - count, 12)
    return dt.date(years, month + 1, 1)


def months_of(first: dt.date, end: dt.date) -> list[tuple[dt.date, dt.date]]:
    """The calendar months from ``first`` until ``end``, both firsts of a month, as half-open pairs."""
    pairs = []
    while first < end:
        following = months_before(first, -1)
        pairs.append((first, following))
        first = following
    return pairs


def held(kind: ActivityKind, first: dt.date, end: dt.date) -> Exists:
    """That the organization held at least one such meeting from ``first`` until ``end``."""
    return Exists(Activity.objects.filter(organization=OuterRef("pk"), kind=kind, held_on__gte=first, held_on__lt=end))


def has_secretary(day: dt.date) -> Exists:
    """That the organization has a secretary in office."""
    return Exists(Office.objects.filter(during(day), organization=OuterRef("pk"), post=Post.SECRETARY))


def term_runs(day: dt.date) -> Exists:
    """That a term is running: elected, and neither expired nor past an approved extension."""
    ends = Coalesce("extended_to", "expires_on")
    terms = Election.objects.annotate(ends_on=ends).filter(held_on__lte=day, ends_on__gt=day)
    return Exists(terms.filter(organization=OuterRef("pk")))


def owes_meetings(day: dt.date) -> Q:
    """The branches that owed meetings in the last quarter: those founded before it began."""
    return Q(kind__in=sorted(BRANCH_KINDS), founded_on__lt=last_quarter(day)[0])


def met(day: dt.date) -> Q:
    """That in the last quarter the members met, and a themed day was held in each of its months."""
    first, end = last_quarter(day)
    all_held = Q(held(ActivityKind.MEMBER_MEETING, first, end))
    for month in months_of(first, end):
        all_held &= Q(held(ActivityKind.THEME_DAY, *month))
    return all_held


def sound_organizations(day: dt.date) -> Any:
    """The organizations in working order on ``day``."""
    return PartyOrganization.objects.filter(
        Q(has_secretary(day)), Q(term_runs(day)), ~owes_meetings(day) | met(day)
    ).order_by()
