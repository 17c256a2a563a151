import accounts.models.users
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('email', models.EmailField(max_length=254, unique=True)),
                ('username', models.CharField(blank=True, max_length=150)),
                ('first_name', models.CharField(blank=True, max_length=150)),
                ('last_name', models.CharField(blank=True, max_length=150)),
                ('phone', models.CharField(blank=True, max_length=32)),
                ('address', models.TextField(blank=True, max_length=1000)),
                ('is_active', models.BooleanField(default=True)),
                ('is_staff', models.BooleanField(default=False)),
                ('email_verified_at', models.DateTimeField(blank=True, null=True)),
                ('claimed_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('deleted_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(django.db.models.functions.text.Lower('email'), name='user_email_unique_without_case'),
                    models.CheckConstraint(condition=models.Q(('email', ''), _negated=True), name='user_email_not_empty'),
                    models.UniqueConstraint(django.db.models.functions.text.Lower('username'), condition=models.Q(('username', ''), _negated=True), name='user_username_unique_without_case'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Activity',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False)),
                ('type', models.CharField(choices=[('user_registered', 'User Registered'), ('login_succeeded', 'Login Succeeded'), ('login_failed', 'Login Failed'), ('session_ended', 'Session Ended'), ('refresh_token_reused', 'Refresh Token Reused'), ('api_token_created', 'Api Token Created'), ('api_token_revoked', 'Api Token Revoked'), ('password_changed', 'Password Changed'), ('password_reset_requested', 'Password Reset Requested'), ('password_reset_failed', 'Password Reset Failed'), ('email_changed', 'Email Changed'), ('email_verified', 'Email Verified'), ('user_activated', 'User Activated'), ('user_deactivated', 'User Deactivated'), ('user_deleted', 'User Deleted'), ('privileges_changed', 'Privileges Changed'), ('project_created', 'Project Created'), ('project_changed', 'Project Changed'), ('project_deleted', 'Project Deleted'), ('member_invited', 'Member Invited'), ('invitation_revoked', 'Invitation Revoked'), ('member_joined', 'Member Joined'), ('member_role_changed', 'Member Role Changed'), ('member_removed', 'Member Removed')], max_length=32)),
                ('user_id', models.BigIntegerField(null=True)),
                ('actor_id', models.BigIntegerField(null=True)),
                ('project_id', models.BigIntegerField(null=True)),
                ('ip_address', models.GenericIPAddressField(null=True)),
                ('user_agent', models.CharField(blank=True, max_length=255)),
                ('data', models.JSONField(default=dict)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                'verbose_name_plural': 'activity',
                'indexes': [
                    models.Index(fields=['user_id', 'id'], name='activity_by_user'),
                    models.Index(fields=['project_id', 'id'], name='activity_by_project'),
                    models.Index(fields=['created_at'], name='activity_by_age'),
                    models.Index(condition=models.Q(('type', 'login_succeeded')), fields=['user_id', 'created_at'], name='activity_sign_ins_by_user'),
                ],
            },
        ),
        migrations.CreateModel(
            name='ApiToken',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=100)),
                ('prefix', models.CharField(editable=False, max_length=16, unique=True)),
                ('digest', models.CharField(editable=False, help_text='SHA-256 of the whole token.', max_length=64)),
                ('scopes', models.JSONField(default=list)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('expires_at', models.DateTimeField(blank=True, null=True)),
                ('last_used_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('revoked_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='api_tokens', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'API token',
                'indexes': [
                    models.Index(fields=['user', 'created_at'], name='api_token_by_user'),
                ],
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='api_token_named'),
                ],
            },
        ),
        migrations.CreateModel(
            name='EmailCode',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('purpose', models.CharField(choices=[('verify_email', 'Verify Email'), ('reset_password', 'Reset Password')], max_length=16)),
                ('email', models.EmailField(help_text='The address that the code was sent to.', max_length=254)),
                ('code_digest', models.CharField(blank=True, editable=False, max_length=64)),
                ('link_digest', models.CharField(editable=False, max_length=64, unique=True)),
                ('wrong_tries', models.PositiveSmallIntegerField(default=0)),
                ('guesses', models.PositiveSmallIntegerField(default=0, editable=False)),
                ('guesses_since', models.DateTimeField(editable=False, null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('expires_at', models.DateTimeField()),
                ('link_expires_at', models.DateTimeField()),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='email_codes', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [
                    models.Index(fields=['link_expires_at'], name='email_code_by_expiry'),
                ],
                'constraints': [
                    models.UniqueConstraint(fields=('user', 'purpose'), name='email_code_one_by_user_and_purpose'),
                    models.CheckConstraint(condition=models.Q(('wrong_tries__lte', 5)), name='email_code_tries_bounded'),
                ],
            },
        ),
        migrations.CreateModel(
            name='IdempotencyRecord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=255)),
                ('fingerprint', models.CharField(help_text='SHA-256 of the request.', max_length=64)),
                ('answer', models.TextField(blank=True, help_text='JSON text as it was first sent: a repeat gets the same bytes.')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [
                    models.Index(fields=['created_at'], name='idempotency_by_age'),
                ],
                'constraints': [
                    models.UniqueConstraint(fields=('user', 'key'), name='idempotency_key_unique_by_user'),
                ],
            },
        ),
        migrations.CreateModel(
            name='OutgoingEmail',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('next_attempt_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('claimed_until', models.DateTimeField(blank=True, editable=False, null=True)),
                ('last_error', models.CharField(blank=True, max_length=500)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('asked_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('state', models.CharField(choices=[('pending', 'Pending'), ('sent', 'Sent'), ('failed', 'Failed'), ('dropped', 'Dropped')], default='pending', max_length=8)),
                ('kind', models.CharField(max_length=16)),
                ('recipient', models.EmailField(max_length=254)),
                ('data', models.JSONField(blank=True, default=dict, help_text='Ids and plain words for the text.')),
                ('expires_at', models.DateTimeField()),
            ],
            options={
                'indexes': [
                    models.Index(condition=models.Q(('state', 'pending')), fields=['next_attempt_at'], name='outgoing_email_due'),
                    models.Index(condition=models.Q(('state', 'pending')), fields=['recipient', 'kind'], name='outgoing_email_on_its_way'),
                    models.Index(fields=['created_at'], name='outgoing_email_by_age'),
                ],
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('state__in', ['pending', 'sent', 'failed', 'dropped'])), name='outgoing_email_state_known'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Profile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('avatar', models.ImageField(blank=True, upload_to=accounts.models.users.avatar_path)),
                ('preferences', models.JSONField(blank=True, default=dict)),
                ('theme', models.CharField(choices=[('system', 'Like the device'), ('light', 'Light'), ('dark', 'Dark')], default='system', max_length=6)),
                ('density', models.CharField(choices=[('comfortable', 'Comfortable'), ('compact', 'Compact')], default='comfortable', max_length=11)),
                ('has_single_keys', models.BooleanField(default=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='profile', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('theme__in', ['system', 'light', 'dark'])), name='profile_theme_known'),
                    models.CheckConstraint(condition=models.Q(('density__in', ['comfortable', 'compact'])), name='profile_density_known'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Project',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('name', models.CharField(max_length=255, validators=[django.core.validators.MinLengthValidator(1)])),
                ('description', models.TextField(blank=True, max_length=5000)),
                ('timezone', models.CharField(default='UTC', max_length=64)),
                ('currency', models.CharField(default='USD', help_text='ISO 4217. New products and orders start with it.', max_length=3)),
                ('settings', models.JSONField(blank=True, default=dict)),
                ('is_active', models.BooleanField(default=True)),
                ('is_storefront', models.BooleanField(default=False, editable=False, help_text='The project whose products the storefront sells.')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('personal_owner', models.OneToOneField(blank=True, help_text='Set on the project that a user has from registration on.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='personal_project', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(condition=models.Q(('is_storefront', True)), fields=('is_storefront',), name='project_one_storefront'),
                    models.CheckConstraint(condition=models.Q(('currency__regex', '^[A-Z]{3}$')), name='project_currency_is_a_code'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('owner', 'Owner'), ('manager', 'Manager'), ('agent', 'Agent'), ('viewer', 'Viewer')], max_length=10)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to=settings.AUTH_USER_MODEL)),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to='accounts.project')),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(fields=('project', 'user'), name='membership_unique_by_project_and_user'),
                    models.CheckConstraint(condition=models.Q(('role__in', ['owner', 'manager', 'agent', 'viewer'])), name='membership_role_known'),
                ],
            },
        ),
        migrations.AddField(
            model_name='project',
            name='members',
            field=models.ManyToManyField(related_name='projects', through='accounts.Membership', to=settings.AUTH_USER_MODEL),
        ),
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('email', models.EmailField(max_length=254)),
                ('role', models.CharField(choices=[('owner', 'Owner'), ('manager', 'Manager'), ('agent', 'Agent'), ('viewer', 'Viewer')], max_length=10)),
                ('link_digest', models.CharField(blank=True, editable=False, max_length=64)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('expires_at', models.DateTimeField()),
                ('accepted_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('revoked_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('invited_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='invitations', to='accounts.project')),
            ],
            options={
                'indexes': [
                    models.Index(fields=['expires_at'], name='invitation_by_expiry'),
                ],
                'constraints': [
                    models.UniqueConstraint(models.F('project'), django.db.models.functions.text.Lower('email'), condition=models.Q(('accepted_at', None), ('revoked_at', None)), name='invitation_open_once_by_project_and_email'),
                    models.UniqueConstraint(condition=models.Q(('link_digest', ''), _negated=True), fields=('link_digest',), name='invitation_link_unique'),
                    models.CheckConstraint(condition=models.Q(('role__in', ['owner', 'manager', 'agent', 'viewer'])), name='invitation_role_known'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Session',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('door', models.CharField(choices=[('api', 'API'), ('browser', 'Browser')], default='api', editable=False, max_length=7)),
                ('password_fingerprint', models.CharField(editable=False, max_length=128)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('expires_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('end_reason', models.CharField(blank=True, choices=[('logged_out', 'Logged Out'), ('password_changed', 'Password Changed'), ('deactivated', 'Deactivated'), ('token_reused', 'Token Reused'), ('deleted', 'Deleted'), ('revoked', 'Revoked')], max_length=20)),
                ('ip_address', models.GenericIPAddressField(blank=True, null=True)),
                ('user_agent', models.CharField(blank=True, max_length=255)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sessions', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [
                    models.Index(condition=models.Q(('ended_at', None)), fields=['user'], name='session_open_by_user'),
                    models.Index(fields=['expires_at'], name='session_by_expiry'),
                ],
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('door__in', ['api', 'browser'])), name='session_door_known'),
                ],
            },
        ),
    ]
