"""The parts that all services share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

    from config.settings import Settings
    from kwip.cache.client import Client
    from kwip.domain.administration.discovery_rules import DiscoveryRules
    from kwip.domain.ids import IdGenerator
    from kwip.domain.signed_addresses import Signer
    from kwip.services.accounts.two_factor.sealing import Sealer
    from kwip.services.coherence.clock_guard import ClockGuard
    from kwip.services.coherence.fence import Fence
    from kwip.services.coherence.site_memory import SiteMemory
    from kwip.services.delivery.signals import Enqueue, Signal
    from kwip.services.reading.entities import Entities
    from kwip.services.reading.loader import Loaders
    from kwip.services.reading.stores import Stores
    from kwip.store.client import Store
    from kwip.store.delivery.outbox import OutboxStore
    from kwip.store.jobs import JobStore
    from kwip.store.social.edges import EdgeStore
    from kwip.store.social.list_edges import ListEdgeStore
    from kwip.wiring.options import Options


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """The parts that services are made from."""

    store: Store
    stores: Stores
    entities: Entities
    outbox: OutboxStore
    edges: EdgeStore
    list_edges: ListEdgeStore
    jobs: JobStore
    fence: Fence
    loaders: Loaders
    cache: Client
    realtime: Client
    enqueue: Enqueue
    signal: Signal
    clock_guard: ClockGuard
    options: Options
    settings: Settings
    rng: random.Random
    ids: IdGenerator
    signer: Signer
    sealer: Sealer
    rules: SiteMemory[DiscoveryRules]
    push_key: str
