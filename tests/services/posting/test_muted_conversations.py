from __future__ import annotations

import datetime as dt

import pytest

from kwip.domain.errors import NotFoundError
from kwip.domain.posting.polls import NewPoll
from kwip.domain.posting.posts import Draft, Visibility
from kwip.domain.timelines.pages import PageRequest


@pytest.fixture
def say(kwip):
    """Return a function that publishes a kwip and delivers it."""

    def say(person, text, **draft):
        post = kwip.services.posts.publish(person.id, Draft(text=text, **draft))
        kwip.services.fanout.deliver(kwip.services.fanout.begin(post.id))
        return post

    return say


@pytest.fixture
def act_on(kwip, bob, say):
    """Return a function with which bob does everything that notifies of a kwip."""

    def act_on(post):
        services = kwip.services
        say(bob, "A reply", in_reply_to_id=post.id)
        services.reactions.favourite(bob, post.id)
        repost = services.reposts.repost(bob, post.id).post
        services.fanout.deliver(services.fanout.begin(repost.id))
        services.polls.vote(bob, post.id, [0])
        past = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=1)
        kwip.store.database["posts"].update_one(
            {"_id": post.id}, {"$set": {"poll.expires_at": past}}
        )
        services.poll_ends.settle(post.id)

    return act_on


def told(kwip, viewer):
    loader = kwip.services.loaders.begin()
    page = kwip.services.notifications.page(viewer, loader, PageRequest())
    return sorted(view.kind.value for view in page.items)


def is_muted(kwip, viewer, post):
    view = kwip.services.posts.get(viewer, kwip.services.loaders.begin(), post.id)
    return view.is_conversation_muted


def test_nothing_in_a_muted_conversation_notifies_but_all_else_does(
    kwip, alice, bob, say, act_on
):
    asked = NewPoll(titles=("Yes", "No"), duration_s=3_600)
    muted, other = (say(alice, text, poll=asked) for text in ("One?", "Two?"))
    reply = say(bob, "@alice before", in_reply_to_id=muted.id)
    kwip.services.conversations.mute(alice, reply.id)
    for _ in range(2):
        kwip.services.conversations.mute(alice, muted.id)
    act_on(muted)
    say(bob, "@alice deeper", in_reply_to_id=reply.id)

    assert told(kwip, alice) == ["reply"], "what was before stays"
    assert told(kwip, bob) == ["poll"], "others are notified"
    act_on(other)
    kinds = ["favourite", "poll", "reply", "reply", "repost"]
    assert told(kwip, alice) == kinds


def test_every_kwip_of_a_muted_conversation_says_so_until_it_is_unmuted(
    kwip, alice, bob, say
):
    root, other = say(alice, "One"), say(alice, "Two")
    reply = say(bob, "A reply", in_reply_to_id=root.id)
    muted = kwip.services.conversations
    assert muted.mute(alice, reply.id).is_conversation_muted

    assert [is_muted(kwip, alice, post) for post in (root, reply, other)] == [
        *(True, True, False)
    ]
    assert not is_muted(kwip, bob, root)
    assert not muted.unmute(alice, root.id).is_conversation_muted
    assert not is_muted(kwip, alice, reply)
    say(bob, "Another", in_reply_to_id=root.id)
    assert told(kwip, alice) == ["reply", "reply"]


def test_of_too_many_the_first_is_dropped(kwip, alice, bob, say, monkeypatch):
    limit = "kwip.store.social.muted_conversations.MAX_CONVERSATIONS"
    monkeypatch.setattr(limit, 2)
    posts = [say(bob, text) for text in ("One", "Two", "Three")]
    for post in posts:
        kwip.services.conversations.mute(alice, post.id)

    assert [is_muted(kwip, alice, post) for post in posts] == [False, True, True]


def test_what_one_may_not_see_one_cannot_mute(kwip, alice, bob, say, mongodb):
    secret = say(bob, "Secret", visibility=Visibility.DIRECT)
    with pytest.raises(NotFoundError):
        kwip.services.conversations.mute(alice, secret.id)

    assert mongodb["muted_conversations"].count_documents({}) == 0
