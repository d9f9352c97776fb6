"""A row that is taken without a form is one that the form takes, and it does the same."""

import datetime as dt
import random
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings, strategies as st

from metrics import summaries
from orgs import grams
from orgs.models import Change
from portal.forms import EntryForm
from portal.imports import batches, check
from portal.imports.outcomes import Outcome, Result
from portal.imports.plans import PLANS
from portal.imports.sure import Sure
from tests.factories import make_uscc
from tests.test_import_properties import world
from tests.test_imports import book, confirmed, dump

pytestmark = pytest.mark.django_db

PLAIN = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck))
HEADS = (
    "企业名称",
    "统一社会信用代码",
    "企业类型",
    "行业门类",
    "入驻日期",
    "迁出日期",
    "经营状态",
    "经营状态起始日期",
    "从业人员",
    "规模以上",
    "属地",
    "联系电话",
    "备注",
)
ODD = (
    "",
    "",
    "  两头空格 ",
    "全角　空格",
    "a" * 41,
    "'前有撇号",
    "\u200b零宽",
    "e\u0301",
    "=1+1",
    3.5,
    dt.date(2024, 5, 1),
)


def mostly(rng: random.Random, usual: list[Any], odd: list[Any]) -> Any:
    return rng.choice(usual) if rng.random() < 0.93 else rng.choice(odd)


def row(rng: random.Random) -> list[Any]:
    number = rng.randint(0, 9)
    name = f"{number}号机械有限公司"
    code = make_uscc(number)
    days = ["2023-05-01", "2024年7月1日", dt.date(2025, 1, 1), "20250301"]
    return [
        mostly(rng, [name], [f"{number}号 机械有限责任公司", "", "改名后的公司", *ODD]),
        mostly(rng, [code, code, ""], [code.lower(), code[:-1] + "0", code + "1", 3.30102e17, *ODD]),
        mostly(rng, ["私营企业", "国有企业"], ["私营", "", "合伙", *ODD]),
        mostly(rng, ["制造业", "", "教育"], ["制造", *ODD]),
        mostly(rng, days, ["2025.13", "去年", "2090-01-01", "", *ODD]),
        mostly(rng, ["", "", "2026-01-01"], ["2020-01-01", *ODD]),
        mostly(rng, ["正常经营", "正常经营", ""], ["关门", *ODD]),
        mostly(rng, ["", "", "2025-06-01"], ["2019-01-01", *ODD]),
        mostly(rng, ["", 12, "1,200", 30], ["许多", -3, 2.5, 10**7, *ODD]),
        mostly(rng, ["", "是", "√", "否"], ["也许", *ODD]),
        mostly(rng, ["大路镇", ""], list(ODD)),
        mostly(rng, ["0477-1", 13800000000, ""], ["电" * 31, *ODD]),
        mostly(rng, ["", "照常"], ["两行\n备注", *ODD]),
    ]


class Nothing(Sure):
    """Sure of nothing: every row goes through its form."""

    def settle(self, *args: Any, **kwargs: Any) -> Outcome | None:
        return None


def told(result: Result) -> list[Any]:
    return [(one.row, one.kind, one.name, one.diffs, one.faults, one.hints) for one in result.outcomes]


def trail() -> list[Any]:
    """What was written, in any order; of a record pointed at its name, for keys are given out once."""

    def bare(values: dict[str, Any]) -> dict[str, Any]:
        return {name: value[1] if isinstance(value, list) else value for name, value in values.items()}

    entries = Change.objects.filter(via="import").exclude(model="portal.importbatch")
    return sorted(
        ([one.model, one.action, one.label, bare(one.before), bare(one.after)] for one in entries.iterator()), key=str
    )


def both_ways(seed: int, size: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """The number of rows that needed no form."""
    found, settled = [], 0
    for kind in (Sure, Nothing):
        rng = random.Random(seed)
        with transaction.atomic(), monkeypatch.context() as patched:
            patched.setattr(check, "Sure", kind)
            park, user = world(rng)
            summaries.rebuild()
            blank_clears = rng.random() < 0.1
            data = book([row(rng) for _ in range(size)], HEADS)
            batch = batches.open_batch(PLANS["enterprises"], user, park, "x.xlsx", data)
            if blank_clears:
                batch.blank_clears = True
                batches.recheck(batch, PLANS["enterprises"], user)
            result = confirmed(batch, user, good_only=True)
            assert result.written
            without = [[one[1:] for one in dump(park)[0]], dump(park)[1]]  # not which park it was
            found.append((told(result), without, trail()))
            assert summaries.verify([dt.date(2025, 8, 1)], [park.pk]) == []
            assert grams.verify() == []
            if kind is Sure:
                asked = check.Work(PLANS["enterprises"], batches.sheet_of(batch), user, park, batches.choices_of(batch))
                settled = len(result.outcomes) - len(asked.sort())
            transaction.set_rollback(True)
    assert found[0] == found[1]
    return settled


@settings(PLAIN, max_examples=3, derandomize=True)
@given(seed=st.integers(0, 2**32), size=st.integers(1, 8))
def test_without_a_form_as_with_one(seed: int, size: int) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        both_ways(seed, size, monkeypatch)


@pytest.mark.soak
@settings(PLAIN, max_examples=1000)
@given(seed=st.integers(0, 2**32), size=st.integers(1, 14))
def test_without_a_form_as_with_one_a_thousand_times(seed: int, size: int) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        both_ways(seed, size, monkeypatch)


def test_most_rows_in_order_need_no_form() -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        assert both_ways(1, 10, monkeypatch) > 3


def test_a_form_that_says_when_its_fields_agree_checks_no_field_by_itself() -> None:
    """A ``clean_<field>`` would be asked of the form and not of the column."""
    for plan in PLANS.values():
        if "surely" in vars(plan.form):
            own = {name for kind in plan.form.__mro__ for name in vars(kind) if kind not in EntryForm.__mro__}
            assert not {name for name in own if name.startswith("clean_")}
