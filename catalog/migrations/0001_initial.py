import catalog.models
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
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Category',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=255)),
                ('slug', models.SlugField(max_length=255)),
                ('position', models.PositiveIntegerField(default=0)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('parent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='children', to='catalog.category')),
                ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='categories', to='accounts.project')),
            ],
            options={
                'verbose_name_plural': 'categories',
                'constraints': [
                    models.UniqueConstraint(fields=('project', 'slug'), name='category_unique_by_slug'),
                    models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='category_named'),
                    models.CheckConstraint(condition=models.Q(('parent', models.F('id')), _negated=True), name='category_not_in_itself'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Product',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('sku', models.CharField(max_length=64, verbose_name='SKU')),
                ('slug', models.SlugField(max_length=255)),
                ('name', models.CharField(max_length=255)),
                ('description', models.TextField(blank=True, max_length=10000)),
                ('price', models.DecimalField(decimal_places=4, max_digits=14, validators=[django.core.validators.MinValueValidator(Decimal('0.00'))])),
                ('currency', models.CharField(default='USD', help_text='ISO 4217', max_length=3)),
                ('image', models.ImageField(blank=True, upload_to=catalog.models.picture_path)),
                ('featured', models.BooleanField(default=False)),
                ('is_active', models.BooleanField(default=True)),
                ('stock', models.PositiveIntegerField(default=0, editable=False, help_text='On hand. Only the ledger changes it.')),
                ('in_stock', models.GeneratedField(db_persist=True, expression=models.Q(('stock__gt', 0)), output_field=models.BooleanField())),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('category', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='products', to='catalog.category')),
                ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='products', to='accounts.project')),
            ],
            options={
                'indexes': [
                    models.Index(condition=models.Q(('is_active', True)), fields=['project', 'id'], include=('in_stock', 'featured', 'price'), name='product_on_sale'),
                    models.Index(condition=models.Q(('is_active', True)), fields=['category', 'id'], include=('project', 'in_stock', 'featured', 'price'), name='product_on_shelf'),
                    models.Index(condition=models.Q(('is_active', True)), fields=['project', 'price', 'id'], include=('in_stock', 'featured'), name='product_by_price'),
                    models.Index(condition=models.Q(('is_active', True)), fields=['project', 'name', 'id'], name='product_by_name'),
                    models.Index(condition=models.Q(('is_active', True)), fields=['project', 'created_at', 'id'], name='product_by_age'),
                ],
                'constraints': [
                    models.UniqueConstraint(fields=('project', 'sku'), name='product_unique_by_sku'),
                    models.UniqueConstraint(fields=('project', 'slug'), name='product_unique_by_slug'),
                    models.CheckConstraint(condition=models.Q(('stock__gte', 0)), name='product_stock_not_negative'),
                    models.CheckConstraint(condition=models.Q(('price__gte', 0)), name='product_price_not_negative'),
                    models.CheckConstraint(condition=models.Q(('currency__regex', '^[A-Z]{3}$')), name='product_currency_is_a_code'),
                    models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='product_named'),
                    models.CheckConstraint(condition=models.Q(('sku', ''), _negated=True), name='product_has_sku'),
                ],
            },
        ),
        migrations.CreateModel(
            name='StockMovement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('change', models.IntegerField()),
                ('reason', models.CharField(choices=[('initial', 'Initial'), ('received', 'Received'), ('adjusted', 'Adjusted'), ('imported', 'Imported'), ('sold', 'Sold'), ('returned', 'Returned')], max_length=10)),
                ('order_id', models.BigIntegerField(blank=True, null=True)),
                ('note', models.CharField(blank=True, max_length=255)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('product', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='movements', to='catalog.product')),
            ],
            options={
                'indexes': [
                    models.Index(fields=['product', 'id'], name='movement_by_product'),
                    models.Index(condition=models.Q(('order_id__isnull', False)), fields=['order_id', 'product'], name='movement_by_order'),
                ],
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('change', 0), _negated=True), name='movement_moves'),
                    models.CheckConstraint(condition=models.Q(models.Q(('order_id__isnull', False), ('reason__in', ['sold', 'returned'])), models.Q(models.Q(('reason__in', ['sold', 'returned']), _negated=True), ('order_id', None)), _connector='OR'), name='movement_of_an_order_names_it'),
                    models.CheckConstraint(condition=models.Q(models.Q(('change__gt', 0), ('reason', 'sold'), _negated=True), models.Q(('change__lt', 0), ('reason', 'returned'), _negated=True)), name='movement_goes_its_way'),
                ],
            },
        ),
    ]
