"""One figure, six surfaces: tile, list, workbook, report, public page and a recomputation in plain Python agree."""

import io
import random
import re
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings, strategies as st
from lxml import html
from openpyxl import load_workbook

from metrics import summaries
from metrics.figures import Figures
from metrics.indicators import HEADLINES, INDICATORS
from orgs.models import Park, Role, User
from tests.factories import grant, make_user
from tests.test_coverage_property import drawn, recomputed, store

pytestmark = pytest.mark.django_db

PLAIN = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck))
PARTS = ("numerator", "denominator", "gap", "excluded")
# Columns of the report → the indicator whose rate they print.
RATES = {
    15: "org_coverage_real",
    16: "solo_rate_real",
    17: "should_built_rate",
    18: "work_coverage_strict",
    19: "work_coverage_broad",
    20: "two_coverage",
}


def surfaces_agree(size: int, seed: int, on: list[int]) -> None:
    parks, days = drawn(size, seed, on)
    history, day = parks[0], days[0]
    rng = random.Random(seed)
    with transaction.atomic():
        store(history)
        Park.objects.filter(pk=history.park.pk).update(is_public=True)
        summaries.rebuild()
        reader = make_user(f"reader-{seed}")
        grant(reader, Role.LEADER, history.park)
        client = Client()
        client.force_login(reader)
        wanted = {code: tuple(len(parts[part]) for part in PARTS) for code, parts in recomputed(history, day).items()}
        asked = {"day": day.isoformat()}
        on_summary(reader, history.park, day, wanted)
        on_tiles(client, asked, wanted, rng)
        on_report(client, asked, wanted)
        on_public_page(asked, wanted)
        transaction.set_rollback(True)


def on_summary(reader: User, park: Park, day: Any, wanted: dict[str, Any]) -> None:
    for code, rate in Figures(reader, park).on(day, list(wanted)).items():
        assert (rate.numerator, rate.denominator, rate.gap, rate.excluded) == wanted[code], code


def on_tiles(client: Client, asked: dict[str, str], wanted: dict[str, Any], rng: random.Random) -> None:
    """What each tile prints; then the lists and the workbooks behind one of them."""
    page = read(client, "/dashboard/", asked)
    tiles = page.xpath("//section[contains(concat(' ', @class, ' '), ' tile ')]")
    assert len(tiles) == len(HEADLINES)
    opened = rng.randrange(len(tiles))
    for number, (code, tile) in enumerate(zip(HEADLINES, tiles, strict=True)):
        numerator, denominator, *_ = wanted[code]
        assert f"（{numerator}/{denominator}，{INDICATORS[code].basis}，" in text(tile)
        links = tile.xpath(".//*[contains(@class,'four')]//a")
        assert [int(re.sub(r"\D", "", text(link))) for link in links] == list(wanted[code])
        if number != opened:
            continue
        for link, count in zip(links, wanted[code], strict=True):
            address = link.get("href")
            assert client.get(address).context["page_obj"].paginator.count == count
            book = client.get(address.replace("/enterprises/?", "/enterprises/export/?"))
            rows = load_workbook(io.BytesIO(book.content)).worksheets[0].max_row - 4  # title, line, head, totals
            assert rows == count, address


def on_report(client: Client, asked: dict[str, str], wanted: dict[str, Any]) -> None:
    page = read(client, "/reports/two-coverage/", asked)
    total = [text(cell) for cell in page.xpath("//table[contains(@class,'rt')]/tbody/tr[@class='sum']/*")]
    numerator, denominator, gap, _ = wanted["org_coverage_real"]
    assert [total[column] for column in (3, 4, 9)] == [str(denominator), str(numerator), str(gap)]
    for column, code in RATES.items():
        assert total[column] == short(*wanted[code][:2]).removesuffix("%"), code


def on_public_page(asked: dict[str, str], wanted: dict[str, Any]) -> None:
    page = read(Client(), "/coverage/", asked)
    for row in page.xpath("//section[@aria-labelledby='all']//tbody/tr"):
        code = row.xpath("./th/a")[0].get("href").partition("#")[2]
        numerator, denominator, *_ = wanted[code]
        one = INDICATORS[code]
        if not denominator:
            assert text(row).endswith("不公开"), code
            continue
        counts = f"{numerator}/{denominator}，"
        if one.measure == "count":
            said = f"{numerator}家（{one.basis}，截至{asked['day']}）"
        else:
            said = f"{short(numerator, denominator)}（{counts}{one.basis}，截至{asked['day']}）"
        assert text(row).endswith(said), code


def short(numerator: int, denominator: int) -> str:
    """Half up, one decimal, in whole numbers only."""
    if not denominator:
        return "—"
    tenths = (2000 * numerator + denominator) // (2 * denominator)
    return f"{tenths // 10}.{tenths % 10}%"


def read(client: Client, address: str, asked: dict[str, str]) -> Any:
    response = client.get(address, asked)
    assert response.status_code == 200, address
    return html.fromstring(response.content)


def text(node: Any) -> str:
    return "".join(node.text_content().split())


@pytest.fixture
def nothing_withheld(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small histories: the public page would withhold what is under ten."""
    monkeypatch.setattr("portal.views.public.SMALLEST", 1)


sizes, seeds, days = st.integers(1, 6), st.integers(0, 2**32), st.lists(st.integers(-1, 20), min_size=1, max_size=1)


@pytest.mark.usefixtures("nothing_withheld")
@settings(PLAIN, max_examples=2, derandomize=True)
@given(size=sizes, seed=seeds, on=days)
def test_six_surfaces(size: int, seed: int, on: list[int]) -> None:
    surfaces_agree(size, seed, on)


@pytest.mark.soak
@pytest.mark.usefixtures("nothing_withheld")
@settings(PLAIN, max_examples=1000)
@given(size=sizes, seed=seeds, on=days)
def test_six_surfaces_over_a_thousand_databases(size: int, seed: int, on: list[int]) -> None:
    surfaces_agree(size, seed, on)
