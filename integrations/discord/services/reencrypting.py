"""Encrypts stored secrets with a new key."""

from integrations.discord.models import DiscordWebhook


def reencrypt_credentials() -> int:
    """Encrypt every stored URL with the first key, so that the older keys can go; return how many.

    Raises `Undecryptable` if no key fits one of them. Skips a URL that its owner changes meanwhile.
    """
    count = 0
    for webhook in DiscordWebhook.objects.only("url").iterator():
        count += DiscordWebhook.objects.unchanged(webhook).update(url=webhook.url.resealed())
    return count
