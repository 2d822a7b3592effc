"""Authors with very many followers: what is pulled stands in every home, once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kwip.domain.timelines.pages import PageRequest
from kwip.services.delivery.publication import Publication
from kwip.services.timelines.merging import EVERYBODY
from kwip.store.timelines.buckets import home_of
from tests.jobs.oracle import Oracle, read_home, stored_set

#: From three followers on an author is pulled, and pushed again below two.
PULL_AT = 3


@pytest.fixture(autouse=True)
def _small(small):
    pass


@pytest.fixture
def settings(settings):
    return replace(settings, pull_followers=PULL_AT)


@pytest.fixture
def crowd(people, follow):
    """Return an author, two who follow, and two who do not yet."""
    alice, *others = people("alice", *"bcde")
    follow(alice, *others[:2])
    return alice, others


@pytest.fixture
def mode_of(mongodb):
    return lambda post: mongodb["posts"].find_one(post.id)["fanout"]["mode"]


def test_posts_are_pulled_from_so_many_followers_on_until_there_are_far_fewer(
    crowd, follow, unfollow, say, rings, mode_of, right
):
    alice, others = crowd
    modes = []

    def publish():
        post = say(alice, "Hello")
        rings.run()
        right()
        modes.append(mode_of(post))

    publish()
    follow(alice, others[2])
    publish()
    unfollow(alice, others[2])
    publish()
    unfollow(alice, others[1])
    publish()
    follow(alice, others[1])
    publish()

    assert modes == ["push", "pull", "pull", "push", "push"]


def test_what_is_pulled_is_stored_in_no_home_but_the_authors_own(
    crowd, follow, say, rings, kwip
):
    alice, others = crowd
    follow(alice, others[2])
    post = say(alice, "Hello")
    rings.run()

    stores = kwip.stores.timelines
    assert stores.stored(home_of(others[0].id)).ids == ()
    assert stored_set(kwip, alice.id, 0) == set()
    for each in (alice, *others[:3]):
        assert read_home(kwip, each.id) == [post.id]
    assert read_home(kwip, others[3].id) == []


def test_the_author_finds_a_pulled_post_whose_web_server_died_after_the_commit(
    crowd, follow, say, rings, kwip, monkeypatch, mode_of
):
    alice, others = crowd
    follow(alice, others[2])
    monkeypatch.setattr(Publication, "announce", lambda *_: None)
    post = say(alice, "Hello")
    assert read_home(kwip, alice.id) == []

    rings("fanout", str(post.id))
    rings.run()

    assert mode_of(post) == "pull"
    assert read_home(kwip, alice.id) == [post.id]


def test_a_direct_post_is_pushed_however_many_follow(
    crowd, follow, say, rings, mode_of, right
):
    alice, others = crowd
    follow(alice, others[2])
    public = say(alice, "Hello")
    direct = say(alice, "@b psst", visibility="direct")
    rings.run()
    right()

    assert (mode_of(public), mode_of(direct)) == ("pull", "push")


def test_who_was_just_passed_by_is_not_asked_for_followers(kwip, say, people, rings):
    asked = []
    kwip.stores.pull_authors.active_followers = lambda *_: asked.append(1)
    [alice] = people("alice")
    say(alice, "Hello")
    rings.run()

    assert asked == []


def test_a_follower_is_told_as_of_any_other_post(
    crowd, follow, say, rings, kwip, right
):
    alice, others = crowd
    kwip.services.relationships.follow(others[2], alice.id, notify=True)
    rings.run()
    say(alice, "Hello @b")
    rings.run()

    right()


@pytest.fixture
def switching(crowd, follow, unfollow, say, rings):
    """Return a function that brings an author to before a switch, a post waiting.

    Some posts of others are between those of the author, and one of the author's own
    is pushed, one pulled.
    """
    alice, others = crowd

    def switch(to):
        say(others[3], "By somebody else")
        say(alice, "Pushed before")
        rings.run()
        follow(alice, others[2])
        follow(others[3], others[2], alice)
        if to == "push":
            say(alice, "Pulled before")
            rings.run()
            say(others[3], "By somebody else again")
            rings.run()
            unfollow(alice, *others[:2])
        say(alice, "The one, @b")
        say(alice, "And another")
        return alice, others

    return switch


@pytest.mark.parametrize("to", ["pull", "push"])
def test_a_worker_killed_at_any_step_of_a_switch(
    switching, rings, killed_at_each_step, to
):
    switching(to)

    killed_at_each_step(rings.run, steps_at_least=7)


def test_a_delivery_that_is_taken_over_goes_on_as_it_began(
    switching, rings, steps, unfollow, sweep, mode_of, mongodb, right
):
    alice, others = switching("pull")

    # The lease, what goes along, the notification, its invalidation, and that bob was
    # told.
    assert steps.kill(5, rings.run)
    [post, _] = mongodb["posts"].find({"fanout.lease_owner": {"$ne": None}})
    assert post["fanout"]["mode"] == "pull"
    rings.waiting.clear()
    unfollow(alice, *others)
    sweep()
    right()
    assert mongodb["posts"].find_one(post["_id"])["fanout"]["mode"] == "pull"


def test_a_delivery_that_is_taken_over_early_is_decided_anew(
    crowd, follow, say, rings, steps, sweep, mode_of, kwip, right
):
    """One home stores what is pulled in the end; its reader sees it once."""
    alice, others = crowd
    post = say(alice, "Hello")

    assert steps.kill(3, rings.run)  # the lease, the index and the first push
    rings.waiting.clear()
    stored = [kwip.stores.timelines.stored(home_of(each.id)).ids for each in others]
    assert sorted(stored[:2]) == [(), (post.id,)]
    follow(alice, others[2])
    sweep()
    right()
    assert mode_of(post) == "pull"
    for each in others[:3]:
        assert read_home(kwip, each.id) == [post.id]


@pytest.mark.parametrize("to", ["pull", "push"])
def test_a_reader_at_any_moment_of_a_switch(
    switching, rings, kwip, mongodb, interrupted_at_each_step, to
):
    """Nothing stands there twice, and everything that is delivered once."""
    _, others = switching(to)

    def read_all():
        oracle = Oracle(mongodb)
        for each in others:
            seen = read_home(kwip, each.id, limit=2)
            due = {
                i
                for i in oracle.shown(each.id)
                if oracle.posts[i]["fanout"]["state"] == "done"
            }
            assert seen == sorted(set(seen), reverse=True)
            assert due <= set(seen) <= oracle.shown(each.id)

    interrupted_at_each_step(rings.run, read_all, steps_at_least=8)


def test_a_stopped_worker_past_its_lease_at_a_switch(
    switching, rings, sweep, interrupted_at_each_step
):
    """Somebody else has pulled the posts meanwhile; there are fewer followers then."""
    switching("pull")

    def run_one():
        if rings.waiting:
            job, job_id = rings.waiting.pop(0)
            rings.jobs[job](job_id)

    interrupted_at_each_step(run_one, sweep, steps_at_least=6)


def test_both_ways_through_a_home_meet_every_post_once(
    crowd, follow, unfollow, say, rings, kwip, monkeypatch
):
    """A home with a floor, and an author who was pushed, pulled and pushed again."""
    monkeypatch.setattr("kwip.services.reading.slices.CHUNK", 3)
    monkeypatch.setattr("kwip.services.timelines.sources.GRAIN", 8 << 16)
    alice, others = crowd
    reader, posts = others[0], []
    follow(others[3], reader)

    def publish(count):
        for number in range(count):
            for author in (alice, others[3]):
                posts.append(say(author, f"Post {number}").id)
                rings.run()

    publish(8)
    follow(alice, others[2])
    publish(8)
    unfollow(alice, others[1], others[2])
    publish(4)
    assert kwip.stores.timelines.stored(home_of(reader.id)).open.floor > 0

    for limit in (1, 3, 40):
        assert read_home(kwip, reader.id, limit) == posts[::-1]
        assert _upwards(kwip, reader, limit) == posts[1:]


def test_who_was_pulled_longest_ago_is_forgotten_and_nothing_of_theirs_is(
    people, follow, say, rings, kwip, monkeypatch
):
    """Two pull authors, of whom readers are told of one; both ways meet every post."""
    for module in ("domain.timelines.timelines", "services.reading.social_entities"):
        monkeypatch.setattr(f"kwip.{module}.MOST_PULLED", 1)
    monkeypatch.setattr("kwip.services.reading.slices.CHUNK", 3)
    early, late, small, *readers = people("early", "late", "small", *"bcd")
    reader, posts = readers[0], []
    for author in (early, late):
        follow(author, *readers)
    follow(small, reader)
    for author in (early, small, early, small, late, small, small, late, small):
        posts.append(say(author, "Hello").id)
        rings.run()
    [first] = kwip.stores.pull_authors.last_pulls(2)[1:]

    assert first == (early.id, posts[2])
    for limit in (1, 3, 40):
        assert read_home(kwip, reader.id, limit) == posts[::-1]
        assert _upwards(kwip, reader, limit) == posts[1:]


def test_who_is_pulled_is_decoded_once(crowd, follow, say, rings, kwip):
    alice, others = crowd
    follow(alice, others[2])
    say(alice, "Hello")
    rings.run()
    _, wanted = kwip.services.timelines.begin_of_home(alice.id, PageRequest())
    found = [kwip.services.loaders.begin().load(wanted)[0] for _ in range(3)]

    assert set(found[0][EVERYBODY].newest) == {alice.id}
    assert found[1][EVERYBODY] is found[0][EVERYBODY]
    assert found[2][EVERYBODY] is found[0][EVERYBODY]


def _upwards(kwip, viewer, limit):
    """Read a home from its oldest entry but one up to the newest."""
    ids = []
    min_id = read_home(kwip, viewer.id)[-1]
    while True:
        page = kwip.services.timelines.home(
            viewer,
            kwip.services.loaders.begin(),
            PageRequest(limit=limit, min_id=min_id),
        )
        if not page.items:
            return ids
        ids += [view.post.id for view in page.items[::-1]]
        min_id = page.prev_min_id
