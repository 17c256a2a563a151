"""Encrypts the stored secrets of all integrations with a new key."""

from django.db.models import TextField
from django.db.models.functions import Cast

from integrations.models import Errand, Integration


def reencrypt_credentials() -> int:
    """Encrypt every stored secret with the first key, so that the older keys can go.

    Returns how many there were. Raises `Undecryptable` if no key fits one of them. A secret that
    changes meanwhile is read again, so nothing newer is overwritten and none is left out.
    """
    return (
        _of_rows(Integration, "secrets")
        + _of_rows(Integration, "old_secrets")
        + _of_rows(Errand, "secrets")
    )


def _of_rows(model: type[Integration] | type[Errand], name: str) -> int:
    rows = model._default_manager.filter(**{f"{name}__isnull": False})
    return sum(_of_row(model, pk, name) for pk in rows.values_list("pk", flat=True).iterator())


def _of_row(model: type[Integration] | type[Errand], pk: int, name: str) -> int:
    rows = model._default_manager.filter(pk=pk)
    while True:
        secret = rows.values_list(name, flat=True).first()
        if secret is None:
            # It is gone by now.
            return 0
        # The field itself cannot be searched.
        stored = rows.annotate(stored=Cast(name, TextField())).filter(stored=secret.sealed)
        if stored.update(**{name: secret.resealed()}):
            return 1
