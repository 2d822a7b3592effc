"""Hash and check passwords: argon2id, 19 MiB, t=2, p=1 (OWASP's smallest setting).

One hash costs about 40 ms of a core and 19 MiB, so only a few run at once in a process.
Waiting holds a thread that others need, so only a few may wait; the rest are refused.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from kwip import telemetry
from kwip.domain.errors import StoreUnavailableError
from kwip.domain.messages import lazy_gettext

if TYPE_CHECKING:
    from collections.abc import Iterator

#: How long to wait for a slot on a very busy machine.
PATIENCE_S = 2.0


class Passwords:
    """The only place that hashes passwords.

    Args:
        at_once: How many threads may hash at the same time.
        room: How many threads may hash or wait.
    """

    def __init__(self, *, at_once: int, room: int) -> None:
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
        self._turns = threading.BoundedSemaphore(at_once)
        self._room = threading.BoundedSemaphore(max(room, at_once))
        # Checked when there is no such user, so that both cases take the same time.
        self._nobody = self.hash("nobody has this password")

    def hash(self, password: str) -> str:
        """Hash a password with a fresh salt.

        Raises:
            StoreUnavailableError: Too many are being hashed or checked.
        """
        with self._turn():
            return self._hasher.hash(password)

    def matches(
        self, stored: str | None, password: str, *, waits: bool = False
    ) -> bool:
        """Return whether a password is right; None stands for no such user.

        If it `waits`, it also waits to enter the queue, so that strangers who fill the
        queue cannot lock out a known browser.

        Raises:
            StoreUnavailableError: Too many are being hashed or checked.
        """
        with self._turn(waits=waits):
            try:
                self._hasher.verify(stored or self._nobody, password)
            except (Argon2Error, InvalidHashError):
                return False
        return stored is not None

    @contextmanager
    def _turn(self, *, waits: bool = False) -> Iterator[None]:
        """Wait for a slot if there is room to wait, for a limited time."""
        if not self._room.acquire(timeout=PATIENCE_S if waits else 0):
            raise _too_many()
        try:
            if not self._turns.acquire(timeout=PATIENCE_S):
                raise _too_many()
            try:
                yield
            finally:
                self._turns.release()
        finally:
            self._room.release()


def _too_many() -> StoreUnavailableError:
    telemetry.PASSWORDS_SHED.inc()
    return StoreUnavailableError(
        lazy_gettext(
            "Too many people are logging in right now. Try again in a few seconds."
        ),
        reason="too many passwords at once",
    )
