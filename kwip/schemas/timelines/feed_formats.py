"""Feeds as RSS 2.0, Atom and JSON Feed 1.1.

*Source*: rssboard.org/rss-specification and rss-profile, RFC 4287 (Atom), RFC 4685
(replies), RFC 5005 (paging), jsonfeed.org/version/1.1, rssboard.org/media-rss.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import formatdate
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, tostring

from kwip.schemas.dumping import instant, to_text

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator, Mapping

    from kwip.schemas.timelines.feeds import Feed, FeedAuthor, FeedEntry, FeedMedia

_ATOM = "http://www.w3.org/2005/Atom"
_NAMESPACES = {
    "xmlns:atom": _ATOM,
    "xmlns:dc": "http://purl.org/dc/elements/1.1/",
    "xmlns:media": "http://search.yahoo.com/mrss/",
}
#: What XML 1.0 has no way to write, if only as a reference.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: The size of a file that is not known, as the RSS profile has it.
_UNKNOWN_SIZE = "0"
_GENERATOR = "Kwip"


@dataclass(frozen=True, slots=True)
class FeedFormat:
    """A format: its media type, and the function that writes a feed in it."""

    media_type: str
    write: Callable[[Feed], str]


def rss(feed: Feed) -> str:
    """Write RSS 2.0, with Atom's links and Media RSS."""
    about = feed.about
    root = Element("rss", {"version": "2.0", **_NAMESPACES})
    channel = SubElement(root, "channel")
    _add(channel, "title", about.title)
    _add(channel, "link", about.page_url)
    _add(channel, "description", about.description)
    for rel, href in _links(feed):
        _add(channel, "atom:link", rel=rel, href=href, type=FORMATS["rss"].media_type)
    _add(channel, "lastBuildDate", _rfc_822(feed.updated))
    _add(channel, "generator", _GENERATOR)
    image = SubElement(channel, "image")
    _add(image, "url", about.icon)
    _add(image, "title", about.title)
    _add(image, "link", about.page_url)
    for entry in feed.entries:
        _add_item(SubElement(channel, "item"), entry)
    return _text(root)


def _add_item(item: Element, entry: FeedEntry) -> None:
    _add(item, "title", entry.title)
    _add(item, "link", entry.url)
    _add(item, "guid", entry.id, isPermaLink="false")
    _add(item, "pubDate", _rfc_822(entry.published))
    _add(item, "atom:updated", instant(entry.updated))
    _add(item, "dc:creator", entry.author.name)
    _add(item, "description", entry.html)
    for tag in entry.tags:
        _add(item, "category", tag)
    for media in entry.media[:1]:  # more than one confuses readers
        _add(item, "enclosure", url=media.url, length=_UNKNOWN_SIZE, type=media.type)
    for media in entry.media:
        _add_media(item, media)


def _add_media(item: Element, media: FeedMedia) -> None:
    content = SubElement(
        item,
        "media:content",
        {"url": media.url, "type": media.type, "medium": media.medium},
    )
    if media.width and media.height:
        content.set("width", str(media.width))
        content.set("height", str(media.height))
    if media.duration_s is not None:
        content.set("duration", str(round(media.duration_s)))
    if media.description:
        _add(content, "media:description", media.description, type="plain")


def atom(feed: Feed) -> str:
    """Write Atom, with RFC 4685's replies."""
    about = feed.about
    root = Element(
        "feed",
        {"xmlns": _ATOM, "xmlns:thr": "http://purl.org/syndication/thread/1.0"},
    )
    _add(root, "id", feed.id)
    _add(root, "title", about.title)
    _add(root, "subtitle", about.description)
    _add(root, "updated", instant(feed.updated))
    if about.author is not None:
        _add_author(root, about.author)
    _add(root, "link", rel="alternate", href=about.page_url, type="text/html")
    for rel, href in _links(feed):
        _add(root, "link", rel=rel, href=href, type=FORMATS["atom"].media_type)
    _add(root, "icon", about.icon)
    _add(root, "generator", _GENERATOR)
    for entry in feed.entries:
        _add_entry(SubElement(root, "entry"), entry)
    return _text(root)


def _add_entry(element: Element, entry: FeedEntry) -> None:
    if entry.language:
        element.set("xml:lang", entry.language)
    _add(element, "id", entry.id)
    _add(element, "title", entry.title)
    _add(element, "published", instant(entry.published))
    _add(element, "updated", instant(entry.updated))
    _add_author(element, entry.author)
    _add(element, "link", rel="alternate", href=entry.url, type="text/html")
    if entry.in_reply_to is not None:
        ref, href = entry.in_reply_to
        _add(element, "thr:in-reply-to", ref=ref, href=href, type="text/html")
    for tag in entry.tags:
        _add(element, "category", term=tag)
    for media in entry.media:
        link = _add(element, "link", rel="enclosure", href=media.url, type=media.type)
        if media.description:
            link.set("title", media.description)
    _add(element, "content", entry.html, type="html")


def _add_author(element: Element, author: FeedAuthor) -> None:
    person = SubElement(element, "author")
    _add(person, "name", author.name)
    if author.url:
        _add(person, "uri", author.url)


def json_feed(feed: Feed) -> str:
    """Write JSON Feed 1.1."""
    about = feed.about
    written: dict[str, object] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": about.title,
        "description": about.description,
        "home_page_url": about.page_url,
        "feed_url": feed.first_url,
        "next_url": feed.next_url,
        "icon": about.icon,
        "authors": about.author and [_json_author(about.author)],
        "items": [_item(entry) for entry in feed.entries],
    }
    return to_text(_known(written))


def _item(entry: FeedEntry) -> dict[str, object]:
    """Return an entry; as the specification advises, a microblog has no titles."""
    return _known(
        {
            "id": entry.id,
            "url": entry.url,
            "title": entry.title if entry.has_title else None,
            "content_html": entry.html,
            "date_published": instant(entry.published),
            "date_modified": instant(entry.updated),
            "authors": [_json_author(entry.author)],
            "tags": list(entry.tags) or None,
            "language": entry.language,
            "attachments": [_attachment(each) for each in entry.media] or None,
        }
    )


def _json_author(author: FeedAuthor) -> dict[str, str]:
    known = {"name": author.name, "url": author.url, "avatar": author.avatar}
    return {key: value for key, value in known.items() if value}


def _attachment(media: FeedMedia) -> dict[str, object]:
    return _known(
        {
            "url": media.url,
            "mime_type": media.type,
            "title": media.description or None,
            "duration_in_seconds": media.duration_s,
        }
    )


def _known(written: Mapping[str, object]) -> dict[str, object]:
    """Leave out what there is not: JSON Feed knows no null."""
    return {key: value for key, value in written.items() if value is not None}


def _links(feed: Feed) -> Iterator[tuple[str, str]]:
    yield "self", feed.url
    yield "first", feed.first_url
    if feed.next_url is not None:
        yield "next", feed.next_url


def _add(parent: Element, tag: str, text: str = "", **attributes: str) -> Element:
    child = SubElement(parent, tag, attributes)
    if text:
        child.text = text
    return child


def _rfc_822(moment: dt.datetime) -> str:
    return formatdate(moment.timestamp(), usegmt=True)


def _text(root: Element) -> str:
    written = tostring(root, encoding="unicode")
    return '<?xml version="1.0" encoding="utf-8"?>\n' + _NOT_XML.sub("", written)


#: The formats by the ending of their addresses.
FORMATS: Mapping[str, FeedFormat] = {
    "rss": FeedFormat("application/rss+xml", rss),
    "atom": FeedFormat("application/atom+xml", atom),
    "json": FeedFormat("application/feed+json", json_feed),
}
