"""Blogs whose entries are posted: once, whatever happens to workers and feeds."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from email.utils import format_datetime

import pytest

from kwip.domain.accounts.audit_log import BY_KWIP
from kwip.domain.clock import at
from kwip.domain.errors import (
    ForbiddenError,
    InvalidError,
    NotFoundError,
    RateLimitedError,
)
from kwip.domain.ids import MAX_ID, ms_of
from kwip.domain.posting.blogs import MAX_A_DAY, MAX_AT_ONCE, MAX_BLOGS, MAX_FAILURES
from kwip.domain.posting.posts import Draft, Edit
from tests.other_site import other_site
from tests.servers import settings_in
from tests.wired import home_of

NOW = dt.datetime.now(dt.UTC)
RSS = "application/rss+xml"


@pytest.fixture
def site():
    with other_site() as made:
        yield made


@pytest.fixture
def settings(tmp_path, site):
    environ = {"KWIP_LINK_PREVIEW_ALLOW": site.place, "KWIP_QUOTA_IMPORTS": "2"}
    return settings_in(tmp_path / "home", **environ)


def item(number, *, title=None, age=dt.timedelta(0)):
    return (
        f"<item><guid isPermaLink='false'>entry-{number}</guid>"
        f"<title>{title or f'Loaf {number}'}</title>"
        f"<link>https://blog.example/{number}</link>"
        f"<pubDate>{format_datetime(NOW - age)}</pubDate></item>"
    )


def rss(*items):
    content = f"<title>Loaves</title>{''.join(items)}"
    return f"<rss version='2.0'><channel>{content}</channel></rss>"


@pytest.fixture
def blog(kwip, rings, site, alice):
    """Return a blog of alice with two entries, which has been read."""
    site.serve("/feed", rss(item(2), item(1)), kind=RSS)
    made = kwip.services.blogs.add(alice, site.url("/feed"))
    rings.run()
    return made


@pytest.fixture
def read(kwip, rings, blog):
    """Return a function that reads the feed again, and does what follows."""

    def read():
        kwip.services.blog_posting.store.change(
            blog.owner_id, blog.id, {"leased_until": blog.added_at}
        )
        outcome = kwip.services.blog_posting.settle(blog.id)
        rings.run()
        return outcome

    return read


@pytest.fixture
def texts(kwip):
    """Return a function that gives what somebody has posted, newest first."""

    def texts(viewer):
        entries = kwip.stores.posts.entries_by([viewer.id], below=MAX_ID, limit=100)
        found = kwip.stores.posts.get_many([each.post_id for each in entries])
        return [found[each.post_id].text for each in entries]

    return texts


def now_of(kwip, alice):
    return kwip.services.blogs.of_viewer(alice)[0]


def test_new_entries_are_posted_once_and_what_was_there_is_not(
    kwip, rings, site, alice, bob, blog, read, texts
):
    kwip.services.relationships.follow(bob, alice.id)
    rings.run()
    first = now_of(kwip, alice)

    assert (first.title, first.is_begun, first.posted_count) == ("Loaves", True, 0)
    assert first.sample[0] == "Loaf 2\nhttps://blog.example/2"
    assert texts(alice) == []

    edited = item(2, title="Loaf 2, edited")
    site.serve("/feed", rss(item(4), item(3), edited, item(1)), kind=RSS)
    assert [read(), read()] == ["done", "nothing"]
    loaves = [f"Loaf {n}\nhttps://blog.example/{n}" for n in (4, 3)]
    assert texts(alice) == loaves
    newest = kwip.stores.posts.entries_by([alice.id], below=MAX_ID, limit=1)[0]
    post = kwip.stores.posts.get_many([newest.post_id])[newest.post_id]
    assert (post.source, post.visibility.value) == ("feed", "public")
    assert home_of(kwip, bob) == loaves
    assert now_of(kwip, alice).posted_count == 2


def test_workers_at_once_and_deaths_after_each_step_post_an_entry_once(
    kwip, site, alice, blog, read, texts, monkeypatch
):
    site.serve("/feed", rss(item(3), item(2)), kind=RSS)
    store, posting = kwip.services.blog_posting.store, kwip.services.blog_posting
    for died_in in ("note", "posted", "end"):
        with monkeypatch.context() as patch:
            real = getattr(type(store), died_in)

            def dying(*args, real=real, **options):
                real(*args, **options)
                raise SystemExit

            patch.setattr(type(store), died_in, dying)
            with pytest.raises(SystemExit):
                read()
        # The text is the one that was read first.
        site.serve("/feed", rss(item(3, title="Edited"), item(2)), kind=RSS)
    read()
    store.change(alice.id, blog.id, {"leased_until": blog.added_at})
    site.serve("/feed", rss(item(5), item(4), item(3)), kind=RSS)
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(posting.settle, [blog.id] * 8))

    assert sorted(outcomes) == ["done", *["nothing"] * 7]
    assert [text.split("\n")[0] for text in texts(alice)] == [
        "Loaf 5",
        "Loaf 4",
        "Loaf 3",
    ]


def test_older_entries_are_posted_with_their_dates_if_asked_and_reach_no_home(
    kwip, rings, site, alice, bob, blog, read, texts
):
    kwip.services.relationships.follow(bob, alice.id)
    rings.run()
    week = dt.timedelta(days=7)
    old = [item(9, age=week), item(8, age=2 * week)]
    site.serve("/feed", rss(item(10), *old), kind=RSS)
    read()
    kwip.services.blogs.post_old(alice, blog.id)
    read()
    kwip.services.blogs.post_old(alice, blog.id)
    read()
    with pytest.raises(RateLimitedError):
        kwip.services.blogs.post_old(alice, blog.id)

    assert [text[:7].strip() for text in texts(alice)] == [
        "Loaf 10",
        "Loaf 9",
        "Loaf 8",
    ]
    entries = kwip.stores.posts.entries_by([alice.id], below=MAX_ID, limit=9)
    ages = [NOW - at(ms_of(each.post_id)) for each in entries]
    assert [round(age / week) for age in ages] == [0, 1, 2]
    assert home_of(kwip, bob) == ["Loaf 10\nhttps://blog.example/10"]

    # Nor is anything posted again if the feed is added again.
    kwip.services.blogs.remove(alice, blog.id)
    assert kwip.services.blogs.of_viewer(alice) == []
    again = kwip.services.blogs.add(alice, site.url("/feed"))
    kwip.stores.blogs.change(alice.id, again.id, {"wants_old": True})
    rings.run()
    assert now_of(kwip, alice).is_begun
    assert len(texts(alice)) == 3
    with pytest.raises(NotFoundError):
        kwip.services.blogs.resume(alice, blog.id)


def test_requests_are_conditional_and_errors_are_shown_and_back_off(
    kwip, site, alice, blog, read
):
    site.serve("/feed", rss(item(1)), kind=RSS, ETag='"x"')
    read()
    site.serve("/feed", status=304)
    assert read() == "nothing"
    assert site.headers["/feed"]["If-None-Match"] == '"x"'
    assert not now_of(kwip, alice).problem
    site.serve("/feed", status=500)
    waits = []
    for _ in range(MAX_FAILURES):
        assert read() == "failed"
        found = kwip.store.database["blogs"].find_one()
        waits.append(found["due_at"] and found["due_at"] - found["read_at"])
    hour = dt.timedelta(hours=1)
    assert waits[:2] == [hour, 2 * hour]
    assert max(waits[:-1]) == 24 * hour
    assert waits[-1] is None
    ended = now_of(kwip, alice)
    assert (ended.problem, ended.is_paused) == ("status", True)
    assert read() == "nothing"


def test_nothing_is_posted_of_paused_and_removed_blogs_and_suspended_owners(
    kwip, rings, site, alice, bob, blog, read, texts
):
    blogs = kwip.services.blogs
    blogs.pause(alice, blog.id)
    site.serve("/feed", rss(item(3)), kind=RSS)
    assert read() == "nothing"
    blogs.resume(alice, blog.id)
    read()
    assert texts(alice) == []
    kwip.services.moderation.suspend(alice.id, BY_KWIP)
    site.serve("/feed", rss(item(4)), kind=RSS)
    assert read() == "stopped"
    for act in (blogs.pause, blogs.resume, blogs.remove, blogs.post_old):
        with pytest.raises(NotFoundError):
            act(bob, blog.id)
    blogs.remove(alice, blog.id)
    assert read() == "nothing"
    assert texts(alice) == []


def test_nothing_more_is_posted_once_the_owner_is_suspended(
    kwip, site, alice, blog, read, texts, monkeypatch
):
    posts = type(kwip.services.posts)
    publish = posts.publish

    def publish_and_suspend(self, author_id, draft):
        made = publish(self, author_id, draft)
        kwip.services.moderation.suspend(author_id, BY_KWIP)
        return made

    monkeypatch.setattr(posts, "publish", publish_and_suspend)
    site.serve("/feed", rss(item(5), item(4), item(3)), kind=RSS)

    assert read() == "taken_over"
    assert [text[:6] for text in texts(alice)] == ["Loaf 3"]


def test_a_feed_posts_a_few_entries_at_once_and_a_day(
    kwip, site, alice, blog, read, texts
):
    number = 10
    for _ in range(MAX_A_DAY // MAX_AT_ONCE + 1):
        site.serve("/feed", rss(*map(item, range(number + 9, number, -1))), kind=RSS)
        read()
        number += 10

    assert len(texts(alice)) == MAX_A_DAY
    assert texts(alice)[-1].startswith("Loaf 15\n")


def test_a_page_leads_to_its_feed_and_wrong_addresses_are_refused(
    kwip, rings, site, alice, blog
):
    feed = '{"version": "https://jsonfeed.org/version/1.1", "title": "J", "items": []}'
    site.serve("/j.json", feed, kind="application/feed+json")
    link = '<link rel="alternate" type="application/feed+json" href="/j.json">'
    site.serve("/blog", f"<html><head>{link}</head>")
    kwip.services.blogs.add(alice, site.url("/blog"))
    rings.run()

    added = kwip.services.blogs.of_viewer(alice)[1]
    assert (added.url, added.title) == (site.url("/j.json"), "J")
    # A page whose feed is there already would post each entry once more.
    site.serve("/about", f"<html><head>{link}</head>")
    again = kwip.services.blogs.add(alice, site.url("/about"))
    rings.run()
    twice = kwip.services.blogs.of_viewer(alice)[2]
    assert (twice.id, twice.is_paused, twice.problem) == (again.id, True, "twice")
    wrong = ("", "javascript:alert(1)", "https://me:pw@x.example/", blog.url, "a b")
    for address in wrong:
        with pytest.raises(InvalidError):
            kwip.services.blogs.add(alice, address)


def test_nobody_has_more_feeds_than_allowed_even_if_they_are_added_at_once(
    kwip, site, alice, blog
):
    blogs = kwip.services.blogs

    def add(number):
        with suppress(InvalidError):
            blogs.add(alice, site.url(f"/{number}"))

    with ThreadPoolExecutor() as pool:
        list(pool.map(add, range(2 * MAX_BLOGS)))
    assert len(blogs.of_viewer(alice)) <= MAX_BLOGS
    for number in range(MAX_BLOGS - len(blogs.of_viewer(alice))):
        blogs.add(alice, site.url(f"/more/{number}"))
    with pytest.raises(InvalidError, match="up to"):
        blogs.add(alice, site.url("/more"))


def bomb(depth):
    entities = "".join(f"<!ENTITY e{n + 1} '{f'&e{n};' * 20}'>" for n in range(depth))
    top = f"<!DOCTYPE rss [<!ENTITY e0 'ha'>{entities}]>"
    return f"<?xml version='1.0'?>{top}{rss(item(7, title=f'&e{depth};'))}"


OUTSIDE = "<!DOCTYPE rss [<!ENTITY x SYSTEM 'file:///etc/hostname'>]>"
HOSTILE = {
    "bomb": bomb(8),
    "outside": OUTSIDE + rss(item(7, title="&x;")),
    "deep": "<rss version='2.0'><channel>" + "<a>" * 20_000,
    "huge": rss(item(7)) + " " * 2_100_000,
    "many": rss(*map(item, range(20_000))),
    "script": rss(
        item(7, title="&lt;script&gt;alert(1)&lt;/script&gt;&lt;b&gt;Hi&lt;/b&gt;")
    ).replace("https://blog.example/7", "javascript:alert(1)"),
    "binary": "\x00\xff" * 1_000,
    "json": '{"items": ' + "[" * 100_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_feed_posts_nothing_but_plain_text(
    kwip, site, alice, blog, read, texts, name
):
    site.serve("/feed", HOSTILE[name], kind=RSS)
    read()
    site.serve("/feed", rss(item(8), item(2)), kind=RSS)
    read()

    posted = texts(alice)
    assert posted[0] == "Loaf 8\nhttps://blog.example/8"
    assert len(posted) <= 1 + MAX_AT_ONCE
    for text in posted:
        assert "script" not in text
        assert "<" not in text
        assert len(text) <= kwip.services.posts.texts.max_chars


def test_a_feed_mentions_and_quotes_nobody_in_its_members_name(
    kwip, site, alice, bob, blog, read
):
    quoted = kwip.services.posts.publish(bob.id, Draft(text="Mine"))
    address = f"{kwip.services.posts.quoting.origin}/@bob/{quoted.id}"
    entry = item(3, title=f"@bob lies {address}").replace("https://blog.example/3", "")
    own = item(4).replace("https://blog.example/4", address)
    site.serve("/feed", rss(own, entry), kind=RSS)
    read()

    newest = kwip.stores.posts.entries_by([alice.id], below=MAX_ID, limit=1)[0]
    post = kwip.stores.posts.get_many([newest.post_id])[newest.post_id]
    assert post.text == f"@bob lies {address}"  # and nothing of a feed of kwips
    assert (post.mentions, post.quote_of_id) == ((), None)

    # Its member may correct it, and mention others.
    edit = Edit(text="@bob lies, says @alice")
    kwip.services.posts.edit(alice, post.id, edit)
    edited = kwip.stores.posts.get_many([post.id])[post.id]
    assert [each.username for each in edited.mentions] == ["alice"]


def test_feeds_are_read_only_if_the_site_does(kwip, alice, blog, read):
    object.__setattr__(kwip.services.blogs, "is_on", False)
    object.__setattr__(kwip.services.blog_posting, "is_on", False)

    assert read() == "stopped"
    with pytest.raises(ForbiddenError):
        kwip.services.blogs.add(alice, "https://blog.example/")


def test_a_private_address_is_never_read(kwip, rings, alice):
    kwip.services.blogs.add(alice, "http://127.0.0.1/feed")
    rings.run()

    assert now_of(kwip, alice).problem == "refused"
