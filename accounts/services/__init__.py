"""Every write of accounts: one function for each thing that a user or the system can do."""

from accounts.services.idempotency import Answer, answer_once, fingerprint_of
from accounts.services.projects import (
    create_project,
    remove_member,
    set_member,
    update_project,
)
from accounts.services.registration import register_user
from accounts.services.sessions import (
    end_session,
    end_sessions,
    log_out,
    open_session,
    refresh_session,
    sign_in,
)
from accounts.services.users import (
    activate_user,
    change_password,
    deactivate_user,
    update_user,
)
from accounts.tokens import TokenPair

__all__ = [
    "Answer",
    "TokenPair",
    "activate_user",
    "answer_once",
    "change_password",
    "create_project",
    "deactivate_user",
    "end_session",
    "end_sessions",
    "fingerprint_of",
    "log_out",
    "open_session",
    "refresh_session",
    "register_user",
    "remove_member",
    "set_member",
    "sign_in",
    "update_project",
    "update_user",
]
