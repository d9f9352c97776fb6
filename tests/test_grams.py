"""The index of enterprise names: it finds what the plain question finds, follows every write, and can be checked."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import Q
from hypothesis import HealthCheck, given, settings as hypothesis_settings, strategies as st

from orgs import grams, journal
from orgs.journal import INSTALLER, Via
from orgs.models import Enterprise, NameGram
from tests.factories import day, make_enterprise, make_park, make_uscc

pytestmark = pytest.mark.django_db


def kept(enterprise: Enterprise) -> set[str]:
    return set(NameGram.objects.filter(enterprise=enterprise.pk).values_list("gram", flat=True))


def plainly(words: str) -> Any:
    """The plain question: every word somewhere in a name, a former name or the code."""
    found = Enterprise.objects.order_by("pk")
    for word in words.split():
        found = found.filter(Q(name__icontains=word) | Q(former_names__icontains=word) | Q(uscc__icontains=word))
    return found


def by_index(words: str) -> Any:
    rarest = grams.bearers(words)
    return plainly(words) if rarest is None else plainly(words).filter(pk__in=rarest)


# The same answers


# Signs that databases fold in different ways, that the pattern language means something by, and that separate words
SIGNS = "新材料科技公司甲𠮷AaBbZz９Ａａｂ0189ßẞſsSKkÅåÉéΣσςİiIıŉﬁǆǅ%_\\'（）( )·　\n"
NAMES = st.text(st.sampled_from(SIGNS), min_size=1, max_size=12)
WORDS = st.text(st.sampled_from(SIGNS), min_size=1, max_size=4)


@pytest.fixture
def park(db: None) -> Any:
    return make_park("gram")


@given(
    names=st.lists(st.tuples(NAMES, NAMES), min_size=1, max_size=5), words=st.lists(WORDS, max_size=6), data=st.data()
)
@hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_index_finds_what_the_plain_question_finds(
    park: Any, names: list[tuple[str, str]], words: list[str], data: st.DataObject
) -> None:
    Enterprise._base_manager.all().delete()
    NameGram._base_manager.all().delete()
    rows = [
        Enterprise(
            park=park,
            name=name,
            former_names=former,
            uscc=make_uscc(place) if place % 2 else "",
            kind="private",
            settled_on=day("2024-01-01"),
        )
        for place, (name, former) in enumerate(names)
    ]
    Enterprise._base_manager.bulk_create(rows)
    grams.after_write(rows)
    # Words cut out of what is there are found more often than invented ones
    for text in [text for row in rows for text in (row.name, row.former_names, row.uscc) if text]:
        start = data.draw(st.integers(0, len(text) - 1))
        cut = text[start : start + data.draw(st.integers(1, 4))]
        words += [cut, cut.swapcase()]
    for word in words:
        for asked in (word, f"{word} {words[0]}"):
            assert list(by_index(asked)) == list(plainly(asked)), repr(asked)
    assert not grams.verify()


def test_the_fold_makes_one_what_the_database_takes_for_one(db: None) -> None:
    """Every sign there is: what UPPER makes of it folds to the same."""
    signs = [chr(code) for code in range(1, 0x30000) if not 0xD800 <= code < 0xE000]
    if connection.vendor != "postgresql":
        assert all(grams.fold(sign) == grams.fold(sign.swapcase()) for sign in signs if sign.isascii())
        return
    with connection.cursor() as cursor:
        collations = ["default"]
        cursor.execute("SELECT collname FROM pg_collation WHERE collname = 'und-x-icu'")
        collations += [name for (name,) in cursor.fetchall()]
        for collation in collations:
            cursor.execute(f'SELECT sign, upper(sign COLLATE "{collation}") FROM unnest(%s::text[]) AS sign', [signs])
            wrong = [(sign, upper) for sign, upper in cursor.fetchall() if grams.fold(sign) != grams.fold(upper)]
            assert not wrong, collation


def test_pairs_are_folded_and_never_reach_over_a_blank() -> None:
    assert grams.pairs("ａb公司") == {"ＡB", "B公", "公司"}
    assert grams.pairs("甲 乙丙\n丁", "戊") == {"乙丙"}
    assert grams.pairs("甲") == set()


def test_the_rarest_pair_is_chosen_and_no_pair_is_no_help(park: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(4):
        make_enterprise(park, f"甲乙有限公司{number}")
    rare = make_enterprise(park, "丙丁有限公司")
    monkeypatch.setattr(grams, "FEW", 1)
    monkeypatch.setattr(grams, "SHARE", 1)
    found = grams.bearers("有限 丙丁有")
    assert found == [rare.pk]
    monkeypatch.setattr(grams, "FEW", 0)
    more: Any = grams.bearers("有限 丙丁有")
    assert set(more.values_list("enterprise", flat=True)) == {rare.pk}
    monkeypatch.setattr(grams, "FEW", 1)
    for useless in ("", "甲", "甲 乙 丙"):
        assert grams.bearers(useless) is None
    # Borne by every enterprise: as fast to read them all
    monkeypatch.setattr(grams, "SHARE", 10**9)
    assert grams.bearers("有限") is None


# Following every write


def test_the_index_follows_create_rename_and_delete(park: Any) -> None:
    row = make_enterprise(park, "甲乙AB", former_names="旧名\n更旧", uscc=make_uscc(1))
    assert kept(row) == {"甲乙", "乙A", "AB", "旧名", "更旧"} | grams.pairs(row.uscc)
    row.name, row.former_names = "乙甲ab", "旧名"
    journal.save(row, INSTALLER, Via.INSTALL)
    assert kept(row) == {"乙甲", "甲A", "AB", "旧名"} | grams.pairs(row.uscc)
    assert not grams.verify()
    key = row.pk
    for state in row.states.all():
        journal.delete(state, INSTALLER, Via.INSTALL)
    journal.delete(row, INSTALLER, Via.INSTALL)
    assert not NameGram.objects.filter(enterprise=key).exists()
    assert not grams.verify()


def test_the_index_follows_many_at_once(park: Any) -> None:
    rows = [
        Enterprise(park=park, name=f"第{number}企业", kind="private", settled_on=day("2024-01-01"))
        for number in range(30)
    ]
    journal.save_many(rows, INSTALLER, Via.INSTALL)
    assert NameGram.objects.filter(gram="企业").count() == 30
    assert not grams.verify()


def test_what_is_rolled_back_leaves_no_pair(park: Any) -> None:
    with transaction.atomic():
        make_enterprise(park, "甲乙")
        assert NameGram.objects.exists()
        transaction.set_rollback(True)
    assert not NameGram.objects.exists()


# Checking and mending


def test_verify_finds_what_was_planted_and_rebuild_mends_it(park: Any, capsys: pytest.CaptureFixture[str]) -> None:
    row = make_enterprise(park, "甲乙丙")
    call_command("grams", "verify")
    assert "一致" in capsys.readouterr().out
    NameGram.objects.filter(enterprise=row.pk, gram="甲乙").delete()
    NameGram.objects.create(enterprise_id=row.pk, gram="丁戊")
    assert set(grams.verify()) == {("甲乙", row.pk, True), ("丁戊", row.pk, False)}
    with pytest.raises(CommandError, match="grams rebuild"):
        call_command("grams", "verify")
    told = capsys.readouterr().out
    assert f"企业{row.pk}：索引缺少“甲乙”" in told
    assert f"企业{row.pk}：索引多出“丁戊”" in told
    call_command("grams", "rebuild")
    assert "共2行" in capsys.readouterr().out
    assert kept(row) == {"甲乙", "乙丙"}
    assert not grams.verify()
