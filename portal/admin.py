"""The only place that says what the administrators' back office shows: every model, through the two gates."""

from __future__ import annotations

from typing import Any

import django.contrib.auth.admin  # noqa: F401 - it registers Group, which we take away again below
from django import forms
from django.apps import apps
from django.contrib import admin
from django.contrib.auth import password_validation, update_session_auth_hash
from django.contrib.auth.forms import BaseUserCreationForm
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from activities.models import Activity, Attendance
from metrics.indicators import rates_by
from metrics.models import FrozenReport, Source, Statement, Target
from orgs import journal
from orgs.admin import JournalAdmin, JournalForm, JournalInline, ReadOnlyAdmin, account
from orgs.models import (
    Affiliation,
    BusinessState,
    Change,
    Coverage,
    Election,
    Employment,
    Enterprise,
    Grant,
    Member,
    Office,
    Park,
    PartyOrganization,
    Reach,
    Subordination,
    User,
    WorkCoverage,
)
from orgs.scoping import ADMINISTRATORS, grants_of, has_nation
from portal.comparing.outside import word_of
from portal.ledgers import LEDGERS
from portal.models import (
    Attachment,
    Case,
    CaseItem,
    Comparison,
    Exclusion,
    ImportBatch,
    Merge,
    NotDuplicate,
    SavedView,
    ScreenLink,
)

PARK_RATES = ("org_coverage_real", "two_coverage")


# Roles are grants; Django's own tables of rights are out of play
admin.site.unregister(Group)


# Parks, accounts, the trail


@admin.register(Park)
class ParkAdmin(JournalAdmin):
    list_display = (
        "short_name",
        "name",
        "level",
        "region_code",
        "organization_coverage",
        "two_coverage",
        "is_demo",
        "is_public",
    )
    list_filter = ("level", "kind", "is_demo", "is_public")
    search_fields = ("name", "short_name", "slug", "region_code", "region_name")
    fieldsets = (
        (None, {"fields": ("name", "short_name", "slug", "level", "kind", "working_committee")}),
        ("所在地区", {"fields": ("region_code", "region_name")}),
        ("公开与演示", {"fields": ("is_public", "is_demo")}),
        (
            "口径",
            {
                "fields": (
                    "count_attached",
                    "count_dispatched",
                    "count_grid",
                    "wide_work",
                    "transferred_only",
                    "three_haves_staff",
                ),
                "description": "各地文件没有统一规定的，由园区自定；改动立即影响这个园区任何一天的覆盖率。",
            },
        ),
    )

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A new park lies in no single park's reach."""
        return grants_of(account(request), ADMINISTRATORS).exclude(reach=Reach.PARK).exists()

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The rates of the parks on this page, in one query for all of them."""
        page: Any = super().get_changelist_instance(request)
        parks = list(page.result_list)
        enterprises = Enterprise.objects.visible_to(account(request)).filter(park__in=[park.pk for park in parks])
        found = rates_by(enterprises, timezone.localdate(), "park", PARK_RATES) if parks else {}
        for park in parks:
            park.rates = found.get(park.pk, {})
        page.result_list = parks
        return page

    @admin.display(description="组织覆盖率")
    def organization_coverage(self, park: Any) -> str:
        return self._rate(park, "org_coverage_real")

    @admin.display(description="“两个覆盖”率")
    def two_coverage(self, park: Any) -> str:
        return self._rate(park, "two_coverage")

    def _rate(self, park: Any, code: str) -> str:
        rate = park.rates.get(code)
        return f"{rate.short}（{rate.numerator}/{rate.denominator}）" if rate else "—（0/0）"


class AccountCreationForm(BaseUserCreationForm, JournalForm):
    """A new account with its first password; only the hash reaches the database, and neither reaches the trail."""


class AccountForm(JournalForm):
    """An account; a new password may be set but the old one is never shown."""

    new_password = forms.CharField(
        label="新密码",
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="不改密码就不填。",
    )

    def clean_new_password(self) -> str:
        given: str = self.cleaned_data["new_password"]
        if given:
            password_validation.validate_password(given, self.instance)
        return given

    def save(self, commit: bool = True) -> Any:
        user = super().save(commit=False)
        if self.cleaned_data["new_password"]:
            user.set_password(self.cleaned_data["new_password"])
        return user


class ReachLimited:
    """Offers a grantor only the reaches he can hand out; the gate refuses the others however they come."""

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "reach" and not has_nation(account(request), ADMINISTRATORS):
            regional = grants_of(account(request), ADMINISTRATORS).filter(reach=Reach.REGION).exists()
            reaches = [Reach.PARK, Reach.REGION] if regional else [Reach.PARK]
            kwargs["choices"] = [(reach.value, reach.label) for reach in reaches]
        return super().formfield_for_choice_field(db_field, request, **kwargs)  # type: ignore[misc]


class GrantInline(ReachLimited, JournalInline):
    model = Grant
    fields = ("role", "reach", "park", "region_prefix")


@admin.register(User)
class UserAdmin(JournalAdmin):
    form = AccountForm
    list_display = ("username", "display_name", "home_park", "is_active", "last_login")
    list_filter = ("is_active", "home_park")
    list_select_related = ("home_park",)
    search_fields = ("username", "display_name")
    ordering = ("username",)
    inlines = (GrantInline,)
    fieldsets = (
        (None, {"fields": ("username", "display_name", "home_park", "is_active")}),
        ("密码", {"fields": ("new_password",)}),
        ("登录", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"fields": ("username", "display_name", "home_park", "password1", "password2")}),)
    readonly_fields = ("last_login", "date_joined")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return super().get_fieldsets(request, obj) if obj else self.add_fieldsets

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, **(kwargs if obj else {"form": AccountCreationForm, **kwargs}))

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "home_park" and field is not None:
            # An account without a park is looked after by the nation's administrators alone
            field.required = not has_nation(account(request), ADMINISTRATORS)
        return field

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if obj.pk == account(request).pk:
            update_session_auth_hash(request, obj)


@admin.register(Grant)
class GrantAdmin(ReachLimited, JournalAdmin):
    list_display = ("user", "role", "reach", "park", "region_prefix")
    list_filter = ("role", "reach", "park")
    list_select_related = ("user", "park")
    search_fields = ("user__username", "user__display_name")
    autocomplete_fields = ("user",)


@admin.register(Change)
class ChangeAdmin(ReadOnlyAdmin):
    list_display = ("at", "user", "via", "action", "table", "label", "park")
    list_filter = ("via", "action", "park")
    list_select_related = ("user", "park")
    search_fields = ("label",)
    date_hierarchy = "at"
    fields = ("at", "user", "via", "action", "table", "label", "park", "differences")
    readonly_fields = ("table", "differences")

    @admin.display(description="表", ordering="model")
    def table(self, change: Change) -> str:
        return str(apps.get_model(change.model)._meta.verbose_name)

    @admin.display(description="修改内容")
    def differences(self, change: Change) -> SafeString:
        rows = format_html_join("", "<tr><th>{}</th><td>{}</td><td>{}</td></tr>", journal.diff(change))
        return format_html("<table><tr><th>项目</th><th>原值</th><th>新值</th></tr>{}</table>", rows)


# Enterprises


class BusinessStateInline(JournalInline):
    model = BusinessState
    fields = ("state", "since", "until", "staff", "fixed_premises", "has_operations", "above_scale", "note")


@admin.register(Enterprise)
class EnterpriseAdmin(JournalAdmin):
    list_display = ("name", "park", "kind", "industry", "size", "settled_on", "left_on")
    list_filter = ("park", "kind", "industry", "size")
    list_select_related = ("park",)
    search_fields = ("name", "uscc", "former_names")
    inlines = (BusinessStateInline,)


@admin.register(BusinessState)
class BusinessStateAdmin(JournalAdmin):
    list_display = ("enterprise", "state", "staff", "above_scale", "since", "until")
    list_filter = ("state", "enterprise__park")
    list_select_related = ("enterprise",)
    search_fields = ("enterprise__name",)
    autocomplete_fields = ("enterprise",)


# Party organizations


class SubordinationInline(JournalInline):
    model = Subordination
    fk_name = "organization"
    autocomplete_fields = ("superior",)


class ElectionInline(JournalInline):
    model = Election


@admin.register(PartyOrganization)
class PartyOrganizationAdmin(JournalAdmin):
    list_display = ("short_name", "park", "kind", "founded_on", "dissolved_on")
    list_filter = ("park", "kind")
    list_select_related = ("park",)
    search_fields = ("name", "short_name")
    inlines = (SubordinationInline, ElectionInline)


@admin.register(Subordination)
class SubordinationAdmin(JournalAdmin):
    list_display = ("organization", "superior", "since", "until", "doc")
    list_filter = ("organization__park",)
    list_select_related = ("organization", "superior")
    search_fields = ("organization__name", "superior__name")
    autocomplete_fields = ("organization", "superior")


@admin.register(Election)
class ElectionAdmin(JournalAdmin):
    list_display = ("organization", "held_on", "term_years", "expires_on", "extended_to")
    list_filter = ("organization__park",)
    list_select_related = ("organization",)
    search_fields = ("organization__name",)
    autocomplete_fields = ("organization",)


@admin.register(Coverage)
class CoverageAdmin(JournalAdmin):
    list_display = ("enterprise", "organization", "way", "since", "until", "doc")
    list_filter = ("way", "organization__park")
    list_select_related = ("enterprise", "organization")
    search_fields = ("enterprise__name", "organization__name")
    autocomplete_fields = ("organization", "enterprise")


@admin.register(WorkCoverage)
class WorkCoverageAdmin(JournalAdmin):
    list_display = ("enterprise", "kind", "holder", "since", "until")
    list_filter = ("kind", "enterprise__park")
    list_select_related = ("enterprise",)
    search_fields = ("enterprise__name", "holder")
    autocomplete_fields = ("enterprise",)


# Members


class EmploymentInline(JournalInline):
    model = Employment
    autocomplete_fields = ("enterprise",)


class AffiliationInline(JournalInline):
    model = Affiliation
    autocomplete_fields = ("organization",)


@admin.register(Member)
class MemberAdmin(JournalAdmin):
    list_display = ("name", "park", "sex", "stage", "admitted_on", "full_on", "left_on")
    list_filter = ("park", "sex", "education", "job_category")
    list_select_related = ("park",)
    search_fields = ("name",)
    inlines = (EmploymentInline, AffiliationInline)

    @admin.display(description="当前阶段")
    def stage(self, member: Member) -> str:
        reached = member.stage_on(timezone.localdate())
        return str(reached.label) if reached else "入党日期待补" if member.is_pending else "—"


@admin.register(Employment)
class EmploymentAdmin(JournalAdmin):
    list_display = ("member", "enterprise", "job", "since", "until")
    list_filter = ("member__park",)
    list_select_related = ("member", "enterprise")
    search_fields = ("member__name", "enterprise__name")
    autocomplete_fields = ("member", "enterprise")


@admin.register(Affiliation)
class AffiliationAdmin(JournalAdmin):
    list_display = ("member", "organization", "kind", "since", "until")
    list_filter = ("kind", "member__park")
    list_select_related = ("member", "organization")
    search_fields = ("member__name", "organization__name")
    autocomplete_fields = ("member", "organization")


@admin.register(Office)
class OfficeAdmin(JournalAdmin):
    list_display = ("organization", "post", "member", "background", "since", "until")
    list_filter = ("post", "background", "organization__park")
    list_select_related = ("organization", "member")
    search_fields = ("organization__name", "member__name")
    autocomplete_fields = ("organization", "member")


# What happened, what was stated, what is told in public


class AttendanceInline(JournalInline):
    model = Attendance
    autocomplete_fields = ("member",)


@admin.register(Activity)
class ActivityAdmin(JournalAdmin):
    list_display = ("held_on", "organization", "kind", "title", "due", "present", "on_leave", "absent")
    list_filter = ("kind", "mode", "organization__park")
    list_select_related = ("organization",)
    search_fields = ("title", "organization__name")
    autocomplete_fields = ("organization",)
    date_hierarchy = "held_on"
    inlines = (AttendanceInline,)


@admin.register(Attendance)
class AttendanceAdmin(JournalAdmin):
    list_display = ("activity", "member", "status", "reason")
    list_filter = ("status", "activity__organization__park")
    list_select_related = ("activity__organization", "member")
    search_fields = ("member__name", "activity__title")
    autocomplete_fields = ("activity", "member")


@admin.register(Source)
class SourceAdmin(JournalAdmin):
    list_display = ("title", "publisher", "date_text", "park")
    list_filter = ("park",)
    list_select_related = ("park",)
    search_fields = ("title", "publisher")


@admin.register(Statement)
class StatementAdmin(JournalAdmin):
    list_display = ("indicator", "figure", "category", "period_text", "source", "park")
    list_filter = ("park", "category", "basis")
    list_select_related = ("source", "park")
    search_fields = ("indicator", "wording")
    autocomplete_fields = ("source",)

    @admin.display(description="数字")
    def figure(self, statement: Statement) -> str:
        return statement.worded.text


@admin.register(Target)
class TargetAdmin(JournalAdmin):
    list_display = ("indicator", "percent", "since", "until", "basis", "park")
    list_filter = ("park", "indicator")
    list_select_related = ("park",)
    search_fields = ("basis",)


class CaseItemInline(JournalInline):
    model = CaseItem


@admin.register(FrozenReport)
class FrozenReportAdmin(ReadOnlyAdmin):
    list_display = ("title", "park", "day", "version", "frozen_by", "frozen_at")
    list_filter = ("park", "report")
    list_select_related = ("park",)
    search_fields = ("title", "frozen_by")
    date_hierarchy = "day"
    fields = ("title", "park", "day", "version", "reason", "frozen_by", "frozen_at", "digest", "intact")
    readonly_fields = ("intact",)

    @admin.display(description="核对", boolean=True)
    def intact(self, row: FrozenReport) -> bool:
        return row.is_intact


@admin.register(Case)
class CaseAdmin(JournalAdmin):
    list_display = ("title", "park", "is_published", "published_on", "order")
    list_filter = ("park", "is_published")
    list_select_related = ("park",)
    search_fields = ("title",)
    autocomplete_fields = ("figure_one", "figure_two")
    inlines = (CaseItemInline,)


@admin.register(CaseItem)
class CaseItemAdmin(JournalAdmin):
    list_display = ("title", "case", "kind", "group", "level")
    list_filter = ("kind", "case__park")
    list_select_related = ("case",)
    search_fields = ("title",)
    autocomplete_fields = ("case",)


@admin.register(ImportBatch)
class ImportBatchAdmin(ReadOnlyAdmin):
    """Made and taken back on their own pages."""

    list_display = ("file_name", "ledger", "park", "state", "made_by", "made_at", "done_at", "undone_at")
    list_filter = ("park", "ledger", "state")
    list_select_related = ("park",)
    search_fields = ("file_name", "made_by")
    fields = ("file_name", "ledger", "park", "state", "made_by", "made_at", "sheet", "day", "done_at", "undone_at")


@admin.register(Comparison)
class ComparisonAdmin(ReadOnlyAdmin):
    """Made, worked off and dropped on its own page."""

    list_display = ("source", "day", "park", "file_name", "made_by", "made_at")
    list_filter = ("park",)
    list_select_related = ("park",)
    search_fields = ("source", "file_name", "made_by")
    fields = ("source", "day", "park", "file_name", "sheet", "made_by", "made_at")


@admin.register(Exclusion)
class ExclusionAdmin(ReadOnlyAdmin):
    """Made and taken back beside the comparisons."""

    list_display = ("name", "uscc", "kind_word", "park", "reason", "made_by", "made_at")
    list_filter = ("park",)
    list_select_related = ("park",)
    search_fields = ("name", "uscc", "reason", "made_by")
    fields = ("name", "uscc", "kind_word", "park", "reason", "made_by", "made_at")
    readonly_fields = ("kind_word",)

    @admin.display(description="差别", ordering="kind")
    def kind_word(self, one: Exclusion) -> str:
        return word_of(one.kind)


@admin.register(NotDuplicate)
class NotDuplicateAdmin(ReadOnlyAdmin):
    """Said and taken back on the page of doubles, where the records stand side by side."""

    list_display = ("__str__", "ledger", "park", "reason", "made_by", "made_at")
    list_filter = ("park", "ledger")
    list_select_related = ("park",)
    search_fields = ("reason", "made_by")
    fields = ("ledger", "park", "records", "reason", "made_by", "made_at")


@admin.register(Merge)
class MergeAdmin(ReadOnlyAdmin):
    """Made and taken back on their own pages."""

    list_display = ("__str__", "ledger", "park", "made_by", "made_at", "undone_at")
    list_filter = ("park", "ledger")
    list_select_related = ("park",)
    search_fields = ("made_by",)
    fields = ("ledger", "park", "stays", "gone", "made_by", "made_at", "undone_by", "undone_at")


@admin.register(ScreenLink)
class ScreenLinkAdmin(ReadOnlyAdmin):
    """Made and revoked on their own page, so that nobody lengthens a link here."""

    list_display = ("label", "place", "made_by", "made_at", "expires_at", "revoked_at")
    list_filter = ("park",)
    list_select_related = ("park",)
    search_fields = ("label", "made_by")
    fields = ("label", "reach", "park", "region_prefix", "made_by", "made_at", "expires_at", "revoked_at")

    @admin.display(description="范围")
    def place(self, link: ScreenLink) -> str:
        return link.place


@admin.register(SavedView)
class SavedViewAdmin(ReadOnlyAdmin):
    """Made, renamed and deleted beside their ledger, where it shows what they open."""

    list_display = ("name", "of_ledger", "park", "is_default", "made_by", "made_at")
    list_filter = ("park",)
    list_select_related = ("park",)
    search_fields = ("name", "made_by")
    fields = ("name", "of_ledger", "park", "is_default", "made_by", "made_at")
    readonly_fields = ("of_ledger",)

    @admin.display(description="台账", ordering="ledger")
    def of_ledger(self, view: SavedView) -> str:
        return LEDGERS[view.ledger].title if view.ledger in LEDGERS else "—"


@admin.register(Attachment)
class AttachmentAdmin(ReadOnlyAdmin):
    """Added and removed on the page of their record, which alone hands the file out."""

    list_display = ("name", "park", "kind", "size", "made_by", "made_at", "removed_at")
    list_filter = ("park", "kind")
    list_select_related = ("park",)
    search_fields = ("name", "note", "made_by")
    fields = ("name", "note", "park", "kind", "size", "sha256", "made_by", "made_at", "removed_at")
