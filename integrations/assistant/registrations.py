"""What the assistant registers with core; see `orderchainer.core.registry`."""

from accounts.project_settings import SHOWN, Kind, ShownSetting
from accounts.scopes import AREAS

# Import the errors too: the OpenAPI document lists the codes of those that are loaded by then.
from integrations.assistant import access, errors  # noqa: F401 (they register)
from integrations.assistant.preferences import (
    BUDGET,
    KEEPS_TEXTS,
    READS_SENTIMENT,
    register_checks,
)
from orderchainer.core.http.documented import THINGS, ErrorField, register_error_fields
from orderchainer.core.http.surfaces import HUB
from orderchainer.core.web.navigation import NAVIGATION, Item
from orderchainer.core.web.panels import PANELS, Panel

AREAS.add("assistant", "the assistant, which reads what your other scopes let you read")

THINGS.add("assistant", "Questions about a project's orders, and suggested replies to customers.")

register_error_fields(
    HUB,
    finish_reason=ErrorField("text", "The model's own word for why it stopped."),
    resets_at=ErrorField("text", "When the project's next budget begins: UTC, with `Z`."),
)

PANELS.add(
    ("conversation", "conversation-suggestion"),
    Panel("Suggest a reply", "suggest_replies", place=20),
)
PANELS.add(
    ("order-page", "order-assistant"),
    Panel("Ask the assistant", "ask_assistant", place=20, module="orderchainer/js/asking.js"),
)

NAVIGATION.add("assistant", Item("Assistant", "sparkles", "view_assistant_usage", place=72))

register_checks()
SHOWN.add(
    BUDGET,
    ShownSetting(
        "Budget of the assistant for each month, in USD",
        "The assistant stops when it is spent. Leave it empty for no limit.",
        Kind.AMOUNT,
    ),
)
SHOWN.add(
    KEEPS_TEXTS,
    ShownSetting(
        "Keep what the assistant is asked and answers",
        "Otherwise only figures are kept. Staff who may see receipts can read the texts.",
    ),
)
SHOWN.add(
    READS_SENTIMENT,
    ShownSetting(
        "Let the assistant judge how customers feel",
        "It reads each message that a customer writes.",
    ),
)
