"""The views that people save: a name for some filters, a sorting and a layout."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Project, User

MAX_NAME_LENGTH = 60
MAX_QUERY_LENGTH = 2000


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    """Who sees which views."""

    def seen_by(self, user: User) -> SavedViewQuerySet:
        """Keep the views that are shared, and those of `user`."""
        return self.filter(Q(is_shared=True) | Q(owner=user))


class SavedView(models.Model):
    """A view of a project's orders. Its owner alone sees it, unless it is shared.

    `query` is the query string of the page, which drops what it does not understand.
    """

    class Layout(models.TextChoices):
        """The page that shows the view."""

        LIST = "list"
        BOARD = "board"

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="saved_views", db_index=False
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    name = models.CharField(max_length=MAX_NAME_LENGTH)
    layout = models.CharField(max_length=5, choices=Layout.choices, default=Layout.LIST)
    query = models.TextField(max_length=MAX_QUERY_LENGTH, blank=True)
    is_shared = models.BooleanField(default=False)
    # How often it was changed, so that nobody overwrites a change that they have not seen.
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["project", "name"],
                condition=Q(is_shared=True),
                name="view_unique_among_shared",
            ),
            models.UniqueConstraint(
                fields=["project", "owner", "name"],
                condition=Q(is_shared=False),
                name="view_unique_among_own",
            ),
            models.CheckConstraint(condition=~Q(name=""), name="view_name_not_empty"),
            models.CheckConstraint(
                condition=Q(layout__in=["list", "board"]), name="view_layout_known"
            ),
        ]
        indexes: ClassVar = [
            # An account that is deleted takes its own views along.
            models.Index(fields=["owner"], name="view_by_owner"),
        ]

    def __str__(self) -> str:
        return self.name
