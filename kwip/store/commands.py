"""How long each command to MongoDB takes, and which members the driver knows.

pymongo calls the listener in the thread of the command, before it is sent and after it
was answered. A read from the cache sends no command, so it costs nothing there.
"""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING, Any

import structlog
from pymongo.monitoring import CommandListener, TopologyListener

from kwip import telemetry
from kwip.recording import Command, is_recording, note_command
from kwip.store.indexes import INDEXES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pymongo.monitoring import (
        CommandFailedEvent,
        CommandStartedEvent,
        CommandSucceededEvent,
        TopologyClosedEvent,
        TopologyDescriptionChangedEvent,
        TopologyOpenedEvent,
    )
    from pymongo.topology_description import TopologyDescription

log = structlog.get_logger()

#: The label of what is no collection of ours, such as transactions.
_OTHER = "other"
#: The states of members, by what the driver calls them.
_STATES = {
    "RSPrimary": "primary",
    "RSSecondary": "secondary",
    "RSArbiter": "arbiter",
    "Unknown": "unreachable",
}
#: The most that the log has of a command's shape.
_SHAPE_CHARS, _SHAPE_DEPTH = 1_000, 8
#: Parts of a command that say nothing about it, and add to each line.
LEFT_OUT = frozenset(
    {
        *("lsid", "$db", "$clusterTime", "$readPreference", "txnNumber"),
        *("maxTimeMS", "comment"),
    }
)


class CommandWatch(CommandListener, TopologyListener):
    """Time commands, log slow ones, and follow the replica set; one for each client.

    Commands of a request that is recorded are noted, too.

    Args:
        slow_ms: How long a command takes that is logged with its shape.
    """

    def __init__(self, slow_ms: int):
        self._slow_us = slow_ms * 1_000
        self._begun = threading.local()
        self._observers: dict[tuple[str, str], Callable[[float], None]] = {}

    def started(self, event: CommandStartedEvent) -> None:
        """Remember the command, which the answer does not have."""
        self._begun.event = event

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Time it."""
        self._ended(event)

    def failed(self, event: CommandFailedEvent) -> None:
        """Time it, too."""
        self._ended(event)

    def _ended(self, event: CommandSucceededEvent | CommandFailedEvent) -> None:
        begun = getattr(self._begun, "event", None)
        if begun is None or begun.request_id != event.request_id:
            return
        self._begun.event = None
        name, command = event.command_name, begun.command
        collection = command.get("collection" if name == "getMore" else name)
        if not isinstance(collection, str) or collection not in INDEXES:
            if name == "getMore":  # a change stream waits for changes
                return
            collection = _OTHER
        taken_us = event.duration_micros
        self._observer(name, collection)(taken_us / 1e6)
        # A new connection that logs in is no part of the request.
        if is_recording() and not name.startswith("sasl"):
            note_command(
                Command(
                    server="MongoDB",
                    name=name,
                    target=collection,
                    shape=shape_of(command),
                    ms=taken_us / 1_000,
                    sent=command,
                )
            )
        if taken_us >= self._slow_us:
            log.warning(
                "slow_command",
                command=name,
                collection=collection,
                ms=round(taken_us / 1_000, 1),
                shape=shape_of(command),
                # mongod's own lines about it have this number: "conn17".
                connection=event.server_connection_id,
            )

    def _observer(self, name: str, collection: str) -> Callable[[float], None]:
        found = self._observers.get((name, collection))
        if found is None:
            found = telemetry.MONGO_COMMANDS.labels(name, collection).observe
            self._observers[name, collection] = found
        return found

    def opened(self, event: TopologyOpenedEvent) -> None:
        """Ignore this: no server is known yet."""

    def closed(self, event: TopologyClosedEvent) -> None:
        """Ignore this: the process is ending."""

    def description_changed(self, event: TopologyDescriptionChangedEvent) -> None:
        """Record whether there is a primary, and the members by state."""
        now = event.new_description
        if not now.server_descriptions():  # the client is being closed
            return
        telemetry.MONGO_HAS_PRIMARY.set(now.has_writable_server())
        for state, count in members_of(now).items():
            telemetry.MONGO_MEMBERS.labels(state).set(count)
        if now.max_election_id is not None:
            term = int.from_bytes(now.max_election_id.binary[4:], "big")
            telemetry.MONGO_TERM.set(term)


def members_of(topology: TopologyDescription) -> dict[str, int]:
    """Count the known members of a replica set by their state; no I/O."""
    members = topology.server_descriptions().values()
    found = Counter(_STATES.get(each.server_type_name, _OTHER) for each in members)
    return {state: found[state] for state in (*_STATES.values(), _OTHER)}


def shape_of(command: Mapping[str, Any]) -> str:
    """Return a command with the types of its values instead of the values."""
    kept = {name: part for name, part in command.items() if name not in LEFT_OUT}
    name = next(iter(kept), "")
    shape = _shape({k: v for k, v in kept.items() if k != name}, _SHAPE_DEPTH)
    return f"{name} {command.get(name)}: {shape}"[:_SHAPE_CHARS]


def _shape(value: object, depth: int) -> str:
    if depth == 0:
        return "…"
    if isinstance(value, dict):
        fields = (f"{k}: {_shape(v, depth - 1)}" for k, v in value.items())
        return "{" + ", ".join(fields) + "}"
    if isinstance(value, list | tuple):
        return _shape_of_list(value, depth)
    return type(value).__name__


def _shape_of_list(values: Sequence[object], depth: int) -> str:
    """Return the stages of a pipeline, or the first of many alike and their number."""
    shapes = [_shape(value, depth - 1) for value in values[:20]]
    if len(set(shapes)) <= 1:
        return f"[{shapes[0]} x{len(values)}]" if shapes else "[]"
    return f"[{', '.join(shapes)}]"
