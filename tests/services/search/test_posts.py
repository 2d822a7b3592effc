"""Posts are found by their words, and by nobody who may not see them."""

from __future__ import annotations

import pytest

from kwip.domain.posting.posts import Draft, Edit, Visibility
from kwip.domain.timelines.pages import PageRequest
from kwip.domain.timelines.search import SearchRequest


@pytest.fixture
def publish(kwip, rings):
    """Return a function that publishes a post and lets the worker deliver it."""

    def publish(author, text, **draft):
        post = kwip.services.posts.publish(author.id, Draft(text=text, **draft))
        rings.run()
        return post

    return publish


@pytest.fixture
def pages(kwip):
    """Return a function that searches, and gives a page."""

    def search(viewer, text, **page):
        asked = SearchRequest(text=text, kind="statuses", page=PageRequest(**page))
        loader = kwip.services.loaders.begin()
        return kwip.services.search.page(viewer, loader, asked)[0]

    return search


@pytest.fixture
def found(pages):
    """Return a function that gives the texts that a search finds, newest first."""

    def found(viewer, text):
        return [view.post.text for view in pages(viewer, text).items]

    return found


def test_a_public_post_is_found_by_one_word(new_user, publish, found):
    alice = new_user("alice")
    publish(alice, "Green tea at noon")

    assert found(None, "tea") == ["Green tea at noon"]
    assert found(None, "TEA") == ["Green tea at noon"]
    assert found(None, "coffee") == []


def test_all_words_must_match_newest_first(new_user, publish, found):
    alice = new_user("alice")
    for text in ("green tea", "black tea", "tea, green"):
        publish(alice, text)

    assert found(None, "tea green") == ["tea, green", "green tea"]


def test_a_phrase_finds_words_in_their_order(new_user, publish, found):
    alice = new_user("alice")
    for text in ("green tea", "tea, green", "a green  Tea!"):
        publish(alice, text)

    assert found(None, '"green tea"') == ["a green  Tea!", "green tea"]
    assert found(None, 'tea -"green tea"') == ["tea, green"]


def test_a_word_can_be_excluded(new_user, publish, found):
    alice = new_user("alice")
    publish(alice, "tea with milk")
    publish(alice, "tea without")

    assert found(None, "tea -milk") == ["tea without"]


def test_from_finds_the_posts_of_one_person(new_user, publish, found):
    alice, bob = new_user("alice"), new_user("bob")
    publish(alice, "tea of Alice")
    publish(bob, "tea of Bob")

    assert found(None, "tea from:alice") == ["tea of Alice"]
    assert found(None, "from:@Bob") == ["tea of Bob"]
    assert found(None, "tea -from:bob") == ["tea of Alice"]


def test_operators_say_what_a_post_has_and_is(new_user, publish, found):
    alice = new_user("alice")
    first = publish(alice, "tea https://example.com/a", language="en")
    publish(alice, "tea reply", in_reply_to_id=first.id)
    publish(alice, "tea quote", quote_of_id=first.id)
    publish(alice, "tea hidden", is_sensitive=True, language="de-AT")

    assert found(None, "tea has:link") == ["tea https://example.com/a"]
    assert found(None, "tea is:reply") == ["tea reply"]
    assert found(None, "tea is:sensitive") == ["tea hidden"]
    assert found(None, "tea is:quote") == ["tea quote"]
    assert found(None, "tea language:de") == ["tea hidden"]
    assert found(None, "tea has:poll") == []
    assert found(None, "example.com") == ["tea https://example.com/a"]


def test_dates_bound_what_is_found(new_user, publish, found):
    alice = new_user("alice")
    day = publish(alice, "tea today").created_at.strftime("%Y-%m-%d")

    assert found(None, f"tea after:{day}") == []
    assert found(None, f"tea before:{day}") == []
    assert found(None, "tea after:2020-01-01 before:2900-01-01") == ["tea today"]


def test_a_word_form_is_found_where_the_language_is_known(new_user, publish, found):
    alice = new_user("alice")
    publish(alice, "Running far", language="en")
    publish(alice, "Running without a language")

    assert found(None, "runs far") == ["Running far"]
    assert found(None, "runs") == ["Running far"]


@pytest.mark.parametrize("visibility", set(Visibility) - {Visibility.PUBLIC})
def test_what_is_not_public_is_found_by_its_author_alone(
    new_user, publish, found, kwip, rings, visibility
):
    alice, bob = new_user("alice"), new_user("bob")
    kwip.services.relationships.follow(bob, alice.id)
    publish(alice, "@bob secret tea", visibility=visibility)

    assert found(alice, "tea") == found(alice, '"secret tea"') == ["@bob secret tea"]
    assert found(alice, "tea from:alice") == ["@bob secret tea"]
    assert found(bob, "tea") == found(None, "tea") == found(bob, "from:alice") == []


def test_a_block_hides_at_once_in_both_directions(new_user, publish, found, kwip):
    alice, bob = new_user("alice"), new_user("bob")
    publish(alice, "tea of Alice")
    publish(bob, "tea of Bob")
    kwip.services.relationships.block(alice, bob.id)

    assert found(alice, "tea") == ["tea of Alice"]
    assert found(bob, "tea") == ["tea of Bob"]


def test_a_muted_author_is_found_only_when_named(new_user, publish, found, kwip):
    alice, bob = new_user("alice"), new_user("bob")
    publish(bob, "tea of Bob")
    kwip.services.relationships.mute(alice, bob.id)

    assert found(alice, "tea") == []
    assert found(alice, "tea from:bob") == ["tea of Bob"]


def test_a_suspended_author_is_not_found(new_user, publish, found, kwip):
    alice = new_user("alice")
    publish(alice, "tea")
    kwip.services.moderation.suspend(alice.id)

    assert found(None, "tea") == []


def test_a_deletion_holds_before_the_index_knows(new_user, publish, found, kwip, rings):
    alice = new_user("alice")
    post = publish(alice, "tea")
    kwip.services.posts.delete(alice, post.id)

    assert found(None, "tea") == found(alice, "tea") == []

    rings.run()

    stored = kwip.store.database["search_posts"].find_one({"_id": post.id})
    assert stored["terms"] == []


def test_an_edited_post_is_not_found_by_its_old_words(
    new_user, publish, found, kwip, rings
):
    alice = new_user("alice")
    post = publish(alice, "tea and cake")
    kwip.services.posts.edit(alice, post.id, Edit(text="coffee and cake"))

    assert found(None, "tea") == []
    assert found(None, "cake") == ["coffee and cake"]

    rings.run()

    assert found(None, "tea") == []
    assert found(None, "coffee cake") == ["coffee and cake"]


def test_a_delivery_that_comes_late_does_not_bring_an_old_text_back(
    new_user, publish, found, kwip, rings
):
    alice = new_user("alice")
    post = publish(alice, "tea")
    kwip.services.posts.delete(alice, post.id)
    rings.run()

    kwip.services.search_index.put([post])

    stored = kwip.store.database["search_posts"].find_one({"_id": post.id})
    assert stored["terms"] == []


def test_indexing_twice_changes_nothing(new_user, publish, kwip, rings):
    alice = new_user("alice")
    post = publish(alice, "tea")
    kwip.services.posts.edit(alice, post.id, Edit(text="coffee"))
    rings.run()
    index = kwip.store.database["search_posts"]
    before = list(index.find())

    for _ in range(2):
        kwip.services.search_index.settle(post.id)

    assert list(index.find()) == before


def test_the_sweeper_finds_what_the_queue_has_lost(
    new_user, publish, found, kwip, rings
):
    alice = new_user("alice")
    post = publish(alice, "tea")
    kwip.services.posts.edit(alice, post.id, Edit(text="coffee"))
    rings.waiting.clear()

    kwip.sweeper.sweep()
    rings.run()

    assert found(None, "coffee") == ["coffee"]
    document = kwip.store.database["posts"].find_one({"_id": post.id})
    assert "search_due_at" not in document


def test_the_library_has_own_posts_favourites_and_bookmarks(
    new_user, publish, found, kwip
):
    alice, bob = new_user("alice"), new_user("bob")
    kwip.services.relationships.follow(alice, bob.id)
    publish(alice, "tea: mine", visibility=Visibility.DIRECT)
    liked = publish(bob, "tea: liked", visibility=Visibility.FOLLOWERS)
    saved = publish(bob, "tea: saved")
    publish(bob, "tea: neither")
    publish(bob, "coffee: liked")
    kwip.services.reactions.favourite(alice, liked.id)
    kwip.services.reactions.favourite(alice, saved.id)
    kwip.services.reactions.bookmark(alice, saved.id)

    assert found(alice, "in:library tea") == ["tea: saved", "tea: liked", "tea: mine"]
    assert found(alice, "in:library tea -liked") == ["tea: saved", "tea: mine"]
    assert found(alice, "in:library")[:1] == ["tea: saved"]
    assert found(None, "in:library tea") == []

    kwip.services.relationships.unfollow(alice, bob.id)

    assert found(alice, "in:library tea") == ["tea: saved", "tea: mine"]


def test_without_redis_search_answers_from_mongodb(
    new_user, publish, found, kwip, monkeypatch
):
    alice = new_user("alice")
    publish(alice, "tea")
    publish(alice, "tea in secret", visibility=Visibility.DIRECT)
    monkeypatch.setattr(kwip.cache, "run", lambda *_: None)

    assert found(None, "tea") == ["tea"]
    assert found(alice, "tea") == ["tea in secret", "tea"]


def test_pages_neither_skip_nor_repeat(new_user, publish, pages):
    alice = new_user("alice")
    texts = [f"tea {number}" for number in range(7)]
    for text in texts:
        publish(alice, text)

    page, seen = pages(None, "tea", limit=3), []
    while True:
        seen += [view.post.text for view in page.items]
        if page.next_max_id is None:
            break
        last, page = page, pages(None, "tea", limit=3, max_id=page.next_max_id)

    assert seen == texts[::-1]
    back = pages(None, "tea", limit=3, min_id=page.prev_min_id)
    assert [v.post.id for v in back.items] == [v.post.id for v in last.items]


def test_a_short_page_goes_on_where_the_index_was_left(
    new_user, publish, pages, monkeypatch
):
    monkeypatch.setattr("kwip.store.posting.search.EXAMINED", 4)
    alice = new_user("alice")
    publish(alice, "tea and cake")
    for number in range(6):
        publish(alice, f"tea {number}")
        publish(alice, f"cake {number}")
    page, seen = pages(None, "tea cake"), []
    while page.next_max_id is not None:
        seen.append([view.post.text for view in page.items])
        page = pages(None, "tea cake", max_id=page.next_max_id)
    seen.append([view.post.text for view in page.items])

    assert seen == [[], ["tea and cake"]]
