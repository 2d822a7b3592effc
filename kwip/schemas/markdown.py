"""Safe HTML from the Markdown of administrators: rendered, then cleaned by nh3.

Raw HTML in the text is shown as text, so nothing but what Markdown makes reaches the
second filter.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING

import nh3

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_TAGS = {
    *("p", "br", "hr", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote"),
    *("a", "em", "strong", "s", "code", "pre"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
_SCHEMES = {"http", "https", "mailto"}
#: A site has three texts; this leaves room for previews and for several sites in tests.
_REMEMBERED = 16


@cache
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt  # noqa: PLC0415 -- 4 MB in each process

    made = MarkdownIt("commonmark", {"html": False})
    return made.enable(["table", "strikethrough"])


@lru_cache(_REMEMBERED)
def page_html(text: str) -> str:
    """Return a text as HTML: headings, lists, tables, links and emphasis."""
    markdown = _markdown()
    tokens = markdown.parse(text)
    for token in tokens:
        # The first level is the title of the page.
        token.tag = "h2" if token.tag == "h1" else token.tag
    html = markdown.renderer.render(tokens, markdown.options, {})
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES,
        link_rel="noopener",
    )
