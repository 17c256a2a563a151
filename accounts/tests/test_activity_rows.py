"""The rows of the activity log: where they come from, that they last, and what they cost."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from structlog.testing import capture_logs

from accounts import services
from accounts.activity import NOBODY, record_activity, record_each
from accounts.events import ActivityType
from accounts.models import Activity, Session
from accounts.tests.activity import ADDRESS, AGENT, about, from_somewhere
from accounts.tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db


# --- Changes outside of our services ----------------------------------------------------------


def rows() -> list[dict[str, Any]]:
    """Return what was recorded, the oldest first."""
    names = ("type", "user_id", "actor_id", "ip_address", "user_agent", "data")
    return [dict(row) for row in Activity.objects.order_by("pk").values(*names)]


def test_sign_ins_to_the_admin_are_recorded_as_such() -> None:
    user = make_user(is_staff=True)
    Activity.objects.all().delete()
    browser = Client(REMOTE_ADDR=ADDRESS, HTTP_USER_AGENT=AGENT)
    form = {"username": user.email, "password": PASSWORD}

    browser.post(reverse("admin:login"), {**form, "password": "wrong horse"})
    browser.post(reverse("admin:login"), {**form, "username": "ghost@example.com"})
    browser.post(reverse("admin:login"), form)
    browser.post(reverse("admin:logout"))
    Client().post(reverse("admin:logout"))

    where = {"ip_address": ADDRESS, "user_agent": AGENT}
    failed = {"type": "login_failed", "actor_id": None, **where}
    mine = {"user_id": user.pk, "actor_id": user.pk, **where}
    assert rows() == [
        {
            **failed,
            "user_id": user.pk,
            "data": {**about(user.email), "door": "admin"},
        },
        {
            **failed,
            "user_id": None,
            "data": {**about("ghost@example.com"), "door": "admin"},
        },
        {"type": "login_succeeded", **mine, "data": {"door": "admin"}},
        {
            "type": "session_ended",
            **mine,
            "data": {"door": "admin", "reason": "logged_out"},
        },
    ]


def test_a_sign_in_refused_for_an_unverified_email_is_recorded(
    settings: Any,
) -> None:
    settings.REQUIRE_VERIFIED_EMAIL = True
    user = make_user()
    Activity.objects.all().delete()

    from_somewhere(lambda: services.sign_in(email=user.email, password=PASSWORD))

    assert rows() == [
        {
            "type": "login_failed",
            "user_id": user.pk,
            "actor_id": None,
            "ip_address": ADDRESS,
            "user_agent": AGENT,
            "data": {**about(user.email), "reason": "email_not_verified"},
        }
    ]
    assert not Session.objects.exists()


def test_activity_outside_of_requests_has_no_address() -> None:
    user = make_user()
    Activity.objects.all().delete()

    services.deactivate_user(user=user)

    (row,) = rows()
    assert (row["ip_address"], row["user_agent"]) == (None, "")


# --- Rows are kept ----------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_refused_sign_in_leaves_its_row_committed() -> None:
    user = make_user()
    answer = Client().post(
        "/api/auth/token",
        {"username": user.email, "password": "wrong horse"},
        content_type="application/json",
    )
    # An open transaction would be lost with this connection.
    connection.close()

    assert answer.status_code == 401
    assert Activity.objects.filter(type="login_failed", user_id=user.pk).count() == 1


def test_a_rollback_keeps_the_log_line_but_not_the_row() -> None:
    user = make_user()
    Activity.objects.all().delete()

    with capture_logs() as lines, transaction.atomic():
        record_activity(ActivityType.PASSWORD_CHANGED, user=user)
        transaction.set_rollback(True)

    assert rows() == []
    assert [line["event"] for line in lines] == ["password_changed"]


def test_a_row_cannot_be_changed() -> None:
    record_activity(ActivityType.LOGIN_FAILED, user=None, by=NOBODY)
    row = Activity.objects.get()
    before = Activity.objects.values().get()
    row.user_id = 7

    for change in (
        row.save,
        lambda: row.save(update_fields=["user_id"]),
        lambda: Activity.objects.update(user_id=7),
        lambda: Activity.objects.filter(pk=row.pk).update(user_id=7),
        lambda: Activity.objects.bulk_update([row], ["user_id"]),
        lambda: Activity.objects.update_or_create(pk=row.pk, defaults={"user_id": 7}),
    ):
        with pytest.raises(TypeError, match="append-only"):
            change()

    assert Activity.objects.values().get() == before


# --- What a row costs -------------------------------------------------------------------------


def statements(work: Callable[[], object]) -> list[str]:
    """Return the statements that write to the activity log."""
    with CaptureQueriesContext(connection) as queries:
        work()
    return [query["sql"] for query in queries if "accounts_activity" in query["sql"]]


def test_a_sign_in_costs_one_statement_for_its_row() -> None:
    user = make_user()

    work = lambda: services.sign_in(email=user.email, password=PASSWORD)  # noqa: E731

    assert len(statements(work)) == 1


@pytest.mark.parametrize("number", [1, 12])
def test_ending_many_sessions_costs_one_statement(number: int) -> None:
    user = make_user()
    for _ in range(number):
        services.open_session(user=user)

    found = statements(lambda: services.end_sessions(user=user, reason=Session.EndReason.REVOKED))

    assert len(found) == 1
    assert Activity.objects.filter(type="session_ended").count() == number


# --- The lines of the security log ------------------------------------------------------------


def test_a_failed_sign_in_has_the_same_log_line_for_known_and_unknown_addresses() -> None:
    user = make_user()
    lines = []
    for email in (user.email, "ghost@example.com"):
        with capture_logs() as captured:
            from_somewhere(lambda: services.sign_in(email=email, password="wrong"))  # noqa: B023
        lines.append([sorted(line) for line in captured])

    assert lines[0] == lines[1] == [["email_digest", "event", "log_level"]]


def test_a_log_line_names_the_actor_if_it_is_another_user() -> None:
    user, staff = make_user(), make_user(is_staff=True)
    project = services.create_project(owner=user, name="Shop")

    with capture_logs() as lines:
        record_activity(ActivityType.PROJECT_CHANGED, user=user, project_id=project.pk)
        record_activity(ActivityType.USER_ACTIVATED, user=user, by=staff)
        record_activity(ActivityType.MEMBER_INVITED, user=None, by=staff)
        record_each(ActivityType.SESSION_ENDED, [{"n": 1}, {"n": 2}], user=user)

    info = {"log_level": "info"}
    assert lines == [
        {
            "event": "project_changed",
            "user_id": user.pk,
            "project_id": project.pk,
            **info,
        },
        {
            "event": "user_activated",
            "user_id": user.pk,
            "actor_id": staff.pk,
            **info,
        },
        {"event": "member_invited", "user_id": None, "actor_id": staff.pk, **info},
        {"event": "session_ended", "user_id": user.pk, "n": 1, **info},
        {"event": "session_ended", "user_id": user.pk, "n": 2, **info},
    ]
