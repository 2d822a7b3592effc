from __future__ import annotations

import datetime as dt

import pytest

from kwip.store.delivery import outbox
from kwip.store.delivery.audience import Audience, look
from kwip.store.delivery.outbox import MAX_TOGETHER, pending
from kwip.store.social.list_edges import ListEdge, edge_document
from tests.store.stores import LATER, NOW, post, post_id, user

MUCH_LATER = LATER + dt.timedelta(seconds=30)


@pytest.fixture
def insert(stores):
    stores.users.create_many([user(1), user(2)])

    def insert(*posts, due_at=LATER):
        for each in posts:
            stores.posts.insert(each, f"nonce{each.id}", pending(NOW, due_at))

    return insert


@pytest.fixture
def lease(stores):
    def lease(number, holder="one", now=NOW, until=LATER):
        return stores.outbox.lease(post_id(number), holder, now, until, 1_000)

    return lease


def fanout_of(mongodb, number):
    return mongodb["posts"].find_one({"_id": post_id(number)})["fanout"]


def test_a_lease_takes_what_waits_with_the_post(insert, lease):
    insert(*(post(n, 1) for n in range(5)), post(9, 2))
    taken = lease(2)

    assert taken.ids == [post_id(n) for n in range(5)]
    assert (taken.mode, taken.start, taken.cursor, taken.attempts) == (None, 0, None, 1)
    assert lease(3, "two") is None
    assert lease(9, "two").ids == [post_id(9)]


def test_a_lease_tells_who_gets_the_posts(stores, insert, lease, mongodb):
    stores.users.create_many([user(n) for n in (3, 4, 5)])
    insert(post(1, 1), post(2, 1), post(3, 2))
    stores.edges.load_edges([(n, 1) for n in (5, 3, 4)], NOW)
    stores.edges.recount({1: (3, 0)})
    hibernated = {"followee_id": 1, "follower_id": 4}
    mongodb["followers"].update_one(hibernated, {"$set": {"active": False}})

    assert lease(1).audience == Audience(
        3, (3, 5), is_in_lists=False, has_subscribers=False
    )
    assert lease(3).audience == Audience(
        0, (), is_in_lists=False, has_subscribers=False
    )
    stores.outbox.give_up(lease(2, now=MUCH_LATER), "pending", NOW)
    mongodb["followers"].update_one(hibernated, {"$set": {"notify": True}})
    edge = ListEdge(7, 3, 1, "merging", "")
    mongodb["list_members"].insert_one(edge_document(edge, NOW))
    taken = stores.outbox.lease(post_id(2), "two", MUCH_LATER, MUCH_LATER, 1)
    assert taken.audience == Audience(3, (3,), is_in_lists=True, has_subscribers=True)


def test_a_lease_takes_a_limited_number_of_posts(insert, lease):
    insert(*(post(n, 1) for n in range(MAX_TOGETHER + 3)))

    assert len(lease(0).ids) == MAX_TOGETHER


@pytest.mark.parametrize("number", [2, MAX_TOGETHER + 3])
def test_a_post_that_still_seems_to_wait_is_leased_once(
    insert, lease, monkeypatch, number
):
    def late_look(database, author_id, *, waiting, most):
        audience, ids = look(database, author_id, waiting=waiting, most=most)
        others = (each for each in ids if each != post_id(0))
        return audience, [post_id(0), *others][: most[0]]

    insert(*(post(n, 1) for n in range(number)))
    monkeypatch.setattr(outbox, "look", late_look)

    taken = lease(0)

    assert taken.ids == [post_id(n) for n in range(min(number, MAX_TOGETHER))]


def test_direct_posts_go_alone_and_not_with_others(insert, lease):
    insert(post(1, 1), post(2, 1, visibility="direct"), post(3, 1))

    assert lease(1).ids == [post_id(1), post_id(3)]
    insert(post(4, 1))
    assert lease(2, "two").ids == [post_id(2)]
    assert lease(4, "three").ids == [post_id(4)]


def test_a_post_that_failed_goes_alone(stores, insert, lease):
    insert(post(1, 1), post(2, 1))
    stores.outbox.give_up(lease(1), "pending", NOW)
    insert(post(3, 1))

    assert lease(1, "two").ids == [post_id(1)]
    assert lease(3, "three").ids == [post_id(3)]


def test_a_replayed_post_goes_on_alone_from_where_it_stopped(stores, insert, lease):
    insert(post(1, 1))
    stopped = lease(1)
    stores.outbox.advance(stopped, LATER, mode="push", start=4, cursor=7)
    stores.outbox.give_up(stopped, "dead", NOW)
    insert(post(2, 1))

    assert stores.outbox.replay([post_id(1), post_id(2)], NOW) == 1
    fresh = lease(2)
    assert fresh.ids == [post_id(2)]
    replayed = lease(1, "two")
    assert replayed.ids == [post_id(1)]
    assert (replayed.mode, replayed.start, replayed.cursor) == ("push", 4, 7)
    stores.outbox.give_up(fresh, "pending", NOW)
    stores.outbox.give_up(replayed, "dead", NOW)
    stores.outbox.replay([post_id(1)], NOW)
    insert(post(3, 1))
    assert lease(1, "three").ids == [post_id(1)]


def test_a_lease_that_ran_out_is_taken_over_with_its_place(stores, insert, lease):
    insert(post(1, 1))
    first = lease(1)
    stores.outbox.advance(first, LATER, mode="push", start=0, cursor=5)

    assert lease(1, "two", now=LATER) is None
    second = lease(1, "two", now=LATER + dt.timedelta(milliseconds=1), until=MUCH_LATER)
    assert (second.mode, second.cursor, second.attempts) == ("push", 5, 2)


def test_tries_count_anew_when_the_cursor_has_moved(stores, insert, lease):
    insert(post(1, 1))
    for number in range(1, 4):
        stores.outbox.give_up(lease(1, f"try {number}"), "pending", NOW)
    last = lease(1)
    assert (last.attempts, stores.outbox.attempts(last)) == (4, 4)

    stores.outbox.advance(last, LATER, mode="push", start=0)
    assert stores.outbox.attempts(last) == 4
    stores.outbox.advance(last, LATER, cursor=5)

    assert stores.outbox.attempts(last) == 1


def test_whoever_lost_a_lease_moves_nothing(stores, insert, lease, mongodb):
    insert(post(1, 1))
    first = lease(1)
    second = lease(1, "two", now=MUCH_LATER, until=MUCH_LATER)
    stores.outbox.advance(second, MUCH_LATER, mode="push", start=0, cursor=3)
    before = fanout_of(mongodb, 1)

    assert not stores.outbox.advance(first, LATER, cursor=9)
    assert not stores.outbox.finish(first)
    stores.outbox.give_up(first, "dead", NOW)
    assert fanout_of(mongodb, 1) == before


def test_a_lease_lost_for_one_post_ends_the_delivery(stores, insert, lease, mongodb):
    insert(post(1, 1), post(2, 1))
    held = lease(1)
    stores.posts.delete(post_id(2), 1, NOW)

    assert not stores.outbox.advance(held, LATER, cursor=1)
    assert not stores.outbox.finish(held)
    assert fanout_of(mongodb, 1)["state"] == "done"


def test_a_delivery_is_finished_once(stores, insert, lease):
    insert(post(1, 1), post(2, 1))
    held = lease(1)

    assert stores.outbox.finish(held)
    assert not stores.outbox.finish(held)


def test_the_sweeper_takes_what_is_due_and_not_again_at_once(stores, insert):
    insert(post(1, 1), post(2, 1), due_at=NOW)
    insert(post(3, 1), due_at=MUCH_LATER)

    assert stores.outbox.take_due(NOW, LATER, 1, bool) == [str(post_id(1))]
    assert stores.outbox.take_due(NOW, LATER, 9, bool) == [str(post_id(2))]
    assert stores.outbox.take_due(NOW, LATER, 9, bool) == []
    assert set(stores.outbox.take_due(MUCH_LATER, MUCH_LATER, 9, bool)) == {
        str(post_id(n)) for n in (1, 2, 3)
    }


def test_what_waits_and_what_was_given_up_can_be_looked_at(stores, insert, lease):
    assert stores.outbox.oldest_pending_at() is None
    insert(post(1, 1), post(2, 1))
    stores.outbox.give_up(lease(1), "dead", NOW)
    insert(post(3, 2))

    assert stores.outbox.pending_count() == 1
    assert stores.outbox.oldest_pending_at() == NOW
    assert stores.outbox.oldest_pending(9) == [(post_id(3), 2, 0, NOW)]
    assert stores.outbox.dead_count() == 2
    assert [row[0] for row in stores.outbox.dead(9)] == [post_id(1), post_id(2)]
    assert list(stores.outbox.iter_dead(batch=1)) == [[post_id(1)], [post_id(2)]]
    assert lease(1) is None


def test_a_tombstone_is_not_delivered(stores, insert, lease):
    insert(post(1, 1))
    stores.posts.delete(post_id(1), 1, NOW)

    assert lease(1) is None
    assert stores.outbox.take_due(MUCH_LATER, MUCH_LATER, 9, bool) == []
