"""The big screen: who makes and revokes a link, when it stops opening, and that its totals are the dashboard's."""

import datetime as dt
import re
from collections import Counter
from typing import Any

import pytest
from django.core import signing
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from metrics.coverage import formation_status
from metrics.indicators import HEADLINES, INDICATORS, LEAD, rates_by
from metrics.models import Target
from orgs.models import Change, Industry, Park, User
from orgs.scoping import Role
from portal.models import ScreenLink
from portal.screens import MOST_ROWS, SALT, Screen, token_of
from portal.templatetags.bigscreen import endings, gaps_of, line_of
from tests.factories import (
    World,
    again,
    aim,
    cover,
    grant,
    make_enterprise,
    make_organization,
    make_park,
    make_screen,
    make_user,
    put,
)
from tests.thirty_six import make_thirty_six

pytestmark = [pytest.mark.django_db, pytest.mark.crawl]

PAGES = (1, 2, 3)


@pytest.fixture
def park(db: None) -> Park:
    return again(the_park)


def the_park() -> Park:
    """36 enterprises of which 30 count, 27 of them with an organization."""
    found = make_park("thirty", name="三十号开发区", short_name="三十园", region="150622")
    make_thirty_six(found)
    return found


@pytest.fixture
def maker(park: Park) -> User:
    user = make_user("maker", display_name="某领导", home_park=park)
    grant(user, Role.LEADER, park)
    return user


@pytest.fixture
def link(park: Park, maker: User) -> ScreenLink:
    return make_screen(park, "一楼大厅", maker)


def address(link: ScreenLink, page: int = 1) -> str:
    return f"{reverse('screen', args=[token_of(link)])}?page={page}"


def shown(link: ScreenLink, page: int = 1) -> str:
    response = Client().get(address(link, page))
    assert response.status_code == 200
    return str(response.content.decode())


def words(html: str) -> str:
    """The text of a page without its marks."""
    return re.sub(r"\s+", "", re.sub(r"<title>.*?</title>|<[^>]+>", "", html))


def status(link: ScreenLink) -> int:
    return int(Client().get(address(link)).status_code)


# Opening, and no longer opening


def test_anybody_with_the_address_sees_it_and_nobody_keeps_it(link: ScreenLink) -> None:
    for method in ("get", "head"):
        response = getattr(Client(), method)(address(link))
        assert response.status_code == 200
        assert response["Cache-Control"] == "no-store"
        assert response["X-Robots-Tag"] == "noindex, nofollow"
        assert response["Referrer-Policy"] == "no-referrer"
        assert not response.cookies
    assert Client().post(address(link)).status_code == 405


def test_the_address_says_nothing_about_who_or_where(link: ScreenLink, park: Park, maker: User) -> None:
    assert signing.loads(token_of(link), salt=SALT) == link.pk


@pytest.mark.parametrize("other", ["", "x", "1", "forged:1:2", "汉字"])
def test_a_forged_address_is_not_found(other: str, link: ScreenLink) -> None:
    right = token_of(link)
    payload, stamp, signature = right.split(":")
    forged = [
        other or "-",
        right[:-1],
        right + "A",
        f"{payload}:{stamp}:{signature[::-1]}",
        f"{signing.dumps(link.pk + 1, salt=SALT).split(':')[0]}x:{stamp}:{signature}",
        signing.dumps(link.pk, salt="another"),
        signing.dumps(link.pk, salt=SALT, key="another-key"),
        signing.dumps(link.pk + 999, salt=SALT),
    ]
    for token in forged:
        assert Client().get(reverse("screen", args=[token])).status_code == 404, token


def test_all_that_do_not_open_look_alike(link: ScreenLink) -> None:
    forged = Client().get(reverse("screen", args=["forged"]))
    token = token_of(link)
    link.revoked_at = timezone.now()
    put(link)
    revoked = Client().get(reverse("screen", args=[token]))
    assert revoked.status_code == forged.status_code == 404
    assert revoked.content == forged.content
    kept = ("Cache-Control", "X-Robots-Tag", "Referrer-Policy", "Content-Type")
    assert [revoked[name] for name in kept] == [forged[name] for name in kept]
    assert revoked["Cache-Control"] == "no-store"


def test_an_expired_link_does_not_open(park: Park, maker: User) -> None:
    now = timezone.now()
    almost = make_screen(park, "快到期", maker, made_at=now - dt.timedelta(days=7) + dt.timedelta(minutes=1))
    over = make_screen(park, "到期", maker, made_at=now - dt.timedelta(days=7, seconds=1))
    assert (status(almost), status(over)) == (200, 404)


def test_a_link_dies_with_the_account_and_with_the_grant(link: ScreenLink, maker: User, park: Park) -> None:
    assert status(link) == 200
    maker.is_active = False
    put(maker)
    assert status(link) == 404
    maker.is_active = True
    put(maker)
    assert status(link) == 200
    maker.grants.all().delete()
    assert status(link) == 404
    grant(maker, Role.LEADER, make_park("elsewhere", region="440305"))
    assert status(link) == 404
    grant(maker, Role.SUPERIOR, region="1506")
    assert status(link) == 200


def test_a_link_for_more_than_the_grant_reaches_does_not_open(park: Park) -> None:
    city = make_user("city")
    grant(city, Role.SUPERIOR, region="1506")
    opening = {"15": 404, "1507": 404, "1506": 200, "150622": 200}
    for region, opens in opening.items():
        assert status(make_screen(None, "大厅", city, region=region)) == opens, region
    assert status(make_screen(None, "大厅", city)) == 404
    assert status(make_screen(park, "大厅", city)) == 200


# What it shows


def test_each_figure_is_that_of_the_dashboard(link: ScreenLink, maker: User, park: Park) -> None:
    client = Client()
    client.force_login(maker)
    board = client.get(reverse("dashboard")).context
    tiles = {one.rate.indicator.code: one.rate for one in board["tiles"]}
    screen = Screen(link, maker, timezone.now())
    assert screen.lead == tiles[LEAD]
    assert [rate for rate, _ in screen.others] == [tiles[code] for code in HEADLINES if code != LEAD]
    # Counted one by one from the list behind the gap
    gap = INDICATORS[LEAD].part(screen.figures.enterprises, screen.day, "gap")
    assert {kind.name: kind.count for kind in screen.kinds} == Counter(map(formation_status, gap)) | {"仅有个别党员": 0}
    assert sum(kind.count for kind in screen.kinds) == screen.lead.gap == 3
    live = rates_by(screen.figures.enterprises, screen.day, "industry", (LEAD,))
    named = {str(Industry(code).label): rates[LEAD] for code, rates in live.items() if rates[LEAD].denominator}
    assert {row.name: row.rate for row in screen.rows} == named
    assert dict(screen.outside) == {one.reason: one.count for one in board["excluded"]}
    first, second, third = (words(shown(link, page)) for page in PAGES)
    assert f"截至{screen.day}" in first
    assert "90.0%27/30家" in first
    for rate, _ in screen.others:
        assert f"{rate.short}{rate.numerator}/{rate.denominator}" in first
    for row in screen.rows:
        assert f"{row.name}{row.rate.numerator}/{row.rate.denominator}" in second
    assert f"{screen.lead.gap}家应建未建" in third
    assert f"{screen.effective.short}" in third


def test_the_trend_has_24_month_ends_and_its_last_values_on_the_page(link: ScreenLink, maker: User) -> None:
    screen = Screen(link, maker, timezone.now())
    main, comparison = screen.trend
    assert len(main) == len(comparison) == 24
    assert [rate.day for rate in main] == [rate.day for rate in comparison]
    assert all((rate.day + dt.timedelta(days=1)).day == 1 and rate.day <= screen.day for rate in main)
    assert main == [screen.figures.on(rate.day, (LEAD,))[LEAD] for rate in main]
    html = shown(link, 2)
    for rate in (main[-1], comparison[-1]):
        assert f">{rate.short}</text>" in html


def test_an_edit_is_on_the_screen_at_the_next_refresh(link: ScreenLink, park: Park) -> None:
    assert "90.0%27/30家" in words(shown(link))
    make_enterprise(park, "刚来的企业")
    assert "87.1%27/31家" in words(shown(link))


def test_the_target_is_told(link: ScreenLink, park: Park) -> None:
    assert "目标" not in words(shown(link))
    aim(park, 95)
    assert Target.objects.count() == 1
    assert "目标95.0%，还差2家" in words(shown(link))


def test_few_enterprises_are_counted_without_a_rate(world: World, leader: User) -> None:
    link = make_screen(world.jia.park, "大厅", leader)
    for page in PAGES:
        assert "%" not in words(shown(link, page)).replace("月末值，%", "").replace("目标80.0%", ""), page
    assert "2/4家不足10家，只列家数" in words(shown(link))


def test_ten_have_a_rate_and_nine_have_none(maker: User, park: Park) -> None:
    small = make_park("small", name="小园区", region="150622")
    grant(maker, Role.LEADER, small)
    link = make_screen(small, "大厅", maker)
    for _ in range(9):
        make_enterprise(small)
    assert "0/9家不足10家，只列家数" in words(shown(link))
    make_enterprise(small)
    assert "0.0%0/10家" in words(shown(link))


def test_a_park_without_enterprises_has_dashes(maker: User) -> None:
    empty = make_park("empty", name="空园区", region="150622")
    grant(maker, Role.LEADER, empty)
    link = make_screen(empty, "大厅", maker)
    assert "组织覆盖率—0/0家" in words(shown(link))
    assert "没有实体运营的非公有制企业" in words(shown(link))
    assert "无分母" in words(shown(link, 2))
    assert "—" in words(shown(link, 3))


def test_no_enterprise_organization_or_person_is_named(world: World, leader: User, superior: User) -> None:
    """Every text of a side carries the park's mark; of them only the name of the park may be seen."""
    links = [
        make_screen(world.jia.park, "甲河一楼", leader),
        make_screen(None, "甲河二楼", superior, region="1506"),
    ]
    for link in links:
        for page in PAGES:
            html = shown(link, page).replace(world.jia.park.name, "").replace(world.jia.park.short_name, "")
            assert "甲河" not in html, page
            assert str(leader) not in html
            assert 'href="/ledgers' not in html
            assert "<a " not in html
            assert "<script" not in html


def test_a_park_never_shows_on_the_screen_of_another(world: World, leader: User, superior: User, park: Park) -> None:
    one = make_screen(world.jia.park, "大厅", leader)
    city = make_screen(None, "大厅", superior, region="1506")
    before = {link: [words(shown(link, page)) for page in PAGES] for link in (one, city)}
    for _ in range(12):
        make_enterprise(world.yi.park)
    for link, texts in before.items():
        for page, text in zip(PAGES, texts, strict=True):
            now = words(shown(link, page))
            assert now.partition("更新")[0] == text.partition("更新")[0]
            assert "乙" not in now


def test_a_region_is_the_sum_of_its_parks_and_lists_them(world: World, superior: User, park: Park) -> None:
    link = make_screen(None, "大厅", superior, region="1506")
    screen = Screen(link, superior, timezone.now())
    assert {row.name for row in screen.rows} == {"甲园", "三十园"}
    assert sum(row.rate.denominator for row in screen.rows) == screen.lead.denominator == 34
    assert sum(row.rate.numerator for row in screen.rows) == screen.lead.numerator == 29
    assert "分园区" in words(shown(link, 2))
    assert [row.name for row in screen.rows] == sorted(
        (row.name for row in screen.rows), key=lambda name: -next(r.rate.gap for r in screen.rows if r.name == name)
    )


def test_the_nation_is_told_by_province(world: World, administrator: User, park: Park) -> None:
    link = make_screen(None, "大厅", administrator)
    screen = Screen(link, administrator, timezone.now())
    assert {row.name: row.rate.denominator for row in screen.rows} == {"内蒙古": 34, "广东": 4}
    text = words(shown(link, 2))
    assert "分省份" in text
    assert "内蒙古29/34" in text
    assert "广东2/4" in text
    assert "全国党建覆盖情况" in words(shown(link))


def test_only_the_first_rows_are_listed_and_the_others_counted(link: ScreenLink, park: Park) -> None:
    for letter in "ABDEFHJKL":
        make_enterprise(park, f"{letter}企业", industry=letter)
    text = words(shown(link, 2))
    assert text.count("家数") == 1
    assert f"另有{12 - MOST_ROWS}个行业未列" in text


@pytest.mark.parametrize(("demo", "tag"), [((True, True), "演示"), ((True, False), "含演示"), ((False, False), "")])
def test_made_up_figures_are_marked(demo: tuple[bool, bool], tag: str, maker: User, park: Park) -> None:
    make_park("other", name="另一园区", region="150623", is_demo=demo[1])
    park.is_demo = demo[0]
    put(park)
    city = make_user("city")
    grant(city, Role.SUPERIOR, region="1506")
    link = make_screen(None, "大厅", city, region="1506")
    found = re.findall(r'<span class="demo">(.*?)</span>', shown(link))
    assert found == ([tag] if tag else [])


def test_pages_follow_one_another_and_stand_still_when_told(link: ScreenLink) -> None:
    for page, following in ((1, 2), (2, 3), (3, 1)):
        assert f'<meta http-equiv="refresh" content="25;url=?page={following}">' in shown(link, page)
    still = Client().get(address(link, 2) + "&still=1").content.decode()
    assert '<meta http-equiv="refresh" content="25;url=?page=2&amp;still=1">' in still
    for nonsense in ("0", "4", "x", "-1", "1.5", "٢", ""):
        response = Client().get(reverse("screen", args=[token_of(link)]), {"page": nonsense})
        assert response.status_code == 200
        assert response.context["page"] == 1


def test_the_screen_is_cheap(link: ScreenLink, django_assert_max_num_queries: Any) -> None:
    for page in PAGES:
        with django_assert_max_num_queries(40):
            Client().get(address(link, page))


# The drawing


def test_a_line_is_interrupted_where_there_are_too_few(maker: User) -> None:
    small = make_park("small", name="小园区", region="150622")
    grant(maker, Role.LEADER, small)
    today = timezone.localdate()
    for number in range(12):
        since = today.replace(year=today.year - 3) if number < 6 else today - dt.timedelta(days=100)
        enterprise = make_enterprise(small, since=since)
        if number == 0:
            cover(make_organization(small, founded_on=since), enterprise)
    screen = Screen(make_screen(small, "大厅", maker), maker, timezone.now())
    line = line_of(screen.trend[0])
    assert [point.y is None for point in line.points] == [rate.denominator < 10 for rate in screen.trend[0]]
    assert 0 < len(line.drawn) < 24
    (gap,) = gaps_of(line)
    assert gap.word == "不足10家"
    assert line.path.count("M") == 1
    low, high = endings(line, line_of(screen.trend[1]))
    assert low is not None
    assert high is not None
    assert abs(low.y - high.y) >= 43.9


# Making and revoking


def make(client: Client, **given: Any) -> Any:
    data = {"label": "一楼大厅", "scope": "park:thirty", "days": "7"} | given
    return client.post(reverse("screens"), data)


@pytest.fixture
def signed_in(maker: User) -> Client:
    client = Client()
    client.force_login(maker)
    return client


def test_a_link_is_made_shown_journalled_and_opens(signed_in: Client, maker: User, park: Park) -> None:
    assert make(signed_in).status_code == 302
    link = ScreenLink.objects.get()
    assert (link.account, link.made_by, link.park, link.reach) == (maker.pk, "某领导", park, "park")
    assert link.expires_at - link.made_at == dt.timedelta(days=7)
    trail = Change.objects.get(model="portal.screenlink")
    assert (trail.user, trail.action, trail.park) == (maker, "create", park)
    page = signed_in.get(reverse("screens")).content.decode()
    found = re.search(r'value="(http://testserver/screen/[^"]+)" readonly', page)
    assert found is not None
    assert Client().get(found[1].removeprefix("http://testserver")).status_code == 200


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"label": ""}, "请填用途"),
        ({"label": "长" * 21}, "用途最多20字，现在是21字"),
        ({"days": ""}, "请填有效天数"),
        ({"days": "0"}, "有效天数至少1天"),
        ({"days": "91"}, "有效天数最多90天"),
        ({"days": "七"}, "有效天数请填1到90的整数"),
        ({"days": "1.5"}, "有效天数请填1到90的整数"),
        ({"days": "9" * 400}, "有效天数"),
        ({"scope": ""}, "请选大屏显示的范围"),
        ({"scope": "nation:"}, "不在您可以查看的范围内"),
        ({"scope": "region:15"}, "不在您可以查看的范围内"),
        ({"scope": "park:elsewhere"}, "不在您可以查看的范围内"),
        ({"scope": "galaxy"}, "不在您可以查看的范围内"),
    ],
)
def test_bad_input_is_told_in_chinese(given: dict[str, str], said: str, signed_in: Client) -> None:
    make_park("elsewhere", region="440305")
    response = make(signed_in, **given)
    assert response.status_code == 400
    assert said in response.content.decode()
    assert not ScreenLink.objects.exists()


def test_90_days_are_the_most_the_model_takes(park: Park, maker: User) -> None:
    make_screen(park, "九十天", maker, days=90)
    with pytest.raises(Exception, match="最长90天"):
        make_screen(park, "九十一天", maker, days=91)


def test_each_is_offered_his_own_reach(world: World, administrator: User, superior: User, officer: User) -> None:
    offered = {}
    for user in (administrator, superior, officer):
        client = Client()
        client.force_login(user)
        form = client.get(reverse("screens")).context["form"]
        offered[user] = [value for value, _ in form.fields["scope"].choices if value]
    assert offered[administrator] == ["nation:", "region:15", "region:44", "park:jia", "park:yi"]
    assert offered[superior] == ["region:1506", "park:jia"]
    assert offered[officer] == ["park:jia"]
    for user, scopes in offered.items():
        client = Client()
        client.force_login(user)
        for scope in scopes:
            assert make(client, scope=scope).status_code == 302
            link = ScreenLink.objects.filter(account=user.pk).latest("pk")
            assert status(link) == 200, (user, scope)


def test_nobody_without_a_grant_makes_a_link(nobody: User, park: Park) -> None:
    client = Client()
    client.force_login(nobody)
    assert "还没有可以查看的园区" in client.get(reverse("screens")).content.decode()
    assert make(client).status_code == 404
    assert not ScreenLink.objects.exclude(account=0).exists()


def test_the_address_is_for_its_maker_alone(link: ScreenLink, park: Park) -> None:
    colleague = make_user("colleague", home_park=park)
    grant(colleague, Role.OFFICER, park)
    client = Client()
    client.force_login(colleague)
    page = client.get(reverse("screens")).content.decode()
    assert "一楼大厅" in page
    assert "/screen/" not in page.replace("/screens/", "")


def test_a_superior_does_not_read_the_name_of_who_made_it(world: World, superior: User, link: ScreenLink) -> None:
    client = Client()
    client.force_login(superior)
    page = client.get(reverse("screens")).content.decode()
    assert "一楼大厅" in page
    assert "某领导" not in page
    page = client.get(reverse("screen-revoke", args=[link.pk])).content.decode()
    assert "某领导" not in page


def test_revoking_asks_ends_the_screen_and_is_journalled(link: ScreenLink, park: Park) -> None:
    colleague = make_user("colleague", home_park=park)
    grant(colleague, Role.OFFICER, park)
    client = Client()
    client.force_login(colleague)
    where = reverse("screen-revoke", args=[link.pk])
    assert "确定撤销“一楼大厅”" in client.get(where).content.decode()
    assert status(link) == 200
    assert client.post(where).status_code == 302
    assert status(link) == 404
    revoked = ScreenLink.objects.get(pk=link.pk).revoked_at
    trail = Change.objects.filter(model="portal.screenlink").latest("pk")
    assert (trail.user, trail.action, list(trail.after)) == (colleague, "update", ["revoked_at"])
    # Sent twice: the first moment stands
    assert client.post(where).status_code == 302
    assert ScreenLink.objects.get(pk=link.pk).revoked_at == revoked
    assert "不必撤销" in client.get(where).content.decode()


def test_only_who_reaches_the_whole_scope_revokes(superior: User, stranger: User, link: ScreenLink) -> None:
    wide = make_screen(None, "全省", superior, region="15")
    for user, row, want in ((stranger, link, 404), (superior, wide, 404), (superior, link, 302)):
        client = Client()
        client.force_login(user)
        assert client.post(reverse("screen-revoke", args=[row.pk])).status_code == want, (user, row)
    assert ScreenLink.objects.get(pk=wide.pk).revoked_at is None


def test_a_link_whose_right_has_gone_is_said_to_be_dead(link: ScreenLink, maker: User, park: Park) -> None:
    maker.is_active = False
    put(maker)
    colleague = make_user("colleague", home_park=park)
    grant(colleague, Role.OFFICER, park)
    client = Client()
    client.force_login(colleague)
    assert "已失效" in client.get(reverse("screens")).content.decode()


def test_from_the_page_of_a_region_its_screen_is_offered(world: World, sign_in: Any) -> None:
    user = make_user("somebody")
    grant(user, Role.SUPERIOR)
    client = sign_in(user)
    page = client.get("/dashboard/", {"region": "15"})
    assert page.context["screens_url"] == "/screens/?region=15"
    assert '<option value="region:15" selected>内蒙古</option>' in client.get("/screens/?region=15").content.decode()
    assert '<option value="" selected>请选择</option>' in client.get("/screens/").content.decode()
