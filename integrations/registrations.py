"""Registers what all integrations share. Each provider registers its own things beside this."""

from integrations import limits, socket_messages  # noqa: F401 (limits registers itself)
from integrations.access import VIEW_INTEGRATIONS
from integrations.events import INTEGRATION, SYNC_RUN, EventType
from notifications.audiences import AUDIENCES, Audience
from notifications.messages import MESSAGES
from orderchainer.core.admin.sections import SECTIONS, Section
from orders.stream.types import register_types

register_types(EventType)
OF_INTEGRATIONS = Audience(VIEW_INTEGRATIONS, "integrations")
AUDIENCES.add(INTEGRATION, OF_INTEGRATIONS)
AUDIENCES.add(SYNC_RUN, OF_INTEGRATIONS)
MESSAGES.add(EventType.STATUS_CHANGED, socket_messages.status_changed)
MESSAGES.add(EventType.SYNC_FINISHED, socket_messages.sync_finished)

SECTIONS.add("integrations", Section(place=30))
