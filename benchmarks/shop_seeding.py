"""The rows of a shop, for the service and for the control.

The products are those of a real shop: a few large categories and many small ones, many cheap
products and few dear ones, words in every seventh description and words in ten names.
"""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jwt
from django.conf import settings
from django.db import connection

from accounts.models import Project, User
from accounts.services import create_project, open_session
from accounts.services.storefront import set_storefront
from benchmarks.seeding import make_account, settle
from cart.models import Cart
from catalog.models import Category, Product
from catalog.services import create_category

SCHEMA = "control"
CONTROL_SETTINGS = "benchmarks.control.settings"
PRODUCTS = 10_000
ORDERS = 50_000
# Ten categories with nine subcategories each.
TOP, WITHIN = 10, 9
CUSTOMERS = 1_600

# `skew` and `level` run evenly from 0 to 1, each in its own sequence.
_PRODUCTS = """
    INSERT INTO catalog_product (
        uuid, project_id, category_id, sku, slug, name, description, price, currency, image,
        featured, is_active, stock, created_at, updated_at, version
    )
    SELECT
        gen_random_uuid(), %(project)s,
        (%(categories)s::bigint[])[1 + floor(100 * skew ^ 3)],
        'SHOP-' || n, 'shop-' || n,
        (ARRAY['Desk', 'Floor', 'Table', 'Garden', 'Phone', 'Reading'])[1 + n %% 6] || ' '
            || (ARRAY['lamp', 'chair', 'shelf', 'clock', 'mirror'])[1 + n / 10 %% 5]
            || CASE WHEN n %% 1000 = 7 THEN ' walnut ' ELSE ' ' END || n,
        'Something for every day, made of '
            || (ARRAY['oak', 'steel', 'glass', 'linen', 'brass', 'cork', 'wool'])[1 + n %% 7]
            || ' and finished by hand. Delivered within three days.',
        round((1 + 2000 * level ^ 4)::numeric, 2), 'USD', '', n %% 50 = 0, n %% 20 <> 0,
        CASE WHEN n %% 9 = 0 THEN 0 ELSE 1000000 END,
        now() - n * interval '1 minute', now(), 1
    FROM (
        SELECT n, n * 0.6180339887 %% 1 AS skew, n * 0.7548776662 %% 1 AS level
        FROM generate_series(1, %(count)s) AS n
    ) AS numbers
    ORDER BY n
"""
# Orders have been made one after the other; two in three are fulfilled, one in a thousand failed.
_AGES = """
    UPDATE orders_order SET
        created_at = now() - (%(last)s - id) * interval '1 minute',
        status = CASE WHEN id %% 1000 = 0 THEN 'failed' WHEN id %% 4 = 0 THEN 'pending'
            WHEN id %% 12 = 1 THEN 'cancelled' ELSE 'fulfilled' END
    WHERE owner_id = %(owner)s
"""
# The control's rows are ours, with the same ids.
_COPIES = (
    """INSERT INTO {schema}.auth_user (id, password, is_superuser, username, first_name, last_name,
            email, is_staff, is_active, date_joined)
        SELECT id, '!', false, email, 'Ann', 'Example', email, false, true, now()
        FROM accounts_user WHERE email LIKE 'shop-%%'""",
    """INSERT INTO {schema}.control_category (id, name, slug, parent_id)
        SELECT id, name, slug, parent_id FROM catalog_category WHERE project_id = %(project)s""",
    """INSERT INTO {schema}.control_product (id, category_id, sku, slug, name, description, price,
            currency, image, featured, is_active, stock, created_at, updated_at)
        SELECT id, category_id, sku, slug, name, description, price,
            currency, image, featured, is_active, stock, created_at, updated_at
        FROM catalog_product WHERE project_id = %(project)s ORDER BY id""",
    """INSERT INTO {schema}.control_order (id, owner_id, title, description, status, total_price,
            currency, customer_name, customer_email, customer_phone, shipping_address, phone_number,
            notes, created_at, updated_at)
        SELECT id, owner_id, title, description, status, total_price,
            currency, customer_name, customer_email, customer_phone, shipping_address, phone_number,
            notes, created_at, updated_at
        FROM orders_order WHERE owner_id = %(owner)s ORDER BY id""",
    """INSERT INTO {schema}.control_orderitem (order_id, product_id, name, sku, unit_price,
            quantity)
        SELECT item.order_id, item.product_id, item.name, item.sku, item.unit_price, item.quantity
        FROM orders_orderitem item JOIN orders_order o ON o.id = item.order_id
        WHERE o.owner_id = %(owner)s ORDER BY item.id""",
    "SELECT setval('{schema}.control_order_id_seq', (SELECT max(id) FROM {schema}.control_order))",
    """INSERT INTO {schema}.control_cart (user_id, updated_at)
        SELECT user_id, now() FROM cart_cart WHERE user_id >= %(customer)s""",
)
_EMPTY_CARTS = ("DELETE FROM cart_cartitem", f"DELETE FROM {SCHEMA}.control_cartitem")


@dataclass(frozen=True)
class Caller:
    """A user, with a token of the service and one of the control."""

    user: User
    token: str
    control_token: str


@dataclass(frozen=True)
class Shop:
    """What the requests are made from."""

    project: Project
    owner: Caller
    customers: list[Caller]
    categories: list[Category]
    product_ids: list[int]
    order_ids: Sequence[int]


def make_shop() -> Shop:
    """Make a shop with its orders and customers the storefront, and copy it for the control."""
    account = make_account("shop-owner", ORDERS)
    project = create_project(owner=account.user, name="The shop beside the control")
    set_storefront(project=project)
    top = [create_category(project=project, name=f"Shop shelf {n}") for n in range(TOP)]
    categories = []
    for parent in top:
        categories.append(parent)
        categories += [
            create_category(project=project, name=f"{parent.name}, {n}", parent=parent)
            for n in range(WITHIN)
        ]
    users = User.objects.bulk_create(
        User(email=f"shop-customer-{number}@example.com") for number in range(CUSTOMERS)
    )
    Cart.objects.bulk_create(Cart(user=user) for user in users)
    names: dict[str, Any] = {
        "project": project.pk,
        "owner": account.user.pk,
        "customer": users[0].pk,
        "categories": [category.pk for category in categories],
        "count": PRODUCTS,
        "last": account.order_ids[-1],
    }
    with connection.cursor() as cursor:
        cursor.execute(_PRODUCTS, names)
        cursor.execute(_AGES, names)
        cursor.execute(f"CREATE SCHEMA {SCHEMA}")
        run_control("django", "migrate", "--verbosity=0")
        for statement in _COPIES:
            cursor.execute(statement.format(schema=SCHEMA), names)
    settle()
    on_sale = Product.objects.filter(project=project, is_active=True, stock__gt=0)
    return Shop(
        project,
        _caller(account.user),
        [_caller(user) for user in users],
        top,
        list(on_sale.order_by("pk").values_list("pk", flat=True)[:100]),
        account.order_ids,
    )


def empty_carts() -> None:
    """Empty all carts, ours and the control's."""
    with connection.cursor() as cursor:
        for statement in _EMPTY_CARTS:
            cursor.execute(statement)


def run_control(module: str, *arguments: str, sent: bytes = b"") -> bytes:
    """Run a module of Python in the control's environment; return what it writes."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        input=sent,
        stdout=subprocess.PIPE,
        check=True,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": CONTROL_SETTINGS},
    )
    return done.stdout


def _caller(user: User) -> Caller:
    claims = {
        "token_type": "access",
        "user_id": str(user.pk),
        "jti": str(user.uuid),
        "exp": int(time.time()) + 24 * 60 * 60,
    }
    token = jwt.encode(claims, settings.SECRET_KEY, algorithm="HS256")
    return Caller(user, open_session(user=user).access, token)
