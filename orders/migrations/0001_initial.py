import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import uuid
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        ('catalog', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='DeliveryTarget',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('subscriber', models.CharField(max_length=64)),
                ('target', models.CharField(blank=True, max_length=64)),
                ('busy_until', models.DateTimeField(blank=True, null=True)),
                ('timeouts', models.PositiveIntegerField(default=0)),
                ('paused_until', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('subscriber', 'target'), name='delivery_target_unique')],
            },
        ),
        migrations.CreateModel(
            name='EventStream',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('last_position', models.BigIntegerField(default=0)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='event_stream_single_row')],
            },
        ),
        migrations.CreateModel(
            name='Order',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('title', models.CharField(max_length=255)),
                ('description', models.TextField(blank=True, max_length=10000)),
                ('status', models.CharField(choices=[('draft', 'Draft'), ('pending', 'Pending'), ('active', 'Active'), ('shipped', 'Shipped'), ('fulfilled', 'Fulfilled'), ('completed', 'Completed'), ('failed', 'Failed'), ('cancelled', 'Cancelled')], default='pending', max_length=10)),
                ('auto_activate', models.BooleanField(default=False, help_text='Become active as soon as the order is pending and waits for nothing.')),
                ('failure_policy', models.CharField(choices=[('hold', 'hold: keep waiting'), ('fail', 'fail: fail as well'), ('ignore', 'ignore: stop waiting for it')], default='hold', max_length=6)),
                ('provider', models.CharField(choices=[('api', 'Api'), ('manual', 'Manual'), ('storefront', 'Storefront'), ('shopify', 'Shopify')], default='api', editable=False, max_length=16)),
                ('external_id', models.CharField(blank=True, max_length=64)),
                ('total_price', models.DecimalField(decimal_places=4, default=Decimal('0.00'), max_digits=14, validators=[django.core.validators.MinValueValidator(Decimal('0.00'))])),
                ('currency', models.CharField(default='USD', help_text='ISO 4217', max_length=3)),
                ('link', models.URLField(blank=True, max_length=2048)),
                ('customer_name', models.CharField(blank=True, max_length=255)),
                ('customer_email', models.EmailField(blank=True, max_length=254)),
                ('customer_phone', models.CharField(blank=True, max_length=32)),
                ('shipping_address', models.TextField(blank=True, max_length=1000)),
                ('phone_number', models.CharField(blank=True, max_length=32)),
                ('notes', models.TextField(blank=True, max_length=5000)),
                ('ordered_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('status_changed_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('fulfilled_at', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('failed_along_with', models.ForeignKey(blank=True, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='orders.order')),
                ('owner', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='orders', to=settings.AUTH_USER_MODEL)),
                ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='orders', to='accounts.project')),
            ],
        ),
        migrations.CreateModel(
            name='Event',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('event_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('type', models.CharField(max_length=32)),
                ('subject_kind', models.CharField(max_length=32)),
                ('subject_uuid', models.UUIDField()),
                ('owner_id', models.BigIntegerField(help_text='The owner of the order, if there is one.', null=True)),
                ('project_id', models.BigIntegerField()),
                ('actor_id', models.BigIntegerField(help_text='The user who did it; empty if the chain did.', null=True)),
                ('data', models.JSONField(default=dict)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('position', models.BigIntegerField(editable=False, null=True)),
                ('order', models.ForeignKey(db_constraint=False, db_index=False, help_text='The order that it is about or belongs to, if any.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='orders.order')),
            ],
        ),
        migrations.CreateModel(
            name='OrderDependency',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('waived_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('waiver_reason', models.CharField(blank=True, editable=False, max_length=500)),
                ('depends_on', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='dependent_edges', to='orders.order')),
                ('order', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='dependency_edges', to='orders.order')),
                ('waived_by', models.ForeignKey(blank=True, db_index=False, editable=False, help_text='Empty if the failure policy waived it.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name_plural': 'order dependencies',
            },
        ),
        migrations.AddField(
            model_name='order',
            name='dependencies',
            field=models.ManyToManyField(related_name='dependents', through='orders.OrderDependency', through_fields=('order', 'depends_on'), to='orders.order'),
        ),
        migrations.CreateModel(
            name='OrderItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=255)),
                ('sku', models.CharField(blank=True, max_length=64)),
                ('unit_price', models.DecimalField(decimal_places=4, max_digits=14)),
                ('quantity', models.PositiveIntegerField()),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='items', to='orders.order')),
                ('product', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='catalog.product')),
            ],
        ),
        migrations.CreateModel(
            name='EventDelivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('pending', 'Pending'), ('sent', 'Sent'), ('failed', 'Failed'), ('dropped', 'Dropped')], default='pending', max_length=8)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('next_attempt_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('claimed_until', models.DateTimeField(blank=True, editable=False, null=True)),
                ('last_error', models.CharField(blank=True, max_length=500)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('asked_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('subject_uuid', models.UUIDField()),
                ('subscriber', models.CharField(max_length=64)),
                ('target', models.CharField(blank=True, max_length=64)),
                ('event', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='orders.event')),
            ],
            options={
                'verbose_name_plural': 'event deliveries',
                'indexes': [models.Index(condition=models.Q(('state', 'pending')), fields=['next_attempt_at'], name='delivery_due'), models.Index(condition=models.Q(('state', 'pending')), fields=['subscriber', 'target', 'next_attempt_at', 'id'], name='delivery_due_by_target'), models.Index(condition=models.Q(('state', 'pending')), fields=['subscriber', 'target', 'subject_uuid', 'id'], name='delivery_lane'), models.Index(fields=['state', 'subscriber'], name='delivery_by_state')],
                'constraints': [models.UniqueConstraint(fields=('event', 'subscriber', 'target'), name='delivery_unique_by_event_and_target'), models.CheckConstraint(condition=models.Q(('state__in', ['pending', 'sent', 'failed', 'dropped'])), name='delivery_state_known')],
            },
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(fields=['order', 'id'], name='event_by_order'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(fields=['owner_id', 'position'], name='event_by_owner_position'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(fields=['project_id', 'position'], name='event_by_project_position'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(condition=models.Q(('position', None)), fields=['id'], name='event_not_relayed'),
        ),
        migrations.AddConstraint(
            model_name='event',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('subject_kind', 'order'), _negated=True), models.Q(('order__isnull', False), ('owner_id__isnull', False)), _connector='OR'), name='event_of_order_has_order_and_owner'),
        ),
        migrations.AddConstraint(
            model_name='event',
            constraint=models.CheckConstraint(condition=models.Q(('subject_kind', ''), _negated=True), name='event_subject_kind_not_empty'),
        ),
        migrations.AddConstraint(
            model_name='event',
            constraint=models.UniqueConstraint(condition=models.Q(('position__isnull', False)), fields=('position',), name='event_position_unique'),
        ),
        migrations.AddIndex(
            model_name='orderdependency',
            index=models.Index(fields=['depends_on', 'order'], name='dependency_by_depends_on'),
        ),
        migrations.AddConstraint(
            model_name='orderdependency',
            constraint=models.UniqueConstraint(fields=('order', 'depends_on'), name='dependency_unique'),
        ),
        migrations.AddConstraint(
            model_name='orderdependency',
            constraint=models.CheckConstraint(condition=models.Q(('order', models.F('depends_on')), _negated=True), name='dependency_not_on_itself'),
        ),
        migrations.AddConstraint(
            model_name='orderdependency',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('waived_at', None), ('waived_by', None), ('waiver_reason', '')), models.Q(('waived_at__isnull', False), models.Q(('waiver_reason', ''), _negated=True)), _connector='OR'), name='dependency_waived_with_a_reason'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['owner', 'id'], name='order_by_owner'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['owner', 'status', 'id'], name='order_by_owner_status'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['project', 'ordered_at'], name='order_by_project_date'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('failed_along_with__isnull', False)), fields=['failed_along_with'], name='order_by_failed_along_with'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.UniqueConstraint(condition=models.Q(('external_id', ''), _negated=True), fields=('project', 'provider', 'external_id'), name='order_unique_by_external_id'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['draft', 'pending', 'active', 'shipped', 'fulfilled', 'completed', 'failed', 'cancelled'])), name='order_status_known'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('failure_policy__in', ['hold', 'fail', 'ignore'])), name='order_failure_policy_known'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('failed_along_with', None), ('status', 'failed'), _connector='OR'), name='order_failed_along_only_while_failed'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('total_price__gte', 0)), name='order_total_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('currency__regex', '^[A-Z]{3}$')), name='order_currency_is_a_code'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('title', ''), _negated=True), name='order_title_not_empty'),
        ),
        migrations.AddConstraint(
            model_name='orderitem',
            constraint=models.CheckConstraint(condition=models.Q(('quantity__gte', 1)), name='item_quantity_positive'),
        ),
        migrations.AddConstraint(
            model_name='orderitem',
            constraint=models.CheckConstraint(condition=models.Q(('unit_price__gte', 0)), name='item_price_not_negative'),
        ),
    ]
