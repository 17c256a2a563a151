import uuid

from django.db import migrations, models


class Migration(migrations.Migration):
    """Give each activity an id to show. The table is as new as this release: no row shares its default."""

    dependencies = [
        ('accounts', '0002_everyone_gets_in'),
    ]

    operations = [
        migrations.AddField(
            model_name='activity',
            name='uuid',
            field=models.UUIDField(default=uuid.uuid4, editable=False),
        ),
    ]
