"""When to ask a server of others again: soon at first, then once an hour for a day."""

from __future__ import annotations

from datetime import timedelta

_FIRST, _LONGEST = timedelta(seconds=10), timedelta(hours=1)
#: With these pauses, the last attempt is about a day after the first.
MOST_ATTEMPTS = 30


def pause_after(attempts: int) -> timedelta:
    """Return the pause after 1 or more failed attempts; each is twice the last."""
    return min(_FIRST * (1 << min(attempts - 1, 20)), _LONGEST)
