"""Build everything once: `process` a process's parts, `core` the services."""

from kwip.wiring.options import Options
from kwip.wiring.process import Wiring, build

__all__ = ["Options", "Wiring", "build"]
