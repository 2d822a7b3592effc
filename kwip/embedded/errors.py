"""The error that keeps the private servers from starting."""

from __future__ import annotations

from kwip.domain.errors import KwipError


class CannotStartError(KwipError):
    """Fix what the message names; nothing is left running."""

    code = "cannot_start"
