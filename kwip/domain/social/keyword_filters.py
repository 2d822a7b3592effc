"""Filters: words and posts that a viewer does not want to see, and where.

They are private to their owner. All of an owner's filters are one value, which is read
with the owner's relations.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from kwip.domain.errors import InvalidError, NotFoundError
from kwip.domain.messages import lazy_gettext

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kwip.domain.ids import PostId

#: They are read with every page, so there are limits for all filters of an owner.
MAX_FILTERS, MAX_KEYWORDS, MAX_FILTERED_POSTS = 50, 200, 200
MAX_TITLE, MAX_KEYWORD = 100, 100


class FilterContext(StrEnum):
    """Where a filter applies; home includes lists, public hashtags and search."""

    HOME = "home"
    NOTIFICATIONS = "notifications"
    PUBLIC = "public"
    THREAD = "thread"
    ACCOUNT = "account"


class FilterAction(StrEnum):
    """What happens to a post that matches: it is folded, or left out."""

    WARN = "warn"
    HIDE = "hide"


@dataclass(frozen=True, slots=True)
class Keyword:
    """A word or phrase; as a whole word it does not match inside of others."""

    id: int
    text: str
    is_whole_word: bool


@dataclass(frozen=True, slots=True)
class FilteredPost:
    """A single post that a filter matches."""

    id: int
    post_id: PostId


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """A filter; it ends at `expires_ms`, if ever."""

    id: int
    title: str
    contexts: tuple[FilterContext, ...]
    action: FilterAction = FilterAction.WARN
    expires_ms: int | None = None
    keywords: tuple[Keyword, ...] = ()
    posts: tuple[FilteredPost, ...] = ()

    def is_active(self, now_ms: int) -> bool:
        """Return whether it has not expired."""
        return self.expires_ms is None or now_ms < self.expires_ms


#: All filters of an owner, the oldest first.
FilterSet = tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class FilterMatch:
    """A filter that matches a post: by which keywords, and by which posts."""

    filter: Filter
    keywords: tuple[str, ...] = ()
    post_ids: tuple[PostId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Filtering:
    """How a page applies filters: those of its context, or all if that is unknown.

    A post that they hide is left out, unless it `keeps` it because the viewer asked for
    it, or the page `only_folds`.
    """

    context: FilterContext | None
    keeps: PostId | None = None
    only_folds: bool = False

    def folded_by(self, matches: Sequence[FilterMatch]) -> str:
        """Return the title of the first filter that applies here; else nothing."""
        titles = (m.filter.title for m in matches if self._has(m.filter))
        return next(titles, "")

    def hides(self, post_id: PostId, matches: Sequence[FilterMatch]) -> bool:
        """Return whether a post is left out."""
        if self.only_folds or post_id == self.keeps:
            return False
        return any(
            m.filter.action is FilterAction.HIDE and self._has(m.filter)
            for m in matches
        )

    def _has(self, each: Filter) -> bool:
        return self.context is None or self.context in each.contexts


@dataclass(frozen=True, slots=True, kw_only=True)
class KeywordChange:
    """A new keyword, or changes to the one with this id; None leaves a value."""

    id: int | None = None
    text: str | None = None
    is_whole_word: bool | None = None
    is_removed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterChange:
    """A new filter, or changes to one; None leaves a value.

    It expires `expires_in_s` from now, or never if `expires` and there is no number.
    """

    title: str | None = None
    contexts: tuple[FilterContext, ...] | None = None
    action: FilterAction | None = None
    expires: bool = False
    expires_in_s: int | None = None
    keywords: tuple[KeywordChange, ...] = ()


@dataclass(frozen=True, slots=True)
class FilterEditor:
    """Changes to an owner's filters; none is made if any part of it is refused.

    `next_id` gives ids to what is new.
    """

    next_id: Callable[[], int]
    now_ms: int

    def add(self, filters: FilterSet, change: FilterChange) -> tuple[FilterSet, Filter]:
        """Add a filter, and return it.

        Raises:
            InvalidError: There are too many, or something is missing or wrong.
        """
        if len(filters) >= MAX_FILTERS:
            says = lazy_gettext(
                "Delete one first. You can have up to %(limit)s filters.",
                limit=MAX_FILTERS,
            )
            raise InvalidError(says, {"title": says})
        empty = Filter(id=self.next_id(), title="", contexts=())
        return self._checked(filters, self._changed(empty, change))

    def change(
        self, filters: FilterSet, filter_id: int, change: FilterChange
    ) -> tuple[FilterSet, Filter]:
        """Change a filter, and return it.

        Raises:
            NotFoundError: There is no such filter, or no such keyword in it.
            InvalidError: Something is wrong.
        """
        changed = self._changed(require_filter(filters, filter_id), change)
        return self._checked(filters, changed)

    def add_post(
        self, filters: FilterSet, filter_id: int, post_id: PostId
    ) -> tuple[FilterSet, Filter]:
        """Add a post to a filter, which may have it already.

        Raises:
            NotFoundError: There is no such filter.
            InvalidError: There are too many.
        """
        found = require_filter(filters, filter_id)
        if any(each.post_id == post_id for each in found.posts):
            return filters, found
        new = FilteredPost(self.next_id(), post_id)
        return self._checked(filters, replace(found, posts=(*found.posts, new)))

    def remove_post(
        self, filters: FilterSet, filtered_id: int
    ) -> tuple[FilterSet, Filter]:
        """Remove a post from its filter.

        Raises:
            NotFoundError: No filter has it.
        """
        found, _ = require_filtered_post(filters, filtered_id)
        left = tuple(each for each in found.posts if each.id != filtered_id)
        return self._checked(filters, replace(found, posts=left))

    def _changed(self, old: Filter, change: FilterChange) -> Filter:
        title = old.title if change.title is None else change.title.strip()
        expires_ms = old.expires_ms
        if change.expires:
            seconds = change.expires_in_s
            expires_ms = None if seconds is None else self.now_ms + seconds * 1_000
        return replace(
            old,
            title=title,
            contexts=old.contexts if change.contexts is None else change.contexts,
            action=change.action or old.action,
            expires_ms=expires_ms,
            keywords=self._keywords(old.keywords, change.keywords),
        )

    def _keywords(
        self, old: Sequence[Keyword], changes: Sequence[KeywordChange]
    ) -> tuple[Keyword, ...]:
        kept = {each.id: each for each in old}
        for change in changes:
            if change.id is not None and change.id not in kept:
                raise NotFoundError(lazy_gettext("Keyword not found."), id=change.id)
            if change.is_removed:
                kept.pop(change.id or 0, None)
                continue
            known = kept.get(change.id or 0) or Keyword(
                self.next_id(), "", is_whole_word=False
            )
            text = known.text if change.text is None else change.text.strip()
            whole = change.is_whole_word
            is_whole = known.is_whole_word if whole is None else whole
            kept[known.id] = Keyword(known.id, text, is_whole)
        return tuple(kept.values())

    @staticmethod
    def _checked(filters: FilterSet, changed: Filter) -> tuple[FilterSet, Filter]:
        """Put a filter in its place if all of them are within the limits."""
        others = tuple(each for each in filters if each.id != changed.id)
        wrong = _wrong_fields(changed)
        for name, most, count in (
            ("keywords", MAX_KEYWORDS, sum(len(f.keywords) for f in others)),
            ("statuses", MAX_FILTERED_POSTS, sum(len(f.posts) for f in others)),
        ):
            own = changed.keywords if name == "keywords" else changed.posts
            if count + len(own) > most:
                wrong[name] = lazy_gettext(
                    "Your filters can have up to %(most)s in all.", most=most
                )
        if wrong:
            raise InvalidError(next(iter(wrong.values())), wrong)
        if len(others) == len(filters):
            return (*filters, changed), changed
        return tuple(changed if f.id == changed.id else f for f in filters), changed


def _wrong_fields(changed: Filter) -> dict[str, str]:
    wrong: dict[str, str] = {}
    if not changed.title:
        wrong["title"] = lazy_gettext("Give the filter a title.")
    elif len(changed.title) > MAX_TITLE:
        wrong["title"] = lazy_gettext("Up to %(limit)s characters.", limit=MAX_TITLE)
    if not changed.contexts:
        wrong["context"] = lazy_gettext("Choose at least one place.")
    if any(not each.text for each in changed.keywords):
        wrong["keywords"] = lazy_gettext("A keyword can't be empty.")
    elif any(len(each.text) > MAX_KEYWORD for each in changed.keywords):
        wrong["keywords"] = lazy_gettext(
            "A keyword can have up to %(limit)s characters.", limit=MAX_KEYWORD
        )
    return wrong


def require_filter(filters: FilterSet, filter_id: int) -> Filter:
    """Return one of an owner's filters.

    Raises:
        NotFoundError: There is no such filter.
    """
    for each in filters:
        if each.id == filter_id:
            return each
    raise NotFoundError(lazy_gettext("Filter not found."), id=filter_id)


def require_keyword(filters: FilterSet, keyword_id: int) -> tuple[Filter, Keyword]:
    """Return a keyword and its filter.

    Raises:
        NotFoundError: There is no such keyword.
    """
    for each in filters:
        for keyword in each.keywords:
            if keyword.id == keyword_id:
                return each, keyword
    raise NotFoundError(lazy_gettext("Keyword not found."), id=keyword_id)


def require_filtered_post(
    filters: FilterSet, filtered_id: int
) -> tuple[Filter, FilteredPost]:
    """Return a post of a filter, and the filter.

    Raises:
        NotFoundError: No filter has it.
    """
    for each in filters:
        for post in each.posts:
            if post.id == filtered_id:
                return each, post
    raise NotFoundError(lazy_gettext("No filter has this kwip."), id=filtered_id)
