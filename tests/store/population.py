"""A database with something of everything, so that a scan would be noticed."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, replace

from kwip.domain.accounts.two_factor import App, SealedKey, TwoFactor
from kwip.domain.accounts.users import User
from kwip.domain.mail.preferences import MailPreferences
from kwip.domain.media.link_previews import LinkPreview, PreviewImage, PreviewKind
from kwip.domain.moderation.strikes import Appeal, StrikeState
from kwip.domain.posting.reactions import Act, Reaction
from kwip.domain.push import PushSubscription, PushTarget
from kwip.domain.text import Hashtag
from kwip.domain.timelines.notifications import (
    EVERY_KIND,
    Notification,
    NotificationKind,
)
from kwip.store.accounts.access_keys import AccessKey
from kwip.store.accounts.applications import _to_document as to_application
from kwip.store.accounts.users import digest_of
from kwip.store.delivery.outbox import pending
from kwip.store.posting.media.attachments import _to_document as attachment_document
from kwip.store.posting.media.link_previews import to_document as preview_document
from kwip.store.posting.post_documents import to_document
from kwip.store.posting.reactions.reaction_documents import reaction_document
from kwip.store.social.edges import Edge, follow_document, follower_document
from kwip.store.social.list_edges import ListEdge, edge_document
from kwip.store.timelines.buckets import bucket_document, empty_timeline, home_of
from kwip.store.timelines.notifications import _to_document as notification_document
from tests.store.stores import (
    LATER,
    NOW,
    application,
    audited,
    blog,
    closure,
    guest_reply,
    invitation,
    mail,
    nudge,
    post,
    post_id,
    reported,
    struck,
    transfer,
    upload,
)

USERS = range(1, 61)
#: Posts of user n are numbered from n * 100; these many each.
POSTS_EACH = 20
UPLOADS_EACH = 6
PREVIEW = LinkPreview(url="https://a.example/", kind=PreviewKind.LINK, title="A")
BEFORE = NOW - dt.timedelta(seconds=60)


def populate(stores):
    """Fill the collections; every user has the same of everything."""
    database = stores.store.database
    stores.users.create_many(
        [
            User(id=n, username=f"u{n}", display_name="", endorsed_ids=(n % 60 + 1,))
            for n in USERS
        ]
    )
    database["claims"].insert_many(
        {"_id": f"email:{digest_of(f'u{n}@example.org')}", "schema": 1, "user_id": n}
        for n in USERS
    )
    database["credentials"].insert_many(_credentials_of(n) for n in USERS)
    database["posts"].insert_many(d for n in USERS for d in _posts_of(n))
    database["attachments"].insert_many(d for n in USERS for d in _uploads_of(n))
    for n in USERS:
        stores.audit_log.append(audited(n))
        stores.domains.block(f"d{n}.example", NOW, lambda _: None)
        stores.mails.add(mail(n), NOW)
        stores.reports.add(reported(n))
        stores.closures.add(closure(n), None)
        for transfers in (stores.exports, stores.imports):
            transfers.request(transfer(n), before=NOW)
        _strike(stores.strikes, n)
        _wait(stores, n)
        stores.push.save(_device(n), NOW, NOW if n < USERS[5] else LATER)
    stores.purges.add([f"ab/{n}" for n in USERS], NOW)
    _populate_joining(stores)
    database["link_previews"].insert_many(_preview(n) for n in USERS)
    populate_search(database)
    database["timelines"].delete_many({})
    database["timelines"].insert_many(_timeline_of(n) for n in USERS)
    database["timeline_buckets"].insert_many(d for n in USERS for d in _buckets_of(n))
    _populate_relations(database)
    database["reactions"].insert_many(d for n in USERS for d in _reactions_of(n))
    database["notifications"].insert_many(
        d for n in USERS for d in _notifications_of(n)
    )
    database["lists"].insert_many(_list(n, place) for n in USERS for place in range(3))
    database["list_members"].insert_many(d for n in USERS for d in _places_of(n))
    for n in USERS[:30]:
        for digest in ("a", "b"):
            stores.authentication.create(token(n, digest))


def populate_search(database):
    """Fill what is searched."""
    database["search_posts"].insert_many(d for n in USERS for d in _indexed_of(n))


def _wait(stores, n):
    """Give user n what waits for a job, or until it may be repeated."""
    due_at = NOW if n < USERS[5] else LATER
    stores.blogs.add(blog(n), due_at)
    stores.nudges.add(nudge(n), None)
    stores.guest_replies.add(guest_reply(n), LATER, lambda _: None, 9)
    chosen = MailPreferences(kinds=EVERY_KIND, mailed_id=1)
    stores.mail_preferences.save(n, chosen, due_at)


def _device(n):
    """Return the subscription of user n's app."""
    return PushSubscription(
        user_id=n,
        digest="a" * 64,
        holder="token",
        target=PushTarget(
            endpoint=f"https://push.example/{n}", p256dh="", auth="", is_standard=True
        ),
        above=1,
    )


def _strike(strikes, n):
    """Give user n a strike; few are yet to be carried out, and few are appealed."""
    strikes.add(struck(n), NOW if n < USERS[5] else LATER, lambda _: None)
    if n in USERS[5:40]:
        strikes.settle(struck(n).id, StrikeState.PENDING, StrikeState.DONE)
    if n in USERS[10:14]:
        strikes.appeal(struck(n).id, n, Appeal(text="No.", at=NOW), lambda _: None)


def _populate_joining(stores):
    database = stores.store.database
    for n in USERS:
        stores.invitations.add(invitation(n))
    database["invited"].insert_many(_invited(n) for n in USERS)
    # Without their claims: those of nobody would be in the way of the pages of claims.
    database["applications"].insert_many(to_application(application(n)) for n in USERS)
    database["wait_list"].insert_many(_waiting(n) for n in USERS)


def _invited(number):
    document = {"_id": number, "schema": 1, "code": f"i{number}"}
    return document | {"inviter_id": number, "at": NOW}


def _waiting(number):
    """Return an address on the waiting list; most are not confirmed."""
    is_confirmed = number < USERS[5]
    document = {"_id": f"w{number}", "schema": 2, "email": f"w{number}@example.org"}
    document |= {"created_at": NOW, "is_confirmed": is_confirmed, "language": ""}
    return document | {"confirmed_at": NOW if is_confirmed else None}


def _preview(number):
    """Return what is known of an address; few are due."""
    due_at = NOW if number < USERS[5] else LATER
    document = {"_id": f"p{number}", "schema": 1, "ready_at": NOW, "due_at": due_at}
    return document | {"is_known": True, "preview": _previewed(number)}


def _previewed(number):
    image = PreviewImage(file=f"f{number}", width=1, height=1, blurhash=None)
    return preview_document(replace(PREVIEW, image=image))


def _credentials_of(number):
    address = f"u{number}@example.org"
    key = SealedKey("sealed", "an older key" if number % 9 == 0 else "k")
    app = App(key, 1, NOW) if number % 3 == 0 else None
    return {
        "_id": number,
        "schema": 4,
        "email": address,
        "email_key": address,
        "password_hash": "x",
        "email_confirmed_at": NOW if number % 4 else None,
        "mail_problem": "",
        "two_factor": app and asdict(TwoFactor(mark="m", app=app)),
    }


def token(user_id, digest):
    return AccessKey(
        user_id=user_id,
        digest=digest,
        username=f"u{user_id}",
        name="A token",
        scopes=frozenset({"read"}),
        created_at=NOW,
    )


def posts_of(author_id):
    return [post_id(author_id * 100 + i) for i in range(POSTS_EACH)]


HOT = posts_of(60)[19]


def _posts_of(author_id):
    """Make a thread, tombstones, and posts in every state of delivery."""
    fields = {} if author_id < 30 else {"visibility": "followers"}
    root = post(author_id * 100, author_id, **fields)
    for i in range(POSTS_EACH):
        tags = (Hashtag(0, 4, "tea" if i % 10 == 0 else f"t{i}"),)
        made = post(author_id * 100 + i, author_id, hashtags=tags, **fields)
        if i in (1, 2, 3):
            made = post(author_id * 100 + i, author_id, to=root, **fields)
        document = to_document(made, f"nonce{made.id}", pending(BEFORE, BEFORE))
        state = {4: "pending", 5: "pending", 6: "dead"}.get(i, "done")
        document["fanout"] |= {"state": state}
        if state != "pending":
            document["fanout"] |= {"mode": "push", "attempts": 1}
        if i % 9 == 0:
            document |= {"has_media": True}
        if i == 7:
            document |= {"is_tombstone": True, "is_listed": False}
        if i in (10, 11):
            quoted = {10: HOT, 11: root.id}[i]
            document |= {"is_quote": True, "quote_of_id": quoted}
        if i in (8, 9):
            document["search_due_at"] = BEFORE if author_id < 5 else LATER
            document["preview_due_at"] = document["search_due_at"]
            document["preview"] = _previewed(author_id)
        yield document


def uploads_of(owner_id):
    return [post_id(owner_id * 100 + 50 + i) for i in range(UPLOADS_EACH)]


def _uploads_of(n):
    """Make what is attached, what is not, and what few of them wait for."""
    for i, made_id in enumerate(uploads_of(n)):
        number = n * 100 + 50 + i
        made = attachment_document(upload(number, n), BEFORE)
        is_due = n == 3 and i in (0, 1)
        if i > 1:
            made |= {"post_id": post_id(n * 100), "is_open": True, "due_at": None}
        else:
            made |= {"due_at": BEFORE if is_due else LATER}
        assert made["_id"] == made_id
        yield made


def _indexed_of(n):
    """Index the posts of a user; every one has "tea", and each its own number."""
    for number, each in enumerate(posts_of(n)):
        yield {
            "_id": each,
            "post_id": each,
            "schema": 1,
            "version": 1,
            "author_id": n,
            "reply_to_id": 0,
            "owner": "",
            "terms": ["tea", "green" if number % 2 else "black", f"t{number}"],
        }


def _reactions_of(n):
    """Make one of each act on posts of some others, on a hot one, and on an old one."""
    targets = [(other, posts_of(other)[0]) for other in range(1, 21)]
    for act in Act:
        for author_id, target in [*targets, (60, HOT), (61, 1)]:
            reaction = Reaction(
                user_id=n,
                act=act,
                post_id=target,
                author_id=author_id,
                reply_to_author_id=None,
                seq=n * 1_000 + author_id,
                ballot=17 if act is Act.VOTE else None,
            )
            yield reaction_document(reaction) | (
                {"repost_id": post_id(9_000)} if act == "repost" else {}
            )


def _notifications_of(n):
    """Make one of each kind from each of many people, and one person's own kind."""
    for actor_id in range(1, 31):
        for place, kind in enumerate(NotificationKind):
            told = Notification(
                recipient_id=n,
                kind=kind,
                actor_id=actor_id,
                seq=post_id(actor_id * 100 + place),
                post_id=post_id(actor_id * 100 + place),
                repost_of_id=post_id(n),
            )
            yield notification_document(told)


def list_id(n, place):
    """Name one of the three lists of user n; the first one is deleted."""
    return n * 10 + place


def _members_of(n):
    """Give who is in each list of user n: some of those whom n follows."""
    return [(n + step - 1) % 60 + 1 for step in (3, 4, 5)]


def _list(n, place):
    return {
        "_id": list_id(n, place),
        "schema": 1,
        "owner_id": n,
        "title": f"List {place}",
        "replies_policy": "list",
        "is_exclusive": place == 1,
        "member_ids": _members_of(n),
        "state": "active" if place else "deleted",
        "due_at": None if place else BEFORE if n < 5 else LATER,
        "version": 1,
    }


def _places_of(n):
    states = ("merging", "removed", "active")
    for place in range(3):
        for member_id, state in zip(_members_of(n), states, strict=True):
            edge = ListEdge(list_id(n, place), n, member_id, state, "nonce")
            yield edge_document(edge, BEFORE if n < 5 else LATER)


def _timeline_of(n):
    entries = [i for author in (n, n % 60 + 1) for i in posts_of(author)]
    full = list(range(1, 131)) if n <= 5 else []
    return empty_timeline(home_of(n)) | {
        "entries": [*full, *entries],
        "epoch": 1,
        "floor": 100,
        "sealed_to": 963,
    }


def _buckets_of(n):
    for epoch in (0, 1):
        for start in range(0, 1_000, 100):
            ids = list(range(start, start + 64))
            yield bucket_document(home_of(n), epoch, ids)


def _terms(number):
    """Return what a mute says of its end: few have one, and few of these are due."""
    if number % 20:
        return {"schema": 2}
    due_at = BEFORE if number == 20 else LATER
    return {"schema": 2, "expires_at": due_at, "due_at": due_at}


def _request(followee_id, follower_id):
    pair = {"followee_id": followee_id, "follower_id": follower_id}
    name = f"{followee_id}:{follower_id}"
    return {"_id": name, "schema": 1, **pair, "seq": post_id(follower_id)}


def _populate_relations(database):
    database["followed_conversations"].insert_many(
        {"_id": n, "schema": 1, "root_ids": posts_of(n)[:3]} for n in USERS
    )
    database["suggestions"].insert_many(
        {"_id": n, "schema": 1, "dismissed": [n % 60 + 1]} for n in USERS
    )
    database["notes"].insert_many(
        {
            "_id": f"{n}:{n % 60 + 1}",
            "schema": 1,
            "user_id": n,
            "other_id": n % 60 + 1,
            "text": "A note",
        }
        for n in USERS
    )
    follows, followers, blocks, mutes, requests = [], [], [], [], []
    for n in USERS:
        for step in range(1, 11):
            other = (n + step - 1) % 60 + 1
            state = {1: "merging", 2: "removed"}.get(step, "active")
            edge = Edge(n, other, state, "nonce", hides_reposts=step == 3)
            follows.append(follow_document(edge, BEFORE if step < 3 else LATER))
            if state != "removed":
                followers.append(follower_document(other, n))
        asked = (n + 20) % 60 + 1
        edge = Edge(n, asked, "requested", "nonce")
        follows.append(follow_document(edge, LATER))
        requests += [_request(asked, n), _request(9, 1_000 + n)]
        # User 9 has many followers, of whom one in twenty asks for each post.
        followers.append(follower_document(9, 1_000 + n, notify=n % 20 == 0))
        other = (n + 30) % 60 + 1
        pair = {"schema": 1, "user_id": n, "other_id": other}
        mutes.append({"_id": f"{n}:{other}", **pair} | _terms(n))
        blocks += [
            {"_id": f"{n}:{way}:{other}", **pair, "direction": way}
            for way in ("out", "in")
        ]
    for name, documents in (
        ("follows", follows),
        ("followers", followers),
        ("blocks", blocks),
        ("mutes", mutes),
        ("follow_requests", requests),
    ):
        database[name].insert_many(documents)
