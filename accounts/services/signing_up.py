"""Register and sign in, in one step."""

from typing import Unpack

from django.db import transaction

from accounts.errors import EmailNotVerified
from accounts.models import Session, User
from accounts.services.registration import PersonalFields, prepare_user, register_prepared
from accounts.services.sessions import open_browser_session, open_session
from accounts.tokens import TokenPair


def sign_up(
    *, email: str, password: str, **personal: Unpack[PersonalFields]
) -> tuple[User, TokenPair | None]:
    """Register a user and open their first session, or do neither.

    There are no tokens if only users with a verified e-mail may have them. Raises what
    `register_user` raises.
    """
    candidate = prepare_user(email=email, password=password, **personal)
    with transaction.atomic():
        user = register_prepared(candidate)
        try:
            return user, open_session(user=user)
        except EmailNotVerified:
            return user, None


def sign_up_browser(
    *, email: str, password: str, **personal: Unpack[PersonalFields]
) -> Session | None:
    """Do the same for a browser, whose cookie will name the session.

    Returns None if only users with a verified e-mail may sign in. Raises what `register_user`
    raises.
    """
    candidate = prepare_user(email=email, password=password, **personal)
    with transaction.atomic():
        user = register_prepared(candidate)
        try:
            return open_browser_session(user=user)
        except EmailNotVerified:
            return None
