"""Find people by the beginnings of their names, also with one typing error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.domain.names import is_close, misspelt, words_of
from kwip.domain.timelines.filters import is_limited
from kwip.domain.timelines.views import UserView
from kwip.services.reading.loader import Lookup

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwip.domain.accounts.users import User, Viewer
    from kwip.domain.ids import UserId
    from kwip.services.reading.entities import Entities
    from kwip.services.reading.loader import Loader
    from kwip.services.timelines.hydration import Hydration
    from kwip.store.accounts.people import PeopleStore

#: Users that are compared for one search, at most.
MAX_COMPARED = 200


@dataclass(frozen=True, slots=True)
class PeopleSearch:
    """People for one viewer: nobody who is suspended, nor whom a block hides.

    Users whom a silence hides are only found by their whole username.
    """

    entities: Entities
    hydration: Hydration
    store: PeopleStore

    def find(
        self,
        viewer: Viewer | None,
        loader: Loader,
        text: str,
        *,
        only_followed: bool = False,
    ) -> list[UserView]:
        """Find people: exact names first, then whom the viewer follows, then others.

        Every word must begin one of their names. Nearly the same words only count if
        nobody has these. Two or three queries, and one round trip.
        """
        words = words_of(text)
        if not words:
            return []
        loader.bypass()
        longest = max(words, key=len)
        ids = self.store.named([longest], MAX_COMPARED)
        ids += self.store.prefixed(longest, MAX_COMPARED)
        found = self._shown(viewer, loader, ids, words, only_followed=only_followed)
        exact = [view for view in found if _has_words(view.user, words)]
        if exact or not (close := misspelt(longest)):
            return sorted(exact, key=lambda view: _rank(view, words))
        ids = self.store.named(close, MAX_COMPARED)
        found = self._shown(viewer, loader, ids, words, only_followed=only_followed)
        near = [view for view in found if _has_nearly(view.user, words)]
        return sorted(near, key=lambda view: _rank(view, words))

    def _shown(
        self,
        viewer: Viewer | None,
        loader: Loader,
        ids: Sequence[UserId],
        words: Sequence[str],
        *,
        only_followed: bool,
    ) -> list[UserView]:
        viewer_id = None if viewer is None else viewer.id
        relations = self.hydration.relations(viewer, loader)
        wanted = [
            i
            for i in dict.fromkeys(ids)
            if not relations.has_block(i)
            and (i in relations.follows or not only_followed)
        ]
        users = loader.load(Lookup(self.entities.users, wanted))[0]
        found = [users[i] for i in wanted if i in users]
        return [
            UserView.of(user, viewer, relations)
            for user in found
            if not user.is_suspended
            and (user.username in words or not is_limited(viewer_id, relations, user))
        ]


def _names(user: User) -> list[str]:
    return words_of(f"{user.username} {user.display_name}")


def _has_words(user: User, words: Sequence[str]) -> bool:
    names = _names(user)
    return all(any(name.startswith(word) for name in names) for word in words)


def _has_nearly(user: User, words: Sequence[str]) -> bool:
    names = _names(user)
    return all(
        any(name.startswith(word) or is_close(name, word) for name in names)
        for word in words
    )


def _rank(view: UserView, words: Sequence[str]) -> tuple[bool, bool, bool, int]:
    is_followed = view.relationship is not None and view.relationship.is_following
    is_named = set(words) <= set(_names(view.user))
    is_username = view.user.username in words
    return not is_username, not is_followed, not is_named, -view.user.followers_count
