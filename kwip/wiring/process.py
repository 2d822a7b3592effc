"""Build one process's parts, and close them in the right order."""

from __future__ import annotations

import os
import random
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

from config.draining import draining_mark
from config.shared import of_folder, shared
from kwip import __version__, telemetry
from kwip.cache.client import Client
from kwip.cache.entity_cache import EntityCache
from kwip.cache.queue import JobQueue
from kwip.cache.recorder import RecordedClient
from kwip.cache.signals import Listener, RedisSignals
from kwip.domain.administration.discovery_rules import NO_RULES
from kwip.domain.ids import IdGenerator
from kwip.domain.signed_addresses import Signer
from kwip.jobs.runner import LANES
from kwip.services.accounts.administration.hourly_figures import HourlyCounting
from kwip.services.accounts.two_factor.sealing import Sealer
from kwip.services.coherence import probes
from kwip.services.coherence.cache_lease import boot_clock
from kwip.services.coherence.clock_guard import ClockGuard
from kwip.services.coherence.fence import Fence
from kwip.services.coherence.site_memory import SiteMemory
from kwip.services.maintenance.presence import Presence
from kwip.services.maintenance.site_status import SiteStatus
from kwip.services.reading.entities import Entities
from kwip.services.reading.loader import Loaders
from kwip.services.reading.secondary_loads import SecondaryLoads
from kwip.services.reading.stores import Stores
from kwip.store.administration.discovery_rules import DiscoveryRuleStore
from kwip.store.administration.figures import FiguresStore
from kwip.store.administration.hourly_figures import HourlyFigureStore
from kwip.store.client import JOB_TIMEOUT_MS, WEB_TIMEOUT_MS, Store, connect
from kwip.store.commands import CommandWatch
from kwip.store.delivery.outbox import OutboxStore
from kwip.store.fence import FenceStore
from kwip.store.jobs import JobStore
from kwip.store.maintenance.processes import ProcessStore
from kwip.store.media_folder_id import make_folder_id
from kwip.store.plans import plan_of
from kwip.store.present_indexes import missing_indexes
from kwip.store.secondaries import Secondaries
from kwip.store.social.edges import EdgeStore
from kwip.store.social.list_edges import ListEdgeStore
from kwip.wiring.background import make_background
from kwip.wiring.caches import Caches, OtherCache
from kwip.wiring.core import Core
from kwip.wiring.options import Options
from kwip.wiring.services import make_services
from kwip.wiring.world import make_world

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from config.endpoints import Endpoints
    from config.settings import Settings
    from kwip.jobs.sweeper import Sweeper
    from kwip.loops import Loop
    from kwip.recording import Command
    from kwip.services.bundle import Services
    from kwip.services.coherence.cache_lease import LeaseRenewer
    from kwip.services.coherence.change_stream import ChangeStreamInvalidator
    from kwip.services.maintenance.heartbeats import Heartbeats
    from kwip.services.world.loader import WorldLoader


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """One process's parts: the services, and the stores for the command line."""

    endpoints: Endpoints
    services: Services
    stores: Stores
    store: Store
    outbox: OutboxStore
    edges: EdgeStore
    jobs: JobStore
    world: WorldLoader
    queue: JobQueue
    sweeper: Sweeper
    change_stream: ChangeStreamInvalidator
    fence: Fence
    lease_renewer: LeaseRenewer
    cache: Client
    other_caches: list[OtherCache]
    realtime: Client
    listener: Listener
    loops: list[Loop]
    status: SiteStatus
    heartbeats: Heartbeats
    presence: Presence
    counting: HourlyCounting
    processes: ProcessStore
    clock_guard: ClockGuard
    probes: Mapping[str, Callable[[], probes.Probe]]
    plan_of: Callable[[Command], str]

    def start(self, *roles: str) -> None:
        """Say that this process runs with these roles, and store what it counts."""
        self.presence.start(*roles)
        self.counting.start()

    def close(self) -> None:
        """End the threads and close every connection."""
        self.presence.stop()
        self.counting.stop()
        self.services.media.close()
        self.services.processing.close()
        self.services.previews.close()
        self.services.blog_posting.close()
        for loop in (*self.loops, self.listener.loop):
            loop.stop()
        self.lease_renewer.stop()
        for other in self.other_caches:
            other.close()
        self.queue.close()
        self.cache.close()
        self.realtime.close()
        self.store.close()


def build(
    settings: Settings,
    endpoints: Endpoints,
    *,
    role: Literal["web", "live", "worker", "cli"],
    options: Options | None = None,
) -> Wiring:
    """Build the parts of one process; nothing is connected before its first use.

    `role` decides how long the process may wait for MongoDB and the queue.
    """
    options = options or Options()
    timeout_ms = WEB_TIMEOUT_MS if role in {"web", "live"} else JOB_TIMEOUT_MS
    listeners = [*options.listeners]
    if role != "cli":
        listeners.append(CommandWatch(settings.slow_command_ms))
        telemetry.BUILD_INFO.labels(__version__, role).set(1)
    store = Store(
        connect(endpoints.mongodb_uri, timeout_ms=timeout_ms, listeners=listeners),
        endpoints.database,
        is_sharded=options.is_sharded,
    )
    queue = JobQueue(endpoints.redis_queue_uri, LANES, options.clock)
    client = RecordedClient if settings.toolbar else Client
    cache = client(endpoints.redis_cache_uri)
    objects = EntityCache(cache)
    caches = Caches(endpoints, store, options.fence_times)
    lease_renewer = caches.lease_renewer(endpoints.cache_node, objects)
    others = caches.others()
    fence = Fence(
        FenceStore(store.database, endpoints.cache_node),
        lease_renewer,
        others=[(other.store, other.lease_renewer) for other in others],
    )
    realtime = client(endpoints.redis_realtime_uri, role="realtime")
    stores = Stores.over(store)
    rng = options.rng or random.Random(os.urandom(16))  # noqa: S311 -- no secret
    core = Core(
        store=store,
        stores=stores,
        entities=Entities(stores),
        outbox=OutboxStore(store),
        edges=EdgeStore(store),
        list_edges=ListEdgeStore(store),
        jobs=JobStore(store),
        fence=fence,
        loaders=Loaders(
            objects,
            fence,
            secondary_loads=_secondary_loads(store, settings),
        ),
        cache=cache,
        realtime=realtime,
        enqueue=options.enqueue or queue.enqueue,
        signal=options.signal or RedisSignals(realtime, fence.deployment),
        clock_guard=ClockGuard(store.hello, options.clock, _monotonic_ms),
        options=options,
        settings=settings,
        rng=rng,
        ids=IdGenerator(options.id_clock, rng),
        signer=Signer(endpoints.secret_keys, options.clock),
        sealer=Sealer([*endpoints.secret_keys, *endpoints.retired_keys]),
        rules=SiteMemory(
            NO_RULES,
            DiscoveryRuleStore(store).read,
            fence=fence,
            lease_s=options.fence_times.lease_s,
            elapsed=boot_clock,
        ),
        push_key=endpoints.push_key,
    )
    services = make_services(core)
    listener = Listener(endpoints.redis_realtime_uri, fence.deployment, services.live)
    counting = HourlyCounting(
        HourlyFigureStore(store), FiguresStore(store), options.clock
    )
    background = make_background(core, services, queue, counting)
    processes = ProcessStore(store)
    return Wiring(
        endpoints=endpoints,
        services=services,
        stores=stores,
        store=store,
        outbox=core.outbox,
        edges=core.edges,
        jobs=core.jobs,
        world=make_world(core, services),
        queue=queue,
        sweeper=background.sweeper,
        change_stream=background.change_stream,
        fence=fence,
        lease_renewer=lease_renewer,
        cache=cache,
        other_caches=others,
        realtime=realtime,
        listener=listener,
        loops=background.loops,
        status=SiteStatus(
            store=store,
            outbox=core.outbox,
            purges=services.attachments.files.purges.store,
            mails=services.mails.store,
            queue=queue,
            jobs=core.jobs,
            redises={"cache": cache, "realtime": realtime},
            folder=settings.home,
            clock=options.clock,
        ),
        heartbeats=background.heartbeats,
        presence=Presence(
            processes,
            options.clock,
            core.clock_guard.skew_ms,
            shared(settings, endpoints),
            partial(of_folder, settings, make_folder_id),
        ),
        counting=counting,
        processes=processes,
        clock_guard=core.clock_guard,
        probes={
            "traffic": partial(
                probes.probe_draining, draining_mark(settings.home).exists
            ),
            "mongodb": partial(probes.probe_mongodb, store.hello, core.clock_guard),
            "indexes": probes.IndexProbe(partial(missing_indexes, store.database)),
            "cache": partial(probes.probe_cache, fence),
            "queue": partial(probes.probe_queue, queue.ping),
            "loops": partial(
                probes.probe_loops,
                lambda: [lease_renewer.watch.loop, listener.loop],
                background.heartbeats.silent_s,
                store.is_reachable,
            ),
        },
        plan_of=partial(plan_of, store),
    )


def _secondary_loads(store: Store, settings: Settings) -> SecondaryLoads | None:
    if not settings.read_from_secondaries:
        return None
    secondaries = Secondaries(store)
    return SecondaryLoads(secondaries, Entities(Stores.over(secondaries.store)))


def _monotonic_ms() -> int:
    return time.monotonic_ns() // 1_000_000
