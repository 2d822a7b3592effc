from __future__ import annotations

import pytest

from kwip.domain.posting.posts import Draft, Visibility
from kwip.domain.timelines.pages import PageRequest
from tests.wired import Silence


@pytest.fixture
def carol(kwip, rings, new_user, bob):
    """Return a viewer who follows bob and nobody else."""
    carol = new_user("carol")
    kwip.services.relationships.follow(carol, bob.id)
    rings.run()
    return carol


@pytest.fixture
def say(kwip, rings):
    def say(viewer, text, **fields):
        post = kwip.services.posts.publish(viewer.id, Draft(text=text, **fields))
        rings.run()
        return post

    return say


def home(kwip, viewer):
    loader = kwip.services.loaders.begin()
    return kwip.services.timelines.home(viewer, loader, PageRequest()).items


def told(kwip, viewer):
    loader = kwip.services.loaders.begin()
    page = kwip.services.notifications.page(viewer, loader, PageRequest())
    return [(view.kind.value, view.post.post.id) for view in page.items]


def test_a_quote_and_its_repost_reach_followers_with_what_is_quoted(
    kwip, rings, say, alice, bob, carol
):
    said = say(alice, "Hello")
    quoting = say(bob, "As she says", quote_of_id=said.id)
    kwip.services.reposts.repost(bob, quoting.id)
    rings.run()

    [view] = home(kwip, carol)

    assert view.reposted.post.id == quoting.id
    assert view.quote is None
    assert view.shown.quote.view.post.text == "Hello"
    assert view.shown.quote.view.author.id == alice.id


def test_the_quoted_author_is_notified_if_the_quote_is_visible_to_them(
    kwip, say, alice, bob
):
    said = say(alice, "Hello")
    open_one = say(bob, "@alice says", quote_of_id=said.id)
    say(bob, "For followers", quote_of_id=said.id, visibility=Visibility.FOLLOWERS)
    say(bob, "For me", quote_of_id=said.id, visibility=Visibility.DIRECT)
    reply = say(bob, "Both", quote_of_id=said.id, in_reply_to_id=said.id)

    assert told(kwip, alice) == [("reply", reply.id), ("quote", open_one.id)]
    kwip.services.posts.delete(bob, open_one.id)
    assert told(kwip, alice) == [("reply", reply.id)]


def test_a_deleted_user_leaves_quotes_without_the_quoted_and_counts_right(
    kwip, say, alice, bob, carol
):
    quoted = say(alice, "Hello")
    say(bob, "As she says", quote_of_id=quoted.id)
    kept = say(carol, "Mine")
    say(alice, "As she says", quote_of_id=kept.id)

    kwip.services.deletion.run(alice.id, Silence())

    [view] = [v for v in home(kwip, carol) if v.author.id == bob.id]
    assert (view.quote.state.value, view.quote.view) == ("deleted", None)
    assert kwip.stores.posts.get_many([kept.id])[kept.id].quotes_count == 0
