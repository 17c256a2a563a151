"""`/api/auth/` as the envelope document has it: signing in, and the codes and links that come by e-mail.

Registering is in `accounts.api.chain`, since two documents claim its path.
"""

from collections.abc import Callable
from typing import ClassVar

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import queries, services
from accounts.api.envelope import examples, serializers
from accounts.api.envelope.presentation import shown_sign_in, shown_user
from accounts.api.public import UNCACHED, PublicView
from accounts.errors import (
    EmailAlreadyVerified,
    EmailNotVerified,
    InvalidCredentials,
    LinkExpired,
    LinkNotFound,
    ResetCodeExpired,
    ResetCodeInvalid,
    ResetCodeNotFound,
    UserNotFound,
    VerificationCodeExpired,
    VerificationCodeInvalid,
    VerificationCodeNotFound,
)
from accounts.models import EmailCode
from orderchainer.core.errors import DomainError, Invalid
from orderchainer.core.http.envelope import EnvelopeDone, success
from orderchainer.core.http.fields import uuid_in
from orderchainer.core.http.moments import milliseconds
from orderchainer.core.http.schema import answer_example, errors_of, request_example
from orderchainer.core.limits.rates import SEND_CODE, SIGN_IN, USE_CODE

EMAIL_REFUSED = Invalid({"email": ["Invalid email address"]})


class LoginView(PublicView):
    """Sign in."""

    limit = SIGN_IN

    @extend_schema(
        operation_id="envelope_login",
        summary="Log in",
        description=(
            "Opens a session. The access token goes into the header `Authorization: Bearer …`; before it "
            "expires, `POST /api/auth/refresh` trades the refresh token for a new pair."
        ),
        request=serializers.EnvelopeLogin,
        responses={
            200: serializers.EnvelopeSignIn,
            **errors_of(
                "envelope", EMAIL_REFUSED, InvalidCredentials(), EmailNotVerified()
            ),
        },
        examples=[
            request_example("E-mail and password", examples.CREDENTIALS),
            answer_example("The user and their tokens", examples.SIGNED_IN),
        ],
    )
    def post(self, request: Request) -> Response:
        """Sign in."""
        body = serializers.EnvelopeLogin(data=request.data)
        body.is_valid(raise_exception=True)
        pair = services.sign_in(**body.validated_data)
        user = queries.credential_of(pair.access).user
        return success(shown_sign_in(user, pair), "Login successful", headers=UNCACHED)


# --- Asking for an e-mail ---------------------------------------------------------------------


class EmailRequestView(PublicView):
    """Have an e-mail with a code and a link sent."""

    limit = SEND_CODE
    purpose: ClassVar[EmailCode.Purpose]
    message: ClassVar[str]

    def post(self, request: Request) -> Response:
        """Have it sent."""
        body = serializers.EnvelopeEmail(data=request.data)
        body.is_valid(raise_exception=True)
        expires_at = services.request_code(
            email=body.validated_data["email"], purpose=self.purpose
        )
        return success({"expiresAt": milliseconds(expires_at)}, self.message)


RESET_CODE_SENT = "Reset code sent to email"
_RESET_CODE = (
    "Sends six digits, good for 15 minutes, for `POST /api/auth/reset-password`, and a link to a page where "
    "a new password can be chosen. What earlier e-mails brought is dead."
)
_VERIFICATION_CODE = (
    "Sends six digits, good for 15 minutes, for `POST /api/auth/verify-email`, and a link, good for a day, "
    "whose end is for `POST /api/auth/register-confirmation`. What earlier e-mails brought is dead."
)


def _request_schema(
    operation_id: str,
    summary: str,
    description: str,
    message: str,
    *refusals: DomainError,
) -> Callable[[type[EmailRequestView]], type[EmailRequestView]]:
    return extend_schema_view(
        post=extend_schema(
            operation_id=operation_id,
            summary=summary,
            description=description,
            request=serializers.EnvelopeEmail,
            responses={
                200: serializers.EnvelopeCodeSent,
                **errors_of("envelope", EMAIL_REFUSED, UserNotFound(), *refusals),
            },
            examples=[
                request_example("The address", examples.EMAIL),
                answer_example("It is on its way", examples.sent(message)),
            ],
        )
    )


@_request_schema("forgot_password", "Forgot the password", _RESET_CODE, RESET_CODE_SENT)
class ForgotPasswordView(EmailRequestView):
    """Have a code for a new password sent."""

    purpose = EmailCode.Purpose.RESET_PASSWORD
    message = RESET_CODE_SENT


@_request_schema(
    "send_reset_code", "Send a reset code again", _RESET_CODE, RESET_CODE_SENT
)
class SendResetCodeView(ForgotPasswordView):
    """The same by the document's other name for it."""


VERIFICATION_CODE_SENT = "Verification code sent to email"


@_request_schema(
    "resend_verification_code",
    "Send a verification code again",
    _VERIFICATION_CODE,
    VERIFICATION_CODE_SENT,
    EmailAlreadyVerified(),
)
class ResendVerificationCodeView(EmailRequestView):
    """Have a code sent by which an e-mail is verified."""

    purpose = EmailCode.Purpose.VERIFY_EMAIL
    message = VERIFICATION_CODE_SENT


CONFIRMATION_SENT = "Confirmation email sent"


@_request_schema(
    "resend_confirmation_email",
    "Send a confirmation e-mail again",
    f"{_VERIFICATION_CODE} `expiresAt` is the code's.",
    CONFIRMATION_SENT,
    EmailAlreadyVerified(),
)
class ResendConfirmationEmailView(ResendVerificationCodeView):
    """The same for those who wait for the link: one e-mail brings both."""

    message = CONFIRMATION_SENT


# --- Using what it brought --------------------------------------------------------------------


class ResetPasswordView(PublicView):
    """Choose a new password."""

    limit = USE_CODE

    @extend_schema(
        operation_id="reset_password",
        summary="Reset the password",
        description=(
            "Gives whoever has the code a new password and ends every session. A code works once; after "
            "five wrong tries none does, and the link in the e-mail still."
        ),
        request=serializers.EnvelopeNewPassword,
        responses={
            200: EnvelopeDone,
            **errors_of(
                "envelope",
                ResetCodeInvalid(),
                ResetCodeExpired(),
                UserNotFound(),
                ResetCodeNotFound(),
            ),
        },
        examples=[
            request_example("The code", examples.NEW_PASSWORD),
            answer_example("Done", examples.done("Password reset successfully")),
        ],
    )
    def post(self, request: Request) -> Response:
        """Set it."""
        body = serializers.EnvelopeNewPassword(data=request.data)
        body.is_valid(raise_exception=True)
        services.reset_password(
            email=body.validated_data["email"],
            code=body.validated_data["code"],
            new_password=body.validated_data["newPassword"],
        )
        return success(message="Password reset successfully")


class VerifyEmailView(PublicView):
    """Show by a code that an e-mail is one's own."""

    limit = USE_CODE

    @extend_schema(
        operation_id="verify_email",
        summary="Verify an e-mail",
        description="Believes whoever has the code that the e-mail is theirs. A code works once.",
        request=serializers.EnvelopeCode,
        responses={
            200: serializers.EnvelopeUserDone,
            **errors_of(
                "envelope",
                VerificationCodeInvalid(),
                VerificationCodeExpired(),
                UserNotFound(),
                VerificationCodeNotFound(),
                EmailAlreadyVerified(),
            ),
        },
        examples=[
            request_example("The code", examples.CODE),
            answer_example(
                "The user",
                examples.done("Email verified successfully", examples.USER),
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        """Verify it."""
        body = serializers.EnvelopeCode(data=request.data)
        body.is_valid(raise_exception=True)
        user = services.verify_email(**body.validated_data)
        return success(shown_user(user), "Email verified successfully")


class RegisterConfirmationView(PublicView):
    """Show by a link that an e-mail is one's own."""

    limit = USE_CODE

    @extend_schema(
        operation_id="confirm_registration",
        summary="Confirm a registration",
        description=(
            "Believes whoever has the link that the e-mail is theirs: `uuid` is what it ends with. A link "
            "works once."
        ),
        request=serializers.EnvelopeConfirmation,
        responses={
            200: serializers.EnvelopeUserDone,
            **errors_of("envelope", LinkExpired(), LinkNotFound()),
        },
        examples=[
            request_example("The link's end", examples.CONFIRMATION),
            answer_example(
                "The user",
                examples.done("Registration confirmed successfully", examples.USER),
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        """Confirm it."""
        body = serializers.EnvelopeConfirmation(data=request.data)
        body.is_valid(raise_exception=True)
        link = uuid_in(body.validated_data["uuid"])
        if link is None:
            raise LinkNotFound
        user = services.confirm_email(link=link)
        return success(shown_user(user), "Registration confirmed successfully")
