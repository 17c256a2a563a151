"""What finds a product, and what is found first."""

from collections.abc import Iterator

import pytest
from django.core.checks import Warning, run_checks
from django.db import connection, connections

from accounts.models import Project
from catalog import search, trigrams
from catalog.models import Product
from catalog.queries.storefront import Selection, page_of
from catalog.tests.factories import make_product, make_storefront
from orderchainer.core.windows import PageNotFound, PageWindow

pytestmark = pytest.mark.django_db

on_postgresql = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="only PostgreSQL finds by words"
)


@pytest.fixture
def shop() -> Project:
    return make_storefront()


def found(text: str, *, ordering: tuple[str, ...] = ()) -> list[str]:
    products = Product.objects.on_sale().order_by(*ordering)
    page = page_of(Selection(products, text), PageWindow(0, 50))
    assert page.total == len(page.rows)
    return [row["name"] for row in page.rows]


# --- On both databases ------------------------------------------------------------------------


def test_finds_by_name_sku_and_description(shop: Project) -> None:
    make_product(shop, name="Desk lamp")
    make_product(shop, name="Chair", sku="LAMP-7")
    make_product(shop, name="Shelf", description="Room for a lamp and more.")
    make_product(shop, name="Clock")

    assert found("lamp")[0] in {"Desk lamp", "Chair"}
    assert set(found("lamp")) == {"Desk lamp", "Chair", "Shelf"}
    assert found("lamp")[-1] == "Shelf"
    assert found("LAMP-7")[0] == "Chair"
    assert found("lamp", ordering=("name",)) == ["Chair", "Desk lamp", "Shelf"]


def test_finds_parts_of_words_in_whatever_case(shop: Project) -> None:
    make_product(shop, name="Smartphone Pro Max")

    assert found("phone") == ["Smartphone Pro Max"]
    assert found("PHONE PRO") == ["Smartphone Pro Max"]


def test_a_name_without_other_words_comes_first(shop: Project) -> None:
    make_product(shop, name="Desk lamp for left-handed people")
    make_product(shop, name="Desk lamp")

    assert found("desk lamp") == ["Desk lamp", "Desk lamp for left-handed people"]


def test_a_name_comes_before_a_description(shop: Project) -> None:
    make_product(shop, name="Shelf", description="For your phone, as a phone stand.")
    make_product(shop, name="Smartphone", description="It takes a phone card.")

    assert found("phone") == ["Smartphone", "Shelf"]


@pytest.mark.parametrize(
    "text",
    [
        "'",
        '"',
        '"desk',
        "desk' OR 1=1 --",
        "a & | ! <-> :* (b",
        "\\",
        "\\'; DROP TABLE catalog_product; --",
        "%",
        "_",
        "%s %(name)s {0}",
        "-",
        "---",
        "- " * 100,
        "-|" * 100,
        "-a" * 100,
        " -a" * 66,
        '-"' * 100,
        "or or or",
        "-desk",
        " ",
        "x" * 200,
        "(" * 200,
        "ǅ" * 200,
        "\u200b\u202e\ufeff",
        "茶" * 3,
        "🪔",
        "ﷺ" * 50,
        "-" * 199 + "a",
        'a" or "b" -"c',
    ],
)
def test_anything_typed_is_a_valid_search(shop: Project, text: str) -> None:
    make_product(shop, name="Chair")

    assert found(text) in ([], ["Chair"])
    assert Product.objects.count() == 1


def test_signs_that_databases_interpret_are_found_as_text(
    shop: Project,
) -> None:
    make_product(shop, name="Wool_mix")
    make_product(shop, name="Wool mixes")
    make_product(shop, name="100% cotton")
    make_product(shop, name="1000 knots")

    assert found("ool_m") == ["Wool_mix"]
    assert found("100% c") == ["100% cotton"]


def test_finds_names_in_other_scripts(shop: Project) -> None:
    make_product(shop, name="緑茶セット")
    make_product(shop, name="Настольная лампа")

    assert found("茶") == ["緑茶セット"]
    assert found("лампа") == ["Настольная лампа"]


# --- By words ---------------------------------------------------------------------------------


@on_postgresql
def test_finds_words_in_whatever_form_and_order(shop: Project) -> None:
    make_product(shop, name="Reading lamps")
    make_product(shop, name="Lamp", description="For those who read in bed.")

    assert set(found("lamp reads")) == {"Reading lamps", "Lamp"}
    assert found("lamp reads")[0] == "Reading lamps"


@on_postgresql
def test_finds_words_that_a_language_leaves_out(shop: Project) -> None:
    make_product(shop, name="The Who")

    assert found("the who") == ["The Who"]
    assert found("who") == ["The Who"]


@on_postgresql
def test_reads_quotes_minus_and_or_as_web_searches_do(shop: Project) -> None:
    make_product(shop, name="Desk lamp")
    make_product(shop, name="Lamp for a desk")
    make_product(shop, name="Chair")

    assert found('"desk lamp"') == ["Desk lamp"]
    assert found('lamp -"desk lamp"') == ["Lamp for a desk"]
    assert found("lamp - desk") == found("lamp desk")
    assert set(found("chair or lamp")) == {"Chair", "Desk lamp", "Lamp for a desk"}


@on_postgresql
def test_the_index_of_words_follows_changes(shop: Project) -> None:
    product = make_product(shop, name="Desk lamp")
    Product.objects.filter(pk=product.pk).update(name="Chair", description="A seat.")

    assert found("lamp") == []
    assert found("seats") == ["Chair"]


# --- By likeness ------------------------------------------------------------------------------


@on_postgresql
@pytest.mark.parametrize("text", ["smartfone", "Smratphone", "smart phnoe", "smarphone pro"])
def test_finds_misspelt_names(shop: Project, text: str) -> None:
    make_product(shop, name="Smartphone Pro Max")
    make_product(shop, name="Kettle")

    assert found(text) == ["Smartphone Pro Max"]


@on_postgresql
def test_the_most_similar_name_comes_first(shop: Project) -> None:
    make_product(shop, name="Kitchen table")
    make_product(shop, name="Kitchen clock")

    assert found("kichen clokc")[0] == "Kitchen clock"


@on_postgresql
def test_finds_similar_names_only_if_nothing_else_matches(shop: Project) -> None:
    make_product(shop, name="Lamp")
    make_product(shop, name="Clamp")
    make_product(shop, name="Lampp")

    # "Clamp" contains "lamp".
    assert set(found("lamp")) == {"Lamp", "Clamp", "Lampp"}
    assert found("lampp") == ["Lampp"]


@on_postgresql
def test_all_pages_are_found_in_the_same_way(shop: Project) -> None:
    for _ in range(3):
        make_product(shop, name="Kitchen clock")
    make_product(shop, name="Kichen")
    products = Product.objects.on_sale()

    def names(text: str, skip: int) -> list[str]:
        page = page_of(Selection(products, text), PageWindow(skip, 1))
        return [row["name"] for row in page.rows]

    assert [names("kitchn clck", skip) for skip in (0, 1, 2)] == [["Kitchen clock"]] * 3
    # The exact word is found, so similar words are not listed on a second page.
    assert names("kichen", 0) == ["Kichen"]
    with pytest.raises(PageNotFound):
        names("kichen", 1)


@on_postgresql
def test_the_threshold_of_likeness_ends_with_the_transaction(shop: Project) -> None:
    make_product(shop, name="Lamp")
    found("lmap")

    with connections["default"].cursor() as cursor:
        cursor.execute("SHOW pg_trgm.word_similarity_threshold")
        # Within this test's transaction; another connection never sees it.
        assert cursor.fetchone() == (str(search.LEAST_LIKENESS),)


# --- Without the extension --------------------------------------------------------------------


@pytest.fixture
def without_trigrams() -> Iterator[None]:
    """Drop the extension and the right to create it, until the test is rolled back."""
    trigrams.is_known_to_be_installed.cache_clear()
    with connection.cursor() as cursor:
        cursor.execute("DROP EXTENSION pg_trgm CASCADE")
        cursor.execute("CREATE ROLE oc_without_rights")
        cursor.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO oc_without_rights")
        cursor.execute("SET LOCAL ROLE oc_without_rights")
    yield
    trigrams.is_known_to_be_installed.cache_clear()


@on_postgresql
@pytest.mark.usefixtures("without_trigrams")
def test_search_works_for_a_role_that_may_not_create_the_extension(
    shop: Project,
) -> None:
    make_product(shop, name="Smartphone")

    assert not trigrams.index_parts(connection)
    assert found("phone") == ["Smartphone"]
    assert found("smartphones") == ["Smartphone"]
    assert found("smartfone") == []


@on_postgresql
@pytest.mark.usefixtures("without_trigrams")
def test_a_check_warns_if_the_extension_is_missing() -> None:
    (warning,) = run_checks(tags=["database"], databases=["default"])

    assert isinstance(warning, Warning)
    assert warning.id == "catalog.W001"
    assert "CREATE EXTENSION IF NOT EXISTS pg_trgm; CREATE INDEX" in str(warning.hint)


def test_the_check_is_silent_if_the_extension_is_installed() -> None:
    assert run_checks(tags=["database"], databases=["default"]) == []


@on_postgresql
def test_making_the_index_again_changes_nothing() -> None:
    assert trigrams.index_parts(connection)
    assert trigrams.index_parts(connection)
