"""Load a world: what it comes to, and what is left when it is killed."""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
import threading
from array import array
from collections import Counter
from contextlib import contextmanager

import pytest

from kwip.domain.clock import system_clock_ms
from kwip.domain.errors import ConflictError, StoreUnavailableError
from kwip.domain.posting.posts import Draft
from kwip.domain.world.world import Saying, World, parse_graph, username_of
from kwip.services.maintenance.checks.fsck import Fsck
from kwip.services.maintenance.reindexing.reindex import Verifier
from kwip.services.world import loader as world
from kwip.services.world import publisher
from kwip.services.world.publisher import Publisher
from kwip.store.maintenance.audit import AuditStore
from tests.frozen import swap
from tests.servers import wait_until
from tests.wired import sign_up

pytestmark = pytest.mark.long

POSTS = 24
HOUR_MS = 3_600_000


class Doing:
    """A bell that is answered at once."""

    def __init__(self):
        self.jobs = {}

    def __call__(self, job, job_id):
        self.jobs[job](job_id)


@pytest.fixture
def rings():
    return Doing()


class Watching:
    """Progress, as somebody sees it."""

    def __init__(self):
        self.phases = {}
        self.is_waiting = threading.Event()

    def begin(self, phase, total, done=0):
        self.phases[phase] = [total, done]
        if phase == "deliveries":
            self.is_waiting.set()

    def advance(self, count=1):
        self.phases[list(self.phases)[-1]][1] += count


@pytest.fixture
def small(monkeypatch):
    """Make chunks so small that each phase has several."""
    monkeypatch.setattr(world, "USERS_AT_ONCE", 5)
    monkeypatch.setattr(world, "EDGES_AT_ONCE", 5)
    monkeypatch.setattr(world, "COUNTERS_AT_ONCE", 5)
    monkeypatch.setattr(publisher, "_LOOK_EVERY", 1)
    monkeypatch.setattr(publisher, "_POLL_S", 0.01)


def a_world(users=14, edges=40, seed=1):
    rng = random.Random(seed)  # noqa: S311 -- no secret
    lines = [b"%d\t%d" % (node, node) for node in range(users)]
    for _ in range(edges):
        # The first ones have more followers.
        followee = min(rng.randrange(users), rng.randrange(users))
        lines.append(b"%d\t%d" % (rng.randrange(users), followee))
    sayings = [Saying(f"Text {number}", "en") for number in range(9)]
    return World(parse_graph(lines), sayings, seed)


@contextmanager
def sweeping(kwip, begin=None):
    """Sweep all the time, with a clock that runs ahead so that everything is due."""
    sweeper = dataclasses.replace(
        kwip.sweeper, clock=lambda: system_clock_ms() + 60_000
    )
    stop = threading.Event()

    def run():
        if begin is not None:
            assert begin.wait(20)
        while not stop.wait(0.01):
            sweeper.sweep()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def ids_of(kwip, made):
    names = {username_of(node): node for node in made.graph.nodes}
    found = kwip.stores.users.ids_of(names)
    return {names[name]: user_id for name, user_id in found.items()}


def edges_in(mongodb, collection):
    return {
        (d["follower_id"], d["followee_id"]): d.get("state")
        for d in mongodb[collection].find()
    }


def said(mongodb):
    """Count who said what in answer to which text of whom."""
    posts = {d["_id"]: d for d in mongodb["posts"].find({"source": "world"})}

    def told(post_id):
        post = posts.get(post_id)
        return post and (post["author_id"], post["text"])

    return Counter((told(i), told(d["in_reply_to_id"])) for i, d in posts.items())


def planned(kwip, made, number):
    ids = ids_of(kwip, made)

    def told(plan):
        return ids[plan.author], plan.saying.text

    plans = [made.plan(i) for i in range(number)]
    return Counter(
        (told(p), None if p.answers is None else told(plans[p.answers])) for p in plans
    )


def check_sound(kwip):
    audit = AuditStore(kwip.store)

    assert Fsck(audit, system_clock_ms).run(Watching()).findings == []
    verdict = Verifier(kwip.stores, kwip.edges).verify_all(Watching())
    assert (verdict.differences, verdict.purge_pending) == ((), 0)


def check_loaded(kwip, mongodb, made, number):
    """See that everything is there once, and nothing else."""
    ids = ids_of(kwip, made)
    edges = {(ids[a], ids[b]) for a, b in made.graph.by_follower()}

    assert ids.keys() == set(made.graph.nodes)
    assert mongodb["users"].count_documents({}) == len(ids)
    assert edges_in(mongodb, "follows") == dict.fromkeys(edges, "active")
    assert edges_in(mongodb, "followers").keys() == edges
    assert said(mongodb) == planned(kwip, made, number)
    check_sound(kwip)


def test_a_load_writes_users_follows_and_posts(kwip, mongodb, small):
    made = a_world()
    kwip.world.load(made, POSTS, Watching())

    check_loaded(kwip, mongodb, made, POSTS)


def test_loaded_users_have_a_home_and_no_credentials(kwip, mongodb, small):
    made = a_world()
    kwip.world.load(made, 0, Watching())

    assert mongodb["credentials"].count_documents({}) == 0
    assert mongodb["timelines"].count_documents({}) == len(made.graph.nodes)
    assert mongodb["posts"].count_documents({}) == 0


def test_a_load_says_what_it_came_to(kwip, mongodb, small):
    made = a_world()
    loaded = kwip.world.load(made, POSTS, Watching())
    stored = [
        len(d["entries"])
        for name in ("timelines", "timeline_buckets")
        for d in mongodb[name].find()
    ]

    assert (loaded.users, loaded.follows) == (14, len(made.graph.edges))
    assert loaded.posts == POSTS
    assert loaded.deliveries == loaded.entries == sum(stored)
    assert loaded.deliveries_per_s > 0
    assert list(loaded.seconds) == list(world.PHASES)


def test_each_phase_comes_to_its_end_before_the_eyes_of_who_watches(kwip, small):
    watching = Watching()
    made = a_world()
    kwip.world.load(made, POSTS, watching)

    assert list(watching.phases) == list(world.PHASES)
    assert all(done == total for total, done in watching.phases.values())
    assert watching.phases["follows"][0] == len(made.graph.edges)


def test_a_load_that_is_done_writes_nothing_more(kwip, mongodb, small):
    made = a_world()
    loaded = kwip.world.load(made, POSTS, Watching())
    mongodb["follows"].delete_many({})

    assert kwip.world.load(made, POSTS, Watching()) == loaded
    assert mongodb["follows"].count_documents({}) == 0
    assert mongodb["posts"].count_documents({}) == POSTS


def test_another_number_of_posts_comes_on_top(kwip, mongodb, small):
    made = a_world()
    kwip.world.load(made, POSTS, Watching())
    kwip.world.load(made, 5, Watching())

    assert said(mongodb) == planned(kwip, made, POSTS) + planned(kwip, made, 5)
    check_sound(kwip)


class KilledError(BaseException):
    """The process is gone."""


class Life:
    """Ends after so many steps, each the beginning or the end of a call."""

    def __init__(self, steps):
        self.left = steps

    def spend(self):
        self.left -= 1
        if self.left <= 0:
            raise KilledError


class Mortal:
    """A part of a process that may end with any call."""

    def __init__(self, part, life):
        self._part = part
        self._life = life

    def __getattr__(self, name):
        method = getattr(self._part, name)

        def call(*arguments, **named):
            self._life.spend()
            found = method(*arguments, **named)
            self._life.spend()
            return found

        return call


def mortal_loader(kwip, life):
    parts = kwip.world
    loading = Mortal(parts.loading, life)
    publishing = dataclasses.replace(
        parts.publishing, posts=Mortal(parts.publishing.posts, life), loading=loading
    )
    return dataclasses.replace(
        parts,
        users=Mortal(parts.users, life),
        loading=loading,
        publishing=publishing,
    )


def test_a_load_killed_again_and_again_comes_to_the_same(kwip, mongodb, small):
    made = a_world()
    rng = random.Random(1)  # noqa: S311 -- no secret
    killed_in = []
    with sweeping(kwip):
        for _ in range(300):
            watching, life = Watching(), Life(rng.randrange(1, 14))
            try:
                mortal_loader(kwip, life).load(made, POSTS, watching)
            except KilledError:
                killed_in += list(watching.phases)[-1:]
            else:
                break

    assert set(killed_in) >= {"users", "followers", "follows", "counters", "posts"}
    check_loaded(kwip, mongodb, made, POSTS)


def test_follows_of_who_has_posted_are_merged_before_the_load_ends(
    kwip, mongodb, small
):
    made, watching = a_world(), Watching()
    kwip.stores.users.create_many(kwip.world._new_users(["n0", "n1"]))
    for user_id in kwip.stores.users.ids_of(["n0", "n1"]).values():
        kwip.services.posts.publish(user_id, Draft(text="Before"))
    with sweeping(kwip, begin=watching.is_waiting):
        kwip.world.load(made, POSTS, watching)

        check_loaded(kwip, mongodb, made, POSTS)


def test_a_follow_that_was_there_is_left_alone(kwip, mongodb, small):
    """Be it one that stands or one that has just ended and waits for its purge."""
    made = a_world()
    kwip.world.load(made, 0, Watching())
    ids, now = ids_of(kwip, made), mongodb["jobs"].find_one()["started_at"]
    (a, b), (c, d), *_ = made.graph.by_follower()
    # Due in some seconds of the sweeper, which is a minute ahead: it must not end it
    # before the load has seen it.
    later = now + dt.timedelta(seconds=66)
    kwip.stores.relationships.unfollow(ids[a], ids[b], later)
    ended, standing = f"{ids[a]}:{ids[b]}", f"{ids[c]}:{ids[d]}"
    mongodb["follows"].update_one({"_id": standing}, {"$set": {"nonce": "mine"}})
    with sweeping(kwip):
        kwip.world.load(made, 1, Watching())
        # The load does not wait for the purge of a follow that is none of its own,
        # and who finds the home busy comes back only half a minute later.
        wait_until(lambda: kwip.services.home_backfill.settle(ids[a], ids[b]))

    assert mongodb["follows"].find_one({"_id": ended}) is None
    assert mongodb["follows"].find_one({"_id": standing})["nonce"] == "mine"
    check_sound(kwip)


def test_a_person_of_that_name_ends_the_load(kwip, mongodb, small):
    sign_up(kwip, "n3")

    with pytest.raises(ConflictError, match="n3 is a user who"):
        kwip.world.load(a_world(), POSTS, Watching())
    assert mongodb["follows"].count_documents({}) == 0


def test_an_answer_to_what_is_not_there_any_more_is_published_alone(
    kwip, mongodb, small
):
    made = a_world()
    kwip.world.load(made, 0, Watching())
    number = next(i for i in range(100) if made.plan(i).answers is not None)
    numbers = array("q", [17] * number + [0])
    parts = kwip.world.publishing
    for _ in range(2):  # also when it is repeated
        numbers[number] = 0
        one = Publisher(parts, made, ids_of(kwip, made), "a")
        one.publish(numbers, lambda _: None)

    [post] = mongodb["posts"].find()
    assert (post["_id"], post["in_reply_to_id"]) == (numbers[number], None)


def test_a_load_left_alone_for_a_day_is_not_resumed(kwip, small):
    made = a_world()
    parts = kwip.world
    with pytest.raises(KilledError):
        mortal_loader(kwip, Life(60)).load(made, POSTS, Watching())
    later = dataclasses.replace(parts, clock=lambda: system_clock_ms() + 24 * HOUR_MS)

    with pytest.raises(ConflictError, match="another --seed"):
        later.load(made, POSTS, Watching())


class Waiting:
    """A bell that nobody answers before `run`."""

    def __init__(self):
        self.jobs = {}
        self.waiting = []

    def __call__(self, job, job_id):
        self.waiting.append((job, job_id))

    def run(self):
        while self.waiting:
            job, job_id = self.waiting.pop()
            self.jobs[job](job_id)


@pytest.fixture
def unheard(kwip):
    """Let the queue wait until it is told to run."""
    waiting = Waiting()
    waiting.jobs = kwip.services.posts.publication.enqueue.jobs
    swap(kwip.services.posts.publication, enqueue=waiting)
    return waiting


class Impatient:
    """An outbox that is delivered when it has been looked at thrice without change."""

    def __init__(self, outbox, unheard):
        self._outbox = outbox
        self._unheard = unheard
        self.seen = []

    def pending_count(self):
        count = self._outbox.pending_count()
        self.seen.append(count)
        if self.seen[-3:] == [count] * 3:
            self._unheard.run()
        return count


def test_publishing_pauses_until_half_of_what_waits_is_delivered(
    kwip, unheard, small, monkeypatch
):
    monkeypatch.setattr(publisher, "MAX_PENDING", 6)
    monkeypatch.setattr(publisher, "WINDOW", 1)
    outbox = Impatient(kwip.outbox, unheard)
    parts = kwip.world
    publishing = dataclasses.replace(parts.publishing, outbox=outbox)
    loader = dataclasses.replace(parts, publishing=publishing)
    loader.load(a_world(), POSTS, Watching())

    assert 6 < max(outbox.seen) <= 8
    check_sound(kwip)


def test_a_load_ends_when_nothing_is_delivered_for_long(
    kwip, unheard, small, monkeypatch
):
    monkeypatch.setattr(publisher, "_STALLED_S", 0.1)

    with pytest.raises(StoreUnavailableError, match="Nothing was delivered"):
        kwip.world.load(a_world(), POSTS, Watching())
