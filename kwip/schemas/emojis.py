"""Custom emoji: as pictures in HTML, and as Mastodon's CustomEmoji beside texts.

In Mastodon's entities texts keep their `:codes:`, and apps insert the pictures.
"""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from markupsafe import Markup

from kwip.domain.media.emojis import PATTERN
from kwip.domain.posting.replies import without_name
from kwip.schemas.html import bio_html, post_html

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kwip.domain.accounts.users import User
    from kwip.domain.media.emojis import Emoji
    from kwip.domain.posting.posts import Post
    from kwip.schemas.urls import Urls

    #: A custom emoji as JSON.
    Json = dict[str, object]

#: Links and tags, which stay as they are, and short codes.
_PARTS = re.compile(rf"<a\b[^>]*>[^<]*</a>|<[^>]*>|{PATTERN}")
#: Where the page has no style of its own for them; with the width, it also says how
#: much room they need, so that nothing moves while they load.
_HEIGHT = 20


def emoji_json(emoji: Emoji, urls: Urls) -> Json:
    """Write an emoji as Mastodon's CustomEmoji."""
    return {
        "shortcode": emoji.shortcode,
        "url": urls.emoji(emoji),
        "static_url": urls.emoji(emoji, is_still=True),
        "visible_in_picker": True,
        "category": emoji.category or None,
    }


def emojis_of_post(post: Post, urls: Urls) -> list[Json]:
    """Write the emoji in a post's text, warning and poll."""
    if not urls.emojis():
        return []
    titles = () if post.poll is None else (each.title for each in post.poll.options)
    found = urls.emojis().used_in(post.warning, *titles)
    if _has_any(post.text, urls):
        found |= _in_html(post_html(post, urls), urls)
    return _all(found.values(), urls)


def emojis_of_user(user: User, urls: Urls) -> list[Json]:
    """Write the emoji in a user's name, bio and profile fields."""
    if not urls.emojis():
        return []
    found = urls.emojis().used_in(user.name, *(line.name for line in user.fields))
    for text in (user.bio, *(line.value for line in user.fields)):
        if _has_any(text, urls):
            found |= _in_html(bio_html(text, urls), urls)
    return _all(found.values(), urls)


def emojis_of_texts(urls: Urls, *texts: str) -> list[Json]:
    """Write the emoji in plain texts."""
    return _all(urls.emojis().used_in(*texts).values(), urls)


def shown(html: str, urls: Urls) -> str:
    """Replace the short codes in safe HTML by pictures, but not within links."""
    if ":" not in html:
        return html
    emojis = urls.emojis()
    if not emojis:
        return html

    def replaced(match: re.Match[str]) -> str:
        emoji = emojis.by_code.get(match[1] or "")
        return match[0] if emoji is None else _picture(emoji, urls)

    return _PARTS.sub(replaced, html)


def plain_markup(text: str, urls: Urls) -> Markup:
    """Return a plain text with pictures for a template: the filter `emojis`."""
    return Markup(shown(escape(text), urls))  # noqa: S704 - escaped


def post_markup(post: Post, urls: Urls) -> Markup:
    """Return a post's HTML with pictures for a template: the filter `post_html`.

    Pages say above a reply to whom it is.
    """
    return Markup(post_shown(without_name(post), urls))  # noqa: S704 - cleaned by nh3


def bio_markup(text: str, urls: Urls) -> Markup:
    """Return a bio's HTML with pictures for a template: the filter `bio_html`."""
    return Markup(bio_shown(text, urls))  # noqa: S704 - cleaned by nh3


def post_shown(post: Post, urls: Urls) -> str:
    """Return a post's HTML with pictures."""
    html = post_html(post, urls)
    return shown(html, urls) if _has_any(post.text, urls) else html


def bio_shown(text: str, urls: Urls) -> str:
    """Return a bio's HTML with pictures."""
    html = bio_html(text, urls)
    return shown(html, urls) if _has_any(text, urls) else html


def _has_any(text: str, urls: Urls) -> bool:
    """Return whether a text has a known short code, if only in an address.

    Takes a tenth of the time of searching its HTML.
    """
    return ":" in text and bool(urls.emojis().used_in(text))


def _in_html(html: str, urls: Urls) -> dict[str, Emoji]:
    known = urls.emojis().by_code
    codes = (match[1] for match in _PARTS.finditer(html))
    return {code: known[code] for code in codes if code in known}


def _all(emojis: Iterable[Emoji], urls: Urls) -> list[Json]:
    return [emoji_json(each, urls) for each in emojis]


def _picture(emoji: Emoji, urls: Urls) -> str:
    code, width = f":{emoji.shortcode}:", round(_HEIGHT * emoji.width / emoji.height)
    picture = (
        f'<img class="emoji" src="{escape(urls.emoji(emoji))}" alt="{code}"'
        f' title="{code}" width="{width}" height="{_HEIGHT}" loading="lazy">'
    )
    if not emoji.is_animated:
        return picture
    still = escape(urls.emoji(emoji, is_still=True))
    return (
        f'<picture><source srcset="{still}" media="(prefers-reduced-motion: reduce)">'
        f"{picture}</picture>"
    )
