"""The only place for the form of a target."""

from typing import Any, ClassVar

from django import forms

from metrics.models import Target
from portal.forms.base import EntryForm, Note, Section
from portal.forms.fields import PercentField


class TargetForm(EntryForm):
    """The rate a park has to reach."""

    add_title = "登记目标"
    edit_title = "修改目标"
    prefill: ClassVar = {"indicator": "indicator"}
    keep: ClassVar = {"since": "since", "basis": "basis"}

    sections = (
        Section(
            "目标",
            ("park", "indicator", "percent"),
            "覆盖情况页把比率同目标相比，写明还差几家；按实际比率比，不按四舍五入后的数。",
        ),
        Section("期限和依据", ("since", "until", "basis")),
    )

    class Meta(EntryForm.Meta):
        model = Target
        fields = ("park", "indicator", "percent", "since", "until", "basis")
        field_classes = {"percent": PercentField}  # noqa: RUF012 - read by Django

    def prepare(self) -> None:
        percent: Any = self.fields["percent"]
        percent.widget.attrs["class"] = "w8"
        for validator in percent.validators:
            if type(validator).__name__ == "DecimalValidator":
                validator.messages = validator.messages | {
                    "max_digits": "目标值应大于0，不超过100，如95或92.5",
                    "max_whole_digits": "目标值应大于0，不超过100，如95或92.5",
                }
        percent.error_messages["invalid"] = "目标值应为数字，如95或92.5"
        self.fields["basis"].widget = forms.TextInput(attrs={"autocomplete": "off"})

    def notes(self) -> dict[str, list[Note]]:
        return {"since": [Note("目标改了，先给旧目标填上终止日期，再登记新目标；以前的日子仍按旧目标比。")]}
