"""Forget suggested replies that nobody sent."""

from datetime import timedelta

from django.utils import timezone

from notifications.models import SuggestedReply

# A suggestion that nobody sent in this time is of no use any more.
KEPT_FOR = timedelta(days=30)


def forget_suggestions() -> int:
    """Delete suggestions that nobody used in time, and return how many there were."""
    old = SuggestedReply.objects.filter(used_at=None, created_at__lt=timezone.now() - KEPT_FOR)
    return old.delete()[0]
