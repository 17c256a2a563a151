"""The pages of projects: the services make and change them and their members."""

import pytest
from django.test import Client

from accounts.models import Membership, Project
from accounts.services import create_project
from accounts.tests.admin.pages import page
from accounts.tests.factories import make_user

pytestmark = pytest.mark.django_db


def members_form(project: Project, *rows: dict[str, object]) -> dict[str, object]:
    """Return what a browser posts from the project's form, with these rows of members."""
    form: dict[str, object] = {
        "name": project.name,
        "timezone": project.timezone,
        "is_active": "on",
        "memberships-TOTAL_FORMS": len(rows),
        "memberships-INITIAL_FORMS": sum("id" in row for row in rows),
    }
    for number, row in enumerate(rows):
        for name, value in row.items():
            form[f"memberships-{number}-{name}"] = value
        form[f"memberships-{number}-project"] = project.pk
    return form


def row_of(member: Membership, **changes: object) -> dict[str, object]:
    """Return the row of a member as it stands, changed."""
    return {"id": member.pk, "user": member.user_id, "role": member.role, **changes}


def roles(project: Project) -> dict[str, str]:
    """Return the members' roles by e-mail."""
    return dict(project.memberships.values_list("user__email", "role"))


def test_makes_a_project_with_its_owner(client: Client) -> None:
    owner = make_user()

    response = client.post(
        page("project_add"),
        {"owner": owner.pk, "name": "Shop", "timezone": "Europe/Berlin"},
    )

    project = Project.objects.get(name="Shop")
    assert response.status_code == 302
    assert (project.timezone, roles(project)) == (
        "Europe/Berlin",
        {owner.email: "owner"},
    )


def test_shows_that_a_time_zone_is_unknown(client: Client) -> None:
    owner = make_user()

    response = client.post(
        page("project_add"),
        {"owner": owner.pk, "name": "Shop", "timezone": "Mars/Base"},
        follow=True,
    )

    assert "This is no time zone" in response.content.decode()
    assert not Project.objects.filter(name="Shop").exists()


@pytest.mark.parametrize("owner", ["", "abc", "999", str(10**30)])
def test_makes_no_project_for_an_owner_that_is_not_there(
    client: Client, owner: str
) -> None:
    response = client.post(
        page("project_add"), {"owner": owner, "name": "Shop", "timezone": "UTC"}
    )

    assert response.status_code == 200
    assert not Project.objects.filter(name="Shop").exists()


@pytest.mark.parametrize("user", ["", "abc", "999", str(10**30)])
def test_takes_no_member_who_is_not_there(client: Client, user: str) -> None:
    project = create_project(owner=make_user(email="ada@example.com"), name="Shop")

    response = client.post(
        page("project_change", project.pk),
        members_form(
            project,
            row_of(project.memberships.get()),
            {"user": user, "role": "owner"},
        ),
    )

    assert response.status_code == 200
    assert roles(project) == {"ada@example.com": "owner"}


def test_keeps_what_was_typed_where_the_service_refuses(client: Client) -> None:
    project = create_project(owner=make_user(), name="Shop")
    form = members_form(project, row_of(project.memberships.get(), role="viewer"))

    response = client.post(
        page("project_change", project.pk), {**form, "name": "Renamed"}
    )

    project.refresh_from_db()
    assert 'value="Renamed"' in response.content.decode()
    assert project.name == "Shop"


def test_adds_changes_exchanges_and_removes_members(client: Client) -> None:
    ada, bob, cleo, dan = (
        make_user(email=f"{n}@example.com") for n in ("ada", "bob", "cleo", "dan")
    )
    project = create_project(owner=ada, name="Shop")
    for user in (bob, cleo):
        Membership.objects.create(project=project, user=user, role="viewer")
    of_ada, of_bob, of_cleo = project.memberships.order_by("pk")

    response = client.post(
        page("project_change", project.pk),
        members_form(
            project,
            row_of(of_ada, role="agent"),
            row_of(of_bob, user=dan.pk, role="owner"),
            row_of(of_cleo, DELETE="on"),
        ),
    )

    assert response.status_code == 302
    assert roles(project) == {"ada@example.com": "agent", "dan@example.com": "owner"}


def test_shows_that_a_project_keeps_an_owner(client: Client) -> None:
    project = create_project(owner=make_user(email="ada@example.com"), name="Shop")

    response = client.post(
        page("project_change", project.pk),
        members_form(project, row_of(project.memberships.get(), role="viewer")),
        follow=True,
    )

    assert "A project keeps at least one owner" in response.content.decode()
    assert roles(project) == {"ada@example.com": "owner"}


def test_a_personal_project_keeps_the_user_whose_it_is(client: Client) -> None:
    ada, bob = make_user(email="ada@example.com"), make_user(email="bob@example.com")
    project = ada.personal_project
    Membership.objects.create(project=project, user=bob, role="owner")

    client.post(
        page("project_change", project.pk),
        members_form(
            project,
            row_of(project.memberships.get(user=ada), DELETE="on"),
            row_of(project.memberships.get(user=bob)),
        ),
    )

    assert roles(project) == {"ada@example.com": "owner", "bob@example.com": "owner"}
