"""A shop's Admin API with a token that is kept, renewed early, and renewed when it is refused."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

import structlog
from django.conf import settings
from django.utils import timezone

from integrations.models import Integration
from integrations.shopify import client
from integrations.shopify.client import NoAccess, Reply, Token, TokenRefused
from integrations.shopify.models import ShopifyToken
from orderchainer.core.encryption import Secret, Undecryptable
from orderchainer.core.outbox import GiveUp, TryAgain

logger = structlog.get_logger(__name__)

# We get a new token after this part of the old one's life.
RENEWED_AFTER = 0.9


class AdminApi:
    """The Admin API of the shop of an integration, for one attempt of a worker.

    Calls begin only in the first half of the attempt's lease, so that the last of them ends before
    the lease does. `go_on` starts that time anew, after the lease was renewed.
    """

    def __init__(
        self,
        integration: Integration,
        configuration: Mapping[str, str] | None = None,
        *,
        announced: Iterable[str] = (),
    ) -> None:
        """Prepare calls to the shop. Without `configuration`, decrypt the integration's own.

        With it, the token is for these calls alone and is not kept. What is in `announced` is not
        logged again. Raises `GiveUp` if a secret is unreadable.
        """
        self.integration = integration
        self._keeps_token = configuration is None
        if configuration is None:
            try:
                configuration = integration.configuration()
            except Undecryptable as exc:
                raise GiveUp(str(exc)) from exc
        self._configuration = configuration
        self._token = ""
        # Announcements about Shopify's API that the log has already.
        self.announced = set(announced)
        self.go_on()

    @property
    def shop(self) -> str:
        """The shop's domain."""
        return self.integration.account

    @property
    def can_verify_webhooks(self) -> bool:
        """Whether the configuration has the secret with which Shopify signs webhooks."""
        return bool(self._configuration.get("api_secret"))

    def go_on(self) -> None:
        """Allow calls for half a lease from now on."""
        self._ends_at = monotonic() + settings.DELIVERY_LEASE_SECONDS / 2

    def ask(self, query: str, variables: Mapping[str, Any] | None = None) -> Reply:
        """Send a query or a mutation; see `client.ask`. Renews the token once if it is refused."""
        token = self._token or self._kept_token()
        try:
            return self._asked(token, query, variables or {})
        except TokenRefused:
            if self._configuration.get("access_token"):
                raise
        return self._asked(self._new_token(), query, variables or {})

    def _asked(self, token: str, query: str, variables: Mapping[str, Any]) -> Reply:
        self._require_time()
        self._token = token
        reply = client.ask(self.shop, token, query, variables)
        for words in set(reply.announcements) - self.announced:
            self.announced.add(words)
            logger.warning("shopify_announcement", shop=self.shop, words=words)
        return reply

    def _require_time(self) -> None:
        if monotonic() > self._ends_at:
            raise TryAgain("Shopify is too slow for all calls of one attempt.", timed_out=True)

    # --- The token ----------------------------------------------------------------------------

    def _kept_token(self) -> str:
        """Return the pasted token, the kept one, or a new one."""
        if pasted := self._configuration.get("access_token"):
            return pasted
        if not self._keeps_token:
            return self._new_token()
        kept = ShopifyToken.objects.filter(
            integration=self.integration, config_version=self.integration.config_version
        ).first()
        now = timezone.now()
        try:
            if kept is None or now >= kept.expires_at:
                return self._new_token()
            text = kept.token.reveal()
        except Undecryptable:
            return self._new_token()
        if kept.is_fresh(now):
            return text
        try:
            return self._new_token()
        except TryAgain:
            # The old token still works. The next attempt tries again to renew it.
            return text

    def _new_token(self) -> str:
        """Get a token and keep it. If two workers do that at once, both tokens are valid."""
        self._require_time()
        api_key = self._configuration.get("api_key", "")
        api_secret = self._configuration.get("api_secret", "")
        if not (api_key and api_secret):
            raise NoAccess("The integration has no access_token, and no api_key with api_secret.")
        now = timezone.now()
        token = client.fetch_token(self.shop, api_key=api_key, api_secret=api_secret)
        if self._keeps_token:
            self._keep(token, now)
        return token.text

    def _keep(self, token: Token, now: datetime) -> None:
        lifetime = timedelta(seconds=token.lifetime_seconds)
        ShopifyToken.objects.update_or_create(
            integration=self.integration,
            defaults={
                "token": Secret.of(token.text),
                "renew_at": now + lifetime * RENEWED_AFTER,
                "expires_at": now + lifetime,
                "config_version": self.integration.config_version,
            },
        )
