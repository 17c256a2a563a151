"""A channel for tests that cannot ask for a fixture: the tables of endpoints and roles.

It stays registered for the rest of the run, but only the projects that are named here have a line.
"""

from uuid import UUID

from accounts.models import Project
from notifications.channels import CHANNELS, LINES, Accepted, Channel, FetchedFile, Line
from notifications.models.messages import ContentType
from notifications.tests.factories import make_line

STAND_IN = "stand_in"
_lines: dict[UUID, Line] = {}


def connect_stand_in(project: Project) -> Line:
    """Give a project a line over which messages go to nobody."""
    CHANNELS._values.setdefault(STAND_IN, _channel())
    LINES._values.setdefault(STAND_IN, _lines_of)
    return _lines.setdefault(project.uuid, make_line(project, channel=STAND_IN))


def _lines_of(project: Project) -> list[Line]:
    return [_lines[project.uuid]] if project.uuid in _lines else []


def _channel() -> Channel:
    return Channel(
        name=STAND_IN,
        label="Stand-in",
        content_types=frozenset({ContentType.TEXT, ContentType.DOCUMENT}),
        max_text=100,
        max_caption=100,
        length_of=len,
        split=None,
        send=lambda outgoing: Accepted(f"{outgoing.message_uuid}-{outgoing.part}"),
        fetch=lambda line, file, most: FetchedFile(b""),
    )
