"""Which passwords are accepted."""

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from accounts.models import User


def password_problems(password: str, user: User) -> list[str]:
    """Return what is wrong with `password` for `user` by the rules in the settings; nothing if it is fine."""
    try:
        validate_password(password, user)
    except ValidationError as exc:
        return list(exc.messages)
    return []
