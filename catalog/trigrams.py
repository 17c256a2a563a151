"""pg_trgm: PostgreSQL's likeness of words by their runs of three letters, where it may be had.

It comes with PostgreSQL and has to be made in each database, by whoever may create things in it. Where
we may not, search finds words and parts of names all the same: parts more slowly, misspelt words not.
"""

from functools import lru_cache

from django.db import DatabaseError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

EXTENSION = "CREATE EXTENSION IF NOT EXISTS pg_trgm"
# As `icontains` writes it, so that it serves parts of words as well as likeness.
INDEX = """
    CREATE INDEX IF NOT EXISTS product_parts ON catalog_product
    USING gin (upper(name) gin_trgm_ops, upper(sku) gin_trgm_ops)
"""


def index_parts(connection: BaseDatabaseWrapper) -> bool:
    """Make the extension and the index of parts of names, where they are missing; tell whether they are there."""
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
    """Ask the database whether it can tell likeness."""
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regproc('word_similarity') IS NOT NULL")
        (found,) = cursor.fetchone()
        return bool(found)


def is_missed(connection: BaseDatabaseWrapper) -> bool:
    """Tell whether products are searched here without likeness, or without the index of parts."""
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT to_regclass('product_words') IS NOT NULL AND to_regclass('product_parts') IS NULL"
        )
        (missed,) = cursor.fetchone()
        return bool(missed)


@lru_cache
def is_known_to_be_installed(alias: str) -> bool:
    """Ask once in the life of this process."""
    return is_installed(connections[alias])
