"""Every refusal that integrations raise."""

from collections.abc import Mapping, Sequence

from orderchainer.core.errors import Conflict, Invalid, NotAllowed, NotFound, Unauthenticated


class IntegrationNotFound(NotFound):
    """The integration does not exist in this project, or is disconnected."""

    code = "integration_not_found"
    default_message = "Integration not found"


class DeliveryNotFound(NotFound):
    """The integration has no such inbound delivery."""

    code = "delivery_not_found"
    default_message = "Delivery not found"


class RunNotFound(NotFound):
    """The integration has no such sync run."""

    code = "run_not_found"
    default_message = "Run not found"


class CannotSync(Conflict):
    """The integration cannot sync now, or its provider has nothing to sync."""

    code = "cannot_sync"


class CannotChange(Conflict):
    """The integration's provider is one that only an older release supported."""

    code = "cannot_change"
    default_message = "This provider is no longer supported. You can only disconnect it."


class TooManyIntegrations(Conflict):
    """The project has as many integrations as it may have."""

    code = "too_many_integrations"

    def __init__(self, most: int) -> None:
        super().__init__(f"A project has at most {most} integrations. Disconnect one first.")


class ConfigRefused(Invalid):
    """A configuration has wrong keys or values. `errors` holds messages by the name of the key."""

    def __init__(self, errors: Mapping[str, Sequence[str]]) -> None:
        super().__init__(errors, "The configuration is not valid.")


class CallRefused(Unauthenticated):
    """No integration's secrets sign the call of a provider, or there is no such integration.

    It never says which, so that nobody learns which accounts are connected here.
    """

    code = "invalid_signature"
    default_message = "The call is not signed as this address requires."


class HandshakeRefused(NotAllowed):
    """A handshake shows a verify token that belongs to no connected account."""

    code = "invalid_verify_token"
    default_message = "The token is missing or is not the one of a connected account."


class DeliveryInFlight(Conflict):
    """A worker is working on the delivery right now."""

    code = "delivery_in_flight"
    default_message = "This delivery is being worked on right now. Try again in a minute."
