"""Name every cached entity: one Redis hash each.

A `CacheKey` is the name without the installation's prefix; `full` adds it. The braces
keep an entity on one slot of a Redis Cluster.

The times to live are the backstop for a writer that died between its commit and its
drop: so long may the cache be older than a write that was never acknowledged. While
the change-stream invalidator repeats the invalidations of all writes there is no need
of them, and what it follows lives much longer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, NewType

if TYPE_CHECKING:
    from kwip.domain.ids import PostId, UserId
    from kwip.domain.reactions import Span

CacheKey = NewType("CacheKey", str)

#: Posts, users and handles.
DOCUMENT_TTL_S = 300
#: Skeletons of home, user, thread and public.
TIMELINE_TTL_S = 60
#: cached pages: as long as somebody may come back for the same one.
PAGE_TTL_S = 900
#: Relations, sessions and tokens: what decides who may see.
AUTHORITY_TTL_S = 30
#: All of these while the change-stream invalidator is seen to run, but for what it
# cannot follow.
FOLLOWED_TTL_S = 6 * 3_600

#: What shows a count may lag so long, and so may what shows posts as they arrive.
COUNT_PACE_MS = 1_000
ARRIVAL_PACE_MS = 250


class Debounced(NamedTuple):
    """A key whose drop may come late, so that many writes cost it few drops.

    It is dropped at once if it was not for `pace_ms`, else when those are over: at
    most one drop in that time, at both edges of a burst. It never comes late for
    `writer_id`, who made the change.
    """

    key: CacheKey
    pace_ms: int
    writer_id: UserId | None = None


#: What a write drops: a key at once, or one that may lag.
Invalidation = CacheKey | Debounced


def post(post_id: PostId) -> CacheKey:
    """One post, without its author and without anything of the viewer."""
    return CacheKey(f"post:{post_id}")


def user(user_id: UserId) -> CacheKey:
    """One user's public profile and counters."""
    return CacheKey(f"user:{user_id}")


def handle(username: str) -> CacheKey:
    """Whose a username is."""
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
    """The slices of a stored timeline, by its name; of a home the same as `home`."""
    return CacheKey(owner)


def lists(owner_id: UserId) -> CacheKey:
    """A user's own lists: a variant of all, and one of each with its members."""
    return CacheKey(f"lists:{owner_id}")


def user_timeline(user_id: UserId) -> CacheKey:
    """The slices of what a user published."""
    return CacheKey(f"user_timeline:{user_id}")


def thread(root_id: PostId) -> CacheKey:
    """The slices of a conversation, by the post that began it."""
    return CacheKey(f"thread:{root_id}")


def tag(name: str) -> CacheKey:
    """The slices of a hashtag's timeline, by its folded name."""
    return CacheKey(f"tag:{name}")


def reactions(user_id: UserId, span: Span) -> CacheKey:
    """What a user did with the posts of one span of ids."""
    return CacheKey(f"reactions:{user_id}:{span}")


def id_list(name: str, owner_id: int) -> CacheKey:
    """The slices of one roll of a user or a post, such as `favourites:<user>`."""
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
    """Whose posts are merged into homes when they are read, and down from which."""
    return CacheKey("pulls")


def public() -> CacheKey:
    """The slices of the public timeline."""
    return CacheKey("public")


def counted(key: CacheKey, writer_id: UserId | None = None) -> Debounced:
    """Let what shows a count lag, for all but whoever changed it."""
    return Debounced(key, COUNT_PACE_MS, writer_id)


def arriving(key: CacheKey, writer_id: UserId | None = None) -> Debounced:
    """Let what shows posts as they arrive lag, for all but their author."""
    return Debounced(key, ARRIVAL_PACE_MS, writer_id)


def lacking(user_id: UserId | None) -> str:
    """Name the field of an entity that may lack what a user wrote; "" of nobody."""
    return "" if user_id is None else f"w:{user_id}"


def pace(key: CacheKey) -> CacheKey:
    """When a key was last dropped, or will be: the ms of the server's clock."""
    return CacheKey(f"pace:{key}")


def page(digest: str) -> CacheKey:
    """One cached page of one reader, by the digest of all that it depends on."""
    return CacheKey(f"page:{digest}")


def quota(window: str, whose: str | int) -> CacheKey:
    """What one user, token, address or name did of something lately."""
    return CacheKey(f"quota:{window}:{whose}")


def full(deployment: str, key: CacheKey) -> str:
    """Name the hash in Redis; `deployment` is random, made with the database."""
    return f"kw:{deployment}:{{{key}}}"
