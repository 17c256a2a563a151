"""The newest outcomes of a project are found however much happened elsewhere since."""

from django.db import migrations, models
from django.db.models.functions import Abs


class Migration(migrations.Migration):
    dependencies = [("notifications", "0005_pauses_and_reach")]

    operations = [
        migrations.AddIndex(
            model_name="ruleoutcome",
            index=models.Index(
                models.F("project"), Abs("id").desc(), name="rule_outcome_newest"
            ),
        ),
        # At the end, because nobody can read the table from here until the migration is over.
        migrations.RemoveIndex(model_name="ruleoutcome", name="rule_outcome_by_project"),
    ]
