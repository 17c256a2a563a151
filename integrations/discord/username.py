"""Discord's rules for the name under which a webhook posts."""

from integrations.discord.text import is_visible, units

USERNAME_LENGTH = 80
FORBIDDEN_WORDS = ("clyde", "discord")


class UsernameRefused(ValueError):
    """Discord would refuse every message with this name. The text says why."""


def check_username(name: str) -> str:
    """Return `name` if Discord takes it. Raises `UsernameRefused`."""
    if not 1 <= units(name) <= USERNAME_LENGTH:
        raise UsernameRefused(f"It must have from 1 to {USERNAME_LENGTH} characters.")
    if any(word in name.lower() for word in FORBIDDEN_WORDS):
        raise UsernameRefused("Discord takes no name that contains “discord” or “clyde”.")
    if not name.isprintable():
        raise UsernameRefused("It may not hold line breaks or control characters.")
    if not is_visible(name):
        raise UsernameRefused("It must have a character that can be seen.")
    return name
