"""Many records changed together: chosen over pages, shown before, written all or none, taken back; and by whom."""

import datetime as dt
import random
import re
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings, strategies as st

from orgs import journal
from orgs.journal import Via
from orgs.models import Affiliation, Change, Coverage, Enterprise, EnterpriseKind, Park, PartyOrganization, Role, User
from portal.imports import batches, undo
from portal.imports.bulk import BULK
from portal.imports.outcomes import Outcome
from portal.imports.setting import Value, bulk_batch
from portal.ledgers import LEDGERS
from portal.models import ImportBatch
from portal.picking import MOST
from tests.factories import (
    affiliate,
    cover,
    grant,
    make_enterprise,
    make_member,
    make_organization,
    make_park,
    make_user,
    set_state,
    subordinate,
)
from tests.test_imports import dump

pytestmark = pytest.mark.django_db

DAY = dt.date(2026, 6, 1)
SELECT = reverse("ledger-select", args=["enterprises"])
SET = reverse("ledger-bulk", args=["enterprises"])


@pytest.fixture
def park() -> Park:
    return make_park("bulk", name="批量园区")


@pytest.fixture
def officer(park: Park) -> User:
    user = make_user("bulker")
    grant(user, Role.OFFICER, park)
    return user


@pytest.fixture
def page(officer: User, client: Client) -> Client:
    client.force_login(officer)
    return client


def firms(park: Park, most: int) -> list[Enterprise]:
    rows = [
        Enterprise(
            park=park, name=f"{number:03}号机械有限公司", kind=EnterpriseKind.PRIVATE, settled_on=dt.date(2022, 1, 1)
        )
        for number in range(1, most + 1)
    ]
    return journal.save_many(rows, journal.INSTALLER, Via.INSTALL)


def made(
    park: Park,
    user: User,
    rows: list[Any],
    values: dict[str, str],
    day: dt.date | None = None,
    slug: str = "enterprises",
) -> ImportBatch:
    told = [Value(name, typed, typed) for name, typed in values.items()]
    batch = bulk_batch(BULK[slug], user, park, [row.pk for row in rows], told, day)
    batches.recheck(batch, BULK[slug], user)
    return batch


def outcomes(batch: ImportBatch) -> dict[str, Outcome]:
    return {one.name: one for one in batches.outcomes_of(batch)}


def kinds(batch: ImportBatch) -> list[str]:
    return [one.kind for one in batches.outcomes_of(batch)]


def confirmed(batch: ImportBatch, user: User, *, good_only: bool = False) -> Any:
    return batches.confirm(batch, batches.plan_for(batch), user, batch.digest, good_only=good_only)


# What may be set


def test_what_may_be_set_is_a_field_of_the_entry_form_and_tells_no_record_from_another() -> None:
    for slug, plan in BULK.items():
        assert set(plan.names) == set(LEDGERS[slug].bulk)
        assert not set(plan.names) & {name for names in plan.keys for name in names} - {"since"}
        assert not set(plan.names) & {"name", "short_name", "uscc", "id_number", "id_clear", "phone", "contact", "park"}


# The pass over the records


def test_every_record_is_told_old_and_new_and_nothing_is_written(park: Park, officer: User) -> None:
    first, second, third = firms(park, 3)
    second.locality = "城北街道"
    second.save()
    before = dump(park)
    batch = made(park, officer, [first, second, third], {"locality": "城北街道", "kind": "foreign"})
    assert kinds(batch) == ["changed", "changed", "changed"]
    assert [(one.head, one.old, one.new) for one in outcomes(batch)[first.name].diffs] == [
        ("企业类型", "私营企业", "外商投资企业"),
        ("属地", "空", "城北街道"),
    ]
    assert [one.head for one in outcomes(batch)[second.name].diffs] == ["企业类型"]
    assert dump(park) == before
    assert confirmed(batch, officer).written
    assert {(one.locality, one.kind) for one in Enterprise.objects.all()} == {("城北街道", "foreign")}
    trail = Change.objects.filter(pk__in=batch.written)
    assert {(one.via, one.user_id, one.object_id) for one in trail} == {
        ("bulk", officer.pk, one.pk) for one in (first, second, third)
    }
    again = made(park, officer, [first, second, third], {"locality": "城北街道"})
    assert kinds(again) == ["unchanged"] * 3
    assert undo.undo(batch, officer) == []
    assert dump(park) == before


def test_a_dated_fact_begins_on_its_day_and_ends_the_one_before(park: Park, officer: User) -> None:
    running, stopped, later, new = firms(park, 4)
    set_state(running, "operating", dt.date(2023, 1, 1), staff=40, above_scale=True)
    set_state(stopped, "suspended", dt.date(2024, 1, 1))
    set_state(later, "operating", dt.date(2026, 8, 1))
    batch = made(park, officer, [running, stopped, later, new], {"state": "suspended"}, DAY)
    assert [outcomes(batch)[one.name].kind for one in (running, stopped, later, new)] == [
        "changed",
        "unchanged",  # since 2024: what is so already is not begun anew
        "rejected",
        "changed",
    ]
    assert outcomes(batch)[later.name].faults[0].text == (
        f"现在登记的从2026-08-01起，比这次填的{DAY}晚，请在这一条的页面上更正"  # of a record: there is no row
    )
    assert not confirmed(batch, officer).written
    assert confirmed(batch, officer, good_only=True).written
    assert [
        (one.state, one.since, one.until, one.staff, one.above_scale) for one in running.states.order_by("since")
    ] == [
        ("operating", dt.date(2023, 1, 1), DAY, 40, True),
        ("suspended", DAY, None, 40, True),
    ]
    assert [(one.state, one.since, one.until) for one in new.states.all()] == [("suspended", DAY, None)]
    assert stopped.states.get().since == dt.date(2024, 1, 1)


def test_a_part_of_a_dated_fact_alone_goes_on_from_the_one_before(park: Park, officer: User) -> None:
    running, blank = firms(park, 2)
    set_state(running, "operating", dt.date(2023, 1, 1), staff=40)
    batch = made(park, officer, [running, blank], {"above_scale": "true"}, DAY)
    assert kinds(batch) == ["changed", "rejected"]
    assert "还没有经营状态" in outcomes(batch)[blank.name].faults[0].text
    assert confirmed(batch, officer, good_only=True).written
    assert [(one.state, one.above_scale, one.staff) for one in running.states.order_by("since")] == [
        ("operating", None, 40),
        ("operating", True, 40),
    ]


def test_what_the_form_refuses_is_told_and_a_value_may_be_taken_away(park: Park, officer: User) -> None:
    old, young = firms(park, 2)
    young.settled_on = dt.date(2026, 9, 1)
    young.locality = "城北街道"
    young.save()
    batch = made(park, officer, [old, young], {"left_on": "2026-07-01", "locality": ""})
    assert kinds(batch) == ["changed", "rejected"]
    assert "迁出日期应晚于入驻日期" in outcomes(batch)[young.name].faults[0].text
    batch = made(park, officer, [old, young], {"locality": ""})
    assert [(one.kind, [(diff.old, diff.new) for diff in one.diffs]) for one in batches.outcomes_of(batch)] == [
        ("unchanged", []),
        ("changed", [("城北街道", "空")]),
    ]
    assert confirmed(batch, officer).written
    young.refresh_from_db()
    assert young.locality == ""


def test_records_of_other_parks_and_gone_ones_are_left_with_the_reason(park: Park, officer: User) -> None:
    own, gone = firms(park, 2)
    foreign = make_enterprise(make_park("foreign", name="别家园区"), name="别家机械有限公司")
    seen_park = make_park("seen", name="只看园区")
    seen = make_enterprise(seen_park, name="只看机械有限公司")
    grant(officer, Role.LEADER, seen_park)
    second_park = make_park("second", name="另一园区")
    second = make_enterprise(second_park, name="另一机械有限公司")
    grant(officer, Role.OFFICER, second_park)
    rows = [own, gone, foreign, seen, second]
    journal.delete(gone, officer, Via.PAGE)
    gone.pk = gone.pk or 10**9
    batch = made(park, officer, rows, {"locality": "城北街道"})
    told = batches.outcomes_of(batch)
    assert [one.kind for one in told] == ["changed", "rejected", "rejected", "rejected", "rejected"]
    # What is gone and what one may not see are not told apart
    assert told[1].faults == told[2].faults
    assert (told[1].name, told[2].name, told[2].pk) == ("", "", None)
    assert "您在那个园区不能登记" in told[3].faults[0].text
    assert "请另做一批" in told[4].faults[0].text
    assert confirmed(batch, officer, good_only=True).written
    assert set(Enterprise.objects.exclude(locality="").values_list("pk", flat=True)) == {own.pk}


def test_any_change_of_a_record_in_between_asks_again(park: Park, officer: User) -> None:
    first, second = firms(park, 2)
    batch = made(park, officer, [first, second], {"locality": "城北街道"})
    first.phone = "0477-8"  # not what is being set
    journal.save(first, officer, Via.PAGE)
    seen = batch.digest
    refused = confirmed(batch, officer)
    assert not refused.written
    assert batch.digest != seen
    assert not Enterprise.objects.exclude(locality="").exists()
    assert confirmed(batch, officer).written  # looked at again
    first.refresh_from_db()
    assert (first.phone, first.locality) == ("0477-8", "城北街道")


def test_undone_what_was_edited_since_is_kept(park: Park, officer: User) -> None:
    first, second = firms(park, 2)
    batch = made(park, officer, [first, second], {"locality": "城北街道"})
    confirmed(batch, officer)
    second.refresh_from_db()
    second.phone = "1"
    journal.save(second, officer, Via.PAGE)
    assert [one.label for one in undo.undo(batch, officer)] == [f"企业“{second}”"]
    assert list(Enterprise.objects.order_by("name").values_list("locality", flat=True)) == ["", "城北街道"]
    assert Change.objects.filter(model="orgs.enterprise", object_id=first.pk, via="bulk").count() == 2


# Other ledgers


def test_members_go_over_to_another_branch(park: Park, officer: User) -> None:
    old, new = (make_organization(park, name=f"中共{name}支部委员会") for name in ("老", "新"))
    formal, visitor, none = (make_member(park, name=name) for name in ("正式甲", "流入乙", "未编丙"))
    affiliate(formal, old, since=dt.date(2022, 1, 1))
    affiliate(visitor, old, since=dt.date(2022, 1, 1), kind="inflow")
    batch = made(park, officer, [formal, visitor, none], {"affiliation_organization": str(new.pk)}, DAY, "members")
    assert [outcomes(batch)[str(one)].kind for one in (formal, visitor, none)] == ["changed", "rejected", "changed"]
    assert "2条组织关系同时有效" in outcomes(batch)[str(visitor)].faults[0].text
    assert confirmed(batch, officer, good_only=True).written
    told = Affiliation.objects.filter(member=formal).order_by("since")
    assert [(one.organization_id, one.kind, one.since, one.until) for one in told] == [
        (old.pk, "formal", dt.date(2022, 1, 1), DAY),
        (new.pk, "formal", DAY, None),
    ]
    assert Affiliation.objects.get(member=none).kind == "formal"
    assert Affiliation.objects.get(member=visitor).organization_id == old.pk
    assert undo.undo(batch, officer) == []
    assert Affiliation.objects.get(member=formal).until is None


def test_organizations_get_a_superior_and_coverages_an_end(park: Park, officer: User) -> None:
    above = make_organization(park, name="中共园区综合委员会", kind="comprehensive_committee")
    below = [make_organization(park, name=f"中共{number}号支部委员会") for number in range(3)]
    subordinate(below[0], above, dt.date(2022, 1, 1))
    batch = made(park, officer, [*below, above], {"superior": str(above.pk)}, DAY, "organizations")
    assert kinds(batch) == ["unchanged", "changed", "changed", "rejected"]
    assert confirmed(batch, officer, good_only=True).written
    assert PartyOrganization.objects.filter(superiors__superior=above).count() == 3
    firm = firms(park, 1)[0]
    covers = [cover(one, firm, since=dt.date(2023 + number, 1, 1)) for number, one in enumerate(below)]
    batch = made(park, officer, covers, {"until": "2024-06-01"}, slug="coverages")
    assert kinds(batch) == ["changed", "changed", "rejected"]
    assert confirmed(batch, officer, good_only=True).written
    assert Coverage.objects.filter(until=dt.date(2024, 6, 1)).count() == 2


# Whatever is chosen and set: what is shown is what happens, and taken back everything is as before


PLAIN = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck))
OFFERED = {
    "kind": ("private", "foreign", "state"),
    "size": ("", "small", "large"),
    "locality": ("", "城北街道"),
    "industry": ("", "C"),
    "left_on": ("", "2023-06-01", "2026-07-01"),
    "state": ("operating", "suspended"),
    "above_scale": ("true", "false"),
    "has_operations": ("true", "false"),
}
DATED = {"state", "above_scale", "has_operations"}


def world(rng: random.Random) -> tuple[Park, User, list[Enterprise]]:
    park = make_park(f"p{rng.randint(0, 10**9)}")
    user = make_user(f"u{rng.randint(0, 10**9)}")
    grant(user, Role.OFFICER, park)
    rows = []
    for number in range(5):
        settled = dt.date(rng.choice((2021, 2023, 2024)), 1, 1)
        own = {name: rng.choice(OFFERED[name]) for name in ("kind", "size", "locality", "industry")}
        firm = make_enterprise(park, name=f"{number}号机械有限公司", settled_on=settled, state=None, **own)
        if number:
            set_state(firm, rng.choice(OFFERED["state"]), settled + dt.timedelta(days=rng.choice((0, 400, 900))))
        rows.append(firm)
    return park, user, rows


def tried(seed: int) -> None:
    rng = random.Random(seed)
    with transaction.atomic():
        park, user, rows = world(rng)
        values = {name: rng.choice(OFFERED[name]) for name in rng.sample(sorted(OFFERED), rng.randint(1, 4))}
        day = dt.date(rng.choice((2022, 2024, 2026)), 1, 1) if DATED & set(values) else None
        before = dump(park)
        chosen = rng.sample(rows, rng.randint(1, 5))
        batch = made(park, user, chosen, values, day)
        assert dump(park) == before
        shown = batches.outcomes_of(batch)
        result = confirmed(batch, user, good_only=True)
        assert result.written
        assert result.outcomes == shown
        assert sum(result.counts.values()) == len(chosen)
        touched = {one.name for one in shown if one.kind == "changed"}
        after = dump(park)
        assert {one[1] for one in after[0]} == {one[1] for one in before[0]}
        for was, now in zip(before[0], after[0], strict=False):
            assert was == now or set(was) & touched or set(now) & touched
        for one in shown:
            firm = Enterprise.objects.get(pk=one.pk)
            current = firm.states.filter(until__isnull=True).first()
            for name, typed in values.items() if one.kind != "rejected" else ():
                held = getattr(current if name in DATED else firm, name)
                assert ("" if held is None else str(held)).lower() == typed.lower()
        if not touched:
            assert after == before
        assert undo.undo(batch, user) == []
        assert dump(park) == before
        transaction.set_rollback(True)


@settings(PLAIN, max_examples=2, derandomize=True)
@given(seed=st.integers(0, 2**32))
def test_shown_is_done_and_done_is_undone(seed: int) -> None:
    tried(seed)


@pytest.mark.soak
@settings(PLAIN, max_examples=500)
@given(seed=st.integers(0, 2**32))
def test_shown_is_done_and_done_is_undone_five_hundred_times(seed: int) -> None:
    tried(seed)


# The pages


def test_boxes_are_for_those_who_may_edit(park: Park, officer: User, page: Client, client: Client) -> None:
    firms(park, 1)
    url = reverse("ledger", args=["enterprises"])
    assert 'name="pick"' in page.get(url).content.decode()
    assert 'name="pick"' not in page.get(reverse("ledger", args=["statements"])).content.decode()
    leader = make_user("looker")
    grant(leader, Role.LEADER, park)
    client.force_login(leader)
    assert 'name="pick"' not in client.get(url).content.decode()
    for address in (SELECT, SET):
        assert client.get(address).status_code == 404
        assert client.post(address, {"pick": "1"}).status_code == 404
    client.force_login(officer)
    for slug in ("activities", "statements", "parks", "nothing"):
        assert client.get(reverse("ledger-select", args=[slug])).status_code == 404


def test_the_list_to_choose_from_has_no_side_panel(park: Park, page: Client) -> None:
    firms(park, 1)
    assert "data-peek" in page.get(reverse("ledger", args=["enterprises"])).content.decode()
    assert "data-peek" not in page.get(SELECT).content.decode()


def ticked(html: str) -> set[str]:
    return set(re.findall(r'aria-label="选中([^"]+)" checked', html))


def hidden(html: str, name: str) -> str:
    found = re.search(rf'<input type="hidden" name="{name}" value="([^"]*)">', html)
    return found[1] if found else ""


def test_what_is_ticked_goes_along_over_the_pages(park: Park, page: Client) -> None:
    rows = firms(park, 60)
    first = page.post(SELECT, {"pick": [rows[0].pk, rows[1].pk], "at": "1", "do": "count"}).content.decode()
    assert "已选2家企业" in first
    assert ticked(first) == {rows[0].name, rows[1].name}
    # A second page with the ticks of the first; one more ticked there, then back
    second = page.post(SELECT, {"pick": [rows[0].pk, rows[1].pk], "at": "1", "page": "2"}).content.decode()
    assert ticked(second) == set()
    assert hidden(second, "kept") == f"{rows[0].pk},{rows[1].pk}"
    data = {"kept": hidden(second, "kept"), "pick": [rows[55].pk], "at": "2", "page": "1"}
    back = page.post(SELECT, data).content.decode()
    assert "已选3家企业" in back
    assert ticked(back) == {rows[0].name, rows[1].name}
    assert hidden(back, "kept") == str(rows[55].pk)
    # One box cleared, the whole page, the whole filter, nothing
    one_less = page.post(SELECT, {"kept": hidden(back, "kept"), "pick": [rows[0].pk], "at": "1"}).content.decode()
    assert "已选2家企业" in one_less
    whole_page = page.post(SELECT, {"kept": str(rows[55].pk), "at": "1", "do": "page"}).content.decode()
    assert "已选51家企业" in whole_page
    everything = page.post(SELECT + "?q=号", {"pick": [rows[0].pk], "at": "1", "do": "all"}).content.decode()
    assert "已选全部筛选结果，60家企业" in everything
    assert hidden(everything, "all") == "1"
    nothing = page.post(SELECT, {"all": "1", "at": "1", "do": "none"}).content.decode()
    assert "没有选中企业" in nothing


def test_the_whole_filter_is_changed_and_taken_back_on_pages(park: Park, page: Client) -> None:
    rows = firms(park, 6)
    keep = make_enterprise(park, name="别的化工有限公司")
    asked = page.post(f"{SET}?q=机械", {"all": "1", "at": "1"}).content.decode()
    assert "批量修改6家企业" in asked
    assert "批量修改6家企业" in page.get(f"{SET}?q=机械&all=1").content.decode()
    sent = page.post(f"{SET}?q=机械", {"all": "1", "into": "bulk", "step": "set", "locality": "城北街道"})
    batch = ImportBatch.objects.get()
    assert sent.headers["Location"] == reverse("import-batch", args=[batch.pk])
    shown = page.get(sent.headers["Location"]).content.decode()
    assert "属地改为“城北街道”" in shown
    assert "<del>空</del> <ins>城北街道</ins>" in shown
    assert not Enterprise.objects.exclude(locality="").exists()
    confirm = reverse("import-confirm", args=[batch.pk])
    done = page.post(confirm, {"digest": hidden(shown, "digest")}, follow=True).content.decode()
    assert "已批量修改6家，0家不变。30天内可以整批撤销。" in done
    assert Enterprise.objects.filter(locality="城北街道").count() == 6
    assert "已改6家" in done
    assert "会改" not in done
    keep.refresh_from_db()
    assert keep.locality == ""
    index = page.get(reverse("imports")).content.decode()
    assert "属地改为“城北街道”" in index
    assert "已修改" in index
    undone = reverse("import-undo", args=[batch.pk])
    assert "撤销这一批批量修改" in page.get(undone).content.decode()
    after = page.post(undone, follow=True).content.decode()
    assert "已撤销这一批批量修改。" in after
    assert "撤销前改过6家" in after
    assert "会改" not in after
    assert not Enterprise.objects.exclude(locality="").exists()
    assert Change.objects.filter(model="orgs.enterprise", object_id=rows[0].pk, via="bulk").count() == 2


def test_a_colleagues_change_in_between_is_named(park: Park, officer: User, page: Client) -> None:
    first, second, third = firms(park, 3)
    batch = made(park, officer, [first, second, third], {"locality": "城北街道"})
    second.phone = "0477-8"  # not what is being set
    journal.save(second, officer, Via.PAGE)
    journal.delete(third, officer, Via.PAGE)
    confirm = reverse("import-confirm", args=[batch.pk])
    refused = page.post(confirm, {"digest": batch.digest}, follow=True).content.decode()
    assert f"核对以后有人改过“{second}”、“{third}”，没有写入" in refused
    assert not Enterprise.objects.exclude(locality="").exists()


def test_left_out_records_must_be_chosen_to_be_left_out(park: Park, page: Client) -> None:
    old, young = firms(park, 2)
    young.settled_on = dt.date(2026, 9, 1)
    young.save()
    data = {"kept": f"{old.pk},{young.pk}", "step": "set", "left_on": "2026年7月1日"}
    page.post(SET, data)
    batch = ImportBatch.objects.get()
    shown = page.get(reverse("import-batch", args=[batch.pk])).content.decode()
    assert "只改能改的1家，1家不动" in shown
    assert "迁出日期应晚于入驻日期" in shown
    confirm = reverse("import-confirm", args=[batch.pk])
    refused = page.post(confirm, {"digest": batch.digest}, follow=True).content.decode()
    assert "有不能改的，没有写入" in refused
    assert not Enterprise.objects.filter(left_on__isnull=False).exists()
    done = page.post(confirm, {"digest": batch.digest, "good_only": "1"}, follow=True).content.decode()
    assert "已批量修改1家，0家不变，1家不能改，没有写入。" in done
    assert Enterprise.objects.get(left_on__isnull=False) == old


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({}, "还没有填要改成什么"),
        ({"locality": "城北", "clear-locality": "on"}, "属地填了新的内容，又勾选了清空"),
        ({"state": "suspended"}, "改了经营状态，请填写从哪一天起"),
        ({"since": "2026-01-01"}, "没有填那一天起变成什么"),
        ({"state": "suspended", "since": "2026-13-01"}, "没有13月"),
        ({"left_on": "昨天"}, "迁出日期写的是“昨天”"),
        ({"kind": "nonsense"}, "企业类型不在可选范围内"),
        ({"locality": "长" * 61}, "属地最多60个字"),
    ],
)
def test_a_wrong_value_is_told_and_nothing_typed_is_lost(
    park: Park, page: Client, typed: dict[str, str], told: str
) -> None:
    firm = firms(park, 1)[0]
    answer = page.post(SET, {"kept": str(firm.pk), "step": "set", "sector_authority": "", **typed})
    html = answer.content.decode()
    assert answer.status_code == 400
    assert told in html
    assert hidden(html, "kept") == str(firm.pk)
    for name in ("locality", "since", "left_on"):
        if name in typed:
            assert f'value="{typed[name]}"' in html
    assert not ImportBatch.objects.exists()


def test_nothing_chosen_too_many_and_forged_keys(park: Park, page: Client) -> None:
    firm = firms(park, 1)[0]
    foreign = make_enterprise(make_park("foreign"), name="别家机械有限公司")
    assert "还没有选中企业" in page.post(SET, {"at": "1"}).content.decode()
    assert "还没有选中企业" in page.post(SET, {"kept": f"{foreign.pk},x,-1,{'9' * 30}"}).content.decode()
    many = ",".join(str(number) for number in range(1, MOST + 2))
    answer = page.post(SET, {"kept": many})
    assert answer.status_code == 400
    assert f"一次最多批量修改{MOST:,}家企业" in answer.content.decode()
    # A key of another park beside one's own is not seen
    assert "批量修改1家企业" in page.post(SET, {"kept": f"{firm.pk},{foreign.pk}"}).content.decode()
    # A condition that can not be understood chooses nothing
    assert "还没有选中企业" in page.post(f"{SET}?kind=nonsense", {"all": "1"}).content.decode()


def test_the_whole_of_a_longer_filter_is_refused(park: Park, page: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    firms(park, 3)
    monkeypatch.setattr("portal.picking.MOST", 2)
    assert "选中全部筛选结果" not in page.get(reverse("ledger", args=["enterprises"])).content.decode()
    answer = page.post(SET, {"all": "1", "step": "set", "locality": "城北"})
    assert answer.status_code == 400
    assert "请加上条件，分几次修改" in answer.content.decode()
    assert not ImportBatch.objects.exists()


def test_of_several_parks_one_is_chosen(park: Park, officer: User, page: Client) -> None:
    other = make_park("second", name="另一园区")
    grant(officer, Role.OFFICER, other)
    here, there = firms(park, 2), firms(other, 1)
    keys = ",".join(str(one.pk) for one in (*here, *there))
    asked = page.post(SET, {"kept": keys}).content.decode()
    assert "批量园区，2家" in asked
    assert "另一园区，1家" in asked
    assert "批量修改1家企业" in page.post(SET, {"kept": keys, "into": "second"}).content.decode()
    page.post(SET, {"kept": keys, "into": "second", "step": "set", "locality": "城南"})
    batch = ImportBatch.objects.get()
    assert (batch.park, [one.pk for one in batches.outcomes_of(batch)]) == (other, [there[0].pk])


def test_pages_about_a_workbook_do_not_exist_for_a_bulk_edit(park: Park, officer: User, page: Client) -> None:
    batch = made(park, officer, list(firms(park, 1)), {"locality": "城北"})
    for name in ("columns", "marked"):
        assert page.get(reverse(f"import-{name}", args=[batch.pk])).status_code == 404
    assert page.get(reverse("import-row", args=[batch.pk, 1])).status_code == 404
    assert page.post(reverse("import-file", args=[batch.pk]), {"sheet": "x"}).status_code == 404
    assert page.get(reverse("import-start", args=["bulk-enterprises"])).status_code == 404
    dropped = page.post(reverse("import-drop", args=[batch.pk]), follow=True).content.decode()
    assert "台账没有变化" in dropped


def test_another_officer_of_another_park_sees_no_batch(park: Park, officer: User, client: Client) -> None:
    batch = made(park, officer, list(firms(park, 1)), {"locality": "城北"})
    stranger = make_user("elsewhere")
    grant(stranger, Role.OFFICER, make_park("elsewhere"))
    client.force_login(stranger)
    for name in ("batch", "confirm", "undo"):
        assert client.get(reverse(f"import-{name}", args=[batch.pk])).status_code == 404
    assert client.post(reverse("import-confirm", args=[batch.pk]), {"digest": batch.digest}).status_code == 404
    assert not Enterprise.objects.exclude(locality="").exists()


def test_every_record_is_shown_page_by_page(
    park: Park, officer: User, page: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = firms(park, 5)
    monkeypatch.setattr("portal.views.imports.MOST_ROWS", 3)
    batch = made(park, officer, list(rows), {"locality": "城北"})
    url = reverse("import-batch", args=[batch.pk])
    shown = [page.get(f"{url}?kind=changed&page={number}").content.decode() for number in (1, 2)]
    names = [name for html in shown for name in re.findall(r">(\d{3}号机械有限公司)</a>", html)]
    assert names == [one.name for one in rows]
