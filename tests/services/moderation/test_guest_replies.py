"""Replies of people without an account: confirmed by mail, decided about, erased."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial

import pytest

from kwip.cli.parts import repair_by
from kwip.domain.accounts.audit_log import BY_KWIP
from kwip.domain.accounts.users import ProfileChange
from kwip.domain.clock import system_clock_ms
from kwip.domain.errors import (
    ForbiddenError,
    GoneError,
    InvalidError,
    NotFoundError,
    RateLimitedError,
)
from kwip.domain.moderation.guest_replies import MAX_OF_ADDRESS, NewGuestReply
from kwip.domain.posting.posts import Draft, ReplyPolicy, Visibility
from kwip.domain.timelines.notifications import NotificationKind
from kwip.domain.timelines.pages import PageRequest
from kwip.services.maintenance.checks.fsck import Fsck
from kwip.store.maintenance.audit import AuditStore
from tests.wired import Silence

NEW = NewGuestReply("Carla", "carla@example.org", "Which <b>flour</b>?")


@pytest.fixture
def guests(kwip, alice):
    """Return the service, on a site that has such replies; alice wants them."""
    kwip.services.site.change({"guest_replies": "yes"}, BY_KWIP)
    kwip.services.users.update_profile(alice, ProfileChange(accepts_guests=True))
    return kwip.services.guest_replies


@pytest.fixture
def say(kwip, alice):
    def say(text="Rye", **fields):
        return kwip.services.posts.publish(alice.id, Draft(text=text, **fields))

    return say


@pytest.fixture
def write(kwip, guests):
    """Return a function that writes a reply, and gives the link in the mail."""

    def write(post, new=NEW):
        guests.write(kwip.services.loaders.begin(), post.id, new)
        mails = kwip.services.mails
        found = kwip.store.database["mails"].find({"kind": "guest_reply"})
        newest = max(found, key=lambda d: int(d["details"]["reply_id"]))
        return mails.link_of(mails.store.find(newest["_id"]))

    return write


def confirm(kwip, link):
    kwip.services.guest_replies.confirm(kwip.services.loaders.begin(), link)


def shown(kwip, post, viewer=None):
    loader = kwip.services.loaders.begin()
    page = kwip.services.guest_replies.page(viewer, loader, post.id)
    return [(reply.name, reply.text) for reply in page.replies]


def cached(kwip, post):
    """Return the names in widgets, which are cached by reading them."""
    loader, widgets = kwip.services.loaders.begin(), kwip.services.widgets
    found = widgets.guests(loader, widgets.post(loader, post.id))
    return tuple(reply.name for reply in found)


def told(kwip, viewer):
    page = kwip.services.notifications.page(
        viewer, kwip.services.loaders.begin(), PageRequest()
    )
    return [view.kind for view in page.items]


def test_a_reply_is_shown_once_it_is_confirmed_and_its_author_agrees(
    kwip, rings, alice, bob, guests, say, write
):
    post = say()
    link = write(post)
    rings.run()
    [mail] = kwip.store.database["mails"].find({"kind": "guest_reply"})
    assert (mail["state"], mail["address"]) == ("sent", "carla@example.org")
    assert guests.waiting(alice) == []
    assert told(kwip, alice) == []
    guests.pending(link)  # opening the link changes nothing
    confirm(kwip, link)
    [reply] = guests.waiting(alice)
    assert told(kwip, alice) == [NotificationKind.GUEST_REPLY]
    assert shown(kwip, post) == []
    with pytest.raises(NotFoundError):
        confirm(kwip, link)
    for act in (guests.approve, guests.remove):
        with pytest.raises(NotFoundError):
            act(bob, reply.id)
    cached(kwip, post)
    guests.approve(alice, reply.id)
    guests.approve(alice, reply.id)  # an earlier attempt may have died

    assert cached(kwip, post) == ("Carla",)
    assert shown(kwip, post, bob) == [("Carla", "Which <b>flour</b>?")]
    assert guests.waiting(alice) == []
    everything = str(
        [list(kwip.store.database[n].find()) for n in ("guest_replies", "mails")]
    )
    assert "carla@" not in everything
    assert not re.search("[0-9a-f]{64}", everything)
    guests.remove(alice, reply.id)
    assert shown(kwip, post) == []
    assert cached(kwip, post) == ()


def test_a_reply_is_withdrawn_with_its_address_and_goes_with_its_kwip(
    kwip, settings, alice, guests, say, write
):
    post, other = say(), say("Another")
    link = write(post)
    kwip.services.email_domains.block("carla@example.org", BY_KWIP)
    with pytest.raises(ForbiddenError):
        confirm(kwip, link)
    guests.withdraw(link)
    kwip.services.email_domains.unblock("carla@example.org", BY_KWIP)
    database = kwip.store.database
    assert database["guest_replies"].count_documents({}) == 0
    assert database["mails"].count_documents({"kind": "guest_reply"}) == 0
    confirm(kwip, write(other))
    guests.approve(alice, guests.waiting(alice)[0].id)
    confirm(kwip, write(other))
    left = list(database["guest_replies"].find())
    kwip.services.posts.delete(alice, other.id)

    assert guests.waiting(alice) == []
    assert database["guest_replies"].count_documents({}) == 0
    assert told(kwip, alice) == []
    with pytest.raises(GoneError):
        shown(kwip, other)
    database["guest_replies"].insert_many(left)
    audit = Fsck(AuditStore(kwip.store), system_clock_ms)
    [found] = audit.run(Silence()).findings
    assert (found.check, found.id) == ("guests", str(other.id))
    repair_by(kwip, settings).repair([found], Silence())
    assert audit.run(Silence()).findings == []


def test_guests_only_reply_where_site_author_and_kwip_allow_it(
    kwip, alice, bob, guests, say, write
):
    post = say()
    for visibility in (Visibility.UNLISTED, Visibility.FOLLOWERS):
        with pytest.raises((ForbiddenError, NotFoundError)):
            write(say("Not for all", visibility=visibility))
    bobs = kwip.services.posts.publish(bob.id, Draft(text="Mine"))
    with pytest.raises(ForbiddenError):
        write(bobs)
    link = write(post)
    confirm(kwip, link)
    guests.approve(alice, guests.waiting(alice)[0].id)
    kwip.services.moderation.suspend(alice.id, BY_KWIP)
    for act in (lambda: write(post), lambda: shown(kwip, post)):
        with pytest.raises(NotFoundError):
            act()
    kwip.services.moderation.unsuspend(alice.id, BY_KWIP)
    late, waits = write(post), write(post)
    confirm(kwip, waits)
    [waiting] = guests.waiting(alice)
    kwip.services.site.change({"guest_replies": "no"}, BY_KWIP)
    with pytest.raises(ForbiddenError):
        write(post)
    with pytest.raises(ForbiddenError):
        confirm(kwip, late)
    with pytest.raises(ForbiddenError):
        guests.approve(alice, waiting.id)
    assert len(shown(kwip, post)) == 1


def test_a_conversation_that_is_narrowed_is_closed_to_guests_at_its_replies_too(
    kwip, alice, bob, guests, say, write
):
    posts = kwip.services.posts
    root = posts.publish(bob.id, Draft(text="Who bakes?"))
    reply = say("I do", in_reply_to_id=root.id)
    write(reply)
    posts.policies.set(root, None, ReplyPolicy.FOLLOWERS)

    with pytest.raises(ForbiddenError):
        write(reply)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " \u200b"}, "name"),
        ({"name": "x" * 61}, "name"),
        ({"email": "carla"}, "email"),
        ({"email": "a@spam.example"}, "email"),
        ({"text": " "}, "text"),
        ({"text": "x" * 501}, "text"),
    ],
)
def test_what_a_guest_enters_is_checked(kwip, guests, say, write, change, field):
    kwip.services.email_domains.block("spam.example", BY_KWIP)
    fields = {"name": NEW.name, "email": NEW.email, "text": NEW.text}
    with pytest.raises(InvalidError) as raised:
        write(say(), NewGuestReply(**fields | change))

    assert list(raised.value.fields) == [field]
    assert kwip.store.database["guest_replies"].count_documents({}) == 0


def at_once(act, cases):
    """Act on all cases at once, and return which of them there was room for."""

    def let_in(case):
        with suppress(RateLimitedError):
            act(case)
            return True
        return False

    with ThreadPoolExecutor(len(cases)) as pool:
        return list(pool.map(let_in, cases))


def test_few_replies_of_an_address_and_to_a_kwip_wait_at_once(
    kwip, alice, guests, say, write, monkeypatch
):
    kwips = [say() for _ in range(MAX_OF_ADDRESS + 2)]
    assert at_once(write, kwips).count(True) == MAX_OF_ADDRESS
    with pytest.raises(RateLimitedError):
        write(say())
    monkeypatch.setattr("kwip.services.moderation.guest_replies.MAX_OF_POST", 1)
    post = say()
    # Whoever writes by addresses of others keeps nobody out.
    links = [
        write(post, NewGuestReply(name, f"{name}@example.org", name)) for name in "abc"
    ]
    # Of several at once, one is let in.
    assert sorted(at_once(partial(confirm, kwip), links[:2])) == [False, True]
    [waiting] = guests.waiting(alice)
    if waiting.name == "b":
        links[:2] = links[1], links[0]
    with pytest.raises(RateLimitedError):
        confirm(kwip, links[1])
    with pytest.raises(RateLimitedError):
        write(post, NewGuestReply("D", "d@example.org", "d"))
    guests.approve(alice, guests.waiting(alice)[0].id)
    confirm(kwip, links[1])
    guests.approve(alice, guests.waiting(alice)[0].id)

    # What a page has no room for is on the next one.
    monkeypatch.setattr("kwip.services.moderation.guest_replies.MAX_SHOWN", 1)
    loader = kwip.services.loaders.begin()
    first = guests.page(None, loader, post.id)
    last = guests.page(None, loader, post.id, first.next_after)
    names = [r.name for r in first.replies + last.replies]
    assert sorted(names) == ["a", "b"]
    assert last.next_after is None
