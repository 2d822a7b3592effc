"""Vote in polls.

Each vote is one document, so that nobody votes twice; the counts in the post change in
the same transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.cache import invalidation_rules
from kwip.domain.clock import at
from kwip.domain.errors import InvalidError, NotFoundError
from kwip.domain.ids import slot_of
from kwip.domain.messages import lazy_gettext
from kwip.domain.posting.reactions import Act, Reaction, span_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwip.domain.accounts.users import Viewer
    from kwip.domain.clock import ClockMs
    from kwip.domain.ids import IdGenerator, PostId
    from kwip.domain.posting.polls import Poll
    from kwip.domain.posting.posts import Post
    from kwip.domain.timelines.views import PostView
    from kwip.services.coherence.fence import Fence
    from kwip.services.posting.permissions import Permissions
    from kwip.services.posting.posts import Posts
    from kwip.services.reading.loader import Loader, Loaders
    from kwip.store.posting.reactions.votes import VoteStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Polls:
    """Show polls, and vote in them. A poll has the id of its post."""

    store: VoteStore
    permissions: Permissions
    posts: Posts
    loaders: Loaders
    fence: Fence
    ids: IdGenerator
    clock: ClockMs

    def get(self, viewer: Viewer | None, loader: Loader, post_id: PostId) -> PostView:
        """Show a post that has a poll. Warm: 2 round trips.

        Raises:
            NotFoundError: There is none, or none for this viewer.
            GoneError: It was deleted.
        """
        view = self.posts.get(viewer, loader, post_id)
        if view.post.poll is None:
            raise NotFoundError(lazy_gettext("Poll not found."), post_id=post_id)
        return view

    def vote(self, viewer: Viewer, post_id: PostId, choices: Sequence[int]) -> PostView:
        """Vote for options by their places, from 0; a vote cannot be changed.

        Raises:
            InvalidError: The viewer cannot vote, or not for these.
            NotFoundError: There is no such poll for this viewer.
            GoneError: It was deleted.
            ConflictError: It was changed meanwhile.
        """
        post = self.permissions.post(viewer.id, post_id)
        if post.poll is None:
            raise NotFoundError(lazy_gettext("Poll not found."), post_id=post_id)
        self._check(viewer, post, post.poll, choices)
        vote = Reaction(
            user_id=viewer.id,
            act=Act.VOTE,
            post_id=post.id,
            author_id=post.author_id,
            reply_to_author_id=post.in_reply_to_author_id,
            seq=self.ids.next_id(slot_of(viewer.id)),
            ballot=post.poll.ballot(choices),
        )
        is_first = self.store.vote(vote)
        self.fence.invalidate(
            invalidation_rules.vote(
                user_id=viewer.id, post_id=post.id, span=span_of(post.id)
            )
        )
        if not is_first:
            raise _refused(lazy_gettext("You have already voted in this poll."))
        return self.posts.get(viewer, self.loaders.begin(viewer.id), post.id)

    def _check(
        self, viewer: Viewer, post: Post, poll: Poll, choices: Sequence[int]
    ) -> None:
        if post.author_id == viewer.id:
            raise _refused(lazy_gettext("You can't vote in your own poll."))
        if poll.is_over(at(self.clock())):
            raise _refused(lazy_gettext("This poll has ended."))
        if not choices:
            raise _refused(lazy_gettext("Choose an option."))
        if not all(0 <= each < len(poll.options) for each in choices):
            raise _refused(lazy_gettext("This option does not exist."))
        if len(set(choices)) > 1 and not poll.is_multiple:
            raise _refused(lazy_gettext("Choose only one option."))


def _refused(why: str) -> InvalidError:
    return InvalidError(why, {"choices": why})
