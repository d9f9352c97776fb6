"""The only place that asks for a sign-in, and for what happens to a form whose sign-in ended while it was filled in.

What was typed is kept as the draft of the account that the form was drawn for (see :mod:`portal.drafts`), and the way
leads over the sign-in back to the form, filled in, to be submitted by hand. Nothing is ever submitted for anybody: a
POST that arrives here is not carried out, now or later, so nothing can be written twice. Who signs in with another
account finds his own forms only, because drafts are found by account. And no check is loosened: a POST whose token
does not fit is still refused, it may merely leave its text with the account that its signed mark names.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.contrib import messages
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect

from orgs.models import User
from portal import drafts

View = TypeVar("View", bound=Callable[..., HttpResponseBase])

ANOTHER = "这一页是用另一个账号打开的，没有提交；填的内容存成了那个账号的草稿。"
NOT_KEPT = "这一页是用另一个账号打开的，没有提交；填的内容太长，没有存成草稿。"
AGAIN = "登录换过了，刚才没有提交。您填的内容都在下面，请核对后再点“提交”。"


def keeps_typed(view: View) -> View:
    """Marks a view whose POST is an entry form."""
    view.keeps_typed = True  # type: ignore[attr-defined]
    return view


class SignInRequired(LoginRequiredMiddleware):
    """Django's own, but what was typed into an entry form is not lost on the way."""

    def process_view(self, request: HttpRequest, view_func: Any, view_args: Any, view_kwargs: Any) -> Any:
        answer = rescue(request) if getattr(view_func, "keeps_typed", False) else None
        return answer or super().process_view(request, view_func, view_args, view_kwargs)


def rescue(request: HttpRequest) -> HttpResponse | None:
    """The answer to a form that was drawn for somebody who is not signed in now; ``None`` for all others."""
    if request.method != "POST":
        return None
    owner = drafts.owner(request)
    if owner is None or owner == request.user:
        return None
    kept = drafts.keep(owner, request)
    if kept and by_script(request):
        return HttpResponse(f"登录已过期，草稿已存 {drafts.clock(kept)}；提交时请重新登录", drafts.PLAIN)
    if isinstance(request.user, User):
        messages.warning(request, ANOTHER if kept else NOT_KEPT)
        return redirect(request.get_full_path())
    return redirect_to_login(drafts.address(kept)) if kept else None


def by_script(request: HttpRequest) -> bool:
    return request.POST.get("draft") == "auto"


def after_wrong_token(request: HttpRequest) -> HttpResponse | None:
    """A form that was opened before the last sign-in carries a token that no longer fits: keep it and show it anew."""
    match = request.resolver_match
    if match is None or not getattr(match.func, "keeps_typed", False):
        return None
    answer = rescue(request)
    owner = drafts.owner(request)
    if answer is not None or owner is None or owner != request.user:
        return answer
    kept = drafts.keep(owner, request)
    if kept is None:
        return None
    if by_script(request):
        return HttpResponse(f"草稿已存 {drafts.clock(kept)}", drafts.PLAIN)
    messages.warning(request, AGAIN)
    return redirect(drafts.address(kept))
