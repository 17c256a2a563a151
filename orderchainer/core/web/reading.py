"""Views that only tell something."""

from collections.abc import Callable
from typing import TypeVar

from django.http import HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

View = TypeVar("View", bound=Callable[..., HttpResponse])


def read_only(view: View) -> View:
    """Answer GET and HEAD, and any other method with a 405.

    Without the exemption Django asks for a CSRF token first, for methods that the view does not have.
    """
    return csrf_exempt(require_safe(view))
