"""The back office of every provider. Django looks for it here."""

from integrations.inbound import admin  # noqa: F401 (registers)
from integrations.providers import import_from_each

import_from_each("admin")
