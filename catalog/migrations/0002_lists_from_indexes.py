"""Count and sort the storefront's lists from indexes, and keep stock out of all of them."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0005_storefront'),
        ('catalog', '0001_initial'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='product',
            name='product_on_sale',
        ),
        migrations.RemoveIndex(
            model_name='product',
            name='product_on_shelf',
        ),
        migrations.RemoveIndex(
            model_name='product',
            name='product_by_price',
        ),
        migrations.RemoveIndex(
            model_name='product',
            name='product_by_stock',
        ),
        migrations.AddField(
            model_name='product',
            name='in_stock',
            field=models.GeneratedField(db_persist=True, expression=models.Q(('stock__gt', 0)), output_field=models.BooleanField()),
        ),
        migrations.AddIndex(
            model_name='product',
            index=models.Index(condition=models.Q(('is_active', True)), fields=['project', 'id'], include=('in_stock', 'featured', 'price'), name='product_on_sale'),
        ),
        migrations.AddIndex(
            model_name='product',
            index=models.Index(condition=models.Q(('is_active', True)), fields=['category', 'id'], include=('project', 'in_stock', 'featured', 'price'), name='product_on_shelf'),
        ),
        migrations.AddIndex(
            model_name='product',
            index=models.Index(condition=models.Q(('is_active', True)), fields=['project', 'price', 'id'], include=('in_stock', 'featured'), name='product_by_price'),
        ),
        migrations.AddIndex(
            model_name='product',
            index=models.Index(condition=models.Q(('is_active', True)), fields=['project', 'name', 'id'], name='product_by_name'),
        ),
        migrations.AddIndex(
            model_name='product',
            index=models.Index(condition=models.Q(('is_active', True)), fields=['project', 'created_at', 'id'], name='product_by_age'),
        ),
    ]
