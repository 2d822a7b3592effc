"""A user's page: who it is, what the viewer is to them, and what they published."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.services.entities import Slice
from kwip.services.reading import Want

if TYPE_CHECKING:
    from kwip.domain.pages import Page, PageRequest
    from kwip.domain.users import Viewer
    from kwip.domain.views import PostView, UserView
    from kwip.services.entities import Entities
    from kwip.services.reading import Reading
    from kwip.services.timelines import Timelines
    from kwip.services.users import Users


class Profiles:
    """Read a whole profile within the budget of one timeline."""

    def __init__(self, entities: Entities, users: Users, timelines: Timelines):
        self._entities = entities
        self._users = users
        self._timelines = timelines

    def profile(
        self,
        viewer: Viewer | None,
        reading: Reading,
        username: str,
        page: PageRequest,
        *,
        with_replies: bool = True,
    ) -> tuple[UserView, Page[PostView]]:
        """Read a user by handle, with a page of their posts. Warm: 3 round trips.

        Raises:
            NotFoundError: There is no such user.
        """
        user_id = self._users.id_of(reading, username)
        sides = [] if viewer is None else [viewer.id, user_id]
        # All at once, so that the two reads below find it there.
        reading.fetch(
            Want(self._entities.users, [user_id]),
            Want(self._entities.relations, sides),
            Want(
                self._entities.user_timelines,
                [Slice.first(user_id, page)],
            ),
        )
        user = self._users.by_id(viewer, reading, user_id)
        posts = self._timelines.user(
            viewer, reading, user_id, page, with_replies=with_replies
        )
        return user, posts
