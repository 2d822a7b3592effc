"""One error class for each thing that a caller can do next.

The message is safe to show to a person; the context goes to the log. HTTP numbers
live in `kwip.blueprints.errors` only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.domain.messages import lazy_gettext

if TYPE_CHECKING:
    from collections.abc import Mapping


_UNREACHABLE = lazy_gettext(
    "Kwip can't reach its database right now. Try again shortly."
)


class KwipError(Exception):
    """An error that Kwip raises on purpose; `code` is its constant name.

    Args:
        message: Safe to show; says what to do. `str` translates it.
        **context: Ids and values for the log, never shown.
    """

    code = "error"

    def __init__(self, message: str, **context: object):
        super().__init__(message)
        self.message = message
        self.context = context


class InvalidError(KwipError):
    """Correct the request.

    `fields` maps the name of a field to what is wrong with it, as shown to users.
    """

    code = "invalid"

    def __init__(
        self, message: str, fields: Mapping[str, str] | None = None, **context: object
    ):
        super().__init__(message, **context)
        self.fields = dict(fields or {})


class NotAuthenticatedError(KwipError):
    """Log in."""

    code = "not_authenticated"


class ForbiddenError(KwipError):
    """Do not try again: this viewer may not do it."""

    code = "forbidden"


class NotFoundError(KwipError):
    """It does not exist, or this viewer may not know that it does."""

    code = "not_found"


class GoneError(KwipError):
    """It was deleted; a tombstone is left."""

    code = "gone"


class ConflictError(KwipError):
    """Somebody else has it, or it has changed meanwhile."""

    code = "conflict"


class RateLimitedError(KwipError):
    """Wait `retry_after_s` seconds."""

    code = "rate_limited"

    def __init__(self, message: str, *, retry_after_s: float, **context: object):
        super().__init__(message, **context)
        self.retry_after_s = retry_after_s


class StoreUnavailableError(KwipError):
    """The store did not answer: the result of a write is unknown; repeat it.

    A write must be repeated with the same id or idempotency key.
    """

    code = "store_unavailable"

    def __init__(
        self,
        message: str = _UNREACHABLE,
        *,
        retry_after_s: float = 2.0,
        **context: object,
    ):
        super().__init__(message, **context)
        self.retry_after_s = retry_after_s


class StorageFullError(KwipError):
    """Free space, or ask the site's operator to; nothing was stored."""

    code = "storage_full"
