"""Delete old counts."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from reports.models import ApiCalls


def forget_old_counts() -> int:
    """Delete the counts of days before `USAGE_RETENTION_DAYS`; return how many rows."""
    first = timezone.now().date() - timedelta(days=settings.USAGE_RETENTION_DAYS)
    deleted, _ = ApiCalls.objects.filter(day__lt=first).delete()
    return deleted
