"""What was typed and not submitted: kept for its account alone, brought back, never counted, thrown away in time."""

import datetime as dt
import json
import re
from html import unescape
from io import StringIO
from typing import Any

import pytest
from django.core import signing
from django.core.management import call_command
from django.forms import Textarea, TextInput
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from orgs.models import Change, Enterprise
from portal import drafts
from portal.forms.base import option_text
from portal.forms.fields import SECRET
from portal.models import Draft
from tests.factories import affiliate, make_enterprise, make_id_number, make_member, put
from tests.test_records import at, edit_data, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.crawl]

NEW = "/ledgers/enterprises/new/"
LOGIN = "/login/?next="
TYPED = {"name": "甲河新能源", "settled_on": "2026-02-30", "kind": "private", "wide": ""}


@pytest.fixture
def client(sign_in: Any, officer: Any) -> Client:
    made: Client = sign_in(officer)
    return made


def mark_of(response: Any) -> str:
    found = re.search(r'name="mark" value="([^"]+)"', response.content.decode())
    assert found
    return found[1]


def typed_into(client: Client, url: str, **values: Any) -> dict[str, Any]:
    """What a browser would send of the form at ``url`` with these values typed."""
    response = client.get(url)
    data = edit_data(client, url) if response.context["version"] is not None else {}
    return data | values | {"mark": mark_of(response)}


def taken(client: Client, url: str) -> Any:
    response = client.get(url)
    assert response.status_code == 200
    assert response.context["taken"], url
    return response.context["form"]


# Kept and brought back


def test_a_draft_comes_back_as_it_was_typed_and_writes_nothing(client: Client, officer: Any) -> None:
    changes, enterprises = Change.objects.count(), Enterprise.objects.count()
    saved = client.post(NEW, typed_into(client, NEW, **TYPED) | {"draft": "keep"}, follow=True)
    assert "还没有提交，不计入任何数字" in text_of(saved)
    assert saved.redirect_chain == [(f"{NEW}?draft=take", 302)]
    form = saved.context["form"]
    assert not form.is_bound
    assert [form[name].value() for name in ("name", "settled_on", "kind")] == ["甲河新能源", "2026-02-30", "private"]
    assert (Change.objects.count(), Enterprise.objects.count()) == (changes, enterprises)
    assert set(Draft.objects.get(user=officer).fields) == set(TYPED)


def test_the_form_offers_the_draft_and_the_ledger_is_left_alone(client: Client) -> None:
    client.post(NEW, typed_into(client, NEW, **TYPED) | {"draft": "auto"})
    offered = client.get(NEW)
    assert re.search(r"您\d\d:\d\d:\d\d有一份没有提交的草稿，先定下来", text_of(offered))
    assert offered.context["form"]["name"].value() in (None, "")
    assert f'href="{NEW}?draft=take"' in offered.content.decode()
    # Until it is decided on, neither typing nor another record replaces it
    html = offered.content.decode()
    assert 'data-draft id="form"' not in html
    assert "存草稿" not in html
    other = {"name": "甲河另一家", "kind": "private", "settled_on": "2026-02-30", "undecided": "1"}
    wrong = client.post(NEW, other)
    assert 'name="undecided" value="1"' in wrong.content.decode()
    assert client.post(NEW, other | {"settled_on": "2026-02-03"}).status_code == 302
    assert taken(client, f"{NEW}?draft=take")["name"].value() == "甲河新能源"
    assert "甲河新能源" not in text_of(client.get(reverse("ledger", args=["enterprises"])))


def test_the_script_is_answered_in_words(client: Client) -> None:
    answer = client.post(NEW, typed_into(client, NEW, **TYPED) | {"draft": "auto"})
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/plain; charset=utf-8")
    assert re.fullmatch(r"草稿已存 \d\d:\d\d:\d\d", answer.content.decode())


def test_a_submitted_draft_is_gone(client: Client, officer: Any) -> None:
    client.post(NEW, typed_into(client, NEW, **TYPED) | {"draft": "auto"})
    good = {"name": "甲河新能源", "kind": "private", "settled_on": "2026-02-03"}
    wrong = client.post(f"{NEW}?draft=take", {**good, "settled_on": "2026-02-30"})
    assert wrong.status_code == 200
    assert Draft.objects.filter(user=officer).exists()
    assert client.post(f"{NEW}?draft=take", good).status_code == 302
    assert not Draft.objects.exists()
    assert Enterprise.objects.filter(name="甲河新能源").count() == 1


def test_a_draft_that_is_not_wanted_is_gone(client: Client, officer: Any) -> None:
    client.post(NEW, typed_into(client, NEW, **TYPED) | {"draft": "keep"})
    thrown = client.post(f"{NEW}?park=jia&draft=take", {"draft": "discard"}, follow=True)
    assert thrown.redirect_chain == [(f"{NEW}?park=jia", 302)]
    assert "草稿已删除" in text_of(thrown)
    assert not Draft.objects.exists()


def test_a_draft_of_a_change_keeps_what_it_was_typed_on(
    client: Client, world: Any, sign_in: Any, administrator: Any
) -> None:
    url = reverse("record-edit", args=["enterprises", world.jia.gap.pk])
    client.post(url, typed_into(client, url, contact="甲河李") | {"draft": "auto"})
    other = sign_in(administrator)
    assert other.post(url, edit_data(other, url) | {"contact": "对方填的"}).status_code == 302
    filled = client.get(f"{url}?draft=take")
    assert filled.context["form"]["contact"].value() == "甲河李"
    data = edit_data(client, f"{url}?draft=take")
    compared = client.post(f"{url}?draft=take", data)
    (row,) = compared.context["comparison"].differences
    assert (row.opened, row.theirs, row.mine) == ("甲河联系人", "对方填的", "甲河李")
    assert Draft.objects.exists()


def test_ticks_and_the_place_of_a_draft_come_back(client: Client, world: Any) -> None:
    side = world.jia
    second = make_member(side.park, "甲河二")
    affiliate(second, side.branch)
    url = f"/ledgers/activities/new/?organization={side.branch.pk}"
    data = {"organization": side.branch.pk, "held_on": "2026-10-09", "leave_members": [second.pk], "mark": ""}
    client.post(url, data | {"draft": "auto"})
    # On the step before the form too
    choice = client.get("/ledgers/activities/new/")
    assert f'href="/ledgers/activities/new/?organization={side.branch.pk}&amp;draft=take"' in choice.content.decode()
    form = taken(client, f"{url}&draft=take")
    assert [str(one) for one in form["leave_members"].value()] == [str(second.pk)]
    assert form["organization"].value() == side.branch.pk
    # Of a stored meeting too, where the form itself knows who was named
    edit = reverse("record-edit", args=["activities", side.activity.pk])
    client.post(edit, {"held_on": "2026-10-09", "draft": "auto"})
    assert taken(client, f"{edit}?draft=take")["absent_members"].value() == []


def test_every_form_keeps_a_draft(client: Client, world: Any, officer: Any) -> None:
    side = world.jia
    addresses = [reverse("ledger-new", args=[slug]) for slug in side.ledgers() if slug not in ("parks", "activities")]
    addresses += [
        reverse("record-edit", args=[slug, row.pk]) for slug, row in side.ledgers().items() if slug != "parks"
    ]
    addresses += [reverse("record-end", args=["coverages", side.coverage.pk])]
    fact = ["enterprises", side.covered.pk, "states"]
    addresses += [reverse("record-fact-new", args=fact), reverse("record-fact-edit", args=[*fact, side.state.pk])]
    addresses += [reverse("record-fact-end", args=[*fact, side.state.pk])]
    before = Change.objects.count()
    for url in addresses:
        response = client.get(url)
        fields = response.context["form"].fields.items()
        names = [name for name, one in fields if not one.widget.is_hidden and name not in SECRET]
        data = dict.fromkeys(names, "胡乱填的")
        answer = client.post(url, data | {"draft": "auto", "mark": mark_of(response)})
        assert answer.content.decode().startswith("草稿已存"), url
        form = taken(client, f"{url}?draft=take")
        texts = [
            name for name in names if isinstance(getattr(form.fields.get(name), "widget", None), TextInput | Textarea)
        ]
        assert {form[name].value() for name in texts} <= {"胡乱填的"}, url
    assert Draft.objects.filter(user=officer).count() == len(addresses)
    assert Change.objects.count() == before


# Only its owner


def given_back(response: Any) -> list[str]:
    """What a 404 gives back, label and text by turns."""
    assert response.status_code == 404
    return [
        unescape(one).replace("<br>", "\n") for one in re.findall(r"<d[td]>(.*?)</d[td]>", response.content.decode())
    ]


def test_what_was_typed_comes_back_when_the_record_is_gone(client: Client, world: Any) -> None:
    row = make_enterprise(world.jia.park, "甲河误登")
    edit, new = at("record-edit", "enterprises", row.pk), at("record-fact-new", "enterprises", row.pk, "states")
    work = f"{reverse('ledger-new', args=['work-coverages'])}?enterprise={row.pk}"
    typed = edit_data(client, edit) | {"mark": mark_of(client.get(edit)), "contact": "<李>", "former_names": "一\n二"}
    assert client.post(at("record-delete", "enterprises", row.pk)).status_code == 302
    response = client.post(edit, typed)
    text = response.content.decode()
    assert "这条记录刚才可能已被删除或合并" in text
    assert response["Cache-Control"] == "no-store"
    back = given_back(response)
    pairs = dict(zip(back[::2], back[1::2], strict=True))
    assert pairs["企业名称"] == "甲河误登"
    assert pairs["企业类型"] == "私营企业"
    assert pairs["党建联系人：姓名"] == "<李>"
    assert pairs["曾用名"] == "一\n二"
    assert not {"version", "mark", "csrfmiddlewaretoken"} & set(pairs)
    assert typed["mark"] not in text
    fact = {"state": "suspended", "since": "2026-11-15", "staff": "", "above_scale": "false"}
    assert given_back(client.post(new, fact)) == ["经营状态", "停产停业", "起始日期", "2026-11-15", "规模以上", "否"]
    found = given_back(client.post(work, {"kind": "liaison", "holder": "甲河李", "enterprise": str(row.pk)}))
    assert found[1::2] == ["党建联络员", "甲河李", str(row.pk)]


def test_what_comes_back_is_what_he_sent_and_no_secret(client: Client, world: Any) -> None:
    number = make_id_number()
    gone, theirs = at("record-edit", "members", 10**9), at("record-edit", "members", world.yi.secretary.pk)
    typed = {"name": "甲", "id_number": number, "id_sealed": "x", "note": f"证号 {number}", "phone": number}
    typed |= {"password": "p-w", "pick-name": "y"}
    pages = [client.post(url, typed).content.decode() for url in (gone, theirs)]
    # Another park's row is what never was
    assert pages[0] == pages[1]
    assert number not in pages[0]
    assert "p-w" not in pages[0]
    assert "身份证号不在其中" in pages[0]
    # Of a record that was chosen, the name only where he may see it
    office = reverse("record-edit", args=["offices", 10**9])
    chosen = {"organization": str(world.yi.branch.pk), "member": str(world.jia.secretary.pk)}
    back = given_back(client.post(office, chosen))
    assert back == ["党组织", str(world.yi.branch.pk), "党员", option_text(world.jia.secretary)]


def test_nothing_comes_back_where_no_form_was_sent(client: Client) -> None:
    gone, sent = at("record-edit", "members", 10**9), {"name": "甲甲"}
    elsewhere = at("record-delete", "members", 10**9)
    for response in (client.get(gone, sent), client.post("/nowhere/", sent), client.post(elsewhere, sent)):
        assert response.status_code == 404
        assert "没有找到这个页面" in response.content.decode()
        assert "甲甲" not in response.content.decode()
    anonymous = Client().post(gone, sent)
    assert "甲甲" not in anonymous.content.decode()


def test_nothing_comes_back_of_a_form_without_its_token(browser: Client) -> None:
    refused = browser.post(at("record-edit", "members", 10**9), {"name": "甲甲"})
    assert refused.status_code == 403
    assert "甲甲" not in refused.content.decode()


def test_nobody_else_sees_a_draft(
    client: Client, world: Any, sign_in: Any, administrator: Any, park_administrator: Any, leader: Any
) -> None:
    client.post(NEW, typed_into(client, NEW, **TYPED) | {"draft": "auto"})
    for user in (administrator, park_administrator):
        response = sign_in(user).get(f"{NEW}?park=jia&draft=take")
        assert response.status_code == 200
        assert "甲河新能源" not in response.content.decode()
        assert "draft_at" not in response.context
        sign_in(user).post(NEW, {"draft": "discard"})
    assert sign_in(leader).get(f"{NEW}?draft=take").status_code == 404
    assert sign_in(leader).post(NEW, {"name": "x", "draft": "auto"}).status_code == 404
    assert Draft.objects.count() == 1
    for address in ("/admin/portal/draft/", f"/admin/portal/draft/{Draft.objects.get().pk}/change/"):
        assert sign_in(administrator).get(address).status_code == 404


def test_who_lost_the_right_does_not_open_his_draft(client: Client, officer: Any) -> None:
    client.post(NEW, typed_into(client, NEW, **TYPED) | {"draft": "auto"})
    officer.grants.all().delete()
    assert client.get(f"{NEW}?draft=take").status_code == 404


# Bounds


def test_drafts_are_bounded(client: Client, officer: Any, sign_in: Any) -> None:
    data = typed_into(client, NEW)
    long = client.post(NEW, data | {"name": "长" * (drafts.LONGEST + 1), "draft": "auto"})
    assert "太长" in long.content.decode()
    shown = client.post(NEW, data | {"name": "长" * (drafts.LONGEST + 1), "draft": "keep"})
    assert "太长" in text_of(shown)
    assert len(shown.context["form"]["name"].value()) == drafts.LONGEST + 1
    assert not Draft.objects.exists()
    now = timezone.now()
    for number in range(drafts.MOST + 5):
        Draft.objects.create(user=officer, path=f"/old/{number}/", saved_at=now - dt.timedelta(hours=number))
    client.post(NEW, data | {"draft": "auto"})
    client.post(NEW, data | {"name": "后来的", "draft": "auto"})
    kept = Draft.objects.filter(user=officer)
    assert kept.count() == drafts.MOST
    assert kept.get(path=NEW).fields["name"] == ["后来的"]
    assert not kept.filter(path=f"/old/{drafts.MOST - 1}/").exists()


def test_drafts_end_after_thirty_days(client: Client, officer: Any, stranger: Any) -> None:
    old = timezone.now() - dt.timedelta(days=drafts.DAYS, minutes=1)
    Draft.objects.create(user=officer, path=NEW, fields={"name": ["旧"]}, saved_at=old)
    Draft.objects.create(user=stranger, path=NEW, fields={"name": ["旧"]}, saved_at=old)
    assert "draft_at" not in client.get(NEW).context
    client.post("/ledgers/members/new/", {"name": "甲河某", "draft": "auto"})
    assert list(Draft.objects.values_list("path", flat=True)) == ["/ledgers/members/new/"]


def test_an_update_throws_away_what_nobody_came_back_for(officer: Any, settings: Any) -> None:
    settings.PRODUCTION = True  # where nothing but the tables and the cases is prepared
    now = timezone.now()
    for path, days in ((NEW, drafts.DAYS + 1), ("/ledgers/members/new/", drafts.DAYS - 1)):
        Draft.objects.create(user=officer, path=path, saved_at=now - dt.timedelta(days=days))
    call_command("setup_portal", stdout=StringIO())
    assert [one.path for one in Draft.objects.all()] == ["/ledgers/members/new/"]


# A sign-in that ends while somebody types


@pytest.fixture
def browser(officer: Any) -> Client:
    """With the check of the token switched on, as in a real browser."""
    made = Client(enforce_csrf_checks=True)
    officer.set_password("long-enough-7")
    officer.save()
    assert signs_in(made, "officer").status_code == 302
    return made


def token(client: Client, url: str) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', client.get(url).content.decode())
    assert found
    return found[1]


def signs_in(client: Client, name: str, following: str = "/desk/") -> Any:
    data = {"username": name, "password": "long-enough-7", "next": following}
    return client.post("/login/", data | {"csrfmiddlewaretoken": token(client, "/login/")})


def open_form(client: Client, url: str, **values: Any) -> dict[str, Any]:
    response = client.get(url)
    return values | {"mark": mark_of(response), "csrfmiddlewaretoken": token(client, url)}


def end_session(client: Client) -> None:
    client.session.delete()


GOOD = {"name": "甲河新能源", "kind": "private", "settled_on": "2026-02-03"}


def test_what_was_typed_survives_the_end_of_a_session(browser: Client, officer: Any) -> None:
    data = open_form(browser, NEW, **GOOD)
    end_session(browser)
    away = browser.post(NEW, data)
    assert away.status_code == 302
    following = f"{NEW}?draft=take"
    assert away["Location"] == f"{LOGIN}{NEW}%3Fdraft%3Dtake"
    assert "您填的内容已存成草稿" in text_of(browser.get(away["Location"]))
    assert not Enterprise.objects.filter(name="甲河新能源").exists()
    back = signs_in(browser, "officer", following)
    assert back["Location"] == following
    form = taken(browser, following)
    assert form["name"].value() == "甲河新能源"
    # Nothing was written for him; he submits it himself, once
    assert not Enterprise.objects.filter(name="甲河新能源").exists()
    again = open_form(browser, following, **GOOD)
    assert browser.post(following, again).status_code == 302
    assert Enterprise.objects.filter(name="甲河新能源").count() == 1
    assert Change.objects.filter(model="orgs.enterprise", label="甲河新能源").count() == 1
    assert not Draft.objects.exists()


def test_a_row_being_mended_survives_the_end_of_a_session(browser: Client, world: Any) -> None:
    """So do the columns; and a file that came meanwhile is not written over."""
    batch = world.jia.batch
    url = reverse("import-row", args=[batch.pk, 2])
    drawn = re.search(r'name="drawn" value="([^"]+)"', browser.get(url).content.decode())
    assert drawn
    data = open_form(browser, url, drawn=drawn[1], c1="甲河改名有限公司", c2="私营企业", c3="2025-03-01")
    end_session(browser)
    away = browser.post(url, data)
    assert away["Location"] == f"{LOGIN}{url}%3Fdraft%3Dtake"
    signs_in(browser, "officer")
    offered = browser.get(url).content.decode()
    assert "有一份没有提交的草稿" in offered
    assert "甲河改名" not in offered
    html = browser.get(f"{url}?draft=take").content.decode()
    assert 'value="甲河改名有限公司"' in html
    assert '<option value="私营企业" selected>' in html
    batch.refresh_from_db()
    assert batch.rows["2"]["2"][2] == "合伙"
    again = open_form(browser, f"{url}?draft=take", **{name: data[name] for name in ("drawn", "c1", "c2", "c3")})
    assert browser.post(f"{url}?draft=take", again).status_code == 302
    batch.refresh_from_db()
    assert [batch.rows["2"][column][2] for column in "123"] == ["甲河改名有限公司", "私营企业", "2025-03-01"]
    assert not Draft.objects.exists()


def test_a_draft_of_a_row_that_changed_is_set_beside_it(browser: Client, world: Any) -> None:
    batch = world.jia.batch
    url = reverse("import-row", args=[batch.pk, 2])
    drawn = re.search(r'name="drawn" value="([^"]+)"', browser.get(url).content.decode())
    assert drawn
    browser.post(url, open_form(browser, url, drawn=drawn[1], c1="甲河改名有限公司") | {"csrfmiddlewaretoken": "x"})
    batch.rows["2"]["1"] = ["text", "另一家有限公司", "另一家有限公司"]
    put(batch)
    page = browser.get(f"{url}?draft=take")
    html = page.content.decode()
    assert page.status_code == 200
    assert "第2行变了" in html
    assert 'value="甲河改名有限公司"' in html
    assert "现在写的是：另一家有限公司" in html


def test_columns_being_settled_survive_the_end_of_a_session(browser: Client, world: Any) -> None:
    url = reverse("import-columns", args=[world.jia.batch.pk])
    data = open_form(browser, url, c1="name", c2="", c3="settled_on", day="2026-01-02", blank_clears="1")
    end_session(browser)
    assert browser.post(url, data)["Location"] == f"{LOGIN}{url}%3Fdraft%3Dtake"
    signs_in(browser, "officer")
    html = browser.get(f"{url}?draft=take").content.decode()
    assert 'name="day" value="2026-01-02"' in html
    assert 'name="blank_clears" value="1" checked' in html
    browser.post(url, {"draft": "discard", "csrfmiddlewaretoken": token(browser, url)})
    assert not Draft.objects.exists()


def test_another_account_does_not_get_the_text(browser: Client, world: Any, stranger: Any, administrator: Any) -> None:
    for user in (stranger, administrator):
        user.set_password("long-enough-7")
        user.save()
    data = open_form(browser, NEW, **GOOD)
    end_session(browser)
    following = f"{NEW}?draft=take"
    browser.post(NEW, data)
    for name in ("stranger", "administrator"):
        signs_in(browser, name, following)
        page = browser.get(f"{following}&park={'yi' if name == 'stranger' else 'jia'}")
        assert page.status_code == 200
        assert "甲河新能源" not in page.content.decode()
        end_session(browser)
    assert Draft.objects.count() == 1


def test_a_form_drawn_before_the_last_sign_in_is_kept_and_shown_again(browser: Client, officer: Any) -> None:
    """Signed in again in another tab: the token no longer fits, and is not made to."""
    data = open_form(browser, NEW, **GOOD)
    end_session(browser)
    signs_in(browser, "officer")
    response = browser.post(NEW, data, follow=True)
    assert response.redirect_chain == [(f"{NEW}?draft=take", 302)]
    assert "登录换过了，刚才没有提交" in text_of(response)
    assert response.context["form"]["name"].value() == "甲河新能源"
    assert not Enterprise.objects.filter(name="甲河新能源").exists()


def test_a_form_of_one_account_is_not_submitted_by_another(
    browser: Client, officer: Any, park_administrator: Any, sign_in: Any
) -> None:
    park_administrator.set_password("long-enough-7")
    park_administrator.save()
    data = open_form(browser, NEW, **GOOD)
    end_session(browser)
    signs_in(browser, "park-administrator")
    response = browser.post(NEW, data, follow=True)
    assert "这一页是用另一个账号打开的，没有提交" in text_of(response)
    assert "甲河新能源" not in response.content.decode()
    # The same where the token happens to fit
    other = sign_in(park_administrator)
    assert other.post(NEW, data).status_code == 302
    assert not Enterprise.objects.filter(name="甲河新能源").exists()
    assert Draft.objects.get().user == officer


def test_who_has_no_form_of_ours_leaves_nothing_behind(browser: Client, officer: Any) -> None:
    data = open_form(browser, NEW, **GOOD)
    stranger = Client(enforce_csrf_checks=True)
    stranger.get("/login/")
    for forged in (
        "",
        "x:y:z",
        data["mark"][:-1] + ("A" if data["mark"][-1] != "A" else "B"),
        signing.dumps([officer.pk, NEW, ""], salt="elsewhere"),
        signing.dumps([officer.pk, "/ledgers/members/new/", ""], salt=drafts.SALT),
        signing.dumps("officer", salt=drafts.SALT),
        signing.dumps([officer.pk, NEW], salt=drafts.SALT),
        signing.dumps([10**30, NEW, ""], salt=drafts.SALT),
    ):
        sent = data | {"mark": forged}
        assert stranger.post(NEW, sent).status_code == 403
        fitting = sent | {"csrfmiddlewaretoken": token(stranger, "/login/")}
        assert stranger.post(NEW, fitting)["Location"] == f"{LOGIN}{NEW}"
    assert not Draft.objects.exists()
    # Elsewhere a mark does nothing at all
    away = stranger.post(reverse("record-delete", args=["enterprises", 1]), data)
    assert away.status_code == 403
    assert not Draft.objects.exists()


def test_a_mark_of_a_stopped_account_is_worth_nothing(browser: Client, officer: Any) -> None:
    data = open_form(browser, NEW, **GOOD)
    end_session(browser)
    officer.is_active = False
    officer.save()
    assert browser.post(NEW, data)["Location"] == f"{LOGIN}{NEW}"
    assert not Draft.objects.exists()


def test_the_script_keeps_on_saving_when_the_session_has_ended(browser: Client) -> None:
    data = open_form(browser, NEW, **GOOD)
    end_session(browser)
    answer = browser.post(NEW, data | {"draft": "auto"})
    assert answer["Content-Type"].startswith("text/plain")
    assert answer.content.decode().startswith("登录已过期，草稿已存")
    assert Draft.objects.get().fields["name"] == ["甲河新能源"]


def test_drafts_leave_no_trail(client: Client, officer: Any) -> None:
    client.post(NEW, typed_into(client, NEW, **TYPED) | {"draft": "keep"})
    client.post(NEW, {"draft": "discard"})
    said = json.dumps(
        [[one.model, one.label, one.before, one.after] for one in Change.objects.all()], ensure_ascii=False
    )
    assert "甲河机械" in said
    assert "portal.draft" not in said
    assert "新能源" not in said
