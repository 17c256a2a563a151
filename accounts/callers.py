"""Find the user behind a request, on API surfaces, pages and the back office alike."""

from django.http import HttpRequest

from accounts.models import User


def caller_of(request: HttpRequest) -> User:
    """Return the signed-in user. Use it only in views that require a sign-in."""
    assert isinstance(request.user, User)
    return request.user
