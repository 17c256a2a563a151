"""The schema of `/api/v1/projects/{project_id}/members`."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema

from accounts.access import MANAGE_MEMBERS, MANAGE_OWNERS
from accounts.api.hub.docs import PROJECT_ID
from accounts.api.hub.serializers.projects import MemberOutput, RoleChange
from accounts.errors import LastOwner, MemberNotFound, ProjectNotFound, RoleNotEnough
from orderchainer.core.errors import Invalid
from orderchainer.core.http.schema import (
    PAGE_WINDOW,
    answer_example,
    errors_of,
    request_example,
)

MEMBER_EXAMPLE = {
    "user_id": "5b1f7f1e-6a3e-4d3b-8c66-8a0f2f6a9b10",
    "email": "ada@example.com",
    "name": "Ada Lovelace",
    "role": "agent",
    "joined_at": "2025-01-12T10:00:00Z",
}
USER_ID = OpenApiParameter(
    "user_id",
    OpenApiTypes.UUID,
    OpenApiParameter.PATH,
    description="The member's id.",
)


LIST_MEMBERS = extend_schema(
    operation_id="hub_list_members",
    summary="List the members of a project",
    description=("The members of the project and their roles, in the order in which they joined."),
    parameters=[PROJECT_ID, *PAGE_WINDOW],
    responses={
        200: MemberOutput(many=True),
        **errors_of(
            "hub",
            Invalid({"page": ["Must be a whole number from 1 to 9."]}),
            ProjectNotFound(),
        ),
    },
    examples=[answer_example("A member", MEMBER_EXAMPLE)],
)

CHANGE_MEMBER = extend_schema(
    operation_id="hub_update_member",
    summary="Change the role of a member",
    description=(
        "The new role is valid at once. Managers change everybody but owners. Only "
        "owners appoint and demote owners. Owners can demote themselves while there is "
        "another owner."
    ),
    request=RoleChange,
    parameters=[PROJECT_ID, USER_ID],
    responses={
        200: MemberOutput,
        **errors_of(
            "hub",
            Invalid({"role": ['"boss" is not one of owner, manager, agent, viewer.']}),
            RoleNotEnough(MANAGE_OWNERS.name),
            ProjectNotFound(),
            MemberNotFound(),
            LastOwner(),
        ),
    },
    examples=[
        request_example("Make them a manager", {"role": "manager"}),
        answer_example("The member", {**MEMBER_EXAMPLE, "role": "manager"}),
    ],
)

REMOVE_MEMBER = extend_schema(
    operation_id="hub_remove_member",
    summary="Remove a member, or leave",
    description=(
        "Removes a member from the project at once, with the invitations that they have "
        "sent. Members may leave with their own id. The last owner cannot leave, and "
        "neither can the user whose personal project it is."
    ),
    parameters=[PROJECT_ID, USER_ID],
    responses={
        204: None,
        **errors_of(
            "hub",
            RoleNotEnough(MANAGE_MEMBERS.name),
            ProjectNotFound(),
            MemberNotFound(),
            LastOwner(),
        ),
    },
)
