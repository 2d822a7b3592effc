"""Names of all cached entities: one Redis hash each.

A `CacheKey` is the name without the installation's prefix; `full` adds it. The braces
keep an entity in one slot of a Redis Cluster.

The times to live are the backstop for a writer that died between its commit and its
invalidation: for at most this long the cache may miss a write that was never
acknowledged.
While the change-stream invalidator runs, it covers this case, so what it watches lives
much longer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, NewType

if TYPE_CHECKING:
    from kwip.domain.ids import PostId, UserId
    from kwip.domain.posting.reactions import Span

CacheKey = NewType("CacheKey", str)

#: Posts, users and handles.
DOCUMENT_TTL_S = 300
#: Slices of home, user, thread and public timelines.
TIMELINE_TTL_S = 60
#: Cached pages: as long as somebody may return to the same one.
PAGE_TTL_S = 900
#: Relations, sessions and tokens: what decides who may see something.
AUTHORITY_TTL_S = 30
#: All of these while the change-stream invalidator is known to run, except for what it
#: cannot follow.
STREAMED_TTL_S = 6 * 3_600

#: How long counts, and posts that are new in a timeline, may lag.
COUNT_PACE_MS = 1_000
ARRIVAL_PACE_MS = 250


class Debounced(NamedTuple):
    """A key whose invalidation may be late, so that a burst of writes causes few.

    Invalidated at once unless it was within the last `pace_ms`; otherwise when that
    interval ends: at most once per interval, at both edges of a burst. `writer_id`, who
    made the change, sees it at once.
    """

    key: CacheKey
    pace_ms: int
    writer_id: UserId | None = None


#: What a write invalidates: a key at once, or one that may lag.
Invalidation = CacheKey | Debounced


def post(post_id: PostId) -> CacheKey:
    """One post, without its author and without anything of the viewer."""
    return CacheKey(f"post:{post_id}")


def user(user_id: UserId) -> CacheKey:
    """One user's public profile and counters."""
    return CacheKey(f"user:{user_id}")


def handle(username: str) -> CacheKey:
    """The id of the user who has a username."""
    return CacheKey(f"handle:{username}")


def relations(user_id: UserId) -> CacheKey:
    """Whom a user follows and mutes, and the blocks both ways: one entity."""
    return CacheKey(f"relations:{user_id}")


def session(user_id: UserId, digest: str) -> CacheKey:
    """One web session, by the digest of its secret."""
    return CacheKey(f"session:{user_id}:{digest}")


def token(user_id: UserId, digest: str) -> CacheKey:
    """One access token, by the digest of its secret."""
    return CacheKey(f"token:{user_id}:{digest}")


def home(user_id: UserId) -> CacheKey:
    """The slices of an owner's home timeline, one variant for each page."""
    return CacheKey(f"home:{user_id}")


def timeline(owner: str) -> CacheKey:
    """The slices of a stored timeline, by its name; for a home the same as `home`."""
    return CacheKey(owner)


def lists(owner_id: UserId) -> CacheKey:
    """A user's own lists: one variant for all, and one for each with its members."""
    return CacheKey(f"lists:{owner_id}")


def user_timeline(user_id: UserId) -> CacheKey:
    """The slices of a user's timeline."""
    return CacheKey(f"user_timeline:{user_id}")


def media_timeline(user_id: UserId) -> CacheKey:
    """The slices of a user's posts with attachments."""
    return CacheKey(f"media_timeline:{user_id}")


def thread(root_id: PostId) -> CacheKey:
    """The slices of a conversation, by its first post."""
    return CacheKey(f"thread:{root_id}")


def guests(post_id: PostId) -> CacheKey:
    """The replies of guests that the author of a post shows."""
    return CacheKey(f"guests:{post_id}")


def tag(name: str) -> CacheKey:
    """The slices of a hashtag's timeline, by its folded name."""
    return CacheKey(f"tag:{name}")


def reactions(user_id: UserId, span: Span) -> CacheKey:
    """A user's reactions to the posts of one span of ids."""
    return CacheKey(f"reactions:{user_id}:{span}")


def id_list(name: str, owner_id: int) -> CacheKey:
    """The slices of one id list of a user or a post, such as `favourites:<user>`."""
    return CacheKey(f"id_list:{name}:{owner_id}")


def active(name: str, owner: int | str = 0) -> CacheKey:
    """The slices of a timeline in the active order, such as `active:tag:<name>`."""
    return CacheKey(f"active:{name}:{owner}")


def notifications(user_id: UserId) -> CacheKey:
    """The slices of a user's notifications."""
    return CacheKey(f"notifications:{user_id}")


def unread(user_id: UserId) -> CacheKey:
    """Who did what above a user's read marker: what the badge counts."""
    return CacheKey(f"unread:{user_id}")


def markers(user_id: UserId) -> CacheKey:
    """How far a user has read."""
    return CacheKey(f"markers:{user_id}")


def pulls() -> CacheKey:
    """The authors whose posts are merged into homes when read, and up to which post."""
    return CacheKey("pulls")


def trends() -> CacheKey:
    """What was last computed of trends: one variant per kind."""
    return CacheKey("trends")


def suggestions(user_id: UserId) -> CacheKey:
    """Whom a user's followees follow, and whom the user doesn't want suggested."""
    return CacheKey(f"suggestions:{user_id}")


def statistics(user_id: UserId) -> CacheKey:
    """Counts of a user's posts: a variant for each span of days and audience."""
    return CacheKey(f"statistics:{user_id}")


def found(digest: str) -> CacheKey:
    """The ids that a search for other sites found, by the digest of the request."""
    return CacheKey(f"found:{digest}")


def public() -> CacheKey:
    """The slices of the public timeline."""
    return CacheKey("public")


def counted(key: CacheKey, writer_id: UserId | None = None) -> Debounced:
    """Let a key that shows a count lag, except for the user who changed it."""
    return Debounced(key, COUNT_PACE_MS, writer_id)


def arriving(key: CacheKey, writer_id: UserId | None = None) -> Debounced:
    """Let a key that shows new posts lag, except for their author."""
    return Debounced(key, ARRIVAL_PACE_MS, writer_id)


def lacking(user_id: UserId | None) -> str:
    """Return the field that says an entity may lack what a user wrote; "" if nobody."""
    return "" if user_id is None else f"w:{user_id}"


def pace(key: CacheKey) -> CacheKey:
    """When a key was last invalidated, or will be: ms of the server's clock."""
    return CacheKey(f"pace:{key}")


def page(digest: str) -> CacheKey:
    """One cached page for one reader, by the digest of all that it depends on."""
    return CacheKey(f"page:{digest}")


def quota(window: str, whose: str | int) -> CacheKey:
    """The window of one user, token, address or name for one limit."""
    return CacheKey(f"quota:{window}:{whose}")


def full(deployment: str, key: CacheKey) -> str:
    """Return the name of the hash in Redis; `deployment` comes with the database."""
    return f"kw:{deployment}:{{{key}}}"
