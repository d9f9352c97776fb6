"""The only place where tests make records: short calls with defaults, all through the writing gate as INSTALLER."""

import copy
import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from io import BytesIO
from itertools import count
from typing import Any, TypeVar

from django.apps import apps
from django.db import connection, transaction
from django.utils import timezone
from openpyxl import Workbook
from stdnum.cn import uscc as uscc_number

from activities.models import Activity, ActivityKind, Attendance, AttendanceStatus
from metrics.models import FrozenReport, Source, Statement, Target
from metrics.reports import REPORTS
from metrics.reports.frozen import drafted
from orgs import journal
from orgs.idnumbers import check_digit
from orgs.journal import Via
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
    FormationWay,
    Grant,
    LeftReason,
    Member,
    Office,
    OrganizationKind,
    Park,
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
from orgs.scoping import ScopedModel
from portal.attachments import store
from portal.comparing.outside import plain_key
from portal.models import (
    ATTACHED_TO,
    Attachment,
    Case,
    CaseItem,
    Comparison,
    Exclusion,
    ImportBatch,
    ItemKind,
    Merge,
    NotDuplicate,
    SavedView,
    ScreenLink,
)

EARLY = dt.date(2024, 1, 1)
Row = TypeVar("Row", bound=ScopedModel)
Made = TypeVar("Made")

OURS = ("orgs", "activities", "metrics", "portal")
_numbers = count(1)


def put(row: Row) -> Row:
    """Write a row as the installer would."""
    return journal.save(row, journal.INSTALLER, Via.INSTALL)


def day(text: str) -> dt.date:
    """2026-10-31 → that date."""
    return dt.date.fromisoformat(text)


def make_uscc(number: int) -> str:
    """A 统一社会信用代码 with a right check character."""
    body = f"91150622MA{number:07d}"
    return body + str(uscc_number.calc_check_digit(body))


def make_id_number(number: int = 1, born: str = "1980-05-06") -> str:
    """A 公民身份号码 of nobody, with a right check digit: of a man where ``number`` is odd."""
    body = f"999999{born.replace('-', '')}{number:03d}"
    return body + check_digit(body)


# Parks and people who use the portal


def make_park(slug: str = "", *, name: str = "", region: str = "150622", **given: Any) -> Park:
    slug = slug or f"park-{next(_numbers)}"
    name = name or f"{slug}经济开发区"
    given.setdefault("short_name", name[:30])
    given.setdefault("region_name", "某市某县")
    return put(Park(slug=slug, name=name, region_code=region, **given))


def make_user(username: str = "", **given: Any) -> User:
    """An account without a password: tests sign in with ``force_login``."""
    user = User(username=username or f"user-{next(_numbers)}", **given)
    user.set_unusable_password()
    return put(user)


def grant(user: User, role: Role, park: Park | None = None, region: str = "") -> Grant:
    """The role over one park, over a region (prefix), or, with neither, over the nation."""
    reach = Reach.PARK if park else Reach.REGION if region else Reach.NATION
    return put(Grant(user=user, role=role, reach=reach, park=park, region_prefix=region))


# Enterprises


def make_enterprise(
    park: Park,
    name: str = "",
    *,
    state: str | None = BusinessStateKind.OPERATING,
    since: dt.date = EARLY,
    **given: Any,
) -> Enterprise:
    """Settled and in ``state`` from ``since`` on; ``state=None`` records none."""
    given.setdefault("kind", EnterpriseKind.PRIVATE)
    given.setdefault("settled_on", since)
    enterprise = put(Enterprise(park=park, name=name or f"企业{next(_numbers)}", **given))
    if state is not None:
        set_state(enterprise, state, since)
    return enterprise


def set_state(
    enterprise: Enterprise, state: str, since: dt.date, until: dt.date | None = None, **given: Any
) -> BusinessState:
    return put(BusinessState(enterprise=enterprise, state=state, since=since, until=until, **given))


# Party organizations and what they cover


def make_organization(
    park: Park, name: str = "", *, kind: str = OrganizationKind.BRANCH, founded_on: dt.date = EARLY, **given: Any
) -> PartyOrganization:
    name = name or f"第{next(_numbers)}党支部"
    given.setdefault("short_name", name[:40])
    return put(PartyOrganization(park=park, name=name, kind=kind, founded_on=founded_on, **given))


def subordinate(
    organization: PartyOrganization,
    superior: PartyOrganization,
    since: dt.date | None = None,
    until: dt.date | None = None,
) -> Subordination:
    since = since or organization.founded_on
    return put(Subordination(organization=organization, superior=superior, since=since, until=until))


def elect(organization: PartyOrganization, held_on: dt.date | None = None, years: int = 3, **given: Any) -> Election:
    held_on = held_on or organization.founded_on
    given.setdefault("expires_on", held_on.replace(year=held_on.year + years))
    return put(Election(organization=organization, held_on=held_on, term_years=years, **given))


def cover(
    organization: PartyOrganization,
    enterprise: Enterprise,
    way: str = FormationWay.SOLO,
    since: dt.date | None = None,
    until: dt.date | None = None,
    **given: Any,
) -> Coverage:
    since = since or organization.founded_on
    return put(Coverage(organization=organization, enterprise=enterprise, way=way, since=since, until=until, **given))


def work(
    enterprise: Enterprise,
    kind: str = WorkKind.INSTRUCTOR,
    since: dt.date = EARLY,
    until: dt.date | None = None,
    **given: Any,
) -> WorkCoverage:
    return put(WorkCoverage(enterprise=enterprise, kind=kind, since=since, until=until, **given))


# Members


def make_member(
    park: Park,
    name: str = "",
    *,
    full_on: dt.date | None = dt.date(2020, 7, 1),
    admitted_on: dt.date | None = dt.date(2019, 7, 1),
    **given: Any,
) -> Member:
    """A full member since 2020 unless told otherwise; ``full_on=None`` leaves him probationary."""
    if given.get("left_on"):
        given.setdefault("left_reason", LeftReason.WITHDREW)
    return put(
        Member(park=park, name=name or f"党员{next(_numbers)}", admitted_on=admitted_on, full_on=full_on, **given)
    )


def employ(
    member: Member, enterprise: Enterprise, since: dt.date = EARLY, until: dt.date | None = None, **given: Any
) -> Employment:
    return put(Employment(member=member, enterprise=enterprise, since=since, until=until, **given))


def staff_with_members(enterprise: Enterprise, number: int, since: dt.date = EARLY, **given: Any) -> list[Member]:
    """So many full members (or what ``given`` makes of them) employed at the enterprise."""
    members = [make_member(enterprise.park, **given) for _ in range(number)]
    for member in members:
        employ(member, enterprise, since)
    return members


def affiliate(
    member: Member,
    organization: PartyOrganization,
    since: dt.date = EARLY,
    until: dt.date | None = None,
    kind: str = AffiliationKind.FORMAL,
) -> Affiliation:
    return put(Affiliation(member=member, organization=organization, since=since, until=until, kind=kind))


def appoint(
    member: Member, organization: PartyOrganization, post: str = Post.SECRETARY, since: dt.date = EARLY, **given: Any
) -> Office:
    if post == Post.SECRETARY:
        given.setdefault("background", SecretaryBackground.SENIOR)
    return put(Office(member=member, organization=organization, post=post, since=since, **given))


# What happened, what somebody stated, what is told in public


def meet(
    organization: PartyOrganization,
    held_on: dt.date = dt.date(2026, 10, 10),
    kind: str = ActivityKind.MEMBER_MEETING,
    title: str = "学习讨论",
    **given: Any,
) -> Activity:
    heads = {"due": 5, "present": 4, "on_leave": 1, "absent": 0, **given}
    return put(Activity(organization=organization, held_on=held_on, kind=kind, title=title, **heads))


def attend(activity: Activity, member: Member, status: str = AttendanceStatus.ON_LEAVE, reason: str = "") -> Attendance:
    return put(Attendance(activity=activity, member=member, status=status, reason=reason))


def make_source(park: Park, title: str = "某报报道", **given: Any) -> Source:
    given.setdefault("publisher", "某报")
    given.setdefault("date_text", "2025-07-01")
    given.setdefault("subject", park.name)
    return put(Source(park=park, title=title, **given))


def make_statement(source: Source, indicator: str = "党组织总数", value: Any = 50, **given: Any) -> Statement:
    given.setdefault("category", "组织")
    return put(Statement(park=source.park, source=source, indicator=indicator, value=value, **given))


def aim(park: Park, percent: Any, indicator: str = "org_coverage_real", since: dt.date = EARLY, **given: Any) -> Target:
    """A target of a park, in force from ``since`` on."""
    return put(Target(park=park, indicator=indicator, percent=percent, since=since, **given))


def make_case(park: Park, title: str = "某园区案例", **given: Any) -> Case:
    """Published, with one mechanism."""
    given.setdefault("slug", f"case-{park.slug}")
    given.setdefault("is_published", True)
    given.setdefault("published_on", dt.date(2026, 6, 1))
    case = put(Case(park=park, title=title, summary="摘要", lead="导语", background="背景", **given))
    put(CaseItem(case=case, kind=ItemKind.MECHANISM, title=f"{title}做法", text="说明"))
    return case


def make_screen(
    park: Park | None, label: str = "大厅", by: User | None = None, days: int = 7, region: str = "", **given: Any
) -> ScreenLink:
    """A link to a big screen of the park, of a region (prefix), or, with neither, of the nation.

    Without ``by`` it stands on the list but has no account behind it.
    """
    given.setdefault("made_at", timezone.now())
    given.setdefault("expires_at", given["made_at"] + dt.timedelta(days=days))
    given.setdefault("made_by", str(by or "某人"))
    reach = Reach.PARK if park else Reach.REGION if region else Reach.NATION
    account = by.pk if by else 0
    return put(ScreenLink(label=label, account=account, reach=reach, park=park, region_prefix=region, **given))


def save_view(
    name: str = "制造业", query: str = "industry=C", park: Park | None = None, by: User | None = None, **given: Any
) -> SavedView:
    """A view of the ledger of enterprises: the account's own, or, with a park, for all who read it."""
    values: dict[str, Any] = {"ledger": "enterprises", "account": by.pk if by else 0, "made_by": str(by or "某人")}
    return put(SavedView(name=name, query=query, park=park, **values | given))


def make_comparison(park: Park, mark: str = "某园", **given: Any) -> Comparison:
    """An outside list of one enterprise that the ledger does not have."""
    values: dict[str, Any] = {
        "source": f"{mark}企业名录",
        "account": 1,
        "made_by": f"{mark}干事",
        "file_name": f"{mark}名录.xlsx",
        "sheet": "名录",
        "columns": [["name", "企业名称"]],
        "rows": [[2, {"name": f"{mark}名录上有限公司"}]],
    }
    return put(Comparison(park=park, **values | given))


def leave_out(park: Park, name: str = "某排除有限公司", **given: Any) -> Exclusion:
    """An enterprise on outside lists that is not to be raised as new again."""
    values: dict[str, Any] = {
        "kind": "new",
        "plain": plain_key(name),
        "name": name,
        "reason": "只在园区注册",
        "account": 1,
        "made_by": "某人",
    }
    return put(Exclusion(park=park, **values | given))


def make_batch(park: Park, mark: str = "某园", **given: Any) -> ImportBatch:
    """A workbook of one enterprise, read and checked: its kind is none."""
    book = Workbook()
    leaf: Any = book.active
    leaf.title = "企业"
    lines = (("企业名称", "企业类型", "入驻日期"), (f"{mark}来料有限公司", "合伙", "2025-03-01"))
    for line in lines:
        leaf.append(line)
    out = BytesIO()
    book.save(out)
    fault = {"column": 2, "head": "企业类型", "text": "写的是“合伙”，不在可选范围内", "typed": "合伙"}
    outcome = {"row": 2, "kind": "rejected", "name": lines[1][0], "pk": None, "diffs": [], "hints": []}
    values: dict[str, Any] = {
        "ledger": "enterprises",
        "file_name": f"{mark}企业.xlsx",
        "made_by": f"{mark}干事",
        "rows": {"2": {str(place): ["text", text, text] for place, text in enumerate(lines[1], start=1)}},
        "outcomes": [outcome | {"faults": [fault]}],
    }
    return put(
        ImportBatch(
            park=park,
            account=1,
            file=out.getvalue(),
            sheet="企业",
            sheets=["企业"],
            heads={str(place): [head] for place, head in enumerate(lines[0], start=1)},
            mapping={"1": "name", "2": "kind", "3": "settled_on"},
            **values | given,
        )
    )


def tell_apart(park: Park, *rows: ScopedModel, ledger: str = "enterprises", **given: Any) -> NotDuplicate:
    """That these records, or two that are gone, are not the same one."""
    records = [row.pk for row in rows] or [900_001, 900_002]
    values: dict[str, Any] = {"account": 1, "made_by": "某人", "reason": "同名，各是一家"}
    return put(NotDuplicate(park=park, ledger=ledger, records=records, **values | given))


def make_merge(stays: ScopedModel, ledger: str = "enterprises", **given: Any) -> Merge:
    """The note of a merge that wrote nothing, of a record that never was."""
    values: dict[str, Any] = {"account": 1, "made_by": "某人", "gone": 900_000 + stays.pk, "stays": stays.pk}
    return put(Merge(park_id=stays.park_id_of(), ledger=ledger, **values | given))


def freeze_report(park: Park, on: dt.date, by: str = "某人", **given: Any) -> FrozenReport:
    """The first version of 园区“两个覆盖”情况统计表 unless told otherwise."""
    enterprises = Enterprise.objects.in_park(park)
    return put(drafted(REPORTS["two-coverage"], park, on, by, enterprises, **given))


def attach(row: ScopedModel, slug: str, name: str = "会议记录.pdf", content: bytes = b"", **given: Any) -> Attachment:
    """A PDF beside a record of this ledger, its bytes where they belong."""
    content = content or f"%PDF-1.4 {name}".encode()
    with store.arriving([content]) as arrived:
        store.place(arrived)
    values: dict[str, Any] = {"kind": "pdf", "account": 0, "made_by": "某人", "note": "", ATTACHED_TO[slug]: row}
    park_id = row.park_id_of() or 0
    return put(Attachment(park_id=park_id, name=name, size=arrived.size, sha256=arrived.sha256, **values | given))


# The world: two parks that must never see each other


@dataclass(frozen=True)
class Side:
    """One park of the world with one of everything. Every text in it carries the park's ``mark``."""

    mark: str
    park: Park
    # Enterprises: own branch; joint branch; three full members and nothing else; instructor only; 停产; state-owned
    covered: Enterprise
    joined: Enterprise
    gap: Enterprise
    worked: Enterprise
    suspended: Enterprise
    state_owned: Enterprise
    # Organizations: 党工委 above all, 党支部 of ``covered``, 联合党支部 of ``joined``
    committee: PartyOrganization
    branch: PartyOrganization
    joint_branch: PartyOrganization
    # Members: secretary of the branch; probationary member; applicant; one of the three at ``gap``
    secretary: Member
    probationary: Member
    applicant: Member
    worker: Member
    state: BusinessState
    subordination: Subordination
    election: Election
    coverage: Coverage
    joint_coverage: Coverage
    work: WorkCoverage
    employment: Employment
    affiliation: Affiliation
    office: Office
    activity: Activity
    attendance: Attendance
    source: Source
    statement: Statement
    case: Case
    item: CaseItem
    screen: ScreenLink
    view: SavedView
    batch: ImportBatch
    comparison: Comparison
    exclusion: Exclusion
    apart: NotDuplicate
    merge: Merge
    target: Target
    attachment: Attachment
    frozen: FrozenReport

    def rows(self) -> dict[type[ScopedModel], ScopedModel]:
        """One row of every model of the park."""
        found: dict[type[ScopedModel], ScopedModel] = {}
        for field in fields(self):
            row = getattr(self, field.name)
            if isinstance(row, ScopedModel):
                found.setdefault(type(row), row)
        return found

    def ledgers(self) -> dict[str, ScopedModel]:
        """One record for every ledger, by its slug."""
        return {
            "parks": self.park,
            "enterprises": self.covered,
            "organizations": self.branch,
            "coverages": self.coverage,
            "work-coverages": self.work,
            "members": self.secretary,
            "offices": self.office,
            "activities": self.activity,
            "statements": self.statement,
            "targets": self.target,
        }


@dataclass(frozen=True)
class World:
    """甲园 (region 150622, public) and 乙园 (region 440305, not public)."""

    jia: Side
    yi: Side


def make_side(park: Park, mark: str, number: int) -> Side:
    numbers: Callable[[], int] = count(number).__next__

    def enterprise(name: str, **given: Any) -> Enterprise:
        return make_enterprise(
            park, f"{mark}{name}有限公司", uscc=make_uscc(numbers()), contact=f"{mark}联系人", **given
        )

    covered = enterprise("机械", state=None, industry="C", size="medium")
    state = set_state(covered, "operating", EARLY, fixed_premises=True, staff=60, has_operations=True, above_scale=True)
    joined = enterprise("商贸", industry="F", size="small")
    gap = enterprise("软件", industry="I", size="small")
    worked = enterprise("物流", industry="G", size="micro")
    suspended = enterprise("建材", state=BusinessStateKind.SUSPENDED, industry="C", size="small")
    state_owned = enterprise("水务", kind=EnterpriseKind.STATE, industry="D", size="large")

    committee = make_organization(park, f"中共{mark}工作委员会", kind=OrganizationKind.WORKING_COMMITTEE)
    branch = make_organization(park, f"中共{mark}机械支部委员会", founded_on=dt.date(2024, 3, 1))
    joint_branch = make_organization(park, f"中共{mark}联合支部委员会", kind=OrganizationKind.JOINT_BRANCH)

    secretary = make_member(park, f"{mark}书记")
    probationary = make_member(park, f"{mark}预备", admitted_on=dt.date(2026, 6, 1), full_on=None)
    applicant = make_member(park, f"{mark}申请人", admitted_on=None, full_on=None, applied_on=dt.date(2026, 3, 1))
    workers = [make_member(park, f"{mark}职工{name}") for name in "一二三"]
    for worker in workers:
        employ(worker, gap)
    employ(probationary, joined, dt.date(2025, 1, 1))

    activity = meet(branch, title=f"{mark}机械十月主题党日")
    source = make_source(park, f"{mark}报道", publisher=f"{mark}日报")
    statement = make_statement(source, f"{mark}党组织总数", unit="个")
    case = make_case(park, f"{mark}案例", figure_one=statement)
    return Side(
        mark=mark,
        park=park,
        covered=covered,
        joined=joined,
        gap=gap,
        worked=worked,
        suspended=suspended,
        state_owned=state_owned,
        committee=committee,
        branch=branch,
        joint_branch=joint_branch,
        secretary=secretary,
        probationary=probationary,
        applicant=applicant,
        worker=workers[0],
        state=state,
        subordination=subordinate(branch, committee),
        election=elect(branch),
        coverage=cover(branch, covered),
        joint_coverage=cover(joint_branch, joined, FormationWay.JOINT),
        work=work(worked, holder=f"{mark}指导员"),
        employment=employ(secretary, covered, job=f"{mark}厂长"),
        affiliation=affiliate(secretary, branch, dt.date(2024, 3, 1)),
        office=appoint(secretary, branch, since=dt.date(2024, 3, 1)),
        activity=activity,
        attendance=attend(activity, secretary),
        source=source,
        statement=statement,
        case=case,
        item=case.items.get(),
        batch=make_batch(park, mark),
        comparison=make_comparison(park, mark),
        exclusion=leave_out(park, f"{mark}排除有限公司", reason=f"{mark}只在园区注册", made_by=f"{mark}干事"),
        screen=make_screen(park, f"{mark}大厅", made_by=f"{mark}干事"),
        view=save_view(f"{mark}制造业", park=park, made_by=f"{mark}干事"),
        apart=tell_apart(park, gap, worked, made_by=f"{mark}干事", reason=f"{mark}两家"),
        merge=make_merge(worked, made_by=f"{mark}干事"),
        target=aim(park, 80, basis=f"{mark}党工委会议纪要"),
        attachment=attach(covered, "enterprises", f"{mark}营业执照.pdf", made_by=f"{mark}干事"),
        # Last: arguments are worked out in their order, and it keeps what stands by now
        frozen=freeze_report(park, dt.date(2025, 12, 31), f"{mark}干事"),
    )


# Databases made once in a process: what was returned, and the rows of every table of ours
Table = tuple[str, str, list[Any]]  # its name, its columns, its rows
_kept: dict[Callable[[], Any], tuple[Any, list[Table]]] = {}


def again(make: Callable[[], Made]) -> Made:
    """What ``make`` makes and returns, faster the second time: the rows of the first are put back as they were.

    The first is made through the gate and every test rolls it back, so its keys are free again. It spares each test
    hundreds of validated writes, which would be most of what the suite costs. In a database that is not empty, it is
    made anew: a row of the test itself must not slip into the kept ones.
    """
    if any(rows_of_ours()):
        return make()
    if make not in _kept:
        _kept[make] = make(), list(rows_of_ours())
        return copy.deepcopy(_kept[make][0])
    made, tables = _kept[make]
    with transaction.atomic(), connection.cursor() as cursor:  # a row may come before the one it points at
        for table in tables:
            _put_back(cursor, *table)
    return copy.deepcopy(made)


def rows_of_ours() -> Iterator[Table]:
    """Every table of ours that has rows, those that are worked out included."""
    for model in apps.get_models(include_auto_created=True):
        if model._meta.app_label not in OURS:
            continue
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {model._meta.db_table}")
            names = ", ".join(f'"{column[0]}"' for column in cursor.description)
            rows = cursor.fetchall()
        if rows:
            yield model._meta.db_table, names, rows


def _put_back(cursor: Any, table: str, names: str, rows: list[Any]) -> None:
    if connection.vendor == "postgresql":
        with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        return
    marks = ", ".join(["%s"] * len(rows[0]))
    cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)


def make_world() -> World:
    jia = make_park("jia", name="甲河经济开发区", short_name="甲园", region="150622", is_public=True)
    yi = make_park("yi", name="乙庄高新技术产业园", short_name="乙园", region="440305", region_name="乙庄市乙庄区")
    return World(jia=make_side(jia, "甲河", 1000), yi=make_side(yi, "乙庄", 2000))
