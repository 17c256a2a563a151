"""The ways in which integrations refuse."""

from orderchainer.core.errors import AlreadyExists, Conflict, NotFound


class WebhookNotFound(NotFound):
    """The user has no Discord integration."""

    code = "discord_integration_not_found"
    default_message = "You have no Discord integration."


class WebhookExists(AlreadyExists):
    """The user has a Discord integration already; there is one per user."""

    default_message = "You have a Discord integration already. Change it with PUT."


class WebhookUnreadable(Conflict):
    """The stored URL cannot be decrypted: the service lost the key. A new URL makes it whole."""

    code = "discord_url_unreadable"
    default_message = (
        "The stored webhook URL can no longer be read. Send it again with PUT."
    )
