"""What the members of a project hear of in Discord, by their own choice."""

from typing import Any

import pytest

from accounts.models import OutgoingEmail, User
from accounts.services import remove_member
from accounts.tests.projects import Team, make_team
from integrations.discord.models import DiscordWebhook
from integrations.discord.tests.channel import Channel
from integrations.discord.tests.deliveries import states, work
from integrations.discord.tests.factories import make_discord_webhook
from notifications.channels import Line, Person
from notifications.models import Message, NewsKind
from notifications.services import change_conversation, mark_conversation_read, receive_message
from notifications.services.preferences import change_preferences
from notifications.tests.factories import incoming, make_line
from notifications.work import noticing
from orders.models import Order
from orders.services import create_order
from orders.stream.models import EventDelivery
from orders.stream.relay import relay_events

pytestmark = pytest.mark.django_db


@pytest.fixture
def team(db: None) -> Team:
    return make_team()


@pytest.fixture
def line(team: Team) -> Line:
    return make_line(team.project)


def choose(team: Team, role: str, kind: NewsKind, *, is_on: bool = True) -> None:
    """Have a member choose about Discord."""
    user = team.members[role]
    change_preferences(project=team.project, user=user, changes={kind: {"discord": is_on}})


def write(line: Line, content: str = "Where is it?", name: str = "Ada") -> Message:
    """Have a customer write."""
    person = Person(provider_id=f"US.{name}", name=name)
    message = receive_message(line=line, incoming=incoming(content, person=person))
    assert message is not None
    return message


def place(team: Team, by: str = "agent") -> Order:
    """Create an order of the project."""
    return create_order(by=team.members[by], project=team.project, fields={"title": "An order"})


def embeds(channel: Channel) -> list[dict[str, Any]]:
    """Return the embeds in the channel, oldest first."""
    return [message["embeds"][0] for message in channel.messages]


def outcomes() -> list[tuple[str, str]]:
    """Return the states and errors of the deliveries to members."""
    rows = EventDelivery.objects.filter(subscriber=noticing.SUBSCRIBER).order_by("pk")
    return list(rows.values_list("state", "last_error"))


# --- Conversations ----------------------------------------------------------------------------


def test_by_default_a_channel_hears_nothing_of_customers(
    team: Team, line: Line, channel: Channel
) -> None:
    make_discord_webhook(team.owner, channel)
    message = write(line)
    change_conversation(
        conversation=message.conversation,
        by=team.members["agent"],
        changes={"assignee": team.owner},
    )

    work()

    assert embeds(channel) == []


def test_who_wants_hears_once_of_a_conversation_until_somebody_reads_it(
    team: Team, line: Line, channel: Channel
) -> None:
    viewer = team.members["viewer"]
    make_discord_webhook(viewer, channel)
    choose(team, "viewer", NewsKind.INBOX)
    message = write(line)
    write(line, "Hello?")
    work()
    write(line, "Anybody?")
    work()

    [embed] = embeds(channel)
    assert embed["title"] == "A customer wrote on WhatsApp"
    assert embed["description"] == "Where is it?"
    assert [(each["name"], each["value"]) for each in embed["fields"]] == [("Project", "My Store")]
    assert outcomes() == [("sent", "")]
    # No name and no number: a channel has many readers.
    assert "Ada" not in str(channel.messages)
    mark_conversation_read(conversation=message.conversation, by=team.owner)
    write(line, "Thanks")
    work()
    assert [each["description"] for each in embeds(channel)] == ["Where is it?", "Thanks"]
    assert not OutgoingEmail.objects.filter(kind="team_news").exists()


def test_an_assignment_and_what_follows_it_are_told_apart(
    team: Team, line: Line, channel: Channel
) -> None:
    agent = team.members["agent"]
    make_discord_webhook(agent, channel)
    choose(team, "agent", NewsKind.ASSIGNED)
    message = write(line)
    change_conversation(
        conversation=message.conversation, by=team.owner, changes={"assignee": agent}
    )
    relay_events()
    work()
    mark_conversation_read(conversation=message.conversation, by=team.owner)
    write(line, "Again")
    work()

    titles = [each["title"] for each in embeds(channel)]
    assert titles[-2:] == [
        "A conversation on WhatsApp is assigned to you",
        "A customer wrote on WhatsApp, in a conversation of yours",
    ]


def test_customers_text_is_text_and_mentions_nobody(
    team: Team, line: Line, channel: Channel
) -> None:
    make_discord_webhook(team.owner, channel)
    choose(team, "owner", NewsKind.INBOX)
    write(line, "@everyone **free** [here](https://evil.example) <@1>\u202e\n# Big")

    work()

    [message] = channel.messages
    assert message["allowed_mentions"] == {"parse": []}
    assert message["embeds"][0]["description"] == (
        "\\@everyone \\*\\*free\\*\\* \\[here\\](https\\://evil.example) \\<@1\\> # Big"
    )


def test_a_message_that_shows_nothing_is_named_by_its_kind(
    team: Team, line: Line, channel: Channel
) -> None:
    make_discord_webhook(team.owner, channel)
    choose(team, "owner", NewsKind.INBOX)
    write(line, "\u200b")
    Message.objects.update(content_type="sticker")

    work()

    assert embeds(channel)[0]["description"] == "(sticker)"


@pytest.mark.parametrize("loss", ["left", "off", "read", "switched off"])
def test_what_ended_before_the_delivery_is_dropped(
    team: Team, line: Line, channel: Channel, loss: str
) -> None:
    viewer = team.members["viewer"]
    make_discord_webhook(viewer, channel)
    choose(team, "viewer", NewsKind.INBOX)
    message = write(line)
    relay_events()

    if loss == "left":
        remove_member(project=team.project, user=viewer, by=team.owner)
    elif loss == "off":
        choose(team, "viewer", NewsKind.INBOX, is_on=False)
    elif loss == "read":
        mark_conversation_read(conversation=message.conversation, by=team.owner)
    else:
        DiscordWebhook.objects.update(is_active=False, disabled_reason="By a test.")
    work()

    assert embeds(channel) == []
    assert [state for state, _ in outcomes()] == ["dropped"]


def test_a_passing_failure_is_tried_again_and_a_lost_webhook_is_not(
    team: Team, line: Line, channel: Channel
) -> None:
    make_discord_webhook(team.owner, channel)
    choose(team, "owner", NewsKind.INBOX)
    channel.throttle("user", seconds=2)
    write(line)
    work()
    assert [state for state, _ in outcomes()] == ["pending"]

    DiscordWebhook.objects.update(paused_until=None)
    channel.delete()
    EventDelivery.objects.update(
        next_attempt_at=EventDelivery.objects.get(subscriber="team").created_at
    )
    work()

    assert [state for state, _ in outcomes()] == ["failed"]
    assert not DiscordWebhook.objects.get().is_active


# --- Orders -----------------------------------------------------------------------------------


def test_an_owner_can_silence_one_project_and_keeps_the_others(
    team: Team, channel: Channel
) -> None:
    owner = team.owner
    make_discord_webhook(owner, channel)
    choose(team, "owner", NewsKind.ORDERS, is_on=False)

    place(team)
    place(team, by="owner")
    create_order(by=owner, fields={"title": "Mine"})
    work()

    told = [embed["fields"][0]["value"].partition(" ")[2] for embed in embeds(channel)]
    assert told == ["Mine"]


def test_a_member_who_is_no_owner_can_ask_for_the_orders_of_a_project(
    team: Team, channel: Channel
) -> None:
    viewer = team.members["viewer"]
    make_discord_webhook(viewer, channel)
    place(team)
    work()
    assert embeds(channel) == []

    choose(team, "viewer", NewsKind.ORDERS)
    order = place(team)
    work()

    assert [embed["title"] for embed in embeds(channel)] == [f"Order #{order.pk} created"]
    # The owner of the order is only a number to others.
    agent = User.objects.get(email="agent@example.com")
    assert {"name": "Owner", "value": f"user #{agent.pk}", "inline": True} in embeds(channel)[0][
        "fields"
    ]


def test_a_choice_counts_again_when_a_delivery_is_due(team: Team, channel: Channel) -> None:
    make_discord_webhook(team.owner, channel)
    place(team)
    relay_events()

    choose(team, "owner", NewsKind.ORDERS, is_on=False)
    work()

    assert embeds(channel) == []
    assert states() == ["dropped"]
