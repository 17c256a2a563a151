"""How somebody becomes a user."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from accounts.errors import EmailTaken
from accounts.models import User
from accounts.security import security_log
from accounts.services.passwords import password_problems
from orderchainer.api.errors import Invalid

MAX_EMAIL_LENGTH = (
    254  # RFC 5321, 4.5.3.1.3: what fits between the angle brackets of a path
)


def register_user(
    *, email: str, password: str, first_name: str = "", last_name: str = ""
) -> User:
    """Create a user with a personal project.

    Raises `Invalid` (under `email`, `password`) and `EmailTaken`.
    """
    email = email.strip()
    errors = {}
    if problems := email_problems(email):
        errors["email"] = problems
    candidate = User(email=email, first_name=first_name, last_name=last_name)
    if problems := password_problems(password, candidate):
        errors["password"] = problems
    if errors:
        raise Invalid(errors)
    # Asked before the costly hash. The database's constraint decides when two come at once.
    if email_is_taken(email):
        raise EmailTaken
    try:
        with transaction.atomic():
            user = User.objects.create_user(
                email, password, first_name=first_name, last_name=last_name
            )
    except IntegrityError as exc:
        if email_is_taken(email):
            raise EmailTaken from exc
        raise
    security_log.info("user_registered", user_id=user.pk)
    return user


def email_problems(email: str) -> list[str]:
    """Return what is wrong with an e-mail, in the words of the envelope document; nothing if it is fine."""
    try:
        validate_email(email)
    except ValidationError:
        return ["Invalid email address"]
    name, _, _ = email.rpartition("@")
    # Django's pattern ignores case and so lets a few letters through that no database takes for the
    # ASCII ones: who signed up with a Kelvin sign would never be found again.
    if len(email) > MAX_EMAIL_LENGTH or "\x00" in email or not name.isascii():
        return ["Invalid email address"]
    return []


def email_is_taken(email: str) -> bool:
    """Tell whether a user signs in with this e-mail, in whatever case."""
    try:
        User.objects.get_by_natural_key(User.objects.normalize_email(email))
    except User.DoesNotExist:
        return False
    return True
