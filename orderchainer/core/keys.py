"""Secrets of an installation that was started without any: made once, kept in a private file.

Only a service with DEBUG on uses them. In production, the environment names the secrets.
"""

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from cryptography.fernet import Fernet


def secret_in(file: Path) -> str:
    """Return the random secret kept in `file`, making it on the first call."""
    return _kept_in(file, lambda: secrets.token_urlsafe(50))


def fernet_key_in(file: Path) -> str:
    """Return the Fernet key kept in `file`, making it on the first call."""
    return _kept_in(file, lambda: Fernet.generate_key().decode())


def _kept_in(file: Path, make: Callable[[], str]) -> str:
    if file.exists() and (kept := file.read_text().strip()):
        return kept
    made = file.with_name(f"{file.name}.{os.getpid()}")
    made.touch(mode=0o600)
    made.write_text(make() + "\n")
    try:
        # `link` fails if the file exists, so if two first starts race, one of them sets the secret.
        os.link(made, file)
    except FileExistsError:
        pass
    finally:
        made.unlink()
    return file.read_text().strip()
