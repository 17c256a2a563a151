"""What the emulated WhatsApp keeps: our numbers, the people who write, and what was sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

WINDOW_SECONDS = 24 * 60 * 60
RANKS = ("accepted", "sent", "delivered", "read")


@dataclass
class Number:
    """A business's phone number, and the credentials of the app behind it."""

    id: str
    display: str
    name: str
    waba_id: str
    access_token: str
    app_secret: str
    verify_token: str
    # Where notifications go. An app sets it by subscribing, or people by hand.
    callback: str = ""


@dataclass
class Customer:
    """A person. One who has a username can hide the number: then `wa_id` is empty."""

    user_id: str
    wa_id: str = ""
    name: str = ""
    username: str = ""
    # When the person last wrote to a number, by the number's id.
    wrote_at: dict[str, float] = field(default_factory=dict)
    # When a number last sent something to the person.
    got_at: dict[str, float] = field(default_factory=dict)
    has_whatsapp: bool = True

    @property
    def contact(self) -> dict[str, Any]:
        """The person as notifications describe them."""
        profile = {"name": self.name, "username": self.username}
        parts = {
            "profile": {key: value for key, value in profile.items() if value},
            "wa_id": self.wa_id,
            "user_id": self.user_id,
        }
        return {key: value for key, value in parts.items() if value}


@dataclass
class Sent:
    """A message that a business sent, or that a person wrote if `is_inbound`."""

    id: str
    number: Number
    customer: Customer
    type: str
    content: Mapping[str, Any]
    at: float
    status: str = "accepted"
    error_code: int = 0
    opaque: str = ""
    reply_to: str = ""
    is_inbound: bool = False
    reaction: str = ""

    @property
    def text(self) -> str:
        """What people read."""
        told = self.content.get(self.type)
        parts = told if isinstance(told, Mapping) else {}
        if self.type == "template":
            return f"[template {parts.get('name')}] {' · '.join(_parameters(parts))}".strip()
        for name in ("body", "caption", "text", "filename", "link", "id"):
            if parts.get(name):
                return str(parts[name])
        return f"[{self.type}]"


def _parameters(template: Mapping[str, Any]) -> list[str]:
    components = template.get("components") or []
    return [str(each.get("text", "")) for one in components for each in one.get("parameters", [])]
