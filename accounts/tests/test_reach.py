"""Staff cannot change a user who has a permission that they lack."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.test import Client
from django.urls import reverse

from accounts.errors import StrongerUser, SuperusersOnly, UserDeactivated
from accounts.models import Activity, ApiToken, EmailCode, OutgoingEmail, Session, User
from accounts.services import (
    activate_user,
    change_password,
    change_sign_in,
    deactivate_user,
    delete_user,
    end_session,
    end_sessions,
    mark_email_verified,
    open_session,
    revoke_api_token,
    revoke_api_tokens,
    send_code,
    update_user,
)
from accounts.tests.admin.pages import NEW_PASSWORD, change_form, page, run
from accounts.tests.factories import client_of, make_api_token, make_user

pytestmark = pytest.mark.django_db

CLERKS = (
    "view_user",
    "change_user",
    "delete_user",
    "view_session",
    "change_session",
    "view_apitoken",
    "change_apitoken",
)
# The editors and their permissions.
EDITORS: Mapping[str, tuple[str, ...]] = {
    "clerk": CLERKS,
    "clerk of orders": (*CLERKS, "change_order"),
    "superuser": (),
}
# The users, and which editors may change them.
TARGETS: Mapping[str, frozenset[str]] = {
    "customer": frozenset(EDITORS),
    "staff without permissions": frozenset(EDITORS),
    "another clerk": frozenset(EDITORS),
    "holder of a permission": frozenset({"clerk of orders", "superuser"}),
    "member of a group": frozenset({"clerk of orders", "superuser"}),
    "deactivated holder": frozenset({"clerk of orders", "superuser"}),
    "not even staff": frozenset({"clerk of orders", "superuser"}),
    "holder of a permission that no editor has": frozenset({"superuser"}),
    "superuser": frozenset({"superuser"}),
    "deactivated superuser": frozenset({"superuser"}),
}
TABLE = pytest.mark.parametrize(("editor", "target"), [(e, t) for e in EDITORS for t in TARGETS])


def give(user: User, *codenames: str) -> None:
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))


def make_editor(kind: str) -> User:
    user = make_user(is_staff=True, is_superuser=kind == "superuser")
    give(user, *EDITORS[kind])
    return User.objects.get(pk=user.pk)


def make_target(kind: str) -> User:
    user = make_user(
        is_staff=kind not in {"customer", "not even staff"},
        is_superuser="superuser" in kind,
    )
    if kind == "another clerk":
        give(user, "view_user", "change_user")
    elif kind == "member of a group":
        group = Group.objects.create(name="Orders")
        group.permissions.set(Permission.objects.filter(codename="change_order"))
        user.groups.add(group)
    elif kind == "holder of a permission that no editor has":
        give(user, "add_product")
    elif kind in {"holder of a permission", "deactivated holder", "not even staff"}:
        give(user, "change_order")
    make_api_token(user)
    open_session(user=user)
    if "deactivated" in kind:
        User.objects.filter(pk=user.pk).update(is_active=False)
    OutgoingEmail.objects.all().delete()
    return User.objects.get(pk=user.pk)


def state(user: User) -> Any:
    return (
        User.objects.values().get(pk=user.pk),
        list(Session.objects.filter(user=user).values()),
        list(ApiToken.objects.filter(user=user).values()),
        list(OutgoingEmail.objects.values("kind", "recipient")),
        Activity.objects.filter(user_id=user.pk).count(),
    )


# --- The services -----------------------------------------------------------------------------

Deed = Callable[[User, User], object]

DEEDS: Mapping[str, Deed] = {
    "password": lambda user, by: change_password(user=user, password=NEW_PASSWORD, by=by),
    "sign-in": lambda user, by: change_sign_in(
        user=user, email="new@example.com", password=NEW_PASSWORD, by=by
    ),
    "name": lambda user, by: update_user(user=user, changes={"first_name": "Eve"}, by=by),
    "e-mail": lambda user, by: update_user(user=user, changes={"email": "new@example.com"}, by=by),
    "activate": lambda user, by: activate_user(user=user, by=by),
    "deactivate": lambda user, by: deactivate_user(user=user, by=by),
    "delete": lambda user, by: delete_user(user=user, by=by),
    "verify": lambda user, by: mark_email_verified(user=user, by=by),
    "send a reset": lambda user, by: send_code(
        user=user, purpose=EmailCode.Purpose.RESET_PASSWORD, by=by
    ),
    "end sessions": lambda user, by: end_sessions(
        user=user, reason=Session.EndReason.REVOKED, by=by
    ),
    "end a session": lambda user, by: end_session(
        session=Session.objects.get(user=user),
        reason=Session.EndReason.REVOKED,
        by=by,
    ),
    "revoke tokens": lambda user, by: revoke_api_tokens(user=user, by=by),
    "revoke a token": lambda user, by: revoke_api_token(
        user=user, token_id=ApiToken.objects.get(user=user).pk, by=by
    ),
}


@TABLE
def test_the_services_refuse_to_change_a_stronger_user(editor: str, target: str) -> None:
    editor_id, target_id = make_editor(editor).pk, make_target(target).pk
    before = state(User.objects.get(pk=target_id))

    for name, deed in DEEDS.items():
        by, user = User.objects.get(pk=editor_id), User.objects.get(pk=target_id)
        with transaction.atomic():
            if editor in TARGETS[target]:
                # Refused for a different reason, for example because the user is deactivated.
                with suppress(UserDeactivated):
                    deed(user, by)
            else:
                with pytest.raises(StrongerUser):
                    deed(user, by)
                assert (name, state(user)) == (name, before)
            transaction.set_rollback(True)


@pytest.mark.parametrize("flag", ["is_staff", "is_superuser"])
@pytest.mark.parametrize("editor", ["clerk", "clerk of orders"])
def test_only_superusers_change_the_flags_of_staff(editor: str, flag: str) -> None:
    user, by = make_user(), make_editor(editor)

    with pytest.raises(SuperusersOnly):
        update_user(user=user, changes={flag: True}, by=by)
    with pytest.raises(SuperusersOnly):
        update_user(user=by, changes={flag: True}, by=by)

    update_user(user=user, changes={flag: True}, by=make_editor("superuser"))
    assert getattr(User.objects.get(pk=user.pk), flag) is True


def test_a_permission_that_was_lost_meanwhile_no_longer_counts() -> None:
    by, user = make_editor("clerk of orders"), make_target("holder of a permission")
    assert by.has_perm("orders.change_order")  # cached on the object from now on
    give(by, *CLERKS)

    with pytest.raises(StrongerUser):
        change_password(user=user, password=NEW_PASSWORD, by=by)


def test_users_may_change_themselves_with_any_permissions() -> None:
    user = make_target("holder of a permission")

    change_password(user=user, password=NEW_PASSWORD, by=user)
    end_sessions(user=user, reason=Session.EndReason.REVOKED, by=user)


# --- Every way to change a user ---------------------------------------------------------------


@dataclass(frozen=True)
class Doors:
    """Every way to change a user."""

    by: User
    user: User

    def browser(self) -> Client:
        client = Client()
        client.force_login(self.by)
        return client

    def api(self, method: str, body: Mapping[str, str] | None = None) -> None:
        send = getattr(client_of(self.by), method)
        send(f"/api/user/{self.user.uuid}", body)

    def post(self, url: str, data: Mapping[str, Any]) -> None:
        self.browser().post(url, data)

    def act(self, action: str, kind: str, row: Any) -> None:
        run(self.browser(), action, kind, row)


PASSWORDS = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
WAYS: Mapping[str, Callable[[Doors], None]] = {
    "envelope password": lambda d: d.api("patch", {"password": NEW_PASSWORD}),
    "envelope e-mail": lambda d: d.api("patch", {"email": "new@example.com"}),
    "envelope delete": lambda d: d.api("delete"),
    "admin form": lambda d: d.post(
        page("user_change", d.user.pk),
        change_form(d.user, first_name="Eve", email="new@example.com"),
    ),
    "admin password": lambda d: d.post(
        reverse("admin:auth_user_password_change", args=[d.user.pk]), PASSWORDS
    ),
    "admin delete": lambda d: d.post(page("user_delete", d.user.pk), {"post": "yes"}),
    **{
        f"admin {action}": lambda d, action=action: d.act(action, "user", d.user)  # type: ignore[misc]
        for action in (
            "verify_email",
            "send_reset",
            "activate",
            "deactivate",
            "end_sessions",
        )
    },
    "admin session": lambda d: d.act("end", "session", Session.objects.get(user=d.user)),
    "admin token": lambda d: d.act("revoke", "apitoken", ApiToken.objects.get(user=d.user)),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("editor", "target"),
    [
        ("clerk", "member of a group"),
        ("clerk", "deactivated holder"),
        ("clerk of orders", "holder of a permission that no editor has"),
        ("clerk of orders", "superuser"),
    ],
)
def test_no_endpoint_or_page_changes_a_stronger_user(editor: str, target: str, way: str) -> None:
    doors = Doors(make_editor(editor), make_target(target))
    before = state(doors.user)

    WAYS[way](doors)

    assert state(doors.user) == before


@pytest.mark.parametrize(
    ("editor", "target"),
    [("clerk", "customer"), ("clerk of orders", "member of a group")],
)
@pytest.mark.parametrize(
    "way", [way for way in WAYS if way not in {"admin activate", "admin send_reset"}]
)
def test_every_endpoint_and_page_changes_a_user_who_is_not_stronger(
    editor: str, target: str, way: str
) -> None:
    doors = Doors(make_editor(editor), make_target(target))
    before = state(doors.user)

    WAYS[way](doors)

    assert state(doors.user) != before
