"""The only place that says what an outside list of enterprises may hold, and what in it counts as the same."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from orgs.models import BusinessStateKind
from portal.forms.enterprises import plain_name, plain_phone
from portal.forms.fields import half_width
from portal.imports.plans import PLANS, Plan

KEYS: Final = ("name", "uscc")
STATE: Final = "state"
# Dated facts other than the state are changed with their days, by an import; a day of leaving is never taken over
NOT_COMPARED: Final = frozenset(
    {
        "former_names",
        "left_on",
        "note",
        "state_since",
        "staff",
        "fixed_premises",
        "has_operations",
        "above_scale",
    }
)
# How registers head what the ledger has
MORE_HEADS: Final[Mapping[str, tuple[str, ...]]] = {
    "name": ("市场主体名称", "主体名称", "商事主体名称", "经营主体名称", "机构名称", "纳税人名称"),
    "uscc": ("统一社会信用代码/注册号", "统一社会信用代码（注册号）", "纳税人识别号", "信用代码/注册号"),
    "kind": ("市场主体类型", "主体类型", "经营主体类型"),
    "industry": ("国民经济行业", "行业门类名称"),
    "address": ("住所", "注册地址", "登记住所", "企业住所", "经营场所", "住所/经营场所", "注册地", "登记地址"),
    "phone": ("企业联系电话", "企业电话"),
    "locality": ("所属街道", "所在街道", "所属镇街", "镇街"),
    "state": ("登记状态", "企业状态", "存续状态", "主体状态", "市场主体状态", "经营主体状态"),
}
OUTSIDE: Final[Plan] = replace(
    PLANS["enterprises"],
    left_out=NOT_COMPARED,
    least=1,  # a list of names alone is a list
    synonyms={name: (*words, *MORE_HEADS.get(name, ())) for name, words in PLANS["enterprises"].synonyms.items()},
)
# The kinds of difference of an enterprise that only one side has
NEW, GONE = "new", "gone"
KIND_WORDS: Final[Mapping[str, str]] = {NEW: "新增", GONE: "消失"}


def word_of(kind: str) -> str:
    """A kind of difference for a reader: 新增, 消失, or the field that differs."""
    return KIND_WORDS.get(kind) or (f"{OUTSIDE.head(kind)}不同" if kind in OUTSIDE.names else kind)


def state_said(text: str) -> str:
    """The state of business that a list speaks of: one of ours by its name, or one with which an enterprise is gone.
    "" for what says no more than that it is registered (存续, 在业, 开业)."""
    bare = _squeezed(text)
    for value, label in BusinessStateKind.choices:
        if bare == _squeezed(str(label)):
            return str(value)
    if re.search("(?<!未)注销", bare):
        return BusinessStateKind.CANCELLED
    if "吊销" in bare:
        return BusinessStateKind.REVOKED
    return BusinessStateKind.MOVED_OUT if "迁出" in bare else ""


def _squeezed(text: str) -> str:
    return re.sub(r"[\s()（）·.,，。\-]", "", half_width(text)).lower()


_SAME_AS: Final[Mapping[str, Callable[[str], str]]] = {
    "name": plain_name,
    "phone": lambda text: plain_phone(text) or _squeezed(text),
    **dict.fromkeys(("address", "subordination", "sector_authority", "locality", "contact"), _squeezed),
}


def is_same(name: str, listed: str, held: str) -> bool:
    """Whether two values of a field say the same: brackets, blanks and width count for nothing."""
    if listed == held:
        return True
    same_as = _SAME_AS.get(name)
    return same_as is not None and same_as(listed) == same_as(held)


def plain_key(name: str) -> str:
    """A name as exclusions know it."""
    return plain_name(name)[:120]
