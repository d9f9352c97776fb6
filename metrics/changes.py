"""The only place that says why an indicator over enterprises changed between two days.

Which enterprises changed is asked of the indicator's own conditions, so the causes always add up to the difference of
the two figures. Why each of them changed is read from the dated facts with a boundary after the first day and up to the
second. Membership is walked from the first day to the second one kind of fact at a time, in the order of STEPS:

    presence in the park → state of business → members → coverage → sound organization → work relations → definition

and the last step that turns it is the cause. So an enterprise that settled and then founded its branch is in the
denominator because it settled, in the numerator because of the branch; one that left takes both along by leaving.
What held already on the day an enterprise settled came with it by settling.
Within a step the written order of the functions below decides. A fact that came to be known late (补录) or was put
right later (更正) is told by the trail and marked; the marks narrow a cause and change none of its sums.
"""

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Prefetch, Q
from django.utils import timezone

from metrics.coverage import counted_coverages, described, employed_members, on_day, work_relations
from metrics.indicators import Indicator, names_in
from metrics.soundness import has_secretary, met, owes_meetings, sound_organizations, term_runs
from orgs.models import (
    SOLO_WAYS,
    Action,
    Affiliation,
    AffiliationKind,
    BusinessState,
    Change,
    Coverage,
    Employment,
    Enterprise,
    FormationWay,
    Member,
    OrganizationKind,
    PartyOrganization,
    Via,
    WorkCoverage,
    WorkKind,
)
from orgs.periods import contains
from orgs.scoping import ScopedModel, ScopedQuerySet

# A fact entered more than so many days after the day from which it holds was entered late.
LATE_DAYS: Final = 30
# So many changed enterprises are explained with one set of queries.
BATCH: Final = 5000

LATE, CORRECTED = "补录", "更正"

# kind → label, in the order in which causes are listed; a label in brackets' place is filled with what exactly changed
KINDS: Final[Mapping[str, str]] = {
    "settled": "入驻",
    "left": "迁出",
    "state": "经营状态变化",
    "three_haves": "“三有”情况变化",
    "scale": "规模以上变化",
    "staff": "从业人员变化",
    "admitted": "发展党员",
    "converted": "党员转正",
    "reinstated": "恢复党籍",
    "employed": "党员调入",
    "transferred_in": "组织关系转入",
    "left_party": "党员离开（去世、退党等）",
    "suspended": "停止党籍",
    "unemployed": "党员调出",
    "transferred_out": "组织关系转出",
    "founded": "新建党组织",
    "joined": "加入联合党支部",
    "begun": "纳入已有党组织",
    "way": "组建方式变更",
    "dissolved": "党组织撤销",
    "withdrawn": "退出联合党支部",
    "ended": "组织覆盖终止",
    "secretary": "书记到任或空缺",
    "term": "换届或任期届满",
    "meetings": "组织生活开展情况变化",
    "work_begun": "工作覆盖开始",
    "work_ended": "工作覆盖终止",
    "definition": "口径改变",
    "other": "其他变化",
}


@dataclass(frozen=True)
class Fact:
    """A record and the field whose day made the difference; ``day`` is that day."""

    row: ScopedModel
    field: str
    day: dt.date


@dataclass(frozen=True)
class Found:
    """What one step of the walk says about one enterprise."""

    kind: str
    sentence: str
    facts: tuple[Fact, ...] = ()
    detail: str = ""

    @property
    def label(self) -> str:
        return KINDS[self.kind] + (f"：{self.detail}" if self.detail else "")

    @property
    def day(self) -> dt.date | None:
        return max((fact.day for fact in self.facts), default=None)


@dataclass(frozen=True)
class Row:
    """One enterprise under one cause. ``also`` says what else about it changed in the same time."""

    enterprise: Enterprise
    numerator_change: int
    denominator_change: int
    sentence: str
    day: dt.date | None
    facts: tuple[Fact, ...]
    also: tuple[str, ...] = ()
    mark: str = ""


@dataclass(frozen=True)
class Marked:
    """The part of a cause that was entered late or corrected afterwards."""

    mark: str
    numerator_change: int
    denominator_change: int
    count: int


@dataclass(frozen=True)
class Cause:
    kind: str
    label: str
    rows: Sequence[Row]

    @property
    def numerator_change(self) -> int:
        return sum(row.numerator_change for row in self.rows)

    @property
    def denominator_change(self) -> int:
        return sum(row.denominator_change for row in self.rows)

    @property
    def marked(self) -> list[Marked]:
        """Sub-lines: what of this cause became known late or was put right, as far as there is any."""
        found = []
        for mark in (LATE, CORRECTED):
            rows = [row for row in self.rows if row.mark == mark]
            if rows:
                changes = (sum(row.numerator_change for row in rows), sum(row.denominator_change for row in rows))
                found.append(Marked(mark, *changes, len(rows)))
        return found


@dataclass(frozen=True)
class Explained:
    """Why ``indicator`` moved from ``first`` to ``second``: causes whose changes add up to the whole change exactly."""

    indicator: Indicator
    first: dt.date
    second: dt.date
    causes: Sequence[Cause]

    @property
    def numerator_change(self) -> int:
        return sum(cause.numerator_change for cause in self.causes)

    @property
    def denominator_change(self) -> int:
        return sum(cause.denominator_change for cause in self.causes)

    @property
    def enterprises(self) -> int:
        """How many enterprises came, went or changed sides; one may stand under two causes."""
        return len({row.enterprise.pk for cause in self.causes for row in cause.rows})


def explain(indicator: Indicator, enterprises: ScopedQuerySet, first: dt.date, second: dt.date) -> Explained:
    """The causes of the change of an indicator over ``enterprises`` (a scoped queryset) between two days.

    ValueError when the days are in the wrong order or the indicator does not count enterprises. Up to BATCH changed
    enterprises cost the same number of queries.
    """
    if first > second:
        raise ValueError("the first day must not lie after the second")
    if indicator.subject.model is not Enterprise:
        raise ValueError(f"{indicator.code} does not count enterprises")
    changed = _changed(indicator, enterprises, first, second)
    keys = sorted(changed)
    found: dict[tuple[str, str], list[Row]] = {}
    for start in range(0, len(keys), BATCH):
        several = keys[start : start + BATCH]
        between = Between(indicator, first, second)
        rows = [row for one in between.known(enterprises, several) for row in _rows_of(between, one, *changed[one.pk])]
        marks = _marks(rows, second)
        for number, (kind, label, row) in enumerate(rows):
            found.setdefault((kind, label), []).append(replace(row, mark=marks[number]))
    order = {kind: place for place, kind in enumerate(KINDS)}
    causes = [
        Cause(
            kind, label, sorted(rows, key=lambda row: (row.day or second, row.enterprise.order_key, row.enterprise.pk))
        )
        for (kind, label), rows in sorted(found.items(), key=lambda item: (order[item[0][0]], item[0][1]))
    ]
    return Explained(indicator, first, second, causes)


def _changed(
    indicator: Indicator, enterprises: ScopedQuerySet, first: dt.date, second: dt.date
) -> dict[int, tuple[int, int]]:
    """Enterprise → (change of the numerator, change of the denominator), each −1, 0 or 1, never both 0."""
    found: dict[int, list[int]] = {}
    present = [(indicator.on(day), on_day(enterprises, day).order_by()) for day in (first, second)]
    for place, part in enumerate(("numerator", "denominator")):
        before, after = (known.filter(getattr(one, part)).values("pk") for one, known in present)
        for sign, here, there in ((1, after, before), (-1, before, after)):
            for key in here.exclude(pk__in=there).values_list("pk", flat=True):
                found.setdefault(key, [0, 0])[place] = sign
    return {key: (numerator, denominator) for key, (numerator, denominator) in found.items()}


def _rows_of(between: "Between", enterprise: Any, numerator: int, denominator: int) -> list[tuple[str, str, Row]]:
    """The one or two places of an enterprise among the causes: (kind, label, row)."""
    steps = between.steps(enterprise)
    causes: dict[tuple[str, str], tuple[Found, list[int]]] = {}
    for place, (part, change) in enumerate((("numerator", numerator), ("denominator", denominator))):
        if change:
            found = between.cause(enterprise, part, change, steps)
            causes.setdefault((found.kind, found.label), (found, [0, 0]))[1][place] = change
    rows = []
    for (kind, label), (found, (up, down)) in causes.items():
        others = [other for other in steps.values() if other is not None and other != found]
        also = tuple(
            other.sentence for other in others if other.kind == "settled" or not between.came_with(enterprise, other)
        )
        rows.append((kind, label, Row(enterprise, up, down, found.sentence, found.day, found.facts, also)))
    return rows


# The walk

STEPS: Final[Mapping[str, frozenset[str]]] = {
    "presence": frozenset(),
    "state": frozenset(
        {
            "in_all",
            "in_clean",
            "in_real",
            "in_staff_50",
            "in_staff_100",
            "in_three_haves",
            "in_scale",
            "state_on",
            "staff_on",
        }
    ),
    "members": frozenset({"full_members", "members"}),
    "coverage": frozenset({"covered", "solo"}),
    "soundness": frozenset({"effective"}),
    "work": frozenset({"worked", "instructed", "unions", "leagues", "womens"}),
    "rest": frozenset(),  # what a new indicator may ask and nobody explains yet
}
WORK_NAMES: Final = {
    "instructed": WorkKind.INSTRUCTOR,
    "unions": WorkKind.TRADE_UNION,
    "leagues": WorkKind.YOUTH_LEAGUE,
    "womens": WorkKind.WOMENS_FEDERATION,
}


class Between:
    """One indicator between two days: what is known of enterprises on both, and which step made the difference.

    An enterprise from :meth:`known` carries ``before`` and ``after`` (annotation → value, present in the park or not)
    and the facts that touch the time between, each with ``then`` and ``now``: whether it counted on the first day, on
    the second.
    """

    def __init__(self, indicator: Indicator, first: dt.date, second: dt.date) -> None:
        self.first, self.second = first, second
        self.then, self.now = indicator.on(first), indicator.on(second)
        self.names = names_in(self.then.numerator, self.now.numerator)
        named = frozenset[str]().union(*STEPS.values())
        self.stepwise = {step: names & self.names for step, names in STEPS.items()} | {"rest": self.names - named}

    def inside(self, day: dt.date | None) -> bool:
        """Whether a boundary on ``day`` lies after the first day and not after the second."""
        return day is not None and self.first < day <= self.second

    def known(self, enterprises: ScopedQuerySet, keys: Collection[int]) -> list[Any]:
        chosen = enterprises.filter(pk__in=keys)
        values = [
            {row["pk"]: row for row in described(chosen, day).order_by().values("pk", *sorted(self.names - {"pk"}))}
            for day in (self.first, self.second)
        ]
        rows: list[Any] = list(chosen.order_by("pk").select_related("park").prefetch_related(*self._facts()))
        for row in rows:
            row.before, row.after = (by_key[row.pk] for by_key in values)
        return rows

    def _facts(self) -> list[Any]:
        formal = Affiliation.objects.filter(kind=AffiliationKind.FORMAL).select_related("organization")
        anybody = [employed_members(day, self._member_q(day)) for day in (self.first, self.second)]
        full = [employed_members(day, Member.full_q(day, "member__")) for day in (self.first, self.second)]
        employments = self._touching(Employment.objects.all()).annotate(
            then=_among(anybody[0]), now=_among(anybody[1]), full_then=_among(full[0]), full_now=_among(full[1])
        )
        coverages = self._flagged(Coverage.objects.all(), counted_coverages)
        return [
            Prefetch("states", self._touching(BusinessState.objects.all()), to_attr="states_between"),
            Prefetch("coverages", coverages.prefetch_related(self._organizations()), to_attr="coverages_between"),
            Prefetch("works", self._flagged(WorkCoverage.objects.all(), work_relations), to_attr="works_between"),
            Prefetch(
                "employments",
                employments.select_related("member").prefetch_related(
                    Prefetch("member__affiliations", formal, to_attr="formal")
                ),
                to_attr="employments_between",
            ),
        ]

    def _member_q(self, day: dt.date) -> Q:
        return Member.full_q(day, "member__") | Member.probationary_q(day, "member__")

    def _touching(self, facts: Any) -> Any:
        """The periods that share a day with the time from the first day to the second."""
        return facts.filter(Q(until__isnull=True) | Q(until__gt=self.first), since__lte=self.second)

    def _flagged(self, facts: Any, counting: Callable[[dt.date], Any]) -> Any:
        return self._touching(facts).annotate(then=_among(counting(self.first)), now=_among(counting(self.second)))

    def _organizations(self) -> Prefetch:
        organizations: Any = PartyOrganization.objects.all()
        if "effective" in self.names:
            for suffix, day in (("then", self.first), ("now", self.second)):
                organizations = organizations.annotate(
                    **{
                        f"sound_{suffix}": _among(sound_organizations(day)),
                        f"secretary_{suffix}": has_secretary(day),
                        f"term_{suffix}": term_runs(day),
                        f"meetings_{suffix}": ExpressionWrapper(
                            ~owes_meetings(day) | met(day), output_field=BooleanField()
                        ),
                    }
                )
        return Prefetch("organization", organizations)

    def steps(self, enterprise: Any) -> dict[str, Found | None]:
        """What each step has to say about the enterprise; ``None`` where nothing of it changed."""
        found: dict[str, Found | None] = {"presence": self._presence(enterprise)}
        for step, how in (
            ("state", self._state),
            ("members", self._members),
            ("coverage", self._coverage),
            ("soundness", self._soundness),
            ("work", self._work),
        ):
            moved = {name for name in self.stepwise[step] if enterprise.before[name] != enterprise.after[name]}
            found[step] = how(enterprise, moved) if moved else None
        return found

    def cause(self, enterprise: Any, part: str, change: int, steps: Mapping[str, Found | None]) -> Found:
        """The last step that turned the membership in ``part`` (numerator or denominator) on the way."""
        condition, newer = getattr(self.then, part), getattr(self.now, part)
        here = [contains(enterprise.settled_on, enterprise.left_on, day) for day in (self.first, self.second)]
        values, present = dict(enterprise.before), here[0]
        member = started = present and holds(condition, values) is True
        last: Found | None = None
        for step, names in self.stepwise.items():
            if step == "presence":
                present = here[1]
            else:
                values |= {name: enterprise.after[name] for name in names}
            turned = present and holds(condition, values) is True
            if turned != member:
                member, last = turned, steps.get(step)
        if newer != condition and (present and holds(newer, values) is True) != member:
            member = not member
            last = Found("definition", f"{self.second}已按新口径计算")
        came = steps["presence"] if here[1] and not here[0] else None
        if came is not None and (last is None or self.came_with(enterprise, last)):
            last = came  # a step without a word changed before the enterprise settled
        agrees = member - started == change and started == (change < 0)
        if last is None or not agrees:
            return Found("other", "；".join(one.sentence for one in steps.values() if one) or "记录有变化")
        return last

    def came_with(self, enterprise: Any, found: Found) -> bool:
        """Whether a fact held already when the enterprise settled between the days: then it came by settling."""
        return self.inside(enterprise.settled_on) and (found.day is None or found.day <= enterprise.settled_on)

    # What each step says, in the order in which it looks

    def _presence(self, enterprise: Any) -> Found | None:
        before, after = (contains(enterprise.settled_on, enterprise.left_on, day) for day in (self.first, self.second))
        if before == after:
            return None
        if after:
            return Found("settled", f"{enterprise.settled_on}入驻", (_fact(enterprise, "settled_on"),))
        return Found("left", f"{enterprise.left_on}迁出", (_fact(enterprise, "left_on"),))

    def _state(self, enterprise: Any, moved: Collection[str]) -> Found | None:
        """From one state of business to another; with the same state, 规模以上, “三有” or the number of staff."""
        before, after = (
            next((row for row in enterprise.states_between if contains(row.since, row.until, day)), None)
            for day in (max(self.first, min(enterprise.settled_on, self.second)), self.second)
        )
        if after is not None and self.inside(after.since):
            facts: tuple[Fact, ...] = (_fact(after, "since"),)
        elif before is not None and self.inside(before.until):
            facts = (_fact(before, "until"),)
        else:
            return None
        words = [row.get_state_display() if row is not None else "未填" for row in (before, after)]
        since = facts[0].day
        if before is after:
            return Found("state", f"{since}起{words[1]}", facts)
        if words[0] != words[1]:
            return Found("state", f"{since}起经营状态由{words[0]}变为{words[1]}", facts, "→".join(words))
        if "in_scale" in moved:
            word = "规模以上" if enterprise.after["in_scale"] else "规模以下或未填"
            return Found("scale", f"{since}起登记为{word}", facts, f"变为{word}")
        if "in_three_haves" in moved:
            word = "“三有”齐全" if enterprise.after["in_three_haves"] else "“三有”不全或未填"
            return Found("three_haves", f"{since}起{word}", facts, f"变为{word}")
        staff = ["未填" if row is None or row.staff is None else f"{row.staff}名" for row in (before, after)]
        return Found("staff", f"{since}起从业人员由{staff[0]}变为{staff[1]}", facts)

    def _members(self, enterprise: Any, moved: Collection[str]) -> Found | None:
        """The one member whose change completed the rise, or came first in the fall, of the number of members."""
        name = "full_members" if "full_members" in moved else "members"
        level = "full_" if name == "full_members" else ""
        rises = enterprise.after[name] > enterprise.before[name]
        people: dict[int, list[Any]] = {}
        for row in enterprise.employments_between:
            people.setdefault(row.member_id, []).append(row)
        events = []
        for rows in people.values():
            then, now = (any(getattr(row, f"{level}{when}") for row in rows) for when in ("then", "now"))
            if then != now and now == rises:
                events.append(self._member_event(enterprise, rows, full=bool(level), gained=rises))
        known = [event for event in events if event is not None]
        if not known:
            return None
        order = {kind: place for place, kind in enumerate(KINDS)}
        kind, fact = (max if rises else min)(known, key=lambda one: (one[1].day, -order[one[0]], one[1].row.pk))
        counts = f"{'正式党员' if level else '党员'}由{enterprise.before[name]}名变为{enterprise.after[name]}名"
        several = sum(1 for other, _fact_ in known if other == kind)
        words = {
            "admitted": "接收为预备党员",
            "converted": "转正",
            "reinstated": "恢复党籍",
            "employed": "来企业工作",
            "transferred_in": "组织关系转入",
            "left_party": "离开党组织",
            "suspended": "停止党籍",
            "unemployed": "离开企业",
            "transferred_out": "组织关系转出",
        }
        return Found(kind, f"{fact.day}党员{several}名{words[kind]}，{counts}", (fact,))

    def _member_event(
        self, enterprise: Any, rows: Sequence[Any], *, full: bool, gained: bool
    ) -> tuple[str, Fact] | None:
        """Why a member counts now (the condition met last), or no longer (the one lost first): (kind, fact)."""
        member = rows[0].member
        events: list[tuple[str, Fact]] = []

        def period(kind: str, facts: Iterable[Any], since: str = "since", until: str = "until") -> None:
            """Adds the boundary of the fact that holds on the one day when none holds on the other."""
            holding = [
                [row for row in facts if contains(getattr(row, since), getattr(row, until), day)]
                for day in (self.first, self.second)
            ]
            here, there = (holding[1], holding[0]) if gained else (holding[0], holding[1])
            if here and not there:
                ends = [_fact(row, since if gained else until) for row in here]
                events.append((kind, (min if gained else max)(ends, key=lambda one: one.day)))

        period("employed" if gained else "unemployed", rows)
        if enterprise.park.transferred_only:
            here = [row for row in member.formal if row.organization.park_id == enterprise.park_id]
            period("transferred_in" if gained else "transferred_out", here)
        if gained:
            # Whoever was admitted and converted between the days counts since the admission, unless full members count
            if full and self.inside(member.full_on):
                events.append(("converted", _fact(member, "full_on")))
            if not full:
                steps = [name for name in ("admitted_on", "full_on") if getattr(member, name) is not None]
                begun = min(steps, key=lambda name: getattr(member, name), default="")
                if begun and self.inside(getattr(member, begun)):
                    events.append(("admitted", _fact(member, begun)))
            if self.inside(member.reinstated_on) and contains(member.suspended_on, member.reinstated_on, self.first):
                events.append(("reinstated", _fact(member, "reinstated_on")))
        else:
            if self.inside(member.left_on):
                events.append(("left_party", _fact(member, "left_on")))
            if contains(member.suspended_on, member.reinstated_on, self.second):
                # A probationary member counts although suspended, and no longer once converted
                events += [
                    ("suspended", _fact(member, field))
                    for field in ("suspended_on", "full_on")
                    if self.inside(getattr(member, field))
                ]
        if not events:
            return None
        return (max if gained else min)(events, key=lambda event: event[1].day)

    def _coverage(self, enterprise: Any, moved: Collection[str]) -> Found | None:
        if "covered" in moved:
            gained, wanted = enterprise.after["covered"], enterprise.coverages_between
        else:
            gained = enterprise.after["solo"]
            wanted = [row for row in enterprise.coverages_between if row.way in SOLO_WAYS]
        rows = [row for row in wanted if (row.now if gained else row.then)]
        if not rows:
            return None
        row = (min if gained else max)(rows, key=lambda one: (self._turned(one, gained=gained), one.pk))
        found = self._covering(row) if gained else self._uncovering(row)
        others = [one for one in enterprise.coverages_between if (one.then if gained else one.now)]
        if "covered" in moved or not others or found is None:
            return found
        # Covered before and after, but solo on one of the days only
        old, new = (others[0], row) if gained else (row, others[0])
        words = f"{old.get_way_display()}→{new.get_way_display()}"
        day = self._turned(row, gained=gained)
        return Found("way", f"{day}起组建方式由{words.replace('→', '变为')}", found.facts, words)

    def _turned(self, row: Any, *, gained: bool) -> dt.date:
        """The day on which a coverage relation began to count, or ceased to."""
        being = row.organization
        if gained:
            begun: dt.date = max(row.since, being.founded_on)
            return begun
        ended: dt.date = min(day for day in (row.until, being.dissolved_on) if self.inside(day))
        return ended

    def _covering(self, row: Any) -> Found:
        """An organization founded since; else a joint branch that took the enterprise in; else any other in being."""
        organization = row.organization
        facts = [_fact(row, "since")] if self.inside(row.since) else []
        how = f"{organization}（{row.get_way_display()}）"
        if self.inside(organization.founded_on):
            facts.append(_fact(organization, "founded_on"))
            what = f"{organization.founded_on}成立{how}"
            return Found(
                "founded", what if row.since <= organization.founded_on else f"{what}，{row.since}起覆盖", (*facts,)
            )
        kind = "joined" if _is_joint(row) else "begun"
        return Found(
            kind,
            f"{row.since}{'加入' if kind == 'joined' else '由'}{how}{'' if kind == 'joined' else '覆盖'}",
            (*facts,),
        )

    def _uncovering(self, row: Any) -> Found:
        """The organization dissolved while it covered; else a joint branch left; else the coverage ended."""
        organization, until = row.organization, row.until
        dissolved = organization.dissolved_on
        if self.inside(dissolved) and (until is None or dissolved <= until):
            return Found("dissolved", f"{dissolved}撤销{organization}", (_fact(organization, "dissolved_on"),))
        facts = (_fact(row, "until"),)
        if _is_joint(row):
            return Found("withdrawn", f"{until}退出{organization}", facts)
        return Found("ended", f"{until}起{organization}不再覆盖（{row.get_way_display()}）", facts)

    def _soundness(self, enterprise: Any, moved: Collection[str]) -> Found | None:
        """The coverage itself; else the secretary, the term, the meetings of an organization that covers all along."""
        gained = enterprise.after["effective"]
        when, other = ("now", "then") if gained else ("then", "now")
        rows = [
            row
            for row in enterprise.coverages_between
            if getattr(row, when) and getattr(row.organization, f"sound_{when}")
        ]
        for row in rows:
            if getattr(row, other):
                return self._order_of(row.organization, gained=gained)
        if not rows:
            return None
        row = (min if gained else max)(rows, key=lambda one: (self._turned(one, gained=gained), one.pk))
        return self._covering(row) if gained else self._uncovering(row)

    def _order_of(self, organization: Any, *, gained: bool) -> Found | None:
        words = {
            "secretary": ("书记到任", "书记空缺"),
            "term": ("完成换届，任期有效", "任期届满"),
            "meetings": ("上一季度按期开展组织生活", "上一季度未按期开展组织生活"),
        }
        for kind, (good, bad) in words.items():
            if getattr(organization, f"{kind}_then") != getattr(organization, f"{kind}_now"):
                return Found(kind, f"{organization}{good if gained else bad}", (), good if gained else bad)
        return None

    def _work(self, enterprise: Any, moved: Collection[str]) -> Found | None:
        """The first work relation that began, or the last that ended."""
        name = "worked" if "worked" in moved else min(moved)
        gained = enterprise.after[name]
        day = self.second if gained else self.first
        if name == "worked":
            rows = [row for row in enterprise.works_between if (row.now if gained else row.then)]
        else:
            rows = [
                row
                for row in enterprise.works_between
                if row.kind == WORK_NAMES[name] and contains(row.since, row.until, day)
            ]
        field = "since" if gained else "until"
        rows = [row for row in rows if self.inside(getattr(row, field))]
        if not rows:
            return None
        row = (min if gained else max)(rows, key=lambda one: (getattr(one, field), one.pk))
        what = row.get_kind_display()
        fact = _fact(row, field)
        if gained:
            return Found("work_begun", f"{fact.day}起有{what}", (fact,), what)
        return Found("work_ended", f"{fact.day}起不再有{what}", (fact,), what)


def _fact(row: Any, field: str) -> Fact:
    return Fact(row, field, getattr(row, field))


def _among(facts: Any) -> Exists:
    return Exists(facts.order_by().filter(pk=OuterRef("pk")))


def _is_joint(row: Any) -> bool:
    return bool(row.way == FormationWay.JOINT or row.organization.kind == OrganizationKind.JOINT_BRANCH)


def holds(condition: Q, values: Mapping[str, Any]) -> bool | None:
    """A condition over plain values, with SQL's three truths: ``None`` for a comparison with nothing.

    Raises NotImplementedError for what no indicator over enterprises uses.
    """
    if condition.connector not in (Q.AND, Q.OR):
        raise NotImplementedError(condition.connector)
    found = [holds(child, values) if isinstance(child, Q) else _test(child, values) for child in condition.children]
    deciding = condition.connector == Q.OR
    answer: bool | None = deciding if deciding in found else None if None in found else not deciding
    return answer if answer is None or not condition.negated else not answer


_TESTS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "exact": lambda value, wanted: value == wanted,
    "gte": lambda value, wanted: value >= wanted,
    "gt": lambda value, wanted: value > wanted,
    "lte": lambda value, wanted: value <= wanted,
    "lt": lambda value, wanted: value < wanted,
    "in": lambda value, wanted: value in wanted,
}


def _test(child: Any, values: Mapping[str, Any]) -> bool | None:
    if not isinstance(child, tuple):
        raise NotImplementedError(child)
    name, _, lookup = child[0].partition("__")
    value, wanted = values[name], child[1]
    if lookup == "isnull":
        return bool((value is None) == wanted)
    if (lookup or "exact") not in _TESTS:
        raise NotImplementedError(child[0])
    return None if value is None else bool(_TESTS[lookup or "exact"](value, wanted))


# The trail

# What of a record besides the day itself decides whether it counts
_DECISIVE: Final[Mapping[type, frozenset[str]]] = {
    BusinessState: frozenset({"state"}),
    Coverage: frozenset({"way"}),
    WorkCoverage: frozenset({"kind"}),
}


def _marks(rows: Sequence[tuple[str, str, Row]], second: dt.date) -> list[str]:
    """For every row 更正, 补录 or "", from one query over the trail of the deciding records.

    更正: after the second day the deciding day, or what the record says from it on, was replaced. 补录: the deciding
    day was first entered more than LATE_DAYS after itself. What the installer loaded tells nothing about either.
    """
    wanted: dict[str, set[int]] = {}
    for _kind, _label, row in rows:
        for fact in row.facts:
            wanted.setdefault(fact.row._meta.label_lower, set()).add(fact.row.pk)
    if not wanted:
        return [""] * len(rows)
    of_these = Q()
    for model, keys in sorted(wanted.items()):
        of_these |= Q(model=model, object_id__in=sorted(keys))
    trail: dict[tuple[str, int], list[Any]] = {}
    for entry in Change.objects.filter(of_these).exclude(via=Via.INSTALL).order_by("at", "pk"):
        trail.setdefault((entry.model, entry.object_id), []).append(entry)
    marks = []
    for _kind, _label, row in rows:
        found = {_mark(fact, trail.get((fact.row._meta.label_lower, fact.row.pk), []), second) for fact in row.facts}
        marks.append(CORRECTED if CORRECTED in found else LATE if LATE in found else "")
    return marks


def _mark(fact: Fact, trail: Sequence[Any], second: dt.date) -> str:
    decisive = {fact.field, *_DECISIVE.get(type(fact.row), ())}
    for entry in trail:
        replaced = any(entry.before.get(name) not in (None, "") for name in decisive)
        if entry.action == Action.UPDATE and replaced and timezone.localdate(entry.at) > second:
            return CORRECTED
    first = next((entry for entry in trail if entry.after.get(fact.field) is not None), None)
    if first is not None and first.action in (Action.CREATE, Action.UPDATE):
        entered = timezone.localdate(first.at)
        if first.before.get(fact.field) is None and (entered - fact.day).days > LATE_DAYS:
            return LATE
    return ""
