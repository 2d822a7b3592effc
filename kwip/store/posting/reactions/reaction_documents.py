"""The documents of the `reactions` collection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.store.upgrades import schema_of

if TYPE_CHECKING:
    from kwip.domain.ids import PostId, UserId
    from kwip.domain.posting.reactions import Act, Reaction
    from kwip.store.client import Document


def name_of(user_id: UserId, act: Act, post_id: PostId) -> str:
    """Return the `_id` of what a user did to a post."""
    return f"{user_id}:{act.value}:{post_id}"


def reaction_document(reaction: Reaction) -> Document:
    """Build the document of a reaction."""
    ballot = {} if reaction.ballot is None else {"ballot": reaction.ballot}
    quoted: Document = {}
    if reaction.quote_of_id:
        quoted["quote_of_id"] = reaction.quote_of_id
        quoted["quote_of_author_id"] = reaction.quote_of_author_id
    return {
        "_id": name_of(reaction.user_id, reaction.act, reaction.post_id),
        "schema": schema_of("reactions"),
        "user_id": reaction.user_id,
        "act": reaction.act.value,
        "post_id": reaction.post_id,
        "author_id": reaction.author_id,
        "reply_to_id": reaction.reply_to_author_id,
        "seq": reaction.seq,
        **ballot,
        **quoted,
    }
