"""Build everything once, and know in which order it ends."""

from __future__ import annotations

import os
import random
import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from kwip.cache.client import Client
from kwip.cache.doorbell import Listener, RedisDoorbell
from kwip.cache.objects import Objects
from kwip.cache.quotas import Quotas as Charges
from kwip.domain.clock import system_clock_ms
from kwip.domain.ids import IdGenerator
from kwip.domain.quotas import SPANS_S, windows
from kwip.jobs.broker import QueueBell, make_broker, ping
from kwip.jobs.sweeper import Sweeper
from kwip.services import probes
from kwip.services.access import Access
from kwip.services.account import Account
from kwip.services.admission import Admission
from kwip.services.bundle import Services
from kwip.services.clock_guard import ClockGuard
from kwip.services.entities import Entities, Stores
from kwip.services.fanout import Fanout, FanoutParts, FanoutTimes
from kwip.services.fence import Fence
from kwip.services.hydration import Hydration
from kwip.services.keeper import FenceTimes, Keeper, KeeperParts
from kwip.services.live import Live, LiveTimes
from kwip.services.markers import Markers
from kwip.services.media import Media
from kwip.services.moderation import Moderation
from kwip.services.notifications import Notifications
from kwip.services.notifying import Notifying
from kwip.services.passwords import Passwords
from kwip.services.people import People
from kwip.services.permissions import Permissions
from kwip.services.pins import Pins
from kwip.services.posts import Posts, PostsParts
from kwip.services.profiles import Profiles
from kwip.services.publication import Publication
from kwip.services.publisher import PublisherParts
from kwip.services.quotas import Quotas
from kwip.services.reactions import Reactions, ReactionsParts
from kwip.services.reading import Readings
from kwip.services.relationships import Relationships, RelationshipsParts
from kwip.services.reposts import Reposts, RepostsParts
from kwip.services.rolls import Rolls
from kwip.services.setup import Setup
from kwip.services.texts import Texts
from kwip.services.threads import Threads
from kwip.services.timelines import Timelines
from kwip.services.upkeep import Upkeep, UpkeepParts
from kwip.services.users import Users, UsersParts
from kwip.services.widgets import Widgets
from kwip.services.world import WorldLoader, WorldParts
from kwip.store.claims import ClaimStore
from kwip.store.client import JOB_TIMEOUT_MS, WEB_TIMEOUT_MS, Store, connect
from kwip.store.edges import EdgeStore
from kwip.store.fence import FenceStore, connect_fence
from kwip.store.jobs import JobStore
from kwip.store.loading import LoadStore
from kwip.store.outbox import OutboxStore
from kwip.store.setup import SetupStore

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from dramatiq.brokers.redis import RedisBroker

    from config.endpoints import Endpoints
    from config.settings import Settings
    from kwip.domain.clock import ClockMs
    from kwip.services.bell import Bell, Doorbell
    from kwip.store.client import CommandListener

#: A keeper's look at the fence may take so long, in milliseconds.
_FENCE_TIMEOUT_MS = 800


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a test or a loader may want otherwise.

    Attributes:
        id_clock: What ids are made from; a loader's own time.
        bell: Rings for jobs instead of the queue.
        doorbell: Rings for who waits instead of the realtime Redis.
        fence_times: The durations of the cache's fence.
        fanout_times: How fan-out is paced.
        live_times: How long requests wait for something new.
        listeners: Hear every command to MongoDB.
        rng: Where chance comes from.
    """

    id_clock: ClockMs = system_clock_ms
    clock: ClockMs = system_clock_ms
    bell: Bell | None = None
    doorbell: Doorbell | None = None
    fence_times: FenceTimes = field(default_factory=FenceTimes)
    fanout_times: FanoutTimes = field(default_factory=FanoutTimes)
    live_times: LiveTimes = field(default_factory=LiveTimes)
    listeners: Sequence[CommandListener] = ()
    rng: random.Random | None = None


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
    broker: RedisBroker
    sweeper: Sweeper
    fence: Fence
    keeper: Keeper
    cache: Client
    realtime: Client
    listener: Listener
    probes: Mapping[str, Callable[[], probes.Probe]]

    def close(self) -> None:
        """End the threads and close every connection."""
        self.listener.stop()
        self.keeper.stop()
        self.broker.close()
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

    `role` decides how long MongoDB and the queue may keep it waiting.
    """
    options = options or Options()
    timeout_ms = WEB_TIMEOUT_MS if role in {"web", "live"} else JOB_TIMEOUT_MS
    client = connect(
        endpoints.mongodb_uri, timeout_ms=timeout_ms, listeners=options.listeners
    )
    store = Store(client, endpoints.database)
    broker = make_broker(endpoints.redis_queue_uri, is_worker=role == "worker")
    cache = Client(endpoints.redis_cache_uri)
    realtime = Client(endpoints.redis_realtime_uri, role="realtime")
    objects = Objects(cache)
    keeper = Keeper(
        KeeperParts(
            connect=partial(
                connect_fence,
                endpoints.mongodb_uri,
                endpoints.database,
                timeout_ms=_FENCE_TIMEOUT_MS,
            ),
            objects=objects,
            times=options.fence_times,
        )
    )
    fence = Fence(FenceStore(store.database), keeper)
    readings = Readings(objects, fence)
    stores = Stores.over(store)
    outbox = OutboxStore(store, stores.posts)
    edges, jobs, loading = EdgeStore(store), JobStore(store), LoadStore(store)
    bell = options.bell or QueueBell(broker)
    rng = options.rng or random.Random(os.urandom(16))  # noqa: S311 -- no secret
    ids = IdGenerator(options.id_clock, rng)
    core = _Core(
        store=store,
        stores=stores,
        outbox=outbox,
        edges=edges,
        jobs=jobs,
        fence=fence,
        readings=readings,
        cache=cache,
        realtime=realtime,
        bell=bell,
        doorbell=options.doorbell or RedisDoorbell(realtime, fence.deployment),
        options=options,
        settings=settings,
        rng=rng,
        ids=ids,
    )
    services = core.services()
    return Wiring(
        endpoints=endpoints,
        services=services,
        stores=stores,
        store=store,
        outbox=outbox,
        edges=edges,
        jobs=jobs,
        world=WorldLoader(
            WorldParts(
                users=stores.users,
                loading=loading,
                jobs=jobs,
                publishing=PublisherParts(
                    posts=services.posts,
                    users=stores.users,
                    loading=loading,
                    outbox=outbox,
                    edges=edges,
                ),
                fence=fence,
                ids=ids,
                clock=options.clock,
            )
        ),
        broker=broker,
        sweeper=Sweeper(outbox=outbox, edges=edges, bell=bell, clock=options.clock),
        fence=fence,
        keeper=keeper,
        cache=cache,
        realtime=realtime,
        listener=Listener(
            endpoints.redis_realtime_uri, fence.deployment, services.live
        ),
        probes={
            "mongodb": partial(probes.probe_mongodb, store.hello, services.clock_guard),
            "cache": partial(probes.probe_cache, fence),
            "queue": partial(probes.probe_queue, partial(ping, broker)),
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Core:
    """The services, made from the parts below them."""

    store: Store
    stores: Stores
    outbox: OutboxStore
    edges: EdgeStore
    jobs: JobStore
    fence: Fence
    readings: Readings
    cache: Client
    realtime: Client
    bell: Bell
    doorbell: Doorbell
    options: Options
    settings: Settings
    rng: random.Random
    ids: IdGenerator

    def services(self) -> Services:
        """Make all services, each once."""
        stores, options, fence = self.stores, self.options, self.fence
        guard = ClockGuard(self.store.hello, options.clock, _monotonic_ms)
        entities = Entities(stores)
        hydration = Hydration(entities)
        threads = Threads(entities, hydration)
        passwords = Passwords()
        media = Media(self.settings.media_folder, self.settings.media_max_bytes)
        notifying = Notifying(stores, self.edges, fence, self.doorbell, self.ids)
        relationships = Relationships(
            RelationshipsParts(
                stores=stores,
                entities=entities,
                notifying=notifying,
                fence=fence,
                bell=self.bell,
                clock=options.clock,
            )
        )
        upkeep = Upkeep(
            UpkeepParts(
                timelines=stores.timelines,
                edges=self.edges,
                posts=stores.posts,
                fence=fence,
                clock=options.clock,
            )
        )
        users = Users(
            UsersParts(
                store=stores.users,
                entities=entities,
                fence=fence,
                passwords=passwords,
                media=media,
                relationships=relationships,
                ids=self.ids,
                clock_guard=guard,
            )
        )
        timelines = Timelines(entities, hydration, threads, stores.posts)
        permissions = Permissions(stores)
        publication = Publication(stores.timelines, fence, self.bell, self.doorbell)
        posts = Posts(
            PostsParts(
                stores=stores,
                claims=ClaimStore(self.store),
                hydration=hydration,
                threads=threads,
                permissions=permissions,
                publication=publication,
                notifying=notifying,
                readings=self.readings,
                fence=fence,
                clock_guard=guard,
                ids=self.ids,
                clock=options.clock,
                texts=Texts(
                    stores.users,
                    max_chars=self.settings.post_max_chars,
                    host=urlsplit(self.settings.origin).netloc,
                ),
            )
        )
        rolls = Rolls(entities, hydration)
        access = Access(stores, entities, fence, passwords, options.clock)
        limits = windows({n: getattr(self.settings, f"quota_{n}") for n in SPANS_S})
        setup = Setup(SetupStore(self.store), users, options.clock)
        admission = Admission(access, users, setup, limits, Charges(self.realtime))
        return Services(
            readings=self.readings,
            access=access,
            account=Account(stores, fence, passwords, admission, options.clock),
            admission=admission,
            setup=setup,
            quotas=Quotas(limits, Charges(self.cache), fence),
            users=users,
            media=media,
            posts=posts,
            reactions=Reactions(
                ReactionsParts(
                    store=stores.reactions,
                    permissions=permissions,
                    posts=posts,
                    readings=self.readings,
                    notifying=notifying,
                    fence=fence,
                    ids=self.ids,
                )
            ),
            reposts=Reposts(
                RepostsParts(
                    stores=stores,
                    permissions=permissions,
                    publication=publication,
                    posts=posts,
                    readings=self.readings,
                    fence=fence,
                    clock_guard=guard,
                    ids=self.ids,
                    clock=options.clock,
                )
            ),
            pins=Pins(stores, permissions, posts, self.readings, fence),
            rolls=rolls,
            people=People(entities, hydration, threads, rolls),
            relationships=relationships,
            moderation=Moderation(stores, self.jobs, fence, passwords, options.clock),
            notifications=Notifications(entities, hydration, stores, fence),
            markers=Markers(entities, stores.markers, fence, options.clock),
            timelines=timelines,
            profiles=Profiles(entities, users, timelines),
            widgets=Widgets(entities, users, stores.posts),
            fanout=Fanout(
                FanoutParts(
                    stores=stores,
                    outbox=self.outbox,
                    edges=self.edges,
                    upkeep=upkeep,
                    notifying=notifying,
                    fence=fence,
                    doorbell=self.doorbell,
                    clock=options.clock,
                    rng=self.rng,
                    times=options.fanout_times,
                )
            ),
            upkeep=upkeep,
            live=Live(options.live_times),
            clock_guard=guard,
        )


def _monotonic_ms() -> int:
    return time.monotonic_ns() // 1_000_000
