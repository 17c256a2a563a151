"""The newest activity of a user or a project is found however much happened elsewhere since."""

from django.db import migrations, models
from django.db.models.functions import Abs


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.AddIndex(
            model_name="activity",
            index=models.Index(models.F("user_id"), Abs("id").desc(), name="activity_newest_by_user"),
        ),
        migrations.AddIndex(
            model_name="activity",
            index=models.Index(
                models.F("project_id"), Abs("id").desc(), name="activity_newest_by_project"
            ),
        ),
        # At the end, because nobody can read the table from here until the migration is over.
        migrations.RemoveIndex(model_name="activity", name="activity_by_user"),
        migrations.RemoveIndex(model_name="activity", name="activity_by_project"),
    ]
