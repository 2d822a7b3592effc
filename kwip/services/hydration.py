"""Ids to views: posts and their authors, in one round trip, for one viewer.

What is not known to be allowed, or whose author is unknown, is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.domain.relationships import NO_RELATIONS, Relations
from kwip.domain.views import PostView
from kwip.domain.visibility import may_see
from kwip.services.reading import Want

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kwip.domain.ids import PostId, UserId
    from kwip.domain.posts import Post
    from kwip.domain.timelines import Entry
    from kwip.domain.users import User, Viewer
    from kwip.services.entities import Entities
    from kwip.services.reading import Reading


class Hydration:
    """Turn ids into what one viewer gets."""

    def __init__(self, entities: Entities):
        self._entities = entities

    def relations(self, viewer: Viewer | None, reading: Reading) -> Relations:
        """Read the viewer's relations; nobody signed in has none."""
        if viewer is None:
            return NO_RELATIONS
        return reading.fetch(Want(self._entities.relations, [viewer.id]))[0][viewer.id]

    def posts(
        self, viewer: Viewer | None, reading: Reading, entries: Sequence[Entry]
    ) -> dict[PostId, PostView]:
        """Hydrate entries; those that the viewer may not see are absent.

        One Redis round trip (cold: two, and two queries), however many there are.
        """
        people = {e.author_id for e in entries} | {e.reply_to_id for e in entries}
        posts, users = reading.fetch(
            Want(self._entities.posts, [e.post_id for e in entries]),
            Want(self._entities.users, sorted(people - {0})),
        )
        relations = self.relations(viewer, reading)
        return self.views(viewer, relations, posts.values(), users)

    def views(
        self,
        viewer: Viewer | None,
        relations: Relations,
        posts: Iterable[Post],
        users: Mapping[UserId, User],
    ) -> dict[PostId, PostView]:
        """Make views of those posts that the viewer may see."""
        viewer_id = None if viewer is None else viewer.id
        return {
            post.id: PostView(
                post=post,
                author=users[post.author_id],
                is_own=post.author_id == viewer_id,
                is_author_muted=post.author_id in relations.mutes,
                in_reply_to_username=_name_of(post.in_reply_to_author_id, users),
            )
            for post in posts
            if post.author_id in users and may_see(viewer_id, relations, post)
        }


def _name_of(user_id: UserId | None, users: Mapping[UserId, User]) -> str | None:
    found = None if user_id is None else users.get(user_id)
    return None if found is None else found.username
