"""Registers what all integrations share. Each provider registers its own things besides this."""

from accounts.scopes import AREAS

# Import the errors too: the OpenAPI document lists the codes of all errors that are loaded by then.
from integrations import (  # noqa: F401 (they register)
    checks,
    errors,
    limits,
    notices,
    socket_messages,
)
from integrations.access import MANAGE_INTEGRATIONS, VIEW_INTEGRATIONS
from integrations.events import INTEGRATION, SYNC_RUN, EventType
from integrations.lines import lines_of
from integrations.providers import WEBHOOKS, providers
from notifications.bell import NOTICES, Notice
from notifications.channels import LINES
from notifications.sockets.audiences import AUDIENCES, Audience
from notifications.sockets.messages import MESSAGES
from orderchainer.core.admin.sections import SECTIONS, Section
from orderchainer.core.http.bodies import register_body_limit
from orderchainer.core.http.documented import THINGS
from orderchainer.core.web.looks import LOOKS, Look
from orderchainer.core.web.navigation import NAVIGATION, Item
from orderchainer.core.web.panels import PANELS, Panel
from orders.stream.types import register_types

register_types(EventType, sentence=socket_messages.sentence_of)
OF_INTEGRATIONS = Audience(VIEW_INTEGRATIONS, "integrations")
AUDIENCES.add(INTEGRATION, OF_INTEGRATIONS)
AUDIENCES.add(SYNC_RUN, OF_INTEGRATIONS)
MESSAGES.add(EventType.STATUS_CHANGED, socket_messages.status_changed)
MESSAGES.add(EventType.SYNC_FINISHED, socket_messages.sync_finished)

LINES.add("integrations", lines_of)

NOTICES.add(
    EventType.STATUS_CHANGED,
    Notice(
        MANAGE_INTEGRATIONS,
        icon="plug",
        title_of=notices.title_of,
        words_of=notices.words_of,
        page="integration-page",
        argument="integration_id",
    ),
)

AREAS.add("integrations", "a project's integrations, their syncs and webhooks")

PANELS.add(
    ("conversation", "conversation-channel"),
    Panel("Does the channel work?", "view_messages", place=10),
)

SECTIONS.add("integrations", Section(place=30))

THINGS.add("integrations", "A project's connections to shops and messengers.")
THINGS.add("webhooks", "What providers tell us: orders, messages and the like.")

NAVIGATION.add("integrations", Item("Integrations", "plug", "view_integrations", place=70, key="n"))

LOOKS.add("connecting", Look("loader-circle", "blue"))
LOOKS.add("connected", Look("circle-check", "green"))
LOOKS.add("error", Look("triangle-alert", "red"))
LOOKS.add("paused", Look("hourglass", "amber"))
LOOKS.add("received", Look("inbox", "blue"))
LOOKS.add("running", Look("refresh-cw", "blue"))
LOOKS.add("done", Look("check", "green"))
LOOKS.add("ignored", Look("circle-dashed", "grey"))

for provider in providers():
    if provider.webhook is not None:
        register_body_limit(f"/{WEBHOOKS}{provider.name}", provider.webhook.max_body_bytes)
