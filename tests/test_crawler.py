"""A crawler that follows every number of the demo site, as each role, and finds a list of exactly that length."""

import re
from collections import deque
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urldefrag, urljoin, urlsplit

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from lxml import html

from orgs.models import Grant, Park, Reach, Role
from tests.factories import make_user, put

pytestmark = pytest.mark.django_db

START = ("/dashboard/", "/indicators/", "/reports/two-coverage/", "/ledgers/", "/ledgers/organizations/tree/")
DAYS = ("", "2026-06-30", "2025-03-15")
# A page with numbers is read as often as it has other addresses; lists are only counted.
PAGES = re.compile(
    r"^/(dashboard/(changes/)?|indicators/|reports/[a-z-]+/|ledgers/|ledgers/organizations/tree/|coverage/)$"
)
LISTS = re.compile(r"^/ledgers/[a-z-]+/$")
NUMBER = re.compile(r"^\D*?([\d,]+)\D*$")


@pytest.mark.soak
def test_every_number_of_the_leaders_page_opens_a_list_of_that_length(capsys: pytest.CaptureFixture[str]) -> None:
    followed = crawled([Role.LEADER], most=1, days=1)
    with capsys.disabled():
        print(f"\nnumbers followed: {followed}")
    assert followed[Role.LEADER] > 80


@pytest.mark.soak
def test_every_number_for_every_role(capsys: pytest.CaptureFixture[str]) -> None:
    followed = crawled([Role.OFFICER, Role.LEADER, Role.SUPERIOR, Role.ADMINISTRATOR], most=9, days=3)
    with capsys.disabled():
        print(f"\nnumbers followed: {sum(followed.values()):,} {followed}")
    assert sum(followed.values()) > 1000
    assert min(followed.values()) > 100


def crawled(roles: list[Role], most: int, days: int) -> dict[str, int]:
    """How many numbers each role could follow through so many pages of the demo site, from so many days."""
    call_command("load_cases", verbosity=0)
    call_command("demo", verbosity=0)
    park = Park.objects.get(is_demo=True)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # within a transaction nobody else does, and a page takes fifty times as long
    followed: dict[str, int] = {}
    for role in roles:
        reader = make_user(f"crawler-{role}")
        wide = {"reach": Reach.REGION, "region_prefix": park.region_code[:2]}
        put(Grant(user=reader, role=role, **(wide if role == Role.SUPERIOR else {"reach": Reach.PARK, "park": park})))
        client = Client()
        client.force_login(reader)
        followed[role] = Crawl(client).run(most, days)
    return followed


class Crawl:
    """One reader's walk: pages with numbers breadth first, each list behind a number counted once."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.lengths: dict[str, int] = {}

    def run(self, most: int, days: int) -> int:
        queue = deque(f"{start}?day={day}" if day else start for day in DAYS[:days] for start in START)
        seen = set(queue)
        followed: set[tuple[str, int]] = set()
        pages = 0
        while queue and pages < most:
            address = queue.popleft()
            pages += 1
            tree = self.read(address)
            for number, target, where in numbers(tree, address):
                if (target, number) not in followed:
                    followed.add((target, number))
                    assert self.length(target) == number, f"{address}：“{where}” → {target}"
            for link in links(tree, address):
                if link not in seen and PAGES.match(urlsplit(link).path):
                    seen.add(link)
                    queue.append(link)
        return len(followed)

    def read(self, address: str) -> Any:
        response = self.client.get(urldefrag(address).url)
        assert response.status_code == 200, address
        return html.fromstring(response.content)

    def length(self, address: str) -> int:
        """How many rows the list has: counted in the database, and the same as what the page says."""
        if address not in self.lengths:
            response = self.client.get(urldefrag(address).url)
            assert response.status_code == 200, address
            context = response.context
            if "listing" in context:
                rows = context["listing"].rows.count()
                assert context["page_obj"].paginator.count == rows, address
            else:
                rows = context["names"].count
                assert len(context["names"].rows) == min(rows, 300), address
            self.lengths[address] = rows
        return self.lengths[address]


def links(tree: Any, base: str) -> Iterator[str]:
    for link in tree.xpath("//main//a[@href]"):
        address = urldefrag(urljoin(base, link.get("href"))).url
        if not urlsplit(address).netloc:
            yield address


def numbers(tree: Any, base: str) -> Iterator[tuple[int, str, str]]:
    """(number, address, text) of every link whose text has one whole number in it and that opens a list of names."""
    for link in tree.xpath("//main//a[@href] | //main//*[local-name()='svg']//*[local-name()='a']"):
        address = urljoin(base, link.get("href") or "")
        parts = urlsplit(address)
        names = parts.fragment == "names" and "column" in parse_qs(parts.query)
        if parts.netloc or not (LISTS.match(parts.path) or names):
            continue
        if set((link.get("class") or "").split()) & {"chip", "go"} or "page" in parse_qs(parts.query):
            continue
        text = " ".join(link.text_content().split())
        found = NUMBER.match(text)
        if found and "%" not in text and "月" not in text and "." not in text:
            yield int(found[1].replace(",", "")), address, text


def test_the_crawler_bites() -> None:
    """What it takes for a number, and what not."""
    page = html.fromstring(
        "<main><a href='/ledgers/enterprises/?part=gap&indicator=x'>缺口 <b>1,203</b> 家</a>"
        "<a href='/ledgers/enterprises/?page=2'>2</a><a href='/ledgers/members/7/'>第7名</a>"
        "<a href='/ledgers/enterprises/?day=2026-09-30'>9月末</a><a href='/ledgers/parks/'>90.0%</a>"
        "<a class='chip' href='/ledgers/enterprises/'>10人以上 ×</a>"
        "<a href='?column=3#names'>30</a></main>"
    )
    found = {(number, urlsplit(address).path) for number, address, _ in numbers(page, "/reports/two-coverage/")}
    assert found == {(1203, "/ledgers/enterprises/"), (30, "/reports/two-coverage/")}
