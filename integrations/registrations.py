"""Registers what all integrations share. Each provider registers its own things beside this."""

from integrations import limits  # noqa: F401 (registers them)
from orderchainer.core.admin.sections import SECTIONS, Section

SECTIONS.add("integrations", Section(place=30))
