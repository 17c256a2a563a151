"""`/api/auth/` of the envelope document: login, and the codes and links in e-mails.

Registration is in `accounts.api.chain`, since two documents have its path.
"""

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from accounts import queries, services
from accounts.api.envelope import docs, serializers
from accounts.api.envelope.presentation import (
    CONFIRMATION_SENT,
    RESET_CODE_SENT,
    VERIFICATION_CODE_SENT,
    sign_in_body,
    user_body,
)
from accounts.api.public import UNCACHED, PublicView
from accounts.errors import LinkNotFound
from accounts.limits import SEND_CODE, SIGN_IN, USE_CODE
from accounts.models import EmailCode
from orderchainer.core.http.envelope import success
from orderchainer.core.ids import uuid_in
from orderchainer.core.moments import milliseconds


class LoginView(PublicView):
    """Login."""

    limit = SIGN_IN

    @docs.LOGIN
    def post(self, request: Request) -> Response:
        """Sign in."""
        body = serializers.EnvelopeLogin(data=request.data)
        body.is_valid(raise_exception=True)
        pair = services.sign_in(**body.validated_data)
        user = queries.credential_of(pair.access).user
        return success(sign_in_body(user, pair), "Login successful", headers=UNCACHED)


# --- Asking for an e-mail ---------------------------------------------------------------------


class EmailRequestView(PublicView):
    """A request for an e-mail with a code and a link."""

    limit = SEND_CODE
    purpose: ClassVar[EmailCode.Purpose]
    message: ClassVar[str]

    def post(self, request: Request) -> Response:
        """Send the e-mail."""
        body = serializers.EnvelopeEmail(data=request.data)
        body.is_valid(raise_exception=True)
        expires_at = services.request_code(email=body.validated_data["email"], purpose=self.purpose)
        return success({"expiresAt": milliseconds(expires_at)}, self.message)


@docs.FORGOT_PASSWORD
class ForgotPasswordView(EmailRequestView):
    """A request for a code that resets the password."""

    purpose = EmailCode.Purpose.RESET_PASSWORD
    message = RESET_CODE_SENT


@docs.SEND_RESET_CODE
class SendResetCodeView(ForgotPasswordView):
    """The same request under the document's second path."""


@docs.RESEND_VERIFICATION_CODE
class ResendVerificationCodeView(EmailRequestView):
    """A request for a code that verifies the e-mail address."""

    purpose = EmailCode.Purpose.VERIFY_EMAIL
    message = VERIFICATION_CODE_SENT


@docs.RESEND_CONFIRMATION_EMAIL
class ResendConfirmationEmailView(ResendVerificationCodeView):
    """The same request for users who want the link: one e-mail has both."""

    message = CONFIRMATION_SENT


# --- Using the code or the link ---------------------------------------------------------------


class ResetPasswordView(PublicView):
    """A new password by a code."""

    limit = USE_CODE

    @docs.RESET_PASSWORD
    def post(self, request: Request) -> Response:
        """Set the password."""
        body = serializers.EnvelopeNewPassword(data=request.data)
        body.is_valid(raise_exception=True)
        services.reset_password(
            email=body.validated_data["email"],
            code=body.validated_data["code"],
            new_password=body.validated_data["newPassword"],
        )
        return success(message="Password reset successfully")


class VerifyEmailView(PublicView):
    """Verification of an e-mail address by a code."""

    limit = USE_CODE

    @docs.VERIFY_EMAIL
    def post(self, request: Request) -> Response:
        """Verify the address."""
        body = serializers.EnvelopeCode(data=request.data)
        body.is_valid(raise_exception=True)
        user = services.verify_email(**body.validated_data)
        return success(user_body(user), "Email verified successfully")


class RegisterConfirmationView(PublicView):
    """Verification of an e-mail address by a link."""

    limit = USE_CODE

    @docs.CONFIRM_REGISTRATION
    def post(self, request: Request) -> Response:
        """Verify the address."""
        body = serializers.EnvelopeConfirmation(data=request.data)
        body.is_valid(raise_exception=True)
        link = uuid_in(body.validated_data["uuid"])
        if link is None:
            raise LinkNotFound
        user = services.confirm_email(link=link)
        return success(user_body(user), "Registration confirmed successfully")
