"""Secrets at rest: a text field that is encrypted in the database.

Fernet (AES-128-CBC with HMAC-SHA256) with the keys of `CREDENTIALS_KEYS`: the first encrypts, all
of them decrypt. To rotate, put a new key first, run `manage.py reencrypt_credentials`, and remove
the old one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import FieldError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.lookups import IsNull


class Undecryptable(Exception):
    """None of our keys decrypts a stored secret, or the secret is damaged."""

    def __init__(self) -> None:
        super().__init__(
            "A stored secret cannot be decrypted with any key in CREDENTIALS_KEYS. Put the key "
            "that encrypted it back in the list, or store the secret again."
        )


class Secret:
    """A text that is never shown by accident: only `reveal` returns it.

    It is decrypted when it is revealed, not when its row is read. So a list of rows costs no
    decryption, and a row whose key is lost can still be shown, changed and deleted.
    """

    __slots__ = ("_sealed",)

    def __init__(self, sealed: str) -> None:
        self._sealed = sealed

    @classmethod
    def of(cls, text: str) -> Secret:
        """Encrypt `text` with the first key."""
        return cls(_fernet().encrypt(text.encode()).decode())

    @property
    def sealed(self) -> str:
        """The encrypted text, as the database stores it."""
        return self._sealed

    def reveal(self) -> str:
        """Return the text. Raises `Undecryptable` if no key fits."""
        try:
            return _fernet().decrypt(self._sealed).decode()
        except InvalidToken as exc:
            raise Undecryptable from exc

    def resealed(self) -> Secret:
        """Return the same text encrypted with the first key. Raises `Undecryptable`."""
        try:
            return Secret(_fernet().rotate(self._sealed).decode())
        except InvalidToken as exc:
            raise Undecryptable from exc

    def __eq__(self, other: object) -> bool:
        """Compare the encrypted texts. Each encryption of the same text differs."""
        return isinstance(other, Secret) and self._sealed == other._sealed

    def __hash__(self) -> int:
        return hash(self._sealed)

    def __repr__(self) -> str:
        return "Secret(…)"


def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.CREDENTIALS_KEYS])


if TYPE_CHECKING:
    _Base = models.TextField[Secret, Secret]
else:
    _Base = models.TextField


class EncryptedTextField(_Base):
    """A `Secret` in Python and encrypted text in the database.

    It cannot be searched, because each encryption of the same text differs.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "editable": False})

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        """Describe the field for migrations, without the options that never vary."""
        name, path, args, options = super().deconstruct()
        options.pop("editable", None)
        return name, path, list(args), dict(options)

    def from_db_value(
        self, value: str | None, expression: object, connection: BaseDatabaseWrapper
    ) -> Secret | None:
        """Wrap the encrypted text without decrypting it."""
        return None if value is None else Secret(value)

    def to_python(self, value: object) -> Secret | None:
        """Accept a `Secret`. Refuse plain text, because nothing would keep it out of the log."""
        if value is None or isinstance(value, Secret):
            return value
        raise TypeError(f"{self.name} takes a Secret, not {type(value).__name__}")

    def get_prep_value(self, value: object) -> str | None:
        """Return the encrypted text."""
        secret = self.to_python(value)
        return None if secret is None else secret.sealed

    def get_lookup(self, lookup_name: str) -> Any:
        """Allow only `isnull`: no other lookup works on encrypted text."""
        if lookup_name == "isnull":
            return IsNull
        raise FieldError(f"{self.name} is encrypted and cannot be searched")

    def value_to_string(self, obj: models.Model) -> str:
        """Write the encrypted text into fixtures."""
        return self.get_prep_value(self.value_from_object(obj)) or ""


if TYPE_CHECKING:

    class OptionalEncryptedTextField(models.TextField[Secret | None, Secret | None]):
        """An `EncryptedTextField` that may be empty."""

else:

    class OptionalEncryptedTextField(EncryptedTextField):
        """An `EncryptedTextField` that may be empty."""
