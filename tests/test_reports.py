"""园区“两个覆盖”情况统计表: page, workbook and LibreOffice agree cell by cell, and every count opens its names."""

import datetime as dt
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.test import Client, RequestFactory
from django.urls import reverse
from lxml import html
from openpyxl import load_workbook

from metrics.indicators import rates
from metrics.reports import REPORTS
from metrics.reports.sheet import RateColumn
from orgs.models import Enterprise
from portal.asking import asked
from portal.views.reports import asked_names
from tests.factories import (
    again,
    cover,
    grant,
    make_enterprise,
    make_organization,
    make_park,
    make_user,
    make_world,
)
from tests.libreoffice import recalculated
from tests.thirty_six import DAY, make_thirty_six, world_of_thirty_six

# Pages over figures that other tests hold equal on both databases: on PostgreSQL in the soak
pytestmark = pytest.mark.crawl

REPORT = REPORTS["two-coverage"]
PAGE = "/reports/two-coverage/"
EXPORT = "/reports/two-coverage/export/"
SignIn = Callable[[Any], Client]


@pytest.fixture
def world(db: None, request: pytest.FixtureRequest) -> Any:
    return again(world_of_thirty_six if "counted" in request.fixturenames else make_world)


@pytest.fixture
def counted(world: Any) -> Any:
    """甲园 with the thirty-six of the worked arithmetic beside the one of everything it already has."""
    return world


def page_rows(client: Client, **query: Any) -> list[list[str]]:
    """The rows of the sheet as a reader sees them, bands left out."""
    response = client.get(PAGE, query)
    assert response.status_code == 200
    rows = _table(response).xpath("tbody/tr")
    return [[" ".join(cell.text_content().split()) for cell in row] for row in rows if len(row) > 1]


def _table(response: Any) -> Any:
    return html.fromstring(response.content.decode()).xpath("//table[contains(@class, 'rt')]")[0]


def sheet_rows(book: Any) -> list[list[str]]:
    """The same rows of the first sheet, written as the page writes them."""
    sheet = book.worksheets[0]
    width = len(REPORT.columns) + 1
    top = next(row[0].row for row in sheet.iter_rows() if row[0].value == "合计")
    found = []
    for row in sheet.iter_rows(min_row=top, max_col=width, values_only=True):
        if row[0] is not None and str(row[0]).startswith("负责人"):
            break
        if row[1] is not None:
            found.append(
                [str(row[0]), *(shown(column, value) for column, value in zip(REPORT.columns, row[1:], strict=True))]
            )
    return found


def shown(column: Any, value: Any) -> str:
    if value == "—":
        return "—"
    return f"{value:.1f}" if isinstance(column, RateColumn) else f"{value:,}"


@pytest.mark.parametrize("day", [DAY, dt.date(2024, 2, 1), dt.date(2020, 1, 1)])
@pytest.mark.parametrize("who", ["leader", "superior", "administrator"])
def test_page_and_workbook_show_the_same(
    counted: Any, request: pytest.FixtureRequest, sign_in: SignIn, who: str, day: dt.date
) -> None:
    client = sign_in(request.getfixturevalue(who))
    content = client.get(EXPORT, {"day": day.isoformat()}).content
    seen = page_rows(client, day=day.isoformat())
    assert seen == sheet_rows(load_workbook(BytesIO(content), data_only=True))
    assert seen[0][0] == "合计"


def test_libreoffice_calculates_what_the_page_shows(
    counted: Any, administrator: Any, sign_in: SignIn, tmp_path: Path
) -> None:
    client = sign_in(administrator)
    content = client.get(EXPORT, {"day": DAY.isoformat()}).content
    book = recalculated(content, tmp_path)
    assert sheet_rows(book) == page_rows(client, day=DAY.isoformat())
    names = book["名单"]
    first = next(cell.column for cell in names[3] if str(cell.value).startswith("1\n"))
    totals = [names.cell(4, first + place).value for place in range(len(REPORT.counts))]
    assert [f"{total:,}" for total in totals] == page_rows(client, day=DAY.isoformat())[0][1 : len(totals) + 1]


def test_the_worked_arithmetic(db: None, sign_in: SignIn) -> None:
    park = make_park("small", name="小园区")
    make_thirty_six(park)
    leader = make_user("small-leader", home_park=park)
    grant(leader, "leader", park=park)
    total = page_rows(sign_in(leader), day=DAY.isoformat())[0]
    counts = ["36", "6", "30", "27", "12", "15", "29", "2", "3", "2", "1", "1", "0", "1"]
    assert total[1:] == [*counts, "90.0", "40.0", "93.1", "66.7", "96.7", "96.7"]


def test_rates_are_those_of_the_indicators(counted: Any, superior: Any, sign_in: SignIn) -> None:
    enterprises = Enterprise.objects.visible_to(superior)
    indicators = rates(enterprises, DAY)
    total = REPORT.fill(enterprises, DAY).total
    for column in REPORT.columns:
        if isinstance(column, RateColumn):
            rate = indicators[column.indicator]
            assert total.value(column) == rate.percent
            assert sum(total.counts[number] for number in column.over) == rate.numerator
            assert total.counts[column.under] == rate.denominator


def test_columns_are_numbered_by_their_place() -> None:
    assert [column.number for column in REPORT.columns] == list(range(1, len(REPORT.columns) + 1))


def test_every_count_opens_as_many_names(counted: Any, superior: Any, sign_in: SignIn, rf: RequestFactory) -> None:
    """UX-92: for every cell of the sheet that is a link."""
    links = [
        (int(link.text_content().replace(",", "")), link.get("href"))
        for link in _table(sign_in(superior).get(PAGE, {"day": DAY.isoformat()})).xpath(".//td//a")
    ]
    assert len(links) > 40
    for count, url in links:
        request = rf.get(url)
        request.user = superior
        about = asked(request)
        names = asked_names(request, about, REPORT, Enterprise.objects.visible_to(superior).in_park(about.park))
        assert names is not None
        assert (names.count, len(names.rows)) == (count, count), url


def test_a_count_that_is_an_indicator_opens_the_ledger_with_the_same_number(
    counted: Any, leader: Any, sign_in: SignIn
) -> None:
    client = sign_in(leader)
    opened = 0
    for column in REPORT.counts:
        names = client.get(PAGE, {"day": DAY.isoformat(), "names": column.number}).context["names"]
        if column.drill:
            listing = client.get(names.ledger_url)
            assert listing.context["page_obj"].paginator.count == names.count, column.number
            opened += 1
    assert opened >= 8


def test_blocks_add_up_and_identities_hold(counted: Any, administrator: Any, sign_in: SignIn) -> None:
    response = sign_in(administrator).get(PAGE, {"day": DAY.isoformat()})
    assert [check.text for check in response.context["checks"] if not check.holds] == []
    assert [block.title for block, _ in response.context["blocks"]] == ["分园区", "分行业"]


def test_one_park_is_split_by_industry_and_size(counted: Any, leader: Any, sign_in: SignIn) -> None:
    response = sign_in(leader).get(PAGE, {"day": DAY.isoformat()})
    assert [block.title for block, _ in response.context["blocks"]] == ["分行业", "分规模"]


def test_a_park_without_enterprises_has_dashes_not_zero_rates(world: Any, sign_in: SignIn) -> None:
    park = make_park("empty", name="空园区")
    user = make_user("empty-leader", home_park=park)
    grant(user, "leader", park=park)
    client = sign_in(user)
    assert page_rows(client)[0][1:] == ["0"] * 14 + ["—"] * 6
    sheet = load_workbook(BytesIO(client.get(EXPORT).content), data_only=True).worksheets[0]
    total = next(row for row in sheet.iter_rows(values_only=True) if row[0] == "合计")
    assert list(total[1:]) == [0] * 14 + ["—"] * 6


def test_the_workbook_is_an_official_form(counted: Any, leader: Any, sign_in: SignIn) -> None:
    book = load_workbook(BytesIO(sign_in(leader).get(EXPORT, {"day": DAY.isoformat()}).content))
    assert book.sheetnames == ["园区“两个覆盖”情况统计表", "名单", "口径"]
    form = book.worksheets[0]
    merged = {str(cells) for cells in form.merged_cells.ranges}
    assert {"A2:U2", "A4:A6", "B4:B6", "E4:G4", "F5:G5", "P4:U4", "S5:T5"} <= merged
    assert form["A2"].value == REPORT.title
    assert form["A3"].value == "填报单位：甲河经济开发区"
    setup = form.page_setup
    assert (setup.orientation, setup.paperSize, setup.fitToWidth, setup.fitToHeight) == ("landscape", 9, 1, 0)
    assert form.sheet_properties.pageSetUpPr.fitToPage
    margins = form.page_margins
    assert [round(side * 25.4) for side in (margins.top, margins.right, margins.bottom, margins.left)] == [
        28,
        37,
        26,
        35,
    ]
    assert form.print_title_rows == "$4:$7"
    assert form.freeze_panes == "B8"
    assert form["P8"].value == '=IF(D8=0,"—",ROUND((E8)*1000/D8,0)/10)'
    assert form["B8"].value.startswith("=SUM(B10:B")
    assert form["B10"].data_type == "n"
    texts = [str(cell.value) for row in book["口径"].iter_rows() for cell in row if cell.value]
    assert any(DAY.isoformat() in text for text in texts)
    assert any("来源：" in text for text in texts)


def test_names_that_look_like_formulas_stay_text(counted: Any, leader: Any, sign_in: SignIn) -> None:
    evil = '=HYPERLINK("http://x","点我")'
    enterprise = make_enterprise(counted.jia.park, evil, industry="C")
    cover(make_organization(counted.jia.park, "@SUM(A1)党支部"), enterprise)
    names = load_workbook(BytesIO(sign_in(leader).get(EXPORT).content))["名单"]
    cells = [cell for row in names.iter_rows() for cell in row if cell.value in (evil, "@SUM(A1)党支部")]
    assert [cell.data_type for cell in cells] == ["s", "s"]


def test_excluded_enterprises_are_named_with_their_reason(counted: Any, leader: Any, sign_in: SignIn) -> None:
    names = load_workbook(BytesIO(sign_in(leader).get(EXPORT, {"day": DAY.isoformat()}).content))["名单"]
    heads = [cell.value for cell in names[3]]
    rows = [dict(zip(heads, row, strict=True)) for row in names.iter_rows(min_row=5, values_only=True)]
    reasons = [row["不计入的原因"] for row in rows if row["不计入的原因"]]
    assert sorted(reasons) == sorted(["停产停业"] * 4 + ["空壳"] * 2 + ["筹建"] + ["非非公企业"])
    assert {row["2\n其中\n剔除"] for row in rows if row["不计入的原因"] in ("停产停业", "空壳", "筹建")} == {1}


@pytest.mark.parametrize("path", [PAGE, EXPORT, "/reports/", "/dashboard/"])
def test_another_park_does_not_exist(world: Any, leader: Any, sign_in: SignIn, path: str) -> None:
    client = sign_in(leader)
    assert client.get(path, {"park": "jia"}).status_code == 200
    assert client.get(path, {"park": "yi"}).status_code == 404
    assert client.get(path, {"park": "nowhere"}).status_code == 404
    assert Client().get(path).status_code == 302


@pytest.mark.parametrize(
    "query",
    [
        {"names": "99"},
        {"names": "x"},
        {"names": "15"},
        {"names": "1", "by": "note", "key": "x"},
        {"names": "1", "by": "park", "key": "x"},
        {"names": "1", "by": "park", "key": "999999"},
    ],
)
def test_nonsense_addresses_are_not_found(world: Any, leader: Any, sign_in: SignIn, query: dict[str, str]) -> None:
    assert sign_in(leader).get(PAGE, query).status_code == 404
    assert sign_in(leader).get("/reports/nothing/").status_code == 404


def test_names_of_another_park_stay_hidden(world: Any, leader: Any, sign_in: SignIn) -> None:
    client = sign_in(leader)
    assert client.get(PAGE, {"names": "1", "by": "park", "key": world.yi.park.pk}).status_code == 404
    assert world.yi.mark not in client.get(PAGE, {"names": "1"}).content.decode()


def test_a_day_that_is_none_is_explained(world: Any, leader: Any, sign_in: SignIn) -> None:
    client = sign_in(leader)
    response = client.get(PAGE, {"day": "2026-02-30"})
    assert response.status_code == 400
    assert "2026-02-30" in response.content.decode()
    assert (
        client.get(EXPORT, {"day": "2026-02-30"})["Location"]
        == f"{reverse('report', args=['two-coverage'])}?day=2026-02-30"
    )


def test_more_rows_need_no_more_queries(
    world: Any, leader: Any, sign_in: SignIn, django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    client = sign_in(leader)
    with django_assert_max_num_queries(12) as few:
        client.get(PAGE, {"names": "1"})
    with django_assert_max_num_queries(12) as few_export:
        client.get(EXPORT)
    make_thirty_six(world.jia.park)
    with django_assert_num_queries(len(few)):
        client.get(PAGE, {"names": "1"})
    with django_assert_num_queries(len(few_export)):
        client.get(EXPORT)
