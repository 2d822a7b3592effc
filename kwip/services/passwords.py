"""Hash and check passwords: argon2id, 19 MiB, t=2, p=1 (OWASP's smallest setting).

One hash costs about 40 ms and 19 MiB, so only a few may run at once in a process.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from kwip.domain.errors import StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

_AT_ONCE = 2
#: Others may have so many seconds' work before us.
PATIENCE_S = 2.0


class Passwords:
    """The one place that hashes passwords."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
        self._slots = threading.BoundedSemaphore(_AT_ONCE)
        # Checked when there is no such user, so that both cases take as long.
        self._nobody = self.hash("nobody has this password")

    def hash(self, password: str) -> str:
        """Hash a password with a fresh salt.

        Raises:
            StoreUnavailableError: Too many are being hashed or checked.
        """
        with self._slot():
            return self._hasher.hash(password)

    def matches(self, stored: str | None, password: str) -> bool:
        """Tell whether a password is right; None stands for no such user.

        Raises:
            StoreUnavailableError: Too many are being hashed or checked.
        """
        with self._slot():
            try:
                self._hasher.verify(stored or self._nobody, password)
            except (Argon2Error, InvalidHashError):
                return False
        return stored is not None

    @contextmanager
    def _slot(self) -> Iterator[None]:
        """Wait for one's turn, but not for ever: each who waits holds a thread."""
        if not self._slots.acquire(timeout=PATIENCE_S):
            raise StoreUnavailableError(
                "Many people are logging in right now. Try again shortly.",
                reason="too many passwords at once",
            )
        try:
            yield
        finally:
            self._slots.release()
