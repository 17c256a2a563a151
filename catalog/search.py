"""Finding products by what somebody types.

Three things find a product: words of its name, SKU or description, in whatever form they stand; a
part of its name or SKU (`phone` finds "Smartphone"); and where none of these finds any, a name that
is spelt alike. PostgreSQL does all that by indexes (migration 0003); SQLite looks for the text as
it is, in any case.

What is typed is never syntax that could be wrong: quotes, `or` and a leading minus mean what they
mean to web searches, and anything else is text.
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

# A part of fewer letters is in nearly every name, and in no index. Other scripts say more with
# less.
_PART = re.compile(r"[^\W_]{3}|[^\x00-\x7f]")
# A minus that is neither within a word nor before one or a quote. PostgreSQL counts them all as
# "not", and has an error for some thirty in a row, which is the only one that it has for anything
# typed.
_IDLE_MINUS = re.compile(r'(?<![^\W_])-(?![^\W_]|"[^\W_])')
# How much of the words typed has to be found in a name: `smartfone` and "Smartphone" share 0.42.
LEAST_LIKENESS = 0.4
# Where words rank 0.6 in the name and 0.06 in the description.
RANK_OF_A_PART = 0.3


def ways_to_find(products: ProductQuerySet, text: str) -> list[ProductQuerySet]:
    """Return what `text` finds among `products`, annotated with its `rank`; where that is nothing,
    the next.

    A way finds nothing while one before it finds something.
    """
    return list(each_way_to_find(products, text))


def each_way_to_find(
    products: ProductQuerySet, text: str, *, is_first_page: bool = False
) -> Iterator[ProductQuerySet]:
    """Yield the same, each as it is asked for.

    Whoever asks for the first page, and for the next way since that was empty, knows that the way
    before finds nothing. On a later page the next way looks by itself.
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
    # By counting them: for an EXISTS, PostgreSQL hopes to meet one soon and reads the table from
    # its start.
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
        # Capital letters cost more than all the rest, and are made only where they decide.
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
    """Among equals the shorter name comes first: more of it was typed."""
    return Length("name") * Value(1 / 10_000, output_field=FloatField())


# --- PostgreSQL -------------------------------------------------------------------------------


class _Words(Func):
    """The column of words, of which the models know nothing, beside the key that they do know."""

    output_field = SearchVectorField()

    def as_postgresql(self, compiler, connection):  # type: ignore[no-untyped-def]
        key: Any = self.source_expressions[0]
        return f"{compiler.quote_name_unless_alias(key.alias)}.words", []


def _query(text: str) -> RawSQL:
    """Return what to look for among the words: their stems, or the words as they stand.

    A subquery, which PostgreSQL runs once: otherwise it may parse the text again for each row that
    it ranks. It is SQL because Django takes longer to compile its `SearchQuery` than PostgreSQL to
    find a page.
    """
    text = _IDLE_MINUS.sub(" ", text)
    return RawSQL(
        "SELECT websearch_to_tsquery('english', %s) || websearch_to_tsquery('simple', %s)",
        [text, text],
        SearchQueryField(),
    )


class _Matches(Func):
    """Whether words are what a query looks for.

    Django's own lookup takes only its own `SearchQuery`.
    """

    template = "%(expressions)s"
    arg_joiner = " @@ "
    output_field = BooleanField()


class _HasTrigrams(Func):
    """Whether there is anything in a text that could be alike: without it each name would be looked
    at.
    """

    template = "(SELECT show_trgm(%(expressions)s)) <> '{}'"
    output_field = BooleanField()


class _Threshold(Func):
    """Set the threshold of likeness, for this statement; always true.

    The index asks a setting and no argument. As a subquery that depends on no row it is done before
    any is looked at; and as a local setting it ends with the transaction, which the statement is by
    itself.
    """

    template = (
        "(SELECT set_config('pg_trgm.word_similarity_threshold', "
        f"'{LEAST_LIKENESS}', true)) IS NOT NULL"
    )
    output_field = BooleanField()
