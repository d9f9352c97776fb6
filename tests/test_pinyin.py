"""Names in the order of their pinyin: the same in Python, on SQLite and on PostgreSQL, and kept by every write."""

import re
import shutil
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, models
from hypothesis import HealthCheck, given, settings as hypothesis_settings, strategies as st
from openpyxl import load_workbook

from orgs import journal, ordering, pinyin
from orgs.journal import INSTALLER, Via
from orgs.models import Change, Enterprise, Member, Park, PartyOrganization
from orgs.ordering import NameField
from tests.factories import day, make_enterprise, make_member, make_organization, make_park

# In their order: marks, numbers by size, letters, then pinyin by syllable, tone and sign
ENTERPRISES = [
    "（集团）总部", "一号楼管理处", "2号楼管理处", "3M材料", "三号楼管理处", "10号楼管理处", "360安全科技",
    "1688电子商务", "ABB电气", "ＡＢＢ机器人", "bp石油", "TCL电子", "阿尔山矿泉水", "安徽海螺", "安吉物流", "奥克斯",
    "北京大学科技园", "博世汽车", "长城汽车", "长沙三一重工", "成都银行", "重庆长安", "大连重工", "都匀毛尖",
    "鄂尔多斯羊绒", "广德电子", "杭州银行", "葫芦岛锌业", "华为", "𠮷野家", "济南第一机床厂", "济南第二机床厂",
    "济南第十机床厂", "江苏A材料", "江苏安泰", "江苏长江润发", "江苏重庆路店", "江苏张家港", "丽水纸业", "鲁能",
    "六安瓜片", "吕梁铝业", "绿地", "栾川钼业", "蒙牛", "南京（江宁）物流", "南京物流", "番禺珠宝", "山西焦煤",
    "陕西煤业", "单县羊肉汤", "台州泵业", "无锡2期项目部", "无锡10期项目部", "厦工机械", "厦门钨业", "音乐之声",
    "银川化工", "远景", "乐清电器", "朝阳轮胎", "中国中车", "中兴通讯", "重型机械厂",
]  # fmt: skip
PERSONS = [
    "薄一波", "晁盖", "葛优", "李白", "李黑", "万俟卨", "区建国", "朴树", "仇英", "任重", "单雄信", "解缙", "尉迟恭",
    "曾国藩", "查良镛", "翟天临", "张三", "张伟", "张伟民", "章伟", "长孙无忌",
]  # fmt: skip


def keys(names: list[str], **given: Any) -> list[str]:
    return sorted(names, key=lambda name: pinyin.order_key(name, **given))


# What is said of a name


@pytest.mark.parametrize("name", ENTERPRISES)
def test_a_key_is_plain_ascii(name: str) -> None:
    key = pinyin.order_key(name)
    assert key.isascii()
    assert key.isprintable()
    assert len(key) <= pinyin.PER_SIGN * len(name)


def test_persons_go_by_the_reading_of_their_family_name() -> None:
    assert keys(sorted(PERSONS), is_person=True) == PERSONS


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("北京大学", "bjdx"),
        ("重庆银行", "cqyh"),
        ("长城重工", "cczg"),
        ("旅行长廊", "lxcl"),
        ("旅行社行长", "lxshz"),
        ("厦门大厦", "xmds"),
        ("乐清音乐", "yqyy"),
        ("Ａ座 3号·甲（中国）", "az3hjzg"),
        ("第二党支部", "dedzb"),
        ("女儿", "ne"),
        ("……", ""),
        ("", ""),
    ],
)
def test_initials_are_those_of_the_words(name: str, wanted: str) -> None:
    assert pinyin.initials(name) == wanted


def test_initials_of_a_person_begin_with_the_family_name() -> None:
    told = {name: pinyin.initials(name, is_person=True) for name in ("单雄信", "曾国藩", "万俟卨", "欧阳修", "张三")}
    assert told == {"单雄信": "sxx", "曾国藩": "zgf", "万俟卨": "mqx", "欧阳修": "oyx", "张三": "zs"}
    assert pinyin.initials("单县") == "sx"
    assert pinyin.initials("曾经") == "cj"


@pytest.mark.parametrize(
    ("numeral", "size"),
    [("一", "1"), ("十", "10"), ("十二", "12"), ("二十", "20"), ("二十一", "21"), ("一百零三", "103"),
     ("一千二百", "1200"), ("一一", "11"), ("二〇二六", "2026"), ("百", None), ("一二十", None),
     ("十百", None), ("零十", None)],
)  # fmt: skip
def test_numerals_are_read_as_numbers(numeral: str, size: str | None) -> None:
    assert pinyin._size(numeral) == size


def test_what_counts_is_a_number_and_what_only_sounds_so_is_none() -> None:
    assert keys(["第十支部", "第9支部", "第八支部"]) == ["第八支部", "第9支部", "第十支部"]
    assert keys(["三支部", "一支部", "十一支部", "二支部"]) == ["一支部", "二支部", "三支部", "十一支部"]
    # 三一 and 七匹狼 stand under s and q
    assert keys(["四川", "三一重工", "七匹狼", "安徽"]) == ["安徽", "七匹狼", "三一重工", "四川"]
    assert keys(["车间002", "车间10", "车间1"]) == ["车间1", "车间002", "车间10"]
    assert keys(["", "张", "　"]) == ["张", "", "　"]


@pytest.mark.soak
def test_the_readings_are_what_the_script_writes(tmp_path: Path) -> None:
    """Of the library that the lock file pins: a newer one wants `make readings`, and a migration."""
    root = Path(settings.BASE_DIR)
    for folder in ("scripts", "orgs"):
        (tmp_path / folder).mkdir()
    shutil.copy(root / "scripts/readings.py", tmp_path / "scripts")
    subprocess.run([sys.executable, tmp_path / "scripts/readings.py"], check=True, capture_output=True)
    assert (tmp_path / "orgs/readings.txt").read_bytes() == pinyin.FILE.read_bytes()


@pytest.mark.crawl
def test_nothing_is_read_before_a_name_is_written() -> None:
    program = (
        "import django, sys; django.setup(); from orgs import pinyin; import portal.urls;"
        "print(pinyin.readings.cache_info().currsize, 'pypinyin' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        cwd=settings.BASE_DIR,
        env={"DJANGO_SETTINGS_MODULE": "portal.settings", "PORTAL_VAR": str(settings.BASE_DIR / "var"), "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.split() == ["0", "False"]


# The order of the database


@pytest.fixture
def park(db: None) -> Park:
    return make_park("pinyin")


def new(park: Park, name: str) -> Enterprise:
    return Enterprise(park=park, name=name, kind="private", settled_on=day("2024-01-01"))


def test_sixty_names_are_in_the_order_written_here(park: Park) -> None:
    """Word for word: what a reader expects, on either database."""
    journal.save_many([new(park, name) for name in sorted(ENTERPRISES)], INSTALLER, Via.INSTALL)
    told = Enterprise.objects.order_by("order_key", "pk").values_list("name", flat=True)
    assert list(told) == ENTERPRISES
    assert list(told.reverse()) == ENTERPRISES[::-1]
    journal.save_many(
        [Member(park=park, name=name, applied_on=day("2024-01-01")) for name in sorted(PERSONS)],
        INSTALLER,
        Via.INSTALL,
    )
    assert list(Member.objects.values_list("name", flat=True)) == PERSONS


ALPHABET = "重庆长城行乐单曾一二三十百第号支部张章𠮷〇零aAbZzéß9０1 ·（）-_~\\%甲ａＡéяЯ\u3000"


@given(names=st.lists(st.text(st.sampled_from(ALPHABET), min_size=1, max_size=8), min_size=2, max_size=8, unique=True))
@hypothesis_settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_order_of_python_is_that_of_the_database(park: Park, names: list[str]) -> None:
    Enterprise._base_manager.all().delete()
    rows = [new(park, name) for name in names]
    Enterprise._base_manager.bulk_create(rows)
    told = list(Enterprise.objects.order_by("order_key", "pk").values_list("pk", flat=True))
    assert told == [row.pk for row in sorted(rows, key=lambda row: (pinyin.order_key(row.name), row.pk))]


def test_the_first_page_of_a_park_is_read_off_the_index(park: Park) -> None:
    journal.save_many([new(park, f"企业{number}") for number in range(400)], INSTALLER, Via.INSTALL)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ANALYZE orgs_enterprise")
            cursor.execute("SET LOCAL enable_seqscan = off")
    plan = Enterprise.objects.filter(park=park).order_by("order_key", "pk")[:50].explain()
    assert "orgs_enterprise_park_order" in plan
    assert "Sort" not in plan
    assert "TEMP B-TREE" not in plan


@pytest.mark.parametrize(
    ("typed", "found"), [("sxyh", True), ("SXYH", True), ("单 yh", True), ("dxyh", False), ("s", False)]
)
def test_a_ledger_is_searched_by_initials(typed: str, found: bool, world: Any, officer: Any, sign_in: Any) -> None:
    make_enterprise(world.jia.park, "单县银行")
    page = sign_in(officer).get("/ledgers/enterprises/", {"q": typed}).content.decode()
    assert ("单县银行" in page) is found


def test_a_workbook_and_a_page_are_in_this_order(world: Any, officer: Any, sign_in: Any) -> None:
    for name in ("重庆10号厂", "重庆2号厂", "安徽厂"):
        make_enterprise(world.jia.park, name)
    client = sign_in(officer)
    wanted = keys(list(Enterprise.objects.filter(park=world.jia.park).values_list("name", flat=True)))
    assert wanted[:3] == ["安徽厂", "重庆2号厂", "重庆10号厂"]
    for query in ({}, {"sort": "name"}):
        page = client.get("/ledgers/enterprises/", query)
        assert re.findall(r"<a href=[^>]*>([^<]+(?:厂|公司))</a>", page.content.decode()) == wanted
    book = load_workbook(BytesIO(client.get("/ledgers/enterprises/export/").content))
    told = [row[0] for row in book.worksheets[0].iter_rows(values_only=True)]
    assert [name for name in told if name in set(wanted)] == wanted


# Following every write


def held(row: Any) -> tuple[str, str]:
    row.refresh_from_db()
    return row.order_key, row.initials


def test_every_write_keeps_the_columns(park: Park) -> None:
    firm = make_enterprise(park, "单县银行")
    branch = make_organization(park, "中共长城公司支部委员会", short_name="长城支部")
    person = make_member(park, "单雄信")
    assert held(firm) == (pinyin.order_key("单县银行"), "sxyh")
    assert held(branch) == (pinyin.order_key("长城支部"), "cczb")
    assert held(person) == (pinyin.order_key("单雄信", is_person=True), "sxx")
    assert held(park) == (pinyin.order_key(park.name), pinyin.initials(park.name))
    firm.name = "重庆银行"
    firm.order_key = "not what it should be"
    journal.save(firm, INSTALLER, Via.INSTALL)
    assert held(firm) == (pinyin.order_key("重庆银行"), "cqyh")
    for number in (3, 30):  # by the ORM, and as SQL
        rows = journal.save_many(
            [new(park, f"长安{number}之{place}") for place in range(number)], INSTALLER, Via.INSTALL
        )
        assert {row.initials for row in rows} == {f"ca{number}z{place}" for place in range(number)}
        assert held(rows[-1]) == (pinyin.order_key(rows[-1].name), rows[-1].initials)
    assert not ordering.verify()


def test_the_trail_says_nothing_of_them(park: Park) -> None:
    firm = make_enterprise(park, "甲")
    firm.name = "乙"
    journal.save(firm, INSTALLER, Via.INSTALL)
    for change in Change.objects.filter(model="orgs.enterprise", object_id=firm.pk):
        assert not {"order_key", "initials"} & {*change.before, *change.after}
    number = Change.objects.count()
    firm.order_key = ""
    journal.save(firm, INSTALLER, Via.INSTALL)
    assert Change.objects.count() == number
    assert not ordering.verify()


def test_the_longest_names_fit(park: Park) -> None:
    firm = make_enterprise(park, "\ufdfa" * 120)  # a sign of eighteen
    assert len(firm.order_key) == 600
    firm = make_enterprise(park, "龘" * 120)
    assert len(firm.order_key) == 600
    assert len(firm.initials) == 120


def test_verify_finds_what_came_past_the_gate_and_rebuild_mends_it(
    park: Park, capsys: pytest.CaptureFixture[str]
) -> None:
    firm, person = make_enterprise(park, "甲河"), make_member(park, "曾三")
    call_command("names", "verify")
    assert "一致" in capsys.readouterr().out
    Enterprise.objects.filter(pk=firm.pk).update(name="乙河")
    Member.objects.filter(pk=person.pk).update(initials="x")
    with pytest.raises(CommandError, match="names rebuild"):
        call_command("names", "verify")
    told = capsys.readouterr().out
    assert f"企业{firm.pk}：“乙河”" in told
    assert f"党员{person.pk}：“曾三”" in told
    call_command("names", "rebuild")
    assert "改正2条" in capsys.readouterr().out
    assert held(firm) == (pinyin.order_key("乙河"), "yh")
    assert held(person)[1] == "zs"
    assert not ordering.verify()


def test_every_list_of_named_records_is_in_this_order() -> None:
    """A model that is sorted by a name unasked has a key for it."""
    assert set(ordering.named()) == {Enterprise, Member, Park, PartyOrganization}
    for model in ordering.named():
        assert "order_key" in model._meta.ordering
        assert not {field.of for field in ordering.columns(model)} & set(model._meta.ordering)
        for field in ordering.columns(model):
            assert isinstance(field, NameField)
            source: Any = model._meta.get_field(field.of)
            assert isinstance(source, models.CharField)
