"""Tests that leak a secret on purpose, in every possible way.

`test_sweeping.py` runs them in a separate pytest and knows the leaks that each must report.
"""

import logging
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings
from django.core import mail
from django.core.mail import EmailMessage
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.test import Client
from django.urls import include, path
from pytest_django import Settings

from accounts.mail.outbox import send
from accounts.models import EmailCode, OutgoingEmail, Project
from accounts.pages.cookies import COOKIE
from accounts.services import open_browser_session, open_session
from accounts.services.emails import queue_code
from accounts.tests.factories import make_user, token_of
from accounts.tokens import issue_ticket, new_api_token
from orderchainer.celery import app
from orderchainer.core.encryption import Secret

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

PASSWORD = "planted & found"
WEBHOOK = "the-Token-of-a-Webhook_that-is-planted"
logger = logging.getLogger("x")
said = [""]


def say(request: HttpRequest) -> HttpResponse:
    """Answer with the text that a test gives."""
    return HttpResponse(f"<p>{said[0]}</p>")


def say_as_json(request: HttpRequest) -> HttpResponse:
    """Answer with it as JSON, as an API does."""
    return JsonResponse({"said": said[0]})


def say_in_header(request: HttpRequest) -> HttpResponse:
    """Answer with it in a header."""
    return HttpResponse(headers={"X-Said": said[0]})


urlpatterns = [
    path("page", say),
    path("docs", say),
    path("api/answer", say_as_json),
    path("header", say_in_header),
    path("", include("orderchainer.urls")),
]


@app.task(name="planted.task")
def task(_text: str) -> None:
    """Take a message."""


def answer(text: str, where: str = "/page") -> None:
    """Make the service answer with `text`."""
    said[0] = text
    Client().get(where)


@dataclass(frozen=True)
class Emailed:
    """The secrets in an e-mail that resets a password."""

    code: str
    link: str


def emailed() -> Emailed:
    """Request a code and a link, and read the e-mail."""
    user = make_user()
    email = queue_code(recipient=user.email, purpose=EmailCode.Purpose.RESET_PASSWORD)
    send(email.pk)
    text = str(mail.outbox[-1].body)
    code, link = (
        re.search(r"\b\d{6}\b", text),
        re.search(r"/reset-password/(\S+)", text),
    )
    assert code
    assert link
    return Emailed(code[0], link[1])


# --- Leaks to find ----------------------------------------------------------------------------


def test_password_in_a_line() -> None:
    make_user(password=PASSWORD)
    logger.info("They chose %s.", PASSWORD)


def test_password_in_a_traceback() -> None:
    make_user(password=PASSWORD)
    try:
        raise LookupError(f"no user with {PASSWORD}")
    except LookupError:
        logger.exception("crashed")


def test_password_in_a_page() -> None:
    make_user(password=PASSWORD)
    answer(PASSWORD.replace("&", "&amp;"))


def test_password_in_an_address() -> None:
    make_user(password=PASSWORD)
    answer(f"/next?p={quote(PASSWORD)}", "/header")


def test_password_in_an_email() -> None:
    make_user(password=PASSWORD)
    EmailMessage("Welcome", f"Your password is {PASSWORD}.", to=["a@example.com"]).send()


def test_password_in_a_message() -> None:
    make_user(password=PASSWORD)
    task.apply_async(args=(PASSWORD,))


def test_password_in_a_row() -> None:
    make_user(password=PASSWORD)
    Project.objects.create(name=PASSWORD)


def test_refused_password_in_an_answer() -> None:
    said[0] = "short & refused"
    Client().post("/api/answer", {"password": said[0]}, content_type="application/json")


def test_access_token_in_a_page() -> None:
    answer(token_of(make_user()))


def test_access_token_in_a_later_answer() -> None:
    answer(token_of(make_user()), "/api/answer")


def test_refresh_token_in_a_header() -> None:
    answer(open_session(user=make_user()).refresh, "/header")


def test_refresh_token_in_a_row() -> None:
    Project.objects.create(name="x", description=open_session(user=make_user()).refresh)


def test_api_token_in_a_page() -> None:
    answer(new_api_token().text)


def test_api_token_in_a_message() -> None:
    task.apply_async(args=(new_api_token().text,))


def test_code_in_a_line() -> None:
    logger.info("Sent %s.", emailed().code)


def test_code_in_an_answer() -> None:
    answer(emailed().code, "/api/answer")


def test_code_in_a_subject() -> None:
    EmailMessage(f"{emailed().code} is your code", "", to=["a@example.com"]).send()


def test_code_in_a_row() -> None:
    OutgoingEmail.objects.update(last_error=f"550 {emailed().code} smells of spam")


def test_link_in_a_page() -> None:
    answer(str(emailed().link))


def test_link_in_a_line() -> None:
    logger.info("Sent %s.", emailed().link)


def test_webhook_in_a_page() -> None:
    Secret.of(f"https://discord.com/api/webhooks/123456789012345678/{WEBHOOK}")
    answer(WEBHOOK)


def test_credential_in_a_line() -> None:
    Secret.of("shop-api-secret")
    logger.info("Connected with %s.", "shop-api-secret")


def test_configuration_in_a_page() -> None:
    Secret.of('{"api_secret": "secret-of-a-shop", "until": "2026-11-28T10:00:00"}')
    answer("secret-of-a-shop until 2026-11-28T10:00:00")


def test_key_in_a_page() -> None:
    answer(settings.SECRET_KEY)


def test_other_key_in_a_line() -> None:
    logger.error("cannot decrypt with %s", settings.CREDENTIALS_KEYS[0])


def test_models_key_in_a_page(settings: Settings) -> None:
    settings.GEMINI_API_KEY = "the-planted-key-of-a-model"
    answer(settings.GEMINI_API_KEY)


def test_cookie_in_a_page() -> None:
    staff = make_user(password=PASSWORD, is_staff=True)
    browser = Client()
    browser.post("/admin/login/", {"username": staff.email, "password": PASSWORD})
    answer(browser.cookies["sessionid"].value)


def test_cookie_of_the_pages_in_a_line() -> None:
    user = make_user(password=PASSWORD)
    browser = Client()
    browser.post("/sign-in", {"email": user.email, "password": PASSWORD})
    logger.info("Signed in with %s.", browser.cookies[COOKIE].value)


def test_ticket_in_a_page() -> None:
    answer(issue_ticket(open_browser_session(user=make_user())))


# --- No leaks ---------------------------------------------------------------------------------


def test_fine_token_in_the_answer_that_gives_it() -> None:
    user = make_user(password=PASSWORD)
    response = Client().post(
        "/api/auth/token",
        {"username": user.email, "password": PASSWORD},
        content_type="application/json",
    )
    assert response.json()["access_token"]


def test_fine_code_in_the_email_that_brings_it() -> None:
    assert emailed().code


def test_fine_example_in_the_documentation() -> None:
    make_user(password="password123")
    answer("password123", "/docs")


def test_fine_token_in_a_line_that_is_redacted() -> None:
    logger.info("They sent Bearer %s.", token_of(make_user()))
    logger.info("They sent %s.", new_api_token().text)


def test_fine_digits_of_something_else() -> None:
    code = emailed().code
    logger.info("2026-11-20T10:00:00.%sZ, 1%s, ab%s, %s.5", code, code, code, code)


def test_fine_code_of_an_earlier_test() -> None:
    for code in range(10):
        logger.info("number %s", 100_000 + code)


# --- Leaks found only at the end --------------------------------------------------------------


def test_end_token_in_the_log_of_another_process(tmp_path: Path) -> None:
    text = token_of(make_user())
    (tmp_path / "worker.log").write_text(f'{{"event": "got", "sent": "{text}"}}\n')
