"""The only place for who may enter the administrators' back office, and by which door."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator

from orgs.scoping import ADMINISTRATORS, holds


class PortalAdminSite(admin.AdminSite):
    """For active accounts with an administrator's grant. To other accounts it does not exist; others sign in first."""

    site_header = "园区党建"
    site_title = "园区党建"
    index_title = "管理"
    empty_value_display = "—"

    def has_permission(self, request: HttpRequest) -> bool:
        return holds(request.user, ADMINISTRATORS)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        guarded = super().admin_view(view, cacheable)

        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if request.user.is_authenticated and not self.has_permission(request):
                raise Http404
            return guarded(request, *args, **kwargs)

        return inner

    def get_urls(self) -> list[Any]:
        # “View on site” looks up any record by its number, past the gate
        return [url for url in super().get_urls() if getattr(url, "name", None) != "view_on_site"]

    @method_decorator(login_not_required)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """One page to sign in for the whole portal."""
        return redirect_to_login(request.GET.get("next") or reverse("admin:index"))

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Django's page would write past the journal; the account's own form has a field for it."""
        return redirect("admin:orgs_user_change", request.user.pk)
