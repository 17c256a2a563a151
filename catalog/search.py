"""Finds products by the text that a person types.

A product matches if the text has words of its name, SKU or description, in any form, or a part of
its name or SKU (`phone` finds "Smartphone"). If no product matches, we look for names with a
similar spelling. PostgreSQL uses indexes for all of this (migration 0003). SQLite only looks for
the text as it is, in upper or lower case.

No text is a syntax error. Quotes, `or` and a leading minus mean the same as in web searches, and
everything else is plain text.
"""

import re
from collections.abc import Iterator
from typing import Any

from django.contrib.postgres.lookups import TrigramWordSimilar
from django.contrib.postgres.search import (
    SearchQueryField,
    SearchRank,
    SearchVectorField,
    TrigramWordSimilarity,
)
from django.db import connection
from django.db.models import (
    BooleanField,
    Case,
    Count,
    F,
    FloatField,
    Func,
    Q,
    Subquery,
    Value,
    When,
)
from django.db.models.expressions import Combinable, RawSQL
from django.db.models.functions import Length, Upper
from django.db.models.lookups import Exact, GreaterThan

from catalog import trigrams
from catalog.models import ProductQuerySet

# We look for parts of at least three letters: shorter ones are in nearly every name, and the index
# cannot find them. In other scripts one character says more.
_PART = re.compile(r"[^\W_]{3}|[^\x00-\x7f]")
# A minus that is neither within a word nor before a word or a quote. PostgreSQL reads each of them
# as "not" and fails at about thirty in a row. No other text makes it fail.
_IDLE_MINUS = re.compile(r'(?<![^\W_])-(?![^\W_]|"[^\W_])')
# How similar a name must be to the typed words: `smartfone` and "Smartphone" have 0.42.
LEAST_LIKENESS = 0.4
# The rank of a part. A whole word ranks 0.6 in the name and 0.06 in the description.
RANK_OF_A_PART = 0.3


def ways_to_find(products: ProductQuerySet, text: str) -> list[ProductQuerySet]:
    """Return the ways to find `text` among `products`, as queries annotated with a `rank`.

    A later query finds something only if all earlier ones find nothing.
    """
    return list(each_way_to_find(products, text))


def each_way_to_find(
    products: ProductQuerySet, text: str, *, is_first_page: bool = False
) -> Iterator[ProductQuerySet]:
    """Yield the queries of `ways_to_find` one by one.

    With `is_first_page`, ask for the next query only if the first page of the one before it was
    empty. Then the next query need not check that the one before finds nothing. Without
    `is_first_page`, it checks that itself.
    """
    if connection.vendor != "postgresql":
        yield _containing(products, text)
        return
    found = _by_words(products, text)
    yield found
    if _PART.search(text) and trigrams.is_known_to_be_installed(connection.alias):
        alike = _by_likeness(products, text)
        yield alike if is_first_page else alike.filter(_finds_nothing(found))


def _finds_nothing(found: ProductQuerySet) -> Q:
    # We count the matches. For an EXISTS, PostgreSQL expects to meet one soon and reads the table
    # from its start.
    counted = found.order_by().annotate(all=Value(1)).values("all")
    count = Subquery(counted.annotate(count=Count("pk")).values("count"))
    return Q(Exact(count, 0))


def _by_words(products: ProductQuerySet, text: str) -> ProductQuerySet:
    query = _query(text)
    words = _Words(F("pk"))
    matches = Q(_Matches(words, query))
    rank: Any = SearchRank(words, query)
    if _PART.search(text):
        in_name = Q(name__icontains=text)
        matches |= in_name | Q(sku__icontains=text)
        # `in_name` has to convert names to capital letters, which costs more than all the rest. So
        # we evaluate it only if the outcome depends on it.
        rank = Case(
            When(Q(GreaterThan(rank, RANK_OF_A_PART)), then=rank),
            When(Q(Exact(rank, 0)) | in_name, then=Value(RANK_OF_A_PART)),
            default=rank,
        )
    return products.filter(matches).annotate(rank=rank - _length())


def _by_likeness(products: ProductQuerySet, text: str) -> ProductQuerySet:
    name, typed = Upper(F("name")), Upper(Value(text))
    alike = products.filter(
        Q(_Threshold()), Q(_HasTrigrams(typed)), Q(TrigramWordSimilar(name, typed))
    )
    return alike.annotate(rank=TrigramWordSimilarity(typed, name))  # type: ignore[arg-type]  # the stubs know no expressions


def _containing(products: ProductQuerySet, text: str) -> ProductQuerySet:
    in_name, in_sku = Q(name__icontains=text), Q(sku__icontains=text)
    rank = Case(
        When(in_name | in_sku, then=Value(RANK_OF_A_PART)),
        default=Value(0.0),
        output_field=FloatField(),
    )
    found = products.filter(in_name | in_sku | Q(description__icontains=text))
    return found.annotate(rank=rank - _length())


def _length() -> Combinable:
    """Sort equal matches by the length of the name: more of a short name was typed."""
    return Length("name") * Value(1 / 10_000, output_field=FloatField())


# --- PostgreSQL -------------------------------------------------------------------------------


class _Words(Func):
    """The column of words. The model does not have it, so we find its table by the key's alias."""

    output_field = SearchVectorField()

    def as_postgresql(self, compiler, connection):  # type: ignore[no-untyped-def]
        key: Any = self.source_expressions[0]
        return f"{compiler.quote_name_unless_alias(key.alias)}.words", []


def _query(text: str) -> RawSQL:
    """Return the query for the words in `text`: their stems, or the words themselves.

    It is a subquery, which PostgreSQL runs once. Otherwise it may parse the text again for each row
    that it ranks. We write it in SQL, because Django takes longer to compile its `SearchQuery` than
    PostgreSQL takes to find a page.
    """
    text = _IDLE_MINUS.sub(" ", text)
    return RawSQL(
        "SELECT websearch_to_tsquery('english', %s) || websearch_to_tsquery('simple', %s)",
        [text, text],
        SearchQueryField(),
    )


class _Matches(Func):
    """Whether the words match a query.

    Django's own lookup takes only its own `SearchQuery`.
    """

    template = "%(expressions)s"
    arg_joiner = " @@ "
    output_field = BooleanField()


class _HasTrigrams(Func):
    """Whether a text has trigrams to compare. Without any, PostgreSQL would look at every name."""

    template = "(SELECT show_trgm(%(expressions)s)) <> '{}'"
    output_field = BooleanField()


class _Threshold(Func):
    """Set the threshold of similarity for this statement; always true.

    The index takes the threshold from a setting, not from an argument. The subquery depends on no
    row, so PostgreSQL runs it before it looks at any. The setting is local, so it ends with the
    transaction, which is this statement alone.
    """

    template = (
        "(SELECT set_config('pg_trgm.word_similarity_threshold', "
        f"'{LEAST_LIKENESS}', true)) IS NOT NULL"
    )
    output_field = BooleanField()
