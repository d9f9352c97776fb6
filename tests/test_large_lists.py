"""Lists too long to count on every page: the same rows in the same order, honest words, exact behind a figure."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.http import urlencode

from metrics import summaries
from metrics.indicators import PARTS
from orgs.models import Enterprise
from orgs.pinyin import order_key
from portal import listing as listing_module
from portal.asking import Asked
from portal.filters import EnterpriseFilter
from portal.ledgers import LEDGERS
from portal.listing import Listing
from portal.parkwalk import ParkWalk, walks
from tests.factories import make_enterprise, make_park

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 10, 31)
WALKED = [slug for slug, ledger in LEDGERS.items() if walks(ledger.order)]


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists over several parks are large and of unknown length; pages of four, turned over up to the twelfth row."""
    monkeypatch.setattr(listing_module, "known_counts", lambda one: {})
    monkeypatch.setattr(listing_module, "LARGE", 0)
    monkeypatch.setattr(listing_module, "CAP", 12)
    monkeypatch.setattr(listing_module, "SUMMED", 3)
    monkeypatch.setattr(listing_module, "PAGE", 4)


@pytest.fixture
def shows(sign_in: Callable[[Any], Client]) -> Callable[..., Any]:
    def get(user: Any, slug: str, path: str = "", **query: str) -> Any:
        return sign_in(user).get(f"/ledgers/{slug}/{path}", {"day": "2026-10-31", **query})

    return get


def listing(user: Any, slug: str, **query: str) -> Listing:
    return Listing(LEDGERS[slug], Asked(user, None, TODAY), QueryDict(urlencode(query)))


def in_order(found: Listing) -> list[int]:
    """Every key as the database puts them in order."""
    return list(found.rows.values_list("pk", flat=True))


def test_the_ledgers_of_records_in_parks_walk() -> None:
    assert {"enterprises", "organizations", "coverages", "work-coverages", "members", "offices"} <= set(WALKED)
    assert "parks" not in WALKED


@pytest.mark.parametrize("slug", WALKED)
def test_the_walk_is_the_order_of_the_database(slug: str, world: Any, administrator: Any) -> None:
    for number in range(9):  # parks in an order of their own, most of them empty
        make_park(f"walk-{number}", region=f"{110000 + number * 7919 % 400000}")
    found = listing(administrator, slug)
    wanted = in_order(found)
    assert len(wanted) > 1
    for number in (0, 1, 2, len(wanted), len(wanted) + 5):
        assert ParkWalk(found.rows, administrator, found.ledger.order).first(number) == wanted[:number]


@pytest.mark.parametrize("slug", WALKED)
@pytest.mark.usefixtures("large")
def test_every_page_of_a_large_list_holds_what_the_counted_list_holds(
    slug: str, world: Any, administrator: Any
) -> None:
    for view in LEDGERS[slug].views(TODAY):
        wanted = in_order(listing(administrator, slug, view=view.slug))[:12]
        seen: list[int] = []
        number = 1
        while True:
            found = listing(administrator, slug, view=view.slug, page=str(number))
            page = found.page()
            assert not found.problems
            seen += page.object_list
            if not page.has_next():
                break
            number += 1
        assert seen == wanted, view.slug


@pytest.mark.usefixtures("large")
def test_the_length_is_exact_or_said_to_be_more(world: Any, administrator: Any) -> None:
    counted = len(in_order(listing(administrator, "enterprises")))
    assert counted == 12
    # Conditions on stored columns: counted as far as the cap
    assert listing(administrator, "enterprises").length.text == "12"
    make_enterprise(world.yi.park, "第十三家")
    assert listing(administrator, "enterprises").length.text == "超过12"
    assert listing(administrator, "enterprises", industry="C").length.text == "4"
    # What is worked out for the day: as far as it was read for the page
    few = listing(administrator, "enterprises", view="outside")
    assert few.length.text == str(len(in_order(few))) == "4"
    # Little is left: everything is counted, so that every tab leads to a list as long as it says
    left = listing(administrator, "enterprises", q="水务")
    assert left.is_summed
    assert [(tab.label, tab.count) for tab in left.tabs][:2] == [("全部企业", 2), ("实体运营", 0)]
    assert listing(administrator, "enterprises", q="水务", view="outside").length.text == "2"
    # More is left, but not too much to count one tab
    some = listing(administrator, "enterprises", industry="C", view="real")
    assert not some.is_summed
    assert some.length.text == str(len(in_order(some))) == "2"
    assert listing(administrator, "enterprises", view="real").length.text == "超过4"
    assert listing(administrator, "enterprises", view="real", page="2").length.text == "超过8"
    assert listing(administrator, "enterprises", view="real", page="3").length.text == "9"
    assert listing(administrator, "enterprises", count="all").length.text == "13"
    assert listing(administrator, "enterprises", q="没有这一家").length.text == "0"


@pytest.mark.usefixtures("large")
def test_a_large_list_says_so_and_counts_when_asked(world: Any, administrator: Any, shows: Any) -> None:
    make_enterprise(world.yi.park, "第十三家")
    response = shows(administrator, "enterprises")
    page = response.content.decode()
    assert "第1～4行，共超过12行" in page
    assert "共超过12家" in page
    assert "没有逐一合计" in page
    assert "导出" not in page.split("<main")[1].split("没有逐一合计")[0]
    assert all(tab.count is None for tab in response.context["listing"].tabs)
    address = response.context["listing"].count_url
    exact = shows(administrator, "enterprises", count="all")
    assert "count=all" in address
    assert "合计13家" in exact.content.decode()
    assert "没有逐一合计" not in exact.content.decode()
    assert exact.context["listing"].tabs[0].count == 13


@pytest.mark.usefixtures("large")
def test_one_park_is_never_large(world: Any, officer: Any, administrator: Any, shows: Any) -> None:
    for user, query in ((officer, {}), (administrator, {"park": "jia"})):
        response = shows(user, "enterprises", **query)
        assert not response.context["listing"].is_large
        assert "合计6家" in response.content.decode()


@pytest.mark.usefixtures("large")
def test_a_list_behind_a_figure_is_counted_exactly(world: Any, administrator: Any) -> None:
    for part in PARTS:
        found = listing(administrator, "enterprises", indicator="org_coverage_real", part=part)
        assert not found.length.is_capped
        assert found.length.number == len(in_order(found))
        assert all(tab.count is not None for tab in found.tabs)
        assert list(found.page().object_list) == in_order(found)[:4]


@pytest.fixture
def summed_up(large: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same, where the month summary is kept."""
    monkeypatch.setattr(listing_module, "known_counts", KNOWN)


KNOWN = listing_module.known_counts


def counted(user: Any, **query: str) -> Listing:
    """The same list with everything counted."""
    return listing(user, "enterprises", count="all", **query)


@pytest.mark.usefixtures("summed_up")
@pytest.mark.parametrize("day", ["2026-10-31", "2026-06-15", "2024-02-01"])
def test_the_summary_says_how_long_a_list_is(
    day: str, world: Any, administrator: Any, superior: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_park("third", region="150602")  # so that the superior reads several
    make_enterprise(world.yi.park, "第十三家")
    monkeypatch.setattr("tests.test_large_lists.TODAY", dt.date.fromisoformat(day))
    queries = [
        *({"view": view.slug} for view in LEDGERS["enterprises"].views(TODAY)),
        *({"indicator": code, "part": part} for code in ("org_coverage_real", "work_coverage") for part in PARTS),
    ]
    known = 0
    for user in (administrator, superior):
        for query in queries:
            found, wanted = listing(user, "enterprises", **query), counted(user, **query)
            assert found.is_large
            for tab, other in zip(found.tabs, wanted.tabs, strict=True):
                assert tab.count in (None, other.count), (user, query, tab)
                known += tab.count is not None
            if not found.length.is_capped:
                assert found.length.number == wanted.length.number, (user, query)
            assert list(found.page().object_list) == in_order(wanted)[:4]
    assert known > 90


def test_how_large_a_ledger_is_is_known_without_counting_all_of_it(
    world: Any, administrator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exactly where the summary says too little: it knows who is present on the day, not who ever was."""
    summaries.rebuild()
    there = Enterprise.objects.count()
    monkeypatch.setattr(listing_module, "FEW", 2)
    for most, is_large in ((there - 3, True), (there - 1, True), (there, False), (there + 1, False)):
        monkeypatch.setattr(listing_module, "LARGE", most)
        assert listing(administrator, "enterprises").is_large == is_large
    present = listing(administrator, "enterprises").present[0]
    monkeypatch.setattr(listing_module, "LARGE", present - 1)
    with CaptureQueriesContext(connection) as asked:
        assert listing(administrator, "enterprises").is_large
    assert [query["sql"].count("LIMIT 3") for query in asked if "COUNT(*)" in query["sql"]] == [1]


@pytest.mark.usefixtures("summed_up")
def test_a_list_whose_length_is_known_reads_no_row_to_count_them(
    world: Any, administrator: Any, django_assert_max_num_queries: Any
) -> None:
    make_enterprise(world.yi.park, "第十三家")
    found = listing(administrator, "enterprises")
    with django_assert_max_num_queries(6) as asked:
        assert found.length.text == "13"
        assert [tab.count for tab in found.tabs] == [13, 9, None, None, None, None, 4, None]
    assert not [one["sql"] for one in asked.captured_queries if "orgs_enterprise" in one["sql"]]
    assert found.page().paginator.num_pages == 3
    assert listing(administrator, "enterprises", industry="C").length.text == "4"
    far = listing(administrator, "enterprises", page="9")
    assert far.page().number == 3
    assert "只能翻到第3页" in far.problems[0]
    assert listing(administrator, "enterprises", sort="-name").page().paginator.num_pages == 3


@pytest.mark.usefixtures("large")
def test_a_large_list_sorts_by_what_is_stored_only(world: Any, administrator: Any, shows: Any) -> None:
    found = listing(administrator, "enterprises", sort="-name")
    names = [row.name for row in found.loaded(list(found.page().object_list))]
    assert names == sorted(Enterprise.objects.values_list("name", flat=True), key=order_key, reverse=True)[:4]
    refused = shows(administrator, "enterprises", sort="status")
    assert refused.status_code == 400
    assert "不能按“组建状态”排序" in refused.content.decode()
    heads = {head.column.name: head.url for head in listing(administrator, "enterprises").heads}
    assert heads["name"]
    assert not heads["status"]


@pytest.mark.usefixtures("large")
def test_a_page_behind_the_cap_says_how_far_one_can_turn(world: Any, administrator: Any, shows: Any) -> None:
    make_enterprise(world.yi.park, "第十三家")
    response = shows(administrator, "enterprises", page="9")
    assert response.status_code == 400
    assert "只能翻到第3页" in response.content.decode()
    assert response.context["page_obj"].number == 3


@pytest.mark.usefixtures("large")
def test_a_workbook_of_a_list_that_is_too_long_is_refused(
    world: Any, administrator: Any, shows: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = shows(administrator, "enterprises", "export/")
    assert refused.status_code == 400
    assert "请先选一个园区" in refused.content.decode()
    assert shows(administrator, "enterprises", "export/", park="jia").status_code == 200
    monkeypatch.setattr(listing_module, "LARGE", 5)
    assert shows(administrator, "enterprises", "export/", industry="C").status_code == 200


@pytest.mark.parametrize(
    "words",
    ["机械", "甲河", "有限公司", "9115", "9115 机", "河机", "机", "没有", "甲河 机械 公司", "ＡＢ", "aB", "%", "_械"],
)
def test_a_large_list_finds_what_a_counted_one_finds(
    words: str, world: Any, administrator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # By initials only lists of bearable length are searched
    monkeypatch.setattr(EnterpriseFilter, "by_initials", False)
    make_enterprise(world.yi.park, "ａｂＡb集团", former_names="旧名\n河机")
    wanted = in_order(listing(administrator, "enterprises", q=words))
    monkeypatch.setattr(listing_module, "LARGE", 0)
    found = listing(administrator, "enterprises", q=words)
    assert found.is_large
    assert in_order(found) == wanted
    assert list(found.page().object_list) == wanted
    assert found.length.text == str(len(wanted))


@pytest.mark.usefixtures("large")
def test_a_word_that_many_bear_is_found_park_by_park_in_the_same_order(world: Any, administrator: Any) -> None:
    """Past the cap the parks are read instead of the index: the same rows, the first page and the last."""
    for park in (world.yi.park, world.jia.park):
        for number in range(4):
            make_enterprise(park, f"有限{number}")
    wanted = in_order(listing(administrator, "enterprises", q="有限", count="all"))
    assert len(wanted) == 20
    for number in (1, 2, 3):
        found = listing(administrator, "enterprises", q="有限", page=str(number))
        assert found.length.text == "超过12"
        assert list(found.page().object_list) == wanted[4 * (number - 1) : 4 * number]
        assert found.filterset.bearing is not None
    real = listing(administrator, "enterprises", q="有限", view="real")
    assert list(real.page().object_list) == in_order(listing(administrator, "enterprises", view="real"))[:4]
