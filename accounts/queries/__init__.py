"""Reads of accounts: who a token belongs to, what is still open, who has access, what happened."""

from accounts.queries.activity import Person, activity_in, activity_of, is_told_where, people_in
from accounts.queries.credentials import (
    api_token_of,
    api_tokens_of,
    browser_session_of,
    credential_of,
    session_for,
    session_of,
    session_of_ticket,
    sessions_of,
    socket_credential_of,
    still_open,
)
from accounts.queries.members import invitation_for, invitations_of, member_for, members_of
from accounts.queries.projects import (
    may_also,
    project_for,
    projects_of,
    refusals_in_projects,
    require_operation,
    staff_who_may,
)
from accounts.queries.users import is_in_reach, user_for, user_for_change

__all__ = [
    "Person",
    "activity_in",
    "activity_of",
    "api_token_of",
    "api_tokens_of",
    "browser_session_of",
    "credential_of",
    "invitation_for",
    "invitations_of",
    "is_in_reach",
    "is_told_where",
    "may_also",
    "member_for",
    "members_of",
    "people_in",
    "project_for",
    "projects_of",
    "refusals_in_projects",
    "require_operation",
    "session_for",
    "session_of",
    "session_of_ticket",
    "sessions_of",
    "socket_credential_of",
    "staff_who_may",
    "still_open",
    "user_for",
    "user_for_change",
]
