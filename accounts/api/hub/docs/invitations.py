"""The schema of invitations."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema

from accounts.access import MANAGE_MEMBERS
from accounts.api.hub.docs import PROJECT_ID
from accounts.api.hub.docs.projects import PROJECT_EXAMPLE
from accounts.api.hub.serializers.projects import (
    Acceptance,
    InvitationOutput,
    NewInvitation,
    ProjectOutput,
)
from accounts.errors import (
    AlreadyMember,
    InvitationExpired,
    InvitationForSomebodyElse,
    InvitationNotFound,
    ProjectNotFound,
    RoleNotEnough,
    TooManyInvitations,
)
from orderchainer.core.errors import Invalid
from orderchainer.core.http.schema import (
    PAGE_WINDOW,
    answer_example,
    errors_of,
    request_example,
)

INVITATION_EXAMPLE = {
    "id": "a3f1b1de-0a0c-4a52-9d1b-5f7f0e1f6f11",
    "email": "grace@example.com",
    "role": "agent",
    "invited_by": "5b1f7f1e-6a3e-4d3b-8c66-8a0f2f6a9b10",
    "created_at": "2025-01-12T10:00:00Z",
    "expires_at": "2025-01-19T10:00:00Z",
}
INVITATION_ID = OpenApiParameter(
    "invitation_id",
    OpenApiTypes.UUID,
    OpenApiParameter.PATH,
    description="The invitation's id, not the token in its link.",
)


LIST_INVITATIONS = extend_schema(
    operation_id="hub_list_invitations",
    summary="List the open invitations of a project",
    description=(
        "Invitations that are neither accepted nor revoked, expired ones included, the "
        "oldest first."
    ),
    parameters=[PROJECT_ID, *PAGE_WINDOW],
    responses={
        200: InvitationOutput(many=True),
        **errors_of(
            "hub",
            Invalid({"page": ["Must be a whole number from 1 to 9."]}),
            RoleNotEnough(MANAGE_MEMBERS.name),
            ProjectNotFound(),
        ),
    },
    examples=[answer_example("An invitation", INVITATION_EXAMPLE)],
)

INVITE = extend_schema(
    operation_id="hub_create_invitation",
    summary="Invite somebody by e-mail",
    description=(
        "Sends a link that works once, for seven days, for the user who signs in with "
        "that e-mail. A second invitation sends a new link with the new role, and the "
        "old link stops working. Only owners invite owners."
    ),
    request=NewInvitation,
    parameters=[PROJECT_ID],
    responses={
        201: InvitationOutput,
        **errors_of(
            "hub",
            Invalid({"email": ["Invalid email address"]}),
            RoleNotEnough(MANAGE_MEMBERS.name),
            ProjectNotFound(),
            AlreadyMember(),
            TooManyInvitations(200),
            429,
        ),
    },
    examples=[
        request_example("An agent", {"email": "grace@example.com", "role": "agent"}),
        answer_example("The invitation", INVITATION_EXAMPLE, status=201),
    ],
)

REVOKE_INVITATION = extend_schema(
    operation_id="hub_revoke_invitation",
    summary="Revoke an invitation",
    description=("The link stops working. Only owners revoke the invitation of an owner."),
    parameters=[PROJECT_ID, INVITATION_ID],
    responses={
        204: None,
        **errors_of(
            "hub",
            RoleNotEnough(MANAGE_MEMBERS.name),
            ProjectNotFound(),
            InvitationNotFound(),
        ),
    },
)

ACCEPT_INVITATION = extend_schema(
    operation_id="hub_accept_invitation",
    summary="Accept an invitation",
    description=(
        "Makes you a member of the project that invited you. Sign in with the address "
        "to which the e-mail was sent. The link works once."
    ),
    request=Acceptance,
    responses={
        200: ProjectOutput,
        **errors_of(
            "hub",
            Invalid({"token": ["Must be a valid UUID."]}),
            InvitationExpired(),
            InvitationForSomebodyElse(),
            InvitationNotFound(),
            AlreadyMember(),
        ),
    },
    examples=[
        request_example(
            "The token of the link",
            {"token": "0b8f6c2e-3c52-4d0e-9a55-1f9a4c7f2d10"},
        ),
        answer_example("The project", {**PROJECT_EXAMPLE, "role": "agent"}),
    ],
)
