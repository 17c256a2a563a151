"""The back office of integrations, and of every provider. Django looks for it here."""

from integrations.admin import (  # noqa: F401 (they register)
    deliveries,
    errands,
    glances,
    integrations,
    runs,
)
from integrations.providers import import_from_each

import_from_each("admin")
