"""What staff who are no superusers may do, and that others see nothing."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.tests.admin.pages import NEW_PASSWORD, change_form, page, run
from accounts.tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk() -> Client:
    """A browser in which somebody is signed in who may see and change users, and no more."""
    user = make_user(is_staff=True)
    user.user_permissions.set(
        Permission.objects.filter(codename__in=["view_user", "change_user"])
    )
    client = Client()
    client.force_login(user)
    return client


def test_staff_give_nobody_permissions(clerk: Client) -> None:
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
    assert "1 left out" in shown
    assert (admin.is_active, admin.first_name, admin.check_password(PASSWORD)) == (
        True,
        "",
        True,
    )


def test_users_who_are_no_staff_see_nothing() -> None:
    client = Client()
    client.force_login(make_user())

    response = client.get(page("user_changelist"))

    assert response.status_code == 302
    assert response["Location"].startswith(reverse("admin:login"))


def test_superusers_alone_write_groups(client: Client) -> None:
    staff = make_user(is_staff=True)
    staff.user_permissions.set(Permission.objects.filter(content_type__model="group"))
    browser = Client()
    browser.force_login(staff)
    url = reverse("admin:auth_group_add")

    assert browser.post(url, {"name": "Mine"}).status_code == 403
    assert browser.get(reverse("admin:auth_group_changelist")).status_code == 200
    assert client.post(url, {"name": "Clerks"}).status_code == 302
    assert list(Group.objects.values_list("name", flat=True)) == ["Clerks"]
