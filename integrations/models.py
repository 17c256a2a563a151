"""The tables of every provider. Django looks for them here."""

from integrations.providers import import_from_each

import_from_each("models")
