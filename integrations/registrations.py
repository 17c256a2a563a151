"""Registers what all integrations share. Each provider registers its own things beside this."""

from integrations import access, limits  # noqa: F401 (both register)
from integrations.events import EventType
from orderchainer.core.admin.sections import SECTIONS, Section
from orders.stream.types import register_types

register_types(EventType)

SECTIONS.add("integrations", Section(place=30))
