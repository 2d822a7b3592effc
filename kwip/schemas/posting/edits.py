"""The bodies that change posts, and the one that deletes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from marshmallow import fields

from kwip.domain.posting.posts import Edit, QuotePolicy, ReplyPolicy
from kwip.schemas.body import BodySchema, Flag, Id, Text
from kwip.schemas.policies import policy_field
from kwip.schemas.posting.attachments import MediaAttributesBody, MediaIds
from kwip.schemas.posting.polls import PollField

if TYPE_CHECKING:
    from kwip.domain.ids import AttachmentId
    from kwip.domain.media.attachments import AttachmentChange


class EditBody(BodySchema[Edit]):
    """The new text of a status.

    Without `media_ids` it keeps its attachments, without `poll` its poll.
    """

    status = Text(load_default="", allow_none=True)
    spoiler_text = Text(load_default="", allow_none=True)
    sensitive = Flag(load_default=False)
    media_ids = MediaIds(may_lack=True)
    media_attributes = fields.List(
        fields.Nested(MediaAttributesBody), load_default=list
    )
    poll = PollField(is_edit=True)
    quoted_status_id = Id(load_default=None, allow_none=True)
    quote_approval_policy = policy_field(QuotePolicy)
    reply_approval_policy = policy_field(ReplyPolicy)

    def make(
        self,
        *,
        status: str | None,
        spoiler_text: str | None,
        media_ids: list[AttachmentId] | None,
        media_attributes: list[tuple[AttachmentId, AttachmentChange]],
        **others: Any,
    ) -> Edit:
        """Build the edit."""
        return Edit(
            text=status or "",
            warning=spoiler_text or "",
            is_sensitive=others["sensitive"],
            quote_of_id=others["quoted_status_id"],
            quote_policy=others["quote_approval_policy"],
            reply_policy=others["reply_approval_policy"],
            attachment_ids=None if media_ids is None else tuple(media_ids),
            attachment_changes=dict(media_attributes),
            poll=others.get("poll"),
            keeps_poll="poll" not in others,
        )


class DeleteBody(BodySchema[bool]):
    """Whether a deleted status takes its files along."""

    delete_media = Flag(load_default=False)

    def make(self, *, delete_media: bool) -> bool:
        """Return it."""
        return delete_media
