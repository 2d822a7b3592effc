"""Who is told of what, and what the recipient's page makes of it."""

from __future__ import annotations

import pytest

from kwip.domain.errors import NotFoundError
from kwip.domain.ids import PostId
from kwip.domain.posting.posts import Draft, Edit, Visibility
from kwip.domain.social.relationships import FollowOptions
from kwip.domain.timelines.notifications import (
    SPOKEN_TO,
    Notification,
    NotificationKind,
    Selection,
)
from kwip.domain.timelines.pages import PageRequest
from kwip.services.delivery import notifier
from kwip.store.timelines.buckets import home_of
from tests.frozen import swap


@pytest.fixture
def people(new_user):
    """Return a function that signs people up by name."""
    return lambda *names: [new_user(name) for name in names]


@pytest.fixture
def say(kwip, rings):
    """Return a function that publishes and delivers."""

    def say(author, text="Hello", *, to=None, visibility="public"):
        draft = Draft(
            text=text,
            in_reply_to_id=to and to.id,
            visibility=Visibility(visibility),
        )
        post = kwip.services.posts.publish(author.id, draft)
        rings.run()
        return post

    return say


@pytest.fixture
def views(kwip):
    """Return a function that gives what somebody's page shows."""

    def views(viewer, wanted=None, **page):
        return kwip.services.notifications.page(
            viewer,
            kwip.services.loaders.begin(),
            PageRequest(**page),
            wanted or Selection(),
        ).items

    return views


@pytest.fixture
def told(views):
    """Return a function that gives what somebody is told: kind, by whom, post."""

    def told(viewer, **page):
        return [
            (view.kind.value, view.actor.username, view.post and view.post.post.id)
            for view in views(viewer, **page)
        ]

    return told


@pytest.fixture
def unread(kwip):
    """Return a function that gives the number on somebody's badge."""
    return lambda viewer: kwip.services.notifications.unread(
        viewer, kwip.services.loaders.begin()
    )


def test_who_is_named_or_answered_is_told_once_and_nobody_else(people, say, told):
    alice, bob, carol = people("alice", "bob", "carol")
    root = say(alice, "Hello @bob and @alice")
    answer = say(bob, "@alice hello, and @carol", to=root)

    assert told(alice) == [("reply", "bob", answer.id)]
    assert told(bob) == [("mention", "alice", root.id)]
    assert told(carol) == [("mention", "bob", answer.id)]


def test_acts_are_told_and_undoing_them_takes_it_back(people, say, told, kwip, rings):
    alice, bob = people("alice", "bob")
    post, services = say(alice), kwip.services
    services.reactions.favourite(bob, post.id)
    services.reposts.repost(bob, post.id)
    services.relationships.follow(bob, alice.id)
    rings.run()
    assert sorted(told(alice)) == [
        ("favourite", "bob", post.id),
        ("follow", "bob", None),
        ("repost", "bob", post.id),
    ]

    services.reactions.unfavourite(bob, post.id)
    assert len(told(alice)) == 2
    services.reposts.unrepost(bob, post.id)
    assert told(alice) == [("follow", "bob", None)]
    services.relationships.unfollow(bob, alice.id)
    assert told(alice) == []


def test_acts_repeated_are_told_once(people, say, told, kwip):
    alice, bob = people("alice", "bob")
    post = say(alice)
    for _ in range(2):
        kwip.services.reactions.favourite(bob, post.id)
        kwip.services.relationships.follow(bob, alice.id)

    assert len(told(alice)) == 2


def test_a_bookmark_is_told_to_nobody(people, say, told, kwip):
    alice, bob = people("alice", "bob")
    kwip.services.reactions.bookmark(bob, say(alice).id)

    assert told(alice) == []


def test_nobody_is_told_of_their_own_acts(people, say, told, kwip, rings):
    (alice,) = people("alice")
    post = say(alice, "Hello @alice")
    say(alice, "And more, @alice", to=post)
    kwip.services.reactions.favourite(alice, post.id)
    kwip.services.reposts.repost(alice, post.id)
    rings.run()

    assert told(alice) == []


@pytest.mark.parametrize("relation", ["mutes", "blocks", "is_blocked"])
def test_nothing_is_written_by_whom_one_does_not_hear(
    people, say, kwip, rings, relation
):
    alice, bob = people("alice", "bob")
    post, services = say(alice), kwip.services
    services.relationships.follow(alice, bob.id, notify=True)
    if relation == "mutes":
        services.relationships.mute(alice, bob.id)
        services.relationships.follow(bob, alice.id)
        services.reactions.favourite(bob, post.id)
        services.reposts.repost(bob, post.id)
        say(bob, "Hello @alice", to=post)
    elif relation == "blocks":
        services.relationships.block(alice, bob.id)
    else:
        services.relationships.block(bob, alice.id)
    say(bob, "Hello @alice")
    rings.run()

    found = kwip.store.database["notifications"].find({"recipient_id": alice.id})
    assert list(found) == []


def test_an_answer_for_followers_is_told_to_a_follower_only(people, say, told, kwip):
    alice, bob = people("alice", "bob")
    post = say(alice)
    say(bob, "For mine", to=post, visibility="followers")
    assert told(alice) == []

    kwip.services.relationships.follow(alice, bob.id)
    answer = say(bob, "For mine", to=post, visibility="followers")

    assert told(alice) == [("reply", "bob", answer.id)]


def test_a_mute_a_block_and_their_ends_hold_for_what_is_stored(
    people, say, told, unread, kwip
):
    alice, bob = people("alice", "bob")
    say(bob, "Hello @alice")
    relationships = kwip.services.relationships
    for hide, show in (
        (lambda: relationships.mute(alice, bob.id), relationships.unmute),
        (lambda: relationships.block(alice, bob.id), relationships.unblock),
    ):
        hide()
        assert (told(alice), unread(alice)) == ([], 0)
        show(alice, bob.id)
        assert (len(told(alice)), unread(alice)) == (1, 1)

    relationships.block(bob, alice.id)

    assert (told(alice), unread(alice)) == ([], 0)


def test_a_block_takes_back_the_follows_that_it_ends(people, told, kwip):
    alice, bob = people("alice", "bob")
    relationships = kwip.services.relationships
    relationships.follow(bob, alice.id)
    relationships.block(alice, bob.id)
    relationships.unblock(alice, bob.id)

    assert told(alice) == []


def test_who_is_suspended_is_not_told_of(people, say, told, kwip):
    alice, bob = people("alice", "bob")
    post = say(alice)
    kwip.services.reactions.favourite(bob, post.id)
    kwip.services.moderation.suspend(bob.id)
    assert told(alice) == []

    kwip.services.moderation.unsuspend(bob.id)

    assert len(told(alice)) == 1


def test_a_deleted_post_is_not_told_of_to_anybody(people, say, told, unread, kwip):
    alice, bob, carol = people("alice", "bob", "carol")
    kwip.services.relationships.follow(carol, bob.id, notify=True)
    root = say(alice)
    answer = say(bob, "@alice", to=root)
    own = say(bob, "A walk")
    kwip.services.reactions.favourite(alice, own.id)
    assert (unread(alice), unread(bob), unread(carol)) == (1, 2, 1)

    for post in (answer, own):
        kwip.services.posts.delete(bob, post.id)

    assert (unread(alice), unread(bob), unread(carol)) == (0, 1, 0)
    assert told(bob) == [("follow", "carol", None)]
    assert told(alice) == told(carol) == []


def test_what_somebody_else_cannot_delete_stays_told(people, say, told, kwip):
    alice, bob = people("alice", "bob")
    post = say(alice, "@bob")
    with pytest.raises(Exception, match="Only the author"):
        kwip.services.posts.delete(bob, post.id)

    assert told(bob) == [("mention", "alice", post.id)]


def test_who_asked_is_told_of_each_new_post_chunk_by_chunk(
    people, say, told, kwip, monkeypatch
):
    monkeypatch.setattr(notifier, "SUBSCRIBERS_AT_ONCE", 2)
    alice, bob, *others = people("alice", "bob", *"cdefg")
    relationships = kwip.services.relationships
    relationships.follow(bob, alice.id)
    for other in others:
        relationships.follow(other, alice.id, notify=True)
    named = say(alice, f"Hello @{others[0].username}")
    root = say(bob, "Hello")
    say(alice, "To one", to=root)
    more = say(alice, "To oneself", to=named)

    assert told(others[0]) == [
        ("post", "alice", more.id),
        ("mention", "alice", named.id),
    ]
    for other in others[1:]:
        assert told(other) == [
            ("post", "alice", more.id),
            ("post", "alice", named.id),
        ]
    assert told(bob) == [("reply", "alice", told(bob)[0][2])]


def test_who_asks_no_longer_is_not_told(people, say, told, kwip):
    alice, bob, carol, dave = people("alice", "bob", "carol", "dave")
    relationships = kwip.services.relationships
    for each in (bob, carol, dave):
        relationships.follow(each, alice.id)
        assert relationships.follow(each, alice.id, notify=True).is_notifying
        assert relationships.follow(each, alice.id).is_notifying
    no_more = FollowOptions(notify=False)
    assert not relationships.change_options(bob, alice.id, no_more).is_notifying
    relationships.unfollow(carol, alice.id)
    assert not relationships.follow(carol, alice.id).is_notifying
    relationships.block(dave, alice.id)
    say(alice)

    assert told(bob) == told(carol) == told(dave) == []


def test_to_end_asking_follows_nobody(people, kwip):
    alice, bob = people("alice", "bob")

    found = kwip.services.relationships.change_options(
        bob, alice.id, FollowOptions(notify=False)
    )

    assert not found.is_following


def test_whom_an_edit_names_is_told_at_its_place(people, say, told, kwip):
    alice, bob, carol = people("alice", "bob", "carol")
    kwip.services.relationships.follow(carol, alice.id, notify=True)
    old = say(alice, "Hello @bob")
    later = say(carol, "@bob")
    for text in ("Hello @carol", "Hello @bob and @carol", "Hello @dave, @bob"):
        kwip.services.posts.edit(alice, old.id, Edit(text=text))

    assert told(bob) == [("mention", "alice", old.id), ("mention", "carol", later.id)]
    # One is told once of a post, be it as a follower or by name.
    assert told(carol) == [("post", "alice", old.id)]


def test_whom_an_edit_names_no_longer_is_told_no_longer(
    people, say, told, unread, kwip
):
    alice, bob, carol = people("alice", "bob", "carol")
    root = say(carol)
    post = say(alice, "Hello @bob", to=root)
    assert (unread(bob), unread(carol)) == (1, 1)
    kwip.services.posts.edit(alice, post.id, Edit(text="Hello"))

    assert (told(bob), unread(bob)) == ([], 0)
    assert told(carol) == [("reply", "alice", post.id)]
    assert (
        list(kwip.store.database["notifications"].find({"recipient_id": bob.id})) == []
    )


def test_whom_an_edit_during_the_delivery_names_no_longer_is_not_told(
    people, told, kwip, rings
):
    alice, bob = people("alice", "bob")
    post = kwip.services.posts.publish(alice.id, Draft(text="Hello @bob"))
    lease = kwip.services.fanout.begin(post.id)
    kwip.services.posts.edit(alice, post.id, Edit(text="Hello"))
    kwip.services.fanout.deliver(lease)

    assert told(bob) == []


def test_many_hidden_ones_are_passed_over_in_few_rounds(people, say, views, kwip):
    alice, bob, carol = people("alice", "bob", "carol")
    [seen] = [say(bob, "@alice")]
    post = say(alice)
    kwip.stores.notifications.add_many(
        [
            Notification(
                recipient_id=alice.id,
                kind=NotificationKind.FAVOURITE,
                actor_id=carol.id,
                seq=post.id + (number << 16),
                post_id=PostId(number),
            )
            for number in range(1, 601)
        ]
    )
    kwip.services.moderation.suspend(carol.id)
    before = kwip.cache.round_trips
    found = views(alice, limit=1)

    assert [view.post.post.id for view in found] == [seen.id]
    assert kwip.cache.round_trips - before <= 30


def test_whom_only_the_edit_names_is_told_of_it_as_new(people, say, views, kwip):
    alice, bob = people("alice", "bob")
    old = say(alice, "Hello")
    later = say(alice, "@bob")
    kwip.services.posts.edit(alice, old.id, Edit(text="Hello @bob"))

    assert [view.post.post.id for view in views(bob)] == [old.id, later.id]


def test_an_edit_of_a_direct_post_is_told_to_nobody_new(people, say, told, kwip):
    alice, bob, carol = people("alice", "bob", "carol")
    old = say(alice, "@bob psst", visibility="direct")
    kwip.services.posts.edit(alice, old.id, Edit(text="@bob and @carol psst"))

    assert told(carol) == []
    assert told(bob) == [("mention", "alice", old.id)]


def test_an_edit_before_the_delivery_is_told_once(people, told, kwip, rings):
    alice, bob = people("alice", "bob")
    post = kwip.services.posts.publish(alice.id, Draft(text="Hello"))
    kwip.services.posts.edit(alice, post.id, Edit(text="Hello @bob"))
    rings.run()

    assert told(bob) == [("mention", "alice", post.id)]


def test_pages_lie_side_by_side_and_hidden_ones_are_passed_over(
    people, say, views, kwip
):
    alice, bob, carol = people("alice", "bob", "carol")
    posts = [say((bob, carol)[n % 2], f"@alice {n}") for n in range(14)]
    kwip.services.relationships.mute(alice, carol.id)
    shown = [post.id for post in posts if post.author_id == bob.id][::-1]

    first = views(alice, limit=3)
    second = views(alice, limit=9, max_id=first[-1].id)
    found = [*first, *second]
    assert [view.post.post.id for view in found] == shown
    assert views(alice, limit=2, min_id=found[-1].id)[-1] == found[-2]
    assert list(views(alice, since_id=found[2].id)) == found[:2]


def test_one_may_choose_kinds_and_a_user(people, say, views, kwip):
    alice, bob, carol = people("alice", "bob", "carol")
    post = say(alice)
    for each in (bob, carol):
        kwip.services.reactions.favourite(each, post.id)
    say(bob, "@alice")

    kinds = [view.kind for view in views(alice, Selection(SPOKEN_TO))]
    assert kinds == [NotificationKind.MENTION]
    chosen = views(alice, Selection(actor_id=carol.id))
    assert [view.actor.username for view in chosen] == ["carol"]
    assert views(alice, Selection(frozenset())) == ()


def test_one_notification_is_shown_to_its_recipient_only(people, say, views, kwip):
    alice, bob = people("alice", "bob")
    say(bob, "@alice")
    service, begin = kwip.services.notifications, kwip.services.loaders.begin
    [view] = views(alice)

    assert service.get(alice, begin(), view.id) == view
    for viewer, number in ((bob, view.id), (alice, view.id - 1), (alice, 0)):
        with pytest.raises(NotFoundError):
            service.get(viewer, begin(), number)


def test_what_is_seen_is_read_until_there_is_more(people, say, views, unread, kwip):
    alice, bob = people("alice", "bob")
    first = say(bob, "@alice")
    [seen] = views(alice)
    kwip.services.markers.see(alice, "notifications", seen.id)
    second = say(bob, "@alice again")

    assert unread(alice) == 1
    found = views(alice)
    assert [(v.post.post.id, v.is_new) for v in found] == [
        (second.id, True),
        (first.id, False),
    ]
    for view in found:
        kwip.services.markers.see(alice, "notifications", view.id)
    assert unread(alice) == 0


def test_what_is_told_late_is_new_all_the_same(people, say, views, unread, kwip, rings):
    alice, bob = people("alice", "bob")
    kwip.services.relationships.follow(alice, bob.id, notify=True)
    liked = say(alice)
    named = kwip.services.posts.publish(bob.id, Draft(text="@alice"))
    asked = kwip.services.posts.publish(bob.id, Draft(text="A walk"))
    kwip.services.reactions.favourite(bob, liked.id)
    [seen] = views(alice)
    kwip.services.markers.see(alice, "notifications", seen.id)
    rings.run()

    assert unread(alice) == 2
    assert [(v.kind.value, v.is_new) for v in views(alice)] == [
        ("post", True),
        ("mention", True),
        ("favourite", False),
    ]
    assert [v.post.post.id for v in views(alice)] == [asked.id, named.id, liked.id]


def test_an_overview_names_the_newest_though_it_is_hidden(people, say, views, kwip):
    alice, bob, carol = people("alice", "bob", "carol")
    say(bob, "@alice")
    say(carol, "@alice")
    newest = views(alice)[0]
    kwip.services.moderation.suspend(carol.id)

    overview = kwip.services.notifications.overview(
        alice, kwip.services.loaders.begin(), PageRequest()
    )

    assert len(overview.page.items) == 1
    assert (overview.newest_id, overview.has_new) == (newest.id, True)


def test_markers_that_were_never_set_stand_at_nothing(people, kwip):
    (alice,) = people("alice")

    found = kwip.services.markers.get(
        alice, kwip.services.loaders.begin(), ["home", "notifications"]
    )

    assert [m.last_read_id for m in found.values()] == [0, 0]


def test_everyone_who_is_notified_gets_a_signal(people, say, kwip, monkeypatch):
    alice, bob = people("alice", "bob")
    rung = []
    notified = kwip.services.reactions.notifier
    swap(notified, signal=rung.extend)
    post = say(alice, "@bob")
    kwip.services.reactions.favourite(bob, post.id)
    kwip.services.relationships.follow(bob, alice.id)
    kwip.services.posts.edit(bob, say(bob).id, Edit(text="@alice"))

    topics = [f"notifications:{viewer.id}" for viewer in (bob, alice, alice, alice)]
    assert rung == topics


def test_homes_do_not_wait_for_those_who_asked_to_be_told(
    people, kwip, rings, monkeypatch
):
    alice, bob = people("alice", "bob")
    kwip.services.relationships.follow(bob, alice.id, notify=True)
    rings.run()
    post = kwip.services.posts.publish(alice.id, Draft(text="A walk"))
    held = []

    def subscribers(*_, **__):
        held.extend(kwip.stores.timelines.stored(home_of(bob.id)).ids)
        return []

    monkeypatch.setattr(kwip.edges, "subscribers", subscribers)
    rings.run()

    assert held == [post.id]


def test_a_delivery_that_goes_on_tells_nobody_again(
    people, told, views, kwip, rings, monkeypatch
):
    monkeypatch.setattr(notifier, "SUBSCRIBERS_AT_ONCE", 1)
    alice, bob, carol, dave = people("alice", "bob", "carol", "dave")
    for each in (bob, carol):
        kwip.services.relationships.follow(each, alice.id, notify=True)
    rings.run()
    post = kwip.services.posts.publish(alice.id, Draft(text="Hello @dave"))
    fanout = kwip.services.fanout
    first, second = sorted([bob, carol], key=lambda each: each.id)
    subscribers = kwip.edges.subscribers

    def fails(author_id, *, above, limit):
        if above == first.id:
            raise RuntimeError
        return subscribers(author_id, above=above, limit=limit)

    lease = fanout.begin(post.id)
    with monkeypatch.context() as patch:
        patch.setattr(kwip.edges, "subscribers", fails)
        with pytest.raises(RuntimeError):
            fanout.deliver(lease)
    fanout.let_go(lease)
    for each in (first, dave):
        [view] = views(each)
        kwip.services.notifications.dismiss(each, view.id)

    rings.run()

    assert told(first) == told(dave) == []
    assert told(second) == [("post", "alice", post.id)]
