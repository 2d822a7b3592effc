"""Read a conversation in parts: the ancestors of a post, the post, and its replies."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from kwip.domain.errors import GoneError, InvalidError, NotFoundError
from kwip.domain.ids import PostId
from kwip.domain.messages import lazy_gettext
from kwip.domain.posting.reactions import NO_REACTIONS, span_of
from kwip.domain.timelines.pages import Page
from kwip.domain.timelines.threads import MAX_THREAD, ON_PAGE, Conversation, Threaded
from kwip.domain.timelines.timelines import Entry
from kwip.domain.timelines.views import ThreadPage, ThreadView
from kwip.domain.timelines.visibility import may_see
from kwip.services.reading.loader import Lookup
from kwip.services.reading.slices import CHUNK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from kwip.domain.accounts.users import Viewer
    from kwip.domain.ids import UserId
    from kwip.domain.posting.posts import Post
    from kwip.domain.timelines.pages import PageRequest
    from kwip.domain.timelines.threads import ThreadPart
    from kwip.domain.timelines.views import PostView
    from kwip.services.reading.entities import Entities
    from kwip.services.reading.loader import Loader
    from kwip.services.timelines.hydration import Hydration

#: How many hidden replies are read before a part ends, even an empty one.
MAX_HIDDEN = 400


@dataclass(frozen=True, slots=True)
class Threads:
    """Find posts by id, alone or within their conversation."""

    entities: Entities
    hydration: Hydration

    def post(self, viewer: Viewer | None, loader: Loader, post_id: PostId) -> Post:
        """Find a post that the viewer may see. One round trip.

        Raises:
            NotFoundError: There is none, or none for this viewer.
            GoneError: It was deleted, and had been visible to everyone.
        """
        post = loader.load(Lookup(self.entities.posts, [post_id]))[0].get(post_id)
        relations = self.hydration.relations(viewer, loader)
        if post is not None and post.is_tombstone and post.visibility.is_open:
            raise GoneError(lazy_gettext("This kwip was deleted."), post_id=post_id)
        viewer_id = None if viewer is None else viewer.id
        if post is None or not may_see(viewer_id, relations, post):
            raise _no_such(post_id)
        return post

    def thread(
        self,
        viewer: Viewer | None,
        loader: Loader,
        post_id: PostId,
        part: ThreadPart = ON_PAGE,
    ) -> ThreadView:
        """Read a part of the conversation around a post or a reposted post.

        Warm: 3 round trips, and one more for each further 200 replies that are asked
        for or hidden.

        Raises:
            NotFoundError: There is no such post, or none for this viewer.
            GoneError: It was deleted, and had been visible to everyone.
            InvalidError: `part.after` is not a reply below it.
        """
        post, conversation = self._around(viewer, loader, post_id)
        above = list(
            islice(conversation.above(post.in_reply_to_id), part.ancestors + 1)
        )
        ancestors = [conversation.entry(one) for one in above[: part.ancestors]][::-1]
        below = list(conversation.below(post.id))
        depths = {one.post_id: depth for one, depth in below}
        start = _start(part, [one.post_id for one, _ in below])
        line = (conversation.entry(one) for one, _ in islice(below, start, None))
        always = [*ancestors, Entry.of(post)]
        filtering = part.filtering and replace(part.filtering, keeps=post.id)
        read = partial(self.hydration.posts, viewer, loader, filtering=filtering)
        found = _read(read, always, line, part.replies, partial(_shows_below, post))
        views = found.views
        if post.id not in views:
            raise _no_such(post.id)
        passed = [entry.post_id for entry in (*ancestors, *found.passed)]
        posts = loader.load(Lookup(self.entities.posts, passed))[0]
        return ThreadView(
            ancestors=tuple(views[e.post_id] for e in ancestors if e.post_id in views),
            post=views[post.id],
            descendants=tuple(views[i] for i in found.shown),
            depths=tuple(depths[i] for i in found.shown),
            hidden=sum(each.is_tombstone for each in posts.values()),
            is_first=not start,
            next_after=found.goes_on_behind,
            goes_above=len(above) > part.ancestors,
            is_cut=len(conversation) >= MAX_THREAD,
        )

    def in_one_line(
        self,
        viewer: Viewer | None,
        loader: Loader,
        post_id: PostId,
        page: PageRequest,
        *,
        only_approved: bool = False,
    ) -> ThreadPage:
        """Read the ancestors of a post, the post, and its replies as pages of one list.

        `page.max_id` is the last post of the previous page. If `only_approved`, posts
        by others than the author of the post are shown only if that author has
        favourited them. Warm: as `thread`.

        Raises:
            NotFoundError: As `thread`.
            GoneError: As `thread`.
            InvalidError: `page.max_id` is not in this conversation.
        """
        post, conversation = self._around(viewer, loader, post_id)
        above = islice(conversation.above(post.in_reply_to_id), ON_PAGE.ancestors)
        below = (one for one, _ in conversation.below(post.id))
        itself = Threaded(post.id, post.author_id, post.in_reply_to_id or PostId(0))
        whole = [*list(above)[::-1], itself, *below]
        start = _behind(page.max_id, [one.post_id for one in whole], "before")
        line = map(conversation.entry, whole[start:])
        read = partial(self.hydration.posts, viewer, loader)
        if only_approved:
            read = partial(self._approved, viewer, loader, post.author_id)
        ids = {one.post_id for one, _ in conversation.below(post.id)}

        def shows(view: PostView) -> bool:
            return view.post.id not in ids or _shows_below(post, view)

        found = _read(read, [Entry.of(post)], line, page.limit, shows)
        if post.id not in found.views:
            raise _no_such(post.id)
        return ThreadPage(
            post=found.views[post.id],
            items=tuple(found.views[i] for i in found.shown),
            next_max_id=found.goes_on_behind,
            parents=conversation.parents_among(found.shown),
        )

    def newest(
        self,
        viewer: Viewer | None,
        loader: Loader,
        post_id: PostId,
        page: PageRequest,
    ) -> tuple[PostView, Page[PostView]]:
        """Read a post, and a page of it and its replies, newest first.

        Warm: as `thread`.

        Raises:
            NotFoundError: As `thread`.
            GoneError: As `thread`.
        """
        post, conversation = self._around(viewer, loader, post_id)
        below = [conversation.entry(one) for one, _ in conversation.below(post.id)]
        itself = Entry.of(post)
        line = sorted([itself, *below], key=lambda e: e.post_id, reverse=True)
        older = (entry for entry in line if entry.post_id < page.upper)
        read = partial(self.hydration.posts, viewer, loader)
        shows = partial(_shows_below, post)
        found = _read(read, [itself], older, page.limit, shows)
        if post.id not in found.views:
            raise _no_such(post.id)
        items = tuple(found.views[i] for i in found.shown)
        return found.views[post.id], Page(items=items, next_max_id=found.goes_on_behind)

    def _around(
        self, viewer: Viewer | None, loader: Loader, post_id: PostId
    ) -> tuple[Post, Conversation]:
        """Find a post, or what a repost reposts, and its conversation."""
        post = self.post(viewer, loader, post_id)
        if post.repost_of_id is not None:
            return self._around(viewer, loader, post.repost_of_id)
        found = loader.load(Lookup(self.entities.threads, [post.root_id]))[0]
        return post, Conversation(found.get(post.root_id, ()))

    def _approved(
        self,
        viewer: Viewer | None,
        loader: Loader,
        approver: UserId,
        entries: Sequence[Entry],
    ) -> dict[PostId, PostView]:
        """Hydrate entries, but only what `approver` wrote or has favourited."""
        spans = {(approver, span_of(entry.post_id)) for entry in entries}
        reactions = loader.load(  # together, so that approval costs no round trip
            Lookup(self.entities.reactions, sorted(spans)),
            *self.hydration.lookups(viewer, entries),
        )[0]
        views = self.hydration.posts(viewer, loader, entries)

        def is_approved(view: PostView) -> bool:
            reacted = reactions.get((approver, span_of(view.post.id)), NO_REACTIONS)
            is_own = view.post.author_id == approver
            return is_own or view.post.id in reacted.favourites

        return {i: view for i, view in views.items() if is_approved(view)}


@dataclass(frozen=True, slots=True)
class _Found:
    """What was read of a line.

    Attributes:
        views: The hydrated posts that the viewer may see.
        shown: What is shown of the line, in its order.
        passed: What is shown, and what is hidden in between.
        goes_on_behind: The post after which there may be more.
    """

    views: Mapping[PostId, PostView]
    shown: Sequence[PostId]
    passed: Sequence[Entry]
    goes_on_behind: PostId | None


def _read(
    hydrated: Callable[[Sequence[Entry]], Mapping[PostId, PostView]],
    always: list[Entry],
    line: Iterable[Entry],
    limit: int,
    shows: Callable[[PostView], bool],
) -> _Found:
    """Hydrate entries of a line in growing rounds until there are enough.

    That is `limit` and one more, which shows that there is a next part. `always` is
    hydrated with the first ones.
    """
    most = limit + MAX_HIDDEN
    entries = list(islice(line, most + 1))
    views: dict[PostId, PostView] = {}
    at, rounds, shown = 0, 0, list[PostId]()
    while True:
        size = min((limit + 1 - len(shown)) << rounds, CHUNK, most - at)
        batch = entries[at : at + size]
        views |= hydrated([*always, *batch])
        found = (views[e.post_id] for e in batch if e.post_id in views)
        shown += [view.post.id for view in found if shows(view)]
        at += len(batch)
        if len(shown) > limit or at >= min(len(entries), most):
            break
        always, rounds = [], rounds + 1
    passed = entries[:at]
    if len(shown) > limit:
        del shown[limit:]
        while passed[-1].post_id != shown[-1]:
            passed.pop()
    goes_on = len(passed) < len(entries)
    behind = passed[-1].post_id if passed and goes_on else None
    return _Found(views, shown, passed, behind)


def _shows_below(post: Post, view: PostView) -> bool:
    """Return whether no silence hides a reply below a post; its author's are asked for.

    What is above it is always shown, because the replies are to that.
    """
    return view.post.author_id == post.author_id or not view.is_author_limited


def _start(part: ThreadPart, line: Sequence[PostId]) -> int:
    """Return at which reply of a line a part begins."""
    if part.having in line:
        return line.index(part.having) // part.replies * part.replies
    return _behind(part.after, line, "after")


def _behind(after: int | None, line: Sequence[int], name: str) -> int:
    """Return what comes after a post of a line, which a parameter names."""
    if after is None:
        return 0
    if after not in line:
        raise InvalidError(
            lazy_gettext("That is not a page of this thread."),
            {name: lazy_gettext("It's not in this thread.")},
        )
    return line.index(after) + 1


def _no_such(post_id: PostId) -> NotFoundError:
    return NotFoundError(lazy_gettext("Kwip not found."), post_id=post_id)
