from __future__ import annotations

import pytest

from kwip.domain.posts import Draft
from kwip.domain.timelines.pages import PageRequest
from tests.pictures import plain


@pytest.fixture
def alice(new_user):
    return new_user("alice")


@pytest.fixture
def bob(new_user):
    return new_user("bob")


@pytest.fixture
def say(kwip, rings, alice):
    """Return a function that publishes a text, and does what follows."""

    def say(text, **fields):
        post = kwip.services.posts.publish(alice.id, Draft(text=text, **fields))
        rings.run()
        return post

    return say


@pytest.fixture
def read(kwip, alice):
    """Return a function that reads a post's preview as its author sees it."""

    def read(post):
        loader = kwip.services.loaders.begin()
        return kwip.services.posts.get(alice, loader, post.id).post.preview

    return read


def test_a_followers_home_shows_what_a_link_leads_to(
    kwip, rings, say, site, alice, bob
):
    site.serve("/rye.png", plain(), kind="image/png")
    url = site.page("/rye", "Rye bread", description="Slow.", image="/rye.png")
    kwip.services.relationships.follow(bob, alice.id)
    rings.run()
    say(f"Look: {url}#step-2")
    loader = kwip.services.loaders.begin()
    page = kwip.services.timelines.home(bob, loader, PageRequest(limit=20))
    preview = page.items[0].post.preview

    assert (preview.title, preview.description) == ("Rye bread", "Slow.")
    assert preview.url == f"{url}#step-2"
    assert (preview.image.width, preview.image.height) == (64, 48)
    assert preview.image.blurhash
