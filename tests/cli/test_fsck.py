"""`kwip fsck`: a sound database, and everything that can be wrong with one."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import dataclass
from typing import Any

import pytest

from kwip.domain.clock import at, system_clock_ms
from kwip.domain.ids import MAX_ID
from kwip.domain.media.attachments import AttachmentChange
from kwip.domain.posting.posts import Draft
from kwip.jobs.registry import jobs
from kwip.services.maintenance.checks import fsck
from kwip.services.maintenance.checks.fsck import Fsck
from kwip.store.maintenance.audit import AuditStore
from kwip.store.posting.counters import CounterStore
from kwip.store.timelines.buckets import home_of
from tests.pictures import plain
from tests.pictures import sent as shot
from tests.thorough import part
from tests.wired import Silence, sign_up

#: A post id that nobody has drawn.
NOWHERE = 17
#: Homes are sealed early here, so that few posts are needed.
SEAL_AT, KEEP_OPEN = 12, 6
HOUR = dt.timedelta(hours=1)


@dataclass
class Sample:
    """Some people and what they did; everything is delivered and merged."""

    wiring: Any
    alice: Any
    bob: Any
    carol: Any
    dave: Any
    root: Any
    reply: Any
    tombstone: Any
    repost: Any

    @property
    def database(self):
        return self.wiring.store.database

    def add(self, collection, document_id, **amounts):
        """Change numbers of one document."""
        result = self.database[collection].update_one(
            {"_id": document_id}, {"$inc": amounts}
        )
        assert result.matched_count == 1

    def put(self, collection, document_id, **fields):
        """Set fields of one document."""
        result = self.database[collection].update_one(
            {"_id": document_id}, {"$set": fields}
        )
        assert result.matched_count == 1

    def lose(self, collection, document_id):
        """Delete one document."""
        assert self.database[collection].delete_one({"_id": document_id}).deleted_count

    def attachment(self):
        """Give the one attachment, which is root's."""
        [attachment] = self.database["attachments"].find()
        return attachment

    def bucket(self):
        """Give the one sealed bucket of bob's home."""
        owner = {"owner": home_of(self.bob.id)}
        [bucket] = self.database["timeline_buckets"].find(owner)
        return bucket


@pytest.fixture
def sample(wiring, monkeypatch, once):
    """Return a database in which there is something for each check."""
    monkeypatch.setattr("kwip.store.timelines.timelines.SEAL_AT", SEAL_AT)
    monkeypatch.setattr("kwip.domain.timelines.timelines.SEAL_LOOK", 1)
    monkeypatch.setattr("kwip.domain.timelines.timelines.KEEP_OPEN", KEEP_OPEN)

    def make():
        return make_sample(wiring)

    return Sample(wiring, *once(make))


def make_sample(wiring):
    people = [sign_up(wiring, name) for name in ("alice", "bob", "carol", "dave")]
    alice, bob, carol, dave = people
    services, do = wiring.services, jobs(wiring.services)

    def follow(follower, followee):
        services.relationships.follow(follower, followee.id)
        do["edge"](f"{follower.id}:{followee.id}")

    def publish(author, text, to=None, **fields):
        draft = Draft(
            text=text, in_reply_to_id=to and to.id, idempotency_key=text, **fields
        )
        return services.posts.publish(author.id, draft)

    def deliver(*posts):
        for post in posts:
            do["fanout"](str(post.id))

    for follower, followee in ((bob, alice), (carol, alice), (alice, bob)):
        follow(follower, followee)
    loaf = services.attachments.upload(alice, shot(plain()), AttachmentChange())
    root = publish(alice, "Who has a recipe? #rye", attachment_ids=(loaf.id,))
    reply = publish(bob, "I have", root)
    tombstone = publish(carol, "So have I", root)
    deliver(root, reply, tombstone)
    services.posts.delete(carol, tombstone.id)
    deliver(*(publish(alice, f"Loaf {number}") for number in range(SEAL_AT - 2)))
    follow(dave, bob)
    services.relationships.unfollow(dave, bob.id)
    do["edge"](f"{dave.id}:{bob.id}")
    services.relationships.block(alice, dave.id)
    services.reactions.favourite(alice, reply.id)
    services.reactions.bookmark(carol, root.id)
    services.pins.pin(alice, root.id)
    repost = services.reposts.repost(bob, root.id).post
    deliver(repost)
    return (*people, root, reply, tombstone, repost)


def look(sample):
    return Fsck(AuditStore(sample.wiring.store), system_clock_ms).run(Silence())


def test_a_sound_database_has_no_findings(kwip, sample):
    run = kwip("fsck", "--json")

    assert run.code == 0
    assert run.json["findings"] == []
    assert run.json["is_complete"]
    assert run.json["checked"] == {
        "edges": 5 + 3,
        "entries": 3 * SEAL_AT + 2,
        "buckets": 4 + 3,
        "timelines": 4,
        "users": 4,
        "posts": SEAL_AT + 2,
        "claims": 4 + 4,
        "blocks": 2,
        "reactions": 3,
        "pins": 1,
        "indexed": SEAL_AT + 1,
        "attachments": 1,
        "emojis": 0,
    }


def test_sealed_buckets_that_were_replaced_are_not_looked_at(sample):
    sample.wiring.services.home_backfill.rebuild(sample.bob.id)
    retired = {"owner": home_of(sample.bob.id), "epoch": 0}
    assert (
        sample.database["timeline_buckets"]
        .update_one(retired, {"$set": {"entries": [NOWHERE, 1]}})
        .modified_count
    )

    assert look(sample).findings == []


def test_a_home_below_whose_floor_a_bucket_lies_is_sound(sample):
    bucket = sample.bucket()
    sample.put("timeline_buckets", bucket["_id"], entries=[NOWHERE, 1])
    sample.put("timelines", bucket["owner"], floor=bucket["high"] + 1)

    assert look(sample).findings == []


# Corruptions: each says which check finds it, under which id, and in which words.


def lose_the_followees_side(s):
    s.lose("followers", f"{s.alice.id}:{s.bob.id}")
    s.add("users", s.alice.id, followers_count=-1)
    return "edges", f"{s.bob.id}:{s.alice.id}", "missing in `followers`"


def keep_the_followees_side(s):
    s.put("follows", f"{s.bob.id}:{s.alice.id}", state="removed")
    s.add("users", s.bob.id, following_count=-1)
    return "edges", f"{s.bob.id}:{s.alice.id}", "missing in `follows`"


def lose_the_followers_side(s):
    s.lose("follows", f"{s.bob.id}:{s.alice.id}")
    s.add("users", s.bob.id, following_count=-1)
    return "edges", f"{s.bob.id}:{s.alice.id}", "missing in `follows`"


def lose_who_is_blocked(s):
    s.lose("blocks", f"{s.dave.id}:in:{s.alice.id}")
    return "blocks", f"{s.alice.id}:out:{s.dave.id}", "missing on the other side"


def lose_who_blocks(s):
    s.lose("blocks", f"{s.alice.id}:out:{s.dave.id}")
    return "blocks", f"{s.dave.id}:in:{s.alice.id}", "missing on the other side"


def point_to_nothing(s):
    home = home_of(s.carol.id)
    s.database["timelines"].update_one({"_id": home}, {"$push": {"entries": NOWHERE}})
    return "entries", f"{home} {NOWHERE}", "the post does not exist"


def seal_what_points_to_nothing(s):
    bucket = s.bucket()
    first, *rest = bucket["entries"]
    s.put("timeline_buckets", bucket["_id"], entries=[first, first + 1, *rest])
    return "entries", f"{bucket['owner']} {first + 1}", "the post does not exist"


def shuffle_a_sealed_bucket(s):
    bucket = s.bucket()
    first, second, *rest = bucket["entries"]
    s.put("timeline_buckets", bucket["_id"], entries=[second, first, *rest])
    return "buckets", bucket["_id"], "not in order"


def leave_the_lower_bound(s):
    bucket = s.bucket()
    s.put("timeline_buckets", bucket["_id"], low=bucket["entries"][1])
    return "buckets", bucket["_id"], "some entries are not from"


def leave_the_upper_bound(s):
    bucket = s.bucket()
    s.put("timeline_buckets", bucket["_id"], high=bucket["entries"][-2])
    return "buckets", bucket["_id"], "some entries are not from"


def misname_a_bucket(s):
    bucket = s.bucket()
    s.lose("timeline_buckets", bucket["_id"])
    misnamed = {**bucket, "_id": f"{bucket['_id']}0"}
    s.database["timeline_buckets"].insert_one(misnamed)
    return "buckets", misnamed["_id"], "does not match the upper bound"


def count_a_tombstone(s):
    s.add("users", s.carol.id, posts_count=1)
    return "counters", str(s.carol.id), "posts_count of the user is 1, should be 0"


def count_a_follower_twice(s):
    s.add("users", s.alice.id, followers_count=1)
    return (
        "counters",
        str(s.alice.id),
        "followers_count of the user is 3, should be 2",
    )


def forget_a_followee(s):
    s.add("users", s.bob.id, following_count=-1)
    return "counters", str(s.bob.id), "following_count of the user is 0, should be 1"


def forget_a_reply(s):
    s.add("posts", s.root.id, replies_count=-1)
    return "counters", str(s.root.id), "replies_count of the post is 0, should be 1"


def count_a_reply_of_a_tombstone(s):
    s.add("posts", s.tombstone.id, replies_count=1)
    return (
        "counters",
        str(s.tombstone.id),
        "replies_count of the post is 1, should be 0",
    )


def count_a_favourite_twice(s):
    s.add("posts", s.reply.id, favourites_count=1)
    return (
        "counters",
        str(s.reply.id),
        "favourites_count of the post is 2, should be 1",
    )


def forget_a_repost(s):
    s.add("posts", s.root.id, reposts_count=-1)
    return "counters", str(s.root.id), "reposts_count of the post is 0, should be 1"


def list_under_another_hashtag(s):
    s.put("posts", s.root.id, tags=["wheat"])
    return "tags", str(s.root.id), "do not match the text"


def favourite_what_is_not_there(s):
    [found] = s.database["reactions"].find({"act": "favourite"})
    s.lose("reactions", found["_id"])
    s.add("posts", s.reply.id, favourites_count=-1)
    lost = {**found, "_id": f"{s.alice.id}:favourite:{NOWHERE}", "post_id": NOWHERE}
    s.database["reactions"].insert_one(lost)
    return "reactions", lost["_id"], "its post does not exist"


def bookmark_by_nobody(s):
    [found] = s.database["reactions"].find({"act": "bookmark"})
    lost = {**found, "_id": f"{NOWHERE}:bookmark:{s.root.id}", "user_id": NOWHERE}
    s.database["reactions"].insert_one(lost)
    return "reactions", lost["_id"], "its user does not exist"


def claim_a_repost_that_is_not_there(s):
    [found] = s.database["reactions"].find({"act": "repost"})
    lost = {
        **found,
        "_id": f"{s.carol.id}:repost:{s.root.id}",
        "user_id": s.carol.id,
        "repost_id": NOWHERE,
    }
    s.database["reactions"].insert_one(lost)
    return "reactions", lost["_id"], "its repost does not exist"


def pin_what_somebody_else_wrote(s):
    s.put("users", s.carol.id, pinned_ids=[s.root.id])
    return "pins", f"{s.carol.id} {s.root.id}", "not by this user"


def attach_to_a_tombstone(s):
    loaf = s.attachment()
    other = {"_id": loaf["_id"] + 1, "post_id": s.tombstone.id}
    s.database["attachments"].insert_one(loaf | other)
    place = f"{s.tombstone.id} {loaf['_id'] + 1}"
    return "attachments", place, "post does not have it"


def preview_another_link(s):
    preview = {"url": "https://a.example/", "image": None}
    s.put("posts", s.reply.id, preview=preview)
    return "previews", str(s.reply.id), "of another link"


def lose_an_attachment(s):
    loaf = s.attachment()
    s.lose("attachments", loaf["_id"])
    return "attachments", f"{s.root.id} {loaf['_id']}", "does not exist"


def detach_what_a_post_shows(s):
    loaf = s.attachment()
    s.put("attachments", loaf["_id"], post_id=None, due_at=None)
    return "attachments", f"{s.root.id} {loaf['_id']}", "in no post"


def let_a_post_wait(s):
    since = at(system_clock_ms()) - HOUR
    fields = {"fanout.state": "pending", "fanout.enqueued_at": since}
    s.put("posts", s.reply.id, **fields)
    return "pending", str(s.reply.id), "pending for over a minute"


def claim_a_handle_for_nobody(s):
    claim = {"_id": "handle:nobody", "schema": 1, "user_id": NOWHERE}
    s.database["claims"].insert_one(claim)
    return "claims", "handle:nobody", "no user has this username or address"


def claim_an_address_for_nobody(s):
    claim = {"_id": "email:0123", "schema": 1, "user_id": NOWHERE}
    s.database["claims"].insert_one(claim)
    return "claims", "email:0123", "no user has this username or address"


def keep_what_a_deleted_user_had(s):
    for owner in (s.bob.id, NOWHERE):
        s.database["filters"].insert_one({"_id": owner})
    return "owners", f"filters {NOWHERE}", "of a user who does not exist"


def keep_a_note_about_a_deleted_user(s):
    note = {"_id": f"{s.bob.id}:{NOWHERE}", "user_id": s.bob.id, "other_id": NOWHERE}
    s.database["notes"].insert_one(note)
    return "owners", f"notes {note['_id']}", "of a user who does not exist"


def let_a_scheduled_post_wait(s):
    since = at(system_clock_ms()) - HOUR
    post = {"_id": 1, "owner_id": s.bob.id, "scheduled_at": since, "due_at": since}
    s.database["drafts"].insert_one(post)
    return "scheduled", f"{s.bob.id}:1", "waited for five minutes"


each_corruption = pytest.mark.parametrize(
    "corrupt",
    part(
        [
            lose_the_followees_side,
            keep_the_followees_side,
            lose_the_followers_side,
            lose_who_is_blocked,
            lose_who_blocks,
            point_to_nothing,
            seal_what_points_to_nothing,
            shuffle_a_sealed_bucket,
            leave_the_lower_bound,
            leave_the_upper_bound,
            misname_a_bucket,
            count_a_tombstone,
            count_a_follower_twice,
            forget_a_followee,
            forget_a_reply,
            count_a_reply_of_a_tombstone,
            let_a_post_wait,
            keep_what_a_deleted_user_had,
            keep_a_note_about_a_deleted_user,
            let_a_scheduled_post_wait,
            claim_a_handle_for_nobody,
            claim_an_address_for_nobody,
            count_a_favourite_twice,
            forget_a_repost,
            list_under_another_hashtag,
            favourite_what_is_not_there,
            bookmark_by_nobody,
            claim_a_repost_that_is_not_there,
            pin_what_somebody_else_wrote,
            attach_to_a_tombstone,
            preview_another_link,
            lose_an_attachment,
            detach_what_a_post_shows,
        ],
        of=3,
    ),
)


@each_corruption
def test_each_corruption_is_found_by_its_check_alone_and_repaired(
    kwip, sample, corrupt
):
    """A dry run finds it too, and leaves it."""
    check, broken_id, words = corrupt(sample)
    # Only a worker can deliver what waits.
    is_repaired = check not in {"pending", "scheduled"}

    dry = kwip("fsck", "--repair", "--dry-run", "--json")
    run = kwip("fsck", "--repair", "--json")

    found = dry.json["findings"]
    assert dry.code == 1
    assert {(f["check"], f["id"]) for f in found} == {(check, broken_id)}
    assert any(words in f["problem"] for f in found)
    assert all(f["remedy"] and f["repair"] for f in found)
    assert not any(f["is_repaired"] for f in found)
    assert run.json["findings"] == [{**f, "is_repaired": is_repaired} for f in found]
    assert run.code == (0 if is_repaired else 1)


def test_without_a_repair_the_same_is_found_as_by_a_dry_run(kwip, sample):
    count_a_tombstone(sample)

    run = kwip("fsck", "--json")

    assert run.code == 1
    assert run == kwip("fsck", "--repair", "--dry-run", "--json")


def test_a_follow_that_was_half_lost_is_merged_anew(kwip, sample):
    lose_the_followees_side(sample)
    kwip("fsck", "--repair")
    alice, bob = sample.alice.id, sample.bob.id
    edge = sample.wiring.edges.find_edge(bob, alice)

    assert edge.state == "merging"
    assert sample.wiring.edges.followers(alice, above=0, upto=MAX_ID, limit=9) == [
        bob,
        sample.carol.id,
    ]


def test_an_attachment_that_was_lost_is_written_as_it_was(kwip, sample):
    before = sample.attachment()
    lose_an_attachment(sample)

    kwip("fsck", "--repair")

    unknown = {"size_bytes", "created_at"}
    after = sample.attachment()
    assert {k: v for k, v in after.items() if k not in unknown} == {
        k: v for k, v in before.items() if k not in unknown
    }


def test_an_attachment_that_no_post_shows_is_removed_later(kwip, sample):
    attach_to_a_tombstone(sample)

    kwip("fsck", "--repair")

    [left] = sample.database["attachments"].find({"post_id": None})
    assert left["state"] == "ready"
    assert left["due_at"] <= at(system_clock_ms())


def test_an_attachment_of_somebody_else_is_told_and_left(kwip, sample):
    loaf = sample.attachment()
    sample.put("attachments", loaf["_id"], post_id=None, owner_id=sample.bob.id)

    run = kwip("fsck", "--repair", "--json")

    [finding] = run.json["findings"]
    assert (run.code, finding["repair"], finding["is_repaired"]) == (1, "", False)
    assert "another user's" in finding["problem"]
    assert sample.attachment()["owner_id"] == sample.bob.id


def test_a_repair_is_seen_at_once(kwip, sample):
    wiring = sample.wiring
    assert wiring.fence.await_lease(within_s=30)

    def shown():
        loader = wiring.services.loaders.begin()
        return wiring.services.users.by_name(None, loader, "carol").user.posts_count

    count_a_tombstone(sample)
    assert shown() == 1

    line = kwip("fsck", "--repair").out.splitlines()[0]
    assert line == (
        f"counters: {sample.carol.id}: posts_count of the user is 1, should be 0: "
        "repaired (set users.posts_count to 0)"
    )
    assert shown() == 0


def test_dry_run_is_for_repairs(kwip):
    run = kwip("fsck", "--dry-run")

    assert (run.code, run.err) == (
        2,
        "kwip: --dry-run only works with --repair.\n",
    )


def test_a_repost_that_is_about_to_be_stored_is_no_finding(sample, monkeypatch):
    # On a busy machine the sample may be older than a minute.
    monkeypatch.setattr(fsck, "PENDING_MS", 3_600_000)
    repost_id = sample.wiring.stores.reactions.repost_of(sample.bob.id, sample.root.id)
    sample.lose("posts", repost_id)
    sample.add("posts", sample.root.id, reposts_count=-1)
    sample.add("users", sample.bob.id, posts_count=-1)
    for home in sample.database["timelines"].find():
        kept = [i for i in home["entries"] if i != repost_id]
        sample.put("timelines", home["_id"], entries=kept)

    assert look(sample).findings == []


def test_a_finding_is_one_line_and_says_what_to_do(kwip, sample):
    count_a_tombstone(sample)
    run = kwip("fsck")

    line, summary, checked = run.out.splitlines()
    assert run.code == 1
    assert line == (
        f"counters: {sample.carol.id}: posts_count of the user is 1, should be 0: "
        "set users.posts_count to 0"
    )
    assert summary == "1 problem found"
    assert checked.startswith("checked ")
    assert "4 users" in checked


def test_a_sound_database_is_one_line_and_what_was_checked(kwip, sample):
    summary, checked = kwip("fsck").out.splitlines()

    assert (summary, checked.split()[0]) == ("No problems found", "checked")


def test_the_checks_go_on_where_a_page_ends(sample, monkeypatch):
    monkeypatch.setattr(fsck, "PAGE", 2)
    monkeypatch.setattr(fsck, "HOMES_A_PAGE", 1)
    sound = look(sample)
    corrupt = (
        forget_a_reply,
        lose_the_followers_side,
        lose_who_blocks,
        point_to_nothing,
        claim_a_handle_for_nobody,
        claim_an_address_for_nobody,
    )
    broken = {change(sample)[:2] for change in corrupt}

    assert sound.findings == []
    assert {(f.check, f.id) for f in look(sample).findings} == broken


def test_a_check_that_finds_too_much_ends_early_and_says_so(sample):
    for user in (sample.alice, sample.bob, sample.carol):
        sample.add("users", user.id, posts_count=1)
    claim_a_handle_for_nobody(sample)
    audit = AuditStore(sample.wiring.store)
    few, enough = (Fsck(audit, system_clock_ms, most).run(Silence()) for most in (2, 3))

    assert [f.check for f in few.findings] == ["counters"] * 2 + ["claims"]
    assert not few.is_complete
    assert [f.check for f in enough.findings] == ["counters"] * 3 + ["claims"]
    assert enough.is_complete


def test_a_post_between_states_of_its_delivery_is_no_finding(sample):
    services, outbox = sample.wiring.services, sample.wiring.outbox
    now = at(system_clock_ms())
    drafts = [
        Draft(text=text, in_reply_to_id=sample.root.id)
        for text in ("waits", "is delivered", "is tried again", "is given up", "goes")
    ]
    posts = [services.posts.publish(sample.bob.id, draft) for draft in drafts]
    _, leased, again, dead, gone = posts
    services.posts.delete(sample.bob, gone.id)
    for post, state in ((again, "pending"), (dead, "dead")):
        outbox.give_up(outbox.lease(post.id, post.id, now, now + HOUR, 1), state, now)
    assert services.fanout.begin(leased.id)

    assert look(sample).findings == []


def test_an_idempotency_claim_without_its_post_is_no_finding(sample):
    claims = sample.database["claims"]
    claims.update_many(
        {"_id": {"$gt": "idem:", "$lt": "idem;"}}, {"$inc": {"post_id": 1}}
    )

    assert claims.count_documents({"post_id": {"$gt": 0}}) > SEAL_AT
    assert look(sample).findings == []


class BusyCounters(CounterStore):
    """Lets something happen between each two reads; notes what is looked at again."""

    def __init__(self, store, happen, confirmed):
        super().__init__(store)
        self.happen, self.confirmed = happen, confirmed

    def counted_between(self, low, high):
        self.happen()
        return super().counted_between(low, high)

    def answers_after(self, place, limit):
        found = super().answers_after(place, limit)
        self.happen()
        return found

    def settle_user(self, user_id, *, repairs=False):
        self.confirmed.add("users")
        return super().settle_user(user_id, repairs=repairs)

    def settle_post(self, post_id, *, repairs=False):
        self.confirmed.add("posts")
        return super().settle_post(post_id, repairs=repairs)


class Busy(AuditStore):
    """Does the same for edges."""

    def __init__(self, store, happen):
        super().__init__(store)
        self.happen = happen
        self.confirmed = set()
        self.counters = BusyCounters(store, happen, self.confirmed)

    def follows_after(self, after, limit):
        self.happen()
        return super().follows_after(after, limit)

    def without_followers(self, edges):
        self.happen()
        return super().without_followers(edges)

    def without_follows(self, edges):
        self.happen()
        return super().without_follows(edges)

    def confirm_edge(self, edge):
        self.confirmed.add("edges")
        return super().confirm_edge(edge)


def test_what_is_written_between_two_reads_is_no_finding(sample, monkeypatch):
    monkeypatch.setattr(fsck, "PAGE", 2)
    services, do = sample.wiring.services, jobs(sample.wiring.services)
    follows = itertools.cycle(
        (services.relationships.unfollow, services.relationships.follow)
    )

    def happen():
        """End a follow or begin it again, and answer the first of all posts."""
        next(follows)(sample.carol, sample.alice.id)
        answer = Draft(text="An answer", in_reply_to_id=sample.root.id)
        do["fanout"](str(services.posts.publish(sample.carol.id, answer).id))

    happen()  # the follow ends, so that a page of follows is read when it stands
    audit = Busy(sample.wiring.store, happen)
    report = Fsck(audit, system_clock_ms).run(Silence())

    assert audit.confirmed == {"edges", "users", "posts"}
    assert report.findings == []


def test_bob_has_a_sealed_bucket(sample):
    home = sample.wiring.stores.timelines.find_open(home_of(sample.bob.id))

    assert len(sample.bucket()["entries"]) == SEAL_AT - KEEP_OPEN
    assert len(home.entries) == KEEP_OPEN + 1  # and the repost
