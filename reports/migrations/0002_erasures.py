"""A report says how often customers were erased from it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reports", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="report",
            name="erasures",
            field=models.PositiveIntegerField(db_default=0, default=0, editable=False),
        ),
    ]
