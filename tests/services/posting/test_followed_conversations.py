from __future__ import annotations

import pytest

from kwip.domain.posting.posts import Draft, Visibility
from kwip.domain.timelines.notifications import NotificationKind
from kwip.domain.timelines.pages import PageRequest

CONVERSATION = NotificationKind.CONVERSATION


@pytest.fixture
def say(kwip):
    """Return a function that publishes and delivers."""

    def say(viewer, text, parent=None, **fields):
        reply_to = parent and parent.id
        draft = Draft(text=text, in_reply_to_id=reply_to, **fields)
        post = kwip.services.posts.publish(viewer.id, draft)
        kwip.services.fanout.deliver(kwip.services.fanout.begin(post.id))
        return post

    return say


def told(kwip, viewer):
    loader = kwip.services.loaders.begin()
    page = kwip.services.notifications.page(viewer, loader, PageRequest())
    unread = kwip.services.notifications.unread(viewer, loader)
    assert unread == len(page.items)
    return [(view.kind, view.post.post.text) for view in page.items]


def test_who_follows_a_conversation_is_notified_of_each_reply_they_may_see(
    kwip, alice, bob, carol, say
):
    conversations = kwip.services.conversations
    root = say(bob, "Root")
    answer = say(carol, "Before", root)
    conversations.follow(alice, answer.id)
    view = kwip.services.posts.get(alice, kwip.services.loaders.begin(), root.id)
    assert view.is_conversation_followed

    say(carol, "First", answer)
    say(carol, "For followers", root, visibility=Visibility.FOLLOWERS)
    say(carol, "@bob secret", root, visibility=Visibility.DIRECT)
    say(carol, "@alice named", root)
    gone = say(bob, "Gone", root)
    say(alice, "My own", root)
    say(carol, "Elsewhere")
    kwip.services.posts.delete(bob, gone.id)

    assert told(kwip, alice) == [
        (NotificationKind.MENTION, "@alice named"),
        (CONVERSATION, "First"),
    ]
    assert (CONVERSATION, "First") not in told(kwip, bob)


def test_a_conversation_is_followed_until_it_is_muted_or_unfollowed(
    kwip, alice, bob, say
):
    conversations = kwip.services.conversations
    root = say(bob, "Root")
    conversations.mute(alice, root.id)
    conversations.follow(alice, root.id)
    say(bob, "One", root)
    conversations.mute(alice, root.id)
    say(bob, "Two", root)
    conversations.unmute(alice, root.id)
    say(bob, "Three", root)
    conversations.unfollow(alice, root.id)
    say(bob, "Four", root)

    assert [text for _, text in told(kwip, alice)] == ["Three", "One"]
