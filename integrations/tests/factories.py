"""Integrations for tests, connected by the real service."""

from accounts.tests.projects import Team
from integrations.models import Integration
from integrations.services import connect_integration
from integrations.tests.pretend.shop import CONFIG
from integrations.tests.work import work


def connect(team: Team, *, shop_url: str = CONFIG["shop_url"], **config: object) -> Integration:
    """Connect the team's project to the pretend shop, in the owner's name. It is not checked."""
    return connect_integration(
        project=team.project,
        provider="shopify",
        config={**CONFIG, "shop_url": shop_url, **config},
        by=team.owner,
    ).integration


def make_integration(team: Team, **config: object) -> Integration:
    """Connect the team's project to the pretend shop, check it and sync it."""
    integration = connect(team, **config)  # type: ignore[arg-type]  # shop_url is a text
    work()
    integration.refresh_from_db()
    return integration
