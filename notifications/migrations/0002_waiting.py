"""Conversations know since when their contacts wait for an answer."""

from datetime import UTC, datetime
from typing import Any

from django.db import migrations, models
from django.db.models import OuterRef, Subquery, Value
from django.db.models.functions import Coalesce

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def find_who_waits(apps: Any, _schema_editor: Any) -> None:
    """Set it for open and snoozed conversations: the first message since a person's last answer."""
    conversations = apps.get_model("notifications", "Conversation").objects
    messages = apps.get_model("notifications", "Message").objects
    of_one = messages.filter(conversation=OuterRef("pk"))
    answers = messages.filter(
        conversation=OuterRef("conversation"), direction="outbound", author__isnull=False
    )
    last_answer = Subquery(answers.order_by("-created_at").values("created_at")[:1])
    unanswered = of_one.filter(
        direction="inbound", created_at__gt=Coalesce(last_answer, Value(LONG_AGO))
    )
    conversations.exclude(status="closed").exclude(contact__is_blocked=True).update(
        waiting_since=Subquery(unanswered.order_by("created_at").values("created_at")[:1])
    )


class Migration(migrations.Migration):
    dependencies = [("notifications", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="conversation",
            name="waiting_since",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.RunPython(find_who_waits, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="conversation",
            index=models.Index(
                fields=["project", "waiting_since", "-last_activity_at", "-id"],
                name="conversation_by_waiting",
            ),
        ),
    ]
