"""The only place for the conditions a ledger is narrowed by; records to choose from come through the reading gate."""

import datetime as dt
from collections.abc import Callable, Collection, Iterator
from typing import Any, ClassVar, Final

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Value, When
from django.utils import timezone
from django_filters.fields import ModelChoiceField

from activities.models import ActivityKind, Mode
from metrics.coverage import ENOUGH_MEMBERS, counted_coverages
from metrics.models import Basis, Source, Statement
from metrics.models.targets import aimed_at
from orgs.grams import bearers
from orgs.models import (
    COUNTED_KINDS,
    NON_PUBLIC_KINDS,
    Affiliation,
    AffiliationKind,
    BusinessStateKind,
    Duty,
    Education,
    Employment,
    Enterprise,
    EnterpriseKind,
    EnterpriseSize,
    FormationWay,
    Industry,
    JobCategory,
    Member,
    OrganizationKind,
    ParkKind,
    ParkLevel,
    PartyOrganization,
    Post,
    SecretaryBackground,
    Sex,
    Subordination,
    WorkCoverage,
    WorkKind,
)
from orgs.periods import during
from orgs.scoping import ScopedModel
from portal.asking import Asked

ALL: Final = "全部"
UNFILLED: Final = ("none", "未填")
# A longer list of records is no help in a drop-down menu; those filters are reached by links and by searching.
MOST_OPTIONS: Final = 200
# 半年: within how many days a term counts as about to expire.
SOON: Final = dt.timedelta(days=183)

# 组建状态, in the words of metrics.coverage.formation_status, most pressing first.
STATUSES: Final[dict[str, str]] = {
    "unbuilt": "应建未建",
    "few": "仅有个别党员",
    "none": "没有党员",
    "joint": "已联合建立",
    "solo": "已单独建立",
    "outside": "不计入",
}


def _status_case(*results: Any) -> Case:
    """One value for each status, over the annotations of on_day; no condition is asked twice of one row."""
    unbuilt, few, none, joint, solo, outside = (Value(result) for result in results)
    return Case(
        When(in_real=False, then=outside),
        When(solo=True, then=solo),
        When(covered=True, then=joint),
        When(full_members__gte=ENOUGH_MEMBERS, then=unbuilt),
        When(members=0, then=none),
        default=few,
    )


STATUS_AT: Final = _status_case(*STATUSES)
STATUS_PLACE: Final = _status_case(*range(len(STATUSES)))


def term_q(day: dt.date) -> dict[str, tuple[str, Q]]:
    """任期 of an organization on ``day``, over the annotation ``expires_at``; only elected kinds have terms."""
    elected = Q(kind__in=sorted(COUNTED_KINDS))
    return {
        "expired": ("已届满", elected & Q(expires_at__lte=day)),
        "soon": ("半年内届满", elected & Q(expires_at__gt=day, expires_at__lte=day + SOON)),
        "running": ("在届", elected & Q(expires_at__gt=day + SOON)),
        "unknown": ("未登记选举", elected & Q(expires_at__isnull=True)),
        "exempt": ("不适用", ~elected),
    }


def years_offered() -> list[tuple[str, str]]:
    """This year and the twenty before it, newest first."""
    newest = timezone.localdate().year
    return [(str(year), f"{year}年") for year in range(newest, newest - 21, -1)]


class RecordOptions(forms.models.ModelChoiceIterator):
    """The options of a drop-down menu of records: none but the empty one when there are too many to choose from."""

    field: Any

    def __iter__(self) -> Iterator[Any]:
        yield ("", self.field.empty_label)
        yield from (self.choice(row) for row in self.field.options)

    def __len__(self) -> int:
        return 1 + len(self.field.options)


class RecordField(ModelChoiceField):
    iterator = RecordOptions

    @property
    def _few(self) -> list[Any]:
        if not hasattr(self, "_rows"):
            self._rows = list(self.queryset[: MOST_OPTIONS + 1])
        return self._rows

    @property
    def too_many(self) -> bool:
        return len(self._few) > MOST_OPTIONS

    @property
    def options(self) -> list[Any]:
        return [] if self.too_many else self._few


class Choice(django_filters.ChoiceFilter):
    def __init__(self, label: str, choices: Any, **given: Any) -> None:
        wrong = f"“{label}”里没有“%(value)s”这一项，请重新选择。"
        super().__init__(
            label=label, choices=choices, empty_label=ALL, error_messages={"invalid_choice": wrong}, **given
        )


class Record(django_filters.ModelChoiceFilter):
    """A foreign key: it offers and accepts only what the user may see, in the chosen park."""

    field_class = RecordField

    def __init__(self, label: str, of: type[ScopedModel], **given: Any) -> None:
        wrong = f"没有这个{label}，或不在您的查看范围内，请去掉这个条件。"
        # The queryset of nothing stands in until the filter knows who asks.
        super().__init__(
            label=label, queryset=of.objects.none(), empty_label=ALL, error_messages={"invalid_choice": wrong}, **given
        )
        self.of = of

    def get_queryset(self, request: object) -> QuerySet[Any]:
        about: Asked = self.parent.about
        rows = self.of.objects.visible_to(about.user).in_park(about.park)
        # In a large list there are too many to choose from, which shows without putting them in order
        return rows.order_by() if self.parent.is_large() else rows


class LedgerFilter(django_filters.FilterSet):
    """The filter bar of a ledger. ``search`` names the columns of free text; ``primary`` the menus always in view."""

    search: ClassVar[tuple[str, ...]] = ()
    search_hint: str = "名称"
    impersonal_hint: ClassVar[str] = ""  # the same for who may not see persons, where it differs
    primary: ClassVar[tuple[str, ...]] = ()
    by_initials: ClassVar[bool] = False  # whether its records are found by the initials of their names too
    # Conditions on stored columns alone, which even a large list answers in no time
    stored: ClassVar[frozenset[str]] = frozenset()

    q = django_filters.CharFilter(label="查找", method="find", max_length=100)

    def __init__(self, data: Any, queryset: QuerySet[Any], *, about: Asked) -> None:
        self.about = about
        self.day = about.day
        self.is_large: Callable[[], bool] = lambda: False
        self.bearing: Collection[int] | QuerySet[Any] | None = (
            None  # keys among which the words are found, where an index knows them
        )
        if self.impersonal_hint and not about.persons.within(about.park):
            self.search_hint = self.impersonal_hint
        super().__init__(data, queryset)

    def find(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Every word is somewhere in the row."""
        shown = {column: self._shown(queryset.model, column) for column in self.search}
        for word in value.split():
            anywhere = Q(initials__contains=word.lower()) if self._may_be_initials(word) else Q()
            for column in self.search:
                anywhere |= Q(**{f"{column}__icontains": word}) & shown[column]
            queryset = queryset.filter(anywhere)
        return queryset

    def _may_be_initials(self, word: str) -> bool:
        """Two letters or more. In a large list no index knows them."""
        return self.by_initials and len(word) > 1 and word.isascii() and word.isalpha() and not self.is_large()

    def narrowed(self, found: Any) -> Any:
        """The same rows, read off the index where there is one."""
        return found if self.bearing is None else found.filter(pk__in=self.bearing)

    def _shown(self, model: type[ScopedModel], column: str) -> Q:
        """Where the column may be searched: what the reader may not see he must not find either, letter by letter."""
        if column not in model.personal or self.about.persons.everywhere:
            return Q()
        about_others = model.personal_q(column)
        seen = self.about.persons.rows_q(model)
        return seen | ~about_others if about_others else seen

    def problems(self) -> list[str]:
        """What is wrong with the conditions of the address, in sentences."""
        said = []
        for name, field_errors in self.form.errors.as_data().items():
            label = self.filters[name].label
            for error in field_errors:
                said.append(_sentence(label, error))
        return said


def _sentence(label: str, error: ValidationError) -> str:
    if error.code == "invalid_choice":
        return "".join(error.messages)
    return f"“{label}”填的内容无法查找，请改正后再筛选。"


class ParkFilter(LedgerFilter):
    search = ("name", "short_name", "region_name", "working_committee", "slug")
    search_hint = "名称、简称、所在地区、党工委"
    primary = ("level", "kind")

    level = Choice("园区级别", ParkLevel.choices)
    kind = Choice("园区类型", ParkKind.choices)
    public = Choice("对外公开", [("yes", "已公开"), ("no", "未公开")], method="by_public")

    def by_public(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(is_public=value == "yes")


class EnterpriseFilter(LedgerFilter):
    search = ("name", "former_names", "uscc")
    search_hint = "名称、曾用名、信用代码、拼音首字母"
    by_initials = True
    primary = ("status", "industry")
    stored = frozenset({"q", "industry", "ownership", "kind", "size"})

    status = Choice("组建状态", list(STATUSES.items()), field_name="status_at")
    industry = Choice("行业", [*Industry.choices, UNFILLED], method="by_text")
    state = Choice("经营状态", [*BusinessStateKind.choices, UNFILLED], method="by_state")
    ownership = Choice("非公企业", [("non_public", "非公企业"), ("other", "非非公企业")], method="by_ownership")
    kind = Choice("企业类型", EnterpriseKind.choices)
    size = Choice("企业规模", [*EnterpriseSize.choices, UNFILLED], method="by_text")
    staff = Choice("从业人员", [("100", "100人以上"), ("50", "50人以上"), ("10", "10人以上")], method="by_staff")
    scale = Choice("规上", [("yes", "规模以上")], method="by_scale")
    work = Choice("工作力量", [*WorkKind.choices, ("none", "都没有")], method="by_work")
    organization = Record("所在党组织", PartyOrganization, method="by_organization")

    def find(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """The plain question; of a large list is noted who bears the rarest pair of signs asked for."""
        rarest = bearers(value) if self.is_large() else None
        self.bearing = rarest
        return super().find(queryset, name, value)

    def by_state(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(state_on__isnull=True) if value == UNFILLED[0] else queryset.filter(state_on=value)

    def by_text(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(**{name: "" if value == UNFILLED[0] else value})

    def by_ownership(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        non_public = Q(kind__in=sorted(NON_PUBLIC_KINDS))
        return queryset.filter(non_public if value == "non_public" else ~non_public)

    def by_staff(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(staff_on__gte=int(value))

    def by_scale(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(in_scale=True)

    def by_work(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        works = WorkCoverage.objects.filter(during(self.day), enterprise=OuterRef("pk"))
        return queryset.filter(~Exists(works) if value == "none" else Exists(works.filter(kind=value)))

    def by_organization(self, queryset: QuerySet[Any], name: str, value: PartyOrganization) -> QuerySet[Any]:
        covering = counted_coverages(self.day).filter(organization=value, enterprise=OuterRef("pk"))
        return queryset.filter(Exists(covering))


class OrganizationFilter(LedgerFilter):
    search = ("name", "short_name", "founded_doc")
    search_hint = "全称、简称、批复文号、拼音首字母"
    by_initials = True
    primary = ("kind", "term")

    kind = Choice("党组织类别", OrganizationKind.choices)
    term = Choice("任期", [(slug, word) for slug, (word, _) in term_q(dt.date.min).items()], method="by_term")
    superior = Record("上级党组织", PartyOrganization, method="by_superior")

    def by_term(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(term_q(self.day)[value][1])

    def by_superior(self, queryset: QuerySet[Any], name: str, value: PartyOrganization) -> QuerySet[Any]:
        above = Subordination.objects.filter(during(self.day), superior=value, organization=OuterRef("pk"))
        return queryset.filter(Exists(above))


class CoverageFilter(LedgerFilter):
    search = (
        "enterprise__name",
        "enterprise__former_names",
        "enterprise__uscc",
        "organization__name",
        "organization__short_name",
        "doc",
    )
    search_hint = "企业、党组织、信用代码、文号"
    primary = ("way", "counted")

    way = Choice("组建方式", FormationWay.choices)
    counted = Choice("组织覆盖", [("yes", "计入"), ("no", "不计入")], method="by_counted")
    organization = Record("党组织", PartyOrganization)
    enterprise = Record("企业", Enterprise)

    def by_counted(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(counts=value == "yes")


class WorkCoverageFilter(LedgerFilter):
    search = ("enterprise__name", "enterprise__former_names", "enterprise__uscc", "holder", "note")
    search_hint = "企业、人员或组织名称"
    impersonal_hint = "企业、组织名称"
    primary = ("kind", "duty")

    kind = Choice("覆盖形式", WorkKind.choices)
    duty = Choice("专职或兼职", Duty.choices)
    enterprise = Record("企业", Enterprise)


class MemberFilter(LedgerFilter):
    search = ("name",)
    search_hint = "姓名、拼音首字母"
    by_initials = True
    primary = ("organization", "affiliation")

    organization = Record("所在党组织", PartyOrganization, method="by_organization")
    affiliation = Choice("组织关系", [*AffiliationKind.choices, ("none", "都没有")], method="by_affiliation")
    enterprise = Record("工作单位", Enterprise, method="by_enterprise")
    sex = Choice("性别", Sex.choices)
    education = Choice("学历", Education.choices)
    job_category = Choice("岗位类别", JobCategory.choices)

    def by_organization(self, queryset: QuerySet[Any], name: str, value: PartyOrganization) -> QuerySet[Any]:
        return queryset.filter(Exists(self._affiliations().filter(organization=value)))

    def by_affiliation(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        held = self._affiliations()
        return queryset.filter(~Exists(held) if value == "none" else Exists(held.filter(kind=value)))

    def by_enterprise(self, queryset: QuerySet[Any], name: str, value: Enterprise) -> QuerySet[Any]:
        employed = Employment.objects.filter(during(self.day), enterprise=value, member=OuterRef("pk"))
        return queryset.filter(Exists(employed))

    def _affiliations(self) -> QuerySet[Affiliation]:
        return Affiliation.objects.filter(during(self.day), member=OuterRef("pk"))


class OfficeFilter(LedgerFilter):
    search = ("member__name", "organization__name", "organization__short_name")
    search_hint = "姓名、党组织"
    primary = ("post", "background")

    post = Choice("党内职务", Post.choices)
    background = Choice("书记来源", SecretaryBackground.choices)
    organization = Record("党组织", PartyOrganization)
    member = Record("党员", Member)


class ActivityFilter(LedgerFilter):
    search = ("title", "organization__name", "organization__short_name", "place", "host")
    search_hint = "主题、党组织、地点、主持人"
    impersonal_hint = "主题、党组织、地点"
    primary = ("year", "month")

    year = Choice("年份", years_offered, method="by_year")
    month = Choice("月份", [(str(month), f"{month}月") for month in range(1, 13)], field_name="held_on__month")
    kind = Choice("活动类型", ActivityKind.choices)
    organization = Record("党组织", PartyOrganization)
    mode = Choice("方式", Mode.choices)

    def by_year(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        year = int(value)
        return queryset.filter(held_on__gte=dt.date(year, 1, 1), held_on__lt=dt.date(year + 1, 1, 1))


class StatementFilter(LedgerFilter):
    search = ("indicator", "wording", "category", "period_text", "note", "source__title", "source__publisher")
    search_hint = "指标、原文写法、来源"
    primary = ("category", "basis")

    category = Choice("类别", (), method="by_category")
    basis = Choice("依据", Basis.choices)
    source = Record("资料来源", Source)

    def __init__(self, data: Any, queryset: QuerySet[Any], *, about: Asked) -> None:
        super().__init__(data, queryset, about=about)
        seen = Statement.objects.visible_to(about.user).in_park(about.park)
        names = seen.order_by("category").values_list("category", flat=True).distinct()
        self.filters["category"].extra["choices"] = [(name, name) for name in names]

    def by_category(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(category=value)


class TargetFilter(LedgerFilter):
    search = ("basis", "park__name", "park__short_name")
    search_hint = "依据、园区"
    primary = ("indicator",)

    indicator = Choice("指标", aimed_at)
