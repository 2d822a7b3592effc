from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from kwip.domain.clock import at, system_clock_ms
from kwip.domain.errors import GoneError, StoreUnavailableError
from kwip.domain.media.link_previews import LinkPreview, PreviewKind
from kwip.domain.posting.posts import Draft, Edit
from kwip.domain.timelines.pages import PageRequest
from kwip.store.media import UNREACHABLE, MediaFolder
from kwip.store.posting.media.link_previews import Busy, Claimed
from tests.pictures import BLUE, plain


@pytest.fixture
def say(kwip, rings, alice):
    """Return a function that publishes a text, and does what follows."""

    def say(text, **fields):
        post = kwip.services.posts.publish(alice.id, Draft(text=text, **fields))
        rings.run()
        return post

    return say


@pytest.fixture
def read(kwip, alice):
    """Return a function that reads a post's preview as its author sees it."""

    def read(post):
        loader = kwip.services.loaders.begin()
        return kwip.services.posts.get(alice, loader, post.id).post.preview

    return read


def test_a_followers_home_shows_what_a_link_leads_to(
    kwip, rings, say, site, alice, bob
):
    site.serve("/rye.png", plain(), kind="image/png")
    url = site.page("/rye", "Rye bread", description="Slow.", image="/rye.png")
    kwip.services.relationships.follow(bob, alice.id)
    rings.run()
    say(f"Look: {url}#step-2")
    loader = kwip.services.loaders.begin()
    page = kwip.services.timelines.home(bob, loader, PageRequest(limit=20))
    preview = page.items[0].post.preview

    assert (preview.title, preview.description) == ("Rye bread", "Slow.")
    assert preview.url == f"{url}#step-2"
    assert (preview.image.width, preview.image.height) == (64, 48)
    assert preview.image.blurhash


def media_files(settings):
    return sorted(p.name for p in settings.media_folder.rglob("*-preview.webp"))


def test_a_link_in_many_kwips_is_fetched_once(kwip, rings, say, read, site, alice):
    url = site.page("/rye", "Rye bread")
    texts = [f"{n}: {url}" for n in range(5)]
    posts = [kwip.services.posts.publish(alice.id, Draft(text=t)) for t in texts]
    ids = [post.id for post in posts]
    with ThreadPoolExecutor(len(ids)) as pool:
        outcomes = Counter(pool.map(kwip.services.previews.settle, ids))
    for post_id in ids:  # as the sweeper does
        kwip.services.previews.settle(post_id)

    assert site.asked["/rye"] == 1
    assert outcomes["done"] >= 1
    assert outcomes["done"] + outcomes["later"] == len(ids)
    assert [read(post).title for post in posts] == ["Rye bread"] * len(ids)


def test_of_any_claims_at_once_one_gets_the_right(kwip):
    store, now = kwip.services.previews.store, at(system_clock_ms())

    def claim(owner):
        return store.claim("https://example.org/", owner, now, dt.timedelta(minutes=1))

    with ThreadPoolExecutor(16) as pool:
        claims = list(pool.map(claim, map(str, range(50))))

    assert [c for c in claims if isinstance(c, Claimed)] == [Claimed(1, None)]
    assert claims.count(Busy(None)) == len(claims) - 1


def test_an_edit_replaces_the_preview_and_editing_back_fetches_nothing(
    kwip, rings, say, read, site, settings, alice
):
    site.serve("/rye.png", plain(), kind="image/png")
    rye = site.page("/rye", "Rye bread", image="/rye.png")
    oats = site.page("/oats", "Oats")
    post = say(rye)

    def edit(text):
        kwip.services.posts.edit(alice, post.id, Edit(text=text))
        shown = read(post)
        rings.run()
        return shown

    assert edit(f"Still {rye}").title == "Rye bread"
    assert edit(oats) is None
    assert read(post).title == "Oats"
    edit("None.")
    assert read(post) is None
    edit(rye)
    assert read(post).title == "Rye bread"
    assert (site.asked["/rye"], site.asked["/rye.png"]) == (1, 1)
    assert len(media_files(settings)) == 1


def test_a_picture_goes_with_the_last_that_needs_it(
    kwip, say, read, site, settings, alice
):
    site.serve("/rye.png", plain(), kind="image/png")
    url = site.page("/rye", "Rye bread", image="/rye.png")
    first, second = say(f"1 {url}"), say(f"2 {url}")
    previews = kwip.services.previews
    kept = media_files(settings)
    kwip.services.posts.delete(alice, first.id)
    kwip.services.posts.delete(alice, second.id)

    assert len(kept) == 1
    assert media_files(settings) == kept  # the next kwip with the link gets it
    assert previews.forget(url)
    assert media_files(settings) == []
    assert not previews.forget(url)


def test_a_kwip_can_be_edited_and_deleted_while_files_cannot_be_reached(
    kwip, say, read, site, monkeypatch, alice
):
    site.serve("/rye.png", plain(), kind="image/png")
    site.serve("/oats.png", plain(colour=BLUE), kind="image/png")
    rye = site.page("/rye", "Rye bread", image="/rye.png")
    oats = site.page("/oats", "Oats", image="/oats.png")
    edited, deleted = say(rye), say(oats)
    assert read(edited).image
    assert read(deleted).image
    for url in (rye, oats):
        kwip.services.previews.forget(url)

    def is_down(*_, **__):
        raise StoreUnavailableError(UNREACHABLE)

    monkeypatch.setattr(MediaFolder, "remove", is_down)
    kwip.services.posts.edit(alice, edited.id, Edit(text="None."))
    kwip.services.posts.delete(alice, deleted.id)

    assert read(edited) is None
    with pytest.raises(GoneError):
        read(deleted)


def test_what_is_known_of_an_address_is_deleted_after_a_day(
    kwip, rings, say, read, site, settings
):
    site.serve("/rye.png", plain(), kind="image/png")
    post = say(site.page("/rye", "Rye bread", image="/rye.png"))
    previews = kwip.store.database["link_previews"]
    previews.update_many({}, {"$set": {"due_at": at(system_clock_ms())}})
    kwip.sweeper.sweep()
    waiting = {job for job, _ in rings.waiting} - {"trends"}
    rings.run()

    assert waiting == {"stale_preview"}
    assert previews.count_documents({}) == 0
    assert read(post).title == "Rye bread"
    assert len(media_files(settings)) == 1  # the kwip has it


def test_an_address_that_fails_is_tried_again_and_then_given_up(
    kwip, say, read, site, monkeypatch
):
    post = say(site.serve("/down", status=503))
    waiting = kwip.store.database["posts"]
    posts = [waiting.find_one({"_id": post.id})]
    for _ in range(2):
        past = {"$set": {"ready_at": at(0)}}
        kwip.store.database["link_previews"].update_many({}, past)
        kwip.services.previews.settle(post.id)
        posts.append(waiting.find_one({"_id": post.id}))

    kwip.services.previews.settle(post.id)  # one that is in the queue twice
    assert ["preview_due_at" in found for found in posts] == [True, True, False]
    assert posts[1]["preview_due_at"] - posts[0]["preview_due_at"] > dt.timedelta(
        minutes=8
    )
    assert site.asked["/down"] == 3
    assert read(post) is None


@pytest.mark.parametrize("text", ["none", "own", "second"])
def test_nothing_else_is_fetched(kwip, say, read, site, settings, text):
    url = site.page("/rye", "Rye bread")
    texts = {
        "none": "No link.",
        "own": f"{settings.origin}/@alice/1",
        "second": f"http://127.0.0.1:1/ {url}",  # which is refused
    }
    post = say(texts[text])
    known = kwip.store.database["link_previews"].count_documents({})

    assert (read(post), site.asked.total()) == (None, 0)
    assert known == int(text == "second")


def test_with_previews_off_no_request_is_made(kwip, say, site):
    off = replace(kwip.services.previews, is_on=False)
    url = site.page("/rye", "Rye bread")
    post = kwip.services.posts.publish(say("x").author_id, Draft(text=url))

    assert off.settle(post.id) == "nothing"
    assert site.asked.total() == 0
    assert "preview_due_at" not in kwip.store.database["posts"].find_one(post.id)


def test_a_lost_job_is_enqueued_again(kwip, rings, read, site, alice):
    url = site.page("/rye", "Rye bread")
    post = kwip.services.posts.publish(alice.id, Draft(text=url))
    rings.waiting.clear()
    kwip.store.database["posts"].update_many({}, {"$set": {"preview_due_at": at(0)}})
    kwip.sweeper.sweep()
    waiting = set(rings.waiting)
    rings.run()

    assert ("preview", str(post.id)) in waiting
    assert read(post).title == "Rye bread"


def test_a_kwip_that_is_edited_meanwhile_keeps_waiting(kwip, rings, say, site, alice):
    url = site.page("/rye", "Rye bread")
    old = kwip.services.posts.publish(alice.id, Draft(text=url))
    kwip.services.posts.edit(alice, old.id, Edit(text="https://example.org/"))
    preview = LinkPreview(url=url, kind=PreviewKind.LINK, title="Rye bread")

    assert not kwip.services.previews.of_posts.settle(old, preview)
    assert "preview" not in kwip.store.database["posts"].find_one(old.id)


def test_oembed_completes_a_page_and_its_html_is_left_out(say, read, site):
    said = {
        "title": "Sourdough",
        "author_name": "Ada",
        "thumbnail_url": site.serve("/t.png", plain(), kind="image/png"),
        "html": "<script>alert(1)</script>",
    }
    site.serve("/oembed", json.dumps(said), kind="application/json")
    link = '<link rel=alternate type="application/json+oembed" href="/oembed">'
    preview = read(say(site.serve("/video", link)))

    assert (preview.title, preview.author_name) == ("Sourdough", "Ada")
    assert preview.image is not None
    assert "alert" not in repr(preview)


def test_a_link_to_a_picture_is_a_photo(say, read, site):
    url = site.serve("/my%20loaf.png", plain(), kind="image/png")
    preview = read(say(url))

    assert (preview.kind, preview.title) == (PreviewKind.PHOTO, "my loaf.png")


def test_a_picture_that_cannot_be_used_is_left_out(say, read, site):
    site.serve("/broken.png", b"GIF89a", kind="image/png")
    preview = read(say(site.page("/rye", "Rye bread", image="/broken.png")))

    assert (preview.title, preview.image) == ("Rye bread", None)
