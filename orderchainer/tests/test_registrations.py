"""Exactly what the apps register: a registration that gets lost or sneaks in fails here."""

import pytest
from django.conf import settings
from django.template.loader import get_template
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.access import OPERATIONS
from accounts.mail.letters import KINDS
from accounts.scopes import AREAS, all_scopes
from catalog.pages.shop_links import SHOP_LINKS
from orderchainer.core.admin.sections import SECTIONS
from orderchainer.core.http.bodies import BODY_LIMITS, UPLOAD_LIMITS
from orderchainer.core.http.documented import ERROR_FIELDS, GROUPS, THINGS
from orderchainer.core.http.surfaces import PREFIXES
from orderchainer.core.http.views import SurfaceView
from orderchainer.core.limits.rates import LIMITS
from orderchainer.core.logs.secrets import SHAPES
from orderchainer.core.registry import RegistrationError, Registry
from orderchainer.core.web.content_policy import POLICIES
from orderchainer.core.web.live import FEEDS
from orderchainer.core.web.palette import FINDERS
from orderchainer.core.web.panels import PANELS
from orders.pages.questions import WAYS_TO_ASK


def test_every_surface_lives_where_the_apps_say() -> None:
    assert {prefix: surface.name for prefix, surface in PREFIXES.items()} == {
        "/api": "chain",
        "/api/auth": "chain",
        "/api/auth/forgot-password": "envelope",
        "/api/auth/login": "envelope",
        "/api/auth/register": "union",
        "/api/auth/register-confirmation": "envelope",
        "/api/auth/resend-confirmation-email": "envelope",
        "/api/auth/resend-verification-code": "envelope",
        "/api/auth/reset-password": "envelope",
        "/api/auth/send-reset-code": "envelope",
        "/api/auth/verify-email": "envelope",
        "/api/cart": "shop",
        "/api/categories": "shop",
        "/api/discord": "chain",
        "/api/order": "envelope",
        "/api/orders": "chain_and_shop",
        "/api/products": "shop",
        "/api/user": "envelope",
        "/api/v1": "hub",
        "/auth/api": "shop",
    }


def test_every_operation_has_its_roles() -> None:
    everybody = {"owner", "manager", "agent", "viewer"}
    handlers = everybody - {"viewer"}
    managers = {"owner", "manager"}
    changes_project, changes_members = (
        ("accounts.change_project",),
        ("accounts.change_membership",),
    )

    def looks(app: str, model: str) -> tuple[str, str]:
        return (f"{app}.view_{model}", f"{app}.change_{model}")

    assert {
        name: (
            set(operation.roles),
            operation.staff_permissions,
        )
        for name, operation in OPERATIONS.items()
    } == {
        "view_project": (everybody, looks("accounts", "project")),
        "change_project": (managers, changes_project),
        "delete_project": ({"owner"}, changes_project),
        "view_members": (everybody, looks("accounts", "membership")),
        "manage_members": (managers, changes_members),
        "manage_owners": ({"owner"}, changes_members),
        "leave_project": (everybody, ()),
        "view_activity": ({"owner"}, looks("accounts", "activity")),
        "view_orders": (everybody, looks("orders", "order")),
        "handle_orders": (handlers, ("orders.change_order",)),
        "delete_orders": (handlers, ("orders.delete_order",)),
        "save_views": (everybody, ()),
        "share_views": (handlers, ()),
        "view_catalog": (everybody, looks("catalog", "product")),
        "manage_catalog": (managers, ("catalog.change_product",)),
        "view_messages": (everybody, looks("notifications", "message")),
        "send_messages": (handlers, ("notifications.change_conversation",)),
        "manage_messaging": (managers, ("notifications.change_notificationrule",)),
        "choose_news": (everybody, ()),
        "view_integrations": (everybody, looks("integrations", "integration")),
        "sync_integrations": (handlers, ("integrations.change_integration",)),
        "manage_integrations": (managers, ("integrations.change_integration",)),
        "ask_assistant": (everybody, looks("integrations", "assistantcall")),
        "view_assistant_usage": (everybody, looks("integrations", "assistantcall")),
        "suggest_replies": (handlers, ("notifications.change_conversation",)),
        "view_reports": (everybody, looks("reports", "report")),
        "manage_reports": (handlers, ("reports.change_report",)),
        "view_usage": (managers, looks("reports", "apicalls")),
    }


def test_scopes_stand_in_the_documented_order() -> None:
    assert all_scopes() == (
        "account:read",
        "account:write",
        "projects:read",
        "projects:write",
        "catalog:read",
        "catalog:write",
        "cart:read",
        "cart:write",
        "orders:read",
        "orders:write",
        "messages:read",
        "messages:write",
        "integrations:read",
        "integrations:write",
        "discord:read",
        "discord:write",
        "assistant:read",
        "assistant:write",
        "reports:read",
        "reports:write",
    )


def test_every_view_names_an_area_that_is_registered() -> None:
    def areas(resolver: URLResolver) -> set[str]:
        found: set[str] = set()
        for pattern in resolver.url_patterns:
            if isinstance(pattern, URLResolver):
                found |= areas(pattern)
            elif isinstance(pattern, URLPattern):
                view = getattr(pattern.callback, "cls", None)
                if isinstance(view, type) and issubclass(view, SurfaceView):
                    found |= {view.area} if view.area else set()
        return found

    assert areas(get_resolver()) == set(AREAS)


def test_every_limit_has_its_setting() -> None:
    assert {name: limit.setting for name, limit in LIMITS.items()} == {
        "standard": "RATE_LIMIT_STANDARD",
        "upload": "RATE_LIMIT_UPLOADS",
        "sign-in": "RATE_LIMIT_AUTH",
        "register": "RATE_LIMIT_AUTH",
        "use-code": "RATE_LIMIT_AUTH",
        "send-code": "RATE_LIMIT_AUTH",
        "codes-sent": "RATE_LIMIT_CODES",
        "invitations-sent": "RATE_LIMIT_INVITATIONS",
        "ai": "RATE_LIMIT_AI",
        "webhooks": "RATE_LIMIT_WEBHOOKS",
        "pages": "RATE_LIMIT_PAGES",
    }


def test_every_setting_of_a_rate_belongs_to_a_limit() -> None:
    rates = {name for name in dir(settings) if name.startswith("RATE_LIMIT_")}

    assert {limit.setting for limit in LIMITS.values()} == rates


def test_groups_and_tags_stand_in_the_order_in_which_they_are_shown() -> None:
    assert list(GROUPS) == ["chain", "hub", "envelope", "shop"]
    assert list(THINGS) == [
        "auth",
        "user",
        "projects",
        "invitations",
        "products",
        "categories",
        "cart",
        "order",
        "orders",
        "messages",
        "integrations",
        "webhooks",
        "discord",
        "assistant",
        "reports",
    ]


def test_these_paths_have_their_own_limit_for_bodies() -> None:
    mebibyte = 1024 * 1024

    assert dict(BODY_LIMITS) == {
        "/api/v1/webhooks/shopify": 3 * mebibyte,
        "/api/v1/webhooks/whatsapp": 3 * mebibyte,
        "/api/v1/webhooks/telegram": mebibyte,
    }
    assert dict(UPLOAD_LIMITS) == {
        "/api/v1/messages/*/send": 17 * mebibyte,
        "/app/*/inbox/*/send": 17 * mebibyte,
    }


def test_refusals_show_the_facts_that_the_apps_have_registered() -> None:
    assert {key: field.holds for key, field in ERROR_FIELDS.items()} == {
        ("chain", "cycle"): "ids",
        ("chain", "blockers"): "ids",
        ("chain", "dependents"): "ids",
        ("chain", "open_moves"): "words",
        ("chain", "shortages"): "objects",
        ("checkout", "currencies"): "words",
        ("hub", "allowed"): "words",
        ("hub", "invitation"): "text",
        ("hub", "max_length"): "number",
        ("hub", "length"): "number",
        ("hub", "blockers"): "ids",
        ("hub", "cycle"): "ids",
        ("hub", "dependents"): "ids",
        ("hub", "open_moves"): "words",
        ("hub", "rows"): "objects",
        ("hub", "shortages"): "objects",
        ("hub", "finish_reason"): "text",
        ("hub", "resets_at"): "text",
    }


def test_the_back_office_has_these_sections_from_top_to_bottom() -> None:
    by_place = sorted(SECTIONS, key=lambda label: SECTIONS[label].place)

    assert by_place == [
        "orders",
        "catalog",
        "integrations",
        "notifications",
        "reports",
        "accounts",
    ]
    assert {
        label: section.with_pages_of for label, section in SECTIONS.items() if section.with_pages_of
    } == {"accounts": ("auth",)}


def test_only_these_pages_have_a_wider_content_policy() -> None:
    assert set(POLICIES) == {"/admin", "/app", "/redoc", "/shop/"}


def test_pages_follow_these_feeds() -> None:
    assert set(FEEDS) == {"person", "project"}


def test_pages_show_these_panels() -> None:
    assert set(PANELS) == {
        ("account-preferences", "own-news"),
        ("conversation", "conversation-channel"),
        ("conversation", "conversation-suggestion"),
        ("order-page", "order-assistant"),
        ("order-page", "order-conversation"),
        ("product-page", "product-orders"),
    }


def test_the_scripts_that_panels_bring_are_there() -> None:
    modules = {panel.module for panel in PANELS.values()} - {""}

    assert modules == {"orderchainer/js/asking.js"}
    assert all((settings.BASE_DIR / "static" / module).exists() for module in modules)


def test_the_palette_finds_these() -> None:
    # They come with the pages.
    assert get_resolver().url_patterns
    by_place = sorted(FINDERS, key=lambda name: FINDERS[name].place)

    assert by_place == ["orders", "views", "products", "members", "assistant"]
    assert {finder.operation for finder in FINDERS.values()} <= OPERATIONS.keys()


def test_these_secrets_are_kept_out_of_texts() -> None:
    assert set(SHAPES.so_far()) == {
        "query",
        "scheme",
        "jwt",
        "login",
        "link",
        "api_token",
        "webhook",
        "meta",
        "google",
        "openai",
        "shopify",
        "signed",
        "bot",
        "report_link",
    }


def test_these_kinds_of_e_mails_have_a_text_and_a_page() -> None:
    assert set(KINDS.so_far()) == {
        "verify_email",
        "reset_password",
        "password_changed",
        "email_changed",
        "invitation",
        "order_news",
        "team_news",
        "report_ready",
    }
    for kind in KINDS.so_far():
        for ending in ("txt", "html"):
            get_template(f"emails/{kind}.{ending}")


def test_a_name_is_registered_once() -> None:
    registry: Registry[str, int] = Registry("number")
    registry.add("one", 1)

    with pytest.raises(RegistrationError, match="The number 'one' is registered twice"):
        registry.add("one", 2)

    assert dict(registry) == {"one": 1}


def test_registering_after_everything_was_read_is_an_error() -> None:
    registry: Registry[str, int] = Registry("number")
    registry.add("one", 1)
    assert list(registry) == ["one"]

    with pytest.raises(RegistrationError, match="'two' is registered after all"):
        registry.add("two", 2)

    assert "two" not in registry


def test_the_shop_has_these_links_at_its_top() -> None:
    assert set(SHOP_LINKS) == {"shop-cart", "shop-orders"}


def test_customers_ask_about_an_order_in_these_ways() -> None:
    assert set(WAYS_TO_ASK) == {"channels"}
