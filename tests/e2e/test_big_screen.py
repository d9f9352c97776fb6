"""The big screen in a browser, at both sizes: it fills the screen, is read from afar, and turns its pages by itself."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import Page, expect

from orgs.models import User
from orgs.scoping import Role
from portal import views
from portal.models import ScreenLink
from portal.screens import token_of
from tests.factories import World, again, grant, make_enterprise, make_screen, make_user, make_world
from tests.thirty_six import make_thirty_six

SIZES = {"1920x1080": (1920, 1080), "3840x2160": (3840, 2160)}
PAGES = (1, 2, 3)
# Longer than any real name of a park
LONG = "某某国家级经济技术开发区高新技术产业园"

# What can be read, with the size it is drawn in: an SVG scales its text, so its own scale counts
TEXTS = """() => {
  const found = [];
  const walk = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const text = walk.currentNode, parent = text.parentElement;
    if (!text.data.trim() || parent.closest('title, desc')) continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    const scale = parent.getScreenCTM ? parent.getScreenCTM().a : 1;
    const style = getComputedStyle(parent);
    // A line of a paragraph at a time
    for (const box of range.getClientRects()) found.push({
      text: text.data.trim().slice(0, 40), size: parseFloat(style.fontSize) * scale,
      left: box.left, right: box.right, top: box.top, bottom: box.bottom,
      colour: parent.getScreenCTM ? style.fill : style.color, inFoot: Boolean(parent.closest('.foot')),
    });
  }
  return found;
}"""
SCROLLS = """() => {
  const root = document.documentElement;
  return [root.scrollWidth > innerWidth, root.scrollHeight > innerHeight];
}"""


@pytest.fixture
def furnished(live_server: Any) -> tuple[World, User, ScreenLink]:
    return again(furnished_world)


@pytest.fixture
def world(furnished: Any) -> World:
    world: World = furnished[0]
    return world


@pytest.fixture
def leader(furnished: Any) -> User:
    user: User = furnished[1]
    return user


@pytest.fixture
def full(furnished: Any) -> ScreenLink:
    link: ScreenLink = furnished[2]
    return link


def furnished_world() -> tuple[World, User, ScreenLink]:
    """A park with everything there is to show: a long name, many industries, every reason, a target, 演示."""
    world = make_world()
    park = world.jia.park
    leader = make_user("leader", home_park=park)
    grant(leader, Role.LEADER, park)
    park.name, park.is_demo = LONG, True
    park.save()
    make_thirty_six(park)
    for letter in "ABDEFHJKLMN":
        for number in range(2):
            make_enterprise(park, f"{letter}{number}企业", industry=letter)
    for state in ("revoked", "cancelled"):
        make_enterprise(park, f"{state}企业", state=state)
    make_enterprise(park, "未填企业", state=None)
    return world, leader, make_screen(park, "大厅", leader)


def address(link: ScreenLink, query: str = "") -> str:
    return reverse("screen", args=[token_of(link)]) + query


@pytest.mark.parametrize("size", ["1920x1080", pytest.param("3840x2160", marks=pytest.mark.soak)])
@pytest.mark.parametrize("page_number", PAGES)
def test_it_fills_the_screen_and_is_read_from_afar(
    size: str, page_number: int, new_page: Callable[..., Page], full: ScreenLink
) -> None:
    width, height = SIZES[size]
    page = new_page(viewport={"width": width, "height": height})
    response = page.goto(address(full, f"?page={page_number}&still=1"))
    assert response is not None
    assert response.status == 200
    assert page.evaluate(SCROLLS) == [False, False]
    main = page.locator("main").bounding_box()
    assert main == {"x": 0, "y": 0, "width": width, "height": height}
    foot = page.locator(".foot").bounding_box()
    assert foot is not None
    texts = page.evaluate(TEXTS)
    assert len(texts) > 20
    least = 28 * width / 1920
    told = []
    for one in texts:
        if one["size"] < least - 0.01:
            told.append(f"{one['text']}: {one['size']} px")
        if one["left"] < 0 or one["right"] > width or one["top"] < 0 or one["bottom"] > height:
            told.append(f"{one['text']}: sticks out")
        if not one["inFoot"] and one["bottom"] > foot["y"] + 1:
            told.append(f"{one['text']}: runs into the foot")
        if contrast(one["colour"], "rgb(21, 16, 15)") < 4.5 and one["text"] not in ("演示", "含演示"):
            told.append(f"{one['text']}: {one['colour']} is too faint")
    assert not told, "\n".join(told)
    assert overlapping(texts) == []


def overlapping(texts: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Pairs of texts that lie on one another; line boxes of neighbours may touch by a fifth of their height."""
    found = []
    for place, one in enumerate(texts):
        for other in texts[place + 1 :]:
            slack = min(one["size"], other["size"]) / 5
            across = min(one["right"], other["right"]) - max(one["left"], other["left"])
            down = min(one["bottom"], other["bottom"]) - max(one["top"], other["top"])
            # The tall box of a large figure has room above and below its digits
            if across > slack and down > max(slack, max(one["size"], other["size"]) * 0.35):
                found.append((one["text"], other["text"]))
    return found


def contrast(front: str, behind: str) -> float:
    """The ratio of WCAG 2 between two colours given as rgb(…)."""

    def luminance(colour: str) -> float:
        parts = [int(value) / 255 for value in re.findall(r"\d+", colour)[:3]]
        red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((luminance(front), luminance(behind)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_measure_of_contrast_is_right() -> None:
    assert round(contrast("rgb(255, 255, 255)", "rgb(0, 0, 0)"), 1) == 21
    assert round(contrast("rgb(119, 119, 119)", "rgb(255, 255, 255)"), 2) == 4.48


@pytest.mark.parametrize("scripts", [True, False])
def test_it_goes_to_the_next_page_by_itself(
    scripts: bool, new_page: Callable[..., Page], full: ScreenLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three pages and the first again, by the refresh alone; an edit meanwhile is on the next page."""
    monkeypatch.setattr(views.screen, "SECONDS", 1)
    page = new_page(java_script_enabled=scripts, viewport={"width": 1920, "height": 1080})
    page.goto(address(full))
    for number in (2, 3, 1):
        page.wait_for_url(f"**/?page={number}", timeout=10_000)
        expect(page.locator(".pg b")).to_have_text(str(number))


def test_it_stays_where_it_is_told_to_and_counts_again(
    new_page: Callable[..., Page], full: ScreenLink, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views.screen, "SECONDS", 1)
    page = new_page(java_script_enabled=False, viewport={"width": 1920, "height": 1080})
    page.goto(address(full, "?page=3&still=1"))
    counted = page.locator(".third .v").first
    before = int(counted.inner_text().rstrip("家"))
    make_enterprise(world.jia.park, "刚来的企业")
    expect(counted).to_have_text(f"{before + 1}家", timeout=10_000)
    assert page.url.endswith("?page=3&still=1")


def test_nothing_moves_and_nothing_is_fetched_but_styles(new_page: Callable[..., Page], full: ScreenLink) -> None:
    page = new_page(viewport={"width": 1920, "height": 1080})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.resource_type))
    for number in PAGES:
        page.goto(address(full, f"?page={number}&still=1"))
        assert page.evaluate("document.getAnimations().length") == 0
        assert page.locator("a, button, input, script").count() == 0
    assert set(asked) <= {"document", "stylesheet", "image", "other"}


def test_it_is_accessible_but_for_turning_its_pages(new_page: Callable[..., Page], full: ScreenLink) -> None:
    """Refreshing by itself is what a screen without anybody in front of it is for; the rest holds."""
    page = new_page(viewport={"width": 1920, "height": 1080})
    for number in PAGES:
        page.goto(address(full, f"?page={number}&still=1"))
        found = Axe().run(page, options={"preload": False, "resultTypes": ["violations"]})
        broken = {one["id"] for one in found.response["violations"] if one["impact"] in {"serious", "critical"}}
        assert broken == {"meta-refresh"}


def test_a_forged_address_is_explained(page: Page, full: ScreenLink) -> None:
    response = page.goto(reverse("screen", args=["forged"]))
    assert response is not None
    assert response.status == 404
    expect(page.get_by_role("heading", level=1)).to_have_text("没有找到这个页面")


def test_a_leader_makes_a_link_opens_and_revokes_it_without_scripts(
    plain: Page, world: World, leader: User, login: Callable[[Page, User], None]
) -> None:
    login(plain, leader)
    plain.goto(reverse("dashboard"))
    plain.get_by_role("link", name="大屏", exact=True).click()
    plain.get_by_label("用途").fill("一楼大厅")
    plain.get_by_role("button", name="生成链接").click()
    field = plain.get_by_label("“一楼大厅”的完整网址")
    expect(field).to_be_visible()
    where = field.input_value()
    assert f"{ScreenLink.objects.latest('pk').expires_at:%Y}" in plain.locator("#links").inner_text()
    plain.goto(where)
    expect(plain.locator(".place")).to_have_text(world.jia.park.name)
    plain.goto(reverse("screens"))
    plain.get_by_role("link", name=re.compile("撤销.*一楼大厅")).click()
    plain.get_by_role("button", name="撤销“一楼大厅”").click()
    expect(plain.get_by_text("已撤销", exact=True)).to_be_visible()
    response = plain.goto(where)
    assert response is not None
    assert response.status == 404
