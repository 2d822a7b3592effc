"""Encode and decode the filters in a viewer's relations, as lists for JSON."""

from __future__ import annotations

from typing import Any

from kwip.domain.social.keyword_filters import (
    Filter,
    FilterAction,
    FilterContext,
    FilteredPost,
    Keyword,
)


def pack(each: Filter) -> list[Any]:
    """Pack a filter as a list."""
    return [
        each.id,
        each.title,
        each.contexts,
        each.action,
        each.expires_ms,
        [[x.id, x.text, x.is_whole_word] for x in each.keywords],
        [[x.id, x.post_id] for x in each.posts],
    ]


def unpack(packed: list[Any]) -> Filter:
    """Unpack a filter."""
    filter_id, title, contexts, action, expires_ms, keywords, posts = packed
    return Filter(
        id=filter_id,
        title=title,
        contexts=tuple(map(FilterContext, contexts)),
        action=FilterAction(action),
        expires_ms=expires_ms,
        keywords=tuple(Keyword(*x) for x in keywords),
        posts=tuple(FilteredPost(*x) for x in posts),
    )
