"""Load a network of users, follows and posts for `kwip world load`.

Users and edges are written in bulk, because they need no delivery. Posts go through the
posting service and the fan-out jobs of the running stack. A load that was killed at any
moment can be started again and continues: each phase may be repeated from its last
checkpoint, and the posts' idempotency keys show which exist.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from dataclasses import asdict, dataclass
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from kwip.cache import invalidation_rules
from kwip.domain.accounts.users import User
from kwip.domain.batches import batches
from kwip.domain.clock import at
from kwip.domain.errors import ConflictError
from kwip.domain.ids import UserId
from kwip.domain.world.world import username_of
from kwip.services.maintenance.checkpoint import Checkpoint
from kwip.services.posting.claims import CLAIM_LIFETIME_MS
from kwip.services.world.publisher import Publisher

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from kwip.domain.clock import ClockMs
    from kwip.domain.ids import IdGenerator
    from kwip.domain.world.world import Graph, World
    from kwip.services.coherence.fence import Fence
    from kwip.services.maintenance.progress import Progress
    from kwip.services.world.publisher import PublisherParts
    from kwip.store.accounts.users import UserStore
    from kwip.store.jobs import JobStore
    from kwip.store.maintenance.loading import LoadStore, Pair

T = TypeVar("T")

PHASES = ("users", "followers", "follows", "counters", "posts", "deliveries")
USERS_AT_ONCE, EDGES_AT_ONCE, COUNTERS_AT_ONCE = 1_000, 4_000, 500
#: A load that has begun to post must continue before its first keys expire.
RESUME_WITHIN_MS = CLAIM_LIFETIME_MS - 3_600_000
_NOTE_EVERY_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """The result of a load.

    Attributes:
        users: In the graph.
        follows: In the graph.
        posts: All that were asked for.
        deliveries: The homes they belong in: for each post its author's followers and
            the author.
        entries: What all homes store now, including duplicates.
        deliveries_per_s: From the first post of this run until none was pending.
        seconds: By phase, summed over all runs of this load.
    """

    users: int
    follows: int
    posts: int
    deliveries: int
    entries: int
    deliveries_per_s: float
    seconds: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldLoader:
    """Load worlds into the running stack."""

    users: UserStore
    loading: LoadStore
    jobs: JobStore
    publishing: PublisherParts
    fence: Fence
    ids: IdGenerator
    clock: ClockMs

    def load(self, world: World, posts: int, progress: Progress) -> Loaded:
        """Load a world with a number of posts; return when none is pending.

        The same world with the same number of posts is the same load: it continues
        where it was, and once done it writes nothing. With another number of posts it
        is another load, whose posts are added.

        Raises:
            ConflictError: A user of the world is a real one, or the load was
                interrupted for a day after it had begun to post.
            StoreUnavailableError: Load it again, and it continues.
        """
        name = f"world:{world.digest()}:{posts}"
        run = _Run(Checkpoint(self.jobs, name, self.clock), progress)
        if run.result is not None:
            return run.result
        self._begin(run)
        ids = self._load_users(run, world.graph)
        self._load_edges(run, world.graph, ids)
        self._recount(run, list(ids.values()))
        deliveries, published = self._publish(run, world, ids, posts)
        took_s = run.took_s["posts"] + run.took_s["deliveries"]
        loaded = Loaded(
            users=len(ids),
            follows=len(world.graph.edges),
            posts=posts,
            deliveries=deliveries,
            entries=self.loading.entries_count(),
            deliveries_per_s=round(published / took_s, 1) if took_s else 0.0,
            seconds=run.seconds(),
        )
        run.finish(loaded)
        return loaded

    def _begin(self, run: _Run) -> None:
        began_ms = run.count("posts_began_ms")
        if began_ms and self.clock() - began_ms > RESUME_WITHIN_MS:
            raise ConflictError(
                "This load was interrupted more than 23 hours ago, so it can't be"
                " resumed. Use another --seed."
            )
        if not run.is_resumed:
            run.note(is_mixed=int(self.loading.has_follows()))

    def _load_users(self, run: _Run, graph: Graph) -> dict[int, UserId]:
        """Create the users, or look them up; return their ids by node."""
        users, ids = self.users, dict[int, UserId]()
        is_past = run.is_past("users")
        run.begin("users", len(graph.nodes))
        for nodes in batches(graph.nodes, USERS_AT_ONCE):
            names = [username_of(node) for node in nodes]
            if is_past:
                found = users.ids_of(names)
            else:
                found = users.create_many(self._new_users(names))
                self._refuse_people(found)
                self.fence.invalidate(
                    key
                    for username, user_id in found.items()
                    for key in invalidation_rules.sign_up(
                        user_id=user_id, username=username
                    )
                )
            ids.update(
                (node, found[name]) for node, name in zip(nodes, names, strict=True)
            )
            run.advance(len(nodes))
        run.end()
        return ids

    def _new_users(self, names: list[str]) -> list[User]:
        """Draw users whose ids are in the order of their nodes.

        So the order of nodes is that of the indexes, which makes bulk writes fast.
        """
        ids = self.ids
        drawn = sorted(ids.next_id(ids.random_slot()) for _ in names)
        return [
            User(id=UserId(i), username=name, display_name="")
            for i, name in zip(drawn, names, strict=True)
        ]

    def _refuse_people(self, found: Mapping[str, UserId]) -> None:
        people = self.users.with_credentials(list(found.values()))
        for username, user_id in found.items():
            if user_id in people:
                raise ConflictError(
                    f"{username} is a user who can log in, so the graph can't be"
                    " loaded here. Use an empty database."
                )

    def _load_edges(self, run: _Run, graph: Graph, ids: Mapping[int, UserId]) -> None:
        """Write both sides of the edges, the followee's first.

        Posts written after that reach the followers. Users who posted before are then
        looked for, and their edges wait for a backfill. Edges that exist, in whatever
        state, are left alone.
        """
        loading, is_mixed = self.loading, bool(run.count("is_mixed"))
        total = len(graph.edges)
        pairs = ((ids[a], ids[b]) for a, b in graph.by_followee())
        for chunk in run.chunks("followers", pairs, total, EDGES_AT_ONCE):
            known = loading.follows_among(chunk) if is_mixed else set()
            loading.add_followers([pair for pair in chunk if pair not in known])
        if run.is_past("follows"):
            return
        merging = loading.authors_among(sorted(ids.values()))
        pairs = ((ids[a], ids[b]) for a, b in graph.by_follower())
        for chunk in run.chunks("follows", pairs, total, EDGES_AT_ONCE):
            wanted: Iterable[Pair] = chunk
            if is_mixed:
                both = loading.followers_among(chunk)
                wanted = (pair for pair in chunk if pair in both)
            loading.add_follows(list(wanted), merging, at(self.clock()))

    def _recount(self, run: _Run, ids: list[UserId]) -> None:
        """Set the counters of follows, and invalidate what was cached before."""
        for some in run.chunks("counters", ids, len(ids), COUNTERS_AT_ONCE):
            self.loading.recount(some)
            self.fence.invalidate(
                key
                for user_id in some
                for key in invalidation_rules.follow(
                    follower_id=user_id, followee_id=user_id
                )
            )

    def _publish(
        self, run: _Run, world: World, ids: Mapping[int, UserId], posts: int
    ) -> tuple[int, int]:
        """Publish and wait; count the deliveries, and those of this run."""
        publisher = Publisher(self.publishing, world, ids, run.name)
        numbers = publisher.find(posts)
        run.begin("posts", posts, done=sum(1 for i in numbers if i))
        if not run.count("posts_began_ms"):
            run.note(posts_began_ms=self.clock())
        mine = publisher.publish(numbers, run.advance)
        run.end()
        run.begin("deliveries", publisher.waiting_count())
        publisher.await_delivery(run.advance)
        run.end()
        return publisher.deliveries(range(posts)), publisher.deliveries(mine)


class _Run:
    """One run of a load: its checkpoint, its progress and its clock."""

    def __init__(self, checkpoint: Checkpoint, progress: Progress):
        self._checkpoint = checkpoint
        self._progress = progress
        self._phase = ""
        self._lap_began = 0.0
        #: Seconds of this run, by phase.
        self.took_s: dict[str, float] = defaultdict(float)

    @property
    def name(self) -> str:
        """The name of the load."""
        return self._checkpoint.job.id

    @property
    def is_resumed(self) -> bool:
        """Whether an earlier run had begun."""
        return self._checkpoint.is_found

    @property
    def result(self) -> Loaded | None:
        """The result of the load, if it is done."""
        text = self._checkpoint.job.detail.get("result")
        return None if text is None else Loaded(**json.loads(text))

    def finish(self, loaded: Loaded) -> None:
        """Store the result; the load is done."""
        text = json.dumps(asdict(loaded))
        self._checkpoint.save(detail={"result": text}, is_done=True)

    def count(self, name: str) -> int:
        """Return a stored number, 0 if there is none."""
        return self._checkpoint.job.counts.get(name, 0)

    def note(self, **counts: int) -> None:
        """Store numbers, also for later runs; one write."""
        self._checkpoint.save(counts={**counts, **self._lap()})

    def is_past(self, phase: str) -> bool:
        """Return whether an earlier run has finished a phase."""
        return bool(self.count(f"{phase}_done"))

    def begin(self, phase: str, total: int, done: int = 0) -> None:
        """Begin a phase."""
        self._phase, self._lap_began = phase, time.monotonic()
        self._progress.begin(phase, total, done)

    def advance(self, count: int = 1) -> None:
        """Report progress, and store now and then how long the phase takes."""
        self._progress.advance(count)
        if time.monotonic() - self._lap_began > _NOTE_EVERY_S:
            self.note()

    def end(self) -> None:
        """Note that the phase is done."""
        self.note(**{f"{self._phase}_done": 1})

    def chunks(
        self, phase: str, items: Iterable[T], total: int, size: int
    ) -> Iterator[list[T]]:
        """Yield a phase's items in chunks, from where an earlier run was.

        A chunk counts as done when the next one is asked for.
        """
        if self.is_past(phase):
            return
        done = self.count(f"{phase}_cursor")
        self.begin(phase, total, done)
        for chunk in batches(islice(items, done, None), size):
            yield chunk
            done += len(chunk)
            self.note(**{f"{phase}_cursor": done})
            self._progress.advance(len(chunk))
        self.end()

    def seconds(self) -> dict[str, float]:
        """Return the seconds of all runs, by phase."""
        return {phase: self.count(f"{phase}_ms") / 1000 for phase in PHASES}

    def _lap(self) -> dict[str, int]:
        """Return the phase's seconds, including those since the last call."""
        if not self._phase:
            return {}
        now = time.monotonic()
        passed_s, self._lap_began = now - self._lap_began, now
        self.took_s[self._phase] += passed_s
        name = f"{self._phase}_ms"
        return {name: self.count(name) + round(passed_s * 1000)}
