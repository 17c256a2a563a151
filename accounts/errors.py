"""Ways in which accounts can refuse."""

from typing import ClassVar

from orderchainer.core.errors import (
    AlreadyExists,
    Conflict,
    Invalid,
    NotAllowed,
    NotFound,
    Unauthenticated,
)

# --- Users ------------------------------------------------------------------------------------


class UserNotFound(NotFound):
    """There is no such user for this caller."""

    code = "user_not_found"
    default_message = "User not found"


class UserNotYours(NotAllowed):
    """The caller may look at this account and not change it: it is somebody else's."""

    code = "user_not_changeable"
    default_message = "You may look at this account and not change it."


class UserDeactivated(Conflict):
    """Nobody comes in by what would be sent to them."""

    code = "user_deactivated"
    default_message = "This user is deactivated. Activate them first."


class EmailTaken(AlreadyExists):
    """Somebody signs in with this e-mail already, in whatever case it is written."""

    code = "user_already_exists"
    default_message = "User with this email already exists"


class EmailInUse(AlreadyExists):
    """A user cannot take this e-mail: somebody else signs in with it."""

    code = "email_already_in_use"
    default_message = "Email already in use"


class UsernameTaken(AlreadyExists):
    """Another customer has this username, in whatever case it is written."""

    code = "username_already_in_use"
    default_message = "A user with that username already exists."


class OwnAccount(NotAllowed):
    """Nobody locks themselves out."""

    code = "own_account"
    default_message = "You cannot deactivate the account that you are signed in with."


class OwnsProjects(Conflict):
    """An account cannot go while others work in projects that nobody else owns."""

    code = "owns_projects"

    def __init__(self, names: list[str]) -> None:
        super().__init__(
            f"You are the only owner of {', '.join(names)}. Make somebody else an owner or delete them first.",
            projects=names,
        )


# --- Signing in -------------------------------------------------------------------------------


class InvalidCredentials(Unauthenticated):
    """E-mail and password do not belong together, or the user may not sign in.

    Which of the two, or whether there is such a user at all, is never told apart.
    """

    code = "invalid_credentials"
    default_message = "Invalid credentials"


class WrongPassword(Invalid):
    """Somebody who is in has not shown that they know the password as well."""

    def __init__(self) -> None:
        super().__init__({"current_password": ["This is not your password."]})


class TokenRefused(Unauthenticated):
    """A token that is not ours, not of this kind, out of date, used up, or of an ended session."""


class EmailNotVerified(NotAllowed):
    """The password is right, and this service wants to know first that the e-mail is theirs, too."""

    code = "email_not_verified"
    is_told_apart = True
    default_message = "Verify your email address before you sign in."


class ScopeMissing(NotAllowed):
    """The API token is good, and not for this."""

    code = "insufficient_scope"
    is_told_apart = True

    def __init__(self, scope: str) -> None:
        self.scope = scope
        super().__init__(f"This needs an API token with the scope {scope}.")


class SessionNeeded(NotAllowed):
    """What decides over sign-ins is for people who have signed in themselves."""

    code = "session_needed"
    is_told_apart = True
    default_message = (
        "An API token cannot do this: sign in with e-mail and password for it."
    )


class ApiTokenNotFound(NotFound):
    """The user has no such API token."""

    code = "api_token_not_found"
    default_message = "API token not found"


class TooManyApiTokens(Conflict):
    """The user has as many API tokens in force as one may have."""

    code = "too_many_api_tokens"

    def __init__(self, most: int) -> None:
        super().__init__(
            f"You have {most} API tokens, which is as many as one can have. Revoke one first."
        )


class SessionNotFound(NotFound):
    """The user has no such open session."""

    code = "session_not_found"
    default_message = "Session not found"


# --- Codes ------------------------------------------------------------------------------------


class ResetCodeInvalid(Invalid):
    """These digits were not sent to this address."""

    code = "invalid_reset_code"

    def __init__(self) -> None:
        super().__init__({}, "Invalid reset code")


class ResetCodeExpired(Invalid):
    """The digits were right once."""

    code = "reset_code_expired"

    def __init__(self) -> None:
        super().__init__({}, "Reset code has expired")


class ResetCodeNotFound(NotFound):
    """None was asked for, it was used, or it was guessed at too often."""

    code = "reset_code_not_found"
    default_message = "No reset code found for this email"


class VerificationCodeInvalid(Invalid):
    """These digits were not sent to this address."""

    code = "invalid_verification_code"

    def __init__(self) -> None:
        super().__init__({}, "Invalid verification code")


class VerificationCodeExpired(Invalid):
    """The digits were right once."""

    code = "verification_code_expired"

    def __init__(self) -> None:
        super().__init__({}, "Verification code has expired")


class VerificationCodeNotFound(NotFound):
    """None was asked for, it was used, or it was guessed at too often."""

    code = "verification_code_not_found"
    default_message = "No verification code found for this email"


class EmailAlreadyVerified(Conflict):
    """There is nothing left to prove."""

    code = "email_already_verified"
    default_message = "Email is already verified"


class LinkNotFound(NotFound):
    """A link that we never sent, or one that was used or replaced."""

    code = "confirmation_not_found"
    default_message = "Confirmation link not found or already used"


class LinkExpired(Invalid):
    """A link whose time is over."""

    code = "confirmation_expired"
    words: ClassVar[str] = "Confirmation link has expired"

    def __init__(self) -> None:
        super().__init__({}, self.words)


class ResetLinkNotFound(LinkNotFound):
    """The same of a link behind which one chooses a new password."""

    code = "reset_link_not_found"
    default_message = "Password link not found or already used"


class ResetLinkExpired(LinkExpired):
    """The same of a link behind which one chooses a new password."""

    code = "reset_link_expired"
    words = "Password link has expired"


# --- Projects ---------------------------------------------------------------------------------


class ProjectNotFound(NotFound):
    """There is no such project for this caller."""

    code = "project_not_found"
    default_message = "Project not found"


class RoleNotEnough(NotAllowed):
    """The caller is in the project, in a role that may not do this."""

    code = "role_not_enough"

    def __init__(self, operation: str) -> None:
        super().__init__(
            f"Your role in this project does not allow this ({operation}).",
        )


class MemberNotFound(NotFound):
    """Nobody of that id works in the project."""

    code = "member_not_found"
    default_message = "Member not found"


class AlreadyMember(AlreadyExists):
    """Whoever has this e-mail works in the project already."""

    code = "already_member"
    default_message = "This person is a member of the project already"


class InvitationNotFound(NotFound):
    """There is no such open invitation for this caller."""

    code = "invitation_not_found"
    default_message = "Invitation not found"


class TooManyInvitations(Conflict):
    """A project that asks the whole world in sends the e-mails of a spammer."""

    code = "too_many_invitations"

    def __init__(self, most: int) -> None:
        super().__init__(
            f"A project has at most {most} open invitations. Revoke some that nobody has accepted.",
        )


class InvitationExpired(Invalid):
    """Nobody came in time."""

    code = "invitation_expired"

    def __init__(self) -> None:
        super().__init__({}, "This invitation has expired. Ask for a new one.")


class InvitationForSomebodyElse(NotAllowed):
    """The link was sent to another address than the one that the caller signs in with."""

    code = "invitation_for_somebody_else"
    default_message = "This invitation was sent to another e-mail address than yours."


class PersonalProject(Conflict):
    """The project that somebody has from registration on stays as long as they do."""

    code = "personal_project"
    default_message = "A personal project cannot be deleted."


class LastOwner(Conflict):
    """A project always has an owner; a personal one always its own."""

    code = "last_owner"
    default_message = "A project keeps at least one owner, and a personal project the user whose it is."


# --- Repeats ----------------------------------------------------------------------------------


class IdempotencyKeyReused(Conflict):
    """The key has answered another request before; a key names one request for its whole life."""

    code = "idempotency_key_reused"
    default_message = "This Idempotency-Key was used for another request. Take a new key for a new request."
