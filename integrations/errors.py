"""Every refusal that integrations raise."""

from orderchainer.core.errors import Conflict, NotFound


class IntegrationNotFound(NotFound):
    """The integration does not exist in this project, or is disconnected."""

    code = "integration_not_found"
    default_message = "Integration not found"


class DeliveryNotFound(NotFound):
    """The integration has no such inbound delivery."""

    code = "delivery_not_found"
    default_message = "Delivery not found"


class CannotSync(Conflict):
    """The integration is in no state to sync, or its provider has nothing to sync."""

    code = "cannot_sync"
