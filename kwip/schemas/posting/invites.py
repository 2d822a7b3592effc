"""Invitations into a conversation."""

from __future__ import annotations

from kwip.schemas.body import BodySchema, StrictSchema, line


class InviteForm(StrictSchema[str]):
    """Who is invited, by name."""

    username = line()

    def make(self, *, username: str) -> str:
        """Return it."""
        return username


class InviteBody(BodySchema[str]):
    """Who is invited, by name."""

    acct = line()

    def make(self, *, acct: str) -> str:
        """Return it."""
        return acct
