"""A system check: does the database have what the catalogue needs?"""

from collections.abc import Iterable, Sequence

from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import connections

from catalog import trigrams


@register(Tags.database)
def check_trigrams(databases: Iterable[str] | None = None, **_: object) -> Sequence[CheckMessage]:
    """Warn if PostgreSQL lacks pg_trgm, without which search does not find misspelt words."""
    return [
        Warning(
            "PostgreSQL's extension pg_trgm is not installed in the database. Search finds no "
            "misspelt words, and is slow at finding parts of names.",
            hint="The role that runs the migrations is not allowed to create it, or the server "
            "lacks it (postgresql-contrib). Ask an administrator to run in this database: "
            f"{trigrams.EXTENSION}; {' '.join(trigrams.INDEX.split())}; then restart.",
            id="catalog.W001",
        )
        for alias in databases or ()
        if trigrams.is_missed(connections[alias])
    ]
