"""Slices: the parts of timelines as they are cached, and how they are loaded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypedDict, cast

from kwip.cache import keys
from kwip.domain.ids import MAX_ID, PostId, UserId
from kwip.domain.memo import Decoded, Remembered
from kwip.domain.timelines.id_lists import Between
from kwip.domain.timelines.slices import NextToCursor, RowChunk
from kwip.domain.timelines.timelines import Chunk, Entry, merge_newest
from kwip.services.reading import payloads
from kwip.services.reading.kinds import Kind
from kwip.store.timelines.buckets import home_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from kwip.cache.keys import CacheKey
    from kwip.domain.posting.posts import Post
    from kwip.domain.timelines.pages import PageRequest
    from kwip.store.posting.posts import PostStore
    from kwip.store.timelines.buckets import Stored
    from kwip.store.timelines.timelines import TimelineStore

#: Entries in a slice: several pages, so that filtering and scrolling seldom need
#: another one, and few enough to decode for each request.
CHUNK = 200
#: The first slice of a home or list may be this short: one page and a few hidden
#: entries. An open bucket keeps more when it is sealed.
TOP = 24
#: The form of what is cached of a slice, and the name of the newest part.
_FORM = ".4"
TOP_VARIANT = f"top{_FORM}"
#: How many posts a slice counts as in the reader's rate limit.
CHUNK_WEIGHT = 5
#: Memory of a process for entries, and the size of one.
ENTRIES_BYTES, ENTRY_BYTES = 1_500_000, 300
#: Memory of a process for slices of all kinds.
CHUNKS_BYTES = 1_500_000
#: Equal bytes decode to equal slices, whatever the timeline.
_decode_chunk = Decoded(payloads.decode_chunk, CHUNKS_BYTES, besides=400, times=6.5)


@dataclass(frozen=True, slots=True)
class Slice(NextToCursor):
    """A slice of a timeline: the `CHUNK` entries next to a cursor.

    The newest below the cursor or, if `is_upwards`, the oldest above it. It has no
    other bound, so all readers with the same cursor share the cached slice. `owner` is
    the user of a home or user timeline, the name of a list's timeline, or a hashtag; 0
    for public. The newest slice of a home or list may also be read as its `is_top`:
    `TOP` entries or more, as many as cost one query.
    """

    owner: UserId | str
    cursor: int = MAX_ID
    is_upwards: bool = False
    is_top: bool = False

    @classmethod
    def first(cls, owner: UserId | str, page: PageRequest) -> Slice:
        """Return the first slice for a page."""
        if page.min_id is not None:
            return cls(owner, page.min_id, is_upwards=True)
        return cls(owner, page.upper)

    @classmethod
    def first_stored(cls, owner: UserId | str, page: PageRequest) -> Slice:
        """Return the first slice of a home or list for a page."""
        return replace(cls.first(owner, page), is_top=page.is_top)

    @classmethod
    def around(cls, owner: UserId | str, page: PageRequest) -> list[Slice]:
        """Return that slice, after the one above the page if there is one."""
        near = [] if page.above is None else [cls.first(owner, page.above)]
        return [*near, cls.first(owner, page)]

    @classmethod
    def around_stored(cls, owner: UserId | str, page: PageRequest) -> list[Slice]:
        """Return those slices of a home or list.

        Its active order reads the newest entries instead.
        """
        if page.is_active:
            return [cls.first(owner, page.window)]
        if page.above is not None:
            return cls.around(owner, page)
        return [cls.first_stored(owner, page)]

    @property
    def user_id(self) -> UserId:
        """The owner, for a timeline that belongs to a user."""
        return cast("UserId", self.owner)

    @property
    def variant(self) -> str:
        """The field of the entity's hash that holds it."""
        return TOP_VARIANT if self.is_top else self.place(_FORM)


def slice_kind(
    name: str,
    key: Callable[[Slice], CacheKey],
    load: Callable[[Sequence[Slice]], Mapping[Slice, Chunk]],
    *,
    is_streamed: bool = True,
) -> Kind[Slice, Chunk]:
    """Return the kind for one sort of timeline."""
    return Kind(
        name=name,
        key=key,
        variant=lambda part: part.variant,
        encode=payloads.encode_chunk,
        decode=_decode_chunk,
        load=load,
        ttl_s=keys.TIMELINE_TTL_S,
        is_streamed=is_streamed,
        weight=CHUNK_WEIGHT,
    )


def row_kind(
    name: str,
    key: Callable[[Any], CacheKey],
    row: Any,
    rows_of: Callable[[Any, Between], list[Any]],
    *,
    is_streamed: bool = True,
) -> Kind[Any, RowChunk[Any]]:
    """Return the kind for slices of rows that are no timeline; `row` is their class."""

    def load(part: Any) -> RowChunk[Any]:
        above, below = part.bounds
        wanted = Between(above, below, CHUNK, ascending=part.is_upwards)
        rows = rows_of(part, wanted)
        return RowChunk(tuple(rows), ends=len(rows) < CHUNK)

    return Kind(
        name=name,
        key=key,
        variant=lambda part: part.variant,
        encode=payloads.encode_rows,
        decode=lambda raw: payloads.decode_rows(raw, row),
        load=lambda parts: {part: load(part) for part in parts},
        ttl_s=keys.TIMELINE_TTL_S,
        is_streamed=is_streamed,
        weight=CHUNK_WEIGHT,
    )


class Entries:
    """What timelines need of posts, which never changes; remembers recent ones.

    An entry outlives its post; whoever reads the posts decides whether there is
    anything to show.
    """

    def __init__(self, posts: PostStore):
        self._posts = posts
        self._known = Remembered[PostId, Entry](ENTRIES_BYTES)

    def note(self, post: Post) -> Post:
        """Remember the entry of a post that was read for another purpose."""
        if not post.is_tombstone:
            self._known.put(post.id, Entry.of(post), ENTRY_BYTES)
        return post

    def of(self, ids: set[PostId]) -> dict[PostId, Entry]:
        """Return the entries of existing posts; one query for those not remembered."""
        found = {i: e for i in ids if (e := self._known.get(i)) is not None}
        missing = ids - found.keys()
        if missing:
            for entry in self._posts.entries(sorted(missing)):
                found[entry.post_id] = entry
                self._known.put(entry.post_id, entry, ENTRY_BYTES)
        return found


@dataclass(frozen=True, slots=True)
class StoredLoader:
    """Read slices of homes and lists, with authors and addressees.

    The owner of a slice is the name of a list's timeline, or the user whose home it is.
    """

    timelines: TimelineStore
    entries: Entries

    def __call__(self, parts: Sequence[Slice]) -> dict[Slice, Chunk]:
        """Load slices of up to 200 timelines: at most three queries.

        One query for a top slice whose entries the process remembers.
        """
        names = sorted({_name(part) for part in parts})
        enough = TOP if all(part.is_top for part in parts) else None
        stored = self.timelines.stored_many(names, enough=enough)
        chosen = {part: _choose(part, stored.get(_name(part))) for part in parts}
        wanted = {i for ids, _, _ in chosen.values() for i in ids}
        known = self.entries.of(wanted)
        return {
            part: Chunk(
                tuple(known[i] for i in ids if i in known), floor=floor, ends=ends
            )
            for part, (ids, floor, ends) in chosen.items()
        }


def _name(part: Slice) -> str:
    return part.owner if isinstance(part.owner, str) else home_of(part.owner)


def _choose(part: Slice, stored: Stored | None) -> tuple[list[PostId], int, bool]:
    """Return a slice's ids, newest first, the floor, and whether it is the last."""
    if stored is None or stored.open.state != "ok":  # all of it is below the floor
        return [], MAX_ID, True
    lower, upper = part.bounds
    ids = [PostId(i) for i in stored.ids if lower < i < upper]
    chosen = ids[-CHUNK:] if part.is_upwards else ids[:CHUNK]
    ends = len(ids) == len(chosen) and not stored.goes_on
    return chosen, stored.open.floor, ends


class _Query(TypedDict):
    above: int
    below: int
    limit: int
    ascending: bool


def query_loader(
    ask: Callable[[Slice, _Query], list[Entry]],
) -> Callable[[Sequence[Slice]], dict[Slice, Chunk]]:
    """Load slices of timelines that are queries, with one query each."""

    def load(part: Slice) -> Chunk:
        above, below = part.bounds
        return _whole(
            ask(
                part,
                _Query(
                    above=above, below=below, limit=CHUNK, ascending=part.is_upwards
                ),
            )
        )

    return lambda parts: {part: load(part) for part in parts}


def _whole(entries: list[Entry]) -> Chunk:
    """Make a slice of a timeline that is a query: its floor is where it ends."""
    ordered = merge_newest([entries], CHUNK)
    return Chunk(tuple(ordered), floor=0, ends=len(ordered) < CHUNK)
