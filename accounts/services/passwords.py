"""Rules for new passwords."""

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from accounts.models import User


class NotBlankValidator:
    """Refuse a password that consists of spaces only, however long: it is a mistake."""

    message = "This password is blank."

    def validate(self, password: str, user: object = None) -> None:
        """Raise ValidationError if there is nothing but whitespace."""
        if not password.strip():
            raise ValidationError(self.message, code="password_blank")

    def get_help_text(self) -> str:
        """Return the rule as forms show it."""
        return "Your password must not be blank."


def password_problems(password: str, user: User) -> list[str]:
    """Return what is wrong with `password` for `user` under the rules in the settings."""
    try:
        validate_password(password, user)
    except ValidationError as exc:
        return list(exc.messages)
    return []
