"""The only place for the entry form of 成果指标: a figure as a source states it, its source picked or typed."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import ValidationError

from metrics.models import Basis, Comparator, Source, Statement
from orgs import journal
from orgs.journal import Via
from portal.forms.base import EntryForm, Note, Section, Together, column_of, renamed

NEW_SOURCE = {
    "source_title": "title",
    "source_publisher": "publisher",
    "source_date_text": "date_text",
    "source_published_on": "published_on",
    "source_subject": "subject",
}
NEEDED = ("source_title", "source_publisher", "source_date_text", "source_subject")


class StatementForm(EntryForm):
    """A stated figure."""

    add_title = "登记成果指标"
    edit_title = "修改成果指标"
    prefill: ClassVar = {"source": "source", "category": "category", "period_text": "period_text"}
    keep: ClassVar = {"source": "source", "category": "category", "period_text": "period_text"}

    source_title = column_of(Source, "title", label="来源标题")
    source_publisher = column_of(Source, "publisher", label="刊载于")
    source_date_text = column_of(Source, "date_text", label="刊载日期的写法")
    source_published_on = column_of(Source, "published_on", label="刊载日期")
    source_subject = column_of(Source, "subject", label="资料主体")

    sections = (
        Section(
            "指标",
            (
                "park",
                "category",
                "indicator",
                Together("数值", ("comparator", "value", "value_high", "unit")),
                "wording",
            ),
            "照资料原文登记，不推算、不换算；“50多件”“90%以上”的意思由限定词保留。",
        ),
        Section("口径", ("basis", "change", "period_text", "note", "number")),
        Section("资料来源", ("source",), "已登记过的来源直接选；没有的在下一节填写。"),
        Section("新的来源", (*NEEDED[:3], "source_published_on", NEEDED[3]), "上面选了来源，这一节就不填。"),
    )

    class Meta(EntryForm.Meta):
        model = Statement
        fields = (
            "park",
            "category",
            "indicator",
            "comparator",
            "value",
            "value_high",
            "unit",
            "wording",
            "basis",
            "change",
            "period_text",
            "note",
            "number",
            "source",
        )

    def prepare(self) -> None:
        source: Any = self.fields["source"]
        source.required = False
        source.empty_label = "没有，另填新的来源"
        for name in ("value", "value_high", "unit"):
            self.fields[name].widget.attrs["class"] = "w8"
        for name in ("value", "value_high"):
            figure: Any = self.fields[name]
            figure.way_out = "文字写法请填在“原文写法”"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        typed = [name for name in NEW_SOURCE if cleaned.get(name)]
        if cleaned.get("source") and typed:
            self.add_error("source", "选了已有来源，又填了新的来源，请只留一种")
        elif not cleaned.get("source") and "source" not in self.errors:
            if not typed:
                self.add_error("source", "请选择资料来源，或在下面填写新的来源")
            for name in NEEDED:
                if typed and not cleaned.get(name) and name not in self.errors:
                    self.add_error(name, f"请填写{self.fields[name].label}")
        value, high, comparator = cleaned.get("value"), cleaned.get("value_high"), cleaned.get("comparator")
        at_value = {"value", "value_high", "comparator", "wording"} & set(self.errors)
        if not at_value:
            if value is None and not cleaned.get("wording"):
                self.add_error("value", "数值和原文写法至少填一项")
            elif comparator == Comparator.RANGE and (value is None or high is None):
                self.add_error("value_high", "限定词选了“区间”，数值和数值上限都要填")
            elif high is not None and comparator != Comparator.RANGE:
                self.add_error("comparator", "填了数值上限，限定词应选“区间”")
            elif high is not None and value is not None and high <= value:
                self.add_error("value_high", "数值上限应大于数值，请核对区间的两端")
            elif value is None and comparator != Comparator.EQ:
                self.add_error("comparator", "没有数值时，限定词只能选“等于”")
        return cleaned

    def before(self, via: Via) -> None:
        if self.cleaned_data.get("source") is not None:
            return
        values = {column: self.cleaned_data.get(name) for name, column in NEW_SOURCE.items()}
        source = Source(park=self.instance.park, **values)
        try:
            journal.save(source, self.user, via)
        except ValidationError as error:
            raise renamed(error, {column: name for name, column in NEW_SOURCE.items()}) from error
        self.instance.source = source

    def notes(self) -> dict[str, list[Note]]:
        notes: dict[str, list[Note]] = {
            "comparator": [Note("“50多件”选“多于”，填50；“90%以上”选“以上”；“1～2个”选“区间”，两端都填。")],
            "wording": [Note("日期、并列的几个数或一句话，没有单个数值的，只填原文写法。")],
        }
        if self.value("basis") in (Basis.FORECAST, Basis.TARGET):
            notes["basis"] = [
                Note("预测值、目标值在页面上单独标明，不与已实现的数字并列比较。", tone="due", head="不是已实现的数")
            ]
        return notes
