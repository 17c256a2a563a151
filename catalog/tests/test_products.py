"""The services of products: which values they accept, and that each change is counted."""

from decimal import Decimal
from typing import Any

import pytest

from accounts.models import Project
from catalog.errors import InsufficientStock, ProductNotFound, SkuTaken, SlugTaken
from catalog.models import Product, StockMovement
from catalog.queries.inventory import stock_differences
from catalog.services import adjust_stock, create_product, update_product
from catalog.services.stock import MAX_STOCK
from catalog.tests.factories import make_category, make_product, make_storefront
from orderchainer.core.errors import Invalid, Stale

pytestmark = pytest.mark.django_db
CODE = "Must be three capital letters as in ISO 4217, such as USD."
UNKNOWN = "ISO 4217 has no currency ABC. Use a code such as USD, EUR or JPY."
TOO_FINE = "Amounts in USD have at most two decimals, such as 100.50."


@pytest.fixture
def shop() -> Project:
    """A storefront that sells nothing yet."""
    return make_storefront()


def rows() -> list[Any]:
    """Return every product and every row of the ledger."""
    return [
        list(Product.objects.order_by("pk").values()),
        list(StockMovement.objects.order_by("pk").values()),
    ]


# --- Creating ---------------------------------------------------------------------------------


def test_the_first_stock_is_the_first_row_of_the_ledger(shop: Project) -> None:
    merchant = shop.memberships.get().user

    lamp = create_product(
        project=shop,
        fields={"sku": "L-1", "name": "Desk lamp", "price": Decimal(5)},
        stock=7,
        by=merchant,
    )

    (movement,) = lamp.movements.all()
    assert (movement.change, movement.reason, movement.by) == (7, "initial", merchant)
    assert lamp.stock == 7
    lamp.refresh_from_db()
    assert (lamp.stock, lamp.version) == (7, 2)


def test_a_product_without_stock_has_an_empty_ledger(shop: Project) -> None:
    lamp = make_product(shop, stock=0)

    assert (lamp.movements.count(), lamp.version) == (0, 1)


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Desk lamp", "desk-lamp"),
        ("Lampe à poser, n° 5!", "lampe-a-poser-n-5"),
        ("台灯", "item"),
        ("---", "item"),
        ("x" * 255, "x" * 255),
    ],
)
def test_a_slug_is_made_of_the_name(shop: Project, name: str, slug: str) -> None:
    assert make_product(shop, name=name).slug == slug


def test_slugs_of_the_same_name_are_numbered(shop: Project) -> None:
    names = ["Lamp", "Lamp", "Lamp 2", "lamp", "x" * 255, "x" * 255]

    slugs = [make_product(shop, name=name).slug for name in names]

    assert slugs[:4] == ["lamp", "lamp-2", "lamp-2-2", "lamp-3"]
    assert slugs[4:] == ["x" * 255, "x" * 253 + "-2"]
    assert make_product(make_storefront(), name="Lamp").slug == "lamp"


def test_two_products_cannot_share_a_sku(shop: Project) -> None:
    make_product(shop, sku="L-1")
    before = rows()

    with pytest.raises(SkuTaken):
        make_product(shop, sku="L-1")
    with pytest.raises(SkuTaken):
        make_product(shop, sku="L-1", slug="another")

    assert rows() == before
    assert make_product(make_storefront(), sku="L-1").sku == "L-1"


def test_a_slug_that_was_asked_for_is_given_or_refused(shop: Project) -> None:
    make_product(shop, slug="lamp")
    before = rows()

    with pytest.raises(SlugTaken):
        make_product(shop, slug="lamp")

    assert rows() == before


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("sku", "", "This field cannot be blank."),
        ("sku", " L-1", "This field may not begin or end with a space."),
        ("sku", "L\n1", "This field must be a single line."),
        ("sku", "L\x001", "Null characters are not allowed."),
        ("name", "\ud800", "This is not valid text: it contains half a character."),
        ("name", " ", "This field may not begin or end with a space."),
        (
            "name",
            "x" * 256,
            "Ensure this value has at most 255 characters (it has 256).",
        ),
        (
            "slug",
            "a b",
            "Enter a valid “slug” consisting of letters, numbers, underscores or hyphens.",
        ),
        ("price", Decimal("-0.01"), "Must not be negative."),
        ("price", Decimal("0.001"), TOO_FINE),
        ("price", Decimal("NaN"), "Must be an amount in digits, such as 1299.00."),
        ("currency", "usd", CODE),
        ("currency", "USDX", CODE),
        ("currency", "ABC", UNKNOWN),
    ],
)  # fmt: skip
def test_refuses_values_that_a_product_cannot_have(
    shop: Project, field: str, value: Any, message: str
) -> None:
    lamp = make_product(shop)
    before = rows()

    with pytest.raises(Invalid) as created:
        make_product(shop, **{field: value})
    with pytest.raises(Invalid) as updated:
        update_product(product=lamp, changes={field: value})  # type: ignore[misc]

    assert created.value.errors[field][0] == message
    assert updated.value.errors[field][0] == message
    assert rows() == before


@pytest.mark.parametrize("stock", [-1, MAX_STOCK + 1])
def test_refuses_an_impossible_stock(shop: Project, stock: int) -> None:
    with pytest.raises(Invalid) as refused:
        make_product(shop, stock=stock)

    assert refused.value.errors == {"stock": ["Must be from 0 to 1000000000."]}
    assert not Product.objects.exists()


def test_the_category_must_be_in_the_project(shop: Project) -> None:
    lamp = make_product(shop)
    foreign, gone = make_category(make_storefront()), make_category(shop)
    gone_pk = gone.pk
    gone.delete()
    gone.pk = gone_pk
    before = rows()

    for category in (foreign, gone):
        with pytest.raises(Invalid) as created:
            make_product(shop, category=category)
        with pytest.raises(Invalid) as moved:
            update_product(product=lamp, changes={"category": category})
        assert created.value.errors == moved.value.errors
        assert created.value.errors == {"category": ["There is no such category in this project."]}

    assert rows() == before


# --- Changing ---------------------------------------------------------------------------------


def test_a_change_is_counted_and_dated(shop: Project) -> None:
    lamp = make_product(shop)

    changed = update_product(product=lamp, changes={"price": Decimal("17.99"), "is_active": False})

    assert (changed.price, changed.is_active) == (Decimal("17.99"), False)
    assert changed.version == lamp.version + 1
    assert changed.updated_at > lamp.updated_at
    lamp.refresh_from_db()
    assert (lamp.version, lamp.updated_at) == (changed.version, changed.updated_at)


def test_setting_the_same_values_is_no_change(shop: Project) -> None:
    category = make_category(shop)
    lamp = make_product(shop, category=category)
    before = rows()

    update_product(
        product=lamp,
        changes={"name": lamp.name, "price": Decimal("19.99"), "category": category},
    )

    assert rows() == before


def test_a_new_name_keeps_the_slug_unless_it_is_cleared(
    shop: Project,
) -> None:
    lamp = make_product(shop, name="Lamp")

    assert update_product(product=lamp, changes={"name": "Light"}).slug == "lamp"
    assert update_product(product=lamp, changes={"slug": ""}).slug == "light"
    assert update_product(product=lamp, changes={"slug": ""}).slug == "light"


@pytest.mark.parametrize(("field", "error"), [("sku", SkuTaken), ("slug", SlugTaken)])
def test_a_sku_or_slug_of_another_product_cannot_be_taken(
    shop: Project, field: str, error: type[Exception]
) -> None:
    lamp, other = make_product(shop), make_product(shop)
    before = rows()

    with pytest.raises(error):
        update_product(product=lamp, changes={field: getattr(other, field)})  # type: ignore[misc]

    assert rows() == before


def test_a_precondition_sees_the_product_as_it_is(shop: Project) -> None:
    lamp = make_product(shop)
    adjust_stock(product_id=lamp.pk, change=-1)
    seen: list[int] = []

    def refuse(product: Product) -> None:
        seen.append(product.version)
        raise Stale

    before = rows()
    with pytest.raises(Stale):
        update_product(product=lamp, changes={"name": "Other"}, precondition=refuse)
    with pytest.raises(Stale):
        adjust_stock(product_id=lamp.pk, change=5, precondition=refuse)

    assert seen == [lamp.version + 1] * 2
    assert rows() == before


def test_a_product_that_is_gone_is_not_found(shop: Project) -> None:
    lamp = make_product(shop, stock=0)
    Product.objects.filter(pk=lamp.pk).delete()

    with pytest.raises(ProductNotFound):
        update_product(product=lamp, changes={"name": "Other"})


def test_stock_cannot_be_set_like_a_field(shop: Project) -> None:
    lamp = make_product(shop)

    with pytest.raises(TypeError, match="update_product changes no \\['stock'\\]"):
        update_product(product=lamp, changes={"stock": 5})  # type: ignore[typeddict-unknown-key]


# --- Stock ------------------------------------------------------------------------------------


def test_an_adjustment_says_why_and_who(shop: Project) -> None:
    lamp = make_product(shop)
    merchant = shop.memberships.get().user

    adjusted = adjust_stock(
        product_id=lamp.pk, change=-3, reason="adjusted", note="Broken", by=merchant
    )

    movement = lamp.movements.latest("pk")
    assert (movement.change, movement.reason, movement.note, movement.by) == (
        -3,
        "adjusted",
        "Broken",
        merchant,
    )
    assert (adjusted.stock, adjusted.version) == (7, 3)
    assert stock_differences() == []


def test_cannot_take_more_than_there_is(shop: Project) -> None:
    lamp = make_product(shop)
    before = rows()

    with pytest.raises(InsufficientStock) as refused:
        adjust_stock(product_id=lamp.pk, change=-11)

    assert refused.value.data["shortages"] == [
        {
            "product_id": lamp.pk,
            "name": "Desk lamp",
            "sku": lamp.sku,
            "requested": 11,
            "available": 10,
        }
    ]
    assert rows() == before


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"change": 0}, {"change": ["Must be from 1 to 1000000000, up or down."]}),
        ({"change": MAX_STOCK}, {"change": ["There would be more than 1000000000 in stock."]}),
        ({"change": 2**63}, {"change": ["Must be from 1 to 1000000000, up or down."]}),
        ({"change": 1, "reason": "sold"},
         {"reason": ["Must be one of initial, received, adjusted, imported."]}),
        ({"change": 1, "note": "x" * 256}, {"note": ["Must have at most 255 characters."]}),
    ],
)  # fmt: skip
def test_refuses_values_that_the_ledger_cannot_hold(
    shop: Project, changes: dict[str, Any], errors: object
) -> None:
    lamp = make_product(shop)
    before = rows()

    with pytest.raises(Invalid) as refused:
        adjust_stock(product_id=lamp.pk, **changes)

    assert refused.value.errors == errors
    assert rows() == before
