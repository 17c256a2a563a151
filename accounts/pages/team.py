"""The people of a project: members, roles and invitations."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone

from accounts import services
from accounts.access import (
    LEAVE_PROJECT,
    MANAGE_MEMBERS,
    MANAGE_OWNERS,
    VIEW_MEMBERS,
    Operation,
)
from accounts.errors import AlreadyMember, RoleNotEnough
from accounts.models import Invitation, Membership
from accounts.pages.forms import InvitationForm, NothingToFillIn, RoleForm
from accounts.pages.workspace import WorkspacePage
from accounts.queries import invitation_for, invitations_of, member_for, members_of
from orderchainer.core.errors import DomainError, Invalid, Stale
from orderchainer.core.web.forms import FormPage
from orderchainer.core.web.page import SeeOther

Role = Membership.Role

MEMBERS_ON_A_PAGE = 50


class PeoplePage(WorkspacePage):
    """A page about the people of a project. No event is about them."""

    is_live = False

    @property
    def team(self) -> str:
        """The address of the list of members."""
        return reverse("team", kwargs={"project_id": self.kwargs["project_id"]})

    def way_out(self, exc: DomainError) -> Mapping[str, str]:
        """Lead those who may see the project back to its members."""
        if self.project is None:
            return super().way_out(exc)
        return {"label": "Back to the team", "href": self.team}

    def roles(self) -> list[Role]:
        """Return the roles that the caller may give."""
        return [role for role in Role if role != Role.OWNER or self.may(MANAGE_OWNERS)]

    def may_leave(self) -> bool:
        """Tell whether the caller may leave. Nobody leaves their personal project."""
        assert self.project is not None
        return self.may(LEAVE_PROJECT) and self.project.personal_owner_id != self.person.pk

    def manages(self, role: str) -> bool:
        """Tell whether the caller may change members with that role, or invitations to it."""
        return self.may(MANAGE_OWNERS if role == Role.OWNER else MANAGE_MEMBERS)


class TeamPage(PeoplePage, FormPage):
    """The members; for those who manage them also the invitations."""

    template_name = "accounts/team/team.html"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_MEMBERS, "POST": MANAGE_MEMBERS}
    button = "Send invitation"

    def form(self, **posted: Any) -> InvitationForm:
        return InvitationForm(roles=self.roles(), initial={"role": Role.AGENT}, **posted)

    def act(self, form: Any) -> None:
        assert self.project is not None
        email, role = form.cleaned_data["email"], Role(form.cleaned_data["role"])
        try:
            invitation = services.invite(
                project=self.project, email=email, role=role, by=self.person
            )
        except AlreadyMember as exc:
            raise Invalid({"email": [exc.message]}) from exc
        messages.success(self.request, f"An invitation is on its way to {invitation.email}.")

    def done(self) -> str:
        return self.team

    def beside(self, form: forms.BaseForm) -> dict[str, Any]:
        assert self.project is not None
        pages = Paginator(members_of(self.project), MEMBERS_ON_A_PAGE)
        page = pages.get_page(self.request.GET.get("page"))
        may_invite = self.may(MANAGE_MEMBERS)
        return {
            "button": self.button,
            "page": page,
            "members": [self._row(member) for member in page.object_list],
            "may_invite": may_invite,
            "invitations": list(map(self._invited, self._invitations())) if may_invite else [],
            "may_leave": self.may_leave(),
        }

    def _row(self, member: Membership) -> dict[str, Any]:
        return {
            "name": member.user.name or member.user.email,
            "email": member.user.email,
            "is_active": member.user.is_active,
            "is_self": member.user == self.person,
            "role": member.role,
            "label": member.get_role_display(),
            "since": member.created_at,
            "change": self._address_of(member) if self.manages(member.role) else "",
        }

    def _address_of(self, member: Membership) -> str:
        arguments = {"project_id": self.kwargs["project_id"], "user_id": member.user.uuid}
        return reverse("team-member", kwargs=arguments)

    def _invitations(self) -> list[Invitation]:
        assert self.project is not None
        return list(invitations_of(self.project))

    def _invited(self, invitation: Invitation) -> dict[str, Any]:
        sender = invitation.invited_by
        return {
            "id": invitation.pk,
            "email": invitation.email,
            "role": invitation.role,
            "label": invitation.get_role_display(),
            "sender": (sender.name or sender.email) if sender else "",
            "expires_at": invitation.expires_at,
            "is_expired": invitation.expires_at <= timezone.now(),
            "is_theirs": self.manages(invitation.role),
        }


class MemberPage(PeoplePage, FormPage):
    """One member: their role, and the way to remove them."""

    template_name = "accounts/team/member.html"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": MANAGE_MEMBERS, "POST": MANAGE_MEMBERS}
    button = "Save role"

    def form(self, **posted: Any) -> RoleForm:
        """Raise `MemberNotFound`, and `RoleNotEnough` for an owner if the caller is a manager."""
        member = self._member()
        if not self.manages(member.role):
            raise RoleNotEnough(MANAGE_OWNERS.name)
        initial = {"role": member.role, "shown": member.role}
        return RoleForm(roles=self.roles(), initial=initial, **posted)

    def act(self, form: Any) -> HttpResponseBase | None:
        assert self.project is not None
        # A form that is sent twice finds the role that it asks for.
        expected = {form.cleaned_data["shown"], form.cleaned_data["role"]}

        def is_as_shown(membership: Membership) -> None:
            if membership.role not in expected:
                raise Stale(
                    f"The role is now {membership.get_role_display().lower()}. "
                    "Somebody has changed it since you opened the page."
                )

        member = self._member()
        try:
            services.change_role(
                project=self.project,
                user=member.user,
                role=Role(form.cleaned_data["role"]),
                by=self.person,
                precondition=is_as_shown,
            )
        except Stale as exc:
            # The page then says the present role: saving once more is a choice.
            del self._found
            again = self.request.POST.copy()
            again["shown"] = self._member().role
            return self.show_refused(self.form(data=again), exc)
        messages.success(self.request, f"The role of {_name_of(member)} is saved.")
        return None

    def done(self) -> str:
        return self.team

    def beside(self, form: forms.BaseForm) -> dict[str, Any]:
        member = self._member()
        return {
            "button": self.button,
            "team": self.team,
            "name": _name_of(member),
            "email": member.user.email,
            "is_self": member.user == self.person,
            "may_leave": self.may_leave(),
            "user_id": member.user.uuid,
        }

    def _member(self) -> Membership:
        """Return the member that the path names, read once. Raises `MemberNotFound`."""
        if not hasattr(self, "_found"):
            assert self.project is not None
            self._found = member_for(self.project, self.kwargs["user_id"])
        return self._found


class MemberRemovePage(PeoplePage):
    """Removes a member. The button for it stands on the page of the member."""

    operations: ClassVar[Mapping[str, Operation]] = {"POST": MANAGE_MEMBERS}

    def post(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Remove them. Raises `MemberNotFound`, `LastOwner` and `RoleNotEnough`."""
        assert self.project is not None
        member = member_for(self.project, kwargs["user_id"])
        services.remove_member(project=self.project, user=member.user, by=self.person)
        messages.success(self.request, f"{_name_of(member)} is no longer a member.")
        return SeeOther(reverse("workspace") if member.user == self.person else self.team)


class LeavePage(PeoplePage, FormPage):
    """Leave the project, after a look at what that means."""

    template_name = "accounts/team/leave.html"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": LEAVE_PROJECT, "POST": LEAVE_PROJECT}
    button = "Leave the project"

    def form(self, **posted: Any) -> NothingToFillIn:
        return NothingToFillIn(**posted)

    def act(self, form: Any) -> None:
        assert self.project is not None
        services.remove_member(project=self.project, user=self.person, by=self.person)
        messages.success(self.request, f"You have left {self.project.name}.")

    def done(self) -> str:
        return reverse("workspace")

    def beside(self, form: forms.BaseForm) -> dict[str, Any]:
        return {"button": self.button, "team": self.team}


class InvitationRevokePage(PeoplePage):
    """Revokes an invitation."""

    operations: ClassVar[Mapping[str, Operation]] = {"POST": MANAGE_MEMBERS}

    def post(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Revoke it. Raises `InvitationNotFound` and `RoleNotEnough`."""
        assert self.project is not None
        invitation = invitation_for(self.project, kwargs["invitation_id"])
        services.revoke_invitation(invitation=invitation, by=self.person)
        messages.success(self.request, f"The invitation of {invitation.email} is revoked.")
        return SeeOther(self.team)


def _name_of(member: Membership) -> str:
    return member.user.name or member.user.email
