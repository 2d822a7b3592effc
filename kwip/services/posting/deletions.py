"""What the deletion of a post invalidates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.cache import invalidation_rules
from kwip.domain.posting.reactions import span_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kwip.domain.ids import PostId, UserId
    from kwip.domain.posting.posts import Post


def invalidated_by_deletion(
    viewer_id: UserId,
    post_id: PostId,
    gone: Post | None,
    recipients: set[UserId],
    later_ids: Iterable[PostId],
) -> invalidation_rules.Keys:
    """Return what the deletion of a post invalidates."""
    invalidated = invalidation_rules.delete(
        post_id=post_id,
        author_id=viewer_id,
        parent_id=gone.counted_on_id if gone else None,
        quote_of_id=gone.quote_of_id if gone else None,
        recipient_ids=sorted(recipients),
        later_ids=later_ids,
    )
    return (*invalidated, *(_unreposted(viewer_id, gone) if gone else ()))


def _unreposted(viewer_id: UserId, gone: Post) -> invalidation_rules.Keys:
    """Return what else the deletion of a repost invalidates."""
    if not gone.repost_of_id:
        return ()
    return invalidation_rules.unrepost(
        post_id=gone.id,
        author_id=viewer_id,
        of_id=gone.repost_of_id,
        of_author_id=gone.repost_of_author_id or viewer_id,
        span=span_of(gone.repost_of_id),
    )
