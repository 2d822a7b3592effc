from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from kwip.domain.clock import at, system_clock_ms
from kwip.domain.errors import ForbiddenError, NotFoundError
from kwip.domain.posting.posts import Draft, Edit, Visibility
from kwip.domain.timelines.pages import PageRequest


@pytest.fixture
def carol(kwip, rings, new_user, bob):
    """Return a viewer who follows bob and nobody else."""
    carol = new_user("carol")
    kwip.services.relationships.follow(carol, bob.id)
    rings.run()
    return carol


@pytest.fixture
def reposts(kwip):
    return kwip.services.reposts


@pytest.fixture
def post(kwip, rings, alice):
    made = kwip.services.posts.publish(alice.id, Draft(text="Hello"))
    rings.run()
    return made


def read(kwip, viewer, post_id):
    return kwip.services.posts.get(viewer, kwip.services.loaders.begin(), post_id)


def home(kwip, viewer):
    loader = kwip.services.loaders.begin()
    page = kwip.services.timelines.home(viewer, loader, PageRequest())
    return [(v.author.username, v.shown.post.text) for v in page.items]


def test_followers_see_a_repost_with_its_text_and_who_reposted(
    kwip, rings, reposts, post, bob, carol
):
    view = reposts.repost(bob, post.id)
    rings.run()

    assert (view.author.username, view.shown.author.username) == ("bob", "alice")
    assert view.shown.is_reposted
    assert home(kwip, carol) == [("bob", "Hello")]
    assert home(kwip, bob) == [("bob", "Hello")]
    assert read(kwip, carol, post.id).post.reposts_count == 1
    assert not read(kwip, carol, post.id).is_reposted


def test_twenty_parallel_reposts_make_one(kwip, rings, reposts, post, bob, mongodb):
    with ThreadPoolExecutor(20) as threads:
        made = list(threads.map(lambda _: reposts.repost(bob, post.id), range(20)))
    rings.run()

    assert len({view.post.id for view in made}) == 1
    assert mongodb["posts"].count_documents({"repost_of_id": post.id}) == 1
    assert read(kwip, bob, post.id).post.reposts_count == 1


def test_a_repost_and_its_claim_come_together_or_not_at_all(
    kwip, reposts, post, bob, mongodb, monkeypatch
):
    with monkeypatch.context() as broken:
        broken.setattr(
            "kwip.store.posting.reactions.reactions.to_document", lambda *_: 1 / 0
        )
        with pytest.raises(ZeroDivisionError):
            reposts.repost(bob, post.id)

    assert mongodb["reactions"].count_documents({}) == 0
    assert not read(kwip, bob, post.id).is_reposted
    assert reposts.repost(bob, post.id).shown.is_reposted


def test_an_id_that_is_taken_is_drawn_anew(kwip, reposts, post, bob, monkeypatch):
    mine = kwip.services.posts.publish(bob.id, Draft(text="Mine"))
    ids = iter([mine.id, mine.id + (1 << 16)])
    monkeypatch.setattr(reposts.ids, "next_id", lambda *_, **__: next(ids))
    view = reposts.repost(bob, post.id)

    assert view.post.id != mine.id
    assert read(kwip, bob, mine.id).post.text == "Mine"


def test_what_one_did_is_taken_back_from_a_post_that_is_hidden_since(
    kwip, rings, reposts, post, alice, bob, carol
):
    reposts.repost(bob, post.id)
    kwip.services.reactions.favourite(bob, post.id)
    rings.run()
    kwip.services.relationships.block(alice, bob.id)
    with pytest.raises(NotFoundError):
        reposts.unrepost(bob, post.id)
    with pytest.raises(NotFoundError):
        kwip.services.reactions.unfavourite(bob, post.id)

    shown = read(kwip, alice, post.id).post
    assert (shown.reposts_count, shown.favourites_count) == (0, 0)
    assert home(kwip, carol) == []


def test_a_claim_without_its_repost_is_no_lock(
    kwip, rings, reposts, post, bob, mongodb
):
    first = reposts.repost(bob, post.id)
    rings.run()
    held = mongodb["reactions"].find_one({"act": "repost"})
    kwip.stores.posts.delete(first.post.id, bob.id, at(system_clock_ms()))
    mongodb["reactions"].insert_one(held)
    second = reposts.repost(bob, post.id)

    assert second.post.id != first.post.id
    assert second.shown.is_reposted


@pytest.mark.parametrize("way", ["unrepost", "delete"])
def test_a_repost_that_is_taken_back_is_gone_and_may_come_again(
    kwip, rings, reposts, post, bob, carol, way
):
    view = reposts.repost(bob, post.id)
    rings.run()
    if way == "unrepost":
        reposts.unrepost(bob, post.id)
    else:
        kwip.services.posts.delete(bob, view.post.id)

    assert home(kwip, carol) == []
    assert not read(kwip, bob, post.id).is_reposted
    assert read(kwip, bob, post.id).post.reposts_count == 0
    assert not reposts.unrepost(bob, post.id).is_reposted
    assert reposts.repost(bob, post.id).post.id != view.post.id


def test_a_repost_of_what_is_deleted_is_hidden(
    kwip, rings, reposts, post, alice, bob, carol
):
    view = reposts.repost(bob, post.id)
    rings.run()
    kwip.services.posts.delete(alice, post.id)

    assert home(kwip, carol) == []
    with pytest.raises(NotFoundError):
        read(kwip, carol, view.post.id)


@pytest.mark.parametrize("act", ["mute", "block"])
def test_a_repost_of_somebody_hidden_is_hidden(
    kwip, rings, reposts, post, alice, bob, carol, act
):
    reposts.repost(bob, post.id)
    rings.run()
    getattr(kwip.services.relationships, act)(carol, alice.id)

    assert home(kwip, carol) == []


def test_only_what_everybody_may_see_is_reposted(kwip, reposts, alice, bob):
    kwip.services.relationships.follow(bob, alice.id)

    def publish(visibility, text):
        draft = Draft(text=text, visibility=visibility)
        return kwip.services.posts.publish(alice.id, draft).id

    closed = publish(Visibility.FOLLOWERS, "For followers")
    named = publish(Visibility.DIRECT, "For @bob")
    unlisted = publish(Visibility.UNLISTED, "Unlisted")
    for post_id in (closed, named):
        with pytest.raises(ForbiddenError):
            reposts.repost(bob, post_id)
    with pytest.raises(ForbiddenError):
        reposts.repost(alice, named)

    assert reposts.repost(alice, closed).post.visibility is Visibility.FOLLOWERS
    assert reposts.repost(bob, unlisted).post.visibility is Visibility.UNLISTED


def test_a_repost_is_not_public_has_no_text_and_no_reply(
    kwip, rings, reposts, post, alice, bob
):
    view = reposts.repost(bob, post.id)
    loader = kwip.services.loaders.begin()
    public = kwip.services.timelines.public(None, loader, PageRequest())
    thread = kwip.services.threads.thread(None, loader, view.post.id)
    draft = Draft(text="An answer", in_reply_to_id=view.post.id)
    answer = kwip.services.posts.create(alice, draft)

    assert [v.post.id for v in public.items] == [post.id]
    assert thread.post.post.id == post.id
    assert answer.post.in_reply_to_id == post.id
    with pytest.raises(ForbiddenError):
        kwip.services.posts.edit(bob, view.post.id, Edit(text="Mine"))
    with pytest.raises(NotFoundError):
        reposts.repost(bob, 17)


def test_a_repost_of_a_repost_is_of_the_post(reposts, post, alice, bob):
    first = reposts.repost(bob, post.id)

    assert reposts.repost(alice, first.post.id).post.repost_of_id == post.id
