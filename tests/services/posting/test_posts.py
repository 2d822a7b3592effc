from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from kwip.domain.clock import at
from kwip.domain.errors import (
    ForbiddenError,
    GoneError,
    InvalidError,
    NotFoundError,
    StoreUnavailableError,
)
from kwip.domain.ids import MAX_ID, first_id_at, ms_of, slot_of
from kwip.domain.posting.posts import Draft, Edit, Visibility
from kwip.services.coherence.clock_guard import CHECK_EVERY_MS, ClockGuard
from tests.frozen import swap
from tests.jobs.oracle import stored_set
from tests.wired import home_of


@pytest.fixture
def posts(kwip):
    return kwip.services.posts


def read(kwip, viewer, post_id):
    return kwip.services.posts.get(viewer, kwip.services.loaders.begin(), post_id)


def test_a_post_is_in_its_authors_home_before_the_answer(kwip, posts, alice):
    posts.create(alice, Draft(text="Hello"))

    assert home_of(kwip, alice) == ["Hello"]


def test_posts_replies_and_reposts_are_counted_before_they_are_delivered(
    kwip, posts, alice, bob
):
    root = posts.create(alice, Draft(text="Hello")).post
    posts.create(bob, Draft(text="Hello to you", in_reply_to_id=root.id))
    kwip.services.reposts.repost(bob, root.id)

    shown = read(kwip, bob, root.id).post
    assert (shown.replies_count, shown.reposts_count) == (1, 1)
    loader = kwip.services.loaders.begin()
    assert kwip.services.users.by_name(bob, loader, "bob").user.posts_count == 2


def test_a_posts_id_has_its_authors_slot_and_its_date(posts, alice):
    post = posts.create(alice, Draft(text="Hello")).post

    assert slot_of(post.id) == slot_of(alice.id)
    assert post.created_at == at(ms_of(post.id))
    assert post.root_id == post.id


def test_twenty_parallel_requests_with_one_key_make_one_post(posts, alice, mongodb):
    draft = Draft(text="Hello", idempotency_key="key")
    with ThreadPoolExecutor(20) as threads:
        made = list(threads.map(lambda _: posts.create(alice, draft), range(20)))

    assert len({view.post.id for view in made}) == 1
    assert mongodb["posts"].count_documents({}) == 1


def test_a_key_belongs_to_its_user_and_its_body(posts, alice, bob):
    draft = Draft(text="Hello", idempotency_key="key")
    first = posts.create(alice, draft).post

    assert posts.create(bob, draft).post.id != first.id
    for other in (
        replace(draft, text="Bye"),
        replace(draft, visibility=Visibility.DIRECT),
        replace(draft, in_reply_to_id=first.id),
        replace(draft, language="de"),
    ):
        with pytest.raises(InvalidError) as refused:
            posts.create(alice, other)
        assert list(refused.value.fields) == ["idempotency_key"]


@pytest.mark.parametrize("key", ["", "x" * 201])
def test_a_key_has_a_length(posts, alice, key):
    with pytest.raises(InvalidError):
        posts.create(alice, Draft(text="Hello", idempotency_key=key))


def test_a_key_whose_post_was_never_inserted_gets_its_post_at_last(
    posts, alice, mongodb, monkeypatch
):
    draft = Draft(text="Hello", idempotency_key="key")
    with monkeypatch.context() as patched:

        def away(*_):
            raise StoreUnavailableError(reason="a test")

        patched.setattr(posts.stores.posts, "insert", away)
        with pytest.raises(StoreUnavailableError):
            posts.create(alice, draft)
    [claim] = mongodb["claims"].find({"_id": {"$regex": "^idem:"}})

    made = posts.create(alice, draft).post
    assert made.id == claim["post_id"]
    assert mongodb["posts"].find_one({})["nonce"] == claim["nonce"]
    assert posts.create(alice, draft).post == made


def test_a_post_whose_answer_was_lost_is_the_same_post(posts, alice, mongodb):
    """The insert was stored although it was answered by an error."""
    draft = Draft(text="Hello", idempotency_key="key")
    first = posts.create(alice, draft).post
    mongodb["timelines"].update_many({}, {"$set": {"entries": []}})

    assert posts.create(alice, draft).post == first
    assert mongodb["posts"].count_documents({}) == 1
    home = mongodb["timelines"].find_one({"_id": f"home:{alice.id}"})
    assert home["entries"] == [first.id]


def test_an_id_that_is_taken_is_drawn_again_and_the_key_goes_along(
    posts, alice, bob, mongodb, monkeypatch
):
    taken = posts.create(bob, Draft(text="Mine")).post.id
    ids = iter([taken, taken])
    draw = posts.claims.ids.next_id
    monkeypatch.setattr(
        posts.claims.ids, "next_id", lambda slot, **_: next(ids, None) or draw(slot)
    )
    draft = Draft(text="Hello", idempotency_key="key")
    made = posts.create(alice, draft).post

    assert made.id != taken
    assert made.root_id == made.id
    assert made.created_at == at(ms_of(made.id))
    claim = mongodb["claims"].find_one({"_id": f"idem:{alice.id}:key"})
    assert claim["post_id"] == made.id
    assert posts.create(alice, draft).post == made
    assert posts.stores.posts.get_many([taken])[taken].text == "Mine"


def test_parallel_requests_whose_id_is_taken_make_one_post(
    posts, alice, bob, mongodb, monkeypatch
):
    taken = posts.create(bob, Draft(text="Mine")).post.id
    draw = posts.claims.ids.next_id
    drawn = []

    def next_id(slot, above=0):
        drawn.append(slot)
        return taken if len(drawn) <= 8 else draw(slot)

    monkeypatch.setattr(posts.claims.ids, "next_id", next_id)
    draft = Draft(text="Hello", idempotency_key="key")
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: posts.create(alice, draft), range(8)))

    assert len({view.post.id for view in made}) == 1
    assert mongodb["posts"].count_documents({}) == 2


def test_a_replys_id_is_above_its_parents(kwip, posts, alice, bob, monkeypatch):
    """Also when the parent was written by a process whose clock is a little ahead."""
    soon = first_id_at(kwip.services.posts.clock() + 1_500)
    monkeypatch.setattr(posts.claims.ids, "next_id", lambda *_, **__: soon)
    parent = posts.create(alice, Draft(text="A question")).post
    monkeypatch.undo()
    reply = posts.create(bob, Draft(text="An answer", in_reply_to_id=parent.id)).post

    assert ms_of(reply.id) > ms_of(parent.id)
    assert (reply.root_id, reply.in_reply_to_author_id) == (parent.id, alice.id)


@pytest.mark.parametrize("parent_id", [17, MAX_ID])
@pytest.mark.parametrize("key", [None, "key"])
def test_what_is_not_there_cannot_be_answered_and_moves_no_id(
    posts, alice, parent_id, key
):
    with pytest.raises(NotFoundError):
        posts.create(
            alice, Draft(text="Hi", in_reply_to_id=parent_id, idempotency_key=key)
        )
    next_id = posts.create(alice, Draft(text="Hello")).post.id

    assert abs(ms_of(next_id) - posts.clock()) < 5_000


def test_a_reply_to_what_one_may_not_see_is_refused(posts, alice, bob):
    secret = posts.create(alice, Draft(text="Psst", visibility=Visibility.DIRECT)).post
    with pytest.raises(NotFoundError):
        posts.create(bob, Draft(text="What?", in_reply_to_id=secret.id))


def test_a_reply_to_a_deleted_post_is_refused_but_its_repetition_is_not(
    posts, alice, bob
):
    parent = posts.create(alice, Draft(text="A question")).post
    draft = Draft(text="Hi", in_reply_to_id=parent.id, idempotency_key="key")
    answer = posts.create(bob, draft).post
    posts.delete(alice, parent.id)

    assert posts.create(bob, draft).post == answer
    with pytest.raises(GoneError):
        posts.create(bob, replace(draft, idempotency_key="another"))


def test_a_clock_that_is_off_writes_nothing(kwip, posts, alice):
    """Both ways; reading goes on, and writing when the clock is right again."""
    for skew_ms in (2_500, -2_500):
        clock, ms = kwip.services.posts.clock, iter(range(10**9))
        guard = ClockGuard(
            kwip.store.hello,
            lambda clock=clock, skew_ms=skew_ms: clock() + skew_ms,
            lambda ms=ms: next(ms),
        )
        swap(posts, clock_guard=guard)
        with pytest.raises(StoreUnavailableError) as refused:
            posts.create(alice, Draft(text="Hello"))
        assert abs(refused.value.context["skew_ms"] - skew_ms) < 500
    assert home_of(kwip, alice) == []
    guard._clock = clock
    posts.create(alice, Draft(text="Hello"))

    assert home_of(kwip, alice) == ["Hello"]


def test_the_clocks_are_compared_once_a_minute():
    asked, now = [], [0]

    def hello():
        asked.append(now[0])
        return {"localTime": at(1_000_000 + now[0])}

    guard = ClockGuard(hello, lambda: 1_000_000 + now[0], lambda: now[0])
    for ms in (0, 1, CHECK_EVERY_MS - 1, CHECK_EVERY_MS, CHECK_EVERY_MS + 1):
        now[0] = ms
        guard.require()

    assert asked == [0, CHECK_EVERY_MS]
    assert guard.skew_ms() == 0


def test_a_clock_that_jumps_refuses_the_very_next_write():
    jump, now = [0], [0]
    guard = ClockGuard(
        lambda: {"localTime": at(1_000_000 + now[0])},
        lambda: 1_000_000 + now[0] + jump[0],
        lambda: now[0],
    )
    guard.require()
    now[0], jump[0] = 10, -90_000

    with pytest.raises(StoreUnavailableError):
        guard.require()


def test_an_edit_is_seen_at_once_and_keeps_what_was_there(kwip, posts, alice):
    post = posts.create(alice, Draft(text="Helo")).post
    read(kwip, alice, post.id)
    posts.edit(alice, post.id, Edit(text="Hello @alice"))

    shown = read(kwip, alice, post.id).post
    assert (shown.text, shown.mentioned_ids) == ("Hello @alice", {alice.id})
    history = posts.history(alice, kwip.services.loaders.begin(), post.id)
    assert [r.text for r in history.revisions] == ["Helo"]
    assert (
        posts.edit(alice, post.id, Edit(text="Hello @alice")).post.version
        == shown.version
    )


def test_whom_an_edit_names_is_not_shown_what_was_there_before(
    kwip, posts, alice, bob, new_user
):
    fan = new_user("fan")
    kwip.services.relationships.follow(fan, alice.id)
    draft = Draft(text="Bob is a fool", visibility=Visibility.FOLLOWERS)
    post = posts.create(alice, draft).post
    posts.edit(alice, post.id, Edit(text="Hello @bob"))

    def texts(viewer):
        history = posts.history(viewer, kwip.services.loaders.begin(), post.id)
        return [*(r.text for r in history.revisions), history.post.text]

    assert texts(bob) == ["Hello @bob"]
    assert texts(fan) == texts(alice) == ["Bob is a fool", "Hello @bob"]
    kwip.services.relationships.follow(bob, alice.id)
    assert texts(bob) == texts(alice)


def test_parallel_edits_all_happen_one_after_the_other(kwip, posts, alice):
    post = posts.create(alice, Draft(text="0")).post
    with ThreadPoolExecutor(3) as threads:
        texts = [str(number) for number in range(1, 4)]
        list(
            threads.map(lambda text: posts.edit(alice, post.id, Edit(text=text)), texts)
        )

    history = posts.history(alice, kwip.services.loaders.begin(), post.id)
    assert {history.post.text, *(r.text for r in history.revisions)} == {"0", *texts}


def test_only_the_author_edits_and_deletes(posts, alice, bob):
    post = posts.create(alice, Draft(text="Hello")).post
    secret = posts.create(alice, Draft(text="Psst", visibility=Visibility.DIRECT)).post

    for act in (
        lambda i: posts.edit(bob, i, Edit(text="Bye")),
        lambda i: posts.delete(bob, i),
    ):
        with pytest.raises(ForbiddenError):
            act(post.id)
        with pytest.raises(NotFoundError):
            act(secret.id)
        with pytest.raises(NotFoundError):
            act(17)


def test_an_edited_direct_post_reaches_nobody_else(kwip, rings, posts, alice, bob):
    """A home stores a direct post if it names the owner: that must not change."""
    kwip.services.relationships.follow(bob, alice.id)
    post = posts.create(alice, Draft(text="Psst", visibility=Visibility.DIRECT)).post
    rings.run()
    edited = posts.edit(alice, post.id, Edit(text="Psst @bob")).post

    assert edited.mentions == ()
    assert stored_set(kwip, bob.id, 0) == set()
    with pytest.raises(NotFoundError):
        read(kwip, bob, post.id)


def test_whom_a_direct_post_still_names_keeps_it(kwip, rings, posts, alice, bob):
    kwip.services.relationships.follow(bob, alice.id)
    post = posts.create(
        alice, Draft(text="Psst @bob", visibility=Visibility.DIRECT)
    ).post
    rings.run()
    posts.edit(alice, post.id, Edit(text="Look, @bob"))
    assert home_of(kwip, bob) == ["Look, @bob"]

    posts.edit(alice, post.id, Edit(text="Never mind"))
    assert home_of(kwip, bob) == []


def test_a_deleted_post_is_gone_everywhere_at_once(kwip, rings, posts, alice, bob):
    kwip.services.relationships.follow(bob, alice.id)
    post = posts.create(alice, Draft(text="Hello")).post
    rings.run()
    assert home_of(kwip, bob) == ["Hello"]

    assert posts.delete(alice, post.id).text == "Hello"
    assert home_of(kwip, bob) == home_of(kwip, alice) == []
    for act in (
        lambda: read(kwip, bob, post.id),
        lambda: posts.delete(alice, post.id),
        lambda: posts.edit(alice, post.id, Edit(text="Back")),
    ):
        with pytest.raises(GoneError):
            act()


def test_a_block_ends_follows_both_ways_and_hides_both(kwip, rings, posts, alice, bob):
    relationships = kwip.services.relationships
    for one, two in ((alice, bob), (bob, alice)):
        relationships.follow(one, two.id)
        posts.create(one, Draft(text=f"By {one.username}"))
    rings.run()
    assert len(home_of(kwip, alice)) == len(home_of(kwip, bob)) == 2

    relationships.block(alice, bob.id)
    assert home_of(kwip, alice) == ["By alice"]
    assert home_of(kwip, bob) == ["By bob"]
    with pytest.raises(ForbiddenError):
        relationships.follow(bob, alice.id)
    rings.run()
    for viewer in (alice, bob):
        assert len(kwip.stores.timelines.stored(f"home:{viewer.id}").ids) == 1
    relationships.unblock(alice, bob.id)
    assert home_of(kwip, bob) == ["By bob"]
    assert relationships.follow(bob, alice.id).is_following
