"""Invite somebody into a conversation: they get a notification that leads to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.domain.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
)
from kwip.domain.messages import lazy_gettext
from kwip.domain.posting.posts import Visibility
from kwip.domain.social.nudges import NudgeKind
from kwip.domain.timelines.visibility import may_see

if TYPE_CHECKING:
    from kwip.domain.accounts.users import User, Viewer
    from kwip.domain.ids import PostId
    from kwip.domain.posting.posts import Post
    from kwip.services.delivery.nudging import Nudging
    from kwip.services.posting.permissions import Permissions
    from kwip.services.reading.stores import Stores


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationInvites:
    """Invite people into conversations."""

    stores: Stores
    permissions: Permissions
    nudging: Nudging

    def invite(self, viewer: Viewer, post_id: PostId, username: str) -> User:
        """Notify a user of a post that the viewer and they may see; return the user.

        Once for each conversation, however many of its posts. Somebody who has muted
        the viewer, or the conversation, gets no notification, and the viewer does not
        learn that.

        Raises:
            NotFoundError: The post is not there for the viewer.
            GoneError: It was deleted.
            InvalidError: There is no such user, it is the viewer, or they can't see it.
            ForbiddenError: The post is for the people whom it mentions.
            ConflictError: The viewer has invited them already.
            RateLimitedError: The viewer has invited too many people today.
        """
        post = self.permissions.post(viewer.id, post_id)
        if post.visibility is Visibility.DIRECT:
            raise ForbiddenError(
                lazy_gettext("You can't invite people into a direct conversation."),
                rule="direct",
            )
        user = self._invited(viewer, username)
        self._require_visible(viewer, user, post)
        if not self.nudging.nudge(viewer.id, user.id, NudgeKind.INVITATION, post):
            raise ConflictError(
                lazy_gettext(
                    "You've already invited @%(name)s into this conversation.",
                    name=user.username,
                )
            )
        return user

    def _invited(self, viewer: Viewer, username: str) -> User:
        name = username.strip().removeprefix("@").lower()
        user_id = self.stores.users.ids_of([name]).get(name) if name else None
        user = self.stores.users.get_many([user_id]).get(user_id) if user_id else None
        if user is None or user.is_suspended:
            raise _wrong(lazy_gettext("There's nobody with this username."))
        if user.id == viewer.id:
            raise _wrong(lazy_gettext("Choose someone else."))
        return user

    def _require_visible(self, viewer: Viewer, user: User, post: Post) -> None:
        """Check that the user may see the post, and neither blocks the other."""
        theirs = self.stores.relationships.relations([user.id])[user.id]
        if theirs.has_block(viewer.id) or not may_see(user.id, theirs, post):
            raise _wrong(
                lazy_gettext("@%(name)s can't see this kwip.", name=user.username)
            )


def _wrong(says: str) -> InvalidError:
    return InvalidError(says, {"username": says})
