from __future__ import annotations

import pytest

from kwip.domain.accounts.users import MAX_PINS
from kwip.domain.errors import ForbiddenError, InvalidError
from kwip.domain.posting.posts import Draft, Visibility
from kwip.domain.timelines.pages import PageRequest


@pytest.fixture
def made(kwip, alice):
    """Return the ids of one post more than may be pinned, oldest first."""
    publish = kwip.services.posts.publish
    return [publish(alice.id, Draft(text=f"{n}")).id for n in range(MAX_PINS + 1)]


def pinned(kwip, viewer, **page):
    loader = kwip.services.loaders.begin()
    profile = kwip.services.profiles.profile(
        viewer, loader, "alice", PageRequest(**page)
    )
    return [view.post.id for view in profile[2]]


def test_pins_stand_above_the_first_page_the_newest_pin_first(kwip, alice, made):
    for post_id in (made[1], made[0], made[1]):
        assert kwip.services.pins.pin(alice, post_id).is_pinned

    assert pinned(kwip, None) == [made[0], made[1]]
    assert pinned(kwip, None, max_id=made[2]) == []
    assert not kwip.services.pins.unpin(alice, made[0]).is_pinned
    assert pinned(kwip, alice) == [made[1]]


def test_a_deleted_post_makes_room_for_another_pin(kwip, alice, made):
    pins = kwip.services.pins
    for post_id in made[:MAX_PINS]:
        pins.pin(alice, post_id)
    with pytest.raises(InvalidError, match="Unpin one first"):
        pins.pin(alice, made[MAX_PINS])
    kwip.services.posts.delete(alice, made[2])

    assert pins.pin(alice, made[MAX_PINS]).is_pinned
    assert len(pinned(kwip, None)) == MAX_PINS


def test_only_ones_own_posts_for_more_than_the_named_are_pinned(
    kwip, new_user, alice, made
):
    draft = Draft(text="Psst", visibility=Visibility.DIRECT)
    secret = kwip.services.posts.publish(alice.id, draft)
    with pytest.raises(InvalidError):
        kwip.services.pins.pin(alice, secret.id)
    with pytest.raises(ForbiddenError):
        kwip.services.pins.pin(new_user("bob"), made[0])


def test_a_pin_for_followers_is_shown_to_followers_only(kwip, new_user, alice):
    draft = Draft(text="Ours", visibility=Visibility.FOLLOWERS)
    post = kwip.services.posts.publish(alice.id, draft)
    kwip.services.pins.pin(alice, post.id)
    bob = new_user("bob")

    assert pinned(kwip, bob) == []
    kwip.services.relationships.follow(bob, alice.id)
    assert pinned(kwip, bob) == [post.id]
