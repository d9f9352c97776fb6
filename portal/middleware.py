"""The only place for response headers that tell a browser what a page may do."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",  # data: for the images inside Django admin's own style sheets
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ]
)
# What a file that somebody brought may do beyond that: nothing at all, should a browser ever show it
SANDBOX = "sandbox"
# The portal asks a browser for none of these
PERMISSIONS = "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"


class ContentSecurityPolicy:
    """Puts one policy on every response. No view may loosen it, so a header that is already there is replaced; the one
    thing a view may add is the sandbox."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        is_boxed = response.headers.get("Content-Security-Policy") == SANDBOX
        response.headers["Content-Security-Policy"] = f"{POLICY}; {SANDBOX}" if is_boxed else POLICY
        response.headers["Permissions-Policy"] = PERMISSIONS
        return response
