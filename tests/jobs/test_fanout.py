from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from prometheus_client import REGISTRY

from kwip.domain.clock import at, system_clock_ms, to_ms
from kwip.domain.errors import StoreUnavailableError
from kwip.domain.ids import ms_of
from kwip.domain.posting.posts import Draft, Post, Visibility
from kwip.domain.timelines.timelines import SEAL_LOOK
from kwip.jobs.registry import jobs
from kwip.services.delivery.fanout import Fanout, FanoutLimits, LeaseLostError
from kwip.services.delivery.hibernation import HIBERNATE
from kwip.services.delivery.signals import PUBLIC, SWEEP_AFTER_MS
from kwip.store.delivery.outbox import pending
from kwip.store.timelines.buckets import home_of
from tests.frozen import swap
from tests.jobs.oracle import Oracle, read_home
from tests.jobs.steps import KilledError
from tests.thorough import part
from tests.wired import Rings


@pytest.fixture
def fanout_of(mongodb):
    """Return a function that gives the delivery state of a post."""
    return lambda post: mongodb["posts"].find_one({"_id": post.id})["fanout"]


class Poison:
    """A step of delivery that fails for one post, or for all."""

    def __init__(self, push, post_id=None):
        self._push = push
        self.post_id = post_id
        self.failures = 0

    def __call__(self, owners, ids):
        if self.post_id is None or self.post_id in ids:
            self.failures += 1
            raise RuntimeError("This cannot be delivered.")
        return self._push(owners, ids)


@pytest.fixture
def poison(kwip, monkeypatch):
    """Return a function that makes the delivery of a post fail from now on."""

    def make(post_id=None):
        poison = Poison(kwip.stores.timelines.push, post_id)
        monkeypatch.setattr(kwip.stores.timelines, "push", poison)
        return poison

    return make


class Fixed(random.Random):
    """Chance that always gives the same part of the whole."""

    def __init__(self, part):
        super().__init__(1)
        self._part = part

    def random(self):
        return self._part


def metric(name, **labels):
    return REGISTRY.get_sample_value(name, labels) or 0.0


@pytest.mark.parametrize("is_sharded", [False, True])
def test_each_job_may_run_twice(people, follow, say, rings, kwip, right):
    alice, bob = people("alice", "bob")
    post = say(alice)
    kwip.services.relationships.follow(bob, alice.id)
    done = list(rings.waiting)
    rings.run()
    rings.waiting = done * 2
    rings.run()

    right()
    kwip.services.relationships.unfollow(bob, alice.id)
    rings.waiting = rings.waiting * 2
    rings.run()
    right()
    assert read_home(kwip, alice.id) == [post.id]


def test_what_is_not_there_is_nothing_to_do(kwip, rings):
    for job, job_id in (
        ("fanout", "17"),
        ("edge", "17:18"),
        (HIBERNATE, "17"),
    ):
        rings.jobs[job](job_id)

    assert kwip.services.home_backfill.rebuild(17)
    assert kwip.services.home_backfill.compactor.trim([home_of(17)]) == []


@pytest.mark.parametrize("change", ["follow", "unfollow"])
def test_upkeep_that_finds_nothing_invalidates_the_home_all_the_same(
    people, follow, kwip, rings, steps, change
):
    """An earlier try may have died between its write and its invalidation."""
    alice, bob = people("alice", "bob")
    if change == "unfollow":
        follow(alice, bob)
    getattr(kwip.services.relationships, change)(bob, alice.id)
    steps.kill(-1, rings.run)

    assert steps.names.count("invalidate") == 1


@pytest.mark.parametrize("is_sharded", part([False, True], of=2, first=1))
def test_a_delivery_of_several_rounds_of_followers_reaches_everybody_once(
    people, follow, say, rings, kwip, monkeypatch, right
):
    """Whatever the chunk and wherever the ring is entered, at its ends too."""
    fanout = kwip.services.fanout
    alice, *followers = people("alice", *"bcdefgh")
    follow(alice, *followers)
    for chunk in (1, 2, 3, 4, 6, 7, 8):
        for place in (0.0, 0.4, 1.0):
            swap(fanout, limits=FanoutLimits(chunk=chunk), rng=Fixed(place))
            post = say(alice, f"{chunk} {place}")
            delivered = fanout.deliver(fanout.begin(post.id))
            # The author's own home has it since it was published.
            assert delivered == len(followers)

    rings.waiting.clear()
    right()


@pytest.mark.parametrize("is_sharded", [False, True])
def test_posts_that_wait_together_are_delivered_together(
    people, follow, say, rings, steps, right, is_sharded
):
    alice, bob = people("alice", "bob")
    follow(alice, bob)
    posts = [say(alice, f"Post {number}") for number in range(5)]
    steps.kill(-1, lambda: rings.jobs["fanout"](str(posts[2].id)))

    # One for both homes; of the empty chunk behind them, none for each owner in it.
    assert steps.names.count("update timelines") == (1 if is_sharded else 2)
    right()


def test_a_delivery_asks_nothing_that_it_can_know(
    people, follow, say, rings, steps, monkeypatch, kwip, fanout_of
):
    swap(kwip.services.fanout, limits=FanoutLimits())
    alice, *followers = people("alice", *"bcd")
    follow(alice, *followers)
    post = say(alice)
    while post.id % SEAL_LOOK == 0:
        rings.run()
        post = say(alice)
    steps.interrupt(-1, rings.run, None)

    assert steps.names == [
        "findAndModify posts",
        "aggregate users",
        "update search_posts",
        "update timelines",
        "invalidate",
        "invalidate",
        "update posts",
    ]
    assert (fanout_of(post)["state"], fanout_of(post)["mode"]) == ("done", "push")


def test_two_workers_share_the_work_without_doing_it_twice(
    people, follow, say, make_worker, rings, right, mongodb
):
    alice, *followers = people("alice", *"bcdef")
    follow(alice, *followers)
    workers = [jobs(make_worker().services) for _ in range(3)]
    for number in range(12):
        say(alice, f"Post {number}")
    waiting = list(rings.waiting) * 3
    rings.waiting.clear()

    def work(number):
        job, job_id = waiting[number]
        workers[number % 3][job](job_id)

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(work, range(len(waiting))))

    right()
    for home in mongodb["timelines"].find():
        assert len(home["entries"]) == len(set(home["entries"]))


def test_a_post_that_somebody_delivers_is_left_to_them(people, say, kwip):
    [alice] = people("alice")
    post = say(alice)

    assert kwip.services.fanout.begin(post.id) is not None
    assert kwip.services.fanout.begin(post.id) is None


def test_open_public_pages_hear_of_a_post_whose_writer_died_before_it_signalled(
    people, say, kwip, clock
):
    alice, bob = people("alice", "bob")
    fanout, heard = kwip.services.fanout, []
    swap(fanout, signal=heard.extend)
    fanout.deliver(fanout.begin(say(alice).id))
    hidden, late = say(alice, visibility="unlisted"), say(bob)
    clock.ahead_ms += SWEEP_AFTER_MS
    fanout.deliver(fanout.begin(hidden.id))
    assert PUBLIC not in heard

    fanout.deliver(fanout.begin(late.id))
    assert PUBLIC in heard


def test_a_worker_past_its_lease_moves_nothing(
    people, follow, say, kwip, clock, fanout_of
):
    alice, bob = people("alice", "bob")
    follow(alice, bob)
    post = say(alice)
    stopped = kwip.services.fanout.begin(post.id)
    clock.ahead_ms += 31_000
    other = kwip.services.fanout.begin(post.id)
    before = fanout_of(post)
    with pytest.raises(LeaseLostError):
        kwip.services.fanout.deliver(stopped)
    kwip.services.fanout.let_go(stopped)
    kwip.services.fanout.fail(stopped)

    assert other.attempts == 2
    assert fanout_of(post) == before
    kwip.services.fanout.deliver(other)
    assert read_home(kwip, bob.id) == [post.id]


def test_a_deleted_post_keeps_none_waiting_that_went_along(
    people, say, kwip, rings, steps, fanout_of
):
    alice, _ = people("alice", "bob")
    first, second = say(alice, "First, @bob"), say(alice, "Second")
    job = rings.jobs["fanout"]
    steps.interrupt(
        4,
        lambda: job(str(first.id)),
        lambda: kwip.services.posts.delete(alice, second.id),
    )
    rings.waiting.clear()
    assert fanout_of(first)["state"] == "pending"
    # At once, and not when the lease has run out; and search takes in the deletion.
    assert kwip.sweeper.sweep() == 2
    rings.run()

    assert fanout_of(first)["state"] == "done"


def test_a_post_deleted_at_the_end_leaves_those_delivered_that_went_along(
    people, say, kwip, rings, steps, fanout_of
):
    [alice] = people("alice")
    first, second = say(alice, "First"), say(alice, "Second")
    job = rings.jobs["fanout"]
    steps.interrupt(
        5,
        lambda: job(str(first.id)),
        lambda: kwip.services.posts.delete(alice, second.id),
    )

    assert steps.names[-1] == "update posts"
    assert fanout_of(first)["state"] == "done"


def test_a_failed_delivery_is_tried_again_later_and_later(
    people, say, kwip, rings, poison, clock, fanout_of
):
    [alice] = people("alice")
    post = say(alice)
    poison(post.id)
    waits = []
    for attempt in range(1, 8):
        before = clock()
        rings.jobs["fanout"](str(post.id))
        fanout = fanout_of(post)
        waits.append((to_ms(fanout["due_at"]) - before) / 1000)
        assert (fanout["state"], fanout["attempts"]) == ("pending", attempt)
        clock.ahead_ms += 310_000

    for attempt, wait in enumerate(waits):
        longest = min(2**attempt, 300)
        assert longest / 2 - 0.1 <= wait <= longest + 1


def test_waits_between_tries_are_spread(people, say, kwip, poison, clock, fanout_of):
    [alice] = people("alice")
    poison()
    waits = set()
    for number in range(8):
        post = say_without_home(kwip, alice, number)
        lease = kwip.services.fanout.begin(post.id)
        before = clock()
        kwip.services.fanout.fail(lease)
        waits.add((to_ms(fanout_of(post)["due_at"]) - before) // 20)

    assert len(waits) > 3
    limits = FanoutLimits()
    assert (limits.retry_min_ms, limits.retry_max_ms) == (1_000, 300_000)
    assert limits.max_attempts == 8


def say_without_home(kwip, viewer, number):
    """Insert a post as one whose author's process died right after it."""
    now = at(system_clock_ms())
    post_id = kwip.services.posts.claims.ids.next_id(number)
    post = Post(
        id=post_id,
        author_id=viewer.id,
        text=f"Post {number}",
        visibility=Visibility.PUBLIC,
        created_at=now,
        root_id=post_id,
    )
    kwip.stores.posts.insert(post, f"nonce {number}", pending(now, now))
    return post


def test_a_post_that_cannot_be_read_is_given_up_and_keeps_none_waiting(
    people, say, kwip, rings, clock, mongodb, fanout_of
):
    [alice] = people("alice")
    broken, other = say(alice, "Broken"), say(alice, "Other")
    mongodb["posts"].update_one({"_id": broken.id}, {"$set": {"visibility": "no"}})
    for _ in range(8):
        rings.run()
        clock.ahead_ms += 310_000
        kwip.sweeper.sweep()
    rings.run()

    assert fanout_of(other)["state"] == "done"
    assert fanout_of(broken)["state"] == "dead"
    assert fanout_of(broken)["attempts"] == 8


def test_eight_failures_make_a_dead_letter_that_can_be_replayed(
    people, follow, say, kwip, rings, clock, now, fanout_of, monkeypatch, sweep, right
):
    alice, bob = people("alice", "bob")
    follow(alice, bob)
    post = say(alice)
    rings.waiting.clear()
    dead = metric("kwip_jobs_total", job="fanout", outcome="dead")
    with monkeypatch.context() as patched:
        poisoned = Poison(kwip.stores.timelines.push, post.id)
        patched.setattr(kwip.stores.timelines, "push", poisoned)
        for _ in range(20):
            clock.ahead_ms += 310_000
            kwip.sweeper.sweep()
            rings.run()

    assert poisoned.failures == 8
    assert fanout_of(post)["state"] == "dead"
    assert metric("kwip_jobs_total", job="fanout", outcome="dead") == dead + 1
    assert kwip.outbox.dead_count() == 1
    assert kwip.outbox.replay([post.id], now()) == 1
    sweep()
    right()


def test_eight_workers_that_died_make_a_dead_letter_too(
    people, say, kwip, rings, clock, fanout_of, steps
):
    [alice] = people("alice")
    post = say(alice)
    for _ in range(8):
        assert steps.kill(1, lambda: rings.jobs["fanout"](str(post.id)))
        clock.ahead_ms += 31_000
    assert fanout_of(post)["state"] == "pending"
    rings.jobs["fanout"](str(post.id))

    assert fanout_of(post)["state"] == "dead"


def test_a_post_that_cannot_be_delivered_stops_no_other(
    people, follow, say, kwip, rings, poison, sweep, fanout_of
):
    alice, bob, carol = people("alice", "bob", "carol")
    follow(alice, bob)
    follow(carol, bob)
    before, poisoned, after = (say(alice, text) for text in ("One", "Two", "Three"))
    other = say(carol, "Other")
    poison(poisoned.id)
    rings.run()

    # The rings of the two others were still there after the three failed together.
    assert read_home(kwip, bob.id) == [other.id, after.id]
    sweep()
    assert read_home(kwip, bob.id) == [other.id, after.id, before.id]
    sweep()
    assert fanout_of(poisoned)["state"] == "dead"


@pytest.mark.parametrize(
    "call", ["advance", "finish", "followers", "seal_full", "invalidate"]
)
def test_an_error_in_any_part_of_a_delivery_is_made_good(
    people, follow, say, kwip, rings, monkeypatch, sweep, right, call
):
    monkeypatch.setattr("kwip.domain.timelines.timelines.SEAL_LOOK", 1)
    alice, *followers = people("alice", *"bc")
    follow(alice, *followers)
    say(alice)
    parts = {
        "advance": kwip.outbox,
        "finish": kwip.outbox,
        "followers": kwip.edges,
        "seal_full": kwip.stores.timelines,
        "invalidate": kwip.fence,
    }

    def fail(*args, **kwargs):
        raise StoreUnavailableError(reason="a test")

    with monkeypatch.context() as patched:
        patched.setattr(parts[call], call, fail)
        rings.run()
        assert kwip.outbox.pending_count() == 1
    sweep()

    right()


def test_delivery_goes_on_behind_the_cursor_of_the_dead(
    people, follow, say, kwip, rings, clock, steps
):
    """What was delivered is not delivered again: the second pass changes the rest."""
    alice, *followers = people("alice", *"bcdef")
    follow(alice, *followers)
    post = say(alice)
    # The lease, then two chunks of one follower each: push, drop, cursor.
    assert steps.kill(1 + 2 * 3, lambda: rings.jobs["fanout"](str(post.id)))
    clock.ahead_ms += 31_000
    fanout: Fanout = kwip.services.fanout

    assert fanout.deliver(fanout.begin(post.id)) == 3


def test_lag_is_observed_from_the_ids_time(people, say, kwip, rings, clock):
    [alice] = people("alice")
    before = lag()
    post = say(alice)
    clock.ahead_ms += 4_000
    rings.run()
    count, total = lag()

    assert count == before[0] + 1
    assert 4.0 <= total - before[1] <= 4.0 + 5.0
    assert ms_of(post.id) < clock()


def test_lag_is_not_observed_for_posts_with_dates_of_their_own(
    people, say, make_worker, rings, kwip, clock
):
    """A loader draws its ids from its own clock."""
    [alice] = people("alice")
    loader = make_worker(id_clock=lambda: clock() - 86_400_000)
    before = lag()
    post = loader.services.posts.publish(alice.id, Draft(text="Yesterday"))
    rings.run()

    assert ms_of(post.id) < clock() - 86_000_000
    assert read_home(kwip, alice.id) == [post.id]
    assert lag() == before


def lag():
    return (
        metric("kwip_fanout_lag_seconds_count"),
        metric("kwip_fanout_lag_seconds_sum"),
    )


def test_the_queue_is_emptied_and_all_is_done(
    people, follow, say, kwip, rings, clock, sweep, right, mongodb
):
    alice, bob, carol = people("alice", "bob", "carol")
    follow(alice, bob)
    say(alice, "Post")
    kwip.services.relationships.follow(carol, alice.id)
    kwip.services.relationships.unfollow(bob, alice.id)
    rings.waiting.clear()
    assert all(Oracle(mongodb).waiting()[:2])
    sweep()

    right()


def test_the_sweeper_waits_until_something_is_due(people, say, kwip, rings, clock):
    [alice] = people("alice")
    say(alice)
    rings.waiting.clear()

    assert kwip.sweeper.sweep() == 0
    clock.ahead_ms += 5_100
    assert kwip.sweeper.sweep() == 1
    assert kwip.sweeper.sweep() == 0
    assert metric("kwip_fanout_oldest_pending_seconds") >= 5.0
    clock.ahead_ms += 30_100
    assert kwip.sweeper.sweep() == 1


def test_what_the_queue_does_not_take_is_tried_again_by_the_next_sweep(
    people, say, follow, kwip, rings, clock, monkeypatch
):
    alice, bob = people("alice", "bob")
    follow(alice, bob)
    first, second = say(alice, "First"), say(alice, "Second")
    kwip.services.relationships.unfollow(bob, alice.id)
    rings.waiting.clear()
    clock.ahead_ms += 5_100
    room = ["fanout"]
    taking = Rings.__call__

    def take(enqueue, job, job_id):
        return bool(room) and room.pop() == job and taking(enqueue, job, job_id)

    with monkeypatch.context() as patched:
        patched.setattr(Rings, "__call__", take)
        assert kwip.sweeper.sweep() == 1
        assert kwip.sweeper.sweep() == 0

    assert kwip.sweeper.sweep() == 2
    assert rings.waiting == [
        ("fanout", str(first.id)),
        ("fanout", str(second.id)),
        ("edge", f"{bob.id}:{alice.id}"),
    ]


def test_what_was_enqueued_is_delivered_though_the_sweep_failed_after_it(
    people, say, kwip, rings, clock, fanout_of, monkeypatch
):
    [alice] = people("alice")
    post = say(alice)
    rings.waiting.clear()
    clock.ahead_ms += 5_100

    def fail(*_):
        raise StoreUnavailableError

    monkeypatch.setattr(kwip.edges, "take_due", fail)
    with pytest.raises(StoreUnavailableError):
        kwip.sweeper.sweep()
    rings.run()

    assert fanout_of(post)["state"] == "done"


def test_a_killed_job_is_no_error_that_is_swallowed(people, say, rings, steps):
    [alice] = people("alice")
    post = say(alice)

    def die():
        raise KilledError

    with pytest.raises(KilledError):
        steps.interrupt(1, lambda: rings.jobs["fanout"](str(post.id)), die)


def test_what_was_told_of_a_post_deleted_meanwhile_is_taken_back(
    people, say, kwip, steps, mongodb, rings
):
    """Also if the deletion came when the notifications were not there yet."""
    alice, _, carol = people("alice", "bob", "carol")
    kwip.services.relationships.follow(carol, alice.id, notify=True)
    rings.run()
    mongodb["notifications"].delete_many({})

    def deleted_after(step):
        post = say(alice, "Hello @bob")
        delete = partial(kwip.services.posts.delete, alice, post.id)
        return steps.interrupt(step, rings.run, delete)

    step = 0
    while deleted_after(step):
        assert list(mongodb["notifications"].find()) == [], steps.names[:step]
        step += 1

    assert step > 10
