"""Calls of the API, counted by day."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class ApiCalls(models.Model):
    """How many calls a user made on a day: with one token, on one surface, in one project.

    It has no foreign keys: counts are written late, when what they name may be gone.
    """

    day = models.DateField()
    # 0 for calls whose path is within no project.
    project_id = models.BigIntegerField(default=0)
    user_id = models.BigIntegerField()
    # The id of an API token in hexadecimal; empty for calls of a session.
    token = models.CharField(max_length=32, blank=True)
    surface = models.CharField(max_length=16)
    calls = models.PositiveBigIntegerField()

    class Meta:
        verbose_name_plural = "API calls"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["day", "project_id", "user_id", "token", "surface"],
                name="api_calls_unique",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["project_id", "day"], name="api_calls_by_project"),
            models.Index(fields=["user_id", "day"], name="api_calls_by_user"),
        ]

    def __str__(self) -> str:
        return f"{self.calls} calls on {self.day}"
