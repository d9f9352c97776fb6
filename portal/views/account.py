"""The only place for signing in and out, the first page after it, the health answer and the pages of errors."""

import logging

from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.template import TemplateDoesNotExist, TemplateSyntaxError
from django.template.loader import render_to_string
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from orgs.models import User
from orgs.scoping import Role, holds
from portal import given_back
from portal.signin import after_wrong_token

logger = logging.getLogger(__name__)


@login_not_required
def login(request: HttpRequest) -> HttpResponseBase:
    view = auth_views.LoginView.as_view(template_name="portal/login.html", redirect_authenticated_user=True)
    return view(request)


@login_not_required
@require_POST
def logout(request: HttpRequest) -> HttpResponseBase:
    return auth_views.LogoutView.as_view()(request)


@require_GET
def desk(request: HttpRequest) -> HttpResponse:
    """Those who enter records land on the ledgers, those who only read on the figures."""
    assert isinstance(request.user, User)  # noqa: S101 - SignInRequired let nobody else pass
    if holds(request.user, {Role.OFFICER, Role.ADMINISTRATOR}):
        return redirect("ledgers")
    return redirect("dashboard" if holds(request.user, {Role.LEADER, Role.SUPERIOR}) else "ledgers")


@login_not_required
@require_GET
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """For a load balancer: 200 when the database answers, else 503."""
    try:
        connection.ensure_connection()
        alive = connection.is_usable()
    except DatabaseError:
        alive = False
    return HttpResponse("ok\n" if alive else "database unreachable\n", "text/plain", 200 if alive else 503)


@login_not_required
@require_GET
def design_kit(request: HttpRequest) -> HttpResponse:
    """Every part of the visual identity on one page, for those who work on it; only routed while DEBUG is on."""
    return render(request, "portal/kit.html")


# What an error page says: (heading, what happened and what to do)
NO_LONGER_VALID = (
    "这一步没有通过校验",
    "页面可能打开得太久，或浏览器没有保存登录信息。请返回上一页，刷新后再提交；仍不行请重新登录。",
)
EXPLANATIONS = {
    400: (
        "这个请求无法处理",
        "网址或提交的内容不完整。请返回上一页重新操作；若是从别处复制的网址，请核对是否复制完整。",
    ),
    403: ("没有这一步的权限", "您的账号不能做这一步。如确有需要，请向本园区的系统管理员核实授权。"),
    404: (
        "没有找到这个页面",
        "网址可能有误，记录可能已删除，或不在您的查看范围内。请从首页进入，或向系统管理员核实授权。",
    ),
    500: (
        "系统出了问题",
        "刚才的操作没有完成，也没有保存。请稍后再试；若反复出现，请把时间和正在做的事告诉系统管理员。",
    ),
}
PLAIN = (
    "<!doctype html><html lang='zh-CN'><meta charset='utf-8'><title>{0}</title>"
    "<h1>{0}</h1><p>{1}</p><p><a href='/'>回到首页</a></p></html>"
)


def explain(status: int, words: tuple[str, str]) -> HttpResponse:
    """One page for every error, drawn without the request: it works when the database or the session does not."""
    heading, text = words
    try:
        html: str = render_to_string("error.html", {"status": status, "heading": heading, "text": text})
    except (TemplateDoesNotExist, TemplateSyntaxError, OSError, ValueError):
        # ValueError: in production, when collectstatic was forgotten
        logger.exception("the error page itself could not be drawn")
        html = PLAIN.format(heading, text)
    return HttpResponse(html, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return explain(400, EXPLANATIONS[400])


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return explain(403, EXPLANATIONS[403])


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    logger.warning("CSRF check failed for %s: %s", request.path, reason)
    return after_wrong_token(request) or explain(403, NO_LONGER_VALID)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return given_back.answer(request) or explain(404, EXPLANATIONS[404])


def server_error(request: HttpRequest) -> HttpResponse:
    return explain(500, EXPLANATIONS[500])
