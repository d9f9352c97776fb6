"""The only place that reads ``portal/cases/*.toml``: one file is one park, one source, one case and its figures."""

import datetime as dt
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from metrics.models import Basis, Comparator, Direction
from portal.models import ItemKind

FOLDER: Final = Path(__file__).parent / "cases"


class Broken(ValueError):
    """A case file that can not be loaded; the message says which file, where in it, and what to do."""


@dataclass(frozen=True)
class Key:
    """What one key of a table may hold."""

    kind: type | tuple[type, ...]
    required: bool = True
    one_of: tuple[str, ...] = ()


@dataclass(frozen=True)
class CaseFile:
    """The tables of one file, checked: every key is known, of its type, and present when it must be."""

    name: str
    park: Mapping[str, Any]
    source: Mapping[str, Any]
    case: Mapping[str, Any]
    figures: tuple[int, ...]
    items: tuple[Mapping[str, Any], ...]
    statements: tuple[Mapping[str, Any], ...]


_TEXT: Final = Key(str)
_MAY: Final = Key(str, required=False)
_NUMBER: Final = Key((int, Decimal), required=False)

SHAPES: Final[Mapping[str, Mapping[str, Key]]] = {
    "park": {
        "slug": _TEXT,
        "name": _TEXT,
        "short_name": _TEXT,
        "region_code": _TEXT,
        "region_name": _TEXT,
        "working_committee": _MAY,
    },
    "source": {
        "title": _TEXT,
        "publisher": _TEXT,
        "published_on": Key(dt.date, required=False),
        "date_text": _TEXT,
        "date_note": _MAY,
        "subject": _TEXT,
    },
    "case": {
        "slug": _TEXT,
        "order": Key(int),
        "title": _TEXT,
        "summary": _TEXT,
        "lead": _TEXT,
        "background": _TEXT,
        "published_on": Key(dt.date),
        "figures": Key(list),
    },
    "item": {
        "kind": Key(str, one_of=tuple(ItemKind.values)),
        "group": _MAY,
        "title": _TEXT,
        "text": _TEXT,
        "level": _MAY,
    },
    "statement": {
        "number": Key(int),
        "category": _TEXT,
        "indicator": _TEXT,
        "wording": _MAY,
        "value": _NUMBER,
        "value_high": _NUMBER,
        "comparator": Key(str, required=False, one_of=tuple(Comparator.values)),
        "basis": Key(str, required=False, one_of=tuple(Basis.values)),
        "change": Key(str, required=False, one_of=tuple(Direction.values)),
        "unit": _MAY,
        "period": _MAY,
        "note": _MAY,
    },
}


def read_all(folder: Path = FOLDER) -> list[CaseFile]:
    """Every case file, by name. Raises Broken for the first one that can not be loaded."""
    paths = sorted(folder.glob("*.toml"))
    if not paths:
        raise Broken(f"{folder} 里没有案例文件（*.toml）。")
    return [read(path) for path in paths]


def read(path: Path) -> CaseFile:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Broken(f"{path.name} 不是有效的 TOML 文件：{error}") from error
    unknown = content.keys() - SHAPES.keys()
    if unknown:
        raise Broken(f"{path.name} 有不认识的表：{'、'.join(sorted(unknown))}。")
    single = {name: _table(path.name, name, content.get(name)) for name in ("park", "source", "case")}
    lists = {name: _tables(path.name, name, content.get(name)) for name in ("item", "statement")}
    numbers = [row["number"] for row in lists["statement"]]
    twice = sorted({number for number in numbers if numbers.count(number) > 1})
    if twice:
        raise Broken(f"{path.name} 的 statement 编号重复：{'、'.join(map(str, twice))}。")
    figures = tuple(single["case"].pop("figures"))
    if len(figures) != 2 or not set(figures) <= set(numbers):
        raise Broken(f"{path.name} 的 case.figures 应为本文件里两个 statement 的编号，现在是 {list(figures)}。")
    return CaseFile(
        name=path.name,
        park=single["park"],
        source=single["source"],
        case={**single["case"], "background": single["case"]["background"].strip()},
        figures=figures,
        items=lists["item"],
        statements=lists["statement"],
    )


def _tables(file: str, name: str, found: object) -> tuple[dict[str, Any], ...]:
    if not isinstance(found, list) or not found:
        raise Broken(f"{file} 缺少 [[{name}]]。")
    return tuple(_table(file, f"{name}[{number}]", row) for number, row in enumerate(found, 1))


def _table(file: str, where: str, found: object) -> dict[str, Any]:
    """The table with every key checked against its shape."""
    shape = SHAPES[where.partition("[")[0]]
    if not isinstance(found, dict):
        raise Broken(f"{file} 缺少 [{where}]。")
    unknown = found.keys() - shape.keys()
    if unknown:
        raise Broken(f"{file} 的 {where} 有不认识的键：{'、'.join(sorted(unknown))}。")
    for name, key in shape.items():
        if name not in found:
            if key.required:
                raise Broken(f"{file} 的 {where} 缺少 {name}。")
            continue
        value = found[name]
        # TOML's true would pass for a number, and its date-time for a date
        if not isinstance(value, key.kind) or isinstance(value, bool | dt.datetime):
            raise Broken(f"{file} 的 {where}.{name} 类型不对：{value!r}。")
        if key.one_of and value not in key.one_of:
            raise Broken(f"{file} 的 {where}.{name} 应为 {'、'.join(key.one_of)} 之一，现在是 {value!r}。")
    return dict(found)
