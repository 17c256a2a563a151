"""Connected accounts and calls of providers."""

from collections.abc import Mapping
from itertools import count
from typing import Any

from django.test import Client

from accounts.models import Project
from accounts.services import create_project
from accounts.tests.factories import make_user
from integrations.inbound.tests.pretend.provider import SECRET, SHOP, signature_of
from integrations.models import InboundDelivery, Integration
from integrations.models.integrations import sealed

_number = count(1)

PATH = "/api/v1/webhooks/pretend"
BODY = b'{"id":1}'


def make_integration(
    *,
    project: Project | None = None,
    provider: str = "pretend",
    account: str = SHOP,
    secrets: Mapping[str, str] | None = None,
    **fields: Any,
) -> Integration:
    """Make a connected integration; `fields` are stored unchecked."""
    fields = {"status": Integration.Status.CONNECTED, **fields}
    is_over = fields["status"] == Integration.Status.DISCONNECTED
    return Integration.objects.create(
        project=project or create_project(owner=make_user(), name="A shop"),
        provider=provider,
        account=account,
        secrets=None if is_over else sealed({"api_secret": SECRET} if secrets is None else secrets),
        **fields,
    )


def make_delivery(integration: Integration | None = None, **fields: Any) -> InboundDelivery:
    """Make a stored delivery."""
    return InboundDelivery.objects.create(
        integration=integration or make_integration(),
        **{"key": f"delivery-{next(_number)}", "topic": "orders/create", "body": BODY, **fields},
    )


def headers_of(body: bytes, **changes: str) -> dict[str, str]:
    """Return the headers of a signed call; `changes` replace some, with underscores for dashes."""
    headers = {
        "x-shop": SHOP,
        "x-hmac-sha256": signature_of(body),
        "x-webhook-id": f"webhook-{next(_number)}",
        "x-topic": "orders/create",
    }
    return headers | {name.replace("_", "-"): value for name, value in changes.items()}


def post(body: bytes = BODY, *, path: str = PATH, **changes: Any) -> Any:
    """Post a signed call of the pretend provider."""
    return Client().post(
        path, body, content_type="application/json", headers=headers_of(body, **changes)
    )
