"""Records to choose from: found by name, code or initials, never out of reach, and without scripts by a button."""

import json
import re
from typing import Any

import pytest
from django.test import Client

from orgs import journal
from orgs.journal import INSTALLER, Via
from orgs.models import Coverage, Enterprise, Member, PartyOrganization
from portal import type_ahead
from portal.models import Draft
from portal.type_ahead import find
from tests.factories import (
    again,
    day,
    make_enterprise,
    make_id_number,
    make_member,
    make_organization,
    make_uscc,
    make_world,
)

pytestmark = pytest.mark.django_db

COVERAGE = "/ledgers/coverages/new/"
OFFICE = "/ledgers/offices/new/"


@pytest.fixture
def firms(db: None) -> list[Enterprise]:
    return again(named_firms)


def named_firms() -> list[Enterprise]:
    world = make_world()
    names = ("北京大学科技园", "北京德信", "大学北门超市", "重庆银行", "100%果汁", "Ａ座咖啡")
    return [make_enterprise(world.jia.park, name, uscc=make_uscc(9000 + n)) for n, name in enumerate(names)]


def names(model: Any, typed: str) -> list[str]:
    return [str(row) for row in find(model.objects.all(), typed)]


# What is found


@pytest.mark.usefixtures("firms")
@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("bjdx", ["北京大学科技园", "北京德信"]),
        ("BJDX", ["北京大学科技园", "北京德信"]),
        ("dx", ["大学北门超市", "北京大学科技园", "北京德信"]),  # what begins so is first
        ("北京 kjy", ["北京大学科技园"]),
        ("cqyh", ["重庆银行"]),
        ("zqyh", []),
        ("100%", ["100%果汁"]),
        ("azkf", ["Ａ座咖啡"]),
        ("没有这家", []),
        ("\x00", None),
    ],
)
def test_an_enterprise_is_found_by_its_name_and_its_initials(typed: str, wanted: list[str] | None) -> None:
    found = names(Enterprise, typed)
    assert len(found) > 5 if wanted is None else found == wanted


def test_an_enterprise_is_found_by_its_code_and_a_former_name(firms: list[Enterprise]) -> None:
    firms[3].former_names = "渝州钱庄"
    journal.save(firms[3], INSTALLER, Via.INSTALL)
    assert names(Enterprise, firms[3].uscc) == ["重庆银行"]
    assert names(Enterprise, firms[3].uscc[-6:].lower()) == ["重庆银行"]
    assert names(Enterprise, "渝州") == ["重庆银行"]


def test_organizations_and_members_are_found_too(world: Any) -> None:
    make_organization(world.jia.park, "中共滨江晨光精密支部委员会", short_name="晨光支部")
    make_member(world.jia.park, "单雄信")
    assert names(PartyOrganization, "cgzb") == ["晨光支部"]
    assert names(PartyOrganization, "精密") == ["晨光支部"]
    assert names(Member, "sxx") == ["单雄信"]
    assert names(Member, "dxx") == []


def test_no_more_are_given_than_can_be_looked_through(world: Any) -> None:
    rows = [
        Enterprise(park=world.jia.park, name=f"长城{n}店", kind="private", settled_on=day("2024-01-01"))
        for n in range(30)
    ]
    journal.save_many(rows, INSTALLER, Via.INSTALL)
    assert names(Enterprise, "cc") == [f"长城{n}店" for n in range(type_ahead.FOUND)]


# Who is told what


def asked(client: Client, path: str, **given: str) -> Any:
    answer = client.get(path, given)
    assert answer["Content-Type"] == "application/json"
    return json.loads(answer.content)


def test_an_officer_is_told_of_his_park_alone(world: Any, officer: Any, sign_in: Any) -> None:
    told = asked(sign_in(officer), COVERAGE, pick="enterprise", q="jx")
    assert told == [[str(world.jia.covered.pk), world.jia.covered.name]]
    assert asked(sign_in(officer), COVERAGE, pick="enterprise", q=world.yi.covered.name) == []
    assert asked(sign_in(officer), COVERAGE, pick="organization", q=world.yi.branch.short_name) == []


def test_what_is_no_menu_of_records_tells_nothing(world: Any, officer: Any, sign_in: Any) -> None:
    for field in ("way", "since", "park", "nothing", ""):
        assert asked(sign_in(officer), COVERAGE, pick=field, q="a") == []


@pytest.mark.parametrize("reader", ["stranger", "leader", "superior", "nobody"])
def test_who_may_not_enter_is_told_of_nobody(reader: str, world: Any, request: Any, sign_in: Any) -> None:
    client = sign_in(request.getfixturevalue(reader))
    for path in (OFFICE, COVERAGE):
        answer = client.get(path, {"park": world.jia.park.slug, "pick": "member", "q": "s"})
        assert world.jia.secretary.name not in answer.content.decode()
        if reader != "stranger":
            assert answer.status_code == 404
    member = f"/ledgers/members/{world.jia.secretary.pk}/employments/new/"
    assert client.get(member, {"pick": "enterprise", "q": "jx"}).status_code == 404


def test_persons_are_told_to_those_who_enter_them(world: Any, officer: Any, sign_in: Any) -> None:
    told = asked(sign_in(officer), OFFICE, pick="member", q="jhsj")
    assert told == [[str(world.jia.secretary.pk), menu_text(world.jia.secretary)]]


def menu_text(member: Member) -> str:
    return f"{member.name}（{member.birth_on.year}年生）" if member.birth_on else member.name


# The menu itself


def menu(page: str, name: str) -> str:
    found = re.search(rf'<select name="{name}".*?</select>', page, flags=re.DOTALL)
    assert found is not None
    return found[0]


def test_a_short_menu_holds_everything_and_by_what_it_is_found(world: Any, officer: Any, sign_in: Any) -> None:
    page = sign_in(officer).get(COVERAGE).content.decode()
    told = menu(page, "enterprise")
    assert 'data-pick=""' in told
    assert told.count("<option") == 1 + Enterprise.objects.filter(park=world.jia.park).count()
    assert f"{world.jia.covered.initials} {world.jia.covered.name} {world.jia.covered.uscc}" in told
    assert 'class="finder"' not in page
    order = re.findall(r'<option value="(\d+)"', told)
    assert order == [str(pk) for pk in Enterprise.objects.filter(park=world.jia.park).values_list("pk", flat=True)]


@pytest.fixture
def long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type_ahead, "MOST", 3)


@pytest.mark.usefixtures("long")
def test_a_long_menu_is_searched_without_scripts_and_loses_nothing(world: Any, officer: Any, sign_in: Any) -> None:
    client, covered = sign_in(officer), world.jia.covered
    page = client.get(COVERAGE, {"enterprise": world.jia.gap.pk}).content.decode()
    told = menu(page, "enterprise")
    assert 'data-pick="enterprise"' in told
    assert re.findall(r'<option value="(\d+)" selected', told) == [str(world.jia.gap.pk)]
    assert told.count("<option") == 2
    mark = re.search(r'name="mark" value="([^"]+)"', page)[1]  # type: ignore[index]
    typed = {"mark": mark, "enterprise": str(world.jia.gap.pk), "since": "2026年1月", "doc": "某文〔2026〕1号"}
    answer = client.post(COVERAGE, {**typed, "find-enterprise": "jx", "find": "enterprise"})
    page = answer.content.decode()
    told = menu(page, "enterprise")
    assert [int(pk) for pk in re.findall(r'<option value="(\d+)"', told)] == [world.jia.gap.pk, covered.pk]
    assert "列出找到的1条" in page
    for text in ('value="2026年1月"', 'value="某文〔2026〕1号"', 'value="jx"'):
        assert text in page
    assert "errsum" not in page  # not done yet: nothing is said of what is missing
    assert 'data-pick=""' in menu(page, "organization")  # three are few
    assert not Draft.objects.exists()
    page = client.post(COVERAGE, {**typed, "find-enterprise": "没有这家", "find": "enterprise"}).content.decode()
    assert "没有找到“没有这家”" in page
    page = client.post(COVERAGE, {**typed, "find-enterprise": " ", "find": "enterprise"}).content.decode()
    assert "请先写要查找的名称" in page
    assert not Coverage.objects.filter(enterprise=world.jia.gap).exists()


@pytest.mark.usefixtures("long")
def test_what_was_found_can_be_chosen(world: Any, officer: Any, sign_in: Any) -> None:
    client = sign_in(officer)
    page = client.get(COVERAGE).content.decode()
    mark = re.search(r'name="mark" value="([^"]+)"', page)[1]  # type: ignore[index]
    typed = {"mark": mark, "enterprise": world.jia.gap.pk, "organization": world.jia.branch.pk, "way": "joint"}
    answer = client.post(COVERAGE, {**typed, "since": "2026-01-01", "find-enterprise": "rj"})
    assert answer.status_code == 302
    assert Coverage.objects.filter(enterprise=world.jia.gap, organization=world.jia.branch).exists()
    other = client.post(COVERAGE, {**typed, "enterprise": world.yi.gap.pk, "since": "2026-01-01", "mark": mark})
    assert "不在可选范围内" in other.content.decode()


@pytest.mark.usefixtures("long")
def test_looking_keeps_an_id_number_that_was_typed(world: Any, officer: Any, sign_in: Any) -> None:
    """It may not be sent back, so it goes along sealed."""
    client = sign_in(officer)
    page = client.get("/ledgers/members/new/").content.decode()
    mark = re.search(r'name="mark" value="([^"]+)"', page)[1]  # type: ignore[index]
    number = make_id_number(5)
    field = next(name for name in re.findall(r'<button class="btn" name="find" value="(\w+)"', page))
    typed = {"mark": mark, "name": "单雄信", "id_number": number, f"find-{field}": "j", "find": field}
    page = client.post("/ledgers/members/new/", typed).content.decode()
    assert number not in page
    assert re.search(r'name="id_sealed" value="[^"]+"', page)
    assert 'value="单雄信"' in page


@pytest.mark.usefixtures("long")
def test_a_record_that_is_changed_keeps_its_version_while_one_looks(world: Any, officer: Any, sign_in: Any) -> None:
    client, path = sign_in(officer), f"/ledgers/coverages/{world.jia.coverage.pk}/edit/"
    page = client.get(path).content.decode()
    mark, version = (re.search(rf'name="{name}" value="([^"]+)"', page)[1] for name in ("mark", "version"))  # type: ignore[index]
    answer = client.post(path, {"mark": mark, "version": version, "find-organization": "lhzb", "find": "organization"})
    page = answer.content.decode()
    assert f'name="version" value="{version}"' in page
    assert f'value="{world.jia.joint_branch.pk}"' in menu(page, "organization")
