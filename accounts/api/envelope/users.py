"""`/api/user/{user_id}` as the envelope document has it: oneself, and for staff the others."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import queries, services
from accounts.api.envelope import examples, serializers
from accounts.api.envelope.auth import EMAIL_REFUSED
from accounts.api.envelope.presentation import shown_user
from accounts.callers import caller_of
from accounts.errors import (
    EmailInUse,
    OwnsProjects,
    SessionNeeded,
    UserNotFound,
    UserNotYours,
)
from orderchainer.core.errors import NothingToChange
from orderchainer.core.http.envelope import EnvelopeDone, success
from orderchainer.core.http.schema import answer_example, errors_of, request_example
from orderchainer.core.http.views import SurfaceViewSet


class UserViewSet(SurfaceViewSet):
    """The caller's own account. Staff see everybody's, and change it with the back office's permission."""

    area = "account"
    # A new password opens a session: with it an API token would outgrow its scopes, and its revocation.
    session_methods = frozenset({"PATCH", "DELETE"})

    @extend_schema(
        operation_id="get_user",
        summary="Get a user",
        description="Your own account; staff get everybody's.",
        responses={
            200: serializers.EnvelopeUserAnswer,
            **errors_of("envelope", UserNotFound()),
        },
        examples=[answer_example("The user", examples.GOT)],
    )
    def retrieve(self, request: Request, user_id: str) -> Response:
        """Answer one user."""
        return success(shown_user(queries.user_for(caller_of(request), user_id)))

    @extend_schema(
        operation_id="update_user",
        summary="Update a user",
        description=(
            "Changes e-mail, password or both. A new e-mail has to be verified, and the old address is told. "
            "A new password ends every session, this one too: log in again. API tokens go on, and cannot do this."
        ),
        request=serializers.EnvelopeUserChanges,
        responses={
            200: serializers.EnvelopeUserDone,
            **errors_of(
                "envelope",
                NothingToChange(),
                EMAIL_REFUSED,
                SessionNeeded(),
                UserNotYours(),
                UserNotFound(),
                EmailInUse(),
            ),
        },
        examples=[
            request_example("Both", examples.CHANGES),
            request_example("The e-mail", {"email": "newemail@example.com"}),
            answer_example("The user", examples.UPDATED),
        ],
    )
    def partial_update(self, request: Request, user_id: str) -> Response:
        """Change what one user signs in with."""
        body = serializers.EnvelopeUserChanges(data=request.data)
        body.is_valid(raise_exception=True)
        caller = caller_of(request)
        user = services.change_sign_in(
            user=queries.user_for_change(
                caller, user_id, permission="accounts.change_user"
            ),
            by=caller,
            **body.validated_data,
        )
        return success(shown_user(user), "User updated successfully")

    @extend_schema(
        operation_id="delete_user",
        summary="Delete a user",
        description=(
            "Takes the person out of the account for good and ends every session and API token. Their orders "
            "stay, of nobody whom one could name. Refused while others work in a project that nobody else owns."
        ),
        responses={
            200: EnvelopeDone,
            **errors_of(
                "envelope",
                SessionNeeded(),
                UserNotYours(),
                UserNotFound(),
                OwnsProjects(["Shop"]),
            ),
        },
        examples=[answer_example("Done", examples.done("User deleted successfully"))],
    )
    def destroy(self, request: Request, user_id: str) -> Response:
        """Delete one user."""
        caller = caller_of(request)
        user = queries.user_for_change(
            caller, user_id, permission="accounts.delete_user"
        )
        services.delete_user(user=user, by=caller)
        return success(message="User deleted successfully")
