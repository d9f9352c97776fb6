"""ID numbers: read right, sealed to their record, shown by nothing, and gone from wherever they passed through."""

import base64
import datetime as dt
import hashlib
import io
import json
import logging
import re
import stat
import zipfile
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client, RequestFactory
from django.urls import reverse
from hypothesis import given, strategies as st
from openpyxl import Workbook, load_workbook

from orgs import idnumbers, journal, keyring, sealing
from orgs.journal import Via
from orgs.models import Change, Member, Park, User
from portal.forms import MemberForm
from portal.forms.fields import SECRET
from portal.imports import batches, returned, undo
from portal.imports.container import Unreadable
from portal.imports.plans import PLANS
from portal.ledgers import LEDGERS
from portal.models import Draft, ImportBatch
from portal.records import RECORDS
from portal.reporting import WithoutNumbers
from tests.conftest import ID_KEY
from tests.factories import OURS, grant, make_id_number, make_member, make_park, make_user, make_world, put
from tests.test_export_all import empty
from tests.test_persons import crawl, said
from tests.test_records import edit_data, text_of

TODAY = dt.date(2026, 11, 21)
NOUGHTS = "1:" + base64.b64encode(bytes(32)).decode()
NUMBER = make_id_number(377, "1980-05-06")  # the canary: a man
OTHER = make_id_number(2, "1980-05-06")
SECOND_KEY = "2:" + base64.b64encode(bytes(range(100, 132))).decode()
NEW = "/ledgers/members/new/"


def refused(number: str) -> str:
    with pytest.raises(ValidationError) as caught:
        idnumbers.read(number, TODAY)
    (sentence,) = caught.value.messages
    return str(sentence)


# The number itself


def test_a_right_number_says_birthday_and_sex() -> None:
    # The example of GB 11643
    assert idnumbers.read("11010519491231002X", TODAY) == idnumbers.Said(dt.date(1949, 12, 31), "2")
    assert idnumbers.read(NUMBER, TODAY) == idnumbers.Said(dt.date(1980, 5, 6), "1")


@pytest.mark.parametrize(
    "typed",
    [
        "11010519491231002x",
        " 110105 19491231 002X ",
        "１１０１０５１９４９１２３１００２Ｘ",
        "110105-19491231-002x",
        "'11010519491231002X",
    ],
)
def test_ways_to_write_a_number_are_forgiven(typed: str) -> None:
    assert idnumbers.tidy(typed) == "11010519491231002X"
    assert idnumbers.is_right(typed, TODAY)


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        ("110105491231002", "身份证号是15位的旧号，2013年起已停用，请填18位的号码"),
        ("1101051949123100", "身份证号应为18位，现在是16位，请核对"),
        ("11010519491231002XX", "身份证号应为18位，现在是19位，请核对"),
        ("1101051949123100AX", "身份证号前17位应为数字，第18位是数字或X，请核对"),
        ("11010519491231X02X", "身份证号前17位应为数字，第18位是数字或X，请核对"),
        ("000000194912310022", "身份证号前6位不是有效的地区代码，请核对"),
        ("110105194913310022", "身份证号第7至14位不是有效的出生日期，请核对"),
        ("110105190002290021", "身份证号第7至14位不是有效的出生日期，请核对"),
        ("110105189912310021", "身份证号第7至14位不是有效的出生日期，请核对"),
        ("110105202612310021", "身份证号第7至14位不是有效的出生日期，请核对"),
        ("110105194912310021", "身份证号第18位校验不符，请核对"),
    ],
)
def test_a_wrong_number_is_told_without_repeating_it(number: str, sentence: str) -> None:
    assert refused(number) == sentence


@given(st.integers(0, 999), st.dates(dt.date(1900, 1, 1), TODAY))
def test_every_slip_of_one_digit_or_two_neighbours_is_found(number: int, born: dt.date) -> None:
    right = make_id_number(number, born.isoformat())
    assert idnumbers.read(right, TODAY).birth_on == born
    slips = {right[:at] + sign + right[at + 1 :] for at in range(18) for sign in "0123456789X"}
    slips |= {right[:at] + right[at + 1] + right[at] + right[at + 2 :] for at in range(17)}
    for slip in slips - {right}:
        assert right[-4:] not in refused(slip)
        assert slip not in refused(slip)


def test_numbers_in_a_text_are_masked() -> None:
    assert idnumbers.masked(f"填表人张三 {NUMBER}，电话13900001111") == "填表人张三 （不显示），电话13900001111"
    assert idnumbers.masked(f"x{NUMBER}") == f"x{NUMBER}"


# Sealing


def test_what_is_sealed_opens_only_where_it_belongs() -> None:
    sealed = sealing.seal(NUMBER, "orgs.member:7")
    assert sealing.unseal(sealed, "orgs.member:7") == NUMBER
    assert sealed != sealing.seal(NUMBER, "orgs.member:7")
    assert NUMBER not in sealed
    assert NUMBER.encode() not in base64.urlsafe_b64decode(sealed)
    for wrong, to in ((sealed, "orgs.member:8"), (sealed[:-8] + "AAAAAAAA", "orgs.member:7"), ("", "x"), ("é", "x")):
        with pytest.raises(sealing.NotOpened):
            sealing.unseal(wrong, to)


def test_every_byte_of_a_sealed_text_is_guarded() -> None:
    whole = bytearray(base64.urlsafe_b64decode(sealing.seal(NUMBER, "x")))
    for place in range(len(whole)):
        altered = bytearray(whole)
        altered[place] ^= 1
        with pytest.raises(sealing.NotOpened):
            sealing.unseal(base64.urlsafe_b64encode(bytes(altered)).decode(), "x")


def test_an_older_key_opens_and_finds_but_seals_no_more(settings: Any) -> None:
    old, index = sealing.seal(NUMBER, "x"), sealing.index_of(NUMBER)
    settings.ID_KEY = f"{ID_KEY},{SECOND_KEY}"
    assert sealing.unseal(old, "x") == NUMBER
    assert sealing.key_number(sealing.seal(NUMBER, "x")) == 2
    assert sealing.index_of(NUMBER) != index
    assert index in sealing.indexes_of(NUMBER)
    settings.ID_KEY = SECOND_KEY
    with pytest.raises(sealing.NotOpened, match="没有第1号密钥"):
        sealing.unseal(old, "x")


def test_the_index_is_no_plain_digest() -> None:
    assert sealing.index_of(NUMBER) != hashlib.sha256(NUMBER.encode()).hexdigest()
    assert sealing.index_of(NUMBER) != sealing.index_of(OTHER)


# The key


def test_the_key_is_made_once_for_its_owner_alone(settings: Any, tmp_path: Path) -> None:
    settings.ID_KEY, settings.VAR_DIR = "", tmp_path
    first = keyring.keys()
    file = tmp_path / "id.key"
    assert list(first) == [1]
    assert len(first[1]) == 32
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert keyring.keys() == first
    assert sorted(path.name for path in tmp_path.iterdir()) == ["id.key"]
    assert keyring.add() == 2
    assert keyring.current()[0] == 2
    assert keyring.keys()[1] == first[1]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_production_makes_no_key_by_itself(settings: Any, tmp_path: Path) -> None:
    settings.ID_KEY, settings.VAR_DIR, settings.PRODUCTION = "", tmp_path, True
    with pytest.raises(keyring.NoKey, match="PORTAL_ID_KEY"):
        keyring.keys()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["", "abc", "1:", "x:AAAA", "256:AAAA", "1:!!!!", NOUGHTS])
def test_a_key_that_is_none_is_refused_without_showing_it(text: str, settings: Any, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"密钥|序号"):
        keyring.parse(text)
    (tmp_path / "id.key").write_text(text or "\n")
    settings.ID_KEY, settings.VAR_DIR = "", tmp_path
    with pytest.raises(keyring.NoKey) as caught:
        keyring.keys()
    assert len(text) < 5 or text not in str(caught.value)


# In the form


def typed(park: Park, **more: str) -> dict[str, str]:
    return {"park": str(park.pk), "name": "张三", "admitted_on": "2015-07-01", "full_on": "2016-07-01", **more}


def form_of(user: User, park: Park, row: Member | None = None, **more: str) -> MemberForm:
    return MemberForm(typed(park, **more), user=user, park=None if row else park, instance=row)


def errors_of(form: MemberForm) -> dict[str, list[str]]:
    return {name: [str(text) for text in texts] for name, texts in form.errors.items()}


def registered(user: User, park: Park, number: str = NUMBER, **more: str) -> Member:
    form = form_of(user, park, id_number=number, **more)
    assert form.is_valid(), form.errors.as_text()
    row: Member = form.commit(Via.PAGE)
    return Member.objects.get(pk=row.pk)


@pytest.fixture
def park(db: None) -> Park:
    return make_park("secret")


@pytest.fixture
def clerk(park: Park) -> User:
    user = make_user("clerk", display_name="干事")
    grant(user, "officer", park)  # type: ignore[arg-type]
    return user


def test_a_number_is_sealed_to_its_record_and_fills_what_it_says(park: Park, clerk: User) -> None:
    row = registered(clerk, park, f" {NUMBER[:6]} {NUMBER[6:]}")
    assert (row.birth_on, row.sex) == (dt.date(1980, 5, 6), "1")
    assert row.open_id_number() == NUMBER
    assert NUMBER not in f"{row.id_cipher}{row.id_index}"
    (change,) = Change.objects.filter(model="orgs.member", object_id=row.pk)
    assert change.after["id_cipher"] == "（已登记）"
    assert "id_index" not in change.after
    other = make_member(park, "别人")
    other.id_cipher, other.id_index = row.id_cipher, "抄来的"
    with pytest.raises(sealing.NotOpened):
        other.open_id_number()


def test_what_contradicts_the_number_is_refused(park: Park, clerk: User) -> None:
    form = form_of(clerk, park, id_number=NUMBER, birth_on="1980-05-07", sex="2")
    assert errors_of(form) == {
        "birth_on": ["出生日期与身份证号不一致，请核对是哪一项填错了"],
        "sex": ["性别与身份证号不一致，请核对是哪一项填错了"],
    }
    row = registered(clerk, park)
    again = form_of(clerk, park, row, birth_on="1980-05-07", sex="1")
    assert errors_of(again) == {"birth_on": ["出生日期与身份证号不一致，请核对是哪一项填错了。"]}
    row = Member.objects.get(pk=row.pk)
    row.sex = "2"
    with pytest.raises(ValidationError, match="性别与身份证号不一致"):
        put(row)


def test_who_was_a_child_on_the_day_of_admission_is_refused(park: Park, clerk: User) -> None:
    young = make_id_number(1, "1998-07-02")
    form = form_of(clerk, park, id_number=young, admitted_on="2016-07-01", full_on="2017-07-01")
    assert errors_of(form) == {"admitted_on": ["接收为预备党员时不满十八岁，请核对出生日期和接收日期。"]}
    birthday = make_id_number(1, "1998-07-01")
    assert form_of(clerk, park, id_number=birthday, admitted_on="2016-07-01", full_on="2017-07-01").is_valid()


def test_a_wrong_number_comes_back_to_be_mended_a_right_one_does_not(park: Park, clerk: User) -> None:
    wrong = NUMBER[:-1] + ("0" if NUMBER[-1] != "0" else "1")
    form = form_of(clerk, park, id_number=wrong, full_on="错")
    assert errors_of(form)["id_number"] == ["身份证号第18位校验不符，请核对"]
    assert form["id_number"].value() == wrong
    form = form_of(clerk, park, id_number=NUMBER, full_on="错")
    assert "id_number" not in form.errors
    assert form["id_number"].value() == ""
    assert "已填好（不显示）" in form["id_number"].help_text
    sealed = form["id_sealed"].value()
    assert NUMBER not in sealed
    # Sent back without typing it again
    mended = form_of(clerk, park, id_sealed=sealed)
    assert mended.is_valid(), mended.errors.as_text()
    assert Member.objects.get(pk=mended.commit(Via.PAGE).pk).open_id_number() == NUMBER
    stranger = make_user("stranger-2")
    grant(stranger, "officer", park)  # type: ignore[arg-type]
    assert "没有带过来" in str(form_of(stranger, park, id_sealed=sealed).errors)


def test_what_was_carried_can_be_dropped(park: Park, clerk: User) -> None:
    sealed = form_of(clerk, park, id_number=NUMBER, full_on="错")["id_sealed"].value()
    form = form_of(clerk, park, id_sealed=sealed, id_clear="on")
    assert form.is_valid(), form.errors.as_text()
    assert not Member.objects.get(pk=form.commit(Via.PAGE).pk).has_id_number


def test_a_number_is_left_changed_and_cleared(park: Park, clerk: User) -> None:
    row = registered(clerk, park)
    cipher = row.id_cipher
    form = MemberForm(user=clerk, instance=row)
    assert "已登记（不显示）" in form.fields["id_number"].help_text

    def last(pk: int) -> Change:
        return Change.objects.filter(model="orgs.member", object_id=pk).order_by("-pk")[0]

    def edited(**more: str) -> Member:
        form = form_of(clerk, park, Member.objects.get(pk=row.pk), **more)
        assert form.is_valid(), form.errors.as_text()
        form.commit(Via.PAGE)
        return Member.objects.get(pk=row.pk)

    same = {"birth_on": "1980-05-06", "sex": "1"}
    before = Change.objects.count()
    assert edited(**same).id_cipher == cipher
    assert edited(id_number=NUMBER, **same).id_cipher == cipher  # the same number is no change
    assert Change.objects.count() == before
    changed = edited(id_number=OTHER, birth_on="1980-05-06", sex="2")
    assert changed.open_id_number() == OTHER
    entry = last(row.pk)
    assert (entry.before["id_cipher"], entry.after["id_cipher"]) == ("（不记录）", "（已更换）")
    assert ("身份证号", "（不记录）", "（已更换）") in journal.diff(entry)
    cleared = edited(id_clear="on", birth_on="1980-05-06", sex="2")
    assert (cleared.id_cipher, cleared.id_index) == ("", "")
    assert last(row.pk).after == {"id_cipher": "（已清除）"}
    kept = registered(clerk, park, NUMBER, name="李四")
    both = form_of(clerk, park, kept, id_number=OTHER, id_clear="on", sex="2")
    assert errors_of(both)["id_clear"] == ["填了新的身份证号，又勾选了清除，请只留一样"]


def test_the_same_number_in_the_park_names_the_record_and_elsewhere_nobody(park: Park, clerk: User) -> None:
    row = registered(clerk, park)
    form = form_of(clerk, park, id_number=NUMBER, name="张叁")
    said = "这个身份证号在本园区已登记为“张三”，请修改那一条，不要重复登记；填错的请改正"
    assert errors_of(form) == {"id_number": [said]}
    (note,) = form.notes()["id_number"]
    assert (note.link, note.url) == ("去看已登记的“张三”", reverse("record", args=["members", row.pk]))

    there = make_park("elsewhere", name="某某园")
    stranger = make_user("there")
    grant(stranger, "officer", there)  # type: ignore[arg-type]
    form = form_of(stranger, there, id_number=NUMBER, name="王五")
    assert form.is_valid(), form.errors.as_text()
    (note,) = form.notes()["id_number"]
    assert note.head == "这个身份证号在别处也有登记"
    for secret in ("张三", park.name, str(row.pk)):
        assert secret not in f"{note.head}{note.text}{note.link}{note.url}"
    assert form.commit(Via.PAGE).pk != row.pk


def test_two_keys_find_the_same_person(park: Park, clerk: User, settings: Any) -> None:
    registered(clerk, park)
    settings.ID_KEY = f"{ID_KEY},{SECOND_KEY}"
    assert "id_number" in form_of(clerk, park, id_number=NUMBER, name="张叁").errors


def test_without_a_key_the_rest_can_be_registered(park: Park, clerk: User, settings: Any, tmp_path: Path) -> None:
    row = registered(clerk, park)
    settings.ID_KEY, settings.VAR_DIR, settings.PRODUCTION = "", tmp_path, True
    form = form_of(clerk, park, id_number=OTHER, name="李四")
    assert errors_of(form)["id_number"] == [
        "服务器上没有身份证号的密钥，现在登记不了，请告诉系统管理员；这一项留空，其余内容可以先提交"
    ]
    assert form_of(clerk, park, name="李四").is_valid()
    edit = form_of(clerk, park, Member.objects.get(pk=row.pk), phone="1")
    assert edit.is_valid(), edit.errors.as_text()


# What passes through the pages


@pytest.fixture
def client(sign_in: Any, clerk: User) -> Client:
    made: Client = sign_in(clerk)
    return made


def mark_of(response: Any) -> str:
    found = re.search(r'name="mark" value="([^"]+)"', response.content.decode())
    assert found
    return found[1]


def without_tokens(response: Any) -> str:
    """The page without what is random in it, in which any four signs may stand."""
    html = response.content.decode()
    return re.sub(r'name="(csrfmiddlewaretoken|mark|id_sealed)"[^>]*value="[^"]*"', "", html)


@pytest.mark.crawl
def test_the_number_stays_out_of_drafts_conflicts_and_answers(park: Park, clerk: User, client: Client) -> None:
    page = client.get(NEW)
    data = typed(park, id_number=NUMBER, mark=mark_of(page))
    kept = client.post(NEW, data | {"draft": "keep"}, follow=True)
    assert NUMBER[-4:] not in without_tokens(kept)
    assert not SECRET & set(Draft.objects.get().fields)
    assert "不存入草稿" in text_of(kept)
    back = client.post(NEW, data | {"full_on": "错"})
    assert NUMBER[-4:] not in without_tokens(back)
    assert "已填好（不显示）" in text_of(back)

    done = client.post(NEW, data, follow=True)
    row = Member.objects.get(name="张三")
    assert row.open_id_number() == NUMBER
    assert NUMBER[-4:] not in without_tokens(done)
    # The same form with another number is another form; with the same one it is not
    assert client.post(NEW, data)["Location"] == reverse("record", args=["members", row.pk])
    assert Member.objects.count() == 1
    another = client.post(NEW, data | {"id_number": OTHER})
    assert another.status_code == 302
    assert Member.objects.count() == 2

    url = reverse("record-edit", args=["members", row.pk])
    mine = edit_data(client, url)
    journal.save(_with(Member.objects.get(pk=row.pk), phone="对方填的"), clerk, Via.PAGE)
    Member.objects.filter(name="张三").exclude(pk=row.pk).delete()
    third = make_id_number(3, "1980-05-06")
    compared = client.post(url, mine | {"phone": "我填的", "id_number": third})
    assert "您打开以后，别人改过这条记录" in text_of(compared)
    assert [one.name for one in compared.context["comparison"].differences] == ["phone"]
    assert third not in compared.content.decode()
    assert not SECRET & set(Draft.objects.get().fields)
    resent = dict(compared.context["kept"]) | {"version": mine["version"], "seen": compared.context["comparison"].seen}
    resent = {name: value[0] if isinstance(value, list) else value for name, value in resent.items()}
    assert client.post(url, resent | {"pick-phone": "mine"}).status_code == 302
    row.refresh_from_db()
    assert (row.phone, row.open_id_number()) == ("我填的", third)


def _with(row: Any, **values: Any) -> Any:
    for name, value in values.items():
        setattr(row, name, value)
    return row


@pytest.mark.crawl
def test_a_sign_in_that_ended_keeps_the_rest_but_not_the_number(park: Park, clerk: User, client: Client) -> None:
    data = typed(park, id_number=NUMBER, mark=mark_of(client.get(NEW)))
    answer = Client().post(NEW, data)
    assert answer.status_code == 302
    draft = Draft.objects.get(user=clerk)
    assert draft.fields["name"] == ["张三"]
    assert NUMBER not in json.dumps(draft.fields) + answer["Location"]


def seal_badly(number: str) -> None:
    spaced = f"{number[:6]} {number[6:]}"
    raise RuntimeError(f"照常显示 {len(spaced)}")


def test_a_report_of_an_error_holds_no_number(rf: RequestFactory, settings: Any) -> None:
    for settings.DEBUG in (True, False):
        request = rf.post(f"/x/?q={NUMBER}", {"id_number": NUMBER, "name": "张三"})
        try:
            seal_badly(request.POST["id_number"])
        except RuntimeError as error:
            reporter = WithoutNumbers(request, RuntimeError, error, error.__traceback__)
            text = reporter.get_traceback_html() + reporter.get_traceback_text()
        assert NUMBER not in text
        assert NUMBER[6:] not in text
        assert "张三" in text


# Imported


HEADS = ("姓名", "身份证号", "接收为预备党员日期", "转为正式党员日期", "备注")


def book(rows: list[tuple[Any, ...]], heads: tuple[str, ...] = HEADS, beside: str = "") -> bytes:
    made = Workbook()
    leaf: Any = made.active
    leaf.title = "党员"
    for row in (heads, *rows):
        leaf.append(list(row))
    if beside:
        made.create_sheet("另一张")["C3"] = beside
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def opened(park: Park, user: User, data: bytes, slug: str = "members") -> ImportBatch:
    return batches.open_batch(PLANS[slug], user, park, "党员.xlsx", data)


def confirmed(batch: ImportBatch, user: User) -> Any:
    return batches.confirm(batch, batches.plan_for(batch), user, batch.digest, good_only=False)


def stored(batch: ImportBatch) -> str:
    """Everything the database holds of a batch; of the workbook every part, unpacked."""
    row = ImportBatch.objects.get(pk=batch.pk)
    parts = [
        json.dumps(getattr(row, field.name), ensure_ascii=False, default=str) for field in row._meta.concrete_fields
    ]
    return "".join(parts) + unpacked(bytes(row.file))


def unpacked(data: bytes) -> str:
    if not data:
        return ""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return "".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())


ROW = ("张三", NUMBER, "2015-07-01", "2016-07-01", "")


def test_numbers_are_sealed_as_a_workbook_comes_in_and_gone_when_it_is_settled(park: Park, clerk: User) -> None:
    batch = opened(park, clerk, book([ROW, ("合计", f"填表人 {OTHER}", "", "", "")], beside=NUMBER))
    (outcome,) = batches.outcomes_of(batch)
    assert outcome.kind == "created"
    assert NUMBER not in stored(batch)
    assert OTHER not in json.dumps(batch.notes)
    assert batch.rows["2"]["2"][0] == "sealed"
    assert confirmed(batch, clerk).written
    row = Member.objects.get(name="张三")
    assert (row.open_id_number(), row.birth_on) == (NUMBER, dt.date(1980, 5, 6))
    settled = ImportBatch.objects.get(pk=batch.pk)
    assert bytes(settled.file) == b""
    assert settled.rows["2"].keys() == {"1", "3", "4"}
    with pytest.raises(Unreadable, match="已删除"):
        returned.workbook(settled)
    assert undo.undo(settled, clerk) == []
    assert not Member.objects.exists()


def test_a_workbook_handed_back_shows_no_number_and_goes_in_again(park: Park, clerk: User) -> None:
    batch = opened(park, clerk, book([ROW, ("李四", OTHER, "错", "", "")], beside=NUMBER))
    assert [one.kind for one in batches.outcomes_of(batch)] == ["created", "rejected"]
    data = returned.workbook(batch)
    assert NUMBER not in unpacked(data)
    assert OTHER not in unpacked(data)
    again = load_workbook(io.BytesIO(data))
    leaf: Any = again["党员"]
    assert leaf["B2"].value.startswith("已加密：")
    leaf["C3"] = "2016-07-01"
    out = io.BytesIO()
    again.save(out)
    batches.take_file(batch, PLANS["members"], clerk, out.getvalue())
    assert [one.kind for one in batches.outcomes_of(batch)] == ["created", "created"]
    assert confirmed(batch, clerk).written
    assert {row.name: row.open_id_number() for row in Member.objects.all()} == {"张三": NUMBER, "李四": OTHER}


def test_a_number_that_went_wrong_is_told_and_mended_and_dropped(park: Park, clerk: User) -> None:
    wrong = NUMBER[:-1] + ("0" if NUMBER[-1] != "0" else "1")
    rows: list[tuple[Any, ...]] = [
        ("张三", wrong, *ROW[2:]),
        ("李四", 123456789012345678, *ROW[2:]),
        ("王五", "110105491231002", *ROW[2:]),
    ]
    batch = opened(park, clerk, book(rows))
    faults = [one.faults for one in batches.outcomes_of(batch)]
    assert [[fault.text for fault in one] for one in faults] == [
        ["身份证号第18位校验不符，请核对"],
        ["太长的数字已被Excel改掉了后几位，请把该列设为“文本”后重新填写"],
        ["身份证号是15位的旧号，2013年起已停用，请填18位的号码"],
    ]
    assert {fault.typed for one in faults for fault in one} == {""}
    batches.mend(batch, 2, {2: NUMBER})
    batches.recheck(batch, PLANS["members"], clerk)
    assert batches.outcomes_of(batch)[0].kind == "created"
    assert NUMBER not in stored(batch)
    assert wrong in stored(batch)  # in the workbook, until the batch is settled
    batches.drop(batch, clerk)
    assert wrong not in stored(batch)
    assert "110105491231002" not in stored(batch)


def test_a_number_in_another_column_or_ledger_is_sealed_too(park: Park, clerk: User) -> None:
    batch = opened(park, clerk, book([("张三", "", "2015-07-01", "2016-07-01", NUMBER)]))
    (outcome,) = batches.outcomes_of(batch)
    assert [fault.text for fault in outcome.faults] == ["是身份证号，不能填在这一列，请移到“身份证号”一列"]
    assert NUMBER not in stored(batch)
    heads = ("企业名称", "企业类型", "入驻日期", "法人身份证号")
    firm = opened(park, clerk, book([("某某有限公司", "私营企业", "2024-01-01", NUMBER)], heads), "enterprises")
    assert [one.kind for one in batches.outcomes_of(firm)] == ["created"]
    assert NUMBER not in stored(firm)
    assert confirmed(firm, clerk).written
    assert bytes(ImportBatch.objects.get(pk=firm.pk).file) == b""


def test_the_number_tells_namesakes_apart_and_a_change_is_told_without_it(park: Park, clerk: User) -> None:
    row = registered(clerk, park)
    namesake = make_id_number(5, "1990-01-01")
    same = opened(park, clerk, book([ROW]))
    assert [one.kind for one in batches.outcomes_of(same)] == ["unchanged"]
    batch = opened(park, clerk, book([("张三", namesake, *ROW[2:])]))
    assert [one.kind for one in batches.outcomes_of(batch)] == ["created"]
    born_alike = make_id_number(379, "1980-05-06")
    batch = opened(park, clerk, book([("张三", born_alike, *ROW[2:])]))
    (outcome,) = batches.outcomes_of(batch)
    assert [(one.head, one.old, one.new) for one in outcome.diffs] == [("身份证号", "（不显示）", "（不显示）")]
    assert confirmed(batch, clerk).written
    assert Member.objects.get(pk=row.pk).open_id_number() == born_alike
    (kept,) = undo.undo(ImportBatch.objects.get(pk=batch.pk), clerk)
    assert "没有留底" in kept.reason
    assert Member.objects.get(pk=row.pk).open_id_number() == born_alike


def test_a_first_number_that_was_imported_is_taken_back(park: Park, clerk: User) -> None:
    row = make_member(
        park,
        "张三",
        birth_on=dt.date(1980, 5, 6),
        sex="1",
        admitted_on=dt.date(2015, 7, 1),
        full_on=dt.date(2016, 7, 1),
    )
    batch = opened(park, clerk, book([ROW]))
    assert [one.kind for one in batches.outcomes_of(batch)] == ["changed"]
    assert confirmed(batch, clerk).written
    assert Member.objects.get(pk=row.pk).open_id_number() == NUMBER
    assert undo.undo(ImportBatch.objects.get(pk=batch.pk), clerk) == []
    assert not Member.objects.get(pk=row.pk).has_id_number


def test_an_empty_column_for_numbers_costs_nothing(park: Park, clerk: User, client: Client) -> None:
    batch = opened(park, clerk, book([("张三", "", *ROW[2:])]))
    page = reverse("import-batch", args=[batch.pk])
    assert "这一批有身份证号" not in text_of(client.get(page))
    assert confirmed(batch, clerk).written
    assert bytes(ImportBatch.objects.get(pk=batch.pk).file)
    with_number = opened(park, clerk, book([("李四", OTHER, *ROW[2:])]))
    page = reverse("import-batch", args=[with_number.pk])
    assert "这一批有身份证号：存的是加密后的" in text_of(client.get(page))
    assert confirmed(with_number, clerk).written
    settled = text_of(client.get(page))
    assert "办结时已经清除" in settled
    assert "下载带结果的工作簿" not in settled


def test_two_rows_with_one_number_are_not_both_written(park: Park, clerk: User) -> None:
    batch = opened(park, clerk, book([ROW, ("张叁", *ROW[1:])]))
    first, second = batches.outcomes_of(batch)
    assert (first.kind, second.kind) == ("created", "rejected")
    assert "本园区已登记为“张三”" in second.faults[0].text


def test_a_workbook_too_large_to_write_anew_is_not_kept(
    park: Park, clerk: User, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as short:
        short.setattr("portal.imports.rewriting.CPU_SECONDS", 0)
        killed = opened(park, clerk, book([ROW]))
    monkeypatch.setattr("portal.imports.numbers.MOST_CELLS", 3)
    wrong = opened(park, clerk, book([ROW, ("李四", OTHER, "错", "", "")]))
    for batch in (killed, wrong):
        assert bytes(batch.file) == b""
        assert batches.outcomes_of(batch)[0].kind == "created"
    page = text_of(client.get(reverse("import-batch", args=[wrong.pk])))
    assert "没有留底，做不了标注表" in page
    assert "下载标注表" not in page


def test_without_a_key_no_workbook_with_numbers_comes_in(
    park: Park, clerk: User, settings: Any, tmp_path: Path
) -> None:
    settings.ID_KEY, settings.VAR_DIR, settings.PRODUCTION = "", tmp_path, True
    with pytest.raises(Unreadable, match="没有身份证号的密钥"):
        opened(park, clerk, book([ROW]))
    assert not ImportBatch.objects.exists()


def test_the_template_with_data_has_no_number(park: Park, clerk: User, client: Client) -> None:
    registered(clerk, park)
    response = client.get(reverse("import-template", args=["members"]), {"data": "1", "park": park.slug})
    assert response.status_code == 200
    leaf: Any = load_workbook(io.BytesIO(response.content)).worksheets[0]
    assert "身份证号" in [cell.value for cell in leaf[1]]
    assert NUMBER not in unpacked(response.content)
    again = opened(park, clerk, response.content)
    assert [one.kind for one in batches.outcomes_of(again)] == ["unchanged"]


# By hand


def run(*words: str) -> str:
    out = StringIO()
    call_command("idnumbers", *words, stdout=out)
    return out.getvalue()


def test_keys_rotate_and_every_number_stays(park: Park, clerk: User, settings: Any, tmp_path: Path) -> None:
    settings.ID_KEY, settings.VAR_DIR = "", tmp_path
    row = registered(clerk, park)
    changes = Change.objects.count()
    assert "都打得开" in run("verify")
    assert "已用第2号密钥重新加密1个身份证号" in run("rotate")
    sealed = Member.objects.get(pk=row.pk)
    assert sealing.key_number(sealed.id_cipher) == 2
    assert sealed.open_id_number() == NUMBER
    assert sealed.id_index == sealing.index_of(NUMBER)
    assert Change.objects.count() == changes
    # The old key is not needed any more
    newest = (tmp_path / "id.key").read_text().split()[-1]
    (tmp_path / "id.key").write_text(newest)
    assert "都打得开" in run("verify")
    (tmp_path / "id.key").write_text(run("key"))
    with pytest.raises(CommandError, match="打不开"):
        run("verify")
    with pytest.raises(CommandError, match="打不开"):
        run("rotate")
    assert (tmp_path / "id.key").read_text().count(":") == 1


def test_keys_in_the_environment_rotate_too(park: Park, clerk: User, settings: Any) -> None:
    row = registered(clerk, park)
    assert "先用 manage.py idnumbers key 生成一把" in run("rotate")
    settings.ID_KEY = f"{ID_KEY}, {SECOND_KEY}"
    assert "重新加密1个" in run("rotate")
    settings.ID_KEY = SECOND_KEY
    assert Member.objects.get(pk=row.pk).open_id_number() == NUMBER


@pytest.mark.parametrize("options", [[], ["--id-numbers"]])
def test_everything_out_leaves_the_numbers_behind_unless_told(
    options: list[str], park: Park, clerk: User, tmp_path: Path
) -> None:
    row = registered(clerk, park)
    out = StringIO()
    call_command("export_all", str(tmp_path / "out"), *options, stdout=out)
    texts = {path.name: path.read_text("utf-8") for path in (tmp_path / "out").iterdir()}
    assert NUMBER not in "".join(texts.values())
    assert (row.id_cipher in texts["orgs_member.csv"]) == bool(options)
    assert ("含有加密的身份证号" in texts["说明.md"]) == bool(options)
    assert ("不含身份证号" in texts["说明.md"]) != bool(options)
    assert ("身份证号没有导出" in out.getvalue()) != bool(options)
    empty()
    call_command("import_all", str(tmp_path / "out"), stdout=StringIO())
    back = Member.objects.get(pk=row.pk)
    assert back.has_id_number == bool(options)
    assert back.open_id_number() == (NUMBER if options else "")


# Nothing shows it


@pytest.fixture
def world(db: None) -> Any:
    """Not made again from kept rows: what is planted below is sealed to keys of its own."""
    world = make_world()
    for side, number in ((world.jia, NUMBER), (world.yi, OTHER)):
        officer = make_user(f"sealer-{side.park.slug}")
        grant(officer, "officer", side.park)  # type: ignore[arg-type]
        row = Member.objects.get(pk=side.secretary.pk)
        row.birth_on, row.sex = dt.date(1980, 5, 6), idnumbers.read(number, TODAY).sex
        row.take_id_number(number)
        journal.save(row, officer, Via.PAGE)
    return world


@pytest.mark.crawl
@pytest.mark.parametrize(
    "person",
    [
        "superior",
        "park_administrator",
        *(pytest.param(name, marks=pytest.mark.soak) for name in ("officer", "leader", "administrator")),
    ],
)
def test_no_role_finds_the_number_nor_its_last_four_digits(
    person: str, world: Any, sign_in: Any, request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client = sign_in(request.getfixturevalue(person))
    row = world.jia.secretary
    asked = [
        f"{reverse('record', args=['members', row.pk])}?trail=all",
        reverse("record-edit", args=["members", row.pk]),
        reverse("ledger", args=["members"]),
        reverse("ledger-export", args=["members"]),
        f"{reverse('import-template', args=['members'])}?data=1&park={world.jia.park.slug}",
        reverse("admin:orgs_member_change", args=[row.pk]),
        reverse("admin:orgs_member_history", args=[row.pk]),
        reverse("admin:orgs_member_changelist"),
    ]
    pages = {url: client.get(url) for url in asked}
    pages |= crawl(client, reverse("desk"), 60)
    opened_pages = 0
    for url, response in pages.items():
        opened_pages += response.status_code == 200
        text = said(response) if response["Content-Type"].endswith("sheet") else without_tokens(response)
        for number in (NUMBER, OTHER):
            assert number not in text, url
            assert number[-4:] not in re.sub(r"[0-9a-f]{8,}|[A-Za-z0-9_-]{20,}", "", text), url
    assert opened_pages >= 20
    assert NUMBER not in caplog.text


def test_the_back_office_neither_shows_nor_filters_by_it(world: Any, administrator: Any, sign_in: Any) -> None:
    client = sign_in(administrator)
    cipher = Member.objects.get(pk=world.jia.secretary.pk).id_cipher
    page = client.get(reverse("admin:orgs_member_change", args=[world.jia.secretary.pk])).content.decode()
    assert cipher not in page
    assert 'name="id_' not in page
    for name in ("id_index", "id_cipher"):
        asked = client.get(reverse("admin:orgs_member_changelist"), {f"{name}__startswith": "a"})
        assert asked.status_code in (302, 400), name


def test_the_database_holds_no_number(world: Any) -> None:
    found = []
    for model in apps.get_models(include_auto_created=True):
        if model._meta.app_label in (*OURS, "sessions", "admin"):
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT * FROM {model._meta.db_table}")
                found += [str(row) for row in cursor.fetchall()]
    whole = "".join(found)
    assert "甲河书记" in whole
    for number in (NUMBER, OTHER):
        assert number not in whole


def test_nothing_offers_the_number_and_a_birthday_together() -> None:
    """No ledger, record page, report or template lists the columns; the form takes a number and never gives one."""
    columns = {
        field.name for field in Member._meta.concrete_fields if not field.editable and field.name.startswith("id_")
    }
    assert columns == {"id_cipher", "id_index"}
    for slug, page in RECORDS.items():
        assert not columns & set(page.keys), slug
    for slug, ledger in LEDGERS.items():
        assert not columns & {column.name for column in ledger.columns}, slug
    root = Path(__file__).resolve().parent.parent
    for file in (root / "templates").rglob("*.html"):
        assert not re.search(r"id_cipher|id_index|open_id_number|\.unseal", file.read_text("utf-8")), file
    # Who opens a sealed number: the model, to compare; the command, to seal anew; form and import, to carry it on
    opening = {
        str(file.relative_to(root))
        for package in ("orgs", "activities", "metrics", "portal")
        for file in (root / package).rglob("*.py")
        if re.search(r"open_id_number\(|\bunseal\(", file.read_text("utf-8"))
    }
    assert opening == {
        "orgs/models/member.py",
        "orgs/sealing.py",
        "portal/forms/fields.py",
        "portal/imports/numbers.py",
        "portal/management/commands/idnumbers.py",
    }


def test_every_form_of_a_member_gives_back_an_empty_field(world: Any, officer: Any) -> None:
    row = Member.objects.get(pk=world.jia.secretary.pk)
    form = MemberForm(user=officer, instance=row)
    assert form["id_number"].value() in (None, "")
    assert form["id_sealed"].value() == ""
    assert NUMBER not in str(form)
