"""Who may see a post. Fails closed: what is not explicitly allowed is hidden.

Mutes are not checked here, because they only affect timelines: what one shows is
decided in `kwip.domain.timelines.filters`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.domain.errors import GoneError, NotFoundError
from kwip.domain.messages import lazy_gettext
from kwip.domain.posting.posts import Visibility

if TYPE_CHECKING:
    from kwip.domain.accounts.users import User
    from kwip.domain.ids import UserId
    from kwip.domain.posting.posts import Post
    from kwip.domain.social.relationships import Relations


def may_see(viewer_id: UserId | None, relations: Relations, post: Post) -> bool:
    """Return whether a viewer (None: nobody signed in) may see a post.

    Authors see their own; a block in either direction hides; otherwise the post's
    visibility decides. People mentioned in a post may always see it.
    """
    if post.is_tombstone:
        return False
    if viewer_id is None:
        return post.visibility.is_open
    if viewer_id == post.author_id:
        return True
    if relations.has_block(post.author_id):
        return False
    if post.visibility.is_open or viewer_id in post.mentioned_ids:
        return True
    follows = post.author_id in relations.follows
    return post.visibility is Visibility.FOLLOWERS and follows


def require_shown(user_id: UserId, user: User | None) -> User:
    """Return a user who may be shown to anybody.

    Raises:
        NotFoundError: There is no such user.
        GoneError: The account is suspended, or closed by its owner.
    """
    if user is None:
        raise NotFoundError(lazy_gettext("User not found."), user_id=user_id)
    if user.is_suspended:
        raise GoneError(lazy_gettext("This account isn't available."), user_id=user_id)
    return user


def reply_visibility(parent: Visibility, asked: Visibility) -> Visibility:
    """Narrow a reply's visibility to that of its parent."""
    order = list(Visibility)
    return max(parent, asked, key=order.index)
