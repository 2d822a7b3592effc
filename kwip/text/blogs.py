"""Feeds of blogs: RSS, Atom and JSON Feed, read into entries and texts of kwips.

Nothing that is found is trusted: texts become plain text, and only http and https
addresses are used. Reading is for a child process; it may take long for what was made
to break it.
"""

from __future__ import annotations

import calendar
import datetime as dt
import io
import json
from hashlib import blake2b
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from kwip.domain.posting.blogs import MAX_ENTRIES, BlogEntry
from kwip.text.cleaning import count_chars
from kwip.text.web_pages import cleaned

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: Of a title, before it is cut to fit into a kwip; and the longest address.
TITLE_CHARS, URL_CHARS = 500, 2_000
_MOST_CHARS = 4_000
_KEY_BYTES = 12
_FEEDS = (
    "application/rss+xml",
    "application/atom+xml",
    "application/feed+json",
    "application/json",
)


def read_feed(content: bytes, *, media_type: str, url: str) -> dict[str, Any]:
    """Read a feed: its `title`, and its `entries` as fields of a `BlogEntry`.

    A web page has none; its feed is at `alternate`, if it names one. What is no feed
    has neither. Feeds are parsed however they are broken.
    """
    if "json" in media_type or content.lstrip()[:1] == b"{":
        return _read_json(content, url)
    import feedparser  # noqa: PLC0415 -- only the child process needs it

    found = feedparser.parse(
        io.BytesIO(content),
        response_headers={"content-type": media_type, "content-location": url},
    )
    if not found.version:
        links = found.feed.get("links", [])
        return {"title": "", "entries": [], "alternate": _alternate(links, url)}
    entries = (_entry(each, url) for each in found.entries[:MAX_ENTRIES])
    return {
        "title": _plain(found.feed.get("title")),
        "entries": [each for each in entries if each is not None],
        "alternate": "",
    }


def entries_of(answer: Mapping[str, Any]) -> list[BlogEntry]:
    """Return the entries that a child has read, once each, in the order of the feed."""
    entries = dict[str, BlogEntry]()
    for each in answer["entries"][:MAX_ENTRIES]:
        entry = BlogEntry(
            key=str(each["key"])[: 2 * _KEY_BYTES],
            title=str(each["title"]),
            url=str(each["url"]),
            written_ms=max(0, int(each["written_ms"])),
        )
        entries.setdefault(entry.key, entry)
    return list(entries.values())


def kwip_text(entry: BlogEntry, *, max_chars: int) -> str:
    """Return an entry as a kwip: its title, cut to fit, and its link; or "".

    It is empty if the entry has neither, or if the link alone is too long.
    """
    url = entry.url if _is_web(entry.url) else ""
    room = max_chars - (count_chars(url) + 1 if url else 0)
    if room < 0:
        return ""
    title = cleaned(entry.title, max_chars=min(room, TITLE_CHARS)) if room else ""
    return "\n".join(part for part in (title, url) if part)


def _entry(found: Any, base: str) -> dict[str, Any] | None:
    title = found.get("title_detail") or found.get("summary_detail") or {}
    link = _web(base, found.get("link"))
    guid = str(found.get("id") or "") or link
    if not guid:
        return None
    at = found.get("published_parsed") or found.get("updated_parsed")
    return {
        "key": _key(guid),
        "title": _plain(title.get("value")),
        "url": link or (guid if _is_web(guid) else ""),
        "written_ms": _ms(calendar.timegm(at)) if at else 0,
    }


def _read_json(content: bytes, base: str) -> dict[str, Any]:
    try:
        said = json.loads(content)
    except (ValueError, RecursionError):
        said = None
    items = said.get("items") if isinstance(said, dict) else None
    if not isinstance(items, list):
        return {"title": "", "entries": [], "alternate": ""}
    return {
        "title": _plain(said.get("title")),
        "entries": list(_json_entries(items[:MAX_ENTRIES], base)),
        "alternate": "",
    }


def _json_entries(items: list[Any], base: str) -> Iterator[dict[str, Any]]:
    for item in items:
        if not isinstance(item, dict):
            continue
        link = _web(base, item.get("url")) or _web(base, item.get("external_url"))
        guid = str(item.get("id") or "") or link
        texts = (item.get(k) for k in ("title", "content_text", "content_html"))
        if guid:
            yield {
                "key": _key(guid),
                "title": next(filter(None, map(_plain, texts)), ""),
                "url": link,
                "written_ms": _moment(item.get("date_published")),
            }


def _moment(said: object) -> int:
    try:
        moment = dt.datetime.fromisoformat(str(said))
    except ValueError:
        return 0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    try:
        return _ms(moment.timestamp())
    except (OverflowError, ValueError):
        return 0


def _ms(seconds: float) -> int:
    return max(0, round(seconds * 1_000))


def _key(guid: str) -> str:
    encoded = guid.encode("utf-8", "surrogatepass")
    return blake2b(encoded, digest_size=_KEY_BYTES).hexdigest()


def _plain(html: object) -> str:
    """Return the text of what may be HTML, without scripts and styles."""
    if not isinstance(html, str):
        return ""
    written = html[:_MOST_CHARS]
    if "<" not in written and "&" not in written:
        return written
    from selectolax.lexbor import LexborHTMLParser  # noqa: PLC0415 -- as above

    tree = LexborHTMLParser(written)
    tree.strip_tags(["script", "style"])
    return tree.body.text(separator=" ") if tree.body else ""


def _alternate(links: list[Any], base: str) -> str:
    for link in links:
        kind = str(link.get("type") or "").strip().lower()
        if link.get("rel") == "alternate" and kind in _FEEDS:
            return _web(base, link.get("href"))
    return ""


def _web(base: str, found: object) -> str:
    """Return an absolute http(s) address, or ""."""
    if not isinstance(found, str) or not found.strip():
        return ""
    try:
        url = urljoin(base, found.strip())
    except ValueError:
        return ""
    return url if _is_web(url) else ""


def _is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
        is_web = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        return False
    is_clean = all(c.isprintable() and c not in ' <>"' for c in url)
    return is_web and is_clean and len(url) <= URL_CHARS
