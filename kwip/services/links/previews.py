"""Give posts a preview of their first link.

The durable source of the job is a mark in the post, which the write that stored the
link left there. What was found at an address is kept for a day, so that the same link
in a hundred posts is fetched once.
"""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urldefrag, urlsplit

import structlog

from kwip import telemetry
from kwip.cache import invalidation_rules
from kwip.domain.administration.discovery_rules import Place
from kwip.domain.clock import at
from kwip.domain.errors import NotFoundError, StorageFullError, StoreUnavailableError
from kwip.domain.media.link_previews import preview_path
from kwip.domain.messages import lazy_gettext
from kwip.services.delivery.signals import post_topic
from kwip.services.outgoing.connections import FetchError
from kwip.store.posting.media.link_previews import LIFETIME, Busy, Claimed

if TYPE_CHECKING:
    from collections.abc import Callable

    from kwip.domain.administration.discovery_rules import DiscoveryRules
    from kwip.domain.clock import ClockMs
    from kwip.domain.ids import PostId
    from kwip.domain.media.link_previews import LinkPreview
    from kwip.domain.media.media import OpenFile
    from kwip.domain.posting.posts import Post
    from kwip.services.coherence.fence import Fence
    from kwip.services.delivery.signals import Signal
    from kwip.services.links.finder import Finder
    from kwip.store.accounts.users import UserStore
    from kwip.store.posting.media.link_previews import (
        Known,
        LinkPreviewStore,
        PostPreviewStore,
    )
    from kwip.store.posting.posts import PostStore

log = structlog.get_logger()

#: Longer than all requests for one preview may take, and the work on its picture.
_LEASE = dt.timedelta(minutes=2)
#: How soon a post looks again while another job fetches the same address.
_AGAIN = dt.timedelta(seconds=2)
#: When an address that could not be reached is tried again; then it has no preview for
#: a while.
_RETRIES = (dt.timedelta(minutes=1), dt.timedelta(minutes=10))
_GIVEN_UP = dt.timedelta(hours=1)
#: An address that was claimed more often killed whoever fetched it.
_MOST_ATTEMPTS = len(_RETRIES) + 2
#: A job that the sweeper enqueued finds what is due within so long: it has just set the
#: time of the next attempt.
_SOON = dt.timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Previews:
    """Find, store and remove previews.

    Attributes:
        host: This site's own; links to it get no preview.
        rules: Say which links get none.
        is_on: Whether posts get previews at all.
    """

    finder: Finder
    store: LinkPreviewStore
    of_posts: PostPreviewStore
    posts: PostStore
    users: UserStore
    fence: Fence
    signal: Signal
    clock: ClockMs
    host: str
    rules: Callable[[], DiscoveryRules]
    is_on: bool

    def settle(self, post_id: PostId) -> str:
        """Give a post the preview of its link, or none; return the outcome.

        Safe to repeat: a post that no longer waits stays as it is. In a backlog the
        queue has many jobs for each post.
        """
        waits = self.of_posts.waits(post_id)
        post = self.posts.get_many([post_id]).get(post_id) if waits else None
        if post is None or post.is_tombstone:
            return "nothing"
        url = post.link_to_preview if self.is_on else None
        if url is None or not self._may_have_one(url):
            return self._store(post, None)
        found = self._known(urldefrag(url).url)
        if isinstance(found, Busy):
            due_at = found.until or at(self.clock()) + _AGAIN
            self.of_posts.postpone(post_id, due_at)
            return "later"
        return self._store(post, found and replace(found, url=url))

    def _may_have_one(self, url: str) -> bool:
        is_own = urlsplit(url).netloc == self.host
        return not is_own and self.rules().link_may(Place.PREVIEWS, url)

    def forget(self, url: str) -> bool:
        """Forget what is known of an address; False if nothing was.

        Posts keep what they show.
        """
        return self._released(self.store.forget(urldefrag(url).url))

    def expire(self, preview_id: str) -> bool:
        """Delete what was found at an address a day ago; False if it is not due."""
        until = at(self.clock()) + _SOON
        return self._released(self.store.expire(preview_id, until))

    def release(
        self, preview: LinkPreview | None, *, older_than_s: float | None = None
    ) -> None:
        """Delete the picture of a preview, unless another one has it; two queries.

        Nor is it deleted if it was saved again at `older_than_s`, by default now, or
        later. A CDN is asked to forget it. If it can't be reached, it stays until
        `kwip media prune`: what made it superfluous is done.
        """
        image = None if preview is None else preview.image
        if image is None:
            return
        try:
            self._remove(image.file, older_than_s or self.clock() / 1_000)
        except StoreUnavailableError as error:
            reason = error.context.get("reason")
            log.warning("preview_image_left", file=image.file, reason=reason)

    def _remove(self, file: str, older_than_s: float) -> None:
        if not self.store.uses(file) and not self.of_posts.uses(file):
            path = preview_path(file)
            files = self.finder.files
            files.purges.note([path])
            files.media.remove(path, older_than_s=older_than_s)
            files.purges.hurry([path])

    def _released(self, deleted: Known | None) -> bool:
        if deleted is None:
            return False
        self.release(deleted.preview)
        return True

    def read_private(self, post_id: PostId) -> OpenFile:
        """Open the picture of a post's preview, by the address signed for it.

        Two queries.

        Raises:
            NotFoundError: There is none, or no longer, or its author is suspended.
            StoreUnavailableError: It cannot be read.
        """
        post = self.posts.get_many([post_id]).get(post_id)
        image = post.preview.image if post and post.preview else None
        found = None
        if post and image and self.users.shown_among([post.author_id]):
            path = preview_path(image.file)
            found = self.finder.files.media.open(path)
        if found is None:
            raise NotFoundError(lazy_gettext("File not found."), post_id=post_id)
        return found

    def close(self) -> None:
        """End the child process that reads pages, if there is one."""
        self.finder.reader.close()

    def _store(self, post: Post, preview: LinkPreview | None) -> str:
        done = self.of_posts.settle(post, preview)
        # Also if an earlier attempt died before this.
        self.fence.invalidate(invalidation_rules.preview(post_id=post.id))
        if not done:
            return "later"
        if preview is not None:
            self.signal([post_topic(post.id)])
        if post.preview is not None and post.preview != preview:
            self.release(post.preview)
        return "done" if preview else "nothing"

    def _known(self, url: str) -> LinkPreview | Busy | None:
        """Return the preview of an address, after fetching it if nobody else does."""
        holder = secrets.token_hex(8)
        claim = self.store.claim(url, holder, at(self.clock()), _LEASE)
        if isinstance(claim, Busy):
            return claim
        if not isinstance(claim, Claimed):
            return claim.preview
        self.release(claim.old)
        try:
            preview, outcome = self._find(url, claim), "found"
        except FetchError as error:
            preview, outcome = None, error.outcome
            if error.is_transient and claim.attempts <= len(_RETRIES):
                return self._failed(url, holder, claim, outcome)
        except (StoreUnavailableError, StorageFullError):
            return self._failed(url, holder, claim, "busy")
        outcome = outcome if preview or outcome != "found" else "nothing"
        telemetry.LINK_PREVIEWS.labels(outcome).inc()
        is_final = outcome in {"found", "nothing"}
        lifetime = LIFETIME if is_final else _GIVEN_UP
        self.store.finish(url, holder, preview, at(self.clock()) + lifetime)
        return preview

    def _find(self, url: str, claim: Claimed) -> LinkPreview | None:
        if claim.attempts > _MOST_ATTEMPTS:
            raise FetchError("crashed")
        return self.finder.find(url)

    def _failed(self, url: str, holder: str, claim: Claimed, outcome: str) -> Busy:
        telemetry.LINK_PREVIEWS.labels(outcome).inc()
        retry = _RETRIES[min(claim.attempts, len(_RETRIES)) - 1]
        ready_at = at(self.clock()) + retry
        # That we could not do it says nothing about the address.
        self.store.postpone(url, holder, ready_at, counts=outcome != "busy")
        return Busy(ready_at)
