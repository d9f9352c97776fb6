"""The only place for reports: the catalogue, a form as a sheet of paper, its names, its workbook."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

from django.db.models import BooleanField, ExpressionWrapper, Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from metrics.coverage import counted_coverages, formation_status, why_not_operating
from metrics.excel import CONTENT_TYPE, Header, Table, form_workbook
from metrics.indicators import INDICATORS
from metrics.reports import REPORTS
from metrics.reports.sheet import Cell, CountColumn, Filled, Report
from orgs.models import Enterprise, EnterpriseSize, Industry, Park
from orgs.scoping import ScopedQuerySet
from portal.asking import Asked, asked

# As many names as a page shows at once; the workbook has all of them.
MOST_NAMES: Final = 300
FIELDS: Final = ("park", "industry", "size")


@require_safe
def reports(request: HttpRequest) -> HttpResponse:
    about = asked(request)
    context = {"asked": about, "reports": list(REPORTS.values()), "query": urlencode(page_query(about))}
    return render(request, "portal/reports.html", context, status=400 if about.problem else 200)


@require_safe
def report(request: HttpRequest, slug: str) -> HttpResponse:
    about, found = asked(request), asked_report(slug)
    enterprises = Enterprise.objects.visible_to(about.user).in_park(about.park)
    filled = found.fill(enterprises, about.day)
    parks = parks_of(about)
    context = {
        "asked": about,
        "report": found,
        "filled": filled,
        "unit": unit_of(about, parks),
        "parks": parks,
        "total": row_of(about, found, filled.total, ""),
        "blocks": [
            (block, [row_of(about, found, line, block.field) for line in block.lines]) for block in filled.blocks
        ],
        "checks": checks(filled),
        "names": asked_names(request, about, found, enterprises),
        "query": urlencode(page_query(about)),
        "columns_with_stub": len(found.columns) + 1,
    }
    return render(request, "portal/report.html", context, status=400 if about.problem else 200)


@require_safe
def report_export(request: HttpRequest, slug: str) -> HttpResponse:
    """The form as a workbook. A day that is none is explained on the page, not exported as another day."""
    about, found = asked(request), asked_report(slug)
    if about.problem:
        return redirect(f"{reverse('report', args=[slug])}?{request.GET.urlencode()}")
    enterprises = Enterprise.objects.visible_to(about.user).in_park(about.park)
    filled = found.fill(enterprises, about.day)
    parks = parks_of(about)
    response = HttpResponse(workbook(about, found, filled, enterprises, parks), CONTENT_TYPE)
    place = parks[0].short_name if len(parks) == 1 else f"{len(parks)}个园区"
    name = f"{found.title}（{place}，截至{about.day}）.xlsx"
    response["Content-Disposition"] = (
        f"attachment; filename=\"{slug}-{about.day}.xlsx\"; filename*=UTF-8''{quote(name)}"
    )
    return response


def asked_report(slug: str) -> Report:
    if slug not in REPORTS:
        raise Http404("没有这张报表")
    return REPORTS[slug]


def page_query(about: Asked) -> dict[str, str]:
    return {"day": about.day.isoformat()} | ({"park": about.park.slug} if about.park else {})


def parks_of(about: Asked) -> list[Park]:
    return [about.park] if about.park else list(Park.objects.visible_to(about.user))


def unit_of(about: Asked, parks: Sequence[Park]) -> str:
    """Who fills in the form: the park's working committee, or the account for several parks."""
    if len(parks) == 1:
        return parks[0].working_committee or parks[0].name
    return f"{about.user}（{len(parks)}个园区合并）"


# The sheet


@dataclass(frozen=True)
class Shown:
    """A figure on the sheet and, for a count, the address of its names."""

    cell: Cell
    url: str


@dataclass(frozen=True)
class Row:
    line: Any
    cells: Sequence[Shown]


def row_of(about: Asked, found: Report, line: Any, field: str) -> Row:
    cells = []
    for cell in line.cells:
        url = ""
        if cell.is_count and cell.value:
            query = page_query(about) | {"names": cell.column.number}
            if field:
                query |= {"by": field, "key": line.key}
            url = f"{reverse('report', args=[found.slug])}?{urlencode(query)}#names"
        cells.append(Shown(cell, url))
    return Row(line, cells)


@dataclass(frozen=True)
class Check:
    """An identity of the form: what it says, the two sides, and whether they agree."""

    text: str
    left: int
    right: int
    unit: str = ""

    @property
    def holds(self) -> bool:
        return self.left == self.right


def checks(filled: Filled) -> list[Check]:
    n = filled.total.counts
    found = [
        Check("1＝2＋3　总数＝剔除＋实体运营", n[1], n[2] + n[3]),
        Check("3＝4＋9　实体运营＝已建＋未建", n[3], n[4] + n[9]),
        Check("4＝5＋6　已建＝单独＋联合等方式", n[4], n[5] + n[6]),
        Check("7＝4＋8　符合条件＝已建＋应建未建", n[7], n[4] + n[8]),
        Check("9＝10＋14　未建＝有工作覆盖＋无覆盖", n[9], n[10] + n[14]),
    ]
    for block in filled.blocks:
        agreeing = sum(sum(line.counts[number] for line in block.lines) == count for number, count in n.items())
        found.append(Check(f"{block.title}各行相加＝合计", agreeing, len(n), "列"))
    return found


# The names


@dataclass(frozen=True)
class Names:
    """The enterprises behind one count of the sheet."""

    title: str
    count: int
    rows: Sequence[Any]
    ledger_url: str

    @property
    def is_cut(self) -> bool:
        return self.count > len(self.rows)


def asked_names(request: HttpRequest, about: Asked, found: Report, enterprises: ScopedQuerySet) -> Names | None:
    """The names asked for by ``?names=`` (a column) in the row ``?by=`` and ``?key=``; Http404 on nonsense."""
    number, field, key = (request.GET.get(name, "") for name in ("names", "by", "key"))
    if not number:
        return None
    try:
        column = found.column(int(number))
    except (ValueError, KeyError):
        raise Http404("没有这一列") from None
    row = "合计"
    narrower = {}
    if field:
        if field not in FIELDS or (field == "park" and not key.isdecimal()):
            raise Http404("没有这一行")
        enterprises = enterprises.filter(**{field: key})
        narrower = {field: key or "none"} if field != "park" else {}
        row = row_label(about, field, key)
    names = named(found.names(enterprises, about.day, column.number), about.day)
    count = names.count()
    ledger = ""
    if column.drill and field != "park":
        indicator, part = column.drill
        query = {"indicator": indicator, "part": part} | page_query(about) | narrower
        ledger = f"{reverse('ledger', args=['enterprises'])}?{urlencode(query)}"
    title = f"第{column.number}列“{label_of(column)}”，{row}"
    return Names(title, count, [described(one) for one in names[:MOST_NAMES]], ledger)


def row_label(about: Asked, field: str, key: str) -> str:
    if field == "park":
        park = Park.objects.visible_to(about.user).filter(pk=int(key)).first()
        if park is None:
            raise Http404("没有这个园区")
        return str(park.name)
    choices = {"industry": Industry.choices, "size": EnterpriseSize.choices}[field]
    return str(dict(choices).get(key, "未填"))


def label_of(column: CountColumn) -> str:
    """The heads above a column in one line: 组织覆盖·其中·单独组建."""
    return "·".join(head.replace("\n", "") for head in column.heads)


def named(enterprises: ScopedQuerySet, day: dt.date) -> ScopedQuerySet:
    """Enterprises with their park and the coverage relations that count on ``day``, in the order of the ledger."""
    counted = counted_coverages(day).select_related("organization").order_by("since", "pk")
    return (
        enterprises.select_related("park")
        .prefetch_related(Prefetch("coverages", counted, to_attr="counted_on"))
        .order_by("park__region_code", "park__name", "name", "pk")
    )


@dataclass(frozen=True)
class Described:
    """An enterprise in words: where it stands, in which ways and by which organizations it is covered, why excluded."""

    enterprise: Any
    status: str
    ways: str
    organizations: str
    reason: str


def described(row: Any) -> Described:
    return Described(
        row,
        formation_status(row) if row.in_real else "",
        "、".join(dict.fromkeys(one.get_way_display() for one in row.counted_on)),
        "、".join(dict.fromkeys(one.organization.short_name for one in row.counted_on)),
        why_not_operating(row),
    )


# The workbook


def workbook(about: Asked, found: Report, filled: Filled, enterprises: ScopedQuerySet, parks: Sequence[Park]) -> bytes:
    today = timezone.localdate()
    above = (
        f"填报单位：{unit_of(about, parks)}",
        f"统计截止：{about.day.year}年{about.day.month}月{about.day.day}日",
        "计量单位：家、%",
    )
    below = ("负责人：", f"制表：{about.user}", "联系电话：", f"报出日期：{today.year}年{today.month}月{today.day}日")
    names = names_table(found, enterprises, about.day)
    rows = {line.key for block in filled.blocks if block.field == "park" for line in block.lines}
    return form_workbook(
        found.form(filled, above, below),
        names,
        definitions_table(about, found, [park for park in parks if not rows or park.pk in rows]),
    )


NAME_HEADERS: Final = (
    Header("园区", width=16),
    Header("企业名称", width=30),
    Header("统一社会信用代码", width=21),
    Header("行业门类", width=18),
    Header("组建状态", width=13),
    Header("正式\n党员", "number", 6),
    Header("组建方式", width=11),
    Header("党组织", width=22),
    Header("不计入的原因", width=14),
)


def names_table(found: Report, enterprises: ScopedQuerySet, day: dt.date) -> Table:
    """Every enterprise present on the day, with 1 under each count of the form that it is in."""
    flags = {
        f"in_column_{column.number}": ExpressionWrapper(column.condition, output_field=BooleanField())
        for column in found.counts
    }
    rows = []
    for one in map(described, named(found.annotated(enterprises, day).annotate(**flags), day)):
        row = one.enterprise
        facts = [
            row.park.short_name,
            row.name,
            row.uscc,
            row.get_industry_display() or "未填",
            one.status,
            row.full_members,
            one.ways,
            one.organizations,
            one.reason,
        ]
        rows.append([*facts, *(1 if getattr(row, flag) else None for flag in flags)])
    ticks = [Header(f"{column.number}\n{column.heads[-1]}", "tick", 5.5) for column in found.counts]
    return Table(
        title=f"{found.title}：名单",
        lines=(
            f"截至{day}在园的企业，每列数字即统计表同号列的家数；按列筛选√，就是那个数背后的企业，合计随筛选变化。",
        ),
        headers=(*NAME_HEADERS, *ticks),
        rows=rows,
        totals=["合计", f"{len(rows)}家", *("" for _ in range(len(NAME_HEADERS) - 2 + len(ticks)))],
    )


def definitions_table(about: Asked, found: Report, parks: Sequence[Park]) -> Table:
    rows: list[tuple[str, str, str]] = []
    for column in found.columns:
        label = "·".join(head.replace("\n", "") for head in column.heads)
        if isinstance(column, CountColumn):
            rows.append((f"第{column.number}列", label, column.meaning))
        else:
            one = INDICATORS[column.indicator]
            text = f"{column.meaning}。分子：{one.numerator_text}。分母：{one.denominator_text}。来源：{one.source}。"
            rows.append((f"第{column.number}列", label, text))
    rows += [("园区设定", park.name, settings_of(park)) for park in parks]
    made = timezone.localtime()
    return Table(
        title=f"{found.title}：口径",
        lines=(
            f"截至{about.day}；范围：{'、'.join(park.name for park in parks[:10])}{'等' if len(parks) > 10 else ''}；"
            f"制表：{about.user}，{made:%Y-%m-%d %H:%M}。",
            found.basis,
        ),
        headers=(Header("项目", width=12), Header("名称", width=30), Header("口径和来源", width=90)),
        rows=rows,
    )


def settings_of(park: Park) -> str:
    """The counting choices of a park, in words."""
    ways = [
        f"{name}{'计入' if counted else '不计入'}"
        for name, counted in (
            ("挂靠", park.count_attached),
            ("派入", park.count_dispatched),
            ("网格建立", park.count_grid),
        )
    ]
    wide = "计入" if park.wide_work else "不计入"
    members = "只数组织关系已转入的" if park.transferred_only else "数在企业就业的，不论组织关系在哪里"
    return f"组织覆盖：{'、'.join(ways)}。工作覆盖：妇联、领导联系{wide}。正式党员：{members}。"
