"""The back office of integrations, and of every provider. Django looks for it here."""

from integrations.admin import errands, integrations, runs  # noqa: F401 (they register)
from integrations.inbound import admin  # noqa: F401 (registers)
from integrations.providers import import_from_each

import_from_each("admin")
