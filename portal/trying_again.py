"""The only place that answers a writer whom the database kept waiting for another until it gave up.

Nothing was written. What was typed goes along in the page that says so, and one button sends it once more; it is kept
nowhere else, for the database is what could not be reached.
"""

import logging
from collections.abc import Callable
from typing import Final

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils import timezone

from orgs import idnumbers

logger = logging.getLogger(__name__)

# PostgreSQL: deadlock, serialization failure, lock not available
GAVE_UP: Final = frozenset({"40P01", "40001", "55P03"})
WAIT: Final = 5  # seconds after which a machine may ask again
NOT_SENT: Final = "csrfmiddlewaretoken"
TYPED_AGAIN: Final = ("password", "old_password", "new_password1", "new_password2", "password1", "password2")


class TryAgain:
    """Middleware: 503 with what was typed, in the place of an error page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not is_about_waiting(exception):
            return None
        logger.warning("%s %s gave up waiting: %s", request.method, request.path, exception)
        context = {
            "status": 503,
            "heading": "系统正忙",
            "address": request.get_full_path(),
            "is_post": request.method == "POST",
            "fields": carried(request),
            "csrf_token": get_token(request),
        }
        response = HttpResponse(render_to_string("try_again.html", context), status=503)
        response["Retry-After"] = str(WAIT)
        response["Cache-Control"] = "no-store"
        return response


def is_about_waiting(exception: BaseException) -> bool:
    if not isinstance(exception, OperationalError):
        return False
    state = getattr(exception.__cause__, "sqlstate", None)
    return state in GAVE_UP if state else "is locked" in str(exception)


def carried(request: HttpRequest) -> list[tuple[str, str]] | None:
    """What was typed, field by field; ``None`` where not all of it may or can be sent along: a file, a password, an ID
    number. Then the page before still has it."""
    if request.method != "POST" or request.FILES:
        return None
    pairs = [(name, value) for name, values in request.POST.lists() for value in values if name != NOT_SENT]
    today = timezone.localdate()
    if any(name in TYPED_AGAIN or idnumbers.is_right(value, today) for name, value in pairs):
        return None
    return pairs
