"""Changing the keys that secrets are encrypted with."""

from integrations.discord.models import DiscordWebhook


def reencrypt_credentials() -> int:
    """Encrypt every stored secret with the first key, so that older keys can go; return how many.

    Raises `Undecryptable` where one fits no key. A URL that is changed meanwhile is left as it is.
    """
    count = 0
    for webhook in DiscordWebhook.objects.only("url").iterator():
        count += DiscordWebhook.objects.unchanged(webhook).update(
            url=webhook.url.resealed()
        )
    return count
