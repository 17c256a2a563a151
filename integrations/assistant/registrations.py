"""What the assistant registers with core; see `orderchainer.core.registry`."""

from accounts.scopes import AREAS

# Import the errors too: the OpenAPI document lists the codes of those that are loaded by then.
from integrations.assistant import access, errors  # noqa: F401 (they register)
from integrations.assistant.preferences import register_checks
from orderchainer.core.http.documented import THINGS, ErrorField, register_error_fields
from orderchainer.core.http.surfaces import HUB

AREAS.add("assistant", "the assistant, which reads what your other scopes let you read")

THINGS.add("assistant", "Questions about a project's orders, and suggested replies to customers.")

register_error_fields(
    HUB,
    finish_reason=ErrorField("text", "The model's own word for why it stopped."),
    resets_at=ErrorField("text", "When the project's next budget begins: UTC, with `Z`."),
)

register_checks()
