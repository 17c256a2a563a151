"""What accounts declares: its paths, its operations and its areas of scopes."""

from accounts import access  # noqa: F401 (registers its operations)
from accounts.scopes import AREAS
from orderchainer.core.http.surfaces import (
    CHAIN,
    ENVELOPE,
    SHOP,
    UNION,
    register_prefixes,
)

register_prefixes(CHAIN, "/api/auth")
register_prefixes(UNION, "/api/auth/register")
register_prefixes(
    ENVELOPE,
    "/api/user",
    "/api/auth/login",
    "/api/auth/forgot-password",
    "/api/auth/send-reset-code",
    "/api/auth/reset-password",
    "/api/auth/verify-email",
    "/api/auth/resend-verification-code",
    "/api/auth/register-confirmation",
    "/api/auth/resend-confirmation-email",
)
register_prefixes(SHOP, "/auth/api")

AREAS.add("account", "your own name, e-mail, password, profile and activity")
AREAS.add("projects", "projects, their members and invitations")
