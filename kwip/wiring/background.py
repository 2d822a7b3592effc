"""Make what a worker runs besides its jobs: the sweeper and the change stream."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from kwip.jobs.measurements import Measurements
from kwip.jobs.sweeper import Sweeper
from kwip.loops import Loop
from kwip.services.accounts.two_factor.reencryption import Reencryption
from kwip.services.coherence.change_stream import ChangeStreamInvalidator
from kwip.services.maintenance.heartbeats import Heartbeats
from kwip.services.maintenance.reports import Reports
from kwip.store.changes import ChangeStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from kwip.cache.queue import JobQueue
    from kwip.services.accounts.administration.hourly_figures import HourlyCounting
    from kwip.services.bundle import Services
    from kwip.wiring.core import Core


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """A worker's loops, which are not started here, and what they run."""

    sweeper: Sweeper
    change_stream: ChangeStreamInvalidator
    heartbeats: Heartbeats
    loops: list[Loop]


def make_background(
    core: Core, services: Services, queue: JobQueue, counting: HourlyCounting
) -> Background:
    """Make them from the services."""
    clock = core.options.clock
    sweeper = Sweeper(
        outbox=core.outbox,
        edges=core.edges,
        lists=core.stores.lists,
        list_edges=core.list_edges,
        mutes=core.stores.mutes,
        attachments=services.attachments.store,
        processing=services.processing.store,
        hibernation=services.hibernation,
        search=core.stores.search,
        purges=services.attachments.files.purges,
        poll_ends=services.poll_ends.store,
        drafts=core.stores.drafts,
        trending=services.trending,
        previews=services.previews.of_posts,
        stale_previews=services.previews.store,
        verification=services.verification.store,
        mails=services.mails.store,
        strikes=services.execution.store,
        mail_preferences=services.notification_mail.store,
        push_subscriptions=services.push_subscriptions.store,
        exports=services.exports.store,
        imports=services.imports.store,
        closures=core.stores.closures,
        blogs=services.blog_posting.store,
        enqueue=core.enqueue,
        clock=clock,
        measurements=Measurements(
            queue,
            core.outbox,
            services.attachments.files.purges.store,
            services.mails.store,
            Reports(core.jobs, clock),
            counting,
        ),
        reencryption=Reencryption(services.two_factor.second_factor.store, core.sealer),
    )
    change_stream = ChangeStreamInvalidator(
        changes=ChangeStore(core.store), fence=core.fence, clock=clock
    )
    work: dict[str, Callable[[Loop], float]] = {"sweeper": sweeper.work}
    if core.settings.cache_change_stream:
        work["change_stream"] = change_stream.work
    heartbeats = Heartbeats(core.jobs, clock, tuple(work))
    return Background(
        sweeper=sweeper,
        change_stream=change_stream,
        heartbeats=heartbeats,
        loops=[
            Loop(name, each, on_beat=partial(heartbeats.beat, name))
            for name, each in work.items()
        ],
    )
