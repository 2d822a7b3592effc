"""Mastodon.py, a library that many apps and bots are made with, on a real server."""

from __future__ import annotations

import socket
import threading

import pytest
from mastodon import (
    Mastodon,
    MastodonAPIError,
    MastodonNotFoundError,
    MastodonUnauthorizedError,
)
from werkzeug.serving import WSGIRequestHandler, make_server

from kwip.app import create_app
from kwip.jobs.registry import jobs
from kwip.wiring import Options, build
from tests.people import People
from tests.pictures import plain
from tests.servers import settings_in
from tests.wired import Rings


class Quiet(WSGIRequestHandler):
    """Kwip has a log of its own."""

    def log(self, *_):
        pass


@pytest.fixture
def listener():
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        made.listen()
        yield made


@pytest.fixture
def settings(tmp_path, listener):
    """Return settings whose origin is where the server listens."""
    port = listener.getsockname()[1]
    return settings_in(tmp_path / "home", KWIP_PORT=str(port))


@pytest.fixture
def rings():
    return Rings()


@pytest.fixture
def wiring(settings, endpoints, rings):
    made = build(settings, endpoints, role="web", options=Options(enqueue=rings))
    rings.jobs = jobs(made.services)
    yield made
    made.close()


@pytest.fixture
def app(wiring, settings):
    return create_app(wiring, settings)


@pytest.fixture
def served(app, listener):
    server = make_server(
        "127.0.0.1",
        listener.getsockname()[1],
        app,
        threaded=True,
        request_handler=Quiet,
        fd=listener.fileno(),
    )
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def log_in(served, settings):
    """Return a function that gives the client of a person, by their token."""
    made = []

    def logged_in(person):
        client = Mastodon(
            access_token=None if person is None else person.token,
            api_base_url=settings.origin,
            ratelimit_method="throw",
        )
        made.append(client)
        return client

    yield logged_in
    for client in made:
        client.session.close()


@pytest.fixture
def alice(app, wiring, log_in):
    return log_in(People(app, wiring)("alice"))


@pytest.fixture
def bob(app, wiring, log_in):
    return log_in(People(app, wiring)("bob"))


def ids(found):
    return [one.id for one in found]


def all_pages(client, first, step):
    """Follow a page's neighbours to the end; return the ids of each page."""
    pages, page = [], first
    while page:
        pages.append(ids(page))
        page = getattr(client, f"fetch_{step}")(page)
        assert len(pages) < 20, "paging does not end"
    return pages


def test_it_writes_a_status_and_reads_it_in_every_way(alice, bob):
    status = alice.status_post(
        "hello @bob #fox https://example.org",
        spoiler_text="careful",
        visibility="unlisted",
        language="en",
        idempotency_key="k",
    )
    again = alice.status_post(
        "hello @bob #fox https://example.org",
        spoiler_text="careful",
        visibility="unlisted",
        language="en",
        idempotency_key="k",
    )
    reply = bob.status_reply(status, "ho", untag=False)

    assert again.id == status.id
    assert status.account.acct == "alice"
    assert (status.spoiler_text, status.sensitive) == ("careful", True)
    assert (status.visibility, status.language) == ("unlisted", "en")
    assert [mention.acct for mention in status.mentions] == ["bob"]
    assert [tag.name for tag in status.tags] == ["fox"]
    assert status.created_at.utcoffset().total_seconds() == 0
    assert status.edited_at is None
    assert reply.in_reply_to_id == status.id
    assert ids(alice.statuses([reply, status])) == [reply.id, status.id]
    assert ids(alice.status_context(status).descendants) == [reply.id]
    assert ids(bob.status_context(reply).ancestors) == [status.id]
    assert alice.status(reply).content == reply.content


def test_it_edits_a_status_and_deletes_it_to_write_it_again(alice):
    status = alice.toot("helo")

    alice.status_update(status, "hello", spoiler_text="careful")

    assert alice.status(status).edited_at > status.created_at
    source = alice.status_source(status)
    assert (source.text, source.spoiler_text) == ("hello", "careful")
    versions = alice.status_history(status)
    assert [version.content for version in versions] == ["<p>helo</p>", "<p>hello</p>"]
    assert [version.spoiler_text for version in versions] == ["", "careful"]
    assert alice.status_delete(status).text == "hello"
    with pytest.raises(MastodonNotFoundError):
        alice.status(status)


def test_it_favourites_bookmarks_pins_and_reblogs(alice, bob, rings):
    status = alice.toot("hello")

    assert bob.status_favourite(status).favourited is True
    assert bob.status_bookmark(status).bookmarked is True
    repost = bob.status_reblog(status)
    assert repost.reblog.id == status.id
    assert repost.reblog.reblogged is True
    assert alice.status_pin(status).pinned is True
    rings.run()

    seen = alice.status(status)
    assert (seen.favourites_count, seen.reblogs_count) == (1, 1)
    assert ids(bob.favourites()) == ids(bob.bookmarks()) == [status.id]
    assert [one.acct for one in alice.status_favourited_by(status)] == ["bob"]
    assert [one.acct for one in alice.status_reblogged_by(status)] == ["bob"]
    assert ids(bob.account_statuses(seen.account, pinned=True)) == [status.id]
    assert ids(alice.account_statuses(repost.account)) == [repost.id]
    assert alice.account_statuses(repost.account, exclude_reblogs=True) == []

    assert bob.status_unfavourite(status).favourited is False
    assert bob.status_unbookmark(status).bookmarked is False
    assert bob.status_unreblog(status).reblogged is False
    assert alice.status_unpin(status).pinned is False
    assert bob.favourites() == bob.bookmarks() == []
    assert alice.account_statuses(repost.account) == []


def test_it_follows_mutes_and_blocks(alice, bob):
    me, other = alice.me(), bob.me()

    assert alice.account_follow(other, reblogs=True).following is True
    assert [one.acct for one in bob.account_followers(other)] == ["alice"]
    assert [one.acct for one in bob.account_following(me)] == ["bob"]
    assert alice.account_relationships([other])[0].following is True
    assert bob.account_remove_from_followers(me).followed_by is False
    assert alice.account_mute(other, notifications=True).muting is True
    assert [one.acct for one in alice.mutes()] == ["bob"]
    assert alice.account_unmute(other).muting is False
    assert alice.account_block(other).blocking is True
    assert [one.acct for one in alice.blocks()] == ["bob"]
    assert bob.account_relationships(me)[0].blocked_by is True
    assert alice.account_unblock(other).blocking is False
    assert alice.account_unfollow(other).following is False
    assert alice.account_familiar_followers(other)[0].accounts == []


def test_it_pages_through_timelines_to_both_ends(alice, bob, rings):
    bob.account_follow(alice.me())
    rings.run()
    said = [alice.toot(f"#fox {number}").id for number in range(5)][::-1]
    for post_id in reversed(said):
        bob.status_favourite(post_id)
        bob.status_bookmark(post_id)
    rings.run()
    down = [said[:2], said[2:4], said[4:]]
    firsts = {
        "home": bob.timeline_home(limit=2),
        "public": bob.timeline_public(limit=2),
        "local": bob.timeline_local(limit=2),
        "hashtag": bob.timeline_hashtag("Fox", limit=2),
        "account": bob.account_statuses(alice.me(), limit=2),
        "favourites": bob.favourites(limit=2),
        "bookmarks": bob.bookmarks(limit=2),
    }
    for name, first in firsts.items():
        assert (name, all_pages(bob, first, "next")) == (name, down)
        assert (name, ids(bob.fetch_remaining(first))) == (name, said)
        last = bob.fetch_next(bob.fetch_next(first))
        up = [page[::-1] for page in all_pages(bob, last, "previous")]
        read_upwards = [one for page in up for one in page]
        assert (name, read_upwards) == (name, said[::-1])


def test_it_pages_through_people(app, wiring, alice, bob, rings):
    people = People(app, wiring)
    crowd = [people(f"p{number}").id for number in range(3)][::-1]
    for user_id in crowd:
        alice.account_follow(user_id)
    status = bob.toot("hello")

    first = bob.account_following(alice.me(), limit=2)

    assert all_pages(bob, first, "next") == [crowd[:2], crowd[2:]]
    assert bob.account_followers(bob.me()) == []
    assert bob.status_favourited_by(status) == []


def test_it_reads_and_dismisses_notifications(alice, bob, rings):
    status = alice.toot("hello")
    bob.account_follow(alice.me(), notify=True)
    bob.status_favourite(status)
    bob.status_reblog(status)
    bob.status_reply(status, "ho")
    rings.run()

    found = alice.notifications()

    types = [one.type for one in found]
    assert sorted(types) == ["favourite", "follow", "mention", "reblog"]
    assert {one.account.acct for one in found} == {"bob"}
    assert alice.notifications_unread_count()["count"] == 4
    assert [one.type for one in alice.notifications(types=["follow"])] == ["follow"]
    without = alice.notifications(exclude_types=["follow"])
    assert ids(without) == ids(one for one in found if one.type != "follow")
    pages = all_pages(alice, alice.notifications(limit=3), "next")
    assert pages == [ids(found[:3]), ids(found[3:])]
    assert alice.notifications(id=found[0].id).type == found[0].type
    alice.notifications_dismiss(found[0])
    assert ids(alice.notifications()) == ids(found[1:])
    alice.notifications_clear()
    assert alice.notifications() == []
    asked = alice.account_relationships(bob.me())[0]
    assert (asked.followed_by, asked.notifying) == (True, False)
    assert bob.account_relationships(alice.me())[0].notifying is True


def test_it_keeps_how_far_one_has_read(alice):
    status = alice.toot("hello")

    before = alice.markers_get(["home", "notifications"])
    assert [(name, before[name].version) for name in before] == [
        ("home", 0),
        ("notifications", 0),
    ]
    set_now = alice.markers_set(["home", "notifications"], [status, 5])

    assert set_now["home"].last_read_id == status.id
    assert alice.markers_get("home")["home"].last_read_id == status.id
    assert alice.markers_get("notifications")["notifications"].version >= 1


def test_it_knows_the_site_and_whose_token_it_holds(alice, bob, settings):
    instance = alice.instance()

    assert instance.domain == settings.origin.removeprefix("http://")
    assert alice.instance_v1().uri == instance.domain
    assert instance.configuration.statuses.max_characters == 500
    assert instance.configuration.accounts.max_pinned_statuses == 5
    assert instance.api_versions.mastodon == 1
    assert alice.instance_extended_description().content
    assert alice.me().source.privacy == "public"
    assert alice.account_lookup("bob").id == bob.me().id
    assert ids(alice.account_search("@bob")) == [bob.me().id]
    assert ids(alice.search("bob").accounts) == [bob.me().id]
    assert ids(alice.accounts([bob.me(), alice.me()])) == [bob.me().id, alice.me().id]
    assert alice.preferences()["posting:default:visibility"] == "public"
    assert alice.tag("Fox").name == "fox"


def test_it_changes_the_own_account(alice):
    before = alice.me()

    after = alice.account_update_credentials(
        display_name="Alice M",
        note="bakes",
        fields=[("Home", "https://example.org"), ("City", "Graz")],
        avatar=plain(),
        avatar_mime_type="image/png",
        discoverable=True,
        default_privacy="public",
    )

    assert alice.me() == after
    assert (after.display_name, after.source.note) == ("Alice M", "bakes")
    assert (before.discoverable, after.source.discoverable) == (False, True)
    assert after.discoverable is True
    assert [field.name for field in after.fields] == ["Home", "City"]
    assert after.avatar != before.avatar
    assert alice.account_delete_avatar().avatar == before.avatar
    assert alice.account_delete_header().header == before.header
    with pytest.raises(MastodonAPIError, match="422"):
        alice.account_update_credentials(bot=True)


def test_it_locks_an_account_and_answers_follow_requests(alice, bob):
    assert alice.account_update_credentials(locked=True).locked
    assert bob.account_follow(alice.me()).requested

    [asking] = alice.follow_requests()
    [notice] = alice.notifications()
    assert (notice.type, notice.account.id) == ("follow_request", asking.id)
    assert alice.follow_request_authorize(asking).followed_by
    assert bob.account_follow(alice.me(), reblogs=False).showing_reblogs is False
    assert alice.account_mute(bob.me(), duration=60).muting_expires_at


def test_it_makes_fills_reads_and_deletes_lists(alice, bob, rings):
    alice.account_follow(bob.me())
    made = alice.list_create("Friends", replies_policy="none", exclusive=True)
    assert (made.title, made.replies_policy, made.exclusive) == (
        "Friends",
        "none",
        True,
    )
    alice.list_accounts_add(made, [bob.me()])
    bob.toot("Hello")
    rings.run()

    assert [each.id for each in alice.list_accounts(made)] == [bob.me().id]
    assert [each.id for each in alice.account_lists(bob.me())] == [made.id]
    assert alice.timeline_list(made)[0].account.id == bob.me().id
    renamed = alice.list_update(made, "Others", replies_policy="list", exclusive=False)
    assert alice.lists() == [renamed]
    assert alice.list(made).title == "Others"
    alice.list_accounts_delete(made, [bob.me()])
    assert alice.list_accounts(made) == []
    alice.list_delete(made)
    assert alice.lists() == []
    with pytest.raises(MastodonNotFoundError):
        alice.timeline_list(made)


def test_it_follows_hashtags(alice, bob):
    bob.toot("A loaf #Rye")
    assert alice.tag("rye").following is False

    assert alice.tag_follow("Rye").following is True

    assert alice.tag("rye").following is True
    assert [tag.name for tag in alice.followed_tags()] == ["rye"]
    assert [post.account.acct for post in alice.timeline_home()] == ["bob"]
    assert alice.tag_unfollow("rye").following is False
    assert alice.followed_tags() == []
    assert alice.timeline_home() == []


def test_it_features_hashtags_and_reads_what_helps_to_find_people(alice):
    alice.toot("More #rye")
    assert [tag.name for tag in alice.featured_tag_suggestions()] == ["rye"]

    made = alice.featured_tag_create("Rye")
    [found] = alice.account_featured_tags(alice.me())
    assert (made.name, found.id, found.statuses_count) == ("rye", made.id, "1")
    assert found.last_status_at is not None
    alice.featured_tag_delete(made)
    assert alice.featured_tags() == []
    assert alice.suggestions() == alice.suggestions_v1() == []
    assert alice.trending_links() == alice.trending_statuses() == []
    assert alice.trending_tags() == alice.directory() == []


def test_it_finds_nothing_where_kwip_has_none(alice):
    for found in (
        alice.announcements(),
        alice.conversations(),
        alice.custom_emojis(),
        alice.domain_blocks(),
        alice.endorsements(),
        alice.filters(),
        alice.filters_v2(),
        alice.follow_requests(),
        alice.instance_activity(),
        alice.instance_domain_blocks(),
        alice.instance_languages(),
        alice.instance_peers(),
        alice.instance_rules(),
        alice.scheduled_statuses(),
    ):
        assert found == []


def test_its_errors_are_those_of_mastodon(alice, log_in):
    nobody = log_in(None)

    with pytest.raises(MastodonNotFoundError, match="Kwip not found"):
        alice.status(1)
    with pytest.raises(MastodonAPIError, match="422"):
        alice.toot("")
    with pytest.raises(MastodonUnauthorizedError, match="401"):
        nobody.timeline_home()
    assert nobody.timeline_public() == []
