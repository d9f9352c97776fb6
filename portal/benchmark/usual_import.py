"""The only place that imports enterprises as most Django projects do: django-import-export, in bulk, every row cleaned.

It is the rival of our import and does what its documentation recommends for many rows: known by the code, ``use_bulk``,
unchanged rows skipped. ``clean_model_instances`` asks of each row what our forms ask: fields, constraints, uniqueness.
It writes no trail, no name index and no summary.
"""

from typing import Any

from django.core.management import CommandError
from django.db import transaction
from django.db.models import TextChoices
from import_export import fields, resources, widgets
from import_export.formats.base_formats import XLSX

from orgs.models import Enterprise, EnterpriseKind, EnterpriseSize, Industry, Park

CHOICES: dict[str, type[TextChoices]] = {"kind": EnterpriseKind, "industry": Industry, "size": EnterpriseSize}


class Label(widgets.Widget):
    """The value of a choice by its label."""

    def __init__(self, choices: type[TextChoices]) -> None:
        super().__init__()
        self.values = {str(label): value for value, label in choices.choices}

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        if not value:
            return ""
        if value not in self.values:
            raise ValueError("不在可选范围内")
        return self.values[value]


def resource(park: Park, columns: dict[str, str]) -> resources.ModelResource:
    """The importer of a park's enterprises; ``columns``: field → head."""

    def init_instance(self: Any, row: Any = None) -> Enterprise:
        return Enterprise(park=park)

    def widget(name: str) -> widgets.Widget:
        if name in CHOICES:
            return Label(CHOICES[name])
        if name == "settled_on":
            return widgets.DateWidget("%Y-%m-%d")
        return widgets.CharWidget(coerce_to_string=True, allow_blank=True)

    class Meta:
        model = Enterprise
        use_bulk = True
        batch_size = 1000
        import_id_fields = ("uscc",)
        clean_model_instances = True
        skip_unchanged = True
        report_skipped = True
        fields = tuple(columns)

    own = {name: fields.Field(name, head, widget(name)) for name, head in columns.items()}
    made: Any = type("Enterprises", (resources.ModelResource,), {**own, "Meta": Meta, "init_instance": init_instance})
    found: resources.ModelResource = made()
    return found


def imported(park: Park, columns: dict[str, str], data: bytes, *, dry_run: bool) -> int:
    """Read and import a workbook and take it back; gives the number of new enterprises."""
    with transaction.atomic():
        dataset = XLSX().create_dataset(data)
        result = resource(park, columns).import_data(dataset, dry_run=dry_run, use_transactions=True)
        if result.has_errors() or result.has_validation_errors():
            raise CommandError("对照的导入没有通过，不能比较。")
        transaction.set_rollback(True)
    number: int = result.totals["new"]
    return number
