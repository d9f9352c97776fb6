"""The only place that makes single firms, organizations and relations of the demo park; the plot is in ``plot``."""

import datetime as dt
from dataclasses import dataclass, field
from random import Random

from orgs.models import (
    BusinessState,
    BusinessStateKind,
    Coverage,
    Enterprise,
    EnterpriseKind,
    EnterpriseSize,
    FormationWay,
    Industry,
    OrganizationKind,
    PartyOrganization,
    Subordination,
    WorkCoverage,
    WorkKind,
)
from orgs.models.organization import Duty
from portal.demo.days import between, workday
from portal.demo.names import LOCALITIES, TRADES, Names
from portal.demo.scene import Firm, Home, Scene, Unit

INDUSTRIAL = frozenset({"equipment", "electronics", "electrical", "materials", "medicine", "food"})
DOCUMENTS = {True: "滨工委", False: "滨综党"}


@dataclass
class Story:
    """What has been told so far."""

    rng: Random
    names: Names
    scene: Scene
    firms: list[Firm] = field(default_factory=list)
    units: list[Unit] = field(default_factory=list)
    numbers: set[tuple[str, int, int]] = field(default_factory=set)

    def document(self, day: dt.date, *, working: bool = False) -> str:
        """An invented document number that rises through the year; none is given twice."""
        sender = DOCUMENTS[working]
        number = day.timetuple().tm_yday // 3 + 1
        while (sender, day.year, number) in self.numbers:
            number += 1
        self.numbers.add((sender, day.year, number))
        return f"{sender}〔{day.year}〕{number}号"

    def firm(
        self,
        trade: str,
        settled: dt.date,
        staff: int,
        *,
        kind: EnterpriseKind = EnterpriseKind.PRIVATE,
        opened: dt.date | None = None,
        prepared: bool = False,
        subordination: str = "企业综合党委",
        short: str = "",
        name: str = "",
    ) -> Firm:
        """A firm that settled on a day, without any state yet; ``prepared`` firms were 筹建 for some months first."""
        rng = self.rng
        full, brief = self.names.firm(trade, kind) if not name else (name, short)
        if prepared and opened is None:
            opened = between(rng, settled + dt.timedelta(days=120), settled + dt.timedelta(days=300))
        line = TRADES[trade]
        row = Enterprise(
            park=self.scene.park,
            name=full,
            uscc=self.names.credit_code(kind),
            kind=kind,
            industry=Industry(line.section),
            industry_code=line.division,
            size=size_of(trade, staff),
            subordination=subordination,
            sector_authority=line.authority,
            locality=rng.choice(LOCALITIES),
            settled_on=settled,
            address=self.names.address(),
            contact=self.names.person()[0],
            phone=self.names.phone(),
        )
        if rng.random() < 0.07:
            row.former_names = full.replace("有限公司", "厂").replace("股份", "")
        firm = Firm(row=row, trade=trade, short=brief, opened=opened or settled, staff=staff)
        self.scene.enterprises.append(row)
        self.firms.append(firm)
        return firm

    def runs(
        self,
        firm: Firm,
        *,
        until: dt.date | None = None,
        then: BusinessStateKind | None = None,
        facts: bool = True,
        note: str = "",
    ) -> None:
        """The firm's states: 筹建 until it opened, 正常经营, and what came ``then``.

        Its staff is counted anew each January. ``facts=False`` leaves the “三有” facts unrecorded.
        """
        rng, row = self.rng, firm.row
        if firm.opened > row.settled_on:
            self.state(firm, BusinessStateKind.PREPARING, row.settled_on, firm.opened, facts=False)
        counts = [dt.date(year, 1, 1) for year in (2025, 2026)]
        starts = [firm.opened, *(day for day in counts if firm.opened < day and (until is None or day < until))]
        staff = max(3, round(firm.staff * rng.uniform(0.78, 0.95)))
        for start, end in zip(starts, [*starts[1:], until], strict=True):
            self.state(firm, BusinessStateKind.OPERATING, start, end, facts=facts, staff=staff)
            staff = firm.staff if end == starts[-1] else round((staff + firm.staff) / 2)
        if then is not None and until is not None:
            self.state(firm, then, until, None, facts=False, staff=rng.randint(1, 6), note=note)

    def state(
        self,
        firm: Firm,
        kind: BusinessStateKind,
        since: dt.date,
        until: dt.date | None,
        *,
        facts: bool,
        staff: int | None = None,
        note: str = "",
    ) -> None:
        operating = kind == BusinessStateKind.OPERATING
        self.scene.states.append(
            BusinessState(
                enterprise=firm.row,
                state=kind,
                since=since,
                until=until,
                staff=staff if facts or not operating else None,
                fixed_premises=(firm.trade != "trade" or firm.staff > 8) if facts else None,
                has_operations=True if facts and operating else None,
                above_scale=above_scale(firm.trade, staff or 0) if operating else None,
                note=note,
            )
        )

    def unit(
        self,
        short: str,
        name: str,
        kind: OrganizationKind,
        founded: dt.date,
        superiors: list[tuple[Unit, dt.date]],
        *,
        zeal: float | None = None,
    ) -> Unit:
        """An organization under ``superiors`` in turn, each from its day on."""
        founded = workday(founded)
        working = kind == OrganizationKind.COMPREHENSIVE_COMMITTEE or founded < dt.date(2021, 7, 1)
        row = PartyOrganization(
            park=self.scene.park,
            short_name=short,
            name=name,
            kind=kind,
            founded_on=founded,
            founded_doc="" if kind == OrganizationKind.WORKING_COMMITTEE else self.document(founded, working=working),
        )
        unit = Unit(
            row=row,
            zeal=zeal if zeal is not None else self.rng.choice((0.98, 0.97, 0.95, 0.93, 0.9, 0.86)),
            fixed_week=self.rng.randint(1, 3),
            fixed_weekday=self.rng.choice((2, 3, 4, 4)),
        )
        self.scene.organizations.append(row)
        self.units.append(unit)
        for number, (superior, since) in enumerate(superiors):
            begin = max(since, founded)
            end = superiors[number + 1][1] if number + 1 < len(superiors) else None
            self.scene.subordinations.append(
                Subordination(
                    organization=row,
                    superior=superior.row,
                    since=begin,
                    until=end,
                    doc="" if begin == founded else self.document(begin, working=True),
                )
            )
        return unit

    def dissolve(self, unit: Unit, day: dt.date) -> None:
        unit.row.dissolved_on = day
        unit.row.dissolved_doc = self.document(day)
        for relation in self.scene.subordinations:
            if relation.organization is unit.row and relation.until is None:
                relation.until = day

    def cover(
        self,
        unit: Unit,
        firm: Firm,
        way: FormationWay,
        since: dt.date | None = None,
        until: dt.date | None = None,
        *,
        left_open: bool = False,
    ) -> None:
        """``left_open`` forgets to record the end, as happens in every ledger."""
        begin = since or unit.row.founded_on
        self.scene.coverages.append(
            Coverage(
                organization=unit.row,
                enterprise=firm.row,
                way=way,
                since=begin,
                until=None if left_open else until,
                doc=unit.row.founded_doc if begin == unit.row.founded_on else self.document(begin),
            )
        )

    def lives_in(
        self, firm: Firm, units: tuple[Unit, ...], since: dt.date | None = None, until: dt.date | None = None
    ) -> None:
        firm.homes.append(Home(units=units, since=since or units[0].row.founded_on, until=until))

    def work(
        self,
        firm: Firm,
        kind: WorkKind,
        since: dt.date,
        until: dt.date | None = None,
        *,
        holder: str = "",
        duty: Duty | None = None,
        note: str = "",
    ) -> None:
        self.scene.works.append(
            WorkCoverage(
                enterprise=firm.row,
                kind=kind,
                holder=holder or self.names.person()[0],
                duty=duty or "",
                phone=self.names.phone() if duty else "",
                since=since,
                until=until,
                note=note,
            )
        )


def size_of(trade: str, staff: int) -> EnterpriseSize:
    """By staff alone; the sales that the classification also asks for are not in the ledger."""
    large, medium, small = (1000, 300, 20) if trade in INDUSTRIAL else (300, 100, 10)
    if staff >= large:
        return EnterpriseSize.LARGE
    if staff >= medium:
        return EnterpriseSize.MEDIUM
    return EnterpriseSize.SMALL if staff >= small else EnterpriseSize.MICRO


def above_scale(trade: str, staff: int) -> bool:
    return staff >= (65 if trade in INDUSTRIAL else 50)
