"""Two officers and one record: what differs is compared, picked and written, and nothing is lost in silence."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from activities.models import Attendance, AttendanceStatus
from orgs import journal
from orgs.journal import Via
from orgs.models import BusinessState, Change, Enterprise, Subordination
from orgs.scoping import Persons
from portal import conflicts
from portal.conflicts import Difference
from portal.forms import EnterpriseForm
from portal.records.parts import KEPT_BY_PARK
from tests.factories import affiliate, make_member, make_organization
from tests.test_records import edit_data, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.crawl]


@pytest.fixture
def url(world: Any) -> str:
    return reverse("record-edit", args=["enterprises", world.jia.gap.pk])


@pytest.fixture
def mine(sign_in: Any, officer: Any) -> Client:
    client: Client = sign_in(officer)
    return client


@pytest.fixture
def other(sign_in: Any, administrator: Any) -> Client:
    client: Client = sign_in(administrator)
    return client


def change(client: Client, url: str, **values: Any) -> None:
    """Somebody opens the form and saves it with other values."""
    response = client.post(url, edit_data(client, url) | values)
    assert response.status_code == 302, response.context["form"].errors


def shown(response: Any) -> dict[str, tuple[str, str, str, str]]:
    """Field → when opened, theirs, mine, which is picked."""
    rows = response.context["comparison"].differences
    return {row.name: (row.opened, row.theirs, row.mine, row.chosen) for row in rows}


def resent(response: Any) -> dict[str, Any]:
    """What the page of comparison would send back as it stands."""
    context = response.context
    data: dict[str, Any] = dict(context["kept"])
    data |= {"version": context["version"], "seen": context["comparison"].seen}
    return data | {row.key: row.chosen for row in context["comparison"].differences if row.chosen}


def test_each_field_that_differs_is_set_side_by_side(url: str, mine: Client, other: Client, world: Any) -> None:
    data = edit_data(mine, url)
    change(other, url, address="一号路1号", contact="对方填的", locality="同一个镇")
    response = mine.post(url, data | {"contact": "甲河李", "phone": "0477-1", "locality": "同一个镇"})
    assert shown(response) == {
        "address": ("—", "一号路1号", "—", "theirs"),
        "contact": ("甲河联系人", "对方填的", "甲河李", ""),
        "phone": (shown(response)["phone"][0], shown(response)["phone"][0], "0477-1", "mine"),
    }
    text = text_of(response)
    assert "全国管理员" in text
    for word in ("原值", "对方现在的值", "您填的"):
        assert word in text
    row = Enterprise.objects.get(pk=world.jia.gap.pk)
    assert (row.contact, row.address) == ("对方填的", "一号路1号")


def test_exactly_what_was_picked_is_written(url: str, mine: Client, other: Client, world: Any) -> None:
    data = edit_data(mine, url)
    change(other, url, address="一号路1号", contact="对方填的", locality="镇上")
    response = mine.post(url, data | {"contact": "甲河李", "address": "二号路2号", "phone": "0477-1"})
    picks = {"pick-contact": "mine", "pick-address": "theirs", "pick-locality": "mine", "pick-phone": "theirs"}
    assert mine.post(url, resent(response) | picks).status_code == 302
    row = Enterprise.objects.get(pk=world.jia.gap.pk)
    assert (row.contact, row.address, row.locality) == ("甲河李", "一号路1号", "")
    assert row.phone != "0477-1"
    newest = Change.objects.filter(model="orgs.enterprise", object_id=row.pk).order_by("-pk").first()
    assert newest is not None
    assert newest.after == {"contact": "甲河李", "locality": ""}


def test_a_field_both_changed_has_to_be_picked(url: str, mine: Client, other: Client, world: Any) -> None:
    data = edit_data(mine, url)
    change(other, url, contact="对方填的")
    first = mine.post(url, data | {"contact": "甲河李"})
    assert first.context["slips"] == []
    again = mine.post(url, resent(first))
    assert again.status_code == 200
    assert "联系人：姓名两边都改过，请选一个" in text_of(again)
    assert 'href="#pick-contact-theirs"' in again.content.decode()
    assert "<title>错误：" in again.content.decode()
    assert Enterprise.objects.get(pk=world.jia.gap.pk).contact == "对方填的"
    assert mine.post(url, resent(again) | {"pick-contact": "nonsense"}).status_code == 200
    assert mine.post(url, resent(again) | {"pick-contact": "mine"}).status_code == 302
    assert Enterprise.objects.get(pk=world.jia.gap.pk).contact == "甲河李"


def test_who_changes_it_again_meanwhile_is_compared_again(url: str, mine: Client, other: Client, world: Any) -> None:
    data = edit_data(mine, url)
    change(other, url, contact="第一次", address="一号路1号")
    first = mine.post(url, data | {"contact": "甲河李", "address": "二号路2号"})
    change(other, url, contact="第二次")
    second = mine.post(url, resent(first) | {"pick-contact": "mine", "pick-address": "mine"})
    assert second.status_code == 200
    # What did not move since it was shown stays picked
    assert shown(second)["contact"] == ("甲河联系人", "第二次", "甲河李", "")
    assert shown(second)["address"][3] == "mine"
    assert mine.post(url, resent(second) | {"pick-contact": "theirs"}).status_code == 302
    row = Enterprise.objects.get(pk=world.jia.gap.pk)
    assert (row.contact, row.address) == ("第二次", "二号路2号")


def test_a_mistake_on_the_way_does_not_hide_the_conflict(url: str, mine: Client, other: Client, world: Any) -> None:
    """The form that comes back with an error was opened when it was opened."""
    data = edit_data(mine, url)
    change(other, url, address="一号路1号")
    wrong = mine.post(url, data | {"settled_on": "2026-02-30"})
    assert wrong.context["form"].errors
    again = mine.post(url, data | {"version": wrong.context["version"], "contact": "甲河李"})
    assert again.status_code == 200
    assert shown(again)["address"][1] == "一号路1号"
    assert Enterprise.objects.get(pk=world.jia.gap.pk).address == "一号路1号"


def test_the_same_change_by_both_is_no_conflict(url: str, mine: Client, other: Client, world: Any) -> None:
    data = edit_data(mine, url)
    change(other, url, address="一号路1号")
    assert mine.post(url, data | {"address": "一号路1号", "contact": "甲河李"}).status_code == 302
    assert Enterprise.objects.get(pk=world.jia.gap.pk).contact == "甲河李"


def test_back_to_the_form_keeps_what_was_typed_and_what_was_picked(
    url: str, mine: Client, other: Client, world: Any
) -> None:
    data = edit_data(mine, url)
    change(other, url, address="一号路1号", contact="对方填的")
    first = mine.post(url, data | {"contact": "甲河李", "phone": "0477-1"})
    form = mine.post(url, resent(first) | {"back": "1"})
    assert form.status_code == 200
    values = {name: form.context["form"][name].value() for name in ("contact", "address", "phone")}
    assert values == {"contact": "甲河李", "address": "一号路1号", "phone": "0477-1"}
    assert form.context["version"] == int(data["version"])
    assert Enterprise.objects.get(pk=world.jia.gap.pk).contact == "对方填的"


def test_picks_that_do_not_fit_together_go_back_to_the_form(
    url: str, mine: Client, other: Client, world: Any, administrator: Any
) -> None:
    url = reverse("record-edit", args=["members", world.jia.secretary.pk])
    data = edit_data(mine, url)
    change(other, url, left_on="2026-10-01", left_reason="withdrew")
    first = mine.post(url, data | {"note": "补充"})
    assert {"left_on", "left_reason"} <= set(shown(first))
    wrong = mine.post(url, resent(first) | {"pick-left_reason": "mine"})
    assert "left_reason" in wrong.context["form"].errors
    assert wrong.context["form"]["left_on"].value() == "2026-10-01"
    assert wrong.context["form"]["note"].value() == "补充"


def test_people_ticked_by_somebody_else_are_compared_too(
    mine: Client, other: Client, world: Any, officer: Any, administrator: Any
) -> None:
    side = world.jia
    second = make_member(side.park, "甲河二")
    affiliate(second, side.branch)
    activity = side.activity
    activity.due, activity.present, activity.on_leave, activity.absent = 3, 2, 1, 0
    journal.save(activity, administrator, Via.PAGE)
    for one in Attendance.objects.filter(activity=activity):
        journal.delete(one, administrator, Via.PAGE)
    journal.save(
        Attendance(activity=activity, member=side.secretary, status=AttendanceStatus.ON_LEAVE), administrator, Via.PAGE
    )
    url = reverse("record-edit", args=["activities", activity.pk])
    data = edit_data(mine, url)
    change(other, url, leave_members=[second.pk])
    response = mine.post(url, data | {"place": "二楼"})
    assert shown(response)["leave_members"] == ("甲河书记", "甲河二", "甲河书记", "theirs")
    assert mine.post(url, resent(response)).status_code == 302
    assert [one.member for one in Attendance.objects.filter(activity=activity)] == [second]
    activity.refresh_from_db()
    assert activity.place == "二楼"


def test_choices_dates_and_records_are_compared_in_words(mine: Client, other: Client, world: Any) -> None:
    url = reverse("record-edit", args=["coverages", world.jia.coverage.pk])
    data = edit_data(mine, url)
    change(other, url, organization=world.jia.joint_branch.pk, way="joint", since="2024-04-01")
    response = mine.post(url, data | {"doc": "甲委〔2026〕1号"})
    rows = shown(response)
    assert rows["organization"][:3] == (str(world.jia.branch), str(world.jia.joint_branch), str(world.jia.branch))
    assert rows["way"][:2] == ("单独组建", "联合组建")
    assert rows["since"][:2] == ("2024-03-01", "2024-04-01")


def test_what_the_form_does_not_hold_is_told_before_ending(mine: Client, other: Client, world: Any) -> None:
    coverage = world.jia.coverage
    url = reverse("record-end", args=["coverages", coverage.pk])
    data = edit_data(mine, url)
    change(other, reverse("record-edit", args=["coverages", coverage.pk]), since="2024-04-01")
    response = mine.post(url, data | {"until": "2026-11-01"})
    assert response.status_code == 200
    assert "起始日期由“2024-03-01”改为“2024-04-01”" in text_of(response)
    assert mine.post(url, resent(response)).status_code == 302
    coverage.refresh_from_db()
    assert (str(coverage.since), str(coverage.until)) == ("2024-04-01", "2026-11-01")


def test_a_dated_fact_is_compared_like_a_record(mine: Client, other: Client, world: Any) -> None:
    state = world.jia.state
    url = reverse("record-fact-edit", args=["enterprises", world.jia.covered.pk, "states", state.pk])
    data = edit_data(mine, url)
    change(other, url, staff="286")
    response = mine.post(url, data | {"note": "核对过", "staff": "70"})
    assert shown(response)["staff"] == ("60", "286", "70", "")
    assert mine.post(url, resent(response) | {"pick-staff": "theirs"}).status_code == 302
    state.refresh_from_db()
    assert (state.staff, state.note) == (286, "核对过")


# A new period, drawn from the present one


@pytest.fixture
def new_state(world: Any, administrator: Any) -> str:
    journal.save(world.jia.state.copied(staff=43, above_scale=False), administrator, Via.PAGE)
    return reverse("record-fact-new", args=["enterprises", world.jia.covered.pk, "states"])


def states(world: Any) -> list[tuple[Any, ...]]:
    rows = BusinessState.objects.filter(enterprise=world.jia.covered).order_by("since")
    return [(one.state, str(one.since), str(one.until), one.staff, one.above_scale) for one in rows]


def test_a_new_state_is_compared_with_what_became_of_the_present_one(
    new_state: str, mine: Client, other: Client, world: Any
) -> None:
    data = edit_data(mine, new_state)
    change(other, new_state, state="operating", since="2026-11-12", staff="1", above_scale="true")
    written = states(world)
    response = mine.post(new_state, data | {"state": "suspended", "since": "2026-11-15", "note": "核对过"})
    assert response.status_code == 200
    assert shown(response) == {"staff": ("43", "1", "43", "theirs"), "above_scale": ("否", "是", "否", "theirs")}
    text = text_of(response)
    assert "别人改过现在的这一段" in text
    assert "现在的一段是：起始日期“2026-11-12”，经营状态“正常经营”" in text
    assert "从业人员“1”" not in text
    assert "全国管理员" in text
    assert states(world) == written
    assert mine.post(new_state, resent(response)).status_code == 302
    assert states(world)[1:] == [
        ("operating", "2026-11-12", "2026-11-15", 1, True),
        ("suspended", "2026-11-15", "None", 1, True),
    ]
    assert BusinessState.objects.get(since="2026-11-15").note == "核对过"


def test_of_a_new_state_what_both_changed_has_to_be_picked(
    new_state: str, mine: Client, other: Client, world: Any
) -> None:
    data = edit_data(mine, new_state)
    change(other, new_state, state="operating", since="2026-11-12", staff="500")
    first = mine.post(new_state, data | {"state": "suspended", "since": "2026-11-15", "staff": "9"})
    assert shown(first) == {"staff": ("43", "500", "9", "")}
    again = mine.post(new_state, resent(first))
    assert "从业人员两边都改过，请选一个" in text_of(again)
    form = mine.post(new_state, resent(again) | {"pick-staff": "mine", "back": "1"})
    assert [form.context["form"][name].value() for name in ("state", "staff")] == ["suspended", "9"]
    assert mine.post(new_state, resent(again) | {"pick-staff": "mine"}).status_code == 302
    assert states(world)[-1] == ("suspended", "2026-11-15", "None", 9, False)


def test_the_present_state_corrected_ended_or_gone_is_told_before_a_new_one(
    new_state: str, mine: Client, other: Client, world: Any
) -> None:
    state = world.jia.state
    at = ["enterprises", world.jia.covered.pk, "states", state.pk]
    typed = {"state": "suspended", "since": "2026-11-15"}
    data = edit_data(mine, new_state)
    change(other, reverse("record-fact-edit", args=at), since="2024-02-01", staff="44")
    response = mine.post(new_state, data | typed)
    assert shown(response) == {"staff": ("43", "44", "43", "theirs")}
    assert "起始日期由“2024-01-01”改为“2024-02-01”" in text_of(response)
    data = edit_data(mine, new_state)
    change(other, reverse("record-fact-end", args=at), until="2026-10-01")
    assert "已填了终止日期2026-10-01" in text_of(mine.post(new_state, data | typed))
    change(other, reverse("record-fact-edit", args=at), until="")
    # Ended and taken back since: nothing is at stake
    data = edit_data(mine, new_state)
    assert other.post(reverse("record-fact-delete", args=at)).status_code == 302
    response = mine.post(new_state, data | typed)
    assert "已删除" in text_of(response)
    assert states(world) == []
    assert mine.post(new_state, resent(response)).status_code == 302
    assert states(world) == [("suspended", "2026-11-15", "None", 44, False)]


def test_a_draft_of_a_new_state_keeps_what_it_was_drawn_from(
    new_state: str, mine: Client, other: Client, world: Any
) -> None:
    data = edit_data(mine, new_state) | {"state": "suspended", "since": "2026-11-15"}
    mine.post(new_state, data | {"draft": "auto"})
    change(other, new_state, state="operating", since="2026-11-12", staff="500")
    taken = mine.get(f"{new_state}?draft=take")
    assert taken.context["version"] == data["version"]
    response = mine.post(new_state, {**data, "version": taken.context["version"]})
    assert shown(response)["staff"] == ("43", "500", "43", "theirs")


def test_two_superiors_at_once_are_told_of_each_other(mine: Client, other: Client, world: Any) -> None:
    url = reverse("record-fact-new", args=["organizations", world.jia.branch.pk, "superiors"])
    above = make_organization(world.jia.park, "甲河党总支", kind="general_branch")
    data = edit_data(mine, url)
    change(other, url, superior=above.pk, since="2026-11-12")
    response = mine.post(url, data | {"superior": world.jia.committee.pk, "since": "2026-11-15", "doc": "甲委1号"})
    assert response.status_code == 200
    text = text_of(response)
    assert f"上级党组织“{above}”" in text
    assert "仍然提交" in text
    assert not Subordination.objects.filter(since="2026-11-15").exists()
    assert mine.post(url, resent(response)).status_code == 302
    present = Subordination.objects.get(organization=world.jia.branch, until=None)
    assert present.doc == "甲委1号"
    # The present one corrected meanwhile
    data = edit_data(mine, url)
    at = ["organizations", world.jia.branch.pk, "superiors", present.pk]
    change(other, reverse("record-fact-edit", args=at), superior=above.pk)
    response = mine.post(url, data | {"superior": world.jia.committee.pk, "since": "2026-11-20"})
    assert f"上级党组织由“{world.jia.committee}”改为“{above}”" in text_of(response)


def test_an_affiliation_beside_the_formal_one_is_no_conflict(mine: Client, other: Client, world: Any) -> None:
    member = world.jia.secretary
    url = reverse("record-fact-new", args=["members", member.pk, "affiliations"])
    data = edit_data(mine, url)
    change(other, url, organization=world.jia.joint_branch.pk, kind="temporary", since="2026-11-01")
    typed = {"organization": world.jia.joint_branch.pk, "kind": "formal", "since": "2026-11-15"}
    assert mine.post(url, data | typed).status_code == 302
    again = mine.post(url, data | typed | {"organization": world.jia.branch.pk, "since": "2026-11-20"})
    assert "现在的一段是" in text_of(again)


def test_a_double_click_on_a_new_state_writes_once(new_state: str, mine: Client, world: Any) -> None:
    response = mine.get(new_state)
    data = edit_data(mine, new_state) | {"mark": response.context["mark"], "state": "suspended", "since": "2026-11-15"}
    assert mine.post(new_state, data).status_code == 302
    written = states(world)
    assert mine.post(new_state, data).status_code == 302
    assert states(world) == written


def test_who_leaves_the_comparison_finds_a_draft(url: str, mine: Client, other: Client, world: Any) -> None:
    data = edit_data(mine, url)
    change(other, url, contact="对方填的")
    mine.post(url, data | {"contact": "甲河李"})
    back = mine.get(f"{url}?draft=take")
    assert back.context["form"]["contact"].value() == "甲河李"
    assert back.context["version"] == int(data["version"])


def test_who_may_not_see_persons_reads_neither_names_nor_who_wrote(
    url: str, mine: Client, other: Client, world: Any, officer: Any
) -> None:
    """Everybody who writes in a park sees its persons today; should that change, the comparison follows."""
    change(other, url, contact="对方填的", address="一号路1号")
    entries = list(Change.objects.filter(model="orgs.enterprise", object_id=world.jia.gap.pk).order_by("pk"))
    form = EnterpriseForm(instance=Enterprise.objects.get(pk=world.jia.gap.pk), user=officer)
    nowhere, everywhere = Persons(everywhere=False), Persons(everywhere=True)
    row = Difference("contact", "姓名", "", "", "", "")
    hidden = conflicts.worded(row, form, ("甲河联系人", "对方填的", "甲河李"), entries, nowhere)
    assert (hidden.opened, hidden.theirs, hidden.mine) == (KEPT_BY_PARK, KEPT_BY_PARK, "甲河李")
    assert hidden.by.startswith("园区工作人员 ")
    shown_row = conflicts.worded(row, form, ("甲河联系人", "对方填的", "甲河李"), entries, everywhere)
    assert (shown_row.opened, shown_row.theirs) == ("甲河联系人", "对方填的")
    assert shown_row.by.startswith("全国管理员 ")
    address = Difference("address", "地址", "", "", "", "")
    assert conflicts.worded(address, form, ("", "一号路1号", ""), entries, nowhere).theirs == "一号路1号"


def test_a_version_that_is_none_compares_with_everything(url: str, mine: Client, world: Any) -> None:
    for forged in ("", "x", "9" * 30, "²"):
        response = mine.post(url, edit_data(mine, url) | {"version": forged, "seen": forged})
        assert response.status_code in (200, 302)
