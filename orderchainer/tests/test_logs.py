"""The log on disk: which lines and fields go into which file, and what never goes into any."""

import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from urllib.parse import quote

import pytest
import structlog
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path
from gunicorn.glogging import Logger as GunicornsLogger  # type: ignore[import-untyped]
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.tests.factories import client_of, make_user, token_of
from orderchainer.core.logs import ConsoleFormatter, redact
from orderchainer.core.logs.secrets import scrub
from orderchainer.testing.routes import every_route
from orderchainer.testing.written_log import WrittenLog

TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
WEBHOOK = "https://discord.com/api/webhooks/123456789012345678/s3cr3t-T0ken_of-the-webhook"
LINK = "a1b2c3d4-5e6f-4789-8abc-def012345678"


# --- Requests ---------------------------------------------------------------------------------


def test_a_request_is_one_line_and_its_answer_another(log: WrittenLog) -> None:
    Client().get("/healthz", headers={"X-Request-ID": "from-the-proxy.1"})

    started, finished = log.lines()
    assert TIMESTAMP.fullmatch(started.pop("timestamp"))
    assert started == {
        "level": "info",
        "logger": "orderchainer.requests",
        "event": "request_started",
        "request_id": "from-the-proxy.1",
        "method": "GET",
        "path": "/healthz",
        "ip": "127.0.0.1",
    }
    assert TIMESTAMP.fullmatch(finished.pop("timestamp"))
    assert 0 < finished.pop("duration_ms") < 5000
    assert finished == {
        "level": "info",
        "logger": "orderchainer.requests",
        "event": "request_finished",
        "request_id": "from-the-proxy.1",
        "method": "GET",
        "path": "/healthz",
        "ip": "127.0.0.1",
        "status": 200,
        "user_id": None,
        "queries": 0,
    }


@pytest.mark.django_db
def test_the_answers_line_names_who_called_and_counts_the_statements(
    log: WrittenLog,
) -> None:
    user = make_user()
    client = client_of(user)
    # The first list asks the database once which features it has.
    client.get("/api/orders/")

    client.get("/api/orders/")

    _first, finished = log.lines("request_finished")
    assert finished["user_id"] == user.pk
    assert finished["status"] == 200
    assert finished["queries"] == 2


@pytest.mark.django_db
def test_the_answers_line_names_who_is_signed_in_to_a_page(log: WrittenLog) -> None:
    user = make_user(is_staff=True)
    client = Client()
    client.force_login(user)

    client.get("/admin/")

    (finished,) = log.lines("request_finished")
    assert finished["user_id"] == user.pk


@pytest.mark.parametrize("given", ["", "x" * 65, "two words", "line\nbreak", '"quoted"', "é"])
def test_a_request_without_a_valid_id_gets_one_that_its_answer_names(
    given: str, log: WrittenLog
) -> None:
    response = Client().get("/healthz", HTTP_X_REQUEST_ID=given)

    request_id = response["X-Request-ID"]
    assert re.fullmatch(r"[0-9a-f]{32}", request_id)
    assert {line["request_id"] for line in log.lines()} == {request_id}


def test_an_id_of_the_proxy_is_kept_and_echoed() -> None:
    response = Client().get("/healthz", headers={"X-Request-ID": "0af7651916cd43dd:b7ad6b"})

    assert response["X-Request-ID"] == "0af7651916cd43dd:b7ad6b"


@pytest.mark.django_db
def test_neither_query_string_nor_authorization_reach_the_log(log: WrittenLog) -> None:
    user = make_user()
    token = token_of(user)

    Client().get(
        f"/api/orders/?token={token}&limit=1",
        headers={
            "Authorization": f"Bearer {token}",
            "Cookie": "sessionid=c00kie-of-somebody",
        },
    )
    Client().post(
        "/api/auth/token",
        {"username": user.email, "password": "correct horse"},
        content_type="application/json",
    )

    assert len(log.lines("request_finished")) == 2
    assert token not in log.text
    assert "token=" not in log.text
    assert "c00kie-of-somebody" not in log.text
    assert "correct horse" not in log.text


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["confirm-email", "reset-password", "invitations"])
def test_a_link_from_an_email_does_not_reach_the_log(page: str, log: WrittenLog) -> None:
    Client().get(f"/{page}/{LINK}")

    assert {line["path"] for line in log.lines("request_finished")} == {f"/{page}/[redacted]"}
    assert LINK not in log.text


def test_the_log_hides_the_link_in_every_path_that_has_one() -> None:
    pages = {
        f"/{route.replace('<uuid:link>', LINK)}"
        for route, _pattern in every_route()
        if "<uuid:link>" in route
    }

    assert pages
    assert [page for page in pages if LINK in scrub(page)] == []


def test_a_forged_host_is_a_security_event_but_not_an_error(log: WrittenLog) -> None:
    response = Client().get("/api/orders/", headers={"Host": "evil.example"})

    assert response.status_code == 400
    (refused,) = log.lines("request_refused")
    assert refused["logger"] == "security"
    assert refused["level"] == "warning"
    assert refused["reason"] == "disallowedhost"
    assert "evil.example" in refused["detail"]
    assert not log.errors()


def throttle(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=429)


@override_settings(ROOT_URLCONF=__name__)
def test_a_refused_request_over_a_limit_is_a_security_event(log: WrittenLog) -> None:
    Client().post("/throttled")

    (event,) = log.lines("throttled")
    assert (
        event["logger"],
        event["level"],
        event["method"],
        event["path"],
        event["ip"],
    ) == (
        "security",
        "warning",
        "POST",
        "/throttled",
        "127.0.0.1",
    )


# --- Errors -----------------------------------------------------------------------------------


def crash(request: object) -> HttpResponse:
    password_of_somebody = "hunter2-in-a-local-variable"
    raise LookupError(f"{WEBHOOK} does not answer, {len(password_of_somebody)}")


class CrashingView(APIView):
    permission_classes = (AllowAny,)

    def get(self, request: Request) -> Response:
        return Response(crash(request))


urlpatterns = [
    path("crash", crash),
    path("api/crash", crash),
    path("api/in-a-view", CrashingView.as_view()),
    path("throttled", throttle),
]


@pytest.mark.parametrize("where", ["/crash", "/api/crash", "/api/in-a-view"])
def test_a_crash_is_an_error_with_its_traceback_in_both_files(where: str, log: WrittenLog) -> None:
    with override_settings(ROOT_URLCONF=__name__, DEBUG=False):
        response = Client(raise_request_exception=False).get(where)

    assert response.status_code == 500
    (error,) = log.errors()
    assert error in log.lines()
    assert error["level"] == "error"
    assert error["request_id"] == response["X-Request-ID"]
    assert error["exception"].startswith("Traceback (most recent call last):")
    assert "in crash\n" in error["exception"]
    (finished,) = log.lines("request_finished")
    assert (finished["status"], finished["level"]) == (500, "warning")
    # The secrets in its message and in its stack frames are not logged.
    assert "s3cr3t" not in log.text
    assert "hunter2" not in log.text


@pytest.mark.django_db(transaction=True)
def test_a_failed_probe_is_not_logged_as_an_error_each_time(log: WrittenLog) -> None:
    cache.clear()

    assert Client().get("/readyz").status_code == 503

    (finished,) = log.lines("request_finished")
    assert (finished["status"], finished["level"]) == (503, "warning")
    assert not log.errors()


def test_the_file_of_errors_holds_errors_only(log: WrittenLog) -> None:
    logger = structlog.get_logger("somewhere")
    logger.info("fine")
    logger.warning("hm", number=7)
    logger.error("broken", number=8)
    logging.getLogger("elsewhere").critical("worse by %s", 9)

    assert [line["event"] for line in log.lines()] == [
        "fine",
        "hm",
        "broken",
        "worse by 9",
    ]
    errors = log.errors()
    assert [(line["level"], line["logger"], line["event"]) for line in errors] == [
        ("error", "somewhere", "broken"),
        ("critical", "elsewhere", "worse by 9"),
    ]


def test_hostile_values_are_written_and_break_nothing(log: WrittenLog) -> None:
    structlog.get_logger("x").info(
        "odd", surrogate="\ud800", huge=2**80, newline="a\nb", quote='"', thing=object
    )

    (line,) = log.lines("odd")
    assert line["surrogate"] == "\ud800"
    assert line["huge"] == 2**80
    assert line["newline"] == "a\nb"
    assert line["thing"] == "<class 'object'>"


# --- Secrets ----------------------------------------------------------------------------------


def test_values_under_secret_names_are_never_written(log: WrittenLog) -> None:
    structlog.get_logger("x").info(
        "signed_in",
        user_id=3,
        password="p1",
        refresh_token="p2",
        Authorization="p3",
        webhook_url="p4",
        config={
            "api_key": "p5",
            "shop_url": "shop.example",
            "more": [{"app_secret": "p6"}],
        },
        headers=[("Cookie", "kept: a pair is no name")],
    )

    (line,) = log.lines("signed_in")
    assert line["user_id"] == 3
    assert line["password"] == "[redacted]"
    assert line["config"] == {
        "api_key": "[redacted]",
        "shop_url": "shop.example",
        "more": [{"app_secret": "[redacted]"}],
    }
    assert not re.search(r"\bp[1-6]\b", log.text)


def test_a_missing_secret_still_shows_as_missing() -> None:
    assert redact(None, "", {"token": None, "passwords_tried": 3, "token_id": "7"}) == {
        "token": None,
        "passwords_tried": "[redacted]",
        "token_id": "7",
    }


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [
        ("GET /ws/notifications/1/?after=3&token=eyJ0eXAi.eyJ1c2Vy.c2ln HTTP/1.1",
         "GET /ws/notifications/1/?after=3&token=[redacted] HTTP/1.1"),
        ("<WebRequest at 0x7f method=GET uri=/ws/notifications/1/?token=abc-DEF_1 "
         "clientproto=HTTP/1.1>",
         "<WebRequest at 0x7f method=GET uri=/ws/notifications/1/?token=[redacted] "
         "clientproto=HTTP/1.1>"),
        ("Authorization: Bearer oc_abcdefghijklmnop", "Authorization: Bearer [redacted]"),
        ("found oc_abcdefghijklmnop in a file", "found oc_[redacted] in a file"),
        ("oc_AbCdEfGhIj_" + "kL3" * 13 + "m is over", "oc_[redacted] is over"),
        ("GET /page?code=123456&next=1", "GET /page?code=[redacted]&next=1"),
        (f"GET /confirm-email/{LINK} HTTP/1.1", "GET /confirm-email/[redacted] HTTP/1.1"),
        (f"see http://localhost:8000/reset-password/{LINK}/", "see http://localhost:8000/reset-password/[redacted]/"),
        (f"/invitations/{LINK.upper()}.", "/invitations/[redacted]."),
        (f"/reset-password/{LINK.replace('-', '')}", "/reset-password/[redacted]"),
        (f"/reset-password/{LINK[:20]}", "/reset-password/[redacted]"),
        (f"/api/v1/projects/{LINK}/invitations/{LINK}",
         f"/api/v1/projects/{LINK}/invitations/{LINK}"),
        ("/api/v1/invitations/accept", "/api/v1/invitations/accept"),
        ("jwt eyJhbGciOiJI.eyJzdWIi.SflKxwRJ is over", "jwt eyJ[redacted] is over"),
        (f"POST {WEBHOOK}?wait=true", "POST https://discord.com/api/webhooks/123456789012345678/[redacted]?wait=true"),
        ("connect postgres://app:pa%40ss@db:5432/orders", "connect postgres://app:[redacted]@db:5432/orders"),
        ("redis://:topsecret@cache:6379/0", "redis://:[redacted]@cache:6379/0"),
        ("see https://example.com:8000/docs#token", "see https://example.com:8000/docs#token"),
        ("order 7 is ready = true", "order 7 is ready = true"),
    ],
)  # fmt: skip
def test_everything_that_looks_like_a_secret_is_redacted(text: str, scrubbed: str) -> None:
    assert scrub(text) == scrubbed


def test_texts_of_other_libraries_are_scrubbed_too(log: WrittenLog) -> None:
    logging.getLogger("kombu.connection").warning("No %s", "redis://:topsecret@cache:6379/0")

    (line,) = log.lines()
    assert line["event"] == "No redis://:[redacted]@cache:6379/0"


# --- Control characters -----------------------------------------------------------------------

# A colour, a bell, a forged line, C1's escape, an override, and a line separator.
HOSTILE = "\x1b[31m\x07\r\n2026 [info] ok\x9b2J\x7f\u202egnp\u2028\u2066"
ESCAPED = r"\u001b[31m\u0007\r\n2026 [info] ok\u009b2J\u007f\u202egnp\u2028\u2066"
RAW = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


class _Hostile(Exception):
    """An error that quotes what a stranger sent."""


def test_a_path_reaches_the_log_escaped(log: WrittenLog) -> None:
    Client().get("/" + quote(HOSTILE), headers={"User-Agent": HOSTILE})

    assert not RAW.search(log.text)
    assert {line["path"] for line in log.lines("request_finished")} == {"/" + HOSTILE}


def test_no_line_contains_a_control_character(log: WrittenLog) -> None:
    security_log, task_log = structlog.get_logger("security"), structlog.get_logger("t")
    before = log.lines()

    security_log.warning("request_refused", detail=HOSTILE, **{HOSTILE: 1})
    task_log.info("task_finished", reason=[HOSTILE], lone="\udcff")
    logging.getLogger("kombu").warning("lost %s", HOSTILE)
    logging.getLogger("kombu").error("crash", exc_info=_Hostile(HOSTILE))

    assert not RAW.search(log.text)
    refused, finished, lost, crash = log.lines()[len(before) :]
    assert refused["detail"] == HOSTILE
    assert refused[HOSTILE] == 1
    assert finished["reason"] == [HOSTILE]
    assert lost["event"] == f"lost {HOSTILE}"
    assert crash["exception"].endswith(HOSTILE)


@pytest.fixture
def console() -> Iterator[StringIO]:
    """What the console in its readable format shows during the test."""
    shown = StringIO()
    handler = logging.StreamHandler(shown)
    handler.setFormatter(ConsoleFormatter(colours=False))
    logging.getLogger().addHandler(handler)
    yield shown
    logging.getLogger().removeHandler(handler)


def test_the_console_shows_escaped_texts(console: StringIO) -> None:
    Client().get("/" + quote(HOSTILE))
    structlog.get_logger("security").warning("refused", detail=HOSTILE, **{HOSTILE: 1})
    structlog.get_logger("t").info(HOSTILE, reasons=[HOSTILE])
    logging.getLogger("kombu").warning("lost %s", HOSTILE)

    text = console.getvalue()
    assert not RAW.search(text)
    # The renderer writes texts with blanks as Python does, so their backslashes are doubled.
    assert text.replace("\\\\", "\\").count(r"\u001b[31m\u0007\r\n2026") == 6
    assert text.count(ESCAPED) == 3
    # One line for each record, and all begin with the time.
    assert len(text.splitlines()) == 5
    assert all(re.match(r"\d{4}-\d\d-\d\dT", line) for line in text.splitlines())


def test_a_traceback_on_the_console_forges_no_line(console: StringIO) -> None:
    logging.getLogger("kombu").error("crash", exc_info=_Hostile(HOSTILE))

    first, *traceback = console.getvalue().splitlines()
    assert "crash" in first
    assert not RAW.search(console.getvalue())
    assert all(line.startswith("  ") for line in traceback)
    assert "2026 [info] ok" in traceback[-1]


# --- Configuration ----------------------------------------------------------------------------


SAY_ALL = """
import django, structlog, logging
django.setup()
log = structlog.get_logger("x")
log.debug("d"); log.info("i"); log.warning("w", token="t0ken"); log.error("e")
logging.getLogger("y").info("stdlib")
"""


@pytest.mark.processes
@pytest.mark.parametrize(
    ("level", "events"),
    [
        ("debug", ["d", "i", "w", "e", "stdlib"]),
        ("WARNING", ["w", "e"]),
        ("ERROR", ["e"]),
    ],
)
def test_the_environment_sets_level_and_file_and_production_speaks_json(
    level: str, events: list[str], tmp_path: Path
) -> None:
    file = tmp_path / "logs" / "service.log"

    done = subprocess.run(
        [sys.executable, "-c", SAY_ALL],
        env={
            "DJANGO_SETTINGS_MODULE": "orderchainer.settings",
            "ENV_FILE": "",
            "DEBUG": "off",
            "SECRET_KEY": "s" * 50,
            "CREDENTIALS_KEYS": "hUXgn0ZpXmpD5hOuaQG5lXWYjJ2yBN6KkQ4iCyQ7HwY=",
            "LOG_LEVEL": level,
            "LOG_FILE": str(file),
        },
        capture_output=True,
        text=True,
        check=True,
    )

    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line["event"] for line in lines if line["logger"] in {"x", "y"}] == events
    errors = (tmp_path / "logs" / "service-errors.log").read_text().splitlines()
    assert [json.loads(line)["event"] for line in errors] == ["e"]
    assert done.stderr == file.read_text()


SAY_HOW_TASKS_ENDED = """
import logging, django, structlog
django.setup()
log = structlog.get_logger("orderchainer.operations.tasks")
log.info("task_finished", outcome="success", task="one")
log.info("task_finished", outcome="failure", task="two")
log.info("request_finished", path="/three")
log.info("delivery_finished", task="four", error="")
log.info("delivery_postponed", task="five", error="away")
logging.getLogger("celery.worker.request").info("six")
"""


@pytest.mark.processes
def test_people_see_nothing_of_background_work_that_went_well(tmp_path: Path) -> None:
    file = tmp_path / "service.log"

    done = subprocess.run(
        [sys.executable, "-c", SAY_HOW_TASKS_ENDED],
        env={
            "DJANGO_SETTINGS_MODULE": "orderchainer.settings",
            "ENV_FILE": "",
            "LOG_FILE": str(file),
        },
        capture_output=True,
        text=True,
        check=True,
    )

    assert len(file.read_text().splitlines()) == 6
    assert "task=one" not in done.stderr
    assert "task=two" in done.stderr
    assert "path=/three" in done.stderr
    assert "task=four" not in done.stderr
    assert "task=five" in done.stderr
    assert "six" not in done.stderr


def test_gunicorn_can_still_write_its_own_lines() -> None:
    """Its format names the process. Without a number, each line would be a traceback."""
    log = logging.getLogger("gunicorn.error")
    record = log.makeRecord(log.name, logging.INFO, __file__, 1, "Listening", (), None)

    line = logging.Formatter(GunicornsLogger.error_fmt).format(record)

    assert f"[{os.getpid()}] [INFO] Listening" in line


def test_an_id_that_begins_like_a_token_of_meta_stays_readable() -> None:
    assert scrub("request_id=eaa679cddb494131b243d66f8c2b39d4").endswith("d66f8c2b39d4")
    assert scrub("token EAAG679cddb494131b243d66f8c2b39d4") == "token EAA[redacted]"
