"""How somebody becomes a user."""

from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, validate_email
from django.db import IntegrityError, transaction
from django.db.models import Value
from django.db.models.functions import Lower

from accounts.activity import record_activity
from accounts.attempts import count_code
from accounts.errors import EmailTaken, UsernameTaken
from accounts.events import ActivityType
from accounts.models import EmailCode, User
from accounts.services.emails import queue_code
from accounts.services.passwords import password_problems
from orderchainer.core.errors import AlreadyExists, Invalid

MAX_EMAIL_LENGTH = (
    254  # RFC 5321, 4.5.3.1.3: what fits between the angle brackets of a path
)
MAX_USERNAME_LENGTH = 150


def register_user(
    *,
    email: str,
    password: str,
    first_name: str = "",
    last_name: str = "",
    username: str = "",
    phone: str = "",
    address: str = "",
    by: User | None = None,
) -> User:
    """Create a user with a personal project, and have the e-mail that asks to confirm the address sent.

    `by` is who does it, the user themselves where nobody else is named. Raises `Invalid` (under `email`,
    `password`, `username`), `EmailTaken`, `UsernameTaken`, and `LimitExceeded` where somebody signs up with
    the same address again and again.
    """
    candidate = User(
        email=email.strip(),
        username=User.normalize_username(username.strip()),
        first_name=first_name,
        last_name=last_name,
        phone=phone,
        address=address,
    )
    if errors := _problems(candidate, password):
        raise Invalid(errors)
    # Asked before the costly hash. The database's constraints decide when two come at once.
    _check_free(candidate)
    if by is None:
        # An account may be deleted and made anew, and each brings an e-mail.
        count_code(email=candidate.email, purpose="registration")
    try:
        return _create(candidate, password, by)
    except IntegrityError as exc:
        try:
            _check_free(candidate)
        except AlreadyExists as taken:
            raise taken from exc
        raise


@transaction.atomic
def _create(candidate: User, password: str, by: User | None) -> User:
    user = User.objects.create_user(
        candidate.email,
        password,
        username=candidate.username,
        first_name=candidate.first_name,
        last_name=candidate.last_name,
        phone=candidate.phone,
        address=candidate.address,
    )
    record_activity(ActivityType.USER_REGISTERED, user=user, by=by)
    queue_code(recipient=user.email, purpose=EmailCode.Purpose.VERIFY_EMAIL)
    return user


def _problems(candidate: User, password: str) -> dict[str, list[str]]:
    found = {
        "email": email_problems(candidate.email),
        "username": username_problems(candidate.username),
        "password": password_problems(password, candidate),
    }
    return {field: messages for field, messages in found.items() if messages}


def _check_free(candidate: User) -> None:
    if email_is_taken(candidate.email):
        raise EmailTaken
    if username_is_taken(candidate.username):
        raise UsernameTaken


def email_problems(email: str) -> list[str]:
    """Return what is wrong with an e-mail, in the words of the envelope document; nothing if it is fine."""
    try:
        validate_email(email)
    except ValidationError:
        return ["Invalid email address"]
    name, _, domain = email.rpartition("@")
    # Django's pattern ignores case and so lets a few letters through that no database takes for the
    # ASCII ones: who signed up with a Kelvin sign would never be found again.
    if len(email) > MAX_EMAIL_LENGTH or "\x00" in email or not name.isascii():
        return ["Invalid email address"]
    # What is in quotes may hold control characters, and what looks like an encoded word (RFC 2047) is
    # decoded by some: mail servers disagree on whom such an e-mail is for. Nobody has such an address.
    if '"' in name or "=?" in name:
        return ["Invalid email address"]
    if not _is_domain_as_sent_to(domain):
        return ["Invalid email address"]
    return []


def _is_domain_as_sent_to(domain: str) -> bool:
    """Tell whether e-mails go to the domain that is written, and not to one that it is folded into.

    Otherwise one mailbox would have any number of accounts, each with codes of its own, and codes for the
    user of straße.example would go to strasse.example. Nor do they go to a bare address in our network.
    """
    if domain.startswith("["):
        return False
    if domain.isascii():
        return True
    try:
        sent_to = domain.encode("idna").decode("idna")
    except UnicodeError:
        return False
    return sent_to == domain.lower()


def email_is_taken(email: str) -> bool:
    """Tell whether a user signs in with this e-mail, in whatever case."""
    try:
        User.objects.get_by_natural_key(User.objects.normalize_email(email))
    except User.DoesNotExist:
        return False
    return True


def username_problems(username: str) -> list[str]:
    """Return what is wrong with a username; nothing if it is fine, or empty: not everybody has one."""
    if not username:
        return []
    try:
        UnicodeUsernameValidator()(username)
        MaxLengthValidator(MAX_USERNAME_LENGTH)(username)
    except ValidationError as exc:
        return list(exc.messages)
    return []


def username_is_taken(username: str) -> bool:
    """Tell whether a user has this username, in whatever case."""
    if not username:
        return False
    # As the index has it. PostgreSQL would compare upper forms for `iexact`, and find no index for them.
    users = User.objects.annotate(username_key=Lower("username"))
    return users.filter(username_key=Lower(Value(username))).exists()
