"""Browsers for tests: clients with the cookie of the pages, made by the real services."""

from django.http import HttpResponse
from django.test import Client

from accounts.models import Session, User
from accounts.pages.cookies import COOKIE, remember
from accounts.services import open_browser_session


def browser_with(session: Session, **options: bool) -> Client:
    """Return a browser that is signed in with this session."""
    answer = HttpResponse()
    remember(answer, session)
    client = Client(**options)  # type: ignore[arg-type]  # all of them are flags
    client.cookies[COOKIE] = answer.cookies[COOKIE].value
    return client


def browser_of(user: User) -> Client:
    """Return a browser that `user` has signed in with."""
    return browser_with(open_browser_session(user=user))


def session_in(client: Client) -> Session:
    """Return the session of a browser that is signed in."""
    return Session.objects.get(pk=client.cookies[COOKIE].value.partition(":")[0])


def is_signed_in(client: Client) -> bool:
    """Tell whether the browser gets into the workspace."""
    location = client.get("/app/")["Location"]
    return not location.startswith("/sign-in")
