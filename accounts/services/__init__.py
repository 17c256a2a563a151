"""All writes of accounts: one function for each thing that a user or the system can do."""

from accounts.services.api_tokens import (
    create_api_token,
    note_use,
    revoke_api_token,
    revoke_api_tokens,
)
from accounts.services.codes import (
    confirm_email,
    mark_email_verified,
    request_code,
    reset_password,
    reset_password_by_link,
    send_code,
    verify_email,
)
from accounts.services.deleting import delete_user
from accounts.services.emails import queue_code, queue_email, retry_emails
from accounts.services.idempotency import answer_once, fingerprint_of, was_answered
from accounts.services.invitations import (
    accept_invitation,
    invite,
    revoke_invitation,
)
from accounts.services.members import (
    change_role,
    leave_every_project,
    remove_member,
    set_member,
)
from accounts.services.own_account import change_own_account
from accounts.services.profiles import (
    ProfileChanges,
    UserChanges,
    choose_appearance,
    clear_profile,
    sweep_avatars,
    update_profile,
)
from accounts.services.projects import (
    create_project,
    delete_project,
    update_project,
)
from accounts.services.registration import register_user
from accounts.services.sessions import (
    end_session,
    end_sessions,
    log_out,
    open_browser_session,
    open_session,
    refresh_session,
    sign_in,
    sign_in_browser,
    stay_signed_in,
)
from accounts.services.signing_up import sign_up, sign_up_browser
from accounts.services.users import (
    activate_user,
    change_password,
    change_sign_in,
    deactivate_user,
    update_user,
)
from accounts.tokens import TokenPair

__all__ = [
    "ProfileChanges",
    "TokenPair",
    "UserChanges",
    "accept_invitation",
    "activate_user",
    "answer_once",
    "change_own_account",
    "change_password",
    "change_role",
    "change_sign_in",
    "choose_appearance",
    "clear_profile",
    "confirm_email",
    "create_api_token",
    "create_project",
    "deactivate_user",
    "delete_project",
    "delete_user",
    "end_session",
    "end_sessions",
    "fingerprint_of",
    "invite",
    "leave_every_project",
    "log_out",
    "mark_email_verified",
    "note_use",
    "open_browser_session",
    "open_session",
    "queue_code",
    "queue_email",
    "refresh_session",
    "register_user",
    "remove_member",
    "request_code",
    "reset_password",
    "reset_password_by_link",
    "retry_emails",
    "revoke_api_token",
    "revoke_api_tokens",
    "revoke_invitation",
    "send_code",
    "set_member",
    "sign_in",
    "sign_in_browser",
    "sign_up",
    "sign_up_browser",
    "stay_signed_in",
    "sweep_avatars",
    "update_profile",
    "update_project",
    "update_user",
    "verify_email",
    "was_answered",
]
