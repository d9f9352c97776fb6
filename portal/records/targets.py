"""The only place for what the page of a target shows."""

from metrics.figures import Figures
from metrics.models import Target
from metrics.targets import lacking
from portal.forms import TargetForm
from portal.records.parts import Look, RecordPage, Strip


def target_strip(look: Look) -> list[Strip]:
    row: Target = look.row
    rate = Figures(look.user, row.park).on(look.day, [row.indicator])[row.indicator]
    missing = lacking(rate, row.percent)
    reached = f"还差{missing:,}家" if missing else "已达到" if rate.denominator else "无率可比"
    return [
        Strip("目标值", f"{row.percent}%"),
        Strip("现在", rate.short, f"{rate.numerator:,}/{rate.denominator:,}，截至{look.day}"),
        Strip("比较", reached, state="due" if missing else "ok" if rate.denominator else "off"),
        Strip("期限", f"{row.since}起", f"至{row.until}" if row.until else ""),
    ]


TARGETS = RecordPage(
    slug="targets",
    model=Target,
    noun="目标",
    form=TargetForm,
    heading=lambda look: look.row.get_indicator_display(),
    sub=lambda look: f"目标{look.row.percent}%，{look.row.park.name}",
    strip=target_strip,
    keys=("indicator", "percent", "since", "until", "basis"),
    related=("park",),
)
