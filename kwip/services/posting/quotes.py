"""Let authors take their posts out of quotes, and say who may quote and reply."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.cache import invalidation_rules
from kwip.domain.errors import ForbiddenError, NotFoundError
from kwip.domain.messages import lazy_gettext
from kwip.domain.timelines.surrogate_keys import of_post

if TYPE_CHECKING:
    from kwip.domain.accounts.users import Viewer
    from kwip.domain.ids import PostId
    from kwip.domain.posting.posts import QuotePolicy, ReplyPolicy
    from kwip.domain.timelines.views import PostView
    from kwip.services.coherence.fence import Fence
    from kwip.services.delivery.publication import Publication
    from kwip.services.posting.permissions import Permissions
    from kwip.services.posting.policies import Policies
    from kwip.services.posting.posts import Posts
    from kwip.services.reading.loader import Loaders
    from kwip.services.reading.stores import Stores


@dataclass(frozen=True, slots=True)
class Quotes:
    """What authors decide about quotes of their posts. All of it may be repeated."""

    stores: Stores
    permissions: Permissions
    policies: Policies
    publication: Publication
    posts: Posts
    loaders: Loaders
    fence: Fence

    def revoke(self, viewer: Viewer, post_id: PostId, quoting_id: PostId) -> PostView:
        """Take one of the viewer's posts out of a post that quotes it, for good.

        Works even for a quote that the viewer may no longer see. Returns it.

        Raises:
            NotFoundError: There is no such post for this viewer (any more), or it does
                not quote that one.
            GoneError: The viewer's post was deleted.
            ForbiddenError: The viewer is not its author.
        """
        post = self.permissions.own(viewer.id, post_id)
        quoting = self.stores.posts.get_many([quoting_id]).get(quoting_id)
        is_of_it = quoting is not None and quoting.quote_of_id == post.id
        if quoting is None or not is_of_it or quoting.repost_of_id is not None:
            raise NotFoundError(
                lazy_gettext("This quote was not found."), post_id=quoting_id
            )
        self.stores.quotes.revoke(quoting)
        self.fence.invalidate(
            invalidation_rules.revoke_quote(post_id=quoting_id, quote_of_id=post.id)
        )
        self.posts.purges.forget(of_post(quoting_id))
        self.publication.reindex(quoting_id)
        return self.posts.get(viewer, self.loaders.begin(viewer.id), quoting_id)

    def set_policies(
        self,
        viewer: Viewer,
        post_id: PostId,
        quoting: QuotePolicy | None,
        replying: ReplyPolicy | None,
    ) -> PostView:
        """Change who may quote one of the viewer's posts, and reply, from now on.

        None leaves it as it is. For a reply, only the former can change.

        Raises:
            NotFoundError: There is none for this viewer.
            GoneError: It was deleted.
            ForbiddenError: The viewer is not its author, or it is a repost.
        """
        post = self.permissions.own(viewer.id, post_id)
        if post.repost_of_id is not None:
            raise ForbiddenError(
                lazy_gettext("Reposts can't be edited."), post_id=post_id, rule="repost"
            )
        self.policies.set(post, quoting, replying)
        self.publication.reindex(post_id)
        return self.posts.get(viewer, self.loaders.begin(viewer.id), post_id)
