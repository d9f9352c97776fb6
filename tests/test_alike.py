"""A new record that may be there already: set beside what is stored, and written only when somebody says so."""

import datetime as dt
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from orgs.models import Change, Enterprise, Member, PartyOrganization
from portal.forms import EnterpriseForm
from portal.models import Draft
from tests.factories import make_enterprise, make_id_number, make_member, make_organization, make_uscc
from tests.test_records import edit_data, text_of

pytestmark = pytest.mark.django_db

NEW = "/ledgers/enterprises/new/"


@pytest.fixture
def client(sign_in: Any, officer: Any) -> Client:
    made: Client = sign_in(officer)
    return made


@pytest.fixture
def stored(world: Any) -> Enterprise:
    return make_enterprise(world.jia.park, "甲河新能源（鄂尔多斯）有限公司", phone="0477-1234567", contact="甲河李")


def typed(client: Client, **values: str) -> dict[str, str]:
    mark = re.search(r'name="mark" value="([^"]+)"', client.get(NEW).content.decode())
    assert mark
    given = {
        "name": "甲河新能源(鄂尔多斯)有限责任公司",
        "kind": "private",
        "settled_on": "2026-01-05",
        "state": "operating",
    }
    return given | values | {"mark": mark[1]}


@pytest.mark.crawl
def test_it_is_set_side_by_side_and_not_written(client: Client, stored: Enterprise) -> None:
    changes = Change.objects.count()
    response = client.post(NEW, typed(client, contact="甲河王"))
    (one,) = response.context["alike"]
    assert (one.row, one.why) == (stored, "名称相同或相近")
    assert ("党建联系人", "甲河王", "甲河李") in one.lines
    assert one.url == reverse("record", args=["enterprises", stored.pk])
    text = text_of(response)
    for word in ("还没有登记", "您填的", "已登记的", "确为不同，照常登记", f"使用已有：{stored}"):
        assert word in text
    assert response.context["form"]["contact"].value() == "甲河王"
    assert (Change.objects.count(), Draft.objects.count()) == (changes, 0)


def test_another_one_is_registered_without_typing_again(client: Client, stored: Enterprise) -> None:
    data = typed(client)
    asked = client.post(NEW, data)
    done = client.post(NEW, data | {"different": asked.context["alike_keys"]})
    new = Enterprise.objects.get(name=data["name"])
    assert done["Location"] == reverse("record", args=["enterprises", new.pk])
    assert new.states.get().state == "operating"


def test_one_that_came_meanwhile_is_asked_about_again(client: Client, stored: Enterprise) -> None:
    data = typed(client)
    keys = client.post(NEW, data).context["alike_keys"]
    later = make_enterprise(stored.park, "甲河新能源鄂尔多斯有限公司")
    again = client.post(NEW, data | {"different": keys})
    assert [one.row for one in again.context["alike"]] == [stored, later]
    assert client.post(NEW, data | {"different": "x,,"}).context["alike"]


def test_the_one_on_record_is_used_and_what_was_typed_stays_a_draft(client: Client, stored: Enterprise) -> None:
    data = typed(client, contact="甲河王")
    asked = client.post(NEW, data)
    assert 'name="use"' in asked.content.decode()
    used = client.post(NEW, data | {"use": str(stored.pk)}, follow=True)
    assert used.redirect_chain == [(reverse("record", args=["enterprises", stored.pk]), 302)]
    assert "刚才填的没有登记，存成了草稿" in text_of(used)
    draft = Draft.objects.get()
    assert draft.fields["contact"] == ["甲河王"]
    assert not {"use", "different"} & set(draft.fields)
    assert client.get(f"{NEW}?draft=take").context["form"]["contact"].value() == "甲河王"
    # Beside an older draft that is not decided on nothing is kept in its place
    asked = client.post(NEW, data | {"undecided": "1"})
    assert 'name="use"' not in asked.content.decode()
    assert "先把页首的旧草稿定下来" in text_of(asked)


def test_the_telephone_tells_too_but_no_extension(client: Client, stored: Enterprise) -> None:
    response = client.post(NEW, typed(client, name="另一家有限公司", phone="（0477）123 4567"))
    (one,) = response.context["alike"]
    assert one.why == "电话相同或相近"
    stored.phone = "8001"
    stored.save()
    assert client.post(NEW, typed(client, name="另一家有限公司", phone="8001")).status_code == 302


def test_nothing_of_another_park_is_shown(client: Client, world: Any) -> None:
    there = make_enterprise(world.yi.park, "甲河新能源(鄂尔多斯)有限责任公司", phone="0477-7654321")
    assert client.post(NEW, typed(client, phone=there.phone)).status_code == 302
    assert Enterprise.objects.filter(name=there.name).count() == 2


def test_a_change_is_not_asked_about(client: Client, stored: Enterprise, world: Any) -> None:
    url = reverse("record-edit", args=["enterprises", world.jia.gap.pk])
    assert client.post(url, edit_data(client, url) | {"name": stored.name}).status_code == 302


def sent(client: Client, url: str, **values: str) -> tuple[dict[str, str], Any]:
    mark = re.search(r'name="mark" value="([^"]+)"', client.get(url).content.decode())
    assert mark
    data = values | {"mark": mark[1]}
    return data, client.post(url, data)


def test_an_organization_whose_name_is_written_otherwise_is_asked_about(client: Client, world: Any) -> None:
    stored = make_organization(world.jia.park, "中共甲河新能源（鄂尔多斯）支部委员会", short_name="甲河新能源支部")
    make_organization(world.yi.park, "中共甲河新能源(鄂尔多斯) 支部委员会")
    given = {
        "name": "中共甲河新能源(鄂尔多斯) 支部委员会",
        "short_name": "又",
        "kind": "branch",
        "founded_on": "2026-02-01",
    }
    data, asked = sent(client, "/ledgers/organizations/new/", **given)
    (one,) = asked.context["alike"]
    assert (one.row, one.why, one.url) == (stored, "全称相近", reverse("record", args=["organizations", stored.pk]))
    assert ("党组织类别", "党支部", "党支部") in one.lines
    done = client.post("/ledgers/organizations/new/", data | {"different": asked.context["alike_keys"]}, follow=True)
    assert PartyOrganization.objects.filter(name=given["name"], park=stored.park).exists()
    assert f"台账里已有“{stored.name}”" in text_of(done)


def test_a_member_with_the_name_and_the_birthday_of_another_is_asked_about(client: Client, world: Any) -> None:
    url, born = "/ledgers/members/new/", dt.date(1980, 5, 6)
    stored = make_member(world.jia.park, "甲河丁安", birth_on=born)
    make_member(world.jia.park, "甲河丁安", birth_on=dt.date(1990, 1, 1))
    make_member(world.yi.park, "甲河丁安", birth_on=born)
    number = make_id_number(7, "1980-05-06")
    data, asked = sent(client, url, name="甲河丁安", id_number=number, applied_on="2026-03-01")
    (one,) = asked.context["alike"]
    assert (one.row, one.why) == (stored, "姓名和出生日期相同")
    assert ("出生日期", "1980-05-06", "1980-05-06") in one.lines
    text = asked.content.decode()
    assert number not in text
    # The number is carried on sealed, as on a form that comes back for a correction
    sealed = re.search(r'name="id_sealed" value="([^"]+)"', text)
    assert sealed
    carried = data | {"id_number": "", "id_sealed": sealed[1], "different": asked.context["alike_keys"]}
    assert client.post(url, carried).status_code == 302
    new = Member.objects.latest("pk")
    assert (new.name, new.birth_on, new.open_id_number()) == ("甲河丁安", born, number)
    # Who has another number is another
    other = sent(client, url, name="甲河丁安", id_number=make_id_number(9, "1980-05-06"), applied_on="2026-03-01")[1]
    assert [one.row for one in other.context["alike"]] == [stored]
    assert sent(client, url, name="甲河丁安", birth_on="1980-05-07", applied_on="2026-03-01")[1].status_code == 302


def test_a_code_that_is_taken_leads_to_its_record(officer: Any, client: Client, world: Any) -> None:
    taken = world.jia.covered
    response = client.post(NEW, typed(client, uscc=taken.uscc))
    form = response.context["form"]
    (sentence,) = form.errors["uscc"]
    assert "已有这个统一社会信用代码" in sentence
    (note,) = form.notes()["uscc"]
    assert (note.link, note.url) == (f"去看已登记的“{taken}”", reverse("record", args=["enterprises", taken.pk]))
    # In a page of its own: what was typed is not left behind
    assert f'<a href="{note.url}" target="_blank" rel="noopener">{note.link}' in response.content.decode()
    theirs = EnterpriseForm({"uscc": world.yi.covered.uscc}, user=officer)
    theirs.is_valid()
    assert theirs.same_code is None
    assert "uscc" not in theirs.errors


def test_an_import_is_not_held_up(officer: Any, stored: Enterprise) -> None:
    """A sheet has its own reminder; nobody is there to be asked."""
    form = EnterpriseForm(
        {"name": "甲河新能源鄂尔多斯有限公司", "kind": "private", "settled_on": "2026-01-05", "uscc": make_uscc(99)},
        user=officer,
        park=stored.park,
    )
    assert form.is_valid(), form.errors.as_text()
    assert any(note.head == "名称相近" for note in form.reminders())
