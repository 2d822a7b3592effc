"""Delete a user in steps, each of which may be repeated until nothing is left.

The account is suspended before the first step, so all of it is hidden at once. A step
no longer finds what it has removed, so an interrupted deletion continues where it was.
Its job row says that it has begun and cannot be undone, and keeps the username, which
nothing else stores once the user is gone.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from kwip.cache import invalidation_rules
from kwip.domain.accounts.audit_log import BY_KWIP, Action
from kwip.domain.accounts.users import User, Viewer
from kwip.domain.clock import at
from kwip.domain.errors import GoneError, NotFoundError
from kwip.domain.ids import MAX_ID, PostId, UserId
from kwip.domain.media.media import AVATAR, BANNER, is_picture_name
from kwip.domain.posting.reactions import Act, span_of
from kwip.domain.timelines.id_lists import Between
from kwip.services.accounts.staff.moderation import deletion_of
from kwip.services.maintenance.checkpoint import Checkpoint
from kwip.services.maintenance.checks.media_audit import named_pictures

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from kwip.domain.accounts.audit_log import Order
    from kwip.domain.clock import ClockMs
    from kwip.domain.timelines.id_lists import Row
    from kwip.services.accounts.staff.audit_log import AuditLog
    from kwip.services.accounts.staff.moderation import Moderation
    from kwip.services.coherence.fence import Fence
    from kwip.services.delivery.signals import Enqueue
    from kwip.services.maintenance.progress import Progress
    from kwip.services.media.attachments import Attachments
    from kwip.services.media.media import Media
    from kwip.services.posting.posts import Posts
    from kwip.services.reading.stores import Stores
    from kwip.store.accounts.transfers import TransferStore
    from kwip.store.jobs import JobStore
    from kwip.store.maintenance.deletion import DeletionStore

#: How many are read and removed between two pauses.
BATCH = 500


class Step(NamedTuple):
    """One kind of thing to remove: yields after each."""

    name: str
    run: Callable[[User], Iterator[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """Remove everything of a user.

    Posts become tombstones, so that threads keep their shape. The steps run one after
    the other, because nearly all of them change the counters of the same user.
    """

    store: DeletionStore
    stores: Stores
    jobs: JobStore
    posts: Posts
    media: Media
    attachments: Attachments
    moderation: Moderation
    audit_log: AuditLog
    fence: Fence
    transfers: Sequence[TransferStore]
    enqueue: Enqueue
    clock: ClockMs
    sleep: Callable[[float], None] = time.sleep

    def steps(self) -> tuple[Step, ...]:
        """Return the steps in order; all data stored for a user needs a step here."""
        return (
            # First, so that no import goes on.
            Step("archives", self._archives),
            Step("follows", self._follows),
            Step("followers", self._followers),
            Step("requests", self._requests),
            Step("blocks", self._blocks),
            Step("mutes", self._mutes),
            Step("lists", self._lists),
            Step("reactions", self._reacted),
            # Late, for writes that were in flight when the account was suspended.
            Step("posts", self._published),
            Step("attachments", self._attachments),
            Step("pictures", self._pictures),
        )

    def preview(self, user_id: UserId) -> dict[str, int]:
        """Count what would be removed."""
        return self.store.sizes(user_id)

    def cut_off(self, username: str) -> UserId | None:
        """Find a deletion that was interrupted when only its end was left."""
        for job in self.jobs.running(deletion_of("")):
            if job.detail.get("username") == username:
                return UserId(int(job.id.removeprefix(deletion_of(""))))
        return None

    def run(
        self,
        user_id: UserId,
        progress: Progress,
        order: Order = BY_KWIP,
        *,
        throttle_s: float = 0.0,
    ) -> dict[str, int]:
        """Delete a user; count what was removed, by step.

        Raises:
            InvalidError: The reason cannot be used.
            NotFoundError: There is no such user.
            ConflictError: It is the only owner.
        """
        user = self.stores.users.get_many([user_id]).get(user_id)
        checkpoint = Checkpoint(self.jobs, deletion_of(user_id), self.clock)
        if user is None:
            return self._end(user_id, checkpoint)
        self.moderation.roles.require_other_owner(user_id)
        begin = partial(_begin, self.audit_log, order, user, checkpoint)
        self.moderation.suspend(user_id, order, begin)
        self.moderation.sign_out_everywhere(user_id, ends_tokens=True)
        sizes, removed = self.preview(user_id), {}
        for step in self.steps():
            progress.begin(step.name, sizes.get(step.name, 0))
            removed[step.name] = 0
            for _ in step.run(user):
                removed[step.name] += 1
                progress.advance()
                if removed[step.name] % BATCH == 0:
                    self.sleep(throttle_s)
        self._forget_elsewhere(user_id)
        self.store.forget(user_id)
        checkpoint.save(counts=removed)
        self.store.remove(user)
        return self._end(user_id, checkpoint)

    def _end(self, user_id: UserId, checkpoint: Checkpoint) -> dict[str, int]:
        """Remove the user's last traces; also if this was interrupted before.

        Raises:
            NotFoundError: No deletion of such a user is left to finish.
        """
        username = checkpoint.job.detail.get("username")
        if username is None or checkpoint.job.state == "done":
            raise NotFoundError("User not found.", user_id=user_id)
        self.fence.invalidate(
            invalidation_rules.leave(user_id=user_id, username=username)
        )
        checkpoint.save(detail={"username": ""}, is_done=True)
        # Last: until then, the closure of an account lets a worker go on with this.
        self.stores.closures.remove(user_id)
        return dict(checkpoint.job.counts)

    def _forget_elsewhere(self, user_id: UserId) -> None:
        """Take the user out of what others feature and do not want suggested."""
        for other_id in self.store.featured_by(user_id):
            self.stores.endorsements.unendorse(other_id, user_id)
            self.fence.invalidate(invalidation_rules.endorse(user_id=other_id))
        for other in self.store.dismissed_by(user_id):
            self.fence.invalidate(invalidation_rules.dismiss_suggestion(user_id=other))

    def _follows(self, user: User) -> Iterator[None]:
        relations = self.stores.relationships.relations([user.id])[user.id]
        for other_id in sorted(relations.follows):
            self._unfollow(user.id, other_id)
            yield

    def _followers(self, user: User) -> Iterator[None]:
        above = 0
        while rows := self.stores.relationships.followers(
            user.id, Between(above, MAX_ID, BATCH, ascending=True)
        ):
            for other_id in sorted(UserId(row.id) for row in rows):
                self._unfollow(other_id, user.id)
                self.enqueue("edge", f"{other_id}:{user.id}")
                yield
            above = rows[0].id

    def _requests(self, user: User) -> Iterator[None]:
        """End requests that were made while the account was suspended."""
        for _ in range(self.moderation.follow_requests.end_all(user.id)):
            yield

    def _unfollow(self, follower_id: UserId, followee_id: UserId) -> None:
        now = at(self.clock())
        self.stores.relationships.unfollow(follower_id, followee_id, now)
        self.fence.invalidate(
            invalidation_rules.unfollow(
                follower_id=follower_id, followee_id=followee_id
            )
        )

    def _blocks(self, user: User) -> Iterator[None]:
        relations = self.stores.relationships.relations([user.id])[user.id]
        both = [(user.id, other) for other in sorted(relations.blocks)]
        both += [(other, user.id) for other in sorted(relations.blocked_by)]
        for blocker_id, blocked_id in both:
            self.stores.relationships.unblock(blocker_id, blocked_id)
            self.fence.invalidate(
                invalidation_rules.unblock(blocker_id=blocker_id, blocked_id=blocked_id)
            )
            yield

    def _mutes(self, user: User) -> Iterator[None]:
        relations = self.stores.relationships.relations([user.id])[user.id]
        both = [(user.id, other) for other in sorted(relations.mutes)]
        both += [(other, user.id) for other in self.store.muted_by(user.id)]
        for muter_id, muted_id in both:
            self.stores.mutes.unmute(muter_id, muted_id)
            self.fence.invalidate(invalidation_rules.unmute(muter_id=muter_id))
            yield

    def _lists(self, user: User) -> Iterator[None]:
        lists = self.stores.lists
        for each in lists.of_owners([user.id])[user.id]:
            lists.delete(user.id, each.id, at(self.clock()))
            lists.remove_deleted(user.id, each.id)
            self.fence.invalidate(invalidation_rules.change_list(owner_id=user.id))
            yield

    def _reacted(self, user: User) -> Iterator[None]:
        for act in Act:
            below = MAX_ID
            while rows := self.stores.reactions.by_user(
                act, user.id, Between(0, below, BATCH)
            ):
                for row in rows:
                    self._take_back(user, act, row)
                    yield
                below = rows[-1].cursor

    def _take_back(self, user: User, act: Act, row: Row) -> None:
        """Undo one reaction; for a repost, delete its post."""
        post_id, author_id = PostId(row.id), UserId(row.author_id)
        span = span_of(post_id)
        if act is Act.REPOST:
            repost_id = self.stores.reactions.repost_of(user.id, post_id)
            if repost_id is not None:
                self._delete_post(user, repost_id)
                self.stores.reactions.release_repost(user.id, post_id, repost_id)
            return
        self.stores.reactions.remove(user.id, act, post_id)
        rule = invalidation_rules.undone(act)
        self.fence.invalidate(
            rule(user_id=user.id, post_id=post_id, author_id=author_id, span=span)
        )

    def _published(self, user: User) -> Iterator[None]:
        below = MAX_ID
        while entries := self.stores.posts.entries_by(
            [user.id], below=below, limit=BATCH
        ):
            for entry in entries:
                self._delete_post(user, entry.post_id)
                yield
            below = entries[-1].post_id

    def _attachments(self, user: User) -> Iterator[None]:
        """Remove uploads that are in no post; the others went with their posts."""
        yield from self.attachments.discard_all(user.id)

    def _pictures(self, user: User) -> Iterator[None]:
        """Remove pictures that no other user has; identical files have the same name.

        If somebody else uploads the same file at this moment, they have to do it again.
        """
        now_s = self.clock() / 1_000
        # Not those that were set when the deletion began: a form may just have been
        # saved.
        latest = self.stores.users.get_many([user.id]).get(user.id, user)
        pictures = {(AVATAR, latest.avatar), (BANNER, latest.banner)}
        pictures = {(k, name) for k, name in pictures if name and is_picture_name(name)}
        if pictures:
            named = named_pictures(self.stores.users)
            pictures -= {(k, name) for owner, k, name in named if owner != user.id}
        for kind, name in pictures:
            if self.media.remove(kind, name, older_than_s=now_s):
                yield

    def _archives(self, user: User) -> Iterator[None]:
        """Remove the archives that the user asked for or uploaded."""
        media, now = self.attachments.files.media, at(self.clock())
        for store in self.transfers:
            store.cancel(user.id, now)
            found = store.find(user.id)
            if found is not None:
                paths = [found.path, found.report_path]
                media.set_aside(paths)
                media.discard(paths)
                store.remove(user.id)
                yield

    def _delete_post(self, user: User, post_id: PostId) -> None:
        viewer = Viewer.without_session(user.id, user.username)
        # Gone, or never there: its claim may be older than the post, or alone.
        with suppress(GoneError, NotFoundError):
            self.posts.delete(viewer, post_id)


def _begin(log: AuditLog, order: Order, user: User, checkpoint: Checkpoint) -> None:
    """Record that a deletion begins, and note how far it is."""
    log.record_about(order, Action.DELETE_USER, user.id, user.username)
    checkpoint.save(detail={"username": user.username})
