"""Match posts against a viewer's filters, in any script and letter case.

A word is what the boundaries of `kwip.text.scripts` say. Both sides are folded, and
each word is put between two marks, so that a whole word is found like any other text:
each keyword is one substring search, with nothing to backtrack into.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

import regex

from kwip.domain.social.keyword_filters import FilterMatch
from kwip.text.scripts import SPACED

if TYPE_CHECKING:
    from kwip.domain.posting.posts import Post
    from kwip.domain.social.keyword_filters import Filter, FilterSet

#: How phones write an apostrophe.
_APOSTROPHES = {0x2019: "'"}
#: Owners whose compiled filters a process remembers: at most some 60 kB each.
_MOST_COMPILED = 128
_MARK = "\x00"
_IGNORABLE = regex.compile(r"\p{Default_Ignorable_Code_Point}+")
_WORD = regex.compile(rf"({SPACED}++)", regex.V1)
#: The same for texts of ASCII, which takes less time.
_ASCII_WORD = re.compile(r"(\w+)", re.ASCII)


class Matcher:
    """The filters of one viewer, ready to be matched."""

    def __init__(self, filters: FilterSet):
        self._filters = [(each, _compiled(each)) for each in filters]

    def matches(self, post: Post, now_ms: int) -> tuple[FilterMatch, ...]:
        """Return the filters that match a post now.

        The time is that of folding the post's words, and for each keyword at most their
        number times the length of the keyword.
        """
        text = ""
        found = []
        for each, keywords in self._filters:
            if not each.is_active(now_ms):
                continue
            if keywords and not text:
                text = _searchable(post)
            said = tuple(name for name, sought in keywords if sought in text)
            posts = tuple(x.post_id for x in each.posts if x.post_id == post.id)
            if said or posts:
                found.append(FilterMatch(each, said, posts))
        return tuple(found)


@lru_cache(maxsize=_MOST_COMPILED)
def matcher_of(filters: FilterSet) -> Matcher:
    """Return the matcher of these filters, compiled once as long as they stay."""
    return Matcher(filters)


def _compiled(each: Filter) -> tuple[tuple[str, str], ...]:
    """Return each keyword with what is searched for; some fold to nothing."""
    sought = {k.text: _sought(k.text, is_whole=k.is_whole_word) for k in each.keywords}
    return tuple((text, folded) for text, folded in sought.items() if folded)


def _sought(keyword: str, *, is_whole: bool) -> str:
    marked = _marked(_folded(keyword))
    if is_whole or not marked:
        return marked
    # Inside of words it may begin and end anywhere.
    return marked.removeprefix(_MARK).removesuffix(_MARK)


def _searchable(post: Post) -> str:
    """Return all that a post says: a line of each, so that nothing spans two."""
    parts = [post.warning, post.text]
    parts += [each.description for each in post.media]
    parts += [f"#{each.name}" for each in post.hashtags]
    if post.poll is not None:
        parts += [option.title for option in post.poll.options]
    return "\n".join(_marked(_folded(part)) for part in parts if part)


def _marked(folded: str) -> str:
    words = _ASCII_WORD if folded.isascii() else _WORD
    # Split with its separators, so that there is a mark on both sides of each word.
    return _MARK.join(words.split(folded))


def _folded(text: str) -> str:
    if text.isascii():
        plain = text.lower()
    else:
        # Decomposed first, or a Greek iota below a vowel would be folded wrongly.
        apart = unicodedata.normalize("NFKD", _IGNORABLE.sub("", text))
        folded = unicodedata.normalize("NFKC", apart.casefold())
        plain = folded.translate(_APOSTROPHES)
    return " ".join(plain.split())
