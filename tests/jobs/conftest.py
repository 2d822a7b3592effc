"""One worker's parts with an injected clock, a bell that waits, and small numbers."""

from __future__ import annotations

import random

import pytest
import redis

from kwip.domain.accounts.users import User
from kwip.domain.clock import at, system_clock_ms
from kwip.domain.posting.posts import Draft, Visibility
from kwip.jobs.registry import jobs
from kwip.services.coherence.cache_lease import FenceTimes
from kwip.services.delivery.fanout import FanoutLimits
from kwip.wiring import Options, build
from tests.frozen import swap
from tests.jobs.list_oracle import waiting
from tests.jobs.oracle import cache_homes, check, check_stored_sets
from tests.jobs.process import Process
from tests.jobs.snapshots import Snapshot
from tests.jobs.steps import Steps
from tests.thorough import IS_THOROUGH
from tests.wired import Rings, viewer_of

#: Longer than every lease and every wait for a retry.
LONG_MS = 400_000
#: The suite stops work after each sixth step, `make thorough` after each one.
STRIDE = 1 if IS_THOROUGH else 6
#: Timelines seal and trim as the real ones do, at a sixteenth to a hundredth.
SMALL = {
    "kwip.store.timelines.timelines.SEAL_AT": 8,
    "kwip.domain.timelines.timelines.SEAL_LOOK": 1,
    "kwip.domain.timelines.timelines.KEEP_OPEN": 4,
    "kwip.domain.timelines.timelines.TRIM_TO": 8,
    "kwip.services.delivery.compaction.TRIM_TO": 8,
    "kwip.services.delivery.compaction.TRIM_ABOVE": 14,
    "kwip.services.delivery.compaction.AUTHORS_PER_QUERY": 2,
}


class Clock:
    """The real time, moved on by hand."""

    def __init__(self):
        self.ahead_ms = 0

    def __call__(self):
        return system_clock_ms() + self.ahead_ms


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def steps():
    return Steps()


@pytest.fixture
def rings():
    return Rings()


@pytest.fixture
def redis_cache(endpoints):
    with redis.Redis.from_url(endpoints.redis_cache_uri) as client:
        yield client


@pytest.fixture
def small(monkeypatch):
    """Make timelines seal and trim after a few entries."""
    for target, value in SMALL.items():
        monkeypatch.setattr(target, value)


@pytest.fixture
def chunk():
    """Return how many followers make a chunk; one, so that deliveries have several."""
    return 1


@pytest.fixture
def is_sharded():
    """Return whether stores take MongoDB for a sharded cluster."""
    return False


@pytest.fixture(autouse=True)
def _quiet(quiet_log):
    pass


@pytest.fixture
def make_worker(settings, endpoints, clock, steps, rings, chunk, is_sharded):
    """Return a function that makes the parts of one more process."""
    made = []

    def make(**options):
        known = {
            "enqueue": rings,
            "clock": clock,
            "fence_times": FenceTimes().scaled(0.1),
            "fanout_limits": FanoutLimits(chunk=chunk),
            "listeners": [steps],
            "is_sharded": is_sharded,
            "rng": random.Random(5),  # noqa: S311 -- the same every time
        }
        wiring = build(
            settings, endpoints, role="worker", options=Options(**known | options)
        )
        made.append(wiring)
        assert wiring.fence.await_lease(within_s=30)
        return wiring

    yield make
    for wiring in made:
        wiring.close()


class Nothing:
    """A source of jobs of which none is ever due."""

    def take_due(self, *_):
        return []

    def has_due(self):
        return False

    is_due = has_due


#: What is swept and is no part of these tests; looking costs as much as what is.
NOT_SWEPT = (
    *("attachments", "processing", "purges", "poll_ends", "drafts"),
    *("previews", "stale_previews", "trending", "mails"),
    *(
        "mail_preferences",
        "push_subscriptions",
        "exports",
        "imports",
        "strikes",
        "closures",
    ),
    "blogs",
)


@pytest.fixture
def kwip(make_worker, rings, steps):
    """Return a process whose every write and drop is a step."""
    wiring = make_worker()
    swap(wiring.sweeper, **dict.fromkeys(NOT_SWEPT, Nothing()))
    # Leases run out by the clock that is moved; this one must stay right.
    wiring.services.clock_guard._clock = system_clock_ms
    steps.guard(wiring)
    rings.jobs = jobs(wiring.services)
    return wiring


@pytest.fixture
def start(endpoints, tmp_path):
    """Return a function that starts a worker for jobs, "sweeper", or with "" both."""
    started = []

    def start(role="jobs", **options):
        arguments = [role] if role else []
        process = Process(endpoints, tmp_path / "home", *arguments, **options)
        started.append(process)
        return process

    yield start
    for process in started:
        process.end()


@pytest.fixture
def people(kwip):
    """Return a function that makes users quickly, by name; gives their viewers."""

    def make(*names):
        slots = [kwip.services.users.ids.random_slot() for _ in names]
        users = [
            User(
                id=kwip.services.users.ids.next_id(slot),
                username=name,
                display_name="",
            )
            for slot, name in zip(slots, names, strict=True)
        ]
        kwip.stores.users.create_many(users)
        return [viewer_of(user) for user in users]

    return make


@pytest.fixture
def follow(kwip, rings):
    """Return a function that lets people follow somebody, all that comes of it done."""

    def follow(followee, *followers):
        for follower in followers:
            kwip.services.relationships.follow(follower, followee.id)
        rings.run()

    return follow


@pytest.fixture
def unfollow(kwip, rings):
    """Return a function that lets people unfollow somebody."""

    def unfollow(followee, *followers):
        for follower in followers:
            kwip.services.relationships.unfollow(follower, followee.id)
        rings.run()

    return unfollow


@pytest.fixture
def say(kwip):
    """Return a function that publishes; `to` is a post that is answered."""

    def say(author, text="Hello", *, to=None, visibility="public", key=None):
        draft = Draft(
            text=text,
            visibility=Visibility(visibility),
            in_reply_to_id=None if to is None else to.id,
            idempotency_key=key,
        )
        return kwip.services.posts.publish(author.id, draft)

    return say


@pytest.fixture
def sweep(kwip, clock, rings, mongodb):
    """Return a function that lets all leases run out and the sweeper do its work."""

    def sweep():
        for _ in range(5):
            clock.ahead_ms += LONG_MS
            kwip.sweeper.sweep()
            rings.run()
            posts, edges = kwip.outbox.pending_count(), kwip.edges.waiting_count()
            if not (posts or edges or waiting(mongodb)):
                return

    return sweep


@pytest.fixture
def right(kwip, mongodb):
    """Return a function that fails unless every home and counter is exactly right."""

    def right(**allowed):
        check(kwip, mongodb, **allowed)

    return right


@pytest.fixture
def read_homes(kwip, mongodb):
    """Return a function that has cached whatever homes are made of, in one loader."""

    def read():
        users, posts = (mongodb[name].distinct("_id") for name in ("users", "posts"))
        cache_homes(kwip, users, posts)

    return read


@pytest.fixture
def snapshot(mongodb, redis_cache):
    """Return a function that keeps the databases as they are, to bring them back."""
    return lambda: Snapshot(mongodb, redis_cache)


@pytest.fixture
def killed_at_each_step(
    kwip, mongodb, steps, snapshot, sweep, right, read_homes, rings
):
    """Return a function that kills `work` after each step, and checks what is left.

    `again` is what whoever asked does when the process is back.
    """

    def kill(work, again=lambda: None, *, steps_at_least):
        before, waiting = snapshot(), list(rings.waiting)
        done, is_killed = 0, True
        while is_killed:
            before.restore()
            rings.waiting = list(waiting)
            read_homes()  # so that all are cached
            is_killed = steps.kill(done, work)
            rings.waiting.clear()  # the queue went with it
            again()
            sweep()
            try:
                right()
            except AssertionError as error:
                error.add_note(f"killed after step {done} of {steps.names}")
                raise
            done += STRIDE
        check_stored_sets(kwip, mongodb)
        assert done > steps_at_least, steps.names

    return kill


@pytest.fixture
def interrupted_at_each_step(steps, snapshot, sweep, right, read_homes, rings):
    """Return a function that interrupts `work` after each step by `meanwhile`."""

    def interrupt(work, meanwhile, *, steps_at_least, **allowed):
        before, waiting = snapshot(), list(rings.waiting)
        # Kills and interruptions take turns.
        at, has_step = STRIDE - 1, True
        while has_step:
            before.restore()
            rings.waiting = list(waiting)
            read_homes()
            has_step = steps.interrupt(at, work, meanwhile)
            rings.run()
            sweep()
            try:
                right(**allowed)
            except AssertionError as error:
                error.add_note(f"interrupted after step {at} of {steps.names}")
                raise
            at += STRIDE
        assert at > steps_at_least, steps.names

    return interrupt


@pytest.fixture
def now(clock):
    return lambda: at(clock())
