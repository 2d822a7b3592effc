"""Feeds, as programs read them that are not ours: feedparser, and a schema."""

from __future__ import annotations

import datetime as dt
import io
import re
from html import unescape
from urllib.parse import urlsplit

import feedparser
import pytest
from jsonschema import Draft202012Validator

from kwip.domain.accounts.users import ProfileChange, Viewer
from kwip.schemas.timelines.feed_formats import FORMATS
from tests.hostile import PIECES
from tests.people import sign_in
from tests.pictures import plain

_TEXT, _URL = {"type": "string"}, {"type": "string", "format": "uri"}
_TIME = {"type": "string", "format": "date-time"}
_AUTHORS = {
    "type": "array",
    "minItems": 1,
    "items": {
        "properties": {"name": _TEXT, "url": _URL, "avatar": _URL},
        "additionalProperties": False,
    },
}
#: JSON Feed 1.1, as far as Kwip writes it: jsonfeed.org/version/1.1.
JSON_FEED = Draft202012Validator(
    {
        "required": ["version", "title", "items"],
        "additionalProperties": False,
        "properties": {
            "version": {"const": "https://jsonfeed.org/version/1.1"},
            "title": _TEXT,
            "description": _TEXT,
            **dict.fromkeys(("home_page_url", "feed_url", "next_url", "icon"), _URL),
            "authors": _AUTHORS,
            "items": {
                "type": "array",
                "items": {
                    "required": ["id", "content_html"],
                    "additionalProperties": False,
                    "properties": {
                        **dict.fromkeys(("id", "title", "content_html"), _TEXT),
                        "language": _TEXT,
                        "url": _URL,
                        **dict.fromkeys(("date_published", "date_modified"), _TIME),
                        "authors": _AUTHORS,
                        "tags": {"type": "array", "items": _TEXT},
                        "attachments": {
                            "type": "array",
                            "items": {
                                "required": ["url", "mime_type"],
                                "properties": {
                                    "url": _URL,
                                    **dict.fromkeys(("mime_type", "title"), _TEXT),
                                    "duration_in_seconds": {"type": "number"},
                                },
                                "additionalProperties": False,
                            },
                        },
                    },
                },
            },
        },
    },
    format_checker=Draft202012Validator.FORMAT_CHECKER,
)
VERSIONS = {"rss": "rss20", "atom": "atom10"}
NO_TEXT = re.compile(r"<[^>]*>")
CACHE_CONTROL = (
    "public, max-age=0, s-maxage=30, stale-while-revalidate=60, stale-if-error=86400"
)


class Read(dict):
    """An entry as a reader understands it, whatever the format."""

    __getattr__ = dict.__getitem__

    @property
    def text(self):
        return unescape(NO_TEXT.sub("", self.html))


@pytest.fixture
def read(client):
    """Return a function that reads a feed in a format, and gives its entries."""

    def read(base, ending, query=""):
        answer = client.get(f"{base}.{ending}{query}")
        assert answer.status_code == 200, answer.text
        kind = f"{FORMATS[ending].media_type}; charset=utf-8"
        assert answer.headers["Content-Type"] == kind
        if ending == "json":
            JSON_FEED.validate(answer.json)
            return [of_json(item) for item in answer.json["items"]]
        feed = feedparser.parse(answer.data, response_headers={"content-type": kind})
        assert not feed.bozo, feed.bozo_exception
        assert feed.version == VERSIONS[ending]
        return [of_xml(entry, ending) for entry in feed.entries]

    return read


def of_json(item):
    return Read(
        id=item["id"],
        url=item["url"],
        title=item.get("title", ""),
        html=item["content_html"],
        published=moment(item["date_published"]),
        updated=moment(item["date_modified"]),
        author=item["authors"][0]["name"],
        tags=item.get("tags", []),
        media=[(m["url"], m["mime_type"]) for m in item.get("attachments", [])],
    )


def of_xml(entry, ending):
    links = [each for each in entry.links if each.rel == "enclosure"]
    media = [(each.href, each.type) for each in links]
    if ending == "rss":
        assert media == [(m["url"], m["type"]) for m in entry.get("media_content", [])]
    return Read(
        id=entry.id,
        url=entry.link,
        title=entry.title,
        html=entry.summary if ending == "rss" else entry.content[0].value,
        published=moment(entry.published_parsed),
        updated=moment(entry.updated_parsed),
        author=entry.author,
        tags=[tag.term for tag in entry.get("tags", [])],
        media=media,
    )


def moment(written):
    if isinstance(written, str):
        return dt.datetime.fromisoformat(written).replace(microsecond=0)
    return dt.datetime(*written[:6], tzinfo=dt.UTC)


def picture(alice):
    file = (io.BytesIO(plain(size=(9, 9))), "me.png")
    data = {"file": file, "description": 'Red "and" <b>'}
    return [alice.post("/api/v2/media", data=data).json["id"]]


@pytest.mark.parametrize("ending", FORMATS)
def test_an_entry_comes_out_of_a_feed_as_it_was_written(alice, client, read, ending):
    said = alice.say("hello <b> #Fox & #tea", media_ids=picture(alice), language="de")
    alice.say("newer")

    _, entry = read("/@alice", ending)

    day = said["created_at"][:10]
    assert entry.id == f"tag:127.0.0.1,{day}:kwip/{said['id']}"
    assert entry.url == said["url"]
    assert entry.title == ("" if ending == "json" else "hello <b> #Fox & #tea")
    assert entry.text == "hello <b> #Fox & #tea"
    assert entry.published == entry.updated == moment(said["created_at"])
    assert entry.author == "Alice (@alice)"
    assert entry.tags == ["fox", "tea"]
    file = said["media_attachments"][0]["url"]
    assert entry.media == [(file, "image/webp")]
    assert f'src="{file}"' in entry.html
    alice.ask("PUT", f"/api/v1/statuses/{said['id']}", json={"status": "edited"})
    edited = read("/@alice", ending)[1]
    assert (edited.id, edited.text) == (entry.id, "edited")
    assert (edited.published, edited.tags) == (entry.published, [])
    assert edited.updated >= entry.updated
    alice.ask("DELETE", f"/api/v1/statuses/{said['id']}")
    assert [entry.text for entry in read("/@alice", ending)] == ["newer"]


@pytest.mark.parametrize("ending", FORMATS)
def test_hostile_texts_stay_texts(alice, wiring, read, ending):
    """Names, bios, hashtags and texts go through a whole feed unharmed."""
    pairs = zip(PIECES, PIECES[::-1], strict=True)
    texts = [f"{one}]]>{other}\ufffe#x" for one, other in pairs]
    texts = ["".join(texts[at : at + 12])[:500] for at in range(0, len(texts), 12)]
    viewer = Viewer(id=alice.user.id, username="alice", digest="")
    name = '<script>alert("1")</script>&]]>'
    change = ProfileChange(display_name=name, bio=f"{name}<img onerror=x>")
    wiring.services.users.update_profile(viewer, change)
    said = []
    for text in texts:
        answer = alice.post("/api/v1/statuses", json={"status": text})
        if answer.status_code == 200:
            said.append(answer.json)

    entries = read("/@alice", ending, "?limit=40")

    assert len(said) > 5
    assert [entry.url for entry in entries] == [each["url"] for each in said[::-1]]
    for entry, each in zip(entries, said[::-1], strict=True):
        wanted = unescape(NO_TEXT.sub("", each["content"]))
        gone = "" if ending == "json" else "\ufffe"
        assert letters(entry.text) == letters(wanted.replace(gone, ""))
        assert entry.author == f"{name} (@alice)"
        assert not re.search(r"<(?!/?(?:p|br|a)\b)", entry.html), entry.html


def letters(text):
    """Leave out spaces, which formats may change."""
    return "".join(text.split())


def test_a_feed_shows_what_its_page_shows_and_leads_to_older_entries(
    alice, bob, client, read, settings
):
    root = alice.say("tea #tea")["id"]
    reply = bob.say("hi", in_reply_to_id=root, to=["alice"])["id"]
    repost = bob.post(f"/api/v1/statuses/{root}/reblog").json
    last = bob.say("#tea too", media_ids=picture(bob))["id"]
    alice.say("hidden #tea", visibility="private", in_reply_to_id=root)

    def ids(base, query=""):
        return [entry.id.partition("kwip/")[2] for entry in read(base, "json", query)]

    assert ids("/public") == [last, root]
    assert ids("/tags/TEA") == [last, root]
    assert ids("/@bob") == [last, repost["id"]]
    assert ids("/@bob/with-replies") == [last, repost["id"], reply]
    assert ids("/@bob/media") == [last]
    assert ids(f"/@alice/{root}") == [reply, root]
    moved = client.get(f"/@bob/{repost['id']}.atom?limit=3")
    assert moved.headers["Location"] == f"{settings.origin}/@alice/{root}.atom?limit=3"

    first = client.get("/@bob/with-replies.json?limit=1").json
    assert first["home_page_url"] == f"{settings.origin}/@bob/with-replies"
    assert first["feed_url"] == f"{settings.origin}/@bob/with-replies.json?limit=1"
    assert first["next_url"].endswith(f".json?limit=1&before={last}")
    assert ids("/@bob/with-replies", f"?limit=1&before={last}") == [repost["id"]]
    for ending in VERSIONS:
        answer = client.get(
            f"/@bob/with-replies.{ending}?before={repost['id']}&limit=1"
        )
        links = {
            each.rel: each.href for each in feedparser.parse(answer.data).feed.links
        }
        base = f"{settings.origin}/@bob/with-replies"
        assert links == {
            "alternate": base,
            "self": f"{base}.{ending}?limit=1&before={repost['id']}",
            "first": f"{base}.{ending}?limit=1",
        }


def test_a_repost_a_reply_a_poll_a_quote_and_a_link_are_named_as_such(alice, bob, read):
    root = alice.say("first")["id"]
    bob.post(f"/api/v1/statuses/{root}/reblog")
    bob.say("a reply", in_reply_to_id=root)
    bob.say("Which?", poll={"options": ["Rye", "<Oats>"], "expires_in": 300})
    bob.say("see", quoted_status_id=root)

    quote, poll, reply, repost = read("/@bob/with-replies", "rss")

    assert repost.title == "Bob reposted Alice: first"
    assert repost.text == "Bob reposted Alice:first"
    assert repost.author == "Alice (@alice)"
    assert reply.text == "Reply to @alice:a reply"
    assert poll.html.endswith("<ul><li>Rye</li><li>&lt;Oats&gt;</li></ul>")
    assert "<blockquote" in quote.html
    assert quote.text == "seeAlice:first"
    assert repost.url in quote.html


@pytest.mark.parametrize("ending", FORMATS)
def test_what_an_author_covers_is_covered_in_feeds(alice, client, read, ending):
    alice.say("secret", spoiler_text="Ends <badly>", media_ids=picture(alice))
    alice.say("look", sensitive=True, media_ids=picture(alice))
    quoted = alice.say("secret", spoiler_text="Also")["id"]
    alice.say("quoting", quoted_status_id=quoted)

    quoting, _, look, warned = read("/@alice", ending)

    assert (warned.title, warned.text) == ("Ends <badly>", "Ends <badly>Show this kwip")
    assert look.text == 'lookSensitive content: Picture: Red "and" <b>'
    assert warned.media == look.media == []
    assert "<img" not in look.html
    assert quoting.text == "quotingAlice:AlsoShow this kwip"
    assert b"secret" not in client.get(f"/@alice.{ending}").data


def test_a_feed_is_asked_as_widgets_are(app, wiring, alice, client):
    """Any origin, no cookie, HEAD, ETag; errors that are no pages."""
    alice.say("hello")
    browser = sign_in(app, wiring, alice)
    for ending in FORMATS:
        path = f"/@ALICE.{ending}"
        got, head = client.get(path), client.head(path)
        known = client.get(path, headers={"If-None-Match": got.headers["ETag"]})
        other = client.get(path, headers={"If-None-Match": '"other"'})

        assert got.headers["Cache-Control"] == CACHE_CONTROL
        assert got.headers["Access-Control-Allow-Origin"] == "*"
        assert "Vary" not in got.headers
        assert browser.get(path).data == other.data == got.data
        assert (head.status_code, head.data) == (200, b"")
        for name in ("ETag", "Content-Length", "Content-Type"):
            assert head.headers[name] == got.headers[name]
        assert (known.status_code, known.data) == (304, b"")
        assert client.options(path).headers["Access-Control-Allow-Origin"] == "*"
        for wrong, number, says in (
            ("/@nobody", 404, "User not found."),
            ("/@alice/1", 404, "Kwip not found."),
            ("/tags/a%20b", 400, "That isn't a hashtag."),
            ("/search", 400, "Enter something to search for."),
        ):
            refused = client.get(f"{wrong}.{ending}")
            assert (refused.status_code, says in refused.text) == (number, True)
            kind = "application/json" if ending == "json" else "text/plain"
            assert refused.mimetype == kind
        for query in ("?limit=0", "?limit=41", "?before=x", "?order=active"):
            assert client.get(f"{path}{query}").status_code == 400
    assert client.get("/@alice.xml").status_code == 404


def test_who_left_widgets_or_was_suspended_is_in_no_feed(
    wiring, alice, bob, client, read
):
    said = alice.say("hers #tea")["id"]
    bob.post(f"/api/v1/statuses/{said}/reblog")
    bob.say("his #tea", in_reply_to_id=said)
    viewer = Viewer(id=alice.user.id, username="alice", digest="")
    pages = ("/@alice", "/@alice/with-replies", "/@alice/media", f"/@alice/{said}")
    assert [client.get(f"{page}.rss").status_code for page in pages] == [200] * 4

    wiring.services.users.update_profile(viewer, ProfileChange(is_embeddable=False))

    for page in pages:
        assert client.get(f"{page}.rss").status_code == 404
        assert "application/rss+xml" not in client.get(page).text
    assert read("/public", "rss") == []
    for base in ("/tags/tea", "/@bob/with-replies"):
        assert [entry.text for entry in read(base, "atom")] == ["his #tea"]
    wiring.services.moderation.suspend(bob.user.id)
    assert client.get("/@bob.rss").status_code == 410
    assert read("/tags/tea", "rss") == []


def test_pages_name_their_feeds(alice, client, wiring, settings):
    said = alice.say("hello #tea")
    lease = wiring.services.fanout.begin(int(said["id"]))
    wiring.services.fanout.deliver(lease)
    paths = ["/", "/@alice", "/@alice/with-replies", "/@alice/media", "/tags/tea"]

    for path in [*paths, f"/@alice/{said['id']}", "/search?q=hello&order=active"]:
        page = client.get(path).text
        found = re.findall(
            r'<link rel="alternate" type="([^"]+)" title="[^"]+" href="([^"]+)">', page
        )
        for kind, address in found:
            parts = urlsplit(unescape(address))
            feed = client.get(f"{parts.path}?{parts.query}")
            assert (feed.status_code, feed.mimetype) == (200, kind), address
            assert feed.headers["ETag"]
        assert [kind for kind, _ in found] == [f.media_type for f in FORMATS.values()]
        assert (f'href="{found[0][1]}">RSS</a>' in page) == (path in paths)
