"""Rebuild every home and list, and verify them against a fresh computation."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from kwip.domain.ids import ListId, UserId
from kwip.domain.timelines.timelines import AUTHORS_PER_QUERY, belongs_in_home
from kwip.store.social.list_edges import list_of
from kwip.store.timelines.buckets import home_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from kwip.domain.timelines.lists import UserList
    from kwip.services.delivery.home_backfill import HomeBackfill
    from kwip.services.delivery.list_backfill import ListBackfill
    from kwip.services.maintenance.checkpoint import Checkpoint
    from kwip.services.maintenance.progress import Progress
    from kwip.services.reading.stores import Stores
    from kwip.store.posting.posts import Pushed
    from kwip.store.social.edges import EdgeStore
    from kwip.store.timelines.buckets import Stored

_T = TypeVar("_T")

#: Homes between two checkpoints of a rebuild.
BATCH = 500
#: Homes that are verified together, with one query of each kind.
TOGETHER = AUTHORS_PER_QUERY
#: Posts that a verification remembers, to limit its memory.
REMEMBERED = 300_000
#: How often a home whose compaction is busy is tried again, and after how long: longer
#: than the lease of a killed run lasts.
TRIES, PAUSE_S = 140, 0.5


@dataclass(frozen=True, slots=True)
class HomeDifference:
    """A post that a home, or the list if one is named, must store and does not."""

    owner_id: UserId
    list_id: ListId | None
    post_id: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of a verification; `purge_pending` counts ids yet to be purged."""

    homes: int
    lists: int
    differences: tuple[HomeDifference, ...]
    purge_pending: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """The speed of a rebuild: homes at once, and seconds of pause after a batch."""

    concurrency: int = 2
    throttle_s: float = 0.0


@dataclass(frozen=True, slots=True)
class _Timeline:
    """A stored timeline: somebody's home, or one of their lists."""

    owner_id: UserId
    list_id: ListId | None = None

    @property
    def name(self) -> str:
        """The name it is stored under."""
        return home_of(self.owner_id) if self.list_id is None else list_of(self.list_id)


@dataclass(frozen=True, slots=True)
class Reindexer:
    """Rebuild homes and their owners' lists, while the site runs."""

    stores: Stores
    home_backfill: HomeBackfill
    list_backfill: ListBackfill
    sleep: Callable[[float], None] = time.sleep

    def rebuild_all(
        self, checkpoint: Checkpoint, pace: Pace, progress: Progress
    ) -> list[UserId]:
        """Rebuild all homes and lists, from the checkpoint on; return the failed ones.

        Busy ones are tried again at the end; the checkpoint remembers them.
        """
        job = checkpoint.job
        done = job.counts.get("rebuilt", 0)
        busy = [UserId(int(text)) for text in job.detail.get("busy", "").split()]
        progress.begin("homes", max(self.stores.users.count(), done), done)
        with ThreadPoolExecutor(pace.concurrency) as pool:
            for ids in self.stores.users.iter_ids(after=job.cursor, batch=BATCH):
                lists = self.stores.lists.of_owners(ids)
                rebuilt = list(pool.map(self._rebuild, ids, [lists[i] for i in ids]))
                busy += [i for i, ok in zip(ids, rebuilt, strict=True) if not ok]
                done += sum(rebuilt)
                progress.advance(len(ids))
                checkpoint.save(
                    cursor=ids[-1],
                    counts={"rebuilt": done},
                    detail={"busy": " ".join(map(str, busy))},
                )
                self.sleep(pace.throttle_s)
        failed = self.rebuild(busy)
        counts = {"rebuilt": done + len(busy) - len(failed), "failed": len(failed)}
        checkpoint.save(counts=counts, detail={"busy": ""}, is_done=True)
        return failed

    def rebuild(self, ids: Sequence[UserId]) -> list[UserId]:
        """Rebuild some users' homes and lists, with retries; return the busy ones."""
        waiting = list(ids)
        for number in range(TRIES):
            # Read each time, so that a list that was deleted meanwhile is not waited
            # for.
            lists = self.stores.lists.of_owners(waiting)
            waiting = [i for i in waiting if not self._rebuild(i, lists[i])]
            if not waiting:
                break
            self.sleep(PAUSE_S * min(number, 1))
        return waiting

    def _rebuild(self, user_id: UserId, lists: Iterable[UserList]) -> bool:
        is_done = self.home_backfill.rebuild(user_id)
        for each in lists:
            is_done = self.list_backfill.rebuild(each.id) and is_done
        return is_done


class Verifier:
    """Compare what homes and lists store with what they must store.

    A missing post is a difference. Posts that are being delivered and users who are
    being backfilled are left out, and each difference is checked twice, so that ongoing
    changes are none.
    """

    def __init__(self, stores: Stores, edges: EdgeStore):
        self._users = stores.users
        self._posts = stores.posts
        self._timelines = stores.timelines
        self._lists = stores.lists
        self._relationships = stores.relationships
        self._edges = edges
        self._delivered: dict[UserId, list[Pushed]] = {}
        self._remembered = 0

    def verify_all(self, progress: Progress) -> Verdict:
        """Verify all: eight queries for `TOGETHER` homes, authors' posts, each list."""
        progress.begin("homes", self._users.count())
        return self.verify(self._users.iter_ids(batch=TOGETHER), progress)

    def verify(self, batches: Iterable[list[UserId]], progress: Progress) -> Verdict:
        """Verify some homes and their owners' lists, at most `TOGETHER` in a batch."""
        homes, lists, pending = 0, 0, 0
        suspects: set[UserId] = set()
        for ids in batches:
            missing, timelines, extra = self._compare(ids)
            suspects |= {difference.owner_id for difference in missing}
            pending += extra
            homes += len(ids)
            lists += timelines - len(ids)
            progress.advance(len(ids))
        self._forget()
        differences: list[HomeDifference] = []
        for ids in _batches(sorted(suspects), TOGETHER):
            differences += self._compare(ids)[0]
        return Verdict(homes, lists, tuple(differences), pending)

    def _compare(self, ids: list[UserId]) -> tuple[list[HomeDifference], int, int]:
        """Compare some homes and lists; count these, and ids by strangers in homes.

        Whose posts a timeline holds is read before and after what it stores, and only
        authors found both times count: the others were just backfilled or are being
        purged.
        """
        before = self._authors(ids)
        self._remember({i for authors in before.values() for i in authors})
        stored: dict[str, Stored] = {}
        for names in _batches([each.name for each in before], TOGETHER):
            stored |= self._timelines.stored_many(names)
        after = self._authors(ids)
        missing: list[HomeDifference] = []
        extra: dict[UserId, set[int]] = {}
        for each, authors in before.items():
            held = stored.get(each.name)
            if held is None or held.open.state != "ok":
                continue  # hibernating, or deleted: there is nothing to compare
            both = authors & after.get(each, set())
            wanted, present = self._wanted(each.owner_id, both, held), set(held.ids)
            missing += [
                HomeDifference(each.owner_id, each.list_id, i)
                for i in sorted(wanted - present)
            ]
            if each.list_id is None:
                extra[each.owner_id] = present - wanted
        return missing, len(before), self._count_strangers(extra)

    def _authors(self, ids: list[UserId]) -> dict[_Timeline, set[UserId]]:
        """Return whose posts the homes and lists of some users hold already."""
        followees = self._edges.merged_followees(ids)
        homes = {_Timeline(i): {i, *followees[i]} for i in ids}
        lists = {
            _Timeline(each.list.owner_id, each.list.id): set(each.member_ids)
            for each in self._lists.merged(ids)
        }
        return homes | lists

    def _wanted(
        self, owner_id: UserId, authors: Iterable[UserId], held: Stored
    ) -> set[int]:
        floor = held.open.floor
        return {
            post.post_id
            for author_id in authors
            for post in self._delivered.get(author_id, ())
            if post.post_id >= floor
            and belongs_in_home(
                owner_id, author_id, post.visibility, post.mentioned_ids
            )
        }

    def _count_strangers(self, extra: dict[UserId, set[int]]) -> int:
        """Count ids in homes by authors no longer followed: one or two queries."""
        owners = [owner_id for owner_id, ids in extra.items() if ids]
        if not owners:
            return 0
        ids = sorted({i for owner_id in owners for i in extra[owner_id]})
        authors: dict[int, UserId] = {
            entry.post_id: entry.author_id for entry in self._posts.entries(ids)
        }
        relations = self._relationships.relations(owners)
        return sum(
            authors[i] not in {owner_id, *relations[owner_id].follows}
            for owner_id in owners
            for i in extra[owner_id]
            if i in authors
        )

    def _remember(self, authors: set[UserId]) -> None:
        """Read the delivered posts of authors that are not remembered yet.

        They may be older than what is stored: a newer post is only an extra one, never
        a difference.
        """
        if self._remembered > REMEMBERED:
            self._forget()
        for part in _batches(sorted(authors - self._delivered.keys()), TOGETHER):
            self._delivered |= {author_id: [] for author_id in part}
            for post in self._posts.all_delivered_by(part):
                self._delivered[post.author_id].append(post)
                self._remembered += 1

    def _forget(self) -> None:
        self._delivered.clear()
        self._remembered = 0


def _batches(ids: Iterable[_T], size: int) -> Iterator[list[_T]]:
    waiting = iter(ids)
    while batch := list(islice(waiting, size)):
        yield batch
