"""The pages of projects: the services make and change them and their members."""

from collections.abc import Sequence

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.models import (
    Activity,
    Invitation,
    Membership,
    OutgoingEmail,
    Project,
    User,
)
from accounts.services import create_project
from accounts.services.storefront import set_storefront
from accounts.tests.admin.pages import page, run
from accounts.tests.factories import make_user
from accounts.tests.projects import make_invitation, make_team

pytestmark = pytest.mark.django_db


def members_form(
    project: Project,
    *rows: dict[str, object],
    invitations: Sequence[dict[str, object]] = (),
) -> dict[str, object]:
    """Return what a browser posts from the project's form with these members and invitations."""
    form: dict[str, object] = {
        "name": project.name,
        "timezone": project.timezone,
        "currency": project.currency,
        "is_active": "on",
    }
    for prefix, these in (("memberships", rows), ("invitations", invitations)):
        form[f"{prefix}-TOTAL_FORMS"] = len(these)
        form[f"{prefix}-INITIAL_FORMS"] = sum("id" in row for row in these)
        for number, row in enumerate(these):
            for name, value in row.items():
                form[f"{prefix}-{number}-{name}"] = value
            form[f"{prefix}-{number}-project"] = project.pk
    return form


def row_of(member: Membership, **changes: object) -> dict[str, object]:
    """Return the current row of a member, with `changes` applied."""
    return {"id": member.pk, "user": member.user_id, "role": member.role, **changes}


def roles(project: Project) -> dict[str, str]:
    """Return the members' roles by e-mail."""
    return dict(project.memberships.values_list("user__email", "role"))


def test_the_owner_of_a_new_project_is_picked_by_typing(client: Client) -> None:
    """A list of all users would be as long as the installation is large."""
    stranger = make_user(email="stranger@example.com")

    text = client.get(page("project_add")).content.decode()

    assert "admin-autocomplete" in text
    assert stranger.email not in text


def test_makes_a_project_with_its_owner(client: Client) -> None:
    owner = make_user()

    response = client.post(
        page("project_add"),
        {
            "owner": owner.pk,
            "name": "Shop",
            "timezone": "Europe/Berlin",
            "currency": "EUR",
        },
    )

    project = Project.objects.get(name="Shop")
    assert response.status_code == 302
    assert project.currency == "EUR"
    assert (project.timezone, roles(project)) == (
        "Europe/Berlin",
        {owner.email: "owner"},
    )


def test_refuses_an_unknown_time_zone(client: Client) -> None:
    owner = make_user()

    response = client.post(
        page("project_add"),
        {"owner": owner.pk, "name": "Shop", "timezone": "Mars/Base", "currency": "EUR"},
        follow=True,
    )

    assert "This is not a time zone" in response.content.decode()
    assert not Project.objects.filter(name="Shop").exists()


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("timezone", "Mars/Base", "This is not a time zone"),
        ("currency", "ZZZ", "ZZZ"),
        ("name", "  ", "required"),
    ],
)
def test_refuses_to_change_a_project_to_what_it_cannot_be(
    client: Client, field: str, value: str, problem: str
) -> None:
    project = create_project(owner=make_user(), name="Shop")
    before = Project.objects.values(field).get(pk=project.pk)
    form = members_form(project, row_of(project.memberships.get()))

    response = client.post(page("project_change", project.pk), {**form, field: value}, follow=True)

    assert problem in response.content.decode()
    assert Project.objects.values(field).get(pk=project.pk) == before


@pytest.mark.parametrize("owner", ["", "abc", "999", str(10**30)])
def test_refuses_an_owner_who_does_not_exist(client: Client, owner: str) -> None:
    response = client.post(
        page("project_add"),
        {"owner": owner, "name": "Shop", "timezone": "UTC", "currency": "EUR"},
    )

    assert response.status_code == 200
    assert not Project.objects.filter(name="Shop").exists()


@pytest.mark.parametrize("user", ["", "abc", "999", str(10**30)])
def test_refuses_a_member_who_does_not_exist(client: Client, user: str) -> None:
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


def test_keeps_the_typed_values_if_the_service_refuses(client: Client) -> None:
    project = create_project(owner=make_user(), name="Shop")
    form = members_form(project, row_of(project.memberships.get(), role="viewer"))

    response = client.post(page("project_change", project.pk), {**form, "name": "Renamed"})

    project.refresh_from_db()
    assert 'value="Renamed"' in response.content.decode()
    assert project.name == "Shop"


def test_adds_changes_replaces_and_removes_members(client: Client) -> None:
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


def test_refuses_to_remove_the_last_owner(client: Client) -> None:
    project = create_project(owner=make_user(email="ada@example.com"), name="Shop")

    response = client.post(
        page("project_change", project.pk),
        members_form(project, row_of(project.memberships.get(), role="viewer")),
        follow=True,
    )

    assert "A project must keep at least one owner" in response.content.decode()
    assert roles(project) == {"ada@example.com": "owner"}


def test_a_personal_project_keeps_its_own_user(client: Client) -> None:
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


# --- Who did it -------------------------------------------------------------------------------


def test_the_activity_names_who_did_it(client: Client, admin: User) -> None:
    ada, bob = make_user(email="ada@example.com"), make_user(email="bob@example.com")
    client.post(
        page("project_add"),
        {"owner": ada.pk, "name": "Shop", "timezone": "UTC", "currency": "EUR"},
    )
    project = Project.objects.get(name="Shop")

    client.post(
        page("project_change", project.pk),
        {
            **members_form(
                project,
                row_of(project.memberships.get()),
                {"user": bob.pk, "role": "agent"},
            ),
            "name": "Renamed",
        },
    )

    recorded = Activity.objects.filter(project_id=project.pk).order_by("id")
    assert list(recorded.values_list("type", "user_id", "actor_id")) == [
        ("project_created", ada.pk, admin.pk),
        ("project_changed", None, admin.pk),
        ("member_joined", bob.pk, admin.pk),
    ]


def test_switches_a_project_off_and_on(client: Client) -> None:
    project = create_project(owner=make_user(), name="Shop")
    form = members_form(project, row_of(project.memberships.get()))

    client.post(
        page("project_change", project.pk),
        {name: value for name, value in form.items() if name != "is_active"},
    )
    was_off = not Project.objects.get(pk=project.pk).is_active
    client.post(page("project_change", project.pk), form)

    assert was_off
    assert Project.objects.get(pk=project.pk).is_active
    assert list(
        Activity.objects.filter(type__in=["project_deleted", "project_changed"])
        .order_by("id")
        .values_list("type", flat=True)
    ) == ["project_deleted", "project_changed"]


def test_a_personal_project_cannot_be_switched_off(client: Client) -> None:
    project = make_user().personal_project
    form = members_form(project, row_of(project.memberships.get()))
    del form["is_active"]

    response = client.post(page("project_change", project.pk), form)

    assert "A personal project cannot be deleted" in response.content.decode()
    assert Project.objects.get(pk=project.pk).is_active


# --- Invitations ------------------------------------------------------------------------------


def test_invites_and_revokes(client: Client, admin: User) -> None:
    team = make_team()
    old, _ = make_invitation(team, email="old@example.com")

    response = client.post(
        page("project_change", team.project.pk),
        members_form(
            team.project,
            invitations=[
                {"id": old.pk, "DELETE": "on"},
                {"email": "grace@example.com", "role": "owner"},
            ],
        ),
    )

    invitation = Invitation.objects.open().get()
    assert response.status_code == 302
    assert (invitation.email, invitation.role, invitation.invited_by) == (
        "grace@example.com",
        "owner",
        admin,
    )
    assert OutgoingEmail.objects.filter(recipient="grace@example.com").count() == 1
    revoked = Activity.objects.get(type="invitation_revoked")
    assert (revoked.actor_id, revoked.data["invitation_id"]) == (admin.pk, str(old.pk))


def test_invites_again(client: Client) -> None:
    team = make_team()
    invitation, _ = make_invitation(team)

    response = client.post(
        page("project_change", team.project.pk),
        members_form(
            team.project,
            invitations=[
                {"id": invitation.pk, "email": "other@example.com", "role": "owner"},
                {"email": "GRACE@example.com", "role": "viewer"},
            ],
        ),
    )

    assert response.status_code == 302
    # The form ignores what was typed into the row of the existing invitation.
    assert Invitation.objects.get().email == "GRACE@example.com"
    assert Invitation.objects.get().role == "viewer"


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"email": "agent@example.com", "role": "viewer"}, "a member of the project"),
        ({"email": "no e-mail", "role": "viewer"}, "Enter a valid email address"),
        ({"email": "\N{KELVIN SIGN}@example.com", "role": "viewer"}, "Invalid email"),
        ({"email": "grace@example.com", "role": "boss"}, "Select a valid choice"),
    ],
)
def test_shows_why_an_invitation_is_refused(
    client: Client, row: dict[str, object], words: str
) -> None:
    team = make_team()

    response = client.post(
        page("project_change", team.project.pk),
        members_form(team.project, invitations=[row]),
    )

    assert words in response.content.decode()
    assert not Invitation.objects.exists()


def test_shows_open_invitations_without_their_links(client: Client) -> None:
    team = make_team()
    invitation, link = make_invitation(team)

    shown = client.get(page("project_change", team.project.pk)).content.decode()

    assert "grace@example.com" in shown
    assert str(link) not in shown
    assert invitation.link_digest not in shown


# --- Staff ------------------------------------------------------------------------------------


@pytest.mark.parametrize("may", [True, False])
def test_one_permission_covers_members_and_invitations(may: bool) -> None:
    team = make_team()
    user = make_user(is_staff=True)
    codenames = ["view_project", "change_project", "view_membership", "add_membership"]
    user.user_permissions.set(
        Permission.objects.filter(
            codename__in=[*codenames, *(["change_membership"] if may else [])]
        )
    )
    browser = Client()
    browser.force_login(user)
    agent = team.project.memberships.get(role="agent")

    browser.post(
        page("project_change", team.project.pk),
        members_form(
            team.project,
            row_of(agent, role="manager"),
            {"user": make_user().pk, "role": "viewer"},
            invitations=[{"email": "grace@example.com", "role": "agent"}],
        ),
    )

    agent.refresh_from_db()
    assert agent.role == ("manager" if may else "agent")
    assert team.project.memberships.count() == (5 if may else 4)
    assert Invitation.objects.exists() is may


# --- The storefront ---------------------------------------------------------------------------


def test_chooses_the_storefront(client: Client, admin: User) -> None:
    old = create_project(owner=make_user(), name="Old")
    new = create_project(owner=make_user(), name="New")
    set_storefront(project=old)

    shown = run(client, "open_storefront", "project", new)

    assert "The storefront sells for New now." in shown
    assert list(Project.objects.filter(is_storefront=True)) == [new]
    changed = Activity.objects.filter(type="project_changed", actor_id=admin.pk)
    assert set(changed.values_list("project_id", flat=True)) == {old.pk, new.pk}


def test_refuses_a_storefront_of_several_or_inactive_projects(client: Client) -> None:
    first, second, closed = (
        create_project(owner=make_user(), name=name) for name in ("A", "B", "C")
    )
    Project.objects.filter(pk=closed.pk).update(is_active=False)

    for rows in ([first, second], [closed]):
        shown = run(client, "open_storefront", "project", *rows)

        assert "Select exactly one active project" in shown
    assert not Project.objects.filter(is_storefront=True).exists()


def test_closes_the_storefront(client: Client) -> None:
    shop, other = (create_project(owner=make_user(), name=name) for name in "AB")
    set_storefront(project=shop)

    refused = run(client, "close_storefront", "project", other)
    shown = run(client, "close_storefront", "project", shop)

    assert "does not sell for any selected project" in refused
    assert "The storefront is closed" in shown
    assert not Project.objects.filter(is_storefront=True).exists()


def test_staff_who_may_only_view_cannot_choose_the_storefront() -> None:
    project = create_project(owner=make_user(), name="A")
    user = make_user(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_project"))
    browser = Client()
    browser.force_login(user)

    run(browser, "open_storefront", "project", project)

    assert not Project.objects.filter(is_storefront=True).exists()
