"""Hash passwords as Django does with Argon2, but only a few at a time."""

from threading import BoundedSemaphore

from django.contrib.auth.hashers import Argon2PasswordHasher

# A hash takes 100 MB and all cores for a tenth of a second. The bound is the number of threads in a
# gunicorn process. The embedded server gives each request a thread, and forty sign-ins at once took
# 4 GB.
AT_ONCE = 4
_hashing = BoundedSemaphore(AT_ONCE)


class FewAtOnceArgon2PasswordHasher(Argon2PasswordHasher):
    """Argon2 with at most `AT_ONCE` hashes at once in each process; the others wait."""

    def encode(self, password: str, salt: str) -> str:
        """Hash a new password."""
        with _hashing:
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        """Compare a password with its hash."""
        with _hashing:
            return super().verify(password, encoded)
