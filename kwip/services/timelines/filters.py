"""A viewer's filters: kept, changed, and read with the viewer's relations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from kwip.cache import invalidation_rules
from kwip.domain.errors import ConflictError, InvalidError
from kwip.domain.ids import slot_of
from kwip.domain.messages import lazy_gettext
from kwip.domain.social.keyword_filters import (
    FilterChange,
    FilterEditor,
    KeywordChange,
    require_filter,
    require_keyword,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from kwip.domain.accounts.users import Viewer
    from kwip.domain.clock import ClockMs
    from kwip.domain.ids import IdGenerator, PostId
    from kwip.domain.social.keyword_filters import Filter, FilterSet, Keyword
    from kwip.services.coherence.fence import Fence
    from kwip.services.reading.loader import Loader, Loaders
    from kwip.services.timelines.hydration import Hydration
    from kwip.services.timelines.threads import Threads
    from kwip.store.timelines.filters import FilterStore

T = TypeVar("T")

#: How often a change is tried again because another one came first.
_ATTEMPTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """The filters of each viewer, which nobody else sees.

    Every change invalidates the viewer's relations, and with them all cached pages that
    were made for the viewer.
    """

    store: FilterStore
    hydration: Hydration
    threads: Threads
    loaders: Loaders
    fence: Fence
    ids: IdGenerator
    clock: ClockMs

    def overview(self, viewer: Viewer, loader: Loader) -> FilterSet:
        """Return the viewer's filters, the oldest first."""
        return self.hydration.relations(viewer, loader).filters

    def create(self, viewer: Viewer, change: FilterChange) -> Filter:
        """Create a filter.

        Raises:
            InvalidError: There are too many, or something is missing or wrong.
        """
        return self._edit(viewer, lambda editor, own: editor.add(own, change))

    def change(self, viewer: Viewer, filter_id: int, change: FilterChange) -> Filter:
        """Change a filter.

        Raises:
            NotFoundError: The viewer has no such filter, or it no such keyword.
            InvalidError: Something is wrong.
        """
        return self._edit(
            viewer, lambda editor, own: editor.change(own, filter_id, change)
        )

    def delete(self, viewer: Viewer, filter_id: int) -> None:
        """Delete a filter.

        Raises:
            NotFoundError: The viewer has no such filter.
        """

        def without(_: FilterEditor, own: FilterSet) -> tuple[FilterSet, None]:
            gone = require_filter(own, filter_id)
            return tuple(each for each in own if each is not gone), None

        self._edit(viewer, without)

    def add_keyword(
        self, viewer: Viewer, filter_id: int, change: KeywordChange
    ) -> Keyword:
        """Add a keyword to a filter.

        Raises:
            NotFoundError: The viewer has no such filter.
            InvalidError: It is empty or too long, or there are too many.
        """
        changed = self.change(viewer, filter_id, FilterChange(keywords=(change,)))
        return changed.keywords[-1]

    def change_keyword(
        self,
        viewer: Viewer,
        change: KeywordChange,
        others: FilterChange | None = None,
    ) -> tuple[Filter, Keyword | None]:
        """Change or remove a keyword by its id, and `others` of its filter.

        These may not change if the filter has other keywords, too. Returns the filter,
        and the keyword unless it was removed.

        Raises:
            NotFoundError: The viewer has no such keyword.
            InvalidError: Something is wrong, or belongs to other keywords, too.
        """
        keyword_id = change.id or 0

        def act(
            editor: FilterEditor, own: FilterSet
        ) -> tuple[FilterSet, tuple[Filter, Keyword | None]]:
            before, _ = require_keyword(own, keyword_id)
            if others is not None and len(before.keywords) > 1:
                _require_same(before, others, editor.now_ms)
            own, after = editor.change(own, before.id, FilterChange(keywords=(change,)))
            if others is not None:
                own, after = editor.change(own, before.id, others)
            keyword = next((k for k in after.keywords if k.id == keyword_id), None)
            return own, (after, keyword)

        return self._edit(viewer, act)

    def remove_with_keyword(self, viewer: Viewer, keyword_id: int) -> None:
        """Remove a keyword, and its filter if nothing is left in it.

        Raises:
            NotFoundError: The viewer has no such keyword.
        """

        def act(editor: FilterEditor, own: FilterSet) -> tuple[FilterSet, None]:
            found, _ = require_keyword(own, keyword_id)
            change = KeywordChange(id=keyword_id, is_removed=True)
            own, left = editor.change(own, found.id, FilterChange(keywords=(change,)))
            if left.keywords or left.posts:
                return own, None
            return tuple(each for each in own if each.id != left.id), None

        self._edit(viewer, act)

    def add_post(self, viewer: Viewer, filter_id: int, post_id: PostId) -> Filter:
        """Add a post to a filter; the filter then matches it.

        Raises:
            NotFoundError: The viewer has no such filter, or may not see the post.
            GoneError: The post was deleted.
            InvalidError: There are too many.
        """
        post = self.threads.post(viewer, self.loaders.begin(viewer.id), post_id)
        subject_id = post.repost_of_id or post.id
        return self._edit(
            viewer, lambda editor, own: editor.add_post(own, filter_id, subject_id)
        )

    def remove_post(self, viewer: Viewer, filtered_id: int) -> Filter:
        """Remove a post from its filter, by the id that it has there.

        Raises:
            NotFoundError: No filter of the viewer has it.
        """
        return self._edit(
            viewer, lambda editor, own: editor.remove_post(own, filtered_id)
        )

    def _edit(
        self,
        viewer: Viewer,
        act: Callable[[FilterEditor, FilterSet], tuple[FilterSet, T]],
    ) -> T:
        """Change the viewer's filters as they are now; safe beside other changes."""
        slot = slot_of(viewer.id)
        editor = FilterEditor(lambda: self.ids.next_id(slot), self.clock())
        for _ in range(_ATTEMPTS):
            stored = self.store.find(viewer.id)
            filters, result = act(editor, stored.filters)
            if self.store.replace(viewer.id, filters, stored.version):
                self.fence.invalidate(
                    invalidation_rules.change_filters(user_id=viewer.id)
                )
                return result
        raise ConflictError(
            lazy_gettext("Your filters are changing elsewhere. Try again.")
        )


def _require_same(before: Filter, others: FilterChange, now_ms: int) -> None:
    """Refuse to change what all keywords of a filter share, by one of them."""
    is_other = (
        others.contexts not in (None, before.contexts)
        or others.action not in (None, before.action)
        or (others.expires and others.expires_in_s != _seconds_left(before, now_ms))
    )
    if is_other:
        says = lazy_gettext(
            "This filter has several keywords. Change it in your settings."
        )
        raise InvalidError(says, {"phrase": says})


def _seconds_left(before: Filter, now_ms: int) -> int | None:
    if before.expires_ms is None:
        return None
    return (before.expires_ms - now_ms) // 1_000
