"""Build everything once: `process` a process's parts, `services` all services.

Each package of services has a module here that makes it.
"""

from kwip.wiring.options import Options
from kwip.wiring.process import Wiring, build

__all__ = ["Options", "Wiring", "build"]
