"""Record pages and what leads to them: who reads, who writes, what the trail says, how the timeline is drawn."""

import datetime as dt
import re
from itertools import pairwise
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from activities.models import Activity, Attendance
from orgs.models import (
    Affiliation,
    BusinessState,
    Change,
    Coverage,
    Employment,
    Enterprise,
    Member,
    PartyOrganization,
    Subordination,
)
from orgs.scoping import PERSON_READERS
from portal import timeline
from portal.records import RECORDS
from portal.timeline import Lane, Span
from tests.factories import appoint, cover, make_enterprise, make_member, make_organization, set_state

pytestmark = [pytest.mark.django_db, pytest.mark.crawl]

LEDGERS = tuple(RECORDS)
DAY = dt.date(2026, 11, 21)


def text_of(response: Any) -> str:
    """What a reader sees: tags and blank lines removed."""
    html = re.sub(r"<(head|script|svg)\b.*?</\1>", "", response.content.decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def at(name: str, slug: str, *more: Any) -> str:
    return reverse(name, args=[slug, *more])


# Who may see and do what


@pytest.mark.parametrize("slug", LEDGERS)
def test_everybody_of_the_park_reads_and_no_stranger_does(
    slug: str, world: Any, sign_in: Any, officer: Any, leader: Any, superior: Any, stranger: Any, nobody: Any
) -> None:
    url = at("record", slug, world.jia.ledgers()[slug].pk)
    of_persons = RECORDS[slug].model.read_roles == PERSON_READERS
    assert sign_in(superior).get(url).status_code == (404 if of_persons else 200)
    for user in (officer, leader) if of_persons else (officer, leader, superior):
        response = sign_in(user).get(url)
        assert response.status_code == 200
        assert "乙庄" not in response.content.decode()
    for user in (stranger, nobody):
        assert sign_in(user).get(url).status_code == 404
    assert sign_in(None).get(url).status_code == 302


@pytest.mark.parametrize("slug", LEDGERS)
def test_those_who_may_not_write_find_no_such_pages(
    slug: str, world: Any, sign_in: Any, leader: Any, superior: Any, stranger: Any
) -> None:
    page, row = RECORDS[slug], world.jia.ledgers()[slug]
    urls = [at("record-edit", slug, row.pk), at("record-delete", slug, row.pk)]
    urls += [at("record-end", slug, row.pk)] if page.ends else []
    urls += [at("record-fact-new", slug, row.pk, fact.kind) for fact in page.facts]
    before = Change.objects.count()
    for user in (leader, superior, stranger):
        client = sign_in(user)
        for url in urls:
            assert client.get(url).status_code == 404, url
            assert client.post(url, {"name": "改名", "until": "2026-11-01"}).status_code == 404, url
    for user in (leader, superior):
        assert sign_in(user).get(at("ledger-new", slug)).status_code == 404
        shown = sign_in(user).get(at("record", slug, row.pk)).content.decode()
        assert "/edit/" not in shown
        assert "/delete/" not in shown
        assert "/new/" not in shown
    assert Change.objects.count() == before


@pytest.mark.parametrize("slug", LEDGERS)
def test_an_administrator_opens_every_form(slug: str, world: Any, sign_in: Any, administrator: Any) -> None:
    client, page, row = sign_in(administrator), RECORDS[slug], world.jia.ledgers()[slug]
    new = client.get(at("ledger-new", slug))
    assert new.status_code == 200
    if slug != "parks":
        assert "登记在哪个园区" in text_of(new)
        assert client.get(at("ledger-new", slug), {"park": "jia"}).status_code == 200
    for name in ("record-edit", "record-delete", *(["record-end"] if page.ends else [])):
        assert client.get(at(name, slug, row.pk)).status_code == 200
    for fact in page.facts:
        assert client.get(at("record-fact-new", slug, row.pk, fact.kind)).status_code == 200
        mine = fact.model.objects.visible_to(administrator).filter(**{fact.owner: row}).first()
        if mine is not None:
            assert client.get(at("record-fact-edit", slug, row.pk, fact.kind, mine.pk)).status_code == 200


def test_facts_are_reached_through_their_owner_only(world: Any, sign_in: Any, officer: Any) -> None:
    client, own = sign_in(officer), world.jia.state
    url = at("record-fact-edit", "enterprises", world.jia.gap.pk, "states", own.pk)
    assert client.get(url).status_code == 404
    assert client.get(at("record-fact-edit", "enterprises", own.enterprise_id, "states", own.pk)).status_code == 200
    other = world.yi.state
    for name in ("record-fact-edit", "record-fact-end", "record-fact-delete"):
        assert client.get(at(name, "enterprises", other.enterprise_id, "states", other.pk)).status_code == 404
    assert client.get(at("record-fact-new", "enterprises", world.jia.gap.pk, "nonsense")).status_code == 404
    assert client.get("/ledgers/nonsense/1/").status_code == 404


def test_a_link_that_fills_in_another_parks_record_is_a_404(world: Any, sign_in: Any, officer: Any) -> None:
    client = sign_in(officer)
    for query in ({"enterprise": world.yi.gap.pk}, {"organization": world.yi.branch.pk}, {"enterprise": "x"}):
        assert client.get(at("ledger-new", "coverages"), query).status_code == 404
    assert client.get(at("ledger-new", "coverages"), {"park": "yi"}).status_code == 404


# Entering


def test_an_officer_enters_an_enterprise_and_lands_on_its_page(world: Any, sign_in: Any, officer: Any) -> None:
    client = sign_in(officer)
    data = {
        "name": "甲河新材料有限公司",
        "kind": "private",
        "settled_on": "2026年1月1日",
        "state": "operating",
        "staff": "58",
    }
    response = client.post(at("ledger-new", "enterprises"), data, follow=True)
    row = Enterprise.objects.get(name="甲河新材料有限公司")
    assert response.redirect_chain == [(at("record", "enterprises", row.pk), 302)]
    shown = text_of(response)
    assert "已登记企业“甲河新材料有限公司”。" in shown
    assert "58名" in shown
    assert "在缺口里：无组织覆盖" in shown


def test_the_next_entry_takes_over_what_stays(world: Any, sign_in: Any, officer: Any) -> None:
    client = sign_in(officer)
    data = {
        "organization": world.jia.branch.pk,
        "kind": "theme_day",
        "held_on": "2026-11-05",
        "title": "主题党日",
        "mode": "on_site",
        "due": "1",
        "present": "1",
        "again": "1",
    }
    response = client.post(at("ledger-new", "activities"), data)
    assert response.status_code == 302
    assert f"organization={world.jia.branch.pk}" in response.url
    form = client.get(response.url).context["form"]
    assert (form["kind"].value(), str(form["held_on"].value())) == ("theme_day", "2026-11-05")


def test_a_failed_form_says_so_everywhere(world: Any, sign_in: Any, officer: Any) -> None:
    data = {
        "organization": world.jia.branch.pk,
        "kind": "member_meeting",
        "held_on": "2026-11-31",
        "title": "讨论",
        "mode": "on_site",
        "due": "11",
        "present": "12",
    }
    response = sign_in(officer).post(at("ledger-new", "activities"), data)
    html = response.content.decode()
    assert response.status_code == 200
    assert re.search(r"<title>错误：登记组织生活", html)
    assert "有2处需要改正" in html
    for sentence, target in (
        ("会议日期写的是2026-11-31，11月只有30天，请核对", "id_held_on"),
        ("实到12名多于应到11名，请核对应到和实到人数", "id_present"),
    ):
        assert f'<a href="#{target}">{sentence}</a>' in html
        assert f'id="{target}_error"' in html
        assert html.count(sentence) == 2
        assert f'id="{target}"' in html
    assert 'value="2026-11-31"' in html
    assert 'aria-invalid="true"' in html
    assert not Activity.objects.filter(title="讨论").exists()


def test_the_meeting_comes_after_its_organization(world: Any, sign_in: Any, officer: Any) -> None:
    client = sign_in(officer)
    first = client.get(at("ledger-new", "activities"))
    assert "哪个党组织" in text_of(first)
    assert "乙庄" not in text_of(first)
    second = client.get(at("ledger-new", "activities"), {"organization": world.jia.branch.pk})
    assert "甲河书记" in text_of(second)
    assert "2026" in text_of(second)


def test_unread_rules_are_said_once_more_after_saving(world: Any, sign_in: Any, officer: Any) -> None:
    data = {
        "enterprise": world.jia.gap.pk,
        "organization": world.jia.joint_branch.pk,
        "way": "joint",
        "since": "2026-03-01",
    }
    response = sign_in(officer).post(at("ledger-new", "coverages"), data, follow=True)
    assert "提醒：这家企业2026-03-01有正式党员3名" in text_of(response)
    assert "支部工作条例（试行）第四条" in text_of(response)


def test_pages_have_neither_inline_style_nor_script(world: Any, sign_in: Any, officer: Any) -> None:
    client = sign_in(officer)
    for slug in LEDGERS[1:]:
        for url in (at("record", slug, world.jia.ledgers()[slug].pk), at("ledger-new", slug)):
            html = client.get(url).content.decode()
            assert not re.search(r'\sstyle="|<style|<script(?![^>]*\ssrc=)|\son[a-z]+="|javascript:', html), url


# Changing, ending, deleting


def edit_data(client: Client, url: str) -> dict[str, Any]:
    """What a browser would send back unchanged."""
    context = client.get(url).context
    form, data = context["form"], {"version": context["version"]}
    for field in form:
        value = field.value()
        if value is not None:
            data[field.html_name] = value
    return data


def test_the_trail_shows_who_changed_what_from_what_to_what(
    world: Any, sign_in: Any, officer: Any, leader: Any
) -> None:
    client, row = sign_in(officer), world.jia.covered
    url = at("record-edit", "enterprises", row.pk)
    client.post(url, edit_data(client, url) | {"locality": "甲河镇"})
    state = world.jia.state
    fact = at("record-fact-edit", "enterprises", row.pk, "states", state.pk)
    client.post(fact, edit_data(client, fact) | {"staff": "286"})
    html = sign_in(leader).get(at("record", "enterprises", row.pk)).content.decode()
    entries = [
        (entry.who, entry.via, entry.action, one.label, one.old, one.new)
        for entry in sign_in(leader).get(at("record", "enterprises", row.pk)).context["entries"]
        for one in entry.altered
        if not entry.is_new
    ]
    assert entries == [
        ("甲河干事", "页面", "修改", "从业人员", "60", "286"),
        ("甲河干事", "页面", "修改", "属地", "—", "甲河镇"),
    ]
    assert "<del>60</del>" in html
    assert "<ins>286</ins>" in html


def test_the_trail_keeps_what_was_deleted(world: Any, sign_in: Any, officer: Any) -> None:
    client, row = sign_in(officer), world.jia.covered
    client.post(at("record-delete", "coverages", world.jia.coverage.pk))
    assert not Coverage.objects.filter(pk=world.jia.coverage.pk).exists()
    for slug, owner in (("enterprises", row), ("organizations", world.jia.branch)):
        entries = client.get(at("record", slug, owner.pk)).context["entries"]
        assert (entries[0].action, entries[0].who) == ("删除", "甲河干事")
        assert entries[0].what.startswith("组织覆盖：")


def test_a_save_that_changes_nothing_leaves_no_trace(world: Any, sign_in: Any, officer: Any) -> None:
    client = sign_in(officer)
    for slug in ("enterprises", "organizations", "members", "coverages", "work-coverages", "offices", "activities"):
        url = at("record-edit", slug, world.jia.ledgers()[slug].pk)
        before = Change.objects.count()
        response = client.post(url, edit_data(client, url), follow=True)
        assert response.redirect_chain, (slug, response.context["form"].errors)
        assert Change.objects.count() == before, slug
        assert "没有改动" in text_of(response), slug


def test_an_end_is_the_first_day_without(world: Any, sign_in: Any, officer: Any) -> None:
    client, row = sign_in(officer), world.jia.coverage
    url = at("record-end", "coverages", row.pk)
    early = client.post(url, edit_data(client, url) | {"until": "2024-01-01"})
    assert "终止日期应晚于起始日期2024-03-01，请核对这两个日期" in text_of(early)
    assert client.post(url, edit_data(client, url) | {"until": "２０２６年11月1日"}).status_code == 302
    row.refresh_from_db()
    assert row.until == dt.date(2026, 11, 1)
    assert client.get(at("record-end", "enterprises", world.jia.gap.pk)).status_code == 404


def test_a_state_is_changed_from_the_enterprise_page(world: Any, sign_in: Any, officer: Any) -> None:
    client, row = sign_in(officer), world.jia.covered
    url = at("record-fact-new", "enterprises", row.pk, "states")
    assert "现状态“正常经营”（2024-01-01起）到这一天终止" in text_of(client.get(url))
    response = client.post(url, {"state": "suspended", "since": "2026-09-01", "staff": "3"}, follow=True)
    assert "停产停业" in text_of(response)
    assert BusinessState.objects.filter(enterprise=row).count() == 2
    clash = client.post(url, {"state": "operating", "since": "2024-06-01"})
    assert clash.status_code == 200
    assert "新的状态应从更晚的日子起" in text_of(clash)
    assert BusinessState.objects.filter(enterprise=row).count() == 2


def test_employment_affiliation_superior_election_have_their_forms(world: Any, sign_in: Any, officer: Any) -> None:
    client, member, organization = sign_in(officer), world.jia.applicant, world.jia.joint_branch
    for slug, owner, kind, data in (
        ("members", member, "employments", {"enterprise": world.jia.gap.pk, "since": "2026-03-01"}),
        ("members", member, "affiliations", {"organization": organization.pk, "kind": "formal", "since": "2026-03-01"}),
        ("organizations", organization, "superiors", {"superior": world.jia.committee.pk, "since": "2026-03-01"}),
        ("organizations", organization, "elections", {"held_on": "2026-03-01", "term_years": "3"}),
    ):
        response = client.post(at("record-fact-new", slug, owner.pk, kind), data)
        assert response.status_code == 302, response.context["form"].errors
    assert Employment.objects.filter(member=member).count() == 1
    assert Affiliation.objects.filter(member=member).count() == 1
    shown = text_of(client.get(at("record", "organizations", organization.pk)))
    assert "中共甲河联合支部委员会 → 中共甲河工作委员会" in shown
    assert "2029-03-01" in shown
    forged = client.post(
        at("record-fact-new", "members", member.pk, "employments"),
        {"enterprise": world.yi.gap.pk, "since": "2026-04-01"},
    )
    assert "不在可选范围内" in text_of(forged)
    assert Employment.objects.filter(member=member).count() == 1


def test_deleting_asks_once_and_names_what_hangs_on_it(world: Any, sign_in: Any, officer: Any) -> None:
    client = sign_in(officer)
    url = at("record-delete", "enterprises", world.jia.covered.pk)
    shown = text_of(client.get(url))
    assert "“甲河机械有限公司”现在不能删除" in shown
    assert "组织覆盖1条" in shown
    refused = client.post(url)
    assert "名下还有" in text_of(refused)
    assert Enterprise.objects.filter(pk=world.jia.covered.pk).exists()
    assert BusinessState.objects.filter(enterprise=world.jia.covered).exists()
    mistake = make_enterprise(world.jia.park, "甲河误登")
    url = at("record-delete", "enterprises", mistake.pk)
    shown = text_of(client.get(url))
    assert "确定删除企业“甲河误登”吗？" in shown
    assert "连同它的经营状态1条一并删除" in shown
    assert client.post(url).status_code == 302
    assert not Enterprise.objects.filter(pk=mistake.pk).exists()
    assert Change.objects.filter(action="delete", user=officer).count() == 2


def test_a_deleted_change_leaves_no_gap_behind(world: Any, sign_in: Any, officer: Any) -> None:
    client, firm, first = sign_in(officer), world.jia.covered, world.jia.state
    new = at("record-fact-new", "enterprises", firm.pk, "states")
    client.post(new, {"state": "suspended", "since": "2026-09-01", "staff": "3"})
    mistake = BusinessState.objects.get(enterprise=firm, until=None)
    url = at("record-fact-delete", "enterprises", firm.pk, "states", mistake.pk)
    asked = client.get(url)
    assert "止于2026-09-01；删除后从2026-09-01起没有经营状态，企业不再计入分母。" in text_of(asked)
    assert re.search(r'<input type="checkbox"[^>]* name="goes_on"[^>]* checked>', asked.content.decode())
    done = text_of(client.post(url, {"goes_on": "1"}, follow=True))
    assert "接着算下去，终止日期已去掉" in done
    assert [(one.pk, one.until) for one in BusinessState.objects.filter(enterprise=firm)] == [(first.pk, None)]
    newest = Change.objects.filter(model="orgs.businessstate").order_by("-pk")[0]
    assert (newest.object_id, newest.before, newest.after) == (first.pk, {"until": "2026-09-01"}, {"until": None})


def test_the_period_before_a_deleted_one_goes_on_to_where_that_ended(world: Any, sign_in: Any, officer: Any) -> None:
    client, branch = sign_in(officer), world.jia.branch
    new = at("record-fact-new", "organizations", branch.pk, "superiors")
    above = make_organization(world.jia.park, "甲河党总支", kind="general_branch")
    for superior, since in ((above, "2026-03-01"), (world.jia.committee, "2026-06-01")):
        assert client.post(new, {"superior": superior.pk, "since": since}).status_code == 302
    first, mistake, last = Subordination.objects.filter(organization=branch).order_by("since")
    url = at("record-fact-delete", "organizations", branch.pk, "superiors", mistake.pk)
    assert "从2026-03-01起到2026-06-01以前没有上级党组织" in text_of(client.get(url))
    assert "终止日期已改为2026-06-01" in text_of(client.post(url, {"goes_on": "1"}, follow=True))
    found = [(one.pk, str(one.until)) for one in Subordination.objects.filter(organization=branch).order_by("since")]
    assert found == [(first.pk, "2026-06-01"), (last.pk, "None")]


def test_the_period_before_a_deleted_one_stays_as_it_is_when_asked(world: Any, sign_in: Any, officer: Any) -> None:
    client, member = sign_in(officer), world.jia.secretary
    first = Affiliation.objects.get(member=member)
    new = at("record-fact-new", "members", member.pk, "affiliations")
    for kind in ("formal", "inflow"):
        typed = {"organization": world.jia.joint_branch.pk, "kind": kind, "since": "2026-03-01"}
        assert client.post(new, typed).status_code == 302
    # What lies beside the formal one ended nothing
    beside = Affiliation.objects.get(member=member, kind="inflow")
    url = at("record-fact-delete", "members", member.pk, "affiliations", beside.pk)
    assert "goes_on" not in client.get(url).content.decode()
    assert client.post(url).status_code == 302
    mistake = Affiliation.objects.get(member=member, until=None)
    url = at("record-fact-delete", "members", member.pk, "affiliations", mistake.pk)
    assert "没有正式组织关系" in text_of(client.get(url))
    assert "仍止于2026-03-01" in text_of(client.post(url, follow=True))
    first.refresh_from_db()
    assert str(first.until) == "2026-03-01"


def test_nothing_is_deleted_when_the_period_before_can_not_go_on(world: Any, sign_in: Any, officer: Any) -> None:
    client, side = sign_in(officer), world.jia
    new = at("record-fact-new", "organizations", side.branch.pk, "superiors")
    above = make_organization(side.park, "甲河党总支", kind="general_branch")
    assert client.post(new, {"superior": above.pk, "since": "2026-03-01"}).status_code == 302
    mistake = Subordination.objects.get(organization=side.branch, until=None)
    first = Subordination.objects.get(organization=side.branch, until="2026-03-01")
    # Its superior has come under it since
    Subordination.objects.filter(organization=first.superior).delete()
    Subordination(organization=first.superior, superior=side.branch, since=dt.date(2026, 4, 1)).save()
    url = at("record-fact-delete", "organizations", side.branch.pk, "superiors", mistake.pk)
    refused = client.post(url, {"goes_on": "1"})
    assert "没有删除" in text_of(refused)
    assert "会形成循环" in text_of(refused)
    assert Subordination.objects.filter(pk=mistake.pk).exists()
    assert client.post(url).status_code == 302


def test_a_meeting_is_deleted_with_its_attendance(world: Any, sign_in: Any, officer: Any) -> None:
    url = at("record-delete", "activities", world.jia.activity.pk)
    client = sign_in(officer)
    assert "连同它的到会记录1条一并删除" in text_of(client.get(url))
    assert client.post(url).status_code == 302
    assert not Attendance.objects.filter(activity_id=world.jia.activity.pk).exists()


# What the page says on a day


def test_of_two_secretaries_the_page_names_the_one_of_the_ledger(world: Any, sign_in: Any, officer: Any) -> None:
    park, client = world.jia.park, sign_in(officer)
    branch = make_organization(park, "甲河两任支部")
    later, earlier = make_member(park, "后任"), make_member(park, "前任")
    for one, since in ((later, dt.date(2025, 1, 1)), (earlier, dt.date(2024, 1, 1))):
        appoint(one, branch, since=since)
    strip = {one.label: one for one in client.get(at("record", "organizations", branch.pk)).context["strip"]}
    (cells,) = client.get(at("ledger", "organizations"), {"q": "甲河两任支部"}).context["rows"]
    told = next(cell.text for cell in cells if cell.column.name == "secretary")
    assert strip["书记"].text == told == "后任"


def test_the_page_answers_for_the_day_asked(world: Any, sign_in: Any, leader: Any) -> None:
    client, row = sign_in(leader), world.jia.covered
    today = {one.label: one for one in client.get(at("record", "enterprises", row.pk)).context["strip"]}
    assert (today["组建状态"].text, today["党员"].text) == ("已单独建立", "正式1名，预备0名")
    before = client.get(at("record", "enterprises", row.pk), {"day": "2024-02-29"})
    then = {one.label: one for one in before.context["strip"]}
    assert then["组建状态"].text == "仅有个别党员"
    assert "截至2024-02-29" in text_of(before)
    wrong = client.get(at("record", "enterprises", row.pk), {"day": "2024-02-30"})
    assert wrong.status_code == 400


def test_an_office_held_twice_is_named_once(world: Any, sign_in: Any, officer: Any) -> None:
    member, branch = make_member(world.jia.park, "甲河连任"), make_organization(world.jia.park, "甲河连任支部")
    for since in (dt.date(2023, 1, 1), dt.date(2025, 1, 1)):
        appoint(member, branch, since=since)
    page = sign_in(officer).get(at("record", "members", member.pk))
    (strip,) = [one for one in page.context["strip"] if one.label == "党内职务"]
    assert (strip.text, strip.small) == ("甲河连任支部书记", "")


def test_counted_or_not_and_why(world: Any, sign_in: Any, leader: Any) -> None:
    def reasons(row: Enterprise) -> dict[str, tuple[str, str]]:
        tables = sign_in(leader).get(at("record", "enterprises", row.pk)).context["tables"]
        (table,) = [one for one in tables if one.key == "counted"]
        return {line.cells[0].text: (line.cells[1].text, line.cells[2].text) for line in table.lines}

    real = "组织覆盖率（实体运营口径）"
    assert reasons(world.jia.covered)[real][0] == "计入分子"
    assert reasons(world.jia.gap)[real] == ("计入分母", "在缺口里：无组织覆盖")
    assert reasons(world.jia.suspended)[real] == ("不计入", "停产停业")
    assert reasons(world.jia.state_owned)[real] == ("不计入", "非非公企业")


def test_the_number_of_queries_does_not_grow_with_the_rows(
    world: Any, sign_in: Any, leader: Any, django_assert_max_num_queries: Any
) -> None:
    from tests.factories import employ, make_member

    for _ in range(8):
        employ(make_member(world.jia.park), world.jia.covered)
        cover(world.jia.branch, make_enterprise(world.jia.park), since=dt.date(2025, 1, 1))
    client = sign_in(leader)
    with django_assert_max_num_queries(40):
        client.get(at("record", "enterprises", world.jia.covered.pk))
    with django_assert_max_num_queries(40):
        client.get(at("record", "organizations", world.jia.branch.pk))


# The timeline


def test_the_timeline_draws_bars_arrows_and_the_line_of_the_day() -> None:
    lanes = [
        Lane("入驻与经营", [Span(dt.date(2019, 4, 12), None, "正常经营", "g-set")]),
        Lane("指导员", [Span(dt.date(2020, 1, 1), dt.date(2021, 1, 1), "王", "g-ins")]),
        Lane("任期", [Span(dt.date(2024, 5, 20), dt.date(2027, 5, 20), "第一届", "g-un")]),
        Lane("妇联", [], "未建立"),
    ]
    drawn = timeline.draw(lanes, DAY, DAY)
    assert drawn is not None
    business, instructor, term, women = (lane.bars[0] for lane in drawn.lanes)
    assert business.arrow
    assert business.x + business.width == pytest.approx(drawn.day_x, abs=0.2)
    assert not instructor.arrow
    assert not instructor.future_width
    assert not term.arrow
    assert term.future_x == drawn.day_x
    assert term.future_width > 0
    assert women.style == "g-none"
    assert [year for _x, year, _middle in drawn.years] == [str(year) for year in range(2019, 2028)]
    assert drawn.day_text == "今天 2026-11-21"
    assert [name for name, _span in drawn.table] == ["入驻与经营", "指导员", "任期"]
    for lane in drawn.lanes:
        for bar in lane.bars:
            assert timeline.LEFT <= bar.x <= timeline.WIDTH
            assert bar.x + bar.width <= timeline.WIDTH + 0.1


def test_what_overlaps_stands_in_rows_of_its_own() -> None:
    spans = [
        Span(dt.date(2024, 1, 1), None, "一", "g-solo"),
        Span(dt.date(2025, 1, 1), None, "二", "g-joint"),
        Span(dt.date(2022, 1, 1), dt.date(2024, 1, 1), "零", "g-joint"),
    ]
    drawn = timeline.draw([Lane("组织覆盖", spans)], DAY, DAY)
    assert drawn is not None
    by_text = {bar.title[0]: bar.y for bar in drawn.lanes[0].bars}
    assert by_text["零"] == by_text["一"] != by_text["二"]
    assert timeline.draw([Lane("空", [])], DAY, DAY) is None


def test_the_timeline_of_an_earlier_day_outlines_what_came_later() -> None:
    drawn = timeline.draw(
        [Lane("组织覆盖", [Span(dt.date(2026, 5, 1), None, "后来", "g-solo")])], dt.date(2025, 6, 1), DAY
    )
    assert drawn is not None
    (bar,) = drawn.lanes[0].bars
    assert bar.style == "g-fut"
    assert bar.x > drawn.day_x
    assert drawn.day_text == "截至 2025-06-01"


def test_a_long_history_keeps_its_years_apart_and_its_words_inside() -> None:
    drawn = timeline.draw([Lane("入驻", [Span(dt.date(1985, 1, 1), None, "名" * 200, "g-set")])], DAY, DAY)
    assert drawn is not None
    xs = [x for x, _year, _middle in drawn.years]
    assert all(later - earlier >= timeline.YEAR_ROOM - 1 for earlier, later in pairwise(xs))
    (bar,) = drawn.lanes[0].bars
    assert bar.text.endswith("…")
    assert timeline.text_width(bar.text) <= bar.width


def test_the_page_carries_timeline_and_table(world: Any, sign_in: Any, leader: Any) -> None:
    set_state(world.jia.gap, "suspended", dt.date(2023, 1, 1), dt.date(2024, 1, 1))
    html = sign_in(leader).get(at("record", "enterprises", world.jia.covered.pk)).content.decode()
    for lane in ("入驻与经营", "指导员、联络员", "组织覆盖", "工会", "共青团", "妇联"):
        assert f">{lane}</text>" in html
    assert 'aria-labelledby="tlt"' in html
    assert "看表格" in html
    assert 'class="g-solo"' in html


def test_members_and_organizations_have_their_lines(world: Any, sign_in: Any, leader: Any) -> None:
    client = sign_in(leader)
    member = text_of(client.get(at("record", "members", world.jia.secretary.pk)))
    for word in ("正式党员", "2020-07-01", "甲河机械有限公司", "甲河厂长", "正式组织关系", "书记"):
        assert word in member
    organization = text_of(client.get(at("record", "organizations", world.jia.branch.pk)))
    for word in ("甲河书记", "甲河机械有限公司", "中共甲河工作委员会", "甲河机械十月主题党日", "2027-03-01"):
        assert word in organization
    assert Member.objects.count()
    assert PartyOrganization.objects.count()
