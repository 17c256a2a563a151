"""`manage.py reencrypt_credentials`: the middle step of changing keys."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integrations.providers import providers
from orderchainer.core.encryption import Undecryptable


class Command(BaseCommand):
    """Encrypt every stored secret with the first key."""

    help = (
        "Encrypt every stored secret with the first of CREDENTIALS_KEYS. Afterwards the other keys "
        "can be taken out."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Go through the providers and say how many secrets they have."""
        count = 0
        for provider in providers():
            try:
                count += provider.reencrypt_credentials()
            except Undecryptable as exc:
                raise CommandError(f"{provider.name}: {exc}") from exc
        self.stdout.write(f"Encrypted {count} secrets with the first key.")
