"""Register users."""

from typing import TypedDict, Unpack

from django.contrib.auth.hashers import make_password
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

MAX_EMAIL_LENGTH = 254  # RFC 5321, 4.5.3.1.3: what fits between the angle brackets of a path
MAX_USERNAME_LENGTH = 150


class PersonalFields(TypedDict, total=False):
    """What people may say about themselves; a missing field is empty."""

    first_name: str
    last_name: str
    username: str
    phone: str
    address: str


def register_user(
    *, email: str, password: str, by: User | None = None, **personal: Unpack[PersonalFields]
) -> User:
    """Create a user with a personal project, and send an e-mail to confirm the address.

    `by` is the person who does it and defaults to the new user. Raises `Invalid` (under `email`,
    `password`, `username`), `EmailTaken`, `UsernameTaken`, and `LimitExceeded` after too many
    sign-ups with the same address.
    """
    candidate = prepare_user(email=email, password=password, by=by, **personal)
    return register_prepared(candidate, by=by)


def prepare_user(
    *, email: str, password: str, by: User | None = None, **personal: Unpack[PersonalFields]
) -> User:
    """Check, count and hash for `register_user`; return the user for `register_prepared`.

    Call it before you open a transaction: hashing takes a tenth of a second, and nobody else should
    wait for it. Raises what `register_user` raises.
    """
    candidate = User(email=email.strip(), **personal)
    candidate.username = User.normalize_username(candidate.username.strip())
    if errors := _problems(candidate, password):
        raise Invalid(errors)
    # Check before the costly hash. If two come at once, the database's constraints decide.
    _check_free(candidate)
    if by is None:
        # Count it, because an account can be deleted and created again, with an e-mail each time.
        count_code(email=candidate.email, purpose="registration")
    candidate.password = make_password(password)
    return candidate


def register_prepared(candidate: User, *, by: User | None = None) -> User:
    """Create the user that `prepare_user` returned. Raises `EmailTaken` and `UsernameTaken`."""
    try:
        return _create(candidate, by)
    except IntegrityError as exc:
        try:
            _check_free(candidate)
        except AlreadyExists as taken:
            raise taken from exc
        raise


@transaction.atomic
def _create(candidate: User, by: User | None) -> User:
    user = User.objects.create_hashed(
        candidate.email,
        candidate.password,
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
    """Return what is wrong with an e-mail, in the envelope document's words."""
    try:
        validate_email(email)
    except ValidationError:
        return ["Invalid email address"]
    name, _, domain = email.rpartition("@")
    # Django's pattern ignores case and so accepts a few letters that no database considers equal to
    # ASCII ones. We would never find a user who signed up with a Kelvin sign.
    if len(email) > MAX_EMAIL_LENGTH or "\x00" in email or not name.isascii():
        return ["Invalid email address"]
    # Quoted parts may contain control characters, and some mail servers decode text that looks like
    # an encoded word (RFC 2047), so servers disagree on the recipient. No real address looks like
    # this.
    if '"' in name or "=?" in name:
        return ["Invalid email address"]
    if not _is_domain_as_sent_to(domain):
        return ["Invalid email address"]
    return []


def _is_domain_as_sent_to(domain: str) -> bool:
    """Tell whether e-mails go to the domain as written, and not to another that IDNA makes of it.

    Otherwise one mailbox could have any number of accounts, each with its own codes, and codes for
    a user of straße.example would go to strasse.example. We also refuse IP addresses in place of a
    domain, which could lie in our own network.
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
    """Tell whether a user signs in with this e-mail, ignoring case."""
    return User.objects.with_email(User.objects.normalize_email(email)) is not None


def username_problems(username: str) -> list[str]:
    """Return what is wrong with a username. An empty one is fine: not every user has one."""
    if not username:
        return []
    try:
        UnicodeUsernameValidator()(username)
        MaxLengthValidator(MAX_USERNAME_LENGTH)(username)
    except ValidationError as exc:
        return list(exc.messages)
    return []


def username_is_taken(username: str) -> bool:
    """Tell whether a user has this username, ignoring case."""
    if not username:
        return False
    # As in the index, which SQLite uses only if the query too leaves out those without a username.
    # For `iexact`, PostgreSQL would compare upper-case forms, which have no index.
    users = User.objects.exclude(username="").annotate(username_key=Lower("username"))
    return users.filter(username_key=Lower(Value(username))).exists()
