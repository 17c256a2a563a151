"""Declare the paths, operations and scope areas of accounts."""

from accounts import access, limits  # noqa: F401 (both register)
from accounts.scopes import AREAS
from orderchainer.core.admin.sections import SECTIONS, Section
from orderchainer.core.http.documented import THINGS
from orderchainer.core.http.surfaces import (
    CHAIN,
    ENVELOPE,
    SHOP,
    UNION,
    register_prefixes,
)
from orderchainer.core.logs.secrets import hide
from orderchainer.core.web.navigation import NAVIGATION, Item

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

THINGS.add("auth", "Registering, signing in and staying signed in.")
THINGS.add("user", "A user's own account.")
THINGS.add("projects", "Projects, their members and roles.")
THINGS.add("invitations", "Joining a project through a link in an e-mail.")

SECTIONS.add("accounts", Section(place=90, with_pages_of=("auth",)))

NAVIGATION.add("team", Item("Team", "users", "view_members", place=80, key="m"))
NAVIGATION.add("project-activity", Item("Activity", "activity", "view_activity", place=90))
NAVIGATION.add(
    "project-settings", Item("Settings", "settings", "change_project", place=100, key="s")
)

# The paths of the pages behind links in e-mails. Such a path is a secret: it is all that the page
# asks for. (In a project's path, an invitation is only an id.)
hide(
    "link",
    before=r"(?<![0-9a-f]{12})/(?:confirm-email|reset-password|invitations)/",
    secret=r"[0-9a-f-]{16,}",
    signs=("/confirm-email/", "/reset-password/", "/invitations/"),
)
hide("api_token", before=r"\boc_", secret=r"\w{16,}", signs=("oc_",))
