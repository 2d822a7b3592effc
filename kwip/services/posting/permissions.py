"""Check what a viewer may act on, in MongoDB and never in the cache."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from kwip.domain.errors import ForbiddenError, GoneError, NotFoundError
from kwip.domain.messages import Message, lazy_gettext
from kwip.domain.posting.posts import ReplyPolicy
from kwip.domain.posting.replies import may_reply
from kwip.domain.timelines.visibility import may_see

if TYPE_CHECKING:
    from kwip.domain.ids import PostId, UserId
    from kwip.domain.posting.posts import Post
    from kwip.services.reading.stores import Stores

_REFUSALS = {
    ReplyPolicy.FOLLOWERS: lazy_gettext(
        "Only followers of the person who began this conversation can reply."
    ),
    ReplyPolicy.MENTIONED: lazy_gettext(
        "Only people mentioned in the first kwip of this conversation can reply."
    ),
}


class Lacks(NamedTuple):
    """What to say of a post that was deleted, or is not there for somebody."""

    deleted: Message
    unknown: Message


THIS = Lacks(
    lazy_gettext("This kwip was deleted."), lazy_gettext("This kwip was not found.")
)
PARENT = Lacks(
    lazy_gettext("The kwip you're replying to was deleted."),
    lazy_gettext("The kwip you're replying to was not found."),
)
QUOTED = Lacks(
    lazy_gettext("The kwip you're quoting was deleted."),
    lazy_gettext("The kwip you're quoting was not found."),
)


@dataclass(frozen=True, slots=True)
class Permissions:
    """Find posts for a write."""

    stores: Stores

    def post(
        self,
        viewer_id: UserId,
        post_id: PostId,
        *,
        lacks: Lacks = THIS,
    ) -> Post:
        """Find a post that a viewer may see; for a repost, the original. Five queries.

        `lacks` has the messages of the errors.

        Raises:
            NotFoundError: There is none, or none for this viewer.
            GoneError: It was deleted, and had been visible to everyone.
        """
        post = self.stores.posts.get_many([post_id]).get(post_id)
        if post is not None and post.repost_of_id and not post.is_tombstone:
            return self.post(viewer_id, post.repost_of_id, lacks=lacks)
        if post is not None and post.is_tombstone and post.visibility.is_open:
            raise GoneError(lacks.deleted, post_id=post_id)
        if post is None or not self._shows(viewer_id, post):
            raise NotFoundError(lacks.unknown, post_id=post_id)
        return post

    def parent(self, viewer_id: UserId, post_id: PostId) -> Post:
        """Find a post that a viewer wants to reply to.

        Five queries, and one for the post that began its conversation.

        Raises:
            NotFoundError: There is none, or none for this viewer.
            GoneError: It was deleted, and had been visible to everyone.
            ForbiddenError: Whoever began the conversation does not let this one reply.
        """
        parent = self.post(viewer_id, post_id, lacks=PARENT)
        root: Post | None = parent
        if parent.root_id != parent.id:
            root = self.stores.posts.get_many([parent.root_id]).get(parent.root_id)
        if root is None or root.reply_policy is ReplyPolicy.PUBLIC:
            return parent
        relations = self.stores.relationships.relations([viewer_id])[viewer_id]
        is_follower = root.author_id in relations.follows
        if not may_reply(viewer_id, root, is_follower=is_follower):
            raise ForbiddenError(
                _REFUSALS[root.reply_policy], post_id=post_id, rule="reply_policy"
            )
        return parent

    def original(self, post_id: PostId) -> Post:
        """Find a post, or a repost's original, for any viewer.

        Used to undo an action, which needs no permission: the post may have been
        deleted, or hidden from a viewer who could see it before.

        Raises:
            NotFoundError: There is none.
        """
        post = self.stores.posts.get_many([post_id]).get(post_id)
        if post is None:
            raise NotFoundError(THIS.unknown, post_id=post_id)
        if post.repost_of_id is not None:
            return self.original(post.repost_of_id)
        return post

    def own(self, viewer_id: UserId, post_id: PostId) -> Post:
        """Find a post that its author wants to change.

        Raises:
            NotFoundError: There is none for this viewer.
            GoneError: It was deleted.
            ForbiddenError: The viewer is not its author.
        """
        post = self.stores.posts.get_many([post_id]).get(post_id)
        if post is not None and post.author_id == viewer_id:
            if post.is_tombstone:
                raise GoneError(THIS.deleted, post_id=post_id)
            return post
        self.post(viewer_id, post_id)
        raise ForbiddenError(
            lazy_gettext("Only the author can do that."), post_id=post_id, rule="author"
        )

    def _shows(self, viewer_id: UserId, post: Post) -> bool:
        relations = self.stores.relationships.relations([viewer_id])[viewer_id]
        author = self.stores.users.get_many([post.author_id]).get(post.author_id)
        is_there = author is not None and not author.is_suspended
        return is_there and may_see(viewer_id, relations, post)
