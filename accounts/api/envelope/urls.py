"""Paths under `/api/auth/` and `/api/user/`, spelled as in the envelope document."""

from django.urls import path

from accounts.api.envelope.views import auth
from accounts.api.envelope.views.users import UserViewSet

urlpatterns = [
    path("auth/login", auth.LoginView.as_view(), name="envelope-login"),
    path(
        "auth/forgot-password",
        auth.ForgotPasswordView.as_view(),
        name="envelope-forgot-password",
    ),
    path(
        "auth/send-reset-code",
        auth.SendResetCodeView.as_view(),
        name="envelope-send-reset-code",
    ),
    path(
        "auth/reset-password",
        auth.ResetPasswordView.as_view(),
        name="envelope-reset-password",
    ),
    path(
        "auth/verify-email",
        auth.VerifyEmailView.as_view(),
        name="envelope-verify-email",
    ),
    path(
        "auth/resend-verification-code",
        auth.ResendVerificationCodeView.as_view(),
        name="envelope-resend-verification-code",
    ),
    path(
        "auth/register-confirmation",
        auth.RegisterConfirmationView.as_view(),
        name="envelope-register-confirmation",
    ),
    path(
        "auth/resend-confirmation-email",
        auth.ResendConfirmationEmailView.as_view(),
        name="envelope-resend-confirmation-email",
    ),
    path(
        # `str`, so that anything but a UUID is a user who does not exist (404).
        "user/<str:user_id>",
        UserViewSet.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
        name="envelope-user",
    ),
]
