from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from kwip.domain.errors import ForbiddenError
from kwip.domain.social.relationships import NO_RELATIONS, Relations
from kwip.store.social.edges import Edge
from tests.store.stores import LATER, NOW, user


@pytest.fixture(autouse=True)
def people(stores):
    stores.users.create_many([user(n) for n in range(1, 5)])


def counts(stores, number):
    found = stores.users.get_many([number])[number]
    return found.followers_count, found.following_count


def follow(stores, one, two, nonce="nonce"):
    return stores.relationships.follow(Edge(one, two, "merging", nonce), NOW)


def test_a_follow_is_written_from_both_sides_and_counted_once(stores):
    assert follow(stores, 1, 2)
    assert not follow(stores, 1, 2)

    assert stores.edges.followees(1) == [2]
    assert stores.edges.followers(2, above=0, upto=9, limit=9) == [1]
    assert counts(stores, 1) == (0, 1)
    assert counts(stores, 2) == (1, 0)
    assert stores.edges.find_edge(1, 2).state == "merging"


def test_an_unfollow_leaves_the_edge_for_its_scrub(stores):
    follow(stores, 1, 2)

    assert stores.relationships.unfollow(1, 2, NOW) == 0
    assert stores.relationships.unfollow(1, 2, NOW) is None
    assert stores.edges.followees(1) == []
    assert stores.edges.followers(2, above=0, upto=9, limit=9) == []
    assert (counts(stores, 1), counts(stores, 2)) == ((0, 0), (0, 0))
    assert stores.edges.find_edge(1, 2).state == "removed"
    assert stores.edges.settle(stores.edges.find_edge(1, 2))
    assert stores.edges.find_edge(1, 2) is None


def test_a_block_ends_follows_both_ways(stores):
    follow(stores, 1, 2)
    follow(stores, 2, 1)
    for _ in range(2):
        stores.relationships.block(1, 2, NOW, "nonce")

    relations = stores.relationships.relations([1, 2, 3])
    assert relations[1] == Relations(blocks=frozenset({2}))
    assert relations[2] == Relations(blocked_by=frozenset({1}))
    assert relations[3] == NO_RELATIONS
    assert (counts(stores, 1), counts(stores, 2)) == ((0, 0), (0, 0))
    assert stores.edges.followers(1, above=0, upto=9, limit=9) == []
    assert stores.edges.find_edge(1, 2).state == "removed"
    assert stores.edges.find_edge(2, 1).state == "removed"


def test_neither_side_of_a_block_can_follow_the_other(stores):
    stores.relationships.block(1, 2, NOW, "nonce")
    for one, two in ((1, 2), (2, 1)):
        with pytest.raises(ForbiddenError):
            follow(stores, one, two)

    stores.relationships.unblock(1, 2)
    assert follow(stores, 2, 1)
    assert stores.relationships.relations([1])[1] == NO_RELATIONS


def test_a_follow_and_a_block_at_the_same_moment_leave_no_follow(stores):
    for number in range(15):
        with ThreadPoolExecutor(2) as threads:
            following = threads.submit(follow, stores, 1, 2, f"follow {number}")
            block = stores.relationships.block
            threads.submit(block, 2, 1, NOW, f"block {number}").result()
            assert following.exception() is None or isinstance(
                following.exception(), ForbiddenError
            )

        assert stores.edges.followees(1) == []
        assert (counts(stores, 1), counts(stores, 2)) == ((0, 0), (0, 0))
        stores.relationships.unblock(2, 1)


def test_a_follow_whose_block_commits_after_its_look_notices_it(stores, monkeypatch):
    """The interleaving that decides: look, block, write."""
    relationships = stores.relationships
    looked = []
    edge_of = relationships._edge

    def look_and_be_blocked(edge, session):
        monkeypatch.setattr(relationships, "_edge", edge_of)
        looked.append(edge)
        relationships.block(2, 1, NOW, "nonce")
        return edge_of(edge, session)

    monkeypatch.setattr(relationships, "_edge", look_and_be_blocked)
    with pytest.raises(ForbiddenError):
        follow(stores, 1, 2)

    assert looked
    assert stores.edges.followees(1) == []


def test_twenty_parallel_follows_are_one(stores):
    with ThreadPoolExecutor(20) as threads:
        done = list(threads.map(lambda _: follow(stores, 1, 2), range(20)))

    assert sum(done) == 1
    assert counts(stores, 2) == (1, 0)


def test_only_the_follow_that_was_merged_is_settled(stores):
    follow(stores, 1, 2, "first")
    merged = stores.edges.find_edge(1, 2)
    stores.relationships.unfollow(1, 2, NOW)
    follow(stores, 1, 2, "second")

    assert not stores.edges.settle(merged)
    assert stores.edges.find_edge(1, 2).state == "merging"
    assert stores.edges.settle(stores.edges.find_edge(1, 2))
    assert stores.edges.find_edge(1, 2).state == "active"
    assert not stores.edges.settle(replace(merged, state="removed"))


def test_mutes_come_and_go(stores):
    for _ in range(2):
        stores.mutes.mute(1, 2)
    assert stores.relationships.relations([1])[1] == Relations(mutes=frozenset({2}))

    for _ in range(2):
        stores.mutes.unmute(1, 2)
    assert stores.relationships.relations([1])[1] == NO_RELATIONS


def test_edges_that_wait_are_taken_when_due_and_not_again_at_once(stores):
    follow(stores, 1, 2)
    follow(stores, 1, 3)
    stores.relationships.unfollow(1, 3, LATER)
    stores.edges.load_edges([(1, 4)], NOW)

    assert stores.edges.waiting_count() == 2
    assert stores.edges.take_due(NOW, LATER, 9, bool) == ["1:2"]
    assert stores.edges.take_due(NOW, LATER, 9, bool) == []
    assert set(stores.edges.take_due(LATER, LATER, 9, bool)) == {"1:2", "1:3"}
    assert stores.edges.find_edge(1, 2).state == "merging"
    assert stores.edges.find_edge(1, 3).state == "removed"


def test_loaded_edges_stand_on_both_sides_and_may_be_loaded_again(stores):
    edges = [(1, 2), (1, 3), (2, 3)]
    for _ in range(2):
        stores.edges.load_edges(edges, NOW)
    stores.edges.recount({3: (2, 0), 1: (0, 2)})

    assert stores.edges.followees(1) == [2, 3]
    assert stores.edges.followers(3, above=0, upto=9, limit=9) == [1, 2]
    assert counts(stores, 3) == (2, 0)
    assert stores.edges.waiting_count() == 0


def test_followers_are_paged_by_id(stores):
    stores.edges.load_edges([(n, 1) for n in (2, 3, 4)], NOW)

    assert stores.edges.followers(1, above=0, upto=9, limit=2) == [2, 3]
    assert stores.edges.followers(1, above=3, upto=9, limit=2) == [4]
    assert stores.edges.followers(1, above=0, upto=3, limit=9) == [2, 3]
    assert stores.edges.followers_among(1, [3, 4, 9]) == [3, 4]
    assert stores.edges.follower_bounds(1) == (2, 4)
    assert stores.edges.follower_bounds(2) == (0, 0)
