"""An emulated Discord for tests that ask for it."""

from integrations.discord.tests.conftest import channel, sandbox  # noqa: F401 (fixtures)
