"""The only place where Django's admin is bound to the two gates; which models it shows is said in ``portal.admin``.

Vanilla ``ModelAdmin``, with Django's permission tables out of play: what may be seen and written follows from grants.
Every list, choice, filter, search and inline reads through ``visible_to``; every save and delete is the journal's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import get_fields_from_path
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from orgs import journal
from orgs.journal import Via
from orgs.scoping import PERSON_READERS, ScopedModel, ScopedQuerySet, grants_of

if TYPE_CHECKING:
    from orgs.models import User


def account(request: HttpRequest) -> User:
    """The signed-in account; the admin site lets nobody else pass."""
    user: Any = request.user
    return user  # type: ignore[no-any-return]


def held_roles(request: HttpRequest) -> frozenset[str]:
    """The roles held anywhere, asked once per request: an index page asks four rights of every model."""
    kept: Any = request
    if not hasattr(kept, "held_roles"):
        kept.held_roles = frozenset(grants_of(account(request)).values_list("role", flat=True))
    roles: frozenset[str] = kept.held_roles
    return roles


def offered(request: HttpRequest, field: models.Field[Any, Any], model: type[models.Model]) -> ScopedQuerySet | None:
    """The rows a foreign key of ``model`` may point at; ``None`` where the target does not belong to a park.

    The key through which a row belongs to its park offers only where the user may write such rows.
    """
    target: Any = field.related_model
    if not (isinstance(target, type) and issubclass(target, ScopedModel) and issubclass(model, ScopedModel)):
        return None
    user = account(request)
    rows: ScopedQuerySet = target.objects.visible_to(user)
    if field.name == model.park_path.split("__")[0]:
        rows = rows.filter(target.scope_q(user, model.write_roles))
    return rows


class GatedFieldListFilter(admin.RelatedFieldListFilter):
    """A filter's choices are names too: only those of rows the user may see."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: admin.ModelAdmin[Any]) -> list[Any]:
        seen = field.related_model.objects.visible_to(request.user).values("pk")
        ordering = self.field_admin_ordering(field, request, model_admin)
        choices: list[Any] = field.get_choices(include_blank=False, ordering=ordering, limit_choices_to=Q(pk__in=seen))
        return choices


class JournalForm(forms.ModelForm):
    """A form that can be shown a second time with what the journal answered to the first."""

    refusal: ClassVar[ValidationError | None] = None

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.refusal is not None:
            self.add_error(None, list(self.refusal.messages))
        return cleaned


class Gated:
    """Rights by grants, rows and choices through the reading gate: for lists, forms and inlines alike."""

    model: Any

    def get_queryset(self, request: HttpRequest) -> Any:
        queryset: Any = super().get_queryset(request)  # type: ignore[misc]
        rows: Any = queryset.visible_to(account(request))
        if held_roles(request) <= PERSON_READERS:
            return rows
        # The back office shows whole records, so it shows none of a park whose persons the reader may not see
        readers = self.model.read_roles or PERSON_READERS
        return rows.filter(self.model.scope_q(account(request), readers & PERSON_READERS))

    def _may(self, request: HttpRequest, roles: Any, obj: Any) -> bool:
        """Whether a role in ``roles`` is held and ``obj`` (a record, or the parent of an inline) is within the gate."""
        if roles is not None and not held_roles(request) & roles:
            return False
        if obj is None or obj.pk is None:
            return bool(held_roles(request))
        kept: Any = request
        asked: dict[Any, bool] = kept.__dict__.setdefault("asked_rights", {})
        writing = roles is self.model.write_roles
        key = (type(obj), obj.pk, writing)
        if key not in asked:
            rows = type(obj).objects
            mine = rows.writable_by(account(request)) if writing else rows.visible_to(account(request))
            asked[key] = mine.filter(pk=obj.pk).exists()
        return asked[key]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, self.model.read_roles, obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, self.model.write_roles, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, self.model.write_roles, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, self.model.write_roles, obj)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._may(request, self.model.read_roles, None)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        rows = offered(request, db_field, self.model)
        if rows is not None:
            kwargs["queryset"] = rows
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        rows = offered(request, db_field, self.model)
        if rows is not None:
            kwargs["queryset"] = rows
        return super().formfield_for_manytomany(db_field, request, **kwargs)  # type: ignore[misc]


class JournalInline(Gated, admin.TabularInline):
    """Rows of a parent; written by the parent's ``save_formset``, rightful where the parent is writable."""

    extra = 0
    show_change_link = True


class JournalAdmin(Gated, admin.ModelAdmin):
    form = JournalForm
    list_per_page = 50
    show_full_result_count = False
    # Django's bulk deletion would not say which record could not be deleted, and why
    actions = None
    history_template = "admin/trail.html"

    # Reading

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """A record outside the gate does not exist: 404, not a friendly way back."""
        obj = super().get_object(request, object_id, from_field)
        if obj is None:
            raise Http404(f"{self.opts.verbose_name}不存在")
        return obj

    def get_list_filter(self, request: HttpRequest) -> Any:
        return [self._gated(item) for item in super().get_list_filter(request)]

    def _gated(self, item: Any) -> Any:
        if not isinstance(item, str):
            return item
        target: Any = get_fields_from_path(self.model, item)[-1].related_model
        return (item, GatedFieldListFilter) if isinstance(target, type) and issubclass(target, ScopedModel) else item

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:  # type: ignore[override]
        """The address bar filters by what the list shows; never by a password, letter by letter."""
        secret = any(name in lookup for pair in journal.SECRETS.items() for name in pair)
        return not secret and super().lookup_allowed(lookup, value, request)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Our trail of the record, in place of Django's own log, which is not kept."""
        obj = self.get_object(request, object_id)
        entries = [(change, journal.diff(change)) for change in journal.trail_of(obj)]
        context = {
            **self.admin_site.each_context(request),
            "title": f"修改记录：{obj}",
            "subtitle": None,
            "opts": self.opts,
            "object": obj,
            "entries": entries,
            **(extra_context or {}),
        }
        request.current_app = self.admin_site.name
        return render(request, self.history_template, context)

    # Writing

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.refusal = getattr(request, "journal_refusal", None)
        return form

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except ValidationError as error:
            # What only the journal could see (two new inline rows that overlap, say): rolled back, the form again
            request.journal_refusal = error  # type: ignore[attr-defined]
            return super().changeform_view(request, object_id, form_url, extra_context)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        journal.save(obj, account(request), Via.ADMIN)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        rows = formset.save(commit=False)
        for row in formset.deleted_objects:
            journal.delete(row, account(request), Via.ADMIN)
        for row in rows:
            journal.save(row, account(request), Via.ADMIN)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None) -> Any:
        try:
            return super().delete_view(request, object_id, extra_context)
        except ValidationError as error:
            for message in error.messages:
                self.message_user(request, message, messages.ERROR)
            return redirect(reverse(f"{self.admin_site.name}:{self._url_name('change')}", args=[object_id]))

    def _url_name(self, page: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{page}"

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Nothing is deleted along with a record, so nothing is listed: the journal says what still hangs on it."""
        return [str(obj) for obj in objs], {}, set(), []

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        journal.delete(obj, account(request), Via.ADMIN)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        with transaction.atomic():
            for row in queryset:
                journal.delete(row, account(request), Via.ADMIN)

    # Django's own log: the trail has it all, and is behind the gate

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return None

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return None

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        return None


class ReadOnlyAdmin(JournalAdmin):
    """To be looked at, never touched; an empty ``write_roles`` of the model says the same."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


__all__ = ["GatedFieldListFilter", "JournalAdmin", "JournalForm", "JournalInline", "ReadOnlyAdmin", "account"]
