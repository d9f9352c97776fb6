"""The monthly grid: many meetings typed or pasted at once, checked line by line, written together or not at all."""

import datetime as dt
import json
import re
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from activities.models import Activity, ActivityKind
from orgs import journal
from orgs.journal import Via
from orgs.models import Change, PartyOrganization
from orgs.pinyin import order_key
from portal import pasting
from portal.forms.grid import KINDS, bare
from portal.grid import HEADS, MOST_OF_ONE, NOTHING, STILL_THERE, Grid, Month, current_month, parse_month, way_in
from portal.models import Draft
from portal.views.grid import TWICE
from tests.factories import affiliate, day, make_member, make_organization, make_park, meet
from tests.test_drafts import mark_of
from tests.test_records import text_of

pytestmark = pytest.mark.django_db

TODAY = dt.date(2026, 11, 21)
OCTOBER = Month(2026, 10)
URL = "/ledgers/activities/months/jia/2026/10/"
GOOD = {"kind": "主题党日", "held_on": "12", "title": "学习条例", "host": "甲河书记", "due": "5", "present": "5"}


@pytest.fixture
def client(sign_in: Any, officer: Any) -> Client:
    made: Client = sign_in(officer)
    return made


def cells(organization: Any, number: int = 0, **texts: str) -> dict[str, str]:
    """What a browser sends of one line."""
    names = ("kind", "held_on", "title", "host", "place", "due", "present", "on_leave", "absent")
    return {f"o{organization.pk}-{number}-{name}": texts.get(name, "") for name in names}


def grid_of(user: Any, park: Any, typed: dict[str, str] | None = None, month: Month = OCTOBER) -> Grid:
    data = QueryDict(mutable=True)
    data.update(typed or {})
    return Grid(user, park, month, "", TODAY, data)


def told(response: Any) -> list[str]:
    return [slip.text for slip in response.context["grid"].slips]


# A pasted block


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", []),
        ("\n \n", []),
        ("甲", [["甲"]]),
        ("甲\t乙\r\n丙\t\r\n", [["甲", "乙"], ["丙", ""]]),
        ("甲\t\t乙\n\n丙", [["甲", "", "乙"], [""], ["丙"]]),
        ('"第一行\n第二行"\t5', [["第一行 第二行", "5"]]),
        ('"他说""好"""\t5', [['他说"好"', "5"]]),
        ('"学习"\t5', [['"学习"', "5"]]),
        ('5" 管\t6', [['5" 管', "6"]]),
        ("  甲　 乙 \t", [["甲 乙", ""]]),
    ],
)
def test_a_block_is_read_as_a_sheet_copies_it(text: str, lines: list[list[str]]) -> None:
    assert pasting.read_cells(text) == lines


def test_a_head_names_the_columns_wherever_they_stand() -> None:
    block = pasting.read("十月活动\n日期\t所在党组织\t备注\t会议名称（主题）\n12\t甲\t无\t学习", HEADS)
    assert (block.columns, block.first) == (["held_on", "organization", "", "title"], 3)
    assert block.lines == [["12", "甲", "无", "学习"]]
    assert pasting.read("主题党日\t12\t学习", HEADS).columns is None


def test_kinds_are_known_by_label_value_and_what_officers_write() -> None:
    for kind in ActivityKind:
        assert KINDS[bare(str(kind.label))] == kind.value
        assert KINDS[bare(kind.value)] == kind.value
    words = ("支委会", "党员大会", "轮训", "民主评议", "主题党日 活动")
    assert [KINDS[bare(word)] for word in words] == [
        "committee_meeting",
        "member_meeting",
        "training",
        "appraisal",
        "theme_day",
    ]


# Months


def test_until_the_tenth_the_month_before_is_filed() -> None:
    assert current_month(dt.date(2026, 1, 10)) == Month(2025, 12)
    assert current_month(dt.date(2026, 1, 11)) == Month(2026, 1)
    assert (Month(2026, 12).next, Month(2026, 1).before) == (Month(2027, 1), Month(2025, 12))
    assert (Month(2024, 2).last, Month(2024, 2).after) == (day("2024-02-29"), day("2024-03-01"))


@pytest.mark.parametrize("text", ["2026-10", "2026年10月", "2026.10", "202610", "２０２６／１０", " 2026-10 "])
def test_a_month_is_read_as_people_write_it(text: str) -> None:
    assert parse_month(text, TODAY) == OCTOBER


@pytest.mark.parametrize(
    ("text", "said"),
    [("十月", "月份写的是“十月”，认不出是哪一月"), ("2026-13", "认不出是哪一月"), ("2026-12", "2026年12月还没有到")],
)
def test_a_month_that_is_none_is_said_back(text: str, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        parse_month(text, TODAY)


def test_another_month_is_one_step_away(client: Client, world: Any) -> None:
    assert client.get(URL, {"month": "2026年9月"})["Location"] == "/ledgers/activities/months/jia/2026/9/"
    stays = client.get(URL, {"month": "去年"}, follow=True)
    assert stays.redirect_chain == [(URL, 302)]
    assert "月份写的是“去年”" in text_of(stays)
    for wrong in ("2026/13", "2026/0", "2999/1", "1800/1"):
        assert client.get(f"/ledgers/activities/months/jia/{wrong}/").status_code == 404


# Who stands there


def test_organizations_that_stood_in_the_month_with_what_they_filed(client: Client, world: Any) -> None:
    side = world.jia
    make_organization(side.park, "十月撤销党支部", dissolved_on=day("2026-10-02"))
    make_organization(side.park, "九月撤销党支部", dissolved_on=day("2026-10-01"))
    make_organization(side.park, "十月成立党支部", founded_on=day("2026-10-31"))
    make_organization(side.park, "十一月成立党支部", founded_on=day("2026-11-01"))
    response = client.get(URL)
    names = [group.organization.short_name for group in response.context["grid"].groups]
    assert {"十月撤销党支部", "十月成立党支部", side.branch.short_name} <= set(names)
    assert not {"九月撤销党支部", "十一月成立党支部"} & set(names)
    assert names == sorted(names, key=order_key)
    group = next(one for one in response.context["grid"].groups if one.organization == side.branch)
    assert (group.filed, group.members) == ([side.activity], 1)
    html = response.content.decode()
    assert f'<a href="{reverse("record", args=["activities", side.activity.pk])}">{side.activity.title}</a>' in html
    assert "已登记" in text_of(response)
    assert side.activity not in [
        row for one in client.get(URL.replace("/10/", "/9/")).context["grid"].groups for row in one.filed
    ]


def test_members_are_counted_as_the_entry_form_counts_them(officer: Any, world: Any) -> None:
    side = world.jia
    affiliate(make_member(side.park, full_on=None), side.branch, day("2026-10-05"))
    affiliate(make_member(side.park, full_on=None, admitted_on=None, applied_on=day("2026-01-01")), side.branch)
    affiliate(make_member(side.park), side.branch, day("2026-11-01"))

    def members(month: Month) -> int:
        return next(
            one for one in grid_of(officer, side.park, month=month).groups if one.organization == side.branch
        ).members

    assert (members(Month(2026, 9)), members(OCTOBER), members(Month(2026, 11))) == (1, 2, 3)


def test_a_park_without_organizations_says_what_to_do(sign_in: Any, administrator: Any) -> None:
    make_park("empty")
    page = sign_in(administrator).get("/ledgers/activities/months/empty/2026/10/")
    assert "2026年10月没有党组织" in text_of(page)


def test_the_ways_in(client: Client, world: Any, officer: Any, leader: Any, administrator: Any, sign_in: Any) -> None:
    address = way_in(officer, None, TODAY)
    assert address == "/ledgers/activities/months/jia/2026/11/"
    assert way_in(administrator, None, TODAY) == ""
    assert way_in(leader, world.jia.park, TODAY) == ""
    mine = way_in(officer, None, dt.date.today())  # noqa: DTZ011
    for page in ("/ledgers/activities/", f"/ledgers/parks/{world.jia.park.pk}/"):
        assert f'href="{mine}"' in client.get(page).content.decode(), page
        assert "/months/" not in sign_in(leader).get(page).content.decode(), page
    assert "/months/yi/" in sign_in(administrator).get("/ledgers/activities/?park=yi").content.decode()


def test_the_switcher_leads_to_the_same_month_of_another_park(sign_in: Any, administrator: Any) -> None:
    html = sign_in(administrator).get(URL).content.decode()
    assert f'href="{URL.replace("/jia/", "/yi/")}"' in html
    assert '<a href="/ledgers/activities/">全部园区</a>' in html


# Submitting


def test_filled_lines_are_written_together_and_blank_ones_passed_over(client: Client, world: Any, officer: Any) -> None:
    side = world.jia
    before = Activity.objects.count()
    typed = cells(side.branch, **GOOD) | cells(side.joint_branch)
    typed |= cells(
        side.committee, kind="支委会", held_on="2026年10月9日", title="议事", due="3名", absent="1", place="会议室"
    )
    typed |= cells(side.committee, 1, kind="talk", held_on="10月10日", title="谈心", due="2", present="1", on_leave="1")
    response = client.post(URL, typed, follow=True)
    assert response.redirect_chain == [(URL, 302)]
    assert "已登记3次组织生活" in text_of(response)
    assert Activity.objects.count() == before + 3
    made = Activity.objects.get(title="议事")
    assert (made.organization, made.kind, made.held_on) == (side.committee, "committee_meeting", day("2026-10-09"))
    assert (made.due, made.present, made.on_leave, made.absent) == (3, 2, 0, 1)
    assert (made.place, made.mode, made.content) == ("会议室", "on_site", "")
    change = Change.objects.get(model="activities.activity", object_id=made.pk)
    assert (change.user, change.via, change.action) == (officer, Via.PAGE, "create")
    filed = [row for group in response.context["grid"].groups for row in group.filed]
    assert made in filed


def test_breaches_are_saved_and_reminded_of(client: Client, world: Any) -> None:
    side = world.jia
    typed = cells(side.branch, **GOOD | {"kind": "党员大会", "present": "2", "absent": "3"})
    typed |= cells(side.joint_branch, **GOOD)
    page = text_of(client.post(URL, typed, follow=True))
    assert "已登记2次组织生活" in page
    meeting = f"提醒：{side.branch} 2026-10-12 支部党员大会："
    assert f"{meeting}应到5名与党员数不一致" in page
    assert f"{meeting}实到2名，不到应到5名的半数" in page
    assert page.count("提醒：") == 2


def test_one_wrong_cell_and_nothing_is_written(client: Client, world: Any) -> None:
    side = world.jia
    before = Activity.objects.count()
    typed = cells(side.branch, **GOOD) | cells(side.joint_branch, **GOOD | {"held_on": "32", "present": "6"})
    response = client.post(URL, typed)
    assert response.status_code == 200
    assert Activity.objects.count() == before
    assert told(response) == [
        f"{side.joint_branch}：会议日期写的是2026-10-32，10月只有31天，请核对",
        f"{side.joint_branch}：实到6名多于应到5名，请核对应到和实到人数",
    ]
    html = response.content.decode()
    assert "<title>错误：" in html
    at = f"id_o{side.joint_branch.pk}-0-held_on"
    assert f'href="#{at}"' in html
    assert re.search(rf'id="{at}"[^>]*aria-invalid="true" aria-describedby="{at}_error"[^>]*value="32"', html)
    assert f'id="{at}_error"' in html
    # Every other cell is as it was typed
    assert html.count('value="学习条例"') == 2
    assert html.count('<option value="theme_day" selected>') == 2


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"kind": "读书会"}, "活动类型写的是“读书会”，不在可选范围内，请从列表中重新选择"),
        ({"kind": ""}, "请选择活动类型"),
        ({"held_on": ""}, "请填写会议日期"),
        ({"held_on": "9月12日"}, "会议日期2026-09-12不在2026年10月，请核对；别的月份的会议请换到那个月登记"),
        ({"title": ""}, "请填写议题或主题"),
        ({"title": "长" * 121}, "议题或主题最多120个字，现在有121个，请删减"),
        ({"due": "五"}, "应到写的是“五”，应为整数，请核对"),
        ({"present": ""}, "请填写实到人数；全员到会就填应到人数"),
        ({"due": "5", "present": "3", "on_leave": "1", "absent": "0"}, "两边应相等，请核对"),
    ],
)
def test_each_cell_is_told_what_the_entry_form_would_say(
    wrong: dict[str, str], said: str, client: Client, world: Any
) -> None:
    response = client.post(URL, cells(world.jia.branch, **GOOD | wrong))
    (text,) = told(response)
    assert said in text
    assert Activity.objects.filter(title="学习条例").count() == 0


def test_a_word_that_is_no_kind_stays_in_its_cell(client: Client, world: Any) -> None:
    html = client.post(URL, cells(world.jia.branch, **GOOD | {"kind": "<读书会>"})).content.decode()
    assert '<option value="&lt;读书会&gt;" selected>&lt;读书会&gt;</option>' in html


def test_a_page_without_a_filled_line_says_so(client: Client, world: Any) -> None:
    assert told(client.post(URL, cells(world.jia.branch))) == [NOTHING]


def test_before_the_founding_the_model_speaks_at_the_day(client: Client, world: Any) -> None:
    late = make_organization(world.jia.park, "月中党支部", founded_on=day("2026-10-20"))
    (text,) = told(client.post(URL, cells(late, **GOOD)))
    assert text == "月中党支部：日期早于党组织成立日期2026-10-20，请核对活动日期或党组织的成立日期。"


def test_days_to_come_are_refused(client: Client, world: Any) -> None:
    today = timezone.localdate()
    month = Month.of(today)
    url = reverse("activity-month", args=["jia", month.year, month.number])
    late = client.post(url, cells(world.jia.branch, **GOOD | {"held_on": str(today + dt.timedelta(days=1))}))
    (text,) = told(late)
    assert "晚于今天" in text


# Filed already


def test_what_is_on_record_is_not_entered_again(client: Client, world: Any) -> None:
    side = world.jia
    typed = GOOD | {"kind": "党员大会", "held_on": "10"}
    (text,) = told(client.post(URL, cells(side.branch, **typed)))
    assert text.startswith(f"{side.branch}：2026-10-10的支部党员大会已登记过“{side.activity.title}”，不用再登记")
    # Another kind on that day, and the same for another organization, are other meetings
    fine = cells(side.branch, **GOOD | {"held_on": "10"}) | cells(side.joint_branch, **typed)
    assert client.post(URL, fine).status_code == 302


def test_the_same_meeting_twice_on_the_page_is_told(client: Client, world: Any) -> None:
    side = world.jia
    typed = cells(side.branch, **GOOD) | cells(side.branch, 1) | cells(side.branch, 2, **GOOD | {"title": "又一次"})
    (text,) = told(client.post(URL, typed))
    assert text == f"{side.branch}第3行：2026-10-12的主题党日在第1行已填了一次，请核对，多填的请清空"


def test_what_somebody_filed_at_the_same_moment_is_seen(officer: Any, world: Any) -> None:
    side = world.jia
    grid = grid_of(officer, side.park, cells(side.branch, **GOOD) | cells(side.joint_branch, **GOOD))
    assert grid.is_valid()
    meet(side.branch, day("2026-10-12"), ActivityKind.THEME_DAY, "对方登记的")
    before = Activity.objects.count()
    with pytest.raises(ValidationError):
        grid.commit(Via.PAGE)
    assert Activity.objects.count() == before
    (slip,) = grid.slips
    assert "已登记过“对方登记的”" in slip.text


@pytest.mark.soak
@pytest.mark.django_db(transaction=True)
def test_two_officers_at_the_same_moment_file_a_meeting_once(
    world: Any, officer: Any, park_administrator: Any, sign_in: Any
) -> None:
    start, answers = Barrier(2), []

    def send(client: Client) -> None:
        start.wait()
        try:
            answers.append(client.post(URL, cells(world.jia.branch, **GOOD)))
        finally:
            connection.close()

    threads = [Thread(target=send, args=[sign_in(one)]) for one in (officer, park_administrator)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200, 302]
    refused = next(answer for answer in answers if answer.status_code == 200)
    assert "已登记过“学习条例”" in text_of(refused)
    assert Activity.objects.filter(title="学习条例").count() == 1


def test_a_page_sent_twice_is_carried_out_once(client: Client, world: Any) -> None:
    typed = cells(world.jia.branch, **GOOD) | {"mark": mark_of(client.get(URL))}
    assert client.post(URL, typed).status_code == 302
    again = client.post(URL, typed, follow=True)
    assert TWICE in text_of(again)
    assert Activity.objects.filter(title="学习条例").count() == 1


# More lines, and a pasted block without scripts


def test_a_line_more_loses_nothing(client: Client, world: Any, officer: Any) -> None:
    side = world.jia
    typed = cells(side.branch, **GOOD | {"held_on": "32"}) | {"more": str(side.branch.pk), "paste": "留着"}
    response = client.post(URL, typed)
    html = response.content.decode()
    assert response.context["grid"].slips == []
    assert 'value="32"' in html
    assert "\n留着</textarea>" in html
    assert re.search(rf'<select[^>]*name="o{side.branch.pk}-1-kind"[^>]* autofocus>', html)
    assert html.count("autofocus") == 1
    # Kept as a draft, lines and all
    assert "填的内容已存成草稿" in html
    again = client.get(f"{URL}?draft=take").content.decode()
    assert 'value="32"' in again
    more = client.post(URL, typed | cells(side.branch, 1) | cells(side.branch, 2))
    lines = next(one.lines for one in more.context["grid"].groups if one.organization == side.branch)
    assert [line.is_blank for line in lines] == [False, True, True, True]
    # An organization that is none here, and more than there may be
    assert client.post(URL, {"more": str(world.yi.branch.pk)}).status_code == 200
    full = client.post(URL, cells(side.branch, MOST_OF_ONE - 1) | {"more": str(side.branch.pk)})
    assert "请先提交已填的" in told(full)[0]


def block(*lines: str) -> str:
    return "\r\n".join(line.replace("|", "\t") for line in lines) + "\r\n"


def test_a_block_with_a_head_finds_organizations_and_columns(client: Client, world: Any) -> None:
    side = world.jia
    other = make_organization(side.park, "中共甲河实业支部委员会", short_name="实业党支部")
    text = block(
        "党组织|日期|会议类型|主题|备注|应到人数|实到人数",
        f"{side.branch.short_name}|12|主题党日|学习条例|好|5|5",
        "|13|党课|讲党课||5|5",  # the cell of the organization is merged
        "实业党支部|2026/10/14|支委会|议事||3|3",
        "丙支部|15|党课|外来||3|3",
    )
    page = client.post(URL, {"paste": text, "spread": "1"})
    grid = page.context["grid"]
    assert grid.said == [
        "填入3行，请核对后提交",
        "第5行没有填入：“丙支部”不是这一页的党组织",
        "“备注”一列这里不填，没有带进来",
    ]
    assert grid.paste == "党组织\t日期\t会议类型\t主题\t备注\t应到人数\t实到人数\n丙支部\t15\t党课\t外来\t\t3\t3"
    assert Activity.objects.filter(title="学习条例").count() == 0
    typed = {f"{line.prefix}-{name}": value for line in grid.lines for name, value in line.texts.items()}
    assert told(client.post(URL, typed | {"paste": grid.paste})) == [STILL_THERE]
    assert client.post(URL, typed).status_code == 302
    assert list(Activity.objects.filter(organization=side.branch, title="讲党课").values_list("kind", flat=True)) == [
        "party_lecture"
    ]
    assert Activity.objects.get(organization=other).held_on == day("2026-10-14")


def test_a_block_without_a_head_goes_line_by_line(client: Client, world: Any) -> None:
    organizations = [group.organization for group in client.get(URL).context["grid"].groups]
    assert len(organizations) == 3
    text = block("主题党日|12|学习条例|甲河书记|会议室|5|5|||多出", "", "党课|13|讲党课", "党课|14|没有这一行")
    grid = client.post(URL, {"paste": text, "spread": "1"} | cells(organizations[1])).context["grid"]
    assert [line.texts.get("title") for line in grid.lines] == ["学习条例", None, "讲党课"]
    assert grid.said == ["填入2行，请核对后提交", "第4行没有填入：这一页只有3行", "第1行多出的没有带进来：多出"]
    # What is typed already is not written over
    kept = client.post(URL, {"paste": "党课\t13", "spread": "1"} | cells(organizations[0], title="先填的")).context[
        "grid"
    ]
    assert next(kept.lines).texts["title"] == "先填的"
    assert kept.paste == "党课\t13"
    # Names without a head
    by_name = client.post(URL, {"paste": f"{organizations[2]}\t党课\t13", "spread": "1"}).context["grid"]
    assert [line.texts.get("held_on") for line in by_name.lines] == [None, None, "13"]
    assert client.post(URL, {"paste": " ", "spread": "1"}).context["grid"].said == ["没有填入任何一行"]


# Drafts, and a sign-in that ends


def test_a_draft_comes_back_cell_by_cell(client: Client, world: Any, officer: Any) -> None:
    side = world.jia
    typed = cells(side.branch, **GOOD) | cells(side.branch, 1, title="第二次") | {"mark": mark_of(client.get(URL))}
    answer = client.post(URL, typed | {"draft": "auto"})
    assert answer.content.decode().startswith("草稿已存")
    offered = client.get(URL)
    assert "有一份没有提交的草稿" in text_of(offered)
    assert "学习条例" not in text_of(offered)
    # Another month is another form
    assert "草稿" not in text_of(client.get(URL.replace("/10/", "/9/"))).replace("存草稿", "")
    back = client.get(f"{URL}?draft=take")
    assert 'value="第二次"' in back.content.decode()
    assert back.context["grid"].slips == []
    assert client.post(f"{URL}?draft=take", cells(side.branch, **GOOD))["Location"] == URL
    assert not Draft.objects.exists()
    assert Activity.objects.filter(title="第二次").count() == 0


def test_an_older_draft_is_left_alone_until_it_is_decided_on(client: Client, world: Any) -> None:
    side = world.jia
    client.post(URL, cells(side.branch, title="旧草稿") | {"draft": "keep"})
    client.post(URL, cells(side.branch, title="新填的") | {"undecided": "1", "more": str(side.branch.pk)})
    assert client.post(URL, cells(side.branch, **GOOD) | {"undecided": "1"}).status_code == 302
    assert "旧草稿" in json.dumps(Draft.objects.get().fields, ensure_ascii=False)


def test_a_sign_in_that_ends_loses_nothing(client: Client, world: Any, officer: Any, sign_in: Any) -> None:
    typed = cells(world.jia.branch, **GOOD) | {"mark": mark_of(client.get(URL))}
    Session.objects.all().delete()
    answer = client.post(URL, typed)
    assert answer["Location"] == "/login/?next=/ledgers/activities/months/jia/2026/10/%3Fdraft%3Dtake"
    assert Activity.objects.filter(title="学习条例").count() == 0
    assert 'value="学习条例"' in sign_in(officer).get(f"{URL}?draft=take").content.decode()


# Rights


def test_lines_of_another_park_are_never_written(client: Client, world: Any) -> None:
    before = Change.objects.count()
    response = client.post(URL, cells(world.yi.branch, **GOOD))
    assert response.status_code == 200
    assert Change.objects.count() == before
    assert "乙庄" not in text_of(response)
    # What was typed is still there, to be put where it belongs
    assert "学习条例" in response.context["grid"].paste
    assert told(response) == [STILL_THERE]


def test_an_organization_dissolved_meanwhile_keeps_its_lines(client: Client, world: Any) -> None:
    gone = make_organization(world.jia.park, "已撤党支部", dissolved_on=day("2026-09-01"))
    typed = cells(gone, **GOOD | {"title": "还在"})
    assert "已撤党支部" in text_of(client.post(URL, typed | {"more": ""}))


@pytest.mark.parametrize("person", ["leader", "superior", "stranger", "nobody"])
def test_who_may_not_enter_there_finds_no_page(person: str, request: Any, world: Any, sign_in: Any) -> None:
    other = sign_in(request.getfixturevalue(person))
    assert other.get(URL).status_code == 404
    assert other.post(URL, cells(world.jia.branch, **GOOD)).status_code == 404


@pytest.mark.parametrize(
    "text", ["\x00", "9" * 5000, "<script>", "=1+1", "‮", "-1", "1e9", "２０２６－１０－１２", "　", "'"]
)
def test_nothing_that_can_be_typed_breaks_the_grid(text: str, client: Client, world: Any) -> None:
    typed = dict.fromkeys(cells(world.jia.branch), text) | {"paste": text}
    for more in ({}, {"spread": "1"}, {"more": text}, {"draft": "auto"}, {"draft": "keep"}):
        response = client.post(URL, typed | more)
        assert response.status_code in (200, 302)
        assert "<script>" not in response.content.decode().replace("<script src=", "")


# Size


def questions(client: Client, url: str, typed: dict[str, str] | None = None) -> int:
    with CaptureQueriesContext(connection) as queries:
        response = client.get(url) if typed is None else client.post(url, typed)
    assert response.status_code in (200, 302)
    return len(queries)


def fill(park: Any, number: int) -> list[PartyOrganization]:
    rows = [
        PartyOrganization(
            park=park,
            name=f"{number}之{n:03}",
            short_name=f"{number}之{n:03}",
            kind="branch",
            founded_on=dt.date(2024, 1, 1),
        )
        for n in range(number)
    ]
    return journal.save_many(rows, journal.INSTALLER, Via.INSTALL)


@pytest.mark.crawl
def test_the_number_of_lines_costs_no_questions(administrator: Any, sign_in: Any) -> None:
    """The numbers are reviewed in query_counts.json: the page; and submitting it, less what the form of each line asks
    of the database, whether its head counts agree (here between two savepoints)."""
    client = sign_in(administrator)
    counts = []
    for number in (20, 60):
        park = make_park(f"grid-{number}")
        organizations = fill(park, number)
        url = reverse("activity-month", args=[park.slug, 2026, 10])
        typed: dict[str, str] = {}
        for one in organizations:
            typed |= cells(one, **GOOD)
        blank = questions(client, url)
        wrong = questions(client, url, typed | {"paste": "留"}) - 3 * number
        right = questions(client, url, typed) - 3 * number
        assert Activity.objects.filter(organization__park=park).count() == number
        counts.append({"page": blank, "refused": wrong, "written": right, "filed": questions(client, url)})
    reviewed = json.loads(Path(__file__).with_name("query_counts.json").read_text(encoding="utf-8"))["grid"]
    assert counts[0] == counts[1]
    assert counts[1] == reviewed


def test_a_park_of_many_organizations_has_pages(administrator: Any, sign_in: Any) -> None:
    client, park = sign_in(administrator), make_park("many")
    organizations = fill(park, 130)
    url = reverse("activity-month", args=["many", 2026, 10])
    assert len(client.get(url).context["grid"].groups) == 100
    second = client.get(f"{url}?page=2")
    assert len(second.context["grid"].groups) == 30
    last = second.context["grid"].groups[-1].organization
    assert last in organizations
    assert client.post(f"{url}?page=2", cells(last, **GOOD))["Location"] == f"{url}?page=2"
    assert Activity.objects.get(organization=last).title == "学习条例"
