"""Short calls to a provider that must not be forgotten."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from integrations.models.integrations import Integration
from orderchainer.core.encryption import OptionalEncryptedTextField
from orderchainer.core.outbox import Outgoing, due_index, state_known


class Errand(Outgoing):
    """One thing to ask a provider or to tell it, outside of a sync."""

    class Kind(models.TextChoices):
        """What it is about."""

        CHECK = "check", "ask whether the configuration works"
        MAINTAIN = "maintain", "restore what the provider should know about us"
        DISCONNECT = "disconnect", "tell the provider that we are gone"

    MAX_ATTEMPTS: ClassVar = 6
    FIRST_DELAY_SECONDS: ClassVar = 2
    MAX_DELAY_SECONDS: ClassVar = 5 * 60

    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="errands")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    # Only a goodbye has them, because the integration itself has lost its secrets by then. They are
    # wiped when the errand ends.
    secrets = OptionalEncryptedTextField(null=True)

    class Meta:
        constraints: ClassVar = [
            state_known("errand_state_known"),
            models.UniqueConstraint(
                fields=["integration", "kind"],
                condition=models.Q(state="pending"),
                name="errand_one_at_a_time",
            ),
        ]
        indexes: ClassVar = [due_index("errand_due")]

    def __str__(self) -> str:
        return f"errand {self.kind} of integration {self.integration_id}"
