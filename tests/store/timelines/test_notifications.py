from __future__ import annotations

from dataclasses import replace

import pytest

from kwip.domain.ids import MAX_ID
from kwip.domain.mail.preferences import MailPreferences
from kwip.domain.timelines.notifications import (
    EVERYTHING,
    MAX_UNREAD,
    SPOKEN_TO,
    Notification,
    NotificationKind,
    Selection,
    Unread,
)
from kwip.services.reading.payloads import decode_unread, encode_unread
from kwip.store.mail.preferences import MailPreferenceStore
from kwip.store.timelines.notifications import MAX_FORGOTTEN
from tests.store.stores import LATER, NOW, post, post_id, user


def told(number, actor_id=2, kind=NotificationKind.MENTION, **fields):
    return Notification(
        recipient_id=1,
        kind=kind,
        actor_id=actor_id,
        seq=post_id(number),
        **{"post_id": post_id(number)} | fields,
    )


def numbers(rows):
    return [row.cursor - post_id(0) >> 16 for row in rows]


@pytest.fixture
def page(stores):
    """Return a function that gives the numbers of a page of user 1."""

    def page(wanted=EVERYTHING, *, below=MAX_ID, above=0, limit=9):
        return numbers(
            stores.notifications.page(1, wanted, below=below, above=above, limit=limit)
        )

    return page


def test_a_page_lies_next_to_its_cursor_and_comes_newest_first(stores, page):
    stores.notifications.add_many([told(n) for n in range(1, 8)])

    assert page() == [7, 6, 5, 4, 3, 2, 1]
    assert page(limit=2) == [7, 6]
    assert page(below=post_id(5), limit=2) == [4, 3]
    assert page(above=post_id(2), limit=2) == [4, 3]


def test_a_page_has_only_the_kinds_and_the_actor_asked_for(stores, page):
    kinds = dict(enumerate(NotificationKind, 1))
    stores.notifications.add_many(
        told(n, n % 2, kind, repost_of_id=post_id(90)) for n, kind in kinds.items()
    )

    assert {kinds[n] for n in page(Selection(SPOKEN_TO))} == SPOKEN_TO
    assert page(Selection(actor_id=1)) == [n for n in sorted(kinds)[::-1] if n % 2]
    assert page(Selection(frozenset())) == []


def test_what_is_told_twice_stays_as_it_was(stores, page, mongodb):
    for kind in (NotificationKind.REPLY, NotificationKind.POST):
        stores.notifications.add_many([told(1, kind=kind), told(2)])

    assert page() == [2, 1]
    assert mongodb["notifications"].find_one({"seq": post_id(1)})["kind"] == "reply"


def test_unread_is_what_lies_above_the_marker_newest_first(stores, store):
    stores.users.create_many([user(1), user(3)])
    stores.notifications.add_many([told(n, actor_id=n) for n in range(1, 6)])
    assert stores.notifications.unread([1, 3]) == {
        1: Unread(0, (5, 4, 3, 2, 1)),
        3: Unread(0, ()),
    }

    stores.markers.advance(1, {"notifications": post_id(3)}, NOW)

    assert stores.notifications.unread([1]) == {1: Unread(post_id(3), (5, 4))}

    hidden = frozenset({NotificationKind.FOLLOW, NotificationKind.BUZZ})
    chosen = MailPreferences(hidden_kinds=hidden)
    MailPreferenceStore(store).save(1, chosen, None)
    nudge = told(6, actor_id=6, kind=NotificationKind.BUZZ)
    stores.notifications.add_many([nudge])
    found = stores.notifications.unread([1])[1]

    assert found == Unread(post_id(3), (5, 4), hidden)
    assert decode_unread(encode_unread(found)) == found


def test_unread_is_not_counted_without_end(stores):
    stores.users.create_many([user(1)])
    stores.notifications.add_many([told(n) for n in range(MAX_UNREAD + 20)])

    found = stores.notifications.unread([1])[1]

    assert len(found.actor_ids) == MAX_UNREAD


def test_what_is_dismissed_and_cleared_is_gone(stores, page):
    stores.notifications.add_many([told(1), told(2), told(3)])

    assert stores.notifications.dismiss(1, post_id(2))
    assert not stores.notifications.dismiss(1, post_id(2))
    assert not stores.notifications.dismiss(2, post_id(1))
    assert page() == [3, 1]
    stores.notifications.clear(2)
    assert page() == [3, 1]
    stores.notifications.clear(1)
    assert page() == []


def test_of_a_deleted_post_its_author_keeps_no_favourites_and_reposts(stores, page):
    deleted, other = post(50, 1), post(500, 1)
    for number, about in ((1, deleted), (3, other)):
        favourite = told(number, kind=NotificationKind.FAVOURITE, post_id=about.id)
        repost = told(number + 1, kind=NotificationKind.REPOST, repost_of_id=about.id)
        stores.notifications.add_many([favourite, repost])

    stores.notifications.forget(deleted)

    assert page() == [4, 3]
    assert MAX_FORGOTTEN >= 1_000


def test_a_buried_post_takes_along_what_it_told(stores, page, mongodb):
    parent = post(1, 1)
    answer = post(2, 2, to=parent, named=[1, 3])
    for each in (parent, answer):
        stores.posts.insert(each, "nonce", _done())
    reply = told(2, kind=NotificationKind.REPLY)
    stores.notifications.add_many([reply, replace(reply, recipient_id=3), told(4)])

    stores.posts.delete(answer.id, 2, NOW)

    assert [d["seq"] for d in mongodb["notifications"].find()] == [post_id(4)]


def test_they_end_half_a_year_after_what_they_tell_of(stores, mongodb):
    stores.notifications.add_many([told(0)])

    (document,) = mongodb["notifications"].find()
    assert (document["expires_at"] - NOW).days == 180


def test_a_marker_of_an_app_moves_both_ways_and_that_of_our_pages_up(stores):
    first = stores.markers.save(1, {"home": 7, "notifications": 5}, NOW)
    stores.markers.advance(1, {"notifications": 9}, LATER)
    stores.markers.advance(1, {"notifications": 4}, LATER)

    found = stores.markers.of_users([1, 2])[1]
    assert (first["home"].last_read_id, first["home"].version) == (7, 1)
    assert found["home"] == first["home"]
    assert found["notifications"].last_read_id == 9
    assert found["notifications"].version == 3
    assert found["notifications"].updated_at == LATER
    again = stores.markers.save(1, {"notifications": 2}, LATER)
    assert again["notifications"].last_read_id == 2


def _done():
    return {"state": "done", "mode": "push"}
