"""What integrations declare to the ground; each provider has such a module of its own besides."""

from integrations import limits  # noqa: F401 (registers them)
from orderchainer.core.admin.sections import SECTIONS, Section

SECTIONS.add("integrations", Section(place=30))
