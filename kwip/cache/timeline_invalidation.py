"""Invalidation rules for stored timelines.

`owner` is the name of a timeline: `home:<user>` or `list:<list>`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.cache import keys

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kwip.cache.keys import CacheKey
    from kwip.domain.ids import UserId

    Keys = tuple[CacheKey, ...]


def deliver(*, owners: Iterable[str]) -> Keys:
    """Invalidate the homes or lists of one delivered chunk (500 to 1,000 owners)."""
    return tuple(keys.timeline(owner) for owner in owners)


def pull(*, author_id: UserId) -> Keys:
    """Invalidate who is pulled, and the author's posts that readers merge."""
    return (keys.pulls(), keys.user_timeline(author_id))


def backfill(*, owner: str) -> Keys:
    """Invalidate the home or list that an author's posts were added to."""
    return (keys.timeline(owner),)


def purge(*, owner: str) -> Keys:
    """Invalidate the home or list that an author's posts were removed from."""
    return (keys.timeline(owner),)


def hibernate(*, owner: str) -> Keys:
    """Invalidate an inactive user's home: nothing is delivered to it any more."""
    return (keys.timeline(owner),)


def rehydrate(*, owner: str) -> Keys:
    """Invalidate what said that there is no home."""
    return (keys.timeline(owner),)


def trim(*, owner: str) -> Keys:
    """Invalidate the home or list whose floor rose."""
    return (keys.timeline(owner),)


def rebuild(*, owner: str) -> Keys:
    """Invalidate the home or list that was rebuilt."""
    return (keys.timeline(owner),)
