"""Invalidation rules for the active order and for repeats."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.cache import keys

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kwip.cache.keys import Invalidation
    from kwip.domain.ids import PostId, UserId

    Keys = tuple[Invalidation, ...]


def bump(
    *,
    root_id: PostId,
    author_id: UserId,
    is_listed: bool,
    tags: Iterable[str],
    writer_id: UserId,
) -> Keys:
    """Invalidate the place of a conversation in the active order."""
    id_lists = [keys.active("public")] if is_listed else []
    id_lists += [keys.active("tag", tag) for tag in tags]
    return (
        keys.post(root_id),
        keys.active("user", author_id),
        *(keys.arriving(id_list, writer_id) for id_list in id_lists),
    )


def repeat(*, post_id: PostId) -> Keys:
    """Invalidate a post whose repeated post has changed."""
    return (keys.post(post_id),)
