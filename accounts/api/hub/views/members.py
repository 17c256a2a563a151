"""`/api/v1/projects/{project_id}/members`: who works in a project."""

from collections.abc import Mapping
from typing import ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import services
from accounts.access import (
    LEAVE_PROJECT,
    MANAGE_MEMBERS,
    MANAGE_OWNERS,
    VIEW_MEMBERS,
    Operation,
)
from accounts.api.hub.presentation import member_body
from accounts.api.hub.serializers.projects import MemberOutput, RoleChange
from accounts.api.hub.views.base import PROJECT_ID, ProjectView
from accounts.callers import caller_of
from accounts.errors import LastOwner, MemberNotFound, ProjectNotFound, RoleNotEnough
from accounts.models import Membership
from accounts.queries import member_for, members_of
from orderchainer.core.errors import Invalid
from orderchainer.core.http.fields import uuid_in
from orderchainer.core.http.pagination import bare_list, page_window_of, part_of
from orderchainer.core.http.schema import (
    PAGE_WINDOW,
    answer_example,
    errors_of,
    request_example,
)

EXAMPLE = {
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


class MembersView(ProjectView):
    """All members."""

    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_MEMBERS}

    @extend_schema(
        operation_id="hub_list_members",
        summary="List the members of a project",
        description="Who works in the project and as what, whoever came first at the top.",
        parameters=[PROJECT_ID, *PAGE_WINDOW],
        responses={
            200: MemberOutput(many=True),
            **errors_of(
                "hub",
                Invalid({"page": ["Must be a whole number from 1 to 9."]}),
                ProjectNotFound(),
            ),
        },
        examples=[answer_example("A member", EXAMPLE)],
    )
    def get(self, request: Request, project_id: str) -> Response:
        """Answer a part of the members."""
        window = page_window_of(request)
        page, total = part_of(members_of(self.project), window)
        return bare_list(
            request,
            [member_body(member) for member in page],
            total=total,
            window=window,
        )


class OneMemberView(ProjectView):
    """One member."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "PATCH": MANAGE_MEMBERS,
        "DELETE": MANAGE_MEMBERS,
    }

    def operation_of(self, request: Request) -> Operation:
        """Let everybody go by themselves."""
        is_own = uuid_in(self.kwargs["user_id"]) == caller_of(request).uuid
        if request.method == "DELETE" and is_own:
            return LEAVE_PROJECT
        return super().operation_of(request)

    @extend_schema(
        operation_id="hub_change_member",
        summary="Change the role of a member",
        description=(
            "The new role holds at once. Managers change everybody but owners; owners make and unmake owners, "
            "themselves included while another one is left."
        ),
        request=RoleChange,
        parameters=[PROJECT_ID, USER_ID],
        responses={
            200: MemberOutput,
            **errors_of(
                "hub",
                Invalid({"role": ['"boss" is not a valid choice.']}),
                RoleNotEnough(MANAGE_OWNERS.name),
                ProjectNotFound(),
                MemberNotFound(),
                LastOwner(),
            ),
        },
        examples=[
            request_example("A manager from now on", {"role": "manager"}),
            answer_example("The member", {**EXAMPLE, "role": "manager"}),
        ],
    )
    def patch(self, request: Request, project_id: str, user_id: str) -> Response:
        """Change the member's role."""
        body = RoleChange(data=request.data)
        body.is_valid(raise_exception=True)
        user = member_for(self.project, user_id).user
        member = services.change_role(
            project=self.project,
            user=user,
            role=Membership.Role(body.validated_data["role"]),
            by=caller_of(request),
        )
        member.user = user
        return Response(member_body(member))

    @extend_schema(
        operation_id="hub_remove_member",
        summary="Remove a member, or leave",
        description=(
            "Takes somebody out of the project, at once, with the invitations that they have sent. Everybody may "
            "leave by their own id; the last owner cannot, nor can the user whose personal project it is."
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
    def delete(self, request: Request, project_id: str, user_id: str) -> Response:
        """Remove the member."""
        services.remove_member(
            project=self.project,
            user=member_for(self.project, user_id).user,
            by=caller_of(request),
        )
        return Response(status=204)
