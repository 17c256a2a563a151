"""The activity log gets one exact, lasting row for everything that changes who gets in."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone

from accounts import services
from accounts.events import ActivityType
from accounts.models import Activity, EmailCode, Membership, Project, Session, User
from accounts.tests.activity import ADDRESS, AGENT, about, from_somewhere
from accounts.tests.factories import PASSWORD, make_user
from accounts.tests.mailbox import code_sent_to
from accounts.tests.projects import make_invitation, make_team

pytestmark = pytest.mark.django_db

NEW_PASSWORD = "battery staple"
Role = Membership.Role
Purpose = EmailCode.Purpose


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
