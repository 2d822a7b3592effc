"""Make a process's parts for each cache node: its fence and a lease renewer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from kwip.cache.client import Client
from kwip.cache.entity_cache import EntityCache
from kwip.services.coherence.cache_lease import LeaseRenewer
from kwip.store.fence import FenceStore, connect_fence

if TYPE_CHECKING:
    from config.endpoints import Endpoints
    from kwip.services.coherence.cache_lease import FenceTimes
    from kwip.store.client import Store

#: How long a lease renewer's read of the fence may take, in milliseconds.
_FENCE_TIMEOUT_MS = 800


@dataclass(frozen=True, slots=True)
class OtherCache:
    """A node that other processes read; this one sends it its invalidations."""

    client: Client
    store: FenceStore
    lease_renewer: LeaseRenewer

    def close(self) -> None:
        """End its thread and close its connections."""
        self.lease_renewer.stop()
        self.client.close()


@dataclass(frozen=True, slots=True)
class Caches:
    """The cache nodes of an installation.

    Attributes:
        endpoints: Where they are.
        store: Where their fences are, through the client that writes.
        times: The durations of the fences.
    """

    endpoints: Endpoints
    store: Store
    times: FenceTimes

    def lease_renewer(
        self, node: str, objects: EntityCache, *, is_read: bool = True
    ) -> LeaseRenewer:
        """Make the lease renewer of one node."""
        connect = partial(
            connect_fence,
            self.endpoints.mongodb_uri,
            self.endpoints.database,
            timeout_ms=_FENCE_TIMEOUT_MS,
            node=node,
        )
        return LeaseRenewer(
            connect=connect,
            objects=objects,
            times=self.times,
            is_read=is_read,
            name="lease_renewer" if is_read else f"lease_renewer {node}",
        )

    def others(self) -> list[OtherCache]:
        """Make the parts for the nodes that this process does not read."""
        made = []
        for node, uri in self.endpoints.other_cache_uris.items():
            client = Client(uri, role=f"cache {node}")
            lease_renewer = self.lease_renewer(node, EntityCache(client), is_read=False)
            made.append(
                OtherCache(client, FenceStore(self.store.database, node), lease_renewer)
            )
        return made
