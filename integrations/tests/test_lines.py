"""Which integrations are lines of a project, and what people see of them."""

from types import SimpleNamespace
from typing import Any

import pytest

from accounts.models import Project
from accounts.services import create_project
from accounts.tests.factories import make_user
from integrations.inbound.tests.factories import make_integration
from integrations.lines import integration_of, line_of
from integrations.models import Integration
from notifications.channels import lines_of
from orderchainer.core.outbox import GiveUp

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _channels(monkeypatch: pytest.MonkeyPatch) -> None:
    """WhatsApp is a channel, and nothing else is."""
    known = SimpleNamespace(so_far=lambda: {"whatsapp": None})
    monkeypatch.setattr("integrations.lines.CHANNELS", known)


@pytest.fixture
def project() -> Project:
    return create_project(owner=make_user(), name="A shop")


def connect(project: Project, **fields: Any) -> Integration:
    return make_integration(
        project=project, **{"provider": "whatsapp", "account": "106540352242922", **fields}
    )


def test_the_messengers_of_a_project_are_its_lines(project: Project) -> None:
    first = connect(project)
    second = connect(project, account="7", account_name="+1 555-078-3881")
    connect(project, provider="shopify", account="a.myshopify.com")
    connect(create_project(owner=make_user(), name="Another shop"))
    connect(project, account="8", status="disconnected")

    lines = lines_of(project)

    assert [(line.uuid, line.name, line.trouble) for line in lines] == [
        (first.uuid, "WhatsApp 106540352242922", ""),
        (second.uuid, "+1 555-078-3881", ""),
    ]
    assert integration_of(lines[0].uuid) == first


@pytest.mark.parametrize(
    ("fields", "trouble"),
    [
        ({"is_paused": True}, "It is paused."),
        ({"status": "error", "last_error": "The token is not valid."}, "The token is not valid."),
        ({"status": "connecting"}, ""),
    ],
)
def test_a_line_that_cannot_be_used_says_why(
    project: Project, fields: dict[str, Any], trouble: str
) -> None:
    assert line_of(connect(project, **fields)).trouble == trouble


def test_a_disconnected_line_is_gone(project: Project) -> None:
    with pytest.raises(GiveUp):
        integration_of(connect(project, status="disconnected").uuid)
