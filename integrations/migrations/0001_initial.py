import django.db.models.deletion
import django.utils.timezone
import orderchainer.core.encryption
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='DiscordHost',
            fields=[
                ('host', models.CharField(max_length=255, primary_key=True, serialize=False)),
                ('paused_until', models.DateTimeField(blank=True, null=True)),
                ('throttles', models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='DiscordWebhook',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('url', orderchainer.core.encryption.EncryptedTextField()),
                ('webhook_id', models.CharField(help_text="Discord's id.", max_length=20)),
                ('host', models.CharField(editable=False, max_length=255)),
                ('url_version', models.PositiveIntegerField(default=1, editable=False)),
                ('username', models.CharField(default='OrderChainer', max_length=80)),
                ('avatar_url', models.URLField(blank=True, max_length=2048)),
                ('order_created', models.BooleanField(default=True)),
                ('order_updated', models.BooleanField(default=True)),
                ('order_completed', models.BooleanField(default=True)),
                ('order_failed', models.BooleanField(default=True)),
                ('is_active', models.BooleanField(default=True)),
                ('disabled_reason', models.CharField(blank=True, max_length=500)),
                ('paused_until', models.DateTimeField(blank=True, null=True)),
                ('throttles', models.PositiveIntegerField(default=0, editable=False)),
                ('last_delivery_at', models.DateTimeField(blank=True, null=True)),
                ('last_status', models.PositiveSmallIntegerField(blank=True, help_text='HTTP status; empty if no answer came.', null=True)),
                ('last_error', models.CharField(blank=True, max_length=500)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='discord_webhook', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'Discord integration',
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('disabled_reason', ''), ('is_active', True)), models.Q(('is_active', False), models.Q(('disabled_reason', ''), _negated=True)), _connector='OR'), name='discord_webhook_off_for_a_reason'), models.CheckConstraint(condition=models.Q(('username', ''), _negated=True), name='discord_webhook_username_not_empty')],
            },
        ),
    ]
