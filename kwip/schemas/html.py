"""Safe HTML from users' texts: built from text and entities, then cleaned by nh3.

Nothing that a user wrote reaches a page unescaped, and the result passes a second
filter that allows only paragraphs, line breaks and http(s) links.
"""

from __future__ import annotations

import re
from html import escape
from sys import getsizeof
from typing import TYPE_CHECKING

import nh3

from kwip.domain.ids import NOBODY
from kwip.domain.memo import Remembered
from kwip.domain.text import Hashtag, Link, Mention
from kwip.text.links import shown_link
from kwip.text.parsing import parse

if TYPE_CHECKING:
    from kwip.domain.posting.posts import Post
    from kwip.schemas.urls import Urls

    _Entity = Link | Mention | Hashtag
    _Source = tuple[str, tuple[_Entity, ...], Urls]

_REL = "nofollow noopener ugc"
_PARAGRAPHS = re.compile(r"\n{2,}")
_TAGS = {"p", "br", "a"}
_ATTRIBUTES = {"a": {"href", "class"}}
_SCHEMES = {"http", "https"}
#: Memory of a process for the HTML of posts, and of bios.
POSTS_BYTES, BIOS_BYTES = 1_000_000, 500_000
#: The size of an entity of a text, and of a text besides its letters.
_ENTITY_BYTES, _TEXT_BYTES = 300, 400
# HTML is a pure function of these, and most of the cost of a page.
_posts = Remembered["_Source", str](POSTS_BYTES)
_bios = Remembered["_Source", str](BIOS_BYTES)


def post_html(post: Post, urls: Urls) -> str:
    """Return a post's text as paragraphs with its links, mentions and hashtags."""
    entities: tuple[_Entity, ...] = (*post.links, *post.mentions, *post.hashtags)
    source = (post.text, entities, urls)
    known = _posts.get(source)
    if known is None:
        known = _render(*source)
        _posts.put(source, known, _weight(post.text, entities, known))
    return known


def bio_html(text: str, urls: Urls) -> str:
    """Return a user's bio as HTML: paragraphs, links, mentions and hashtags.

    A mention links to the page of that name, whether or not anybody has it: a bio is
    shown far more often than somebody could be looked up.
    """
    # Bios are not parsed when they are written, and every view of a user has one.
    source: _Source = (text, (), urls)
    known = _bios.get(source)
    if known is None:
        found = parse(text, host=urls.host)
        names = (Mention(n.start, n.end, NOBODY, n.username) for n in found.names)
        known = _render(text, (*found.links, *names, *found.hashtags), urls)
        _bios.put(source, known, _weight(text, (), known))
    return known


def line_html(text: str, urls: Urls) -> str:
    """Return the value of a profile field: as a bio, but without a paragraph."""
    return bio_html(text, urls).removeprefix("<p>").removesuffix("</p>")


def plain_html(text: str, urls: Urls) -> str:
    """Return a text as paragraphs, without links."""
    return _render(text, (), urls)


def _weight(text: str, entities: tuple[_Entity, ...], html: str) -> int:
    letters = getsizeof(text) + getsizeof(html)
    return _TEXT_BYTES + letters + _ENTITY_BYTES * len(entities)


def _render(text: str, entities: tuple[_Entity, ...], urls: Urls) -> str:
    if not text:
        return ""
    parts, at = [], 0
    for entity in sorted(entities, key=lambda e: e.start):
        # Entities come from documents: overlapping or impossible ones stay plain text.
        if at <= entity.start < entity.end <= len(text):
            parts.append(escape(text[at : entity.start]))
            parts.append(_anchor(text[entity.start : entity.end], entity, urls))
            at = entity.end
    parts.append(escape(text[at:]))
    paragraphs = _PARAGRAPHS.split("".join(parts))
    html = "".join(f"<p>{p.replace(chr(10), '<br>')}</p>" for p in paragraphs if p)
    return nh3.clean(
        html, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes=_SCHEMES, link_rel=_REL
    )


def _anchor(shown: str, entity: _Entity, urls: Urls) -> str:
    if isinstance(entity, Link):
        href, css, shown = entity.url, "", shown_link(shown, entity.url)
    elif isinstance(entity, Hashtag):
        href, css = urls.tag(entity.name), ' class="mention hashtag"'
    else:
        href, css = urls.user(entity.username), ' class="u-url mention"'
    return f'<a href="{escape(href)}"{css}>{escape(shown)}</a>'
