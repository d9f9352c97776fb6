"""The only place that decides which form of a report is shown, counted now or as frozen, and makes it a workbook."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from django.http import Http404, HttpRequest
from django.utils import timezone

from metrics.excel import Header, Table, form_workbook
from metrics.models import FrozenReport
from metrics.reports import REPORTS
from metrics.reports.definitions import definitions, unit_of
from metrics.reports.frozen import LARGE, Opened, opened, versions
from metrics.reports.names import Listed, listed, roll
from metrics.reports.sheet import Filled, Report
from orgs.models import Enterprise, Park
from orgs.scoping import ScopedQuerySet
from portal.asking import Asked
from portal.templatetags.show import maker, moment

RECOUNTED: Final = "now"  # ?version= of the form counted again today


def asked_report(slug: str) -> Report:
    if slug not in REPORTS:
        raise Http404("没有这张报表")
    return REPORTS[slug]


def page_query(about: Asked) -> dict[str, str]:
    return {"day": about.day.isoformat()} | about.place


def parks_of(about: Asked) -> list[Park]:
    return [about.park] if about.park else list(about.within(Park.objects.visible_to(about.user)))


@dataclass(frozen=True)
class Sheet:
    """A form to be shown: as frozen, or counted just now; with every version there is of it, the first one first."""

    about: Asked
    report: Report
    filled: Filled
    enterprises: ScopedQuerySet
    parks: Sequence[Park]
    frozen: Opened | None
    versions: Sequence[FrozenReport]

    @property
    def park(self) -> Park | None:
        """The park of the form; several make a form that nobody hands in, so it is never frozen."""
        return self.parks[0] if len(self.parks) == 1 else None

    @property
    def newest(self) -> FrozenReport | None:
        return self.versions[-1] if self.versions else None

    @property
    def recounted(self) -> bool:
        """Counted again though there is a frozen version."""
        return bool(self.versions) and self.frozen is None

    @property
    def unit(self) -> str:
        if self.frozen:
            return self.frozen.unit
        return unit_of(self.park) if self.park else f"{self.about.user}（{len(self.parks)}个园区合并）"

    @property
    def query(self) -> dict[str, str]:
        """What leads back to this very sheet."""
        query = page_query(self.about)
        if self.recounted:
            return query | {"version": RECOUNTED}
        if self.frozen and self.newest and self.frozen.row.version < self.newest.version:
            return query | {"version": str(self.frozen.row.version)}
        return query

    @property
    def names(self) -> list[Listed]:
        """Every enterprise of the sheet with the columns that it is in."""
        if self.frozen:
            return self.frozen.names
        return listed(self.report, roll(self.report, self.enterprises, self.about.day))

    def earlier(self, found: Report) -> Opened | None:
        """The version before the one shown."""
        if self.frozen is None or self.frozen.row.version == 1:
            return None
        row = next((one for one in self.versions if one.version == self.frozen.row.version - 1), None)
        return opened(row, found) if row else None


def asked_sheet(request: HttpRequest, about: Asked, found: Report) -> Sheet:
    """The newest frozen version unless ``?version=`` asks for another one or for "now"; Http404 on nonsense."""
    enterprises = about.within(Enterprise.objects.visible_to(about.user))
    parks = parks_of(about)
    wanted = request.GET.get("version", "")
    kept: list[FrozenReport] = []
    if len(parks) == 1:
        kept = list(versions(found, parks[0], about.day, about.user).defer(*LARGE))
    chosen = kept[-1] if kept else None
    if wanted == RECOUNTED:
        chosen = None
    elif wanted:
        chosen = next((one for one in kept if str(one.version) == wanted), None)
        if chosen is None:
            raise Http404("没有这一版")
    if chosen is None:
        return Sheet(about, found, found.fill(enterprises, about.day), enterprises, parks, None, kept)
    chosen.refresh_from_db(fields=LARGE)
    form = opened(chosen, found)
    return Sheet(about, form.report, form.filled, enterprises, parks, form, kept)


# The workbook


def workbook(sheet: Sheet) -> bytes:
    about, row = sheet.about, sheet.frozen.row if sheet.frozen else None
    reported = timezone.localtime(row.frozen_at).date() if row else timezone.localdate()
    above = (
        f"填报单位：{sheet.unit}",
        f"统计截止：{about.day.year}年{about.day.month}月{about.day.day}日",
        "计量单位：家、%",
    )
    below = (
        "负责人：",
        f"制表：{maker(row, about.persons) if row else about.user}",
        "联系电话：",
        f"报出日期：{reported.year}年{reported.month}月{reported.day}日",
    )
    filled, names = sheet.filled, sheet.names
    if row:
        kept = f"已冻结：第{row.version}版，{maker(row, about.persons)}，{moment(row.frozen_at)}。"
        filled = replace(filled, notes=[*filled.notes, kept])
    return form_workbook(sheet.report.form(filled, above, below), names_table(sheet, names), definitions_table(sheet))


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


def names_table(sheet: Sheet, names: Sequence[Listed]) -> Table:
    """Every enterprise present on the day, with 1 under each count of the form that it is in."""
    form = sheet.report
    numbers = [column.number for column in form.counts]
    rows = []
    for one in names:
        facts = [
            one.park,
            one.name,
            one.uscc,
            one.industry_label or "未填",
            one.status,
            one.full_members,
            one.ways,
            one.organizations,
            one.reason,
        ]
        rows.append([*facts, *(1 if number in one.columns else None for number in numbers)])
    ticks = [Header(f"{column.number}\n{column.heads[-1]}", "tick", 5.5) for column in form.counts]
    return Table(
        title=f"{form.title}：名单",
        lines=(
            f"截至{sheet.about.day}在园的企业，每列数字即统计表同号列的家数；"
            "按列筛选√，就是那个数背后的企业，合计随筛选变化。",
        ),
        headers=(*NAME_HEADERS, *ticks),
        rows=rows,
        totals=["合计", f"{len(rows)}家", *("" for _ in range(len(NAME_HEADERS) - 2 + len(ticks)))],
    )


def definitions_table(sheet: Sheet) -> Table:
    about, form, parks = sheet.about, sheet.report, sheet.parks
    rows: list[tuple[str, ...]]
    if sheet.frozen:
        row = sheet.frozen.row
        intact = "核对相符" if sheet.frozen.is_intact else "核对不符，数据在系统之外被改动过"
        rows = [
            (
                "冻结",
                f"已冻结，第{row.version}版",
                f"冻结人：{maker(row, about.persons)}；冻结时间：{moment(row.frozen_at)}。",
            ),
            ("冻结", "摘要（SHA-256）", f"{row.digest}，{intact}。"),
        ]
        rows += [("冻结", "更正原因", row.reason)] if row.reason else []
        rows += [tuple(words) for words in row.definitions]
        made = "本工作簿取自冻结的数字和名单。"
    else:
        split = {line.key for block in sheet.filled.blocks if block.field == "park" for line in block.lines}
        rows = [*definitions(form, [park for park in parks if not split or park.pk in split])]
        made = f"制表：{about.user}，{timezone.localtime():%Y-%m-%d %H:%M}。"
    scope = f"{'、'.join(park.name for park in parks[:10])}{'等' if len(parks) > 10 else ''}"
    return Table(
        title=f"{form.title}：口径",
        lines=(f"截至{about.day}；范围：{scope}；{made}", form.basis),
        headers=(Header("项目", width=12), Header("名称", width=30), Header("口径和来源", width=90)),
        rows=rows,
    )
