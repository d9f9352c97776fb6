"""Everything out and in again: the same rows, keys, times, trail and bytes; what is wrong is refused in a sentence."""

import csv
import datetime as dt
import hashlib
import json
import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings as hypothesis_settings, strategies as st

from metrics import summaries
from metrics.indicators import INDICATORS
from metrics.models import FrozenReport, Statement, Target
from orgs import grams, journal, ordering
from orgs.models import Change, Enterprise, Park, Role, User
from portal.benchmark.ground import own_database
from portal.models import ScreenLink
from portal.takeout.cells import Column, Unreadable
from portal.takeout.tables import LEFT_OUT, TABLES, columns_of
from tests.factories import (
    OURS,
    World,
    again,
    aim,
    freeze_report,
    grant,
    make_enterprise,
    make_park,
    make_screen,
    make_source,
    make_statement,
    make_user,
    make_world,
    put,
)

ROOT = Path(settings.BASE_DIR)
# Commas, quotes, every kind of line end, what a sheet takes for a formula, signs outside the first plane, blanks
AWKWARD = [
    "𠮷野家,“引号”\"双\"'单'",
    "=1+1",
    '=HYPERLINK("x")',
    "+86,-1,@x",
    "一行\n二行\r\n三行\r四行",
    '"',
    "\\N",
    "NULL",
    " 前后有空格　\t",
    "\ufeffBOM\u200b零宽\u2028行分隔\x85",
    "е́ ﬁ İ ß 🀄👨‍👩‍👧",
]


# The logical dump: every table of ours as Python values


# Left out, and not worked out anew from what comes in
BEHIND = {"portal.Comparison", "portal.ImportBatch", "portal.Draft", "portal.Submission"}


def dump(*, passwords: bool = True) -> dict[str, list[dict[str, Any]]]:
    found = {}
    for model in apps.get_models(include_auto_created=True):
        if model._meta.app_label not in OURS:
            continue
        if model._meta.label in BEHIND:
            continue
        rows = list(model._base_manager.order_by("pk").values())
        if model._meta.label in LEFT_OUT:  # worked out: their numbers mean nothing
            rows = sorted(({k: v for k, v in row.items() if k != "id"} for row in rows), key=str)
        if model is User and not passwords:
            rows = [{k: v for k, v in row.items() if k != "password"} for row in rows]
        found[model._meta.label] = rows
    return found


def empty() -> None:
    """As a database after ``migrate``; but no transaction takes back the counters of PostgreSQL, so they stay."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("DELETE FROM sqlite_sequence")
        for model in apps.get_models(include_auto_created=True):
            if model._meta.app_label in OURS:
                cursor.execute(f"DELETE FROM {model._meta.db_table}")


def content(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def out(folder: Path, *options: str) -> Path:
    call_command("export_all", str(folder), *options)
    return folder


def cells(folder: Path, file: str) -> list[dict[str, str]]:
    """As any program reads it."""
    with (folder / file).open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def make_full() -> World:
    """Both parks, and what they lack: accounts of every kind, grants, awkward texts, every null, deletions."""
    world = make_world()
    officer = make_user(
        "officer", display_name="甲河干事", home_park=world.jia.park, last_login=dt.datetime.now(dt.UTC)
    )
    officer.set_password("a-password-of-hers")
    put(officer)
    grant(officer, Role.OFFICER, world.jia.park)
    everywhere = make_user("everywhere", is_staff=True, is_active=False, email="a@example.cn")
    grant(everywhere, Role.ADMINISTRATOR)
    grant(everywhere, Role.SUPERIOR, region="1506")
    for text in AWKWARD:
        make_enterprise(world.jia.park, text, note=text, former_names=text, contact=text[:40])
    source = make_source(world.yi.park, "=来源", published_on=dt.date(2020, 2, 29))
    make_statement(source, "约数", Decimal("0.1"), comparator="approx")
    make_statement(source, "区间", Decimal("1"), value_high=Decimal("99999999.9999"), comparator="range")
    make_statement(source, "文字", None, wording="半年")
    world.jia.gap.name = "改过的名字"
    put(world.jia.gap)
    freeze_report(world.jia.park, dt.date(2025, 12, 31), "第二人", version=2, reason="补录，\n“更正”")
    make_screen(None, "全国", by=everywhere, revoked_at=dt.datetime.now(dt.UTC))
    last = make_enterprise(world.yi.park, "登记错的", state=None)
    journal.delete(last, journal.INSTALLER, journal.Via.INSTALL)
    summaries.rebuild()
    return world


@pytest.fixture
def full(db: None) -> World:
    return again(make_full)


@pytest.fixture
def folder(db: None, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export of the full world, and an empty database."""
    if not _exported:
        again(make_full)
        _exported.append(out(tmp_path_factory.mktemp("exported") / "out"))
        empty()
    return shutil.copytree(_exported[0], tmp_path / "out")


_exported: list[Path] = []  # once in a process: what refuses it needs the files only


# What goes out


def test_every_table_goes_out_or_is_left_behind_for_a_reason() -> None:
    taken = {model._meta.label for model in TABLES}
    every = {model._meta.label for model in apps.get_models(include_auto_created=True)}
    assert len(taken) == len(TABLES)
    assert not taken & LEFT_OUT.keys()
    assert every == taken | LEFT_OUT.keys(), "say in portal/takeout/tables.py what becomes of a new table"
    assert all(len(reason) > 5 for reason in LEFT_OUT.values())


def test_a_table_comes_after_those_it_points_at_and_begins_with_its_key() -> None:
    for place, model in enumerate(TABLES):
        columns = columns_of(model, passwords=True, id_numbers=True)
        assert columns[0].field.primary_key
        for field in model._meta.concrete_fields:
            if isinstance(field, models.ForeignKey):
                assert field.related_model in TABLES[:place], field
        left_out = {field.attname for field in model._meta.concrete_fields} - {column.name for column in columns}
        assert left_out == {field.attname for field in ordering.columns(model)}  # follow from the name


@pytest.mark.parametrize(
    "planted", [models.CharField(null=True), models.JSONField(null=True), models.BinaryField(), models.DurationField()]
)
def test_a_column_without_one_way_to_write_it_is_not_taken_out(planted: Any) -> None:
    with pytest.raises(TypeError):
        Column.of(planted)


# Out and in


def test_the_same_data_comes_back(full: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = dump()
    assert all(before[model._meta.label] for model in TABLES), "a table without a row proves nothing"
    assert before["metrics.ParkMonth"]
    assert before["orgs.NameGram"]
    first = out(tmp_path / "first", "--passwords")
    empty()
    assert not any(dump().values())
    call_command("import_all", str(first))
    assert dump() == before
    assert all(frozen.is_intact for frozen in FrozenReport.objects.all())
    assert User.objects.get(username="officer").check_password("a-password-of-hers")
    assert not grams.verify()
    assert not ordering.verify()
    today = timezone.localdate()
    assert not summaries.verify([today, dt.date(2026, 9, 30)], list(Park.objects.values_list("pk", flat=True)))

    second = out(tmp_path / "second", "--passwords")
    assert content(second) == content(first)
    told = capsys.readouterr().out
    assert f"企业：{Enterprise.objects.count():,}行" in told
    digest = hashlib.sha256((first / "manifest.json").read_bytes()).hexdigest()
    assert told.count(digest) == 3
    assert "企业名称索引" in told


def test_passwords_stay_behind_unless_asked_for(
    full: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, hashes = dump(passwords=False), set(User.objects.values_list("password", flat=True))
    folder = out(tmp_path / "out")
    assert "password" not in cells(folder, "orgs_user.csv")[0]
    assert not [one for one in hashes for text in content(folder).values() if one.encode() in text]
    assert "不含账号的密码" in (folder / "说明.md").read_text("utf-8")
    empty()
    call_command("import_all", str(folder))
    assert dump(passwords=False) == before
    assert not [user for user in User.objects.all() if user.has_usable_password()]
    assert len(set(User.objects.values_list("password", flat=True))) == User.objects.count()
    assert "changepassword" in capsys.readouterr().out

    asked = out(tmp_path / "asked", "--passwords")
    assert {row["password"] for row in cells(asked, "orgs_user.csv")} == set(
        User.objects.values_list("password", flat=True)
    )
    assert "含有账号的密码散列值" in (asked / "说明.md").read_text("utf-8")
    assert "密码散列值" in capsys.readouterr().out


def test_the_figures_are_those_of_before(full: World, tmp_path: Path) -> None:
    days = [dt.date(2024, 6, 30), dt.date(2025, 12, 31), dt.date(2026, 10, 31)]
    codes = [code for code in INDICATORS if all(summaries.answers(day, [code]) for day in days)]
    assert len(codes) > 20

    def figures() -> list[Any]:
        grounds = [summaries.Ground.everything()]
        grounds += [summaries.Ground(frozenset(), frozenset({park.pk})) for park in Park.objects.order_by("pk")]
        return [summaries.rates_at(ground, days, codes) for ground in grounds]

    before = figures()
    assert any(rate.numerator for rate in before[0][days[-1]].values())
    folder = out(tmp_path / "out")
    empty()
    call_command("import_all", str(folder))
    assert figures() == before


def test_a_new_record_never_gets_the_number_of_a_deleted_one(world: World, tmp_path: Path) -> None:
    """Else the trail of the deleted one would be shown as its own."""
    last = make_enterprise(world.jia.park, "登记错的", state=None)
    number = last.pk
    journal.delete(last, journal.INSTALLER, journal.Via.INSTALL)
    for target in Target.objects.all():  # a table that is empty now, but was not
        journal.delete(target, journal.INSTALLER, journal.Via.INSTALL)
    aimed = max(Change.objects.filter(model="metrics.target").values_list("object_id", flat=True))
    folder = out(tmp_path / "out")
    empty()
    call_command("import_all", str(folder))
    new = make_enterprise(Park.objects.get(slug="jia"), "新登记的", state=None)
    assert new.pk > number
    assert [change.action for change in journal.trail_of(new)] == ["create"]
    assert aim(new.park, 90).pk > aimed
    shown = max(ScreenLink.objects.values_list("pk", flat=True))
    assert make_screen(new.park).pk > shown


def test_nothing_but_text_tells_empty_from_null(full: World, tmp_path: Path) -> None:
    """An empty cell is null wherever it is not an empty text, and no text may be null."""
    folder = out(tmp_path / "out")
    for model in TABLES:
        for row, stored in zip(
            cells(folder, f"{model._meta.db_table}.csv"), model._base_manager.order_by("pk").values(), strict=True
        ):
            for name, cell in row.items():
                assert (cell == "") == (stored[name] is None or stored[name] == ""), (model, name)
                assert stored[name] != "" or isinstance(
                    model._meta.get_field(name), models.CharField | models.TextField
                )


def test_the_files_are_read_by_any_program(full: World, tmp_path: Path) -> None:
    folder = out(tmp_path / "out")
    assert not [name for name, text in content(folder).items() if text.startswith(b"\xef\xbb\xbf")]
    enterprises = cells(folder, "orgs_enterprise.csv")
    assert {row["name"] for row in enterprises} >= set(AWKWARD)
    assert {row["note"] for row in enterprises} >= set(AWKWARD)
    figures = {row["indicator"]: row for row in cells(folder, "metrics_statement.csv")}
    assert (figures["约数"]["value"], figures["约数"]["value_high"]) == ("0.1000", "")
    assert figures["区间"]["value_high"] == "99999999.9999"
    assert (figures["文字"]["value"], figures["文字"]["number"], figures["文字"]["wording"]) == ("", "", "半年")
    change = cells(folder, "orgs_change.csv")[0]
    first = Change.objects.order_by("pk")[0]
    assert dt.datetime.fromisoformat(change["at"]) == first.at
    assert json.loads(change["after"]) == first.after
    frozen = cells(folder, "metrics_frozenreport.csv")[0]
    assert json.loads(frozen["values"]) == FrozenReport.objects.order_by("pk")[0].values

    import duckdb

    asked = "SELECT count(*), count(until), min(since) FROM read_csv(?, delim=',', quote='\"', header=true)"
    counted = duckdb.sql(asked, params=[str(folder / "orgs_coverage.csv")]).fetchall()
    assert counted == [(4, 0, dt.date(2024, 1, 1))]


def test_the_same_data_gives_the_same_bytes(full: World, tmp_path: Path) -> None:
    assert content(out(tmp_path / "one")) == content(out(tmp_path / "two"))


def test_what_a_person_and_a_program_are_told(full: World, tmp_path: Path) -> None:
    folder = out(tmp_path / "out")
    told = json.loads((folder / "manifest.json").read_text("utf-8"))
    text = (folder / "说明.md").read_text("utf-8")
    assert told["portal"] == settings.VERSION
    assert told["portal"] in text
    assert told["day"] == f"{timezone.localdate()}"
    assert [one["table"] for one in told["tables"]] == [model._meta.label for model in TABLES]
    assert "orgs.0001_initial" in told["schema"]
    for model, one in zip(TABLES, told["tables"], strict=True):
        kept = (folder / one["file"]).read_bytes()
        assert hashlib.sha256(kept).hexdigest() == one["sha256"]
        assert len(kept) == one["bytes"]
        assert one["rows"] == len(cells(folder, one["file"])) == model._base_manager.count()
        assert (
            f"| {one['file']} | {model._meta.verbose_name} | {one['rows']} | {one['bytes']} | {one['sha256']} |" in text
        )
        section = text.split(f"## {model._meta.verbose_name}（{one['file']}）")[1].split("\n## ")[0]
        for field in one["fields"]:
            if field["name"] == "id":
                continue
            of_model = model._meta.get_field(field["name"])
            line = next(line for line in section.splitlines() if line.startswith(f"| {field['name']} |"))
            assert f"| {of_model.verbose_name} |" in line
            for value, label in of_model.flatchoices:
                assert f"{value}＝{label}" in line
    assert "以=、+、-、@开头的文字照原样保存" in text
    assert all(reason in text for reason in LEFT_OUT.values())


def test_only_the_owner_reads_the_folder(world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = os.umask(0)
    try:
        folder = out(tmp_path / "new" / "out")
        (tmp_path / "there").mkdir(mode=0o777)
        there = out(tmp_path / "there")
    finally:
        os.umask(before)
    for one in (folder, there):
        assert stat.S_IMODE(one.stat().st_mode) == 0o700
        modes = {(path.is_dir(), stat.S_IMODE(path.stat().st_mode)) for path in one.rglob("*")}
        assert modes == {(False, 0o600), (True, 0o700)}
    assert "个人信息" in capsys.readouterr().out


# Awkward texts

# PostgreSQL keeps no NUL, and neither keeps half a surrogate pair
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(rows=st.lists(st.tuples(TEXTS, TEXTS, st.dictionaries(TEXTS, JSON, max_size=3)), min_size=1, max_size=6))
@example(rows=[(text, text, {text: [text, None, 1.5]}) for text in AWKWARD])
@hypothesis_settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_comes_back(db: None, tmp_path_factory: Any, rows: list[tuple[str, str, dict[str, Any]]]) -> None:
    empty()
    park = make_park("awkward")
    for name, note, after in rows:
        firm = Enterprise(park=park, name=name, note=note, kind="private", settled_on=dt.date(2024, 1, 1))
        Enterprise._base_manager.bulk_create([firm])
        told = {"via": "install", "action": "create", "model": "orgs.enterprise", "object_id": firm.pk, "label": name}
        Change.objects.bulk_create([Change(**told, after=after)])
    before = dump()
    folder = out(tmp_path_factory.mktemp("texts") / "out")
    empty()
    call_command("import_all", str(folder), stdout=StringIO())
    after_all = dump()
    assert [after_all[model._meta.label] for model in TABLES] == [before[model._meta.label] for model in TABLES]
    assert content(out(folder.parent / "again")) == content(folder)


# Where it may go


def test_a_folder_with_anything_else_in_it_is_refused(world: World, tmp_path: Path) -> None:
    (tmp_path / "信.txt").write_text("mine")
    with pytest.raises(CommandError, match=r"里有别的文件（如信\.txt）"):
        out(tmp_path, "--replace")
    assert content(tmp_path) == {"信.txt": b"mine"}
    folder = out(tmp_path / "out")
    (folder / "notes.md").write_text("mine")
    with pytest.raises(CommandError, match=r"如notes\.md"):
        out(folder, "--replace")
    assert (folder / "notes.md").exists()


def test_an_earlier_export_is_replaced_only_when_told(world: World, tmp_path: Path) -> None:
    folder = out(tmp_path / "out", "--passwords")
    before = content(folder)
    make_enterprise(world.jia.park, "后来的")
    with pytest.raises(CommandError, match="加 --replace"):
        out(folder)
    assert content(folder) == before
    out(folder, "--replace")
    assert "后来的" in (folder / "orgs_enterprise.csv").read_text("utf-8")
    assert content(folder).keys() == before.keys()


def test_what_was_there_stays_whole_when_the_new_one_fails(world: World, tmp_path: Path) -> None:
    folder = out(tmp_path / "out")
    before = content(folder)
    newest = next(leaf for leaf in MigrationLoader(connection).graph.leaf_nodes() if leaf[0] == "portal")
    MigrationRecorder(connection).record_unapplied(*newest)
    for place in (folder, tmp_path / "new"):
        with pytest.raises(CommandError, match=r"请先运行 manage\.py migrate"):
            out(place, "--replace")
    assert content(folder) == before
    assert not (tmp_path / "new").exists()


def test_a_place_that_can_not_be_written_is_said(world: World, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(CommandError, match="是一个文件，请另给一个文件夹"):
        out(tmp_path / "file")
    with pytest.raises(CommandError, match="没有导出：不能写入"):
        out(tmp_path / "file" / "out")


# What does not come in


def refused(folder: Path, match: str) -> None:
    with pytest.raises(CommandError, match=match) as caught:
        call_command("import_all", str(folder))
    told = str(caught.value)
    assert "\n" not in told
    assert told.endswith("。")
    assert not any(dump().values()), "all or nothing"


def test_only_an_empty_installation_takes_it(folder: Path) -> None:
    make_user("somebody")
    kept = dump()
    with pytest.raises(CommandError, match="这里已有账号，只能导入到还没有园区也没有账号的系统"):
        call_command("import_all", str(folder))
    assert dump() == kept
    make_park("somewhere")
    with pytest.raises(CommandError, match="这里已有园区"):
        call_command("import_all", str(folder))
    empty()
    # The trail alone: its entries speak of other records by the same numbers
    Change.objects.create(via="page", action="delete", model="orgs.park", object_id=1, label="某园区")
    with pytest.raises(CommandError, match="这里已有修改记录"):
        call_command("import_all", str(folder))
    assert Change.objects.count() == 1


def test_the_gate_restores_nothing_where_somebody_was(world: World) -> None:
    kept = dump()
    with pytest.raises(journal.NotRestored, match="只能导入到还没有园区也没有账号的系统"):
        journal.restore([(User, ["id", "username"], [[10**6, "intruder"]])])
    assert dump() == kept


def test_a_folder_that_is_none_is_refused(db: None, tmp_path: Path) -> None:
    refused(tmp_path, "里没有 manifest.json")
    refused(tmp_path / "nowhere", "里没有 manifest.json")
    (tmp_path / "manifest.json").write_text("[1, 2")
    refused(tmp_path, "已损坏，读不懂")
    (tmp_path / "manifest.json").write_bytes(b"\xff\xfe")
    refused(tmp_path, "已损坏，读不懂")
    (tmp_path / "manifest.json").write_text('{"format": "another 7"}')
    refused(tmp_path, "格式是“another 7”")


@pytest.mark.parametrize("name", ["orgs_member.csv", "说明.md", "orgs_change.csv"])
def test_a_missing_an_altered_a_surplus_file_is_refused(folder: Path, name: str) -> None:
    kept = (folder / name).read_bytes()
    (folder / name).unlink()
    refused(folder, f"缺少{name}")
    (folder / name).write_bytes(kept[:-1] + bytes([kept[-1] ^ 1]))
    refused(folder, f"{name} 与导出时不同（SHA-256不符）")
    (folder / name).write_bytes(kept)
    (folder / "more.csv").write_bytes(kept)
    refused(folder, "多出more.csv")


def retell(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    told = json.loads((folder / "manifest.json").read_text("utf-8"))
    change(told)
    (folder / "manifest.json").write_text(json.dumps(told), "utf-8")


def test_another_schema_is_refused(folder: Path) -> None:
    retell(folder, lambda told: told["schema"].append("orgs.9999_the_future"))
    refused(folder, "数据库表与本系统不同（orgs.9999_the_future）.*请用导出它的版本导入，再升级")
    retell(folder, lambda told: told["schema"].pop())
    retell(folder, lambda told: told["tables"][0]["fields"].pop())
    refused(folder, "manifest.json 里的表或列与本系统不同")
    ((package, newest),) = MigrationLoader(connection).graph.leaf_nodes("orgs")
    MigrationRecorder(connection).record_unapplied(package, newest)
    refused(folder, "请先运行 manage.py migrate")


def test_a_count_that_differs_is_refused(folder: Path) -> None:
    def one_more(told: dict[str, Any]) -> None:
        told["tables"][0]["rows"] += 1

    retell(folder, one_more)
    refused(folder, "orgs_park.csv 有2行，manifest.json 说有3行")


def forge(folder: Path, file: str, change: Callable[[bytes], bytes]) -> None:
    """Alter a file as somebody who knows the manifest would."""
    before = (folder / file).read_bytes()
    after = change(before)
    assert after != before
    (folder / file).write_bytes(after)

    def tell(told: dict[str, Any]) -> None:
        one = next(one for one in told["tables"] if one["file"] == file)
        one |= {"sha256": hashlib.sha256(after).hexdigest(), "bytes": len(after)}

    retell(folder, tell)


def cell(folder: Path, file: str, place: int, column: str, value: str) -> int:
    """Write a value into a cell of the record at ``place``; gives the line on which the record begins."""
    rows = cells(folder, file)
    place %= len(rows)
    rows[place][column] = value
    text = StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    line = 0
    for number, row in enumerate(rows):
        if number == place:
            # Lines as an editor counts them: a lone CR ends one, too
            line = len(text.getvalue().replace("\r\n", "\n").replace("\r", "\n").split("\n"))
        writer.writerow(row)
    forge(folder, file, lambda before: text.getvalue().encode())
    return line


WRONG = [
    (
        "orgs_enterprise.csv",
        "settled_on",
        "2026-02-30",
        "settled_on（入驻日期）写作“2026-02-30”，应为2026-11-21样式的日期",
    ),
    ("orgs_enterprise.csv", "settled_on", "20260228", "写作“20260228”，应为2026-11-21样式的日期"),
    ("orgs_enterprise.csv", "settled_on", "", "settled_on（入驻日期）空着，这一列必须有值"),
    ("orgs_enterprise.csv", "park_id", "", "park_id（园区）空着"),
    ("orgs_enterprise.csv", "name", "长" * 121, "name（企业名称）有121个字，最多120个"),
    ("orgs_enterprise.csv", "kind", "public", "kind（企业类型）是“public”，不在可选的值之内"),
    ("orgs_enterprise.csv", "kind", "", "kind（企业类型）是“”，不在可选的值之内"),
    ("orgs_enterprise.csv", "id", "1", "编号应由小到大"),
    ("orgs_enterprise.csv", "id", "x", "id（编号）写作“x”，应为整数"),
    ("orgs_enterprise.csv", "park_id", "999999", "park_id是999999，没有这个园区"),
    ("orgs_enterprise.csv", "left_on", "2001-01-01", "迁出日期应晚于入驻日期"),
    ("orgs_businessstate.csv", "staff", "-1", "staff（从业人员）是-1，超出了能存的范围"),
    ("orgs_businessstate.csv", "staff", "1.0", "应为整数"),
    ("orgs_businessstate.csv", "staff", "１２", "应为整数"),
    ("orgs_businessstate.csv", "staff", "9" * 30, "超出了能存的范围"),
    ("orgs_businessstate.csv", "above_scale", "True", "above_scale（规模以上）写作“True”，应为true或false"),
    ("orgs_businessstate.csv", "since", "2024-01-01T00:00", "应为2026-11-21样式的日期"),
    ("metrics_target.csv", "percent", "95", "percent（目标值）写作“95”，应为带1位小数的数"),
    ("metrics_target.csv", "percent", "NaN", "应为带1位小数的数"),
    ("metrics_target.csv", "percent", "1e1", "应为带1位小数的数"),
    ("metrics_target.csv", "percent", "1000.0", "整数部分最多3位"),
    ("metrics_target.csv", "percent", "100.5", "目标值应大于0，不超过100"),
    ("orgs_change.csv", "at", "2026-11-21 07:00:00", "at（时间）写作“2026-11-21 07:00:00”，应为"),
    ("orgs_change.csv", "at", "2026-11-21T15:00:00.000000+08:00", "应为2026-11-21T07:12:03.000000Z样式的时间"),
    ("orgs_change.csv", "after", "{", "after（新值）写作“{”，应为"),
    ("orgs_change.csv", "after", '{"b":1,"a":2}', "应为键按字母排序"),
    ("orgs_change.csv", "after", '{"a":NaN}', "应为键按字母排序"),
    ("orgs_change.csv", "user_id", "999999", "user_id是999999，没有这个账号"),
    ("orgs_park.csv", "slug", "jia", "orgs_park.csv 第3行：与前面的一行重复"),
    ("orgs_park.csv", "region_code", "15062", "区划代码应为6位数字"),
]


@pytest.mark.parametrize(("file", "column", "value", "said"), WRONG)
def test_a_wrong_cell_is_refused_with_its_line(folder: Path, file: str, column: str, value: str, said: str) -> None:
    line = cell(folder, file, -1 if file != "orgs_park.csv" else 1, column, value)
    refused(folder, f"^{re.escape(file)} 第{line}行：.*{re.escape(said.removeprefix(f'{file} 第3行：'))}")


def test_the_line_is_that_of_an_editor(folder: Path) -> None:
    """Records with line ends in their texts come before it."""
    rows = cells(folder, "orgs_enterprise.csv")
    assert any("\n" in row["note"] for row in rows[:-1])
    line = cell(folder, "orgs_enterprise.csv", len(rows) - 1, "size", "giant")
    assert line > len(rows) + 1
    refused(folder, f"orgs_enterprise.csv 第{line}行：size（企业规模）是“giant”")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace(b"slug", b"slag", 1), "第1行：列名与本系统不同"),
        (lambda text: text.replace(b",150622", b",150622,more", 1), "第2行：有18格，应有17格"),
        (lambda text: text.replace(b",150622", b',"150622', 1), "第2行：双引号不配对"),
        (lambda text: text.replace("甲园".encode(), "甲园".encode("gbk"), 1), "不是UTF-8编码"),
        (lambda text: text.replace(b",150622,", b',"150622",', 1), "第2行：写进数据库再读出来不一样"),
        (lambda text: text.replace(b"\r\n", b"\n"), "第1行：写进数据库再读出来不一样"),
        (lambda text: b"", "第1行：列名与本系统不同"),
        (lambda text: text + b"\r\n", "第4行：有0格"),
    ],
)
def test_a_file_written_otherwise_is_refused(folder: Path, change: Callable[[bytes], bytes], said: str) -> None:
    forge(folder, "orgs_park.csv", change)
    refused(folder, said)


def test_a_figure_that_the_database_can_not_keep_is_not_rounded(folder: Path) -> None:
    """SQLite keeps some fifteen digits of a decimal; PostgreSQL keeps all eighteen."""
    place = next(n for n, row in enumerate(cells(folder, "metrics_statement.csv")) if row["indicator"] == "约数")
    line = cell(folder, "metrics_statement.csv", place, "value", "12345678901234.5678")
    if connection.vendor == "sqlite":
        refused(folder, f"metrics_statement.csv 第{line}行：写进数据库再读出来不一样")
    else:
        call_command("import_all", str(folder))
        assert Statement.objects.get(indicator="约数").value == Decimal("12345678901234.5678")


def test_a_number_of_any_column_that_is_out_of_range_is_unreadable() -> None:
    for model in TABLES:
        for column in columns_of(model, passwords=True, id_numbers=True):
            if column.kind == "integer":
                with pytest.raises(Unreadable):
                    column.read("9" * 25)


# As it is run: databases of its own, from the command line

VERIFY = """
from django.core.management import call_command
for kept in ("grams", "names", "summaries"):
    call_command(kept, "verify")
"""
NEXT_NUMBER = """
from orgs.models import Change, Enterprise, Park
from orgs.journal import INSTALLER, Via, save
deleted = Change.objects.get(model="orgs.enterprise", action="delete").object_id
park = Park.objects.order_by("pk")[0]
new = save(Enterprise(park=park, name="new", kind="private", settled_on="2026-01-01"), INSTALLER, Via.INSTALL)
assert deleted > Enterprise.objects.exclude(pk=new.pk).order_by("-pk")[0].pk
assert new.pk == deleted + 1, (new.pk, deleted)
"""
TWO_READERS = """
from django.db import connection
from orgs.models import Park
from portal.takeout.moment import one_moment
other = connection.copy()
def rename(name):
    with other.cursor() as cursor:
        cursor.execute("UPDATE orgs_park SET working_committee = %s", [name])
def read():
    return set(Park.objects.values_list("working_committee", flat=True))
rename("before")
with one_moment():
    assert read() == {"before"}
    rename("meanwhile")  # does not wait, and is not waited for
    assert read() == {"before"}
assert read() == {"meanwhile"}
rename("after")
assert read() == {"after"}
other.close()
"""


@pytest.fixture(scope="module")
def environments(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[dict[str, str]]]:
    """New databases: one of the kind that is tested, and a SQLite file beside it if that is another kind."""
    with own_database() as own:
        found = [own]
        if connection.vendor != "sqlite":
            aside = tmp_path_factory.mktemp("aside")
            found.append({**own, "PORTAL_VAR": str(aside), "DATABASE_URL": f"sqlite:///{aside}/portal.sqlite3"})
        for one in found:
            manage(one, "migrate", "-v0")
        yield found


def manage(environment: dict[str, str], *arguments: str, code: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *arguments], env=environment, capture_output=True, text=True
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_every_kind_of_database_takes_it_and_gives_the_same_bytes(
    full: World, tmp_path: Path, environments: list[dict[str, str]]
) -> None:
    folder = out(tmp_path / "out")
    for number, environment in enumerate(environments):
        told = manage(environment, "import_all", str(folder))
        assert f"已导入{len(TABLES)}张表" in told
        assert "与文件逐字节相同" in told
        again = tmp_path / f"again-{number}"
        manage(environment, "export_all", str(again))
        assert content(again) == content(folder)
        told = manage(environment, "shell", "-v0", "-c", VERIFY + TWO_READERS + NEXT_NUMBER)
        assert told.count("一致") == 3, told
        refused_now = manage(environment, "import_all", str(folder), code=1)
        assert "CommandError: 这里已有园区" in refused_now
        assert "Traceback" not in refused_now
