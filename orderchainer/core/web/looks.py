"""How statuses look: a word, an icon and a hue, the same on every page.

Colour never speaks alone: each status shows its word and its icon as well.
"""

from dataclasses import dataclass
from typing import Literal

from orderchainer.core.registry import Registry

Hue = Literal["grey", "slate", "amber", "blue", "violet", "teal", "green", "red"]


@dataclass(frozen=True)
class Look:
    """The icon is one of `static/orderchainer/icons.svg`, the hue one of `css/workspace.css`."""

    icon: str
    hue: Hue


# By the word that people read.
LOOKS: Registry[str, Look] = Registry("look of a status")

UNKNOWN = Look(icon="circle-dashed", hue="slate")
