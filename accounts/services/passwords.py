"""Which passwords are accepted."""

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from accounts.models import User


class NotBlankValidator:
    """Refuse a password of blanks alone, wherever one is chosen: long as it is, it is a mistake."""

    message = "This password is blank."

    def validate(self, password: str, user: object = None) -> None:
        """Raise ValidationError for nothing but whitespace."""
        if not password.strip():
            raise ValidationError(self.message, code="password_blank")

    def get_help_text(self) -> str:
        """Say it before somebody tries."""
        return "Your password must not be blank."


def password_problems(password: str, user: User) -> list[str]:
    """Return what is wrong with `password` for `user` by the rules in the settings; nothing if it is fine."""
    try:
        validate_password(password, user)
    except ValidationError as exc:
        return list(exc.messages)
    return []
