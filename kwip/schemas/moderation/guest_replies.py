"""The form of a reply by somebody without an account."""

from __future__ import annotations

from dataclasses import dataclass

from kwip.domain.moderation.guest_replies import NewGuestReply
from kwip.schemas.body import BodySchema, Id, StrictSchema, Text, line
from kwip.schemas.posting.polls import WithVotes


class GuestReplyForm(StrictSchema[NewGuestReply]):
    """Who replies, and what."""

    name = line(is_required=False)
    email = line(is_required=False)
    text = Text(load_default="")

    def make(self, *, name: str, email: str, text: str) -> NewGuestReply:
        """Build the value."""
        return NewGuestReply(name, email, text)


class GuestPageQuery(BodySchema[int]):
    """Which replies a page shows: those after one."""

    after = Id(load_default=0)

    def make(self, *, after: int) -> int:
        """Return the id after which they come."""
        return after


@dataclass(frozen=True, slots=True)
class GuestRemoval:
    """Which reply staff delete, why, and where to go back to."""

    guest_id: int
    reason: str
    address: str


class GuestRemovalForm(WithVotes, StrictSchema[GuestRemoval]):
    """A button of a page's one form."""

    guest_id = Id(required=True)
    reason = Text(load_default="")
    next = Text(load_default="")

    def make(
        self,
        *,
        guest_id: int,
        reason: str,
        next: str,  # noqa: A002 - the field's name
        **_: object,
    ) -> GuestRemoval:
        """Build the value."""
        return GuestRemoval(guest_id, reason, next)
