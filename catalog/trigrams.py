"""pg_trgm, the extension with which PostgreSQL compares words by their groups of three letters.

It comes with PostgreSQL, but a role that may create extensions has to create it in each database.
Without it, search still finds words and parts of names, but is slower at parts and finds no
misspelt words.
"""

from functools import lru_cache

from django.db import DatabaseError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

EXTENSION = "CREATE EXTENSION IF NOT EXISTS pg_trgm"
# `icontains` compiles to `upper(…)`, so with `upper` one index serves both kinds of search: for
# parts of words and for similar words.
INDEX = """
    CREATE INDEX IF NOT EXISTS product_parts ON catalog_product
    USING gin (upper(name) gin_trgm_ops, upper(sku) gin_trgm_ops)
"""


def index_parts(connection: BaseDatabaseWrapper) -> bool:
    """Create the extension and the index of parts if missing; tell whether they exist now."""
    with connection.cursor() as cursor:
        if not is_installed(connection):
            try:
                with transaction.atomic(using=connection.alias):
                    cursor.execute(EXTENSION)
            except DatabaseError:
                return False
        cursor.execute(INDEX)
    return True


def is_installed(connection: BaseDatabaseWrapper) -> bool:
    """Ask the database whether it has the extension."""
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regproc('word_similarity') IS NOT NULL")
        (found,) = cursor.fetchone()
        return bool(found)


def is_missed(connection: BaseDatabaseWrapper) -> bool:
    """Tell whether this database has searchable products but lacks the index of parts."""
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT to_regclass('product_words') IS NOT NULL"
            " AND to_regclass('product_parts') IS NULL"
        )
        (missed,) = cursor.fetchone()
        return bool(missed)


@lru_cache
def is_known_to_be_installed(alias: str) -> bool:
    """Tell what `is_installed` tells, but ask only once in the life of this process."""
    return is_installed(connections[alias])
