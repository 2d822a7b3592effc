"""Compare what is cached with MongoDB, and invalidate what an operator names.

An entry is a finding if it can be used now, differs from what MongoDB returns, and is
still the same a moment later: by then any write meanwhile has invalidated it.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from kwip.cache import codec
from kwip.cache.keys import COUNT_PACE_MS
from kwip.domain.accounts import statistics
from kwip.domain.errors import StoreUnavailableError
from kwip.domain.ids import MAX_ID, ListId, PostId, UserId
from kwip.domain.posting.reactions import Span
from kwip.domain.timelines.id_lists import IdListSlice, Row
from kwip.domain.timelines.notifications import KINDS, NotificationSlice, Selection
from kwip.domain.timelines.slices import RowChunk
from kwip.domain.timelines.timelines import Chunk
from kwip.domain.timelines.trends import MAX_TRENDS, PEOPLE_ORDERS
from kwip.services.reading.account_entities import AccessKeyId
from kwip.services.reading.slices import TOP_VARIANT, Slice
from kwip.services.timelines.merging import EVERYBODY
from kwip.store.social.list_edges import list_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from kwip.cache.inspection import Inspection
    from kwip.cache.keys import CacheKey
    from kwip.services.coherence.fence import Fence
    from kwip.services.maintenance.progress import Progress
    from kwip.services.reading.entities import Entities
    from kwip.services.reading.kinds import Kind

T = TypeVar("T")

#: Seconds after which a write has invalidated what it changed, including counts.
SETTLED_S = COUNT_PACE_MS / 1000 + 1.0
#: Keys that are invalidated together.
BATCH = 500
#: Counted but not cached: nobody should delete rate-limit windows by accident.
COUNTED = {"quota"}
_VARIANT = re.compile(r"(top|head|below|above)(?:\.\d+)?(?::(\d+))?")


@dataclass(frozen=True, slots=True)
class EntryDifference:
    """An entry that differs from MongoDB."""

    key: CacheKey
    variant: str
    problem: str


@dataclass(frozen=True, slots=True)
class _Entry:
    key: CacheKey
    variant: str
    raw: bytes


class CacheAudit:
    """Check entries of every kind.

    Args:
        inspection: The cache.
        entities: The kinds: how an entry is named, decoded and loaded.
        fence: Invalidates.
        epoch: The current one; entries of another one are not used.
    """

    def __init__(
        self,
        inspection: Inspection,
        entities: Entities,
        fence: Fence,
        epoch: int,
        sleep: Callable[[float], None] = time.sleep,
    ):
        self._inspection = inspection
        self._readers = _readers(entities)
        self._fence = fence
        self._epoch = epoch
        self._sleep = sleep

    def count(self, most: int, progress: Progress) -> tuple[Counter[str], bool]:
        """Count about `most` keys by kind; return whether these are all."""
        progress.begin("keys", most)
        names: set[CacheKey] = set()
        for key in islice(self._names(), most + 1):
            names.add(key)
            progress.advance()
        return Counter(map(kind_of, names)), len(names) <= most

    def verify(
        self, most: int, progress: Progress
    ) -> tuple[Counter[str], list[EntryDifference]]:
        """Compare the entries of about `most` keys; count them by kind.

        Entries that can no longer be used are skipped.
        """
        checked: Counter[str] = Counter()
        suspects: list[_Entry] = []
        names = dict.fromkeys(islice(self._names(), most))
        progress.begin("keys", len(names))
        for key in names:
            progress.advance()
            for entry in self._entries(key):
                checked[kind_of(key)] += 1
                if self._problem(entry):
                    suspects.append(entry)
        if suspects:
            self._sleep(SETTLED_S)
        return checked, [
            EntryDifference(entry.key, entry.variant, problem)
            for entry in suspects
            if entry in self._entries(entry.key) and (problem := self._problem(entry))
        ]

    @property
    def kinds(self) -> set[str]:
        """The kinds of entries that Kwip caches, and of windows that it counts."""
        return {*self._readers, *COUNTED}

    def invalidate(self, keys: Iterable[CacheKey]) -> int:
        """Invalidate some keys; count them."""
        waiting, invalidated = iter(dict.fromkeys(keys)), 0
        while batch := list(islice(waiting, BATCH)):
            self._fence.invalidate(batch)
            invalidated += len(batch)
        return invalidated

    def invalidate_all(self, kind: str | None = None) -> int:
        """Invalidate everything, or all of one kind; count the keys.

        Deletes what is there when it begins, key by key, as a write would. So nobody
        reads what was cached before, and the site is not slowed down as by a new epoch,
        with which everything would be a miss for everyone.
        """
        return self.invalidate(self._names(kind))

    def matching(self, what: str | None) -> int:
        """Count the keys of a kind, a single key, or all of them."""
        if what is not None and ":" in what:
            return sum(key == what for key in set(self._names()))
        return len(set(self._names(what)))

    def _names(self, kind: str | None = None) -> Iterator[CacheKey]:
        for batch in self._inspection.iter_names():
            if batch is None:
                raise _unreachable()
            for key in batch:
                if kind_of(key) == kind or (
                    kind is None and kind_of(key) not in COUNTED
                ):
                    yield key

    def _entries(self, key: CacheKey) -> list[_Entry]:
        """Return the entries of a key that can be used now and that we can read."""
        if kind_of(key) not in self._readers:  # it may not be a hash
            return []
        found = self._inspection.entries(key)
        if found is None:
            raise _unreachable()
        return [
            _Entry(key, variant, raw)
            for variant, raw in found.items()
            if codec.unpack(raw).epoch == self._epoch
            and self._reader(key, variant) is not None
        ]

    def _reader(self, key: CacheKey, variant: str) -> tuple[Kind[Any, Any], Any] | None:
        """Find the kind and the id behind a name; None for what we cannot read.

        A view of an older release has another name than today's.
        """
        prefix, _, rest = key.partition(":")
        for kind, parse in self._readers.get(prefix, ()):
            try:
                entity = parse(rest, variant)
            except ValueError:
                continue
            if kind.key(entity) == key and kind.variant(entity) == variant:
                return kind, entity
        return None

    def _problem(self, entry: _Entry) -> str:
        """Describe how an entry differs from MongoDB; "" if it does not."""
        found = self._reader(entry.key, entry.variant)
        if found is None:
            return ""
        kind, entity = found
        payload = codec.payload(entry.raw)
        loaded = kind.load([entity]).get(entity)
        if payload is None:
            return "" if loaded is None else "cached as missing, but it exists"
        cached = kind.decode(payload)
        if loaded is None:
            return "cached, but it does not exist"
        is_same = cached == loaded or _is_older_slice(cached, loaded)
        return "" if is_same else "the cached value differs from MongoDB"


_Reader = tuple["Kind[Any, Any]", "Callable[[str, str], Any]"]


def kind_of(key: CacheKey) -> str:
    """Return the kind of a key: what comes before the first colon."""
    return key.partition(":")[0]


def _is_older_slice(cached: Any, loaded: Any) -> bool:
    """Return whether a slice only has more than it would have now.

    A deleted post stays in cached slices, where hydration hides it; what is loaded in
    its place lies below everything cached.
    """
    ours, theirs = _places(cached), _places(loaded)
    is_longer = len(ours.keys()) > len(theirs.keys() & ours.keys())
    missing = [place for entry, place in theirs.items() if entry not in ours]
    return is_longer and all(place < min(ours.values()) for place in missing)


def _places(slice_: Any) -> dict[Any, int]:
    """Return the content of a slice, with the place of each row."""
    if isinstance(slice_, Chunk):
        return {entry: entry.post_id for entry in slice_.entries}
    rows = slice_.rows if isinstance(slice_, RowChunk) else ()
    return {row: row.cursor for row in rows if isinstance(row, Row)}


def _readers(
    entities: Entities,
) -> dict[str, tuple[_Reader, ...]]:
    """Return the kinds for each prefix of names, and how their ids are parsed."""
    return {
        "post": ((entities.posts, lambda rest, _: PostId(int(rest))),),
        "guests": ((entities.guests, lambda rest, _: PostId(int(rest))),),
        "user": ((entities.users, lambda rest, _: UserId(int(rest))),),
        "handle": ((entities.handles, lambda rest, _: rest),),
        "relations": ((entities.relations, lambda rest, _: UserId(int(rest))),),
        "session": ((entities.sessions, _access),),
        "token": ((entities.tokens, _access),),
        "home": ((entities.homes, _user_slice),),
        "list": (
            (entities.list_owners, lambda rest, _: ListId(int(rest))),
            (entities.list_timelines, _list_slice),
        ),
        "lists": ((entities.lists, _lists), (entities.listings, _listing)),
        "active": ((entities.active, _active),),
        "user_timeline": ((entities.user_timelines, _user_slice),),
        "media_timeline": ((entities.media_timelines, _user_slice),),
        "pulls": ((entities.pulls, lambda *_: EVERYBODY),),
        "trends": (
            (entities.trends, lambda _, variant: _known(MAX_TRENDS, variant)),
            (entities.people_orders, lambda _, variant: _known(PEOPLE_ORDERS, variant)),
        ),
        "suggestions": ((entities.suggestions, lambda rest, _: UserId(int(rest))),),
        "statistics": ((entities.statistics, _statistics),),
        "public": ((entities.public, lambda _, variant: _slice(UserId(0), variant)),),
        "tag": ((entities.tags, _slice),),
        "reactions": ((entities.reactions, _span),),
        "thread": ((entities.threads, lambda rest, _: PostId(int(rest))),),
        "id_list": ((entities.id_lists, _id_list),),
        "notifications": ((entities.notifications, _notifications),),
        "unread": ((entities.unread, lambda rest, _: UserId(int(rest))),),
        "markers": ((entities.markers, lambda rest, _: UserId(int(rest))),),
    }


def _known(names: Collection[T], variant: str) -> T:
    found = next((name for name in names if name == variant), None)
    if found is None:
        raise ValueError(variant)
    return found


def _statistics(rest: str, variant: str) -> statistics.Span:
    since, until, named = variant.split("-")
    audience = _known(tuple(statistics.AUDIENCES), named)
    return statistics.Span(UserId(int(rest)), int(since), int(until), audience)


def _access(rest: str, _: str) -> AccessKeyId:
    user, _, digest = rest.partition(":")
    return AccessKeyId(UserId(int(user)), digest)


def _span(rest: str, _: str) -> tuple[UserId, Span]:
    user, _, span = rest.partition(":")
    return UserId(int(user)), Span(int(span))


def _cursor(variant: str) -> tuple[int, bool]:
    """Parse the cursor of a slice, and whether it goes upwards."""
    found = _VARIANT.fullmatch(variant)
    if found is None:
        raise ValueError(variant)
    return int(found[2] or MAX_ID), found[1] == "above"


def _slice(owner: UserId | str, variant: str) -> Slice:
    cursor, is_upwards = _cursor(variant)
    return Slice(owner, cursor, is_upwards=is_upwards, is_top=variant == TOP_VARIANT)


def _user_slice(rest: str, variant: str) -> Slice:
    return _slice(UserId(int(rest)), variant)


def _list_slice(rest: str, variant: str) -> Slice:
    return _slice(list_of(ListId(int(rest))), variant)


def _lists(rest: str, _: str) -> UserId:
    return UserId(int(rest))


def _listing(rest: str, variant: str) -> tuple[UserId, ListId]:
    return UserId(int(rest)), ListId(int(variant.removesuffix(".2")))


def _active(rest: str, variant: str) -> IdListSlice:
    """Parse `<cursor>[:<as of>]`."""
    name, _, owner = rest.partition(":")
    place, _, as_of = (
        variant.rpartition(":") if variant.count(":") > 1 else (variant, "", "")
    )
    cursor, is_upwards = _cursor(place)
    then = int(as_of) if as_of else None
    whose = owner if name == "tag" else int(owner)
    return IdListSlice(name, whose, cursor, is_upwards=is_upwards, as_of=then)


def _id_list(rest: str, variant: str) -> IdListSlice:
    name, _, owner = rest.partition(":")
    cursor, is_upwards = _cursor(variant)
    return IdListSlice(name, int(owner), cursor, is_upwards=is_upwards)


def _notifications(rest: str, variant: str) -> NotificationSlice:
    """Parse `<place>:<numbers of the kinds, each a hexadecimal digit>:<actor>`."""
    place, numbers, actor = variant.rsplit(":", 2)
    cursor, is_upwards = _cursor(place)
    kinds = frozenset(KINDS[int(number, 16)] for number in numbers)
    wanted = Selection(kinds, UserId(int(actor)))
    return NotificationSlice(UserId(int(rest)), wanted, cursor, is_upwards=is_upwards)


def _unreachable() -> StoreUnavailableError:
    return StoreUnavailableError(
        "The cache Redis is not responding: see `kwip doctor`. Until it is back,"
        " every read goes to MongoDB."
    )
