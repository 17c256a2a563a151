"""How passwords are hashed: as Django does with Argon2, a few at a time."""

from threading import BoundedSemaphore

from django.contrib.auth.hashers import Argon2PasswordHasher

# A hash takes 100 MB and all cores for a tenth of a second. As many as gunicorn's process has threads;
# the embedded server gives each request a thread of its own, and forty sign-ins at once took 4 GB.
AT_ONCE = 4
_hashing = BoundedSemaphore(AT_ONCE)


class FewAtOnceArgon2PasswordHasher(Argon2PasswordHasher):
    """Argon2 within the memory of `AT_ONCE` hashes for each process; whoever comes besides waits."""

    def encode(self, password: str, salt: str) -> str:
        """Hash a password that somebody chooses."""
        with _hashing:
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        """Compare a password that somebody tries."""
        with _hashing:
            return super().verify(password, encoded)
