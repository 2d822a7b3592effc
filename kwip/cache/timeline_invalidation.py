"""The rows of the table in `invalidation` that are about stored timelines.

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
    """Drop the homes or lists of one delivered chunk of owners (500 to 1,000)."""
    return tuple(keys.timeline(owner) for owner in owners)


def pull(*, author_id: UserId) -> Keys:
    """Drop who is pulled, and what the readers of all homes merge of the author."""
    return (keys.pulls(), keys.user_timeline(author_id))


def backfill(*, owner: str) -> Keys:
    """Drop the home or list that an author's posts were merged into."""
    return (keys.timeline(owner),)


def purge(*, owner: str) -> Keys:
    """Drop the home or list that an author's posts were taken from."""
    return (keys.timeline(owner),)


def hibernate(*, owner: str) -> Keys:
    """Drop the home of who has stopped reading: nothing is delivered into it now."""
    return (keys.timeline(owner),)


def rehydrate(*, owner: str) -> Keys:
    """Drop what said that there is no home."""
    return (keys.timeline(owner),)


def trim(*, owner: str) -> Keys:
    """Drop the home or list whose floor rose."""
    return (keys.timeline(owner),)


def rebuild(*, owner: str) -> Keys:
    """Drop the home or list that was rebuilt."""
    return (keys.timeline(owner),)
