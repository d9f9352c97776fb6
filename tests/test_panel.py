"""The part of a record's page beside a list, and the history of each field: who gets which, and at what price."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from orgs import journal
from orgs.journal import Via
from orgs.models import Enterprise, Role
from portal.records import RECORDS
from portal.records.parts import Known, Look, histories, key_data
from portal.views.records import PANEL
from tests.factories import World, attach, grant, make_member, make_user, put, work

pytestmark = [pytest.mark.django_db, pytest.mark.crawl]

COUNTS = Path(__file__).with_name("query_counts.json")
ASKED = {PANEL: "1"}
PHONE = str(Enterprise._meta.get_field("phone").verbose_name)
NOTE = str(Enterprise._meta.get_field("note").verbose_name)


def record(slug: str, row: Any) -> str:
    return reverse("record", args=[slug, row.pk])


def panel(client: Client, slug: str, row: Any, query: str = "") -> Any:
    return client.get(record(slug, row) + query, headers=ASKED)


def text_of(response: Any) -> str:
    page: str = response.content.decode()
    return page


def keys_of(response: Any) -> dict[str, Known]:
    return {one.label: one for one in response.context["keys"]}


# The panel


@pytest.mark.parametrize("slug", list(RECORDS))
def test_a_panel_is_a_part_of_the_page_under_the_same_rights(
    slug: str, world: World, officer: Any, leader: Any, superior: Any, stranger: Any, sign_in: Any
) -> None:
    row = world.jia.ledgers()[slug]
    for user in (officer, leader, superior, stranger):
        client = sign_in(user)
        page, part = client.get(record(slug, row)), panel(client, slug, row)
        assert part.status_code == page.status_code
        if page.status_code != 200:
            continue
        text = text_of(part)
        assert "<html" not in text
        assert " id=" not in text  # nothing that the list may have too
        assert "乙庄" not in text
        assert str(page.context["heading"]) in text
        assert keys_of(part).keys() == keys_of(page).keys()
        assert ("/edit/" in text) == (page.context["may_write"])
        assert (part[PANEL], part["Cache-Control"]) == ("1", "no-store")
        for answer in (page, part):
            assert PANEL in answer["Vary"]
        assert PANEL not in page
    assert panel(Client(), slug, row).status_code == 302


def test_a_panel_is_of_the_day_of_the_list(world: World, officer: Any, sign_in: Any) -> None:
    text = text_of(panel(sign_in(officer), "enterprises", world.jia.covered, "?day=2025-06-30"))
    assert "截至2025-06-30" in text
    assert f'href="{record("enterprises", world.jia.covered)}?day=2025-06-30">打开整页' in text


@pytest.mark.parametrize("slug", ["enterprises", "members"])
def test_every_row_of_a_list_has_a_way_to_its_panel(slug: str, world: World, officer: Any, sign_in: Any) -> None:
    page = sign_in(officer).get(reverse("ledger", args=[slug]), {"day": "2026-10-31"})
    text, rows = text_of(page), page.context["rows"]
    assert len(rows) > 3
    for cells in rows:
        assert f'<a class="peek" href="{cells[0].url}" data-peek title="侧栏">' in text
        assert f"在侧栏看{cells[0].text}</span>" in text


def counted(client: Client, url: str, **headers: Any) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url, **headers).status_code == 200
    return len(queries)


def test_page_and_panel_ask_the_reviewed_number_of_questions(world: World, administrator: Any, sign_in: Any) -> None:
    """However many changes and attachments there are: the numbers are in query_counts.json."""
    client = sign_in(administrator)

    def asked(slug: str) -> tuple[int, int]:
        url = record(slug, world.jia.ledgers()[slug])
        return counted(client, url), counted(client, url, headers=ASKED)

    few = {slug: asked(slug) for slug in RECORDS}
    reviewed = json.loads(COUNTS.read_text(encoding="utf-8"))
    assert {slug: page for slug, (page, _part) in few.items()} == reviewed["records"]
    assert {slug: part for slug, (_page, part) in few.items()} == reviewed["panels"]
    assert all(part <= page for page, part in few.values())
    for number in range(3):
        for slug in ("enterprises", "organizations"):
            row: Any = world.jia.ledgers()[slug]
            attach(row, slug, f"{slug}{number}.pdf")
            row.phone = f"0477-{number}"
            put(row)
            assert asked(slug) == few[slug]


# The history of a field


def test_each_field_opens_its_changes_newest_first(world: World, officer: Any, sign_in: Any) -> None:
    row = world.jia.gap
    for phone, size in (("0477-1", "small"), ("0477-2", "small"), ("0477-2", "medium")):
        row.phone, row.size = phone, size
        journal.save(row, officer, Via.PAGE)
    row.name = "甲河软件改名有限公司"
    journal.save(row, officer, Via.IMPORT)
    page = sign_in(officer).get(record("enterprises", row))
    known = keys_of(page)
    phone = known[PHONE]
    assert (phone.value, phone.changes) == ("0477-2", 2)
    assert [(one.old, one.new, one.is_new) for one in phone.past] == [
        ("0477-1", "0477-2", False),
        ("—", "0477-1", False),
    ]
    size = next(one for one in known.values() if one.value == "中型")
    assert (size.past[0].who, size.past[0].via) == ("甲河干事", "页面")
    # The name stands in the heading; once it was changed it has a line and a history too
    assert next(one for one in known.values() if one.value == row.name).past[0].via == "导入"
    kind = next(one for one in known.values() if one.value == "私营企业")
    assert (kind.changes, [one.is_new for one in kind.past]) == (0, [True])
    text = text_of(page)
    assert "改过2次" in text
    assert "<del>0477-1</del>改为<ins>0477-2</ins>" in text
    assert "未改过" in text
    assert text.count("<summary>改过") >= 3
    assert "甲河软件有限公司" in text  # as it was


def test_a_field_that_was_cleared_is_still_shown_with_what_it_was(world: World, officer: Any, sign_in: Any) -> None:
    row = world.jia.gap
    for phone in ("0477-8888", ""):
        row.phone = phone
        journal.save(row, officer, Via.PAGE)
    known = keys_of(sign_in(officer).get(record("enterprises", row)))
    assert (known[PHONE].value, known[PHONE].changes) == ("—", 2)
    assert [one.old for one in known[PHONE].past] == ["0477-8888", "—"]
    assert NOTE not in known  # blank, and always was


def test_who_may_not_see_persons_gets_no_history_of_what_may_name_one(
    world: World, officer: Any, superior: Any, sign_in: Any
) -> None:
    row = world.jia.gap
    for turn in "一二":
        row.contact, row.phone, row.size = (
            f"鹓鶵{turn}",
            f"1390000111{ord(turn) % 10}",
            "micro" if turn == "二" else "small",
        )
        journal.save(row, officer, Via.PAGE)
    # Harmless now, a person before: its history stays away altogether
    union = work(world.jia.gap, "instructor", holder="鹓鶵指导员")
    union.kind, union.holder = "trade_union", "某某工会"
    journal.save(union, officer, Via.PAGE)
    for slug, one in (("enterprises", row), ("work-coverages", union)):
        for answer in (sign_in(superior).get(record(slug, one)), panel(sign_in(superior), slug, one)):
            text = text_of(answer)
            assert "鹓鶵" not in text
            assert "1390000111" not in text
            assert "甲河干事" not in text
            assert "改过1次" in text
            assert "园区工作人员" in text
        assert "鹓鶵" in text_of(panel(sign_in(officer), slug, one))


def test_a_mixed_account_sees_histories_where_it_may(world: World, officer: Any, sign_in: Any) -> None:
    both = make_user("both")
    grant(both, Role.SUPERIOR)
    grant(both, Role.LEADER, park=world.yi.park)
    for side in (world.jia, world.yi):
        side.gap.contact = f"{side.mark}新联系人"
        put(side.gap)
    client = sign_in(both)
    assert "甲河新联系人" not in text_of(panel(client, "enterprises", world.jia.gap))
    assert "乙庄新联系人" in text_of(panel(client, "enterprises", world.yi.gap))


def test_a_history_never_tells_of_a_sealed_number(world: World, officer: Any, administrator: Any, sign_in: Any) -> None:
    member = make_member(world.jia.park, "某党员", id_cipher="密文", id_index="索引")
    member.id_cipher, member.id_index = "另一密文", "另一索引"
    journal.save(member, officer, Via.PAGE)
    page = sign_in(officer).get(record("members", member))
    text = text_of(page) + text_of(panel(sign_in(officer), "members", member))
    assert "密文" not in text
    assert "索引" not in text
    persons = page.context["about"].persons
    look = Look(officer, member, page.context["about"].day, True, persons)
    names = {one.label for one in key_data(look, RECORDS["members"].keys, list(RECORDS["members"].form.base_fields))}
    assert not names & {str(member._meta.get_field(name).verbose_name) for name in ("id_cipher", "id_index")}
    assert "id_index" not in histories(look)
