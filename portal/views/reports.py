"""The only place for the pages of reports: the catalogue, a form as a sheet of paper, its names, freezing it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from metrics.excel import CONTENT_TYPE
from metrics.models import FrozenReport
from metrics.reports import REPORTS
from metrics.reports.definitions import label_of
from metrics.reports.frozen import (
    LARGE,
    Difference,
    Opened,
    between,
    differences,
    freeze,
    may_freeze,
    opened,
    versions,
)
from metrics.reports.names import Listed, is_counted, listed, roll
from metrics.reports.sheet import Cell, Filled, Report
from orgs.models import Enterprise, EnterpriseSize, Industry, Park
from orgs.scoping import ScopedQuerySet, holds, parks_in_reach
from portal.asking import Asked, asked
from portal.sheets import Sheet, asked_report, asked_sheet, page_query, workbook
from portal.templatetags.show import moment

# As many names as a page shows at once; the workbook has all of them.
MOST_NAMES: Final = 300
# As many names as a line of 数据更正 shows
FEW_NAMES: Final = 5
# As many frozen reports as the catalogue lists, the newest ones
MOST_FROZEN: Final = 60
FIELDS: Final = ("park", "industry", "size")


@require_safe
def reports(request: HttpRequest) -> HttpResponse:
    about = asked(request)
    rows = FrozenReport.objects.visible_to(about.user).in_park(about.park)
    context = {
        "asked": about,
        "reports": list(REPORTS.values()),
        "query": urlencode(page_query(about)),
        "frozen": rows.filter(report__in=REPORTS).select_related("park").defer(*LARGE)[:MOST_FROZEN],
        "frozen_count": rows.count(),
    }
    return render(request, "portal/reports.html", context, status=400 if about.problem else 200)


@require_safe
def report(request: HttpRequest, slug: str) -> HttpResponse:
    """The form for a day: as frozen, where it is; ``?version=`` opens an older version, or counts again today."""
    about, found = asked(request), asked_report(slug)
    sheet = asked_sheet(request, about, found)
    park, newest = sheet.park, sheet.newest
    corrections = corrected(sheet, found) if sheet.frozen else []
    fixes = {
        (one.field, one.key, one.column.number): Cell(one.column, one.now).text
        for one in corrections
        if one.is_of_value
    }
    writer = may_freeze(about.user, park) if park else holds(about.user, FrozenReport.write_roles)
    earlier = sheet.earlier(found)
    older = bool(sheet.frozen and newest and sheet.frozen.row.version < newest.version)
    context = {
        "asked": about,
        "report": sheet.report,
        "sheet": sheet,
        "filled": sheet.filled,
        "unit": sheet.unit,
        "parks": sheet.parks,
        "total": row_of(sheet, sheet.filled.total, "", fixes),
        "blocks": [
            (block, [row_of(sheet, line, block.field, fixes) for line in block.lines]) for block in sheet.filled.blocks
        ],
        "checks": checks(sheet.filled),
        "names": asked_names(request, about, found, sheet.enterprises, sheet.frozen),
        "query": urlencode(page_query(about)),
        "sheet_query": urlencode(sheet.query),
        "columns_with_stub": len(sheet.report.columns) + 1,
        "frozen": sheet.frozen,
        "newest": newest,
        "fixes": len(fixes),
        "corrections": told(about, corrections),
        "earlier": earlier,
        "since_earlier": told(about, between(earlier, sheet.frozen)) if earlier and sheet.frozen else None,
        # Nothing new to freeze while the newest version says what is counted today
        "may_freeze": bool(park and writer and not about.problem and (corrections or not sheet.frozen) and not older),
        "older": older,
        "must_choose": park is None and writer,
    }
    return render(request, "portal/report.html", context, status=400 if about.problem else 200)


@require_safe
def report_export(request: HttpRequest, slug: str) -> HttpResponse:
    """The form as a workbook. A day that is none is explained on the page, not exported as another day."""
    about, found = asked(request), asked_report(slug)
    if about.problem:
        return redirect(f"{reverse('report', args=[slug])}?{request.GET.urlencode()}")
    sheet = asked_sheet(request, about, found)
    response = HttpResponse(workbook(sheet), CONTENT_TYPE)
    place = sheet.park.short_name if sheet.park else f"{len(sheet.parks)}个园区"
    mark, version = (
        (f"，已冻结第{sheet.frozen.row.version}版", f"-v{sheet.frozen.row.version}") if sheet.frozen else ("", "")
    )
    name = f"{found.title}（{place}，截至{about.day}{mark}）.xlsx"
    response["Content-Disposition"] = (
        f"attachment; filename=\"{slug}-{about.day}{version}.xlsx\"; filename*=UTF-8''{quote(name)}"
    )
    return response


# Freezing


class Reason(forms.Form):
    """Why a further version is made; the first one needs no reason."""

    reason = forms.CharField(
        label="更正原因",
        max_length=300,
        error_messages={
            "required": "请写明更正原因，例如哪条记录、为什么更正。",
            "max_length": "更正原因最多300字，现在是%(show_value)d字，请写短一些。",
        },
        widget=forms.Textarea(attrs={"class": "in", "rows": 3, "maxlength": 300}),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def report_freeze(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask once, saying what is kept and, for a further version, what changes and why; then freeze."""
    about, found = asked(request), asked_report(slug)
    park = park_to_freeze(about)
    back = f"{reverse('report', args=[slug])}?{urlencode(page_query(about))}"
    context: dict[str, Any] = {"asked": about, "report": found, "park": park, "back": back}
    if park is None or about.problem:
        return render(request, "portal/report_freeze.html", context, status=400)
    newest = versions(found, park, about.day, about.user).order_by("-version").first()
    given = request.POST.get("version", "")
    meant = int(given) if given.isdecimal() and len(given) < 5 else None
    # Sent twice: the first has made the version that this one means
    made = newest is not None and meant is not None and meant <= newest.version
    form = Reason(request.POST if request.method == "POST" else None) if newest else None
    if request.method == "POST" and (form is None or made or form.is_valid()):
        reason = form.cleaned_data["reason"] if form and not made else ""
        try:
            row = freeze(found, park, about.day, about.user, reason, meant)
        except ValidationError as error:
            messages.info(request, error.messages[0])
        else:
            again = row.frozen_by != str(about.user)
            said = f"已冻结第{row.version}版，截至{row.day}。数字、名单和口径从此不变。"
            if again:
                said = f"{row.frozen_by}已在{moment(row.frozen_at)}冻结第{row.version}版，没有重复冻结。"
            (messages.info if again else messages.success)(request, said)
        return redirect(back)
    enterprises = Enterprise.objects.visible_to(about.user).in_park(park)
    filled = found.fill(enterprises, about.day)
    changed = differences(opened(newest, found), filled, enterprises, found) if newest else []
    context |= {
        "form": form,
        "newest": newest,
        "version": newest.version + 1 if newest else 1,
        "corrections": told(about, changed),
        "total": Row(filled.total, [Shown(cell, "") for cell in filled.total.cells]),
    }
    return render(request, "portal/report_freeze.html", context, status=400 if form and form.errors else 200)


def park_to_freeze(about: Asked) -> Park | None:
    """The park asked for, or the only one there is to choose; ``None`` for several. Http404 without the right."""
    parks = list(parks_in_reach(about.user, FrozenReport.write_roles)[:2])
    if about.park is not None:
        if not may_freeze(about.user, about.park):
            raise Http404("没有冻结报表的权限")
        return about.park
    if not parks:
        raise Http404("没有冻结报表的权限")
    return parks[0] if len(parks) == 1 else None


# The sheet


@dataclass(frozen=True)
class Shown:
    """A figure on the sheet, the address of its names for a count, and what it would be now where that differs."""

    cell: Cell
    url: str
    fix: str = ""


@dataclass(frozen=True)
class Row:
    line: Any
    cells: Sequence[Shown]


def row_of(sheet: Sheet, line: Any, field: str, fixes: Mapping[tuple[str, Any, int], str]) -> Row:
    cells = []
    for cell in line.cells:
        url = ""
        if cell.is_count and cell.value:
            query = sheet.query | {"names": cell.column.number}
            if field:
                query |= {"by": field, "key": line.key}
            url = f"{reverse('report', args=[sheet.report.slug])}?{urlencode(query)}#names"
        cells.append(Shown(cell, url, fixes.get((field, line.key, cell.column.number), "")))
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


# What has changed since


def corrected(sheet: Sheet, found: Report) -> list[Difference]:
    """In what the frozen form differs from the same form counted again today."""
    if sheet.frozen is None:
        return []
    return differences(sheet.frozen, found.fill(sheet.enterprises, sheet.about.day), sheet.enterprises, found)


@dataclass(frozen=True)
class Moved:
    """Enterprises that came or went: the first few by name, with an address where the record still is."""

    names: Sequence[tuple[str, str]]
    more: int


@dataclass(frozen=True)
class Told:
    """A difference in words for the table."""

    place: str
    column: str
    was: str
    now: str
    joined: Moved
    left: Moved
    is_of_value: bool


@dataclass(frozen=True)
class Corrections:
    """What differs, in the total and in the rows below it."""

    total: Sequence[Told]
    lines: Sequence[Told]


def told(about: Asked, found: Sequence[Difference]) -> Corrections | None:
    """Differences in words; ``None`` when there are none."""
    if not found:
        return None
    here = visible_keys(about, {pk for one in found for pk, _ in (*one.joined, *one.left)})

    def moved(these: Sequence[tuple[int, str]]) -> Moved:
        few = [(name, reverse("record", args=["enterprises", pk]) if pk in here else "") for pk, name in these]
        return Moved(few[:FEW_NAMES], len(few[FEW_NAMES:]))

    def words(one: Difference) -> Told:
        return Told(
            place=f"{one.block}·{one.label}" if one.block else one.label,
            column=f"第{one.column.number}列 {label_of(one.column)}",
            was=Cell(one.column, one.was).text,
            now=Cell(one.column, one.now).text,
            joined=moved(one.joined),
            left=moved(one.left),
            is_of_value=one.is_of_value,
        )

    return Corrections([words(one) for one in found if not one.field], [words(one) for one in found if one.field])


def visible_keys(about: Asked, keys: set[int]) -> set[int]:
    """Which of these enterprises still have a record to open."""
    if not keys:
        return set()
    return set(Enterprise.objects.visible_to(about.user).filter(pk__in=keys).values_list("pk", flat=True))


# The names


@dataclass(frozen=True)
class Names:
    """The enterprises behind one count of the sheet; ``here`` are those whose record can be opened."""

    title: str
    count: int
    rows: Sequence[Listed]
    ledger_url: str
    here: set[int]

    @property
    def is_cut(self) -> bool:
        return self.count > len(self.rows)


def asked_names(
    request: HttpRequest, about: Asked, found: Report, enterprises: ScopedQuerySet, frozen: Opened | None = None
) -> Names | None:
    """The names asked for by ``?names=`` (a column) in the row ``?by=`` and ``?key=``; Http404 on nonsense."""
    number, field, key = (request.GET.get(name, "") for name in ("names", "by", "key"))
    if not number:
        return None
    try:
        column = (frozen.report if frozen else found).column(int(number))
    except (ValueError, KeyError):
        raise Http404("没有这一列") from None
    if field and (field not in FIELDS or (field == "park" and not (key.isdecimal() and len(key) < 18))):
        raise Http404("没有这一行")
    row = row_label(about, field, key) if field else "合计"
    title = f"第{column.number}列“{label_of(column)}”，{row}"
    if frozen:
        if field == "park":
            raise Http404("没有这一行")
        kept = [one for one in frozen.names if is_counted(one, column.number, field, key)]
        here = visible_keys(about, {one.pk for one in kept[:MOST_NAMES]})
        return Names(f"{title}（冻结名单）", len(kept), kept[:MOST_NAMES], "", here)
    narrower = {}
    if field:
        enterprises = enterprises.filter(**{field: key})
        narrower = {field: key or "none"} if field != "park" else {}
    count = found.names(enterprises, about.day, column.number).count()
    rows = listed(found, roll(found, enterprises, about.day).filter(column.condition)[:MOST_NAMES])
    ledger = ""
    if column.drill and field != "park":
        indicator, part = column.drill
        query = {"indicator": indicator, "part": part} | page_query(about) | narrower
        ledger = f"{reverse('ledger', args=['enterprises'])}?{urlencode(query)}"
    return Names(title, count, rows, ledger, {one.pk for one in rows})


def row_label(about: Asked, field: str, key: str) -> str:
    if field == "park":
        park = Park.objects.visible_to(about.user).filter(pk=int(key)).first()
        if park is None:
            raise Http404("没有这个园区")
        return str(park.name)
    choices = {"industry": Industry.choices, "size": EnterpriseSize.choices}[field]
    return str(dict(choices).get(key, "未填"))
