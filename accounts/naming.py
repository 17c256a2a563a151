"""What pages call the user of something that outlives accounts."""

from uuid import UUID

# Mail is never delivered to this domain (RFC 2606, 2).
_DELETED_DOMAIN = "deleted.invalid"


def address_after_deletion(user_id: UUID) -> str:
    """Return the e-mail that a deleted account has in place of its own."""
    return f"deleted-{user_id}@{_DELETED_DOMAIN}"


def called(name: str, email: str) -> str:
    """Return the name of a user, or their e-mail if they have none."""
    if email.endswith(f"@{_DELETED_DOMAIN}"):
        return "a deleted account"
    return name.strip() or email
