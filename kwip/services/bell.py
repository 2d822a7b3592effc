"""The bell: a lossy hint that a job may have something to do.

Every job has a durable source in MongoDB, so a ring that gets lost costs time only.
"""

from __future__ import annotations

from collections.abc import Callable

#: Rings for a job: its name and the id of what it is about. It never raises.
Bell = Callable[[str, str], None]
