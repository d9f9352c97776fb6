"""The only place that draws the tables of the leader's page: loops in templates would take longer than counting.

Text that may come from a record is escaped here; numbers and addresses made by the page need only their ampersands.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString

from metrics.indicators import Rate
from portal.places import Inside, Place
from portal.templatetags.charts import MOST_CELLS, STEP

register = template.Library()

NO_RATE = '<span class="muted">不列率</span>'


@register.simple_tag
def month_table(trend: Any) -> SafeString:
    """The month ends under the chart: heads that open the page on that day, then the rows."""
    last = len(trend.months) - 1

    def css(place: int) -> str:
        return ' class="last"' if place == last else ""

    heads = "".join(
        f'<th scope="col"{css(place)}><b>{year}</b><a href="{escape(url)}">{month}</a></th>'
        for place, (year, month, url) in enumerate(trend.months)
    )
    rows = "".join(
        f'<tr{" class=q" if is_second else ""}><th scope="row">{name}</th>'
        + "".join(f"<td{css(place)}>{text}</td>" for place, text in enumerate(texts))
        + "</tr>"
        for name, texts, is_second in trend.rows
    )
    return SafeString(f'<thead><tr><th scope="col">月末</th>{heads}</tr></thead><tbody>{rows}</tbody>')


@register.simple_tag
def place_rows(inside: Inside, links: Any) -> SafeString:
    """Parks, prefectures or provinces: counts that open their lists, rates but for the small ones, a bar."""
    return SafeString("".join(_place_row(one, links) for one in inside.places))


def _place_row(one: Place, links: Any) -> str:
    lead, should, both = one.rates.values()

    def count(label: str, rate: Rate, part: str, number: int) -> str:
        url = escape(links.at(one.place, rate.indicator.code, part))
        return f'<td class="num" data-l="{label}"><a href="{url}">{number:,}</a></td>'

    def percent(label: str, rate: Rate, tag: str = "span") -> str:
        said = NO_RATE if one.is_small else f"<{tag}>{rate.short}</{tag}>"
        return f'<td class="num" data-l="{label}">{said}</td>'

    demo = '<span class="demo">演示</span>' if one.is_demo else ""
    cells = (
        count("实体运营", lead, "denominator", lead.denominator),
        count("已建", lead, "numerator", lead.numerator),
        count("未建", lead, "gap", lead.gap),
        percent("组织覆盖率", lead, "b"),
        f'<td class="barcol">{"" if one.is_small else _bar(lead)}</td>',
        count("应建未建", should, "gap", should.gap),
        percent("两个覆盖率", both),
        count("剔除", lead, "excluded", lead.excluded),
    )
    head = f'<th scope="row"><a href="{escape(one.url)}">{escape(one.name)}</a>{demo}</th>'
    return f"<tr>{head}{''.join(cells)}</tr>"


def _bar(rate: Rate) -> str:
    """A plain bar, as :func:`portal.templatetags.charts.bar` draws it."""
    width = MOST_CELLS * STEP
    filled = round(width * rate.numerator / (rate.denominator or 1), 1)
    said = f"{rate.indicator.name}：{rate.denominator:,}家中{rate.numerator:,}家"
    return (
        f'<svg class="cells" viewBox="0 0 {width} 10" preserveAspectRatio="none" role="img" focusable="false">'
        f'<title>{said}</title><rect class="c-off" x="0.5" y="0.5" width="{width - 1}" height="9"/>'
        f'<rect class="c-on" width="{filled}" height="10"/></svg>'
    )


@register.simple_tag
def rate_rows(tiles: Sequence[Any], links: Any) -> SafeString:
    """The other rates: each with its definition, four counts that open their lists, target and change."""
    return SafeString("".join(_rate_row(one, links) for one in tiles))


def _rate_row(one: Any, links: Any) -> str:
    rate: Rate = one.rate
    indicator = rate.indicator
    uncounted = one.uncounted
    lists = "".join(
        f'<td class="num" data-l="{figure.label}"><a href="{escape(figure.url)}">{figure.count:,}</a></td>'
        for figure in one.four
    )
    more = f'<a href="{escape(uncounted.url)}">{uncounted.count:,}</a>' if uncounted.count else "0"
    said = _lines((one.step.text, one.step.denominator))
    aim = f'<span class="under">{escape(one.aim.text)}</span>' if one.aim else ""
    return (
        f'<tr><th scope="row">{escape(indicator.name)}　<a class="small" href="{links.definitions}#{indicator.code}" '
        f'aria-label="{escape(indicator.label)}的口径">口径</a><span class="under">{escape(indicator.basis)}</span>'
        f"{aim}</th>"
        f'<td class="num" data-l="比率"><b>{rate.short}</b></td>{lists}'
        f'<td class="num" data-l="已建不计入">{more}</td>'
        f'<td data-l="变动"><a href="{escape(one.why)}">{said}</a></td></tr>'
    )


def _lines(texts: Iterable[str]) -> str:
    first, *under = filter(None, texts)
    return f'<span class="nw">{first}</span>' + "".join(f'<span class="under">{text}</span>' for text in under)
