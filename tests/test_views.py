"""How a ledger is shown: columns chosen and ordered, alike everywhere; saved views, whose they are and what opens."""

import io
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.http import Http404, QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.http import urlencode
from hypothesis import given, strategies as st
from openpyxl import load_workbook

from orgs import journal
from orgs.journal import Via
from orgs.models import Change, Role
from portal import saved
from portal.asking import Asked
from portal.choosing import choice, moved
from portal.ledgers import LEDGERS, Column
from portal.listing import Listing
from portal.models import SavedView
from tests.factories import World, grant, make_enterprise, make_park, make_user, save_view
from tests.test_ledgers import fill, read, shown
from tests.test_persons import MARKS, named_in, planted_world

# Pages over figures that other tests hold equal on both databases: on PostgreSQL in the soak
pytestmark = [pytest.mark.django_db, pytest.mark.crawl]
SLUGS = list(LEDGERS)
URL = "/ledgers/enterprises/"


def listing(user: Any, slug: str, park: Any = None, **query: str) -> Listing:
    about = Asked(user, park, timezone.localdate())
    return Listing(LEDGERS[slug], about, QueryDict(urlencode(query)), saved.views_of(about, slug, query))


def every_column(found: Listing) -> list[str]:
    return [column.name for column in (*found.columns, *found.choice.left)]


def heads_of(response: Any) -> list[str]:
    return [head.column.label for head in response.context["listing"].heads]


def asked_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


@pytest.fixture
def desk(officer: Any, sign_in: Callable[[Any], Client]) -> Client:
    client: Client = sign_in(officer)
    return client


# Columns


def test_names_are_used_once_in_one_ledger() -> None:
    for slug, ledger in LEDGERS.items():
        names = [column.name for column in (*ledger.columns, *ledger.more)]
        assert len(names) == len(set(names)), slug
        labels = [column.label for column in (*ledger.columns, *ledger.more)]
        assert len(labels) == len(set(labels)), slug
        assert all(column.phone is not None for column in ledger.more), slug
        assert not any("," in name for name in names), slug


@pytest.mark.parametrize("slug", SLUGS)
def test_every_column_can_be_asked_for_and_turned_round(slug: str, world: World, administrator: Any) -> None:
    usual = listing(administrator, slug)
    first, *others = every_column(usual)
    assert len(others) > len(LEDGERS[slug].columns) - 1
    found = listing(administrator, slug, columns=",".join(reversed(others)))
    assert [column.name for column in found.columns] == [first, *reversed(others)]
    assert found.notices == found.problems == []
    assert found.choice.left == ()
    rows = found.loaded(list(found.rows.values_list("pk", flat=True)))
    assert rows
    assert all(len(found.cells(row)) == len(others) + 1 for row in rows)
    assert found.cells(rows[0])[0].url


@pytest.mark.parametrize("slug", SLUGS)
def test_every_column_of_the_database_sorts(slug: str, world: World, administrator: Any) -> None:
    for name in every_column(listing(administrator, slug)):
        column = (
            next(one for one in (*LEDGERS[slug].columns, *LEDGERS[slug].more) if one.name == name)
            if (name != "park")
            else LEDGERS[slug].park_column
        )
        assert column is not None
        if not column.sort:
            continue
        up, down = (listing(administrator, slug, sort=f"{sign}{name}", columns=name) for sign in ("", "-"))
        assert not up.problems, name
        assert sorted(up.rows.values_list("pk", flat=True)) == sorted(down.rows.values_list("pk", flat=True)), name


def test_the_usual_columns_leave_no_mark_in_the_address(world: World, officer: Any) -> None:
    usual = listing(officer, "enterprises")
    asked = listing(officer, "enterprises", columns=",".join(one.name for one in usual.columns))
    assert asked.columns == usual.columns
    assert "columns" not in asked.state


def test_a_column_that_is_none_is_told_and_the_others_shown(world: World, desk: Client) -> None:
    for path in ("", "export/"):
        response = desk.get(f"{URL}{path}?columns=name,staff,old_size,uscc")
        assert response.status_code == 200
    page = desk.get(f"{URL}?columns=name,staff,old_size,uscc")
    assert "这个视图里的“old_size”一列已没有，其余照常显示。" in page.content.decode()
    assert heads_of(page) == ["企业名称", "从业人员", "统一社会信用代码"]
    # What is not understood goes no further
    assert page.context["listing"].state["columns"] == "name,staff,uscc"
    page = desk.get(f"{URL}?columns=a,b,c,d,{'x' * 500}")
    assert "“a”、“b”、“c”等5列已没有" in page.content.decode()
    assert page.context["listing"].choice.text == ""
    assert desk.get(f"{URL}?columns=<script>,").content.decode().count("<script>") == 0


def test_the_column_of_another_tab_is_no_loss(world: World, officer: Any) -> None:
    """剔除原因 is a column of figures' lists alone."""
    found = listing(officer, "members", columns="name,why,sex")
    assert found.notices == []
    assert [column.name for column in found.columns] == ["name", "sex"]


def test_chosen_columns_show_on_a_phone(world: World, officer: Any) -> None:
    usual = {column.name: column for column in listing(officer, "enterprises").columns}
    assert usual["industry"].phone is None
    chosen = {column.name: column for column in listing(officer, "enterprises", columns="name,industry,note").columns}
    assert chosen["industry"].phone == "行业"
    assert all(cell.phone is not None for name, cell in chosen.items() if name != "name")


def test_links_of_the_list_keep_the_columns(world: World, desk: Client) -> None:
    page = desk.get(f"{URL}?columns=name,uscc&industry=C").context["listing"]
    for url in (page.export_url, page.columns_url, page.save_url, page.tabs[1].url, page.chips[0].url):
        assert asked_of(url)["columns"] == "name,uscc", url
    assert page.hidden["columns"] == "name,uscc"
    assert all(asked_of(head.url)["columns"] == "name,uscc" for head in page.heads)


def test_a_list_may_be_in_the_order_of_a_column_that_is_not_shown(world: World, officer: Any) -> None:
    found = listing(officer, "enterprises", columns="name,uscc", sort="-staff")
    assert not found.problems
    assert found.sort is not None
    assert found.sort.name == "staff"
    assert [head.order for head in found.heads] == ["", ""]


@pytest.mark.parametrize("slug", SLUGS)
def test_screen_and_workbook_have_the_same_columns(slug: str, world: World, administrator: Any, sign_in: Any) -> None:
    names = every_column(listing(administrator, slug))
    asked = {"columns": ",".join([names[0], *names[:0:-1]]), "sort": f"-{names[0]}"}
    client = sign_in(administrator)
    page = client.get(f"/ledgers/{slug}/", asked)
    (head, _, *rows), facts = read(client.get(f"/ledgers/{slug}/export/", asked))
    assert head == heads_of(page)
    kinds = [column.kind for column in page.context["listing"].columns]
    # Text of several lines stands so in a cell too
    assert [[shown(value, kind) for value, kind in zip(row, kinds, strict=True)] for row in rows] == [
        [cell.text for cell in cells] for cells in page.context["rows"]
    ]
    assert facts["列"] == "、".join(head)
    assert facts["视图"] == "无"


def test_columns_cost_no_query_however_many_rows(administrator: Any, sign_in: Any) -> None:
    client, park = sign_in(administrator), make_park("wide")

    def queries(slug: str, names: str) -> int:
        with CaptureQueriesContext(connection) as seen:
            assert client.get(f"/ledgers/{slug}/", {"columns": names}).status_code == 200
        return len(seen)

    asked = {slug: ",".join(every_column(listing(administrator, slug))) for slug in SLUGS}
    fill(park, 3)
    few = {slug: queries(slug, names) for slug, names in asked.items()}
    fill(park, 57)
    assert {slug: queries(slug, names) for slug, names in asked.items()} == few
    assert few == {slug: queries(slug, "") for slug in SLUGS}


# Persons


@pytest.mark.crawl
@pytest.mark.parametrize("reach", [pytest.param("nation", marks=pytest.mark.soak), "park"])
def test_who_may_see_no_persons_can_not_ask_for_their_columns(db: None, sign_in: Any, reach: str) -> None:
    world = planted_world()
    user = make_user("above")
    grant(user, Role.SUPERIOR, park=world.jia.park if reach == "park" else None)
    marks = (*MARKS["jia"], *MARKS["yi"])
    client = sign_in(user)
    for slug in SLUGS:
        if slug in ("members", "offices"):
            continue
        ledger = LEDGERS[slug]
        names = ",".join(column.name for column in (*ledger.columns, *ledger.more))
        for path in ("", "export/"):
            assert named_in(client.get(f"/ledgers/{slug}/{path}", {"columns": names}), marks) == [], (slug, path)
        assert named_in(client.get(f"/ledgers/{slug}/columns/", {"columns": names}), marks) == []
    page = client.get(f"{URL}columns/").content.decode()
    assert "统一社会信用代码" in page
    assert "党建联系人" not in page
    # No difference to a name that nothing bears
    told = client.get(f"{URL}?columns=name,contact").content.decode()
    assert "这个视图里的“contact”一列已没有，其余照常显示。" in told
    assert "党建联系人" not in told
    refused = client.get(f"{URL}?sort=contact").content.decode()
    assert "不能按“contact”排序" in refused


def test_who_sees_persons_in_one_park_sees_them_there_alone(db: None, sign_in: Any) -> None:
    world = planted_world()
    user = make_user("both")
    grant(user, Role.SUPERIOR)
    grant(user, Role.LEADER, park=world.jia.park)
    for path in ("", "export/"):
        response = sign_in(user).get(f"{URL}{path}", {"columns": "name,contact,phone,note"})
        assert named_in(response, MARKS["jia"]) != []
        assert named_in(response, MARKS["yi"]) == []
    # Nor does the order tell
    orders = [listing(user, "enterprises", columns="name,contact", sort=f"{sign}contact") for sign in ("", "-")]
    last = [[row.park_id for row in found.loaded(list(found.rows.values_list("pk", flat=True)))] for found in orders]
    for parks in last:
        assert set(parks[-6:]) == {world.yi.park.pk}


# Choosing and moving

COLUMNS = tuple(Column(name, name.upper(), lambda row, day: None) for name in ("name", "a", "b", "c"))
MORE = tuple(Column(name, name.upper(), lambda row, day: None) for name in ("d", "e"))


@given(st.lists(st.sampled_from(["name", "a", "b", "c", "d", "e", "x", "", " a "]), max_size=12))
def test_any_choice_is_a_list_that_begins_with_the_name(names: list[str]) -> None:
    found = choice(COLUMNS, MORE, {"x"}, ",".join(names))
    shown_names = [column.name for column in found.shown]
    assert shown_names[0] == "name"
    assert len(set(shown_names)) == len(shown_names)
    assert {*shown_names, *(column.name for column in found.left)} == {"name", "a", "b", "c", "d", "e"}
    assert found.gone == ()
    # What the address then says means the same
    assert choice(COLUMNS, MORE, (), found.text).shown == found.shown


@given(st.permutations("abcdef"), st.sampled_from(["top", "up", "down", "side", ""]), st.sampled_from("abcdefx"))
def test_moving_keeps_every_column_and_the_order_of_the_others(names: list[str], how: str, name: str) -> None:
    found = moved(names, f"{how}:{name}")
    assert sorted(found) == sorted(names)
    assert [one for one in found if one != name] == [one for one in names if one != name]
    if name in names and how in ("top", "up", "down"):
        place = names.index(name)
        wanted = {"top": 0, "up": max(place - 1, 0), "down": min(place + 1, len(names) - 1)}[how]
        assert found.index(name) == wanted
    else:
        assert found == list(names)


def form_of(response: Any) -> tuple[list[str], list[str]]:
    """All columns in their order, and the ticked ones."""
    rows = response.context["rows"]
    return [row.column.name for row in rows], [row.column.name for row in rows if row.is_shown]


def test_columns_are_chosen_and_ordered_by_buttons(world: World, desk: Client) -> None:
    page = desk.get(f"{URL}columns/?industry=C&sort=-staff")
    order, ticked = form_of(page)
    assert ticked == [column.name for column in page.context["listing"].columns[1:]]
    # What a browser sends: nothing for boxes that are not ticked
    sent = {"industry": "C", "sort": "-staff", "order": order, "show": ["status", "uscc"]}
    page = desk.get(f"{URL}columns/", {**sent, "move": "top:uscc"})
    order, ticked = form_of(page)
    assert order[0] == "uscc"
    assert ticked == ["uscc", "status"]
    assert "“统一社会信用代码”移到了第2位。" in page.content.decode()
    assert 'value="down:uscc" autofocus' in page.content.decode()
    done = desk.get(f"{URL}columns/", {**sent, "order": order, "done": "1"})
    assert done.status_code == 302
    assert asked_of(done["Location"]) == {"industry": "C", "sort": "-staff", "columns": "name,uscc,status"}
    assert heads_of(desk.get(done["Location"])) == ["企业名称", "统一社会信用代码", "组建状态"]
    assert form_of(desk.get(f"{URL}columns/?columns=name,uscc,status"))[0][:2] == ["uscc", "status"]
    # The usual ones again, none at all, and nonsense
    usual = [column.name for column in desk.get(URL).context["listing"].columns[1:]]
    assert desk.get(f"{URL}columns/", {"order": usual, "show": usual, "done": "1"})["Location"] == URL
    alone = desk.get(f"{URL}columns/", {"order": usual, "done": "1"})
    assert asked_of(alone["Location"]) == {"columns": "name"}
    assert heads_of(desk.get(alone["Location"])) == ["企业名称"]
    assert desk.get(f"{URL}columns/", {"order": ["x", "x"], "show": "x", "move": "up:x"}).status_code == 200


# Saved views


def stored(user: Any, **query: str) -> SavedView:
    return save_view("存的", urlencode(query), by=user)


def test_a_view_is_saved_opened_renamed_and_deleted(world: World, officer: Any, desk: Client) -> None:
    query = {"park": "jia", "industry": "C", "columns": "name,uscc,contact", "sort": "-staff", "page": "1"}
    page = desk.get(URL, query)
    save = page.context["listing"].save_url
    form = desk.get(save)
    assert form.status_code == 200
    assert "企业名称、统一社会信用代码、党建联系人" in form.content.decode()
    made = desk.post(save, {"name": "制造业联系人"})
    view = SavedView.objects.get(account=officer.pk)
    assert (view.park, view.ledger, view.is_default, view.made_by) == (None, "enterprises", False, str(officer))
    assert view.query == "industry=C&sort=-staff&columns=name,uscc,contact"
    assert asked_of(made["Location"]) == {name: text for name, text in query.items() if name != "page"}
    opened = desk.get(made["Location"])
    assert opened.context["listing"].saved.current == view
    assert "已存为视图“制造业联系人”。" in opened.content.decode()
    assert not opened.context["listing"].may_save
    assert desk.get(f"{URL}views/{view.pk}/")["Location"].endswith(view.query)
    # The workbook says which view it is
    _, facts = read(desk.get(opened.context["listing"].export_url))
    assert facts["视图"] == "制造业联系人"
    assert (facts["筛选条件"], facts["列"]) == ("行业：制造业", "企业名称、统一社会信用代码、党建联系人")
    assert facts["导出人"] == str(officer)

    edit, delete = f"{URL}views/{view.pk}/edit/", f"{URL}views/{view.pk}/delete/"
    assert desk.post(edit, {"name": ""}).status_code == 400
    assert desk.post(edit, {"name": "改了名"}).status_code == 302
    view.refresh_from_db()
    assert view.name == "改了名"
    assert "改了名" in desk.get(f"{URL}views/").content.decode()
    assert "确定删除视图“改了名”吗？" in desk.get(delete).content.decode()
    assert desk.post(delete).status_code == 302
    assert not SavedView.objects.filter(account=officer.pk).exists()
    # What was looked for stands in no trail
    trail = Change.objects.filter(model="portal.savedview", user=officer)
    assert [change.action for change in trail] == ["delete", "update", "create"]
    assert not any("query" in {**change.before, **change.after} for change in trail)


def test_place_page_and_the_day_of_today_are_not_kept(world: World, officer: Any) -> None:
    today = timezone.localdate()
    asked = {"park": "jia", "region": "15", "page": "2", "count": "all", "view": "none", "q": "", "industry": "C"}
    assert saved.kept({**asked, "day": today.isoformat()}, today) == {"industry": "C"}
    assert saved.kept({**asked, "day": "2026-10-31"}, today) == {"industry": "C", "day": "2026-10-31"}


def test_nothing_to_keep_and_a_wrong_condition_are_told(world: World, officer: Any, desk: Client) -> None:
    assert desk.get(f"{URL}views/new/").status_code == 200
    response = desk.post(f"{URL}views/new/", {"name": "什么也没有"})
    assert response.status_code == 400
    assert "没有条件、列或排序可存" in response.content.decode()
    assert 'value="什么也没有"' in response.content.decode()
    response = desk.post(f"{URL}views/new/?industry=ZZ", {"name": "错的"})
    assert response.status_code == 400
    assert "“行业”里没有“ZZ”这一项" in response.content.decode()
    response = desk.post(f"{URL}views/new/?industry=C", {"name": "很" * 21})
    assert "最多20字，现在是21字" in response.content.decode()
    assert not SavedView.objects.filter(account=officer.pk).exists()


def test_a_name_is_taken_once_and_there_is_a_most(world: World, officer: Any, desk: Client) -> None:
    address = f"{URL}views/new/?industry=C"
    assert desk.post(address, {"name": "甲"}).status_code == 302
    response = desk.post(address, {"name": "甲"})
    assert response.status_code == 400
    assert "您已有同名的视图，请换一个名称" in response.content.decode()
    assert desk.post(address, {"name": "甲", "shared": "on"}).status_code == 302  # another drawer
    for place in range(saved.MOST - 1):
        save_view(f"第{place}个", by=officer)
    response = desk.post(address, {"name": "太多"})
    assert f"已存了{saved.MOST}个视图" in response.content.decode()
    # Another ledger counts for itself
    assert desk.post("/ledgers/organizations/views/new/?kind=branch", {"name": "支部"}).status_code == 302


def test_who_may_share_and_who_then_reads(
    world: World, officer: Any, leader: Any, superior: Any, park_administrator: Any, stranger: Any, administrator: Any,
    sign_in: Any,
) -> None:  # fmt: skip
    address = f"{URL}views/new/?industry=C"
    offered = {}
    for user in (officer, leader, superior, park_administrator, stranger, administrator):
        page = sign_in(user).get(address).content.decode()
        offered[user.username] = 'name="shared"' in page
    assert offered == {
        "officer": True,
        "leader": False,
        "superior": False,
        "park-administrator": True,
        "stranger": True,
        "administrator": False,  # for one park: one has to be chosen
    }
    assert 'name="shared"' in sign_in(administrator).get(f"{address}&park=jia").content.decode()
    # Forged: what is not offered is not read
    assert sign_in(leader).post(address, {"name": "领导的", "shared": "on"}).status_code == 302
    assert SavedView.objects.get(name="领导的").park is None
    assert sign_in(officer).post(address, {"name": "共用的", "shared": "on", "default": "on"}).status_code == 400
    assert sign_in(officer).post(address, {"name": "共用的", "shared": "on"}).status_code == 302
    shared = SavedView.objects.get(name="共用的")
    assert (shared.park, shared.query) == (world.jia.park, "industry=C")
    reads = {
        user.username: "共用的" in sign_in(user).get(f"{URL}?view=none").content.decode()
        for user in (officer, leader, superior, park_administrator, stranger)
    }
    assert reads == {
        "officer": True,
        "leader": True,
        "superior": False,  # a name may be a person's
        "park-administrator": True,
        "stranger": False,
    }
    national = sign_in(administrator)
    assert "共用的" not in national.get(f"{URL}?view=none").content.decode()
    assert "共用的" in national.get(f"{URL}?view=none&park=jia").content.decode()
    assert "共用的" not in national.get(f"{URL}?view=none&park=yi").content.decode()
    # Opened from nowhere it leads to its park
    assert asked_of(national.get(f"{URL}views/{shared.pk}/")["Location"]) == {"park": "jia", "industry": "C"}
    assert national.get(f"{URL}views/{shared.pk}/?park=yi").status_code == 404
    assert sign_in(stranger).get(f"{URL}views/{shared.pk}/").status_code == 404
    for act in ("edit", "delete"):
        assert sign_in(leader).get(f"{URL}views/{shared.pk}/{act}/").status_code == 404
        assert sign_in(leader).post(f"{URL}views/{shared.pk}/{act}/", {"name": "x"}).status_code == 404
        assert sign_in(park_administrator).get(f"{URL}views/{shared.pk}/{act}/").status_code == 200


def test_an_own_view_is_nobody_elses(world: World, officer: Any, leader: Any, administrator: Any, sign_in: Any) -> None:
    view = stored(officer, q="某人")
    for user in (leader, administrator):
        client = sign_in(user)
        for act in ("", "edit/", "delete/"):
            assert client.get(f"{URL}views/{view.pk}/{act}").status_code == 404, (user, act)
        assert client.post(f"{URL}views/{view.pk}/delete/").status_code == 404
        with pytest.raises(Http404):
            journal.delete(view, user, Via.PAGE)
    assert sign_in(administrator).get(f"/admin/portal/savedview/{view.pk}/change/").status_code in (302, 404)
    assert SavedView.objects.filter(pk=view.pk).exists()


def test_the_gate_refuses_a_share_in_a_park_of_others(world: World, officer: Any, leader: Any) -> None:
    for user, park in ((officer, world.yi.park), (leader, world.jia.park)):
        row = SavedView(ledger="enterprises", name="伪造", park=park, account=user.pk, made_by="x")
        with pytest.raises(Http404):
            journal.save(row, user, Via.PAGE)
    # Nor under another account's number
    row = SavedView(ledger="enterprises", name="伪造", account=leader.pk, made_by="x")
    with pytest.raises(Http404):
        journal.save(row, officer, Via.PAGE)
    assert not SavedView.objects.filter(name="伪造").exists()


def test_a_shared_view_shows_the_rows_of_its_reader(world: World, officer: Any, leader: Any, sign_in: Any) -> None:
    """Made by somebody who sees two parks, read by somebody who sees one; its persons by who may see them."""
    grant(officer, Role.OFFICER, world.yi.park)
    shared = save_view("两园", "industry=C&columns=name,park,contact", park=world.jia.park, by=officer)
    mine = sign_in(officer).get(f"{URL}?{shared.query}").content.decode()
    assert "乙庄机械有限公司" in mine
    theirs = sign_in(leader).get(f"{URL}views/{shared.pk}/", follow=True).content.decode()
    assert "甲河机械有限公司" in theirs
    assert "乙庄" not in theirs


def test_the_default_opens_a_bare_address_and_nothing_else(world: World, officer: Any, desk: Client) -> None:
    assert desk.get(URL).status_code == 200
    address = f"{URL}views/new/?industry=C&columns=name,uscc"
    assert desk.post(address, {"name": "我的", "default": "on"}).status_code == 302
    opened = desk.get(URL)
    assert (opened.status_code, opened["Location"]) == (302, f"{URL}?industry=C&columns=name,uscc")
    assert asked_of(desk.get(f"{URL}?park=jia")["Location"]) == {"park": "jia", "industry": "C", "columns": "name,uscc"}
    assert asked_of(desk.get(f"{URL}?day=2026-10-31")["Location"])["day"] == "2026-10-31"
    page = desk.get(f"{URL}?view=none")
    assert page.status_code == 200
    assert page.context["listing"].is_plain
    assert page.context["listing"].saved.current is None
    # An empty search by the form, the last condition taken away, the first tab: none leads back to the default
    assert desk.get(f"{URL}?q=&status=").status_code == 200
    found = desk.get(f"{URL}?industry=C").context["listing"]
    for url in (found.chips[0].url, found.cleared_url, found.plain_url):
        assert asked_of(url) == {"view": "none"}
        assert desk.get(url).status_code == 200
    # The workbook and the other ledgers are as ever
    assert desk.get(f"{URL}export/").status_code == 200
    assert desk.get("/ledgers/members/").status_code == 200
    # Another default takes its place; without one the address is bare again
    assert desk.post(f"{URL}views/new/?industry=F", {"name": "另一个", "default": "on"}).status_code == 302
    assert [view.name for view in SavedView.objects.filter(is_default=True)] == ["另一个"]
    other = SavedView.objects.get(name="另一个")
    assert desk.post(f"{URL}views/{other.pk}/edit/", {"name": "另一个"}).status_code == 302
    assert desk.get(URL).status_code == 200


def test_the_default_is_ones_own(world: World, officer: Any, leader: Any, sign_in: Any) -> None:
    save_view("干事的", by=officer, is_default=True)
    assert sign_in(officer).get(URL).status_code == 302
    assert sign_in(leader).get(URL).status_code == 200
    with pytest.raises(ValidationError):
        save_view("共用默认", park=world.jia.park, is_default=True)


def test_a_view_outlives_columns_conditions_and_orders_that_went(world: World, officer: Any, desk: Client) -> None:
    view = stored(officer, industry="C", colour="red", sort="-old_staff", columns="name,old_size,uscc")
    page = desk.get(f"{URL}views/{view.pk}/", follow=True)
    assert page.status_code == 200
    text = page.content.decode()
    assert "这个视图里的“old_size”一列已没有，其余照常显示。" in text
    assert "这个视图里的“colour”条件已没有，列出的可能比原来多，其余照常显示。" in text
    assert "这个视图里的“old_staff”一列已没有，不能按它排序" in text
    assert heads_of(page) == ["企业名称", "统一社会信用代码"]
    assert [cells[0].text for cells in page.context["rows"]] == ["甲河机械有限公司", "甲河建材有限公司"]
    assert page.context["listing"].saved.current == view
    _, facts = read(desk.get(f"{URL}export/?{view.query}"))
    assert facts["视图"] == "存的"
    # A condition that is there but not understood shows nothing rather than more
    gone = save_view("去处", "organization=999999", by=officer)
    assert desk.get(f"{URL}views/{gone.pk}/", follow=True).context["page_obj"].paginator.count == 0


def test_views_cost_one_query_however_many(world: World, officer: Any, desk: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert desk.get(f"{URL}?view=none").status_code == 200
        return len(seen)

    queries()
    few = queries()
    for place in range(12):
        save_view(f"第{place}个", f"q={place}", by=officer, is_default=place == 0)
        save_view(f"园{place}个", f"q={place}", park=world.jia.park)
    assert queries() == few


def test_a_page_of_columns_and_views_answers_for_every_ledger(world: World, desk: Client) -> None:
    for slug in SLUGS:
        for page in ("columns", "views", "views/new"):
            assert desk.get(f"/ledgers/{slug}/{page}/?park=jia").status_code == 200, (slug, page)
        assert desk.get(f"/ledgers/{slug}/columns/?park=yi").status_code == 404


def test_text_in_chosen_columns_stays_text_in_the_workbook(world: World, desk: Client) -> None:
    make_enterprise(world.jia.park, "甲河公式有限公司", address="=1+1", former_names="甲\n乙\n")
    response = desk.get(f"{URL}export/", {"q": "公式", "columns": "name,address,former"})
    sheet = load_workbook(io.BytesIO(response.content)).worksheets[0]
    assert [(cell.value, cell.data_type) for cell in sheet[5]] == [
        ("甲河公式有限公司", "s"),
        ("=1+1", "s"),
        ("甲、乙", "s"),
    ]


def test_two_windows_at_the_same_moment_are_told(
    world: World, officer: Any, desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one writes after this one was found to be right."""
    validate = journal._validate

    def overtaken(row: Any) -> None:
        validate(row)
        if isinstance(row, SavedView):
            monkeypatch.setattr(journal, "_validate", validate)
            save_view("同时", by=officer)

    monkeypatch.setattr(journal, "_validate", overtaken)
    response = desk.post(f"{URL}views/new/?industry=C", {"name": "同时"})
    assert response.status_code == 400
    assert "刚才在另一个窗口里已存过视图" in response.content.decode()
    assert 'value="同时"' in response.content.decode()


def test_a_large_list_shows_what_few_ask_for_but_is_not_sorted_by_it(
    world: World, administrator: Any, sign_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No index is kept for it; in one park there are few enough."""
    monkeypatch.setattr("portal.listing.LARGE", 0)
    found = listing(administrator, "enterprises", columns="name,uscc,address")
    assert [head.url != "" for head in found.heads] == [True, False, False]
    page = sign_in(administrator).get(f"{URL}?columns=name,uscc&sort=uscc")
    assert "不能按“统一社会信用代码”排序，已按通常顺序排列。选一个园区后可以。" in page.content.decode()
    assert len(page.context["rows"]) == 12
    assert sign_in(administrator).get(f"{URL}?columns=name,uscc&sort=uscc&park=jia").status_code == 200
