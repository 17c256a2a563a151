"""What a page of ours may load and run: its Content-Security-Policy.

Everything comes from this service. Two pages need more, each for a reason of its own, and no page that
strangers' text can reach gets it.
"""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from orderchainer.core.http.surfaces import surface_of

HEADER = "Content-Security-Policy"


def _policy(**directives: str) -> str:
    return "; ".join(
        f"{name.replace('_', '-')} {value}" for name, value in directives.items()
    )


_BASE = {
    "default_src": "'none'",
    "base_uri": "'none'",
    "connect_src": "'self'",
    "font_src": "'self'",
    "form_action": "'self'",
    "frame_ancestors": "'none'",
    "img_src": "'self' data:",
    "script_src": "'self'",
    "style_src": "'self'",
}
# An answer of the API is data, whatever a browser makes of it.
DATA = _policy(default_src="'none'", frame_ancestors="'none'")
PAGE = _policy(**_BASE)
# Redoc writes its styles into the page and searches in a worker that it makes from a blob.
REDOC = _policy(
    **_BASE | {"style_src": "'self' 'unsafe-inline'", "worker_src": "blob:"}
)
# The admin's Alpine.js evaluates the expressions in its markup; its colours stand in the page.
ADMIN = _policy(
    **_BASE
    | {
        "script_src": "'self' 'unsafe-eval'",
        "style_src": "'self' 'unsafe-inline'",
    }
)

_BY_PREFIX = (("/admin", ADMIN), ("/redoc", REDOC))


def policy_of(path: str) -> str:
    """Return the policy of the page at `path`."""
    if surface_of(path) is not None:
        return DATA
    return next(
        (policy for prefix, policy in _BY_PREFIX if path.startswith(prefix)), PAGE
    )


class ContentPolicyMiddleware:
    """Send each answer's policy, unless it brings its own."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        # Django's pages for developers have their styles and scripts inline.
        if not (settings.DEBUG and response.status_code in {404, 500}):
            response.headers.setdefault(HEADER, policy_of(request.path_info))
        return response
