"""The errors that accounts raise."""

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
    """The user does not exist, or this caller may not see them."""

    code = "user_not_found"
    default_message = "User not found"


class UserNotYours(NotAllowed):
    """The caller may see this account but not change it: it belongs to somebody else."""

    code = "user_not_changeable"
    default_message = "You may view this account but not change it."


class StrongerUser(UserNotYours):
    """The user has a permission that the caller lacks. A change could give it to the caller."""

    code = "stronger_user"
    default_message = (
        "This user has permissions that you do not have, so you cannot change their account."
    )


class SuperusersOnly(NotAllowed):
    """Permissions, groups and the flags for staff are given by superusers."""

    code = "superusers_only"
    default_message = "Only superusers give or take permissions."


class UserDeactivated(Conflict):
    """A deactivated user cannot use the code or link that would be sent."""

    code = "user_deactivated"
    default_message = "This user is deactivated. Activate them first."


class EmailTaken(AlreadyExists):
    """Another user already signs in with this e-mail, in any mix of upper and lower case."""

    code = "user_already_exists"
    default_message = "User with this email already exists"


class EmailInUse(AlreadyExists):
    """The user cannot change to this e-mail: somebody else signs in with it."""

    code = "email_already_in_use"
    default_message = "Email already in use"


class UsernameTaken(AlreadyExists):
    """Another customer has this username, in any mix of upper and lower case."""

    code = "username_already_in_use"
    default_message = "A user with that username already exists."


class OwnAccount(NotAllowed):
    """Users cannot lock themselves out."""

    code = "own_account"
    default_message = "You cannot deactivate the account that you are signed in with."


class OwnsProjects(Conflict):
    """An account cannot be deleted while others work in projects that only it owns."""

    code = "owns_projects"

    def __init__(self, names: list[str]) -> None:
        super().__init__(
            f"You are the only owner of {', '.join(names)}. "
            "Make somebody else an owner or delete them first.",
            projects=names,
        )


# --- Signing in -------------------------------------------------------------------------------


class InvalidCredentials(Unauthenticated):
    """The e-mail and password do not match, or the user may not sign in.

    We never say which, nor whether the user exists.
    """

    code = "invalid_credentials"
    default_message = "Invalid credentials"


class WrongPassword(Invalid):
    """A signed-in user did not prove that they know their password."""

    def __init__(self) -> None:
        super().__init__({"current_password": ["This is not your password."]})


class TokenRefused(Unauthenticated):
    """The token is not ours, of the wrong kind, expired, used up, or of an ended session."""


class EmailNotVerified(NotAllowed):
    """The password is right, but this service requires a verified e-mail first."""

    code = "email_not_verified"
    is_told_apart = True
    default_message = "Verify your email address before you sign in."


class ScopeMissing(NotAllowed):
    """The API token is valid but does not have the required scope."""

    code = "insufficient_scope"
    is_told_apart = True

    def __init__(self, scope: str) -> None:
        self.scope = scope
        super().__init__(f"This needs an API token with the scope {scope}.")


class SessionNeeded(NotAllowed):
    """Only a signed-in person may manage sign-ins and tokens; an API token may not."""

    code = "session_needed"
    is_told_apart = True
    default_message = "An API token cannot do this: sign in with e-mail and password for it."


class ApiTokenNotFound(NotFound):
    """The user has no such API token."""

    code = "api_token_not_found"
    default_message = "API token not found"


class TooManyApiTokens(Conflict):
    """The user already has the maximum number of valid API tokens."""

    code = "too_many_api_tokens"

    def __init__(self, most: int) -> None:
        super().__init__(f"You have {most} API tokens, which is the maximum. Revoke one first.")


class SessionNotFound(NotFound):
    """The user has no such open session."""

    code = "session_not_found"
    default_message = "Session not found"


# --- Codes ------------------------------------------------------------------------------------


class ResetCodeInvalid(Invalid):
    """This code was not sent to this address."""

    code = "invalid_reset_code"

    def __init__(self) -> None:
        super().__init__({}, "Invalid reset code")


class ResetCodeExpired(Invalid):
    """The code was right but has expired."""

    code = "reset_code_expired"

    def __init__(self) -> None:
        super().__init__({}, "Reset code has expired")


class ResetCodeNotFound(NotFound):
    """No code was requested, or it was used, or there were too many wrong tries."""

    code = "reset_code_not_found"
    default_message = "No reset code found for this email"


class VerificationCodeInvalid(Invalid):
    """This code was not sent to this address."""

    code = "invalid_verification_code"

    def __init__(self) -> None:
        super().__init__({}, "Invalid verification code")


class VerificationCodeExpired(Invalid):
    """The code was right but has expired."""

    code = "verification_code_expired"

    def __init__(self) -> None:
        super().__init__({}, "Verification code has expired")


class VerificationCodeNotFound(NotFound):
    """No code was requested, or it was used, or there were too many wrong tries."""

    code = "verification_code_not_found"
    default_message = "No verification code found for this email"


class EmailAlreadyVerified(Conflict):
    """The e-mail is already verified."""

    code = "email_already_verified"
    default_message = "Email is already verified"


class LinkNotFound(NotFound):
    """We never sent this link, or it was used or replaced."""

    code = "confirmation_not_found"
    default_message = "Confirmation link not found or already used"


class LinkExpired(Invalid):
    """The link has expired."""

    code = "confirmation_expired"
    words: ClassVar[str] = "Confirmation link has expired"

    def __init__(self) -> None:
        super().__init__({}, self.words)


class ResetLinkNotFound(LinkNotFound):
    """`LinkNotFound` for a link to choose a new password."""

    code = "reset_link_not_found"
    default_message = "Password link not found or already used"


class ResetLinkExpired(LinkExpired):
    """`LinkExpired` for a link to choose a new password."""

    code = "reset_link_expired"
    words = "Password link has expired"


# --- Projects ---------------------------------------------------------------------------------


class ProjectNotFound(NotFound):
    """The project does not exist, or this caller may not see it."""

    code = "project_not_found"
    default_message = "Project not found"


class RoleNotEnough(NotAllowed):
    """The caller is a member of the project, but their role does not allow this."""

    code = "role_not_enough"

    def __init__(self, operation: str) -> None:
        super().__init__(
            f"Your role in this project does not allow this ({operation}).",
        )

    @property
    def page_message(self) -> str:
        """Say whom to ask. People do not know what we call our operations."""
        return "Your role in this project does not allow this. Ask an owner or a manager."


class MemberNotFound(NotFound):
    """No member of the project has this id."""

    code = "member_not_found"
    default_message = "Member not found"


class AlreadyMember(AlreadyExists):
    """The user with this e-mail is already a member of the project."""

    code = "already_member"
    default_message = "This person is already a member of the project"


class InvitationNotFound(NotFound):
    """The invitation does not exist or is closed, or this caller may not see it."""

    code = "invitation_not_found"
    default_message = "Invitation not found"


class TooManyInvitations(Conflict):
    """The project has too many open invitations. The limit keeps spammers away."""

    code = "too_many_invitations"

    def __init__(self, most: int) -> None:
        super().__init__(
            f"A project has at most {most} open invitations. Revoke some that nobody has accepted.",
        )


class InvitationExpired(Invalid):
    """The invitation has expired."""

    code = "invitation_expired"

    def __init__(self) -> None:
        super().__init__({}, "This invitation has expired. Ask for a new one.")


class InvitationForSomebodyElse(NotAllowed):
    """The invitation was sent to another address than the caller's."""

    code = "invitation_for_somebody_else"
    default_message = "This invitation was sent to a different e-mail address."


class PersonalProject(Conflict):
    """A user's personal project exists as long as its user does."""

    code = "personal_project"
    default_message = "A personal project cannot be deleted."


class LastOwner(Conflict):
    """A project must keep an owner. A personal project must keep the user that it belongs to."""

    code = "last_owner"
    default_message = "A project must keep at least one owner, and a personal project its own user."


# --- Repeats ----------------------------------------------------------------------------------


class IdempotencyKeyReused(Conflict):
    """The key has already answered a different request. A key names one request only."""

    code = "idempotency_key_reused"
    default_message = (
        "This Idempotency-Key was used for another request. Use a new key for a new request."
    )

    @property
    def page_message(self) -> str:
        """Speak of forms. Each has a key; somebody went back to one and changed it."""
        return (
            "This form was sent already, with other values. Those were saved, and what you sent "
            "now was not. Open the form again to send more."
        )
