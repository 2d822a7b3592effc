"""Enqueue everything that is overdue: the queue may lose jobs at any time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import structlog

from kwip import telemetry
from kwip.domain.clock import at, to_ms
from kwip.services.backups.blogs.blogs import BLOG
from kwip.services.delivery.hibernation import HIBERNATE
from kwip.services.delivery.push_wakes import PUSH
from kwip.services.posting.scheduled import SCHEDULED

if TYPE_CHECKING:
    from kwip.domain.clock import ClockMs
    from kwip.jobs.measurements import Measurements
    from kwip.loops import Loop
    from kwip.services.accounts.two_factor.reencryption import Reencryption
    from kwip.services.delivery.hibernation import Hibernation
    from kwip.services.delivery.signals import Enqueue
    from kwip.services.discovery.trending import Trending
    from kwip.services.media.stored.purges import Purges
    from kwip.store.accounts.closures import ClosureStore
    from kwip.store.accounts.transfers import TransferStore
    from kwip.store.accounts.verification import VerificationStore
    from kwip.store.delivery.outbox import OutboxStore
    from kwip.store.mail.mails import MailStore
    from kwip.store.mail.preferences import MailPreferenceStore
    from kwip.store.moderation.strikes import StrikeStore
    from kwip.store.posting.blogs import BlogStore
    from kwip.store.posting.drafts import DraftStore
    from kwip.store.posting.media.attachments import AttachmentStore
    from kwip.store.posting.media.link_previews import (
        LinkPreviewStore,
        PostPreviewStore,
    )
    from kwip.store.posting.media.processing import ProcessingStore
    from kwip.store.posting.reactions.poll_ends import PollEndStore
    from kwip.store.posting.search import SearchStore
    from kwip.store.push.subscriptions import PushSubscriptionStore
    from kwip.store.social.edges import EdgeStore
    from kwip.store.social.list_edges import ListEdgeStore
    from kwip.store.social.lists import ListStore
    from kwip.store.social.mutes import MuteStore

log = structlog.get_logger()

#: Seconds between two sweeps; the second while there is nothing to do.
EVERY_S, IDLE_S = 1.0, 5.0
#: Milliseconds until a job that is in the queue is enqueued again: in a backlog of
#: thousands it is there already, and enqueueing it again costs a write or two.
AGAIN_MS = 30_000
#: The most that one sweep enqueues of each kind.
AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweeper:
    """Look through the durable sources of all jobs."""

    outbox: OutboxStore
    edges: EdgeStore
    lists: ListStore
    list_edges: ListEdgeStore
    mutes: MuteStore
    attachments: AttachmentStore
    processing: ProcessingStore
    hibernation: Hibernation
    search: SearchStore
    poll_ends: PollEndStore
    drafts: DraftStore
    purges: Purges
    trending: Trending
    previews: PostPreviewStore
    stale_previews: LinkPreviewStore
    verification: VerificationStore
    mails: MailStore
    mail_preferences: MailPreferenceStore
    push_subscriptions: PushSubscriptionStore
    exports: TransferStore
    strikes: StrikeStore
    imports: TransferStore
    closures: ClosureStore
    blogs: BlogStore
    enqueue: Enqueue
    clock: ClockMs
    measurements: Measurements
    reencryption: Reencryption

    def sweep(self) -> int:
        """Enqueue everything that is overdue; count it.

        Short queries, and four more once a minute.
        """
        now_ms = self.clock()
        now, again = at(now_ms), at(now_ms + AGAIN_MS)
        sources = {
            "fanout": self.outbox,
            "edge": self.edges,
            "list_edge": self.list_edges,
            "list": self.lists,
            "mute_end": self.mutes,
            "attachment": self.attachments,
            "convert": self.processing,
            "search": self.search,
            "poll_end": self.poll_ends,
            SCHEDULED: self.drafts,
            "preview": self.previews,
            "stale_preview": self.stale_previews,
            "verify_links": self.verification,
            "mail": self.mails,
            "notification_mail": self.mail_preferences,
            PUSH: self.push_subscriptions,
            "export": self.exports,
            "strike": self.strikes,
            "import": self.imports,
            "closure": self.closures,
            BLOG: self.blogs,
        }
        enqueued = sum(
            len(source.take_due(now, again, AT_ONCE, partial(self.enqueue, job)))
            for job, source in sources.items()
        )
        purged = int(self.purges.has_due() and self.enqueue("purge", "due"))
        hibernated = self.hibernation.overdue()
        for user_id in hibernated:
            self.enqueue(HIBERNATE, str(user_id))
        if self.trending.is_due():
            self.enqueue("trends", "all")
        oldest = self.outbox.oldest_pending_at()
        age_ms = 0 if oldest is None else max(0, now_ms - to_ms(oldest))
        telemetry.FANOUT_OLDEST_PENDING.set(age_ms / 1000)
        return enqueued + purged + len(hibernated)

    def work(self, _loop: Loop) -> float:
        """Sweep once; the work of a loop."""
        enqueued = self.sweep()
        self.measurements.measure()
        if reencrypted := self.reencryption.run():
            log.info("reencrypted", users=reencrypted)
            return EVERY_S
        if enqueued:
            log.info("swept", enqueued=enqueued)
            return EVERY_S
        return IDLE_S
