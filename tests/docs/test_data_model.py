"""`docs/data-model.md` shows every document as the services really write it."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections import defaultdict
from dataclasses import replace

import pytest
from bson import Int64, json_util
from bson.json_util import JSONOptions

from config.settings import PROJECT
from kwip.domain.accounts.audit_log import BY_KWIP
from kwip.domain.accounts.roles import Role
from kwip.domain.accounts.setup import LIFETIME
from kwip.domain.accounts.two_factor import (
    App,
    Passkey,
    PendingApp,
    SealedKey,
    TwoFactor,
    WrongCodes,
)
from kwip.domain.accounts.users import READ, WRITE, ProfileChange, Viewer
from kwip.domain.clock import at, system_clock_ms
from kwip.domain.mail.bounces import BounceKind
from kwip.domain.mail.preferences import MailPreferences
from kwip.domain.media.attachments import AttachmentChange
from kwip.domain.media.link_previews import LinkPreview, PreviewImage, PreviewKind
from kwip.domain.moderation.guest_replies import GuestReply
from kwip.domain.moderation.reports import NewReport
from kwip.domain.moderation.strikes import Act, Decision
from kwip.domain.posting.blogs import WaitingEntry
from kwip.domain.posting.polls import NewPoll
from kwip.domain.posting.posts import Draft, Edit
from kwip.domain.push import PushPolicy, PushTarget
from kwip.domain.social.keyword_filters import (
    FilterChange,
    FilterContext,
    KeywordChange,
)
from kwip.domain.social.relationships import MuteTerms
from kwip.domain.timelines.lists import ListChange
from kwip.domain.timelines.notifications import Notification, NotificationKind
from kwip.domain.timelines.timelines import SEAL_AT
from kwip.services.maintenance.checkpoint import Checkpoint
from kwip.services.media.emojis import NewEmoji
from kwip.services.push.subscriptions import AppOptions
from kwip.store.accounts.setup import SetupStore
from kwip.store.changes import ChangeStore
from kwip.store.fence import FenceStore
from kwip.store.indexes import INDEXES
from kwip.store.timelines.buckets import home_of
from kwip.text.emails import read_email
from tests.docs.joining import join
from tests.pictures import plain, sent
from tests.videos import mp4

TARGET = PushTarget(
    endpoint="https://push.example.net/send/dQw4w9WgXcQ",
    p256dh="BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6S"
    "RpkNtoIAiw4",
    auth="BTBZMqHH6r4Tts7J_aSIgg",
    is_standard=True,
)
PAGE = (PROJECT / "docs" / "data-model.md").read_text(encoding="utf-8")
#: Fields whose keys are data.
MAPS = {"jobs.counts", "jobs.detail", "processes.shared", ".kinds", ".added"}
MAPS |= {"audit_log.details", "processes.schemas", "processes.readable_from"}
MAPS |= {"site_settings.values", "site_settings.changed_at", "mails.details"}


def shapes(path, value):
    """Give every field below a value with the type of what it holds."""
    kind = "int" if isinstance(value, Int64) else type(value).__name__
    found = {(path, kind)}
    if isinstance(value, dict) and path not in MAPS:
        for name, inner in value.items():
            found |= shapes(f"{path}.{name}", inner)
    if isinstance(value, list):
        for inner in value:
            found |= shapes(f"{path}[]", inner)
    return found


def examples_in(text):
    """Give the values of a page's JSON examples, by the word behind `json`."""
    found = defaultdict(list)
    for name, example in re.findall(
        r"^```json (\S+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL
    ):
        options = JSONOptions(tz_aware=True)
        found[name].append(json_util.loads(example, json_options=options))
    return found


def examples():
    found = defaultdict(set)
    for path, values in examples_in(PAGE).items():
        for value in values:
            found[path.split(".")[0]] |= shapes(path, value)
    return found


@pytest.fixture
def lived_in(kwip, rings, new_user):
    """Return a database in which everything has happened once; note it on the way."""
    seen = defaultdict(set)

    def note():
        for collection in INDEXES:
            for document in kwip.store.database[collection].find():
                seen[collection] |= shapes(collection, document)

    SetupStore(kwip.store).offer("a digest", at(system_clock_ms()) + LIFETIME)
    kwip.presence.start("worker")
    kwip.presence.save()
    alice, bob = new_user("alice"), new_user("bob")
    _convert(kwip, rings, note, alice)
    _ask_and_vote(kwip.services, alice, bob)
    _look_up(kwip.services.previews, note, kwip.services.posts, alice)
    _live(kwip, rings, note, alice, bob)
    _transfer(kwip, note, alice)
    _close(kwip, note, new_user("gone"))
    kwip.counting.note_waiting(0)
    kwip.counting.save()
    join(kwip, note)
    return seen


def _follow_tags_and_lists(services, note, owner, member, root):
    made = services.lists.create(owner, ListChange(title="Bakers"))
    services.lists.add(owner, made.id, [member.id])
    note()
    services.lists.delete(owner, made.id)
    services.followed_tags.follow(owner, "bread")
    emoji = NewEmoji(name="loaf", shortcode="loaf", file=sent(plain()))
    services.emojis.add([emoji], category="Bread")
    services.conversation_invites.invite(member, root.id, owner.username)
    note()
    services.conversations.mute(owner, root.id)
    services.conversations.follow(member, root.id)
    services.notes.write(owner, member.id, "We met at the market.")
    _filter(services, note, owner, root)
    _guests(services, note, owner, root)
    for each in (owner, member):
        services.posts.publish(each.id, Draft(text="More #bread"))
    change = ProfileChange(is_discoverable=True, embed_origins="https://blog.example")
    services.users.update_profile(owner, change)
    services.featured_tags.add(owner, services.loaders.begin(), "bread")
    services.trending.recompute()
    services.suggestions.dismiss(owner, member.id)
    for who, role in ((owner, "owner"), (member, "owner"), (member, "member")):
        services.moderation.set_role(who.id, Role(role))
    note()


def _draft(kwip, note, owner, root, now):
    services = kwip.services
    poll = NewPoll(titles=("Rye", "Spelt"), duration_s=300)
    upload = services.attachments.upload(owner, sent(plain()), AttachmentChange())
    services.drafts.save(owner, Draft(text="More bread"))
    content = Draft(
        text="Which?",
        poll=poll,
        language="en",
        in_reply_to_id=root.id,
        quote_of_id=root.id,
        attachment_ids=(upload.id,),
        to=("alice",),
    )
    saved = replace(
        services.drafts.save(owner, content).draft, scheduled_at=now, version=2
    )
    services.drafts.store.replace(saved, 1)
    services.drafts.store.begin(owner.id, saved.id, now)
    note()
    _blog(kwip, note, owner)


def _blog(kwip, note, owner):
    blogs, store = kwip.services.blogs, kwip.services.blog_posting.store
    made = blogs.add(owner, "https://blog.example/feed")
    now = at(system_clock_ms())
    held = store.begin(made.id, "worker", now, now)
    entry = WaitingEntry(key="a", text="Rye", written_ms=1)
    for key in ("b", "a"):
        values = {"read_at": now, "sample": ["Rye"], "etag": "x"}
        waits = [replace(entry, key=key)]
        store.note(held, values, seen=[key], waiting=waits)
        if key == "b":
            store.posted(made.id, key, "2026-11-24")
    note()


def _guests(services, note, owner, root):
    now, store = at(system_clock_ms()), services.guest_replies.store
    for number in (1, 2):
        reply = GuestReply(
            id=number,
            post_id=root.id,
            author_id=owner.id,
            name="Carla",
            text="Which?",
            sender="digest",
            created_at=now,
        )
        store.add(reply, now, lambda _: None, most=9)
        told = Notification(
            recipient_id=owner.id,
            kind=NotificationKind.GUEST_REPLY,
            actor_id=owner.id,
            seq=number,
            post_id=root.id,
        )
        store.confirm(reply, now, told, most=9)
    store.approve(owner.id, 1)
    note()


def _filter(services, note, owner, root):
    keyword = KeywordChange(text="rye", is_whole_word=True)
    change = FilterChange(
        title="No bread",
        contexts=(FilterContext.HOME,),
        keywords=(keyword,),
        expires=True,
    )
    made = services.filters.create(owner, change)
    note()
    services.filters.add_post(owner, made.id, root.id)
    ends = FilterChange(expires=True, expires_in_s=60)
    services.filters.change(owner, made.id, ends)


def _cache(kwip, note, now):
    changes = ChangeStore(kwip.store)
    changes.lease("a relay", now, now)
    note()
    changes.save("a relay", {"_data": "8265"}, now)
    FenceStore(kwip.store.database).suspend("a keeper")
    _purge(kwip, note, now)
    _mail(kwip, note)


def _upload(services, note, viewer):
    change = AttachmentChange(description="A loaf.")
    upload = services.attachments.upload(viewer, sent(plain()), change)
    note()
    return (upload.id,)


def _convert(kwip, rings, note, viewer):
    """Upload a video, and a sound that cannot be converted."""
    upload = kwip.services.attachments.upload
    upload(viewer, sent(mp4(seconds=0.2)), AttachmentChange())
    upload(viewer, sent(b"ID3" + bytes(100)), AttachmentChange())
    note()
    rings.run()
    note()


def _report_and_block(kwip, note, reporter, target):
    post = kwip.store.database["posts"].find_one(
        {"author_id": target.id, "text": {"$regex": "bread"}}
    )
    asked = NewReport(target_id=target.id, post_ids=(post["_id"],))
    report = kwip.services.reports.create(reporter, asked).report
    note()
    services = kwip.services
    decision = Decision(act=Act.SENSITIVE, post_ids=(post["_id"],))
    strike = services.decisions.act(reporter, BY_KWIP, report.id, decision)
    warned = Decision(act=Act.WARN, text="Read rule 1.")
    warning = services.decisions.act_on(reporter, BY_KWIP, target.id, warned)
    services.staff_mail.choose(target, ())
    services.strikes.appeal(target.id, strike.id, "It was only bread.")
    note()
    services.strikes.decide(reporter, BY_KWIP, strike.id, approves=True)
    services.execution.store.undo(
        warning.id, BY_KWIP, warning.created_at, lambda _: None
    )
    note()
    kwip.services.relationships.block(target, reporter.id)


def _purge(kwip, note, now):
    purges = kwip.services.attachments.files.purges.store
    author = kwip.store.database["posts"].find_one({"has_media": True})["author_id"]
    kwip.services.moderation.suspend(author)
    purges.add(["ab/abc-large.webp"], now)
    kwip.services.email_domains.block("spam.example", BY_KWIP)
    moved = read_email("moved@example.org"), now, lambda _: None, now + LIFETIME
    kwip.stores.credentials.set_email(author, *moved)
    note()
    purges.failed(["ab/abc-large.webp"], now, None, "cdn.example.org answered 503")


def _mail(kwip, note):
    mails = kwip.services.mails
    kwip.services.email_address.confirm_by_operator(
        kwip.store.database["credentials"].find_one()["_id"]
    )
    owner = kwip.store.database["users"].find_one()
    viewer = Viewer(id=owner["_id"], username=owner["username"], digest="")
    _use_factors(kwip, note, owner["_id"])
    for kinds in (frozenset({NotificationKind.MENTION}), frozenset()):
        chosen = MailPreferences(kinds=kinds, push_kinds=kinds, hidden_kinds=kinds)
        kwip.services.notification_mail.choose(viewer, chosen)
        note()
    _push(kwip, note, viewer)
    kwip.services.password_reset.request("nobody@example.org", None)
    note()
    mail_id = kwip.store.database["mails"].find_one()["_id"]
    now = at(system_clock_ms())
    assert mails.store.begin(mail_id, "a worker", now, now) is not None
    note()
    mails.store.failed(mail_id, "a worker", None, "550 5.1.1 No such user")
    mails.store.bounced(mail_id, BounceKind.SOFT)


def _push(kwip, note, viewer):
    devices = kwip.services.push_subscriptions
    note()
    begun = kwip.services.authentication.begin_session(viewer.id, viewer.username, "")
    devices.subscribe(replace(viewer, digest=begun.id.digest), TARGET)
    note()
    kinds = frozenset({NotificationKind.MENTION})
    options = AppOptions(kinds=kinds, policy=PushPolicy.ALL, token="a token")
    app = devices.subscribe(replace(viewer, digest="0" * 64), TARGET, options)
    note()
    now = at(system_clock_ms())
    assert devices.store.begin(app.id, "a worker", now, now) is not None
    devices.store.pushed(app.id, "a worker", 1)
    note()
    devices.store.failed(app.id, "a worker", now, now, "503")
    note()


def _follow(services, note, follower, followee):
    """Follow somebody who has to accept it, and was muted for some time."""
    terms = MuteTerms(duration_s=3_600)
    services.relationships.mute(followee, follower.id, terms)
    note()
    services.users.update_profile(followee, ProfileChange(is_locked=True))
    services.relationships.follow(follower, followee.id)
    note()
    services.follow_requests.accept(followee, follower.id)
    note()


def _transfer(kwip, note, viewer):
    exports = kwip.services.exports
    exports.request(viewer)
    note()
    now = at(system_clock_ms())
    held = exports.store.begin(viewer.id, "a worker", now, now)
    note()
    exports.store.end(held, {"counts": {"kwips": 1}, "ended_at": now}, None)
    table = io.BytesIO(b"bob")
    kwip.services.imports.request(viewer, table, "blocks", "blocks.csv")


def _close(kwip, note, viewer):
    now = at(system_clock_ms())
    closures = kwip.services.closures
    closures.close(viewer)
    note()
    week = dt.timedelta(weeks=3)
    closures.moderation.stores.closures.begin_deletion(viewer.id, now + week, now)
    note()


def _use_factors(kwip, note, user_id):
    """Give somebody every factor, used and not, and take them away again."""
    now, store = at(system_clock_ms()), kwip.services.two_factor.second_factor.store
    key = SealedKey("gAAAAABq", "5d41402abc4b2a76")
    passkey = Passkey(
        id="AbZ2", public_key="pQEC", sign_count=0, name="Phone", added_at=now
    )
    state = TwoFactor(mark="a1b2", recovery=("c5f1",), passkeys=(passkey,))
    used = replace(passkey, used_at=now)
    for each in (
        state,
        replace(state, pending=PendingApp(key, "0" * 64, now), passkeys=(used,)),
        replace(state, app=App(key, 1, now), wrong=WrongCodes(now, 1)),
        TwoFactor(),
    ):
        store.change(user_id, lambda _, after=each: (after, None))
        note()


def _live(kwip, rings, note, alice, bob):
    services, timelines = kwip.services, kwip.stores.timelines
    services.authentication.begin_session(alice.id, alice.username, "a browser")
    services.authentication.create_token(alice, "a script", frozenset({READ, WRITE}))
    _follow(services, note, bob, alice)
    _, root = (
        services.posts.publish(bob.id, Draft(text="Who has a recipe?")) for _ in "12"
    )
    answer = services.posts.publish(
        alice.id,
        Draft(
            text="@bob here: https://example.org/rye #bread",
            in_reply_to_id=root.id,
            attachment_ids=_upload(services, note, alice),
            language="en",
            idempotency_key="once",
        ),
    )
    services.reactions.favourite(alice, root.id)
    services.reposts.repost(bob, answer.id)
    _follow_tags_and_lists(services, note, bob, alice, root)
    lease = services.fanout.begin(root.id)
    now = at(system_clock_ms())
    _draft(kwip, note, bob, root, now)
    place = {"start": bob.id, "cursor": alice.id, "listed": alice.id}
    kwip.outbox.advance(lease, now, mode="push", **place)
    note()
    kwip.outbox.give_up(lease, "pending", now)
    rings.run()
    services.markers.save(bob, {"home": root.id, "notifications": root.id})
    services.posts.edit(bob, root.id, Edit(text="Who has a good recipe?"))
    services.relationships.mute(alice, bob.id)
    timelines.push([home_of(bob.id)], range(1, SEAL_AT + 1))
    timelines.seal_full([home_of(bob.id)])
    note()
    services.home_backfill.rebuild(bob.id)
    timelines.take(home_of(bob.id), "somebody", now, now)
    _report_and_block(kwip, note, bob, alice)
    checkpoint = Checkpoint(kwip.jobs, "reindex:timelines", system_clock_ms)
    checkpoint.save(cursor=bob.id, counts={"rebuilt": 1}, detail={"busy": ""})
    _cache(kwip, note, now)
    note()


def _ask_and_vote(services, alice, bob):
    asked = NewPoll(titles=("Rye", "Wheat"), duration_s=3_600)
    poll = services.posts.publish(alice.id, Draft(text="Which?", poll=asked))
    services.polls.vote(bob, poll.id, [0])
    quote = services.posts.publish(bob.id, Draft(text="So?", quote_of_id=poll.id))
    services.reactions.favourite(alice, quote.id)


def _look_up(previews, note, posts, viewer):
    """Give a post the preview of its link, with a picture and without one."""
    url = "https://example.org/rye"
    post = posts.publish(viewer.id, Draft(text=url))
    now = at(system_clock_ms())
    previews.store.claim(url, "a job", now, LIFETIME)
    note()
    image = PreviewImage(file="0b", width=8, height=4, blurhash="LE")
    found = LinkPreview(url=url, kind=PreviewKind.LINK, title="Rye", image=image)
    previews.of_posts.settle(post, replace(found, image=None))
    note()
    previews.store.finish(url, "a job", found, now)
    previews.of_posts.settle(post, found)
    note()


def test_every_document_looks_as_its_examples_say(lived_in):
    shown = examples()

    assert dict(shown) == dict(lived_in)


def test_every_collection_has_a_chapter():
    chapters = re.findall(r"^## (\w+)$", PAGE, re.MULTILINE)

    assert [c for c in chapters if c != "Indexes"] == list(INDEXES)
