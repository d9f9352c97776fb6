"""The writing gate: rights before and after, whole or not at all, and a trail that only grows."""

import ast
import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db import connection
from django.http import Http404
from django.test.utils import CaptureQueriesContext

from activities.models import Activity
from orgs import journal
from orgs.journal import INSTALLER, Refused, Via
from orgs.models import Affiliation, Change, Coverage, Enterprise, Grant, Member, Park, User
from orgs.scoping import ScopedModel
from tests.factories import Side, World, day, make_enterprise, make_park, make_user

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parent.parent
SAME_CODE = "本园区台账里已有这个统一社会信用代码的企业，请在台账中查找后修改，不要重复登记。"


def new_enterprise(side: Side, name: str = "新企业", **given: Any) -> Enterprise:
    return Enterprise(park=side.park, name=name, kind="private", settled_on=day("2026-01-01"), **given)


def trail(row: ScopedModel) -> list[Change]:
    return list(journal.trail_of(row))


# The trail


def test_create_update_delete(world: World, officer: Any) -> None:
    row = journal.save(new_enterprise(world.jia), officer, Via.PAGE)
    created = trail(row)[0]
    assert (created.user, created.via, created.action, created.park) == (officer, "page", "create", world.jia.park)
    assert (created.model, created.object_id, created.label) == ("orgs.enterprise", row.pk, "新企业")
    assert created.before == {}
    assert created.after["name"] == "新企业"
    assert created.after["settled_on"] == "2026-01-01"
    assert created.after["park"] == [world.jia.park.pk, "甲园"]

    row.name, row.left_on = "旧企业", day("2026-05-01")
    journal.save(row, officer, Via.PAGE)
    updated = trail(row)[0]
    assert updated.before == {"name": "新企业", "left_on": None}
    assert updated.after == {"name": "旧企业", "left_on": "2026-05-01"}
    assert journal.diff(updated) == [("企业名称", "新企业", "旧企业"), ("迁出日期", "—", "2026-05-01")]

    key = row.pk
    journal.delete(row, officer, Via.PAGE)
    deleted = Change.objects.filter(model="orgs.enterprise", object_id=key).first()
    assert deleted is not None
    assert (deleted.action, deleted.label, deleted.after) == ("delete", "旧企业", {})
    assert deleted.before["name"] == "旧企业"
    assert not Enterprise.objects.filter(pk=key).exists()
    assert Change.objects.filter(model="orgs.enterprise", object_id=key).count() == 3


def test_saving_what_did_not_change_leaves_no_trace(world: World, officer: Any) -> None:
    before = Change.objects.count()
    for row in world.jia.rows().values():
        if officer_writes(row):
            journal.save(type(row).objects.get(pk=row.pk), officer, Via.PAGE)
    assert Change.objects.count() == before


def officer_writes(row: ScopedModel) -> bool:
    return "officer" in type(row).write_roles


def test_a_renamed_target_is_no_change_of_what_points_at_it(world: World, officer: Any) -> None:
    world.jia.branch.short_name = "新简称"
    journal.save(world.jia.branch, officer, Via.PAGE)
    count = Change.objects.count()
    journal.save(Coverage.objects.get(pk=world.jia.coverage.pk), officer, Via.PAGE)
    assert Change.objects.count() == count


def test_diff_reads_like_the_form(world: World, officer: Any) -> None:
    world.jia.coverage.way = "joint"
    world.jia.coverage.organization = world.jia.joint_branch
    journal.save(world.jia.coverage, officer, Via.PAGE)
    assert journal.diff(trail(world.jia.coverage)[0]) == [
        ("党组织", "中共甲河机械支部委员会", "中共甲河联合支部委员会"),
        ("组建方式", "单独组建", "联合组建"),
    ]


def test_the_trail_is_append_only(world: World) -> None:
    change = Change.objects.first()
    assert change is not None
    change.label = "篡改"
    for attempt in (
        change.save,
        change.delete,
        lambda: Change.objects.all().delete(),
        lambda: Change.objects.update(label="篡改"),
        lambda: Change.objects.bulk_update([change], ["label"]),
        lambda: Change.objects.filter(pk=change.pk).delete(),
    ):
        with pytest.raises(TypeError, match="append-only"):
            attempt()
    assert not Change.objects.filter(label="篡改").exists()


def test_the_trail_can_not_be_written_through_the_gate(world: World, administrator: Any) -> None:
    change = Change.objects.first()
    assert change is not None
    with pytest.raises(Refused):
        journal.save(change, administrator, Via.PAGE)
    with pytest.raises(Refused):
        journal.delete(change, administrator, Via.PAGE)


def test_deleting_a_record_keeps_its_trail(world: World, officer: Any) -> None:
    row = world.jia.work
    key = row.pk
    journal.delete(row, officer, Via.PAGE)
    assert [c.action for c in Change.objects.filter(model="orgs.workcoverage", object_id=key)] == ["delete", "create"]


# Rights


@pytest.mark.parametrize("person", ["leader", "superior", "nobody", "stranger"])
def test_no_right_to_write(world: World, person: str, request: pytest.FixtureRequest) -> None:
    user = request.getfixturevalue(person)
    before = Change.objects.count()
    world.jia.covered.name = "改名"
    for attempt in (
        lambda: journal.save(new_enterprise(world.jia), user, Via.PAGE),
        lambda: journal.save(world.jia.covered, user, Via.PAGE),
        lambda: journal.delete(world.jia.work, user, Via.PAGE),
        lambda: journal.save_many([new_enterprise(world.jia)], user, Via.IMPORT),
    ):
        with pytest.raises(Refused):
            attempt()
    assert Change.objects.count() == before
    assert not Enterprise.objects.filter(name__in=["改名", "新企业"]).exists()


def test_refused_is_not_found(world: World, stranger: Any) -> None:
    with pytest.raises(Http404):
        journal.delete(world.jia.work, stranger, Via.PAGE)


def test_anonymous_and_inactive(world: World, officer: Any) -> None:
    officer.is_active = False
    for user in (AnonymousUser(), officer):
        with pytest.raises(Refused):
            journal.save(new_enterprise(world.jia), user, Via.PAGE)  # type: ignore[arg-type]


def test_nothing_is_made_in_or_moved_to_another_park(world: World, officer: Any) -> None:
    with pytest.raises(Refused):
        journal.save(new_enterprise(world.yi), officer, Via.PAGE)
    world.jia.suspended.park = world.yi.park
    with pytest.raises((Refused, ValidationError)):
        journal.save(world.jia.suspended, officer, Via.PAGE)
    world.jia.coverage.organization, world.jia.coverage.enterprise = world.yi.branch, world.yi.covered
    with pytest.raises((Refused, ValidationError)):
        journal.save(world.jia.coverage, officer, Via.PAGE)
    assert Enterprise.objects.get(pk=world.jia.suspended.pk).park == world.jia.park
    assert Coverage.objects.get(pk=world.jia.coverage.pk).organization == world.jia.branch


def test_moving_between_two_own_parks_needs_the_right_in_both(world: World, leader: Any) -> None:
    both = make_user("both")
    from tests.factories import grant

    grant(both, "officer", world.jia.park)
    grant(both, "leader", world.yi.park)
    world.jia.suspended.park = world.yi.park
    with pytest.raises(Refused):
        journal.save(world.jia.suspended, both, Via.PAGE)
    assert Enterprise.objects.get(pk=world.jia.suspended.pk).park == world.jia.park


def test_a_foreign_key_to_another_park_is_refused(world: World, officer: Any, administrator: Any) -> None:
    forged = Coverage(organization=world.jia.branch, enterprise=world.yi.gap, way="solo", since=day("2026-01-01"))
    with pytest.raises(Refused):
        journal.save(forged, officer, Via.PAGE)
    with pytest.raises(Refused):
        journal.save_many([forged], officer, Via.IMPORT)
    # Who sees both parks hears that it makes no sense
    with pytest.raises(ValidationError) as error:
        journal.save(forged, administrator, Via.PAGE)
    assert error.value.message_dict == {"enterprise": ["所选的企业不在同一个园区，请重新选择。"]}
    assert Coverage.objects.filter(enterprise=world.yi.gap).count() == 0


def test_a_stale_copy_of_a_deleted_row_is_not_there(world: World, officer: Any) -> None:
    stale = type(world.jia.work).objects.get(pk=world.jia.work.pk)
    journal.delete(world.jia.work, officer, Via.PAGE)
    with pytest.raises(Refused):
        journal.save(stale, officer, Via.PAGE)
    with pytest.raises(Refused):
        journal.delete(stale, officer, Via.PAGE)


# Whole or not at all


def test_bad_data_writes_nothing(world: World, officer: Any) -> None:
    before = Change.objects.count()
    world.jia.covered.left_on = day("2020-01-01")
    with pytest.raises(ValidationError) as error:
        journal.save(world.jia.covered, officer, Via.PAGE)
    assert error.value.messages == ["迁出日期应晚于入驻日期，请核对这两个日期。"]
    assert Change.objects.count() == before
    assert Enterprise.objects.get(pk=world.jia.covered.pk).left_on is None


def test_what_the_database_refuses_is_said_in_words(world: World, officer: Any) -> None:
    """At a new row and at a changed one; with another mistake beside it, both are said."""
    for row in (make_enterprise(world.jia.park), new_enterprise(world.jia)):
        row.uscc = world.jia.covered.uscc
        with pytest.raises(ValidationError) as error:
            journal.save(row, officer, Via.PAGE)
        assert error.value.messages == [SAME_CODE]
        row.left_on = day("2020-01-01")
        with pytest.raises(ValidationError) as error:
            journal.save(row, officer, Via.PAGE)
        assert set(error.value.messages) == {SAME_CODE, "迁出日期应晚于入驻日期，请核对这两个日期。"}
    assert Enterprise.objects.filter(uscc=world.jia.covered.uscc).count() == 1


def test_after_write_runs_inside_and_undoes(world: World, officer: Any, settings: Any) -> None:
    settings.AFTER_WRITE = [f"{__name__}.remember"]
    REMEMBERED.clear()
    row = journal.save(new_enterprise(world.jia), officer, Via.PAGE)
    journal.save(row, officer, Via.PAGE)  # changed nothing: not called
    assert [[row]] == REMEMBERED
    settings.AFTER_WRITE = [f"{__name__}.explode"]
    before = Change.objects.count()
    row.name = "不该保存"
    for attempt in (
        lambda: journal.save(row, officer, Via.PAGE),
        lambda: journal.delete(row, officer, Via.PAGE),
        lambda: journal.save_many([new_enterprise(world.jia, "不该有")], officer, Via.IMPORT),
    ):
        with pytest.raises(RuntimeError):
            attempt()
    assert Change.objects.count() == before
    assert not Enterprise.objects.filter(name__startswith="不该").exists()
    assert Enterprise.objects.filter(pk=row.pk).exists()


REMEMBERED: list[Any] = []


def remember(rows: Any) -> None:
    REMEMBERED.append(list(rows))


def explode(rows: Any) -> None:
    raise RuntimeError


def test_deleting_says_what_still_hangs_on_it(world: World, officer: Any) -> None:
    with pytest.raises(ValidationError) as error:
        journal.delete(world.jia.covered, officer, Via.PAGE)
    (message,) = error.value.messages
    assert message.startswith("“甲河机械有限公司”名下还有")
    for part in ("经营状态1条", "组织覆盖1条", "工作单位1条", "不必删除"):
        assert part in message
    assert Enterprise.objects.filter(pk=world.jia.covered.pk).exists()


# Many at once


def test_save_many_equals_save(world: World, officer: Any) -> None:
    one = journal.save(new_enterprise(world.jia, "单个"), officer, Via.IMPORT)
    many = journal.save_many(
        [new_enterprise(world.jia, "多个甲"), new_enterprise(world.jia, "多个乙")], officer, Via.IMPORT
    )
    assert all(row.pk for row in many)
    single = trail(one)[0]
    for row, name in zip(many, ("多个甲", "多个乙"), strict=True):
        assert Enterprise.objects.get(pk=row.pk).name == name
        (entry,) = trail(row)
        assert entry.after == {**single.after, "name": name}
        for field in ("user", "via", "action", "model", "park", "before"):
            assert getattr(entry, field) == getattr(single, field)
        assert entry.label == name
    assert journal.save_many([], officer, Via.IMPORT) == []


def test_save_many_is_all_or_nothing(world: World, officer: Any) -> None:
    good = new_enterprise(world.jia, "好")
    before = Change.objects.count()
    bad: list[tuple[Any, type[Exception]]] = [
        (new_enterprise(world.yi, "别园"), Refused),
        (new_enterprise(world.jia, ""), ValidationError),
        (new_enterprise(world.jia, "早退", left_on=day("2025-01-01")), ValidationError),
        (new_enterprise(world.jia, "重码", uscc=world.jia.covered.uscc), ValidationError),
        (world.jia.covered, ValueError),
    ]
    for row, problem in bad:
        with pytest.raises(problem):
            journal.save_many([new_enterprise(world.jia, "好"), row], officer, Via.IMPORT)
    assert good.pk is None
    assert Change.objects.count() == before
    assert not Enterprise.objects.filter(name="好").exists()


def test_save_many_needs_few_queries(world: World, officer: Any) -> None:
    def queries(number: int) -> int:
        rows = [new_enterprise(world.jia, f"批量{number}-{index}") for index in range(number)]
        with CaptureQueriesContext(connection) as captured:
            journal.save_many(rows, officer, Via.IMPORT)
        return len(captured)

    queries(1)  # the first write to a province makes its month ends
    # SQLite takes a thousand values at a time, so sixty rows may need an insert more than three
    assert queries(60) <= queries(3) + 3


def test_save_many_checks_what_a_form_would(world: World, officer: Any) -> None:
    """Model rules that look at other rows hold for the stored ones: two formal affiliations on a day."""
    clash = Affiliation(
        member=world.jia.secretary, organization=world.jia.joint_branch, kind="formal", since=dt.date(2026, 1, 1)
    )
    with pytest.raises(ValidationError):
        journal.save_many([clash], officer, Via.IMPORT)


# Passwords, and the installer


def test_no_password_in_the_trail(world: World, park_administrator: Any) -> None:
    user = User(username="secretive", home_park=world.jia.park)
    user.set_password("Zhe-shi-mi-ma-2026")
    journal.save(user, park_administrator, Via.ADMIN)
    user.set_password("Ling-yi-ge-2026")
    journal.save(user, park_administrator, Via.ADMIN)
    create, update = trail(user)[::-1]
    assert "password" not in create.after
    assert (update.before, update.after) == ({"password": "（不记录）"}, {"password": "（已更换）"})
    assert journal.diff(update)[0][1:] == ("（不记录）", "（已更换）")


def test_a_sign_in_leaves_no_trace(world: World, officer: Any, park_administrator: Any) -> None:
    before = Change.objects.count()
    officer.last_login = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    journal.save(officer, park_administrator, Via.ADMIN)
    assert Change.objects.count() == before


def test_the_installer_only_installs(world: World) -> None:
    for via in (Via.PAGE, Via.ADMIN, Via.IMPORT):
        with pytest.raises(Refused):
            journal.save(new_enterprise(world.jia), INSTALLER, via)
        with pytest.raises(Refused):
            journal.delete(world.jia.work, INSTALLER, via)
        with pytest.raises(Refused):
            journal.save_many([new_enterprise(world.jia)], INSTALLER, via)
    row = journal.save(new_enterprise(world.jia), INSTALLER, Via.INSTALL)
    assert (trail(row)[0].user, trail(row)[0].via) == (None, "install")


@pytest.mark.crawl
def test_only_management_commands_use_the_installer() -> None:
    """By name, so that no page can write as nobody. The demo park is written by a command, from its own package."""
    allowed = [ROOT / "portal" / "management", ROOT / "portal" / "demo", ROOT / "orgs" / "journal.py"]
    found = []
    for package in ("orgs", "activities", "metrics", "portal"):
        for path in sorted((ROOT / package).rglob("*.py")):
            if any(path.is_relative_to(place) for place in allowed):
                continue
            names = {node.id for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Name)}
            names |= {n.attr for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.Attribute)}
            names |= {
                alias.name
                for node in ast.walk(ast.parse(path.read_text("utf-8")))
                if isinstance(node, ast.ImportFrom)
                for alias in node.names
            }
            if names & {"INSTALLER", "Installer"}:
                found.append(str(path.relative_to(ROOT)))
    assert found == []


# Odd corners


def test_a_deleted_park_leaves_its_last_state(administrator: Any) -> None:
    park = make_park("leer")
    key = park.pk
    # Even its own creation hangs on it: the trail names the park, so a park is closed, not deleted
    with pytest.raises(ValidationError):
        journal.delete(park, administrator, Via.ADMIN)
    assert Park.objects.filter(pk=key).exists()


def test_trail_of_belongs_to_the_row_alone(world: World) -> None:
    for model, row in world.jia.rows().items():
        entries = trail(row)
        assert entries, model
        assert {(c.model, c.object_id) for c in entries} == {(model._meta.label_lower, row.pk)}
        assert {c.park_id for c in entries} == {world.jia.park.pk}


def test_grants_and_members_leave_a_trail_too(world: World, officer: Any, park_administrator: Any) -> None:
    row = journal.save(
        Grant(user=officer, role="leader", reach="park", park=world.jia.park), park_administrator, Via.ADMIN
    )
    assert trail(row)[0].user == park_administrator
    member = journal.save(Member(park=world.jia.park, name="某人", applied_on=day("2026-01-01")), officer, Via.PAGE)
    assert trail(member)[0].after["name"] == "某人"
    activity = Activity.objects.get(pk=world.jia.activity.pk)
    activity.present, activity.on_leave = 5, 0
    journal.save(activity, officer, Via.PAGE)
    assert trail(activity)[0].after == {"present": 5, "on_leave": 0}
    make_enterprise(world.jia.park)
