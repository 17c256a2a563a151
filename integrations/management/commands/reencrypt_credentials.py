"""`manage.py reencrypt_credentials`: the middle step of changing keys."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integrations.discord.services import reencrypt_credentials
from orderchainer.core.encryption import Undecryptable


class Command(BaseCommand):
    """Encrypt every stored secret anew."""

    help = (
        "Encrypt every stored secret with the first of CREDENTIALS_KEYS. Afterwards the other keys "
        "can be taken out."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        try:
            count = reencrypt_credentials()
        except Undecryptable as exc:
            raise CommandError(str(exc)) from exc
        self.stdout.write(f"Encrypted {count} secrets with the first key.")
