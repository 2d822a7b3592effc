"""Cached slices of timelines, notifications, and what is unread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.cache import keys
from kwip.domain.slices import RowChunk
from kwip.services.reading import payloads
from kwip.services.reading.loader import Kind
from kwip.services.reading.loads import only_variant
from kwip.services.reading.slices import (
    CHUNK,
    CHUNK_WEIGHT,
    StoredLoader,
    query_loader,
    slice_kind,
    unversioned,
)

if TYPE_CHECKING:
    from kwip.domain.ids import UserId
    from kwip.domain.markers import Marked, Marker
    from kwip.domain.notifications import NotificationChunk, NotificationSlice, Unread
    from kwip.domain.timelines import Chunk
    from kwip.services.reading.slices import Slice
    from kwip.services.reading.stores import Stores


def homes(stored: StoredLoader) -> Kind[Slice, Chunk]:
    """Return the kind of homes."""
    return slice_kind("home", lambda s: keys.home(s.user_id), stored)


def list_timelines(stored: StoredLoader) -> Kind[Slice, Chunk]:
    """Return the kind of list timelines."""
    return slice_kind("list", lambda s: keys.timeline(str(s.owner)), stored)


def user_timelines(stores: Stores) -> Kind[Slice, Chunk]:
    """Return the kind of user timelines."""
    return slice_kind(
        "user_timeline",
        lambda s: keys.user_timeline(s.user_id),
        query_loader(lambda s, q: stores.posts.entries_by([s.user_id], **q)),
    )


def public(stores: Stores) -> Kind[Slice, Chunk]:
    """Return the kind of the public timeline."""
    return slice_kind(
        "public",
        lambda _: keys.public(),
        query_loader(lambda _, q: stores.posts.listed(**q)),
    )


def tags(stores: Stores) -> Kind[Slice, Chunk]:
    """Return the kind of hashtag timelines."""
    return slice_kind(
        "tag",
        lambda s: keys.tag(str(s.owner)),
        query_loader(lambda s, q: stores.posts.tagged(str(s.owner), **q)),
        is_followed=False,  # a change does not say which hashtags an edit removed
    )


def notifications(
    stores: Stores,
) -> Kind[NotificationSlice, NotificationChunk]:
    """Return the kind of slices of notifications."""

    def load(part: NotificationSlice) -> NotificationChunk:
        above, below = part.bounds
        rows = stores.notifications.page(
            part.user_id, part.wish, below=below, above=above, limit=CHUNK
        )
        return RowChunk(tuple(rows), ends=len(rows) < CHUNK)

    return Kind(
        name="notifications",
        key=lambda part: keys.notifications(part.user_id),
        variant=lambda part: part.variant,
        encode=payloads.encode_rows,
        decode=payloads.decode_notifications,
        version=unversioned,
        load=lambda parts: {part: load(part) for part in parts},
        ttl_s=keys.TIMELINE_TTL_S,
        is_followed=True,
        weight=CHUNK_WEIGHT,
    )


def unread(stores: Stores) -> Kind[UserId, Unread]:
    """Return the kind of unread notifications."""
    return Kind(
        name="unread",
        key=keys.unread,
        variant=only_variant,
        encode=payloads.encode_unread,
        decode=payloads.decode_unread,
        version=unversioned,
        load=stores.notifications.unread,
        ttl_s=keys.TIMELINE_TTL_S,
        is_followed=True,
    )


def markers(stores: Stores) -> Kind[UserId, dict[Marked, Marker]]:
    """Return the kind of markers."""
    return Kind(
        name="markers",
        key=keys.markers,
        variant=only_variant,
        encode=payloads.encode_markers,
        decode=payloads.decode_markers,
        version=unversioned,
        load=stores.markers.of_users,
        ttl_s=keys.TIMELINE_TTL_S,
        is_followed=True,
    )
