"""The form of a reply by somebody without an account."""

from __future__ import annotations

from kwip.domain.guest_replies import NewGuestReply
from kwip.schemas.body import StrictSchema, Text, line


class GuestReplyForm(StrictSchema[NewGuestReply]):
    """Who replies, and what."""

    name = line(is_required=False)
    email = line(is_required=False)
    text = Text(load_default="")

    def make(self, *, name: str, email: str, text: str) -> NewGuestReply:
        """Build the value."""
        return NewGuestReply(name, email, text)
