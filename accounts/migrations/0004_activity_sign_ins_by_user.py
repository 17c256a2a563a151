from django.db import migrations, models


class Migration(migrations.Migration):
    """Find somebody's sign-ins among however many tries to sign in as them."""

    dependencies = [
        ("accounts", "0003_activity_uuid"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="activity",
            index=models.Index(
                condition=models.Q(("type", "login_succeeded")),
                fields=["user_id", "created_at"],
                name="activity_sign_ins_by_user",
            ),
        ),
    ]
