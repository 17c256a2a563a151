"""Make the one row that says how far the event stream has come."""

from django.db import migrations


def make_row(apps, schema_editor):
    apps.get_model("orders", "EventStream").objects.get_or_create(pk=1)


class Migration(migrations.Migration):
    dependencies = [("orders", "0001_initial")]

    operations = [migrations.RunPython(make_row, migrations.RunPython.noop)]
