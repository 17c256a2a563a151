"""Rules for new passwords."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.hashers import check_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from accounts.models import User
from accounts.models.users import MAX_PASSWORD_LENGTH
from orderchainer.core.errors import Invalid

# A password over the limit is always wrong. We hash this one in its place, which is too short to be
# anybody's password.
_STAND_IN = "x"


class MaximumLengthValidator:
    """Refuse a password that we would not hash."""

    message = f"This password is too long. It may have at most {MAX_PASSWORD_LENGTH} characters."

    def validate(self, password: str, user: object = None) -> None:
        """Raise ValidationError if there are too many characters."""
        if len(password) > MAX_PASSWORD_LENGTH:
            raise ValidationError(self.message, code="password_too_long")

    def get_help_text(self) -> str:
        """Return the rule as forms show it."""
        return f"Your password can contain at most {MAX_PASSWORD_LENGTH:,} characters."


class NotBlankValidator:
    """Refuse a password of nothing but spaces, which is a mistake at any length."""

    message = "This password is blank."

    def validate(self, password: str, user: object = None) -> None:
        """Raise ValidationError if there is nothing but whitespace."""
        if not password.strip():
            raise ValidationError(self.message, code="password_blank")

    def get_help_text(self) -> str:
        """Return the rule as forms show it."""
        return "Your password must not be blank."


def is_password_of(user: User, password: str) -> bool:
    """Tell whether this is the user's password.

    A password over the limit takes as long as a wrong one. We do not call the user's own method,
    which may rehash the password and so end every session.
    """
    if len(password) > MAX_PASSWORD_LENGTH:
        check_password(_STAND_IN, user.password)
        return False
    return check_password(password, user.password)


class BoundedPasswordBackend(ModelBackend):
    """Sign in with e-mail and password. A password over the limit is never hashed."""

    def authenticate(
        self,
        request: Any,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> Any:
        """Return the user, or None. Takes as long for a password over the limit as for others."""
        if password is not None and len(password) > MAX_PASSWORD_LENGTH:
            super().authenticate(request, username, _STAND_IN, **kwargs)
            return None
        return super().authenticate(request, username, password, **kwargs)


def password_problems(password: str, user: User) -> list[str]:
    """Return what is wrong with `password` for `user` under the rules in the settings."""
    try:
        validate_password(password, user)
    except ValidationError as exc:
        return list(exc.messages)
    return []


def require_good_password(password: str, user: User) -> None:
    """Raise `Invalid` under `password` if it breaks a rule in the settings."""
    if problems := password_problems(password, user):
        raise Invalid({"password": problems})
