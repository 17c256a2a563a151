"""What outgoing e-mails say, and what they keep from those who need not know it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.mail.composing import shown
from accounts.models import (
    EmailCode,
    Invitation,
    Membership,
    OutgoingEmail,
    Project,
    User,
)
from accounts.services import create_project, invite, queue_email, register_user, request_code
from accounts.tests.factories import PASSWORD, make_user
from accounts.tests.mailbox import code_in, emails_to, link_in

pytestmark = pytest.mark.django_db

Kind = OutgoingEmail.Kind
ADDRESS = "ada@example.com"


def test_a_code_is_in_both_bodies_and_in_no_header() -> None:
    user = make_user(email=ADDRESS)
    User.objects.filter(pk=user.pk).update(
        email_verified_at=timezone.now(), first_name="Ada", last_name="<b>O'Hara</b>"
    )
    OutgoingEmail.objects.all().delete()
    request_code(email=ADDRESS, purpose=EmailCode.Purpose.RESET_PASSWORD)

    [message] = emails_to(ADDRESS)

    code, link = code_in(message), link_in(message)
    [(html, kind)] = message.alternatives
    assert kind == "text/html"
    assert code in str(html)
    assert f"http://localhost:8000/reset-password/{link}" in str(html)
    headers = str(message.message().items())
    assert code not in headers
    assert str(link) not in headers
    assert "Hello Ada <b>O'Hara</b>," in str(message.body)
    assert "Hello Ada &lt;b&gt;O&#x27;Hara&lt;/b&gt;," in str(html)


def test_the_name_of_an_unverified_user_is_not_in_the_email() -> None:
    """A stranger who signs up with another person's address also chooses the name."""
    register_user(email=ADDRESS, password=PASSWORD, first_name="Win at https://evil.example")

    [message] = emails_to(ADDRESS)

    assert str(message.body).startswith("Hello,\n")
    assert "evil" not in message.message().as_string()


def test_an_invitation_names_the_inviter_and_the_project() -> None:
    owner = make_user(email="owner@example.com")
    User.objects.filter(pk=owner.pk).update(
        first_name="Bo\r\nBcc: x@evil.example", email_verified_at=timezone.now()
    )
    owner.refresh_from_db()
    project = Project.objects.create(name="Tea & <i>Cake</i>\n\n\u202eliame")
    invitation = Invitation.objects.create(
        project=project,
        email=ADDRESS,
        role="agent",
        invited_by=owner,
        expires_at=timezone.now() + timedelta(days=7),
    )
    queue_email(
        kind=Kind.INVITATION,
        recipient=ADDRESS,
        data={"invitation_id": str(invitation.pk)},
        lifetime=timedelta(days=7),
    )

    [message] = emails_to(ADDRESS)

    text, (html, _) = str(message.body), message.alternatives[0]
    assert "Bo Bcc: x@evil.example (owner@example.com) invites you" in text
    assert 'the project\n"Tea & <i>Cake</i> liame" as agent.' in text
    assert "<strong>Tea &amp; &lt;i&gt;Cake&lt;/i&gt; liame</strong>" in str(html)
    assert message.message()["Bcc"] is None
    invitation.refresh_from_db()
    assert invitation.link_digest
    assert str(link_in(message)) not in invitation.link_digest


def test_an_invitation_does_not_name_an_unverified_inviter() -> None:
    owner = make_user(email="boss@example.com", first_name="The", last_name="Boss")
    project = create_project(owner=owner, name="Tea")
    invite(project=project, email=ADDRESS, role=Membership.Role.AGENT, by=owner)

    [message] = emails_to(ADDRESS)

    whole = message.message().as_string()
    assert "You are invited to work in a project as agent." in whole
    for word in ("The Boss", "boss@example.com", "Tea"):
        assert word not in whole


def test_an_invitation_to_a_personal_project_does_not_name_an_unverified_owner() -> None:
    owner = make_user(email="boss@example.com")
    project = owner.personal_project
    assert project.name == "boss@example.com"
    invite(project=project, email=ADDRESS, role=Membership.Role.AGENT, by=owner)

    [message] = emails_to(ADDRESS)

    assert "boss@example.com" not in message.message().as_string()


def test_the_old_address_gets_a_notice_of_the_change() -> None:
    """No user has that address any more, and it still gets the e-mail."""
    queue_email(
        kind=Kind.EMAIL_CHANGED,
        recipient="old@example.com",
        data={"new_email": "new@example.com"},
    )

    [message] = emails_to("old@example.com")

    assert message.subject == "Your e-mail address was changed"
    assert "new@example.com" in str(message.body)


def test_the_email_says_where_the_request_came_from() -> None:
    make_user(email=ADDRESS)
    OutgoingEmail.objects.all().delete()
    queue_email(
        kind=Kind.RESET_PASSWORD,
        recipient=ADDRESS,
        data={"ip_address": "2001:db8::7"},
        lifetime=timedelta(hours=1),
    )

    [message] = emails_to(ADDRESS)

    assert "from the IP address\n2001:db8::7." in str(message.body)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("Ada", "Ada"),
        ("  Ada \n\t Lovelace ", "Ada Lovelace"),
        ("a\x00b\u200bc\u202ed", "a b c d"),
        ("x" * 80, "x" * 80),
        ("x" * 81, "x" * 79 + "…"),
        ("", ""),
    ],
)
def test_a_name_is_shown_as_one_short_line(name: str, line: str) -> None:
    assert shown(name) == line
