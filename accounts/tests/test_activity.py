"""The activity log gets one exact, lasting row for everything that changes who gets in."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from structlog.testing import capture_logs

from accounts import services
from accounts.activity import NOBODY, record_activity, record_each
from accounts.events import ActivityType
from accounts.models import Activity, EmailCode, Membership, Project, Session, User
from accounts.security import email_digest
from accounts.tests.factories import PASSWORD, make_user
from accounts.tests.mailbox import code_sent_to
from accounts.tests.projects import make_invitation, make_team
from orderchainer.core.errors import DomainError
from orderchainer.core.http.clients import ClientMiddleware

pytestmark = pytest.mark.django_db

ADDRESS, AGENT = "192.0.2.7", "curl/8.5.0"
NEW_PASSWORD = "battery staple"
Role = Membership.Role
Purpose = EmailCode.Purpose


def from_somewhere(work: Callable[[], object]) -> None:
    """Call it as in a request from ADDRESS with AGENT. Swallow a refusal."""

    def answer(_: object) -> HttpResponse:
        try:
            work()
        except DomainError:
            return HttpResponse(status=400)
        return HttpResponse()

    request = RequestFactory().get("/", REMOTE_ADDR=ADDRESS, HTTP_USER_AGENT=AGENT)
    ClientMiddleware(answer)(request)


# --- Each kind of row -------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """The expected content of a row. None stands for no user."""

    type: ActivityType
    user: User | None
    actor: User | None
    project: Project | None = None
    data: dict[str, Any] = field(default_factory=dict)


# A story prepares its rows, and returns the work to do and the activity that it should record.
Story = Callable[[], tuple[Callable[[], object], Callable[[], list[Row]]]]
STORIES: list[Story] = []


def story(function: Story) -> Story:
    """Register a story."""
    STORIES.append(function)
    return function


def about(email: str) -> dict[str, str]:
    """Return what a row holds instead of the e-mail that was tried."""
    return {"email_digest": email_digest(email)}


@story
def registering() -> Any:
    def rows() -> list[Row]:
        user = User.objects.get(email="new@example.com")
        return [Row(ActivityType.USER_REGISTERED, user, user)]

    return (
        lambda: services.register_user(email="new@example.com", password=PASSWORD),
        rows,
    )


@story
def being_registered_by_staff() -> Any:
    staff = make_user(is_staff=True)

    def rows() -> list[Row]:
        user = User.objects.get(email="new@example.com")
        return [Row(ActivityType.USER_REGISTERED, user, staff)]

    return (
        lambda: services.register_user(email="new@example.com", password=PASSWORD, by=staff),
        rows,
    )


@story
def signing_in() -> Any:
    user = make_user()
    return (
        lambda: services.sign_in(email=user.email, password=PASSWORD),
        lambda: [
            Row(
                ActivityType.LOGIN_SUCCEEDED,
                user,
                user,
                data={"session_id": str(user.sessions.get().pk)},
            )
        ],
    )


@story
def a_wrong_password() -> Any:
    user = make_user(email="Ada@example.com")
    return (
        lambda: services.sign_in(email="ADA@example.com", password="wrong horse"),
        lambda: [Row(ActivityType.LOGIN_FAILED, user, None, data=about(user.email))],
    )


@story
def an_unknown_address() -> Any:
    ghost = "ghost@example.com"
    return (
        lambda: services.sign_in(email=ghost, password=PASSWORD),
        lambda: [Row(ActivityType.LOGIN_FAILED, None, None, data=about(ghost))],
    )


@story
def a_guess_at_the_current_password() -> Any:
    user = make_user()
    return (
        lambda: services.change_own_account(
            user=user, changes={}, password=NEW_PASSWORD, current_password="wrong horse"
        ),
        lambda: [
            Row(
                ActivityType.LOGIN_FAILED,
                user,
                None,
                data={"reason": "current_password", **about(user.email)},
            )
        ],
    )


@story
def a_deactivated_user() -> Any:
    user = make_user(is_active=False)
    return (
        lambda: services.sign_in(email=user.email, password=PASSWORD),
        lambda: [Row(ActivityType.LOGIN_FAILED, user, None, data=about(user.email))],
    )


@story
def logging_out() -> Any:
    user = make_user()
    pair = services.open_session(user=user)
    ended = {"session_id": str(user.sessions.get().pk), "reason": "logged_out"}
    return (
        lambda: services.log_out(access_token=pair.access),
        lambda: [Row(ActivityType.SESSION_ENDED, user, user, data=ended)],
    )


@story
def being_signed_out_by_staff() -> Any:
    user, staff = make_user(), make_user(is_staff=True)
    for _ in range(2):
        services.open_session(user=user)
    sessions = Session.objects.filter(user=user).order_by("pk")
    return (
        lambda: services.end_sessions(user=user, reason=Session.EndReason.REVOKED, by=staff),
        lambda: [
            Row(
                ActivityType.SESSION_ENDED,
                user,
                staff,
                data={"session_id": str(session.pk), "reason": "revoked"},
            )
            for session in sessions
        ],
    )


@story
def a_stolen_refresh_token() -> Any:
    user = make_user()
    with time_machine.travel(timezone.now() - timedelta(minutes=1), tick=False):
        pair = services.open_session(user=user)
        services.refresh_session(refresh_token=pair.refresh)
    session = {"session_id": str(user.sessions.get().pk)}
    return (
        lambda: services.refresh_session(refresh_token=pair.refresh),
        lambda: [
            Row(ActivityType.REFRESH_TOKEN_REUSED, user, None, data=session),
            Row(
                ActivityType.SESSION_ENDED,
                user,
                None,
                data={**session, "reason": "token_reused"},
            ),
        ],
    )


@story
def making_an_api_token() -> Any:
    user = make_user()
    return (
        lambda: services.create_api_token(user=user, name="Script", scopes=["orders:read"]),
        lambda: [
            Row(
                ActivityType.API_TOKEN_CREATED,
                user,
                user,
                data={
                    "token_id": str(user.api_tokens.get().pk),
                    "scopes": ["orders:read"],
                },
            )
        ],
    )


@story
def an_api_token_revoked_by_staff() -> Any:
    user, staff = make_user(), make_user(is_staff=True)
    token, _ = services.create_api_token(user=user, name="Script", scopes=["orders:read"])
    return (
        lambda: services.revoke_api_token(user=user, token_id=token.pk, by=staff),
        lambda: [
            Row(
                ActivityType.API_TOKEN_REVOKED,
                user,
                staff,
                data={"token_id": str(token.pk)},
            )
        ],
    )


@story
def another_password() -> Any:
    user = make_user()
    services.open_session(user=user)
    ended = {"session_id": str(user.sessions.get().pk), "reason": "password_changed"}
    return (
        lambda: services.change_password(user=user, password=NEW_PASSWORD),
        lambda: [
            Row(ActivityType.PASSWORD_CHANGED, user, user),
            Row(ActivityType.SESSION_ENDED, user, user, data=ended),
        ],
    )


@story
def asking_for_another_password() -> Any:
    user = make_user()
    return (
        lambda: services.request_code(email=user.email, purpose=Purpose.RESET_PASSWORD),
        lambda: [
            Row(
                ActivityType.PASSWORD_RESET_REQUESTED,
                user,
                None,
                data=about(user.email),
            )
        ],
    )


@story
def staff_asking_for_somebody() -> Any:
    user, staff = make_user(), make_user(is_staff=True)
    return (
        lambda: services.send_code(user=user, purpose=Purpose.RESET_PASSWORD, by=staff),
        lambda: [Row(ActivityType.PASSWORD_RESET_REQUESTED, user, staff)],
    )


@story
def a_guessed_code() -> Any:
    user = make_user()
    services.request_code(email=user.email, purpose=Purpose.RESET_PASSWORD)
    code = code_sent_to(user.email)
    wrong = "000000" if code != "000000" else "000001"
    return (
        lambda: services.reset_password(email=user.email, code=wrong, new_password=NEW_PASSWORD),
        lambda: [
            Row(
                ActivityType.PASSWORD_RESET_FAILED,
                user,
                None,
                data={"reason": "invalid_reset_code", **about(user.email)},
            )
        ],
    )


@story
def the_right_code() -> Any:
    user = make_user()
    services.request_code(email=user.email, purpose=Purpose.RESET_PASSWORD)
    code = code_sent_to(user.email)
    return (
        lambda: services.reset_password(email=user.email, code=code, new_password=NEW_PASSWORD),
        lambda: [
            Row(ActivityType.PASSWORD_CHANGED, user, user),
            Row(ActivityType.EMAIL_VERIFIED, user, user),
        ],
    )


@story
def another_email() -> Any:
    user = make_user()
    return (
        lambda: services.update_user(user=user, changes={"email": "ada@example.org"}),
        lambda: [Row(ActivityType.EMAIL_CHANGED, user, user)],
    )


@story
def another_right() -> Any:
    user, admin = make_user(), make_user(is_staff=True, is_superuser=True)
    changes: dict[str, str | bool] = {"is_staff": True, "first_name": "Ada"}
    return (
        lambda: services.update_user(user=user, changes=changes, by=admin),
        lambda: [Row(ActivityType.PRIVILEGES_CHANGED, user, admin, data={"is_staff": True})],
    )


@story
def being_deactivated() -> Any:
    user, staff = make_user(), make_user(is_staff=True)
    services.open_session(user=user)
    token, _ = services.create_api_token(user=user, name="Script", scopes=["orders:read"])
    ended = {"session_id": str(user.sessions.get().pk), "reason": "deactivated"}
    return (
        lambda: services.deactivate_user(user=user, by=staff),
        lambda: [
            Row(ActivityType.USER_DEACTIVATED, user, staff),
            Row(ActivityType.SESSION_ENDED, user, staff, data=ended),
            Row(
                ActivityType.API_TOKEN_REVOKED,
                user,
                staff,
                data={"token_id": str(token.pk)},
            ),
        ],
    )


@story
def being_activated() -> Any:
    user, staff = make_user(), make_user(is_staff=True)
    services.deactivate_user(user=user)
    return (
        lambda: services.activate_user(user=user, by=staff),
        lambda: [Row(ActivityType.USER_ACTIVATED, user, staff)],
    )


@story
def deleting_an_account() -> Any:
    user = make_user()
    services.open_session(user=user)
    own = user.personal_project
    ended = {"session_id": str(user.sessions.get().pk), "reason": "deleted"}
    return (
        lambda: services.delete_user(user=user),
        lambda: [
            Row(ActivityType.MEMBER_REMOVED, user, user, own, {"role": "owner"}),
            Row(ActivityType.PROJECT_DELETED, user, user, own),
            Row(ActivityType.SESSION_ENDED, user, user, data=ended),
            Row(ActivityType.USER_DELETED, user, user),
        ],
    )


@story
def making_a_project() -> Any:
    user = make_user()
    return (
        lambda: services.create_project(owner=user, name="Shop"),
        lambda: [
            Row(
                ActivityType.PROJECT_CREATED,
                user,
                user,
                Project.objects.get(name="Shop"),
            )
        ],
    )


@story
def changing_a_project() -> Any:
    team = make_team()
    return (
        lambda: services.update_project(
            project=team.project,
            changes={"name": "Other", "timezone": "Europe/Berlin", "description": ""},
            by=team.members["manager"],
        ),
        lambda: [
            Row(
                ActivityType.PROJECT_CHANGED,
                None,
                team.members["manager"],
                team.project,
                {"fields": ["name", "timezone"]},
            )
        ],
    )


@story
def deleting_a_project() -> Any:
    team = make_team()
    return (
        lambda: services.delete_project(project=team.project, by=team.owner),
        lambda: [
            Row(
                ActivityType.PROJECT_DELETED,
                None,
                team.owner,
                team.project,
                {"fields": ["is_active"]},
            )
        ],
    )


@story
def inviting() -> Any:
    team = make_team()
    # The inviter does not learn whether a user has this address.
    make_user(email="grace@example.com")
    return (
        lambda: services.invite(
            project=team.project,
            email="grace@example.com",
            role=Role.AGENT,
            by=team.owner,
        ),
        lambda: [
            Row(
                ActivityType.MEMBER_INVITED,
                None,
                team.owner,
                team.project,
                {
                    "invitation_id": str(team.project.invitations.get().pk),
                    "role": "agent",
                },
            )
        ],
    )


@story
def revoking_an_invitation() -> Any:
    team = make_team()
    invitation, _ = make_invitation(team)
    return (
        lambda: services.revoke_invitation(invitation=invitation, by=team.members["manager"]),
        lambda: [
            Row(
                ActivityType.INVITATION_REVOKED,
                None,
                team.members["manager"],
                team.project,
                {"invitation_id": str(invitation.pk), "role": "agent"},
            )
        ],
    )


@story
def coming_in() -> Any:
    team = make_team()
    invitation, link = make_invitation(team)
    user = make_user(email="grace@example.com")
    return (
        lambda: services.accept_invitation(link=link, user=user),
        lambda: [
            Row(
                ActivityType.MEMBER_JOINED,
                user,
                user,
                team.project,
                {"invitation_id": str(invitation.pk), "role": "agent"},
            )
        ],
    )


@story
def another_role() -> Any:
    team = make_team()
    agent = team.members["agent"]
    return (
        lambda: services.change_role(
            project=team.project, user=agent, role=Role.VIEWER, by=team.owner
        ),
        lambda: [
            Row(
                ActivityType.MEMBER_ROLE_CHANGED,
                agent,
                team.owner,
                team.project,
                {"old_role": "agent", "new_role": "viewer"},
            )
        ],
    )


@story
def leaving() -> Any:
    team = make_team()
    agent = team.members["agent"]
    return (
        lambda: services.remove_member(project=team.project, user=agent, by=agent),
        lambda: [
            Row(
                ActivityType.MEMBER_REMOVED,
                agent,
                agent,
                team.project,
                {"role": "agent"},
            )
        ],
    )


@pytest.mark.parametrize("tell", STORIES, ids=lambda tell: tell.__name__)
def test_each_row_records_exactly_what_happened(tell: Story) -> None:
    work, expected = tell()
    Activity.objects.all().delete()
    moment = timezone.now()

    with time_machine.travel(moment, tick=False):
        from_somewhere(work)

    assert [
        {**row, "type": str(row["type"])}
        for row in Activity.objects.order_by("pk").values(
            "type",
            "user_id",
            "actor_id",
            "project_id",
            "data",
            "ip_address",
            "user_agent",
            "created_at",
        )
    ] == [
        {
            "type": str(row.type),
            "user_id": row.user.pk if row.user else None,
            "actor_id": row.actor.pk if row.actor else None,
            "project_id": row.project.pk if row.project else None,
            "data": row.data,
            "ip_address": ADDRESS,
            "user_agent": AGENT,
            "created_at": moment,
        }
        for row in expected()
    ]


def test_every_type_has_a_story() -> None:
    told: set[str] = set()
    for tell in STORIES:
        # No transaction here, because some services must open the outermost one.
        before_it = transaction.savepoint()
        work, _ = tell()
        Activity.objects.all().delete()
        from_somewhere(work)
        told.update(Activity.objects.values_list("type", flat=True))
        transaction.savepoint_rollback(before_it)

    assert told == set(ActivityType.values)


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
