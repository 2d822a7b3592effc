"""Delete a user: nothing is left but tombstones and the name."""

from __future__ import annotations

import datetime as dt
import shutil
from collections import Counter

import pytest

from kwip.cache import invalidation_rules
from kwip.cli.parts import repair_by
from kwip.domain.accounts.users import READ, ProfileChange
from kwip.domain.clock import at, system_clock_ms
from kwip.domain.errors import InvalidError, KwipError, NotFoundError
from kwip.domain.ids import MAX_ID
from kwip.domain.media.attachments import AttachmentChange
from kwip.domain.posting.posts import Draft
from kwip.domain.social.keyword_filters import FilterChange, FilterContext
from kwip.domain.social.nudges import Nudge, NudgeKind
from kwip.domain.timelines.lists import ListChange
from kwip.domain.timelines.notifications import Notification, NotificationKind
from kwip.services.accounts.staff.moderation import deletion_of
from kwip.services.coherence.fence import Fence
from kwip.services.maintenance.checks.fsck import Fsck
from kwip.services.maintenance.deletion import Deletion
from kwip.store.accounts.users import digest_of
from kwip.store.indexes import INDEXES
from kwip.store.maintenance.audit import AuditStore
from kwip.store.social.list_edges import list_of
from kwip.text.emails import read_email
from tests.docs.test_data_model import PAGE, examples_in
from tests.pictures import BLUE, RED, plain, sent
from tests.services.accounts.test_moderation import opens
from tests.thorough import part
from tests.wired import Silence, form_of, home_of, sign_up, viewer_of

#: Where a deleted user may still be named: in what others wrote and did, in
#: tombstones, and by the job.
MAY_STAY = {"posts", "jobs._id", "reactions.author_id", "claims._id"}
#: Others' replies still name him; search shows none of it.
MAY_STAY |= {"search_posts.reply_to_id", "search_posts.terms"}
#: It says who deleted him.
MAY_STAY |= {"audit_log"}
#: What is no person's, or only for a moment.
NOBODYS = {"hashtags", "link_previews", "trends", "emojis", "blocked_email_domains"}
NOBODYS |= {"site_settings", "site_changes", "announcements", "discovery_rules"}
NOBODYS |= {"purges", "processes", "hourly_figures", "cache_fence", "cache_relay"}
#: Gone when there is an account, written when it goes, or seldom part of a timeline.
NOBODYS |= {"applications", "jobs", "audit_log", "timeline_buckets"}
EXAMPLES = examples_in(PAGE)


class Town:
    """Bob, and others with whom he has to do in every way there is."""

    def __init__(self, kwip, rings, once):
        self.kwip, self.rings = kwip, rings
        vars(self).update(once(self._begin))

    def _begin(self):
        services = self.kwip.services
        names = ("bob", "fan", "idol", "foe", "bore", "scold", "prude")
        people = {name: sign_up(self.kwip, name) for name in names}
        bob, fan, idol, foe, bore, scold, prude = people.values()
        publish = services.posts.publish
        theirs = publish(idol.id, Draft(text="Look at this"))
        attached, _ = (self._upload(bob, colour) for colour in (RED, BLUE))
        root = publish(bob.id, Draft(text="Mine #tea", attachment_ids=(attached.id,)))
        answer = publish(fan.id, Draft(text="@bob nice", in_reply_to_id=root.id))
        publish(
            bob.id,
            Draft(text="Right", in_reply_to_id=theirs.id, idempotency_key="key"),
        )
        relationships = services.relationships
        relationships.follow(bob, idol.id)
        relationships.follow(fan, bob.id)
        relationships.block(bob, foe.id)
        relationships.block(scold, bob.id)
        relationships.mute(bob, bore.id)
        relationships.mute(prude, bob.id)
        reactions, muted = services.reactions, services.conversations
        for act in (reactions.favourite, reactions.bookmark, muted.mute):
            act(bob, theirs.id)
        services.reposts.repost(bob, theirs.id)
        reactions.favourite(fan, root.id)
        services.reposts.repost(fan, root.id)
        services.pins.pin(bob, root.id)
        for owner, member in ((bob, idol), (fan, bob)):
            made = services.lists.create(owner, ListChange(title="A list"))
            services.lists.add(owner, made.id, [member.id])
        self._choose(bob, foe, (bob, prude), (bore, bob))
        self.rings.run()
        session = services.authentication.begin_session(bob.id, "bob", "x")
        self._note(bob, fan, root)
        posts = {"root": root, "answer": answer, "kept": list_of(made.id)}
        return {"people": people, "bob": bob, "fan": fan, "session": session} | posts

    def _choose(self, viewer, other, *requests):
        self.kwip.services.followed_tags.follow(viewer, "tea")
        self.kwip.services.suggestions.dismiss(viewer, other.id)
        for one, two in ((viewer, other), (other, viewer)):
            self.kwip.services.notes.write(one, two.id, "A note")
            self._nudge(one, two)
        for asker, asked in requests:
            change = ProfileChange(is_locked=True)
            self.kwip.services.users.update_profile(asked, change)
            self.kwip.services.relationships.follow(asker, asked.id)
        self.kwip.services.drafts.save(viewer, Draft(text="half a"))
        self.kwip.services.blogs.add(viewer, "https://blog.example/feed")
        change = FilterChange(title="x", contexts=(FilterContext.HOME,))
        self.kwip.services.filters.create(viewer, change)

    def _nudge(self, one, two, *, is_told=True):
        now = at(system_clock_ms())
        kind, expires_at = NudgeKind.BUZZ, now + dt.timedelta(days=1)
        pair = {"actor_id": one.id, "recipient_id": two.id}
        nudge = Nudge(kind=kind, at=now, expires_at=expires_at, **pair)
        told = Notification(kind=NotificationKind.BUZZ, seq=MAX_ID - 1, **pair)
        self.kwip.stores.nudges.add(nudge, told if is_told else None)

    def _note(self, bob, fan, root):
        """Let there be one of what else is stored about a person."""
        address, stores = "bob@example.org", self.kwip.stores
        authentication = self.kwip.services.authentication
        authentication.create_token(bob, "app", frozenset({READ}))
        stores.endorsements.endorse(fan.id, bob.id)
        self.kwip.services.suggestions.dismiss(fan, bob.id)
        self.kwip.services.conversations.follow(bob, root.id)
        stores.markers.save(bob.id, {"home": root.id}, at(0))
        for name in ("mail_preferences", "closures", "exports", "imports", "invited"):
            self._insert(name, _id=bob.id)
        self._insert("invited", _id=fan.id, inviter_id=bob.id)
        self._insert("invitations", creator_id=bob.id)
        self._insert("wait_list", _id=digest_of(address), email=address)
        self._insert("mails", user_id=bob.id)
        self._insert("mails", _id="before", user_id=0, address=address)
        self._insert("push_subscriptions", _id=f"{bob.id}:x", user_id=bob.id)
        self._insert("guest_replies", author_id=bob.id, post_id=root.id)
        self._insert("strikes", user_id=bob.id)
        event = {"event": "extend", "by_id": bob.id, "at": at(0), "text": ""}
        made = {"reporter_id": bob.id, "open_key": f"{bob.id}:{fan.id}"}
        self._insert("reports", target_id=fan.id, events=[event], **made)
        self._insert("reports", _id=1, open_key="1", target_id=bob.id)
        self._insert(
            "reports", _id=2, open_key="2", target_id=fan.id, assigned_id=bob.id
        )

    def _insert(self, name, **fields):
        """Store what the documentation shows, of somebody else and for longer."""
        document = EXAMPLES[name][0] | fields
        if document.get("expires_at"):
            document["expires_at"] = at(system_clock_ms()) + dt.timedelta(days=9)
        self.kwip.store.database[name].insert_one(document)

    def _upload(self, viewer, colour):
        picture = sent(plain(colour=colour))
        attachments = self.kwip.services.attachments
        return attachments.upload(viewer, picture, AttachmentChange())

    def delete(self):
        removed = self.kwip.services.deletion.run(self.bob.id, Silence())
        self.kwip.sweeper.sweep()
        self.rings.run()
        return removed

    def left(self):
        """Name the collections, or fields, in which bob is still named."""
        found = self.naming()
        return {n for n in found if not {n, n.partition(".")[0]} & MAY_STAY}

    def naming(self):
        """Name the fields with his id, his name or his address."""
        return {
            f"{name}.{field}"
            for name in self.kwip.store.database.list_collection_names()
            for document in self.kwip.store.database[name].find()
            for field, value in document.items()
            if str(self.bob.id) in str(value) or "bob" in str(value)
        }

    def findings(self):
        return (
            Fsck(AuditStore(self.kwip.store), system_clock_ms).run(Silence()).findings
        )


@pytest.fixture
def town(kwip, rings, once, settings):
    """Return the town; the files of its uploads are only where it was first made."""
    made = Town(kwip, rings, once)
    shutil.rmtree(settings.media_folder, ignore_errors=True)
    return made


def test_nothing_is_left_of_a_deleted_user(town, settings):
    named = {each.partition(".")[0] for each in town.naming()}
    assert named >= INDEXES.keys() - NOBODYS

    removed = town.delete()

    assert town.left() == set()
    assert town.findings() == []
    # What somebody added while it went on.
    town._nudge(town.fan, town.bob, is_told=False)
    device = {"_id": f"{town.bob.id}:ab", "user_id": town.bob.id, "attempts": 0}
    town.kwip.store.database["push_subscriptions"].insert_one(device)
    nudge = town.kwip.store.database["nudges"].find_one()["_id"]
    found = town.findings()
    places = [f"nudges {nudge}", f"push_subscriptions {device['_id']}"]
    assert [(each.check, each.id) for each in found] == [
        ("owners", place) for place in places
    ]
    repair_by(town.kwip, settings).repair(found, Silence())
    assert town.left() == set()
    owners = town.kwip.store.database["timelines"].distinct("_id")
    assert [each for each in owners if each.startswith("list:")] == [town.kept]
    assert removed == {
        "archives": 2,
        "follows": 1,
        "followers": 1,
        "requests": 0,  # the suspension ends them
        "blocks": 2,
        "mutes": 2,
        "lists": 1,
        "reactions": 3,
        "posts": 2,
        "attachments": 1,
        "pictures": 0,
    }


def test_no_file_is_left_of_a_deleted_user(town, settings):
    def files():
        return [path for path in settings.media_folder.rglob("*") if path.is_file()]

    attached, _ = (town._upload(town.bob, colour) for colour in ((9, 9, 9), (8, 8, 8)))
    draft = Draft(text="", attachment_ids=(attached.id,))
    town.kwip.services.posts.publish(town.bob.id, draft)
    assert len(files()) == 4

    town.delete()

    assert files() == []


def test_a_preview_counts_what_will_go_and_removes_nothing(town):
    before = town.left()
    sizes = town.kwip.services.deletion.preview(town.bob.id)

    assert town.left() == before
    assert (sizes["follows"], sizes["followers"], sizes["blocks"]) == (1, 1, 2)
    # The repost goes with the reactions, and is no post of its own.
    assert (sizes["reactions"], sizes["posts"]) == (3, 2)


def pictures_of(kwip, root, viewer):
    """List which files there are of the pictures that a user names."""
    user = kwip.stores.users.get_many([viewer.id])[viewer.id]
    return [
        [path.name for path in root.rglob(f"{name}-*")]
        for name in (user.avatar, user.banner)
    ]


def test_pictures_go_too_unless_somebody_else_has_the_same(town, settings):
    users, root = town.kwip.services.users, settings.media_folder
    same = sent(plain(colour=BLUE))
    mine = ProfileChange(avatar=sent(plain()), banner=same)
    users.update_profile(town.bob, mine)
    users.update_profile(town.fan, ProfileChange(banner=same))
    other = sent(plain(colour=(9, 99, 9)))
    users.update_profile(town.people["idol"], ProfileChange(avatar=other))
    assert town.kwip.services.deletion.preview(town.bob.id)["pictures"] == 2
    theirs = pictures_of(town.kwip, root, town.fan)[1]
    there = {path.name for path in root.rglob("*.webp")}
    mine = set(pictures_of(town.kwip, root, town.bob)[0])
    assert (len(mine), len(theirs)) == (2, 2)

    assert town.delete()["pictures"] == 1

    assert {path.name for path in root.rglob("*") if path.is_file()} == there - mine


def test_a_picture_of_the_site_is_none_of_a_deleted_user(town, settings):
    town.kwip.stores.users.update_profile(town.bob.id, {"avatar": "avatars/demo.svg"})
    assert town.kwip.services.deletion.preview(town.bob.id)["pictures"] == 0

    assert town.delete()["pictures"] == 0


def test_the_posts_of_a_deleted_user_are_tombstones_without_text(town):
    town.delete()
    posts = list(town.kwip.store.database["posts"].find({"author_id": town.bob.id}))

    assert [post["is_tombstone"] for post in posts] == [True] * 3
    assert not any(post["text"] or post["tags"] for post in posts)


def test_what_others_wrote_stays_where_it_was(town):
    town.delete()
    loader = town.kwip.services.loaders.begin()
    thread = town.kwip.services.threads.thread(None, loader, town.answer.id)

    assert thread.post.post.text == "@bob nice"
    assert thread.ancestors == ()
    assert home_of(town.kwip, town.fan) == ["@bob nice"]


def test_nobody_gets_the_name_and_somebody_gets_the_address(town, kwip):
    town.delete()

    with pytest.raises(NotFoundError):
        kwip.services.users.by_name(None, kwip.services.loaders.begin(), "bob")
    with pytest.raises(InvalidError) as refused:
        kwip.services.users.sign_up(form_of("bob"))
    assert set(refused.value.fields) == {"username"}
    assert kwip.stores.users.credentials_of(read_email("bob@example.org")) is None


def test_a_deleted_user_is_let_in_nowhere(town, kwip):
    assert opens(kwip, town.session) == (True, True)
    town.delete()

    assert opens(kwip, town.session) == (False, False)
    with pytest.raises(KwipError):
        kwip.services.authentication.prove("bob", "correct horse")


def test_a_deleted_user_is_hidden_before_the_first_step(town, kwip, monkeypatch):
    monkeypatch.setattr(Deletion, "steps", lambda _: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        town.delete()

    assert kwip.stores.users.get_many([town.bob.id])[town.bob.id].is_suspended
    assert opens(kwip, town.session) == (False, False)


@pytest.mark.parametrize("nth", part(range(1, 14), of=5))
def test_a_deletion_that_died_goes_on(town, kwip, monkeypatch, nth):
    drop, count = Fence.invalidate, Counter()

    def die(fence, keys):
        count["drops"] += 1
        if count["drops"] == nth:
            raise KeyboardInterrupt
        drop(fence, keys)

    monkeypatch.setattr(Fence, "invalidate", die)
    with pytest.raises(KeyboardInterrupt):
        town.delete()
    monkeypatch.setattr(Fence, "invalidate", drop)
    assert kwip.jobs.find(deletion_of(town.bob.id)).state == "running"

    town.delete()

    assert town.left() == set()
    assert town.findings() == []
    assert kwip.jobs.find(deletion_of(town.bob.id)).state == "done"


def test_a_deletion_that_died_when_the_user_was_gone_is_ended(town, kwip, monkeypatch):
    deletion, user_id = kwip.services.deletion, town.bob.id
    loader = kwip.services.loaders.begin()
    assert kwip.services.users.by_name(None, loader, "bob")  # it is cached
    with monkeypatch.context() as broken:
        broken.setattr(invalidation_rules, "leave", lambda **_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            deletion.run(user_id, Silence())

    assert kwip.stores.users.get_many([user_id]) == {}
    assert deletion.cut_off("bob") == user_id
    removed = deletion.run(user_id, Silence())

    assert (removed["followers"], removed["posts"]) == (1, 2)
    assert deletion.cut_off("bob") is None
    assert kwip.jobs.find(deletion_of(user_id)).state == "done"
    with pytest.raises(NotFoundError):
        kwip.services.users.by_name(None, kwip.services.loaders.begin(), "bob")


def test_nobody_cannot_be_deleted(kwip, new_user):
    viewer = viewer_of(new_user("bob"))
    kwip.services.deletion.run(viewer.id, Silence())

    with pytest.raises(NotFoundError):
        kwip.services.deletion.run(viewer.id, Silence())


def test_a_new_text_does_not_name_who_is_suspended(kwip, new_user):
    alice, bob = new_user("alice"), new_user("bob")
    kwip.services.moderation.suspend(bob.id)
    post = kwip.services.posts.publish(alice.id, Draft(text="@bob @alice hello"))

    assert [mention.username for mention in post.mentions] == ["alice"]
