"""The administrators' back office: vanilla Django admin, but through both gates, with its seven holes closed."""

import json
import re
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.db import connection
from django.forms import Form, NullBooleanSelect
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from metrics.models import FrozenReport
from orgs.models import Change, Enterprise, Grant, NameGram, PartyOrganization, Subordination, User
from orgs.scoping import ScopedModel
from portal.models import Attachment, Comparison, Exclusion, ImportBatch, Merge, NotDuplicate, SavedView, ScreenLink
from tests.factories import Side, World, cover, grant, make_enterprise, make_organization, make_park, make_user, meet

# Pages over figures that other tests hold equal on both databases: on PostgreSQL in the soak
pytestmark = [pytest.mark.django_db, pytest.mark.crawl]

REGISTERED = sorted(admin.site._registry, key=lambda model: model._meta.label)


def address(model: Any, page: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


@pytest.fixture
def keeper(park_administrator: Any, sign_in: Any) -> Client:
    """Signed in as administrator of 甲园 alone."""
    client: Client = sign_in(park_administrator)
    return client


def rows_of(side: Side, user: Any = None) -> dict[type[ScopedModel], ScopedModel]:
    """One record of every registered model on one side."""
    rows = side.rows()
    if user is not None:
        rows[User] = user
        rows[Grant] = user.grants.first()
    rows[Change] = Change.objects.filter(park=side.park).first()  # type: ignore[assignment]
    return rows


def posted(client: Client, url: str) -> dict[str, Any]:
    """What a browser would send back for the form at ``url``, inlines included, unchanged."""
    response = client.get(url)
    assert response.status_code == 200
    context = response.context
    forms = [context["adminform"].form]
    for inline in context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.initial_forms, *inline.formset.extra_forms]
    return {name: value for form in forms for name, value in fields_of(form)}


def fields_of(form: Form) -> list[tuple[str, Any]]:
    found = []
    for bound in form:
        value = bound.value()
        if isinstance(bound.field.widget, NullBooleanSelect):
            found.append((bound.html_name, {True: "true", False: "false"}.get(value, "unknown")))
        elif value is True:
            found.append((bound.html_name, "on"))
        elif value is not None and value is not False:
            found.append((bound.html_name, value))
    return found


def errors_of(response: Any) -> str:
    """Every error on the form, as one text; a redirect has none."""
    assert response.status_code == 200, response.status_code
    text = str(response.context["errors"])
    assert text
    return text


def field_errors(response: Any) -> Any:
    assert response.status_code == 200, response.status_code
    return response.context["adminform"].form.errors


# Every model is there, and only for administrators


def test_every_model_of_ours_is_registered() -> None:
    from django.apps import apps

    ours = {
        model
        for label in ("orgs", "activities", "metrics", "portal")
        for model in apps.get_app_config(label).get_models()
        # What is worked out from the records is nobody's to look after
        if issubclass(model, ScopedModel) and model is not NameGram
    }
    assert set(admin.site._registry) >= ours
    assert Group not in admin.site._registry


def test_vanilla_and_in_the_portals_name() -> None:
    assert admin.site.site_header == "园区党建"
    for model_admin in admin.site._registry.values():
        assert not model_admin.list_editable
        assert not model_admin.actions


def test_pages_of_every_model(world: World, park_administrator: Any, keeper: Client) -> None:
    rows = rows_of(world.jia, park_administrator)
    assert set(rows) == set(REGISTERED)
    seen, expected = {}, {}
    for model, row in rows.items():
        pages = {"changelist": [], "add": [], "change": [row.pk], "history": [row.pk], "delete": [row.pk]}
        for page, args in pages.items():
            seen[model._meta.label_lower, page] = keeper.get(address(model, page, *args)).status_code
            expected[model._meta.label_lower, page] = 200
        assert keeper.get(address(model, "changelist"), {"q": "甲"}).status_code == 200
    closed = {
        ("orgs.change", "add"),
        ("orgs.change", "delete"),
        ("orgs.park", "add"),
        ("metrics.frozenreport", "add"),
        ("metrics.frozenreport", "delete"),
        ("portal.comparison", "add"),
        ("portal.comparison", "delete"),
        ("portal.exclusion", "add"),
        ("portal.exclusion", "delete"),
        ("portal.importbatch", "add"),
        ("portal.importbatch", "delete"),
        ("portal.screenlink", "add"),
        ("portal.screenlink", "delete"),
        ("portal.merge", "add"),
        ("portal.merge", "delete"),
        ("portal.notduplicate", "add"),
        ("portal.notduplicate", "delete"),
        ("portal.savedview", "add"),
        ("portal.savedview", "delete"),
        ("portal.attachment", "add"),
        ("portal.attachment", "delete"),
    }
    assert seen == {**expected, **dict.fromkeys(closed, 403)}


def test_another_park_does_not_exist(world: World, keeper: Client, stranger: Any) -> None:
    problems = []
    for model, foreign in rows_of(world.yi, stranger).items():
        for page in ("change", "delete", "history"):
            url = address(model, page, foreign.pk)
            if client_status(keeper, url) != (404, 404):
                problems.append(url)
        for page in ("changelist", "add"):
            shown = keeper.get(address(model, page)).content.decode()
            if "乙庄" in shown or "乙园" in shown:
                problems.append(address(model, page))
    assert problems == []


def client_status(client: Client, url: str) -> tuple[int, int]:
    return client.get(url).status_code, client.post(url, {"post": "yes"}).status_code


def test_only_administrators(
    world: World, officer: Any, leader: Any, superior: Any, nobody: Any, sign_in: Any, settings: Any
) -> None:
    urls = [reverse("admin:index"), reverse("admin:app_list", args=["orgs"]), address(Enterprise, "changelist")]
    urls += [address(Enterprise, "change", world.jia.covered.pk), reverse("admin:autocomplete"), "/admin/whatever/"]
    for user in (officer, leader, superior, nobody):
        user.is_staff = user.is_superuser = True  # Django's own switches open nothing
        user.save()
        for url in urls:
            assert sign_in(user).get(url).status_code == 404, (user, url)
    for url in urls:
        response = sign_in(None).get(url, follow=True)
        assert response.redirect_chain[-1][0].startswith(reverse(settings.LOGIN_URL)), url


def test_an_inactive_administrator_is_nobody(administrator: Any, sign_in: Any) -> None:
    client = sign_in(administrator)
    assert client.get(reverse("admin:index")).status_code == 200
    administrator.is_active = False
    administrator.save()
    assert client.get(reverse("admin:index")).status_code in (302, 404)


def test_one_page_to_sign_in(administrator: Any, sign_in: Any) -> None:
    response = sign_in(None).get(reverse("admin:login") + "?next=/admin/orgs/park/")
    assert response.status_code == 302
    assert response["Location"] == "/login/?next=/admin/orgs/park/"
    assert sign_in(administrator).get(reverse("admin:password_change"))["Location"].startswith("/admin/orgs/user/")


def test_no_way_past_the_gate_by_number(keeper: Client, world: World) -> None:
    from django.contrib.contenttypes.models import ContentType

    kind = ContentType.objects.get_for_model(Enterprise)
    assert keeper.get(f"/admin/r/{kind.pk}/{world.yi.covered.pk}/").status_code == 404


# The seven holes


def test_hole_1_choices_of_foreign_keys(world: World, keeper: Client) -> None:
    form = keeper.get(address(Enterprise, "add")).context["adminform"].form
    assert list(form.fields["park"].queryset) == [world.jia.park]
    assert "乙" not in keeper.get(address(Enterprise, "add")).content.decode()
    page = keeper.get(address(PartyOrganization, "change", world.jia.branch.pk))
    superiors = page.context["inline_admin_formsets"][0].formset.empty_form.fields["superior"].queryset
    assert set(superiors) == set(PartyOrganization.objects.filter(park=world.jia.park))


def test_hole_2_forged_foreign_key_on_a_form(world: World, keeper: Client) -> None:
    from orgs.models import Coverage

    url = address(Coverage, "change", world.jia.coverage.pk)
    data = posted(keeper, url)
    response = keeper.post(url, {**data, "enterprise": world.yi.covered.pk})
    errors_of(response)
    assert "乙" not in response.content.decode()
    world.jia.coverage.refresh_from_db()
    assert world.jia.coverage.enterprise == world.jia.covered


def test_hole_3_forged_foreign_key_on_an_inline(world: World, keeper: Client) -> None:
    url = address(PartyOrganization, "change", world.jia.branch.pk)
    data = posted(keeper, url)
    assert data["superiors-0-superior"] == world.jia.committee.pk
    response = keeper.post(url, {**data, "superiors-0-superior": world.yi.committee.pk})
    assert response.status_code == 200
    assert "乙" not in response.content.decode()
    world.jia.subordination.refresh_from_db()
    assert world.jia.subordination.superior == world.jia.committee
    # The row itself is another park's, or the parent is
    for forged in ({"superiors-0-id": world.yi.subordination.pk}, {"superiors-0-organization": world.yi.branch.pk}):
        assert keeper.post(url, {**data, **forged}).status_code == 200
    world.yi.subordination.refresh_from_db()
    assert world.yi.subordination.organization == world.yi.branch


def test_hole_4_forged_foreign_key_on_create(world: World, keeper: Client) -> None:
    from activities.models import Activity

    url = address(Activity, "add")
    data = {
        **posted(keeper, url),
        "kind": "party_lecture",
        "held_on": "2026-10-01",
        "title": "党课",
        "due": 1,
        "present": 1,
    }
    before = Activity.objects.count()
    for organization in (world.yi.branch.pk, 999999):
        assert (
            "organization" in keeper.post(url, {**data, "organization": organization}).context["adminform"].form.errors
        )
    enterprise = {
        **posted(keeper, address(Enterprise, "add")),
        "name": "新企业",
        "kind": "private",
        "settled_on": "2026-01-01",
    }
    response = keeper.post(address(Enterprise, "add"), {**enterprise, "park": world.yi.park.pk})
    assert "park" in response.context["adminform"].form.errors
    assert Activity.objects.count() == before
    assert not Enterprise.objects.filter(name="新企业").exists()
    assert keeper.post(url, {**data, "organization": world.jia.branch.pk}).status_code == 302
    assert Activity.objects.count() == before + 1


def test_hole_5_names_in_filters(world: World, keeper: Client) -> None:
    for model in REGISTERED:
        changelist = keeper.get(address(model, "changelist")).context["cl"]
        offered = [str(choice["display"]) for spec in changelist.filter_specs for choice in spec.choices(changelist)]
        assert not [name for name in offered if "乙" in name], model


def test_hole_5_not_for_want_of_a_filter(world: World, administrator: Any, sign_in: Any) -> None:
    changelist = sign_in(administrator).get(address(Enterprise, "changelist")).context["cl"]
    offered = {str(choice["display"]) for spec in changelist.filter_specs for choice in spec.choices(changelist)}
    assert {"甲园", "乙园"} <= offered


def test_hole_6_autocomplete(world: World, keeper: Client, administrator: Any, sign_in: Any) -> None:
    def found(client: Client, model: str, field: str, term: str) -> list[str]:
        asked = {"app_label": "orgs", "model_name": model, "field_name": field, "term": term}
        response = client.get(reverse("admin:autocomplete"), asked)
        assert response.status_code == 200
        return [one["text"] for one in json.loads(response.content)["results"]]

    assert found(keeper, "coverage", "enterprise", "机械") == ["甲河机械有限公司"]
    assert found(keeper, "coverage", "enterprise", "乙庄") == []
    assert found(keeper, "employment", "member", "书记") == ["甲河书记"]
    assert found(keeper, "grant", "user", "干事") == []
    assert sorted(found(sign_in(administrator), "coverage", "enterprise", "机械")) == [
        "乙庄机械有限公司",
        "甲河机械有限公司",
    ]


def test_hole_7_history_is_our_trail(world: World, keeper: Client, park_administrator: Any) -> None:
    url = address(Enterprise, "change", world.jia.gap.pk)
    data = posted(keeper, url)
    assert keeper.post(url, {**data, "contact": "新联系人"}).status_code == 302
    page = keeper.get(address(Enterprise, "history", world.jia.gap.pk)).content.decode()
    for text in ("新联系人", "甲河联系人", "党建联系人", "甲河管理员", "后台", "修改", "新增"):
        assert text in page
    assert keeper.get(address(Enterprise, "history", world.yi.gap.pk)).status_code == 404
    assert not LogEntry.objects.exists()


def test_search_and_address_bar_stay_inside(world: World, keeper: Client) -> None:
    page = keeper.get(address(Enterprise, "changelist"), {"q": "乙庄"})
    assert list(page.context["cl"].result_list) == []
    page = keeper.get(address(Enterprise, "changelist"), {"park__id__exact": world.yi.park.pk})
    assert not page.context["cl"].result_list.exclude(park=world.jia.park).exists()
    assert keeper.get(address(User, "changelist"), {"password__startswith": "!"}).status_code == 400
    assert keeper.get(address(Grant, "changelist"), {"user__password__startswith": "!"}).status_code == 400


# Writing goes through the journal


def test_create_change_delete_leave_a_trail(world: World, keeper: Client, park_administrator: Any) -> None:
    url = address(Enterprise, "add")
    data = posted(keeper, url)
    data |= {"park": world.jia.park.pk, "name": "新办企业", "kind": "private", "settled_on": "2026-01-05"}
    data |= {"states-TOTAL_FORMS": 1, "states-0-state": "operating", "states-0-since": "2026-01-05"}
    assert keeper.post(url, data).status_code == 302
    enterprise = Enterprise.objects.get(name="新办企业")
    state = enterprise.states.get()
    assert [(c.model, c.action, c.via) for c in Change.objects.filter(user=park_administrator).order_by("pk")] == [
        ("orgs.enterprise", "create", "admin"),
        ("orgs.businessstate", "create", "admin"),
    ]

    url = address(Enterprise, "change", enterprise.pk)
    data = posted(keeper, url)
    assert keeper.post(url, {**data, "name": "改名企业", "states-0-DELETE": "on"}).status_code == 302
    assert not enterprise.states.exists()
    assert (
        Change.objects.get(model="orgs.businessstate", object_id=state.pk, action="delete").before["state"]
        == "operating"
    )
    assert Change.objects.get(model="orgs.enterprise", object_id=enterprise.pk, action="update").after == {
        "name": "改名企业"
    }

    assert keeper.post(address(Enterprise, "delete", enterprise.pk), {"post": "yes"}).status_code == 302
    assert not Enterprise.objects.filter(pk=enterprise.pk).exists()
    assert Change.objects.filter(user=park_administrator).count() == 5


def test_saving_unchanged_leaves_no_trace(world: World, keeper: Client, park_administrator: Any) -> None:
    for model, row in world.jia.rows().items():
        url = address(model, "change", row.pk)
        # A frozen report, a workbook that came in, a view, a file and the link to a big screen are only shown
        shown = (
            Attachment,
            Comparison,
            Exclusion,
            FrozenReport,
            ImportBatch,
            Merge,
            NotDuplicate,
            SavedView,
            ScreenLink,
        )
        want = 403 if model in shown else 302
        assert keeper.post(url, posted(keeper, url)).status_code == want, model
    assert list(Change.objects.filter(user=park_administrator)) == []


def test_what_still_hangs_on_a_record_is_said(world: World, keeper: Client) -> None:
    response = keeper.post(address(Enterprise, "delete", world.jia.covered.pk), {"post": "yes"}, follow=True)
    assert response.status_code == 200
    assert next(str(message) for message in response.context["messages"]).startswith("“甲河机械有限公司”名下还有")
    assert Enterprise.objects.filter(pk=world.jia.covered.pk).exists()


def test_bad_data_is_an_error_on_the_form(world: World, keeper: Client) -> None:
    url = address(Enterprise, "change", world.jia.covered.pk)
    data = posted(keeper, url)
    for wrong, text in (
        ({"left_on": "2023-01-01"}, "迁出日期应晚于入驻日期"),
        ({"uscc": world.jia.covered.uscc[:-1] + "!"}, "统一社会信用代码"),
        ({"uscc": world.jia.gap.uscc}, "本园区台账里已有这个统一社会信用代码的企业"),
        ({"kind": "nonsense"}, "nonsense"),
    ):
        response = keeper.post(url, {**data, **wrong})
        assert response.status_code == 200
        assert text in response.content.decode()
    assert not Change.objects.filter(via="admin").exists()


def test_what_only_the_journal_sees_is_an_error_too_and_nothing_is_saved(world: World, keeper: Client) -> None:
    url = address(Enterprise, "change", world.jia.gap.pk)
    data = posted(keeper, url)
    # Two new rows that overlap each other: neither is in the database when the form looks
    data |= {"name": "不该保存", "states-0-until": "2025-01-01", "states-TOTAL_FORMS": 3}
    for number, since in ((1, "2025-02-01"), (2, "2025-03-01")):
        data |= {f"states-{number}-state": "suspended", f"states-{number}-since": since}
        data |= {f"states-{number}-enterprise": world.jia.gap.pk}
    text = errors_of(keeper.post(url, data))
    assert "重叠" in text or "没有终止日期" in text
    world.jia.gap.refresh_from_db()
    assert world.jia.gap.name == "甲河软件有限公司"
    assert world.jia.gap.states.get().until is None
    assert not Change.objects.filter(via="admin").exists()


def test_what_a_superior_reaches_is_not_in_the_back_office(world: World, park_administrator: Any, sign_in: Any) -> None:
    """It shows whole records, contacts and telephone numbers included."""
    other = make_park("bing", name="丙经济开发区", short_name="丙园", region="150623")
    theirs = make_enterprise(other, "丙企业", contact="丙联系人")
    grant(park_administrator, "superior", region="1506")
    client = sign_in(park_administrator)
    assert client.get(reverse("record", args=["enterprises", theirs.pk])).status_code == 200
    assert client.get(address(Enterprise, "change", theirs.pk)).status_code == 404
    for model in (Enterprise, Change):
        page = client.get(address(model, "changelist")).content.decode()
        assert "甲河" in page
        assert "丙企业" not in page
    asked = {"app_label": "orgs", "model_name": "coverage", "field_name": "enterprise", "term": "企业"}
    assert "丙企业" not in client.get(reverse("admin:autocomplete"), asked).content.decode()


def test_a_leaders_reach_reads_but_does_not_write(world: World, park_administrator: Any, sign_in: Any) -> None:
    other = make_park("bing", name="丙经济开发区", short_name="丙园", region="150623")
    theirs = make_enterprise(other, "丙企业")
    grant(park_administrator, "leader", region="1506")
    client = sign_in(park_administrator)
    url = address(Enterprise, "change", theirs.pk)
    response = client.get(url)
    assert response.status_code == 200
    assert not response.context["has_change_permission"]
    assert client.post(url, {"name": "改名"}).status_code == 403
    assert client.post(address(Enterprise, "delete", theirs.pk), {"post": "yes"}).status_code == 403
    offered = client.get(address(Enterprise, "add")).context["adminform"].form.fields["park"].queryset
    assert list(offered) == [world.jia.park]
    theirs.refresh_from_db()
    assert theirs.name == "丙企业"


def test_the_trail_is_only_looked_at(world: World, administrator: Any, sign_in: Any) -> None:
    client = sign_in(administrator)
    change = Change.objects.filter(park=world.jia.park, model="orgs.enterprise").first()
    assert change is not None
    page = client.get(address(Change, "change", change.pk)).content.decode()
    assert "甲河" in page
    for page_name, args in (("add", []), ("change", [change.pk]), ("delete", [change.pk])):
        assert client.post(address(Change, page_name, *args), {"label": "篡改", "post": "yes"}).status_code == 403
    change.refresh_from_db()
    assert change.label != "篡改"


def test_changes_outside_any_park_are_the_nations(
    world: World, administrator: Any, keeper: Client, sign_in: Any
) -> None:
    # The grant over the nation belongs to no park
    wide = Change.objects.get(model="orgs.grant", park=None, object_id=administrator.grants.get().pk)
    assert sign_in(administrator).get(address(Change, "change", wide.pk)).status_code == 200
    assert keeper.get(address(Change, "change", wide.pk)).status_code == 404


# Accounts


def test_new_account_signs_in_and_its_password_is_nowhere(world: World, keeper: Client, client: Client) -> None:
    url = address(User, "add")
    data = posted(keeper, url)
    data |= {"username": "new-officer", "display_name": "新干事", "home_park": world.jia.park.pk}
    secret = "Zhe-shi-mi-ma-2026"
    assert (
        "password2"
        in keeper.post(url, {**data, "password1": secret, "password2": "other"}).context["adminform"].form.errors
    )
    assert keeper.post(url, {**data, "password1": "12345678", "password2": "12345678"}).status_code == 200
    assert keeper.post(url, {**data, "password1": secret, "password2": secret}).status_code == 302
    user = User.objects.get(username="new-officer")
    assert user.check_password(secret)
    assert secret not in user.password
    assert not user.is_staff
    assert client.login(username="new-officer", password=secret)
    for change in Change.objects.filter(model="orgs.user", object_id=user.pk):
        text = json.dumps([change.before, change.after])
        assert secret not in text
        assert user.password not in text
        assert "password" not in change.after


def test_new_password_from_the_account_form(world: World, officer: Any, keeper: Client) -> None:
    url = address(User, "change", officer.pk)
    data = posted(keeper, url)
    assert "password" not in {name for name in data if "new" not in name}
    assert keeper.post(url, {**data, "new_password": "123"}).status_code == 200
    old = officer.password
    assert keeper.post(url, {**data, "new_password": "Xin-mi-ma-2026"}).status_code == 302
    officer.refresh_from_db()
    assert officer.check_password("Xin-mi-ma-2026")
    change = Change.objects.filter(model="orgs.user", object_id=officer.pk, action="update").get()
    assert (change.before, change.after) == ({"password": "（不记录）"}, {"password": "（已更换）"})
    assert old not in str(change.before)
    assert keeper.post(url, {**data}).status_code == 302
    officer.refresh_from_db()
    assert officer.check_password("Xin-mi-ma-2026")


def test_changing_ones_own_password_keeps_one_signed_in(park_administrator: Any, keeper: Client) -> None:
    url = address(User, "change", park_administrator.pk)
    assert keeper.post(url, {**posted(keeper, url), "new_password": "Xin-mi-ma-2026"}).status_code == 302
    assert keeper.get(url).status_code == 200


def test_a_park_administrator_makes_no_account_for_others(world: World, keeper: Client) -> None:
    url = address(User, "add")
    secret = {"password1": "Zhe-shi-mi-ma-2026", "password2": "Zhe-shi-mi-ma-2026"}
    data = {**posted(keeper, url), "username": "x", **secret}
    for home in ("", world.yi.park.pk):
        response = keeper.post(url, {**data, "home_park": home})
        assert "home_park" in response.context["adminform"].form.errors
    assert not User.objects.filter(username="x").exists()


def test_nobody_hands_out_more_reach_than_he_has(
    world: World, officer: Any, administrator: Any, keeper: Client, sign_in: Any
) -> None:
    url = address(Grant, "add")
    data = {
        "user": officer.pk,
        "role": "administrator",
        "reach": "park",
        "park": world.jia.park.pk,
        "region_prefix": "",
    }
    before = Grant.objects.count()
    for forged in (
        {"reach": "nation", "park": ""},
        {"reach": "region", "park": "", "region_prefix": "15"},
        {"park": world.yi.park.pk},
        {"user": administrator.pk},
        {"role": "officer", "reach": "park", "park": ""},
    ):
        assert keeper.post(url, {**data, **forged}).status_code in (200, 404), forged
    assert Grant.objects.count() == before
    assert keeper.post(url, data).status_code == 302
    # An account that reaches further than its administrator is out of his hands
    far = make_user("far", home_park=world.jia.park)
    assert keeper.get(address(User, "change", far.pk)).status_code == 200
    grant(far, "superior", region="15")
    assert keeper.get(address(User, "change", far.pk)).status_code == 404


def test_regional_administrator_offers_what_lies_inside(world: World, sign_in: Any) -> None:
    regional = make_user("regional", home_park=world.jia.park)
    grant(regional, "administrator", region="1506")
    client = sign_in(regional)
    someone = make_user("someone", home_park=world.jia.park)
    form = client.get(address(Grant, "add")).context["adminform"].form
    assert [value for value, _ in form.fields["reach"].choices if value] == ["park", "region"]
    data = {"user": someone.pk, "role": "superior", "reach": "region", "park": "", "region_prefix": "150622"}
    assert client.post(address(Grant, "add"), {**data, "region_prefix": "15"}).status_code == 404
    assert client.post(address(Grant, "add"), data).status_code == 302


# Parks with their rates; constant queries


def test_the_park_list_shows_each_parks_rates(world: World, administrator: Any, keeper: Client, sign_in: Any) -> None:
    page = sign_in(administrator).get(address(type(world.jia.park), "changelist")).content.decode()
    rows = re.findall(r"<tr>.*?</tr>", page, flags=re.DOTALL)
    shown = {name: next(row for row in rows if name in row) for name in ("甲园", "乙园")}
    for row in shown.values():
        assert "50.0%（2/4）" in row  # covered and joined, of four operating
        assert "75.0%（3/4）" in row  # and the one with an instructor
    empty = make_park("kong", name="空园区", short_name="空园")
    page = sign_in(administrator).get(address(type(empty), "changelist")).content.decode()
    row = next(row for row in re.findall(r"<tr>.*?</tr>", page, flags=re.DOTALL) if "空园" in row)
    assert row.count("—（0/0）") == 2
    assert "乙园" not in keeper.get(address(type(empty), "changelist")).content.decode()


def counted(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


def test_lists_of_any_length_need_the_same_queries(world: World, administrator: Any, sign_in: Any) -> None:
    client = sign_in(administrator)
    before = {model: counted(client, address(model, "changelist")) for model in REGISTERED}
    for number in range(3):
        park = make_park(f"more-{number}")
        enterprise, branch = make_enterprise(park), make_organization(park)
        cover(branch, enterprise)
        meet(branch)
    after = {model: counted(client, address(model, "changelist")) for model in REGISTERED}
    assert after == before
    assert max(after.values()) <= 14, after


def test_index_asks_the_roles_once(administrator: Any, sign_in: Any) -> None:
    client = sign_in(administrator)
    assert counted(client, reverse("admin:index")) <= 10
    assert "最近动作" not in client.get(reverse("admin:index")).content.decode()


def test_a_loop_in_the_tree_is_refused_in_words(world: World, keeper: Client) -> None:
    data = {"organization": world.jia.committee.pk, "superior": world.jia.branch.pk, "since": "2024-05-01"}
    errors = field_errors(keeper.post(address(Subordination, "add"), data))
    assert "会形成循环" in str(errors["superior"])
