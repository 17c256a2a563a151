"""How far a member has looked through the news at the bell."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from accounts.models import Membership


class BellMark(models.Model):
    """What a member has seen at the bell of a project. It ends with the membership.

    The news itself is in the stream of events. Everything up to `seen_until` is seen. `seen` names
    single subjects that were seen beyond it, each with the position up to which. They are few: all
    of them go as soon as `seen_until` overtakes them.
    """

    membership = models.OneToOneField(
        Membership, on_delete=models.CASCADE, related_name="bell_mark"
    )
    seen_until = models.BigIntegerField(default=0)
    seen = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(seen_until__gte=0), name="bell_mark_not_before_the_stream"
            )
        ]

    def __str__(self) -> str:
        return f"seen until {self.seen_until}"
