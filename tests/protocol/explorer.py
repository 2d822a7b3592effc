"""Search all that can happen, breadth first, for a violated property."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tests.protocol.model import Model, World


class Verdict(NamedTuple):
    """What a search found: how many states, and the shortest way to a violation."""

    states: int
    trace: list[str]

    @property
    def holds(self) -> bool:
        return not self.trace


def explore(model: Model) -> Verdict:
    """Visit every state that can be reached, until a property is violated."""
    first = model.start()
    came_from: dict[World, tuple[World, str] | None] = {first: None}
    queue = deque([first])
    while queue:
        world = queue.popleft()
        for label, after, bad in model.steps(world):
            if bad is not None:
                return Verdict(len(came_from), _trace(came_from, world, label, bad))
            if after not in came_from:
                came_from[after] = (world, label)
                queue.append(after)
    return Verdict(len(came_from), [])


def _trace(
    came_from: dict[World, tuple[World, str] | None],
    world: World,
    label: str,
    bad: str,
) -> list[str]:
    trace = [f"{label}: {bad}"]
    while (step := came_from[world]) is not None:
        world, label = step
        trace.append(label)
    return trace[::-1]
