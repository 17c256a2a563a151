"""`/api/v1/projects/{project_id}/members`: the members of a project."""

from collections.abc import Mapping
from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from accounts import services
from accounts.access import LEAVE_PROJECT, MANAGE_MEMBERS, VIEW_MEMBERS, Operation
from accounts.api.hub.docs import members as docs
from accounts.api.hub.presentation import member_body
from accounts.api.hub.serializers.projects import RoleChange
from accounts.api.hub.views.base import ProjectView
from accounts.callers import caller_of
from accounts.models import Membership
from accounts.queries import member_for, members_of
from orderchainer.core.http.changes import read_changes
from orderchainer.core.http.pagination import bare_list, page_window_of
from orderchainer.core.ids import uuid_in
from orderchainer.core.windows import part_of


class MembersView(ProjectView):
    """The members of a project."""

    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_MEMBERS}

    @docs.LIST_MEMBERS
    def get(self, request: Request, project_id: str) -> Response:
        """Answer a page of the members."""
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
        """Let all members leave the project themselves."""
        is_own = uuid_in(self.kwargs["user_id"]) == caller_of(request).uuid
        if request.method == "DELETE" and is_own:
            return LEAVE_PROJECT
        return super().operation_of(request)

    @docs.CHANGE_MEMBER
    def patch(self, request: Request, project_id: str, user_id: str) -> Response:
        """Change the member's role."""
        body = read_changes(
            RoleChange,
            request.data,
            lambda: member_body(member_for(self.project, user_id)),
        )
        user = member_for(self.project, user_id).user
        member = services.change_role(
            project=self.project,
            user=user,
            role=Membership.Role(body.validated_data["role"]),
            by=caller_of(request),
        )
        member.user = user
        return Response(member_body(member))

    @docs.REMOVE_MEMBER
    def delete(self, request: Request, project_id: str, user_id: str) -> Response:
        """Remove the member."""
        services.remove_member(
            project=self.project,
            user=member_for(self.project, user_id).user,
            by=caller_of(request),
        )
        return Response(status=204)
