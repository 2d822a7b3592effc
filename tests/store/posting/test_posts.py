from __future__ import annotations

from dataclasses import replace

import pytest

from kwip.domain.errors import ConflictError
from kwip.domain.ids import MAX_ID
from kwip.domain.text import Link, Mention
from kwip.domain.timelines.threads import Threaded
from kwip.store.delivery.outbox import pending
from kwip.store.posting.posts import MAX_REVISIONS
from tests.store.stores import LATER, NOW, post, post_id, user

FANOUT = pending(NOW, LATER)


@pytest.fixture
def insert(stores):
    def insert(*posts):
        for each in posts:
            stores.posts.insert(each, f"nonce{each.id}", FANOUT)

    return insert


def test_a_post_comes_back_as_it_was_stored(stores, insert):
    parent = post(0, 9)
    full = post(1, 1, to=parent, named=[2, 3], visibility="followers")
    full = replace(full, links=(Link(0, 3, "https://a.example"),), language="de")
    insert(parent, full)

    assert stores.posts.get_many([full.id, post_id(99)]) == {full.id: full}


def test_inserting_again_with_the_same_nonce_is_no_conflict(stores, mongodb):
    for _ in range(2):
        stores.posts.insert(post(1, 1), "nonce", FANOUT)

    assert mongodb["posts"].count_documents({}) == 1


def test_another_nonce_under_the_same_id_is_a_conflict(stores):
    stores.posts.insert(post(1, 1), "nonce", FANOUT)
    other = replace(post(1, 2), text="Mine")
    with pytest.raises(ConflictError):
        stores.posts.insert(other, "another", FANOUT)

    assert stores.posts.get_many([other.id])[other.id].author_id == 1
    assert stores.posts.find(other.id, "another") is None
    assert stores.posts.find(other.id, "nonce").author_id == 1


def test_an_edit_keeps_the_old_text_and_raises_the_version(stores, insert):
    old = replace(post(1, 1), mentions=(Mention(0, 1, 2, "u2"),))
    insert(old)
    new = replace(old, text="Better", mentions=())

    assert stores.posts.edit(old, new, LATER)
    found = stores.posts.get_many([old.id])[old.id]
    assert (found.text, found.version, found.edited_at) == ("Better", 2, LATER)
    assert found.mentions == ()
    history = stores.posts.history(old.id)
    assert [r.text for r in history.revisions] == [old.text]
    assert history.revisions[0].written_at == old.created_at


def test_an_edit_of_a_text_that_changed_meanwhile_does_nothing(stores, insert):
    old = post(1, 1)
    insert(old)
    stores.posts.edit(old, replace(old, text="First"), LATER)

    assert not stores.posts.edit(old, replace(old, text="Second"), LATER)
    assert stores.posts.get_many([old.id])[old.id].text == "First"


def test_a_limited_number_of_earlier_texts_is_kept(stores, insert):
    now = post(1, 1)
    insert(now)
    for number in range(MAX_REVISIONS + 3):
        new = replace(now, text=f"Text {number}", version=now.version + 1)
        assert stores.posts.edit(now, new, LATER)
        now = replace(new, edited_at=LATER)

    revisions = stores.posts.history(now.id).revisions
    assert len(revisions) == MAX_REVISIONS
    assert revisions[-1].text == f"Text {MAX_REVISIONS + 1}"


def test_a_tombstone_has_lost_text_entities_and_earlier_texts(stores, insert, mongodb):
    old = replace(post(1, 1, named=[2]), links=(Link(0, 1, "https://a.example"),))
    insert(old)
    stores.posts.edit(old, replace(old, text="Secret"), LATER)
    deleted = stores.posts.delete(old.id, 1, NOW)

    assert deleted.text == "Secret"
    left = stores.posts.get_many([old.id])[old.id]
    assert left.is_tombstone
    assert (left.text, left.links, left.mentions, left.version) == ("", (), (), 3)
    assert "Secret" not in repr(mongodb["posts"].find_one())
    assert old.text not in repr(mongodb["posts"].find_one())
    assert stores.posts.delete(old.id, 1, NOW) is None
    assert not stores.posts.edit(left, replace(left, text="Back"), LATER)


def test_only_its_author_buries_a_post(stores, insert):
    insert(post(1, 1))

    assert stores.posts.delete(post_id(1), 2, NOW) is None
    assert not stores.posts.get_many([post_id(1)])[post_id(1)].is_tombstone


def test_entries_of_authors_are_paged_from_both_ends(stores, insert):
    posts = [post(n, n % 3) for n in range(9)]
    insert(*posts)
    stores.posts.delete(posts[4].id, 1, NOW)

    newest = stores.posts.entries_by([0, 1], below=MAX_ID, limit=3)
    oldest = stores.posts.entries_by(
        [0, 1], below=posts[7].id, above=posts[0].id, limit=9, ascending=True
    )
    assert [e.post_id for e in newest] == [posts[n].id for n in (7, 6, 3)]
    assert [e.post_id for e in oldest] == [posts[n].id for n in (1, 3, 6)]


def test_the_public_timeline_lists_public_posts_that_answer_nobody(stores, insert):
    listed = post(1, 1)
    insert(
        listed,
        post(2, 1, to=listed),
        post(3, 1, visibility="unlisted"),
        post(4, 1, visibility="followers"),
        post(5, 1, visibility="direct"),
        post(6, 1),
    )
    stores.posts.delete(post_id(6), 1, NOW)

    assert [e.post_id for e in stores.posts.listed(below=MAX_ID, limit=9)] == [
        listed.id
    ]


def test_a_conversation_is_read_oldest_first_with_its_tombstones(stores, insert):
    root, other = post(1, 1), post(2, 1)
    answer = post(3, 2, to=root)
    insert(root, other, answer, post(4, 3, to=answer))
    stores.posts.delete(answer.id, 2, NOW)

    assert stores.posts.thread(root.id, limit=9) == [
        Threaded(root.id, 1, 0),
        Threaded(answer.id, 2, root.id),
        Threaded(post_id(4), 3, answer.id),
    ]


def test_a_post_is_counted_once_while_it_is_there(stores, insert):
    stores.users.create_many([user(1)])
    root = post(1, 1)
    answer = post(2, 1, to=root)

    def counts():
        author = stores.users.get_many([1])[1]
        return author.posts_count, stores.posts.get_many([root.id])[
            root.id
        ].replies_count

    insert(root)
    for _ in range(2):
        stores.posts.insert(answer, "nonce", FANOUT)
        assert counts() == (2, 1)
    for _ in range(2):
        stores.posts.delete(answer.id, 1, NOW)
        assert counts() == (1, 0)
