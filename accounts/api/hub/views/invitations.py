"""Invitations: a project sends and revokes them, the invited person accepts them."""

from collections.abc import Mapping
from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from accounts import services
from accounts.access import MANAGE_MEMBERS, Operation
from accounts.api.hub.docs import invitations as docs
from accounts.api.hub.presentation import invitation_body, project_body
from accounts.api.hub.serializers.projects import Acceptance, NewInvitation
from accounts.api.hub.views.base import ProjectView
from accounts.callers import caller_of
from accounts.models import Membership
from accounts.queries import invitation_for, invitations_of
from orderchainer.core.http.pagination import bare_list, page_window_of
from orderchainer.core.http.views import SurfaceView
from orderchainer.core.windows import part_of


class InvitationsView(ProjectView):
    """The open invitations of a project."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "GET": MANAGE_MEMBERS,
        "POST": MANAGE_MEMBERS,
    }

    @docs.LIST_INVITATIONS
    def get(self, request: Request, project_id: str) -> Response:
        """Answer a page of the invitations."""
        window = page_window_of(request)
        page, total = part_of(invitations_of(self.project), window)
        return bare_list(
            request,
            [invitation_body(invitation) for invitation in page],
            total=total,
            window=window,
        )

    @docs.INVITE
    def post(self, request: Request, project_id: str) -> Response:
        """Invite somebody."""
        body = NewInvitation(data=request.data)
        body.is_valid(raise_exception=True)
        invitation = services.invite(
            project=self.project,
            email=body.validated_data["email"],
            role=Membership.Role(body.validated_data["role"]),
            by=caller_of(request),
        )
        return Response(invitation_body(invitation), status=201)


class OneInvitationView(ProjectView):
    """One open invitation."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "DELETE": MANAGE_MEMBERS,
    }

    @docs.REVOKE_INVITATION
    def delete(self, request: Request, project_id: str, invitation_id: str) -> Response:
        """Revoke the invitation."""
        services.revoke_invitation(
            invitation=invitation_for(self.project, invitation_id),
            by=caller_of(request),
        )
        return Response(status=204)


class AcceptInvitationView(SurfaceView):
    """The invited person's side of an invitation."""

    area = "projects"

    @docs.ACCEPT_INVITATION
    def post(self, request: Request) -> Response:
        """Accept the invitation."""
        body = Acceptance(data=request.data)
        body.is_valid(raise_exception=True)
        membership = services.accept_invitation(
            link=body.validated_data["token"], user=caller_of(request)
        )
        return Response(project_body(membership.project, membership.role))
