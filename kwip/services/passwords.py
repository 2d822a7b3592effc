"""Hash and check passwords: argon2id, 19 MiB, t=2, p=1 (OWASP's smallest setting).

One hash costs about 40 ms and 19 MiB, so only a few may run at once in a process.
"""

from __future__ import annotations

import threading

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

_AT_ONCE = 2


class Passwords:
    """The one place that hashes passwords."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
        self._slots = threading.BoundedSemaphore(_AT_ONCE)
        # Checked when there is no such user, so that both cases take as long.
        self._nobody = self.hash("nobody has this password")

    def hash(self, password: str) -> str:
        """Hash a password with a fresh salt."""
        with self._slots:
            return self._hasher.hash(password)

    def matches(self, stored: str | None, password: str) -> bool:
        """Tell whether a password is right; None stands for no such user."""
        with self._slots:
            try:
                self._hasher.verify(stored or self._nobody, password)
            except (Argon2Error, InvalidHashError):
                return False
        return stored is not None
