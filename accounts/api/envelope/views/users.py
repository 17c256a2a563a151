"""`/api/user/{user_id}` of the envelope document."""

from rest_framework.request import Request
from rest_framework.response import Response

from accounts import queries, services
from accounts.api.envelope import docs, serializers
from accounts.api.envelope.presentation import user_body
from accounts.callers import caller_of
from orderchainer.core.http.changes import read_changes
from orderchainer.core.http.envelope import success
from orderchainer.core.http.views import SurfaceViewSet


class UserViewSet(SurfaceViewSet):
    """The caller's account. Staff see and change others with the right permission."""

    area = "account"
    # An API token may not do this. Its holder could set a new password and sign in with it, and
    # would then have more than the token's scopes, even after the token is revoked.
    session_methods = frozenset({"PATCH", "DELETE"})

    @docs.GET_USER
    def retrieve(self, request: Request, user_id: str) -> Response:
        """Answer one user."""
        return success(user_body(queries.user_for(caller_of(request), user_id)))

    @docs.UPDATE_USER
    def partial_update(self, request: Request, user_id: str) -> Response:
        """Change the e-mail or the password of one user."""
        caller = caller_of(request)
        body = read_changes(
            serializers.EnvelopeUserChanges,
            request.data,
            lambda: user_body(queries.user_for(caller, user_id)),
        )
        user = services.change_sign_in(
            user=queries.user_for_change(caller, user_id, permission="accounts.change_user"),
            by=caller,
            **body.validated_data,
        )
        return success(user_body(user), "User updated successfully")

    @docs.DELETE_USER
    def destroy(self, request: Request, user_id: str) -> Response:
        """Delete one user."""
        caller = caller_of(request)
        user = queries.user_for_change(caller, user_id, permission="accounts.delete_user")
        services.delete_user(user=user, by=caller)
        return success(message="User deleted successfully")
