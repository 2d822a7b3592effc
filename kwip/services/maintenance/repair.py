"""Repair what `fsck` has found.

Each repair checks again and writes in one transaction, so it may be repeated and does
no harm to what was repaired meanwhile. The next run of the checks shows whether it
worked.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from kwip.cache import invalidation_rules
from kwip.domain.clock import at
from kwip.domain.ids import AttachmentId, ListId, PostId, UserId
from kwip.domain.posting.reactions import Act, span_of
from kwip.services.posting.scheduled import SCHEDULED
from kwip.store.maintenance.attachment_audit import Pair

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kwip.domain.clock import ClockMs
    from kwip.services.coherence.fence import Fence
    from kwip.services.delivery.home_backfill import HomeBackfill
    from kwip.services.delivery.list_backfill import ListBackfill
    from kwip.services.delivery.search_index import SearchIndex
    from kwip.services.delivery.signals import Enqueue
    from kwip.services.maintenance.checks.findings import Finding
    from kwip.services.maintenance.progress import Progress
    from kwip.services.maintenance.reindexing.retagging import Retagging
    from kwip.services.media.stored.attachment_files import AttachmentFiles
    from kwip.store.accounts.users import UserStore
    from kwip.store.maintenance.repairs import RepairStore
    from kwip.store.posting.counters import CounterStore

#: How often a home whose compaction is busy is tried again, and after how long.
TRIES, PAUSE_S = 10, 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """One repair for each check; what it cannot repair it leaves."""

    store: RepairStore
    counters: CounterStore
    users: UserStore
    home_backfill: HomeBackfill
    list_backfill: ListBackfill
    retagging: Retagging
    search_index: SearchIndex
    files: AttachmentFiles
    fence: Fence
    enqueue: Enqueue
    clock: ClockMs
    sleep: Callable[[float], None] = time.sleep

    def repair(self, findings: Iterable[Finding], progress: Progress) -> None:
        """Repair everything that can be repaired, each place once."""
        places = list(dict.fromkeys((f.check, f.id) for f in findings))
        progress.begin("repairs", len(places))
        for check, place in places:
            self._repair_of(check)(place)
            progress.advance()

    def _repair_of(self, check: str) -> Callable[[str], object]:
        repairs: dict[str, Callable[[str], object]] = {
            "edges": self._edge,
            "requests": self._request,
            "blocks": self._block,
            "entries": self._home,
            "buckets": self._home,
            "counters": self._counters,
            "tags": self._tags,
            "search": lambda place: self.search_index.settle(PostId(int(place))),
            "reactions": self._reaction,
            "pins": self._pin,
            "attachments": self._attachment,
            "previews": self._preview,
            "guests": lambda place: self.store.guests.forget_post(PostId(int(place))),
            "owners": lambda place: self.store.personal.drop(*place.split(" ")),
            "scheduled": partial(self.enqueue, SCHEDULED),
            "pending": self._pending,
            "claims": self._claim,
        }
        return repairs[check]

    def _edge(self, place: str) -> None:
        follower, _, followee = place.partition(":")
        follower_id, followee_id = UserId(int(follower)), UserId(int(followee))
        now = at(self.clock())
        self.store.repair_edge(follower_id, followee_id, now, secrets.token_hex(8))
        self._recount(follower_id, followee_id)
        self.fence.invalidate(
            invalidation_rules.follow(follower_id=follower_id, followee_id=followee_id)
        )
        self.enqueue("edge", place)

    def _request(self, place: str) -> None:
        follower, _, followee = place.partition(":")
        follower_id, followee_id = UserId(int(follower)), UserId(int(followee))
        self.store.requests.repair(follower_id, followee_id, at(self.clock()))
        self._recount(followee_id)
        self.fence.invalidate(
            invalidation_rules.follow(follower_id=follower_id, followee_id=followee_id)
        )

    def _block(self, place: str) -> None:
        self.store.repair_block(place)
        user, _, other = place.split(":")
        self.fence.invalidate(
            invalidation_rules.block(
                blocker_id=UserId(int(user)), blocked_id=UserId(int(other))
            )
        )

    def _home(self, place: str) -> None:
        """Rebuild a home or list; `place` begins with its name."""
        kind, number = place.partition(" ")[0].split(":")[:2]
        for _ in range(TRIES):
            if kind == "list":
                is_done = self.list_backfill.rebuild(ListId(int(number)))
            else:
                is_done = self.home_backfill.rebuild(UserId(int(number)))
            if is_done:
                return
            self.sleep(PAUSE_S)

    def _counters(self, place: str) -> None:
        """Recount by an id of a user or a post; the wrong kind finds nothing."""
        self._recount(UserId(int(place)))
        self._recount_post(PostId(int(place)))

    def _recount(self, *user_ids: UserId) -> None:
        for user_id in user_ids:
            self.counters.settle_user(user_id, repairs=True)
        self.fence.invalidate(
            invalidation_rules.recount(user_ids=user_ids, post_ids=())
        )

    def _recount_post(self, post_id: PostId) -> None:
        self.counters.settle_post(post_id, repairs=True)
        self.fence.invalidate(
            invalidation_rules.recount(user_ids=(), post_ids=[post_id])
        )

    def _tags(self, place: str) -> None:
        self.retagging.retag(PostId(int(place)))

    def _reaction(self, place: str) -> None:
        user, act, post = place.split(":")
        user_id, post_id = UserId(int(user)), PostId(int(post))
        author_id = self.store.drop_reaction(place) or user_id
        self._recount_post(post_id)
        span = span_of(post_id)
        if act == Act.REPOST:
            invalidated = invalidation_rules.unrepost(
                post_id=post_id,
                author_id=user_id,
                of_id=post_id,
                of_author_id=author_id,
                span=span,
            )
        else:
            invalidated = invalidation_rules.undone(Act(act))(
                user_id=user_id, post_id=post_id, author_id=author_id, span=span
            )
        self.fence.invalidate(invalidated)

    def _pin(self, place: str) -> None:
        user, _, post = place.partition(" ")
        self.users.unpin(UserId(int(user)), [PostId(int(post))])
        self.fence.invalidate(invalidation_rules.unpin(user_id=UserId(int(user))))

    def _attachment(self, place: str) -> None:
        """Attach what a post shows, and have its files where its readers look.

        What no post shows is left to the sweeper.
        """
        post, _, attachment = place.partition(" ")
        pair = Pair(PostId(int(post)), AttachmentId(int(attachment)))
        attached = self.store.attachments.repair(pair, at(self.clock()))
        if attached is not None:
            shown, is_open = attached
            self.files.place([shown], is_open=is_open)

    def _preview(self, place: str) -> None:
        post_id = PostId(int(place))
        self.store.previews.drop(post_id, at(self.clock()))
        self.fence.invalidate(invalidation_rules.preview(post_id=post_id))
        self.enqueue("preview", place)

    def _pending(self, place: str) -> None:
        """Enqueue the post again; delivering it is up to the workers."""
        self.store.make_due(PostId(int(place)), at(self.clock()))
        self.enqueue("fanout", place)

    def _claim(self, place: str) -> None:
        self.store.drop_claim(place)
        kind, _, name = place.partition(":")
        if kind == "handle":
            nobody = UserId(0)
            self.fence.invalidate(
                invalidation_rules.sign_up(user_id=nobody, username=name)
            )
