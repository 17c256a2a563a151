"""Encrypts the stored secrets of all integrations with a new key."""

from integrations.models import Errand, Integration


def reencrypt_credentials() -> int:
    """Encrypt every stored secret with the first key, so that the older keys can go.

    Returns how many there were. Raises `Undecryptable` if no key fits one of them. Skips an
    integration whose configuration changes, or whose replaced secrets expire, after we read it:
    writing it back would overwrite newer values. Such an integration may still need an older key.
    """
    return _of_integrations() + _of_errands()


def _of_integrations() -> int:
    count = 0
    rows = Integration.objects.filter(secrets__isnull=False)
    fields = ("config_version", "secrets", "old_secrets", "old_secrets_until")
    for row in rows.only(*fields).iterator():
        assert row.secrets is not None
        changes = {"secrets": row.secrets.resealed()}
        if row.old_secrets is not None:
            changes["old_secrets"] = row.old_secrets.resealed()
        unchanged = rows.filter(
            pk=row.pk,
            config_version=row.config_version,
            old_secrets_until=row.old_secrets_until,
        )
        count += len(changes) * unchanged.update(**changes)
    return count


def _of_errands() -> int:
    count = 0
    rows = Errand.objects.filter(secrets__isnull=False)
    for row in rows.only("secrets").iterator():
        assert row.secrets is not None
        # Its secrets never change, they only go.
        count += rows.filter(pk=row.pk).update(secrets=row.secrets.resealed())
    return count
