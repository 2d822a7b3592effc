"""Cached slices of timelines, notifications, and what is unread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.cache import keys
from kwip.domain.timelines.notifications import NotificationRow
from kwip.services.reading import payloads
from kwip.services.reading.loader import Kind
from kwip.services.reading.slices import (
    StoredLoader,
    query_loader,
    row_kind,
    slice_kind,
)

if TYPE_CHECKING:
    from kwip.domain.ids import UserId
    from kwip.domain.timelines.markers import Marked, Marker
    from kwip.domain.timelines.notifications import (
        NotificationChunk,
        NotificationSlice,
        Unread,
    )
    from kwip.domain.timelines.timelines import Chunk
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


def media_timelines(stores: Stores) -> Kind[Slice, Chunk]:
    """Return the kind of users' posts with attachments."""
    return slice_kind(
        "media_timeline",
        lambda s: keys.media_timeline(s.user_id),
        query_loader(
            lambda s, q: stores.posts.entries_by([s.user_id], **q, only_media=True)
        ),
        is_streamed=False,  # a change does not say whose post an edit changed
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
        is_streamed=False,  # a change does not say which hashtags an edit removed
    )


def notifications(stores: Stores) -> Kind[NotificationSlice, NotificationChunk]:
    """Return the kind of slices of notifications."""
    return row_kind(
        "notifications",
        lambda part: keys.notifications(part.user_id),
        NotificationRow,
        lambda part, wanted: stores.notifications.page(
            part.user_id,
            part.wanted,
            below=wanted.below,
            above=wanted.above,
            limit=wanted.limit,
        ),
    )


def unread(stores: Stores) -> Kind[UserId, Unread]:
    """Return the kind of unread notifications."""
    return Kind(
        name="unread",
        key=keys.unread,
        encode=payloads.encode_unread,
        decode=payloads.decode_unread,
        load=stores.notifications.unread,
        ttl_s=keys.TIMELINE_TTL_S,
        is_streamed=True,
    )


def markers(stores: Stores) -> Kind[UserId, dict[Marked, Marker]]:
    """Return the kind of markers."""
    return Kind(
        name="markers",
        key=keys.markers,
        encode=payloads.encode_markers,
        decode=payloads.decode_markers,
        load=stores.markers.of_users,
        ttl_s=keys.TIMELINE_TTL_S,
        is_streamed=True,
    )
