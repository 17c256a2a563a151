"""Delete an account: remove the person, keep their orders."""

from django.db import transaction
from django.utils import timezone

from accounts.activity import record_activity
from accounts.errors import UserNotFound
from accounts.events import ActivityType, user_deleted
from accounts.locks import lock_user
from accounts.models import (
    ApiToken,
    EmailCode,
    IdempotencyRecord,
    Invitation,
    Project,
    Session,
    User,
)
from accounts.naming import address_after_deletion
from accounts.services.api_tokens import revoke_api_tokens
from accounts.services.members import leave_every_project
from accounts.services.profiles import clear_profile
from accounts.services.reach import require_reach
from accounts.services.sessions import end_sessions


@transaction.atomic
def delete_user(*, user: User, by: User | None = None) -> None:
    """Remove all personal data from the account for good. The row stays for the orders.

    The e-mail and the username are free again. `by` is the person who deletes it and defaults to
    `user`. Sends `user_deleted`, and records `user_deleted` and everything that ends with it.
    Raises what `require_reach` raises, `OwnsProjects` if others work in a project that nobody else
    owns, and `UserNotFound` if the account is already deleted.
    """
    require_reach(user, by=by)
    leaving = lock_user(user)
    if leaving is None:
        raise UserNotFound
    leave_every_project(user=leaving, by=by)
    end_sessions(user=leaving, reason=Session.EndReason.DELETED, by=by)
    revoke_api_tokens(user=leaving, by=by)
    _forget(leaving)
    user_deleted.send(sender=None, user=leaving)
    record_activity(ActivityType.USER_DELETED, user=leaving, by=by)
    user.is_active, user.deleted_at = leaving.is_active, leaving.deleted_at


def _forget(user: User) -> None:
    """Remove all personal data on and around the row of a locked user."""
    clear_profile(user)
    EmailCode.objects.filter(user=user).delete()
    # Staff still see these rows for a while after they are revoked.
    ApiToken.objects.filter(user=user).update(name="deleted")
    IdempotencyRecord.objects.filter(user=user).delete()
    Invitation.objects.filter(email__iexact=user.email).delete()
    user.groups.clear()
    user.user_permissions.clear()

    user.email = address_after_deletion(user.uuid)
    user.username = user.first_name = user.last_name = ""
    user.phone = user.address = ""
    user.set_unusable_password()
    user.is_active = user.is_staff = user.is_superuser = False
    user.email_verified_at = user.claimed_at = None
    user.deleted_at = timezone.now()
    user.save()
    # The personal project is named after the e-mail.
    Project.objects.filter(personal_owner=user).update(
        name=user.email, description="", settings={}, updated_at=user.deleted_at
    )
