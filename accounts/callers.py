"""Who calls: the user behind a request, whichever door it came through."""

from django.http import HttpRequest

from accounts.models import User


def caller_of(request: HttpRequest) -> User:
    """Return the user who is signed in. Only for views that let nobody else in."""
    assert isinstance(request.user, User)
    return request.user
