"""What staff who are not superusers may do. Other users see nothing."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.events import access_changed
from accounts.models import OutgoingEmail, User
from accounts.tests.admin.pages import NEW_PASSWORD, change_form, page, run
from accounts.tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk() -> Client:
    """The browser of a member of staff who may only view and change users."""
    user = make_user(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_user", "change_user"]))
    client = Client()
    client.force_login(user)
    return client


def test_staff_cannot_give_permissions(clerk: Client) -> None:
    user = make_user()

    clerk.post(
        page("user_change", user.pk),
        change_form(user, first_name="Ada", is_staff="on", is_superuser="on"),
    )

    user.refresh_from_db()
    assert (user.first_name, user.is_staff, user.is_superuser) == ("Ada", False, False)


def test_staff_cannot_touch_a_superuser(clerk: Client, admin: User) -> None:
    password_form = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}

    password = clerk.post(
        reverse("admin:auth_user_password_change", args=[admin.pk]), password_form
    )
    form = clerk.post(page("user_change", admin.pk), change_form(admin, first_name="X"))
    shown = run(clerk, "deactivate", "user", admin)

    admin.refresh_from_db()
    assert (password.status_code, form.status_code) == (403, 403)
    assert "you cannot change their account" in shown
    assert (admin.is_active, admin.first_name, admin.check_password(PASSWORD)) == (
        True,
        "",
        True,
    )


def test_deleting_needs_a_separate_permission(clerk: Client, admin: User) -> None:
    user = make_user()
    staff = User.objects.get(user_permissions__codename="view_user")

    without = clerk.post(page("user_delete", user.pk), {"post": "yes"})
    staff.user_permissions.add(Permission.objects.get(codename="delete_user"))
    superuser = clerk.post(page("user_delete", admin.pk), {"post": "yes"})
    with_it = clerk.post(page("user_delete", user.pk), {"post": "yes"})

    user.refresh_from_db()
    admin.refresh_from_db()
    assert (without.status_code, superuser.status_code) == (403, 403)
    assert with_it.status_code == 302
    assert (user.deleted_at is None, admin.deleted_at) == (False, None)


@pytest.mark.parametrize("action", ["verify_email", "send_verification", "send_reset"])
def test_staff_who_may_only_view_cannot_verify_emails(action: str) -> None:
    staff, user = make_user(is_staff=True), make_user()
    staff.user_permissions.set(Permission.objects.filter(codename="view_user"))
    browser = Client()
    browser.force_login(staff)
    OutgoingEmail.objects.all().delete()

    run(browser, action, "user", user)

    user.refresh_from_db()
    assert user.email_verified_at is None
    assert not OutgoingEmail.objects.exists()


def test_users_who_are_not_staff_see_nothing() -> None:
    client = Client()
    client.force_login(make_user())

    response = client.get(page("user_changelist"))

    assert response.status_code == 302
    assert response["Location"].startswith(reverse("admin:login"))


def test_only_superusers_change_groups(client: Client) -> None:
    staff = make_user(is_staff=True)
    staff.user_permissions.set(Permission.objects.filter(content_type__model="group"))
    browser = Client()
    browser.force_login(staff)
    url = reverse("admin:auth_group_add")

    assert browser.post(url, {"name": "Mine"}).status_code == 403
    assert browser.get(reverse("admin:auth_group_changelist")).status_code == 200
    assert client.post(url, {"name": "Clerks"}).status_code == 302
    assert list(Group.objects.values_list("name", flat=True)) == ["Clerks"]


def test_changed_permissions_are_announced_to_sockets(
    client: Client,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    heard: list[int | None] = []

    def listen(user_id: int | None, **_: object) -> None:
        heard.append(user_id)

    user = make_user(is_staff=True)
    permission = Permission.objects.get(codename="view_order")
    group = Group.objects.create(name="Clerks")
    access_changed.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            client.post(
                page("user_change", user.pk),
                change_form(user, is_staff="on", user_permissions=[permission.pk]),
            )
            client.post(
                reverse("admin:auth_group_change", args=[group.pk]),
                {"name": "Clerks", "permissions": [permission.pk]},
            )
    finally:
        access_changed.disconnect(listen)

    assert list(user.user_permissions.all()) == [permission]
    assert list(group.permissions.all()) == [permission]
    assert heard == [user.pk, None]
