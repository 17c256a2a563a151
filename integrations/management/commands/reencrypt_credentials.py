"""`manage.py reencrypt_credentials`: the middle step of changing keys."""

from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integrations import services
from integrations.providers import providers
from orderchainer.core.encryption import Undecryptable


class Command(BaseCommand):
    """Encrypt every stored secret with the first key."""

    help = (
        "Encrypt every stored secret with the first of CREDENTIALS_KEYS. Afterwards the other keys "
        "can be taken out."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Go through the integrations and the providers, and say how many secrets they have."""
        count = _counted("integrations", services.reencrypt_credentials)
        for provider in providers():
            count += _counted(provider.name, provider.reencrypt_credentials)
        self.stdout.write(f"Encrypted {count} secrets with the first key.")


def _counted(name: str, reencrypt: Callable[[], int]) -> int:
    try:
        return reencrypt()
    except Undecryptable as exc:
        raise CommandError(f"{name}: {exc}") from exc
