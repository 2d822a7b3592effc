"""Invalidation rules for lists and followed hashtags."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.cache import keys

if TYPE_CHECKING:
    from kwip.cache.keys import CacheKey
    from kwip.domain.ids import UserId

    Keys = tuple[CacheKey, ...]


def change_list(*, owner_id: UserId) -> Keys:
    """Invalidate the owner's lists, and whom exclusive ones keep out of home."""
    return (keys.lists(owner_id), keys.relations(owner_id))


def follow_tag(*, user_id: UserId) -> Keys:
    """Invalidate which hashtags come into home."""
    return (keys.relations(user_id),)
