"""Frozen reports: kept as they were whatever is corrected later; neither changed nor deleted, and found out if so."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from lxml import html
from openpyxl import load_workbook

from metrics.models import FrozenReport
from metrics.reports import REPORTS
from metrics.reports.frozen import between, differences, freeze, opened, verify
from metrics.reports.sheet import CountColumn, RateColumn
from orgs import journal
from orgs.journal import Refused, Via
from orgs.models import Change, Enterprise, Park
from tests.factories import (
    again,
    cover,
    day,
    freeze_report,
    grant,
    make_enterprise,
    make_organization,
    make_park,
    make_user,
    make_world,
    put,
)
from tests.thirty_six import make_thirty_six, world_of_thirty_six

# Pages over figures that other tests hold equal on both databases: on PostgreSQL in the soak
pytestmark = [pytest.mark.django_db, pytest.mark.crawl]

REPORT = REPORTS["two-coverage"]
PAGE = reverse("report", args=[REPORT.slug])
EXPORT = reverse("report-export", args=[REPORT.slug])
FREEZE = reverse("report-freeze", args=[REPORT.slug])
SEVENTH = day("2026-10-07")  # a day that nothing of the world is frozen for
SignIn = Callable[[Any], Client]


def sheet(client: Client, on: dt.date = SEVENTH, **query: Any) -> tuple[Any, dict[str, list[str]]]:
    """The page, and its rows by label: the figures without the badges beside them."""
    response = client.get(PAGE, {"park": "jia", "day": on.isoformat(), **query})
    assert response.status_code == 200
    tree = html.fromstring(response.content.decode())
    rows = {}
    for row in tree.xpath("//table[contains(@class, 'rt')]/tbody/tr[td]"):
        cells = ["".join(cell.xpath(".//text()[not(ancestor::span)]")).strip() for cell in row.xpath("td")]
        rows[row.xpath("string(th)")] = cells
    return tree, rows


def badges(tree: Any) -> dict[tuple[str, int], str]:
    """(row, column) → the badge in that cell."""
    found = {}
    for row in tree.xpath("//table[contains(@class, 'rt')]/tbody/tr[td]"):
        for number, cell in enumerate(row.xpath("td"), 1):
            for badge in cell.xpath("span[contains(@class, 'amber')]"):
                found[row.xpath("string(th)"), number] = badge.text_content()
    return found


def totals(row: FrozenReport) -> list[Any]:
    return [cell.value for cell in opened(row, REPORT).filled.total.cells]


# Worked case 27


def test_case_27_a_frozen_report_keeps_its_figure_and_shows_the_correction(
    sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    park = make_park("p", name="某园区")
    enterprise = make_enterprise(park, "某企业", industry="C", size="small")
    branch = make_organization(park, founded_on=day("2026-01-05"))
    cover(branch, enterprise, since=day("2025-12-20"))
    officer = make_user("officer-27", display_name="某干事", home_park=park)
    grant(officer, "officer", park)
    client, last = sign_in(officer), day("2025-12-31")

    def on(moment: str) -> None:
        now = dt.datetime.fromisoformat(f"{moment}T10:12+08:00")
        monkeypatch.setattr("django.utils.timezone.now", lambda: now)

    def page(**query: str) -> tuple[dict[str, list[str]], dict[tuple[str, int], str], str]:
        response = client.get(PAGE, {"day": last.isoformat(), **query})
        tree = html.fromstring(response.content.decode())
        return sheet_rows(tree), badges(tree), response.content.decode()

    def sheet_rows(tree: Any) -> dict[str, list[str]]:
        rows = tree.xpath("//table[contains(@class, 'rt')]/tbody/tr[td]")
        return {
            row.xpath("string(th)"): [
                "".join(cell.xpath(".//text()[not(ancestor::span)]")).strip() for cell in row.xpath("td")
            ]
            for row in rows
        }

    on("2026-01-03")
    row = freeze(REPORT, park, last, officer)
    assert row.frozen_at.date() == day("2026-01-03")
    rows, marks, text = page()
    assert (rows["合计"][3], rows["合计"][8], rows["合计"][14]) == ("0", "1", "0.0")
    assert "已冻结" in text
    assert marks == {}
    assert "数据更正</h2>" not in text

    on("2026-03-05")
    branch.founded_on = day("2025-12-20")
    journal.save(branch, officer, Via.PAGE)

    # Asked now: covered
    rows, marks, _ = page(version="now")
    assert (rows["合计"][3], rows["合计"][8], rows["合计"][14]) == ("1", "0", "100.0")
    assert marks == {}
    # The report frozen on 2026-01-03 keeps “not covered” and shows 数据更正
    rows, marks, text = page()
    assert (rows["合计"][3], rows["合计"][8], rows["合计"][14]) == ("0", "1", "0.0")
    assert "2026-01-03 10:12" in text
    assert marks["合计", 4] == "数据更正，重算为1"
    assert marks["合计", 9] == "数据更正，重算为0"
    assert marks["合计", 15] == "数据更正，重算为100.0"
    assert ("合计", 3) not in marks
    told = html.fromstring(text).xpath("//section[@id='corrections']")[0]
    assert "数据更正" in told.text_content()
    assert told.xpath(f".//a[@href='/ledgers/enterprises/{enterprise.pk}/']")[0].text == "某企业"
    assert verify(FrozenReport.objects.get())


# What is kept


@pytest.fixture
def world(db: None, request: pytest.FixtureRequest) -> Any:
    """With the thirty-six in 甲园 where a report of them is frozen."""
    return again(world_of_thirty_six if "frozen" in request.fixturenames else make_world)


@pytest.fixture
def frozen(world: Any, officer: Any) -> FrozenReport:
    """甲园 with the thirty-six, frozen by its officer for the seventh of October."""
    return freeze(REPORT, world.jia.park, SEVENTH, officer)


def correct(world: Any) -> None:
    """The branch of 甲河机械 was never there."""
    world.jia.coverage.until = day("2024-04-01")
    put(world.jia.coverage)


def test_what_is_frozen_is_the_form_as_counted(world: Any, officer: Any, frozen: FrozenReport) -> None:
    enterprises = Enterprise.objects.in_park(world.jia.park)
    filled = REPORT.fill(enterprises, SEVENTH)
    stored = FrozenReport.objects.get(pk=frozen.pk)
    kept = opened(stored, REPORT)
    assert [(line.label, [cell.value for cell in line.cells]) for line in kept.filled.lines] == [
        (line.label, [cell.value for cell in line.cells]) for line in filled.lines
    ]
    assert kept.report.heads == REPORT.heads
    assert kept.filled.notes == list(filled.notes)
    for column in REPORT.counts:
        names = set(REPORT.names(enterprises, SEVENTH, column.number).values_list("name", flat=True))
        assert {one.name for one in kept.names if column.number in one.columns} == names
        assert len(names) == filled.total.counts[column.number]
    assert (stored.version, stored.frozen_by, stored.title) == (1, "甲河干事", REPORT.title)
    assert ["园区设定", "甲河经济开发区"] in [words[:2] for words in stored.definitions]
    assert len(stored.definitions) == len(REPORT.columns) + 1
    change = Change.objects.get(model="metrics.frozenreport", object_id=stored.pk)
    assert (change.user, change.after["digest"]) == (officer, stored.digest)
    assert "values" not in change.after


def test_the_figures_stay_whatever_is_edited(world: Any, officer: Any, frozen: FrozenReport, sign_in: SignIn) -> None:
    client = sign_in(officer)
    before = sheet(client)[1]
    correct(world)
    world.jia.gap.name, world.jia.gap.industry = "换了名的企业", "C"
    put(world.jia.gap)
    park = world.jia.park
    park.count_dispatched, park.working_committee = False, "换了名的党工委"
    put(park)
    tree, after = sheet(client)
    assert after == before
    assert sheet(client, version="now")[1] != before
    assert tree.xpath("//div[@class='hd3']/span[1]")[0].text == "填报单位：甲河经济开发区"
    names = client.get(PAGE, {"park": "jia", "day": SEVENTH.isoformat(), "names": 3}).context["names"]
    assert str(names.count) == before["合计"][2]
    assert world.jia.mark + "软件有限公司" in {one.name for one in names.rows}
    rows = client.get(
        PAGE, {"park": "jia", "day": SEVENTH.isoformat(), "names": 3, "by": "industry", "key": "I"}
    ).context["names"]
    assert world.jia.gap.pk in {one.pk for one in rows.rows}


def test_the_digest_covers_everything_and_finds_a_change(
    world: Any, officer: Any, frozen: FrozenReport, sign_in: SignIn
) -> None:
    assert verify(FrozenReport.objects.get(pk=frozen.pk))
    assert len(frozen.digest) == 64
    for name, value in {
        "values": {**frozen.values, "unit": "别的单位"},
        "names": frozen.names[1:],
        "definitions": [],
        "day": day("2026-10-08"),
        "version": 3,
        "reason": "因为",
        "frozen_by": "别人",
        "frozen_at": frozen.frozen_at + dt.timedelta(microseconds=1),
        "park_id": world.yi.park.pk,
        "report": "another",
        "title": "另一张表",
    }.items():
        other = FrozenReport.objects.get(pk=frozen.pk)
        setattr(other, name, value)
        assert not verify(other), name
    assert "摘要核对相符" in sheet(sign_in(officer))[0].text_content()
    # Round all gates, as nobody can from the portal
    values = {
        **frozen.values,
        "total": {**frozen.values["total"], "cells": {**frozen.values["total"]["cells"], "4": 99}},
    }
    FrozenReport._base_manager.filter(pk=frozen.pk).update(values=values)
    assert "摘要核对不符" in sheet(sign_in(officer))[0].text_content()


def test_nothing_changes_or_deletes_it(
    world: Any, frozen: FrozenReport, officer: Any, administrator: Any, sign_in: SignIn
) -> None:
    before = FrozenReport.objects.filter(pk=frozen.pk).values().get()
    for writer, via in ((officer, Via.PAGE), (administrator, Via.ADMIN), (journal.INSTALLER, Via.INSTALL)):
        row = FrozenReport.objects.get(pk=frozen.pk)
        row.values = {**row.values, "unit": "别的单位"}
        with pytest.raises(ValidationError, match="已冻结的报表不能修改"):
            journal.save(row, writer, via)
        row.digest = row.computed_digest
        with pytest.raises(ValidationError, match="已冻结的报表不能修改"):
            journal.save(row, writer, via)
        with pytest.raises(ValidationError, match="已冻结的报表不能删除"):
            journal.delete(FrozenReport.objects.get(pk=frozen.pk), writer, via)
    rows = FrozenReport.objects.filter(pk=frozen.pk)
    with pytest.raises(TypeError):
        rows.update(version=2)
    with pytest.raises(TypeError):
        rows.delete()
    with pytest.raises(TypeError):
        FrozenReport.objects.bulk_update([frozen], ["reason"])
    with pytest.raises(ValidationError):
        frozen.delete()
    client = sign_in(administrator)
    change = reverse("admin:metrics_frozenreport_change", args=[frozen.pk])
    page = client.get(change).content.decode()
    assert frozen.digest in page
    assert 'name="_save"' not in page
    assert client.post(change, {"title": "另一张表"}).status_code == 403
    assert (
        client.post(reverse("admin:metrics_frozenreport_delete", args=[frozen.pk]), {"post": "yes"}).status_code == 403
    )
    assert FrozenReport.objects.filter(pk=frozen.pk).values().get() == before
    journal.save(FrozenReport.objects.get(pk=frozen.pk), officer, Via.PAGE)  # unchanged, nothing to refuse
    assert Change.objects.filter(model="metrics.frozenreport", object_id=frozen.pk).count() == 1


def test_a_digest_that_does_not_fit_is_not_written(world: Any) -> None:
    copy = FrozenReport.objects.get(pk=world.jia.frozen.pk)
    copy.pk, copy._state.adding, copy.day = None, True, SEVENTH
    with pytest.raises(ValidationError, match="摘要与内容不符"):
        put(copy)


# Who may


@pytest.mark.parametrize("who", ["officer", "park_administrator", "administrator"])
def test_officers_and_administrators_freeze(
    who: str, world: Any, sign_in: SignIn, request: pytest.FixtureRequest
) -> None:
    user = request.getfixturevalue(who)
    client, query = sign_in(user), f"?park=jia&day={SEVENTH}"
    assert f"{FREEZE}?day={SEVENTH}&amp;park=jia" in client.get(PAGE + query).content.decode()
    page = client.get(FREEZE + query)
    assert page.status_code == 200
    assert "冻结第1版" in page.content.decode()
    answer = client.post(FREEZE + query, {"version": "1"}, follow=True)
    assert "已冻结第1版" in answer.content.decode()
    row = FrozenReport.objects.get(park=world.jia.park, day=SEVENTH)
    assert (row.version, row.reason, row.frozen_by) == (1, "", str(user))


@pytest.mark.parametrize("who", ["leader", "superior"])
def test_leaders_and_superiors_read_but_do_not_freeze(
    who: str, world: Any, frozen: FrozenReport, sign_in: SignIn, request: pytest.FixtureRequest
) -> None:
    user = request.getfixturevalue(who)
    client, query = sign_in(user), f"?park=jia&day={SEVENTH}"
    page = client.get(PAGE + query).content.decode()
    assert "已冻结" in page
    assert FREEZE not in page
    assert client.get(FREEZE + query).status_code == 404
    assert client.post(FREEZE + query, {"version": "1"}).status_code == 404
    with pytest.raises(Refused):
        freeze(REPORT, world.jia.park, day("2026-10-01"), user)
    assert FrozenReport.objects.filter(park=world.jia.park).count() == 2


def test_another_park_is_out_of_reach(
    world: Any, officer: Any, leader: Any, frozen: FrozenReport, sign_in: SignIn
) -> None:
    foreign = world.yi.frozen
    for user in (officer, leader):
        client = sign_in(user)
        query = f"?park=yi&day={foreign.day}"
        assert [client.get(at + query).status_code for at in (PAGE, EXPORT, FREEZE)] == [404, 404, 404]
        assert client.post(FREEZE + query).status_code == 404
        assert "乙" not in client.get(reverse("reports")).content.decode()
    with pytest.raises(Refused):
        freeze(REPORT, world.yi.park, SEVENTH, officer)
    assert not FrozenReport.objects.visible_to(officer).filter(park=world.yi.park).exists()
    assert not FrozenReport.objects.filter(park=world.yi.park, day=SEVENTH).exists()


def test_only_whole_parks_are_frozen(world: Any, administrator: Any, superior: Any, sign_in: SignIn) -> None:
    client = sign_in(administrator)
    page = client.get(PAGE, {"day": SEVENTH.isoformat()}).content.decode()
    assert "报表按园区冻结，请先在页首选定一个园区" in page
    assert FREEZE not in page
    for answer in (client.get(FREEZE), client.post(FREEZE, {"version": "1"})):
        assert answer.status_code == 400
        assert "请先在页首选定" in answer.content.decode()
    # The sum of several parks is never a frozen one
    assert "已冻结" not in client.get(PAGE, {"day": world.jia.frozen.day.isoformat()}).content.decode()
    assert client.get(PAGE, {"day": world.jia.frozen.day.isoformat(), "version": "1"}).status_code == 404
    assert FrozenReport.objects.count() == 2


def test_a_day_to_come_is_not_frozen(world: Any, officer: Any, sign_in: SignIn) -> None:
    client = sign_in(officer)
    tomorrow = dt.date.today() + dt.timedelta(days=2)  # noqa: DTZ011 - whatever the zone, it is to come
    for answer in (client.get(f"{FREEZE}?day={tomorrow}"), client.post(f"{FREEZE}?day={tomorrow}", {"version": "1"})):
        assert answer.status_code == 400
        assert "还没有到" in answer.content.decode()
    with pytest.raises(ValidationError, match="还没有到，不能冻结"):
        freeze(REPORT, world.jia.park, tomorrow, officer)
    assert not FrozenReport.objects.filter(day__gt=SEVENTH).exists()


# Versions


def test_a_second_version_says_what_and_why(world: Any, officer: Any, frozen: FrozenReport, sign_in: SignIn) -> None:
    client, query = sign_in(officer), f"?park=jia&day={SEVENTH}"
    correct(world)
    before = sheet(client)[1]
    page = client.get(FREEZE + query).content.decode()
    assert "冻结第2版" in page
    assert "与第1版的差别" in page
    assert world.jia.covered.name in page

    refused = client.post(FREEZE + query, {"version": "2", "reason": "  "})
    assert refused.status_code == 400
    assert "请写明更正原因" in refused.content.decode()
    long = client.post(FREEZE + query, {"version": "2", "reason": "长" * 301})
    assert long.status_code == 400
    assert "更正原因最多300字，现在是301字" in long.content.decode()
    assert FrozenReport.objects.filter(day=SEVENTH).count() == 1

    client.post(FREEZE + query, {"version": "2", "reason": "甲河机械的覆盖关系登记错了"})
    second = FrozenReport.objects.get(day=SEVENTH, version=2)
    assert (second.reason, second.frozen_by) == ("甲河机械的覆盖关系登记错了", "甲河干事")
    assert verify(second)
    tree, now = sheet(client)
    assert now != before
    assert badges(tree) == {}
    assert "第2版比第1版" in tree.text_content()
    assert "甲河机械的覆盖关系登记错了" in tree.text_content()
    older, kept = sheet(client, version="1")
    assert kept == before
    assert badges(older)["合计", 4] == f"数据更正，重算为{now['合计'][3]}"
    assert "最新的是第2版" in older.text_content()
    assert client.get(PAGE + query + "&version=3").status_code == 404
    assert client.get(PAGE + query + "&version=x").status_code == 404
    assert client.get(EXPORT + query + "&version=3").status_code == 404


def test_differences_by_cell_and_by_name(world: Any, frozen: FrozenReport) -> None:
    enterprises = Enterprise.objects.in_park(world.jia.park)
    kept = opened(frozen, REPORT)
    assert differences(kept, REPORT.fill(enterprises, SEVENTH), enterprises, REPORT) == []
    correct(world)
    found = differences(kept, REPORT.fill(enterprises, SEVENTH), enterprises, REPORT)
    covered = (world.jia.covered.pk, world.jia.covered.name)
    by_cell = {(one.field, one.key, one.column.number): one for one in found}
    for place in (("", None), ("industry", "C"), ("size", "medium")):
        four, nine, rate = by_cell[(*place, 4)], by_cell[(*place, 9)], by_cell[(*place, 15)]
        assert four.now == (four.was or 0) - 1
        assert (list(four.joined), list(four.left)) == ([], [covered])
        assert nine.now == (nine.was or 0) + 1
        assert (list(nine.joined), list(nine.left)) == ([covered], [])
        assert isinstance(rate.was, Decimal)
        assert (rate.was > rate.now, list(rate.joined)) == (True, [])
    assert not any(one.key == "F" for one in found)
    assert all(one.was != one.now for one in found)


def test_other_enterprises_behind_the_same_count_are_a_difference(
    world: Any, officer: Any, frozen: FrozenReport, sign_in: SignIn
) -> None:
    """One leaves and one comes: every figure stays, and the page says so all the same."""
    gone = world.jia.gap
    new = make_enterprise(world.jia.park, "甲河新来有限公司", industry=gone.industry, size=gone.size)
    for employment in list(gone.employments.all()):
        employment.enterprise = new
        put(employment)
    gone.left_on = day("2026-10-01")
    put(gone)
    enterprises = Enterprise.objects.in_park(world.jia.park)
    found = differences(opened(frozen, REPORT), REPORT.fill(enterprises, SEVENTH), enterprises, REPORT)
    assert {one.column.number for one in found} == {1, 3, 7, 8, 9, 14}
    assert not any(one.is_of_value for one in found)
    assert [list(one.joined) for one in found] == [[(new.pk, new.name)]] * 6
    tree, _ = sheet(sign_in(officer))
    assert badges(tree) == {}
    assert "家数相同，企业不同" in tree.text_content()
    assert freeze(REPORT, world.jia.park, SEVENTH, officer, "企业登记重了").version == 2


def test_a_row_that_comes_or_goes_is_compared_with_nothing(world: Any, frozen: FrozenReport, officer: Any) -> None:
    make_enterprise(world.jia.park, "甲河采矿有限公司", industry="B")
    second = freeze(REPORT, world.jia.park, SEVENTH, officer, "漏登一家")
    there, back = (
        between(opened(one, REPORT), opened(other, REPORT)) for one, other in ((frozen, second), (second, frozen))
    )
    cells = {one.column.number: (one.was, one.now) for one in there if one.key == "B"}
    assert cells[1] == (0, 1)
    assert cells[15] == (None, Decimal("0.0"))
    assert {one.column.number: (one.now, one.was) for one in back if one.key == "B"} == cells


def test_nothing_new_makes_no_version(world: Any, officer: Any, frozen: FrozenReport, sign_in: SignIn) -> None:
    client, query = sign_in(officer), f"?park=jia&day={SEVENTH}"
    assert FREEZE not in client.get(PAGE + query).content.decode()
    assert "没有可冻结的新内容" in client.get(FREEZE + query).content.decode()
    answer = client.post(FREEZE + query, {"version": "2", "reason": "想再冻结一次"}, follow=True)
    assert "与第1版没有差别，没有另存新版" in answer.content.decode()
    with pytest.raises(ValidationError, match="没有差别"):
        freeze(REPORT, world.jia.park, SEVENTH, officer, "想再冻结一次")
    assert FrozenReport.objects.filter(day=SEVENTH).count() == 1


def test_submitting_twice_makes_one_version(world: Any, officer: Any, park_administrator: Any, sign_in: SignIn) -> None:
    client, query = sign_in(officer), f"?park=jia&day={SEVENTH}"
    answers = [client.post(FREEZE + query, {"version": "1"}, follow=True) for _ in range(2)]
    assert ["已冻结第1版" in answer.content.decode() for answer in answers] == [True, True]
    other = sign_in(park_administrator).post(FREEZE + query, {"version": "1"}, follow=True)
    assert "没有重复冻结" in other.content.decode()
    assert FrozenReport.objects.filter(day=SEVENTH).count() == 1
    correct(world)
    given = {"version": "2", "reason": "登记错了"}
    answers = [client.post(FREEZE + query, given, follow=True) for _ in range(2)]
    assert ["已冻结第2版" in answer.content.decode() for answer in answers] == [True, True]
    assert list(FrozenReport.objects.filter(day=SEVENTH).order_by("version").values_list("version", flat=True)) == [
        1,
        2,
    ]


def test_a_reason_cannot_break_the_page(world: Any, officer: Any, frozen: FrozenReport, sign_in: SignIn) -> None:
    correct(world)
    client, query = sign_in(officer), f"?park=jia&day={SEVENTH}"
    assert client.post(FREEZE + query, {"version": "2", "reason": "坏\x00字"}).status_code == 400
    for version in ("", "x", "-1", "９", "99999999999999999999"):
        assert client.post(FREEZE + query, {"version": version, "reason": ""}).status_code == 400
    client.post(FREEZE + query, {"version": "x", "reason": "<b>=1+1</b>"})
    assert "&lt;b&gt;=1+1&lt;/b&gt;" in client.get(PAGE + query).content.decode()


# The workbook and the catalogue


def test_the_workbook_of_a_frozen_version_has_the_frozen_figures(
    world: Any, officer: Any, leader: Any, frozen: FrozenReport, sign_in: SignIn
) -> None:
    correct(world)
    client, query = sign_in(leader), {"park": "jia", "day": SEVENTH.isoformat()}
    response = client.get(EXPORT, query)
    assert f"two-coverage-{SEVENTH}-v1.xlsx" in response["Content-Disposition"]
    book = load_workbook(BytesIO(response.content), data_only=True)
    form = book.worksheets[0]
    rows = {row[0]: list(row[1:]) for row in form.iter_rows(values_only=True) if isinstance(row[1], int)}
    for line in opened(frozen, REPORT).filled.lines:
        for column, value in zip(REPORT.columns, rows[line.label], strict=True):
            kept = line.value(column)
            if isinstance(column, CountColumn):
                assert value == kept, (line.label, column.number)
            else:
                assert value == ("—" if kept is None else float(kept)), (line.label, column.number)
    text = [
        str(cell.value) for sheet in (form, book["口径"]) for row in sheet.iter_rows() for cell in row if cell.value
    ]
    assert any(part.startswith("制表：甲河干事") for part in text)
    assert any("已冻结：第1版，甲河干事" in part for part in text)
    assert "已冻结，第1版" in text
    assert any(frozen.digest in part and "核对相符" in part for part in text)
    names = book["名单"]
    heads = [cell.value for cell in names[3]]
    listed = {row[1]: dict(zip(heads, row, strict=True)) for row in names.iter_rows(min_row=5, values_only=True)}
    assert listed[world.jia.covered.name]["4\n已建\n小计"] == 1
    assert len(listed) == len(frozen.names)

    now = load_workbook(BytesIO(client.get(EXPORT, query | {"version": "now"}).content), data_only=True)
    total = next(row for row in now.worksheets[0].iter_rows(values_only=True) if row[0] == "合计")
    assert total[4] == rows["合计"][3] - 1
    assert not any("已冻结" in str(cell.value) for row in now["口径"].iter_rows() for cell in row)


def test_the_catalogue_lists_what_is_frozen(
    world: Any, leader: Any, administrator: Any, frozen: FrozenReport, sign_in: SignIn
) -> None:
    mine = sign_in(leader).get(reverse("reports"))
    assert [one.pk for one in mine.context["frozen"]] == [frozen.pk, world.jia.frozen.pk]
    text = mine.content.decode()
    assert f"{PAGE}?park=jia&amp;day={SEVENTH}&amp;version=1" in text
    assert "甲河干事" in text
    client = sign_in(administrator)
    assert client.get(reverse("reports")).context["frozen_count"] == 3
    assert client.get(reverse("reports"), {"park": "yi"}).context["frozen_count"] == 1


def test_frozen_pages_need_no_more_queries_for_more_rows(
    world: Any, leader: Any, sign_in: SignIn, django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    client, park = sign_in(leader), world.jia.park
    freeze_report(park, day("2026-10-01"))
    make_thirty_six(park)
    freeze_report(park, day("2026-10-02"))
    correct(world)
    with django_assert_max_num_queries(18) as few:
        client.get(PAGE, {"park": "jia", "day": "2026-10-01", "names": 1})
    with django_assert_num_queries(len(few)):
        client.get(PAGE, {"park": "jia", "day": "2026-10-02", "names": 1})


def test_a_park_without_enterprises_can_be_frozen(world: Any, administrator: Any) -> None:
    park: Park = make_park("empty", name="空园区")
    row = freeze(REPORT, park, SEVENTH, administrator)
    assert totals(row) == [None if isinstance(column, RateColumn) else 0 for column in REPORT.columns]
    assert row.names == []
