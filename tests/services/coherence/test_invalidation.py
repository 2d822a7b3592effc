"""Every write of the services drops what it changes, by its row of the table."""

from __future__ import annotations

import sys
from contextlib import suppress
from functools import wraps

import pytest

from kwip.cache import invalidation_rules
from kwip.cli.parts import repair_by, retagging_by
from kwip.domain.accounts import statistics
from kwip.domain.accounts.audit_log import BY_KWIP
from kwip.domain.accounts.roles import Role
from kwip.domain.accounts.users import READ, ProfileChange
from kwip.domain.administration.announcements import TypedAnnouncement
from kwip.domain.clock import at, system_clock_ms
from kwip.domain.errors import KwipError
from kwip.domain.media.link_previews import LinkPreview, PreviewKind
from kwip.domain.posting.polls import NewPoll
from kwip.domain.posting.posts import Draft, Edit, QuotePolicy, ReplyPolicy
from kwip.domain.posting.reactions import span_of
from kwip.domain.social.keyword_filters import FilterChange, FilterContext
from kwip.domain.timelines.id_lists import IdListSlice
from kwip.domain.timelines.lists import ListChange
from kwip.domain.timelines.notifications import NotificationSlice
from kwip.domain.timelines.trends import MAX_TRENDS, PEOPLE_ORDERS
from kwip.services.coherence.fence import Fence
from kwip.services.delivery import compaction
from kwip.services.delivery.hibernation import HIBERNATE, NOTE_READ
from kwip.services.delivery.pull_authors import PullAuthors
from kwip.services.maintenance.checks.findings import Finding
from kwip.services.maintenance.reindexing.repeats import Repeats
from kwip.services.reading.account_entities import AccessKeyId
from kwip.services.reading.loader import Lookup
from kwip.services.reading.slices import Slice
from kwip.services.timelines.merging import EVERYBODY
from kwip.store.posting.media.link_previews import LIFETIME
from kwip.store.social.list_edges import list_of
from kwip.store.timelines.buckets import home_of
from tests.frozen import swap
from tests.wired import Silence, form_of, sign_up

#: After a deletion, timelines still hold the id, and hydration hides it.
SKELETONS = {
    *("home", "user_timeline", "media_timeline", "public"),
    *("thread", "tag", "active"),
}


def guest_of(post):
    """Give the document of a reply that waits for the author of a post."""
    about = {"post_id": post.id, "author_id": post.author_id, "state": "waiting"}
    words = {"name": "Gus", "text": "Tea", "sender": "", "created_at": post.created_at}
    return {"_id": post.id, "expires_at": None, "schema": 1} | about | words


class World:
    """Three people with posts, a session and a token, all of it cached."""

    def __init__(self, kwip, rings, settings, once):
        self.kwip, self.rings, self.services = kwip, rings, kwip.services
        self.settings = settings
        vars(self).update(once(self._begin))

    def _begin(self):
        services = self.services
        alice, bob, carol = (
            sign_up(self.kwip, name) for name in ("alice", "bob", "carol")
        )
        services.relationships.follow(alice, bob.id, notify=True)
        services.relationships.block(carol, alice.id)
        services.relationships.mute(alice, carol.id)
        services.users.update_profile(carol, ProfileChange(is_locked=True))
        services.relationships.follow(bob, carol.id)
        asked = NewPoll(titles=("Yes", "No"), duration_s=3_600)
        root = self.post(bob, "root", poll=asked)
        answer = self.post(alice, "answer", root, quote_of_id=root.id)
        services.reposts.repost(bob, answer.id)
        services.reactions.favourite(bob, answer.id)
        services.reactions.bookmark(bob, answer.id)
        services.pins.pin(alice, answer.id)
        session = services.authentication.begin_session(bob.id, "bob", "x")
        visitor = services.authentication.confirm(session)
        token = services.authentication.create_token(bob, "a", frozenset({READ}))[0]
        made = services.lists.create(alice, ListChange(title="A"))
        services.lists.add(alice, made.id, [bob.id])
        self.rings.run()
        [told] = self.kwip.store.database["notifications"].distinct(
            "seq", {"recipient_id": bob.id, "post_id": answer.id}
        )
        people = {"alice": alice, "bob": bob, "carol": carol}
        access = {"session": session, "visitor": visitor, "token": token}
        self.kwip.store.database["guest_replies"].insert_one(guest_of(root))
        posts = {"root": root, "answer": answer, "told": told, "list": made}
        return people | access | posts

    def post(self, viewer, text, parent=None, **fields):
        draft = Draft(
            text=text,
            in_reply_to_id=parent and parent.id,
            idempotency_key=text,
            **fields,
        )
        return self.services.posts.publish(viewer.id, draft)

    def announced(self):
        """Publish an announcement; give its id."""
        typed = TypedAnnouncement(text="Tea")
        announcements = self.services.announcements
        return announcements.add(typed, BY_KWIP, is_published=True).id

    def wants(self):
        """Give everything of this world that can be cached."""
        entities = self.services.timelines._entities
        people = [self.alice.id, self.bob.id, self.carol.id]
        access = [
            self.session.id,
            AccessKeyId(self.bob.id, self.token.id),
        ]
        return [
            Lookup(entities.users, people),
            Lookup(entities.relations, people),
            Lookup(entities.lists, people),
            Lookup(entities.listings, [(self.alice.id, self.list.id)]),
            Lookup(entities.list_timelines, [Slice(list_of(self.list.id))]),
            Lookup(entities.handles, ["alice", "bob", "carol", "dave"]),
            Lookup(entities.posts, [self.root.id, self.answer.id]),
            Lookup(entities.reactions, [(i, span_of(self.root.id)) for i in people]),
            Lookup(entities.tags, [Slice("tag"), Slice("other")]),
            Lookup(
                entities.id_lists,
                [
                    IdListSlice(name, each)
                    for name in (
                        *("favourites", "bookmarks"),
                        *("followers", "follow_requests"),
                    )
                    for each in people
                ],
            ),
            Lookup(
                entities.active,
                [
                    IdListSlice("public", 0),
                    IdListSlice("tag", "tag"),
                    IdListSlice("tag", "other"),
                    *(IdListSlice("user", each) for each in people),
                ],
            ),
            Lookup(
                entities.id_lists,
                [
                    IdListSlice(name, post.id)
                    for name in ("favourited_by", "reposted_by", "quotes")
                    for post in (self.root, self.answer)
                ],
            ),
            Lookup(
                entities.notifications, [NotificationSlice(each) for each in people]
            ),
            Lookup(entities.unread, people),
            Lookup(entities.markers, people),
            Lookup(entities.trends, list(MAX_TRENDS)),
            Lookup(entities.suggestions, [self.carol.id]),
            Lookup(entities.people_orders, PEOPLE_ORDERS),
            Lookup(
                entities.statistics,
                [statistics.Span(each, 700_000, 800_000, "all") for each in people],
            ),
            Lookup(entities.threads, [self.root.id]),
            Lookup(entities.guests, [self.root.id]),
            Lookup(entities.homes, [Slice(each) for each in people]),
            Lookup(entities.user_timelines, [Slice(each) for each in people]),
            Lookup(entities.media_timelines, [Slice(each) for each in people]),
            Lookup(entities.pulls, [EVERYBODY]),
            Lookup(entities.public, [Slice(0)]),
            Lookup(entities.sessions, access),
            Lookup(entities.tokens, access),
        ]

    def stale(self):
        """Name the kinds of which the cache shows something else than MongoDB has."""
        wants = self.wants()
        cached = self.services.loaders.begin().load(*wants)
        return {
            want.kind.name
            for want, found in zip(wants, cached, strict=True)
            if found != want.kind.load(want.ids)
        }


@pytest.fixture
def world(kwip, rings, settings, once):
    made = World(kwip, rings, settings, once)
    made.services.loaders.begin().load(*made.wants())  # so that all of it is cached
    return made


@pytest.fixture
def used(monkeypatch):
    """Record the rows that are used, and every key that is dropped."""
    rows, invalidated = {}, set()
    for name, row in invalidation_rules.WRITES.items():

        def recorded(name=name, row=row, **ids):
            rows.setdefault(name, set()).update(row(**ids))
            return row(**ids)

        monkeypatch.setattr(sys.modules[row.__module__], name, wraps(row)(recorded))
    drop = Fence.invalidate

    def spy(fence, keys):
        keys = list(keys)
        invalidated.update(keys)
        drop(fence, keys)

    monkeypatch.setattr(Fence, "invalidate", spy)
    return rows, invalidated


def _trim(world, monkeypatch):
    monkeypatch.setattr(compaction, "TRIM_ABOVE", 1)
    world.services.home_backfill.compactor.trim([home_of(world.alice.id)])


def _forget_repeats(world):
    """Store something wrong, as an older version did, and repair it."""
    posts = world.kwip.store.database["posts"]
    posts.update_one({"_id": world.root.id}, {"$set": {"repeats_id": 5}})
    Repeats(world.kwip.stores, world.kwip.fence).repair(world.bob.id)


def _show_guests(world):
    with suppress(KwipError):  # it is so already
        world.services.site.change({"guest_replies": "yes"}, BY_KWIP)
    world.services.guest_replies.approve(world.bob, world.root.id)


#: Each row of the table, and the service that writes by it.
WRITES = {
    "sign_up": lambda w: w.services.users.sign_up(form_of("dave")),
    "update_profile": lambda w: w.services.users.update_profile(
        w.bob, ProfileChange(display_name="B")
    ),
    "post": lambda w: w.post(w.bob, "another", quote_of_id=w.answer.id),
    "bump": lambda w: w.post(w.alice, "one more answer", w.root),
    "edit": lambda w: w.services.posts.edit(
        w.bob, w.root.id, Edit(text="edited #other @alice")
    ),
    "endorse": lambda w: w.services.endorsements.unendorse(w.alice, w.bob.id),
    "delete": lambda w: w.services.posts.delete(w.alice, w.answer.id),
    "mark_posts": lambda w: w.services.execution.marks.mark([w.root.id]),
    "revoke_quote": lambda w: w.services.quotes.revoke(w.bob, w.root.id, w.answer.id),
    "set_policies": lambda w: w.services.quotes.set_policies(
        w.bob, w.root.id, QuotePolicy.NOBODY, ReplyPolicy.MENTIONED
    ),
    "repost": lambda w: w.services.reposts.repost(w.alice, w.root.id),
    "unrepost": lambda w: w.services.reposts.unrepost(w.bob, w.answer.id),
    "favourite": lambda w: w.services.reactions.favourite(w.alice, w.root.id),
    "unfavourite": lambda w: w.services.reactions.unfavourite(w.bob, w.answer.id),
    "bookmark": lambda w: w.services.reactions.bookmark(w.alice, w.root.id),
    "unbookmark": lambda w: w.services.reactions.unbookmark(w.bob, w.answer.id),
    "vote": lambda w: w.services.polls.vote(w.alice, w.root.id, [0]),
    "pin": lambda w: w.services.pins.pin(w.bob, w.root.id),
    "feature_tag": lambda w: w.services.featured_tags.add(
        w.bob, w.services.loaders.begin(), "tea"
    ),
    "show_guests": _show_guests,
    "dismiss_announcement": lambda w: w.services.announcements.dismiss(
        w.alice, w.announced()
    ),
    "unpin": lambda w: w.services.pins.unpin(w.alice, w.answer.id),
    "follow": lambda w: w.services.relationships.follow(w.bob, w.alice.id),
    "unfollow": lambda w: w.services.relationships.unfollow(w.alice, w.bob.id),
    "remove_follower": lambda w: w.services.relationships.remove_follower(
        w.bob, w.alice.id
    ),
    "answer_request": lambda w: w.services.follow_requests.accept(w.carol, w.bob.id),
    "block": lambda w: w.services.relationships.block(w.bob, w.alice.id),
    "unblock": lambda w: w.services.relationships.unblock(w.carol, w.alice.id),
    "mute": lambda w: w.services.relationships.mute(w.alice, w.bob.id),
    "unmute": lambda w: w.services.relationships.unmute(w.alice, w.carol.id),
    "dismiss": lambda w: w.services.notifications.dismiss(w.bob, w.told),
    "mark": lambda w: w.services.markers.see(w.bob, "notifications", w.told),
    "sign_in": lambda w: w.services.authentication.begin_session(w.bob.id, "bob", "y"),
    "sign_out": lambda w: w.services.authentication.sign_out(w.visitor),
    "create_token": lambda w: w.services.authentication.create_token(
        w.bob, "b", frozenset({READ})
    ),
    "suspend": lambda w: w.services.moderation.suspend(w.bob.id),
    "unsuspend": lambda w: w.services.moderation.unsuspend(w.bob.id),
    "silence": lambda w: w.services.moderation.silence(w.bob.id),
    "unsilence": lambda w: w.services.moderation.unsilence(w.bob.id),
    "set_role": lambda w: w.services.moderation.set_role(w.bob.id, Role.MODERATOR),
    "sign_out_everywhere": lambda w: w.services.moderation.sign_out_everywhere(
        w.bob.id, ends_tokens=True
    ),
    "retag": lambda w: retagging_by(w.kwip, w.settings).retag(w.root.id),
    "repeat": _forget_repeats,
    "recount": lambda w: [
        repair_by(w.kwip, w.settings).repair(
            [Finding("counters", str(i), "", "")], Silence()
        )
        for i in (w.bob.id, w.answer.id)
    ],
    "change_list": lambda w: w.services.lists.change(
        w.alice, w.list.id, ListChange(is_exclusive=True)
    ),
    "follow_tag": lambda w: w.services.followed_tags.follow(w.alice, "tea"),
    "write_note": lambda w: w.services.notes.write(w.alice, w.bob.id, "A baker"),
    "choose_conversation": lambda w: w.services.conversations.follow(
        w.alice, w.answer.id
    ),
    "change_filters": lambda w: w.services.filters.create(
        w.alice, FilterChange(title="x", contexts=(FilterContext.HOME,))
    ),
    "dismiss_suggestion": lambda w: w.services.suggestions.dismiss(w.carol, w.alice.id),
    "revoke_token": lambda w: w.services.authentication.revoke_token(w.bob, w.token.id),
}


def _post_to_very_many(world):
    """Let bob's one follower be very many."""
    pull_authors = PullAuthors(
        world.kwip.stores.pull_authors, world.kwip.fence, pull_at=1
    )
    swap(world.services.fanout, pull_authors=pull_authors)
    world.post(world.bob, "another")


def _stop_reading(world):
    world.kwip.store.database["timelines"].update_one(
        {"_id": home_of(world.bob.id)}, {"$set": {"last_read_at": at(0)}}
    )
    world.rings(HIBERNATE, str(world.bob.id))


def _come_back(world):
    _stop_reading(world)
    world.rings.run()
    world.rings(NOTE_READ, str(world.bob.id))


def _look_up(world):
    """Give a kwip a preview; its address is known, so that nothing is fetched."""
    previews, url = world.services.previews, "https://a.example/"
    swap(previews, is_on=True)
    post = world.services.posts.publish(world.bob.id, Draft(text=url))
    now = at(system_clock_ms())
    previews.store.claim(url, "me", now, LIFETIME)
    found = LinkPreview(url=url, kind=PreviewKind.LINK, title="A")
    previews.store.finish(url, "me", found, now + LIFETIME)
    world.rings("preview", str(post.id))


def _end_poll(world):
    an_hour = 3_600_000
    swap(world.services.poll_ends, clock=lambda: system_clock_ms() + an_hour)
    world.rings("poll_end", str(world.root.id))


#: What the jobs write by: a change that makes them wait, and then they run.
JOBS = {
    "trend": lambda w: w.rings("trends", "all"),
    "deliver": lambda w: w.post(w.bob, "another"),
    "pull": _post_to_very_many,
    "end_poll": _end_poll,
    "preview": _look_up,
    "notify": lambda w: w.post(w.bob, "for @carol and who asked"),
    "hibernate": _stop_reading,
    "rehydrate": _come_back,
    "backfill": lambda w: w.services.relationships.follow(w.bob, w.alice.id),
    "purge": lambda w: w.services.relationships.unfollow(w.alice, w.bob.id),
}


@pytest.mark.parametrize("row", WRITES)
def test_a_write_invalidates_what_it_changes_and_so_does_a_repeat(world, used, row):
    rows, invalidated = used
    allowed = SKELETONS if row in {"delete", "unrepost"} else set()
    for _ in range(2):
        with suppress(KwipError):  # "it is so already" is an answer, too
            WRITES[row](world)

        assert rows[row] <= invalidated
        assert world.stale() <= allowed
        rows.clear()
        invalidated.clear()


@pytest.mark.parametrize(
    "write",
    [
        lambda w: w.services.lists.create(w.alice, ListChange(title="B")),
        lambda w: w.services.lists.delete(w.alice, w.list.id),
        lambda w: w.services.lists.remove(w.alice, w.list.id, [w.bob.id]),
        lambda w: w.services.lists.add(w.alice, w.other_list.id, [w.bob.id]),
    ],
    ids=["create", "delete", "remove", "add"],
)
def test_every_change_of_lists_invalidates_the_same(world, used, write):
    rows, invalidated = used
    world.other_list = world.services.lists.create(world.alice, ListChange(title="C"))
    assert not world.stale()
    for _ in range(2):
        with suppress(KwipError):
            write(world)

        assert rows["change_list"] <= invalidated
        world.rings.run()
        assert not world.stale()
        rows.clear()
        invalidated.clear()


@pytest.mark.parametrize("row", JOBS)
def test_a_job_invalidates_what_it_changes(world, used, row):
    rows, invalidated = used
    JOBS[row](world)
    assert not world.stale()

    world.rings.run()

    assert rows[row] <= invalidated
    assert not world.stale()


def test_a_trim_invalidates_the_home(world, used, monkeypatch):
    rows, invalidated = used

    _trim(world, monkeypatch)

    assert rows["trim"] <= invalidated
    assert not world.stale()


def test_a_rebuild_invalidates_the_home(world, used):
    rows, invalidated = used

    world.services.home_backfill.rebuild(world.alice.id)

    assert rows["rebuild"] <= invalidated
    assert not world.stale()


def test_a_deletion_invalidates_all_that_was_known(world, used):
    rows, invalidated = used

    world.kwip.services.deletion.run(world.bob.id, Silence())

    assert rows["leave"] <= invalidated
    assert world.stale() <= SKELETONS


def test_every_row_of_the_table_is_tried():
    tried = {*WRITES, *JOBS, "trim", "rebuild", "leave"}

    assert set(invalidation_rules.WRITES) == tried
