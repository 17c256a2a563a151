"""Events that are not about orders are found by what they are about."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0001_initial")]

    operations = [
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                fields=["subject_uuid", "id"],
                condition=~models.Q(subject_kind="order"),
                name="event_by_subject",
            ),
        ),
    ]
