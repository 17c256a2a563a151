"""A refusal of a huge body stays small."""

import pytest
from rest_framework.test import APIClient

from accounts.tests.factories import client_of
from accounts.tests.projects import Team, make_team

pytestmark = pytest.mark.django_db

MANY = 20_000
MOST_BYTES = 40_000


@pytest.fixture
def team() -> Team:
    """Return a project."""
    return make_team()


@pytest.fixture
def owner(team: Team) -> APIClient:
    """Return a client of its owner."""
    return client_of(team.owner)


def test_a_configuration_with_thousands_of_unknown_keys(team: Team, owner: APIClient) -> None:
    config = {f"key_{number}": "x" for number in range(MANY)}

    refused = owner.post(
        f"/api/v1/integrations/{team.project.uuid}/connect",
        {"provider": "shopify", "config": config},
        format="json",
    )

    assert refused.status_code == 422
    assert len(refused.content) < MOST_BYTES
    errors = refused.json()["errors"]
    # What is missing comes before what is too much.
    assert "shop_url" in list(errors["config"])[:5]
    assert "more messages like these" in str(errors["body"])


@pytest.mark.parametrize("path", ["/api/orders/", "/api/v1/orders/{project}"])
def test_a_body_with_thousands_of_unknown_fields(team: Team, owner: APIClient, path: str) -> None:
    body = {"title": "A lamp", **{f"field_{number}": 1 for number in range(MANY)}}

    refused = owner.post(path.format(project=team.project.uuid), body, format="json")

    assert refused.status_code in {400, 422}
    assert len(refused.content) < MOST_BYTES
    assert "more messages like these" in refused.content.decode()
