from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import parse_qs, quote, urlsplit

import pytest

HOSTILE = "</blockquote><script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


@pytest.fixture
def asking(client):
    """Return a function that asks how to embed an address."""

    def ask(url, **more):
        return client.get("/api/oembed", query_string={"url": url} | more)

    return ask


class Tags(HTMLParser):
    """Collect the start tags of a piece of HTML."""

    def __init__(self, html):
        super().__init__()
        self.found = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def test_a_page_says_how_to_embed_it(alice, asking, client, settings):
    said = alice.say("hello #fox")["id"]
    pages = {
        f"/@alice/{said}": (f"post/{said}", "Kwip by Alice"),
        "/@alice": ("user/alice", "Kwips by Alice"),
        "/tags/fox": ("tag/fox", "#fox"),
    }
    for path, (kwip, title) in pages.items():
        links = [a for t, a in Tags(client.get(path).text).found if t == "link"]
        (found,) = [a for a in links if a.get("type") == "application/json+oembed"]
        url = parse_qs(urlsplit(found["href"]).query)["url"][0]
        answer = asking(url, maxwidth=400)

        assert url == f"{settings.origin}{path}"
        assert answer.status_code == 200
        body = answer.json
        assert (body["version"], body["type"], body["width"]) == ("1.0", "rich", 400)
        assert body["title"] == title
        assert body["provider_url"] == f"{settings.origin}/"
        tags = Tags(body["html"]).found
        assert (tags[0][0], tags[0][1]["data-kwip"]) == ("blockquote", kwip)
        assert tags[-1][1]["src"] == f"{settings.origin}/widgets/v1/embed.js"
        card = client.get(body["thumbnail_url"].removeprefix(settings.origin))
        assert card.mimetype == "image/png"


def test_what_cannot_be_embedded_is_refused(alice, asking, settings):
    gone = alice.say("gone")["id"]
    alice.ask("DELETE", f"/api/v1/statuses/{gone}")
    hidden = alice.say("for followers", visibility="private")["id"]
    for url in (
        f"{settings.origin}/@alice/{gone}",
        f"{settings.origin}/@alice/{hidden}",
        f"{settings.origin}/@nobody",
        f"{settings.origin}/settings",
        "https://elsewhere.example/@alice",
        f"{settings.origin}@elsewhere.example/@alice",
        "//elsewhere.example/@alice",
        "javascript:alert(1)",
        "http://[broken/@alice",
    ):
        answer = asking(url)

        assert (url, answer.status_code) == (url, 404)
        assert answer.json["error"]
    xml = asking(f"{settings.origin}/@alice", format="xml")
    assert (xml.status_code, list(xml.json["details"])) == (501, ["format"])
    nothing = asking(f"{settings.origin}/@alice", maxwidth="0")
    assert (nothing.status_code, list(nothing.json["details"])) == (400, ["maxwidth"])


def test_hostile_words_stay_words_wherever_they_are_embedded(
    alice, asking, client, settings, wiring
):
    said = alice.say(HOSTILE, spoiler_text="")["id"]
    warned = alice.say("x", spoiler_text=HOSTILE)["id"]
    for post_id in (said, warned):
        html = asking(f"{settings.origin}/@alice/{post_id}").json["html"]
        code = client.get(f"/@alice/{post_id}/embed").text
        frame = client.get(f"/embed/post/{post_id}").text

        tags = [tag for tag, _ in Tags(html).found]
        assert tags.count("script") == 1
        assert "img" not in tags
        assert code.count("<script") == 1
        assert frame.count("<script") == 1
        assert "onerror" not in "".join(str(a) for _, a in Tags(code + frame).found)
    shown = client.get(f"/@alice/{said}").text
    assert f'og:image" content="{settings.origin}/card/post/{said}.png?v=' in shown
    assert 'twitter:card" content="summary_large_image"' in shown
    assert quote(f"{settings.origin}/@alice/{said}", safe="") in shown
