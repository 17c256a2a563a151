"""What notifications register with core; see `orderchainer.core.registry`."""

from orderchainer.core.admin.sections import SECTIONS, Section

SECTIONS.add("notifications", Section(place=40))
