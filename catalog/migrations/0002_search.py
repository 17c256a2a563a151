"""Find products by words and by parts of words: on PostgreSQL alone, and unseen by the models."""

from django.db import migrations

from catalog.trigrams import index_parts

# `english` for the words that people inflect, `simple` for those that it would leave out.
_WORDS = """
    ALTER TABLE catalog_product ADD COLUMN words tsvector GENERATED ALWAYS AS (
        setweight(to_tsvector('english', name || ' ' || sku), 'A')
        || setweight(to_tsvector('simple', name || ' ' || sku), 'A')
        || setweight(to_tsvector('english', description), 'D')
    ) STORED
"""
_WORDS_INDEX = "CREATE INDEX product_words ON catalog_product USING gin (words)"
# Room in each page for what a checkout changes, so that the changed row stays where indexes find it.
# And tidy up after a hundredth of the rows has changed, not a fifth: until then, counting an index
# looks up each product in the table, which takes three times as long.
_ROOM = "ALTER TABLE catalog_product SET (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.01)"


def make(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for statement in (_WORDS, _WORDS_INDEX, _ROOM):
            schema_editor.execute(statement)
        index_parts(schema_editor.connection)


def unmake(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        # The extension stays, because others may use it by now.
        schema_editor.execute("DROP INDEX IF EXISTS product_parts")
        schema_editor.execute("ALTER TABLE catalog_product DROP COLUMN words")
        schema_editor.execute("ALTER TABLE catalog_product RESET (fillfactor, autovacuum_vacuum_scale_factor)")


class Migration(migrations.Migration):

    dependencies = [("catalog", "0001_initial")]

    operations = [migrations.RunPython(make, unmake)]
