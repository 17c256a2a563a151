"""The errors of the Discord integration."""

from orderchainer.core.errors import AlreadyExists, Conflict, NotFound


class WebhookNotFound(NotFound):
    """The user has no Discord integration."""

    code = "discord_integration_not_found"
    default_message = "You have no Discord integration."


class WebhookExists(AlreadyExists):
    """The user already has a Discord integration. Each user has at most one."""

    default_message = "You have a Discord integration already. Change it with PUT."


class WebhookUnreadable(Conflict):
    """The stored URL cannot be decrypted, because its key is missing. A new URL repairs that."""

    code = "discord_url_unreadable"
    default_message = "The stored webhook URL can no longer be read. Send it again with PUT."
