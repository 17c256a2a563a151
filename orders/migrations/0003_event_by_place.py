"""The index of all positions serves only reads of the whole stream."""

from django.db import migrations, models
from django.db.models.functions import Abs


class Migration(migrations.Migration):
    dependencies = [("orders", "0002_event_by_subject")]

    operations = [
        migrations.AddConstraint(
            model_name="event",
            constraint=models.UniqueConstraint(
                Abs("position"),
                condition=models.Q(position__isnull=False),
                name="event_place_unique",
            ),
        ),
        migrations.RemoveConstraint(model_name="event", name="event_position_unique"),
    ]
