"""The Content-Security-Policy: what a page of ours may load and run.

A page loads everything from this service. If a page needs more, its app registers that here. A page
that shows text of strangers never gets more.
"""

from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from orderchainer.core.http.surfaces import surface_of
from orderchainer.core.registry import Registry

HEADER = "Content-Security-Policy"


def _policy(**directives: str) -> str:
    return "; ".join(f"{name.replace('_', '-')} {value}" for name, value in directives.items())


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
# An answer of the API is data, even if a browser shows it as a page.
DATA = _policy(default_src="'none'", frame_ancestors="'none'")
PAGE = _policy(**_BASE)

# The policies of pages that need more than others, by the beginning of their path.
POLICIES: Registry[str, str] = Registry("content policy")


def allow(prefix: str, **directives: str) -> None:
    """Let the pages under `prefix` do more. `style_src` stands for the directive `style-src`."""
    POLICIES.add(prefix, _policy(**_BASE | directives))


def policy_with_style(style: str) -> str:
    """Return the policy of a page that carries its own style sheet and loads nothing at all."""
    digest = b64encode(sha256(style.encode()).digest()).decode()
    return _policy(
        default_src="'none'",
        base_uri="'none'",
        form_action="'none'",
        frame_ancestors="'none'",
        style_src=f"'sha256-{digest}'",
    )


def policy_of(path: str) -> str:
    """Return the policy of the page at `path`."""
    if surface_of(path) is not None:
        return DATA
    return next((policy for prefix, policy in POLICIES.items() if path.startswith(prefix)), PAGE)


class ContentPolicyMiddleware:
    """Add its policy to each answer that has none yet."""

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
