"""Read-only views."""

from collections.abc import Callable
from typing import TypeVar

from django.http import HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

View = TypeVar("View", bound=Callable[..., HttpResponse])


def read_only(view: View) -> View:
    """Answer GET and HEAD; answer any other method with a 405.

    The view is exempt from CSRF checks. Otherwise Django would ask for a token for methods that it
    does not have.
    """
    return csrf_exempt(require_safe(view))
