"""The change-stream invalidator: it drops what writers that died did not."""

from __future__ import annotations

import threading

import pytest

from kwip import loops
from kwip.cache import keys
from kwip.domain.accounts.users import READ, ProfileChange
from kwip.domain.clock import at
from kwip.domain.posting.polls import NewPoll
from kwip.domain.posting.posts import Draft, Edit
from kwip.domain.posting.reactions import span_of
from kwip.domain.social.keyword_filters import FilterChange, FilterContext
from kwip.domain.timelines.lists import ListChange
from kwip.loops import Loop
from kwip.services.coherence import change_stream as module
from kwip.services.coherence.change_stream_keys import LEFT_OUT, WATCHED
from kwip.services.coherence.fence import Fence
from kwip.store.changes import ChangeStore, HistoryLostError
from kwip.store.indexes import INDEXES
from tests.servers import wait_until


@pytest.fixture
def running(kwip, monkeypatch):
    """Return a function that starts an invalidator in a loop and gives its stop."""
    monkeypatch.setattr(module, "SAVE_S", 0.02)
    monkeypatch.setattr(module, "IDLE_S", 0.02)
    monkeypatch.setattr(module, "EVERY_S", 0.02)
    monkeypatch.setattr(module, "QUIET_S", 0.02)
    monkeypatch.setattr(module, "PAUSE_S", 0.02)
    monkeypatch.setattr(loops, "FIRST_PAUSE_S", 0.02)
    stops = []

    def start():
        change_stream = module.ChangeStreamInvalidator(
            changes=ChangeStore(kwip.store),
            fence=kwip.fence,
            clock=kwip.change_stream.clock,
        )
        loop = Loop("relay", change_stream.work)
        loop.start()
        stops.append(loop.stop)
        return loop.stop

    yield start
    for end in stops:
        end()


@pytest.fixture
def left(running, mongodb):
    """Return a function that lets an invalidator store a place and end."""

    def leave():
        end = running()
        wait_until(lambda: place(mongodb))
        end()

    return leave


@pytest.fixture
def dying(monkeypatch):
    """Let writers die between commit and drop, for as long as one is in it."""

    class Killed(BaseException):
        pass

    def run(write):
        writer, drop = threading.current_thread(), Fence.invalidate

        def die(fence, invalidated):
            if threading.current_thread() is writer:
                raise Killed
            drop(fence, invalidated)

        with monkeypatch.context() as patched:
            patched.setattr(Fence, "invalidate", die)
            with pytest.raises(Killed):
                write()

    return run


def place(mongodb):
    """Give where the change-stream invalidator has come, once it has stored it."""
    found = mongodb["cache_relay"].find_one({"token": {"$ne": None}})
    return found and found["token"]


def name_of(kwip, user):
    loader = kwip.services.loaders.begin()
    return kwip.services.users.by_name(None, loader, user.username).user.display_name


def rename(kwip, user, name):
    kwip.services.users.update_profile(user, ProfileChange(display_name=name))


def test_a_write_whose_writer_died_is_seen_soon(kwip, new_user, running, dying):
    alice = new_user("alice")
    rename(kwip, alice, "before")
    assert name_of(kwip, alice) == "before"
    dying(lambda: rename(kwip, alice, "after"))
    assert name_of(kwip, alice) == "before", "the control: nobody dropped it"

    end = running()
    wait_until(lambda: place(kwip.store.database))
    dying(lambda: rename(kwip, alice, "later"))

    wait_until(lambda: name_of(kwip, alice) == "later")
    end()


def test_an_invalidator_goes_on_where_a_killed_one_was(
    kwip, mongodb, new_user, running, left, dying
):
    alice = new_user("alice")
    rename(kwip, alice, "before")
    left()
    assert name_of(kwip, alice) == "before"
    dying(lambda: rename(kwip, alice, "after"))
    assert name_of(kwip, alice) == "before"
    later = at(kwip.change_stream.clock() + 1_000)
    killed = {"owner": "a dead one", "until": later}
    mongodb["cache_relay"].update_one({}, {"$set": killed})

    running()

    wait_until(lambda: name_of(kwip, alice) == "after")
    assert at(kwip.change_stream.clock()) >= later, "its lease was respected"


def test_the_place_is_stored_after_the_invalidation(
    kwip, mongodb, new_user, running, left
):
    left()
    before = place(mongodb)
    dropping, go_on = threading.Event(), threading.Event()
    invalidate = Fence.invalidate

    def slow(fence, invalidated):
        invalidated = list(invalidated)
        if keys.handle("alice") in invalidated:
            dropping.set()
            assert go_on.wait(20)
        invalidate(fence, invalidated)

    with pytest.MonkeyPatch.context() as patched:
        new_user("alice")
        patched.setattr(Fence, "invalidate", slow)
        end = running()
        assert dropping.wait(20)

        assert place(mongodb) == before
        go_on.set()
        end()
    assert place(mongodb) != before


def test_one_invalidator_at_a_time(kwip, mongodb, running):
    running()
    wait_until(lambda: place(mongodb))
    owner = mongodb["cache_relay"].find_one()["owner"]
    running()
    before = place(mongodb)

    mongodb["users"].insert_one({"_id": 1, "schema": 3, "username": "x"})

    wait_until(lambda: place(mongodb) != before)
    assert mongodb["cache_relay"].find_one()["owner"] == owner


def test_lost_history_raises_the_epoch_and_goes_on(
    kwip, mongodb, new_user, running, left, dying
):
    alice = new_user("alice")
    rename(kwip, alice, "before")
    assert name_of(kwip, alice) == "before"
    with mongodb.watch() as stream:
        dying(lambda: rename(kwip, alice, "missed"))
        token = _long_gone(stream.next()["_id"])
    left()
    mongodb["cache_relay"].update_one({}, {"$set": {"token": token}})
    with (
        pytest.raises(HistoryLostError),
        ChangeStore(kwip.store).follow(["users"], token) as feed,
    ):
        feed.take(1)

    running()

    wait_until(lambda: mongodb["cache_fence"].find_one()["epoch"] == 2)
    wait_until(lambda: name_of(kwip, alice) == "missed")
    wait_until(lambda: kwip.fence.lease() is not None)
    dying(lambda: rename(kwip, alice, "after"))
    wait_until(lambda: name_of(kwip, alice) == "after")


def test_history_that_is_lost_again_and_again_does_not_end_the_invalidator(
    kwip, mongodb, new_user, running, dying, fail_commands, monkeypatch, quiet_log
):
    monkeypatch.setattr(kwip.fence, "_sleep", lambda _: None)  # nobody else reads
    alice = new_user("alice")
    running()
    wait_until(lambda: place(mongodb))
    fail_commands.begin("getMore", collection="$cmd.aggregate", errorCode=286)
    fail_commands.wait(3)
    fail_commands.end()
    wait_until(lambda: kwip.fence.lease() is not None)
    assert name_of(kwip, alice) == ""
    dying(lambda: rename(kwip, alice, "after"))

    wait_until(lambda: name_of(kwip, alice) == "after")


def _long_gone(token):
    """Give a token with a time at its head that the oplog does not have."""
    data = token["_data"]
    return {"_data": f"{data[:2]}{1:08X}{1:08X}{data[18:]}"}


def test_every_collection_is_followed_or_left_out_for_a_reason():
    assert {*WATCHED, *LEFT_OUT} == set(INDEXES)
    assert not set(WATCHED) & set(LEFT_OUT)


#: Writes, and what somebody would see of the past if their drops were left to the
#: change-stream invalidator: all that is exact. What may lag is dropped as well.
WRITES = {
    "sign_up": lambda w: w.new_user("dave"),
    "post": lambda w: w.say(w.bob, "another"),
    "reply": lambda w: w.say(w.bob, "an answer", w.post),
    "repost": lambda w: w.services.reposts.repost(w.bob, w.post.id),
    "favourite": lambda w: w.services.reactions.favourite(w.bob, w.post.id),
    "bookmark": lambda w: w.services.reactions.bookmark(w.bob, w.post.id),
    "unrepost": lambda w: w.services.reposts.unrepost(w.bob, w.post.id),
    "unfavourite": lambda w: w.services.reactions.unfavourite(w.bob, w.post.id),
    "favourite again": lambda w: w.services.reactions.favourite(w.bob, w.post.id),
    "vote": lambda w: w.services.polls.vote(w.bob, w.post.id, [0]),
    "clear notifications": lambda w: w.services.notifications.clear(w.alice),
    "unbookmark": lambda w: w.services.reactions.unbookmark(w.bob, w.post.id),
    "edit": lambda w: w.services.posts.edit(w.alice, w.post.id, Edit(text="@bob")),
    "follow": lambda w: w.services.relationships.follow(w.bob, w.alice.id),
    "block": lambda w: w.services.relationships.block(w.bob, w.alice.id),
    "mute": lambda w: w.services.relationships.mute(w.bob, w.alice.id),
    "pin": lambda w: w.services.pins.pin(w.alice, w.post.id),
    "mark": lambda w: w.services.markers.save(w.bob, {"home": w.post.id}),
    "session": lambda w: w.services.authentication.begin_session(w.bob.id, "bob", "y"),
    "token": lambda w: w.services.authentication.create_token(
        w.bob, "b", frozenset({READ})
    ),
    "unblock": lambda w: w.services.relationships.unblock(w.bob, w.alice.id),
    "unmute": lambda w: w.services.relationships.unmute(w.bob, w.alice.id),
    "follow again": lambda w: w.services.relationships.follow(w.bob, w.alice.id),
    "create list": lambda w: w.make_list(),
    "change list": lambda w: w.services.lists.change(
        w.bob, w.list_id, ListChange(is_exclusive=True)
    ),
    "add to list": lambda w: w.services.lists.add(w.bob, w.list_id, [w.alice.id]),
    "take out of list": lambda w: w.services.lists.remove(
        w.bob, w.list_id, [w.alice.id]
    ),
    "delete list": lambda w: w.services.lists.delete(w.bob, w.list_id),
    "unfollow": lambda w: w.services.relationships.unfollow(w.bob, w.alice.id),
    "follow tag": lambda w: w.services.followed_tags.follow(w.bob, "bread"),
    "unfollow tag": lambda w: w.services.followed_tags.unfollow(w.bob, "bread"),
    "mute conversation": lambda w: w.services.conversations.mute(w.bob, w.post.id),
    "unmute conversation": lambda w: w.services.conversations.unmute(w.bob, w.post.id),
    "filter": lambda w: w.services.filters.create(
        w.bob, FilterChange(title="x", contexts=(FilterContext.HOME,))
    ),
    "unpin": lambda w: w.services.pins.unpin(w.alice, w.post.id),
    "profile": lambda w: rename(w, w.bob, "Bob"),
    "suspend": lambda w: w.services.moderation.suspend(w.bob.id),
    "unsuspend": lambda w: w.services.moderation.unsuspend(w.bob.id),
    "silence": lambda w: w.services.moderation.silence(w.bob.id),
    "unsilence": lambda w: w.services.moderation.unsilence(w.bob.id),
    "end sessions": lambda w: w.services.moderation.sign_out_everywhere(
        w.bob.id, ends_tokens=True
    ),
    "delete": lambda w: w.services.posts.delete(w.alice, w.post.id),
}


class World:
    def __init__(self, kwip, new_user):
        self.services, self.new_user = kwip.services, new_user
        self.alice, self.bob = new_user("alice"), new_user("bob")
        asked = NewPoll(titles=("Yes", "No"), duration_s=3_600)
        self.post = self.say(self.alice, "first", poll=asked)

    def make_list(self):
        made = self.services.lists.create(self.bob, ListChange(title="Bakers"))
        self.list_id = made.id

    def say(self, viewer, text, parent=None, **fields):
        draft = Draft(text=text, in_reply_to_id=parent and parent.id, **fields)
        return self.services.posts.publish(viewer.id, draft)


def test_the_invalidator_invalidates_what_each_write_invalidated(
    kwip, new_user, monkeypatch
):
    world = World(kwip, new_user)
    invalidated = set()
    invalidate = Fence.invalidate

    def note(fence, some):
        invalidated.update(some)
        invalidate(fence, some)

    monkeypatch.setattr(Fence, "invalidate", note)
    change_stream = module.ChangeStreamInvalidator(
        changes=ChangeStore(kwip.store),
        fence=kwip.fence,
        clock=kwip.change_stream.clock,
    )
    with change_stream.changes.follow(list(WATCHED), None) as feed:
        for name, write in WRITES.items():
            write(world)
            by_writer = set(invalidated)
            invalidated.clear()
            # No counter of a post that was never delivered moves with its deletion.
            counters = {keys.user(world.alice.id), keys.statistics(world.alice.id)}
            by_writer -= counters if name == "delete" else set()
            # Nobody has been told of these, for nothing is delivered here.
            is_untold = name in {"unrepost", "delete"}
            untold = ("notifications:", "unread:") if is_untold else ()
            by_writer = {key for key in by_writer if not key.startswith(untold)}
            # What a change does not tell ends with its time to live.
            kept = ("active:", "tag:", "media_timeline:")
            by_writer = {k for k in by_writer if not k.startswith(kept)}

            def has_followed(expected=by_writer):
                change_stream._repeat(feed.take(100))
                return expected <= invalidated

            wait_until(has_followed)
            invalidated.clear()


def test_a_delivery_that_goes_on_invalidates_nothing(
    kwip, new_user, rings, monkeypatch
):
    world = World(kwip, new_user)
    with ChangeStore(kwip.store).follow(["posts"], None) as feed:
        lease = kwip.services.fanout.begin(world.post.id)
        kwip.services.fanout.deliver(lease)
        changes = []
        wait_until(lambda: changes.extend(feed.take(10)) or len(changes) >= 2)

    assert {key for change in changes for key in WATCHED["posts"](change)} == set()


def test_a_deletion_that_is_counted_invalidates_statistics(kwip, new_user, rings):
    world = World(kwip, new_user)
    rings.run()
    with ChangeStore(kwip.store).follow(["users"], None) as feed:
        world.services.posts.delete(world.alice, world.post.id)
        rings.run()
        [change] = wait_until(lambda: feed.take(10))

    shown = {keys.user(world.alice.id), keys.statistics(world.alice.id)}
    assert set(WATCHED["users"](change)) == set(map(keys.counted, shown))


def test_a_reaction_is_known_by_its_name(kwip, new_user):
    world = World(kwip, new_user)
    with ChangeStore(kwip.store).follow(["reactions"], None) as feed:
        world.services.reactions.favourite(world.bob, world.post.id)
        world.services.reactions.unfavourite(world.bob, world.post.id)
        changes = []
        wait_until(lambda: changes.extend(feed.take(10)) or len(changes) == 2)

    flag = keys.reactions(world.bob.id, span_of(world.post.id))
    assert all(flag in WATCHED["reactions"](change) for change in changes)
