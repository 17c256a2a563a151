"""The tables of the app: what all integrations share, and those of each provider."""

from integrations.models.deliveries import InboundDelivery
from integrations.models.errands import Errand
from integrations.models.integrations import Integration
from integrations.models.runs import SyncRun
from integrations.providers import import_from_each

__all__ = ["Errand", "InboundDelivery", "Integration", "SyncRun"]

import_from_each("models")
