"""Hostile texts in everything that people write: no surface makes markup of them."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree as ET

import pytest
from selectolax.lexbor import LexborHTMLParser

from kwip.domain.accounts.users import ProfileChange, ProfileField
from kwip.domain.media.attachments import AttachmentChange
from kwip.domain.media.link_previews import LinkPreview, PreviewKind
from kwip.domain.posting.polls import NewPoll
from kwip.domain.posting.posts import Draft
from kwip.schemas.timelines import feeds, widgets
from kwip.services.accounts.users import SignUp
from tests.browser.world import ATTACKS
from tests.pictures import plain, sent
from tests.widgets.surfaces import ORIGIN
from tests.wired import viewer_of

V1 = "/api/widgets/v1"
#: What HTML of kwips, bios and entries may have, and with which attributes.
MARKUP = {
    "p": {"dir"},
    "br": set(),
    "a": {"href", "rel", "class"},
    "img": {"src", "alt", "width", "height", "class", "title", "loading"},
    "ul": set(),
    "li": set(),
    "blockquote": {"cite"},
}
WEB = re.compile(r"https?://")
#: What a page for a frame has besides.
PAGE = {
    *("html", "head", "body", "meta", "title", "base", "link", "script", "main"),
    *("article", "header", "h1", "span", "bdi", "time", "details", "summary", "div"),
    *("video", "audio", "strong", "meter"),
}
SCRIPT = re.compile(rf"(?:{ORIGIN})?/[a-z0-9/.-]+\.js")
PICTURE = {"svg", "title", "style", "clipPath", "rect", "g", "path", "text"}
ATOM = "{http://www.w3.org/2005/Atom}"
#: Elements of feeds, without their namespaces.
FEED = {
    *("rss", "channel", "item", "title", "link", "description", "image", "url"),
    *("guid", "pubDate", "lastBuildDate", "generator", "creator", "category"),
    *("enclosure", "content", "feed", "entry", "id", "updated", "published"),
    *("subtitle", "icon", "author", "name", "uri", "in-reply-to"),
}


@pytest.fixture
def mallory(wiring, once):
    """Let Mallory write every attack into everything; return the ids of the kwips."""

    def make():
        return _write(wiring.services)

    return once(make)


def _write(services):
    wanted = SignUp(
        username="mallory", email="mallory@example.org", password="correct horse"
    )
    viewer = viewer_of(services.users.sign_up(wanted))
    lines = tuple(ProfileField(a[:200], a[:200]) for a in ATTACKS[:4])
    change = ProfileChange(
        display_name=ATTACKS[2][:60], bio="\n\n".join(ATTACKS)[:500], fields=lines
    )
    services.users.update_profile(viewer, change)
    described = AttachmentChange(description="\n".join(ATTACKS))
    upload = services.attachments.upload(viewer, sent(plain(size=(9, 9))), described)
    posts = [_say(services, viewer, ATTACKS[0], attachment_ids=(upload.id,))]
    for attack in ATTACKS:
        poll = NewPoll(titles=(attack[:50], "-"), duration_s=300, hides_totals=False)
        posts.append(_say(services, viewer, attack, quote_of_id=posts[-1], poll=poll))
        posts.append(_say(services, viewer, attack, warning=attack))
        link = LinkPreview(
            url="https://a.example/",
            kind=PreviewKind.LINK,
            title=attack,
            description=attack,
            author_name=attack,
        )
        for post in services.previews.posts.get_many(posts[-2:]).values():
            services.previews.of_posts.settle(post, link)
    return posts


def _say(services, viewer, attack, **fields):
    text = f"{attack} https://a.example/?q={attack} #tea"
    return services.posts.publish(viewer.id, Draft(text=text, **fields)).id


def check_html(html):
    """Assert that a piece of HTML has nothing but what Kwip writes."""
    for node in LexborHTMLParser(f"<main>{html}</main>").css("main *"):
        assert node.tag in MARKUP, html
        assert set(node.attributes) <= MARKUP[node.tag], html
        for name in {"href", "src", "cite"} & set(node.attributes):
            assert WEB.match(node.attributes[name]), html


def check_json(value, where=""):
    """Assert it of each part of JSON that is HTML; all else is text."""
    if isinstance(value, dict):
        for key, part in value.items():
            check_json(part, key)
    elif isinstance(value, list):
        for part in value:
            check_json(part, where)
    elif where in {"html", "content_html"} and value:
        check_html(value)
    elif (where.endswith("url") or where in {"avatar", "banner"}) and value:
        assert WEB.match(value), value


def check_feed(data):
    """Assert that a feed has its own elements alone, and HTML in their texts."""
    assert b"<!" not in data
    root = ET.fromstring(data)  # noqa: S314 -- it is our own
    for element in root.iter():
        assert element.tag.rpartition("}")[2] in FEED, element.tag
        for name in {"href", "url", "src"} & element.attrib.keys():
            assert WEB.match(element.attrib[name])
    entries = [*root.iterfind("channel/item"), *root.iterfind(f"{ATOM}entry")]
    assert entries
    for entry in entries:
        check_html(entry.findtext("description") or entry.findtext(f"{ATOM}content"))


def check_page(text):
    """Assert that a page for a frame has its own elements, attributes and files."""
    for node in LexborHTMLParser(text).css("*"):
        tag, given = node.tag, node.attributes
        assert tag in PAGE | MARKUP.keys(), tag
        assert not any(name.startswith("on") or name == "style" for name in given)
        assert (tag, "http-equiv" in given, "srcdoc" in given) == (tag, False, False)
        for name in {"href", "src", "cite", "poster"} & given.keys():
            own = given[name].startswith("/assets/")
            assert own or WEB.match(given[name]), given[name]
        if tag == "script":
            assert SCRIPT.fullmatch(given["src"])
            assert node.text() == ""
        if tag == "base":
            assert given == {"target": "_blank"}


def check_picture(data):
    """Assert that a badge has its own elements, and its own style."""
    for element in ET.fromstring(data).iter():  # noqa: S314 -- it is our own
        name = element.tag.removeprefix("{http://www.w3.org/2000/svg}")
        assert name in PICTURE, name
        assert not any(key.startswith("on") or "href" in key for key in element.attrib)
        if name == "style":
            assert re.fullmatch(r"[\w.#{}:;()@-]+", element.text)


def check_all(client, mallory):
    """Assert it of each address; give how many attacks were shown as text."""
    shown = 0
    paths = ["/public", "/tag/tea", "/user/mallory", "/user/mallory/profile"]
    paths += [f"/thread/{post_id}" for post_id in mallory[:2]]
    for path in paths:
        answer = client.get(V1 + path)
        assert answer.mimetype == "application/json"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        check_json(answer.json)
        shown += sum(json.dumps(a)[1:-1] in answer.text for a in ATTACKS)
    bases = ["/public", "/tags/tea", "/@mallory", f"/@mallory/{mallory[0]}"]
    for base in bases:
        check_json(client.get(f"{base}.json?limit=40").json)
        for ending in ("rss", "atom"):
            check_feed(client.get(f"{base}.{ending}?limit=40").data)
    for path in (
        *("user/mallory", "tag/tea", f"post/{mallory[0]}", f"thread/{mallory[1]}"),
        *(f"post/{post_id}" for post_id in mallory[-4:]),
    ):
        check_page(client.get(f"/embed/{path}").text)
    for path in ("@mallory", f"@mallory/{mallory[0]}", f"@mallory/{mallory[2]}"):
        given = client.get(f"/api/oembed?url={ORIGIN}/{path}").json
        check_json({**given, "html": ""})
        check_page(given["html"])
    for show in ("latest", "kwips"):
        check_picture(client.get(f"/badge/mallory.svg?show={show}").data)
    return shown


def test_no_surface_has_markup_that_somebody_wrote(client, mallory):
    assert check_all(client, mallory) > len(ATTACKS)


@pytest.mark.parametrize("place", [widgets, feeds])
def test_markup_that_is_not_escaped_is_found(client, mallory, monkeypatch, place):
    monkeypatch.setattr(place, "post_shown", lambda post, _: post.text)

    with pytest.raises((AssertionError, ET.ParseError)):
        check_all(client, mallory)
