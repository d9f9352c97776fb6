"""Doubles: found, told apart, compared, merged in one transaction, and taken back to the dump of before."""

import datetime as dt
import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings as hypothesis_settings, strategies as st

from activities.models import Attendance
from metrics import summaries
from metrics.indicators import counting
from orgs import grams, journal
from orgs.journal import INSTALLER, Via
from orgs.models import Change, Coverage, Employment, Enterprise, Member, NameGram, Park, PartyOrganization, User
from orgs.ordering import NameField
from orgs.scoping import Role, ScopedModel
from portal.merging.comparing import columns_of
from portal.merging.doing import merge, pair_of
from portal.merging.finding import KINDS, groups_of, registered_elsewhere, tell_apart
from portal.merging.planning import Plan, plan
from portal.merging.relations import RULES, relations_to
from portal.merging.undoing import NotUndone, outlook, undo
from portal.merging.whereabouts import leads_to
from portal.models import Merge, NotDuplicate
from tests.factories import (
    World,
    affiliate,
    appoint,
    attend,
    cover,
    day,
    elect,
    employ,
    grant,
    make_enterprise,
    make_id_number,
    make_member,
    make_organization,
    make_park,
    make_uscc,
    make_user,
    meet,
    put,
    set_state,
    subordinate,
    work,
)
from tests.test_records import text_of

pytestmark = pytest.mark.django_db

COUNTS = Path(__file__).with_name("query_counts.json")
PLAIN = hypothesis_settings(deadline=None, database=None, suppress_health_check=list(HealthCheck))
TODAY = dt.date(2026, 11, 1)
MERGED = [kind.model for kind in KINDS.values()]


@pytest.fixture
def park(db: None) -> Park:
    return make_park("double")


@pytest.fixture
def clerk(park: Park) -> User:
    user = make_user("clerk", display_name="干事")
    grant(user, Role.OFFICER, park)
    return user


@pytest.fixture
def client(sign_in: Any, clerk: User) -> Client:
    made: Client = sign_in(clerk)
    return made


def dump() -> dict[str, list[dict[str, Any]]]:
    """Every record as Python values, but for the trail and the notes of merges."""
    return {
        model._meta.label: list(model._base_manager.order_by("pk").values())
        for model in apps.get_models()
        if issubclass(model, ScopedModel) and model.write_roles and model is not Merge
    }


def all_is_well(park: Park) -> None:
    """The month summary and the index of names are what a new count finds."""
    assert summaries.verify([dt.date(2025, 6, 30), TODAY], [park.pk]) == []
    assert grams.verify() == []


def slug_of(row: Any) -> str:
    return next(kind.slug for kind in KINDS.values() if kind.model is type(row))


def join(stays: Any, gone: Any, user: User, **picks: str) -> Merge:
    """Merge as an officer does who looks at the preview and confirms."""
    given = {f"pick-{name}": side for name, side in picks.items()}
    stays, gone = pair_of(type(stays), (stays.pk, gone.pk), user)
    found = plan(stays, gone, given, user)
    done = merge(slug_of(stays), type(stays), (stays.pk, gone.pk), given, found.digest, user)
    assert isinstance(done, Merge), (found.problems, [line.why for line in found.clashes])
    return done


def back(done: Merge, user: User) -> None:
    model = KINDS[done.ledger].model
    assert undo(done, model, outlook(done, model, user).digest, user) is None


# What hangs on a record


def test_every_foreign_key_to_a_merged_record_is_handled() -> None:
    """A new model fails here until somebody has said in RULES when two of its facts speak of the same thing."""
    wanted: set[tuple[Any, str]] = set()
    models: list[Any] = list(MERGED)
    for model in models:
        for relation in model._meta.get_fields(include_hidden=True):
            if relation.auto_created and not relation.concrete and (relation.one_to_many or relation.one_to_one):
                other = relation.related_model
                if issubclass(other, ScopedModel) and not other.write_roles:
                    assert other is NameGram, f"{other}: written by nobody, so who takes it along?"
                    continue
                wanted.add((other, relation.field.name))
                if other not in models:
                    models.append(other)
            assert not relation.many_to_many, f"{model} {relation}: say how it is merged"
    found = {(one.model, one.name) for model in models for one in relations_to(model)}
    assert found == wanted
    assert {model for model, _name in wanted} == set(RULES)


def test_what_is_dropped_can_be_made_again_from_the_trail() -> None:
    for model in (*MERGED, *RULES):
        kept = {"id_cipher", "id_index"} if model is Member else set()
        assert model.untraced <= kept, model
        for one in model._meta.concrete_fields:
            assert not getattr(one, "auto_now", False), one
            assert not getattr(one, "auto_now_add", False), one
    for model, rule in RULES.items():
        names = {one.name for one in model._meta.concrete_fields}
        assert {*rule.same, *rule.beside} <= names


# Found


def found_in(slug: str, park: Park, user: User) -> list[tuple[str, list[Any]]]:
    kind = KINDS[slug]
    return [
        (one.why, [kind.model._base_manager.get(pk=key) for key in one.keys]) for one in groups_of(kind, park, user)
    ]


def test_enterprises_alike_in_name_or_telephone(park: Park, clerk: User) -> None:
    one = make_enterprise(park, "新能源（滨江）有限公司")
    two = make_enterprise(park, "新能源(滨江)有限责任公司")
    old = make_enterprise(park, "全新名称有限公司", former_names="老名称公司\n更老的名称公司")
    new = make_enterprise(park, "更老的名称公司")
    calls = [
        make_enterprise(park, f"代办{number}公司", phone=phone)
        for number, phone in enumerate(("0477-1234567", "(0477) 123 4567"))
    ]
    make_enterprise(park, "另一家公司", phone="8001")
    make_enterprise(park, "再一家公司", phone="8001")
    make_enterprise(make_park("other"), "新能源（滨江）有限公司")
    assert found_in("enterprises", park, clerk) == [("名称", [one, two]), ("名称", [old, new]), ("电话", calls)]


def test_organizations_by_name_and_members_by_name_and_birthday(park: Park, clerk: User) -> None:
    one = make_organization(park, "中共某某公司支部委员会")
    two = make_organization(park, "中共某某公司 支部委员会")
    born = day("1980-05-06")
    zhang = [make_member(park, "张三", birth_on=born) for _ in range(2)]
    make_member(park, "张三", birth_on=day("1981-05-06"))
    make_member(park, "李四")
    make_member(park, "李四")
    assert found_in("organizations", park, clerk) == [("名称", [one, two])]
    assert found_in("members", park, clerk) == [("姓名和出生日期", zhang)]


def test_who_is_told_apart_is_not_asked_about_again_but_a_new_one_is(park: Park, clerk: User) -> None:
    rows = [make_enterprise(park, f"同名{sign}公司") for sign in ("", "-", "，")]
    kind = KINDS["enterprises"]
    told = tell_apart(kind, park, [row.pk for row in rows], "三家门店", clerk)
    assert groups_of(kind, park, clerk) == []
    late = make_enterprise(park, "同名 公司")
    (group,) = groups_of(kind, park, clerk)
    assert group.keys == (*(row.pk for row in rows), late.pk)
    tell_apart(kind, park, [rows[0].pk, late.pk], "也是门店", clerk)
    (group,) = groups_of(kind, park, clerk)
    assert group.keys == (rows[1].pk, rows[2].pk, late.pk)
    journal.delete(told, clerk, Via.PAGE)
    (group,) = groups_of(kind, park, clerk)
    assert len(group.keys) == 4
    with pytest.raises(ValidationError, match="至少要有两条"):
        tell_apart(kind, park, [late.pk], "一条", clerk)


def test_of_a_number_known_elsewhere_is_told_only_that_it_is(park: Park, clerk: User, client: Client) -> None:
    number = make_id_number(7)
    for where, name in ((park, "甲"), (make_park("far", name="远方园区"), "远方乙"), (park, "丙")):
        member = make_member(where, name)
        member.take_id_number(number if name != "丙" else make_id_number(9))
        put(member)
    assert [one.name for one in registered_elsewhere(park, clerk)] == ["甲"]
    told = text_of(client.get("/ledgers/members/duplicates/"))
    assert "别处也登记过身份证号的" in told
    assert "远方" not in told
    assert number not in told


# Merged


@pytest.fixture
def firms(park: Park) -> tuple[Enterprise, Enterprise]:
    """The same enterprise twice: with a code and a branch; and with a telephone, members, an instructor."""
    stays = make_enterprise(park, "滨江机械有限公司", contact="老李", note="先登记的")
    gone = make_enterprise(
        park, "滨江机械有限责任公司", since=day("2025-03-01"), uscc=make_uscc(77), phone="0477-1234567", note="后登记的"
    )
    branch = make_organization(park, "机械支部")
    cover(branch, stays, since=day("2024-06-01"))
    cover(branch, gone, since=day("2025-03-01"))
    set_state(make_enterprise(park, "邻居公司", state=None), "operating", day("2024-01-01"))
    for number in range(3):
        employ(make_member(park, f"职工{number}"), gone, day("2025-03-01"))
    work(gone, holder="王指导", since=day("2025-03-01"))
    return stays, gone


def test_two_become_one_and_nothing_is_lost_or_counted_twice(
    park: Park, clerk: User, firms: tuple[Enterprise, Enterprise]
) -> None:
    stays, gone = firms
    before = dump()
    rate = counting.rates(Enterprise.objects.all(), TODAY)["org_coverage_real"]
    assert (rate.numerator, rate.denominator) == (2, 3)
    done = join(stays, gone, clerk, note="both")
    row = Enterprise.objects.get(pk=stays.pk)
    assert (row.name, row.uscc, row.phone, row.contact) == ("滨江机械有限公司", gone.uscc, "0477-1234567", "老李")
    assert row.note == "先登记的\n后登记的"
    assert not Enterprise.objects.filter(pk=gone.pk).exists()
    # The state and the coverage of the one lay within those of the other, the rest came along
    assert (row.states.count(), row.coverages.count(), row.employments.count(), row.works.count()) == (1, 1, 3, 1)
    rate = counting.rates(Enterprise.objects.all(), TODAY)["org_coverage_real"]
    assert (rate.numerator, rate.denominator) == (1, 2)
    all_is_well(park)
    told = Change.objects.get(model="orgs.enterprise", object_id=gone.pk, action="delete")
    assert told.label == "滨江机械有限责任公司，并入“滨江机械有限公司”"
    assert Change.objects.filter(pk__in=done.written).count() == 2 + 4 + 1 + 1
    back(done, clerk)
    assert dump() == before
    all_is_well(park)


def test_a_preview_writes_nothing_and_says_what_becomes_of_each(
    clerk: User, client: Client, firms: tuple[Enterprise, Enterprise]
) -> None:
    stays, gone = firms
    before, changes = dump(), Change.objects.count()
    url = f"{reverse('merge-new', args=['enterprises'])}?stays={stays.pk}&gone={gone.pk}"
    assert "各选一个" in text_of(client.get(url))
    told = text_of(client.post(url, {"pick-note": "gone"}))
    for words in (
        "工作单位：移过来3条",
        "组织覆盖：与已有的相同1条",
        "在“机械支部 → 滨江机械有限公司”（2024-06-01起）的日期以内",
    ):
        assert words in told
    assert "确认合并" in told
    assert (dump(), Change.objects.count(), Merge.objects.count()) == (before, changes, 0)


def test_the_whole_way_by_its_pages(
    park: Park, client: Client, sign_in: Any, firms: tuple[Enterprise, Enterprise]
) -> None:
    stays, gone = firms
    page = client.get("/ledgers/enterprises/")
    assert reverse("duplicates", args=["enterprises"]) in page.content.decode()
    (group,) = client.get("/ledgers/enterprises/duplicates/").context["groups"]
    assert group.why == "名称"
    assert [(one.row, one.stays, one.goes) for one in group.doubles] == [(stays, False, True), (gone, True, False)]
    url = f"{reverse('merge-new', args=['enterprises'])}?stays={stays.pk}&gone={gone.pk}"
    seen = client.post(url).context["plan"].digest
    done = client.post(url, {"confirm": "1", "seen": seen})
    row = Merge.objects.get()
    assert done["Location"] == reverse("merge", args=["enterprises", row.pk])
    # Sent twice, it is not done twice
    again = client.post(url, {"confirm": "1", "seen": seen}, follow=True)
    assert "没有再做一遍" in text_of(again)
    assert "移过来的 4条" in " ".join(text_of(again).split())
    for role in (Role.LEADER, Role.SUPERIOR):
        reader = make_user(f"reader-{role}")
        grant(reader, role, park)
        led = sign_in(reader).get(reverse("record", args=["enterprises", gone.pk]))
        assert led["Location"] == reverse("record", args=["enterprises", stays.pk])
    stranger = make_user("stranger")
    grant(stranger, Role.OFFICER, make_park("strange"))
    assert sign_in(stranger).get(reverse("record", args=["enterprises", gone.pk])).status_code == 404
    # Its form, too: what was typed into it is given back beside the way on, where somebody may change what it is now
    edit = reverse("record-edit", args=["enterprises", gone.pk])
    assert client.get(edit)["Location"] == reverse("record", args=["enterprises", stays.pk])
    sent = client.post(edit, {"name": "滨江机械有限责任公司", "locality": "滨江镇"})
    assert sent.status_code == 404
    assert f'href="{reverse("record", args=["enterprises", stays.pk])}"' in sent.content.decode()
    assert "已并入“滨江机械有限公司”" in sent.content.decode()
    assert "滨江镇" in sent.content.decode()
    assert sign_in(reader).get(edit).status_code == 404
    for address in (edit, reverse("record-edit", args=["enterprises", 10**9])):
        assert "滨江机械有限公司" not in sign_in(stranger).post(address, {"locality": "镇"}).content.decode()
    told = text_of(client.get(reverse("record", args=["enterprises", gone.pk]), follow=True))
    assert "您打开的那一条已并入这一条" in told
    assert "滨江机械有限责任公司，并入“滨江机械有限公司”" in told
    # Taken back
    undo_url = reverse("merge-undo", args=["enterprises", row.pk])
    page = client.get(undo_url)
    assert "4条记录移回它名下" in text_of(page)
    told = text_of(client.post(undo_url, {"seen": page.context["found"].digest}, follow=True))
    assert "恢复了" in told
    assert client.get(reverse("record", args=["enterprises", gone.pk])).status_code == 200
    assert "已经在" in text_of(client.post(undo_url, {"seen": "x"}, follow=True))
    assert Change.objects.filter(model="portal.merge", object_id=row.pk, action="update").count() == 1


def test_what_contradicts_is_named_and_has_to_be_settled(
    park: Park, clerk: User, client: Client, firms: tuple[Enterprise, Enterprise]
) -> None:
    stays, gone = firms
    state = gone.states.get()
    state.state = "suspended"
    put(state)
    member = make_member(park, "两处")
    employ(member, stays, day("2025-01-01"), day("2026-01-01"), job="钳工")
    later = employ(member, gone, day("2025-06-01"), job="钳工")
    near = make_member(park, "先后")
    employ(near, stays, day("2024-01-01"), day("2025-01-01"))
    employ(near, gone, day("2025-01-01"))
    before = dump()
    found = plan(stays, gone, {}, clerk)
    assert {(type(line.row), line.row.pk) for line in found.clashes} == {
        (type(state), state.pk),
        (Employment, later.pk),
    }
    url = f"{reverse('merge-new', args=['enterprises'])}?stays={stays.pk}&gone={gone.pk}"
    told = client.post(url, {"confirm": "1", "seen": found.digest})
    assert 'name="confirm"' not in told.content.decode()
    for link in (
        reverse("record-fact-edit", args=["enterprises", gone.pk, "states", state.pk]),
        reverse("record-fact-edit", args=["members", member.pk, "employments", later.pk]),
    ):
        assert link in told.content.decode()
    assert dump() == before
    journal.delete(state, INSTALLER, Via.INSTALL)
    later.since = day("2026-01-01")
    put(later)
    join(stays, gone, clerk)
    assert stays.employments.filter(member__in=[member, near]).count() == 4
    all_is_well(park)


def test_a_change_after_the_preview_asks_again(clerk: User, firms: tuple[Enterprise, Enterprise]) -> None:
    stays, gone = firms
    seen = plan(stays, gone, {}, clerk).digest
    row = gone.works.get()
    row.holder = "赵指导"
    put(row)
    before = dump()
    again = merge("enterprises", Enterprise, (stays.pk, gone.pk), {}, seen, clerk)
    assert isinstance(again, Plan)
    assert again.digest != seen
    assert dump() == before
    assert isinstance(merge("enterprises", Enterprise, (stays.pk, gone.pk), {}, again.digest, clerk), Merge)


def test_picks_that_do_not_go_together_are_told(client: Client, park: Park) -> None:
    stays = make_enterprise(park, "甲公司", since=day("2026-01-01"))
    gone = make_enterprise(park, "甲 公司", left_on=day("2025-12-01"), state=None)
    url = f"{reverse('merge-new', args=['enterprises'])}?stays={stays.pk}&gone={gone.pk}"
    told = text_of(client.post(url))
    assert "迁出日期应晚于入驻日期" in told
    assert "下一步：预览" in told
    assert "确认合并" in text_of(client.post(url, {"pick-settled_on": "gone"}))
    same = client.get(f"{reverse('merge-new', args=['enterprises'])}?stays={stays.pk}&gone={stays.pk}", follow=True)
    assert "选了同一条" in text_of(same)


def test_members_with_a_number_stay_and_two_numbers_are_two_people(park: Park, clerk: User) -> None:
    born = day("1980-05-06")
    plain, known, other = (make_member(park, "张三", birth_on=born) for _ in range(3))
    for member, number in ((known, 1), (other, 3)):
        member.take_id_number(make_id_number(number))
        put(member)
    assert "请点“对调”" in plan(plain, known, {}, clerk).problems[0]
    assert "是两个人" in plan(known, other, {}, clerk).problems[0]
    before = dump()
    cipher = known.id_cipher
    done = join(known, plain, clerk)
    assert Member.objects.get(pk=known.pk).id_cipher == cipher
    back(done, clerk)
    assert dump() == before


def test_an_organization_with_all_that_hangs_on_it(park: Park, clerk: User) -> None:
    above, below = make_organization(park, "党委", kind="party_committee"), make_organization(park, "下级支部")
    stays = make_organization(park, "机械支部")
    gone = make_organization(park, "机械 支部", founded_on=day("2024-02-01"), phone="0477-7654321")
    subordinate(stays, above, day("2024-01-01"))
    subordinate(gone, above, day("2024-02-01"))
    subordinate(below, gone, day("2024-03-01"))
    elect(stays, day("2024-01-05"))
    elect(gone, day("2027-01-05"))
    secretary = make_member(park, "书记")
    affiliate(secretary, stays, day("2024-01-01"))
    affiliate(make_member(park, "新来"), gone, day("2025-01-01"))
    appoint(secretary, stays, since=day("2024-01-01"))
    appoint(secretary, gone, since=day("2024-02-01"), background="senior")
    same, twin = meet(stays, day("2026-10-10")), meet(gone, day("2026-10-10"))
    absent = make_member(park, "请假的")
    attend(same, secretary)
    attend(twin, secretary)
    attend(twin, absent)
    other = meet(gone, day("2026-10-10"), title="另一个议题")
    cover(gone, make_enterprise(park), since=day("2024-02-01"))
    before = dump()
    found = plan(stays, gone, {}, clerk)
    assert Counter(line.fate for line in found.lines) == {"same": 4, "moves": 6}
    assert any("同期还有" in line.beside for line in found.lines if line.row == other)
    done = join(stays, gone, clerk)
    assert set(Attendance.objects.values_list("activity", "member")) == {(same.pk, secretary.pk), (same.pk, absent.pk)}
    row = PartyOrganization.objects.get(pk=stays.pk)
    assert (row.activities.count(), row.subordinates.count(), row.elections.count(), row.phone) == (2, 1, 2, gone.phone)
    all_is_well(park)
    back(done, clerk)
    assert dump() == before
    all_is_well(park)


def test_an_organization_above_the_other_is_not_merged_with_it(park: Park, clerk: User) -> None:
    stays, gone = make_organization(park, "某支部"), make_organization(park, "某 支部")
    subordinate(gone, stays)
    assert "本身隶属于这个党组织" in plan(stays, gone, {}, clerk).clashes[0].why
    middle = make_organization(park, "中间")
    low, high = make_organization(park, "低"), make_organization(park, "低 ")
    subordinate(low, middle)
    subordinate(middle, high)
    assert "会形成循环" in plan(low, high, {}, clerk).clashes[0].why


# Taken back, when something happened in between


def test_what_was_edited_since_is_kept_and_listed(
    park: Park, clerk: User, firms: tuple[Enterprise, Enterprise]
) -> None:
    stays, gone = firms
    done = join(stays, gone, clerk)
    row = Enterprise.objects.get(pk=stays.pk)
    row.phone = "0477-9999999"
    put(row)
    first, second, third = stays.employments.order_by("pk")
    first.job = "钳工"
    put(first)
    second.enterprise = Enterprise.objects.get(name="邻居公司")
    put(second)
    journal.delete(third, INSTALLER, Via.INSTALL)
    work(row, kind="liaison", holder="后来的")
    found = outlook(done, Enterprise, clerk)
    assert (found.back, found.again, found.since) == (2, 2, 1)
    assert sorted(one.reason for one in found.kept) == [
        "企业在合并以后又改过，保留现在的",
        "合并以后删除了，不再恢复",
        "联系电话在合并以后又改过，保留现在的",
    ]
    back(done, clerk)
    row.refresh_from_db()
    assert (row.phone, row.uscc) == ("0477-9999999", "")
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.enterprise_id, first.job, second.enterprise.name) == (gone.pk, "钳工", "邻居公司")
    assert Enterprise.objects.get(pk=gone.pk).uscc == gone.uscc
    assert row.works.get().holder == "后来的"
    assert len(Merge.objects.get().kept) == 3
    all_is_well(park)


def test_a_change_while_the_question_stands_asks_again(clerk: User, firms: tuple[Enterprise, Enterprise]) -> None:
    done = join(*firms, clerk)
    seen = outlook(done, Enterprise, clerk).digest
    journal.delete(firms[0].works.get(), INSTALLER, Via.INSTALL)
    before = dump()
    again = undo(done, Enterprise, seen, clerk)
    assert again is not None
    assert again.digest != seen
    assert dump() == before


def test_it_is_refused_with_the_reason_where_it_would_lose_something(
    park: Park, clerk: User, firms: tuple[Enterprise, Enterprise]
) -> None:
    stays, gone = firms
    done = join(stays, gone, clerk)
    third = make_enterprise(park, "滨江机械")
    later = join(third, stays, clerk)
    assert leads_to("enterprises", gone.pk, clerk) == third.pk
    with pytest.raises(NotUndone, match="请先撤销后面的那次合并"):
        outlook(done, Enterprise, clerk)
    back(later, clerk)
    assert leads_to("enterprises", gone.pk, clerk) == stays.pk
    # Its code was given to another one meanwhile
    row = Enterprise.objects.get(pk=stays.pk)
    row.uscc = ""
    put(row)
    third.refresh_from_db()
    third.uscc = gone.uscc
    put(third)
    before = dump()
    with pytest.raises(NotUndone, match=r"恢复不了：本园区台账里已有这个统一社会信用代码"):
        back(done, clerk)
    assert dump() == before
    late = Merge.objects.get(pk=done.pk)
    late.made_at = timezone.now() - dt.timedelta(days=31)
    put(late)
    with pytest.raises(NotUndone, match="超过30天"):
        back(late, clerk)


# Who may


def test_only_who_may_change_both_merges(world: World, sign_in: Any, officer: Any, leader: Any, superior: Any) -> None:
    ours, theirs = world.jia.covered, world.yi.covered
    for user in (leader, superior):
        client = sign_in(user)
        assert client.get("/ledgers/enterprises/duplicates/").status_code == 404
        assert "duplicates" not in client.get("/ledgers/enterprises/").content.decode()
    client = sign_in(officer)
    for stays, gone in ((ours, theirs), (theirs, ours)):
        url = f"{reverse('merge-new', args=['enterprises'])}?stays={stays.pk}&gone={gone.pk}"
        assert client.get(url).status_code == 404
        assert client.post(url, {"confirm": "1", "seen": "x"}).status_code == 404
    forged = client.post("/ledgers/enterprises/duplicates/", {"keys": f"{ours.pk},{theirs.pk}", "reason": "别家"})
    assert forged.status_code == 400
    assert not NotDuplicate.objects.filter(reason="别家").exists()


def test_two_parks_are_never_mixed_even_by_who_sees_both(world: World, administrator: Any) -> None:
    from django.http import Http404

    with pytest.raises(Http404):
        pair_of(Enterprise, (world.jia.covered.pk, world.yi.covered.pk), administrator)


def test_not_a_double_wants_a_reason_and_can_be_taken_back(
    park: Park, client: Client, firms: tuple[Enterprise, Enterprise]
) -> None:
    url = "/ledgers/enterprises/duplicates/"
    keys = ",".join(str(row.pk) for row in firms)
    wrong = client.post(url, {"keys": keys, "reason": " "})
    assert wrong.status_code == 400
    assert "请写明为什么不是重复" in text_of(wrong)
    long = "长" * 121
    assert long in client.post(url, {"keys": keys, "reason": long}).content.decode()
    for _ in range(2):
        assert client.post(url, {"keys": keys, "reason": "两家分公司"}).status_code == 302
    page = client.get(url)
    assert page.context["groups"] == []
    assert "两家分公司" in text_of(page)
    row = NotDuplicate.objects.get()
    client.post(reverse("duplicates-back", args=["enterprises", row.pk]))
    assert len(client.get(url).context["groups"]) == 1


def test_the_page_costs_as_many_queries_for_many_as_for_few(park: Park, client: Client) -> None:
    """The number itself is reviewed in query_counts.json."""

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert client.get("/ledgers/enterprises/duplicates/").status_code == 200
        return len(asked)

    for sign in ("", " ", "-"):
        make_enterprise(park, f"同名{sign}公司")
    few = queries()
    for number in range(12):
        for sign in ("", " "):
            make_enterprise(park, f"第{number}{sign}公司")
    assert queries() == few == json.loads(COUNTS.read_text(encoding="utf-8"))["duplicates"]


@pytest.mark.parametrize("slug", KINDS)
def test_what_the_portal_works_out_is_nobodys_to_pick(slug: str) -> None:
    """How a name is sorted and found follows from the name that is picked."""
    assert [one.name for one in columns_of(KINDS[slug].model) if isinstance(one, NameField)] == []


# Any world, any pair


def random_world(park: Park, rng: random.Random) -> None:
    """Few records and many facts, so that pairs of records have facts that are the same, follow, meet, contradict."""
    days = [day(text) for text in ("2024-01-01", "2024-07-01", "2025-01-01", "2025-07-01", "2026-01-01")]

    def span() -> tuple[dt.date, dt.date | None]:
        since = rng.choice(days[:4])
        return since, rng.choice([None, *(one for one in days if one > since)])

    firms = [make_enterprise(park, f"企业{number}", state=None) for number in range(3)]
    branches = [make_organization(park, f"支部{number}") for number in range(3)]
    members = [
        make_member(park, f"党员{number}", birth_on=rng.choice([None, day("1980-01-01")])) for number in range(3)
    ]
    meetings: list[Any] = []
    for _ in range(rng.randint(4, 16)):
        since, until = span()
        firm, branch, member = rng.choice(firms), rng.choice(branches), rng.choice(members)
        what, word, other = rng.randint(0, 9), rng.randint(0, 1), rng.randint(0, 3)
        # Often the same is said again of another one, as it is of a double
        again = [firms, branches, members][other:] and rng.choice([firms, branches, members][other])
        for place in [(firm, branch, member), *([] if not again else [_other(firm, branch, member, again)])]:
            try:
                meetings += _fact(what, word, *place, since, until, branches, meetings)
            except ValidationError:
                continue  # the rules do not let it stand: another one


def _other(firm: Any, branch: Any, member: Any, one: Any) -> tuple[Any, Any, Any]:
    return tuple(one if type(one) is type(row) else row for row in (firm, branch, member))  # type: ignore[return-value]


def _fact(
    what: int,
    word: int,
    firm: Any,
    branch: Any,
    member: Any,
    since: dt.date,
    until: dt.date | None,
    above: Any,
    met: Any,
) -> list[Any]:
    """Write one fact; gives the meeting, if it is one."""
    match what:
        case 0:
            set_state(firm, "operating", since, until, staff=[None, 60][word])
        case 1:
            cover(branch, firm, ["solo", "joint"][word], since, until)
        case 2:
            work(firm, "instructor", since, until, holder=["", "王"][word])
        case 3:
            employ(member, firm, since, until, job=["", "钳工"][word])
        case 4:
            subordinate(branch, above[word], since, until)
        case 5:
            elect(branch, since)
        case 6:
            affiliate(member, branch, since, until, ["formal", "inflow"][word])
        case 7:
            appoint(member, branch, ["secretary", "organizer"][word], since, until=until, background="")
        case 8:
            return [meet(branch, since, title=["学习", "总结"][word])]
        case 9:
            for meeting in met[-2:]:
                attend(meeting, member, ["on_leave", "absent"][word])
    return []


def merged_and_back(seed: int) -> Counter[str]:
    """Merge any pair of any world and take it back; what was met on the way."""
    rng = random.Random(seed)
    park = make_park()
    user = make_user()
    grant(user, Role.OFFICER, park)
    random_world(park, rng)
    kind = rng.choice(list(KINDS.values()))
    stays, gone = rng.sample(list(kind.model._base_manager.filter(park=park)), 2)
    picks = {f"pick-{one.name}": rng.choice(["stays", "gone", "both"]) for one in kind.model._meta.concrete_fields}
    found = plan(stays, gone, picks, user)
    met = Counter(line.fate for line in found.lines)
    while found.clashes:  # the officer settles it: here, by taking the one away
        for line in found.clashes:
            hanging = [
                row
                for one in relations_to(type(line.row))
                for row in one.model._base_manager.filter(**{one.name: line.row})
            ]
            for row in [*hanging, line.row]:
                if type(row)._base_manager.filter(pk=row.pk).exists():
                    journal.delete(row, INSTALLER, Via.INSTALL)
        found = plan(stays, gone, picks, user)
    assert not found.problems
    before = dump()
    dropped = Counter(type(line.row)._meta.label for line in found.lines if line.fate == "same")
    done = merge(kind.slug, kind.model, (stays.pk, gone.pk), picks, found.digest, user)
    assert isinstance(done, Merge)
    numbers = {label: len(rows) for label, rows in before.items()}
    dropped[kind.model._meta.label] += 1
    assert {label: len(rows) for label, rows in dump().items()} == {
        label: number - dropped[label] for label, number in numbers.items()
    }
    for relation in relations_to(kind.model):
        assert not relation.model._base_manager.filter(**{relation.name: gone.pk}).exists()
    all_is_well(park)
    present = Enterprise.objects.filter(park=park).count()
    for rate in counting.rates(Enterprise.objects.filter(park=park), TODAY).values():
        assert rate.denominator is None or rate.numerator <= rate.denominator <= present
    back(done, user)
    assert dump() == before
    all_is_well(park)
    return met


def test_a_merge_taken_back_leaves_nothing(db: None) -> None:
    met: Counter[str] = Counter()
    for seed in (3, 11):
        met += merged_and_back(seed)
    # A generator that never makes twins, or nothing that contradicts, would prove nothing
    assert {fate for fate, number in met.items() if number} == {"moves", "same", "clashes"}


@pytest.mark.soak
@hypothesis_settings(PLAIN, max_examples=400)
@given(seed=st.integers(0, 2**32))
def test_hundreds_of_merges_taken_back_leave_nothing(seed: int) -> None:
    merged_and_back(seed)


def test_both_records_tell_of_the_merge_and_of_its_end(park: Park, clerk: User, client: Client) -> None:
    branch, firm = make_organization(park, "轴承支部"), make_enterprise(park, "滨江轴承有限公司")
    stays, gone = make_member(park, "林小满"), make_member(park, "林小满")
    affiliate(stays, branch)
    employ(gone, firm)

    def told(one: Member) -> list[tuple[str, str]]:
        entries = client.get(reverse("record", args=["members", one.pk]), {"trail": "all"}).context["entries"]
        return [(entry.action, entry.what) for entry in reversed(entries)]

    done = join(stays, gone, clerk)
    word = f"第{gone.pk}号并入第{stays.pk}号"
    merged = told(stays)
    assert [entry for entry in merged if "合并" in entry[0]] == [("合并", word)]
    back(done, clerk)
    for one in (stays, gone):
        later = told(one)
        assert [entry for entry in later if "合并" in entry[0]] == [("合并", word), ("撤销合并", word)]
        assert any(action == "删除" and "并入" in what for action, what in later)
    page = client.get(reverse("record", args=["members", stays.pk]), {"trail": "all"})
    moves = [entry.altered[0] for entry in page.context["entries"] if entry.what.startswith("工作单位")]
    numbers = f"林小满（第{gone.pk}号）", f"林小满（第{stays.pk}号）"
    assert {(move.old, move.new) for move in moves} == {numbers, numbers[::-1]}


def test_what_became_of_a_coverage_is_told_by_its_trail(clerk: User, firms: tuple[Enterprise, Enterprise]) -> None:
    stays, gone = firms
    row = Coverage.objects.get(enterprise=gone)
    join(stays, gone, clerk)
    told = Change.objects.get(model="orgs.coverage", object_id=row.pk, action="delete")
    assert told.label == "机械支部 → 滨江机械有限责任公司，并入“机械支部 → 滨江机械有限公司”"
    assert told.before["enterprise"] == [gone.pk, gone.name]
